"""Who is where: the forces and imams that carry out measures, and the towns that some measures start from.

This is not a measure but what several of them need to know: a measure that police carry out reaches nobody where there
are no police.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BeforeValidator

from sim.engine.errors import nearest, plain
from sim.measures.planning import PlannedCountry, planned
from sim.measures.regions import people_of
from sim.measures.settings import shown, wrong
from sim.world.facts import force_places as places
from sim.world.grid import Grid, world_grid

if TYPE_CHECKING:
    from sim.country import Country

__all__ = [
    "Town",
    "imams_by_region",
    "imams_in_post",
    "imams_to_ask",
    "places",
    "planned",
    "posted",
    "town_cells",
    "where_posted",
    "within",
]


def posted(country: Country, forces: Sequence[str]) -> np.ndarray:
    """Troops of these forces by region of their base, float64 (forces, regions).

    While measures act, these are the troops of the week before: units take up this week's posts later in the week.
    """
    troops: np.ndarray = country.posted[[places()[key] for key in forces]]
    return troops


def where_posted(_: Any, country: Country) -> bytes:
    """In which regions each force has any troops, for what hangs on that alone."""
    return (country.posted > 0.0).tobytes()


def imams_in_post(country: Country | PlannedCountry) -> np.ndarray:
    """Imams who preach this week, by region. Before a run all of them do, and they live where the people live."""
    if isinstance(country, PlannedCountry):
        people = people_of(country.grid)
        return country.parameters.imams * people / people.sum()
    from sim.population.imams import count_in_post  # loads the compiled loops, which reading a scenario does not need

    imams, starts = country.imams, country.places.imam_first
    counts: np.ndarray = country.routine.counted(
        "in post", lambda: count_in_post(country.week, starts, imams.training, imams.away_until)
    )
    return counts


def imams_to_ask(country: Country | PlannedCountry) -> np.ndarray:
    """Imams in post who can be asked to speak out, by region: moderate ones, as imams trained abroad do so anyway."""
    p = country.parameters
    if isinstance(country, PlannedCountry):
        # A plan is no result of a run, so the last bit may differ, and nothing is compiled for it.
        return imams_in_post(country) * p.moderate_stance ** (1.0 / p.imam_stance_power)
    from sim.population.imams import count_moderate

    imams, starts = country.imams, country.places.imam_first
    counts: np.ndarray = country.routine.counted(
        "to ask",
        lambda: count_moderate(country.week, p.moderate_stance, starts, imams.stance, imams.training, imams.away_until),
    )
    return counts


def imams_by_region(country: Country, imams: np.ndarray) -> np.ndarray:
    """How many imams are chosen in each region; imams stand in the order of cells, and cells in that of regions."""
    starts = country.places.imam_first.tolist()
    return np.array([np.count_nonzero(imams[first:last]) for first, last in pairwise(starts)])


def named_town(value: Any, towns: Sequence[str], what: str) -> str:
    """The one of `towns` that is meant, however its accents and capitals are written; `what` says what they are."""
    by_name = {plain(town): town for town in towns}
    if not isinstance(value, str) or plain(value) not in by_name:
        offer = nearest(value, towns) if isinstance(value, str) else ""
        raise wrong(f"is {shown(value)}; {what} {', '.join(towns)}{offer}")
    return by_name[plain(value)]


def _town(value: Any) -> str:
    return named_town(value, [town.name for town in world_grid().towns], "it must be one of the towns")


Town = Annotated[str, BeforeValidator(_town)]
"""A town of the grid, however its accents and capitals are written."""


@cache
def town_cells(towns: tuple[str, ...]) -> np.ndarray:
    """The cells of these towns, int64."""
    cell = {town.name: town.cell for town in world_grid().towns}
    return np.array([cell[name] for name in towns], np.int64)


@cache
def within(grid: Grid, cells: tuple[int, ...], km: float) -> np.ndarray:
    """Mask of the cells that lie within so many km of one of `cells`."""
    if not cells:
        return np.zeros(len(grid), bool)
    away = grid.distance_km(np.array(cells)[:, None], np.arange(len(grid)))
    near: np.ndarray = away.min(axis=0) <= km
    return near
