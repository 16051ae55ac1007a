"""Joint border patrols: where they go, what they change, what they cost."""

from dataclasses import replace

import numpy as np
import pytest

from sim.levers import aimed
from sim.processes.groups import groups
from sim.processes.measures import measures
from sim.week import advance
from sim.world.grid import world_grid
from tests.measures.acting import (
    begun,
    follows_its_plan,
    lived,
    moved,
    plan,
    refused,
    report,
    shares_its_work_with_partners,
    stays_in,
)
from tests.processes.worlds import NO_MEMBERS, station

KEY = "joint_patrols"
GRID = world_grid()
COUNTRIES = GRID.country_names


def touching(*countries: str) -> np.ndarray:
    return GRID.border[:, [COUNTRIES.index(name) for name in countries]].any(axis=1)


@pytest.mark.parametrize("threat_led", [0.0, 0.5, 1.0])
def test_patrols_add_up_wherever_they_are_sent(threat_led):
    country = begun(KEY, patrols=24, threat_led=threat_led)
    country.insecurity[:] = np.linspace(0, 1, 1713)
    cells, shares = country.measures[0].spread(country)
    threat = country.insecurity[cells]
    np.testing.assert_allclose(shares, threat_led * threat / threat.sum() + (1 - threat_led) / cells.size)
    measures(country)
    np.testing.assert_allclose(country.levers.joint_patrol_troops[cells], 24 * 120 * shares)
    assert report(country).count.sum() == pytest.approx(24)


def test_without_any_threat_they_spread_evenly():
    country = begun(KEY, patrols=24, threat_led=1.0)
    cells, shares = country.measures[0].spread(country)
    np.testing.assert_allclose(shares, 1 / cells.size)


@pytest.mark.parametrize("countries", [["Niger"], ["Algeria", "Guinea"], ["Mauritania", "Niger", "Burkina Faso"]])
def test_they_stay_in_the_border_cells_of_the_chosen_countries(countries):
    country = begun(KEY, countries=countries)
    troops = country.levers.joint_patrol_troops
    assert np.array_equal(troops > 0, touching(*countries))
    assert np.array_equal(country.levers.crossing < 1, touching(*countries))
    assert np.array_equal(country.levers.pursuit > 0, np.isin(COUNTRIES, countries))


def test_they_stay_in_the_chosen_regions():
    country = begun(KEY, countries=["Niger", "Burkina Faso"], regions=["Mopti", "Ségou"])
    expected = touching("Niger", "Burkina Faso") & np.isin(GRID.region, [3, 4])
    assert expected.any()
    assert np.array_equal(country.levers.joint_patrol_troops > 0, expected)
    report = country.measures[0].report(country)
    assert not report.count[[0, 1, 2, 5, 6, 7, 8]].any()
    assert report.count.sum() == pytest.approx(10)


def test_a_border_without_cells_in_the_region_gets_no_patrols():
    country = begun(KEY, countries=["Algeria"], regions=["Sikasso"])
    assert not country.levers.moved("joint_patrol_troops")
    assert country.measures[0].report(country).cost_xof.sum() == 0


def test_levers_move_by_their_size():
    country = begun(KEY, patrols=40, persons_per_patrol=150, pursuit=0.3, countries=["Niger"], threat_led=0)
    cells = touching("Niger")
    each = 40 / cells.sum()
    np.testing.assert_allclose(country.levers.joint_patrol_troops[cells], 150 * each)
    assert country.levers.joint_patrol_troops.sum() == pytest.approx(40 * 150)
    effect = country.parameters.border_effect
    np.testing.assert_allclose(country.levers.crossing[cells], np.exp(-effect * min(each, 1)))
    assert country.levers.pursuit[COUNTRIES.index("Niger")] == pytest.approx(0.3)


def test_a_place_full_of_patrols_hinders_no_more_than_one_patrol_does():
    country = begun(KEY, patrols=1000, countries=["Senegal"])
    np.testing.assert_allclose(country.levers.crossing[touching("Senegal")], np.exp(-country.parameters.border_effect))


def test_dates_intensity_and_ramp_are_respected():
    country = begun(
        KEY,
        start="2012-03-05",
        end="2012-06-25",
        intensity=0.5,
        ramp_up_weeks=1,
        patrols=20,
        persons_per_patrol=100,
        pursuit=0.4,
    )
    for week, share in ((8, 0.0), (9, 0.25), (10, 0.5), (24, 0.5), (25, 0.0)):
        country.week = week
        measures(country)
        assert country.levers.joint_patrol_troops.sum() == pytest.approx(share * 2000)
        assert country.levers.pursuit.max() == pytest.approx(share * 0.4)
        assert country.measures[0].report(country).count.sum() == pytest.approx(share * 20)


def test_the_cost_is_that_of_the_patrols_out():
    country = begun(KEY, patrols=16, cost_per_patrol_week=250.0, intensity=0.5, start="2012-03-05")
    record = lived(country)
    np.testing.assert_allclose(record["delivered_joint_patrols"].sum(axis=1), np.where(np.arange(26) < 9, 0, 8))
    np.testing.assert_allclose(record["cost_joint_patrols"], 250 * record["delivered_joint_patrols"])
    assert record["cost_joint_patrols"].sum() == pytest.approx(17 * 8 * 250)


def test_soldiers_at_the_border_find_members_and_meet_civilians():
    border = touching("Niger", "Mauritania", "Burkina Faso")
    runs = {}
    for name, settings in (("with", {"patrols": 500, "threat_led": 0.0}), ("without", {"intensity": 0})):
        country = begun(KEY, **settings)
        country.insecurity[:] = 0.5
        for _ in range(8):
            advance(country)
        runs[name] = country
    a, b = runs["with"], runs["without"]
    assert a.forces[border].mean() > 2 * b.forces[border].mean()
    for name in ("patrols", "abuses"):
        assert a.values[:8, :, a.names[name]].sum() > b.values[:8, :, b.names[name]].sum()
    lost = [c.values[:8, :, c.names[n]].sum() for c in (a, b) for n in ("killed", "arrests")]
    assert lost[0] + lost[1] > lost[2] + lost[3]


def test_with_pursuit_members_abroad_are_found():
    from sim.population.groups import FOREIGN, NOBODY
    from sim.population.youth import MEMBER
    from sim.processes.security import security

    country = begun(KEY, patrols=1, pursuit=1.0, countries=["Niger"])
    cell = int(np.flatnonzero(touching("Niger"))[0])
    names = int(FOREIGN) + 10**6 + np.arange(8000, dtype=np.uint32)
    entries = country.roster.append(
        8000, person=names, youth=NOBODY, group=0, cell=cell, state=MEMBER, abroad=COUNTRIES.index("Niger")
    )
    measures(country)
    security(country)
    found = (country.roster.state[entries] != MEMBER).mean()
    hazard = country.parameters.pursuit_hazard
    assert found == pytest.approx(hazard, abs=4.5 * np.sqrt(hazard / 8000))


# --- as carried out, and re-aimed ------------------------------------------------------------------------


def test_it_follows_its_plan_in_its_regions():
    follows_its_plan(KEY)
    shares_its_work_with_partners(KEY)
    stays_in(KEY, ["Mopti", "Kayes"])


def test_patrols_that_do_not_take_place_are_paid_and_not_there():
    country = begun(KEY, {f"fidelity_{KEY}": 0.5, "partner_overlap": 0.2}, patrols=20, cost_per_patrol_week=10.0)
    assert country.levers.joint_patrol_troops.sum() == pytest.approx(20 * 0.4 * 120)
    assert country.levers.pursuit.max() == pytest.approx(0.4 * 0.2)
    assert report(country).count.sum() == pytest.approx(8)
    assert report(country).cost_xof.sum() == pytest.approx(200)
    none = begun(KEY, {f"fidelity_{KEY}": 0.0}, patrols=20, cost_per_patrol_week=10.0, regions=["Gao", "Mopti"])
    assert not moved(none)
    assert set(np.flatnonzero(report(none).cost_xof)) == {4, 6}
    assert report(none).cost_xof.sum() == pytest.approx(200)


def test_a_strategy_moves_patrols_between_regions_that_have_a_border():
    country = begun(KEY, patrols=100, threat_led=0.5)
    country.insecurity[:] = np.linspace(0.1, 1, 1713)
    country.levers.reset()
    cells, planned = country.measures[0].spread(country)
    region = GRID.region[cells]
    before = np.bincount(region, planned, 9)
    country.levers.reach("shift", ..., 0.4)
    country.levers.set("need", [6, 8], [0.7, 0.3])  # Gao, and Bamako, which has no border
    _, shares = country.measures[0].spread(country)
    after = np.bincount(region, shares, 9)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(after, aimed(country.levers, before))
    assert after[6] == pytest.approx(0.6 * before[6] + 0.4)
    np.testing.assert_allclose(after[:6], 0.6 * before[:6])
    gao = region == 6
    np.testing.assert_allclose(shares[gao] / shares[gao].sum(), planned[gao] / planned[gao].sum())
    country.measures[0].apply(country.levers, country)
    np.testing.assert_allclose(report(country).count, 100 * after, atol=1e-12)


def test_the_plan_is_its_patrols_and_their_cost():
    made = plan(KEY, patrols=8, cost_per_patrol_week=3, intensity=0.5)
    assert made.reached_per_week == pytest.approx(4)
    assert made.cost_xof == pytest.approx(17 * 12)
    assert plan(KEY, countries=["Algeria"], regions=["Sikasso"]) == (0.0, 0.0)


def test_wrong_settings_are_refused_by_name():
    assert "countries item 1 is 'Chad'; it must be 'Mauritania'" in refused(KEY, countries=["Chad"])
    assert "patrols is -1; it must be a whole number, 0 or more" in refused(KEY, patrols=-1)
    assert "patrols is 19.6; it must be a whole number" in refused(KEY, patrols=19.6)
    assert "pursuit is 20; it must be a share between 0 and 1. Did you mean 0.2?" in refused(KEY, pursuit=20)
    assert "did you mean 'threat_led'?" in refused(KEY, threat_let=0.2)


@pytest.mark.parametrize("effect", [0.234, -0.094])
def test_members_on_the_way_across_are_stopped_or_not_by_the_effect(effect):
    values = {"border_effect": effect, "cross_chance": 0.5, "flee_chance": 1.0, "move_chance": 0.0,
              "pressing_companies": 1e-6}  # fmt: skip
    crossed = {}
    for name, intensity in (("with", 1.0), ("without", 0.0)):
        country = begun(
            KEY, values, world={"groups": NO_MEMBERS}, patrols=1000, countries=["Niger"], intensity=intensity
        )
        shelter = np.zeros_like(country.places.shelter)
        shelter[:, GRID.country_names.index("Niger")] = 1.0
        country.places = replace(country.places, shelter=shelter)
        border = np.flatnonzero(touching("Niger") & (GRID.border.sum(axis=1) == 1))
        station(country, int(border[0]), 8000)
        country.forces[:] = 100.0
        measures(country)
        groups(country)
        crossed[name] = country.flow("crossings").sum(), country.flow("intercepted").sum()
    left = crossed["without"][0]
    assert left > 3000
    assert crossed["without"][1] == 0
    expected = left * np.exp(-effect)
    assert abs(crossed["with"][0] - expected) < 4.5 * np.sqrt(left)
    assert (crossed["with"][1] > 0) == (effect > 0)


def test_attacks_fall_in_the_zone_along_the_borders_as_far_as_the_force_is_out():
    country = begun(KEY, {"zone_attacks": -0.4}, patrols=5, full_force=10, zone_km=50, countries=["Niger"])
    border = np.flatnonzero(touching("Niger"))
    inside = GRID.distance_km(border[:, None], np.arange(len(GRID))).min(axis=0) <= 50
    assert touching("Niger").sum() < inside.sum() < 1000
    np.testing.assert_allclose(country.levers.attack_rate, np.where(inside, 1 + 0.5 * np.expm1(-0.4), 1.0))
    double = begun(KEY, {"zone_attacks": -0.4}, patrols=20, full_force=10, countries=["Niger"])
    np.testing.assert_allclose(
        double.levers.attack_rate, np.where(inside, np.exp(-0.4), 1.0), err_msg="at most in full"
    )


def test_a_patrol_watches_several_cells_of_the_border():
    country = begun(KEY, {"border_effect": 0.2}, patrols=24, threat_led=0.0, cells_watched=2.0)
    cells, shares = country.measures[0].spread(country)
    np.testing.assert_allclose(country.levers.crossing[cells], np.exp(-0.2 * np.minimum(24 * shares * 2.0, 1.0)))
