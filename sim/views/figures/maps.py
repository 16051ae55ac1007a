"""Maps of Mali, by cell of the quarter-degree grid and by region.

`map_record` draws what a run, or the same scenario under several seeds, gave; `map_effect` what a scenario changed;
`map_cells` and `map_regions` draw any numbers by cell or region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from sim.comparison.effects import basis, headline
from sim.engine.errors import InputError, nearest, plain
from sim.languages import colon, comma, day, digits, mark, tr
from sim.views.figures.mali import around_zero, classes, paint_cells, paint_regions
from sim.views.figures.sheet import drawn, mean_over_seeds, new_sheet, over_seeds
from sim.views.runs import about, as_list, sampled
from sim.views.words import heading, one, scenarios, small_print, unit
from sim.world.grid import world_grid

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

FEW_YOUTHS = 500
"""Cells with fewer young people than this (persons) are left grey where a value is per head: one person more
or less would change their colour. A choice of drawing, not of the model."""

HARM, GOOD = "YlOrBr", "YlGnBu"
"""Colour maps of C. Brewer that run from light to dark, so that they hold in grey and for the colour-blind."""


@drawn
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

    Raises
    ------
    InputError
        If there is not one value per cell, or the scale is unknown.
    """
    values = np.array(values, dtype=np.float64)
    cells = len(world_grid())
    if values.shape != (cells,):
        raise InputError(
            tr(
                "a map by cell needs {cells} values, one per cell; these have the shape {shape}",
                cells=cells,
                shape=values.shape,
            )
        )
    if persons is not None:
        values[np.asarray(persons, dtype=np.float64) < few] = np.nan
    figure = new_sheet(7.6, 6.6, title, subtitle, about=about)
    greyed = tr("no data") if persons is None else _too_few(few)
    paint_cells(figure.subplots(), values, classes(values, scale, colours), unit, greyed)
    return figure


@drawn
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

    Raises
    ------
    InputError
        For an unknown region or scale, or not nine values.
    """
    mean = _by_region(values)
    ends = None if low is None or high is None else (_by_region(low), _by_region(high))
    figure = new_sheet(7.6, 6.6, title, subtitle, about=about)
    paint_regions(figure.subplots(), mean, classes(mean, scale, colours), unit, ends)
    return figure


@drawn
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

    Raises
    ------
    InputError
        For an unknown `what` or `scale`, or no record.
    """
    if what not in QUANTITIES:
        raise InputError(
            tr(
                "there is no map of {what}; maps: {maps}{nearest}",
                what=repr(what),
                maps=", ".join(QUANTITIES),
                nearest=nearest(what, QUANTITIES),
            )
        )
    quantity = QUANTITIES[what]
    runs = as_list(records)
    several, over = len(runs) > 1, sampled(runs)
    cells = mean_over_seeds([quantity.by_cell(run) for run in runs])
    regions = np.array([_regional(quantity, run) for run in runs])
    mean, (_, low, high) = mean_over_seeds(regions), over_seeds(regions)
    greyed = tr("no data")
    if quantity.how == "per head":
        greyed = _too_few(FEW_YOUTHS)
        cells[mean_over_seeds([run.cells["youth"] for run in runs]) < FEW_YOUTHS] = np.nan
    together = np.concatenate([cells, mean])
    shades = [  # a region's total is not on the scale of a cell
        classes(part if quantity.how == "sum" else together, scale, quantity.colours) for part in (cells, mean)
    ]

    facts = about(runs)
    spread = tr("mean of {many} {over}; in brackets 5-95 % of {over2}", many=len(runs), over=tr(over), over2=tr(over))
    if not several:
        spread = tr("one {over}: no interval", over=one(over))
    dates = tr("{start} to {end}", start=day(runs[0].dates[0]), end=day(runs[0].dates[-1])) + f" ({spread})"
    title, subtitle = f"{tr(quantity.title)}{colon()}{facts['Scenario']}", f"{tr(quantity.subtitle)}{comma()}{dates}"
    figure = new_sheet(13.6, 6.4, title, subtitle, about=facts)
    left, right = figure.subplots(1, 2)
    paint_cells(left, cells, shades[0], tr(quantity.cell_unit), greyed)
    paint_regions(right, mean, shades[1], tr(quantity.region_unit), (low, high) if several else None)
    left.set_title(tr("By cell of 0.25 degrees"))
    right.set_title(tr("By region"))
    return figure


@drawn
def map_effect(
    effects: pd.DataFrame, scenario: str, outcome: str, *, title: str = "", about: Mapping[str, str] | None = None
) -> Figure:
    """What a scenario changed in each region: a small map, coloured only where the sign is clear.

    Parameters
    ----------
    effects : DataFrame
        From `sim.comparison.effects.effects`. All its scenarios share the classes of colour, so that their maps can
        be laid side by side.
    scenario, outcome : str
        What to draw. Blue is the better side, orange the worse.
    title : str, optional
        Heading; by default the outcome and the scenario.
    about : mapping, optional
        What was run, for the footer (`sim.views.about`).

    Raises
    ------
    InputError
        If the table has no such effect by region.
    """
    table = effects[(effects["outcome"] == outcome) & (effects["region"].isin(world_grid().region_names))]
    ours = table[table["scenario"] == scenario].to_dict("records")  # in the order of the nine regions
    if not ours:
        raise InputError(
            tr(
                "the table of effects has no {outcome} of {scenario} by region",
                outcome=repr(outcome),
                scenario=repr(scenario),
            )
        )
    middle, low, high = np.array([headline(row) for row in ours]).T
    judged = not any(row.get("too_coarse", "") for row in ours)
    shades = around_zero([headline(row)[0] for _, row in table.iterrows()], ours[0]["better"])
    what, interval = basis(table), basis(table).interval.partition("[")[2][:-1]
    subtitle = notes = ""
    if not title:
        title = f"{heading(outcome)}{colon()}{scenarios(dict.fromkeys(effects['scenario']))[scenario]}"
        subtitle = tr("Difference from {baseline}, whole run; {many}", baseline=ours[0]["baseline"], many=what.many)
        notes = tr("Coloured where the interval ({interval}) lies on one side of zero.", interval=interval)
        notes = " ".join([notes, *small_print(table[table["scenario"] == scenario])])
    figure = new_sheet(5.2, 5.0, title, subtitle, notes, about)
    paint_regions(figure.subplots(), middle, shades, unit(ours[0]["unit"]), sure=(low * high > 0) & judged)
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
        mark("Youths who joined an armed group"), mark("Joined per 100,000 persons aged 15-35, whole run"),
        mark("joined per 100,000 youths"), mark("joined per 100,000 youths"),
        lambda run: _per_youth(run, "joined", 1e5), "per head",
    ),
    "insecurity": Quantity(
        mark("Insecurity"), mark("Felt threat, 0 (none) to 1, mean over the weeks; regions: mean over people"),
        mark("insecurity, 0 to 1"), mark("insecurity, 0 to 1"), lambda run: run.cells["insecurity"], "mean",
    ),
    "reach": Quantity(
        mark("Reach of the campaign clips"),
        mark("Youths who saw at least one clip in a week, mean over all weeks of the run"),
        mark("% of youths in an average week"), mark("% of youths in an average week"),
        lambda run: _per_youth(run, "reached_clips", 100), "per head", GOOD,
    ),
    "attacks": Quantity(
        mark("Attacks by armed groups"), mark("Number of attacks, whole run"),
        mark("attacks per cell"), mark("attacks per region"), lambda run: run.cells["attacks"], "sum",
    ),
    "members": Quantity(
        mark("Members of armed groups"), mark("Members based in the place, mean over the weeks"),
        mark("members per cell"), mark("members per region"), lambda run: run.cells["members"], "sum",
    ),
}  # fmt: skip
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


def _by_region(values: Mapping[str, float] | ArrayLike) -> NDArray[np.float64]:
    names = world_grid().region_names
    if isinstance(values, Mapping):
        places = {plain(name): place for place, name in enumerate(names)}
        found = np.full(len(names), np.nan)
        for name, value in values.items():
            if plain(name) not in places:
                raise InputError(
                    tr(
                        "there is no region {name}; regions: {known}{nearest}",
                        name=repr(name),
                        known=", ".join(names),
                        nearest=nearest(name, names),
                    )
                )
            found[places[plain(name)]] = value
        return found
    found = np.array(values, dtype=np.float64)
    if found.shape != (len(names),):
        raise InputError(
            tr("a map by region needs {many} values; these have the shape {shape}", many=len(names), shape=found.shape)
        )
    return found


def _too_few(few: float) -> str:
    return tr("fewer than {few} youths", few=digits(few, ",.0f"))
