"""Read YAML into plain data and remember where each key stands, so that a message can name the file and the line.

Only plain data are read: no tags, no merge keys, no second document. A file may come from anybody, so its size, its
depth and its number of aliases are checked before anything is built from it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from sim.engine.errors import InputError, nearest
from sim.engine.office import UTF_16, hidden, slip, without_hidden
from sim.languages import tr

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the compiled one where PyYAML was built with it

MOST_BYTES = 1_000_000
MOST_DEPTH = 50
MOST_ALIASES = 100
MOST_VALUES = 10_000
MOST_BITS = 4096
"""Limits far above any scenario that a person writes, and far below what would burden a computer."""

Keys = tuple[str | int, ...]  # the path to a value: keys of blocks, and positions in lists


class Place(NamedTuple):
    """Where a key stands: a file (or command-line option) and a line from 1."""

    file: str | None = None
    line: int | None = None


NOWHERE = Place()


@dataclass
class Tree:
    """Nested plain data, with the place of each key."""

    data: Any
    places: dict[Keys, Place] = field(default_factory=dict)

    def place(self, keys: Keys) -> Place:
        """The place of a key, or of the nearest enclosing block whose place is known."""
        while keys and keys not in self.places:
            keys = keys[:-1]
        return self.places.get(keys, NOWHERE)

    def error(self, keys: Keys, message: str) -> InputError:
        """An error about the value at `keys`, with the place of that value."""
        file, line = self.place(keys)
        return InputError(message, file=file, line=line)

    def over(self, below: Tree) -> Tree:
        """This tree laid over another: blocks are merged key by key, all other values are replaced.

        A block whose keys are positions (from 0) changes these items of a list.
        """
        data = _positioned(self, self.data, below.data)
        places = {_positions(keys, below.data): place for keys, place in self.places.items()}
        replaced = set(_ends(data))
        kept = {
            keys: place
            for keys, place in below.places.items()
            if not any(keys[:k] in replaced for k in range(len(keys)))
        }
        return Tree(merged(below.data, data), {**kept, **places})


def _ends(value: Any, keys: Keys = ()) -> Iterator[Keys]:
    """The paths to all values that are not blocks."""
    if not isinstance(value, dict):
        yield keys
        return
    for key, inner in value.items():
        yield from _ends(inner, (*keys, key))


def merged(below: Any, above: Any) -> Any:
    """`above` laid over `below`, key by key; neither is changed."""
    if isinstance(below, list) and isinstance(above, dict) and above and all(isinstance(key, int) for key in above):
        return [merged(item, above[k]) if k in above else item for k, item in enumerate(below)]
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {
        **below,
        **{key: merged(below[key], value) if key in below else value for key, value in above.items()},
    }


def _positioned(tree: Tree, above: Any, below: Any, keys: Keys = ()) -> Any:
    """`above` with positions as numbers where it changes items of lists of `below`."""
    if not (isinstance(above, dict) and isinstance(below, dict | list)):
        return above
    if isinstance(below, list):
        if not above or not all(map(_is_position, above)):
            return above
        for key in above:
            if int(key) >= len(below):
                has = tr(
                    "has {many} items, from 0 to {many2}; there is no item {key}",
                    many=len(below),
                    many2=len(below) - 1,
                    key=key,
                )
                raise tree.error((*keys, key), f"{'.'.join(map(str, keys))} {has}")
        return {int(key): _positioned(tree, value, below[int(key)], (*keys, key)) for key, value in above.items()}
    return {k: _positioned(tree, v, below[k], (*keys, k)) if k in below else v for k, v in above.items()}


def _is_position(key: Any) -> bool:
    return isinstance(key, str) and key.isdecimal() and len(key) < 10


def _positions(keys: Keys, below: Any) -> Keys:
    """A path with positions as numbers where it leads into lists of `below`."""
    found: list[str | int] = []
    for key in keys:
        if isinstance(below, list) and _is_position(key) and int(key) < len(below):
            key = int(key)
        try:
            below = below[key]
        except (KeyError, IndexError, TypeError):  # only the tree above has it
            below = None
        found.append(key)
    return tuple(found)


def read(path: str | os.PathLike[str], said_at: Place = NOWHERE) -> Tree:
    """Read a YAML file.

    Parameters
    ----------
    path : path
        The file.
    said_at : Place, optional
        Where the path was written, if it was written in a file.

    Raises
    ------
    InputError
        If the file cannot be read, is not text, is too large, is not YAML, or holds more than plain data.
    """
    try:
        return parse(_text(Path(path), said_at), str(path))
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(
            tr("{quoted} cannot be read: {why}", quoted=_quoted(path), why=why), **said_at._asdict()
        ) from None


def _text(path: Path, said_at: Place) -> str:
    if path.is_dir():
        raise InputError(
            tr("{quoted} is a folder; name one YAML file in it", quoted=_quoted(path)), **said_at._asdict()
        )
    if not path.exists():
        folder = path.parent
        files = [f.name for f in folder.iterdir() if f.suffix in (".yaml", ".yml")] if folder.is_dir() else None
        what = (
            tr("there is no file {quoted}", quoted=_quoted(path))
            if files is not None
            else tr("there is no folder {quoted}", quoted=_quoted(folder))
        )
        raise InputError(f"{what}{nearest(path.name, files or [])}", **said_at._asdict())
    if not path.is_file():
        raise InputError(tr("{quoted} is not an ordinary file", quoted=_quoted(path)), **said_at._asdict())
    with open(path, "rb", opener=_at_once) as file:
        content = file.read(MOST_BYTES + 1)
    if content is None:  # /proc/kmsg and its like, which wait for more
        raise InputError(tr("{quoted} is not an ordinary file", quoted=_quoted(path)), **said_at._asdict())
    if len(content) > MOST_BYTES:
        raise InputError(
            tr("is larger than {most_bytes} MB; no scenario is", most_bytes=MOST_BYTES // 1000000), file=path
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        if content.startswith(UTF_16):
            raise InputError(tr("is UTF-16 text, which Windows calls Unicode; save it as UTF-8"), file=path) from None
        raise InputError(tr("is not UTF-8 text; save it as UTF-8"), file=path, line=line) from None


def _at_once(path: str, flags: int) -> int:
    """Open a file that is never waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _quoted(path: str | os.PathLike[str]) -> str:
    text = str(path)
    return repr(text if len(text) <= 200 else text[:197] + "...")


def parse(text: str, file: str | None = None) -> Tree:
    """Read YAML from a text. Messages call the text `file`; the data of an empty text are None.

    Raises
    ------
    InputError
        If the text is not YAML, or holds more than plain data.
    """
    try:
        _refuse_traps(text, file)
        loader = Loader(text)
        node = loader.get_single_node()
        tree = Tree(None)
        if node is not None:
            tree.data = _Reading(loader, file, tree.places).value(node, ())
        return tree
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ": ".join(part for part in (error.context, error.problem) if part)
        line, left = slip(text.splitlines(), mark.line if mark else 0)
        raise InputError(
            left or tr("is not YAML: {what}", what=what), file=file, line=line + 1 if mark else None
        ) from None
    except yaml.reader.ReaderError as error:  # a character that YAML does not allow, such as NUL
        position = error.position if isinstance(error.position, int) else 0
        line = text.count("\n", 0, position) + 1
        raise InputError(tr("is not YAML: {reason}", reason=error.reason), file=file, line=line) from None


def _refuse_traps(text: str, file: str | None) -> None:
    """Go through the text once without building anything, and refuse what no scenario needs."""
    depth = aliases = documents = events = 0
    loader = Loader(text)
    while loader.check_event():
        event = loader.get_event()
        line = event.start_mark.line + 1
        events += 1
        if events > 2 * MOST_VALUES:  # keys are events as well
            raise InputError(
                tr("holds more than {most_values} values", most_values=format(MOST_VALUES, ",")), file=file, line=line
            )
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise InputError(tr("begins a second document (---); a file holds one document"), file=file, line=line)
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MOST_ALIASES:
                raise InputError(
                    tr("has more than {most_aliases} aliases (*name)", most_aliases=MOST_ALIASES), file=file, line=line
                )
        elif getattr(event, "tag", None) is not None:
            what = tr("has the tag {tag}; tags (!name) are not supported; write plain values", tag=repr(event.tag[:60]))
            raise InputError(what, file=file, line=line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                raise InputError(
                    tr("is nested deeper than {most_depth} levels", most_depth=MOST_DEPTH), file=file, line=line
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reading:
    """One pass from YAML nodes to plain data that notes where each key stands."""

    def __init__(self, loader: Any, file: str | None, places: dict[Keys, Place]) -> None:
        self.loader, self.file, self.places = loader, file, places
        self.values = 0

    def value(self, node: yaml.Node, keys: Keys) -> Any:
        self.values += 1
        here = Place(self.file, node.start_mark.line + 1)
        self.places.setdefault(keys, here)
        if self.values > MOST_VALUES:
            raise InputError(
                tr(
                    "holds more than {most_values} values with its aliases written out",
                    most_values=format(MOST_VALUES, ","),
                ),
                **here._asdict(),
            )
        if len(keys) > MOST_DEPTH:  # an alias to the block it stands in
            raise InputError(tr("is nested deeper than {most_depth} levels", most_depth=MOST_DEPTH), **here._asdict())
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*keys, k)) for k, item in enumerate(node.value)]
        return self.block(node, keys) if isinstance(node, yaml.MappingNode) else self.scalar(node)

    def block(self, node: yaml.MappingNode, keys: Keys) -> dict[str, Any]:
        block: dict[str, Any] = {}
        before: Any = None  # the value before this key
        for key_node, value_node in node.value:
            here = Place(self.file, key_node.start_mark.line + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError(tr("has a block or a list as a key; keys are plain words"), **here._asdict())
            key = key_node.value  # as written: the key `no` is the word "no", not false
            if not key_node.style and (where := hidden(key)):
                what = tr(
                    "has a hard space or an invisible character ({where}) in {key}", where=where, key=repr(key[:60])
                )
                raise InputError(
                    tr(
                        "{what}; write plain spaces: {without_hidden}",
                        what=what,
                        without_hidden=without_hidden(key[:60]),
                    ),
                    **here._asdict(),
                )
            if node.flow_style and _is_rest_of_number(key, value_node, before):
                what = tr("has {before},{key}, which YAML reads as two entries", before=before, key=key)
                raise InputError(
                    tr("{what}; write a decimal point: {before}.{key}", what=what, before=before, key=key),
                    **here._asdict(),
                )
            before = getattr(value_node, "value", None)
            if key == "<<":
                raise InputError(tr("has a merge key (<<), which is not supported; use extends"), **here._asdict())
            if key in block:
                first = self.places[*keys, key].line
                hint = tr("; a measure that is taken several times has a list phases:") if keys == ("measures",) else ""
                raise InputError(
                    tr(
                        "has the key {key} twice, first on line {first}{hint}",
                        key=repr(key[:60]),
                        first=first,
                        hint=hint,
                    ),
                    **here._asdict(),
                )
            self.places[*keys, key] = here
            block[key] = self.value(value_node, (*keys, key))
        return block

    def scalar(self, node: Any) -> Any:
        """A value. What YAML 1.1 reads differently from people is put right or left as text."""
        text = node.value
        bare = not node.style
        if bare and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", text):
            return float(text)  # 1e3, which YAML 1.1 reads as text
        if bare and re.fullmatch(r"[-+]?(0\d+|[\d_]+(:[\d.]+)+)", text):
            return text  # 010 would be read as octal, 12:30 as a number in base 60
        try:
            value = self.loader.construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):  # 2013-02-30, a number of 5,000 digits, a lone =
            return text
        too_large = isinstance(value, int) and value.bit_length() > MOST_BITS  # Python refuses to print such numbers
        return text if too_large else value


def _is_rest_of_number(key: str, value: yaml.Node, before: Any) -> bool:
    """Whether a key of a flow block is what stood behind the comma of a number: `{intensity: 0,5}`."""
    alone = isinstance(value, yaml.ScalarNode) and value.value == "" and not value.style
    return alone and key.isdecimal() and isinstance(before, str) and re.fullmatch(r"[-+]?\d+", before) is not None
