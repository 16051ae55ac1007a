"""The table of behavioural parameters: every number with a meaning, its unit, range, prior, quality and source.

The table itself is `parameters.csv`, read alike by the code, the documentation and calibration. What is not known is
drawn: draw 0 is the central value of every row, each later draw takes every row that is drawn from its prior.
"""

from __future__ import annotations

import csv
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sim.engine.checks import number, whole
from sim.engine.errors import InputError, nearest

TABLE = Path(__file__).with_name("parameters.csv")
QUALITIES = ("measured", "derived", "estimate", "assumed", "calibrated")
CARRIED = "transport_"
"""What the rows begin with that say what is left in Mali of effects found elsewhere."""
LAST_DRAW = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    `low` and `high` bound what a scenario may set (about the prior's 5 and 95 %, or wider). `drawn` says whether it
    varies from draw to draw: effects do, what was set so that the baseline follows history does not. `transport` is
    where an effect was measured, if it must be carried over to Mali ("sahel", "africa", "west"):
    `Parameters.carried_over`.
    """

    name: str
    value: float
    unit: str
    low: float
    high: float
    distribution: str
    drawn: bool
    quality: str
    source: str
    meaning: str
    transport: str = ""

    @property
    def prior(self) -> Any:
        """Its prior as a frozen `scipy.stats` distribution, None for a row that is never drawn."""
        from sim.priors import prior  # scipy is not needed to load a scenario

        return prior(self.distribution)

    @property
    def no_effect(self) -> float:
        """The value at which it changes nothing: 1 for a factor, else 0."""
        return 1.0 if self.unit == "factor" else 0.0


@cache
def rows() -> dict[str, Parameter]:
    """The table, by name, in its own order."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        table = {}
        for row in csv.DictReader(file):
            value, low, high = (float(row.pop(column)) for column in ("value", "low", "high"))
            if row["name"] in table:
                raise ValueError(f"{TABLE.name} names {row['name']} twice")
            drawn = {"yes": True, "no": False}[row.pop("drawn")]
            table[row["name"]] = Parameter(value=value, low=low, high=high, drawn=drawn, **row)
    return table


def register(more: Iterable[Parameter], owner: str, instead_of: Iterable[Parameter] = ()) -> None:
    """Add rows to the table, for what is not part of the package; `rows` has them from then on.

    All are added, or none. Rows that were added before can be replaced (`instead_of`).

    Raises
    ------
    InputError
        If a row could not stand in the table, or another has its name.
    """
    gone = {row.name for row in instead_of}
    table = {name: row for name, row in rows().items() if name not in gone}
    for row in more:
        if not isinstance(row, Parameter):
            raise InputError(f"{owner}: its parameters hold {row!r}, which is no sim.parameters.Parameter")
        what = f"{owner}: its parameter {row.name!r}"
        if not row.name.isidentifier() or row.name.startswith("_") or hasattr(Parameters, row.name):
            raise InputError(f"{what} cannot have this name; it is letters, digits and _")
        if table.get(row.name, row) != row:
            raise InputError(f"{what} has the name of another one; choose one that starts with the measure's key")
        numbers = (row.low, row.value, row.high)
        known = all(isinstance(number, int | float) and math.isfinite(number) for number in numbers)
        if not known or list(numbers) != sorted(numbers):
            raise InputError(f"{what} is {row.value}; it must lie between its low {row.low} and its high {row.high}")
        if row.quality not in QUALITIES:
            raise InputError(f"{what} has the quality {row.quality!r}; it is {', '.join(QUALITIES)}")
        for column in ("unit", "distribution", "source", "meaning"):
            if not getattr(row, column):
                raise InputError(f"{what} has no {column}")
        if row.transport and CARRIED + row.transport not in table:
            places = [name.removeprefix(CARRIED) for name in table if name.startswith(CARRIED)]
            raise InputError(
                f"{what} has the transport {row.transport!r}; it is empty or {', '.join(places)}"
                f"{nearest(row.transport, places)}"
            )
        if row.drawn:
            try:
                known = row.prior is not None
            except ValueError:
                known = False
            if not known:
                raise InputError(f"{what} is drawn, but from {row.distribution!r}, which is no prior (see sim.priors)")
        table[row.name] = row
    rows().clear()
    rows().update(table)
    _of_draw.cache_clear()


def one_signed() -> list[str]:
    """Drawn parameters whose prior lies on one side of "no effect" without a reason that `sim.priors` gives.

    An ensemble over such priors would find that a measure helps because nothing else was allowed, so there should be
    none.
    """
    from sim.priors import LEAST_MASS, reason_for_one_sign

    def free(row: Parameter) -> bool:
        below = float(row.prior.cdf(row.no_effect))
        return LEAST_MASS <= below <= 1.0 - LEAST_MASS

    return [name for name, row in rows().items() if row.drawn and not free(row) and not reason_for_one_sign(name)]


class Parameters(Mapping[str, float]):
    """Values of all parameters, read as attributes or by name.

    >>> p = Parameters.default().replaced({"peer_pull": 0.03})
    >>> p.peer_pull
    0.03
    """

    def __init__(self, values: Mapping[str, float]) -> None:
        vars(self).update(values)  # plain attributes: read over a hundred times a week

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
        values = self.as_dict()
        for name, value in changes.items():
            if name not in values:
                raise InputError(f"there is no parameter {name!r}{nearest(name, values)}")
            row = rows()[name]
            try:
                values[name] = number(value, f"a number in {row.unit}")
            except ValueError as problem:
                raise InputError(f"{name} {problem}") from None
            if not row.low <= values[name] <= row.high:
                raise InputError(f"{name} is {value:g}; it must lie between {row.low:g} and {row.high:g} {row.unit}")
        return Parameters(values)

    def drawn(self, draw: int) -> Parameters:
        """The values of a draw: 0 leaves all as they are, any other gives each drawn row a value of its prior.

        A row's value hangs on the number of the draw and the row's own name alone, so it is the same for every scenario
        and seed, and rows added later move no other. Values may lie outside `low..high`, which bound what a scenario
        may set; the tails of a prior are part of what is not known.

        >>> Parameters.default().drawn(3).clip_effect == Parameters.default().drawn(3).clip_effect
        True

        Raises
        ------
        InputError
            If the number is no whole number from 0 to 4294967295.
        """
        draw = whole(draw, "draw", 0, LAST_DRAW)
        return Parameters({**self.as_dict(), **(_of_draw(draw) if draw else {})})

    def carried_over(self) -> Parameters:
        """The values as they act in Mali: effects found elsewhere are multiplied by what is left of them here.

        The factor is that of the place of the study (`transport_sahel`, `transport_africa`, `transport_west`), one for
        all its effects.
        """
        values = self.as_dict()
        for name, row in rows().items():
            if row.transport:
                values[name] *= values[CARRIED + row.transport]
        return Parameters(values)

    def as_dict(self) -> dict[str, float]:
        """All values by name."""
        return dict(vars(self))

    def __getattr__(self, name: str) -> float:
        raise AttributeError(f"there is no parameter {name!r}{nearest(name, vars(self))}")

    def __getitem__(self, name: str) -> float:
        return vars(self)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self))

    def __len__(self) -> int:
        return len(vars(self))


@cache
def _draws() -> Any:
    """The decision, named when first needed: keyed luck brings numba, which reading the table does without."""
    from sim.engine.luck import decision

    return decision("a parameter is drawn from its prior")


@cache
def _of_draw(draw: int) -> dict[str, float]:
    """The drawn rows of a draw, at the quantile of their prior that luck gives them."""
    from sim.engine.luck import luck, seed_key

    return {
        name: float(row.prior.ppf(luck(_draws(), seed_key(draw), 0, zlib.crc32(name.encode()))))
        for name, row in rows().items()
        if row.drawn
    }
