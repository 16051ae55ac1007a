"""What one spared person costs, against numbers worked out by hand and against what an interval promises."""

import numpy as np
import pytest

from sim.comparison.summary import fieller
from sim.comparison.worth import cost_per_spared
from sim.engine.errors import InputError
from tests.batches import batch_fakes as fakes


def runs(joined, costs, trust=0.5):
    """A record per seed with so many joined and so much spent."""
    found = {}
    for seed, (people, cost) in enumerate(zip(joined, costs, strict=True), 1):
        values = np.zeros((1, 9, len(fakes.OBSERVABLES)))
        values[0, 4, 0], values[0, 0, 4], values[0, 1, 5], values[0, :, 2] = people, cost / 2, cost / 2, trust
        found[seed] = fakes.record(values)
    return found


def row(records, outcome="joined"):
    [found] = cost_per_spared(records, "a", outcome).to_dict("records")
    return found


def test_a_row_by_hand():
    base = runs([100, 110, 120, 130], [0, 0, 0, 0])
    found = row({"a": base, "b": runs([90, 98, 112, 120], [1000, 1000, 1000, 1000])})
    assert (found["spared"], found["cost_xof"], found["xof_each"]) == (10.0, 1000.0, 100.0)
    assert (found["verdict"], found["unit"], found["pairs"]) == ("spared at a cost", "persons", 4)
    half = 2.353363 * np.std([10, 12, 8, 10], ddof=1) / 2
    assert (found["spared_low"], found["spared_high"]) == pytest.approx((10 - half, 10 + half))
    # where the cost is certain, the ends are those of the persons spared
    assert (found["xof_each_low"], found["xof_each_high"]) == pytest.approx((1000 / (10 + half), 1000 / (10 - half)))


@pytest.mark.parametrize(
    ("joined", "costs", "verdict"),
    [
        ([90, 98, 112, 120], [-5, -5, -5, -5], "spared, and cheaper"),
        ([110, 122, 128, 140], [5, 5, 5, 5], "worse"),
        ([90, 120, 110, 140], [5, 5, 5, 5], "not shown"),
        ([100, 110, 120, 130], [5, 5, 5, 5], "not shown"),
    ],
)
def test_without_persons_that_are_shown_to_be_spared_there_is_no_price(joined, costs, verdict):
    found = row({"a": runs([100, 110, 120, 130], [0] * 4), "b": runs(joined, costs)})
    assert found["verdict"] == verdict
    assert np.isnan([found["xof_each"], found["xof_each_low"], found["xof_each_high"]]).all()


def test_a_few_jumps_among_zeros_have_no_price():
    base, jumps = [100] * 20, [0] * 16 + [10, 12, 8, 11]
    found = row({"a": runs(base, [0] * 20), "b": runs([100 - jump for jump in jumps], [5] * 20)})
    assert found["spared_low"] > 0, "as Student's t has it"
    assert found["verdict"] == "not shown"
    assert np.isnan(found["xof_each"])


def test_more_trust_is_spared_too_and_costs_are_no_outcome():
    found = row({"a": runs([1, 2, 3], [0] * 3, trust=0.4), "b": runs([1, 2, 3], [6] * 3, trust=0.5)}, "trust")
    assert found["spared"] == pytest.approx(0.1)
    assert found["xof_each"] == pytest.approx(60.0)
    with pytest.raises(InputError, match="nothing is spared"):
        cost_per_spared({"a": runs([1], [1]), "b": runs([1], [1])}, "a", "cost")


def test_one_seed_shows_nothing():
    assert row({"a": runs([9], [0]), "b": runs([1], [5])})["verdict"] == "not shown"


def test_the_interval_holds_the_true_ratio_nine_times_in_ten():
    luck = np.random.default_rng(1)
    held = 0
    for _ in range(2000):
        below = luck.normal(10.0, 8.0, 15)
        above = 300.0 + 20.0 * (below - 10.0) + luck.normal(0, 30.0, 15)  # dearer where more are spared
        low, high = fieller(above, below)
        held += np.isnan(low) or low <= 30.0 <= high
    assert held / 2000 == pytest.approx(0.90, abs=0.025)


def test_an_interval_without_end_is_not_given():
    assert np.isnan(fieller(np.array([5.0, 6.0, 7.0]), np.array([-1.0, 0.5, 1.0]))).all()
