"""The commands on the model itself: a small fit, its proof as a page, and its worlds made again."""

import json

import pytest
from click.testing import CliRunner

import sim
from sim.calibration import archive, worlds
from sim.cli import kumakan
from sim.posterior import read
from sim.views.tables.calibration import calibration_page, missed, unidentified, unreached

UNTIL = ["--until", "2013-12-31"]
SIZE = ["--points", "8", "--waves", "1", "--per-wave", "4", "--finalists", "6", "--seeds", "2", "--worlds", "9",
        "--persons-per-youth", "10000", "--scenario", "baseline", "--set", "end=2014-01-06", "--workers", "1",
        "--yes"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("fits") / "fit"
    result = CliRunner().invoke(kumakan, ["calibrate", *UNTIL, "--out", str(place), *SIZE])
    assert result.exit_code == 0, result.output
    assert "94 runs at most" in result.stderr, "24, and up to 70 for the worlds"
    assert f"Worlds: {place / 'posterior_2013-12-31.csv'}" in result.output
    return place


@pytest.mark.slow
def test_a_fit_of_the_model_gives_worlds_that_come_out_again(folder):
    from datetime import date

    table = worlds(date(2013, 12, 31), folder)
    kept = read(folder / "posterior_2013-12-31.csv")
    assert len(table) == 9
    scenario = sim.load("baseline", ["persons_per_youth=10000", "end=2014-01-06"])
    world = table.iloc[3]
    record = scenario.replaced({f"parameters.{name}": world[name] for name in kept.names}).run(int(world.seed))
    assert record.digest[:16] == kept.runs[3]


@pytest.mark.slow
def test_the_same_command_makes_no_run_again_and_another_program_is_refused(folder, monkeypatch):
    before = {file: file.stat().st_mtime_ns for file in (folder / "runs").iterdir()}
    text = (folder / "posterior_2013-12-31.csv").read_bytes()
    again = ["calibrate", *UNTIL, "--out", str(folder), *SIZE]
    assert CliRunner().invoke(kumakan, again).exit_code == 0
    assert {file: file.stat().st_mtime_ns for file in (folder / "runs").iterdir()} == before
    assert (folder / "posterior_2013-12-31.csv").read_bytes() == text
    monkeypatch.setattr("sim.calibration.fit.fit_digest", lambda: "another")
    result = CliRunner().invoke(kumakan, again)
    assert result.exit_code == 2
    assert "another state of the program's code or tables" in result.stderr


@pytest.mark.slow
def test_a_fit_is_confirmed_by_runs_that_are_the_same_and_by_no_others(folder, monkeypatch):
    about = json.loads((folder / "archive.json").read_text())
    (folder / "archive.json").write_text(json.dumps({**about, "sources": "of yesterday"}))
    confirm = ["calibrate", "confirm", str(folder), "--runs", "3", "--workers", "1"]
    again = [*confirm, "--persons-per-youth", "10000", "--scenario", "baseline", "--set", "end=2014-01-06"]
    result = CliRunner().invoke(kumakan, again)
    assert result.exit_code == 0, result.output
    assert "3 runs are the same again" in result.output
    assert json.loads((folder / "archive.json").read_text()) == about
    other = CliRunner().invoke(kumakan, confirm)
    assert other.exit_code == 2
    assert "another scenario" in other.stderr
    monkeypatch.setattr("sim.calibration.archive.RUNAWAY", 0)  # so every run is another
    result = CliRunner().invoke(kumakan, again)
    assert result.exit_code == 2
    assert "is not what it was" in result.stderr


def test_a_run_in_which_groups_grow_without_end_is_stopped_and_its_last_week_stands_for_the_rest(monkeypatch):
    scenario = sim.load("baseline", ["persons_per_youth=10000", "end=2014-01-06"])
    job = archive.Job(scenario, ("h0",), (0.01,), 1)
    layout, whole, _ = archive.make(job)
    monkeypatch.setattr(archive, "RUNAWAY", whole.yearly[0, :, layout.names.index("members")].sum() / 2)
    _, stopped, error = archive.make(job)
    assert error == ""
    assert stopped.yearly.shape == whole.yearly.shape
    members = stopped.yearly[:, :, layout.names.index("members")].sum(axis=1)
    assert members[1] == pytest.approx(members[0], rel=0.05)
    assert members[1] > archive.RUNAWAY
    assert stopped.digest != whole.digest


@pytest.mark.slow
def test_the_proof_says_what_is_missed_first(folder, tmp_path, monkeypatch):
    page = tmp_path / "calibration.md"
    given = ["calibrate", "check", str(folder), *UNTIL, "--data-sets", "4", "--page", str(page)]
    proofs = []
    monkeypatch.setattr("sim.views.tables.calibration.calibration_page",
                        lambda proof, command: proofs.append(proof) or calibration_page(proof, command))  # fmt: skip
    result = CliRunner().invoke(kumakan, given)
    assert result.exit_code == 0, result.output
    [proof] = proofs
    text = page.read_text(encoding="utf-8")
    assert f"kumakan calibrate check {folder} --until 2013-12-31 --page {page}" in text
    assert text.index("## Missed") < text.index("## All targets")
    section = text[text.index("## Missed") : text.index("## Out of reach")]
    for pattern in missed(proof).pattern:
        assert f"| {pattern} |" in section
    assert all(f"- {pattern}" in text for pattern in unreached(proof))
    assert ", ".join(unidentified(proof)) in text
    assert set(proof.targets.use) == {"fitted", "not fitted"}
    assert proof.data_sets == 4
    assert len(proof.parameters) == len(json.loads((folder / "archive.json").read_text())["parameters"])
