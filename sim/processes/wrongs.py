"""Wrongs done to civilians, and how victims, friends and kin feel them.

Security forces wrong people in operations and by wrongful arrest, militias in clashes between communities. A wrong
befalls one person. It raises the grievance of the victim, of the friends and of the kin (a share of the village is
kin). A militia wrongs people of the other side: those of villages that live from herding, or from farming.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.country import Country
from sim.engine.kernels import loop, rule
from sim.engine.luck import decision, luck, seed_key
from sim.population.youth import CIVILIAN, DETAINED, KILLED, KIN_TIES, TIES

IS_KIN = decision("two persons of a village are kin")
LIVES_FROM = decision("what most people of a village live from")

HERDING, FARMING = range(2)
SIDES = 2
ANY = -1
TRIALS = 8  # persons looked at until one of the right side is found


class Villages(NamedTuple):
    """Who lives where and knows whom, and how a wrong is felt. Parameters have their names in the table."""

    abuse_grievance: np.float32
    grievance_near: np.float32
    village_persons: int
    village_kin: float
    world_seed: np.uint64  # its key
    side: int  # the victims live from herding or from farming, ANY if it does not matter
    persons_per_youth: int
    first_person: np.ndarray  # by cell, and the end
    ties: np.ndarray
    herding: np.ndarray  # by cell, share of its villages that live from herding


class Wronged(NamedTuple):
    """The columns that a wrong changes."""

    status: np.ndarray  # by person
    grievance: np.ndarray
    abuse_week: np.ndarray


@rule
def side_of(village, herding, world_seed):
    """The side of a village: what most of its people live from, by luck in proportion to the herding of its place."""
    return HERDING if luck(LIVES_FROM, world_seed, 0, village) < herding else FARMING


@rule
def one_of(villages, c, people, decision_number, seed, week, n):
    """The person of a cell, from 0, whom the n-th wrong to one side befalls; -1 if no village of that side is found."""
    for trial in range(TRIALS):
        victim = int(luck(decision_number, seed, week, c, n * TRIALS + trial) * people)
        village = (villages.first_person[c] + victim) // villages.village_persons
        if side_of(village, villages.herding[c], villages.world_seed) == villages.side:
            return victim
    return -1


@loop
def _wrong(seed, week, decision_number, counts, villages, youth, arrested):
    """Let `counts` wrongs befall people of each cell: they raise the grievance of the victim and of those close.

    `arrested` has room for the victims to be arrested; returns how many are. Wrongs are counted in persons. What the
    victim and the friends feel, all persons of their youths come to feel, so only a wrong of the first person counts.
    The kin in the village are youths like any others: each stands for as many persons and hears of every wrong. Every
    victim has kin of their own, or a village of few youths would soon have no more to hear.
    """
    first, ties, ppy = villages.first_person, villages.ties, villages.persons_per_youth
    status, grievance, abuse_week = youth.status, youth.grievance, youth.abuse_week
    grieved, near_share = villages.abuse_grievance, villages.grievance_near
    village_persons, others = villages.village_persons, (ppy - 1.0) / ppy  # of a youth's persons, besides the victim
    taken = 0
    for c in range(counts.size):
        people = first[c + 1] - first[c]
        if people == 0:
            continue
        for n in range(counts[c]):
            victim = int(luck(decision_number, seed, week, c, n) * people)
            if villages.side != ANY:
                victim = one_of(villages, c, people, decision_number, seed, week, n)
                if victim < 0:
                    continue
            person = first[c] + victim
            i = person // ppy
            if status[person] == KILLED:
                continue
            if status[person] == CIVILIAN and taken < arrested.size:
                status[person] = DETAINED
                arrested[taken] = person
                taken += 1
            village = person // village_persons
            low = (village * village_persons + ppy - 1) // ppy
            high = min(((village + 1) * village_persons + ppy - 1) // ppy, grievance.size)
            for other in range(low, high):
                alike = np.int64(other) * ppy + person % ppy  # each person of a youth has kin of their own
                u = luck(IS_KIN, villages.world_seed, min(person, alike), max(person, alike))
                if u < villages.village_kin * (others if other == i else 1.0):
                    grievance[other] += (np.float32(1.0) - grievance[other]) * grieved * near_share
                    abuse_week[other] = week
            if person % ppy != 0:
                continue
            grievance[i] += (np.float32(1.0) - grievance[i]) * grieved
            abuse_week[i] = week
            for j in range(TIES):
                other = ties[i, j]
                grievance[other] += (np.float32(1.0) - grievance[other]) * grieved * near_share
                if j == KIN_TIES[0] or j == KIN_TIES[1]:
                    abuse_week[other] = week
    return taken


def do_wrong(
    country: Country, decision_number: np.uint32, counts: np.ndarray, *, arrest: bool = False, side: int = ANY
) -> np.ndarray:
    """Let `counts` wrongs befall people of each cell (or of one side of it); returns the persons who are arrested."""
    p, society, youth, wrongs = country.parameters, country.society, country.youth, int(counts.sum())
    arrested = np.empty(wrongs if arrest else 0, np.int64)
    if wrongs == 0:
        return arrested
    villages = Villages(
        abuse_grievance=np.float32(p.abuse_grievance),
        grievance_near=np.float32(p.grievance_near),
        village_persons=int(p.village_persons),
        village_kin=p.village_kin,
        world_seed=seed_key(country.world_seed),
        side=side,
        persons_per_youth=society.persons_per_youth,
        first_person=society.first_person,
        ties=society.ties,
        herding=country.places.herding,
    )
    wronged = Wronged(status=country.persons.status, grievance=youth.grievance, abuse_week=youth.abuse_week)
    taken = _wrong(country.seed, country.week, decision_number, counts, villages, wronged, arrested)
    return arrested[:taken]
