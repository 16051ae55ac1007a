"""A user's own table of attacks: read, checked, and counted by month and region.

A table is a CSV file (with commas, semicolons or tabs). Exports of ACLED, of the Global Terrorism Database (saved as
CSV) and of UCDP GED are known by their columns. Any other table needs a column for the region (`region`), one for the
time (`date`, `month`, or `year` and `month`), and, if a row is more than one attack, one for how many (`count`).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import numpy as np

from sim.engine.errors import InputError, nearest, plain, visible
from sim.forecasts.counts import Counts, check_target, month_id, regions
from sim.forecasts.region_names import UNKNOWN, known_names, region_of
from sim.languages import comma, digits, mark, tr, within

LARGEST_FILE = 2_000_000_000  # bytes
MOST_IN_A_ROW = 100_000
MOST_SHOWN = 40  # characters of a value in a message
YEARS = range(1990, 2101)


@dataclass(frozen=True)
class Kind:
    """A kind of table: where it keeps what is needed.

    Attributes
    ----------
    name : str
    marks : tuple of str
        Columns by which it is known.
    region, day : str
        Columns of the region and the date. Without `day`, `year` and `month` are read.
    year, month, count, country : str
        Columns; empty if it has none.
    what, whats : str, frozenset
        The column that says what kind of event it is, and the kinds that are attacks (all, if empty).
    actors : tuple of str
        Columns that name who did it.
    """

    name: str
    marks: tuple[str, ...]
    region: str
    day: str = ""
    year: str = ""
    month: str = ""
    count: str = ""
    country: str = ""
    what: str = ""
    whats: frozenset[str] = frozenset()
    actors: tuple[str, ...] = ()


SOURCES = (
    Kind("ACLED", ("event_date", "admin1", "event_type"), "admin1", "event_date", country="country", what="event_type",
         whats=frozenset(("battles", "explosions/remote_violence", "violence_against_civilians", "remote_violence",
                          "battle_no_change_of_territory", "battle_government_regains_territory",
                          "battle_non_state_actor_overtakes_territory")), actors=("actor1",)),
    Kind("GTD", ("eventid", "iyear", "imonth", "provstate"), "provstate", year="iyear", month="imonth",
         country="country_txt", actors=("gname",)),
    Kind("UCDP GED", ("date_start", "adm_1", "type_of_violence"), "adm_1", "date_start", country="country",
         what="type_of_violence", actors=("side_a", "side_b")),
)  # fmt: skip
OWN_REGION = ("region", "region_code", "admin1", "adm_1", "province", "provstate")
OWN_DAY = ("date", "event_date", "date_start", "day")
OWN_MONTH = ("month_id", "month")
OWN_COUNT = ("count", "events", "attacks", "number", "n")

STATE = re.compile(r"^(military|police|government|gendarmerie) forces|^government of|^(protesters|rioters|civilians)")
"""Actors whose events are no attacks by armed groups."""
OTHERS = re.compile(
    r"azawad|\bmnla\b|\bcma\b|\bgatia\b|imghad|\bhcua\b|\bmaa\b|ganda|dozo|dan na ambassagou|militia|dogon|fulani|"
    r"tuareg"
)
"""Northern armed movements and communal militias, whose attacks the target "jihadist" leaves out."""


@dataclass(eq=False)
class Events:
    """What was read.

    Attributes
    ----------
    counts : Counts
        Attacks by month and region, from the first to the last month in the table.
    kind : str
        ACLED, GTD, UCDP GED, or "own table".
    rows : int
        Rows of the table.
    left_out : Counter
        Rows that were not counted, by the reason.
    """

    counts: Counts
    kind: str
    rows: int
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def told(self) -> str:
        """What was read, in a sentence."""
        first, last = (divmod(month - 1, 12) for month in (self.counts.first, self.counts.last))
        low, high = (f"{1980 + year}-{month + 1:02d}" for year, month in (first, last))
        span = tr("{low} to {high}", low=low, high=high)
        why = comma(numbers=True).join(f"{digits(many, ',')} {reason}" for reason, many in self.left_out.most_common())
        return tr(
            "{kind}: {rows} rows, {attacks} attacks from {span}{rest}",
            kind=tr(self.kind),
            rows=digits(self.rows, ","),
            attacks=digits(int(self.counts.values.sum()), ","),
            span=span,
            rest=tr("; left out: {why}", why=why) if why else "",
        )


def read_events(path: str | Path, target: str = "all", source: str | None = None) -> Events:
    """Read a table of attacks.

    Parameters
    ----------
    path : path
        The CSV file.
    target : {"all", "jihadist"}
        Which attacks count, where the table names actors. A table without actors is taken as it is.
    source : str, optional
        What to call it; by default its kind, or the name of the file.

    Raises
    ------
    InputError
        With line and column of the first value that cannot be used.
    """
    check_target(target)
    path = Path(path)
    head, rows = _lines(path)
    kind = _kind(head, path)
    of = {name: k for k, name in enumerate(head)}
    left_out: Counter[str] = Counter()
    found: Counter[tuple[int, str]] = Counter()
    many = 0
    for line, row in rows:
        many += 1
        value = _Row(row, of, path, line)
        if kind.country and kind.country in of and plain(value[kind.country]) != "mali":
            left_out[tr("outside Mali")] += 1
            continue
        month = _month(value, kind)
        if kind.whats and plain(value[kind.what]) not in kind.whats:
            left_out[tr("that are no attacks ({column})", column=kind.what)] += 1
            continue
        reason = _not_ours(value, kind, target)
        if reason:
            left_out[reason] += 1
            continue
        name = region_of(value[kind.region])
        if name is None:
            if plain(value[kind.region]) in UNKNOWN:
                left_out[tr("without a region")] += 1
                continue
            near, known = nearest(value[kind.region], known_names()), ", ".join(regions())
            raise value.wrong(kind.region, tr("is no region of Mali{near} ({known})", near=near, known=known))
        found[month, name] += _how_many(value, kind)
    if not found:
        raise InputError(tr("no row of it is an attack in Mali"), file=path)
    months = [month for month, _ in found]
    values = np.zeros((max(months) - min(months) + 1, len(regions())), np.int64)
    for (month, name), count in found.items():
        values[month - min(months), regions().index(name)] = count
    label = source or (kind.name if kind.marks else path.stem)
    return Events(Counts(values, min(months), label), kind.name, many, left_out)


# --- one row ------------------------------------------------------------------------------------------------


class _Row:
    """A row whose fields are read by the name of their column."""

    def __init__(self, fields: list[str], of: dict[str, int], path: Path, line: int) -> None:
        self.fields, self.of, self.path, self.line = fields, of, path, line
        if len(fields) != len(of):
            said = tr("it has {fields} fields for {columns} columns", fields=len(fields), columns=len(of))
            raise InputError(said, file=path, line=line)

    def __getitem__(self, column: str) -> str:
        return self.fields[self.of[column]].strip()

    def wrong(self, column: str, what: str) -> InputError:
        """The error for a value that cannot be used."""
        shown = repr(visible(self[column][:MOST_SHOWN]))
        said = tr("column {column}: {shown} {what}", column=repr(column), shown=shown, what=what)
        return InputError(said, file=self.path, line=self.line)

    def whole(self, column: str, allowed: range, what: str) -> int:
        """A whole number."""
        try:
            number = float(self[column])
        except ValueError:
            raise self.wrong(column, tr("is no {what}", what=what)) from None
        if number != int(number) if abs(number) < 1e15 else True:
            raise self.wrong(column, tr("is no whole {what}", what=what))
        if int(number) not in allowed:
            low, high = allowed[0], digits(allowed[-1], ",")
            said = tr("is no {what}; it lies between {low} and {high}", what=what, low=low, high=high)
            raise self.wrong(column, said)
        return int(number)


def _how_many(value: _Row, kind: Kind) -> int:
    return value.whole(kind.count, range(MOST_IN_A_ROW + 1), within("is no", "count")) if kind.count else 1


def _not_ours(value: _Row, kind: Kind, target: str) -> str:
    """Why an event is not counted because of who did it; empty if it is."""
    actors = [value[column].casefold() for column in kind.actors if column in value.of]
    if not actors:
        return ""
    rebels = [actor for actor in actors if actor and not STATE.search(actor)]
    if kind.name == "UCDP GED" and value[kind.what] == "3":
        rebels = [actor for actor in actors[:1] if not STATE.search(actor)]
    if not rebels and any(actors):
        return tr("by the state or by civilians")
    if target == "jihadist" and rebels and all(OTHERS.search(actor) for actor in rebels):
        return tr("by northern armed movements or militias")
    return ""


DAYS = ("%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%d-%B-%Y", "%Y/%m/%d")


def _month(value: _Row, kind: Kind) -> int:
    if kind.day:
        day = _day(value[kind.day])
        if day is None:
            said = tr("is no date; write it as 2017-03-31 (or 31 March 2017); 3/4/2017 could be two days")
            raise value.wrong(kind.day, said)
        if day.year not in YEARS:
            raise value.wrong(kind.day, tr("lies outside {low} to {high}", low=YEARS[0], high=YEARS[-1]))
        return month_id(day.year, day.month)
    if kind.year:
        year = value.whole(kind.year, YEARS, within("is no", "year"))
        return month_id(year, value.whole(kind.month, range(1, 13), within("is no", "month")))
    if kind.month == "month_id":
        return value.whole(
            "month_id", range(month_id(YEARS[0], 1), month_id(YEARS[-1], 12) + 1), within("is no", "month_id")
        )
    found = re.fullmatch(r"(\d{4})-(\d{1,2})", value[kind.month])
    if not found or not 1 <= int(found[2]) <= 12 or int(found[1]) not in YEARS:
        said = tr("is no month; write it as 2017-03, or give a column for the year too")
        raise value.wrong(kind.month, said)
    return month_id(int(found[1]), int(found[2]))


def _day(text: str) -> date | None:
    text = re.sub(r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?$", "", text)
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


# --- the table ----------------------------------------------------------------------------------------------


def _lines(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The names of the columns, and the rows with their lines."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            said = tr("it has {size} GB; at most {most} are read",
                      size=digits(size / 1e9, ".1f"), most=digits(LARGEST_FILE / 1e9, ".0f"))  # fmt: skip
            raise InputError(said, file=path)
        with path.open("rb") as file:
            start = file.read(8192)
    except OSError as problem:
        said = tr("it cannot be read ({problem})", problem=problem.strerror or problem)
        raise InputError(said, file=path) from None
    if start[:2] == b"PK" or start[:4] == b"\xd0\xcf\x11\xe0":
        raise InputError(tr("it is a spreadsheet; save it as CSV (comma-separated, UTF-8) first"), file=path)
    try:
        start.decode("utf-8-sig")
        code = "utf-8-sig"
    except UnicodeDecodeError as problem:
        code = "utf-8-sig" if problem.start > len(start) - 4 else "latin-1"
    first = start.decode(code, "replace").split("\n", 1)[0]
    apart = max(",;\t", key=first.count)
    reader = _read(path, code, apart)
    try:
        _, head = next(reader)
    except StopIteration:
        raise InputError(tr("it is empty; its first line must name the columns"), file=path) from None
    head = [plain(name) for name in head]
    twice = [name for name, times in Counter(head).items() if times > 1 and name]
    if twice:
        raise InputError(tr("the column {column} is there twice", column=repr(twice[0])), file=path, line=1)
    return head, reader


def _read(path: Path, code: str, apart: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(1_000_000)
    try:
        with path.open(encoding=code, newline="") as file:
            reader = csv.reader(file, delimiter=apart)
            begins = 1
            for row in reader:
                if row:
                    yield begins, row
                begins = reader.line_num + 1
    except csv.Error as problem:
        said = tr("it is no CSV file ({problem})", problem=problem)
        raise InputError(said, file=path, line=reader.line_num) from None
    except UnicodeDecodeError as problem:
        said = tr("its letters are not UTF-8 ({reason}); save it as UTF-8", reason=problem.reason)
        raise InputError(said, file=path) from None


def _kind(head: list[str], path: Path) -> Kind:
    """Which kind of table it is, by its columns."""
    for kind in SOURCES:
        if all(column in head for column in kind.marks):
            return kind

    def one(names: tuple[str, ...]) -> str:
        return next((name for name in names if name in head), "")

    region, day, month, count = (one(names) for names in (OWN_REGION, OWN_DAY, OWN_MONTH, OWN_COUNT))
    year = "year" if "year" in head and month == "month" and not day else ""
    shown = ", ".join(visible(name) for name in head[:20])
    if not region:
        said = tr("no column names the region{nearest} (its columns: {shown}); call it region",
                  nearest=nearest("region", head), shown=shown)  # fmt: skip
        raise InputError(said, file=path, line=1)
    if not day and not month:
        said = tr("no column gives the time{nearest} (its columns: {shown}); call it date (2017-03-31) or month"
                  " (2017-03)", nearest=nearest("date", head), shown=shown)  # fmt: skip
        raise InputError(said, file=path, line=1)
    country = one(("country", "country_txt", "country_name"))
    return Kind(mark("own table"), (), region, day, year, "" if day else month, count, country)
