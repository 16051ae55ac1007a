"""A store: the place where finished runs are kept and read again, whatever it looks like inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine.cards import card
from sim.engine.errors import InputError
from sim.languages import tr
from sim.stores.run import HOW, WHAT

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from sim.batches.batch import Batch
    from sim.scenario import Scenario
    from sim.stores.run import Row, Run
    from sim.stores.runs import Runs

MOST_SHOWN = 20
"""Rows of a table in a notebook."""


class Store(ABC):
    """A store of runs: `FolderStore` has a folder for each run, `ArchiveStore` many runs in few files.

    A *plan* is what a batch was asked for, as plain data: scenarios with their settings, seeds, draws, versions.

    Attributes
    ----------
    place : str
        The folder or URL, as `sim.open_store` takes it.
    """

    place: str

    # --- reading ---------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def plans(self) -> list[dict[str, Any]]:
        """The plans of the batches that were made here, the latest last."""

    @abstractmethod
    def runs(self, columns: Sequence[str] = (*WHAT, *HOW)) -> pd.DataFrame:
        """A row for each finished run, by its id.

        Columns are what the run is, how it went, and the totals of observables by region: ``sum.joined``,
        ``mean.trust``.
        """

    @abstractmethod
    def records(self, plan: Mapping[str, Any]) -> dict[str, Runs]:
        """The finished runs of a plan: scenario -> key -> Record, each read when asked for."""

    @abstractmethod
    def rows(self, plan: Mapping[str, Any]) -> tuple[Row, ...]:
        """How each run of a plan ended."""

    @abstractmethod
    def failed(self, plan: Mapping[str, Any]) -> list[Row]:
        """The runs of a plan that failed and were not made since."""

    @abstractmethod
    def finished(self, run: Run) -> bool:
        """Whether a run need not be made.

        Raises
        ------
        InputError
            If a different run stands in its place and may not be replaced.
        """

    @property
    @abstractmethod
    def runs_place(self) -> str:
        """Where the runs are, for people."""

    @property
    @abstractmethod
    def listing(self) -> str:
        """The file that says how each run ended, for people."""

    def batch(self, plan: int = -1) -> Batch:
        """The batch with this number in `plans`: its runs, with their records and effects. By default the latest.

        Raises
        ------
        InputError
            If there is no such plan.
        """
        plans = self.plans
        if not -len(plans) <= plan < len(plans):
            raise InputError(
                tr(
                    "{place} holds {many} plans; there is none with number {plan}",
                    place=self.place,
                    many=len(plans),
                    plan=plan,
                )
            )
        batch: Batch = import_module("sim.batches.batch").Batch(self.out, self, plans[plan])
        return batch

    def to_xarray(self, observables: Sequence[str] | None = None) -> xr.Dataset:
        """All weekly values of the latest batch: short for ``store.batch().to_xarray(observables)``."""
        return self.batch().to_xarray(observables)

    @property
    @abstractmethod
    def out(self) -> Path:
        """The folder for tables and figures about these runs."""

    # --- making ----------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def options(self) -> list[str]:
        """How the command line names this place."""

    @abstractmethod
    def at_work(self, out: Path) -> AbstractContextManager[None]:
        """A context in which this process makes runs; `out` is the results folder of the batch."""

    @property
    @abstractmethod
    def notes(self) -> list[str]:
        """What this process set aside as damaged since it is at work, and why."""

    @abstractmethod
    def begin(self, plan: Mapping[str, Any], scenarios: Sequence[Scenario]) -> None:
        """Write what is asked for."""

    @abstractmethod
    def take(self, run: Run) -> bool:
        """Whether this batch is the one to make a run; False if another batch is making it or has just made it."""

    @abstractmethod
    def keep(self, run: Run, row: Row, packed: bytes) -> None:
        """Keep a run that ended: its row in the log, and its numbers unless its worker has written them."""

    @abstractmethod
    def end(self, plan: dict[str, Any]) -> None:
        """Write how the batch ended."""

    @abstractmethod
    def folder(self, run: Run) -> Path | None:
        """Where the worker writes a run itself; None if it packs the run for this process to keep."""

    @abstractmethod
    def scenario_file(self, scenario: Scenario, digest: str) -> Path:
        """Where the scenario of a failed run is, with all its settings."""

    # --- showing ---------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        plans = self.plans
        return f"<{type(self).__name__} {self.place!r}: {len(plans)} plan{'' if len(plans) == 1 else 's'}>"

    def _repr_html_(self) -> str:
        plans = self.plans
        rows = [
            (number, plan.get("started", ""), ", ".join(plan["scenarios"]), counted(plan["seeds"]),
             counted(plan["draws"]) if list(plan["draws"]) != [0] else "none", plan.get("state", ""))
            for number, plan in enumerate(plans)
        ]  # fmt: skip
        facts = {"Plans": f"{len(plans)}" + (f", the latest {MOST_SHOWN} below" if len(plans) > MOST_SHOWN else "")}
        columns = ("Plan", "Started", "Scenarios", "Seeds", "Draws", "State")
        return card(f"Store {self.place}", facts, columns, rows[-MOST_SHOWN:])


def counted(numbers: Sequence[int]) -> str:
    """Seeds or draws in few words.

    >>> counted([1, 2, 3, 4]), counted([7]), counted([1, 5])
    ('4 (1 to 4)', '1 (7)', '2 (1, 5)')
    """
    many, ends = len(numbers), (min(numbers, default=0), max(numbers, default=0))
    if many > 1 and ends[1] - ends[0] + 1 == many:
        return f"{many} ({ends[0]} to {ends[1]})"
    return f"{many} ({', '.join(map(str, numbers[:5]))}{', ...' if many > 5 else ''})"
