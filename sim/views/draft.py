"""A scenario file to begin with: the values of a scenario, and every other setting of its measures as a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import yaml
from pydantic import BaseModel

from sim.engine.places import parse
from sim.parameters import rows
from sim.scenario import Scenario
from sim.version import __version__

COLUMN = 40
"""Where the comments begin that say what a setting is."""
WIDTH = 100

HEAD = """\
# Made by `kumakan new {name} --from {origin}`, kumakan {version}.
# A line that begins with # is a comment. Settings that have their usual value stand in comments: to change one, take
# its first # away. `kumakan check {file}` checks the file and shows what it would do.
"""
TAIL = """
# Further measures: a line such as `imam_training: true` under `measures:`. `kumakan measures` lists them.
# Other keys, with examples of what they change:
# parameters: {peer_pull: 0.03}                       # `kumakan parameters` lists them
# groups: {macina: {founded: 2015-06-01}}             # armed groups
# forces: {minusma: {scale: 0.8}}                     # security forces
"""


def draft(scenario: Scenario, name: str, origin: str) -> str:
    """The text of a scenario file called `name`, which does what `scenario` does.

    Parameters
    ----------
    scenario : Scenario
        What the file begins with.
    name : str
        The name of the new scenario.
    origin : str
        What the user called `scenario`.

    Raises
    ------
    InputError
        If the name cannot be that of a scenario.
    """
    about = {"name": name, "description": scenario.description or f"Begun as a copy of {scenario.name}"}
    lines = [
        *HEAD.format(name=name, origin=origin, version=__version__, file=f"{name}.yaml").splitlines(),
        *_dumped(about),
        "",
        _said(f"start: {scenario.start}", "date: first day of the first week"),
        _said(f"end: {scenario.end}", "date: the last week ends on or before this day"),
        _said(f"persons_per_youth: {scenario.persons_per_youth}", "persons: how many one simulated youth stands for"),
        *(
            [
                _said(
                    f"start_from: {scenario.start_from}",
                    "date: from then on the measures below act, before it those of history",
                )
            ]
            if scenario.start_from
            else []
        ),
        "",
        *_measures(scenario),
    ]
    if scenario.parameters:
        lines += ["", "parameters:"]
        for key, value in sorted(scenario.parameters.items()):
            lines.append(_said(f"  {key}: {written(value)}", f"{rows()[key].unit}: {rows()[key].meaning}"))
    for block in ("groups", "forces"):
        changes = scenario.resolved()[block]
        if changes:
            lines += ["", f"{block}:", *(f"  {key}: {written(fields)}" for key, fields in sorted(changes.items()))]
    text = "\n".join(lines) + "\n" + TAIL
    Scenario.of(parse(text).data)
    return text


def written(value: Any) -> str:
    """A value as YAML on one line, with plain dates and whole numbers.

    >>> written({"start": "2014-02-17", "share": 0.5, "cost_per_week": 1500000.0})
    '{start: 2014-02-17, share: 0.5, cost_per_week: 1500000}'
    """
    line: str = yaml.safe_dump(_plain(value), default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return line.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return date.fromisoformat(value) if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) else value


def _dumped(data: dict[str, Any]) -> list[str]:
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=WIDTH)
    return text.splitlines()


def _said(line: str, meaning: str) -> str:
    return f"{line:<{COLUMN - 1}} # {meaning}"


def _measures(scenario: Scenario) -> Iterator[str]:
    """The block of measures; settings at their defaults are comments."""
    if not scenario.measures:
        yield "measures: {}"
        return
    yield "measures:"
    for key, measure in sorted(scenario.measures.items()):
        yield _said(f"  {key}:", f"{measure.title}; delivers {measure.delivers}")
        usual = {"start": scenario.start.isoformat(), "end": scenario.end.isoformat()}
        rows = sorted(measure.settings(), key=lambda row: row.name != "enabled")
        yield from _settings(measure, [row.name for row in rows], usual, "    ")


def _settings(
    block: BaseModel, names: list[str], usual: dict[str, Any], indent: str, comment: bool = False
) -> Iterator[str]:
    """A line for each setting, with its unit and meaning.

    `usual` holds defaults that depend on the run; `comment` says that `indent` begins a comment already.
    """
    values = block.model_dump(mode="json")
    for name in names:
        info = type(block).model_fields[name]
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        default, value = info.default, getattr(block, name)
        dumped = values.get(name, default)  # phases are left out where there are none
        changed = value != default and dumped not in (default, usual.get(name))
        lead = indent if changed or comment or name == "enabled" else f"{indent}# "
        meaning = f"{extra.get('unit', '')}: {info.description}"
        if isinstance(default, BaseModel):
            yield _said(f"{lead}{name}:", meaning)
            yield from _settings(value, list(type(default).model_fields), {}, f"{lead}  ", lead != indent or comment)
            continue
        shown = usual.get(name) if dumped is None else dumped
        yield _said(f"{lead}{name}: {written(_given(shown))}", meaning)


def _given(value: Any) -> Any:
    """A condition or a phase without what it leaves open."""
    if isinstance(value, dict):
        return {key: _given(inner) for key, inner in value.items() if inner is not None}
    return [_given(inner) for inner in value] if isinstance(value, list | tuple) else value
