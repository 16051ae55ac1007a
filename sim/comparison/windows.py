"""The weeks in which measures are in force, and totals over them.

A measure that begins late has little of the run. Its effect over its own weeks, with a margin of these weeks, says what
it does while it acts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.measures.phases import taken
from sim.stores.totals import LAST_WEEKS, all_weekly

if TYPE_CHECKING:
    from sim.record import Record


def in_force(settings: Mapping[str, Any], dates: Sequence[date]) -> NDArray[np.bool_]:
    """Weeks of a run in which a measure is taken, by its dates or those of its phases."""
    periods = [
        [period[name] and date.fromisoformat(str(period[name])) for name in ("start", "end")]
        for period in taken(settings)
    ]
    return np.array(
        [any((not start or start <= day) and (not end or day < end) for start, end in periods) for day in dates], bool
    )


def any_in_force(measures: Iterable[Mapping[str, Any]], dates: Sequence[date]) -> NDArray[np.bool_]:
    """Weeks in which any of these measures is taken."""
    return np.any([np.zeros(len(dates), bool), *(in_force(settings, dates) for settings in measures)], axis=0)


def totals_during(
    runs: Mapping[Any, Record], names: Sequence[str], weeks: NDArray[np.bool_]
) -> dict[Any, NDArray[np.float64]]:
    """Totals of runs over some weeks, regions x observables: sums, or for states means over the last 52 of them."""
    example = next(iter(runs.values()), None)
    if example is None:
        return {}
    how = {observable.name: observable.how for observable in example.observables}
    states = [how.get(name, "sum") != "sum" for name in names]
    found = {}
    for key, values in all_weekly(runs, names).items():
        own = values[weeks]
        found[key] = own.sum(axis=0)
        found[key][:, states] = own[-LAST_WEEKS:].mean(axis=0)[:, states]
    return found
