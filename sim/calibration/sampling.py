"""Likelihood, implausibility, and points and worlds drawn by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from sim.calibration.emulator import Emulator, Guess

Array = NDArray[np.float64]

LEFT_OUT = 3
"""Targets that a point may miss: a few are out of reach of any parameters, and would empty the whole space."""
CUT = 3.0
"""A point is implausible if its next worst target is missed by more than so many standard deviations."""
CHAINS, STEPS = 40, 120
"""Steps of each chain between two points that are kept; chains that go on beside each other."""
FEWEST = 0.25
"""Weights are tempered until at least this share of the points counts: a weight is itself known only by a few runs."""


def log_likelihood(misses: Array, covariance: Array) -> Array:
    """Of normal misses (points x targets) under one covariance, or one for each point; without its constant."""
    half = np.linalg.cholesky(covariance)
    if covariance.ndim == 2:
        whitened = np.linalg.solve(half, misses.T).T
        size = np.log(np.diag(half)).sum()
    else:
        whitened = np.linalg.solve(half, misses[..., None])[..., 0]
        size = np.log(np.diagonal(half, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(-0.5 * (whitened**2).sum(axis=1) - size)


def implausibility(emulator: Emulator, scores: Array, seen: Array, allowed: Array, guess: Guess | None = None) -> Array:
    """How many standard deviations the worst target is missed by, after the `LEFT_OUT` worst ones.

    Parameters
    ----------
    emulator : Emulator
    scores : array
        Points x parameters.
    seen : array
        The record.
    allowed : array
        The variance of its error and of discrepancy.
    guess : Guess, optional
        What the emulator says there, if that is known.
    """
    guess = emulator.guess(scores) if guess is None else guess
    misses = np.abs(guess.mean - seen) / np.sqrt(emulator.variance(guess) + allowed)
    order = np.sort(misses, axis=1)
    return np.asarray(order[:, -1 - min(LEFT_OUT, order.shape[1] - 1)])


def emulated_likelihood(emulator: Emulator, scores: Array, seen: Array, allowed: Array) -> Array:
    """The log-likelihood of points by the emulator, with luck, ignorance, error and discrepancy."""
    guess = emulator.guess(scores)
    return log_likelihood(guess.mean - seen, emulator.covariance(guess) + allowed)


Density = Callable[[Array, NDArray[np.int64]], Array]
"""The log-density, relative to the prior, of points (chains x parameters) of the chains with these numbers."""


def sample(
    density: Callable[[Array], Array], start: Array, count: int, luck: np.random.Generator, steps: int = STEPS
) -> Array:
    """Points drawn from a density over a standard normal prior, by elliptical slices (Murray, Adams and MacKay 2010).

    Parameters
    ----------
    density : callable
        The log-density of points relative to the prior.
    start : array
        Points from which the chains start: chains x parameters.
    count : int
        Points to draw.
    luck : numpy.random.Generator
    steps : int
        Steps of a chain before its first point, and between two.
    """
    rounds = -(-count // len(start))
    return np.concatenate(list(chains(lambda scores, _: density(scores), start, rounds, luck, steps, steps)))[:count]


def chains(
    density: Density, start: Array, rounds: int, luck: np.random.Generator, first: int, steps: int
) -> Iterator[Array]:
    """Where chains are after the `first` steps and then after every so many `steps`: each time chains x parameters."""
    at, level = start.copy(), density(start, np.arange(len(start)))
    for turn in range(rounds):
        for _ in range(steps if turn else first):
            at, level = _slice(density, at, level, luck)
        yield at.copy()


def _slice(density: Density, at: Array, level: Array, luck: np.random.Generator) -> tuple[Array, Array]:
    """One step of every chain; those that found their next point wait for the others."""
    ring = luck.standard_normal(at.shape)
    least = level + np.log(np.maximum(luck.random(len(at)), 1e-300))
    angle = luck.uniform(0.0, 2.0 * np.pi, len(at))
    low, high = angle - 2.0 * np.pi, angle.copy()
    new, value, open_ = at.copy(), level.copy(), np.ones(len(at), bool)
    for _ in range(50):
        k = np.flatnonzero(open_)
        if not k.size:
            break
        tried = at[k] * np.cos(angle[k])[:, None] + ring[k] * np.sin(angle[k])[:, None]
        found = density(tried, k)
        good = found > least[k]
        new[k[good]], value[k[good]] = tried[good], found[good]
        open_[k[good]] = False
        bad = k[~good]
        low[bad] = np.where(angle[bad] < 0, angle[bad], low[bad])
        high[bad] = np.where(angle[bad] >= 0, angle[bad], high[bad])
        angle[bad] = luck.uniform(low[bad], high[bad])
    return new, value


def weights(log: Array, fewest: float = FEWEST) -> tuple[Array, float]:
    """Weights that add up to 1 from their logarithms, and the power they were raised to so that enough points count."""
    power = 1.0
    for _ in range(200):
        found = np.exp(power * (log - log.max()))
        found /= found.sum()
        if effective(found) >= fewest * len(log):
            break
        power *= 0.95
    return found, power


def effective(weight: Array) -> float:
    """How many equal weights these are worth."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def resample(weight: Array, count: int, luck: np.random.Generator) -> NDArray[np.int64]:
    """So many rows, in a random order, each as often as its weight asks (systematic resampling)."""
    places = (np.arange(count) + luck.random()) / count
    rows = np.minimum(np.searchsorted(np.cumsum(weight) / weight.sum(), places), len(weight) - 1)
    return np.asarray(luck.permutation(rows))


def without_replacement(log: Array, luck: np.random.Generator) -> list[int]:
    """All rows in the order of drawing them one by one, by weights with these logarithms (Gumbel's trick)."""
    return [int(k) for k in np.argsort(-(log + luck.gumbel(size=len(log))), kind="stable")]


def middle(rows: Array) -> int:
    """The row that is nearest to the mean of all, each column in its own standard deviations."""
    spread = np.sqrt(np.maximum(rows.var(axis=0), 1e-12))
    return int(np.argmin((((rows - rows.mean(axis=0)) / spread) ** 2).sum(axis=1)))
