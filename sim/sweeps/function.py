"""The model as a function of the varied paths of a sweep, for libraries that choose the points themselves.

    f = as_function("reach_x_imams")
    f(mali_kuma_kan_intensity=0.5, imam_training_intensity=1.0)  # {"joined": -12.4, ...}

    optuna:         f(**{name: trial.suggest_float(name, *f.bounds[name]) for name in f.names})["joined"]
    SALib:          ProblemSpec(f.problem).sample_sobol(64).evaluate(f.rows).analyze_sobol()
    EMA workbench:  Model("kumakan", function=f), with an uncertainty for each of `f.names`

The function keeps nothing on disk. If you want to continue a sweep later, run it as a sweep.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.batches.batch import Runner, simulate
from sim.comparison.outcomes import OUTCOMES
from sim.comparison.table import table_of
from sim.engine.errors import InputError, nearest
from sim.languages import tr
from sim.stores.run import Key
from sim.sweeps.axes import Axis
from sim.sweeps.file import as_sweep
from sim.sweeps.plan import Sweep
from sim.sweeps.sweep import outcomes_of

if TYPE_CHECKING:
    from sim.record import Record
    from sim.scenario import Scenario


def as_function(
    plan: Sweep | str | os.PathLike[str] | Mapping[str, Any], *, world_seed: int = 0, runner: Runner = simulate
) -> ModelFunction:
    """The model as a function of the paths that a sweep varies. The design of the sweep is not used.

    Parameters
    ----------
    plan : Sweep, path or dict
        The paths and their ranges, the outcomes to return, and the seeds and draws to run.
    world_seed : int
        Who lives where and knows whom; 0 gives each seed and draw its own society.
    runner : callable
        As for `sim.batches.batch.run_batch`.
    """
    return ModelFunction(as_sweep(plan), world_seed, runner)


@dataclass
class ModelFunction:
    """Takes values of the varied paths and returns outcomes: means over the seeds and draws of the sweep.

    If the sweep has a baseline, the outcomes are differences from it.
    """

    plan: Sweep
    world_seed: int = 0
    runner: Runner = simulate
    _baselines: dict[str, dict[Key, Record]] = field(default_factory=dict, repr=False)

    @property
    def axes(self) -> dict[str, Axis]:
        """The varied paths by argument name: `joint_patrols.intensity` becomes `joint_patrols_intensity`."""
        return {axis.label.replace(".", "_"): axis for axis in self.plan.axes}

    @property
    def names(self) -> list[str]:
        """The names of the arguments."""
        return list(self.axes)

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The lowest and highest value of each argument without a list of values; dates as day numbers."""
        return {name: (axis.low, axis.high) for name, axis in self.axes.items() if not axis.values}

    @property
    def problem(self) -> dict[str, Any]:
        """The varied paths in the form that SALib needs.

        Raises
        ------
        InputError
            If a path has a list of values.
        """
        listed = [axis.path for axis in self.plan.axes if axis.values]
        if listed:
            raise InputError(tr("{path} has a list of values; SALib needs low and high", path=listed[0]))
        bounds = [list(self.bounds[name]) for name in self.names]
        return {"num_vars": len(bounds), "names": self.names, "bounds": bounds, "outputs": list(self.plan.outcomes)}

    def __call__(self, **values: Any) -> dict[str, float]:
        """The outcomes at a point. An argument that is left out keeps its value in the scenario."""
        axes = self.axes
        for name in values:
            if name not in axes:
                raise InputError(
                    tr(
                        "the sweep does not vary {name}; it varies {axes}{nearest}",
                        name=repr(name),
                        axes=", ".join(axes),
                        nearest=nearest(name, axes),
                    )
                )
        point = self.plan.point({axes[name].path: _written(axes[name], value) for name, value in values.items()})
        records = {point.name: self._run(point.scenario)}
        if point.baseline is not None:
            name = point.baseline.name
            if name not in self._baselines:
                self._baselines[name] = self._run(point.baseline)
            records[name] = self._baselines[name]
        table = table_of(records, self.plan.outcomes)
        assert table is not None
        runs = outcomes_of(table, self.plan.outcomes, point).values()
        return {name: float(np.mean([run[name] for run in runs])) for name in self.plan.outcomes}

    def _run(self, scenario: Scenario) -> dict[Key, Record]:
        """The records of a scenario under every seed and draw, with only the observables that the outcomes need."""
        records = {}
        for seed, draw in product(self.plan.seeds, self.plan.draws):
            record = self.runner(scenario, seed, self.world_seed, draw=draw)
            names = {name for outcome in self.plan.outcomes for name in OUTCOMES[outcome].observables(record)}
            kept = [k for k, name in enumerate(record.names) if name in names]
            records[Key(draw, seed)] = replace(
                record, values=record.values[:, :, kept], observables=tuple(record.observables[k] for k in kept)
            )
        return records

    def rows(self, table: Any) -> NDArray[np.float64]:
        """The outcomes at several points: one column for each outcome, or a flat array if there is only one outcome.

        Parameters
        ----------
        table : array
            One row for each point, one column for each of `names`.
        """
        found = [list(self(**dict(zip(self.names, row, strict=True))).values()) for row in np.atleast_2d(table)]
        values = np.array(found)
        return values[:, 0] if len(self.plan.outcomes) == 1 else values


def _written(axis: Axis, value: Any) -> Any:
    """A value as a scenario writes it: whole numbers where needed, dates in ISO form, no numbers of numpy."""
    if isinstance(value, np.generic):
        value = value.item()
    if axis.kind == "whole" and isinstance(value, float):
        return round(value)
    if axis.kind == "date" and isinstance(value, int | float):
        return date.fromordinal(round(value)).isoformat()
    return value
