"""Which batch is at work: told by its process, or by signs that stand still, and never by the clock on the wall."""

import json
import os
import socket
import subprocess
import sys
import time

import psutil
import pytest

from sim.batches.batch import run_batch
from sim.stores import claims as signs
from sim.stores.archive import ArchiveStore
from sim.stores.claims import LEASE, Claims
from sim.stores.files import Files
from tests.batches import batch_fakes as fakes


@pytest.fixture
def claims(tmp_path):
    """The claims of this process in a place where another batch claims `work`."""
    for folder in ("batches", "claims"):
        (tmp_path / folder).mkdir()
    (tmp_path / "claims" / "work.0").write_text("other")
    return Claims(Files(str(tmp_path)))


@pytest.fixture
def other():
    """A process that lives until its end is asked for."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def sign(tmp_path):
    """Write the sign of life of the other batch."""

    def write(pid, beats=0, **facts):
        about = {
            "host": socket.gethostname(),
            "pid": pid,
            "since": signs.started(pid),
            **signs.machine(),
            "beats": beats,
        }
        (tmp_path / "batches" / "other").write_text(json.dumps({**about, **facts}))

    return write


def test_a_step_of_the_clock_makes_no_living_batch_dead(claims, other, sign, monkeypatch):
    sign(other.pid)
    born = psutil.Process.create_time
    if sys.platform == "linux":  # where psutil adds the time of the clock to that of the machine
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: born(self) + 7.0)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert not claims.take("work")
    claims.clear_up()
    assert claims.others() == ["other"]


def test_a_batch_whose_process_is_gone_or_is_another_one_is_dead(claims, other, sign):
    sign(other.pid, since="12345")
    assert claims.take("work"), "its number was given to another process"
    claims.release("work")
    sign(other.pid)
    assert claims.others()
    other.kill()
    while psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert not claims.others(), "nobody has asked yet how it ended"
    other.wait()
    assert not claims.others()


def test_a_batch_elsewhere_is_dead_when_its_sign_stands_still_on_our_watch(claims, sign, monkeypatch):
    watch = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: watch[0])
    for beats in range(4):  # seen for the first time, and again whenever it has moved
        sign(1, beats, host="elsewhere")
        assert not claims.take("work")
        watch[0] += LEASE - 1
        assert not claims.take("work")
    watch[0] += 2
    assert claims.take("work")


@pytest.mark.parametrize(("differs", "dead"), [({"boot": "before"}, True), ({"space": "pid:[1]"}, False),
                                               ({"boot": "b", "machine": "m"}, False)])  # fmt: skip
def test_after_a_restart_nobody_waits_for_the_dead_and_containers_are_machines(
    claims, other, sign, monkeypatch, differs, dead
):
    here = {"machine": "this", "boot": "now", "space": "pid:[7]"}
    monkeypatch.setattr(signs, "machine", lambda: here)
    sign(other.pid, **{**here, **differs})
    assert claims.take("work") is dead


@pytest.mark.parametrize("text", ["", "{", "[]", '{"host": 3}', "\xff" * 50, "[" * 100_000])
def test_signs_and_claims_that_are_damaged_hold_up_nobody(tmp_path, claims, text):
    (tmp_path / "batches" / "other").write_bytes(text.encode("latin1"))
    (tmp_path / "claims" / "work.0 (1)").write_bytes(b"other")
    assert claims.take("work")
    (tmp_path / "claims" / "more.0").write_bytes(text.encode("latin1")[:50])
    assert claims.take("more")


def beside(scenario, seed, world_seed, draw=0):
    """A run in the middle of which the same batch is begun once more."""
    run_batch([fakes.scenario("a")], [1], out=os.environ["KUMAKAN_TEST_OUT"], workers=1, runner=fakes.quick)
    return fakes.quick(scenario, seed, world_seed, draw)


def test_two_batches_do_not_fill_one_results_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KUMAKAN_TEST_OUT", str(tmp_path / "out"))
    made = run_batch([fakes.scenario("a")], [1], out=tmp_path / "out", workers=1, runner=beside)
    [row] = made.failed
    assert f"is being filled by another batch (process {os.getpid()} on {socket.gethostname()})" in row.error
    again = run_batch([fakes.scenario("a")], [1], out=tmp_path / "out", workers=1, runner=fakes.quick)
    assert not again.failed
    assert not (tmp_path / "out" / ".at-work").exists()


def test_weeks_that_are_taken_away_while_a_file_is_written_leave_their_runs_where_they_are(tmp_path, monkeypatch):
    """As a batch did that took this one for dead: rows without weeks could never be read again."""
    at, usual = {"out": tmp_path / "out", "store": tmp_path / "store", "workers": 1, "runner": fakes.quick}, Files.open

    def gone(self, name):
        if name.startswith("weeks/"):
            self.remove(name)
        return usual(self, name)

    monkeypatch.setattr(Files, "open", gone)
    run_batch([fakes.scenario("a"), fakes.scenario("bb")], [1, 2], **at)
    monkeypatch.undo()
    assert len(ArchiveStore(tmp_path / "store").parquet.fresh()) == 4
    made = run_batch([fakes.scenario("a"), fakes.scenario("bb")], [1, 2], **at)
    assert len(made.effects_over_time("joined")) == 8
    assert not ArchiveStore(tmp_path / "store").parquet.fresh()
