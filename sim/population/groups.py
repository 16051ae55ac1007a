"""Armed groups, and the roster of everyone whose story is followed one by one.

The roster has one entry per person (not per youth row): every member and recruiter, whether from Mali's youth or from
abroad, and those wrongly held. A youth who joins stands for `persons_per_youth` persons; each of them gets an entry,
next to each other, and lives, is caught or leaves on their own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sim.engine.luck import decision, lucks
from sim.population.youth import CIVILIAN, MEMBER, Society
from sim.world.grid import Grid

GONE = 255  # out of the roster: passed the age of 36, or set free again
FOREIGN = np.uint32(0x8000_0000)  # persons from abroad are numbered from here, so that nobody's luck is shared
NOBODY = -1
HERE = -1

FOUNDING_YOUTH = decision("a youth belongs to a group from the start")
ROUNDING = decision("whether a part of a youth counts as a founding member")
FIRST_BASE = decision("where a founding member is based")


@dataclass(slots=True)
class Groups:
    """One entry per armed group; fixed for a run."""

    keys: list[str]
    names: list[str]
    parent: np.ndarray  # int, -1 none
    heir: np.ndarray  # int, who takes the members at the end, -1 none
    founded: np.ndarray  # int, week (negative: before the run)
    ended: np.ndarray  # int, week from which the group is no more
    start_members: np.ndarray  # int, persons at the start of the run
    foreign_share: np.ndarray  # float 0..1
    founding_core: (
        np.ndarray
    )  # int, persons with whom a group founded later begins: youths of its home, others of its parent
    home: np.ndarray  # float64 groups x cells, km to the nearest home cell
    home_cells: list[np.ndarray]  # cells of the home cercles

    def alive(self, week: int) -> np.ndarray:
        """Which groups exist in this week."""
        return (self.founded <= week) & (week < self.ended)

    def acting(self, week: int) -> np.ndarray:
        """For each group, the one that acts in its place this week: itself, else its heir or the heir's heir, or -1."""
        alive = self.alive(week)
        acting = np.arange(alive.size)
        for _ in range(alive.size):
            gone = (acting != NOBODY) & ~alive[acting]
            if not gone.any():
                break
            acting[gone] = self.heir[acting[gone]]
        acting[(acting != NOBODY) & ~alive[acting]] = NOBODY  # heirs of each other, all of them ended
        return acting


@dataclass(slots=True)
class Roster:
    """People followed one by one. Arrays are longer than `size`; entries from `size` on mean nothing yet."""

    size: int
    person: np.ndarray  # uint32, who it is: keys their luck
    youth: np.ndarray  # int32, row of the youth, -1 from abroad
    group: np.ndarray  # int8, armed group; -1 wrongly held
    cell: np.ndarray  # int32, where they are based (or held, or crossed the border)
    abroad: np.ndarray  # int8, country whose sanctuary they are in, -1 in Mali
    recruiter: np.ndarray  # uint8 0/1
    state: np.ndarray  # uint8, MEMBER, DETAINED, KILLED, RETURNED, GONE
    persons: np.ndarray  # int32, persons the entry stands for: 1, but those wrongly held stand for a whole youth
    since: np.ndarray  # int32, week in which the state began
    convicted: np.ndarray  # uint8 0/1

    @classmethod
    def empty(cls, room: int) -> Roster:
        """A roster with room for some entries."""
        kinds = (np.uint32, np.int32, np.int8, np.int32, np.int8, np.uint8, np.uint8, np.int32, np.int32, np.uint8)
        return cls(0, *(np.zeros(room, kind) for kind in kinds))

    def copy(self) -> Roster:
        """An independent copy."""
        return Roster(self.size, *(getattr(self, name).copy() for name in COLUMNS))

    def append(self, count: int, **columns: object) -> slice:
        """Enter `count` people; returns their entries. Columns not named are zero, `abroad` is HERE."""
        start, end = self.size, self.size + count
        if end > self.person.size:
            room = max(end, 2 * self.person.size)
            for name in COLUMNS:
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros(room - old.size, old.dtype)]))
        columns = {"abroad": HERE, "persons": 1, **columns}
        for name in COLUMNS:
            getattr(self, name)[start:end] = columns.get(name, 0)
        self.size = end
        return slice(start, end)

    def entries(self) -> tuple[np.ndarray, ...]:
        """Views of the entries in use, in the order of the fields: what compiled loops take."""
        return tuple(getattr(self, name)[: self.size] for name in COLUMNS)

    def active(self) -> np.ndarray:
        """Mask of the entries in use that are members now."""
        return self.state[: self.size] == MEMBER


COLUMNS = tuple(f.name for f in fields(Roster))[1:]


def nearest_home_km(grid: Grid, cells: np.ndarray) -> np.ndarray:
    """Distance in km from every cell to the nearest of `cells`."""
    everywhere = np.arange(len(grid))
    return grid.distance_km(everywhere[:, None], cells[None, :]).min(axis=1)


def founders(
    society: Society, status: np.ndarray, groups: Groups, group: int, total: int, seed: np.uint64
) -> np.ndarray:
    """The youths among `total` first members of a group (its foreign share apart), in order.

    They are the civilians of the home cells with the smallest luck, as many as the local share makes whole youths,
    rounded by luck so that no `persons_per_youth` has more or fewer on average. A place of a handful of youths is not
    emptied into a group.
    """
    rows = np.concatenate(
        [np.arange(society.first[c], society.first[c + 1]) for c in np.sort(groups.home_cells[group])]
    )
    rows = rows[status[rows] == CIVILIAN]
    whole = total * (1.0 - groups.foreign_share[group]) / society.persons_per_youth
    rounding = lucks(ROUNDING, seed, group, np.zeros(1, np.int64))[0]
    local = min(int(whole + rounding), rows.size // 4)
    luck = lucks(FOUNDING_YOUTH, seed, group, rows)
    chosen: np.ndarray = np.sort(rows[np.argsort(luck, kind="stable")[:local]])
    return chosen


def first_bases(names: np.ndarray, group: int, groups: Groups, grid: Grid, people_power: float, seed: np.uint64,
                decision_number: np.uint32 = FIRST_BASE) -> np.ndarray:  # fmt: skip
    """Home cells for the people called `names`, by luck: the more, the more people live there."""
    cells = groups.home_cells[group]
    ladder = np.cumsum((grid.population[cells] + 1.0) ** people_power)
    luck = lucks(decision_number, seed, group, names)
    return cells[np.searchsorted(ladder / ladder[-1], luck)]
