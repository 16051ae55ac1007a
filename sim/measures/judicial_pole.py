"""The special judicial pole against terrorism: a prosecutor, investigating judges, and a brigade of investigators.

The law of 21 May 2013 created the pole at the court of Commune VI in Bamako. It took its first case in 2015 and was
reported to work fully only in 2017. In October of that year it had received 79 cases (12 dropped, 67 opened, 13 sent
on, about 30 people held), and had 6 judges and 50 investigators. So most cases hold nobody:

    open cases = members held and not convicted / persons held for each case

    cases it has = least of: open cases; cases a year x years a case stays open; judges x cases of one judge

Its cases end sooner, in a conviction or in a release; the others wait for the ordinary courts. Those wrongly held are
no cases of terrorism, but as large a part of them is cleared at its pace. Attacks change with the chance of conviction
(an elasticity from 28 European states, whose prior has both signs),

    attacks x (convictions now / convictions without the pole)^elasticity

and recruiters are exposed to the extent that investigators can follow the leads. Every open case and every attack of
the last quarter is a lead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.engine.exact import power
from sim.measures.base import REGIONS, Count, Measure, Number, Persons, Steady, Strength, Xof, field, of_some, some

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers

LEAD_WEEKS = 13  # an attack of the last quarter is still a lead


class JudicialPole(Measure):
    """Special prosecutors, judges and investigators take cases of terrorism."""

    key: ClassVar[str] = "judicial_pole"
    title: ClassVar[str] = "Special judicial pole against terrorism"
    delivers: ClassVar[str] = "open cases handled by the pole"
    steady: ClassVar[Steady] = {"spending": ()}
    sources: ClassVar[tuple[str, ...]] = (
        "law 2013-016 of 21 May 2013",
        "maliweb.net 2017-10 (the prosecutor's account: 79 cases)",
        "Wolfowicz et al. 2023 10.21203/rs.3.rs-2504881/v1",
    )

    cases_per_year: Count = field(
        79, unit="cases a year", source="maliweb.net 2017: received by October; at most, as the first were older",
        meaning="new cases it can take in a year",
    )  # fmt: skip
    case_years: Number = field(
        1.0, unit="years", source="assumed: of the cases that came in during 2017, a fifth had been sent on in October",
        meaning="how long a case stays open", ge=0.1, le=10,
    )  # fmt: skip
    held_per_case: Number = field(
        0.45, unit="persons per case", source="derived: about 30 held in 67 open cases (maliweb.net 2017)",
        meaning="persons held for each open case", ge=0.01, le=100,
    )  # fmt: skip
    judges: Persons = field(
        6, unit="persons", source="press of October 2017", meaning="special prosecutor and investigating judges"
    )
    cases_per_judge: Count = field(
        20, unit="cases per judge", source="assumed: with 6 judges no limit on the cases of 2017",
        meaning="open cases that one judge can handle",
    )  # fmt: skip
    investigators: Persons = field(
        50, unit="persons", source="press of October 2017", meaning="members of the special brigade"
    )
    leads_per_investigator: Count = field(
        4, unit="leads per investigator", source="assumed", meaning="leads that an investigator can follow at a time"
    )
    cost_per_judge_week: Xof = field(
        250_000, unit="XOF per judge and week", source="assumed: pay, protection, clerks",
        meaning="cost of one judge",
    )  # fmt: skip
    cost_per_investigator_week: Xof = field(
        80_000, unit="XOF per investigator and week", source="assumed: pay, travel, laboratory",
        meaning="cost of one investigator",
    )  # fmt: skip

    @property
    def capacity(self) -> float:
        """Open cases it can have."""
        return min(self.cases_per_year * self.case_years, float(self.judges * self.cases_per_judge))

    @property
    def cost_per_week(self) -> float:
        """XOF per week at full strength."""
        return self.judges * self.cost_per_judge_week + self.investigators * self.cost_per_investigator_week

    def open_cases(self, country: Country) -> np.ndarray:
        """Open cases by region: members held and not convicted, and the cases that go with them."""
        from sim.population.groups import NOBODY
        from sim.population.youth import DETAINED  # loads the compiled loops, which reading a scenario does not need

        roster = country.roster.entries()
        held = (roster.state == DETAINED) & (roster.convicted == 0) & (roster.group != NOBODY)
        return np.bincount(country.grid.region[roster.cell[held]], minlength=len(REGIONS)) / self.held_per_case

    def share_of_cases(self, open_cases: np.ndarray, done: Strength) -> Strength:
        """Share of the open cases of its regions that it handles this week; 0 if there are none."""
        cases = float(open_cases[self.region_mask].sum())
        return np.minimum(1.0, done * self.capacity / cases) if cases else 0.0

    def share_of_leads(self, country: Country, open_cases: np.ndarray) -> Strength:
        """Share of the leads of its regions that its investigators follow this week; 0 if there are none."""
        recent = country.values[max(0, country.week - LEAD_WEEKS) : country.week, :, country.names["attacks"]]
        leads = float((open_cases + recent.sum(axis=0))[self.region_mask].sum())
        followed = self.carried_out(country) * self.investigators * self.leads_per_investigator
        return np.minimum(1.0, followed / leads) if leads else 0.0

    def apply(self, levers: Levers, country: Country) -> None:
        """Take cases, let convictions deter or provoke attacks, and expose recruiters."""
        p, cases = country.parameters, self.open_cases(country)
        share, leads = self.share_of_cases(cases, self.carried_out(country)), self.share_of_leads(country, cases)
        if some(share):
            its = cases[self.region_mask].sum() if isinstance(share, float) else (cases * share).sum()
            levers.reach("pole_cases", ..., (share if isinstance(share, float) else 1.0) * float(its / cases.sum()))
            cells, share = self.in_cells(country, share)
            rise = (p.ordinary_courts * (1.0 - share) + share) / p.ordinary_courts
            levers.keep("attack_rate", cells, power(rise, p.conviction_deterrence))
        if some(leads):
            cells, leads = self.in_cells(country, leads)
            levers.keep("recruiter_exposure", cells, of_some(leads, p.investigation_exposure))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Open cases handled by the pole, by region of the arrest."""
        cases = self.open_cases(country)
        return self.share_of_cases(cases, done) * cases * self.region_mask

    def foreseen(self, country: Country, done: float) -> float:
        """The cases it can have."""
        return self.capacity * self.overall(country, done)
