"""The table of verdicts: what scenarios do while their measures are in force, how sure that is, and what limits it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sim.comparison.effects import basis
from sim.comparison.outcomes import SOUGHT
from sim.comparison.verdicts import FEWEST, IN_FORCE, LEVEL, STEPS, TOO_FEW
from sim.comparison.worlds import NO_VERDICT
from sim.languages import bare, colon, comma, day, digits, tr
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
    say(
        out,
        tr(
            "\nWhile in force: difference from {baseline}, Mali ({many})",
            baseline=shown["baseline"].iloc[0],
            many=what.many,
        ),
        style="bold",
    )
    for text in _introduction(verdicts, shown, persons_per_youth):
        say(out, text)
    if len(names) <= FEW:
        for scenario, rows in shown.groupby("scenario", sort=False):
            first = rows.iloc[0]
            weeks = tr(
                "{weeks} from {first}", weeks=words.count(int(first["weeks"]), "week"), first=day(first["first"])
            )
            _show(
                f"{names[str(scenario)]}{colon()}{weeks}",
                tr("outcome"),
                list(map(words.label, rows["outcome"])),
                rows,
                out,
            )
        return
    for outcome, rows in shown[shown["group"] == SOUGHT].groupby("outcome", sort=False):
        _show(capital(words.with_unit(str(outcome), rows["unit"].iloc[0])), tr("scenario"),
              [names[name] for name in rows["scenario"]], rows, out)  # fmt: skip
    say(out, tr("The ledger of harm while in force is in verdicts.csv."), style="dim")


def _introduction(verdicts: pd.DataFrame, shown: pd.DataFrame, persons_per_youth: int) -> list[str]:
    """What the numbers are, in a few lines."""
    unit = basis(shown).unit
    many = int((shown["q"].notna()).sum())
    said = [
        tr(
            "Effect: mean [90 % interval]. Better, worse by: % of {unit} beyond {beyond} of the "
            "baseline's value (of states: of the standard deviation between regions).",
            unit=tr(unit),
            beyond=BEYOND,
        )
    ]
    if many:
        said.append(
            tr(
                "Verdicts are corrected for {many} comparisons (Benjamini-Hochberg): at most {level} % of "
                "those shown are expected to be false.",
                many=many,
                level=share(LEVEL),
            )
        )
    if (shown["verdict"] == TOO_FEW).any():
        said.append(tr("A verdict needs {fewest} {unit} or more.", fewest=FEWEST, unit=tr(unit)))
    if pairs := int(verdicts["luck_pairs"].max()):
        said.append(
            tr(
                "Luck alone: what a measure that does nothing but shake luck gives, nine in ten of {pairs} such pairs.",
                pairs=pairs,
            )
        )
    if shown["ceiling"].notna().any():
        target = shown["target_share"].iloc[0]
        said.append(
            tr(
                "Ceiling: the effect at full reach and strength. For {target} %: the size at which the "
                "measure would reach that effect, relative to what was delivered.",
                target=share(target),
            )
        )
    most = parameter_rows()["coarsest_verdict"].value
    return [
        *said,
        tr(
            "Verdicts hold up to {most} persons per youth; these runs have {persons_per_youth}.",
            most=digits(most, "g"),
            persons_per_youth=digits(persons_per_youth, ","),
        ),
    ]


def _show(title: str, head: str, lines: list[str], rows: pd.DataFrame, out: Console) -> None:
    found = [row for _, row in rows.iterrows()]
    blocks = [
        [Column(tr("effect"), [difference(r["mean"], r["low"], r["high"], r["unit"]) for r in found]),
         Column(tr("verdict"), [_verdict(r) for r in found], right=False)],
        [Column(head + f"\n{BEYOND}", [_beyond(r, side) for r in found])
         for side, head in (("better", tr("better by")), ("worse", tr("worse by")))],
    ]  # fmt: skip
    if (rows["luck_pairs"] > 0).any():
        blocks[1].append(Column(tr("luck alone"), [_luck(r) for r in found]))
    if rows["ceiling"].notna().any():
        ends = ("ceiling", "ceiling_low", "ceiling_high")
        blocks.append(
            [
                Column(tr("ceiling"), [difference(r[ends[0]], r[ends[1]], r[ends[2]], r["unit"]) for r in found]),
                Column(
                    tr("for {target_share} %", target_share=share(rows["target_share"].iloc[0])),
                    [needed_size(r) for r in found],
                    right=False,
                ),
            ]
        )
    show_blocks(out, title, [Column(head, lines, right=False)], blocks)


def _verdict(row: pd.Series[Any]) -> str:
    return tr("too coarse") if row["verdict"] == NO_VERDICT else tr(row["verdict"])


def _beyond(row: pd.Series[Any], side: str) -> str:
    return "/".join(share(row[f"{side}_{step}"]) for step in STEPS)


def _luck(row: pd.Series[Any]) -> str:
    if not math.isfinite(row["luck_low"]):
        return words.UNKNOWN
    _, low, high = three(0.0, row["luck_low"], row["luck_high"], row["unit"])
    plain = bare(low + high).strip("+-0.,")
    return tr("{low} to {high}", low=low, high=high) if plain else "0"


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
        return tr("not within reach")
    if math.isnan(row["factor"]):
        ends = [_end(f"{share(row[name])} %", row[name]) for name in ("way", "way_low", "way_high")]
        return tr("{ends} [{ends2}, {ends3}] of the way to the ceiling", ends=ends[0], ends2=ends[1], ends3=ends[2])
    middle, low, high = (
        _end(words.number(row[name], figures=2), row[name]) for name in ("factor", "factor_low", "factor_high")
    )
    times = "" if math.isinf(row["factor"]) else tr(" times")
    return f"{middle}{times} [{low}{comma(numbers=True)}{high}]"


def _end(text: str, value: float) -> str:
    return tr("not within reach") if math.isinf(value) else text
