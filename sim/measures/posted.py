"""Who is posted where: the forces that carry out the measures of security, and the towns these start from.

Not a measure, but what several of them ask: a measure that police carry out reaches nobody where there are no police.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BeforeValidator

from sim.engine.errors import nearest, plain
from sim.measures.base import REGIONS, shown, wrong
from sim.world import facts
from sim.world.grid import Grid, world_grid

if TYPE_CHECKING:
    from sim.country import Country
    from sim.world.timeline import Clock


@cache
def places() -> dict[str, int]:
    """Place of each force in the table of forces, which is its place in a lever by force."""
    return {force.key: k for k, force in enumerate(facts.forces())}


def posted(country: Country, forces: Sequence[str]) -> np.ndarray:
    """Men of these forces who are there, float64 (forces, 9), by region of their base.

    While measures act these are the men of the week before: units take this week's places later in the week.
    """
    mine: np.ndarray = country.posted[[places()[key] for key in forces]]
    return mine


def planned(clock: Clock, forces: Sequence[str]) -> np.ndarray:
    """The same by the table of deployments, for every week of a run: float64 (weeks, forces, 9)."""
    men = np.zeros((clock.weeks, len(forces), len(REGIONS)))
    for d in facts.deployments():
        if d.force in forces:
            end = clock.weeks if d.end is None else max(0, clock.week(d.end))
            men[max(0, clock.week(d.start)) : end, forces.index(d.force), d.region] += d.troops
    return men


def _town(value: Any) -> str:
    towns = {plain(town.name): town.name for town in world_grid().towns}
    if not isinstance(value, str) or plain(value) not in towns:
        offer = nearest(value, towns.values()) if isinstance(value, str) else ""
        raise wrong(f"is {shown(value)}; it is one of the towns {', '.join(towns.values())}{offer}")
    return towns[plain(value)]


Town = Annotated[str, BeforeValidator(_town)]
"""A town of the grid, whatever accents and capitals it is written with."""


@cache
def town_cells(towns: tuple[str, ...]) -> np.ndarray:
    """The cells these towns lie in, int64."""
    cell = {town.name: town.cell for town in world_grid().towns}
    return np.array([cell[name] for name in towns], np.int64)


@cache
def within(grid: Grid, cells: tuple[int, ...], km: float) -> np.ndarray:
    """Mask of the cells within so many km of one of `cells`."""
    if not cells:
        return np.zeros(len(grid), bool)
    away = grid.distance_km(np.array(cells)[:, None], np.arange(len(grid)))
    near: np.ndarray = away.min(axis=0) <= km
    return near
