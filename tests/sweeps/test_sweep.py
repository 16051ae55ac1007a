"""Sweeps: which points a file plans, what is said about mistakes, how points are run, compared and kept."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from matplotlib.text import Text

import sim
from sim import cli
from sim.engine.errors import InputError
from sim.measures.base import REGIONS
from sim.parameters import rows
from sim.record import Observable, Record
from sim.scenario import Scenario
from sim.sweeps.designs import METHODS
from sim.sweeps.file import KEYS, as_sweep
from sim.sweeps.sweep import Axis, Design, Sweep, load_sweep, reopen, sweep, takes
from sim.views.figures.costs import frontier
from sim.views.figures.sweeps import heat_map

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "scenarios" / "sweeps").glob("*.yaml"))
SHORT = "start: 2012-01-02\nend: 2012-02-06\npersons_per_youth: 2000\n"
PATROLS = "measures.joint_patrols.intensity"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a sweep over a baseline and a scenario with patrols, in the current folder; returns its name."""
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(SHORT)
    Path("patrols.yaml").write_text(SHORT + "measures: {joint_patrols: {regions: [Gao]}}\n")

    def write(text, head="scenario: patrols.yaml\nbaseline: base.yaml\noutcomes: [joined, cost]\nseeds: 3\n"):
        Path("s.yaml").write_text(head + text, encoding="utf-8")
        return "s.yaml"

    return write


@pytest.fixture
def said(write):
    """What is said about a sweep with these lines."""

    def said(text, **more):
        with pytest.raises(InputError) as caught:
            load_sweep(write(text, **more))
        return str(caught.value)

    return said


def pretend(scenario, seed, world_seed, draw=0):
    """A run in no time: who joins follows from what is varied, with luck of the seed that measures do not touch."""
    patrols = scenario.measures.get("joint_patrols")
    strength = patrols.intensity if patrols else 0.0
    abuse = scenario.parameters.get("abuse_per_op", rows()["abuse_per_op"].value)
    joined = np.zeros(9)
    joined[0] = 1000 + 137 * seed + 500 * abuse - 100 * strength + seed * strength + 3 * draw
    joined[6] = 50 * strength
    columns = {"joined": joined, "attacks": np.zeros(9)}
    if patrols:
        columns["cost_joint_patrols"] = np.full(9, 1e6 * strength)
    units = {"joined": "persons", "attacks": "attacks", "cost_joint_patrols": "XOF"}
    return Record(
        values=np.stack(list(columns.values()), axis=-1)[None],
        observables=tuple(Observable(name, units[name], "sum", "") for name in columns),
        regions=REGIONS,
        dates=(scenario.start,),
        weights={"people": np.ones(9), "youths": np.ones(9)},
        cells={},
        about={"scenario": scenario.resolved(), "seed": seed, "draw": draw, "parameters": {"nothing_margin": 0.05}},
    )


def run(file, **options):
    return sweep(file, out="out", workers=1, runner=pretend, **options)


# --- points ----------------------------------------------------------------------------------------------


def test_a_grid_has_every_combination_named_by_its_values(write):
    plan = load_sweep(write(f"vary:\n  {PATROLS}: {{values: [0, 0.5]}}\n"
                            "  parameters.abuse_per_op: {low: 0.2, high: 0.6}\n"
                            "design: {method: grid, n: 3}\n"))  # fmt: skip
    assert [point.name for point in plan.points] == [
        f"joint_patrols.intensity={a} abuse_per_op={b}" for a in ("0", "0.5") for b in ("0.2", "0.4", "0.6")
    ]
    point = plan.points[4]
    assert point.scenario.measures["joint_patrols"].intensity == 0.5
    assert point.scenario.parameters == {"abuse_per_op": 0.4}


def test_a_list_goes_through_the_values_side_by_side(write):
    plan = load_sweep(write("vary:\n  start: {values: [2012-01-02, 2012-01-09]}\n"
                            f"  {PATROLS}: {{values: [1, 0]}}\ndesign: {{method: list}}\n"))  # fmt: skip
    assert [(p.scenario.start, p.scenario.measures["joint_patrols"].intensity) for p in plan.points] == [
        (date(2012, 1, 2), 1.0), (date(2012, 1, 9), 0.0)]  # fmt: skip
    assert [p.baseline.start for p in plan.points] == [date(2012, 1, 2), date(2012, 1, 9)]


def test_paths_of_the_world_vary_in_the_baseline_too_and_paths_of_measures_do_not(write):
    plan = load_sweep(write(f"vary:\n  {PATROLS}: {{values: [0, 1]}}\n  forces.army.scale: {{values: [0.5, 2]}}"
                            "\ndesign: {method: grid}\n"))  # fmt: skip
    assert [s.name for s in plan.scenarios[:2]] == ["base army.scale=0.5", "base army.scale=2"]
    assert all(p.baseline.forces == p.scenario.forces for p in plan.points)
    assert not any(p.baseline.measures for p in plan.points)


def test_changes_to_the_world_apply_to_both_and_changes_to_measures_only_to_the_scenario(write):
    plan = load_sweep(write("set: {persons_per_youth: 3000, measures.joint_patrols.intensity: 0.3}\n"
                            "vary:\n  parameters.abuse_per_op: {values: [0.2]}\ndesign: {method: grid}\n"),
                      ["persons_per_youth=4000"])  # fmt: skip
    (point,) = plan.points
    assert point.scenario.persons_per_youth == point.baseline.persons_per_youth == 4000, "overrides go over it"
    assert point.scenario.measures["joint_patrols"].intensity == 0.3
    assert not point.baseline.measures


def test_a_set_or_overridden_measure_never_reaches_the_baseline(write):
    vary = "vary:\n  parameters.abuse_per_op: {values: [0.2]}\ndesign: {method: grid}\n"
    for text, overrides in (
        ("set: {measures.joint_patrols.patrols: 30}\n", []),
        ("set: {measures: {joint_patrols: {patrols: 30}}}\n", []),
        ("", ["measures.joint_patrols.patrols=30"]),
    ):
        plan = load_sweep(write(text + vary), overrides)
        assert plan.scenario.measures["joint_patrols"].patrols == 30
        assert not plan.baseline.measures
        assert not plan.points[0].baseline.measures


def test_what_only_the_scenario_sets_of_the_world_is_told(write):
    Path("patrols.yaml").write_text(SHORT + "parameters: {abuse_per_op: 0.2}\nmeasures: {joint_patrols: true}\n")
    alone = write(f"vary:\n  {PATROLS}: {{values: [0.5, 1]}}\ndesign: {{method: grid}}\n")
    told = f"parameters.abuse_per_op is 0.2 (base: {rows()['abuse_per_op'].value:g})"
    assert set(run(alone).summary()["world_differs"]) == {told}
    result = CliRunner().invoke(cli.kumakan, ["check", alone])
    assert "Not the same world" in result.output
    assert told in " ".join(result.output.split())
    both = write(f"set: {{parameters.abuse_per_op: 0.3}}\nvary:\n  {PATROLS}: {{values: [0.5, 1]}}\n"
                 "  parameters.abuse_per_op: {values: [0.4, 0.5]}\ndesign: {method: grid}\n")  # fmt: skip
    plan = load_sweep(both)
    assert not plan.worlds_that_differ()
    assert {p.baseline.parameters["abuse_per_op"] for p in plan.points} == {0.4, 0.5}, "over set and over the file"
    assert {p.scenario.parameters["abuse_per_op"] for p in plan.points} == {0.4, 0.5}


def test_any_kind_of_value_can_be_varied(write):
    plan = load_sweep(write(
        "vary:\n"
        "  persons_per_youth: {low: 1000, high: 2000}\n"
        "  measures.joint_patrols.start: {low: 2012-01-02, high: 2012-01-30}\n"
        "  measures.joint_patrols.regions: {values: [[Gao], [Mopti, Gao], all]}\n"
        "  measures.imam_training: {values: [true, false]}\n"
        "  measures.joint_patrols.ramp_up_weeks: {low: 1, high: 3}\n"
        "design: {method: latin-hypercube, n: 9}\n"
    ))  # fmt: skip
    whole, day, _, _, weeks = plan.axes
    assert (whole.kind, day.kind, weeks.kind) == ("whole", "date", "whole")
    scenarios = [point.scenario for point in plan.points]
    assert len(scenarios) == 9
    assert {s.measures["joint_patrols"].ramp_up_weeks for s in scenarios} == {1, 2, 3}, "each as often as the others"
    assert {len(s.measures["joint_patrols"].regions) for s in scenarios} == {1, 2, 9}
    assert {s.measures["imam_training"].enabled for s in scenarios} == {True, False}
    assert all(date(2012, 1, 2) <= s.measures["joint_patrols"].start <= date(2012, 1, 30) for s in scenarios)


def test_a_name_too_long_is_a_digest_of_the_values_and_stays_the_same(write):
    text = "vary:\n  parameters.transport_*: {}\n  parameters.clip_*: {dist: prior}\ndesign: {method: morris, n: 2}\n"
    names = [point.name for point in load_sweep(write(text)).points]
    assert all(name.startswith("point ") and len(name) == 18 for name in names)
    assert names == [point.name for point in load_sweep("s.yaml").points]
    assert len(set(names)) == len(names)


def test_a_pattern_goes_over_all_drawn_parameters_that_are_not_named(write):
    plan = load_sweep(write("vary:\n  parameters.*: {dist: prior}\n  parameters.peer_pull: {low: 0.01, high: 0.02}\n"
                            "  measures.*.intensity: {low: 0, high: 1}\n"
                            "design: {method: latin-hypercube, n: 2}\n"))  # fmt: skip
    paths = [axis.path for axis in plan.axes]
    drawn = {f"parameters.{name}" for name, row in rows().items() if row.drawn}
    assert set(paths) == drawn | {"parameters.peer_pull", PATROLS}
    assert len(paths) == len(set(paths))
    peer_pull = next(axis for axis in plan.axes if axis.path == "parameters.peer_pull")
    assert (peer_pull.low, peer_pull.high, peer_pull.dist) == (0.01, 0.02, "uniform")


def test_values_follow_their_distribution_between_low_and_high():
    row = rows()["clip_effect"]
    places = np.linspace(0, 1, 1001)
    prior = Axis("parameters.clip_effect", low=row.low, high=row.high, dist=row.distribution)
    drawn = np.array([prior.at(u) for u in places])
    assert (drawn.min(), drawn.max()) == (row.low, row.high)
    inside = [row.prior.cdf(x) for x in (row.low, np.median(drawn), row.high)]
    assert inside[1] == pytest.approx((inside[0] + inside[2]) / 2, abs=1e-3)
    tenfold = Axis("parameters.x", low=0.01, high=1.0, dist="log-uniform")
    assert [tenfold.at(u) for u in (0, 0.5, 1)] == [0.01, 0.1, 1.0]


def test_an_invalid_combination_is_reported_before_anything_runs(said):
    said = said("vary:\n  end: {values: [2012-02-06, 2012-01-03]}\ndesign: {method: grid}\n")
    assert said.startswith("s.yaml, line ")
    assert "end is 2012-01-03; it must be at least a week after the start" in said


# --- designs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "n"), [("sobol-sequence", 4), ("sobol", 4), ("morris", 3)])
def test_a_longer_design_begins_with_the_shorter_one(method, n):
    shorter, longer = (METHODS[method].build([0] * 3, many, 7) for many in (n, 2 * n))
    assert np.array_equal(shorter, longer[: len(shorter)])
    assert len(longer) == 2 * len(shorter)


@pytest.mark.parametrize("method", METHODS)
def test_designs_repeat_and_lie_between_lowest_and_highest(method):
    table = METHODS[method].build([4, 4, 4], 4, 3)
    assert np.array_equal(table, METHODS[method].build([4, 4, 4], 4, 3), equal_nan=True)
    assert np.nanmin(table) >= 0
    assert np.nanmax(table) <= 1
    if method in ("latin-hypercube", "sobol-sequence", "sobol", "morris"):
        assert not np.array_equal(table, METHODS[method].build([4, 4, 4], 4, 4)), "another seed, another design"


def test_every_method_is_one_that_a_file_can_name():
    assert tuple(Design.model_fields["method"].annotation.__args__) == tuple(METHODS)


def test_one_at_a_time_begins_with_the_scenario_as_it_stands(write):
    plan = load_sweep(write(f"vary:\n  {PATROLS}: {{low: 0, high: 1}}\n"
                            "  parameters.abuse_per_op: {values: [0.1, 0.9, 1]}\n"
                            "design: {method: one-at-a-time}\n"))  # fmt: skip
    assert [point.values for point in plan.points] == [
        {}, {PATROLS: 0.0}, {PATROLS: 1.0},
        *({"parameters.abuse_per_op": value} for value in (0.1, 0.9, 1))]  # fmt: skip
    assert plan.points[0].scenario.replaced({"name": "patrols"}) == plan.scenario


# --- mistakes --------------------------------------------------------------------------------------------

GOOD = f"vary: {{{PATROLS}: {{values: [0, 1]}}}}\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("vari: {}\n" + GOOD + "design: {method: grid}", 5, "there is no key 'vari'; a sweep has the keys name, "),
        ("vari: {}\n" + GOOD + "design: {method: grid}", 5, "did you mean 'vary'?"),
        (GOOD, 1, "a sweep needs the key design"),
        ("seed: 4\n" + GOOD + "design: {method: grid}", 5, "did you mean 'seeds'?"),
        (GOOD + "draws: -1\ndesign: {method: grid}", 6, "draws is -1; it must be a whole number of draws from 0"),
        (GOOD + "design: {method: gird}", 6, "did you mean 'grid'?"),
        (GOOD + "design: grid", 6, "design is 'grid'; it must be a block of settings: method, n, seed"),
        (GOOD + "design: {method: grid, levels: 4}", 6, "design has no setting 'levels'; it has method, n, seed"),
        (GOOD + "design: {method: morris}", 6, "design has no n, which morris needs: how many trajectories"),
        (GOOD + "design: {method: sobol, n: 100}", 6, "design.n is 100; sobol needs a power of two, such as 64 or 128"),
        (GOOD + "design: {method: list, n: 2}", 6, "design.n is 2; list has no n"),
        (GOOD + "design: {method: grid, n: 1}", 6, "design.n is 1; grid needs 2 or more values of each path"),
        ("vary: {}\ndesign: {method: grid}", 5, "vary is empty"),
        ("vary: [a]\ndesign: {method: grid}", 5, "vary is a list; it must be a block"),
        ("vary:\n  name: {values: [a]}\ndesign: {method: grid}", 6, "name cannot be varied"),
        ("vary:\n  mesures.x: {values: [1]}\ndesign: {method: grid}", 6, "did you mean 'measures'?"),
        ("vary:\n  measures.joint_patrol.intensity: {values: [1]}\ndesign: {method: grid}", 6,
         "there is no measure 'joint_patrol'; there are"),
        ("vary:\n  measures.joint_patrols.intensty:\n    values:\n      - 1\ndesign: {method: grid}", 8,
         "measures.joint_patrols has no setting 'intensty'"),
        (f"vary:\n  {PATROLS}:\n    values: [0, 12]\ndesign: {{method: grid}}", 7,
         "intensity is 12; it must be a share between 0 and 1. Did you mean 0.12?"),
        (f"vary:\n  {PATROLS}:\n    low: 0\n    high: 3\ndesign: {{method: grid}}", 8, "intensity is 3; it must be"),
        (f"vary:\n  {PATROLS}: {{low: 0}}\ndesign: {{method: grid}}", 6, "has no high; give values, or low and high"),
        (f"vary:\n  {PATROLS}: {{low: 1, high: 0}}\ndesign: {{method: grid}}", 6, "high is 0; it must be above low, 1"),
        (f"vary:\n  {PATROLS}: {{low: 0, high: 1, dist: log-uniform}}\ndesign: {{method: grid}}", 6,
         "log-uniform needs a low above 0"),
        (f"vary:\n  {PATROLS}: {{low: 0, high: 1, dist: prior}}\ndesign: {{method: grid}}", 6,
         "only parameters have a prior"),
        (f"vary:\n  {PATROLS}: {{low: 0, high: 1, dist: unifrom}}\ndesign: {{method: grid}}", 6,
         "did you mean 'uniform'?"),
        (f"vary:\n  {PATROLS}: {{values: [1], low: 0}}\ndesign: {{method: grid}}", 6, "has both values and low"),
        (f"vary:\n  {PATROLS}: {{hihg: 0}}\ndesign: {{method: grid}}", 6, "did you mean 'high'?"),
        ("vary:\n  parameters.abuse_per_opp: {dist: prior}\ndesign: {method: grid}", 6,
         "did you mean 'abuse_per_op'?"),
        ("vary:\n  parameters.share_15_35: {dist: prior}\ndesign: {method: grid}", 6, "share_15_35 is never drawn"),
        ("vary:\n  parameters.nothing_like*: {dist: prior}\ndesign: {method: grid}", 6, "matches no path"),
        ("vary:\n  measures.joint_patrols.regions: {low: Gao, high: Mopti}\ndesign: {method: grid}", 6,
         "has no values between low and high"),
        (GOOD[:-2] + ", parameters.abuse_per_op: {values: [0.1]}}\ndesign: {method: list}", 5,
         "has 1 value; a list needs equally many for each path: 2"),
        ("set:\n  parameters.peer_pul: 1\n" + GOOD + "design: {method: grid}", 6, "did you mean 'peer_pull'?"),
        ("set:\n  name: x\n" + GOOD + "design: {method: grid}", 6, "name cannot be set"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_line_and_the_nearest_name(said, text, line, words):
    said = said(text)
    assert words in said
    assert f"s.yaml, line {line}: " in said


def test_files_and_outcomes_that_do_not_exist_are_reported(said):
    rest = GOOD + "design: {method: grid}\n"
    found = said("outcomes: [joind]\n" + rest, head="scenario: patrols.yaml\n")
    assert found.startswith("s.yaml, line 2: there is no outcome 'joind'")
    assert found.endswith("did you mean 'joined'?")
    found = said("outcomes: [joined_elsewhere]\n" + rest, head="scenario: patrols.yaml\n")
    assert found == (
        "s.yaml, line 2: joined_elsewhere is a difference from a baseline; name a baseline with the key baseline"
    )
    assert said(rest, head="scenario: patrol.yaml\n") == (
        "s.yaml, line 1: there is no file 'patrol.yaml'; did you mean 'patrols.yaml'?")  # fmt: skip
    assert said("", head="[1, 2]\n").startswith("s.yaml: is not a block of keys; a sweep has the keys name")
    with pytest.raises(InputError, match="there is no file"):
        load_sweep("absent.yaml")


def test_a_mistake_in_the_scenario_is_reported_at_its_place_in_the_scenario_file(said):
    Path("wrong.yaml").write_text("measures:\n  joint_patrls: true\n")
    found = said(GOOD + "design: {method: grid}", head="scenario: wrong.yaml\n")
    assert found.startswith("wrong.yaml, line 2: ")


# --- running ---------------------------------------------------------------------------------------------


def test_outcomes_are_differences_from_a_baseline_in_the_same_world_under_the_same_seed(write):
    found = run(write(f"vary:\n  {PATROLS}: {{values: [0, 1]}}\n  parameters.abuse_per_op: {{values: [0.2, 0.8]}}"
                      "\ndesign: {method: grid}\n"))  # fmt: skip
    assert list(found.table) == ["point", "draw", "seed", PATROLS, "parameters.abuse_per_op", "joined", "cost",
                                 "baseline_joined", "baseline_cost"]  # fmt: skip
    assert len(found.table) == 4 * 3
    full = found.table[found.table[PATROLS] == 1]
    assert (full["joined"] == -50 + full["seed"]).all(), "neither the luck of a seed nor the world is left in it"
    assert (full["baseline_joined"] == 1000 + 137 * full["seed"] + 500 * full["parameters.abuse_per_op"]).all()
    assert (found.table.loc[found.table[PATROLS] == 0, "joined"] == 0).all()
    assert found.means("joined").tolist() == [0, 0, -48, -48]


def test_an_outcome_that_the_baseline_does_not_have_is_compared_with_nothing(write):
    found = run(write(f"vary:\n  {PATROLS}: {{values: [0.5]}}\ndesign: {{method: grid}}\n"))
    assert (found.table["cost"] == 9 * 0.5e6).all()


def test_without_a_baseline_outcomes_are_values(write):
    found = run(write(f"vary:\n  {PATROLS}: {{values: [0, 1]}}\ndesign: {{method: grid}}\n",
                      head="scenario: patrols.yaml\noutcomes: [joined]\nseeds: 2\n"))  # fmt: skip
    assert "baseline_joined" not in found.table
    abuses = 500 * rows()["abuse_per_op"].value
    values = pytest.approx([1000 + 137 * s + abuses + (s - 50) * x for x in (0, 1) for s in (1, 2)])
    assert found.table["joined"].tolist() == values
    assert found.summary()["mean"].tolist() == found.means("joined").tolist()


def test_elsewhere_leaves_out_the_regions_in_which_the_measures_act(write):
    head = "scenario: patrols.yaml\nbaseline: base.yaml\nseeds: 1\noutcomes: [joined, joined_elsewhere]\n"
    found = run(write(f"vary:\n  {PATROLS}: {{values: [1]}}\ndesign: {{method: grid}}\n", head=head))
    assert found.table["joined"].item() == -49
    assert found.table["joined_elsewhere"].item() == -99, "Gao gains 50"


def test_the_summary_reads_as_a_table_of_effects(write):
    from sim.views import plot_effects

    found = run(write(f"vary:\n  {PATROLS}: {{values: [0, 1]}}\ndesign: {{method: grid}}\n")).summary()
    joined = found[(found["outcome"] == "joined") & (found["scenario"] == "joint_patrols.intensity=1")].iloc[0]
    assert (joined["mean"], joined["seeds"], joined["draws"], joined["baseline"]) == (-48, 3, 0, "base")
    assert joined["low"] < -48 < joined["high"]
    assert joined["nothing"] == 1, "less than 5 % of the baseline"
    assert plot_effects(found).axes


def test_draws_are_runs_of_their_own(write):
    head = "scenario: patrols.yaml\nbaseline: base.yaml\noutcomes: [joined]\nseeds: 2\ndraws: 3\n"
    found = run(write(f"vary:\n  {PATROLS}: {{values: [0.5, 1]}}\ndesign: {{method: grid}}\n", head=head))
    assert len(found.table) == 2 * 2 * 3
    assert set(found.table["draw"]) == {1, 2, 3}
    assert (found.summary()["draws"] == 3).all()


def test_running_the_same_plan_again_makes_no_runs_and_more_values_make_only_the_new_ones(write):
    text = f"vary:\n  {PATROLS}: {{values: [0, 1]}}\ndesign: {{method: grid}}\n"
    first = run(write(text))
    again = run(write(text))
    assert {row.state for row in again.batch.rows} == {"reused"}
    pd.testing.assert_frame_equal(first.table, again.table)
    more = run(write(text.replace("[0, 1]", "[0, 0.5, 1]")))
    assert {row.scenario for row in more.batch.rows if row.state == "done"} == {"joint_patrols.intensity=0.5"}


def test_a_failed_run_is_left_out_of_the_table(write):
    def fails(scenario, seed, world_seed, draw=0):
        if (seed, scenario.name) in ((2, "base"), (3, "joint_patrols.intensity=1")):
            raise FloatingPointError
        return pretend(scenario, seed, world_seed, draw)

    file = write(f"vary:\n  {PATROLS}: {{values: [0, 1]}}\ndesign: {{method: grid}}\n")
    found = sweep(file, out="out", workers=1, runner=fails)
    assert [*zip(found.table["point"], found.table["seed"], strict=True)] == [
        ("joint_patrols.intensity=0", 1), ("joint_patrols.intensity=0", 3), ("joint_patrols.intensity=1", 1)
    ]  # fmt: skip
    assert len(found.batch.failed) == 2


def test_points_have_a_row_for_each_try_that_includes_the_values_that_stay(write):
    found = run(write(f"vary:\n  {PATROLS}: {{low: 0, high: 1}}\n  parameters.abuse_per_op: {{low: 0.2, high: 0.9}}\n"
                      "design: {method: one-at-a-time}\n"))  # fmt: skip
    central = rows()["abuse_per_op"].value
    assert found.points[PATROLS].tolist() == [1, 0, 1, 1, 1]
    assert found.points["parameters.abuse_per_op"].tolist() == [central, central, central, 0.2, 0.9]
    folder = found.batch.out
    assert [path.name for path in found.save()] == ["points.csv", "table.csv", "summary.csv"]
    pd.testing.assert_frame_equal(pd.read_csv(folder / "table.csv"), found.table, check_dtype=False)


def test_the_cost_of_a_sweep_counts_points_baselines_seeds_and_draws(write):
    head = "scenario: patrols.yaml\nbaseline: base.yaml\noutcomes: [joined]\nseeds: 2\ndraws: 3\n"
    plan = load_sweep(
        write("vary:\n  parameters.abuse_per_op: {values: [0.2, 0.8]}\ndesign: {method: grid}\n", head=head)
    )
    cost = takes(plan, workers=1)
    assert (cost.points, cost.baselines, cost.runs) == (2, 2, 24)
    assert min(cost.seconds, cost.memory_bytes, cost.disk_bytes) > 0


# --- the command -----------------------------------------------------------------------------------------


def kumakan(*args):
    return CliRunner().invoke(cli.kumakan, [str(a) for a in args], prog_name="kumakan")


GRID = (
    f"vary:\n  {PATROLS}: {{values: [0, 1]}}\n  parameters.abuse_per_op: {{values: [0.2, 0.8]}}\n"
    "design: {method: grid}\n"
)


def test_a_dry_run_says_what_it_takes_and_runs_nothing(write):
    result = kumakan("sweep", write(GRID), "--dry-run", "--seeds", 5)
    assert result.exit_code == 0, result.output
    assert "(4 points + 2 baselines) x 5 seeds = 30 runs" in result.stdout
    for words in ("of memory", "MB on disk", PATROLS, "share of the full measure"):
        assert words in result.stdout
    assert not Path("results").exists()
    assert "= 18 runs" in kumakan("check", "s.yaml", "base.yaml").stdout


def test_a_wrong_sweep_ends_with_2_before_anything_runs(write):
    for command in ("sweep", "check"):
        result = kumakan(command, write(GRID.replace("abuse_per_op", "abuse_per_opp")))
        assert result.exit_code == 2
        assert "s.yaml, line 7" in result.stderr
        assert "did you mean 'abuse_per_op'?" in result.stderr
    assert not Path("results").exists()


def test_the_command_runs_prints_and_keeps_a_sweep(write, monkeypatch):
    from sim.batches import batch as runs

    monkeypatch.setitem(runs.run_batch.__kwdefaults__, "runner", pretend)
    result = kumakan("sweep", write(GRID), "--workers", 1, "--set", "parameters.peer_pull=0.021")
    assert result.exit_code == 0, result.output
    assert "Difference from base" in result.stdout
    out = Path("results/s-2000-per-youth")
    assert {file.name for file in out.iterdir()} >= {"points.csv", "table.csv", "summary.csv", "figures", "runs"}
    assert {file.name for file in (out / "figures").iterdir()} == {
        "heat_map_joined.png", "heat_map_cost.png", "cost_joined.png"}  # fmt: skip
    assert len(pd.read_csv(out / "table.csv")) == 12
    scenarios = json.loads((out / "manifest.json").read_text())["scenarios"]
    assert all(scenario["parameters"]["peer_pull"] == 0.021 for scenario in scenarios.values())


@pytest.mark.parametrize(("persons", "said", "not_said"), [
    (200, "In brackets where the interval", "none gets a verdict"),
    (2000, "All stand in brackets, as none gets a verdict.", "In brackets where"),
])  # fmt: skip
def test_a_heat_map_says_what_stands_in_brackets(write, persons, said, not_said):
    file = write(GRID)
    for place in (Path("base.yaml"), Path("patrols.yaml")):
        place.write_text(place.read_text().replace("persons_per_youth: 2000", f"persons_per_youth: {persons}"))
    figure = heat_map(run(file), "joined")
    text = " ".join(" ".join(each.get_text() for each in figure.findobj(match=Text)).split())
    assert said in text
    assert not_said not in text


@pytest.mark.parametrize("place", [[], ["--store", "kept"]])
def test_a_dry_run_subtracts_the_runs_that_are_there_already(write, monkeypatch, place):
    from sim.batches import batch as runs

    monkeypatch.setitem(runs.run_batch.__kwdefaults__, "runner", pretend)
    file = write(GRID)
    before = kumakan("sweep", file, "--dry-run", "--seeds", 3, *place)
    assert "= 18 runs." in before.stdout
    assert not Path("kept").exists()
    assert kumakan("sweep", file, "--workers", 1, "--seeds", 2, *place).exit_code == 0
    after = kumakan("sweep", file, "--dry-run", "--seeds", 3, *place)
    assert "= 18 runs; 12 are there already, 6 are left to make." in after.stdout
    other = kumakan("sweep", file, "--dry-run", "--seeds", 3, *place, "--world-seed", 2)
    assert "= 18 runs." in other.stdout, "another world is another run"
    full = load_sweep(file)
    there = dict.fromkeys([scenario.name for scenario in full.scenarios], 3)
    assert takes(full, there=there).seconds == 0.0


def test_a_sweep_is_reopened_from_its_folder_and_reported(write, monkeypatch):
    from sim.batches import batch as runs
    from sim.views.report import sweeps as pages

    monkeypatch.setitem(runs.run_batch.__kwdefaults__, "runner", pretend)
    monkeypatch.setattr(pages, "embedded", lambda figure, about: "data:image/png;base64,")
    assert kumakan("sweep", write(GRID), "--workers", 1).exit_code == 0
    folder = "results/s-2000-per-youth"
    again, first = reopen(folder), load_sweep("s.yaml")
    assert (again.plan.tries, again.plan.seeds, again.plan.outcomes) == (first.tries, first.seeds, first.outcomes)
    assert again.plan.scenarios == first.scenarios
    pd.testing.assert_frame_equal(pd.read_csv(f"{folder}/table.csv"), again.table, check_dtype=False)
    result = kumakan("report", folder)
    assert result.exit_code == 0, result.output
    text = Path(folder, "report.html").read_text(encoding="utf-8")
    assert text.count("<img") == 3
    assert text.count("<h2>") == 5
    assert "4 points (grid)" in text
    assert "Lowest: " in text
    assert len(re.findall("<tr><th scope=.row.>0[^<]*</th><th", text)) == 2, "a line for each point"
    for row in again.plan.axes:
        assert f"{row.path.replace('_', '_<wbr>')}</th>" in text


def test_the_frontier_holds_what_nothing_beats_in_cost_and_effect():
    points = {"cheap": (1.0, 5.0), "dear": (9.0, 1.0), "beaten": (5.0, 6.0), "same": (9.5, 1.0), "between": (4.0, 2.0)}
    rows = [
        {"scenario": name, "outcome": outcome, "region": "Mali", "mean": value, "low": value, "high": value, "draws": 0}
        for name, both in points.items() for outcome, value in zip(("cost", "joined"), both, strict=True)
    ]  # fmt: skip
    assert frontier(pd.DataFrame(rows), "joined") == ["cheap", "between", "dear"]


def test_discovery_from_the_command(write, monkeypatch):
    from sim.batches import batch as runs

    monkeypatch.setitem(runs.run_batch.__kwdefaults__, "runner", pretend)
    spread = f"vary:\n  {PATROLS}: {{low: 0, high: 1}}\n  parameters.abuse_per_op: {{low: 0.2, high: 0.8}}\n"
    file = write(spread + "design: {method: latin-hypercube, n: 12}\n")
    for outcome, said in (("cost", "cost does not say which points are failures"), ("joind", "did you mean 'joined'")):
        wrong = kumakan("sweep", file, "--discover", outcome)
        assert wrong.exit_code == 2
        assert said in wrong.stderr
    assert not Path("results").exists()
    result = kumakan("sweep", file, "--workers", 1, "--discover", "joined")
    assert result.exit_code == 0, result.output
    assert "is no better than in the baseline" in result.stdout
    boxes = pd.read_csv("results/s-2000-per-youth/discovery_joined.csv")
    assert boxes["points"].sum() == 12
    assert "discovery_joined.csv" in result.stdout


def test_a_sweep_of_the_model_from_python(write):
    head = "scenario: patrols.yaml\nbaseline: base.yaml\noutcomes: [joined, abuses, cost]\nseeds: 1\n"
    found = sim.sweep(write(f"vary:\n  {PATROLS}: {{values: [0, 1]}}\ndesign: {{method: grid}}\n", head=head),
                      out="out", workers=1)  # fmt: skip
    nothing, full = found.table.to_dict("records")
    assert (nothing["joined"], nothing["abuses"], nothing["cost"]) == (0, 0, 0), "at zero a measure is absent"
    assert full["cost"] > 0


# --- what is shipped -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_sweeps_are_valid_and_have_a_description(path):
    plan = load_sweep(path)
    assert plan.description
    assert takes(plan).runs < 20_000


def test_the_guide_names_all_keys_and_designs_and_its_examples_are_right(tmp_path):
    text = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    for word in (*KEYS, *METHODS, "values", "low", "high", "dist", "method", "n", "seed"):
        assert f"`{word}`" in text, word
    examples = [part.split("```")[0] for part in text.split("```yaml\n")[1:]]
    assert examples
    for example in examples:
        file = ROOT / "scenarios" / "sweeps" / ".example.yaml"
        try:
            file.write_text(example, encoding="utf-8")
            assert load_sweep(file).points
        finally:
            file.unlink()


def test_a_sweep_keeps_its_runs_in_a_store_and_its_tables_outside(write, tmp_path):
    plan = write(f"vary: {{{PATROLS}: {{values: [0.5, 1]}}}}\ndesign: {{method: grid}}\n")
    to_make = []

    def run():
        place, tell = str(tmp_path / "store"), lambda state: to_make.append(state.total)
        return sim.sweep(plan, out=tmp_path / "out", store=place, workers=1, progress=tell)

    first = run()
    first.save()
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == [
        "points.csv",
        "summary.csv",
        "sweep.json",
        "table.csv",
    ]
    assert to_make[0] == 9
    to_make.clear()
    pd.testing.assert_frame_equal(run().table, first.table)
    assert to_make[0] == 0


def test_a_sweep_from_a_dict_is_the_sweep_of_the_same_file(write):
    path = write(f"vary:\n  {PATROLS}: {{values: [0.5, 1.0]}}\ndesign: {{method: grid}}\n")
    from_file = load_sweep(path)
    data = {
        "scenario": from_file.scenario, "baseline": from_file.baseline, "seeds": len(from_file.seeds),
        "vary": {PATROLS: {"values": [0.5, 1.0]}}, "design": {"method": "grid"},
    }  # fmt: skip
    from_dict = Sweep.of(data)
    assert from_dict.tries == from_file.tries
    assert [s.digest for s in from_dict.scenarios] == [s.digest for s in from_file.scenarios]
    assert as_sweep(data).tries == from_dict.tries
    assert Sweep.of({**data, "scenario": from_file.scenario.resolved()}).tries == from_dict.tries


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"vray": {}}, "there is no key 'vray'.*did you mean 'vary'"),
        ({"scenario": 7}, "7"),
        ({"vary": {"measures.joint_patrol.intensity": {"values": [1]}}}, "did you mean 'joint_patrols'"),
    ],
)
def test_a_wrong_sweep_from_a_dict_is_rejected(wrong, said):
    data = {"scenario": {"name": "base"}, "vary": {"parameters.h0": {"values": [0.02]}}, "design": {"method": "grid"}}
    with pytest.raises(InputError, match=said):
        Sweep.of({**data, **wrong})
    with pytest.raises(InputError, match="it must be a Sweep, the path of a sweep file, or a dict"):
        as_sweep(7)


# --- work without end is refused before it begins -----------------------------------------------------------


@pytest.mark.parametrize(
    ("vary", "design", "words"),
    [
        ("parameters.*: {dist: prior}", "{method: sobol, n: 65536}", "points over"),
        ("parameters.*: {dist: prior}", "{method: morris, n: 100000}", "points over"),
        (
            "parameters.*: {dist: prior}",
            "{method: latin-hypercube, n: 100000}",
            "values each; a sweep has at most 1,000,000",
        ),
        ("parameters.*: {}", "{method: one-at-a-time, n: 100000}", "points over"),
        ("parameters.*: {}", "{method: grid, n: 2}", "points over"),
    ],
)
def test_a_design_that_is_too_large_is_refused_before_it_is_made(said, monkeypatch, vary, design, words):
    def made(*args):
        raise AssertionError("the design is not made")

    for name, method in list(METHODS.items()):
        monkeypatch.setitem(METHODS, name, replace(method, build=made))
    text = said(f"vary:\n  {vary}\ndesign: {design}\n")
    assert words in text
    assert len(text.splitlines()) == 1


def test_the_number_of_tries_is_known_without_making_the_design():
    for name, method in METHODS.items():
        n = max(method.least, 4)
        levels = [3, 3, 3] if name in ("grid", "list", "one-at-a-time") else [n] * 3
        assert method.tries(levels, n) == len(method.build(levels, n, 1)), name


def test_a_batch_has_a_largest_number_of_runs(write):
    text = "seeds: 100000\ndraws: 100000\nvary:\n  parameters.abuse_per_op: {values: [0.2]}\ndesign: {method: grid}\n"
    result = CliRunner().invoke(
        cli.kumakan, ["sweep", write(text, head="scenario: patrols.yaml\n"), "--dry-run"]
    )  # fmt: skip
    assert result.exit_code == 2
    assert "10,000,000,000 runs are asked for; a batch has at most 10,000,000" in result.stderr


def test_long_checks_are_told_beforehand(write):
    said = []
    values = [round(0.1 + k / 10_000, 4) for k in range(600)]
    load_sweep(
        write(f"vary:\n  parameters.abuse_per_op: {{values: {values}}}\ndesign: {{method: grid}}\n"), (), said.append
    )
    assert [text.partition(";")[0] for text in said] == ["Checking 600 listed values", "Checking 600 points"]


@pytest.mark.parametrize(
    "text",
    [
        "set: {%s}\nvary: {parameters.abuse_per_op: {values: [0.2]}}\ndesign: {method: grid}\n",
        "vary: {%s}\ndesign: {method: grid}\n",
    ],
)
def test_of_thousands_of_mistakes_only_the_first_are_looked_into(said, monkeypatch, text):
    tried = []
    replaced = Scenario.replaced
    monkeypatch.setattr(Scenario, "replaced", lambda *args: tried.append(1) or replaced(*args))
    found = said(text % ", ".join(f"parameters.x{k}: {{values: [1]}}" for k in range(2000)))
    assert "more" in found.splitlines()[-1]
    assert len(tried) < 100
