"""The page of a sweep: what was varied, what that changed, the figures, and a line for each point."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from sim.comparison.effects import basis, headline
from sim.comparison.outcomes import OUTCOMES
from sim.engine.errors import InputError
from sim.languages import day, tr
from sim.stores.sources import sources_digest
from sim.sweeps.axes import Axis, written
from sim.sweeps.sweep import Swept
from sim.version import __version__
from sim.views import words
from sim.views.figures.costs import frontier
from sim.views.figures.sweeps import sweep_figures
from sim.views.report.answer import covered, effect
from sim.views.report.pictures import Picture, embedded
from sim.views.report.template import template
from sim.views.runs import about_sweep
from sim.views.words import capital, count, difference, heading, label, listed, typeset

if TYPE_CHECKING:
    import pandas as pd

MOST_LINES = 40  # points in the table; all are in summary.csv


def sweep_page(swept: Swept) -> str:
    """The report of a sweep as HTML.

    Raises
    ------
    InputError
        If no point has a finished run.
    """
    plan, table, manifest = swept.plan, swept.summary(), swept.batch.plan
    if table.empty:
        raise InputError(tr("no point of the sweep has a finished run; let kumakan sweep go on first"))
    what, about = basis(table), about_sweep(swept)
    pictures = [
        (
            name.startswith("cost_"),  # with a list of its points beside it, which is too small at half the width
            Picture(
                embedded(partial(_same, figure), about),
                tr("{get_label}: the tables give the numbers.", get_label=figure.get_label()),
                "",
            ),
        )
        for name, figure in sweep_figures(swept).items()
    ]
    sources = manifest.get("sources", "")
    return template("sweep.html").render(
        plan=plan,
        title=tr("Sweep {name}: {name2}", name=plan.name, name2=plan.scenario.name)
        + (tr(" compared with {name}", name=plan.baseline.name) if plan.baseline is not None else ""),
        period=tr("{start} to {end}", start=day(plan.scenario.start), end=day(plan.scenario.end)),
        axes=[{"path": axis.path, "values": _values(axis), "unit": tr(axis.unit)} for axis in plan.axes],
        points=count(len(plan.points), "point"),
        many=what.many, interval=what.interval, covers=what.covers,
        answers=[_answer(swept, table, outcome) for outcome in plan.outcomes],
        covered=covered(table),
        small_print=words.small_print(table) if plan.baseline is not None else words.warnings(table),
        pictures=pictures,
        frontiers=[told for outcome in plan.outcomes if (told := _frontier(swept, table, outcome))],
        heads=[*_heads(swept), *(f"{heading(o)}, {words.unit(swept.units.get(o, ''))}".rstrip(", ")
                                 for o in plan.outcomes)],
        inputs=len(_heads(swept)),
        rows=_rows(swept, table),
        more=max(0, table["scenario"].nunique() - MOST_LINES),
        failed=len(swept.batch.failed),
        manifest=manifest,
        sources=sources,
        repeatable=not sources or sources == sources_digest(),
        digest=about["Digest"],
        settings=json.dumps(plan.data, indent=1, ensure_ascii=False),
        made_with=__version__,
    )  # fmt: skip


def _same(figure: Any) -> Any:
    return figure


def _values(axis: Axis) -> str:
    if axis.values:
        return ", ".join(map(written, axis.values))
    return tr("{at} to {at2}", at=axis.at(0.0), at2=axis.at(1.0)) + ("" if axis.dist == "uniform" else f", {axis.dist}")


def _heads(swept: Swept) -> list[str]:
    """The headings of the columns that say which point a line is of: the paths, or its name if they are many."""
    return [axis.label for axis in swept.plan.axes] if len(swept.plan.axes) <= 4 else [tr("Point")]


def _called(swept: Swept, point: str) -> str:
    """A point in words: the values of its paths."""
    values = next((p.values for p in swept.plan.points if p.name == point), {})
    labels = {axis.path: axis.label for axis in swept.plan.axes}
    few = 0 < len(values) <= 4
    return listed(f"{labels[path]} = {written(value)}" for path, value in values.items()) if few else point


def _answer(swept: Swept, table: pd.DataFrame, outcome: str) -> dict[str, Any]:
    """How far an outcome reaches over the points, where it is lowest and highest, and how many signs are clear."""
    rows = [row for row in table[table["outcome"] == outcome].to_dict("records") if math.isfinite(headline(row)[0])]
    if not rows:
        return {"of": heading(outcome), "sentences": [tr("No run gives a number.")]}
    compared, unit = swept.plan.baseline is not None, rows[0]["unit"]
    ordered = sorted(rows, key=lambda row: headline(row)[0])
    said = []
    if headline(ordered[0])[0] == headline(ordered[-1])[0]:
        said.append(tr("The same at every point: {told}.", told=_told(ordered[0], unit, compared)))
    else:
        said += [
            tr(
                "{word}: {told} at {called}.",
                word=word,
                told=_told(row, unit, compared),
                called=_called(swept, row["scenario"]),
            )
            for word, row in ((tr("Lowest"), ordered[0]), (tr("Highest"), ordered[-1]))
        ]
    if compared:
        verdicts = [effect(row).verdict for row in rows]
        clear = [
            tr("{verdict} at {verdict2}", verdict=tr(verdict), verdict2=verdicts.count(verdict))
            for verdict in ("better", "worse")
            if verdict in verdicts
        ]
        if clear:
            said.append(
                tr(
                    "Of {many}, {clear}; at the others the sign is not clear.",
                    many=count(len(rows), "point"),
                    clear=listed(clear),
                )
            )
        elif "unclear" in verdicts:
            said.append(tr("At no point can it be told apart from the baseline."))
    return {"of": heading(outcome), "sentences": said}


def _told(row: Mapping[Any, Any], unit: str, sign: bool) -> str:
    said = "" if unit in ("persons", "events", "attacks", "imams") else f" {words.unit(unit)}".rstrip()
    return typeset(difference(*headline(row), unit, sign)) + said


def _frontier(swept: Swept, table: pd.DataFrame, outcome: str) -> dict[str, Any] | None:
    """The points that no other point beats in both cost and effect, from cheap to dear."""
    if swept.plan.baseline is None or outcome == "cost" or "cost" not in swept.plan.outcomes:
        return None
    names = frontier(table, outcome)
    if len(names) < 2:
        return None
    lines = {(row["scenario"], row["outcome"]): row for row in table.to_dict("records")}
    rows = [(_called(swept, name), *(_told(lines[name, o], lines[name, o]["unit"], True) for o in ("cost", outcome)))
            for name in names]  # fmt: skip
    side = tr("fewer or less") if OUTCOMES[outcome].better == "fewer" else "more"
    return {"outcome": label(outcome), "side": side, "rows": rows}


def _rows(swept: Swept, table: pd.DataFrame) -> list[dict[str, Any]]:
    """A line for each point: its values, then each outcome with its verdict."""
    plan, compared = swept.plan, swept.plan.baseline is not None
    inputs = {row["point"]: row for row in swept.points.to_dict("records")}
    found = []
    for point, lines in list(table.groupby("scenario", sort=False))[:MOST_LINES]:
        values = [written(inputs[str(point)][axis.path]) for axis in plan.axes] if len(plan.axes) <= 4 else [str(point)]
        cells = [
            {"text": typeset(difference(*headline(row), row["unit"], compared)),
             "verdict": effect(row).verdict if compared else ""}
            for row in lines.to_dict("records")
        ]  # fmt: skip
        found.append({"values": [capital(value) if value == str(point) else value for value in values], "cells": cells})
    return found
