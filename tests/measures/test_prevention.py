"""What all measures of prevention have in common: when they act, where, and what is counted."""

import inspect
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.engine.errors import InputError
from sim.levers import TABLE
from sim.measures import MEASURES
from sim.scenario import Scenario, load
from sim.week import begin
from tests.measures.acting import REGION, begun, carried_on, in_week, lived, moved, report, scenario
from tests.processes.worlds import with_values

SCENARIOS = Path(__file__).parents[2] / "scenarios"

KEYS = (
    "economic_growth", "imam_training", "mali_kuma_kan", "religious_leaders", "school_reform", "sermon_drafting",
    "social_development", "women_and_civil_society",
)  # fmt: skip
ACTING = {  # settings besides the defaults, so that every lever moves away from where it stands
    "imam_training": {"course_weeks": 30, "imams": 100, "cohort_size": 10, "weeks_between_cohorts": 2},
    "mali_kuma_kan": {"core_seconds": 30},
}
LASTING = {"economic_growth", "imam_training", "school_reform"}  # who was taught stays so after the end
OWN_FIDELITY = {"imam_training"}  # 500 imams are 500 imams
SHAPE = {row.name: row.over for row in TABLE}


def settings(key, **more):
    return {**ACTING.get(key, {}), **more}


@pytest.mark.parametrize("key", KEYS)
def test_nothing_is_touched_before_its_start(key):
    country = begun(key, world={"end": "2012-12-31"}, **settings(key, start="2012-03-05"))
    for week in (0, 4, 8):
        assert not moved(in_week(country, week))
        assert not report(country).count.any()
        assert not report(country).cost_xof.any()
    assert moved(in_week(country, 9))


@pytest.mark.parametrize("key", sorted(set(KEYS) - LASTING))
def test_nothing_is_touched_after_its_end(key):
    country = begun(key, **settings(key, end="2012-03-05"))
    assert moved(in_week(country, 8))
    assert not moved(in_week(country, 9))


@pytest.mark.parametrize("key", KEYS)
def test_it_acts_in_its_regions_alone(key):
    """Every lever with a region or a cell: moved in all of its regions, untouched elsewhere."""
    country = begun(key, **settings(key, regions=["Mopti", "Gao"]))
    chosen = np.isin(np.arange(9), [4, 6])
    seen = []
    for row in TABLE:
        if not country.levers.moved(row.name) or row.over[-1:] not in (("region",), ("cell",)):
            continue
        values = np.moveaxis(getattr(country.levers, row.name), -1, 0)
        values = values.reshape(values.shape[0], -1)
        inside = chosen if row.over[-1] == "region" else chosen[REGION]
        assert (values[~inside] == row.default).all(), row.name
        assert (values[inside] != row.default).any(axis=1).all(), row.name
        seen.append(row.name)
    assert seen
    measure = country.measures[0]
    assert not measure.report(country).cost_xof[~chosen].any()
    assert not measure.report(country).count[~chosen].any()


@pytest.mark.parametrize("key", sorted(set(KEYS) - OWN_FIDELITY))
def test_what_is_carried_out_is_the_plan_times_its_fidelity_and_the_cost_is_that_of_the_plan(key):
    half, whole = begun(key, {f"fidelity_{key}": 0.5}), begun(key)
    reports = [in_week(country, 0).measures[0].report(country) for country in (half, whole)]
    assert whole.measures[0].carried_out(whole) == 1.0
    assert half.measures[0].carried_out(half) == 0.5
    assert np.array_equal(reports[0].cost_xof, reports[1].cost_xof)
    assert reports[0].cost_xof.sum() > 0
    if key != "mali_kuma_kan":  # what it delivers, its messages say: see there
        np.testing.assert_allclose(reports[0].count, 0.5 * reports[1].count)
        assert reports[1].count.sum() > 0


@pytest.mark.parametrize("key", [key for key in KEYS if MEASURES[key].partners])
def test_partners_do_some_of_the_work_twice_unless_they_are_coordinated(key):
    full = {f"fidelity_{key}": 1.0, "fidelity_coordination": 1.0}
    base = {"name": "partners", "persons_per_youth": 5000, "end": "2012-07-02"}
    alone = with_values(begin(Scenario.of({**base, "measures": {key: True}}), 1), **full)
    together = with_values(begin(Scenario.of({**base, "measures": {key: True, "coordination": True}}), 1), **full)
    counts, costs = [], []
    for country in (alone, together):
        measure = next(m for m in in_week(country, 0).measures if m.key == key)
        counts.append(measure.report(country).count.sum())
        costs.append(measure.report(country).cost_xof.sum())
    assert counts[0] == pytest.approx((1 - alone.parameters.partner_overlap) * counts[1])
    assert counts[1] > counts[0]
    assert costs[0] == costs[1]


def test_measures_of_several_partners_say_so():
    several = {"economic_growth", "religious_leaders", "social_development", "women_and_civil_society"}
    assert {key for key in KEYS if MEASURES[key].partners} == several


@pytest.mark.parametrize("key", sorted(set(KEYS) - {"imam_training", "mali_kuma_kan"}))
def test_intensity_and_ramp_scale_what_is_delivered_and_what_it_costs(key):
    country = begun(key, intensity=0.8, ramp_up_weeks=3)
    full = begun(key)
    whole = full.measures[0].report(full)
    for week, share in ((0, 0.2), (1, 0.4), (2, 0.6), (3, 0.8), (9, 0.8)):
        report = in_week(country, week).measures[0].report(country)
        np.testing.assert_allclose(report.count, share * whole.count)
        np.testing.assert_allclose(report.cost_xof, share * whole.cost_xof)


@pytest.mark.parametrize("key", sorted(set(KEYS) - {"imam_training"}))
def test_with_a_condition_it_acts_and_costs_in_the_weeks_in_which_this_holds(key):
    when = {"observable": "attacks", "region": "Mopti", "over_weeks": 1, "above": 10, "lag_weeks": 1, "lasts_weeks": 1}
    country = begun(key, when=when)
    attacks = np.array([0, 11, 30, 10, 0, 12])
    measure, on = country.measures[0], []
    for week in range(7):
        in_week(country, week)
        on.append(measure.carried_out(country) > 0.0)
        assert (measure.report(country).cost_xof.sum() > 0.0) == on[-1]
        if not on[-1]:
            assert not moved(country)
        if week < 6:
            country.values[week, 4, country.names["attacks"]] = attacks[week]
    assert on == [False, False, True, True, False, False, True]


@pytest.mark.parametrize("key", sorted(set(KEYS) - {"imam_training"}))
def test_the_plan_of_a_preview_costs_what_the_run_costs(key):
    part = {"start": "2012-03-05", "ramp_up_weeks": 9, "intensity": 0.7}
    asked = scenario(key, part, ppy=10_000, end="2012-12-31")
    country = begin(asked, 1)
    plan = country.measures[0].plan(country.clock, country.grid)
    record = lived(country)
    cost = record[f"cost_{key}"].sum()
    assert plan.cost_xof == pytest.approx(cost, rel=0.06), "some imams are silenced, and are sent no sermon"
    if key not in ("sermon_drafting", "religious_leaders"):
        assert plan.cost_xof == pytest.approx(cost)


@pytest.mark.parametrize("key", sorted(set(KEYS) - {"imam_training", "mali_kuma_kan"}))
def test_the_plan_of_a_preview_promises_what_is_delivered_when_all_is_carried_out(key):
    country = begun(key)
    plan = country.measures[0].plan(country.clock, country.grid)
    assert plan.reached_per_week == pytest.approx(country.measures[0].report(country).count.sum(), rel=0.02)


@pytest.mark.parametrize("key", KEYS)
def test_what_lasts_lasts_and_what_does_not_does_not(key):
    """After the end those who were taught, placed or sent go on; the measure itself costs nothing any more."""
    country = begun(key, **settings(key, end="2012-01-16"))
    carried_on(country, 4)
    if key != "imam_training":  # imams away cost their stipends until they are back: see there
        assert country.measures[0].report(country).cost_xof.sum() == 0
        assert country.measures[0].report(country).count.sum() == 0
        assert bool(moved(country)) == (key in LASTING)


@pytest.mark.parametrize("key", KEYS)
def test_unknown_settings_are_refused_by_name(key):
    with pytest.raises(InputError, match=rf"measures\.{key} has no setting 'strenght'"):
        scenario(key, {"strenght": 1.0})
    with pytest.raises(InputError, match="did you mean 'intensity'"):
        scenario(key, {"intensty": 1.0})


@pytest.mark.parametrize(
    ("key", "wrong", "said"),
    [
        ("sermon_drafting", {"share_following": 1.4}, "share_following is 1.4; it must be a share between 0 and 1"),
        ("sermon_drafting", {"office_per_week": -1}, "office_per_week is -1; it must be an amount in XOF"),
        ("religious_leaders", {"share_protected": "2 %"}, "share_protected is the text '2 %'.*quotes: 0.02"),
        ("women_and_civil_society", {"groups": 2.5}, "groups is 2.5; it must be a whole number, 0 or more"),
        ("women_and_civil_society", {"persons_per_family": 0}, "persons_per_family"),
        ("women_and_civil_society", {"at_the_table": 1}, "at_the_table is 1; it must be true or false"),
        ("school_reform", {"civic_role": "no"}, "civic_role is 'no'; it must be true or false"),
        (
            "school_reform",
            {"extra_year": 20},
            r"extra_year is 20; it must be a share between 0 and 1. Did you mean 0.2\?",
        ),
        ("economic_growth", {"mode": "loans"}, "mode.*training_and_capital"),
        ("economic_growth", {"places_per_year": -5}, "places_per_year is -5; it must be a whole number of persons"),
        ("social_development", {"sector": "road"}, "did you mean 'roads'"),
        ("social_development", {"coverage": None}, "coverage has no value; it must be a share between 0 and 1"),
    ],
)
def test_impossible_settings_are_refused_by_name(key, wrong, said):
    with pytest.raises(InputError, match=said):
        scenario(key, wrong)


@pytest.mark.parametrize("key", KEYS)
def test_it_says_what_it_is_and_where_that_comes_from(key):
    measure = MEASURES[key]
    story = inspect.cleandoc(sys.modules[measure.__module__].__doc__).split("\n\n")
    assert len(story) >= 2, "a headline and the story"
    assert measure.__doc__
    assert measure.sources or key == "mali_kuma_kan", "of the clips no record was found"


@pytest.mark.parametrize("key", KEYS)
def test_it_has_a_scenario_of_its_own(key):
    alone = load(SCENARIOS / f"{key}.yaml")
    baseline = load(SCENARIOS / "baseline.yaml").measures
    assert {m.key for m in alone.active_measures()} - set(baseline) == {key}
    assert {name: alone.measures[name] for name in baseline} == baseline
    assert alone.measures[key].start > alone.start
    assert "start" in (SCENARIOS / f"{key}.yaml").read_text(encoding="utf-8")
