"""Weeks and dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.timeline import Clock

days = st.dates(date(1990, 1, 1), date(2060, 1, 1))


def test_the_default_span_is_365_weeks_from_a_monday():
    clock = Clock(date(2012, 1, 2), date(2018, 12, 31))
    assert clock.weeks == 365
    assert clock.date(0).isoweekday() == 1
    assert clock.date(365) == date(2018, 12, 31)


@given(days, st.integers(7, 9000), st.integers(-500, 2000))
def test_a_week_is_found_again_from_each_of_its_days(start, length, week):
    clock = Clock(start, start + timedelta(days=length))
    for day in range(7):
        assert clock.week(clock.date(week) + timedelta(days=day)) == week


@given(days, st.integers(7, 9000))
def test_the_weeks_fill_the_span_but_for_less_than_a_week(start, length):
    clock = Clock(start, start + timedelta(days=length))
    assert timedelta(0) <= clock.end - clock.date(clock.weeks) < timedelta(days=7)


def test_days_outside_the_span_have_weeks_outside_it():
    clock = Clock(date(2012, 1, 2), date(2012, 2, 1))
    assert clock.week(date(2012, 1, 1)) == -1
    assert clock.week(date(2012, 2, 1)) >= clock.weeks


def test_a_span_without_a_whole_week_is_refused():
    with pytest.raises(ValueError, match="less than one whole week"):
        Clock(date(2012, 1, 2), date(2012, 1, 8))
