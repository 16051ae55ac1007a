"""Courts, giving up, and generations."""

import numpy as np
import pytest
from worlds import alike, fullest, quiet, station, with_values

from sim.population.groups import GONE, NOBODY
from sim.population.youth import CIVILIAN, DETAINED, KILLED, MEMBER, NEVER, RETURNED
from sim.processes.approach import enlist
from sim.processes.exits import exits, follow, leave
from sim.processes.groups import count
from sim.processes.justice import justice

MANY = 20_000


def detained(country, people=MANY, **columns) -> slice:
    return station(country, fullest(country), people, **{"state": DETAINED, "since": -5, **columns})


# --- courts ----------------------------------------------------------------------------------------------


def test_courts_dismiss_and_convict_with_their_chances():
    country = with_values(quiet(5000), dismissal_chance=0.05, conviction_chance=0.1)
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
    country = with_values(quiet(5000), dismissal_chance=0.0, conviction_chance=1.0, sentence_weeks=104)
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


def test_the_killed_and_free_have_no_case():
    country = with_values(quiet(5000), dismissal_chance=1.0, clearing_chance=1.0)
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
    country = with_values(quiet(500), returned_disposition=0.4, dismissal_chance=1.0)
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
