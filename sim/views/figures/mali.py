"""Mali drawn: its cells, regions, towns and neighbours, with classes of colour and their colour bar."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import BoundaryNorm, Colormap, LinearSegmentedColormap, ListedColormap, to_rgba
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from sim.engine.errors import InputError, nearest
from sim.languages import mark, rightwards, tr
from sim.views.figures import sheet
from sim.views.figures.sheet import shown
from sim.views.words import in_large_units
from sim.world.grid import DATA, Grid, world_grid

CELL_DEGREES = 0.25
CLASSES = 6
SCALES = ("auto", "even", "log", "quantile")
STEPS = [1, 2, 2.5, 5, 10]  # round numbers

# Where names stand on the sheet (degrees east and north): a matter of layout, chosen by eye.
_EXTENT = (-13.4, 5.6, 9.5, 25.4)
_NEIGHBOURS = {
    mark("Mauritania"): (-9.6, 18.6),
    mark("Algeria"): (1.6, 23.6),
    mark("Niger"): (4.6, 14.4),
    mark("Burkina Faso"): (-1.6, 12.7),
    mark("Côte d'Ivoire"): (-6.2, 9.75),
    mark("Guinea"): (-9.3, 10.2),
    mark("Senegal"): (-12.7, 12.4),
}
_TOWNS = {  # side of the dot on which the name of a town stands
    "left": ("Bamako", "Tombouctou"),
    "right": ("Kayes", "Nioro", "Ségou", "Sikasso", "Mopti", "Gao", "Ménaka", "Kidal", "Tessalit", "Taoudenni"),
}
_REGION_LABELS = {  # region: where its name stands, outside with a line where it is too small to hold it
    "Kayes": (-10.5, 13.8),
    "Koulikoro": (-7.75, 14.8),
    "Sikasso": (-6.6, 11.3),
    "Ségou": (-5.25, 13.5),
    "Mopti": (-3.25, 14.9),
    "Tombouctou": (-3.3, 20.2),
    "Gao": (0.9, 16.3),
    "Kidal": (1.2, 19.3),
    "Bamako": (-11.9, 10.9),
}
_LED_OUT = ("Bamako",)


# --- classes of colour --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shades:
    """Classes of colour: their limits, which are written at the colour bar."""

    norm: BoundaryNorm
    colours: Colormap
    zero: bool  # whether exact zeros have a class of their own, left white

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Colours (n x 4, red green blue alpha) of values."""
        rgba = self.colours(self.norm(np.ma.masked_invalid(values)))
        if self.zero:
            rgba[values == 0] = to_rgba(sheet.PAPER)
        rgba[~np.isfinite(values)] = to_rgba(sheet.FAINT)
        return np.asarray(rgba)


def classes(values: NDArray[np.float64], scale: str, colours: str) -> Shades:
    """Classes for values, with limits that are round numbers."""
    if scale not in SCALES:
        raise InputError(
            tr(
                "there is no scale {scale}; scales: {scales}{nearest}",
                scale=repr(scale),
                scales=", ".join(SCALES),
                nearest=nearest(scale, SCALES),
            )
        )
    known = values[np.isfinite(values)]
    positive = known[known > 0]
    if known.size and known.min() >= 0 and positive.size:
        # Skewed: in classes of equal width the lowest would hold half of what is above zero.
        skewed = np.median(positive) < positive.max() / CLASSES * 1.5
        kind = ("log" if skewed else "even") if scale == "auto" else scale
    else:
        kind = "even"
    if kind == "log":
        limits = _one_two_five(*np.quantile(positive, (0.2, 1)))
        limits[0] = 0  # the lowest class is all that is left above zero
    elif kind == "quantile":
        inner = [float(f"{x:.2g}") for x in np.quantile(positive, np.linspace(0, 1, CLASSES + 1)[1:-1])]
        limits = np.unique([0.0, *inner, positive.max()])
    else:
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        low = min(low, 0.0) if low == high or low >= 0 else low
        locator = MaxNLocator(CLASSES, steps=STEPS)
        limits = np.asarray(locator.tick_values(low, high if high > low else low + 1))
    zero = bool(limits[0] == 0)
    # The lightest part of the map is left out with a class for zero, so that "a little" differs from "none".
    steps = np.linspace(0.15 if zero else 0.04, 0.95, limits.size - 1)
    table = ListedColormap(matplotlib.colormaps[colours](steps))
    return Shades(BoundaryNorm(limits, limits.size - 1, clip=True), table, zero)


def around_zero(values: ArrayLike, better: str) -> Shades:
    """Classes for differences, as many on either side of zero: blue where it is better, orange where it is worse."""
    known = np.abs(np.asarray(values, dtype=np.float64))
    most = float(np.max(known[np.isfinite(known)], initial=0.0)) or 1.0
    limits = np.asarray(MaxNLocator(CLASSES, steps=STEPS, symmetric=True).tick_values(-most, most))
    sides = (
        [sheet.BLUE, sheet.PAPER, sheet.VERMILLION]
        if better == "fewer"
        else [sheet.VERMILLION, sheet.PAPER, sheet.BLUE]
    )
    blend = LinearSegmentedColormap.from_list("around zero", sides)
    return Shades(BoundaryNorm(limits, limits.size - 1, clip=True), blend.resampled(limits.size - 1), zero=False)


def _one_two_five(low: float, high: float) -> NDArray[np.float64]:
    """Limits 1, 2, 5, 10, ... around [low, high]; coarser ones where that makes too many classes."""
    tens = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for figures in ((1, 2, 5), (1, 3), (1,)):
        limits = np.array([figure * 10.0**ten for ten in tens for figure in figures])
        first, last = np.searchsorted(limits, low, "right") - 1, np.searchsorted(limits, high)
        limits = limits[min(first, last - 1) : last + 1]
        if limits.size <= CLASSES + 2:
            break
    return limits[-(CLASSES + 2) :]


# --- drawing ------------------------------------------------------------------------------------------------


@cache
def _outlines() -> dict[str, Outline]:
    """The borders of the regions, by name, in degrees."""
    collection = json.loads((DATA / "regions.geojson").read_text(encoding="utf-8"))
    outlines = {}
    for feature in collection["features"]:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        rings = [Outline(np.array(ring), closed=True) for polygon in polygons for ring in polygon]
        outlines[feature["properties"]["name"]] = Outline.make_compound_path(*rings)
    return outlines


def paint_cells(ax: Axes, values: NDArray[np.float64], shades: Shades, unit: str, greyed: str) -> None:
    grid = world_grid()
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * CELL_DEGREES / 2
    centres = np.stack([grid.lon, grid.lat], axis=1)[:, None, :]
    colours, rim = shades.of(values), grid.border.any(axis=1)
    country = Outline.make_compound_path(*_outlines().values())
    # Cells at the border are first drawn larger, so that slivers of land without a cell take the colour of a
    # neighbour; edges in the colour of the face close the hairlines between squares.
    for squares, shade in (((centres + 3 * corners)[rim], colours[rim]), (centres + corners, colours)):
        cells = PolyCollection(list(squares), facecolors=shade, edgecolors=shade, linewidths=0.3)
        ax.add_collection(cells)
        cells.set_clip_path(country, ax.transData)
    _surroundings(ax)
    _towns(ax, grid)
    _colour_bar(ax, values, shades, unit, greyed)


def paint_regions(
    ax: Axes,
    mean: NDArray[np.float64],
    shades: Shades,
    unit: str,
    ends: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
    sure: NDArray[np.bool_] | None = None,
) -> None:
    """Regions with their numbers, and the ends of intervals below them.

    With `sure` the numbers are differences, and regions of which it is false are left grey.
    """
    coloured = mean if sure is None else np.where(sure, mean, np.nan)
    for name, colour in zip(world_grid().region_names, shades.of(coloured), strict=True):
        ax.add_patch(PathPatch(_outlines()[name], facecolor=colour, edgecolor="none"))
    _surroundings(ax)
    divisor = in_large_units(mean, "")[0]
    for place, name in enumerate(world_grid().region_names):
        known = np.isfinite(mean[place])
        lines = [name, shown(mean[place] / divisor, sure is not None, 2) if known else tr("no data")]
        if ends is not None and np.isfinite([ends[0][place], ends[1][place]]).all():
            low, high = (shown(end[place] / divisor, figures=2) for end in ends)
            lines.append(tr("[{low} to {high}]", low=low, high=high))
        at = _REGION_LABELS[name]
        if name in _LED_OUT:
            box = _outlines()[name].get_extents()
            middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
            ax.annotate("", middle, at, arrowprops={"arrowstyle": "-", "color": sheet.INK, "lw": 0.8, "shrinkA": 20})
        _write(ax, *at, "\n".join(lines), sheet.SMALL_SIZE)
    _colour_bar(ax, coloured, shades, unit, tr("no data") if sure is None else tr("no clear sign"))


def _surroundings(ax: Axes) -> None:
    """Borders of the regions and names of the neighbours; degrees are drawn at their true proportion."""
    for outline in _outlines().values():
        ax.add_patch(PathPatch(outline, facecolor="none", edgecolor=sheet.INK, linewidth=0.7))
    for country, (lon, lat) in _NEIGHBOURS.items():
        ax.text(
            lon,
            lat,
            tr(country),
            ha="center",
            va="center",
            size=sheet.SMALL_SIZE,
            color=sheet.QUIET,
            style="normal" if rightwards() else "italic",
        )
    west, east, south, north = _EXTENT
    ax.set(xlim=(west, east), ylim=(south, north), aspect=1 / math.cos(math.radians((south + north) / 2)))
    ax.set_xlabel(tr("degrees east"), size=sheet.FOOTER_SIZE, color=sheet.QUIET)
    ax.set_ylabel(tr("degrees north"), size=sheet.FOOTER_SIZE, color=sheet.QUIET)
    ax.tick_params(labelsize=sheet.FOOTER_SIZE, colors=sheet.QUIET, length=2)
    for axis, ends in ((ax.xaxis, _EXTENT[:2]), (ax.yaxis, _EXTENT[2:])):
        axis.set_ticks(range(5 * math.ceil(ends[0] / 5), math.floor(ends[1]) + 1, 5))
    ax.spines[:].set(color=sheet.FAINT, visible=True)


def _towns(ax: Axes, grid: Grid) -> None:
    for name, side in ((name, side) for side, names in _TOWNS.items() for name in names):
        cells = [cell for cell, town in enumerate(grid.town) if town == name]
        if cells:
            cell = min(cells, key=lambda c: grid.town_km[c])
            lon, lat = grid.lon[cell], grid.lat[cell]
            ax.plot(lon, lat, "o", ms=2.6, color=sheet.INK, mec=sheet.PAPER, mew=0.4)
            step, align = (0.22, "left") if side == "right" else (-0.22, "right")
            _write(ax, lon + step, lat, name, sheet.FOOTER_SIZE, align)


def _write(ax: Axes, x: float, y: float, text: str, size: float, align: str = "center") -> None:
    """Text that can be read on any colour: dark, with a light rim."""
    rim = [withStroke(linewidth=2.2, foreground=sheet.PAPER)]
    ax.text(x, y, text, size=size, ha=align, va="center", path_effects=rim, linespacing=1.25)


def _colour_bar(ax: Axes, values: NDArray[np.float64], shades: Shades, unit: str, greyed: str) -> None:
    assert ax.figure is not None
    bar = ax.figure.colorbar(
        ScalarMappable(shades.norm, shades.colours), ax=ax, orientation="horizontal", location="bottom",
        shrink=0.78, aspect=32, pad=0.02, spacing="uniform", ticks=list(shades.norm.boundaries),
    )  # fmt: skip
    divisor, name = in_large_units(shades.norm.boundaries, unit)
    bar.set_label(name, size=sheet.TEXT_SIZE)
    bar.ax.xaxis.set_major_formatter(lambda value, _: shown(value / divisor))
    bar.ax.tick_params(length=2)
    bar.outline.set_edgecolor(sheet.QUIET)
    keys = []
    if shades.zero and (values == 0).any():
        keys.append(Patch(facecolor=sheet.PAPER, edgecolor=sheet.QUIET, linewidth=0.5, label=tr("none")))
    if np.isnan(values).any():
        keys.append(Patch(facecolor=sheet.FAINT, edgecolor=sheet.QUIET, linewidth=0.5, label=greyed))
    if keys:
        ax.legend(handles=keys, loc="upper left")
