"""Points: values of the fitted parameters, and their normal scores, in which every prior is a standard normal.

A prior is cut at the limits that a scenario may set (`low` and `high` in the table of parameters), as a world must be
something that a scenario can say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.parameters import Parameter, rows
from sim.priors import quantile

DIGITS = 6
"""Digits of a value: more than any prior knows, and the same on every machine."""
FARTHEST = 4.0
"""Normal scores beyond this are not told apart."""


@dataclass(frozen=True)
class Space:
    """The parameters that are fitted.

    >>> space = Space(("h0", "attack_rate"))
    >>> space.values(np.zeros((1, 2))).round(4)
    array([[0.005 , 0.0055]])
    """

    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def rows(self) -> list[Parameter]:
        """Their rows in the table of parameters."""
        return [rows()[name] for name in self.names]

    @cached_property
    def ends(self) -> NDArray[np.float64]:
        """The shares of each prior below its limits: parameters x 2."""
        return np.array([[row.prior.cdf(row.low), row.prior.cdf(row.high)] for row in self.rows], float)

    def values(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values at normal scores (points x parameters)."""
        from scipy.special import ndtr

        low, high = self.ends.T
        u = low + ndtr(np.clip(scores, -FARTHEST, FARTHEST)) * (high - low)
        return np.array([[self._value(row, float(q)) for row, q in zip(self.rows, line, strict=True)] for line in u])

    @staticmethod
    def _value(row: Parameter, u: float) -> float:
        value = quantile(row.distribution, min(max(u, 1e-12), 1.0 - 1e-12))
        value = float(round(value)) if row.whole else float(f"{value:.{DIGITS}g}")
        return min(max(value, row.low), row.high)

    def scores(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The normal scores of values (points x parameters)."""
        from scipy.special import ndtri

        low, high = self.ends.T
        u = np.stack([row.prior.cdf(values[:, k]) for k, row in enumerate(self.rows)], axis=1)
        with np.errstate(divide="ignore"):
            return np.asarray(np.clip(ndtri(np.clip((u - low) / (high - low), 0.0, 1.0)), -FARTHEST, FARTHEST))

    def first(self, count: int, seed: int = 1) -> NDArray[np.float64]:
        """Normal scores that fill the prior evenly (a scrambled Sobol sequence)."""
        from scipy.special import ndtri
        from scipy.stats import qmc

        sobol = qmc.Sobol(len(self), scramble=True, seed=np.random.default_rng(seed))
        u = sobol.random_base2(max(int(np.ceil(np.log2(count))), 1))[:count]
        return np.asarray(ndtri(np.clip(u, 1e-6, 1.0 - 1e-6)))


def point_id(values: Sequence[float]) -> str:
    """A point as 12 hexadecimal digits."""
    return hashlib.sha256(json.dumps([float(value) for value in values]).encode()).hexdigest()[:12]
