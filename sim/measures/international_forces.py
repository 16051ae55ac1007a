"""International forces: MINUSMA, Serval, Barkhane and AFISMA.

Without this measure they are absent. With it they come and go as they did, by the table of deployments: Serval in
January 2013, AFISMA for some months of that year, MINUSMA from July 2013, Barkhane from August 2014. They guard, patrol
and search as their mandates say, like any other force. In addition, where UN troops are present in strength

    presence = 1 - exp(-UN companies in the cell / companies that give 63 %)

armed groups attack civilians less (Fjelde, Hultman and Nilsson 2019), communities fight less (Nomikos 2020, about UN
patrols in Mali; French patrols had no such effect), and abuses by the state's forces change little either way. Foreign
troops also cost support: people grow weary of them the longer they stay (the prior allows for the opposite). Whether
the UN presence turns the trend by itself is for the results to show; it is not assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from sim.engine.exact import exp
from sim.measures.base import REGIONS, Measure, OneOrMore, Xof, field, some
from sim.world import facts
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers

Mission = Literal["minusma", "serval", "barkhane", "afisma"]
UN = "minusma"
FRENCH = ("serval", "barkhane")
COMPANY = 100.0  # troops, as everywhere where effective companies are counted


class InternationalForces(Measure):
    """Foreign troops under a mandate of the UN, the African Union or France."""

    key: ClassVar[str] = "international_forces"
    title: ClassVar[str] = "International forces: MINUSMA, Serval, Barkhane, AFISMA"
    delivers: ClassVar[str] = "foreign troops present"
    by_calendar: ClassVar[bool] = True
    sources: ClassVar[tuple[str, ...]] = (
        "deployments.csv",
        "Fjelde, Hultman and Nilsson 2019 10.1017/S0020818318000346",
        "Nomikos 2020 ESOC WP20",
    )

    forces: OneOrMore[Mission] = field(
        ("minusma", "serval", "barkhane", "afisma"), unit="forces", source="choice",
        meaning="missions that come, each on its dates; the intensity says how much of them comes",
    )  # fmt: skip
    cost_per_soldier_week: Xof = field(
        810_000, unit="XOF per soldier and week",
        source="assumed: MINUSMA's budget of about 1 billion USD a year (recalled) for some 13,000 in uniform",
        meaning="cost of a soldier of MINUSMA or AFISMA",
    )  # fmt: skip
    cost_per_french_soldier_week: Xof = field(
        1_950_000, unit="XOF per soldier and week",
        source="assumed: about 700 million EUR a year (recalled) for 4,500 soldiers of Barkhane",
        meaning="cost of a soldier of Serval or Barkhane",
    )  # fmt: skip

    @property
    def deploys(self) -> tuple[str, ...]:
        """Its missions."""
        return self.forces

    def prices(self) -> np.ndarray:
        """XOF per soldier and week by force of the table, 0 for forces that do not come."""
        out = np.zeros(len(facts.force_places()))
        for key in self.forces:
            out[facts.force_places()[key]] = (
                self.cost_per_french_soldier_week if key in FRENCH else self.cost_per_soldier_week
            )
        return out

    def coming(self) -> np.ndarray:
        """Mask of its forces in the table of forces."""
        coming = np.zeros(len(facts.force_places()), np.bool_)
        coming[[facts.force_places()[key] for key in self.forces]] = True
        return coming

    def units(self, country: Country) -> np.ndarray:
        """Mask of the units of its forces that are based in its regions, now or at another time."""
        its: np.ndarray = self.coming()[country.units.force]
        return its if self.region_mask.all() else its & self.region_mask[country.grid.region[country.units.base]]

    def by_base(self, country: Country, amounts: np.ndarray) -> np.ndarray:
        """The sum of these amounts over its units that are deployed this week, by region of their base."""
        here = np.flatnonzero(self.units(country) & country.units.active(country.week))
        return np.bincount(country.grid.region[country.units.base[here]], amounts[here], len(REGIONS))

    def apply(self, levers: Levers, country: Country) -> None:
        """Deploy the forces, and let the presence of the UN and the weariness of foreign troops take effect."""
        share = self.carried_out(country)
        if not some(share):
            return
        regions, there = self.in_regions(share)
        for key in self.forces:
            levers.reach("deployed", (facts.force_places()[key], regions), there)
        from sim.population.security import Missions, on_mission  # loads the compiled loops

        p, units, even = country.parameters, country.units, isinstance(share, float)
        its = Missions(self.coming(), self.region_mask, country.grid.region, units.force, units.base, units.cell,
                       units.since, units.until, units.strength)  # fmt: skip
        companies, parts = np.zeros(len(country.grid)), np.ones(len(REGIONS)) if even else share
        un = facts.force_places()[UN]
        present, came = on_mission(country.week, un, COMPANY, parts, its, companies)
        if even:
            companies *= share
        cells = np.flatnonzero(companies)
        presence = 1.0 - exp(-companies[cells] / p.un_companies)
        levers.keep("attacks_on_civilians", cells, exp(presence * p.un_rebel))
        levers.keep("abuse_control", cells, exp(presence * p.un_state))
        levers.keep("communal_violence", cells, exp(presence * p.un_communal))

        based = np.flatnonzero(present)
        began = 0 if self.start is None else country.clock.week(self.start)
        if began > 0:  # a measure that starts on the first day continues with the troops who came before it
            came = np.maximum(came, began)
        years = (country.week - came[based]) / WEEKS_PER_YEAR
        levers.add("support", based, (share if even else share[based]) * p.foreign_support * years)

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Troops present, by region of their base."""
        return done * self.by_base(country, country.units.strength)

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of the units at full strength, complete or not."""
        return done * self.by_base(country, country.units.nominal * self.prices()[country.units.force])
