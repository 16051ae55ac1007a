"""Imams: the columns, and where they preach."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from sim.engine.luck import decision, lucks, seed_key
from sim.parameters import Parameters
from sim.world.grid import Grid

UNTRAINED, IN_TRAINING, TRAINED = range(3)
TRAININGS = ("none", "in training", "trained")

STANCE = decision("what an imam's sermons pull towards")
CREDIBILITY = decision("how credible an imam is")
SPEAKS_OUT = decision("an imam speaks out when asked to")


@dataclass(slots=True)
class Imams:
    """One entry per imam, sorted by cell. (The entry after the last stands for 'no imam' where youths refer to one.)"""

    cell: np.ndarray  # int32
    mosque: np.ndarray  # int32, number of the mosque
    stance: np.ndarray  # float64 0..1, what the sermons pull towards: 0 moderate, 1 the violent narrative
    credibility: np.ndarray  # float64 0..1
    training: np.ndarray  # uint8, place in TRAININGS
    back_week: np.ndarray  # int32, week in which those in training come back
    away_until: np.ndarray  # int32, week until which the threatened stay away or silent

    def copy(self) -> Imams:
        """An independent copy."""
        return Imams(*(getattr(self, f.name).copy() for f in fields(self)))

    def in_post(self, week: int) -> np.ndarray:
        """Who preaches this week: neither abroad for training nor driven away."""
        return (self.training != IN_TRAINING) & (self.away_until <= week)

    def in_training(self) -> np.ndarray:
        """Who is abroad for training."""
        return self.training == IN_TRAINING

    def trained_in_post(self, week: int) -> np.ndarray:
        """Who preaches this week and is trained."""
        return (self.training == TRAINED) & self.in_post(week)


def per_cell(grid: Grid, count: float) -> np.ndarray:
    """First item of each cell, and the end, when `count` of them are spread like the population."""
    share = np.cumsum(grid.population) / grid.population.sum()
    return np.concatenate([[0], np.floor(share * count + 0.5)]).astype(np.int64)


def ordain(grid: Grid, p: Parameters, world_seed: int) -> Imams:
    """Place the imams: spread like the people, the mosques likewise, stance and credibility drawn.

    Stance is `u ** imam_stance_power` (a Beta(1 / power, 1), mean 1 / (1 + power): most moderate, a few not);
    credibility is triangular around its mean.
    """
    first = per_cell(grid, p.imams)
    cell = np.repeat(np.arange(len(first) - 1), np.diff(first)).astype(np.int32)
    names = np.arange(cell.size)
    seed = seed_key(world_seed)
    spread = lucks(CREDIBILITY, seed, 0, names) + lucks(CREDIBILITY, seed, 0, names, 1) - 1.0
    return Imams(
        cell=cell,
        mosque=(names * (p.mosques / p.imams)).astype(np.int32),
        stance=lucks(STANCE, seed, 0, names) ** p.imam_stance_power,
        credibility=np.clip(p.imam_credibility + p.imam_credibility_spread * spread, 0.0, 1.0),
        training=np.zeros(cell.size, np.uint8),
        back_week=np.zeros(cell.size, np.int32),
        away_until=np.zeros(cell.size, np.int32),
    )


def speakers(
    people: Imams, region: np.ndarray, asked: np.ndarray, moderate: float, seed: np.uint64, week: int
) -> np.ndarray:
    """Who of the moderate imams in post, without a course, speaks out against violence this week (mask).

    Each has one luck for the whole run: a larger share asks others besides and silences none, and whoever speaks goes
    on while the share lasts.

    Parameters
    ----------
    people : Imams
        All imams.
    region : np.ndarray
        Region of each cell.
    asked : np.ndarray
        By region, share that speaks out (the lever `speaking_out`).
    moderate : float
        Stance below which an imam is moderate.
    seed : np.uint64
        Key of the run seed.
    week : int
        This week.
    """
    speaks = np.zeros(people.cell.size, bool)
    if asked.any():
        able = (people.training == UNTRAINED) & people.in_post(week) & (people.stance < moderate)
        who = np.flatnonzero(able)
        speaks[who] = _outspokenness(seed, people.cell.size)[who] < asked[region[people.cell[who]]]
    return speaks


@lru_cache(maxsize=2)
def _outspokenness(seed: np.uint64, imams: int) -> np.ndarray:
    """Every imam's luck in being asked to speak out, the same for the whole run."""
    return lucks(SPEAKS_OUT, seed, 0, np.arange(imams))


def first_imams(grid: Grid, p: Parameters) -> np.ndarray:
    """First imam of each cell, and the end."""
    return per_cell(grid, p.imams)
