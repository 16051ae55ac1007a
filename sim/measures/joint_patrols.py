"""Joint patrols along the borders.

Since February 2014 the five states of the G5 Sahel (Mali, Mauritania, Niger, Burkina Faso, Chad) patrol borders
together and may follow groups across them. No study of what the patrols changed was found: the prior of their effect on
crossings is small and includes zero, and soldiers on patrol also meet civilians.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from sim.measures.base import Delivered, Measure, Number, Persons, Plan, Several, Share, Xof, field

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

Neighbour = Literal["Mauritania", "Algeria", "Niger", "Burkina Faso", "Côte d'Ivoire", "Guinea", "Senegal"]


class JointPatrols(Measure):
    """Troops patrol border cells together with a neighbour's and may follow across the border."""

    key: ClassVar[str] = "joint_patrols"
    title: ClassVar[str] = "Joint border patrols of the G5 Sahel"
    delivers: ClassVar[str] = "patrols in the week"

    countries: Several[Neighbour] = field(
        ("Mauritania", "Niger", "Burkina Faso"), unit="countries", source="G5 Sahel members that border Mali",
        meaning="neighbours who take part",
    )  # fmt: skip
    patrols: Number = field(
        10, unit="patrols", source="assumed: no count of patrols found", meaning="patrols out at a time", ge=0, le=1000
    )
    persons_per_patrol: Persons = field(
        120, unit="persons", source="assumed: about a company", meaning="strength of one patrol", ge=1
    )
    pursuit: Share = field(
        0.2, unit="share", source="assumed: right of pursuit over some tens of km",
        meaning="share of a neighbour's sanctuary that is open to pursuit"
    )  # fmt: skip
    threat_led: Share = field(
        0.5,
        unit="share",
        source="assumed",
        meaning="share of patrols sent where insecurity is high; the rest spread evenly",
    )
    cost_per_patrol_week: Xof = field(
        18_000_000, unit="XOF per patrol and week", source="assumed: allowances, fuel and upkeep of a company",
        meaning="cost of one patrol for a week",
    )  # fmt: skip

    def border_cells(self, grid: Grid) -> np.ndarray:
        """Cells of the chosen regions that touch a country taking part."""
        columns = [grid.country_names.index(name) for name in self.countries]
        return np.flatnonzero(grid.border[:, columns].any(axis=1) & self.region_mask[grid.region])

    def sent(self, country: Country) -> tuple[np.ndarray, np.ndarray]:
        """Border cells, and the patrols in each this week (a patrol moves about: shares of it count)."""
        cells = self.border_cells(country.grid)
        total = self.patrols * self.strength(country.clock.date(country.week))
        if not cells.size or total == 0.0:
            return cells, np.zeros(cells.size)
        threat = country.insecurity[cells]
        led = threat / threat.sum() if threat.sum() > 0.0 else np.full(cells.size, 1.0 / cells.size)
        return cells, total * (self.threat_led * led + (1.0 - self.threat_led) / cells.size)

    def apply(self, levers: Levers, country: Country) -> None:
        """Put troops into border cells, hinder crossings there, open part of the sanctuaries."""
        strength = self.strength(country.clock.date(country.week))
        cells, patrols = self.sent(country)
        if strength == 0.0 or not cells.size:
            return
        levers.add("joint_patrol_troops", cells, patrols * self.persons_per_patrol)
        levers.keep("crossing", cells, np.exp(-country.parameters.border_effect * np.minimum(patrols, 1.0)))
        columns = [country.grid.country_names.index(name) for name in self.countries]
        levers.reach("pursuit", columns, strength * self.pursuit)

    def report(self, country: Country) -> Delivered:
        """Patrols out this week and what they cost."""
        patrols = country.levers.joint_patrol_troops / max(self.persons_per_patrol, 1)  # where they were sent
        by_region = np.bincount(country.grid.region, patrols, 9)
        return Delivered(by_region, by_region * self.cost_per_patrol_week)

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """Patrols at full strength, and all their weeks."""
        if not self.border_cells(grid).size:
            return Plan(0.0, 0.0)
        weeks = sum(self.strength(clock.date(week)) for week in range(clock.weeks))
        return Plan(self.patrols * self.intensity, self.patrols * weeks * self.cost_per_patrol_week)
