"""The plan of a sweep: the points of its design. Each point is a scenario with its baseline."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.batches.batch import check_comparable
from sim.batches.plan import usual_folder
from sim.comparison.worlds import differences, sentence, too_coarse, world
from sim.engine.errors import InputError
from sim.layers import plain_data
from sim.scenario import Scenario
from sim.stores.folder import folder_name
from sim.sweeps.axes import Axis, written
from sim.sweeps.designs import METHODS, Design

NAME_LETTERS = 70
"""The name of a point that would be longer is a digest."""


@dataclass(frozen=True)
class Point:
    """One combination of values: the scenario with these values, and the baseline for comparison."""

    name: str
    values: dict[str, Any]
    scenario: Scenario
    baseline: Scenario | None


@dataclass(frozen=True)
class Sweep:
    """A checked plan of runs, from `load_sweep`.

    Attributes
    ----------
    name, description : str
    scenario, baseline : Scenario
        The two before anything is varied. With a baseline, outcomes are differences from it; without one, values.
    seeds, draws : tuple of int
        The seeds; the draws of the parameters, ``(0,)`` for their central values.
    axes : tuple of Axis
    design : Design
    outcomes : tuple of str
        Names in `sim.comparison.outcomes.OUTCOMES`.
    path : Path or None
        The file that the sweep was read from.
    """

    name: str
    description: str
    scenario: Scenario
    baseline: Scenario | None
    seeds: tuple[int, ...]
    draws: tuple[int, ...]
    axes: tuple[Axis, ...]
    design: Design
    outcomes: tuple[str, ...]
    path: Path | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any], folder: str | os.PathLike[str] = ".") -> Sweep:
        """A sweep from plain data with the keys of a sweep file: `sim.sweeps.file.sweep_of`.

        >>> Sweep.of({"scenario": {"name": "base"}, "vary": {"parameters.h0": {"values": [0.02, 0.03]}},
        ...           "design": {"method": "grid"}}).tries
        ('h0=0.02', 'h0=0.03')
        """
        from sim.sweeps.file import sweep_of  # that module imports this one

        return sweep_of(data, folder)

    @cached_property
    def places(self) -> NDArray[np.float64]:
        """The design: one row for each try, one column for each path, numbers from 0 to 1."""
        method = METHODS[self.design.method]
        n = self.design.n or method.usual
        return method.build([len(axis.values) or n for axis in self.axes], n, self.design.seed)

    @cached_property
    def tries(self) -> tuple[str, ...]:
        """The name of the point in each row of the design. Several rows may have the same point."""
        return tuple(_point_name(self, values) for values in self._values)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The distinct points, in the order of the design.

        Raises
        ------
        InputError
            If a combination of values is not a valid scenario, or if its period differs from that of its baseline.
        """
        found: dict[str, Point] = {}
        for name, values in zip(self.tries, self._values, strict=True):
            if name not in found:
                found[name] = self.point(values)
        return tuple(found.values())

    def point(self, values: Mapping[str, Any]) -> Point:
        """The point with these values by path. A path that is left out keeps its value.

        Raises
        ------
        InputError
            If the values do not make a valid scenario, or if its period differs from that of its baseline.
        """
        name = _point_name(self, values)
        world = {path: value for path, value in values.items() if not of_measures(path)}
        try:
            scenario, baseline = self.scenario.replaced(_in_blocks({**values, "name": name})), None
            if self.baseline is not None:
                title = _named(self.baseline.name, world, self.axes)
                baseline = self.baseline.replaced(_in_blocks({**world, "name": title}))
                check_comparable([baseline, scenario])
        except InputError as error:
            raise InputError(f"{name}: {error.message}", file=self.path) from None
        return Point(name, dict(values), scenario, baseline)

    @property
    def data(self) -> dict[str, Any]:
        """The plan as plain data, from which `Sweep.of` makes the same plan: scenarios and axes are spelt out."""

        def ends(axis: Axis) -> dict[str, Any]:
            if axis.values:
                return {"values": list(axis.values)}
            kinds: dict[str, Callable[[float], Any]] = {
                "date": lambda day: date.fromordinal(round(day)).isoformat(), "whole": round
            }  # fmt: skip
            low, high = map(kinds.get(axis.kind, float), (axis.low, axis.high))
            return {"low": low, "high": high, "dist": axis.dist}

        design = {key: value for key, value in self.design.model_dump().items() if key != "n" or value}
        return plain_data({
            "name": self.name, "description": self.description, "scenario": self.scenario.resolved(),
            **({"baseline": self.baseline.resolved()} if self.baseline is not None else {}),
            "seeds": len(self.seeds), "draws": len(self.draws) if self.draws != (0,) else 0,
            "vary": {axis.path: ends(axis) for axis in self.axes}, "design": design,
            "outcomes": list(self.outcomes),
        })  # fmt: skip

    @property
    def folder(self) -> Path:
        """The usual results folder: the name of the sweep, with the resolution of its scenario."""
        return usual_folder(folder_name(self.name), [self.scenario], self.draws)

    @property
    def scenarios(self) -> list[Scenario]:
        """All scenarios to run: first the baselines, then the points."""
        baselines = {p.baseline.name: p.baseline for p in self.points if p.baseline is not None}
        return [*baselines.values(), *(p.scenario for p in self.points)]

    def worlds_that_differ(self) -> dict[str, str]:
        """The points that differ from their baseline in more than measures, and in what."""
        found = {}
        for point in self.points:
            if point.baseline is not None:
                ours, theirs = (world(scenario.resolved()) for scenario in (point.scenario, point.baseline))
                if differ := differences(ours, theirs, self.draws != (0,)):
                    found[point.name] = sentence(differ, point.baseline.name)
        return found

    def too_coarse(self) -> dict[str, str]:
        """The points that get no verdict, as a youth stands for too many persons in them, and why."""
        found = {}
        for point in self.points:
            settings = point.scenario.resolved()
            if why := too_coarse({"scenario": settings, "parameters": settings["parameters"]}):
                found[point.name] = why
        return found

    @cached_property
    def _values(self) -> tuple[dict[str, Any], ...]:
        """The values of each row of the design by path, without the paths that keep their value."""
        rows_: list[dict[str, Any]] = [{} for _ in self.places]
        for axis, places in zip(self.axes, self.places.T, strict=True):
            moved = np.flatnonzero(~np.isnan(places))
            for row, value in zip(moved, axis.all_at(places[moved]), strict=True):
                rows_[row][axis.path] = value
        return tuple(rows_)


def of_measures(path: str) -> bool:
    """Whether a path belongs to the measures and not to the world."""
    return path.partition(".")[0].strip() == "measures"


def value_at(scenario: Scenario, path: str) -> Any:
    """The value at a path of the resolved scenario; None if there is none."""
    value: Any = scenario.resolved()
    for key in path.split("."):
        if isinstance(value, list):
            value = value[int(key)] if key.isdecimal() and int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def _in_blocks(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same changes with all parameters in one block: a hundred single changes would be slow."""
    parameters = {p.partition(".")[2]: value for p, value in values.items() if p.startswith("parameters.")}
    others = {path: value for path, value in values.items() if not path.startswith("parameters.")}
    return {**others, "parameters": parameters} if parameters else others


def _point_name(sweep: Sweep, values: Mapping[str, Any]) -> str:
    return _named("", values, sweep.axes) if values else sweep.scenario.name + " as it stands"


def _named(base: str, values: Mapping[str, Any], axes: Sequence[Axis]) -> str:
    """A name that consists of the values, or of a digest if it would be too long; `base` if there are no values."""
    if not values:
        return base
    labels = {axis.path: axis.label for axis in axes}
    name = " ".join([*([base] if base else []), *(f"{labels[p]}={written(v)}" for p, v in values.items())])
    if len(name) <= NAME_LETTERS and folder_name(name) == re.sub("[ =]", "_", name):
        return name
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
    return f"{base or 'point'} {digest[:12]}"
