"""Armed groups appear and end, move, and raise recruiters.

A group founded in the run starts with a core from its parent, at home. One that ends passes its people to its heir.
Members move: a few every week anyway, more where forces press them. They go to a neighbouring cell or, more seldom,
far along the roads to a town (gravity by people and distance), and rather to places that are near home, peopled, and
without forces or state; at a border those pressed may cross into the neighbour's sanctuary and come back later. Those
whom a patrol stops at the border stay, or go on to another place along it.

Recruiters rise from members. Command and money limit how many a group can keep, to scale x members^(1/2): every
recruiter more needs pay and someone to report to, so their number grows more slowly than the group.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine.kernels import loop, rule
from sim.engine.luck import decision, luck, lucks, uniform, words
from sim.population.groups import HERE, NOBODY, first_bases, founders
from sim.population.youth import MEMBER
from sim.processes.approach import enlist
from sim.processes.exits import leave

SPLITS_OFF = decision("a member leaves with those who found a new group")
MOVES = decision("a member moves")
GOES_TO = decision("where a member moves to")
GOES_ROUND = decision("a member stopped at the border goes on to another place along it")
BECOMES_RECRUITER = decision("a member becomes a recruiter or stops being one")
NEW_HOME = decision("where a founder of a new group settles")


@rule
def pressed(companies, pressing):
    """How hard forces press those in a cell, 0..1."""
    return 1.0 - np.exp(-companies / pressing)


@rule
def chosen(weights, count, u):
    """Place in `weights` picked at luck `u`; -1 when all are zero."""
    total = 0.0
    for k in range(count):
        total += weights[k]
    left = u * total
    for k in range(count):
        left -= weights[k]
        if left < 0.0:
            return k
    return -1


@loop
def _move(seed, week, move, flee, cross, far, come_back, round_, pressing, crossing, forces, pull, home_pull,
          town_cells, town_pull, town_distance, neighbours, border, person, group, cell, abroad, state, crossings,
          stopped, went_round):  # fmt: skip
    near = np.empty(8)
    towns = np.empty(town_cells.size)
    for e in range(person.size):
        if state[e] != MEMBER or group[e] == NOBODY:
            continue
        c, g = cell[e], group[e]
        hard = pressed(forces[c], pressing)
        drawn = words(MOVES, seed, week, person[e], 0)
        if abroad[e] != HERE:
            if uniform(drawn[0]) < come_back * (1.0 - hard):
                abroad[e] = HERE
            continue
        if uniform(drawn[0]) >= move + flee * hard:
            continue
        touching = 0
        for k in range(border.shape[1]):
            touching += border[c, k]
        if touching > 0 and uniform(drawn[1]) < cross * hard * max(crossing[c], 1.0):
            if uniform(drawn[1]) < cross * hard * crossing[c]:
                which = int(uniform(drawn[2]) * touching)
                for k in range(border.shape[1]):
                    if border[c, k]:
                        if which == 0:
                            abroad[e] = k
                        which -= 1
                crossings[c] += 1.0
            else:
                stopped[c] += 1.0
                away = words(GOES_ROUND, seed, week, person[e], 0)
                if uniform(away[0]) < round_:
                    for k in range(8):
                        d = neighbours[c, k]
                        near[k] = 1.0 if d >= 0 and border[d].any() else 0.0
                    k = chosen(near, 8, uniform(away[1]))
                    if k >= 0:
                        cell[e] = neighbours[c, k]
                        went_round[c] += 1.0
            continue
        u = luck(GOES_TO, seed, week, person[e])
        if uniform(drawn[3]) < far:
            for k in range(town_cells.size):
                towns[k] = town_pull[k] * town_distance[c, k] * np.exp(-forces[town_cells[k]] / pressing)
            k = chosen(towns, town_cells.size, u)
            if k >= 0:
                cell[e] = town_cells[k]
        else:
            for k in range(8):
                d = neighbours[c, k]
                near[k] = pull[d] * home_pull[g, d] if d >= 0 else 0.0
            k = chosen(near, 8, u)
            if k >= 0:
                cell[e] = neighbours[c, k]


@loop
def _count(group, cell, abroad, recruiter, state, members, recruiters):
    members[:], recruiters[:] = 0, 0
    for e in range(group.size):
        if state[e] == MEMBER and abroad[e] == HERE:
            members[group[e], cell[e]] += 1
            recruiters[group[e], cell[e]] += recruiter[e]


@loop
def _promote(seed, week, rate, wanted, have, people, person, group, cell, abroad, recruiter, state, recruiters):
    for e in range(person.size):
        if state[e] != MEMBER or abroad[e] != HERE:
            continue
        g = group[e]
        missing = wanted[g] - have[g]
        if recruiter[e]:
            if missing < 0.0 and luck(BECOMES_RECRUITER, seed, week, person[e]) < -rate * missing / have[g]:
                recruiter[e] = 0
                recruiters[g, cell[e]] -= 1
        elif missing > 0.0 and luck(BECOMES_RECRUITER, seed, week, person[e]) < rate * missing / max(
            people[g] - have[g], 1
        ):
            recruiter[e] = 1
            recruiters[g, cell[e]] += 1


def count(country: Country) -> None:
    """Count members and recruiters by group and cell."""
    _person, _youth, group, cell, abroad, recruiter, state, _persons, _since, _convicted = country.roster.entries()
    _count(group, cell, abroad, recruiter, state, country.members, country.recruiters)


def groups(country: Country) -> None:
    """Begin and end groups, move their people, raise recruiters."""
    p, week, grid, table = country.parameters, country.week, country.grid, country.groups
    for g in np.flatnonzero(table.founded == week):
        _found(country, int(g))
    for g in np.flatnonzero(table.ended == week):
        _end(country, int(g))

    person, _youth, group, cell, abroad, recruiter, state, _persons, _since, _convicted = country.roster.entries()
    pull = country.places.people_pull * np.exp(
        -p.move_state * country.state_presence - country.forces / p.pressing_companies
    )
    _move(country.seed, week, p.move_chance, p.flee_chance, p.cross_chance, p.far_share, p.come_back_chance,
          p.border_displaced, p.pressing_companies, country.levers.crossing, country.forces, pull,
          country.places.home_pull, country.places.town_cells, country.places.town_pull, country.places.town_distance,
          grid.neighbours, grid.border, person, group, cell, abroad, state, country.flow("crossings"),
          country.flow("intercepted"), country.flow("crossings_displaced"))  # fmt: skip

    count(country)
    people = country.members.sum(axis=1)
    _promote(country.seed, week, p.promotion_rate, p.recruiter_scale * np.sqrt(people), country.recruiters.sum(axis=1),
             people, person, group, cell, abroad, recruiter, state, country.recruiters)  # fmt: skip


def _found(country: Country, g: int) -> None:
    """Gather the founding core at home: youths from there, the others from the parent (at most half of its members)."""
    roster, table, core = country.roster, country.groups, int(country.groups.founding_core[g])
    if core == 0 or (country.week == 0 and table.start_members[g] > 0):  # there already
        return
    rows = founders(country.society, country.youth.status, table, g, core, country.seed)
    enlist(country, rows, np.full(rows.size, g, np.int8))
    entries = np.flatnonzero(roster.active() & (roster.group[: roster.size] == table.parent[g]))
    order = np.argsort(lucks(SPLITS_OFF, country.seed, g, roster.person[entries]), kind="stable")
    missing = max(0, core - rows.size * country.society.persons_per_youth)
    leaving = entries[order[: min(missing, entries.size // 2)]]
    roster.group[leaving] = g
    roster.abroad[leaving] = HERE
    roster.cell[leaving] = first_bases(
        roster.person[leaving], g, table, country.grid, country.parameters.move_people, country.seed, NEW_HOME
    )


def _end(country: Country, g: int) -> None:
    """Pass the members of an ended group to its heir (or the heir's heir); without one that exists they give up."""
    roster, heir = country.roster, country.groups.acting(country.week)[g]
    entries = np.flatnonzero(roster.active() & (roster.group[: roster.size] == g))
    if heir != NOBODY:
        roster.group[entries] = heir
    else:
        leave(country, entries)
