"""Community policing: officers who are there reach people; trust, attacks and abuses move as far as they do."""

import numpy as np
import pytest

from sim.measures.base import people_of
from sim.measures.posted import places, planned, posted
from sim.processes.measures import measures
from sim.processes.security import post_units, security
from sim.scenario import Scenario
from sim.week import begin
from sim.world import facts
from sim.world.grid import world_grid
from tests.measures.acting import (
    attacks,
    begun,
    follows_its_plan,
    is_changed,
    moved,
    plan,
    refused,
    report,
    stays_in,
)
from tests.processes.worlds import NO_MEMBERS

KEY = "community_policing"
NORTH = [5, 6, 7]
POPULATION = people_of(world_grid())


def officers(country) -> np.ndarray:
    """Police and gendarmes by region, counted one unit at a time."""
    units, out = country.units, np.zeros(9)
    for u in np.flatnonzero(units.active(country.week)):
        if facts.forces()[units.force[u]].key in ("police", "gendarmerie"):
            out[country.grid.region[units.base[u]]] += units.strength[u]
    return out


def test_the_people_covered_are_those_whom_officers_there_can_know():
    country = begun(KEY, share_of_officers=0.25, people_per_officer=1000)
    expected = officers(country) * 0.25 * 1000 / POPULATION
    assert (expected > 0.05).any()
    np.testing.assert_allclose(country.measures[0].coverage(country), expected)
    np.testing.assert_allclose(
        country.levers.trust_goal, (expected * country.parameters.policing_trust)[country.grid.region]
    )
    np.testing.assert_allclose(report(country).count, officers(country) * 0.25)
    np.testing.assert_allclose(report(country).cost_xof, officers(country) * 0.25 * 15_000)


@pytest.mark.parametrize("reform", [False, True])
def test_levers_move_by_their_size(reform):
    values = {
        "policing_tips": 0.2,
        "policing_trust": 0.07,
        "policing_reform_trust": 0.25,
        "policing_attacks": -0.1,
        "policing_abuse": -0.2,
    }
    country = begun(KEY, values, people_per_officer=10**6, share_of_officers=1.0, reform=reform)
    names = moved(country)
    assert names == {"trust_goal", "attack_rate", "information"} | ({"abuse_control"} if reform else set())
    np.testing.assert_allclose(country.levers.trust_goal, 0.25 if reform else 0.07)
    np.testing.assert_allclose(country.levers.attack_rate, np.exp(-0.1))
    np.testing.assert_allclose(
        country.levers.information, np.exp(0.2), err_msg="people tell, whether they trust or not"
    )
    np.testing.assert_allclose(country.levers.abuse_control, np.exp(-0.2) if reform else 1.0)
    assert country.measures[0].coverage(country).max() == 1.0, "nobody is covered twice"


def test_a_region_without_officers_gets_nothing():
    country = begin(
        Scenario.of({"name": "2012", "persons_per_youth": 5000, "measures": {KEY: {"start": "2012-01-02"}}}), 1
    )
    for week, there in ((0, True), (20, False)):  # the north is lost in the spring of 2012
        country.week = week
        post_units(country)
        measures(country)
        north = np.isin(country.grid.region, NORTH)
        for amount in (country.levers.trust_goal[north], report(country).count[NORTH], report(country).cost_xof[NORTH]):
            assert set(amount > 0) == {there}
        assert (report(country).count[[0, 1, 2, 3, 4, 8]] > 0).all()


def test_without_police_and_gendarmerie_it_does_not_exist():
    country = begun(KEY, world={"forces": {"police": {"enabled": False}, "gendarmerie": {"enabled": False}}})
    assert not moved(country)
    assert not report(country).count.any()
    assert not report(country).cost_xof.any()


def test_reform_is_paid_on_top():
    cheap, dear = (begun(KEY, reform=reform, reform_cost_per_officer_week=5000) for reform in (False, True))
    assert report(dear).cost_xof.sum() == pytest.approx(report(cheap).cost_xof.sum() * 20 / 15)


def test_it_follows_its_plan_in_its_regions():
    follows_its_plan(KEY)
    stays_in(KEY, ["Mopti", "Gao"], {"policing_attacks": 0.1}, reform=True)


def test_the_plan_counts_officers_by_the_table():
    country = begun(KEY)
    by_force = planned(country.clock, ("police", "gendarmerie"))
    np.testing.assert_allclose(by_force[0], posted(country, ("police", "gendarmerie")))
    assert by_force[0].sum() == sum(
        d.troops for d in facts.deployments()
        if d.force in ("police", "gendarmerie") and d.start <= country.clock.start < d.end
    )  # fmt: skip
    made = plan(KEY, share_of_officers=0.5, cost_per_officer_week=10, regions=["Bamako"], intensity=0.5)
    bamako = by_force[:17, :, 8].sum(axis=1) * 0.5
    assert made.reached_per_week == pytest.approx(0.5 * bamako.max())
    assert made.cost_xof == pytest.approx(0.5 * bamako.sum() * 10)


def test_wrong_settings_are_refused_by_name():
    assert "share_of_officers is 20; it must be a share between 0 and 1. Did you mean 0.2?" in refused(
        KEY, share_of_officers=20
    )
    assert "people_per_officer is 0; it must be 1 or more" in refused(KEY, people_per_officer=0)
    assert "reform is 'yes'; it must be true or false" in refused(KEY, reform="yes")
    assert "did you mean 'share_of_officers'?" in refused(KEY, share_of_officer=0.2)


# --- what follows ----------------------------------------------------------------------------------------

EVERYBODY = {"people_per_officer": 10**6, "share_of_officers": 1.0, "reform": True}


def test_trust_rises_to_its_goal_where_officers_are():
    values = {"policing_reform_trust": 0.25, "abuse_per_op": 0.0, "wrongful_share": 0.0, "trust_recovery": 0.05}
    country = begun(KEY, values, world={"groups": NO_MEMBERS}, **EVERYBODY, regions=["Mopti"])
    for _ in range(10):
        measures(country)
        security(country)
    gain = country.trust - country.trust_start
    mopti = country.grid.region == 4
    np.testing.assert_allclose(gain[mopti], 0.25 * country.parameters.trust_sd * (1 - 0.95**10))
    np.testing.assert_allclose(gain[~mopti], 0.0, atol=1e-15)


@pytest.mark.parametrize("effect", [-0.1, 0.1])
def test_attacks_change_by_the_effect_either_way(effect):
    whole, none = (
        attacks(
            begun(
                KEY, {"policing_attacks": effect}, world={"groups": NO_MEMBERS}, **{**EVERYBODY, "intensity": intensity}
            )
        )
        for intensity in (1.0, 0.0)
    )
    is_changed(whole, none, np.exp(effect))


def test_abuses_change_with_a_reform_alone():
    abuses = {}
    for name, settings in (("reform", {}), ("plain", {"reform": False}), ("without", {"intensity": 0.0})):
        values = {"policing_abuse": -0.25, "abuse_per_op": 200.0, "abuse_floor": 1.0}
        country = begun(KEY, values, world={"groups": NO_MEMBERS}, **{**EVERYBODY, **settings})
        security(country)
        abuses[name] = country.flow("abuses").sum()
    assert abuses["plain"] == abuses["without"]
    is_changed(abuses["reform"], abuses["without"], np.exp(-0.25))


def test_forces_are_found_at_their_place_in_the_table():
    assert [facts.forces()[k].key for k in places().values()] == list(places())
