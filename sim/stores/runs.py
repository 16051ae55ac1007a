"""The finished runs of one scenario, each read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.stores.run import Key, shown_key
from sim.stores.totals import totals, weekly

if TYPE_CHECKING:
    from sim.record import Record

Many = Callable[[Sequence[str]], Mapping[Any, np.ndarray]]


class Runs(Mapping[Any, "Record"]):
    """The finished runs of one scenario: key -> Record, in the order of keys. A record is read when asked for.

    Keys are seeds, or a `Key` of draw and seed where parameters are drawn.

    Parameters
    ----------
    places : mapping
        Where each run is, by key.
    read : callable
        Gives the record that is at a place.
    totals, weekly : callable, optional
        Quicker ways to the totals and weekly values of all runs than to read each record.
    """

    def __init__(
        self,
        places: Mapping[Any, Any],
        read: Callable[[Any], Record],
        totals: Many | None = None,
        weekly: Many | None = None,
    ) -> None:
        self._places, self._read, self._totals, self._weekly = dict(places), read, totals, weekly

    def totals(self, names: Sequence[str]) -> Mapping[Any, np.ndarray]:
        """Regions x observables of each run: sums over the run, or means over its last 52 weeks for states."""
        return self._totals(names) if self._totals else {key: totals(self[key], names) for key in self}

    def weekly(self, names: Sequence[str]) -> Mapping[Any, np.ndarray]:
        """Weeks x regions x observables of each run."""
        return self._weekly(names) if self._weekly else {key: weekly(self[key], names) for key in self}

    def __getitem__(self, key: Any) -> Record:
        return self._read(self._places[key])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"<Runs: {len(self)}>"


def by_key(plan: Mapping[str, Any], found: Iterable[tuple[str, int, int, Any]]) -> dict[str, dict[Key | int, Any]]:
    """What is found, as (scenario, draw, seed, place): by scenario of the plan, then by key in order."""
    drawn = list(plan["draws"]) != [0]
    by_scenario: dict[str, dict[Key | int, Any]] = {name: {} for name in plan["scenarios"]}
    for scenario, draw, seed, place in found:
        by_scenario[scenario][shown_key(draw, seed, drawn)] = place
    return {name: {key: runs[key] for key in sorted(runs)} for name, runs in by_scenario.items()}
