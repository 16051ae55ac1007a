"""Attitudes: everyone moves a little towards friends and kin, back to their own mind, and to what the imam preaches.

    s <- s + peers (mean of ties' x - last week's shift - s) + own (d - s) + pull of the sermon (target - s) + noise
    x <- s + recent messages + shift

s is the settled attitude, d the own disposition, x the attitude others meet; the shift is what policy does to everybody
of a region (schools, jobs, the presence of foreigners), measured as a change of x: it is felt at once, and as others
were shifted as well it is taken off what they showed, so that peers do not multiply it. With the sermon off and no
messages this is the model of Friedkin and Johnsen (1990, doi 10.1080/0022250X.1990.9990069): s settles where
(peers + own) s = peers W s + own d, W averaging over ties. A sermon's target is 0 for a stance at the neutral point
and rises with the stance; imams who preach a sermon that the state drafted are nearer to the moderate end and less
credible. The dead have no pull of their own: their place takes the mean of their ties.
Grievance halves with its own half-life, and redress takes away a part of it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import prange

from sim.country import Country
from sim.engine.kernels import chunk_loop, loop, rule
from sim.engine.luck import bell, decision, lucks, threshold, words
from sim.population.imams import IN_TRAINING
from sim.population.youth import KILLED, TIES

OWN_NOISE = decision("what else moves a youth's attitude this week")
FOLLOWS_DRAFT = decision("an imam preaches the sermon that the state drafted")

BLOCK = 256
FIXED = np.float32(16777216.0)  # 2^24: sums of whole numbers do not depend on their order


@rule
def settles(settled, disposition, peers, target, peer_pull, own_pull, sermon_pull, noise):
    """A week of the settled attitude: towards peers, towards oneself, towards the sermon, and a little of its own."""
    return (
        settled
        + peer_pull * (peers - settled)
        + own_pull * (disposition - settled)
        + sermon_pull * (target - settled)
        + noise
    )


@chunk_loop
def _attitudes(chunks, seed, week, peer_pull, own_pull, noise_size, attendance, shift, shift_before, keep_grievance,
               strong, sermon_pull, sermon_target, ties, imam, status, disposition, recent, settled, attitude,
               attitude_next, grievance, sums):  # fmt: skip
    for k in prange(chunks.shape[0]):
        start, stop = chunks[k, 1], chunks[k, 2]
        region = chunks[k, 0]
        shifted, shown, kept = shift[region], shift_before[region], keep_grievance[region]
        total, aggrieved, supporters = np.int64(0), np.int64(0), np.int64(0)
        peers, noise = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        pull, target = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        for low in range(start, stop, BLOCK):
            n = min(BLOCK, stop - low)
            # Short loops that each do one thing: only the first jumps about in memory, the compiler widens the others.
            for i in range(n):
                row = low + i
                near = (
                    attitude[ties[row, 0]] + attitude[ties[row, 1]] + (attitude[ties[row, 2]] + attitude[ties[row, 3]])
                )
                far = (
                    attitude[ties[row, 4]] + attitude[ties[row, 5]] + (attitude[ties[row, 6]] + attitude[ties[row, 7]])
                )
                peers[i] = (near + far) * np.float32(1.0 / TIES)
                pull[i] = sermon_pull[imam[row]]
                target[i] = sermon_target[imam[row]]
            for i in range(n):
                drawn = words(OWN_NOISE, seed, week, low + i, 0)
                noise[i] = noise_size * bell(drawn[0])
                pull[i] = pull[i] if drawn[1] < attendance else np.float32(0.0)
            s, x, d = settled[low : low + n], attitude_next[low : low + n], disposition[low : low + n]
            felt, angry, now = recent[low : low + n], grievance[low : low + n], status[low : low + n]
            for i in range(n):
                met = peers[i] - shown
                new = settles(s[i], d[i], met, target[i], peer_pull, own_pull, pull[i], noise[i])
                s[i] = met if now[i] == KILLED else new
                x[i] = s[i] + felt[i] + shifted
                angry[i] *= kept
            for i in range(n):
                total += np.int64(x[i] * FIXED)
                supporters += np.int64(x[i] > strong)
            for i in range(n):
                aggrieved += np.int64(angry[i] * FIXED)
        sums[k, 0], sums[k, 1], sums[k, 2] = total, aggrieved, supporters


@lru_cache(maxsize=2)
def _docility(seed: np.uint64, imams: int) -> np.ndarray:
    """Every imam's luck in following drafts, the same for the whole run."""
    return lucks(FOLLOWS_DRAFT, seed, 0, np.arange(imams))


@loop
def _preach(docility, week, strength, span, neutral, drafted, draft_shift, brand, region, cell, stance, credibility,
            training, away_until):  # fmt: skip
    """Pull and target of every imam's sermon, and of no imam (the last)."""
    pull, target = np.zeros(stance.size + 1, np.float32), np.zeros(stance.size + 1, np.float32)
    for i in range(stance.size):
        said, believed = stance[i], credibility[i]
        if docility[i] < drafted[region[cell[i]]]:
            said *= 1.0 - draft_shift
            believed *= brand
        if training[i] != IN_TRAINING and away_until[i] <= week:
            pull[i] = strength * believed
        target[i] = span * (said - neutral)
    return pull, target


def attitudes(country: Country) -> None:
    """Move every attitude by one week and let grievances fade."""
    p, society, youth, people, levers = (
        country.parameters, country.society, country.youth, country.imams, country.levers
    )  # fmt: skip
    pull, target = _preach(_docility(country.seed, people.cell.size), country.week, p.sermon_pull, p.sermon_span,
                           p.sermon_neutral, levers.drafted_sermons, p.draft_shift, p.state_brand,
                           country.grid.region, people.cell, people.stance, people.credibility, people.training,
                           people.away_until)  # fmt: skip
    fades = 0.5 ** (7.0 / p.grievance_half_life)
    _attitudes(
        society.blocks, country.seed, country.week, np.float32(p.peer_pull), np.float32(p.own_pull),
        np.float32(p.noise_sd),
        threshold(p.weekly_attendance), levers.support.astype(np.float32), country.shifted.astype(np.float32),
        (fades * (1.0 - levers.grievance_relief)).astype(np.float32), np.float32(p.strong_support),
        pull, target, society.ties, society.imam,
        youth.status, youth.disposition, youth.recent, youth.settled, youth.attitude, youth.attitude_next,
        youth.grievance, country.youth_sums,
    )  # fmt: skip
    youth.attitude, youth.attitude_next = youth.attitude_next, youth.attitude
    country.shifted[:] = levers.support
