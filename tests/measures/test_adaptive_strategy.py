"""A strategy that re-aims itself: what it knows, what it moves, and whom it moves it from."""

import numpy as np
import pytest

from sim.processes.measures import measures
from sim.processes.security import post_units
from sim.week import advance, begin
from sim.world import facts
from tests.measures.acting import GRID, begun, lived, moved, refused, scenario

KEY = "adaptive_strategy"
FIDELITY = "fidelity_adaptive_strategy"
WHOLE = {FIDELITY: 1.0}
YEAR = {"end": "2013-01-07"}
GAO, KIDAL, MOPTI = 6, 7, 4


def knowing(attacks: dict[int, dict[int, float]], week: int, settings: dict | None = None, **values):
    """The country in a week, with attacks of the past given as {week: {region: attacks}}."""
    country = begun(KEY, {**WHOLE, **values}, world=YEAR, **(settings or {}))
    for past, regions in attacks.items():
        for region, count in regions.items():
            country.values[past, region, country.names["attacks"]] = count
    country.week = week
    measures(country)
    return country


def need(country) -> np.ndarray:
    return np.round(country.levers.need, 6)


# --- what it knows ---------------------------------------------------------------------------------------


def test_before_any_attack_is_known_nothing_is_moved():
    country = knowing({}, 30)
    assert not moved(country)
    assert not moved(knowing({12: {GAO: 5}}, 13)), "the reports of week 12 have not come yet"


def test_need_is_the_share_of_each_region_in_the_attacks_that_are_known():
    country = knowing({3: {GAO: 5}, 4: {GAO: 1, KIDAL: 2}}, 13)
    assert country.levers.shift == pytest.approx(0.25)
    expected = np.zeros(9)
    expected[[GAO, KIDAL]] = 6 / 8, 2 / 8
    np.testing.assert_allclose(country.levers.need, expected)
    assert moved(country) == {"shift", "need"}


@pytest.mark.parametrize(
    ("week", "known"),
    [(4, False), (12, False), (13, False), (17, False), (25, False), (26, True), (30, True), (38, True), (39, False)],
)
def test_a_week_counts_from_its_delay_on_and_for_as_long_as_a_quarter(week, known):
    """Attacks in week 6: quarters begin in weeks 13, 26, 39, and see weeks 0-4, 5-17, 18-30."""
    attacks = {6: {GAO: 5}}
    assert (need(knowing(attacks, week))[GAO] == 1) == known


def test_other_quarters_delays_and_periods():
    """Re-aimed in weeks 4, 8, 12, ..., each time by the four weeks that ended two weeks before."""
    settings = {"every_weeks": 4, "sensing_delay_weeks": 2, "over_weeks": 4}
    seen = [week for week in range(4, 24) if need(knowing({6: {GAO: 5}}, week, settings))[GAO] == 1]
    assert seen == [12, 13, 14, 15]


def test_quarters_count_from_its_own_start_and_what_happened_before_is_known():
    settings = {"start": "2012-04-23"}  # week 16: the first quarter sees weeks 0 to 7
    assert need(knowing({6: {GAO: 5}}, 16, settings))[GAO] == 1
    assert not moved(knowing({6: {GAO: 5}}, 15, settings))
    assert not moved(knowing({9: {GAO: 5}}, 20, settings))
    assert need(knowing({9: {GAO: 5}}, 29, settings))[GAO] == 1


def test_only_its_regions_are_reinforced():
    country = knowing({3: {GAO: 5, KIDAL: 3, MOPTI: 2}}, 13, {"regions": ["Kidal", "Mopti"]})
    expected = np.zeros(9)
    expected[[KIDAL, MOPTI]] = 3 / 5, 2 / 5
    np.testing.assert_allclose(country.levers.need, expected)


def test_as_much_is_moved_as_takes_place():
    country = knowing({3: {GAO: 5}}, 13, {"share_moved": 0.4, "intensity": 0.5}, **{FIDELITY: 0.6})
    assert country.levers.shift == pytest.approx(0.4 * 0.5 * 0.6)


def test_what_cannot_be_is_refused_by_name():
    assert refused(KEY, share_moved=0.8) == "measures.adaptive_strategy.share_moved is 0.8; it must be 0.5 or less"
    assert refused(KEY, sensing_delay_weeks=0).endswith("sensing_delay_weeks is 0; it must be 1 or more")
    assert refused(KEY, every_week=13).endswith("did you mean 'every_weeks'?")


# --- what it moves ---------------------------------------------------------------------------------------


def men_by_region(country) -> np.ndarray:
    units = country.units
    here = units.active(country.week) & facts.of_the_state()[units.force]
    men = units.strength * units.present
    return np.bincount(GRID.region[units.base[here]], men[here], 9)


def test_units_go_to_where_attacks_were_and_none_are_made():
    plan, aimed = knowing({}, 13), knowing({3: {MOPTI: 3, GAO: 1}}, 13, {"share_moved": 0.5})
    for country in (plan, aimed):
        post_units(country)
    before, after = men_by_region(plan), men_by_region(aimed)
    assert not before[[GAO, KIDAL]].any(), "the army has left the north in April 2012"
    assert after.sum() == pytest.approx(before.sum())
    expected = 0.5 * before
    expected[MOPTI] += 0.5 * before.sum()  # in Gao there is no unit that could be strengthened
    np.testing.assert_allclose(after, expected)
    report = aimed.measures[0].report(aimed)
    assert report.count[MOPTI] == pytest.approx((after - before)[MOPTI] / aimed.parameters.unit_persons)
    assert report.count.sum() == report.count[MOPTI]
    assert not plan.measures[0].report(plan).count.any()


def test_costs_are_those_of_the_weeks_and_units_are_delivered_once_attacks_are_known():
    made = scenario(KEY, {"cost_per_week": 90.0, "start": "2012-02-06", "intensity": 0.5}, **YEAR)
    country = begin(made)
    for _ in range(40):
        advance(country)
    country.values[23:36, MOPTI, country.names["attacks"]] = (
        1.0  # what is known in week 44, where there still are units
    )
    record = lived(country)
    delivered, cost = record[f"delivered_{KEY}"].sum(axis=1), record[f"cost_{KEY}"].sum(axis=1)
    np.testing.assert_allclose(cost, np.where(np.arange(53) < 5, 0, 45))
    assert not delivered[:18].any(), "the second quarter begins in week 18 and knows the first ten weeks"
    assert (delivered[44:] > 0).all()
    assert made.measures[KEY].plan(made.clock, GRID) == (None, 48 * 45)


# --- what comes of it ------------------------------------------------------------------------------------


def test_forces_grow_where_attacks_were_and_shrink_elsewhere():
    values = {FIDELITY: 0.88}
    troops = {}
    for name, settings in (("with", {"share_moved": 0.5, "regions": ["Mopti"]}), ("without", None)):
        country = begin(scenario(KEY, settings, parameters=values, **YEAR))
        country.values[3, MOPTI, country.names["attacks"]] = 9.0  # recorded in a week that is over
        country.week = 4
        for _ in range(15):
            advance(country)
        troops[name] = np.bincount(GRID.region, country.troops, 9)
    assert troops["with"][MOPTI] > 1.5 * troops["without"][MOPTI]
    elsewhere = np.arange(9) != MOPTI
    assert (troops["with"][elsewhere] <= troops["without"][elsewhere]).all()
    assert troops["with"].sum() == pytest.approx(troops["without"].sum(), rel=0.02)
