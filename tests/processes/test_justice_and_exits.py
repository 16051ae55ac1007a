"""Courts, giving up, and generations."""

from dataclasses import replace

import numpy as np
import pytest

from sim.population.groups import FOREIGN, GONE, NOBODY
from sim.population.persons import Persons, behind
from sim.population.youth import APPROACHED, CIVILIAN, DETAINED, KILLED, MEMBER, NEVER, RETURNED
from sim.processes.approach import approach, enlist
from sim.processes.exits import exits, follow, leave
from sim.processes.justice import justice
from sim.processes.record import census
from sim.week import advance
from tests.processes.worlds import alike, fullest, met, quiet, station, with_values

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


def wrongly_held(country, persons) -> slice:
    """Hold these persons, who are no members."""
    country.persons.status[persons] = DETAINED
    return station(country, fullest(country), persons.size, youth=persons // country.society.persons_per_youth,
                   person=persons.astype(np.uint32), group=NOBODY, state=DETAINED, since=-5)  # fmt: skip


def test_those_wrongly_held_are_cleared_and_back_in_civil_life():
    country = with_values(quiet(500), dismissal_chance=0.0, conviction_chance=0.0, clearing_chance=0.2)
    persons, status = np.arange(0, 50_000, 10), country.persons.status
    entries = wrongly_held(country, persons)
    members = detained(country, 100)
    justice(country)
    cleared = country.roster.state[entries] == GONE
    alike(cleared.sum(), 0.2, persons.size)
    assert np.array_equal(status[persons] == CIVILIAN, cleared)
    assert np.array_equal(status[persons] == DETAINED, ~cleared)
    assert (status == DETAINED).sum() == (~cleared).sum(), "nobody else behind their youths is held"
    assert (country.roster.state[members] == DETAINED).all()
    assert not country.flow("returned").any(), "they were never members"
    for week in range(1, 60):
        country.week = week
        justice(country)
    assert (status[persons] == CIVILIAN).all()


def test_who_was_cleared_may_join_and_is_followed_anew():
    country = with_values(quiet(500), clearing_chance=1.0, give_up_chance=1.0)
    persons = np.arange(50)
    wrongly_held(country, persons)
    justice(country)
    enlist(country, persons[:20], np.zeros(20, np.int8))
    people, _, held = census(country)
    assert people.sum() == country.society.persons
    assert people[:, MEMBER].sum() == 20
    assert held.sum() == 0
    exits(country)
    assert (country.persons.status[persons[:20]] == RETURNED).all()
    assert (country.persons.status[persons[20:]] == CIVILIAN).all()


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
        entries = wrongly_held(country, np.arange(0, 80_000, 10))
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
    wrongly_held(country, np.arange(0, 30_000, 100))
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
            persons = np.bincount(roster.cell[: roster.size][who], minlength=cells)
            assert np.array_equal(country.flow(name), persons), name
            seen[k] += persons.sum()
        guilty, state = new_guilty.copy(), new_state.copy()
        country.week += 1
    assert (seen > 100).all()


def test_the_record_counts_those_held_wrongly_where_they_come_from():
    country = with_values(quiet(500), clearing_chance=0.1)
    wrongly_held(country, np.arange(0, country.society.persons, 10_007))
    detained(country, 500)
    counts = []
    for _ in range(4):
        advance(country)
        roster, expected = country.roster, np.zeros(9)
        held = (roster.state[: roster.size] == DETAINED) & (roster.group[: roster.size] == NOBODY)
        home = country.grid.region[country.society.cell[roster.youth[: roster.size][held]]]
        np.add.at(expected, home, 1.0)
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


def test_who_comes_back_raises_the_disposition_of_their_youth_by_their_share():
    values = {"give_up_chance": 1.0, "returned_disposition": 0.4, "dismissal_chance": 1.0, "ordinary_courts": 1.0}
    country = with_values(quiet(500), **values)
    youth = int(np.flatnonzero(country.society.turns_36 > 100)[0])
    persons = youth * 500 + np.arange(250)
    enlist(country, persons, np.zeros(250, np.int8))
    settled, own = float(country.youth.settled[youth]), country.youth.disposition.copy()
    leave(country, np.arange(100))
    assert country.youth.settled[youth] == pytest.approx(settled + 0.4 / 5, abs=1e-4)
    assert (country.persons.status[persons] == np.repeat([RETURNED, MEMBER], [100, 150])).all()
    country.roster.state[100:250], country.roster.since[100:250] = DETAINED, -5
    justice(country)
    assert country.youth.settled[youth] == pytest.approx(settled + 0.4 / 2, abs=1e-4)
    assert (country.persons.status[persons] == RETURNED).all()
    assert np.array_equal(country.youth.disposition, own)
    exits(country)
    assert country.youth.settled[youth] == pytest.approx(settled + 0.4 / 2, abs=1e-4), "nobody comes back twice"


@pytest.mark.parametrize("ppy", [1, 100])
def test_persons_are_what_their_entries_say_and_others_stay_as_they_are(ppy):
    country = quiet(100)
    if ppy == 1:  # the same youths, each of them a single person
        country.society = replace(country.society, persons_per_youth=1)
        country.persons = Persons.untouched(country.society.persons)
    persons = np.arange(4000, 4000 + 2 * ppy)
    enlist(country, persons, np.zeros(persons.size, np.int8))
    before = country.persons.copy()
    roster, entries = country.roster, np.arange(0, persons.size, 2)
    roster.state[entries] = np.resize([DETAINED, KILLED, RETURNED], entries.size)
    follow(country, entries)
    assert np.array_equal(country.persons.status[persons[::2]], roster.state[entries])
    untouched = np.ones(country.society.persons, bool)
    untouched[persons[::2]] = False
    assert np.array_equal(country.persons.status[untouched], before.status[untouched])
    assert not country.youth.silent.any()


@pytest.mark.parametrize("ppy", [1, 20])
def test_a_youth_is_silent_from_the_death_of_its_last_person_on(ppy):
    country = quiet(100)
    country.society = replace(country.society, persons_per_youth=ppy)
    country.persons = Persons.untouched(country.society.persons)
    youths = np.array([40, 41, 42])
    persons = behind(youths, ppy)
    enlist(country, persons, np.zeros(persons.size, np.int8))
    station(country, 5, 1, person=np.uint32(FOREIGN), state=KILLED)
    order = np.random.default_rng(1).permutation(persons.size)
    for entry in order.tolist():
        country.roster.state[entry] = KILLED
        follow(country, np.array([entry, persons.size]))
        dead = (country.persons.status == KILLED).reshape(-1, ppy).all(axis=1)
        assert np.array_equal(country.youth.silent, dead)
    assert np.flatnonzero(country.youth.silent).tolist() == youths.tolist()


# --- generations -----------------------------------------------------------------------------------------


def test_who_turns_36_leaves_the_roster_and_makes_room():
    country = with_values(quiet(500), give_up_chance=0.0, refusal_weeks=60)
    society, youth, people, roster = country.society, country.youth, country.persons, country.roster
    turning = np.flatnonzero(society.turns_36 == 0)
    assert turning.size >= 3
    old = turning[0] * 500 + np.arange(500)
    stays = np.flatnonzero(society.turns_36 > 0)[:3] * 500
    enlist(country, np.append(old[:300], stays), np.zeros(303, np.int8))
    for state, few in ((DETAINED, slice(100, 150)), (KILLED, slice(150, 200)), (RETURNED, slice(200, 300))):
        roster.state[few] = state
        follow(country, np.arange(few.start, few.stop))
    abroad = station(country, 7, 40)
    people.status[old[300:310]] = DETAINED
    wrongly = station(country, 7, 10, youth=turning[0], person=old[300:310].astype(np.uint32), group=NOBODY,
                      state=DETAINED)  # fmt: skip
    met(country, np.append(old[310:400], stays + 1))
    people.refused_until[old[400:]], people.reason[old[:300]], people.contact_tie[old[:400]] = 50, 3, 2
    youth.silent[turning[1]] = 1
    youth.grievance[turning], youth.clips[turning], youth.abuse_week[turning] = 0.5, 0.1, 50
    kept, known = youth.copy(), people.copy()
    exits(country)
    assert (roster.state[:300] == GONE).all()
    assert (roster.youth[:300] == NOBODY).all()
    assert (roster.state[wrongly] == GONE).all()
    assert (roster.state[300:303] == MEMBER).all()
    assert (roster.state[abroad] == MEMBER).all()
    assert country.flow("returned").sum() == 100, "of those who leave only members come back to civil life"
    theirs = behind(turning, 500)
    fresh = Persons.untouched(theirs.size)
    others = np.setdiff1d(np.arange(society.size), turning)
    for name in ("status", "contact_group", "contact_tie", "contact_week", "refused_until", "reason"):
        column, before = getattr(people, name), getattr(known, name)
        assert np.array_equal(column[theirs], getattr(fresh, name)), name
        assert np.array_equal(column.reshape(-1, 500)[others], before.reshape(-1, 500)[others]), name
    for name in ("grievance", "clips", "silent"):
        assert not getattr(youth, name)[turning].any(), name
    assert (youth.abuse_week[turning] == NEVER).all()
    for name in ("disposition", "settled", "livelihood", "channels"):
        assert np.array_equal(getattr(youth, name)[others], getattr(kept, name)[others])
    assert (youth.disposition[turning] != kept.disposition[turning]).all()
    counted, _, _ = census(country)
    assert counted[:, APPROACHED].sum() == 3, "those in contact who turned 36 are in contact no more"
    approach(country)
    assert np.isin(people.in_contact, stays + 1).all()
    assert (people.refused_until[theirs] == NEVER).all(), "a newcomer does not refuse for another"


def test_newcomers_differ_from_week_to_week_and_not_from_run_to_run():
    a, b = quiet(500), quiet(500)
    b.seed = np.uint64(2)
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
