"""Making runs: which are still waiting, what a worker does with one, and how far that is."""

from __future__ import annotations

import shlex
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sim.batches.executors import Executor, Lost
from sim.batches.pasts import Past, live, pasts
from sim.batches.plan import Plan
from sim.engine.errors import InputError
from sim.languages import tr
from sim.stores.folder import keep
from sim.stores.packed import pack
from sim.stores.run import Row, Run, facts_of, versions
from sim.stores.sources import sources_digest
from sim.stores.store import Store
from sim.version import __version__

if TYPE_CHECKING:
    from sim.country import Country
    from sim.record import Record
    from sim.scenario import Scenario

WAIT = 0.5
"""Seconds between two looks at runs that another batch is making."""

Runner = Callable[..., "Record"]
OnWeek = Callable[["Country"], None]


@dataclass(frozen=True)
class Progress:
    """How far a batch is; said once before the first run (`row` is None) and after every run."""

    total: int  # runs to be made now
    done: int  # of them finished or failed
    reused: int  # runs that were there already
    workers: int
    note: str  # why there are fewer workers than asked for, or empty
    weeks: int  # of a run
    row: Row | None = None
    compiles: bool = False  # whether the first run has to compile the loops, before its first week
    damaged: tuple[str, ...] = ()  # files of the store that were set aside, and why


OnProgress = Callable[[Progress], None]


@contextmanager
def watched(
    progress: bool | OnProgress | None, on_week: OnWeek | None
) -> Iterator[tuple[OnProgress | Literal[False], OnWeek | None]]:
    """The functions to call after each run and each week: those given, or those of a bar."""
    if callable(progress) or progress is False:
        yield progress, on_week
        return
    if progress not in (None, True):
        raise InputError(tr("progress is {progress}; it must be True, False or a function", progress=repr(progress)))
    bar = import_module("sim.views.progress").progress  # views are above this floor: fetched by name when needed
    with bar(progress) as (told, lived):
        yield told or False, on_week or lived


# --- runs that are still to be made -------------------------------------------------------------------------


class Job(NamedTuple):
    """All that a worker needs to make one run, and to write it where the store has a folder for it."""

    run: Run
    folder: Path | None
    command: str
    repeat: str
    past: Past | None = None

    def row(self, state: Literal["done", "failed"], **facts: Any) -> Row:
        """How this run ended."""
        return Row(self.run.scenario.name, self.run.seed, self.run.draw, state, repeat=self.repeat, **facts)


class Waiting:
    """The runs of a plan that are still to be made, handed out in groups as workers are free.

    Attributes
    ----------
    total, done, reused, failed : int
        Runs to be made, those of them that ended, those that were there already, those that failed.
    weeks, weeks_shared : int
        Weeks of the runs that were made, and how many of them were copied from another run.
    """

    def __init__(self, plan: Plan, store: Store, command: str, share: bool) -> None:
        self.plan, self.store, self.command, self.share = plan, store, command, share
        self._shared: dict[tuple[str, ...], list[Past | None]] = {}
        self._elsewhere: list[Run] = []  # claimed by other batches
        self.done = self.failed = self.weeks = self.weeks_shared = 0
        there = [store.finished(run) for run in chain.from_iterable(plan)]
        self.reused = sum(there)
        self.total = len(there) - self.reused

    @property
    def copies(self) -> int:
        """Copies of the country that a worker keeps, at most, for runs that share a past."""
        found = pasts(self.plan.scenarios, "") if self.share else []
        return len({name for past in found if past for name in past.kin[1:]})

    def __iter__(self) -> Iterator[list[Job]]:
        groups: Iterable[list[Run]] = [[run] for run in self._elsewhere] if self._elsewhere else self.plan
        self._elsewhere = []
        for group in groups:
            runs = [run for run in group if self._free(run)]
            if runs:
                yield [self._job(run, past) for run, past in zip(runs, self._pasts(runs), strict=True)]

    def made(self, work: Callable[[Job], tuple[Row, bytes]], made_by: Executor) -> Generator[Row, None, None]:
        """Make and keep all runs. Those that another batch is making are waited for, and made if that batch dies."""
        while True:
            with closing(made_by(work, self)) as results:
                for job, result in results:
                    row, packed = (job.row("failed", error=result.error), b"") if isinstance(result, Lost) else result
                    self.store.keep(job.run, row, packed)
                    self.done += 1
                    if row.state == "failed":
                        self.failed += 1
                    else:
                        self.weeks += job.run.scenario.clock.weeks
                        self.weeks_shared += row.shared_weeks
                    yield row
            if not self._elsewhere:
                return
            time.sleep(WAIT)

    def _pasts(self, runs: Sequence[Run]) -> Sequence[Past | None]:
        """Where each of these runs begins. What scenarios share is the same for every seed."""
        if not self.share or len(runs) == 1:
            return [None] * len(runs)
        digests = tuple(run.digest for run in runs)
        if digests not in self._shared:
            self._shared = {digests: pasts([run.scenario for run in runs], "")}
        group = f"{runs[0].id}-{len(runs)}"
        return [past and replace(past, group=group) for past in self._shared[digests]]

    def _free(self, run: Run) -> bool:
        """Whether a run has to be made, and this batch is the one to make it."""
        if self.store.finished(run):
            return False
        if self.store.take(run):
            return True
        if self.store.finished(run):  # just now, by another batch
            self.total, self.reused = self.total - 1, self.reused + 1
        else:
            self._elsewhere.append(run)
        return False

    def _job(self, run: Run, past: Past | None) -> Job:
        repeat = ["kumakan", "run", str(self.store.scenario_file(run.scenario, run.digest)), "--seed", str(run.seed)]
        repeat += ["--draw", str(run.draw)] if run.draw else []
        repeat += ["--world-seed", str(run.world_seed), *self.store.options]
        return Job(run, self.store.folder(run), self.command, shlex.join(repeat), past)


# --- making a run -------------------------------------------------------------------------------------------


def simulate(
    scenario: Scenario,
    seed: int,
    world_seed: int,
    draw: int = 0,
    on_week: OnWeek | None = None,
    past: Past | None = None,
) -> Record:
    """One run of the model, from its first week or from the end of a past that it shares with others."""
    if past is not None:
        return live(scenario, seed, world_seed, draw, past, on_week)
    from sim.week import run  # compiles and loads the loops: only where runs are made

    return run(scenario, seed, world_seed=world_seed, on_week=on_week, draw=draw)


def do(job: Job, runner: Runner, on_week: OnWeek | None = None) -> tuple[Row, bytes]:
    """Make one run; write it to its folder, or give it back packed. A failure is a row with its error."""
    began = time.perf_counter()
    try:
        extra: dict[str, Any] = {"on_week": on_week} if on_week else {}
        extra |= {"past": job.past} if job.past else {}
        run = job.run
        if (run.identity["version"], run.identity["sources"]) != (__version__, sources_digest()):
            raise InputError(tr("this worker has another version of kumakan than the batch; install the same on both"))
        record = runner(run.scenario, run.seed, run.world_seed, draw=run.draw, **extra)
        record.about["run"] = run.identity
        record.about["versions"] = versions()
        record.about["command"] = job.command
        record.about["repeat"] = job.repeat
        record.about["wall_seconds"] = round(time.perf_counter() - began, 3)
        record.about["peak_memory_bytes"] = peak_memory()
        if job.folder is not None:
            keep(record, job.folder)
        folder = "" if job.folder is None else str(job.folder)
        digest = record.digest
        row = job.row("done", folder=folder, **facts_of({**record.about, "digest": digest}))
        return row, b"" if job.folder else pack(record, digest)
    except Exception as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        seconds = round(time.perf_counter() - began, 3)
        return job.row("failed", error=said, details=traceback.format_exc(), seconds=seconds), b""


def peak_memory() -> int:
    """The most memory that this process ever held, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return int(getattr(psutil.Process().memory_info(), "peak_wset", 0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
