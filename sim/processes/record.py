"""The week ends with a row per region. Watching changes nothing and draws no luck."""

from __future__ import annotations

import numpy as np
from numba import prange

from sim.country import Country
from sim.engine.kernels import chunk_loop, loop
from sim.population.groups import GONE, HERE, NOBODY
from sim.population.imams import IN_TRAINING, TRAINED
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
    """All observables, in the order of the record: flows, stocks, then what each known measure delivered and cost."""
    flows = tuple(Observable(name, unit, "sum", meaning) for name, unit, meaning in FLOWS)
    reports = tuple(
        o for key in measure_keys for o in (
            Observable(f"delivered_{key}", delivers[key], "sum", f"{key}: {delivers[key]}"),
            Observable(f"cost_{key}", "XOF", "sum", f"{key}: cost in the week"),
        )
    )  # fmt: skip
    return flows + STOCKS + reports


@chunk_loop
def _census(chunks, status, counts):
    for k in prange(chunks.shape[0]):
        civilian, approached = 0, 0
        for i in range(chunks[k, 1], chunks[k, 2]):
            civilian += status[i] == CIVILIAN
            approached += status[i] == APPROACHED
        counts[k, 0], counts[k, 1] = civilian, approached


def census(country: Country) -> np.ndarray:
    """Persons of each region's youth by status: regions x STATUSES."""
    society, roster, region = country.society, country.roster, country.grid.region
    counts = np.empty((len(society.blocks), 2), np.int64)
    _census(society.blocks, country.youth.status, counts)
    people = np.zeros((9, len(STATUSES)), np.int64)
    home = society.blocks[:, 0]
    for column, status in enumerate((CIVILIAN, APPROACHED)):
        people[:, status] = np.bincount(home, counts[:, column], 9) * society.persons_per_youth
    _person, rows, _group, _cell, _abroad, _recruiter, state, persons, _since, _convicted = roster.entries()
    _count_followed(region, society.cell, rows, state, persons, people)
    return people


@loop
def _count_followed(region, home, youth, state, persons, people):
    """Add those followed one by one to the region their youth comes from."""
    for e in range(youth.size):
        if youth[e] != NOBODY and state[e] != GONE:
            people[region[home[youth[e]]], state[e]] += persons[e]


@loop
def _count_abroad(region, cell, abroad, state, out):
    for e in range(cell.size):
        if state[e] == MEMBER and abroad[e] != HERE:
            out[region[cell[e]]] += 1


@loop
def _count_held(region, home, youth, group, state, persons, out):
    for e in range(youth.size):
        if group[e] == NOBODY and state[e] == DETAINED and youth[e] != NOBODY:
            out[region[home[youth[e]]]] += persons[e]


@loop
def _count_imams(week, starts, training, away_until, out):
    """Imams in post, of them trained, and displaced, by region (whose imams begin at `starts`)."""
    for r in range(starts.size - 1):
        posted, trained, displaced = 0, 0, 0
        for i in range(starts[r], starts[r + 1]):
            here = away_until[i] <= week
            posted += here & (training[i] != IN_TRAINING)
            trained += here & (training[i] == TRAINED)
            displaced += not here
        out[r, 0], out[r, 1], out[r, 2] = posted, trained, displaced


@loop
def _tally(flows, starts, row, totals):
    """Add up what happened by region, add it to the totals of the cells, and begin anew."""
    for f in range(flows.shape[0]):
        for r in range(starts.size - 1):
            total = 0.0
            for c in range(starts[r], starts[r + 1]):
                total += flows[f, c]
                totals[f, c] += flows[f, c]
                flows[f, c] = 0.0
            row[r, f] = total


@loop
def _take_stock(starts, people, members, recruiters, trust, insecurity, state, out, means):
    """Members, recruiters, and means over people of trust, insecurity and state presence, by region."""
    for r in range(starts.size - 1):
        everyone = 0.0
        out[r, :] = 0.0
        for c in range(starts[r], starts[r + 1]):
            based, hunting = 0, 0
            for g in range(members.shape[0]):
                based += members[g, c]
                hunting += recruiters[g, c]
            out[r, 0] += based
            out[r, 1] += hunting
            everyone += people[c]
            out[r, 2] += people[c] * trust[c]
            out[r, 3] += people[c] * insecurity[c]
            out[r, 4] += people[c] * state[c]
            means[0, c] += insecurity[c]
            means[1, c] += trust[c]
            means[2, c] += state[c]
            means[3, c] += based
        out[r, 2:] /= everyone


def record(country: Country) -> None:
    """Write this week's row and go on to the next week."""
    grid, society, week, names = country.grid, country.society, country.week, country.names
    for measure in country.measures:
        delivered = measure.report(country)
        country.values[week, :, names[f"delivered_{measure.key}"]] = delivered.count
        country.values[week, :, names[f"cost_{measure.key}"]] = delivered.cost_xof

    row, count, starts = country.values[week], len(FLOWS), country.places.region_first
    _tally(country.flows, starts, row, country.totals)
    means = np.empty((9, 5))
    _take_stock(starts, grid.population, country.members, country.recruiters, country.trust, country.insecurity,
                country.state_presence, means, country.means)  # fmt: skip

    roster, imams, units = country.roster, country.imams, country.units
    abroad, clergy = np.zeros(9, np.int64), np.empty((9, 3), np.int64)
    _count_abroad(grid.region, roster.cell[: roster.size], roster.abroad, roster.state, abroad)
    _count_imams(week, np.searchsorted(imams.cell, starts), imams.training, imams.away_until, clergy)
    held = np.zeros(9, np.int64)
    entries = slice(0, roster.size)
    _count_held(grid.region, society.cell, roster.youth[entries], roster.group[entries], roster.state[entries],
                roster.persons[entries], held)  # fmt: skip
    home = society.blocks[:, 0]
    youths = np.maximum(np.bincount(home, society.blocks[:, 2] - society.blocks[:, 1], 9), 1.0)
    attitude, grievance, strong = (np.bincount(home, column, 9) / youths for column in country.youth_sums.T)
    country.population[:] = census(country)
    stocks = [
        means[:, 0],
        abroad,
        means[:, 1],
        attitude / FIXED,
        strong,
        grievance / FIXED,
        *means[:, 2:].T,
        *clergy.T,
        np.bincount(grid.region[units.base[units.there(week)]], minlength=9),
        held,
        *country.population.T,
    ]
    row[:, count : count + len(stocks)] = np.stack(stocks, axis=1)
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
    """The run so far by cell of the grid: see CELLS."""
    weeks = max(country.week, 1)
    out = {"youth": np.diff(country.society.first).astype(np.float64) * country.society.persons_per_youth}
    for name in ("joined", "approached", "attacks", "abuses"):
        out[name] = country.totals[FLOW[name]].copy()
    out["reached_clips"] = country.totals[FLOW["reached_clips"]] / weeks
    for name, values in zip(("insecurity", "trust", "state_presence", "members"), country.means, strict=True):
        out[name] = values / weeks
    return out


__all__ = ["CELLS", "by_cell", "census", "observables", "record"]
