"""An adaptive strategy: efforts follow the threat as it moves.

Without this measure every plan stays as it was made. With it, a national cell looks every quarter at where armed groups
attacked in the latest quarter for which reports have come in. It moves part of the state's security units, broadcasts
and imams to those regions, in proportion to the attacks:

    share of a region = (1 - moved) x plan + moved x attacks there / attacks in its regions

Its information is incomplete and weeks to months old, and groups move too. No estimate of what such a strategy gains
was found. The gain follows from the model alone, and the strategy may end up chasing yesterday's threat. Effort moves
only to regions that already have some of its kind: the measure creates no new units, mosques or transmitters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.levers import aimed
from sim.measures.base import REGIONS, Measure, Share, Steady, Weeks, Xof, field, some
from sim.world import facts

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers


class AdaptiveStrategy(Measure):
    """Security units, broadcasts and imams go where attacks have been reported."""

    key: ClassVar[str] = "adaptive_strategy"
    title: ClassVar[str] = "Adaptive national strategy"
    delivers: ClassVar[str] = "security units moved to where the threat is"
    steady: ClassVar[Steady] = {"apply": (), "spending": ()}

    share_moved: Share = field(
        0.25, unit="share of the effort", source="assumed: the middle of 0 to 50 % a quarter; no figure found",
        meaning="part of security units, broadcasts and imams that follows the threat instead of the plan", le=0.5,
    )  # fmt: skip
    every_weeks: Weeks = field(
        13, unit="weeks", source="choice: every quarter", meaning="time between two reviews of the strategy", ge=1
    )
    over_weeks: Weeks = field(
        13, unit="weeks", source="choice: a quarter", meaning="length of the period whose attacks count", ge=1
    )
    sensing_delay_weeks: Weeks = field(
        8, unit="weeks", source="assumed: 1 to 12 months; no figure found",
        meaning="time from the end of that period to the review", ge=1,
    )  # fmt: skip
    cost_per_week: Xof = field(
        10_000_000, unit="XOF per week", source="assumed: some thirty analysts and planners; no budget found",
        meaning="cost of the national cell",
    )  # fmt: skip

    def threat(self, country: Country) -> np.ndarray | None:
        """Each region's share of the attacks known at the latest review, or None if no attack is known."""
        weeks = self.weeks_since_start(country.clock.date(country.week))
        known = country.week - weeks % self.every_weeks - self.sensing_delay_weeks  # the week before which all is known
        if known <= 0:
            return None
        attacks = country.values[max(0, known - self.over_weeks) : known, :, country.names["attacks"]].sum(axis=0)
        attacks = attacks * self.region_mask
        return attacks / attacks.sum() if attacks.any() else None

    def steer(self, levers: Levers, country: Country) -> None:
        """Set how much effort is moved, and where to, before the other measures act."""
        share, threat = self.carried_out(country) * self.share_moved, self.threat(country)
        if threat is None or not some(share):
            return
        if not isinstance(share, float):  # what would be moved to a region is moved as far as the strategy acts there
            threat = threat * share
            share = float(threat.sum())
            if share == 0.0:
                return
            threat /= share
        levers.reach("shift", ..., share)
        levers.set("need", slice(None), threat)

    def apply(self, levers: Levers, country: Country) -> None:
        """It acts only through the units and measures whose effort it moves."""

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """State units that a region has beyond its plan, in complete units; the levers say how much is moved."""
        units = country.units
        states = facts.of_the_state()[units.force] & units.active(country.week)
        men = np.bincount(country.grid.region[units.base[states]], units.strength[states], len(REGIONS))
        return np.maximum(aimed(country.levers, men) - men, 0.0) / country.parameters.unit_persons

    def foreseen(self, country: Country, done: float) -> None:
        """What is moved depends on attacks that have not happened yet."""
