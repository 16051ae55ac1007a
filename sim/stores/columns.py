"""The runs of a plan in a store of many runs, by columns: no record is read for what stands in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial, reduce
from operator import and_
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.errors import InputError
from sim.languages import tr
from sim.stores.packed import total_column
from sim.stores.run import Row
from sim.stores.runs import Runs, by_key
from sim.stores.totals import weekly

if TYPE_CHECKING:
    import pyarrow as pa

    from sim.stores.archive import ArchiveStore

Places = dict[str, dict[Any, tuple[str, str, int]]]


class Columns:
    """The finished runs of a plan. What is read is read for all scenarios at once, so that each file is opened once."""

    def __init__(self, store: ArchiveStore, plan: Mapping[str, Any]) -> None:
        self.store, self.plan = store, plan
        self._totals: dict[tuple[str, ...], dict[str, dict[Any, np.ndarray]]] = {}
        self._weekly: dict[tuple[str, ...], dict[str, np.ndarray]] = {}

    @property
    def runs(self) -> dict[str, Runs]:
        """Scenario -> its runs."""
        return {
            name: Runs(places, lambda where: self.store.record(*where), partial(self.totals, name),
                       partial(self.weekly, name))
            for name, places in self._places.items()
        }  # fmt: skip

    def rows(self) -> Iterator[Row]:
        """How the finished runs went, in the order of seed, draw and scenario."""
        columns = ("scenario", "seed", "draw", "digest", "wall_seconds", "peak_memory_bytes")
        order = {name: k for k, name in enumerate(self.plan["scenarios"])}
        lines = sorted(self._lines(columns), key=lambda line: (line[1], line[2], order[line[0]]))
        for scenario, seed, draw, digest, seconds, peak in lines:
            yield Row(scenario, seed, draw, "done", digest=digest, seconds=seconds, peak_memory_bytes=peak)

    def totals(self, scenario: str, names: Sequence[str]) -> dict[Any, np.ndarray]:
        """Regions x observables of each run of a scenario, as `sim.stores.totals` gives them."""
        key = tuple(names)
        if key not in self._totals:
            self._totals = {key: self._read_totals(names)}
        return self._totals[key][scenario]

    def weekly(self, scenario: str, names: Sequence[str]) -> dict[Any, np.ndarray]:
        """Weeks x regions x observables of each run of a scenario."""
        key = tuple(names)
        while key not in self._weekly:
            files = self.store.files.names("runs")
            try:
                self._weekly = {key: self._read_weekly(names)}
            except FileNotFoundError as problem:  # a file has been replaced by a larger one, unless it is gone
                if files == self.store.files.names("runs"):
                    raise InputError(
                        tr("{place} lacks a part of its weeks ({problem})", place=self.store.place, problem=problem)
                    ) from None
        found = self._weekly[key]
        return {
            pair: found[where[0]] if where[0] in found else weekly(self.store.record(*where), names)
            for pair, where in self._places[scenario].items()
        }

    @property
    def _where(self) -> Any:
        """The Arrow expression that holds for runs of the plan."""
        import pyarrow.dataset as ds

        digests = [scenario["digest"] for scenario in self.plan["scenarios"].values()]
        same = [ds.field(name) == self.plan[name] for name in ("world_seed", "version", "sources")]
        among = [ds.field("scenario_digest").isin(digests)]
        for name, numbers in (("seed", self.plan["seeds"]), ("draw", self.plan["draws"])):
            low, high = min(numbers, default=0), max(numbers, default=0)
            among.append((ds.field(name) >= low) & (ds.field(name) <= high) if high - low + 1 == len(numbers)
                         else ds.field(name).isin(list(numbers)))  # fmt: skip
        return reduce(and_, [*same, *among])

    def _lines(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        table = self.store.table(columns, self._where)
        return zip(*(table[name].to_pylist() for name in columns), strict=True)

    @cached_property
    def _places(self) -> Places:
        lines = self._lines(["scenario", "draw", "seed", "run", "file", "place"])
        return by_key(self.plan, ((scenario, draw, seed, tuple(where)) for scenario, draw, seed, *where in lines))

    def _read_totals(self, names: Sequence[str]) -> dict[str, dict[Any, np.ndarray]]:
        columns = {total_column(name, how): k for k, name in enumerate(names) for how in ("sum", "mean")}
        table: pa.Table = self.store.table(["scenario", "draw", "seed", *columns], self._where)
        there = [column for column in table.column_names if column in columns]
        regions = table.schema.field(there[0]).type.list_size if there and len(table) else 0
        values = np.full((len(table), regions, len(names)), np.nan)  # NaN where a run lacks an observable
        for column in there if regions else ():
            numbers = table[column].combine_chunks()
            values[numbers.is_valid().to_numpy(False), :, columns[column]] = (
                numbers.flatten().to_numpy().reshape(-1, regions))  # fmt: skip
        which = (table[name].to_pylist() for name in ("scenario", "draw", "seed"))
        return by_key(self.plan, zip(*which, values, strict=True))

    def _read_weekly(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """By run, of the runs in Parquet."""
        parts: dict[str, list[np.ndarray]] = {
            where[0]: [] for places in self._places.values() for where in places.values()
        }
        regions = 1
        for rows in self.store.weeks(names):
            ids, at = rows["run"].dictionary.to_pylist(), rows["run"].indices.to_numpy()
            regions = len(rows["region"].dictionary)
            nothing = np.full(len(rows), np.nan)  # where no run has an observable, or only others have it
            values = np.column_stack([rows[name].to_numpy(False) if name in rows.schema.names else nothing
                                      for name in names])  # fmt: skip
            ends = np.flatnonzero(np.diff(at, append=-1)) + 1  # a run's rows stand together, week by week
            for first, last in zip([0, *ends[:-1]], ends, strict=True):
                if ids[at[first]] in parts:
                    parts[ids[at[first]]].append(values[first:last])
        return {run: np.concatenate(some).reshape(-1, regions, len(names)) for run, some in parts.items() if some}
