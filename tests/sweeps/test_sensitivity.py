"""What an outcome hangs on and where a measure fails, on functions of which the answer is known."""

import sys
from pathlib import Path

import numpy as np
import pytest

from sim.engine.errors import InputError
from sim.measures.base import REGIONS
from sim.record import Observable, Record
from sim.sweeps.designs import METHODS
from sim.sweeps.discovery import discover, experiments
from sim.sweeps.sensitivity import luck_share, sensitivity
from sim.sweeps.sweep import load_sweep, sweep

PATHS = tuple(f"measures.{key}.intensity" for key in ("imam_training", "joint_patrols", "mali_kuma_kan"))
BASE = "start: 2012-01-02\nend: 2012-02-06\npersons_per_youth: 2000\n"


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """A sweep over the intensities of three measures, 0 to 1, with this design."""
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)

    def plan(design, head=""):
        vary = "".join(f"  {path}: {{low: 0, high: 1}}\n" for path in PATHS)
        text = f"scenario: base.yaml\noutcomes: [joined]\n{head or 'seeds: 1'}\nvary:\n{vary}design: {design}\n"
        Path("s.yaml").write_text(text)
        return load_sweep("s.yaml")

    return plan


def runs_of(function):
    """A runner whose outcome is a function of the three intensities and the seed, in place of the model."""

    def runner(scenario, seed, world_seed, draw=0):
        places = [getattr(scenario.measures.get(path.split(".")[1]), "intensity", 0.0) for path in PATHS]
        values = np.zeros((1, 9, 1))
        values[0, 0, 0] = function(np.array(places), seed)
        return Record(
            values=values, observables=(Observable("joined", "persons", "sum", ""),), regions=REGIONS,
            dates=(scenario.start,), weights={"people": np.ones(9)}, cells={},
            about={"scenario": scenario.resolved(), "seed": seed},
        )  # fmt: skip

    return runner


def swept(plan, function):
    return sweep(plan, out="out", workers=1, runner=runs_of(function))


def ishigami(places, seed=1):
    """Ishigami and Homma (1990), with a = 7 and b = 0.1."""
    x = np.pi * (2 * places - 1)
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


ISHIGAMI = ([0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437])


def sobol_g(places, seed=1):
    """The G function of Sobol (1993), with a = 0, 1, 9."""
    a = np.array([0.0, 1.0, 9.0])
    return float(np.prod((np.abs(4 * places - 2) + a) / (1 + a)))


def sobol_g_indices():
    """First and total indices of the G function, from its partial variances."""
    parts = 1 / (3 * (1 + np.array([0.0, 1.0, 9.0])) ** 2)
    whole = np.prod(1 + parts) - 1
    return parts / whole, [part * np.prod(1 + np.delete(parts, k)) / whole for k, part in enumerate(parts)]


# --- indices ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "first", "total"), [(ishigami, *ISHIGAMI), (sobol_g, *sobol_g_indices())], ids=["Ishigami", "Sobol G"]
)
def test_sobol_indices_are_those_of_the_theory(plan, function, first, total):
    found = sensitivity(swept(plan("{method: sobol, n: 256}"), function), "joined").set_index("path").loc[list(PATHS)]
    assert found["first"].to_numpy() == pytest.approx(first, abs=0.08)
    assert found["total"].to_numpy() == pytest.approx(total, abs=0.08)
    for name, truth in (("first", first), ("total", total)):
        inside = (found[f"{name}_low"] - 0.01 <= truth) & (truth <= found[f"{name}_high"] + 0.01)
        assert inside.sum() >= 2, "nine in ten intervals hold the truth"
        assert (found[f"{name}_low"] <= found[name]).all()
        assert (found[name] <= found[f"{name}_high"]).all()


def test_intervals_of_sobol_indices_get_narrower_with_more_points(plan):
    widths = []
    for n in (8, 32):
        found = sensitivity(swept(plan(f"{{method: sobol, n: {n}}}"), sobol_g), "joined")
        assert found["path"].iloc[0] == PATHS[0], "the first variable of the G function matters most"
        widths.append((found["total_high"] - found["total_low"]).max())
    assert widths[1] < widths[0]


def test_the_same_sweep_gives_the_same_indices(plan):
    one, other = (sensitivity(swept(plan("{method: sobol, n: 8}"), ishigami), "joined") for _ in range(2))
    assert one.equals(other)


def test_morris_finds_the_slopes_of_a_plane_and_no_bends(plan):
    found = sensitivity(swept(plan("{method: morris, n: 6}"), lambda x, seed: 3 * x[0] - 2 * x[1]), "joined")
    assert found["path"].tolist() == list(PATHS)
    assert found["mu"].to_numpy() == pytest.approx([3, -2, 0], abs=1e-4)
    assert found["mu_star"].to_numpy() == pytest.approx([3, 2, 0], abs=1e-4)
    assert found["sigma"].to_numpy() == pytest.approx([0, 0, 0], abs=1e-4)
    assert set(found["unit"]) == {"persons"}


def test_morris_sees_that_one_path_acts_only_with_another(plan):
    found = sensitivity(swept(plan("{method: morris, n: 12}"), lambda x, seed: x[0] * x[1]), "joined")
    sigma = found.set_index("path")["sigma"]
    assert min(sigma[PATHS[0]], sigma[PATHS[1]]) > 0.1
    assert sigma[PATHS[2]] == 0


def test_an_outcome_that_no_path_moves_has_indices_of_zero(plan):
    for design in ("{method: sobol, n: 4}", "{method: morris, n: 3}"):
        found = sensitivity(swept(plan(design), lambda x, seed: 5.0), "joined")
        assert (found.select_dtypes("number").drop(columns="luck") == 0).all(axis=None)


def test_luck_is_told_apart_from_what_paths_do(plan):
    noise = {seed: np.random.default_rng(seed) for seed in range(1, 5)}
    few = "{method: latin-hypercube, n: 12}"
    same_luck = swept(plan(few, head="seeds: 4"), lambda x, seed: x[0] + 100 * seed)
    assert luck_share(same_luck, "joined") == pytest.approx(0, abs=1e-6), (
        "a seed that moves all points alike is no luck"
    )
    only = sweep(plan(few, head="seeds: 4\nname: t"), out="o2", workers=1,
                 runner=runs_of(lambda x, seed: noise[seed].normal()))  # fmt: skip
    assert luck_share(only, "joined") > 0.5
    assert np.isnan(luck_share(swept(plan(few), lambda x, seed: x[0]), "joined"))


def test_blocks_with_a_failed_run_are_left_out(plan):
    planned = plan("{method: morris, n: 5}")
    broken = planned.tries[1]

    def runner(scenario, *args, **more):
        if scenario.name == broken:
            raise FloatingPointError
        return runs_of(lambda x, seed: 3 * x[0])(scenario, *args, **more)

    found = sensitivity(sweep(planned, out="out", workers=1, runner=runner), "joined")
    assert found["mu_star"].iloc[0] == pytest.approx(3, abs=1e-4)


def test_designs_without_indices_are_refused(plan):
    found = swept(plan("{method: latin-hypercube, n: 4}"), ishigami)
    with pytest.raises(InputError, match="the design latin-hypercube has no indices; only sobol and morris have them"):
        sensitivity(found, "joined")
    with pytest.raises(InputError, match="did you mean 'joined'"):
        sensitivity(swept(plan("{method: sobol, n: 2}", head="seeds: 1\nname: u"), ishigami), "joind")


@pytest.mark.parametrize("library", ["SALib", "sklearn"])
def test_the_message_for_a_missing_library_names_the_extra_that_has_it(plan, monkeypatch, library):
    for name in [name for name in sys.modules if name.partition(".")[0] == library] + [library]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=r'is not installed; .*"kumakan\[sweeps\]"') as caught:
        METHODS["morris"].build([0], 2, 1) if library == "SALib" else discover(None, "joined")
    assert "\n" not in str(caught.value)


# --- discovery -------------------------------------------------------------------------------------------


def corner(places, seed=1):
    """A measure that fails where the first path is large and the second small."""
    return 1.0 if places[0] > 0.6 and places[1] < 0.4 else -1.0


@pytest.fixture
def cornered(plan):
    return swept(plan("{method: sobol-sequence, n: 64}"), corner)


def test_discovery_finds_the_corner_in_which_a_measure_fails(cornered):
    found = discover(cornered, "joined", lambda values: values > 0)
    assert found.failing == pytest.approx(0.16, abs=0.03)
    inside = found.boxes[found.boxes["density"] > 0.8]
    assert inside["coverage"].sum() > 0.9
    assert all(
        "imam_training" in box and "joint_patrols" in box and "mali_kuma_kan" not in box for box in inside["box"]
    )
    assert found.skill > 0.8
    assert found.chance < 0.01
    assert found.boxes["points"].sum() == 64
    assert found.boxes["failing"].sum() == round(found.failing * 64)


def test_discovery_says_when_failures_are_chance(plan):
    dealt = np.random.default_rng(5)
    luck = swept(plan("{method: sobol-sequence, n: 32}"), lambda x, seed: dealt.normal())
    found = discover(luck, "joined", lambda values: values > 0)
    assert found.chance > 0.05


def test_without_a_rule_a_failure_is_a_difference_that_is_not_better(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)
    Path("s.yaml").write_text(
        "scenario: base.yaml\nbaseline: base.yaml\noutcomes: [joined]\nseeds: 1\nvary:\n"
        "  measures.joint_patrols.intensity: {low: 0, high: 1}\n"
        "  measures.joint_patrols.regions: {values: [all, [Gao]]}\n"
        "  measures.joint_patrols.start: {low: 2012-01-02, high: 2012-01-20}\n"
        "  measures.mali_kuma_kan: {values: [true, false]}\ndesign: {method: sobol-sequence, n: 32}\n"
    )

    def runner(scenario, *args, **more):
        patrols = scenario.measures.get("joint_patrols")
        better = patrols and len(patrols.regions) == 1
        return runs_of(lambda x, seed: -1.0 if better else 0.0)(scenario, *args, **more)

    found = sweep("s.yaml", out="out", workers=1, runner=runner)
    boxes = discover(found, "joined").boxes
    assert boxes["box"].tolist()[0] in ("joint_patrols.regions is all", "joint_patrols.regions is not Gao")
    assert boxes["density"].tolist() == [1, 0]
    table, values = experiments(found, "joined")
    assert set(table) == {"measures.joint_patrols.intensity", "measures.joint_patrols.regions = all",
                          "measures.joint_patrols.regions = Gao", "measures.joint_patrols.start",
                          "measures.mali_kuma_kan"}  # fmt: skip
    assert len(values) == 32


def test_the_user_must_define_a_failure_if_no_side_of_the_outcome_is_better(plan):
    found = swept(plan("{method: latin-hypercube, n: 8}"), corner)
    with pytest.raises(InputError, match="say with fails"):
        discover(found, "joined")
    assert discover(found, "joined", lambda values: values > 9).boxes["box"].tolist() == ["everywhere"]


def test_prim_of_the_ema_workbench_reads_the_same_experiments(cornered):
    prim = pytest.importorskip("ema_workbench.analysis.prim")
    table, values = experiments(cornered, "joined")
    box = prim.Prim(table, values > 0, threshold=0.8).find_box()
    assert set(box.qp[-1]) == {PATHS[0], PATHS[1]}


# --- figures ---------------------------------------------------------------------------------------------


def test_bars_show_indices_with_their_intervals_the_largest_on_top(plan):
    from sim.views import plot_indices

    for design, colours in (("{method: sobol, n: 8}", 2), ("{method: morris, n: 4}", 1)):
        found = sensitivity(swept(plan(design), sobol_g), "joined")
        (ax,) = plot_indices(found).axes
        assert [label.get_text() for label in ax.get_yticklabels()] == [p.split(".", 1)[1] for p in found["path"]]
        assert len({bar.get_facecolor() for bar in ax.patches}) == colours
        assert len(ax.patches) == 3 * colours


def test_the_sweep_keeps_its_indices(plan):
    import pandas as pd

    found = swept(plan("{method: morris, n: 3}"), sobol_g)
    assert "indices.csv" in {path.name for path in found.save()}
    assert pd.read_csv("out/indices.csv")["path"].tolist() == sensitivity(found, "joined")["path"].tolist()


def test_a_tornado_has_the_path_that_moves_most_on_top(plan):
    from sim.views import tornado

    found = swept(plan("{method: one-at-a-time}"), lambda x, seed: x[1] - 3 * x[2])
    ax = tornado(found, "joined").axes[0]
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[:2] == ["mali_kuma_kan.intensity", "joint_patrols.intensity"]
