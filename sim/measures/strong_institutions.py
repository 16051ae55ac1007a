"""Strong institutions: a programme against corruption.

The first pillar of the government's programme of 2013-2018. Officials are paid in full and on time, by transfer
instead of through their superiors, and their offices are inspected. Both halves weigh alike (assumed). No study of such
a programme in Mali was found, and trust moved little in any trial of reform: the priors are small and include harm.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar

from sim.measures.base import Count, Delivered, Measure, Plan, Share, Xof, field, of_some, people_of
from sim.world.grid import world_grid

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock


@cache
def districts_of(regions: tuple[str, ...]) -> int:
    """Districts there are in some regions."""
    grid = world_grid()
    return len({cercle for cercle, r in zip(grid.cercle, grid.region, strict=True) if grid.region_names[r] in regions})


class StrongInstitutions(Measure):
    """Officials of a district are paid by transfer and inspected; people there are served rather than taxed."""

    key: ClassVar[str] = "strong_institutions"
    title: ClassVar[str] = "Strong institutions: a programme against corruption"
    delivers: ClassVar[str] = "people served by inspected and regularly paid offices"
    sources: ClassVar[tuple[str, ...]] = ("programme of the government, 2013-2018",)

    districts: Count = field(
        50, unit="districts", source="choice: all 50 (49 cercles and Bamako); no list of districts found",
        meaning="districts of its regions that the programme covers; more than there are count as all of them",
    )  # fmt: skip
    paid: Share = field(
        1.0, unit="share of officials", source="assumed: no figure found",
        meaning="officials of these districts who are paid in full and on time, by transfer",
    )  # fmt: skip
    inspected: Share = field(
        1.0, unit="share of offices", source="assumed: no figure found",
        meaning="offices of these districts that are inspected every year",
    )  # fmt: skip
    cost_per_district_week: Xof = field(
        4_000_000, unit="XOF per district and week",
        source="assumed: a team of inspectors and the upkeep of the payroll, no budget found",
        meaning="cost of one district with everything paid and inspected",
    )  # fmt: skip

    @property
    def depth(self) -> float:
        """How full the programme is in a district it covers, 0..1: the mean of its two halves."""
        return (self.paid + self.inspected) / 2.0

    @property
    def share(self) -> float:
        """Part of a full programme in its regions, 0..1: which districts are covered is left open, so all alike."""
        return min(1.0, self.districts / districts_of(self.regions)) * self.depth

    @property
    def cost_per_week(self) -> float:
        """XOF in a week at full strength."""
        return self.share * districts_of(self.regions) * self.cost_per_district_week

    def apply(self, levers: Levers, country: Country) -> None:
        """Raise the trust to which people return, and leave fewer abuses."""
        share, p = self.carried_out(country) * self.share, country.parameters
        if share == 0.0:
            return
        cells = self.cells(country)
        levers.add("trust_goal", cells, share * p.institutions_trust)
        levers.keep("abuse_control", cells, of_some(share, p.institutions_abuse))

    def report(self, country: Country) -> Delivered:
        """People of the districts as far as the programme takes place, and its cost as planned."""
        grid = country.grid
        people = people_of(grid) * self.region_mask
        cost = self.strength_now(country) * self.cost_per_week
        return Delivered(self.carried_out(country) * self.share * people, self.by_people(country, cost))

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """People of the districts, and the cost of all weeks."""
        people = float(grid.population[self.region_mask[grid.region]].sum())
        weeks = sum(self.strength(clock.date(week)) for week in range(clock.weeks))
        return Plan(self.intensity * self.share * people, weeks * self.cost_per_week)
