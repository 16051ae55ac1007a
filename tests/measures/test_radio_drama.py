"""The radio drama: who follows it, what it does to them, what it costs."""

import numpy as np
import pytest

from sim.levers import TABLE
from sim.processes.messages import messages
from sim.scenario import Scenario
from sim.week import advance, begin
from sim.world.facts import CHANNELS, languages
from tests.measures.acting import YOUTHS, begun, in_regions, in_week, moved, plan, report

KEY = "radio_drama"
RADIO = 1 << CHANNELS.index("radio")
ALWAYS = {"season_weeks": 500, "pause_weeks": 0}


def lived(weeks: int, ppy: int = 2000, **parameters):
    """A country after so many weeks of a drama that everybody with a radio follows, and the same without."""
    world = {"name": "drama", "persons_per_youth": ppy, "end": "2013-01-07"}
    values = {f"fidelity_{KEY}": 1.0, **parameters}
    settings = {"listeners": 1.0, "languages": languages()[0], **ALWAYS}
    found = []
    for measures in ({KEY: settings}, {}):
        country = begin(Scenario.of({**world, "measures": measures, "parameters": values}), 1)
        for _ in range(weeks):
            advance(country)
        found.append(country)
    return found


def test_those_follow_it_who_use_a_radio_understand_it_and_listen_every_week_the_same_ones():
    country = begun(KEY, ppy=500, listeners=0.28, languages=["Bambara"])
    youth, society = country.youth, country.society
    able = ((youth.channels & RADIO) > 0) & (society.language == languages()[0].index("Bambara"))
    messages(country)
    first = youth.drama != 0
    assert not first[~able].any()
    assert first[able].mean() == pytest.approx(0.28, abs=4.5 * np.sqrt(0.28 * 0.72 / able.sum()))
    assert country.flow("reached_drama").sum() == first.sum() * 500 == report(country).count.sum()
    in_week(country, 1)
    messages(country)
    assert np.array_equal(youth.drama != 0, first)


def test_listeners_justify_violence_less_after_a_season_as_target_t11_has_it_and_trust_the_police_as_before():
    told, without = lived(12, message_residue=0.002)
    listeners = (told.youth.channels & RADIO) > 0
    change = (told.youth.attitude - without.youth.attitude)[listeners].mean()
    assert -0.20 < change < -0.05
    sd = told.parameters.trust_sd
    assert abs(told.trust - without.trust).mean() < 0.04 * sd


def test_what_is_felt_fades_by_its_half_life_once_the_season_is_over():
    country = begun(
        KEY, {"drama_half_life": 28.0, "message_residue": 0.0}, listeners=1.0, season_weeks=1, pause_weeks=9
    )
    messages(country)
    felt = country.youth.drama.copy()
    for week in range(1, 5):
        in_week(country, week)
        messages(country)
    np.testing.assert_allclose(country.youth.drama, felt / 2, rtol=1e-5)
    assert felt.any()


def test_it_is_on_the_air_in_its_seasons_and_costs_what_they_cost():
    country = begun(KEY, season_weeks=3, pause_weeks=2, cost_per_week=1000.0, cost_per_group_week=0.0)
    for week in range(10):
        on = week % 5 < 3
        in_week(country, week)
        assert country.levers.moved("drama_reach") == on
        assert report(country).cost_xof.sum() == pytest.approx(1000.0 * on)
    made = plan(KEY, season_weeks=3, pause_weeks=2, cost_per_week=1000.0, cost_per_group_week=0.0)
    assert made.cost_xof == pytest.approx(1000.0 * 11)
    assert 0.02 < made.reached_per_week / YOUTHS.sum() < 0.28


def test_groups_are_paid_by_their_number():
    few, many = (begun(KEY, persons_per_group=size, cost_per_week=0.0) for size in (40, 20))
    assert report(few).cost_xof.sum() > 0
    assert report(many).cost_xof.sum() == pytest.approx(2 * report(few).cost_xof.sum())


def test_people_tell_what_they_know_as_far_as_they_follow_it():
    country = begun(KEY, {"drama_tips": 0.3, "drama_trust": 0.02}, listeners=0.5, regions=["Gao"])
    gao = in_regions("Gao")
    following = 0.5 * country.measures[0].audience_share(country)[6]
    assert 0.1 < following < 0.5
    np.testing.assert_allclose(country.levers.information, np.where(gao, 1 + following * np.expm1(0.3), 1.0))
    np.testing.assert_allclose(country.levers.trust_goal, gao * following * 0.02)
    assert moved(country) == {"drama_reach", "information", "trust_goal"} <= {lever.name for lever in TABLE}


def test_it_acts_in_its_regions_alone():
    country = begun(KEY, regions=["Mopti"])
    messages(country)
    here = in_regions("Mopti")[country.society.cell]
    assert (country.youth.drama[here] != 0).any()
    assert not country.youth.drama[~here].any()
