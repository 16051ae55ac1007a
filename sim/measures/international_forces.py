"""International forces: MINUSMA, Serval, Barkhane and AFISMA.

Without this measure they are not there; with it they come and go as they did, by the table of deployments: Serval in
January 2013, AFISMA for some months of that year, MINUSMA from July 2013, Barkhane from August 2014. They guard,
patrol and search as their mandates say, like any force. Besides, where UN troops are present in strength

    presence = 1 - exp(-UN companies in the cell / companies that give 63 %)

armed groups attack civilians less (Fjelde, Hultman and Nilsson 2019), communities fight less (Nomikos 2020, UN patrols
in Mali; not French ones), and abuses by the state's forces change little, either way. Foreign troops also cost support:
people grow weary of them the longer they stay (the priors allow for the contrary). That the UN presence does not turn
the trend by itself is a result to look for, not an assumption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import model_validator

from sim.measures.base import REGIONS, Delivered, Measure, Plan, Several, Xof, field, wrong
from sim.world import facts
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

Mission = Literal["minusma", "serval", "barkhane", "afisma"]
UN = "minusma"
FRENCH = ("serval", "barkhane")
COMPANY = 100.0  # men, as everywhere where effective companies are counted


class InternationalForces(Measure):
    """Foreign troops under a mandate of the UN, the African Union or France."""

    key: ClassVar[str] = "international_forces"
    title: ClassVar[str] = "International forces: MINUSMA, Serval, Barkhane, AFISMA"
    delivers: ClassVar[str] = "foreign troops present"
    sources: ClassVar[tuple[str, ...]] = (
        "deployments.csv",
        "Fjelde, Hultman and Nilsson 2019 10.1017/S0020818318000346",
        "Nomikos 2020 ESOC WP20",
    )

    forces: Several[Mission] = field(
        ("minusma", "serval", "barkhane", "afisma"), unit="forces", source="choice",
        meaning="missions that come, each at its dates; how many come is the intensity",
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

    @model_validator(mode="after")
    def _has_forces(self) -> InternationalForces:
        if not self.forces:
            raise wrong("has forces without a name; to switch the measure off write enabled: false")
        return self

    @property
    def deploys(self) -> tuple[str, ...]:
        """Its missions."""
        return self.forces

    def prices(self) -> np.ndarray:
        """XOF per soldier and week by force of the table, 0 for those that do not come."""
        out = np.zeros(len(facts.force_places()))
        for key in self.forces:
            out[facts.force_places()[key]] = (
                self.cost_per_french_soldier_week if key in FRENCH else self.cost_per_soldier_week
            )
        return out

    def units(self, country: Country) -> np.ndarray:
        """Which units are of its forces and based in its regions, now or at another time."""
        coming = np.zeros(len(facts.force_places()), np.bool_)
        coming[[facts.force_places()[key] for key in self.forces]] = True
        return coming[country.units.force] & self.region_mask[country.grid.region[country.units.base]]

    def apply(self, levers: Levers, country: Country) -> None:
        """Deploy the forces; let the presence of the UN, and the weariness of foreigners, be felt."""
        share = self.carried_out(country)
        if share == 0.0:
            return
        for key in self.forces:
            levers.reach("deployed", (facts.force_places()[key], self.region_mask), share)
        p, units, region = country.parameters, country.units, country.grid.region
        its = self.units(country)
        here = its & units.active(country.week)

        un = here & (units.force == facts.force_places()[UN])
        companies = share * np.bincount(units.cell[un], units.strength[un] / COMPANY, len(country.grid))
        cells = np.flatnonzero(companies)
        presence = 1.0 - np.exp(-companies[cells] / p.un_companies)
        levers.keep("attacks_on_civilians", cells, np.exp(presence * p.un_rebel))
        levers.keep("abuse_control", cells, np.exp(presence * p.un_state))
        levers.keep("communal_violence", cells, np.exp(presence * p.un_communal))

        based = np.unique(region[units.base[here]])
        came = np.full(len(REGIONS), country.week)
        np.minimum.at(came, region[units.base[its]], units.since[its])
        began = 0 if self.start is None else country.clock.week(self.start)
        if began > 0:  # a measure of the first day goes on with those who came before it
            came = np.maximum(came, began)
        years = (country.week - came[based]) / WEEKS_PER_YEAR
        levers.add("support", based, share * p.foreign_support * years)

    def report(self, country: Country) -> Delivered:
        """Troops present by region of their base; the cost of all who are posted, complete or not."""
        units = country.units
        here = np.flatnonzero(self.units(country) & units.active(country.week))
        region, share = country.grid.region[units.base[here]], self.strength_now(country)
        return Delivered(
            self.carried_out(country) * np.bincount(region, units.strength[here], len(REGIONS)),
            share * np.bincount(region, units.nominal[here] * self.prices()[units.force[here]], len(REGIONS)),
        )

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """Troops when most are there, and the cost of all weeks, by the table of deployments."""
        weeks, price = np.arange(clock.weeks), self.prices()
        strength = np.array([self.strength(clock.date(week)) for week in range(clock.weeks)])
        troops, cost = np.zeros(clock.weeks), np.zeros(clock.weeks)
        for d in facts.deployments():
            if d.force in self.forces and self.region_mask[d.region]:
                there = (clock.week(d.start) <= weeks) & (weeks < (clock.weeks if d.end is None else clock.week(d.end)))
                troops += there * d.troops
                cost += there * d.troops * price[facts.force_places()[d.force]]
        return Plan(float((troops * strength).max()), float((cost * strength).sum()))
