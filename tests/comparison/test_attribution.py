"""What a package owes to its measures: known games, sums, and what is said where runs are missing."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.comparison.attribution import FEW, attribution, subsets
from sim.engine.errors import InputError
from sim.measures import MEASURES
from sim.stores.run import Key
from tests.batches import batch_fakes as fakes

KEYS = [key for key in MEASURES if key not in ("coordination", "adaptive_strategy")]


def package(count):
    return fakes.scenario("package", measures=dict.fromkeys(KEYS[:count], True))


def played(plan, game, seeds=(1, 2, 3), draws=None):
    """A record for each subset and seed: `game(subset, seed)` persons joined, in one region and week."""
    records = {}
    keys = [Key(draw, seed) for draw in draws for seed in seeds] if draws else seeds
    for subset, scenario in zip(plan.members, plan.scenarios, strict=True):
        records[scenario.name] = {}
        for key in keys:
            values = np.zeros((1, 9, len(fakes.OBSERVABLES)))
            values[0, 4, 0] = game(subset, key)
            measures = {plan.measures[k]: {} for k in subset}
            records[scenario.name][key] = fakes.record(values, scenario.name, measures=measures)
    return records


def test_against_a_baseline_only_what_is_added_or_changed_is_shared_out():
    first, second, third = KEYS[:3]
    base = fakes.scenario("base", measures={first: True, second: {"intensity": 0.5}})
    full = fakes.scenario("full", measures={first: True, second: {"intensity": 1.0}, third: True})
    plan = subsets(full, against=base)
    assert set(plan.measures) == {second, third}
    nothing = plan.scenarios[0]
    assert {m.key: m.intensity for m in nothing.active_measures()} == {first: 1.0, second: 0.5}
    alone = {keys: {m.key for m in s.active_measures()} for keys, s in zip(plan.members, plan.scenarios, strict=True)}
    assert alone[frozenset({plan.measures.index(third)})] == {first, second, third}
    assert plan.scenarios[-1] == full
    with pytest.raises(InputError, match=f"base leaves out {third} of full"):
        subsets(base, against=full)
    with pytest.raises(InputError, match="adds no measure to base"):
        subsets(base, against=base)


def shapley(game, count, seed):
    """By the definition: over all orders."""
    found = np.zeros(count)
    orders = list(permutations(range(count)))
    for order in orders:
        for place, measure in enumerate(order):
            before = frozenset(order[:place])
            found[measure] += game(before | {measure}, seed) - game(before, seed)
    return found / len(orders)


def table_game(count, numbers):
    """Any game: a number for each subset, moved by the seed."""
    value = {frozenset(s): numbers[k] for k, s in enumerate(all_subsets(count))}
    return lambda subset, seed: value[frozenset(subset)] * (1.0 + 0.1 * (seed if isinstance(seed, int) else seed.draw))


def all_subsets(count):
    return [s for size in range(count + 1) for s in combinations(range(count), size)]


def quadratic(count, luck=None):
    """A game of single numbers and pairs alone, with the numbers it is made of."""
    rng = np.random.default_rng(count)
    single, pair = rng.normal(0, 10, count), np.triu(rng.normal(0, 5, (count, count)), 1)

    def game(subset, seed):
        some = sorted(subset)
        return 500.0 + single[some].sum() + pair[np.ix_(some, some)].sum() + (luck or (lambda *_: 0.0))(subset, seed)

    return game, single, pair


@settings(max_examples=15)
@given(st.integers(1, 4), st.data())
def test_with_few_measures_every_subset_is_run_and_shapley_values_follow_the_definition(count, data):
    numbers = data.draw(st.lists(st.floats(-1e3, 1e3), min_size=2**count, max_size=2**count))
    plan = subsets(package(count))
    assert plan.exact
    assert len(plan.members) == 2**count
    game = table_game(count, numbers)
    found = attribution(plan, played(plan, game), ["joined"]).measures
    expected = np.mean([shapley(game, count, seed) for seed in (1, 2, 3)], axis=0)
    np.testing.assert_allclose(found["mean"], expected, atol=1e-8)
    everyone = frozenset(range(count))
    total = np.mean([game(everyone, s) - game(frozenset(), s) for s in (1, 2, 3)])
    assert found["mean"].sum() == pytest.approx(total, abs=1e-8)
    np.testing.assert_allclose(found["package"], total, atol=1e-8)
    last = [np.mean([game(everyone, s) - game(everyone - {k}, s) for s in (1, 2, 3)]) for k in range(count)]
    np.testing.assert_allclose(found["last"], last, atol=1e-8)


def test_shapley_values_of_the_glove_game():
    """One owns a left glove, two a right one each; a pair is worth 1 (Shapley's shares: 4/6, 1/6, 1/6)."""
    plan = subsets(package(3))
    found = attribution(plan, played(plan, lambda s, _: float(0 in s and bool(s & {1, 2}))), ["joined"])
    np.testing.assert_allclose(found.measures["mean"], [4 / 6, 1 / 6, 1 / 6])
    assert found.measures["alone"].tolist() == [0, 0, 0]
    assert found.measures["last"].tolist() == [1, 0, 0]
    pairs = found.pairs.set_index(["measure", "other"])["mean"]
    assert pairs[KEYS[0], KEYS[1]] == pytest.approx(pairs[KEYS[0], KEYS[2]])
    assert pairs[KEYS[0], KEYS[1]] > 0
    assert pairs[KEYS[1], KEYS[2]] < 0, "each makes the other needless"


@pytest.mark.parametrize(("count", "orders"), [(2, 2), (4, 2), (7, 20)])
def test_pairs_of_a_game_of_pairs_are_found_exactly(count, orders):
    game, single, pair = quadratic(count)
    plan = subsets(package(count), orders)
    found = attribution(plan, played(plan, game), ["joined"])
    expected = [pair[i, j] for i, j in combinations(range(count), 2)]
    np.testing.assert_allclose(found.pairs["mean"], expected, atol=1e-8)
    both = (pair + pair.T).sum(axis=1) / 2
    np.testing.assert_allclose(found.measures["mean"], single + both, atol=1e-8)  # an order and its reverse are enough


def test_sampled_orders_add_up_and_their_intervals_hold_the_true_shares():
    count, held, tried = 7, 0, 0
    assert count > FEW
    rng = np.random.default_rng(0)
    for trial in range(8):
        game = table_game(count, rng.normal(0, 100, 2**count))
        plan = subsets(package(count), orders=20, seed=trial)
        found = attribution(plan, played(plan, game, seeds=range(1, 9)), ["joined"]).measures
        everyone = frozenset(range(count))
        total = np.mean([game(everyone, s) - game(frozenset(), s) for s in range(1, 9)])
        assert found["mean"].sum() == pytest.approx(total)
        true = shapley(game, count, 0) * np.mean([1.0 + 0.1 * s for s in range(1, 9)])
        held += int(((found["low"] <= true) & (true <= found["high"])).sum())
        tried += count
    assert 0.80 < held / tried < 0.99, "about nine in ten"


def test_more_orders_begin_with_fewer_and_another_seed_has_others():
    few, many = subsets(package(8), 4), subsets(package(8), 10)
    assert many.orders[:4] == few.orders
    assert set(few.members) <= set(many.members)
    assert few.orders[1] == few.orders[0][::-1]
    assert subsets(package(8), 4, seed=2).orders != few.orders
    names = [scenario.name for scenario in many.scenarios]
    assert len(set(names)) == len(names)
    assert [len(s.active_measures()) for s in many.scenarios] == [len(s) for s in many.members]


def test_with_draws_each_line_is_a_draw():
    plan = subsets(package(2))
    game = table_game(2, [0.0, 10.0, 20.0, 30.0])
    found = attribution(plan, played(plan, game, seeds=[1, 2], draws=[1, 2, 3]), ["joined"]).measures
    assert found["draws"].tolist() == [3, 3]
    assert found["seeds"].tolist() == [2, 2]
    np.testing.assert_allclose(found["mean"], [12.0, 24.0])
    np.testing.assert_allclose(found["p5"], [10 * 1.11, 20 * 1.11])


def test_one_seed_has_no_interval():
    plan = subsets(package(2))
    found = attribution(plan, played(plan, table_game(2, range(4)), seeds=[1]), ["joined"])
    assert found.measures[["low", "high"]].isna().all(axis=None)
    assert found.pairs[["low", "high"]].isna().all(axis=None)


def test_too_few_subsets_give_no_table_of_pairs():
    plan = subsets(package(9), orders=2)
    assert attribution(plan, played(plan, quadratic(9)[0]), ["joined"]).pairs.empty


def test_an_effect_that_cannot_be_shared_out_is_rejected():
    with pytest.raises(InputError, match="no measure that does anything"):
        subsets(fakes.scenario("nothing"))
    with pytest.raises(InputError, match="even number"):
        subsets(package(8), orders=5)
    plan = subsets(package(2))
    records = played(plan, table_game(2, range(4)))
    with pytest.raises(InputError, match="joined_elsewhere cannot be shared out"):
        attribution(plan, records, ["joined_elsewhere"])
    del records[plan.scenarios[1].name][2]
    with pytest.raises(InputError, match="some subsets lack runs"):
        attribution(plan, records)
