"""Security units guard, patrol and answer attacks; members are found; some contacts end in abuse or wrongful arrest.

Each week a unit guards its base or goes on patrol to a cell within reach, the more likely the less secure it is, or
where a dispatcher sends it: where attacks just happened. Forces of the state are always there; of international and
mixed forces so much as policy has deployed. Its weight at a place is strength x effectiveness, in companies of 100;
training adds to it and is lost again. A member is found with chance

    1 - exp(-detection x information x companies near x (1 + members there / crowd) - answer)

    answer = answer rate x (response delay)^elasticity x attacks of the group there this week
             x (1 - exp(-companies near x gain of joint command)) / members there

and then killed or arrested. Information grows with trust (people tell), exp(b_trust_tip T), and with what partners
share. Recruiters are more exposed. Members in a sanctuary are safe but for the share of it in which a neighbour's or
joint forces may follow.

Abuses: Poisson(abuse rate x companies on patrol x (floor + contact)) in a cell, contact with members being
1 - exp(-members near / scale): soldiers who look for fighters among villagers wrong villagers. Each is suffered by one
person: grievance of the victim, the friends and the kin (a share of the village is kin), trust of the place down. For
every so many arrests one is of a person who is no member.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine.cells import around
from sim.engine.kernels import loop, rule
from sim.engine.luck import decision, luck, poissons, seed_key, uniform, words
from sim.levers import SOONEST, aimed
from sim.population.groups import HERE, NOBODY
from sim.population.security import GUARD, PATROL, RESPONSE
from sim.population.youth import CIVILIAN, DETAINED, KILLED, KIN_TIES, MEMBER, TIES
from sim.processes.exits import follow
from sim.world import facts

OUT_ON_PATROL = decision("a unit goes on patrol, and where")
IS_FOUND = decision("a member is found by the forces")
ABUSES = decision("how many abuses happen in a cell")
DISPATCHED = decision("a patrol is sent where attacks just happened, and where")
VICTIM = decision("who suffers an abuse")
WRONG_ARRESTS = decision("how many people are arrested who are no members")
WRONGLY_ARRESTED = decision("who is arrested without being a member")
IS_KIN = decision("two youths of a village are kin")
LETHAL = decision("how many civilians the forces kill in a cell")


@rule
def found(detection, information, companies, crowd, answer):
    """Chance that a member is found in a week."""
    return 1.0 - np.exp(-(detection * information * companies * crowd + answer))


@rule
def picked(floor, weights, places, first, last, u):
    """The place among `places[first:last]` picked at luck `u` by floor + weight; -1 where all weigh nothing."""
    total = 0.0
    for k in range(first, last):
        total += floor + weights[places[k]]
    left = u * total
    for k in range(first, last):
        left -= floor + weights[places[k]]
        if left < 0.0:
            return places[k]
    return -1


@loop
def _post(seed, week, guard_weight, floor, insecurity, reach_first, reach, region, dispatch, base, men, effectiveness,
          abuse_factor, patrol_share, attacks, cell, mode, forces, troops, searching, patrols):  # fmt: skip
    forces[:], troops[:], searching[:] = 0.0, 0.0, 0.0
    for u in range(base.size):
        if men[u] == 0.0:
            continue
        drawn = words(OUT_ON_PATROL, seed, week, u, 0)
        home = base[u]
        cell[u], mode[u] = home, GUARD
        if uniform(drawn[0]) < patrol_share[u]:
            goal, first, last = -1, reach_first[home], reach_first[home + 1]
            if dispatch[region[home]] > 0.0:
                sent = words(DISPATCHED, seed, week, u, 0)
                if uniform(sent[0]) < dispatch[region[home]]:
                    goal = picked(0.0, attacks, reach, first, last, uniform(sent[1]))
            if goal < 0:
                goal = picked(floor, insecurity, reach, first, last, uniform(drawn[1]))
            cell[u] = goal
            mode[u] = RESPONSE if attacks[goal] > 0 else PATROL
            searching[goal] += men[u] / 100.0 * abuse_factor[u]
            patrols[goal] += 1.0
        weight = 1.0 if mode[u] != GUARD else guard_weight
        forces[cell[u]] += weight * men[u] / 100.0 * effectiveness[u]
        troops[cell[u]] += men[u]


@loop
def _find(seed, week, detection, killed_share, exposure, crowd, information, near, based, answer_rate, nearby, attacks,
          pursuit, person, group, cell, abroad, recruiter, state, since, arrests, killed, caught):  # fmt: skip
    hits = 0
    for e in range(person.size):
        if state[e] != MEMBER:
            continue
        c, g = cell[e], group[e]
        drawn = words(IS_FOUND, seed, week, person[e], 0)
        if abroad[e] == HERE:
            bold = exposure[c] if recruiter[e] else 1.0
            answer = answer_rate[c] * attacks[g, c] * nearby[c] / max(based[c], 1)
            p = found(detection * bold, information[c], near[c], 1.0 + based[c] / crowd, answer)
        else:
            p = pursuit[abroad[e]]
        if uniform(drawn[0]) < p:
            caught[hits] = e
            hits += 1
            since[e] = week
            if uniform(drawn[1]) < killed_share:
                state[e] = KILLED
                killed[c] += 1.0
            else:
                state[e] = DETAINED
                arrests[c] += 1.0
    return hits


@loop
def _wrong(seed, week, decision_number, counts, first, ppy, grieved, near_share, village_persons, village_kin,
           world_seed, arrest, ties, status, grievance, abuse_week, arrested):  # fmt: skip
    """Let `counts` wrongs befall people of each cell: grievance of the victim and of those close; maybe an arrest.

    Wrongs are counted in persons. A youth stands for `ppy` persons alike; the first of them is the one whose ties we
    know. The kin in the village are youths like any others, each standing for `ppy` persons, and hear of every wrong.
    """
    taken = 0
    for c in range(counts.size):
        people = (first[c + 1] - first[c]) * ppy
        if people == 0:
            continue
        for n in range(counts[c]):
            victim = int(luck(decision_number, seed, week, c, n) * people)
            i = first[c] + victim // ppy
            if status[i] == KILLED:
                continue
            village = (first[c] * ppy + victim) // village_persons
            low = (village * village_persons + ppy - 1) // ppy
            high = min(((village + 1) * village_persons + ppy - 1) // ppy, status.size)
            for other in range(low, high):
                if other != i and luck(IS_KIN, world_seed, min(i, other), max(i, other)) < village_kin:
                    grievance[other] += (np.float32(1.0) - grievance[other]) * grieved * near_share
                    abuse_week[other] = week
            if victim % ppy != 0:
                continue
            grievance[i] += (np.float32(1.0) - grievance[i]) * grieved
            abuse_week[i] = week
            for j in range(TIES):
                other = ties[i, j]
                grievance[other] += (np.float32(1.0) - grievance[other]) * grieved * near_share
                if j == KIN_TIES[0] or j == KIN_TIES[1]:
                    abuse_week[other] = week
            if arrest and status[i] == CIVILIAN and taken < arrested.size:
                status[i] = DETAINED
                arrested[taken] = i
                taken += 1
    return taken


def post_units(country: Country) -> np.ndarray:
    """Send units to their places; returns companies on patrol by cell, weighed by their propensity to abuse."""
    p, units, levers, grid = country.parameters, country.units, country.levers, country.grid
    searching = np.empty(len(grid))
    places = country.places
    units.present[:] = _deployed(country)
    men = units.strength * units.present * units.active(country.week)
    place = units.force * 9 + grid.region[units.base]
    country.posted[:] = np.bincount(place, men, country.posted.size).reshape(-1, 9)
    trained = country.trained[units.force]
    _post(country.seed, country.week, p.guard_weight, p.patrol_floor, country.insecurity, places.reach_first,
          places.reach, grid.region, levers.dispatch, units.base,
          men, units.effectiveness * (1.0 + p.drill_effectiveness * trained),
          units.abuse_factor * p.drill_abuse**trained, units.patrol_share, country.flow("attacks"), units.cell,
          units.mode, country.forces, country.troops, searching, country.flow("patrols"))  # fmt: skip
    if levers.moved("joint_patrol_troops"):
        companies = levers.joint_patrol_troops / 100.0
        country.forces += companies * p.joint_patrol_effectiveness
        country.troops += levers.joint_patrol_troops
        searching += companies * p.joint_patrol_abuse
        country.flow("patrols")[:] += levers.joint_patrol_troops / p.unit_persons
    return searching


def _deployed(country: Country) -> np.ndarray:
    """The part of every unit that is there: all of the state's, moved between regions where a strategy says so."""
    units, levers, region = country.units, country.levers, country.grid.region
    states = facts.of_the_state()[units.force]
    present = np.where(states, 1.0, levers.deployed[units.force, region[units.base]])
    men = np.where(states & units.active(country.week), units.strength, 0.0)
    shares = np.bincount(region[units.base], men, 9)
    moved = aimed(levers, shares)
    if moved is not shares:
        factor = np.divide(moved, shares, out=np.ones(9), where=shares > 0.0)
        present = np.where(states, factor[region[units.base]], present)
    return present


def _train(country: Country) -> None:
    """Share of every force that is trained: some of it is lost every week, those trained this week are added."""
    country.trained *= 0.5 ** (1.0 / country.parameters.drill_half_life)
    if country.levers.moved("soldiers_trained"):
        men = country.posted.sum(axis=1)
        taught = np.divide(country.levers.soldiers_trained, men, out=np.zeros_like(men), where=men > 0.0)
        country.trained += (1.0 - country.trained) * np.minimum(taught, 1.0)


def security(country: Country) -> None:
    """Post the units, find members, and let contacts go wrong."""
    p, grid, society, roster, levers = (
        country.parameters, country.grid, country.society, country.roster, country.levers
    )  # fmt: skip
    searching = post_units(country)
    _train(country)

    near = country.forces + p.patrol_spill * around(country.forces, grid.neighbours)
    information = np.exp(p.b_trust_tip * (country.trust - p.trust_mean) / p.trust_sd) * levers.information
    based = country.members.sum(axis=0)
    together = 1.0 - np.exp(-near * np.exp(p.command_gain * levers.joint_command))
    person, _rows, group, cell, abroad, recruiter, state, _persons, since, _convicted = roster.entries()
    arrests, killed = country.flow("arrests"), country.flow("killed")
    caught = np.empty(person.size, np.int64)
    hits = _find(country.seed, country.week, p.detection, p.killed_share,
                 p.recruiter_exposure * levers.recruiter_exposure, p.crowd_members, information, near, based,
                 p.answer_rate * np.maximum(levers.response_delay, SOONEST) ** p.arrest_delay, together,
                 country.attacks_now, p.pursuit_hazard * levers.pursuit, person, group, cell, abroad, recruiter, state,
                 since, arrests, killed, caught)  # fmt: skip
    follow(country, caught[:hits])

    cells = np.arange(len(grid))
    sought = based + p.patrol_spill * around(based, grid.neighbours)
    contact = 1.0 - np.exp(-sought / p.abuse_members)
    means = p.abuse_per_op * searching * (p.abuse_floor + contact) * levers.abuse_control
    abuses = poissons(ABUSES, country.seed, country.week, cells, means)
    wrongly = poissons(WRONG_ARRESTS, country.seed, country.week, cells,
                       p.wrongful_share / (1.0 - p.wrongful_share) * arrests * levers.wrongful)  # fmt: skip
    _do_wrong(country, VICTIM, abuses, arrest=False)
    taken = _do_wrong(country, WRONGLY_ARRESTED, wrongly, arrest=True)
    if taken.size:
        ppy = society.persons_per_youth
        roster.append(taken.size, person=(taken * ppy).astype(np.uint32), youth=taken, group=NOBODY,
                      cell=society.cell[taken], state=DETAINED, persons=ppy, since=country.week)  # fmt: skip
    country.flow("abuses")[:] = abuses
    country.flow("wrongful_arrests")[:] = wrongly
    country.flow("deaths_by_forces")[:] = _killed_by_forces(country, abuses)
    country.flow("deaths_civilian")[:] += country.flow("deaths_by_forces")

    youths = np.diff(society.first) * society.persons_per_youth
    village = np.minimum(1.0, p.village_persons / np.maximum(youths, 1.0))
    hurt = p.abuse_trust * p.trust_sd * village * (abuses + wrongly)
    goal = country.trust_start + p.trust_sd * levers.trust_goal
    country.trust += p.trust_recovery * (goal - country.trust) - hurt
    np.clip(country.trust, 0.0, 1.0, out=country.trust)


def _do_wrong(country: Country, decision_number: np.uint32, counts: np.ndarray, *, arrest: bool) -> np.ndarray:
    p, society, youth = country.parameters, country.society, country.youth
    arrested = np.empty(int(counts.sum()), np.int64)
    taken = _wrong(country.seed, country.week, decision_number, counts, society.first, society.persons_per_youth,
                   np.float32(p.abuse_grievance), np.float32(p.grievance_near), int(p.village_persons), p.village_kin,
                   seed_key(country.world_seed), arrest, society.ties, youth.status, youth.grievance, youth.abuse_week,
                   arrested)  # fmt: skip
    return arrested[:taken]


def _killed_by_forces(country: Country, abuses: np.ndarray) -> np.ndarray:
    """Civilians who died in this week's abuses, by cell."""
    return poissons(
        LETHAL, country.seed, country.week, np.arange(abuses.size), country.parameters.abuse_deaths * abuses
    )
