"""A store of very many runs: a folder or any fsspec URL, with few files however many runs it has.

    STORE/
        manifest.json        what this folder is
        log.jsonl            one line per run as it ended, only ever added to
        runs/*.parquet       a row per run: what it is, how it went, and its totals by region
        weeks/*.parquet      the tables of `Record.frame()`, one below the other; read only when asked for
        cells/*.parquet      the same by cell of the map
        fresh/*.run          runs that ended just now, one file each, until a hundred of them go into Parquet together
        plans/*.json         what was asked for: scenarios spelt out, seeds, draws
        claims/, batches/    who is at work on what, while somebody is

A run is finished when its file is in `fresh`, under its own name and whole, or its row in `runs`. The weeks and cells
of a row are written before it, fresh files go away after it, and a row counts before a fresh file of the same run:
wherever a process is killed, a finished run is there once, and what is half-written is read by nobody. A file that puts
small ones together names them, and they do not count from the moment it stands under its name. Several batches
may work on one store. Each claims a run before it makes it; claims of the dead are taken over.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property, reduce
from operator import and_
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from sim.engine.errors import InputError
from sim.stores.folder import folder_name, write_text
from sim.stores.packed import (
    HOW,
    WHAT,
    Packed,
    cell_table,
    encoding,
    record_of,
    run_table,
    total_column,
    week_table,
)
from sim.stores.run import Run, scenario_text, shown_key
from sim.stores.totals import weekly
from sim.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from sim.batches.batch import Batch, Row
    from sim.record import Record
    from sim.scenario import Scenario

FORMAT = 1
TOGETHER = 100
"""Runs that go into one Parquet file."""
SMALL, MANY = 50, 20
"""So many files with fewer runs than that are put together, so that tiny batches do not leave thousands of files."""
GROUP = 10
"""Runs in one row group of `weeks`: what is read for one record."""
BEAT, LEASE = 60.0, 600.0
"""Seconds between two signs of life of a batch, and after how many without one it counts as dead elsewhere."""
TAKES_UP = b"takes_up"
FOLDERS = ("runs", "weeks", "cells", "fresh", "plans", "claims", "batches")


def open_store(place: str | os.PathLike[str]) -> Archive:
    """Open a store to read what is in it.

    >>> store = sim.open_store("results/big")           # doctest: +SKIP
    >>> store.runs()                                    # doctest: +SKIP
    >>> store.batch().effects()                         # doctest: +SKIP

    Raises
    ------
    InputError
        If there is no store.
    """
    return Archive(place, reading=True)


class Archive:
    """A store of runs.

    Parameters
    ----------
    place : path or str
        A folder, or a URL that fsspec knows. Made if it is not there.
    reading : bool
        Whether it must be there already, and nothing is written.

    Raises
    ------
    InputError
        If the place holds something else, cannot be written to, or (reading) holds no store.
    """

    def __init__(self, place: str | os.PathLike[str], *, reading: bool = False) -> None:
        import fsspec
        from fsspec.implementations.local import LocalFileSystem

        self.place = os.fspath(place)
        try:
            self.fs, self.root = fsspec.core.url_to_fs(self.place)
        except (ImportError, ValueError) as problem:
            raise InputError(f"{self.place} is no folder and no URL that fsspec knows ({problem})") from None
        self.local = isinstance(self.fs, LocalFileSystem)
        self.me = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._schemas: dict[str, pa.Schema] = {}
        self._kinds: dict[bytes, pa.Schema] = {}
        try:
            self._check(reading)
        except OSError as problem:
            why = problem.strerror or problem
            raise InputError(f"cannot use {self.place} ({why}); name another place with --store") from problem

    @classmethod
    def stands(cls, place: str | os.PathLike[str]) -> bool:
        """Whether there is anything at a place."""
        import fsspec

        try:
            fs, root = fsspec.core.url_to_fs(os.fspath(place))
        except (ImportError, ValueError):
            return True  # to be refused when it is opened
        return bool(fs.exists(root)) and bool(fs.ls(root))

    def _check(self, reading: bool) -> None:
        """Refuse what is no store, and make one where there is nothing."""
        if self.fs.exists(self._at("manifest.json")):
            try:
                there = json.loads(self.fs.cat_file(self._at("manifest.json")))
            except ValueError:
                there = {}
            if "store" not in there:
                raise InputError(f"{self.place} is no store; name one, or a new or empty folder, with --store")
            if there["store"] > FORMAT:
                raise InputError(f"{self.place} was made by a later version of kumakan ({there.get('kumakan')})")
        elif reading:
            raise InputError(f"there is no store at {self.place}")
        elif self.fs.isfile(self.root) or not {name.partition(".")[0] for name in self._names("")} <= {*FOLDERS, ""}:
            raise InputError(f"{self.place} holds other files; name a store, or a new or empty folder, with --store")
        else:
            for folder in FOLDERS:
                self.fs.makedirs(self._at(folder), exist_ok=True)
            about = {"store": FORMAT, "kumakan": __version__, "made": _now()}
            self._put("manifest.json", (json.dumps(about, indent=1) + "\n").encode())

    # --- what a batch does --------------------------------------------------------------------------------

    def begin(self, out: Path) -> None:
        """Say that this process is at work, and clear up after the dead; `out` is for what a URL cannot hold."""
        self.out = Path(self.root) if self.local else out
        self._claims: dict[str, int] = {}
        self._elsewhere: set[int] = set()
        self._fresh = 0
        self._over = threading.Event()
        self._live()
        threading.Thread(target=self._beat, args=(self._over,), daemon=True).start()
        self._clear_up()
        self._log_read = self._log_size()  # what others finish from here on is read there
        self._there = self._ids()

    def note(self, asked: Mapping[str, Any]) -> None:
        """Write what is asked for, and how it stands."""
        text = json.dumps(asked, indent=1, ensure_ascii=False, default=str)
        self._put(f"plans/{plan_name(asked)}.json", (text + "\n").encode())

    def end(self, asked: Mapping[str, Any], rows: Sequence[Mapping[str, Any]] = ()) -> None:
        """Put fresh runs into Parquet and say that this process is done here."""
        try:
            self.note(asked)
            self.pack(least=1)
        finally:
            for name in list(self._claims):
                self._release(name)
            self._over.set()
            self._remove(f"batches/{self.me}")

    def folder(self, run: Run) -> None:
        """Runs have no folders here."""

    @property
    def options(self) -> list[str]:
        """How the command line names this place."""
        return ["--store", self.place]

    def finished(self, run: Run) -> bool:
        """Whether a run is there: since before the batch began, or as other batches have told since."""
        number = int(run.id, 16)
        place = int(np.searchsorted(self._there, np.uint64(number)))
        return number in self._elsewhere or (place < self._there.size and int(self._there[place]) == number)

    def take(self, run: Run) -> bool:
        """Claim a run, so that no other batch makes it too; False if one is at it, or has just finished it."""
        if not self._claim(run.id):
            return False
        self._read_log()
        if not self.finished(run) and self.fs.exists(self._at(f"fresh/{run.id}.run")):
            self._elsewhere.add(int(run.id, 16))
        if self.finished(run):
            self._release(run.id)
            return False
        return True

    def keep(self, run: Run, line: Mapping[str, Any], packed: bytes) -> None:
        """Keep a run that ended: once its file has its name it is safe. Then the line in the log."""
        if packed:
            self._put(f"fresh/{run.id}.run", packed)
            self._fresh += 1
        else:
            file = self.scenario_file(run.scenario, run.digest)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, scenario_text(run.scenario))
        self._log({"at": _now(), "run": run.id, "by": self.me, **line})
        self._release(run.id)
        if self._fresh >= TOGETHER:
            self.pack(least=TOGETHER)
            self._fresh = 0

    def keep_scenario(self, scenario: Scenario) -> None:
        """Scenarios stand in the plan; only those of failed runs get a file, as there may be thousands."""

    def scenario_file(self, scenario: Scenario, digest: str) -> Path:
        """Where the scenario of a failed run is, spelt out."""
        return self.out / "scenarios" / f"{folder_name(scenario.name)}-{digest[:8]}.yaml"

    # --- what is in it ------------------------------------------------------------------------------------

    @property
    def plans(self) -> list[dict[str, Any]]:
        """What was asked for, the latest last."""
        found = [json.loads(self.fs.cat_file(self._at(f"plans/{name}"))) for name in self._names("plans")]
        return sorted(found, key=lambda plan: str(plan.get("started")))

    def batch(self, plan: int = -1) -> Batch:
        """The runs of a plan (by its place in `plans`; the latest if left out), with their records and effects.

        Raises
        ------
        InputError
            If there is no such plan.
        """
        from sim.batches.batch import Batch

        try:
            asked = self.plans[plan]
        except IndexError:
            raise InputError(f"{self.place} holds {len(self.plans)} plans; there is none with number {plan}") from None
        kept = Kept(self, asked)
        names, seeds, draws = (tuple(asked[what]) for what in ("scenarios", "seeds", "draws"))
        return Batch(Path(self.root), names, seeds, KeptRows(kept), draws, kept)

    def runs(self, columns: Sequence[str] = (*WHAT, *HOW)) -> pd.DataFrame:
        """A row for each run of the store, with some of its `columns`."""
        frame: pd.DataFrame = self.table(["run", *columns]).to_pandas()
        return frame.set_index("run")

    @property
    def columns(self) -> list[str]:
        """What `runs` and `table` can give of runs in Parquet: what they are, how they went, their totals by region."""
        return sorted({name for file in self.files() for name in self._schema(f"runs/{file}").names})

    def table(self, columns: Sequence[str], where: Any = None) -> pa.Table:
        """Some columns of all runs, or of those for which the Arrow expression `where` holds; each run once."""
        import pyarrow as pa

        while True:
            fresh = self._names("fresh", ".run")  # before Parquet is listed: what moves there meanwhile is in both
            try:
                files = self.files()
                tables = []
                if files:
                    data = self._dataset("runs", files)
                    tables.append(data.to_table([c for c in columns if c in data.schema.names], filter=where))
                packed = self._packed(files) if fresh else set()
                for name in fresh:
                    if PurePosixPath(name).stem not in packed:
                        row = run_table([self.opened(name)], name)
                        row = row if where is None else row.filter(where)
                        tables.append(row.select([column for column in columns if column in row.column_names]))
            except FileNotFoundError:
                continue  # a fresh run has just gone into Parquet: look again
            return pa.concat_tables(tables, promote_options="default") if tables else pa.table(
                {column: [] for column in columns})  # fmt: skip

    def _packed(self, files: Sequence[str]) -> set[str]:
        """The runs in these files."""
        return set(self._dataset("runs", files).to_table(["run"])["run"].to_pylist()) if files else set()

    def weeks(self, columns: Sequence[str], where: Any = None) -> Iterator[pa.RecordBatch]:
        """Weekly values of the runs in Parquet, some at a time, with run, scenario, seed, draw, week, date, region."""
        first = ("run", "scenario", "seed", "draw", "week", "date", "region")
        files = self.files()
        if not files:
            return
        data = self._dataset("weeks", files)
        yield from data.to_batches(columns=[*first, *columns], filter=where, batch_readahead=2, fragment_readahead=1)

    def record(self, run: str, file: str, place: int) -> Record:
        """The record of a run that is in this file, at this place in it (both from `table`)."""
        while True:
            try:
                if file.endswith(".run"):
                    return self.opened(file).record()
                return record_of(run, self._group("runs", file, None), self._group("weeks", file, place // GROUP),
                               self._group("cells", file, place // GROUP))  # fmt: skip
            except FileNotFoundError:  # it has gone into Parquet, or into a larger file
                import pyarrow.dataset as ds

                row = self.table(["file", "place"], ds.field("run") == run).to_pylist()[0]
                if row["file"] == file:
                    raise InputError(
                        f"{self.place} lacks a part of {file}; remove runs/{file}, and its runs are made again"
                    ) from None
                file, place = row["file"], row["place"]

    def opened(self, fresh: str) -> Packed:
        """The run in a fresh file."""
        return Packed(self.fs.cat_file(self._at(f"fresh/{fresh}")), f"{self.place}/fresh/{fresh}")

    def _group(self, folder: str, file: str, group: int | None) -> pa.Table:
        """A row group (or all) of a file; the latest of each kind are remembered, as runs are mostly read in order."""
        import pyarrow.parquet as pq

        key = (folder, file, group)
        if self._remembered.get(folder, (None,))[0] != key:
            with self.fs.open(self._at(f"{folder}/{file}"), "rb") as stream:
                source = pq.ParquetFile(stream)
                table = source.read() if group is None else source.read_row_group(group)
            self._remembered[folder] = (key, table)
        found: pa.Table = self._remembered[folder][1]
        return found

    @cached_property
    def _remembered(self) -> dict[str, Any]:
        return {}

    def _schema(self, file: str) -> pa.Schema:
        """What a file holds; files of one kind share it, as a hundred observables take their room."""
        import pyarrow.parquet as pq

        if file not in self._schemas:
            with self.fs.open(self._at(file), "rb") as stream:
                schema = pq.read_schema(stream)
            self._schemas[file] = self._kinds.setdefault(schema.serialize().to_pybytes(), schema)
        return self._schemas[file]

    def _dataset(self, folder: str, files: Sequence[str]) -> Any:
        import pyarrow as pa
        import pyarrow.dataset as ds

        paths = [self._at(f"{folder}/{name}") for name in files]
        kinds = {id(kind): kind for kind in (self._schema(f"{folder}/{name}") for name in files)}
        schema = pa.unify_schemas([kind.remove_metadata() for kind in kinds.values()])
        return ds.dataset(paths, schema=schema, filesystem=self.fs, format="parquet")

    def files(self) -> list[str]:
        """The files that count: those of `runs` that no other has taken up."""
        names = self._names("runs")
        taken = {old for name in names for old in self._takes_up(name)}
        return [name for name in names if name not in taken]

    def _takes_up(self, name: str) -> list[str]:
        """The files that this one was put together from."""
        found: list[str] = json.loads((self._schema(f"runs/{name}").metadata or {}).get(TAKES_UP, b"[]"))
        return found

    def _ids(self) -> np.ndarray:
        """All finished runs, as sorted numbers."""
        runs = self.table(["run"])["run"].to_numpy(zero_copy_only=False)
        return np.unique(np.array([int(run, 16) for run in runs], np.uint64))

    # --- putting fresh runs together ----------------------------------------------------------------------

    def pack(self, least: int = TOGETHER) -> None:
        """Put fresh runs into Parquet, a hundred to a file, while there are at least so many."""
        if not self._claim("packing"):
            return  # another batch is at it
        try:
            fresh = self._names("fresh", ".run")
            while len(fresh) >= least and fresh:
                some, fresh = fresh[:TOGETHER], fresh[TOGETHER:]
                self._pack(some)
            self._put_together()
        finally:
            self._release("packing")

    def _pack(self, fresh: Sequence[str]) -> None:
        """Put fresh runs into Parquet, those that observe the same together; then they may go."""
        kinds: dict[bytes, list[Packed]] = {}
        for name in fresh:
            run = self.opened(name)
            kinds.setdefault(run.kind, []).append(run)
        for runs in kinds.values():
            self._write(runs)
        for name in fresh:
            self._remove(f"fresh/{name}")

    def _write(self, runs: list[Packed]) -> None:
        """Write one file each of weeks, cells and runs, a few runs at a time; rows of runs last, as then they count."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = _file_name(len(runs))
        rows = []
        with ExitStack() as stack:
            streams = [stack.enter_context(self._writing(f"{folder}/{file}")) for folder in ("weeks", "cells")]
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
        with self._writing(f"runs/{file}") as stream:
            pq.write_table(pa.concat_tables(rows), stream, compression="zstd")

    def _put_together(self) -> None:
        """Put small files of one kind into a large one, if there are many of them."""
        kinds: dict[str, list[str]] = {}
        for name in self.files():
            if _runs_in(name) < SMALL:
                kinds.setdefault(self._schema(f"weeks/{name}").to_string(), []).append(name)
        for names in kinds.values():
            while len(names) >= MANY:
                counts = np.cumsum([_runs_in(name) for name in names])
                some = names[: max(2, int(np.searchsorted(counts, TOGETHER, side="right")))]
                names = names[len(some) :]
                self._rewrite(some)

    def _rewrite(self, files: Sequence[str]) -> None:
        """One file out of several: weeks and cells, then rows, with which it counts and they do not; then they go."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = pa.concat_tables([self._group("runs", name, None) for name in files]).combine_chunks()
        many, file = len(rows), _file_name(len(rows))
        for folder in ("weeks", "cells"):
            parts = iter([self._of_run(folder, *where) for where in zip(*(
                rows[name].to_pylist() for name in ("run", "file", "place")), strict=True)])  # fmt: skip
            with self._writing(f"{folder}/{file}") as stream:
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
        rows = rows.replace_schema_metadata({TAKES_UP: json.dumps(list(files)).encode()})
        with self._writing(f"runs/{file}") as stream:
            pq.write_table(rows, stream, compression="zstd")
        self._forget(files)

    def _of_run(self, folder: str, run: str, file: str, place: int) -> pa.Table:
        """The rows of one run in `weeks` or `cells`."""
        import pyarrow.compute as pc

        table = self._group(folder, file, place // GROUP)
        return table.filter(pc.equal(table["run"].cast("string"), run))

    def _forget(self, files: Iterable[str]) -> None:
        """Remove files that another has taken up; their rows last, as by them they are known."""
        for name in files:
            for folder in ("weeks", "cells", "runs"):
                self._remove(f"{folder}/{name}")

    def _clear_up(self) -> None:
        """Remove what dead batches left: half-written files, weeks without runs, fresh runs that are in Parquet."""
        claims = self._names("claims")  # before the batches: who claims later is not meant
        others = [name for name in self._names("batches") if name != self.me]
        dead = [name for name in others if not self._alive(name)]
        if len(dead) == len(others):
            for claim in claims:
                self._remove(f"claims/{claim}")
        for name in dead:
            self._remove(f"batches/{name}")
        if not self._claim("packing"):
            return
        try:
            for folder in ("", *FOLDERS):
                for name in self._names(folder, hidden=True):
                    if not self._writes(name.rpartition("~")[2], f"{folder}/{name}"):
                        self._remove(f"{folder}/{name}")
            there = self.files()
            self._forget(set(self._names("runs")) - set(there))
            for folder in ("weeks", "cells"):
                for name in set(self._names(folder)) - set(there):
                    self._remove(f"{folder}/{name}")
            fresh = self._names("fresh", ".run")
            packed = self._packed(there) if fresh else set()
            for name in fresh:
                if PurePosixPath(name).stem in packed:
                    self._remove(f"fresh/{name}")
        finally:
            self._release("packing")

    # --- who is at work on what ---------------------------------------------------------------------------

    def _live(self) -> None:
        """A sign of life."""
        me = psutil.Process()
        about = {"host": socket.gethostname(), "pid": me.pid, "since": me.create_time(), "seen": time.time()}
        self._put(f"batches/{self.me}", json.dumps(about).encode())

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(BEAT):
            try:
                self._live()
            except OSError:
                continue

    def _alive(self, batch: str) -> bool:
        """Whether a batch is still at work: its process here, its last sign of life elsewhere."""
        try:
            about = json.loads(self.fs.cat_file(self._at(f"batches/{batch}")))
        except (FileNotFoundError, ValueError):
            return False
        if about["host"] != socket.gethostname():
            return bool(time.time() - about["seen"] < LEASE)
        try:
            return abs(psutil.Process(about["pid"]).create_time() - about["since"]) < 1.0
        except psutil.NoSuchProcess:
            return False

    def _writes(self, batch: str, half: str) -> bool:
        """Whether a batch may still be writing a file; one that has only just begun has given no sign of life yet."""
        if self._alive(batch):
            return True
        host, _, number = batch.rpartition("-")[0].rpartition("-")
        if host == socket.gethostname() and number.isdigit():
            return int(number) != os.getpid() and psutil.pid_exists(int(number))
        try:
            written = self.fs.modified(self._at(half))
        except (FileNotFoundError, NotImplementedError):
            return False
        return bool((datetime.now(UTC) - written).total_seconds() < LEASE)

    def _claim(self, name: str) -> bool:
        """Take what nobody alive holds. A claim is never taken away from its file: the next holder adds one."""
        numbers = [int(claim.rpartition(".")[2]) for claim in self._names("claims", start=f"{name}.")]
        number = max(numbers, default=-1)
        if number >= 0:
            try:
                holder = self.fs.cat_file(self._at(f"claims/{name}.{number}")).decode()
            except FileNotFoundError:
                return False  # it was given up this moment; asked again soon
            if self._alive(holder):
                return False
        if not self._create(f"claims/{name}.{number + 1}", self.me.encode()):
            return False
        self._claims[name] = number + 1
        return True

    def _release(self, name: str) -> None:
        """Give up a claim, and those of the dead before it."""
        for number in range(self._claims.pop(name, -1) + 1):
            self._remove(f"claims/{name}.{number}")

    # --- the log ------------------------------------------------------------------------------------------

    def _log(self, line: Mapping[str, Any]) -> None:
        """Add a line; if the last one was torn, on a line of its own."""
        text = (json.dumps(line, ensure_ascii=False, default=str) + "\n").encode()
        path = self._at("log.jsonl")
        if not self.local:
            with self.fs.open(path, "ab") as stream:
                stream.write(text)
            return
        log = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            size = os.fstat(log).st_size
            if size and os.pread(log, 1, size - 1) != b"\n":
                text = b"\n" + text
            os.write(log, text)
        finally:
            os.close(log)

    def _log_size(self) -> int:
        return int(self.fs.size(self._at("log.jsonl"))) if self.fs.exists(self._at("log.jsonl")) else 0

    def _read_log(self) -> None:
        """Learn what other batches have finished since."""
        size = self._log_size()
        if size <= self._log_read:
            return
        new = self.fs.cat_file(self._at("log.jsonl"), start=self._log_read, end=size)
        whole = new.rpartition(b"\n")[0]
        self._log_read += len(whole)
        for line in log_lines(whole):
            if line.get("by") != self.me and line.get("state") == "done":
                self._elsewhere.add(int(line["run"], 16))

    def log(self) -> Iterator[dict[str, Any]]:
        """The lines of the log, without those that were torn."""
        if self._log_size():
            yield from log_lines(self.fs.cat_file(self._at("log.jsonl")))

    # --- files --------------------------------------------------------------------------------------------

    def _at(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}".rstrip("/")

    def _names(self, folder: str, ending: str = "", start: str = "", hidden: bool = False) -> list[str]:
        """Names of the files in a folder; hidden ones are half-written."""
        if self.local:
            try:
                names = os.listdir(self._at(folder))
            except FileNotFoundError:
                names = []
        else:
            self.fs.invalidate_cache()
            there = self.fs.exists(self._at(folder))
            names = [PurePosixPath(path).name for path in self.fs.ls(self._at(folder), detail=False)] if there else []
        return sorted(n for n in names if n.startswith(".") == hidden and n.endswith(ending) and n.startswith(start))

    @contextmanager
    def _writing(self, name: str) -> Iterator[Any]:
        """A file that gets its name when it is whole and on the disk, and is not there if that fails."""
        folder, _, last = self._at(name).rpartition("/")
        half = f"{folder}/.{last}~{self.me}"
        try:
            with self.fs.open(half, "wb") as stream:
                yield stream
                if self.local:
                    stream.flush()
                    os.fsync(stream.fileno())
            if self.local:
                os.replace(half, self._at(name))
            else:
                self.fs.mv(half, self._at(name))
        except BaseException:
            with suppress(OSError):
                self.fs.rm_file(half)
            raise

    def _put(self, name: str, data: bytes) -> None:
        with self._writing(name) as stream:
            stream.write(data)

    def _create(self, name: str, data: bytes) -> bool:
        """Write a small file unless there is one of this name."""
        path = self._at(name)
        try:
            if not self.local:
                self.fs.pipe_file(path, data, mode="create")
                return True
            folder, _, last = path.rpartition("/")
            half = f"{folder}/.{last}~{self.me}"
            with open(half, "wb") as stream:
                stream.write(data)
            try:
                os.link(half, path)
            finally:
                os.unlink(half)
        except FileExistsError:
            return False
        return True

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self.fs.rm_file(self._at(name))


def _file_name(runs: int) -> str:
    """A new name for a file with so many runs."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}-{runs}.parquet"


def _runs_in(file: str) -> int:
    """How many runs a file has, by its name."""
    *_, many = PurePosixPath(file).stem.split("-")
    return int(many) if many.isdigit() else TOGETHER


def plan_name(asked: Mapping[str, Any]) -> str:
    """What the file of a plan is called: a digest of what is asked for."""
    digests = {name: scenario["digest"] for name, scenario in asked["scenarios"].items()}
    what = [digests, *(asked[part] for part in ("seeds", "draws", "world_seed", "version", "sources"))]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]


def log_lines(text: bytes) -> Iterator[dict[str, Any]]:
    """The lines that are whole."""
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# --- the runs of a plan -------------------------------------------------------------------------------------


class Kept(Mapping[str, "KeptRuns"]):
    """Scenario -> seed (or `Key`) -> Record, of all finished runs of a plan, read when asked for."""

    def __init__(self, archive: Archive, asked: Mapping[str, Any]) -> None:
        self.archive, self.asked = archive, asked
        self.drawn = list(asked["draws"]) != [0]
        self._totals: dict[tuple[str, ...], pa.Table] = {}
        self._weekly: dict[tuple[str, ...], dict[str, np.ndarray]] = {}

    @property
    def where(self) -> Any:
        """The Arrow expression that holds for runs of the plan."""
        import pyarrow.dataset as ds

        digests = [scenario["digest"] for scenario in self.asked["scenarios"].values()]
        same = [ds.field(name) == self.asked[name] for name in ("world_seed", "version", "sources")]
        among = [ds.field("scenario_digest").isin(digests)]
        for name, numbers in (("seed", self.asked["seeds"]), ("draw", self.asked["draws"])):
            low, high = min(numbers, default=0), max(numbers, default=0)
            among.append((ds.field(name) >= low) & (ds.field(name) <= high) if high - low + 1 == len(numbers)
                         else ds.field(name).isin(list(numbers)))  # fmt: skip
        return reduce(and_, [*same, *among])

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of the runs of the plan, by scenario as they were given, draw, and seed."""
        return self.archive.table(columns, self.where)

    @cached_property
    def _places(self) -> dict[str, dict[Any, tuple[str, str, int]]]:
        table = self.table(["scenario", "draw", "seed", "run", "file", "place"])
        found: dict[str, dict[Any, tuple[str, str, int]]] = {name: {} for name in self.asked["scenarios"]}
        for scenario, draw, seed, *where in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
            found[scenario][shown_key(draw, seed, self.drawn)] = (where[0], where[1], where[2])
        return {name: dict(sorted(runs.items())) for name, runs in found.items()}

    def totals(self, scenario: str, names: Sequence[str]) -> dict[Any, np.ndarray]:
        """Regions x observables of each run of a scenario, as `sim.stores.totals` gives them: columns only."""
        import pyarrow.compute as pc

        key = tuple(names)
        if key not in self._totals:  # all scenarios at once: every file is opened once
            columns = [total_column(name, how) for name in names for how in ("sum", "mean")]
            self._totals = {key: self.table(["scenario", "draw", "seed", *columns])}
        table = self._totals[key]
        table = table.filter(pc.equal(table["scenario"], scenario)).combine_chunks()
        seeds, draws = table["seed"].to_pylist(), table["draw"].to_pylist()
        there = set(table.column_names)
        columns = [next(c for how in ("sum", "mean") if (c := total_column(name, how)) in there) for name in names]
        values = np.empty((0, 0, len(names)))
        if len(table):
            by_name = [table[c].combine_chunks().flatten().to_numpy().reshape(len(table), -1) for c in columns]
            values = np.stack(by_name, axis=-1)
        keys = [shown_key(draw, seed, self.drawn) for draw, seed in zip(draws, seeds, strict=True)]
        return {keys[k]: values[k] for k in sorted(range(len(keys)), key=keys.__getitem__)}

    def weekly(self, scenario: str, names: Sequence[str]) -> dict[Any, np.ndarray]:
        """Weeks x regions x observables of each run of a scenario: columns only, read some rows at a time."""
        key = tuple(names)
        while key not in self._weekly:  # all scenarios at once: every file is opened once
            files = self.archive.files()
            try:
                self._weekly = {key: self._read_weekly(names)}
            except FileNotFoundError as problem:  # a file has been taken up by a larger one, unless it is gone
                if files == self.archive.files():
                    raise InputError(f"{self.archive.place} lacks a part of its weeks ({problem})") from None
        found = self._weekly[key]
        return {
            pair: found[where[0]] if where[0] in found else weekly(self.archive.record(*where), names)
            for pair, where in self._places[scenario].items()
        }

    def _read_weekly(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """The same by run, of those in Parquet."""
        parts: dict[str, list[np.ndarray]] = {
            where[0]: [] for places in self._places.values() for where in places.values()
        }
        regions = 1
        for rows in self.archive.weeks(names):
            ids, at = rows["run"].dictionary.to_pylist(), rows["run"].indices.to_numpy()
            regions = len(rows["region"].dictionary)
            values = np.column_stack([rows[name].to_numpy() for name in names])
            ends = np.flatnonzero(np.diff(at, append=-1)) + 1  # a run's rows stand together, week by week
            for first, last in zip([0, *ends[:-1]], ends, strict=True):
                if ids[at[first]] in parts:
                    parts[ids[at[first]]].append(values[first:last])
        return {run: np.concatenate(some).reshape(-1, regions, len(names)) for run, some in parts.items() if some}

    def __getitem__(self, scenario: str) -> KeptRuns:
        return KeptRuns(self, scenario, self._places[scenario])

    def __iter__(self) -> Iterator[str]:
        return iter(self.asked["scenarios"])

    def __len__(self) -> int:
        return len(self.asked["scenarios"])


class KeptRuns(Mapping[Any, "Record"]):
    """The finished runs of one scenario of a plan."""

    def __init__(self, kept: Kept, scenario: str, places: Mapping[Any, tuple[str, str, int]]) -> None:
        self._kept, self._scenario, self._places = kept, scenario, places

    def totals(self, names: Sequence[str]) -> Mapping[Any, np.ndarray]:
        """Regions x observables of each run, from the columns of the store, without reading a record."""
        return self._kept.totals(self._scenario, names)

    def weekly(self, names: Sequence[str]) -> Mapping[Any, np.ndarray]:
        """Weeks x regions x observables of each run, from the columns of the store."""
        return self._kept.weekly(self._scenario, names)

    def __getitem__(self, key: Any) -> Record:
        return self._kept.archive.record(*self._places[key])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class KeptRows(Sequence["Row"]):
    """How the runs of a plan ended, read from the store when asked for: those that finished, then those that failed."""

    def __init__(self, kept: Kept, failed: Sequence[Row] = ()) -> None:
        self._kept, self.failed = kept, tuple(failed)

    @cached_property
    def _rows(self) -> tuple[Row, ...]:
        from sim.batches.batch import Row

        table = self._kept.table(["scenario", "seed", "draw", "digest", "wall_seconds", "peak_memory_bytes"])
        done = (
            Row(scenario, seed, draw, "done", digest=digest, seconds=seconds, peak_memory_bytes=peak)
            for scenario, seed, draw, digest, seconds, peak in zip(
                *(table[name].to_pylist() for name in table.column_names), strict=True)
        )  # fmt: skip
        order = {name: k for k, name in enumerate(self._kept.asked["scenarios"])}
        return (*sorted(done, key=lambda row: (row.seed, row.draw, order[row.scenario])), *self.failed)

    def __getitem__(self, place: Any) -> Any:
        return self._rows[place]

    def __len__(self) -> int:
        return len(self._rows)
