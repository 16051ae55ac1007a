"""The model as Mesa knows it: a country, and a step that is one week.

    >>> model = RecruitmentModel("scenarios/baseline.yaml", seed=1)   # doctest: +SKIP
    >>> model.step()                                                  # doctest: +SKIP
    >>> model.agents_by_type[Imam].agg("stance", np.mean)             # doctest: +SKIP
    >>> record = model.run()                                          # doctest: +SKIP

What happens in a week is decided in `sim.week`; nothing here adds to it. Agents that a user adds are kept,
may move levers after the measures have (`move_levers`), and are stepped after the week's processes.
"""

from __future__ import annotations

import datetime as dt
import inspect
import math
import operator
import os
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from mesa.agent import Agent, AgentSet

from sim.agents import BY_PLACE, KINDS, SPAN, Member, Recruiter, Rowset
from sim.country import Country
from sim.engine.errors import InputError, nearest, plain
from sim.engine.luck import seed_key
from sim.levers import Levers
from sim.population.youth import MEMBER
from sim.record import Record
from sim.scenario import Scenario, load
from sim.week import advance, begin, finished, record_of

if TYPE_CHECKING:
    from collections.abc import Callable


class RecruitmentModel(mesa.Model):
    """One run of a scenario, week by week.

    Parameters
    ----------
    scenario : Scenario or path
        What is simulated.
    seed : int
        Luck of the run; 0 is a seed like any other.
    world_seed : int
        Who lives where and knows whom; the same for all runs that are to be compared.
    draw : int
        Draw of the parameters; 0 is their central values.
    rng : int, optional
        Mesa's newer word for `seed`, for tools that use it; goes before `seed`.

    Attributes
    ----------
    settings : Scenario
        The scenario it runs.
    country : Country
        The whole state, as columns.
    running : bool
        False once the last week is over.
    datacollector : mesa.DataCollector
        Collects, after each week, the weeks lived and every observable for Mali as a whole. A model that puts
        its own collector here calls `collect` itself, as in any Mesa model.

    Raises
    ------
    InputError
        If the scenario, a seed or a draw cannot be used.
    """

    def __init__(
        self,
        scenario: Scenario | str | os.PathLike[str],
        seed: int = 1,
        world_seed: int = 1,
        draw: int = 0,
        *,
        rng: int | None = None,
    ) -> None:
        seed = _whole(seed if rng is None else rng, "seed")
        super().__init__(rng=int(seed_key(seed)))  # for agents that users add; no process draws from it
        self._seed = int(seed_key(seed))
        self.own: dict[int, Agent] = {}
        self._own_named = 0
        self.settings = scenario if isinstance(scenario, Scenario) else load(scenario)
        world_seed, draw = _whole(world_seed, "world_seed"), _whole(draw, "draw")
        self.country: Country = begin(self.settings, seed, world_seed=world_seed, draw=draw)

        weights = {name: w / w.sum() for name, w in record_of(self.country).weights.items()}
        weights["sum"] = np.ones(9)
        self._weights = {o.name: weights[o.how] for o in self.country.observables}
        national = {name: _reporter(name) for name in self._weights}
        self._collector = mesa.DataCollector({"week": "week", **national})
        self.datacollector = self._collector

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if "__init__" in vars(cls):  # it takes other parameters than those announced below
            cls.__signature__ = None

    # --- time

    def step(self) -> None:
        """Live one week; after the last one, do nothing."""
        if finished(self.country):
            return
        advance(self.country, self._let_move_levers)
        for agent in list(self.own.values()):
            if agent.unique_id in self.own:  # else removed by one before it
                agent.step()
        if finished(self.country):
            self.running = False
        if self.datacollector is self._collector:
            self._collector.collect(self)

    def _let_move_levers(self, levers: Levers) -> None:
        for agent in list(self.own.values()):
            if hasattr(agent, "move_levers"):
                agent.move_levers(levers)

    def run(self) -> Record:
        """Live the weeks that are left and return the record."""
        while not finished(self.country):
            self.step()
        return self.record

    @property
    def week(self) -> int:
        """Weeks lived so far, which is the number of the week to come."""
        return self.country.week

    @property
    def date(self) -> dt.date:
        """First day of the week to come."""
        return self.country.clock.date(self.week)

    # --- results

    @property
    def record(self) -> Record:
        """The record of the weeks lived so far."""
        return record_of(self.country)

    def national(self, observable: str) -> float:
        """An observable in the last week lived, for Mali as a whole; not a number before the first week.

        Raises
        ------
        InputError
            If there is no such observable.
        """
        country = self.country
        if observable not in country.names:
            raise InputError(f"there is no observable {observable!r}{nearest(observable, country.names)}")
        if country.week == 0:
            return math.nan
        by_region = country.values[country.week - 1, :, country.names[observable]]
        return float(by_region @ self._weights[observable])

    def cells_of(self, region: str) -> slice:
        """The cells of a region: for levers and for the columns of `country` that are by cell.

        Raises
        ------
        InputError
            If there is no such region.
        """
        grid = self.country.grid
        places = {plain(name): k for k, name in enumerate(grid.region_names)}
        if plain(region) not in places:
            raise InputError(f"there is no region {region!r}{nearest(region, grid.region_names)}")
        return grid.cells_of_region(places[plain(region)])

    # --- agents

    @property
    def agents(self) -> Rowset:
        """Everyone: youths, imams, members, recruiters, deployed units, and agents that were added."""
        return Rowset(self)

    @property
    def agents_by_type(self) -> dict[type[Agent], AgentSet]:
        """The same by type. A recruiter is not among the members here, as types go by what an agent is."""
        return {**{kind: Rowset(self, kind=kind) for kind in KINDS}, **self._agents_by_type}

    @property
    def agent_types(self) -> list[type]:
        """Types of agents."""
        return list(self.agents_by_type)

    def agent(self, unique_id: int) -> Agent:
        """The agent of this number.

        Raises
        ------
        KeyError, IndexError
            If there is none.
        """
        place, row = divmod(unique_id, SPAN)
        if place == 0:
            return self.own[unique_id]
        kind = BY_PLACE[place]
        if kind is Member and row < self.country.roster.size:
            roster = self.country.roster
            kind = Recruiter if roster.recruiter[row] and roster.state[row] == MEMBER else Member
        return kind(self, row)

    def register_agent(self, agent: Agent) -> None:
        """Keep an agent that a user adds; called by `mesa.Agent.__init__`."""
        super().register_agent(agent)
        self._own_named += 1
        agent.unique_id = self._own_named
        self.own[agent.unique_id] = agent
        getattr(Agent, "_ids", {}).pop(self, None)  # where Mesa 3.3 would keep the model alive for good

    def deregister_agent(self, agent: Agent) -> None:
        """Let an agent that a user added go; called by its `remove`."""
        super().deregister_agent(agent)
        self.own.pop(agent.unique_id, None)

    # --- what Mesa's tools look at

    @property
    def scenario(self) -> Any:
        """Not here: Mesa's web page takes `scenario` for an object of its own kind. See `settings`."""
        raise AttributeError("the scenario of a run is model.settings")

    @scenario.setter
    def scenario(self, value: Any) -> None:
        """Mesa 3.4 and later give every model a scenario of their own kind, which has no use here."""


# Mesa's batch_run (3.5) overwrites a parameter called `seed` with an argument of its own, in classes that
# announce one. Announcing `rng` only, both work: {"seed": [1, 2]} among the parameters, and rng=[1, 2].
RecruitmentModel.__signature__ = inspect.Signature(
    [p for p in inspect.signature(RecruitmentModel).parameters.values() if p.name != "seed"]
)


def _whole(value: Any, name: str) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        hint = "; Mesa's batch_run (3.5) takes seeds as rng=[1, 2, 3]" if value is None else ""
        raise InputError(f"{name} is {value!r}; it is a whole number{hint}") from None


def _reporter(observable: str) -> Callable[[RecruitmentModel], float]:
    return lambda model: model.national(observable)
