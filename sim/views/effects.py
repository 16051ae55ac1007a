"""What measures changed: for each scenario and outcome the paired difference, its interval, and how often it
helped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.engine.errors import InputError, nearest
from sim.views.sheet import (
    BLUE,
    FAINT,
    FONT,
    FOOTER_SIZE,
    INK,
    NATIONAL,
    PAPER,
    QUIET,
    SMALL_SIZE,
    TEXT_SIZE,
    VERMILLION,
    in_large_units,
    new_sheet,
    number,
    tidy,
)

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "scenario", "outcome", "unit", "region", "mean", "low", "high", "helped", "harmed", "nothing", "seeds",
    "better", "baseline", "baseline_mean",
)  # fmt: skip
"""Columns of the table of effects that are read here."""

_ROW = 0.27  # inches for one line of a panel


def plot_effects(
    effects: pd.DataFrame,
    *,
    by_region: bool = False,
    outcomes: Sequence[str] | None = None,
    scenarios: Sequence[str] | None = None,
    about: Mapping[str, str] | None = None,
) -> Figure:
    """Paired differences from the baseline (same seeds) with 90 % intervals, and the shares of seeds helped
    or harmed.

    Parameters
    ----------
    effects : DataFrame
        A row per scenario, outcome and region ("Mali" for the whole country), with the columns `COLUMNS`:
        ``mean``, ``low`` and ``high`` of the difference in ``unit``; ``helped``, ``harmed`` and ``nothing``,
        shares of seeds 0..1; ``better`` "fewer", "more" or "none".
    by_region : bool
        A line per region and a column of panels per scenario, instead of Mali with a line per scenario.
    outcomes, scenarios : sequence of str, optional
        Which to draw, in this order; left out, all of the table.
    about : mapping, optional
        What was run, for the footer (`sim.views.about`); left out, what the table says.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the table lacks a column, has no row to draw, or an outcome or scenario is not in it.
    """
    missing = [column for column in COLUMNS if column not in effects]
    if missing:
        raise InputError(f"the table of effects has no column {', '.join(missing)}")
    outcomes = _chosen(effects, "outcome", outcomes)
    scenarios = _chosen(effects, "scenario", scenarios)
    here = (effects["region"] != NATIONAL) if by_region else (effects["region"] == NATIONAL)
    table = effects[here & effects["outcome"].isin(outcomes) & effects["scenario"].isin(scenarios)]
    if table.empty:
        raise InputError(f"the table of effects has no row {'by region' if by_region else 'for Mali'}")
    return _by_region(table, outcomes, scenarios, about) if by_region else _national(table, outcomes, scenarios, about)


def _national(
    table: pd.DataFrame, outcomes: Sequence[str], scenarios: Sequence[str], about: Mapping[str, str] | None
) -> Figure:
    lines = len(scenarios)
    figure = _sheet(table, 10.5, len(outcomes) * (_ROW * lines + 0.95) + 0.5, "Effects of the measures on Mali", about)
    axes = figure.subplots(len(outcomes), 2, squeeze=False, sharey="row", width_ratios=[3.2, 1])
    for (forest, bars), outcome in zip(axes, outcomes, strict=True):
        rows = _rows(table[table["outcome"] == outcome], "scenario", scenarios)
        _forest(forest, rows, scenarios)
        _shares(bars, rows)
        forest.set_title(_heading(rows, outcome), size=TEXT_SIZE, weight="bold", color=INK, family=FONT, loc="left")
    return figure


def _by_region(
    table: pd.DataFrame, outcomes: Sequence[str], scenarios: Sequence[str], about: Mapping[str, str] | None
) -> Figure:
    regions = list(dict.fromkeys(table["region"]))
    figure = _sheet(
        table, max(7.5, 1.6 + 4.2 * len(scenarios)), len(outcomes) * (_ROW * len(regions) + 0.95) + 0.5,
        "Effects of the measures by region", about,
    )  # fmt: skip
    axes = figure.subplots(
        len(outcomes), 2 * len(scenarios), squeeze=False, sharey="row", width_ratios=[2.4, 1] * len(scenarios)
    )
    for place, (line, outcome) in enumerate(zip(axes, outcomes, strict=True)):
        for forest, bars, scenario in zip(line[::2], line[1::2], scenarios, strict=True):
            chosen = table[(table["outcome"] == outcome) & (table["scenario"] == scenario)]
            rows = _rows(chosen, "region", regions)
            _forest(forest, rows, regions, labelled=scenario == scenarios[0])
            _shares(bars, rows)
            heading = f"{scenario}\n{_words(outcome)}" if place == 0 else _words(outcome)
            forest.set_title(heading, size=TEXT_SIZE, weight="bold", color=INK, family=FONT, loc="left")
        limits = [ax.get_xlim() for ax in line[::2]]  # one scale for the scenarios of an outcome
        for ax in line[::2]:
            ax.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
    return figure


# --- what is drawn ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    unit: str
    mean: float
    low: float
    high: float
    helped: float
    harmed: float
    nothing: float
    seeds: int
    better: str
    baseline_mean: float

    @property
    def colour(self) -> str:
        """Blue or vermillion where the whole interval lies on the better or the worse side of zero."""
        if self.better == "none" or self.seeds < 2 or not self.low * self.high > 0:
            return INK
        return BLUE if (self.mean < 0) == (self.better == "fewer") else VERMILLION


def _rows(table: pd.DataFrame, column: str, names: Sequence[str]) -> list[_Row | None]:
    """A row for each name, None where the table has none."""
    found = {}
    for row in table.to_dict("records"):
        if row[column] in found:
            raise InputError(f"the table of effects has more than one row for {row['outcome']} and {row[column]}")
        found[row[column]] = _Row(**{name: row[name] for name in _Row.__dataclass_fields__})
    return [found.get(name) for name in names]


def _chosen(effects: pd.DataFrame, column: str, asked: Sequence[str] | None) -> list[str]:
    known = list(dict.fromkeys(effects[column]))
    for name in asked or ():
        if name not in known:
            raise InputError(f"{name!r} is no {column} of the table: {', '.join(known)}{nearest(name, known)}")
    return list(known if asked is None else asked)


def _sheet(table: pd.DataFrame, width: float, height: float, title: str, about: Mapping[str, str] | None) -> Figure:
    seeds = sorted(set(table["seeds"]))
    count = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    baseline = ", ".join(dict.fromkeys(table["baseline"]))
    spread = "one seed: no interval" if seeds == [1] else f"mean and 90 % interval over {count} seeds"
    facts = about or {"Scenario": ", ".join([baseline, *dict.fromkeys(table["scenario"])]), "Runs": count}
    subtitle = f"Difference from {baseline} under the same seeds, whole run: {spread}."
    keys = [
        Line2D([], [], marker="o", color=BLUE, lw=2, label="interval on the better side"),
        Line2D([], [], marker="o", color=VERMILLION, lw=2, label="on the worse side"),
        Line2D([], [], marker="o", color=INK, mfc=PAPER, lw=2, label="includes zero, or no better side"),
        Patch(color=BLUE, label="% of seeds helped"),
        Patch(color=FAINT, label="% with no difference"),
        Patch(color=VERMILLION, label="% harmed"),
    ]
    return new_sheet(width, height, title, subtitle, about=facts, keys=keys)


def _words(outcome: str) -> str:
    text = outcome.replace("_", " ")
    return text[:1].upper() + text[1:]


def _heading(rows: Sequence[_Row | None], outcome: str) -> str:
    means = [row.baseline_mean for row in rows if row is not None]
    unit = next((row.unit for row in rows if row is not None), "")
    if not means or not np.isfinite(means[0]):
        return _words(outcome)
    divisor, large = in_large_units(means[0], unit)
    return f"{_words(outcome)}{f' ({large})' if large != outcome else ''}; baseline {number(means[0] / divisor)}"


# --- drawing ------------------------------------------------------------------------------------------------


def _forest(ax: Axes, rows: Sequence[_Row | None], names: Sequence[str], labelled: bool = True) -> None:
    """Point and interval for each row, first on top, around a line at zero."""
    tidy(ax, grid="x")
    known = [row for row in rows if row is not None]
    divisor, unit = in_large_units([(r.mean, r.low, r.high) for r in known], known[0].unit if known else "")
    ax.axvline(0, color=INK, linewidth=0.9, zorder=2)
    for y, row in enumerate(rows):
        if row is None or not np.isfinite(row.mean):
            ax.text(0, y, " no data", size=FOOTER_SIZE, color=QUIET, family=FONT, va="center")
            continue
        interval = row.seeds > 1 and np.isfinite([row.low, row.high]).all()
        if interval:
            ax.plot(
                [row.low / divisor, row.high / divisor],
                [y, y],
                color=row.colour,
                lw=2,
                zorder=3,
                solid_capstyle="butt",
            )
        face = row.colour if interval and row.colour != INK else PAPER
        ax.plot(row.mean / divisor, y, "o", ms=5.5, mfc=face, mec=row.colour, mew=1.4, zorder=4)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, labelleft=labelled)
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.08)
    if not any(row is not None and (row.mean or row.low or row.high) for row in rows):
        ax.set_xlim(-1, 1)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_formatter(lambda value, _: f"{'+' if value > 0 else ''}{number(value)}")
    better = known[0].better if known else "none"
    arrow = {
        "fewer": "\N{LEFTWARDS ARROW} less is better",
        "more": "more is better \N{RIGHTWARDS ARROW}",
    }.get(better, "")
    ax.set_xlabel(f"difference, {unit}{f'    {arrow}' if arrow else ''}", size=SMALL_SIZE, color=INK, family=FONT)


def _shares(ax: Axes, rows: Sequence[_Row | None]) -> None:
    """Shares of seeds in which the outcome was better, the same, or worse, as a bar for each row."""
    tidy(ax, grid="")
    for y, row in enumerate(rows):
        if row is None or row.better == "none" or not np.isfinite([row.helped, row.nothing, row.harmed]).all():
            continue
        left = 0.0
        for share, colour, ink in (
            (row.helped, BLUE, PAPER),
            (row.nothing, FAINT, INK),
            (row.harmed, VERMILLION, INK),
        ):
            ax.barh(y, 100 * share, left=left, height=0.62, color=colour, edgecolor=PAPER, linewidth=0.5)
            if share >= 0.15:  # room for two figures
                middle = left + 50 * share
                ax.text(
                    middle,
                    y,
                    f"{100 * share:.0f}",
                    size=FOOTER_SIZE,
                    color=ink,
                    ha="center",
                    va="center",
                    family=FONT,
                )
            left += 100 * share
    ax.set_xlim(0, 100)
    ax.set_xticks([0, 50, 100])
    ax.set_xlabel("% of seeds", size=SMALL_SIZE, color=INK, family=FONT)
    ax.tick_params(axis="y", length=0, labelleft=False)
    ax.spines["left"].set_visible(False)
    if not any(row is not None and row.better != "none" for row in rows):
        ax.text(
            50,
            (len(rows) - 1) / 2,
            "neither side is better",
            size=FOOTER_SIZE,
            color=QUIET,
            ha="center",
            va="center",
        )
        ax.set_xticks([])
        ax.set_xlabel("")
        ax.spines["bottom"].set_visible(False)
