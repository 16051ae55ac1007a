"""Detained persons wait: some are let go, some are convicted, those wrongly held are cleared in the end.

Every week a case of a member is dismissed or ends in a conviction at rates set by the capacity of the courts; the
convicted are free again after their sentence. Those wrongly held are cleared at a rate of their own.
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
def _rule(seed, week, dismissed, convicted, cleared, sentence, person, group, state, since, guilty):
    freed = 0
    for e in range(person.size):
        if state[e] != DETAINED or since[e] == week:
            continue
        u = uniform(words(RULING, seed, week, person[e], 0)[0])
        if group[e] == NOBODY:
            if u < cleared:
                state[e], since[e] = GONE, week
                freed += 1
        elif guilty[e]:
            if week - since[e] >= sentence:
                state[e], since[e] = RETURNED, week
                freed += 1
        elif u < dismissed:
            state[e], since[e] = RETURNED, week
            freed += 1
        elif u < dismissed + convicted:
            guilty[e], since[e] = 1, week
    return freed


def justice(country: Country) -> None:
    """Decide this week's cases."""
    p, roster, youth = country.parameters, country.roster, country.youth
    person, rows, group, cell, _abroad, _recruiter, state, _persons, since, guilty = roster.entries()
    freed = _rule(country.seed, country.week, p.dismissal_chance, p.conviction_chance, p.clearing_chance,
                  int(p.sentence_weeks), person, group, state, since, guilty)  # fmt: skip
    if freed:
        now = since == country.week
        cleared = rows[now & (state == GONE) & (group == NOBODY)]
        youth.status[cleared[youth.status[cleared] == DETAINED]] = CIVILIAN
        back = now & (state == RETURNED)
        np.add.at(country.flow("returned"), cell[back], 1.0)
        mine = np.unique(rows[back & (rows != NOBODY)])
        youth.settled[mine] += np.float32(p.returned_disposition)
        follow(country, mine)
