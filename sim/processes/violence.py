"""Attacks by armed groups, and what they do to places.

Where a group has members it attacks Poisson(rate x members^gamma x opportunity) times a week, opportunity being
forces F, state S and civilians C within reach, weighted; the target of each attack is picked by the same weights:

    opportunity = w_F (1 - exp(-troops near / scale)) + w_S state presence + w_C (1 - exp(-people / scale))

Besides, small cells are sent far from home against towns with high-value sites (gravity by people and distance).
Attacks raise insecurity, which spills to the neighbouring cells and fades; they and the presence of members drive out
the state, which comes back where it is safe. A group holds a place as far as its members there are many and no forces
protect it. Moderate imams where a group is present are silenced for a time.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine.cells import around
from sim.engine.kernels import loop, rule
from sim.engine.luck import decision, luck, poisson
from sim.population.imams import IN_TRAINING
from sim.processes.groups import chosen

ATTACKS = decision("how often a group attacks in a cell")
TARGET = decision("whom an attack is aimed at")
DEATHS = decision("how many an attack kills")
RAIDS = decision("how many raids a group sends far away")
RAID_TARGET = decision("which town a raid is aimed at")
SILENCED = decision("an imam is silenced")

FORCES, OFFICIALS, CIVILIANS = range(3)


@rule
def attack_rate(rate, members, gamma, opportunity):
    """Attacks a week of a group in a cell."""
    return rate * members**gamma * opportunity


@rule
def deaths(mean, u):
    """Deaths in one attack: most kill few, some kill many (geometric with this mean)."""
    return 0 if mean <= 0.0 else int(np.log(u) / np.log(mean / (1.0 + mean)))


@loop
def _attack(seed, week, rate, gamma, members, opportunity, deaths_of_civilians, deaths_of_forces, raid_rate, sites,
            site_pull, deaths_at_site, alive, attacks_now, attacks, on_forces, on_officials, on_civilians, on_sites,
            civilians_killed, forces_killed):  # fmt: skip
    groups, cells = members.shape
    attacks_now[:] = 0
    for g in range(groups):
        if not alive[g]:
            continue
        everyone = 0
        for c in range(cells):
            m = members[g, c]
            everyone += m
            if m == 0:
                continue
            total = opportunity[0, c] + opportunity[1, c] + opportunity[2, c]
            place = g * cells + c
            count = poisson(attack_rate(rate, np.float64(m), gamma, total), luck(ATTACKS, seed, week, place))
            for n in range(count):
                kind = chosen(opportunity[:, c], 3, luck(TARGET, seed, week, place, n))
                attacks[c] += 1.0
                on_forces[c] += kind == FORCES
                on_officials[c] += kind == OFFICIALS
                on_civilians[c] += kind == CIVILIANS
                civilians_killed[c] += deaths(deaths_of_civilians[kind], luck(DEATHS, seed, week, place, 2 * n))
                forces_killed[c] += deaths(deaths_of_forces[kind], luck(DEATHS, seed, week, place, 2 * n + 1))
            attacks_now[g, c] += count
        raids = poisson(raid_rate * np.float64(everyone) ** gamma, luck(RAIDS, seed, week, g))
        for n in range(raids):
            s = chosen(site_pull[g], sites.size, luck(RAID_TARGET, seed, week, g, n))
            c = sites[s]
            attacks[c] += 1.0
            on_sites[c] += 1.0
            attacks_now[g, c] += 1
            civilians_killed[c] += deaths(deaths_at_site, luck(DEATHS, seed, week, groups * cells + g, n))


def opportunity(country: Country) -> np.ndarray:
    """Weight of forces, officials and civilians as targets, by cell (3 x cells)."""
    p, grid = country.parameters, country.grid
    near = around(country.troops, grid.neighbours) * p.patrol_spill
    return np.stack([
        p.target_forces * (1.0 - np.exp(-(country.troops + near) / p.target_troops)),
        p.target_officials * country.state_presence,
        p.target_civilians * (1.0 - np.exp(-grid.population / p.target_people)),
    ])  # fmt: skip


def violence(country: Country) -> None:
    """Let the groups attack, and places suffer it."""
    p, week, flow = country.parameters, country.week, country.flow
    _attack(
        country.seed, week, p.attack_rate, p.attack_gamma, country.members, opportunity(country),
        np.array([p.deaths_civilian_forces, p.deaths_civilian_officials, p.deaths_civilian_civilians]),
        np.array([p.deaths_security_forces, p.deaths_security_officials, 0.0]), p.raid_rate,
        country.places.sites, country.places.site_pull, p.siege_trapped * p.siege_deaths,
        country.groups.alive(week), country.attacks_now, flow("attacks"), flow("attacks_forces"),
        flow("attacks_officials"), flow("attacks_civilians"), flow("attacks_sites"), flow("deaths_civilian"),
        flow("deaths_security"),
    )  # fmt: skip
    _suffer(country)
    _silence_imams(country)


def _suffer(country: Country) -> None:
    """Insecurity and state presence after this week's attacks; losses of the units where they fell."""
    p, grid, attacks = country.parameters, country.grid, country.flow("attacks")
    nearby = around(attacks, grid.neighbours)
    shock = 1.0 - np.exp(-p.attack_fear * (attacks + p.fear_spill * nearby))
    country.insecurity *= 0.5 ** (7.0 / p.fear_half_life)
    country.insecurity += (1.0 - country.insecurity) * shock

    based = country.members.sum(axis=0)
    hold = country.hold
    hold[:] = based / (based + p.holding_members) * np.exp(-country.forces / p.protecting_companies)
    state = country.state_presence
    hit = np.flatnonzero(country.flow("attacks_officials"))  # a power is slow, and few cells need it
    state[hit] *= (1.0 - p.official_flight) ** country.flow("attacks_officials")[hit]
    state += p.state_return * (country.state_start - state) * (1.0 - country.insecurity) * (1.0 - hold)
    state -= p.state_retreat * hold * state

    units = country.units
    active = np.flatnonzero(units.active(country.week))
    share = 1.0 - country.flow("deaths_security") / np.maximum(country.troops, 1.0)
    units.strength[active] *= np.clip(share[units.cell[active]], 0.5, 1.0)
    units.strength[active] += p.reinforcement * (units.nominal[active] - units.strength[active])


def _silence_imams(country: Country) -> None:
    """Threaten moderate imams where a group is present: some stay away or silent for a time."""
    p, people = country.parameters, country.imams
    present = country.members.sum(axis=0) > 0
    _silence(country.seed, country.week, p.silencing_chance, p.moderate_stance, int(p.silenced_weeks), present,
    people.cell,
             people.stance, people.training, people.away_until)  # fmt: skip


@loop
def _silence(seed, week, chance, moderate, weeks, present, cell, stance, training, away_until):
    for i in range(cell.size):
        preaches = training[i] != IN_TRAINING and away_until[i] <= week
        if present[cell[i]] and preaches and stance[i] < moderate and luck(SILENCED, seed, week, i) < chance:
            away_until[i] = week + 1 + weeks
