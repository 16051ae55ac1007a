"""The grid: complete, in order, and in agreement with the regional table."""

import subprocess
import sys

import numpy as np
import pytest

from sim.world.facts import table
from sim.world.grid import distance_km, world_grid

GRID = world_grid()


def test_mali_has_1713_cells_in_nine_regions_and_seven_neighbours():
    assert len(GRID) == 1713
    assert len(set(GRID.cercle)) == 50
    assert GRID.region_names == [
        "Kayes", "Koulikoro", "Sikasso", "Ségou", "Mopti", "Tombouctou", "Gao", "Kidal", "Bamako",
    ]  # fmt: skip
    assert np.array_equal(np.unique(GRID.region), np.arange(9))
    assert GRID.border.shape == (1713, 7)
    assert GRID.border.any(axis=1).sum() == 209
    touched = dict(zip(GRID.country_names, GRID.border.sum(axis=0).tolist(), strict=True))
    assert touched == {
        "Mauritania": 73, "Algeria": 42, "Niger": 28, "Burkina Faso": 33, "Côte d'Ivoire": 11, "Guinea": 22,
        "Senegal": 10,
    }  # fmt: skip


def test_people_of_the_cells_add_up_to_the_region():
    for region, row in enumerate(table("regions")):
        assert GRID.population[GRID.cells_of_region(region)].sum() == row["pop_2012"]


def test_cells_of_a_region_are_one_slice():
    assert (np.diff(GRID.region) >= 0).all()
    for region in range(9):
        assert (GRID.region[GRID.cells_of_region(region)] == region).all()
    assert GRID.cells_of_region(8) == slice(1712, 1713)


def test_cells_next_in_memory_are_near_on_the_ground():
    inside = np.flatnonzero(np.diff(GRID.region) == 0)
    steps = GRID.distance_km(inside, inside + 1)
    assert np.median(steps) < 28
    row_by_row = np.lexsort((GRID.col, GRID.row, GRID.region))
    assert steps.mean() < 0.9 * GRID.distance_km(row_by_row[inside], row_by_row[inside + 1]).mean()


def test_the_curve_visits_every_square_of_a_board_by_single_steps():
    from sim.world.grid import _along_hilbert

    y, x = (axis.ravel() for axis in np.indices((32, 32)))
    place = _along_hilbert(x, y)
    assert np.array_equal(np.sort(place), np.arange(32 * 32))
    tour = np.argsort(place)
    assert (np.abs(np.diff(x[tour])) + np.abs(np.diff(y[tour])) == 1).all()


def test_neighbours_are_symmetric_and_a_queens_move_away():
    cell, move = np.nonzero(GRID.neighbours >= 0)
    other = GRID.neighbours[cell, move]
    down, right = abs(GRID.row[cell] - GRID.row[other]), abs(GRID.col[cell] - GRID.col[other])
    assert (np.maximum(down, right) == 1).all()
    pairs = set(zip(cell.tolist(), other.tolist(), strict=True))
    assert pairs == {(b, a) for a, b in pairs}
    places = {(r, c): i for i, (r, c) in enumerate(zip(GRID.row.tolist(), GRID.col.tolist(), strict=True))}
    by_hand = {
        (i, places[r + down, c + right])
        for (r, c), i in places.items()
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
        if (down, right) != (0, 0) and (r + down, c + right) in places
    }
    assert pairs == by_hand


def test_arrays_cannot_be_written_to():
    assert world_grid() is GRID
    arrays = [value for value in vars(GRID).values() if isinstance(value, np.ndarray)]
    assert len(arrays) == 11
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_distances_match_known_ones():
    # Bamako - Gao and Bamako - Kidal as the crow flies, by the spherical law of cosines
    assert distance_km(-8.0, 12.65, -0.04, 16.27) == pytest.approx(944, abs=5)
    assert distance_km(0, 0, 180, 0) == pytest.approx(np.pi * 6371.0088)
    assert GRID.distance_km(5, 5) == 0
    assert GRID.distance_km(np.arange(4)[:, None], np.arange(3)).shape == (4, 3)


def test_towns_are_the_townspeople_of_mali():
    towns = GRID.towns
    assert towns[0].name == "Bamako"
    assert [t.population for t in towns] == sorted((t.population for t in towns), reverse=True)
    assert len({t.name for t in towns}) == len(towns) == 23
    assert sum(t.population for t in towns) / GRID.population.sum() == pytest.approx(0.247, abs=0.001)


def test_reading_the_world_needs_no_heavy_library():
    code = (
        "import sys; from sim.world import facts; facts.world_grid(); facts.deployments();"
        "print([m for m in ('pandas', 'matplotlib', 'mesa', 'pyarrow') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
