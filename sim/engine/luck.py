"""Luck as a pure function of (seed, decision, week, agent, draw).

Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, doi 10.1145/2063384.2063405) turns a 64-bit key, the seed, and a
128-bit counter, here (agent, week, decision, draw), into four 32-bit words. There is no state, so nobody's luck depends
on the order of the questions, the number of threads, or what other people did.

>>> COIN = decision("a coin falls on heads")
>>> luck(COIN, seed_key(7), 0, 3) == luck(COIN, seed_key(7), 0, 3)
True
"""

from __future__ import annotations

import math
import zlib

import numpy as np

from sim.engine.elementary import exp, log
from sim.engine.kernels import loop, rule

_DECISIONS: dict[int, str] = {}

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_STEP = 1.0 / 4294967296.0

# Acklam's coefficients of the normal quantile, highest power first
_TAIL_OVER = (-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
              2.938163982698783)  # fmt: skip
_TAIL_UNDER = (7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1.0)
_MIDDLE_OVER = (-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.383577518672690e2,
                -3.066479806614716e1, 2.506628277459239)  # fmt: skip
_MIDDLE_UNDER = (-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
                 -1.328068155288572e1, 1.0)  # fmt: skip


def decision(sentence: str) -> np.uint32:
    """Name a decision, once, by its sentence. Its number is the sentence's CRC-32, so new decisions never change it.

    Raises
    ------
    ValueError
        If the sentence is already taken, or another sentence has the same number.
    """
    number = zlib.crc32(sentence.encode())
    if number in _DECISIONS:
        raise ValueError(f"the decision {sentence!r} is taken by {_DECISIONS[number]!r}")
    _DECISIONS[number] = sentence
    return np.uint32(number)


def decisions() -> dict[int, str]:
    """The sentences of all decisions named so far, by number."""
    return dict(_DECISIONS)


_OF_DRAW = decision("a draw of parameters has luck of its own")


def seed_key(seed: int, draw: int = 0) -> np.uint64:
    """The key of a seed: the seed itself as 64 bits or, under a draw of parameters, 64 bits mixed from seed and draw.

    Each draw has its own luck, so every pair of seed and draw is an independent run.
    """
    key = np.uint64(seed & 0xFFFFFFFFFFFFFFFF)
    if draw == 0:
        return key
    low, high, _, _ = words(_OF_DRAW, key, 0, 0, draw)
    return np.uint64(int(high) << 32 | int(low))


@rule
def words(decision, seed, week, agent, draw):
    """Four 32-bit words for one decision of one agent in one week."""
    c0, c1, c2, c3 = np.uint32(agent), np.uint32(week), np.uint32(decision), np.uint32(draw)
    k0, k1 = np.uint32(seed & _LOW), np.uint32(seed >> _HALF)
    for _ in range(10):
        p0, p1 = _M0 * np.uint64(c0), _M1 * np.uint64(c2)
        c0, c1, c2, c3 = (
            np.uint32(p1 >> _HALF) ^ c1 ^ k0,
            np.uint32(p1 & _LOW),
            np.uint32(p0 >> _HALF) ^ c3 ^ k1,
            np.uint32(p0 & _LOW),
        )
        k0, k1 = np.uint32(k0 + _W0), np.uint32(k1 + _W1)
    return np.uint32(c0), np.uint32(c1), np.uint32(c2), np.uint32(c3)


@rule
def uniform(word):
    """A 32-bit word as a number strictly between 0 and 1."""
    return (np.float64(word) + 0.5) * _STEP


def threshold(chance: float) -> np.uint32:
    """The word below which something with this chance happens, for loops that compare words instead of numbers."""
    return np.uint32(min(max(chance, 0.0), 1.0 - _STEP) * 4294967296.0)


@rule
def bell(word):
    """A 32-bit word as a bell-shaped number (float32), mean 0 and variance 1, within 3.5 SD: the sum of its bytes."""
    low, high = word & np.uint32(0x00FF00FF), (word >> np.uint32(8)) & np.uint32(0x00FF00FF)
    pairs = low + high
    total = np.int32(pairs & np.uint32(0xFFFF)) + np.int32(pairs >> np.uint32(16))
    return np.float32(total - np.int32(510)) * np.float32(1.0 / 147.80054127099805)  # sqrt(4 (256^2 - 1) / 12)


@rule
def luck(decision, seed, week, agent, draw=0):
    """One uniform number strictly between 0 and 1."""
    return uniform(words(decision, seed, week, agent, draw)[0])


@rule
def horner(x, coefficients):
    """The polynomial with these coefficients, highest power first."""
    total = 0.0
    for c in coefficients:
        total = total * x + c
    return total


@rule
def normal(u):
    """The standard normal quantile of `u` (Acklam's rational approximation, relative error below 1.2e-9)."""
    if u < 0.02425 or u > 0.97575:
        q = math.sqrt(-2.0 * log(u if u < 0.5 else 1.0 - u))
        z = horner(q, _TAIL_OVER) / horner(q, _TAIL_UNDER)
        return z if u < 0.5 else -z
    q = u - 0.5
    r = q * q
    return horner(r, _MIDDLE_OVER) * q / horner(r, _MIDDLE_UNDER)


@rule
def poisson(mean, u):
    """The Poisson count with this mean at luck `u`, by inversion, so a lower mean can only remove events.

    Above a mean of 600, exp(-mean) nears the smallest floating-point number. The Wilson-Hilferty form of the quantile
    then takes over. It is right to one event in a thousand, and the count never falls below that at a mean of 600.
    """
    if mean <= 0.0:
        return 0
    direct = min(mean, 600.0)
    term = exp(-direct)
    total, count = term, 0
    while u > total and count < 1000:
        count += 1
        term *= direct / count
        total += term
    if mean > 600.0:
        root = 1.0 - 1.0 / (9.0 * mean) + normal(u) / (3.0 * math.sqrt(mean))
        count = max(count, int(mean * (root * root * root) + 0.5))
    return count


@loop
def lucks(decision, seed, week, agents, draw=0):
    """`luck` for an array of agents."""
    out = np.empty(agents.size)
    for i in range(agents.size):
        out[i] = luck(decision, seed, week, agents[i], draw)
    return out


@loop
def poissons(decision, seed, week, agents, means):
    """`poisson` for an array of agents, each with their own mean and luck."""
    out = np.empty(agents.size, np.int64)
    for i in range(agents.size):
        out[i] = poisson(means[i], luck(decision, seed, week, agents[i])) if means[i] > 0.0 else 0
    return out
