"""Joint training: who is trained, where they are based, and what it makes of them."""

import numpy as np
import pytest

from sim.measures.posted import places, posted
from sim.processes.measures import measures
from sim.processes.security import post_units, security
from sim.world.timeline import WEEKS_PER_YEAR
from tests.measures.acting import (
    begun,
    follows_its_plan,
    is_changed,
    moved,
    plan,
    refused,
    report,
    shares_its_work_with_partners,
    stays_in,
)
from tests.processes.worlds import NO_MEMBERS

KEY = "joint_training"
FORCES = ("army", "g5_joint_force", "gendarmerie", "national_guard")
QUIET = {"groups": NO_MEMBERS}


def trained(country) -> dict[str, float]:
    return {force: float(country.levers.soldiers_trained[places()[force]]) for force in places()}


def test_a_year_of_it_trains_the_soldiers_of_a_year_each_force_by_its_strength():
    country = begun(KEY, soldiers_per_year=2300)
    assert moved(country) == {"soldiers_trained"}
    assert country.levers.soldiers_trained.sum() * WEEKS_PER_YEAR == pytest.approx(2300)
    men = posted(country, FORCES).sum(axis=1)
    expected = dict(zip(FORCES, 2300 / WEEKS_PER_YEAR * men / men.sum(), strict=True))
    for force, number in trained(country).items():
        assert number == pytest.approx(expected.get(force, 0.0)), force
    assert expected["army"] > 20
    assert expected["g5_joint_force"] == 0, "it did not exist in 2012"
    np.testing.assert_allclose(
        report(country).count, 2300 / WEEKS_PER_YEAR * posted(country, FORCES).sum(axis=0) / men.sum()
    )
    np.testing.assert_allclose(report(country).cost_xof, report(country).count * 4_200_000)


def test_the_g5_force_is_trained_once_it_is_there():
    country = begun(KEY, forces=["g5_joint_force"], world={"end": "2018-01-01"})
    assert not moved(country)
    assert not report(country).cost_xof.any()
    country.week = country.clock.week(country.clock.end) - 1
    post_units(country)
    measures(country)
    assert country.levers.soldiers_trained[places()["g5_joint_force"]] == pytest.approx(2300 / WEEKS_PER_YEAR)
    assert set(np.flatnonzero(report(country).count)) == {3, 6}


def test_no_more_are_trained_than_there_are():
    country = begun(KEY, soldiers_per_year=10**7, forces=["gendarmerie", "gendarmerie"], regions=["Kidal"])
    there = posted(country, ("gendarmerie",))[0, 7]
    assert 0 < there < 100
    assert trained(country)["gendarmerie"] == pytest.approx(there)
    np.testing.assert_allclose(report(country).count, there * (np.arange(9) == 7))
    np.testing.assert_allclose(report(country).cost_xof.sum(), there * 4_200_000)


def test_it_follows_its_plan_in_its_regions():
    follows_its_plan(KEY)
    shares_its_work_with_partners(KEY)
    stays_in(KEY, ["Mopti", "Gao"])


def test_the_plan_is_soldiers_and_their_cost():
    made = plan(KEY, soldiers_per_year=1000, cost_per_soldier=5, intensity=0.5)
    assert made.reached_per_week == pytest.approx(500 / WEEKS_PER_YEAR)
    assert made.cost_xof == pytest.approx(17 * 500 / WEEKS_PER_YEAR * 5)
    assert plan(KEY, forces=["g5_joint_force"]) == (0.0, 0.0)


def test_wrong_settings_are_refused_by_name():
    assert "forces item 1 is 'minusma'; it must be 'army'" in refused(KEY, forces=["minusma"])
    assert "did you mean 'army'?" in refused(KEY, forces=["armee"])
    assert "forces is empty; to switch the measure off" in refused(KEY, forces=[])
    assert "soldiers_per_year is -5" in refused(KEY, soldiers_per_year=-5)
    assert "did you mean 'soldiers_per_year'?" in refused(KEY, soldiers_a_year=5)


# --- what follows ----------------------------------------------------------------------------------------


def test_what_is_taught_adds_up_and_is_lost_again():
    country = begun(KEY, {"drill_half_life": 40.0}, world=QUIET, forces=["army"])
    army = places()["army"]
    share, men = 0.0, posted(country, ("army",)).sum()
    for week in range(12):
        if week == 6:
            country.measures = ()
        measures(country)
        security(country)
        taught = 2300 / WEEKS_PER_YEAR / men if week < 6 else 0.0
        share = share * 0.5 ** (1 / 40)
        share += (1 - share) * taught
        assert country.trained[army] == pytest.approx(share)
    assert share > 0.01
    assert not np.delete(country.trained, army).any()


@pytest.mark.parametrize(("effectiveness", "abuse"), [(0.28, 1.4), (-0.08, 0.7)])
def test_the_trained_fight_and_abuse_as_the_parameters_say_better_or_worse(effectiveness, abuse):
    values = {"drill_effectiveness": effectiveness, "drill_abuse": abuse, "abuse_per_op": 200.0, "abuse_floor": 1.0}
    forces, abuses = {}, {}
    for name, intensity in (("with", 1.0), ("without", 0.0)):
        country = begun(KEY, values, world=QUIET, forces=["army"], soldiers_per_year=10**6, intensity=intensity)
        country.units.strength[country.units.force != places()["army"]] = 0.0
        measures(country)
        security(country)  # this week they learn, from the next on they know
        country.week, country.flows[:] = 1, 0.0
        post_units(country)
        forces[name] = country.forces.sum()
        country.flows[:] = 0.0
        security(country)
        abuses[name] = country.flow("abuses").sum()
    assert country.trained.sum() == 0.0
    assert forces["with"] == pytest.approx(forces["without"] * (1 + effectiveness))
    is_changed(abuses["with"], abuses["without"], abuse)
