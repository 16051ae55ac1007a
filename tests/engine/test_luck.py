"""Luck: the published generator, the distributions built on it, and that nobody's luck hangs on anybody else's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.engine.luck import (
    bell,
    decision,
    decisions,
    luck,
    lucks,
    normal,
    poisson,
    poissons,
    seed_key,
    threshold,
    uniform,
    words,
)

ASKED = decision("a test asks for luck")
ELSE = decision("a test asks for other luck")
MOST = 0xFFFFFFFF
UNITS = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True).map(lambda u: min(max(u, 2.0**-33), 1 - 2.0**-33))


# --- the generator ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((MOST,) * 4, (MOST, MOST), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
         "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)  # fmt: skip
def test_philox_gives_the_known_answers_of_random123(counter, key, answer):
    agent, week, number, draw = (np.uint32(word) for word in counter)
    seed = seed_key(key[1] << 32 | key[0])
    assert " ".join(f"{int(word):08x}" for word in words(number, seed, week, agent, draw)) == answer


def test_a_seed_counts_with_all_its_64_bits():
    seeds = (0, 1, 2**32, 2**63, -1)
    assert len({luck(ASKED, seed_key(seed), 3, 5) for seed in seeds}) == len(seeds)
    assert seed_key(-1) == seed_key(2**64 - 1)


def test_luck_is_a_function_of_seed_decision_week_agent_and_draw_alone():
    key = seed_key(7)
    here = luck(ASKED, key, 4, 9, 2)
    assert here == luck(ASKED, key, 4, 9, 2)
    others = {luck(ELSE, key, 4, 9, 2), luck(ASKED, seed_key(8), 4, 9, 2), luck(ASKED, key, 5, 9, 2),
              luck(ASKED, key, 4, 10, 2), luck(ASKED, key, 4, 9, 3)}  # fmt: skip
    assert len(others | {here}) == 6


def test_arrays_of_agents_have_the_luck_of_each():
    key, agents = seed_key(3), np.array([5, 0, 2_000_000_000, 7])
    assert lucks(ASKED, key, 6, agents, 1).tolist() == [luck(ASKED, key, 6, a, 1) for a in agents]
    means = np.array([0.0, 0.3, 20.0, 3.0])
    assert poissons(ASKED, key, 6, agents, means).tolist() == [
        poisson(m, luck(ASKED, key, 6, a)) for m, a in zip(means, agents, strict=True)
    ]


# --- decisions -------------------------------------------------------------------------------------------


def test_a_decision_is_named_once():
    first = decision("a test names a decision")
    assert decisions()[int(first)] == "a test names a decision"
    with pytest.raises(ValueError, match="is taken by"):
        decision("a test names a decision")


def test_two_sentences_with_one_number_are_refused():
    decision("plumless")  # these two words are known to share their CRC-32
    with pytest.raises(ValueError, match="'buckeroo' is taken by 'plumless'"):
        decision("buckeroo")


def test_numbers_of_decisions_never_move():
    """The number follows from the sentence alone, so adding decisions changes no run."""
    import sim.week  # noqa: F401  (names all decisions)

    by_sentence = {sentence: number for number, sentence in decisions().items()}
    assert by_sentence["an approached person joins"] == 3629587332
    assert by_sentence["a member is found by the forces"] == 53549539


# --- distributions ---------------------------------------------------------------------------------------


def test_uniform_numbers_lie_strictly_between_0_and_1_at_the_extreme_words():
    assert uniform(np.uint32(0)) == 2.0**-33
    assert uniform(np.uint32(MOST)) == 1.0 - 2.0**-33
    assert uniform(np.uint32(1 << 31)) == 0.5 + 2.0**-33


@pytest.mark.parametrize(
    ("chance", "word"), [(0.0, 0), (-1.0, 0), (0.25, 1 << 30), (0.5, 1 << 31), (1.0, MOST), (2.0, MOST)]
)
def test_a_threshold_is_the_word_below_which_something_happens(chance, word):
    assert threshold(chance) == word


@given(st.integers(0, MOST), st.floats(0.001, 0.999))
def test_comparing_words_is_comparing_numbers(word, chance):
    if abs(word - chance * 2**32) > 1:
        assert (np.uint32(word) < threshold(chance)) == (uniform(np.uint32(word)) < chance)


def test_bell_is_the_sum_of_bytes_with_mean_0_and_variance_1():
    byte = np.full(256, 1 / 256)
    pair = np.convolve(byte, byte)
    chances = np.convolve(pair, pair)  # of each sum of four bytes, 0..1020
    examples = [int.from_bytes([min(max(total - 255 * k, 0), 255) for k in range(4)]) for total in range(1021)]
    values = np.array([bell(np.uint32(word)) for word in examples], np.float64)
    assert abs(chances @ values) < 1e-6
    assert chances @ values**2 == pytest.approx(1.0, abs=1e-6)
    assert values[0] == -values[-1] == pytest.approx(-3.4506, abs=1e-3)


@given(st.binary(min_size=4, max_size=4))
def test_bell_does_not_care_which_byte_is_which(four):
    turned = four[2:] + four[1::-1]
    assert bell(np.uint32(int.from_bytes(four))) == bell(np.uint32(int.from_bytes(turned)))
    assert bell(np.uint32(int.from_bytes(four))) == pytest.approx(
        (sum(four) - 510) / np.sqrt(4 * (256**2 - 1) / 12), rel=1e-6
    )


def test_normal_is_the_normal_quantile():
    u = np.concatenate([np.geomspace(2.0**-33, 0.5, 400), 1 - np.geomspace(2.0**-33, 0.5, 400), [0.02425, 0.97575]])
    z = np.array([normal(x) for x in u])
    np.testing.assert_allclose(z, stats.norm.ppf(u), rtol=2e-9, atol=1e-12)


@given(mean=st.floats(1e-6, 600.0), u=UNITS)
@settings(max_examples=400)
def test_poisson_is_the_poisson_quantile(mean, u):
    count = poisson(mean, u)
    slack = 1e-11
    assert stats.poisson.cdf(count, mean) >= u - slack
    assert count == 0 or stats.poisson.cdf(count - 1, mean) < u + slack


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.0, 40.0, 590.0])
def test_poisson_equals_scipy(mean):
    u = (np.arange(500) + 0.37) / 500
    assert [poisson(mean, x) for x in u] == stats.poisson.ppf(u, mean).astype(int).tolist()


@pytest.mark.parametrize("mean", [601.0, 5_000.0, 200_000.0])
def test_poisson_of_many_is_right_to_three_events_or_a_thousandth(mean):
    u = np.linspace(0.001, 0.999, 301)
    counts = np.array([poisson(mean, x) for x in u])
    np.testing.assert_allclose(counts, stats.poisson.ppf(u, mean), atol=3, rtol=1e-3)
    assert counts.mean() == pytest.approx(mean, rel=2e-3)


@given(means=st.tuples(st.floats(0.0, 600.0), st.floats(0.0, 600.0)), u=UNITS)
def test_a_lower_mean_can_only_remove_events(means, u):
    low, high = sorted(means)
    assert poisson(low, u) <= poisson(high, u)


@given(means=st.tuples(st.floats(601.0, 1e6), st.floats(601.0, 1e6)), u=st.floats(1e-6, 1 - 1e-6))
def test_a_lower_mean_can_only_remove_events_among_many(means, u):
    low, high = sorted(means)
    assert poisson(low, u) <= poisson(high, u)


def test_nothing_happens_at_mean_0():
    assert poisson(0.0, 1 - 2.0**-33) == 0
    assert poisson(-1.0, 0.9) == 0


# --- independence ----------------------------------------------------------------------------------------


def series(along: str, number=ASKED, count: int = 20_000) -> np.ndarray:
    """Luck along one axis, all else fixed."""
    fixed = {"seed": 11, "week": 2, "agent": 3, "draw": 0}
    if along == "agent":
        return lucks(number, seed_key(fixed["seed"]), fixed["week"], np.arange(count))
    out = np.empty(count)
    for k in range(count):
        at = {**fixed, along: k}
        out[k] = luck(number, seed_key(at["seed"]), at["week"], at["agent"], at["draw"])
    return out


@pytest.mark.parametrize("along", ["agent", "week", "draw", "seed"])
def test_luck_is_evenly_spread_and_neighbours_are_independent(along):
    u = series(along)
    bins = 50
    assert stats.chisquare(np.bincount((u * bins).astype(int), minlength=bins)).pvalue > 1e-4
    for step in (1, 2, 7):
        pairs = np.histogram2d(u[:-step], u[step:], bins=10, range=[[0, 1], [0, 1]])[0]
        assert stats.chisquare(pairs.ravel()).pvalue > 1e-4, f"{along} {step} apart"


def test_decisions_weeks_and_seeds_share_no_luck():
    key, agents = seed_key(11), np.arange(20_000)
    here = lucks(ASKED, key, 2, agents)
    for other in (lucks(ELSE, key, 2, agents), lucks(ASKED, key, 3, agents), lucks(ASKED, seed_key(12), 2, agents),
                  lucks(ASKED, key, 2, agents, 1)):  # fmt: skip
        pairs = np.histogram2d(here, other, bins=10, range=[[0, 1], [0, 1]])[0]
        assert stats.chisquare(pairs.ravel()).pvalue > 1e-4


def test_the_four_words_of_one_draw_are_independent():
    drawn = np.array([[uniform(w) for w in words(ASKED, seed_key(5), 0, agent, 0)] for agent in range(20_000)])
    assert np.abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 0.03
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > 1e-4
