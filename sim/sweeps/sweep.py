"""Sweeps: a scenario tried at many values of its settings, from one YAML file.

    name: patrols_and_abuse                # else the file's own name
    description: Do joint patrols recruit or deter?
    scenario: ../joint_patrols.yaml        # from the place of this file
    baseline: ../baseline.yaml             # optional: outcomes are then differences from it, seed by seed
    set: {persons_per_youth: 100}          # changes before anything is varied; measures of the baseline stay
    seeds: 5                               # seeds 1 to 5
    draws: 0                               # draws 1 to n of the parameters that are not known; 0: central values
    vary:
      measures.joint_patrols.patrols: {values: [10, 20, 40]}
      forces.army.abuse_factor: {low: 0.5, high: 1.5}
      parameters.*: {dist: prior}          # every drawn parameter that is not named
    design: {method: grid, n: 5, seed: 1}
    outcomes: [joined, abuses, cost]

A point is the scenario with one value for each path. What is varied of the world and not of a measure (parameters,
forces, groups, dates, persons_per_youth) is varied in the baseline as well, so that a difference is always what the
measures do in that world.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from sim.comparison.effects import COLUMNS, SIDES
from sim.comparison.outcomes import NATION, OUTCOMES
from sim.comparison.summary import summarise
from sim.comparison.table import NOTHING_MARGIN, Table, table_of
from sim.engine.errors import InputError, nearest
from sim.engine.places import Keys, Tree, read
from sim.measures import MEASURES
from sim.measures.base import Several, number, shown, wrong
from sim.parameters import rows
from sim.scenario import Block, Checks, Name, Scenario, Words, load
from sim.stores.folder import folder_name, write_text
from sim.stores.run import Key
from sim.sweeps.designs import METHODS

if TYPE_CHECKING:
    import pandas as pd

    from sim.batches.batch import Batch, OnError
    from sim.batches.estimate import Estimate
    from sim.batches.work import OnProgress, OnWeek, Runner
    from sim.stores.store import Store

MOST_POINTS = 100_000
DIGITS = 6  # significant ones that a value of a design keeps: the name of a point says it in full
NAME_LETTERS = 70  # longer names of points become a digest
UNVARIED = ("name", "description", "extends")
DISTRIBUTIONS = ("uniform", "log-uniform", "prior")


# --- what a sweep file may hold ------------------------------------------------------------------------------


def _count(allowed: str, low: int, high: int) -> BeforeValidator:
    return BeforeValidator(lambda value: number(value, f"{allowed} from {low} to {high}", low, high, whole=True))


def _dist(value: Any) -> str:
    from sim.priors import prior

    allowed = f"one of {', '.join(DISTRIBUTIONS)}, or a prior as the table of parameters writes it: normal(0.3,0.2)"
    if not isinstance(value, str):
        raise wrong(f"is {shown(value)}; it is {allowed}")
    if value not in DISTRIBUTIONS:
        try:
            if prior(value) is None:
                raise ValueError
        except ValueError:
            raise wrong(f"is {shown(value)}; it is {allowed}{nearest(value, DISTRIBUTIONS)}") from None
    return value


class Varied(Block):
    """What one path is varied over: `values`, or from `low` to `high`."""

    values: Several[Any] = ()
    low: Any = None
    high: Any = None
    dist: Annotated[str, BeforeValidator(_dist)] = "uniform"


class Design(Block):
    """Which points are tried (`sim.sweeps.designs`)."""

    method: Literal["grid", "list", "one-at-a-time", "latin-hypercube", "sobol-sequence", "sobol", "morris"]
    n: Annotated[int, _count("a whole number", 1, MOST_POINTS)] = 0
    seed: Annotated[int, _count("a whole number", 0, 2**31 - 1)] = 1


class _File(Block):
    scenario: Words
    vary: dict[str, Any]
    design: Any
    name: Name
    description: Words = ""
    baseline: Words = ""
    set: Annotated[dict[str, Any], Field(default_factory=dict)]
    seeds: Annotated[int, _count("a whole number of seeds", 1, MOST_POINTS)] = 5
    draws: Annotated[int, _count("a whole number of draws", 0, MOST_POINTS)] = 0
    outcomes: Several[Words] = ("joined", "attacks", "abuses", "cost")


KEYS = ("name", "description", "scenario", "baseline", "set", "seeds", "draws", "vary", "design", "outcomes")


# --- paths and points ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Axis:
    """A path that is varied.

    Attributes
    ----------
    path, label : str
        Its path in a scenario, and what it is called in names of points and figures: the path without its block.
    values : tuple
        The values it may have, if they are listed; else it lies between `low` and `high`.
    low, high : float
        The two ends; of dates, their day numbers.
    kind : {"number", "whole", "date", "other"}
        What its values are.
    dist : str
        How likely the values between are: a key of `DISTRIBUTIONS` or the words of a prior.
    """

    path: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    kind: Literal["number", "whole", "date", "other"] = "number"
    dist: str = "uniform"

    @property
    def label(self) -> str:
        return self.path.partition(".")[2] or self.path

    @property
    def unit(self) -> str:
        """Its unit, as far as a table or a measure says it."""
        block, *keys = self.path.split(".")
        if block == "parameters":
            return rows()[keys[0]].unit
        unit, model = "", MEASURES.get(keys[0]) if block == "measures" and len(keys) > 1 else None
        for key in keys[1:]:
            info = getattr(model, "model_fields", {}).get(key)
            if info is None:
                return ""
            unit, model = str((info.json_schema_extra or {}).get("unit", "")), info.annotation
        return unit

    def at(self, place: float) -> Any:
        """The value at a place from 0 (lowest) to 1 (highest), as it is written in a scenario.

        >>> Axis("measures.joint_patrols.intensity", low=0.0, high=0.5).at(0.5)
        0.25
        """
        return self.all_at(np.array([place]))[0]

    def all_at(self, places: NDArray[np.float64]) -> list[Any]:
        """The values at several places."""
        if self.values:
            return [self.values[min(int(place * len(self.values)), len(self.values) - 1)] for place in places]
        if self.kind in ("whole", "date") and self.dist == "uniform":  # each as likely as any other
            numbers = np.minimum(np.floor(self.low + places * (self.high - self.low + 1)), self.high)
        else:
            numbers = self._quantiles(places)
        if self.kind == "date":
            return [date.fromordinal(round(float(number_))).isoformat() for number_ in numbers]
        if self.kind == "whole":
            return [round(float(number_)) for number_ in numbers]
        return [min(max(float(f"{number_:.{DIGITS}g}"), self.low), self.high) for number_ in numbers]

    def _quantiles(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.dist == "uniform":
            return self.low + places * (self.high - self.low)
        if self.dist == "log-uniform":
            return np.asarray(self.low * (self.high / self.low) ** places)
        from sim.priors import prior

        distribution = prior(self.dist)  # the part of it between low and high
        below, above = distribution.cdf([self.low, self.high])
        return np.clip(distribution.ppf(below + places * (above - below)), self.low, self.high)


@dataclass(frozen=True)
class Point:
    """One try: the scenario with a value for each path, and what it is compared with."""

    name: str
    values: dict[str, Any]
    scenario: Scenario
    baseline: Scenario | None


@dataclass(frozen=True)
class Sweep:
    """A checked plan of runs.

    Made by `load_sweep`.

    Attributes
    ----------
    name, description : str
    scenario, baseline : Scenario
        Before anything is varied; without a baseline outcomes are values, with one differences from it.
    seeds, draws : tuple of int
        Run seeds; draws of the parameters, ``(0,)`` for their central values.
    axes : tuple of Axis
    design : Design
    outcomes : tuple of str
        Names in `sim.comparison.effects.OUTCOMES`.
    path : Path or None
        The file it was read from.
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

    @cached_property
    def places(self) -> NDArray[np.float64]:
        """The design: a row for each try, a column for each path, from 0 to 1."""
        method = METHODS[self.design.method]
        n = self.design.n or method.usual
        return method.build([len(axis.values) or n for axis in self.axes], n, self.design.seed)

    @cached_property
    def tries(self) -> tuple[str, ...]:
        """The name of the point of each row of the design; several rows may have the same."""
        return tuple(_point_name(self, values) for values in self._values)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The points, each once, in the order of the design.

        Raises
        ------
        InputError
            If a combination of values is no scenario, or has another period than its baseline.
        """
        found: dict[str, Point] = {}
        for name, values in zip(self.tries, self._values, strict=True):
            if name not in found:
                found[name] = self.point(values)
        return tuple(found.values())

    def point(self, values: Mapping[str, Any]) -> Point:
        """The point with these values, by path; paths that are left out stay as they are.

        Raises
        ------
        InputError
            If that is no scenario, or has another period than its baseline.
        """
        from sim.batches.batch import check_comparable

        name = _point_name(self, values)
        world = {path: value for path, value in values.items() if not path.startswith("measures.")}
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
    def scenarios(self) -> list[Scenario]:
        """All that is run: baselines first, then the points."""
        baselines = {p.baseline.name: p.baseline for p in self.points if p.baseline is not None}
        return [*baselines.values(), *(p.scenario for p in self.points)]

    @cached_property
    def _values(self) -> tuple[dict[str, Any], ...]:
        """The values of each row of the design, by path; without those that stay as they are."""
        rows_: list[dict[str, Any]] = [{} for _ in self.places]
        for axis, places in zip(self.axes, self.places.T, strict=True):
            moved = np.flatnonzero(~np.isnan(places))
            for row, value in zip(moved, axis.all_at(places[moved]), strict=True):
                rows_[row][axis.path] = value
        return tuple(rows_)


def _in_blocks(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same changes with all parameters in one: a hundred of them one by one take their time."""
    parameters = {p.partition(".")[2]: value for p, value in values.items() if p.startswith("parameters.")}
    others = {path: value for path, value in values.items() if not path.startswith("parameters.")}
    return {**others, "parameters": parameters} if parameters else others


def _point_name(sweep: Sweep, values: Mapping[str, Any]) -> str:
    return _named("", values, sweep.axes) if values else sweep.scenario.name + " as it stands"


def _named(base: str, values: Mapping[str, Any], axes: Sequence[Axis]) -> str:
    """A name that is the values, or a digest of them where it would be long; `base` alone where there are none."""
    if not values:
        return base
    labels = {axis.path: axis.label for axis in axes}
    name = " ".join([*([base] if base else []), *(f"{labels[p]}={written(v)}" for p, v in values.items())])
    if len(name) <= NAME_LETTERS and folder_name(name) == re.sub("[ =]", "_", name):
        return name
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
    return f"{base or 'point'} {digest[:12]}"


def written(value: Any) -> str:
    """A value as the name of a point says it."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}" if float(f"{value:.{DIGITS}g}") == value else repr(value)
    if isinstance(value, list | tuple):
        return "+".join(map(written, value))
    return str(value)


# --- reading a file ------------------------------------------------------------------------------------------


def is_sweep(path: str | os.PathLike[str]) -> bool:
    """Whether a file is meant as a sweep: it has a key `vary` or `design`, which no scenario has."""
    try:
        data = read(path).data
    except InputError:
        return False
    return isinstance(data, dict) and bool({"vary", "design"} & data.keys())


def load_sweep(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Sweep:
    """Read and check a sweep file, and every point of it.

    Parameters
    ----------
    path : path
        The YAML file.
    overrides : sequence of str
        Changes to its scenario and baseline, as ``PATH=VALUE``; they go over its `set`.

    Raises
    ------
    InputError
        For each of the first ten problems: file and line, what is wrong, what is allowed, what is near.
    """
    tree = read(path)
    keys = f"a sweep has the keys {', '.join(KEYS)}"
    if not isinstance(tree.data, dict):
        raise InputError(f"is no block of keys; {keys}", file=path)
    tree.data = {"name": Path(path).stem, **tree.data}
    checks = Checks(tree)
    for key in tree.data:
        if key not in KEYS:
            checks.problem((key,), f"there is no key {shown(key)}; {keys}{nearest(key, KEYS)}")
    for key in ("scenario", "vary", "design"):
        if key not in tree.data:
            checks.problem((), f"a sweep needs the key {key}")
    if checks.problems:
        checks.done()
    file = checks.build(_File, tree.data, (), "")
    checks.done()
    design = _design(checks, file.design)
    scenario = _scenario(checks, "scenario", path, overrides)
    baseline = _scenario(checks, "baseline", path, overrides) if file.baseline else None
    _check_outcomes(checks, file.outcomes, baseline)
    checks.done()
    axes = _axes(checks, scenario)
    checks.done()
    _check_design(checks, design, axes)
    checks.done()
    draws = tuple(range(1, file.draws + 1)) or (0,)
    sweep = Sweep(
        file.name, file.description, scenario, baseline, tuple(range(1, file.seeds + 1)), draws, axes, design,
        file.outcomes, Path(path),
    )  # fmt: skip
    try:
        assert sweep.points
    except InputError as error:
        raise tree.error(("vary",), error.message) from None
    return sweep


def _design(checks: Checks, data: Any) -> Design:
    design = checks.build(Design, data, ("design",), "design")
    checks.done()
    assert isinstance(design, Design)
    return design


def _check_design(checks: Checks, design: Design, axes: Sequence[Axis]) -> None:
    """Whether the design can be made of these paths."""
    method, n = METHODS[design.method], design.n
    at = ("design", "n") if n else ("design",)
    if not n and method.n and not method.usual:
        checks.problem(at, f"design has no n, which {design.method} needs: how many {method.n}")
    elif n and not method.n:
        checks.problem(at, f"design.n is {n}; {design.method} has none, its points are the values that are listed")
    elif n and n < method.least:
        checks.problem(at, f"design.n is {n}; {design.method} needs {method.least} or more {method.n}")
    elif method.power_of_two and n & (n - 1):
        near = 2 ** (n.bit_length() - 1)
        checks.problem(at, f"design.n is {n}; {design.method} needs a power of two, such as {near} or {2 * near}")
    if method.only_lists:
        counts = {axis.path: len(axis.values) for axis in axes}
        for path, count in counts.items():
            if count != max(counts.values()) or not count:
                said = f"{count or 'no'} value{'' if count == 1 else 's'}"
                what = f"vary.{path} has {said}; a list needs equally many for each path: {max(counts.values()) or 1}"
                checks.problem(("vary", path), what)
    if design.method == "grid":
        many = math.prod(len(axis.values) or n or method.usual for axis in axes)
        if many > MOST_POINTS:
            checks.problem(("design",), f"the grid has {many:,} points; at most {MOST_POINTS:,} are made")


def _scenario(checks: Checks, key: str, file: str | os.PathLike[str], overrides: Sequence[str]) -> Scenario:
    """The scenario that a key of the sweep names, with the overrides and what `set` changes besides.

    What is set of measures is of the scenario alone, as is what is varied of them.
    """
    tree = checks.tree
    try:
        scenario = load(os.path.normpath(Path(file).parent / tree.data[key]), overrides)
    except InputError as error:
        raise _placed(error, tree, (key,)) from None
    given = {override.partition("=")[0].strip() for override in overrides}
    for path, value in tree.data.get("set", {}).items():
        if path in UNVARIED:
            checks.problem(("set", path), f"{path} is not to be set; the sweep has a name of its own")
        elif path not in given and not (key == "baseline" and path.startswith("measures.")):
            try:
                scenario = scenario.replaced({path: value})
            except InputError as error:
                if key == "scenario":  # said once
                    checks.problems.append(_placed(error, tree, ("set", path)))
    return scenario


def _placed(error: InputError, tree: Tree, keys: Keys) -> InputError:
    """An error with the place in the sweep file that caused it, where it has none of its own."""
    if error.file is not None:
        return error
    return InputError.of([tree.error(keys, line) for line in error.message.split("\n")])


def _check_outcomes(checks: Checks, outcomes: Sequence[str], baseline: Scenario | None) -> None:
    for place, name in enumerate(outcomes):
        if name not in OUTCOMES:
            known = f"it is one of {', '.join(OUTCOMES)}{nearest(name, OUTCOMES)}"
            checks.problem(("outcomes", place), f"there is no outcome {shown(name)}; {known}")
        elif OUTCOMES[name].elsewhere and baseline is None:
            what = f"{name} is a difference from a baseline; name one with the key baseline"
            checks.problem(("outcomes", place), what)
        elif name in outcomes[:place]:
            checks.problem(("outcomes", place), f"{name} is named twice")
    if not outcomes:
        checks.problem(("outcomes",), f"outcomes is empty; it is a list of: {', '.join(OUTCOMES)}")


def _axes(checks: Checks, scenario: Scenario) -> tuple[Axis, ...]:
    """The paths of `vary`, patterns written out."""
    vary = checks.tree.data["vary"]
    found: dict[str, Axis] = {}
    if not vary:
        checks.problem(("vary",), "vary is empty; it is a block with a line for each path that is varied")
    for path, data in vary.items():
        at = ("vary", path)
        if path in UNVARIED:
            checks.problem(at, f"{path} cannot be varied; points have names of their own")
            continue
        varied = checks.build(Varied, {} if data is None else data, at, f"vary.{path}")
        if varied is None:
            continue
        if "*" not in path:
            axis = _axis(checks, scenario, path, path, varied)
            if axis is not None:
                found[path] = axis
            continue
        names = [name for name in _could_be_varied(scenario) if fnmatchcase(name, path) and name not in vary]
        if not names:
            meant = "drawn parameters (parameters.NAME) and settings of active measures (measures.KEY.SETTING)"
            checks.problem(at, f"{path} is the pattern of no path; patterns go over {meant}")
        for name in names:
            axis = _axis(checks, scenario, name, path, varied)
            if axis is not None:
                found.setdefault(name, axis)
    return tuple(found.values())


def _could_be_varied(scenario: Scenario) -> list[str]:
    """What a pattern goes over."""
    drawn = [f"parameters.{name}" for name, row in rows().items() if row.drawn]
    return drawn + [
        f"measures.{m.key}.{setting}" for m in scenario.active_measures() for setting in type(m).model_fields
    ]


def _axis(checks: Checks, scenario: Scenario, path: str, key: str, varied: Varied) -> Axis | None:
    """One path with its values checked; `key` is what the file calls it."""
    at: Keys = ("vary", key)
    before = len(checks.problems)

    def tried(value: Any, keys: Keys) -> Any:
        """The value as the scenario has it, once it is one."""
        try:
            return _found(scenario.replaced({path: value}), path)
        except InputError as error:
            checks.problems.append(_placed(error, checks.tree, keys))

    given = varied.model_fields_set
    if varied.values:
        for other in sorted(given & {"low", "high", "dist"}):
            checks.problem((*at, other), f"vary.{path} has both values and {other}; give values, or low and high")
        for place, value in enumerate(varied.values):
            tried(value, (*at, "values", place))
        if len(checks.problems) > before:
            return None
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in varied.values)
        dates = all(isinstance(v, date) or _is_date(v) for v in varied.values)
        values = tuple(v.isoformat() if isinstance(v, date) else v for v in varied.values)
        return Axis(path, values, kind="number" if numbers else "date" if dates else "other")

    row = rows().get(path.removeprefix("parameters.")) if path.startswith("parameters.") else None
    if row is None and path.startswith("parameters."):
        tried(0, at)  # says what is near
        return None
    low = row.low if row and "low" not in given else varied.low
    high = row.high if row and "high" not in given else varied.high
    for name, value in (("low", low), ("high", high)):
        if value is None:
            checks.problem(at, f"vary.{path} has no {name}; give values, or low and high")
    if len(checks.problems) > before:
        return None
    ends = tried(low, (*at, "low")), tried(high, (*at, "high"))
    if len(checks.problems) > before:
        return None
    if any(isinstance(end, bool) or not (isinstance(end, int | float) or _is_date(end)) for end in ends):
        checks.problem(at, f"vary.{path} has no values between low and high; list them: {{values: [...]}}")
        return None
    first, last = (float(date.fromisoformat(end).toordinal() if _is_date(end) else end) for end in ends)
    kind: Any = "date" if _is_date(ends[0]) else "whole" if all(isinstance(end, int) for end in ends) else "number"
    dist = row.distribution if row and varied.dist == "prior" else varied.dist
    if first >= last:
        checks.problem((*at, "high"), f"vary.{path}.high is {shown(high)}; it is above low, {shown(low)}")
    elif dist == "prior" or (varied.dist == "prior" and row and not row.drawn):
        known = f"{row.name} is never drawn" if row else "only parameters have a prior"
        checks.problem((*at, "dist"), f"vary.{path}.dist is prior; {known}{nearest('uniform', ['uniform'])}")
    elif dist == "log-uniform" and first <= 0:
        checks.problem((*at, "low"), f"vary.{path}.low is {shown(low)}; log-uniform needs a low above 0")
    else:
        return Axis(path, low=first, high=last, kind=kind, dist=dist)
    return None


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value))


def _found(scenario: Scenario, path: str) -> Any:
    """The value at a path of a scenario spelt out; None where there is none."""
    value: Any = scenario.resolved()
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


# --- running -------------------------------------------------------------------------------------------------


def sweep(
    plan: Sweep | str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    world_seed: int = 1,
    overwrite: bool = False,
    progress: bool | OnProgress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError = "finish",
    cluster: str | None = None,
    on_week: OnWeek | None = None,
    command: str | None = None,
    runner: Runner | None = None,
) -> Swept:
    """Run every point of a sweep, and its baselines, under the same seeds.

    >>> sim.sweep("scenarios/sweeps/patrol_abuse.yaml").summary()                 # doctest: +SKIP

    Parameters
    ----------
    plan : Sweep or path
        The plan, or its file.
    out : path, optional
        Results folder; by default ``results/`` and the name of the sweep. Runs that are there are not repeated.
    progress : bool or callable, optional
        Whether a bar shows how far the batch is; by default it does at a terminal and in a notebook. A function is
        called instead.
    workers, world_seed, overwrite, store, on_error, cluster, on_week, command, runner
        As for `sim.batches.batch.run_batch`.

    Raises
    ------
    InputError
        If the file is wrong, or as for `run_batch`.
    """
    from sim.batches.batch import run_batch

    plan = plan if isinstance(plan, Sweep) else load_sweep(plan)
    out = Path("results") / folder_name(plan.name) if out is None else out
    own = {} if runner is None else {"runner": runner}
    batch = run_batch(
        plan.scenarios, plan.seeds, draws=plan.draws, out=out, workers=workers, world_seed=world_seed,
        overwrite=overwrite, progress=progress, store=store, on_error=on_error, cluster=cluster, on_week=on_week,
        command=command, **own,
    )  # fmt: skip
    return swept(plan, batch)


def swept(plan: Sweep, batch: Batch) -> Swept:
    """The table of a sweep from its runs."""
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
    """The outcomes of each run of a point, for Mali; with a baseline, differences from it and the baseline's own.

    A measure that no run has costs nothing; any other outcome that the runs do not have is NaN.
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
    """The values of the varied paths at a point, those that stay as they are too."""
    found = {axis.path: point.values.get(axis.path, _found(point.scenario, axis.path)) for axis in plan.axes}
    for path, value in found.items():
        if value is None and path.startswith("parameters."):
            found[path] = rows()[path.removeprefix("parameters.")].value
        elif isinstance(value, list | tuple):
            found[path] = written(value)
    return found


@dataclass(frozen=True)
class Swept:
    """What a sweep gave.

    Attributes
    ----------
    plan : Sweep
    batch : Batch
    table : DataFrame
        A row per point, draw and seed: the values of the varied paths, then the outcomes. With a baseline these are
        differences from it, and ``baseline_<outcome>`` are its own values.
    units : dict of str to str
        Unit of each outcome.
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
        """A row per try of the design, in its order: `point`, then the values of the varied paths."""
        import pandas as pd

        inputs = {point.name: {"point": point.name, **_inputs(self.plan, point)} for point in self.plan.points}
        return pd.DataFrame([inputs[name] for name in self.plan.tries])

    def means(self, outcome: str) -> NDArray[np.float64]:
        """The outcome of each try of the design, in its order: mean over seeds and draws; NaN where all failed."""
        self.check(outcome)
        by_point = self.table.groupby("point")[outcome].mean()
        return by_point.reindex(list(self.plan.tries)).to_numpy(float)

    def summary(self) -> pd.DataFrame:
        """A row per point and outcome in the columns of `sim.comparison.effects.effects`, for Mali.

        Without a baseline `mean`, `low`, `high` and the others are of the outcome itself.
        """
        import pandas as pd

        baselines = {p.name: p.baseline.name if p.baseline is not None else "" for p in self.plan.points}
        drawn = self.plan.draws != (0,)
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
                    "draws": len(runs) if drawn else 0, "seeds": len(self.plan.seeds) if drawn else len(runs),
                    **{name: float(value) for name, value in
                       summarise(gap + theirs, theirs, SIDES[better], margin).items()},
                })  # fmt: skip
        return pd.DataFrame(found, columns=list(COLUMNS))

    def check(self, outcome: str) -> None:
        """Refuse an outcome that the sweep does not have."""
        if outcome not in self.plan.outcomes:
            raise InputError(
                f"the sweep has no outcome {outcome!r}; it has {', '.join(self.plan.outcomes)}"
                f"{nearest(outcome, self.plan.outcomes)}"
            )

    def save(self, folder: str | os.PathLike[str] | None = None) -> list[Path]:
        """Write `points.csv`, `table.csv`, `summary.csv` and, of Sobol and Morris, `indices.csv` beside the runs."""
        from sim.sweeps.sensitivity import SCREENED, all_indices

        folder = Path(self.batch.out if folder is None else folder)
        tables = {"points.csv": self.points, "table.csv": self.table, "summary.csv": self.summary()}
        if self.plan.design.method in SCREENED and len(self.table):
            tables["indices.csv"] = all_indices(self)
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            write_text(folder / name, table.to_csv(index=False))
        return [folder / name for name in tables]


# --- what it would take --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """What a sweep would take on `workers` cores: all its runs, and those of them that are not there already."""

    points: int
    baselines: int
    runs: int
    there: int
    workers: int
    seconds: float
    memory_bytes: float
    disk_bytes: float


def takes(plan: Sweep, workers: int | None = None, there: Mapping[str, int] | None = None) -> Cost:
    """Runs, time, memory and disk of a sweep, without running anything.

    Parameters
    ----------
    plan : Sweep
    workers : int, optional
        Processes; by default one per core.
    there : mapping of str to int, optional
        How many runs of each scenario need not be made (`sim.batches.batch.there_already`).
    """
    from sim.batches.estimate import choose_workers, disk_bytes, estimate

    many = len(plan.seeds) * len(plan.draws)
    scenarios = plan.scenarios
    left = [many - (there or {}).get(scenario.name, 0) for scenario in scenarios]
    each: list[Estimate] = [estimate(scenario) for scenario in scenarios]
    most = max(e.memory_bytes for e in each)
    cores, _ = choose_workers(workers, sum(left), most)
    return Cost(
        points=len(plan.points),
        baselines=len(scenarios) - len(plan.points),
        runs=many * len(scenarios),
        there=many * len(scenarios) - sum(left),
        workers=cores,
        seconds=sum(runs * e.seconds for runs, e in zip(left, each, strict=True)) / cores,
        memory_bytes=cores * most,
        disk_bytes=sum(runs * disk_bytes(scenario) for runs, scenario in zip(left, scenarios, strict=True)),
    )
