"""One command for the special units: the protocol of December 2015.

At the Radisson Blu in November 2015 units of every force came, each on its own. A month later the special units of
police, gendarmerie, national guard and civil protection were put under one command of the ministry of security. From it
grew FORSAT (ministerial order of 22 March 2016), with 180 men in 2017, ready day and night in Bamako. The measure is
the command, not the men: the force itself is in the table of deployments whatever the policy.

    share of responses under one command = share left to it x hours a unit is ready x forces under it / 4

in the places within reach of its bases. Responses there take another time (less, in most draws), and the units act
together. This changes the
harm during an attack and the captures after it. Whether it deters attacks is not known, and that prior is centred on
zero. Kangaba in 2017 was less deadly than the Radisson for other reasons too, so the two sieges cannot determine an
effect.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from sim.engine.exact import log
from sim.measures.base import (
    REGIONS,
    Measure,
    Number,
    OneOrMore,
    Persons,
    Share,
    Steady,
    Strength,
    Xof,
    field,
    of_some,
    some,
)
from sim.measures.posted import Town, posted, town_cells, where_posted, within
from sim.measures.regions import mask_of

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid

Force = Literal["police", "gendarmerie", "national_guard", "civil_protection"]
ALL_FOUR: tuple[str, ...] = get_args(Force)


class InterventionProtocol(Measure):
    """Special units of four forces answer attacks under one command."""

    key: ClassVar[str] = "intervention_protocol"
    title: ClassVar[str] = "Intervention protocol: special units under one command"
    delivers: ClassVar[str] = "attacks answered under one command"
    steady: ClassVar[Steady] = {"apply": (where_posted,), "spending": ()}
    sources: ClassVar[tuple[str, ...]] = (
        "RFI 2017-06-20 (Forsat)",
        "bamada.net 2016 (order of 22 March 2016: 60 police, 60 gendarmes, 60 guards)",
        "fama.ml 2016-11-14 (exercise with civil protection)",
    )

    forces: OneOrMore[Force] = field(
        ALL_FOUR, unit="forces", source="protocol of December 2015",
        meaning="forces whose special units are under the command",
    )  # fmt: skip
    staff: Persons = field(
        180, unit="persons", source="RFI 2017: about 60 each of police, gendarmerie and national guard",
        meaning="total staff of the special units",
    )  # fmt: skip
    staff_per_base: Persons = field(
        180, unit="persons", source="assumed: FORSAT of 2017 kept a unit ready at all hours in one place",
        meaning="staff needed for a base to have a unit ready day and night", ge=1,
    )  # fmt: skip
    bases: OneOrMore[Town] = field(
        ("Bamako",), unit="towns", source="FORSAT was based in Bamako", meaning="where units stand ready"
    )
    reach_km: Number = field(
        50, unit="km", source="assumed: about an hour by road; Kangaba, on the edge of Bamako, took half an hour",
        meaning="distance from a base within which they answer attacks", ge=0, le=2000,
    )  # fmt: skip
    share_of_responses: Share = field(
        0.8, unit="share of attacks", source="assumed: no count of call-outs found",
        meaning="share of the attacks within reach that are left to them when a unit is ready",
    )  # fmt: skip
    cost_per_staff_week: Xof = field(
        60_000, unit="XOF per person and week", source="assumed: pay, risk allowance, training and vehicles",
        meaning="cost of one member of staff",
    )  # fmt: skip

    def reached(self, grid: Grid) -> np.ndarray:
        """Cells of its regions within reach of a base."""
        return _reached(grid, tuple(self.bases), self.reach_km, self.regions)

    def at_bases(self, grid: Grid) -> np.ndarray:
        """Share of the staff in each region; zero everywhere if no base reaches its regions."""
        if not self.reached(grid).size:
            return np.zeros(len(REGIONS))
        return np.bincount(grid.region[town_cells(self.bases)], minlength=len(REGIONS)) / len(self.bases)

    def under_command(self, country: Country, done: Strength) -> Strength:
        """Share of the responses within reach that are under one command this week, 0..1."""
        there = posted(country, ALL_FOUR).sum(axis=1) > 0.0
        named = [force in self.forces for force in ALL_FOUR]
        ready = min(1.0, self.staff / (self.staff_per_base * len(set(self.bases))))
        return done * self.share_of_responses * ready * float((there & named).mean())

    def apply(self, levers: Levers, country: Country) -> None:
        """Shorten responses and bring them together where it acts."""
        share, cells = self.under_command(country, self.carried_out(country)), self.reached(country.grid)
        if not cells.size or not some(share):
            return
        if not isinstance(share, float):
            share = share[country.grid.region[cells]]
        p = country.parameters
        levers.reach("joint_command", cells, share)
        levers.keep("response_delay", cells, of_some(share, log(p.command_delay)))
        levers.keep("attack_rate", cells, of_some(share, p.response_deterrence))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """This week's attacks that forces nearby could answer, as far as they did so under one command."""
        cells = self.reached(country.grid)
        answered = np.bincount(country.grid.region[cells], country.flow("answered")[cells], len(REGIONS))
        return self.under_command(country, done) * answered

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of the staff, where they are based."""
        return done * self.staff * self.cost_per_staff_week * self.at_bases(country.grid)

    def foreseen(self, country: Country, done: float) -> None:
        """Only a run can say how many attacks there are to answer."""


@cache
def _reached(grid: Grid, bases: tuple[str, ...], km: float, regions: tuple[str, ...]) -> np.ndarray:
    near = within(grid, tuple(town_cells(bases).tolist()), km)
    cells = np.flatnonzero(near & mask_of(regions)[grid.region])
    cells.setflags(write=False)
    return cells
