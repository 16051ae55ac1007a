"""Attitudes and grievance against what theory says of them."""

import numpy as np
import pytest
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import spsolve

from sim.measures.base import REGIONS
from sim.population.imams import IN_TRAINING
from sim.population.youth import TIES
from sim.processes.attitudes import FIXED, attitudes
from tests.processes.worlds import NO_DRIFT, alike, quiet, tiny, with_values


def averaging(country) -> csr_array:
    """W: the mean over one's ties."""
    ties = country.society.ties
    rows = np.repeat(np.arange(len(ties)), TIES)
    return csr_array((np.full(ties.size, 1 / TIES), (rows, ties.ravel())), (len(ties),) * 2)


def live(country, weeks: int) -> None:
    for _ in range(weeks):
        attitudes(country)
        country.week += 1


def test_settled_attitudes_converge_to_the_fixed_point_of_friedkin_and_johnsen():
    country = with_values(quiet(5000), **{**NO_DRIFT, "peer_pull": 0.06, "own_pull": 0.04})
    youth = country.youth
    youth.silent[5::50] = 1
    live(country, 300)
    w, n = averaging(country), youth.settled.size
    dead = youth.silent == 1
    peers, own = np.where(dead, 1.0, 0.06), np.where(dead, 0.0, 0.04)
    expected = spsolve(
        (diags_array(peers + own) - diags_array(peers) @ w).tocsc(), own * youth.disposition.astype(float)
    )
    np.testing.assert_allclose(youth.settled, expected, atol=1e-4)
    assert np.array_equal(youth.attitude, youth.settled), "nothing recent is felt"
    assert youth.settled.std() < 0.75 * youth.disposition.std(), "peers pull together"
    assert n > 1000
    live(country, 1)
    np.testing.assert_allclose(youth.settled, expected, atol=1e-4)


def test_a_shift_of_everybody_is_felt_at_once_peers_do_not_multiply_it_and_nothing_of_it_settles():
    values = {**NO_DRIFT, "peer_pull": 0.06, "own_pull": 0.04}
    plain, shifted = with_values(quiet(5000), **values), with_values(quiet(5000), **values)
    for shift, weeks in ((0.3, 1), (0.3, 30), (-0.2, 5), (0.0, 1), (0.0, 5)):
        shifted.levers.reset()
        shifted.levers.add("support", slice(None), shift + 0.5)
        shifted.levers.add("support", slice(None), -0.5)
        live(plain, weeks)
        live(shifted, weeks)
        np.testing.assert_allclose(shifted.youth.attitude - plain.youth.attitude, shift, atol=2e-5)
        np.testing.assert_allclose(shifted.youth.settled, plain.youth.settled, atol=2e-5)


def test_friends_do_not_take_on_what_somebody_feels_about_recent_messages_or_is_shifted_by():
    plain, told = (with_values(quiet(5000), **{**NO_DRIFT, "peer_pull": 0.3}) for _ in range(2))
    for _ in range(5):
        told.youth.recent[::2] = 0.5
        told.levers.reset()
        told.levers.add("support", 4, -0.4)
        live(plain, 1)
        live(told, 1)
    np.testing.assert_array_equal(told.youth.settled, plain.youth.settled)
    change = told.youth.attitude - plain.youth.attitude
    in_mopti = told.grid.region[told.society.cell] == 4
    np.testing.assert_allclose(change[::2], 0.5 - 0.4 * in_mopti[::2], atol=1e-5)
    np.testing.assert_allclose(change[1::2], -0.4 * in_mopti[1::2], atol=1e-5)


def test_with_own_minds_alone_attitudes_come_back_at_their_pace():
    country = with_values(quiet(5000), **{**NO_DRIFT, "own_pull": 0.05})
    start = country.youth.disposition + np.float32(2.0)
    country.youth.settled[:] = start
    live(country, 10)
    np.testing.assert_allclose(country.youth.settled - country.youth.disposition, 2 * 0.95**10, rtol=1e-4)


def test_without_own_minds_attitudes_approach_consensus_and_their_mean_is_kept():
    country = with_values(quiet(5000), **{**NO_DRIFT, "peer_pull": 0.5})
    youth = country.youth
    mean, spreads, extremes = youth.settled.mean(dtype=float), [], []
    for _ in range(8):
        spreads.append(youth.settled.std(dtype=float))
        extremes.append(float(np.ptp(youth.settled)))
        live(country, 100)
        assert youth.settled.mean(dtype=float) == pytest.approx(mean, abs=2e-5)
    assert np.all(np.diff(spreads) < 0)
    assert np.all(np.diff(extremes) < 0)
    assert spreads[-1] < 0.1 * spreads[0]
    w = averaging(country)
    expected = w @ youth.settled.astype(float) * 0.5 + 0.5 * youth.settled
    live(country, 1)
    np.testing.assert_allclose(youth.settled, expected, atol=1e-6)


def test_everyone_moves_at_once():
    """A shock travels one tie a week, whatever the order of the rows."""
    country = with_values(quiet(5000), **{**NO_DRIFT, "peer_pull": 0.5})
    youth, middle = country.youth, country.society.size // 2
    for columns in (youth.settled, youth.attitude, youth.disposition):
        columns[:] = 0
    youth.settled[middle] = youth.attitude[middle] = 1
    live(country, 1)
    assert set(np.flatnonzero(youth.settled)) == {middle, *country.society.ties[middle].tolist()}


def test_own_noise_adds_up_like_independent_steps():
    country = with_values(quiet(500), **{**NO_DRIFT, "noise_sd": 0.02})
    start = country.youth.settled.copy()
    live(country, 1)
    first = country.youth.settled - start
    assert first.std() == pytest.approx(0.02, rel=0.03)
    assert abs(first.mean()) < 4 * 0.02 / np.sqrt(start.size)
    live(country, 24)
    walk = country.youth.settled - start
    assert walk.std() == pytest.approx(0.02 * 5, rel=0.03)
    assert abs(np.corrcoef(first, walk - first)[0, 1]) < 4 / np.sqrt(start.size)


def test_a_sermon_pulls_those_who_attend_to_its_target():
    country = with_values(quiet(500), **{**NO_DRIFT, "sermon_pull": 0.2, "weekly_attendance": 1.0})
    youth, society, people, p = country.youth, country.society, country.imams, country.parameters
    start = youth.settled.astype(float)
    away, abroad = society.imam[np.flatnonzero(society.imam < people.cell.size)[[0, 100]]]
    people.away_until[away] = 1000
    people.training[abroad] = IN_TRAINING
    live(country, 6)
    attends = society.imam < people.cell.size
    silent = ~attends | np.isin(society.imam, [away, abroad])
    assert np.array_equal(youth.settled[silent], start[silent].astype(np.float32))
    imam = society.imam[~silent]
    pull, target = 0.2 * people.credibility[imam], p.sermon_span * (people.stance[imam] - p.sermon_neutral)
    np.testing.assert_allclose(youth.settled[~silent], target + (start[~silent] - target) * (1 - pull) ** 6, atol=2e-5)


def drafted(country) -> tuple[np.ndarray, np.ndarray]:
    """Live a week in which everybody attends; whose sermon was the drafted one, told from how the listeners moved.

    Returns masks of the imams heard as drafted and as their own; listeners on whom both act alike tell nothing.
    """
    youth, people, p, listens_to = country.youth, country.imams, country.parameters, country.society.imam
    start = youth.settled.astype(float)
    live(country, 1)
    rows = np.flatnonzero(listens_to < people.cell.size)
    imam, said, believed = listens_to[rows], people.stance[listens_to[rows]], people.credibility[listens_to[rows]]

    def moves(stance, credibility):
        return p.sermon_pull * credibility * (p.sermon_span * (stance - p.sermon_neutral) - start[rows])

    own, draft = moves(said, believed), moves(said * (1 - p.draft_shift), believed * p.state_brand)
    moved, clear = youth.settled[rows] - start[rows], np.abs(own - draft) > 1e-3
    as_draft, as_own = np.abs(moved - draft) < 1e-5, np.abs(moved - own) < 1e-5
    assert (as_draft | as_own).all(), "every sermon is one or the other"
    heard = np.zeros((2, people.cell.size), bool)
    heard[0, imam[clear & as_draft]] = heard[1, imam[clear & as_own]] = True
    assert not heard.all(axis=0).any(), "all listeners of an imam hear the same sermon"
    return heard[0], heard[1]


def preaching(share: float, where=slice(None)):
    values = {"sermon_pull": 0.2, "weekly_attendance": 1.0, "draft_shift": 0.6, "state_brand": 0.5}
    country = with_values(quiet(500), **{**NO_DRIFT, **values})
    country.levers.reach("drafted_sermons", where, share)
    return country


def test_a_share_of_the_imams_preaches_the_draft_the_same_ones_every_week_and_others_besides_when_it_grows():
    followers = {}
    for share in (0.3, 0.6, 1.0):
        country = preaching(share)
        draft, own = drafted(country)
        alike(draft.sum(), share, draft.sum() + own.sum())
        for _ in range(2):
            later, still_own = drafted(country)
            assert not (draft & still_own).any()
            assert not (own & later).any()
        followers[share] = draft, own
    assert not (followers[0.3][0] & followers[0.6][1]).any(), "who followed goes on when more do"
    assert not followers[1.0][1].any()


def test_sermons_are_drafted_in_the_regions_of_the_lever_alone():
    country = preaching(1.0, where=[2, 4])
    region = country.grid.region[country.imams.cell]
    draft, own = drafted(country)
    assert set(region[draft]) == {2, 4}
    assert set(region[own]) == set(range(len(REGIONS))) - {2, 4}


def test_each_week_a_share_of_those_who_attend_hears_the_sermon():
    country = with_values(quiet(500), **{**NO_DRIFT, "sermon_pull": 0.5, "weekly_attendance": 0.6})
    attends = country.society.imam < country.imams.cell.size
    before = country.youth.settled.copy()
    live(country, 1)
    moved = country.youth.settled != before
    assert not moved[~attends].any()
    alike(moved.sum(), 0.6, attends.sum())


def test_what_is_felt_for_a_time_is_met_but_does_not_settle():
    country = with_values(quiet(5000), **NO_DRIFT)
    country.youth.recent[:] = 0.25
    before = country.youth.settled.copy()
    live(country, 1)
    assert np.array_equal(country.youth.settled, before)
    np.testing.assert_array_equal(country.youth.attitude, before + np.float32(0.25))


def test_grievance_halves_at_its_half_life():
    country = with_values(quiet(5000), **{**NO_DRIFT, "grievance_half_life": 7 * 52})
    country.youth.grievance[::3] = 0.8
    live(country, 52)
    np.testing.assert_allclose(country.youth.grievance[::3], 0.4, rtol=1e-5)
    assert not country.youth.grievance[1::3].any()
    assert country.youth_sums[:, 1].sum() / FIXED == pytest.approx(country.youth.grievance.sum(dtype=float), rel=1e-6)


def test_exclusion_keeps_up_the_grievance_of_those_without_a_livelihood_where_the_state_is_absent():
    values = {**NO_DRIFT, "grievance_half_life": 7.0, "exclusion_grievance": 0.4}
    country, society = with_values(quiet(5000), **values), quiet(5000).society
    country.state_presence[:], country.state_presence[::2] = 0.75, 0.0
    region = country.grid.region[society.cell]
    country.youth.grievance[:] = 0.8
    country.levers.set("grievance_relief", 3, 0.5)
    for _ in range(60):
        attitudes(country)
    excluded = np.where(society.cell % 2 == 0, 0.4, 0.1) * (country.youth.livelihood == 0)
    expected = np.where(region == 3, excluded / 3, excluded)  # half fades, half of that is redressed: g = (g + e) / 4
    np.testing.assert_allclose(country.youth.grievance, expected, rtol=1e-5, atol=1e-9)
    assert (expected[region == 3] > 0).any()


def test_on_the_first_day_exclusion_has_been_there_before():
    country = tiny(5000)
    none = country.youth.livelihood == 0
    expected = country.parameters.exclusion_grievance * (1 - country.state_presence[country.society.cell])
    np.testing.assert_allclose(country.youth.grievance[none], expected[none], rtol=1e-6)
    assert not country.youth.grievance[~none].any()
    before = country.youth.grievance.copy()
    attitudes(country)
    np.testing.assert_allclose(country.youth.grievance, before, rtol=1e-5)


def test_redress_takes_a_share_of_grievance_each_week_where_it_is_given():
    country = with_values(quiet(5000), **{**NO_DRIFT, "grievance_half_life": 7 * 52})
    country.youth.grievance[:] = 0.8
    country.levers.reach("grievance_relief", [1, 5], 0.05)
    country.levers.reach("grievance_relief", 5, 0.05)
    live(country, 26)
    region = country.grid.region[country.society.cell]
    given = {1: 0.95, 5: 0.95**2}
    kept = 0.8 * 0.5**0.5 * np.array([given.get(r, 1.0) ** 26 for r in range(len(REGIONS))])
    np.testing.assert_allclose(country.youth.grievance, kept[region], rtol=1e-5)


def test_sums_for_the_record_are_those_of_the_columns():
    country = quiet(500)
    live(country, 3)
    attitude = country.youth.attitude
    assert country.youth_sums[:, 0].sum() / FIXED == pytest.approx(attitude.sum(dtype=float), abs=1e-3)
    assert country.youth_sums[:, 2].sum() == (attitude > np.float32(country.parameters.strong_support)).sum()
