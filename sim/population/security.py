"""Security units: their columns, and how deployments of the forces become units at bases."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from sim.engine.kernels import loop
from sim.engine.luck import decision, lucks, seed_key
from sim.world.grid import Grid

BASE = decision("where a unit is based")

GUARD, PATROL, RESPONSE = range(3)
MODES = ("static guard", "patrol", "response")


@dataclass(slots=True)
class Units:
    """One entry per unit and deployment."""

    force: np.ndarray  # int32, place in the force table
    nominal: np.ndarray  # float64, persons when complete
    strength: np.ndarray  # float64, persons now
    base: np.ndarray  # int32, cell
    cell: np.ndarray  # int32, where it is this week
    mode: np.ndarray  # uint8, place in MODES
    since: np.ndarray  # int32, week in which it is deployed
    until: np.ndarray  # int32, first week after the deployment
    effectiveness: np.ndarray  # float64, per person, 1 for a French company
    abuse_factor: np.ndarray  # float64, abuses per operation, 1 for the Malian army
    patrol_share: np.ndarray  # float64 0..1, chance to patrol in a week
    present: np.ndarray  # float64, part of it that is there this week: 0 if withheld, above 1 if reinforced

    def copy(self) -> Units:
        """An independent copy."""
        return Units(*(getattr(self, f.name).copy() for f in fields(self)))

    def active(self, week: int) -> np.ndarray:
        """Which units are deployed this week."""
        return (self.since <= week) & (week < self.until)

    def there(self, week: int) -> np.ndarray:
        """Which units are deployed this week and not withheld."""
        return self.active(week) & (self.present > 0.0)


class Missions(NamedTuple):
    """Columns of units, and which of them belong to the missions of a measure."""

    coming: np.ndarray  # by force, whether it comes
    here: np.ndarray  # by region, whether the measure acts there
    region: np.ndarray  # by cell
    force: np.ndarray
    base: np.ndarray
    cell: np.ndarray
    since: np.ndarray
    until: np.ndarray
    strength: np.ndarray


@loop
def on_mission(week, counted, company, share, units, companies):
    """Add up the companies of one force (`counted`) by cell, a `share` by region of each that is deployed.

    Returns by region whether any unit of a mission is deployed there, and the first week in which one was.
    """
    based, came = np.zeros(units.here.size, np.bool_), np.full(units.here.size, week, np.int64)
    for u in range(units.force.size):
        r = units.region[units.base[u]]
        if units.coming[units.force[u]] and units.here[r]:
            came[r] = min(came[r], units.since[u])
            if units.since[u] <= week < units.until[u]:
                based[r] = True
                if units.force[u] == counted:
                    companies[units.cell[u]] += units.strength[u] / company * share[r]
    return based, came


@dataclass(frozen=True, slots=True)
class Deployment:
    """Troops of a force in a region, or at the base of one cercle, over some weeks."""

    force: int
    region: int
    cercle: str | None
    since: int
    until: int
    troops: float


def muster(
    grid: Grid,
    deployments: list[Deployment],
    traits: np.ndarray,
    unit_persons: float,
    rural_weight: float,
    world_seed: int,
) -> Units:
    """Divide deployments into units of about `unit_persons` and give each a base, mostly where townspeople live.

    The k-th unit of a force in a region keeps its base from one deployment to the next.

    Parameters
    ----------
    traits : np.ndarray
        Forces x (effectiveness, abuse factor, patrol share).
    rural_weight : float
        Weight of rural people when bases are placed, 1 for townspeople.
    """
    seed = seed_key(world_seed)
    columns: list[tuple] = []
    for d in deployments:
        cells = grid.cells_of_cercle(d.cercle) if d.cercle else np.arange(len(grid))[grid.cells_of_region(d.region)]
        townspeople = grid.population[cells] * (grid.urban_share[cells] + rural_weight)
        ladder = np.cumsum(townspeople) / townspeople.sum()
        count = max(1, round(d.troops / unit_persons))
        place = (d.force * 16 + d.region) * 4096 + np.arange(count)
        bases = cells[np.searchsorted(ladder, lucks(BASE, seed, 0, place))]
        columns += [(d.force, d.troops / count, base, d.since, d.until) for base in bases]
    force, nominal, base, since, until = np.array(columns, np.float64).reshape(-1, 5).T
    force = force.astype(np.int32)
    return Units(
        force=force,
        nominal=nominal,
        strength=nominal.copy(),
        base=base.astype(np.int32),
        cell=base.astype(np.int32).copy(),
        mode=np.zeros(force.size, np.uint8),
        since=since.astype(np.int32),
        until=until.astype(np.int32),
        effectiveness=traits[force, 0].copy(),
        abuse_factor=traits[force, 1].copy(),
        patrol_share=traits[force, 2].copy(),
        present=np.zeros(force.size),
    )
