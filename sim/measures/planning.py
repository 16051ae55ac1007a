"""Plans: what a measure would deliver and cost, worked out from its settings before any run.

A measure answers two questions about a week: what does it deliver (`delivery`), and what does it cost (`spending`)? A
run asks them of the simulated country. A plan asks the same questions of a `PlannedCountry`, so the two cannot
disagree.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from sim.levers import Levers
from sim.measures.regions import REGIONS
from sim.parameters import Parameters
from sim.world import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.country import Country
    from sim.measures.base import Measure
    from sim.world.grid import Grid
    from sim.world.timeline import Clock


class Plan(NamedTuple):
    """What a measure would deliver and cost, worked out without a run."""

    reached_per_week: float | None  # at full strength, in the unit of `Measure.delivers`; None: only a run can say
    cost_xof: float  # over the whole run


class DeploymentColumns(NamedTuple):
    """The table of deployments in the columns of security units: each row is one complete unit."""

    force: np.ndarray
    base: np.ndarray
    strength: np.ndarray
    nominal: np.ndarray
    since: np.ndarray
    until: np.ndarray

    def active(self, week: int) -> np.ndarray:
        """Mask of the rows that are deployed in this week."""
        return (self.since <= week) & (week < self.until)


class PlannedCountry:
    """What is known of the country before a run, under the names that `Country` gives it.

    Every deployment takes place, the state is present everywhere, every imam is in post and untrained, no lever has
    been moved, and the parameters have their central values. The record holds what the measure itself delivers and
    costs.
    """

    def __init__(self, measure: Measure, clock: Clock, grid: Grid) -> None:
        self.clock, self.grid, self.week = clock, grid, 0
        self.parameters = Parameters.default()
        self.levers = _untouched(grid)
        self.state_presence = np.ones(len(grid))
        self.names = {f"delivered_{measure.key}": 0, f"cost_{measure.key}": 1}
        self.values = np.zeros((clock.weeks, len(REGIONS), len(self.names)))

    @cached_property
    def units(self) -> DeploymentColumns:
        """The deployments as units, based in the first cell of their region."""
        rows = facts.deployments()
        troops = np.array([float(row.troops) for row in rows])
        return DeploymentColumns(
            force=np.array([facts.force_places()[row.force] for row in rows]),
            base=np.array([self.grid.cells_of_region(row.region).start for row in rows]),
            strength=troops,
            nominal=troops,
            since=np.array([self.clock.week(row.start) for row in rows]),
            until=np.array([self.clock.weeks if row.end is None else self.clock.week(row.end) for row in rows]),
        )

    @cached_property
    def _posted(self) -> np.ndarray:
        return planned(self.clock, tuple(facts.force_places()))

    @property
    def posted(self) -> np.ndarray:
        """Troops posted this week, float64 (forces, regions)."""
        troops: np.ndarray = self._posted[self.week]
        return troops


@cache
def _untouched(grid: Grid) -> Levers:
    """The levers with nothing done; nobody may move them."""
    return Levers({
        "channel": len(facts.CHANNELS), "language": len(facts.languages()[0]), "cell": len(grid),
        "region": len(REGIONS), "country": len(grid.country_names), "group": len(facts.groups()),
        "force": len(facts.forces()),
    })  # fmt: skip


def planned(clock: Clock, forces: Sequence[str]) -> np.ndarray:
    """Troops of these forces in every week of a run by the table of deployments, float64 (weeks, forces, regions)."""
    men = np.zeros((clock.weeks, len(forces), len(REGIONS)))
    for d in facts.deployments():
        if d.force in forces:
            end = clock.weeks if d.end is None else max(0, clock.week(d.end))
            men[max(0, clock.week(d.start)) : end, forces.index(d.force), d.region] += d.troops
    return men


def plan(measure: Measure, clock: Clock, grid: Grid) -> Plan:
    """The plan of a measure that says what it delivers (`delivery`) and costs (`spending`)."""
    planned_country = PlannedCountry(measure, clock, grid)
    country = cast("Country", planned_country)
    reached: list[float | None] = []
    if not measure.by_calendar:
        cost = 0.0
        for acting, weeks in measure.full_weeks(clock):
            reached.append(acting.foreseen(country, acting.full))
            spent = acting.spending(country, 1.0)
            cost += weeks * float(spent.sum()) if isinstance(weeks, float) else float((weeks * spent).sum())
        return Plan(_most(reached), cost)
    for week in range(clock.weeks):
        measure, country.week = measure.now(clock.date(week)), week
        done = measure.strength(clock.date(week))
        reached.append(measure.foreseen(country, done))
        planned_country.values[week, :, 1] = measure.spending(country, done)
    return Plan(_most(reached), float(planned_country.values[:, :, 1].sum()))


def _most(reached: Sequence[float | None]) -> float | None:
    """The largest of what is known."""
    return max((amount for amount in reached if amount is not None), default=None)
