"""A results folder: a folder for each run, written whole or not at all, never lost and never made twice.

    results/baseline+joint_patrols/
        manifest.json                what was asked for, with which versions, and how each run ended
        log.jsonl                    a line for each run as it ended; lines are only ever added
        runs/baseline/scenario.yaml  the scenario with all its settings; it can be run again as it is
        runs/baseline/seed-1/        record.parquet, cells.parquet, manifest.json
        runs/baseline/seed-1-draw-3/ the same under a draw of parameters

Two runs are the same if scenario, seeds, draw, version, and the program's sources and tables are the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from sim.engine.errors import InputError
from sim.engine.kept import digest_of, sealed, unsealed
from sim.languages import mark, tr
from sim.record import TABLES
from sim.stores.claims import Claims
from sim.stores.damage import Damage, Damaged
from sim.stores.files import Files, as_place, now, read_manifest, write_text
from sim.stores.run import HOW, IDENTITY, WHAT, Row, Run, facts_of, run_id, scenario_text
from sim.stores.runs import Runs, by_key
from sim.stores.sources import changed_files
from sim.stores.store import Store
from sim.stores.totals import totals

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record
    from sim.scenario import Scenario

AT_WORK = ".at-work"
"""The folder that is there while a batch is at work."""
KEPT = 400_000_000
"""Bytes of records that a store keeps once they are read, as tables and figures ask for them often: 130 runs."""
NO_MANIFEST = mark("its manifest.json is missing or damaged")


def holds_archive(folder: Path) -> bool:
    """Whether a folder is a store of many runs, even if it has lost its manifest."""
    there = ((folder / "runs").glob("*.parquet"), (folder / "fresh").glob("*.run"))
    return "store" in read_manifest(folder) or any(any(found) for found in there)


def _may_be_filled(folder: Path) -> bool:
    """Whether a folder without runs is empty, or a results folder that has lost them."""
    names = {file.name for file in folder.iterdir() if file.suffix != ".csv"}
    lists = {"manifest.json", "log.jsonl"}
    return names <= {*lists, AT_WORK, "damaged", "figures", "report.html"} and (not names or bool(names & lists))


def folder_name(name: str) -> str:
    """A scenario's name as a folder name.

    >>> folder_name("Patrols: Ségou / Mopti")
    'Patrols_Ségou_Mopti'
    """
    return re.sub(r"[^\w.+-]+", "_", name).strip("._") or "_"


class FolderStore(Store):
    """A results folder.

    Parameters
    ----------
    out : path
        The folder; it is made if it is missing.
    overwrite : bool
        Whether a different run may be replaced.
    reading : bool
        Whether the folder is only read; nothing is made or written.

    Raises
    ------
    InputError
        If `out` is a file, cannot be written to, or holds other files.
    """

    def __init__(self, out: str | os.PathLike[str], *, overwrite: bool = False, reading: bool = False) -> None:
        self._out, self.overwrite, self.reading = Path(as_place(out, "out")), overwrite, reading
        self.place = str(self._out)
        self.files = Files(self.place)
        self.damage = Damage(self.files)
        self.claims = Claims(self.files, AT_WORK)
        self._rows: dict[tuple[str, int, int], Row] = {}  # of the batch that is made here
        self._made: Mapping[str, Any] | None = None  # its plan
        self._kept: dict[tuple[Path, int], Record] = {}  # records read, by folder and time; the latest come last
        if reading:
            return
        try:
            if self._out.exists() and not self._out.is_dir():
                raise InputError(tr("{out} is a file; --out names a folder", out=self._out))
            if holds_archive(self._out):
                raise InputError(
                    tr(
                        "{out} is a store of many runs; name it with --store, and another folder with --out",
                        out=self._out,
                    )
                )
            if self._out.is_dir() and not (self._out / "runs").is_dir() and not _may_be_filled(self._out):
                raise InputError(tr("{out} holds other files; name a new or empty folder with --out", out=self._out))
            (self._out / "runs").mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._out):
                pass
        except OSError as error:
            raise InputError(
                tr(
                    "cannot write to {out}: {strerror}; name another folder with --out",
                    out=self._out,
                    strerror=error.strerror,
                )
            ) from error

    @classmethod
    def stands(cls, place: str | os.PathLike[str]) -> bool:
        """Whether there is a results folder at a place."""
        text = as_place(place, "place")
        return "://" not in text and Path(text, "runs").is_dir() and not holds_archive(Path(text))

    @property
    def out(self) -> Path:
        """The folder itself."""
        return self._out

    @property
    def runs_place(self) -> str:
        """The folder that holds the folders of runs."""
        return str(self._out / "runs")

    @property
    def listing(self) -> str:
        """The manifest, which lists the runs."""
        return str(self._out / "manifest.json")

    @property
    def options(self) -> list[str]:
        """How the command line names this place."""
        return ["--out", self.place]

    def _at(self, scenario: str, draw: int, seed: int) -> Path:
        return self._out / "runs" / folder_name(scenario) / (f"seed-{seed}-draw-{draw}" if draw else f"seed-{seed}")

    def folder(self, run: Run) -> Path:
        """Where a run is or will be."""
        return self._at(run.scenario.name, run.draw, run.seed)

    def scenario_file(self, scenario: Scenario, digest: str = "") -> Path:
        """The scenario with all its settings, beside its runs."""
        return self._out / "runs" / folder_name(scenario.name) / "scenario.yaml"

    # --- reading ---------------------------------------------------------------------------------------------

    @property
    def plans(self) -> list[dict[str, Any]]:
        """The plan of the latest batch, if there is one."""
        if not self.files.exists("manifest.json"):
            return []
        with self.damage.watched("manifest.json"):
            manifest = unsealed(self.files.read("manifest.json"))
        return [manifest] if {"scenarios", "seeds", "draws", "baseline"} <= manifest.keys() else []

    def runs(self, columns: Sequence[str] = (*WHAT, *HOW)) -> pd.DataFrame:
        """A row for each finished run of the folder, by its id."""
        import pandas as pd

        found = {}
        for folder in self.run_folders():
            manifest = read_manifest(folder)
            if IDENTITY.keys() <= manifest.get("run", {}).keys():
                row = {**manifest["run"], **{name: manifest.get(name) for name in HOW}}
                for column in columns:
                    how, dot, name = column.partition(".")
                    if dot and how in ("sum", "mean"):
                        row[column] = totals(self._load(folder), [name])[:, 0]
                found[run_id(manifest["run"])] = {name: row[name] for name in columns if name in row}
        return pd.DataFrame.from_dict(found, orient="index").rename_axis("run")

    def records(self, plan: Mapping[str, Any]) -> dict[str, Runs]:
        """The finished runs of a plan: scenario -> key -> Record, each read when asked for."""
        rows = [row for row in self.rows(plan) if row.state != "failed"]
        found = ((row.scenario, row.draw, row.seed, self._at(row.scenario, row.draw, row.seed)) for row in rows)
        return {name: Runs(places, self._load) for name, places in by_key(plan, found).items()}

    def _load(self, folder: Path) -> Record:
        """The record in a run folder; its numbers cannot be changed, as others may be given the same record.

        Raises
        ------
        Damaged
        """
        from sim.record import Record

        with self.damage.watched(self._name(folder)):
            manifest = folder / "manifest.json"
            key = folder, manifest.stat().st_mtime_ns if manifest.exists() else 0
            record = self._kept.pop(key, None) or Record.load(folder)
        for numbers in (record.values, *record.cells.values()):
            numbers.flags.writeable = False
        self._kept[key] = record
        while len(self._kept) * record.values.nbytes > KEPT:
            del self._kept[next(iter(self._kept))]
        return record

    def _name(self, folder: Path) -> str:
        return folder.relative_to(self._out).as_posix()

    def rows(self, plan: Mapping[str, Any]) -> tuple[Row, ...]:
        """How each run of a plan ended: those that are there, and those that the plan says have failed."""
        if plan is self._made:
            return tuple(self._rows.values())
        same = {name: plan[name] for name in ("world_seed", "version", "sources") if name in plan}
        told = {(line["scenario"], line["draw"], line["seed"]): line for line in plan.get("runs", ())}
        found = []
        for seed, draw, (name, settings) in product(plan["seeds"], plan["draws"], plan["scenarios"].items()):
            folder = self._at(name, draw, seed)
            manifest = read_manifest(folder)
            run, line = manifest.get("run", {}), told.get((name, draw, seed))
            if run.get("scenario_digest") == settings["digest"] and all(run.get(k, v) == v for k, v in same.items()):
                found.append(Row(name, seed, draw, "done", str(folder), repeat=manifest.get("repeat", ""),
                                 **facts_of(manifest)))  # fmt: skip
            elif line and line["state"] == "failed":
                found.append(Row.of(line))
            elif not run and folder.is_dir():
                raise self.damage.met(self._name(folder), tr(NO_MANIFEST))
        return tuple(found)

    def failed(self, plan: Mapping[str, Any]) -> list[Row]:
        """The runs of a plan that failed and were not made since."""
        return [row for row in self.rows(plan) if row.state == "failed"]

    def finished(self, run: Run) -> bool:
        """Whether a run is there. One that is damaged has to be made again; where runs are made it is set aside.

        Raises
        ------
        InputError
            If a different run stands in its place and may not be replaced.
        """
        key = (run.scenario.name, run.draw, run.seed)
        if key in self._rows:
            return self._rows[key].state != "failed"
        folder = self.folder(run)
        manifest = read_manifest(folder)
        found = manifest.get("run") or {}
        why = tr(NO_MANIFEST) if not found else self._changed(folder, manifest) if found == run.identity else ""
        if why:
            if folder.exists():
                self.damage.met(self._name(folder), why)
            return False
        if found == run.identity:
            self._rows[key] = Row(run.scenario.name, run.seed, run.draw, "reused", str(folder),
                                  repeat=manifest.get("repeat", ""), **facts_of(manifest))  # fmt: skip
            return True
        if self.overwrite or self.reading:
            return False
        differs = [tr(words) for name, words in IDENTITY.items() if found.get(name) != run.identity[name]]
        if found.get("sources") != run.identity["sources"]:
            before = read_manifest(self._out)
            differs[-1] += changed_files(before.get("files", {}) if before.get("sources") == found["sources"] else {})
        raise InputError(
            tr(
                "{folder} holds a different run (what differs: {differs}); name another folder with --out, or replace"
                " the run with --overwrite",
                folder=folder,
                differs=", ".join(differs),
            )
        )

    @staticmethod
    def _changed(folder: Path, manifest: Mapping[str, Any]) -> str:
        """Which table of a run is not as it was written; empty if all are."""
        digests = manifest.get("file_digests", {})
        for name in TABLES:
            try:
                data = (folder / name).read_bytes()
            except OSError:
                return tr("{name} is missing", name=name)
            if digest_of(data) != digests[name] if digests else data[:4] != b"PAR1" or data[-4:] != b"PAR1":
                return tr("{name} does not match its digest in manifest.json", name=name)
        return ""

    # --- making ----------------------------------------------------------------------------------------------

    @contextmanager
    def at_work(self, out: Path) -> Iterator[None]:
        """Keep other batches out; remove what interrupted runs left half-written, not what is being written now.

        Raises
        ------
        InputError
            If another batch is at work here.
        """
        self._rows, self._made = {}, None
        for folder in (self.claims.batches, self.claims.claims):
            (self._out / folder).mkdir(parents=True, exist_ok=True)
        with self.claims.alive(), self.claims.held("batch") as mine:
            if not mine:
                raise InputError(
                    tr(
                        "{out} is being filled by another batch ({holder}); wait until it has ended, or name another "
                        "folder with --out. If it is long gone, remove {out2}",
                        out=self._out,
                        holder=self.claims.holder("batch"),
                        out2=self._out / AT_WORK,
                    )
                )
            self.claims.clear_up()
            self.damage.mends = True
            try:
                self._clear_up()
                yield
            finally:
                self.damage.mends = False
                self.damage.found.clear()
        for folder in (self.claims.batches, self.claims.claims, AT_WORK):
            with suppress(OSError):  # another batch has begun
                (self._out / folder).rmdir()

    @property
    def notes(self) -> list[str]:
        """What was set aside, and why, since this process is at work."""
        return list(self.damage.found)

    def half_written(self) -> list[Path]:
        """What dead processes left half-written."""
        found = []
        for rest in (self._out / "runs").glob("*/.*seed-*"):
            writer = re.search(r"seed-\d+(?:-draw-\d+)?\.(\d+)\.", rest.name)
            if writer is None or not psutil.pid_exists(int(writer[1])):
                found.append(rest)
        return found

    def run_folders(self) -> list[Path]:
        """The folders of runs, whatever is in them."""
        return sorted((self._out / "runs").glob("*/seed-*"))

    def sound(self, folder: Path) -> str:
        """The id of the run in a folder that is as it was written.

        Raises
        ------
        Damaged
        """
        identity = read_manifest(folder).get("run") or {}
        if not IDENTITY.keys() <= identity.keys():
            raise self.damage.met(self._name(folder), tr(NO_MANIFEST))
        self._load(folder)
        return run_id(identity)

    def _clear_up(self) -> None:
        for rest in self.half_written():
            self.damage.left_over(self._name(rest))
        with suppress(Damaged):
            _ = self.plans

    def begin(self, plan: Mapping[str, Any], scenarios: Sequence[Scenario]) -> None:
        """Write what is asked for, and each scenario beside its runs.

        Raises
        ------
        InputError
            If a different scenario of the same name has runs here and may not be replaced.
        """
        for scenario in scenarios:
            file, text = self.scenario_file(scenario), scenario_text(scenario)
            if file.exists() and file.read_text(encoding="utf-8", errors="replace") != text and not self.overwrite:
                kept = [read_manifest(folder).get("run", {}) for folder in file.parent.glob("seed-*")]
                if any(run.get("scenario_digest") not in (None, scenario.digest) for run in kept):
                    raise InputError(
                        tr(
                            "{parent} holds runs of a different scenario called {name}; name another folder with --out,"
                            " or replace them with --overwrite",
                            parent=file.parent,
                            name=repr(scenario.name),
                        )
                    )
                self.damage.met(self._name(file), tr("it is not the scenario of the runs beside it"))
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, text)
        self._made = plan
        self._write(plan)

    def take(self, run: Run) -> bool:
        """Always true: batches do not share a results folder."""
        return True

    def keep(self, run: Run, row: Row, packed: bytes) -> None:
        """Note how a run ended; its worker has written it."""
        self._rows[row.scenario, row.draw, row.seed] = row
        with (self._out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": now(), **asdict(row)}, ensure_ascii=False, default=str) + "\n")

    def end(self, plan: dict[str, Any]) -> None:
        """Write how each run of the batch ended."""
        plan["runs"] = [asdict(row) for row in self._rows.values()]
        self._write(plan)

    def _write(self, manifest: Mapping[str, Any]) -> None:
        write_text(self._out / "manifest.json", sealed(manifest))


def keep(record: Record, folder: Path) -> None:
    """Save a record as a run folder, under a temporary name that becomes the real one when all is written.

    The temporary name holds the number of the process, so that `FolderStore.at_work` can tell what is left over from
    what is being written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        shutil.rmtree(half, ignore_errors=True)
        record.save(half)
        if folder.exists():
            os.replace(folder, old)
        os.replace(half, folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
