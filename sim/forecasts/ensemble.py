"""The forecast of an ensemble of worlds: as it is, corrected by region, and mixed with the best naive forecast.

raw
    The attacks in the worlds.
corrected
    Times the discrepancy of the region, (recorded + 4) / (ensemble mean + 4) over past years, each of which has half
    the weight of the year after it: what the model does not explain. It never enters the effect of a measure.
mixed
    Half the draws from the corrected forecast, half from the naive one that was best on the years before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from sim.engine.luck import decision, lucks, seed_key
from sim.forecasts.counts import Counts, Ints, month_id, year_of
from sim.forecasts.naive import DRAWS, NAIVE, Floats, Unit, naive
from sim.forecasts.scores import crps
from sim.languages import tr

VERSIONS = {
    "raw": "the worlds as they are",
    "corrected": "times the discrepancy of each region over past years",
    "mixed": "half of it corrected, half the best naive forecast",
}
UNITS: tuple[Unit, ...] = ("year", "month")
WEIGHT_OF_A_YEAR_BEFORE = 0.5
SMALL = 4.0
"""Attacks that are added to both sides of a discrepancy, so that a region with few of them is hardly corrected."""
FIRST_YEAR = 2013
"""Discrepancies begin here: 2012 was a war, whose battles the record leaves out."""
_ROUND = decision("the rest of a scaled count is rounded up")
_SEED = 1


@dataclass(frozen=True, eq=False)
class Forecast:
    """Draws of attacks by month, and by year, of all regions.

    Attributes
    ----------
    origin : int
        The year at whose end it was made.
    until : int
        The last year.
    draws : dict
        For each version, by "month" and "year": draws x periods x regions.
    factors : array
        The discrepancy of each region.
    about : dict
        What it was made with.
    """

    origin: int
    until: int
    draws: dict[str, dict[Unit, Ints | Floats]]
    factors: Floats
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def years(self) -> range:
        """The years that are forecast."""
        return range(self.origin + 1, self.until + 1)

    def of(self, version: str, unit: Unit, year: int) -> Ints | Floats:
        """The draws of one of its years: draws x periods of the year x regions."""
        size = 12 if unit == "month" else 1
        first = (year - self.origin - 1) * size
        return self.draws[version][unit][:, first : first + size]


def discrepancy(recorded: Counts, ensemble: Sequence[Counts], origin: int) -> Floats:
    """By which factor each region had more attacks in past years than the mean of the worlds.

    Examples
    --------
    Two years with 10 and 20 recorded attacks and none in the worlds: (20 + 10 / 2 + 4) / (0 + 4).

    >>> months = np.zeros((24, 1), np.int64)
    >>> months[0], months[12] = 10, 20
    >>> none = Counts(np.zeros((24, 1), np.int64), month_id(2013, 1))
    >>> discrepancy(Counts(months, month_id(2013, 1)), [none], 2014).tolist()
    [7.25]
    """
    known = recorded.until(origin)
    over = under = np.full(known.values.shape[1], SMALL)
    weight = 1.0
    for year in reversed([year for year in known.years if year >= FIRST_YEAR]):
        mean = np.sum([counts.year(year) for counts in ensemble], axis=0) / len(ensemble)
        over, under = over + weight * known.year(year), under + weight * mean
        weight *= WEIGHT_OF_A_YEAR_BEFORE
    return over / under


def scaled(draws: Ints | Floats, factors: Floats, first: int) -> Ints:
    """Draws x periods x regions times a factor for each region, as whole numbers whose mean is right.

    What is left after the decimal point is the chance to round up.
    """
    out = np.zeros(draws.shape, np.int64)
    agents = np.arange(len(draws), dtype=np.uint32)
    for period in range(draws.shape[1]):
        for region, factor in enumerate(factors):
            luck = lucks(_ROUND, seed_key(_SEED), np.uint32(first + period), agents, np.uint32(region))
            out[:, period, region] = np.floor(draws[:, period, region] * factor + luck)
    return out


def best_naive(recorded: Counts, origin: int, unit: Unit) -> str:
    """The naive forecast with the lowest CRPS, one year ahead, on the years up to `origin` (and no later one)."""
    known = recorded.until(origin)
    return _best(known.values.tobytes(), known.values.shape, known.first, origin, unit)


@cache
def _best(values: bytes, shape: tuple[int, int], first: int, origin: int, unit: Unit) -> str:
    known = Counts(np.frombuffer(values, np.int64).reshape(shape), first)
    tested = known.years[1:]
    if not tested:
        return "negative binomial"  # one year is no test
    marks = {name: np.mean([naive_crps(name, known, year, unit) for year in tested]) for name in NAIVE}
    return min(marks, key=lambda name: marks[name])


def naive_crps(name: str, counts: Counts, year: int, unit: Unit) -> float:
    """Mean CRPS over regions of a naive forecast made at the end of the year before."""
    size = 12 if unit == "month" else 1
    draws = naive(name, counts, year - 1, unit, size)
    return float(crps(draws.reshape(len(draws), -1), seen_in(counts, year, unit).reshape(-1)).mean())


def seen_in(counts: Counts, year: int, unit: Unit) -> Ints:
    """What happened in a year: periods x regions."""
    months = counts.months(month_id(year, 1), month_id(year, 12))
    return months if unit == "month" else months.sum(axis=0, keepdims=True)


def forecast_of(recorded: Counts, ensemble: Sequence[Counts], origin: int, until: int) -> Forecast:
    """The forecast of an ensemble that was lived to the end of `until`.

    Parameters
    ----------
    recorded : Counts
        The record. What lies after the end of `origin` is not looked at.
    ensemble : sequence of Counts
        Each world.
    origin, until : int
        The year at whose end the forecast is made, and its last year.
    """
    known = recorded.until(origin)
    first, last = month_id(origin + 1, 1), month_id(until, 12)
    worlds = np.stack([counts.months(first, last) for counts in ensemble])
    raw = np.tile(worlds, (-(-DRAWS // len(worlds)), 1, 1))
    factors = discrepancy(known, ensemble, origin)
    corrected = scaled(raw, factors, first)
    years = until - origin
    draws: dict[str, dict[Unit, Any]] = {
        "raw": {"month": raw, "year": yearly(raw)},
        "corrected": {"month": corrected, "year": yearly(corrected)},
        "mixed": {},
    }
    chosen: dict[Unit, str] = {unit: best_naive(known, origin, unit) for unit in UNITS}
    for unit in UNITS:
        other = naive(chosen[unit], known, origin, unit, years * (12 if unit == "month" else 1), len(raw))
        whole = scaled(other, np.ones(len(factors)), first if unit == "month" else origin + 1)
        draws["mixed"][unit] = np.concatenate([draws["corrected"][unit], whole])
    about = {"worlds": len(worlds), "best naive": dict(chosen)}
    return Forecast(origin, until, draws, factors, about)


def yearly(months: Ints) -> Ints:
    """Sums of twelve months each, of draws x months x regions."""
    draws, many, regions = months.shape
    sums: Ints = months.reshape(draws, many // 12, 12, regions).sum(axis=2)
    return sums


def first_month(forecast: Forecast) -> int:
    """The number of the first month that is forecast."""
    return month_id(forecast.origin + 1, 1)


def span(forecast: Forecast) -> str:
    """The years in words."""
    first, last = forecast.origin + 1, year_of(first_month(forecast)) + len(forecast.years) - 1
    return str(first) if first == last else tr("{low} to {high}", low=first, high=last)
