"""The operations centre: which responses it directs, and what comes of it."""

import numpy as np
import pytest

from sim.population.security import RESPONSE
from sim.population.youth import MEMBER
from sim.processes.measures import measures
from sim.processes.security import post_units, security
from sim.processes.violence import violence
from tests.measures.acting import (
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

KEY = "operations_centre"
DIRECTED = ("police", "gendarmerie", "national_guard", "civil_protection", "special_intervention")


@pytest.mark.parametrize(
    ("settings", "share"),
    [
        ({}, 1.0),
        ({"hours_covered": 0.5}, 0.5),
        ({"staff": 27}, 0.5),
        ({"staff": 27, "regions": ["Gao", "Kidal", "Mopti"]}, 1.0),
        ({"staff": 9, "regions": ["Gao", "Kidal", "Mopti"]}, 0.5),
        ({"staff": 54, "hours_covered": 0.25, "staff_per_region": 12}, 0.25),
        ({"staff": 54, "staff_per_region": 12, "intensity": 0.5}, 0.25),
        ({"hours_covered": 0.0}, 0.0),
        ({"staff": 0}, 0.0),
    ],
)
def test_it_directs_as_much_as_its_desks_are_manned(settings, share):
    country = begun(KEY, {"centre_delay": 0.6, "centre_dispatch": 0.5}, **settings)
    assert moved(country) == ({"response_delay", "dispatch", "right_unit"} if share else set())
    mopti = country.grid.region == 4
    np.testing.assert_allclose(country.levers.response_delay[mopti], 1 - share + share * 0.6)
    assert country.levers.dispatch[4] == pytest.approx(share * 0.5)
    np.testing.assert_allclose(country.levers.right_unit[mopti], share)
    country.flow("attacks")[:] = 3.0
    country.flow("answered")[mopti] = 2.0
    assert report(country).count[4] == pytest.approx(share * 2 * mopti.sum())
    assert report(country).count.sum() == pytest.approx(share * 2 * mopti.sum())


def test_where_no_unit_is_there_is_nobody_to_direct():
    withdrawn = {force: {"end": "2012-03-05"} for force in DIRECTED}
    country = busy(begun(KEY, world={"forces": withdrawn}))
    assert moved(country) == {"response_delay", "dispatch", "right_unit"}
    country.week = 12
    post_units(country)
    assert not moved(country)
    assert not report(country).count.any()
    assert report(country).cost_xof.sum() > 0, "the centre is paid all the same"


def test_regions_that_the_forces_left_are_not_directed():
    country = busy(begun(KEY, end="2013-12-30", world={"end": "2013-12-30"}))
    country.week = 20
    post_units(country)
    measures(country)
    north = np.isin(np.arange(9), [5, 6, 7])
    assert np.array_equal(country.levers.dispatch > 0, ~north)
    assert np.array_equal(country.levers.response_delay < 1, ~north[country.grid.region])
    assert np.array_equal(report(country).count > 0, ~north)


def test_it_costs_its_staff_and_its_lines():
    country = begun(KEY, staff=30, cost_per_staff_week=3.0, cost_per_region_week=7.0, regions=["Gao", "Kidal", "Mopti"])
    np.testing.assert_allclose(report(country).cost_xof, 37.0 * np.isin(np.arange(9), [4, 6, 7]))
    made = plan(KEY, staff=30, cost_per_staff_week=3.0, cost_per_region_week=7.0, regions=["Gao", "Kidal", "Mopti"])
    assert made.cost_xof == pytest.approx(17 * 111)


def test_it_follows_its_plan_in_its_regions():
    follows_its_plan(KEY)
    stays_in(KEY, ["Ségou", "Bamako"])


def test_wrong_settings_are_refused_by_name():
    assert "hours_covered is 24; it must be a share between 0 and 1. Did you mean 0.24?" in refused(
        KEY, hours_covered=24
    )
    assert "staff is 1.5; it must be a whole number of persons, 0 or more, without decimals" in refused(KEY, staff=1.5)
    assert "staff_per_region is 0; it must be 1 or more" in refused(KEY, staff_per_region=0)
    assert "did you mean 'hours_covered'?" in refused(KEY, hours_cover=1)


# --- what follows ----------------------------------------------------------------------------------------


def test_patrols_go_to_where_attacks_just_happened():
    answers = {}
    for dispatch in (0.0, 1.0):
        country = begun(KEY, {"centre_dispatch": dispatch, "patrol_floor": 1.0}, regions=["Mopti"])
        units = country.units
        units.patrol_share[:] = 1.0
        mopti = country.grid.region == 4
        attacked = np.flatnonzero(mopti)[::4]
        country.flow("attacks")[attacked] = 1
        measures(country)
        post_units(country)
        on = units.active(0) & mopti[units.base]
        reach, first = country.places.reach, country.places.reach_first
        can = np.array([np.isin(reach[first[b] : first[b + 1]], attacked).any() for b in units.base])
        answers[dispatch] = (units.mode[on & can] == RESPONSE).mean()
        assert np.isin(units.cell[on & (units.mode == RESPONSE)], attacked).all()
    assert answers[1.0] == 1.0
    assert answers[0.0] < 0.5


@pytest.mark.parametrize("intensity", [0.0, 1.0])
def test_those_who_attacked_are_found_by_the_speed_of_the_answer(intensity):
    values = {"centre_delay": 0.6, "centre_dispatch": 0.0, "arrest_delay": -1.15, "detection": 0.0, "answer_rate": 0.5,
              "abuse_per_op": 0.0, "wrongful_share": 0.0, "patrol_spill": 0.0, "wrong_unit": 0.0}  # fmt: skip
    country = begun(KEY, values, world={"groups": NO_MEMBERS}, intensity=intensity)
    cell = country.places.sites[0]
    entries = station(country, cell, 4000)
    country.attacks_now[0, cell] = 2000
    measures(country)
    security(country)
    told = np.exp(country.parameters.b_trust_tip * (country.trust_start[cell] - country.parameters.trust_mean)
                  / country.parameters.trust_sd)  # fmt: skip
    answer = told * 0.5 * (0.6**-1.15) ** intensity * 2000 * (1 - np.exp(-country.forces[cell])) / 4000
    alike((country.roster.state[entries] != MEMBER).sum(), 1 - np.exp(-answer), 4000)


def test_those_trapped_die_less_and_attacks_stay():
    values = {"centre_delay": 0.6, "harm_delay": 0.65, "attack_rate": 0.0, "raid_rate": 20.0}
    runs = {}
    for name, intensity in (("with", 1.0), ("without", 0.0)):
        country = begun(KEY, values, world={"groups": NO_MEMBERS}, intensity=intensity)
        country.members[0, country.places.sites[0]] = 400
        measures(country)
        violence(country)
        runs[name] = [country.flow(flow).sum() for flow in ("attacks", "trapped", "deaths_sites")]
    attacks, trapped, dead = runs["without"]
    assert runs["with"][:2] == [attacks, trapped]
    is_changed(runs["with"][2], dead, 0.6**0.65)
