"""The table of validation: on the terminal, and as a page of the documentation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from sim.comparison.worlds import NO_VERDICT
from sim.languages import ENGLISH, comma, mark, semicolon, tr, use
from sim.views.tables.layout import say, show_table
from sim.views.words import count, number, pattern

if TYPE_CHECKING:
    import pandas as pd

    from sim.validation.validate import Validation

STYLES = {
    mark("met"): "green", mark("missed"): "bold red", mark("not in the model"): "dim", mark("no runs"): "dim",
    NO_VERDICT: "dim",
}  # fmt: skip


def band(row: pd.Series) -> str:
    """The band of a target in words."""
    low, high = number(row.low), number(row.high)
    return tr("{low} to {high}", low=low, high=high) if row.low != row.high else low


def found(row: pd.Series) -> str:
    """What the runs gave: the median and, of several, 5 to 95 %."""
    if math.isnan(row["median"]):
        return "–"
    middle = number(row["median"])
    if math.isnan(row.p5) or row.runs < 2:
        return middle
    return tr("{middle} ({low} to {high})", middle=middle, low=number(row.p5), high=number(row.p95))


def runs(validation: Validation) -> str:
    """How many runs it rests on, in words."""
    seeds, draws = count(validation.seeds, "seed"), count(validation.draws, "draw")
    if validation.draws:
        return tr("{draws} of parameters, {seeds} each", draws=draws, seeds=seeds)
    return tr("{seeds}, no parameter drawn", seeds=seeds)


def summary(validation: Validation) -> str:
    """How many targets were met and missed."""
    counts = validation.table.verdict.value_counts()
    told = [tr("{n} {verdict}", n=counts[verdict], verdict=tr(verdict)) for verdict in STYLES if verdict in counts]
    return tr("{n} targets: {told}", n=len(validation.table), told=comma(numbers=True).join(told))


def show_validation(validation: Validation, out: Console) -> None:
    """Print every target with its band, what the model gives, and the verdict."""
    rows = []
    for _, row in validation.table.iterrows():
        what = pattern(row.pattern)
        noted = Text(what).append(f" ({tr(row.note)})", style="dim") if row.note else what
        verdict = Text(tr(row.verdict), STYLES[row.verdict])
        rows.append([row.target, noted, tr(row.unit), band(row), found(row), verdict, tr(row.source)])
    heads = ["", tr("pattern"), tr("unit"), tr("band"), tr("model"), tr("verdict"), tr("source")]
    title = tr("Validation ({runs}): median, 5 to 95 %", runs=runs(validation))
    show_table(out, title, heads, rows, left=len(heads))
    errors = semicolon().join(
        f"{tr(row.forecast)} {number(row['median'])}" for _, row in validation.forecasts.iterrows()
    )
    say(out, tr("Mean error of attacks by region and year, 2013 to 2017: {errors}", errors=errors))
    say(out, summary(validation))


# --- the page -----------------------------------------------------------------------------------------------


@use(ENGLISH)
def validation_page(validation: Validation, command: str) -> str:
    """The page of the documentation, in Markdown and in English."""
    lines = [
        "# Validation",
        "",
        f"Made by `{command}`: {runs(validation)}. The model column has the median and 5 to 95 % of them.",
        "*Fitted* and *set by this figure* mark targets that were used to choose parameters: meeting them shows that",
        "the rules can give the pattern, not that they predict it. Nothing is tuned to make a measure look good.",
        "",
        f"**{summary(validation)}.**",
        "",
        "| | pattern | unit | band | model | verdict | source | note |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for _, row in validation.table.iterrows():
        verdict = f"**{row.verdict}**" if row.verdict == "missed" else row.verdict
        lines.append(f"| {row.target} | {row.pattern} | {row.unit} | {band(row)} | {found(row)} | {verdict} | "
                     f"{row.source} | {row.note} |")  # fmt: skip
    lines += [
        "",
        "T: targets of the review of evidence (those it does not number are not there). H: history. E: rules of the",
        "ensemble.",
        "",
        "## Beside naive forecasts",
        "",
        "Mean absolute error of attacks by region and year, 2013 to 2017 (GTD). The model was fitted to these and",
        "other numbers; the naive forecasts know the year before, or all years (regional mean).",
        "",
        "| forecast | error, attacks | 5 to 95 % |",
        "|---|---|---|",
        *(f"| {row.forecast} | {number(row['median'])} | {number(row.p5)} to {number(row.p95)} |"
          for _, row in validation.forecasts.iterrows()),
        "",
    ]  # fmt: skip
    return "\n".join(lines)
