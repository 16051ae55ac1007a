"""An attribute of an agent whose value stands in a column of the country."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from pydantic_core import PydanticCustomError

from sim.country import Country
from sim.engine import checks
from sim.engine.errors import InputError, nearest

if TYPE_CHECKING:
    from sim.mesa.handle import Handle

Rows: TypeAlias = "int | slice | np.ndarray"
Words: TypeAlias = "Sequence[str | None]"


class UnknownAttribute(InputError, AttributeError):
    """Agents have no such attribute, or it can only be read. `hasattr` and `getattr` of Python need AttributeError."""


class Column:
    """An attribute of an agent whose value stands in a column of the country.

    Parameters
    ----------
    meaning : str
        What the value is, with its unit and range.
    read : str or callable
        The column, as "youth.grievance", or a function `read(country, rows)` that returns the values of one row, of
        many, or of a slice.
    words : sequence or callable, optional
        The words that the numbers in the column stand for; the last one stands for -1. A function gets the country.
    takes : callable, optional
        Returns a value as the column stores it, or raises an error, as `sim.engine.checks` do.
    write : callable, optional
        `write(country, rows, value)`. A column named in `read` that has `takes` needs none. An attribute with neither
        can only be read.
    """

    def __init__(
        self,
        meaning: str,
        read: str | Callable[[Country, Any], Any],
        *,
        words: Words | Callable[[Country], Words] | None = None,
        takes: Callable[[Any], Any] | None = None,
        write: Callable[[Country, Any, Any], None] | None = None,
    ) -> None:
        self.__doc__ = meaning
        self.takes, self.write = takes, write
        if isinstance(read, str):
            column = attrgetter(read)
            self.read: Callable[[Country, Any], Any] = lambda country, rows: column(country)[rows]
            if takes is not None and write is None:
                self.write = into(read)
        else:
            self.read = read
        self.words = words if words is None or callable(words) else lambda _: words

    def __set_name__(self, owner: type[Handle], name: str) -> None:
        self.name, self.of_whom = name, a(owner.word)

    def __get__(self, handle: Handle | None, owner: type | None = None) -> Any:
        if handle is None:
            return self
        country = handle.model.country
        value = self.read(country, handle.row)
        value = value.item() if isinstance(value, np.generic | np.ndarray) else value
        return value if self.words is None else self.words(country)[value]

    def __set__(self, handle: Handle, value: Any) -> None:
        self.put(handle.model.country, handle.row, value)

    def put(self, country: Country, rows: Rows, value: Any) -> None:
        """Check one value and write it into some rows."""
        if self.write is None:
            raise UnknownAttribute(f"{self.name} of {self.of_whom} can be read, not set ({self.__doc__})")
        try:
            if self.words is not None:
                value = code(value, self.words(country))
            elif self.takes is not None:
                value = self.takes(value)
            self.write(country, rows, value)
        except (InputError, PydanticCustomError) as problem:
            said = problem.message if isinstance(problem, InputError) else problem.message()
            raise InputError(f"{self.name} of {self.of_whom} {said}") from None

    def values(self, country: Country, rows: Rows) -> np.ndarray:
        """A copy of some rows: float64, int64, bool, or an array of words."""
        values = np.asarray(self.read(country, rows))
        if self.words is not None:
            words = self.words(country)
            return np.fromiter(words, object, len(words))[values]
        return values.astype({"f": np.float64, "b": np.bool_}.get(values.dtype.kind, np.int64))


def into(column: str) -> Callable[[Country, Any, Any], None]:
    """A function that writes a value into a column as it is."""
    get = attrgetter(column)

    def write(country: Country, rows: Rows, value: Any) -> None:
        get(country)[rows] = value

    return write


def a(word: str) -> str:
    """A word with its article."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


# --- what a column takes ---------------------------------------------------------------------------------------


def number(low: float, high: float = math.inf, *, whole: bool = False) -> Callable[[Any], Any]:
    """A check that accepts numbers from `low` to `high`."""
    kind = "a whole number" if whole else "a number"
    allowed = f"{kind} from {low:g} to {high:g}" if high < math.inf else f"{kind} of at least {low:g}"
    return lambda value: checks.number(value, allowed, low, high, whole=whole)


def code(value: Any, words: Words) -> int:
    """The number that stands for a word."""
    known = [word for word in words if word is not None]
    if not isinstance(value, str) or value not in known:
        raise InputError(f"is {value!r}; it must be one of {', '.join(known)}{nearest(value, known)}")
    return known.index(value)
