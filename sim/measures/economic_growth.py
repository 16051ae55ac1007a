"""Livelihoods for youths.

The fifth of the six axes of the government's programme; in 2013 its president had promised 200,000 jobs in five years.
What the evidence says hangs on what is given. Training with capital lowered the interest in fighting (Blattman and
Annan 2016, Liberia: `job_full`) and turned people to the government (Lyall, Zhou and Imai 2020, Kandahar:
`job_support`); training alone did nothing (`job_training_only`); cash alone pleased for some months and then turned
against the giver (`cash_early`, `cash_late`). Unemployment as such explains no violence. Places are offered where
people live, three quarters of those offered one take it (`job_takeup`), and what was given acts for a time
(`job_weeks`), also after the measure has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from sim.measures.base import (
    Delivered,
    Measure,
    Persons,
    Plan,
    Xof,
    choice,
    field,
    of_some,
)
from sim.parameters import Parameters
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock


class EconomicGrowth(Measure):
    """Places are offered to youths every week: training with capital, training alone, or cash alone."""

    key: ClassVar[str] = "economic_growth"
    title: ClassVar[str] = "Livelihoods for youths"
    delivers: ClassVar[str] = "youths who take up a place in the week"
    sources: ClassVar[tuple[str, ...]] = (
        "maliactu and afribone, December 2013 (programme of the government)",
        "maliweb September 2017 and TV5 Monde (jobs promised and counted)",
    )
    partners: ClassVar[bool] = True

    mode: Literal["training_and_capital", "training", "cash"] = choice(
        "training_and_capital", "name", "what a place is: training_and_capital, training or cash"
    )
    places_per_year: Persons = field(
        40_000, unit="places per year", source="promise of 200,000 jobs in five years (2013); contracts found: 36,000",
        meaning="places offered in a year",
    )  # fmt: skip
    cost_per_place: Xof = field(
        701_250, unit="XOF per place", source="Blattman and Annan 2016: 1,275 USD a person, at 550 XOF per USD",
        meaning="cost of one place offered with training and capital; training alone or cash may cost less",
    )  # fmt: skip

    def placed_now(self, country: Country) -> np.ndarray:
        """Youths who take up a place this week, by region: no more than are left without one."""
        p = country.parameters
        taking = (
            self.by_people(country, self.places_per_year / WEEKS_PER_YEAR) * self.carried_out(country) * p.job_takeup
        )
        placed = self.delivered_before(country, p.job_weeks - 1.0)
        return np.minimum(taking, np.maximum(self.youths(country) - placed, 0.0))

    def share_placed(self, country: Country, weeks: float) -> np.ndarray:
        """Share of the youths of each region who took up a place in the last `weeks` weeks, this one among them."""
        youths = self.youths(country)
        placed = self.placed_now(country) + self.delivered_before(country, weeks - 1.0)
        return np.divide(placed, youths, out=np.zeros(9), where=youths > 0.0)

    def apply(self, levers: Levers, country: Country) -> None:
        """Let those who were given something think and do what those in the studies did."""
        p = country.parameters
        share = self.share_placed(country, p.job_weeks)
        if not share.any():
            return
        if self.mode == "cash":
            early = self.share_placed(country, min(p.cash_turn_weeks, p.job_weeks))
            levers.add("support", slice(None), early * p.cash_early + (share - early) * p.cash_late)
            return
        cells = self.cells(country)
        in_cell = share[country.grid.region[cells]]
        if self.mode == "training":
            levers.keep("joining", cells, of_some(in_cell, p.job_training_only))
        else:
            levers.keep("joining", cells, of_some(in_cell, p.job_full))
            levers.add("support", slice(None), share * p.job_support)

    def report(self, country: Country) -> Delivered:
        """Youths who take up a place this week, and what all places offered cost."""
        cost = self.strength_now(country) * self.places_per_year / WEEKS_PER_YEAR * self.cost_per_place
        return Delivered(self.placed_now(country), self.by_people(country, cost))

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """Places taken up in a week, as long as there are youths without one, and the cost of all places."""
        offered = self.places_per_year / WEEKS_PER_YEAR
        taken = offered * self.intensity * Parameters.default().job_takeup
        return Plan(taken, self.full_weeks(clock) * offered * self.cost_per_place)
