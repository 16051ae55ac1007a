"""Attacks by armed groups, clashes between communities, and what they do to places.

Where a group has members, it attacks Poisson(rate x practice x members^gamma x opportunity) times a week. Groups learn
by doing: attacks follow each other faster the more of them a group has made (Clauset and Gleditsch 2012; Johnson et al.
2011), while each is no deadlier for that:

    practice = ((1 + attacks made) / 30)^learning

Opportunity is the weighted sum of forces, state and civilians within reach, and the same weights pick the target of
each attack:

    opportunity = w_F (1 - exp(-troops near / scale)) + (1 - hold) (w_S state presence + w_C (1 - exp(-people / scale)))

so a group spares the officials and civilians of a place that it holds fully. In the rains, from June to September, few
roads are open and attacks are fewer.

Groups also send small teams far from home, with the same practice, on raids against towns with high-value sites
(gravity by people and distance, and by what policy does to attacks there). Hardened sites keep part of these raids
away; most of those strike another site. A raid traps people, and more of them die the longer the response takes:

    chance to die = siege deaths x (response delay)^elasticity x (1 - what guards prevent)

Communities clash, too (`sim.processes.feuds`). Attacks and clashes raise insecurity, which spills into neighbouring
cells and fades. Attacks on officials and the hold of armed groups drive out the state, which comes back where it is
safe. The hold of armed groups on a place rises with their members there and falls with the forces that protect it.
Where a group is present, moderate imams are silenced for a time, and those who speak out against violence sooner.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import numpy as np

from sim.country import Country
from sim.engine import exact
from sim.engine.cells import around
from sim.engine.elementary import power
from sim.engine.kernels import loop, rule
from sim.engine.luck import decision, luck, poisson
from sim.levers import delay_effect
from sim.population.imams import IN_TRAINING, speakers
from sim.processes.casualties import deaths
from sim.processes.feuds import arm, feuds
from sim.processes.groups import chosen

ATTACKS = decision("how often a group attacks in a cell")
TARGET = decision("whom an attack is aimed at")
DEATHS = decision("how many an attack kills")
RAIDS = decision("how many raids a group sends far away")
RAID_TARGET = decision("which town a raid is aimed at")
KEPT_AWAY = decision("a raid strikes a hardened site all the same")
STRIKES_ELSEWHERE = decision("a raid kept away from a hardened site strikes another one")
OTHER_TARGET = decision("which town a raid kept away strikes")
TRAPPED = decision("how many people a raid traps")
SILENCED = decision("an imam is silenced")

FORCES, OFFICIALS, CIVILIANS = range(3)
RAINS = (6, 7, 8, 9)  # months
MIDWEEK = timedelta(days=3)
PRACTISED = 30.0  # attacks made by the group that `attack_rate` and `raid_rate` are given for


@rule
def attack_rate(rate, members, gamma, opportunity):
    """Attacks a week of a group in a cell."""
    return rate * power(members, gamma) * opportunity


@rule
def near(values, neighbours):
    """Sum of `values` over the neighbours of a cell."""
    total = 0
    for k in range(8):
        if neighbours[k] >= 0:
            total += values[neighbours[k]]
    return total


@rule
def band_size(reach, band, band_power):
    """How deadly an attack is, by the members within reach, against one by a band of the usual size."""
    return power(reach / band, band_power)


class Targets(NamedTuple):
    """Targets of attacks: FORCES, OFFICIALS or CIVILIANS."""

    opportunity: np.ndarray  # targets x cells
    deaths_civilian: np.ndarray  # by target, mean deaths of civilians in an attack
    deaths_security: np.ndarray  # by target, mean deaths of security forces in an attack
    band_members: float
    band_power: float
    neighbours: np.ndarray  # cells x 8, -1 for none


class Attacks(NamedTuple):
    """Attacks and deaths by cell, named as in FLOWS."""

    attacks: np.ndarray
    attacks_forces: np.ndarray
    attacks_officials: np.ndarray
    attacks_civilians: np.ndarray
    deaths_civilian: np.ndarray
    deaths_security: np.ndarray


@loop
def _attack(seed, week, rate, practice, gamma, targets, alive, members, attacks_now, flow):
    """Attacks of the groups where their members are based."""
    groups, cells = members.shape
    opportunity = targets.opportunity
    attacks_now[:] = 0
    for g in range(groups):
        if not alive[g]:
            continue
        for c in range(cells):
            m = members[g, c]
            if m == 0:
                continue
            total = opportunity[0, c] + opportunity[1, c] + opportunity[2, c]
            place = g * cells + c
            mean = attack_rate(practice[g] * rate[c], np.float64(m), gamma, total)
            count = poisson(mean, luck(ATTACKS, seed, week, place))
            if count > 0:
                size = band_size(m + near(members[g], targets.neighbours[c]), targets.band_members, targets.band_power)
            for n in range(count):
                target = chosen(opportunity[:, c], 3, luck(TARGET, seed, week, place, n))
                flow.attacks[c] += 1.0
                flow.attacks_forces[c] += target == FORCES
                flow.attacks_officials[c] += target == OFFICIALS
                flow.attacks_civilians[c] += target == CIVILIANS
                u, v = luck(DEATHS, seed, week, place, 2 * n), luck(DEATHS, seed, week, place, 2 * n + 1)
                flow.deaths_civilian[c] += deaths(size * targets.deaths_civilian[target], u)
                flow.deaths_security[c] += deaths(size * targets.deaths_security[target], v)
            attacks_now[g, c] += count


class Raids(NamedTuple):
    """How often groups raid, and which sites. Parameters have their names in the table."""

    raid_rate: np.ndarray  # by group, with its practice
    attack_gamma: float
    site_displaced: float
    siege_trapped: float
    cells: np.ndarray  # by site
    pull: np.ndarray  # groups x sites
    rate: np.ndarray  # by cell, the lever `attack_rate`
    let_in: np.ndarray  # by cell, the lever `site_raids`: the share of raids that is not kept away
    dying: np.ndarray  # by cell, chance that a trapped person dies


class Raided(NamedTuple):
    """Attacks and persons by cell, named as in FLOWS."""

    attacks: np.ndarray
    attacks_sites: np.ndarray
    attacks_displaced: np.ndarray
    trapped: np.ndarray
    deaths_sites: np.ndarray
    deaths_civilian: np.ndarray


@loop
def _raid(seed, week, raids, alive, members, attacks_now, flow):
    """Raids far from home on towns with high-value sites."""
    cells, let_in = raids.cells, raids.let_in
    for g in range(members.shape[0]):
        if not alive[g]:
            continue
        sought = raids.pull[g] * raids.rate[cells]
        pull = sought * np.maximum(let_in[cells], 1.0)
        mean = raids.raid_rate[g] * power(np.float64(members[g].sum()), raids.attack_gamma)
        mean *= sought.sum() / raids.pull[g].sum()
        for n in range(poisson(mean, luck(RAIDS, seed, week, g))):
            s = chosen(pull, cells.size, luck(RAID_TARGET, seed, week, g, n))
            if luck(KEPT_AWAY, seed, week, g, n) >= let_in[cells[s]]:
                if luck(STRIKES_ELSEWHERE, seed, week, g, n) >= raids.site_displaced:
                    continue
                others = sought * let_in[cells]  # the other sites may be hardened too
                others[s] = 0.0
                s = chosen(others, cells.size, luck(OTHER_TARGET, seed, week, g, n))
                if s < 0:
                    continue
                flow.attacks_displaced[cells[s]] += 1.0
            c = cells[s]
            flow.attacks[c] += 1.0
            flow.attacks_sites[c] += 1.0
            attacks_now[g, c] += 1
            inside = deaths(raids.siege_trapped, luck(TRAPPED, seed, week, g, n))
            dead = min(poisson(inside * raids.dying[c], luck(DEATHS, seed, week, members.size + g, n)), inside)
            flow.trapped[c] += inside
            flow.deaths_sites[c] += dead
            flow.deaths_civilian[c] += dead


def opportunity(country: Country) -> np.ndarray:
    """Weights of forces, officials and civilians as targets: 3 x cells."""
    p, grid = country.parameters, country.grid
    near = around(country.troops, grid.neighbours) * p.patrol_spill
    contested = 1.0 - country.hold
    return np.stack([
        p.target_forces * (1.0 - exact.exp(-(country.troops + near) / p.target_troops)),
        p.target_officials * country.state_presence * contested,
        p.target_civilians * (1.0 - exact.exp(-grid.population / p.target_people))
        * contested * country.levers.attacks_on_civilians,
    ])  # fmt: skip


def practice(country: Country) -> np.ndarray:
    """How often each group attacks, for what it has learnt, against one that has made PRACTISED attacks."""
    return exact.power((1.0 + country.experience) / PRACTISED, country.parameters.attack_learning)


def season(country: Country) -> float:
    """What the season does to attacks this week: fewer in the rains, more in the dry months, none over a year."""
    midweek = country.clock.date(country.week) + MIDWEEK
    rainy, wet = country.parameters.rainy_attacks, len(RAINS) / 12.0
    return (rainy if midweek.month in RAINS else 1.0) / (1.0 - wet + wet * rainy)


def violence(country: Country) -> None:
    """Let the groups attack and communities clash, and let places feel it."""
    p, week, levers, places = country.parameters, country.week, country.levers, country.places
    alive, members, now = country.groups.alive(week), country.members, country.attacks_now
    targets = Targets(
        opportunity=opportunity(country),
        deaths_civilian=np.array([p.deaths_civilian_forces, p.deaths_civilian_officials, p.deaths_civilian_civilians]),
        deaths_security=np.array([p.deaths_security_forces, p.deaths_security_officials, 0.0]),
        band_members=p.band_members,
        band_power=p.band_power,
        neighbours=country.grid.neighbours,
    )
    rate = p.attack_rate * season(country) * levers.attack_rate
    practised = practice(country)
    _attack(
        country.seed, week, rate, practised, p.attack_gamma, targets, alive, members, now, country.flows_of(Attacks)
    )
    raids = Raids(
        raid_rate=practised * p.raid_rate,
        attack_gamma=p.attack_gamma,
        site_displaced=p.site_displaced,
        siege_trapped=p.siege_trapped,
        cells=places.sites,
        pull=places.site_pull,
        rate=levers.attack_rate,
        let_in=levers.site_raids,
        dying=p.siege_deaths * delay_effect(levers, p.harm_delay) * (1.0 - levers.site_guard),
    )
    _raid(country.seed, week, raids, alive, members, now, country.flows_of(Raided))
    country.experience += now.sum(axis=1)
    feuds(country)
    _suffer(country)
    arm(country)
    _silence_imams(country)


def _suffer(country: Country) -> None:
    """Update insecurity, hold and state presence after this week's attacks and clashes, and the losses of the units."""
    p, grid, levers = country.parameters, country.grid, country.levers
    attacks = country.flow("attacks") + country.flow("clashes")
    nearby = around(attacks, grid.neighbours)
    shock = 1.0 - exact.exp(-p.attack_fear * (attacks + p.fear_spill * nearby))
    country.insecurity *= exact.power(0.5, 7.0 / p.fear_half_life)
    country.insecurity += (1.0 - country.insecurity) * shock

    based = country.members.sum(axis=0)
    hold = country.hold
    hold[:] = based / (based + p.holding_members) * exact.exp(-country.forces / p.protecting_companies)
    state = country.state_presence
    hit = np.flatnonzero(country.flow("attacks_officials"))  # powers are slow, and few cells need one
    state[hit] *= exact.power(1.0 - p.official_flight, country.flow("attacks_officials")[hit])
    goal = 1.0 - (1.0 - country.state_start) * (1.0 - levers.state_goal)
    comes_back = np.minimum(p.state_return * levers.state_return, 1.0)
    state += comes_back * (goal - state) * (1.0 - country.insecurity) * (1.0 - hold)
    state -= p.state_retreat * hold * state
    alone = country.state_alone  # the same without what policy does to it
    alone[hit] *= exact.power(1.0 - p.official_flight, country.flow("attacks_officials")[hit])
    alone += np.minimum(p.state_return, 1.0) * (country.state_start - alone) * (1.0 - country.insecurity) * (1.0 - hold)
    alone -= p.state_retreat * hold * alone

    units = country.units
    active = np.flatnonzero(units.there(country.week))
    share = 1.0 - country.flow("deaths_security") / np.maximum(country.troops, 1.0)
    units.strength[active] *= np.clip(share[units.cell[active]], 0.5, 1.0)
    units.strength[active] += p.reinforcement * (units.nominal[active] - units.strength[active])


def _silence_imams(country: Country) -> None:
    """Threaten moderate imams where a group is present: some leave or fall silent, those who speak out sooner."""
    p, people, levers, region = country.parameters, country.imams, country.levers, country.grid.region
    threats = Threats(
        exposure=p.speaking_exposure,
        moderate=p.moderate_stance,
        weeks=int(p.silenced_weeks),
        chance=p.silencing_chance * levers.imam_threats,
        region=region,
        present=country.members.sum(axis=0) > 0,
        speaks=speakers(people, region, levers.speaking_out, p.moderate_stance, country.seed, country.week),
    )
    _silence(country.seed, country.week, threats, people.preachers(), country.flow("imams_silenced"))


class Threats(NamedTuple):
    """How imams are threatened."""

    exposure: float  # factor for an imam who speaks out against violence
    moderate: float  # stance below which an imam is moderate
    weeks: int  # that a silenced imam stays away or silent
    chance: np.ndarray  # by region, that a moderate imam is silenced
    region: np.ndarray  # by cell
    present: np.ndarray  # by cell, whether a group has members there
    speaks: np.ndarray  # by imam, whether the imam speaks out against violence


@loop
def _silence(seed, week, threats, imams, silenced):
    for i in range(imams.cell.size):
        c = imams.cell[i]
        if not threats.present[c]:
            continue
        preaches = imams.training[i] != IN_TRAINING and imams.away_until[i] <= week
        if preaches and imams.stance[i] < threats.moderate:
            threat = threats.chance[threats.region[c]] * (threats.exposure if threats.speaks[i] else 1.0)
            if luck(SILENCED, seed, week, i) < threat:
                imams.away_until[i] = week + 1 + threats.weeks
                silenced[c] += 1.0
