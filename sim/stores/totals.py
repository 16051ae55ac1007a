"""The numbers by which runs are compared: totals by region and observable, and weekly values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim.record import Record

LAST_WEEKS = 52
"""The total of a state such as trust is its mean over the last 52 weeks, so that no season weighs more."""


def totals(record: Record, names: Sequence[str]) -> NDArray[np.float64]:
    """Regions x observables: sums over the run, or means over its last 52 weeks for states. NaN where absent."""
    columns = _columns(record, names)
    states = [k >= 0 and record.observables[k].how != "sum" for k in columns]
    # all columns at once, as they lie in memory: several times as fast as picking some first
    found = record.values.sum(axis=0)[:, columns]
    found[:, states] = record.values[-LAST_WEEKS:].mean(axis=0)[:, columns][:, states]
    found[:, [k < 0 for k in columns]] = np.nan
    return found


def _columns(record: Record, names: Sequence[str]) -> list[int]:
    """Where the observables stand in a record; -1 for those it does not have."""
    places = {name: k for k, name in enumerate(record.names)}
    return [places.get(name, -1) for name in names]


def all_totals(runs: Mapping[Any, Record], names: Sequence[str]) -> Mapping[Any, NDArray[np.float64]]:
    """The totals of many runs, by key; a store of many runs reads them from columns instead of records."""
    kept = getattr(runs, "totals", None)
    return kept(names) if kept else {key: totals(runs[key], names) for key in runs}


def weekly(record: Record, names: Sequence[str]) -> NDArray[np.float64]:
    """Weeks x regions x observables."""
    columns = _columns(record, names)
    return np.where(np.less(columns, 0), np.nan, record.values[:, :, columns])


def all_weekly(runs: Mapping[Any, Record], names: Sequence[str]) -> Mapping[Any, NDArray[np.float64]]:
    """The weekly values of many runs, by key; a store of many runs reads them from columns instead of records."""
    kept = getattr(runs, "weekly", None)
    return kept(names) if kept else {key: weekly(runs[key], names) for key in runs}
