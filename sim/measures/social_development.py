"""Basic services come to places that have few.

This is the sixth of the six axes of the government's programme. Aid cannot be expected to bring peace as such. Where
armed groups contest a place, aid raised violence more often than not (`aid_contested`); where the state holds a place,
aid lowered violence a little (`aid_held`; Zürcher 2017). Sectors differ as well: health and social protection helped,
schools and economic aid were doubtful (`aid_doubtful`), roads did nothing (Leonhard 2025). Services also relieve some
of the grievance against the state (`relief_rate`). And programmes that people see draw sabotage: in Niger, where
villages were drawn by lot, attacks on them rose in the second year (Premand and Rohner 2024: `programme_sabotage`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from sim.measures.base import Measure, Share, Steady, Xof, choice, field, of_some, some
from sim.measures.economic_growth import SABOTAGE_FROM
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.parameters import Parameters


class SocialDevelopment(Measure):
    """Services of one sector reach a share of the people."""

    key: ClassVar[str] = "social_development"
    title: ClassVar[str] = "Social development"
    delivers: ClassVar[str] = "persons covered by the service"
    steady: ClassVar[Steady] = {"delivery": (), "spending": ()}
    sources: ClassVar[tuple[str, ...]] = ("maliactu and afribone, December 2013 (programme of the government)",)
    partners: ClassVar[bool] = True

    sector: Literal["health_and_protection", "schools_and_economy", "roads"] = choice(
        "health_and_protection", "name", "what is provided: health_and_protection, schools_and_economy or roads"
    )
    coverage: Share = field(
        0.2, unit="share of people", source="assumed", meaning="share of people who get the service"
    )
    cost_per_person_year: Xof = field(
        10_000, unit="XOF per person and year", source="assumed: some 18 USD; no budget per person found",
        meaning="cost of one person covered",
    )  # fmt: skip

    def worth(self, p: Parameters) -> float:
        """Effect of this sector relative to health and social protection; below 0 it does the opposite."""
        return {"health_and_protection": 1.0, "schools_and_economy": p.aid_doubtful, "roads": 0.0}[self.sector]

    def effect(self, country: Country, cells: slice | np.ndarray) -> np.ndarray:
        """Log effect on attacks by cell if everybody were covered.

        It depends on how far armed groups contest the cell and the state holds it; where neither is there, aid does not
        change attacks.
        """
        p = country.parameters
        contested = np.maximum(country.insecurity[cells], country.hold[cells])
        held = (1.0 - contested) * country.state_presence[cells]
        return self.worth(p) * (contested * p.aid_contested + held * p.aid_held)

    def apply(self, levers: Levers, country: Country) -> None:
        """Let services change attacks, draw sabotage, and relieve grievance (they never add to it)."""
        covered, p = self.carried_out(country) * self.coverage, country.parameters
        worth = self.worth(p)
        if not some(covered):
            return
        cells, in_cell = self.in_cells(country, covered)
        if self.weeks_since_start(country.clock.date(country.week)) >= SABOTAGE_FROM:
            levers.keep("attacks_on_civilians", cells, of_some(in_cell, p.programme_sabotage))
        if worth == 0.0:
            return
        levers.keep("attack_rate", cells, of_some(in_cell, self.effect(country, cells)))
        if worth > 0.0:
            levers.reach("grievance_relief", *self.in_regions(covered * worth * p.relief_rate))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Persons covered, by region."""
        return self.people_here(country.grid) * self.coverage * done

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of these persons."""
        return self.delivery(country, done) * self.cost_per_person_year / WEEKS_PER_YEAR
