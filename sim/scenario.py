"""Scenarios: a YAML file in, a checked `Scenario` out, or one message that says where, what, and what to do.

A scenario file has these keys, all of them optional:

    name: kuma_kan_in_mopti               # by default the name of the file
    description: The campaign in one region
    extends: baseline                     # start from another scenario, given by name or path; this file changes it
    start: 2012-01-02
    end: 2018-12-31
    persons_per_youth: 20                 # how many persons one simulated youth stands for
    draws_from: worlds                    # draws of parameters: the worlds of the posterior, or the `prior` alone
    measures:
      mali_kuma_kan: {start: 2016-12-05, regions: [Mopti], intensity: 0.5}
      joint_patrols: true                 # with its default settings; false switches it off
    parameters: {peer_pull: 0.03}         # values that differ from the table of parameters
    groups: {macina: {founded: 2014-06-01}}
    forces: {minusma: {scale: 0.5}}

>>> load("baseline", ["persons_per_youth=100"])
<Scenario 'baseline': 2012-01-02 to 2018-12-31, 100 persons per youth, 1 active measure>
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine.cards import card
from sim.engine.checks import shown
from sim.engine.errors import InputError
from sim.engine.places import Tree
from sim.languages import tr
from sim.layers import change, changed, check_shape, has_on, measure_of, plain_data, with_parents, written_change
from sim.measures import MEASURES, outside
from sim.measures.base import Measure
from sim.measures.phases import how_much, in_words
from sim.settings import (
    KEYS,
    Checks,
    RunSettings,
    check_forces,
    check_groups,
    check_parameters,
    check_period,
    dotted,
    is_what,
)  # fmt: skip
from sim.settings import Block as Block  # where sweeps take them from
from sim.settings import Name as Name
from sim.settings import Words as Words
from sim.shipped import located
from sim.world.timeline import Clock

if TYPE_CHECKING:
    from sim.country import Country
    from sim.engine.places import Keys
    from sim.record import Record


@dataclass(frozen=True, repr=False)
class Scenario:
    """What is simulated: a period, a population scale, measures, and changes to the world.

    `load`, `Scenario.of` and `replaced` make scenarios and check them. Two scenarios with the same content are equal,
    wherever they were read from.

    Attributes
    ----------
    name, description : str
    start, end : date
        First day of the run, and the day by which its last week is over.
    persons_per_youth : int
        Persons that one simulated youth stands for.
    measures : dict of str to Measure
        The measures that the file names, including those that are switched off, with their dates filled in.
    parameters : dict of str to float
        Values that differ from the table of parameters.
    groups, forces : dict of str to dict
        Changes to armed groups and forces, by key and field.
    draws_from : {"worlds", "prior"}
        Where draws take the fitted parameters from.
    start_from : date or None
        The day from which the measures act. Until then the country lives the measures of `past`.
    past : dict of str to Measure
        Measures before `start_from`; by default those of the scenario `historical`.
    path : Path or None
        The file that the scenario was read from.
    """

    name: str
    description: str
    start: date
    end: date
    persons_per_youth: int
    measures: dict[str, Measure]
    parameters: dict[str, float]
    groups: dict[str, dict[str, Any]]
    forces: dict[str, dict[str, Any]]
    draws_from: str = "worlds"
    start_from: date | None = None
    past: dict[str, Measure] = field(default_factory=dict)
    path: Path | None = field(default=None, compare=False)
    _given: dict[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Scenario:
        """A scenario from plain data, as a YAML file would give them (without `extends`).

        Raises
        ------
        InputError
            If anything in the data is wrong.
        """
        return _checked(Tree(plain_data(data)), None)

    def replaced(self, changes: Mapping[str, Any]) -> Scenario:
        """The same scenario with some values changed.

        >>> base = Scenario.of({"name": "half", "measures": {"mali_kuma_kan": True}})
        >>> base.replaced({"measures.mali_kuma_kan.intensity": 0.5}).measures["mali_kuma_kan"].intensity
        0.5

        Raises
        ------
        InputError
            If a path or a value is wrong.
        """
        if not isinstance(changes, Mapping):
            said = tr("the argument {is_what}; it must be a dict of new values by path", is_what=is_what(changes))
            raise InputError(said)
        trees = [change(path, plain_data(value), None) for path, value in changes.items()]
        return _checked(changed(Tree(self._given), trees), self.path)

    @property
    def clock(self) -> Clock:
        """The weeks of the run."""
        return Clock(self.start, self.end)

    def active_measures(self) -> list[Measure]:
        """The measures that have an effect (switched on, with an intensity above zero), sorted by key."""
        return [self.measures[key] for key in sorted(self.measures) if self.measures[key].active]

    @property
    def own_week(self) -> int:
        """The first week in which its own measures act; 0 without `start_from`."""
        if self.start_from is None:
            return 0
        week = self.clock.week(self.start_from)
        return week if self.clock.date(week) >= self.start_from else week + 1

    def past_measures(self) -> list[Measure]:
        """The measures that act before `start_from`, sorted by key."""
        return [self.past[key] for key in sorted(self.past) if self.past[key].active]

    def resolved(self) -> dict[str, Any]:
        """The whole scenario as plain data; written as YAML or JSON, they load again as an equal scenario."""
        measures = {key: self.measures[key].model_dump(mode="json") for key in sorted(self.measures)}
        prior = {"draws_from": self.draws_from} if self.draws_from != "worlds" else {}
        past = {key: self.past[key].model_dump(mode="json") for key in sorted(self.past)}
        return plain_data(
            {
                "name": self.name,
                "description": self.description,
                "start": self.start,
                "end": self.end,
                "persons_per_youth": self.persons_per_youth,
                **prior,
                **({"start_from": self.start_from, "past": past} if self.start_from else {}),  # else digests stay
                "measures": measures,
                "parameters": self.parameters,
                "groups": self.groups,
                "forces": self.forces,
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 of `resolved`, in hexadecimal."""
        return hashlib.sha256(json.dumps(self.resolved(), sort_keys=True).encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def run(
        self,
        seed: int = 1,
        *,
        world_seed: int = 0,
        draw: int = 0,
        on_week: Callable[[Country], None] | None = None,
    ) -> Record:
        """Run this scenario: short for `sim.run(scenario, seed, ...)`."""
        return run(self, seed, world_seed=world_seed, draw=draw, on_week=on_week)

    def __repr__(self) -> str:
        count = len(self.active_measures())
        measures = f"{count or 'no'} active measure{'' if count == 1 else 's'}"
        people = f"{self.persons_per_youth} persons per youth"
        return f"<Scenario {self.name!r}: {self.start} to {self.end}, {people}, {measures}>"

    def _repr_html_(self) -> str:
        facts_: dict[str, object] = {
            "Description": self.description,
            "Period": f"{self.start} to {self.end} ({self.clock.weeks} weeks)",
            "Persons per youth": self.persons_per_youth,
            "Measures act from": self.start_from,
            "Parameters changed": ", ".join(f"{name} = {self.parameters[name]:g}" for name in sorted(self.parameters)),
            "Armed groups changed": ", ".join(sorted(self.groups)),
            "Forces changed": ", ".join(sorted(self.forces)),
        }
        measures = [
            (m.title, p.start, p.end, in_words(p.regions),
             f"{p.intensity:g}" if isinstance(p.intensity, float) else how_much(p.intensity))
            for m in self.active_measures() for p in m.periods
        ]  # fmt: skip
        columns = ("Measure", "Start", "End", "Regions", "Intensity")
        return card(f"Scenario {self.name}", {name: fact for name, fact in facts_.items() if fact}, columns, measures)


# --- the ways to a scenario ------------------------------------------------------------------------------


def load(path: str | os.PathLike[str], overrides: str | Sequence[str] = ()) -> Scenario:
    """Read and check a scenario file.

    Parameters
    ----------
    path : path or str
        The YAML file, or the name of a scenario that comes with kumakan (`"joint_patrols"`): see `sim.shipped`.
    overrides : str or sequence of str
        Changes to the file, as ``PATH=VALUE`` (``measures.mali_kuma_kan.intensity=0.5``); a later change of the same
        path wins.

    Raises
    ------
    InputError
        For each of the first ten problems: the file and line, what is wrong, what is allowed, and the nearest name.
    """
    tree, file = _read(path)
    return _checked(changed(tree, _changes(overrides)), file)


def load_all(paths: Sequence[str | os.PathLike[str]], overrides: str | Sequence[str] = ()) -> list[Scenario]:
    """Read several scenario files that are to be compared, with the same changes.

    A change of a measure goes to the scenarios that have the measure switched on; the others stay without it. All other
    changes go to every scenario.

    Raises
    ------
    InputError
        As for `load`; also if no scenario has the measure that a change is for.
    """
    loaded = []
    for scenario in load_each(paths, overrides):
        if isinstance(scenario, InputError):
            raise scenario
        loaded.append(scenario)
    return loaded


def load_each(
    paths: Sequence[str | os.PathLike[str]], overrides: str | Sequence[str] = ()
) -> Iterator[Scenario | InputError]:
    """The same one by one, with the error in the place of a scenario that has one.

    At the end there is an error for each change that no scenario takes.
    """
    changes, taken, whole = _changes(overrides), set(), True
    for path in paths:
        try:
            tree, file = _read(path)
            mine = [k for k, one in enumerate(changes) if (key := measure_of(one)) is None or has_on(tree, key)]
            taken.update(mine)
            yield _checked(changed(tree, [changes[k] for k in mine]), file)
        except InputError as error:
            whole = False
            yield error
    for k, one in enumerate(changes):
        if whole and k not in taken:
            key = measure_of(one)
            what = tr(
                "no scenario has {key} switched on; a change of a measure goes to the scenarios that have it", key=key
            )
            yield one.error(
                ("measures", str(key)), tr("{what} (to give it to one, write it in the file of that one)", what=what)
            )


def _read(path: str | os.PathLike[str]) -> tuple[Tree, Path]:
    file = os.fspath(path) if isinstance(path, str | os.PathLike) else path
    if not isinstance(file, str):
        said = tr("a scenario file {is_what}; it must be the path of a YAML file or a name", is_what=is_what(file))
        raise InputError(said)
    file = located(file)
    tree = with_parents(file)
    tree.data = {"name": Path(file).stem, **tree.data}
    return tree, Path(file)


def _changes(overrides: str | Sequence[str]) -> list[Tree]:
    if not isinstance(overrides, Iterable):
        said = tr("the overrides {is_what}; they must be a list of texts PATH=VALUE", is_what=is_what(overrides))
        raise InputError(said)
    return [written_change(text) for text in ([overrides] if isinstance(overrides, str) else overrides)]


def as_scenario(given: Scenario | str | os.PathLike[str] | Mapping[str, Any]) -> Scenario:
    """A scenario as it is, or the one in a file or a dict: for every function that takes a scenario.

    >>> as_scenario({"name": "quiet", "end": "2012-12-31"})
    <Scenario 'quiet': 2012-01-02 to 2012-12-31, 20 persons per youth, no active measures>

    Raises
    ------
    InputError
        If it is anything else, or the file or the dict is wrong.
    """
    if isinstance(given, Scenario):
        return given
    if isinstance(given, Mapping):
        return Scenario.of(given)
    if isinstance(given, str | os.PathLike):
        return load(given)
    raise InputError(
        tr(
            "the scenario {is_what}; it must be a Scenario, the path of a YAML file, or a dict of its keys",
            is_what=is_what(given),
        )
    )


def run(
    scenario: Scenario | str | os.PathLike[str] | Mapping[str, Any],
    seed: int = 1,
    *,
    world_seed: int = 0,
    draw: int = 0,
    prior: bool = False,
    on_week: Callable[[Country], None] | None = None,
) -> Record:
    """Run a scenario from its first to its last week.

    >>> record = run("baseline", seed=2)                           # doctest: +SKIP

    Parameters
    ----------
    scenario : Scenario, path or dict
        What is simulated.
    seed : int
        The luck of the run, a whole number from 0.
    world_seed : int
        Who lives where and knows whom; 0 gives each seed and draw its own society.
    draw : int
        Draw of the uncertain parameters; 0 is their central values.
    prior : bool
        Whether a draw takes every parameter from its own prior, even where fitted worlds are there.
    on_week : callable, optional
        Called with the country after every week; it may read the country but must not change it.

    Returns
    -------
    Record

    Raises
    ------
    InputError
        If the scenario, a seed or the draw cannot be used.
    """
    if on_week is not None and not callable(on_week):
        said = tr("on_week {is_what}; it must be a function that is called with the country", is_what=is_what(on_week))
        raise InputError(said)
    from sim import week  # brings the compiled loops, which reading a scenario does not need

    chosen = as_scenario(scenario)
    if prior:
        chosen = chosen.replaced({"draws_from": "prior"})
    return week.run(chosen, seed, world_seed=world_seed, draw=draw, on_week=on_week)


# --- checks ----------------------------------------------------------------------------------------------


def _checked(tree: Tree, path: Path | None) -> Scenario:
    """The scenario in a tree, or all its problems in one error."""
    check_shape(tree, None)
    checks = Checks(tree)
    data = tree.data
    for key in data:
        if key not in KEYS:
            allowed = tr("a scenario has the keys {keys}", keys=", ".join(KEYS)) + checks.near(key, KEYS)
            checks.problem((key,), tr("there is no key {shown}; {allowed}", shown=shown(key), allowed=allowed))
        elif key == "extends":
            checks.problem((key,), tr("extends can only be written in a file"))
    settings = {key: value for key, value in data.items() if key in RunSettings.model_fields}
    run = checks.build(RunSettings, {"name": "scenario", **settings}, (), "")
    if run is not None and not check_period(run, checks):
        run = None
    measures = {}
    for key, block in checks.known("measures", MEASURES).items():
        name = f"measures.{key}"
        measure = checks.build(MEASURES[key], block, ("measures", key), name)
        if measure is not None and run is not None:
            measures[key] = _dated(measure, _from(run, measure), checks)
    past = _past(run, data, checks)
    parameters = check_parameters(checks)
    groups = check_groups(checks)
    forces = check_forces(checks)
    checks.done()
    blocks: dict[str, Any] = {
        "measures": measures,
        "parameters": parameters,
        "groups": groups,
        "forces": forces,
        "past": past,
    }
    return Scenario(**run.model_dump(), **blocks, path=path, _given=data)


def _from(run: RunSettings, measure: Measure) -> RunSettings:
    """The run as a measure without a first day sees it: it begins with `start_from`."""
    own = run.start_from is not None and measure.start is None
    return run.model_copy(update={"start": run.start_from}) if own else run


def _past(run: RunSettings | None, data: Mapping[str, Any], checks: Checks) -> dict[str, Measure]:
    """The measures before `start_from`: those of the file, or those of history that began by then."""
    if run is None or run.start_from is None:
        if run is not None and "past" in data:
            checks.problem(("past",), tr("past needs start_from, the day on which the past ends"))
        return {}
    given = checks.known("past", MEASURES) if "past" in data else _read(HISTORY)[0].data.get("measures", {})
    found = {}
    for key, block in given.items():
        block = {"enabled": block} if isinstance(block, bool) else block
        measure = checks.build(MEASURES[key], block, ("past", key), f"past.{key}")
        if measure is not None and (measure.start is None or measure.start < run.start_from):
            found[key] = _dated(measure, run, checks, "past")
    return found


HISTORY = "historical"
"""The scenario whose measures are the past of those that begin later."""


def _dated(measure: Measure, run: RunSettings, checks: Checks, within: str = "measures") -> Measure:
    """The measure with its dates filled in. Each date outside the run or the time of the measure is a problem."""
    if not measure.enabled:
        return measure
    path, off = (within, measure.key), tr("(to switch the measure off, write enabled: false)")
    periods: list[tuple[Keys, Any]] = [((), measure), *((("phases", k), p) for k, p in enumerate(measure.phases))]
    for keys, period in periods:
        if isinstance(period.intensity, dict) and measure.key in outside() and not measure.regional:
            what = tr(
                "is a block of regions; it must be one share, as this measure does not say how it differs by region"
            )
            checks.problem((*path, *keys, "intensity"), f"{dotted((*path, *keys, 'intensity'))} {what}")
            return measure
        for key, day in (("start", period.start), ("end", period.end)):
            inside = day is None or (run.start <= day < run.end if key == "start" else run.start < day <= run.end)
            if not inside:
                what = tr(
                    "is {day}; it lies within the run, {start} to {end} {off}",
                    day=day,
                    start=run.start,
                    end=run.end,
                    off=off,
                )
                checks.problem((*path, *keys, key), f"{dotted((*path, *keys, key))} {what}")
                return measure
    measure = measure.dated(run.start, run.end)
    for keys, day in _days(measure.model_dump()):
        if keys[0] in ("start", "end", "phases"):
            continue
        if not measure.start <= day < measure.end:  # type: ignore[operator]
            what = tr(
                "is {day}; it lies within the time of the measure, {start} to {end}",
                day=day,
                start=measure.start,
                end=measure.end,
            )
        elif measure.phases and not any(phase.holds(day) for phase in measure.phases):
            what = tr("is {day}, in a pause of the measure; it must lie within one of its phases", day=day)
        else:
            continue
        checks.problem((*path, *keys), f"{dotted((*path, *keys))} {what}")
    return measure


def _days(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, date]]:
    """All dates in nested data, with the path to each."""
    if isinstance(value, date):
        yield keys, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, part in inner:
        yield from _days(part, (*keys, key))
