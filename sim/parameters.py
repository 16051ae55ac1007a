"""The table of behavioural parameters: every number with a meaning, its unit, range, prior, quality and source.

The table itself is `parameters.csv`, read alike by the code, the documentation and calibration.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sim.engine.errors import InputError, nearest

TABLE = Path(__file__).with_name("parameters.csv")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table. `low` and `high` bound what a scenario may set (the prior's 5 and 95 % or wider)."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    distribution: str
    quality: str
    source: str
    meaning: str


@cache
def rows() -> dict[str, Parameter]:
    """The table, by name, in its own order."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        table = {}
        for row in csv.DictReader(file):
            value, low, high = (float(row.pop(column)) for column in ("value", "low", "high"))
            if row["name"] in table:
                raise ValueError(f"{TABLE.name} names {row['name']} twice")
            table[row["name"]] = Parameter(value=value, low=low, high=high, **row)
    return table


class Parameters(Mapping[str, float]):
    """Values of all parameters, read as attributes or by name.

    >>> p = Parameters.default().replaced({"peer_pull": 0.03})
    >>> p.peer_pull
    0.03
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = dict(values)

    @classmethod
    def default(cls) -> Parameters:
        """The central value of every parameter."""
        return cls({name: row.value for name, row in rows().items()})

    def replaced(self, changes: Mapping[str, float]) -> Parameters:
        """A copy with some values changed.

        Raises
        ------
        InputError
            If a name is unknown (with the nearest known one), or a value is no number or outside `low..high`.
        """
        values = dict(self._values)
        for name, value in changes.items():
            if name not in values:
                raise InputError(f"there is no parameter {name!r}{nearest(name, values)}")
            row = rows()[name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise InputError(f"{name} is {value!r}; it is a number in {row.unit}")
            if not row.low <= value <= row.high:
                raise InputError(f"{name} is {value:g}; it must lie between {row.low:g} and {row.high:g} {row.unit}")
            values[name] = float(value)
        return Parameters(values)

    def as_dict(self) -> dict[str, float]:
        """All values by name."""
        return dict(self._values)

    def __getattr__(self, name: str) -> float:
        if name.startswith("_"):  # asked for while a copy is being made, before there are values
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"there is no parameter {name!r}{nearest(name, self._values)}") from None

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getstate__(self) -> dict[str, float]:
        return self._values

    def __setstate__(self, state: dict[str, float]) -> None:
        self._values = state
