"""The common model as plain Mesa objects: every person an agent, every week two stages of `AgentSet.do`."""

from __future__ import annotations

import math

import mesa
import numpy as np
from society import TIES, Found, Rules, Society


class Cell:
    """Counts who lives here and who of them has joined."""

    def __init__(self):
        self.persons = self.members = 0
        self.chance = 0.0


class Person(mesa.Agent):
    """A person with ties to other agents."""

    def __init__(self, model, cell, own, attitude, joined):
        super().__init__(model)
        self.cell, self.own, self.attitude, self.joined = cell, own, attitude, joined
        self.ties = []
        self.attitude_next = attitude
        cell.persons += 1
        cell.members += joined

    def reconsider(self):
        """First stage: work out the next attitude while everybody still shows the last one."""
        model, attitude = self.model, self.attitude
        peers = sum([tie.attitude for tie in self.ties]) / TIES
        self.attitude_next = (
            attitude
            + model.rules.peers * (peers - attitude)
            + model.rules.own * (self.own - attitude)
            + model.random.gauss(0.0, model.rules.noise)
        )

    def be_approached(self):
        """Second stage: show the new attitude; perhaps be approached, perhaps join."""
        self.attitude = self.attitude_next
        if self.joined or self.model.random.random() >= self.cell.chance:
            return
        rules = self.model.rules
        if self.model.random.random() < 1.0 / (1.0 + math.exp(-(rules.doubt + rules.slope * self.attitude))):
            self.joined = True
            self.cell.members += 1


class Country(mesa.Model):
    """Persons and their cells."""

    def __init__(self, society: Society, rules: Rules, seed: int):
        super().__init__(seed=seed)
        self.rules = rules
        self.cells = [Cell() for _ in range(society.cells)]
        columns = (society.cell.tolist(), society.own.tolist(), society.attitude.tolist(), society.joined.tolist())
        persons = [Person(self, self.cells[cell], *rest) for cell, *rest in zip(*columns, strict=True)]
        for person, ties in zip(persons, society.ties.tolist(), strict=True):
            person.ties = [persons[row] for row in ties]

    def step(self):
        for cell in self.cells:
            cell.chance = 1.0 - math.exp(-(self.rules.base + self.rules.spread * cell.members / cell.persons))
        self.agents.do("reconsider")
        self.agents.do("be_approached")


def run(society: Society, rules: Rules, seed: int, weeks: int):
    """Set up; the function that is returned lives the weeks, and is what is timed."""
    model = Country(society, rules, seed)

    def live() -> Found:
        for _ in range(weeks):
            model.step()
        return Found(np.array(model.agents.get("attitude")), np.array(model.agents.get("joined")))

    return live
