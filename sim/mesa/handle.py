"""What all kinds of agents share: a handle on one row of the country, as a Mesa agent."""

from __future__ import annotations

import operator
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from mesa.agent import Agent

from sim.country import Country
from sim.engine.errors import InputError, nearest
from sim.mesa.column import Column, UnknownAttribute, a

if TYPE_CHECKING:
    from sim.mesa.model import RecruitmentModel

SPAN = 10**9
"""Unique ids: agents that users add count from 1; row r of kind k has the id k x SPAN + r."""

H = TypeVar("H", bound="Handle")
F = TypeVar("F")


class Handle(Agent):
    """A Mesa agent that stands for one row. It stores the model and the number of the row, nothing else.

    `Agent.__init__` is not called: it would register the handle with the model. Handles are made when somebody asks
    for them and forgotten afterwards.

    Parameters
    ----------
    model : RecruitmentModel
    row : int
        Number of the row in its kind, from 0.
    """

    __slots__ = ("model", "row")
    word: ClassVar[str] = "agent"
    place: ClassVar[int]  # number of the kind in unique ids
    cell: Any  # each kind has these two columns
    region: Any

    def __init__(self, model: RecruitmentModel, row: int) -> None:
        size = self.rows_in(model.country)
        if not 0 <= row < size:
            raise IndexError(f"there is no {self.word} {row}; they are numbered from 0 to {size - 1}")
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "row", operator.index(row))

    @classmethod
    @abstractmethod
    def rows_in(cls, country: Country) -> int:
        """Number of rows of this kind."""

    @classmethod
    def now(cls, country: Country) -> slice | np.ndarray:
        """Rows of the agents that are present this week."""
        return slice(0, cls.rows_in(country))

    @classmethod
    def ids(cls, country: Country) -> np.ndarray:
        """Unique ids of the agents that are present this week."""
        rows = cls.now(country)
        return cls.place * SPAN + (np.arange(rows.stop) if isinstance(rows, slice) else rows)

    @property
    def unique_id(self) -> int:
        """A number that stays with the row for the whole run."""
        return self.place * SPAN + self.row

    @property
    def pos(self) -> tuple[float, float]:
        """Longitude and latitude of the middle of the agent's cell, in degrees."""
        grid, cell = self.model.country.grid, self.cell
        return float(grid.lon[cell]), float(grid.lat[cell])

    def __setattr__(self, name: str, value: Any) -> None:
        attribute = getattr(type(self), name, None)
        if isinstance(attribute, Column) or (isinstance(attribute, property) and attribute.fset):
            object.__setattr__(self, name, value)
        elif attribute is not None:
            raise UnknownAttribute(f"{name} of {a(self.word)} can be read, not set")
        else:
            raise self.unknown(name)

    @classmethod
    def unknown(cls, name: str) -> UnknownAttribute:
        """The error that says that this kind has no such attribute."""
        known = [k for k in dir(cls) if isinstance(getattr(cls, k), Column | property)]
        return UnknownAttribute(f"{a(cls.word)} has no attribute {name!r}{nearest(name, known)}")

    def remove(self) -> None:
        """Raise an error: a row exists for the whole run."""
        raise InputError(f"{a(self.word)} is a row of the country and cannot be removed")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and self.model is other.model and self.unique_id == other.unique_id

    def __hash__(self) -> int:
        return hash(self.unique_id)

    def __copy__(self) -> Handle:
        return self

    def __deepcopy__(self, memo: dict) -> Handle:
        return follow(_handle(type(self), self.model, self.row), memo)

    def __reduce__(self) -> tuple:
        return _handle, (type(self), self.model, self.row)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.row}, {self.region}>"


def _handle(kind: type[H], model: RecruitmentModel, row: int) -> H:
    """A handle on a row of a model that may still be empty, because a copy of it is being filled."""
    handle = kind.__new__(kind)
    object.__setattr__(handle, "model", model)
    object.__setattr__(handle, "row", row)
    return handle


def follow(reference: F, memo: dict) -> F:
    """Turn the copy of a handle or of a set to the copy of its model, now or once the model is copied.

    On its own a handle or a set refers to rows of a model: its copy then refers to the same model.
    """
    model: Any = reference.model  # type: ignore[attr-defined]
    if id(model) in memo:
        object.__setattr__(reference, "model", memo[id(model)])
    else:
        memo.setdefault(("to follow", id(model)), []).append(reference)
    return reference
