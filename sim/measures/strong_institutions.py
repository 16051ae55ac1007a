"""Strong institutions: a programme against corruption.

This is the first pillar of the government's programme of 2013-2018. Officials are paid in full and on time, by transfer
instead of through their superiors, and their offices are inspected. Both halves count equally (assumed). No study of
such a programme in Mali was found, and trust moved little in any trial of reform: the priors are small and allow for
harm.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar

from sim.measures.base import ALL, Count, Measure, Share, Steady, Xof, field, of_some, some
from sim.world.grid import world_grid

if TYPE_CHECKING:
    import numpy as np

    from sim.country import Country
    from sim.levers import Levers


@cache
def districts_of(regions: tuple[str, ...]) -> int:
    """Number of districts in these regions."""
    grid = world_grid()
    return len({cercle for cercle, r in zip(grid.cercle, grid.region, strict=True) if grid.region_names[r] in regions})


class StrongInstitutions(Measure):
    """The officials of a district are paid by transfer and inspected, so that people are served rather than taxed."""

    key: ClassVar[str] = "strong_institutions"
    title: ClassVar[str] = "Strong institutions: a programme against corruption"
    delivers: ClassVar[str] = "persons served by inspected and regularly paid offices"
    steady: ClassVar[Steady] = ALL
    sources: ClassVar[tuple[str, ...]] = ("programme of the government, 2013-2018",)

    districts: Count = field(
        50, unit="districts", source="choice: all 50 (49 cercles and Bamako); no list of districts found",
        meaning="districts of its regions that the programme covers, at most all of them",
    )  # fmt: skip
    paid: Share = field(
        1.0, unit="share of officials", source="assumed: no figure found",
        meaning="share of the officials of these districts who are paid in full and on time, by transfer",
    )  # fmt: skip
    inspected: Share = field(
        1.0, unit="share of offices", source="assumed: no figure found",
        meaning="share of the offices of these districts that are inspected every year",
    )  # fmt: skip
    cost_per_district_week: Xof = field(
        4_000_000, unit="XOF per district and week",
        source="assumed: a team of inspectors and the upkeep of the payroll; no budget found",
        meaning="cost of one district in which everybody is paid and every office is inspected",
    )  # fmt: skip

    @property
    def depth(self) -> float:
        """How full the programme is in a district it covers, 0..1: the mean of its two halves."""
        return (self.paid + self.inspected) / 2.0

    @property
    def share(self) -> float:
        """Part of a full programme in its regions, 0..1; which districts are covered is left open, so all are alike."""
        return min(1.0, self.districts / districts_of(self.regions)) * self.depth

    @property
    def cost_per_week(self) -> float:
        """XOF per week at full strength."""
        return self.share * districts_of(self.regions) * self.cost_per_district_week

    def apply(self, levers: Levers, country: Country) -> None:
        """Raise the level to which trust returns, and reduce abuses."""
        share, p = self.carried_out(country) * self.share, country.parameters
        if not some(share):
            return
        cells, share = self.in_cells(country, share)
        levers.add("trust_goal", cells, share * p.institutions_trust)
        levers.keep("abuse_control", cells, of_some(share, p.institutions_abuse))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """People of its regions, as far as the programme covers them."""
        return done * self.share * self.people_here(country.grid)
