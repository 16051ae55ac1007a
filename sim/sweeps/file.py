"""Sweeps: a scenario tried at many values of its settings, from one YAML file.

    name: patrols_and_abuse                # by default the name of the file
    description: Do joint patrols recruit or deter?
    scenario: joint_patrols                # a name, or a path relative to this file
    baseline: baseline                     # optional: outcomes are then differences from it, seed by seed
    set: {persons_per_youth: 100}          # changes before anything is varied; the baseline keeps its measures
    seeds: 5                               # seeds 1 to 5
    draws: 0                               # draws 1 to n of the uncertain parameters; 0: central values
    vary:
      measures.joint_patrols.patrols: {values: [10, 20, 40]}
      forces.army.abuse_factor: {low: 0.5, high: 1.5}
      parameters.*: {dist: prior}          # every drawn parameter that vary does not name
    design: {method: grid, n: 5, seed: 1}
    outcomes: [joined, abuses, cost]

A point is the scenario with one value for each path. Paths that belong to the world and not to a measure (parameters,
forces, groups, dates, persons_per_youth) vary in the baseline too, so a difference is always the effect of the measures
in that world.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from sim.comparison.outcomes import OUTCOMES
from sim.engine.checks import shown
from sim.engine.errors import InputError, nearest
from sim.engine.places import Keys, Tree, read
from sim.languages import digits, mark, tr, trn
from sim.layers import OF_SWEEPS, plain_data
from sim.measures.base import Several, wrong
from sim.parameters import rows
from sim.scenario import Scenario, as_scenario, load
from sim.settings import KEYS as SCENARIO_KEYS
from sim.settings import MOST_SUGGESTIONS, Block, Checks, Name, Words, is_what
from sim.shipped import called, located
from sim.sweeps.axes import Axis
from sim.sweeps.designs import METHODS, MOST_POINTS, Design, count
from sim.sweeps.plan import Sweep, of_measures, value_at

MANY, SECONDS_EACH, SECONDS_EACH_PATH = 500, 0.002, 0.00003  # points whose check takes a while
MOST_VALUES = 1_000_000  # of all points together
UNVARIED = ("name", "description", "extends")
DISTRIBUTIONS = ("uniform", "log-uniform", "prior")


# --- what a sweep file may hold ------------------------------------------------------------------------------


def _dist(value: Any) -> str:
    from sim.priors import prior

    allowed = tr(
        "one of {names}, or a prior as the table of parameters writes it: normal(0.3,0.2)",
        names=", ".join(DISTRIBUTIONS),
    )
    said = tr("is {shown}; it must be {allowed}", shown=shown(value), allowed=allowed)
    if not isinstance(value, str):
        raise wrong(said)
    if value not in DISTRIBUTIONS:
        try:
            if prior(value) is None:
                raise ValueError
        except ValueError:
            raise wrong(said + nearest(value, DISTRIBUTIONS)) from None
    return value


class Varied(Block):
    """The values of one path: `values`, or the range from `low` to `high`."""

    values: Several[Any] = ()
    low: Any = None
    high: Any = None
    dist: Annotated[str, BeforeValidator(_dist)] = "uniform"


class _File(Block):
    scenario: Words
    vary: dict[str, Any]
    design: Any
    name: Name
    description: Words = ""
    baseline: Words = ""
    set: Annotated[dict[str, Any], Field(default_factory=dict)]
    seeds: Annotated[int, count(mark("a whole number of seeds"), 1, MOST_POINTS)] = 5
    draws: Annotated[int, count(mark("a whole number of draws"), 0, MOST_POINTS)] = 0
    outcomes: Several[Words] = ("joined", "attacks", "abuses", "cost")


KEYS = ("name", "description", "scenario", "baseline", "set", "seeds", "draws", "vary", "design", "outcomes")
NEEDED = ("scenario", "vary", "design")
OF_SCENARIOS = {*SCENARIO_KEYS} - {*KEYS}
"""Keys that a scenario has and no sweep."""


# --- reading a file ------------------------------------------------------------------------------------------


def is_sweep(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a sweep file. It is if it has a key `vary` or `design`, which no scenario has."""
    try:
        data = read(located(os.fspath(path))).data
    except InputError:
        return False
    return isinstance(data, dict) and not data.keys().isdisjoint(OF_SWEEPS)


def load_sweep(
    path: str | os.PathLike[str], overrides: Sequence[str] = (), say: Callable[[str], None] | None = None
) -> Sweep:
    """Read a sweep file and check it, including every point.

    Parameters
    ----------
    path : path or str
        The YAML file, or the name of a sweep that comes with kumakan.
    overrides : sequence of str
        Changes to its scenario and baseline, as ``PATH=VALUE``. They take precedence over the key `set`.
    say : callable, optional
        Called with a text before work that takes more than a second or two.

    Raises
    ------
    InputError
        For each of the first ten problems: file and line, what is wrong, what is allowed, and the nearest name.
    """
    path = located(os.fspath(path))
    return _planned(read(path), path, overrides, say=say)


def sweep_of(data: Mapping[str, Any], folder: str | os.PathLike[str] = ".") -> Sweep:
    """A sweep from plain data with the keys of a sweep file.

    `scenario` and `baseline` may also be a Scenario or a dict. Paths are relative to `folder`.

    Raises
    ------
    InputError
        As for `load_sweep`.
    """
    if not isinstance(data, Mapping):
        raise InputError(
            tr("the sweep {is_what}; it must be a dict of the keys {keys}", is_what=is_what(data), keys=", ".join(KEYS))
        )
    given = {key: data[key] for key in ("scenario", "baseline") if isinstance(data.get(key), Scenario | Mapping)}
    texts = dict.fromkeys(given, "given in Python")
    tree = Tree(plain_data({"name": "sweep", **data, **texts}))
    made = {key: as_scenario(value) for key, value in given.items()}
    return replace(_planned(tree, Path(folder) / "sweep.yaml", (), made), path=None)


def as_sweep(given: Sweep | str | os.PathLike[str] | Mapping[str, Any]) -> Sweep:
    """The given sweep, or the sweep in a file or a dict. Every function that takes a sweep uses this.

    Raises
    ------
    InputError
        If `given` is anything else, or if the file or the dict is wrong.
    """
    if isinstance(given, Sweep):
        return given
    if isinstance(given, Mapping):
        return sweep_of(given)
    if isinstance(given, str | os.PathLike):
        return load_sweep(given)
    raise InputError(
        tr(
            "the sweep {is_what}; it must be a Sweep, the path of a sweep file, or a dict of its keys",
            is_what=is_what(given),
        )
    )


def _planned(
    tree: Tree, path: str | os.PathLike[str], overrides: Sequence[str], given: Mapping[str, Scenario] | None = None,
    say: Callable[[str], None] | None = None,
) -> Sweep:  # fmt: skip
    """The sweep in a tree, or one error with its first ten problems. `given` holds scenarios that have no file."""
    keys = tr("a sweep has the keys {keys}", keys=", ".join(KEYS))
    if not isinstance(tree.data, dict):
        raise InputError(tr("is not a block of keys; {keys}", keys=keys), file=path)
    if tree.data.keys().isdisjoint(NEEDED) and not tree.data.keys().isdisjoint(OF_SCENARIOS):
        name = called(path)
        raise InputError(
            tr(
                "this is a scenario, not a sweep; run it with: kumakan run {name}, or compare it with: kumakan compare"
                " baseline {name}",
                name=name,
            ),
            file=path,
        )
    tree.data = {"name": Path(path).stem, **tree.data}
    checks = Checks(tree)
    for key in tree.data:
        if key not in KEYS:
            allowed = keys + checks.near(key, KEYS)
            checks.problem((key,), tr("there is no key {shown}; {allowed}", shown=shown(key), allowed=allowed))
    for key in NEEDED:
        if key not in tree.data:
            checks.problem((), tr("a sweep needs the key {key}", key=key))
    if checks.problems:
        checks.done()
    file = checks.build(_File, tree.data, (), "")
    checks.done()
    design = _design(checks, file.design)
    given = given or {}
    scenario = _scenario(checks, "scenario", path, overrides, given)
    baseline = _scenario(checks, "baseline", path, overrides, given) if file.baseline else None
    _check_outcomes(checks, file.outcomes, baseline)
    checks.done()
    listed = sum(
        len(d["values"]) for d in file.vary.values() if isinstance(d, dict) and isinstance(d.get("values"), list)
    )
    if say is not None and listed > MANY:
        say(
            tr(
                "Checking {many} listed values; this takes about {seconds} seconds ...",
                many=digits(listed, ","),
                seconds=digits(listed * SECONDS_EACH, ".0f"),
            )
        )
    axes = _axes(checks, scenario)
    checks.done()
    _check_design(checks, design, axes)
    checks.done()
    draws = tuple(range(1, file.draws + 1)) or (0,)
    if say is not None and len(axes) and (many := _tries(design, axes)) > MANY:
        seconds = many * (SECONDS_EACH + SECONDS_EACH_PATH * len(axes))
        say(
            tr(
                "Checking {many} points; this takes about {seconds} seconds ...",
                many=digits(many, ","),
                seconds=digits(seconds, ".0f"),
            )
        )
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


def _tries(design: Design, axes: Sequence[Axis]) -> int:
    """How many rows the design has, without making it."""
    method = METHODS[design.method]
    n = design.n or method.usual
    return method.tries([len(axis.values) or n for axis in axes], n)


def _check_design(checks: Checks, design: Design, axes: Sequence[Axis]) -> None:
    """Check that the design works with these paths."""
    method, n = METHODS[design.method], design.n
    at = ("design", "n") if n else ("design",)
    name = design.method
    if not n and method.n and not method.usual:
        what = tr("design has no n, which {method} needs: how many {counted}", method=name, counted=tr(method.n))
        checks.problem(at, what)
    elif n and not method.n:
        what = tr("design.n is {n}; {method} has no n, its points are the listed values", n=n, method=name)
        checks.problem(at, what)
    elif n and n < method.least:
        what = tr(
            "design.n is {n}; {method} needs {least} or more {counted}",
            n=n,
            method=name,
            least=method.least,
            counted=tr(method.n),
        )
        checks.problem(at, what)
    elif method.power_of_two and n & (n - 1):
        near = 2 ** (n.bit_length() - 1)
        what = tr(
            "design.n is {n}; {method} needs a power of two, such as {below} or {above}",
            n=n,
            method=name,
            below=near,
            above=2 * near,
        )
        checks.problem(at, what)
    if method.only_lists:
        counts = {axis.path: len(axis.values) for axis in axes}
        for path, count in counts.items():
            if count != max(counts.values()) or not count:
                said = trn("{count} value", "{count} values", count, count=count) if count else tr("no values")
                what = tr(
                    "vary.{path} has {said}; a list needs equally many for each path: {many}",
                    path=path,
                    said=said,
                    many=max(counts.values()) or 1,
                )
                checks.problem(("vary", path), what)
    if axes and len(checks.problems) == 0:
        many = _tries(design, axes)
        if many > MOST_POINTS:
            what = tr(
                "the {method} design has {many} points over {paths} paths; a sweep has at most {most}",
                method=name,
                many=digits(many, ","),
                paths=len(axes),
                most=digits(MOST_POINTS, ","),
            )
            checks.problem(at, what)
        elif many * len(axes) > MOST_VALUES:
            what = tr(
                "the {method} design has {many} points with {values} values each; a sweep has at most {most} values",
                method=name,
                many=digits(many, ","),
                values=len(axes),
                most=digits(MOST_VALUES, ","),
            )
            checks.problem(at, what)


def _scenario(
    checks: Checks, key: str, file: str | os.PathLike[str], overrides: Sequence[str], given: Mapping[str, Scenario]
) -> Scenario:
    """The scenario that a key of the sweep names, with the overrides and the changes of `set`.

    Changes to measures apply to the scenario only, not to the baseline. The same is true of varied paths of measures.
    """
    tree = checks.tree
    if key == "baseline":
        overrides = [override for override in overrides if not of_measures(override.partition("=")[0])]
    try:
        scenario = given.get(key) or load(_beside(file, tree, key), overrides)
    except InputError as error:
        raise _placed(error, tree, (key,)) from None
    overridden = {override.partition("=")[0].strip() for override in overrides}
    for path, value in tree.data.get("set", {}).items():
        if len(checks.problems) > MOST_SUGGESTIONS:  # only the first are shown
            break
        if path in UNVARIED:
            checks.problem(("set", path), tr("{path} cannot be set; the sweep has a name of its own", path=path))
        elif path not in overridden and not (key == "baseline" and of_measures(path)):
            try:
                scenario = scenario.replaced({path: value})
            except InputError as error:
                if key == "scenario":  # report the problem only once
                    checks.problems.append(_placed(error, tree, ("set", path)))
    return scenario


def _beside(file: str | os.PathLike[str], tree: Tree, key: str) -> str:
    """The scenario file that a key names, by its path from the sweep file or by its name."""
    return located(tree.data[key], os.path.dirname(file) or ".", tree.place((key,)))


def _placed(error: InputError, tree: Tree, keys: Keys) -> InputError:
    """The error with the place in the sweep file that caused it, unless it has a place of its own."""
    if error.file is not None:
        return error
    return InputError.of([tree.error(keys, line) for line in error.message.split("\n")])


def _check_outcomes(checks: Checks, outcomes: Sequence[str], baseline: Scenario | None) -> None:
    for place, name in enumerate(outcomes):
        if name not in OUTCOMES:
            known = ", ".join(OUTCOMES) + checks.near(name, OUTCOMES)
            what = tr("there is no outcome {name}; the outcomes are {outcomes}", name=shown(name), outcomes=known)
            checks.problem(("outcomes", place), what)
        elif OUTCOMES[name].elsewhere and baseline is None:
            what = tr("{name} is a difference from a baseline; name a baseline with the key baseline", name=name)
            checks.problem(("outcomes", place), what)
        elif name in outcomes[:place]:
            checks.problem(("outcomes", place), tr("outcomes names {name} twice", name=name))
    if not outcomes:
        what = tr("outcomes is empty; it must be a list of: {outcomes}", outcomes=", ".join(OUTCOMES))
        checks.problem(("outcomes",), what)


def _axes(checks: Checks, scenario: Scenario) -> tuple[Axis, ...]:
    """The paths of `vary`, with each pattern replaced by the paths that match it."""
    vary = checks.tree.data["vary"]
    found: dict[str, Axis] = {}
    if not vary:
        checks.problem(("vary",), tr("vary is empty; it must be a block with one line for each path to vary"))
    for path, data in vary.items():
        at = ("vary", path)
        if len(checks.problems) > MOST_SUGGESTIONS:  # only the first are shown
            break
        if path in UNVARIED:
            checks.problem(at, tr("{path} cannot be varied; each point has a name of its own", path=path))
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
            what = tr(
                "{path} matches no path; a pattern can match drawn parameters (parameters.NAME) and settings of active"
                " measures (measures.KEY.SETTING)",
                path=path,
            )
            checks.problem(at, what)
        for name in names:
            axis = _axis(checks, scenario, name, path, varied)
            if axis is not None:
                found.setdefault(name, axis)
    return tuple(found.values())


def _could_be_varied(scenario: Scenario) -> list[str]:
    """The paths that a pattern can match."""
    drawn = [f"parameters.{name}" for name, row in rows().items() if row.drawn]
    found = [*drawn]
    for m in scenario.active_measures():
        own = f"measures.{m.key}"
        moved = {"intensity", "phases", *(("start", "end", "regions") if m.phases else ())}
        found += [f"{own}.{setting}" for setting in type(m).model_fields if setting not in moved]
        for k, period in enumerate(m.periods):
            at = f"{own}.phases.{k}" if m.phases else own
            found += [f"{at}.{setting}" for setting in ("start", "end", "regions") if m.phases]
            named = period.intensity if isinstance(period.intensity, dict) else ()
            found += [f"{at}.intensity.{region}" for region in named] or [f"{at}.intensity"]
    return found


def _axis(checks: Checks, scenario: Scenario, path: str, key: str, varied: Varied) -> Axis | None:
    """One path with its values checked. `key` is the key in the file: the path or a pattern."""
    at: Keys = ("vary", key)
    before = len(checks.problems)

    def tried(value: Any, keys: Keys) -> Any:
        """The value as the scenario holds it; a problem is noted if the value is not valid."""
        try:
            return value_at(scenario.replaced({path: value}), path)
        except InputError as error:
            checks.problems.append(_placed(error, checks.tree, keys))

    given = varied.model_fields_set
    if varied.values:
        for other in sorted(given & {"low", "high", "dist"}):
            what = tr("vary.{path} has both values and {other}; give values, or low and high", path=path, other=other)
            checks.problem((*at, other), what)
        for place, value in enumerate(varied.values):
            if len(checks.problems) <= MOST_SUGGESTIONS:
                tried(value, (*at, "values", place))
        if len(checks.problems) > before:
            return None
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in varied.values)
        dates = all(isinstance(v, date) or _is_date(v) for v in varied.values)
        values = tuple(v.isoformat() if isinstance(v, date) else v for v in varied.values)
        return Axis(path, values, kind="number" if numbers else "date" if dates else "other")

    row = rows().get(path.removeprefix("parameters.")) if path.startswith("parameters.") else None
    if row is None and path.startswith("parameters."):
        tried(0, at)  # the error gives the nearest name
        return None
    low = row.low if row and "low" not in given else varied.low
    high = row.high if row and "high" not in given else varied.high
    for name, value in (("low", low), ("high", high)):
        if value is None:
            checks.problem(at, tr("vary.{path} has no {name}; give values, or low and high", path=path, name=name))
    if len(checks.problems) > before:
        return None
    ends = tried(low, (*at, "low")), tried(high, (*at, "high"))
    if len(checks.problems) > before:
        return None
    if any(isinstance(end, bool) or not (isinstance(end, int | float) or _is_date(end)) for end in ends):
        what = tr("vary.{path} has no values between low and high; list its values: {{values: [...]}}", path=path)
        checks.problem(at, what)
        return None
    first, last = (float(date.fromisoformat(end).toordinal() if _is_date(end) else end) for end in ends)
    whole = all(isinstance(end, int) for end in ends) or bool(row and row.whole)
    kind: Any = "date" if _is_date(ends[0]) else "whole" if whole else "number"
    dist = row.distribution if row and varied.dist == "prior" else varied.dist
    if first >= last:
        what = tr(
            "vary.{path}.high is {high}; it must be above low, {low}", path=path, high=shown(high), low=shown(low)
        )
        checks.problem((*at, "high"), what)
    elif dist == "prior" or (varied.dist == "prior" and row and not row.drawn):
        known = tr("{name} is never drawn", name=row.name) if row else tr("only parameters have a prior")
        what = tr("vary.{path}.dist is prior; {known}", path=path, known=known)
        checks.problem((*at, "dist"), what + nearest("uniform", ["uniform"]))
    elif dist == "log-uniform" and first <= 0:
        what = tr("vary.{path}.low is {low}; log-uniform needs a low above 0", path=path, low=shown(low))
        checks.problem((*at, "low"), what)
    else:
        return Axis(path, low=first, high=last, kind=kind, dist=dist)
    return None


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value))
