"""Where the runs of a batch are made: in this process, in processes of this machine, on a Dask cluster.

An executor takes a function and groups of jobs, and yields each job with its result as jobs end, in any order:

    for job, result in in_processes(work, groups, workers=2): ...

`result` is what `work(job)` returned, or `Lost` if two processes died while they worked on this job. Jobs of one group
share a past that a worker remembers, so they go to one worker, one after the other, while there are other groups for
the other workers. The next group is read only when a worker is free for it, so a plan may be of any length. Closing the
generator ends the workers.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from multiprocessing.connection import wait
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple
from uuid import uuid4

from sim.engine.errors import InputError
from sim.languages import mark, tr

LOOK, ANSWER = 1.0, 10.0
"""Seconds between two looks at who is there in a cluster, and to wait for its scheduler."""
AHEAD = 2
"""Jobs a worker has: one under way and one to go on with, so that it never waits for the parent."""

SPAWN = multiprocessing.get_context("spawn")
WORKER = "kumakan-worker"
AGAIN = 86  # exit code of a worker that was about to start the batch again
NO_GUARD = mark(
    "the script would start its batch again in each worker process, which must import it for its runner; put what the"
    ' script does under the line: if __name__ == "__main__":'
)

Work = Callable[[Any], Any]
Groups = Iterable[Iterable[Any]]
Results = Generator[tuple[Any, Any], None, None]
Executor = Callable[[Work, Groups], Results]


def executor(workers: int, cluster: str | None = None) -> Executor:
    """The executor for a batch: a cluster if one is named, otherwise so many processes, or this one alone."""
    if cluster is not None:
        return partial(on_cluster, address=cluster)
    return in_this_process if workers == 1 else partial(in_processes, workers=workers)


class Lost(NamedTuple):
    """Stands for a result: the worker died while it worked on this job, and so did the next one that tried."""

    error: str


class _Queue:
    """Jobs still to be handed out. A worker finishes its own group, then takes the next, then helps another worker."""

    def __init__(self, groups: Groups) -> None:
        self._groups = iter(groups)
        self._own: dict[Any, deque[Any]] = {}

    def next(self, worker: Any) -> Any:
        """The next job for a worker; None if no job is left."""
        while not self._own.get(worker):
            group = next(self._groups, None)
            if group is None:
                break
            self._own[worker] = deque(group)
        if self._own.get(worker):
            return self._own[worker].popleft()
        longest = max(self._own.values(), key=len, default=None)
        return longest.pop() if longest else None

    def give_back(self, worker: Any, jobs: Iterable[Any]) -> None:
        """Put jobs that a worker had not begun back in front of its own."""
        self._own.setdefault(worker, deque()).extendleft(reversed(list(jobs)))


def in_this_process(work: Work, groups: Groups) -> Results:
    """One job after the other, here."""
    for group in groups:
        for job in group:
            yield job, work(job)


# --- processes of this machine ------------------------------------------------------------------------------


class _Died(Exception):
    """The process of a worker has ended."""


class _Task(NamedTuple):
    """Says to a worker what it does with the jobs that follow."""

    work: Work


class _Worker:
    """One process, and the jobs it has in the order in which it makes them.

    It has its own line to the parent. If the process dies, even in the middle of an answer, only that line ends.
    """

    def __init__(self, with_script: bool = False) -> None:
        self.jobs: deque[Any] = deque()
        self.line, theirs = SPAWN.Pipe()
        self.process = SPAWN.Process(target=_serve, args=(theirs,), name=WORKER, daemon=True)
        with _surroundings(), nullcontext() if with_script else _without_script():
            self.process.start()
        theirs.close()

    @classmethod
    def at(cls, work: Work) -> _Worker:
        """A worker that is told to do this: one that waits, or a new one."""
        with_script = needs_script(work)
        worker = _waiting.pop() if _waiting and not with_script else cls(with_script)
        with suppress(OSError):  # it has died, as `take` will find
            worker.line.send(_Task(work))
        return worker

    def give(self, job: Any) -> None:
        """Hand it one more job."""
        with suppress(OSError):  # it has died, as `take` will find
            self.line.send(job)
        self.jobs.append(job)

    def take(self) -> tuple[Any, Any]:
        """The first of its jobs, and what came of it.

        Raises
        ------
        _Died
        InputError
            If the worker ran the script again and came to its batch.
        """
        try:
            result, error = self.line.recv()
        except (OSError, EOFError):
            self.process.join()
            if self.process.exitcode == AGAIN:
                raise InputError(tr(NO_GUARD)) from None
            raise _Died from None
        if error is not None:
            raise error
        return self.jobs.popleft(), result

    def end(self, at_once: bool = False) -> None:
        """End the process."""
        if at_once:
            self.process.terminate()
        self.line.close()
        self.process.join()


_waiting: list[_Worker] = []
_kept = [0]  # blocks of `workers_kept` that are open


@contextmanager
def workers_kept() -> Iterator[None]:
    """Let the workers of a batch wait for the next one in this block. To start and load the program takes seconds."""
    _kept[0] += 1
    try:
        yield
    finally:
        _kept[0] -= 1
        while _waiting and not _kept[0]:
            _waiting.pop().end()


def in_processes(work: Work, groups: Groups, workers: int) -> Results:
    """In so many worker processes. A job that was under way when its process died is tried once more, alone."""
    queue = _Queue(groups)
    again: list[Any] = []
    staff = [_Worker.at(work) for _ in range(workers)]
    whole = False
    try:
        while True:
            for place, worker in enumerate(staff):
                while len(worker.jobs) < AHEAD and (job := queue.next(place)) is not None:
                    worker.give(job)
            busy: dict[Any, int] = {worker.line: place for place, worker in enumerate(staff) if worker.jobs}
            if not busy:
                break
            for line in wait(list(busy)):
                place = busy[line]
                try:
                    yield staff[place].take()
                except _Died:
                    lost = list(staff[place].jobs)  # the first was under way, the others had not begun
                    again.extend(lost[:1])
                    queue.give_back(place, lost[1:])
                    staff[place].end()
                    staff[place] = _Worker.at(work)
        for job in again:
            staff.append(alone := _Worker.at(work))
            alone.give(job)
            try:
                yield alone.take()
            except _Died:
                yield job, Lost("the worker process died; often the machine was out of memory")
            staff.pop().end()
        whole = True
    finally:
        for worker in staff:
            if whole and _kept[0] and not needs_script(work):
                _waiting.append(worker)
            else:  # after Ctrl-C nobody waits for runs that will not be used
                worker.end(at_once=not whole)


def _serve(line: Any) -> None:
    """The loop of a worker: jobs come in and answers go out until the parent is gone. The parent handles Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs: SimpleQueue[Any] = SimpleQueue()

    def listen() -> None:  # beside the work, so that the parent never waits to hand out a job
        try:
            while True:
                jobs.put(line.recv())
        except (OSError, EOFError):
            os._exit(0)
        except BaseException:  # a job that cannot be read here
            traceback.print_exc()
            os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    work: Work = _nothing
    while True:
        job = jobs.get()
        if isinstance(job, _Task):
            work = job.work
            continue
        answer: tuple[Any, BaseException | None]
        try:
            answer = work(job), None
        except BaseException as error:
            answer = None, error
        line.send(answer)


def _nothing(job: Any) -> None:
    """What a worker does that was told nothing yet."""


def needs_script(work: Work) -> bool:
    """Whether workers have to import the script that is run, as something in `work` is defined there.

    Raises
    ------
    InputError
        If they cannot import it.
    """
    try:
        mine = b"__main__" in pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError) as problem:
        raise InputError(
            tr(
                "the runner cannot be sent to worker processes ({problem}); use a function of a module or of a script"
                " in a file, or workers=1",
                problem=problem,
            )
        ) from None
    script = sys.modules["__main__"]
    if mine and not script.__spec__ and not os.path.isfile(getattr(script, "__file__", "")):
        raise InputError(
            tr(
                "worker processes cannot import the runner, as it stands in no file; use a function of a module or of a"
                " script in a file, or workers=1"
            )
        )
    return mine


@contextmanager
def _without_script() -> Iterator[None]:
    """Hide the script that is run from a process that is started: it then does not run the script a second time."""
    script = vars(sys.modules["__main__"])
    hidden: dict[str, Any] = {name: script.pop(name) for name in ("__file__", "__spec__") if name in script}
    script["__spec__"] = None
    try:
        yield
    finally:
        script.pop("__spec__")
        script.update(hidden)


def leave_if_again() -> None:
    """End this process if it is a worker that is only just importing the script, which has no guard."""
    here = multiprocessing.current_process()
    if here.name == WORKER and getattr(here, "_inheriting", False):
        os._exit(AGAIN)


@contextmanager
def _surroundings() -> Iterator[None]:
    """The environment in which a worker starts: one numba thread, set before numba is imported, and Ctrl-C blocked."""
    before = os.environ.get("NUMBA_NUM_THREADS")
    os.environ["NUMBA_NUM_THREADS"] = "1"
    can_mask = hasattr(signal, "pthread_sigmask")  # not on Windows
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if can_mask else set()
    try:
        yield
    finally:
        if before is None:
            del os.environ["NUMBA_NUM_THREADS"]
        else:
            os.environ["NUMBA_NUM_THREADS"] = before
        if can_mask:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


# --- a Dask cluster -----------------------------------------------------------------------------------------


def on_cluster(work: Work, groups: Groups, address: str) -> Results:
    """On the workers of a Dask scheduler, including workers that join later. They also make the runs of a dead worker.

    Raises
    ------
    InputError
        If Dask is not installed, or no scheduler answers.
    """
    client = connect(address)
    queue = _Queue(groups)
    running: dict[Any, tuple[str, Any]] = {}
    over: SimpleQueue[Any] = SimpleQueue()
    try:
        while True:
            with _answering(address):
                workers = list(client.nthreads())
            for worker in workers:
                while sum(at == worker for at, _ in running.values()) < AHEAD and (job := queue.next(worker)):
                    with _answering(address):
                        future = client.submit(
                            _alone, work, job, key=f"kumakan-{uuid4().hex}", workers=[worker], allow_other_workers=True
                        )
                    running[future] = worker, job
                    future.add_done_callback(over.put)
            if workers and not running:
                break
            with suppress(Empty):
                future = over.get(timeout=LOOK)
                _, job = running.pop(future)
                with _answering(address, CancelledError):
                    result = _result(future)
                yield job, result
                future.release()
    finally:
        with suppress(Exception):  # nobody may be there to hear it
            client.cancel(list(running))
        client.close(timeout=ANSWER)


@contextmanager
def _answering(address: str, error: type[Exception] = Exception) -> Iterator[None]:
    """Whatever goes wrong while the scheduler is asked says that it is gone."""
    try:
        yield
    except error as problem:
        why = problem or type(problem).__name__
        raise ConnectionError(f"the Dask scheduler at {address} is gone ({why})") from None


def workers_of(address: str) -> int:
    """The number of workers that a cluster has now."""
    with connect(address) as client:
        return len(client.nthreads())


def connect(address: str) -> Any:
    """A client of the scheduler at this address."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            tr("--cluster needs Dask; install it with: python -m pip install 'kumakan[cluster]'")
        ) from None
    try:
        return Client(address, timeout=ANSWER)
    except (OSError, ValueError, TypeError) as problem:  # TypeError: an address with TLS, and no key
        raise InputError(
            tr("no Dask scheduler answers at {address} ({problem})", address=address, problem=problem)
        ) from None


def _result(future: Any) -> Any:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        return Lost("the workers of the cluster that made this run died; often they were out of memory")


_lock = threading.Lock()


def _alone(work: Work, job: Any) -> Any:
    """One job at a time in a worker, with one thread, however many threads Dask gives it."""
    with _lock:
        os.environ["NUMBA_NUM_THREADS"] = "1"
        if "numba" in sys.modules:
            sys.modules["numba"].set_num_threads(1)
        return work(job)
