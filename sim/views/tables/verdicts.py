"""The table of verdicts: what scenarios do while their measures are in force, how sure that is, and what limits it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sim.comparison.effects import basis
from sim.comparison.outcomes import SOUGHT
from sim.comparison.verdicts import FEWEST, IN_FORCE, LEVEL, STEPS, TOO_FEW
from sim.comparison.worlds import NO_VERDICT
from sim.parameters import rows as parameter_rows
from sim.views import words
from sim.views.tables.layout import Column, say, show_blocks
from sim.views.words import capital, difference, share, three

if TYPE_CHECKING:
    import pandas as pd

FEW = 5  # scenarios that have a table each; more of them have a line in a table of each outcome that is sought
BEYOND = "/".join(map(str, STEPS)) + " %"


def show_verdicts(verdicts: pd.DataFrame, out: Console, persons_per_youth: int) -> None:
    """Show what each scenario does in Mali while its measures are in force, outcome by outcome."""
    shown = verdicts[(verdicts["window"] == IN_FORCE) & verdicts["mean"].notna() & (verdicts["better"] != "none")]
    shown = shown[~((shown["baseline_mean"] == 0) & (shown["sd"] == 0) & (shown["mean"] == 0))]  # in no run
    if shown.empty:
        return
    what, names = basis(shown), words.scenarios(dict.fromkeys(shown["scenario"]))
    say(out, f"\nWhile in force: difference from {shown['baseline'].iloc[0]}, Mali ({what.many})", style="bold")
    for text in _introduction(verdicts, shown, persons_per_youth):
        say(out, text)
    if len(names) <= FEW:
        for scenario, rows in shown.groupby("scenario", sort=False):
            first = rows.iloc[0]
            weeks = f"{words.count(int(first['weeks']), 'week')} from {first['first']}"
            _show(f"{names[str(scenario)]}: {weeks}", "outcome", list(map(words.label, rows["outcome"])), rows, out)
        return
    for outcome, rows in shown[shown["group"] == SOUGHT].groupby("outcome", sort=False):
        _show(capital(words.with_unit(str(outcome), rows["unit"].iloc[0])), "scenario",
              [names[name] for name in rows["scenario"]], rows, out)  # fmt: skip
    say(out, "The ledger of harm while in force is in verdicts.csv.", style="dim")


def _introduction(verdicts: pd.DataFrame, shown: pd.DataFrame, persons_per_youth: int) -> list[str]:
    """What the numbers are, in a few lines."""
    unit = basis(shown).unit
    many = int((shown["q"].notna()).sum())
    said = [f"Effect: mean [90 % interval]. Better, worse by: % of {unit} beyond {BEYOND} of the baseline's value (of"
            " states: of the standard deviation between regions)."]  # fmt: skip
    if many:
        said.append(
            f"Verdicts are corrected for {many} comparisons (Benjamini-Hochberg): at most {share(LEVEL)} % of those"
            " shown are expected to be false."
        )
    if (shown["verdict"] == TOO_FEW).any():
        said.append(f"A verdict needs {FEWEST} {unit} or more.")
    if pairs := int(verdicts["luck_pairs"].max()):
        said.append(
            f"Luck alone: what a measure that does nothing but shake luck gives, nine in ten of {pairs} such pairs."
        )
    if shown["ceiling"].notna().any():
        target = shown["target_share"].iloc[0]
        said.append(f"Ceiling: the effect at full reach and strength. For {share(target)} %: the size at which the"
                    " measure would reach that effect, relative to what was delivered.")  # fmt: skip
    most = parameter_rows()["coarsest_verdict"].value
    return [*said, f"Verdicts hold up to {most:g} persons per youth; these runs have {persons_per_youth:,}."]


def _show(title: str, head: str, lines: list[str], rows: pd.DataFrame, out: Console) -> None:
    found = [row for _, row in rows.iterrows()]
    blocks = [
        [Column("effect", [difference(r["mean"], r["low"], r["high"], r["unit"]) for r in found]),
         Column("verdict", [_verdict(r) for r in found], right=False)],
        [Column(f"{side} by\n{BEYOND}", [_beyond(r, side) for r in found]) for side in ("better", "worse")],
    ]  # fmt: skip
    if (rows["luck_pairs"] > 0).any():
        blocks[1].append(Column("luck alone", [_luck(r) for r in found]))
    if rows["ceiling"].notna().any():
        ends = ("ceiling", "ceiling_low", "ceiling_high")
        blocks.append([
            Column("ceiling", [difference(r[ends[0]], r[ends[1]], r[ends[2]], r["unit"]) for r in found]),
            Column(f"for {share(rows['target_share'].iloc[0])} %", [needed_size(r) for r in found], right=False),
        ])  # fmt: skip
    show_blocks(out, title, [Column(head, lines, right=False)], blocks)


def _verdict(row: pd.Series[Any]) -> str:
    return "too coarse" if row["verdict"] == NO_VERDICT else row["verdict"]


def _beyond(row: pd.Series[Any], side: str) -> str:
    return "/".join(share(row[f"{side}_{step}"]) for step in STEPS)


def _luck(row: pd.Series[Any]) -> str:
    if not math.isfinite(row["luck_low"]):
        return words.UNKNOWN
    _, low, high = three(0.0, row["luck_low"], row["luck_high"], row["unit"])
    return f"{low} to {high}" if low.strip("+-0.,") or high.strip("+-0.,") else "0"


def needed_size(row: pd.Series[Any]) -> str:
    """The size at which a measure reaches the effect that was asked for.

    >>> far = {"way": 0.5, "way_low": 0.2, "way_high": float("inf"), "factor": 2.0, "factor_low": 1.4}
    >>> needed_size({**far, "factor_high": float("inf")})
    '2 times [1.4, not within reach]'
    >>> needed_size({"way": float("inf"), "way_low": float("inf"), "way_high": float("inf"), "factor": float("nan")})
    'not within reach'
    """
    if math.isnan(row["way"]):
        return ""
    if math.isinf(row["way"]) and math.isinf(row["way_low"]):
        return "not within reach"
    if math.isnan(row["factor"]):
        ends = [_end(f"{share(row[name])} %", row[name]) for name in ("way", "way_low", "way_high")]
        return f"{ends[0]} [{ends[1]}, {ends[2]}] of the way to the ceiling"
    middle, low, high = (
        _end(words.number(row[name], figures=2), row[name]) for name in ("factor", "factor_low", "factor_high")
    )
    times = "" if math.isinf(row["factor"]) else " times"
    return f"{middle}{times} [{low}, {high}]"


def _end(text: str, value: float) -> str:
    return "not within reach" if math.isinf(value) else text
