"""Drafted sermons: who follows them, and what is preached then."""

import numpy as np
import pytest

from sim.engine.luck import lucks
from sim.processes.attitudes import FOLLOWS_DRAFT, attitudes
from tests.measures.acting import begun

KEY = "sermon_drafting"


def test_the_lever_is_the_share_who_follow():
    country = begun(KEY, share_following=0.3, intensity=0.5, regions=["Kayes"])
    np.testing.assert_allclose(country.levers.drafted_sermons, [0.15] + [0.0] * 8)


def test_delivered_are_the_imams_in_post_who_follow_within_the_luck_of_the_draw():
    country = begun(KEY, share_following=0.4)
    country.imams.away_until[::3] = 10  # a third is silent
    follow = country.imams.in_post(0) & (
        lucks(FOLLOWS_DRAFT, country.seed, 0, np.arange(country.imams.cell.size)) < 0.4
    )
    region = country.grid.region[country.imams.cell]
    delivered = country.measures[0].report(country).count
    expected = np.bincount(region[country.imams.in_post(0)], minlength=9)
    np.testing.assert_allclose(delivered, 0.4 * expected)
    spread = np.sqrt(0.24 * expected)
    assert (np.abs(delivered - np.bincount(region[follow], minlength=9)) < 4.5 * spread + 1).all()


def test_the_cost_is_an_office_and_a_letter_to_every_imam_in_post():
    country = begun(KEY, cost_per_imam_week=700, office_per_week=30_000, intensity=0.5)
    country.imams.away_until[:1000] = 10
    in_post = country.imams.cell.size - 1000
    assert country.measures[0].report(country).cost_xof.sum() == pytest.approx(0.5 * (700 * in_post + 30_000))


def after_a_sermon(parameters, **settings):
    """Settled attitudes after one Friday, with nothing but sermons at work."""
    still = {"peer_pull": 0.0, "own_pull": 0.0, "noise_sd": 0.0, "sermon_pull": 0.02}
    country = begun(KEY if settings else "", {**still, **parameters}, ppy=500, **settings)
    attitudes(country)
    return country


def test_where_all_follow_the_sermon_moves_to_the_moderate_end_by_the_shift():
    """Change = pull x credibility x attendance x span x (shift x stance), at the top of what is thought possible."""
    shift = {"draft_shift": 0.9, "state_brand": 1.0}
    drafted = after_a_sermon(shift, share_following=1.0)
    without = after_a_sermon(shift)
    p, imams = drafted.parameters, drafted.imams
    change = -p.sermon_pull * imams.credibility * p.weekly_attendance * p.sermon_span * 0.9 * imams.stance
    expected = np.append(change, 0.0)[drafted.society.imam].mean()
    change = (drafted.youth.settled.astype(float) - without.youth.settled).mean()
    assert change < 0
    assert change == pytest.approx(expected, rel=0.06)


def test_where_the_state_is_not_believed_a_drafted_sermon_moves_nobody():
    drafted = after_a_sermon({"state_brand": 0.0, "draft_shift": 0.9}, share_following=1.0)
    silent = after_a_sermon({"sermon_pull": 0.0})
    preached = after_a_sermon({})
    assert np.array_equal(drafted.youth.settled, silent.youth.settled)
    assert not np.array_equal(preached.youth.settled, silent.youth.settled)
