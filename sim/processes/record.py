"""The week ends with a row per region in the record. Watching changes nothing and draws no luck."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.country import Country
from sim.engine.kernels import loop
from sim.population.groups import GONE, HERE, NOBODY
from sim.population.imams import IN_TRAINING, TRAINED
from sim.population.persons import youth_of
from sim.population.youth import APPROACHED, CIVILIAN, DETAINED, MEMBER, STATUSES
from sim.processes.attitudes import FIXED
from sim.record import FLOW, FLOWS, Observable

STOCKS = (
    Observable("members", "persons", "sum", "members of armed groups, by where they are based"),
    Observable("members_abroad", "persons", "sum", "members in a sanctuary abroad, by the region they left"),
    Observable("recruiters", "persons", "sum", "recruiters among the members"),
    Observable("attitude_mean", "SD", "youths", "mean support for the violent narrative"),
    Observable("strong_supporters", "share", "youths", "youths who strongly support the violent narrative"),
    Observable("grievance_mean", "0..1", "youths", "mean grievance against the state"),
    Observable("trust", "0..1", "people", "trust in the security forces"),
    Observable("insecurity", "0..1", "people", "insecurity as people feel it"),
    Observable("state_presence", "0..1", "people", "presence of administration and services"),
    Observable("imams_in_post", "imams", "sum", "imams who preach"),
    Observable("imams_trained", "imams", "sum", "imams who preach and have been trained"),
    Observable("imams_displaced", "imams", "sum", "imams who were driven away or silenced"),
    Observable("units", "units", "sum", "security units based in the region"),
    Observable("held_wrongly", "persons", "sum", "people held who are not members"),
    *(
        Observable(f"people_{status}", "persons", "sum", f"youths of the region by status: {status}")
        for status in STATUSES
    ),
)


def observables(measure_keys: list[str], delivers: dict[str, str]) -> tuple[Observable, ...]:
    """All observables in the order of the record: flows, stocks, and what each known measure delivered and cost."""
    flows = tuple(Observable(name, unit, "sum", meaning) for name, unit, meaning in FLOWS)
    reports = tuple(
        o for key in measure_keys for o in (
            Observable(f"delivered_{key}", delivers[key], "sum", f"{key}: {delivers[key]}"),
            Observable(f"cost_{key}", "XOF", "sum", f"{key}: cost in the week"),
        )
    )  # fmt: skip
    return flows + STOCKS + reports


def census(country: Country) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By region: persons of its youth by status (regions x STATUSES), members abroad, and persons wrongly held."""
    society, region = country.society, country.grid.region
    people = np.zeros_like(country.population)
    regions = len(people)
    persons = country.persons
    _count_asked(persons.in_contact, persons.each, society.persons_per_youth, society.cell, region, people)
    abroad, held = np.zeros(regions, np.int64), np.zeros(regions, np.int64)
    _count_followed(region, society.cell, country.roster.entries(), people, abroad, held)
    everyone = np.diff(society.first[country.places.region_first]) * society.persons_per_youth
    people[:, CIVILIAN] = everyone - people.sum(axis=1)
    return people, abroad, held


@loop
def _count_asked(listed, persons, persons_per_youth, home, region, people):
    """Count those listed who are in contact, by the region of their youth."""
    for k in range(listed.size):
        if persons[listed[k]].status == APPROACHED:
            people[region[home[youth_of(listed[k], persons_per_youth)]], APPROACHED] += 1


@loop
def _count_followed(region, home, roster, people, abroad, held):
    """Count the persons followed one by one, by the region of their youth; those abroad by the region they left."""
    youth, state = roster.youth, roster.state
    for e in range(youth.size):
        if state[e] == MEMBER and roster.abroad[e] != HERE:
            abroad[region[roster.cell[e]]] += 1
        if youth[e] != NOBODY and state[e] != GONE:
            r = region[home[youth[e]]]
            people[r, state[e]] += 1
            if state[e] == DETAINED and roster.group[e] == NOBODY:
                held[r] += 1


@loop
def _count_imams(week, starts, training, away_until):
    """Imams in post, trained imams in post, and displaced imams, by region; those of a region begin at `starts`."""
    regions = starts.size - 1
    in_post, trained, displaced = np.zeros(regions), np.zeros(regions), np.zeros(regions)
    for r in range(regions):
        posted, with_course, absent = 0, 0, 0
        for i in range(starts[r], starts[r + 1]):
            here = away_until[i] <= week
            posted += here & (training[i] != IN_TRAINING)
            with_course += here & (training[i] == TRAINED)
            absent += not here
        in_post[r], trained[r], displaced[r] = posted, with_course, absent
    return in_post, trained, displaced


@loop
def _count_units(week, region, units, based):
    """Count the units that are deployed and not withheld, by the region of their base."""
    for u in range(units.base.size):
        if units.since[u] <= week < units.until[u] and units.present[u] > 0.0:
            based[region[units.base[u]]] += 1.0


@loop
def _tally(flows, starts, totals):
    """Add up this week's flows by region (regions x FLOWS) and add them to the totals by cell; then clear them."""
    out = np.empty((starts.size - 1, flows.shape[0]))
    for f in range(flows.shape[0]):
        for r in range(starts.size - 1):
            total = 0.0
            for c in range(starts[r], starts[r + 1]):
                if flows[f, c] != 0.0:  # nothing happens in most cells
                    total += flows[f, c]
                    totals[f, c] += flows[f, c]
                    flows[f, c] = 0.0
            out[r, f] = total
    return out


class Stationed(NamedTuple):
    """Where units are based, and when."""

    base: np.ndarray
    since: np.ndarray
    until: np.ndarray
    present: np.ndarray


class Places(NamedTuple):
    """The state of the cells."""

    population: np.ndarray
    trust: np.ndarray
    insecurity: np.ndarray
    state_presence: np.ndarray
    members: np.ndarray  # groups x cells
    recruiters: np.ndarray  # groups x cells


MEANS = ("insecurity", "trust", "state_presence", "members")
"""What is averaged over the weeks by cell: the rows of `Country.means`."""
INSECURITY, TRUST, STATE_PRESENCE, MEMBERS = range(len(MEANS))


@loop
def _take_stock(starts, places, means):
    """By region, members and recruiters, and means over people of trust, insecurity and state presence."""
    regions, groups = starts.size - 1, places.members.shape[0]
    members, recruiters = np.zeros(regions), np.zeros(regions)
    trust, insecurity, state = np.zeros(regions), np.zeros(regions), np.zeros(regions)
    for r in range(regions):
        everyone = 0.0
        for c in range(starts[r], starts[r + 1]):
            based, hunting, people = 0, 0, places.population[c]
            for g in range(groups):
                based += places.members[g, c]
                hunting += places.recruiters[g, c]
            members[r] += based
            recruiters[r] += hunting
            everyone += people
            trust[r] += people * places.trust[c]
            insecurity[r] += people * places.insecurity[c]
            state[r] += people * places.state_presence[c]
            means[INSECURITY, c] += places.insecurity[c]
            means[TRUST, c] += places.trust[c]
            means[STATE_PRESENCE, c] += places.state_presence[c]
            means[MEMBERS, c] += based
        trust[r] /= everyone
        insecurity[r] /= everyone
        state[r] /= everyone
    return members, recruiters, trust, insecurity, state


def record(country: Country) -> None:
    """Write this week's row and go on to the next week."""
    grid, society, week = country.grid, country.society, country.week
    row, seen = country.values[week], len(FLOWS) + len(STOCKS)  # flows, stocks, reports: see `observables`
    row[:, seen:] = country.routine.reports(country, seen).T

    regions, starts = len(row), country.places.region_first
    row[:, : len(FLOWS)] = _tally(country.flows, starts, country.totals)
    places = Places(
        population=grid.population,
        trust=country.trust,
        insecurity=country.insecurity,
        state_presence=country.state_presence,
        members=country.members,
        recruiters=country.recruiters,
    )
    members, recruiters, trust, insecurity, state = _take_stock(starts, places, country.means)
    imams = country.imams
    in_post, trained, displaced = _count_imams(week, country.places.imam_first, imams.training, imams.away_until)
    units, based = country.units, np.zeros(regions)
    _count_units(week, grid.region, Stationed(units.base, units.since, units.until, units.present), based)
    home = society.blocks[:, 0]
    youths = np.maximum(np.bincount(home, society.blocks[:, 2] - society.blocks[:, 1], regions), 1.0)
    attitude, grievance, strong = (np.bincount(home, column, regions) / youths for column in country.youth_sums.T)
    country.population[:], abroad, held = census(country)
    stocks = {
        "members": members,
        "members_abroad": abroad,
        "recruiters": recruiters,
        "attitude_mean": attitude / FIXED,
        "strong_supporters": strong,
        "grievance_mean": grievance / FIXED,
        "trust": trust,
        "insecurity": insecurity,
        "state_presence": state,
        "imams_in_post": in_post,
        "imams_trained": trained,
        "imams_displaced": displaced,
        "units": based,
        "held_wrongly": held,
        **{f"people_{status}": country.population[:, k] for k, status in enumerate(STATUSES)},
    }
    row[:, len(FLOWS) : seen] = np.array([stocks[stock.name] for stock in STOCKS]).T
    country.week += 1


CELLS = {
    "youth": "youths, persons",
    "joined": "youths who joined, persons, total",
    "approached": "youths approached, persons, total",
    "attacks": "attacks, total",
    "abuses": "abuses, total",
    "reached_clips": "youths reached by clips, persons, weekly mean",
    "insecurity": "insecurity, 0..1, weekly mean",
    "trust": "trust in the security forces, 0..1, weekly mean",
    "state_presence": "presence of the state, 0..1, weekly mean",
    "members": "members based there, persons, weekly mean",
}


def by_cell(country: Country) -> dict[str, np.ndarray]:
    """The run so far, by cell of the grid: see CELLS."""
    weeks = max(country.week, 1)
    out = {"youth": np.diff(country.society.first).astype(np.float64) * country.society.persons_per_youth}
    for name in ("joined", "approached", "attacks", "abuses"):
        out[name] = country.totals[FLOW[name]].copy()
    out["reached_clips"] = country.totals[FLOW["reached_clips"]] / weeks
    out |= {name: sums / weeks for name, sums in zip(MEANS, country.means, strict=True)}
    return out


__all__ = ["CELLS", "by_cell", "census", "observables", "record"]
