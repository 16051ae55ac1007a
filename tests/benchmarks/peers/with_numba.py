"""The common model as kumakan's processes are written: rules, loops over chunks of people, luck by week and person.

Decorators, random numbers and exp are kumakan's own. A cell is a chunk, as it is there. Columns are float32, as
attitudes are there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange
from society import TIES, Found, Rules, Society

from sim.engine.elementary import exp
from sim.engine.kernels import chunk_loop, rule
from sim.engine.luck import bell, decision, seed_key, threshold, uniform, words

WEEK_OF_A_PERSON = decision("what a week of the common model brings to a person")

BLOCK = 256
EACH = np.float32(1.0 / TIES)


class Numbers(NamedTuple):
    """The rules as float32."""

    peers: np.float32
    own: np.float32
    noise: np.float32
    doubt: np.float32
    slope: np.float32


class People(NamedTuple):
    """Columns of persons."""

    ties: np.ndarray  # uint32
    own: np.ndarray
    attitude: np.ndarray


@rule
def moves(attitude, peers, own, noise, p):
    """The attitude a week later."""
    return attitude + p.peers * (peers - attitude) + p.own * (own - attitude) + noise


@rule
def willing(attitude, p):
    """The chance that an approached person joins."""
    return 1.0 / (1.0 + exp(-(p.doubt + p.slope * attitude)))


@chunk_loop
def _week(chunks, seed, week, p, people, chance, after, joined, in_chunk):
    """Fill in the next attitudes and who has joined; `chance` of an approach is a word, by chunk."""
    for k in prange(chunks.shape[0]):
        start, stop = chunks[k, 1], chunks[k, 2]
        ties, attitude, own = people.ties, people.attitude, people.own
        peers, noise = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        approach, answer = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
        members = np.int64(0)
        for low in range(start, stop, BLOCK):
            n = min(BLOCK, stop - low)
            for i in range(n):
                near = np.float32(0.0)
                for j in range(TIES):
                    near += attitude[ties[low + i, j]]
                peers[i] = near * EACH
            for i in range(n):
                drawn = words(WEEK_OF_A_PERSON, seed, week, low + i, 0)
                noise[i] = p.noise * bell(drawn[0])
                approach[i], answer[i] = drawn[1], drawn[2]
            x, d, new, now = attitude[low : low + n], own[low : low + n], after[low : low + n], joined[low : low + n]
            for i in range(n):
                new[i] = moves(x[i], peers[i], d[i], noise[i], p)
            for i in range(n):
                if not now[i] and approach[i] < chance[k] and uniform(answer[i]) < willing(new[i], p):
                    now[i] = True
                members += now[i]
        in_chunk[k] = members


def run(society: Society, rules: Rules, seed: int, weeks: int):
    """Set up; the function that is returned lives the weeks, and is what is timed."""
    starts = np.searchsorted(society.cell, np.arange(society.cells + 1))
    chunks = np.stack([np.arange(society.cells), starts[:-1], starts[1:]], axis=1)
    key = seed_key(seed)
    p = Numbers(*(np.float32(getattr(rules, name)) for name in Numbers._fields))
    ties, own = society.ties.astype(np.uint32), society.own.astype(np.float32)
    attitude, joined = society.attitude.astype(np.float32), society.joined.copy()
    after, members = np.empty_like(attitude), np.add.reduceat(joined.astype(np.int64), starts[:-1])

    def live() -> Found:
        nonlocal attitude, after
        for week in range(weeks):
            rate = rules.base + rules.spread * members / (starts[1:] - starts[:-1])
            chance = np.array([threshold(c) for c in 1.0 - np.exp(-rate)], np.uint32)
            _week(chunks, key, week, p, People(ties, own, attitude), chance, after, joined, members)
            attitude, after = after, attitude
        return Found(attitude, joined)

    return live
