"""The desk: makes the runs that visitors ask for, and keeps them in one store.

One comparison is at work at a time, with all worker processes. After a few pairs it goes to the end of the queue, so
that nobody waits for all runs of somebody else. A comparison that nobody looks at any more is left; its finished runs
stay in the store, and whoever asks for the same choice later gets them at once.
"""

from __future__ import annotations

import math
import threading
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.app import limits
from sim.app.results import Results, results
from sim.batches.batch import Progress, run_batch
from sim.batches.plan import Plan
from sim.engine.errors import InputError
from sim.languages import tr
from sim.posterior import fresh
from sim.scenario import Scenario
from sim.stores.archive import ArchiveStore
from sim.views.report import Comparison, page

WORLD_SEED = 0
TURN = 6  # pairs that are made before the next comparison has its turn
PAUSE = 0.7  # seconds at least between two looks at what has finished
KEPT = 64  # comparisons whose results stay in memory


@dataclass(frozen=True)
class Settings:
    """What the page runs.

    Attributes
    ----------
    base : Scenario
        What the page begins with: its period and resolution are those of every run.
    store : Path
        The store that keeps the runs.
    pairs : int
        Pairs of runs of a comparison: seeds or, where worlds fitted to the record are there, draws.
    workers : int, optional
        Worker processes; by default one per core.
    """

    base: Scenario
    store: Path
    pairs: int
    workers: int | None = None

    @property
    def over(self) -> str:
        """What pairs differ in: draws where there are worlds, else seeds."""
        return "draws" if fresh() and self.base.draws_from == "worlds" else "seeds"

    def keys(self) -> list[tuple[int, int]]:
        """Seed and draw of every pair, as `kumakan compare` takes them."""
        numbers = range(1, self.pairs + 1)
        return [(1, k) for k in numbers] if self.over == "draws" else [(k, 0) for k in numbers]


class _Left(Exception):
    """Nobody looks at this comparison any more."""


@dataclass(eq=False)
class Asked:
    """A comparison that somebody asked for, and how far it is."""

    a: Scenario
    b: Scenario
    waiting: deque[tuple[int, int]]  # seed and draw of the pairs that are still to be made
    top: Scenario | None = None  # B at its ceiling, where the break-even was asked for, too
    state: str = "waiting"  # then "running", and in the end "done", "failed" or "left"
    runs_done: int = 0  # of the runs of all pairs, those that are there
    compiles: bool = False  # whether the loops are being compiled, which takes minutes, once
    results: Results | None = None
    error: str = ""
    watchers: int = 0
    version: int = 0
    turned: threading.Condition = field(default_factory=threading.Condition)

    @property
    def worlds(self) -> list[Scenario]:
        """What is run under each seed and draw."""
        full = [self.top] if self.top is not None and limits.is_new(self.top, self.b) else []
        return [self.a, self.b, *full]

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "failed", "left")

    def tell(self, **facts: Any) -> None:
        """Note how far it is, and wake those who wait for it."""
        with self.turned:
            for name, value in facts.items():
                setattr(self, name, value)
            self.version += 1
            self.turned.notify_all()

    def wait(self, seen: int, seconds: float) -> int:
        """Wait for news after version `seen`, for at most so long; the version that is there now."""
        with self.turned:
            self.turned.wait_for(lambda: self.version != seen, seconds)
            return self.version


class Desk:
    """Takes comparisons in and makes them in turn. One for a server; it knows nothing of its visitors."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._store = ArchiveStore(settings.store)
        self._queue: deque[Asked] = deque()
        self._known: OrderedDict[tuple[str, str, bool], Asked] = OrderedDict()
        self._lock = threading.Condition()
        threading.Thread(target=self._work, name="kumakan-desk", daemon=True).start()

    def ask(self, a: Scenario, b: Scenario, break_even: bool = False) -> Asked:
        """The comparison of two worlds; the one that is known or under way if somebody asked for the same.

        With `break_even`, B at its ceiling is run as well.

        Raises
        ------
        InputError
            If the two worlds are the same, or there is no ceiling.
        """
        key = a.digest, b.digest, break_even
        if key[0] == key[1]:
            raise InputError(tr("A and B are the same choice, so there is nothing to compare; change one of them"))
        top = limits.top_of(a, b) if break_even else None
        with self._lock:
            more = self._known.get((*key[:2], True))  # who asked for the break-even has the rest, too
            if more is not None and more.state == "done":
                key = *key[:2], True
            there = self._known.get(key)
            if there is None or there.state in ("failed", "left"):
                there = Asked(a, b, deque(self.settings.keys()), top)
                self._known[key] = there
                self._queue.append(there)
                self._lock.notify_all()
            self._known.move_to_end(key)
            for old in [k for k, asked in self._known.items() if asked.over][: max(0, len(self._known) - KEPT)]:
                del self._known[old]
            there.watchers += 1
            return there

    def known(self, a: Scenario, b: Scenario) -> Results | None:
        """The results of a choice whose runs are all there."""
        with self._lock:
            there = [self._known.get((a.digest, b.digest, break_even)) for break_even in (True, False)]
        return next((asked.results for asked in there if asked is not None and asked.state == "done"), None)

    def leave(self, asked: Asked) -> None:
        """One of those who looked at a comparison looks at it no more."""
        with self._lock:
            asked.watchers -= 1

    def ahead(self, asked: Asked) -> int:
        """How many comparisons have their turn before this one."""
        with self._lock:
            return self._queue.index(asked) if asked in self._queue else 0

    def report(self, found: Results) -> str:
        """The report of a comparison as one HTML file, from the runs in the store."""
        store = ArchiveStore(self.settings.store, reading=True)
        plan = {**self._plan([found.a, found.b]), "state": "done"}
        return page(Comparison({**plan, "runs": []}, store.records(plan), found.a.name, stored=True))

    # --- the thread that makes runs -----------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: bool(self._queue))
                asked = self._queue[0]
            try:
                self._turn(asked)
            except _Left:
                asked.tell(state="left")
            except Exception as problem:  # whatever it is, the other visitors are served
                traceback.print_exc()
                asked.tell(state="failed", error=str(problem) or type(problem).__name__)
            with self._lock:
                self._queue.popleft()
                if not asked.over:
                    self._queue.append(asked)

    def _turn(self, asked: Asked) -> None:
        """Make the next pairs of a comparison."""
        if asked.watchers <= 0:
            raise _Left
        chunk = [asked.waiting[k] for k in range(min(TURN, len(asked.waiting)))]
        asked.tell(state="running")
        seeds, draws = (tuple(dict.fromkeys(part)) for part in zip(*chunk, strict=True))
        before = self.settings.pairs - len(asked.waiting)
        looked = -math.inf

        def told(progress: Progress) -> None:
            nonlocal looked
            if asked.watchers <= 0:
                raise _Left
            there = len(asked.worlds) * before + progress.reused + progress.done
            asked.tell(runs_done=there, compiles=progress.compiles)
            if time.monotonic() - looked > PAUSE:
                self._refresh(asked)
                looked = time.monotonic()

        batch = run_batch(
            asked.worlds, seeds, draws=draws, workers=self.settings.workers, out=self.settings.store,
            world_seed=WORLD_SEED, store=self._store, progress=told, command="kumakan app",
        )  # fmt: skip
        for _ in chunk:
            asked.waiting.popleft()
        self._refresh(asked, tuple(row.error for row in batch.failed))
        if not asked.waiting:
            if asked.results is None:
                asked.tell(state="failed", error=next((row.error for row in batch.failed), tr("no run finished")))
            else:
                asked.tell(state="done")

    def _plan(self, worlds: Sequence[Scenario]) -> dict[str, Any]:
        """All runs of a comparison as a plan of the store."""
        keys: Sequence[tuple[int, int]] = self.settings.keys()
        seeds, draws = (tuple(dict.fromkeys(part)) for part in zip(*keys, strict=True))
        return Plan.of(list(worlds), seeds, draws, WORLD_SEED).facts("kumakan app")

    def _refresh(self, asked: Asked, failed: tuple[str, ...] = ()) -> None:
        """Read what has finished so far."""
        records = self._store.records(self._plan(asked.worlds))
        before = asked.results.failed if asked.results else ()
        top = None if asked.waiting else asked.top  # the break-even needs all runs
        found = results(asked.a, asked.b, records, self.settings.pairs, tuple(dict.fromkeys((*before, *failed))), top)
        if found is not None:
            asked.tell(results=found)
