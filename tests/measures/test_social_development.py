"""Services: they help where the state holds a place, harm where groups contest it, and not in every sector."""

import numpy as np
import pytest

from sim.processes.attitudes import attitudes
from sim.processes.violence import violence
from tests.measures.acting import PEOPLE, begun, in_week, moved

KEY = "social_development"
EFFECTS = {"aid_contested": 0.2, "aid_held": -0.22}


def begun_in(insecurity=0.0, hold=0.0, state=1.0, parameters=None, **settings):
    country = begun(KEY, {**EFFECTS, **(parameters or {})}, **settings)
    country.insecurity[:], country.hold[:], country.state_presence[:] = insecurity, hold, state
    return in_week(country, 0)


@pytest.mark.parametrize(
    ("insecurity", "hold", "state", "effect"),
    [
        (0.0, 0.0, 1.0, -0.22),
        (1.0, 0.0, 1.0, 0.2),
        (0.3, 1.0, 0.5, 0.2),
        (0.5, 0.2, 1.0, 0.5 * 0.2 - 0.5 * 0.22),
        (0.0, 0.0, 0.0, 0.0),
    ],
    ids=["held", "insecure", "held by a group", "both", "nobody"],
)
def test_the_effect_on_attacks_hangs_on_whose_the_place_is(insecurity, hold, state, effect):
    country = begun_in(insecurity, hold, state, coverage=0.5)
    np.testing.assert_allclose(country.levers.attack_rate, 1 + 0.5 * (np.exp(effect) - 1))


def test_every_place_by_itself():
    country = begun(KEY, {**EFFECTS}, coverage=1.0)
    country.insecurity[:] = np.linspace(0, 1, 1713)
    country.state_presence[:] = 1.0
    in_week(country, 0)
    expected = np.exp(country.insecurity * 0.2 - (1 - country.insecurity) * 0.22)
    np.testing.assert_allclose(country.levers.attack_rate, expected)


@pytest.mark.parametrize("doubt", [-0.83, 0.0, 0.5])
def test_sectors_differ(doubt):
    health = begun_in(coverage=1.0)
    schools = begun_in(coverage=1.0, sector="schools_and_economy", parameters={"aid_doubtful": doubt})
    roads = begun_in(coverage=1.0, sector="roads")
    np.testing.assert_allclose(np.log(health.levers.attack_rate), -0.22)
    np.testing.assert_allclose(np.log(schools.levers.attack_rate), -0.22 * doubt, atol=1e-12)
    relief = health.parameters.relief_rate
    np.testing.assert_allclose(health.levers.grievance_relief, relief)
    np.testing.assert_allclose(schools.levers.grievance_relief, max(doubt, 0.0) * relief)
    assert not moved(roads)
    assert roads.measures[0].report(roads).cost_xof.sum() > 0, "a road costs all the same"


def test_delivered_and_cost_are_those_of_the_people_covered():
    country = begun(KEY, coverage=0.3, cost_per_person_year=365.25, regions=["Sikasso"])
    report = country.measures[0].report(country)
    covered = np.where(np.arange(9) == 2, 0.3 * PEOPLE, 0.0)
    np.testing.assert_allclose(report.count, covered)
    np.testing.assert_allclose(report.cost_xof, covered * 7)


def attacks(insecurity, **settings):
    """Attacks in a week in which groups are everywhere."""
    country = begun(KEY if settings else "", {**EFFECTS, "attack_rate": 2.0}, **settings)
    country.insecurity[:], country.hold[:] = insecurity, 0.0
    country.state_presence[:] = 1.0
    country.members[0] = 10
    violence(in_week(country, 0))
    return country.flow("attacks").copy()


@pytest.mark.parametrize(("insecurity", "effect"), [(0.0, -0.22), (1.0, 0.2)])
def test_attacks_follow(insecurity, effect):
    with_aid, without = attacks(insecurity, coverage=1.0), attacks(insecurity)
    assert without.sum() > 3000
    assert with_aid.sum() / without.sum() == pytest.approx(np.exp(effect), rel=0.03)
    assert ((with_aid > without) if effect < 0 else (with_aid < without)).sum() == 0, "in no place the other way"


def test_services_redress_grievance():
    felt = []
    for settings in ({}, {"coverage": 0.5, "regions": ["Mopti"]}):
        country = begun(KEY if settings else "", {"relief_rate": 0.008}, **settings)
        country.youth.grievance[:] = 0.5
        attitudes(in_week(country, 0))
        felt.append(country.youth.grievance.astype(float))
    ratio = felt[1] / felt[0]
    mopti = country.grid.region[country.society.cell] == 4
    np.testing.assert_allclose(ratio[mopti], 1 - 0.5 * 0.008, rtol=1e-6)
    np.testing.assert_allclose(ratio[~mopti], 1.0, rtol=1e-6)
