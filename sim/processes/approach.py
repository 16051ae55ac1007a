"""Recruiters approach youths, and some of the youths they approach join.

Approaches. The recruiters of a cell make a set number of approaches a week. A share of these goes through the ties of
members, to friends and kin; the rest go to strangers. However many recruiters gather in a cell, they cannot approach
more than a set share of its people as strangers. Each tie and each cell has its own luck, so one recruiter fewer means
fewer approaches and no other change:

    P(through a tie to a member) = 1 - exp(-approaches in the region x tie share / ties there to members)
    strangers approached in a cell ~ Poisson(approaches in the cell x (1 - tie share + left over x (1 - state)))

Recruiters visit or call friends and kin anywhere in the region, seldom beyond it, and meet strangers in their own cell.
What ties cannot take, as few know a member or most have refused, goes to strangers where the state is weak.

Joining. An approached person joins with the weekly hazard

    h = h0 x freshness(t) x exp(b_abuse A + b_income J + b_school E + b_relschool R + b_protect P + b_norm N + b_trust T
                                + kappa x) / average

A is 1 after an abuse of the youth or their kin in the last three months, and else what lasts of grievance, J a steady
income, E years of schooling (from the mean), R six or more years of religious schooling, P the lack of protection (the
place is insecure or held by a group, and neither state nor forces are there), N the mean settled attitude of the ties,
T trust in the forces (SD from the mean) and x the youth's own attitude. The average is that of the exponential over all
youths on the first day, without grievances and threats. So h0 is the mean hazard of the whole population, whatever the
coefficients are. Policy can change the hazard, the rate at which contacts lapse, and the approaches of a group.
Freshness falls as t^(k - 1) (Weibull): most who join do so early. In the end every contact lapses, and then the youth
is not approached again for some time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.country import Country
from sim.engine import exact
from sim.engine.elementary import exp
from sim.engine.kernels import loop, rule
from sim.engine.luck import decision, luck, poissons, uniform, words
from sim.population.groups import NOBODY
from sim.population.persons import youth_of
from sim.population.youth import APPROACHED, CIVILIAN, KIN_TIES, MEMBER, TIES
from sim.processes.hazard import (
    NO_INCOME,
    SAFELY,
    background,
    circumstances,
    coefficients,
    keenest,
    log_hazard,
)
from sim.processes.leaders import shaken

KNOWS = decision("a friend or relative of a member is approached")
WHOSE_FRIEND = decision("which group approaches a friend or relative of a member")
STRANGERS = decision("how many strangers recruiters approach in a cell")
MEETS_STRANGER = decision("which stranger a recruiter approaches")
JOINS = decision("an approached person joins")

BY_NOBODY, BY_TIE, BY_KIN = range(3)  # through whom a youth was approached: a stranger, a friend, kin
MONTH, YEAR = 4, 52  # weeks: weeks 0 to 3 after the first contact lie within a month
REASONS = ("joined_revenge", "joined_income", "joined_ideology", "joined_protection", "joined_company")
COUNTS = ("approached", "joined", "joined_ties", "joined_kin", "joined_month", "joined_year", "joined_abused", *REASONS)
FIRST_REASON = len(COUNTS) - len(REASONS)
BARELY = 1e-9  # what we put on a bound beside SAFELY, as chances near 0 are rounded to 2^-53


class Pressure(NamedTuple):
    """How hard recruiters try, before luck."""

    recruiters: np.ndarray  # groups x cells, weighed by how many approaches they make
    reaching: np.ndarray  # groups x regions, the same through each tie of a member to somebody who lives there
    per_link: np.ndarray  # by region, approaches a week through each tie to a member
    at_random: np.ndarray  # by cell, chance of a person to be approached by a stranger this week


class Cells(NamedTuple):
    """What is the same for all youths of a cell."""

    region: np.ndarray
    hazard: np.ndarray  # weekly, in the week of contact, of a youth with average circumstances
    lapse: np.ndarray  # chance that a contact lapses in a week


class Common(NamedTuple):
    """What is the same for all youths."""

    fresh: np.ndarray  # freshness by weeks since the contact
    acts_as: np.ndarray  # group that a group's contacts join: itself, its heir, or nobody
    refusal: int  # weeks for which a person whose contact lapsed is left alone
    company: float  # weight of company as a reason to join
    need: float  # weight of income as a reason to join, for those without any
    keenest: float  # how many times the usual hazard nobody exceeds


class Home(NamedTuple):
    """Who lives where and knows whom."""

    persons_per_youth: int
    first_person: np.ndarray  # by cell, and the end
    cell: np.ndarray  # by youth
    ties: np.ndarray  # by youth
    woman: np.ndarray  # by youth


@rule
def chance_through_tie(approaches_per_link):
    """Chance to be approached this week through a tie to a member."""
    return 1.0 - exp(-approaches_per_link)


@rule
def chance(hazard):
    """Chance that something with this weekly hazard happens within the week."""
    return 1.0 - exp(-hazard)


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
def main_reason(youth, b, need, company, u):
    """Main reason to join, as a place in REASONS, picked at luck `u`: each weighs what it added to the hazard."""
    revenge = exp(b.abuse * youth.abused) - 1.0
    income = 0.0 if youth.steady else exp(-b.income) - 1.0
    income = max(income, 0.0) * need
    ideology = max(exp(b.attitude * youth.attitude) - 1.0, 0.0)
    protection = max(exp(b.protection * youth.unprotected) - 1.0, 0.0)
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
def _free(person, week, people):
    """Whether a recruiter may approach a person: a civilian who has not refused lately."""
    return people[person].status == CIVILIAN and people[person].refused_until <= week


@rule
def _meet(person, week, group, tie, people):
    """A recruiter of a group approaches a person."""
    one = people[person]
    one.status, one.contact_week, one.contact_group, one.contact_tie = APPROACHED, week, group, tie


@loop
def count_links(week, women, roster, home, people, links):
    """Count by cell the ties of members to people whom a recruiter may approach there; one to a woman counts less."""
    links[:] = 0.0
    ppy, weight = home.persons_per_youth, (1.0, women)
    for e in range(roster.youth.size):
        if roster.state[e] == MEMBER and roster.youth[e] != NOBODY:
            place = np.int64(roster.person[e]) - np.int64(roster.youth[e]) * ppy
            for j in range(TIES):
                other = np.int64(home.ties[roster.youth[e], j])
                if _free(other * ppy + place, week, people):
                    links[home.cell[other]] += weight[home.woman[other]]


@loop
def _meet_friends(seed, week, pressure, region, women, roster, home, people, met, counts):
    """Approach friends and kin of members; returns how many, and lists them in `met`.

    Most luck is above the chance of everyone anywhere, so we look at it before we look at whose it is.
    """
    found, ppy = 0, home.persons_per_youth
    chances = np.empty(pressure.per_link.size)
    for r in range(chances.size):
        chances[r] = chance_through_tie(pressure.per_link[r])
    highest = SAFELY * max(women, 1.0) * chances.max()
    for e in range(roster.person.size):
        i = roster.youth[e]
        if roster.state[e] != MEMBER or i == NOBODY:
            continue
        place = np.int64(roster.person[e]) - np.int64(i) * ppy
        near = words(KNOWS, seed, week, roster.person[e], 0)
        far = words(KNOWS, seed, week, roster.person[e], 1)
        for j in range(TIES):
            u = uniform(near[j] if j < 4 else far[j - 4])
            if u >= highest:
                continue
            other = np.int64(home.ties[i, j])
            c = home.cell[other]
            r = region[c]
            if home.woman[other]:
                u /= women
            if u < chances[r]:
                person = other * ppy + place
                if _free(person, week, people):
                    group = whose(pressure.reaching, r, luck(WHOSE_FRIEND, seed, week, person))
                    kin = j == KIN_TIES[0] or j == KIN_TIES[1]
                    _meet(person, week, group, BY_KIN if kin else BY_TIE, people)
                    met[found] = person
                    found += 1
                    counts[0, c] += 1.0
    return found


@loop
def _meet_strangers(seed, week, tried, pressure, women, home, people, met, counts):
    """Try to approach strangers, `tried` times by cell; returns how many are met, and lists them in `met`."""
    found, ppy, first = 0, home.persons_per_youth, home.first_person
    for c in range(tried.size):
        everyone = first[c + 1] - first[c]
        for n in range(tried[c]):
            drawn = words(MEETS_STRANGER, seed, week, c, n)
            person = first[c] + int(uniform(drawn[0]) * everyone)
            if home.woman[youth_of(person, ppy)] and uniform(drawn[1]) >= women:
                continue
            if _free(person, week, people):
                _meet(person, week, whose(pressure.recruiters, c, uniform(drawn[2])), BY_NOBODY, people)
                met[found] = person
                found += 1
                counts[0, home.cell[youth_of(person, ppy)]] += 1.0
    return found


@loop
def still_in_contact(listed, people, out):
    """Fill `out` with those listed who are in contact; others have taken some places. Returns how many are."""
    found = 0
    for k in range(listed.size):
        out[found] = listed[k]
        found += people[listed[k]].status == APPROACHED
    return found


@loop
def _decide(seed, week, asked, cells, common, b, background, home, people, joining, counts):
    """Let those in contact join or refuse. `asked` keeps the undecided, `joining` lists who joins; returns how many.

    Most luck is above the chance of the keenest youth there could be, who then need not be known.
    """
    undecided, joined, ppy = 0, 0, home.persons_per_youth
    for k in range(asked.size):
        person = asked[k]
        i, one = youth_of(person, ppy), people[person]
        c = home.cell[i]
        drawn = words(JOINS, seed, week, person, 0)
        group = common.acts_as[one.contact_group]
        since = week - one.contact_week
        if group == NOBODY or uniform(drawn[1]) < cells.lapse[c]:
            one.status, one.refused_until = CIVILIAN, week + common.refusal
            continue
        u, hazard = uniform(drawn[0]), cells.hazard[c] * common.fresh[min(since, common.fresh.size - 1)]
        if u >= hazard * common.keenest + BARELY:  # a chance is never above its hazard
            asked[undecided] = person
            undecided += 1
            continue
        youth = circumstances(i, c, week, background)
        if u >= chance(hazard * exp(log_hazard(youth, b))):
            asked[undecided] = person
            undecided += 1
            continue
        tie = one.contact_tie
        need = common.need if background.livelihood[i] == NO_INCOME else 1.0
        company = common.company if tie != BY_NOBODY else 0.0
        reason = main_reason(youth, b, need, company, uniform(drawn[2]))
        one.contact_group, one.reason = group, reason + 1
        joining[joined] = person
        joined += 1
        counts[1, c] += 1.0
        counts[2, c] += tie != BY_NOBODY
        counts[3, c] += tie == BY_KIN
        counts[4, c] += since < MONTH
        counts[5, c] += since < YEAR
        counts[6, c] += week - background.abuse_week[i] < YEAR
        counts[FIRST_REASON + reason, c] += 1.0
    return undecided, joined


@lru_cache(maxsize=8)
def freshness(shape: float, weeks: int) -> np.ndarray:
    """Freshness of a contact by its age in weeks: increments of t^shape, 1 in the first week (Weibull hazard)."""
    return np.diff(exact.power(np.arange(weeks + 1.0), shape))


def enlist(country: Country, persons: np.ndarray, group: np.ndarray) -> None:
    """Make these persons members of a group each: the roster gets an entry for each, in order."""
    rows = persons // country.society.persons_per_youth
    country.persons.status[persons] = MEMBER
    country.roster.append(
        persons.size,
        person=persons.astype(np.uint32),
        youth=rows,
        group=group,
        cell=country.society.cells_of(persons),
        state=MEMBER,
        since=country.week,
    )


def home_of(country: Country) -> Home:
    """Who lives where and knows whom, for the loops."""
    society = country.society
    return Home(society.persons_per_youth, society.first_person, society.cell, society.ties, country.youth.woman)


def pressure(country: Country) -> Pressure:
    """How hard recruiters are about to try."""
    p, starts, region = country.parameters, country.places.region_first[:-1], country.grid.region
    people = np.diff(country.society.first_person)
    recruiters = country.recruiters * (country.levers.approaches * shaken(country, p.leader_approaches))[:, None]
    links = np.empty(people.size)
    count_links(
        country.week, p.women_approached, country.roster.entries(), home_of(country), country.persons.each, links
    )
    in_links = np.add.reduceat(links, starts)
    weight = np.where(np.eye(starts.size) > 0.0, 1.0, p.distant_ties)  # of recruiters (rows) for ties (columns)
    within_reach = (weight * in_links).sum(axis=1)
    by_link = weight / np.where(within_reach > 0.0, within_reach, 1.0)[:, None]
    reaching = (np.add.reduceat(recruiters, starts, axis=1)[:, :, None] * by_link).sum(axis=1)
    per_link = p.tie_share * p.approaches_per_recruiter * reaching.sum(axis=0)
    tries = np.where(per_link > 0.0, per_link, 1.0)
    taken = in_links * np.where(per_link > 0.0, (1.0 - exact.exp(-tries)) / tries, 1.0)
    left = 1.0 - (by_link * taken).sum(axis=1)  # of what recruiters of a region would do through ties
    instead = left[region] * (1.0 - country.state_presence)
    tried = recruiters.sum(axis=0) * p.approaches_per_recruiter * (1.0 - p.tie_share + p.tie_share * instead)
    at_random = np.minimum(tried / np.maximum(people, 1), p.approach_limit)
    return Pressure(recruiters, reaching, per_link, np.where(people > 0, at_random, 0.0))


def threat_and_guard(country: Country) -> tuple[np.ndarray, np.ndarray]:
    """How threatened each cell is, and how far state or forces guard it: P is threat x (1 - guard)."""
    guarded = 1.0 - exact.exp(-country.forces / country.parameters.protecting_companies)
    return np.maximum(country.insecurity, country.hold), np.maximum(country.state_presence, guarded)


def approach(country: Country) -> None:
    """Approaches, and joining, this week."""
    p, week, seed, society, youth, persons, levers = (
        country.parameters, country.week, country.seed, country.society, country.youth, country.persons, country.levers
    )  # fmt: skip
    threat, guard = threat_and_guard(country)
    cells = Cells(
        region=country.grid.region,
        hazard=p.h0 / country.average_pull * levers.joining,
        lapse=1.0 - exact.exp(-levers.contact_lapse / p.contact_weeks),
    )
    moved_by = background(society, youth, country.trust, threat * (1.0 - guard), p)
    b = coefficients(p)
    common = Common(
        fresh=freshness(p.freshness_shape, 1100),
        acts_as=country.groups.acting(week),
        refusal=int(p.refusal_weeks),
        company=p.company_weight,
        need=p.need_weight,
        keenest=keenest(b, moved_by),
    )
    home, people, trying = home_of(country), persons.each, pressure(country)
    counts = np.zeros((len(COUNTS), len(country.grid)))
    strangers = trying.at_random * np.diff(society.first_person)
    tried = poissons(STRANGERS, seed, week, np.arange(strangers.size), strangers)
    most = TIES * country.roster.size + int(tried.sum())
    asked = np.empty(persons.in_contact.size + most, np.int64)
    found = still_in_contact(persons.in_contact, people, asked)
    found += _meet_friends(
        seed, week, trying, cells.region, p.women_approached, country.roster.entries(), home, people, asked[found:],
        counts,
    )  # fmt: skip
    found += _meet_strangers(seed, week, tried, trying, p.women_approached, home, people, asked[found:], counts)
    joining = np.empty(found, np.int64)
    undecided, joined = _decide(seed, week, asked[:found], cells, common, b, moved_by, home, people, joining, counts)
    persons.in_contact = asked[:undecided].copy()
    for name, here in zip(COUNTS, counts, strict=True):
        country.flow(name)[:] = here
    if joined:
        enlist(country, joining[:joined], persons.contact_group[joining[:joined]])
