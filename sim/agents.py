"""Agents as Mesa knows them, though the state is columns: handles on one row, sets that answer from columns.

A handle keeps nothing of its own. Reading an attribute reads the column, setting it writes the column, so
there is never a second truth; two handles on one row are equal. A set keeps numbers of agents, not agents:
asking it for a mean or a count touches the columns, and handles are made one by one only where a function
asks for agents.

    >>> youths = model.agents_by_type[Youth]                    # doctest: +SKIP
    >>> youths.agg("attitude", np.mean)                         # doctest: +SKIP
    >>> youths.where(region="Mopti", status="approached")       # doctest: +SKIP
    >>> youths[0].grievance = 0.4                               # doctest: +SKIP
"""

from __future__ import annotations

import math
import operator
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
from mesa.agent import Agent, AgentSet

from sim.country import Country
from sim.engine.errors import nearest
from sim.engine.luck import decision, lucks, seed_key
from sim.population.groups import GONE, NOBODY
from sim.population.imams import IN_TRAINING, TRAININGS
from sim.population.security import MODES
from sim.population.youth import APPROACHED, CIVILIAN, MEMBER, RETURNED, STATUSES
from sim.processes.exits import leave
from sim.processes.groups import count
from sim.world import facts
from sim.world.facts import LIVELIHOODS

try:
    from mesa.agentset import GroupBy  # a file of its own from Mesa 3.4 on
except ImportError:
    from mesa.agent import GroupBy

if TYPE_CHECKING:
    from sim.model import RecruitmentModel

Rows: TypeAlias = "int | slice | np.ndarray"

SPAN = 10**9
"""Unique ids: agents added by the user count from 1; row r of kind k is k x SPAN + r."""

BLOCK = 4096  # agents handed out between two looks at the list
YOUNGEST, OLDEST = 15, 36  # years: a row passes from one who turns 36 to one who turns 15
WEEKS_A_YEAR = 365.2425 / 7
FARTHEST = 10.0  # SD: nobody is this far from the mean, so more is a slip
LONGEST_SCHOOLING = 30  # years

USER_SHUFFLE = decision("where an agent comes in a shuffle somebody asked for")


# --- columns as attributes ---------------------------------------------------------------------------------


def _number(low: float, high: float) -> Callable[[Any], float]:
    """A check that lets through numbers from `low` to `high`."""
    allowed = f"a number from {low:g} to {high:g}" if high < math.inf else f"a number of at least {low:g}"

    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise TypeError(f"is {value!r}; it is {allowed}")
        if not (low <= value <= high and math.isfinite(value)):
            raise ValueError(f"is {value!r}; it is {allowed}")
        return float(value)

    return check


def _whole(low: int, high: int) -> Callable[[Any], int]:
    """A check that lets through whole numbers from `low` to `high`."""
    allowed = f"a whole number from {low} to {high}"

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"is {value!r}; it is {allowed}")
        if not low <= value <= high:
            raise ValueError(f"is {value!r}; it is {allowed}")
        return int(value)

    return check


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _yes(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"is {value!r}; it is True or False")
    return bool(value)


def _code(value: Any, words: Sequence[Any]) -> int:
    """Place of a word among the allowed ones."""
    known = [word for word in words if word is not None]
    if value not in known:
        raise ValueError(f"is {value!r}; it is one of {', '.join(known)}{nearest(value, known)}")
    return known.index(value)


class Column:
    """An attribute of a handle that stands in a column.

    Parameters
    ----------
    meaning : str
        What it is, with unit and range.
    read : callable
        `read(country, rows)`, rows being one row, many, or a slice: the values as they stand in the column.
    words : callable, optional
        `words(country)`: the words the numbers of the column stand for (the last one for -1).
    check : callable, optional
        Returns the value as the column takes it, or raises ValueError or TypeError.
    write : callable, optional
        `write(country, rows, value)`; without it the attribute can only be read.
    """

    def __init__(
        self,
        meaning: str,
        read: Callable[[Country, Any], Any],
        words: Callable[[Country], Sequence[Any]] | None = None,
        check: Callable[[Any], Any] | None = None,
        write: Callable[[Country, Any, Any], None] | None = None,
    ) -> None:
        self.read, self.words, self.check, self.write = read, words, check, write
        self.__doc__ = meaning

    def __set_name__(self, owner: type[Handle], name: str) -> None:
        self.name, self.of_whom = name, _a(owner.word)

    def __get__(self, handle: Handle | None, owner: type | None = None) -> Any:
        if handle is None:
            return self
        country = handle.model.country
        value = self.read(country, handle.row)
        value = value.item() if isinstance(value, np.generic | np.ndarray) else value
        return value if self.words is None else self.words(country)[value]

    def __set__(self, handle: Handle, value: Any) -> None:
        self.put(handle.model.country, handle.row, value)

    def put(self, country: Country, rows: Rows, value: Any) -> None:
        """Write one value into some rows, after checking it."""
        if self.write is None:
            what = f"{self.name} of {self.of_whom}"
            raise AttributeError(f"{what} can be read, not set ({self.__doc__})")
        try:
            if self.words is not None:
                value = _code(value, self.words(country))
            elif self.check is not None:
                value = self.check(value)
            self.write(country, rows, value)
        except (TypeError, ValueError) as problem:
            raise type(problem)(f"{self.name} of {self.of_whom} {problem}") from None

    def codes(self, country: Country, rows: Rows) -> tuple[np.ndarray, Sequence[Any] | None]:
        """The plain column, and the words its numbers stand for."""
        return np.asarray(self.read(country, rows)), None if self.words is None else self.words(country)

    def values(self, country: Country, rows: Rows) -> np.ndarray:
        """A copy of the column: float64, int64 or bool, or an array of words."""
        codes, words = self.codes(country, rows)
        if words is not None:
            meant = np.empty(len(words), object)
            meant[:] = words
            return meant[codes]
        wide = {"f": np.float64, "b": np.bool_}.get(codes.dtype.kind, np.int64)
        return codes.astype(wide)


def _stored(table: str, name: str) -> Callable[[Country, Any], Any]:
    return lambda country, rows: getattr(getattr(country, table), name)[rows]


def _kept(table: str, name: str) -> dict[str, Callable]:
    """Reading and writing one column as it stands."""

    def write(country: Country, rows: Rows, value: Any) -> None:
        getattr(getattr(country, table), name)[rows] = value

    return {"read": _stored(table, name), "write": write}


def _regions(country: Country) -> Sequence[str]:
    return country.grid.region_names


def _cell_of(country: Country) -> Callable[[Any], int]:
    return _whole(0, len(country.grid) - 1)


# --- handles -----------------------------------------------------------------------------------------------


class Handle(Agent):
    """A Mesa agent that stands for one row and keeps nothing but which one.

    `Agent.__init__` is not called: Mesa would enter the handle into the model, and Mesa 3.3 never lets go of
    a model that made an agent. Handles are made when they are asked for and forgotten after.

    Parameters
    ----------
    model : RecruitmentModel
    row : int
        Which row of its kind, from 0.
    """

    __slots__ = ("model", "row")
    word: ClassVar[str] = "agent"
    place: ClassVar[int]  # number of the kind in unique ids
    cell: Any  # a Column of each kind
    region: Any

    def __init__(self, model: RecruitmentModel, row: int) -> None:
        size = self.rows_in(model.country)
        if not 0 <= row < size:
            raise IndexError(f"there is no {self.word} {row}; they are numbered from 0 to {size - 1}")
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "row", operator.index(row))

    @classmethod
    @abstractmethod
    def rows_in(cls, country: Country) -> int:
        """Number of rows of this kind."""

    @classmethod
    def now(cls, country: Country) -> slice | np.ndarray:
        """Rows of those who are there this week."""
        return slice(0, cls.rows_in(country))

    @classmethod
    def ids(cls, country: Country) -> np.ndarray:
        """Unique ids of those who are there this week."""
        rows = cls.now(country)
        return cls.place * SPAN + (np.arange(rows.stop) if isinstance(rows, slice) else rows)

    @property
    def unique_id(self) -> int:
        """Number that stays with the row for the whole run."""
        return self.place * SPAN + self.row

    @property
    def pos(self) -> tuple[float, float]:
        """Longitude and latitude of the middle of its cell, degrees."""
        grid, cell = self.model.country.grid, self.cell
        return float(grid.lon[cell]), float(grid.lat[cell])

    def __setattr__(self, name: str, value: Any) -> None:
        attribute = getattr(type(self), name, None)
        if isinstance(attribute, Column) or (isinstance(attribute, property) and attribute.fset):
            object.__setattr__(self, name, value)
        elif attribute is not None:
            raise AttributeError(f"{name} of {_a(self.word)} can be read, not set")
        else:
            known = [k for k in dir(type(self)) if isinstance(getattr(type(self), k), Column)]
            raise AttributeError(
                f"{_a(self.word)} is a handle on columns and has no attribute {name!r}{nearest(name, known)}"
            )

    def remove(self) -> None:
        """Refused: a row is there for the whole run."""
        raise TypeError(f"{_a(self.word)} is a row of the country and cannot be removed")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and self.model is other.model and self.unique_id == other.unique_id

    def __hash__(self) -> int:
        return hash(self.unique_id)

    def __copy__(self) -> Handle:
        return self

    def __deepcopy__(self, memo: dict) -> Handle:
        return self  # it refers to a row: a copy of the reference is not a copy of the country

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.row}, {self.region}>"


def _age(country: Country, rows: Rows) -> Any:
    """Years since birth; a row whose owner turned 36 has passed to someone who turned 15 in that week."""
    left = (country.society.turns_36[rows] - np.int64(country.week)) / WEEKS_A_YEAR
    return np.where(left >= 0.0, OLDEST - left, YOUNGEST - left)


def _set_attitude(country: Country, rows: Rows, value: float) -> None:
    """The settled part takes what recent messages leave, so that the attitude is `value` and lasts."""
    youth = country.youth
    youth.settled[rows] = np.float32(value) - youth.recent[rows]
    youth.attitude[rows] = value


def _set_settled(country: Country, rows: Rows, value: float) -> None:
    youth = country.youth
    youth.settled[rows] = value
    youth.attitude[rows] = youth.settled[rows] + youth.recent[rows]


def _set_status(country: Country, rows: Rows, status: int) -> None:
    """Only what nobody else has to take part in: an approach broken off, members who go home."""
    youth = country.youth
    now = np.atleast_1d(youth.status[rows])
    other = now != status
    if not other.any():
        return
    mine = np.atleast_1d(np.arange(youth.status.size)[rows])[other]
    if status == CIVILIAN and (now[other] == APPROACHED).all():
        youth.status[mine] = CIVILIAN
        youth.refused_until[mine] = country.week + int(country.parameters.refusal_weeks)
    elif status == RETURNED and (now[other] == MEMBER).all():
        roster = country.roster
        leave(country, np.flatnonzero(roster.active() & np.isin(roster.youth[: roster.size], mine)))
        count(country)
    else:
        was = STATUSES[now[other][0]]
        raise ValueError(
            f"is {was!r} and cannot be set to {STATUSES[status]!r}; "
            "'approached' can be set to 'civilian', 'member' to 'returned'"
        )


class Youth(Handle):
    """A person of 15 to 35 who stands for `persons` alike."""

    word = "youth"
    place = 1

    cell = Column("row of the grid where they live", _stored("society", "cell"))
    region = Column("name of the region", lambda c, rows: c.grid.region[c.society.cell[rows]], words=_regions)
    persons = Column(
        "persons the youth stands for",
        lambda c, rows: np.full_like(c.society.cell[rows], c.society.persons_per_youth, dtype=np.int64),
    )
    age = Column("years", _age)
    sex = Column("'man' or 'woman'", _stored("youth", "woman"), words=lambda _: ("man", "woman"))
    town = Column("lives in town", lambda c, rows: c.society.town[rows] == 1)
    language = Column("main language", _stored("society", "language"), words=lambda _: facts.languages()[0])
    schooling = Column("years of schooling", **_kept("youth", "schooling"), check=_whole(0, LONGEST_SCHOOLING))
    religious_schooling = Column(
        "years of religious schooling",
        **_kept("youth", "religious_schooling"),
        check=_whole(0, LONGEST_SCHOOLING),
    )
    livelihood = Column("'none', 'precarious' or 'secure'", **_kept("youth", "livelihood"), words=lambda _: LIVELIHOODS)
    disposition = Column(
        "own support for the violent narrative before others speak, SD",
        **_kept("youth", "disposition"),
        check=_number(-FARTHEST, FARTHEST),
    )
    settled = Column(
        "attitude without recent messages, SD",
        _stored("youth", "settled"),
        write=_set_settled,
        check=_number(-FARTHEST, FARTHEST),
    )
    recent = Column("what recent messages add to the attitude, SD", _stored("youth", "recent"))
    attitude = Column(
        "support for the violent narrative, SD",
        _stored("youth", "attitude"),
        write=_set_attitude,
        check=_number(-FARTHEST, FARTHEST),
    )
    grievance = Column("against the state, 0..1", **_kept("youth", "grievance"), check=_number(0.0, 1.0))
    status = Column(
        "'civilian', 'approached', 'member', 'detained', 'killed' or 'returned'",
        _stored("youth", "status"),
        words=lambda _: STATUSES,
        write=_set_status,
    )
    approached_by = Column(
        "key of the group of the last contact, None for none",
        _stored("youth", "contact_group"),
        words=lambda c: (*c.groups.keys, None),
    )
    member_ties = Column("how many of the ties are members", _stored("youth", "member_ties"))

    @classmethod
    def rows_in(cls, country: Country) -> int:
        return country.society.size

    @property
    def channels(self) -> list[str]:
        """Channels they use: of radio, tv, facebook, youtube."""
        used = int(self.model.country.youth.channels[self.row])
        return [name for k, name in enumerate(facts.CHANNELS) if used >> k & 1]

    @channels.setter
    def channels(self, names: Iterable[str]) -> None:
        try:
            if isinstance(names, str):
                raise TypeError(f"is the text {names!r}; it is a list of names")
            used = sum(1 << _code(name, facts.CHANNELS) for name in set(names))
        except (TypeError, ValueError) as problem:
            raise type(problem)(f"channels of a youth {problem}") from None
        self.model.country.youth.channels[self.row] = used

    @property
    def imam(self) -> Imam | None:
        """The imam whose mosque they attend."""
        country = self.model.country
        row = int(country.society.imam[self.row])
        return Imam(self.model, row) if row < country.imams.cell.size else None

    @property
    def ties(self) -> list[Youth]:
        """Friends and kin."""
        return [Youth(self.model, row) for row in self.model.country.society.ties[self.row].tolist()]


def _set_training(country: Country, rows: Rows, training: int) -> None:
    if training == IN_TRAINING:
        raise ValueError("cannot be set to 'in training'; imams leave through the lever imams_sent")
    country.imams.training[rows] = training


class Imam(Handle):
    """An imam and his mosque."""

    word = "imam"
    place = 2

    cell = Column("row of the grid", _stored("imams", "cell"))
    region = Column("name of the region", lambda c, rows: c.grid.region[c.imams.cell[rows]], words=_regions)
    mosque = Column("number of the mosque", _stored("imams", "mosque"))
    stance = Column(
        "what the sermons pull towards: 0 moderate, 1 the violent narrative",
        **_kept("imams", "stance"),
        check=_number(0.0, 1.0),
    )
    credibility = Column("0..1", **_kept("imams", "credibility"), check=_number(0.0, 1.0))
    training = Column(
        "'none', 'in training' or 'trained'",
        _stored("imams", "training"),
        words=lambda _: TRAININGS,
        write=_set_training,
    )
    away_until = Column(
        "week until which he stays away or silent", **_kept("imams", "away_until"), check=_whole(0, 10_000)
    )
    in_post = Column("preaches this week", lambda c, rows: c.imams.in_post(c.week)[rows])

    @classmethod
    def rows_in(cls, country: Country) -> int:
        return int(country.imams.cell.size)

    @property
    def congregation(self) -> Rowset:
        """The youths who attend his mosque."""
        attends = np.flatnonzero(self.model.country.society.imam == self.row)
        return Rowset(self.model, Youth.place * SPAN + attends)


def _must_be_members(country: Country, rows: Rows) -> None:
    if (country.roster.state[rows] != MEMBER).any():
        raise ValueError("can be set while they are a member only")


def _regroup(name: str) -> Callable[[Country, Any, Any], None]:
    """Write a column of the roster and count members and recruiters anew."""

    def write(country: Country, rows: Rows, value: Any) -> None:
        _must_be_members(country, rows)
        if name == "group" and not country.groups.alive(country.week)[value]:
            key = country.groups.keys[value]
            raise ValueError(f"cannot be {key!r}, which does not exist in week {country.week}")
        if name == "cell":
            _cell_of(country)(value)
        getattr(country.roster, name)[rows] = value
        count(country)

    return write


ENTRY_STATUSES = (*STATUSES, "gone")


def _entry_status(country: Country, rows: Rows) -> Any:
    state = country.roster.state[rows]
    return np.where(state == GONE, len(STATUSES), state)


def _set_entry_status(country: Country, rows: Rows, status: int) -> None:
    if status != RETURNED:
        raise ValueError("can only be set to 'returned', for a member")
    _must_be_members(country, rows)
    leave(country, np.arange(country.roster.size)[rows].reshape(-1))
    count(country)


class Member(Handle):
    """A person in an armed group, one entry of the roster; recruiters are members of their own type."""

    word = "member"
    place = 3

    cell = Column("row of the grid where they are based", _stored("roster", "cell"), write=_regroup("cell"))
    region = Column("name of the region", lambda c, rows: c.grid.region[c.roster.cell[rows]], words=_regions)
    group = Column(
        "key of the armed group; None for those wrongly held",
        _stored("roster", "group"),
        words=lambda c: (*c.groups.keys, None),
        write=_regroup("group"),
    )
    abroad = Column(
        "country whose sanctuary they are in, None for Mali",
        _stored("roster", "abroad"),
        words=lambda c: (*c.grid.country_names, None),
    )
    recruiter = Column(
        "is a recruiter",
        lambda c, rows: c.roster.recruiter[rows] == 1,
        check=_yes,
        write=_regroup("recruiter"),
    )
    status = Column(
        "'member', 'detained', 'killed', 'returned', or 'gone' from the roster",
        _entry_status,
        words=lambda _: ENTRY_STATUSES,
        write=_set_entry_status,
    )
    since = Column("week in which the status began", _stored("roster", "since"))

    @classmethod
    def rows_in(cls, country: Country) -> int:
        return country.roster.size

    @classmethod
    def now(cls, country: Country) -> np.ndarray:
        roster = country.roster
        return np.flatnonzero(roster.active() & (roster.recruiter[: roster.size] == 0))

    @property
    def youth(self) -> Youth | None:
        """The youth they are one of; None for those from abroad."""
        row = int(self.model.country.roster.youth[self.row])
        return None if row == NOBODY else Youth(self.model, row)


class Recruiter(Member):
    """A member who recruits."""

    word = "recruiter"

    @classmethod
    def now(cls, country: Country) -> np.ndarray:
        roster = country.roster
        return np.flatnonzero(roster.active() & (roster.recruiter[: roster.size] == 1))


def _set_base(country: Country, rows: Rows, cell: int) -> None:
    country.units.base[rows] = _cell_of(country)(cell)


class SecurityUnit(Handle):
    """A unit of a force, for as long as it is deployed and not withheld."""

    word = "security unit"
    place = 4

    cell = Column("row of the grid where it is this week", _stored("units", "cell"))
    region = Column("name of the region", lambda c, rows: c.grid.region[c.units.cell[rows]], words=_regions)
    force = Column("key of the force", _stored("units", "force"), words=lambda _: [f.key for f in facts.forces()])
    base = Column("row of the grid of its base", _stored("units", "base"), write=_set_base)
    mode = Column(
        "what it does this week: 'static guard', 'patrol' or 'response'",
        _stored("units", "mode"),
        words=lambda _: MODES,
    )
    nominal = Column("persons when complete", _stored("units", "nominal"))
    strength = Column("persons now", **_kept("units", "strength"), check=_number(0.0, math.inf))
    effectiveness = Column(
        "against a French company man for man",
        **_kept("units", "effectiveness"),
        check=_number(0.0, math.inf),
    )
    abuse_factor = Column(
        "abuses per operation against the Malian army",
        **_kept("units", "abuse_factor"),
        check=_number(0.0, math.inf),
    )
    patrol_share = Column(
        "chance to be out on patrol in a week", **_kept("units", "patrol_share"), check=_number(0.0, 1.0)
    )
    present = Column(
        "part of it that is there this week; above 1 where a strategy moves forces to", _stored("units", "present")
    )
    since = Column("week in which it is deployed", _stored("units", "since"))
    until = Column("week from which it is gone", _stored("units", "until"))

    @classmethod
    def rows_in(cls, country: Country) -> int:
        return int(country.units.cell.size)

    @classmethod
    def now(cls, country: Country) -> np.ndarray:
        return np.flatnonzero(country.units.there(country.week))


KINDS: tuple[type[Handle], ...] = (Youth, Imam, Member, Recruiter, SecurityUnit)
BY_PLACE: dict[int, type[Handle]] = {1: Youth, 2: Imam, 3: Member, 4: SecurityUnit}


# --- sets --------------------------------------------------------------------------------------------------


class Rowset(AgentSet):
    """A Mesa agent set that keeps unique ids and answers from the columns.

    What Mesa's sets do, it does. `len`, `get`, `agg`, `set`, `groupby`, `sort` by an attribute, and `where`
    work on columns. `do`, `shuffle_do`, `map`, iterating, and functions given to `select`, `sort` or
    `groupby` need agents: they are made one by one and forgotten, which takes a microsecond or two each. A
    set asked of the model follows the model until it is changed in place; every other set is a list of the
    moment.

    Parameters
    ----------
    model : RecruitmentModel
    ids : np.ndarray, optional
        Unique ids, in order; left out, the set is everyone of `kind`.
    kind : type, optional
        Kind of handle; left out too, the set is all agents of the model.
    """

    def __init__(
        self, model: RecruitmentModel, ids: np.ndarray | None = None, kind: type[Handle] | None = None
    ) -> None:
        self.model = model
        self.random = model.random
        self._ids = None if ids is None else np.asarray(ids, np.int64)
        self._kind = kind

    # --- who is in it

    @property
    def ids(self) -> np.ndarray:
        """Unique ids, in order."""
        if self._ids is not None:
            return self._ids
        country = self.model.country
        if self._kind is not None:
            return self._kind.ids(country)
        own = np.array(list(self.model.own), np.int64)
        return np.concatenate([*(kind.ids(country) for kind in KINDS), own])

    def _parts(self) -> Iterator[tuple[type[Handle] | None, Any, Any]]:
        """Kind, its rows, and their places in the set; agents that a user added have no kind."""
        if self._ids is None and self._kind is not None:
            yield self._kind, self._kind.now(self.model.country), slice(None)
            return
        ids = self.ids
        places = ids // SPAN
        for place in np.unique(places).tolist():
            where = np.flatnonzero(places == place)
            yield BY_PLACE.get(place), ids[where] - place * SPAN, where

    def _of_type(self, ids: np.ndarray, agent_type: type) -> np.ndarray:
        """The ids of agents of this type (or a type derived from it)."""
        country = self.model.country
        keep = np.zeros(ids.size, bool)
        places = ids // SPAN
        for place, kind in BY_PLACE.items():
            if issubclass(kind, agent_type):
                keep |= places == place
            elif place == Recruiter.place and issubclass(Recruiter, agent_type):
                mine = np.flatnonzero(places == place)
                keep[mine] = np.isin(ids[mine], Recruiter.ids(country))
        own = [isinstance(self.model.own.get(i), agent_type) for i in ids[places == 0].tolist()]
        keep[places == 0] = own
        return ids[keep]

    def __len__(self) -> int:
        if self._ids is None and self._kind is not None:
            rows = self._kind.now(self.model.country)
            return rows.stop if isinstance(rows, slice) else int(rows.size)
        return int(self.ids.size)

    def __iter__(self) -> Iterator[Agent]:
        ids = self.ids
        for start in range(0, ids.size, BLOCK):
            for unique_id in ids[start : start + BLOCK].tolist():
                if unique_id >= SPAN or unique_id in self.model.own:  # else removed meanwhile
                    yield self.model.agent(unique_id)

    def __contains__(self, agent: object) -> bool:
        if getattr(agent, "model", None) is not self.model or not isinstance(agent, Agent):
            return False
        return bool((self.ids == agent.unique_id).any())

    def __getitem__(self, item: int | slice) -> Any:
        if isinstance(item, slice):
            return [self.model.agent(i) for i in self.ids[item].tolist()]
        return self.model.agent(int(self.ids[item]))

    def to_list(self) -> list[Agent]:
        """All of them, as agents."""
        return list(self)

    def copy(self) -> Rowset:
        """The set as it is now; it follows the model no longer."""
        return Rowset(self.model, self.ids.copy())

    __copy__ = copy

    def _from_iterable(self, agents: Iterable[Agent]) -> Rowset:
        ids = dict.fromkeys(agent.unique_id for agent in agents)
        return Rowset(self.model, np.array(list(ids), np.int64))

    def _update(self, agents: Iterable[Agent]) -> Rowset:
        return self._become(np.array([agent.unique_id for agent in agents], np.int64))

    def _become(self, ids: np.ndarray) -> Rowset:
        self._ids = ids
        return self

    def _new(self, ids: np.ndarray, inplace: bool) -> Rowset:
        return self._become(ids) if inplace else Rowset(self.model, ids)

    def add(self, agent: Agent) -> None:
        """Add an agent of this model."""
        if getattr(agent, "model", None) is not self.model:
            raise ValueError("an agent of another model")
        if agent not in self:
            self._become(np.append(self.ids, agent.unique_id))

    def discard(self, agent: Agent) -> None:
        """Take an agent out, if it is in the set."""
        if agent in self:
            self._become(self.ids[self.ids != agent.unique_id])

    def remove(self, agent: Agent) -> None:
        """Take an agent out.

        Raises
        ------
        KeyError
            If it is not in the set.
        """
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    def clear(self) -> None:
        """Take everybody out."""
        self._become(np.empty(0, np.int64))

    def index(self, agent: Agent, *between: int) -> int:
        """Place of an agent in the set."""
        return self.ids.tolist().index(agent.unique_id, *between)

    def __reversed__(self) -> Iterator[Agent]:
        return iter(Rowset(self.model, self.ids[::-1]))

    def __le__(self, other: Any) -> bool:
        return bool(np.isin(self.ids, other.ids).all()) if self._kin(other) else super().__le__(other)

    def __and__(self, other: Any) -> Any:
        if not self._kin(other):
            return super().__and__(other)
        return Rowset(self.model, self.ids[np.isin(self.ids, other.ids)])

    def __sub__(self, other: Any) -> Any:
        if not self._kin(other):
            return super().__sub__(other)
        return Rowset(self.model, self.ids[~np.isin(self.ids, other.ids)])

    def _kin(self, other: object) -> bool:
        return isinstance(other, Rowset) and other.model is self.model

    # --- questions

    def column(self, name: str) -> np.ndarray:
        """An attribute of all of them as an array: float64, int64, bool, or words and other objects."""
        return self._column(name)

    def _column(self, name: str, **default: Any) -> np.ndarray:
        if name == "unique_id":
            return self.ids.copy()
        out: np.ndarray | None = None
        for kind, rows, where in self._parts():
            column = getattr(kind, name, None)
            if isinstance(column, Column):
                values = column.values(self.model.country, rows)
            else:
                agents = Rowset(self.model, self.ids[where])
                values = _objects([getattr(agent, name, *default.values()) for agent in agents])
            if values.size == len(self):
                return values
            if out is None:
                out = np.empty(len(self), object)
            out[where] = values.astype(object)
        return np.empty(0) if out is None else out

    def get(self, attr_names: str | list[str], handle_missing: str = "error", default_value: Any = None) -> list:
        """An attribute (or a list of several) of each, as plain Python values.

        Raises
        ------
        AttributeError
            If an agent has no such attribute and `handle_missing` is "error".
        """
        if handle_missing not in ("error", "default"):
            raise ValueError(f"handle_missing is {handle_missing!r}; it is 'error' or 'default'")
        default = {"default": default_value} if handle_missing == "default" else {}
        if isinstance(attr_names, str):
            return self._column(attr_names, **default).tolist()
        columns = [self._column(name, **default).tolist() for name in attr_names]
        return [list(values) for values in zip(*columns, strict=True)]

    def agg(self, attribute: str, func: Callable | Iterable[Callable]) -> Any:
        """A function (or several) of the column of an attribute."""
        values = self.column(attribute)
        if callable(func):
            return _plain(func(values))
        return [_plain(f(values)) for f in func]

    def set(self, attr_name: str, value: Any) -> Rowset:
        """Set an attribute of all of them."""
        for kind, rows, where in list(self._parts()):
            column = getattr(kind, attr_name, None)
            if isinstance(column, Column):
                column.put(self.model.country, rows, value)
            else:
                for agent in Rowset(self.model, self.ids[where]):
                    setattr(agent, attr_name, value)
        return self

    # --- parts of it

    def where(self, **wanted: Any) -> Rowset:
        """Those whose attributes are as wanted, found in the columns.

        Parameters
        ----------
        **wanted
            For each attribute a value, a set or list of values, or a function of the whole column that
            returns a mask.

        Examples
        --------
        >>> youths.where(region=["Mopti", "Gao"], attitude=lambda x: x > 1.0)  # doctest: +SKIP
        """
        keep = np.ones(len(self), bool)
        for name, value in wanted.items():
            column = self.column(name)
            if callable(value):
                keep &= np.asarray(value(column), bool)
            elif isinstance(value, set | frozenset | list | tuple):
                keep &= np.any([column == one for one in value], axis=0) if value else False
            else:
                keep &= column == value
        return Rowset(self.model, self.ids[keep])

    def select(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        at_most: int | float = math.inf,
        inplace: bool = False,
        agent_type: type | None = None,
    ) -> Rowset:
        """Those of a type, those a function says yes to, the first `at_most` of them.

        The function is asked agent by agent; `where` finds the same in the columns.
        """
        ids = self.ids
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(ids.size * at_most)
        if agent_type is not None:
            ids = self._of_type(ids, agent_type)
        if filter_func is not None:
            kept: list[int] = []
            for agent in Rowset(self.model, ids):
                if len(kept) >= at_most:
                    break
                if filter_func(agent):
                    kept.append(agent.unique_id)
            ids = np.array(kept, np.int64)
        return self._new(ids if at_most >= ids.size else ids[: int(at_most)], inplace)

    def _shuffled(self) -> np.ndarray:
        """The ids in an order drawn from the model's `random`, which no process of the run uses."""
        ids = self.ids
        seed = seed_key(self.random.getrandbits(64))
        return ids[np.argsort(lucks(USER_SHUFFLE, seed, 0, np.arange(ids.size)), kind="stable")]

    def shuffle(self, inplace: bool = False) -> Rowset:
        """The same agents in another order; the run does not notice."""
        return self._new(self._shuffled(), inplace)

    def sort(self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False) -> Rowset:
        """The same agents by an attribute or a function of each; largest first unless `ascending`."""
        values = self.get(key) if isinstance(key, str) else [key(agent) for agent in self]
        order = sorted(range(len(values)), key=values.__getitem__, reverse=not ascending)
        return self._new(self.ids[np.array(order, np.int64)], inplace)

    def groupby(self, by: Callable | str, result_type: str = "agentset") -> Groups:
        """Groups by an attribute, or by a function of each agent, in the order in which they first appear."""
        values = self._column(by) if isinstance(by, str) else _objects([by(agent) for agent in self])
        places: dict[Any, int] = {}
        group = np.array([places.setdefault(value, len(places)) for value in values.tolist()], np.int64)
        order = np.argsort(group, kind="stable")
        ends = np.cumsum(np.bincount(group, minlength=len(places)))[:-1]
        sets = [Rowset(self.model, ids) for ids in np.split(self.ids[order], ends)] if places else []
        groups = sets if result_type == "agentset" else [one.to_list() for one in sets]
        return Groups(dict(zip(places, groups, strict=True)))

    # --- agent by agent

    def do(self, method: str | Callable, *args: Any, **kwargs: Any) -> Rowset:
        """Call a method of each, or a function with each, one after the other."""
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: str | Callable, *args: Any, **kwargs: Any) -> Rowset:
        """The same, in a shuffled order."""
        Rowset(self.model, self._shuffled()).do(method, *args, **kwargs)
        return self

    def map(self, method: str | Callable, *args: Any, **kwargs: Any) -> list[Any]:
        """What a method of each, or a function of each, returns."""
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self.copy()]
        return [method(agent, *args, **kwargs) for agent in self.copy()]

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self.model, "ids": self._ids, "kind": self._kind}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Rowset.__init__(self, **state)

    def __repr__(self) -> str:
        return f"<Rowset of {len(self):,} agents>"


class Groups(GroupBy):
    """Mesa's groups of agents, with `agg` from the columns."""

    def agg(self, attr_name: str, func: Callable) -> dict[Any, Any]:
        """A function of the column of an attribute in each group."""
        return {
            name: group.agg(attr_name, func)
            if isinstance(group, Rowset)
            else func([getattr(agent, attr_name) for agent in group])
            for name, group in self.groups.items()
        }


def _objects(items: list[Any]) -> np.ndarray:
    """An array of objects, lists among them kept whole."""
    return np.fromiter(items, object, len(items))


def _plain(value: Any) -> Any:
    """Plain Python instead of a numpy number."""
    return value.item() if isinstance(value, np.generic) else value
