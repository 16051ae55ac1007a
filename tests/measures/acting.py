"""Small countries in which one measure acts."""

import numpy as np
import pytest

from sim.country import Country
from sim.engine.errors import InputError
from sim.parameters import Parameters
from sim.processes.measures import measures
from sim.record import Record
from sim.scenario import Scenario
from sim.week import begin, run
from sim.world import facts
from sim.world.grid import world_grid

GRID = world_grid()
QUIET = {
    "groups": {group.key: {"start_members": 0, "founding_core": 0} for group in facts.groups()},
    "forces": {force.key: {"enabled": False} for force in facts.forces()},
}
"""No members of armed groups, and no forces."""


def scenario(key: str, settings: dict | None, **other) -> Scenario:
    """Half a year with one measure, or with none if there are no settings."""
    base = {"name": key, "persons_per_youth": 5000, "end": "2012-07-02"}
    return Scenario.of({**base, "measures": {key: settings} if settings is not None else {}, **other})


def refused(key: str, **settings) -> str:
    """The message that settings are answered with."""
    with pytest.raises(InputError) as problem:
        scenario(key, settings)
    return str(problem.value)


def begun(key: str, settings: dict | None = None, week: int = 0, values: dict | None = None, **other) -> Country:
    """The country in a week with its levers moved, as if nothing had happened before; `values` are parameters."""
    country = begin(scenario(key, settings or {}, **other))
    country.parameters = Parameters({**country.parameters, **(values or {})})
    country.week = week
    measures(country)
    return country


def moved(country: Country) -> set[str]:
    """The levers that any measure has moved."""
    return set(country.levers._moved)


def in_regions(*names: str) -> np.ndarray:
    """Mask of the cells of some regions."""
    return np.isin(GRID.region, [GRID.region_names.index(name) for name in names])


def people_of(*names: str) -> float:
    """People in some regions."""
    return float(GRID.population[in_regions(*names)].sum())


def absent_at_nothing(key: str, settings: dict, **other) -> None:
    """At no intensity, and while its condition never holds, a run is bit for bit one without the measure."""
    without = run(scenario(key, None, **other))
    never = {"observable": "attacks", "above": 1e9}
    for nothing in ({"intensity": 0.0}, {"when": never}):
        assert run(scenario(key, {**settings, **nothing}, **other)).digest == without.digest


def same_until(key: str, settings: dict, week: int, since: str, **other) -> Record:
    """Nothing changes before the measure starts; then something does. Returns the run with the measure."""
    late, without = run(scenario(key, {**settings, "start": since}, **other)), run(scenario(key, None, **other))
    assert (late.values[:week] == without.values[:week]).all()
    assert (late.values[week:] != without.values[week:]).any()
    return late
