"""The agreement for peace and reconciliation in Mali, from the Algiers process.

The agreement was signed on 15 May 2015, and on 20 June 2015 by the coordination of the movements. It has 78 commitments
in political, security and social provisions. An independent observer counted 20 of them carried out at the end of 2018,
two of these in that year; an even pace in the years before is derived. So the level of implementation, 0..1, grows
slowly:

    level = min(1, pace x commitments carried out / all commitments)

Attacks and communal violence in the signatory regions follow the overall level. The approaches of armed groups rooted
there, whose members could join the agreement, follow the political provisions (those of a group with half of its homes
there by half). Mixed units follow the security provisions, and those who signed make a common front: they tell what
they know (`agreement_information`), and the movements give up the places that they hold (`movements_hold`). Relief of
grievance follows the social ones. There are also those who want to break the agreement: when it makes progress, groups
that it leaves out strike to stop it (Stedman 1997; Kydd and Walter 2002), so attacks follow what was carried out in the
last year (`agreement_spoilers`). Peace lasts longer where more is implemented, also for those who did not sign (Joshi
and Quinn 2015 give the direction; the sizes are judgement and allow for harm).

The pace is a lever: who sits at the table may change it. The measure keeps no memory, so a pace that changes half way
changes the level at once. This line describes an agreement that is implemented quickly:

    done: [{after_weeks: 52, commitments: 78}]
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from sim.engine.exact import exp, expm1
from sim.measures.base import (
    MOST,
    Count,
    Measure,
    Regions,
    Several,
    Share,
    Steady,
    Strength,
    Xof,
    field,
    number,
    some,
    wrong,
)  # fmt: skip
from sim.world import facts

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers

SIGNED = date(2015, 6, 20)
"""The day from which the record counts, when the coordination of the movements signed."""

MIXED_UNITS = "ex_separatist"

YEAR = 52  # weeks

Moment = Annotated[
    int,
    BeforeValidator(
        lambda value: number(value, "a whole number of weeks (negative: earlier)", -MOST, MOST, whole=True)
    ),
]


class Point(BaseModel):
    """The number of commitments carried out by a certain week."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    after_weeks: Moment = field(..., unit="weeks", source="choice", meaning="time since the start of the agreement")
    commitments: Count = field(..., unit="commitments", source="choice", meaning="commitments carried out by then")


class PeaceAgreement(Measure):
    """Political, security and social commitments are carried out over time."""

    key: ClassVar[str] = "peace_agreement"
    title: ClassVar[str] = "Agreement for peace and reconciliation (Algiers, 2015)"
    delivers: ClassVar[str] = "commitments carried out so far"
    steady: ClassVar[Steady] = {"spending": ()}
    by_calendar: ClassVar[bool] = True
    sources: ClassVar[tuple[str, ...]] = (
        "Carter Center, independent observer",
        "Joshi and Quinn 2015 10.1017/S0007123415000381",
        "Stedman 1997 10.1162/isec.22.2.5",
        "Kydd and Walter 2002 10.1162/002081802320005487",
    )

    regions: Regions = field(
        ["Tombouctou", "Gao", "Kidal"], unit="names", source="the regions that the agreement is about",
        meaning="where it acts: 'all' or a list of regions",
    )  # fmt: skip
    commitments: Count = field(
        78, unit="commitments", source="Carter Center, independent observer", meaning="commitments in total", ge=1
    )
    done: Several[Point] = field(
        (
            Point(after_weeks=0, commitments=0),
            Point(after_weeks=132, commitments=18),
            Point(after_weeks=184, commitments=20),
        ),
        unit="points",
        source="Carter Center: 20 of 78 by the end of 2018, 2 of them in that year; an even pace before (derived)",
        meaning="commitments carried out over time, from none at the start, at an even pace between points; nothing"
        " changes after the last point",
    )
    political: Share = field(
        1.0, unit="share", source="assumed: no count by kind found",
        meaning="level of the political provisions relative to that of all provisions",
    )  # fmt: skip
    security: Share = field(
        0.8, unit="share", source="assumed: over two thirds of the security items were unmet in 2019 (Carter Center)",
        meaning="level of the security provisions relative to that of all provisions",
    )  # fmt: skip
    social: Share = field(
        1.0, unit="share", source="assumed: no count by kind found",
        meaning="level of the social provisions relative to that of all provisions",
    )  # fmt: skip
    mixed_units: Share = field(
        1.0, unit="share", source="choice: all those on record (600 men in Gao from 2017)",
        meaning="share of the joint units of former rebels and army on record that form at the recorded level",
    )  # fmt: skip
    cost_per_week: Xof = field(
        150_000_000, unit="XOF per week", source="assumed: committees, observer, assembly camps; no budget found",
        meaning="cost of carrying out the agreement and of monitoring it",
    )  # fmt: skip

    @model_validator(mode="after")
    def _goes_forward(self) -> PeaceAgreement:
        if not self.done:
            raise wrong("has no points in done; it must be a list of points such as {after_weeks: 52, commitments: 10}")
        for k, point in enumerate(self.done, 1):
            if point.commitments > self.commitments:
                raise wrong(f"has done item {k} with {point.commitments} commitments; there are {self.commitments}")
            if k > 1 and point.after_weeks <= self.done[k - 2].after_weeks:
                raise wrong(f"has done item {k} after {point.after_weeks} weeks; it must be later than the item before")
        return self

    @property
    def deploys(self) -> tuple[str, ...]:
        """The joint units of former rebels and army."""
        return (MIXED_UNITS,)

    def level(self, day: date, pace: float = 1.0) -> float:
        """Share of the commitments carried out by the week of `day`, 0..1, at this pace."""
        return min(1.0, pace * _done(self.done, self.weeks_since_start(day)) / self.commitments)

    def implemented(self, country: Country, done: Strength) -> Strength:
        """Share of the commitments carried out by this week, 0..1."""
        day = country.clock.date(country.week)
        return done * self.level(day, float(country.levers.implementation))

    def progress(self, country: Country, done: Strength) -> Strength:
        """Share of the commitments carried out in the last year, 0..1."""
        day, pace = country.clock.date(country.week), float(country.levers.implementation)
        new = self.weeks_since_start(day) < YEAR and self.done[0].after_weeks >= 0
        earlier = 0.0 if new else self.level(day - timedelta(weeks=YEAR), pace)
        return done * (self.level(day, pace) - earlier)

    def formed(self, level: Strength, day: date) -> Strength:
        """Share of the joint units on record that has formed, 0..1.

        The units in Gao from 2017 on correspond to the recorded level. A higher level brings no more units than the
        table of deployments has; `forces: {ex_separatist: {scale: 2}}` would.
        """
        fields = type(self).model_fields
        weeks = (day - SIGNED).days // 7
        recorded = _done(fields["done"].default, weeks) / fields["commitments"].default * fields["security"].default
        return self.mixed_units * (np.minimum(1.0, level * self.security / recorded) if recorded > 0.0 else 0.0)

    def apply(self, levers: Levers, country: Country) -> None:
        """Move the levers that each kind of provision is about."""
        p, level = country.parameters, self.implemented(country, self.carried_out(country))
        if not some(level):
            return
        cells, in_cell = self.in_cells(country, level)
        levers.keep("attack_rate", cells, exp(in_cell * p.agreement_attacks))
        levers.keep("communal_violence", cells, exp(in_cell * p.agreement_violence))
        levers.reach("grievance_relief", *self.in_regions(level * self.social * p.relief_rate))
        change = level * self.political * p.agreement_inflow * self.region_mask
        effect = expm1(change)
        homes = {g: country.grid.region[cells] for g, cells in enumerate(country.groups.home_cells)}
        rooted = [g for g, regions in homes.items() if self.region_mask[regions].any()]
        if rooted:
            levers.keep("approaches", rooted, np.array([1.0 + effect[homes[g]].mean() for g in rooted]))
        levers.keep("information", cells, exp(in_cell * self.security * p.agreement_information))
        levers.keep("movements_hold", cells, 1.0 - in_cell * self.security)
        recent = self.progress(country, self.carried_out(country))
        if some(recent):
            cells, in_cell = self.in_cells(country, recent)
            levers.keep("attack_rate", cells, exp(in_cell * p.agreement_spoilers))
        regions, share = self.in_regions(self.formed(level, country.clock.date(country.week)))
        levers.reach("deployed", (facts.force_places()[MIXED_UNITS], regions), share)

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Commitments carried out: a national number, spread over its regions by their people."""
        return self.by_people(country, self.implemented(country, done) * self.commitments)


def _done(points: tuple[Point, ...], weeks: int) -> float:
    """Commitments carried out after so many weeks, from none at the start, at an even pace between points."""
    if points[0].after_weeks > 0:
        points = (Point(after_weeks=0, commitments=0), *points)
    for one, other in pairwise(points):
        if weeks < other.after_weeks:
            pace = (other.commitments - one.commitments) / (other.after_weeks - one.after_weeks)
            return one.commitments + pace * max(weeks - one.after_weeks, 0)
    return float(points[-1].commitments)
