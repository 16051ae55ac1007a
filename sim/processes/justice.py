"""Detained persons wait for the courts: some are let go, some convicted, and those wrongly held are cleared in the end.

Every week the case of a member may be dismissed or end in a conviction, with chances set by the capacity of the courts:
higher where special prosecutors and their investigators have the case, lower in the ordinary courts. The convicted are
free after their sentence. Persons wrongly held are cleared at a rate of their own, sooner if somebody looks into their
case.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.country import Country
from sim.engine.exact import expm1
from sim.engine.kernels import loop
from sim.engine.luck import decision, uniform, words
from sim.population.groups import GONE, NOBODY
from sim.population.youth import CIVILIAN, DETAINED, RETURNED
from sim.processes.exits import follow

RULING = decision("a court decides on a detained person")


class Courts(NamedTuple):
    """What the courts decide in a week."""

    dismissal: float  # chance that the case of a member is dismissed
    conviction: float  # chance that it ends in a conviction
    clearing: float  # chance that a person wrongly held is cleared
    sentence: int  # weeks


class Rulings(NamedTuple):
    """Persons by cell, named as in FLOWS."""

    dismissed: np.ndarray
    convicted: np.ndarray
    cleared: np.ndarray


@loop
def _rule(seed, week, courts, roster, free, flow):
    """Rule on the cases of the roster; returns how many entries are no longer detained, and lists them in `free`."""
    state, since, ruling = roster.state, roster.since, courts.dismissal + courts.conviction
    freed = 0
    for e in range(state.size):
        if state[e] != DETAINED or since[e] == week:
            continue
        drawn = words(RULING, seed, week, roster.person[e], 0)
        u, c = uniform(drawn[0]), roster.cell[e]
        if roster.group[e] == NOBODY:
            if u < courts.clearing:
                state[e] = GONE
                flow.cleared[c] += 1.0
        elif roster.convicted[e]:
            if week - since[e] >= courts.sentence:
                state[e] = RETURNED
        elif u < ruling:  # which ruling has luck of its own, so faster courts do not change it
            if uniform(drawn[1]) * ruling < courts.dismissal:
                state[e] = RETURNED
                flow.dismissed[c] += 1.0
            else:
                roster.convicted[e], since[e] = 1, week
                flow.convicted[c] += 1.0
        if state[e] != DETAINED:
            since[e] = week
            free[freed] = e
            freed += 1
    return freed


def justice(country: Country) -> None:
    """Decide this week's cases."""
    p, youth, roster = country.parameters, country.youth, country.roster.entries()
    pole = float(country.levers.pole_cases)
    pace = pole + p.ordinary_courts * (1.0 - pole)
    courts = Courts(
        dismissal=p.dismissal_chance * pace,
        conviction=p.conviction_chance * pace,
        clearing=p.clearing_chance * (1.0 + pole * expm1(p.pole_clearing)),
        sentence=int(p.sentence_weeks),
    )
    free = np.empty(roster.state.size, np.int64)
    freed = _rule(country.seed, country.week, courts, roster, free, country.flows_of(Rulings))
    if freed:
        free = free[:freed]
        cleared = free[(roster.state[free] == GONE) & (roster.youth[free] != NOBODY)]
        country.persons.status[roster.person[cleared]] = CIVILIAN
        back = free[roster.state[free] == RETURNED]
        np.add.at(country.flow("returned"), roster.cell[back], 1.0)
        theirs = roster.youth[back]
        raised = p.returned_disposition / country.society.persons_per_youth
        np.add.at(youth.settled, theirs[theirs != NOBODY], np.float32(raised))
        follow(country, back)
