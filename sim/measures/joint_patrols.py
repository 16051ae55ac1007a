"""Joint patrols along the borders.

Since February 2014 the five states of the G5 Sahel (Mali, Mauritania, Niger, Burkina Faso, Chad) patrol borders
together and may follow armed groups across them. The part of the patrols that is led by threat goes where insecurity is
high, and an adaptive strategy moves patrols between regions. One evaluation was found: across the edge of the zone of
the joint force, 50 km from the borders, conflict was less intense inside (Richard and Vanden Eynde 2023, regression
discontinuity); a summary adds that abuses rose. So there are fewer attacks in the zone as far as the force is out
(`zone_attacks`), and abuses follow from the soldiers who are there (`joint_patrol_abuse`). The prior of the effect on
crossings is small and includes zero, and members who are stopped may cross elsewhere.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from sim.engine.exact import exp
from sim.levers import aimed
from sim.measures.base import REGIONS, Count, Measure, Number, Persons, Several, Share, Xof, field, of_some, some
from sim.measures.posted import within
from sim.measures.regions import mask_of

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid

Neighbour = Literal["Mauritania", "Algeria", "Niger", "Burkina Faso", "Côte d'Ivoire", "Guinea", "Senegal"]


class JointPatrols(Measure):
    """Malian troops and those of a neighbour patrol border cells together, and may follow groups across the border."""

    key: ClassVar[str] = "joint_patrols"
    title: ClassVar[str] = "Joint border patrols of the G5 Sahel"
    delivers: ClassVar[str] = "patrols in the week"
    sources: ClassVar[tuple[str, ...]] = (
        "G5 Sahel, founded 2014-02-16",
        "Richard and Vanden Eynde 2023, CEPR DP18674",
        "Mali-Metre 2019 (distrust of the joint force)",
    )
    partners: ClassVar[bool] = True

    countries: Several[Neighbour] = field(
        ("Mauritania", "Niger", "Burkina Faso"), unit="countries", source="G5 Sahel members that border Mali",
        meaning="neighbours taking part",
    )  # fmt: skip
    patrols: Count = field(
        10, unit="patrols", source="assumed: no count of patrols found", meaning="patrols out at a time", ge=0, le=1000
    )
    full_force: Number = field(
        10, unit="patrols", source="assumed: the force as it was evaluated", ge=1, le=1000,
        meaning="patrols that make up the joint force; fewer have part of its effect in the zone",
    )  # fmt: skip
    zone_km: Number = field(
        50, unit="km", source="Richard and Vanden Eynde 2023: the zone of the joint force",
        meaning="depth of the zone along the borders", ge=0, le=500,
    )  # fmt: skip
    cells_watched: Number = field(
        4, unit="cells", source="assumed: about a hundred km of border",
        meaning="border cells that a patrol watches in a week", ge=0.1, le=100,
    )  # fmt: skip
    persons_per_patrol: Persons = field(
        120, unit="persons", source="assumed: about a company", meaning="strength of one patrol", ge=1
    )
    pursuit: Share = field(
        0.2, unit="share", source="assumed: right of pursuit over some tens of km",
        meaning="share of a neighbour's sanctuary that is open to pursuit"
    )  # fmt: skip
    threat_led: Share = field(
        0.5, unit="share", source="assumed",
        meaning="share of patrols sent where insecurity is high; the rest are spread evenly",
    )  # fmt: skip
    cost_per_patrol_week: Xof = field(
        18_000_000, unit="XOF per patrol and week", source="assumed: allowances, fuel and upkeep of a company",
        meaning="cost of one patrol for a week",
    )  # fmt: skip

    def border_cells(self, grid: Grid) -> np.ndarray:
        """Cells of its regions that touch a country taking part."""
        return _border_cells(grid, tuple(self.countries), self.regions)

    def zone(self, grid: Grid) -> np.ndarray:
        """Cells of its regions in the zone along the borders."""
        return _zone(grid, tuple(self.countries), self.regions, self.zone_km)

    def spread(self, country: Country) -> tuple[np.ndarray, np.ndarray]:
        """Border cells, and the share of the patrols in each this week (patrols move about, so fractions count)."""
        cells = self.border_cells(country.grid)
        if not cells.size:
            return cells, np.zeros(0)
        threat = country.insecurity[cells]
        led = threat / threat.sum() if threat.sum() > 0.0 else np.full(cells.size, 1.0 / cells.size)
        shares = self.threat_led * led + (1.0 - self.threat_led) / cells.size
        region = country.grid.region[cells]
        by_region = np.bincount(region, shares, len(REGIONS))
        moved = aimed(country.levers, by_region)
        if moved is not by_region:
            shares *= np.divide(moved, by_region, out=np.ones_like(moved), where=by_region > 0.0)[region]
        return cells, shares

    def apply(self, levers: Levers, country: Country) -> None:
        """Put troops along the border, hinder crossings and attacks there, and open part of the sanctuaries."""
        done, p = self.carried_out(country), country.parameters
        cells, shares = self.spread(country)
        if not cells.size or not some(done):
            return
        even = isinstance(done, float)
        patrols = (done if even else done[country.grid.region[cells]]) * self.patrols * shares
        levers.add("joint_patrol_troops", cells, patrols * self.persons_per_patrol)
        levers.keep("crossing", cells, exp(-p.border_effect * np.minimum(patrols * self.cells_watched, 1.0)))
        zone, force = self.zone(country.grid), min(1.0, self.patrols / self.full_force)
        inside = done * force if even else done[country.grid.region[zone]] * force
        levers.keep("attack_rate", zone, of_some(inside, p.zone_attacks))
        columns = [country.grid.country_names.index(name) for name in self.countries]
        out = done if even else float(patrols.sum()) / self.patrols if self.patrols else 0.0
        levers.reach("pursuit", columns, out * self.pursuit)

    def by_region(self, country: Country) -> np.ndarray:
        """Share of the patrols in each region: where they were sent or, if none was out, along the border."""
        grid, out = country.grid, np.bincount(country.grid.region, country.levers.joint_patrol_troops, len(REGIONS))
        if not out.any():
            out = np.bincount(grid.region[self.border_cells(grid)], minlength=len(REGIONS)).astype(np.float64)
        elif not isinstance(self.full, float):  # only part of what falls to a region was sent there
            sent = self.carried_out(country) * self.patrols * self.persons_per_patrol
            return np.divide(out, sent, out=np.zeros(len(REGIONS)), where=sent > 0.0)
        return out / out.sum() if out.any() else out

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Patrols out this week."""
        return done * self.patrols * self.by_region(country)

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of these patrols."""
        return done * self.patrols * self.cost_per_patrol_week * self.by_region(country)


@cache
def _border_cells(grid: Grid, countries: tuple[str, ...], regions: tuple[str, ...]) -> np.ndarray:
    columns = [grid.country_names.index(name) for name in countries]
    cells = np.flatnonzero(grid.border[:, columns].any(axis=1) & mask_of(regions)[grid.region])
    cells.setflags(write=False)
    return cells


@cache
def _zone(grid: Grid, countries: tuple[str, ...], regions: tuple[str, ...], km: float) -> np.ndarray:
    near = within(grid, tuple(_border_cells(grid, countries, regions).tolist()), km)
    cells = np.flatnonzero(near & mask_of(regions)[grid.region])
    cells.setflags(write=False)
    return cells
