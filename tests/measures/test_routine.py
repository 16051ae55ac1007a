"""A measure that is not asked again does what it would do if it were asked."""

from datetime import date, timedelta
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.levers import TABLE, Levers
from sim.measures import MEASURES
from sim.measures.base import ALL, REGIONS, Measure, Steady
from sim.measures.routine import Routine
from sim.week import advance, begin, finished, record_of

FIRST = date(2012, 1, 2)
WEEKS = 40

days = st.integers(0, 7 * WEEKS - 1).map(lambda n: (FIRST + timedelta(days=n)).isoformat())
shares = st.sampled_from([0.0, 0.25, 1.0])
intensities = shares | st.dictionaries(st.sampled_from(REGIONS), shares, min_size=1, max_size=3)
conditions = st.fixed_dictionaries({
    "observable": st.sampled_from(["attacks", "insecurity"]), "above": st.sampled_from([0.2, 3.0]),
    "over_weeks": st.integers(1, 6), "lag_weeks": st.integers(1, 3), "lasts_weeks": st.integers(1, 6),
})  # fmt: skip


@st.composite
def periods(draw):
    """Phases that follow each other with and without pauses; undated where that is allowed."""
    cuts = sorted(draw(st.lists(st.integers(0, 7 * WEEKS - 1), min_size=2, max_size=6, unique=True)))
    dates = [(FIRST + timedelta(days=n)).isoformat() for n in cuts]
    joined = draw(st.booleans())
    spans = list(pairwise(dates))[:: 1 if joined else 2]
    return [{"start": a, "end": b, "intensity": draw(intensities)} for a, b in spans]


@st.composite
def measures(draw):
    """Settings of when, where and how much, for some of the measures."""
    found = {}
    for key in draw(st.lists(st.sampled_from(sorted(MEASURES)), min_size=1, max_size=8, unique=True)):
        block = {"ramp_up_weeks": draw(st.sampled_from([0, 0, 5, 100]))}
        if draw(st.booleans()):
            block["phases"] = draw(periods())
        else:
            block["intensity"] = draw(intensities)
            start, end = sorted([draw(days), draw(days)])
            if start < end:
                block |= {"start": start, "end": end}
        if draw(st.integers(0, 4)) == 0:
            block["when"] = draw(conditions)
        found[key] = block
    return found


def scenario(chosen, **others):
    end = (FIRST + timedelta(weeks=WEEKS)).isoformat()
    return sim.Scenario.of({"name": "some", "persons_per_youth": 5000, "end": end, "measures": chosen, **others})


def plain_run(made, **how):
    """The run with every measure asked in every week, and levers worked out anew from nothing."""
    country = begin(made, 1, **how)
    country.routine = Routine(always_ask=True)
    sizes = {axis: size for row in TABLE for axis, size in zip(row.over, np.shape(getattr(country.levers, row.name)),
                                                               strict=True)}  # fmt: skip
    while not finished(country):
        country.levers = Levers(sizes)
        advance(country)
    return record_of(country)


@settings(max_examples=12)
@given(measures(), st.integers(0, 3), st.sampled_from([0.0, 0.15]))
def test_a_run_is_the_same_as_if_every_measure_were_asked_every_week(chosen, draw, interaction):
    made = scenario(chosen, parameters={"interaction": interaction})
    assert sim.run(made, seed=1, draw=draw).digest == plain_run(made, draw=draw).digest


@pytest.mark.parametrize("draw", [0, 2])
def test_so_it_is_with_every_measure_on_in_changing_phases(draw):
    cuts = [(FIRST + timedelta(days=n)).isoformat() for n in (10, 60, 150, 200, 270)]
    phases = [
        {"start": cuts[0], "end": cuts[1], "intensity": 0.5},
        {"start": cuts[1], "end": cuts[2], "intensity": {"Mopti": 1.0, "Gao": 0.3, "Bamako": 0.7}},
        {"start": cuts[3], "end": cuts[4]},
    ]
    made = scenario({key: {"phases": phases, "ramp_up_weeks": 3} for key in MEASURES})
    record = sim.run(made, seed=1, draw=draw)
    assert record.digest == plain_run(made, draw=draw).digest
    for key in ("strong_institutions", "community_policing", "radio_drama"):
        assert record[f"cost_{key}"].any(), "the comparison is of something"


@given(measures())
def test_weeks_that_are_alike_are_alike(chosen):
    made = scenario(chosen)
    for measure in made.active_measures():
        for week in range(WEEKS):
            day = FIRST + timedelta(weeks=week)
            for ahead in range(1, min(measure.weeks_alike(day), WEEKS - week)):
                later = day + timedelta(weeks=ahead)
                assert measure.now(later) == measure.now(day)
                assert np.array_equal(measure.strength(later), measure.strength(day))
            for ahead in range(1, min(measure.acts_alike(day), WEEKS - week)):
                later = day + timedelta(weeks=ahead)
                assert measure.now(later) == measure.now(day)
                assert measure.begun(later) == measure.begun(day)


def asked(key, **block):
    """How often a measure is asked to move levers in a run, with a change of the world half way."""
    kind, times = MEASURES[key], []
    whole = kind.apply

    def counted(self, levers, country):
        times.append(country.week)
        whole(self, levers, country)

    patch = pytest.MonkeyPatch()
    patch.setattr(kind, "apply", counted)
    try:
        sim.run(scenario({key: block}), seed=1)
    finally:
        patch.undo()
    return sorted(set(times))


def test_a_steady_measure_is_asked_when_something_changes():
    alone = asked("strong_institutions")
    assert len(alone) == 1
    phases = [
        {"start": "2012-01-02", "end": "2012-03-05"},
        {"start": "2012-03-05", "end": "2012-05-07", "intensity": 0.5},
    ]
    assert asked("strong_institutions", phases=phases) == [0, 9, 18]
    assert asked("strong_institutions", ramp_up_weeks=6) == list(range(7))
    assert asked("judicial_pole") == list(range(WEEKS)), "it reads the state of the country"


def test_a_class_derived_from_a_steady_one_is_asked_every_week():
    class Other(MEASURES["strong_institutions"]):
        key: ClassVar[str] = "other"

    class Declared(Other):
        steady: ClassVar[Steady] = ALL

    routine = Routine()
    assert "apply" not in routine._card(Other(), None).steady
    assert "apply" in routine._card(Declared(), None).steady


def test_a_copy_of_a_country_goes_on_as_it_would():
    made = scenario({key: {} for key in MEASURES})
    country = begin(made, 1)
    for _ in range(WEEKS // 2):
        advance(country)
    other = country.copy()
    assert other.routine is not country.routine
    for one in (country, other):
        while not finished(one):
            advance(one)
    assert record_of(country).digest == record_of(other).digest == sim.run(made, seed=1).digest


def test_what_is_steady_is_a_part_of_a_measure():
    for kind in MEASURES.values():
        assert set(kind.steady) <= {"apply", "delivery", "spending"}
        assert not kind.steady.keys() & {"delivery", "spending"} or kind.report is Measure.report
