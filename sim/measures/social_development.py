"""Basic services come to places that have few.

The sixth of the six axes of the government's programme. Of aid one may not expect peace as such: where groups contest
a place it more often raised violence than not (`aid_contested`), where the state holds a place it lowered it a little
(`aid_held`; Zürcher 2017). And not every sector is alike: health and social protection helped, schools and economic
aid were doubtful (`aid_doubtful`), roads did nothing (Leonhard 2025). Services also redress some of the grievance
against the state (`relief_rate`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from sim.measures.base import Delivered, Measure, Plan, Share, Xof, choice, field, of_some, people_of
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.parameters import Parameters
    from sim.world.grid import Grid
    from sim.world.timeline import Clock


class SocialDevelopment(Measure):
    """Services of one sector reach a share of the people."""

    key: ClassVar[str] = "social_development"
    title: ClassVar[str] = "Social development"
    delivers: ClassVar[str] = "people covered"
    sources: ClassVar[tuple[str, ...]] = ("maliactu and afribone, December 2013 (programme of the government)",)
    partners: ClassVar[bool] = True

    sector: Literal["health_and_protection", "schools_and_economy", "roads"] = choice(
        "health_and_protection", "name", "what is provided: health_and_protection, schools_and_economy or roads"
    )
    coverage: Share = field(0.2, unit="share of people", source="assumed", meaning="people who get the service")
    cost_per_person_year: Xof = field(
        10_000, unit="XOF per person and year", source="assumed: some 18 USD; no budget by person found",
        meaning="cost of one person covered",
    )  # fmt: skip

    def worth(self, p: Parameters) -> float:
        """Effect of this sector against that of health and social protection; below 0 it does the opposite."""
        return {"health_and_protection": 1.0, "schools_and_economy": p.aid_doubtful, "roads": 0.0}[self.sector]

    def effect(self, country: Country, cells: slice | np.ndarray) -> np.ndarray:
        """Log effect on attacks by cell were everybody covered: by how far groups contest it and the state holds it.

        Where neither is there, aid does nothing to attacks.
        """
        p = country.parameters
        contested = np.maximum(country.insecurity[cells], country.hold[cells])
        held = (1.0 - contested) * country.state_presence[cells]
        return self.worth(p) * (contested * p.aid_contested + held * p.aid_held)

    def apply(self, levers: Levers, country: Country) -> None:
        """Let services change attacks, and redress grievance (which they cannot give)."""
        covered, p = self.carried_out(country) * self.coverage, country.parameters
        worth = self.worth(p)
        if covered * worth == 0.0:
            return
        cells = self.cells(country)
        levers.keep("attack_rate", cells, of_some(covered, self.effect(country, cells)))
        if worth > 0.0:
            levers.reach("grievance_relief", self.region_mask, covered * worth * p.relief_rate)

    def report(self, country: Country) -> Delivered:
        """People covered and what they cost."""
        people = people_of(country.grid) * self.region_mask * self.coverage
        cost = people * self.strength_now(country) * self.cost_per_person_year / WEEKS_PER_YEAR
        return Delivered(people * self.carried_out(country), cost)

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """People covered, and the cost of all weeks."""
        people = float((people_of(grid) * self.region_mask).sum()) * self.coverage
        cost = people * self.full_weeks(clock) * self.cost_per_person_year / WEEKS_PER_YEAR
        return Plan(people * self.intensity, cost)
