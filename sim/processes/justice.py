"""Detained persons wait: some are let go, some are convicted, those wrongly held are cleared in the end.

Every week a case of a member is dismissed or ends in a conviction at rates set by the capacity of the courts: those of
the special prosecutors and their investigators for the cases they have, slower ones for the others. The convicted are
free again after their sentence. Those wrongly held are cleared at a rate of their own, sooner where somebody looks into
their case.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine.kernels import loop
from sim.engine.luck import decision, uniform, words
from sim.population.groups import GONE, NOBODY
from sim.population.youth import CIVILIAN, DETAINED, RETURNED
from sim.processes.exits import follow

RULING = decision("a court decides on a detained person")


@loop
def _rule(seed, week, dismissed, convicted, cleared, sentence, person, group, cell, state, persons, since, guilty, free,
          let_go, sentenced, set_free):  # fmt: skip
    freed = 0
    for e in range(person.size):
        if state[e] != DETAINED or since[e] == week:
            continue
        drawn = words(RULING, seed, week, person[e], 0)
        u = uniform(drawn[0])
        if group[e] == NOBODY:
            if u < cleared:
                state[e] = GONE
                set_free[cell[e]] += persons[e]
        elif guilty[e]:
            if week - since[e] >= sentence:
                state[e] = RETURNED
        elif u < dismissed + convicted:  # a ruling; which one is another question, so that haste changes none
            if uniform(drawn[1]) * (dismissed + convicted) < dismissed:
                state[e] = RETURNED
                let_go[cell[e]] += persons[e]
            else:
                guilty[e], since[e] = 1, week
                sentenced[cell[e]] += persons[e]
        if state[e] != DETAINED:
            since[e] = week
            free[freed] = e
            freed += 1
    return freed


def justice(country: Country) -> None:
    """Decide this week's cases."""
    p, roster, youth = country.parameters, country.roster, country.youth
    pole = float(country.levers.pole_cases)
    pace = pole + p.ordinary_courts * (1.0 - pole)
    person, rows, group, cell, _abroad, _recruiter, state, persons, since, guilty = roster.entries()
    free = np.empty(person.size, np.int64)
    freed = _rule(country.seed, country.week, p.dismissal_chance * pace, p.conviction_chance * pace,
                  p.clearing_chance * (1.0 + pole * np.expm1(p.pole_clearing)), int(p.sentence_weeks), person, group,
                  cell, state, persons, since, guilty, free, country.flow("dismissed"), country.flow("convicted"),
                  country.flow("cleared"))  # fmt: skip
    if freed:
        free = free[:freed]
        cleared = rows[free[state[free] == GONE]]
        youth.status[cleared[youth.status[cleared] == DETAINED]] = CIVILIAN
        back = free[state[free] == RETURNED]
        np.add.at(country.flow("returned"), cell[back], 1.0)
        theirs = rows[back]
        raised = p.returned_disposition / country.society.persons_per_youth
        np.add.at(youth.settled, theirs[theirs != NOBODY], np.float32(raised))
        follow(country, back)
