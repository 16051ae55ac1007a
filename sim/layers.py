"""The data of a scenario before they are checked: files laid over the files they extend, with single changes on top."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from sim.engine.checks import shown
from sim.engine.errors import InputError
from sim.engine.places import MOST_DEPTH, MOST_VALUES, NOWHERE, Place, Tree, parse, read
from sim.languages import tr
from sim.measures import MEASURES
from sim.measures.base import Measure
from sim.settings import KEYS, is_what
from sim.shipped import called, located

MOST_FILES = 50
"""How many files a chain of `extends` may have; one that a person writes has three or four."""

OF_SWEEPS = ("vary", "design")
"""Keys that a sweep has and no scenario."""

MOST_CHANGES = 1000
"""How many values may be changed at once; each change is laid over the whole scenario."""


def with_parents(path: str) -> Tree:
    """The file laid over the file that it extends, which is laid over the file that this one extends, and so on."""
    layers: list[Tree] = []
    chain: list[str] = []
    seen: dict[str, int] = {}
    values = 0
    file, said_at = path, NOWHERE
    while True:
        layer = read(file, said_at)
        check_shape(layer, file)
        values += len(layer.places)
        seen[os.path.realpath(file)] = len(chain)
        chain.append(file)
        layers.append(layer)
        if "extends" not in layer.data:
            break
        parent, said_at = layer.data.pop("extends"), layer.place(("extends",))
        if not isinstance(parent, str) or not parent.strip() or not parent.isprintable():
            raise layer.error(
                ("extends",), tr("extends {is_what}; it must be the path of one scenario file", is_what=is_what(parent))
            )
        file = located(parent, os.path.dirname(file) or ".", said_at)
        first = seen.get(os.path.realpath(file))
        if first is not None:
            circle = " -> ".join([*chain[first:], file])
            raise layer.error(("extends",), tr("extends goes in a circle: {circle}", circle=circle))
        if len(chain) == MOST_FILES:
            raise layer.error(
                ("extends",), tr("extends leads through more than {most_files} files", most_files=MOST_FILES)
            )
        if values > MOST_VALUES:
            raise layer.error(
                ("extends",),
                tr(
                    "extends leads to more than {most_values} values in all files together",
                    most_values=format(MOST_VALUES, ","),
                ),
            )
    tree = layers[-1]
    for layer in layers[-2::-1]:
        tree.data.pop("name", None)  # a file does not inherit a name
        tree = layer.over(tree)
    return tree


def check_shape(tree: Tree, file: str | None) -> None:
    """Refuse anything but a block of keys, and write `measure: true` out as a block."""
    keys = tr("a scenario has the keys {keys}", keys=", ".join(KEYS))
    if tree.data is None:
        raise InputError(tr("is empty; {keys}", keys=keys), file=file)
    if not isinstance(tree.data, dict):
        what = tr("a list") if isinstance(tree.data, list) else tr("only {shown}", shown=shown(tree.data))
        raise tree.error((), tr("is {what}; {keys}", what=what, keys=keys))
    if not tree.data.keys().isdisjoint(OF_SWEEPS):
        how = "" if file is None else tr("; run it with: kumakan sweep {called}", called=called(file))
        raise InputError(tr("this is a sweep, not a scenario{how}", how=how), file=file)
    for block in ("measures", "past"):
        measures = tree.data.get(block)
        if not isinstance(measures, dict):
            continue
        for key, value in measures.items():
            if isinstance(value, bool):
                measures[key] = {"enabled": value}
                tree.places[block, key, "enabled"] = tree.place((block, key))


def changed(tree: Tree, changes: Sequence[Tree]) -> Tree:
    """A tree with changes laid over it, a later one over an earlier one."""
    if len(changes) > MOST_CHANGES:
        raise InputError(
            tr(
                "there are {many} changes; at most {most_changes} can be made at once",
                many=format(len(changes), ","),
                most_changes=format(MOST_CHANGES, ","),
            )
        )
    for one in changes:
        tree = one.over(tree)
    return tree


def measure_of(one: Tree) -> str | None:
    """The measure that a change is for; None if it is for something else, or for a measure that does not exist."""
    inner = one.data.get("measures")
    return next((key for key in inner if key in MEASURES), None) if isinstance(inner, dict) else None


def has_on(tree: Tree, measure: str) -> bool:
    """Whether a scenario has a measure that it does not switch off."""
    measures = tree.data.get("measures")
    block = measures.get(measure, False) if isinstance(measures, dict) else False
    return block is not False and not (isinstance(block, dict) and block.get("enabled") is False)


def written_change(text: str) -> Tree:
    """A change written as PATH=VALUE, as a tree with this one value."""
    if not isinstance(text, str):
        raise InputError(
            tr(
                "an override {is_what}; it must be a text PATH=VALUE, such as persons_per_youth=50",
                is_what=is_what(text),
            )
        )
    place = f"--set {text if len(text) <= 100 else text[:97] + '...'}"
    path, equals, written = text.partition("=")
    if not equals:
        raise InputError(tr("has no '='; it must be PATH=VALUE, such as persons_per_youth=50"), file=place)
    try:
        value = parse(written).data
    except InputError as error:
        raise InputError(error.message, file=place) from None
    if isinstance(value, dict):
        raise InputError(tr("is a block; set one value at a time"), file=place)
    return change(path.strip(), value, place)


def change(path: str, value: Any, place: str | None) -> Tree:
    """A tree with one value in it."""
    keys = path.split(".") if isinstance(path, str) else []
    if not keys or not all(keys):
        raise InputError(tr("{shown} is not a path; a path is keys joined by dots", shown=shown(path)), file=place)
    if len(keys) > MOST_DEPTH:
        raise InputError(
            tr("{shown} is a path of more than {most_depth} keys", shown=shown(path), most_depth=MOST_DEPTH), file=place
        )
    data = value
    for key in reversed(keys):
        data = {key: data}
    tree = Tree(data, {tuple(keys[: k + 1]): Place(place) for k in range(len(keys))})
    check_shape(tree, place)
    return tree


def plain_data(value: Any, depth: int = 0) -> Any:
    """A copy as YAML would hold it: dicts with text keys, lists, numbers of Python, days as text, measures as blocks.

    >>> plain_data({"intensity": np.float32(0.5), "start": datetime(2014, 2, 17), "regions": {"Mopti", "Gao"}})
    {'intensity': 0.5, 'start': '2014-02-17', 'regions': ['Gao', 'Mopti']}
    """
    if depth > MOST_DEPTH:
        raise InputError(tr("the data are nested deeper than {most_depth} levels", most_depth=MOST_DEPTH))
    if isinstance(value, Measure):
        return plain_data(value.model_dump(mode="json", exclude_unset=True), depth)
    if isinstance(value, Mapping):
        return {str(key): plain_data(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)  # sets of texts have another order in each session
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]")
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain_data(inner, depth + 1) for inner in value]
    if isinstance(value, datetime) and not any((value.hour, value.minute, value.second, value.microsecond)):
        value = value.date()  # what some libraries give for a day
    return value.isoformat() if isinstance(value, date) else value
