"""The plan for Bamako: critical sites are listed, guarded by assigned units, and watched by cameras.

After the attacks of 2015 and 2016, hotels, banks, ministries and embassies in Bamako were given police at the door.
Several hundred cameras were put up along sensitive streets before the Africa-France summit of January 2017.

    share of sites hardened = sites with a unit and cameras / sites listed

Raids on hardened sites are fewer by `site_effect` (from studies of cameras against crime), and guards and cameras
prevent some of the deaths in a raid (`guard_success`; at the Radisson Blu four of five guards were shot within
seconds). Most of the raids kept away from a site strike another one instead, in another town if need be. The record
counts those that Bamako avoids and others suffer as displaced attacks.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, model_validator

from sim.measures.base import REGIONS, Count, Measure, OneOrMore, Steady, Xof, field, mask_of, of_some, some, wrong
from sim.measures.posted import named_town
from sim.world import facts

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers


def _town(value: Any) -> str:
    return named_town(value, [row["name"] for row in facts.table("sites")], "high-value sites are in")


TownWithSites = Annotated[str, BeforeValidator(_town)]


@cache
def _with_sites() -> tuple[facts.Site, ...]:
    return tuple(facts.sites())


class BamakoPlan(Measure):
    """Sites that attract raids are listed, guarded by assigned units, and watched by cameras."""

    key: ClassVar[str] = "bamako_plan"
    title: ClassVar[str] = "Bamako plan: guarded sites and cameras"
    delivers: ClassVar[str] = "sites protected"
    steady: ClassVar[Steady] = {"apply": (), "delivery": ()}
    by_calendar: ClassVar[bool] = True
    looks_ahead: ClassVar[bool] = True  # cameras are bought for the strongest phase
    sources: ClassVar[tuple[str, ...]] = (
        "RFI via pressafrik.com 2016 (several hundred cameras in Bamako)",
        "gbalogbahi.blogspot.com 2016-11-21 (police and cameras at hotels and banks)",
        "Piza et al. 2019 10.1111/1745-9133.12419",
        "Enders and Sandler 1993",
    )

    towns: OneOrMore[TownWithSites] = field(
        ("Bamako",), unit="towns", source="the plan is for Bamako",
        meaning="towns whose sites are listed; a town outside `regions` is left out, with its share of the sites",
    )  # fmt: skip
    sites_listed: Count = field(
        120, unit="sites", source="assumed: no list was made public", meaning="critical sites in these towns", ge=1
    )
    sites_covered: Count = field(
        60, unit="sites", source="assumed: half of them", meaning="listed sites to which a unit is assigned"
    )
    cameras: Count = field(
        300, unit="cameras", source="RFI 2016: several hundred in Bamako", meaning="cameras put up at listed sites"
    )
    cameras_per_site: Count = field(
        3, unit="cameras per site", source="Burkina Faso 2021: 900 cameras at 300 sites",
        meaning="cameras needed to watch a site; a guarded site without them does not count as hardened",
    )  # fmt: skip
    cost_per_unit_week: Xof = field(
        400_000, unit="XOF per site and week", source="assumed: pay of about ten guards working in shifts",
        meaning="cost of the unit assigned to a site",
    )  # fmt: skip
    cost_per_camera: Xof = field(
        25_000_000, unit="XOF per camera",
        source="assumed: less than the 58 million of Burkina Faso 2021 (52 billion for 900), which included radios",
        meaning="purchase of a camera and its line, once, in the first week of all",
    )  # fmt: skip
    cost_per_camera_week: Xof = field(
        25_000, unit="XOF per camera and week", source="assumed: 5 % of the price a year",
        meaning="upkeep of a camera",
    )  # fmt: skip

    @model_validator(mode="after")
    def _lists_what_it_covers(self) -> BamakoPlan:
        if self.sites_covered > self.sites_listed:
            raise wrong(f"has {self.sites_covered} sites_covered, but only {self.sites_listed} sites_listed")
        return self

    @property
    def protected(self) -> int:
        """Sites with a unit and cameras in all its towns."""
        watched = self.cameras // self.cameras_per_site if self.cameras_per_site else self.sites_listed
        return min(self.sites_covered, watched)

    def sites(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells of its towns in its regions, and the share of the listed sites in each region, float64.

        Sites are spread over towns like townspeople, as everywhere in the table of sites.
        """
        return _sites(tuple(self.towns), self.regions)

    def apply(self, levers: Levers, country: Country) -> None:
        """Keep some raids away from its towns, and save some of the lives lost in the others."""
        share, (cells, _) = self.carried_out(country) * self.protected / self.sites_listed, self.sites()
        if not cells.size or not some(share):
            return
        if not isinstance(share, float):
            share = share[country.grid.region[cells]]
        levers.keep("site_raids", cells, of_some(share, country.parameters.site_effect))
        levers.reach("site_guard", cells, share * country.parameters.guard_success)

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Sites protected, by region of the sites."""
        return done * self.protected * self.sites()[1]

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The units and the upkeep of the cameras; in the first week also all cameras of all phases, once."""
        cost = done * (self.sites_covered * self.cost_per_unit_week + self.cameras * self.cost_per_camera_week)
        if not some(done) or self.spent_since(country, 0):
            return cost * self.sites()[1]
        bought = self.cameras * self.cost_per_camera * self.strongest
        if isinstance(bought, float):
            return (cost + bought) * self.sites()[1]
        return cost * self.sites()[1] + bought * self.model_copy(update={"regions": REGIONS}).sites()[1]


@cache
def _sites(towns: tuple[str, ...], regions: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    listed = [site for site in _with_sites() if site.name in towns]
    here = [site for site in listed if mask_of(regions)[site.region]]
    part = np.bincount([site.region for site in here], [site.weight for site in here], len(REGIONS))
    cells, shares = np.array([site.cell for site in here], np.int64), part / math.fsum(site.weight for site in listed)
    cells.setflags(write=False)
    shares.setflags(write=False)
    return cells, shares
