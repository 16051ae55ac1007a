"""Naive forecasts: what anybody can say who knows the counts so far and nothing else.

Each is a function of the months that are known at the end of a year. It gives draws for every month, or for every year,
that follows. A model of conflict is worth something only where it beats the best of them (Hegre and others 2025, the
VIEWS prediction challenge).

The draws have keyed luck (`sim.engine.luck`) and use only exact functions, so a forecast has the same bits everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.engine.exact import exp
from sim.engine.luck import decision, lucks, seed_key
from sim.forecasts.counts import Counts, Ints, month_id

Floats = NDArray[np.float64]
Unit = Literal["month", "year"]

DRAWS = 1000
"""Draws of a forecast, as in the VIEWS challenge."""
SPREAD = 3.0
"""The negative binomial has the variance m (1 + m / 3): fixed beforehand, because an estimate from 2012 to 2014, a war
and two years after it, is poor."""
LEAST = 0.3
"""Attacks a year. No region is ever certain to see none: a mean below this is raised to it, in Poisson and negative
binomial. It was chosen once, so that the opponent is a strong one (mean CRPS 5.2 instead of 5.3 in 2015 to 2017)."""
_SEED = 1
_DRAW = decision("a naive forecast draws a count")
_COVERED = 1.0 - 2.0**-33  # luck never lies above this


@dataclass(frozen=True)
class Known:
    """What a forecast may use: the counts up to the end of a year.

    Attributes
    ----------
    counts : Counts
        Up to December of `origin`, and nothing later.
    origin : int
        The year at whose end the forecast is made.
    draws : int
        How many draws to make.
    """

    counts: Counts
    origin: int
    draws: int = DRAWS

    def __post_init__(self) -> None:
        if self.counts.last != month_id(self.origin, 12):
            raise ValueError(f"the counts end in month {self.counts.last}, not with {self.origin}")

    def back(self, months: int | None = None) -> Ints:
        """The last months (all, or as many as there are)."""
        return self.counts.values if months is None else self.counts.values[-months:]

    @property
    def years(self) -> Ints:
        """All whole years that are known x regions."""
        return self.counts.yearly(self.counts.years)

    def luck(self, period: int, region: int) -> Floats:
        """A number from 0 to 1 for each draw."""
        key = seed_key(_SEED)
        values: Floats = lucks(_DRAW, key, np.uint32(period), np.arange(self.draws, dtype=np.uint32), np.uint32(region))
        return values


Forecast = Callable[[Known, Unit, int], Ints | Floats]
"""Draws x periods x regions, of so many periods after the origin."""


# --- how draws are made -------------------------------------------------------------------------------------


def point(known: Known, values: NDArray, periods: int) -> Floats:
    """The same number in every draw, for each region (and period)."""
    shape = (known.draws, periods, values.shape[-1])
    return np.broadcast_to(np.asarray(values, np.float64), shape).copy()


def counts_with(known: Known, unit: Unit, periods: int, means: Floats, masses: Callable[[float], Floats]) -> Ints:
    """Draws from distributions of counts, by inversion; `masses` gives the cumulative ones of a mean."""
    out = np.zeros((known.draws, periods, len(means)), np.int64)
    for region, mean in enumerate(means):
        below = masses(float(mean))
        for period in range(periods):
            out[:, period, region] = np.searchsorted(below, known.luck(_number(known, unit, period), region))
    return out


def _number(known: Known, unit: Unit, period: int, part: int = 0) -> int:
    """A period as the time in the key of its luck: months by their number, years beside them."""
    return month_id(known.origin + 1, 1) + period if unit == "month" else (known.origin + 1 + period) * 100 + part


def poisson_masses(mean: float) -> Floats:
    """Cumulative masses of a Poisson distribution."""
    return _masses(float(exp(-mean)), lambda k: mean / (k + 1.0))


def negative_binomial_masses(mean: float) -> Floats:
    """Cumulative masses of a negative binomial distribution with variance m (1 + m / `SPREAD`)."""
    over = mean / (SPREAD + mean)
    none = SPREAD / (SPREAD + mean)
    return _masses(none * none * none, lambda k: over * (k + SPREAD) / (k + 1.0))


def _masses(first: float, ratio: Callable[[float], float]) -> Floats:
    total, mass, masses, k = first, first, [first], 0
    while total < _COVERED and k < 100_000:
        mass *= ratio(k)
        total += mass
        masses.append(total)
        k += 1
        if total + mass == total and k > 1:  # nothing is added any more
            break
    return np.array(masses[:-1])


def resampled(known: Known, unit: Unit, periods: int, months: Ints) -> Ints:
    """Months drawn from past months; a year is the sum of twelve of them."""
    many, places = len(months), months.shape[1]
    out = np.zeros((known.draws, periods, places), np.int64)
    for region in range(places):
        for period in range(periods):
            for part in range(12 if unit == "year" else 1):
                chosen = (known.luck(_number(known, unit, period, part), region) * many).astype(np.int64)
                out[:, period, region] += months[chosen, region]
    return out


def _length(unit: Unit) -> float:
    """Months in a period."""
    return 1.0 if unit == "month" else 12.0


# --- the forecasts ------------------------------------------------------------------------------------------


def _last_year(known: Known, unit: Unit, periods: int) -> Floats:
    if unit == "year":
        return point(known, known.back(12).sum(axis=0), periods)
    return point(known, np.tile(known.back(12), (-(-periods // 12), 1))[:periods], periods)


def _around(masses: Callable[[float], Floats], months: int) -> Forecast:
    """Counts around the mean of the last months."""

    def forecast(known: Known, unit: Unit, periods: int) -> Ints:
        means = np.maximum(known.back(months).mean(axis=0) * _length(unit), LEAST * _length(unit) / 12.0)
        return counts_with(known, unit, periods, means, masses)

    return forecast


def _mean_of(months: int | None) -> Forecast:
    def forecast(known: Known, unit: Unit, periods: int) -> Floats:
        return point(known, known.back(months).mean(axis=0) * _length(unit), periods)

    return forecast


def _past(months: int | None) -> Forecast:
    """The past months are the forecast: conflictology."""

    def forecast(known: Known, unit: Unit, periods: int) -> Ints:
        return resampled(known, unit, periods, known.back(months))

    return forecast


def _trend(known: Known, unit: Unit, periods: int) -> Floats:
    """The straight line through all years, never below zero; a month has a twelfth of its year."""
    years = known.years.astype(np.float64)
    time = np.arange(len(years)) - (len(years) - 1) / 2.0
    middle = years.sum(axis=0) / len(years)
    square = float((time * time).sum())
    slope = (time[:, None] * years).sum(axis=0) / square if square else np.zeros(len(middle))
    ahead = np.arange(periods) // (1 if unit == "year" else 12) + 1 + time[-1]
    line = np.maximum(middle + slope * ahead[:, None], 0.0)
    return point(known, line * _length(unit) / 12.0, periods)


def _zero(known: Known, unit: Unit, periods: int) -> Floats:
    return point(known, np.zeros(known.counts.values.shape[1]), periods)


NAIVE: dict[str, Forecast] = {
    "last year": _last_year,
    "Poisson": _around(poisson_masses, 12),
    "negative binomial": _around(negative_binomial_masses, 12),
    "last month, Poisson": _around(poisson_masses, 1),
    "mean of three years": _mean_of(36),
    "regional mean": _mean_of(None),
    "trend": _trend,
    "conflictology, 1 year": _past(12),
    "conflictology, 3 years": _past(36),
    "all past months": _past(None),
    "zero": _zero,
}
"""All naive forecasts by name. None of them is fitted to the years on which it is scored."""

MEANING = {
    "last year": "last year again, as a point (a month: the same month of last year)",
    "Poisson": "a Poisson count around the mean of the last twelve months",
    "negative binomial": "a negative binomial around the mean m of the last twelve months, variance m (1 + m/3)",
    "last month, Poisson": "a Poisson count around the last month",
    "mean of three years": "the mean of the last 36 months, as a point",
    "regional mean": "the mean of all past months of the region, as a point",
    "trend": "the straight line through all past years, as a point",
    "conflictology, 1 year": "months drawn from the last twelve",
    "conflictology, 3 years": "months drawn from the last 36",
    "all past months": "months drawn from all that are known",
    "zero": "no attack at all",
}


def naive(name: str, counts: Counts, origin: int, unit: Unit, periods: int, draws: int = DRAWS) -> Ints | Floats:
    """A naive forecast that is made at the end of a year, of the months or years that follow.

    Parameters
    ----------
    name : str
        One of `NAIVE`.
    counts : Counts
        The record. What lies after the end of `origin` is not looked at.
    origin : int
        The year at whose end the forecast is made.
    unit : {"month", "year"}
        Whether periods are months or years.
    periods : int
        How many of them.
    draws : int
        Draws of each.

    Returns
    -------
    array
        Draws x periods x regions.
    """
    return NAIVE[name](Known(counts.until(origin), origin, draws), unit, periods)
