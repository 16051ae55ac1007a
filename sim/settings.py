"""What the blocks of a file may hold, and what is said about everything else.

The blocks of a scenario are described by the models below, those of a sweep by models like them. `Checks` builds the
models, collects all problems of a file, and raises them as one error with a line for each.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from sim.engine.checks import number, shown, wrong
from sim.engine.errors import InputError, nearest, plain, visible
from sim.engine.places import Keys, Tree
from sim.languages import mark, tr
from sim.measures.base import Day, Several, Share, Yes
from sim.parameters import rows
from sim.world import facts

FIRST_DAY = date(2012, 1, 2)
"""The tables of people, armed groups and forces begin on this day; no run can start earlier."""
LAST_FACTS = date(2018, 12, 31)
"""The tables of facts end on this day. Later weeks keep their last values."""
LAST_DAY = date(2030, 12, 31)
"""No table goes beyond 2018. A run that ended later than this would show its own assumptions only."""
MOST_PROBLEMS = 10  # that one message lists
MOST_SUGGESTIONS = 30  # finding the nearest name takes milliseconds
MOST_MEMBERS = 100_000  # no armed group in Mali has had a tenth of this
MOST_SCALE = 100  # times the troops that were there
MOST_CERCLES = 100
DIRECTIONS = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
"""Classes of the characters that turn the direction of the text around them."""


# --- texts and numbers -----------------------------------------------------------------------------------


def _words(value: Any) -> str:
    if value is None:
        raise wrong(tr("has no value; it must be a text"))
    if isinstance(value, bool):
        raise wrong(
            tr("is a word that YAML reads as {lower}; it must be a text, so put it in quotes", lower=str(value).lower())
        )
    if isinstance(value, dict | list):
        raise wrong(tr("{is_what}; it must be a text", is_what=is_what(value)))
    if not isinstance(value, str):
        raise wrong(tr("is {shown}; it must be a text, so put it in quotes", shown=shown(value)))
    if any(_controls(c) for c in value):
        raise wrong(tr("is {shown}; it must be a text without control characters", shown=shown(value)))
    return value.strip()


def _controls(c: str) -> bool:
    """Whether a character controls a terminal or the direction of the text, and is no tab or line break."""
    return (unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t") or unicodedata.bidirectional(c) in DIRECTIONS


def _name(value: Any) -> str:
    name = _words(value)
    if not 0 < len(name) <= 100 or set(name) & set("/\\\n\t"):
        raise wrong(
            tr("is {shown}; it must be a text of 1 to 100 letters on one line, without / and \\", shown=shown(name))
        )
    if name[0] in ".=+-@":  # a hidden folder, or what a spreadsheet takes for a formula
        raise wrong(tr("is {shown}; it does not begin with {name}", shown=shown(name), name=name[0]))
    return name


def _cercle(value: Any) -> str:
    from sim.world.grid import world_grid  # the grid is read only where a scenario names districts

    cercles = {plain(name): name for name in world_grid().cercle}
    if not isinstance(value, str) or plain(value) not in cercles:
        raise wrong(
            tr(
                "is {shown}, which is not a cercle of Mali{nearest}",
                shown=shown(value),
                nearest=nearest(value, cercles.values()),
            )
        )
    return cercles[plain(value)]


def _cercles(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) > MOST_CERCLES:
        raise wrong(
            tr(
                "is a list of {many} cercles; Mali has fewer than {most_cercles}",
                many=len(value),
                most_cercles=MOST_CERCLES,
            )
        )
    return value


def _number(allowed: str, low: float, high: float, whole: bool = False) -> BeforeValidator:
    return BeforeValidator(lambda value: number(value, allowed, low, high, whole=whole))


Words = Annotated[str, BeforeValidator(_words)]
Name = Annotated[str, BeforeValidator(_name)]
Members = Annotated[int, _number(mark("a whole number of persons from 0 to 100000"), 0, MOST_MEMBERS, True)]
Factor = Annotated[float, _number(mark("a factor from 0 to 100"), 0, MOST_SCALE)]


# --- the blocks of a scenario ----------------------------------------------------------------------------


class Block(BaseModel):
    """A block of a file. It may hold the keys that the model names, with values of exactly their types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RunSettings(Block):
    """The keys of a scenario that are not blocks themselves."""

    name: Name
    description: Words = ""
    start: Day = FIRST_DAY
    end: Day = date(2018, 12, 31)
    persons_per_youth: Annotated[
        int, _number(mark("a whole number of persons from 1 to 10000"), 1, 10_000, whole=True)
    ] = 20
    draws_from: Literal["worlds", "prior"] = "worlds"  # where draws take the fitted parameters from
    start_from: Day | None = None  # until then the country lives the measures of `past`


class GroupSettings(Block):
    """What a scenario may change about an armed group (sim/world/data/groups.csv)."""

    enabled: Yes = True
    start_members: Members = 0
    founded: Day = FIRST_DAY
    ended: Day | None = None  # null: the group has no end
    home_cercles: Annotated[Several[Annotated[str, BeforeValidator(_cercle)]], BeforeValidator(_cercles)] = ()
    founding_core: Members = 0
    foreign_share: Share = 0.0


class ForceSettings(Block):
    """What a scenario may change about a force (sim/world/data/forces.csv and deployments.csv)."""

    enabled: Yes = True
    scale: Factor = 1.0
    start: Day = FIRST_DAY
    end: Day = LAST_DAY
    effectiveness: Factor = 1.0
    abuse_factor: Factor = 1.0
    patrol_share: Share = 0.0


BLOCKS = ("measures", "past", "parameters", "groups", "forces")
KEYS = (
    "name", "description", "extends", "start", "end", "persons_per_youth", "draws_from", "start_from", *BLOCKS
)  # fmt: skip


# --- the problems of a file ------------------------------------------------------------------------------


class Checks:
    """Collects the problems of one tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.problems: list[InputError] = []

    def problem(self, path: Keys, message: str) -> None:
        """Note a problem of the value at `path`."""
        self.problems.append(self.tree.error(path, message))

    def near(self, name: object, allowed: Iterable[str]) -> str:
        """As `nearest`; empty if there are so many problems that most of them will not be shown."""
        return nearest(name, allowed) if len(self.problems) < MOST_SUGGESTIONS else ""

    def build(self, model: type[BaseModel], data: Any, path: Keys, name: str) -> Any:
        """The model of a block, or None if the block has problems, which are noted."""
        if not isinstance(data, dict):
            also = tr("true, false or ") if path[:1] == ("measures",) else ""
            settings = tr("a block of settings: {settings}", settings=", ".join(model.model_fields))
            periods = tr("; a list of periods goes under phases:") if also and isinstance(data, list) else ""
            self.problem(
                path,
                tr(
                    "{name} {is_what}; it must be {also}{settings}{periods}",
                    name=name,
                    is_what=is_what(data),
                    also=also,
                    settings=settings,
                    periods=periods,
                ),
            )
            return None
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                inside = one.get("ctx", {}).get("keys", ())
                self.problem((*path, *_location(one["loc"]), *inside), self._said(one, model, name))
            return None

    def known(self, block: str, known: Iterable[str]) -> dict[str, Any]:
        """The entries of a block whose keys are known; each other key is noted as a problem."""
        names, one = list(known), "measure" if block == "past" else block[:-1]
        given = self.tree.data.get(block, {})
        if not isinstance(given, dict):
            what = tr(
                "{block} {is_what}; it must be a block with a line for each {one}; if there are none, write {{}}",
                block=block,
                is_what=is_what(given),
                one=tr(one),
            )
            self.problem((block,), what)
            return {}
        for key in given:
            if key not in names:
                listed = tr("; there are {names}", names=", ".join(names)) if len(names) <= 30 else ""
                self.problem(
                    (block, key),
                    tr(
                        "there is no {one} {shown}{listed}{near}",
                        one=tr(one),
                        shown=shown(key),
                        listed=listed,
                        near=self.near(key, names),
                    ),
                )
        return {key: given[key] for key in given if key in names}

    def done(self) -> None:
        """Raise the problems, if there are any, in the order of files and lines."""
        if not self.problems:
            return
        files = {file: k for k, file in enumerate(dict.fromkeys(problem.file for problem in self.problems))}
        self.problems.sort(key=lambda problem: (files[problem.file], problem.line or 0))
        first = self.problems[:MOST_PROBLEMS]
        more = len(self.problems) - len(first)
        if more:
            first.append(InputError(tr("and {more} more", more=more)))
        raise InputError.of(first)

    def _said(self, error: Any, model: type[BaseModel], name: str) -> str:
        """What pydantic found, in the words of this program."""
        kind, loc, context = error["type"], _location(error["loc"]), error.get("ctx", {})
        said = dotted((name, *loc) if name else loc)
        if kind == "missing":
            return tr("{rpartition} has no {loc}, which it needs", rpartition=said.rpartition(".")[0], loc=loc[-1])
        if kind == "extra_forbidden":
            outer, fields = dotted((name, *loc[:-1])), list(_inner(model, loc[:-1]).model_fields)
            return tr(
                "{outer} has no setting {setting}; it has {fields}{near}",
                outer=outer,
                setting=shown(loc[-1]),
                fields=", ".join(fields),
                near=self.near(loc[-1], fields),
            )
        if "message" in context:
            return f"{dotted((said, *context.get('keys', ())))} {error['msg']}"
        if kind == "literal_error":
            names = [part.strip(" '\"") for part in context["expected"].replace(" or ", ", ").split(",")]
            said += tr(": there is no such key") if "[key]" in error["loc"] else f" {is_what(error['input'])}"
            return tr(
                "{said}; it must be {expected}{near}",
                said=said,
                expected=tr(context["expected"]),
                near=self.near(error["input"], names),
            )
        if kind in ("greater_than_equal", "less_than_equal"):
            allowed = (
                tr("{ge} or more", ge=format(context["ge"], "g"))
                if "ge" in context
                else tr("{le} or less", le=format(context["le"], "g"))
            )
        else:
            allowed = tr(_KINDS[kind]) if kind in _KINDS else error["msg"].removeprefix("Input should be ")
        return tr("{said} {is_what}; it must be {allowed}", said=said, is_what=is_what(error["input"]), allowed=allowed)


_KINDS = {
    "tuple_type": mark("a list"),
    "list_type": mark("a list"),
    "dict_type": mark("a block"),
    "model_type": mark("a block"),
    "date_type": mark("a date as YYYY-MM-DD"),
    "string_type": mark("a text"),
    "float_type": mark("a number"),
    "int_type": mark("a whole number"),
    "bool_type": mark("true or false"),
}


def dotted(keys: Keys) -> str:
    """A path as a reader says it: measures.imam_training.cohorts item 2.departs."""
    parts = (tr(" item {key}", key=key + 1) if isinstance(key, int) else f".{visible(key)}" for key in keys)
    return "".join(parts).removeprefix(".")


def is_what(value: Any) -> str:
    """What a value is, as the predicate of a sentence: "is 3", "is a list", "has no value"."""
    if value is None:
        return tr("has no value")
    if isinstance(value, dict | list | tuple):
        return tr("is a block") if isinstance(value, dict) else tr("is a list")
    return tr("is {value}", value=str(value).lower() if isinstance(value, bool) else shown(value))


def _location(loc: tuple[str | int, ...]) -> Keys:
    return tuple(part for part in loc if part != "[key]")


def _inner(model: Any, loc: Keys) -> type[BaseModel]:
    """The model of the block at `loc` inside a model."""

    def block(annotation: Any) -> type[BaseModel]:
        """The model that an annotation is, or holds besides None."""
        return next(part for part in (annotation, *get_args(annotation)) if hasattr(part, "model_fields"))

    for part in loc:
        model = get_args(model)[0] if isinstance(part, int) else block(model).model_fields[part].annotation
    return block(model)


def check_groups(checks: Checks) -> dict[str, dict[str, Any]]:
    """The changes to armed groups; what is wrong is noted as a problem."""
    table = {group.key: group for group in facts.groups()}
    changes = {}
    for key, block in checks.known("groups", table).items():
        path = ("groups", key)
        model = checks.build(GroupSettings, block, path, f"groups.{key}")
        if model is None:
            continue
        given = changes[key] = model.model_dump(exclude_unset=True)
        founded, ended = given.get("founded", table[key].founded), given.get("ended", table[key].ended)
        if ended is not None and ended <= founded:
            field_ = "ended" if "ended" in given else "founded"
            what = tr(
                "is {given}; the group is founded on {founded} and would end on {ended}",
                given=given[field_],
                founded=founded,
                ended=ended,
            )
            checks.problem((*path, field_), f"groups.{key}.{field_} {what}")
        if given.get("home_cercles") == ():
            checks.problem(
                (*path, "home_cercles"), tr("groups.{key}.home_cercles is empty; it must be a list of cercles", key=key)
            )
    return changes


def check_forces(checks: Checks) -> dict[str, dict[str, Any]]:
    """The changes to forces; what is wrong is noted as a problem."""
    changes = {}
    for key, block in checks.known("forces", [force.key for force in facts.forces()]).items():
        model = checks.build(ForceSettings, block, ("forces", key), f"forces.{key}")
        if model is None:
            continue
        given = changes[key] = model.model_dump(exclude_unset=True)
        start, end = given.get("start"), given.get("end")
        if start is not None and end is not None and end <= start:
            checks.problem(
                ("forces", key, "end"),
                tr(
                    "forces.{key}.end is {end}; it must be a date after the start {start}",
                    key=key,
                    end=end,
                    start=start,
                ),
            )
    return changes


def check_period(run: RunSettings, checks: Checks) -> bool:
    """Whether the days of a run are in order; each that is not is a problem."""
    before = len(checks.problems)
    for key in ("start", "end"):
        day = getattr(run, key)
        if not FIRST_DAY <= day <= LAST_DAY:
            why = tr("the data begin there") if day < FIRST_DAY else tr("the data say nothing about later years")
            checks.problem(
                (key,),
                tr(
                    "{key} is {day}; it lies between {first_day} and {last_day}, as {why}",
                    key=key,
                    day=day,
                    first_day=FIRST_DAY,
                    last_day=LAST_DAY,
                    why=why,
                ),
            )
    if len(checks.problems) > before:
        return False
    if (run.end - run.start).days < 7:
        what = tr("end is {end}; it must be at least a week after the start {start}", end=run.end, start=run.start)
        checks.problem(("end",) if ("end",) in checks.tree.places else ("start",), what)
        return False
    if run.start_from is not None and not run.start < run.start_from < run.end:
        what = tr(
            "start_from is {start_from}; it lies within the run, {start} to {end}",
            start_from=run.start_from,
            start=run.start,
            end=run.end,
        )
        checks.problem(("start_from",), what)
        return False
    return True


def check_parameters(checks: Checks) -> dict[str, float]:
    """The values that a scenario gives parameters; each outside its range is a problem."""
    values = {}
    for name, value in checks.known("parameters", rows()).items():
        row = rows()[name]
        try:
            allowed = tr(
                "between {low} and {high} {unit}",
                low=format(row.low, "g"),
                high=format(row.high, "g"),
                unit=tr(row.unit),
            )
            values[name] = float(number(value, allowed, row.low, row.high, whole=row.whole))
        except PydanticCustomError as error:
            checks.problem(("parameters", name), f"parameters.{name} {error.message()}")
    return values
