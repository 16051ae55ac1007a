"""Recruiters approach youths; some of those approached join.

Approach. The recruiters of a cell make so many approaches a week, most of them through the ties of members (friends
and kin), the rest at random; a crowd of recruiters cannot approach more than a share of the youths of a cell. Each
youth has their own luck, so that one recruiter fewer means some approaches fewer and no other change:

    P(through a tie) = 1 - exp(-approaches in the region x tie share x own ties to members / all such ties there)
    P(at random)     = approaches in the cell x (1 - tie share) / youths of the cell

A friend is visited or called across the region, a stranger is met where the recruiter is. Where few know a member, few
can be reached through ties: the approaches fall on those who refused already.

Joining. An approached youth joins with the weekly hazard

    h = h0 x freshness(t) x exp(b_abuse A + b_income J + b_school E + b_relschool R + b_protect P + b_norm N + b_trust T
                                + kappa x) / average

A abuse of self or kin in the last three months, J steady income, E years of schooling (from the mean), R religious
schooling of six years or more, P nobody else protects (insecure or held by a group, without state or forces),
N mean attitude of the
ties, T trust (SD from the mean), x attitude. The average is that of the exponential over all youths of the first day
(without abuse, and where nothing threatens), so that h0 is the hazard of a whole population and stays it whatever the
coefficients are. Policy may change the hazard, the rate at which contacts lapse, and the approaches of a group.
Freshness falls as t^(k - 1) (Weibull): most who join do so early. Every
contact lapses in the end, and those who let it lapse are not approached for some time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import prange

from sim.country import Country
from sim.engine.cells import by_cell
from sim.engine.kernels import chunk_loop, loop, rule
from sim.engine.luck import decision, luck, uniform, words
from sim.parameters import Parameters
from sim.population.groups import NOBODY
from sim.population.youth import APPROACHED, CHUNK, CIVILIAN, JOINING, KIN_TIES, MEMBER, TIES, Society, Youth

IS_APPROACHED = decision("a youth is approached")
JOINS = decision("an approached youth joins")

BY_TIE, BY_KIN = 1, 2
YEAR = 52  # weeks
REASONS = ("joined_revenge", "joined_income", "joined_ideology", "joined_protection", "joined_company")
COUNTS = ("approached", "joined", "joined_ties", "joined_kin", "joined_month", "joined_year", "joined_abused", *REASONS)
MONTH = 4  # weeks 0 to 3 after the first contact lie within a month


@rule
def chance_through_ties(approaches_per_link, links):
    """Chance to be approached this week through at least one of one's ties to members."""
    return 1.0 - np.exp(-approaches_per_link * links)


@rule
def log_hazard(abused, steady_income, years, devout, unprotected, norm, trust, attitude, b):
    """Log of the hazard of joining against that of the average youth."""
    return (
        b[0] * abused + b[1] * steady_income + b[2] * years + b[3] * devout + b[4] * unprotected + b[5] * norm
        + b[6] * trust + b[7] * attitude
    )  # fmt: skip


@rule
def chance(hazard):
    """Chance that something with this weekly hazard happens within the week."""
    return 1.0 - np.exp(-hazard)


@rule
def whose(recruiters, place, u):
    """Group picked at luck `u` by its share of the recruiters (groups x places) in a place."""
    last = recruiters.shape[0] - 1
    total, sofar = 0.0, 0.0
    for g in range(last + 1):
        total += recruiters[g, place]
    for g in range(last):
        sofar += recruiters[g, place]
        if u < sofar / total:
            return g
    return last


@chunk_loop
def _approach(chunks, seed, week, per_link, at_random, in_cell, in_region, region, women, h0, fresh, lapse, refusal,
              abuse_weeks, mean_years, unprotected, trust, b, tie_weight, need, acts_as, ties, status, woman, schooling,
              religious, livelihood, attitude, member_ties, contact_group, contact_tie, contact_week, refused_until,
              abuse_week, main_reason, counts):  # fmt: skip
    for k in prange(chunks.shape[0]):
        c, start, stop = chunks[k, 0], chunks[k, 1], chunks[k, 2]
        for m in range(counts.shape[1]):
            counts[k, m] = 0
        r = region[c]
        hunted = at_random[c] > 0.0
        lucky = np.empty(CHUNK if hunted else 0, np.uint32)
        if hunted:
            for i in range(stop - start):
                lucky[i] = words(IS_APPROACHED, seed, week, start + i, 0)[0]
        for i in range(start, stop):
            known = member_ties[i] > 0 and per_link[r] > 0.0
            if (hunted or known) and status[i] == CIVILIAN and refused_until[i] <= week:
                through = chance_through_ties(per_link[r], np.float64(member_ties[i])) if known else 0.0
                u = uniform(lucky[i - start]) if hunted else luck(IS_APPROACHED, seed, week, i)
                if woman[i]:
                    u /= women
                if u < through + (1.0 - through) * at_random[c]:
                    drawn = words(IS_APPROACHED, seed, week, i, 0)
                    status[i] = APPROACHED
                    contact_week[i] = week
                    counts[k, 0] += 1
                    if u < through:
                        g = whose(in_region, r, uniform(drawn[1]))
                        which = int(uniform(drawn[2]) * member_ties[i])
                        contact_tie[i] = BY_TIE
                        for j in range(TIES):
                            if status[ties[i, j]] == MEMBER:
                                if which == 0 and (j == KIN_TIES[0] or j == KIN_TIES[1]):
                                    contact_tie[i] = BY_KIN
                                which -= 1
                    else:
                        g = whose(in_cell, c, uniform(drawn[1]))
                        contact_tie[i] = 0
                    contact_group[i] = g
            if status[i] == APPROACHED:
                drawn = words(JOINS, seed, week, i, 0)
                g = acts_as[contact_group[i]]
                since = week - contact_week[i]
                if g == NOBODY or uniform(drawn[1]) < lapse[c]:
                    status[i] = CIVILIAN
                    refused_until[i] = week + refusal
                    continue
                norm = 0.0
                for j in range(TIES):
                    norm += attitude[ties[i, j]]
                norm /= TIES
                abused = week - abuse_week[i] < abuse_weeks
                steady = livelihood[i] == 2
                devout = religious[i] >= 6
                x = np.float64(attitude[i])
                hazard = (
                    h0[c]
                    * fresh[min(since, fresh.size - 1)]
                    * np.exp(
                        log_hazard(
                            abused, steady, schooling[i] - mean_years, devout, unprotected[c], norm, trust[c], x, b
                        )
                    )
                )
                if uniform(drawn[0]) < chance(hazard):
                    status[i] = JOINING
                    contact_group[i] = g
                    counts[k, 1] += 1
                    counts[k, 2] += contact_tie[i] > 0
                    counts[k, 3] += contact_tie[i] == BY_KIN
                    counts[k, 4] += since < MONTH
                    counts[k, 5] += since < YEAR
                    counts[k, 6] += week - abuse_week[i] < YEAR
                    # The main reason: by luck, each weighed by how much it raised this person's hazard.
                    revenge = np.exp(b[0] * abused) - 1.0 if abused else 0.0
                    income = 0.0 if steady else np.exp(-b[1]) - 1.0
                    income = max(income, 0.0) * (need if livelihood[i] == 0 else 1.0)
                    ideology = max(np.exp(b[7] * x) - 1.0, 0.0)
                    protection = max(np.exp(b[4] * unprotected[c]) - 1.0, 0.0)
                    company = tie_weight if contact_tie[i] > 0 else 0.0
                    v = uniform(drawn[2]) * (revenge + income + ideology + protection + company)
                    reason = 4
                    if v < revenge:
                        reason = 0
                    elif v < revenge + income:
                        reason = 1
                    elif v < revenge + income + ideology:
                        reason = 2
                    elif v < revenge + income + ideology + protection:
                        reason = 3
                    counts[k, 7 + reason] += 1
                    main_reason[i] = reason + 1


@loop
def _collect(chunks, joined, status, out):
    """Rows of those who joined, in order."""
    found = 0
    for k in range(chunks.shape[0]):
        if joined[k] > 0:
            for i in range(chunks[k, 1], chunks[k, 2]):
                if status[i] == JOINING:
                    out[found] = i
                    found += 1


@loop
def know(rows, step, ties, cell, member_ties, links):
    """Let the ties of `rows` know a member more (step 1) or fewer (step -1)."""
    for k in range(rows.size):
        for j in range(TIES):
            other = ties[rows[k], j]
            member_ties[other] += step
            links[cell[other]] += step


@lru_cache(maxsize=8)
def freshness(shape: float, weeks: int) -> np.ndarray:
    """Freshness of a contact by weeks since: increments of t^shape, 1 in the first week (Weibull hazard)."""
    return np.diff(np.arange(weeks + 1.0) ** shape)


def coefficients(p: Parameters) -> np.ndarray:
    """The b of the hazard of joining, in the order of `log_hazard`."""
    return np.array([p.b_abuse_join, p.b_income_join, p.b_school, p.b_relschool, p.b_protect_join, p.b_norm,
                     p.b_trust_join, p.kappa_att])  # fmt: skip


@chunk_loop
def _average(chunks, mean_years, trust, b, ties, schooling, religious, livelihood, attitude, sums):
    for k in prange(chunks.shape[0]):
        c, total = chunks[k, 0], 0.0
        for i in range(chunks[k, 1], chunks[k, 2]):
            norm = 0.0
            for j in range(TIES):
                norm += attitude[ties[i, j]]
            total += np.exp(log_hazard(False, livelihood[i] == 2, schooling[i] - mean_years, religious[i] >= 6, 0.0,
                                       norm / TIES, trust[c], np.float64(attitude[i]), b))  # fmt: skip
        sums[k] = total


def average_pull(society: Society, youth: Youth, trust: np.ndarray, p: Parameters) -> float:
    """Mean of the exponential of the hazard over all youths, without abuse and where nothing threatens."""
    sums = np.empty(len(society.chunks))
    _average(society.chunks, p.mean_schooling, (trust - p.trust_mean) / p.trust_sd, coefficients(p), society.ties,
             youth.schooling, youth.religious_schooling, youth.livelihood, youth.attitude, sums)  # fmt: skip
    return float(sums.sum()) / society.size


def enlist(country: Country, rows: np.ndarray, group: np.ndarray) -> None:
    """Make members of the youths in `rows` (in order), an entry in the roster for each person they stand for."""
    society, youth, ppy = country.society, country.youth, country.society.persons_per_youth
    youth.status[rows] = MEMBER
    know(rows, 1, society.ties, society.cell, youth.member_ties, country.links)
    everyone = np.repeat(rows, ppy)
    country.roster.append(
        everyone.size,
        person=(everyone * ppy + np.tile(np.arange(ppy), rows.size)).astype(np.uint32),
        youth=everyone,
        group=np.repeat(group, ppy),
        cell=society.cell[everyone],
        state=MEMBER,
        since=country.week,
    )


class Pressure(NamedTuple):
    """How hard recruiters try, before luck."""

    recruiters: np.ndarray  # groups x cells, weighed by how many approaches they make
    in_region: np.ndarray  # groups x regions, the same
    per_link: np.ndarray  # by region, approaches a week through each tie to a member
    at_random: np.ndarray  # by cell, chance of a youth to be approached by a stranger this week


def pressure(country: Country) -> Pressure:
    """The approaches that recruiters are about to make."""
    p, ppy, starts = country.parameters, country.society.persons_per_youth, country.places.region_first[:-1]
    youths = np.diff(country.society.first)
    recruiters = country.recruiters * country.levers.approaches[:, None]
    in_region = np.add.reduceat(recruiters, starts, axis=1)
    links = np.add.reduceat(country.links, starts)
    tried = recruiters.sum(axis=0) * p.approaches_per_recruiter
    at_random = np.minimum((1.0 - p.tie_share) * tried / np.maximum(youths * ppy, 1), p.approach_limit)
    per_link = p.tie_share * p.approaches_per_recruiter * in_region.sum(axis=0) / np.maximum(links * ppy, 1)
    return Pressure(recruiters, in_region, np.where(links > 0, per_link, 0.0), np.where(youths > 0, at_random, 0.0))


def threat_and_guard(country: Country) -> tuple[np.ndarray, np.ndarray]:
    """How threatened each cell is, and how far state or forces protect it: P is threat x (1 - guard)."""
    guarded = 1.0 - np.exp(-country.forces / country.parameters.protecting_companies)
    return np.maximum(country.insecurity, country.hold), np.maximum(country.state_presence, guarded)


def approach(country: Country) -> None:
    """Approaches, and joining, this week."""
    p, week, society, youth, groups = (
        country.parameters, country.week, country.society, country.youth, country.groups
    )  # fmt: skip
    ppy, region, levers = society.persons_per_youth, country.grid.region, country.levers
    recruiters, in_region, per_link, at_random = pressure(country)
    acts_as = groups.acting(week)
    threat, guard = threat_and_guard(country)
    counts = np.empty((len(society.chunks), len(COUNTS)), np.int64)
    _approach(
        society.chunks, country.seed, week, per_link, at_random, recruiters, in_region, region, p.women_approached,
        p.h0 / country.average_pull * levers.joining, freshness(p.freshness_shape, 1100),
        1.0 - np.exp(-levers.contact_lapse / p.contact_weeks), int(p.refusal_weeks), int(p.abuse_weeks),
        p.mean_schooling, threat * (1.0 - guard), (country.trust - p.trust_mean) / p.trust_sd, coefficients(p),
        p.company_weight, p.need_weight,
        acts_as, society.ties, youth.status, youth.woman, youth.schooling, youth.religious_schooling, youth.livelihood,
        youth.attitude, youth.member_ties, youth.contact_group, youth.contact_tie, youth.contact_week,
        youth.refused_until, youth.abuse_week, youth.reason, counts,
    )  # fmt: skip
    for name, youths in zip(COUNTS, by_cell(society.chunks, counts, len(country.grid)), strict=True):
        country.flow(name)[:] = youths * ppy

    rows = np.empty(int(counts[:, 1].sum()), np.int64)
    if rows.size:
        _collect(society.chunks, counts[:, 1], youth.status, rows)
        enlist(country, rows, youth.contact_group[rows])
