"""How many seeds are needed, and going on until they are there."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim
from sim.batches.batch import Batch, run_batch
from sim.comparison.effects import effects
from sim.comparison.precision import FEWEST, Wish, needed, pairs_needed, until_precise
from sim.engine.errors import InputError
from tests.batches import batch_fakes as fakes


@given(st.floats(0.1, 1e3), st.floats(1.0, 1e3))
def test_the_needed_number_of_pairs_is_enough_and_one_pair_fewer_is_not(sd, half):
    many = pairs_needed(sd, half)

    def wide(pairs):
        return stats.t.ppf(0.95, pairs - 1) * sd / math.sqrt(pairs)

    assert wide(many) <= half * (1 + 1e-9)
    assert many == 2 or wide(many - 1) > half * (1 - 1e-9)


def test_pairs_needed_at_the_ends():
    assert pairs_needed(0.0, 1.0) == 2
    assert math.isnan(pairs_needed(float("nan"), 1.0))
    assert pairs_needed(1e9, 1e-3) == math.inf
    assert pairs_needed(100.0, 10.0) == pytest.approx(1.645**2 * 100, rel=0.02), "as the normal distribution has it"


def test_wishes_are_read_or_rejected():
    assert Wish.read("joined=50") == Wish("joined", 50.0)
    assert Wish.read("trust=1.5%") == Wish("trust", 0.015, share=True)
    for text in ("joined", "joined=", "joined=0", "joined=-1", "joined=x%", "joined=nan", "joined=inf"):
        with pytest.raises(InputError, match="a precision is an outcome and a number above 0"):
            Wish.read(text)
    with pytest.raises(InputError, match="did you mean 'joined'"):
        Wish.read("joind=5")


def made_up(seeds, spread=1.0):
    """Baseline and scenario whose differences in persons who joined have a known spread."""
    records = {"a": {}, "b": {}}
    for seed in seeds:
        gap = spread * stats.norm.ppf((seed * 0.6180339887498949) % 1.0)
        for name, total in (("a", 1000.0), ("b", 1000.0 + gap)):
            values = np.zeros((1, 9, len(fakes.OBSERVABLES)))
            values[0, 4, 0] = total
            records[name][seed] = fakes.record(values, name)
    return records


def test_needed_says_how_far_a_comparison_is_from_a_wish():
    table = effects(made_up(range(1, 41), spread=100.0), "a")
    found = needed(table, [Wish.read("joined=20"), Wish.read("joined=5%")])
    row = table[(table.outcome == "joined") & (table.region == "Mali")].iloc[0]
    assert found["half"].tolist() == [pytest.approx((row.high - row.low) / 2)] * 2
    assert found["wished"].tolist() == [20.0, 50.0]
    assert found["needed"].tolist() == [pairs_needed(row.sd, 20.0), pairs_needed(row.sd, 50.0)]
    assert found["reached"].tolist() == [False, True]
    with pytest.raises(InputError, match="no outcome attacks_displaced"):
        needed(table, [Wish.read("attacks_displaced=1")])


class Made:
    """In the place of batches: makes them longer, and notes how long."""

    failed = ()

    def __init__(self, spread):
        self.spread, self.asked = spread, []

    def __call__(self, many):
        self.asked.append(many)
        return self

    def effects(self, **options):
        return effects(made_up(range(1, self.asked[-1] + 1), self.spread), "a", **options)


def test_seeds_are_added_until_the_wish_is_reached_and_no_further():
    made = Made(spread=100.0)
    batch = until_precise(made, [Wish.read("joined=10")], first=3)
    assert made.asked[0] == FEWEST, "fewer are not trusted"
    assert made.asked == sorted(set(made.asked))
    assert all(later <= 2 * earlier for earlier, later in zip(made.asked, made.asked[1:], strict=False))
    assert needed(batch.effects(), [Wish.read("joined=10")])["reached"].all()
    assert pairs_needed(100.0, 10.0) * 0.8 < made.asked[-1] < pairs_needed(100.0, 10.0) * 1.3


def test_no_more_seeds_than_the_limit_are_run():
    made = Made(spread=1e6)
    until_precise(made, [Wish.read("joined=1")], first=20, most=70)
    assert made.asked == [20, 40, 70]


def test_a_comparison_adds_seeds_by_itself(tmp_path):
    scenarios = [fakes.scenario("a"), fakes.scenario("bb")]
    options = {"out": tmp_path, "workers": 1, "runner": fakes.quick, "precision": "joined=2%"}
    batch = sim.compare(scenarios, seeds=2, **options)
    assert isinstance(batch, Batch)
    assert len(batch.seeds) > FEWEST
    assert batch.needed("joined=2%")["reached"].all()
    shorter = run_batch(scenarios, batch.seeds[:-5], out=tmp_path / "other", workers=1, runner=fakes.quick)
    assert not shorter.needed("joined=1.8%")["reached"].all()
    over_draws = sim.compare(scenarios, draws=2, **{**options, "out": tmp_path / "draws"}, at_most=30)
    assert len(over_draws.seeds) == 1
    assert FEWEST <= len(over_draws.draws) <= 30


def test_a_limit_on_seeds_needs_a_precision(tmp_path):
    with pytest.raises(InputError, match="give both"):
        sim.compare([fakes.scenario("a"), fakes.scenario("bb")], at_most=5, out=tmp_path / "out", runner=fakes.quick)
    assert not (tmp_path / "out").exists()
