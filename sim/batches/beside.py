"""Runs that stand beside a comparison: what luck alone gives, and what measures could do at most.

They are made under the seeds and draws of the comparison and kept in folders of their own within its results folder,
so that its tables and its store hold nothing else than what was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.batches.batch import Batch, OnProgress, run_batch
from sim.comparison.ceiling import at_ceiling
from sim.comparison.outcomes import OUTCOMES
from sim.comparison.table import changes
from sim.comparison.verdicts import TARGET
from sim.comparison.windows import any_in_force
from sim.engine.errors import InputError
from sim.languages import tr
from sim.measures.phases import taken
from sim.scenario import Scenario
from sim.stores import open_store
from sim.stores.folder import FolderStore

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

LUCK, CEILING = "luck_alone", "ceiling"
"""Folders within the results folder."""
MOST_PAIRS = 20
"""The most pairs of runs that show what luck alone gives."""
SHAKEN = "approach"
"""The process whose luck is thrown again: it decides whom recruiters meet and win."""


def pairs_of_luck(seeds: int, draws: int | None) -> int:
    """The pairs of runs that show what luck alone gives, for so many seeds and draws."""
    return min(draws, MOST_PAIRS) * seeds if draws else min(seeds, MOST_PAIRS)


def luck_alone(
    batch: Batch,
    *,
    workers: int | None = None,
    progress: bool | OnProgress | None = None,
    overwrite: bool = False,
) -> Batch:
    """Run the baseline once more under up to 20 of the seeds (or draws), with nothing done but luck shaken.

    In the first week in which a measure is in force that two scenarios do not share, recruiters have other luck than in
    the baseline. Whatever follows from that is what any measure would seem to do that does nothing.
    """
    baseline = _scenario(batch, batch.scenarios[0])
    week = first_own_week(batch)
    draws, seeds = (batch.draws, batch.seeds[:MOST_PAIRS]) if batch.draws == (0,) else (
        batch.draws[:MOST_PAIRS], batch.seeds)  # fmt: skip
    null = baseline.replaced({"name": f"{baseline.name[:60]} with luck shaken in week {week}"})
    return run_batch(
        [null], seeds, draws=draws, out=batch.out / LUCK, runner=partial(shaken, shaken_week=week), workers=workers,
        progress=progress, overwrite=overwrite, world_seed=batch.plan["world_seed"],
    )  # fmt: skip


def ceiling(
    batch: Batch,
    *,
    workers: int | None = None,
    progress: bool | OnProgress | None = None,
    overwrite: bool = False,
) -> Batch:
    """Run scenarios once more with the measures that the baseline does not have at full reach and strength.

    That takes as many runs again as there are scenarios below their ceilings.

    Raises
    ------
    InputError
        If all scenarios are at their ceilings, or none has a measure of its own.
    """
    full = [top for name, top in ceilings(batch).items() if not _same(top, _scenario(batch, name))]
    if not full:
        raise InputError(tr("no scenario has a measure of its own that could be done more; there is no ceiling to run"))
    return run_batch(
        full, batch.seeds, draws=batch.draws, out=batch.out / CEILING, workers=workers, progress=progress,
        overwrite=overwrite, world_seed=batch.plan["world_seed"],
    )  # fmt: skip


def ceilings(batch: Batch) -> dict[str, Scenario]:
    """The ceiling of each scenario that has measures of its own."""
    baseline = _scenario(batch, batch.scenarios[0])
    found = {}
    for name in batch.scenarios[1:]:
        scenario = _scenario(batch, name)
        ours, theirs = _taken(scenario), _taken(baseline)
        if changes(ours, theirs).keys() & ours.keys():
            found[name] = at_ceiling(scenario, baseline)
    return found


def verdicts(batch: Batch, outcomes: Sequence[str] | None = None, target: float = TARGET) -> pd.DataFrame:
    """The verdicts on a comparison, with what luck alone gives and the ceiling as far as they have been run.

    Parameters
    ----------
    batch : Batch
    outcomes : sequence of str, optional
        By default those of every comparison.
    target : float
        The effect for which the break-even is told, as a share of the baseline's value.
    """
    from sim.comparison.verdicts import verdicts as judged

    luck, full = list(_there(batch, LUCK).values()), dict(_there(batch, CEILING))
    if full:
        full |= {
            top.name: batch.records[name] for name, top in ceilings(batch).items() if _same(top, _scenario(batch, name))
        }
    return judged(
        batch.records, batch.scenarios[0], tuple(OUTCOMES if outcomes is None else outcomes),
        luck=luck[0] if luck else None, ceiling=full, target=target,
    )  # fmt: skip


def _same(one: Scenario, other: Scenario) -> bool:
    return one.resolved()["measures"] == other.resolved()["measures"]


def shaken(
    scenario: Scenario,
    seed: int,
    world_seed: int,
    draw: int = 0,
    on_week: Any = None,
    *,
    shaken_week: int,
) -> Record:
    """A run in which recruiters have other luck in one week, and nothing else differs."""
    from sim.week import WEEK, begin, finished, record_of

    country = begin(scenario, seed, world_seed=world_seed, draw=draw)
    while not finished(country):
        own, again = country.seed, country.week == shaken_week
        for process in WEEK:
            country.seed = _other(own) if again and process.__name__ == SHAKEN else own
            process(country)
        country.seed = own
        if on_week is not None:
            on_week(country)
    return record_of(country)


@cache
def _shaken() -> np.uint32:
    from sim.engine.luck import decision

    return decision("luck is shaken, and nothing else is done")


def _other(key: np.uint64) -> np.uint64:
    from sim.engine.luck import words

    high, low, _, _ = words(_shaken(), key, 0, 0, 0)
    return np.uint64(int(high) << 32 | int(low))


def first_own_week(batch: Batch) -> int:
    """The first week in which a measure is in force that a scenario and the baseline do not share; 0 without one."""
    scenarios = {name: _scenario(batch, name) for name in batch.scenarios}
    clock = scenarios[batch.scenarios[0]].clock
    dates = [clock.date(week) for week in range(clock.weeks)]
    measures = {name: _taken(scenario) for name, scenario in scenarios.items()}
    theirs = measures[batch.scenarios[0]]
    own = [
        side[key]
        for ours in measures.values()
        for side in (ours, theirs)
        for key in changes(ours, theirs)
        if key in side
    ]
    return int(any_in_force(own, dates).argmax())


def _taken(scenario: Scenario) -> dict[str, Mapping[str, Any]]:
    return {key: settings for key, settings in scenario.resolved()["measures"].items() if taken(settings)}


def _scenario(batch: Batch, name: str) -> Scenario:
    settings = batch.plan["scenarios"][name]
    return Scenario.of({key: value for key, value in settings.items() if key not in ("path", "digest")})


def _there(batch: Batch, folder: str) -> Mapping[str, Mapping[Any, Record]]:
    """The records of a folder beside the runs; none where it was not made."""
    place = Path(batch.out) / folder
    if not FolderStore.stands(place):
        return {}
    store = open_store(str(place))
    return store.batch().records if store.plans else {}


__all__ = [
    "CEILING",
    "LUCK",
    "ceiling",
    "ceilings",
    "first_own_week",
    "luck_alone",
    "pairs_of_luck",
    "shaken",
    "verdicts",
]
