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
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, model_serializer, model_validator
from pydantic_core import PydanticUndefined

from sim.engine.errors import plain
from sim.engine.exact import expm1
from sim.languages import tr
from sim.measures import phases as phases_
from sim.measures import planning
from sim.measures.condition import COUNTED, Condition
from sim.measures.delivered import Delivered
from sim.measures.phases import Intensity, Phase, Strength, highest, level, some
from sim.measures.planning import Plan
from sim.measures.regions import LATER_REGIONS, NATION, REGIONS, cells_of, living_in, mask_of, people_of
from sim.measures.routine import ALL, NOTHING, Steady
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
    wrong_at,
)  # fmt: skip
from sim.parameters import Parameter, Parameters
from sim.world.timeline import DAYS

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

__all__ = [
    "ALL", "COUNTED", "LATER_REGIONS", "MOST", "NATION", "REGIONS", "Condition", "Count", "Day", "Delivered", "Measure",
    "Number", "OneOrMore", "Persons", "Plan", "Regions", "Setting", "Several", "Share", "Steady", "Strength", "Weeks",
    "Xof", "Yes", "beside_attitude", "choice", "field", "mask_of", "number", "of_some", "people_of", "shown", "some",
    "wrong",
]  # fmt: skip


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


def beside_attitude(total: float, support: float, parameters: Parameters) -> float:
    """What a total effect on joining (log hazard) leaves beside the effect on support (SD) that is part of it.

    A study that counts what people do has seen whatever their change of mind did to it. Where a measure moves both, the
    shift of support acts through `kappa_att`, so this much is taken off.
    """
    return total - parameters.kappa_att * support


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
    looks_ahead : bool
        Whether what it does in one phase may hang on later phases.
    parameters : tuple of Parameter
        The effect sizes that a measure from outside the package brings; those of the package are in its table.
    regional : bool
        Whether a measure from outside the package can be done more in one region than in another, so that a `Strength`
        may be an array. Those of the package all can.
    steady : dict
        Which of `apply`, `delivery` and `spending` need not be asked again while nothing changes on which they hang,
        and what that is; see `sim.measures.routine`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    key: ClassVar[str]
    title: ClassVar[str]
    delivers: ClassVar[str]
    sources: ClassVar[tuple[str, ...]] = ()
    partners: ClassVar[bool] = False
    by_calendar: ClassVar[bool] = False
    looks_ahead: ClassVar[bool] = False
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    regional: ClassVar[bool] = False
    steady: ClassVar[Steady] = NOTHING

    enabled: Yes = choice(True, "true or false", "whether the measure is taken at all")
    start: Day | None = choice(None, "date", "first day of the measure; by default the start of the run")
    end: Day | None = choice(None, "date", "first day without the measure; by default the end of the run")
    regions: Regions = choice("all", "names", "where it acts: 'all' or a list of regions")
    intensity: Intensity = choice(
        1.0, "share of the full measure",
        "how much of the measure is done, everywhere or by region, as {Mopti: 1, Gao: 0.5}; 0 means none of it",
    )  # fmt: skip
    phases: Several[Phase] = choice(
        (), "phases", "list of times with start, end and, if need be, intensity and regions; between them it pauses"
    )
    ramp_up_weeks: Weeks = choice(0, "weeks", "weeks over which the measure grows evenly to full strength")
    when: Condition | None = choice(None, "condition", "if given, the measure is on only while this condition holds")

    @model_validator(mode="before")
    @classmethod
    def _laid_over_defaults(cls, data: Any) -> Any:
        """A block inside a measure changes the settings it names; the others keep the defaults of the measure."""
        if not isinstance(data, dict):
            return data
        data = dict(data)
        if "regions" not in data:  # an intensity by region says where the measure acts
            here = phases_.named(data.get("intensity"))
            if here:
                data["regions"] = here
            elif isinstance(data.get("phases"), list | tuple):
                data["phases"] = [
                    {"regions": phases_.named(phase["intensity"]), **phase}
                    if isinstance(phase, dict) and phases_.named(phase.get("intensity")) else phase
                    for phase in data["phases"]
                ]  # fmt: skip
        for name, info in cls.model_fields.items():
            if isinstance(info.default, BaseModel) and isinstance(data.get(name), dict):
                data[name] = {**info.default.model_dump(), **data[name]}
        return data

    @model_validator(mode="after")
    def _ends_after_start(self) -> Measure:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise wrong_at(
                ("end",), tr("is {end}; it must be a date after the start {start}", end=self.end, start=self.start)
            )
        return self

    @model_validator(mode="after")
    def _has_phases_that_fit(self) -> Self:
        if self.phases:
            phases_.checked(self.phases, self.start, self.end)
        phases_.fits(self.intensity, self.regions, ("intensity",))
        for k, phase in enumerate(self.phases):
            phases_.fits(phase.intensity, phase.regions or self.regions, ("phases", k, "intensity"))
        return self

    @model_serializer(mode="wrap")
    def _without_no_phases(self, written: Any) -> Any:
        """A measure in one period is written as it was before there were phases, so that its scenario is the same."""
        data = written(self)
        if not self.phases:
            data.pop("phases", None)
        return data

    def dated(self, first: date, last: date) -> Self:
        """The same measure, with all dates and all of its phases written out, for a run from `first` to `last`."""
        if not self.phases:
            return self.model_copy(update={"start": self.start or first, "end": self.end or last})
        phases = [
            phase.model_copy(update={
                "start": phase.start or self.start or first,
                "end": phase.end or self.end or last,
                "regions": phase.regions or self.regions,
                "intensity": self.intensity if phase.intensity is None else phase.intensity,
            })
            for phase in self.phases
        ]  # fmt: skip
        return self.model_copy(update={"start": phases[0].start, "end": phases[-1].end, "phases": tuple(phases)})

    # --- what a measure says of itself --------------------------------------------------------------------

    def steer(self, levers: Levers, country: Country) -> None:
        """Move the levers that say how other measures act, before any measure acts."""

    @abstractmethod
    def apply(self, levers: Levers, country: Country) -> None:
        """Move this week's levers."""

    def delivery(self, country: Country, done: Strength) -> np.ndarray:
        """What is delivered this week when this share of the plan is done, by region."""
        raise NotImplementedError

    def spending(self, country: Country, done: Strength) -> np.ndarray:
        """XOF spent this week when this share of the plan is done, by region.

        By default the measure's `cost_per_week`, spread over its regions by their people.
        """
        return self.by_people(country, done * self.cost_per_week)  # type: ignore[attr-defined]

    def foreseen(self, country: Country, done: Strength) -> float | None:
        """What a week of the plan delivers in total; None if only a run can say. `country` is a `PlannedCountry`."""
        return float(self.delivery(country, done).sum())

    @property
    def deploys(self) -> tuple[str, ...]:
        """The forces, by key, that are in the country only because this measure deploys them."""
        return ()

    @classmethod
    def mentions(cls, *words: str) -> bool:
        """Whether its key, its title, what it delivers, or one of its own settings has each of these words."""
        own = [f"{row.name} {row.meaning}" for row in cls.settings() if row.name not in Measure.model_fields]
        text = plain(" ".join([cls.key, cls.title, cls.delivers, *own]))
        return all(plain(word) in text for word in words)

    # --- what follows from it -----------------------------------------------------------------------------

    def report(self, country: Country) -> Delivered:
        """What was delivered this week, as far as it was carried out, and the cost of what was planned."""
        return Delivered(
            self.delivery(country, self.carried_out(country)), self.spending(country, self.strength_now(country))
        )

    @property
    def reports_by_parts(self) -> bool:
        """Whether its report is what `delivery` and `spending` say."""
        return type(self).report is Measure.report

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

    def now(self, day: date) -> Self:
        """The measure as it acts on `day`: with the regions and the intensity of the phase, or of the last one."""
        if not self.phases:
            return self
        begun = [phase for phase in self.phases if phase.start is None or phase.start <= day]
        phase = begun[-1] if begun else self.phases[0]
        if (phase.regions, phase.intensity) == (self.regions, self.intensity):
            return self
        return self.model_copy(update={"regions": phase.regions, "intensity": phase.intensity})

    def begun(self, day: date) -> bool:
        """Whether it begins by the last day of the week of `day`; before, it neither acts nor reports."""
        return self.start is None or (self.start - day).days < DAYS

    def acts_alike(self, day: date) -> int:
        """For how many weeks from that of `day` on `now` and `begun` say the same, at least 1."""
        return self._weeks_to(
            [period.start for period in self.periods], [self.start and self.start - timedelta(DAYS - 1)], day
        )

    def weeks_alike(self, day: date) -> int:
        """For how many weeks from that of `day` on `strength` and `now` surely say the same, at least 1."""
        grows = timedelta(DAYS * (self.ramp_up_weeks + 1))
        begun = [period.start for period in self.periods if period.start is not None and period.start <= day]
        if self.ramp_up_weeks and any(day < start + grows for start in begun):
            return 1
        return self._weeks_to(
            [period.start for period in self.periods], [self.end, *(period.end for period in self.periods)], day
        )

    @staticmethod
    def _weeks_to(some: Sequence[date | None], others: Sequence[date | None], day: date) -> int:
        """Weeks from that of `day` until the first that begins on the next of some days or later."""
        ahead = [(change - day).days for change in (*some, *others) if change is not None and change > day]
        return -(-min(ahead) // DAYS) if ahead else MOST

    @property
    def periods(self) -> Sequence[Self | Phase]:
        """Its phases or, without phases, the measure itself: what has a start, an end, regions and an intensity."""
        return self.phases or [self]

    @property
    def full(self) -> Strength:
        """How much of the measure is done once it is at full strength."""
        return level(self.intensity, self.regions)

    @property
    def strongest(self) -> Strength:
        """The most that is done of it in any phase."""
        strengths = [level(period.intensity, period.regions) for period in self.periods]
        if len({period.regions for period in self.periods}) == 1 and all(isinstance(one, float) for one in strengths):
            return max(strengths)
        masks = [mask_of(period.regions) for period in self.periods]
        return np.max([one * mask for one, mask in zip(strengths, masks, strict=True)], axis=0)

    def strength(self, day: date) -> Strength:
        """How much of the measure is planned for the week of `day`, 0..1; by region, where the intensity differs.

        0 if the measure is disabled or the day lies outside [start, end) or in no phase; otherwise the intensity,
        reached in equal weekly steps over `ramp_up_weeks` (with 3, the first weeks have 1/4, 2/4 and 3/4, and then the
        whole). After a pause it grows again; a phase that follows another at once goes on. A measure without a start is
        at full strength; a `Scenario` gives every measure its dates.
        """
        if not self.enabled or (self.end is not None and day >= self.end):
            return 0.0
        since, full = self.start, self.intensity
        if not isinstance(full, float):
            full = self.full
        if self.phases:
            place = next((k for k, phase in enumerate(self.phases) if phase.holds(day)), None)
            if place is None:
                return 0.0
            phase, since = self.phases[place], self._wave(place)
            full = level(phase.intensity, phase.regions)
        if since is None:
            return full
        weeks = (day - since).days // 7
        return 0.0 if weeks < 0 else full * min(1.0, (weeks + 1) / (self.ramp_up_weeks + 1))

    def _wave(self, place: int) -> date | None:
        """The first day of the phases that lead up to this one without a pause."""
        while place and self.phases[place - 1].end == self.phases[place].start:
            if highest(self.phases[place - 1].intensity) == 0.0:
                break
            place -= 1
        return self.phases[place].start

    def strength_now(self, country: Country) -> Strength:
        """How much of the measure is planned for this week, 0..1: `strength`, or 0 while its condition fails."""
        strength = self.strength(country.clock.date(country.week))
        if self.when is not None and some(strength) and not self.when.met(country):
            return 0.0
        return strength

    def carried_out(self, country: Country) -> Strength:
        """How much of the measure is really carried out this week, 0..1.

        `strength_now`, times the share of a plan that is delivered in the field (parameter `fidelity_<key>`). Where
        partners are not coordinated (lever `coordinated`), the work they do twice (`partner_overlap`) is taken off.
        """
        p = country.parameters
        done = self.strength_now(country) * p.get(f"fidelity_{self.key}", 1.0)
        if self.partners:
            done *= 1.0 - p.partner_overlap * (1.0 - float(country.levers.coordinated))
        return done

    def full_weeks(self, clock: Clock) -> list[tuple[Self, Strength]]:
        """The measure as it acts in each phase, and the weeks in which it is planned, weighted by their strength."""
        found: list[tuple[Self, Strength]] = [(self.now(clock.start), 0.0)]
        for day in map(clock.date, range(clock.weeks)):
            acting = found[-1][0].now(day)
            if acting is not found[-1][0]:
                found.append((acting, 0.0))
            found[-1] = (acting, found[-1][1] + self.strength(day))
        return found

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
        given = (self.intensity if period.intensity is None else period.intensity for period in self.periods)
        return self.enabled and any(highest(one) > 0 for one in given)

    # --- where it is done ---------------------------------------------------------------------------------

    @property
    def regions_ever(self) -> tuple[str, ...]:
        """Where it acts in any of its phases."""
        chosen = {region for period in self.periods for region in period.regions or self.regions}
        return tuple(region for region in REGIONS if region in chosen) if self.phases else self.regions

    @property
    def region_mask(self) -> np.ndarray:
        """Where it acts, bool, in the order of `REGIONS`."""
        return mask_of(self.regions)

    def cells(self, country: Country) -> Any:
        """The cells of its regions, as an index into arrays by cell (a slice if it acts everywhere)."""
        return cells_of(country.grid, self.regions)

    def in_cells(self, country: Country, share: Strength) -> tuple[Any, Any]:
        """The cells in which a share of something is done, as an index into arrays by cell, and the share there."""
        if isinstance(share, float):
            return self.cells(country), share
        region = country.grid.region
        cells = slice(None) if share.all() else np.flatnonzero((share != 0.0)[region])
        return cells, share[region[cells]]

    def in_regions(self, share: Strength) -> tuple[np.ndarray, Any]:
        """The regions in which a share of something is done, as an index into arrays by region, and the share there."""
        if isinstance(share, float):
            return self.region_mask, share
        regions = np.flatnonzero(share)
        return regions, share[regions]

    def overall(self, country: Country, share: Strength) -> float:
        """The share in its regions together: the mean by their people."""
        return share if isinstance(share, float) else float(self.by_people(country, share).sum())

    def people_here(self, grid: Grid) -> np.ndarray:
        """The people of its regions, float64, 0 elsewhere."""
        return living_in(grid, self.regions)[0]

    def youths(self, country: Country) -> np.ndarray:
        """The people aged 15 to 35 in its regions, float64, 0 elsewhere."""
        return self.people_here(country.grid) * country.parameters.share_15_35

    def all_youths(self, country: Country) -> np.ndarray:
        """The people aged 15 to 35 in every region, float64: for what lasts where it no longer acts."""
        return people_of(country.grid) * country.parameters.share_15_35

    def by_people(self, country: Country, amount: Strength) -> np.ndarray:
        """An amount spread over its regions by their people, float64; an amount by region counts where it is."""
        people, together = living_in(country.grid, self.regions)
        return amount * people / together

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
