"""The plan for Bamako: critical sites are listed, units assigned to them, cameras put up.

After the attacks of 2015 and 2016 hotels, banks, ministries and embassies in Bamako were given police at the door, and
several hundred cameras were put up along the sensitive streets before the Africa-France summit of January 2017.

    share of sites hardened = sites with a unit and cameras / sites listed

Raids against a hardened site are fewer by `site_effect` (from studies of cameras against crime), and guards and cameras
prevent some of the deaths in a raid (`guard_success`; at the Radisson Blu four of five guards were shot within
seconds). Raids kept away are mostly not undone: they strike another site, in another town if need be. What is won in
Bamako and lost elsewhere stands in the record as displaced attacks.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, model_validator

from sim.engine.errors import nearest, plain
from sim.measures.base import REGIONS, Count, Delivered, Measure, Plan, Several, Xof, field, of_some, shown, wrong
from sim.world import facts

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock


def _town(value: Any) -> str:
    towns = {plain(row["name"]): row["name"] for row in facts.table("sites")}
    if not isinstance(value, str) or plain(value) not in towns:
        offer = nearest(value, towns.values()) if isinstance(value, str) else ""
        raise wrong(f"is {shown(value)}; high-value sites are in {', '.join(towns.values())}{offer}")
    return str(towns[plain(value)])


TownWithSites = Annotated[str, BeforeValidator(_town)]


@cache
def _with_sites() -> tuple[facts.Site, ...]:
    return tuple(facts.sites())


class BamakoPlan(Measure):
    """Sites that attract raids are listed, guarded by assigned units, and watched by cameras."""

    key: ClassVar[str] = "bamako_plan"
    title: ClassVar[str] = "Bamako plan: guarded sites and cameras"
    delivers: ClassVar[str] = "sites protected"
    sources: ClassVar[tuple[str, ...]] = (
        "RFI via pressafrik.com 2016 (several hundred cameras in Bamako)",
        "gbalogbahi.blogspot.com 2016-11-21 (police and cameras at hotels and banks)",
        "Piza et al. 2019 10.1111/1745-9133.12419",
        "Enders and Sandler 1993",
    )

    towns: Several[TownWithSites] = field(
        ("Bamako",), unit="towns", source="the plan is for Bamako",
        meaning="towns whose sites are listed; those outside `regions` are left out, with their part of the sites",
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
        meaning="cameras with which a site is watched; without them a guarded site does not count as hardened",
    )  # fmt: skip
    cost_per_unit_week: Xof = field(
        400_000, unit="XOF per site and week", source="assumed: pay of about ten guards in shifts",
        meaning="cost of the unit assigned to a site",
    )  # fmt: skip
    cost_per_camera: Xof = field(
        25_000_000, unit="XOF per camera",
        source="assumed: below the 58 million of Burkina Faso 2021 (52 billion for 900), which bought radio as well",
        meaning="purchase of a camera with its line, in the first week",
    )  # fmt: skip
    cost_per_camera_week: Xof = field(
        25_000, unit="XOF per camera and week", source="assumed: 5 % of the price a year",
        meaning="upkeep of a camera",
    )  # fmt: skip

    @model_validator(mode="after")
    def _lists_what_it_covers(self) -> BamakoPlan:
        if not self.towns:
            raise wrong("has towns without a name; to switch the measure off write enabled: false")
        if self.sites_covered > self.sites_listed:
            raise wrong(f"has {self.sites_covered} sites_covered, but only {self.sites_listed} sites_listed")
        return self

    @property
    def protected(self) -> int:
        """Sites with a unit and cameras, in all its towns."""
        watched = self.cameras // self.cameras_per_site if self.cameras_per_site else self.sites_listed
        return min(self.sites_covered, watched)

    def sites(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells of its towns in its regions, and the share of the listed sites in each region, float64 (9,).

        Sites are where townspeople are, as everywhere in the table of sites.
        """
        listed = [site for site in _with_sites() if site.name in self.towns]
        here = [site for site in listed if self.region_mask[site.region]]
        part = np.bincount([site.region for site in here], [site.weight for site in here], len(REGIONS))
        return np.array([site.cell for site in here], np.int64), part / sum(site.weight for site in listed)

    def hardened(self, country: Country) -> float:
        """Share of the sites in its towns that are hardened this week, 0..1."""
        return self.carried_out(country) * self.protected / self.sites_listed

    def first_week(self, country: Country) -> bool:
        """Whether nothing has been spent on it before: the cameras are still to be bought."""
        spent: np.ndarray = country.values[: country.week, :, country.names[f"cost_{self.key}"]]
        return not spent.any()

    def cost(self, strength: float, *, first: bool) -> float:
        """XOF in a week, in all its towns; cameras are bought for the measure at its full extent."""
        running = self.sites_covered * self.cost_per_unit_week + self.cameras * self.cost_per_camera_week
        bought = self.cameras * self.cost_per_camera * self.intensity if first and strength > 0.0 else 0.0
        return strength * running + bought

    def apply(self, levers: Levers, country: Country) -> None:
        """Keep some raids away from its towns, and some of their victims alive."""
        share, (cells, _), p = self.hardened(country), self.sites(), country.parameters
        if share == 0.0 or not cells.size:
            return
        levers.keep("site_raids", cells, of_some(share, p.site_effect))
        levers.reach("site_guard", cells, share * p.guard_success)

    def report(self, country: Country) -> Delivered:
        """Sites protected, and the cost of units and cameras, by region of the sites."""
        _, part = self.sites()
        cost = self.cost(self.strength_now(country), first=self.first_week(country))
        return Delivered(self.carried_out(country) * self.protected * part, cost * part)

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """Sites protected in full, and the cost of all weeks with the purchase of the cameras."""
        part = float(self.sites()[1].sum())
        strengths = [self.strength(clock.date(week)) for week in range(clock.weeks)]
        cost = sum(self.cost(strength, first=False) for strength in strengths)
        if any(strengths):
            cost += self.cameras * self.cost_per_camera * self.intensity
        return Plan(self.protected * self.intensity * part, cost * part)
