"""A Dask cluster: a scheduler and workers in processes of their own, one of which is killed."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import sim
from sim.batches.batch import run_batch
from sim.engine.errors import InputError
from tests.batches import batch_fakes
from tests.stores import archive_fakes as fakes

HERE = Path(__file__).parent


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """The address of a scheduler, and the processes of its two workers."""
    pytest.importorskip("distributed")
    log = tmp_path / "begun.log"
    log.touch()
    monkeypatch.setenv("KUMAKAN_TEST_LOG", str(log))
    environment = {**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parents[1]}"}
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file], **quiet
    )
    address, end = "", time.monotonic() + 60
    while not address and time.monotonic() < end:
        time.sleep(0.05)
        with suppress(FileNotFoundError, ValueError):  # not there yet, or half-written
            address = json.loads(file.read_text())["address"]
    workers = [
        subprocess.Popen([*dask, "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"], **quiet)
        for _ in range(2)
    ]
    from distributed import Client

    with Client(address, timeout=60) as client:
        client.wait_for_workers(2, timeout=60)
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_cluster_gives_the_same_runs_and_a_killed_worker_costs_none(tmp_path, cluster):
    address, workers = cluster
    scenarios = [batch_fakes.scenario("a"), batch_fakes.scenario("b")]
    done = []

    def kill_one(state):
        done.append(state)
        if state.done == 10:
            workers[0].kill()

    here = run_batch(scenarios, range(1, 21), workers=1, out=tmp_path, store=tmp_path / "here", runner=fakes.quick)
    there = run_batch(scenarios, range(1, 21), out=tmp_path, store=tmp_path / "there", runner=fakes.short,
                      cluster=address, progress=kill_one)  # fmt: skip
    assert done[0].workers == 2
    assert workers[0].poll() is not None
    assert not there.failed
    assert {(row.scenario, row.seed, row.digest) for row in there.rows} == {
        (row.scenario, row.seed, row.digest) for row in here.rows
    }
    runs = sim.open_store(tmp_path / "there").runs()
    assert len(runs) == 40
    assert runs.index.is_unique


@pytest.mark.slow
def test_a_run_of_the_model_is_the_same_on_a_cluster(tmp_path, cluster):
    scenario = batch_fakes.scenario("a", end="2012-02-06")
    there = run_batch([scenario], [1, 2], out=tmp_path / "out", store=tmp_path / "there", cluster=cluster[0])
    assert there.records["a"][2].digest == sim.run(scenario, seed=2).digest


@pytest.mark.slow
def test_a_run_that_fails_on_a_cluster_is_a_row(tmp_path, cluster):
    scenarios = [batch_fakes.scenario("a"), batch_fakes.scenario("b")]
    found = run_batch(scenarios, [1, 2], out=tmp_path, store=tmp_path / "there", runner=fakes.fails_on_two,
                      cluster=cluster[0])  # fmt: skip
    assert [(row.scenario, row.seed, row.error) for row in found.failed] == [
        ("b", 2, "ZeroDivisionError: no recruiters left to divide by")
    ]


def test_a_cluster_needs_a_store_and_a_scheduler(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    from sim.batches import executors

    scenarios = [batch_fakes.scenario("a")]
    with pytest.raises(InputError, match="--store"):
        run_batch(scenarios, [1], out=tmp_path / "out", cluster="tcp://127.0.0.1:1")
    monkeypatch.setattr(executors, "ANSWER", 0.2)
    with pytest.raises(InputError, match="no Dask scheduler answers"):
        run_batch(scenarios, [1], out=tmp_path / "out", store=tmp_path / "store", cluster="tcp://127.0.0.1:1")


def test_an_address_with_tls_needs_a_key():
    pytest.importorskip("distributed")
    from sim.batches.executors import connect

    with pytest.raises(InputError, match=r"no Dask scheduler answers at tls://127\.0\.0\.1:1 \(.*TLS"):
        connect("tls://127.0.0.1:1")


@pytest.mark.slow
def test_a_scheduler_that_dies_is_named_and_finished_runs_are_kept(tmp_path, cluster):
    import psutil

    address, workers = cluster
    scenarios = [batch_fakes.scenario("a"), batch_fakes.scenario("b")]

    def kill(progress):
        if progress.done == 4:
            siblings = psutil.Process(workers[0].pid).parent().children()
            [scheduler] = [one for one in siblings if "scheduler" in one.cmdline()]
            scheduler.kill()

    at = {"out": tmp_path / "out", "store": tmp_path / "store", "runner": fakes.short}
    with pytest.raises(ConnectionError, match=f"the Dask scheduler at {address} is gone"):
        run_batch(scenarios, range(1, 41), cluster=address, progress=kill, **at)
    assert len(sim.open_store(tmp_path / "store").runs()) >= 4
