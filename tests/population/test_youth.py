"""Who the youths are and whom they know."""

from datetime import date
from functools import cache

import numpy as np
import pytest

from sim.parameters import Parameters
from sim.population.imams import first_imams
from sim.population.youth import CHUNK, CIVILIAN, KIN_TIES, TIES, Society, acquaint, settle
from sim.scenario import Scenario
from sim.week import advance, begin, finished
from sim.world.facts import languages, media, schooling
from sim.world.grid import world_grid

GRID, P = world_grid(), Parameters.default()


@cache
def society(ppy: int = 50, world_seed: int = 1) -> Society:
    return settle(GRID, P, ppy, world_seed, first_imams(GRID, P))


def shares(of: np.ndarray, where: np.ndarray, count: int) -> np.ndarray:
    return np.bincount(of[where], minlength=count) / where.sum()


def within_sampling_error(found, expected, people):
    """Shares found among so many people agree with those expected, to 4.5 standard errors (1 in 150,000)."""
    error = np.sqrt(np.maximum(expected * (1 - expected), 1 / people) / people)
    np.testing.assert_array_less(np.abs(found - expected), 4.5 * error + 1e-9)


# --- how many, where -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ppy", [50, 500, 5000])
def test_youths_per_cell_match_the_population(ppy):
    first = society(ppy).first
    people = GRID.population * P.share_15_35 / ppy
    assert np.abs(np.diff(first) - people).max() <= 1.0
    assert np.abs(first[1:] - np.cumsum(people)).max() <= 0.5 + 1e-6, "rounding never adds up over cells"
    assert np.array_equal(society(ppy).cell, np.repeat(np.arange(len(GRID)), np.diff(first)))


def test_chunks_and_blocks_cover_every_row_once_and_stay_in_one_place():
    s = society(50)
    for pieces, place in ((s.chunks, s.cell), (s.blocks, GRID.region[s.cell])):
        assert pieces[0, 1] == 0
        assert pieces[-1, 2] == s.size
        assert np.array_equal(pieces[1:, 1], pieces[:-1, 2])
        assert (pieces[:, 2] - pieces[:, 1]).max() <= CHUNK
        for of, start, stop in pieces:
            assert (place[start:stop] == of).all()


# --- ties ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [8, 9, 1000, 1001])
def test_ties_are_known_both_ways_equally_often(size):
    ties = acquaint(size, np.uint64(3), 20.0)
    assert ties.shape == (size, TIES)
    knows = np.zeros((size, size), int)
    np.add.at(knows, (np.arange(size)[:, None], ties), 1)
    assert np.array_equal(knows, knows.T)
    assert np.diag(knows).sum() <= 2 * (size % 2), "only the odd one out has themselves for company"


def test_ties_of_a_whole_society_are_symmetric():
    s = society(500)
    rows = np.repeat(np.arange(s.size), TIES)
    there = np.stack([rows, s.ties.ravel().astype(np.int64)], axis=1)
    back = there[:, ::-1]
    assert np.array_equal(there[np.lexsort(there.T)], back[np.lexsort(back.T)])


def test_kin_live_next_door():
    s = society(50)
    rows = np.arange(s.size)
    kin = s.ties[:, KIN_TIES].astype(np.int64)
    assert np.array_equal(np.sort((kin - rows[:, None]) % s.size, axis=1), np.tile([1, s.size - 1], (s.size, 1)))


def test_most_ties_are_in_the_cell_and_some_are_far_away():
    s = society(50)
    same = (s.cell[s.ties] == s.cell[:, None]).mean(axis=0)
    assert same[:6].min() > 0.95, "neighbours"
    assert 0.75 < same.mean() < 0.95
    other_region = GRID.region[s.cell[s.ties]] != GRID.region[s.cell][:, None]
    assert 0.005 < other_region.mean() < 0.1
    away = np.abs(s.ties[:, 6:].astype(np.int64) - np.arange(s.size)[:, None]) * 50
    # Two walks of a Cauchy law of this scale, one each, lie apart by a Cauchy of twice the scale: that is the median.
    assert np.median(away) == pytest.approx(2 * P.friend_reach, rel=0.1)


def test_the_world_is_small():
    """Few steps lead to anyone, as in no row of neighbours."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import shortest_path

    s = society(2000)
    graph = csr_array((np.ones(s.ties.size), (np.repeat(np.arange(s.size), TIES), s.ties.ravel())), (s.size,) * 2)
    steps = shortest_path(graph, unweighted=True, indices=np.arange(0, s.size, 97))
    assert np.isfinite(steps).all()
    assert steps.mean() < 12, "along the row alone it would be a twelfth of everybody"


def test_the_world_seed_decides_who_lives_where_and_nothing_else_does():
    a, b, c = settle(GRID, P, 2000, 1, first_imams(GRID, P)), society(2000), society(2000, 2)
    for name in ("ties", "imam", "language", "turns_36", "town"):
        assert np.array_equal(getattr(a, name), getattr(b, name))
        assert not np.array_equal(getattr(a, name), getattr(c, name))
    assert np.array_equal(a.newborn.disposition, b.newborn.disposition)
    assert not np.array_equal(a.newborn.disposition, c.newborn.disposition)
    assert np.array_equal(a.first, c.first)


# --- what they are like ----------------------------------------------------------------------------------


def test_languages_match_the_table():
    names, table = languages()
    s = society()
    for r in range(9):
        here = GRID.region[s.cell] == r
        within_sampling_error(shares(s.language, here, len(names)), table[r], here.sum())


def test_townspeople_match_the_grid():
    s = society()
    within_sampling_error(s.town.mean(), np.average(GRID.urban_share, weights=np.diff(s.first)), s.size)
    sure = GRID.urban_share[s.cell] == 0
    assert not s.town[sure].any()


@pytest.mark.parametrize("channel", range(4))
def test_channels_match_the_table(channel):
    s, (_, table) = society(), media()
    uses = s.newborn.channels >> channel & 1
    for r in range(9):
        for town in (0, 1):
            here = (GRID.region[s.cell] == r) & (s.town == town)
            if here.sum() > 200:
                # Youths of a village share some of their outlook, and so their taste: wider than independent draws.
                found, expected = uses[here].mean(), table[r, town, channel]
                assert abs(found - expected) < 4.5 * np.sqrt(3 * expected * (1 - expected) / here.sum()) + 0.002


def test_livelihoods_match_the_table():
    s, table = society(), schooling().livelihood
    for r in range(9):
        for town in (0, 1):
            here = (GRID.region[s.cell] == r) & (s.town == town)
            if here.any():
                within_sampling_error(shares(s.newborn.livelihood, here, 3), table[r, town], here.sum())


def test_schooling_matches_the_table():
    s, table = society(), schooling()
    years = s.newborn.schooling
    for r in range(9):
        here = GRID.region[s.cell] == r
        within_sampling_error((years[here] == 0).mean(), table.no_schooling[r], here.sum())
        assert years[here].mean() == pytest.approx(
            table.mean_years[r], abs=5 * years[here].std() / np.sqrt(here.sum()) + 0.02
        )


def test_sex_and_religious_schooling_match_the_parameters():
    y = society().newborn
    within_sampling_error(y.woman.mean(), P.women_share, y.woman.size)
    within_sampling_error((y.religious_schooling >= 6).mean(), P.religious_schooling_share, y.woman.size)
    within_sampling_error((y.religious_schooling == 0).mean(), 1 - 2 * P.religious_schooling_share, y.woman.size)
    assert y.religious_schooling.max() == 9


def test_dispositions_are_normal_and_shared_within_villages():
    s = society()
    d = s.newborn.disposition.astype(np.float64) / s.spread
    assert d.mean() == pytest.approx(0, abs=0.03)
    assert d.std() == pytest.approx(1, abs=0.02)
    village = np.arange(s.size) * 50 // int(P.village_persons)
    per = int(P.village_persons) // 50
    whole = d[: s.size // per * per].reshape(-1, per)
    assert np.array_equal(
        village[: whole.size].reshape(-1, per).min(axis=1), village[: whole.size].reshape(-1, per).max(axis=1)
    )
    between = whole.mean(axis=1).var() - whole.var(axis=1, ddof=1).mean() / per
    assert between == pytest.approx(P.village_share, abs=0.02)


def test_those_who_follow_the_media_are_less_at_risk():
    y = society().newborn
    tv = (y.channels >> 1 & 1).astype(bool)
    assert y.disposition[tv].mean() < y.disposition[~tv].mean() - 0.1


def test_attitudes_start_in_balance_and_in_their_own_standard_deviation():
    s = society()
    y, share = s.newborn, P.peer_pull / (P.peer_pull + P.own_pull)
    peers = y.settled[s.ties].mean(axis=1)
    np.testing.assert_allclose(y.settled, share * peers + (1 - share) * y.disposition, atol=2e-5)
    assert y.settled.std(dtype=np.float64) == pytest.approx(1, abs=1e-5)
    assert s.spread > 1, "peers draw people together, so own minds differ more than attitudes"
    assert np.array_equal(y.attitude, y.settled)


def test_attendance_and_the_mosque_of_ones_own_cell():
    s, first = society(), first_imams(GRID, P)
    attends = s.imam < first[-1]
    some = np.diff(first)[s.cell] > 0
    within_sampling_error(attends[some].mean(), P.mosque_attendance, some.sum())
    assert not attends[~some].any()
    cell_of_imam = np.repeat(np.arange(len(GRID)), np.diff(first))
    assert np.array_equal(cell_of_imam[s.imam[attends]], s.cell[attends])


# --- ages ------------------------------------------------------------------------------------------------


def test_ages_fall_off_with_the_growth_of_the_population():
    from scipy import stats

    s = society()
    weeks = 365.2425 / 7
    left = s.turns_36 / weeks
    assert left.min() >= 0
    assert left.max() <= 21
    g = P.population_growth
    cdf = lambda y: (np.exp(g * np.clip(y, 0, 21)) - 1) / (np.exp(g * 21) - 1)  # noqa: E731  (many are far from 36)
    assert stats.kstest(left + 0.5 / weeks, cdf).statistic < 0.006
    assert np.array_equal(np.sort(s.by_turning), np.arange(s.size))
    for week in (0, 1, 200):
        rows = s.by_turning[s.turning_first[week] : s.turning_first[week + 1]]
        assert np.array_equal(np.sort(rows), np.flatnonzero(s.turns_36 == week))


def test_newcomers_of_15_replace_those_who_turn_36():
    scenario = Scenario.of(
        {"name": "ages", "persons_per_youth": 500, "start": date(2012, 1, 2), "end": date(2013, 1, 7)}
    )
    country = begin(scenario, 1)
    before, old = country.youth.disposition.copy(), country.youth.copy()
    turning = np.zeros(before.size, bool)
    while not finished(country):
        now = country.society.turns_36 == country.week
        advance(country)
        turning |= now
        assert (country.youth.grievance[now] == 0).all()
        assert (country.youth.settled[now] == country.youth.disposition[now]).all()
        assert (country.youth.attitude[now] == country.youth.disposition[now]).all()
        assert (country.persons.status.reshape(-1, 500)[now] == CIVILIAN).all()
    new = country.youth.disposition != before
    assert np.array_equal(new, turning), "nobody else becomes another person"
    g = P.population_growth
    a_year = (np.exp(g) - 1) / (np.exp(g * 21) - 1)
    assert turning.mean() == pytest.approx(a_year, abs=4 * np.sqrt(a_year / turning.size))
    for name in ("woman", "schooling", "livelihood"):
        assert np.array_equal(getattr(country.youth, name)[~turning], getattr(old, name)[~turning])
    assert 0.3 < (country.youth.woman[turning] != old.woman[turning]).mean() < 0.7, "sex is drawn anew"


def test_a_society_is_shared_by_runs_that_differ_in_what_it_does_not_hang_on():
    def begun(**parameters):
        return begin(Scenario.of({"name": "society", "persons_per_youth": 5000, "parameters": parameters}), 1).society

    first = begun()
    assert begun(h0=0.01) is first
    assert begun(peer_pull=0.03) is not first
