"""Imams leave for training, study, and come back.

Those who leave are picked by luck among the untrained in post. A share of them (delivery is patchy) comes back trained
when the course ends: their stance is then nearer to the moderate end, their credibility differs by what a link to the
state costs or learning brings. The stipulated course of the Moroccan programme is two years.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine.luck import decision, lucks
from sim.population.imams import IN_TRAINING, TRAINED, UNTRAINED

LEAVES = decision("an imam leaves for training")
COMPLETES = decision("an imam completes the course")


def imams(country: Country) -> None:
    """Send this week's cohort, bring back those whose course is over."""
    levers, p, week = country.levers, country.parameters, country.week
    people = country.imams

    back = np.flatnonzero((people.training == IN_TRAINING) & (people.back_week <= week))
    if back.size:
        completing = levers.imams_completing[country.grid.region[people.cell[back]]]
        done = lucks(COMPLETES, country.seed, week, back) < completing
        people.training[back] = np.where(done, TRAINED, UNTRAINED)
        taught = back[done]
        people.stance[taught] *= 1.0 - p.training_stance_shift
        people.credibility[taught] = np.clip(people.credibility[taught] * p.training_credibility, 0.0, 1.0)

    if levers.moved("imams_sent"):
        region = country.grid.region[people.cell]
        free = (people.training == UNTRAINED) & people.in_post(week)
        for r in np.flatnonzero(levers.imams_sent):
            candidates = np.flatnonzero(free & (region == r))
            order = np.argsort(lucks(LEAVES, country.seed, week, candidates), kind="stable")
            chosen = candidates[order[: int(levers.imams_sent[r])]]
            people.training[chosen] = IN_TRAINING
            people.back_week[chosen] = week + int(levers.course_weeks[r])
