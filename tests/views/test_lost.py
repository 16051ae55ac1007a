"""What fails costs nothing else and is named: a figure, a run. What was there before is said to be reused."""

import base64
import re

import pytest
from click.testing import CliRunner

import sim
from sim import cli
from sim.batches import batch as batches
from sim.batches.batch import run_batch
from sim.views import results
from sim.views.report import pictures, report
from tests.batches import batch_fakes as fakes


def fails(*_, **__):
    raise RuntimeError("no <figure> today")


@pytest.fixture
def compare(tmp_path, monkeypatch):
    """The command on two small scenarios, with made-up runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("end: 2014-01-06\npersons_per_youth: 5000\n")
    monkeypatch.setitem(batches.run_batch.__kwdefaults__, "runner", fakes.quick)
    monkeypatch.setattr(results, "_maps", lambda records, what: [])  # made-up runs have no cells
    words = ["compare", "a.yaml", "b.yaml", "--workers", "1", "--out", "out"]
    return lambda *more: CliRunner().invoke(cli.kumakan, [*words, *more])


def test_a_figure_that_fails_leaves_tables_and_other_figures_and_is_named(tmp_path, compare, monkeypatch):
    monkeypatch.setattr(results, "plot_shares", fails)
    done = compare("--seeds", "2")
    assert done.exit_code == 0
    assert "shares.png could not be drawn (RuntimeError: no <figure> today)" in done.output
    there = {path.name for path in (tmp_path / "out").rglob("*")}
    assert {"effects.csv", "delivered.csv", "effects_over_time.csv", "effects.png", "effects_over_time.png"} <= there
    assert "shares.png" not in there


def test_a_figure_that_fails_leaves_the_report_whole(compare, monkeypatch):
    compare("--seeds", "2")
    monkeypatch.setattr(pictures, "plot_effects_over_time", fails)
    text = report("out").read_text(encoding="utf-8")
    [picture] = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", text)
    told = base64.b64decode(picture).decode()
    assert "This figure could not be drawn." in told
    assert "RuntimeError: no &lt;figure&gt; today" in told


def test_runs_that_were_there_are_said_to_be_reused(compare):
    assert "reused" not in compare("--seeds", "2").output
    assert "4 of 6 runs were reused" in compare("--seeds", "3").output
    assert sim.open_store("out").batch().reused == 4
    assert "4 of 6 runs were reused" in report("out").read_text(encoding="utf-8")


def test_what_a_command_has_made_itself_was_not_there_before(compare):
    assert compare("--seeds", "2").exit_code == 0
    done = compare("--seeds", "3", "--precision", "attacks=0.5%", "--at-most", "6")
    assert "4 of 12 runs were reused" in done.output
    assert sim.open_store("out").batch().reused == 4


@pytest.mark.parametrize("log", [True, False])
def test_a_report_from_a_store_names_the_runs_that_failed(tmp_path, log):
    both = [fakes.scenario("a"), fakes.scenario("b")]
    store = tmp_path / "store"
    run_batch(both, [1, 2, 3], out=tmp_path / "out", store=store, workers=1, runner=fakes.fails_on_two)
    if not log:
        (store / "log.jsonl").unlink()
    text = report(store).read_text(encoding="utf-8")
    assert "1 run failed" in text
    assert "no recruiters left to divide by" in text
    run_batch(both, [1, 2, 3], out=tmp_path / "out", store=store, workers=1, runner=fakes.quick)
    assert "1 run failed" not in report(store).read_text(encoding="utf-8")
    assert not sim.open_store(store).batch().failed
