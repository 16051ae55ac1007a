"""Batches: scenarios x seeds x draws of parameters, in parallel processes, each finished run kept at once.

Runs go seed by seed and draw by draw (A B C, A B C, ...), so that half a batch is already a fair comparison. A run
that fails, or takes its process down with it, is a row with its error and the command that repeats it; the others go
on.
"""

from __future__ import annotations

import multiprocessing
import os
import shlex
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sim.engine.errors import InputError
from sim.experiments.estimate import choose_workers, estimate
from sim.experiments.store import Pair, Runs, Store, folder_name, identity, keep, versions
from sim.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from sim.country import Country
    from sim.record import Record
    from sim.scenario import Scenario

Runner = Callable[..., "Record"]
OnWeek = Callable[["Country"], None]


@dataclass(frozen=True)
class Row:
    """How one run ended.

    Attributes
    ----------
    scenario, seed, draw
        Which run.
    state : {"done", "reused", "failed"}
        Made now, there already, or failed.
    folder : str
        Its run folder, empty if it failed.
    digest : str
        SHA-256 of its numbers.
    seconds : float
        Wall time.
    peak_memory_bytes : int
        Most memory its process ever held.
    error, details : str
        What went wrong, in one line and as a traceback.
    repeat : str
        The command that makes this run again.
    """

    scenario: str
    seed: int
    draw: int
    state: Literal["done", "reused", "failed"]
    folder: str = ""
    digest: str = ""
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    error: str = ""
    details: str = ""
    repeat: str = ""

    @property
    def name(self) -> str:
        """Which run, in words."""
        return f"{self.scenario}, seed {self.seed}" + (f", draw {self.draw}" if self.draw else "")


@dataclass(frozen=True)
class Progress:
    """How far a batch is: told once before the first run (`row` is None) and after every run."""

    total: int  # runs to be made now
    done: int  # of them finished or failed
    reused: int  # runs that were there already
    workers: int
    note: str  # why there are fewer workers than asked for, or empty
    row: Row | None = None


@dataclass(frozen=True)
class Batch:
    """What a batch gave: a row per run, and the records in their folders."""

    out: Path
    scenarios: tuple[str, ...]
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]
    draws: tuple[int, ...] = (0,)

    @property
    def failed(self) -> list[Row]:
        """The runs that failed."""
        return [row for row in self.rows if row.state == "failed"]

    @cached_property
    def records(self) -> dict[str, Runs]:
        """Scenario -> seed -> Record, of all that finished; a record is read when it is asked for.

        Where parameters are drawn the inner key is a `Pair` of draw and seed.
        """
        found: dict[str, dict[Any, Path]] = {name: {} for name in self.scenarios}
        for row in self.rows:
            if row.folder:
                key = row.seed if self.draws == (0,) else Pair(row.draw, row.seed)
                found[row.scenario][key] = Path(row.folder)
        return {name: Runs(dict(sorted(folders.items()))) for name, folders in found.items()}

    def effects(self, **options: Any) -> pd.DataFrame:
        """Each scenario against the first under the same draws and seeds: `sim.experiments.effects.effects`."""
        from sim.experiments.effects import effects

        return effects(self.records, self.scenarios[0], **options)

    def delivered(self) -> pd.DataFrame:
        """What the measures delivered that a scenario and the first do not share: `sim.experiments.delivered`."""
        from sim.experiments.delivered import delivered

        return delivered(self.records, self.scenarios[0])


@dataclass(frozen=True)
class Job:
    """All a worker needs to make and keep one run."""

    scenario: Scenario
    seed: int
    draw: int
    world_seed: int
    folder: Path
    command: str
    repeat: str
    runner: Runner

    def failed(self, error: str, details: str = "", seconds: float = 0.0) -> Row:
        """The row of this run if it failed."""
        return Row(
            self.scenario.name,
            self.seed,
            self.draw,
            "failed",
            seconds=seconds,
            error=error,
            details=details,
            repeat=self.repeat,
        )


def simulate(scenario: Scenario, seed: int, world_seed: int, draw: int = 0, on_week: OnWeek | None = None) -> Record:
    """One run of the model."""
    from sim.week import run  # compiles and loads the loops: only where runs are made

    return run(scenario, seed, world_seed, on_week, draw)


def compare(
    scenarios: Sequence[Scenario | str | os.PathLike[str]],
    *,
    seeds: int | None = None,
    draws: int | None = None,
    first_seed: int = 1,
    out: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Batch:
    """Run scenarios under the same seeds, and under the same draws of the parameters that are not known.

    >>> scenarios = ["scenarios/baseline.yaml", "scenarios/joint_patrols.yaml"]
    >>> sim.compare(scenarios, seeds=5).effects()                                 # doctest: +SKIP

    Parameters
    ----------
    scenarios : sequence of Scenario or path
        Two or more of the same period and `persons_per_youth`; the first is the baseline.
    seeds : int, optional
        How many seeds; run k has seed ``first_seed + k``, so more seeds later never change earlier runs. By default
        20, or 1 where parameters are drawn.
    draws : int, optional
        How many draws of the parameters, 1 to this number; left out, all runs have their central values.
    out : path, optional
        Results folder; by default ``results/`` and the names of the scenarios.
    **options
        As for `run_batch`.

    Raises
    ------
    InputError
        If the scenarios cannot be compared, or as for `run_batch`.
    """
    from sim.scenario import Scenario, load

    loaded = [s if isinstance(s, Scenario) else load(s) for s in scenarios]
    check_comparable(loaded)
    if draws is not None and draws < 1:
        raise InputError(f"{draws} draws; at least 1 is needed")
    seeds = how_many_seeds(seeds, draws)
    if seeds < 1:
        raise InputError(f"{seeds} seeds; at least 1 is needed")
    out = Path("results") / batch_name([s.name for s in loaded]) if out is None else out
    numbers = range(first_seed, first_seed + seeds)
    return run_batch(loaded, numbers, draws=range(1, draws + 1) if draws else (0,), out=out, **options)


def how_many_seeds(asked: int | None, draws: int | None) -> int:
    """The number of seeds where it is left open: each draw has luck of its own, so one seed for each will do."""
    if asked is not None:
        return asked
    return 1 if draws else 20


def batch_name(names: Sequence[str]) -> str:
    """A folder name for a batch of these scenarios: all names, or the first and how many more.

    >>> batch_name(["baseline", "joint_patrols"])
    'baseline+joint_patrols'
    """
    full = "+".join(folder_name(name) for name in names)
    return full if len(full) <= 80 else f"{folder_name(names[0])[:60]}+{len(names) - 1}-others"


def check_comparable(scenarios: Sequence[Scenario]) -> None:
    """Refuse what cannot be compared seed by seed.

    Raises
    ------
    InputError
        If there are fewer than two scenarios, or they differ in period or `persons_per_youth`.
    """
    if len(scenarios) < 2:
        raise InputError("a comparison needs two scenarios or more; the first is what the others are compared with")
    first = scenarios[0]
    for other in scenarios[1:]:
        if (other.start, other.end) != (first.start, first.end):
            raise InputError(
                f"{other.name} runs from {other.start} to {other.end},"
                f" {first.name} from {first.start} to {first.end};"
                " scenarios that are compared cover the same period"
            )
        if other.persons_per_youth != first.persons_per_youth:
            raise InputError(
                f"{other.name} has {other.persons_per_youth} persons per youth,"
                f" {first.name} {first.persons_per_youth};"
                " give the same to all with --persons-per-youth"
            )


def run_batch(
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    *,
    draws: Sequence[int] = (0,),
    workers: int | None = None,
    out: str | os.PathLike[str],
    world_seed: int = 1,
    overwrite: bool = False,
    progress: Callable[[Progress], None] | None = None,
    on_error: Callable[[Row], None] | None = None,
    on_week: OnWeek | None = None,
    command: str | None = None,
    runner: Runner = simulate,
) -> Batch:
    """Run every scenario under every seed and draw, and keep each finished run in `out`.

    Runs that are there already are not repeated. With several workers each run has a process and a core of
    its own; a script that calls this needs the usual ``if __name__ == "__main__":``.

    Parameters
    ----------
    scenarios : sequence of Scenario
        With different names.
    seeds : sequence of int
        Run seeds.
    draws : sequence of int
        Draws of the parameters; 0 is their central values.
    workers : int, optional
        Processes; by default one per core, at most one per run, and no more than memory allows. With 1 runs
        are made in this process on all cores.
    out : path
        Results folder.
    world_seed : int
        Who lives where and knows whom, the same for all runs.
    overwrite : bool
        Whether different runs in `out` may be replaced.
    progress : callable, optional
        Told how far the batch is.
    on_error : callable, optional
        Told of each failed run; what it raises ends the batch.
    on_week : callable, optional
        Told of each week, where runs are made in this process.
    command : str, optional
        What the manifest says was typed.
    runner : callable
        ``runner(scenario, seed, world_seed, draw) -> Record``, a function that worker processes can import; it also
        takes `on_week` where that is given.

    Returns
    -------
    Batch

    Raises
    ------
    InputError
        If the folder cannot be used or holds different runs.
    KeyboardInterrupt
        After Ctrl-C, when the workers are gone; finished runs stay.
    """
    names = [folder_name(s.name) for s in scenarios]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two scenarios are called {name!r}; give them different names")
    store = Store(out, overwrite=overwrite)
    store.sweep()
    command = shlex.join(["kumakan", *sys.argv[1:]]) if command is None else command
    jobs, rows = [], []
    for seed, draw, scenario in product(seeds, draws, scenarios):
        folder = store.folder(scenario, seed, draw)
        repeat = shlex.join(
            ["kumakan", "run", str(folder.with_name("scenario.yaml")), "--seed", str(seed),
             *(["--draw", str(draw)] if draw else []), "--world-seed", str(world_seed), "--out", str(out)]
        )  # fmt: skip
        there = store.finished(scenario, seed, world_seed, draw)
        job = Job(scenario, seed, draw, world_seed, folder, command, repeat, runner)
        if there is None:
            jobs.append(job)
        else:
            rows.append(_row(job, "reused", there))
    for scenario in scenarios:
        store.keep_scenario(scenario)
    memory = max((estimate(job.scenario).memory_bytes for job in jobs), default=1.0)
    many, note = choose_workers(workers, len(jobs), memory)
    reused = len(rows)

    manifest = {
        "kumakan": __version__,
        "command": command,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "state": "running",
        "baseline": scenarios[0].name,
        "scenarios": {s.name: {"path": s.path and str(s.path), "digest": s.digest, **s.resolved()} for s in scenarios},
        "seeds": list(seeds),
        "draws": list(draws),
        "world_seed": world_seed,
        "workers": many,
        "versions": versions(),
    }

    def tell(row: Row | None = None) -> None:
        if progress:
            progress(Progress(len(jobs), len(rows) - reused, reused, many, note, row))

    began = time.perf_counter()
    store.write_manifest(manifest)
    state = "interrupted"
    try:
        tell()
        with closing(_in_workers(jobs, many) if many > 1 else _in_this_process(jobs, on_week)) as finished:
            for row in finished:
                rows.append(row)
                store.log({"at": datetime.now(UTC).isoformat(timespec="seconds"), **asdict(row)})
                tell(row)
                if on_error and row.state == "failed":
                    on_error(row)
        state = "failed" if any(row.state == "failed" for row in rows) else "done"
    finally:
        wall = round(time.perf_counter() - began, 3)
        store.write_manifest({**manifest, "state": state, "wall_seconds": wall, "runs": [asdict(r) for r in rows]})
    return Batch(Path(out), tuple(s.name for s in scenarios), tuple(seeds), tuple(rows), tuple(draws))


# --- making runs --------------------------------------------------------------------------------------------


def _do(job: Job, on_week: OnWeek | None = None) -> Row:
    """Make and keep one run; a failure is a row too."""
    began = time.perf_counter()
    try:
        extra = {"on_week": on_week} if on_week else {}
        record = job.runner(job.scenario, job.seed, job.world_seed, draw=job.draw, **extra)
        record.about["run"] = identity(job.scenario, job.seed, job.world_seed, job.draw)
        record.about["versions"] = versions()
        record.about["command"] = job.command
        record.about["repeat"] = job.repeat
        record.about["wall_seconds"] = round(time.perf_counter() - began, 3)
        record.about["peak_memory_bytes"] = peak_memory()
        keep(record, job.folder)
        return _row(job, "done", {**record.about, "digest": record.digest})
    except Exception as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return job.failed(said, traceback.format_exc(), round(time.perf_counter() - began, 3))


def _row(job: Job, state: Literal["done", "reused"], there: Mapping[str, Any]) -> Row:
    """The row of a run that is in its folder, from its manifest."""
    seconds, peak = there.get("wall_seconds", 0.0), there.get("peak_memory_bytes", 0)
    return Row(
        job.scenario.name, job.seed, job.draw, state, str(job.folder), there.get("digest", ""), seconds, peak,
        repeat=job.repeat,
    )  # fmt: skip


def _in_this_process(jobs: Sequence[Job], on_week: OnWeek | None) -> Generator[Row, None, None]:
    """Runs one after the other in this process."""
    for job in jobs:
        yield _do(job, on_week)


def _in_workers(jobs: Sequence[Job], workers: int) -> Generator[Row, None, None]:
    """Runs in worker processes. Those under way when a worker died are tried once more, each alone."""
    waiting = deque(jobs)
    while waiting:
        for job in (yield from _pool(waiting, workers)):
            if (yield from _pool(deque([job]), 1)):
                yield job.failed("the worker process died; often the machine was out of memory")


def _pool(waiting: deque[Job], workers: int) -> Generator[Row, None, list[Job]]:
    """Take jobs from `waiting` until all are done or a worker died; returns those that were lost with it."""
    running: dict[Future[Row], Job] = {}
    lost: list[Job] = []
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker)
    try:
        while running or (waiting and not lost):
            while waiting and not lost and len(running) < workers:
                try:
                    with _worker_surroundings():
                        running[pool.submit(_do, waiting[0])] = waiting[0]
                except BrokenProcessPool:
                    break
                waiting.popleft()
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    lost.append(job)
                else:
                    yield future.result()
    except BaseException:  # Ctrl-C above all: nobody waits for runs that will not be used
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return lost


@contextmanager
def _worker_surroundings() -> Iterator[None]:
    """What a worker starts with: one numba thread, set before numba is imported, and deafness to Ctrl-C."""
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


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, which ends the workers; end with the parent, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def peak_memory() -> int:
    """Most memory this process ever held, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return int(getattr(psutil.Process().memory_info(), "peak_wset", 0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
