"""The report of a measure: what it delivered and cost in one week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.measures.regions import REGIONS


@dataclass(slots=True)
class Delivered:
    """What a measure delivered and cost in one week, by region."""

    count: np.ndarray  # float64, in the unit of `Measure.delivers`
    cost_xof: np.ndarray  # float64, XOF

    @classmethod
    def nothing(cls) -> Delivered:
        """Nothing delivered, nothing spent."""
        return cls(np.zeros(len(REGIONS)), np.zeros(len(REGIONS)))
