"""The table of validation: on the terminal, and as a page of the documentation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from sim.comparison.worlds import NO_VERDICT
from sim.views.tables.layout import say, show_table
from sim.views.words import count, number

if TYPE_CHECKING:
    import pandas as pd

    from sim.validation.validate import Validation

STYLES = {"met": "green", "missed": "bold red", "not in the model": "dim", "no runs": "dim", NO_VERDICT: "dim"}


def band(row: pd.Series) -> str:
    """The band of a target in words."""
    return f"{number(row.low)} to {number(row.high)}" if row.low != row.high else number(row.low)


def found(row: pd.Series) -> str:
    """What the runs gave: the median and, of several, 5 to 95 %."""
    if math.isnan(row["median"]):
        return "–"
    middle = number(row["median"])
    return middle if math.isnan(row.p5) or row.runs < 2 else f"{middle} ({number(row.p5)} to {number(row.p95)})"


def runs(validation: Validation) -> str:
    """How many runs it rests on, in words."""
    seeds, draws = count(validation.seeds, "seed"), count(validation.draws, "draw")
    return f"{draws} of parameters, {seeds} each" if validation.draws else f"{seeds}, no parameter drawn"


def summary(validation: Validation) -> str:
    """How many targets were met and missed."""
    counts = validation.table.verdict.value_counts()
    told = [f"{counts[verdict]} {verdict}" for verdict in STYLES if verdict in counts]
    return f"{len(validation.table)} targets: {', '.join(told)}"


def show_validation(validation: Validation, out: Console) -> None:
    """Print every target with its band, what the model gives, and the verdict."""
    rows = []
    for _, row in validation.table.iterrows():
        pattern = Text(row.pattern).append(f" ({row.note})", style="dim") if row.note else row.pattern
        verdict = Text(row.verdict, STYLES[row.verdict])
        rows.append([row.target, pattern, row.unit, band(row), found(row), verdict, row.source])
    heads = ["", "pattern", "unit", "band", "model", "verdict", "source"]
    show_table(out, f"Validation ({runs(validation)}): median, 5 to 95 %", heads, rows, left=len(heads))
    errors = "; ".join(f"{row.forecast} {number(row['median'])}" for _, row in validation.forecasts.iterrows())
    say(out, f"Mean error of attacks by region and year, 2013 to 2017: {errors}")
    say(out, summary(validation))


def validation_page(validation: Validation, command: str) -> str:
    """The page of the documentation, in Markdown."""
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
