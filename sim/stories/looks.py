"""Looking at watched persons in two runs: what differs for them after each process of the week."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from sim.country import Country
from sim.engine.exact import power
from sim.population.youth import APPROACHED, CIVILIAN, DETAINED, MEMBER, TIES
from sim.processes.approach import (
    Pressure,
    approach,
    pressure,
)
from sim.processes.attitudes import attitudes
from sim.processes.exits import exits
from sim.processes.groups import groups
from sim.processes.justice import justice
from sim.processes.measures import measures
from sim.processes.messages import fades, messages
from sim.processes.security import security
from sim.processes.violence import violence
from sim.stories.parting import Moment


class Side:
    """One of the two runs, seen through the persons who are watched."""

    def __init__(self, country: Country, persons: NDArray[np.int64]) -> None:
        self.country = country
        self.persons = persons
        self.rows, place = np.divmod(persons, country.society.persons_per_youth)
        self.cells = country.society.cell[self.rows]
        self.regions = country.grid.region[self.cells]
        self.ties = country.society.ties[self.rows]
        self.known_persons = self.ties.astype(np.int64) * country.society.persons_per_youth + place[:, None]
        self.was: dict[str, np.ndarray] = {}
        self.pressure: Pressure = pressure(country)
        self.founders = self["status"] == MEMBER

    def __getitem__(self, name: str) -> np.ndarray:
        """A column of the persons or their youths, as it stands now; or `member_ties`, how many members they know."""
        persons = self.country.persons
        if name == "member_ties":
            known: np.ndarray = (persons.status[self.known_persons] == MEMBER).sum(axis=1)
            return known
        values: np.ndarray = getattr(persons, name)[self.persons] if hasattr(persons, name) else getattr(
            self.country.youth, name)[self.rows]  # fmt: skip
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
        faded = fades(self.was[kind], np.float32(power(0.5, 7.0 / half_life)))
        felt = self[kind]
        return (felt != faded) & (felt != 0.0)

    def known(self) -> Marks:
        """Members among friends and relatives who came and went."""
        step = self["member_ties"] - self.was["member_ties"]
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
        ("drama", side.fresh("drama", p.drama_half_life)),
        ("outreach", side.fresh("counsel", p.counsel_half_life)),
        ("felt", side["recent"]),
    ]


def _attitudes(side: Side, week: int) -> Marks:
    met = side.country.youth.settled_next[side.ties].mean(axis=1)  # the other buffer holds the week before
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
    messages: ("clips", "drama", "propaganda", "counsel"),
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
            raise AssertionError(f"joining differs for person {k} of those watched, and nothing before it does")
        return moment
