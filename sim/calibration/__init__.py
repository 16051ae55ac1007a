"""fitting the dynamic parameters to what was recorded: runs, emulator, waves, worlds, and the proof."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

LAST = date(2017, 12, 31)
"""The record of attacks ends on this day: the fit to it is the one that comes with the program."""


def file_name(until: date | None = None) -> str:
    """The name of the file with the worlds of a fit.

    >>> file_name(date(2014, 12, 31))
    'posterior_2014-12-31.csv'
    """
    return "posterior.csv" if until in (None, LAST) else f"posterior_{until}.csv"


def worlds(until: date | None = None, path: str | Path | None = None) -> pd.DataFrame:
    """The worlds of a fit: a row for each, with its number, its seed, and its value of each fitted parameter.

    World k is the run of a scenario with these parameters set, under this seed.

    >>> worlds(date(2015, 12, 31))[["world", "seed"]]            # doctest: +SKIP

    Parameters
    ----------
    until : date, optional
        The last day of the data that the fit knows; by default all of them.
    path : path, optional
        The file, or the folder that holds it. By default, the worlds that come with the program.

    Raises
    ------
    InputError
        If there is no such fit.
    """
    import pandas as pd

    from sim.posterior import ROOM, read

    file = Path(path) if path is not None else ROOM
    if file.is_dir():
        file = file / file_name(until)
    found = read(file)
    table = pd.DataFrame(found.values, columns=list(found.names))
    table.insert(0, "seed", found.seeds)
    table.insert(0, "world", range(1, len(found) + 1))
    return table


__all__ = ["LAST", "file_name", "worlds"]
