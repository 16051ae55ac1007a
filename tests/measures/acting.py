"""Small countries in which a measure acts, and what measures of one kind must keep to.

What every measure must keep to, whatever its kind, stands in tests/test_all_measures.py.
"""

import numpy as np
import pytest

from sim.country import Country
from sim.engine.errors import InputError
from sim.levers import TABLE
from sim.measures.base import REGIONS, Delivered, Plan
from sim.parameters import Parameters
from sim.population.groups import FOREIGN
from sim.population.youth import CIVILIAN, DETAINED
from sim.processes.approach import approach
from sim.processes.measures import measures
from sim.processes.violence import violence
from sim.record import Record
from sim.scenario import Scenario
from sim.week import advance, finished, record_of
from sim.world.grid import world_grid
from tests.processes.worlds import NO_FORCES, NO_MEMBERS, first_day, met, with_values

GRID = world_grid()
REGION = GRID.region
PEOPLE = np.bincount(REGION, GRID.population, 9)
YOUTHS = PEOPLE * Parameters.default().share_15_35
QUIET = {"groups": NO_MEMBERS, "forces": NO_FORCES}


# --- countries -------------------------------------------------------------------------------------------


def scenario(key: str = "", settings: dict | None = None, ppy: int = 5000, **world) -> Scenario:
    """Half a year with one measure, or with none if there are no settings."""
    chosen = {} if settings is None else {key: settings}
    return Scenario.of({"name": "small", "persons_per_youth": ppy, "end": "2012-07-02", "measures": chosen, **world})


def refused(key: str, **settings) -> str:
    """What is said about these settings."""
    with pytest.raises(InputError) as caught:
        scenario(key, settings)
    return str(caught.value)


def begun(key: str = "", values: dict | None = None, *, world: dict | None = None, ppy: int = 5000, **settings):
    """The first day of a country that carries out a measure as planned, or without a key none; levers are moved.

    `values` are parameters besides, inside or outside the bounds of a scenario, so that a test can isolate one thing.
    """
    country = first_day(scenario(key, settings if key else None, ppy, **(world or {})))
    as_planned = {f"fidelity_{key}": 1.0} if f"fidelity_{key}" in country.parameters else {}
    return in_week(with_values(country, **{**as_planned, "partner_overlap": 0.0, **(values or {})}), 0)


def in_week(country: Country, week: int) -> Country:
    """The same country after the measures of that week, as if nothing had happened before."""
    country.week = week
    measures(country)
    return country


def busy(country: Country, cases: int = 40) -> Country:
    """The same country with an attack in every cell, which is answered, and some members held in every region."""
    country.flow("attacks")[:] = country.flow("answered")[:] = 1.0
    for region in range(9):
        cell = country.grid.cells_of_region(region).start
        names = int(FOREIGN) + 10**6 + region * cases + np.arange(cases, dtype=np.uint32)
        country.roster.append(cases, person=names, youth=-1, group=0, cell=cell, state=DETAINED, since=-5)
    return country


def carried_on(country: Country, weeks: int) -> Country:
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


def lived(country: Country) -> Record:
    """The record of all its weeks."""
    while not finished(country):
        advance(country)
    return record_of(country)


def many_approached(country: Country) -> np.ndarray:
    """Let a recruiter of the first group approach every tenth civilian this week; returns these persons."""
    persons: np.ndarray = np.flatnonzero(country.persons.status == CIVILIAN)[::10]
    met(country, persons, week=country.week)
    return persons


# --- what can be seen in them ----------------------------------------------------------------------------


def moved(country: Country) -> set[str]:
    """The levers that its measures move this week; the others stand as with nothing done."""
    measures(country)
    levers = country.levers
    names = {row.name for row in TABLE if levers.moved(row.name)}
    for row in TABLE:
        assert row.name in names or (getattr(levers, row.name) == row.default).all(), row.name
    return names


def report(country: Country) -> Delivered:
    """What its one measure delivers this week and what that costs."""
    (measure,) = country.measures
    return measure.report(country)


def plan(key: str, **settings) -> Plan:
    """What a measure would deliver and cost in 17 weeks."""
    made = scenario(key, settings, end="2012-04-30")
    return made.measures[key].plan(made.clock, GRID)


def in_regions(*names: str) -> np.ndarray:
    """Mask of the cells of some regions."""
    return np.isin(REGION, [GRID.region_names.index(name) for name in names])


def people_of(*names: str) -> float:
    """People in some regions."""
    return float(GRID.population[in_regions(*names)].sum())


def by_region(cells: np.ndarray) -> np.ndarray:
    """The value of a lever over cells, where it is the same in all cells of a region."""
    first = np.array([cells[region == REGION][0] for region in range(9)])
    np.testing.assert_array_equal(cells, first[REGION])
    return first


def joined(country: Country) -> float:
    """Persons who join in a week in which every tenth of all has been approached."""
    many_approached(country)
    approach(country)
    return float(country.flow("joined").sum())


def attacks(country: Country) -> float:
    """Attacks other than raids in a week in which a group has four members in every cell."""
    country = with_values(country, raid_rate=0.0, attack_rate=30.0)
    country.members[0] = 4
    violence(country)
    return float(country.flow("attacks").sum())


def is_changed(found: float, without: float, factor: float) -> None:
    """Two counts differ by a factor: within 4.5 standard errors."""
    assert without > 500
    assert abs(found - factor * without) < 4.5 * np.sqrt((1 + factor) * without)


# --- what measures that act each week by their strength keep to ------------------------------------------


def follows_its_plan(key: str, **settings) -> None:
    """What it delivers is what is carried out; what it costs, what is planned: dates, intensity, ramp, condition."""
    full = busy(begun(key, **settings))
    whole = report(full)
    assert whole.count.sum() > 0
    assert whole.cost_xof.sum() > 0
    undone = busy(begun(key, {f"fidelity_{key}": 0.0}, **settings))
    assert not moved(undone)
    assert not report(undone).count.any()
    np.testing.assert_allclose(report(undone).cost_xof, whole.cost_xof)
    times = {"start": "2012-01-09", "end": "2012-02-06", "intensity": 0.5, "ramp_up_weeks": 1}
    part = busy(begun(key, {f"fidelity_{key}": 0.25}, **{**settings, **times}))
    for week, strength in ((0, 0.0), (1, 0.25), (2, 0.5), (4, 0.5), (5, 0.0)):
        assert bool(moved(in_week(part, week))) == (strength > 0)
        np.testing.assert_allclose(report(part).count, 0.25 * strength * whole.count)
        np.testing.assert_allclose(report(part).cost_xof, strength * whole.cost_xof)
    watched = {"observable": "insecurity", "above": 0.1, "over_weeks": 1, "lag_weeks": 1, "lasts_weeks": 1}
    sometimes = busy(begun(key, **settings, when=watched))
    sometimes.values[0, :, sometimes.names["insecurity"]] = 0.2
    for week, on in ((0, 0.0), (1, 1.0), (2, 0.0)):
        assert bool(moved(in_week(sometimes, week))) == (on > 0)
        np.testing.assert_allclose(report(sometimes).count, on * whole.count)
        np.testing.assert_allclose(report(sometimes).cost_xof, on * whole.cost_xof)


def shares_its_work_with_partners(key: str, **settings) -> None:
    """Uncoordinated partners do a part of the work twice: that part is paid, not delivered."""
    alone, doubled = (busy(begun(key, {"partner_overlap": overlap}, **settings)) for overlap in (0.0, 0.4))
    np.testing.assert_allclose(report(doubled).count, 0.6 * report(alone).count)
    np.testing.assert_allclose(report(doubled).cost_xof, report(alone).cost_xof)
    doubled.levers.reach("coordinated", ..., 0.5)
    (measure,) = doubled.measures
    assert measure.carried_out(doubled) == pytest.approx(0.8)


def stays_in(key: str, regions: list[str], values: dict | None = None, **settings) -> None:
    """It moves levers, delivers and costs in the chosen regions alone."""
    country = busy(begun(key, values, regions=regions, **settings))
    names = moved(country)
    assert names
    outside = ~np.isin(REGIONS, regions)
    for lever in TABLE:
        if lever.name in names and lever.over in (("cell",), ("region",)):
            there = outside[REGION] if lever.over == ("cell",) else outside
            now = getattr(country.levers, lever.name)
            assert (now[there] == lever.default).all(), lever.name
            assert (now != lever.default).any(), lever.name
    delivered = report(country)
    for amount in (delivered.count, delivered.cost_xof):
        assert amount[~outside].sum() > 0
        assert not amount[outside].any()
