"""The desk: the runs of `kumakan compare`, once for each choice; results that belong to a choice and to no other."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.app import charts, choice, tables
from sim.app.results import LAYERS
from sim.app.visitor import Visitor
from sim.engine.errors import InputError
from sim.stores.archive import ArchiveStore
from tests.app.conftest import finished

pytest.importorskip("solara")


def test_the_runs_are_those_of_compare_to_the_last_bit(asked, desk, base, chosen, tmp_path):
    assert (asked.state, asked.error) == ("done", "")
    batch = sim.compare([base, chosen], **{desk.settings.over: 2}, out=tmp_path / "compared", workers=1, progress=False)
    pd.testing.assert_frame_equal(asked.results.effects, batch.effects(), check_exact=True)
    weekly = batch.to_xarray(["members"])["members"].mean(("draw", "seed"))
    _, b = asked.results.layers["members"]
    assert np.allclose(b[:, 1:], weekly.sel(scenario=chosen.name).squeeze().transpose("week", "region").values)


def test_layers_say_the_same_as_the_effects(asked):
    found = asked.results
    rows = found.effects[found.effects["outcome"] == "joined"].set_index("region")
    a, b = found.layers["joined"]
    example = finished(asked).results
    assert a.shape == b.shape == (len(example.dates), 10)
    assert set(found.layers) == set(LAYERS)
    region = rows["baseline_mean"].idxmax()
    gap, ratio = rows.loc[region, "mean"], rows.loc[region, "baseline_mean"]
    place = found.places.index(region)
    assert a[-1, place] > 0
    assert (b[-1, place] - a[-1, place]) / a[-1, place] == pytest.approx(gap / ratio)


def test_a_choice_that_is_known_is_not_run_again(desk, asked, base, chosen):
    before = len(ArchiveStore(desk.settings.store, reading=True).runs())
    assert desk.ask(base, chosen) is asked
    assert desk.known(base, chosen) is asked.results
    other = finished(desk.ask(chosen, base))  # the other way round: the same runs
    assert other.results.pairs == 2
    assert len(ArchiveStore(desk.settings.store, reading=True).runs()) == before == 4


def test_the_same_choice_twice_is_nothing_to_compare(desk, base):
    with pytest.raises(InputError, match="A and B are the same choice"):
        desk.ask(base, base)


def test_a_comparison_that_everybody_left_is_not_made(desk, base, asked):
    made = choice.switched(base, "radio_drama", True, base)
    first = choice.switched(base, "imam_training", True, base)
    ahead, left = desk.ask(base, first), desk.ask(base, made)
    desk.leave(left)
    assert finished(ahead).state == "done"
    assert finished(left).state == "left"
    names = set(ArchiveStore(desk.settings.store, reading=True).runs(["scenario"])["scenario"])
    assert first.name in names
    assert made.name not in names


def test_the_report_is_that_of_this_choice(desk, asked, chosen):
    text = desk.report(asked.results)
    assert text.startswith("<!DOCTYPE html>")
    assert chosen.name.replace("_", "_<wbr>") in text


def test_results_are_never_shown_as_those_of_another_choice(desk, asked, base, chosen):
    me = Visitor(desk)
    me.worlds.value = (base, chosen)
    me.found.value = asked.results
    assert not me.stale
    me.change({"key": "joint_patrols", "setting": "intensity", "value": 0.5})
    assert me.stale
    said = tables.summary(asked.results, me.stale)
    assert "Results of an earlier choice" in said
    assert tables.mark(asked.results) in said
    me.change({"key": "joint_patrols", "setting": "intensity", "value": 1.0})
    assert me.worlds.value[1].digest == chosen.digest
    assert not me.stale


def test_two_visitors_keep_their_own_state(desk, base):
    one, other = Visitor(desk), Visitor(desk)
    one.change({"key": "joint_patrols", "setting": "on", "value": True})
    other.side.value = "A"
    other.change({"key": "imam_training", "setting": "on", "value": True})
    assert [set(w.measures) - set(base.measures) for w in one.worlds.value] == [set(), {"joint_patrols"}]
    assert [set(w.measures) - set(base.measures) for w in other.worlds.value] == [{"imam_training"}, set()]


def test_a_change_that_cannot_be_leaves_the_choice_as_it_is(desk):
    me = Visitor(desk)
    before = me.worlds.value
    me.change({"key": "joint_patrols", "setting": "intensity", "value": 0.5})
    assert "switch it on" in me.problem.value
    me.upload({"name": "a.yaml", "text": "measures: {joint_patrol: true}", "size": 30})
    assert "did you mean 'joint_patrols'" in me.problem.value
    assert me.worlds.value == before
    me.upload({"name": "a.yaml", "text": "extends: baseline\nmeasures: {joint_patrols: true}", "size": 50})
    assert me.problem.value == ""
    assert "joint_patrols" in me.worlds.value[1].measures


def test_the_budget_follows_the_choice(desk):
    me = Visitor(desk)
    me.set_budget(1)
    me.change({"key": "joint_patrols", "setting": "on", "value": True})
    said, over = me.against_budget()
    assert over
    assert said.endswith("over the budget")
    me.change({"key": "joint_patrols", "setting": "on", "value": False})
    assert me.against_budget() == ("1 m XOF of the budget are left", False)


def test_maps_have_every_week_and_one_scale(asked):
    found = asked.results
    a, b, gap, lines, change = (chart["spec"] for chart in charts.charts(found, "members"))
    domains = [spec["encoding"]["color"]["scale"]["domain"] for spec in (a, b, gap)]
    most = max(values[:, 1:].max() for values in found.layers["members"])
    assert domains[0] == domains[1]
    assert domains[0][1] >= most
    assert domains[2][0] == -domains[2][2]
    [shown] = [param["value"] for param in b["params"] if param["name"] == "shown"]
    assert np.allclose(shown, found.layers["members"][1], rtol=1e-3)
    assert [feature["properties"]["region"] for feature in a["datasets"]["regions"]] == list(found.places[1:])
    assert len(lines["datasets"]["weeks"]) == len(found.dates)
    by_week = np.array([row["gap"] for row in change["datasets"]["weeks"]])
    assert np.allclose(by_week, np.subtract(*found.layers["members"][::-1]), rtol=1e-3, atol=1e-9)


def test_blue_is_better_whichever_way_that_is(asked):
    def sides(layer):
        return charts.charts(asked.results, layer)[2]["spec"]["encoding"]["color"]["scale"]["range"]

    assert sides("members") == sides("trust")[::-1]


def test_tables_hold_every_outcome_and_say_what_is_too_coarse(asked):
    text = tables.effects(asked.results)
    for label in ("People who joined", "Abuses by security forces", "Ledger of harm", "too coarse"):
        assert label in text
    assert "<script" not in text
