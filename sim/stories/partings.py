"""Where the stories of one person part in two runs: who joined in one only, the first difference, and the decision.

Two runs with one seed have the same persons with the same luck, so whatever differs in a person's life goes back to
what was done. Both runs are lived side by side, and after every process of the week the watched persons are compared:

    first difference   anything that differs for them, however small: the safety of their place, a friend's attitude
    first event        the first thing that happened to them, those close to them or their place in one run only
    decision           what made them join in one run and not, or not yet, in the other

A decision turns on luck that is the same in both runs against a chance that is not. Whose chance differs by several
circumstances at once is counted under the one that makes most of the difference: the log of the hazard is a sum, and of
a product of two each factor gets its difference times the mean of the other, which add up exactly.

A person is a row and whether they were in it from the start or came after somebody turned 36. Watching changes nothing
and draws no luck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.country import Country
from sim.population.groups import NOBODY
from sim.population.youth import APPROACHED, CIVILIAN, DETAINED, MEMBER, TIES
from sim.processes.approach import (
    Pressure,
    approach,
    background,
    circumstances,
    coefficients,
    freshness,
    pressure,
    threat_and_guard,
)
from sim.processes.attitudes import attitudes
from sim.processes.exits import exits
from sim.processes.groups import groups
from sim.processes.justice import justice
from sim.processes.measures import measures
from sim.processes.messages import fades, messages
from sim.processes.security import security
from sim.processes.violence import violence
from sim.week import WEEK, finished

SPARED, ADDED, SOONER, LATER, SAME = "spared", "added", "sooner", "later", "same"
CHANGES = {
    SPARED: "joined in the first run only",
    ADDED: "joined in the second run only",
    SOONER: "joined in both, sooner in the second",
    LATER: "joined in both, later in the second",
    SAME: "joined in both in the same week",
}


class What(NamedTuple):
    """A way in which a week can differ for a person."""

    happens: bool  # an event, not a matter of degree
    meaning: str


DIFFERENCES = {
    "start": What(False, "other circumstances from the first day"),
    "born": What(False, "turned 15 into other circumstances"),
    "measure": What(False, "a measure that bears on joining where they live"),
    "measure_contacts": What(False, "a measure that bears on contacts with recruiters where they live"),
    "clip": What(True, "a campaign clip seen"),
    "propaganda": What(True, "propaganda of an armed group heard"),
    "outreach": What(True, "an imam heard to speak against violence"),
    "felt": What(False, "strength of messages"),
    "support": What(False, "a measure that moves people's own views where they live"),
    "peers": What(False, "attitudes of friends and relatives"),
    "sermon": What(False, "what is preached"),
    "redress": What(False, "redress of grievances"),
    "approached": What(True, "approached by a recruiter"),
    "contact": What(False, "approached by others, or through others"),
    "lapsed": What(True, "contact with a recruiter ended"),
    "joined": What(True, "joined that week"),
    "tie_joined": What(True, "a friend or relative became a member"),
    "tie_left": What(True, "a friend or relative stopped being a member"),
    "founder": What(True, "among the founders of a group"),
    "attack": What(True, "attacks where they live"),
    "threat": What(False, "safety of their place"),
    "hold": What(False, "hold of armed groups on their place"),
    "state": What(False, "presence of the state"),
    "forces": What(False, "security forces near"),
    "held": What(True, "held without being a member"),
    "abuse": What(True, "an abuse of self or kin by forces"),
    "abuse_near": What(True, "an abuse of a friend by forces"),
    "trust": What(False, "trust in the forces where they live"),
    "cleared": What(True, "set free again"),
    "school": What(True, "a year more at school"),
}
"""What can differ, looked at in the order of the week."""

DECISIONS = {
    "approached": "approached in one run only",
    "other_contact": "in contact with recruiters since another week",
    "lapsed": "in the other run the contact ended before they joined",
    "decided": "in contact in both runs, joined in one: the hazard differed",
    "held": "in the other run they were held without being members",
    "founder": "in the other run they belonged to a group since its foundation",
}
BECAUSE = {
    "": "",
    "ties": "how many members they know",
    "recruiters": "how many approaches recruiters make there",
    "refused": "an earlier contact that ended not long before",
    "group_gone": "the end of the group",
    "abuse": "an abuse of self or kin",
    "income": "livelihood",
    "school": "years at school",
    "threat": "how threatened the place is",
    "guard": "how far state and forces protect the place",
    "norm": "what friends and relatives think",
    "trust": "trust in the forces",
    "attitude": "their own attitude",
    "support": "a measure that moves people's views",
    "measure": "a measure that bears on joining directly",
    "parameters": "parameters that the scenarios set differently",
}


@dataclass(frozen=True, slots=True)
class Joining:
    """How a person joined."""

    week: int
    contact: int  # week of the contact that led there
    reason: int  # place in approach.REASONS
    tie: int  # 0 through nobody, approach.BY_TIE, approach.BY_KIN
    woman: bool
    livelihood: int  # place in facts.LIVELIHOODS


@dataclass(frozen=True, slots=True)
class Moment:
    """A week and what differed in it."""

    week: int
    what: str  # key of DIFFERENCES, or of DECISIONS
    run: int = 0  # 1 where more of it was in the first run, -1 in the second, 0 where there is no more or less
    because: str = ""  # key of BECAUSE


@dataclass(frozen=True, slots=True)
class Parting:
    """A person whose joining differs between two runs, and where their stories part."""

    row: int
    generation: int  # 0 in the row from the start, 1 who came after
    change: str  # key of CHANGES
    a: Joining | None
    b: Joining | None
    difference: Moment
    event: Moment
    decision: Moment

    @property
    def joining(self) -> Joining:
        """The joining that comes first in the two runs."""
        first = [joining for joining in (self.a, self.b) if joining is not None]
        return min(first, key=lambda joining: joining.week)


Person = tuple[int, int]  # row, generation


def joiners(country: Country, on_week: Callable[[], None] | None = None) -> dict[Person, Joining]:
    """Live a country to its end and note who joined.

    Parameters
    ----------
    country : Country
        Is lived to its end: give a copy.
    on_week : callable, optional
        Called after every week.
    """
    society, youth, found = country.society, country.youth, {}
    while not finished(country):
        week = country.week
        for process in WEEK:
            entered = country.roster.size
            process(country)
            if process is approach:
                for row in country.roster.youth[entered : country.roster.size : society.persons_per_youth].tolist():
                    found[row, int(week > society.turns_36[row])] = Joining(
                        week, int(youth.contact_week[row]), int(youth.reason[row]) - 1, int(youth.contact_tie[row]),
                        bool(youth.woman[row]), int(youth.livelihood[row]),
                    )  # fmt: skip
        if on_week is not None:
            on_week()
    return found


def change(a: Joining | None, b: Joining | None) -> str:
    """What became of one person's joining from run `a` to run `b`."""
    if a is None or b is None:
        return SPARED if b is None else ADDED
    return SAME if a.week == b.week else SOONER if b.week < a.week else LATER


def partings(
    a: Country,
    b: Country,
    joined_a: dict[Person, Joining],
    joined_b: dict[Person, Joining],
    on_week: Callable[[], None] | None = None,
) -> list[Parting]:
    """Live two countries side by side and find where the stories of those who differ part.

    Parameters
    ----------
    a, b : Country
        On the first day, of one society and one seed. They are lived as far as needed: give copies.
    joined_a, joined_b : dict
        Who joined in either, as `joiners` gives them.
    on_week : callable, optional
        Called after every week.

    Returns
    -------
    list of Parting
        By row, those alone who joined in one run or in another week.
    """
    people = sorted(p for p in joined_a.keys() | joined_b.keys() if
                    change(joined_a.get(p), joined_b.get(p)) != SAME)  # fmt: skip
    if not people:
        return []
    rows, generation = np.array(people, np.int64).T
    turns = a.society.turns_36[rows]
    sides = Side(a, rows), Side(b, rows)
    stories = [(joined_a.get(p), joined_b.get(p)) for p in people]
    differences, events, decisions = Firsts(len(people)), Firsts(len(people)), Decisions(sides, stories)

    here = generation == 0
    founders = here & (sides[0].founders != sides[1].founders)
    for firsts in (differences, events):
        firsts.note(0, "founder", founders, np.where(sides[0].founders, 1, -1))
    differences.note(0, "start", here & _elsewhere(sides))
    for week in range(max(d.joining.week for d in decisions.people) + 1):
        for process in WEEK:
            look = LOOKS.get(process)
            for side in sides:
                side.keep(process)
            for side in sides:
                process(side.country)
            if process is exits:
                new = (turns == week) & (generation == 1)
                here |= new
                differences.note(week, "born", new & _elsewhere(sides))
            if look is not None:
                for (key, ours), (_, theirs) in zip(look(sides[0], week), look(sides[1], week), strict=True):
                    differs, more = here & (ours != theirs), np.sign(ours.astype(float) - theirs)
                    differences.note(week, key, differs, more)
                    if DIFFERENCES[key].happens:
                        events.note(week, key, differs, more)
            if process is approach:
                decisions.settle(week)
        if on_week is not None:
            on_week()
    return [
        Parting(row, born, change(ours, theirs), ours, theirs, differences[k], events[k], decisions[k])
        for k, ((row, born), (ours, theirs)) in enumerate(zip(people, stories, strict=True))
    ]


# --- looking ------------------------------------------------------------------------------------------------


class Side:
    """One of the two runs, seen through the rows that are watched."""

    def __init__(self, country: Country, rows: NDArray[np.int64]) -> None:
        self.country = country
        self.rows = rows
        self.cells = country.society.cell[rows]
        self.regions = country.grid.region[self.cells]
        self.ties = country.society.ties[rows]
        self.was: dict[str, np.ndarray] = {}
        self.pressure: Pressure = pressure(country)
        self.founders = self["status"] == MEMBER

    def __getitem__(self, name: str) -> np.ndarray:
        """A column of the youths, as it stands now."""
        values: np.ndarray = getattr(self.country.youth, name)[self.rows]
        return values

    def place(self, values: np.ndarray) -> np.ndarray:
        """Something that is by cell, where the watched live."""
        return values[self.cells]

    def keep(self, process: Callable) -> None:
        """Keep what is to be compared with what a process leaves."""
        self.was = {name: self[name] for name in KEPT.get(process, ())}
        if process is approach:
            self.pressure = pressure(self.country)

    def now(self, status: int) -> np.ndarray:
        """Who is this now and was not before the process."""
        return (self["status"] == status) & (self.was["status"] != status)

    def fresh(self, kind: str, half_life: float) -> np.ndarray:
        """Who got a fresh message of a kind that moves them: what is felt is not what fading alone would have left."""
        faded = fades(self.was[kind], np.float32(0.5 ** (7.0 / half_life)))
        felt = self[kind]
        return (felt != faded) & (felt != 0.0)

    def known(self) -> Marks:
        """Members among friends and relatives who came and went."""
        step = self["member_ties"].astype(int) - self.was["member_ties"]
        return [("tie_joined", np.maximum(step, 0)), ("tie_left", np.maximum(-step, 0))]


Marks = list[tuple[str, np.ndarray]]


def _elsewhere(sides: tuple[Side, Side]) -> np.ndarray:
    """Who lives in other circumstances, in whatever else is looked at only when a process moves it."""
    pairs = zip(*(_circumstances(side) for side in sides), strict=True)
    return np.any([ours != theirs for ours, theirs in pairs], axis=0)


def _circumstances(side: Side) -> Iterator[np.ndarray]:
    country = side.country
    for name in ("insecurity", "hold", "state_presence", "forces", "trust"):
        yield side.place(getattr(country, name))
    yield side["member_ties"]


def _measures(side: Side, week: int) -> Marks:
    levers = side.country.levers
    return [("measure", side.place(levers.joining)), ("measure_contacts", side.place(levers.contact_lapse))]


def _messages(side: Side, week: int) -> Marks:
    p = side.country.parameters
    return [
        ("clip", side.fresh("clips", p.clip_half_life)),
        ("propaganda", side.fresh("propaganda", p.clip_half_life)),
        ("outreach", side.fresh("counsel", p.counsel_half_life)),
        ("felt", side["recent"]),
    ]


def _attitudes(side: Side, week: int) -> Marks:
    met = side.country.youth.attitude_next[side.ties].mean(axis=1)  # the other buffer holds the week before
    return [
        ("support", side.country.levers.support[side.regions]),
        ("peers", met),
        ("sermon", side["settled"]),
        ("redress", side["grievance"]),
    ]


def _approach(side: Side, week: int) -> Marks:
    met = side["contact_week"] == week
    in_contact = met | (side.was["status"] == APPROACHED)
    return [
        ("approached", met),
        ("contact", side["contact_group"].astype(int) * TIES + side["contact_tie"]),
        ("lapsed", in_contact & (side["status"] == CIVILIAN)),
        ("joined", (side["reason"] > 0) & (side.was["reason"] == 0)),
        *side.known(),
    ]


def _groups(side: Side, week: int) -> Marks:
    founders = side.now(MEMBER)
    side.founders |= founders
    return [("founder", founders), *side.known()]


def _violence(side: Side, week: int) -> Marks:
    country = side.country
    return [
        ("attack", side.place(country.attacks_now.sum(axis=0))),
        ("threat", side.place(country.insecurity)),
        ("hold", side.place(country.hold)),
        ("state", side.place(country.state_presence)),
    ]


def _security(side: Side, week: int) -> Marks:
    abused = side["abuse_week"] == week
    return [
        ("forces", side.place(side.country.forces)),
        ("held", side.now(DETAINED) & (side.was["status"] == CIVILIAN)),
        ("abuse", abused),
        ("abuse_near", (side["grievance"] > side.was["grievance"]) & ~abused),
        *side.known(),
        ("trust", side.place(side.country.trust)),
    ]


def _justice(side: Side, week: int) -> Marks:
    return [("cleared", side.now(CIVILIAN)), *side.known()]


def _exits(side: Side, week: int) -> Marks:
    return [("school", side["schooling"]), *side.known()]


LOOKS: dict[Callable, Callable[[Side, int], Marks]] = {
    measures: _measures,
    messages: _messages,
    attitudes: _attitudes,
    approach: _approach,
    groups: _groups,
    violence: _violence,
    security: _security,
    justice: _justice,
    exits: _exits,
}
"""What may differ after each process, in order."""

KEPT: dict[Callable, tuple[str, ...]] = {
    messages: ("clips", "propaganda", "counsel"),
    approach: ("status", "reason", "member_ties", "refused_until"),
    groups: ("status", "member_ties"),
    security: ("status", "grievance", "member_ties"),
    justice: ("status", "member_ties"),
    exits: ("member_ties",),
}
"""Columns that are needed as they were before a process."""


class Firsts:
    """The first moment noted for each person."""

    def __init__(self, people: int) -> None:
        self.moments: list[Moment | None] = [None] * people
        self.open = np.ones(people, bool)

    def note(self, week: int, what: str, differs: np.ndarray, more: np.ndarray | None = None) -> None:
        """Note it for those who differ and have nothing noted yet."""
        for k in np.flatnonzero(differs & self.open):
            self.moments[k] = Moment(week, what, 0 if more is None or not np.isfinite(more[k]) else int(more[k]))
            self.open[k] = False

    def __getitem__(self, k: int) -> Moment:
        moment = self.moments[k]
        if moment is None:
            raise AssertionError(f"joining differs for row {k} of those watched, and nothing before it does")
        return moment


# --- deciding -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A person whose decision is still to come: in which run they join first, and what is known so far."""

    joins: Side
    other: Side
    run: int  # 1 if they join in the first run, -1 in the second
    joining: Joining
    kept_away: Moment | None = None  # why the contact did not come about in the other run
    decision: Moment | None = None


class Decisions:
    """What decided that a person joined in one run and not, or not yet, in the other.

    The joining that comes first is followed from the contact that led to it. If the other run has the same contact in
    the same week, then either it ends there before, or the hazard of that week made the difference.
    """

    def __init__(self, sides: tuple[Side, Side], stories: list[tuple[Joining | None, Joining | None]]) -> None:
        a, b = sides
        self.people = []
        for ours, theirs in stories:
            first = ours is not None and (theirs is None or ours.week < theirs.week)
            joining = ours if first else theirs
            assert joining is not None
            self.people.append(_Open(a, b, 1, joining) if first else _Open(b, a, -1, joining))
        self.contact = np.array([person.joining.contact for person in self.people])
        self.week = np.array([person.joining.week for person in self.people])

    def __getitem__(self, k: int) -> Moment:
        decision = self.people[k].decision
        assert decision is not None
        return decision

    def settle(self, week: int) -> None:
        """Look at those between contact and joining, just after the approaches of the week."""
        for k in np.flatnonzero((self.contact <= week) & (week <= self.week)).tolist():
            person = self.people[k]
            if person.decision is not None:
                continue
            other, run = person.other, person.run
            status, row = other.country.youth.status[other.rows[k]], other.rows[k]
            if week == self.contact[k] and other.country.youth.contact_week[row] != week:
                what, because = _kept_away(person, k, week)
                person.kept_away = Moment(week, what, run, because)
            if person.kept_away is not None:
                if week == self.week[k]:
                    another = Moment(self.contact[k], "other_contact", run)
                    person.decision = another if status == APPROACHED else person.kept_away
            elif status != APPROACHED:
                person.decision = Moment(week, "lapsed", run, _why_lapsed(person, k, week))
            elif week == self.week[k]:
                parts = contributions(odds(person.joins.country, int(row), week), odds(other.country, int(row), week))
                person.decision = Moment(week, "decided", run, max(parts, key=lambda name: parts[name]))


def _kept_away(person: _Open, k: int, week: int) -> tuple[str, str]:
    """Why the contact did not come about in the other run too."""
    joins, other = person.joins, person.other
    was = other.was["status"][k]
    if other.founders[k]:
        return "founder", ""
    if was == DETAINED:
        return "held", ""
    if was == APPROACHED:
        return "other_contact", ""
    if other.was["refused_until"][k] > week:
        return "approached", "refused"
    # Not being approached has the chance exp(-(approaches per tie x ties + approaches at random)).
    ties, per_tie, at_random = (
        [float(value) for value in pair]
        for pair in zip(*(
            (side.was["member_ties"][k], side.pressure.per_link[side.regions[k]],
             -np.log1p(-side.pressure.at_random[side.cells[k]])) for side in (joins, other)), strict=True)
    )  # fmt: skip
    parts = {
        "ties": (ties[0] - ties[1]) * (per_tie[0] + per_tie[1]) / 2,
        "recruiters": (per_tie[0] - per_tie[1]) * (ties[0] + ties[1]) / 2 + at_random[0] - at_random[1],
        "parameters": 0.0,  # such as how seldom women are approached
    }
    return "approached", max(parts, key=lambda name: parts[name])


def _why_lapsed(person: _Open, k: int, week: int) -> str:
    """Why a contact ended in the other run."""
    row, cell = person.other.rows[k], person.other.cells[k]
    if person.other.country.groups.acting(week)[person.other.country.youth.contact_group[row]] == NOBODY:
        return "group_gone"
    ends = [side.country.levers.contact_lapse[cell] for side in (person.joins, person.other)]
    return "measure" if ends[1] > ends[0] else "parameters"


_CIRCUMSTANCES = ("abuse", "income", "school", "parameters", "protection", "norm", "trust", "attitude")
_PROTECTION, _NORM, _ATTITUDE = (_CIRCUMSTANCES.index(name) for name in ("protection", "norm", "attitude"))


@dataclass(frozen=True, slots=True)
class Odds:
    """The log of a person's hazard of joining in one week, in its parts."""

    b: NDArray[np.float64]  # coefficients
    x: NDArray[np.float64]  # what they weigh, in the order of `approach.Circumstances`
    shift: NDArray[
        np.float64
    ]  # the part of `x` that policy adds to views this week: to one's own, and to those of ties
    threat: float
    unguarded: float  # threat x unguarded is what `x` holds
    measure: float  # log of the lever
    rest: float  # log of everything else: the parameters of the hazard, and how fresh the contact is

    @property
    def log_hazard(self) -> float:
        """The log of the hazard."""
        return float(self.b @ self.x) + self.measure + self.rest


def odds(country: Country, row: int, week: int) -> Odds:
    """A youth's hazard of joining in a week, just after its approaches."""
    p, society, youth = country.parameters, country.society, country.youth
    cell = int(society.cell[row])
    threat, guard = threat_and_guard(country)
    read_from = background(society, youth, country.trust, threat * (1.0 - guard), p)
    x = np.array(circumstances(row, cell, week, read_from), np.float64)
    shift, region = np.zeros(x.size), country.grid.region[society.cell]
    shift[_ATTITUDE] = country.levers.support[region[row]]
    shift[_NORM] = country.levers.support[region[society.ties[row]]].mean()
    fresh = freshness(p.freshness_shape, 1100)[week - int(youth.contact_week[row])]
    with np.errstate(divide="ignore"):  # a measure may rule it out
        lever = float(np.log(country.levers.joining[cell]))
    return Odds(
        np.array(coefficients(p)), x, shift, float(threat[cell]), 1.0 - float(guard[cell]), lever,
        float(np.log(p.h0 / country.average_pull * fresh)),
    )  # fmt: skip


def contributions(ours: Odds, theirs: Odds) -> dict[str, float]:
    """By how much each circumstance raises our log hazard above theirs; they add up to the difference."""
    b, x = (ours.b + theirs.b) / 2, (ours.x + theirs.x) / 2
    parts = dict.fromkeys(_CIRCUMSTANCES, 0.0)
    moved = ours.shift - theirs.shift
    for name, part in zip(_CIRCUMSTANCES, b * (ours.x - theirs.x - moved), strict=True):
        parts[name] += float(part)
    del parts["protection"]  # a product, so each of its factors apart
    parts["support"] = float(b @ moved)
    weight = float(b[_PROTECTION])
    parts["threat"] = weight * (ours.threat - theirs.threat) * (ours.unguarded + theirs.unguarded) / 2
    parts["guard"] = weight * (ours.unguarded - theirs.unguarded) * (ours.threat + theirs.threat) / 2
    parts["measure"] = ours.measure - theirs.measure
    parts["parameters"] += float(x @ (ours.b - theirs.b)) + ours.rest - theirs.rest
    return parts
