"""Scripts that make batches at their top level, as beginners and notebooks write them, in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAIN = """
import sim
tiny = {"end": "2012-01-30", "persons_per_youth": 5000}
scenarios = [{"name": "a", **tiny}, {"name": "b", **tiny}]
print("begun")
batch = sim.compare(scenarios, seeds=1, workers=2, out="out", progress=False%s)
print(len(batch.failed), "failed of", len(batch.rows))
"""
OWN = (
    """
import sim.batches.batch
def mine(*args, **more):
    return sim.batches.batch.simulate(*args, **more)
"""
    + PLAIN % ", runner=mine"
)
GUARDED = OWN.replace("\nprint(", "\nif __name__ == '__main__':\n  print(", 1).replace("\nbatch", "\n  batch")
GUARDED = GUARDED.replace("\nprint(len", "\n  print(len")


def python(tmp_path, text, stdin=False):
    Path(tmp_path / "script.py").write_text(text)
    return subprocess.run(
        [sys.executable, "-" if stdin else "script.py"], input=text if stdin else None, capture_output=True, text=True,
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=240, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("stdin", [False, True])
def test_a_script_without_guard_makes_its_batch_once(tmp_path, stdin):
    ended = python(tmp_path, PLAIN % "", stdin)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "begun\n0 failed of 2\n"
    assert not ended.stderr
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["workers"] == 2


def test_a_runner_in_a_script_without_guard_ends_in_one_message(tmp_path):
    ended = python(tmp_path, OWN)
    assert ended.returncode == 1
    assert ended.stderr.count("Traceback") == 1
    assert 'if __name__ == "__main__":' in ended.stderr.splitlines()[-1]
    assert not list((tmp_path / "out" / "runs").rglob("manifest.json")), "no run is lost, and none is kept as failed"
    mended = python(tmp_path, GUARDED)
    assert mended.returncode == 0, mended.stderr
    assert mended.stdout.endswith("0 failed of 2\n")


def test_a_runner_that_stands_in_no_file_is_refused(tmp_path):
    ended = python(tmp_path, OWN, stdin=True)
    assert ended.returncode == 1
    assert "worker processes cannot import the runner, as it stands in no file" in ended.stderr.splitlines()[-1]
    assert ended.stderr.count("Traceback") == 1
