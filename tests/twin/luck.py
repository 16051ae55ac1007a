"""Keyed luck once more, in whole numbers of plain Python.

Philox4x32-10 as published (Salmon, Moraes, Dror, Shaw 2011, doi 10.1145/2063384.2063405): a block of four
words and a key of two; ten rounds of two multiplications, the key growing by two constants between rounds.
"""

import math
import zlib
from functools import cache
from statistics import NormalDist

WORD = 0xFFFFFFFF
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10


def philox(counter, key):
    """The four words of a counter of four words under a key of two."""
    a, b, c, d = counter
    left, right = key
    for _ in range(ROUNDS):
        first, second = MULTIPLIERS[0] * a, MULTIPLIERS[1] * c
        a, b, c, d = (second >> 32) ^ b ^ left, second & WORD, (first >> 32) ^ d ^ right, first & WORD
        left, right = (left + KEY_STEPS[0]) & WORD, (right + KEY_STEPS[1]) & WORD
    return a, b, c, d


@cache
def number(sentence):
    """The number of a decision: the CRC-32 of its sentence."""
    return zlib.crc32(sentence.encode())


def words(sentence, seed, week, who, draw=0):
    """The four words of one decision of somebody in a week."""
    return philox((who & WORD, week & WORD, number(sentence), draw & WORD), (seed & WORD, seed >> 32))


def lucks(sentence, seed, week, who, draw=0):
    """The same as four numbers strictly between 0 and 1."""
    return [(word + 0.5) / 2**32 for word in words(sentence, seed, week, who, draw)]


def luck(sentence, seed, week, who, draw=0):
    """One number strictly between 0 and 1: the first of the four."""
    return lucks(sentence, seed, week, who, draw)[0]


def bell(word):
    """Mean 0, variance 1, from the sum of the four bytes of a word (each even on 0..255)."""
    total = sum(word >> shift & 0xFF for shift in (0, 8, 16, 24))
    return (total - 4 * 255 / 2) / math.sqrt(4 * (256**2 - 1) / 12)


def poisson(mean, u):
    """The least count whose cumulative probability reaches `u`."""
    if mean <= 0.0:
        return 0
    count, probability = 0, math.exp(-mean)
    reached = probability
    while u > reached and count < 1000:
        count += 1
        probability *= mean / count
        reached += probability
    return count


def geometric(mean, u):
    """A count with this mean whose every further step has the same chance."""
    return 0 if mean <= 0.0 else int(math.log(u) / math.log(mean / (1.0 + mean)))


normal = NormalDist().inv_cdf


def pick(weights, u):
    """The place in a list of weights where `u` of the whole lies; None when all are zero."""
    left = u * sum(weights)
    for place, weight in enumerate(weights):
        left -= weight
        if left < 0.0:
            return place
    return None
