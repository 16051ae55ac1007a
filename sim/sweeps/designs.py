"""Designs: which points of a sweep are tried. Every sampler is one of scipy's or SALib's.

A design is a table with a row for each try and a column for each varied path, of numbers from 0 (the path's lowest
value) to 1 (its highest); the paths turn these into values. Not a number stands for the value the scenario has.

Of `sobol`, `sobol-sequence` and `morris`, a longer design with the same seed begins with the shorter one, so that its
runs are used again. A longer `latin-hypercube` has other points altogether: its strips are narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from sim.engine.checks import number
from sim.engine.errors import InputError
from sim.settings import Block

Table = NDArray[np.float64]

MOST_POINTS = 100_000

MORRIS_LEVELS = 4
"""Morris (1991) steps over two thirds of the range between four levels, the usual choice."""


def grid(levels: Sequence[int], n: int, seed: int) -> Table:
    """Every combination of the levels of all paths; the last path changes fastest."""
    return np.array(list(product(*(np.linspace(0.0, 1.0, count) for count in levels))))


def listed(levels: Sequence[int], n: int, seed: int) -> Table:
    """The first values of all paths, then all the second ones, and so on."""
    return np.column_stack([np.linspace(0.0, 1.0, count) for count in levels])


def one_at_a_time(levels: Sequence[int], n: int, seed: int) -> Table:
    """The scenario as it stands, then each path at each of its levels while all others stay."""
    rows = [np.full(len(levels), np.nan)]
    for place, count in enumerate(levels):
        for level in np.linspace(0.0, 1.0, count):
            rows.append(np.full(len(levels), np.nan))
            rows[-1][place] = level
    return np.array(rows)


def latin_hypercube(levels: Sequence[int], n: int, seed: int) -> Table:
    """Points of which each path has one in every n-th part of its range: McKay, Beckman and Conover (1979)."""
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(len(levels), seed=seed).random(n))


def sobol_sequence(levels: Sequence[int], n: int, seed: int) -> Table:
    """Points of the scrambled sequence of Sobol (1967), which fill the space evenly."""
    from scipy.stats import qmc

    return np.asarray(qmc.Sobol(len(levels), seed=seed).random(n))


def sobol(levels: Sequence[int], n: int, seed: int) -> Table:
    """The design of Saltelli et al. (2010) for first and total indices: n x (paths + 2) rows."""
    sampler = salib("sample.sobol")
    return np.asarray(sampler.sample(problem(len(levels)), n, calc_second_order=False, seed=seed))


def morris(levels: Sequence[int], n: int, seed: int) -> Table:
    """Trajectories of Morris (1991), each of which changes one path after the other: n x (paths + 1) rows."""
    sampler = salib("sample.morris")
    return np.asarray(sampler.sample(problem(len(levels)), n, num_levels=MORRIS_LEVELS, seed=seed))


@dataclass(frozen=True)
class Method:
    """A kind of design.

    Attributes
    ----------
    build : callable
        ``build(levels, n, seed)``: the table; `levels` says how many values each path has.
    n : str
        What `n` counts, empty where there is none.
    usual : int
        `n` where it is left out; 0: it must be given.
    least : int
        The least `n`.
    only_lists : bool
        Whether every path must have `values`, equally many.
    power_of_two : bool
        Whether `n` must be one.
    """

    build: Callable[[Sequence[int], int, int], Table]
    n: str = ""
    usual: int = 0
    least: int = 1
    only_lists: bool = False
    power_of_two: bool = False


METHODS = {
    "grid": Method(grid, "values of each path that has low and high", usual=5, least=2),
    "list": Method(listed, only_lists=True),
    "one-at-a-time": Method(one_at_a_time, "values of each path that has low and high", usual=2, least=2),
    "latin-hypercube": Method(latin_hypercube, "points"),
    "sobol-sequence": Method(sobol_sequence, "points", power_of_two=True),
    "sobol": Method(sobol, "points of the sequence, each tried paths + 2 times", least=2, power_of_two=True),
    "morris": Method(morris, "trajectories, each of paths + 1 points", least=2),
}
"""Every design, by its name in a sweep file."""


def problem(paths: int) -> dict[str, Any]:
    """A design as SALib wants it described."""
    return {"num_vars": paths, "names": [f"x{k}" for k in range(paths)], "bounds": [[0.0, 1.0]] * paths}


def salib(module: str) -> Any:
    """A module of SALib.

    Raises
    ------
    InputError
        If SALib is not installed.
    """
    from importlib import import_module

    try:
        return import_module(f"SALib.{module}")
    except ModuleNotFoundError:
        raise missing("SALib") from None


def missing(library: str) -> InputError:
    """What is said where a library of the extra is not installed."""
    return InputError(f'{library} is not installed; this needs it: python -m pip install "kumakan[sweeps]"')


def count(allowed: str, low: int, high: int) -> BeforeValidator:
    """A check of a setting that is a whole number."""
    return BeforeValidator(lambda value: number(value, f"{allowed} from {low} to {high}", low, high, whole=True))


class Design(Block):
    """Which points are tried and how many."""

    method: Literal["grid", "list", "one-at-a-time", "latin-hypercube", "sobol-sequence", "sobol", "morris"]
    n: Annotated[int, count("a whole number", 1, MOST_POINTS)] = 0
    seed: Annotated[int, count("a whole number", 0, 2**31 - 1)] = 1
