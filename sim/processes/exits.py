"""Ways out: members give up, and youths who turn 36 make room for new ones of 15.

A member gives up with a small weekly chance, which support of the family or an amnesty may raise, and which changes for
a time when the group loses its leader. Those who leave keep a raised disposition for a time (it falls back to their own
at the pace of `own_pull`) and are not approached again. A
youth who turns 36 is no longer followed: the row passes to a youth who turns 15, and the persons of the row who were
members or held leave the roster.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine.kernels import loop
from sim.engine.luck import decision, lucks, uniform, words
from sim.population.groups import GONE, NOBODY
from sim.population.persons import behind
from sim.population.youth import KILLED, MEMBER, NEVER, RETURNED, born
from sim.processes.leaders import shaken

GIVES_UP = decision("a member gives up")
STAYS_AT_SCHOOL = decision("a youth has been to school a year longer, by reform")


@loop
def _give_up(seed, week, chance, shaken, roster, out):
    found = 0
    for e in range(roster.person.size):
        if roster.state[e] == MEMBER:
            drawn = words(GIVES_UP, seed, week, roster.person[e], 0)
            if uniform(drawn[0]) < chance[roster.cell[e]] * shaken[roster.group[e]]:
                out[found] = e
                found += 1
    return found


def exits(country: Country) -> None:
    """Let members give up, and let new youths replace those who turn 36."""
    out = np.empty(country.roster.size, np.int64)
    chance = country.parameters.give_up_chance * country.levers.giving_up
    after_leaders = shaken(country, country.parameters.leader_exits)
    count = _give_up(country.seed, country.week, chance, after_leaders, country.roster.entries(), out)
    if count:
        leave(country, out[:count])
    _turn_over(country)


def leave(country: Country, entries: np.ndarray) -> None:
    """Return the members in these entries of the roster to civilian life."""
    roster, youth = country.roster, country.youth
    roster.state[entries] = RETURNED
    roster.since[entries] = country.week
    np.add.at(country.flow("returned"), roster.cell[entries], 1.0)
    rows = roster.youth[entries]
    raised = country.parameters.returned_disposition / country.society.persons_per_youth  # one person of the youth
    np.add.at(youth.settled, rows[rows != NOBODY], np.float32(raised))
    follow(country, entries)


def follow(country: Country, entries: np.ndarray) -> None:
    """Give the persons behind these entries of the roster the status they have there."""
    roster, persons, youth, ppy = country.roster, country.persons, country.youth, country.society.persons_per_youth
    from_mali = entries[roster.youth[entries] != NOBODY]
    persons.status[roster.person[from_mali]] = roster.state[from_mali]
    dead = from_mali[roster.state[from_mali] == KILLED]
    for row in set(roster.youth[dead].tolist()):
        youth.silent[row] = (persons.status[row * ppy : (row + 1) * ppy] == KILLED).all()


def _turn_over(country: Country) -> None:
    """Replace the youths who turn 36 this week."""
    society, youth, roster, week = country.society, country.youth, country.roster, country.week
    low, high = society.turning_first[week], society.turning_first[week + 1]
    rows = np.sort(society.by_turning[low:high]).astype(np.int64)
    if not rows.size:
        return
    turning = np.zeros(society.size, bool)
    turning[rows] = True
    entries = np.flatnonzero(roster.youth[: roster.size] != NOBODY)
    entries = entries[turning[roster.youth[entries]]]
    entries = entries[country.persons.status[roster.person[entries]] >= MEMBER]
    aged = entries[roster.state[entries] == MEMBER]
    np.add.at(country.flow("returned"), roster.cell[aged], 1.0)
    roster.state[entries] = GONE
    roster.youth[entries] = NOBODY
    country.persons.born(behind(rows, society.persons_per_youth))
    born(rows, week + 1, society.spread, society.home, youth)
    if country.levers.moved("extra_schooling"):
        share = country.levers.extra_schooling[country.grid.region[society.cell[rows]]]
        youth.schooling[rows] += lucks(STAYS_AT_SCHOOL, country.seed, week, rows) < share
    youth.silent[rows] = 0
    youth.moved[rows] = 0
    youth.settled[rows] = youth.disposition[rows]
    youth.attitude[rows] = youth.disposition[rows]
    for felt in (
        youth.recent,
        youth.clips,
        youth.drama,
        youth.propaganda,
        youth.counsel,
        youth.lasting,
        youth.grievance,
    ):
        felt[rows] = 0.0
    youth.abuse_week[rows] = NEVER
