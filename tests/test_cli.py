"""The commands as a user meets them: what they print, what they leave behind, and how they end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner

import sim
from sim import cli, options
from sim.batches import batch as runs
from sim.batches.beside import pairs_of_luck
from sim.batches.plan import usual_folder
from sim.engine.errors import InputError
from sim.parameters import rows
from sim.record import Record
from sim.version import __version__
from sim.views import results
from sim.views.gallery import USUAL

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
COMPILES = 240  # seconds: on a fresh machine the first run compiles
TINY = "start: 2012-01-02\nend: 2012-03-05\npersons_per_youth: 2000\n"


@pytest.fixture
def files(tmp_path):
    """A baseline and a scenario with a measure, of nine weeks and some thousand youths."""
    (tmp_path / "base.yaml").write_text(TINY + "description: nothing done\n")
    (tmp_path / "patrols.yaml").write_text(TINY + "measures:\n  joint_patrols: {patrols: 20}\n")
    return [str(tmp_path / "base.yaml"), str(tmp_path / "patrols.yaml")]


@pytest.fixture
def no_figures(monkeypatch):
    monkeypatch.setattr(results, "draw_records", lambda records, folder, say: folder)
    monkeypatch.setattr(results, "draw_comparison", lambda batch, tables, folder, say, figures: folder)


def kumakan(*args):
    return CliRunner().invoke(cli.kumakan, [str(a) for a in args], prog_name="kumakan")


def process(*args, **more):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "sim", *map(str, args)], capture_output=True, text=True,
        timeout=COMPILES, check=False, **{"env": ENVIRONMENT, **more},
    )  # fmt: skip


# --- changes on the command line ------------------------------------------------------------------------


def test_a_set_measure_leaves_a_baseline_without_it_alone(files, no_figures, tmp_path):
    result = kumakan("compare", *files, "--seeds", 1, "--workers", 1, "--quiet", "--out", tmp_path / "out",
                     "--set", "measures.joint_patrols.patrols=30")  # fmt: skip
    assert result.exit_code == 0, result.output
    made = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["scenarios"]
    assert made["base"]["digest"] == sim.load(files[0]).digest
    assert made["patrols"]["measures"]["joint_patrols"]["patrols"] == 30


@pytest.mark.parametrize("command", [["compare"], ["explain"], ["check"], ["compare", "--one-at-a-time"]])
def test_a_set_measure_that_nobody_has_is_refused(command, files):
    given = command if len(command) == 2 else [*command, files[1]]
    result = kumakan(*given, files[0], "--set", "measures.imam_training.intensity=0.5")
    assert result.exit_code == 2
    assert "no scenario has imam_training switched on" in result.stderr


def test_a_scenario_in_another_world_than_its_baseline_is_told(files, no_figures, tmp_path):
    Path(files[1]).write_text(TINY + "parameters: {abuse_per_op: 0.2}\nforces: {army: {scale: 2}}\n")
    out = tmp_path / "out"
    result = kumakan("compare", *files, "--seeds", 1, "--workers", 1, "--quiet", "--out", out)
    table = rows()["abuse_per_op"].value
    told = f"parameters.abuse_per_op is 0.2 (base: {table:g}); forces.army.scale is 2 (base: not changed)"
    assert f"Not the same world: in patrols, {told}" in " ".join(result.output.split())
    assert set(pd.read_csv(out / "effects.csv")["world_differs"]) == {told}
    assert kumakan("report", out).exit_code == 0
    assert f"in patrols, {told}" in (out / "report.html").read_text(encoding="utf-8")


# --- start-up --------------------------------------------------------------------------------------------


def imported_by(code):
    listed = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"], capture_output=True, text=True,
        env=ENVIRONMENT, check=True, cwd=ROOT,
    )  # fmt: skip
    return {name.split(".")[0] for name in listed.stdout.split()}


def test_importing_sim_or_the_commands_imports_nothing_heavy():
    heavy = {"numpy", "numba", "pandas", "mesa", "matplotlib", "pyarrow", "pydantic", "yaml", "scipy", "rich"}
    assert not imported_by("import sim") & heavy
    assert not imported_by("import sim.cli") & heavy


@pytest.mark.parametrize("command", ["check scenarios/historical.yaml", "measures", "parameters"])
def test_looking_imports_neither_the_compiled_loops_nor_figures(command):
    code = (
        "import contextlib, io\nfrom sim import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    cli.kumakan({command.split()}, standalone_mode=False)"
    )
    assert not imported_by(code) & {"numba", "pandas", "mesa", "matplotlib", "pyarrow", "scipy"}


def test_sim_offers_what_it_says():
    assert {"load", "run", "compare", "RecruitmentModel", "Scenario", "Record", "__version__"} <= set(dir(sim))
    for name in ("load", "run", "compare", "RecruitmentModel", "Scenario", "Record"):
        assert getattr(sim, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = sim.lod


# --- looking ---------------------------------------------------------------------------------------------


def test_version_and_help():
    assert kumakan("--version").output == f"kumakan {__version__}\n"
    assert kumakan("--help").exit_code == 0
    for command in ("run", "compare", "validate", "check", "measures", "parameters", "explain"):
        assert kumakan(command, "--help").exit_code == 0
        assert command in kumakan("--help").output


def every_command(group=cli.kumakan, name=""):
    for called, command in group.commands.items():
        yield f"{name} {called}".strip(), command
        if hasattr(command, "commands"):
            yield from every_command(command, f"{name} {called}".strip())


@pytest.mark.parametrize(
    ("name", "command"), list(every_command()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_help_is_in_whole_sentences_with_an_example_that_parses(name, command):
    text = command.help
    example = text.partition("For example: kumakan ")[2].strip()
    assert example.startswith(name)
    words = example.removeprefix(name).split()
    if not hasattr(command, "commands") or name == "calibrate":
        command.make_context(name, words, resilient_parsing=False).close()
    for sentence in [text.split("\n\n")[0], *filter(None, (getattr(p, "help", "") for p in command.params))]:
        assert sentence[0].isupper(), sentence
        assert sentence.strip().endswith("."), sentence


def test_the_shell_completes_commands(tmp_path):
    words = {"_KUMAKAN_COMPLETE": "bash_complete", "COMP_WORDS": "kumakan comp", "COMP_CWORD": "1"}
    assert process(env={**ENVIRONMENT, **words}).stdout.split() == ["plain,compare"]


def test_a_sweep_is_not_run_and_a_scenario_is_not_swept_but_told_the_command(files, tmp_path):
    assert (
        "this is a sweep, not a scenario; run it with: kumakan sweep reach_x_imams"
        in kumakan("run", "reach_x_imams").output
    )
    assert "run it with: kumakan sweep reach_x_imams" in kumakan("compare", files[0], "reach_x_imams").output
    swept = kumakan("sweep", files[1])
    assert f"this is a scenario, not a sweep; run it with: kumakan run {files[1]}" in swept.output
    assert swept.exit_code == 2


def test_an_unknown_command_is_answered_with_the_nearest():
    result = kumakan("comapre")
    assert result.exit_code == 2
    assert "did you mean 'compare'?" in result.stderr


def test_check_says_what_would_happen(files):
    result = kumakan("check", *files)
    assert result.exit_code == 0, result.output
    for words in (
        "base",
        "9 weeks",
        "each standing for 2,000 persons",
        "MUJAO",
        "National guard",
        "joint_patrols",
        "GB",
    ):
        assert words in result.output
    assert "Barkhane" not in result.output, "forces that come after the run are not listed"


def test_check_goes_through_all_files_and_ends_with_bad_input(files, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(TINY + "mesures: {}\n")
    result = kumakan("check", wrong, *files, tmp_path / "absent.yaml")
    assert result.exit_code == 2
    assert "line 4" in result.stderr
    assert "did you mean 'measures'" in result.stderr
    assert "absent.yaml" in result.stderr
    assert "9 weeks" in result.stdout
    assert "Traceback" not in result.output


def test_measures_and_parameters_are_listed():
    from sim.measures import MEASURES
    from sim.parameters import rows

    output = kumakan("measures").output
    assert all(key in output for key in MEASURES)
    assert "patrols out at a time" in kumakan("measures", "joint_patrols").output
    table = rows()
    output = kumakan("parameters").output
    assert all(name in output for name in table)
    row = table["peer_pull"]
    output = kumakan("parameters", "peer_pull").output
    assert row.source in output
    assert f"{row.value:g}" in output


def test_parameters_as_csv_give_the_table_back():
    import csv
    import io

    from sim.parameters import rows

    found = list(csv.DictReader(io.StringIO(kumakan("parameters", "--csv").output)))
    assert {row["name"]: float(row["value"]) for row in found} == {name: row.value for name, row in rows().items()}
    columns = "name value unit low high distribution drawn quality source meaning transport"
    assert found[0].keys() == set(columns.split())


@pytest.mark.parametrize("command", ["measures", "parameters"])
def test_unknown_names_are_refused(command):
    result = kumakan(command, "joint_patrosl" if command == "measures" else "peer_pul")
    assert result.exit_code == 2
    assert "did you mean" in result.stderr


# --- bad input -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        ["--seeds", "0"],
        ["--seeds", "many"],
        ["--seed", "-1"],
        ["--seed", str(2**64)],
        ["--workers", "0"],
        ["--persons-per-youth", "0"],
        ["--world-seed", "-3"],
        ["--set", "measures"],
        ["--set", "parameters.peer_pul=0.1"],
        ["--nonsense"],
    ],
)
def test_bad_numbers_end_with_2_before_anything_runs(files, tmp_path, wrong):
    result = kumakan("compare", *files, "--out", tmp_path / "out", *wrong)
    assert result.exit_code == 2
    assert result.stderr.strip()
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_places_that_cannot_hold_results_end_with_2(files, tmp_path):
    for out in (files[0], f"{files[0]}/below", tmp_path):
        result = kumakan("run", files[0], "--out", out)
        assert result.exit_code == 2
        assert "--out" in result.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["base.yaml", "patrols.yaml"]


def test_one_scenario_or_the_same_twice_is_no_comparison(files, tmp_path):
    assert "two scenarios or more" in kumakan("compare", files[0], "--out", tmp_path / "out").stderr
    result = kumakan("compare", files[0], files[0], "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "two scenarios are called 'base'" in result.stderr


def test_a_fault_of_the_program_is_one_line_and_a_traceback_only_on_demand(monkeypatch):
    def broken():
        raise RuntimeError("wheels came off")

    monkeypatch.setattr("sim.parameters.rows", broken)
    result = kumakan("parameters")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "a fault of kumakan" in result.stderr
    assert "wheels came off" in result.stderr
    monkeypatch.setenv("KUMAKAN_DEBUG", "1")
    assert "Traceback" in kumakan("parameters").stderr


# --- running ---------------------------------------------------------------------------------------------


def test_run_keeps_a_record_that_is_the_run(files, tmp_path, no_figures):
    result = kumakan("run", files[1], "--seed", 3, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "out" / "runs" / "patrols" / "seed-3"
    assert str(folder) in result.stdout
    assert Record.load(folder).digest == sim.run(sim.load(files[1]), seed=3).digest
    assert "Joint border patrols of the G5 Sahel" in result.stdout
    assert "XOF" in result.stdout


def test_compare_ends_with_the_table_the_file_and_where_all_is(files, tmp_path, no_figures):
    import pandas as pd

    out = tmp_path / "out"
    result = kumakan("compare", *files, "--seeds", 3, "--workers", 1, "--out", out)
    assert result.exit_code == 0, result.output
    assert "Difference from base" in result.stdout
    assert "Tombouctou" in result.stdout
    assert str(out / "effects.csv") in result.stdout
    assert "6/6 runs" in result.stderr
    table = pd.read_csv(out / "effects.csv")
    assert set(table["scenario"]) == {"patrols"}
    assert (table["seeds"] == 3).all()
    cost = table[(table["outcome"] == "cost") & (table["region"] == "Mali")]["mean"].item()
    assert cost == pytest.approx(Record.load(out / "runs/patrols/seed-1")["cost_joint_patrols"].sum())
    again = kumakan("compare", *files, "--seeds", 3, "--workers", 1, "--out", out, "--quiet")
    assert again.stderr == ""
    assert again.stdout == result.stdout
    assert len((out / "log.jsonl").read_text().splitlines()) == 6


def test_options_reach_the_runs(files, tmp_path, no_figures):
    result = kumakan(
        "run", files[0], "--out", tmp_path / "out", "--persons-per-youth", 4000, "--world-seed", 5,
        "--set", "parameters.peer_pull=0.021", "--set", "end=2012-02-06",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    about = Record.load(tmp_path / "out/runs/base/seed-1").about
    assert about["scenario"]["persons_per_youth"] == 4000
    assert about["scenario"]["end"] == "2012-02-06"
    assert about["parameters"]["peer_pull"] == 0.021
    assert about["world_seed"] == 5


def test_run_makes_one_run_under_a_draw(files, tmp_path, no_figures):
    result = kumakan("run", files[1], "--seed", 2, "--draw", 3, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "out/runs/patrols/seed-2-draw-3"
    assert str(folder) in result.stdout
    assert "patrols, seed 2, draw 3" in result.stdout
    record = Record.load(folder)
    assert record.digest == sim.run(sim.load(files[1]), seed=2, draw=3).digest
    assert record.digest != sim.run(sim.load(files[1]), seed=2).digest


def test_compare_over_draws_says_so_and_more_draws_can_be_added(files, tmp_path, no_figures):
    import pandas as pd

    out = tmp_path / "out"
    result = kumakan("compare", *files, "--draws", 2, "--workers", 1, "--out", out)
    assert result.exit_code == 0, result.output
    assert "same draws and seeds" in result.stdout
    assert "(2 draws of parameters, 1 seed each)" in result.stdout
    assert "Fewer than ten draws" in result.stdout
    given = pd.read_csv(out / "delivered.csv")
    assert (given[["scenario", "measure", "change"]].to_numpy() == [["patrols", "joint_patrols", "added"]]).all()
    assert (given["draws"].item(), given["seeds"].item()) == (2, 1)
    assert "patrols in the week" in result.stdout
    more = kumakan("compare", *files, "--draws", 3, "--seeds", 2, "--workers", 1, "--out", out)
    assert more.exit_code == 0, more.output
    assert "8 runs to make in this process, 4 more are there already" in more.stderr
    table = pd.read_csv(out / "effects.csv")
    assert table["draws"].eq(3).all()
    assert table["seeds"].eq(2).all()


def test_leave_one_out_compares_a_scenario_with_itself_without_each_measure(tmp_path, no_figures, monkeypatch):
    import pandas as pd

    (tmp_path / "package.yaml").write_text(TINY + "measures: {joint_patrols: {patrols: 20}, sermon_drafting: true}\n")
    monkeypatch.chdir(tmp_path)
    result = kumakan("compare", "--leave-one-out", "package.yaml", "--seeds", 1, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "With one seed there is no interval; ask for more with --seeds." in result.stdout
    table = pd.read_csv(tmp_path / "results" / "package+leave-one-out-2000-per-youth" / "effects.csv")
    names = [f"package_without_{key}" for key in ("joint_patrols", "sermon_drafting")]
    assert list(dict.fromkeys(table["scenario"])) == names
    cost = table[(table["outcome"] == "cost") & (table["region"] == "Mali")].set_index("scenario")["mean"]
    assert (cost < 0).all(), "what is left out is not paid for"
    assert "(left out)" in result.stdout


@pytest.fixture
def planned(monkeypatch):
    """What would be run: names of scenarios, seeds and draws; nothing is."""
    found = {}

    def make(loaded, seeds, *, draws, out, **options):
        found.update(scenarios=[s.name for s in loaded], seeds=list(seeds), draws=list(draws), out=out)
        raise InputError("planned, not run")

    monkeypatch.setattr(runs, "run_batch", make)
    return found


def test_one_at_a_time_adds_every_measure_to_a_scenario(files, planned):
    from sim.measures import MEASURES

    assert "planned, not run" in kumakan("compare", "--one-at-a-time", files[1], "--draws", 5).stderr
    rest = [f"without_{key}" if key == "joint_patrols" else key for key in MEASURES]
    assert planned["scenarios"] == ["patrols", *rest]
    assert (planned["seeds"], planned["draws"]) == ([1], [1, 2, 3, 4, 5])
    assert planned["out"] == Path("results/patrols+one-at-a-time-2000-per-youth-draws")


@pytest.mark.parametrize(
    ("options", "seeds", "draws"),
    [
        ([], [1], list(range(1, 21))),  # the worlds that are shipped
        (["--prior"], range(1, 21), [0]),
        (["--seeds", "3", "--seed", "7"], [7, 8, 9], [0]),
        (["--draws", "2"], [1], [1, 2]),
        (["--draws", "2", "--seeds", "3"], [1, 2, 3], [1, 2]),
    ],
)
def test_seeds_are_twenty_and_with_draws_one(files, planned, options, seeds, draws):
    kumakan("compare", *files, *options)
    assert (planned["seeds"], planned["draws"]) == (list(seeds), draws)


def test_values_are_set_and_people_chosen_in_plans_too(files, monkeypatch):
    from sim.comparison import variants as plans

    seen = []
    monkeypatch.setattr(plans, "leave_one_out", lambda scenario: seen.append(scenario) or [scenario])
    kumakan("compare", "--leave-one-out", files[1], "--persons-per-youth", 4000, "--set", "parameters.peer_pull=0.021")
    [scenario] = seen
    assert (scenario.persons_per_youth, scenario.parameters) == (4000, {"peer_pull": 0.021})


@pytest.mark.parametrize("command", ["compare", "attribute"])
def test_a_dry_run_tells_runs_time_and_disk_and_makes_none(files, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    given = files if command == "compare" else files[1:]
    result = kumakan(command, *given, "--seeds", 7, "--workers", 1, "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("14 runs.\nAbout ")
    for words in ("in one process", "of memory", "on disk"):
        assert words in result.stdout
    assert ("7 more runs show what luck alone gives." in result.stdout) == (command == "compare")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(("given", "pairs"), [(("--seeds", 30), 20), (("--draws", 30, "--seeds", 2), 40),
                                              (("--seeds", 1), 0), (("--seeds", 9, "--no-luck-alone"), 0)])  # fmt: skip
def test_a_dry_run_counts_the_runs_of_luck_alone(files, tmp_path, monkeypatch, given, pairs):
    monkeypatch.chdir(tmp_path)
    told = kumakan("compare", *files, *given, "--dry-run").stdout
    assert told.endswith(f"{pairs} more runs show what luck alone gives.\n" if pairs else "(a rough estimate).\n")


def test_the_pairs_that_are_told_are_those_that_are_made(files, tmp_path, no_figures):
    kumakan("compare", *files, "--draws", 2, "--seeds", 2, "--workers", 1, "--out", tmp_path / "out")
    assert len(sim.open_store(tmp_path / "out" / "luck_alone").runs()) == pairs_of_luck(2, 2) == 4


def test_long_jobs_are_asked_about_only_at_a_terminal_and_without_yes(monkeypatch):
    asked = []
    monkeypatch.setattr(options.click, "confirm", lambda *_, **__: asked.append(1))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    options.go_on("told", 599.0)
    options.go_on("told", 601.0, yes=True)
    assert not asked
    options.go_on("told", 601.0)
    assert asked == [1]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    options.go_on("told", 601.0)
    assert asked == [1]


def test_the_usual_folder_carries_resolution_and_draws():
    fine, coarse = ([sim.load("baseline", [f"persons_per_youth={each}"])] for each in (20, 100))
    assert usual_folder("a+b", fine, [0]) == Path("results/a+b")
    assert usual_folder("a+b", fine, [1, 2]) == usual_folder("a+b", fine, [1]) == Path("results/a+b-draws")
    assert usual_folder("a+b", coarse, [0]) == Path("results/a+b-100-per-youth")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["FILES", "--draws", "0"], "--draws"),
        (["FILES", "--draws", "-3"], "--draws"),
        (["FILES", "--draws", "many"], "--draws"),
        (["FILES", "--draws", "100001"], "--draws"),
        ([], "name a baseline and the scenarios to compare, or use --one-at-a-time or --leave-one-out"),
        (["FILES", "--one-at-a-time", "BASE"], "--one-at-a-time makes its own list of scenarios from one file"),
        (["BASE", "--leave-one-out", "BASE"], "--leave-one-out makes its own list of scenarios from one file"),
        (["--one-at-a-time", "BASE", "--leave-one-out", "BASE"], "do not name other files with it"),
        (["--one-at-a-time", "absent.yaml"], "absent.yaml"),
        (["--leave-one-out", "absent.yaml"], "absent.yaml"),
        (["--leave-one-out", "BASE"], "base has no measure that does anything, so there is nothing to leave out"),
        (["--one-at-a-time"], "--one-at-a-time"),
        (["--one-at-a-tme", "BASE"], "--one-at-a-tme"),
    ],
)
def test_bad_plans_and_draws_end_with_2_before_anything_runs(files, tmp_path, options, said):
    given = [part for option in options for part in {"FILES": files, "BASE": files[:1]}.get(option, [option])]
    result = kumakan("compare", *given, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("draw", ["-1", str(2**32), "first"])
@pytest.mark.parametrize("command", ["run", "explain"])
def test_a_draw_that_cannot_be_is_refused(files, tmp_path, command, draw):
    given = files[:1] if command == "run" else files
    result = kumakan(command, *given, "--draw", draw, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "--draw" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_failed_draw_is_told_with_the_command_that_repeats_it(files, tmp_path, no_figures, monkeypatch):
    def fails(scenario, seed, world_seed, draw=0, **more):
        if (scenario.name, draw) == ("patrols", 2):
            raise FloatingPointError("a hazard was no number")
        return real(scenario, seed, world_seed, draw, **more)

    real = runs.simulate
    monkeypatch.setitem(runs.run_batch.__kwdefaults__, "runner", fails)
    out = tmp_path / "out"
    result = kumakan("compare", *files, "--draws", 2, "--workers", 1, "--out", out)
    assert result.exit_code == 1
    assert "failed: patrols, seed 1, draw 2: FloatingPointError: a hazard was no number" in result.stderr
    assert f"kumakan run {out}/runs/patrols/scenario.yaml --seed 1 --draw 2 --world-seed 0" in result.stderr
    assert "(1 draw of parameters, 1 seed each)" in result.stdout


def test_a_failed_run_ends_with_1_names_its_repeat_and_leaves_the_others(files, tmp_path, no_figures, monkeypatch):
    real = runs.simulate

    def fails(scenario, seed, world_seed, **more):
        if (scenario.name, seed) == ("patrols", 2):
            raise FloatingPointError("a hazard was no number")
        return real(scenario, seed, world_seed, **more)

    monkeypatch.setitem(runs.run_batch.__kwdefaults__, "runner", fails)
    out = tmp_path / "out"
    result = kumakan("compare", *files, "--seeds", 3, "--workers", 1, "--out", out)
    assert result.exit_code == 1
    assert "failed: patrols, seed 2: FloatingPointError: a hazard was no number" in result.stderr
    assert f"kumakan run {out}/runs/patrols/scenario.yaml --seed 2" in result.stderr
    assert "1 of 6 runs failed" in result.stderr
    assert "Difference from base" in result.stdout
    assert "(2 seeds)" in result.stdout
    monkeypatch.undo()
    command = next(line for line in result.stderr.splitlines() if "repeat it: kumakan" in line).split("kumakan ")[1]
    monkeypatch.setattr(results, "draw_records", lambda records, folder, say: folder)
    assert kumakan(*command.split()).exit_code == 0
    assert Record.load(out / "runs/patrols/seed-2").about["seed"] == 2


def test_a_comparison_draws_six_figures_and_others_by_name(files, tmp_path):
    from PIL import Image

    def drawn(folder, *more):
        command = ["compare", *files, "--seeds", 2, "--workers", 1, "--store", tmp_path / "store", "--quiet"]
        result = kumakan(*command, "--out", tmp_path / folder, *more)
        assert result.exit_code == 0, result.output
        return {path.name for path in (tmp_path / folder / "figures").iterdir()}

    usual = {f"{name}.png" for name in USUAL if not name.startswith("map_")}
    assert drawn("usual") == {*usual, "map_joined_per_100k_base.png"}
    assert len(usual) == 5
    maps = {f"map_attacks_{name}.png" for name in ("base", "patrols")}
    assert drawn("named", "--figures", "map_attacks,series_joined") == {"series_joined.png", *maps}
    with Image.open(tmp_path / "usual" / "figures" / "effects.png") as image:
        assert min(image.size) > 300


def test_a_figure_that_does_not_exist_is_refused_before_anything_runs(files, tmp_path):
    result = kumakan("compare", *files, "--out", tmp_path / "out", "--figures", "serie_joined")
    assert result.exit_code == 2
    assert "there is no figure 'serie_joined'; did you mean 'series_joined'?" in result.output
    assert not (tmp_path / "out").exists()


def test_attribute_shares_out_a_package_and_makes_no_run_twice(tmp_path):
    package = tmp_path / "both.yaml"
    package.write_text(TINY + "measures:\n  joint_patrols: {patrols: 20}\n  joint_training: true\n")
    result = kumakan("attribute", package, "--seeds", 2, "--workers", 1, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "What each measure contributes to both" in result.stdout
    assert "4 runs" in result.stderr or "8 runs" in result.stderr
    shares = pd.read_csv(tmp_path / "out" / "attribution.csv")
    assert set(shares["measure"]) == {"joint_patrols", "joint_training"}
    assert shares["exact"].all()
    sums = shares.groupby("outcome")["mean"].sum()
    assert sums.to_dict() == pytest.approx(shares.groupby("outcome")["package"].first().to_dict())
    assert (shares[shares["outcome"] == "cost"]["mean"] > 0).all()
    assert (tmp_path / "out" / "interactions.csv").exists()
    assert (tmp_path / "out" / "figures" / "attribution.png").exists()
    again = kumakan("attribute", package, "--seeds", 2, "--workers", 1, "--out", tmp_path / "out")
    assert "nothing to run, 8 there already" in again.stderr


def test_attribute_refuses_what_it_cannot_share_out(files, tmp_path):
    result = kumakan("attribute", files[0], "--out", tmp_path / "out")
    assert result.exit_code == cli.BAD_INPUT
    assert "no measure that does anything" in result.output
    odd = kumakan("attribute", files[1], "--orders", 3, "--out", tmp_path / "out")
    assert odd.exit_code == cli.BAD_INPUT
    assert "an even number" in odd.output
    assert not (tmp_path / "out").exists()


def test_seeds_are_added_until_the_wished_precision(files, tmp_path, no_figures):
    options = ("--workers", 1, "--out", tmp_path / "out", "--precision", "cost=1%", "--precision", "abuses=0.001")
    result = kumakan("compare", *files, "--seeds", 2, *options, "--at-most", 12)
    assert result.exit_code == 0, result.output
    assert "half-width of the 90 % interval" in result.stdout
    told = pd.read_csv(tmp_path / "out" / "precision.csv").set_index("outcome")
    assert told.loc["cost", "reached"]
    assert not told.loc["abuses", "reached"]
    assert told.loc["abuses", "pairs"] == 12
    assert told.loc["abuses", "needed"] > 12


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--precision", "joined"], "joined=50 or joined=2%"),
        (["--precision", "joind=5"], "did you mean 'joined'"),
        (["--at-most", "5"], "give both"),
    ],
)
def test_a_precision_that_is_none_is_refused(files, tmp_path, options, said):
    result = kumakan("compare", *files, *options, "--out", tmp_path / "out")
    assert result.exit_code == cli.BAD_INPUT
    assert said in result.output
    assert not (tmp_path / "out").exists()


# --- validating ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_validate_sets_every_target_beside_the_runs_and_repeats_none(tmp_path):
    import pandas as pd

    from sim.validation.validate import TARGETS

    out, page = tmp_path / "out", tmp_path / "validation.md"
    command = ["validate", "--draws", 1, "--persons-per-youth", 10_000, "--workers", 1, "--out", out, "--page", page]
    result = kumakan(*command)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out / "validation.csv")
    assert len(table) == len(TARGETS) + 1
    assert table["runs"].max() == 1
    assert f"{len(table)} targets: " in result.stdout
    text = page.read_text(encoding="utf-8")
    assert "Made by `kumakan validate --draws 1 --seeds 1 --persons-per-youth 10000`: 1 draw of parameters" in text
    again = kumakan(*command)
    assert "nothing to run, 13 there already" in again.stderr
    assert again.stdout == result.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--draws", "0"], "--draws"),
        (["--seeds", "few"], "--seeds"),
        (["--baseline", "absent.yaml"], "absent.yaml"),
        (["--historical", "absent.yaml"], "absent.yaml"),
        (["--set", "end=2014-01-06"], "it lies within the run"),
        (["more.yaml"], "more.yaml"),
    ],
)
def test_what_cannot_be_validated_ends_with_2_before_anything_runs(tmp_path, options, said):
    result = kumakan("validate", *options, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


# --- explaining ------------------------------------------------------------------------------------------


@pytest.fixture
def crowded(tmp_path):
    """Two scenarios in which some join, and not the same."""
    text = TINY.replace("2012-03-05", "2012-12-31").replace("2000", "1000") + "groups:\n"
    text += "".join(f"  {key}: {{start_members: 12000}}\n" for key in ("ansar_dine", "mujao"))
    (tmp_path / "more.yaml").write_text(text + "  aqim: {start_members: 12000}\n")
    (tmp_path / "fewer.yaml").write_text(text + "  aqim: {start_members: 1000}\n")
    return [str(tmp_path / "more.yaml"), str(tmp_path / "fewer.yaml")]


def test_explain_shows_and_keeps_who_differs(crowded, tmp_path, monkeypatch):
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    result = kumakan("explain", *crowded, "--seed", 2, "--stories", 2)
    assert result.exit_code == 0, result.output
    out = tmp_path / "results" / "explain-more-vs-fewer-seed-2-1000-per-youth"
    assert {file.name for file in out.iterdir()} == {
        "explain.md", "explain_persons.csv", "explain_events.csv", "manifest.json"}  # fmt: skip
    for text in (result.stdout, (out / "explain.md").read_text()):
        assert "Invented persons; nothing here describes a real one." in text
        assert "Story 2" in text
        assert "Story 3" not in text
    persons = pd.read_csv(out / "explain_persons.csv")
    assert list(persons) == ["change", "region", "reason", "through", "persons"]
    sums = persons.groupby("change")["persons"].sum().reindex(["spared", "added"], fill_value=0)
    joined = json.loads((out / "manifest.json").read_text())["joined"]
    assert sums["spared"] - sums["added"] == joined[0] - joined[1]
    assert f"{joined[0]:,} persons in more" in result.stdout
    events = pd.read_csv(out / "explain_events.csv")
    assert set(events["step"]) == {"difference", "event", "decision"}
    again = kumakan("explain", *crowded, "--seed", 2, "--stories", 0)
    assert again.exit_code == 0
    assert "Story" not in (out / "explain.md").read_text(), "what was there is replaced"


def test_explain_of_the_same_says_that_nothing_differs(files, tmp_path):
    result = kumakan("explain", files[0], files[0], "--out", tmp_path / "out", "--set", "end=2012-02-06")
    assert result.exit_code == 0, result.output
    assert "Nothing differs" in result.stdout
    assert "base (first) against base (second)" in result.stdout
    assert "Nothing differs" in (tmp_path / "out" / "explain.md").read_text()


def test_explain_refuses_what_cannot_be_compared_or_kept(files, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(TINY + "parameters: {peer_pull: 0.021}\n")
    for second, out, said in (
        (other, tmp_path / "out", "other has peer_pull 0.021"),
        (files[1], other, "is a file; --out names a folder"),
        (files[1], tmp_path, "holds other files"),
    ):
        result = kumakan("explain", files[0], second, "--out", out)
        assert result.exit_code == 2
        assert said in result.stderr
        assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


# --- in a process of its own -----------------------------------------------------------------------------


def test_exit_codes_of_the_process(files, tmp_path):
    assert process("--help").returncode == 0
    assert process("nonsense").returncode == 2
    bad = process("run", tmp_path / "absent.yaml")
    assert bad.returncode == 2
    assert bad.stderr.startswith("kumakan: ")
    assert "Traceback" not in bad.stderr


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_terminal_shows_a_bar(files, tmp_path, workers):
    import pty

    ours, theirs = pty.openpty()
    code = (
        "from sim import cli\n"
        "from sim.views import results\nresults.draw_records = lambda records, folder, say: folder\n"
        "results.draw_comparison = lambda batch, tables, folder, say, figures: folder\n"
        "if __name__ == '__main__':\n    cli.main()\n"
    )
    (tmp_path / "start.py").write_text(code)
    command = [
        sys.executable,
        tmp_path / "start.py",
        "compare",
        *files,
        "--seeds",
        "2",
        "--workers",
        str(workers),
    ]
    running = subprocess.Popen(
        [*command, "--out", tmp_path / "out"],
        env={**ENVIRONMENT, "TERM": "xterm", "COLUMNS": "120"}, stdout=subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # how Linux says that the other end is closed
        pass
    said = shown.decode()
    assert running.wait(COMPILES) == 0, said
    for part in ("Reading scenarios", "4 runs to make", "4 of 4", "Comparing runs", "Drawing figures"):
        assert part in said
    assert "runs a minute" in said


@pytest.mark.skipif(os.name == "nt", reason="signals to process groups")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_finished_runs_and_the_same_command_makes_only_the_rest(files, tmp_path, workers, no_figures):
    out = tmp_path / "out"
    command = [
        "compare",
        *files,
        "--seeds",
        "30",
        "--workers",
        str(workers),
        "--out",
        str(out),
        "--set",
        "end=2014-01-06",
    ]
    running = subprocess.Popen(
        [sys.executable, "-m", "sim", *command], env=ENVIRONMENT, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    log = out / "log.jsonl"
    deadline = time.monotonic() + COMPILES
    while not (log.exists() and log.read_text().count("\n") >= 3) and time.monotonic() < deadline:
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to the command and its workers alike
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said

    finished = sorted((out / "runs").glob("*/seed-*"))
    assert 3 <= len(finished) < 60
    digests = {folder: Record.load(folder).digest for folder in finished}
    assert json.loads((out / "manifest.json").read_text())["state"] == "interrupted"

    seeds = max(int(folder.name.removeprefix("seed-")) for folder in finished) + 1
    command[command.index("--seeds") + 1] = str(seeds)
    result = kumakan(*command)
    assert result.exit_code == 0, result.output
    assert f"{2 * seeds - len(finished)} runs to make" in result.stderr
    assert {folder: Record.load(folder).digest for folder in finished} == digests
    assert len(list((out / "runs").glob("*/seed-*"))) == 2 * seeds
    assert not list((out / "runs").glob("*/.*")), "nothing half-written is left"
