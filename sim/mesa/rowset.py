"""Sets of agents that answer from the columns of the country.

>>> youths = model.agents_by_type[Youth]                    # doctest: +SKIP
>>> youths.agg("attitude", np.mean)                         # doctest: +SKIP
>>> youths.where(region="Mopti", status="approached")       # doctest: +SKIP
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
from mesa.agent import Agent, AgentSet

from sim.engine.errors import InputError
from sim.engine.luck import decision, lucks, seed_key
from sim.mesa.agents import BY_PLACE, KINDS, Recruiter
from sim.mesa.column import Column, code
from sim.mesa.handle import SPAN, Handle, follow

try:
    from mesa.agentset import GroupBy  # a file of its own since Mesa 3.4
except ImportError:
    from mesa.agent import GroupBy

if TYPE_CHECKING:
    from sim.mesa.model import RecruitmentModel

BLOCK = 4096  # agents handed out between two looks at the list
REQUIRED: Any = object()
"""In place of a default value: every agent must have the attribute."""

USER_SHUFFLE = decision("where an agent comes in a shuffle somebody asked for")


class Rowset(AgentSet):
    """A Mesa agent set that stores unique ids and answers from the columns.

    It does what Mesa's sets do. `len`, `get`, `agg`, `set`, `where`, and `groupby` and `sort` by an attribute work on
    columns. `do`, `shuffle_do`, `map`, loops, and functions given to `select`, `sort` or `groupby` need agents: these
    are made one by one and then forgotten, which takes a microsecond or two each. A set that the model hands out
    follows the model until you change the set in place. Every other set is a fixed list of agents.

    Parameters
    ----------
    model : RecruitmentModel
    ids : np.ndarray, optional
        Unique ids, in order. Without them, the set holds everyone of `kind`.
    kind : type, optional
        Kind of agent. Without `ids` and `kind`, the set holds all agents of the model.
    """

    def __init__(
        self, model: RecruitmentModel, ids: np.ndarray | None = None, kind: type[Handle] | None = None
    ) -> None:
        self.model = model
        self._ids = None if ids is None else np.asarray(ids, np.int64)
        self._kind = kind

    @property
    def random(self) -> Random:
        """The model's generator, which no process of the run draws from."""
        return self.model.random

    # --- who is in the set

    @property
    def ids(self) -> np.ndarray:
        """Unique ids, in order."""
        if self._ids is not None:
            return self._ids
        country = self.model.country
        if self._kind is not None:
            return self._kind.ids(country)
        own = np.array(list(self.model.own), np.int64)
        return np.concatenate([*(kind.ids(country) for kind in KINDS), own])

    def _parts(self) -> Iterator[tuple[type[Handle] | None, Any, Any]]:
        """Each kind, its rows, and their places in the set. Agents that users added have no kind."""
        if self._ids is None and self._kind is not None:
            yield self._kind, self._kind.now(self.model.country), slice(None)
            return
        ids = self.ids
        places = ids // SPAN
        for place in np.unique(places).tolist():
            where = np.flatnonzero(places == place)
            yield BY_PLACE.get(place), ids[where] - place * SPAN, where

    def _of_type(self, ids: np.ndarray, agent_type: type) -> np.ndarray:
        """The ids of the agents of this type or of a type derived from it."""
        keep = np.zeros(ids.size, bool)
        places = ids // SPAN
        for place, kind in BY_PLACE.items():
            if issubclass(kind, agent_type):
                keep |= places == place
        if issubclass(Recruiter, agent_type):
            keep |= np.isin(ids, Recruiter.ids(self.model.country))
        keep[places == 0] = [isinstance(self.model.own.get(i), agent_type) for i in ids[places == 0].tolist()]
        return ids[keep]

    def __len__(self) -> int:
        if self._ids is None and self._kind is not None:
            rows = self._kind.now(self.model.country)
            return rows.stop if isinstance(rows, slice) else int(rows.size)
        return int(self.ids.size)

    def __iter__(self) -> Iterator[Agent]:
        ids = self.ids
        for start in range(0, ids.size, BLOCK):
            for unique_id in ids[start : start + BLOCK].tolist():
                if unique_id >= SPAN or unique_id in self.model.own:  # otherwise it was removed meanwhile
                    yield self.model.agent(unique_id)

    def __contains__(self, agent: object) -> bool:
        if getattr(agent, "model", None) is not self.model or not isinstance(agent, Agent):
            return False
        return bool((self.ids == agent.unique_id).any())

    def __getitem__(self, item: int | slice) -> Any:
        if isinstance(item, slice):
            return [self.model.agent(i) for i in self.ids[item].tolist()]
        return self.model.agent(int(self.ids[item]))

    def to_list(self) -> list[Agent]:
        """All agents of the set."""
        return list(self)

    def copy(self) -> Rowset:
        """The agents that are in the set now, as a set that no longer follows the model."""
        return Rowset(self.model, self.ids.copy())

    __copy__ = copy

    def __deepcopy__(self, memo: dict) -> Rowset:
        return follow(Rowset(self.model, self._ids, self._kind), memo)

    def __reduce__(self) -> tuple:
        return Rowset, (self.model, self._ids, self._kind)

    def _from_iterable(self, agents: Iterable[Agent]) -> Rowset:
        ids = dict.fromkeys(agent.unique_id for agent in agents)
        return Rowset(self.model, np.array(list(ids), np.int64))

    def _update(self, agents: Iterable[Agent]) -> Rowset:
        return self._become(np.array([agent.unique_id for agent in agents], np.int64))

    def _become(self, ids: np.ndarray) -> Rowset:
        self._ids = ids
        return self

    def _new(self, ids: np.ndarray, inplace: bool) -> Rowset:
        return self._become(ids) if inplace else Rowset(self.model, ids)

    def add(self, agent: Agent) -> None:
        """Add an agent of this model."""
        if getattr(agent, "model", None) is not self.model:
            raise InputError("the agent belongs to another model; a set holds agents of one model")
        if agent not in self:
            self._become(np.append(self.ids, agent.unique_id))

    def discard(self, agent: Agent) -> None:
        """Take an agent out if it is in the set."""
        if agent in self:
            self._become(self.ids[self.ids != agent.unique_id])

    def remove(self, agent: Agent) -> None:
        """Take an agent out.

        Raises
        ------
        KeyError
            If it is not in the set.
        """
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    def clear(self) -> None:
        """Take all agents out."""
        self._become(np.empty(0, np.int64))

    def index(self, agent: Agent, *between: int) -> int:
        """Place of an agent in the set."""
        return self.ids.tolist().index(agent.unique_id, *between)

    def __reversed__(self) -> Iterator[Agent]:
        return iter(Rowset(self.model, self.ids[::-1]))

    def __le__(self, other: Any) -> bool:
        return bool(np.isin(self.ids, other.ids).all()) if self._kin(other) else super().__le__(other)

    def __and__(self, other: Any) -> Any:
        if not self._kin(other):
            return super().__and__(other)
        return Rowset(self.model, self.ids[np.isin(self.ids, other.ids)])

    def __sub__(self, other: Any) -> Any:
        if not self._kin(other):
            return super().__sub__(other)
        return Rowset(self.model, self.ids[~np.isin(self.ids, other.ids)])

    def _kin(self, other: object) -> bool:
        return isinstance(other, Rowset) and other.model is self.model

    # --- attributes of all agents in the set

    def column(self, name: str, default: Any = REQUIRED) -> np.ndarray:
        """An attribute of each agent as an array: float64, int64, bool, or words and other objects.

        Raises
        ------
        InputError, which is also an AttributeError
            If an agent has no such attribute and there is no `default`.
        """
        if name == "unique_id":
            return self.ids.copy()
        out: np.ndarray | None = None
        for kind, rows, where in self._parts():
            column = getattr(kind, name, None)
            if isinstance(column, Column):
                values = column.values(self.model.country, rows)
            elif kind is not None and not hasattr(kind, name):
                if default is REQUIRED:
                    raise kind.unknown(name)
                values = _objects([default] * len(self.ids[where]))
            elif default is REQUIRED:
                values = _objects([getattr(agent, name) for agent in Rowset(self.model, self.ids[where])])
            else:
                values = _objects([getattr(agent, name, default) for agent in Rowset(self.model, self.ids[where])])
            if values.size == len(self):
                return values
            if out is None:
                out = np.empty(len(self), object)
            out[where] = values.astype(object)
        return np.empty(0) if out is None else out

    def get(self, attr_names: str | list[str], handle_missing: str = "error", default_value: Any = None) -> list:
        """An attribute of each agent, or a list of several, as plain Python values.

        Raises
        ------
        InputError, which is also an AttributeError
            If an agent has no such attribute and `handle_missing` is "error".
        """
        if handle_missing not in ("error", "default"):
            raise InputError(f"handle_missing is {handle_missing!r}; it must be 'error' or 'default'")
        default = default_value if handle_missing == "default" else REQUIRED
        if isinstance(attr_names, str):
            return self.column(attr_names, default).tolist()
        columns = [self.column(name, default).tolist() for name in attr_names]
        return [list(values) for values in zip(*columns, strict=True)]

    def agg(self, attribute: str, func: Callable | Iterable[Callable]) -> Any:
        """A function of the column of an attribute, or a list of several functions of it."""
        values = self.column(attribute)
        if callable(func):
            return _plain(func(values))
        return [_plain(f(values)) for f in func]

    def set(self, attr_name: str, value: Any) -> Rowset:
        """Set an attribute of all agents to one value."""
        for kind, rows, where in list(self._parts()):
            column = getattr(kind, attr_name, None)
            if isinstance(column, Column):
                column.put(self.model.country, rows, value)
            else:
                for agent in Rowset(self.model, self.ids[where]):
                    setattr(agent, attr_name, value)
        return self

    # --- parts of the set

    def where(self, **wanted: Any) -> Rowset:
        """The agents whose attributes have the wanted values, found in the columns.

        Parameters
        ----------
        **wanted
            For each attribute a value, a collection of values, or a function that takes the whole column and returns
            a mask.

        Raises
        ------
        InputError
            If there is no such attribute, or the attribute can never have the value.

        Examples
        --------
        >>> youths.where(region=["Mopti", "Gao"], attitude=lambda x: x > 1.0)  # doctest: +SKIP
        """
        keep = np.ones(len(self), bool)
        for name, value in wanted.items():
            column = self.column(name)
            if callable(value):
                keep &= np.asarray(value(column), bool)
            else:
                values = list(value) if isinstance(value, set | frozenset | list | tuple | np.ndarray) else [value]
                self._check(name, column, values)
                keep &= np.any([column == one for one in values], axis=0) if values else False
        return Rowset(self.model, self.ids[keep])

    def _check(self, name: str, column: np.ndarray, wanted: list) -> None:
        """Raise an error for a value that an attribute can never have, so that a slip does not give an empty set."""
        kinds = [getattr(kind, name, None) for kind, _, _ in self._parts()]
        words = [kind.words(self.model.country) if isinstance(kind, Column) and kind.words else None for kind in kinds]
        known = [word for one in words if one is not None for word in one]
        for value in wanted:
            if known and None not in words and not (value is None and None in known):
                try:
                    code(value, list(dict.fromkeys(known)))
                except InputError as problem:
                    raise InputError(f"{name} {problem.message}") from None
            elif column.size and column.dtype != object and isinstance(value, str):
                allowed = "True or False" if column.dtype == bool else "a number"
                raise InputError(f"{name} is the text {value!r}; it must be {allowed}")

    def select(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        at_most: int | float = math.inf,
        inplace: bool = False,
        agent_type: type | None = None,
    ) -> Rowset:
        """The agents of a type for which a function returns true, and of these the first `at_most`.

        The function is asked agent by agent; `where` finds the same agents in the columns.
        """
        ids = self.ids
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(ids.size * at_most)
        if agent_type is not None:
            ids = self._of_type(ids, agent_type)
        if filter_func is not None:
            kept: list[int] = []
            for agent in Rowset(self.model, ids):
                if len(kept) >= at_most:
                    break
                if filter_func(agent):
                    kept.append(agent.unique_id)
            ids = np.array(kept, np.int64)
        return self._new(ids if at_most >= ids.size else ids[: int(at_most)], inplace)

    def shuffle(self, inplace: bool = False) -> Rowset:
        """The same agents in another order, drawn from the model's `random`; the run does not change."""
        ids = self.ids
        seed = seed_key(self.random.getrandbits(64))
        order = np.argsort(lucks(USER_SHUFFLE, seed, 0, np.arange(ids.size)), kind="stable")
        return self._new(ids[order], inplace)

    def sort(self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False) -> Rowset:
        """The same agents sorted by an attribute or by a function of each; largest first unless `ascending`."""
        values = self.get(key) if isinstance(key, str) else [key(agent) for agent in self]
        order = sorted(range(len(values)), key=values.__getitem__, reverse=not ascending)
        return self._new(self.ids[np.array(order, np.int64)], inplace)

    def groupby(self, by: Callable | str, result_type: str = "agentset") -> Groups:
        """Groups by an attribute or by a function of each agent, in the order in which they first appear."""
        values = self.column(by) if isinstance(by, str) else _objects([by(agent) for agent in self])
        places: dict[Any, int] = {}
        group = np.array([places.setdefault(value, len(places)) for value in values.tolist()], np.int64)
        order = np.argsort(group, kind="stable")
        ends = np.cumsum(np.bincount(group, minlength=len(places)))[:-1]
        sets = [Rowset(self.model, ids) for ids in np.split(self.ids[order], ends)] if places else []
        groups = sets if result_type == "agentset" else [one.to_list() for one in sets]
        return Groups(dict(zip(places, groups, strict=True)))

    # --- agent by agent

    def do(self, method: str | Callable, *args: Any, **kwargs: Any) -> Rowset:
        """Call a method of each agent, or a function with each agent, one after the other."""
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: str | Callable, *args: Any, **kwargs: Any) -> Rowset:
        """Do the same in a shuffled order."""
        self.shuffle().map(method, *args, **kwargs)
        return self

    def map(self, method: str | Callable, *args: Any, **kwargs: Any) -> list[Any]:
        """What a method of each agent, or a function of each agent, returns."""
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self.copy()]
        return [method(agent, *args, **kwargs) for agent in self.copy()]

    def __repr__(self) -> str:
        return f"<Rowset of {len(self):,} agents>"


class Groups(GroupBy):
    """Mesa's groups of agents, with `agg` from the columns."""

    def agg(self, attr_name: str, func: Callable) -> dict[Any, Any]:
        """A function of the column of an attribute in each group."""
        return {
            name: group.agg(attr_name, func)
            if isinstance(group, Rowset)
            else func([getattr(agent, attr_name) for agent in group])
            for name, group in self.groups.items()
        }


def _objects(items: list[Any]) -> np.ndarray:
    """An array of objects, with lists among them kept whole."""
    return np.fromiter(items, object, len(items))


def _plain(value: Any) -> Any:
    """Plain Python instead of a numpy number."""
    return value.item() if isinstance(value, np.generic) else value
