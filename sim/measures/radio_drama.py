"""A weekly drama on the radio, in the languages of Mali, that people follow together.

In the Sahel region of Burkina Faso, groups in 132 villages listened every week to a drama on violent extremism, 52
episodes in 12 weeks (Bilali 2022, 2,904 persons, randomised). They justified violence less afterwards (`drama_effect`),
gave it more weight as a problem, and were readier to work with the police (`drama_tips`). Their trust in the police was
the same (`drama_trust`). No other message has as good evidence from the region.

The drama is on the air for a season, and then pauses. Those follow it who use a radio, understand its language, and
listen regularly: Studio Tamani, which covers most of Mali in five languages, counts 28 % of Malians among its regular
listeners. How long the effect lasts is not known (`drama_half_life`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.measures.base import REGIONS, Measure, Persons, Several, Share, Steady, Weeks, Xof, field, of_some, some
from sim.measures.mali_kuma_kan import Language, radio_users, understood
from sim.world import facts

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.measures.base import Strength


def in_season(measure: RadioDrama, country: Country) -> bool:
    """Whether the drama is on the air this week."""
    return measure.on_air(country)


class RadioDrama(Measure):
    """Episodes of a drama are broadcast every week, and groups listen to them."""

    key: ClassVar[str] = "radio_drama"
    title: ClassVar[str] = "Weekly radio drama, followed in groups"
    delivers: ClassVar[str] = "youths who followed the drama in the week"
    steady: ClassVar[Steady] = {"apply": (in_season,), "spending": (in_season,)}
    by_calendar: ClassVar[bool] = True
    sources: ClassVar[tuple[str, ...]] = (
        "Bilali 2022 10.1177/09567976211031895",
        "Studio Tamani 2021 (28 % listen regularly)",
    )

    listeners: Share = field(
        0.28, unit="share of radio users", source="Studio Tamani 2021: regular listeners, self-report",
        meaning="share of the radio users who understand it who follow the drama",
    )  # fmt: skip
    languages: Several[Language] = field(
        ("Bambara", "Fulfulde", "Songhay", "Tamasheq"), unit="languages",
        source="Studio Tamani broadcasts in these and in French, which is hardly anybody's main language",
        meaning="languages in which the drama is made",
    )  # fmt: skip
    season_weeks: Weeks = field(12, unit="weeks", source="Bilali 2022", meaning="length of a season", ge=1)
    pause_weeks: Weeks = field(40, unit="weeks", source="choice: a season a year", meaning="weeks between two seasons")
    cost_per_week: Xof = field(
        6_000_000, unit="XOF per week on the air", source="assumed: writers, actors, studio, air time; no budget found",
        meaning="cost of making and broadcasting the drama",
    )  # fmt: skip
    persons_per_group: Persons = field(
        20, unit="persons", source="assumed: about 22 persons of each village took part in the trial",
        meaning="youths in a group that listens together", ge=1,
    )  # fmt: skip
    cost_per_group_week: Xof = field(
        1_000, unit="XOF per group and week", source="assumed: batteries, and a visit now and then",
        meaning="cost of a group on the air",
    )  # fmt: skip

    def on_air(self, country: Country) -> bool:
        """Whether this week belongs to a season."""
        week = self.weeks_since_start(country.clock.date(country.week))
        return week % (self.season_weeks + self.pause_weeks) < self.season_weeks

    def apply(self, levers: Levers, country: Country) -> None:
        """Broadcast the episode of the week: those who follow it hear it, and some tell what they know."""
        done = self.carried_out(country)
        if not some(done) or not self.on_air(country):
            return
        p, region = country.parameters, country.grid.region
        cells, share = self.in_cells(country, done * self.listeners)
        spoken = facts.languages()[0]
        languages = [spoken.index(name) for name in self.languages]
        levers.reach("drama_reach", (languages, cells) if isinstance(cells, slice) else np.ix_(languages, cells), share)
        following = share * self.audience_share(country)[region[cells]]
        levers.keep("information", cells, of_some(following, p.drama_tips))
        levers.add("trust_goal", cells, following * p.drama_trust)

    def audience_share(self, country: Country) -> np.ndarray:
        """Share of the youths of each region who use a radio and understand the drama."""
        share: np.ndarray = radio_users(country.grid) * understood(self.languages)
        return share

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Youths who followed the drama this week, as the simulated broadcasts have it."""
        reached: np.ndarray = np.add.reduceat(country.flow("reached_drama"), country.places.region_first[:-1])
        return reached * self.region_mask

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The broadcasts, and the groups as planned."""
        if not self.on_air(country):
            return np.zeros(len(REGIONS))
        groups = self.planned_listeners(country, done) / self.persons_per_group
        return self.by_people(country, done * self.cost_per_week) + groups * self.cost_per_group_week

    def planned_listeners(self, country: Country, done: Strength) -> np.ndarray:
        """Youths who are to follow the drama, by region."""
        listeners: np.ndarray = done * self.listeners * self.youths(country) * self.audience_share(country)
        return listeners

    def foreseen(self, country: Country, done: float) -> float:
        """Youths who use a radio, understand the drama and listen regularly, by the tables."""
        return float(self.planned_listeners(country, done).sum()) if self.on_air(country) else 0.0
