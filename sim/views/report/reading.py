"""The comparison that a report is made from: read from a results folder or a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.engine.errors import InputError
from sim.languages import mark, tr
from sim.scenario import Scenario
from sim.stores import open_store
from sim.stores.folder import FolderStore
from sim.views import words
from sim.views.runs import facts

if TYPE_CHECKING:
    from sim.record import Record

HINT = mark("a report is made from a folder or store that kumakan compare has written")


class Comparison(NamedTuple):
    """What a report is made from."""

    manifest: Mapping[str, Any]
    records: Mapping[str, Mapping[Any, Record]]  # scenario -> seed, or `Key` of draw and seed
    baseline: str
    stored: bool = False  # whether in a store, else in a results folder

    @property
    def names(self) -> dict[str, str]:
        """The scenarios that are compared with the baseline, and what to call each."""
        return words.scenarios(name for name in self.manifest["scenarios"] if name != self.baseline)

    def scenario(self, name: str) -> Scenario:
        """The scenario of that name as it was run."""
        settings = self.manifest["scenarios"][name]
        return Scenario.of({key: value for key, value in settings.items() if key not in ("path", "digest")})

    def about(self, *names: str) -> dict[str, str]:
        """What was run, for the files of figures."""
        runs = [row["digest"] for row in self.manifest.get("runs", ()) if row["digest"]]
        return facts([self.baseline, *names], product(self.manifest["draws"], self.manifest["seeds"]), runs)


def comparison(place: str) -> Comparison:
    """Read a comparison from its results folder or store.

    Raises
    ------
    InputError
        If there is no comparison.
    """
    in_folder = FolderStore.stands(place)
    if "://" not in place and not Path(place).is_dir():
        raise InputError(tr("{place} is not a folder; {hint}", place=place, hint=tr(HINT)))
    try:
        store = open_store(place)
    except InputError as problem:
        raise InputError(
            tr("{place} holds no comparison ({message}); {hint}", place=place, message=problem.message, hint=tr(HINT))
        ) from None
    if not store.plans:
        raise InputError(tr("{place} holds no comparison; {hint}", place=place, hint=tr(HINT)))
    batch = store.batch()
    if len(batch.scenarios) < 2:
        raise InputError(
            tr(
                "the latest batch in {place} has only one scenario, so there is nothing to compare; {hint}",
                place=place,
                hint=tr(HINT),
            )
        )
    rows = [asdict(row) for row in batch.rows]
    return Comparison({**batch.plan, "runs": rows}, batch.records, batch.scenarios[0], stored=not in_folder)
