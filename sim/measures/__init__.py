"""The measures: one file each, found by their key; those that other distributions bring; and those of a session.

A measure from outside is an entry point of the group `kumakan.measures` that names a subclass of `Measure`. It is
loaded after the own ones, when measures are first asked for. One that cannot be used is refused, with the name of its
distribution: a run must never go without a measure that its user believes to be there.

`add` takes a class that stands in a notebook or a script, for as long as the session lasts:

    >>> @add                                                                          # doctest: +SKIP
    ... class PatrolInspection(Measure): ...
"""

from __future__ import annotations

import hashlib
import linecache
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from inspect import getmembers, isabstract, isclass, isfunction
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from sim.engine.errors import InputError
from sim.measures.base import Delivered, Measure
from sim.parameters import register

GROUP = "kumakan.measures"

MEASURES: dict[str, type[Measure]]
"""Every measure by its key; read when first asked for, so that a file with a measure can be imported on its own."""

PLUGINS: list[Plugin]
"""The measures from outside the package; read together with `MEASURES`."""

__all__ = ["MEASURES", "PLUGINS", "Delivered", "Measure", "Plugin", "add", "read"]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A measure from outside: its key, and the distribution and files it comes from."""

    key: str
    distribution: str
    version: str
    files: tuple[Path, ...]  # all code and tables of its module or package
    text: str = ""  # the code of a measure of this session, which worker processes and later sessions do not have


def __getattr__(name: str) -> Any:
    if name not in ("MEASURES", "PLUGINS"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    read()
    return globals()[name]


def read() -> None:
    """Find all measures, and put the parameters that they bring into the table.

    Raises
    ------
    InputError
        If a measure from outside cannot be used.
    """
    if "MEASURES" in globals():
        return
    own = _own()
    outside = _outside(own)
    for measure, plugin in outside:
        register(measure.parameters, f"{plugin.distribution}: the measure {measure.key}")
    found = own | {measure.key: measure for measure, _ in outside}
    globals().update(MEASURES=dict(sorted(found.items())), PLUGINS=[plugin for _, plugin in outside])


def add(measure: type[Measure]) -> type[Measure]:
    """Have a measure in this session: in scenarios, tables and records, like any other. Also a decorator.

    A cell of a notebook that is run again replaces the measure it added. From then on batches are made in this process,
    as workers do not know the measure; what others shall use too is named as an entry point instead. Kept runs are told
    apart by the code of the cell or file in which the class stands, so that all that the measure does belongs there.

    Raises
    ------
    InputError
        If it is no whole measure, or has the key of another one or the name of another's parameter.
    """
    read()
    measures: dict[str, type[Measure]] = globals()["MEASURES"]
    plugins: list[Plugin] = globals()["PLUGINS"]
    name = getattr(measure, "__name__", repr(measure))

    def refused(why: str) -> InputError:
        return InputError(f"the measure {name} {why}")

    _check(measure, refused)
    key = measure.key
    before = next((plugin for plugin in plugins if plugin.key == key), None)
    if key in measures and not (before and before.text):
        holder = before.distribution if before else "kumakan itself"
        raise refused(f"has the key {key!r}, which is that of a measure of {holder}")
    register(measure.parameters, f"the measure {key}", instead_of=measures[key].parameters if before else ())
    text = _text(measure)
    plugin = Plugin(key, f"{key} (this session)", hashlib.sha256(text.encode()).hexdigest()[:12], (), text)
    # In place, for everything that has imported them.
    plugins[:] = [*(other for other in plugins if other.key != key), plugin]
    found = sorted({**measures, key: measure}.items())
    measures.clear()
    measures.update(found)
    return measure


def _text(measure: type[Measure]) -> str:
    """The cells or files in which a class stands, and those it builds on.

    Where nobody kept them, as at a plain prompt, a word of its own, so that no run is taken for one of other code.
    """
    kinds = measure.__mro__[: measure.__mro__.index(Measure)]
    own = [[f for f in vars(kind).values() if isfunction(f) and f.__module__ == kind.__module__] for kind in kinds]
    files = [file for functions in own for file in sorted({f.__code__.co_filename for f in functions}) or [""]]
    texts = ["".join(linecache.getlines(file)) for file in files]
    return "\0".join(texts) if all(texts) else secrets.token_hex(16)


def _own() -> dict[str, type[Measure]]:
    """Every measure of a file of this package."""
    found: dict[str, type[Measure]] = {}
    for file in iter_modules(__path__, f"{__name__}."):
        for _, one in getmembers(import_module(file.name), isclass):
            if issubclass(one, Measure) and not isabstract(one) and one.__module__ == file.name:
                found[one.key] = one
    return found


def _outside(own: dict[str, type[Measure]]) -> list[tuple[type[Measure], Plugin]]:
    """Every measure of an entry point, in the order of distributions and names."""
    found: list[tuple[type[Measure], Plugin]] = []
    holders = dict.fromkeys(own, "kumakan itself")
    for point in sorted(entry_points(group=GROUP), key=lambda point: (_distribution(point), point.name)):
        measure = _loaded(point)
        if measure.key in holders:
            raise _refused(point, f"has the key {measure.key!r}, which is that of a measure of {holders[measure.key]}")
        holders[measure.key] = _distribution(point)
        version = point.dist.version if point.dist else ""
        found.append((measure, Plugin(measure.key, _distribution(point), version, _files(measure))))
    return found


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unnamed distribution"


def _refused(point: EntryPoint, why: str) -> InputError:
    name = _distribution(point)
    return InputError(f"{name}: its measure {point.name!r} ({point.value}) {why}; repair or uninstall {name}")


def _loaded(point: EntryPoint) -> type[Measure]:
    """The class that an entry point names, if it is a whole measure."""
    try:
        measure = point.load()
    except Exception as error:  # whatever another's code may raise while it is imported
        raise _refused(point, f"cannot be loaded ({type(error).__name__}: {error})") from error
    _check(measure, lambda why: _refused(point, why))
    return measure


def _check(measure: Any, refused: Callable[[str], InputError]) -> None:
    """Refuse what is no whole measure."""
    if not (isclass(measure) and issubclass(measure, Measure)):
        raise refused("is no subclass of sim.measures.Measure")
    if isabstract(measure):
        raise refused(f"lacks {', '.join(sorted(measure.__abstractmethods__))}")
    for name in ("key", "title", "delivers"):
        if not isinstance(getattr(measure, name, None), str) or not getattr(measure, name).strip():
            raise refused(f"has no {name}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", measure.key):
        raise refused(f"has the key {measure.key!r}; a key is small letters, digits and _")


def _files(measure: type[Measure]) -> tuple[Path, ...]:
    """Code and tables that decide what a measure from outside does: its module, or the package it is in."""
    top = import_module(measure.__module__.partition(".")[0])
    folders = [Path(folder) for folder in getattr(top, "__path__", ())]
    files = [file for folder in folders for file in folder.rglob("*") if file.suffix in {".py", ".csv"}]
    return tuple(sorted(files)) if folders else (Path(str(top.__file__)),)
