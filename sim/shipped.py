"""The scenarios, sweeps and notebooks that come with the program, and how a scenario is found by its name.

In a wheel they stand in the package (`sim/share/`); in the repository, and where that is installed as it stands, they
are the folders `scenarios/` and `notebooks/` beside the package.

>>> located("scenarios/baseline.yaml")  # a path is a path
'scenarios/baseline.yaml'
>>> Path(located("reach_x_imams")).parts[-3:]
('scenarios', 'sweeps', 'reach_x_imams.yaml')
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from sim.engine.errors import InputError, nearest
from sim.engine.places import NOWHERE, Place
from sim.languages import tr

PACKAGE = Path(__file__).resolve().parent
ENDINGS = (".yaml", ".yml")


def folder(kind: str) -> Path:
    """Where the `scenarios` or the `notebooks` stand."""
    packed = PACKAGE / "share" / kind
    return packed if packed.is_dir() else PACKAGE.parent / kind


@cache
def names() -> dict[str, Path]:
    """The file of each scenario and of each sweep, by its name."""
    found = folder("scenarios")
    return {file.stem: file for place in (found, found / "sweeps") for file in sorted(place.glob("*.yaml"))}


def located(given: str, beside: str = "", said_at: Place = NOWHERE) -> str:
    """The path of a scenario or sweep file, given as its path or its name.

    A name has no slash and no ending `.yaml`. The name `mine` means the file `mine.yaml`, or what comes with kumakan
    under this name. If both are there with different contents, neither is taken.

    Parameters
    ----------
    given : str
        The path or name.
    beside : str
        The folder that paths are relative to; by default the one we are in.
    said_at : Place, optional
        Where this was written, if it was written in a file.

    Raises
    ------
    InputError
        If there is nothing of this name, or two things.
    """
    path = os.path.normpath(os.path.join(beside, given)) if beside else given
    if os.path.exists(path) and not os.path.isdir(path):
        return path
    if not is_name(given):
        stem = re.split(r"[/\\]", given)[-1].removesuffix(ENDINGS[0])
        if stem in names() and not os.path.exists(path):
            said = tr(
                "there is no file {path}; what comes with kumakan is named without folder and ending: {stem}",
                path=repr(path),
                stem=repr(stem),
            )
            raise InputError(said, **said_at._asdict())
        return path
    own = next((path + ending for ending in ENDINGS if os.path.isfile(path + ending)), None)
    shipped = names().get(given)
    if own and shipped and Path(own).read_bytes() != shipped.read_bytes():
        said = tr(
            "{given} is the file {own} and also comes with kumakan; write {own2} or {shipped}",
            given=repr(given),
            own=repr(own),
            own2=own,
            shipped=shipped,
        )
        raise InputError(said, **said_at._asdict())
    if own or shipped:
        return own or str(shipped)
    if os.path.isdir(path):
        return path
    own_names = sorted(file.stem for file in Path(beside or ".").glob("*") if file.suffix in ENDINGS)
    said = tr("there is no file {path}, and nothing of that name comes with kumakan", path=repr(path[:200]))
    raise InputError(f"{said}{nearest(given, [*names(), *own_names])}", **said_at._asdict())


def called(path: str | os.PathLike[str]) -> str:
    """What to write for a scenario or sweep file in a command: its name if it comes with kumakan, else its path.

    >>> called(located("reach_x_imams"))
    'reach_x_imams'
    """
    shipped = names().get(Path(path).stem)
    return Path(path).stem if shipped is not None and Path(path).resolve() == shipped.resolve() else os.fspath(path)


def is_name(given: str) -> bool:
    """Whether a text is a name and not a path."""
    return bool(given) and not re.search(r"[/\\\0]", given) and not given.endswith(ENDINGS)
