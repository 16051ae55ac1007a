"""The Parquet files of a store: which of them count, how they are read and checked, how fresh runs go into them.

A file in `runs` has the digest of its bytes in its name, and says how large the files in `weeks` and `cells` are that
belong to it, with the digests of their footers. Their pages have checksums. So every byte is checked before a number is
made of it, and to open a store costs little. Files of earlier versions have none of this and are read as they are.
"""

from __future__ import annotations

import io
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.errors import InputError
from sim.engine.kept import digest_of, parquet
from sim.languages import digits, tr
from sim.stores.damage import Damage, Damaged
from sim.stores.files import Files
from sim.stores.packed import Packed, cell_table, encoding, record_of, run_table, week_table
from sim.stores.run import HOW, WHAT, run_id

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
DIGITS = 16
"""Of a digest in a name, in hexadecimal."""
NAME = re.compile(rf"(\d+T\d+-[0-9a-f]+-(\d+))(?:\.([0-9a-f]{{{DIGITS}}}))?\.parquet")
FRESH = re.compile(r"[0-9a-f]{16}\.run")
NEEDED = {"run", *WHAT, *HOW, "file", "place", "about"}
"""Columns of a table of runs, beside weights and totals."""
PARTS = b"kumakan_parts"
"""Where a file in `runs` says what belongs to it."""


class Parquet:
    """The files in `runs`, `weeks` and `cells`, which belong together by their names; and the runs in `fresh`."""

    def __init__(self, files: Files, damage: Damage) -> None:
        self.files, self.damage = files, damage
        self._schemas: dict[str, pa.Schema] = {}
        self._kinds: dict[bytes, pa.Schema] = {}
        self._ids: dict[str, np.ndarray] = {}  # by file in `runs`
        self._footers: dict[str, str] = {}  # the digest of each file in `weeks` and `cells`, where it is known
        self._remembered: dict[str, Any] = {}

    def fresh(self) -> dict[str, int]:
        """The files in `fresh`, and the run of each, as a number."""
        names = (name for name in self.files.names("fresh", ".run") if FRESH.fullmatch(name))
        return {name: int(PurePosixPath(name).stem, 16) for name in names}

    def opened(self, fresh: str) -> Packed:
        """The run in a fresh file.

        Raises
        ------
        Damaged
        """
        with self.damage.watched(f"fresh/{fresh}"):
            run = Packed(self.files.read(f"fresh/{fresh}"), self.files.at(f"fresh/{fresh}"))
            if f"{run_id(run.run)}.run" != fresh:
                raise ValueError(tr("it holds the run {run}", run=run_id(run.run)))
            return run

    def ids(self) -> np.ndarray:
        """All runs in Parquet, as numbers."""
        self.counting()
        return np.concatenate([np.empty(0, np.uint64), *self._ids.values()])

    def counting(self) -> dict[str, np.ndarray]:
        """The files of which runs are read, and of each the runs that are read from a larger one instead.

        Raises
        ------
        Damaged
            If a file is, and is not set aside.
        """
        names = self.files.names("runs", ".parquet")
        for name in set(self._ids) - set(names):
            del self._ids[name]
        problems = self._look([name for name in names if name not in self._ids])
        if problems and not self.damage.mends:
            raise problems[0]
        names = [name for name in names if name in self._ids]
        none = np.empty(0, np.uint64)
        ids, times = np.unique(np.concatenate([none, *self._ids.values()]), return_counts=True)
        doubled, seen, twice = ids[times > 1], none, dict.fromkeys(names, none)
        if doubled.size:
            for name in sorted(names, key=lambda name: (self._ids[name].size, name), reverse=True):
                mine = np.intersect1d(self._ids[name], doubled)
                twice[name], seen = np.intersect1d(mine, seen), np.union1d(mine, seen)
        return {name: twice[name] for name in names if twice[name].size < self._ids[name].size}

    def sound_files(self) -> list[str]:
        """The files in `runs` that are sound at first sight."""
        self._ids.clear()
        self._look(self.files.names("runs", ".parquet"))
        return list(self._ids)

    def _look(self, names: Sequence[str]) -> list[Damaged]:
        """Note the runs of files in `runs`; the errors are those of damaged ones."""
        sizes = {folder: self.files.sizes(folder) for folder in FOLDERS[1:]} if names else {}
        problems = []
        for name in names:
            try:
                self._ids[name] = self._sound(name, sizes)
            except Damaged as problem:
                problems.append(problem)
        return problems

    def _sound(self, name: str, sizes: Mapping[str, Mapping[str, int]]) -> np.ndarray:
        """The runs of a file in `runs` that is as it was written, with all that belongs to it.

        Raises
        ------
        Damaged
        FileNotFoundError
            If it has been replaced by a larger one meanwhile.
        """
        data = self.files.read(f"runs/{name}")
        together = [f"{folder}/{name if folder == 'runs' else weeks_of(name)}" for folder in FOLDERS]
        named = NAME.fullmatch(name)
        with self.damage.watched(f"runs/{name}", together):
            if named and named[3] and digest_of(data)[:DIGITS] != named[3]:
                raise ValueError(tr("it does not match the digest in its name"))
            source = parquet(io.BytesIO(data))
            if named and source.metadata.num_rows != int(named[2]):
                raise ValueError(
                    tr(
                        "it has {rows} rows, not one for each of {runs} runs",
                        rows=digits(source.metadata.num_rows, ","),
                        runs=named[2],
                    )
                )
            schema = source.schema_arrow
            if lacks := NEEDED - set(schema.names):
                raise ValueError(tr("it is no table of runs; it has no column {column}", column=min(lacks)))
            ids = np.array([int(run, 16) for run in source.read(["run"])["run"].to_pylist()], np.uint64)
            if np.unique(ids).size < ids.size:
                raise ValueError(tr("it has a run twice"))
            parts = json.loads((schema.metadata or {}).get(PARTS, b"{}"))
            self._remember(f"runs/{name}", schema)
        for part in together[1:]:
            folder, _, file = part.partition("/")
            size = sizes[folder].get(file) or self.files.size(part)  # it may have come since they were listed
            told = parts.get(folder)
            if not size or (told and size != told["bytes"]):
                if not self.files.exists(f"runs/{name}"):
                    raise FileNotFoundError(f"runs/{name}")
                why = (
                    tr("it has {size} bytes, not {told}", size=digits(size, ","), told=digits(told["bytes"], ","))
                    if size and told
                    else tr("it is missing or empty")
                )
                raise self.damage.met(part, why, together)
            if told:
                self._footers[part] = told["footer"]
            if self.damage.mends:
                self.schema(part)  # who makes runs looks at the footer now; who reads, when it is needed
        return ids

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

        names = [f"{folder}/{name if folder == 'runs' else weeks_of(name)}" for name in files]
        kinds = {id(kind): kind for kind in map(self.schema, names)}
        schema = pa.unify_schemas([kind.remove_metadata() for kind in kinds.values()])
        checked = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
        how = ds.ParquetFileFormat(default_fragment_scan_options=checked)
        return ds.dataset(list(map(self.files.at, names)), schema=schema, filesystem=self.files.fs, format=how)

    def schema(self, file: str) -> pa.Schema:
        """What a file holds; files of one kind share it, as a hundred observables take their room."""
        if file not in self._schemas:
            with self._opened(file):
                pass
        return self._schemas[file]

    def _remember(self, file: str, schema: pa.Schema) -> None:
        kind = schema.remove_metadata()
        self._schemas[file] = self._kinds.setdefault(kind.serialize().to_pybytes(), kind)

    @contextmanager
    def _opened(self, file: str) -> Iterator[Any]:
        """A file of Parquet; its schema is remembered.

        Raises
        ------
        Damaged
        """
        with self.files.open(file) as stream, self.damage.watched(file, self.together(file)):
            if file in self._footers and footer_digest(stream) != self._footers[file]:
                raise ValueError(tr("its footer does not match its digest"))
            source = parquet(stream)
            if file not in self._schemas:
                self._remember(file, source.schema_arrow)
            yield source

    def together(self, file: str) -> list[str]:
        """A file and those that belong to it."""
        base = weeks_of(file.rpartition("/")[2])
        rows = [name for name in self._ids if weeks_of(name) == base]
        return [f"runs/{name}" for name in rows] + [f"{folder}/{base}" for folder in FOLDERS[1:]]

    @contextmanager
    def reading(self, folder: str) -> Iterator[None]:
        """Whatever is raised while many files of a folder are read at once names the one that is damaged.

        Raises
        ------
        Damaged
        """
        try:
            yield
        except (InputError, MemoryError):
            raise
        except Exception as problem:  # damaged files make libraries raise anything
            if isinstance(problem, OSError) and problem.errno is not None:
                raise
            names = list(self._ids)
            self._ids.clear()  # so that each is checked again
            self.counting()
            for name in names if folder != "runs" else ():
                self.read_through(f"{folder}/{weeks_of(name)}")
            place = f"{self.files.place}/{folder}"
            raise InputError(tr("{place} cannot be read ({problem})", place=place, problem=problem)) from None

    def read_through(self, file: str) -> None:
        """Read all of a file, a part at a time.

        Raises
        ------
        Damaged
        """
        with self._opened(file) as source:
            for group in range(source.num_row_groups):
                source.read_row_group(group)

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
            packed = self.opened(file)
            with self.damage.watched(f"fresh/{file}"):
                return packed.record()
        parts = [self.group(folder, file, place // GROUP) for folder in ("weeks", "cells")]
        rows = self.group("runs", self._rows_of(file), None)
        with self.damage.watched(f"weeks/{file}", self.together(file)):
            return record_of(run, rows, *parts)

    def _rows_of(self, file: str) -> str:
        """The file in `runs` whose weeks are in this file."""
        for again in (False, True):
            if again:
                self.counting()
            found = [name for name in self._ids if weeks_of(name) == file]
            if found and self.files.exists(f"runs/{found[0]}"):
                return found[0]
        raise FileNotFoundError(f"runs/{file}")

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
        kinds: dict[bytes, list[tuple[str, Packed]]] = {}
        for name in fresh:
            try:
                run = self.opened(name)
            except Damaged:  # it has been set aside
                continue
            kinds.setdefault(run.kind, []).append((name, run))
        for named in kinds.values():
            names, runs = map(list, zip(*named, strict=True))
            named.clear()
            if self._write(runs):
                for name in names:
                    self.files.remove(f"fresh/{name}")

    def _write(self, runs: list[Packed]) -> bool:
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
                    for writer in writers:
                        stack.callback(_let_go, writer)
                for writer, table in zip(writers, tables, strict=True):
                    writer.write_table(table, row_group_size=max(1, len(table)))  # runs may have nothing by cell
                rows.append(run_table(some, file, first))
            for writer in writers:
                writer.close()
        return self._write_rows(pa.concat_tables(rows), file)

    def _write_rows(self, rows: pa.Table, file: str) -> bool:
        """Write the rows for weeks and cells that are written; False if somebody has taken these away meanwhile."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        parts = {}
        for folder in FOLDERS[1:]:
            try:
                with self.files.open(f"{folder}/{file}") as stream:
                    parts[folder] = {"footer": footer_digest(stream), "bytes": stream.seek(0, io.SEEK_END)}
            except FileNotFoundError:
                return False
        sink = pa.BufferOutputStream()
        rows = rows.replace_schema_metadata({PARTS: json.dumps(parts)})
        pq.write_table(rows, sink, compression="zstd", write_page_checksum=True)
        data = sink.getvalue().to_pybytes()
        self.files.put(f"runs/{PurePosixPath(file).stem}.{digest_of(data)[:DIGITS]}.parquet", data)
        return True

    def _put_together(self) -> None:
        """Put small files of one kind into a large one, if there are many of them."""
        kinds: dict[str, list[str]] = {}
        for name in self.counting():
            if _runs_in(name) < SMALL:
                with suppress(Damaged):  # it has been set aside
                    kinds.setdefault(self.schema(f"weeks/{weeks_of(name)}").to_string(), []).append(name)
        for names in kinds.values():
            while len(names) >= MANY:
                counts = np.cumsum([_runs_in(name) for name in names])
                some = names[: max(2, int(np.searchsorted(counts, TOGETHER, side="right")))]
                names = names[len(some) :]
                with suppress(Damaged):  # the others stay as they are
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
            with ExitStack() as stack:
                stream = stack.enter_context(self.files.writing(f"{folder}/{file}"))
                writer: Any = None
                for first in range(0, many, GROUP):
                    table = pa.concat_tables([next(parts) for _ in range(first, min(first + GROUP, many))])
                    table = table.unify_dictionaries().combine_chunks()
                    if writer is None:
                        writer = pq.ParquetWriter(stream, table.schema, **encoding(table.schema))
                        stack.callback(_let_go, writer)
                    writer.write_table(table, row_group_size=max(1, len(table)))
                writer.close()
        places = {"file": pa.array([file] * many), "place": pa.array(np.arange(many))}
        for name, values in places.items():
            rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), values)
        if self._write_rows(rows, file):
            self.forget(files)

    def _of_run(self, folder: str, run: str, file: str, place: int) -> pa.Table:
        """The rows of one run in `weeks` or `cells`."""
        import pyarrow.compute as pc

        table = self.group(folder, file, place // GROUP)
        return table.filter(pc.equal(table["run"].cast("string"), run))

    def forget(self, files: Iterable[str]) -> None:
        """Remove files whose runs are read from another; their rows first, so that nobody looks for their weeks."""
        for name in files:
            self.files.remove(f"runs/{name}")
            if not any(weeks_of(other) == weeks_of(name) for other in self.files.names("runs", ".parquet")):
                for folder in FOLDERS[1:]:
                    self.files.remove(f"{folder}/{weeks_of(name)}")

    def clear_up(self) -> None:
        """Set aside what is damaged; remove weeks whose runs are elsewhere, and runs that are in another file."""
        for name in self.fresh():
            with suppress(Damaged, FileNotFoundError):
                self.opened(name)
        there = self.counting()
        self.forget(set(self._ids) - set(there))
        self.clear_orphans()
        packed = set(self.ids().tolist())
        for name, run in self.fresh().items():
            if run in packed:
                self.files.remove(f"fresh/{name}")

    def clear_orphans(self) -> None:
        """Weeks and cells without rows in `runs`: left over by a dead batch, or else their rows were lost."""
        known, fresh = set(map(weeks_of, self.files.names("runs", ".parquet"))), set(self.fresh().values())
        elsewhere = fresh.union(*(ids.tolist() for ids in self._ids.values()))
        for folder in FOLDERS[1:]:
            for name in set(self.files.names(folder, ".parquet")) - known:
                with suppress(Damaged, FileNotFoundError):
                    with self._opened(f"{folder}/{name}") as source:
                        runs = set(source.read(["run"])["run"].to_pylist())
                    if all(int(run, 16) in elsewhere for run in runs):
                        self.damage.left_over(f"{folder}/{name}")
                    else:
                        self.damage.met(f"{folder}/{name}", tr("its rows in runs are missing"))


def _let_go(writer: Any) -> None:
    """Close a writer, which tries again later and complains to nobody if the disk was full."""
    with suppress(Exception):
        writer.close()
    writer.is_open = False


def weeks_of(name: str) -> str:
    """What the weeks and cells of a file in `runs` are called."""
    named = NAME.fullmatch(name)
    return f"{named[1]}.parquet" if named else name


def footer_digest(stream: Any) -> str:
    """The digest of the end of a Parquet file, which says where its pages are and what they hold."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, end - 8))
    size = int.from_bytes(stream.read(4), "little")
    if size > end - 8:
        raise ValueError(tr("it is no Parquet file"))
    stream.seek(end - 8 - size)
    return digest_of(stream.read(size + 8))


def _file_name(runs: int) -> str:
    """A new name for a file with so many runs."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}-{runs}.parquet"


def _runs_in(file: str) -> int:
    """How many runs a file in `runs` has, by its name."""
    named = NAME.fullmatch(file)
    return int(named[2]) if named else TOGETHER
