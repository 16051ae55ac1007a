"""Recruiters approach youths, and some of the youths they approach join.

Approaches. The recruiters of a cell make a set number of approaches a week. A share of these goes through the ties of
members, to friends and kin; the rest go to strangers. However many recruiters gather in a cell, they cannot approach
more than a set share of its youths as strangers. Each youth has their own luck, so one recruiter fewer means fewer
approaches and no other change:

    P(through a tie) = 1 - exp(-approaches in the region x tie share x own ties to members / all such ties there)
    P(at random)     = approaches in the cell x (1 - tie share) / youths of the cell

Recruiters visit or call friends and kin anywhere in the region, but meet strangers only in their own cell. Where few
youths know a member, few can be reached through ties, and many of these approaches fall on youths who have refused.

Joining. An approached youth joins with the weekly hazard

    h = h0 x freshness(t) x exp(b_abuse A + b_income J + b_school E + b_relschool R + b_protect P + b_norm N + b_trust T
                                + kappa x) / average

A is an abuse of the youth or their kin in the last three months, J a steady income, E years of schooling (from the
mean), R six or more years of religious schooling, P the lack of protection (the place is insecure or held by a group,
and neither state nor forces are there), N the mean attitude of the ties, T trust in the forces (SD from the mean) and
x the youth's own attitude. The average is that of the exponential over all youths on the first day, without abuses and
threats. So h0 is the mean hazard of the whole population, whatever the coefficients are. Policy can change the hazard,
the rate at which contacts lapse, and the approaches of a group. Freshness falls as t^(k - 1) (Weibull): most youths who
join do so early. Every contact lapses in the end. A youth whose contact has lapsed is not approached again for some
time.

To add a term to the hazard: a field of `Circumstances` and one of `Coefficients`, their values in `circumstances` and
`coefficients`, and their product in `log_hazard`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import prange

from sim.country import Country
from sim.engine.cells import by_cell
from sim.engine.kernels import chunk_loop, loop, rule
from sim.engine.luck import decision, luck, poisson, uniform, words
from sim.parameters import Parameters
from sim.population.groups import NOBODY
from sim.population.youth import APPROACHED, CHUNK, CIVILIAN, JOINING, KIN_TIES, MEMBER, TIES, Society, Youth
from sim.world.facts import LIVELIHOODS

IS_APPROACHED = decision("a youth is approached")
JOINS = decision("an approached youth joins")
STRANGER = decision("whom a recruiter meets at random")

BY_NOBODY, BY_TIE, BY_KIN = range(3)  # through whom a youth was approached: a stranger, a friend, kin
MONTH, YEAR = 4, 52  # weeks: weeks 0 to 3 after the first contact lie within a month
DEVOUT = 6  # years of religious schooling
NO_INCOME, STEADY_INCOME = LIVELIHOODS.index("none"), LIVELIHOODS.index("secure")
REASONS = ("joined_revenge", "joined_income", "joined_ideology", "joined_protection", "joined_company")
COUNTS = ("approached", "joined", "joined_ties", "joined_kin", "joined_month", "joined_year", "joined_abused", *REASONS)
FIRST_REASON = len(COUNTS) - len(REASONS)


class Coefficients(NamedTuple):
    """What one unit of each circumstance adds to the log of the hazard of joining."""

    abuse: float
    income: float
    school: float
    religious_school: float
    protection: float
    norm: float
    trust: float
    attitude: float


class Circumstances(NamedTuple):
    """What makes a youth more or less likely to join, each beside its coefficient."""

    abused: bool  # the youth or their kin, not long ago
    steady: bool  # has a steady income
    years: float  # at school, from the mean
    devout: bool  # six or more years of religious schooling
    unprotected: float  # 0..1
    norm: float  # population SD, mean attitude of the ties
    trust: float  # SD from the mean
    attitude: float  # population SD


class Background(NamedTuple):
    """What the circumstances of youths are read from."""

    ties: np.ndarray  # by youth
    attitude: np.ndarray
    schooling: np.ndarray
    religious_schooling: np.ndarray
    livelihood: np.ndarray
    abuse_week: np.ndarray
    unprotected: np.ndarray  # float64 by cell 0..1
    trust: np.ndarray  # float64 by cell, SD from the mean
    abuse_weeks: int  # weeks for which an abuse counts
    mean_schooling: float  # years


class Pressure(NamedTuple):
    """How hard recruiters try, before luck."""

    recruiters: np.ndarray  # groups x cells, weighed by how many approaches they make
    in_region: np.ndarray  # groups x regions, the same
    per_link: np.ndarray  # by region, approaches a week through each tie to a member
    at_random: np.ndarray  # by cell, chance of a youth to be approached by a stranger this week


class Cells(NamedTuple):
    """What is the same for all youths of a cell."""

    region: np.ndarray
    hazard: np.ndarray  # weekly, in the week of contact, of a youth with average circumstances
    lapse: np.ndarray  # chance that a contact lapses in a week


class Common(NamedTuple):
    """What is the same for all youths."""

    fresh: np.ndarray  # freshness by weeks since the contact
    acts_as: np.ndarray  # group that a group's contacts join: itself, its heir, or nobody
    women: float  # chance that a woman is approached, against that of a man
    refusal: int  # weeks for which a youth whose contact lapsed is left alone
    company: float  # weight of company as a reason to join
    need: float  # weight of income as a reason to join, for those without any


class Contacts(NamedTuple):
    """Columns of youths that recruiters look at and change."""

    status: np.ndarray
    woman: np.ndarray
    member_ties: np.ndarray
    contact_group: np.ndarray
    contact_tie: np.ndarray
    contact_week: np.ndarray
    refused_until: np.ndarray
    reason: np.ndarray


@rule
def chance_through_ties(approaches_per_link, links):
    """Chance to be approached this week through at least one of one's ties to members."""
    return 1.0 - np.exp(-approaches_per_link * links)


@rule
def circumstances(i, c, week, background):
    """The circumstances of youth `i`, who lives in cell `c`, this week."""
    norm = 0.0
    for j in range(TIES):
        norm += background.attitude[background.ties[i, j]]
    return Circumstances(
        abused=week - background.abuse_week[i] < background.abuse_weeks,
        steady=background.livelihood[i] == STEADY_INCOME,
        years=background.schooling[i] - background.mean_schooling,
        devout=background.religious_schooling[i] >= DEVOUT,
        unprotected=background.unprotected[c],
        norm=norm / TIES,
        trust=background.trust[c],
        attitude=np.float64(background.attitude[i]),
    )


@rule
def log_hazard(youth, b):
    """Log of the hazard of joining, against that of a youth whom nothing moves."""
    return (
        b.abuse * youth.abused + b.income * youth.steady + b.school * youth.years + b.religious_school * youth.devout
        + b.protection * youth.unprotected + b.norm * youth.norm + b.trust * youth.trust + b.attitude * youth.attitude
    )  # fmt: skip


@rule
def chance(hazard):
    """Chance that something with this weekly hazard happens within the week."""
    return 1.0 - np.exp(-hazard)


@rule
def whose(recruiters, place, u):
    """Group of the recruiter, picked at luck `u` by its share of the recruiters (groups x places) in a place."""
    last = recruiters.shape[0] - 1
    total, sofar = 0.0, 0.0
    for g in range(last + 1):
        total += recruiters[g, place]
    for g in range(last):
        sofar += recruiters[g, place]
        if u < sofar / total:
            return g
    return last


@rule
def through_whom(i, nth, ties, status):
    """What the nth member whom youth `i` knows is to them: BY_TIE a friend, BY_KIN kin."""
    for j in range(TIES):
        if status[ties[i, j]] == MEMBER:
            if nth == 0 and (j == KIN_TIES[0] or j == KIN_TIES[1]):
                return BY_KIN
            nth -= 1
    return BY_TIE


@rule
def main_reason(youth, b, need, company, u):
    """Main reason to join, as a place in REASONS, picked at luck `u`: each weighs what it added to the hazard."""
    revenge = np.exp(b.abuse * youth.abused) - 1.0 if youth.abused else 0.0
    income = 0.0 if youth.steady else np.exp(-b.income) - 1.0
    income = max(income, 0.0) * need
    ideology = max(np.exp(b.attitude * youth.attitude) - 1.0, 0.0)
    protection = max(np.exp(b.protection * youth.unprotected) - 1.0, 0.0)
    v = u * (revenge + income + ideology + protection + company)
    if v < revenge:
        return 0
    if v < revenge + income:
        return 1
    if v < revenge + income + ideology:
        return 2
    if v < revenge + income + ideology + protection:
        return 3
    return 4


@rule
def _meet(i, week, group, tie, people):
    """A recruiter of a group approaches youth `i`."""
    people.status[i] = APPROACHED
    people.contact_week[i], people.contact_group[i], people.contact_tie[i] = week, group, tie


@rule
def _refuse(i, until, people):
    """The contact of youth `i` lapses."""
    people.status[i] = CIVILIAN
    people.refused_until[i] = until


@rule
def _join(i, group, reason, people):
    """Youth `i` decides to join a group."""
    people.status[i] = JOINING
    people.contact_group[i], people.reason[i] = group, reason + 1


class Book(NamedTuple):
    person: np.ndarray
    youth: np.ndarray
    week: np.ndarray
    group: np.ndarray
    tie: np.ndarray
    until: np.ndarray


@loop
def _meetings(seed, week, pressure, cells, common, ties, cell, woman, first, ppy, roster, taken, out, counts):
    """Persons approached this week, through ties and at random; returns how many."""
    found = 0
    person, youth, state, group = roster.person, roster.youth, roster.state, roster.group
    for e in range(person.size):
        i = youth[e]
        if state[e] != MEMBER or i == NOBODY:
            continue
        layer = np.int64(person[e]) - np.int64(i) * ppy
        a = words(IS_APPROACHED, seed, week, person[e], 1)
        b = words(IS_APPROACHED, seed, week, person[e], 2)
        for j in range(TIES):
            other = np.int64(ties[i, j])
            r = cells.region[cell[other]]
            q = pressure.per_link[r]
            if q <= 0.0:
                continue
            u = uniform(a[j]) if j < 4 else uniform(b[j - 4])
            if woman[other]:
                u /= common.women
            if u < 1.0 - np.exp(-q):
                who = other * ppy + layer
                if taken[who] == 0:
                    taken[who] = 1
                    v = luck(IS_APPROACHED, seed, week, who, 3)
                    out.person[found], out.youth[found] = who, other
                    out.group[found] = whose(pressure.in_region, r, v)
                    out.tie[found] = BY_KIN if (j == KIN_TIES[0] or j == KIN_TIES[1]) else BY_TIE
                    counts[0, cell[other]] += 1
                    found += 1
    for c in range(first.size - 1):
        p = pressure.at_random[c]
        people = (first[c + 1] - first[c]) * ppy
        if p <= 0.0 or people == 0:
            continue
        many = poisson(p * people, luck(IS_APPROACHED, seed, week, c, 4))
        for n in range(many):
            drawn = words(STRANGER, seed, week, c, n)
            who = first[c] * ppy + int(uniform(drawn[0]) * people)
            other = who // ppy
            if taken[who] or (woman[other] and uniform(drawn[1]) >= common.women):
                continue
            taken[who] = 1
            out.person[found], out.youth[found] = who, other
            out.group[found] = whose(pressure.recruiters, c, uniform(drawn[2]))
            out.tie[found] = BY_NOBODY
            counts[0, c] += 1
            found += 1
    for k in range(found):
        out.week[k], out.until[k] = week, 0
    return found


@loop
def _decide(seed, week, size, book, taken, cells, common, b, background, cell, joined, reasons, counts):
    """Contacts join or lapse; those left alone long enough are forgotten. Returns contacts kept and joiners."""
    kept, joiners = 0, 0
    for e in range(size):
        who, i = book.person[e], np.int64(book.youth[e])
        c = cell[i]
        keep, group = True, book.group[e]
        if book.until[e] == 1:
            keep = False
        elif book.until[e] > 0:
            if book.until[e] <= week + 1:
                taken[who] = 0
                keep = False
        else:
            drawn = words(JOINS, seed, week, who, 0)
            group = common.acts_as[book.group[e]]
            since = week - book.week[e]
            if group == NOBODY or uniform(drawn[1]) < cells.lapse[c]:
                book.until[e] = week + common.refusal
            else:
                youth = circumstances(i, c, week, background)
                fresh = common.fresh[min(since, common.fresh.size - 1)]
                if uniform(drawn[0]) < chance(cells.hazard[c] * fresh * np.exp(log_hazard(youth, b))):
                    tie = book.tie[e]
                    need = common.need if background.livelihood[i] == NO_INCOME else 1.0
                    company = common.company if tie != BY_NOBODY else 0.0
                    reason = main_reason(youth, b, need, company, uniform(drawn[2]))
                    joined[joiners], reasons[joiners] = who, group
                    joiners += 1
                    keep = False
                    counts[1, c] += 1
                    counts[2, c] += tie != BY_NOBODY
                    counts[3, c] += tie == BY_KIN
                    counts[4, c] += since < MONTH
                    counts[5, c] += since < YEAR
                    counts[6, c] += week - background.abuse_week[i] < YEAR
                    counts[FIRST_REASON + reason, c] += 1
        if keep:
            book.person[kept], book.youth[kept], book.week[kept] = who, i, book.week[e]
            book.group[kept], book.tie[kept], book.until[kept] = book.group[e], book.tie[e], book.until[e]
            kept += 1
    return kept, joiners


@loop
def know(rows, step, ties, cell, member_ties, links):
    """Count one member more (step 1) or fewer (step -1) among those whom the ties of `rows` know."""
    for k in range(rows.size):
        for j in range(TIES):
            other = ties[rows[k], j]
            member_ties[other] += step
            links[cell[other]] += step


@lru_cache(maxsize=8)
def freshness(shape: float, weeks: int) -> np.ndarray:
    """Freshness of a contact by its age in weeks: increments of t^shape, 1 in the first week (Weibull hazard)."""
    return np.diff(np.arange(weeks + 1.0) ** shape)


def coefficients(p: Parameters) -> Coefficients:
    """The b of the hazard of joining."""
    return Coefficients(
        abuse=p.b_abuse_join,
        income=p.b_income_join,
        school=p.b_school,
        religious_school=p.b_relschool,
        protection=p.b_protect_join,
        norm=p.b_norm,
        trust=p.b_trust_join,
        attitude=p.kappa_att,
    )


def background(society: Society, youth: Youth, trust: np.ndarray, unprotected: np.ndarray, p: Parameters) -> Background:
    """What circumstances are read from; `trust` (0..1) and `unprotected` are by cell."""
    return Background(
        ties=society.ties,
        attitude=youth.attitude,
        schooling=youth.schooling,
        religious_schooling=youth.religious_schooling,
        livelihood=youth.livelihood,
        abuse_week=youth.abuse_week,
        unprotected=unprotected,
        trust=(trust - p.trust_mean) / p.trust_sd,
        abuse_weeks=int(p.abuse_weeks),
        mean_schooling=p.mean_schooling,
    )


@chunk_loop
def _average(chunks, b, background, sums):
    """Sums over chunks of the exponential of the hazard."""
    for k in prange(chunks.shape[0]):
        c, total = chunks[k, 0], 0.0
        for i in range(chunks[k, 1], chunks[k, 2]):
            total += np.exp(log_hazard(circumstances(i, c, 0, background), b))
        sums[k] = total


def average_pull(society: Society, youth: Youth, trust: np.ndarray, p: Parameters) -> float:
    """Mean of the exponential of the hazard over all youths on the first day, without abuses and threats."""
    sums, safe = np.empty(len(society.chunks)), np.zeros(trust.size)
    harmless = background(society, youth, trust, safe, p)._replace(abuse_weeks=0)
    _average(society.chunks, coefficients(p), harmless, sums)
    return float(sums.sum()) / society.size


def enlist(country: Country, rows: np.ndarray, group: np.ndarray) -> None:
    """Make the youths in `rows` members: the roster gets an entry for each person they stand for, in order."""
    society, youth, ppy = country.society, country.youth, country.society.persons_per_youth
    persons = rows
    rows = persons // ppy
    youth.taken[persons] = 1
    know(rows, 1, society.ties, society.cell, youth.member_ties, country.links)
    country.roster.append(
        persons.size,
        person=persons.astype(np.uint32),
        youth=rows,
        group=group,
        cell=society.cell[rows],
        state=MEMBER,
        since=country.week,
    )


def pressure(country: Country) -> Pressure:
    """How hard recruiters are about to try."""
    p, ppy, starts = country.parameters, country.society.persons_per_youth, country.places.region_first[:-1]
    youths = np.diff(country.society.first)
    recruiters = country.recruiters * country.levers.approaches[:, None]
    in_region = np.add.reduceat(recruiters, starts, axis=1)
    links = np.add.reduceat(country.links, starts)
    tried = recruiters.sum(axis=0) * p.approaches_per_recruiter
    at_random = np.minimum((1.0 - p.tie_share) * tried / np.maximum(youths * ppy, 1), p.approach_limit)
    per_link = p.tie_share * p.approaches_per_recruiter * in_region.sum(axis=0) / np.maximum(links, 1)
    return Pressure(recruiters, in_region, np.where(links > 0, per_link, 0.0), np.where(youths > 0, at_random, 0.0))


def threat_and_guard(country: Country) -> tuple[np.ndarray, np.ndarray]:
    """How threatened each cell is, and how far state or forces guard it: P is threat x (1 - guard)."""
    guarded = 1.0 - np.exp(-country.forces / country.parameters.protecting_companies)
    return np.maximum(country.insecurity, country.hold), np.maximum(country.state_presence, guarded)


def approach(country: Country) -> None:
    """Approaches, and joining, this week."""
    p, week, society, youth, levers = (
        country.parameters, country.week, country.society, country.youth, country.levers
    )  # fmt: skip
    threat, guard = threat_and_guard(country)
    cells = Cells(
        region=country.grid.region,
        hazard=p.h0 / country.average_pull * levers.joining,
        lapse=1.0 - np.exp(-levers.contact_lapse / p.contact_weeks),
    )
    common = Common(
        fresh=freshness(p.freshness_shape, 1100),
        acts_as=country.groups.acting(week),
        women=p.women_approached,
        refusal=int(p.refusal_weeks),
        company=p.company_weight,
        need=p.need_weight,
    )
    contacts, roster = country.contacts, country.roster.entries()
    how = pressure(country)
    room = int(country.links.sum()) + int((how.at_random * np.diff(society.first) * society.persons_per_youth).sum() * 2) + 2000
    contacts.room(room)
    book = Book(contacts.person, contacts.youth, contacts.week, contacts.group, contacts.tie, contacts.until)
    new = Book(*(a[contacts.size :] for a in book))
    counts = np.zeros((len(COUNTS), len(country.grid)), np.int64)
    found = _meetings(
        country.seed, week, how, cells, common, society.ties, society.cell, youth.woman, society.first,
        society.persons_per_youth, roster, youth.taken, new, counts,
    )
    contacts.size += found
    joined, theirs = np.empty(contacts.size, np.int64), np.empty(contacts.size, np.int8)
    contacts.size, joiners = _decide(
        country.seed, week, contacts.size, book, youth.taken, cells, common, coefficients(p),
        background(society, youth, country.trust, threat * (1.0 - guard), p), society.cell, joined, theirs, counts,
    )
    for name, here in zip(COUNTS, counts, strict=True):
        country.flow(name)[:] = here
    if joiners:
        enlist(country, joined[:joiners], theirs[:joiners])
