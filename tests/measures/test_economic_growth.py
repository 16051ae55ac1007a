"""Livelihoods: places, who takes them, how long they act, and that cash alone can turn."""

import numpy as np
import pytest

from sim.processes.attitudes import attitudes
from tests.measures.acting import PEOPLE, YOUTHS, begun, by_region, carried_on, in_week, joined, moved

KEY = "economic_growth"
YEAR = 365.25 / 7
FOR_ALL = {"places_per_year": 2 * 10**9}  # a place for everybody in the first week


def placed(country):
    return country.measures[0].share_placed(country, country.parameters.job_weeks)


def test_places_are_offered_where_people_live_and_three_quarters_are_taken():
    country = begun(KEY, places_per_year=52_000, regions=["Mopti", "Bamako"])
    chosen = np.isin(np.arange(9), [4, 8])
    offered = 52_000 / YEAR * np.where(chosen, PEOPLE, 0) / PEOPLE[chosen].sum()
    np.testing.assert_allclose(country.measures[0].report(country).count, 0.75 * offered)
    np.testing.assert_allclose(placed(country), np.where(chosen, 0.75 * offered / YOUTHS, 0.0))


def test_the_share_grows_with_the_places_until_the_first_stop_acting():
    country = begun(KEY, {"job_weeks": 30.0}, world={"end": "2013-12-30"}, places_per_year=100_000)
    each = placed(in_week(country, 0)).copy()
    shares = []
    for _ in range(60):
        shares.append(placed(country)[0] / each[0])
        carried_on(country, 1)
    np.testing.assert_allclose(shares, np.minimum(np.arange(60) + 1, 30))


def test_no_more_youths_are_placed_than_there_are():
    country = begun(KEY, **FOR_ALL)
    np.testing.assert_allclose(country.measures[0].report(country).count, YOUTHS)
    carried_on(country, 3)
    np.testing.assert_allclose(country.measures[0].report(country).count, 0.0, atol=1e-6)
    np.testing.assert_allclose(placed(country), 1.0)


def test_the_cost_is_that_of_the_places_offered():
    country = begun(KEY, places_per_year=52_000, cost_per_place=1000, intensity=0.5)
    assert country.measures[0].report(country).cost_xof.sum() == pytest.approx(0.5 * 52_000 / YEAR * 1000)
    default = begun(KEY).measures[0]
    assert default.cost_per_place == 1275 * 550


@pytest.mark.parametrize("mode", ["training_and_capital", "training"])
def test_the_levers_move_by_the_share_placed(mode):
    turned = {"job_turn_weeks": 0.0}
    country = carried_on(begun(KEY, turned, mode=mode, places_per_year=10**6, regions=["Gao"]), 5)
    p, share = country.parameters, placed(country)
    assert (share > 0).tolist() == [False] * 6 + [True, False, False]
    new = share / 6  # of this week: the early effect
    effect = p.job_full - p.kappa_att * p.job_support if mode == "training_and_capital" else p.job_training_only
    later = share - new if mode == "training_and_capital" else share
    np.testing.assert_allclose(by_region(country.levers.joining), 1 + later * (np.exp(effect) - 1))
    support = (share - new) * p.job_support + new * p.job_early
    np.testing.assert_allclose(country.levers.support, support if mode != "training" else 0.0)
    assert moved(country) == ({"joining"} if mode == "training" else {"support", "joining"})


def test_cash_pleases_first_and_then_turns_also_after_the_payments_have_ended():
    settings = {"mode": "cash", "places_per_year": 10**6, "end": "2012-01-16"}  # paid in two weeks
    country = begun(KEY, {"cash_turn_weeks": 10.0, "job_weeks": 40.0}, world={"end": "2013-12-30"}, **settings)
    p, support, share = country.parameters, [], []
    for _ in range(50):
        carried_on(country, 0)
        support.append(country.levers.support[0])
        share.append(placed(country)[0])
        carried_on(country, 1)
    one = share[0]
    expected = [one, *[2 * one] * 39, one, *[0.0] * 9]
    np.testing.assert_allclose(share, expected, atol=1e-12)
    early = np.array([one, *[2 * one] * 9, one, *[0.0] * 39])
    np.testing.assert_allclose(support, early * p.cash_early + (np.array(share) - early) * p.cash_late, atol=1e-12)
    assert support[5] < 0 < support[20], "it has turned"
    assert support[45] == 0, "and is over"
    assert not country.levers.moved("joining"), "no study says that cash alone changes joining"


def test_under_a_condition_those_placed_while_it_held_stay_placed():
    when = {"observable": "attacks", "over_weeks": 1, "above": 5, "lag_weeks": 1, "lasts_weeks": 1}
    country = begun(KEY, when=when)
    country.values[1:4, 0, country.names["attacks"]] = 9
    shares = []
    for _ in range(8):
        shares.append(placed(country)[0])
        carried_on(country, 1)
    each = shares[2]
    np.testing.assert_allclose(shares, each * np.array([0, 0, 1, 2, 3, 3, 3, 3]))
    assert each > 0


@pytest.mark.parametrize(
    ("mode", "name", "effect"),
    [
        ("training_and_capital", "job_full", -0.36),
        ("training", "job_training_only", 0.06),
        ("training", "job_training_only", -0.1),
    ],
)
def test_those_placed_join_as_those_of_the_studies_did(mode, name, effect):
    found = []
    for size in (0.0, effect):
        parameters = {name: size, "h0": 0.05, "kappa_att": 0.0, "job_turn_weeks": 0.0}
        country = carried_on(begun(KEY, parameters, mode=mode, ppy=200, **FOR_ALL), 1)
        found.append(joined(country))
    assert found[0] > 10_000
    assert found[1] / found[0] == pytest.approx(np.exp(effect), rel=0.04)


@pytest.mark.parametrize(
    ("mode", "name", "effect"), [("training_and_capital", "job_support", -0.2), ("cash", "cash_early", -0.28)]
)
def test_those_placed_think_as_those_of_the_studies_did(mode, name, effect):
    runs = []
    for size in (0.0, effect):
        country = carried_on(begun(KEY, {name: size, "job_turn_weeks": 0.0}, mode=mode, **FOR_ALL), 1)
        attitudes(country)
        runs.append(country.youth.attitude.astype(float))
    change = (runs[1] - runs[0]).mean()
    assert change == pytest.approx(effect, rel=1e-3)


def test_what_a_job_does_in_all_is_what_the_study_found_whatever_it_does_to_support():
    """The studies saw what people did, so what comes of their support is part of it and not added to it."""
    found = []
    for full, support in ((0.0, 0.0), (-0.3, 0.0), (-0.3, -0.5)):
        values = {"job_full": full, "job_support": support, "kappa_att": 0.4, "h0": 0.05, "job_turn_weeks": 0.0}
        country = carried_on(begun(KEY, values, ppy=200, **FOR_ALL), 1)
        attitudes(country)
        found.append(joined(country))
    assert found[0] > 10_000
    assert found[1] / found[0] == pytest.approx(np.exp(-0.3), rel=0.04)
    assert found[2] / found[1] == pytest.approx(1.0, rel=0.02)


def test_in_the_first_months_a_job_may_turn_people_the_other_way():
    values = {"job_early": 0.1, "job_support": -0.2, "job_turn_weeks": 10.0, "job_weeks": 60.0}
    country = begun(KEY, values, world={"end": "2013-12-30"}, places_per_year=10**5, end="2012-01-09")
    p, one, support, joining = country.parameters, placed(country)[0], [], []
    for _ in range(20):
        support.append(country.levers.support[0])
        joining.append(country.levers.joining[0])
        carried_on(country, 1)
    np.testing.assert_allclose(support, one * np.where(np.arange(20) < 10, 0.1, -0.2))
    later = 1 + one * np.expm1(p.job_full - p.kappa_att * -0.2)
    np.testing.assert_allclose(joining, np.where(np.arange(20) < 10, 1.0, later))


@pytest.mark.parametrize(("key", "settings"), [(KEY, FOR_ALL), ("social_development", {"coverage": 1.0})])
def test_programmes_that_people_see_draw_sabotage_from_their_second_year_on(key, settings):
    country = begun(key, {"programme_sabotage": 0.4, "job_weeks": 200.0}, world={"end": "2013-12-30"}, **settings)
    for week, effect in ((0, 1.0), (51, 1.0), (52, np.exp(0.4))):
        carried_on(country, week - country.week)
        np.testing.assert_allclose(country.levers.attacks_on_civilians, effect)
