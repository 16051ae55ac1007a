"""The Parquet files of a store: which of them count, how they are read, and how fresh runs go into them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.stores.files import Files
from sim.stores.packed import Packed, cell_table, encoding, record_of, run_table, week_table

if TYPE_CHECKING:
    import pyarrow as pa

    from sim.record import Record

TOGETHER = 100
"""Runs that go into one Parquet file."""
SMALL, MANY = 50, 20
"""So many files with fewer runs than that are put together, so that tiny batches do not leave thousands of files."""
GROUP = 10
"""Runs in one row group of `weeks`: what is read for one record."""
FOLDERS = ("runs", "weeks", "cells")


class Parquet:
    """The files in `runs`, `weeks` and `cells`, which have the same names in all three; and the runs in `fresh`."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._schemas: dict[str, pa.Schema] = {}
        self._kinds: dict[bytes, pa.Schema] = {}
        self._ids: dict[str, np.ndarray] = {}
        self._remembered: dict[str, Any] = {}

    def fresh(self) -> dict[str, int]:
        """The files in `fresh`, and the run of each, as a number."""
        return {name: int(PurePosixPath(name).stem, 16) for name in self.files.names("fresh", ".run")}

    def opened(self, fresh: str) -> Packed:
        """The run in a fresh file."""
        return Packed(self.files.read(f"fresh/{fresh}"), self.files.at(f"fresh/{fresh}"))

    def ids(self) -> np.ndarray:
        """All runs in Parquet, as numbers."""
        self.counting()
        return np.concatenate([np.empty(0, np.uint64), *self._ids.values()])

    def counting(self) -> dict[str, np.ndarray]:
        """The files of which runs are read, and of each the runs that are read from a larger one instead."""
        names = self.files.names("runs")
        for name in set(self._ids) - set(names):
            del self._ids[name]
        for name in (name for name in names if name not in self._ids):
            with self._opened(f"runs/{name}") as source:
                runs = source.read(["run"])["run"].to_pylist()
            self._ids[name] = np.array([int(run, 16) for run in runs], np.uint64)
        none = np.empty(0, np.uint64)
        ids, times = np.unique(np.concatenate([none, *self._ids.values()]), return_counts=True)
        doubled, seen, twice = ids[times > 1], none, dict.fromkeys(names, none)
        if doubled.size:
            for name in sorted(names, key=lambda name: (self._ids[name].size, name), reverse=True):
                mine = np.intersect1d(self._ids[name], doubled)
                twice[name], seen = np.intersect1d(mine, seen), np.union1d(mine, seen)
        return {name: twice[name] for name in names if twice[name].size < self._ids[name].size}

    def parts(self, folder: str, where: Any) -> Iterator[tuple[Any, Any]]:
        """Datasets of all files of a folder, each with the filter that gives each run once."""
        import pyarrow.dataset as ds

        counting = self.counting()
        whole = [name for name, twice in counting.items() if not twice.size]
        if whole:
            yield self._dataset(folder, whole), where
        for name, twice in counting.items():
            if twice.size:
                once = ~ds.field("run").cast("string").isin([f"{run:016x}" for run in twice.tolist()])
                yield self._dataset(folder, [name]), once if where is None else where & once

    def _dataset(self, folder: str, files: Sequence[str]) -> Any:
        import pyarrow as pa
        import pyarrow.dataset as ds

        paths = [self.files.at(f"{folder}/{name}") for name in files]
        kinds = {id(kind): kind for kind in (self.schema(f"{folder}/{name}") for name in files)}
        schema = pa.unify_schemas([kind.remove_metadata() for kind in kinds.values()])
        return ds.dataset(paths, schema=schema, filesystem=self.files.fs, format="parquet")

    def schema(self, file: str) -> pa.Schema:
        """What a file holds; files of one kind share it, as a hundred observables take their room."""
        if file not in self._schemas:
            with self._opened(file):
                pass
        return self._schemas[file]

    @contextmanager
    def _opened(self, file: str) -> Iterator[Any]:
        """A file of Parquet; its schema is remembered."""
        import pyarrow.parquet as pq

        with self.files.open(file) as stream:
            source = pq.ParquetFile(stream)
            if file not in self._schemas:
                schema = source.schema_arrow
                self._schemas[file] = self._kinds.setdefault(schema.serialize().to_pybytes(), schema)
            yield source

    def group(self, folder: str, file: str, group: int | None) -> pa.Table:
        """A row group (or all) of a file; the latest of each kind are remembered, as runs are mostly read in order."""
        key = (folder, file, group)
        if self._remembered.get(folder, (None,))[0] != key:
            with self._opened(f"{folder}/{file}") as source:
                table = source.read() if group is None else source.read_row_group(group)
            self._remembered[folder] = (key, table)
        found: pa.Table = self._remembered[folder][1]
        return found

    def record(self, run: str, file: str, place: int) -> Record:
        """The record of a run that is at this place in this file.

        Raises
        ------
        FileNotFoundError
            If the file, or a part of it, is gone.
        """
        if file.endswith(".run"):
            return self.opened(file).record()
        parts = (self.group(folder, file, place // GROUP) for folder in ("weeks", "cells"))
        return record_of(run, self.group("runs", file, None), *parts)

    # --- putting runs together ----------------------------------------------------------------------------

    def pack(self, least: int) -> None:
        """Put fresh runs into Parquet, a hundred to a file, while there are at least so many; then small files."""
        fresh = list(self.fresh())
        while len(fresh) >= least and fresh:
            some, fresh = fresh[:TOGETHER], fresh[TOGETHER:]
            self._pack(some)
        self._put_together()

    def _pack(self, fresh: Sequence[str]) -> None:
        """Put fresh runs into Parquet, those that observe the same together; then they may go."""
        kinds: dict[bytes, list[Packed]] = {}
        for name in fresh:
            run = self.opened(name)
            kinds.setdefault(run.kind, []).append(run)
        for runs in kinds.values():
            self._write(runs)
        for name in fresh:
            self.files.remove(f"fresh/{name}")

    def _write(self, runs: list[Packed]) -> None:
        """Write one file each of weeks, cells and runs, a few runs at a time; rows of runs last, as then they count."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = _file_name(len(runs))
        rows = []
        with ExitStack() as stack:
            streams = [stack.enter_context(self.files.writing(f"{folder}/{file}")) for folder in ("weeks", "cells")]
            writers: list[Any] = []
            for first in range(0, len(runs), GROUP):
                some = runs[:GROUP]
                del runs[:GROUP]  # an opened run takes a megabyte
                tables = week_table(some), cell_table(some)
                if not writers:
                    writers = [pq.ParquetWriter(stream, table.schema, **encoding(table.schema))
                               for stream, table in zip(streams, tables, strict=True)]  # fmt: skip
                for writer, table in zip(writers, tables, strict=True):
                    writer.write_table(table, row_group_size=max(1, len(table)))  # runs may have nothing by cell
                rows.append(run_table(some, file, first))
            for writer in writers:
                writer.close()
        with self.files.writing(f"runs/{file}") as stream:
            pq.write_table(pa.concat_tables(rows), stream, compression="zstd")

    def _put_together(self) -> None:
        """Put small files of one kind into a large one, if there are many of them."""
        kinds: dict[str, list[str]] = {}
        for name in self.files.names("runs"):
            if _runs_in(name) < SMALL:
                kinds.setdefault(self.schema(f"weeks/{name}").to_string(), []).append(name)
        for names in kinds.values():
            while len(names) >= MANY:
                counts = np.cumsum([_runs_in(name) for name in names])
                some = names[: max(2, int(np.searchsorted(counts, TOGETHER, side="right")))]
                names = names[len(some) :]
                self._rewrite(some)

    def _rewrite(self, files: Sequence[str]) -> None:
        """One file out of several, written like any other; then they go."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = pa.concat_tables([self.group("runs", name, None) for name in files])
        once = {run: k for k, run in enumerate(rows["run"].to_pylist())}
        rows = rows.take(list(once.values())).combine_chunks()
        many, file = len(rows), _file_name(len(rows))
        for folder in ("weeks", "cells"):
            parts = iter([self._of_run(folder, *where) for where in zip(*(
                rows[name].to_pylist() for name in ("run", "file", "place")), strict=True)])  # fmt: skip
            with self.files.writing(f"{folder}/{file}") as stream:
                writer: Any = None
                for first in range(0, many, GROUP):
                    table = pa.concat_tables([next(parts) for _ in range(first, min(first + GROUP, many))])
                    table = table.unify_dictionaries().combine_chunks()
                    writer = writer or pq.ParquetWriter(stream, table.schema, **encoding(table.schema))
                    writer.write_table(table, row_group_size=max(1, len(table)))
                writer.close()
        places = {"file": pa.array([file] * many), "place": pa.array(np.arange(many))}
        for name, values in places.items():
            rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), values)
        with self.files.writing(f"runs/{file}") as stream:
            pq.write_table(rows, stream, compression="zstd")
        self.forget(files)

    def _of_run(self, folder: str, run: str, file: str, place: int) -> pa.Table:
        """The rows of one run in `weeks` or `cells`."""
        import pyarrow.compute as pc

        table = self.group(folder, file, place // GROUP)
        return table.filter(pc.equal(table["run"].cast("string"), run))

    def forget(self, files: Iterable[str]) -> None:
        """Remove files whose runs are read from another; their rows first, so that nobody looks for their weeks."""
        for name in files:
            for folder in ("runs", "weeks", "cells"):
                self.files.remove(f"{folder}/{name}")

    def clear_up(self) -> None:
        """Remove weeks without runs, and runs that are in another file."""
        there = self.counting()
        self.forget(set(self.files.names("runs")) - set(there))
        for folder in ("weeks", "cells"):
            for name in set(self.files.names(folder)) - set(there):
                self.files.remove(f"{folder}/{name}")
        packed = set(self.ids().tolist())
        for name, run in self.fresh().items():
            if run in packed:
                self.files.remove(f"fresh/{name}")


def _file_name(runs: int) -> str:
    """A new name for a file with so many runs."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}-{runs}.parquet"


def _runs_in(file: str) -> int:
    """How many runs a file has, by its name."""
    *_, many = PurePosixPath(file).stem.split("-")
    return int(many) if many.isdigit() else TOGETHER
