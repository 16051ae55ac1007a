"""How many attacks one source counts for one that another counts, where both looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.engine.errors import InputError
from sim.forecasts.counts import RECORDED_BY, Counts, Ints, check_target, recorded, regions
from sim.forecasts.judge import resamples
from sim.languages import mark, tr
from sim.world.facts import table

HALF = 0.5
"""Added to both sums, so that a source that saw nothing still gives a number."""
OTHER_SOURCES = {"UCDP_GED_20.1_places": mark("UCDP GED (places and years with deaths)")}
"""Sources by year and region that come with the project, beside GTD."""


@dataclass(frozen=True)
class Rate:
    """How much more or less one source counts than another.

    Attributes
    ----------
    source, against : str
    years : tuple of int
        Whole years that both cover.
    counted, other : int
        Attacks in these years.
    rate, low, high : float
        `counted` for each of `other`, and its 90 % interval over resamples of regions.
    """

    source: str
    against: str
    years: tuple[int, ...]
    counted: int
    other: int
    rate: float
    low: float
    high: float


def rate_between(ours: Counts, theirs: Counts, until: int | None = None) -> Rate | None:
    """The rate of one source against another over the whole years that both cover; None if there is no such year.

    Parameters
    ----------
    ours, theirs : Counts
        The two sources.
    until : int, optional
        The last year that may be used: a forecast must not be scaled by what came after it.
    """
    years = [year for year in ours.years if year in theirs.years and (until is None or year <= until)]
    if not years:
        return None
    sums = ours.yearly(years).sum(axis=0), theirs.yearly(years).sum(axis=0)
    return _rate(ours.source, theirs.source, years, *sums)


def _rate(source: str, against: str, years: Sequence[int], ours: Ints, theirs: Ints) -> Rate:
    chosen = resamples(len(ours))
    ratios = (ours[chosen].sum(axis=1) + HALF) / (theirs[chosen].sum(axis=1) + HALF)
    low, high = np.quantile(ratios, [0.05, 0.95])
    middle = (ours.sum() + HALF) / (theirs.sum() + HALF)
    return Rate(
        source, against, tuple(years), int(ours.sum()), int(theirs.sum()), float(middle), float(low), float(high)
    )


def all_rates(ours: Counts, target: str) -> list[Rate]:
    """A source against every other one that comes with the project."""
    check_target(target)
    rates = [rate_between(ours, recorded(target))]
    for key, name in OTHER_SOURCES.items():
        by_year: dict[int, Ints] = {}
        for row in table("events"):
            if row["source"] == key and row["region"] in regions():
                place = by_year.setdefault(row["year"], np.zeros(len(regions()), np.int64))
                place[regions().index(row["region"])] += row["events"]
        years = [year for year in ours.years if year in by_year]
        if years:
            theirs = np.sum([by_year[year] for year in years], axis=0)
            rates.append(_rate(ours.source, name, years, ours.yearly(years).sum(axis=0), theirs))
    return [rate for rate in rates if rate is not None]


def joined_up(ours: Counts, target: str, origin: int) -> tuple[Counts, float]:
    """A user's record with the years before it from GTD, at the user's own rate of reporting; and that rate.

    The rate is estimated from years up to `origin` that both cover. Where there are none it is 1.

    Raises
    ------
    InputError
        If there are years between the two that neither covers.
    """
    shipped = recorded(target)
    rate = rate_between(ours, shipped, origin)
    factor = rate.rate if rate else 1.0
    if ours.first <= shipped.first:
        return ours, factor
    if ours.first > shipped.last + 1:
        raise InputError(
            tr("{source} begins after {other} ends (December {year}): years between are missing",
               source=ours.source, other=RECORDED_BY, year=shipped.years[-1])
        )  # fmt: skip
    before = np.rint(shipped.values[: ours.first - shipped.first] * factor).astype(np.int64)
    return Counts(np.concatenate([before, ours.values]), shipped.first, ours.source), factor
