"""Paired effects, against numbers worked out by hand and against what must hold for any numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_rel

from sim.comparison.effects import COLUMNS, basis, effects, headline
from sim.comparison.outcomes import LEDGER, OUTCOMES, SOUGHT
from sim.comparison.table import table_of
from sim.engine.errors import InputError
from sim.stores.run import Key
from tests.batches import batch_fakes as fakes

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
    table = table_of({"a": {1: record}}, ["joined", "trust", "cost"])
    joined, trust, cost = table.arms["a"].values[0]
    assert joined.tolist() == [36 * WEEKS, *(k * WEEKS for k in range(9))]
    assert trust[1:].tolist() == [0.25] * 8 + [0.5]
    assert trust[0] == pytest.approx(0.25 + 0.25 * 9 / 45)  # weights 1..9
    assert cost[:3].tolist() == [15 * WEEKS, 15 * WEEKS, 0]


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


# --- over draws of parameters --------------------------------------------------------------------------------


def total(value, outcome="joined", place=4, **more):
    """A record of one week in which something happens in one region."""
    values = np.zeros((1, 9, len(fakes.OBSERVABLES)))
    values[0, place, [o.name for o in fakes.OBSERVABLES].index(outcome)] = value
    return fakes.record(values, **more)


def over_draws(values, **more):
    """(Draw, seed) -> record, from draw -> its values for seed 1, 2, ..."""
    return {
        Key(draw, seed): total(value, seed=seed, draw=draw, **more)
        for draw, of_seeds in values.items()
        for seed, value in enumerate(of_seeds, 1)
    }


def test_over_draws_a_row_by_hand():
    theirs = over_draws({1: [100.0], 2: [100.0], 3: [100.0], 4: [200.0], 5: [10.0]})
    ours = over_draws({1: [90.0], 2: [99.5], 3: [110.0], 4: [150.0], 5: [10.0]})
    found = row(effects({"a": theirs, "b": ours}, "a", nothing_margin=0.01), "joined")
    gap = np.array([-10.0, -0.5, 10.0, -50.0, 0.0])
    assert (found["draws"], found["seeds"]) == (5, 1)
    assert (found["helped"], found["harmed"], found["nothing"]) == (0.4, 0.2, 0.4)
    assert (found["median"], found["mean"]) == (pytest.approx(-0.5), pytest.approx(gap.mean()))
    assert (found["p5"], found["p95"]) == (pytest.approx(-42.0), pytest.approx(8.0))  # between neighbours, 0.2 and 3.8
    assert found["sd"] == pytest.approx(gap.std(ddof=1))
    assert headline(found) == (found["median"], found["p5"], found["p95"])


def test_the_seeds_of_a_draw_are_one_difference():
    """Two draws of three seeds: luck within a draw does not make the range over draws wider."""
    theirs = over_draws({1: [100.0, 100.0, 100.0], 2: [100.0, 100.0, 100.0]})
    ours = over_draws({1: [60.0, 90.0, 120.0], 2: [120.0, 150.0, 180.0]})  # on average -10 and +50
    found = row(effects({"a": theirs, "b": ours}, "a"), "joined")
    assert (found["draws"], found["seeds"]) == (2, 3)
    assert (found["helped"], found["harmed"]) == (0.5, 0.5)
    assert found["mean"] == pytest.approx(20.0)
    assert (found["p5"], found["p95"]) == (pytest.approx(-7.0), pytest.approx(47.0))


def test_the_margin_of_nothing_is_that_of_each_draw():
    """Five persons of a thousand are nothing, five of a hundred are not."""
    theirs = over_draws({1: [1000.0], 2: [100.0]})
    ours = over_draws({1: [995.0], 2: [95.0]})
    found = row(effects({"a": theirs, "b": ours}, "a", nothing_margin=0.01), "joined")
    assert (found["helped"], found["nothing"]) == (0.5, 0.5)


def test_for_attitudes_the_margin_is_in_standard_deviations():
    theirs, ours = ({Key(d, 1): total(v, "attitude_mean", place=slice(None)) for d, v in enumerate(values, 1)}
                    for values in ([0.0, 0.0, 3.0], [-0.02, -0.005, 2.98]))  # fmt: skip
    found = row(effects({"a": theirs, "b": ours}, "a", nothing_margin=0.01), "attitude_mean")
    assert (found["helped"], found["nothing"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_only_what_both_finished_is_used_draw_by_draw_and_seed_by_seed():
    theirs = over_draws({1: [100.0, 100.0], 2: [100.0], 3: [100.0]})
    ours = over_draws({1: [110.0], 2: [120.0], 4: [999.0]})
    found = row(effects({"a": theirs, "b": ours}, "a"), "joined")
    assert (found["draws"], found["seeds"], found["mean"]) == (2, 1, pytest.approx(15.0))
    none = row(effects({"a": theirs, "b": over_draws({9: [1.0]})}, "a"), "joined")
    assert (none["draws"], none["seeds"]) == (0, 0)
    assert np.isnan([none[name] for name in ("mean", "low", "p5", "helped", "baseline_mean")]).all()


def test_one_draw_has_no_interval_but_a_side():
    found = row(effects({"a": over_draws({1: [100.0]}), "b": over_draws({1: [50.0]})}, "a"), "joined")
    assert (found["draws"], found["median"], found["helped"]) == (1, -50.0, 1.0)
    assert np.isnan([found[name] for name in ("low", "high", "p5", "p95", "sd")]).all()


def test_the_interval_of_seeds_is_of_the_mean_and_that_of_draws_of_the_differences():
    """With ever more of them the first closes in and the other does not."""
    seeds = {s: total(100.0 + s % 2) for s in range(400)}
    still = {s: total(100.0) for s in range(400)}
    by_seed = row(effects({"a": still, "b": seeds}, "a"), "joined")
    assert by_seed["high"] - by_seed["low"] < 0.1
    by_draw = row(effects({"a": {Key(s + 1, 1): r for s, r in still.items()},
                           "b": {Key(s + 1, 1): r for s, r in seeds.items()}}, "a"), "joined")  # fmt: skip
    assert headline(by_draw)[1:] == (0.0, 1.0)
    assert headline(by_seed) == (by_seed["mean"], by_seed["low"], by_seed["high"])


def test_words_say_what_a_table_rests_on():
    one, other = {s: total(1.0) for s in (1, 2, 3)}, {s: total(2.0) for s in (1, 2, 3)}
    by_seed = basis(effects({"a": one, "b": other}, "a"))
    assert by_seed[:3] == ("seeds", "3 seeds", "mean [90 % interval of the mean]")
    assert by_seed.covers == "luck only, as no parameter is drawn"
    draws = {Key(d, 1): total(d) for d in range(1, 6)}
    by_draw = basis(effects({"a": draws, "b": draws, "c": {Key(1, 1): total(1.0)}}, "a"))
    assert by_draw[:3] == ("draws", "1-5 draws of parameters, 1 seed each", "median [5-95 % of draws]")
    assert by_draw.covers == "luck and the parameters that are not known"
    several = {Key(d, s): total(d) for d in (1, 2) for s in (1, 2)}
    assert "averaged over the seeds of a draw" in basis(effects({"a": several, "b": several}, "a")).covers


# --- the ledger ----------------------------------------------------------------------------------------------


def test_gains_and_the_ledger_are_told_apart():
    assert [o.name for o in OUTCOMES.values() if o.group == SOUGHT] == [
        "joined", "attacks", "deaths_civilian", "trust", "attitude_mean"]  # fmt: skip
    table = effects({"a": runs([1, 2]), "b": runs([1, 2])}, "a")
    assert set(table[table.outcome == "cost"].group) == {LEDGER}
    assert set(table[table.outcome == "joined"].group) == {SOUGHT}
    assert {o.better for o in OUTCOMES.values() if o.group == LEDGER} == {"fewer", "none"}


def test_elsewhere_counts_only_regions_in_which_no_measure_acts_that_the_two_do_not_share():
    everywhere = np.ones((1, 9, len(fakes.OBSERVABLES)))
    more = everywhere.copy()
    more[0, :, 0] = 10.0 ** np.arange(9) + 1  # joined: one more in Kayes, ten more in Koulikoro, ...
    act = {"joint_patrols": {"regions": ["Mopti", "Gao", "Bamako"]}}
    table = effects({"a": {1: fakes.record(everywhere)}, "b": {1: fakes.record(more, measures=act)}}, "a")
    assert row(table, "joined")["mean"] == pytest.approx(111_111_111)
    assert row(table, "joined_elsewhere")["mean"] == pytest.approx(10_101_111)
    assert row(table, "joined_elsewhere")["baseline_mean"] == 6.0
    assert row(table, "joined_elsewhere", "Ségou")["mean"] == pytest.approx(1000.0)
    assert np.isnan(row(table, "joined_elsewhere", "Mopti")["mean"])
    assert row(table, "attacks_elsewhere")["mean"] == 0.0


def test_a_measure_that_acts_everywhere_has_no_elsewhere():
    act = {"joint_patrols": {"regions": "all"}}
    records = {"a": runs([1, 2]), "b": {k: fakes.record(r.values, measures=act) for k, r in runs([1, 2]).items()}}
    assert np.isnan(row(effects(records, "a"), "joined_elsewhere")["mean"])


def test_costs_are_the_sum_of_all_measures_and_neither_help_nor_harm():
    theirs, ours = {1: total(5.0, "cost_imam_training")}, {1: total(8.0, "cost_joint_patrols", place=0)}
    table = effects({"a": theirs, "b": ours}, "a")
    assert (row(table, "cost")["mean"], row(table, "cost", "Kayes")["mean"]) == (3.0, 8.0)
    assert (row(table, "cost")["unit"], row(table, "cost")["better"]) == ("XOF", "none")
