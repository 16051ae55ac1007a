"""What every measure is: settings written in YAML, levers moved each week, what it delivered and cost.

A measure file defines one subclass. Its settings are fields with a unit, a source and a default, so that the
documentation, `kumakan measures` and the messages about wrong settings are all made from the same lines:

    class SermonDrafting(Measure):
        key: ClassVar[str] = "sermon_drafting"
        title: ClassVar[str] = "Friday sermons drafted by the ministry"
        delivers: ClassVar[str] = "imams following the drafted sermon"

        share_following: Share = field(0.4, unit="share of imams", source="...", meaning="who follow it")
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, TypeVar

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticUndefined

from sim.engine.checks import MOST as MOST  # where measures take it from
from sim.engine.checks import kind_of, number, shown, wrong, yes
from sim.engine.errors import nearest, plain
from sim.parameters import Parameter
from sim.record import FLOWS, SEEN
from sim.world.facts import table

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

REGIONS: tuple[str, ...] = tuple(row["name"] for row in table("regions"))
"""The nine regions, in the order of every array by region."""

NATION = "Mali"

COUNTED = frozenset(name for name, _, _ in FLOWS)
"""Observables of what happens in a week, which add up over time; the others are states at its end."""

LATER_REGIONS = {"Ménaka": "Gao", "Taoudénit": "Tombouctou"}
"""Regions made in 2016 out of older ones. The data keep the nine of 2012, so these mean where they lay."""

OTHER_SPELLINGS = {"Timbuktu": "Tombouctou", "Taoudenni": "Tombouctou"}

_REGION_OF = {plain(name): name for name in REGIONS} | {
    plain(name): region for name, region in (LATER_REGIONS | OTHER_SPELLINGS).items()
}


# --- values a setting can take, and what is said of others ----------------------------------------------


def _day(value: Any) -> Any:
    allowed = "a date as YYYY-MM-DD"
    if value is None:
        return None
    if isinstance(value, datetime):
        raise wrong(f"is a date with a time of day ({value}); it is {allowed}")
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            raise wrong(f"is {shown(value)}; it is {allowed}, such as 2014-02-16") from None
    raise wrong(f"is {kind_of(value)}; it is {allowed}, such as 2014-02-16")


def _regions(value: Any) -> tuple[str, ...]:
    allowed = f"'all' or a list of: {', '.join(REGIONS)}"
    if isinstance(value, str):
        if plain(value) == "all":
            return REGIONS
        value = [value]
    if value is None or (isinstance(value, list | tuple) and not value):
        raise wrong(f"names no region; it is {allowed} (to switch a measure off write enabled: false)")
    if not isinstance(value, list | tuple):
        raise wrong(f"is {kind_of(value)}; it is {allowed}")
    chosen = set()
    for name in value:
        region = _REGION_OF.get(plain(name)) if isinstance(name, str) else None
        if region is None:
            offer = nearest(name, [*REGIONS, *LATER_REGIONS]) if isinstance(name, str) else ""
            raise wrong(f"names {shown(name)}, which is no region; it is {allowed}{offer}")
        chosen.add(region)
    return tuple(region for region in REGIONS if region in chosen)


def _between(allowed: str, low: float, high: float, whole: bool = False) -> BeforeValidator:
    return BeforeValidator(lambda value: number(value, allowed, low, high, whole=whole))


T = TypeVar("T")

Share = Annotated[float, _between("a share between 0 and 1", 0, 1)]
Count = Annotated[int, _between("a whole number, 0 or more", 0, math.inf, whole=True)]
Persons = Annotated[int, _between("a whole number of persons, 0 or more", 0, math.inf, whole=True)]
Weeks = Annotated[int, _between("a whole number of weeks, 0 or more", 0, math.inf, whole=True)]
Xof = Annotated[float, _between("an amount in XOF (CFA francs), 0 or more", 0, math.inf)]
Number = Annotated[float, _between("a number", -math.inf, math.inf)]
Day = Annotated[date, BeforeValidator(_day)]
Yes = Annotated[bool, BeforeValidator(yes)]
Regions = Annotated[
    tuple[str, ...],
    BeforeValidator(_regions),
    PlainSerializer(lambda regions: "all" if regions == REGIONS else list(regions)),
]
Several = Annotated[tuple[T, ...], Strict(False)]
"""Several values of one type, such as ``Several[Literal["radio", "tv"]]``: YAML lists become tuples."""


def field(
    default: Any,
    *,
    unit: str,
    source: str,
    meaning: str,
    ge: float | None = None,
    le: float | None = None,
) -> Any:
    """A setting of a measure.

    Parameters
    ----------
    default : object
        Its value where the scenario is silent.
    unit : str
        Unit, in words: "share of imams", "weeks", "XOF per person".
    source : str
        Where the default comes from: a citation, or "assumed" with the reason.
    meaning : str
        What it means, in one sentence without a full stop.
    ge, le : float, optional
        Least and greatest value allowed, where the type does not say it.
    """
    extra: dict[str, Any] = {"unit": unit, "source": source}
    return Field(default, description=meaning, ge=ge, le=le, validate_default=True, json_schema_extra=extra)


def choice(default: Any, unit: str, meaning: str) -> Any:
    """A setting that is the user's choice, not a fact about the world."""
    return field(default, unit=unit, source="choice", meaning=meaning)


def of_some(share: Any, log_effect: Any) -> Any:
    """The factor for a place of which a `share` is under a log effect: 1 - share + share e^effect."""
    return 1.0 + share * np.expm1(log_effect)


@cache
def people_of(grid: Grid) -> np.ndarray:
    """People of each region, float64 (9,), not to be written."""
    people = np.bincount(grid.region, grid.population, len(REGIONS))
    people.setflags(write=False)
    return people


@cache
def mask_of(regions: tuple[str, ...]) -> np.ndarray:
    """Which of `REGIONS` these are, bool (9,), not to be written."""
    mask = np.array([region in regions for region in REGIONS])
    mask.setflags(write=False)
    return mask


# --- the measure ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Delivered:
    """What a measure delivered and cost in one week, by region."""

    count: np.ndarray  # float64 (9,), in the unit of `Measure.delivers`
    cost_xof: np.ndarray  # float64 (9,), XOF

    @classmethod
    def nothing(cls) -> Delivered:
        """Nothing delivered, nothing spent."""
        return cls(np.zeros(len(REGIONS)), np.zeros(len(REGIONS)))


class Plan(NamedTuple):
    """What a measure would deliver and cost, worked out without a run."""

    reached_per_week: float | None  # in the unit of `Measure.delivers`, at full strength; None: it hangs on the run
    cost_xof: float  # over the whole run


class Setting(NamedTuple):
    """One row of the table of settings that the documentation and `kumakan measures` show."""

    name: str
    default: Any
    unit: str
    source: str
    meaning: str


def _place(value: Any) -> str:
    if isinstance(value, str):
        if plain(value) == plain(NATION):
            return NATION
        if plain(value) in _REGION_OF:
            return _REGION_OF[plain(value)]
    offer = nearest(value, [NATION, *REGIONS]) if isinstance(value, str) else ""
    raise wrong(f"is {kind_of(value)}; it is {NATION} or one of: {', '.join(REGIONS)}{offer}")


def _seen(value: Any) -> str:
    if value not in SEEN:
        offer = nearest(value, SEEN) if isinstance(value, str) else ""
        raise wrong(f"is {kind_of(value)}; a planner learns of {', '.join(SEEN)}{offer}")
    return str(value)


class Condition(BaseModel):
    """A state of the country, as planners learn of it, on which a measure starts and stops.

    when: {observable: attacks, region: Mopti, over_weeks: 13, above: 20}
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    observable: Annotated[str, BeforeValidator(_seen)] = field(
        ...,
        unit="name",
        source="choice",
        meaning="what is watched; counts are added up, states averaged",
    )
    region: Annotated[str, BeforeValidator(_place)] = choice("Mali", "name", "where: a region, or Mali as a whole")
    over_weeks: Weeks = choice(13, "weeks", "length of the period that is watched")
    above: Number | None = choice(None, "as the observable", "the measure is on when the value lies above this")
    below: Number | None = choice(None, "as the observable", "the measure is on when the value lies below this")
    lag_weeks: Weeks = choice(4, "weeks", "time until a week's reports reach the planner; at least one week")
    lasts_weeks: Weeks = choice(13, "weeks", "how long it stays on after the value last met the condition")

    @model_validator(mode="after")
    def _can_be_met(self) -> Condition:
        if (self.above is None) == (self.below is None):
            raise wrong("has above and below; give one of them" if self.above is not None else
            "has neither above nor below; give one of them")  # fmt: skip
        for name in ("over_weeks", "lag_weeks", "lasts_weeks"):
            if getattr(self, name) < 1:
                raise wrong(f"has {name} 0; it is 1 or more")
        return self

    @property
    def in_words(self) -> str:
        """The condition as a clause: "attacks in Mopti over 13 weeks lie above 20, ..."."""
        side, limit = ("above", self.above) if self.above is not None else ("below", self.below)
        watched = self.observable.replace("_", " ")
        return (
            f"{watched} in {self.region} over {self.over_weeks} weeks lie {side} {limit:g}, as reports have it"
            f" {self.lag_weeks} weeks later, and {self.lasts_weeks} weeks on"
        )

    def met(self, country: Country) -> bool:
        """Whether what planners know this week keeps the measure on.

        The value of week v covers the `over_weeks` weeks that end `lag_weeks` before v; weeks before the run count as
        empty for counts and are left out of means. Before anything has been reported the measure is off.
        """
        now = country.week
        return any(self._met_in(country, v) for v in range(max(0, now - self.lasts_weeks + 1), now + 1))

    def _met_in(self, country: Country, week: int) -> bool:
        end = week - self.lag_weeks + 1  # lag_weeks 1: up to and with the week before
        rows = country.values[max(0, end - self.over_weeks) : max(0, end), :, country.names[self.observable]]
        if not rows.size:
            return False
        how = country.observables[country.names[self.observable]].how
        if how == "sum":
            by_region = rows.sum(axis=0) if self.observable in COUNTED else rows.mean(axis=0)
            value = by_region.sum() if self.region == NATION else by_region[REGIONS.index(self.region)]
        else:
            by_region = rows.mean(axis=0)
            people = people_of(country.grid)
            value = people @ by_region / people.sum() if self.region == NATION else by_region[
                REGIONS.index(self.region)]  # fmt: skip
        return bool(value > self.above) if self.above is not None else bool(value < self.below)


class Measure(BaseModel, ABC):
    """A measure of prevention or security: who, where, when, how much.

    Attributes
    ----------
    key, title, delivers : str
        Name in scenario files; name in words; unit of what it delivers each week.
    sources : tuple of str
        Where the description of the measure comes from.
    partners : bool
        Whether several partners carry it out, so that some of the work is done twice unless somebody coordinates.
    parameters : tuple of Parameter
        Effect sizes that a measure from outside the package brings; those of the package stand in its table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    key: ClassVar[str]
    title: ClassVar[str]
    delivers: ClassVar[str]
    sources: ClassVar[tuple[str, ...]] = ()
    partners: ClassVar[bool] = False
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    enabled: Yes = choice(True, "true or false", "whether the measure is taken at all")
    start: Day | None = choice(None, "date", "first day of the measure; left out, the start of the run")
    end: Day | None = choice(None, "date", "first day without it again; left out, the end of the run")
    regions: Regions = choice("all", "names", "where it acts: 'all' or a list of regions")
    intensity: Share = choice(1.0, "share of the full measure", "how much of it is done; 0 is its absence")
    ramp_up_weeks: Weeks = choice(0, "weeks", "weeks from its start in which it grows evenly to full")
    when: Condition | None = choice(None, "condition", "between start and end, on only while this holds")

    @model_validator(mode="before")
    @classmethod
    def _laid_over_defaults(cls, data: Any) -> Any:
        """A block inside a measure changes what it names; the rest stays at the measure's defaults."""
        if not isinstance(data, dict):
            return data
        data = dict(data)
        for name, info in cls.model_fields.items():
            if isinstance(info.default, BaseModel) and isinstance(data.get(name), dict):
                data[name] = {**info.default.model_dump(), **data[name]}
        return data

    @model_validator(mode="after")
    def _ends_after_start(self) -> Measure:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise PydanticCustomError(
                "end", "{message}", {"message": f"is {self.end}; it is a date after the start {self.start}"}
            )
        return self

    def strength(self, day: date) -> float:
        """How much of the measure is done in the week of `day`, 0..1.

        0 when disabled and outside [start, end), else `intensity`, reached in equal weekly steps over
        `ramp_up_weeks` (with 3, the first weeks have 1/4, 2/4, 3/4 and then the whole). Without a start there
        is none to grow from, so it is at full strength; a `Scenario` gives every measure its dates.
        """
        if not self.enabled or (self.end is not None and day >= self.end):
            return 0.0
        if self.start is None:
            return self.intensity
        weeks = self.weeks_since_start(day)
        return 0.0 if weeks < 0 else self.intensity * min(1.0, (weeks + 1) / (self.ramp_up_weeks + 1))

    def strength_now(self, country: Country) -> float:
        """How much of the measure is done this week, 0..1: `strength`, while its condition (`when`) holds."""
        strength = self.strength(country.clock.date(country.week))
        if strength > 0.0 and self.when is not None and not self.when.met(country):
            return 0.0
        return strength

    def carried_out(self, country: Country) -> float:
        """How much of the plan really takes place this week, 0..1.

        `strength_now`, times what is delivered of a plan in the field (parameter `fidelity_<key>`), less what partners
        do twice (`partner_overlap`) as far as nobody coordinates them (lever `coordinated`).
        """
        p = country.parameters
        done = self.strength_now(country) * p.get(f"fidelity_{self.key}", 1.0)
        if self.partners:
            done *= 1.0 - p.partner_overlap * (1.0 - float(country.levers.coordinated))
        return done

    def cells(self, country: Country) -> Any:
        """The cells of its regions: an index into arrays by cell (all of them at once where it acts everywhere)."""
        if self.region_mask.all():
            return slice(None)
        return np.flatnonzero(self.region_mask[country.grid.region])

    def by_people(self, country: Country, amount: float) -> np.ndarray:
        """An amount spread over its regions by their people, float64 (9,)."""
        people = people_of(country.grid) * self.region_mask
        return amount * people / people.sum()

    def youths(self, country: Country) -> np.ndarray:
        """People of 15 to 35 in its regions, float64 (9,), 0 elsewhere."""
        return people_of(country.grid) * self.region_mask * country.parameters.share_15_35

    def delivered_before(self, country: Country, weeks: float = math.inf) -> np.ndarray:
        """What it has delivered in the last `weeks` weeks before this one, by region: the record is its memory."""
        first = country.week - int(min(weeks, country.week))
        rows: np.ndarray = country.values[first : country.week, :, country.names[f"delivered_{self.key}"]]
        return rows.sum(axis=0)

    def full_weeks(self, clock: Clock) -> float:
        """Weeks of the run in which it acts by its dates, each counted by its strength then."""
        return sum(self.strength(clock.date(week)) for week in range(clock.weeks))

    def weeks_since_start(self, day: date) -> int:
        """Whole weeks from its start to `day`: 0 in the first week with a strength, negative before."""
        return 0 if self.start is None else (day - self.start).days // 7

    @property
    def active(self) -> bool:
        """Whether it does anything at any time: enabled, with an intensity above zero."""
        return self.enabled and self.intensity > 0

    @property
    def deploys(self) -> tuple[str, ...]:
        """Forces that are there only with a measure that deploys them (by key): those of this one."""
        return ()

    @property
    def region_mask(self) -> np.ndarray:
        """Where it acts, bool (9,) in the order of `REGIONS`."""
        return mask_of(self.regions)

    def steer(self, levers: Levers, country: Country) -> None:
        """Move the levers that say how other measures act, before any of them does."""

    @abstractmethod
    def apply(self, levers: Levers, country: Country) -> None:
        """Move this week's levers."""

    @abstractmethod
    def report(self, country: Country) -> Delivered:
        """What was delivered this week and what it cost."""

    @abstractmethod
    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """What it would deliver and cost in a run over the weeks of `clock`, from its settings alone."""

    @classmethod
    def settings(cls) -> list[Setting]:
        """The settings of this measure, its own first, then those every measure has."""
        rows = []
        for name, info in cls.model_fields.items():
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            default = None if info.default is PydanticUndefined else info.default
            unit, source = str(extra.get("unit", "")), str(extra.get("source", ""))
            rows.append(Setting(name, default, unit, source, info.description or ""))
        common = set(Measure.model_fields)
        return sorted(rows, key=lambda row: row.name in common)
