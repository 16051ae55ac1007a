"""Attitudes: everyone moves a little towards friends and kin, back to their own mind, and towards the imam's sermon.

    s <- s + peers (mean of ties' s - s) + own (d - s) + pull of the sermon (target - s) + noise
    x <- s + recent messages + shift

s is the settled attitude, which friends and kin come to know, d the youth's own disposition and x the attitude a
youth acts on. The shift is what policy does to everybody of a region (schools, jobs, foreign soldiers), measured as a
change of x. It is felt at once. Friends do not take on what somebody feels about last week's clip: effects of
messages are measured with all that friends said about them, and what peers passed on would echo for half a year after
a campaign, when studies find it gone in weeks. Without sermons this is the model of Friedkin and Johnsen (1990, doi
10.1080/0022250X.1990.9990069): s settles where (peers + own) s = peers W s + own d, with W averaging over ties. The
target of a sermon is 0 for a stance at the neutral point and rises with the stance. An imam who preaches a sermon
drafted by the state is nearer to the moderate end and less credible. The dead have no pull of their own: they take
the mean of their ties.
Grievance halves at its own half-life, and redress takes away a part of it. For youths without a livelihood it fades
only to the level of their exclusion, which is higher the less of the state is there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import prange

from sim.country import Country
from sim.engine.exact import power
from sim.engine.kernels import chunk_loop, loop, rule
from sim.engine.luck import bell, decision, lucks, threshold, words
from sim.population.imams import IN_TRAINING
from sim.population.youth import NEAR_TIES, TIES
from sim.world.facts import LIVELIHOODS

OWN_NOISE = decision("what else moves a youth's attitude this week")
FOLLOWS_DRAFT = decision("an imam preaches the sermon that the state drafted")

BLOCK = 256
NO_INCOME = LIVELIHOODS.index("none")
REACH = max(NEAR_TIES)
FROM = tuple(step + REACH for step in NEAR_TIES)
"""Where the neighbours of a row stand in a slice that begins `REACH` rows before it."""
EACH = np.float32(1.0 / TIES)
FIXED = np.float32(16777216.0)  # 2^24: sums of whole numbers do not depend on their order


class Pulls(NamedTuple):
    """How strongly attitudes move, the same for everybody."""

    peers: np.float32  # share of the way to the mean of the ties, a week
    own: np.float32  # share of the way back to the own disposition, a week
    noise: np.float32  # SD of everything else
    attendance: np.uint32  # chance that a youth who attends a mosque goes this week, as a word
    strong: np.float32  # attitude above which a youth counts as a strong supporter


class Regions(NamedTuple):
    """What is the same for all youths of a region, float32."""

    shift: np.ndarray  # of everybody's attitude by policy, this week
    keep_grievance: np.ndarray  # share of grievance that remains after a week
    resent: np.ndarray  # by cell: grievance that a week of exclusion adds, for those without a livelihood


class Sermons(NamedTuple):
    """What every imam preaches, float32; the last entry, of no imam, has no pull."""

    pull: np.ndarray
    target: np.ndarray


class Minds(NamedTuple):
    """Columns of youths from which the attitudes of the next week are made."""

    ties: np.ndarray
    imam: np.ndarray
    silent: np.ndarray
    disposition: np.ndarray
    recent: np.ndarray
    settled: np.ndarray
    livelihood: np.ndarray
    cell: np.ndarray


class Drafting(NamedTuple):
    """How stance makes a sermon, and what a draft of the state changes."""

    strength: float  # pull of the sermon of a fully credible imam
    span: float
    neutral: float  # stance whose sermons pull towards 0
    shift: float  # share of the way to the moderate end
    brand: float  # factor on credibility
    drafted: np.ndarray  # by region, share of imams who preach drafts


class Preachers(NamedTuple):
    """Columns of imams that sermons are made from."""

    docility: np.ndarray  # luck in following drafts: below the share drafted, an imam does
    cell: np.ndarray
    stance: np.ndarray
    credibility: np.ndarray
    training: np.ndarray
    away_until: np.ndarray


@rule
def settles(settled, disposition, peers, target, peer_pull, own_pull, sermon_pull, noise):
    """The settled attitude a week later: it moves towards peers, oneself and the sermon, and a little by chance."""
    return (
        settled
        + peer_pull * (peers - settled)
        + own_pull * (disposition - settled)
        + sermon_pull * (target - settled)
        + noise
    )


@rule
def _next_to(settled, near, beside, n):
    """Sums over the rows next to each: the same as through the first six ties, but read one after another."""
    for i in range(n):
        near[i] = settled[i + FROM[0]] + settled[i + FROM[1]] + (settled[i + FROM[2]] + settled[i + FROM[3]])
        beside[i] = settled[i + FROM[4]] + settled[i + FROM[5]]


@chunk_loop
def _attitudes(chunks, seed, week, pulls, regions, sermons, minds, settled_next, attitude, grievance, sums):
    """Fill in the next settled attitudes and the attitudes.

    `sums` gets by chunk the sum of attitudes and grievances (times FIXED), and the number of strong supporters.
    """
    for k in prange(chunks.shape[0]):
        region, start, stop = chunks[k, 0], chunks[k, 1], chunks[k, 2]
        shifted, kept = regions.shift[region], regions.keep_grievance[region]
        ties, settled = minds.ties, minds.settled
        total, aggrieved, supporters = np.int64(0), np.int64(0), np.int64(0)
        near, beside = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        peers, noise = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        pull, target = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        for low in range(start, stop, BLOCK):
            n = min(BLOCK, stop - low)
            # Short loops that each do one thing. Only one jumps about in memory; the compiler widens the others.
            if low >= REACH and low + n + REACH <= settled.size:
                _next_to(settled[low - REACH : low + n + REACH], near, beside, n)
            else:
                for i in range(n):  # the first and the last rows know each other
                    row = ties[low + i]
                    near[i] = settled[row[0]] + settled[row[1]] + (settled[row[2]] + settled[row[3]])
                    beside[i] = settled[row[4]] + settled[row[5]]
            for i in range(n):
                row = low + i
                peers[i] = (near[i] + (beside[i] + (settled[ties[row, 6]] + settled[ties[row, 7]]))) * EACH
                pull[i] = sermons.pull[minds.imam[row]]
                target[i] = sermons.target[minds.imam[row]]
            for i in range(n):
                drawn = words(OWN_NOISE, seed, week, low + i, 0)
                noise[i] = pulls.noise * bell(drawn[0])
                pull[i] = pull[i] if drawn[1] < pulls.attendance else np.float32(0.0)
            s, x, d = settled[low : low + n], attitude[low : low + n], minds.disposition[low : low + n]
            after = settled_next[low : low + n]
            felt, angry, now = minds.recent[low : low + n], grievance[low : low + n], minds.silent[low : low + n]
            for i in range(n):
                new = settles(s[i], d[i], peers[i], target[i], pulls.peers, pulls.own, pull[i], noise[i])
                after[i] = peers[i] if now[i] else new
                x[i] = after[i] + felt[i] + shifted
                angry[i] *= kept
                if minds.livelihood[low + i] == NO_INCOME:
                    angry[i] += regions.resent[minds.cell[low + i]]
            for i in range(n):
                total += np.int64(x[i] * FIXED)
                supporters += np.int64(x[i] > pulls.strong)
            for i in range(n):
                aggrieved += np.int64(angry[i] * FIXED)
        sums[k, 0], sums[k, 1], sums[k, 2] = total, aggrieved, supporters


@lru_cache(maxsize=2)
def _docility(seed: np.uint64, imams: int) -> np.ndarray:
    """How readily each imam follows drafts: luck that stays the same for the whole run."""
    return lucks(FOLLOWS_DRAFT, seed, 0, np.arange(imams))


@loop
def _preach(week, drafting, region, people):
    """The sermons of all imams this week."""
    imams = people.stance.size
    pull, target = np.zeros(imams + 1, np.float32), np.zeros(imams + 1, np.float32)
    for i in range(imams):
        said, believed = people.stance[i], people.credibility[i]
        if people.docility[i] < drafting.drafted[region[people.cell[i]]]:
            said *= 1.0 - drafting.shift
            believed *= drafting.brand
        if people.training[i] != IN_TRAINING and people.away_until[i] <= week:
            pull[i] = drafting.strength * believed
        target[i] = drafting.span * (said - drafting.neutral)
    return Sermons(pull, target)


def excluded_grievance(country: Country) -> np.ndarray:
    """Grievance by cell at which exclusion alone keeps a youth without a livelihood, where nothing redresses it."""
    grievance: np.ndarray = country.parameters.exclusion_grievance * (1.0 - country.state_presence)
    return grievance


def attitudes(country: Country) -> None:
    """Move every attitude by one week and let grievances fade."""
    p, week, society, youth, imams, levers = (
        country.parameters, country.week, country.society, country.youth, country.imams, country.levers
    )  # fmt: skip
    drafting = Drafting(
        strength=p.sermon_pull,
        span=p.sermon_span,
        neutral=p.sermon_neutral,
        shift=p.draft_shift,
        brand=p.state_brand,
        drafted=levers.drafted_sermons,
    )
    preachers = Preachers(
        docility=_docility(country.seed, imams.cell.size),
        cell=imams.cell,
        stance=imams.stance,
        credibility=imams.credibility,
        training=imams.training,
        away_until=imams.away_until,
    )
    sermons = _preach(week, drafting, country.grid.region, preachers)
    pulls = Pulls(
        peers=np.float32(p.peer_pull),
        own=np.float32(p.own_pull),
        noise=np.float32(p.noise_sd),
        attendance=threshold(p.weekly_attendance),
        strong=np.float32(p.strong_support),
    )
    fades = power(0.5, 7.0 / p.grievance_half_life)
    left = fades * (1.0 - levers.grievance_relief)
    excluded = excluded_grievance(country)
    resent = (1.0 - fades) * (1.0 - levers.grievance_relief[country.grid.region]) * excluded
    regions = Regions(
        shift=levers.support.astype(np.float32),
        keep_grievance=left.astype(np.float32),
        resent=resent.astype(np.float32),
    )
    minds = Minds(
        ties=society.ties,
        imam=society.imam,
        silent=youth.silent,
        disposition=youth.disposition,
        recent=youth.recent,
        settled=youth.settled,
        livelihood=youth.livelihood,
        cell=society.cell,
    )
    _attitudes(
        society.blocks, country.seed, week, pulls, regions, sermons, minds,
        youth.settled_next, youth.attitude, youth.grievance, country.youth_sums,
    )  # fmt: skip
    youth.settled, youth.settled_next = youth.settled_next, youth.settled
