"""Imams trained abroad: who leaves, when they are back, what it costs."""

from datetime import date

import numpy as np
import pytest

from sim.population.imams import IN_TRAINING, TRAINED
from sim.processes.imams import imams
from sim.processes.measures import measures
from sim.scenario import Scenario
from sim.week import advance, begin, finished, record_of

KEY = "imam_training"


def begun(start="2013-11-04", run_start="2012-01-02", end="2018-12-31", **settings):
    scenario = {"name": "imams", "persons_per_youth": 5000, "start": run_start, "end": end}
    return begin(Scenario.of({**scenario, "measures": {KEY: {"start": start, **settings}}}), 1)


def lived(country, seen=lambda country: None) -> list:
    """What is seen after each week of measures and imams alone."""
    out = []
    while not finished(country):
        measures(country)
        imams(country)
        out.append(seen(country))
        country.week += 1
    return out


def training(country) -> int:
    return int(country.imams.in_training().sum())


def by_region(country, mask) -> np.ndarray:
    return np.bincount(country.grid.region[country.imams.cell[mask]], minlength=9)


def test_five_hundred_imams_are_five_hundred_imams_in_two_year_cohorts():
    country = begun()
    away = np.array(lived(country, training))
    leave = np.diff(np.concatenate([[0], away]))
    first = country.clock.week(date(2013, 11, 4))
    expected = {first + 40 * k: size for k, size in enumerate((102, 102, 102, 102, 92))}
    for week, change in enumerate(leave):
        back = expected.get(week - 104, 0)
        assert change == expected.get(week, 0) - back, f"week {week}"
    assert sum(expected.values()) == 500
    assert away[-1] == 0
    assert (country.imams.training == TRAINED).sum() <= 500


def test_a_share_of_them_completes_the_course():
    country = begun(imams=5000, cohort_size=1000)
    lived(country)
    share = country.parameters.training_completion
    trained = (country.imams.training == TRAINED).sum()
    assert trained == pytest.approx(5000 * share, abs=4.5 * np.sqrt(5000 * share * (1 - share)))


@pytest.mark.parametrize(
    ("regions", "chosen"), [(["Mopti"], [4]), (["Ségou", "Gao", "Kidal"], [3, 6, 7]), ("all", range(9))]
)
def test_they_come_from_the_chosen_regions_in_proportion_to_the_imams_there(regions, chosen):
    country = begun(regions=regions, imams=200, cohort_size=200, start="2012-01-02", end="2012-02-06")
    measures(country)
    imams(country)
    away = by_region(country, country.imams.in_training())
    stock = by_region(country, np.ones(country.imams.cell.size, bool))
    outside = np.setdiff1d(np.arange(9), chosen)
    assert away.sum() == 200
    assert away[outside].sum() == 0
    share = stock[list(chosen)] / stock[list(chosen)].sum()
    assert np.abs(away[list(chosen)] - 200 * share).max() <= 1


def test_a_strategy_takes_some_of_them_from_where_the_threat_is():
    """Half of the cohort comes from the region of the threat, the other half as planned."""
    country = begun(imams=200, cohort_size=200, start="2012-01-02", end="2012-02-06", regions=["Kayes", "Mopti", "Gao"])
    country.levers.reset()
    country.levers.set("shift", ..., 0.5)
    country.levers.set("need", 4, 1.0)
    country.measures[0].apply(country.levers, country)
    imams(country)
    away = by_region(country, country.imams.in_training())
    chosen = np.isin(np.arange(9), [0, 4, 6])
    stock = by_region(country, np.ones(country.imams.cell.size, bool)) * chosen
    plan = 200 * stock / stock.sum()
    assert away.sum() == 200
    assert np.abs(away - (0.5 * plan + 100 * (np.arange(9) == 4))).max() <= 1


def test_a_cohort_whose_condition_is_not_met_does_not_leave_and_is_not_made_up_for():
    when = {"observable": "attacks", "over_weeks": 1, "above": 5, "lag_weeks": 1, "lasts_weeks": 1}
    country = begun(start="2012-01-02", end="2013-03-04", imams=50, cohort_size=10, weeks_between_cohorts=10, when=when)
    country.values[[9, 29], 0, country.names["attacks"]] = 9
    away = np.array(lived(country, training))
    assert np.flatnonzero(np.diff(away, prepend=0)).tolist() == [10, 30]
    assert away[-1] == 20


def test_while_nobody_leaves_or_is_away_no_lever_is_touched():
    country = begun(course_weeks=10, imams=20, cohort_size=20, start="2012-03-05", end="2012-07-02")
    touched = lived(country, lambda c: [name for name in ("imams_sent", "imams_completing") if c.levers.moved(name)])
    assert touched[:9] == [[]] * 9
    assert touched[9] == ["imams_sent", "imams_completing"]
    assert touched[10:20] == [["imams_completing"]] * 10, "and when they are back it is known who completes"
    assert touched[20:] == [[]] * 6


def test_half_the_intensity_sends_half_of_them():
    whole, half = begun(end="2014-08-11"), begun(end="2014-08-11", intensity=0.5)
    assert lived(whole, training)[-1] == 102
    assert lived(half, training)[-1] == 51
    a, b = (c.imams.training == IN_TRAINING for c in (whole, half))
    assert (b & ~a).sum() <= 3, "of the same imams some stay, but for the rounding of small regions"


def test_a_ramp_grows_cohort_by_cohort():
    country = begun(cohort_size=100, weeks_between_cohorts=10, imams=500, ramp_up_weeks=19, end="2014-10-06")
    away = lived(country, training)
    assert sorted(set(away)) == [0, 5, 60, 160, 260, 360]  # 1/20, 11/20, then all of a hundred


def test_cohorts_can_be_named_one_by_one():
    cohorts = [
        {"departs": "2014-03-05", "imams": 7},
        {"departs": "2014-03-09", "imams": 2},
        {"departs": "2015-06-01", "imams": 11},
    ]
    country = begun(cohorts=cohorts, imams=9999, end="2016-01-04")
    away = np.array(lived(country, training))
    monday, later = country.clock.week(date(2014, 3, 3)), country.clock.week(date(2015, 6, 1))
    assert np.flatnonzero(np.diff(np.concatenate([[0], away]))).tolist() == [monday, later]
    assert away[[monday, later]].tolist() == [9, 20]


def test_nobody_leaves_before_the_start_or_after_the_end_of_the_measure():
    country = begun(start="2013-11-04", end="2016-01-04")
    stopped = Scenario.of({"name": "stopped", "persons_per_youth": 5000, "end": "2016-01-04",
                           "measures": {KEY: {"start": "2013-11-04", "end": "2014-08-11"}}})  # fmt: skip
    away = lived(country, training)
    short = lived(begin(stopped, 1), training)
    week = country.clock.week(date(2013, 11, 4))
    assert away[week - 1] == 0 < away[week]
    assert away[week + 39] == 102
    assert away[week + 40] == 204, "the second cohort leaves forty weeks later"
    assert max(short) == 102
    assert short[-1] == 0, "who is away when the measure ends comes back when the course does"


def test_the_course_has_its_length():
    country = begun(course_weeks=30, imams=50, cohort_size=50, end="2014-12-29")
    away = lived(country, training)
    assert sum(away) == 50 * 30


def test_the_cost_is_a_stipend_for_each_week_away_and_a_journey_each():
    country = begun(cost_per_imam_week=1000, cost_per_journey=70)
    reports = lived(country, lambda c: c.measures[0].report(c))
    total = sum(r.cost_xof.sum() for r in reports)
    assert total == 500 * (104 * 1000 + 70)
    week = country.clock.week(date(2013, 11, 4))
    assert reports[week].cost_xof.sum() == 102 * (1000 + 70)
    assert reports[week + 1].cost_xof.sum() == 102 * 1000
    assert reports[week - 1].cost_xof.sum() == 0


def test_what_it_delivers_are_trained_imams_in_post():
    country = begun()
    reports = lived(country, lambda c: (c.measures[0].report(c).count.sum(), int((c.imams.training == TRAINED).sum())))
    assert [r[0] for r in reports] == [r[1] for r in reports]
    week = country.clock.week(date(2013, 11, 4)) + 104
    assert reports[week - 1][0] == 0 < reports[week][0] <= 102
    country.imams.away_until[country.imams.training == TRAINED] = 10_000
    assert country.measures[0].report(country).count.sum() == 0


def test_at_full_intensity_trained_imams_reach_youths_and_calm_them():
    """A whole year after a large cohort is back: sermons and outreach against a country without the measure."""
    settings = {"start": "2012-01-02", "imams": 15_000, "cohort_size": 15_000, "course_weeks": 4}
    scenario = {"name": "imams", "persons_per_youth": 2000, "end": "2012-12-31"}
    runs = []
    for measure in ({KEY: settings}, {}):
        country = begin(Scenario.of({**scenario, "measures": measure}), 1)
        while not finished(country):
            advance(country)
        runs.append(record_of(country))
    trained, without = runs
    assert trained["imams_trained"][-1].sum() > 10_000
    assert without["reached_sermons"].sum() == 0 < trained["reached_sermons"].sum()
    weights = trained.weights["youths"] / trained.weights["youths"].sum()
    fall = (trained["attitude_mean"][-1] - without["attitude_mean"][-1]) @ weights
    assert -0.15 < fall < -0.01, "the effect of outreach is a few hundredths of a standard deviation"
    assert trained["delivered_imam_training"][10].sum() == trained["imams_trained"][10].sum()
