"""Imams: their columns, and where they preach."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.engine.exact import power
from sim.engine.kernels import loop
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
    """One entry per imam, sorted by cell. Youths who hear no imam refer to the number after the last."""

    cell: np.ndarray  # int32
    mosque: np.ndarray  # int32, number of the mosque
    stance: np.ndarray  # float64 0..1, what the sermons pull towards: 0 moderate, 1 the violent narrative
    credibility: np.ndarray  # float64 0..1
    training: np.ndarray  # uint8, place in TRAININGS
    back_week: np.ndarray  # int32, week in which an imam in training comes back
    away_until: np.ndarray  # int32, week until which a threatened imam stays away or silent

    def copy(self) -> Imams:
        """An independent copy."""
        return Imams(*(getattr(self, f.name).copy() for f in fields(self)))

    def preachers(self) -> Preachers:
        """The columns that say who preaches where, and what, for compiled loops."""
        return Preachers(self.cell, self.stance, self.training, self.away_until)

    def in_post(self, week: int) -> np.ndarray:
        """Which imams preach this week: those neither abroad for training nor driven away."""
        return (self.training != IN_TRAINING) & (self.away_until <= week)

    def in_training(self) -> np.ndarray:
        """Which imams are abroad for training."""
        return self.training == IN_TRAINING

    def trained_in_post(self, week: int) -> np.ndarray:
        """Which imams preach this week and are trained."""
        return (self.training == TRAINED) & self.in_post(week)


class Preachers(NamedTuple):
    """The columns of `Imams` that say who preaches where, and what."""

    cell: np.ndarray
    stance: np.ndarray
    training: np.ndarray
    away_until: np.ndarray


def per_cell(grid: Grid, count: float) -> np.ndarray:
    """First item of each cell, and the end, when `count` items are spread like the population."""
    share = np.cumsum(grid.population) / grid.population.sum()
    return np.concatenate([[0], np.floor(share * count + 0.5)]).astype(np.int64)


def ordain(grid: Grid, p: Parameters, world_seed: int) -> Imams:
    """Place imams and mosques like the people, and draw the imams' stance and credibility.

    Stance is `u ** imam_stance_power`, a Beta(1 / power, 1) with mean 1 / (1 + power): most imams are moderate, a few
    are not. Credibility is triangular around its mean.
    """
    first = per_cell(grid, p.imams)
    cell = np.repeat(np.arange(len(first) - 1), np.diff(first)).astype(np.int32)
    names = np.arange(cell.size)
    seed = seed_key(world_seed)
    spread = lucks(CREDIBILITY, seed, 0, names) + lucks(CREDIBILITY, seed, 0, names, 1) - 1.0
    return Imams(
        cell=cell,
        mosque=(names * (p.mosques / p.imams)).astype(np.int32),
        stance=power(lucks(STANCE, seed, 0, names), p.imam_stance_power),
        credibility=np.clip(p.imam_credibility + p.imam_credibility_spread * spread, 0.0, 1.0),
        training=np.zeros(cell.size, np.uint8),
        back_week=np.zeros(cell.size, np.int32),
        away_until=np.zeros(cell.size, np.int32),
    )


@loop
def count_in_post(week, starts, training, away_until):
    """Imams who preach, by region; those of a region begin at `starts`."""
    counts = np.zeros(starts.size - 1, np.int64)
    for r in range(counts.size):
        count = 0
        for i in range(starts[r], starts[r + 1]):
            count += (training[i] != IN_TRAINING) & (away_until[i] <= week)
        counts[r] = count
    return counts


@loop
def count_moderate(week, moderate, starts, stance, training, away_until):
    """Imams who preach, have not been trained, and have a stance below `moderate`, by region."""
    counts = np.zeros(starts.size - 1, np.int64)
    for r in range(counts.size):
        count = 0
        for i in range(starts[r], starts[r + 1]):
            count += (training[i] == UNTRAINED) & (away_until[i] <= week) & (stance[i] < moderate)
        counts[r] = count
    return counts


@loop
def count_courses(week, back, starts, training, away_until, back_week):
    """By region, imams who preach and have been trained, imams in training, and those of them who return in `back`."""
    preaching, away, left = np.zeros((3, starts.size - 1))
    for r in range(starts.size - 1):
        posted, abroad, gone = 0, 0, 0
        for i in range(starts[r], starts[r + 1]):
            here, studies = training[i] == TRAINED, training[i] == IN_TRAINING
            posted += here & (away_until[i] <= week)
            abroad += studies
            gone += studies & (back_week[i] == back)
        preaching[r], away[r], left[r] = posted, abroad, gone
    return preaching, away, left


def speakers(
    people: Imams, region: np.ndarray, asked: np.ndarray, moderate: float, seed: np.uint64, week: int
) -> np.ndarray:
    """Which of the moderate, untrained imams in post speak out against violence this week.

    Each imam has one luck for the whole run. A larger share therefore adds speakers and silences nobody, and an imam
    who speaks out goes on while the share lasts.

    Parameters
    ----------
    people : Imams
        All imams.
    region : np.ndarray
        Region of each cell.
    asked : np.ndarray
        Share that speaks out, by region (the lever `speaking_out`).
    moderate : float
        Stance below which an imam is moderate.
    seed : np.uint64
        Key of the run seed.
    week : int
        This week.
    """
    if not asked.any():
        return np.zeros(people.cell.size, bool)
    reluctance = _reluctance(int(seed), people.cell.size)
    return _speak(week, moderate, asked, region, reluctance, people.preachers())


@lru_cache(maxsize=1)
def _reluctance(seed: int, imams: int) -> np.ndarray:
    """The share that must be asked before each imam speaks out; kept, because nothing changes it in a run."""
    return lucks(SPEAKS_OUT, seed_key(seed), 0, np.arange(imams))


@loop
def _speak(week, moderate, asked, region, reluctance, imams):
    speaks = np.empty(imams.cell.size, np.bool_)
    for i in range(imams.cell.size):
        able = (imams.training[i] == UNTRAINED) & (imams.away_until[i] <= week) & (imams.stance[i] < moderate)
        speaks[i] = able & (reluctance[i] < asked[region[imams.cell[i]]])
    return speaks


def first_imams(grid: Grid, p: Parameters) -> np.ndarray:
    """First imam of each cell, and the end."""
    return per_cell(grid, p.imams)


def speaker_trust(people: Imams, grid: Grid, usual: float) -> np.ndarray:
    """Credibility of the imams of each region, relative to the `usual` one: trust in those who speak in the clips."""
    imams, total = np.zeros(len(grid.region_names)), np.zeros(len(grid.region_names))
    _believed(grid.region, people.cell, people.credibility, imams, total)
    return np.divide(total, imams, out=np.full(imams.size, usual), where=imams > 0) / usual


@loop
def _believed(region, cell, credibility, imams, total):
    """Count imams, and add up their credibility, by region."""
    for i in range(cell.size):
        imams[region[cell[i]]] += 1.0
        total[region[cell[i]]] += credibility[i]
