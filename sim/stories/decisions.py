"""The decision that made a person join in one run and not, or not yet, in the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.country import Country
from sim.population.groups import NOBODY
from sim.population.youth import APPROACHED, DETAINED
from sim.processes.approach import freshness, threat_and_guard
from sim.processes.hazard import background, circumstances, coefficients
from sim.stories.looks import Side
from sim.stories.parting import Joining, Moment


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
            who, persons = int(other.persons[k]), other.country.persons
            status = persons.status[who]
            if week == self.contact[k] and persons.contact_week[who] != week:
                what, because = _kept_away(person, k, week)
                person.kept_away = Moment(week, what, run, because)
            if person.kept_away is not None:
                if week == self.week[k]:
                    another = Moment(self.contact[k], "other_contact", run)
                    person.decision = another if status == APPROACHED else person.kept_away
            elif status != APPROACHED:
                person.decision = Moment(week, "lapsed", run, _why_lapsed(person, k, week))
            elif week == self.week[k]:
                parts = contributions(odds(person.joins.country, who, week), odds(other.country, who, week))
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
             side.pressure.at_random[side.cells[k]]) for side in (joins, other)), strict=True)
    )  # fmt: skip
    parts = {
        "ties": (ties[0] - ties[1]) * (per_tie[0] + per_tie[1]) / 2,
        "recruiters": (per_tie[0] - per_tie[1]) * (ties[0] + ties[1]) / 2 + at_random[0] - at_random[1],
        "parameters": 0.0,  # such as how seldom women are approached
    }
    return "approached", max(parts, key=lambda name: parts[name])


def _why_lapsed(person: _Open, k: int, week: int) -> str:
    """Why a contact ended in the other run."""
    who, cell = person.other.persons[k], person.other.cells[k]
    if person.other.country.groups.acting(week)[person.other.country.persons.contact_group[who]] == NOBODY:
        return "group_gone"
    ends = [side.country.levers.contact_lapse[cell] for side in (person.joins, person.other)]
    return "measure" if ends[1] > ends[0] else "parameters"


_CIRCUMSTANCES = ("abuse", "income", "school", "parameters", "protection", "norm", "trust", "attitude")
_PROTECTION, _NORM, _ATTITUDE = (_CIRCUMSTANCES.index(name) for name in ("protection", "norm", "attitude"))


@dataclass(frozen=True, slots=True)
class Odds:
    """The log of a person's hazard of joining in one week, in its parts."""

    b: NDArray[np.float64]  # coefficients
    x: NDArray[np.float64]  # what they weigh, in the order of `hazard.Circumstances`
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


def odds(country: Country, person: int, week: int) -> Odds:
    """A person's hazard of joining in a week, just after its approaches."""
    p, society, youth = country.parameters, country.society, country.youth
    row = person // society.persons_per_youth
    cell = int(society.cell[row])
    threat, guard = threat_and_guard(country)
    read_from = background(society, youth, country.trust, threat * (1.0 - guard), p)
    x = np.array(circumstances(row, cell, week, read_from), np.float64)
    shift, region = np.zeros(x.size), country.grid.region[society.cell]
    shift[_ATTITUDE] = country.levers.support[region[row]]
    shift[_NORM] = country.levers.support[region[society.ties[row]]].mean()
    fresh = freshness(p.freshness_shape, 1100)[week - int(country.persons.contact_week[person])]
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
