"""The posterior that comes with the program: worlds, each a row of fitted parameters and the seed it was kept with.

`kumakan calibrate` makes it (see `sim.calibration`). A world is one history that the record allows: the scenario
`historical` with these parameters under this seed. Draw k of the uncertain parameters takes the fitted ones from world
k, all at once, and the others from their priors; its first seed is that of the world. Without a posterior, or with one
that was fitted to another state of the program, all parameters that are drawn come from their priors.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sim.engine.errors import InputError, nearest
from sim.languages import tr
from sim.parameters import TABLE, rows

ROOM = Path(__file__).with_name("calibration")
FILE = ROOM / "posterior.csv"
"""The worlds of the fit to all years. Fits to earlier days are named `posterior_2014-12-31.csv`."""
FITTED = ROOM / "fitted.csv"
"""The parameters that are fitted."""
BESIDE = ("loglik", "run")
"""Columns of a posterior that are no parameters: the log-likelihood of the row, and the digest of its run."""
ACTING = ("name", "value", "unit", "low", "high", "distribution", "transport")
"""Columns of the table of parameters that decide what a run of the fit gives."""


@dataclass(frozen=True)
class Posterior:
    """Worlds of equal weight.

    Attributes
    ----------
    names : tuple of str
        The fitted parameters.
    seeds : tuple of int
        The seed of each world.
    values : tuple of tuple of float
        World -> the values of `names`.
    runs : tuple of str
        The digest of each world's run at the resolution of the fit, or empty.
    about : dict
        Digests, dates and numbers of the fit; empty if there is no `.json` beside the table.
    """

    names: tuple[str, ...]
    seeds: tuple[int, ...]
    values: tuple[tuple[float, ...], ...]
    runs: tuple[str, ...]
    about: dict[str, Any]

    def __len__(self) -> int:
        return len(self.seeds)

    def world(self, number: int) -> dict[str, float]:
        """The parameters of a world, counted from 1; after the last comes the first again."""
        return dict(zip(self.names, self.values[(number - 1) % len(self)], strict=True))

    def seed(self, number: int) -> int | None:
        """The seed of a world; None beyond the last, where the rows come again and need luck of their own."""
        return self.seeds[number - 1] if 1 <= number <= len(self) else None


def fitted() -> tuple[str, ...]:
    """The parameters that are fitted, in the order of their table.

    Raises
    ------
    InputError
        If one is no parameter, stands there twice, or has no prior.
    """
    from sim.priors import UNDRAWN

    with FITTED.open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    for name in names:
        if name not in rows():
            raise InputError(
                tr(
                    "{table} names {name}, which is no parameter{nearest}",
                    table=FITTED.name,
                    name=repr(name),
                    nearest=nearest(name, rows()),
                )
            )
        if rows()[name].distribution in UNDRAWN:
            raise InputError(tr("{table} names {name}, which has no prior", table=FITTED.name, name=name))
        if names.count(name) > 1:
            raise InputError(tr("{table} names {name} twice", table=FITTED.name, name=name))
    return tuple(names)


def read(file: str | Path) -> Posterior:
    """The posterior in a file.

    Raises
    ------
    InputError
        If the file is not there, or is no table of worlds.
    """
    path = Path(file)
    try:
        with path.open(encoding="utf-8", newline="") as text:
            lines = list(csv.reader(text))
    except OSError:
        raise InputError(tr("there is no posterior {path}; `kumakan calibrate` makes one", path=path)) from None
    head = lines[0] if lines else []
    names = tuple(name for name in head[2:] if name not in BESIDE)
    if head[:2] != ["world", "seed"] or not names or len(set(head)) < len(head) or len(lines) < 2:
        raise InputError(
            tr("{path} is not a table of worlds: it must have the columns world, seed and parameters", path=path)
        )
    places = [head.index(name) for name in names]
    run = head.index("run") if "run" in head else None
    try:
        seeds = tuple(int(line[1]) for line in lines[1:])
        values = tuple(tuple(float(line[k]) for k in places) for line in lines[1:])
        counted = [int(line[0]) for line in lines[1:]] == list(range(1, len(lines)))
    except (ValueError, IndexError):
        counted = False
    if not counted:
        raise InputError(
            tr("{path} is damaged: its rows must be worlds 1, 2, ... with a number in every column", path=path)
        )
    runs = tuple("" if run is None else line[run] for line in lines[1:])
    beside = path.with_suffix(".json")
    try:
        about = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        about = {}
    return Posterior(names, seeds, values, runs, about if isinstance(about, dict) else {})


def fit_digest() -> str:
    """The digest of all code and tables that decide the runs of a fit.

    That is the program without the posterior, and without the table's values of the parameters that are fitted: they
    are set by every run of a fit, so a new middle in the table leaves a posterior as good as it was.
    """
    from sim.stores.sources import source_files  # a floor above: only where there is a posterior, or a fit

    own = {name: digest for name, digest in source_files().items() if name.startswith("sim/")}
    own = {name: digest for name, digest in own.items() if not name.startswith(f"sim/{ROOM.name}/")}
    own[f"sim/{TABLE.name}"] = _table_digest()
    return hashlib.sha256(json.dumps(sorted(own.items())).encode()).hexdigest()[:16]


def _table_digest() -> str:
    free = set(fitted())
    with TABLE.open(encoding="utf-8", newline="") as file:
        table = [[row[column] for column in ACTING] for row in csv.DictReader(file)]
    lines = [[line[0], "", *line[2:]] if line[0] in free else line for line in table]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:16]


@cache
def shipped() -> Posterior | None:
    """The posterior that comes with the program, fresh or stale; None if there is none."""
    return read(FILE) if FILE.is_file() else None


@cache
def fresh() -> bool:
    """Whether there is a posterior, and it was fitted to this state of the program."""
    there = shipped()
    return there is not None and there.about.get("sources") == fit_digest() and set(there.names) <= set(rows())


def in_use() -> Posterior | None:
    """The posterior from which draws are taken; None where they come from priors alone."""
    return shipped() if fresh() else None


def warning() -> str:
    """What must be said before parameters are drawn; empty if nothing is wrong."""
    if shipped() is None or fresh():
        return ""
    return tr(
        "warning: the worlds that come with this program were fitted to another state of it, so they are left out and"
        " parameters are drawn from their priors; `kumakan calibrate` fits them again"
    )


def forget() -> None:
    """Look again for a posterior, the next time one is needed."""
    shipped.cache_clear()
    fresh.cache_clear()
