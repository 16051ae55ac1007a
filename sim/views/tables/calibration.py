"""The proof of a fit: on the terminal, and as a page of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console

from sim.calibration.proof import OPEN, REACHED
from sim.languages import ENGLISH, day, digits, mark, tr, use
from sim.views.tables.layout import say, show_table
from sim.views.words import number, pattern

if TYPE_CHECKING:
    import pandas as pd

    from sim.calibration.proof import Proof


def percent(share: float) -> str:
    """A share in whole percent."""
    return "–" if share != share else tr("{n} %", n=digits(100 * share, ".0f"))


def _rows(table: pd.DataFrame) -> list[Any]:
    """The rows of a table, with their fields as attributes."""
    return list(table.itertuples())


def missed(proof: Proof) -> pd.DataFrame:
    """Targets whose record lies outside the 90 % of the worlds; those that were fitted first."""
    table = proof.targets[~proof.targets.inside.astype(bool)]
    return table.sort_values("use", key=lambda use: use != "fitted", kind="stable")


def unreached(proof: Proof) -> list[str]:
    """Targets that next to no run meets, whatever its parameters."""
    return list(proof.targets[proof.targets.reached < REACHED].pattern)


def unidentified(proof: Proof) -> list[str]:
    """Parameters about which the record says little."""
    return list(proof.parameters[proof.parameters.width > OPEN].parameter)


def headline(proof: Proof) -> list[str]:
    """The findings in a few lines."""
    fitted = proof.targets[proof.targets.use == "fitted"]
    lines = [
        tr("{inside} of {all} fitted targets lie within the 90 % of the worlds; {met} of the worlds meet all of them"
           " (goal: 65 %)", inside=int(fitted.inside.sum()), all=len(fitted), met=percent(proof.all_met)),
        tr("members stay between 800 and 3,500 from 2014 on in {share} of worlds (goal: 90 %)",
           share=percent(proof.members_in_band)),
        tr("90 % intervals of parameters hold the truth in {share} of {many} simulated records, intervals of all"
           " parameters together in {joint} (goal: 85 to 95 %)",
           share=percent(proof.coverage), many=proof.data_sets, joint=percent(proof.joint)),
        tr("{open} of {all} parameters are not identified, {targets} targets are out of reach of any parameters that"
           " were tried", open=len(unidentified(proof)), all=len(proof.parameters), targets=len(unreached(proof))),
    ]  # fmt: skip
    for years in ("not seen", "fitted"):
        rows = _rows(proof.regions[(proof.regions.region == "all regions") & (proof.regions.years == years)])
        lines += [tr("attacks by region and year, {n} numbers, {years}: fair CRPS {crps}, mean error {error}, 90 %"
                     " intervals hold {inside}", n=digits(row.rows, ".0f"), years=tr(years),
                     crps=digits(row.crps, ".2f"), error=digits(row.error, ".1f"), inside=percent(row.inside))
                  for row in rows]  # fmt: skip
    return lines


def _target(row: Any) -> list[str]:
    worlds = tr("{middle} ({low} to {high})", middle=number(row.median), low=number(row.p5), high=number(row.p95))
    return [pattern(row.pattern), number(row.recorded), worlds, percent(row.met), percent(row.reached), tr(row.use)]


def _target_heads() -> list[str]:
    return [tr("target"), tr("record"), tr("worlds: median (90 %)"), tr("met by worlds"), tr("by all runs"), tr("use")]


USES = (mark("fitted"), mark("not fitted"), mark("not seen"))
"""What a fit does with a target."""


def show_proof(proof: Proof, out: Console) -> None:
    """Print what was found, misses first."""
    rows = [_target(row) for row in _rows(missed(proof))]
    title = tr("Missed by the fit to {until}", until=day(proof.facts["until"]))
    show_table(out, title, _target_heads(), rows, left=1)
    for line in headline(proof):
        say(out, line)


# --- the page -----------------------------------------------------------------------------------------------


@use(ENGLISH)
def calibration_page(proof: Proof, command: str) -> str:
    """The page of the documentation, in Markdown and in English."""
    facts = proof.facts
    lines = [
        "# Calibration",
        "",
        f"Made by `{command}`. The fit knows the record to {facts.get('until')}:"
        f" {len(facts['fitted_targets'])} targets, {len(facts['parameters'])} parameters,"
        f" {facts['runs']['learnt_from']:,} runs, {facts['worlds']} worlds ({facts['different_worlds']} different ones;"
        f" {facts['effective_finalists']:g} of {facts['finalists']} finalists count, weights raised to the power"
        f" {facts['tempered_to_power']:g}).",
        "",
        *(f"- {line}" for line in headline(proof)),
        "",
        "## Missed",
        "",
        "The record lies outside the 90 % of the worlds, with the error of the record. *Met by worlds*: the share of",
        "worlds within three standard deviations of what error and discrepancy allow. *By all runs*: the share of all",
        "runs of the fit, from the prior on, within one.",
        "",
        *_table(_target_heads(), [_target(row) for row in _rows(missed(proof))]),
        "",
        "## Out of reach",
        "",
        f"Fewer than {percent(REACHED)} of all runs come within one standard deviation, whatever their parameters. Here"
        " the structure is wrong, or the record.",
        "",
        *(f"- {pattern}" for pattern in unreached(proof) or ["none"]),
        "",
        "## Attacks by region",
        "",
        *_table(["years", "region", "numbers", "fair CRPS", "mean error", "90 % intervals hold"],
                [[row.years, row.region, f"{row.rows:.0f}", f"{row.crps:.2f}", f"{row.error:.1f}", percent(row.inside)]
                 for row in _rows(proof.regions)]),
        "",
        "## Not identified",
        "",
        f"The posterior of these parameters is nearly as wide as the prior (more than {percent(OPEN)} of its standard"
        " deviation in normal scores): the record says little about them, and nothing should rest on their values.",
        "",
        ", ".join(unidentified(proof)) or "none",
        "",
        "## Parameters",
        "",
        "*Shift* and *width* are in standard deviations of the prior. *Cover*, *recovered* and *ranks* come from",
        f"{proof.data_sets} simulated records: how often the 90 % interval holds the truth, the correlation of",
        "estimate and truth, and the p-value that ranks are even. Truths are finalists, and the density they were",
        "drawn from is the prior of these tests.",
        "",
        *_table(["parameter", "prior", "posterior (90 %)", "shift", "width", "cover", "recovered", "ranks"],
                [[row.parameter, number(row.prior), f"{number(row.median)} ({number(row.p5)} to {number(row.p95)})",
                  f"{row.shift:+.2f}", f"{row.width:.2f}", percent(row.coverage), f"{row.recovered:.2f}",
                  f"{row.ranks:.2f}"] for row in _rows(proof.parameters)]),
        "",
        "## All targets",
        "",
        *_table([*_target_heads(), "source", "note"],
                [[*_target(row), row.source, row.note] for row in _rows(proof.targets)]),
        "",
        "## How it is done",
        "",
        "*Targets* are `sim/calibration/targets.csv`, *parameters* `sim/calibration/fitted.csv` with the priors of the",
        "table of parameters, cut at the limits that a scenario may set. Screening points fill the prior evenly, all",
        "under one seed. In each wave an emulator (Gaussian processes on principal components, of mean and of",
        "variance) finds points where the record is likely and that are not implausible; they are run. Finalists are",
        "run under fresh seeds; their weight is the synthetic likelihood over the density they were drawn from. A",
        "*world* is a finalist drawn by weight, with one of its seeds.",
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
