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
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sim.batches.estimate import choose_workers, estimate
from sim.batches.executors import executor, leave_if_again, workers_of
from sim.batches.pasts import forget
from sim.batches.plan import (
    AnyScenario,
    Plan,
    all_scenarios,
    at_least_one,
    batch_name,
    check_comparable,
    how_many_seeds,
    usual_draws,
    usual_folder,
)  # fmt: skip
from sim.batches.work import OnProgress, OnWeek, Progress, Runner, Waiting, do, peak_memory, simulate, watched
from sim.engine import compiled
from sim.engine.cards import card
from sim.engine.checks import whole
from sim.engine.errors import InputError, nearest
from sim.languages import tr
from sim.measures import PLUGINS
from sim.parameters import LAST_DRAW
from sim.stores.archive import ArchiveStore
from sim.stores.folder import FolderStore
from sim.stores.run import Row
from sim.stores.store import MOST_SHOWN, Store, counted

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from sim.stores.runs import Runs

__all__ = [
    "Batch", "Progress", "Row", "Runner", "batch_name", "check_comparable", "compare", "how_many_seeds", "peak_memory",
    "run_batch", "simulate", "there_already", "usual_draws", "usual_folder",
]  # fmt: skip

BYTES_PER_COPY = 60.0
"""Of a country, for each of its youths."""
OnError = Literal["finish", "stop"] | Callable[[Row], None]


@dataclass(frozen=True, repr=False)
class Batch:
    """The runs that were made together, in the store that keeps them.

    Attributes
    ----------
    out : Path
        The results folder: tables and figures, and the runs where no other store was named.
    store : Store
        Where the runs are.
    plan : mapping
        What was asked for, as plain data: scenarios with all settings, seeds, draws, versions.
    weeks, weeks_shared : int
        Weeks of the runs that were made now, and how many of them were copied from another run.
    """

    out: Path
    store: Store
    plan: Mapping[str, Any]
    weeks: int = 0
    weeks_shared: int = 0

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios; the first is the baseline."""
        return tuple(self.plan["scenarios"])

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of each scenario."""
        return tuple(self.plan["seeds"])

    @property
    def draws(self) -> tuple[int, ...]:
        """The draws of parameters; (0,) where they have their central values."""
        return tuple(self.plan["draws"])

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """How each run ended."""
        return self.store.rows(self.plan)

    @cached_property
    def failed(self) -> list[Row]:
        """The runs that failed."""
        return self.store.failed(self.plan)

    @property
    def reused(self) -> int:
        """Runs that were there before the command that made the others."""
        return int(self.plan.get("reused", 0))

    @property
    def place(self) -> str:
        """Where the runs are, for people to read."""
        return self.store.runs_place

    @property
    def listing(self) -> str:
        """The file that says how each run ended."""
        return self.store.listing

    @cached_property
    def records(self) -> Mapping[str, Runs]:
        """Scenario -> seed -> Record, of all runs that finished; a record is read when it is asked for.

        Where parameters are drawn the inner key is a `Key` of draw and seed.
        """
        return self.store.records(self.plan)

    def runs(self, outcomes: str | Sequence[str] | None = None, region: str = "Mali") -> pd.DataFrame:
        """A row for each finished run: scenario, draw, seed, region, and a column for each outcome.

        >>> batch.runs(["joined", "attacks"]).groupby("scenario")["joined"].describe()   # doctest: +SKIP

        Parameters
        ----------
        outcomes : str or sequence of str, optional
            Outcomes or observables: sums over the run, or means over its last 52 weeks. By default the outcomes by
            which scenarios are compared.
        region : str
            One region, "Mali", or "all" for a row for each run and region.

        Raises
        ------
        InputError
            For an unknown outcome or region, or if no run has finished.
        """
        from sim.comparison.outcomes import OUTCOMES
        from sim.comparison.table import table_of

        usual = [o.name for o in OUTCOMES.values() if not o.elsewhere]
        names = usual if outcomes is None else [outcomes] if isinstance(outcomes, str) else outcomes
        table = table_of(self.records, names)
        if table is None:
            raise InputError(tr("no run has finished, so there is no table of runs"))
        return table.frame(region)

    def to_xarray(self, observables: Sequence[str] | None = None) -> xr.Dataset:
        """All weekly values by scenario, draw, seed, week and region: `sim.comparison.arrays.to_xarray`."""
        from sim.comparison.arrays import to_xarray

        return to_xarray(self.records, observables)

    def effects(
        self,
        outcomes: str | Sequence[str] | None = None,
        *,
        nothing_margin: float | None = None,
        interval: Literal["t", "bootstrap"] = "t",
    ) -> pd.DataFrame:
        """Each scenario against the first under the same draws and seeds: `sim.comparison.effects.effects`."""
        from sim.comparison.effects import effects
        from sim.comparison.outcomes import OUTCOMES

        names = OUTCOMES if outcomes is None else [outcomes] if isinstance(outcomes, str) else outcomes
        return effects(self.records, self.scenarios[0], tuple(names), nothing_margin=nothing_margin, interval=interval)

    def effects_over_time(
        self, outcomes: str | Sequence[str] = "joined", *, region: str = "Mali", cumulative: bool | None = None
    ) -> pd.DataFrame:
        """The same week by week, or added up until then: `sim.comparison.effects.effects_over_time`."""
        from sim.comparison.effects import effects_over_time

        return effects_over_time(self.records, self.scenarios[0], outcomes, region=region, cumulative=cumulative)

    def cost_per_spared(self, outcome: str = "joined") -> pd.DataFrame:
        """What it costs to spare one person (or attack, ...): `sim.comparison.worth.cost_per_spared`."""
        from sim.comparison.worth import cost_per_spared

        return cost_per_spared(self.records, self.scenarios[0], outcome)

    def needed(self, *precision: str) -> pd.DataFrame:
        """Seeds (or draws) that a precision such as ``"joined=2%"`` needs: `sim.comparison.precision.needed`."""
        from sim.comparison.precision import Wish, needed

        return needed(self.effects(), [Wish.read(text) for text in precision])

    def delivered(self) -> pd.DataFrame:
        """What was delivered by measures that a scenario and the first do not share: `sim.comparison.delivered`."""
        from sim.comparison.delivered import delivered

        return delivered(self.records, self.scenarios[0])

    def verdicts(self) -> pd.DataFrame:
        """How large each effect is while in force, and how sure: `sim.comparison.verdicts.verdicts`."""
        table: pd.DataFrame = import_module("sim.batches.beside").verdicts(self)  # which makes batches of its own
        return table

    def plot(self, outcome: str | Sequence[str] = "joined", *, by_region: bool = False) -> Figure:
        """The effects on one outcome or several, with their intervals: `sim.views.plot_effects`."""
        outcomes = [outcome] if isinstance(outcome, str) else list(outcome)
        plot = import_module("sim.views").plot_effects  # views are above this floor: fetched by name
        figure: Figure = plot(self.effects(outcomes), by_region=by_region, outcomes=outcomes)
        return figure

    @property
    def _facts(self) -> dict[str, str]:
        settings = self.plan["scenarios"][self.scenarios[0]]
        return {
            "Runs": self.place,
            "Period": f"{settings.get('start', '?')} to {settings.get('end', '?')}",
            "Seeds": counted(self.seeds),
            "Draws of parameters": "none" if self.draws == (0,) else counted(self.draws),
            "Failed": str(len(self.failed)),
        }

    def __repr__(self) -> str:
        names, period = ", ".join(self.scenarios[:5]), self._facts["Period"]
        names += f", and {len(self.scenarios) - 5} more" if len(self.scenarios) > 5 else ""
        draws = "" if self.draws == (0,) else f", {len(self.draws)} draws"
        seeds = f"{len(self.seeds)} seed{'' if len(self.seeds) == 1 else 's'}"
        return f"<Batch of {names}: {period}, {seeds}{draws}, {len(self.failed)} failed, in {self.place!r}>"

    def _repr_html_(self) -> str:
        ended = Counter((row.scenario, row.state == "failed") for row in self.rows)
        rows = [(name, ended[name, False], ended[name, True]) for name in self.scenarios[:MOST_SHOWN]]
        more = len(self.scenarios) - MOST_SHOWN
        facts = {
            **self._facts,
            **({"Scenarios": f"{len(self.scenarios)}, the first {MOST_SHOWN} below"} if more > 0 else {}),
        }
        return card("Batch", facts, ("Scenario", "Finished", "Failed"), rows)


def compare(
    scenarios: Sequence[AnyScenario],
    *,
    seeds: int | None = None,
    draws: int | None = None,
    prior: bool = False,
    first_seed: int = 1,
    precision: str | Sequence[str] = (),
    at_most: int | None = None,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    world_seed: int = 0,
    overwrite: bool = False,
    progress: bool | OnProgress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError = "finish",
    cluster: str | None = None,
    on_week: OnWeek | None = None,
    command: str | None = None,
    runner: Runner | None = None,
) -> Batch:
    """Run scenarios under the same seeds, and under the same draws of the uncertain parameters.

    >>> scenarios = ["baseline", "joint_patrols"]
    >>> sim.compare(scenarios, seeds=5).effects()                                 # doctest: +SKIP

    Parameters
    ----------
    scenarios : sequence of Scenario, path or dict
        Two or more of the same period and `persons_per_youth`; the first is the baseline.
    seeds : int, optional
        How many seeds; run k has seed ``first_seed + k``, so more seeds later never change earlier runs. By default
        20, or 1 where parameters are drawn.
    draws : int, optional
        How many draws of the parameters, 1 to this number. The fitted parameters come from the worlds of the posterior,
        where there is one. By default 20 if a fresh posterior is there and no seeds are asked for; otherwise all runs
        have the central values.
    prior : bool
        Whether every parameter is drawn from its own prior instead.
    first_seed : int
        The first seed.
    precision : str or sequence of str
        Half-widths of 90 % intervals, such as ``"joined=50"`` or ``"joined=2%"`` (of the baseline's value): seeds (or
        draws) are added until all are reached in every scenario.
    at_most : int, optional
        The most seeds or draws, with `precision`; by default 1,000.
    out : path, optional
        Results folder; by default ``results/`` and the names of the scenarios, with the resolution where it is not
        the usual one, and "draws" where parameters are drawn.
    progress : bool or callable, optional
        Whether a bar shows how far the batch is; by default it does at a terminal and in a notebook. A function is
        called instead.
    workers, world_seed, overwrite, store, on_error, cluster, on_week, command, runner
        As for `run_batch`.

    Raises
    ------
    InputError
        If the scenarios cannot be compared, a precision is not one, or as for `run_batch`.
    """
    from sim.comparison.precision import MOST, Wish, until_precise

    loaded = all_scenarios(scenarios)
    if prior:
        loaded = [scenario.replaced({"draws_from": "prior"}) for scenario in loaded]
    check_comparable(loaded)
    at_least_one(draws=draws, seeds=seeds, at_most=at_most)
    first_seed, draws = whole(first_seed, "first_seed"), None if draws is None else whole(draws, "draws", 1, LAST_DRAW)
    draws = usual_draws(loaded, seeds, draws)
    seeds = how_many_seeds(seeds, draws)
    first_draws = range(1, 2) if draws else (0,)
    out = usual_folder(batch_name([s.name for s in loaded]), loaded, first_draws) if out is None else out
    wishes = [Wish.read(text) for text in ([precision] if isinstance(precision, str) else precision)]
    if at_most is not None and not wishes:
        raise InputError(tr("at_most limits the runs that precision adds; give both"))
    own = {} if runner is None else {"runner": runner}
    first = draws or seeds
    with watched(progress, on_week) as (told, lived):
        reused: list[int] = []

        def make(many: int) -> Batch:
            """With so many seeds, or draws where parameters are drawn."""
            batch = run_batch(
                loaded, range(first_seed, first_seed + (seeds if draws else many)),
                draws=range(1, many + 1) if draws else (0,), out=out, workers=workers, world_seed=world_seed,
                overwrite=overwrite, progress=told, store=store, on_error=on_error, cluster=cluster, on_week=lived,
                command=command, **own,
            )  # fmt: skip
            reused.append(batch.reused)
            return batch

        batch = until_precise(make, wishes, first, at_most or max(MOST, first)) if wishes else make(first)
        if batch.reused == reused[0]:
            return batch
        plan = {**batch.plan, "reused": reused[0]}  # what this command has made itself was not there before
        batch.store.begin(plan, ())
        return replace(batch, plan=plan)


def run_batch(
    scenarios: Sequence[AnyScenario],
    seeds: Sequence[int],
    *,
    draws: Sequence[int] = (0,),
    workers: int | None = None,
    out: str | os.PathLike[str],
    world_seed: int = 0,
    overwrite: bool = False,
    progress: bool | OnProgress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError = "finish",
    cluster: str | None = None,
    on_week: OnWeek | None = None,
    command: str | None = None,
    runner: Runner = simulate,
) -> Batch:
    """Run every scenario under every seed and draw, and keep each finished run in `out`, or in a store.

    Runs that are there already are not repeated. With several workers each run has a process and a core of its own. A
    script whose own function is the `runner` needs the usual ``if __name__ == "__main__":``.

    Parameters
    ----------
    scenarios : sequence of Scenario, path or dict
        With different names.
    seeds : sequence of int
        Seeds of the runs.
    draws : sequence of int
        Draws of the parameters; 0 is their central values.
    workers : int, optional
        Processes; by default one per core, at most one per run, and no more than memory allows. With 1, and where this
        session has added a measure (`sim.measures.add`), runs are made in this process on all cores.
    out : path
        Results folder.
    world_seed : int
        Who lives where and knows whom; 0 gives each seed and draw its own society.
    overwrite : bool
        Whether different runs in `out` may be replaced.
    progress : bool or callable, optional
        Whether a bar shows how far the batch is; by default it does at a terminal and in a notebook. A function is
        called instead, with a `Progress`.
    store : path, URL or Store, optional
        Where runs are kept, if not in `out`: see `sim.stores.archive`.
    on_error : "finish", "stop" or callable
        What happens when a run fails: make the others, or end the batch. A function is called with the row, and can
        end the batch by raising an error.
    cluster : str, optional
        Address of a Dask scheduler whose workers make the runs; they need a store.
    on_week : callable, optional
        Called with the country after each week, where runs are made in this process.
    command : str, optional
        The command that the manifest gives; by default the one that was typed.
    runner : callable
        ``runner(scenario, seed, world_seed, draw) -> Record``, a function that worker processes can import; it also
        takes `on_week` where that is given.

    Raises
    ------
    InputError
        If an argument is wrong, or the folder or store cannot be used or holds different runs.
    KeyboardInterrupt
        After Ctrl-C, when the workers are gone; finished runs stay.
    """
    leave_if_again()
    plan = Plan.of(scenarios, seeds, draws, world_seed)
    if workers is not None and whole(workers, "workers") < 1:
        raise InputError(tr("{workers} workers; at least 1 is needed", workers=workers))
    if not callable(on_error) and on_error not in ("finish", "stop"):
        raise InputError(
            tr("on_error is {on_error}; it must be 'finish', 'stop' or a function{nearest}",
               on_error=repr(on_error), nearest=nearest(on_error, ["finish", "stop"]))
        )  # fmt: skip
    session = ", ".join(plugin.key for plugin in PLUGINS if plugin.text)
    if cluster is not None and session:
        raise InputError(
            tr(
                "workers of a cluster do not know {session}, added in this session; install it as an entry point",
                session=session,
            )
        )
    if cluster is not None and store is None:
        raise InputError(tr("runs made on a cluster are kept in a store; name one with --store"))
    place: Store = FolderStore(out, overwrite=overwrite) if store is None else (
        store if isinstance(store, Store) else ArchiveStore(store))  # fmt: skip
    command = shlex.join(["kumakan", *sys.argv[1:]]) if command is None else command
    asked = plan.facts(command)
    state, began = "interrupted", time.perf_counter()
    with place.at_work(Path(out)), watched(progress, on_week) as (told, lived):
        waiting = Waiting(plan, place, command, runner is simulate)
        needs = [estimate(scenario) for scenario in plan.scenarios] if waiting.total else []
        copies = waiting.copies if needs else 0
        memory = max((need.memory_bytes + copies * need.youths * BYTES_PER_COPY for need in needs), default=1.0)
        many, note = choose_workers(workers, waiting.total, memory)
        if many > 1 and session:
            many, note = 1, tr("worker processes do not know {session}, added in this session", session=session)
        if cluster is not None:
            many, note = workers_of(cluster), tr("of the cluster at {cluster}", cluster=cluster)
        asked |= {"workers": many, "reused": waiting.reused}
        place.begin(asked, plan.scenarios)
        weeks = max(scenario.clock.weeks for scenario in plan.scenarios)
        threads = many == 1 and max((need.youths for need in needs), default=0) >= compiled.THREADS_PAY_FROM
        compiles = runner is simulate and cluster is None and bool(waiting.total) and compiled.missing(threads)

        def tell(row: Row | None = None) -> None:
            if told:
                counts = waiting.total, waiting.done, waiting.reused
                compiling, damaged = compiles and row is None, tuple(place.notes)
                told(Progress(*counts, many, note, weeks, row, compiling, damaged))

        try:
            tell()
            work = partial(do, runner=runner, on_week=lived if many == 1 and not cluster else None)
            with closing(waiting.made(work, executor(many, cluster))) as made:
                for row in made:
                    if compiles and row.state != "failed":
                        compiled.made(threads)
                    tell(row)
                    if row.state == "failed" and callable(on_error):
                        on_error(row)
                    if row.state == "failed" and on_error == "stop":
                        break
            state = "failed" if waiting.failed else "done"
        finally:
            asked |= {"reused": waiting.reused, "state": state, "wall_seconds": round(time.perf_counter() - began, 3)}
            place.end(asked)
            forget()
    return Batch(Path(out), place, asked, waiting.weeks, waiting.weeks_shared)


def there_already(
    scenarios: Sequence[AnyScenario],
    seeds: Sequence[int],
    draws: Sequence[int] = (0,),
    *,
    out: str | os.PathLike[str],
    store: str | os.PathLike[str] | None = None,
    world_seed: int = 0,
) -> Counter[str]:
    """How many runs of each scenario a results folder or store has; nothing is made or written.

    Raises
    ------
    InputError
        If there is something else at the place of the store.
    """
    plan = Plan.of(scenarios, seeds, draws, world_seed)
    place: Store | None = FolderStore(out, reading=True) if Path(out).is_dir() else None
    if store is not None:
        place = ArchiveStore(store, reading=True) if ArchiveStore.stands(store) else None
    if place is None:
        return Counter()
    return Counter(run.scenario.name for run in chain.from_iterable(plan) if place.finished(run))
