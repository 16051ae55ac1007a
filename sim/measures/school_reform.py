"""The school is rebuilt.

This is the fourth of the six axes of the government's programme of 2013 to 2018. Reform is slow by nature: after one
year it has reached only those who turned 15 in that year, after t years t in 21 of the youths (aged 15 to 35) who go to
school at all, and of these only the share whose school was reformed. The effect of schooling depends on its kind. In
Somaliland (Mercy Corps 2016) youths with schooling alone took part in violence less but supported it more
(`school_join`, `school_support`); with a civic role, a voice in their community, they also supported it less
(`school_voice_join`, `school_voice_support`). What they did includes what came of their support, which is not counted
again. Lessons in media literacy blunt propaganda (`inoculation`), and every
extra year at school affects the hazard of joining (`b_school`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.measures.base import REGIONS, Measure, Share, Steady, Xof, Yes, beside_attitude, choice, field, of_some, some
from sim.world import facts
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers

YEARS_OF_YOUTH = 21  # 15 to 35


class SchoolReform(Measure):
    """Schools are reformed; those who have been through one remain youths for 21 years."""

    key: ClassVar[str] = "school_reform"
    title: ClassVar[str] = "Reconstruction of the school"
    delivers: ClassVar[str] = "youths from reformed schools who turn 15 in the week"
    steady: ClassVar[Steady] = {"delivery": (), "spending": ()}
    sources: ClassVar[tuple[str, ...]] = ("maliactu and afribone, December 2013 (programme of the government)",)

    schools: Share = field(
        0.3, unit="share of schools", source="assumed: no count found", meaning="share of schools that are reformed"
    )
    civic_role: Yes = choice(False, "true or false", "whether pupils get a civic role, a voice in their community")
    media_literacy: Share = field(
        0.2, unit="share of reformed schools", source="assumed",
        meaning="share of reformed schools that teach media literacy",
    )  # fmt: skip
    extra_year: Share = field(
        0.1, unit="share of those turning 15", source="assumed",
        meaning="share of youths turning 15 who got an extra year at school from new places",
    )  # fmt: skip
    cost_per_pupil: Xof = field(
        60_000, unit="XOF per pupil", source="assumed: books and trained teachers for all years at school",
        meaning="cost of the reform for each pupil who leaves a reformed school",
    )  # fmt: skip
    cost_per_extra_year: Xof = field(
        75_000, unit="XOF per pupil", source="assumed: a place, a teacher's time and meals for a year",
        meaning="cost of one extra year at school",
    )  # fmt: skip

    def turning_15(self, country: Country) -> np.ndarray:
        """Youths who turn 15 in a week, by region; all ages have the same numbers."""
        return self.youths(country) / (YEARS_OF_YOUTH * WEEKS_PER_YEAR)

    def pupils(self, country: Country) -> np.ndarray:
        """Those of them who have been to a reformed school."""
        return self.turning_15(country) * (1.0 - facts.schooling().no_schooling) * self.schools

    def share_taught(self, country: Country) -> np.ndarray:
        """Share of the youths of each region who have been to a reformed school, this week's included."""
        youths = self.all_youths(country)
        taught = self.delivered_before(country) + self.delivery(country, self.carried_out(country))
        return np.divide(np.minimum(taught, youths), youths, out=np.zeros(len(REGIONS)), where=youths > 0.0)

    def apply(self, levers: Levers, country: Country) -> None:
        """Let those who were taught be what the school made of them, and keep some at school this week."""
        p, done = country.parameters, self.carried_out(country)
        if some(done):
            levers.reach("extra_schooling", *self.in_regions(done * self.extra_year))
        share = self.share_taught(country)
        if not share.any():
            return
        support = p.school_voice_support if self.civic_role else p.school_support
        join = p.school_voice_join if self.civic_role else p.school_join
        cells, in_cell = self.in_cells(country, share)
        levers.add("support", slice(None), share * support)
        levers.keep("joining", cells, of_some(in_cell, beside_attitude(join, support, p)))
        levers.keep("propaganda", cells, 1.0 - in_cell * self.media_literacy * p.inoculation)

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Youths who leave a reformed school this week."""
        return done * self.pupils(country)

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of their schooling and of the extra years."""
        longer = self.turning_15(country) * self.extra_year
        return done * (self.pupils(country) * self.cost_per_pupil + longer * self.cost_per_extra_year)
