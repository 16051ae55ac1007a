"""Who is better than whom, and how sure that is."""

import numpy as np
import pytest

from sim.forecasts.counts import recorded
from sim.forecasts.ensemble import forecast_of
from sim.forecasts.judge import CHOSEN, MODELS, compared, judge, resamples, windows
from sim.forecasts.naive import NAIVE
from tests.forecasts.made import PLACES, changed_after, counts

pytest.importorskip("scoringrules")


def true_worlds(known, until, many=30):
    """Worlds that lie around what will happen: nobody can know this, so they must win."""
    rng = np.random.default_rng(5)
    out = []
    for _ in range(many):
        values = np.zeros(((until - 2011) * 12, PLACES), np.int64)
        values[: len(known.values)] = rng.poisson(known.values + 0.05)
        out.append(type(known)(values, known.first, "model"))
    return out


@pytest.fixture(scope="module")
def known():
    """The level of each region changes from year to year, so that the past says little."""
    rng = np.random.default_rng(2)
    level = rng.permuted(np.tile(np.linspace(0.0, 6.0, 6)[:, None], (1, PLACES)), axis=0)
    made = counts(value=0)
    made.values[:] = rng.poisson(np.repeat(level, 12, axis=0))
    return made


@pytest.fixture(scope="module")
def judged(known):
    worlds = true_worlds(known, 2018)
    forecasts = [forecast_of(known, worlds, origin, 2017) for origin in (2014, 2015, 2016)]
    return judge(known, forecasts), forecasts


def test_without_forecasts_the_naive_ones_are_judged():
    found = judge(recorded("all"))
    yearly = found.scores[(found.scores.window == "rolled: 2015-2017") & (found.scores.unit == "year")]
    crps = yearly.set_index("forecast").crps
    assert crps["last year"] == pytest.approx(6.85, abs=0.005)
    assert crps["zero"] == pytest.approx((116 + 98 + 138) / 27)
    assert set(crps.index) == {CHOSEN, *NAIVE}
    assert yearly.cases.tolist() == [27] * len(yearly)
    monthly = found.scores[(found.scores.window == "rolled: 2015-2017") & (found.scores.unit == "month")]
    assert monthly.cases.tolist() == [324] * len(monthly)
    assert monthly.set_index("forecast").crps["zero"] == pytest.approx(1.086, abs=0.001)
    assert yearly.brier.isna().all()
    assert monthly.brier.notna().all()


def test_windows_are_rolled_and_fixed(judged, known):
    _, forecasts = judged
    found = windows(known, forecasts)
    assert list(found) == ["rolled: 2015-2017", "fixed, from 2014: 2015-2017", "fixed, from 2015: 2016-2017"]
    assert [(part.origin, part.year) for part in found["rolled: 2015-2017"]] == [
        (2014, 2015),
        (2015, 2016),
        (2016, 2017),
    ]
    assert [(part.origin, part.year) for part in found["fixed, from 2015: 2016-2017"]] == [(2015, 2016), (2015, 2017)]
    assert list(windows(known.until(2015), forecasts)) == ["rolled: 2015"]
    assert windows(known.until(2014), forecasts) == {}


def test_a_forecast_that_knows_the_truth_beats_every_naive_one(judged):
    found, _ = judged
    rows = found.against[(found.against.forecast == "model, raw")]
    assert (rows.difference < 0).all()
    assert (rows.better > 0.9).all()
    assert set(rows.against) == {CHOSEN, *NAIVE}
    assert (rows.low <= rows.difference).all()
    assert (rows.difference <= rows.high).all()


def test_the_means_are_those_of_the_cases(judged):
    found, _ = judged
    means = found.cases.groupby(["window", "unit", "forecast"]).crps.mean()
    for row in found.scores.itertuples():
        assert means[row.window, row.unit, row.forecast] == pytest.approx(row.crps)
    assert set(found.scores.forecast) == {*MODELS, CHOSEN, *NAIVE}


def test_pit_shares_sum_to_one(judged):
    found, _ = judged
    assert found.scores.filter(like="pit_").sum(axis=1).to_numpy() == pytest.approx(np.ones(len(found.scores)))


def test_the_chosen_forecast_does_not_change_with_what_comes_later(known):
    worlds = true_worlds(known, 2018)
    forecasts = [forecast_of(known, worlds, 2014, 2015)]
    before = judge(known, forecasts).chosen
    assert before == judge(changed_after(known, 2014), forecasts).chosen
    assert {origin for origin, _ in before} == {2014}


def test_a_source_that_counts_twice_as_much_doubles_the_forecast(known):
    worlds = true_worlds(known, 2018)
    forecasts = [forecast_of(known, worlds, 2016, 2017)]
    twice = type(known)(known.values * 2, known.first)
    right, wrong = judge(twice, forecasts, 2.0).scores, judge(twice, forecasts).scores

    def raw(table):
        return table[(table.forecast == "model, raw") & (table.unit == "year")].crps.item()

    assert raw(right) < 0.5 * raw(wrong)
    one = judge(known, forecasts).scores
    assert raw(right) == pytest.approx(2 * raw(one), rel=0.25)


# --- the bootstrap ----------------------------------------------------------------------------------------------


def test_the_bootstrap_takes_whole_regions():
    ours, theirs = np.zeros((6, 3)), np.zeros((6, 3))
    theirs[:, 0] = 3.0  # one region in three decides
    found = compared(ours, theirs)
    assert found["difference"] == -1.0
    assert found["better"] == pytest.approx(1 - (2 / 3) ** 3 / 2, abs=0.02)  # without that region it is a tie
    assert found["low"] == pytest.approx(-2.0, abs=1e-9)
    assert found["high"] == 0.0


def test_equal_forecasts_are_a_tie():
    same = np.ones((3, PLACES))
    assert compared(same, same) == {"difference": 0.0, "low": 0.0, "high": 0.0, "better": 0.5}


def test_resamples_take_every_region_equally_often():
    taken = np.bincount(resamples(9).reshape(-1), minlength=9) / resamples(9).size
    assert taken == pytest.approx(np.full(9, 1 / 9), abs=0.005)
    assert np.array_equal(resamples(9), resamples(9))
