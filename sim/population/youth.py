"""Youths: their columns, how they are born, and who knows whom.

Rows are sorted by cell, so neighbours in society are neighbours in memory. A row is a person aged 15 to 35 who stands
for `persons_per_youth` persons like them. The world seed alone decides who lives where and who knows whom; by
default it is the seed of the run.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import NamedTuple

import numpy as np
from numba import prange

from sim.engine.exact import exp, log1p, normal_quantile, tan_pi
from sim.engine.kernels import chunk_loop, loop
from sim.engine.luck import decision, luck, lucks, normal, seed_key
from sim.parameters import Parameters
from sim.world.facts import languages, media, schooling
from sim.world.grid import Grid

CIVILIAN, APPROACHED, MEMBER, DETAINED, KILLED, RETURNED = range(6)
STATUSES = ("civilian", "approached", "member", "detained", "killed", "returned")
NEVER = -10_000  # a week before any run

CHUNK = 2048  # most rows in a chunk: the columns of one chunk then stay in the second-level cache
NEAR_TIES = (-3, -2, -1, 1, 2, 3)  # neighbours in the order of rows; kin are the nearest on either side
FAR_TIES = 2
TIES = len(NEAR_TIES) + FAR_TIES
KIN_TIES = (2, 3)  # columns of `ties` that hold kin: the nearest on either side

HOME_VILLAGE = decision("what the people of a village have in common")
OWN_MIND = decision("a youth's own disposition")
SEX = decision("a youth is a woman")
AGE = decision("a youth's age")
TOWN = decision("a youth lives in town")
GOES_TO_SCHOOL = decision("a youth has been to school")
SCHOOL_YEARS = decision("a youth's years of schooling")
RELIGIOUS_SCHOOL = decision("a youth's years of religious schooling")
WORK = decision("a youth's livelihood")
SPEAKS = decision("a youth's main language")
FOLLOWS = decision("a youth's taste for the media")
USES_CHANNEL = decision("a youth uses a channel")
ATTENDS = decision("a youth attends a mosque")
WHICH_IMAM = decision("which imam of the cell a youth hears")
MEETS = decision("how far away a youth finds a friend")


@dataclass(slots=True)
class Youth:
    """What changes in a run: one entry per youth."""

    disposition: np.ndarray  # float32, own support for the violent narrative before others speak, population SD
    settled: np.ndarray  # float32, settled attitude, population SD
    settled_next: np.ndarray  # float32, the same next week (two buffers, so that order cannot matter)
    attitude: np.ndarray  # float32, settled + recent + what policy shifts, population SD
    recent: np.ndarray  # float32, effect of messages that is still felt, population SD
    clips: np.ndarray  # float32, effect of campaign clips that is still felt, population SD
    drama: np.ndarray  # float32, effect of a radio drama that is still felt, SD
    propaganda: np.ndarray  # float32, effect of the groups' propaganda that is still felt, SD
    counsel: np.ndarray  # float32, effect of the outreach of imams that is still felt, SD
    lasting: np.ndarray  # float32, effect of messages that lasts after they have faded, SD
    grievance: np.ndarray  # float32 0..1, against the state
    moved: np.ndarray  # uint8, bits: clips have moved the youth away from violence, towards it (see messages)
    silent: np.ndarray  # uint8 0/1, whether every person it stands for has been killed
    woman: np.ndarray  # uint8 0/1
    schooling: np.ndarray  # uint8, years
    religious_schooling: np.ndarray  # uint8, years
    livelihood: np.ndarray  # uint8, place in facts.LIVELIHOODS
    channels: np.ndarray  # uint8, bit k: uses channel k of the media table
    abuse_week: np.ndarray  # int16, last week in which the youth or kin suffered an abuse

    def copy(self) -> Youth:
        """An independent copy."""
        return Youth(*(getattr(self, f.name).copy() for f in fields(self)))


class Upbringing(NamedTuple):
    """Where youths are born and grow up: what decides who they are. Parameters have their names in the table."""

    seed: np.uint64  # key of the world seed
    persons_per_youth: int
    village_persons: int
    village_share: float
    women_share: float
    religious_schooling_share: float
    media_risk: float
    cell: np.ndarray  # by youth
    town: np.ndarray  # by youth, 0/1
    region: np.ndarray  # by cell
    schooled: np.ndarray  # by region, share who went to school
    school_years: np.ndarray  # by region, mean years of those who did
    livelihoods: np.ndarray  # regions x places x livelihoods, shares
    taste_needed: np.ndarray  # regions x places x channels, SD of the taste for the media above which one is used


@dataclass(frozen=True, slots=True)
class Society:
    """What does not change in a run: built once per world seed and shared by runs."""

    persons_per_youth: int
    first: np.ndarray  # int64, row of the first youth of each cell, and the end
    first_person: np.ndarray  # int64, number of the first person of each cell, and the end; person n is of row n // ppy
    cell: np.ndarray  # int16
    town: np.ndarray  # uint8 0/1, lives in town
    ties: np.ndarray  # uint32, youths x TIES
    imam: np.ndarray  # uint16, imam whose mosque the youth attends; the number of imams for none
    language: np.ndarray  # uint8, place in the language table
    turns_36: np.ndarray  # int16, week (from the epoch of the run) in which the youth turns 36
    by_turning: np.ndarray  # int32, rows in the order in which they turn 36
    turning_first: np.ndarray  # int64, place in `by_turning` of the first to turn 36 in each week
    chunks: np.ndarray  # int64, (cell, start, stop) of each chunk: rows of one cell
    blocks: np.ndarray  # int64, (region, start, stop) of each block: rows of one region, for loops that need no cell
    spread: float  # standard deviation of dispositions, in population SD of the attitude
    home: Upbringing
    newborn: Youth  # everybody at the start

    @property
    def size(self) -> int:
        """Number of youths (rows)."""
        return int(self.first[-1])

    @property
    def persons(self) -> int:
        """Number of persons whom they stand for."""
        return self.size * self.persons_per_youth

    def cells_of(self, persons: np.ndarray) -> np.ndarray:
        """Cells where these persons live: their youth may live next door, where few live."""
        return np.searchsorted(self.first_person, persons, side="right") - 1


def place(grid: Grid, share_15_35: float, persons_per_youth: int) -> np.ndarray:
    """First row of each cell, and the end. Rounding keeps any run of cells right to within one youth."""
    ends = np.floor(np.cumsum(grid.population) * share_15_35 / persons_per_youth + 0.5).astype(np.int64)
    return np.concatenate([[0], ends])


def place_persons(grid: Grid, share_15_35: float, persons: int) -> np.ndarray:
    """Number of the first person of each cell, and the end: the same at every resolution, but for the last of all.

    A youth lives where the middle one of its persons lives. So the people of a cell too small for a youth have one next
    door, and whatever happens to single persons can happen to them.
    """
    first = np.minimum(place(grid, share_15_35, 1), persons)
    first[-1] = persons
    return first


def chunked(first: np.ndarray) -> np.ndarray:
    """Cut the rows of each place into pieces of at most CHUNK; `first` is the first row of each place, and the end."""
    pieces = [
        (place, start, min(start + CHUNK, first[place + 1]))
        for place in range(len(first) - 1)
        for start in range(first[place], first[place + 1], CHUNK)
    ]
    return np.array(pieces, np.int64).reshape(-1, 3)


def acquaint(size: int, seed: np.uint64, reach: float) -> np.ndarray:
    """The ties of every youth: a small world (Watts and Strogatz 1998, doi 10.1038/30918) of mutual ties.

    Each youth knows three neighbours on either side and two friends farther away. To find a friend, every youth takes a
    walk along the rows (a Cauchy step: most stay near, few cross the country) and is paired with the youth they end up
    next to. If the number of youths is odd, the last one is their own friend.

    Parameters
    ----------
    size : int
        Number of youths, at least 8.
    seed : np.uint64
        Key of the world seed.
    reach : float
        Typical length of the walk, in rows.
    """
    rows = np.arange(size)
    ties = np.empty((size, TIES), np.uint32)
    for column, step in enumerate(NEAR_TIES):
        ties[:, column] = (rows + step) % size
    for column in range(len(NEAR_TIES), TIES):
        walk = reach * tan_pi(lucks(MEETS, seed, 0, rows, column) - 0.5)
        order = np.argsort(rows + walk, kind="stable").astype(np.uint32)
        pairs = order[: size // 2 * 2].reshape(-1, 2)
        ties[order[-1], column] = order[-1]
        ties[pairs[:, 0], column], ties[pairs[:, 1], column] = pairs[:, 1], pairs[:, 0]
    return ties


class Newborn(NamedTuple):
    """The columns of `Youth` that birth decides."""

    disposition: np.ndarray
    woman: np.ndarray
    schooling: np.ndarray
    religious_schooling: np.ndarray
    livelihood: np.ndarray
    channels: np.ndarray


@loop
def _born(rows, generation, spread, home, youth):
    """Fill the rows with new people: disposition, sex, schooling, livelihood and channels used."""
    seed, share = home.seed, home.religious_schooling_share
    for k in range(rows.size):
        i = rows[k]
        r, t = home.region[home.cell[i]], home.town[i]
        village = (np.int64(i) * home.persons_per_youth) // home.village_persons
        common = normal(luck(HOME_VILLAGE, seed, 0, village))
        own = normal(luck(OWN_MIND, seed, generation, i))
        mind = np.sqrt(home.village_share) * common + np.sqrt(1.0 - home.village_share) * own
        youth.disposition[i] = spread * mind
        youth.woman[i] = luck(SEX, seed, generation, i) < home.women_share
        youth.schooling[i] = 0
        if luck(GOES_TO_SCHOOL, seed, generation, i) < home.schooled[r]:
            years = luck(SCHOOL_YEARS, seed, generation, i) * (2.0 * home.school_years[r] - 1.0)
            youth.schooling[i] = 1 + int(years)
        youth.religious_schooling[i] = 0
        devout = luck(RELIGIOUS_SCHOOL, seed, generation, i)
        if devout < share:
            youth.religious_schooling[i] = 6 + int(4.0 * devout / share)
        elif devout < 2.0 * share:
            youth.religious_schooling[i] = 1 + int(5.0 * (devout / share - 1.0))
        work, at_work = home.livelihoods[r, t], luck(WORK, seed, generation, i)
        youth.livelihood[i] = 2 - (at_work >= work[2]) - (at_work >= work[2] + work[1])
        # Media use goes with low risk: the taste for media is a bell-shaped number correlated with the disposition.
        risk = home.media_risk
        taste = risk * mind + np.sqrt(1.0 - risk * risk) * normal(luck(FOLLOWS, seed, generation, i))
        used = 0
        for c in range(home.taste_needed.shape[2]):
            own_taste = (taste + normal(luck(USES_CHANNEL, seed, generation, i, c))) * np.sqrt(0.5)
            if own_taste > home.taste_needed[r, t, c]:
                used |= 1 << c
        youth.channels[i] = used


def born(rows: np.ndarray, generation: int, spread: float, home: Upbringing, youth: Youth) -> None:
    """Put new people into `rows`. The key of their luck is the row and the `generation`: 0 at the start, else the week.

    `spread` is the standard deviation of dispositions, in population SD of the attitude.
    """
    columns = Newborn(
        disposition=youth.disposition,
        woman=youth.woman,
        schooling=youth.schooling,
        religious_schooling=youth.religious_schooling,
        livelihood=youth.livelihood,
        channels=youth.channels,
    )
    _born(rows, generation, spread, home, columns)


@cache
def _schooling() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of youths who went to school, mean years of those who did, and shares of livelihoods, by region."""
    facts = schooling()
    schooled = 1.0 - facts.no_schooling
    return schooled, facts.mean_years / schooled, facts.livelihood


@cache
def _taste_needed() -> np.ndarray:
    """Taste for the media, in SD, above which a youth uses a channel: regions x places x channels."""
    needed: np.ndarray = normal_quantile(1.0 - np.clip(media()[1], 1e-6, 1.0 - 1e-6))
    return needed


class Map(NamedTuple):
    """What decides where youths live, whose mosque they attend and what they speak."""

    region: np.ndarray  # by cell
    urban_share: np.ndarray  # by cell
    first_imam: np.ndarray  # by cell, and the end
    language_share: np.ndarray  # regions x languages


class Settled(NamedTuple):
    """The columns of `Society` that stay when a row passes to a newcomer."""

    cell: np.ndarray
    town: np.ndarray
    imam: np.ndarray
    language: np.ndarray


@chunk_loop
def _settle(chunks, seed, mosque_attendance, map_, youth):
    """Settle youths: where they live, whose mosque they attend, and what they speak."""
    region, urban_share, first_imam, share = map_.region, map_.urban_share, map_.first_imam, map_.language_share
    cell, town, imam, language = youth.cell, youth.town, youth.imam, youth.language
    no_imam = first_imam[first_imam.size - 1]
    for k in prange(chunks.shape[0]):
        c, start, stop = chunks[k, 0], chunks[k, 1], chunks[k, 2]
        imams = first_imam[c + 1] - first_imam[c]
        for i in range(start, stop):
            cell[i] = c
            town[i] = luck(TOWN, seed, 0, i) < urban_share[c]
            imam[i] = no_imam
            if imams > 0 and luck(ATTENDS, seed, 0, i) < mosque_attendance:
                imam[i] = first_imam[c] + int(luck(WHICH_IMAM, seed, 0, i) * imams)
            speaks, spoken = luck(SPEAKS, seed, 0, i), 0
            for tongue in range(share.shape[1] - 1):
                speaks -= share[region[c], tongue]
                spoken += speaks >= 0.0
            language[i] = spoken


SETTLED_BY = (
    "share_15_35", "women_share", "population_growth", "village_persons", "village_share", "religious_schooling_share",
    "media_risk", "friend_reach", "mosque_attendance", "imams", "peer_pull", "own_pull",
)  # fmt: skip
"""The parameters a society depends on, and the only ones `settle` gets. Runs that differ in others share a society."""

BALANCING = 40  # rounds: each leaves the share of peers of the error, so 1e-9 of it is left where peers weigh 60 %


@chunk_loop
def _balance(blocks, peers_share, ties, disposition, settled, balanced):
    """One round towards the fixed point of Friedkin and Johnsen: the weighted mean of own mind and ties."""
    for k in prange(blocks.shape[0]):
        for i in range(blocks[k, 1], blocks[k, 2]):
            near = np.float32(0.0)
            for j in range(TIES):
                near += settled[ties[i, j]]
            mean = near * np.float32(1.0 / TIES)
            balanced[i] = peers_share * mean + (np.float32(1.0) - peers_share) * disposition[i]


def settle(grid: Grid, p: Parameters, persons_per_youth: int, world_seed: int, first_imam: np.ndarray) -> Society:
    """Build the society of a world seed.

    Parameters
    ----------
    grid : Grid
        The country.
    p : Parameters
        Those in SETTLED_BY are read.
    persons_per_youth : int
        Persons that one youth stands for.
    world_seed : int
        Who lives where, and who knows whom.
    first_imam : np.ndarray
        First imam of each cell, and the end (see `sim.population.imams`).
    """
    seed = seed_key(world_seed)
    first = place(grid, p.share_15_35, persons_per_youth)
    size = int(first[-1])
    chunks = chunked(first)
    settled = Settled(
        cell=np.empty(size, np.int16),
        town=np.empty(size, np.uint8),
        imam=np.empty(size, np.uint16),
        language=np.empty(size, np.uint8),
    )
    map_ = Map(region=grid.region, urban_share=grid.urban_share, first_imam=first_imam, language_share=languages()[1])
    _settle(chunks, seed, p.mosque_attendance, map_, settled)

    rows = np.arange(size)
    youth = Youth(
        **{name: np.zeros(size, np.float32) for name in
           ("disposition", "settled", "settled_next", "attitude", "recent", "clips", "drama", "propaganda", "counsel",
            "lasting", "grievance")},
        **{name: np.zeros(size, np.uint8) for name in
           ("moved", "silent", "woman", "schooling", "religious_schooling", "livelihood", "channels")},
        abuse_week=np.full(size, NEVER, np.int16),
    )  # fmt: skip
    schooled, school_years, livelihoods = _schooling()
    home = Upbringing(
        seed=seed,
        persons_per_youth=persons_per_youth,
        village_persons=int(p.village_persons),
        village_share=p.village_share,
        women_share=p.women_share,
        religious_schooling_share=p.religious_schooling_share,
        media_risk=p.media_risk,
        cell=settled.cell,
        town=settled.town,
        region=grid.region,
        schooled=schooled,
        school_years=school_years,
        livelihoods=livelihoods,
        taste_needed=_taste_needed(),
    )
    born(rows, 0, 1.0, home, youth)

    # In a growing population the old are fewer: density exp(-growth x age) between 15 and 36, by inversion.
    growth, span = p.population_growth, 21.0
    years_left = span + log1p(-lucks(AGE, seed, 0, rows) * (1.0 - exp(-growth * span))) / growth
    turns_36 = (years_left * (365.2425 / 7.0)).astype(np.int16)
    ties = acquaint(size, seed, p.friend_reach / persons_per_youth)

    # People have long known each other, so attitudes start where peers and own minds balance. Their unit is their own
    # standard deviation, and that fixes the spread of dispositions.
    blocks = chunked(first[np.append(np.searchsorted(grid.region, np.arange(len(grid.region_names))), len(grid))])
    for _ in range(BALANCING):
        _balance(blocks, np.float32(p.peer_pull / (p.peer_pull + p.own_pull)), ties, youth.disposition, youth.settled,
                 youth.attitude)  # fmt: skip
        youth.settled, youth.attitude = youth.attitude, youth.settled
    gap = youth.settled.astype(np.float64)  # not `std`, which would convert piece by piece and add up the pieces
    gap -= gap.mean()
    spread = 1.0 / float(np.sqrt((gap * gap).mean()))
    youth.disposition *= np.float32(spread)
    youth.settled *= np.float32(spread)
    youth.attitude[:] = youth.settled
    by_turning = np.argsort(turns_36, kind="stable").astype(np.int32)
    turning_first = np.searchsorted(turns_36[by_turning], np.arange(turns_36.max() + 2, dtype=np.int16))
    return Society(
        **settled._asdict(),
        persons_per_youth=persons_per_youth,
        first=first,
        first_person=place_persons(grid, p.share_15_35, size * persons_per_youth),
        ties=ties,
        turns_36=turns_36,
        by_turning=by_turning,
        turning_first=turning_first,
        chunks=chunks,
        blocks=blocks,
        spread=spread,
        home=home,
        newborn=youth,
    )
