"""Verdicts: windows, chances, tests and intervals against numbers by hand, against scipy and by simulation."""

import json

import numpy as np
import pytest
from scipy.stats import false_discovery_control, permutation_test

from sim.comparison.ceiling import NOT_REACHED, at_ceiling, break_even, ceiling_name, factor
from sim.comparison.effects import effects
from sim.comparison.margins import RARE, WEEKS_A_YEAR, sizes
from sim.comparison.summary import flipped_p, t_interval, widened_interval
from sim.comparison.table import table_of
from sim.comparison.verdicts import COLUMNS, IN_FORCE, STEPS, WHOLE, as_json, verdicts
from sim.comparison.worlds import NO_VERDICT
from sim.scenario import Scenario
from tests.batches import batch_fakes as fakes

WEEKS = 104
PATROLS = {"joint_patrols": {"start": "2013-01-07"}}  # the first day of week 53
JOINED, TRUST, DELIVERED = 0, 2, 7


def run(before, after, measures=None, trust=0.5, delivered=0.0, persons=20):
    """A run in which so many join before and after week 53, in Mopti alone."""
    values = np.zeros((WEEKS, 9, len(fakes.OBSERVABLES)))
    values[0, 4, JOINED], values[60, 4, JOINED] = before, after
    values[:, :, TRUST] = trust + 0.1 * (np.arange(9) % 2)
    values[53:, 4, DELIVERED] = delivered
    made = fakes.record(values, measures=measures)
    made.about["scenario"]["persons_per_youth"] = persons
    return made


def two(gaps, **more):
    """A baseline of 100 joiners before and 100 after, and patrols that change those after by `gaps`, by seed."""
    return {
        "a": {seed: run(100, 100) for seed in range(len(gaps))},
        "b": {seed: run(100, 100 + gap, PATROLS, **more) for seed, gap in enumerate(gaps)},
    }


def row(found, window=IN_FORCE, outcome="joined"):
    [one] = found[(found.window == window) & (found.outcome == outcome)].to_dict("records")
    return one


def test_weeks_in_force_beside_the_whole_run():
    found = verdicts(two([-6.0] * 8), "a")
    assert tuple(found.columns) == COLUMNS
    own, whole = row(found), row(found, WHOLE)
    assert (own["weeks"], str(own["first"]), own["baseline_mean"], own["mean"]) == (51, "2013-01-07", 100.0, -6.0)
    assert (whole["weeks"], whole["baseline_mean"], whole["mean"]) == (WEEKS, 200.0, -6.0)
    assert (own["better_5"], own["better_10"]) == (1.0, 0.0), "6 % of those who join while patrols are there"
    assert (whole["better_2"], whole["better_5"]) == (1.0, 0.0), "3 % of those who join at all"
    assert sum(own[f"worse_{step}"] for step in STEPS) == 0.0


def test_what_lies_before_the_measure_is_no_part_of_its_weeks():
    records = two([0.0] * 6)
    records["b"] = {seed: run(40, 100, PATROLS) for seed in range(6)}
    assert row(verdicts(records, "a"))["mean"] == 0.0
    assert row(verdicts(records, "a"), WHOLE)["mean"] == -60.0


def test_without_measures_of_its_own_there_is_the_whole_run_only():
    records = {"a": {1: run(1, 1), 2: run(2, 1)}, "b": {1: run(1, 2), 2: run(2, 2)}}
    assert set(verdicts(records, "a").window) == {WHOLE}


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ([-20.0, -22.0, -19.0, -25.0, -21.0, -20.0, -23.0, -18.0], "better"),
        ([20.0, 22.0, 19.0, 25.0, 21.0, 20.0, 23.0, 18.0], "worse"),
        ([-0.5, -0.6, -0.4, -0.7, -0.5, -0.5, -0.3, -0.6], "too small to count"),
        ([0.0, 0.0, 0.0, -19.0, 0.0, 0.0, 0.0, 0.0], "not shown"),
        ([-20.0, -22.0, -19.0, -25.0], "too few runs"),
    ],
)
def test_verdicts(gaps, said):
    assert row(verdicts(two(gaps), "a", ["joined"]))["verdict"] == said


def test_too_coarse_gets_no_verdict_and_says_why():
    found = row(verdicts(two([-20.0, -21.0] * 4, persons=500), "a"))
    assert found["verdict"] == NO_VERDICT
    assert "500 persons per youth" in found["too_coarse"]
    assert np.isnan(found["q"])


def test_costs_and_harm_keep_their_lines_and_costs_have_no_verdict():
    found = verdicts(two([-6.0] * 6), "a")
    assert row(found, outcome="cost")["verdict"] == ""
    assert {"joined", "attacks", "joined_elsewhere", "cost"} <= set(found.outcome), "no score takes their place"


def test_many_comparisons_are_corrected():
    luck = np.random.default_rng(5)
    records = {"a": {seed: run(100, 100) for seed in range(10)}}
    for name in "bcdefg":
        records[name] = {seed: run(100, 100 + luck.normal(-3 * (name == "b"), 5), PATROLS) for seed in range(10)}
    found = verdicts(records, "a", ["joined"])
    own = found[found.window == IN_FORCE]
    np.testing.assert_allclose(own["q"].astype(float), false_discovery_control(own["p"].astype(float)))
    assert (own["q"] >= own["p"]).all()
    assert (own["q"] > own["p"]).any()


def test_json_has_no_numbers_that_json_does_not_know():
    found = verdicts(two([-6.0] * 6), "a")
    found["way"] = np.inf
    first = json.loads(as_json(found))[0]
    assert first["way"] == "not within reach"
    assert first["ceiling"] is None
    assert first["first"] == "2012-01-02"


# --- margins ------------------------------------------------------------------------------------------------


def test_states_are_measured_against_how_regions_differ():
    table = table_of(two([0.0] * 3), ["joined", "trust"], "a")
    size = sizes(table, table.pairs("b", "a").theirs)
    spread = np.std(0.5 + 0.1 * (np.arange(9) % 2))
    np.testing.assert_allclose(size[:, 1], spread)
    np.testing.assert_allclose(size[:, 0, 0], 200.0)
    moved = {**two([0.0] * 3), "b": {seed: run(100, 100, PATROLS, trust=0.5 + 0.06 * spread) for seed in range(3)}}
    assert effects(moved, "a", ["trust"], nothing_margin=0.05).query("region == 'Mali'")["helped"].item() == 1.0


def test_a_baseline_of_zero_has_a_margin_of_its_own():
    people = np.full(9, 1e6)
    records = {"a": {1: run(0, 0)}, "b": {1: run(0, 1.0, PATROLS)}}
    for runs in records.values():
        runs[1].weights["people"] = people
    table = table_of(records, ["joined"], "a")
    size = sizes(table, table.pairs("b", "a").theirs)
    assert size[0, 0, 0] == pytest.approx(RARE * 9 * WEEKS / WEEKS_A_YEAR)
    found = effects(records, "a", ["joined"], nothing_margin=0.05)
    assert found.query("region == 'Mali'")["nothing"].item() == 1.0, "one person in nine million is no harm"


# --- tests and intervals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [6, 11, 20])
def test_p_is_that_of_scipy(lines):
    gap = np.random.default_rng(lines).normal(1.0, 3.0, lines) * (np.arange(lines) % 3 > 0)
    theirs = permutation_test(
        (gap,), lambda x, axis: np.sum(x, axis=axis), permutation_type="samples", n_resamples=100_000, vectorized=True,
        rng=1,
    ).pvalue  # fmt: skip
    assert flipped_p(gap[:, None])[0] == pytest.approx(theirs, abs=1e-12 if lines <= 12 else 0.015)


def test_p_holds_its_level_where_nothing_is_done_but_luck_is_shaken():
    luck = np.random.default_rng(3)
    jumps = luck.standard_t(2, (8, 4000)) * (luck.random((8, 4000)) < 0.3)
    assert (flipped_p(jumps) <= 0.10).mean() <= 0.11


MOSTLY_ZERO = {
    "half zero": (lambda luck, n: luck.normal(-3, 5, n) * (luck.random(n) < 0.5), -1.5, 10.0),
    "one in five, skewed": (lambda luck, n: luck.exponential(10, n) * (luck.random(n) < 0.2), 2.0, 20.0),
    "a jump in ten": (lambda luck, n: -19.0 * (luck.random(n) < 0.1), -1.9, 19.0),
    "a jump in twenty": (lambda luck, n: -19.0 * (luck.random(n) < 0.05), -0.95, 19.0),
    "never zero": (lambda luck, n: luck.normal(-3, 5, n), -3.0, 10.0),
}


@pytest.mark.parametrize("kind", MOSTLY_ZERO)
@pytest.mark.parametrize("lines", [8, 20])
def test_coverage_where_differences_are_mostly_zero(kind, lines):
    draw, mean, jump = MOSTLY_ZERO[kind]
    gap = draw(np.random.default_rng(lines), (lines, 500))
    low, high = widened_interval(gap, jump)
    assert ((low <= mean) & (mean <= high)).mean() >= 0.90
    if "jump" in kind and lines == 8:
        low, high = t_interval(gap)
        assert ((low <= mean) & (mean <= high)).mean() < 0.70, "why the t interval does not do"


def test_zeros_do_not_prove_that_nothing_happens_where_luck_alone_gives_jumps():
    assert widened_interval(np.zeros((20, 1)))[1] == 0.0
    low, high = widened_interval(np.zeros((20, 1)), 10.0)
    assert low < -0.5
    assert 0.5 < high < 2.0


def test_luck_alone_stands_beside_the_effect_and_widens_its_interval():
    records = two([-6.0, -5.0, -7.0, -6.0, -5.5, -6.5])
    luck = {seed: run(100, 100 + 40 * (-1) ** seed) for seed in range(6)}
    alone, beside = row(verdicts(records, "a")), row(verdicts(records, "a", luck=luck))
    assert (alone["verdict"], alone["luck_pairs"]) == ("better", 0)
    assert np.isnan(alone["luck_low"])
    assert (beside["verdict"], beside["luck_pairs"]) == ("not shown", 6)
    assert (beside["luck_low"], beside["luck_high"]) == (-40.0, 40.0)
    assert beside["low"] < 0 < beside["high"]


# --- the ceiling --------------------------------------------------------------------------------------------


def test_break_even_lies_on_the_line_from_delivered_to_ceiling():
    n = 12
    found = break_even(np.full(n, 2.0), np.full(n, 10.0), np.full(n, 6.0))
    assert found == pytest.approx((0.5, 0.5, 0.5))
    assert factor(found.way, 5.0) == 3.0
    assert break_even(np.full(n, 8.0), np.full(n, 10.0), np.full(n, 6.0)).way == pytest.approx(-0.25)
    assert break_even(np.full(n, 2.0), np.full(n, 5.0), np.full(n, 6.0)) == (NOT_REACHED,) * 3
    unsure = break_even(np.full(n, 2.0), np.tile([5.0, 9.0], 6), np.full(n, 6.0))
    assert unsure.low < unsure.way < unsure.high


def test_verdicts_tell_the_ceiling_and_the_size_that_reaches_an_effect():
    records = two([-2.0] * 6, delivered=4.0)
    full = {ceiling_name("b"): {seed: run(100, 90, PATROLS, delivered=8.0) for seed in range(6)}}
    found = row(verdicts(records, "a", ceiling=full, target=0.06))
    assert (found["ceiling"], found["target"], found["way"]) == pytest.approx((-10.0, -6.0, 0.5))
    assert found["factor"] == pytest.approx(1.5)
    assert np.isinf(row(verdicts(records, "a", ceiling=full, target=0.2))["factor"])


def test_the_ceiling_raises_what_the_baseline_does_not_have_and_nothing_else():
    settings = {"radio_drama": {"intensity": 0.5, "start": "2013-01-07"}, "community_policing": {}}
    base = Scenario.of({"name": "a", "measures": {"community_policing": {}}})
    top = at_ceiling(Scenario.of({"name": "b", "measures": settings}), base).resolved()["measures"]
    assert (top["radio_drama"]["intensity"], top["radio_drama"]["listeners"]) == (1.0, 1.0)
    assert top["radio_drama"]["start"] == "2013-01-07"
    assert top["community_policing"]["share_of_officers"] == 0.2


def test_every_measure_has_a_ceiling():
    from sim.measures import MEASURES

    base = Scenario.of({"name": "a"})
    for key in MEASURES:
        scenario = Scenario.of({"name": "b", "measures": {key: True}})
        top = at_ceiling(scenario, base)
        assert top.resolved()["measures"][key]["intensity"] == 1.0
        assert at_ceiling(top, base).resolved()["measures"] == top.resolved()["measures"], key
