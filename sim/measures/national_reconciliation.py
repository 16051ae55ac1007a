"""National reconciliation: dialogues between communities.

This is a pillar of the government's programme of 2013-2018, with a commission for truth, justice and reconciliation
since 2014 and teams in the regions. A dialogue brings together the elders, the young, and the herders and farmers of a
commune, and ends in an agreement on land, water and passage. No evaluation in Mali was found. The prior of the effect
on communal violence is small and allows for harm; the effect on grievance is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.measures.base import ALL, Measure, Number, Steady, Xof, field, of_some, some
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    import numpy as np

    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid


class NationalReconciliation(Measure):
    """Dialogues are held in communes, and what people have suffered is heard and redressed."""

    key: ClassVar[str] = "national_reconciliation"
    title: ClassVar[str] = "National reconciliation: dialogues between communities"
    delivers: ClassVar[str] = "dialogues held in the week"
    steady: ClassVar[Steady] = ALL
    sources: ClassVar[tuple[str, ...]] = ("programme of the government, 2013-2018",)

    dialogues_per_year: Number = field(
        700, unit="dialogues per year", source="assumed: about one in each of the 703 communes; no count found",
        meaning="dialogues planned, spread over its regions by their people", ge=0, le=1e6,
    )  # fmt: skip
    people_per_dialogue: Number = field(
        23_000, unit="persons", source="derived: 16.3 million people (2012) in 703 communes, one a year in each",
        meaning="number of persons for whom one dialogue a year is a full programme", ge=100, le=1e8,
    )  # fmt: skip
    cost_per_dialogue: Xof = field(
        2_500_000, unit="XOF per dialogue",
        source="assumed: travel, meals and mediators for some days; no budget found",
        meaning="cost of one dialogue and its follow-up",
    )  # fmt: skip

    def share(self, grid: Grid) -> float:
        """Part of a full programme in its regions, 0..1."""
        people = float(grid.population[self.region_mask[grid.region]].sum())
        return min(1.0, self.dialogues_per_year * self.people_per_dialogue / people)

    def apply(self, levers: Levers, country: Country) -> None:
        """Change the violence between communities, and relieve some grievance."""
        share, p = self.carried_out(country) * self.share(country.grid), country.parameters
        if not some(share):
            return
        cells, in_cell = self.in_cells(country, share)
        levers.keep("communal_violence", cells, of_some(in_cell, p.reconciliation_tension))
        levers.reach("grievance_relief", *self.in_regions(share * p.relief_rate))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Dialogues of the week, by region."""
        return done * self.by_people(country, self.dialogues_per_year / WEEKS_PER_YEAR)

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of these dialogues."""
        return self.delivery(country, done) * self.cost_per_dialogue
