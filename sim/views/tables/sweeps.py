"""What a sweep would take and what it found, for the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console

from sim.comparison.effects import basis, headline
from sim.languages import digits, tr
from sim.sweeps.sweep import written
from sim.views import words
from sim.views.tables.layout import say, show_table
from sim.views.words import count, difference, share

if TYPE_CHECKING:
    from sim.sweeps.discovery import Discovery
    from sim.sweeps.sweep import Cost, Sweep, Swept

MOST_LINES = 40  # points that are printed; all are in the files


def show_plan(plan: Sweep, cost: Cost, out: Console) -> None:
    """What is varied, and runs, time, memory and disk."""
    against = tr(", compared with {name}", name=plan.baseline.name) if plan.baseline is not None else ""
    say(out, f"{plan.name}  {plan.scenario.name}{against}", style="bold")
    if plan.description:
        say(out, tr(plan.description.strip()))
    rows = [
        [
            axis.path,
            ", ".join(map(written, axis.values))
            or tr("{at} to {at2}, {dist}", at=axis.at(0.0), at2=axis.at(1.0), dist=axis.dist),
            tr(axis.unit),
        ]
        for axis in plan.axes
    ]
    show_table(out, "", [tr("varied"), tr("values"), tr("unit")], rows, left=3)
    if said := words.beware(plan.worlds_that_differ()):
        say(out, said, style="bold red")
    draws = f" x {count(len(plan.draws), 'draw')}" if plan.draws != (0,) else ""
    compared = f" + {count(cost.baselines, 'baseline')}" if cost.baselines else ""
    there = (
        tr(
            "; {there} are there already, {runs} are left to make",
            there=digits(cost.there, ","),
            runs=digits(cost.runs - cost.there, ","),
        )
        if cost.there
        else ""
    )
    say(
        out,
        f"{plan.design.method}: ({count(cost.points, 'point')}{compared}) x {count(len(plan.seeds), 'seed')}{draws}"
        f" = {count(cost.runs, 'run')}{there}.\n"
        f"{words.effort(cost)}",
    )


def show_sweep(swept: Swept, out: Console) -> None:
    """A line for each point: what was varied, and every outcome with its interval."""
    plan, summary = swept.plan, swept.summary()
    if summary.empty:
        return
    what, against = basis(summary), plan.baseline
    axes = plan.axes if len(plan.axes) <= 4 else ()
    inputs = {row["point"]: row for row in swept.points.to_dict("records")}
    rows = []
    for point, lines in list(summary.groupby("scenario", sort=False))[:MOST_LINES]:
        cells = [str(inputs[str(point)][axis.path]) for axis in axes] or [str(point)]
        rows.append([*cells, *(difference(*headline(row), row["unit"], against is not None)
                               for _, row in lines.iterrows())])  # fmt: skip
    outcomes = [f"{words.label(name)}\n{words.unit(swept.units.get(name, ''))}" for name in plan.outcomes]
    title = tr("Outcomes") if against is None else tr("Difference from {name}", name=against.name)
    title += tr(", Mali, whole run ({many} at each point)\n{interval}", many=what.many, interval=what.interval)
    show_table(out, title, [*([axis.label for axis in axes] or [tr("point")]), *outcomes], rows, left=0 if axes else 1)
    for said in words.warnings(summary):
        say(out, said, style="bold red")
    rest = summary["scenario"].nunique() - MOST_LINES
    if rest > 0:
        say(out, tr("and {points} in summary.csv", points=count(rest, "more point")))


def show_discovery(found: Discovery, out: Console) -> None:
    """Where failures are, box by box, and how far that can be trusted."""
    rows = [
        [row["box"], digits(row["points"], ","), f"{share(row['density'])} %", f"{share(row['coverage'])} %"]
        for row in found.boxes.to_dict("records")
    ]
    what = words.label(found.outcome)
    title = tr(
        "Where {what} is no better than in the baseline: {failing} % of points", what=what, failing=share(found.failing)
    )
    show_table(out, title, [tr("box"), tr("points"), tr("of these failing"), tr("of all failures")], rows)
    if found.too_coarse:
        say(out, words.no_verdict([found.too_coarse]), style="bold red")
    if math.isfinite(found.skill):
        trusted = "" if found.chance <= 0.05 and not found.too_coarse else tr(" Do not trust the boxes.")
        say(
            out,
            tr(
                "Points held back are classified correctly {skill} % of the time (guessing: 50 %). Failures "
                "dealt out at random do as well in {chance} % of tries.{trusted}",
                skill=share(found.skill),
                chance=share(found.chance),
                trusted=trusted,
            ),
        )
    else:
        say(out, tr("Too few points of one kind to say whether the boxes can be trusted."))
