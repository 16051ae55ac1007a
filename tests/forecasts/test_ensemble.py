"""The forecast of an ensemble: raw, corrected and mixed."""

import numpy as np
import pytest

from sim.forecasts.counts import Counts, month_id
from sim.forecasts.ensemble import (
    SMALL,
    best_naive,
    discrepancy,
    forecast_of,
    scaled,
    span,
    yearly,
)
from sim.forecasts.naive import DRAWS, naive
from tests.forecasts.made import PLACES, changed_after, counts

pytest.importorskip("scoringrules")


@pytest.fixture
def worlds():
    return [counts(2012, 2019, seed=seed, source="model") for seed in range(8)]


def test_the_discrepancy_halves_the_weight_of_each_year_before():
    recorded, world = counts(2012, 2015, value=0), counts(2012, 2015, value=0)
    for k, (seen, simulated) in enumerate(((100, 0), (8, 2), (4, 12), (6, 4))):
        recorded.values[12 * k] = seen
        world.values[12 * k] = simulated
    # 2015: 6 and 4; 2014: 4 and 12 at a half; 2013: 8 and 2 at a quarter; 2012 is left out
    expected = (6 + 2 + 2 + SMALL) / (4 + 6 + 0.5 + SMALL)
    assert discrepancy(recorded, [world], 2015) == pytest.approx(np.full(PLACES, expected))
    expected = (4 + 4 + SMALL) / (12 + 1 + SMALL)
    assert discrepancy(recorded, [world], 2014) == pytest.approx(np.full(PLACES, expected))


def test_the_discrepancy_takes_the_mean_over_worlds_and_each_region_alone():
    recorded = counts(2013, 2013, value=0)
    recorded.values[0, 2] = 16
    worlds = [counts(2013, 2013, value=0), counts(2013, 2013, value=0)]
    worlds[0].values[0, 2], worlds[0].values[0, 5] = 2, 8
    factors = discrepancy(recorded, worlds, 2013)
    assert factors[2] == pytest.approx((16 + 4) / (1 + 4))
    assert factors[5] == pytest.approx(4 / (4 + 4))
    assert np.delete(factors, [2, 5]) == pytest.approx(np.ones(PLACES - 2))


def test_scaled_counts_are_whole_and_have_the_right_mean():
    draws = np.full((4000, 2, 2), 3)
    out = scaled(draws, np.array([0.5, 1.2]), 445)
    assert out.dtype == np.int64
    assert set(np.unique(out[:, :, 0])) == {1, 2}
    assert set(np.unique(out[:, :, 1])) == {3, 4}
    assert out.mean(axis=(0, 1)) == pytest.approx([1.5, 3.6], abs=0.03)
    assert not np.array_equal(out[:, 0], out[:, 1])  # each period has luck of its own
    assert np.array_equal(scaled(draws, np.ones(2), 445), draws)


def test_raw_draws_are_the_worlds_each_as_often_as_the_others(worlds):
    made = forecast_of(counts(), worlds, 2016, 2018)
    raw = made.draws["raw"]["month"]
    assert raw.shape == (DRAWS, 24, PLACES)
    for k, world in enumerate(worlds):
        assert np.array_equal(raw[k], world.months(month_id(2017, 1), month_id(2018, 12)))
        assert np.array_equal(raw[k + len(worlds)], raw[k])
    few = forecast_of(counts(), worlds[:3], 2016, 2017)
    assert len(few.draws["raw"]["year"]) == 1002  # a multiple of three


def test_years_are_the_sums_of_their_months(worlds):
    made = forecast_of(counts(), worlds, 2016, 2018)
    for version in ("raw", "corrected"):
        assert np.array_equal(made.draws[version]["year"], yearly(made.draws[version]["month"]))
    assert np.array_equal(made.of("raw", "month", 2018).sum(axis=1), made.of("raw", "year", 2018)[:, 0])
    assert np.array_equal(made.of("raw", "year", 2017)[0, 0], worlds[0].year(2017))


def test_half_of_the_mixed_draws_are_those_of_the_best_naive(worlds):
    known = counts()
    made = forecast_of(known, worlds, 2016, 2018)
    for unit, periods in (("year", 2), ("month", 24)):
        mixed = made.draws["mixed"][unit]
        assert np.array_equal(mixed[:DRAWS], made.draws["corrected"][unit])
        best = best_naive(known, 2016, unit)
        assert made.about["best naive"][unit] == best
        other = naive(best, known, 2016, unit, periods)
        assert mixed[DRAWS:].mean() == pytest.approx(other.mean(), rel=0.05)
        assert np.issubdtype(mixed.dtype, np.integer)


def test_a_forecast_knows_nothing_of_later_years(worlds):
    known = counts()
    one, other = (forecast_of(c, worlds, 2015, 2017) for c in (known, changed_after(known, 2015)))
    for version in one.draws:
        for unit in ("month", "year"):
            assert np.array_equal(one.draws[version][unit], other.draws[version][unit])
    before = forecast_of(changed_after(known, 2014), worlds, 2015, 2017)
    assert not np.array_equal(one.factors, before.factors)


def test_the_span_in_words(worlds):
    assert span(forecast_of(counts(), worlds, 2016, 2017)) == "2017"
    assert span(forecast_of(counts(), worlds, 2016, 2018)) == "2017 to 2018"


def test_what_the_worlds_lived_before_the_origin_is_in_no_draw(worlds):
    changed = [Counts(np.where(np.arange(96)[:, None] < 60, w.values + 3, w.values), w.first, w.source) for w in worlds]
    one, other = (forecast_of(counts(), w, 2016, 2018) for w in (worlds, changed))
    assert np.array_equal(one.draws["raw"]["month"], other.draws["raw"]["month"])
    assert (other.factors < one.factors).all()
