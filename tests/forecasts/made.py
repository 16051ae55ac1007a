"""Small counts and ensembles whose numbers are known."""

from datetime import date, timedelta

import numpy as np

from sim.forecasts.counts import Counts, month_id, regions
from sim.record import Observable, Record

PLACES = len(regions())


def counts(first=2012, last=2017, value=None, seed=1, source="GTD"):
    """Counts of whole years: the same number everywhere, or Poisson ones of a seed."""
    shape = ((last - first + 1) * 12, PLACES)
    if value is not None:
        values = np.full(shape, value, np.int64)
    else:
        values = np.random.default_rng(seed).poisson(np.linspace(0.2, 3.0, PLACES), shape)
    return Counts(values, month_id(first, 1), source)


def changed_after(known, year, by=50):
    """The same counts with other ones after a year."""
    values = known.values.copy()
    values[month_id(year, 12) - known.first + 1 :] += by
    return Counts(values, known.first, known.source)


def record(first=date(2012, 1, 2), weeks=313, seed=1):
    """A record of a run with nothing but attacks."""
    dates = tuple(first + timedelta(days=7 * week) for week in range(weeks))
    values = np.random.default_rng(seed).poisson(0.3, (weeks, PLACES, 1)).astype(float)
    return Record(values, (Observable("attacks", "attacks", "sum", "attacks"),), regions(), dates, {}, {})
