"""What a sweep found: a heat map of two paths, a line of one, and bars of what matters.

Each is one call that returns a matplotlib `Figure`; `sweep_figures` draws those that suit the design.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from sim.comparison.effects import basis, headline
from sim.comparison.outcomes import OUTCOMES
from sim.engine.errors import InputError, nearest
from sim.languages import tr
from sim.sweeps.sensitivity import SCREENED, sensitivity
from sim.views import words
from sim.views.figures import sheet
from sim.views.figures.costs import plot_cost_effect
from sim.views.figures.sheet import better_side, drawn, new_sheet, numbered, shown
from sim.views.runs import about_sweep
from sim.views.words import capital, heading, in_large_units

if TYPE_CHECKING:
    import pandas as pd

    from sim.sweeps.sweep import Axis, Swept

WRITTEN_OUT = 150  # cells of a heat map in which numbers still have room
MOST_BARS = 20  # paths in a figure of bars; the others matter less
BETTER_WORSE = LinearSegmentedColormap.from_list("better_worse", [sheet.BLUE, "#f7f7f7", sheet.VERMILLION])
AMOUNT = LinearSegmentedColormap.from_list("amount", ["#f7f7f7", sheet.SKY, sheet.BLUE, "#00263d"])


def sweep_figures(swept: Swept) -> dict[str, Figure]:
    """The figures that suit the design of a sweep, by the name of their file."""
    plan, found = swept.plan, {}
    several = [axis for axis in plan.axes if len(set(swept.points[axis.path].map(str))) > 1]
    effects = [name for name in plan.outcomes if name != "cost"]
    for name in plan.outcomes:
        if plan.design.method == "grid" and len(several) == 2:
            found[f"heat_map_{name}"] = heat_map(swept, name)
        elif plan.design.method in ("grid", "list") and len(several) == 1:
            found[f"line_{name}"] = plot_line(swept, name)
        elif plan.design.method == "one-at-a-time":
            found[f"tornado_{name}"] = tornado(swept, name)
        elif plan.design.method in SCREENED:
            found[f"indices_{name}"] = plot_indices(sensitivity(swept, name), about=about_sweep(swept))
    if plan.baseline is not None and "cost" in plan.outcomes and len(plan.points) > 1:
        for name in effects:
            found[f"cost_{name}"] = plot_cost_effect(swept.summary(), name, about=about_sweep(swept))
    return found


# --- one and two paths ---------------------------------------------------------------------------------------


@drawn
def heat_map(swept: Swept, outcome: str, x: str | None = None, y: str | None = None) -> Figure:
    """An outcome over two paths of a grid, averaged over all others.

    Differences from a baseline are blue where they are better and vermillion where they are worse; those whose interval
    includes zero stand in brackets.

    Parameters
    ----------
    swept : Swept
    outcome : str
    x, y : str, optional
        Paths; left out, the first two that have more than one value.
    """
    swept.check(outcome)
    across, up = _two(swept, x, y)
    columns, rows = _ticks(swept, across), _ticks(swept, up)
    middle = np.full((len(rows), len(columns)), np.nan)
    sure = np.zeros(middle.shape, bool)
    cells: dict[tuple[int, int], list[Any]] = {}
    for point, line in _lines(swept, outcome).items():
        inputs = swept.points.set_index("point").loc[point]
        inputs = inputs.iloc[0] if inputs.ndim == 2 else inputs
        cells.setdefault((rows.index(inputs[up.path]), columns.index(inputs[across.path])), []).append(line)
    judged = OUTCOMES[outcome].better != "none"  # a cost needs no verdict
    for cell, lines in cells.items():
        middle[cell] = np.mean([headline(line)[0] for line in lines])
        sure[cell] = len(lines) == 1 and (not judged or (_one_side(lines[0]) and not lines[0]["too_coarse"]))
    divisor, unit = in_large_units(middle, _unit(swept, outcome))
    compared = swept.plan.baseline is not None
    colours, scale = _colours(middle / divisor, OUTCOMES[outcome].better, compared)

    what = basis(swept.summary())
    middle_of, interval = what.interval.rstrip("]").split(" [")
    notes = tr("{middle_of} at each point; {many}.", middle_of=capital(middle_of), many=what.many)
    if compared and judged and all(line["too_coarse"] for lines in cells.values() for line in lines):
        notes += tr(" All stand in brackets, as none gets a verdict.")
    elif compared:
        notes += tr(
            " In brackets where the interval ({interval}) includes zero. The interval covers {covers}.",
            interval=interval,
            covers=what.covers,
        )
    notes = " ".join([notes, *(words.small_print if compared else words.warnings)(swept.summary())])
    width = max(5.5, 1.9 + 0.85 * len(columns))
    figure = new_sheet(width, max(2.6, 1.2 + 0.48 * len(rows)), _title(swept, outcome), _subtitle(swept), notes,
                       about_sweep(swept))  # fmt: skip
    ax = figure.subplots()
    for row in range(len(rows)):
        for column in range(len(columns)):
            value = middle[row, column] / divisor
            colour = colours(scale(value)) if math.isfinite(value) else sheet.FAINT
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, edgecolor=sheet.PAPER, lw=1))
            if middle.size <= WRITTEN_OUT:
                text = shown(value, compared)
                ax.text(column, row, text if sure[row, column] or not compared else f"({text})", size=sheet.SMALL_SIZE,
                        ha="center", va="center", color=_readable(colour))  # fmt: skip
            elif compared and not sure[row, column]:
                ax.plot(column, row, ".", color=sheet.INK, ms=2)
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(-0.5, len(rows) - 0.5)
    ax.set_xticks(range(len(columns)), [_written(v) for v in columns], rotation=_turn(columns))
    ax.set_yticks(range(len(rows)), [_written(v) for v in rows])
    ax.set_xlabel(_axis_label(across))
    ax.set_ylabel(_axis_label(up).replace(" (", "\n(", 1))  # in two lines: few rows make a low figure
    ax.spines[["left", "bottom"]].set_visible(False)
    bar = figure.colorbar(ScalarMappable(Normalize(scale.vmin, scale.vmax), colours), ax=ax, aspect=25, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=sheet.FOOTER_SIZE, colors=sheet.QUIET)
    bar.set_label(unit + better_side(outcome, compared))
    return figure


@drawn
def plot_line(swept: Swept, outcome: str, x: str | None = None) -> Figure:
    """An outcome against one path: its mean and interval at each value, averaged over all other paths.

    Parameters
    ----------
    swept : Swept
    outcome : str
    x : str, optional
        The path; left out, the first that has more than one value.
    """
    swept.check(outcome)
    axis = _path(swept, x) if x else _several(swept)[0]
    ticks = _ticks(swept, axis)
    lines = _lines(swept, outcome)
    by_tick: list[list[tuple[float, float, float]]] = [[] for _ in ticks]
    for point, value in zip(swept.points["point"], swept.points[axis.path], strict=True):
        if point in lines:
            by_tick[ticks.index(value)].append(headline(lines[point]))
    found = np.array([np.mean(each, axis=0) if each else [np.nan] * 3 for each in by_tick])
    divisor, unit = in_large_units(found, _unit(swept, outcome))
    middle, low, high = found.T / divisor
    compared = swept.plan.baseline is not None
    numbers = axis.kind in ("number", "whole")
    where = np.array(ticks, float) if numbers else np.arange(len(ticks))
    figure = new_sheet(6.2, 3.3, _title(swept, outcome), _subtitle(swept), _basis(swept), about_sweep(swept))
    ax = figure.subplots()
    ax.grid(axis="y")
    if compared:
        ax.axhline(0, color=sheet.INK, lw=0.9)
    ax.vlines(where, low, high, color=sheet.BLUE, lw=2)
    ax.plot(where, middle, "o-" if numbers else "o", color=sheet.BLUE, ms=4.5, lw=1)
    if not numbers:
        ax.set_xticks(where, [_written(tick) for tick in ticks], rotation=_turn(ticks))
    ax.margins(x=0.05, y=0.12)
    numbered(ax.yaxis, compared)
    ax.set_xlabel(_axis_label(axis))
    ax.set_ylabel(unit + better_side(outcome, compared))
    return figure


# --- what matters --------------------------------------------------------------------------------------------


@drawn
def tornado(swept: Swept, outcome: str) -> Figure:
    """How far the outcome moves when one path alone goes from end to end, the largest on top.

    Parameters
    ----------
    swept : Swept
        Of the design `one-at-a-time`.
    outcome : str
    """
    swept.check(outcome)
    if swept.plan.design.method != "one-at-a-time":
        raise InputError(tr("a tornado needs the design one-at-a-time, not {method}", method=swept.plan.design.method))
    lines = _lines(swept, outcome)
    centre = lines.get(swept.plan.tries[0])
    middle = headline(centre)[0] if centre else math.nan
    ends: dict[str, list[tuple[Any, tuple[float, float, float]]]] = {axis.path: [] for axis in swept.plan.axes}
    for point in swept.plan.points:
        for path, value in point.values.items():
            if point.name in lines:
                ends[path].append((value, headline(lines[point.name])))
    span = {path: max((abs(h[0] - middle) for _, h in tried), default=0.0) for path, tried in ends.items()}
    paths = sorted((path for path in ends if ends[path]), key=span.__getitem__, reverse=True)[:MOST_BARS]
    every = [h for path in paths for _, h in ends[path]]
    divisor, unit = in_large_units([middle, *(value for h in every for value in h)], _unit(swept, outcome))
    keys = [
        Patch(color=sheet.SKY, label=tr("lowest value")),
        Patch(color=sheet.VERMILLION, label=tr("highest value")),
        Line2D([], [], color=sheet.INK, lw=1.2, label=tr("interval")),
        Line2D([], [], color=sheet.INK, lw=0.9, ls=":", label=tr("as it stands")),
    ]
    notes = _basis(swept) + _left_out(len(paths), len(swept.plan.axes))
    figure = new_sheet(7.2, 0.9 + 0.36 * len(paths), _title(swept, outcome), _subtitle(swept), notes,
                       about_sweep(swept), keys)  # fmt: skip
    ax = figure.subplots()
    ax.grid(axis="x")
    for y, path in enumerate(paths):
        for colour, tried, lift in ((sheet.SKY, ends[path][0], -0.19), (sheet.VERMILLION, ends[path][-1], 0.19)):
            value, (mean, low, high) = tried
            ax.barh(y + lift, (mean - middle) / divisor, left=middle / divisor, height=0.36, color=colour)
            ax.plot([low / divisor, high / divisor], [y + lift] * 2, color=sheet.INK, lw=1.2)
            right = np.nanmax([high, mean, middle]) / divisor
            ax.annotate(_written(value), (right, y + lift), (3, 0), textcoords="offset points", size=sheet.FOOTER_SIZE,
                        color=sheet.QUIET, va="center")  # fmt: skip
    ax.axvline(middle / divisor, color=sheet.INK, lw=0.9, ls=":")
    ax.margins(x=0.12)
    labels = {axis.path: axis.label for axis in swept.plan.axes}
    ax.set_yticks(range(len(paths)), [labels[path] for path in paths])
    ax.set_ylim(len(paths) - 0.5, -0.5)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    numbered(ax.xaxis)
    ax.set_xlabel(unit + better_side(outcome, swept.plan.baseline is not None))
    return figure


@drawn
def plot_indices(indices: pd.DataFrame, *, about: Mapping[str, str] | None = None) -> Figure:
    """How much each path matters for an outcome, with 90 % intervals: Sobol indices or Morris screening.

    Parameters
    ----------
    indices : DataFrame
        From `sim.sweeps.sensitivity.sensitivity`, of one outcome.
    about : mapping, optional
        What was run, for the footer (`about_sweep`).
    """
    names = sorted(set(indices["outcome"]))
    if len(names) != 1:
        raise InputError(
            tr("bars show the indices of one outcome; this table has {names}", names=", ".join(names) or tr("none"))
        )
    table = indices.head(MOST_BARS)
    what, unit = words.label(names[0]), words.unit(str(table["unit"].iloc[0]))
    bars: tuple[tuple[str, str, str], ...]
    if "total" in table:
        bars = (
            ("total", sheet.SKY, tr("total: alone and with other paths")),
            ("first", sheet.BLUE, tr("first: alone")),
        )
        label, said = tr("share of the variance over the design"), ""
        divisor = 1.0
    else:
        bars = (("mu_star", sheet.BLUE, tr("mean change of the outcome, whichever way, over the other paths")),)
        divisor, unit = in_large_units(table["mu_star_high"], unit)
        label = tr("change over the whole range of the path, {unit}", unit=unit)
        said = tr(" Sigma is how much this change varies with the other paths, or along the path itself.")
    keys: list[Any] = [Patch(color=colour, label=text) for _, colour, text in bars]
    keys.append(Line2D([], [], color=sheet.INK, lw=1.2, label=tr("90 % interval (bootstrap)")))
    if "sigma" in table:
        keys.append(Line2D([], [], color=sheet.INK, marker="D", mfc=sheet.PAPER, ls="", ms=4.5, label=tr("sigma")))
    luck = _luck_words(float(table["luck"].iloc[0]))
    notes = tr(
        "Computed from means over seeds. {luck}{said}{left_out}",
        luck=luck,
        said=said,
        left_out=_left_out(len(table), len(indices)),
    )
    title = (
        tr("What drives {what}: Sobol indices", what=what)
        if "total" in table
        else tr("What drives {what}: Morris screening", what=what)
    )
    figure = new_sheet(7.2, 0.8 + 0.34 * len(table), title, "", notes, about, keys)
    ax = figure.subplots()
    ax.grid(axis="x")
    height = 0.76 / len(bars)
    for k, (name, colour, _) in enumerate(bars):
        y = np.arange(len(table)) + (k - (len(bars) - 1) / 2) * height
        values, low, high = (table[column] / divisor for column in (name, f"{name}_low", f"{name}_high"))
        ax.barh(y, values, height=height * 0.92, color=colour)
        ax.hlines(y, low, high, color=sheet.INK, lw=1.2)
    if "sigma" in table:
        ax.plot(table["sigma"] / divisor, np.arange(len(table)), "D", ms=4.5, mfc=sheet.PAPER, mec=sheet.INK)
    ax.axvline(0, color=sheet.INK, lw=0.9)
    ax.margins(x=0.05)
    ax.set_yticks(range(len(table)), [path.partition(".")[2] or path for path in table["path"]])
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    numbered(ax.xaxis)
    ax.set_xlabel(label)
    return figure


def _luck_words(luck: float) -> str:
    if not math.isfinite(luck):
        return tr("One seed cannot tell how much of the variance is luck.")
    if luck < 0.01:
        return tr("Less than 1 % of the variance is luck.")
    return tr("{luck} % of the variance is luck.", luck=words.share(luck))


# --- in words ------------------------------------------------------------------------------------------------


def _title(swept: Swept, outcome: str) -> str:
    return heading(outcome) + (tr(", difference from the baseline") if swept.plan.baseline else "")


def _subtitle(swept: Swept) -> str:
    against = tr(" against {name}", name=swept.plan.baseline.name) if swept.plan.baseline is not None else ""
    return tr(
        "{name}: {name2}{against}; Mali, whole run",
        name=swept.plan.name,
        name2=swept.plan.scenario.name,
        against=against,
    )


def _basis(swept: Swept) -> str:
    return words.rests_on(swept.summary(), tr(" at each point"))


def _unit(swept: Swept, outcome: str) -> str:
    return words.unit(swept.units.get(outcome, ""))


def _lines(swept: Swept, outcome: str) -> dict[str, Any]:
    """The row of the summary of each point."""
    table = swept.summary()
    if table.empty:
        raise InputError(tr("there is nothing to draw: no point of the sweep has a finished run"))
    return {row["scenario"]: row for row in table[table["outcome"] == outcome].to_dict("records")}


def _several(swept: Swept) -> list[Axis]:
    found = [axis for axis in swept.plan.axes if len(set(swept.points[axis.path].map(str))) > 1]
    if not found:
        raise InputError(tr("there is nothing to draw: no path of the sweep has more than one value"))
    return found


def _path(swept: Swept, path: str) -> Axis:
    known = {axis.path: axis for axis in swept.plan.axes}
    if path not in known:
        raise InputError(
            tr(
                "the sweep does not vary {path}; it varies {known}{nearest}",
                path=repr(path),
                known=", ".join(known),
                nearest=nearest(path, known),
            )
        )
    return known[path]


def _two(swept: Swept, x: str | None, y: str | None) -> tuple[Axis, Axis]:
    named = [_path(swept, path) for path in (x, y) if path is not None]
    if len(named) < 2:
        named += [axis for axis in _several(swept) if axis not in named][: 2 - len(named)]
    if len(named) < 2 or named[0] == named[1]:
        raise InputError(tr("a heat map needs two paths with more than one value each; for one path use plot_line"))
    across, up = named if x is not None or y is None else named[::-1]
    if swept.plan.design.method != "grid":
        raise InputError(tr("a heat map needs the design grid, not {method}", method=swept.plan.design.method))
    return across, up


def _ticks(swept: Swept, axis: Axis) -> list[Any]:
    """The values of a path: numbers and dates from small to large, others as they are listed."""
    found = list(dict.fromkeys(swept.points[axis.path]))
    return sorted(found) if axis.kind != "other" else found


def _written(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return tr("yes") if value else tr("no")
    return shown(float(value), figures=4) if isinstance(value, int | float | np.number) else str(value)


def _turn(ticks: Sequence[Any]) -> float:
    return 30.0 if max(len(_written(tick)) for tick in ticks) > 8 else 0.0


def _axis_label(axis: Axis) -> str:
    return f"{axis.label} ({tr(axis.unit)})" if axis.unit and axis.unit != "true or false" else axis.label


def _left_out(drawn: int, paths: int) -> str:
    return (
        tr(" Only the {drawn} of {paths} paths that matter most are shown.", drawn=drawn, paths=paths)
        if drawn < paths
        else ""
    )


def _one_side(line: Any) -> bool:
    _, low, high = headline(line)
    return low * high > 0


def _colours(values: np.ndarray, better: str, compared: bool) -> tuple[Colormap, Normalize]:
    """Blue for better and vermillion for worse around zero; without a side or a baseline, more is darker."""
    known = values[np.isfinite(values)]
    if compared and better != "none":
        most = float(np.max(np.abs(known), initial=0.0)) or 1.0
        return BETTER_WORSE if better == "fewer" else BETTER_WORSE.reversed(), Normalize(-most, most)
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    return AMOUNT, Normalize(low, high if high > low else low + 1.0)


def _readable(colour: Any) -> str:
    """Dark or white letters, whichever stands out."""
    red, green, blue = to_rgb(colour)
    return sheet.INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else sheet.PAPER
