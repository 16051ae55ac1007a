"""A store of many runs: nothing finished is lost or made twice, nothing half-written is read, whoever is killed."""

import errno
import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.batches.batch import run_batch
from sim.engine.errors import InputError
from sim.stores import archive
from sim.stores import packed as packing
from sim.stores import parquet as tables
from sim.stores.archive import ArchiveStore
from sim.stores.files import Files
from sim.stores.packed import Packed, pack
from sim.stores.parquet import MANY, Parquet
from sim.stores.run import Row
from sim.stores.totals import totals
from tests.batches import batch_fakes
from tests.stores import archive_fakes as fakes

HERE = Path(__file__).parent


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """What the runner was asked to do, as "scenario seed draw"."""
    log = tmp_path / "begun.log"
    log.touch()
    monkeypatch.setenv("KUMAKAN_TEST_LOG", str(log))
    return lambda: log.read_text().splitlines()


@pytest.fixture
def batch(tmp_path, begun):
    """Make a batch of the scenarios a and b in the store."""

    def make(seeds, names="ab", **options):
        options = {"workers": 1, "runner": fakes.quick, "store": tmp_path / "store", **options}
        return run_batch([batch_fakes.scenario(name) for name in names], seeds, out=tmp_path / "out", **options)

    return make


def digests(store):
    return {(run.scenario, run.seed, run.draw): run.digest for run in store.runs().itertuples()}


def whole(store):
    """Every run of the store is there once, and its record can be read and has its digest."""
    runs = store.runs()
    assert runs.index.is_unique
    for kept in store.batch().records.values():
        for record in kept.values():
            assert record.digest in set(runs.digest)
    return runs


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


def test_a_packed_record_is_the_same_to_the_last_bit():
    record = batch_fakes.record(np.random.default_rng(1).standard_normal((5, 9, len(batch_fakes.OBSERVABLES))))
    again = Packed(pack(record)).record()
    assert again.digest == record.digest
    assert again.observables == record.observables
    assert again.about == record.about
    assert all((again.weights[name] == record.weights[name]).all() for name in record.weights)


def test_what_is_zero_throughout_and_what_only_looks_like_it_come_back_as_they_were(tmp_path, monkeypatch):
    values = np.zeros((60, 9, len(batch_fakes.OBSERVABLES)))
    values[:, :, 1], values[0, 0, 2], values[3, 4, 3] = -0.0, np.nan, 1.0
    record = batch_fakes.record(values, "a")
    monkeypatch.setattr(fakes, "quick", lambda *_, **__: record)
    assert Packed(pack(record)).record().digest == record.digest
    kept = run_batch([batch_fakes.scenario("a")], [1], out=tmp_path, store=tmp_path / "store", runner=fakes.quick)
    assert kept.records["a"][1].values.tobytes() == values.tobytes()


def test_totals_are_the_same_whichever_are_asked_for():
    record = batch_fakes.record(np.random.default_rng(1).standard_normal((60, 9, len(batch_fakes.OBSERVABLES))))
    together = totals(record, record.names)
    for k, name in enumerate(record.names):
        column = record[name]
        one = column.sum(axis=0) if record.observables[k].how == "sum" else column[-52:].mean(axis=0)
        assert (totals(record, [name])[:, 0] == together[:, k]).all()
        assert (together[:, k] == one).all()


def test_files_of_before_stand_beside_those_of_now(tmp_path, batch, monkeypatch):
    monkeypatch.setattr(packing, "_full", lambda table: table)  # numbers used to be such as may be missing
    batch(range(1, 3))
    monkeypatch.undo()
    monkeypatch.setenv("KUMAKAN_TEST_LOG", str(tmp_path / "begun.log"))
    found = batch(range(1, 5))
    assert len(whole(sim.open_store(tmp_path / "store"))) == 8
    assert sum(len(one) for one in sim.open_store(tmp_path / "store").weeks(["joined"])) == 8 * 60 * 9
    assert found.effects().compare(batch(range(1, 5), store=None).effects()).empty


@pytest.mark.parametrize("place", ["folder", "memory"])
@pytest.mark.parametrize("workers", [1, 2])
def test_the_store_gives_back_what_the_runs_gave(tmp_path, batch, place, workers):
    store = tmp_path / "store" if place == "folder" else f"memory://{tmp_path.name}{workers}"
    plain = batch(range(1, 4), store=None)
    kept = batch(range(1, 4), store=store, workers=workers)
    assert len(kept.rows) == 6
    assert {name: list(runs) for name, runs in kept.records.items()} == {"a": [1, 2, 3], "b": [1, 2, 3]}
    for name, runs in plain.records.items():
        for seed, record in runs.items():
            again = kept.records[name][seed]
            assert again.digest == record.digest
            assert again.observables == record.observables
            assert again.dates == record.dates
            assert again.regions == record.regions
            assert {k: v.tolist() for k, v in again.weights.items()} == {
                k: v.tolist() for k, v in record.weights.items()
            }
            assert again.about["scenario"] == record.about["scenario"]
    assert sim.open_store(store).batch().records["a"][2].digest == plain.records["a"][2].digest


def test_the_same_plan_makes_only_what_is_missing_and_more_of_it_changes_nothing(tmp_path, batch, begun):
    batch(range(1, 3))
    store = sim.open_store(tmp_path / "store")
    before = digests(store)
    told = []
    again = batch(range(1, 3), progress=told.append)
    assert (told[0].total, told[0].reused) == (0, 4)
    assert len(begun()) == 4
    assert len(again.rows) == 4
    more = batch(range(1, 4), names="abc")
    assert len(begun()) == 9
    assert before.items() <= digests(store).items()
    assert len(more.rows) == 9
    assert [list(plan["scenarios"]) for plan in store.plans] == [["a", "b"], ["a", "b", "c"]]
    assert {name: len(runs) for name, runs in store.batch(0).records.items()} == {"a": 2, "b": 2}


def test_a_changed_scenario_is_another_run_beside_the_first(tmp_path, batch, begun):
    batch([1])
    changed = batch_fakes.scenario("b", parameters={"peer_pull": 0.021})
    both = run_batch([batch_fakes.scenario("a"), changed], [1], workers=1, out=tmp_path / "out",
                     store=tmp_path / "store", runner=fakes.quick)  # fmt: skip
    assert len(begun()) == 3
    store = sim.open_store(tmp_path / "store")
    assert len(store.runs()) == 3
    assert both.records["b"][1].about["run"]["scenario_digest"] == changed.digest
    assert store.batch(0).records["b"][1].about["run"]["scenario_digest"] == batch_fakes.scenario("b").digest


def test_a_failed_run_is_a_line_of_the_log_with_its_error_and_a_command_that_repeats_it(tmp_path, batch):
    [row] = batch([1, 2, 3], runner=fakes.fails_on_two).failed
    [line] = [line for line in sim.open_store(tmp_path / "store").log() if line["state"] == "failed"]
    assert line["error"] == row.error
    assert line["repeat"] == row.repeat
    assert row.repeat.split()[3:] == ["--seed", "2", "--world-seed", "0", "--store", str(tmp_path / "store")]


def test_many_small_runs_are_few_files(tmp_path, batch, monkeypatch):
    monkeypatch.setattr(tables, "TOGETHER", 25)
    monkeypatch.setattr(archive, "TOGETHER", 25)
    batch(range(1, 101))
    here = files(tmp_path / "store")
    assert sum(name.endswith(".parquet") for name in here) == 3 * 8
    assert not [name for name in here if name.startswith(("fresh", "claims", "batches"))]
    assert len(whole(sim.open_store(tmp_path / "store"))) == 200


@pytest.mark.slow
def test_a_longer_batch_holds_no_more_in_memory(batch, monkeypatch):
    """What is there after 60 and after 160 runs of one batch: no more rows, and far less than a run more."""
    monkeypatch.setattr(tables, "TOGETHER", 10)
    monkeypatch.setattr(archive, "TOGETHER", 10)
    monkeypatch.setattr(tables, "SMALL", 1)
    sizes, rows, held = {}, {}, []
    at_work = ArchiveStore.at_work
    monkeypatch.setattr(ArchiveStore, "at_work", lambda self, out: held.append(self) or at_work(self, out))

    def told(state):
        if state.row is not None and state.done == 40:
            tracemalloc.start()
        if state.row is not None and state.done in (60, 160):
            gc.collect()
            sizes[state.done] = tracemalloc.get_traced_memory()[0]
            rows[state.done] = sum(type(kept) is Row for kept in gc.get_objects())

    try:
        batch(range(1, 81), progress=told)
    finally:
        tracemalloc.stop()
    assert rows[60] >= 1, "the row of the run that has just ended is seen"
    assert rows[160] <= rows[60] + 2
    assert sizes[160] - sizes[60] < 100_000, "a packed run has a megabyte; threads and libraries take some kilobytes"
    [store] = held
    assert "sum.joined" in store.columns
    assert len(store.parquet._schemas) > 10
    assert len(store.parquet._kinds) <= 3, "a kind of file (runs, weeks, cells) is described once"
    assert not store._elsewhere


def test_the_tables_are_plain_parquet(tmp_path, batch):
    pq = pytest.importorskip("pyarrow.parquet")
    found = batch([1, 2])
    weeks = pq.read_table(tmp_path / "store" / "weeks").to_pandas()
    record = found.records["b"][2]
    mine = weeks[(weeks.scenario == "b") & (weeks.seed == 2)]
    assert mine["joined"].tolist() == record.frame()["joined"].tolist()
    assert mine["region"].tolist() == record.frame()["region"].tolist()
    runs = pq.read_table(tmp_path / "store" / "runs").to_pandas().set_index(["scenario", "seed"])
    assert np.allclose(runs.loc[("b", 2), "sum.joined"], record["joined"].sum(axis=0))
    assert np.allclose(runs.loc[("b", 2), "mean.trust"], record["trust"][-52:].mean(axis=0))
    batches = list(sim.open_store(tmp_path / "store").weeks(["joined"]))
    assert sum(len(one) for one in batches) == len(weeks)


def test_effects_read_no_weeks_but_those_of_one_run_of_each_scenario(tmp_path, batch, monkeypatch):
    found = batch(range(1, 5))
    read = []
    record = ArchiveStore.record
    monkeypatch.setattr(ArchiveStore, "record", lambda self, *where: read.append(where) or record(self, *where))
    found.effects()
    assert len(read) == 2


def test_fresh_runs_are_read_before_they_are_in_parquet(tmp_path, batch, monkeypatch):
    monkeypatch.setattr(ArchiveStore, "pack", lambda self, least=0: None)
    found = batch([1, 2])
    assert len([name for name in files(tmp_path / "store") if name.endswith(".run")]) == 4
    assert len(found.rows) == 4
    assert len(found.effects()) > 0
    monkeypatch.undo()
    first = found.records["a"][1].digest
    reader = sim.open_store(tmp_path / "store").batch().records["a"]
    assert len(reader) == 2
    run_batch([batch_fakes.scenario("a")], [1], out=tmp_path / "out", store=tmp_path / "store", runner=fakes.quick)
    assert not [name for name in files(tmp_path / "store") if name.endswith(".run")]
    assert reader[1].digest == first, "found again where it has gone meanwhile"


@pytest.mark.parametrize("step", range(8))
def test_a_full_disk_loses_nothing_that_was_finished(tmp_path, batch, begun, monkeypatch, step):
    """The disk fills up after so many files, in the middle of one."""
    batch([1])
    good = digests(sim.open_store(tmp_path / "store"))
    left = [step]
    put = Files.writing

    def full(self, name):
        left[0] -= 1
        if left[0] >= 0:
            return put(self, name)
        folder, _, last = self.at(name).rpartition("/")
        Path(folder, f".{last}~{self.me}").write_bytes(b"PAR1 half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Files, "writing", full)
    with pytest.raises((OSError, InputError), match="No space left"):
        batch([1, 2, 3])
    monkeypatch.setattr(Files, "writing", put)
    store = sim.open_store(tmp_path / "store")
    assert good.items() <= digests(store).items()
    finished = len(store.runs())
    before = len(begun())
    batch([1, 2, 3])
    assert len(begun()) == before + 6 - finished
    assert len(whole(store)) == 6
    assert not [name for name in files(tmp_path / "store") if "~" in name], "what was half-written is gone"


def one_by_one(tmp_path, seeds):
    """A batch for each run: as many as MANY leave as many small files."""
    for seed in seeds:
        run_batch([batch_fakes.scenario("a")], [seed], out=tmp_path / "out", store=tmp_path / "store",
                  runner=fakes.quick)  # fmt: skip


def parquet(tmp_path, folder="runs"):
    return sorted(name for name in files(tmp_path / "store") if name.startswith(f"{folder}/"))


def test_tiny_batches_do_not_leave_many_files(tmp_path, begun):
    one_by_one(tmp_path, range(1, MANY))
    before = digests(sim.open_store(tmp_path / "store"))
    reader = sim.open_store(tmp_path / "store")
    held = reader.runs()["digest"].to_dict()
    [(_, first)] = reader.batch(0).records["a"].items()
    kept = reader.batch(1).records["a"]
    assert len(parquet(tmp_path)) == MANY - 1
    one_by_one(tmp_path, [MANY])
    for folder in ("runs", "weeks", "cells"):
        assert len(parquet(tmp_path, folder)) == 1
    after = digests(sim.open_store(tmp_path / "store"))
    assert before.items() <= after.items()
    assert len(after) == MANY == len(whole(sim.open_store(tmp_path / "store")))
    assert reader.runs()["digest"].to_dict().items() >= held.items(), "who has the store open finds them again"
    assert {first.digest, *(record.digest for record in kept.values())} <= set(held.values())
    assert len(kept) == 1
    one_by_one(tmp_path, range(1, MANY + 3))
    assert len(begun()) == MANY + 2, "none is made again"
    assert len(parquet(tmp_path)) == 3


@pytest.mark.parametrize("step", range(6))
@pytest.mark.parametrize("what", ["writing", "remove"])
def test_a_batch_that_dies_while_it_puts_files_together_loses_and_doubles_nothing(
    tmp_path, begun, monkeypatch, what, step
):
    one_by_one(tmp_path, range(1, MANY))
    left, usual, merging = [step], getattr(Files, what), []
    rewrite = Parquet._rewrite
    monkeypatch.setattr(Parquet, "_rewrite", lambda self, some: merging.append(1) or rewrite(self, some))

    def dies(self, name):
        left[0] -= bool(merging)
        if merging and left[0] < 0:
            raise KeyboardInterrupt
        return usual(self, name)

    monkeypatch.setattr(Files, what, dies)
    with suppress(KeyboardInterrupt):
        one_by_one(tmp_path, [MANY])
    assert merging
    monkeypatch.undo()
    monkeypatch.setenv("KUMAKAN_TEST_LOG", str(tmp_path / "begun.log"))
    for sign in (tmp_path / "store" / "batches").iterdir():
        sign.unlink()  # this process lives on; its batch is dead
    assert len(sim.open_store(tmp_path / "store").runs()) == MANY, "each once, whatever was left behind"
    one_by_one(tmp_path, range(1, MANY + 2))
    assert len(begun()) == MANY + 1
    assert len(whole(sim.open_store(tmp_path / "store"))) == MANY + 1
    assert len(parquet(tmp_path)) == len(parquet(tmp_path, "weeks")) == len(parquet(tmp_path, "cells")) <= 2


def test_a_torn_line_of_the_log_spoils_no_other(tmp_path, batch):
    batch([1])
    with (tmp_path / "store" / "log.jsonl").open("a") as log:
        log.write('{"run": "torn')
    batch([1, 2])
    store = sim.open_store(tmp_path / "store")
    assert [(line["scenario"], line["seed"]) for line in store.log()] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def start(tmp_path, seeds, workers=2):
    return subprocess.Popen(
        [sys.executable, HERE / "archive_fakes.py", tmp_path / "store", tmp_path / "out", str(seeds), str(workers)],
        env={**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parents[1]}"}, start_new_session=True,
    )  # fmt: skip


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def children(pid):
    import psutil

    return [child for child in psutil.Process(pid).children() if "spawn_main" in " ".join(child.cmdline())]


@pytest.mark.slow
def test_a_killed_worker_costs_nothing(tmp_path, begun):
    parent = start(tmp_path, 20)
    log = tmp_path / "store" / "log.jsonl"
    wait_for(lambda: log.exists() and len(log.read_text().splitlines()) > 4)
    children(parent.pid)[0].kill()
    assert parent.wait(60) == 0
    store = sim.open_store(tmp_path / "store")
    assert len(whole(store)) == 40
    assert all(line["state"] == "done" for line in store.log())
    assert len(begun()) <= 40 + 1


@pytest.mark.slow
def test_a_killed_parent_loses_no_finished_run_and_the_next_one_repeats_none(tmp_path, begun):
    luck = random.Random(1)
    seen = {}
    for _ in range(4):
        many = len(begun())
        parent = start(tmp_path, 60)
        wait_for(lambda many=many: len(begun()) > many + 8)
        time.sleep(luck.random() * 0.3)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        store = sim.open_store(tmp_path / "store")
        now = digests(store)
        assert seen.items() <= now.items()
        seen = now
    assert start(tmp_path, 60).wait(120) == 0
    assert seen.items() <= digests(store).items()
    assert len(whole(store)) == 120
    twice = [run for run, times in Counter(begun()).items() if times > 1]
    assert len(twice) <= 4 * 4, "only what was under way when the parent was killed"
    done = Counter(line["run"] for line in store.log() if line["state"] == "done")
    assert max(done.values()) == 1


def test_what_a_batch_is_writing_as_it_begins_is_left_alone(tmp_path, batch):
    """Its sign of life is itself half-written then, and so may be the manifest."""
    batch([1])
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    me = f"{socket.gethostname()}-{other.pid}-0a0a0a0a"
    halves = [tmp_path / "store" / "batches" / f".{me}~{me}", tmp_path / "store" / f".manifest.json~{me}"]
    for half in halves:
        half.write_bytes(b"{")
    batch([1, 2])
    assert all(half.exists() for half in halves)
    other.communicate(b"\n")
    batch([1, 2, 3])
    assert not any(half.exists() for half in halves), "nor is what it left when it was killed"


@pytest.mark.slow
def test_two_parents_on_one_store_share_the_work(tmp_path, begun):
    parents = [start(tmp_path, 100, workers=1), start(tmp_path, 100, workers=2)]
    assert [parent.wait(120) for parent in parents] == [0, 0]
    assert len(begun()) == len(set(begun())) == 200
    store = sim.open_store(tmp_path / "store")
    assert len(whole(store)) == 200
    assert len({line["by"] for line in store.log()}) == 2
    assert not [name for name in files(tmp_path / "store") if name.startswith(("fresh", "claims", "batches"))]


@pytest.mark.slow
def test_what_a_killed_parent_had_claimed_another_one_makes(tmp_path, begun):
    dead, alive = start(tmp_path, 40), start(tmp_path, 40)
    wait_for(lambda: len(begun()) > 10)
    os.kill(dead.pid, signal.SIGKILL)
    dead.wait()
    assert alive.wait(120) == 0
    assert len(whole(sim.open_store(tmp_path / "store"))) == 80


def test_a_place_that_is_no_store_is_refused(tmp_path, batch):
    with pytest.raises(InputError, match="there is no store"):
        sim.open_store(tmp_path / "nothing")
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(InputError, match="--store"):
        batch([1], store=tmp_path)
    with pytest.raises(InputError, match="--store"):
        batch([1], store=tmp_path / "mine")
    with pytest.raises(InputError, match="nor a URL that fsspec knows"):
        batch([1], store="nosuch://place")
    batch([1], store=None)
    with pytest.raises(InputError, match="is no store"):
        batch([1], store=tmp_path / "out")
    later = tmp_path / "later"
    later.mkdir()
    (later / "manifest.json").write_text(json.dumps({"store": 99, "kumakan": "9.9"}))
    with pytest.raises(InputError, match="later version"):
        sim.open_store(later)


@pytest.mark.slow
def test_the_commands_keep_runs_in_a_store_and_tables_in_out(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from sim.cli import kumakan
    from sim.views import results

    monkeypatch.setattr(results, "MAPS", ("attacks",))
    monkeypatch.setattr(results, "SERIES", ("joined",))

    (tmp_path / "a.yaml").write_text("end: 2012-03-05\npersons_per_youth: 2000\n")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\nmeasures: {joint_patrols: true}\n")
    a, b, store, out = (str(tmp_path / name) for name in ("a.yaml", "b.yaml", "store", "out"))
    one = CliRunner().invoke(kumakan, ["run", a, "--seed", "2", "--store", store, "--out", out])
    assert one.exit_code == 0, one.output
    both = CliRunner().invoke(kumakan, ["compare", a, b, "--seeds", "2", "--store", store, "--out", out])
    assert both.exit_code == 0, both.output
    assert "3 runs to make" in both.output
    assert "1 more is there already" in both.output
    assert f"Runs: {store}" in both.output
    assert {Path(name).parts[0] for name in files(out)} == {
        "effects.csv", "delivered.csv", "cost_per_person.csv", "effects_over_time.csv", "verdicts.csv", "verdicts.json",
        "luck_alone", "figures",
    }  # fmt: skip
    kept = sim.open_store(store)
    plain = sim.run(sim.load(b), seed=2)
    assert kept.batch().records["b"][2].digest == plain.digest
