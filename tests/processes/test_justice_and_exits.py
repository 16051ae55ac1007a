"""Courts, giving up, and generations."""

import numpy as np
import pytest

from sim.population.groups import GONE, NOBODY
from sim.population.youth import CIVILIAN, DETAINED, KILLED, MEMBER, NEVER, RETURNED
from sim.processes.approach import enlist
from sim.processes.exits import exits, follow, leave
from sim.processes.groups import count
from sim.processes.justice import justice
from sim.week import advance
from tests.processes.worlds import alike, fullest, quiet, station, with_values

MANY = 20_000


def detained(country, people=MANY, **columns) -> slice:
    return station(country, fullest(country), people, **{"state": DETAINED, "since": -5, **columns})


# --- courts ----------------------------------------------------------------------------------------------


def test_courts_dismiss_and_convict_with_their_chances():
    country = with_values(quiet(5000), dismissal_chance=0.05, conviction_chance=0.1, ordinary_courts=1.0)
    entries = detained(country)
    justice(country)
    roster, cell = country.roster, fullest(country)
    let_go = roster.state[entries] == RETURNED
    alike(let_go.sum(), 0.05, MANY)
    alike(roster.convicted[entries].sum(), 0.1, MANY)
    assert not (let_go & (roster.convicted[entries] == 1)).any()
    assert country.flow("returned")[cell] == let_go.sum() == country.flow("returned").sum()
    assert set(roster.state[entries]) == {DETAINED, RETURNED}


def test_the_convicted_are_free_after_their_sentence():
    country = with_values(
        quiet(5000), dismissal_chance=0.0, conviction_chance=1.0, ordinary_courts=1.0, sentence_weeks=104
    )
    entries = detained(country, 50)
    justice(country)
    assert country.roster.convicted[entries].all()
    for week in range(1, 110):
        country.week = week
        justice(country)
        free = country.roster.state[entries] == RETURNED
        assert free.all() if week >= 104 else not free.any()


def test_nobody_is_judged_in_the_week_of_the_arrest():
    country = with_values(quiet(5000), dismissal_chance=0.5, conviction_chance=0.5, clearing_chance=1.0)
    detained(country, 100, since=0)
    detained(country, 100, since=0, group=NOBODY)
    justice(country)
    assert (country.roster.state[:200] == DETAINED).all()
    assert not country.roster.convicted[:200].any()


def test_those_wrongly_held_are_cleared_and_back_in_civil_life():
    country = with_values(quiet(500), dismissal_chance=0.0, conviction_chance=0.0, clearing_chance=0.2)
    rows = np.arange(5000)
    country.youth.status[rows] = DETAINED
    entries = detained(country, rows.size, youth=rows, person=(rows * 500).astype(np.uint32), group=NOBODY, persons=500)
    members = detained(country, 100)
    justice(country)
    cleared = country.roster.state[entries] == GONE
    alike(cleared.sum(), 0.2, rows.size)
    assert np.array_equal(country.youth.status[rows] == CIVILIAN, cleared)
    assert np.array_equal(country.youth.status[rows] == DETAINED, ~cleared)
    assert (country.roster.state[members] == DETAINED).all()
    assert not country.flow("returned").any(), "they were never members"
    for week in range(1, 60):
        country.week = week
        justice(country)
    assert (country.youth.status[rows] == CIVILIAN).all()


def wrongly_held(country, rows) -> slice:
    """Hold these youths, who are no members."""
    ppy = country.society.persons_per_youth
    country.youth.status[rows] = DETAINED
    return station(country, fullest(country), rows.size, youth=rows, person=(rows * ppy).astype(np.uint32),
                   group=NOBODY, persons=ppy, state=DETAINED, since=-5)  # fmt: skip


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_special_prosecutors_and_ordinary_courts_go_at_their_own_pace_in_the_cases_they_have(share):
    values = {"dismissal_chance": 0.1, "conviction_chance": 0.2, "ordinary_courts": 0.4}
    country = with_values(quiet(5000), **values)
    country.levers.reach("pole_cases", ..., share)
    entries = detained(country)
    justice(country)
    pace = share + 0.4 * (1 - share)
    alike((country.roster.state[entries] == RETURNED).sum(), 0.1 * pace, MANY)
    alike(country.roster.convicted[entries].sum(), 0.2 * pace, MANY)


@pytest.mark.parametrize("gain", [-0.1, 0.7])
def test_those_wrongly_held_are_cleared_at_another_pace_where_the_pole_has_the_case(gain):
    cleared = []
    for share in (0.0, 0.5, 1.0):
        country = with_values(quiet(500), clearing_chance=0.2, pole_clearing=gain)
        country.levers.reach("pole_cases", ..., share)
        entries = wrongly_held(country, np.arange(8000))
        justice(country)
        cleared.append(country.roster.state[entries] == GONE)
        alike(cleared[-1].sum(), 0.2 * ((1 - share) + share * np.exp(gain)), 8000)
    fewest, half, most = cleared if gain > 0 else cleared[::-1]
    assert not (fewest & ~half).any()
    assert not (half & ~most).any()


def test_what_the_courts_report_is_what_the_roster_shows():
    country = with_values(quiet(500), dismissal_chance=0.1, conviction_chance=0.2, clearing_chance=0.3,
                          ordinary_courts=0.5)  # fmt: skip
    country.levers.reach("pole_cases", ..., 0.4)
    wrongly_held(country, np.arange(300))
    detained(country, 500)
    station(country, 7, 400, group=2, state=DETAINED, since=-5)
    roster = country.roster
    guilty, state = roster.convicted[: roster.size].copy(), roster.state[: roster.size].copy()
    member, cells, seen = roster.group[: roster.size] != NOBODY, len(country.grid), np.zeros(4)
    for _ in range(6):
        country.flows[:] = 0.0
        justice(country)
        new_guilty, new_state = roster.convicted[: roster.size], roster.state[: roster.size]
        free = (state == DETAINED) & (new_state != DETAINED)
        happened = {"convicted": (guilty == 0) & (new_guilty == 1), "dismissed": free & member & (guilty == 0),
                    "cleared": free & ~member, "returned": free & member}  # fmt: skip
        for k, (name, who) in enumerate(happened.items()):
            persons = np.bincount(roster.cell[: roster.size][who], roster.persons[: roster.size][who], cells)
            assert np.array_equal(country.flow(name), persons), name
            seen[k] += persons.sum()
        guilty, state = new_guilty.copy(), new_state.copy()
        country.week += 1
    assert (seen > 100).all()
    assert seen[2] % 500 == 0, "a youth who is cleared stands for so many persons"


def test_the_record_counts_those_held_wrongly_where_they_come_from():
    country = with_values(quiet(500), clearing_chance=0.1)
    wrongly_held(country, np.arange(0, country.society.size, 20))
    detained(country, 500)
    counts = []
    for _ in range(4):
        advance(country)
        roster, expected = country.roster, np.zeros(9)
        held = (roster.state[: roster.size] == DETAINED) & (roster.group[: roster.size] == NOBODY)
        home = country.grid.region[country.society.cell[roster.youth[: roster.size][held]]]
        np.add.at(expected, home, roster.persons[: roster.size][held])
        assert np.array_equal(country.values[country.week - 1, :, country.names["held_wrongly"]], expected)
        counts.append(expected)
    assert (counts[0] > 0).all(), "they come from every region"
    assert counts[-1].sum() < 0.8 * counts[0].sum()


def test_the_killed_and_free_have_no_case():
    country = with_values(quiet(5000), dismissal_chance=1.0, ordinary_courts=1.0, clearing_chance=1.0)
    for state in (MEMBER, KILLED, RETURNED, GONE):
        detained(country, 10, state=state)
    before = country.roster.state[:40].copy()
    justice(country)
    assert np.array_equal(country.roster.state[:40], before)


# --- giving up -------------------------------------------------------------------------------------------


def test_members_give_up_with_their_chance():
    country = with_values(quiet(5000), give_up_chance=0.03)
    entries = station(country, fullest(country), MANY)
    held = detained(country, 1000)
    exits(country)
    left = country.roster.state[entries] == RETURNED
    alike(left.sum(), 0.03, MANY)
    assert country.flow("returned").sum() == left.sum()
    assert (country.roster.since[entries][left] == 0).all()
    assert (country.roster.state[held] == DETAINED).all()


@pytest.mark.parametrize("factor", [0.0, 0.5, 3.0])
def test_the_lever_on_giving_up_multiplies_its_chance_where_it_is_moved(factor):
    left = []
    for moved in (1.0, factor):
        country = with_values(quiet(5000), give_up_chance=0.03)
        here, there = station(country, fullest(country), MANY), station(country, 7, MANY)
        country.levers.keep("giving_up", fullest(country), moved)
        exits(country)
        left.append([country.roster.state[entries] == RETURNED for entries in (here, there)])
    alike(left[1][0].sum(), 0.03 * factor, MANY)
    fewer, more = sorted((left[0][0], left[1][0]), key=np.sum)
    assert not (fewer & ~more).any(), "nobody else's luck moves"
    assert np.array_equal(left[0][1], left[1][1])


def test_who_comes_back_keeps_a_raised_disposition_and_is_a_member_no_more():
    country = with_values(quiet(500), give_up_chance=1.0, returned_disposition=0.4)
    turning = country.society.turns_36
    row = np.flatnonzero(turning > 100)[:3]
    enlist(country, row, np.zeros(3, np.int8))
    count(country)
    settled, own = country.youth.settled[row].copy(), country.youth.disposition[row].copy()
    exits(country)
    np.testing.assert_allclose(country.youth.settled[row], settled + 0.4, atol=1e-4)
    assert np.array_equal(country.youth.disposition[row], own)
    assert (country.youth.status[row] == RETURNED).all()
    assert country.links.sum() == country.youth.member_ties.sum() == 0


def test_half_of_those_a_youth_stands_for_raise_it_by_half():
    country = with_values(quiet(500), returned_disposition=0.4, dismissal_chance=1.0, ordinary_courts=1.0)
    row = np.array([int(np.flatnonzero(country.society.turns_36 > 100)[0])])
    enlist(country, row, np.zeros(1, np.int8))
    settled = float(country.youth.settled[row[0]])
    leave(country, np.arange(100))
    assert country.youth.settled[row[0]] == pytest.approx(settled + 0.4 / 5, abs=1e-4)
    assert country.youth.status[row[0]] == MEMBER
    country.roster.state[100:250], country.roster.since[100:250] = DETAINED, -5
    justice(country)
    assert country.youth.settled[row[0]] == pytest.approx(settled + 0.4 / 2, abs=1e-4)


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ((MEMBER, KILLED), MEMBER),
        ((DETAINED, RETURNED, KILLED), DETAINED),
        ((KILLED, RETURNED), RETURNED),
        ((KILLED,), KILLED),
    ],
)
def test_a_youth_is_what_the_first_of_its_persons_is(states, status):
    country = quiet(500)
    rows = np.array([40])
    enlist(country, rows, np.zeros(1, np.int8))
    country.roster.state[:500] = np.resize(states, 500)
    follow(country, rows)
    assert country.youth.status[40] == status
    assert country.links.sum() == (8 if status == MEMBER else 0)


# --- generations -----------------------------------------------------------------------------------------


def test_who_turns_36_leaves_the_roster_and_makes_room():
    country = with_values(quiet(500), give_up_chance=0.0)
    society, youth = country.society, country.youth
    turning = np.flatnonzero(society.turns_36 == 0)
    assert turning.size >= 3
    rows = turning[:3]
    enlist(country, rows, np.zeros(3, np.int8))
    roster = country.roster
    roster.state[500:1000], roster.state[1000:1500] = DETAINED, KILLED
    youth.status[rows] = MEMBER, DETAINED, KILLED
    member = youth.status == MEMBER
    youth.member_ties[:] = member[society.ties].sum(axis=1)
    country.links[:] = np.bincount(society.cell, youth.member_ties, 1713)
    youth.grievance[turning], youth.clips[turning], youth.contact_tie[turning] = 0.5, 0.1, 2
    youth.reason[rows] = 1, 2, 3
    youth.refused_until[turning] = youth.abuse_week[turning] = 50
    others = np.setdiff1d(np.arange(society.size), turning)
    kept = youth.copy()
    exits(country)
    assert (roster.state[:1500] == GONE).all()
    assert (roster.youth[:1500] == NOBODY).all()
    assert country.flow("returned").sum() == 500, "of those who leave only members come back to civil life"
    assert (youth.status[turning] == CIVILIAN).all()
    assert country.links.sum() == youth.member_ties.sum() == 0
    fresh_values = {
        "grievance": 0,
        "clips": 0,
        "contact_tie": 0,
        "reason": 0,
        "contact_group": -1,
        "refused_until": NEVER,
        "abuse_week": NEVER,
    }
    for name, fresh in fresh_values.items():
        assert (getattr(youth, name)[turning] == fresh).all(), name
    for name in ("disposition", "settled", "livelihood", "channels"):
        assert np.array_equal(getattr(youth, name)[others], getattr(kept, name)[others])
    assert (youth.disposition[turning] != kept.disposition[turning]).all()


def test_newcomers_differ_from_week_to_week_and_not_from_run_to_run():
    a, b = quiet(500), quiet(500, seed=2)
    for country in (a, b):
        for _ in range(3):
            exits(country)
            country.week += 1
    assert np.array_equal(a.youth.disposition, b.youth.disposition), "who is born hangs on the world seed alone"
    moved = a.youth.disposition != a.society.newborn.disposition
    assert moved.sum() == (a.society.turns_36 < 3).sum()


def test_a_share_of_the_newcomers_of_a_region_has_been_to_school_a_year_longer():
    after = {}
    for share in (0.0, 0.4, 0.7):
        country = quiet(50)
        if share:
            country.levers.reach("extra_schooling", [1, 3], share)
        for _ in range(12):
            exits(country)
            country.week += 1
        after[share] = country.youth.schooling.astype(int)
    region = country.grid.region[country.society.cell]
    new = (country.society.turns_36 < 12) & np.isin(region, [1, 3])
    some, more = after[0.4] - after[0.0], after[0.7] - after[0.0]
    assert set(some[new]) == {0, 1}
    alike(some[new].sum(), 0.4, new.sum())
    alike(more[new].sum(), 0.7, new.sum())
    assert (more >= some).all(), "a larger share adds others"
    assert not some[~new].any()
    assert new.sum() > 200
