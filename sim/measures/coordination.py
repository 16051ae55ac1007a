"""Coordination: all partners work to one agenda.

Where several partners carry out a measure, each with its own plan, part of the work is done twice (`partner_overlap`;
no figure found). So it is where forces under several commands work in one place: police and gendarmerie with guard and
army, MINUSMA, Barkhane, the joint force of the G5 (`command_overlap`), and where all go to the same place, gaps are
left elsewhere. A ministry that draws up one agenda and holds the partners to it removes part of the overlap, and those
who follow it patrol where the others are not. The same money then delivers more, so measures of partners report more
delivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.measures.base import Measure, Share, Steady, Strength, Xof, field, some
from sim.world import facts

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers


class Coordination(Measure):
    """A secretariat agrees with the partners who does what, where, and when."""

    key: ClassVar[str] = "coordination"
    title: ClassVar[str] = "Coordination of all partners"
    delivers: ClassVar[str] = "partner measures and commands of forces that follow one agenda"
    steady: ClassVar[Steady] = {"apply": (), "spending": ()}

    partners_taking_part: Share = field(
        1.0, unit="share of partners' work", source="choice: all partners",
        meaning="share of the work of partners that follows the common agenda",
    )  # fmt: skip
    cost_per_week: Xof = field(
        6_000_000, unit="XOF per week", source="assumed: a secretariat of some twenty people; no budget found",
        meaning="cost of the secretariat for all its regions",
    )  # fmt: skip

    def one_agenda(self, country: Country, done: Strength) -> Strength:
        """Share of the partners' work in Mali that follows one agenda, 0..1, by the people of its regions.

        If it is done more in one region than in another: what this would be, were it done everywhere as in the region.
        """
        people = country.grid.population
        its = people[self.region_mask[country.grid.region]].sum() / people.sum()
        return done * self.partners_taking_part * float(its)

    def steer(self, levers: Levers, country: Country) -> None:
        """Set how much of the partners' work is coordinated, before the partners act."""
        share = self.overall(country, self.one_agenda(country, self.carried_out(country)))
        if share > 0.0:
            levers.reach("coordinated", ..., share)

    def apply(self, levers: Levers, country: Country) -> None:
        """It acts only through the measures of partners and the forces."""

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """How many measures and commands it coordinates: a national number, spread over its regions by people."""
        works = sum(measure.partners and some(measure.strength_now(country)) for measure in country.measures)
        there = facts.command_places()[country.posted.sum(axis=1) > 0.0]
        return self.by_people(country, (works + np.unique(there).size) * self.one_agenda(country, done))

    def foreseen(self, country: Country, done: float) -> None:
        """How many measures there are to coordinate depends on the rest of the scenario."""
