"""Attitudes: everyone moves a little towards friends and kin, back to their own mind, and to what the imam preaches.

    s <- s + peers (mean of ties' x - s) + own (d - s) + pull of the sermon (target - s) + noise
    x <- s + recent messages

s is the settled attitude, d the own disposition, x the attitude others meet. With the sermon off and no messages this
is the model of Friedkin and Johnsen (1990, doi 10.1080/0022250X.1990.9990069): s settles where
(peers + own) s = peers W s + own d, W averaging over ties. A sermon's target is 0 for a stance at the neutral point
and rises with the stance. The dead have no pull of their own: their place takes the mean of their ties.
Grievance halves with its own half-life.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from numba import prange

from sim.engine.kernels import chunk_loop, rule
from sim.engine.luck import bell, decision, uniform, words
from sim.population.youth import KILLED, TIES

OWN_NOISE = decision("what else moves a youth's attitude this week")

BLOCK = 256
FIXED = 16777216.0  # 2^24: sums of whole numbers do not depend on their order


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
def _attitudes(chunks, seed, week, peer_pull, own_pull, noise_size, attendance, keep_grievance, strong, sermon_pull,
               sermon_target, ties, imam, status, disposition, recent, settled, attitude, attitude_next, grievance,
               sums):  # fmt: skip
    for k in prange(chunks.shape[0]):
        start, stop = chunks[k, 1], chunks[k, 2]
        total, aggrieved, supporters = 0, 0, 0
        peers = np.empty(BLOCK, np.float32)
        for low in range(start, stop, BLOCK):
            high = min(low + BLOCK, stop)
            # Two passes: fetch what lies scattered, then a loop without indirection that the compiler can widen.
            for i in range(low, high):
                near = np.float32(0.0)
                for j in range(TIES):
                    near += attitude[ties[i, j]]
                peers[i - low] = near * np.float32(1.0 / TIES)
            for i in range(low, high):
                drawn = words(OWN_NOISE, seed, week, i, 0)
                pull = sermon_pull[imam[i]] if uniform(drawn[1]) < attendance else np.float32(0.0)
                s = settles(settled[i], disposition[i], peers[i - low], sermon_target[imam[i]], peer_pull, own_pull,
                            pull, np.float32(noise_size * bell(drawn[0])))  # fmt: skip
                s = peers[i - low] if status[i] == KILLED else s
                x = s + recent[i]
                settled[i] = s
                attitude_next[i] = x
                grievance[i] *= keep_grievance
                total += np.int64(x * FIXED)
                aggrieved += np.int64(grievance[i] * FIXED)
                supporters += x > strong
        sums[k, 0], sums[k, 1], sums[k, 2] = total, aggrieved, supporters


def attitudes(country: Country) -> None:
    """Move every attitude by one week and let grievances fade."""
    p, society, youth, people = country.parameters, country.society, country.youth, country.imams
    pull = np.where(people.in_post(country.week), p.sermon_pull * people.credibility, 0.0)
    target = p.sermon_span * (people.stance - p.sermon_neutral)
    _attitudes(
        society.chunks, country.seed, country.week, np.float32(p.peer_pull), np.float32(p.own_pull), p.noise_sd,
        p.weekly_attendance, np.float32(0.5 ** (7.0 / p.grievance_half_life)), np.float32(p.strong_support),
        np.append(pull, 0.0).astype(np.float32), np.append(target, 0.0).astype(np.float32), society.ties, society.imam,
        youth.status, youth.disposition, youth.recent, youth.settled, youth.attitude, youth.attitude_next,
        youth.grievance, country.youth_sums,
    )  # fmt: skip
    youth.attitude, youth.attitude_next = youth.attitude_next, youth.attitude
