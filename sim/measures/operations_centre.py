"""The ministry's operations centre: one number to call, and one place that picks and directs the right unit.

After the attack on the Radisson Blu (November 2015) the five emergency numbers of the forces became one. A centre in
Bamako was given the power to send any unit of police, gendarmerie, national guard or civil protection. In late 2016 it
was about to move into a new building that receives the pictures of the city's cameras. Where a region is connected,
responses take less time, the right kind of unit is picked (`wrong_unit`), and some patrols go where attacks have just
happened instead of making their rounds. A centre may also slow a response down. The desks are staffed for

    share of the hours = least of: hours in which the desks should be staffed; hours in which the staff can do so

A centre directs units that are there; where there are none, it changes nothing. No estimate of its effect was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.engine.exact import log
from sim.measures.base import REGIONS, Measure, Persons, Share, Steady, Xof, field, of_some
from sim.measures.posted import posted, where_posted

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers

DIRECTED = ("police", "gendarmerie", "national_guard", "civil_protection", "special_intervention")


class OperationsCentre(Measure):
    """A centre of the ministry of security picks and directs the unit that answers an attack."""

    key: ClassVar[str] = "operations_centre"
    title: ClassVar[str] = "Operations centre of the ministry of security"
    delivers: ClassVar[str] = "attacks answered under direction of the centre"
    steady: ClassVar[Steady] = {"apply": (where_posted,), "spending": ()}
    sources: ClassVar[tuple[str, ...]] = ("RFI via pressafrik.com 2016 (police secours reorganised)",)

    staff: Persons = field(
        60, unit="persons", source="assumed: no figure found", meaning="persons who work at the centre in shifts"
    )
    staff_per_region: Persons = field(
        6, unit="persons per region", source="assumed: a desk staffed at all hours needs five or six shifts",
        meaning="staff needed to keep the desk of one connected region staffed day and night", ge=1,
    )  # fmt: skip
    hours_covered: Share = field(
        1.0, unit="share of the hours", source="an emergency number answers day and night",
        meaning="share of the hours in which the desks should be staffed",
    )  # fmt: skip
    cost_per_staff_week: Xof = field(
        45_000, unit="XOF per person and week", source="assumed: pay, and running the rooms",
        meaning="cost of one member of staff",
    )  # fmt: skip
    cost_per_region_week: Xof = field(
        1_000_000, unit="XOF per region and week", source="assumed: radio links and lines",
        meaning="cost of keeping a region connected",
    )  # fmt: skip

    def share_of_hours(self) -> float:
        """Share of the hours in which the desk of every connected region is staffed, 0..1."""
        return min(self.hours_covered, self.staff / (self.staff_per_region * len(self.regions)))

    def directs(self, country: Country, done: float) -> np.ndarray:
        """Share of the responses in each region that the centre directs this week."""
        there = posted(country, DIRECTED).sum(axis=0) > 0.0
        return done * self.share_of_hours() * (there & self.region_mask)

    def apply(self, levers: Levers, country: Country) -> None:
        """Change the time to respond, pick the right kind of unit, and send patrols to where attacks have just been."""
        share, p = self.directs(country, self.carried_out(country)), country.parameters
        regions = np.flatnonzero(share)
        if not regions.size:
            return
        cells = np.flatnonzero(share[country.grid.region])
        of_cells = share[country.grid.region[cells]]
        levers.keep("response_delay", cells, of_some(of_cells, log(p.centre_delay)))
        levers.reach("right_unit", cells, of_cells)
        levers.reach("dispatch", regions, share[regions] * p.centre_dispatch)

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """This week's attacks that forces nearby could answer, as far as the centre directed them."""
        answered = np.bincount(country.grid.region, country.flow("answered"), len(REGIONS))
        return self.directs(country, done) * answered

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The lines of each region, and its share of the staff."""
        staff = self.staff * self.cost_per_staff_week / len(self.regions)
        return done * ((staff + self.cost_per_region_week) * self.region_mask)

    def foreseen(self, country: Country, done: float) -> None:
        """Only a run can say how many attacks there are to answer."""
