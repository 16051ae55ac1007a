"""The model as Mesa knows it: a country, and a step that is one week.

    >>> model = RecruitmentModel("baseline", seed=1)   # doctest: +SKIP
    >>> model.step()                                                  # doctest: +SKIP
    >>> model.agents_by_type[Imam].agg("stance", np.mean)             # doctest: +SKIP
    >>> record = model.run()                                          # doctest: +SKIP

`sim.week` decides what happens in a week. Agents that users add may move levers after the measures have done so
(`move_levers`), and the model steps them after the week's processes.
"""

from __future__ import annotations

import copy
import datetime as dt
import inspect
import math
import os
from collections.abc import Mapping
from typing import Any

import mesa
import numpy as np
from mesa.agent import Agent, AgentSet

from sim.country import Country
from sim.engine.cards import card
from sim.engine.checks import MOST, whole
from sim.engine.errors import InputError, nearest, plain
from sim.engine.luck import seed_key
from sim.levers import Levers
from sim.mesa.agents import BY_PLACE, KINDS, Member, Recruiter
from sim.mesa.handle import SPAN, Handle
from sim.mesa.rowset import Rowset
from sim.population.youth import MEMBER, STATUSES
from sim.processes.record import census
from sim.record import Record
from sim.scenario import Scenario, as_scenario
from sim.week import advance, begin, finished, record_of


class RecruitmentModel(mesa.Model):
    """One run of a scenario, week by week.

    Parameters
    ----------
    scenario : Scenario, path or dict
        What is simulated.
    seed : int
        The luck of the run, a whole number from 0.
    world_seed : int
        Who lives where and knows whom; 0 gives each seed and draw its own society.
    draw : int
        Draw of the uncertain parameters; 0 is their central values.
    rng : int, optional
        Mesa's newer word for `seed`, for tools that use it. If given, it replaces `seed`.

    Attributes
    ----------
    settings : Scenario
        The scenario of the run.
    country : Country
        The whole state, as columns.
    own : dict of int to mesa.Agent
        The agents that users added, by unique id.
    running : bool
        False once the last week is over.
    datacollector : mesa.DataCollector
        Collects, after each week, the number of the week and every observable for Mali as a whole. A model that puts
        its own collector here calls `collect` itself, as in any Mesa model.

    Raises
    ------
    InputError
        If the scenario, a seed or the draw cannot be used.
    """

    def __init__(
        self,
        scenario: Scenario | str | os.PathLike[str] | Mapping[str, Any],
        seed: int = 1,
        *,
        world_seed: int = 0,
        draw: int = 0,
        rng: int | None = None,
    ) -> None:
        if seed is None and rng is None:
            raise InputError("seed is None; it must be a whole number. Give seeds to Mesa's batch_run as rng=[1, 2, 3]")
        seed = whole(seed, "seed") if rng is None else whole(rng, "rng")
        super().__init__(rng=int(seed_key(seed)))  # for agents that users add; no process draws from it
        self._seed = int(seed_key(seed))
        self.own: dict[int, Agent] = {}
        self._own_named = 0
        self.settings = as_scenario(scenario)
        self.country: Country = begin(self.settings, seed, world_seed=world_seed, draw=draw)

        weights = {name: w / w.sum() for name, w in record_of(self.country).weights.items()}
        weights["sum"] = np.ones(len(self.country.grid.region_names))
        self._weights = {o.name: weights[o.how] for o in self.country.observables}
        national = {name: [self.national, [name]] for name in self._weights}  # unlike lambdas, these can be pickled
        self._collector = mesa.DataCollector({"week": "week", **national})
        self.datacollector = self._collector

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if "__init__" in vars(cls):  # it has parameters of its own, not those announced below
            cls.__signature__ = None

    # --- time

    def step(self) -> None:
        """Simulate one week. After the last week, do nothing."""
        if finished(self.country):
            return
        advance(self.country, self._let_move_levers)
        for agent in list(self.own.values()):
            if agent.unique_id in self.own:  # otherwise an agent before it has removed it
                agent.step()
        if finished(self.country):
            self.running = False
        if self.datacollector is self._collector:
            self._collector.collect(self)

    def _let_move_levers(self, levers: Levers) -> None:
        for agent in list(self.own.values()):
            if hasattr(agent, "move_levers"):
                agent.move_levers(levers)

    def run_for(self, weeks: int) -> Record:
        """Simulate so many weeks, or all that are left if they are fewer, and return the record so far.

        Raises
        ------
        InputError
            If `weeks` is not a whole number from 0.
        """
        for _ in range(whole(weeks, "weeks", 0, MOST)):
            if finished(self.country):
                break
            self.step()
        return self.record

    def run(self) -> Record:
        """Simulate the weeks that are left and return the record."""
        return self.run_for(self.country.clock.weeks)

    @property
    def week(self) -> int:
        """Weeks simulated so far, which is also the number of the next week."""
        return self.country.week

    @property
    def date(self) -> dt.date:
        """First day of the next week."""
        return self.country.clock.date(self.week)

    # --- copies

    def __deepcopy__(self, memo: dict) -> RecruitmentModel:
        """A run of its own in the same state, with copies of the agents that users added."""
        country = self.country
        for shared in (
            self.settings,
            country.grid,
            country.society,
            country.groups,
            country.places,
            country.parameters,
        ):
            memo[id(shared)] = shared  # nobody writes them, and they are most of the memory
        twin: RecruitmentModel = type(self).__new__(type(self))
        memo[id(self)] = twin
        for reference in memo.pop(("to follow", id(self)), ()):
            object.__setattr__(reference, "model", twin)
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def __copy__(self) -> RecruitmentModel:
        return copy.deepcopy(self)  # two models cannot share one country

    # --- results

    @property
    def record(self) -> Record:
        """The record of the weeks simulated so far."""
        return record_of(self.country)

    def national(self, observable: str) -> float:
        """An observable for Mali as a whole in the last week simulated; NaN before the first week.

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
        return float((by_region * self._weights[observable]).sum())

    def cells_of(self, region: str) -> slice:
        """The cells of a region, for levers and for the columns of `country` that have an entry per cell.

        Raises
        ------
        InputError
            If there is no such region.
        """
        grid = self.country.grid
        places = {plain(name): k for k, name in enumerate(grid.region_names)}
        if plain(str(region)) not in places:
            raise InputError(f"there is no region {region!r}{nearest(region, grid.region_names)}")
        return grid.cells_of_region(places[plain(region)])

    def __repr__(self) -> str:
        clock = self.country.clock
        return (
            f"<{type(self).__name__} {self.settings.name!r}: {self.settings.start} to {self.settings.end}, "
            f"seed {self.country.about['seed']}, week {self.week} of {clock.weeks} ({self.date})>"
        )

    def _repr_html_(self) -> str:
        about, clock = self.country.about, self.country.clock
        by_status, _, _ = census(self.country)
        persons = by_status.sum(axis=0).tolist()
        return card(
            f"{type(self).__name__} {self.settings.name}",
            {
                "Period": f"{self.settings.start} to {self.settings.end} ({clock.weeks} weeks)",
                "Seed": f"{about['seed']} (world seed {about['world_seed'] or 'the same'}, draw {about['draw']})",
                "Reached": f"week {self.week}, {self.date}",
            },
            ("Youths", "persons"),
            [(status, f"{count:,}") for status, count in zip(STATUSES, persons, strict=True)],
        )

    # --- agents

    @property
    def agents(self) -> Rowset:
        """All youths, imams, members, recruiters, deployed units, and the agents that users added."""
        return Rowset(self)

    @property
    def agents_by_type(self) -> dict[type[Agent], AgentSet]:
        """The agents by type. The set of members does not contain the recruiters, which have a type of their own."""
        return {**{kind: Rowset(self, kind=kind) for kind in KINDS}, **self._agents_by_type}

    @property
    def agent_types(self) -> list[type]:
        """Types of agents."""
        return list(self.agents_by_type)

    def among(self, kind: type[Handle], rows: np.ndarray) -> Rowset:
        """The set of the agents in these rows of a kind."""
        return Rowset(self, kind.place * SPAN + rows)

    def agent(self, unique_id: int) -> Agent:
        """The agent with this unique id.

        Raises
        ------
        InputError
            If there is none.
        """
        place, row = divmod(whole(unique_id, "unique_id"), SPAN)
        if place == 0 and row in self.own:
            return self.own[row]
        kind = BY_PLACE.get(place)
        if kind is None or row >= kind.rows_in(self.country):
            raise InputError(f"there is no agent {unique_id}; model.agents.ids lists the unique ids")
        if kind is Member:
            roster = self.country.roster
            kind = Recruiter if roster.recruiter[row] and roster.state[row] == MEMBER else Member
        return kind(self, row)

    def register_agent(self, agent: Agent) -> None:
        """Keep an agent that a user adds. `mesa.Agent.__init__` calls this."""
        super().register_agent(agent)
        self._own_named += 1
        agent.unique_id = self._own_named
        self.own[agent.unique_id] = agent
        getattr(Agent, "_ids", {}).pop(self, None)  # Mesa 3.3 would keep the model alive for good

    def deregister_agent(self, agent: Agent) -> None:
        """Forget an agent that a user added. Its `remove` calls this."""
        super().deregister_agent(agent)
        self.own.pop(agent.unique_id, None)

    # --- what Mesa's tools look at

    @property
    def scenario(self) -> Any:
        """An error: Mesa's web page takes `scenario` for an object of its own kind. Use `settings`."""
        raise AttributeError("the scenario of a run is model.settings")

    @scenario.setter
    def scenario(self, value: Any) -> None:
        """Ignored. Mesa 3.4 and later give every model a scenario of their own kind."""


# Mesa's batch_run (3.5) overwrites a parameter called `seed` with an argument of its own, in classes that
# announce one. If only `rng` is announced, both work: {"seed": [1, 2]} among the parameters, and rng=[1, 2].
RecruitmentModel.__signature__ = inspect.Signature(
    [p for p in inspect.signature(RecruitmentModel).parameters.values() if p.name != "seed"]
)
