"""Designs: which points of a sweep to run. All samplers come from scipy or SALib.

A design is a table with one row for each try and one column for each varied path. Its numbers go from 0 (the lowest
value of the path) to 1 (the highest); the paths turn them into values. NaN stands for the value of the scenario.

With `sobol`, `sobol-sequence` and `morris`, a longer design with the same seed begins with the shorter one, so the runs
of the shorter one are used again. A longer `latin-hypercube` has entirely different points, because its strips are
narrower.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from sim.engine.checks import number
from sim.engine.errors import InputError
from sim.languages import mark, tr
from sim.settings import Block

Table = NDArray[np.float64]

MOST_POINTS = 100_000
"""Tries of a design: each is a scenario that is checked, which takes a millisecond or two."""

MORRIS_LEVELS = 4
"""The usual choice for Morris (1991): four levels, with steps of two thirds of the range."""


def grid(levels: Sequence[int], n: int, seed: int) -> Table:
    """Every combination of the levels of all paths. The last path changes fastest."""
    return np.array(list(product(*(np.linspace(0.0, 1.0, count) for count in levels))))


def listed(levels: Sequence[int], n: int, seed: int) -> Table:
    """The first values of all paths, then their second values, and so on."""
    return np.column_stack([np.linspace(0.0, 1.0, count) for count in levels])


def one_at_a_time(levels: Sequence[int], n: int, seed: int) -> Table:
    """The unchanged scenario, then each path at each of its levels while all other paths stay the same."""
    rows = [np.full(len(levels), np.nan)]
    for place, count in enumerate(levels):
        for level in np.linspace(0.0, 1.0, count):
            rows.append(np.full(len(levels), np.nan))
            rows[-1][place] = level
    return np.array(rows)


def latin_hypercube(levels: Sequence[int], n: int, seed: int) -> Table:
    """Points such that each path has one value in every n-th part of its range: McKay, Beckman and Conover (1979)."""
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(len(levels), seed=seed).random(n))


def sobol_sequence(levels: Sequence[int], n: int, seed: int) -> Table:
    """Points of the scrambled Sobol sequence (1967), which fill the space evenly."""
    from scipy.stats import qmc

    return np.asarray(qmc.Sobol(len(levels), seed=seed).random(n))


def sobol(levels: Sequence[int], n: int, seed: int) -> Table:
    """The design of Saltelli et al. (2010) for first and total indices: n x (paths + 2) rows."""
    sampler = salib("sample.sobol")
    return np.asarray(sampler.sample(problem(len(levels)), n, calc_second_order=False, seed=seed))


def morris(levels: Sequence[int], n: int, seed: int) -> Table:
    """Trajectories of Morris (1991); each changes one path after the other: n x (paths + 1) rows."""
    sampler = salib("sample.morris")
    return np.asarray(sampler.sample(problem(len(levels)), n, num_levels=MORRIS_LEVELS, seed=seed))


@dataclass(frozen=True)
class Method:
    """A kind of design.

    Attributes
    ----------
    build : callable
        ``build(levels, n, seed)`` returns the table. `levels` gives the number of values of each path.
    n : str
        What `n` counts; empty if the design has no `n`.
    usual : int
        The default of `n`; 0 if there is no default.
    least : int
        The smallest `n`.
    only_lists : bool
        Whether every path must have `values`, and the same number of them.
    power_of_two : bool
        Whether `n` must be a power of two.
    tries : callable
        ``tries(levels, n)`` returns how many rows the table will have.
    """

    build: Callable[[Sequence[int], int, int], Table]
    n: str = ""
    usual: int = 0
    least: int = 1
    only_lists: bool = False
    power_of_two: bool = False
    tries: Callable[[Sequence[int], int], int] = lambda levels, n: n


EACH_PATH = mark("values of each path that has low and high")
METHODS = {
    "grid": Method(grid, EACH_PATH, usual=5, least=2, tries=lambda levels, n: math.prod(levels)),
    "list": Method(listed, only_lists=True, tries=lambda levels, n: max(levels)),
    "one-at-a-time": Method(
        one_at_a_time,
        EACH_PATH,
        usual=2,
        least=2,
        tries=lambda levels, n: 1 + sum(levels),
    ),
    "latin-hypercube": Method(latin_hypercube, mark("points")),
    "sobol-sequence": Method(sobol_sequence, mark("points"), power_of_two=True),
    "sobol": Method(
        sobol,
        mark("points of the sequence, each tried paths + 2 times"),
        least=2,
        power_of_two=True,
        tries=lambda levels, n: n * (len(levels) + 2),
    ),
    "morris": Method(
        morris, mark("trajectories, each of paths + 1 points"), least=2, tries=lambda levels, n: n * (len(levels) + 1)
    ),
}
"""Every kind of design, by its name in a sweep file."""


def problem(paths: int) -> dict[str, Any]:
    """The description of a design that SALib needs."""
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
    """The error for a library that is not installed."""
    return InputError(
        tr('{library} is not installed; install it with: python -m pip install "kumakan[sweeps]"', library=library)
    )


def count(allowed: str, low: int, high: int) -> BeforeValidator:
    """A check for a setting that must be a whole number; `allowed` is a marked text."""

    def checked(value: Any) -> Any:
        said = tr("{whole_number} from {low} to {high}", whole_number=tr(allowed), low=low, high=high)
        return number(value, said, low, high, whole=True)

    return BeforeValidator(checked)


class Design(Block):
    """Which points to run, and how many."""

    method: Literal["grid", "list", "one-at-a-time", "latin-hypercube", "sobol-sequence", "sobol", "morris"]
    n: Annotated[int, count(mark("a whole number"), 1, MOST_POINTS)] = 0
    seed: Annotated[int, count(mark("a whole number"), 0, 2**31 - 1)] = 1
