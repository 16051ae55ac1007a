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
from sim.record import Observable
from sim.world.grid import Grid
from sim.world.timeline import Clock

FLOWS = (
    # What happened this week, by cell: name, unit, meaning. Summed over cells they are observables.
    ("joined", "persons", "youths who joined an armed group"),
    ("joined_ties", "persons", "of them, reached through a friend or relative"),
    ("joined_kin", "persons", "of them, reached through a relative"),
    ("joined_month", "persons", "of them, within a month of the first contact"),
    ("joined_revenge", "persons", "joined mainly after an abuse of self or kin"),
    ("joined_income", "persons", "joined mainly for want of a livelihood"),
    ("joined_ideology", "persons", "joined mainly out of support for the narrative"),
    ("joined_protection", "persons", "joined mainly for protection where nobody else gives it"),
    ("joined_company", "persons", "joined mainly to be with friends and kin"),
    ("approached", "persons", "approached by a recruiter"),
    ("arrests", "persons", "members arrested"),
    ("wrongful_arrests", "persons", "people arrested who are no members"),
    ("killed", "persons", "members killed"),
    ("returned", "persons", "members who left alive: gave up, were amnestied, released, or aged out"),
    ("attacks", "attacks", "attacks by armed groups"),
    ("attacks_forces", "attacks", "of them, on security forces"),
    ("attacks_officials", "attacks", "of them, on officials and services"),
    ("attacks_civilians", "attacks", "of them, on civilians"),
    ("attacks_sites", "attacks", "of them, on high-value sites away from the groups' bases"),
    ("deaths_civilian", "persons", "civilians killed, by armed groups or by forces"),
    ("deaths_security", "persons", "members of the security forces killed"),
    ("abuses", "events", "abuses of civilians by security forces"),
    ("crossings", "persons", "members who crossed into a neighbour's sanctuary"),
    ("intercepted", "persons", "members stopped on the way across"),
    ("patrols", "units", "units out on patrol"),
    ("reached_clips", "person-weeks", "youths who saw at least one campaign clip this week"),
    ("reached_sermons", "person-weeks", "youths who heard an imam's outreach against violence this week"),
    ("backfired", "person-weeks", "of those who saw a clip, youths whom it moves towards violence"),
)
FLOW = {name: k for k, (name, _, _) in enumerate(FLOWS)}


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
    hold: np.ndarray  # float64 by cell 0..1, how far armed groups hold the place
    members: np.ndarray  # int64 groups x cells, members based there (not those abroad)
    recruiters: np.ndarray  # int64 groups x cells
    links: np.ndarray  # int64 by cell, ties between its youths and members
    forces: np.ndarray  # float64 by cell, effective companies there this week
    troops: np.ndarray  # float64 by cell, troops there this week
    attacks_now: np.ndarray  # int64 groups x cells, attacks this week
    felt: np.ndarray  # uint8 by chunk, whether any message is still felt there
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
            "recruiters",
            "links", "forces", "troops", "attacks_now", "felt", "flows", "totals", "means", "youth_sums", "population",
            "values")}  # fmt: skip
        from copy import deepcopy

        return replace(self, levers=deepcopy(self.levers), about=deepcopy(self.about), **own)
