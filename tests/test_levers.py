"""Levers: how measures combine on one."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.levers import TABLE, Levers

SIZES = {"channel": 4, "language": 13, "cell": 20, "region": 9, "country": 7}
CODE = Path(sim.__file__).parent


def fresh() -> Levers:
    return Levers(SIZES)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_lever_begins_with_nothing_done(row):
    levers = fresh()
    values = getattr(levers, row.name)
    assert values.shape == tuple(SIZES[axis] for axis in row.over)
    assert (values == row.default).all()
    assert row.low <= row.default <= row.high
    assert not levers.moved(row.name)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_lever_is_moved_by_a_measure_or_free_to_be_and_read_by_its_process(row):
    process = (CODE / "processes" / f"{row.reader}.py").read_text(encoding="utf-8")
    assert re.search(rf"levers\.{row.name}\b", process), f"{row.reader} does not read {row.name}"


def test_shares_reach_what_remains():
    levers = fresh()
    levers.reach("pursuit", [2], 0.3)
    levers.reach("pursuit", [2], 0.3)
    assert levers.pursuit[2] == pytest.approx(0.51)
    assert not levers.pursuit[[0, 1, 3, 4, 5, 6]].any()


def test_factors_keep_of_what_remains():
    levers = fresh()
    levers.keep("crossing", [4, 5], 0.7)
    levers.keep("crossing", [5], 0.7)
    assert levers.crossing[4] == pytest.approx(0.7)
    assert levers.crossing[5] == pytest.approx(0.49)
    assert levers.crossing[6] == 1.0


def test_counts_add_up_and_settings_are_set():
    levers = fresh()
    levers.add("imams_sent", 3, 40)
    levers.add("imams_sent", 3, 2)
    assert levers.imams_sent.tolist() == [0, 0, 0, 42, 0, 0, 0, 0, 0]
    levers.set("course_weeks", [1, 2], 52)
    levers.set("course_weeks", [2], 30)
    assert levers.course_weeks[:4].tolist() == [104, 52, 30, 104]


@given(
    st.lists(st.tuples(st.sampled_from(["reach", "keep", "add"]), st.integers(0, 6), st.floats(0, 1)), max_size=8),
    st.randoms(),
)
def test_the_order_of_measures_does_not_matter(moves, random):
    lever = {"reach": "pursuit", "keep": "crossing", "add": "joint_patrol_troops"}

    def after(order):
        levers = fresh()
        for how, where, share in order:
            getattr(levers, how)(lever[how], where, share)
        return levers

    shuffled = random.sample(moves, len(moves))
    one, other = after(moves), after(shuffled)
    for name in lever.values():
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12, atol=1e-14)
        assert one.moved(name) == other.moved(name)


@given(st.lists(st.floats(0, 1), max_size=10))
def test_no_stack_of_measures_exceeds_what_is_possible(shares):
    levers = fresh()
    last = 0.0
    for share in shares:
        levers.reach("pursuit", 0, share)
        levers.keep("crossing", 0, 1 - share)
        assert last <= levers.pursuit[0] + 1e-12
        last = levers.pursuit[0]
    assert 0 <= levers.pursuit[0] <= 1
    assert levers.crossing[0] == pytest.approx(1 - levers.pursuit[0], abs=1e-12)


def test_every_week_begins_with_nothing_done():
    levers = fresh()
    levers.reach("clip_reach", (1, 2), 0.5)
    levers.keep("abuse_control", 3, 0.2)
    assert levers.moved("clip_reach")
    assert levers.moved("abuse_control")
    levers.reset()
    for row in TABLE:
        assert (getattr(levers, row.name) == row.default).all()
        assert not levers.moved(row.name)


def test_there_are_no_other_levers():
    with pytest.raises(AttributeError, match="there is no lever 'pursuits'"):
        _ = fresh().pursuits
    with pytest.raises(AttributeError, match="there is no lever 'pursuits'"):
        fresh().reach("pursuits", 0, 0.5)
