"""The common model in mesa-frames: persons are rows of a Polars data frame, and a week is a few expressions over it.

Ties are columns of row numbers that `gather` reads. Random numbers come from the model's own generator.
"""

from __future__ import annotations

import polars as pl
from mesa_frames import AgentSetPolars, ModelDF
from society import TIES, Found, Rules, Society


class Persons(AgentSetPolars):
    """All persons."""

    def __init__(self, model, society: Society):
        super().__init__(model)
        ties = {f"tie_{k}": society.ties[:, k] for k in range(TIES)}
        columns = {"cell": society.cell, "own": society.own, "attitude": society.attitude, "joined": society.joined}
        self += pl.DataFrame({"unique_id": pl.arange(society.size, eager=True), **columns, **ties})

    def step(self):
        rules, luck, n = self.model.rules, self.model.random, len(self)
        attitude, joined = pl.col("attitude"), pl.col("joined")

        peers = pl.sum_horizontal([attitude.gather(pl.col(f"tie_{k}")) for k in range(TIES)]) / TIES
        noise = pl.Series(luck.normal(0.0, rules.noise, n))
        new = attitude + rules.peers * (peers - attitude) + rules.own * (pl.col("own") - attitude) + noise

        share = joined.mean().over("cell")
        approached = pl.Series(luck.random(n)) < 1.0 - (-(rules.base + rules.spread * share)).exp()
        willing = pl.Series(luck.random(n)) < 1.0 / (1.0 + (-(rules.doubt + rules.slope * attitude)).exp())

        # columns are set one after the other, so joining reads the new attitude
        self.set({"attitude": new, "joined": joined | (approached & willing)})


class Country(ModelDF):
    """A model with one set of agents."""

    def __init__(self, society: Society, rules: Rules, seed: int):
        super().__init__(seed)
        self.rules = rules
        self.agents += Persons(self, society)

    def step(self):
        self.agents.do("step")


def run(society: Society, rules: Rules, seed: int, weeks: int):
    """Set up; the function that is returned lives the weeks, and is what is timed."""
    model = Country(society, rules, seed)

    def live() -> Found:
        for _ in range(weeks):
            model.step()
        persons = model.get_agents_of_type(Persons)
        return Found(persons["attitude"].to_numpy(), persons["joined"].to_numpy())

    return live
