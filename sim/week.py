"""A run: the order of the week, and how a run goes on to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sim.beginning import begin
from sim.country import Country
from sim.levers import Levers
from sim.processes.approach import approach
from sim.processes.attitudes import attitudes
from sim.processes.exits import exits
from sim.processes.groups import count, groups
from sim.processes.imams import imams
from sim.processes.justice import justice
from sim.processes.leaders import leaders
from sim.processes.measures import measures
from sim.processes.messages import messages
from sim.processes.record import by_cell, record
from sim.processes.security import security
from sim.processes.violence import violence
from sim.record import Record

if TYPE_CHECKING:
    from sim.scenario import Scenario

WEEK = (
    measures,
    imams,
    messages,
    attitudes,
    approach,
    groups,
    violence,
    security,
    justice,
    exits,
    leaders,
    count,
    record,
)
"""The order of the week. The order is a modelling decision; a change of it belongs in the changelog."""


def advance(country: Country, after_measures: Callable[[Levers], None] | None = None) -> None:
    """Simulate one week; `after_measures` may move levers after the measures."""
    for process in WEEK:
        process(country)
        if process is measures and after_measures is not None:
            after_measures(country.levers)


def finished(country: Country) -> bool:
    """Whether the last week is over."""
    return country.week >= country.clock.weeks


def record_of(country: Country) -> Record:
    """The record of the weeks so far."""
    grid, society, weeks, regions = country.grid, country.society, country.week, country.values.shape[1]
    people = np.bincount(grid.region, grid.population, regions)
    youths = np.bincount(grid.region, np.diff(society.first), regions) * society.persons_per_youth
    return Record(
        values=country.values[:weeks].copy(),
        observables=country.observables,
        regions=tuple(grid.region_names),
        dates=tuple(country.clock.date(w) for w in range(weeks)),
        weights={"people": people, "youths": youths},
        cells=by_cell(country),
        about=country.about,
    )


def run(
    scenario: Scenario,
    seed: int = 1,
    *,
    world_seed: int = 0,
    draw: int = 0,
    on_week: Callable[[Country], None] | None = None,
) -> Record:
    """Run a scenario from its first to its last week.

    Parameters
    ----------
    scenario : Scenario
        From `sim.load`.
    seed : int
        Luck of the run.
    world_seed : int
        Who lives where and knows whom; 0 gives each seed and draw its own society.
    draw : int
        Draw of the uncertain parameters, as for `begin`.
    on_week : callable, optional
        Called with the country after every week; it must not change the country.

    Returns
    -------
    Record
    """
    country = begin(scenario, seed, world_seed=world_seed, draw=draw)
    while not finished(country):
        advance(country)
        if on_week is not None:
            on_week(country)
    return record_of(country)


__all__ = ["WEEK", "advance", "begin", "finished", "record_of", "run"]
