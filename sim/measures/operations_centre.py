"""The ministry's operations centre: one number to call, and one place that picks and directs the right unit.

After the Radisson Blu (November 2015) the five emergency numbers of the forces became one, and a centre in Bamako was
given the power to set any unit in motion, of police, gendarmerie, national guard or civil protection; in late 2016 it
was about to move into a new building with the pictures of the city's cameras. Where a region is connected, responses
take less time, and some of the patrols go where attacks just happened instead of on their rounds:

    share of the hours = least of hours the desks are to be manned, and hours the staff can man them

A centre directs units that are there; where none is left there is nobody to direct. No estimate of its effect was
found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.measures.base import REGIONS, Delivered, Measure, Persons, Plan, Share, Xof, field, of_some
from sim.measures.posted import posted

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

DIRECTED = ("police", "gendarmerie", "national_guard", "civil_protection", "special_intervention")


class OperationsCentre(Measure):
    """A centre of the ministry of security picks and directs the unit that answers an attack."""

    key: ClassVar[str] = "operations_centre"
    title: ClassVar[str] = "Operations centre of the ministry of security"
    delivers: ClassVar[str] = "attacks for which it directed a response"
    sources: ClassVar[tuple[str, ...]] = ("RFI via pressafrik.com 2016 (police secours reorganised)",)

    staff: Persons = field(
        60, unit="persons", source="assumed: no figure found", meaning="people who work at the centre in shifts"
    )
    staff_per_region: Persons = field(
        6, unit="persons per region", source="assumed: a desk manned at all hours needs five or six shifts",
        meaning="staff with whom the desk of one connected region is manned day and night", ge=1,
    )  # fmt: skip
    hours_covered: Share = field(
        1.0, unit="share of the hours", source="an emergency number answers day and night",
        meaning="hours in which the desks are to be manned",
    )  # fmt: skip
    cost_per_staff_week: Xof = field(
        45_000, unit="XOF per person and week", source="assumed: pay and running of the rooms",
        meaning="cost of one of the staff",
    )  # fmt: skip
    cost_per_region_week: Xof = field(
        1_000_000, unit="XOF per region and week", source="assumed: radio links and lines",
        meaning="cost of keeping a region connected",
    )  # fmt: skip

    def share_of_hours(self) -> float:
        """Share of the hours in which every connected region's desk is manned, 0..1."""
        return min(self.hours_covered, self.staff / (self.staff_per_region * len(self.regions)))

    def directs(self, country: Country) -> np.ndarray:
        """Share of the responses in each region that the centre directs this week, float64 (9,)."""
        there = posted(country, DIRECTED).sum(axis=0) > 0.0
        return self.carried_out(country) * self.share_of_hours() * (there & self.region_mask)

    def cost(self) -> np.ndarray:
        """XOF a week in full, by region: the lines of each, and its part of the staff."""
        staff = self.staff * self.cost_per_staff_week / len(self.regions)
        return (staff + self.cost_per_region_week) * self.region_mask

    def apply(self, levers: Levers, country: Country) -> None:
        """Shorten responses, and send patrols to where attacks just happened."""
        share, p = self.directs(country), country.parameters
        regions = np.flatnonzero(share)
        if not regions.size:
            return
        cells = np.flatnonzero(share[country.grid.region])
        of_cells = share[country.grid.region[cells]]
        levers.keep("response_delay", cells, of_some(of_cells, np.log(p.centre_delay)))
        levers.reach("dispatch", regions, share[regions] * p.centre_dispatch)

    def report(self, country: Country) -> Delivered:
        """This week's attacks for which the centre directed a response; staff and lines."""
        attacks = np.bincount(country.grid.region, country.flow("attacks"), len(REGIONS))
        return Delivered(self.directs(country) * attacks, self.strength_now(country) * self.cost())

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """The cost of all weeks; how many attacks there are to answer, only a run can say."""
        return Plan(None, float(self.full_weeks(clock) * self.cost().sum()))
