"""What every measure is."""

import pickle
from datetime import date, datetime, timedelta
from typing import ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from sim.measures import MEASURES
from sim.measures.base import REGIONS, Delivered, Measure, Plan, Several, Share, Xof, field
from sim.measures.planning import PlannedCountry
from sim.world.grid import world_grid
from sim.world.timeline import Clock

CLOCK = Clock(date(2012, 1, 2), date(2012, 2, 13))


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    share: Share = field(1.0, unit="share", source="choice", meaning="a share")
    cost: Xof = field(0.0, unit="XOF", source="choice", meaning="a cost")


class Mediators(Measure):
    key: ClassVar[str] = "mediators"
    title: ClassVar[str] = "Mediators"
    delivers: ClassVar[str] = "talks"

    channel: Several[Literal["talks", "radio"]] = field(("talks",), unit="names", source="choice", meaning="by what")
    part: Part = field(Part(share=0.2, cost=7), unit="part", source="choice", meaning="a block in the measure")

    def apply(self, levers, country):
        """Does nothing to levers."""

    def report(self, country):
        return Delivered.nothing()

    def plan(self, clock, grid):
        return Plan(0.0, 0.0)


class Wells(Measure):
    """A measure that says what it delivers and costs, and no more."""

    key: ClassVar[str] = "wells"
    title: ClassVar[str] = "Wells"
    delivers: ClassVar[str] = "wells"

    cost_per_week: Xof = field(50.0, unit="XOF per week", source="assumed", meaning="cost of the diggers")

    def apply(self, levers, country):
        """Moves no lever."""

    def delivery(self, country, done):
        return self.by_people(country, done * 10)


class ByTheWeek(Wells):
    """The same, with as many wells as weeks have passed."""

    by_calendar: ClassVar[bool] = True

    def delivery(self, country, done):
        return self.by_people(country, done * country.week)


def said(**settings) -> str:
    with pytest.raises(ValidationError) as caught:
        Mediators(**settings)
    return caught.value.errors()[0]["msg"]


def test_the_regions_are_those_of_the_grid():
    assert list(REGIONS) == world_grid().region_names


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["Segou"], ("Ségou",)),
        (["Ménaka"], ("Gao",)),
        (["taoudenit", "Tombouctou"], ("Tombouctou",)),
        (["Bamako", "kayes"], ("Kayes", "Bamako")),
        ("Mopti", ("Mopti",)),
        ("all", REGIONS),
        ("ALL", REGIONS),
    ],
)
def test_regions_are_found_whatever_accents_capitals_and_order(written, meant):
    measure = Mediators(regions=written)
    assert measure.regions == meant
    assert [name for name, acts in zip(REGIONS, measure.region_mask, strict=True) if acts] == list(meant)
    assert measure.region_mask.dtype == bool


def test_strength_is_zero_outside_start_and_end_and_grows_in_equal_steps():
    measure = Mediators(start="2014-02-17", end="2014-03-31", intensity=0.8, ramp_up_weeks=3)
    mondays = [date(2014, 2, 10) + timedelta(weeks=k) for k in range(8)]
    expected = [0, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0]
    assert [measure.strength(day) for day in mondays] == pytest.approx(expected)
    assert measure.weeks_since_start(mondays[1]) == 0
    assert measure.weeks_since_start(mondays[0]) == -1


@given(st.dates(date(2012, 1, 1), date(2019, 1, 1)), st.floats(0, 1), st.integers(0, 60))
def test_strength_never_exceeds_the_intensity_and_never_falls_while_it_runs(start, intensity, ramp):
    measure = Mediators(start=start, intensity=intensity, ramp_up_weeks=ramp)
    strengths = [measure.strength(start + timedelta(weeks=k)) for k in range(-2, ramp + 3)]
    assert strengths == sorted(strengths)
    assert strengths[:2] == [0, 0]
    assert strengths[-1] == intensity


def test_a_measure_switched_off_or_at_zero_is_not_active():
    day = date(2014, 1, 1)
    assert Mediators(enabled=False).strength(day) == 0
    assert not Mediators(enabled=False).active
    assert not Mediators(intensity=0).active
    assert Mediators().active
    assert Mediators().strength(day) == 1


def test_a_block_changes_what_it_names_and_leaves_the_rest_at_the_defaults_of_the_measure():
    assert Mediators(part={"share": 0.5}).part == Part(share=0.5, cost=7)
    assert Mediators().part == Part(share=0.2, cost=7)


def test_messages_say_what_is_wrong_what_is_allowed_and_what_was_meant():
    assert said(intensity=12) == "is 12; it must be a share between 0 and 1. Did you mean 0.12?"
    assert said(intensity=-0.1) == "is -0.1; it must be a share between 0 and 1"
    assert said(intensity="5 %").endswith("write the number alone, without unit or quotes: 0.05")
    assert said(ramp_up_weeks="3 weeks").endswith(
        "it must be a whole number of weeks, 0 or more; write the number alone, without unit or quotes: 3"
    )
    assert said(ramp_up_weeks=1.5).endswith("without decimals")
    assert said(intensity=True) == "is true; it must be a share between 0 and 1"
    assert said(intensity=float("nan")) == "is nan; it must be a share between 0 and 1"
    assert said(intensity=float("inf")) == "is inf; it must be a share between 0 and 1"
    assert said(ramp_up_weeks=10**400).startswith("is a number too large")
    assert said(intensity=None).startswith("has no value")
    assert said(intensity=[1]).startswith("is a list")
    assert said(enabled="no") == "is 'no'; it must be true or false"
    assert said(enabled=1) == "is 1; it must be true or false"
    assert said(start="2014-2-16").startswith("is '2014-2-16'; it must be a date as YYYY-MM-DD")
    assert said(start=datetime(2014, 2, 16, 12)).startswith("is a date with a time of day")
    assert said(start="2014-02-30").startswith("is '2014-02-30'")
    assert said(end="2014-01-01", start="2014-01-01").startswith("is 2014-01-01; it must be a date after the start")
    assert said(regions=["Mopty"]).endswith("did you mean 'Mopti'?")
    assert said(regions=[]).startswith("names no region")
    assert said(regions=3).startswith("is 3; it must be 'all' or a list of: Kayes")


def test_whole_numbers_may_be_written_with_a_point_and_numpy_numbers_are_numbers():
    assert Mediators(ramp_up_weeks=3.0).ramp_up_weeks == 3
    assert Mediators(intensity=np.float64(0.5), ramp_up_weeks=np.int64(2)).intensity == 0.5


def test_a_measure_is_frozen_and_survives_pickling():
    measure = Mediators(regions=["Gao"], channel=["radio"], start=date(2014, 1, 6))
    with pytest.raises(ValidationError):
        measure.intensity = 0.5
    assert pickle.loads(pickle.dumps(measure)) == measure
    assert Mediators(**measure.model_dump(mode="json")) == measure


# --- reports and plans -----------------------------------------------------------------------------------


def test_what_is_carried_out_is_delivered_and_what_is_planned_is_paid_for():
    wells = Wells(start="2012-01-09", intensity=0.8, regions=["Gao", "Kidal"])
    country = PlannedCountry(wells, CLOCK, world_grid())
    country.week, country.parameters = 2, {"fidelity_wells": 0.25}
    report = wells.report(country)
    assert report.count.sum() == pytest.approx(0.25 * 0.8 * 10)
    assert report.cost_xof.sum() == pytest.approx(0.8 * 50)
    assert (report.count > 0).tolist() == wells.region_mask.tolist()
    country.week = 0
    assert not wells.report(country).cost_xof.any()


def test_the_plan_asks_the_questions_that_the_report_asks():
    plan = Wells(start="2012-01-09", intensity=0.8, ramp_up_weeks=1).plan(CLOCK, world_grid())
    assert plan == pytest.approx((0.8 * 10, 0.8 * 50 * 4.5)), "a week at half of it, then four weeks"
    plan = ByTheWeek(intensity=0.8, end="2012-01-30").plan(CLOCK, world_grid())
    assert plan == pytest.approx((0.8 * 3, 0.8 * 50 * 4)), "the week with most"


class Free(Measure):
    def apply(self, levers, country):
        """Moves no lever."""


class Unpriced(Free):
    def delivery(self, country, done): ...


class Reporting(Free):
    def report(self, country): ...


class Planning(Unpriced):
    def plan(self, clock, grid): ...


class InTheOldWay(Reporting):
    def plan(self, clock, grid): ...


@pytest.mark.parametrize(
    ("measure", "lacking"),
    [
        (Measure, ["apply", "delivery"]),
        (Free, ["delivery"]),
        (Unpriced, ["spending"]),
        (Planning, ["spending"]),
        (Reporting, ["plan"]),
        (InTheOldWay, []),
        (Wells, []),
        (Mediators, []),
    ],
)
def test_a_class_says_what_it_lacks_as_a_measure(measure, lacking):
    assert measure.lacking() == lacking


@pytest.mark.parametrize("key", MEASURES)
def test_every_setting_of_every_measure_has_unit_source_meaning_and_default(key):
    measure = MEASURES[key]
    assert measure.key == key
    assert measure.title
    assert measure.delivers
    rows = measure.settings()
    assert {row.name for row in rows} == set(measure.model_fields)
    for row in rows:
        assert row.unit, row.name
        assert row.source, row.name
        assert row.meaning, row.name
        assert not row.meaning.endswith("."), row.name
    assert measure(**measure().model_dump(mode="json")) == measure()
