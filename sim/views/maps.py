"""Maps of Mali, by cell of the quarter-degree grid and by region.

`map_record` draws what a run, or the same scenario under several seeds, gave, `map_effect` what a scenario changed;
`map_cells` and `map_regions` draw any numbers by cell or region.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import BoundaryNorm, Colormap, LinearSegmentedColormap, ListedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from sim.comparison.effects import basis, headline
from sim.comparison.outcomes import in_words
from sim.engine.errors import InputError, nearest, plain
from sim.views.sheet import (
    BLUE,
    FAINT,
    FONT,
    FOOTER_SIZE,
    INK,
    PAPER,
    QUIET,
    SMALL_SIZE,
    TEXT_SIZE,
    VERMILLION,
    about,
    as_list,
    in_large_units,
    mean_over_seeds,
    new_sheet,
    number,
    over_seeds,
    sampled,
)
from sim.world.grid import DATA, Grid, world_grid

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

FEW_YOUTHS = 500
"""Cells with fewer young people than this (persons) are left grey where a value is per head: one person more
or less would change their colour. A choice of drawing, not of the model."""

CELL_DEGREES = 0.25
CLASSES = 6
SCALES = ("auto", "even", "log", "quantile")
HARM, GOOD = "YlOrBr", "YlGnBu"
"""Colour maps of C. Brewer that run from light to dark, so that they hold in grey and for the
colour-blind."""

# Where names stand on the sheet (degrees east and north): a matter of layout, chosen by eye.
_EXTENT = (-13.4, 5.6, 9.5, 25.4)
_NEIGHBOURS = {
    "Mauritania": (-9.6, 18.6),
    "Algeria": (1.6, 23.6),
    "Niger": (4.6, 14.4),
    "Burkina Faso": (-1.6, 12.7),
    "Côte d'Ivoire": (-6.2, 9.75),
    "Guinea": (-9.3, 10.2),
    "Senegal": (-12.7, 12.4),
}
_TOWNS = {  # town: side of the dot on which its name stands
    "Kayes": "right",
    "Nioro": "right",
    "Bamako": "left",
    "Ségou": "right",
    "Sikasso": "right",
    "Mopti": "right",
    "Tombouctou": "left",
    "Gao": "right",
    "Ménaka": "right",
    "Kidal": "right",
    "Tessalit": "right",
    "Taoudenni": "right",
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


# --- the three maps -----------------------------------------------------------------------------------------


def map_cells(
    values: ArrayLike,
    *,
    title: str,
    unit: str,
    subtitle: str = "",
    persons: ArrayLike | None = None,
    few: float = FEW_YOUTHS,
    scale: str = "auto",
    colours: str = HARM,
    about: Mapping[str, str] | None = None,
) -> Figure:
    """A map of Mali coloured by cell.

    Parameters
    ----------
    values : array of float
        One per cell, in the order of `sim.world.grid.world_grid`; NaN where there is none (drawn grey).
    title, unit : str
        Heading, and the unit written at the colour bar.
    subtitle : str, optional
        Line under the heading: dates, what is counted.
    persons : array of float, optional
        Persons by cell behind a value per head; cells with fewer than `few` are drawn grey.
    few : float
        See `persons`.
    scale : {"auto", "even", "log", "quantile"}
        Classes of equal width, in steps of 1-2-5, or with as many cells in each; "auto" takes "log" where the
        values are skewed.
    colours : str
        A sequential matplotlib colour map.
    about : mapping, optional
        What was run, for the footer (`sim.views.about`).

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If there is not one value per cell, or the scale is unknown.
    """
    values = np.array(values, dtype=np.float64)
    cells = len(world_grid())
    if values.shape != (cells,):
        raise InputError(f"a map by cell takes {cells} values, one per cell; these have the shape {values.shape}")
    greyed = "no data"
    if persons is not None:
        values[np.asarray(persons, dtype=np.float64) < few] = np.nan
        greyed = _too_few(few)
    figure = new_sheet(7.6, 6.6, title, subtitle, about=about)
    ax = figure.subplots()
    _paint_cells(ax, values, _classes(values, scale, colours), unit, greyed)
    return figure


def map_regions(
    values: Mapping[str, float] | ArrayLike,
    *,
    title: str,
    unit: str,
    subtitle: str = "",
    low: Mapping[str, float] | ArrayLike | None = None,
    high: Mapping[str, float] | ArrayLike | None = None,
    scale: str = "auto",
    colours: str = HARM,
    about: Mapping[str, str] | None = None,
) -> Figure:
    """A map of Mali coloured by region, with the number written in each.

    Parameters
    ----------
    values : mapping of str to float, or array of float
        By name of region, or in the order of the nine regions; regions left out are drawn grey.
    low, high : as `values`, optional
        Ends of an interval, written under each number.
    title, unit, subtitle, scale, colours, about
        As for `map_cells`.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        For an unknown region or scale, or not nine values.
    """
    mean, lower, upper = (_by_region(part) for part in (values, low, high))
    figure = new_sheet(7.6, 6.6, title, subtitle, about=about)
    ax = figure.subplots()
    _paint_regions(ax, mean, lower, upper, _classes(mean, scale, colours), unit)
    return figure


def map_record(records: Record | Iterable[Record], what: str = "joined_per_100k", *, scale: str = "auto") -> Figure:
    """What a scenario gave, by cell (left) and by region with numbers (right).

    Parameters
    ----------
    records : Record or iterable of Record
        One run, or the runs of one scenario under several seeds; the map shows the mean over seeds, and the
        numbers of the regions carry the interval in which nine seeds in ten lie.
    what : {"joined_per_100k", "insecurity", "reach", "attacks", "members"}
        What to show.
    scale : {"auto", "even", "log", "quantile"}
        As for `map_cells`.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        For an unknown `what` or `scale`, or no record.
    """
    if what not in QUANTITIES:
        raise InputError(f"there is no map of {what!r}; maps: {', '.join(QUANTITIES)}{nearest(what, QUANTITIES)}")
    quantity = QUANTITIES[what]
    runs = as_list(records)
    youth = mean_over_seeds([run.cells["youth"] for run in runs])
    cells = mean_over_seeds([quantity.by_cell(run) for run in runs])
    regions = np.array([_regional(quantity, run) for run in runs])
    mean = mean_over_seeds(regions)
    _, low, high = over_seeds(regions)
    if quantity.how == "per head":
        cells[youth < FEW_YOUTHS] = np.nan

    facts = about(runs)
    first, last = runs[0].dates[0], runs[0].dates[-1]
    spread = (
        f"one {sampled(runs)[:-1]}: no interval"
        if len(runs) == 1
        else f"mean of {len(runs)} {sampled(runs)}; in brackets 5-95\N{NO-BREAK SPACE}% of {sampled(runs)}"
    )
    figure = new_sheet(
        13.6,
        6.4,
        f"{quantity.title}: {facts['Scenario']}",
        f"{quantity.subtitle}, {first} to {last} ({spread})",
        about=facts,
    )
    left, right = figure.subplots(1, 2)
    shades = _classes(np.concatenate([cells, mean]) if quantity.how != "sum" else cells, scale, quantity.colours)
    _paint_cells(
        left,
        cells,
        shades,
        quantity.cell_unit,
        _too_few(FEW_YOUTHS) if quantity.how == "per head" else "no data",
    )
    if quantity.how == "sum":  # a region's total is no colour of a cell
        shades = _classes(mean, scale, quantity.colours)
    several = len(runs) > 1
    _paint_regions(right, mean, low if several else None, high if several else None, shades, quantity.region_unit)
    left.set_title("By cell of 0.25 degrees", size=TEXT_SIZE, color=INK, family=FONT, loc="left")
    right.set_title("By region", size=TEXT_SIZE, color=INK, family=FONT, loc="left")
    return figure


def map_effect(
    effects: pd.DataFrame, scenario: str, outcome: str, *, title: str = "", about: Mapping[str, str] | None = None
) -> Figure:
    """What a scenario changed in each region: a small map, coloured only where it has a clear sign.

    Parameters
    ----------
    effects : DataFrame
        From `sim.comparison.effects.effects`. The classes of colour are the same for all its scenarios, so that their
        maps can be laid side by side.
    scenario, outcome : str
        What to draw. Blue is the better side, orange the worse.
    title : str, optional
        Heading; by default the outcome and the scenario.
    about : mapping, optional
        What was run, for the footer (`sim.views.about`).

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the table has no such effect by region.
    """
    table = effects[(effects["outcome"] == outcome) & (effects["region"].isin(world_grid().region_names))]
    ours = table[table["scenario"] == scenario].to_dict("records")  # in the order of the nine regions
    if not ours:
        raise InputError(f"the table of effects has no {outcome!r} of {scenario!r} by region")
    middle, low, high = (np.array([headline(row)[k] for row in ours]) for k in range(3))
    told = np.where(low * high > 0, middle, np.nan)
    shades = _around_zero([headline(row)[0] for _, row in table.iterrows()], ours[0]["better"])
    words, against, what = in_words(outcome), ours[0]["baseline"], basis(table)
    subtitle = "" if title else f"Difference from {against}, whole run; {what.many}"
    notes = (
        "" if title else f"Coloured where the interval ({what.interval.partition('[')[2][:-1]}) is on one side of zero."
    )
    figure = new_sheet(5.2, 5.0, title or f"{words[:1].upper()}{words[1:]}: {scenario}", subtitle, notes, about)
    ax = figure.subplots()
    _paint_regions(ax, middle, None, None, shades, ours[0]["unit"], told=told, greyed="no clear sign")
    return figure


# --- what can be mapped -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quantity:
    """Something of a record that has a place: its words, and its value by cell."""

    title: str
    subtitle: str
    cell_unit: str
    region_unit: str
    by_cell: Callable[[Record], NDArray[np.float64]]
    how: str  # for a region the "sum" over its cells, or the "mean" over its people or "per head" of youths
    colours: str = HARM


def _per_youth(run: Record, count: str, times: float) -> NDArray[np.float64]:
    youth = run.cells["youth"]
    return np.divide(times * run.cells[count], youth, out=np.full(youth.shape, np.nan), where=youth > 0)


QUANTITIES = {
    "joined_per_100k": Quantity(
        "Youths who joined an armed group",
        "Joined per 100,000 persons aged 15-35, whole run",
        "joined per 100,000 youths",
        "joined per 100,000 youths",
        lambda run: _per_youth(run, "joined", 1e5),
        how="per head",
    ),
    "insecurity": Quantity(
        "Insecurity",
        "Felt threat, 0 (none) to 1, mean over the weeks; regions: mean over people",
        "insecurity, 0 to 1",
        "insecurity, 0 to 1",
        lambda run: run.cells["insecurity"],
        how="mean",
    ),
    "reach": Quantity(
        "Reach of the campaign clips",
        "Youths who saw at least one clip in a week, mean over all weeks of the run",
        "% of youths in a mean week",
        "% of youths in a mean week",
        lambda run: _per_youth(run, "reached_clips", 100),
        how="per head",
        colours=GOOD,
    ),
    "attacks": Quantity(
        "Attacks by armed groups",
        "Number of attacks, whole run",
        "attacks per cell",
        "attacks per region",
        lambda run: run.cells["attacks"],
        how="sum",
    ),
    "members": Quantity(
        "Members of armed groups",
        "Persons based there, mean over the weeks",
        "members per cell",
        "members per region",
        lambda run: run.cells["members"],
        how="sum",
    ),
}
"""What `map_record` can draw."""


def _regional(quantity: Quantity, run: Record) -> NDArray[np.float64]:
    """The value of the nine regions: the sum over cells, or the mean over people or youths."""
    grid = world_grid()
    region = grid.region
    weigh = {"sum": np.ones(region.size), "mean": grid.population, "per head": run.cells["youth"]}
    values, weights = quantity.by_cell(run), weigh[quantity.how]
    known = np.isfinite(values)
    total = np.bincount(region[known], (values * weights)[known], minlength=9).astype(np.float64)
    if quantity.how == "sum":
        return total
    people = np.bincount(region[known], weights[known], minlength=total.size)
    return np.divide(total, people, out=np.full(total.shape, np.nan), where=people > 0)


def _by_region(values: Mapping[str, float] | ArrayLike | None) -> NDArray[np.float64] | None:
    if values is None:
        return None
    names = world_grid().region_names
    if isinstance(values, Mapping):
        places = {plain(name): place for place, name in enumerate(names)}
        found = np.full(len(names), np.nan)
        for name, value in values.items():
            if plain(name) not in places:
                raise InputError(f"{name!r} is no region; regions: {', '.join(names)}{nearest(name, names)}")
            found[places[plain(name)]] = value
        return found
    found = np.array(values, dtype=np.float64)
    if found.shape != (len(names),):
        raise InputError(f"a map by region takes {len(names)} values; these have the shape {found.shape}")
    return found


def _too_few(few: float) -> str:
    return f"fewer than {few:,.0f} youths"


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
            rgba[values == 0] = to_rgba(PAPER)
        rgba[~np.isfinite(values)] = to_rgba(FAINT)
        return np.asarray(rgba)


def _classes(values: NDArray[np.float64] | None, scale: str, colours: str) -> Shades:
    """Classes for values, with limits that are round numbers."""
    if scale not in SCALES:
        raise InputError(f"{scale!r} is no scale; scales: {', '.join(SCALES)}{nearest(scale, SCALES)}")
    known = values[np.isfinite(values)] if values is not None else np.zeros(0)
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
        locator = MaxNLocator(CLASSES, steps=[1, 2, 2.5, 5, 10])
        limits = np.asarray(locator.tick_values(low, high if high > low else low + 1))
    zero = bool(limits[0] == 0)
    # The lightest part of the map is left out with a class for zero, so that "a little" differs from "none".
    steps = np.linspace(0.15 if zero else 0.04, 0.95, limits.size - 1)
    table = ListedColormap(matplotlib.colormaps[colours](steps))
    return Shades(BoundaryNorm(limits, limits.size - 1, clip=True), table, zero)


def _around_zero(values: ArrayLike, better: str) -> Shades:
    """Classes for differences, as many on either side of zero: blue where it is better, orange where it is worse."""
    known = np.abs(np.asarray(values, dtype=np.float64))
    most = float(np.max(known[np.isfinite(known)], initial=0.0)) or 1.0
    limits = np.asarray(MaxNLocator(CLASSES, steps=[1, 2, 2.5, 5, 10], symmetric=True).tick_values(-most, most))
    sides = [BLUE, PAPER, VERMILLION] if better == "fewer" else [VERMILLION, PAPER, BLUE]
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


def _paint_cells(ax: Axes, values: NDArray[np.float64], shades: Shades, unit: str, greyed: str) -> None:
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


def _paint_regions(
    ax: Axes,
    mean: NDArray[np.float64] | None,
    low: NDArray[np.float64] | None,
    high: NDArray[np.float64] | None,
    shades: Shades,
    unit: str,
    told: NDArray[np.float64] | None = None,
    greyed: str = "no data",
) -> None:
    """Regions with their numbers; those that are no number in `told`, where it is given, are left grey."""
    assert mean is not None
    signed = told is not None
    told = mean if told is None else told
    colours = shades.of(told)
    for place, name in enumerate(world_grid().region_names):
        ax.add_patch(PathPatch(_outlines()[name], facecolor=colours[place], edgecolor="none"))
    _surroundings(ax)
    divisor = in_large_units(mean, "")[0]
    for place, name in enumerate(world_grid().region_names):
        plus = "+" if signed and mean[place] > 0 else ""
        lines = [name, plus + number(mean[place] / divisor, 2)]
        if low is not None and high is not None and np.isfinite([low[place], high[place]]).all():
            lines.append(f"[{number(low[place] / divisor, 2)} to {number(high[place] / divisor, 2)}]")
        at = _REGION_LABELS[name]
        if name in _LED_OUT:
            box = _outlines()[name].get_extents()
            middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
            ax.annotate("", middle, at, arrowprops={"arrowstyle": "-", "color": INK, "lw": 0.8, "shrinkA": 20})
        _write(ax, *at, "\n".join(lines), size=SMALL_SIZE, ha="center", va="center")
    _colour_bar(ax, told, shades, unit, greyed)


def _surroundings(ax: Axes) -> None:
    """Borders of the regions and names of the neighbours; degrees are drawn at their true proportion."""
    for outline in _outlines().values():
        ax.add_patch(PathPatch(outline, facecolor="none", edgecolor=INK, linewidth=0.7))
    for country, (lon, lat) in _NEIGHBOURS.items():
        ax.text(
            lon, lat, country, ha="center", va="center", size=SMALL_SIZE, color=QUIET, style="italic",
            family=FONT
        )  # fmt: skip
    west, east, south, north = _EXTENT
    ax.set(xlim=(west, east), ylim=(south, north), aspect=1 / math.cos(math.radians((south + north) / 2)))
    ax.set_xlabel("degrees east", size=FOOTER_SIZE, color=QUIET, family=FONT)
    ax.set_ylabel("degrees north", size=FOOTER_SIZE, color=QUIET, family=FONT)
    ax.tick_params(labelsize=FOOTER_SIZE, colors=QUIET, length=2, labelfontfamily=FONT)
    for axis, ends in ((ax.xaxis, _EXTENT[:2]), (ax.yaxis, _EXTENT[2:])):
        axis.set_ticks(range(5 * math.ceil(ends[0] / 5), math.floor(ends[1]) + 1, 5))
    ax.spines[:].set_color(FAINT)


def _towns(ax: Axes, grid: Grid) -> None:
    for name, side in _TOWNS.items():
        cells = [cell for cell, town in enumerate(grid.town) if town == name]
        if cells:
            cell = min(cells, key=lambda c: grid.town_km[c])
            lon, lat = grid.lon[cell], grid.lat[cell]
            ax.plot(lon, lat, "o", ms=2.6, color=INK, mec=PAPER, mew=0.4)
            step = 0.22 if side == "right" else -0.22
            _write(
                ax,
                lon + step,
                lat,
                name,
                size=FOOTER_SIZE,
                ha="left" if side == "right" else "right",
                va="center",
            )


def _write(ax: Axes, x: float, y: float, text: str, *, size: float, ha: str, va: str) -> None:
    """Text that can be read on any colour: dark, with a light rim."""
    rim = [withStroke(linewidth=2.2, foreground=PAPER)]
    ax.text(x, y, text, size=size, ha=ha, va=va, color=INK, family=FONT, path_effects=rim, linespacing=1.25)


def _colour_bar(ax: Axes, values: NDArray[np.float64], shades: Shades, unit: str, greyed: str) -> None:
    assert ax.figure is not None
    bar = ax.figure.colorbar(
        ScalarMappable(shades.norm, shades.colours), ax=ax, orientation="horizontal", location="bottom",
        shrink=0.78, aspect=32, pad=0.02, spacing="uniform", ticks=list(shades.norm.boundaries),
    )  # fmt: skip
    divisor, name = in_large_units(shades.norm.boundaries, unit)
    bar.set_label(name, size=TEXT_SIZE, color=INK, family=FONT)
    bar.ax.xaxis.set_major_formatter(lambda value, _: number(value / divisor))
    bar.ax.tick_params(labelsize=SMALL_SIZE, length=2, labelfontfamily=FONT)
    bar.outline.set_edgecolor(QUIET)
    keys = []
    if shades.zero and (values == 0).any():
        keys.append(Patch(facecolor=PAPER, edgecolor=QUIET, linewidth=0.5, label="none"))
    if np.isnan(values).any():
        keys.append(Patch(facecolor=FAINT, edgecolor=QUIET, linewidth=0.5, label=greyed))
    if keys:
        ax.legend(handles=keys, loc="upper left", frameon=False, prop={"family": FONT, "size": SMALL_SIZE})
