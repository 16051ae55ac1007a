"""The common model in Starsim: a module with states and distributions, and a network of ties that stays.

Starsim's common random numbers are on, as they are by default. It also counts people and joined persons every week by
itself.
"""

from __future__ import annotations

import numpy as np
import starsim as ss
from society import TIES, Found, Rules, Society


class Ties(ss.Network):
    """Ties that never change: an edge leads from a person to each friend."""

    def step(self):
        pass


def approached(module, sim, uids):
    """The chance that a person is approached, by the share of joined persons in the cell."""
    return module.chance[module.cell[uids]]


def willing(module, sim, uids):
    """The chance that an approached person joins."""
    rules = module.rules
    return 1.0 / (1.0 + np.exp(-(rules.doubt + rules.slope * module.attitude[uids])))


class Recruitment(ss.Module):
    """Attitudes and joining."""

    def __init__(self, society: Society, rules: Rules):
        super().__init__()
        self.society, self.rules = society, rules
        self.cell, self.in_cell = society.cell, np.bincount(society.cell)
        self.chance = np.zeros(society.cells)
        self.define_pars(
            noise=ss.normal(loc=0.0, scale=rules.noise),
            approached=ss.bernoulli(p=approached),
            joins=ss.bernoulli(p=willing),
        )
        self.define_states(ss.FloatArr("own"), ss.FloatArr("attitude"), ss.BoolState("joined"))

    def init_post(self):
        super().init_post()
        self.own[:], self.attitude[:], self.joined[:] = self.society.own, self.society.attitude, self.society.joined

    def step(self):
        rules, attitude = self.rules, self.attitude
        edges = self.sim.networks.ties.edges
        peers = np.bincount(edges.p1, weights=attitude[edges.p2], minlength=len(attitude)) / TIES
        noise = self.pars.noise.rvs(self.sim.people.auids) if rules.noise else 0.0
        attitude[:] = attitude + rules.peers * (peers - attitude) + rules.own * (self.own - attitude) + noise

        share = np.bincount(self.cell, weights=self.joined, minlength=self.chance.size) / self.in_cell
        self.chance = 1.0 - np.exp(-(rules.base + rules.spread * share))
        asked = self.pars.approached.filter((~self.joined).uids)
        self.joined[self.pars.joins.filter(asked)] = True


def run(society: Society, rules: Rules, seed: int, weeks: int):
    """Set up; the function that is returned lives the weeks, and is what is timed."""
    p1 = np.repeat(np.arange(society.size), TIES)
    ties = Ties(name="ties", p1=p1, p2=society.ties.ravel(), beta=np.ones(p1.size))
    sim = ss.Sim(
        n_agents=society.size,
        networks=ties,
        modules=Recruitment(society, rules),
        start="2012-01-02",
        dt=ss.weeks(1),
        dur=ss.weeks(weeks - 1),  # Starsim lives the first and the last step
        rand_seed=seed,
        verbose=0,
    )
    sim.init()

    def live() -> Found:
        sim.run()
        module = sim.get_module(Recruitment)  # Starsim lives a copy of what it is given
        return Found(np.array(module.attitude), np.array(module.joined))

    return live
