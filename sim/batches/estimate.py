"""The time and memory that a run will take, from its numbers of youths and weeks, without running anything."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import psutil

from sim.languages import digits, tr

if TYPE_CHECKING:
    from sim.scenario import Scenario

# Rounded up from docs/performance.md (one thread; a campaign on the air costs more than the baseline measured there).
# They tell a minute from an hour, no more.
SECONDS_PER_WEEK = 1.0e-3  # what a week costs however few the youths: groups, violence, security
SECONDS_PER_YOUTH_WEEK = 20e-9
SECONDS_PER_YOUTH = 1.5e-6  # settling the country
SECONDS_TO_START = 1.2  # imports, compiled code from disk, and tables by cell
BYTES_TO_START = 330e6  # the same, and writing the record
BYTES_PER_YOUTH = 170.0
BYTES_ON_DISK, BYTES_ON_DISK_PER_WEEK = 45e3, 750.0  # of a run folder: cells and manifest; the record
WORKERS_PER_CORE, LEAST_LIMIT = 2, 8  # more processes than that only get in each other's way
SPARE_MEMORY = 0.9  # share of the memory now available that batches may fill


class Estimate(NamedTuple):
    """The time and memory of one run on one core."""

    youths: int
    seconds: float
    memory_bytes: float


@dataclass(frozen=True)
class Takes:
    """What a job takes: all its runs, how many of them are there already, and what those left to make need."""

    runs: int
    there: int
    workers: int
    seconds: float
    memory_bytes: float
    disk_bytes: float


def takes(
    scenarios: Sequence[Scenario], each: int, workers: int | None = None, there: Mapping[str, int] | None = None,
    cluster: int | None = None,
) -> Takes:  # fmt: skip
    """Runs, time, memory and disk space of scenarios that are each run so many times, without running anything.

    Parameters
    ----------
    scenarios : sequence of Scenario
    each : int
        Runs of each scenario: seeds times draws.
    workers : int, optional
        The number of processes; by default one per core.
    there : mapping of str to int, optional
        How many runs of each scenario are there already (`sim.batches.batch.there_already`).
    cluster : int, optional
        The number of workers elsewhere, which then make the runs.
    """
    left = [each - (there or {}).get(scenario.name, 0) for scenario in scenarios]
    needs = [estimate(scenario) for scenario in scenarios]
    most = max(need.memory_bytes for need in needs)
    many = cluster or choose_workers(workers, sum(left), most)[0]
    return Takes(
        runs=each * len(scenarios),
        there=each * len(scenarios) - sum(left),
        workers=many,
        seconds=sum(runs * need.seconds for runs, need in zip(left, needs, strict=True)) / many,
        memory_bytes=many * most,
        disk_bytes=sum(runs * disk_bytes(scenario) for runs, scenario in zip(left, scenarios, strict=True)),
    )


def youths(scenario: Scenario) -> int:
    """Youth agents: persons of 15 to 35 in 2012, divided by `persons_per_youth`."""
    from sim.parameters import Parameters
    from sim.world.grid import world_grid

    share = Parameters.default().replaced(scenario.parameters).share_15_35
    people = float(world_grid().population.sum())
    return int(people * share / scenario.persons_per_youth + 0.5)  # halves up, as the population is placed


def estimate(scenario: Scenario) -> Estimate:
    """Time and memory of one run: start + weeks x (a fixed part + youths x time per youth-week)."""
    count, weeks = youths(scenario), scenario.clock.weeks
    seconds = SECONDS_TO_START + count * SECONDS_PER_YOUTH + weeks * (SECONDS_PER_WEEK + count * SECONDS_PER_YOUTH_WEEK)
    return Estimate(count, seconds, BYTES_TO_START + count * BYTES_PER_YOUTH)


def disk_bytes(scenario: Scenario) -> float:
    """The size of a run folder; it does not depend on the number of youths."""
    return BYTES_ON_DISK + BYTES_ON_DISK_PER_WEEK * scenario.clock.weeks


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_workers(
    wanted: int | None, runs: int, memory_bytes: float, available: float | None = None
) -> tuple[int, str]:
    """The number of worker processes to use, and why there are fewer than asked for (empty if there are not).

    Parameters
    ----------
    wanted : int or None
        Workers asked for; None means one per core.
    runs : int
        Runs to be made.
    memory_bytes : float
        Memory that one run needs.
    available : float, optional
        Bytes of free memory; by default those that the system reports.
    """
    available = float(psutil.virtual_memory().available) if available is None else available
    here, most = cores(), max(1, min(wanted or cores(), runs))
    limit = max(LEAST_LIMIT, WORKERS_PER_CORE * here)
    room = max(1, int(available * SPARE_MEMORY // memory_bytes))
    if limit < min(most, room):
        return (
            limit,
            f"{limit} of {most} workers: there {'is' if here == 1 else 'are'} only {here} core{'s'[here == 1 :]}",
        )
    if room >= most:
        return most, ""
    return room, (
        tr(
            "{room} of {most} workers: a run needs about {memory_bytes} GB and {available} GB are free; "
            "a larger --persons-per-youth needs less",
            room=room,
            most=most,
            memory_bytes=digits(memory_bytes / 1000000000.0, ".1f"),
            available=digits(available / 1000000000.0, ".1f"),
        )
    )
