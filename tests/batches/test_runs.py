"""Batches: nothing lost, nothing repeated, one bad run never spoils the rest."""

import json
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.batches.batch import batch_name, check_comparable, how_many_seeds, run_batch
from sim.engine.errors import InputError
from sim.record import Record
from sim.stores.folder import FolderStore, keep
from sim.stores.run import Key
from tests.batches import batch_fakes as fakes


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """What the runner was asked to do, as [scenario, seed, process, numba threads, draw]."""
    log = tmp_path / "calls.log"
    log.touch()
    monkeypatch.setenv("KUMAKAN_TEST_LOG", str(log))
    return lambda: [line.split() for line in log.read_text().splitlines()]


@pytest.fixture
def a_and_b():
    return [fakes.scenario("a"), fakes.scenario("b")]


# --- draws of parameters -------------------------------------------------------------------------------------


def test_runs_go_seed_by_seed_and_draw_by_draw(tmp_path, a_and_b, calls):
    batch = run_batch(a_and_b, [1, 2], draws=[1, 2, 3], workers=1, out=tmp_path / "out", runner=fakes.quick)
    assert [(call[0], call[1], call[4]) for call in calls()] == [
        (name, seed, draw) for seed in "12" for draw in "123" for name in "ab"]  # fmt: skip
    assert list(batch.records["a"]) == [Key(draw, seed) for draw in (1, 2, 3) for seed in (1, 2)]
    assert batch.records["b"][Key(3, 2)].about["draw"] == 3
    assert batch.effects()["draws"].eq(3).all()
    assert batch.delivered().empty, "these scenarios have no measures"


def test_runs_of_draws_stand_beside_those_of_central_values_and_none_is_made_twice(tmp_path, a_and_b, calls):
    out = tmp_path / "out"
    central = run_batch(a_and_b, [1], workers=1, out=out, runner=fakes.quick)
    first = run_batch(a_and_b, [1], draws=[1, 2], workers=1, out=out, runner=fakes.quick)
    more = run_batch(a_and_b, [1, 2], draws=[1, 2, 3], workers=1, out=out, runner=fakes.quick)
    assert len(calls()) == 2 + 4 + 8
    assert [row.state for row in more.rows].count("reused") == 4
    assert {Path(row.folder).name for row in more.rows} == {f"seed-{s}-draw-{d}" for s in (1, 2) for d in (1, 2, 3)}
    digests = {(row.scenario, row.seed, row.draw): row.digest for row in more.rows}
    assert {(row.scenario, row.seed, row.draw): row.digest for row in first.rows}.items() <= digests.items()
    assert list(central.records["a"]) == [1], "without draws the key is the seed"
    again = run_batch(a_and_b, [1], workers=1, out=out, runner=fakes.quick)
    assert [row.state for row in again.rows] == ["reused"] * 2


def test_an_interrupt_keeps_finished_draws_and_the_same_command_makes_only_the_rest(tmp_path, a_and_b, calls):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run_batch(a_and_b, [1], draws=[1, 2, 3], workers=1, out=out, runner=fakes.interrupted_on_draw_two)
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["state"], manifest["draws"]) == ("interrupted", [1, 2, 3])
    assert [(r["scenario"], r["draw"]) for r in manifest["runs"]] == [("a", 1), ("b", 1)]
    batch = run_batch(a_and_b, [1], draws=[1, 2, 3], workers=1, out=out, runner=fakes.quick)
    assert [(row.draw, row.state) for row in batch.rows] == [
        (1, "reused"), (1, "reused"), (2, "done"), (2, "done"), (3, "done"), (3, "done")]  # fmt: skip
    assert len(calls()) == 2 + 4
    assert not list((out / "runs").glob("*/.*")), "nothing half-written is left"


def test_the_command_that_repeats_a_run_names_its_draw(tmp_path, a_and_b):
    batch = run_batch(a_and_b, [5], draws=[0, 3], workers=1, out=tmp_path / "out", runner=fakes.quick)
    repeat = {row.draw: row.repeat for row in batch.rows}
    assert "--seed 5 --draw 3 " in repeat[3]
    assert "--draw" not in repeat[0]
    assert batch.rows[-1].name == "b, seed 5, draw 3"


def test_a_run_of_another_draw_is_a_different_run(tmp_path, a_and_b):
    out = tmp_path / "out"
    run_batch(a_and_b, [1], draws=[1], workers=1, out=out, runner=fakes.quick)
    (out / "runs" / "a" / "seed-1-draw-1").rename(out / "runs" / "a" / "seed-1-draw-2")
    with pytest.raises(InputError, match=r"draw-2 holds a different run \(what differs: the draw of parameters\)"):
        run_batch(a_and_b, [1], draws=[2], workers=1, out=out, runner=fakes.quick)


def test_with_draws_one_seed_for_each_will_do(tmp_path, a_and_b):
    assert (how_many_seeds(None, None), how_many_seeds(None, 50), how_many_seeds(3, 50)) == (20, 1, 3)
    batch = sim.compare(a_and_b, draws=4, out=tmp_path / "out", workers=1, runner=fakes.quick)
    assert (batch.draws, batch.seeds) == ((1, 2, 3, 4), (1,))
    with pytest.raises(InputError, match="0 draws; at least 1 is needed"):
        sim.compare(a_and_b, draws=0, out=tmp_path / "none")
    assert not (tmp_path / "none").exists()


# --- workers -------------------------------------------------------------------------------------------------


def test_two_workers_give_the_same_records_as_one(tmp_path, a_and_b, calls):
    one = run_batch(a_and_b, [1, 2], workers=1, out=tmp_path / "one", runner=fakes.quick)
    two = run_batch(a_and_b, [1, 2], workers=2, out=tmp_path / "two", runner=fakes.quick)
    assert {(r.scenario, r.seed, r.digest) for r in one.rows} == {(r.scenario, r.seed, r.digest) for r in two.rows}
    in_workers = calls()[4:]
    assert all(call[3] == "1" for call in in_workers), "one numba thread in each worker"
    assert not {call[2] for call in in_workers} & {call[2] for call in calls()[:4]}, "other processes"


def test_weeks_are_told_where_runs_are_made_in_this_process(tmp_path):
    tiny = fakes.scenario("a", end="2012-02-06")
    weeks = []
    run_batch([tiny], [1], out=tmp_path / "one", on_week=lambda country: weeks.append(country.week))
    assert weeks == [1, 2, 3, 4, 5]


def test_a_different_run_is_never_overwritten_unless_asked(tmp_path, a_and_b):
    out = tmp_path / "out"
    run_batch(a_and_b, [1], workers=1, out=out, runner=fakes.quick)
    changed = [a_and_b[0], fakes.scenario("b", parameters={"peer_pull": 0.021})]
    with pytest.raises(InputError, match=r"seed-1 holds a different run \(what differs: the scenario's settings\)"):
        run_batch(changed, [1], workers=1, out=out, runner=fakes.quick)
    with pytest.raises(InputError, match="runs of a different scenario called 'b'"):
        run_batch(changed, [2], workers=1, out=out, runner=fakes.quick)
    with pytest.raises(InputError, match="the world seed"):
        run_batch(a_and_b, [1], workers=1, out=out, world_seed=2, runner=fakes.quick)
    batch = run_batch(changed, [1], workers=1, out=out, overwrite=True, runner=fakes.quick)
    assert [row.state for row in batch.rows] == ["reused", "done"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_fails_is_a_row_with_its_error_and_the_command_that_repeats_it(tmp_path, a_and_b, workers):
    told = []
    batch = run_batch(
        a_and_b,
        [1, 2, 3],
        workers=workers,
        out=tmp_path / "out",
        runner=fakes.fails_on_two,
        on_error=told.append,
    )
    [row] = batch.failed
    assert told == [row]
    assert (row.scenario, row.seed, row.folder) == ("b", 2, "")
    assert row.error == "ZeroDivisionError: no recruiters left to divide by"
    assert "fails_on_two" in row.details
    assert row.repeat.split()[:2] == ["kumakan", "run"]
    assert "--seed 2" in row.repeat
    again = sim.load(row.repeat.split()[2])
    assert again == a_and_b[1], "the scenario kept beside the runs is the one that was run"
    assert [r.state for r in batch.rows].count("done") == 5
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["state"] == "failed"
    assert [r["error"] for r in manifest["runs"] if r["state"] == "failed"] == [row.error]


def test_an_interrupt_keeps_what_is_finished(tmp_path, a_and_b):
    with pytest.raises(KeyboardInterrupt):
        run_batch(a_and_b, [1, 2], workers=1, out=tmp_path / "out", runner=fakes.interrupted_on_two)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["state"] == "interrupted"
    assert len(manifest["runs"]) == 2
    batch = run_batch(a_and_b, [1, 2], workers=1, out=tmp_path / "out", runner=fakes.quick)
    assert [row.state for row in batch.rows] == ["reused", "reused", "done", "done"]


def test_whatever_ends_a_batch_ends_its_workers_at_once(tmp_path, a_and_b):
    class Enough(Exception):
        pass

    def enough(row):
        raise Enough

    began = time.perf_counter()
    with pytest.raises(Enough):
        run_batch(
            [fakes.scenario("a"), fakes.scenario("b")], [2, 3], workers=2, out=tmp_path / "out",
            runner=fakes.slow_unless_failing, on_error=enough,
        )  # fmt: skip
    assert time.perf_counter() - began < 30
    assert not multiprocessing.active_children()


def test_there_whole_or_not_at_all(tmp_path, monkeypatch):
    """A record whose writing breaks off leaves nothing, and the run that stood there before still stands."""
    folder = tmp_path / "seed-1"
    good = fakes.record(np.ones((1, 9, len(fakes.OBSERVABLES))))
    keep(good, folder)

    def half(self, place):
        place.mkdir()
        (place / "record.parquet").write_bytes(b"PAR1")
        raise OSError("disk full")

    monkeypatch.setattr(Record, "save", half)
    with pytest.raises(OSError, match="disk full"):
        keep(fakes.record(np.full((1, 9, len(fakes.OBSERVABLES)), 2.0)), folder)
    assert [path.name for path in tmp_path.iterdir()] == ["seed-1"]
    assert Record.load(folder).digest == good.digest


def test_rests_of_dead_processes_are_swept_those_of_living_ones_are_not(tmp_path, a_and_b):
    runs = tmp_path / "out" / "runs" / "a"
    dead = [runs / f".seed-1{draw}.999999999.tmp" for draw in ("", "-draw-2")]
    dead += [runs / f".{rest.name}.x1y2" for rest in dead]
    living = [runs / f".seed-9{draw}.{os.getpid()}.tmp" for draw in ("", "-draw-2")]
    for rest in (*dead, *living):
        rest.mkdir(parents=True)
    batch = run_batch(a_and_b, [1], workers=1, out=tmp_path / "out", runner=fakes.quick)
    assert not any(rest.exists() for rest in dead)
    assert all(rest.exists() for rest in living)
    assert list(batch.records["a"]) == [1]


def test_a_folder_that_is_not_ours_is_refused(tmp_path, a_and_b):
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        run_batch(a_and_b, [1], out=file, runner=fakes.quick)
    with pytest.raises(InputError, match="holds other files"):
        run_batch(a_and_b, [1], out=tmp_path, runner=fakes.quick)
    with pytest.raises(InputError, match="cannot write"):
        FolderStore(file / "below")
    assert file.read_text() == "mine"


def test_what_cannot_be_compared_is_refused(a_and_b):
    with pytest.raises(InputError, match="two scenarios or more"):
        check_comparable(a_and_b[:1])
    with pytest.raises(InputError, match="same period"):
        check_comparable([a_and_b[0], fakes.scenario("b", end="2015-01-05")])
    with pytest.raises(InputError, match="persons per youth"):
        check_comparable([a_and_b[0], a_and_b[1].replaced({"persons_per_youth": 500})])
    with pytest.raises(InputError, match="two scenarios are called 'a'"):
        run_batch([a_and_b[0], a_and_b[0]], [1], out="never-made", runner=fakes.quick)
    with pytest.raises(InputError, match="0 seeds"):
        sim.compare(a_and_b, seeds=0)


def test_the_manifest_tells_how_to_make_it_again(tmp_path, a_and_b):
    run_batch(a_and_b, [7], workers=1, out=tmp_path / "out", runner=fakes.quick, command="kumakan compare a b")
    top = json.loads((tmp_path / "out" / "manifest.json").read_text())
    run = json.loads((tmp_path / "out" / "runs" / "a" / "seed-7" / "manifest.json").read_text())
    assert top["command"] == run["command"] == "kumakan compare a b"
    assert top["seeds"] == [7]
    assert top["scenarios"]["a"]["digest"] == a_and_b[0].digest == run["run"]["scenario_digest"]
    for manifest in (top, run):
        assert {"kumakan", "python", "numpy", "numba", "mesa", "pandas"} <= manifest["versions"].keys()
    assert run["wall_seconds"] >= 0
    assert run["peak_memory_bytes"] > 10e6
    assert run["digest"] == Record.load(tmp_path / "out" / "runs" / "a" / "seed-7").digest
    log = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert [(line["scenario"], line["state"]) for line in log] == [("a", "done"), ("b", "done")]


def test_the_name_of_a_batch_stays_a_folder_name():
    assert batch_name(["a/b", "ségou"]) == "a_b+ségou"
    assert len(batch_name([f"scenario number {k}" for k in range(50)])) < 100
