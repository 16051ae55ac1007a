"""Coordination: all partners work with one agenda.

Where several partners carry out a measure, each with its own plan, a part of the work is done twice
(`partner_overlap`; no figure found). A ministry that draws up one agenda and holds the partners to it removes that
doubling: the same money delivers more, and the delivered counts of those measures rise. It does nothing else, and
nothing at all where no partner works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.measures.base import Delivered, Measure, Plan, Share, Xof, field

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock


class Coordination(Measure):
    """A secretariat plans with the partners who does what, where, and when."""

    key: ClassVar[str] = "coordination"
    title: ClassVar[str] = "Coordination of all partners"
    delivers: ClassVar[str] = "measures of partners that follow one agenda"

    partners_taking_part: Share = field(
        1.0, unit="share of partners' work", source="choice: all partners",
        meaning="work of partners whose authors agree to the common agenda",
    )  # fmt: skip
    cost_per_week: Xof = field(
        6_000_000, unit="XOF per week", source="assumed: a secretariat of some twenty people; no budget found",
        meaning="cost of the secretariat, in all its regions",
    )  # fmt: skip

    def one_agenda(self, country: Country) -> float:
        """Share of the partners' work in Mali that follows one agenda, 0..1: that of the people of its regions."""
        people = country.grid.population
        its = people[self.region_mask[country.grid.region]].sum() / people.sum()
        return self.carried_out(country) * self.partners_taking_part * float(its)

    def steer(self, levers: Levers, country: Country) -> None:
        """Say how much of the partners' work is coordinated, before they act."""
        share = self.one_agenda(country)
        if share > 0.0:
            levers.reach("coordinated", ..., share)

    def apply(self, levers: Levers, country: Country) -> None:
        """It acts through the measures of partners alone."""

    def report(self, country: Country) -> Delivered:
        """How many measures of partners it coordinates this week, a number for the nation; the secretariat's cost."""
        works = sum(measure.partners and measure.strength_now(country) > 0.0 for measure in country.measures)
        return Delivered(
            self.by_people(country, works * self.one_agenda(country)),
            self.by_people(country, self.strength_now(country) * self.cost_per_week),
        )

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """The cost of all weeks; how many measures there are to coordinate, the scenario's other measures say."""
        weeks = sum(self.strength(clock.date(week)) for week in range(clock.weeks))
        return Plan(None, weeks * self.cost_per_week)
