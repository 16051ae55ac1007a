"""A store of very many runs: a folder or any fsspec URL, with few files however many runs it has.

    STORE/
        manifest.json        what this folder is
        log.jsonl            a line for each run as it ended; lines are only ever added
        runs/*.parquet       a row for each run: what it is, how it went, and its totals by region
        weeks/*.parquet      the tables of `Record.frame()`, one below the other; read only when asked for
        cells/*.parquet      the same by cell of the map
        fresh/*.run          runs that have just ended, a file each, until a hundred of them go into Parquet together
        plans/*.json         what was asked for: scenarios with all settings, seeds, draws
        claims/, batches/    who is at work on what, while somebody is

A run is finished when its file is in `fresh`, or its row in `runs`; each file is there whole or not at all. The weeks
and cells of a row are written before it, and what a file replaces is removed after it. So a run may stand in several
files for a while: wherever a process is killed, whatever files are copied here from another store. It is read once,
from the file with the most runs, and the next batch removes files of which no run is read. Several batches may work on
one store; each claims a run before it makes it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.errors import InputError
from sim.engine.kept import sealed, unsealed
from sim.languages import semicolon, tr, trn
from sim.stores.claims import Claims
from sim.stores.columns import Columns
from sim.stores.damage import Damage, Damaged
from sim.stores.files import Files, as_place, now, write_text
from sim.stores.folder import folder_name
from sim.stores.packed import run_table
from sim.stores.parquet import FOLDERS as PARQUET_FOLDERS
from sim.stores.parquet import TOGETHER, Parquet
from sim.stores.run import HOW, WHAT, Row, Run, run_id, scenario_text
from sim.stores.store import Store
from sim.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from sim.record import Record
    from sim.scenario import Scenario
    from sim.stores.runs import Runs

FORMAT = 2
"""Since 2 the files have checksums; stores of 1 are read, and become 2 when runs are added."""
ASKED = {"baseline", "scenarios", "seeds", "draws", "world_seed", "version", "sources"}
"""What every plan has."""
MOST_FAILED = 1000
"""Failed runs that a plan lists; the log has all."""
FOLDERS = (*PARQUET_FOLDERS, "fresh", "plans", "claims", "batches")


class ArchiveStore(Store):
    """A store of many runs in few files.

    Parameters
    ----------
    place : path or str
        A folder, or a URL that fsspec knows. The store is made if there is none.
    reading : bool
        Whether the store is only read: it must be there, and nothing is written.

    Raises
    ------
    InputError
        If the place holds something else, cannot be written to, or (reading) holds no store.
    """

    def __init__(self, place: str | os.PathLike[str], *, reading: bool = False) -> None:
        self.place = as_place(place, "store")
        self.files = Files(self.place)
        self.claims = Claims(self.files)
        self.damage = Damage(self.files)
        self.parquet = Parquet(self.files, self.damage)
        self._elsewhere: set[int] = set()  # runs that other batches have finished meanwhile
        try:
            self._check(reading)
        except InputError:
            raise
        except Exception as problem:  # file systems elsewhere raise anything
            why = (problem.strerror if isinstance(problem, OSError) else None) or problem
            raise InputError(
                tr("cannot use {place} ({why}); name another place with --store", place=self.place, why=why)
            ) from problem

    @classmethod
    def stands(cls, place: str | os.PathLike[str]) -> bool:
        """Whether there is anything at a place; a place that cannot be looked at counts, to be refused when opened."""
        try:
            files = Files(as_place(place, "store"))
        except InputError:
            return True
        return files.exists("") and bool(files.fs.ls(files.root))

    @staticmethod
    def holds_runs(files: Files) -> bool:
        """Whether a place has runs as a store keeps them, whatever its manifest says."""
        return bool(files.names("runs", ".parquet") or files.names("fresh", ".run"))

    def _check(self, reading: bool) -> None:
        """Reject anything that is not a store; create one in an empty place. A lost manifest is written again."""
        there = self._manifest()
        if there and there["store"] > FORMAT:
            raise InputError(
                tr(
                    "{place} was made by a later version of kumakan ({version})",
                    place=self.place,
                    version=there.get("kumakan"),
                )
            )
        if there or self.holds_runs(self.files):
            if not reading and (not there or there["store"] < FORMAT):
                self.damage.mends = True
                self.check_manifest()
                self.damage.mends = False
                self._write_manifest()
        elif there is not None:
            raise InputError(
                tr(
                    "{place} is no store: its manifest.json is not that of a store or is damaged, and it holds no runs;"
                    " name a store, or a new or empty folder, with --store",
                    place=self.place,
                )
            )
        elif reading:
            raise InputError(tr("there is no store at {place}", place=self.place))
        elif self.files.fs.isfile(self.files.root) or not (
            {name.partition(".")[0] for name in self.files.names("")} <= {*FOLDERS, ""}
        ):
            raise InputError(
                tr("{place} holds other files; name a store, or a new or empty folder, with --store", place=self.place)
            )
        else:
            self._make_folders()
            self._write_manifest()

    def _manifest(self) -> dict[str, Any] | None:
        """What the manifest says: nothing if it is none of a store, None if it is missing."""
        if not self.files.exists("manifest.json"):
            return None
        try:
            there = unsealed(self.files.read("manifest.json"))
        except (ValueError, IsADirectoryError):
            return {}
        return there if type(there.get("store")) is int and there["store"] > 0 else {}

    def check_manifest(self) -> None:
        """Note a manifest that is damaged."""
        if self._manifest() == {}:
            self.damage.met("manifest.json", tr("it is not the manifest of a store"))

    def _write_manifest(self) -> None:
        about = {"store": FORMAT, "kumakan": __version__, "made": now()}
        self.files.put("manifest.json", sealed(about).encode())

    def _make_folders(self) -> None:
        for folder in FOLDERS:
            if self.files.fs.isfile(self.files.at(folder)):
                self.damage.met(folder, tr("it is a file, not a folder"))
            self.files.fs.makedirs(self.files.at(folder), exist_ok=True)

    @cached_property
    def out(self) -> Path:
        """The folder for tables and figures: the results folder of a batch, or the store itself."""
        return Path(self.files.root)

    @property
    def runs_place(self) -> str:
        """The store itself."""
        return self.place

    @property
    def listing(self) -> str:
        """The log."""
        return f"{self.place}/log.jsonl"

    @property
    def options(self) -> list[str]:
        """How the command line names this place."""
        return ["--store", self.place]

    # --- what a batch does --------------------------------------------------------------------------------

    @contextmanager
    def at_work(self, out: Path) -> Iterator[None]:
        """Say that this process is at work, and clear up after the dead; `out` is for what a URL cannot hold."""
        if not self.files.local:
            self.out = out
        self._elsewhere.clear()
        self._fresh = 0
        self.damage.mends = True
        try:
            self._make_folders()  # copies of a store may lack empty folders
            with self.claims.alive():
                self._clear_up()
                self._log_read = self.files.size("log.jsonl")  # what others finish from here on is read there
                self._there = self._finished_ids()
                self._known = len(self.damage.found)
                yield
        finally:
            self.damage.mends = False
            self.damage.found.clear()

    @property
    def notes(self) -> list[str]:
        """What was set aside, and why, since this process is at work."""
        return list(self.damage.found)

    def begin(self, plan: Mapping[str, Any], scenarios: Sequence[Scenario] = ()) -> None:
        """Write what is asked for, and how it stands. Scenarios are in the plan, as there may be thousands."""
        self.files.put(f"plans/{plan_name(plan)}.json", sealed(plan).encode())

    def end(self, plan: dict[str, Any]) -> None:
        """Write how the batch ended, and put fresh runs into Parquet."""
        plan["failed"] = [asdict(row) for row in self.failed(plan)][:MOST_FAILED]
        self.begin(plan)
        self.pack(least=1)
        self._sweep()  # batches of other machines that have stood still for as long as this one was at work
        if plan["state"] != "interrupted" and (since := self.notes[self._known :]):
            raise InputError(tr("{what}. The same command makes its runs again", what=semicolon().join(since)))

    def folder(self, run: Run) -> None:
        """Runs have no folders here."""

    def scenario_file(self, scenario: Scenario, digest: str) -> Path:
        """Where the scenario of a failed run is, with all its settings."""
        return self.out / "scenarios" / f"{folder_name(scenario.name)}-{digest[:8]}.yaml"

    @cached_property
    def _there(self) -> np.ndarray:
        return self._finished_ids()

    def _finished_ids(self) -> np.ndarray:
        """All finished runs, as sorted numbers."""
        while True:
            fresh = np.array(list(self.parquet.fresh().values()), np.uint64)
            with suppress(FileNotFoundError):  # a file has just been replaced by a larger one: look again
                return np.unique(np.concatenate([fresh, self.parquet.ids()]))

    def finished(self, run: Run) -> bool:
        """Whether a run is there: since before the batch began, or as other batches have said since."""
        number = int(run.id, 16)
        place = int(np.searchsorted(self._there, np.uint64(number)))
        return number in self._elsewhere or (place < self._there.size and int(self._there[place]) == number)

    def take(self, run: Run) -> bool:
        """Claim a run, so that no other batch makes it too; False if one is making it, or has just finished it."""
        if not self.claims.take(run.id):
            return False
        self._read_log()
        if not self.finished(run) and self.files.exists(f"fresh/{run.id}.run"):
            self._elsewhere.add(int(run.id, 16))
        if self.finished(run):
            self.claims.release(run.id)
            return False
        return True

    def keep(self, run: Run, row: Row, packed: bytes) -> None:
        """Keep a run that ended: once its file has its name it is safe. Then the line in the log."""
        if packed:
            self.files.put(f"fresh/{run.id}.run", packed)
            self._fresh += 1
        else:
            file = self.scenario_file(run.scenario, run.digest)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, scenario_text(run.scenario))
        line = {"at": now(), "run": run.id, "by": self.files.me, **asdict(row)}
        self.files.add_line("log.jsonl", json.dumps(line, ensure_ascii=False, default=str))
        self.claims.release(run.id)
        if self._fresh >= TOGETHER:
            self.pack(least=TOGETHER)
            self._fresh = 0

    def pack(self, least: int = TOGETHER) -> None:
        """Put fresh runs into Parquet, a hundred to a file, while there are at least so many."""
        with self.claims.held("packing") as mine:
            if mine:  # otherwise another batch is at it
                self.parquet.pack(least)

    def _clear_up(self) -> None:
        """Remove what dead batches left: half-written files, weeks without runs, runs that are in another file."""
        self._sweep()
        with self.claims.held("packing") as mine:
            if mine:
                list(self.sound_plans())
                self.parquet.clear_up()

    def _sweep(self) -> None:
        """Remove signs, claims and half-written files of dead batches."""
        self.claims.clear_up()
        for folder in ("", *FOLDERS):
            for name in self.files.names(folder, hidden=True):
                if "~" in name and not self.claims.writes(f"{folder}/{name}"):
                    self.damage.left_over(f"{folder}/{name}".lstrip("/"))

    # --- what is in it ------------------------------------------------------------------------------------

    @property
    def plans(self) -> list[dict[str, Any]]:
        """What was asked for, the latest last."""
        return sorted(self.sound_plans(), key=lambda plan: str(plan.get("started")))

    def sound_plans(self, all_of_them: bool = False) -> Iterator[dict[str, Any]]:
        """The plans that are as they were written.

        Raises
        ------
        Damaged
            For any other, unless it is set aside or `all_of_them` are to be tried.
        """
        for name in self.files.names("plans", ".json"):
            pass_over = (Damaged,) if self.damage.mends or all_of_them else ()
            with suppress(*pass_over), self.damage.watched(f"plans/{name}"):
                plan = unsealed(self.files.read(f"plans/{name}"))
                if lacks := ASKED - plan.keys():
                    raise ValueError(tr("it is no plan; it has no {key}", key=min(lacks)))
                yield plan

    def runs(self, columns: Sequence[str] = (*WHAT, *HOW)) -> pd.DataFrame:
        """A row for each finished run of the store, by its id; `columns` lists what there is."""
        frame: pd.DataFrame = self.table(["run", *columns]).to_pandas()
        return frame.set_index("run")

    @property
    def columns(self) -> list[str]:
        """Columns for `runs` and `table`: what runs are, how they went, their totals by region."""
        files = self.parquet.counting()
        return sorted({name for file in files for name in self.parquet.schema(f"runs/{file}").names})

    def records(self, plan: Mapping[str, Any]) -> dict[str, Runs]:
        """The finished runs of a plan: scenario -> key -> Record, each read when asked for."""
        return Columns(self, plan).runs

    def rows(self, plan: Mapping[str, Any]) -> tuple[Row, ...]:
        """How each run of a plan ended: those that finished, then those that failed."""
        return (*Columns(self, plan).rows(), *self.failed(plan))

    def failed(self, plan: Mapping[str, Any]) -> list[Row]:
        """The runs of a plan that failed and were not made since, as the log says."""
        lines: dict[str, dict[str, Any]] = {}  # of the plan, where the log was lost, too
        same = {name: plan[name] for name in ("world_seed", "version", "sources")}
        told = [{**row, "run": ""} for row in plan.get("failed", ())]
        for line in (*told, *self._log_lines(b'"state": "failed"')):
            settings = plan["scenarios"].get(line["scenario"])
            if settings and line["seed"] in plan["seeds"] and line["draw"] in plan["draws"]:
                what = {name: line[name] for name in ("scenario", "seed", "draw")}
                run = run_id({**what, **same, "scenario_digest": settings["digest"]})
                if line["run"] in ("", run):
                    lines[run] = line
        there = set(self._finished_ids().tolist()) if lines else set()
        return [Row.of(line) for run, line in lines.items() if int(run, 16) not in there]

    def table(self, columns: Sequence[str], where: Any = None) -> pa.Table:
        """Some columns of all runs, or of those for which the Arrow expression `where` holds; each run once."""
        import pyarrow as pa

        while True:
            fresh = self.parquet.fresh()  # before Parquet is listed: what moves there meanwhile is in both
            try:
                with self.parquet.reading("runs"):
                    tables = [data.to_table([c for c in columns if c in data.schema.names], filter=once)
                              for data, once in self.parquet.parts("runs", where)]  # fmt: skip
                packed = set(self.parquet.ids().tolist()) if fresh else set()
                for name in (name for name, run in fresh.items() if run not in packed):
                    row = run_table([self.parquet.opened(name)], name)
                    row = row if where is None else row.filter(where)
                    tables.append(row.select([column for column in columns if column in row.column_names]))
            except FileNotFoundError:
                continue  # a run has just gone into Parquet, or into a larger file: look again
            return pa.concat_tables(tables, promote_options="default") if tables else pa.table(
                {column: [] for column in columns})  # fmt: skip

    def weeks(self, columns: Sequence[str], where: Any = None) -> Iterator[pa.RecordBatch]:
        """Weekly values of the runs in Parquet, some at a time, with run, scenario, seed, draw, week, date, region."""
        first = ("run", "scenario", "seed", "draw", "week", "date", "region")
        for data, once in self.parquet.parts("weeks", where):
            there = [*first, *(name for name in columns if name in data.schema.names)]
            with self.parquet.reading("weeks"):
                yield from data.to_batches(columns=there, filter=once, batch_readahead=2, fragment_readahead=1)

    def record(self, run: str, file: str, place: int) -> Record:
        """The record of a run that is in this file, at this place in it (both from `table`)."""
        while True:
            try:
                return self.parquet.record(run, file, place)
            except FileNotFoundError:  # it has gone into Parquet, or into a larger file
                import pyarrow.dataset as ds

                rows = self.table(["file", "place"], ds.field("run") == run).to_pylist()
                if not rows or rows[0]["file"] == file:
                    why = tr("a part of it has been removed")
                    raise self.damage.met(f"weeks/{file}", why, self.parquet.together(f"weeks/{file}")) from None
                file, place = rows[0]["file"], rows[0]["place"]

    def log(self) -> Iterator[dict[str, Any]]:
        """The lines of the log, without those that were torn."""
        yield from self._log_lines()

    def _log_lines(self, part: bytes = b"") -> Iterator[dict[str, Any]]:
        if self.files.size("log.jsonl"):
            yield from log_lines(self.files.read("log.jsonl"), part)

    def mend_log(self) -> None:
        """Note that lines of the log are torn; they are taken out where that is asked for and nobody else writes."""
        text = self.files.read("log.jsonl") if self.files.exists("log.jsonl") else b""
        whole = [json.dumps(line, ensure_ascii=False) for line in log_lines(text)]
        if torn := len(text.splitlines()) - len(whole):
            self.damage.left.append(
                trn("{many} torn line of log.jsonl", "{many} torn lines of log.jsonl", torn, many=torn)
            )
            if self.damage.mends and not self.claims.others():
                self.files.put("log.jsonl", "".join(f"{line}\n" for line in whole).encode("utf-8", "surrogatepass"))

    def _read_log(self) -> None:
        """Learn what other batches have finished since."""
        size = self.files.size("log.jsonl")
        if size <= self._log_read:
            return
        whole = self.files.read("log.jsonl", self._log_read, size).rpartition(b"\n")[0]
        self._log_read += len(whole)
        for line in log_lines(whole):
            if line.get("by") != self.files.me and line["state"] == "done":
                self._elsewhere.add(int(line["run"], 16))


def plan_name(plan: Mapping[str, Any]) -> str:
    """What the file of a plan is called: a digest of what is asked for."""
    digests = {name: scenario["digest"] for name, scenario in plan["scenarios"].items()}
    what = [digests, *(plan[part] for part in ("seeds", "draws", "world_seed", "version", "sources"))]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]


def log_lines(text: bytes, part: bytes = b"") -> Iterator[dict[str, Any]]:
    """The lines that are whole, of those that contain `part`."""
    for line in text.splitlines():
        if part in line:
            with suppress(ValueError, TypeError, LookupError, RecursionError):
                facts = json.loads(line)
                int(facts["run"], 16)
                if {"scenario", "seed", "draw", "state"} <= facts.keys():
                    yield facts
