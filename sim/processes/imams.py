"""Imams leave for training, study, and come back.

Luck picks those who leave among the untrained imams in post. Delivery is patchy, so only a share of them comes back
trained at the end of the course. Their stance is then more moderate, and their credibility changes: a link to the state
costs some, learning may bring some. The planned course of the Moroccan programme takes two years.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine.luck import decision, lucks
from sim.population.imams import IN_TRAINING, TRAINED, UNTRAINED

LEAVES = decision("an imam leaves for training")
COMPLETES = decision("an imam completes the course")


def imams(country: Country) -> None:
    """Send this week's cohort to its course and bring back those whose course is over."""
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
