"""The emulator: what runs would give at points where none was made, and how much luck and ignorance are in that.

Targets are divided by what the record allows (error and discrepancy), and turned into their principal components. Each
component is a Gaussian process over normal scores of the parameters: straight and squared terms of every parameter, a
smooth remainder (Matern 5/2) over distances in which a parameter counts by how much it moves the targets, and noise,
which is the luck of runs. Numbers of the process maximise its likelihood on a grid: no search can get lost, and the
work is one decomposition for each of nine mixtures.

The variance is emulated as well. Each run is predicted by the others (leave-one-out, exact for Gaussian processes).
How far it lies from that, over all targets, is regressed on the components: luck is larger where there is more
violence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EXPLAINED, MOST_COMPONENTS = 0.98, 16
"""Components are kept until they explain this share of the variance, and at most so many."""
SMOOTH = (0.15, 0.5, 0.85)
"""Shares of the smooth remainder that are tried; the rest of the signal is straight and squared terms."""
LENGTHS = (1.0, 2.0, 4.0)
"""Lengths of the smooth remainder that are tried, in typical distances between points."""
NOISES = tuple(np.logspace(-2.0, 2.0, 17))
"""Variances of luck that are tried, relative to the signal."""
FAR = 6.0
"""A run farther from the median of a target than so many robust deviations counts as being there."""
SWAY = (0.25, 4.0)
"""Luck is at most so many times smaller or larger than on average."""
MOST_RUNS = 3000
"""Runs that it learns from; the work grows with their cube."""


class Guess(NamedTuple):
    """What the emulator says at some points."""

    mean: Array  # points x targets
    ignorance: Array  # points x components: variances
    sway: Array  # points: luck relative to its average


@dataclass(frozen=True)
class Emulator:
    """A fitted emulator: see the head of the file. `learn` makes one."""

    scale: Array  # of each target
    middle: Array  # of the scaled targets
    axes: Array  # components x targets
    scores: Array  # normal scores of the points it learnt from
    relevance: Array  # of each parameter
    smooth: float
    length: float
    vectors: Array  # of the decomposition of the kernel
    roots: Array
    noise: Array  # of each component, relative to its signal
    signal: Array  # variance of each component
    turned: Array  # components as the vectors see them
    luck: Array  # covariance of scaled targets over runs at one point, with the average ignorance in it
    swaying: Array  # how luck grows with the first components

    def guess(self, scores: Array) -> Guess:
        """Mean, ignorance and luck at points."""
        here = _kernel(scores, self.scores, self.relevance, self.smooth, self.length) @ self.vectors
        inverse = 1.0 / (self.roots[:, None] + self.noise[None, :])
        components = here @ (inverse * self.turned)
        own = _own(scores, self.smooth)
        ignorance = np.maximum(self.signal * (own[:, None] - here**2 @ inverse), 1e-9)
        mean = (self.middle + components @ self.axes) * self.scale
        return Guess(mean, ignorance, self._sway(components))

    def _sway(self, components: Array) -> Array:
        return np.clip(np.exp(_terms(components) @ self.swaying), *SWAY)

    def variance(self, guess: Guess) -> Array:
        """Luck and ignorance about each target: points x targets."""
        luck = np.diag(self.luck)[None, :] * guess.sway[:, None]
        return np.asarray((luck + guess.ignorance @ self.axes**2) * self.scale**2)

    def covariance(self, guess: Guess) -> Array:
        """The same with covariances: points x targets x targets."""
        known = np.einsum("pc,ci,cj->pij", guess.ignorance, self.axes, self.axes)
        return np.asarray((self.luck * guess.sway[:, None, None] + known) * np.outer(self.scale, self.scale))


def learn(scores: Array, targets: Array, scale: Array, mixture: tuple[float, float] | None = None) -> Emulator:
    """An emulator of runs.

    Parameters
    ----------
    scores : array
        Normal scores of the points: runs x parameters.
    targets : array
        What the runs gave: runs x targets; NaN where a share is one of nothing.
    scale : array
        What the record allows for each target.
    mixture : (float, float), optional
        `smooth` and `length` of an earlier one, if they are not to be looked for again.
    """
    y = _tame(targets / scale)
    middle = y.mean(axis=0)
    _, spread, axes = np.linalg.svd(y - middle, full_matrices=False)
    share = np.cumsum(spread**2) / max(float((spread**2).sum()), 1e-300)
    kept = min(int(np.searchsorted(share, EXPLAINED)) + 1, MOST_COMPONENTS, len(y) // 4 + 1)
    axes = axes[:kept]
    axes = axes * np.where(axes[np.arange(kept), np.abs(axes).argmax(axis=1)] < 0, -1.0, 1.0)[:, None]
    components = (y - middle) @ axes.T
    relevance = _relevance(scores, components)

    best = None
    for smooth in SMOOTH if mixture is None else mixture[:1]:
        for length in LENGTHS if mixture is None else mixture[1:]:
            roots, vectors = np.linalg.eigh(_kernel(scores, scores, relevance, smooth, length))
            roots = np.maximum(roots, 0.0)
            turned = vectors.T @ components
            likely = np.stack([_likely(roots, turned, noise) for noise in NOISES])  # noises x components
            total = float(likely.max(axis=0).sum())
            if best is None or total > best[0]:
                noise = np.array(NOISES)[likely.argmax(axis=0)]
                best = total, smooth, length, roots, vectors, turned, noise
    assert best is not None
    _, smooth, length, roots, vectors, turned, noise = best
    inverse = 1.0 / (roots[:, None] + noise[None, :])
    signal = np.maximum((turned**2 * inverse).mean(axis=0), 1e-12)

    own = vectors**2 @ inverse  # the diagonal of the inverse kernel
    left = (vectors @ (inverse * turned)) / own  # leave-one-out residuals of the components
    found = y - middle - (components - left) @ axes
    luck = found.T @ found / len(found) + 1e-6 * np.eye(y.shape[1])
    guessed = components - left
    swaying = _swaying(guessed, (left**2 * own / signal).mean(axis=1))
    return Emulator(scale, middle, axes, scores, relevance, smooth, length, vectors, roots, noise, signal, turned,
                    luck, swaying)  # fmt: skip


def _tame(y: Array) -> Array:
    """Targets without holes and without runs far outside, which would bend everything."""
    middle = np.nanmedian(y, axis=0)
    middle = np.where(np.isfinite(middle), middle, 0.0)
    y = np.where(np.isfinite(y), y, middle)
    spread = np.maximum(1.4826 * np.median(np.abs(y - middle), axis=0), 0.1)
    return np.asarray(np.clip(y, middle - FAR * spread, middle + FAR * spread))


def _features(scores: Array) -> Array:
    """The straight and the squared terms."""
    return np.hstack([np.ones((len(scores), 1)), scores, (scores**2 - 1.0) / np.sqrt(2.0)])


def _kernel(one: Array, other: Array, relevance: Array, smooth: float, length: float) -> Array:
    a, b = _features(one), _features(other)
    straight = a @ b.T / one.shape[1]
    x, z = one * relevance, other * relevance
    gap = np.maximum((x**2).sum(1)[:, None] + (z**2).sum(1)[None, :] - 2.0 * x @ z.T, 0.0)
    r = np.sqrt(5.0 * gap) / length
    return np.asarray((1.0 - smooth) * straight + smooth * (1.0 + r + r**2 / 3.0) * np.exp(-r))


def _own(scores: Array, smooth: float) -> Array:
    """The kernel between each point and itself."""
    return np.asarray((1.0 - smooth) * (_features(scores) ** 2).sum(axis=1) / scores.shape[1] + smooth)


def _relevance(scores: Array, components: Array) -> Array:
    """How much each parameter moves the components, scaled so that two points of the prior are about 1 apart."""
    x = _features(scores)
    penalty = np.eye(x.shape[1]) * max(0.05 * len(x), 1.0)
    penalty[0, 0] = 1e-9
    slopes = np.linalg.solve(x.T @ x + penalty, x.T @ components)
    d = scores.shape[1]
    moved = (slopes[1 : d + 1] ** 2 + slopes[d + 1 :] ** 2).sum(axis=1)
    moved = moved / max(float(moved.sum()), 1e-300) + 0.1 / d
    return np.sqrt(moved / moved.sum() / 2.0)


def _likely(roots: Array, turned: Array, noise: float) -> Array:
    """The log-likelihood of each component, at the best size of its signal."""
    whole = roots + noise
    signal = np.maximum((turned**2 / whole[:, None]).mean(axis=0), 1e-12)
    return np.asarray(-0.5 * len(roots) * np.log(signal) - 0.5 * np.log(whole).sum())


def _terms(components: Array) -> Array:
    first = components[:, :3] / (1.0 + np.abs(components[:, :3]))  # bounded: no luck without end
    return np.hstack([np.ones((len(components), 1)), first, first**2])


def _swaying(components: Array, misses: Array) -> Array:
    """The regression of the log of squared misses (1 on average) on the components."""
    x = _terms(components)
    log = np.log(np.maximum(misses, 1e-3))
    log = log - np.log(np.maximum(misses, 1e-3).mean())
    penalty = np.eye(x.shape[1]) * max(0.05 * len(x), 1.0)
    penalty[0, 0] = 1e-9
    slopes = np.linalg.solve(x.T @ x + penalty, x.T @ log)
    slopes[0] += np.log(np.mean(np.maximum(misses, 1e-3) / np.exp(x @ slopes)) / np.maximum(misses, 1e-3).mean())
    return np.asarray(slopes)
