"""Paired effects, against numbers worked out by hand and against what must hold for any numbers."""

import batch_fakes as fakes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_rel

from sim.engine.errors import InputError
from sim.experiments.effects import COLUMNS, OUTCOMES, effects, outcome_values

WEEKS = 60
SHAPE = (WEEKS, 9, len(fakes.OBSERVABLES))
EVERYWHERE = [name for name, outcome in OUTCOMES.items() if not outcome.elsewhere]


def runs(seeds, factor=1.0, shift=0):
    """Made-up runs: seed -> record."""
    return {seed: fakes.record(np.random.default_rng(seed + shift).gamma(2.0, factor, SHAPE)) for seed in seeds}


def row(table, outcome, region="Mali", scenario="b"):
    [found] = table[(table.outcome == outcome) & (table.region == region) & (table.scenario == scenario)].to_dict(
        "records"
    )
    return found


def test_columns_rows_and_what_a_record_lacks_is_left_out():
    table = effects({"a": runs([1, 2]), "b": runs([1, 2], 2.0), "c": runs([1, 2], 3.0)}, "a")
    assert tuple(table.columns) == COLUMNS
    elsewhere = {"joined_elsewhere", "attacks_elsewhere"}
    assert set(table.outcome) == {"joined", "attacks", "trust", "attitude_mean", "cost", *elsewhere}
    assert len(table) == 2 * 7 * 10
    assert table[table.outcome.isin(elsewhere)]["mean"].isna().all(), "no measure acts, so there is no elsewhere"
    assert list(dict.fromkeys(table.region)) == ["Mali", *fakes.REGIONS]


def test_outcomes_by_hand():
    values = np.zeros(SHAPE)
    values[:, :, 0] = np.arange(9)  # joined: 0..8 a week by region
    values[:8, :, 2] = 1.0  # trust falls from 1 to 0.25 before the last year
    values[8:, :, 2] = 0.25
    values[8:, 8, 2] = 0.5
    values[:, 0, 4] = 10.0  # two costs that add up
    values[:, 0, 5] = 5.0
    record = fakes.record(values)
    assert outcome_values(record, OUTCOMES["joined"]).tolist() == [36 * WEEKS, *(k * WEEKS for k in range(9))]
    trust = outcome_values(record, OUTCOMES["trust"])
    assert trust[1:].tolist() == [0.25] * 8 + [0.5]
    assert trust[0] == pytest.approx(0.25 + 0.25 * 9 / 45)  # weights 1..9
    assert outcome_values(record, OUTCOMES["cost"])[:3].tolist() == [15 * WEEKS, 15 * WEEKS, 0]


def test_a_row_by_hand():
    joined = {"a": [100.0, 100.0, 100.0, 200.0], "b": [90.0, 99.5, 110.0, 150.0]}
    records = {}
    for name, totals in joined.items():
        records[name] = {}
        for seed, total in enumerate(totals):
            values = np.zeros((1, 9, len(fakes.OBSERVABLES)))
            values[0, 4, 0] = total
            records[name][seed] = fakes.record(values)
    found = row(effects(records, "a", nothing_margin=0.01), "joined")
    assert found["mean"] == pytest.approx(-12.625)
    assert found["median"] == pytest.approx(-5.25)
    assert (found["helped"], found["harmed"], found["nothing"]) == (0.5, 0.25, 0.25)
    assert (found["seeds"], found["baseline_mean"], found["unit"]) == (4, 125.0, "persons")
    interval = ttest_rel(joined["b"], joined["a"]).confidence_interval(0.90)
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))
    gap = np.subtract(joined["b"], joined["a"])
    ratio = np.var(gap, ddof=1) / (np.var(joined["a"], ddof=1) + np.var(joined["b"], ddof=1))
    assert found["variance_ratio"] == pytest.approx(ratio)


@settings(max_examples=25, deadline=None)
@given(arrays(float, (3, 2, 9, len(fakes.OBSERVABLES)), elements=st.floats(0, 1e6)))
def test_a_scenario_compared_with_itself_has_no_effect(values):
    same = {seed: fakes.record(v) for seed, v in enumerate(values)}
    table = effects({"a": same, "b": dict(same)}, "a", EVERYWHERE)
    assert (table[["mean", "low", "high", "median", "sd"]] == 0.0).all(axis=None)
    judged = table[table.better != "none"]
    assert (judged.nothing == 1.0).all()
    assert (judged[["helped", "harmed"]] == 0.0).all(axis=None)


@settings(max_examples=25, deadline=None)
@given(arrays(float, (2, 3, 2, 9, len(fakes.OBSERVABLES)), elements=st.floats(0, 1e6)))
def test_swapping_the_baseline_flips_the_sign(values):
    records = {name: {k: fakes.record(v) for k, v in enumerate(vs)} for name, vs in zip("ab", values, strict=True)}
    one, other = effects(records, "a", nothing_margin=0.0), effects(records, "b", nothing_margin=0.0)
    np.testing.assert_array_equal(one["mean"], -other["mean"])
    np.testing.assert_array_equal(one["low"], -other["high"])
    np.testing.assert_array_equal(one["helped"], other["harmed"])
    np.testing.assert_array_equal(one["nothing"], other["nothing"])
    np.testing.assert_array_equal(one["variance_ratio"], other["variance_ratio"])


@settings(max_examples=25, deadline=None)
@given(arrays(float, (2, 4, 2, 9, len(fakes.OBSERVABLES)), elements=st.floats(0, 1e6)), st.floats(0, 0.5))
def test_shares_sum_to_one_and_the_interval_holds_the_mean(values, margin):
    records = {name: {k: fakes.record(v) for k, v in enumerate(vs)} for name, vs in zip("ab", values, strict=True)}
    table = effects(records, "a", EVERYWHERE, nothing_margin=margin)
    judged = table[table.better != "none"]
    np.testing.assert_allclose(judged[["helped", "harmed", "nothing"]].sum(axis=1), 1.0)
    assert ((table.low <= table["mean"]) & (table["mean"] <= table.high)).all()


def test_regions_of_counts_sum_to_mali():
    table = effects({"a": runs([1, 2, 3]), "b": runs([1, 2, 3], 2.0)}, "a")
    for outcome in ("joined", "attacks", "cost"):
        rows = table[table.outcome == outcome]
        assert rows["mean"].iloc[1:].sum() == pytest.approx(rows["mean"].iloc[0])


def test_more_trust_helps_and_fewer_joining_helps_and_cost_is_not_judged():
    table = effects({"a": runs([1, 2]), "b": runs([1, 2], 2.0)}, "a")  # everything doubles
    assert row(table, "trust")["helped"] == 1.0
    assert row(table, "joined")["harmed"] == 1.0
    assert np.isnan([row(table, "cost")[k] for k in ("helped", "harmed", "nothing")]).all()


def test_one_seed_has_no_interval_and_unfinished_pairs_are_dropped():
    one = row(effects({"a": runs([1]), "b": runs([1], 2.0)}, "a"), "joined")
    assert one["seeds"] == 1
    assert np.isnan([one["low"], one["high"], one["sd"], one["variance_ratio"]]).all()
    assert np.isfinite(one["mean"])
    assert row(effects({"a": runs([1, 2, 3]), "b": runs([2, 3, 4], 2.0)}, "a"), "joined")["seeds"] == 2
    none = row(effects({"a": runs([1]), "b": runs([2])}, "a"), "joined")
    assert none["seeds"] == 0
    assert np.isnan(none["mean"])


def test_pairing_shows_in_the_variance_ratio():
    paired = row(effects({"a": runs(range(20)), "b": runs(range(20), 1.1)}, "a"), "joined")
    apart = row(effects({"a": runs(range(20)), "b": runs(range(20), 1.1, shift=1000)}, "a"), "joined")
    assert paired["variance_ratio"] < 0.05
    assert 0.3 < apart["variance_ratio"] < 3.0


def test_the_bootstrap_is_near_the_t_interval_and_always_the_same():
    records = {"a": runs(range(30)), "b": runs(range(30), 1.5, shift=1000)}
    one, two = (effects(records, "a", interval="bootstrap") for _ in range(2))
    assert one.equals(two)
    student, boot = row(effects(records, "a"), "joined"), row(one, "joined")
    width = student["high"] - student["low"]
    assert boot["low"] == pytest.approx(student["low"], abs=0.15 * width)
    assert boot["high"] == pytest.approx(student["high"], abs=0.15 * width)


def test_the_margin_comes_from_the_parameters_of_the_run():
    records = {"a": runs([1, 2]), "b": {k: fakes.record(r.values * 0.97) for k, r in runs([1, 2]).items()}}
    assert row(effects(records, "a"), "joined")["helped"] == 1.0  # 3 % is more than the default 1 %
    for record in records["a"].values():
        record.about["parameters"]["nothing_margin"] = 0.05
    assert row(effects(records, "a"), "joined")["nothing"] == 1.0


def test_wrong_names_are_refused_with_the_nearest():
    records = {"a": runs([1]), "b": runs([1])}
    with pytest.raises(InputError, match="did you mean 'joined'"):
        effects(records, "a", ["joind"])
    with pytest.raises(InputError, match="no runs of 'x'"):
        effects(records, "x")
    with pytest.raises(InputError, match="'t' or 'bootstrap'"):
        effects(records, "a", interval="z")
