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
from contextlib import contextmanager
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from sim.engine.errors import InputError
from sim.stores.files import as_place, now, read_manifest, write_text
from sim.stores.run import HOW, IDENTITY, WHAT, Row, Run, facts_of, run_id, scenario_text
from sim.stores.runs import Runs, by_key
from sim.stores.sources import changed_files
from sim.stores.store import Store
from sim.stores.totals import totals

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record
    from sim.scenario import Scenario


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
        self._rows: dict[tuple[str, int, int], Row] = {}  # of the batch that is made here
        self._made: Mapping[str, Any] | None = None  # its plan
        if reading:
            return
        if self._out.exists() and not self._out.is_dir():
            raise InputError(f"{self._out} is a file; --out names a folder")
        if self._out.is_dir() and not (self._out / "runs").is_dir() and any(self._out.iterdir()):
            raise InputError(f"{self._out} holds other files; name a new or empty folder with --out")
        try:
            (self._out / "runs").mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._out):
                pass
        except OSError as error:
            raise InputError(
                f"cannot write to {self._out}: {error.strerror}; name another folder with --out"
            ) from error

    @classmethod
    def stands(cls, place: str | os.PathLike[str]) -> bool:
        """Whether there is a results folder at a place."""
        text = as_place(place, "place")
        return "://" not in text and Path(text, "runs").is_dir() and "store" not in read_manifest(Path(text))

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
        manifest = read_manifest(self._out)
        return [manifest] if {"scenarios", "seeds", "draws", "baseline"} <= manifest.keys() else []

    def runs(self, columns: Sequence[str] = (*WHAT, *HOW)) -> pd.DataFrame:
        """A row for each finished run of the folder, by its id."""
        import pandas as pd

        from sim.record import Record

        found = {}
        for folder in sorted((self._out / "runs").glob("*/seed-*")):
            manifest = read_manifest(folder)
            if IDENTITY.keys() <= manifest.get("run", {}).keys():
                row = {**manifest["run"], **{name: manifest.get(name) for name in HOW}}
                for column in columns:
                    how, dot, name = column.partition(".")
                    if dot and how in ("sum", "mean"):
                        row[column] = totals(Record.load(folder), [name])[:, 0]
                found[run_id(manifest["run"])] = {name: row[name] for name in columns if name in row}
        return pd.DataFrame.from_dict(found, orient="index").rename_axis("run")

    def records(self, plan: Mapping[str, Any]) -> dict[str, Runs]:
        """The finished runs of a plan: scenario -> key -> Record, each read when asked for."""
        from sim.record import Record

        rows = [row for row in self.rows(plan) if row.state != "failed"]
        found = ((row.scenario, row.draw, row.seed, self._at(row.scenario, row.draw, row.seed)) for row in rows)
        return {name: Runs(places, Record.load) for name, places in by_key(plan, found).items()}

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
        return tuple(found)

    def failed(self, plan: Mapping[str, Any]) -> list[Row]:
        """The runs of a plan that failed and were not made since."""
        return [row for row in self.rows(plan) if row.state == "failed"]

    def finished(self, run: Run) -> bool:
        """Whether a run is there. A run whose manifest is missing or torn has to be made again.

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
        found = manifest.get("run")
        if found == run.identity:
            self._rows[key] = Row(run.scenario.name, run.seed, run.draw, "reused", str(folder),
                                  repeat=manifest.get("repeat", ""), **facts_of(manifest))  # fmt: skip
            return True
        if not found or self.overwrite or self.reading:
            return False
        differs = [words for name, words in IDENTITY.items() if found.get(name) != run.identity[name]]
        if found.get("sources") != run.identity["sources"]:
            before = read_manifest(self._out)
            differs[-1] += changed_files(before.get("files", {}) if before.get("sources") == found["sources"] else {})
        raise InputError(
            f"{folder} holds a different run (what differs: {', '.join(differs)});"
            " name another folder with --out, or replace the run with --overwrite"
        )

    # --- making ----------------------------------------------------------------------------------------------

    @contextmanager
    def at_work(self, out: Path) -> Iterator[None]:
        """Remove what interrupted runs left half-written, but not what a living process is writing now."""
        self._rows, self._made = {}, None
        for rest in (self._out / "runs").glob("*/.*seed-*"):
            writer = re.search(r"seed-\d+(?:-draw-\d+)?\.(\d+)\.", rest.name)
            if writer is None or not psutil.pid_exists(int(writer[1])):
                shutil.rmtree(rest, ignore_errors=True)
        yield

    def begin(self, plan: Mapping[str, Any], scenarios: Sequence[Scenario]) -> None:
        """Write what is asked for, and each scenario beside its runs.

        Raises
        ------
        InputError
            If a different scenario of the same name has runs here and may not be replaced.
        """
        for scenario in scenarios:
            file, text = self.scenario_file(scenario), scenario_text(scenario)
            if file.exists() and file.read_text(encoding="utf-8") != text and not self.overwrite:
                raise InputError(
                    f"{file.parent} holds runs of a different scenario called {scenario.name!r};"
                    " name another folder with --out, or replace them with --overwrite"
                )
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
        text = json.dumps(manifest, indent=1, ensure_ascii=False, default=str)
        write_text(self._out / "manifest.json", text + "\n")


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
