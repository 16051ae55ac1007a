"""Checks of single values, each written once: a number, a whole number, true or false.

`number` and `yes` check what a file says; their errors are for pydantic, which adds the name of the setting. `whole`
checks an argument of a function and names it itself. Numbers of numpy count as numbers everywhere.

>>> number(0.5, "a share between 0 and 1", 0, 1)
0.5
>>> whole(-1, "seed")
Traceback (most recent call last):
sim.engine.errors.InputError: seed is -1; it must be a whole number from 0 to 9223372036854775807
"""

from __future__ import annotations

import math
import sys
from datetime import date
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from sim.engine.errors import InputError
from sim.engine.office import WORDS, bare_number
from sim.languages import tr

MOST = 2**31 - 1  # people and weeks are counted in columns of 32 bits
FLOAT_MOST = sys.float_info.max
LARGEST_SEED = 2**63 - 1
"""Seeds are keys of 64 bits; this is the largest that a column of a table can hold."""


def wrong(message: str) -> PydanticCustomError:
    """The error that a validator raises; `message` says what is wrong, what is allowed, and which name is near."""
    return PydanticCustomError("setting", "{message}", {"message": message})


def wrong_at(keys: tuple[str | int, ...], message: str) -> PydanticCustomError:
    """The same for a value inside the setting, at `keys` from there."""
    return PydanticCustomError("setting", "{message}", {"message": message, "keys": keys})


def shown(value: Any) -> str:
    """A value as the user wrote it, short enough for a message."""
    if isinstance(value, int | float) and abs(value) > MOST:
        try:
            return f"{value:.6g}"
        except OverflowError:
            return tr("a number too large")
    text = value.isoformat() if isinstance(value, date) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def kind_of(value: Any) -> str:
    """A value for a message; a block or a list by that word alone."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return tr("a block of settings")
    return tr("a list") if isinstance(value, list | tuple) else shown(value)


def number(value: Any, allowed: str, low: float = -math.inf, high: float = math.inf, *, whole: bool = False) -> Any:
    """A number between `low` and `high`, or an error that says what is `allowed`."""
    if value is None:
        raise wrong(tr("has no value; it must be {allowed}", allowed=tr(allowed)))
    if isinstance(value, str):
        raise wrong(
            tr(
                "is the text {shown}; it must be {allowed}{bare_number}",
                shown=shown(value),
                allowed=tr(allowed),
                bare_number=bare_number(value, low, high, whole),
            )
        )
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(tr("is {kind_of}; it must be {allowed}", kind_of=kind_of(value), allowed=tr(allowed)))
    if abs(value) > (MOST if whole else FLOAT_MOST) or value != value:
        raise wrong(
            tr("is {shown}; it must be {allowed}", shown=shown(value), allowed=tr(allowed))
            + (tr(" and at most {most}", most=MOST) if whole else "")
        )
    if whole and value != int(value):
        raise wrong(tr("is {value}; it must be {allowed}, without decimals", value=value, allowed=tr(allowed)))
    if not low <= value <= high:
        meant = (
            tr(". Did you mean {value}?", value=format(value / 100, "g"))
            if (low, high) == (0, 1) and 1 < value <= 100
            else ""
        )
        raise wrong(tr("is {value}; it must be {allowed}{meant}", value=value, allowed=tr(allowed), meant=meant))
    return int(value) if whole else float(value)


def yes(value: Any) -> bool:
    """True or false, and nothing that Python would take for either."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    meant = WORDS.get(value.strip().lower()) if isinstance(value, str) else None
    hint = tr("; write {meant}", meant=meant) if meant else ""
    raise wrong(
        (tr("has no value") if value is None else tr("is {kind_of}", kind_of=kind_of(value)))
        + tr("; it must be true or false{hint}", hint=hint)
    )


def whole(value: Any, name: str, low: int = 0, high: int = LARGEST_SEED) -> int:
    """The whole number that an argument (`name`) is, as a plain int: no float, no text, no truth value.

    Raises
    ------
    InputError
        If it is anything else, or lies outside `low` to `high`.
    """
    fits = isinstance(value, int | np.integer) and not isinstance(value, bool) and low <= value <= high
    if not fits:
        raise InputError(
            tr(
                "{name} is {kind_of}; it must be a whole number from {low} to {high}",
                name=name,
                kind_of=kind_of(value),
                low=low,
                high=high,
            )
        )
    return int(value)
