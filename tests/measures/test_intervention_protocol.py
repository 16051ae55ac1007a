"""Special units under one command: where they answer attacks, how many of them, and what that changes."""

import numpy as np
import pytest

from sim.engine.cells import around
from sim.population.youth import MEMBER
from sim.processes.measures import measures
from sim.processes.security import post_units, security
from sim.processes.violence import violence
from sim.world.grid import world_grid
from tests.measures.acting import (
    attacks,
    begun,
    busy,
    follows_its_plan,
    is_changed,
    moved,
    plan,
    refused,
    report,
    stays_in,
)
from tests.processes.worlds import NO_MEMBERS, alike, station

KEY = "intervention_protocol"
GRID = world_grid()
CELL = {town.name: town.cell for town in GRID.towns}


def near(km: float, *towns: str) -> np.ndarray:
    """Mask of the cells so near to one of these towns."""
    return np.any([GRID.distance_km(CELL[town], np.arange(1713)) <= km for town in towns], axis=0)


def test_it_acts_where_its_bases_reach():
    for bases, km in ((["Bamako"], 50), (["Gao", "Mopti"], 120), (["Kidal"], 0)):
        country = begun(KEY, {"response_deterrence": 0.1}, bases=bases, reach_km=km)
        assert moved(country) == {"joint_command", "response_delay", "attack_rate"}
        expected = near(km, *bases)
        assert expected.any()
        assert np.array_equal(country.levers.joint_command > 0, expected)
        assert np.array_equal(country.levers.response_delay < 1, expected)
        assert np.array_equal(country.levers.attack_rate > 1, expected)


@pytest.mark.parametrize(
    ("settings", "share"),
    [
        ({}, 0.8),
        ({"share_of_responses": 0.5}, 0.5),
        ({"staff": 90}, 0.4),
        ({"staff": 500}, 0.8),
        ({"staff": 180, "bases": ["Bamako", "Mopti"]}, 0.4),
        ({"staff": 360, "bases": ["Bamako", "Mopti"]}, 0.8),
        ({"bases": ["Bamako", "bamako"]}, 0.8),
        ({"staff": 60, "staff_per_base": 240}, 0.2),
        ({"forces": ["police", "gendarmerie"]}, 0.4),
        ({"forces": ["civil_protection"], "intensity": 0.5}, 0.1),
    ],
)
def test_its_share_of_responses_follows_staff_bases_and_forces(settings, share):
    country = begun(KEY, {"command_delay": 0.5, "response_deterrence": -0.1}, **settings)
    cell = CELL["Bamako"]
    assert country.levers.joint_command[cell] == pytest.approx(share)
    assert country.levers.response_delay[cell] == pytest.approx(1 - share + share * 0.5)
    assert country.levers.attack_rate[cell] == pytest.approx(1 - share + share * np.exp(-0.1))


def test_a_force_that_is_not_there_is_not_under_its_command():
    gone = {"police": {"enabled": False}, "national_guard": {"end": "2012-02-06"}}
    country = begun(KEY, world={"forces": gone})
    for week, of_four in ((0, 3), (10, 2)):
        country.week = week
        post_units(country)
        measures(country)
        assert country.levers.joint_command.max() == pytest.approx(0.8 * of_four / 4)


def test_it_answers_the_attacks_of_the_week():
    country = begun(KEY, bases=["Gao"], reach_km=100)
    country.flow("attacks")[:] = 9
    country.flow("answered")[:] = np.arange(1713) % 3
    expected = 0.8 * np.bincount(GRID.region, np.where(near(100, "Gao"), np.arange(1713) % 3, 0), 9)
    measures(country)
    np.testing.assert_allclose(report(country).count, expected)
    assert np.array_equal(report(country).cost_xof, 180 * 60_000 * (np.arange(9) == 6))
    country.flow("answered")[:] = 0
    assert not report(country).count.any()


def test_the_staff_is_paid_where_it_stands():
    country = begun(KEY, bases=["Bamako", "Gao", "Tombouctou", "Ménaka"], staff=100, cost_per_staff_week=4.0)
    np.testing.assert_allclose(report(country).cost_xof, [0, 0, 0, 0, 0, 100, 200, 0, 100])


def test_it_follows_its_plan_in_its_regions():
    follows_its_plan(KEY)
    stays_in(KEY, ["Mopti"], {"response_deterrence": 0.1}, bases=["Mopti"])


def test_out_of_reach_of_its_regions_it_is_not_there():
    country = busy(begun(KEY, regions=["Kidal"]))
    assert not moved(country)
    assert not report(country).count.any()
    assert not report(country).cost_xof.any()
    assert plan(KEY, regions=["Kidal"]).cost_xof == 0


def test_the_plan_is_the_cost_of_its_weeks():
    assert plan(KEY, staff=10, cost_per_staff_week=3, intensity=0.5).cost_xof == pytest.approx(17 * 0.5 * 30)


def test_wrong_settings_are_refused_by_name():
    assert "forces item 2 is 'army'; it must be 'police', 'gendarmerie'" in refused(KEY, forces=["police", "army"])
    assert "forces is empty; to switch the measure off" in refused(KEY, forces=[])
    assert "bases is empty; to switch the measure off" in refused(KEY, bases=[])
    said = refused(KEY, bases=["Bamakoo"])
    assert "bases item 1 is 'Bamakoo'; it must be one of the towns Bamako, " in said
    assert said.endswith("did you mean 'Bamako'?")
    assert "bases item 1 is 3" in refused(KEY, bases=[3])
    assert "reach_km is -1" in refused(KEY, reach_km=-1)
    assert "staff_per_base is 0; it must be 1 or more" in refused(KEY, staff_per_base=0)


# --- what follows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("harm", [0.65, -0.05])
def test_fewer_or_more_of_those_trapped_die_and_no_raid_is_prevented(harm):
    values = {"command_delay": 0.5, "harm_delay": harm, "attack_rate": 0.0, "raid_rate": 20.0}
    runs = {}
    for name, intensity in (("with", 1.0), ("without", 0.0)):
        country = begun(KEY, values, world={"groups": NO_MEMBERS}, share_of_responses=1.0, intensity=intensity)
        country.members[0, CELL["Bamako"]] = 400
        measures(country)
        violence(country)
        runs[name] = country
    a, b = runs["with"], runs["without"]
    assert np.array_equal(a.flow("trapped"), b.flow("trapped"))
    assert np.array_equal(a.flow("attacks"), b.flow("attacks"))
    bamako = CELL["Bamako"]
    is_changed(a.flow("deaths_sites")[bamako], b.flow("deaths_sites")[bamako], 0.5**harm)
    elsewhere = ~near(50, "Bamako")
    assert np.array_equal(a.flow("deaths_sites")[elsewhere], b.flow("deaths_sites")[elsewhere])


@pytest.mark.parametrize("intensity", [0.0, 1.0])
def test_those_who_attacked_are_found_by_the_speed_and_unity_of_the_answer(intensity):
    values = {"command_delay": 0.5, "command_gain": 0.6, "arrest_delay": -1.15, "detection": 0.0, "answer_rate": 0.5,
              "abuse_per_op": 0.0, "wrongful_share": 0.0}  # fmt: skip
    country = begun(KEY, values, world={"groups": NO_MEMBERS}, share_of_responses=1.0, intensity=intensity)
    cell = CELL["Bamako"]
    entries = station(country, cell, 4000)
    country.attacks_now[0, cell] = 2000
    measures(country)
    security(country)
    forces = country.forces + country.parameters.patrol_spill * around(country.forces, GRID.neighbours)
    together = 1 - np.exp(-forces[cell] * np.exp(0.6 * intensity))
    answer = 0.5 * (0.5**-1.15) ** intensity * 2000 * together / 4000
    found = (country.roster.state[entries] != MEMBER).sum()
    alike(found, 1 - np.exp(-answer), 4000)


@pytest.mark.parametrize("effect", [-0.1, 0.1])
def test_attacks_are_deterred_or_not_by_the_effect(effect):
    whole, none = (
        attacks(
            begun(
                KEY,
                {"response_deterrence": effect},
                world={"groups": NO_MEMBERS},
                share_of_responses=1.0,
                reach_km=2000,
                intensity=intensity,
            )
        )
        for intensity in (1.0, 0.0)
    )
    is_changed(whole, none, np.exp(effect))
