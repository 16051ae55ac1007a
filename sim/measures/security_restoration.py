"""Security and the state restored: administration and services return to the places they left.

This is the second pillar of the government's programme of 2013-2018. Prefects, judges, teachers and nurses are sent
back with an allowance, housing and escorts. Posts that are paid for are not all filled: officials stay to the extent
that the state is present where they work, and leave where armed groups attack them. More officials also mean more
targets; this follows from the rules of violence and is not a setting. No figure on the speed or the cost of their
return was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.engine.exact import exp
from sim.measures.base import REGIONS, Count, Measure, Number, Regions, Steady, Xof, field, some

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid


class SecurityRestoration(Measure):
    """Officials are sent back to the centre and the north, faster and in larger numbers than before."""

    key: ClassVar[str] = "security_restoration"
    title: ClassVar[str] = "Return of administration and services"
    delivers: ClassVar[str] = "persons served by officials who would not be there"
    steady: ClassVar[Steady] = {"apply": (), "spending": ()}
    sources: ClassVar[tuple[str, ...]] = ("programme of the government, 2013-2018",)

    regions: Regions = field(
        ["Ségou", "Mopti", "Tombouctou", "Gao", "Kidal"], unit="names",
        source="the regions that officials have left since 2012",
        meaning="where it acts: 'all' or a list of regions",
    )  # fmt: skip
    posts: Count = field(
        5_000, unit="posts", source="assumed: no plan of posts found",
        meaning="posts of officials that are paid and equipped, spread over its regions by their people",
    )  # fmt: skip
    full_posts_per_10000: Number = field(
        8.0, unit="posts per 10,000 persons", source="assumed: about one civil servant of Mali in seven (recalled)",
        meaning="posts that make a full programme; fewer are part of one", ge=0.1, le=1000,
    )  # fmt: skip
    cost_per_post_week: Xof = field(
        60_000, unit="XOF per post and week", source="assumed: salary, hardship allowance, housing and escort",
        meaning="cost of one post, filled or not",
    )  # fmt: skip

    def share(self, grid: Grid) -> float:
        """Part of a full programme in its regions, 0..1."""
        people = float(grid.population[self.region_mask[grid.region]].sum())
        return min(1.0, self.posts / (self.full_posts_per_10000 * people / 10_000))

    def apply(self, levers: Levers, country: Country) -> None:
        """Let the state return faster, and to a higher level than before."""
        share, p = self.carried_out(country) * self.share(country.grid), country.parameters
        if not some(share):
            return
        cells, share = self.in_cells(country, share)
        levers.keep("state_return", cells, exp(share * p.restoration_return))
        levers.reach("state_goal", cells, share * p.restoration_goal)

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """People for whom the state is present because of the measure: not what would be there anyway."""
        grid, added = country.grid, country.state_presence - country.state_alone
        served = np.bincount(grid.region, grid.population * np.maximum(added, 0.0), len(REGIONS))
        acting: np.ndarray = (np.asarray(done) > 0.0) * self.region_mask
        return served * acting

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of all posts."""
        return done * self.by_people(country, float(self.posts)) * self.cost_per_post_week

    def foreseen(self, country: Country, done: float) -> None:
        """Only a run can say where the state would have come back by itself."""
