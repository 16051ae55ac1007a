"""How far a batch is: a bar where somebody looks on, in a notebook and at a terminal; nothing elsewhere."""

import io
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import sim
from sim.engine import compiled
from sim.engine.errors import InputError
from sim.views.progress import aside, doing

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
BATCH = """
import sim
short = sim.Scenario.of({"name": "a", "end": "2012-01-30", "persons_per_youth": 2000})
others = [short, short.replaced({"name": "b", "measures.joint_patrols": True})]
"""


@pytest.fixture
def others():
    names: dict = {}
    exec(BATCH, names)
    return names["others"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Runs a function while standard error is a terminal, and returns what was written there."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")

    def written(function, *args, **options) -> str:
        with monkeypatch.context() as patch:  # here: pytest sets standard error anew between a fixture and its test
            patch.setattr(sys, "stderr", Terminal())
            function(*args, **options)
            return sys.stderr.getvalue()

    return written


# --- at a prompt --------------------------------------------------------------------------------------------


def test_a_terminal_shows_a_bar(others, terminal, tmp_path):
    shown = terminal(sim.compare, others, seeds=2, out=tmp_path, workers=1)
    assert "4 runs to make in this process" in shown
    assert "4 of 4" in shown
    assert "runs a minute" in shown


def test_it_shows_nothing_where_it_shall_not(others, terminal, tmp_path):
    assert terminal(sim.compare, others, seeds=1, out=tmp_path, workers=1, progress=False) == ""


def test_a_function_is_told_and_no_bar_shown(others, terminal, tmp_path):
    told = []
    assert terminal(sim.compare, others, seeds=1, out=tmp_path, workers=1, progress=told.append) == ""
    assert [state.done for state in told] == [0, 1, 2]
    assert told[0].weeks == 4


def test_a_function_may_be_told_of_weeks_beside_the_bar(others, terminal, tmp_path):
    weeks = []
    lived = {"on_week": lambda country: weeks.append(country.week)}
    assert "2 of 2" in terminal(sim.compare, others, seeds=1, out=tmp_path, workers=1, **lived)
    assert len(weeks) > 2


def test_without_a_terminal_lines_are_shown_only_if_they_are_asked_for(others, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    sim.compare(others, seeds=1, out=tmp_path / "quiet", workers=1)
    assert sys.stderr.getvalue() == ""
    sim.compare(others, seeds=1, out=tmp_path / "asked", workers=1, progress=True)
    assert sys.stderr.getvalue().splitlines()[0] == "2 runs to make in this process"
    assert sys.stderr.getvalue().splitlines()[2].startswith("2/2 runs: b, seed 1, done in ")


def test_the_first_run_of_an_installation_says_that_it_compiles_and_how_long(others, terminal, monkeypatch, tmp_path):
    made = set()
    monkeypatch.setattr(compiled, "missing", lambda threads: threads not in made)
    monkeypatch.setattr(compiled, "made", made.add)
    shown = terminal(sim.compare, others, seeds=1, out=tmp_path / "first", workers=1)
    assert f"once for this installation; that takes about {compiled.SECONDS} s" in shown.replace("\n", " ")
    assert "compiling" in shown
    assert "compil" not in terminal(sim.compare, others, seeds=1, out=tmp_path / "second", workers=1)
    made.clear()
    told = []
    sim.compare(others, seeds=1, out=tmp_path / "third", workers=1, progress=told.append)
    assert [state.compiles for state in told] == [True, False, False]
    made.clear()
    sim.compare(others, seeds=1, out=tmp_path / "third", workers=1, progress=told.append)
    assert not told[-1].compiles, "nothing to run, nothing to compile"


def test_what_takes_a_while_is_said_until_a_bar_begins(others, terminal, tmp_path):
    def compared() -> None:
        with doing("Reading [/d] things"), doing("not twice"):
            aside("a line [/d]")
            sim.compare(others, seeds=1, out=tmp_path, workers=1)

    shown = terminal(compared)
    assert "Reading [/d] things ..." in shown
    assert "not twice" not in shown
    assert "a line [/d]" in shown
    assert "Reading" not in shown.partition("2 runs to make")[2]
    assert "2 of 2" in shown


def test_elsewhere_nothing_is_said_of_it(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with doing("Reading"):
        aside("a line")
    assert sys.stderr.getvalue() == "a line\n"


def test_a_sweep_shows_the_same_bar(terminal, tmp_path):
    (tmp_path / "plan.yaml").write_text(
        f"scenario: {ROOT}/scenarios/baseline.yaml\nset: {{persons_per_youth: 2000, end: 2012-01-30}}\nseeds: 1\n"
        "vary: {parameters.abuse_per_op: {values: [0.2, 0.5, 1]}}\ndesign: {method: grid}\noutcomes: [joined]\n"
    )
    assert "3 of 3" in terminal(sim.sweep, tmp_path / "plan.yaml", out=tmp_path / "runs", workers=1)


def test_help_says_so():
    for function in (sim.compare, sim.sweep):
        assert "progress : bool or callable, optional" in function.__doc__


def test_a_batch_that_is_refused_leaves_no_bar(others, terminal, tmp_path):
    def refused() -> None:
        with pytest.raises(InputError, match="different names"):
            sim.compare([others[0], others[0]], seeds=1, out=tmp_path)

    assert terminal(refused) == ""


def test_a_script_whose_output_goes_to_a_file_writes_nothing(tmp_path):
    code = BATCH + f"sim.compare(others, seeds=1, out={str(tmp_path / 'runs')!r}, workers=1)"
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


# --- in a notebook ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_notebook_shows_a_bar_as_one_output_that_stays_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    call = "batch = sim.compare(others, seeds={seeds}, out={out!r}, workers={workers}{more})"
    sources = [
        BATCH,
        call.format(seeds=2, out=str(tmp_path / "one"), workers=1, more=""),
        call.format(seeds=1, out=str(tmp_path / "two"), workers=2, more=""),
        call.format(seeds=2, out=str(tmp_path / "one"), workers=1, more=""),
        call.format(seeds=1, out=str(tmp_path / "quiet"), workers=1, more=", progress=False"),
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    _, one, two, again, quiet = (cell.outputs for cell in notebook.cells)
    assert [output.output_type for output in (*one, *two, *again)] == ["display_data"] * 3
    assert one[0].data["text/plain"].splitlines()[0] == "4 runs to make in this process"
    assert "4 of 4" in one[0].data["text/plain"]
    assert one[0].metadata == {"kumakan": "progress"}
    assert "━" in one[0].data["text/html"]
    assert "2 worker processes" in two[0].data["text/plain"]
    assert "2 of 2" in two[0].data["text/plain"]
    assert "nothing to run, 4 there already" in again[0].data["text/plain"]
    assert quiet == []
