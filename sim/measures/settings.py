"""The settings of a measure: their types, the values they can have, and the messages about wrong values."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, Strict

from sim.engine.checks import MOST as MOST  # measures take it from here
from sim.engine.checks import kind_of, number, shown, wrong, yes
from sim.engine.checks import wrong_at as wrong_at
from sim.engine.errors import nearest, plain
from sim.engine.office import iso_day
from sim.languages import mark, tr
from sim.measures.regions import LATER_REGIONS, REGION_OF, REGIONS


def _day(value: Any) -> Any:
    allowed = tr("a date as YYYY-MM-DD")
    if value is None:
        return None
    if isinstance(value, datetime):
        raise wrong(
            tr(
                "is a date with a time of day ({value}); it must be {allowed}: {date}",
                value=value,
                allowed=allowed,
                date=value.date(),
            )
        )
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            meant = iso_day(value)
            hint = f": {meant}" if meant else tr(", such as 2014-02-16")
            raise wrong(
                tr("is {shown}; it must be {allowed}{hint}", shown=shown(value), allowed=allowed, hint=hint)
            ) from None
    raise wrong(tr("is {kind_of}; it must be {allowed}, such as 2014-02-16", kind_of=kind_of(value), allowed=allowed))


def _regions(value: Any) -> tuple[str, ...]:
    allowed = tr("'all' or a list of: {regions}", regions=", ".join(REGIONS))
    if isinstance(value, str):
        if plain(value) == "all":
            return REGIONS
        value = [value]
    if value is None or (isinstance(value, list | tuple) and not value):
        raise wrong(
            tr(
                "names no region; it must be {allowed} (to switch the measure off, write enabled: false)",
                allowed=allowed,
            )
        )
    if not isinstance(value, list | tuple):
        raise wrong(tr("is {kind_of}; it must be {allowed}", kind_of=kind_of(value), allowed=allowed))
    chosen = set()
    for name in value:
        region = REGION_OF.get(plain(name)) if isinstance(name, str) else None
        if region is None:
            offer = nearest(name, [*REGIONS, *LATER_REGIONS]) if isinstance(name, str) else ""
            raise wrong(
                tr(
                    "names {shown}, which is no region; it must be {allowed}{offer}",
                    shown=shown(name),
                    allowed=allowed,
                    offer=offer,
                )
            )
        chosen.add(region)
    return tuple(region for region in REGIONS if region in chosen)


def _not_empty(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise wrong(tr("is empty; to switch the measure off, write enabled: false"))
    return values


def _between(allowed: str, low: float, high: float, whole: bool = False) -> BeforeValidator:
    return BeforeValidator(lambda value: number(value, allowed, low, high, whole=whole))


T = TypeVar("T")

Share = Annotated[float, _between(mark("a share between 0 and 1"), 0, 1)]
Count = Annotated[int, _between(mark("a whole number, 0 or more"), 0, math.inf, whole=True)]
Persons = Annotated[int, _between(mark("a whole number of persons, 0 or more"), 0, math.inf, whole=True)]
Weeks = Annotated[int, _between(mark("a whole number of weeks, 0 or more"), 0, math.inf, whole=True)]
Xof = Annotated[float, _between(mark("an amount in XOF (CFA francs), 0 or more"), 0, math.inf)]
Number = Annotated[float, _between(mark("a number"), -math.inf, math.inf)]
Day = Annotated[date, BeforeValidator(_day)]
Yes = Annotated[bool, BeforeValidator(yes)]
Regions = Annotated[
    tuple[str, ...],
    BeforeValidator(_regions),
    PlainSerializer(lambda regions: "all" if regions == REGIONS else list(regions)),
]
Several = Annotated[tuple[T, ...], Strict(False)]
"""Any number of values of one type, such as ``Several[Literal["radio", "tv"]]``: YAML lists become tuples."""
OneOrMore = Annotated[tuple[T, ...], Strict(False), AfterValidator(_not_empty)]
"""The same, but not an empty list."""


def field(
    default: Any,
    *,
    unit: str,
    source: str,
    meaning: str,
    ge: float | None = None,
    le: float | None = None,
) -> Any:
    """Define a setting of a measure.

    Parameters
    ----------
    default : object
        The value if the scenario does not set it.
    unit : str
        The unit in words, such as "share of imams", "weeks", "XOF per person".
    source : str
        Where the default comes from: a citation, or "assumed" and the reason.
    meaning : str
        What the setting is, in a few words without a full stop.
    ge, le : float, optional
        The smallest and largest value allowed, if the type does not say so.
    """
    extra: dict[str, Any] = {"unit": unit, "source": source}
    return Field(default, description=meaning, ge=ge, le=le, validate_default=True, json_schema_extra=extra)


def choice(default: Any, unit: str, meaning: str) -> Any:
    """Define a setting that is the user's choice, not a fact about the world."""
    return field(default, unit=unit, source="choice", meaning=meaning)
