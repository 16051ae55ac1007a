"""The table of targets: what is compared with a run, how exactly it is known, and whether it is fitted.

The table is `targets.csv`. A row's value is a number of the record; run and record are compared after a transform:

    root    sqrt(x + 3/8), for counts: their luck has the same spread at every size
    log     log(x + 1/2), for numbers whose error is a factor
    share   the number as it is

`error` (of the record) and `discrepancy` (what the model cannot be expected to meet) are standard deviations after the
transform. `common` is a further discrepancy that all rows of a `block` share: a region may be too quiet in every year.
`weight` divides all three variances.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.calibration.summaries import Layout
from sim.engine.errors import InputError, nearest
from sim.languages import colon, tr
from sim.record import FLOWS
from sim.world.grid import world_grid

TABLE = Path(__file__).with_name("targets.csv")
COLUMNS = ("key", "pattern", "observable", "over", "regions", "years", "transform", "value", "error", "discrepancy",
           "common", "block", "weight", "fitted", "source", "note")  # fmt: skip
TRANSFORMS = ("root", "log", "share")
STATES = ("members", "members_abroad", "recruiters", "held_wrongly", "units")
"""States that regions add up to; over several weeks or years their mean counts."""
FIRST, LAST = 2012, 2018
_TERM = re.compile(r"([+-]?)([a-z_0-9]+)")


@dataclass(frozen=True)
class Row:
    """One target.

    Attributes
    ----------
    key, pattern : str
        A short name; what is compared, in words.
    observable : str
        Names of flows or states of a record, joined by + and -.
    over : str
        What it is divided by: nothing, names like those above, such names `in Mali`, or `in YEAR` for the observable
        itself in another year.
    regions : tuple of str
        Regions that are added up; empty for all of Mali.
    first, last : int
        Years, both included; `last` is 0 for a row that goes on to the last year that is known.
    transform, value, error, discrepancy, common, block, weight, source, note
        As above.
    fitted : bool
        Whether the fit uses the row; the others are shown beside it.
    """

    key: str
    pattern: str
    observable: str
    over: str
    regions: tuple[str, ...]
    first: int
    last: int
    transform: str
    value: float
    error: float
    discrepancy: float
    common: float
    block: str
    weight: float
    fitted: bool
    source: str
    note: str

    @property
    def observed(self) -> float:
        """The value of the record, after the transform."""
        return float(transformed(self.transform, np.array(self.value)))

    def known(self, until: date) -> bool:
        """Whether the row speaks only of years that are over on this day."""
        year = until.year if (until.month, until.day) == (12, 31) else until.year - 1
        return max(self.first, self.last) <= year

    def natural(self, x: float) -> float:
        """A number after the transform, as it was before."""
        if self.transform == "share":
            return x
        return max(round(x * x - 0.375 if self.transform == "root" else math.exp(x) - 0.5, 6), 0.0)

    def computed(self, layout: Layout, yearly: NDArray[np.float32], last: int) -> NDArray[np.float64]:
        """The target in each of many runs, after the transform.

        Parameters
        ----------
        layout : Layout
            What the axes of `yearly` are.
        yearly : array
            Runs x years x regions x observables.
        last : int
            The last year of rows that name none.
        """
        years = [year for year in range(self.first, (self.last or last) + 1) if year in layout.years]
        own = self._sum(layout, yearly, self.observable, years, self.regions)
        if self.over.startswith("in "):
            own = own / np.maximum(self._sum(layout, yearly, self.observable, [int(self.over[3:])], self.regions), 0.5)
        elif self.over:
            where = () if self.over.endswith(" in Mali") else self.regions
            under = self._sum(layout, yearly, self.over.removesuffix(" in Mali"), years, where)
            own = own / np.where(under > 0, under, np.nan)
        return transformed(self.transform, own)

    def _sum(
        self, layout: Layout, yearly: NDArray[np.float32], words: str, years: Sequence[int], regions: tuple[str, ...]
    ) -> NDArray[np.float64]:
        at = [layout.years.index(year) for year in years]
        where = [layout.regions.index(name) for name in regions or layout.regions]
        part = yearly[:, at][:, :, where].astype(np.float64)
        total = np.zeros(len(yearly))
        for sign, name in _TERM.findall(words):
            values = part[..., layout.names.index(name)].sum(axis=2)
            total += (-1.0 if sign == "-" else 1.0) * (values.mean(axis=1) if name in STATES else values.sum(axis=1))
        return total


def transformed(transform: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers after a transform; none is below zero before."""
    if transform == "root":
        return np.sqrt(np.maximum(x, 0.0) + 0.375)
    return np.log(np.maximum(x, 0.0) + 0.5) if transform == "log" else x


# --- reading and checking the table -------------------------------------------------------------------------


@cache
def targets(file: Path = TABLE) -> tuple[Row, ...]:
    """The rows of the table.

    Raises
    ------
    InputError
        For the first row that is wrong: its key, and what is wrong.
    """
    with file.open(encoding="utf-8", newline="") as text:
        reader = csv.DictReader(text)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise InputError(tr("{file} must have the columns {columns}", file=file.name, columns=", ".join(COLUMNS)))
        found = [_row(line, file.name) for line in reader]
    keys = [row.key for row in found]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(tr("{file}: there are two rows {key}", file=file.name, key=key))
    return tuple(found)


def fitted(until: date, file: Path = TABLE) -> list[Row]:
    """The rows that a fit to this day uses."""
    return [row for row in targets(file) if row.fitted and row.known(until)]


def _row(line: dict[str, str], file: str) -> Row:
    def wrong(what: str) -> InputError:
        key = line["key"] or tr("a row without key")
        return InputError(f"{file}, {key}{colon()}{what}")

    if None in line or None in line.values():
        raise wrong(tr("it has not as many fields as there are columns"))
    for column in ("key", "pattern", "observable", "regions", "years", "source"):
        if not line[column].strip():
            raise wrong(tr("{column} is empty", column=column))
    numbers = {}
    for column in ("value", "error", "discrepancy", "common", "weight"):
        try:
            numbers[column] = float(line[column])
        except ValueError:
            what = tr("{column} is {value}, which is no number", column=column, value=repr(line[column]))
            raise wrong(what) from None
        if not math.isfinite(numbers[column]) or numbers[column] < 0:
            raise wrong(tr("{column} is {value}; it must be a number from 0", column=column, value=line[column]))
    if numbers["error"] == 0 or numbers["weight"] == 0:
        raise wrong(tr("error and weight must be above 0"))
    if bool(line["block"]) != (numbers["common"] > 0):
        raise wrong(tr("block and common go together: name a block and give a common above 0, or leave out both"))
    if line["transform"] not in TRANSFORMS:
        has, allowed = repr(line["transform"]), ", ".join(TRANSFORMS)
        raise wrong(tr("transform is {has}; it must be one of {allowed}", has=has, allowed=allowed))
    if line["fitted"] not in ("yes", "no"):
        raise wrong(tr("fitted is {has}; it must be yes or no", has=repr(line["fitted"])))
    first, last = _years(line["years"], wrong)
    over = line["over"]
    if over.startswith("in "):
        _years(over[3:], wrong)
    for words in (line["observable"], "" if over.startswith("in ") else over.removesuffix(" in Mali")):
        known = [*(name for name, _, _ in FLOWS), *STATES]
        if words and "".join(sign + name for sign, name in _TERM.findall(words)) != words:
            raise wrong(tr("{words} must be names of observables joined by + and -", words=repr(words)))
        for _, name in _TERM.findall(words):
            if name not in known:
                like = nearest(name, known)
                raise wrong(tr("there is no observable {name} to add up{nearest}", name=repr(name), nearest=like))
    there = list(world_grid().region_names)
    regions = () if line["regions"] == "Mali" else tuple(line["regions"].split(";"))
    for name in regions:
        if name not in there:
            raise wrong(tr("there is no region {name}{nearest}", name=repr(name), nearest=nearest(name, there)))
    return Row(
        line["key"], line["pattern"], line["observable"], over, regions, first, last, line["transform"],
        numbers["value"], numbers["error"], numbers["discrepancy"], numbers["common"], line["block"],
        numbers["weight"], line["fitted"] == "yes", line["source"], line["note"],
    )  # fmt: skip


def _years(words: str, wrong: object) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{4})(-(\d{4})?)?", words)
    years = (int(found[1]), int(found[3] or 0) if found[2] else int(found[1])) if found else (0, 0)
    if not found or not FIRST <= years[0] <= LAST or (years[1] and not years[0] <= years[1] <= LAST):
        what = tr("years is {words}; it must be 2015, 2013-2017 or 2013-, from {first} to {last}",
                  words=repr(words), first=FIRST, last=LAST)  # fmt: skip
        raise wrong(what)  # type: ignore[operator]
    return years


# --- the record, and how well a run has to meet it ----------------------------------------------------------


def observed(rows: Sequence[Row]) -> NDArray[np.float64]:
    """What was recorded, after the transforms."""
    return np.array([row.observed for row in rows])


def covariance(rows: Sequence[Row]) -> NDArray[np.float64]:
    """The variances of error and discrepancy, and what the rows of a block have in common."""
    weights = np.array([row.weight for row in rows])
    own = np.array([row.error**2 + row.discrepancy**2 for row in rows])
    common = np.array([row.common for row in rows]) / np.sqrt(weights)
    blocks = np.array([row.block for row in rows])
    same = (blocks[:, None] == blocks[None, :]) & (blocks[:, None] != "")
    return np.asarray(np.diag(own / weights) + np.outer(common, common) * same)


def computed(rows: Sequence[Row], layout: Layout, yearly: NDArray[np.float32], until: date) -> NDArray[np.float64]:
    """Every target in every run: runs x targets. A share of nothing is NaN."""
    last = until.year if (until.month, until.day) == (12, 31) else until.year - 1
    return np.stack([row.computed(layout, yearly, last) for row in rows], axis=1)
