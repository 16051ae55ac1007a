"""Leaders of groups: who they are, who takes over, and what follows when one falls."""

import numpy as np
import pytest

from sim.population.youth import DETAINED, KILLED, MEMBER, RETURNED
from sim.processes.approach import pressure
from sim.processes.exits import exits
from sim.processes.groups import groups
from sim.processes.leaders import leaders, shaken
from tests.processes.worlds import alike, day, fullest, quiet, station, tiny, with_values


def led(members=4, **values):
    """A country in which the first group has members who came one week after the other, in the week of the last."""
    country = with_values(quiet(5000), **values)
    cell = fullest(country)
    for week in range(members):
        country.week = week
        station(country, cell, 1)
    leaders(country)
    return country, cell


def in_lead(country) -> list[int]:
    """The entries of the roster of those who lead."""
    return np.flatnonzero(country.roster.leader[: country.roster.size]).tolist()


def test_every_group_there_is_has_one_leader_from_the_first_day_and_nobody_else_has():
    country = tiny(500)
    roster = country.roster
    groups_led = roster.group[in_lead(country)]
    there = np.flatnonzero(country.members.sum(axis=1))
    assert np.array_equal(np.sort(groups_led), there)
    assert (roster.state[in_lead(country)] == MEMBER).all()


@pytest.mark.parametrize("state", [KILLED, DETAINED, RETURNED])
def test_the_member_who_has_been_there_longest_takes_over(state):
    country, cell = led()
    assert in_lead(country) == [0]
    leaders(country)
    assert in_lead(country) == [0]
    assert not country.flow("leaders_lost").any()
    country.roster.state[0] = state
    country.roster.state[1] = RETURNED
    leaders(country)
    assert in_lead(country) == [2]
    lost = state != RETURNED
    assert country.flow("leaders_lost")[cell] == country.flow("leaders_lost").sum() == lost
    assert (country.fell[0] == country.week + 1) == lost
    assert (country.fell[1:] < 0).all()
    country.week += 1
    country.roster.state[0] = DETAINED  # a fallen leader falls only once
    leaders(country)
    assert country.flow("leaders_lost").sum() == lost


def test_among_those_of_the_same_week_luck_decides():
    first = []
    for seed in range(1, 9):
        country = quiet(5000, seed=seed)
        station(country, fullest(country), 50)
        leaders(country)
        first += in_lead(country)
    assert len(first) == 8
    assert len(set(first)) > 4


def test_the_loss_is_felt_from_the_next_week_for_so_many_weeks():
    country, _ = led(leader_weeks=3)
    country.roster.state[0] = KILLED
    leaders(country)
    now, felt = country.week, []
    for week in range(now, now + 6):
        country.week = week
        felt.append(shaken(country, 0.7)[0])
        assert (shaken(country, 0.7)[1:] == 1.0).all()
    assert felt == pytest.approx([1, np.exp(0.7), np.exp(0.7), np.exp(0.7), 1, 1])


def test_recruiters_without_their_leader_make_other_numbers_of_approaches():
    country, cell = led(leader_approaches=-0.5, tie_share=0.0)
    station(country, cell, 10, recruiter=1)
    station(country, cell, 10, group=1, recruiter=1)
    before = pressure(country).recruiters
    country.fell[0] = country.week
    after = pressure(country).recruiters
    assert after[0, cell] == pytest.approx(np.exp(-0.5) * before[0, cell])
    assert after[1, cell] == before[1, cell] > 0


@pytest.mark.parametrize("effect", [1.2, 0.0, -1.2])
def test_members_without_their_leader_give_up_at_another_rate(effect):
    country, cell = led(leader_exits=effect, give_up_chance=0.05)
    for group in (0, 1):
        station(country, cell, 5000, group=group)
    country.fell[0] = country.week
    exits(country)
    gone = country.roster.state[: country.roster.size] == RETURNED
    group = country.roster.group[: country.roster.size]
    alike(gone[group == 0].sum(), 0.05 * np.exp(effect), (group == 0).sum())
    alike(gone[group == 1].sum(), 0.05, 5000)


def test_after_a_merger_one_leads():
    country = tiny(500, start=day("2013-08-12"), end=day("2013-09-30"))
    keys, roster = country.groups.keys, country.roster
    mujao, heir = keys.index("mujao"), keys.index("mourabitoun")
    old = [e for e in in_lead(country) if roster.group[e] == mujao]
    assert len(old) == 1
    for _ in range(3):
        groups(country)
        leaders(country)
        country.week += 1
    assert sum(roster.group[e] == heir for e in in_lead(country)) == 1
    assert not country.flow("leaders_lost").any(), "nobody fell"
