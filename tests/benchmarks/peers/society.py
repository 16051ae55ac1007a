"""The common model: its rules in words, its numbers, and the society that every version starts from. Needs numpy only.

Persons live in cells of about a hundred. Everyone has an attitude, a mind of their own and eight ties that stay: six to
the neighbours in the table and two to anybody. Every week, for all persons at the same time:

1. The attitude moves towards the mean of the ties' attitudes of last week and back to the own mind, and a little by
   chance.
2. Who has not joined is approached with a chance that rises with the share of joined persons in the cell.
3. Who is approached joins with a chance that rises with the new attitude. Who has joined stays.

Persons who have joined keep their ties, and their attitudes move like everybody's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

WEEKS = 26
NEAR = (-3, -2, -1, 1, 2, 3)
FAR = 2
TIES = len(NEAR) + FAR
IN_A_CELL = 100


class Rules(NamedTuple):
    """The numbers of the model."""

    peers: float = 0.05  # share of the way to the mean of the ties, a week
    own: float = 0.02  # share of the way back to the own mind, a week
    noise: float = 0.05  # standard deviation of what else moves an attitude, a week
    base: float = 0.01  # approaches a week to a person where nobody has joined
    spread: float = 0.2  # what is added to this where everybody has joined
    doubt: float = -2.0  # log odds of joining when approached, at attitude 0
    slope: float = 1.0  # what one unit of attitude adds to these


class Society(NamedTuple):
    """Who lives where, who knows whom, and how everybody begins; one row a person."""

    cell: np.ndarray  # int64, rows of a cell stand together
    ties: np.ndarray  # int64, persons x TIES, rows of the friends
    own: np.ndarray  # float64, the person's own mind
    attitude: np.ndarray  # float64, at the start
    joined: np.ndarray  # bool, at the start

    @property
    def size(self) -> int:
        return self.cell.size

    @property
    def cells(self) -> int:
        return int(self.cell[-1]) + 1


class Found(NamedTuple):
    """What a run ends with; the same from every version."""

    attitude: np.ndarray
    joined: np.ndarray


def society(persons: int, seed: int = 1) -> Society:
    """The society of so many persons. On average the own mind is 0.5 above the attitude at the start."""
    luck = np.random.default_rng([seed, persons])
    rows = np.arange(persons)
    cell = rows * max(1, persons // IN_A_CELL) // persons
    near = (rows[:, None] + np.array(NEAR)) % persons
    ties = np.concatenate([near, luck.integers(0, persons, (persons, FAR))], axis=1)
    attitude = luck.normal(0.0, 1.0, persons)
    return Society(cell, ties, attitude + 0.5, attitude, luck.random(persons) < 0.02)


def summary(found: Found) -> dict[str, float]:
    """What versions are compared by: the share joined, and the mean and standard deviation of attitudes."""
    return {
        "joined": float(found.joined.mean()),
        "attitude": float(found.attitude.mean(dtype=np.float64)),
        "spread": float(found.attitude.std(dtype=np.float64)),
    }


def apart(runs: list[dict[str, float]], others: list[dict[str, float]], persons: int, weeks: int) -> dict[str, float]:
    """How far the means of two sets of runs of one society are apart, in standard errors by theory.

    Attitudes differ by the noise alone. The noise of a person with many friends counts more, hence the factor 1.5. Who
    joins makes others in the cell join, hence the factor 1.25 on independent coins: 40 to 800 runs of each version at
    10,000 persons gave 1.16 to 1.32.
    """
    means = [{name: sum(run[name] for run in rows) / len(rows) for name in rows[0]} for rows in (runs, others)]
    share = max(means[1]["joined"], 1.0 / persons)
    walk = 1.5 * Rules().noise * math.sqrt(weeks)
    one_run = {"joined": 1.25 * math.sqrt(share * (1.0 - share)), "attitude": walk, "spread": walk}
    scale = math.sqrt((1.0 / len(runs) + 1.0 / len(others)) / persons)
    return {name: (means[0][name] - means[1][name]) / (one_run[name] * scale) for name in one_run}
