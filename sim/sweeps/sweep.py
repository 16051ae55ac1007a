"""Run a sweep, build its table, and estimate its cost."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.batches.estimate import Takes
from sim.batches.estimate import takes as of_runs
from sim.comparison.effects import COLUMNS, SIDES
from sim.comparison.outcomes import NATION, OUTCOMES
from sim.comparison.summary import summarise
from sim.comparison.table import NOTHING_MARGIN, Table, table_of
from sim.engine.errors import InputError, nearest
from sim.engine.office import as_csv
from sim.languages import tr
from sim.parameters import rows
from sim.stores.folder import write_text
from sim.stores.run import Key
from sim.sweeps.axes import Axis, written
from sim.sweeps.designs import Design
from sim.sweeps.file import as_sweep, is_sweep, load_sweep
from sim.sweeps.plan import Point, Sweep, value_at

if TYPE_CHECKING:
    import pandas as pd

    from sim.batches.batch import Batch, OnError
    from sim.batches.work import OnProgress, OnWeek, Runner
    from sim.stores.store import Store

__all__ = [
    "Axis", "Cost", "Design", "Point", "Sweep", "Swept", "is_sweep", "load_sweep", "sweep", "swept", "takes", "written",
]  # fmt: skip


PLAN = "sweep.json"
"""The file in the results folder of a sweep that holds its plan."""


# --- running -------------------------------------------------------------------------------------------------


def sweep(
    plan: Sweep | str | os.PathLike[str] | Mapping[str, Any],
    *,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    world_seed: int = 0,
    overwrite: bool = False,
    progress: bool | OnProgress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError = "finish",
    cluster: str | None = None,
    on_week: OnWeek | None = None,
    command: str | None = None,
    runner: Runner | None = None,
) -> Swept:
    """Run every point of a sweep and its baselines under the same seeds.

    >>> sim.sweep("patrol_abuse").summary()                 # doctest: +SKIP

    Parameters
    ----------
    plan : Sweep, path or dict
        The plan, its file, or the content of such a file.
    out : path, optional
        Results folder; by default ``results/`` followed by the name of the sweep, and its resolution where that is not
        the usual one. Runs in the folder are not repeated.
    progress : bool or callable, optional
        Whether to show a progress bar; by default one appears at a terminal and in a notebook. A function is called
        instead of showing a bar.
    workers, world_seed, overwrite, store, on_error, cluster, on_week, command, runner
        As for `sim.batches.batch.run_batch`.

    Raises
    ------
    InputError
        If the plan is wrong, and as for `run_batch`.
    """
    from sim.batches.batch import run_batch

    plan = as_sweep(plan)
    out = plan.folder if out is None else out
    own = {} if runner is None else {"runner": runner}
    batch = run_batch(
        plan.scenarios, plan.seeds, draws=plan.draws, out=out, workers=workers, world_seed=world_seed,
        overwrite=overwrite, progress=progress, store=store, on_error=on_error, cluster=cluster, on_week=on_week,
        command=command, **own,
    )  # fmt: skip
    return swept(plan, batch)


def reopen(folder: str | os.PathLike[str]) -> Swept:
    """A sweep that was run, from its results folder.

    Raises
    ------
    InputError
        If the folder holds no plan of a sweep, or its runs are not of this plan.
    """
    from sim.stores import open_store

    file = Path(folder) / PLAN
    try:
        plan = Sweep.of(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as problem:
        raise InputError(tr("cannot be read as the plan of a sweep ({problem})", problem=problem), file=file) from None
    batch = open_store(folder).batch()
    if {*batch.scenarios} != {scenario.name for scenario in plan.scenarios}:
        raise InputError(
            tr(
                "the latest runs in {folder} are not those of {file}; run the sweep again",
                folder=os.fspath(folder),
                file=file,
            )
        )
    return swept(plan, batch)


def swept(plan: Sweep, batch: Batch) -> Swept:
    """Build the table of a sweep from its runs."""
    import pandas as pd

    columns = ["point", "draw", "seed", *(axis.path for axis in plan.axes)]
    columns += [*plan.outcomes, *(f"baseline_{name}" for name in plan.outcomes if plan.baseline is not None)]
    table = table_of(batch.records, plan.outcomes)
    if table is None:
        return Swept(plan, batch, pd.DataFrame(columns=columns), {}, NOTHING_MARGIN)
    lines = []
    for point in plan.points:
        inputs = _inputs(plan, point)
        for (draw, seed), values in outcomes_of(table, plan.outcomes, point).items():
            lines.append({"point": point.name, "draw": draw, "seed": seed, **inputs, **values})
    units = {outcome.name: unit for outcome, unit in zip(table.outcomes, table.units, strict=True) if unit}
    return Swept(plan, batch, pd.DataFrame(lines, columns=columns), units, table.margin)


def outcomes_of(table: Table, names: Sequence[str], point: Point) -> dict[Key, dict[str, float]]:
    """The outcomes of each run of a point, for Mali. With a baseline: differences from it, and its own outcomes.

    A measure that no run has costs 0. Any other outcome that the runs do not have is NaN.
    """
    there = [outcome.name for outcome in table.outcomes]
    absent = {name: 0.0 if OUTCOMES[name].prefix else math.nan for name in names if name not in there}
    if point.baseline is None:
        arm = table.arms[point.name]
        return {key: {**absent, **dict(zip(there, values[:, 0].tolist(), strict=True))}
                for key, values in zip(arm.keys, arm.values, strict=True)}  # fmt: skip
    pairs = table.pairs(point.name, point.baseline.name, by_run=True)
    absent |= {f"baseline_{name}": value for name, value in absent.items()}
    gaps, theirs = (pairs.ours - pairs.theirs)[:, :, 0].tolist(), pairs.theirs[:, :, 0].tolist()
    own = [f"baseline_{name}" for name in there]
    return {
        Key(draw, seed): {**absent, **dict(zip(there, gap, strict=True)), **dict(zip(own, other, strict=True))}
        for draw, seed, gap, other in zip(pairs.draws, pairs.seeds, gaps, theirs, strict=True)
    }


def _inputs(plan: Sweep, point: Point) -> dict[str, Any]:
    """The values of all varied paths at a point, including those that keep their value."""
    found = {axis.path: point.values.get(axis.path, value_at(point.scenario, axis.path)) for axis in plan.axes}
    for path, value in found.items():
        if value is None and path.startswith("parameters."):
            found[path] = rows()[path.removeprefix("parameters.")].value
        elif isinstance(value, list | tuple):
            found[path] = written(value)
    return found


@dataclass(frozen=True)
class Swept:
    """The results of a sweep.

    Attributes
    ----------
    plan : Sweep
    batch : Batch
    table : DataFrame
        One row per point, draw and seed: the values of the varied paths, then the outcomes. With a baseline, these are
        differences from it, and ``baseline_<outcome>`` holds the baseline's own values.
    units : dict of str to str
        The unit of each outcome.
    margin : float
        The share of the baseline's value within which a difference counts as nothing.
    """

    plan: Sweep
    batch: Batch
    table: pd.DataFrame
    units: Mapping[str, str]
    margin: float

    @property
    def points(self) -> pd.DataFrame:
        """One row per try, in the order of the design: `point`, then the values of the varied paths."""
        import pandas as pd

        inputs = {point.name: {"point": point.name, **_inputs(self.plan, point)} for point in self.plan.points}
        return pd.DataFrame([inputs[name] for name in self.plan.tries])

    def means(self, outcome: str) -> NDArray[np.float64]:
        """The outcome of each try, in the order of the design: mean over seeds and draws; NaN if all runs failed."""
        self.check(outcome)
        by_point = self.table.groupby("point")[outcome].mean()
        return by_point.reindex(list(self.plan.tries)).to_numpy(float)

    def summary(self) -> pd.DataFrame:
        """One row per point and outcome, for Mali, in the columns of `sim.comparison.effects.effects`.

        Without a baseline, `mean`, `low`, `high` and the other columns describe the outcome itself.
        """
        import pandas as pd

        baselines = {p.name: p.baseline.name if p.baseline is not None else "" for p in self.plan.points}
        drawn, differ, coarse = self.plan.draws != (0,), self.plan.worlds_that_differ(), self.plan.too_coarse()
        found = []
        for name, runs in self.table.groupby("point", sort=False):
            if drawn:
                runs = runs.groupby("draw").mean(numeric_only=True)
            for outcome in self.plan.outcomes:
                gap = runs[outcome].to_numpy(float)
                theirs = runs[f"baseline_{outcome}"].to_numpy(float) if baselines[str(name)] else np.zeros_like(gap)
                better = OUTCOMES[outcome].better
                unit = self.units.get(outcome, "")
                margin = self.margin * (1.0 if unit == "SD" else np.abs(theirs))
                found.append({
                    "scenario": name, "outcome": outcome, "group": OUTCOMES[outcome].group, "unit": unit,
                    "region": NATION, "better": better, "baseline": baselines[str(name)],
                    "world_differs": differ.get(str(name), ""), "too_coarse": coarse.get(str(name), ""),
                    "draws": len(runs) if drawn else 0, "seeds": len(self.plan.seeds) if drawn else len(runs),
                    **{name: float(value) for name, value in
                       summarise(gap + theirs, theirs, SIDES[better], margin).items()},
                })  # fmt: skip
        return pd.DataFrame(found, columns=list(COLUMNS))

    def check(self, outcome: str) -> None:
        """Reject an outcome that the sweep does not have."""
        if outcome not in self.plan.outcomes:
            raise InputError(
                tr(
                    "the sweep has no outcome {outcome}; it has {outcomes}{nearest}",
                    outcome=repr(outcome),
                    outcomes=", ".join(self.plan.outcomes),
                    nearest=nearest(outcome, self.plan.outcomes),
                )
            )

    def save(self, folder: str | os.PathLike[str] | None = None) -> list[Path]:
        """Write `points.csv`, `table.csv`, `summary.csv` and, for Sobol and Morris, `indices.csv` beside the runs.

        The plan itself goes to `sweep.json`, from which a report is made.
        """
        from sim.sweeps.sensitivity import SCREENED, all_indices

        folder = Path(self.batch.out if folder is None else folder)
        tables = {"points.csv": self.points, "table.csv": self.table, "summary.csv": self.summary()}
        if self.plan.design.method in SCREENED and len(self.table):
            tables["indices.csv"] = all_indices(self)
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            write_text(folder / name, as_csv(table))
        write_text(folder / PLAN, json.dumps(self.plan.data, indent=1, ensure_ascii=False))  # for a report
        return [folder / name for name in tables]


# --- the cost --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost(Takes):
    """The cost of a sweep: what its runs take, and how many points and baselines it has."""

    points: int = 0
    baselines: int = 0


def takes(plan: Sweep, workers: int | None = None, there: Mapping[str, int] | None = None) -> Cost:
    """Estimate the runs, time, memory and disk space of a sweep without running anything.

    Parameters
    ----------
    plan : Sweep
    workers, there
        As for `sim.batches.estimate.takes`.
    """
    scenarios, points = plan.scenarios, len(plan.points)
    need = of_runs(scenarios, len(plan.seeds) * len(plan.draws), workers, there)
    return Cost(**asdict(need), points=points, baselines=len(scenarios) - points)
