"""What every measure is: settings written in YAML, levers moved each week, and what it delivers and costs.

A measure is one subclass in one file. It says four things: its settings (fields with a unit, a source and a default),
how it moves the levers (`apply`), what it delivers in a week (`delivery`) and what that week costs (`spending`). The
report of each week and the plan that `kumakan check` shows are both made from the last two. The documentation,
`kumakan measures` and the messages about wrong settings are made from the fields:

    class SermonDrafting(Measure):
        key: ClassVar[str] = "sermon_drafting"
        title: ClassVar[str] = "Friday sermons drafted by the ministry"
        delivers: ClassVar[str] = "imams who preach the drafted sermon"

        share_following: Share = field(0.4, unit="share of imams", source="...", meaning="imams who preach it")
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError, PydanticUndefined

from sim.engine.exact import expm1
from sim.measures import planning
from sim.measures.condition import COUNTED, Condition
from sim.measures.planning import Plan
from sim.measures.regions import LATER_REGIONS, NATION, REGIONS, mask_of, people_of
from sim.measures.settings import (
    MOST,
    Count,
    Day,
    Number,
    OneOrMore,
    Persons,
    Regions,
    Several,
    Share,
    Weeks,
    Xof,
    Yes,
    choice,
    field,
    number,
    shown,
    wrong,
)  # fmt: skip
from sim.parameters import Parameter

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

__all__ = [
    "COUNTED", "LATER_REGIONS", "MOST", "NATION", "REGIONS", "Condition", "Count", "Day", "Delivered", "Measure",
    "Number", "OneOrMore", "Persons", "Plan", "Regions", "Setting", "Several", "Share", "Weeks", "Xof", "Yes", "choice",
    "field", "mask_of", "number", "of_some", "people_of", "shown", "wrong",
]  # fmt: skip


@dataclass(slots=True)
class Delivered:
    """What a measure delivered and cost in one week, by region."""

    count: np.ndarray  # float64, in the unit of `Measure.delivers`
    cost_xof: np.ndarray  # float64, XOF

    @classmethod
    def nothing(cls) -> Delivered:
        """Nothing delivered, nothing spent."""
        return cls(np.zeros(len(REGIONS)), np.zeros(len(REGIONS)))


class Setting(NamedTuple):
    """One row of the table of settings that the documentation and `kumakan measures` show."""

    name: str
    default: Any
    unit: str
    source: str
    meaning: str


def of_some(share: Any, log_effect: Any) -> Any:
    """The factor for a place where a log effect acts on a `share` of the people: 1 - share + share e^effect."""
    return 1.0 + share * expm1(log_effect)


class Measure(BaseModel, ABC):
    """A measure of prevention or security: who, where, when, how much.

    A measure defines `apply`, and either `delivery` and `spending` or its own `report` and `plan`.

    Attributes
    ----------
    key, title, delivers : str
        Its name in scenario files, its name in words, and the unit of what it delivers each week.
    sources : tuple of str
        Where the description of the measure comes from.
    partners : bool
        Whether several partners carry it out, so that some work is done twice unless somebody coordinates them.
    by_calendar : bool
        Whether a week at full strength differs from date to date, so that the plan must go through all weeks.
    parameters : tuple of Parameter
        The effect sizes that a measure from outside the package brings; those of the package are in its table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    key: ClassVar[str]
    title: ClassVar[str]
    delivers: ClassVar[str]
    sources: ClassVar[tuple[str, ...]] = ()
    partners: ClassVar[bool] = False
    by_calendar: ClassVar[bool] = False
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    enabled: Yes = choice(True, "true or false", "whether the measure is taken at all")
    start: Day | None = choice(None, "date", "first day of the measure; by default the start of the run")
    end: Day | None = choice(None, "date", "first day without the measure; by default the end of the run")
    regions: Regions = choice("all", "names", "where it acts: 'all' or a list of regions")
    intensity: Share = choice(1.0, "share of the full measure", "how much of the measure is done; 0 means none of it")
    ramp_up_weeks: Weeks = choice(0, "weeks", "weeks over which the measure grows evenly to full strength")
    when: Condition | None = choice(None, "condition", "if given, the measure is on only while this condition holds")

    @model_validator(mode="before")
    @classmethod
    def _laid_over_defaults(cls, data: Any) -> Any:
        """A block inside a measure changes the settings it names; the others keep the defaults of the measure."""
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
                "end", "{message}", {"message": f"is {self.end}; it must be a date after the start {self.start}"}
            )
        return self

    # --- what a measure says of itself --------------------------------------------------------------------

    def steer(self, levers: Levers, country: Country) -> None:
        """Move the levers that say how other measures act, before any measure acts."""

    @abstractmethod
    def apply(self, levers: Levers, country: Country) -> None:
        """Move this week's levers."""

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """What is delivered this week when this share of the plan is done, by region."""
        raise NotImplementedError

    def spending(self, country: Country, done: float) -> np.ndarray:
        """XOF spent this week when this share of the plan is done, by region.

        By default the measure's `cost_per_week`, spread over its regions by their people.
        """
        return self.by_people(country, done * self.cost_per_week)  # type: ignore[attr-defined]

    def foreseen(self, country: Country, done: float) -> float | None:
        """What a week of the plan delivers in total; None if only a run can say. `country` is a `PlannedCountry`."""
        return float(self.delivery(country, done).sum())

    @property
    def deploys(self) -> tuple[str, ...]:
        """The forces, by key, that are in the country only because this measure deploys them."""
        return ()

    # --- what follows from it -----------------------------------------------------------------------------

    def report(self, country: Country) -> Delivered:
        """What was delivered this week, as far as it was carried out, and the cost of what was planned."""
        return Delivered(
            self.delivery(country, self.carried_out(country)), self.spending(country, self.strength_now(country))
        )

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """What it would deliver and cost in a run over the weeks of `clock`, from its settings alone."""
        return planning.plan(self, clock, grid)

    @classmethod
    def lacking(cls) -> list[str]:
        """The methods that a complete measure must still define."""
        own = {
            name
            for name in ("delivery", "spending", "report", "plan")
            if getattr(cls, name) is not getattr(Measure, name)
        }
        needed = {"report", "plan"} - own
        if "delivery" not in own and len(needed) == 2:
            needed = {"delivery"}
        elif "delivery" in own and needed:
            priced = "spending" in own or "cost_per_week" in cls.model_fields or hasattr(cls, "cost_per_week")
            needed = set() if priced else {"spending"}
        return sorted(needed | cls.__abstractmethods__)

    # --- how much of it is done ---------------------------------------------------------------------------

    def strength(self, day: date) -> float:
        """How much of the measure is planned for the week of `day`, 0..1.

        0 if the measure is disabled or the day lies outside [start, end); otherwise `intensity`, reached in equal
        weekly steps over `ramp_up_weeks` (with 3, the first weeks have 1/4, 2/4 and 3/4, and then the whole). A measure
        without a start is at full strength; a `Scenario` gives every measure its dates.
        """
        if not self.enabled or (self.end is not None and day >= self.end):
            return 0.0
        if self.start is None:
            return self.intensity
        weeks = self.weeks_since_start(day)
        return 0.0 if weeks < 0 else self.intensity * min(1.0, (weeks + 1) / (self.ramp_up_weeks + 1))

    def strength_now(self, country: Country) -> float:
        """How much of the measure is planned for this week, 0..1: `strength`, or 0 while its condition fails."""
        strength = self.strength(country.clock.date(country.week))
        if strength > 0.0 and self.when is not None and not self.when.met(country):
            return 0.0
        return strength

    def carried_out(self, country: Country) -> float:
        """How much of the measure is really carried out this week, 0..1.

        `strength_now`, times the share of a plan that is delivered in the field (parameter `fidelity_<key>`). Where
        partners are not coordinated (lever `coordinated`), the work they do twice (`partner_overlap`) is taken off.
        """
        p = country.parameters
        done = self.strength_now(country) * p.get(f"fidelity_{self.key}", 1.0)
        if self.partners:
            done *= 1.0 - p.partner_overlap * (1.0 - float(country.levers.coordinated))
        return done

    def full_weeks(self, clock: Clock) -> float:
        """The weeks of the run in which the measure is planned, each weighted by its strength."""
        return math.fsum(self.strength(clock.date(week)) for week in range(clock.weeks))

    def weeks_since_start(self, day: date) -> int:
        """Whole weeks from its start to `day`: 0 in the first week, negative before."""
        return 0 if self.start is None else (day - self.start).days // 7

    def delivered_before(self, country: Country, weeks: float = math.inf) -> np.ndarray:
        """What it delivered in the last `weeks` weeks before this one, by region. The record is its memory."""
        first = country.week - int(min(weeks, country.week))
        rows: np.ndarray = country.values[first : country.week, :, country.names[f"delivered_{self.key}"]]
        return rows.sum(axis=0)

    def spent_since(self, country: Country, week: int) -> bool:
        """Whether it has cost anything from `week` to the week before this one."""
        return bool(country.values[max(0, week) : country.week, :, country.names[f"cost_{self.key}"]].any())

    @property
    def active(self) -> bool:
        """Whether it does anything at any time: it is enabled, with an intensity above zero."""
        return self.enabled and self.intensity > 0

    # --- where it is done ---------------------------------------------------------------------------------

    @property
    def region_mask(self) -> np.ndarray:
        """Where it acts, bool, in the order of `REGIONS`."""
        return mask_of(self.regions)

    def cells(self, country: Country) -> Any:
        """The cells of its regions, as an index into arrays by cell (a slice if it acts everywhere)."""
        if self.region_mask.all():
            return slice(None)
        return np.flatnonzero(self.region_mask[country.grid.region])

    def people_here(self, grid: Grid) -> np.ndarray:
        """The people of its regions, float64, 0 elsewhere."""
        return people_of(grid) * self.region_mask

    def youths(self, country: Country) -> np.ndarray:
        """The people aged 15 to 35 in its regions, float64, 0 elsewhere."""
        return self.people_here(country.grid) * country.parameters.share_15_35

    def by_people(self, country: Country, amount: float) -> np.ndarray:
        """An amount spread over its regions by their people, float64."""
        people = self.people_here(country.grid)
        return amount * people / people.sum()

    @classmethod
    def settings(cls) -> list[Setting]:
        """The settings of this measure: its own first, then those that every measure has."""
        rows = []
        for name, info in cls.model_fields.items():
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            default = None if info.default is PydanticUndefined else info.default
            unit, source = str(extra.get("unit", "")), str(extra.get("source", ""))
            rows.append(Setting(name, default, unit, source, info.description or ""))
        common = set(Measure.model_fields)
        return sorted(rows, key=lambda row: row.name in common)
