"""Every benchmark runs at toy size and its numbers are right; how fast it was is never checked."""

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim.week import WEEK, advance, begin

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
pytestmark = pytest.mark.slow


def taken(name: str, folder: Path) -> tuple[str, dict]:
    """What a script prints and keeps at toy size."""
    numbers = folder / f"{name}.json"
    done = subprocess.run(
        [sys.executable, HERE / f"{name}.py", "--toy", "--json", numbers],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(numbers.read_text())


@pytest.mark.skipif(shutil.which(os.environ.get("CC", "gcc")) is None, reason="no C compiler")
def test_the_pass_in_c_gives_the_same_bits(tmp_path):
    printed, found = taken("against_c", tmp_path)
    assert "equal bit for bit" in printed
    assert found["largest_difference"] == 0.0
    assert found["youths"] > 1000


def test_mesa_objects_differ_from_kumakan_by_luck_alone(tmp_path):
    """The noise of two independent walks, and hardly more: peers, own minds and sermons are the same."""
    _, found = taken("mesa_objects", tmp_path)
    [size] = found["sizes"]
    walks = size["noise"] * math.sqrt(2 * size["weeks"])
    assert 0.8 * walks < size["attitudes_apart"] < 1.2 * walks
    assert size["mesa"]["attitude"] == pytest.approx(size["kumakan"]["attitude"], abs=5 * walks / size["youths"] ** 0.5)


def test_scaling_lives_the_weeks_of_the_model(tmp_path):
    printed, found = taken("scaling", tmp_path)
    assert len(found["sizes"]) == 3
    assert found["everything"]["persons_per_youth"] == min(row["persons_per_youth"] for row in found["sizes"])
    assert found["everything"]["scenario"] == "all_measures"
    for row in [*found["sizes"], found["whole_run"]]:
        settings = [f"persons_per_youth={row['persons_per_youth']}"]
        scenario = sim.load(ROOT / "scenarios" / "baseline.yaml", settings)
        assert row["youths"] == begin(scenario).society.size
        assert f"{row['youths']:,}" in printed
        assert list(row["process_seconds"]) == [process.__name__ for process in WEEK]
    whole = found["whole_run"]
    assert whole["weeks"] == len(whole["week_seconds"]) == 8
    country = begin(sim.load(ROOT / "scenarios" / "baseline.yaml", [f"persons_per_youth={whole['persons_per_youth']}"]))
    for _ in range(8):
        advance(country)
    assert whole["approached"] == country.values[:8, :, country.names["approached"]].sum()


def test_packages_time_every_process_of_both(tmp_path):
    printed, found = taken("packages", tmp_path)
    [size] = found["sizes"].values()
    for seconds in size["seconds"].values():
        assert list(seconds) == [process.__name__ for process in WEEK]
    assert all(f"| {process.__name__}" in printed for process in WEEK)


def test_two_versions_that_are_the_same_give_equal_runs(tmp_path):
    printed, found = taken("two_versions", tmp_path)
    assert printed.count("digests equal") == 3
    for one in found["scenarios"]:
        assert one["equal"]
        assert list(one["before"]) == list(one["now"]) == [process.__name__ for process in WEEK]


def test_startup_times_commands_and_runs(tmp_path):
    _, found = taken("startup", tmp_path)
    assert len(found["waits"]) == 4
    assert set(found["runs"]) == {"first run ever", "started again"}
    assert found["runs"]["started again"]["compile"] == 0.0


def test_batches_make_all_runs(tmp_path):
    _, found = taken("batch", tmp_path)
    for workers, made in found["workers"].items():
        assert made["runs"] == 2 * int(workers)


def test_stores_hold_every_week_of_every_run(tmp_path):
    _, found = taken("store", tmp_path)
    assert found["reading"]["weekly"] == 200 * 365 * 9
    assert found["reading"]["rows"] > 0


def test_all_writes_tables_between_the_marks_of_the_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- begin generated -->\nold\n<!-- end generated -->\nafter\n")
    subprocess.run(
        [sys.executable, HERE / "all.py", "--toy", "--only", "packages", "mesa_objects", "--write", page],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    text = page.read_text()
    assert text.startswith("before\n<!-- begin generated -->")
    assert text.endswith("<!-- end generated -->\nafter\n")
    assert "old" not in text.split("### Targets")[0]
    assert "every measure against the baseline, 6000 persons per youth" in text
    assert "### Against plain Mesa objects" in text
