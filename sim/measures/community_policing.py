"""Community policing: police and gendarmes consult communities, respond to them, and solve problems together with them.

In Mali the idea goes back to the security sector reform of 2014. A framework plan of the ministry of security "for
better trust between the forces and the people" covers 2018-2021, and a decree of January 2019 created consultative
security committees in the communes. The measure is carried out by officers who are really there:

    coverage of a region = officers taking part x people each keeps contact with / people of the region,  at most 1

so a region from which police and gendarmerie have withdrawn gets nothing. Trials in six countries (Blair et al. 2021:
516 places, 18,382 citizens) found no gain in trust, no fall in crime and patchy delivery. In Liberia patrols that met
the people brought more reports to the police, and no more trust in it (Blair, Karim and Morse 2019): so people may tell
(`policing_tips`) without trusting. The prior for forces that are also reformed rests on gains found in rich countries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.measures.base import Measure, Persons, Share, Steady, Xof, Yes, field, of_some, people_of
from sim.measures.posted import posted

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers

OFFICERS = ("police", "gendarmerie")


def men(_: CommunityPolicing, country: Country) -> bytes:
    """How many police and gendarmes there are in each region."""
    return posted(country, OFFICERS).tobytes()


class CommunityPolicing(Measure):
    """Officers of the police and gendarmerie work with the communities around their posts."""

    key: ClassVar[str] = "community_policing"
    title: ClassVar[str] = "Community policing"
    delivers: ClassVar[str] = "officers taking part"
    steady: ClassVar[Steady] = {"apply": (men,), "delivery": (men,), "spending": (men,)}
    by_calendar: ClassVar[bool] = True
    sources: ClassVar[tuple[str, ...]] = (
        "decree 2019-0041/PM-RM on consultative security committees",
        "bamada.net 2020 (strategy of police de proximité)",
        "Blair et al. 2021 Science abd3446",
        "Blair, Karim and Morse 2019, American Political Science Review",
    )

    share_of_officers: Share = field(
        0.2, unit="share of officers", source="assumed: no count found",
        meaning="share of the police and gendarmes in a region who take part",
    )  # fmt: skip
    people_per_officer: Persons = field(
        3000, unit="persons per officer",
        source="assumed: the number of inhabitants per officer in Mali (Jeune Afrique 2014)",
        meaning="persons with whom an officer taking part keeps contact", ge=1,
    )  # fmt: skip
    reform: Yes = field(
        False, unit="true or false", source="choice",
        meaning="whether the forces are also reformed: complaints heard, officers vetted and held accountable",
    )  # fmt: skip
    cost_per_officer_week: Xof = field(
        15_000, unit="XOF per officer and week", source="assumed: allowance, fuel and meetings; no budget found",
        meaning="cost of an officer taking part",
    )  # fmt: skip
    reform_cost_per_officer_week: Xof = field(
        20_000, unit="XOF per officer and week", source="assumed: vetting, training, complaints offices",
        meaning="extra cost of the reform, if there is one",
    )  # fmt: skip

    @property
    def price(self) -> float:
        """XOF per officer and week."""
        return self.cost_per_officer_week + self.reform_cost_per_officer_week * self.reform

    def officers(self, country: Country) -> np.ndarray:
        """Officers who would take part at full strength, by region: a share of those who are there."""
        return posted(country, OFFICERS).sum(axis=0) * self.share_of_officers * self.region_mask

    def coverage(self, country: Country) -> np.ndarray:
        """Share of the people of each region with whom officers keep contact."""
        reached = self.officers(country) * self.people_per_officer
        return self.carried_out(country) * np.minimum(1.0, reached / people_of(country.grid))

    def apply(self, levers: Levers, country: Country) -> None:
        """Move tips, trust and attacks, and with a reform also abuses, to the extent that people are covered."""
        coverage, region, p = self.coverage(country), country.grid.region, country.parameters
        cells = np.flatnonzero(coverage[region])
        if not cells.size:
            return
        covered = coverage[region[cells]]
        levers.add("trust_goal", cells, covered * (p.policing_reform_trust if self.reform else p.policing_trust))
        levers.keep("information", cells, of_some(covered, p.policing_tips))
        levers.keep("attack_rate", cells, of_some(covered, p.policing_attacks))
        if self.reform:
            levers.keep("abuse_control", cells, of_some(covered, p.policing_abuse))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Officers taking part, by region of their post."""
        return done * self.officers(country)

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of these officers."""
        return self.delivery(country, done) * self.price
