"""Neighbours share what they know: the Nouakchott process of the African Union.

Eleven countries (Algeria, Burkina Faso, Chad, Côte d'Ivoire, Guinea, Libya, Mali, Mauritania, Niger, Nigeria, Senegal)
agreed in Nouakchott on 17 March 2013 that their intelligence services meet every two months and share what they have;
the last ministerial meetings of its first years were in 2014 and 2015. A report is of use where groups come and go,
along the borders:

    share of the picture in a place = reports a week that concern it / reports that make it complete,  at most 1

The reports of a neighbour concern the places near its border; those of partners further off (Chad, Libya, Nigeria) are
about people who may come over any of the borders, and are spread over them. Where partners share, information comes
sooner (`sharing_delay`) and more is found (`information_delay`). No study of the process was found.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np
from pydantic import model_validator

from sim.measures.base import REGIONS, Delivered, Measure, Number, Plan, Several, Xof, field, mask_of, of_some, wrong
from sim.measures.posted import within

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

Partner = Literal["Algeria", "Burkina Faso", "Chad", "Côte d'Ivoire", "Guinea", "Libya", "Mauritania", "Niger",
                  "Nigeria", "Senegal"]  # fmt: skip


class IntelligenceSharing(Measure):
    """Partners of Mali report what they learn about armed groups near the borders."""

    key: ClassVar[str] = "intelligence_sharing"
    title: ClassVar[str] = "Intelligence sharing of the Nouakchott process"
    delivers: ClassVar[str] = "reports shared"
    sources: ClassVar[tuple[str, ...]] = (
        "African Union, report of 17 December 2014 on the Nouakchott process (peaceau.org)",
        "ecfr.eu (Nouakchott process)",
        "newsinafrica.co 2018 (the process withered after 2015)",
    )
    partners: ClassVar[bool] = True

    countries: Several[Partner] = field(
        get_args(Partner), unit="countries", source="the ten partners of Mali in the Nouakchott process",
        meaning="countries that share what they know",
    )  # fmt: skip
    reports_per_country_week: Number = field(
        2.0, unit="reports per country and week", source="assumed: no count was made public",
        meaning="reports each of them shares with Mali", ge=0, le=1000,
    )  # fmt: skip
    reports_needed: Number = field(
        2.0, unit="reports a week", source="assumed",
        meaning="reports a week about one border that make the picture as complete as sharing can", ge=0.01, le=1000,
    )  # fmt: skip
    depth_km: Number = field(
        100, unit="km", source="assumed: some days' journey of those who cross",
        meaning="how far inside Mali from a border reports are of use", ge=0, le=2000,
    )  # fmt: skip
    cost_per_country_week: Xof = field(
        1_500_000, unit="XOF per country and week", source="assumed: a liaison officer, secure lines, meetings",
        meaning="cost of sharing with one country",
    )  # fmt: skip

    @model_validator(mode="after")
    def _has_countries(self) -> IntelligenceSharing:
        if not self.countries:
            raise wrong("has countries without a name; to switch the measure off write enabled: false")
        return self

    def concerned(self, grid: Grid) -> np.ndarray:
        """Whose reports are about which cells of its regions, float64: a row per country that sends any, and the cells.

        A report about a border is about every place along it. The last row is what partners without a border with Mali
        send: as many of their reports as fall to one border.
        """
        return _concerned(grid, self.countries, self.depth_km, self.regions)

    def from_afar(self, grid: Grid) -> int:
        """Countries taking part that have no border with Mali."""
        return len(set(self.countries) - set(grid.country_names))

    def senders(self, grid: Grid) -> int:
        """Countries whose reports are of use in its regions."""
        near = len(self.concerned(grid)) - 1
        return near + self.from_afar(grid) if near else 0

    def by_region(self, grid: Grid) -> np.ndarray:
        """Share of the reports about each region, float64 (9,): by the places in it that they are about."""
        about = np.bincount(grid.region, self.concerned(grid).sum(axis=0), len(REGIONS))
        return about / about.sum() if about.any() else about

    def apply(self, levers: Levers, country: Country) -> None:
        """Let information be sooner, and more be found, where reports are about."""
        p, done = country.parameters, self.carried_out(country)
        reports = self.reports_per_country_week * self.concerned(country.grid).sum(axis=0)
        cells = np.flatnonzero(reports)
        if done == 0.0 or not cells.size:
            return
        share = done * np.minimum(1.0, reports[cells] / self.reports_needed)
        levers.keep("information", cells, of_some(share, p.information_delay * np.log(p.sharing_delay)))

    def report(self, country: Country) -> Delivered:
        """Reports shared this week, by the regions they are about, and what sharing cost."""
        grid = country.grid
        part, senders = self.by_region(grid), self.senders(grid)
        return Delivered(
            self.carried_out(country) * senders * self.reports_per_country_week * part,
            self.strength_now(country) * senders * self.cost_per_country_week * part,
        )

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """Reports a week, and the cost of all weeks."""
        senders = self.senders(grid)
        return Plan(
            float(senders * self.reports_per_country_week * self.intensity),
            float(self.full_weeks(clock) * senders * self.cost_per_country_week),
        )


@cache
def _concerned(grid: Grid, countries: tuple[str, ...], depth_km: float, regions: tuple[str, ...]) -> np.ndarray:
    its = mask_of(regions)[grid.region]
    near = np.array([
        within(grid, tuple(np.flatnonzero(grid.border[:, k]).tolist()), depth_km) & its
        for k, name in enumerate(grid.country_names) if name in countries
    ]).reshape(-1, len(grid))  # fmt: skip
    near = near[near.any(axis=1)]
    from_afar = len(set(countries) - set(grid.country_names))
    return np.vstack([near, near.any(axis=0) * from_afar / max(len(near), 1)])
