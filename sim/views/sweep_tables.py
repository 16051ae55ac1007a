"""What a sweep would take and what it found, for the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sim.comparison.effects import basis, headline
from sim.comparison.outcomes import in_words
from sim.sweeps.sweep import written
from sim.views.tables import duration, money, number

if TYPE_CHECKING:
    from sim.sweeps.discovery import Discovery
    from sim.sweeps.sweep import Cost, Sweep, Swept

MOST_LINES = 40  # points that are printed; all are in the files


def show_plan(plan: Sweep, cost: Cost, out: Console) -> None:
    """What is varied, and runs, time, memory and disk."""
    against = f", compared with {plan.baseline.name}" if plan.baseline is not None else ""
    out.print(f"[bold]{escape(plan.name)}[/bold]  {escape(plan.scenario.name + against)}", highlight=False)
    if plan.description:
        out.print(escape(plan.description), highlight=False)
    table = Table(box=box.SIMPLE)
    for name in ("varied", "values", "unit"):
        table.add_column(name, overflow="fold")
    for axis in plan.axes:
        listed = ", ".join(map(written, axis.values)) or f"{axis.at(0.0)} to {axis.at(1.0)}, {axis.dist}"
        table.add_row(escape(axis.path), escape(listed), escape(axis.unit))
    out.print(table)
    draws = f" x {len(plan.draws)} draws" if plan.draws != (0,) else ""
    compared = f" + {cost.baselines} baselines" if cost.baselines else ""
    workers = f"{cost.workers} worker processes" if cost.workers > 1 else "one process"
    out.print(
        f"{plan.design.method}: ({cost.points:,} points{compared}) x {len(plan.seeds)} seeds{draws}"
        f" = {cost.runs:,} runs{_there(cost)}.\n"
        f"About {duration(cost.seconds)} in {workers}, {cost.memory_bytes / 1e9:.1f} GB of memory,"
        f" {_disk(cost.disk_bytes)} on disk (rough).",
        highlight=False,
    )


def _there(cost: Cost) -> str:
    if not cost.there:
        return ""
    return f"; {cost.there:,} are there already, {cost.runs - cost.there:,} are left to make"


def show_sweep(swept: Swept, out: Console) -> None:
    """A line for each point: what was varied, and every outcome with its interval."""
    plan, summary = swept.plan, swept.summary()
    if summary.empty:
        return
    what = basis(summary)
    against = f"Difference from {plan.baseline.name}" if plan.baseline is not None else "Outcomes"
    title = f"{against}, Mali, whole run ({what.many} at each point)\n{what.interval}"
    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    axes = plan.axes if len(plan.axes) <= 4 else ()
    for name in [axis.label for axis in axes] or ["point"]:
        table.add_column(name, justify="right" if axes else "left")
    for outcome in plan.outcomes:
        table.add_column(f"{in_words(outcome)}\n{swept.units.get(outcome, '')}", justify="right")
    inputs = {row["point"]: row for row in swept.points.to_dict("records")}
    sign = plan.baseline is not None
    for point, lines in list(summary.groupby("scenario", sort=False))[:MOST_LINES]:
        cells = [str(inputs[str(point)][axis.path]) for axis in axes] or [str(point)]
        for _, line in lines.iterrows():
            middle, low, high = (_amount(value, line["unit"], sign) for value in headline(line))
            cells.append(middle if low == high else f"{middle} [{low}, {high}]")
        table.add_row(*map(escape, cells))
    out.print(table)
    rest = summary["scenario"].nunique() - MOST_LINES
    if rest > 0:
        out.print(f"and {rest:,} more points in summary.csv", highlight=False)


def _amount(value: float, unit: str, sign: bool) -> str:
    return money(value, sign=sign).removesuffix(" XOF") if unit == "XOF" else number(value, sign)


def _disk(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def show_discovery(found: Discovery, out: Console) -> None:
    """Where failures are, box by box, and how far that can be trusted."""
    title = f"Where {in_words(found.outcome)} is not better than in the baseline: {100 * found.failing:.0f} % of points"
    table = Table(box=box.SIMPLE, title_justify="left", title=title)
    table.add_column("box", overflow="fold")
    for name in ("points", "of them failing", "of all failures"):
        table.add_column(name, justify="right")
    for row in found.boxes.to_dict("records"):
        table.add_row(escape(row["box"]), f"{row['points']:,}", f"{100 * row['density']:.0f} %",
                      f"{100 * row['coverage']:.0f} %")  # fmt: skip
    out.print(table)
    if math.isfinite(found.skill):
        trusted = "" if found.chance <= 0.05 else ": do not trust the boxes"
        out.print(
            f"Points not seen are told right {100 * found.skill:.0f} % of the time (50 % is guessing);"
            f" failures dealt out at random are foretold as well in {100 * found.chance:.0f} % of tries{trusted}."
        )
    else:
        out.print("Too few points of one kind to say whether the boxes can be trusted.")
