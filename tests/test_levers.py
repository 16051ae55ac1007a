"""Levers: how measures combine on one."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.levers import PACKAGED, TABLE, Levers, aimed

SIZES = {"channel": 4, "language": 13, "cell": 20, "region": 9, "country": 7, "group": 8, "force": 12}
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
def test_every_lever_is_read_by_those_who_are_said_to_read_it(row):
    for reader in row.reader.split(", "):
        files = [CODE / "processes" / f"{reader}.py"]
        if reader == "measures":  # that round reads nothing itself; the measures it calls do
            files = sorted((CODE / "measures").glob("*.py"))
        code = "".join(file.read_text(encoding="utf-8") for file in files)
        mine = rf"levers\.{row.name}\b"
        if row.name in ("shift", "need"):
            mine += r"|\baimed\(levers\b"  # which reads both
        if row.name == "response_delay":
            mine += r"|\bdelay_effect\(levers\b"
        assert re.search(mine, code), f"{reader} does not read {row.name}"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_no_process_reads_a_lever_that_the_table_does_not_give_it(row):
    said = set(row.reader.split(", "))
    for file in sorted((CODE / "processes").glob("*.py")):
        if re.search(rf"levers\.{row.name}\b", file.read_text(encoding="utf-8")):
            assert file.stem in said, f"{file.stem} reads {row.name}"


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


# --- packages --------------------------------------------------------------------------------------------

LOGS = st.lists(st.tuples(st.integers(0, 19), st.floats(-2, 2)), max_size=12)
INTERACTION = st.floats(-0.5, 0.5)


def package(logs, interaction: float, name: str = "attack_rate") -> np.ndarray:
    """The lever after measures with these effects (cell, log of the factor), by cell."""
    levers = fresh()
    for cell, log in logs:
        levers.keep(name, [cell], np.exp(log))
    levers.interact(interaction)
    return getattr(levers, name)


def sums(logs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By cell: sum of the logs, of their sizes, of their squares."""
    total, size, squares = np.zeros(20), np.zeros(20), np.zeros(20)
    for cell, log in logs:
        total[cell], size[cell], squares[cell] = total[cell] + log, size[cell] + abs(log), squares[cell] + log * log
    return total, size, squares


@pytest.mark.parametrize("name", PACKAGED)
@given(LOGS, INTERACTION)
def test_a_package_does_what_the_formula_says(name, logs, interaction):
    total, size, squares = sums(logs)
    mix = 1 - np.divide(squares, size**2, out=np.ones(20), where=size > 1e-150)
    np.testing.assert_allclose(np.log(package(logs, interaction, name)), total + interaction * mix * size, atol=1e-9)


@given(LOGS, INTERACTION)
def test_a_package_never_does_more_beyond_its_parts_than_the_interaction_times_their_size(logs, interaction):
    total, size, _ = sums(logs)
    beyond = np.log(package(logs, interaction)) - total
    assert (np.abs(beyond) <= abs(interaction) * size + 1e-9).all()
    assert (beyond * np.sign(interaction) >= -1e-9).all(), "the sign is that of the interaction, whatever the parts do"


@given(st.integers(0, 19), st.floats(-2, 2), INTERACTION)
def test_one_measure_alone_is_no_package(cell, log, interaction):
    assert np.array_equal(package([(cell, log)], interaction), package([(cell, log)], 0.0))


@given(LOGS, INTERACTION, st.randoms())
def test_the_order_of_the_measures_of_a_package_does_not_matter(logs, interaction, random):
    shuffled = random.sample(logs, len(logs))
    np.testing.assert_allclose(package(logs, interaction), package(shuffled, interaction), rtol=1e-12)


@given(LOGS)
def test_without_interaction_a_package_is_its_parts(logs):
    levers, parts = fresh(), np.ones(20)
    for cell, log in logs:
        levers.keep("joining", [cell], np.exp(log))
        parts[cell] *= np.exp(log)
    levers.interact(0.0)
    assert np.array_equal(levers.joining, parts)


def test_two_measures_of_one_size_mix_by_half_and_many_by_nearly_all():
    for count, mix in ((1, 0.0), (2, 0.5), (4, 0.75), (100, 0.99)):
        log = np.log(package([(0, -0.02)] * count, 0.1))
        assert log[0] == pytest.approx(-0.02 * count + 0.1 * mix * 0.02 * count)
        assert not log[1:].any()


def test_other_levers_are_no_outcomes_and_do_not_interact():
    levers = fresh()
    levers.keep("abuse_control", 3, 0.5)
    levers.keep("abuse_control", 3, 0.5)
    levers.interact(0.3)
    assert levers.abuse_control[3] == 0.25


def test_a_package_is_forgotten_by_the_next_week():
    levers = fresh()
    levers.keep("joining", [4], 0.5)
    levers.keep("joining", [4, 5], 0.5)
    levers.reset()
    levers.keep("joining", [4], 0.5)
    levers.interact(0.3)
    assert levers.joining[4] == 0.5
    assert levers.joining[5] == 1.0


@pytest.mark.filterwarnings("error")
def test_what_one_measure_prevents_altogether_no_package_brings_back():
    assert package([(2, -np.inf), (2, 0.5), (3, -0.5), (3, -0.5)], 0.2)[2] == 0.0
    assert package([(2, -np.inf), (3, -0.5), (3, -0.5)], 0.2)[3] == pytest.approx(np.exp(-1 + 0.2 * 0.5))


# --- efforts that a strategy aims ------------------------------------------------------------------------

AMOUNTS = st.lists(st.just(0.0) | st.floats(0.01, 1000), min_size=9, max_size=9).map(np.array)


def strategy(shift: float, need) -> Levers:
    levers = fresh()
    levers.set("shift", ..., shift)
    levers.set("need", slice(None), need)
    return levers


@given(AMOUNTS, AMOUNTS, st.floats(0, 1))
def test_aiming_moves_an_effort_and_makes_none(shares, need, shift):
    after = aimed(strategy(shift, need / max(need.sum(), 1.0)), shares)
    assert after.sum() == pytest.approx(shares.sum())
    assert not after[shares == 0].any(), "nothing appears where there was nothing"
    assert (after >= (1 - shift) * shares - 1e-9).all()


@given(AMOUNTS, AMOUNTS)
def test_all_that_is_aimed_goes_by_need_among_those_who_have_some(shares, need):
    need = need / max(need.sum(), 1.0)
    able = need * (shares > 0)
    if able.sum() > 0:
        after = aimed(strategy(1.0, need), shares)
        np.testing.assert_allclose(after, shares.sum() * able / able.sum())


@given(AMOUNTS, AMOUNTS)
def test_without_a_strategy_or_a_need_an_effort_stays_where_it_is(shares, need):
    assert aimed(strategy(0.0, need), shares) is shares
    assert aimed(strategy(1.0, np.zeros(9)), shares) is shares
    assert aimed(strategy(0.5, need * (shares == 0)), shares) is shares, "the need is where nothing can be sent"
    assert aimed(fresh(), shares) is shares
