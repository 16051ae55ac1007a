"""What was delivered stands beside what was changed, for the measures that a scenario and the baseline do not share."""

from dataclasses import replace

import numpy as np
import pytest

from sim.comparison.delivered import COLUMNS, delivered
from sim.comparison.table import active_measures, changes, elsewhere
from sim.record import Observable
from sim.stores.run import Key
from tests.batches import batch_fakes as fakes

WEEKS = 10
NAMES = [o.name for o in fakes.OBSERVABLES]
ALL = {"start": None, "end": None, "regions": "all"}
"""A measure in force everywhere and always."""


def made(measures, given=None, spent=None, draw=0, seed=1):
    """A record in which measures deliver and cost, in the last region of every week."""
    values = np.zeros((WEEKS, 9, len(NAMES)))
    for prefix, numbers in (("delivered", given), ("cost", spent)):
        for key, number in (numbers or {}).items():
            values[:, 8, NAMES.index(f"{prefix}_{key}")] = number
    return fakes.record(values, seed=seed, draw=draw, measures=measures)


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    [row] = table.to_dict("records")
    return row


BARE = {1: made({})}
PATROLS = {"joint_patrols": ALL}


# --- what differs --------------------------------------------------------------------------------------------


def test_measures_that_do_nothing_are_not_there():
    record = made({
        "joint_patrols": {"enabled": False}, "imam_training": {"intensity": 0.0}, "sermon_drafting": {"intensity": 0.1},
    })  # fmt: skip
    assert set(active_measures(record)) == {"sermon_drafting"}


def test_measures_are_added_left_out_or_changed_and_what_is_shared_is_not_told():
    ours = {"a": {"intensity": 1}, "b": {"intensity": 0.5}, "c": {}}
    theirs = {"b": {"intensity": 1}, "c": {}, "d": {}}
    assert changes(ours, theirs) == {"a": "added", "b": "changed", "d": "left out"}
    assert changes(ours, ours) == {}


def test_elsewhere_is_where_no_measure_acts_that_the_two_do_not_share():
    regions = ("x", "y", "z")
    shared = {"s": {"regions": "all"}}

    def where(ours, theirs):
        return elsewhere({**shared, **ours}, {**shared, **theirs}, regions).tolist()

    assert where({"a": {"regions": ["y"]}}, {}) == [True, False, True]
    assert where({}, {"a": {"regions": ["y"]}}) == [True, False, True], "left out"
    assert where({"a": {"regions": ["x"]}}, {"a": {"regions": ["y"]}}) == [False, False, True], "moved"
    assert where({"a": {"regions": "all"}}, {}) == [False] * 3
    assert where({"a": {}}, {}) == [False] * 3, "a measure without regions is everywhere"
    assert where({}, {}) == [False] * 3, "where nothing differs nothing is elsewhere"


def test_a_seed_alone_is_under_the_central_values():
    assert Key.of(7) == Key(0, 7)
    assert Key.of(Key(3, 7)) == (3, 7)


# --- what was delivered --------------------------------------------------------------------------------------


def test_deliveries_are_a_mean_over_weeks_in_force_and_runs_and_costs_a_sum_over_the_run():
    runs = {seed: made(PATROLS, {"joint_patrols": given}, {"joint_patrols": 5.0}, seed=seed)
            for seed, given in ((1, 20.0), (2, 40.0), (3, 90.0))}  # fmt: skip
    table = delivered({"base": BARE, "patrols": runs}, "base")
    assert tuple(table.columns) == COLUMNS
    row = one(table, scenario="patrols", measure="joint_patrols")
    assert row["per_week"] == pytest.approx(50.0)
    assert (row["p5"], row["p95"]) == (pytest.approx(22.0), pytest.approx(85.0))
    assert row["cost_xof"] == pytest.approx(5.0 * WEEKS)
    assert (row["weeks"], row["unit"], row["change"]) == (WEEKS, "patrols in the week", "added")
    assert (row["draws"], row["seeds"], row["delivered_nothing"]) == (0, 3, 0.0)


def test_only_weeks_between_start_and_end_are_in_force():
    """Records begin on 2 January 2012; the first day of a measure is in force, its last is not."""
    for settings, weeks in (
        ({"start": "2012-01-16"}, 8),
        ({"end": "2012-01-16"}, 2),
        ({"start": "2012-01-16", "end": "2012-02-06"}, 3),
        ({"start": "2030-01-07"}, 0),
    ):
        runs = {1: made({"joint_patrols": {**ALL, **settings}}, {"joint_patrols": 6.0})}
        row = one(delivered({"base": BARE, "patrols": runs}, "base"))
        assert row["weeks"] == weeks
        assert row["per_week"] == pytest.approx(6.0 * WEEKS / max(weeks, 1))


def test_a_measure_that_delivers_nothing_says_so_and_its_cost_stands():
    runs = {seed: made(PATROLS, {"joint_patrols": given}, {"joint_patrols": 1.0}, seed=seed)
            for seed, given in ((1, 0.0), (2, 0.0), (3, 7.0), (4, 0.0))}  # fmt: skip
    row = one(delivered({"base": BARE, "patrols": runs}, "base"))
    assert row["delivered_nothing"] == 0.75
    assert row["cost_xof"] == WEEKS


def test_what_is_left_out_is_told_from_the_runs_of_the_baseline():
    runs = {1: made(PATROLS, {"joint_patrols": 30.0}, {"joint_patrols": 2.0})}
    row = one(delivered({"base": runs, "without": BARE}, "base"))
    assert (row["scenario"], row["change"], row["per_week"]) == ("without", "left out", pytest.approx(30.0))
    assert row["cost_xof"] == pytest.approx(2.0 * WEEKS)


def test_what_is_changed_is_told_from_the_runs_of_the_scenario_and_what_is_shared_is_not_told():
    strong = {"joint_patrols": {**ALL, "intensity": 1.0}, "imam_training": ALL}
    weak = {"joint_patrols": {**ALL, "intensity": 0.2}, "imam_training": ALL}
    table = delivered(
        {"base": {1: made(strong, {"joint_patrols": 50.0})}, "weak": {1: made(weak, {"joint_patrols": 10.0})}}, "base"
    )
    row = one(table)
    assert (row["measure"], row["change"], row["per_week"]) == ("joint_patrols", "changed", pytest.approx(10.0))


def test_a_package_has_a_row_for_each_of_its_measures():
    both = {"joint_patrols": ALL, "imam_training": ALL}
    runs = {1: made(both, {"joint_patrols": 3.0, "imam_training": 4.0})}
    table = delivered({"base": BARE, "package": runs}, "base")
    assert dict(zip(table.measure, table.per_week, strict=True)) == {"imam_training": 4.0, "joint_patrols": 3.0}


def test_draws_and_seeds_are_counted():
    runs = {Key(d, s): made(PATROLS, {"joint_patrols": 1.0}, draw=d, seed=s) for d in (1, 2, 3) for s in (1, 2)}
    bare = {key: made({}) for key in runs}
    row = one(delivered({"base": bare, "patrols": runs}, "base"))
    assert (row["draws"], row["seeds"]) == (3, 2)


def test_a_scenario_or_a_baseline_without_a_run_gives_no_row():
    runs = {1: made(PATROLS)}
    assert delivered({"base": BARE, "patrols": {}}, "base").empty
    assert delivered({"base": {}, "patrols": runs}, "base").empty
    assert tuple(delivered({"base": {}, "patrols": runs}, "base").columns) == COLUMNS


def test_reach_among_those_whom_recruiters_approach():
    observables = (
        Observable("approached", "persons", "sum", "approached"),
        Observable("delivered_radio_drama", "youths who followed the drama in the week", "sum", "delivered"),
        Observable("cost_radio_drama", "XOF", "sum", "spent"),
    )

    def run(measures):
        values = np.zeros((10, 9, 3))
        values[:, 4, 0], values[:, 7, 0] = 3.0, 1.0  # three in four of those approached live in region 4
        values[:, 4, 1], values[:, 0, 1] = (20.0, 70.0) if measures else (0.0, 0.0)
        record = fakes.record(np.zeros((10, 9, len(fakes.OBSERVABLES))), measures=measures)
        weights = {"people": np.ones(9), "youths": np.full(9, 100.0)}
        return replace(record, values=values, observables=observables, weights=weights)

    records = {"a": {1: run({})}, "b": {1: run({"radio_drama": {}})}}
    [found] = delivered(records, "a").to_dict("records")
    assert found["reach"] == pytest.approx(90 / 900)
    assert found["reach_approached"] == pytest.approx(0.75 * 20 / 100)
    assert found["focus"] == pytest.approx(1.5)
