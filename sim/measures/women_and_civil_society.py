"""Women and civil society take part in prevention.

The framework of the G5 Sahel gives women and civil society a role. Groups of them warn the families they know and
support them: contacts with recruiters lapse, and members whose families hold on to them give up. Nobody has measured
how much. Young people in Nigeria who resisted recruitment had heard messages from their families (Mercy Corps 2016),
which gives the sign. Elsewhere, agreements that women also signed were implemented further (Krause, Krause and Branfors
2018, a correlation); in Mali women hardly had a seat. The United Nations counted 23,000 persons in over 80 small
projects of this kind in the Sahel and the Maghreb and found no single answer (UNICRI 2020), so even a full measure
reaches few. But those who worry come to the groups first: a family with somebody in contact with recruiters, or among
their members, is so many times more likely to be reached than another (`family_referral`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.engine.exact import power
from sim.measures.base import ALL, Count, Measure, Number, Steady, Xof, Yes, choice, field, of_some, some

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid


class WomenAndCivilSociety(Measure):
    """Groups of women and civil society are supported; they warn and support families."""

    key: ClassVar[str] = "women_and_civil_society"
    title: ClassVar[str] = "Women and civil society in prevention (G5 Sahel)"
    delivers: ClassVar[str] = "youths in families reached"
    steady: ClassVar[Steady] = ALL
    sources: ClassVar[tuple[str, ...]] = ("UNICRI 2020", "G5 Sahel 2020 (national branches of CELLRAD)")
    partners: ClassVar[bool] = True

    groups: Count = field(
        400, unit="groups", source="assumed: eight in each of the fifty cercles", meaning="groups that are supported"
    )
    families_per_group: Count = field(
        48, unit="families", source="derived: 23,000 people in 80 projects (UNICRI 2020), six to a family",
        meaning="families that one group reaches",
    )  # fmt: skip
    persons_per_family: Number = field(
        6.0, unit="persons", source="assumed: about a household", meaning="persons in a family", ge=1, le=30
    )
    at_the_table: Yes = choice(
        True, "true or false", "whether women help to follow up the peace agreement, wherever the groups work"
    )
    cost_per_group_week: Xof = field(
        60_000, unit="XOF per group and week", source="assumed: an allowance, transport and meetings",
        meaning="cost of supporting one group",
    )  # fmt: skip

    def share_reached(self, grid: Grid) -> float:
        """Share of the families of its regions that all groups together reach; groups work where people live."""
        reach = self.groups * self.families_per_group * self.persons_per_family
        return min(1.0, reach / self.people_here(grid).sum())

    def steer(self, levers: Levers, country: Country) -> None:
        """Speed up the agreement. A seat at the table is not work that partners do twice."""
        if not self.at_the_table:
            return
        p = country.parameters
        seated = self.overall(country, self.strength_now(country)) * p.fidelity_women_and_civil_society
        if seated > 0.0:
            levers.keep("implementation", ..., power(p.women_implementation, seated))

    def apply(self, levers: Levers, country: Country) -> None:
        """Warn families, and support the families of members."""
        done, p = self.carried_out(country), country.parameters
        if some(done):
            worried = np.minimum(1.0, done * self.share_reached(country.grid) * p.family_referral)
            cells, reached = self.in_cells(country, float(worried) if isinstance(done, float) else worried)
            levers.keep("contact_lapse", cells, of_some(reached, p.family_lapse))
            levers.keep("giving_up", cells, of_some(reached, p.family_exit))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Youths in the families reached, by region."""
        return self.youths(country) * (done * self.share_reached(country.grid))

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of the groups, spread over its regions by their people."""
        return self.by_people(country, done * self.groups * self.cost_per_group_week)
