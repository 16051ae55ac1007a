"""All measures by their key: those of this package (one file each), of other distributions, and of this session.

Another distribution brings a measure by an entry point of the group `kumakan.measures` that names a subclass of
`Measure`. These measures are loaded after those of the package, when measures are first needed. A measure that cannot
be used is an error that names its distribution: no run may silently go without a measure that its user believes is
there.

`add` takes a class defined in a notebook or a script, for as long as the session lasts:

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
from sim.languages import tr
from sim.measures.base import Delivered, Measure
from sim.parameters import register

GROUP = "kumakan.measures"

MEASURES: dict[str, type[Measure]]
"""Every measure by its key; loaded on first use, so that a file with a measure can be imported on its own."""

PLUGINS: list[Plugin]
"""The measures from outside the package; loaded together with `MEASURES`."""

__all__ = ["MEASURES", "PLUGINS", "Delivered", "Measure", "Plugin", "add", "read"]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A measure from outside the package: its key, and the distribution and files it comes from."""

    key: str
    distribution: str
    version: str
    files: tuple[Path, ...]  # all code and tables of its module or package
    text: str = ""  # the code of a measure of this session, which workers and later sessions do not have


def __getattr__(name: str) -> Any:
    if name not in ("MEASURES", "PLUGINS"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    read()
    return globals()[name]


def read() -> None:
    """Find all measures, and add the parameters that they bring to the table.

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
        register(
            measure.parameters,
            tr("{distribution}: the measure {key}", distribution=plugin.distribution, key=measure.key),
        )
    found = own | {measure.key: measure for measure, _ in outside}
    globals().update(MEASURES=dict(sorted(found.items())), PLUGINS=[plugin for _, plugin in outside])


def outside() -> set[str]:
    """The keys of the measures from outside the package."""
    read()
    return {plugin.key for plugin in globals()["PLUGINS"]}


def add(measure: type[Measure]) -> type[Measure]:
    """Use a measure in this session, in scenarios, tables and records, like any other. It also works as a decorator.

    A notebook cell that is run again replaces the measure it added. From then on batches run in this process, because
    workers do not know the measure; to share a measure with others, name it as an entry point instead. Stored runs are
    told apart by the code of the cell or file that defines the class, so everything the measure does should be in
    there.

    Raises
    ------
    InputError
        If the class is not a complete measure, or uses the key or a parameter name of another measure.
    """
    read()
    measures: dict[str, type[Measure]] = globals()["MEASURES"]
    plugins: list[Plugin] = globals()["PLUGINS"]
    name = getattr(measure, "__name__", repr(measure))

    def refused(why: str) -> InputError:
        return InputError(tr("the measure {name} {why}", name=name, why=why))

    _check(measure, refused)
    key = measure.key
    before = next((plugin for plugin in plugins if plugin.key == key), None)
    if key in measures and not (before and before.text):
        raise refused(_taken(key, before.distribution if before else tr("kumakan itself")))
    owner = tr("the measure {key}", key=key)
    register(measure.parameters, owner, instead_of=measures[key].parameters if before else ())
    text = _text(measure)
    plugin = Plugin(key, f"{key} (this session)", hashlib.sha256(text.encode()).hexdigest()[:12], (), text)
    # Changed in place, for everything that has imported them.
    plugins[:] = [*(other for other in plugins if other.key != key), plugin]
    found = sorted({**measures, key: measure}.items())
    measures.clear()
    measures.update(found)
    return measure


def _text(measure: type[Measure]) -> str:
    """The code of the cells or files that define a class and its base classes.

    Where no code was kept, as at a plain prompt, a random text, so that no run is taken for one made by other code.
    """
    kinds = measure.__mro__[: measure.__mro__.index(Measure)]
    own = [[f for f in vars(kind).values() if isfunction(f) and f.__module__ == kind.__module__] for kind in kinds]
    files = [file for functions in own for file in sorted({f.__code__.co_filename for f in functions}) or [""]]
    texts = ["".join(linecache.getlines(file)) for file in files]
    return "\0".join(texts) if all(texts) else secrets.token_hex(16)


def _own() -> dict[str, type[Measure]]:
    """The measures of this package, by key."""
    found: dict[str, type[Measure]] = {}
    for file in iter_modules(__path__, f"{__name__}."):
        for _, one in getmembers(import_module(file.name), isclass):
            if issubclass(one, Measure) and not isabstract(one) and one.__module__ == file.name:
                found[one.key] = one
    return found


def _outside(own: dict[str, type[Measure]]) -> list[tuple[type[Measure], Plugin]]:
    """The measures of all entry points, in the order of distributions and names."""
    found: list[tuple[type[Measure], Plugin]] = []
    holders = dict.fromkeys(own, tr("kumakan itself"))
    for point in sorted(entry_points(group=GROUP), key=lambda point: (_distribution(point), point.name)):
        measure = _loaded(point)
        if measure.key in holders:
            raise _refused(point, _taken(measure.key, holders[measure.key]))
        holders[measure.key] = _distribution(point)
        version = point.dist.version if point.dist else ""
        found.append((measure, Plugin(measure.key, _distribution(point), version, _files(measure))))
    return found


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unnamed distribution"


def _refused(point: EntryPoint, why: str) -> InputError:
    name = _distribution(point)
    return InputError(
        tr(
            "{name}: its measure {measure} ({value}) {why}; repair or uninstall {name}",
            name=name,
            measure=repr(point.name),
            value=point.value,
            why=why,
        )
    )


def _taken(key: str, holder: str) -> str:
    return tr("has the key {key}, which is taken by a measure of {holder}", key=repr(key), holder=holder)


def _loaded(point: EntryPoint) -> type[Measure]:
    """The class that an entry point names, if it is a complete measure."""
    try:
        measure = point.load()
    except Exception as error:  # code of others may raise anything when it is imported
        why = tr("cannot be loaded ({kind}: {error})", kind=type(error).__name__, error=error)
        raise _refused(point, why) from error
    _check(measure, lambda why: _refused(point, why))
    return measure


def _check(measure: Any, refused: Callable[[str], InputError]) -> None:
    """Reject a class that is not a complete measure."""
    if not (isclass(measure) and issubclass(measure, Measure)):
        raise refused(tr("is not a subclass of sim.measures.Measure"))
    if measure.lacking():
        raise refused(tr("lacks {names}", names=", ".join(measure.lacking())))
    for name in ("key", "title", "delivers"):
        if not isinstance(getattr(measure, name, None), str) or not getattr(measure, name).strip():
            raise refused(tr("has no {name}", name=name))
    if not re.fullmatch(r"[a-z][a-z0-9_]*", measure.key):
        raise refused(
            tr("has the key {key}; a key consists of lower-case letters, digits and _", key=repr(measure.key))
        )


def _files(measure: type[Measure]) -> tuple[Path, ...]:
    """The code and tables that determine what a measure from outside does: its module, or the package it is in."""
    top = import_module(measure.__module__.partition(".")[0])
    folders = [Path(folder) for folder in getattr(top, "__path__", ())]
    files = [file for folder in folders for file in folder.rglob("*") if file.suffix in {".py", ".csv"}]
    return tuple(sorted(files)) if folders else (Path(str(top.__file__)),)
