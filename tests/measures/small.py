"""A small country with one measure in it, and ways to live some weeks of it."""

from __future__ import annotations

import numpy as np

from sim.levers import TABLE
from sim.parameters import Parameters
from sim.processes.measures import measures
from sim.scenario import Scenario
from sim.week import advance, begin, finished, record_of
from sim.world.grid import world_grid

REGION = world_grid().region
PEOPLE = np.bincount(REGION, world_grid().population, 9)
YOUTHS = PEOPLE * Parameters.default().share_15_35


def scenario(key="", end="2012-07-02", ppy=5000, run=None, **settings):
    """A run with one measure, or without a key none."""
    base = {"name": "small", "persons_per_youth": ppy, "end": end, **(run or {})}
    return Scenario.of({**base, "measures": {key: settings} if key else {}})


def begun(key="", parameters=None, **settings):
    """Its first day; `parameters` may lie outside the bounds of a scenario, so that a test can isolate one thing."""
    country = begin(scenario(key, **settings), 1)
    return having(country, parameters or {})


def having(country, parameters):
    """The same country with other parameters."""
    country.parameters = Parameters({**country.parameters.as_dict(), **parameters})
    return country


def in_full(key):
    """Parameters with which the plan of a measure is carried out in full, and nothing of it twice."""
    return {f"fidelity_{key}": 1.0, "partner_overlap": 0.0}


def in_week(country, week: int):
    """The same country after the measures of that week."""
    country.week = week
    measures(country)
    return country


def lived(country, weeks=None):
    """The record of the next weeks, or of all."""
    while not finished(country) and weeks != 0:
        advance(country)
        weeks = None if weeks is None else weeks - 1
    return record_of(country)


def carried_on(country, weeks: int):
    """Let the measures alone act and report for some weeks, and then act once more."""
    for _ in range(weeks):
        measures(country)
        for measure in country.measures:
            delivered = measure.report(country)
            country.values[country.week, :, country.names[f"delivered_{measure.key}"]] = delivered.count
            country.values[country.week, :, country.names[f"cost_{measure.key}"]] = delivered.cost_xof
        country.week += 1
    measures(country)
    return country


def moved(country) -> list[str]:
    """Levers that a measure has touched this week; the others are checked to stand as with nothing done."""
    levers = country.levers
    for row in TABLE:
        assert levers.moved(row.name) or (getattr(levers, row.name) == row.default).all(), row.name
    return [row.name for row in TABLE if levers.moved(row.name)]


def by_region(cells: np.ndarray) -> np.ndarray:
    """The value of a lever over cells, where it is the same in all cells of a region."""
    first = np.array([cells[region == REGION][0] for region in range(9)])
    np.testing.assert_array_equal(cells, first[REGION])
    return first
