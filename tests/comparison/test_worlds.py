"""In what two scenarios differ besides their measures, and how it is told."""

import pandas as pd

from sim.comparison.worlds import differences, sentence, world
from sim.parameters import rows
from sim.scenario import Scenario
from sim.views.words import other_worlds, rests_on

DRAWN = next(row for row in rows().values() if row.drawn and row.low < row.value < row.high)


def differ(ours, theirs, drawn=False):
    found = [world(Scenario.of({"name": "x", **settings}).resolved()) for settings in (ours, theirs)]
    return sentence(differences(*found, drawn), "base")


def test_measures_and_names_are_no_difference():
    assert differ({"measures": {"joint_patrols": True}, "description": "a"}, {"name": "y"}) == ""


def test_everything_else_is():
    assert differ({"persons_per_youth": 50}, {}) == "persons_per_youth is 50 (base: 20)"
    assert differ({}, {"groups": {"macina": {"enabled": False}}}) == (
        "groups.macina.enabled is not changed (base: false)"
    )
    assert differ({"groups": {"macina": {"ended": None}}}, {}) == "groups.macina.ended is none (base: not changed)"


def test_a_value_that_changes_nothing_is_no_difference():
    assert (
        differ({"parameters": {DRAWN.name: DRAWN.value}, "forces": {"army": {"scale": 1, "enabled": True}}}, {}) == ""
    )


def test_a_drawn_parameter_that_one_scenario_holds_fast_is_a_difference():
    said = differ({"parameters": {DRAWN.name: DRAWN.value}}, {}, drawn=True)
    assert said == f"parameters.{DRAWN.name} is {DRAWN.value:g} (base: drawn)"


def test_many_differences_are_told_in_short():
    many = {name: row.low for name, row in list(rows().items())[:9] if row.low < row.value}
    assert differ({"parameters": many}, {}).endswith(f"; and {len(many) - 5} more")


def test_figures_say_it_and_speak_of_no_central_values():
    table = pd.DataFrame(
        {"scenario": ["a", "b", "c"], "seeds": 5, "draws": 0, "world_differs": ["x is 1", "", "x is 1"]}
    )
    assert rests_on(table).endswith(
        "Not the same world: in a and c, x is 1. The difference is not the effect of measures alone."
    )
    assert "central" not in rests_on(table)
    assert other_worlds(table[table["scenario"] == "b"]) == other_worlds(table.drop(columns="world_differs")) == ""
