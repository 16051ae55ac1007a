"""One command for the special units: the protocol of December 2015.

At the Radisson Blu in November 2015 units of every force came, each on its own. A month later the special units of
police, gendarmerie, national guard and civil protection were put under one command of the ministry of security; from it
grew FORSAT (ministerial order of 22 March 2016), 180 men in 2017, ready day and night in Bamako. The measure is the
command, not the men: the force itself is in the table of deployments whatever policy does.

    share of responses under one command = share left to it x hours a unit is ready x forces under it / 4

in the places that its bases reach. Responses there take less time and come together. What this changes is harm and
capture in and after an attack; whether it deters attacks is not known, and the prior of that is centred on nothing.
Kangaba in 2017 was lighter than the Radisson for other reasons too, so the two sieges fix no effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np
from pydantic import model_validator

from sim.measures.base import (
    REGIONS,
    Delivered,
    Measure,
    Number,
    Persons,
    Plan,
    Several,
    Share,
    Xof,
    field,
    of_some,
    wrong,
)
from sim.measures.posted import Town, posted, town_cells, within

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

Force = Literal["police", "gendarmerie", "national_guard", "civil_protection"]
ALL_FOUR: tuple[str, ...] = get_args(Force)


class InterventionProtocol(Measure):
    """Special units of four forces answer attacks under one command."""

    key: ClassVar[str] = "intervention_protocol"
    title: ClassVar[str] = "Intervention protocol: special units under one command"
    delivers: ClassVar[str] = "attacks answered under one command"
    sources: ClassVar[tuple[str, ...]] = (
        "RFI 2017-06-20 (Forsat)",
        "bamada.net 2016 (order of 22 March 2016: 60 police, 60 gendarmes, 60 guards)",
        "fama.ml 2016-11-14 (exercise with civil protection)",
    )

    forces: Several[Force] = field(
        ALL_FOUR, unit="forces", source="protocol of December 2015", meaning="forces whose special units are under it"
    )
    staff: Persons = field(
        180, unit="persons", source="RFI 2017: about 60 each of police, gendarmerie and national guard",
        meaning="members of the special units in all",
    )  # fmt: skip
    staff_per_base: Persons = field(
        180, unit="persons", source="assumed: FORSAT of 2017 kept a unit ready at all hours in one place",
        meaning="members with whom a base has a unit ready day and night", ge=1,
    )  # fmt: skip
    bases: Several[Town] = field(
        ("Bamako",), unit="towns", source="FORSAT stood in Bamako", meaning="where units stand ready"
    )
    reach_km: Number = field(
        50, unit="km", source="assumed: about an hour by road; Kangaba, on the edge of Bamako, took half an hour",
        meaning="how far from a base they answer attacks", ge=0, le=2000,
    )  # fmt: skip
    share_of_responses: Share = field(
        0.8, unit="share of attacks", source="assumed: no count of call-outs found",
        meaning="attacks within reach whose answer is left to them when a unit is ready",
    )  # fmt: skip
    cost_per_staff_week: Xof = field(
        60_000, unit="XOF per person and week", source="assumed: pay, risk allowance, drill and vehicles",
        meaning="cost of one member",
    )  # fmt: skip

    @model_validator(mode="after")
    def _has_forces_and_bases(self) -> InterventionProtocol:
        for name in ("forces", "bases"):
            if not getattr(self, name):
                raise wrong(f"has {name} without a name; to switch the measure off write enabled: false")
        return self

    def reached(self, grid: Grid) -> np.ndarray:
        """Cells of its regions within reach of a base."""
        near = within(grid, tuple(town_cells(self.bases).tolist()), self.reach_km)
        return np.flatnonzero(near & self.region_mask[grid.region])

    def at_bases(self, grid: Grid) -> np.ndarray:
        """Share of the staff in each region, float64 (9,); nothing where no base reaches its regions."""
        if not self.reached(grid).size:
            return np.zeros(len(REGIONS))
        return np.bincount(grid.region[town_cells(self.bases)], minlength=len(REGIONS)) / len(self.bases)

    def under_command(self, country: Country) -> float:
        """Share of the responses within reach that are under one command this week, 0..1."""
        there = posted(country, ALL_FOUR).sum(axis=1) > 0.0
        named = [force in self.forces for force in ALL_FOUR]
        ready = min(1.0, self.staff / (self.staff_per_base * len(set(self.bases))))
        return self.carried_out(country) * self.share_of_responses * ready * float((there & named).mean())

    def apply(self, levers: Levers, country: Country) -> None:
        """Shorten responses and bring them together where it acts."""
        share, cells, p = self.under_command(country), self.reached(country.grid), country.parameters
        if share == 0.0 or not cells.size:
            return
        levers.reach("joint_command", cells, share)
        levers.keep("response_delay", cells, of_some(share, np.log(p.command_delay)))
        levers.keep("attack_rate", cells, of_some(share, p.response_deterrence))

    def report(self, country: Country) -> Delivered:
        """This week's attacks that were answered under one command; the cost of the staff, where they are based."""
        cells = self.reached(country.grid)
        attacks = np.bincount(country.grid.region[cells], country.flow("attacks")[cells], len(REGIONS))
        cost = self.strength_now(country) * self.staff * self.cost_per_staff_week
        return Delivered(self.under_command(country) * attacks, cost * self.at_bases(country.grid))

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """The cost of all weeks; how many attacks there are to answer, only a run can say."""
        return Plan(
            None, float(self.full_weeks(clock) * self.staff * self.cost_per_staff_week * self.at_bases(grid).sum())
        )
