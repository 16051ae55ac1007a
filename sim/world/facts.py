"""The tables of facts in `sim/world/data`, read with their types.

The table `columns.csv` explains every column of every table, with its unit, source, licence and quality. `table` reads
any table unchanged. The other functions read the tables that the model starts from and return small records, or arrays
over the nine regions in the order of `Grid.region_names`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.world.grid import COUNTRIES, DATA, world_grid

PLACES = ("rural", "urban")
CHANNELS = ("radio", "tv", "facebook", "youtube")
LIVELIHOODS = ("none", "precarious", "secure")


@dataclass(frozen=True, slots=True)
class Group:
    """An armed group."""

    key: str
    name: str
    parent: str | None  # key of the group that it split from
    founded: date
    ended: date | None
    heir: str | None  # key of the group that takes over its members when it ends
    home_cercles: tuple[str, ...]  # names as in Grid.cercle
    start_members: int  # persons on 2012-01-02, 0 if the group was founded later
    foreign_share: float  # 0..1, share of the first members who do not come from Mali's youths
    founding_core: int  # persons on the founding day, if the group was founded later
    parent_share: float  # 0..1, share of the founding core that leaves the parent


@dataclass(frozen=True, slots=True)
class Force:
    """A security force."""

    key: str
    name: str
    kind: str  # state, international or community
    command: str  # who gives it orders
    effectiveness: float  # per soldier; a French soldier = 1
    low: float  # lowest plausible effectiveness
    high: float  # highest plausible effectiveness
    abuse_factor: float  # abuses per contact; the Malian army = 1
    mandate: str  # search (looks for groups) or guard (holds places)
    patrol_share: float  # 0..1, share of its units on patrol in a week


@dataclass(frozen=True, slots=True)
class Deployment:
    """A number of soldiers of one force in one region for a period."""

    force: str  # key of a Force
    region: int  # 0..8
    cercle: str | None  # district of the base, if known
    start: date  # first day
    end: date | None  # day after the last day, None if the deployment goes on
    troops: int  # persons


@dataclass(frozen=True, slots=True)
class Sanctuary:
    """How well the far side of a border shelters members of armed groups from a day on."""

    country: int  # position in Grid.country_names
    start: date  # first day; it holds until the next row of the country
    shelter: float  # 0..1, 0 where nobody finds refuge


@dataclass(frozen=True, slots=True)
class Holding:
    """How far a northern armed movement holds a district for a period."""

    cells: NDArray[np.int64]  # of the district
    start: date  # first day
    end: date | None  # day after the last day, None if it goes on
    hold: float  # 0..1, 1 where nobody else is in control


@dataclass(frozen=True, slots=True)
class Site:
    """A town with high-value sites that attract raids from far away."""

    name: str
    cell: int  # cell of the grid
    region: int  # 0..8
    weight: float  # share of the raids that aim at this town; the shares sum to 1


@dataclass(frozen=True, slots=True)
class Trust:
    """Trust in the state and presence of the state in the nine regions at the start."""

    trust: NDArray[np.float64]  # 0..1, in the state and its forces
    state_presence: NDArray[np.float64]  # 0..1, administration and services


@dataclass(frozen=True, slots=True)
class Schooling:
    """Schooling and livelihood of youths in the nine regions."""

    no_schooling: NDArray[np.float64]  # share of youths who never went to school
    mean_years: NDArray[np.float64]  # mean years of schooling over all youths
    livelihood: NDArray[np.float64]  # 9 x 2 (PLACES) x 3 (LIVELIHOODS), sums to 1 over the last axis


def table(name: str) -> list[dict[str, Any]]:
    """A table as a list of rows; each row is a dict by column.

    If all filled fields of a column are whole numbers, numbers or ISO dates, the column is read as int, float or date.
    Any other column is read as text. An empty field is None.

    Parameters
    ----------
    name : str
        Name of the table, with or without ".csv", as in ``columns.csv``.

    Raises
    ------
    FileNotFoundError
        If no table has this name.

    Examples
    --------
    >>> table("groups")[1]["ended"]
    datetime.date(2013, 8, 22)
    """
    return [dict(row) for row in _read(name.removesuffix(".csv"))]


@cache
def _read(name: str) -> list[dict[str, Any]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = [_typed(column) for column in zip(*rows, strict=True)]
    return [dict(zip(header, row, strict=True)) for row in zip(*columns, strict=True)]


def _typed(column: Sequence[str]) -> list[Any]:
    readers: tuple[Callable[[str], Any], ...] = (int, float, date.fromisoformat)
    for read in readers:
        try:
            return [read(field) if field else None for field in column]
        except ValueError:
            continue
    return [field or None for field in column]


@cache
def region_codes() -> list[str]:
    """The ISO 3166-2 codes of the nine regions, in the order of `Grid.region_names`."""
    return [row["region_code"] for row in _read("regions")]


def groups() -> list[Group]:
    """The armed groups. A parent comes before the groups that split from it."""
    return [
        Group(**{**_fields(row, Group), "home_cercles": tuple(row["home_cercles"].split(";"))})
        for row in _read("groups")
    ]


def forces() -> list[Force]:
    """The security forces."""
    return [Force(**_fields(row, Force)) for row in _read("forces")]


@cache
def force_places() -> dict[str, int]:
    """The position of each force in the table, by its key."""
    return {force.key: k for k, force in enumerate(forces())}


@cache
def commands() -> tuple[str, ...]:
    """Those who give orders to forces, in the order of the table of forces."""
    return tuple(dict.fromkeys(force.command for force in forces()))


@cache
def command_places() -> NDArray[np.int32]:
    """The place in `commands` of each force."""
    return np.array([commands().index(force.command) for force in forces()], np.int32)


@cache
def of_the_state() -> NDArray[np.bool_]:
    """Which forces belong to the state. The others are present only as far as policy deploys them."""
    return np.array([force.kind == "state" for force in forces()])


def deployments() -> list[Deployment]:
    """The recorded deployments: which force was where, from when to when, with how many soldiers."""
    region = {code: r for r, code in enumerate(region_codes())}
    return [
        Deployment(row["force"], region[row["region"]], row["cercle"], row["from"], row["to"], row["troops"])
        for row in _read("deployments")
    ]


def sanctuaries() -> list[Sanctuary]:
    """Where members find refuge across the borders, in the order of the days from which it holds."""
    codes = list(COUNTRIES)
    rows = sorted(_read("sanctuaries"), key=lambda row: row["from"])
    return [Sanctuary(codes.index(row["country"]), row["from"], row["shelter"]) for row in rows]


@cache
def movements() -> tuple[Holding, ...]:
    """Where northern armed movements hold, from when to when. The rows of a district do not overlap."""
    return tuple(
        Holding(world_grid().cells_of_cercle(row["cercle"]), row["from"], row["to"], row["hold"])
        for row in _read("movements")
    )


def sites() -> list[Site]:
    """The towns that raids aim at, each with its cell."""
    grid, codes = world_grid(), region_codes()
    cell = {town.name: town.cell for town in grid.towns}
    return [Site(row["name"], cell[row["name"]], codes.index(row["region"]), row["weight"]) for row in _read("sites")]


@cache
def languages() -> tuple[list[str], NDArray[np.float64]]:
    """The main languages of youths: names, and shares as 9 x languages. The shares of a region sum to 1."""
    rows = _read("languages")
    names = list(dict.fromkeys(row["language"] for row in rows))
    share = {(row["region"], row["language"]): row["share"] for row in rows}
    return names, np.array([[share[code, name] for name in names] for code in region_codes()])


def media() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Weekly media use of youths: `CHANNELS`, and shares of users as 9 x 2 (`PLACES`) x 4 (`CHANNELS`)."""
    rows = {(row["region"], row["place"]): row for row in _read("media")}
    return CHANNELS, np.array(
        [[[rows[code, place][channel] for channel in CHANNELS] for place in PLACES] for code in region_codes()]
    )


def trust() -> Trust:
    """Trust in the state and its forces, and presence of the state, at the start."""
    return Trust(_by_region("trust", "trust"), _by_region("trust", "state_presence"))


@cache
def schooling() -> Schooling:
    """Schooling and livelihood of youths; read-only."""
    livelihood = np.array([[_by_region("schooling", f"{kind}_{place}") for kind in LIVELIHOODS] for place in PLACES])
    known = Schooling(
        no_schooling=_by_region("schooling", "no_schooling"),
        mean_years=_by_region("schooling", "mean_years"),
        livelihood=livelihood.transpose(2, 0, 1),
    )
    for column in (known.no_schooling, known.mean_years, known.livelihood):
        column.setflags(write=False)
    return known


def _fields(row: dict[str, Any], record: type) -> dict[str, Any]:
    """The fields of a row that the record has. Quality, source and note stay in the table."""
    return {name: row[name] for name in record.__dataclass_fields__}  # type: ignore[attr-defined]


def _by_region(name: str, column: str) -> NDArray[np.float64]:
    """A column of a table that has one row per region, in the order of the regions."""
    rows = {row["region"]: row[column] for row in _read(name)}
    return np.array([rows[code] for code in region_codes()], dtype=np.float64)
