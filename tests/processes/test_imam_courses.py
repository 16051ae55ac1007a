"""Imams leave for a course and come back."""

import numpy as np
import pytest

from sim.population.imams import IN_TRAINING, TRAINED, UNTRAINED
from sim.processes.imams import imams
from tests.processes.worlds import alike, quiet, with_values


def send(country, region: int, people: int, weeks: int = 10) -> None:
    country.levers.reset()
    if people:
        country.levers.add("imams_sent", region, people)
        country.levers.set("course_weeks", region, weeks)


def test_a_cohort_leaves_for_the_weeks_of_the_course_and_comes_back_trained():
    country = with_values(quiet(5000), training_stance_shift=0.4, training_credibility=0.9)
    people = country.imams
    region = country.grid.region[people.cell]
    stance, credibility = people.stance.copy(), people.credibility.copy()
    send(country, 4, 300)
    imams(country)
    away = people.training == IN_TRAINING
    assert away.sum() == 300
    assert (region[away] == 4).all()
    for week in range(1, 10):
        country.week = week
        send(country, 4, 0)
        imams(country)
        assert np.array_equal(people.training == IN_TRAINING, away)
    country.week = 10
    imams(country)
    assert np.array_equal(people.training == TRAINED, away)
    np.testing.assert_allclose(people.stance, np.where(away, stance * 0.6, stance))
    np.testing.assert_allclose(people.credibility, np.where(away, np.clip(credibility * 0.9, 0, 1), credibility))


def test_a_share_completes_and_the_others_come_back_as_they_went():
    country = quiet(5000)
    people = country.imams
    stance = people.stance.copy()
    send(country, 1, 3000)
    imams(country)
    away = people.training == IN_TRAINING
    country.week = 10
    send(country, 1, 0)
    country.levers.keep("imams_completing", 1, 0.7)
    imams(country)
    alike((people.training[away] == TRAINED).sum(), 0.7, 3000)
    dropped = away & (people.training == UNTRAINED)
    assert dropped.sum() == 3000 - (people.training == TRAINED).sum()
    assert np.array_equal(people.stance[dropped], stance[dropped])


def test_only_the_untrained_in_post_leave():
    country = quiet(5000)
    people = country.imams
    mine = np.flatnonzero(country.grid.region[people.cell] == 7)
    people.training[mine[::3]], people.away_until[mine[1::3]] = TRAINED, 50
    send(country, 7, 10**6)
    imams(country)
    assert (people.training[mine[::3]] == TRAINED).all()
    assert (people.training[mine[1::3]] == UNTRAINED).all()
    assert (people.training[mine[2::3]] == IN_TRAINING).all()
    assert (people.training == IN_TRAINING).sum() == mine[2::3].size


@pytest.mark.parametrize(("fewer", "more"), [(50, 80)])
def test_a_larger_cohort_only_adds_imams(fewer, more):
    a, b = quiet(5000), quiet(5000)
    send(a, 3, fewer)
    send(b, 3, more)
    imams(a)
    imams(b)
    assert not ((a.imams.training == IN_TRAINING) & (b.imams.training != IN_TRAINING)).any()
    assert (b.imams.training == IN_TRAINING).sum() == more
