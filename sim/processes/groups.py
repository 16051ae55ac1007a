"""Armed groups begin and end, move, and raise recruiters.

A group founded during the run starts at home, with a core of youths from there and members of its parent, those who
come from there first. A group that ends passes its members to its heir. What a group has learnt from its attacks goes
with those who leave to found another, and to the heir. Fighters from abroad keep coming. A few members move every week,
and more where forces press them. Most go to a neighbouring cell; a few go far, to a town (gravity by people and
distance). They prefer places near home, with many people, and without forces or state. Members under pressure may cross
the border into the neighbour's sanctuary, the more easily the nearer it is and the better it shelters them, and come
back later. Members whom a patrol stops at the border stay, or go on to another place along it.

Recruiters rise from the members. The members of a group in a district are a local command, as a katiba is. Every
further recruiter needs pay and somebody to report to, so a command can keep only scale x (members / 30)^exponent of
them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.country import Country
from sim.engine import exact
from sim.engine.elementary import exp, power
from sim.engine.kernels import loop, rule
from sim.engine.luck import decision, luck, lucks, poissons, uniform, words
from sim.population.groups import HERE, NOBODY, first_bases, founders
from sim.population.youth import MEMBER
from sim.processes.approach import enlist
from sim.processes.exits import leave

SPLITS_OFF = decision("a member leaves with those who found a new group")
MOVES = decision("a member moves")
GOES_TO = decision("where a member moves to")
GOES_ROUND = decision("a member stopped at the border goes on to another place along it")
BECOMES_RECRUITER = decision("a member becomes a recruiter or stops being one")
COMES = decision("how many fighters from abroad come to a group")
COMES_TO = decision("where a fighter from abroad settles")
BAND = 30.0  # members of the command that `recruiter_scale` is given for
NEW_HOME = decision("where a founder of a new group settles")


@rule
def pressed(companies, pressing):
    """How hard forces press the members in a cell, 0..1."""
    return 1.0 - exp(-companies / pressing)


@rule
def chosen(weights, count, u):
    """The place in `weights` that luck `u` picks; -1 if all weights are zero."""
    total = 0.0
    for k in range(count):
        total += weights[k]
    left = u * total
    for k in range(count):
        left -= weights[k]
        if left < 0.0:
            return k
    return -1


class Moves(NamedTuple):
    """What makes members move, and where to. Parameters have their names in the table."""

    move_chance: float
    flee_chance: float
    cross_chance: float
    come_back_chance: float
    far_share: float
    border_displaced: float
    pressing_companies: float
    forces: np.ndarray  # by cell, effective companies
    crossing: np.ndarray  # by cell, the lever
    shelter: np.ndarray  # by country, how well its side of the border shelters members this week
    border_near: np.ndarray  # cells x countries, 1 at the border, falls with the distance
    gate: np.ndarray  # cells x countries, the nearest cell that touches the country
    pull: np.ndarray  # by cell: its people draw members, its forces and the state repel them
    home_pull: np.ndarray  # groups x cells
    town_cells: np.ndarray  # by town
    town_pull: np.ndarray  # by town
    town_distance: np.ndarray  # cells x towns
    neighbours: np.ndarray  # cells x 8, -1 for none
    border: np.ndarray  # cells x countries


class Crossings(NamedTuple):
    """Members by cell, named as in FLOWS."""

    crossings: np.ndarray
    intercepted: np.ndarray
    crossings_displaced: np.ndarray


@loop
def _move(seed, week, moves, roster, flow):
    person, group, cell, abroad, state = roster.person, roster.group, roster.cell, roster.abroad, roster.state
    forces, border, neighbours, town_cells = moves.forces, moves.border, moves.neighbours, moves.town_cells
    near = np.empty(8)
    across = np.empty(border.shape[1])
    towns = np.empty(town_cells.size)
    for e in range(person.size):
        if state[e] != MEMBER or group[e] == NOBODY:
            continue
        c, g = cell[e], group[e]
        hard = pressed(forces[c], moves.pressing_companies)
        drawn = words(MOVES, seed, week, person[e], 0)
        if abroad[e] != HERE:
            if uniform(drawn[0]) < moves.come_back_chance * (1.0 - hard):
                abroad[e] = HERE
            continue
        if uniform(drawn[0]) >= moves.move_chance + moves.flee_chance * hard:
            continue
        open_ways = 0.0
        for k in range(border.shape[1]):
            across[k] = moves.border_near[c, k] * moves.shelter[k]
            open_ways += across[k]
        tries = moves.cross_chance * hard * min(open_ways, 1.0)  # where two borders are near, one is enough
        goal = chosen(across, border.shape[1], uniform(drawn[2])) if tries > 0.0 else -1
        can = moves.crossing[moves.gate[c, goal]] if goal >= 0 else 0.0
        if uniform(drawn[1]) < tries * max(can, 1.0):
            if uniform(drawn[1]) < tries * can:
                abroad[e] = goal
                flow.crossings[c] += 1.0
            else:
                flow.intercepted[c] += 1.0
                away = words(GOES_ROUND, seed, week, person[e], 0)
                if uniform(away[0]) < moves.border_displaced:
                    for k in range(8):
                        d = neighbours[c, k]
                        near[k] = 1.0 if d >= 0 and border[d].any() else 0.0
                    k = chosen(near, 8, uniform(away[1]))
                    if k >= 0:
                        cell[e] = neighbours[c, k]
                        flow.crossings_displaced[c] += 1.0
            continue
        u = luck(GOES_TO, seed, week, person[e])
        if uniform(drawn[3]) < moves.far_share:
            for k in range(town_cells.size):
                fear = forces[town_cells[k]] / moves.pressing_companies
                towns[k] = moves.town_pull[k] * moves.town_distance[c, k] * exp(-fear)
            k = chosen(towns, town_cells.size, u)
            if k >= 0:
                cell[e] = town_cells[k]
        else:
            for k in range(8):
                d = neighbours[c, k]
                near[k] = moves.pull[d] * moves.home_pull[g, d] if d >= 0 else 0.0
            k = chosen(near, 8, u)
            if k >= 0:
                cell[e] = neighbours[c, k]


@loop
def _count(roster, members, recruiters):
    members[:], recruiters[:] = 0, 0
    for e in range(roster.group.size):
        if roster.state[e] == MEMBER and roster.abroad[e] == HERE:
            g, c = roster.group[e], roster.cell[e]
            members[g, c] += 1
            recruiters[g, c] += roster.recruiter[e]


class Command(NamedTuple):
    """How many recruiters a local command keeps. Parameters have their names in the table."""

    promotion_rate: float
    recruiter_scale: float
    recruiter_exponent: float
    district: np.ndarray  # by cell: the members of a group in a district are one command


@rule
def kept(scale, members, exponent):
    """Recruiters that a local command of so many members can keep."""
    return scale * power(members / BAND, exponent) if members > 0.0 else 0.0


@loop
def _promote(seed, week, command, roster, members, recruiters):
    """Make members recruiters, or the reverse, where a command has fewer or more recruiters than it can keep."""
    district, rate = command.district, command.promotion_rate
    groups, cells = members.shape
    everyone, have = np.zeros((groups, district.max() + 1)), np.zeros((groups, district.max() + 1))
    for g in range(groups):
        for c in range(cells):
            if members[g, c] > 0:
                everyone[g, district[c]] += members[g, c]
                have[g, district[c]] += recruiters[g, c]
    lacking = np.empty(everyone.shape)
    for g in range(groups):
        for d in range(everyone.shape[1]):
            lacking[g, d] = kept(command.recruiter_scale, everyone[g, d], command.recruiter_exponent) - have[g, d]
    person, recruiter = roster.person, roster.recruiter
    for e in range(person.size):
        if roster.state[e] != MEMBER or roster.abroad[e] != HERE:
            continue
        g, c = roster.group[e], roster.cell[e]
        d = district[c]
        missing = lacking[g, d]
        if recruiter[e]:
            if missing < 0.0 and luck(BECOMES_RECRUITER, seed, week, person[e]) < -rate * missing / have[g, d]:
                recruiter[e] = 0
                recruiters[g, c] -= 1
        elif missing > 0.0:
            others = max(everyone[g, d] - have[g, d], 1.0)
            if luck(BECOMES_RECRUITER, seed, week, person[e]) < rate * missing / others:
                recruiter[e] = 1
                recruiters[g, c] += 1


def count(country: Country) -> None:
    """Count members and recruiters by group and cell."""
    _count(country.roster.entries(), country.members, country.recruiters)


def groups(country: Country) -> None:
    """Begin and end groups, move their members, raise recruiters."""
    p, week, places, table = country.parameters, country.week, country.places, country.groups
    for g in np.flatnonzero(table.founded == week):
        _found(country, int(g))
    for g in np.flatnonzero(table.ended == week):
        _end(country, int(g))

    _arrive(country)

    roster = country.roster.entries()
    repelled = p.move_state * country.state_presence + country.forces / p.pressing_companies
    moves = Moves(
        move_chance=p.move_chance,
        flee_chance=p.flee_chance,
        cross_chance=p.cross_chance,
        come_back_chance=p.come_back_chance,
        far_share=p.far_share,
        border_displaced=p.border_displaced,
        pressing_companies=p.pressing_companies,
        forces=country.forces,
        crossing=country.levers.crossing,
        shelter=places.shelter[week],
        border_near=places.border_near,
        gate=places.gate,
        pull=places.people_pull * exact.exp(-repelled),
        home_pull=places.home_pull,
        town_cells=places.town_cells,
        town_pull=places.town_pull,
        town_distance=places.town_distance,
        neighbours=country.grid.neighbours,
        border=country.grid.border,
    )
    _move(country.seed, week, moves, roster, country.flows_of(Crossings))

    count(country)
    command = Command(
        promotion_rate=p.promotion_rate,
        recruiter_scale=p.recruiter_scale,
        recruiter_exponent=p.recruiter_exponent,
        district=places.district,
    )
    _promote(country.seed, week, command, roster, country.members, country.recruiters)


def _arrive(country: Country) -> None:
    """Fighters from abroad come to the groups that exist, to each in proportion to its foreign share."""
    table, roster = country.groups, country.roster
    share = np.where(table.alive(country.week), table.foreign_share, 0.0)
    if not share.any():
        return
    means = country.parameters.foreign_arrivals * 7.0 / 365.25 * share / share.sum()
    coming = poissons(COMES, country.seed, country.week, np.arange(share.size), means)
    for g in np.flatnonzero(coming):
        names = roster.strangers(int(coming[g]))
        cells = first_bases(names, int(g), table, country.seed, COMES_TO)
        roster.append(names.size, person=names, youth=NOBODY, group=g, cell=cells, state=MEMBER, since=country.week)
        np.add.at(country.flow("arrived"), cells, 1.0)


def _found(country: Country, g: int) -> None:
    """Gather the founding core at home: youths from there, and for the rest at most half of the parent's members."""
    roster, table, core = country.roster, country.groups, int(country.groups.founding_core[g])
    if core == 0 or (country.week == 0 and table.start_members[g] > 0):  # counted in the start members
        return
    from_parent = float(table.parent_share[g])
    local = founders(country.society, country.persons.status, table, g, core, from_parent, country.seed)
    enlist(country, local, np.full(local.size, g, np.int8))
    entries = np.flatnonzero(roster.active() & (roster.group[: roster.size] == table.parent[g]))
    ours = np.isin(_born_in(country, entries), table.home_cells[g])  # those who come from there leave first
    order = np.lexsort((lucks(SPLITS_OFF, country.seed, g, roster.person[entries]), ~ours))
    leaving = entries[order[: min(core - local.size, entries.size // 2)]]
    roster.group[leaving] = g
    roster.abroad[leaving] = HERE
    roster.cell[leaving] = first_bases(roster.person[leaving], g, table, country.seed, NEW_HOME)
    if table.parent[g] != NOBODY:
        country.experience[g] = from_parent * country.experience[table.parent[g]]


def _born_in(country: Country, entries: np.ndarray) -> np.ndarray:
    """The cell where the persons of these entries of the roster come from, -1 for those from abroad."""
    rows = country.roster.youth[entries]
    cells: np.ndarray = np.where(rows == NOBODY, -1, country.society.cell[rows])
    return cells


def _end(country: Country, g: int) -> None:
    """Pass the members of an ended group to the group that acts in its place; if there is none, they give up."""
    roster, heir = country.roster, country.groups.acting(country.week)[g]
    entries = np.flatnonzero(roster.active() & (roster.group[: roster.size] == g))
    roster.leader[entries] = 0
    if heir != NOBODY:
        roster.group[entries] = heir
        country.experience[heir] += country.experience[g]
    else:
        leave(country, entries)
