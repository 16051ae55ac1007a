"""The regions of Mali, in the order of every array by region."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.errors import plain
from sim.world.facts import table

if TYPE_CHECKING:
    from sim.world.grid import Grid

REGIONS: tuple[str, ...] = tuple(row["name"] for row in table("regions"))
"""The regions as they were in 2012, in the order of every array by region."""

NATION = "Mali"

LATER_REGIONS = {"Ménaka": "Gao", "Taoudénit": "Tombouctou"}
"""Regions created in 2016, and the regions they were carved from. The data keep the regions of 2012."""

OTHER_SPELLINGS = {"Timbuktu": "Tombouctou", "Taoudenni": "Tombouctou"}

REGION_OF = {plain(name): name for name in REGIONS} | {
    plain(name): region for name, region in (LATER_REGIONS | OTHER_SPELLINGS).items()
}
"""The region that a name stands for; the names are written as `plain` writes them."""


@cache
def people_of(grid: Grid) -> np.ndarray:
    """The number of people in each region, float64; read-only."""
    people = np.bincount(grid.region, grid.population, len(REGIONS))
    people.setflags(write=False)
    return people


@cache
def mask_of(regions: tuple[str, ...]) -> np.ndarray:
    """Which of `REGIONS` are among `regions`, bool; read-only."""
    mask = np.array([region in regions for region in REGIONS])
    mask.setflags(write=False)
    return mask


@cache
def living_in(grid: Grid, regions: tuple[str, ...]) -> tuple[np.ndarray, float]:
    """The number of people in each of these regions, float64 (read-only), 0 elsewhere, and their sum."""
    people = people_of(grid) * mask_of(regions)
    people.setflags(write=False)
    return people, people.sum()


@cache
def cells_of(grid: Grid, regions: tuple[str, ...]) -> Any:
    """The cells of these regions, as an index into arrays by cell (a slice for all regions); read-only."""
    mask = mask_of(regions)
    if mask.all():
        return slice(None)
    cells = np.flatnonzero(mask[grid.region])
    cells.setflags(write=False)
    return cells
