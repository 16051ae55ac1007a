"""The country: the whole state of a run as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.levers import Levers
from sim.parameters import Parameters
from sim.population.groups import Groups, Roster
from sim.population.imams import Imams
from sim.population.persons import Persons
from sim.population.security import Units
from sim.population.youth import Society, Youth
from sim.record import FLOW, Observable
from sim.world.grid import Grid
from sim.world.timeline import Clock


@dataclass(frozen=True, slots=True)
class Places:
    """What follows from the map, the groups' homes and the parameters, and is too costly to compute every week."""

    region_first: np.ndarray  # int64, first cell of each region, and the end
    imam_first: np.ndarray  # int64, first imam of each region, and the end
    district: np.ndarray  # int64 by cell, number of its cercle
    people_pull: np.ndarray  # float64 by cell, rises with its people
    home_pull: np.ndarray  # float64 groups x cells, 1 at home, falls with the distance
    town_cells: np.ndarray  # int64, cells with townspeople
    town_pull: np.ndarray  # float64 by town, rises with its townspeople
    town_distance: np.ndarray  # float64 cells x towns, falls with the distance
    sites: np.ndarray  # int64, cells of the towns with high-value sites
    site_pull: np.ndarray  # float64 groups x sites, rises with the people and falls with the distance from home
    shelter: np.ndarray  # float64 weeks x countries 0..1, how well each neighbour's side shelters members
    border_near: np.ndarray  # float64 cells x countries, 1 where the cell touches the country, falls with the distance
    gate: np.ndarray  # int64 cells x countries, the nearest cell that touches the country
    herding: np.ndarray  # float64 by cell 0..1, share of the villages that live from herding, not farming
    contact: np.ndarray  # float64 by cell 0..1, how far herding and farming villages share the land
    quarrels: np.ndarray  # float64 by cell, people outside towns in millions x contact
    reach_first: np.ndarray  # int64 by cell, place in `reach` of the first cell a unit based there patrols, and the end
    reach: np.ndarray  # int64, cells within reach of a patrol


@dataclass(slots=True)
class Country:
    """The state of a run. Runs share `grid`, `society`, `groups`, `places` and `parameters`: never write to those."""

    about: dict[str, Any]  # the scenario, seeds, parameters and versions of the run
    clock: Clock
    week: int  # the week to come; clock.weeks when the run is over
    seed: np.uint64  # key of the run seed
    world_seed: int
    parameters: Parameters
    grid: Grid
    society: Society
    groups: Groups
    places: Places
    measures: Sequence[Any]  # the active ones, sorted by key
    levers: Levers
    routine: Any  # what measures did when they were last asked: see `sim.measures.routine`
    youth: Youth
    persons: Persons
    imams: Imams
    roster: Roster
    units: Units
    insecurity: np.ndarray  # float64 by cell 0..1, how threatened people feel
    trust: np.ndarray  # float64 by cell 0..1, in the security forces
    trust_start: np.ndarray  # float64 by cell, what trust returns to
    state_presence: np.ndarray  # float64 by cell 0..1, administration and services
    state_alone: np.ndarray  # float64 by cell, what state presence would be without policy, the attacks being the same
    state_start: np.ndarray  # float64 by cell, what state presence returns to
    average_pull: float  # mean over the youths of the first day of exp(log hazard of joining)
    grudges: np.ndarray  # float64 sides x cells, clashes suffered that a side remembers
    militias: np.ndarray  # float64 sides x cells 0..1, how far a side is armed
    hold: np.ndarray  # float64 by cell 0..1, how far armed groups hold the place
    members: np.ndarray  # int64 groups x cells, members based there (not those abroad)
    recruiters: np.ndarray  # int64 groups x cells
    experience: np.ndarray  # float64 by group, attacks that it and the groups it stems from have made since 2012
    fell: np.ndarray  # int64 by group, first week in which the last loss of a leader is felt
    posted: np.ndarray  # float64 forces x regions, troops there this week, by region of their base
    trained: np.ndarray  # float64 by force 0..1, share of its troops who still know what a training taught
    by_command: np.ndarray  # float64 commands x cells, companies this week, as if each command were alone
    forces: np.ndarray  # float64 by cell, effective companies this week
    troops: np.ndarray  # float64 by cell, persons of the forces this week
    attacks_now: np.ndarray  # int64 groups x cells, attacks this week
    felt: np.ndarray  # uint8 by chunk, kinds of messages still felt there, as bits: see `sim.processes.messages`
    flows: np.ndarray  # float64 FLOWS x cells, what happened this week
    totals: np.ndarray  # float64 FLOWS x cells, what happened so far
    means: np.ndarray  # float64 MEANS x cells, sums over the weeks so far: see `sim.processes.record`
    youth_sums: np.ndarray  # int64 blocks x 3: sums of attitude and grievance (in 2^-24), strong supporters
    population: np.ndarray  # int64 regions x STATUSES, persons at the end of the week
    observables: tuple[Observable, ...]
    names: dict[str, int]  # place of each observable in `observables`
    values: np.ndarray  # float64 weeks x regions x observables, the record so far
    later: tuple[int, Sequence[Any]] | None = None  # the week from which other measures act, and these measures

    def flow(self, name: str) -> np.ndarray:
        """This week's count of something by cell, for a process to add to."""
        row: np.ndarray = self.flows[FLOW[name]]
        return row

    def flows_of(self, kind: Any) -> Any:
        """This week's counts by cell that a loop adds to, as a named tuple with fields named as in FLOWS."""
        return kind(*[self.flows[FLOW[name]] for name in kind._fields])

    def copy(self) -> Country:
        """An independent country in the same state, so that both can go on and be compared."""
        own = {name: getattr(self, name).copy() for name in (
            "youth", "persons", "imams", "roster", "units", "insecurity", "trust", "state_presence", "state_alone",
            "grudges", "militias", "hold", "members", "recruiters", "experience", "fell", "posted", "trained",
            "by_command", "forces", "troops", "attacks_now", "felt", "flows", "totals", "means", "youth_sums",
            "population")}  # fmt: skip
        own["values"] = np.copy(self.values, order="K")
        from copy import deepcopy

        return replace(
            self, levers=deepcopy(self.levers), routine=self.routine.empty(), about=deepcopy(self.about), **own
        )
