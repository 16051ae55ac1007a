"""Digests of the code and tables that decide the numbers of a run: two programs with equal digests give equal numbers.

A Python file counts by its syntax tree without texts that stand alone, such as docstrings. So a new comment, docstring
or line break leaves its digest as it is, and all versions of Python give the same one. Other files count byte by byte.
To parse all files takes a few tenths of a second, so digests are kept on disk, under the digest of the bytes of their
files.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from sim.languages import tr
from sim.measures import PLUGINS, Plugin

PACKAGE = Path(__file__).resolve().parents[1]
ABOVE_THE_WEEK = {
    "cli.py",
    "comparing.py",
    "forecasting.py",
    "showing.py",
    "app",
    "keeping.py",
    "languages.py",
    "speaking.py",
    "options.py",
    "starting.py",
    "__main__.py",
    "__init__.py",
    "model.py",
    "agents.py",
    "mesa",
    "views",
    "experiments",
    "stores",
    "comparison",
    "batches",
    "sweeps",
    "stories",
    "validation",
    "calibration",
    "calibrating.py",
    "forecasts",
}
"""Parts of the package that cannot change the numbers of a run."""
WORLDS = "calibration/posterior.csv"
"""What can, though it stands in such a part: draws are taken from it."""
LENGTH = 16
"""Hexadecimal digits of a digest."""
MOST_REMEMBERED = 1000
MOST_NAMED = 5
"""Files that a message names."""
_KEPT_AS = "sources.json"
_OWN = hashlib.sha256(Path(__file__).read_bytes()).digest()
"""What is kept on disk counts only for this way to make digests."""


def sources_digest() -> str:
    """The digest of all code and tables that decide the numbers of a run, measures from outside the package too."""
    return _sources(tuple(PLUGINS))[1]  # a session may add measures


def source_files() -> Mapping[str, str]:
    """The digest of each file: by its path in the package, or by distribution and name for measures from outside."""
    return _sources(tuple(PLUGINS))[0]


def changed_files(before: Mapping[str, str]) -> str:
    """Which files are not as they were: `` (sim/processes/violence.py)``; empty if that is not known."""
    now = source_files()
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name)) if before else []
    said = ", ".join(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        said = tr("{names} and {more} more", names=said, more=len(names) - MOST_NAMED)
    return f" ({said})" if names else ""


@cache
def _sources(plugins: tuple[Plugin, ...]) -> tuple[Mapping[str, str], str]:
    known = _remembered()
    found = dict(known)
    files = {}
    for file in sorted(PACKAGE.rglob("*")):
        place = file.relative_to(PACKAGE)
        if file.suffix in {".py", ".csv", ".geojson"} and (
            place.parts[0] not in ABOVE_THE_WEEK or place.as_posix() == WORLDS
        ):
            files[f"sim/{place.as_posix()}"] = file_digest(file, found)
    for plugin in plugins:
        of = f"{plugin.distribution} {plugin.version}, {plugin.key}"
        if plugin.text:  # its version is a digest of the text
            of = f"{plugin.distribution}, {plugin.key}"
            files[of] = _sha(" ".join(_code(part.encode(), found) for part in plugin.text.split("\0")).encode())
        folder = os.path.commonpath([source.parent for source in plugin.files]) if plugin.files else ""
        for source in plugin.files:
            files[f"{of}: {source.relative_to(folder).as_posix()}"] = file_digest(source, found)
    if found != known:
        _remember(found)
    return files, _sha(json.dumps(list(files.items())).encode())


def file_digest(file: Path, known: dict[str, str] | None = None) -> str:
    """The digest of one file; those of Python files are taken from `known`, and added to it, by the sha of its bytes.

    >>> file_digest(Path(__file__)) == file_digest(Path(__file__))
    True
    """
    data = file.read_bytes()
    return _code(data, {} if known is None else known) if file.suffix == ".py" else _sha(data)


def _code(data: bytes, known: dict[str, str]) -> str:
    key = hashlib.sha256(_OWN + data).hexdigest()
    if key not in known:
        try:
            known[key] = _sha("".join(_tree(ast.parse(data))).encode("utf-8", "surrogatepass"))
        except (SyntaxError, ValueError):  # of a measure from outside: not for this Python, or with magic of a notebook
            return _sha(data)
    return known[key]


def _tree(node: object) -> Iterator[str]:
    """A syntax tree as text: no positions, no texts that stand alone, no empty fields, which differ between Pythons."""
    if isinstance(node, ast.AST):
        yield f"{type(node).__name__}("
        for name in node._fields:
            value = getattr(node, name, None)
            if value is not None and value != [] and name not in ("ctx", "kind", "type_comment"):
                yield f"{name}="
                yield from _tree(value)
        yield ")"
    elif isinstance(node, list):
        yield "["
        for one in node:
            if not (
                isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str)
            ):
                yield from _tree(one)
                yield ","
        yield "]"
    else:
        yield repr(node)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:LENGTH]


# --- digests kept on disk -----------------------------------------------------------------------------------


def _home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kumakan"


def _remembered() -> dict[str, str]:
    """Digests by the sha of the bytes they were made from; none where nothing is kept, or anything is wrong with it."""
    try:
        found = json.loads((_home() / _KEPT_AS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):
        return {}
    right = isinstance(found, dict) and all(isinstance(digest, str) for digest in found.values())
    return dict(found) if right else {}


def _remember(found: Mapping[str, str]) -> None:
    """Keep the latest digests; a home that cannot be written to only makes the next start slower."""
    latest = dict(list(found.items())[-MOST_REMEMBERED:])
    with suppress(OSError, RuntimeError):
        home = _home()
        home.mkdir(parents=True, exist_ok=True)
        handle, half = tempfile.mkstemp(prefix=f".{_KEPT_AS}.", dir=home)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(latest, file)
        os.replace(half, home / _KEPT_AS)
