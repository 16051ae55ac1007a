"""Executors: every job is answered once, whatever happens to the process that has it."""

import gc
import multiprocessing.connection
import os
import signal
import struct
import time
from contextlib import closing

import pytest

from sim.batches.executors import Lost, in_processes, in_this_process, workers_kept


def double(job):
    return 2 * job


def dies_in_the_middle_of_its_answer(job):
    """Job 3 leaves a thousand bytes announced and ten written, then is killed."""
    if job == 3:
        [line] = [thing for thing in gc.get_objects() if isinstance(thing, multiprocessing.connection.Connection)]
        os.write(line.fileno(), struct.pack("!i", 1000) + b"0123456789")
        os.kill(os.getpid(), signal.SIGKILL)
    return double(job)


def raises_on_three(job):
    if job == 3:
        raise OSError("no such thing as three")
    return double(job)


def who(job):
    return os.getpid()


def large(job):
    time.sleep(0.001)
    return bytes(job)


@pytest.mark.parametrize("executor", [in_this_process, lambda work, groups: in_processes(work, groups, 2)])
def test_every_job_is_answered_once(executor):
    groups = [[1, 2, 3], [4], [], [5, 6]]
    assert sorted(executor(double, groups)) == [(job, 2 * job) for job in range(1, 7)]


def test_a_worker_that_dies_in_the_middle_of_its_answer_is_not_waited_for():
    found = dict(in_processes(dies_in_the_middle_of_its_answer, [[job] for job in range(8)], workers=2))
    assert isinstance(found.pop(3), Lost)
    assert found == {job: 2 * job for job in range(8) if job != 3}


def test_an_error_of_the_work_is_the_error_and_no_death():
    with pytest.raises(OSError, match="no such thing as three"):
        list(in_processes(raises_on_three, [range(8)], workers=2))


def test_large_jobs_and_answers_do_not_wait_for_each_other():
    """Far more than a pipe holds, both ways at once."""
    jobs = [b"x" * 3_000_000 for _ in range(6)]
    answers = list(in_processes(len, [[job] for job in jobs], workers=2))
    assert [answer for _, answer in answers] == [3_000_000] * 6
    assert [len(answer) for _, answer in in_processes(large, [[3_000_000]] * 6, workers=2)] == [3_000_000] * 6


def test_closing_ends_the_workers():
    before = set(multiprocessing.active_children())
    with closing(in_processes(large, [[1]] * 100, workers=2)) as results:
        next(results)
        assert len(set(multiprocessing.active_children()) - before) == 2
    assert not set(multiprocessing.active_children()) - before


def test_workers_wait_for_the_next_batch_where_they_are_kept():
    """They do what the next batch asks, as many as it asks for; a death costs a job no more than elsewhere."""
    before = set(multiprocessing.active_children())
    with workers_kept():
        first = {pid for _, pid in in_processes(who, [[job] for job in range(20)], workers=2)}
        assert sorted(in_processes(double, [[1, 2], [3]], workers=2)) == [(1, 2), (2, 4), (3, 6)]
        assert {pid for _, pid in in_processes(who, [[1, 2], [3]], workers=1)} <= first
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        assert sorted(in_processes(double, [[1, 2], [3]], workers=2)) == [(1, 2), (2, 4), (3, 6)]
        with closing(in_processes(large, [[1]] * 100, workers=2)) as results:
            next(results)
        assert not set(multiprocessing.active_children()) - before  # after an end before the end, nobody is kept
    list(in_processes(double, [[1]], workers=2))
    assert not set(multiprocessing.active_children()) - before
