"""Neighbours share what they know: the Nouakchott process of the African Union.

In Nouakchott, on 17 March 2013, eleven countries (Algeria, Burkina Faso, Chad, Côte d'Ivoire, Guinea, Libya, Mali,
Mauritania, Niger, Nigeria, Senegal) agreed that their intelligence services would meet every two months and share what
they have. The last ministerial meetings of the first years were in 2014 and 2015. A report is useful where groups come
and go, along the borders:

    share of the picture in a place = reports a week that concern it / reports that make it complete,  at most 1

The reports of a neighbour concern the places near its border. Those of partners further away (Chad, Libya, Nigeria) are
about people who may cross any of the borders, and are spread over them. Where partners share, information arrives
sooner (`sharing_delay`) and more members are found (`information_delay`). No study of the process was found.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from sim.engine.exact import log
from sim.measures.base import ALL, REGIONS, Measure, Number, OneOrMore, Steady, Xof, field, mask_of, of_some, some
from sim.measures.posted import within

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid

Partner = Literal["Algeria", "Burkina Faso", "Chad", "Côte d'Ivoire", "Guinea", "Libya", "Mauritania", "Niger",
                  "Nigeria", "Senegal"]  # fmt: skip


class IntelligenceSharing(Measure):
    """Partners of Mali report what they learn about armed groups near the borders."""

    key: ClassVar[str] = "intelligence_sharing"
    title: ClassVar[str] = "Intelligence sharing (Nouakchott process)"
    delivers: ClassVar[str] = "reports shared"
    steady: ClassVar[Steady] = ALL
    sources: ClassVar[tuple[str, ...]] = (
        "African Union, report of 17 December 2014 on the Nouakchott process (peaceau.org)",
        "ecfr.eu (Nouakchott process)",
        "newsinafrica.co 2018 (the process withered after 2015)",
    )
    partners: ClassVar[bool] = True

    countries: OneOrMore[Partner] = field(
        get_args(Partner), unit="countries", source="the ten partners of Mali in the Nouakchott process",
        meaning="countries that share what they know",
    )  # fmt: skip
    reports_per_country_week: Number = field(
        2.0, unit="reports per country and week", source="assumed: no count was made public",
        meaning="reports that each country shares with Mali", ge=0, le=1000,
    )  # fmt: skip
    reports_needed: Number = field(
        2.0, unit="reports a week", source="assumed",
        meaning="reports about one border that give as complete a picture as sharing can", ge=0.01, le=1000,
    )  # fmt: skip
    depth_km: Number = field(
        100, unit="km", source="assumed: a few days' journey for those who cross",
        meaning="distance inside Mali from a border within which reports are useful", ge=0, le=2000,
    )  # fmt: skip
    cost_per_country_week: Xof = field(
        1_500_000, unit="XOF per country and week", source="assumed: a liaison officer, secure lines, meetings",
        meaning="cost of sharing with one country",
    )  # fmt: skip

    def concerned(self, grid: Grid) -> np.ndarray:
        """Which cells of its regions the reports of each country are about, float64: a row per country, and the cells.

        There are rows for the neighbours that have anything to report; a report about a border is about every place
        along it. The last row is for partners without a border with Mali, and holds the number of their reports per
        border.
        """
        return _concerned(grid, self.countries, self.depth_km, self.regions)

    def borders(self, grid: Grid) -> np.ndarray:
        """About how many borders each cell gets reports, float64; those of partners from afar count in part."""
        return _borders(grid, self.countries, self.depth_km, self.regions)

    def senders(self, grid: Grid) -> int:
        """Number of countries whose reports are useful in its regions."""
        near = len(self.concerned(grid)) - 1
        return near + _from_afar(grid, self.countries) if near else 0

    def by_region(self, grid: Grid) -> np.ndarray:
        """Share of the reports that each region gets, by the places in it that reports are about."""
        return _by_region(grid, self.countries, self.depth_km, self.regions)

    def apply(self, levers: Levers, country: Country) -> None:
        """Where reports are useful, bring information sooner and find more members."""
        p, done = country.parameters, self.carried_out(country)
        reports = self.reports_per_country_week * self.borders(country.grid)
        cells = np.flatnonzero(reports)
        if not cells.size or not some(done):
            return
        if not isinstance(done, float):
            done = done[country.grid.region[cells]]
        share = done * np.minimum(1.0, reports[cells] / self.reports_needed)
        levers.keep("information", cells, of_some(share, p.information_delay * log(p.sharing_delay)))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Reports shared, by the regions they are about."""
        grid = country.grid
        return done * self.senders(grid) * self.reports_per_country_week * self.by_region(grid)

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of sharing with these countries."""
        grid = country.grid
        return done * self.senders(grid) * self.cost_per_country_week * self.by_region(grid)


def _from_afar(grid: Grid, countries: tuple[str, ...]) -> int:
    """Number of these countries that have no border with Mali."""
    return len(set(countries) - set(grid.country_names))


@cache
def _concerned(grid: Grid, countries: tuple[str, ...], depth_km: float, regions: tuple[str, ...]) -> np.ndarray:
    its = mask_of(regions)[grid.region]
    near = np.array([
        within(grid, tuple(np.flatnonzero(grid.border[:, k]).tolist()), depth_km) & its
        for k, name in enumerate(grid.country_names) if name in countries
    ]).reshape(-1, len(grid))  # fmt: skip
    near = near[near.any(axis=1)]
    return np.vstack([near, near.any(axis=0) * _from_afar(grid, countries) / max(len(near), 1)])


@cache
def _borders(grid: Grid, countries: tuple[str, ...], depth_km: float, regions: tuple[str, ...]) -> np.ndarray:
    borders = _concerned(grid, countries, depth_km, regions).sum(axis=0)
    borders.setflags(write=False)
    return borders


@cache
def _by_region(grid: Grid, countries: tuple[str, ...], depth_km: float, regions: tuple[str, ...]) -> np.ndarray:
    about = np.bincount(grid.region, _borders(grid, countries, depth_km, regions), len(REGIONS))
    shares = about / about.sum() if about.any() else about
    shares.setflags(write=False)
    return shares
