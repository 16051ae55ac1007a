"""The table of behavioural parameters: every number with its meaning, unit, range, prior, quality and source.

The table is `parameters.csv`. The code, the documentation and the calibration all read it. Parameters whose values are
uncertain are drawn: draw 0 has the central value of every row, and every other draw takes values for these rows from
their priors.
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
from sim.languages import tr

TABLE = Path(__file__).with_name("parameters.csv")
QUALITIES = ("measured", "derived", "estimate", "assumed", "calibrated")
CARRIED = "transport_"
"""Prefix of the rows that say which share of an effect found elsewhere remains in Mali."""
LAST_DRAW = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    `low` and `high` are the limits for a scenario (the 5 and 95 % quantiles of the prior, or wider). `drawn` says
    whether the value varies from draw to draw. Effects vary; values that were set so that the baseline follows history
    do not. `transport` is the place where an effect was measured, if the effect must be carried over to Mali ("sahel",
    "africa" or "west", see `Parameters.carried_over`).
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
        """The prior as a frozen `scipy.stats` distribution, or None for a row that is never drawn."""
        from sim.priors import prior  # scipy is not needed to load a scenario

        return prior(self.distribution)

    @property
    def whole(self) -> bool:
        """Whether the model counts in whole ones of the unit ("whole weeks"), so that decimals have no meaning."""
        return self.unit.startswith("whole ")

    @property
    def no_effect(self) -> float:
        """The value at which the parameter changes nothing: 1 for a factor, otherwise 0."""
        return 1.0 if self.unit == "factor" else 0.0


@cache
def rows() -> dict[str, Parameter]:
    """The rows of the table by name, in the order of the file."""
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
    """Add the rows of a measure from outside the package. From then on `rows` returns them.

    Either all rows are added or none. `instead_of` names earlier rows that the new ones replace.

    Raises
    ------
    InputError
        If a row is not valid, or if another row already has its name.
    """
    gone = {row.name for row in instead_of}
    table = {name: row for name, row in rows().items() if name not in gone}
    for row in more:
        if not isinstance(row, Parameter):
            raise InputError(
                tr(
                    "{owner}: its parameters hold {row}, which is not a sim.parameters.Parameter",
                    owner=owner,
                    row=repr(row),
                )
            )
        what = tr("{owner}: its parameter {name}", owner=owner, name=repr(row.name))
        if not row.name.isidentifier() or row.name.startswith("_") or hasattr(Parameters, row.name):
            raise InputError(tr("{what} cannot have this name; use letters, digits and _", what=what))
        if table.get(row.name, row) != row:
            raise InputError(
                tr("{what} has the name of another parameter; choose one that starts with the measure's key", what=what)
            )
        numbers = (row.low, row.value, row.high)
        known = all(isinstance(number, int | float) and math.isfinite(number) for number in numbers)
        if not known or list(numbers) != sorted(numbers):
            raise InputError(
                tr(
                    "{what} is {value}; it must lie between its low {low} and its high {high}",
                    what=what,
                    value=row.value,
                    low=row.low,
                    high=row.high,
                )
            )
        if row.whole and any(number != int(number) for number in numbers):
            raise InputError(
                tr(
                    "{what} has the unit {unit}; its value, low and high must have no decimals",
                    what=what,
                    unit=repr(row.unit),
                )
            )
        if row.quality not in QUALITIES:
            raise InputError(
                tr(
                    "{what} has the quality {quality}; it must be one of {qualities}",
                    what=what,
                    quality=repr(row.quality),
                    qualities=", ".join(QUALITIES),
                )
            )
        for column in ("unit", "distribution", "source", "meaning"):
            if not getattr(row, column):
                raise InputError(tr("{what} has no {column}", what=what, column=column))
        if row.transport and CARRIED + row.transport not in table:
            places = [name.removeprefix(CARRIED) for name in table if name.startswith(CARRIED)]
            raise InputError(
                tr(
                    "{what} has the transport {transport}; it must be empty or one of {places}{nearest}",
                    what=what,
                    transport=repr(row.transport),
                    places=", ".join(places),
                    nearest=nearest(row.transport, places),
                )
            )
        if row.drawn:
            try:
                known = row.prior is not None
            except ValueError:
                known = False
            if not known:
                raise InputError(
                    tr(
                        "{what} is drawn, but {distribution} is not a prior (see sim.priors)",
                        what=what,
                        distribution=repr(row.distribution),
                    )
                )
        table[row.name] = row
    rows().clear()
    rows().update(table)
    _of_draw.cache_clear()


def one_signed() -> list[str]:
    """Drawn parameters whose prior lies on one side of "no effect" although `sim.priors` gives no reason for it.

    With such a prior, an ensemble would find that a measure helps only because the prior allows nothing else. There
    should be no such parameter.
    """
    from sim.priors import LEAST_MASS, reason_for_one_sign

    def free(row: Parameter) -> bool:
        below = float(row.prior.cdf(row.no_effect))
        return LEAST_MASS <= below <= 1.0 - LEAST_MASS

    return [name for name, row in rows().items() if row.drawn and not free(row) and not reason_for_one_sign(name)]


class Parameters(Mapping[str, float]):
    """The values of all parameters, read as attributes or by name.

    >>> p = Parameters.default().replaced({"peer_pull": 0.03})
    >>> p.peer_pull
    0.03
    """

    def __init__(self, values: Mapping[str, float]) -> None:
        vars(self).update(values)  # plain attributes: a week reads them over a hundred times

    @classmethod
    def default(cls) -> Parameters:
        """The central value of every parameter."""
        return cls({name: row.value for name, row in rows().items()})

    def replaced(self, changes: Mapping[str, float]) -> Parameters:
        """A copy with some values changed.

        Raises
        ------
        InputError
            If a name is unknown (the message gives the nearest), or a value is no number in `low..high`.
        """
        values = self.as_dict()
        for name, value in changes.items():
            if name not in values:
                raise InputError(
                    tr("there is no parameter {name}{nearest}", name=repr(name), nearest=nearest(name, values))
                )
            row = rows()[name]
            try:
                values[name] = number(value, tr("a number in {unit}", unit=tr(row.unit)))
            except ValueError as problem:
                raise InputError(f"{name} {problem}") from None
            if not row.low <= values[name] <= row.high:
                raise InputError(
                    tr(
                        "{name} is {value}; it must lie between {low} and {high} {unit}",
                        name=name,
                        value=format(value, "g"),
                        low=format(row.low, "g"),
                        high=format(row.high, "g"),
                        unit=tr(row.unit),
                    )
                )
            if row.whole and values[name] != int(values[name]):
                raise InputError(
                    tr(
                        "{name} is {values}; it must be a number of {unit}, without decimals",
                        name=name,
                        values=format(values[name], "g"),
                        unit=tr(row.unit),
                    )
                )
        return Parameters(values)

    def drawn(self, draw: int) -> Parameters:
        """The values of a draw. Draw 0 changes nothing; any other draw takes each drawn row from its prior.

        The value of a row depends only on the number of the draw and the name of the row. It is therefore the same for
        every scenario and seed, and a new row changes no other row. Values may lie outside `low..high`, which limit
        only what a scenario may set: the tails of a prior are part of the uncertainty. Where the model counts in whole
        weeks or persons, the decimals are dropped here, so that the values are those that act.

        >>> Parameters.default().drawn(3).clip_effect == Parameters.default().drawn(3).clip_effect
        True

        Raises
        ------
        InputError
            If the draw is not a whole number from 0 to 4294967295.
        """
        draw = whole(draw, "draw", 0, LAST_DRAW)
        return Parameters({**self.as_dict(), **(_of_draw(draw) if draw else {})})

    def carried_over(self) -> Parameters:
        """The values as they act in Mali: an effect found elsewhere is multiplied by the share of it that remains here.

        The factor depends on the place of the study (`transport_sahel`, `transport_africa`, `transport_west`) and is
        the same for all effects from that place.
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
        raise AttributeError(
            tr("there is no parameter {name}{nearest}", name=repr(name), nearest=nearest(name, vars(self)))
        )

    def __getitem__(self, name: str) -> float:
        return vars(self)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self))

    def __len__(self) -> int:
        return len(vars(self))


@cache
def _draws() -> Any:
    """The decision of a draw, named on first use: keyed luck loads numba, which reading the table does not need."""
    from sim.engine.luck import decision

    return decision("a parameter is drawn from its prior")


@cache
def _of_draw(draw: int) -> dict[str, float]:
    """The values of the drawn rows in a draw. Luck picks the quantile of each row's prior."""
    from sim.engine.luck import luck, seed_key
    from sim.priors import quantile

    found = {
        name: quantile(row.distribution, luck(_draws(), seed_key(draw), 0, zlib.crc32(name.encode())))
        for name, row in rows().items()
        if row.drawn
    }
    return {name: float(int(value)) if rows()[name].whole else value for name, value in found.items()}
