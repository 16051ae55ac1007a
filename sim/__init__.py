"""kumakan: recruitment into violent extremist groups in Mali, week by week, and what prevention changes.

>>> import sim
>>> record = sim.run("baseline", seed=1)                         # doctest: +SKIP
>>> record.national()["joined"].sum()                                           # doctest: +SKIP

A name is imported when it is first used, so ``import sim`` takes no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim.version import __version__

if TYPE_CHECKING:
    from sim.batches.batch import compare
    from sim.mesa.agents import Imam, Member, Recruiter, SecurityUnit, Youth
    from sim.mesa.model import RecruitmentModel
    from sim.record import Record
    from sim.scenario import Scenario, load, run
    from sim.stores import open_store
    from sim.sweeps.sweep import sweep

_HOMES = {
    "load": "sim.scenario",
    "run": "sim.scenario",
    "compare": "sim.batches.batch",
    "open_store": "sim.stores",
    "sweep": "sim.sweeps.sweep",
    "RecruitmentModel": "sim.mesa.model",
    "Scenario": "sim.scenario",
    "Record": "sim.record",
    **dict.fromkeys(("Imam", "Member", "Recruiter", "SecurityUnit", "Youth"), "sim.mesa.agents"),
}

__all__ = [
    "Imam",
    "Member",
    "Record",
    "Recruiter",
    "RecruitmentModel",
    "Scenario",
    "SecurityUnit",
    "Youth",
    "__version__",
    "compare",
    "load",
    "open_store",
    "run",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "annotations", "import_module"})
