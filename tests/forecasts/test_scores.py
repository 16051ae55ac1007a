"""Scores: known answers worked out by hand, and that nobody gains by saying anything but what is true."""

import numpy as np
import pytest
from scipy import stats

from sim.engine.errors import InputError
from sim.forecasts import scores

pytest.importorskip("scoringrules")


def column(*draws):
    return np.array(draws, float)[:, None]


def test_crps_of_two_draws_is_the_mean_distance_less_half_the_spread():
    # |0 - 1| and |2 - 1| have the mean 1; two draws differ by 2 in half of all pairs, so by 1 on average
    assert scores.crps(column(0, 2), np.array([1])) == pytest.approx([0.5])


def test_crps_of_a_point_is_its_error():
    assert scores.crps(column(3), np.array([5])) == pytest.approx([2.0])
    assert scores.crps(column(3, 3, 3), np.array([5])) == pytest.approx([2.0])


def test_ignorance_counts_draws_in_the_bin_of_what_happened():
    draws = column(0, 0, 0, 1)
    # ten bins of VIEWS, each with one draw more: 3 + 1 of 4 + 10 in the bin of zero
    assert scores.ignorance(draws, np.array([0])) == pytest.approx([-np.log2(4 / 14)])
    assert scores.ignorance(draws, np.array([2])) == pytest.approx([-np.log2(2 / 14)])
    assert scores.ignorance(draws, np.array([3])) == pytest.approx([-np.log2(1 / 14)])


def test_ignorance_has_no_end():
    far = scores.ignorance(column(2000, 5), np.array([1001]))
    assert far == pytest.approx([-np.log2(2 / 12)])  # both above the last edge


def test_bins_are_those_of_views():
    edges = (0, 0.5, 2.5, 5.5, 10.5, 25.5, 50.5, 100.5, 250.5, 500.5, 1000.5)
    assert edges == scores.BINS


@pytest.mark.parametrize(("seen", "score"), [(20, 38.0), (1, 38.0), (40, 78.0), (0, 78.0)])
def test_interval_score_is_the_width_and_forty_times_what_is_missed(seen, score):
    draws = np.arange(41.0)[:, None]  # 2.5 and 97.5 % lie at 1 and 39
    assert scores.interval(draws, np.array([seen])) == pytest.approx([score])


@pytest.mark.parametrize(("seen", "inside"), [(4, 0.0), (5, 1.0), (50, 1.0), (95, 1.0), (96, 0.0)])
def test_coverage_has_both_ends_inside(seen, inside):
    assert scores.covered(np.arange(101.0)[:, None], np.array([seen]), 0.9) == [inside]


@pytest.mark.parametrize(("seen", "inside"), [(24, 0.0), (25, 1.0), (75, 1.0), (76, 0.0)])
def test_coverage_of_a_half(seen, inside):
    assert scores.covered(np.arange(101.0)[:, None], np.array([seen]), 0.5) == [inside]


@pytest.mark.parametrize(("seen", "score"), [(5, 0.0625), (4, 0.5625), (100, 0.0625)])
def test_brier_score_is_of_five_or_more(seen, score):
    assert scores.brier(column(5, 6, 7, 4), np.array([seen])) == pytest.approx([score])


def test_pit_spreads_a_case_between_the_shares_below_and_up_to_it():
    # a quarter of the draws lie below 1, half up to 1: of 0.25 to 0.5, 0.6 lies below 0.4
    assert scores.pit(column(0, 1, 2, 3), np.array([1])) == pytest.approx([0, 0.6, 0.4, 0, 0])


def test_pit_of_what_nobody_forecast_stands_at_the_ends():
    assert scores.pit(column(1, 2), np.array([9])) == pytest.approx([0, 0, 0, 0, 1])
    assert scores.pit(column(1, 2), np.array([0])) == pytest.approx([1, 0, 0, 0, 0])
    assert scores.pit(column(1, 4), np.array([2])) == pytest.approx([0, 0, 1, 0, 0])


def test_pit_of_a_right_forecast_is_flat():
    rng = np.random.default_rng(3)
    draws, seen = rng.poisson(3.0, (4000, 4000)), rng.poisson(3.0, 4000)
    assert scores.pit(draws, seen) == pytest.approx(np.full(5, 0.2), abs=0.025)


def test_quarters_are_three_months():
    months = np.arange(24).reshape(1, 12, 2)
    assert scores.quarters(months)[0, :, 0].tolist() == [0 + 2 + 4, 6 + 8 + 10, 12 + 14 + 16, 18 + 20 + 22]


def expected(score, draws, truth):
    """The mean of a score over all that can happen under the true distribution."""
    seen = np.arange(60)
    values = score(np.repeat(draws[:, None], len(seen), axis=1), seen)
    return float(values @ truth.pmf(seen))


def quantiles_of(law, many=2000):
    return law.ppf((np.arange(many) + 0.5) / many)


@pytest.mark.parametrize("name", ["crps", "ign", "mis", "brier"])
def test_the_true_distribution_has_the_best_expected_score(name):
    score = {**scores.SCORES, "brier": scores.brier}[name]
    truth = stats.nbinom(3, 3 / 8)  # mean 5
    mine = expected(score, quantiles_of(truth), truth)
    for other in (stats.poisson(5), stats.nbinom(3, 3 / 5), stats.nbinom(3, 3 / 12), stats.randint(4, 7)):
        assert expected(score, quantiles_of(other), truth) > mine - 1e-9
    assert expected(score, np.zeros(2000), truth) > mine


def test_shapes_that_do_not_fit_are_a_fault():
    with pytest.raises(ValueError, match="do not go with"):
        scores.crps(np.zeros((3, 2)), np.zeros(3))
    with pytest.raises(ValueError, match="do not go with"):
        scores.pit(np.zeros((0, 2)), np.zeros(2))


def test_a_missing_library_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "scoringrules", None)
    with pytest.raises(InputError, match="scoringrules"):
        scores.crps(column(1), np.array([1]))
