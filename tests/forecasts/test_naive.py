"""Naive forecasts: their known scores, what they may know, and the same bits everywhere."""

import hashlib

import numpy as np
import pytest

from sim.forecasts.counts import month_id, recorded
from sim.forecasts.ensemble import best_naive, naive_crps, seen_in
from sim.forecasts.naive import (
    LEAST,
    MEANING,
    NAIVE,
    Known,
    naive,
    negative_binomial_masses,
    poisson_masses,
)
from sim.forecasts.scores import crps
from tests.forecasts.made import PLACES, changed_after, counts

pytest.importorskip("scoringrules")
YEARS = (2015, 2016, 2017)


def mean_crps(name, unit, target="all", years=YEARS):
    return np.mean([naive_crps(name, recorded(target), year, unit) for year in years])


# --- what others found on the same numbers --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "score", "near"),
    [("last year", 6.85, 0.005), ("mean of three years", 6.38, 0.005), ("negative binomial", 5.22, 0.05)],
)
def test_known_scores_by_year(name, score, near):
    assert mean_crps(name, "year") == pytest.approx(score, abs=near)


def test_known_scores_of_the_negative_binomial_in_each_year():
    scores = [naive_crps("negative binomial", recorded("all"), year, "year") for year in YEARS]
    assert scores == pytest.approx([7.5, 3.2, 5.0], abs=0.08)


def test_without_the_least_mean_the_negative_binomial_has_the_other_known_score(monkeypatch):
    monkeypatch.setattr("sim.forecasts.naive.LEAST", 0.05)
    assert mean_crps("negative binomial", "year") == pytest.approx(5.31, abs=0.05)


@pytest.mark.parametrize(
    ("name", "score"), [("last year", 5.33), ("regional mean", 6.53), ("trend", 6.18), ("conflictology, 1 year", 4.26)]
)
def test_known_scores_of_the_last_two_years(name, score):
    assert mean_crps(name, "year", years=YEARS[1:]) == pytest.approx(score, abs=0.05)


@pytest.mark.parametrize(("year", "score"), [(2016, 3.28), (2017, 5.25)])
def test_known_scores_of_conflictology(year, score):
    assert naive_crps("conflictology, 1 year", recorded("all"), year, "year") == pytest.approx(score, abs=0.06)


@pytest.mark.parametrize(
    ("name", "score"),
    [("conflictology, 1 year", 0.647), ("negative binomial", 0.642), ("last month, Poisson", 0.727), ("zero", 1.086)],
)
def test_known_scores_by_month(name, score):
    assert mean_crps(name, "month") == pytest.approx(score, abs=0.01)


# --- no forecast knows what comes ------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["month", "year"])
@pytest.mark.parametrize("name", NAIVE)
def test_a_naive_forecast_knows_nothing_of_later_years(name, unit):
    known = counts()
    for origin in (2013, 2015):
        before = naive(name, known, origin, unit, 3, 50)
        after = naive(name, changed_after(known, origin), origin, unit, 3, 50)
        assert np.array_equal(before, after)


@pytest.mark.parametrize("name", [name for name in NAIVE if name != "zero"])
def test_a_naive_forecast_does_use_what_is_known(name):
    known = counts()
    assert not np.array_equal(naive(name, known, 2015, "year", 1, 50),
                              naive(name, changed_after(known, 2014), 2015, "year", 1, 50))  # fmt: skip


@pytest.mark.parametrize("unit", ["month", "year"])
def test_the_best_naive_is_chosen_on_the_years_before(unit):
    known = counts(seed=4)
    assert best_naive(known, 2014, unit) == best_naive(changed_after(known, 2014), 2014, unit)


def test_the_best_naive_depends_on_the_years_before():
    rising = counts(value=0)
    rising.values[:] = np.repeat(np.arange(6), 12)[:, None]
    assert best_naive(rising, 2017, "year") == "trend"
    assert best_naive(counts(value=2), 2017, "year") == "last year"
    assert best_naive(counts(value=0), 2017, "year") == "last year"
    assert best_naive(counts(2012, 2012), 2012, "year") == "negative binomial"  # one year is no test


def test_a_forecast_is_given_no_later_month():
    with pytest.raises(ValueError, match="counts end"):
        Known(counts(), 2015)


# --- what each of them says -------------------------------------------------------------------------------------


def test_points():
    known = counts(value=2)
    for name in ("last year", "mean of three years", "regional mean", "trend"):
        assert (naive(name, known, 2015, "year", 2, 3) == 24).all()
        assert (naive(name, known, 2015, "month", 24, 3) == 2).all()
    assert (naive("zero", known, 2015, "year", 2, 3) == 0).all()


def test_last_year_by_month_is_the_same_month_of_last_year():
    known = counts()
    months = naive("last year", known, 2015, "month", 24, 2)
    assert np.array_equal(months[0, :12], known.months(month_id(2015, 1), month_id(2015, 12)))
    assert np.array_equal(months[1, 12:], months[1, :12])


def test_the_trend_goes_on_and_stops_at_zero():
    known = counts(2012, 2014, value=0)
    known.values[:, 0] = np.repeat([1, 2, 3], 12)  # 12, 24, 36 a year
    known.values[:, 1] = np.repeat([3, 2, 1], 12)
    ahead = naive("trend", known, 2014, "year", 2, 1)[0]
    assert ahead[:, 0].tolist() == [48, 60]
    assert ahead[:, 1].tolist() == [0, 0]
    assert naive("trend", known, 2014, "month", 13, 1)[0, :, 0].tolist() == [4] * 12 + [5]


def test_one_year_has_no_trend():
    assert (naive("trend", counts(2012, 2012, value=1), 2012, "year", 1, 1) == 12).all()


def test_past_months_come_back_and_no_others():
    known = counts(value=0)
    known.values[-12:, 3] = 7
    months = naive("conflictology, 1 year", known, 2017, "month", 12, 200)
    assert set(np.unique(months[:, :, 3])) == {7}
    three = naive("conflictology, 3 years", known, 2017, "month", 12, 200)[:, :, 3]
    assert set(np.unique(three)) == {0, 7}
    assert three.mean() == pytest.approx(7 / 3, abs=0.2)
    every = naive("all past months", known, 2017, "month", 12, 200)[:, :, 3]
    assert every.mean() == pytest.approx(7 / 6, abs=0.2)
    assert naive("conflictology, 3 years", known, 2017, "year", 1, 500)[:, 0, 3].mean() == pytest.approx(28, abs=1.5)


@pytest.mark.parametrize("name", ["Poisson", "negative binomial"])
def test_a_region_without_attacks_is_never_certain_of_none(name):
    draws = naive(name, counts(value=0), 2017, "year", 1, 4000)
    assert draws.mean() == pytest.approx(LEAST, abs=0.05)
    months = naive(name, counts(value=0), 2017, "month", 12, 1000)
    assert months.mean() == pytest.approx(LEAST / 12, abs=0.01)


@pytest.mark.parametrize("mean", [0.01, 0.3, 4.0, 60.0, 500.0])
@pytest.mark.parametrize("law", ["poisson", "negative binomial"])
def test_masses_have_the_mean_and_variance_they_should(law, mean):
    below = {"poisson": poisson_masses, "negative binomial": negative_binomial_masses}[law](mean)
    masses = np.diff(below, prepend=0.0)
    k = np.arange(len(masses))
    variance = mean if law == "poisson" else mean * (1 + mean / 3)
    middle = masses @ k
    assert middle == pytest.approx(mean, rel=1e-4)
    assert masses @ (k - middle) ** 2 == pytest.approx(variance, rel=1e-3)


def test_regions_and_periods_have_luck_of_their_own():
    draws = naive("Poisson", counts(value=1), 2016, "year", 2, 500)
    flat = draws.reshape(500, -1)
    apart = np.corrcoef(flat.T)[~np.eye(flat.shape[1], dtype=bool)]
    assert np.abs(apart).max() < 0.25


def test_more_draws_leave_the_first_as_they_are():
    few, many = (naive("negative binomial", counts(), 2016, "month", 12, n) for n in (20, 60))
    assert np.array_equal(few, many[:20])


def test_every_forecast_is_explained():
    assert list(MEANING) == list(NAIVE)


def test_the_same_bits_on_every_processor():
    sha = hashlib.sha256()
    for name in NAIVE:
        for unit, periods in (("year", 2), ("month", 24)):
            draws = naive(name, recorded("jihadist"), 2015, unit, periods, 200)
            assert draws.shape == (200, periods, PLACES)
            sha.update(np.ascontiguousarray(draws, "<f8").data)
    assert sha.hexdigest()[:16] == "25517af89d7797ec"


def test_scores_of_the_record_take_whole_years():
    assert seen_in(recorded("all"), 2017, "year").sum() == 138
    assert seen_in(recorded("all"), 2017, "month").shape == (12, PLACES)
    assert crps(np.zeros((1, PLACES)), seen_in(recorded("all"), 2017, "year")[0]).mean() == pytest.approx(138 / 9)
