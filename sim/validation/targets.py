"""The targets of validation: patterns that were observed or that an evaluation found, each with its band and source.

The bands follow the table of signs and magnitudes in the project's review of evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.calibration.targets import targets as calibration_targets
from sim.parameters import Parameters
from sim.world.facts import schooling
from sim.world.grid import world_grid

if TYPE_CHECKING:
    from sim.record import Record

CENTRE = ("Mopti", "Ségou")
NORTH = ("Tombouctou", "Gao", "Kidal")
YEARS_FITTED = range(2013, 2018)
LAST_YEARS = range(2016, 2019)
"""Shares for which the source names no year are computed over these years."""

AFTER_CLIPS, GONE_AFTER = date(2016, 12, 26), date(2017, 2, 27)
END_OF_SEASON = date(2016, 3, 21)
"""The twelfth and last week of the season of a drama that begins on 2016-01-04."""
JOBS_FROM, JOBS_TO = date(2017, 1, 2), date(2018, 3, 5)
CASH_FELT = date(2017, 9, 4)

Records = Mapping[str, "Record"]
"""The records of one draw and seed, by the name of the scenario."""


@dataclass(frozen=True)
class Target:
    """One line of the table.

    Attributes
    ----------
    key : str
        T1 to T20 of the review of evidence, H for the history of 2012 to 2017, E for rules of the ensemble.
    pattern, unit, source : str
        What is compared, in words; its unit; the source of the band.
    low, high : float
        The band, both ends included.
    value : callable, optional
        Returns one number for the records of one draw and seed. Without it, the target is not in the model.
    how : {"median", "share"}
        Which statistic must lie in the band: the median of the numbers, or their mean (of zeros and ones).
    note : str
        What a reader must know to judge the target.
    """

    key: str
    pattern: str
    unit: str
    low: float
    high: float
    source: str
    value: Callable[[Records], float] | None = None
    how: Literal["median", "share"] = "median"
    note: str = ""


# --- reading records ----------------------------------------------------------------------------------------


def total(record: Record, name: str, years: Sequence[int] | range | None = None, regions: Any = slice(None)) -> float:
    """The sum of a flow over years (by default all) and regions."""
    values = record[name][:, regions]
    if years is not None:
        values = values[np.isin([day.year for day in record.dates], list(years))]
    return float(values.sum())


def between(record: Record, name: str, start: date, end: date) -> float:
    """The sum of a flow over the weeks that begin in [start, end)."""
    inside = [start <= day < end for day in record.dates]
    return float(record[name][inside].sum())


def at(record: Record, name: str, day: date) -> float:
    """A state for Mali in the week that contains a day, weighted by people or youths."""
    week = (day - record.dates[0]).days // 7
    observable = record.observables[record.names.index(name)]
    weights = record.weights[observable.how]
    return float(record[name][week] @ weights / weights.sum())


def places(record: Record, names: Sequence[str]) -> list[int]:
    """The columns of the named regions."""
    return [record.regions.index(name) for name in names]


def ratio(over: float, under: float) -> float:
    """`over` divided by `under`; NaN if `under` is 0."""
    return over / under if under else float("nan")


def change(records: Records, scenario: str, count: Callable[[Record], float]) -> float:
    """The change from the baseline under the same draw and seed, as a share of the baseline."""
    return ratio(count(records[scenario]) - count(records["baseline"]), count(records["baseline"]))


def casualties(record: Record, years: Sequence[int] | range | None = None) -> float:
    """Deaths on all sides."""
    return sum(total(record, name, years) for name in ("deaths_civilian", "deaths_security", "killed"))


def joined(name: str) -> Callable[[Records], float]:
    """The share of all joiners in the history scenario that `name` counts."""
    return lambda records: ratio(total(records["history"], name), total(records["history"], "joined"))


def harm(name: str) -> Callable[[Records], float]:
    """The share of civilians killed in the last years of the history scenario whom one side killed."""

    def share(records: Records) -> float:
        record = records["history"]
        everyone = total(record, "deaths_civilian", LAST_YEARS)
        by_forces, communal = (total(record, n, LAST_YEARS) for n in ("deaths_by_forces", "deaths_communal"))
        of = {"state": by_forces, "militia": communal, "jihadist": everyone - by_forces - communal}
        return ratio(of[name], everyone)

    return share


# --- facts to compare with ----------------------------------------------------------------------------------


@cache
def recorded() -> NDArray[np.float64]:
    """Attacks by jihadists and unknown perpetrators (GTD), as the fit has them: years (2012 to 2017) x regions."""
    names = list(world_grid().region_names)
    counts = np.zeros((6, len(names)))
    for row in calibration_targets():
        if row.key.startswith("attacks_") and row.regions:
            counts[row.first - 2012, names.index(row.regions[0])] = row.value
    return counts


def yearly(record: Record) -> NDArray[np.float64]:
    """Attacks of a run: years (2012 to 2017) x regions."""
    years = np.array([day.year for day in record.dates])
    return np.stack([record["attacks"][years == year].sum(axis=0) for year in range(2012, 2018)])


@cache
def men_15_to_29() -> float:
    """The number of men of 15 to 29 in 2012, from the same distribution of ages as the model's youths."""
    p = Parameters.default()
    of_youths = np.expm1(-p.population_growth * 15.0) / np.expm1(-p.population_growth * 21.0)
    return float(world_grid().population.sum() * p.share_15_35 * (1.0 - p.women_share) * of_youths)


def _membership(records: Records) -> float:
    record = records["history"]
    members = (record["members"] + record["members_abroad"]).sum(axis=1)
    return 100.0 * float(members[[day.year in LAST_YEARS for day in record.dates]].mean()) / men_15_to_29()


def _local_membership(records: Records) -> float:
    record, grid = records["history"], world_grid()
    men = grid.population / grid.population.sum() * men_15_to_29()
    many = men > 500.0  # in a cell with few families, one armed band would be everybody
    return 100.0 * float((record.cells["members"][many] / men[many]).max())


def _trust_gap(records: Records) -> float:
    record = records["history"]
    trust = record["trust"][[day.year in LAST_YEARS for day in record.dates]].mean(axis=0)
    people = record.weights["people"]

    def mean(names: Sequence[str]) -> float:
        where = places(record, names)
        return float(trust[where] @ people[where] / people[where].sum())

    return mean(("Bamako", "Kayes")) - mean(("Gao", "Kidal", "Mopti"))


def _unemployment(records: Records) -> float:
    """The correlation over districts between the share without a livelihood and attacks per person."""
    grid, record = world_grid(), records["history"]
    none = schooling().livelihood[:, :, 0]
    by_cell = none[grid.region, 0] * (1.0 - grid.urban_share) + none[grid.region, 1] * grid.urban_share
    names, district = np.unique(grid.cercle, return_inverse=True)
    people = np.bincount(district, grid.population, names.size)
    jobless = np.bincount(district, by_cell * grid.population, names.size) / people
    attacks = np.bincount(district, record.cells["attacks"], names.size) / people
    return float(np.corrcoef(jobless, attacks)[0, 1])


def _clips_last(records: Records) -> float:
    ours, theirs = records["clips"], records["baseline"]
    peak = at(ours, "attitude_mean", AFTER_CLIPS) - at(theirs, "attitude_mean", AFTER_CLIPS)
    later = at(ours, "attitude_mean", GONE_AFTER) - at(theirs, "attitude_mean", GONE_AFTER)
    return ratio(abs(later), abs(peak))


def _by_follower(records: Records, name: str) -> float:
    """The change of a state of youths at the end of a season of the drama, for each youth who follows it."""
    ours, theirs = records["drama"], records["baseline"]
    week = (END_OF_SEASON - ours.dates[0]).days // 7
    following = ratio(float(ours["delivered_radio_drama"][week].sum()), float(ours.weights["youths"].sum()))
    return ratio(at(ours, name, END_OF_SEASON) - at(theirs, name, END_OF_SEASON), following)


def _drama(records: Records) -> float:
    return _by_follower(records, "attitude_mean")


def _drama_trust(records: Records) -> float:
    return _by_follower(records, "trust") / float(records["drama"].about["parameters"]["trust_sd"])


def _sieges(scenario: str) -> Callable[[Records], float]:
    return lambda records: ratio(total(records[scenario], "deaths_sites"), total(records[scenario], "trapped"))


def _forwarded(records: Records) -> float:
    record, first = records["pole"], range(2017, 2018)
    taken = float(record["delivered_judicial_pole"][_first(record, 2017)].sum())
    open_before = taken / float(record.about["parameters"]["fidelity_judicial_pole"])  # the pole has room for all cases
    opened = open_before + total(record, "arrests", first) + total(record, "wrongful_arrests", first)
    return ratio(total(record, "convicted", first), opened)


def _first(record: Record, year: int) -> int:
    return next(week for week, day in enumerate(record.dates) if day.year == year)


def _implemented(records: Records) -> float:
    record = records["history"]
    last = max(week for week, day in enumerate(record.dates) if day.year == 2018)
    return float(record["delivered_peace_agreement"][last].sum()) / 78.0


def _implementation_gain(records: Records) -> float:
    record = records["history"]
    done = record["delivered_peace_agreement"].sum(axis=1)
    first, last = _first(record, 2018), _first(record, 2019)
    return float(done[last] - done[first]) / 78.0


def _halved(records: Records) -> float:
    """1 if all measures together bring casualties below half of the baseline's."""
    return float(casualties(records["everything"]) < 0.5 * casualties(records["baseline"]))


def _raids_recruit(records: Records) -> float:
    """1 if raids without control of abuses raise the number of joiners."""
    return float(total(records["raids"], "joined") > total(records["baseline"], "joined"))


def _range_of_members(which: Literal["lowest", "highest"]) -> Callable[[Records], float]:
    def extreme(records: Records) -> float:
        record = records["history"]
        members = (record["members"] + record["members_abroad"]).sum(axis=1)
        inside = members[[2014 <= day.year <= 2018 for day in record.dates]]
        return float(inside.min() if which == "lowest" else inside.max())

    return extreme


def forecast_error(forecast: Literal["model", "last year", "regional mean"]) -> Callable[[Records], float]:
    """The mean absolute error over regions and the years 2013 to 2017, of the model or of a naive forecast."""

    def error(records: Records) -> float:
        seen = recorded()
        guess = {
            "model": lambda: yearly(records["history"])[1:],
            "last year": lambda: seen[:-1],
            "regional mean": lambda: np.tile(seen.mean(axis=0), (5, 1)),
        }[forecast]()
        return float(np.abs(guess - seen[1:]).mean())

    return error


def _attacks_in(year: int) -> Callable[[Records], float]:
    return lambda records: ratio(yearly(records["history"])[year - 2012].sum(), recorded()[year - 2012].sum())


def _centre_in(year: int) -> Callable[[Records], float]:
    def share(records: Records) -> float:
        attacks = yearly(records["history"])[year - 2012]
        return ratio(float(attacks[places(records["history"], CENTRE)].sum()), float(attacks.sum()))

    return share


def _seen_in_centre(year: int) -> float:
    seen = recorded()[year - 2012]
    return float(seen[[list(world_grid().region_names).index(name) for name in CENTRE]].sum() / seen.sum())


# --- the targets --------------------------------------------------------------------------------------------

_ATTITUDE = "attitude_mean"
CENTRE_SHARES = ((2013, 0.0, 0.10), (2014, 0.0, 0.10), (2017, 0.25, 1.0))

TARGETS = (
    Target("T1", "joiners after an abuse of themselves or kin in the last 12 months", "share", 0.25, 0.71,
           "UNDP 2017, 2023", joined("joined_abused"), note="fitted"),
    Target("T1", "joiners with any trigger in the last 12 months", "share", 0.35, 0.75, "UNDP 2023",
           note="the model has only one trigger: abuse"),
    Target("T2", "main reason: livelihood", "share", 0.10, 0.30, "UNDP 2023", joined("joined_income"),
           note="fitted"),
    Target("T2", "main reason: religion", "share", 0.10, 0.40, "UNDP 2017, 2023", joined("joined_ideology"),
           note="fitted; in the model: support for the narrative"),
    Target("T2", "main reason: kin and friends", "share", 0.15, 0.35, "UNDP 2023 (recalled)",
           joined("joined_company"), note="fitted"),
    Target("T3", "joined within a month of the first contact", "share", 0.35, 0.60, "UNDP 2017 (recalled)",
           joined("joined_month"), note="fitted"),
    Target("T3", "joined within a year of the first contact", "share", 0.70, 0.90, "UNDP 2017 (recalled)",
           joined("joined_year"), note="fitted"),
    Target("T4", "joiners reached through a friend or relative", "share", 0.55, 0.90,
           "Sageman 2004; UNDP 2017 (recalled)", joined("joined_ties"), note="fitted"),
    Target("T5", "active members as a share of men of 15 to 29", "%", 0.02, 0.25, "analyst counts", _membership,
           note="fitted"),
    Target("T5", "the highest such share in any cell", "%", 0.0, 5.0, "analyst counts (recalled)", _local_membership),
    Target("T6", "casualties of 2019 relative to 2016", "ratio", 2.5, 6.0, "ICCT/UNICRI 2021; observed 4",
           lambda r: ratio(casualties(r["history"], [2019]), casualties(r["history"], [2016]))),
    Target("T6", "deaths on all sides in 2017", "persons", 700, 1300, "ACCORD/ACLED 2017: 949",
           lambda r: casualties(r["history"], [2017]), note="fitted"),
    Target("T7", "civilians killed: by the state's forces", "share", 0.08, 0.32, "MINUSMA 2020-22", harm("state"),
           note="fitted"),
    Target("T7", "civilians killed: by jihadist groups", "share", 0.40, 0.70, "MINUSMA 2020-22", harm("jihadist"),
           note="fitted"),
    Target("T7", "civilians killed: by militias", "share", 0.20, 0.35, "MINUSMA 2020-22", harm("militia"),
           note="fitted; in the model: killed in clashes between communities"),
    Target("T8", "trust: how far Bamako and Kayes are above Gao, Kidal and Mopti", "0..1", 0.12, 0.25,
           "Afrobarometer 2020", _trust_gap, note="this figure sets the start, but not the change from 2012 to 2018"),
    Target("T8", "trust in religious leaders", "share", 0.75, 0.90, "Afrobarometer 2020",
           lambda r: float(r["history"].about["parameters"]["imam_credibility"]), note="set by this figure"),
    Target("T9", "clips for 12 months: mean support", "SD", -0.12, 0.02, "Belanger et al. 2020",
           lambda r: at(r["clips"], _ATTITUDE, AFTER_CLIPS) - at(r["baseline"], _ATTITUDE, AFTER_CLIPS)),
    Target("T9", "clips for 12 months: share of that effect nine weeks after the end", "share", 0.0, 0.25,
           "Hill et al. 2013; Gerber et al. 2011", _clips_last),
    Target("T9", "clips for 12 months: joining", "share", -0.10, 0.10, "Belanger et al. 2020",
           lambda r: change(r, "clips", lambda x: between(x, "joined", date(2016, 1, 4), GONE_AFTER))),
    Target("T11", "weekly radio drama in groups, 12 weeks: justification of violence", "SD", -0.20, -0.05,
           "Bilali 2022", _drama, note="by youth who follows it; in the model: support for the narrative"),
    Target("T11", "weekly radio drama in groups, 12 weeks: trust in the forces", "SD", -0.04, 0.04, "Bilali 2022",
           _drama_trust, note="by youth who follows it"),
    Target("T13", "community policing without reform, 12 months: trust", "SD", -0.05, 0.07, "Blair et al. 2021",
           lambda r: (at(r["policing"], "trust", date(2018, 1, 1)) - at(r["baseline"], "trust", date(2018, 1, 1)))
           / r["baseline"].about["parameters"]["trust_sd"]),
    Target("T13", "community policing without reform, 12 months: attacks", "share", -0.10, 0.10, "Blair et al. 2021",
           lambda r: change(r, "policing", lambda x: total(x, "attacks", [2017]))),
    Target("T14", "correlation over districts between lack of livelihood and attacks", "correlation", -0.4, 0.1,
           "Berman et al. 2011", _unemployment),
    Target("T15", "jobs with capital, 14 months: joining", "share", -0.30, -0.05, "Blattman and Annan 2016",
           lambda r: change(r, "jobs", lambda x: between(x, "joined", JOBS_FROM, JOBS_TO)),
           note="every youth has a place; effect carried over from Liberia"),
    Target("T15", "training only, 14 months: joining", "share", -0.05, 0.05, "Blattman and Annan 2016",
           lambda r: change(r, "training_only", lambda x: between(x, "joined", JOBS_FROM, JOBS_TO))),
    Target("T15", "cash only: support after eight months", "SD", 0.0, 0.2, "Lyall, Zhou and Imai 2020",
           lambda r: at(r["cash"], _ATTITUDE, CASH_FELT) - at(r["baseline"], _ATTITUDE, CASH_FELT),
           note="above zero means more support for the narrative"),
    Target("T17", "hardening Bamako: raids on its sites", "share", -0.40, -0.05, "Piza et al. 2019",
           lambda r: change(r, "sites", lambda x: total(x, "attacks_sites", None, places(x, ["Bamako"])))),
    Target("T17", "hardening Bamako: raids elsewhere", "share", 0.0, 1.0, "Enders and Sandler 1993",
           lambda r: change(r, "sites", lambda x: total(x, "attacks_sites") - total(
               x, "attacks_sites", None, places(x, ["Bamako"])))),
    Target("T17", "hardening Bamako: raids in all", "share", -0.15, 0.05, "Enders and Sandler 1993",
           lambda r: change(r, "sites", lambda x: total(x, "attacks_sites"))),
    Target("T18", "no measures: deaths among those trapped", "share", 0.07, 0.18, "Radisson Blu 2015: 0.12",
           _sieges("baseline"), note="set by this figure"),
    Target("T18", "faster dispatch: deaths among those trapped", "share", 0.07, 0.18, "Radisson Blu, Kangaba",
           _sieges("dispatch")),
    Target("T18", "faster dispatch: attacks", "share", -0.05, 0.05, "Blanes i Vidal and Kirchmaier 2018",
           lambda r: change(r, "dispatch", lambda x: total(x, "attacks"))),
    Target("T18", "faster dispatch: joining", "share", -0.03, 0.03, "no link was found",
           lambda r: change(r, "dispatch", lambda x: total(x, "joined"))),
    Target("T20", "judicial pole, first year: cases sent on as a share of open cases", "share", 0.10, 0.28,
           "press 2017: 13 of 67", _forwarded),
    Target("T20", "peace agreement: commitments carried out by the end of 2018", "share", 0.20, 0.32,
           "Carter Center: 20 of 78", _implemented, note="set by this figure"),
    Target("T20", "peace agreement: gain in a year", "share", 0.0, 0.05, "Carter Center: 2 of 78", _implementation_gain,
           note="set by this figure"),
    *(Target("H", f"attacks in {year}, relative to recorded attacks", "ratio", 0.5, 2.0,
             f"GTD: {recorded()[year - 2012].sum():.0f}", _attacks_in(year), note="fitted") for year in YEARS_FITTED),
    *(Target("H", f"share of attacks in Mopti and Ségou, {year}", "share", low, high,
             f"GTD: {_seen_in_centre(year):.2f}", _centre_in(year), note="fitted")
      for year, low, high in CENTRE_SHARES),
    Target("H", "fewest active members, 2014 to 2018", "persons", 800, 3500, "groups.csv", _range_of_members("lowest"),
           note="fitted"),
    Target("H", "most active members, 2014 to 2018", "persons", 800, 3500, "groups.csv", _range_of_members("highest"),
           note="fitted"),
    Target("E", "draws in which raids without control of abuses raise joining", "share of draws", 0.2, 0.8,
           "Condra and Shapiro 2012; Lyall 2009; Lyall, Blair and Imai 2013 disagree", _raids_recruit, "share"),
    Target("E", "draws in which all measures together halve casualties", "share of draws", 0.0, 0.05,
           "rule of the ensemble", _halved, "share"),
)  # fmt: skip

FORECASTS = ("model", "last year", "regional mean")
"""Forecasts of attacks by region and year. They are compared because a model must beat naive forecasts."""
