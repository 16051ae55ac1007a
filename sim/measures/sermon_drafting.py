"""Friday sermons are drafted by the state.

Since August 2012 Mali has a ministry of religious affairs, which drafts sermons and sends them to mosques; some imams
preach what they are sent. No count of them, no budget and no study of drafted sermons was found. What a draft changes
in a sermon (`draft_shift`) and what the hand of the state costs the one who preaches it (`state_brand`) stand in the
parameter table: where listeners trust the state little, a draft can silence a good voice rather than tame a bad one.
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


class SermonDrafting(Measure):
    """The ministry drafts a sermon for every Friday and sends it to all imams in post."""

    key: ClassVar[str] = "sermon_drafting"
    title: ClassVar[str] = "Sermons drafted by the ministry of religious affairs"
    delivers: ClassVar[str] = "imams following the drafted sermon"
    sources: ClassVar[tuple[str, ...]] = ("maliweb September 2012 (creation of the ministry)",)

    share_following: Share = field(
        0.4, unit="share of imams", source="assumed: no count found; .1 to .7 are as good guesses",
        meaning="of the imams who get the draft, those who preach it",
    )  # fmt: skip
    cost_per_imam_week: Xof = field(
        500,
        unit="XOF per imam and week",
        source="assumed: a few printed pages and their way",
        meaning="cost of sending",
    )
    office_per_week: Xof = field(
        2_000_000,
        unit="XOF per week",
        source="assumed: pay of some ten people",
        meaning="cost of the office that drafts",
    )

    def apply(self, levers: Levers, country: Country) -> None:
        """Let a share of the imams preach the draft."""
        done = self.carried_out(country)
        if done > 0.0:
            levers.reach("drafted_sermons", self.region_mask, done * self.share_following)

    def in_post(self, country: Country) -> np.ndarray:
        """Imams who preach this week, by region, float64 (9,), 0 outside its regions."""
        here = country.imams.in_post(country.week)
        return np.bincount(country.grid.region[country.imams.cell[here]], minlength=9) * self.region_mask

    def report(self, country: Country) -> Delivered:
        """Imams who follow the draft; the office, and a letter to every imam in post."""
        strength, imams = self.strength_now(country), self.in_post(country)
        office = self.by_people(country, strength * self.office_per_week)
        return Delivered(
            imams * self.carried_out(country) * self.share_following,
            imams * strength * self.cost_per_imam_week + office,
        )

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """With all imams in post: they live where the people live."""
        people = people_of(grid)
        imams = Parameters.default().imams * (people @ self.region_mask) / people.sum()
        per_week = imams * self.cost_per_imam_week + self.office_per_week
        return Plan(imams * self.share_following * self.intensity, self.full_weeks(clock) * per_week)
