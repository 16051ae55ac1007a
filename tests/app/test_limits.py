"""Break-even on the page: what `kumakan compare --ceiling --break-even` says of the same two scenarios."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.app import choice, limits
from sim.app.desk import Desk, Settings
from sim.app.visitor import Visitor
from sim.batches import beside
from sim.comparison.verdicts import IN_FORCE
from sim.engine.errors import InputError
from tests.app.conftest import finished

pytest.importorskip("solara")


@pytest.fixture(scope="module")
def desk(base, tmp_path_factory):
    return Desk(Settings(base, tmp_path_factory.mktemp("limits") / "store", pairs=2, workers=1))


@pytest.fixture(scope="module")
def asked(desk, base, chosen):
    return finished(desk.ask(base, chosen))


@pytest.fixture(scope="module")
def worked_out(desk, asked, base, chosen):
    return finished(desk.ask(base, chosen, break_even=True))


def test_sizes_are_those_of_compare_to_the_last_bit(worked_out, desk, base, chosen, tmp_path):
    assert (worked_out.state, worked_out.error) == ("done", "")
    batch = sim.compare([base, chosen], **{desk.settings.over: 2}, out=tmp_path / "compared", workers=1, progress=False)
    beside.ceiling(batch, workers=1, progress=False)
    for target in (2, 10):
        told = beside.verdicts(batch, limits.GAINS, target / 100)
        told = told[told["window"] == IN_FORCE]
        found = worked_out.results.limits[target]
        pd.testing.assert_frame_equal(found.reset_index(drop=True), told.reset_index(drop=True), check_exact=True)
    assert np.isfinite(found["ceiling"]).all()


def test_a_larger_effect_takes_at_least_as_large_a_size(worked_out):
    ways = np.array([worked_out.results.limits[target]["way"] for target in limits.TARGETS])
    assert (ways[1:] >= ways[:-1]).all()


def test_only_the_ceiling_is_run_anew_and_the_comparison_stays_as_it_was(worked_out, asked, desk, base, chosen):
    assert worked_out.runs_done == 6
    pd.testing.assert_frame_equal(worked_out.results.effects, asked.results.effects)
    assert desk.known(base, chosen) is worked_out.results
    assert desk.ask(base, chosen) is worked_out


def test_the_table_says_the_target_and_follows_it(worked_out):
    of_two, of_ten = (limits.table(worked_out.results.limits, target) for target in (2, 10))
    assert "Size for 2&nbsp;%" in of_two
    assert "Size for 10&nbsp;%" in of_ten
    assert of_ten.count("<tr>") == 1 + len(limits.GAINS)
    assert "People who joined" in of_ten


def test_a_measure_at_its_ceiling_needs_no_more_runs(desk, base):
    full = limits.top_of(base, choice.switched(base, "imam_training", True, base))
    there = finished(desk.ask(base, full, break_even=True))
    assert (there.state, len(there.worlds)) == ("done", 2)
    row = there.results.limits[5].set_index("outcome").loc["joined"]
    assert row["ceiling"] == row["mean"]


def test_without_a_measure_of_its_own_b_has_no_ceiling(desk, base, chosen):
    with pytest.raises(InputError, match="no measure that A does not have"):
        desk.ask(chosen, base, break_even=True)
    me = Visitor(desk)
    me.worlds.value = (chosen, base)
    me.compare(break_even=True)
    assert "no measure that A does not have" in me.problem.value
    assert me.asked.value is None


def test_a_visitor_aims_at_what_is_offered_only(desk):
    me = Visitor(desk)
    me.aim(10)
    assert me.target.value == 10
    me.aim(7)
    me.aim("10 %")
    assert me.target.value == 10
