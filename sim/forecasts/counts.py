"""Counts of attacks by month and region: the record that forecasts start from and are judged by.

Months are numbered as VIEWS numbers them: month 1 is January 1980.

>>> month_id(2016, 12), year_of(444)
(444, 2016)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.errors import InputError, nearest
from sim.languages import mark, tr
from sim.world.facts import region_codes, table
from sim.world.grid import world_grid

Ints = NDArray[np.int64]

FIRST_VIEWS_YEAR = 1980
TARGETS = {
    "jihadist": mark("attacks by jihadists and by unknown perpetrators"),
    "all": mark("all attacks, also those by northern armed movements and communal militias"),
}
"""What can be forecast. The groups of the model are jihadist, so "jihadist" is its own target."""
NOT_OURS = ("ev_northern_armed_movement_other", "ev_communal_militia")
RECORDED_BY = "GTD"


def month_id(year: int, month: int) -> int:
    """The number of a month."""
    return (year - FIRST_VIEWS_YEAR) * 12 + month


def year_of(month: int) -> int:
    """The year of a month."""
    return FIRST_VIEWS_YEAR + (month - 1) // 12


def regions() -> tuple[str, ...]:
    """The nine regions, in the order of every array; their numbers in files begin with 1."""
    return tuple(world_grid().region_names)


@dataclass(frozen=True, eq=False)
class Counts:
    """Attacks by month and region, of all months from `first` on without a gap.

    Attributes
    ----------
    values : array of int
        Months x regions.
    first : int
        Number of the first month.
    source : str
        Who counted.
    """

    values: Ints
    first: int
    source: str = RECORDED_BY

    @property
    def last(self) -> int:
        """Number of the last month."""
        return self.first + len(self.values) - 1

    @property
    def years(self) -> range:
        """The years of which all months are there."""
        return range(year_of(self.first + 11), year_of(self.last + 1))

    def months(self, first: int, last: int) -> Ints:
        """The months `first` to `last`, both included.

        Raises
        ------
        InputError
            If some of them are not there.
        """
        if first < self.first or last > self.last:
            raise InputError(
                tr("{source} has no counts for some of the months {first} to {last}",
                   source=self.source, first=first, last=last)
            )  # fmt: skip
        return self.values[first - self.first : last - self.first + 1]

    def year(self, year: int) -> Ints:
        """The sums of one year, by region."""
        total: Ints = self.months(month_id(year, 1), month_id(year, 12)).sum(axis=0)
        return total

    def yearly(self, years: Iterable[int]) -> Ints:
        """Years x regions."""
        return np.stack([self.year(year) for year in years])

    def until(self, year: int) -> Counts:
        """What was known at the end of a year. Everything that makes a forecast is given this and nothing else."""
        known = min(self.last, month_id(year, 12)) - self.first + 1
        if known < 1:
            raise InputError(tr("{source} has no counts before the end of {year}", source=self.source, year=year))
        return Counts(self.values[:known].copy(), self.first, self.source)


def check_target(target: str) -> str:
    """A target by its name.

    Raises
    ------
    InputError
        If there is no such target.
    """
    if target not in TARGETS:
        raise InputError(
            tr("there is no target {target}{nearest} ({known})",
               target=repr(target), nearest=nearest(target, TARGETS), known=", ".join(TARGETS))
        )  # fmt: skip
    return target


@cache
def recorded(target: str) -> Counts:
    """The counts that come with the project: the Global Terrorism Database, January 2012 to December 2017.

    Attacks by unknown perpetrators are known by year and region but not by month. So the months of "jihadist" are
    those of all attacks less the attacks of northern armed movements and militias, which are taken from the months
    with attacks that no jihadist is named for, in proportion. Sums by year and region are exact.
    """
    check_target(target)
    codes = region_codes()
    rows = [row for row in table("events_monthly") if row["source"] == RECORDED_BY and row["region_code"] in codes]
    first = month_id(min(row["year"] for row in rows), 1)
    last = month_id(max(row["year"] for row in rows), 12)
    every, named = (np.zeros((last - first + 1, len(codes)), np.int64) for _ in range(2))
    for row in rows:
        place = month_id(row["year"], row["month"]) - first, codes.index(row["region_code"])
        every[place], named[place] = row["events"], row["events_jihadist"]
    if target == "all":
        return Counts(every, first)
    for row in _years():
        where = slice(month_id(row["year"], 1) - first, month_id(row["year"], 12) - first + 1)
        region = codes.index(row["region_code"])
        others = every[where, region] - named[where, region]
        every[where, region] -= shared_out(sum(row[column] for column in NOT_OURS), others)
    return Counts(every, first)


def shared_out(total: int, weights: Ints) -> Ints:
    """A whole number shared out by weights, by largest remainders; the earlier of equals comes first.

    >>> shared_out(3, np.array([2, 0, 2])).tolist()
    [2, 0, 1]
    """
    if not total:
        return np.zeros_like(weights)
    exact = total * weights
    shares = exact // weights.sum()
    left = exact - shares * weights.sum()
    for place in np.argsort(-left, kind="stable")[: total - shares.sum()]:
        shares[place] += 1
    return shares


def guessed_months() -> int:
    """Attacks of others in region-years in which it is not known from which months they have to be taken."""
    codes, every, many = region_codes(), recorded("all"), 0
    named = {(row["year"], row["month"], row["region_code"]): row["events_jihadist"] for row in table("events_monthly")}
    for row in _years():
        month = month_id(row["year"], 1)
        counts = every.months(month, month + 11)[:, codes.index(row["region_code"])]
        others = [n - named.get((row["year"], k + 1, row["region_code"]), 0) for k, n in enumerate(counts)]
        theirs = sum(row[column] for column in NOT_OURS)
        if theirs and theirs < sum(others) and sum(n > 0 for n in others) > 1:
            many += theirs
    return many


def _years() -> list[dict[str, Any]]:
    """The yearly rows of the record, by region."""
    codes, monthly = region_codes(), {row["year"] for row in table("events_monthly")}
    return [
        row
        for row in table("events")
        if row["source"] == RECORDED_BY and row["region_code"] in codes and row["year"] in monthly
    ]
