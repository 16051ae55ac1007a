"""The week ends with a row per region. Watching changes nothing and draws no luck."""

from __future__ import annotations

import numpy as np

from sim.country import FLOW, FLOWS, Country
from numba import prange

from sim.engine.kernels import chunk_loop
from sim.population.groups import GONE, HERE, NOBODY
from sim.population.imams import TRAINED
from sim.population.youth import APPROACHED, CIVILIAN, MEMBER, STATUSES
from sim.processes.attitudes import FIXED
from sim.record import Observable

STOCKS = (
    Observable("members", "persons", "sum", "members based in the region"),
    Observable("members_abroad", "persons", "sum", "members in a sanctuary, by the region they crossed from"),
    Observable("recruiters", "persons", "sum", "recruiters among the members"),
    Observable("attitude_mean", "SD", "youths", "mean support for the violent narrative"),
    Observable("strong_supporters", "share", "youths", "youths whose support is strong"),
    Observable("grievance_mean", "0..1", "youths", "mean grievance against the state"),
    Observable("trust", "0..1", "people", "trust in the security forces"),
    Observable("insecurity", "0..1", "people", "felt threat"),
    Observable("state_presence", "0..1", "people", "administration and services"),
    Observable("imams_in_post", "imams", "sum", "imams who preach"),
    Observable("imams_trained", "imams", "sum", "of them, trained"),
    Observable("imams_displaced", "imams", "sum", "imams driven away or silenced"),
    Observable("units", "units", "sum", "security units based in the region"),
    *(Observable(f"people_{status}", "persons", "sum", f"youths of the region by status: {status}") for status in STATUSES),
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
    counts = np.empty((len(society.chunks), 2), np.int64)
    _census(society.chunks, country.youth.status, counts)
    people = np.zeros((9, len(STATUSES)), np.int64)
    home = region[society.chunks[:, 0]]
    for column, status in enumerate((CIVILIAN, APPROACHED)):
        people[:, status] = np.bincount(home, counts[:, column], 9) * society.persons_per_youth
    rows, state = roster.youth[: roster.size], roster.state[: roster.size]
    known = (rows != NOBODY) & (state != GONE)
    origin = region[society.cell[rows[known]]].astype(np.int64)
    place = origin * len(STATUSES) + state[known]
    followed = np.bincount(place, roster.persons[: roster.size][known], people.size)
    people += followed.reshape(people.shape).astype(np.int64)
    return people


def record(country: Country) -> None:
    """Write this week's row and go on to the next week."""
    grid, society, week = country.grid, country.society, country.week
    starts = np.searchsorted(grid.region, np.arange(9))
    row = country.values[week]
    count = len(FLOWS)
    row[:, :count] = np.add.reduceat(country.flows, starts, axis=1).T

    def by_region(values: np.ndarray) -> np.ndarray:
        sums: np.ndarray = np.add.reduceat(values, starts)
        return sums

    roster = country.roster
    abroad = (roster.state[: roster.size] == MEMBER) & (roster.abroad[: roster.size] != HERE)
    based = country.members.sum(axis=0)
    people = by_region(grid.population)
    in_region = grid.region[society.chunks[:, 0]]
    youths = np.maximum(np.bincount(in_region, society.chunks[:, 2] - society.chunks[:, 1], 9), 1.0)
    sums = np.stack([np.bincount(in_region, column, 9) for column in country.youth_sums.T])
    imams = country.imams
    preaching = imams.in_post(week)
    at = grid.region[imams.cell]
    units = country.units
    country.population[:] = census(country)
    stocks = [
        by_region(based),
        np.bincount(grid.region[roster.cell[: roster.size][abroad]], minlength=9),
        by_region(country.recruiters.sum(axis=0)),
        sums[0] / FIXED / youths,
        sums[2] / youths,
        sums[1] / FIXED / youths,
        by_region(country.trust * grid.population) / people,
        by_region(country.insecurity * grid.population) / people,
        by_region(country.state_presence * grid.population) / people,
        np.bincount(at[preaching], minlength=9),
        np.bincount(at[preaching & (imams.training == TRAINED)], minlength=9),
        np.bincount(at[imams.away_until > week], minlength=9),
        np.bincount(grid.region[units.base[units.active(week)]], minlength=9),
        *country.population.T,
    ]
    row[:, count : count + len(stocks)] = np.stack(stocks, axis=1)
    names = country.names
    for measure in country.measures:
        delivered = measure.report(country)
        row[:, names[f"delivered_{measure.key}"]] = delivered.count
        row[:, names[f"cost_{measure.key}"]] = delivered.cost_xof

    country.totals += country.flows
    country.means += np.stack([country.insecurity, country.trust, country.state_presence, based])
    country.flows[:] = 0.0
    country.week += 1


CELLS = {
    "youth": "youths of the cell, persons",
    "joined": "persons who joined, in all",
    "approached": "persons approached, in all",
    "attacks": "attacks, in all",
    "abuses": "abuses, in all",
    "reached_clips": "persons reached by clips, mean of the weeks",
    "insecurity": "mean of the weeks",
    "trust": "mean of the weeks",
    "state_presence": "mean of the weeks",
    "members": "members based there, mean of the weeks",
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
