"""The model as a function, driven by SALib, the EMA workbench and optuna."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.engine.errors import InputError
from sim.sweeps.function import as_function
from sim.sweeps.sweep import load_sweep, sweep
from tests.sweeps.test_sweep import pretend

SHORT = "start: 2012-01-02\nend: 2012-02-06\npersons_per_youth: 2000\n"
SWEEP = """
scenario: patrols.yaml
baseline: base.yaml
seeds: 2
vary:
  measures.joint_patrols.intensity: {low: 0, high: 1}
  parameters.abuse_per_op: {low: 0.1, high: 0.9}
design: {method: grid, n: 2}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes the sweep, with these outcomes, in the current folder; returns its name."""
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(SHORT)
    Path("patrols.yaml").write_text(SHORT + "measures: {joint_patrols: {regions: [Gao]}}\n")

    def write(outcomes="[joined, cost]", text=SWEEP):
        Path("s.yaml").write_text(f"outcomes: {outcomes}{text}")
        return "s.yaml"

    return write


@pytest.fixture
def f(write):
    return as_function(write(), runner=pretend)


def test_the_function_gives_what_the_sweep_gives(write):
    found = sweep(write(), out="out", workers=1, runner=pretend)
    f = as_function("s.yaml", runner=pretend)
    table = found.points[[axis.path for axis in found.plan.axes]].to_numpy(float)
    assert f.rows(table)[:, 0].tolist() == found.means("joined").tolist()
    assert f.rows(table)[:, 1].tolist() == found.means("cost").tolist()


def test_arguments_are_paths_as_python_names_and_may_be_left_out(f):
    assert f.names == ["joint_patrols_intensity", "abuse_per_op"]
    assert f.bounds == {"joint_patrols_intensity": (0, 1), "abuse_per_op": (0.1, 0.9)}
    assert f(joint_patrols_intensity=0.5)["joined"] == -25 + 0.75
    assert f()["joined"] == -50 + 1.5
    with pytest.raises(InputError, match="did you mean 'abuse_per_op'"):
        f(abuse_per_opp=0.2)
    with pytest.raises(InputError, match=r"is 1\.5; it must be a share between 0 and 1"):
        f(joint_patrols_intensity=1.5)


def test_whole_numbers_and_dates_are_made_of_what_a_library_gives(write):
    text = SWEEP.replace("parameters.abuse_per_op: {low: 0.1, high: 0.9}",
                         "measures.joint_patrols.start: {low: 2012-01-02, high: 2012-01-30}\n"
                         "  measures.joint_patrols.ramp_up_weeks: {low: 0, high: 4}")  # fmt: skip
    f = as_function(write(text=text), runner=pretend)
    low, high = f.bounds["joint_patrols_start"]
    assert high - low == 28
    value = f(joint_patrols_start=np.float64(low + 3.4), joint_patrols_ramp_up_weeks=2.6)
    assert value == f(joint_patrols_start="2012-01-05", joint_patrols_ramp_up_weeks=3)


def test_a_path_with_a_list_has_no_bounds_for_salib(write):
    listed = SWEEP.replace("{low: 0, high: 1}", "{values: [0, 1]}")
    with pytest.raises(InputError, match="has a list of values; SALib needs low and high"):
        _ = as_function(write(text=listed), runner=pretend).problem


def test_the_function_can_be_sent_to_other_processes(f):
    assert pickle.loads(pickle.dumps(f))(joint_patrols_intensity=1) == f(joint_patrols_intensity=1)


def test_the_baseline_is_run_once_for_each_world(write):
    names = []

    def counted(scenario, *args, **more):
        names.append(scenario.name)
        return pretend(scenario, *args, **more)

    f = as_function(write(), runner=counted)
    f.rows([[0, 0.2], [1, 0.2], [1, 0.4]])
    assert sorted(name for name in names if name.startswith("base")) == ["base abuse_per_op=0.2"] * 2 + [
        "base abuse_per_op=0.4"] * 2  # fmt: skip


def test_the_function_runs_the_model(write):
    f = as_function(load_sweep(write(outcomes="[abuses, cost]"), ["end=2012-01-16"]))
    assert f(joint_patrols_intensity=0) == {"abuses": 0, "cost": 0}
    assert f(joint_patrols_intensity=1)["cost"] > 0


# --- driven by others ------------------------------------------------------------------------------------


def test_salib_drives_it(write):
    from SALib import ProblemSpec

    f = as_function(write(outcomes="[joined]"), runner=pretend)
    found = ProblemSpec(f.problem).sample_sobol(16, seed=1).evaluate(f.rows).analyze_sobol(seed=1).analysis
    assert found["ST"][0] == pytest.approx(1, abs=0.2), "the difference hangs on patrols"
    assert found["ST"][1] == pytest.approx(0, abs=0.01), "and not on the world, which the baseline shares"


def test_optuna_drives_it(f):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
    study.optimize(lambda trial: f(**{n: trial.suggest_float(n, *f.bounds[n]) for n in f.names})["joined"], n_trials=25)
    assert study.best_params["joint_patrols_intensity"] > 0.9
    assert study.best_value < -43


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="ema_workbench 2.5.3 is for Python 3.11")
def test_the_ema_workbench_drives_it(f):
    ema = pytest.importorskip("ema_workbench")

    model = ema.Model("kumakan", function=f)
    model.levers = [ema.RealParameter("joint_patrols_intensity", 0, 1)]
    model.uncertainties = [ema.RealParameter("abuse_per_op", *f.bounds["abuse_per_op"])]
    model.outcomes = [ema.ScalarOutcome(name) for name in f.plan.outcomes]
    experiments, outcomes = ema.perform_experiments(model, scenarios=4, policies=3)
    assert len(experiments) == 12
    assert outcomes["joined"] == pytest.approx(-48.5 * experiments["joint_patrols_intensity"].to_numpy(float))
