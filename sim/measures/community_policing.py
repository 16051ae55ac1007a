"""Police and gendarmerie consult communities, respond to them, mobilise them and solve problems with them.

In Mali the idea goes back to the reform of the security sector of 2014; a framework plan of the ministry of security
"for better trust between the forces and the people" covers 2018-2021, and consultative security committees in the
communes followed by decree in January 2019. It is carried by officers who are really there:

    coverage of a region = officers taking part x people each keeps contact with / people of the region,  at most 1

so a region from which police and gendarmerie have withdrawn gets nothing. Trials in six countries (Blair et al. 2021:
516 places, 18,382 citizens) found no gain in trust, no fall in crime and patchy delivery; gains in rich countries are
taken as the prior where the forces are reformed as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.measures.base import Delivered, Measure, Persons, Plan, Share, Xof, Yes, field, of_some, people_of
from sim.measures.posted import planned, posted

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

OFFICERS = ("police", "gendarmerie")


class CommunityPolicing(Measure):
    """Officers of police and gendarmerie work with the communities around their posts."""

    key: ClassVar[str] = "community_policing"
    title: ClassVar[str] = "Community policing"
    delivers: ClassVar[str] = "officers taking part"
    sources: ClassVar[tuple[str, ...]] = (
        "decree 2019-0041/PM-RM on consultative security committees",
        "bamada.net 2020 (strategy of police de proximité)",
        "Blair et al. 2021 Science abd3446",
    )

    share_of_officers: Share = field(
        0.2, unit="share of officers", source="assumed: no count found",
        meaning="police and gendarmes who take part, of those in a region",
    )  # fmt: skip
    people_per_officer: Persons = field(
        3000, unit="persons per officer",
        source="assumed: as many as there were to one officer in Mali (Jeune Afrique 2014)",
        meaning="people with whom an officer who takes part keeps contact", ge=1,
    )  # fmt: skip
    reform: Yes = field(
        False, unit="true or false", source="choice",
        meaning="whether the forces are reformed too: complaints are heard, officers vetted and answerable",
    )  # fmt: skip
    cost_per_officer_week: Xof = field(
        15_000, unit="XOF per officer and week", source="assumed: allowance, fuel and meetings; no budget found",
        meaning="cost of an officer who takes part",
    )  # fmt: skip
    reform_cost_per_officer_week: Xof = field(
        20_000, unit="XOF per officer and week", source="assumed: vetting, training, complaints offices",
        meaning="what the reform costs on top, where there is one",
    )  # fmt: skip

    @property
    def price(self) -> float:
        """XOF per officer and week."""
        return self.cost_per_officer_week + self.reform_cost_per_officer_week * self.reform

    def officers(self, country: Country) -> np.ndarray:
        """Officers who would take part in full, by region, float64 (9,): some of those who are there."""
        return posted(country, OFFICERS).sum(axis=0) * self.share_of_officers * self.region_mask

    def coverage(self, country: Country) -> np.ndarray:
        """Share of the people of each region with whom officers keep contact, float64 (9,)."""
        reached = self.officers(country) * self.people_per_officer
        return self.carried_out(country) * np.minimum(1.0, reached / people_of(country.grid))

    def apply(self, levers: Levers, country: Country) -> None:
        """Move trust and attacks, and with a reform abuses, as far as the people are covered."""
        coverage, region, p = self.coverage(country), country.grid.region, country.parameters
        cells = np.flatnonzero(coverage[region])
        if not cells.size:
            return
        covered = coverage[region[cells]]
        levers.add("trust_goal", cells, covered * (p.policing_reform_trust if self.reform else p.policing_trust))
        levers.keep("attack_rate", cells, of_some(covered, p.policing_attacks))
        if self.reform:
            levers.keep("abuse_control", cells, of_some(covered, p.policing_abuse))

    def report(self, country: Country) -> Delivered:
        """Officers taking part, by region of their post; the cost of those who should."""
        officers = self.officers(country)
        return Delivered(self.carried_out(country) * officers, self.strength_now(country) * officers * self.price)

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """Officers when most take part, and the cost of all weeks, by the table of deployments."""
        strength = np.array([self.strength(clock.date(week)) for week in range(clock.weeks)])
        there = planned(clock, OFFICERS).sum(axis=1) @ self.region_mask
        officers = strength * there * self.share_of_officers
        return Plan(float(officers.max()), float(officers.sum()) * self.price)
