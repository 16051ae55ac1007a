"""What scenarios or points cost and what they change, and which of them nothing beats."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sim.comparison.effects import headline
from sim.comparison.outcomes import OUTCOMES
from sim.engine.errors import InputError, nearest
from sim.languages import comma, tr
from sim.views import words
from sim.views.figures import sheet
from sim.views.figures.sheet import better_side, drawn, new_sheet, numbered, side_colour, side_keys
from sim.views.words import in_large_units

if TYPE_CHECKING:
    import pandas as pd

FRONTIER: dict[str, Any] = {"color": sheet.QUIET, "lw": 0.9, "ls": (0, (4, 2))}


@drawn
def plot_cost_effect(effects: pd.DataFrame, outcome: str, *, about: Mapping[str, str] | None = None) -> Figure:
    """What each scenario or point costs and what it changes, with the intervals of both.

    Parameters
    ----------
    effects : DataFrame
        From `Batch.effects` or `Swept.summary` (with a baseline): rows of `outcome` and of ``cost``.
    outcome : str
        What is gained or lost.
    about : mapping, optional
        What was run, for the footer.
    """
    here = effects[effects["region"] == sheet.NATIONAL]
    known = sorted(set(here["outcome"]))
    for name in ("cost", outcome):
        if name not in known:
            raise InputError(
                tr(
                    "the table of effects has no outcome {name}: {known}{nearest}",
                    name=repr(name),
                    known=", ".join(known),
                    nearest=nearest(name, known),
                )
            )
    lines = {name: here[here["outcome"] == name].set_index("scenario") for name in ("cost", outcome)}
    names = [name for name in lines[outcome].index if name in lines["cost"].index]
    coarse = [lines[outcome].loc[name].get("too_coarse", "") for name in names]
    numbers = np.array([[headline(lines[what].loc[name]) for what in ("cost", outcome)] for name in names])
    if not len(numbers) or not np.isfinite(numbers[:, :, 0]).any():
        raise InputError(tr("the table of effects has no scenario with both a cost and an effect"))
    (by_cost, cost_unit), (by_effect, unit) = (
        in_large_units(numbers[:, k], words.unit(lines[name]["unit"].iloc[0])) for k, name in enumerate(lines)
    )
    numbers[:, 0] /= by_cost
    numbers[:, 1] /= by_effect
    labelled, against = len(names) <= 26, words.listed(dict.fromkeys(here["baseline"]))
    best = frontier(here, outcome) if len(names) > 3 else []
    keys = side_keys(here)
    if len(best) > 1:
        keys.append(Line2D([], [], label=tr("nothing is both cheaper and better"), **FRONTIER))
    figure = new_sheet(
        8.6 if labelled and len(names) > 1 else 6.6,
        max(3.8, 0.16 * len(names) if labelled else 0),
        tr("Cost and effect: {outcome}", outcome=words.label(outcome)),
        tr("Difference from {against}, Mali, whole run", against=against),
        words.rests_on(here),
        about,
        keys,
    )
    ax = figure.subplots()
    ax.grid(axis="y")
    ax.axhline(0, color=sheet.INK, lw=0.9)
    for ((cost, cheap, dear), (effect, low, high)), why in zip(numbers, coarse, strict=True):
        colour = sheet.INK if why else side_colour(low, high, OUTCOMES[outcome].better)
        ax.plot([cost, cost], [low, high], color=colour, lw=1.6, alpha=1 if labelled else 0.35, zorder=2)
        ax.plot([cheap, dear], [effect, effect], color=colour, lw=1.6, alpha=1 if labelled else 0.35, zorder=2)
        ax.plot(cost, effect, "o", ms=4.5, mec=colour, mfc=sheet.PAPER if colour == sheet.INK else colour, zorder=3)
    if len(best) > 1:
        ax.step(*numbers[[names.index(name) for name in best], :, 0].T, where="post", zorder=1, **FRONTIER)
    ax.margins(x=0.06, y=0.1)
    left, right = ax.get_xlim()
    ax.set_xlim(min(left, -0.03 * right), max(right, -0.03 * left))  # costs that are nearly equal shall look so
    if labelled:
        _name_points(ax, list(words.scenarios(names).values()), numbers[:, :, 0])
    ax.xaxis.set_major_locator(MaxNLocator(6))
    numbered(ax.xaxis)
    numbered(ax.yaxis, sign=True)
    ax.set_xlabel(f"{words.label('cost')}{comma()}{cost_unit}")
    ax.set_ylabel(f"{words.label(outcome)}{comma()}{unit}{better_side(outcome, True)}")
    return figure


def frontier(effects: pd.DataFrame, outcome: str) -> list[str]:
    """The scenarios or points that no other beats in both cost and effect, from cheap to dear."""
    here = effects[effects["region"] == sheet.NATIONAL]
    lines = {name: here[here["outcome"] == name].set_index("scenario") for name in ("cost", outcome)}
    better = OUTCOMES[outcome].better
    if better == "none":
        return []
    sign = 1.0 if better == "fewer" else -1.0
    known = [(headline(lines["cost"].loc[name])[0], sign * headline(lines[outcome].loc[name])[0], str(name))
             for name in lines[outcome].index if name in lines["cost"].index]  # fmt: skip
    found, best = [], math.inf
    for _, value, name in sorted(line for line in known if np.isfinite(line[:2]).all()):
        if value < best:
            found.append(name)
            best = value
    return found


def _name_points(ax: Axes, names: Sequence[str], places: np.ndarray) -> None:
    """Numbers at the points and a list of names beside the panel: names among the points would overlap."""
    if len(names) == 1:
        ax.annotate(names[0], places[0], (5, 4), textcoords="offset points", size=sheet.FOOTER_SIZE)
        return
    for k, place in enumerate(places):
        if np.isfinite(place).all():
            ax.annotate(str(k + 1), place, (4, 3), textcoords="offset points", size=sheet.FOOTER_SIZE)
    listed = "\n".join(f"{k + 1}  {name}" for k, name in enumerate(names))
    ax.annotate(listed, (1.02, 1), xycoords="axes fraction", size=sheet.FOOTER_SIZE, va="top",
                linespacing=1.45)  # fmt: skip
