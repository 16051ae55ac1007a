"""Livelihoods for youths.

This is the fifth of the six axes of the government's programme; in 2013 the president had promised 200,000 jobs in five
years. What the evidence says depends on what is given. Training with capital lowered the interest in fighting (Blattman
and Annan 2016, Liberia: `job_full`) and turned people towards the government (Lyall, Zhou and Imai 2020, Kandahar:
`job_support`). What they did, after fourteen months, includes what came of their support, which is not counted again.
In the first months jobs may turn people the other way (Kimou et al. 2019, Cote d'Ivoire: less trust in strangers, and
only later more in colleagues and family: `job_early`). Training alone did nothing (`job_training_only`). Cash alone won
sympathy for some months and then turned people against the giver (`cash_early`, `cash_late`). Unemployment as such
explains no violence. Places are offered where people live, three quarters of those who are offered one take it
(`job_takeup`), and what they receive acts for a time (`job_weeks`), even after the measure has ended. Visible
programmes of the state also draw sabotage: in Niger, attacks on villages rose in the second year (Premand and Rohner
2024: `programme_sabotage`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from sim.measures.base import REGIONS, Measure, Persons, Steady, Xof, beside_attitude, choice, field, of_some
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers

SABOTAGE_FROM = 52  # weeks: the events came in the second year of the programme


class EconomicGrowth(Measure):
    """Every week youths are offered places: training with capital, training alone, or cash alone."""

    key: ClassVar[str] = "economic_growth"
    title: ClassVar[str] = "Livelihoods for youths"
    delivers: ClassVar[str] = "youths who take up a place in the week"
    steady: ClassVar[Steady] = {"spending": ()}
    sources: ClassVar[tuple[str, ...]] = (
        "maliactu and afribone, December 2013 (programme of the government)",
        "maliweb September 2017 and TV5 Monde (jobs promised and counted)",
    )
    partners: ClassVar[bool] = True

    mode: Literal["training_and_capital", "training", "cash"] = choice(
        "training_and_capital", "name", "what a place offers: training_and_capital, training or cash"
    )
    places_per_year: Persons = field(
        40_000, unit="places per year", source="promise of 200,000 jobs in five years (2013); contracts found: 36,000",
        meaning="places offered in a year",
    )  # fmt: skip
    cost_per_place: Xof = field(
        701_250, unit="XOF per place", source="Blattman and Annan 2016: 1,275 USD a person, at 550 XOF per USD",
        meaning="cost of offering one place with training and capital; training or cash alone may cost less",
    )  # fmt: skip

    def share_placed(self, country: Country, weeks: float, now: np.ndarray | None = None) -> np.ndarray:
        """Share of the youths of each region who took up a place in the last `weeks` weeks, including this one.

        `now` are those of this week, if they are known.
        """
        if now is None:
            now = self.delivery(country, self.carried_out(country))
        youths = self.all_youths(country)
        placed = now + self.delivered_before(country, weeks - 1.0)
        return np.divide(placed, youths, out=np.zeros(len(REGIONS)), where=youths > 0.0)

    def apply(self, levers: Levers, country: Country) -> None:
        """Give those who were placed the attitudes and behaviour that the studies found."""
        p = country.parameters
        now = self.delivery(country, self.carried_out(country))
        share = self.share_placed(country, p.job_weeks, now)
        if not share.any():
            return
        late = self.weeks_since_start(country.clock.date(country.week)) >= SABOTAGE_FROM
        cells, in_cell = self.in_cells(country, share)
        if late:
            levers.keep("attacks_on_civilians", cells, of_some(in_cell, p.programme_sabotage))
        if self.mode == "cash":
            early = self.share_placed(country, min(p.cash_turn_weeks, p.job_weeks), now)
            levers.add("support", slice(None), early * p.cash_early + (share - early) * p.cash_late)
            return
        if self.mode == "training":
            levers.keep("joining", cells, of_some(in_cell, p.job_training_only))
        else:
            early = self.share_placed(country, min(p.job_turn_weeks, p.job_weeks), now)
            levers.add("support", slice(None), early * p.job_early + (share - early) * p.job_support)
            later = np.maximum(share - early, 0.0)
            if not later.any():
                return
            cells, in_cell = self.in_cells(country, later)
            levers.keep("joining", cells, of_some(in_cell, beside_attitude(p.job_full, p.job_support, p)))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Youths who take up a place, by region: at most as many as still have none."""
        p = country.parameters
        taking = self.by_people(country, self.places_per_year / WEEKS_PER_YEAR) * done * p.job_takeup
        placed = self.delivered_before(country, p.job_weeks - 1.0)
        return np.minimum(taking, np.maximum(self.youths(country) - placed, 0.0))

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of all places offered, taken up or not."""
        return self.by_people(country, done * self.places_per_year / WEEKS_PER_YEAR * self.cost_per_place)
