"""Security units guard, patrol and answer attacks; they find members; some contacts end in abuse or wrongful arrest.

Each week a unit guards its base or patrols a cell within reach: the less secure a cell, the more likely it is
patrolled, and a dispatcher may send the unit where attacks just happened. Forces of the state are always there. Of
international and mixed forces, only what policy has deployed is there. A unit counts strength x effectiveness at a
place, in companies of 100; training adds to this and wears off. Units of different commands do part of their work
twice (see `sim.processes.answers`), and those who follow one agenda patrol where the others are not. A member is
found with chance

    1 - exp(-detection x information x standing out x companies near x (1 + members there / crowd) - answer)

    standing out = (1 + people for each soldier near / people_per_soldier)^(-hiding)

    answer = members found for each attack x attacks of the group there this week
             x part that the forces near can answer / members there       (see `sim.processes.answers`)

and is then killed or arrested. Information rises with trust, because people tell, by exp(b_trust_tip T), and with what
partners share; it falls where a northern movement holds (`sim.processes.movements`). Recruiters are more exposed.
Members in a sanctuary are safe except in the share of it where the forces of the neighbour or joint forces may follow.

Abuses happen Poisson(abuse rate x companies on patrol x (floor + contact)) times in a cell, where contact with members
is 1 - exp(-members near / scale): soldiers who look for fighters among villagers wrong villagers. One person suffers
each abuse. It raises the grievance of the victim, the friends and the kin (a share of the village is kin), and lowers
the trust of the place. A share of all arrests is of persons who are not members.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.country import Country
from sim.engine import exact
from sim.engine.cells import around
from sim.engine.elementary import exp
from sim.engine.kernels import loop, rule
from sim.engine.luck import decision, poissons, uniform, words
from sim.levers import aimed
from sim.population.groups import HERE, NOBODY
from sim.population.security import GUARD, PATROL, RESPONSE
from sim.population.youth import DETAINED, KILLED, MEMBER
from sim.processes.answers import answers, pursuit, side_by_side
from sim.processes.exits import follow
from sim.processes.movements import told
from sim.processes.wrongs import do_wrong
from sim.world import facts

OUT_ON_PATROL = decision("a unit goes on patrol, and where")
IS_FOUND = decision("a member is found by the forces")
ABUSES = decision("how many abuses happen in a cell")
DISPATCHED = decision("a patrol is sent where attacks just happened, and where")
VICTIM = decision("who suffers an abuse")
WRONG_ARRESTS = decision("how many people are arrested who are no members")
WRONGLY_ARRESTED = decision("who is arrested without being a member")
LETHAL = decision("how many civilians the forces kill in a cell")


@rule
def found(detection, information, companies, crowd, answer):
    """Chance that a member is found in a week."""
    return 1.0 - exp(-(detection * information * companies * crowd + answer))


@rule
def picked(floor, weights, places, first, last, u):
    """The place among `places[first:last]` that luck `u` picks by floor + weight; -1 if all of them are zero."""
    total = 0.0
    for k in range(first, last):
        total += floor + weights[places[k]]
    left = u * total
    for k in range(first, last):
        left -= floor + weights[places[k]]
        if left < 0.0:
            return places[k]
    return -1


class Posted(NamedTuple):
    """The columns of `Units`, with what training changes in them, and the troops who are there."""

    base: np.ndarray
    command: np.ndarray  # place in `facts.commands`
    troops: np.ndarray
    part: np.ndarray  # of a complete unit
    effectiveness: np.ndarray
    abuse_factor: np.ndarray
    patrol_share: np.ndarray
    cell: np.ndarray
    mode: np.ndarray


class Beats(NamedTuple):
    """Where units may patrol, and what draws them. Parameters have their names in the table."""

    guard_weight: float
    patrol_floor: float
    insecurity: np.ndarray  # by cell
    attacks: np.ndarray  # by cell, this week
    region: np.ndarray  # by cell
    dispatch: np.ndarray  # by region, the lever
    coordinated: float  # the lever
    gaps: np.ndarray  # by cell, insecurity where few are posted yet
    reach_first: np.ndarray  # by cell, and the end
    reach: np.ndarray


class Presence(NamedTuple):
    """What the forces do by cell."""

    by_command: np.ndarray  # commands x cells, effective companies
    troops: np.ndarray  # persons
    searching: np.ndarray  # companies on patrol, weighted by their propensity to abuse
    patrols: np.ndarray  # units on patrol
    dispatched: np.ndarray  # of these, sent where attacks had just happened


@loop
def _post(seed, week, units, beats, out):
    out.by_command[:], out.troops[:], out.searching[:] = 0.0, 0.0, 0.0
    beats.gaps[:] = beats.insecurity
    attacks, reach, cell, mode = beats.attacks, beats.reach, units.cell, units.mode
    for u in range(units.base.size):
        troops = units.troops[u]
        if troops == 0.0:
            continue
        drawn = words(OUT_ON_PATROL, seed, week, u, 0)
        home = units.base[u]
        cell[u], mode[u] = home, GUARD
        if uniform(drawn[0]) < units.patrol_share[u]:
            goal, first, last = -1, beats.reach_first[home], beats.reach_first[home + 1]
            dispatch = beats.dispatch[beats.region[home]]
            if dispatch > 0.0:
                sent = words(DISPATCHED, seed, week, u, 0)
                if uniform(sent[0]) < dispatch:
                    goal = picked(0.0, attacks, reach, first, last, uniform(sent[1]))
                if goal >= 0:
                    out.dispatched[goal] += units.part[u]
            if goal < 0:
                draws = beats.gaps if uniform(drawn[2]) < beats.coordinated else beats.insecurity
                goal = picked(beats.patrol_floor, draws, reach, first, last, uniform(drawn[1]))
            cell[u] = goal
            mode[u] = RESPONSE if attacks[goal] > 0 else PATROL
            out.searching[goal] += troops / 100.0 * units.abuse_factor[u]
            out.patrols[goal] += units.part[u]
        weight = 1.0 if mode[u] != GUARD else beats.guard_weight
        companies = weight * troops / 100.0 * units.effectiveness[u]
        out.by_command[units.command[u], cell[u]] += companies
        beats.gaps[cell[u]] /= 1.0 + companies
        out.troops[cell[u]] += troops


class Search(NamedTuple):
    """How hard the forces look for members. Parameters have their names in the table."""

    detection: float
    killed_share: float
    fighting_members: float
    crowd_members: float
    information: np.ndarray  # by cell, x how far a member stands out among the people
    near: np.ndarray  # by cell, effective companies there and around
    based: np.ndarray  # by cell, members
    exposure: np.ndarray  # by cell, of recruiters against other members
    answer_rate: np.ndarray  # by cell, of answers to attacks
    able: np.ndarray  # by cell 0..1, part of the attacks that the forces near can answer
    far: np.ndarray  # by group, of answers to raids
    attacks: np.ndarray  # groups x cells, this week
    pursuit: np.ndarray  # by country, chance of a member in its sanctuary to be found


class Found(NamedTuple):
    """Members by cell, named as in FLOWS."""

    arrests: np.ndarray
    killed: np.ndarray


@loop
def _find(seed, week, search, roster, flow, caught):
    """Find members and kill or arrest them; returns how many, and lists their entries in `caught`."""
    person, state, abroad = roster.person, roster.state, roster.abroad
    hits = 0
    for e in range(person.size):
        if state[e] != MEMBER:
            continue
        c, g = roster.cell[e], roster.group[e]
        drawn = words(IS_FOUND, seed, week, person[e], 0)
        based = search.based[c]
        if abroad[e] == HERE:
            bold = search.exposure[c] if roster.recruiter[e] else 1.0
            answer = search.answer_rate[c] * search.attacks[g, c] * search.able[c] / max(based, 1) + search.far[g]
            crowd = 1.0 + based / search.crowd_members
            chance = found(search.detection * bold, search.information[c], search.near[c], crowd, answer)
        else:
            chance = search.pursuit[abroad[e]]
        if uniform(drawn[0]) < chance:
            caught[hits] = e
            hits += 1
            roster.since[e] = week
            fights = based / (based + search.fighting_members)
            if uniform(drawn[1]) < search.killed_share * fights:
                state[e] = KILLED
                flow.killed[c] += 1.0
            else:
                state[e] = DETAINED
                flow.arrests[c] += 1.0
    return hits


def post_units(country: Country) -> np.ndarray:
    """Send the units to their places; returns companies on patrol by cell, weighted by their propensity to abuse."""
    p, units, levers, grid = country.parameters, country.units, country.levers, country.grid
    searching = np.empty(len(grid))
    units.present[:] = _deployed(country)
    troops = units.strength * units.present * units.active(country.week)
    forces, regions = country.posted.shape
    place = units.force * regions + grid.region[units.base]
    country.posted[:] = np.bincount(place, troops, forces * regions).reshape(forces, regions)
    trained = country.trained[units.force]
    posted = Posted(
        base=units.base,
        command=facts.command_places()[units.force],
        troops=troops,
        part=troops / units.nominal,
        effectiveness=units.effectiveness * (1.0 + p.drill_effectiveness * trained),
        abuse_factor=units.abuse_factor * exact.power(p.drill_abuse, country.trained)[units.force],
        patrol_share=units.patrol_share,
        cell=units.cell,
        mode=units.mode,
    )
    beats = Beats(
        guard_weight=p.guard_weight,
        patrol_floor=p.patrol_floor,
        insecurity=country.insecurity,
        attacks=country.flow("attacks"),
        region=grid.region,
        dispatch=levers.dispatch,
        coordinated=float(levers.coordinated),
        gaps=np.empty(len(grid)),
        reach_first=country.places.reach_first,
        reach=country.places.reach,
    )
    out = Presence(
        by_command=country.by_command,
        troops=country.troops,
        searching=searching,
        patrols=country.flow("patrols"),
        dispatched=country.flow("dispatched"),
    )
    _post(country.seed, country.week, posted, beats, out)
    if levers.moved("joint_patrol_troops"):
        companies = levers.joint_patrol_troops / 100.0
        country.by_command[facts.commands().index("region")] += companies * p.joint_patrol_effectiveness
        country.troops += levers.joint_patrol_troops
        searching += companies * p.joint_patrol_abuse
        country.flow("patrols")[:] += levers.joint_patrol_troops / p.unit_persons
    country.forces[:] = side_by_side(country, country.by_command)
    return searching


def _deployed(country: Country) -> np.ndarray:
    """The part of each unit that is there: all of a unit of the state, which a strategy may move between regions."""
    units, levers, region = country.units, country.levers, country.grid.region
    states, based = facts.of_the_state()[units.force], region[units.base]
    present = np.where(states, 1.0, levers.deployed[units.force, based])
    if levers.shift > 0.0:
        troops = np.where(states & units.active(country.week), units.strength, 0.0)
        shares = np.bincount(based, troops, country.posted.shape[1])
        factor = np.divide(aimed(levers, shares), shares, out=np.ones_like(shares), where=shares > 0.0)
        present = np.where(states, factor[based], present)
    return present


def _train(country: Country) -> None:
    """Update the trained share of each force: part of it is lost every week, and this week's trainees are added."""
    country.trained *= exact.power(0.5, 1.0 / country.parameters.drill_half_life)
    if country.levers.moved("soldiers_trained"):
        troops = country.posted.sum(axis=1)
        taught = np.divide(country.levers.soldiers_trained, troops, out=np.zeros_like(troops), where=troops > 0.0)
        country.trained += (1.0 - country.trained) * np.minimum(taught, 1.0)


def standing_out(country: Country) -> np.ndarray:
    """How far a member stands out among the people of a cell, by cell: 1 where hardly anybody lives."""
    p, grid = country.parameters, country.grid
    troops = country.troops + p.patrol_spill * around(country.troops, grid.neighbours)
    watched = np.maximum(troops, 1.0) * p.people_per_soldier
    seen: np.ndarray = exact.power(1.0 + grid.population / watched, -p.hiding)
    return seen


def security(country: Country) -> None:
    """Post the units, find members, and let some contacts go wrong."""
    p, grid, society, roster, levers = (
        country.parameters, country.grid, country.society, country.roster, country.levers
    )  # fmt: skip
    searching = post_units(country)
    _train(country)

    near = country.forces + p.patrol_spill * around(country.forces, grid.neighbours)
    information = exact.exp(p.b_trust_tip * (country.trust - p.trust_mean) / p.trust_sd) * levers.information
    information *= told(country)
    based = country.members.sum(axis=0)
    answered = answers(country, near, information)
    search = Search(
        detection=p.detection,
        killed_share=p.killed_share,
        fighting_members=p.fighting_members,
        crowd_members=p.crowd_members,
        information=information * standing_out(country),
        near=near,
        based=based,
        exposure=p.recruiter_exposure * levers.recruiter_exposure,
        answer_rate=answered.rate,
        able=answered.able,
        far=answered.far,
        attacks=country.attacks_now,
        pursuit=pursuit(country),
    )
    flow, caught = country.flows_of(Found), np.empty(roster.size, np.int64)
    hits = _find(country.seed, country.week, search, roster.entries(), flow, caught)
    follow(country, caught[:hits])

    cells = np.arange(len(grid))
    sought = based + p.patrol_spill * around(based, grid.neighbours)
    contact = 1.0 - exact.exp(-sought / p.abuse_members)
    means = p.abuse_per_op * searching * (p.abuse_floor + contact) * levers.abuse_control
    abuses = poissons(ABUSES, country.seed, country.week, cells, means)
    wrongly = poissons(WRONG_ARRESTS, country.seed, country.week, cells,
                       p.wrongful_share / (1.0 - p.wrongful_share) * flow.arrests * levers.wrongful)  # fmt: skip
    do_wrong(country, VICTIM, abuses)
    taken = do_wrong(country, WRONGLY_ARRESTED, wrongly, arrest=True)
    if taken.size:
        rows = taken // society.persons_per_youth
        roster.append(taken.size, person=taken.astype(np.uint32), youth=rows, group=NOBODY,
                      cell=society.cells_of(taken), state=DETAINED, since=country.week)  # fmt: skip
    country.flow("abuses")[:] = abuses
    country.flow("wrongful_arrests")[:] = wrongly
    country.flow("deaths_by_forces")[:] = _killed_by_forces(country, abuses)
    country.flow("deaths_civilian")[:] += country.flow("deaths_by_forces")

    youths = np.diff(society.first_person)
    village = np.minimum(1.0, p.village_persons / np.maximum(youths, 1.0))
    hurt = p.abuse_trust * p.trust_sd * village * (abuses + wrongly)
    goal = country.trust_start + p.trust_sd * levers.trust_goal
    country.trust += p.trust_recovery * (goal - country.trust) - hurt
    np.minimum(np.maximum(country.trust, 0.0, out=country.trust), 1.0, out=country.trust)


def _killed_by_forces(country: Country, abuses: np.ndarray) -> np.ndarray:
    """Civilians killed in this week's abuses, by cell."""
    return poissons(
        LETHAL, country.seed, country.week, np.arange(abuses.size), country.parameters.abuse_deaths * abuses
    )
