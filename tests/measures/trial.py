"""What every measure must keep to, tried on one of them in small countries."""

from functools import cache

import numpy as np
import pytest
from processes.worlds import with_values

import sim
from sim.country import Country
from sim.engine.errors import InputError
from sim.levers import TABLE
from sim.measures.base import REGIONS, Delivered
from sim.population.groups import FOREIGN
from sim.population.youth import DETAINED
from sim.processes.measures import measures
from sim.record import Record
from sim.scenario import Scenario
from sim.week import begin
from sim.world.grid import world_grid

WEEKS = 17  # of the runs in which a measure is compared with its absence


def scenario(key: str, settings: dict | None, ppy: int = 5000, **changes) -> Scenario:
    chosen = {} if settings is None else {key: settings}
    return Scenario.of({"name": "trial", "persons_per_youth": ppy, "end": "2012-07-02", "measures": chosen, **changes})


def begun(key: str, values: dict | None = None, *, world: dict | None = None, ppy: int = 5000, **settings) -> Country:
    """A country on its first day that carries out a measure as planned; `values` are other parameters."""
    country = begin(scenario(key, settings, ppy, **(world or {})), 1)
    as_planned = {f"fidelity_{key}": 1.0, "partner_overlap": 0.0}
    return with_values(country, **{**as_planned, **(values or {})})


def moved(country: Country) -> set[str]:
    """The levers that its measures have moved this week."""
    measures(country)
    return {lever.name for lever in TABLE if country.levers.moved(lever.name)}


def report(country: Country) -> Delivered:
    (measure,) = country.measures
    return measure.report(country)


def busy(country: Country, cases: int = 40) -> Country:
    """The same country with an attack in every cell this week, and some people held in every region."""
    country.flow("attacks")[:] = 1.0
    for region in range(9):
        cell = country.grid.cells_of_region(region).start
        names = int(FOREIGN) + 10**6 + region * cases + np.arange(cases, dtype=np.uint32)
        country.roster.append(cases, person=names, youth=-1, group=0, cell=cell, state=DETAINED, since=-5)
    return country


@cache
def nothing_done() -> Record:
    return sim.run(scenario("none", None, end="2012-04-30"))


def is_absent_at_zero(key: str, **settings) -> None:
    """At intensity zero it is not there to the last bit; not carried out, or waiting, it touches no lever."""
    zero = sim.run(scenario(key, {**settings, "intensity": 0}, end="2012-04-30"))
    assert zero.digest == nothing_done().digest
    undone = busy(begun(key, {f"fidelity_{key}": 0.0}, **settings))
    assert not moved(undone)
    assert not report(undone).count.any()
    assert report(undone).cost_xof.sum() > 0, "what is planned is paid"
    waiting = busy(begun(key, when={"observable": "attacks", "above": 1e9}, **settings))
    assert not moved(waiting)
    assert not report(waiting).count.any()
    assert not report(waiting).cost_xof.any()


def changes_nothing_before_it_starts(key: str, **settings) -> None:
    late = sim.run(scenario(key, {**settings, "start": "2012-03-05"}, end="2012-04-30"))
    assert late.names == nothing_done().names
    assert np.array_equal(late.values[:9], nothing_done().values[:9])
    cost = late[f"cost_{key}"].sum(axis=1)
    assert (cost[:9] == 0).all()
    assert (cost[9:] > 0).all()


def follows_its_plan(key: str, **settings) -> None:
    """What it delivers is what is carried out; what it costs, what is planned: dates, intensity, ramp, condition."""
    full = busy(begun(key, **settings))
    measures(full)
    whole = report(full)
    assert whole.count.sum() > 0
    part = busy(
        begun(
            key,
            {f"fidelity_{key}": 0.25},
            **{**settings, "start": "2012-01-09", "end": "2012-02-06", "intensity": 0.5, "ramp_up_weeks": 1},
        )
    )
    for week, strength in ((0, 0.0), (1, 0.25), (2, 0.5), (4, 0.5), (5, 0.0)):
        part.week = week
        measures(part)
        np.testing.assert_allclose(report(part).count, 0.25 * strength * whole.count)
        np.testing.assert_allclose(report(part).cost_xof, strength * whole.cost_xof)
    watched = {"observable": "insecurity", "above": 0.1, "over_weeks": 1, "lag_weeks": 1, "lasts_weeks": 1}
    sometimes = busy(begun(key, **settings, when=watched))
    sometimes.values[0, :, sometimes.names["insecurity"]] = 0.2
    for week, on in ((0, 0.0), (1, 1.0), (2, 0.0)):
        sometimes.week = week
        measures(sometimes)
        np.testing.assert_allclose(report(sometimes).count, on * whole.count)
        np.testing.assert_allclose(report(sometimes).cost_xof, on * whole.cost_xof)


def shares_its_work_with_partners(key: str, **settings) -> None:
    """Uncoordinated partners do a part of the work twice: that part is paid, not delivered."""
    alone, doubled = (busy(begun(key, {"partner_overlap": overlap}, **settings)) for overlap in (0.0, 0.4))
    measures(alone)
    measures(doubled)
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
        if lever.name in names:
            values = getattr(country.levers, lever.name)
            if lever.over == ("cell",):
                assert (values[outside[country.grid.region]] == lever.default).all(), lever.name
                assert (values != lever.default).any(), lever.name
            elif lever.over == ("region",):
                assert (values[outside] == lever.default).all(), lever.name
                assert (values != lever.default).any(), lever.name
    delivered = report(country)
    assert delivered.count[~outside].sum() > 0
    assert not delivered.count[outside].any()
    assert delivered.cost_xof[~outside].sum() > 0
    assert not delivered.cost_xof[outside].any()


def refused(key: str, **settings) -> str:
    """What is said about these settings."""
    with pytest.raises(InputError) as caught:
        scenario(key, settings)
    return str(caught.value)


def plan(key: str, **settings):
    made = scenario(key, settings, end="2012-04-30")
    return made.measures[key].plan(made.clock, world_grid())
