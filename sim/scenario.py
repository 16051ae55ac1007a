"""Scenarios: a YAML file in, a checked `Scenario` out, or one message that says where, what, and what to do.

A scenario file has these keys, all of them optional:

    name: kuma_kan_in_mopti               # else the file's own name
    description: The campaign in one region
    extends: baseline.yaml                # start from another file; what stands here goes over it, key by key
    start: 2012-01-02
    end: 2018-12-31
    persons_per_youth: 20                 # how many persons one simulated youth stands for
    measures:
      mali_kuma_kan: {start: 2016-12-05, regions: [Mopti], intensity: 0.5}
      joint_patrols: true                 # as it stands in its own defaults; false switches it off
    parameters: {peer_pull: 0.03}         # values other than the table's
    groups: {macina: {founded: 2014-06-01}}
    forces: {minusma: {scale: 0.5}}

>>> load("scenarios/baseline.yaml", ["persons_per_youth=100"]).persons_per_youth
100
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from sim.engine.errors import InputError, nearest, plain
from sim.engine.places import NOWHERE, Keys, Place, Tree, parse, read
from sim.measures import MEASURES
from sim.measures.base import Day, Measure, Several, Share, Yes, number, shown, wrong
from sim.parameters import rows
from sim.world import facts
from sim.world.timeline import Clock

if TYPE_CHECKING:
    from sim.record import Record

FIRST_DAY = date(2012, 1, 2)
"""The tables of people, armed groups and forces begin here; there is nothing to start a run from before."""
LAST_DAY = date(2030, 12, 31)
"""No table reaches past 2018; further ahead than this the run would be about its own assumptions only."""
MOST_PROBLEMS = 10
MOST_MEMBERS = 100_000  # an armed group here never had a tenth of it
MOST_SCALE = 100  # a hundred times the troops there were


# --- what the keys of a scenario may hold ----------------------------------------------------------------


def _words(value: Any) -> str:
    if value is None:
        raise wrong("has no value; it is a text")
    if isinstance(value, bool):
        raise wrong(f"is a word that YAML reads as {str(value).lower()}; it is a text, so put it in quotes")
    if isinstance(value, dict | list):
        raise wrong(f"{_is(value)}; it is a text")
    if not isinstance(value, str):
        raise wrong(f"is {shown(value)}; it is a text, so put it in quotes")
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in value):
        raise wrong(f"is {shown(value)}; it is a text without control characters")
    return value.strip()


def _name(value: Any) -> str:
    name = _words(value)
    if not 0 < len(name) <= 100 or name.startswith(".") or set(name) & set("/\\\n\t"):
        raise wrong(f"is {shown(name)}; it is a text of 1 to 100 letters on one line, without / and \\")
    return name


def _cercle(value: Any) -> str:
    from sim.world.grid import world_grid  # the grid is read only where districts are named

    cercles = {plain(name): name for name in world_grid().cercle}
    if not isinstance(value, str) or plain(value) not in cercles:
        raise wrong(f"is {shown(value)}, which is no cercle of Mali{nearest(value, cercles.values())}")
    return cercles[plain(value)]


def _number(allowed: str, low: float, high: float, whole: bool = False) -> BeforeValidator:
    return BeforeValidator(lambda value: number(value, allowed, low, high, whole=whole))


Words = Annotated[str, BeforeValidator(_words)]
Name = Annotated[str, BeforeValidator(_name)]
Members = Annotated[int, _number(f"a whole number of persons from 0 to {MOST_MEMBERS}", 0, MOST_MEMBERS, True)]
Factor = Annotated[float, _number(f"a factor from 0 to {MOST_SCALE}", 0, MOST_SCALE)]


class Block(BaseModel):
    """A block of a file: only the keys it names, of exactly their types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Run(Block):
    name: Name
    description: Words = ""
    start: Day = FIRST_DAY
    end: Day = date(2018, 12, 31)
    persons_per_youth: Annotated[int, _number("a whole number of persons from 1 to 10000", 1, 10_000, whole=True)] = 20


class _Group(Block):
    """What a scenario may change of an armed group (sim/world/data/groups.csv)."""

    enabled: Yes = True
    start_members: Members = 0
    founded: Day = FIRST_DAY
    ended: Day | None = None  # null: it has no end
    home_cercles: Several[Annotated[str, BeforeValidator(_cercle)]] = ()
    founding_core: Members = 0


class _Force(Block):
    """What a scenario may change of a force (sim/world/data/forces.csv and deployments.csv)."""

    enabled: Yes = True
    scale: Factor = 1.0
    start: Day = FIRST_DAY
    end: Day = LAST_DAY
    effectiveness: Factor = 1.0
    abuse_factor: Factor = 1.0
    patrol_share: Share = 0.0


BLOCKS = ("measures", "parameters", "groups", "forces")
KEYS = ("name", "description", "extends", "start", "end", "persons_per_youth", *BLOCKS)


# --- the scenario ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """What is simulated: a period, a population scale, measures, and what is changed of the world.

    Made by `load`, `Scenario.of` and `replaced`, which check it. Two scenarios are equal when their content
    is, wherever it was read from.

    Attributes
    ----------
    name, description : str
    start, end : date
        First day, and the day on which the last week must be over.
    persons_per_youth : int
        Persons that one simulated youth stands for.
    measures : dict of str to Measure
        Those the file names, switched off ones too, with their dates filled in.
    parameters : dict of str to float
        Values that differ from the table of parameters.
    groups, forces : dict of str to dict
        Changes to armed groups and forces, by key and field.
    path : Path or None
        The file it was read from.
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
    path: Path | None = field(default=None, compare=False)
    _given: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Scenario:
        """A scenario from plain data, as a YAML file would give them (without `extends`).

        Raises
        ------
        InputError
            If anything in it is wrong.
        """
        return _checked(Tree(_plain_data(data)), None)

    def replaced(self, changes: Mapping[str, Any]) -> Scenario:
        """The same scenario with some values changed.

        >>> base = Scenario.of({"name": "half", "measures": {"mali_kuma_kan": True}})
        >>> base.replaced({"measures.mali_kuma_kan.intensity": 0.5}).measures["mali_kuma_kan"].intensity
        0.5

        Raises
        ------
        InputError
            If a path or value is wrong.
        """
        tree = Tree(self._given)
        for path, value in changes.items():
            tree = _override(path, _plain_data(value), None).over(tree)
        return _checked(tree, self.path)

    @property
    def clock(self) -> Clock:
        """The weeks of the run."""
        return Clock(self.start, self.end)

    def active_measures(self) -> list[Measure]:
        """The measures that do anything (enabled, with an intensity above zero), sorted by key."""
        return [self.measures[key] for key in sorted(self.measures) if self.measures[key].active]

    def resolved(self) -> dict[str, Any]:
        """Everything spelt out as plain data: written as YAML or JSON it loads again to an equal scenario."""
        measures = {key: self.measures[key].model_dump(mode="json") for key in sorted(self.measures)}
        return _plain_data(
            {
                "name": self.name,
                "description": self.description,
                "start": self.start,
                "end": self.end,
                "persons_per_youth": self.persons_per_youth,
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

    def run(self, seed: int = 1, *, world_seed: int = 1, draw: int = 0) -> Record:
        """Run it: short for `sim.run(scenario, seed, world_seed=world_seed, draw=draw)`."""
        from sim import week  # brings the compiled loops, which reading a scenario does not need

        return week.run(self, seed, world_seed=world_seed, draw=draw)


def load(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Scenario:
    """Read and check a scenario file.

    Parameters
    ----------
    path : path
        The YAML file.
    overrides : sequence of str
        Changes on top, as ``PATH=VALUE`` (``measures.mali_kuma_kan.intensity=0.5``), later ones over earlier.

    Raises
    ------
    InputError
        For each of the first ten problems: file and line, what is wrong, what is allowed, what is near.
    """
    tree = _with_parents(path)
    tree.data = {"name": Path(path).stem, **tree.data}
    for override in overrides:
        tree = _parsed_override(override).over(tree)
    return _checked(tree, Path(path))


# --- extends ---------------------------------------------------------------------------------------------


def _with_parents(path: str | os.PathLike[str]) -> Tree:
    """The file laid over the one it extends, and so on."""
    layers: list[Tree] = []
    chain: list[str] = []
    file, said_at = os.fspath(path), NOWHERE
    while True:
        layer = read(file, said_at)
        _check_shape(layer, file)
        chain.append(file)
        layers.append(layer)
        if "extends" not in layer.data:
            break
        parent, said_at = layer.data.pop("extends"), layer.place(("extends",))
        if not isinstance(parent, str) or not parent.strip() or not parent.isprintable():
            raise layer.error(("extends",), f"extends {_is(parent)}; it is the path of one scenario file")
        file = os.path.normpath(os.path.join(os.path.dirname(file), parent))
        for k, earlier in enumerate(chain):
            if os.path.realpath(earlier) == os.path.realpath(file):
                circle = " -> ".join([*chain[k:], file])
                raise layer.error(("extends",), f"extends goes in a circle: {circle}")
    tree = layers[-1]
    for layer in layers[-2::-1]:
        tree.data.pop("name", None)  # a name is a file's own
        tree = layer.over(tree)
    return tree


def _check_shape(tree: Tree, file: str | None) -> None:
    """Refuse what is no block of keys, and write out `measure: true`."""
    keys = f"a scenario has the keys {', '.join(KEYS)}"
    if tree.data is None:
        raise InputError(f"is empty; {keys}", file=file)
    if not isinstance(tree.data, dict):
        is_ = "a list" if isinstance(tree.data, list) else f"only {shown(tree.data)}"
        raise tree.error((), f"is {is_}; {keys}")
    measures = tree.data.get("measures")
    if not isinstance(measures, dict):
        return
    for key, value in measures.items():
        if isinstance(value, bool):
            measures[key] = {"enabled": value}
            tree.places["measures", key, "enabled"] = tree.place(("measures", key))


# --- overrides -------------------------------------------------------------------------------------------


def _parsed_override(text: str) -> Tree:
    place = f"--set {text if len(text) <= 100 else text[:97] + '...'}"
    path, equals, written = text.partition("=")
    if not equals:
        raise InputError("has no '='; it is PATH=VALUE, such as persons_per_youth=50", file=place)
    try:
        value = parse(written).data
    except InputError as error:
        raise InputError(error.message, file=place) from None
    if isinstance(value, dict):
        raise InputError("is a block; set one value at a time", file=place)
    return _override(path.strip(), value, place)


def _override(path: str, value: Any, place: str | None) -> Tree:
    """A tree with one value in it."""
    keys = path.split(".")
    if not all(keys):
        raise InputError(f"{shown(path)} is no path; it is keys joined by dots", file=place)
    data = value
    for key in reversed(keys):
        data = {key: data}
    tree = Tree(data, {tuple(keys[: k + 1]): Place(place) for k in range(len(keys))})
    _check_shape(tree, place)
    return tree


def _plain_data(value: Any) -> Any:
    """A copy as YAML would hold it: dicts with text keys, lists, days as text, measures as blocks."""
    if isinstance(value, Measure):
        return _plain_data(value.model_dump(mode="json", exclude_unset=True))
    if isinstance(value, Mapping):
        return {str(key): _plain_data(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain_data(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


# --- checks ----------------------------------------------------------------------------------------------


class Checks:
    """The problems found so far in one tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.problems: list[InputError] = []

    def problem(self, path: Keys, message: str) -> None:
        self.problems.append(self.tree.error(path, message))

    def build(self, model: type[BaseModel], data: Any, path: Keys, name: str) -> Any:
        """The model of a block, or None with its problems noted."""
        if not isinstance(data, dict):
            also = "true, false or " if path[:1] == ("measures",) else ""
            self.problem(path, f"{name} {_is(data)}; it is {also}a block of settings: {', '.join(model.model_fields)}")
            return None
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                ending = ("end",) if one["type"] == "end" else ()
                self.problem((*path, *_location(one["loc"]), *ending), _said(one, model, name))
            return None

    def known(self, block: str, known: Iterable[str]) -> dict[str, Any]:
        """The entries of a block whose keys are known; the others are problems."""
        names = list(known)
        given = self.tree.data.get(block, {})
        if not isinstance(given, dict):
            is_ = f"it is a block with a line for each {block[:-1]}; without any write {{}}"
            self.problem((block,), f"{block} {_is(given)}; {is_}")
            return {}
        for key in given:
            if key not in names:
                listed = f"; there are {', '.join(names)}" if len(names) <= 30 else ""
                self.problem((block, key), f"there is no {block[:-1]} {shown(key)}{listed}{nearest(key, names)}")
        return {key: given[key] for key in given if key in names}

    def done(self) -> None:
        """Raise what was found, by file and line."""
        if not self.problems:
            return
        files = [problem.file for problem in self.problems]
        self.problems.sort(key=lambda problem: (files.index(problem.file), problem.line or 0))
        shown_ = self.problems[:MOST_PROBLEMS]
        more = len(self.problems) - len(shown_)
        if more:
            shown_.append(InputError(f"and {more} more"))
        raise InputError.of(shown_)


def _location(loc: tuple[str | int, ...]) -> Keys:
    return tuple(part for part in loc if part != "[key]")


def _dotted(keys: Keys) -> str:
    """Keys as a reader says them: measures.imam_training.cohorts item 2.departs."""
    return "".join(f" item {key + 1}" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _is(value: Any) -> str:
    if value is None:
        return "has no value"
    if isinstance(value, dict | list | tuple):
        return f"is {'a block' if isinstance(value, dict) else 'a list'}"
    return f"is {str(value).lower() if isinstance(value, bool) else shown(value)}"


def _inner(model: Any, loc: Keys) -> type[BaseModel]:
    """The model of the block at `loc` inside a model."""
    for part in loc:
        model = model.model_fields[part].annotation if isinstance(part, str) else get_args(model)[0]
    return cast(type[BaseModel], model)


_KINDS = {
    "tuple_type": "is a list",
    "list_type": "is a list",
    "dict_type": "is a block",
    "model_type": "is a block",
    "date_type": "is a date as YYYY-MM-DD",
    "string_type": "is a text",
    "float_type": "is a number",
    "int_type": "is a whole number",
    "bool_type": "is true or false",
}


def _said(error: Any, model: type[BaseModel], name: str) -> str:
    """What pydantic found, in the words of this program."""
    kind, loc, context = error["type"], _location(error["loc"]), error.get("ctx", {})
    said = _dotted((name, *loc) if name else loc)
    if kind == "missing":
        return f"{said.rpartition('.')[0]} has no {loc[-1]}, which it needs"
    if kind == "extra_forbidden":
        outer = said.rpartition(".")[0]
        fields = list(_inner(model, loc[:-1]).model_fields)
        return f"{outer} has no setting {shown(loc[-1])}; it has {', '.join(fields)}{nearest(loc[-1], fields)}"
    if "message" in context:
        return f"{said}{'.end' if kind == 'end' else ''} {error['msg']}"
    if kind == "literal_error":
        names = [part.strip(" '\"") for part in context["expected"].replace(" or ", ", ").split(",")]
        said += ": there is no such key" if "[key]" in error["loc"] else f" {_is(error['input'])}"
        return f"{said}; it is {context['expected']}{nearest(error['input'], names)}"
    if kind in ("greater_than_equal", "less_than_equal"):
        allowed = f"is {context['ge']:g} or more" if "ge" in context else f"is {context['le']:g} or less"
    else:
        allowed = _KINDS.get(kind) or error["msg"].removeprefix("Input ")
    return f"{said} {_is(error['input'])}; it {allowed}"


def _checked(tree: Tree, path: Path | None) -> Scenario:
    """The scenario in a tree, or all its problems in one error."""
    _check_shape(tree, None)
    checks = Checks(tree)
    data = tree.data
    for key in data:
        if key not in KEYS:
            allowed = f"a scenario has the keys {', '.join(KEYS)}{nearest(key, KEYS)}"
            checks.problem((key,), f"there is no key {shown(key)}; {allowed}")
        elif key == "extends":
            checks.problem((key,), "extends can only be written in a file")
    settings = {key: value for key, value in data.items() if key in _Run.model_fields}
    run = checks.build(_Run, {"name": "scenario", **settings}, (), "")
    if run is not None and not _check_period(run, checks):
        run = None
    measures = {}
    for key, block in checks.known("measures", MEASURES).items():
        name = f"measures.{key}"
        measure = checks.build(MEASURES[key], block, ("measures", key), name)
        if measure is not None and run is not None:
            measures[key] = _dated(measure, run, checks)
    parameters = _check_parameters(checks)
    groups = _check_groups(checks)
    forces = _check_forces(checks)
    checks.done()
    blocks: dict[str, Any] = {
        "measures": measures,
        "parameters": parameters,
        "groups": groups,
        "forces": forces,
    }
    return Scenario(**run.model_dump(), **blocks, path=path, _given=data)


def _check_period(run: _Run, checks: Checks) -> bool:
    before = len(checks.problems)
    for key in ("start", "end"):
        day = getattr(run, key)
        if not FIRST_DAY <= day <= LAST_DAY:
            why = "the data begin there" if day < FIRST_DAY else "the data say nothing about later years"
            checks.problem((key,), f"{key} is {day}; it lies between {FIRST_DAY} and {LAST_DAY}, as {why}")
    if len(checks.problems) > before:
        return False
    if (run.end - run.start).days < 7:
        what = f"end is {run.end}; it is at least a week after the start {run.start}"
        checks.problem(("end",) if ("end",) in checks.tree.places else ("start",), what)
        return False
    return True


def _dated(measure: Measure, run: _Run, checks: Checks) -> Measure:
    """The measure with its dates filled in, and a problem noted for each date outside its run or own time."""
    if not measure.enabled:
        return measure
    path, off = ("measures", measure.key), "(or switch the measure off with enabled: false)"
    for key, day in (("start", measure.start), ("end", measure.end)):
        inside = day is None or (run.start <= day < run.end if key == "start" else run.start < day <= run.end)
        if not inside:
            what = f"is {day}; it lies within the run, {run.start} to {run.end} {off}"
            checks.problem((*path, key), f"{'.'.join(path)}.{key} {what}")
            return measure
    measure = measure.model_copy(update={"start": measure.start or run.start, "end": measure.end or run.end})
    for keys, day in _days(measure.model_dump()):
        if keys not in (("start",), ("end",)) and not measure.start <= day < measure.end:  # type: ignore[operator]
            what = f"is {day}; it lies within the time of the measure, {measure.start} to {measure.end}"
            checks.problem((*path, *keys), f"{_dotted((*path, *keys))} {what}")
    return measure


def _days(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, date]]:
    """All dates in nested data, with the way to each."""
    if isinstance(value, date):
        yield keys, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, part in inner:
        yield from _days(part, (*keys, key))


def _check_parameters(checks: Checks) -> dict[str, float]:
    values = {}
    for name, value in checks.known("parameters", rows()).items():
        row = rows()[name]
        try:
            values[name] = number(value, f"between {row.low:g} and {row.high:g} {row.unit}", row.low, row.high)
        except PydanticCustomError as error:
            checks.problem(("parameters", name), f"parameters.{name} {error.message()}")
    return values


def _check_groups(checks: Checks) -> dict[str, dict[str, Any]]:
    table = {group.key: group for group in facts.groups()}
    changes = {}
    for key, block in checks.known("groups", table).items():
        path = ("groups", key)
        model = checks.build(_Group, block, path, f"groups.{key}")
        if model is None:
            continue
        change = changes[key] = model.model_dump(exclude_unset=True)
        founded, ended = change.get("founded", table[key].founded), change.get("ended", table[key].ended)
        if ended is not None and ended <= founded:
            field_ = "ended" if "ended" in change else "founded"
            what = f"is {change[field_]}; it would be founded on {founded} and ended no later, on {ended}"
            checks.problem((*path, field_), f"groups.{key}.{field_} {what}")
        if change.get("home_cercles") == ():
            checks.problem((*path, "home_cercles"), f"groups.{key}.home_cercles is empty; it is a list of cercles")
    return changes


def _check_forces(checks: Checks) -> dict[str, dict[str, Any]]:
    changes = {}
    for key, block in checks.known("forces", [force.key for force in facts.forces()]).items():
        model = checks.build(_Force, block, ("forces", key), f"forces.{key}")
        if model is None:
            continue
        change = changes[key] = model.model_dump(exclude_unset=True)
        start, end = change.get("start"), change.get("end")
        if start is not None and end is not None and end <= start:
            checks.problem(("forces", key, "end"), f"forces.{key}.end is {end}; it is a date after the start {start}")
    return changes
