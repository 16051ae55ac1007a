"""Attacks by armed groups, and what they do to places.

Where a group has members it attacks Poisson(rate x members^gamma x opportunity) times a week, opportunity being
forces F, state S and civilians C within reach, weighted; the target of each attack is picked by the same weights:

    opportunity = w_F (1 - exp(-troops near / scale)) + w_S state presence + w_C (1 - exp(-people / scale))

Besides, small cells are sent far from home against towns with high-value sites (gravity by people and distance). Where
sites are hardened a part of these raids is kept away; most of those strike another site. In a raid people are trapped,
and the longer the response takes the more of them die:

    chance to die = siege deaths x (response delay)^elasticity x (1 - what guards prevent)

Communities clash Poisson(rate x country people x insecurity) times a week in a cell: where fear rules, old quarrels are
settled by arms. Attacks and clashes raise insecurity, which spills to the neighbouring cells and fades; they and the
presence of members drive out the state, which comes back where it is safe. A group holds a place as far as its members
there are many and no forces protect it. Moderate imams where a group is present are silenced for a time, those who
speak out against violence sooner.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine.cells import around
from sim.engine.kernels import loop, rule
from sim.engine.luck import decision, luck, poisson, poissons
from sim.levers import SOONEST
from sim.population.imams import IN_TRAINING, speakers
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
CLASHES = decision("how often communities clash in a cell")
KILLED_IN_CLASH = decision("how many a clash between communities kills")
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
def _attack(seed, week, rate, gamma, members, opportunity, deaths_of_civilians, deaths_of_forces, alive, attacks_now,
            attacks, on_forces, on_officials, on_civilians, civilians_killed, forces_killed):  # fmt: skip
    """Attacks of the groups where they are based."""
    groups, cells = members.shape
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
            count = poisson(attack_rate(rate[c], np.float64(m), gamma, total), luck(ATTACKS, seed, week, place))
            for n in range(count):
                kind = chosen(opportunity[:, c], 3, luck(TARGET, seed, week, place, n))
                attacks[c] += 1.0
                on_forces[c] += kind == FORCES
                on_officials[c] += kind == OFFICIALS
                on_civilians[c] += kind == CIVILIANS
                civilians_killed[c] += deaths(deaths_of_civilians[kind], luck(DEATHS, seed, week, place, 2 * n))
                forces_killed[c] += deaths(deaths_of_forces[kind], luck(DEATHS, seed, week, place, 2 * n + 1))
            attacks_now[g, c] += count


@loop
def _raid(seed, week, rate, gamma, members, sites, site_pull, kept, displaced, trapped_mean, dying, alive, attacks_now,
          attacks, on_sites, moved, trapped, died, civilians_killed):  # fmt: skip
    """Raids far from home on towns with high-value sites."""
    for g in range(members.shape[0]):
        if not alive[g]:
            continue
        pull = site_pull[g] * np.maximum(kept[sites], 1.0)
        raids = poisson(rate * np.float64(members[g].sum()) ** gamma, luck(RAIDS, seed, week, g))
        for n in range(raids):
            s = chosen(pull, sites.size, luck(RAID_TARGET, seed, week, g, n))
            if luck(KEPT_AWAY, seed, week, g, n) >= kept[sites[s]]:
                if luck(STRIKES_ELSEWHERE, seed, week, g, n) >= displaced:
                    continue
                others = site_pull[g] * kept[sites]  # other sites may be hardened too
                others[s] = 0.0
                s = chosen(others, sites.size, luck(OTHER_TARGET, seed, week, g, n))
                if s < 0:
                    continue
                moved[sites[s]] += 1.0
            c = sites[s]
            attacks[c] += 1.0
            on_sites[c] += 1.0
            attacks_now[g, c] += 1
            inside = deaths(trapped_mean, luck(TRAPPED, seed, week, g, n))
            dead = min(poisson(inside * dying[c], luck(DEATHS, seed, week, members.size + g, n)), inside)
            trapped[c] += inside
            died[c] += dead
            civilians_killed[c] += dead


def opportunity(country: Country) -> np.ndarray:
    """Weight of forces, officials and civilians as targets, by cell (3 x cells)."""
    p, grid = country.parameters, country.grid
    near = around(country.troops, grid.neighbours) * p.patrol_spill
    return np.stack([
        p.target_forces * (1.0 - np.exp(-(country.troops + near) / p.target_troops)),
        p.target_officials * country.state_presence,
        p.target_civilians * (1.0 - np.exp(-grid.population / p.target_people)) * country.levers.attacks_on_civilians,
    ])  # fmt: skip


def violence(country: Country) -> None:
    """Let the groups attack, and places suffer it."""
    p, week, flow, levers = country.parameters, country.week, country.flow, country.levers
    alive = country.groups.alive(week)
    _attack(
        country.seed, week, p.attack_rate * levers.attack_rate, p.attack_gamma, country.members, opportunity(country),
        np.array([p.deaths_civilian_forces, p.deaths_civilian_officials, p.deaths_civilian_civilians]),
        np.array([p.deaths_security_forces, p.deaths_security_officials, 0.0]), alive, country.attacks_now,
        flow("attacks"), flow("attacks_forces"), flow("attacks_officials"), flow("attacks_civilians"),
        flow("deaths_civilian"), flow("deaths_security"),
    )  # fmt: skip
    _raid(
        country.seed, week, p.raid_rate, p.attack_gamma, country.members, country.places.sites,
        country.places.site_pull, levers.site_raids, p.site_displaced, p.siege_trapped,
        p.siege_deaths * np.maximum(levers.response_delay, SOONEST) ** p.harm_delay * (1.0 - levers.site_guard),
        alive, country.attacks_now,
        flow("attacks"), flow("attacks_sites"), flow("attacks_displaced"), flow("trapped"), flow("deaths_sites"),
        flow("deaths_civilian"),
    )  # fmt: skip
    _clash(country)
    _suffer(country)
    _silence_imams(country)


def _clash(country: Country) -> None:
    """Clashes between communities, and whom they kill."""
    p, grid = country.parameters, country.grid
    cells = np.arange(len(grid))
    people = grid.population * (1.0 - grid.urban_share) / 1e6
    means = p.communal_rate * people * country.insecurity * country.levers.communal_violence
    clashes = poissons(CLASHES, country.seed, country.week, cells, means)
    country.flow("clashes")[:] = clashes
    _kill(country.seed, country.week, p.communal_deaths, clashes, country.flow("deaths_communal"))
    country.flow("deaths_civilian")[:] += country.flow("deaths_communal")


@loop
def _kill(seed, week, mean, clashes, killed):
    for c in range(clashes.size):
        for n in range(clashes[c]):
            killed[c] += deaths(mean, luck(KILLED_IN_CLASH, seed, week, c, n))


def _suffer(country: Country) -> None:
    """Insecurity and state presence after this week's attacks and clashes; losses of the units where they fell."""
    p, grid, levers = country.parameters, country.grid, country.levers
    attacks = country.flow("attacks") + country.flow("clashes")
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
    goal = 1.0 - (1.0 - country.state_start) * (1.0 - levers.state_goal)
    comes_back = np.minimum(p.state_return * levers.state_return, 1.0)
    state += comes_back * (goal - state) * (1.0 - country.insecurity) * (1.0 - hold)
    state -= p.state_retreat * hold * state

    units = country.units
    active = np.flatnonzero(units.there(country.week))
    share = 1.0 - country.flow("deaths_security") / np.maximum(country.troops, 1.0)
    units.strength[active] *= np.clip(share[units.cell[active]], 0.5, 1.0)
    units.strength[active] += p.reinforcement * (units.nominal[active] - units.strength[active])


def _silence_imams(country: Country) -> None:
    """Threaten moderate imams where a group is present: some stay away or silent, sooner those who speak out."""
    p, people, levers, region = country.parameters, country.imams, country.levers, country.grid.region
    present = country.members.sum(axis=0) > 0
    speaks = speakers(people, region, levers.speaking_out, p.moderate_stance, country.seed, country.week)
    _silence(country.seed, country.week, p.silencing_chance * levers.imam_threats, p.speaking_exposure,
             p.moderate_stance, int(p.silenced_weeks), present, region, speaks, people.cell, people.stance,
             people.training, people.away_until, country.flow("imams_silenced"))  # fmt: skip


@loop
def _silence(seed, week, chance, exposure, moderate, weeks, present, region, speaks, cell, stance, training,
             away_until, silenced):  # fmt: skip
    for i in range(cell.size):
        c = cell[i]
        preaches = training[i] != IN_TRAINING and away_until[i] <= week
        threat = chance[region[c]] * (exposure if speaks[i] else 1.0)
        if present[c] and preaches and stance[i] < moderate and luck(SILENCED, seed, week, i) < threat:
            away_until[i] = week + 1 + weeks
            silenced[c] += 1.0
