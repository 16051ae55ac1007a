"""What must hold for every measure there is, and for any of them together."""

from functools import cache
from typing import ClassVar

import numba
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.batches.batch import run_batch
from sim.batches.preview import preview
from sim.levers import TABLE
from sim.measures import MEASURES, Measure
from sim.measures.base import Delivered, Plan
from sim.population.youth import STATUSES
from sim.processes.measures import measures
from sim.week import advance, begin, finished, record_of, run
from sim.world.grid import world_grid
from tests.processes.worlds import with_values

ALL = "scenarios/all_measures.yaml"
KEYS = sorted(MEASURES)
STARTS = 9  # week in which a measure that is late starts
SOON = {"imam_training": {"course_weeks": 13}}  # settings with which it delivers within half a year
NEVER = {"observable": "attacks", "above": 1e9}

examples = settings(max_examples=6, suppress_health_check=list(HealthCheck))
some_measures = st.lists(st.sampled_from(KEYS), unique=True, min_size=2)  # any of them in any order


def scenario(chosen: dict, **world) -> sim.Scenario:
    """Half of 2015, when forces of every kind are there, with some measures."""
    year = {"start": "2015-01-05", "end": "2015-07-06"}
    return sim.Scenario.of({"name": "some", "persons_per_youth": 5000, **year, "measures": chosen, **world})


@cache
def with_none() -> sim.Record:
    return run(scenario({}))


@cache
def with_all() -> sim.Record:
    return run(scenario(dict.fromkeys(KEYS, True) | SOON, parameters={"raid_rate": 0.01}))  # raids to answer


# --- each of them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("off", [{"intensity": 0}, {"when": NEVER}], ids=["intensity zero", "condition never met"])
def test_without_strength_it_is_bit_for_bit_absent(key, off):
    assert run(scenario({key: off})).digest == with_none().digest


@pytest.mark.parametrize("key", KEYS)
def test_nothing_changes_before_it_starts_and_then_it_moves_levers(key):
    touched = []
    late = run(
        scenario({key: {"start": "2015-03-09"}}),
        on_week=lambda country: touched.append(any(country.levers.moved(lever.name) for lever in TABLE)),
    )
    same = late.values == with_none().values
    assert same[:STARTS].all()
    assert not same[STARTS].all(), "at once, be it only money that is spent"
    assert not any(touched[:STARTS])
    assert any(touched[STARTS:])


@pytest.mark.parametrize("key", KEYS)
def test_in_full_it_delivers_and_costs_what_it_is_said_to_cost(key):
    assert with_all()[f"delivered_{key}"].sum() > 0
    made = scenario({key: True})
    planned = made.measures[key].plan(made.clock, world_grid()).cost_xof
    assert (with_all()[f"cost_{key}"].sum() > 0) == (planned > 0)


def test_all_of_them_at_no_intensity_deliver_nothing_and_cost_nothing():
    idle = run(scenario({key: {"intensity": 0} for key in KEYS}))
    assert idle.digest == with_none().digest
    assert not any(idle[f"{what}_{key}"].any() for key in KEYS for what in ("delivered", "cost"))


def test_what_hangs_on_the_run_is_not_foretold_and_nothing_else_is_left_open():
    reached = {row.key: row.reached_per_week for row in preview(scenario(dict.fromkeys(KEYS, True))).measures}
    on_the_run = {
        "adaptive_strategy", "coordination", "intervention_protocol", "operations_centre", "security_restoration"
    }  # fmt: skip
    assert {key for key, number in reached.items() if number is None} == on_the_run
    assert all(number > 0 for number in reached.values() if number is not None)


# --- some of them together -------------------------------------------------------------------------------


@examples
@given(keys=some_measures, seed=st.integers(0, 2**32))
def test_the_order_in_a_file_does_not_matter_and_persons_are_conserved(keys, seed):
    record = run(scenario(dict.fromkeys(keys, True)), seed)
    people = sum(record[f"people_{status}"] for status in STATUSES)
    np.testing.assert_array_equal(people, np.broadcast_to(record.weights["youths"], people.shape))
    assert run(scenario(dict.fromkeys(sorted(keys, reverse=True), True)), seed).digest == record.digest


@examples
@given(keys=some_measures, interaction=st.floats(-0.3, 0.3))
def test_whoever_acts_first_levers_are_moved_alike(keys, interaction):
    country = with_values(begin(scenario(dict.fromkeys(keys, True))), interaction=interaction)
    for _ in range(3):
        advance(country)
    found = []
    for order in (sorted(keys), keys):
        country.measures = sorted(country.measures, key=lambda measure: order.index(measure.key))
        measures(country)
        found.append({lever.name: getattr(country.levers, lever.name).copy() for lever in TABLE})
    for name, values in found[0].items():
        np.testing.assert_allclose(values, found[1][name], rtol=1e-12, atol=1e-12, err_msg=name)


class Fewer(Measure):
    """Prevents three attacks in ten."""

    key: ClassVar[str] = "fewer"
    title: ClassVar[str] = "Fewer attacks"
    delivers: ClassVar[str] = "nothing"

    def apply(self, levers, country):
        levers.keep("attack_rate", self.cells(country), 1 - 0.3 * self.carried_out(country))

    def report(self, country):
        return Delivered.nothing()

    def plan(self, clock, grid):
        return Plan(0.0, 0.0)


class FewerStill(Fewer):
    """Another that does the same."""

    key: ClassVar[str] = "fewer_still"


@pytest.mark.parametrize("interaction", [-0.2, 0.0, 0.3])
def test_two_measures_that_each_remove_three_tenths_leave_49_percent_and_the_interaction(monkeypatch, interaction):
    for kind in (Fewer, FewerStill):
        monkeypatch.setitem(MEASURES, kind.key, kind)
    both = with_values(begin(scenario({"fewer": True, "fewer_still": {"regions": ["Mopti"]}})), interaction=interaction)
    measures(both)
    mopti = both.grid.region == 4
    mixed = np.exp(interaction * 0.5 * 2 * abs(np.log(0.7)))
    np.testing.assert_allclose(both.levers.attack_rate[mopti], 0.49 * mixed)
    np.testing.assert_allclose(both.levers.attack_rate[~mopti], 0.7)


# --- all of them together --------------------------------------------------------------------------------


def everything() -> sim.Scenario:
    return sim.load(ALL, ["persons_per_youth=2000", "end=2012-07-02"])


@cache
def of_everything() -> str:
    return run(everything(), seed=1).digest


def test_one_thread_or_two_give_the_same_bits():
    before = numba.get_num_threads()
    try:
        for threads in range(1, min(2, numba.config.NUMBA_NUM_THREADS) + 1):
            numba.set_num_threads(threads)
            assert run(everything(), seed=1).digest == of_everything()
    finally:
        numba.set_num_threads(before)


@pytest.mark.slow
def test_a_batch_in_workers_gives_the_same_bits(tmp_path):
    batch = run_batch([everything()], [1, 2], workers=2, out=tmp_path / "out")
    assert batch.records["all_measures"][1].digest == of_everything()


def test_a_country_copied_in_mid_run_goes_on_to_the_same_bits():
    country = begin(everything(), 1)
    while country.week < 13:
        advance(country)
    copied = country.copy()
    for one in (country, copied):
        while not finished(one):
            advance(one)
        assert record_of(one).digest == of_everything()
