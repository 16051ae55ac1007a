"""Imams are trained abroad.

In September 2013 Morocco agreed to train 500 Malian imams. They leave in cohorts, study for two years, and come back.
No study of what followed was found. How training changes an imam's sermons, and how his outreach changes his listeners,
is in the parameter table.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from sim.levers import aimed
from sim.measures.base import (
    REGIONS,
    Day,
    Delivered,
    Measure,
    Persons,
    Plan,
    Several,
    Strength,
    Weeks,
    Xof,
    field,
    mask_of,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock


class Cohort(BaseModel):
    """Imams who leave together."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    departs: Day = field(..., unit="date", source="choice", meaning="day on which the cohort leaves")
    imams: Persons = field(..., unit="imams", source="choice", meaning="number of imams who leave")


class ImamTraining(Measure):
    """Imams leave in cohorts for a course abroad and come back to their mosques trained.

    Cohorts leave on their dates. If there is a condition (`when`) and it is not met in the week of a departure, that
    cohort is cancelled and not replaced.
    """

    key: ClassVar[str] = "imam_training"
    title: ClassVar[str] = "Training of imams in Morocco"
    delivers: ClassVar[str] = "trained imams in post"
    sources: ClassVar[tuple[str, ...]] = ("le360 2013 and 2018", "machahid24", "Maghreb Arabe Presse 2013")

    imams: Persons = field(
        500, unit="imams", source="agreement of September 2013", meaning="number of imams to be trained in total"
    )
    cohort_size: Persons = field(
        102, unit="imams", source="le360: first group of 90 + 12", meaning="number of imams who leave together", ge=1
    )
    weeks_between_cohorts: Weeks = field(
        40, unit="weeks", source="derived: five cohorts from November 2013 to early 2017",
        meaning="time between two departures", ge=1
    )  # fmt: skip
    course_weeks: Weeks = field(104, unit="weeks", source="two-year course", meaning="length of the course", ge=1)
    cohorts: Several[Cohort] = field(
        (), unit="cohorts", source="choice",
        meaning="list of departures; if given, it replaces imams, cohort_size and weeks_between_cohorts",
    )  # fmt: skip
    cost_per_imam_week: Xof = field(
        75_000, unit="XOF per imam and week", source="assumed: stipend, lodging and teaching; no budget found",
        meaning="cost of one imam in training",
    )  # fmt: skip
    cost_per_journey: Xof = field(
        400_000, unit="XOF per imam", source="assumed: return air fare", meaning="cost of the journey there and back"
    )

    def departures(self, day: date) -> int:
        """Imams who leave in the seven days from `day`, at full intensity."""
        if self.cohorts:
            return sum(c.imams for c in self.cohorts if 0 <= (c.departs - day).days < 7)
        weeks = self.weeks_since_start(day)
        if weeks < 0 or weeks % self.weeks_between_cohorts:
            return 0
        gone = weeks // self.weeks_between_cohorts * self.cohort_size
        return max(0, min(self.cohort_size, self.imams - gone))

    def leaving(self, day: date) -> Strength:
        """Imams who leave in the seven days from `day`: a whole number, or by region as if all came from there."""
        if self.cohorts:  # the strength of the day of departure, which may fall before the first whole week
            this_week = [c for c in self.cohorts if 0 <= (c.departs - day).days < 7]
            going = math.fsum(c.imams * self.strength(c.departs) for c in this_week)
        else:
            going = self.departures(day) * self.strength(day)
        return going if isinstance(going, np.ndarray) else int(going + 0.5)

    def apply(self, levers: Levers, country: Country) -> None:
        """Send this week's cohort, from each region in proportion to its imams, or to where the threat is.

        The plan is kept to the last imam: a cohort leaves in full or, if a condition is not met, not at all. How many
        finish the course is a separate question (`training_completion`).
        """
        day = country.clock.date(country.week)
        leaving = self.leaving(day) if self.when is None or self.when.met(country) else 0
        sent = np.any(leaving)
        if sent or country.imams.in_training().any():  # cohorts also come back in weeks in which none leaves
            levers.keep("imams_completing", mask_of(self.regions_ever), country.parameters.training_completion)
        if not sent:
            return
        region = country.grid.region[country.imams.cell]
        stock = np.bincount(region, minlength=len(REGIONS)) * self.region_mask
        shares = aimed(levers, stock / max(stock.sum(), 1))
        gone = np.cumsum(shares * leaving) if isinstance(leaving, np.ndarray) else np.cumsum(shares) * leaving
        levers.add("imams_sent", slice(None), np.diff(np.floor(gone + 0.5), prepend=0.0))
        levers.set("course_weeks", self.region_mask, float(self.course_weeks))

    def report(self, country: Country) -> Delivered:
        """Trained imams who preach; the cost of those in training and of the journeys of those who left this week."""
        from sim.population.imams import count_courses  # loads the compiled loops

        imams, week = country.imams, country.week
        preaching, away, left = count_courses(
            week, week + self.course_weeks, country.places.imam_first, imams.training, imams.away_until, imams.back_week
        )
        return Delivered(preaching, away * self.cost_per_imam_week + left * self.cost_per_journey)

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """All imams who leave, and the weeks of training that fall into the run."""
        cohorts = []
        for week, day in enumerate(map(clock.date, range(clock.weeks))):
            leaving = self.leaving(day)
            if isinstance(leaving, np.ndarray):
                people = self.now(day).people_here(grid)
                leaving = int((leaving * people).sum() / people.sum() + 0.5)
            cohorts.append((week, leaving))
        weeks_away = sum(n * min(self.course_weeks, clock.weeks - week) for week, n in cohorts)
        everyone = sum(n for _, n in cohorts)
        return Plan(everyone, weeks_away * self.cost_per_imam_week + everyone * self.cost_per_journey)
