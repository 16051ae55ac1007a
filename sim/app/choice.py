"""What a visitor chooses: a scenario whose name follows from its content, so that equal choices are the same runs."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sim.engine.errors import InputError, visible
from sim.engine.places import parse
from sim.languages import digits, tr
from sim.measures import MEASURES
from sim.scenario import Scenario, load
from sim.shipped import ENDINGS, names
from sim.stores.run import scenario_text

DESCRIPTION = "Chosen on the planner's page"
FEW = 3  # measures that the name of a choice spells out
LARGEST_FILE = 200_000  # characters of a scenario file that is sent to the page
LONGEST_NAME = 80  # letters of its name that are shown
SENT = "sent_by_a_visitor.yaml"  # what it is called on this machine
EDITED = ("intensity", "regions", "start", "end")
"""The settings of a measure that its card can change."""
ALWAYS = "international_forces"  # on in the baseline, so no name needs to say it


def named(scenario: Scenario, base: Scenario) -> Scenario:
    """The same scenario without measures that are switched off, under a name that follows from its content.

    What equals the scenario that the page begins with keeps the name of that scenario.
    """
    data = scenario.resolved()
    data["measures"] = {key: block for key, block in data["measures"].items() if block["enabled"]}
    begun = base.resolved()
    if all(data.get(key) == begun.get(key) for key in {*data, *begun} - {"name", "description"}):
        return base
    data |= {"name": "", "description": DESCRIPTION}
    mark = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:6]
    keys = [key for key in data["measures"] if key != ALWAYS]
    words = "_and_".join(keys) if 0 < len(keys) <= FEW else f"{len(keys) or 'no'}_measures"
    return Scenario.of({**data, "name": f"{words}_{mark}"})


def switched(scenario: Scenario, key: str, on: bool, base: Scenario) -> Scenario:
    """The scenario with a measure switched on or off.

    Raises
    ------
    InputError
        If there is no such measure.
    """
    data = scenario.resolved()
    data["measures"].pop(key, None)
    if on:
        data["measures"][key] = usual(key, base)
    return named(Scenario.of(data), base)


def changed(scenario: Scenario, key: str, setting: str, value: Any, base: Scenario) -> Scenario:
    """The scenario with one setting of a measure changed.

    Raises
    ------
    InputError
        If the measure is not in it, or it cannot have this value.
    """
    if setting not in EDITED:
        raise InputError(
            tr(
                "the page cannot change {setting}; it changes {settings}",
                setting=repr(setting),
                settings=", ".join(EDITED),
            )
        )
    if key not in scenario.measures:
        raise InputError(tr("{key} is switched off; switch it on to change its {setting}", key=key, setting=setting))
    return named(scenario.replaced({f"measures.{key}.{setting}": value}), base)


def usual(key: str, base: Scenario) -> Any:
    """How a measure begins when it is switched on: as its own scenario has it, if that acts within these years."""
    shipped = _shipped(key)
    if shipped is not None:
        first, last = _day(shipped.get("start"), base.start), _day(shipped.get("end"), base.end)
        if not shipped.get("phases") and first < base.end and last > base.start:
            # an end that is only that of the shipped scenario's own years is left open
            return {name: value for name, value in shipped.items() if name != "end" or last < base.end}
    return True


@cache
def _shipped(key: str) -> dict[str, Any] | None:
    if key not in MEASURES or key not in names():
        return None
    scenario = load(key)
    block: dict[str, Any] = scenario.resolved()["measures"].get(key, {})
    if block.get("start") == scenario.start.isoformat():
        block.pop("start")
    return block or None


def _day(value: Any, otherwise: date) -> date:
    return otherwise if value is None else value if isinstance(value, date) else date.fromisoformat(str(value))


def written(scenario: Scenario) -> str:
    """The scenario as the text of a YAML file that every command reads."""
    return scenario_text(scenario)


def read(name: str, text: str, base: Scenario) -> tuple[Scenario, str]:
    """The scenario in a file that a visitor sent, over the years of the page, and what was changed for that.

    Raises
    ------
    InputError
        If the file cannot be used, with the line and what is wrong.
    """
    file = visible(name.replace(chr(92), "/").rpartition("/")[2])[:LONGEST_NAME] or tr("the file")
    if len(text) > LARGEST_FILE:
        raise InputError(
            tr(
                "{name} has {many} characters; a scenario file has at most {largest_file}",
                name=file,
                many=digits(len(text), ","),
                largest_file=digits(LARGEST_FILE, ","),
            )
        )
    try:
        sent = text.encode()
    except UnicodeEncodeError:
        raise InputError(tr("{file} holds characters that are no text; save it as UTF-8", file=file)) from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / SENT  # whatever the visitor calls it
        path.write_bytes(sent)
        try:
            _check_parent(text, file)
            scenario = load(path)
        except InputError as error:
            raise InputError(str(error).replace(f"{folder}/", "").replace(SENT, file)) from None
    fitted = {"start": base.start, "end": base.end, "persons_per_youth": base.persons_per_youth}
    other = [
        tr("{key} {value}, here {here}", key=key, value=getattr(scenario, key), here=value)
        for key, value in fitted.items()
        if getattr(scenario, key) != value
    ]
    data = {**scenario.resolved(), **fitted}
    for measure, block in data["measures"].items():  # dates that only say the file's own years
        given = scenario.measures[measure]
        if not given.phases:
            block["start"] = None if given.start == scenario.start else block["start"]
            block["end"] = None if given.end == scenario.end else block["end"]
    note = (
        tr("{file} is shown over the years of this page ({other}).", file=file, other="; ".join(other))
        if other
        else tr("{file} was read.", file=file)
    )
    return named(Scenario.of(data), base), note


def _check_parent(text: str, file: str) -> None:
    """A file from elsewhere may build on scenarios that come with kumakan, not on files of this machine."""
    try:
        data = parse(text).data
    except InputError:
        return  # whoever reads the file says what is wrong, and where
    parent = data.get("extends") if isinstance(data, Mapping) else None
    known = names()
    if isinstance(parent, str) and parent.removesuffix(ENDINGS[0]) not in known:
        raise InputError(
            tr(
                "{file}: extends is {parent}; on this page it must be a scenario that comes with kumakan: {known}",
                file=file,
                parent=visible(parent),
                known=", ".join(known),
            )
        )
