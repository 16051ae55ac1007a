"""What a sweep varies: paths of the scenario and their values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sim.measures import MEASURES
from sim.measures.base import REGIONS
from sim.parameters import rows

DIGITS = 6
"""Significant digits of a value in a design. With so few digits, the name of a point can state the full value."""


@dataclass(frozen=True)
class Axis:
    """A path that a sweep varies.

    Attributes
    ----------
    path, label : str
        The path in a scenario, and its name in points and figures: the path without its block.
    values : tuple
        The listed values; empty if the value lies between `low` and `high`.
    low, high : float
        The lowest and the highest value; for dates, their day numbers.
    kind : {"number", "whole", "date", "other"}
        The type of the values.
    dist : str
        The distribution between `low` and `high`: a key of `DISTRIBUTIONS`, or a prior as text.
    """

    path: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    kind: Literal["number", "whole", "date", "other"] = "number"
    dist: str = "uniform"

    @property
    def label(self) -> str:
        return self.path.partition(".")[2] or self.path

    @property
    def unit(self) -> str:
        """The unit, if a table or a measure gives one."""
        block, *keys = self.path.split(".")
        if block == "parameters":
            return rows()[keys[0]].unit
        unit, model = "", MEASURES.get(keys[0]) if block == "measures" and len(keys) > 1 else None
        for key in keys[1:]:
            if key.isdecimal() and get_args(model):  # an item of a list
                model = get_args(model)[0]
                continue
            info = getattr(model, "model_fields", {}).get(key)
            if info is None:  # a region, of an intensity
                return unit if key in REGIONS else ""
            unit, model = str((info.json_schema_extra or {}).get("unit", "")), info.annotation
        return unit

    def at(self, place: float) -> Any:
        """The value at a place from 0 (lowest) to 1 (highest), as a scenario writes it.

        >>> Axis("measures.joint_patrols.intensity", low=0.0, high=0.5).at(0.5)
        0.25
        """
        return self.all_at(np.array([place]))[0]

    def all_at(self, places: NDArray[np.float64]) -> list[Any]:
        """The values at several places."""
        if self.values:
            return [self.values[min(int(place * len(self.values)), len(self.values) - 1)] for place in places]
        if self.kind in ("whole", "date") and self.dist == "uniform":  # all values are equally likely
            numbers = np.minimum(np.floor(self.low + places * (self.high - self.low + 1)), self.high)
        else:
            numbers = self._quantiles(places)
        if self.kind == "date":
            return [date.fromordinal(round(float(number_))).isoformat() for number_ in numbers]
        if self.kind == "whole":
            return [round(float(number_)) for number_ in numbers]
        return [min(max(float(f"{number_:.{DIGITS}g}"), self.low), self.high) for number_ in numbers]

    def _quantiles(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.dist == "uniform":
            return self.low + places * (self.high - self.low)
        if self.dist == "log-uniform":
            return np.asarray(self.low * (self.high / self.low) ** places)
        from sim.priors import prior

        distribution = prior(self.dist)  # only its part between low and high
        below, above = distribution.cdf([self.low, self.high])
        return np.clip(distribution.ppf(below + places * (above - below)), self.low, self.high)


def written(value: Any) -> str:
    """A value as the name of a point writes it."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}" if float(f"{value:.{DIGITS}g}") == value else repr(value)
    if isinstance(value, list | tuple):
        return "+".join(map(written, value))
    return str(value)
