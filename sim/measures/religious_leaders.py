"""Religious leaders are empowered against extremism.

In Niamey, on 14 May 2015, the ministers of the G5 Sahel agreed to prevent radicalisation together with religious
leaders; the regional cell that follows this up (CELLRAD) has worked since January 2016. More imams speak out, and some
are protected. Three things may follow, each with its own parameter. In the closest trial (Burkina Faso, Grossman,
Nomikos and Siddiqui 2022) such appeals did not change support for extremism (`appeal_effect`) but raised ethnic
intolerance (`appeal_tension`). And imams who speak out are exposed: protection averts some of the threats
(`protection_effect`), or may mark a man instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.engine.exact import exp
from sim.measures.base import Measure, Share, Steady, Xof, field, some
from sim.measures.posted import imams_in_post, imams_to_ask

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers


class ReligiousLeaders(Measure):
    """More imams speak out against violence, and some imams are protected."""

    key: ClassVar[str] = "religious_leaders"
    title: ClassVar[str] = "Religious leaders empowered against extremism (G5 Sahel)"
    delivers: ClassVar[str] = "imams speaking out"
    steady: ClassVar[Steady] = {"apply": ()}
    sources: ClassVar[tuple[str, ...]] = ("G5 Sahel 2020 (declaration of Niamey and CELLRAD)",)
    partners: ClassVar[bool] = True

    share_speaking: Share = field(
        0.1, unit="share of imams", source="assumed: no count found",
        meaning="share of the moderate imams not trained abroad who speak out against violence",
    )  # fmt: skip
    share_protected: Share = field(
        0.02, unit="share of imams", source="assumed: no count found", meaning="share of imams who have protection"
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
        """Let imams speak out, protect some of them, and let the appeals act on communities."""
        done, p = self.carried_out(country), country.parameters
        if not some(done):
            return
        speaking = done * self.share_speaking
        levers.reach("speaking_out", *self.in_regions(speaking))
        averted = done * self.share_protected * p.protection_effect
        regions, averted = self.in_regions(averted)
        levers.keep("imam_threats", regions, np.maximum(1.0 - averted, 0.0))
        cells, speaking = self.in_cells(country, speaking)
        levers.keep("communal_violence", cells, exp(p.appeal_tension * speaking))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Imams who speak out, by region."""
        return imams_to_ask(country) * self.region_mask * self.share_speaking * done

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of the imams who speak out and of those who are protected."""
        speaking = imams_to_ask(country) * self.region_mask * self.share_speaking
        protected = imams_in_post(country) * self.region_mask * self.share_protected
        return done * (speaking * self.cost_per_speaker_week + protected * self.cost_per_protected_week)
