"""Imams and mosques, security units and their deployments."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from sim.parameters import Parameters
from sim.population.imams import IN_TRAINING, TRAINED, first_imams, ordain
from sim.scenario import Scenario
from sim.week import begin
from sim.world import facts
from sim.world.grid import world_grid

GRID, P = world_grid(), Parameters.default()
FORCES = [force.key for force in facts.forces()]


def begun(**changes):
    return begin(Scenario.of({"name": "posts", "persons_per_youth": 5000, **changes}), 1)


# --- imams -----------------------------------------------------------------------------------------------


def test_there_are_twenty_thousand_imams_spread_like_the_people():
    imams, first = ordain(GRID, P, 1), first_imams(GRID, P)
    assert imams.cell.size == P.imams == 20_000
    assert (
        np.abs(np.bincount(imams.cell, minlength=len(GRID)) - GRID.population / GRID.population.sum() * 20_000).max()
        <= 1
    )
    assert np.array_equal(np.searchsorted(imams.cell, np.arange(len(GRID) + 1)), first)


def test_every_mosque_has_an_imam_and_some_have_two():
    mosque = ordain(GRID, P, 1).mosque
    assert mosque.min() == 0
    assert mosque.max() == P.mosques - 1
    serving = np.bincount(mosque)
    assert set(serving) == {1, 2}


def test_most_imams_are_moderate_and_a_few_are_not():
    imams = ordain(GRID, P, 1)
    k = P.imam_stance_power
    mean, error = 1 / (1 + k), 1 / np.sqrt(20_000)
    assert imams.stance.mean() == pytest.approx(mean, abs=4 * error * mean * 2)
    assert (imams.stance < 0.5).mean() == pytest.approx(0.5 ** (1 / k), abs=2 * error)
    assert imams.credibility.mean() == pytest.approx(P.imam_credibility, abs=0.005)
    spread = np.abs(imams.credibility - P.imam_credibility)
    assert spread.max() <= P.imam_credibility_spread
    assert spread.max() > 0.95 * P.imam_credibility_spread
    assert imams.credibility.std() == pytest.approx(P.imam_credibility_spread / np.sqrt(6), rel=0.03), "triangular"


def test_the_world_seed_draws_the_imams():
    a, b, c = ordain(GRID, P, 1), ordain(GRID, P, 1), ordain(GRID, P, 2)
    assert np.array_equal(a.stance, b.stance)
    assert not np.array_equal(a.stance, c.stance)


def test_who_is_in_post():
    imams = ordain(GRID, P, 1)
    imams.training[:4] = (IN_TRAINING, TRAINED, TRAINED, 0)
    imams.away_until[2:4] = 10
    assert imams.in_post(9)[:5].tolist() == [False, True, False, False, True]
    assert imams.in_post(10)[:5].tolist() == [False, True, True, True, True]
    assert imams.trained_in_post(9)[:5].tolist() == [False, True, False, False, False]
    assert imams.in_training()[:5].tolist() == [True, False, False, False, False]


# --- units -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "day", ["2012-01-02", "2012-03-26", "2012-04-02", "2013-01-28", "2014-09-01", "2016-07-04", "2018-12-24"]
)
def test_strength_by_date_force_and_region_equals_the_deployments(day):
    country, day = begun(), date.fromisoformat(day)
    week = country.clock.week(day)
    assert country.clock.date(week) == day
    units = country.units
    active = units.active(week)
    found = np.zeros((len(FORCES), 9))
    np.add.at(found, (units.force[active], GRID.region[units.base[active]]), units.strength[active])
    expected = np.zeros_like(found)
    for d in facts.deployments():
        # A deployment counts from the week in which it begins to the week in which it ends.
        if country.clock.week(d.start) <= week and (d.end is None or week < country.clock.week(d.end)):
            expected[FORCES.index(d.force), d.region] += d.troops
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert expected.sum() > 5000


def test_units_are_of_company_size_and_based_in_their_district():
    country = begun()
    units = country.units
    assert 0.5 * P.unit_persons < np.median(units.nominal) < 1.5 * P.unit_persons
    assert units.nominal[units.nominal > 1.5 * P.unit_persons].size == 0
    bamako = {d.region for d in facts.deployments() if d.cercle == "Bamako"}
    kati = units.base[(units.force == FORCES.index("army")) & (GRID.region[units.base] == 1)]
    assert kati.size
    assert {GRID.cercle[c] for c in kati} == {"Kati"}, "the army's base of that region is Kati"
    assert bamako == {8}


def test_units_keep_their_base_from_one_deployment_to_the_next():
    units = begun().units
    army_gao = (units.force == FORCES.index("army")) & (GRID.region[units.base] == 6)
    waves = [units.base[army_gao & (units.since == since)] for since in np.unique(units.since[army_gao])]
    assert len(waves) >= 4
    for earlier, later in pairwise(waves):
        both = min(earlier.size, later.size)
        assert np.array_equal(earlier[:both], later[:both])


def test_traits_of_units_are_those_of_their_force():
    units = begun(forces={"army": {"effectiveness": 0.33}}).units
    table = facts.forces()
    for k, force in enumerate(table):
        mine = units.force == k
        expected = 0.33 if force.key == "army" else force.effectiveness
        assert (units.effectiveness[mine] == expected).all()
        assert (units.abuse_factor[mine] == force.abuse_factor).all()
        assert (units.patrol_share[mine] == force.patrol_share).all()


def troops(country, force: str, week: int) -> float:
    units = country.units
    return units.strength[units.active(week) & (units.force == FORCES.index(force))].sum()


def test_a_scenario_scales_ends_and_removes_forces():
    plain = begun()
    week = plain.clock.week(date(2014, 6, 2))
    late = plain.clock.week(date(2015, 6, 1))
    assert troops(plain, "minusma", week) > 0
    double = begun(forces={"minusma": {"scale": 2}})
    assert troops(double, "minusma", week) == pytest.approx(2 * troops(plain, "minusma", week))
    for none in ({"scale": 0}, {"enabled": False}):
        without = begun(forces={"minusma": none})
        assert not (without.units.force == FORCES.index("minusma")).any()
        assert troops(without, "army", week) == troops(plain, "army", week)
    ends = begun(forces={"minusma": {"end": date(2015, 1, 5)}})
    assert troops(ends, "minusma", week) == troops(plain, "minusma", week)
    assert troops(ends, "minusma", late) == 0
    starts = begun(forces={"minusma": {"start": date(2015, 1, 5)}})
    assert troops(starts, "minusma", week) == 0
    assert troops(starts, "minusma", late) == troops(plain, "minusma", late)


def test_a_country_without_any_force_can_begin():
    country = begun(forces={key: {"enabled": False} for key in FORCES})
    assert country.units.force.size == 0
    assert country.forces.sum() == country.troops.sum() == 0
