"""The school is rebuilt.

The fourth of the six axes of the government's programme of 2013 to 2018. Reform is slow by nature: in its first year
only those who turn 15 that year have been to a reformed school, after t years t in 21 of the youths (15 to 35) who go
to school at all, as far as schools are reformed. What schooling does depends on its kind. In Somaliland (Mercy Corps
2016) schooling alone made youths take part in violence less but support it more (`school_join`, `school_support`);
with a civic role, a voice in their community, they also supported it less (`school_voice_join`,
`school_voice_support`). Lessons in media literacy blunt propaganda (`inoculation`), and every extra year at school
counts for the hazard of joining (`b_school`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.measures.base import (
    Delivered,
    Measure,
    Plan,
    Share,
    Xof,
    Yes,
    choice,
    field,
    of_some,
    people_of,
)
from sim.parameters import Parameters
from sim.world import facts
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

YEARS_OF_YOUTH = 21  # 15 to 35


class SchoolReform(Measure):
    """Schools are reformed; who has been through one goes on being a youth for 21 years."""

    key: ClassVar[str] = "school_reform"
    title: ClassVar[str] = "Reconstruction of the school"
    delivers: ClassVar[str] = "youths who turn 15 out of a reformed school in the week"
    sources: ClassVar[tuple[str, ...]] = ("maliactu and afribone, December 2013 (programme of the government)",)

    schools: Share = field(
        0.3, unit="share of schools", source="assumed: no count found", meaning="schools that are reformed"
    )
    civic_role: Yes = choice(False, "true or false", "whether pupils get a civic role, a voice in their community")
    media_literacy: Share = field(
        0.2, unit="share of reformed schools", source="assumed", meaning="of them, those that teach media literacy"
    )
    extra_year: Share = field(
        0.1, unit="share of those turning 15", source="assumed",
        meaning="youths turning 15 who have been to school a year longer, thanks to new places",
    )  # fmt: skip
    cost_per_pupil: Xof = field(
        60_000, unit="XOF per pupil", source="assumed: books and trained teachers over a time at school",
        meaning="what the reform costs for one who leaves a reformed school",
    )  # fmt: skip
    cost_per_extra_year: Xof = field(
        75_000, unit="XOF per pupil", source="assumed: a place, a teacher's time and meals for a year",
        meaning="cost of one more year at school",
    )  # fmt: skip

    def pupils_per_week(self, youths: np.ndarray) -> np.ndarray:
        """Of `youths` by region, those who turn 15 in a week and have been to a reformed school."""
        return self.turning_15(youths) * (1.0 - facts.schooling().no_schooling) * self.schools

    @staticmethod
    def turning_15(youths: np.ndarray) -> np.ndarray:
        """Of `youths` by region, those who turn 15 in a week, all ages being as numerous."""
        return youths / (YEARS_OF_YOUTH * WEEKS_PER_YEAR)

    def share_taught(self, country: Country) -> np.ndarray:
        """Share of the youths of each region who have been to a reformed school: those of this week and before."""
        youths = self.youths(country)
        taught = self.delivered_before(country) + self.carried_out(country) * self.pupils_per_week(youths)
        return np.divide(np.minimum(taught, youths), youths, out=np.zeros(9), where=youths > 0.0)

    def apply(self, levers: Levers, country: Country) -> None:
        """Let those who were taught be what the school made them; keep some at school this week."""
        p, done = country.parameters, self.carried_out(country)
        if done > 0.0:
            levers.reach("extra_schooling", self.region_mask, done * self.extra_year)
        share = self.share_taught(country)
        if not share.any():
            return
        support = p.school_voice_support if self.civic_role else p.school_support
        join = p.school_voice_join if self.civic_role else p.school_join
        cells = self.cells(country)
        in_cell = share[country.grid.region[cells]]
        levers.add("support", slice(None), share * support)
        levers.keep("joining", cells, of_some(in_cell, join))
        levers.keep("propaganda", cells, 1.0 - in_cell * self.media_literacy * p.inoculation)

    def report(self, country: Country) -> Delivered:
        """Those who leave a reformed school this week; their cost and that of the extra years."""
        youths = self.youths(country)
        pupils = self.pupils_per_week(youths)
        return Delivered(self.carried_out(country) * pupils, self.strength_now(country) * self.cost(youths))

    def cost(self, youths: np.ndarray) -> np.ndarray:
        """XOF of a week at full strength, by region."""
        longer = self.turning_15(youths) * self.extra_year
        return self.pupils_per_week(youths) * self.cost_per_pupil + longer * self.cost_per_extra_year

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """Those who leave a reformed school in a week, and the cost of all weeks."""
        youths = people_of(grid) * self.region_mask * Parameters.default().share_15_35
        pupils = float(self.pupils_per_week(youths).sum())
        return Plan(pupils * self.intensity, self.full_weeks(clock) * float(self.cost(youths).sum()))
