"""Armed groups, and the roster of everyone who is followed as a single person.

The roster has an entry for every member and recruiter, from Mali's youth or from abroad, and for everyone wrongly held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.engine.exact import exp, log, power
from sim.engine.luck import decision, lucks
from sim.population.youth import CIVILIAN, MEMBER, Society
from sim.world.grid import Grid

GONE = 255  # no longer followed: turned 36, or set free
FOREIGN = np.uint32(0x8000_0000)  # persons from abroad are numbered from here, so no two persons share their luck
NOBODY = -1
HERE = -1

FOUNDING_YOUTH = decision("a youth belongs to a group from the start")
FIRST_BASE = decision("where a founding member is based")


@dataclass(slots=True)
class Groups:
    """One entry per armed group; fixed for a run."""

    keys: list[str]
    names: list[str]
    parent: np.ndarray  # int, -1 none
    heir: np.ndarray  # int, group that takes the members at the end, -1 none
    founded: np.ndarray  # int, week (negative: before the run)
    ended: np.ndarray  # int, week from which the group no longer exists
    start_members: np.ndarray  # int, persons at the start of the run
    foreign_share: np.ndarray  # float 0..1
    founding_core: np.ndarray  # int, first members of a group founded later: youths of its home, the rest of its parent
    home: np.ndarray  # float64 groups x cells, km to the nearest home cell
    home_cells: list[np.ndarray]  # cells of the home cercles
    home_weight: list[np.ndarray]  # float64 by home cell, share of the first members who are based there
    parent_share: np.ndarray  # float 0..1, share of the founding core that leaves the parent

    def alive(self, week: int) -> np.ndarray:
        """Which groups exist in this week."""
        return (self.founded <= week) & (week < self.ended)

    def acting(self, week: int) -> np.ndarray:
        """For each group, the one that acts in its place this week: itself, its heir, an heir of the heir, or -1."""
        alive = self.alive(week)
        acting = np.arange(alive.size)
        for _ in range(alive.size):
            gone = (acting != NOBODY) & ~alive[acting]
            if not gone.any():
                break
            acting[gone] = self.heir[acting[gone]]
        acting[(acting != NOBODY) & ~alive[acting]] = NOBODY  # groups that are each other's heirs and have all ended
        return acting


@dataclass(slots=True)
class Roster:
    """People followed one by one. Arrays are longer than `size`; entries from `size` on are not in use."""

    size: int
    person: np.ndarray  # uint32, number of the person: the key of their luck
    youth: np.ndarray  # int32, row of the youth, -1 for a person from abroad
    group: np.ndarray  # int8, armed group, -1 for those wrongly held
    cell: np.ndarray  # int32, where they are based (or held, or crossed the border)
    abroad: np.ndarray  # int8, country whose sanctuary they are in, -1 in Mali
    recruiter: np.ndarray  # uint8 0/1
    state: np.ndarray  # uint8, MEMBER, DETAINED, KILLED, RETURNED, GONE
    since: np.ndarray  # int32, week in which the state began
    convicted: np.ndarray  # uint8 0/1
    leader: np.ndarray  # uint8 0/1, whether they lead their group

    @classmethod
    def empty(cls, room: int) -> Roster:
        """A roster with room for some entries."""
        kinds = (np.uint32, np.int32, np.int8, np.int32, np.int8, np.uint8, np.uint8, np.int32, np.uint8, np.uint8)
        return cls(0, *(np.zeros(room, kind) for kind in kinds))

    def copy(self) -> Roster:
        """An independent copy."""
        return Roster(self.size, *(getattr(self, name).copy() for name in COLUMNS))

    def append(self, count: int, **columns: object) -> slice:
        """Add `count` entries and return their slice. Columns not named are 0, but `abroad` is HERE."""
        start, end = self.size, self.size + count
        if end > self.person.size:
            room = max(end, 2 * self.person.size)
            for name in COLUMNS:
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros(room - old.size, old.dtype)]))
        columns = {"abroad": HERE, **columns}
        for name in COLUMNS:
            getattr(self, name)[start:end] = columns.get(name, 0)
        self.size = end
        return slice(start, end)

    def strangers(self, count: int) -> np.ndarray:
        """Numbers for `count` more persons from abroad."""
        so_far = np.count_nonzero(self.person[: self.size] >= FOREIGN)
        return FOREIGN + np.arange(so_far, so_far + count, dtype=np.uint32)

    def entries(self) -> Entries:
        """Views of the entries in use, for compiled loops."""
        return Entries(*[getattr(self, name)[: self.size] for name in COLUMNS])

    def active(self) -> np.ndarray:
        """Which entries in use are members now."""
        return self.state[: self.size] == MEMBER


class Entries(NamedTuple):
    """The columns of the roster, as `Roster` describes them, cut to the entries in use."""

    person: np.ndarray
    youth: np.ndarray
    group: np.ndarray
    cell: np.ndarray
    abroad: np.ndarray
    recruiter: np.ndarray
    state: np.ndarray
    since: np.ndarray
    convicted: np.ndarray
    leader: np.ndarray


COLUMNS = Entries._fields


@lru_cache(maxsize=64)
def home(grid: Grid, cercles: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The cells of the home cercles of a group, and the distance in km from every cell to the nearest of them.

    Both are kept, and read-only: they were a third of the set-up of every run.
    """
    cells = np.concatenate([grid.cells_of_cercle(name) for name in cercles])
    km = grid.distance_km(np.arange(len(grid))[:, None], cells[None, :]).min(axis=1)
    for column in (cells, km):
        column.setflags(write=False)
    return cells, km


def least(luck: np.ndarray, many: int) -> np.ndarray:
    """Where the `many` smallest of these numbers stand, in the order of their places; of equal ones, the first.

    >>> least(np.array([0.5, 0.1, 0.5, 0.3]), 3)
    array([0, 1, 3])
    """
    if many <= 0:
        return np.empty(0, np.int64)
    largest = np.partition(luck, many - 1)[many - 1]  # sorting them all takes many times as long
    below = luck < largest
    below[np.flatnonzero(luck == largest)[: many - np.count_nonzero(below)]] = True
    return np.flatnonzero(below)


def founders(
    society: Society, status: np.ndarray, groups: Groups, group: int, total: int, elsewhere: float, seed: np.uint64
) -> np.ndarray:
    """The youths of its home among the `total` first members of a group, in order; a share comes from `elsewhere`.

    They are civilians of the home cells, by luck: a cell has as many of them as its weight among the homes says. At
    most a quarter of the civilians are taken, so that a home of few people is not emptied.
    """
    first, homes = society.first_person, groups.home_cells[group]
    order = np.argsort(homes, kind="stable")
    here = [np.arange(first[c], first[c + 1]) for c in homes[order]]
    sizes = np.array([part.size for part in here])
    persons = np.concatenate(here)
    weight = np.repeat(groups.home_weight[group][order] / np.maximum(sizes, 1), sizes)
    civilian = status[persons] == CIVILIAN
    persons, weight = persons[civilian], weight[civilian]
    local = min(int(total * (1.0 - elsewhere) + 0.5), persons.size // 4)
    wait = -log(lucks(FOUNDING_YOUTH, seed, group, persons)) / weight  # those who wait least (Efraimidis and Spirakis)
    chosen: np.ndarray = persons[least(wait, local)]
    return chosen


def home_weights(grid: Grid, cercles: Sequence[str], people_power: float, remote_km: float) -> np.ndarray:
    """Share of a group's first members in each cell of its home cercles, in the order of the cercles.

    Every cercle has the same share, however few people live there. Within a cercle more are where more people live, and
    where it is far to the next town.
    """
    shares = []
    for name in cercles:
        cells = grid.cells_of_cercle(name)
        weight = power(grid.population[cells] + 1.0, people_power) * (1.0 - exp(-grid.town_km[cells] / remote_km))
        shares.append(weight / weight.sum() / len(cercles))
    return np.concatenate(shares)


def first_bases(
    names: np.ndarray, group: int, groups: Groups, seed: np.uint64, decision_number: np.uint32 = FIRST_BASE
) -> np.ndarray:
    """A home cell for each of the persons numbered `names`, by luck and the weight of the cells."""
    cells, ladder = groups.home_cells[group], np.cumsum(groups.home_weight[group])
    luck = lucks(decision_number, seed, group, names)
    return cells[np.searchsorted(ladder / ladder[-1], luck)]
