"""The kinds of agents. Each agent is a handle on one row; its attributes stand in columns of the country.

A handle stores no attribute of its own. To read an attribute is to read the column, to set it is to write the column,
so the two can never differ. Two handles on the same row are equal.

    >>> youth = model.agents_by_type[Youth][0]                  # doctest: +SKIP
    >>> youth.region, youth.status                              # doctest: +SKIP
    >>> youth.grievance = 0.4                                   # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.country import Country
from sim.engine.checks import yes
from sim.engine.errors import InputError
from sim.mesa.column import Column, Rows, code, into, number
from sim.mesa.handle import Handle
from sim.population.groups import GONE, NOBODY
from sim.population.imams import IN_TRAINING, TRAININGS
from sim.population.persons import behind
from sim.population.security import MODES
from sim.population.youth import APPROACHED, CIVILIAN, DETAINED, KILLED, MEMBER, RETURNED, STATUSES
from sim.processes.exits import leave
from sim.processes.groups import count
from sim.world import facts

if TYPE_CHECKING:
    from sim.mesa.rowset import Rowset

YOUNGEST, OLDEST = 15, 36  # years: a row passes from a person who turns 36 to one who turns 15
WEEKS_A_YEAR = 365.2425 / 7
FARTHEST = 10.0  # SD: nobody is this far from the mean, so a larger number is a slip
LONGEST_SCHOOLING = 30  # years


# --- youths ----------------------------------------------------------------------------------------------------


def _regions(country: Country) -> Sequence[str]:
    return country.grid.region_names


def _age(country: Country, rows: Rows) -> Any:
    """Years since birth. The row of a person who turned 36 has passed to one who turned 15 in that week."""
    left = (country.society.turns_36[rows] - np.int64(country.week)) / WEEKS_A_YEAR
    return np.where(left >= 0.0, OLDEST - left, YOUNGEST - left)


def _set_attitude(country: Country, rows: Rows, value: float) -> None:
    """Set the settled part so that settled and recent parts together give `value`."""
    youth = country.youth
    youth.settled[rows] = np.float32(value) - youth.recent[rows]
    youth.attitude[rows] = value


def _set_settled(country: Country, rows: Rows, value: float) -> None:
    youth = country.youth
    youth.settled[rows] = value
    youth.attitude[rows] = youth.settled[rows] + youth.recent[rows]


RANK = np.zeros(len(STATUSES), np.uint8)
RANK[[KILLED, RETURNED, APPROACHED, DETAINED, MEMBER]] = 1, 2, 3, 4, 5
BY_RANK = np.argsort(RANK)


def _status(country: Country, rows: Rows) -> Any:
    """The status of the person with the highest rank among those whom a youth stands for."""
    by_youth = country.persons.status.reshape(-1, country.society.persons_per_youth)
    return BY_RANK[RANK[by_youth[rows]].max(axis=-1)].astype(np.uint8)


def _approached_by(country: Country, rows: Rows) -> Any:
    """The group that made the last contact with one of the persons."""
    shape = (-1, country.society.persons_per_youth)
    last = country.persons.contact_week.reshape(shape)[rows].argmax(axis=-1)
    groups = country.persons.contact_group.reshape(shape)[rows]
    return np.take_along_axis(groups, np.expand_dims(last, -1), axis=-1)[..., 0]


def _member_ties(country: Country, rows: Rows) -> Any:
    """Members among the friends and relatives of all persons of a youth."""
    by_youth = country.persons.status.reshape(-1, country.society.persons_per_youth)
    return (by_youth[country.society.ties[rows]] == MEMBER).sum(axis=(-2, -1))


def _set_status(country: Country, rows: Rows, status: int) -> None:
    """Break off approaches, or let members return. Other changes of status involve more people than the youth."""
    persons = country.persons
    now = np.atleast_1d(_status(country, rows))
    other = now != status
    if not other.any():
        return
    mine = np.atleast_1d(np.arange(country.society.size)[rows])[other]
    if status == CIVILIAN and (now[other] == APPROACHED).all():
        theirs = behind(mine, country.society.persons_per_youth)
        asked = theirs[persons.status[theirs] == APPROACHED]
        persons.status[asked] = CIVILIAN
        persons.refused_until[asked] = country.week + int(country.parameters.refusal_weeks)
    elif status == RETURNED and (now[other] == MEMBER).all():
        roster = country.roster
        leave(country, np.flatnonzero(roster.active() & np.isin(roster.youth[: roster.size], mine)))
        count(country)
    else:
        was = STATUSES[now[other][0]]
        raise InputError(
            f"is {was!r} and cannot be set to {STATUSES[status]!r}; "
            "'approached' can be set to 'civilian', 'member' to 'returned'"
        )


class Youth(Handle):
    """A person aged 15 to 35, who stands for `persons` people like them."""

    word = "youth"
    place = 1

    cell = Column("row of the grid where they live", "society.cell")
    region = Column("name of the region", lambda c, rows: c.grid.region[c.society.cell[rows]], words=_regions)
    persons = Column(
        "persons the youth stands for",
        lambda c, rows: np.full_like(c.society.cell[rows], c.society.persons_per_youth, dtype=np.int64),
    )
    age = Column("years", _age)
    sex = Column("'man' or 'woman'", "youth.woman", words=("man", "woman"))
    town = Column("whether they live in a town", lambda c, rows: c.society.town[rows] == 1)
    language = Column("main language", "society.language", words=lambda _: facts.languages()[0])
    schooling = Column("years of schooling", "youth.schooling", takes=number(0, LONGEST_SCHOOLING, whole=True))
    religious_schooling = Column(
        "years of religious schooling", "youth.religious_schooling", takes=number(0, LONGEST_SCHOOLING, whole=True)
    )
    livelihood = Column(
        "'none', 'precarious' or 'secure'", "youth.livelihood", words=facts.LIVELIHOODS, write=into("youth.livelihood")
    )
    disposition = Column(
        "own support for the violent narrative before others speak, SD",
        "youth.disposition",
        takes=number(-FARTHEST, FARTHEST),
    )
    settled = Column(
        "attitude without the effect of recent messages, SD",
        "youth.settled",
        takes=number(-FARTHEST, FARTHEST),
        write=_set_settled,
    )
    recent = Column("what recent messages add to the attitude, SD", "youth.recent")
    attitude = Column(
        "support for the violent narrative, SD",
        "youth.attitude",
        takes=number(-FARTHEST, FARTHEST),
        write=_set_attitude,
    )
    grievance = Column("grievance against the state, 0..1", "youth.grievance", takes=number(0.0, 1.0))
    status = Column(
        "'member', 'detained', 'approached', 'returned', 'killed' or 'civilian': the first that one of the persons is",
        _status,
        words=STATUSES,
        write=_set_status,
    )
    approached_by = Column(
        "key of the armed group that last contacted one of the persons; None if no group has",
        _approached_by,
        words=lambda c: (*c.groups.keys, None),
    )
    member_ties = Column("number of members whom the persons know", _member_ties)

    @classmethod
    def rows_in(cls, country: Country) -> int:
        return country.society.size

    @property
    def channels(self) -> list[str]:
        """Channels they use, among radio, tv, facebook and youtube."""
        used = int(self.model.country.youth.channels[self.row])
        return [name for k, name in enumerate(facts.CHANNELS) if used >> k & 1]

    @channels.setter
    def channels(self, names: Iterable[str]) -> None:
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise InputError(f"channels of a youth is {names!r}; it must be a list of names")
        try:
            used = sum({1 << code(name, facts.CHANNELS) for name in names})
        except InputError as problem:
            raise InputError(f"channels of a youth: one {problem.message}") from None
        self.model.country.youth.channels[self.row] = used

    @property
    def imam(self) -> Imam | None:
        """The imam whose mosque they attend."""
        country = self.model.country
        row = int(country.society.imam[self.row])
        return Imam(self.model, row) if row < country.imams.cell.size else None

    @property
    def ties(self) -> list[Youth]:
        """Friends and relatives."""
        return [Youth(self.model, row) for row in self.model.country.society.ties[self.row].tolist()]


# --- imams -----------------------------------------------------------------------------------------------------


def _set_training(country: Country, rows: Rows, training: int) -> None:
    if training == IN_TRAINING:
        raise InputError("cannot be set to 'in training'; the lever imams_sent sends imams to training")
    country.imams.training[rows] = training


class Imam(Handle):
    """An imam and his mosque."""

    word = "imam"
    place = 2

    cell = Column("row of the grid", "imams.cell")
    region = Column("name of the region", lambda c, rows: c.grid.region[c.imams.cell[rows]], words=_regions)
    mosque = Column("number of the mosque", "imams.mosque")
    stance = Column(
        "what the sermons pull towards: 0 moderate, 1 the violent narrative", "imams.stance", takes=number(0.0, 1.0)
    )
    credibility = Column("credibility, 0..1", "imams.credibility", takes=number(0.0, 1.0))
    training = Column("'none', 'in training' or 'trained'", "imams.training", words=TRAININGS, write=_set_training)
    away_until = Column(
        "week until which he stays away or silent", "imams.away_until", takes=number(0, 10_000, whole=True)
    )
    in_post = Column("whether he preaches this week", lambda c, rows: c.imams.in_post(c.week)[rows])

    @classmethod
    def rows_in(cls, country: Country) -> int:
        return int(country.imams.cell.size)

    @property
    def congregation(self) -> Rowset:
        """The youths who attend his mosque."""
        return self.model.among(Youth, np.flatnonzero(self.model.country.society.imam == self.row))


# --- members and recruiters ------------------------------------------------------------------------------------


def _must_be_members(country: Country, rows: Rows) -> None:
    if (country.roster.state[rows] != MEMBER).any():
        raise InputError("can only be set while they are a member")


def _must_be_cell(country: Country, cell: Any) -> None:
    number(0, len(country.grid) - 1, whole=True)(cell)


def _set_group(country: Country, rows: Rows, group: int) -> None:
    if not country.groups.alive(country.week)[group]:
        raise InputError(f"cannot be {country.groups.keys[group]!r}, which does not exist in week {country.week}")
    _enter(country, rows, "group", group)


def _set_member_cell(country: Country, rows: Rows, cell: Any) -> None:
    _must_be_cell(country, cell)
    _enter(country, rows, "cell", cell)


def _set_recruiter(country: Country, rows: Rows, recruiter: bool) -> None:
    _enter(country, rows, "recruiter", recruiter)


def _enter(country: Country, rows: Rows, name: str, value: Any) -> None:
    """Write a column of the roster, then count members and recruiters again."""
    _must_be_members(country, rows)
    getattr(country.roster, name)[rows] = value
    count(country)


def _entry_status(country: Country, rows: Rows) -> Any:
    state = country.roster.state[rows]
    return np.where(state == GONE, len(STATUSES), state)


def _set_entry_status(country: Country, rows: Rows, status: int) -> None:
    if status != RETURNED:
        raise InputError("can only be set to 'returned', and only for a member")
    _must_be_members(country, rows)
    leave(country, np.arange(country.roster.size)[rows].reshape(-1))
    count(country)


class Member(Handle):
    """A person in an armed group, as one entry of the roster. Members who recruit are of the type `Recruiter`."""

    word = "member"
    place = 3

    cell = Column("row of the grid where they are based", "roster.cell", write=_set_member_cell)
    region = Column("name of the region", lambda c, rows: c.grid.region[c.roster.cell[rows]], words=_regions)
    group = Column(
        "key of the armed group; None for people held by mistake",
        "roster.group",
        words=lambda c: (*c.groups.keys, None),
        write=_set_group,
    )
    abroad = Column(
        "country in whose sanctuary they are; None if they are in Mali",
        "roster.abroad",
        words=lambda c: (*c.grid.country_names, None),
    )
    recruiter = Column(
        "whether they recruit", lambda c, rows: c.roster.recruiter[rows] == 1, takes=yes, write=_set_recruiter
    )
    status = Column(
        "'member', 'detained', 'killed', 'returned', or 'gone' from the roster",
        _entry_status,
        words=(*STATUSES, "gone"),
        write=_set_entry_status,
    )
    since = Column("week in which the status began", "roster.since")

    @classmethod
    def rows_in(cls, country: Country) -> int:
        return country.roster.size

    @classmethod
    def now(cls, country: Country) -> np.ndarray:
        return np.flatnonzero(country.roster.active() & ~cls._recruits(country))

    @staticmethod
    def _recruits(country: Country) -> np.ndarray:
        recruits: np.ndarray = country.roster.recruiter[: country.roster.size] == 1
        return recruits

    @property
    def youth(self) -> Youth | None:
        """The youth that the member is; None for members from abroad."""
        row = int(self.model.country.roster.youth[self.row])
        return None if row == NOBODY else Youth(self.model, row)


class Recruiter(Member):
    """A member who recruits."""

    word = "recruiter"

    @classmethod
    def now(cls, country: Country) -> np.ndarray:
        return np.flatnonzero(country.roster.active() & cls._recruits(country))


# --- security units --------------------------------------------------------------------------------------------


def _set_base(country: Country, rows: Rows, cell: Any) -> None:
    _must_be_cell(country, cell)
    country.units.base[rows] = cell


class SecurityUnit(Handle):
    """A unit of a security force. It is an agent while it is deployed and not withheld."""

    word = "security unit"
    place = 4

    cell = Column("row of the grid where it is this week", "units.cell")
    region = Column("name of the region", lambda c, rows: c.grid.region[c.units.cell[rows]], words=_regions)
    force = Column("key of the force", "units.force", words=lambda _: [f.key for f in facts.forces()])
    base = Column("row of the grid of its base", "units.base", write=_set_base)
    mode = Column("what it does this week: 'static guard', 'patrol' or 'response'", "units.mode", words=MODES)
    nominal = Column("persons at full strength", "units.nominal")
    strength = Column("persons now", "units.strength", takes=number(0.0))
    effectiveness = Column(
        "effectiveness per soldier; that of a French soldier is 1", "units.effectiveness", takes=number(0.0)
    )
    abuse_factor = Column(
        "abuses per operation; 1 is the rate of the Malian army", "units.abuse_factor", takes=number(0.0)
    )
    patrol_share = Column("chance of a patrol in a week", "units.patrol_share", takes=number(0.0, 1.0))
    present = Column(
        "share of the unit that is present this week; above 1 where a strategy sends more forces", "units.present"
    )
    since = Column("week in which its deployment begins", "units.since")
    until = Column("week in which it is no longer deployed", "units.until")

    @classmethod
    def rows_in(cls, country: Country) -> int:
        return int(country.units.cell.size)

    @classmethod
    def now(cls, country: Country) -> np.ndarray:
        return np.flatnonzero(country.units.there(country.week))


KINDS: tuple[type[Handle], ...] = (Youth, Imam, Member, Recruiter, SecurityUnit)
BY_PLACE: dict[int, type[Handle]] = {1: Youth, 2: Imam, 3: Member, 4: SecurityUnit}
