"""The judicial pole: the cases it has, the leads it follows, and what convictions and investigations change."""

import numpy as np
import pytest

from sim.population.groups import GONE, NOBODY
from sim.population.youth import DETAINED, KILLED, MEMBER, RETURNED
from sim.processes.justice import justice
from sim.processes.measures import measures
from sim.processes.security import security
from tests.measures.acting import (
    attacks,
    begun,
    follows_its_plan,
    in_week,
    is_changed,
    moved,
    plan,
    refused,
    report,
    stays_in,
)
from tests.processes.worlds import NO_MEMBERS, alike, fullest, station

KEY = "judicial_pole"
EMPTY = {"groups": NO_MEMBERS}


def arrested(cases: int = 200, values: dict | None = None, held_per_case: float = 1.0, **settings):
    """A country without members at large in which so many are held in the cell with most people."""
    country = begun(KEY, values, world=EMPTY, held_per_case=held_per_case, **settings)
    entries = station(country, fullest(country), cases, state=DETAINED, since=-5)
    return country, entries


def test_with_nobody_held_it_has_no_case():
    country = begun(KEY, world=EMPTY)
    assert not moved(country)
    assert not report(country).count.any()
    assert report(country).cost_xof.sum() == pytest.approx(6 * 250_000 + 50 * 80_000)


@pytest.mark.parametrize(
    ("settings", "with_it"),
    [
        ({}, 79),
        ({"case_years": 2}, 120),
        ({"case_years": 2, "judges": 7}, 140),
        ({"judges": 2}, 40),
        ({"cases_per_judge": 3}, 18),
        ({"cases_per_year": 0}, 0),
        ({"cases_per_year": 1000, "judges": 100}, 200),
        ({"cases_per_year": 50, "intensity": 0.5}, 25),
    ],
)
def test_it_has_as_many_of_the_open_cases_as_it_can(settings, with_it):
    country, _ = arrested(200, {"ordinary_courts": 0.4, "conviction_deterrence": -0.2}, **settings)
    measures(country)
    assert float(country.levers.pole_cases) == pytest.approx(with_it / 200)
    assert report(country).count.sum() == pytest.approx(with_it)
    rise = (0.4 * (1 - with_it / 200) + with_it / 200) / 0.4
    np.testing.assert_allclose(country.levers.attack_rate, rise**-0.2)


def test_open_cases_are_those_of_members_held_and_not_convicted_and_not_of_those_wrongly_held():
    country, _ = arrested(30, cases_per_year=10, judges=100, held_per_case=0.5)
    cell = fullest(country)
    mopti = country.grid.cells_of_region(4).start
    station(country, cell, 50, state=DETAINED, convicted=1)
    for state in (MEMBER, KILLED, RETURNED, GONE):
        station(country, cell, 10, state=state)
    station(country, mopti, 10_000, state=DETAINED, group=NOBODY, youth=3)
    measures(country)
    expected = np.zeros(9)
    expected[country.grid.region[cell]] = 10  # of the sixty cases in which thirty are held
    np.testing.assert_allclose(report(country).count, expected)
    assert float(country.levers.pole_cases) == pytest.approx(10 / 60)


def test_in_some_regions_it_has_the_cases_of_these():
    country, _ = arrested(100, {"ordinary_courts": 0.4, "conviction_deterrence": -0.2}, regions=["Mopti", "Gao"])
    assert country.grid.region[fullest(country)] == 8
    mopti = country.grid.cells_of_region(4).start
    station(country, mopti, 60, state=DETAINED)
    measures(country)
    assert float(country.levers.pole_cases) == pytest.approx(60 / 160)
    there = np.isin(country.grid.region, [4, 6])
    np.testing.assert_allclose(country.levers.attack_rate, np.where(there, 2.5**-0.2, 1.0))
    assert np.array_equal(report(country).count, 60 * (np.arange(9) == 4))


@pytest.mark.parametrize(
    ("settings", "followed"),
    [({}, 200), ({"investigators": 10}, 40), ({"leads_per_investigator": 1}, 50), ({"intensity": 0.1}, 20)],
)
def test_investigators_follow_leads_of_cases_and_recent_attacks(settings, followed):
    country, _ = arrested(100, {"investigation_exposure": 0.35}, **settings)
    country.week = 20
    country.values[:20, :, country.names["attacks"]] = 2.0  # eighteen a week, of which thirteen weeks are recent
    measures(country)
    share = followed / (100 + 13 * 18)
    np.testing.assert_allclose(country.levers.recruiter_exposure, 1 - share + share * np.exp(0.35))
    country.values[:] = 0
    measures(country)
    np.testing.assert_allclose(
        country.levers.recruiter_exposure, 1 + min(1, followed / 100) * np.expm1(0.35), err_msg="only cases are leads"
    )


def test_it_follows_its_plan_in_its_regions():
    follows_its_plan(KEY)
    stays_in(KEY, ["Mopti", "Gao"])


def test_the_plan_is_its_capacity_and_its_pay():
    made = plan(KEY, judges=2, investigators=3, cost_per_judge_week=10, cost_per_investigator_week=1, intensity=0.5)
    assert made.reached_per_week == pytest.approx(20)
    assert made.cost_xof == pytest.approx(17 * 0.5 * 23)


def test_wrong_settings_are_refused_by_name():
    assert "cases_per_year is -1; it must be a whole number, 0 or more" in refused(KEY, cases_per_year=-1)
    assert "judges is the text 'six'; it must be a whole number of persons" in refused(KEY, judges="six")
    assert "case_years is 0.0; it must be 0.1 or more" in refused(KEY, case_years=0)
    assert "did you mean 'investigators'?" in refused(KEY, investigator=50)


# --- what follows ----------------------------------------------------------------------------------------


def test_convictions_come_sooner_and_the_innocent_are_free_sooner():
    values = {"ordinary_courts": 0.2, "pole_clearing": 0.9, "conviction_chance": 0.02, "dismissal_chance": 0.01,
              "clearing_chance": 0.05}  # fmt: skip
    found = {}
    for name, settings in (("with", {"cases_per_year": 20_000, "judges": 1000}), ("without", {"intensity": 0.0})):
        country, members = arrested(10_000, values, **settings)
        persons = np.arange(4000, dtype=np.uint32)
        innocent = station(country, fullest(country), 4000, group=NOBODY, state=DETAINED, since=-5, person=persons,
                           youth=persons // country.society.persons_per_youth)  # fmt: skip
        measures(country)
        justice(country)
        cleared = (country.roster.state[innocent] == GONE).sum()
        found[name] = country.roster.convicted[members].sum(), cleared, country.flow("dismissed").sum()
    alike(found["without"][0], 0.02 * 0.2, 10_000)
    alike(found["with"][0], 0.02, 10_000)
    alike(found["without"][2], 0.01 * 0.2, 10_000)
    alike(found["with"][2], 0.01, 10_000)
    alike(found["without"][1], 0.05, 4000)
    alike(found["with"][1], 0.05 * np.exp(0.9), 4000)


@pytest.mark.parametrize("elasticity", [-0.27, 0.07])
def test_attacks_change_with_the_chance_of_conviction_either_way(elasticity):
    values = {"ordinary_courts": 0.2, "conviction_deterrence": elasticity}
    countries = (arrested(50, values, intensity=intensity)[0] for intensity in (1.0, 0.0))
    whole, none = (attacks(in_week(country, 0)) for country in countries)
    is_changed(whole, none, 5**elasticity)


def test_recruiters_are_exposed_by_investigators_and_others_are_not():
    values = {"investigation_exposure": 0.35, "recruiter_exposure": 2.0, "detection": 0.2, "answer_rate": 0.0,
              "crowd_members": 1e15, "b_trust_tip": 0.0, "abuse_per_op": 0.0, "wrongful_share": 0.0}  # fmt: skip
    found = {}
    for name, intensity in (("with", 1.0), ("without", 0.0)):
        country, _ = arrested(10, values, intensity=intensity)
        cell = fullest(country)
        recruiters, members = (station(country, cell, 8000, recruiter=k) for k in (1, 0))
        measures(country)
        country.levers.add("joint_patrol_troops", cell, 100.0)
        security(country)
        state = country.roster.state
        found[name] = [(state[who] != MEMBER).sum() for who in (recruiters, members)]
        hazard = -np.log1p(-found[name][1] / 8000)
        bold = 2.0 * (np.exp(0.35) if name == "with" else 1.0)
        alike(found[name][0], 1 - np.exp(-bold * hazard), 8000)
    assert found["with"][1] == found["without"][1]
    assert found["with"][0] > found["without"][0]
