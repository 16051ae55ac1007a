"""Joint border patrols: where they go, what they change, what they cost."""

import numpy as np
import pytest

from sim.processes.measures import measures
from sim.scenario import Scenario
from sim.week import advance, begin, finished, record_of
from sim.world.grid import world_grid

KEY = "joint_patrols"
GRID = world_grid()
COUNTRIES = GRID.country_names


def scenario(end="2012-07-02", **settings):
    return Scenario.of(
        {"name": "patrols", "persons_per_youth": 5000, "end": end, "measures": {KEY: settings} if settings else {}}
    )


def begun(**settings):
    return begin(scenario(**settings), 1)


def touching(*countries: str) -> np.ndarray:
    return GRID.border[:, [COUNTRIES.index(name) for name in countries]].any(axis=1)


@pytest.mark.parametrize("threat_led", [0.0, 0.5, 1.0])
def test_patrols_add_up_wherever_they_are_sent(threat_led):
    country = begun(patrols=24, threat_led=threat_led)
    country.insecurity[:] = np.linspace(0, 1, 1713)
    cells, patrols = country.measures[0].sent(country)
    assert patrols.sum() == pytest.approx(24)
    threat = country.insecurity[cells]
    expected = 24 * (threat_led * threat / threat.sum() + (1 - threat_led) / cells.size)
    np.testing.assert_allclose(patrols, expected)


def test_without_any_threat_they_spread_evenly():
    country = begun(patrols=24, threat_led=1.0)
    cells, patrols = country.measures[0].sent(country)
    np.testing.assert_allclose(patrols, 24 / cells.size)


@pytest.mark.parametrize("countries", [["Niger"], ["Algeria", "Guinea"], ["Mauritania", "Niger", "Burkina Faso"]])
def test_they_stay_in_the_border_cells_of_the_chosen_countries(countries):
    country = begun(countries=countries)
    measures(country)
    troops = country.levers.joint_patrol_troops
    assert np.array_equal(troops > 0, touching(*countries))
    assert np.array_equal(country.levers.crossing < 1, touching(*countries))
    assert np.array_equal(country.levers.pursuit > 0, np.isin(COUNTRIES, countries))


def test_they_stay_in_the_chosen_regions():
    country = begun(countries=["Niger", "Burkina Faso"], regions=["Mopti", "Ségou"])
    measures(country)
    expected = touching("Niger", "Burkina Faso") & np.isin(GRID.region, [3, 4])
    assert expected.any()
    assert np.array_equal(country.levers.joint_patrol_troops > 0, expected)
    report = country.measures[0].report(country)
    assert not report.count[[0, 1, 2, 5, 6, 7, 8]].any()
    assert report.count.sum() == pytest.approx(10)


def test_a_border_without_cells_in_the_region_gets_no_patrols():
    country = begun(countries=["Algeria"], regions=["Sikasso"])
    measures(country)
    assert not country.levers.moved("joint_patrol_troops")
    assert country.measures[0].report(country).cost_xof.sum() == 0


def test_levers_move_by_their_size():
    country = begun(patrols=40, persons_per_patrol=150, pursuit=0.3, countries=["Niger"], threat_led=0)
    measures(country)
    cells = touching("Niger")
    each = 40 / cells.sum()
    np.testing.assert_allclose(country.levers.joint_patrol_troops[cells], 150 * each)
    assert country.levers.joint_patrol_troops.sum() == pytest.approx(40 * 150)
    effect = country.parameters.border_effect
    np.testing.assert_allclose(country.levers.crossing[cells], np.exp(-effect * min(each, 1)))
    assert country.levers.pursuit[COUNTRIES.index("Niger")] == pytest.approx(0.3)


def test_a_place_full_of_patrols_hinders_no_more_than_one_patrol_does():
    country = begun(patrols=1000, countries=["Senegal"])
    measures(country)
    np.testing.assert_allclose(country.levers.crossing[touching("Senegal")], np.exp(-country.parameters.border_effect))


def test_dates_intensity_and_ramp_are_respected():
    country = begun(
        start="2012-03-05",
        end="2013-01-07",
        intensity=0.5,
        ramp_up_weeks=1,
        patrols=20,
        persons_per_patrol=100,
        pursuit=0.4,
    )
    for week, share in ((8, 0.0), (9, 0.25), (10, 0.5), (30, 0.5)):
        country.week = week
        measures(country)
        assert country.levers.joint_patrol_troops.sum() == pytest.approx(share * 2000)
        assert country.levers.pursuit.max() == pytest.approx(share * 0.4)
        assert country.measures[0].report(country).count.sum() == pytest.approx(share * 20)


def test_the_cost_is_that_of_the_patrols_out():
    country = begun(patrols=16, cost_per_patrol_week=250.0, intensity=0.5, start="2012-03-05")
    while not finished(country):
        advance(country)
    record = record_of(country)
    np.testing.assert_allclose(record["delivered_joint_patrols"].sum(axis=1), np.where(np.arange(26) < 9, 0, 8))
    np.testing.assert_allclose(record["cost_joint_patrols"], 250 * record["delivered_joint_patrols"])
    assert record["cost_joint_patrols"].sum() == pytest.approx(17 * 8 * 250)


def test_soldiers_at_the_border_find_members_and_meet_civilians():
    border = touching("Niger", "Mauritania", "Burkina Faso")
    runs = {}
    for name, settings in (("with", {"patrols": 500, "threat_led": 0.0}), ("without", {})):
        country = begin(scenario(**settings), 1)
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

    country = begun(patrols=1, pursuit=1.0, countries=["Niger"])
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
