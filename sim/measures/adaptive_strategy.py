"""An adaptive strategy: efforts are re-aimed as threats move.

Without it every plan stays as it was drawn. With it a national cell looks, every quarter, where armed groups attacked
in the quarter that reports cover by then, and moves a part of the state's units, of broadcasts and of imams to these
regions, in proportion to the attacks:

    share of a region = (1 - moved) x plan + moved x attacks there / attacks in its regions

What it knows is old (reports take weeks to months) and only what is recorded; groups move too. No estimate of what
this gains was found: it is structure, and may as well chase yesterday's threat. Effort moves only to regions that have
some of its kind: there are no more units, mosques or transmitters than before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.levers import aimed
from sim.measures.base import REGIONS, Delivered, Measure, Plan, Share, Weeks, Xof, field
from sim.world import facts

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock


class AdaptiveStrategy(Measure):
    """Units, broadcasts and imams go to where attacks were, as far as the planners know by then."""

    key: ClassVar[str] = "adaptive_strategy"
    title: ClassVar[str] = "A national strategy that re-aims itself"
    delivers: ClassVar[str] = "security units moved to where the threat is"

    share_moved: Share = field(
        0.25, unit="share of the effort", source="assumed: the middle of 0 to 50 % a quarter; no figure found",
        meaning="part of units, broadcasts and imams that goes to where the threat is, in place of the plan", le=0.5,
    )  # fmt: skip
    every_weeks: Weeks = field(
        13, unit="weeks", source="choice: every quarter", meaning="from one re-aiming to the next", ge=1
    )
    over_weeks: Weeks = field(
        13, unit="weeks", source="choice: a quarter", meaning="length of the period whose attacks count", ge=1
    )
    sensing_delay_weeks: Weeks = field(
        8, unit="weeks", source="assumed: 1 to 12 months; no figure found",
        meaning="time from the end of that period to the re-aiming", ge=1,
    )  # fmt: skip
    cost_per_week: Xof = field(
        10_000_000, unit="XOF per week", source="assumed: some thirty analysts and planners; no budget found",
        meaning="cost of the cell that watches and re-aims",
    )  # fmt: skip

    def threat(self, country: Country) -> np.ndarray | None:
        """Share of each of its regions in the attacks known when this quarter began, or None while none is known."""
        weeks = self.weeks_since_start(country.clock.date(country.week))
        known = country.week - weeks % self.every_weeks - self.sensing_delay_weeks  # weeks before this one
        if known <= 0:
            return None
        attacks = country.values[max(0, known - self.over_weeks) : known, :, country.names["attacks"]].sum(axis=0)
        attacks = attacks * self.region_mask
        return attacks / attacks.sum() if attacks.any() else None

    def steer(self, levers: Levers, country: Country) -> None:
        """Say how much is moved, and where to, before the measures that are moved act."""
        share, threat = self.carried_out(country) * self.share_moved, self.threat(country)
        if share == 0.0 or threat is None:
            return
        levers.reach("shift", ..., share)
        levers.set("need", slice(None), threat)

    def apply(self, levers: Levers, country: Country) -> None:
        """It acts through the units and measures that it re-aims."""

    def report(self, country: Country) -> Delivered:
        """Units of the state that are in a region beyond its plan (counted in whole units' men); the cell's cost."""
        units = country.units
        states = facts.of_the_state()[units.force] & units.active(country.week)
        men = np.bincount(country.grid.region[units.base[states]], units.strength[states], len(REGIONS))
        gained = np.maximum(aimed(country.levers, men) - men, 0.0)
        return Delivered(
            gained / country.parameters.unit_persons,
            self.by_people(country, self.strength_now(country) * self.cost_per_week),
        )

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """The cost of all weeks; what is moved hangs on attacks that have not happened yet."""
        weeks = sum(self.strength(clock.date(week)) for week in range(clock.weeks))
        return Plan(None, weeks * self.cost_per_week)
