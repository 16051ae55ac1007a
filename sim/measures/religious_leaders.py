"""Religious leaders are empowered against extremism.

In Niamey, on 14 May 2015, the ministers of the G5 Sahel agreed to prevent radicalisation together with religious
leaders; the regional cell that follows it up (CELLRAD) has worked since January 2016. More imams speak out, and some
are protected. Three things may follow, each with its own parameter. In the trial that is nearest (Burkina Faso,
Grossman, Nomikos and Siddiqui 2022) such appeals changed no support for extremism (`appeal_effect`) and raised ethnic
intolerance (`appeal_tension`). And who speaks out is exposed: protection averts threats as far as `protection_effect`
says, and may mark a man instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.measures.base import Delivered, Measure, Plan, Share, Xof, field, people_of
from sim.parameters import Parameters

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock


class ReligiousLeaders(Measure):
    """More imams speak out against violence, and some of the imams are protected."""

    key: ClassVar[str] = "religious_leaders"
    title: ClassVar[str] = "Religious leaders empowered against extremism (G5 Sahel)"
    delivers: ClassVar[str] = "imams speaking out"
    sources: ClassVar[tuple[str, ...]] = ("G5 Sahel 2020 (declaration of Niamey and CELLRAD)",)
    partners: ClassVar[bool] = True

    share_speaking: Share = field(
        0.1, unit="share of imams", source="assumed: no count found",
        meaning="of the moderate imams without a course abroad, those who speak out against violence",
    )  # fmt: skip
    share_protected: Share = field(
        0.02, unit="share of imams", source="assumed: no count found", meaning="imams who have protection"
    )
    cost_per_speaker_week: Xof = field(
        3_000, unit="XOF per imam and week", source="assumed: travel, meetings and air time",
        meaning="cost of one imam who speaks out",
    )  # fmt: skip
    cost_per_protected_week: Xof = field(
        25_000, unit="XOF per imam and week", source="assumed: part of a guard's pay, a telephone, a safe house",
        meaning="cost of protecting one imam",
    )  # fmt: skip

    def apply(self, levers: Levers, country: Country) -> None:
        """Let imams speak out, protect some, and let appeals do to communities what they do."""
        done, p = self.carried_out(country), country.parameters
        if done == 0.0:
            return
        speaking = done * self.share_speaking
        levers.reach("speaking_out", self.region_mask, speaking)
        averted = done * self.share_protected * p.protection_effect
        levers.keep("imam_threats", self.region_mask, max(1.0 - averted, 0.0))
        levers.keep("communal_violence", self.cells(country), np.exp(p.appeal_tension * speaking))

    def in_post(self, country: Country) -> tuple[np.ndarray, np.ndarray]:
        """Imams who preach this week, and of them those who may be asked to speak out, by region (9,).

        The latter are moderate and have had no course abroad, whose graduates do so anyway.
        """
        imams, week = country.imams, country.week
        region, here = country.grid.region[imams.cell], imams.in_post(week)
        asked = here & ~imams.trained_in_post(week) & (imams.stance < country.parameters.moderate_stance)
        return (
            np.bincount(region[here], minlength=9) * self.region_mask,
            np.bincount(region[asked], minlength=9) * self.region_mask,
        )

    def report(self, country: Country) -> Delivered:
        """Imams who speak out; what they and the protected cost."""
        strength = self.strength_now(country)
        everyone, asked = self.in_post(country)
        cost = (
            asked * self.share_speaking * self.cost_per_speaker_week
            + everyone * self.share_protected * self.cost_per_protected_week
        )
        return Delivered(asked * self.share_speaking * self.carried_out(country), strength * cost)

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """With all imams in post and none of them trained: they live where the people live."""
        people, p = people_of(grid), Parameters.default()
        imams = p.imams * (people @ self.region_mask) / people.sum()
        speaking = imams * p.moderate_stance ** (1.0 / p.imam_stance_power) * self.share_speaking
        protected = imams * self.share_protected
        per_week = speaking * self.cost_per_speaker_week + protected * self.cost_per_protected_week
        return Plan(speaking * self.intensity, self.full_weeks(clock) * per_week)
