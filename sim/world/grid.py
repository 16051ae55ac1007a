"""The grid of Mali: 1,713 cells of a quarter degree in nine regions.

The regions are the nine before 2016: Ménaka is part of Gao and Taoudénit of Tombouctou. Cells are sorted by region and,
within a region, along a Hilbert curve. Cells that are close on the ground are therefore close in memory, and the cells
of a region are one slice.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.engine.exact import arcsin, cos, sin

DATA = Path(__file__).parent / "data"
COUNTRIES = {
    "MRT": "Mauritania",
    "DZA": "Algeria",
    "NER": "Niger",
    "BFA": "Burkina Faso",
    "CIV": "Côte d'Ivoire",
    "GIN": "Guinea",
    "SEN": "Senegal",
}
"""The seven neighbouring countries by their code in the grid table, in the order of `Grid.border`."""

_QUEEN_MOVES = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
_EARTH_KM = 6371.0088


class Town(NamedTuple):
    """A town: its cell, its name, and the people of the cell who live in towns (persons, 2012)."""

    cell: int
    name: str
    population: float


@dataclass(frozen=True, eq=False)
class Grid:
    """Read-only columns over the cells of Mali. The number of a cell is its row in every column."""

    lon: NDArray[np.float64]  # degrees east, cell centre
    lat: NDArray[np.float64]  # degrees north, cell centre
    row: NDArray[np.int32]  # row of the quarter-degree raster, 0 in the north
    col: NDArray[np.int32]  # column of the raster, 0 in the west
    region: NDArray[np.int8]  # 0..8, position in region_names
    cercle: list[str]  # district, one of 50
    population: NDArray[np.float64]  # persons, 2012
    urban_share: NDArray[np.float64]  # 0..1, share of the people who live in towns
    area_km2: NDArray[np.float64]  # the whole cell, including the part beyond the border
    town: list[str]  # nearest town
    town_km: NDArray[np.float64]  # km to the nearest town
    neighbours: NDArray[np.int32]  # n x 8, the cells one queen's move away, -1 where there is none
    border: NDArray[np.bool_]  # n x 7, whether the cell touches that country
    region_names: list[str]  # nine
    country_names: list[str]  # seven, in the order of `border`

    def __len__(self) -> int:
        return self.region.size

    @property
    def towns(self) -> list[Town]:
        """The cells with townspeople, the largest first. A suburb in a cell of its own counts as a town."""
        people = self.population * self.urban_share
        return [
            Town(int(c), self.town[c], float(people[c])) for c in np.argsort(-people, kind="stable") if people[c] > 0
        ]

    def cells_of_region(self, region: int) -> slice:
        """The cells of a region (0..8) as one slice of the grid."""
        first, last = np.searchsorted(self.region, [region, region + 1])
        return slice(int(first), int(last))

    def cells_of_cercle(self, name: str) -> NDArray[np.int64]:
        """The cells of a district (cercle); empty if no district has this name."""
        return self._of_cercle.get(name, np.empty(0, np.int64)).copy()

    @cached_property
    def _of_cercle(self) -> dict[str, NDArray[np.int64]]:
        names = np.array(self.cercle)
        return {name: np.flatnonzero(names == name) for name in dict.fromkeys(self.cercle)}

    def distance_km(self, a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
        """Great-circle distance in km between the centres of cells `a` and `b` (cell numbers; broadcast)."""
        a, b = np.asarray(a), np.asarray(b)
        return distance_km(self.lon[a], self.lat[a], self.lon[b], self.lat[b])


def distance_km(lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike) -> NDArray[np.float64]:
    """Great-circle distance in km between points given in degrees (haversine; broadcast)."""
    lon_a, lat_a, lon_b, lat_b = (np.asarray(x) * (np.pi / 180.0) for x in (lon_a, lat_a, lon_b, lat_b))
    north, east = sin((lat_b - lat_a) / 2), sin((lon_b - lon_a) / 2)
    half = north * north + cos(lat_a) * cos(lat_b) * (east * east)
    return 2 * _EARTH_KM * arcsin(np.sqrt(np.minimum(half, 1.0)))


@cache
def world_grid() -> Grid:
    """The grid, read once per process. Its arrays are read-only."""
    with (DATA / "regions.csv").open(encoding="utf-8", newline="") as file:
        regions = {row["region_code"]: row["name"] for row in csv.DictReader(file)}
    with (DATA / "grid.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))

    codes = list(regions)
    region = np.array([codes.index(code) for code in columns["region"]], dtype=np.int8)
    raster_row, raster_col = (np.array(columns[name], dtype=np.int32) for name in ("row", "col"))
    order = np.lexsort((_along_hilbert(raster_col, raster_row), region))

    def numbers(name: str) -> NDArray[np.float64]:
        return _frozen(np.array(columns[name], dtype=np.float64)[order])

    def words(name: str) -> list[str]:
        return [columns[name][c] for c in order]

    row, col = raster_row[order], raster_col[order]
    touches = [set(codes.split(";")) for codes in words("neighbours")]
    return Grid(
        lon=numbers("lon"),
        lat=numbers("lat"),
        row=_frozen(row),
        col=_frozen(col),
        region=_frozen(region[order]),
        cercle=words("cercle"),
        population=numbers("population"),
        urban_share=numbers("urban_share"),
        area_km2=numbers("area_km2"),
        town=words("nearest_town"),
        town_km=numbers("town_km"),
        neighbours=_frozen(_queen_neighbours(row, col)),
        border=_frozen(np.array([[code in codes for code in COUNTRIES] for codes in touches])),
        region_names=list(regions.values()),
        country_names=list(COUNTRIES.values()),
    )


def _frozen(array: NDArray) -> NDArray:
    array.flags.writeable = False
    return array


def _queen_neighbours(row: NDArray[np.int32], col: NDArray[np.int32]) -> NDArray[np.int32]:
    """The eight cells around each cell; -1 outside the country."""
    # a rim of -1 around the raster keeps every move inside it
    raster = np.full((row.max() + 3, col.max() + 3), -1, dtype=np.int32)
    raster[row + 1, col + 1] = np.arange(row.size)
    return np.stack([raster[row + 1 + down, col + 1 + right] for down, right in _QUEEN_MOVES], axis=1)


def _along_hilbert(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """The position of each point along a Hilbert curve through the smallest square that holds all points."""
    side = 1 << int(max(x.max(), y.max())).bit_length()
    place = np.zeros(x.shape, dtype=np.int64)
    step = side // 2
    while step:
        right, lower = (x & step) > 0, (y & step) > 0
        place += step * step * ((3 * right) ^ lower)
        flip = right & ~lower  # turn the quadrant so that the curve continues where it left off
        x, y = np.where(flip, side - 1 - x, x), np.where(flip, side - 1 - y, y)
        x, y = np.where(lower, x, y), np.where(lower, y, x)
        step //= 2
    return place
