"""Mali Kuma Kan: one-minute clips in the languages of Mali, on television, Facebook and YouTube.

A clip has three parts: shocking images, an explanation by a religious leader, and the core message. Its reach is the
capacity times the coverage of the channel, among those who use the channel and understand the language. Its effect is
in the parameter table, with a prior that allows it to backfire. No figure on the campaign's reach, cost or results was
found.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from sim.engine.exact import power
from sim.levers import aimed
from sim.measures.base import REGIONS, Count, Measure, Number, Several, Share, Weeks, Xof, field, some, wrong
from sim.parameters import Parameters
from sim.world import facts

if TYPE_CHECKING:
    from datetime import date

    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid

Language = Literal["Bambara", "Fulfulde", "Songhay", "Tamasheq", "Soninke", "Khassonke", "Maninka", "Senoufo", "Mamara",
                   "Dogon", "Bozo", "Bomu", "Arabic"]  # fmt: skip


class Airing(BaseModel):
    """How a channel carries the clips."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    capacity: Share = field(
        1.0, unit="share", source="assumed",
        meaning="share of the users within coverage whom the bookings reach in a week"
    )  # fmt: skip
    coverage: Share = field(
        1.0, unit="share", source="assumed", meaning="share of places where the channel can be received"
    )
    views: Number = field(
        1.0, unit="views a week", source="assumed",
        meaning="times that a person reached sees a clip in a week", ge=0, le=50,
    )  # fmt: skip
    cost_per_week: Xof = field(0.0, unit="XOF per week", source="assumed", meaning="cost of air time or advertising")


class MaliKumaKan(Measure):
    """Short clips against violent extremism on television and online."""

    key: ClassVar[str] = "mali_kuma_kan"
    title: ClassVar[str] = "Mali Kuma Kan: clips in local languages"
    delivers: ClassVar[str] = "youths who saw a clip in the week"
    by_calendar: ClassVar[bool] = True

    tv: Airing = field(
        Airing(capacity=0.5, coverage=0.8, views=1.0, cost_per_week=1_500_000), unit="airing",
        source="assumed: no broadcast plan found", meaning="spots on national television",
    )  # fmt: skip
    facebook: Airing = field(
        Airing(capacity=0.4, coverage=1.0, views=1.0, cost_per_week=400_000), unit="airing",
        source="assumed: no campaign data found", meaning="paid and shared posts on Facebook",
    )  # fmt: skip
    youtube: Airing = field(
        Airing(capacity=0.2, coverage=1.0, views=1.0, cost_per_week=200_000), unit="airing",
        source="assumed: no campaign data found", meaning="clips on YouTube",
    )  # fmt: skip
    languages: Several[Language] = field(
        ("Bambara", "Fulfulde", "Songhay", "Tamasheq"), unit="languages", source="assumed: main national languages",
        meaning="languages in which the clips are made",
    )  # fmt: skip
    shock_seconds: Count = field(
        15, unit="seconds", source="three-part structure; lengths assumed", meaning="length of the shocking images"
    )
    explanation_seconds: Count = field(
        30, unit="seconds", source="three-part structure; lengths assumed",
        meaning="length of the explanation by a religious leader",
    )  # fmt: skip
    core_seconds: Count = field(
        15, unit="seconds", source="three-part structure; lengths assumed", meaning="length of the core message"
    )
    renewed_every_weeks: Weeks = field(
        26, unit="weeks", source="assumed",
        meaning="time until new clips replace those on air, whose strength wears off", ge=1,
    )  # fmt: skip
    clips_per_renewal: Count = field(4, unit="clips", source="assumed", meaning="new clips per language each time")
    cost_per_clip: Xof = field(
        3_000_000, unit="XOF per clip and language", source="assumed: small studio production",
        meaning="cost of making one clip",
    )  # fmt: skip

    @model_validator(mode="after")
    def _has_parts(self) -> MaliKumaKan:
        if self.shock_seconds + self.explanation_seconds + self.core_seconds == 0:
            raise wrong("has a clip of no length; at least one of its three lengths must be above 0")
        return self

    @property
    def airings(self) -> dict[int, Airing]:
        """How each channel carries the clips, by place of the channel in the media table."""
        return {facts.CHANNELS.index(name): getattr(self, name) for name in ("tv", "facebook", "youtube")}

    @property
    def capacities(self) -> np.ndarray:
        """Share of the users within coverage whom the bookings reach, by channel of the media table."""
        return np.array([self.airings[c].capacity if c in self.airings else 0.0 for c in range(len(facts.CHANNELS))])

    def stale(self, day: date) -> int:
        """Weeks since new clips were due, whether or not any clip was on air."""
        return self.weeks_since_start(day) % self.renewed_every_weeks

    def audience(self, grid: Grid) -> np.ndarray:
        """Youths who use a channel and understand a language of the clips, float64 (regions, channels)."""
        return _audience(grid, self.languages) * self.region_mask[:, None]

    def booked(self, levers: Levers, grid: Grid) -> np.ndarray:
        """Capacity by region and channel, float64 (regions, channels): as planned, or moved to where the threat is.

        Air time that is moved reaches as many people as before, in other regions. A region in which everybody is
        reached takes no more, and the rest goes to the others.
        """
        capacity = np.tile(self.capacities, (len(REGIONS), 1))
        if levers.shift == 0.0:
            return capacity
        audience = self.audience(grid)
        for channel in np.flatnonzero(self.capacities):
            listeners = audience[:, channel]
            wanted = aimed(levers, listeners / max(listeners.sum(), 1.0))
            reached = filled(listeners, wanted, self.capacities[channel] * listeners.sum())
            capacity[:, channel] = np.divide(reached, listeners, out=np.zeros(len(REGIONS)), where=listeners > 0.0)
        return capacity

    def apply(self, levers: Levers, country: Country) -> None:
        """Book the air time of this week."""
        done = self.carried_out(country)
        if not some(done):
            return
        p = country.parameters
        cells, done = self.in_cells(country, done)  # moving whole rows is several times faster than picking cells
        spoken = facts.languages()[0]
        capacity, region = self.booked(levers, country.grid), country.grid.region[cells]
        languages = [spoken.index(name) for name in self.languages]
        where = (languages, cells) if isinstance(cells, slice) else np.ix_(languages, cells)
        for channel, airing in self.airings.items():
            booked = capacity[region, channel] if levers.shift > 0.0 else airing.capacity
            levers.reach("clip_reach", (channel, *where), done * booked * airing.coverage)
            levers.set("clip_views", channel, airing.views)
        length = self.shock_seconds + self.explanation_seconds + self.core_seconds
        parts = (
            self.shock_seconds + self.explanation_seconds * p.religious_content + self.core_seconds * p.active_format
        )
        stale = self.stale(country.clock.date(country.week))
        levers.keep("clip_pull", cells, parts / length * power(1.0 - p.clip_fatigue, stale))
        levers.reach("clip_shock", cells, self.shock_seconds / length)

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Youths whom the clips reached this week, as the simulated broadcasts have it."""
        reached: np.ndarray = np.add.reduceat(country.flow("reached_clips"), country.places.region_first[:-1])
        return reached * self.region_mask

    def spending(self, country: Country, done: float) -> np.ndarray:
        """Air time and, in the first week on air after a renewal is due, the making of new clips; by people."""
        cost = done * math.fsum(airing.cost_per_week for airing in self.airings.values())
        due = country.week - self.stale(country.clock.date(country.week))
        if some(done) and not self.spent_since(country, due):
            cost = cost + self.clips_per_renewal * len(self.languages) * self.cost_per_clip
        return self.by_people(country, cost)

    def foreseen(self, country: Country, done: float) -> float:
        """Youths who use a channel that carries the clips and speak a language of the clips, by the fact tables.

        Channels count as used independently of each other, so a run reaches slightly fewer.
        """
        use = _use()
        missed = np.ones(use.shape[:2])
        for channel, airing in self.airings.items():
            share = done if isinstance(done, float) else done[:, None]
            missed *= 1.0 - use[:, :, channel] * share * airing.capacity * airing.coverage
        youths = _by_place(country.grid) * country.parameters.share_15_35 * self.region_mask[:, None]
        return float((youths * (1.0 - missed) * understood(self.languages)[:, None]).sum())


@cache
def _use() -> np.ndarray:
    """Share of youths who use a channel, float64 (regions, outside towns and in them, channels)."""
    return facts.media()[1]


@cache
def _by_place(grid: Grid) -> np.ndarray:
    """People of each region outside towns and in them, float64 (regions, 2)."""
    by_place = np.stack([1.0 - grid.urban_share, grid.urban_share], axis=1) * grid.population[:, None]
    return np.stack([by_place[grid.region == r].sum(axis=0) for r in range(len(REGIONS))])


def understood(languages: tuple[str, ...]) -> np.ndarray:
    """Share of the youths of each region who understand one of the languages."""
    names, spoken = facts.languages()
    share: np.ndarray = spoken[:, [names.index(name) for name in languages]].sum(axis=1)
    return share


@cache
def radio_users(grid: Grid) -> np.ndarray:
    """Share of the youths of each region who use a radio."""
    people = _by_place(grid)
    users: np.ndarray = (people * _use()[:, :, facts.CHANNELS.index("radio")]).sum(axis=1) / people.sum(axis=1)
    return users


@cache
def _audience(grid: Grid, languages: tuple[str, ...]) -> np.ndarray:
    """Youths who use a channel and understand one of the languages, float64 (regions, channels)."""
    youths = _by_place(grid) * Parameters.default().share_15_35
    audience: np.ndarray = (youths[:, :, None] * _use()).sum(axis=1) * understood(languages)[:, None]
    return audience


def filled(room: np.ndarray, wanted: np.ndarray, amount: float) -> np.ndarray:
    """Spread an `amount` over places as `wanted`; what exceeds the `room` of a place goes to the others.

    >>> filled(np.array([10.0, 100.0]), np.array([0.5, 0.5]), 50.0)
    array([10., 40.])
    """
    got = np.zeros(room.size)
    for _ in range(room.size):  # each round fills a place or is the last
        weight = np.where(got < room, wanted, 0.0)
        if weight.sum() == 0.0 or amount <= 0.0:
            break
        take = np.minimum(amount * weight / weight.sum(), room - got)
        got, amount = got + take, amount - take.sum()
    return got
