"""Leaders of armed groups: who leads, and what follows when one is killed or arrested.

Each group has one leader, a member like the others, whom forces may find like the others. When the leader falls, the
member who has been there longest takes over. For some weeks recruiters then approach more or fewer people, and more or
fewer members give up: exits come in waves. Studies disagree whether the loss of a leader weakens a group at all (Jordan
2009; Price 2012; Johnston 2012), so both effects may have either sign. A leader who gives up or turns 36 is replaced
without any such effect, and a group that a merger ends brings its leader in as an ordinary member.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine.exact import exp
from sim.engine.luck import decision, lucks
from sim.population.youth import DETAINED, KILLED

SUCCEEDS = decision("a member takes over a group")


def shaken(country: Country, effect: float) -> np.ndarray:
    """Factor by group from the loss of its leader, while the loss is felt; `effect` is its logarithm."""
    since = country.week - country.fell
    felt = (since >= 0) & (since < int(country.parameters.leader_weeks))
    factor: np.ndarray = np.where(felt, exp(effect), 1.0)
    return factor


def leaders(country: Country) -> None:
    """Note the leaders lost this week, and let others take over."""
    roster = country.roster
    group, state, leads = roster.group[: roster.size], roster.state[: roster.size], roster.leader[: roster.size]
    lost = np.flatnonzero((leads > 0) & ((state == KILLED) | (state == DETAINED)))
    country.fell[group[lost]] = country.week + 1  # felt from next week on
    np.add.at(country.flow("leaders_lost"), roster.cell[lost], 1.0)
    active = roster.active()
    leads[~active] = 0
    led = np.zeros(country.fell.size, bool)
    led[group[leads > 0]] = True
    for g in np.flatnonzero(country.groups.alive(country.week) & ~led):
        members = np.flatnonzero(active & (group == g))
        if members.size:
            luck = lucks(SUCCEEDS, country.seed, int(g), roster.person[members])
            leads[members[np.lexsort((luck, roster.since[members]))[0]]] = 1
