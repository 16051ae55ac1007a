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
from sim.population.security import Units
from sim.population.youth import Society, Youth
from sim.record import FLOW, Observable
from sim.world.grid import Grid
from sim.world.timeline import Clock


@dataclass(frozen=True, slots=True)
class Places:
    """What follows from the map alone and would be costly to work out every week."""

    region_first: np.ndarray  # int64, first cell of each region, and the end
    people_pull: np.ndarray  # float64 by cell, growing with its people
    home_pull: np.ndarray  # float64 groups x cells, 1 at home and falling with the distance
    town_cells: np.ndarray  # int64, cells with townspeople
    town_pull: np.ndarray  # float64, townspeople
    town_distance: np.ndarray  # float64 cells x towns, falling with the distance
    sites: np.ndarray  # int64, cells of the towns with high-value sites
    site_pull: np.ndarray  # float64 groups x sites, people against distance from home
    reach_first: np.ndarray  # int64 by cell, first of the cells a unit based there may patrol, and the end
    reach: np.ndarray  # int64, those cells


@dataclass(slots=True)
class Country:
    """Everything a run knows; `grid`, `society`, `groups`, `places`, `parameters` are shared by runs, never written."""

    about: dict[str, Any]  # scenario as run, seeds, versions
    clock: Clock
    week: int  # the week about to be lived; clock.weeks when the run is over
    seed: np.uint64  # key of the run seed
    world_seed: int
    parameters: Parameters
    grid: Grid
    society: Society
    groups: Groups
    places: Places
    measures: Sequence[Any]  # active ones, sorted by key
    levers: Levers
    youth: Youth
    imams: Imams
    roster: Roster
    units: Units
    insecurity: np.ndarray  # float64 by cell 0..1, felt threat
    trust: np.ndarray  # float64 by cell 0..1, in the security forces
    trust_start: np.ndarray  # float64 by cell, what trust returns to
    state_presence: np.ndarray  # float64 by cell 0..1, administration and services
    state_start: np.ndarray  # float64 by cell, what state presence returns to
    average_pull: float  # mean of the exponential of the hazard of joining over the youths of the first day
    hold: np.ndarray  # float64 by cell 0..1, how far armed groups hold the place
    members: np.ndarray  # int64 groups x cells, members based there (not those abroad)
    recruiters: np.ndarray  # int64 groups x cells
    shifted: np.ndarray  # float64 by region, SD that policy shifted everybody's attitude by last week
    links: np.ndarray  # int64 by cell, ties between its youths and members
    posted: np.ndarray  # float64 forces x regions, men who are there this week, by region of their base
    trained: np.ndarray  # float64 by force 0..1, share of its members who still know what a training taught
    forces: np.ndarray  # float64 by cell, effective companies there this week
    troops: np.ndarray  # float64 by cell, troops there this week
    attacks_now: np.ndarray  # int64 groups x cells, attacks this week
    felt: np.ndarray  # uint8 by chunk, what is still felt there, as bits: see `sim.processes.messages`
    flows: np.ndarray  # float64 flows x cells, what happened this week
    totals: np.ndarray  # float64 flows x cells, what happened so far
    means: np.ndarray  # float64 4 x cells: sums over weeks of insecurity, trust, state presence, members
    youth_sums: np.ndarray  # int64 blocks x 3: sums of attitude and grievance (in 2^-24), strong supporters
    population: np.ndarray  # int64 regions x 6, persons by status at the end of the week
    observables: tuple[Observable, ...]
    names: dict[str, int]  # place of each observable
    values: np.ndarray  # float64 weeks x regions x observables, the record so far

    def flow(self, name: str) -> np.ndarray:
        """This week's count of something by cell, to be added to."""
        row: np.ndarray = self.flows[FLOW[name]]
        return row

    def copy(self) -> Country:
        """An independent country in the same state: go on with both and compare."""
        own = {name: getattr(self, name).copy() for name in (
            "youth", "imams", "roster", "units", "insecurity", "trust", "state_presence", "hold", "members",
            "recruiters", "shifted", "links", "posted", "trained", "forces", "troops", "attacks_now", "felt", "flows",
            "totals", "means", "youth_sums", "population", "values")}  # fmt: skip
        from copy import deepcopy

        return replace(self, levers=deepcopy(self.levers), about=deepcopy(self.about), **own)
