"""Batches: scenarios x seeds x draws of parameters, each finished run kept at once.

Runs go seed by seed and draw by draw (A B C, A B C, ...), so that half a batch is already a fair comparison. A run
that fails, or takes its process down with it, is a row with its error and the command that repeats it; the others go
on.
"""

from __future__ import annotations

import os
import shlex
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sim.batches.estimate import choose_workers, estimate
from sim.batches.executors import Executor, Lost, executor, workers_of
from sim.batches.pasts import Past, forget, live, pasts
from sim.engine.errors import InputError
from sim.measures import PLUGINS
from sim.stores.archive import Archive, Kept, KeptRows
from sim.stores.folder import Runs, Store, folder_name, folder_of, keep, read_manifest
from sim.stores.packed import pack
from sim.stores.run import Run, shown_key, sources_digest, versions
from sim.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from sim.country import Country
    from sim.record import Record
    from sim.scenario import Scenario

WAIT = 0.5
"""Seconds between two looks at runs that another batch is making."""
BYTES_PER_COPY = 60.0
"""Of a country, for each of its youths."""
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
    shared_weeks : int
        Weeks that were lived before, in a run that began alike.
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
    shared_weeks: int = 0
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
    weeks: int  # of a run
    row: Row | None = None


@dataclass(frozen=True)
class Batch:
    """What a batch gave: a row per run, and the records where they are kept.

    Attributes
    ----------
    out : Path
        The results folder: tables and figures, and the runs where there is no store.
    scenarios, seeds, draws : tuple
        What was asked for.
    rows : sequence of Row
        How each run ended.
    kept : Kept or None
        The runs in the store, where one was given.
    weeks, weeks_shared : int
        Weeks of the runs made now, and how many of them needed not be lived again.
    """

    out: Path
    scenarios: tuple[str, ...]
    seeds: tuple[int, ...]
    rows: Sequence[Row]
    draws: tuple[int, ...] = (0,)
    kept: Kept | None = None
    weeks: int = 0
    weeks_shared: int = 0

    @property
    def failed(self) -> list[Row]:
        """The runs that failed."""
        rows = self.rows.failed if isinstance(self.rows, KeptRows) else self.rows
        return [row for row in rows if row.state == "failed"]

    @property
    def place(self) -> str:
        """Where the runs are, for people to read."""
        return str(self.out / "runs") if self.kept is None else self.kept.archive.place

    @property
    def listing(self) -> str:
        """The file that says how each run ended."""
        return str(self.out / "manifest.json") if self.kept is None else f"{self.kept.archive.place}/log.jsonl"

    @cached_property
    def records(self) -> Mapping[str, Mapping[Any, Record]]:
        """Scenario -> seed -> Record, of all that finished; a record is read when it is asked for.

        Where parameters are drawn the inner key is a `Key` of draw and seed.
        """
        if self.kept is not None:
            return self.kept
        found: dict[str, dict[Any, Path]] = {name: {} for name in self.scenarios}
        for row in self.rows:
            if row.folder:
                key = shown_key(row.draw, row.seed, self.draws != (0,))
                found[row.scenario][key] = Path(row.folder)
        return {name: Runs(dict(sorted(folders.items()))) for name, folders in found.items()}

    def runs(self, outcomes: Sequence[str] | None = None, region: str = "Mali") -> pd.DataFrame:
        """A row per finished run: scenario, draw, seed, region, and a column per outcome.

        >>> batch.runs(["joined", "attacks"]).groupby("scenario")["joined"].describe()   # doctest: +SKIP

        Parameters
        ----------
        outcomes : sequence of str, optional
            Outcomes or observables: sums over the run, or means over its last 52 weeks. By default the outcomes that
            scenarios are compared by.
        region : str
            One region, "Mali", or "all" for a row per run and region.

        Raises
        ------
        InputError
            For an unknown outcome or region, or where no run has finished.
        """
        from sim.comparison.outcomes import OUTCOMES
        from sim.comparison.table import table_of

        names = [o.name for o in OUTCOMES.values() if not o.elsewhere] if outcomes is None else outcomes
        table = table_of(self.records, names)
        if table is None:
            raise InputError("no run has finished, so there is no table of runs")
        return table.frame(region)

    def to_xarray(self, observables: Sequence[str] | None = None) -> xr.Dataset:
        """All weekly values by scenario, draw, seed, week and region: `sim.comparison.arrays.to_xarray`."""
        from sim.comparison.arrays import to_xarray

        return to_xarray(self.records, observables)

    def effects(self, **options: Any) -> pd.DataFrame:
        """Each scenario against the first under the same draws and seeds: `sim.comparison.effects.effects`."""
        from sim.comparison.effects import effects

        return effects(self.records, self.scenarios[0], **options)

    def effects_over_time(self, outcomes: str | Sequence[str] = "joined", **options: Any) -> pd.DataFrame:
        """The same week by week, or added up until then: `sim.comparison.effects.effects_over_time`."""
        from sim.comparison.effects import effects_over_time

        return effects_over_time(self.records, self.scenarios[0], outcomes, **options)

    def cost_per_spared(self, outcome: str = "joined") -> pd.DataFrame:
        """What it costs to spare one person (or attack, ...): `sim.comparison.worth.cost_per_spared`."""
        from sim.comparison.worth import cost_per_spared

        return cost_per_spared(self.records, self.scenarios[0], outcome)

    def needed(self, *precision: str) -> pd.DataFrame:
        """Seeds (or draws) that wished precisions need, as ``"joined=2%"``: `sim.comparison.precision.needed`."""
        from sim.comparison.precision import Wish, needed

        return needed(self.effects(), [Wish.read(text) for text in precision])

    def delivered(self) -> pd.DataFrame:
        """What the measures delivered that a scenario and the first do not share: `sim.comparison.delivered`."""
        from sim.comparison.delivered import delivered

        return delivered(self.records, self.scenarios[0])


@dataclass(frozen=True)
class Job:
    """All a worker needs to make one run, and to keep it in its folder where there is no store."""

    run: Run
    folder: Path | None
    command: str
    repeat: str
    past: Past | None = None

    def row(self, state: Literal["done", "reused", "failed"], **facts: Any) -> Row:
        """How this run ended."""
        return Row(self.run.scenario.name, self.run.seed, self.run.draw, state, repeat=self.repeat, **facts)


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

    return run(scenario, seed, world_seed, on_week, draw)


def compare(
    scenarios: Sequence[Scenario | str | os.PathLike[str]],
    *,
    seeds: int | None = None,
    draws: int | None = None,
    first_seed: int = 1,
    precision: str | Sequence[str] = (),
    at_most: int | None = None,
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
    precision : str or sequence of str
        Half-widths of 90 % intervals, such as ``"joined=50"`` or ``"joined=2%"`` (of the baseline's value): seeds (or
        draws) are added until all are reached in every scenario.
    at_most : int, optional
        To how many, with `precision`; by default 1,000.
    out : path, optional
        Results folder; by default ``results/`` and the names of the scenarios.
    **options
        As for `run_batch`.

    Raises
    ------
    InputError
        If the scenarios cannot be compared, a precision is none, or as for `run_batch`.
    """
    from sim.comparison.precision import MOST, Wish, until_precise
    from sim.scenario import Scenario, load

    loaded = [s if isinstance(s, Scenario) else load(s) for s in scenarios]
    check_comparable(loaded)
    if draws is not None and draws < 1:
        raise InputError(f"{draws} draws; at least 1 is needed")
    seeds = how_many_seeds(seeds, draws)
    if seeds < 1:
        raise InputError(f"{seeds} seeds; at least 1 is needed")
    out = Path("results") / batch_name([s.name for s in loaded]) if out is None else out
    wishes = [Wish.read(text) for text in ([precision] if isinstance(precision, str) else precision)]
    if at_most is not None and not wishes:
        raise InputError("at_most says how far precision may go; give both")

    def make(many: int) -> Batch:
        """With so many seeds, or draws where parameters are drawn."""
        numbers = range(first_seed, first_seed + (seeds if draws else many))
        return run_batch(loaded, numbers, draws=range(1, many + 1) if draws else (0,), out=out, **options)

    first = draws or seeds
    return until_precise(make, wishes, first, at_most or max(MOST, first)) if wishes else make(first)


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
    store: str | os.PathLike[str] | Archive | None = None,
    on_error: Literal["finish", "stop"] | Callable[[Row], None] = "finish",
    cluster: str | None = None,
    on_week: OnWeek | None = None,
    command: str | None = None,
    runner: Runner = simulate,
) -> Batch:
    """Run every scenario under every seed and draw, and keep each finished run in `out`, or in a store.

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
        Processes; by default one per core, at most one per run, and no more than memory allows. With 1, and where
        this session has added a measure (`sim.measures.add`), runs are made in this process on all cores.
    out : path
        Results folder.
    world_seed : int
        Who lives where and knows whom, the same for all runs.
    overwrite : bool
        Whether different runs in `out` may be replaced.
    progress : callable, optional
        Told how far the batch is.
    store : path, URL or Archive, optional
        Where runs are kept, if not in `out`: see `sim.stores.archive`.
    on_error : "finish", "stop" or callable
        What is done when a run fails: make the others, or end the batch; or a function that is told, and ends the batch
        by what it raises.
    cluster : str, optional
        Address of a Dask scheduler whose workers make the runs; they need a store.
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
    for name, times in Counter(folder_name(s.name) for s in scenarios).items():
        if times > 1:
            raise InputError(f"two scenarios are called {name!r}; give them different names")
    session = ", ".join(plugin.key for plugin in PLUGINS if plugin.text)
    if cluster is not None and session:
        raise InputError(
            f"workers of a cluster do not know {session}, added in this session; install it as an entry point"
        )
    place: Store | Archive
    if store is None:
        if cluster is not None:
            raise InputError("runs made on a cluster are kept in a store; name one with --store")
        place = Store(out, overwrite=overwrite)
    else:
        place = store if isinstance(store, Archive) else Archive(store)
    command = shlex.join(["kumakan", *sys.argv[1:]]) if command is None else command
    asked = {
        "kumakan": __version__,
        "version": __version__,
        "sources": sources_digest(),
        "command": command,
        "started": datetime.now(UTC).isoformat(timespec="microseconds"),
        "state": "running",
        "baseline": scenarios[0].name,
        "scenarios": {s.name: {"path": s.path and str(s.path), "digest": s.digest, **s.resolved()} for s in scenarios},
        "seeds": list(seeds),
        "draws": list(draws),
        "world_seed": world_seed,
        "versions": versions(),
    }
    state, began = "interrupted", time.perf_counter()
    place.begin(Path(out))
    waiting = Waiting(
        Plan(tuple(scenarios), tuple(seeds), tuple(draws), world_seed), place, command, runner is simulate
    )
    for scenario in scenarios:
        place.keep_scenario(scenario)
    try:
        needs = [estimate(scenario) for scenario in scenarios] if waiting.total else []
        copies = waiting.copies if needs else 0
        memory = max((need.memory_bytes + copies * need.youths * BYTES_PER_COPY for need in needs), default=1.0)
        many, note = choose_workers(workers, waiting.total, memory)
        if many > 1 and session:
            many, note = 1, f"worker processes do not know {session}, added in this session"
        if cluster is not None:
            many, note = workers_of(cluster), f"of the cluster at {cluster}"
        asked["workers"] = many
        place.note(asked)

        weeks = max(scenario.clock.weeks for scenario in scenarios)

        def tell(row: Row | None = None) -> None:
            if progress:
                progress(Progress(waiting.total, waiting.done, waiting.reused, many, note, weeks, row))

        tell()
        work = partial(_do, runner=runner, on_week=on_week if many == 1 and not cluster else None)
        with closing(_made(waiting, place, work, executor(many, cluster))) as made:
            for row in made:
                tell(row)
                if row.state == "failed" and callable(on_error):
                    on_error(row)
                if row.state == "failed" and on_error == "stop":
                    break
        state = "failed" if waiting.failed else "done"
    finally:
        asked |= {"state": state, "wall_seconds": round(time.perf_counter() - began, 3)}
        place.end(asked, [asdict(row) for row in waiting.rows])
    kept = Kept(place, asked) if isinstance(place, Archive) else None
    forget()
    rows = KeptRows(kept, waiting.failed) if kept else tuple(waiting.rows)
    names = tuple(s.name for s in scenarios)
    return Batch(Path(out), names, tuple(seeds), rows, tuple(draws), kept, waiting.weeks, waiting.weeks_shared)


def there_already(
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    draws: Sequence[int] = (0,),
    *,
    out: str | os.PathLike[str],
    store: str | os.PathLike[str] | None = None,
    world_seed: int = 1,
) -> Counter[str]:
    """How many runs of each scenario a results folder or store has; nothing is made or written.

    Raises
    ------
    InputError
        If there is something else at the place of the store.
    """
    runs = chain.from_iterable(Plan(tuple(scenarios), tuple(seeds), tuple(draws), world_seed))
    if store is None:
        return Counter(
            run.scenario.name for run in runs if read_manifest(folder_of(out, run)).get("run") == run.identity
        )
    archive = Archive(store, reading=True) if Archive.stands(store) else None
    there = frozenset(archive.runs([]).index) if archive else frozenset()
    return Counter(run.scenario.name for run in runs if run.id in there)


@dataclass(frozen=True)
class Plan:
    """What is asked for: seed by seed and draw by draw, every scenario."""

    scenarios: tuple[Scenario, ...]
    seeds: tuple[int, ...]
    draws: tuple[int, ...]
    world_seed: int

    def __iter__(self) -> Iterator[list[Run]]:
        """The runs of one seed and draw after those of another."""
        digests = [scenario.digest for scenario in self.scenarios]
        for seed, draw in product(self.seeds, self.draws):
            yield [
                Run(scenario, digest, seed, draw, self.world_seed)
                for scenario, digest in zip(self.scenarios, digests, strict=True)
            ]


class Waiting:
    """Runs that are still to be made, handed out in groups as workers are free for them, and how far that is."""

    def __init__(self, plan: Plan, place: Store | Archive, command: str, share: bool) -> None:
        self.place, self.command, self.share = place, command, share
        self._shared: dict[tuple[str, ...], list[Past | None]] = {}
        self.weeks = self.weeks_shared = 0  # of the runs made: in all, and not lived again
        self.plan = plan
        self.elsewhere: list[Run] = []  # claimed by other batches
        self.total = self.reused = self.done = 0
        self.rows: list[Row] = []  # without those that a store has
        for run in chain.from_iterable(plan):
            there = place.finished(run)
            self.total += not there
            self.reused += bool(there)
            if isinstance(there, Mapping):
                self.rows.append(self.job(run).row("reused", folder=str(place.folder(run)), **facts_of(there)))

    @property
    def copies(self) -> int:
        """Copies of the country that a worker keeps, at most, for runs that share a past."""
        found = pasts(self.plan.scenarios, "") if self.share else []
        return len({name for past in found if past for name in past.kin[1:]})

    @property
    def failed(self) -> list[Row]:
        """Those that failed."""
        return [row for row in self.rows if row.state == "failed"]

    def __iter__(self) -> Iterator[list[Job]]:
        groups: Iterable[list[Run]] = [[run] for run in self.elsewhere] if self.elsewhere else self.plan
        self.elsewhere = []
        for group in groups:
            runs = [run for run in group if self._free(run)]
            if runs:
                yield [self.job(run, past) for run, past in zip(runs, self._pasts(runs), strict=True)]

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
        if self.place.finished(run):
            return False
        if self.place.take(run):
            return True
        if self.place.finished(run):  # just now, by another batch
            self.total, self.reused = self.total - 1, self.reused + 1
        else:
            self.elsewhere.append(run)
        return False

    def job(self, run: Run, past: Past | None = None) -> Job:
        """What a worker is given."""
        repeat = ["kumakan", "run", str(self.place.scenario_file(run.scenario, run.digest)), "--seed", str(run.seed)]
        repeat += ["--draw", str(run.draw)] if run.draw else []
        repeat += ["--world-seed", str(run.world_seed), *self.place.options]
        return Job(run, self.place.folder(run), self.command, shlex.join(repeat), past)

    def ended(self, run: Run, row: Row) -> None:
        """One more run is over."""
        self.done += 1
        if row.state == "done":
            self.weeks += run.scenario.clock.weeks
            self.weeks_shared += row.shared_weeks
        if row.folder or row.state == "failed":
            self.rows.append(row)


def _made(
    waiting: Waiting, place: Store | Archive, work: Callable[[Job], Any], made_by: Executor
) -> Generator[Row, None, None]:
    """Make what is waiting and keep it. What other batches are making is waited for, and made if they are gone."""
    while True:
        with closing(made_by(work, waiting)) as results:
            for job, result in results:
                row, packed = (job.row("failed", error=result.error), b"") if isinstance(result, Lost) else result
                place.keep(job.run, asdict(row), packed)
                waiting.ended(job.run, row)
                yield row
        if not waiting.elsewhere:
            return
        time.sleep(WAIT)


# --- making a run -------------------------------------------------------------------------------------------


def _do(job: Job, runner: Runner, on_week: OnWeek | None = None) -> tuple[Row, bytes]:
    """Make one run; keep it in its folder, or give it back packed for the store. A failure is a row too."""
    began = time.perf_counter()
    try:
        extra: dict[str, Any] = {"on_week": on_week} if on_week else {}
        extra |= {"past": job.past} if job.past else {}
        run = job.run
        if (run.identity["version"], run.identity["sources"]) != (__version__, sources_digest()):
            raise InputError("this worker has another version of kumakan than the batch; install the same on both")
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


def facts_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a row tells of a run that is there, from its manifest."""
    names = {"digest": "digest", "wall_seconds": "seconds"}
    facts = ("digest", "wall_seconds", "peak_memory_bytes", "shared_weeks")
    return {names.get(key, key): manifest[key] for key in facts if key in manifest}


def peak_memory() -> int:
    """Most memory this process ever held, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return int(getattr(psutil.Process().memory_info(), "peak_wset", 0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
