"""Plans: from one scenario those that show what each measure does alone, and what the whole owes to it."""

import pytest

from sim.comparison.variants import leave_one_out, one_at_a_time, without
from sim.engine.errors import InputError
from sim.measures import MEASURES
from sim.scenario import Scenario, load


def base(measures=None, **settings):
    return Scenario.of({"name": "base", "description": "what is there", "persons_per_youth": 5000,
                        "measures": measures or {}, **settings})  # fmt: skip


def active(scenario):
    return {measure.key: measure for measure in scenario.active_measures()}


TWO = {
    "international_forces": True,
    "joint_patrols": {"start": "2014-02-17", "patrols": 12},
    "imam_training": {"enabled": False, "intensity": 0.3},
}


# --- one at a time -------------------------------------------------------------------------------------------


def test_one_at_a_time_has_the_scenario_and_one_more_for_each_measure():
    plan = one_at_a_time(base(TWO))
    assert plan[0] == base(TWO)
    there = {"international_forces", "joint_patrols"}
    assert [s.name for s in plan[1:]] == [f"without_{key}" if key in there else key for key in MEASURES]


def test_each_variant_differs_from_the_scenario_only_by_its_measure():
    scenario = base(TWO)
    for key, tried in zip(MEASURES, one_at_a_time(scenario)[1:], strict=True):
        ours, theirs = active(tried), active(scenario)
        assert {k for k in {*ours, *theirs} if ours.get(k) != theirs.get(k)} == {key}
        same = {"name", "description", "measures"}
        assert {k: v for k, v in tried.resolved().items() if k not in same} == {
            k: v for k, v in scenario.resolved().items() if k not in same
        }


def test_a_measure_is_added_in_full_from_the_first_day_everywhere():
    plan = {s.name: s for s in one_at_a_time(base())}
    for key in MEASURES:
        measure = active(plan[key])[key]
        run = (plan[key].start, plan[key].end)
        assert (measure.start, measure.end, measure.intensity) == (*run, 1.0), key
        assert measure == active(base({key: True}))[key]


def test_a_measure_that_is_switched_off_is_added_in_full_whatever_else_it_says():
    plan = {s.name: s for s in one_at_a_time(base(TWO))}
    assert active(plan["imam_training"])["imam_training"].intensity == 1.0
    weak = {s.name: s for s in one_at_a_time(base({"imam_training": {"intensity": 0.0}}))}
    assert active(weak["imam_training"])["imam_training"].intensity == 1.0


def test_names_and_descriptions_state_the_difference():
    plan = {s.name: s for s in one_at_a_time(base(TWO))}
    assert plan["imam_training"].description == f"base, with: {MEASURES['imam_training'].title}"
    assert plan["without_joint_patrols"].description == f"base, without: {MEASURES['joint_patrols'].title}"


def test_the_shipped_baseline_can_be_planned():
    plan = one_at_a_time(load("scenarios/baseline.yaml"))
    assert len(plan) == len(MEASURES) + 1
    assert "without_international_forces" in [s.name for s in plan]
    assert len({s.digest for s in plan}) == len(plan)


# --- leave one out -------------------------------------------------------------------------------------------


def test_leave_one_out_has_the_scenario_itself_and_one_without_each_of_its_measures():
    plan = leave_one_out(base(TWO))
    assert plan[0] == base(TWO)
    assert [s.name for s in plan[1:]] == ["base_without_international_forces", "base_without_joint_patrols"]
    for key, fewer in zip(("international_forces", "joint_patrols"), plan[1:], strict=True):
        assert set(active(fewer)) == {"international_forces", "joint_patrols"} - {key}
        assert all(active(fewer)[other] == active(plan[0])[other] for other in active(fewer))


def test_measures_that_do_nothing_are_not_left_out():
    scenario = base({"joint_patrols": True, "sermon_drafting": {"intensity": 0}, "imam_training": {"enabled": False}})
    assert [s.name for s in leave_one_out(scenario)] == ["base", "base_without_joint_patrols"]


@pytest.mark.parametrize("measures", [{}, {"imam_training": False}, {"imam_training": {"intensity": 0}}])
def test_a_scenario_that_does_nothing_has_nothing_to_leave_out(measures):
    with pytest.raises(InputError, match="base has no measure that does anything, so there is nothing to leave out"):
        leave_one_out(base(measures))


def test_no_measure_needs_another_measure():
    plan = leave_one_out(load("scenarios/all_measures.yaml"))
    assert len({scenario.digest for scenario in plan}) == len(MEASURES) + 1


def test_a_measure_that_is_left_out_is_removed_and_not_only_switched_off():
    assert "joint_patrols" not in without(base(TWO), "joint_patrols", "fewer").resolved()["measures"]


def test_names_stay_distinct_if_a_scenario_is_named_after_a_measure_that_it_lacks():
    names = [scenario.name for scenario in one_at_a_time(Scenario.of({"name": "joint_patrols"}))]
    assert len(set(names)) == len(names)
    assert "with_joint_patrols" in names
