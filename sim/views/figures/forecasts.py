"""Figures of forecasts: the CRPS of each beside the others, and forecasts with the record by region."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.forecasts.counts import Counts, regions
from sim.forecasts.ensemble import Forecast
from sim.forecasts.judge import CHOSEN, MODELS, Judged, Part, draws_of, resamples
from sim.views.figures.sheet import (
    BLUE,
    GREEN,
    INK,
    NATIONAL,
    QUIET,
    TEXT_SIZE,
    VERMILLION,
    drawn,
    new_sheet,
    numbered,
    panels,
)

COLUMNS = 5
KNOWS = "Each forecast knows the record to the end of the year before."
UNFITTED = "The model was not fitted: its parameters were set by hand on all of these years, so this is no test of it."
STYLES = {"model, raw": (BLUE, "s"), "model, corrected": (VERMILLION, "D"), CHOSEN: (GREEN, "^")}
"""Colour and shape, so that neither alone must be told apart."""
SHIFT = 0.22  # years between the intervals of one year
PER_FORECAST = 0.24  # inches


@drawn
def plot_skill(found: Judged) -> Figure:
    """The mean CRPS of every forecast, with its 90 % interval over resamples of regions: a panel for each window."""
    cases = found.cases
    groups = list(cases.groupby(["window", "unit"], sort=False)) if len(cases) else []
    names = list(dict.fromkeys(cases.forecast)) if len(cases) else []
    columns = max(1, min(2, len(groups)))
    rows = -(-len(groups) // columns)
    figure = new_sheet(
        5.2 * columns, max(1.2, (PER_FORECAST * len(names) + 0.7) * rows),
        title="CRPS of forecasts of attacks",
        subtitle="Mean over cases, and its 90 % interval over resamples of regions. Lower is better.",
        notes="Squares: the model. Triangle: the naive forecast that was best on the years before. Dots: naive ones.",
    )  # fmt: skip
    chosen = resamples(len(regions()))
    for ax, ((window, unit), rows_) in zip(panels(figure, len(groups), columns), groups, strict=True):
        shown = [name for name in names if (rows_.forecast == name).any()]
        for place, name in enumerate(shown):
            by_region = rows_[rows_.forecast == name].groupby("region", sort=False).crps.mean().to_numpy()
            low, high = np.quantile(by_region[chosen].mean(axis=1), [0.05, 0.95])
            colour, shape = (BLUE, "s") if name in MODELS else STYLES.get(name, (QUIET, "o"))
            ax.plot([low, high], [place, place], color=colour, linewidth=1.2)
            ax.plot(by_region.mean(), place, shape, color=colour, markersize=5)
        ax.set_yticks(range(len(shown)), shown)
        ax.invert_yaxis()
        ax.set_xlim(left=0)
        ax.grid(axis="x")
        numbered(ax.xaxis)
        ax.set_xlabel(f"attacks per region and {unit}")
        ax.set_title(f"{window}, by {unit}")
    return figure


@drawn
def plot_forecasts(forecasts: Sequence[Forecast], recorded: Counts, rate: float = 1.0) -> Figure:
    """Attacks by region and year: recorded, and forecast at the end of the year before."""
    first = {f.origin + 1: f for f in forecasts}
    years = sorted(first)
    seen_years = [year for year in recorded.years if year >= min(years) - 2]
    keys = [Line2D([], [], color=INK, marker="o", linestyle="none", label=f"recorded ({recorded.source})")]
    keys += [Line2D([], [], color=colour, marker=shape, label=f"{name}: median, 5 to 95 %")
             for name, (colour, shape) in STYLES.items()]  # fmt: skip
    figure = new_sheet(
        13.0, 5.4,
        title="Attacks by year: recorded, and forecast one year ahead",
        subtitle=KNOWS if all(f.about.get("fitted") for f in forecasts) else UNFITTED,
        keys=keys,
    )  # fmt: skip
    places = [NATIONAL, *regions()]
    drawn_ = {(name, year): draws_of(name, Part(year - 1, year, first[year]), recorded, "year", rate)[:, 0]
              for name in STYLES for year in years}  # fmt: skip
    for k, (ax, place) in enumerate(zip(panels(figure, len(places), COLUMNS), places, strict=True)):
        for j, (name, (colour, shape)) in enumerate(STYLES.items()):
            for year in years:
                draws = drawn_[name, year]
                values = draws.sum(axis=1) if place == NATIONAL else draws[:, k - 1]
                low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
                at = year + (j - 1) * SHIFT
                ax.plot([at, at], [low, high], color=colour, linewidth=1.6)
                ax.plot(at, middle, shape, color=colour, markersize=4.5)
        counted = recorded.yearly(seen_years)
        ax.plot(seen_years, counted.sum(axis=1) if place == NATIONAL else counted[:, k - 1], "o", color=INK,
                markersize=4.5, zorder=5)  # fmt: skip
        ax.set_title(place)
        ax.set_ylim(bottom=0)
        ax.grid(axis="y")
        numbered(ax.yaxis)
        span = range(min(*seen_years, *years), max(*seen_years, *years) + 1)
        ax.set_xticks(list(span), [f"{year}" if len(span) < 6 else f"{year % 100:02d}" for year in span])
        if k % COLUMNS == 0:
            ax.set_ylabel("attacks a year", size=TEXT_SIZE)
    return figure
