"""Where runs are kept: one folder per run, there whole or not at all, never lost and never repeated.

    results/baseline+joint_patrols/
        manifest.json                what was asked, with which versions, and how each run ended
        log.jsonl                    one line per run as it ended, only ever added to
        runs/baseline/scenario.yaml  the scenario with everything spelt out; it can be run again as it stands
        runs/baseline/seed-1/        record.parquet, cells.parquet, manifest.json
        runs/baseline/seed-1-draw-3/ the same under a draw of parameters

A run is *the same* as one that is there if scenario, seeds, draw, version, and the program's sources and tables are
the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from sim.engine.errors import InputError
from sim.stores.run import IDENTITY, Key, Run, scenario_text

if TYPE_CHECKING:
    from sim.record import Record
    from sim.scenario import Scenario


def folder_name(name: str) -> str:
    """A scenario's name as a folder name.

    >>> folder_name("Patrols: Ségou / Mopti")
    'Patrols_Ségou_Mopti'
    """
    return re.sub(r"[^\w.+-]+", "_", name).strip("._") or "_"


def folder_of(out: str | os.PathLike[str], run: Run) -> Path:
    """Where a run stands in a results folder."""
    name = f"seed-{run.seed}-draw-{run.draw}" if run.draw else f"seed-{run.seed}"
    return Path(out) / "runs" / folder_name(run.scenario.name) / name


class Store:
    """A results folder.

    Parameters
    ----------
    out : path
        The folder; made if it is not there.
    overwrite : bool
        Whether a different run may be replaced.

    Raises
    ------
    InputError
        If `out` is a file, cannot be written to, or holds something that is not ours.
    """

    def __init__(self, out: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self.out = Path(out)
        self.overwrite = overwrite
        if self.out.exists() and not self.out.is_dir():
            raise InputError(f"{self.out} is a file; --out names a folder")
        if self.out.is_dir() and not (self.out / "runs").is_dir() and any(self.out.iterdir()):
            raise InputError(f"{self.out} holds other files; name a new or empty folder with --out")
        try:
            (self.out / "runs").mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.out):
                pass
        except OSError as error:
            raise InputError(f"cannot write to {self.out}: {error.strerror}; name another folder with --out") from error

    def begin(self, out: Path) -> None:
        """Clear up before a batch."""
        self.sweep()

    def folder(self, run: Run) -> Path:
        """Where a run is or will be."""
        return folder_of(self.out, run)

    def scenario_file(self, scenario: Scenario, digest: str = "") -> Path:
        """Where the scenario stands, spelt out, beside its runs."""
        return self.out / "runs" / folder_name(scenario.name) / "scenario.yaml"

    @property
    def options(self) -> list[str]:
        """How the command line names this place."""
        return ["--out", str(self.out)]

    def finished(self, run: Run) -> dict[str, Any] | None:
        """The manifest of this run if it is there, None if it has yet to be made.

        Raises
        ------
        InputError
            If a different run stands in its place and may not be replaced.
        """
        folder = self.folder(run)
        if not folder.exists():
            return None
        there = read_manifest(folder)
        found = there.get("run", {})
        if found == run.identity:
            return there
        if self.overwrite:
            return None
        differs = ", ".join(words for key, words in IDENTITY.items() if found.get(key) != run.identity[key])
        raise InputError(
            f"{folder} holds a different run (what differs: {differs});"
            " name another folder with --out, or replace it with --overwrite"
        )

    def take(self, run: Run) -> bool:
        """Whether this batch is the one to make a run: folders are not shared by batches."""
        return True

    def keep(self, run: Run, line: Mapping[str, Any], packed: bytes) -> None:
        """Note how a run ended; its worker has kept it."""
        self.log({"at": datetime.now(UTC).isoformat(timespec="seconds"), **line})

    def note(self, asked: Mapping[str, Any]) -> None:
        """Write what is asked for."""
        self.write_manifest(asked)

    def end(self, asked: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
        """Write what was asked for and how it ended."""
        self.write_manifest({**asked, "runs": rows})

    def keep_scenario(self, scenario: Scenario) -> None:
        """Write the scenario, spelt out, beside its runs.

        Raises
        ------
        InputError
            If a different scenario of that name stands there and may not be replaced.
        """
        file, text = self.scenario_file(scenario), scenario_text(scenario)
        if file.exists() and file.read_text(encoding="utf-8") != text and not self.overwrite:
            raise InputError(
                f"{file.parent} holds runs of a different scenario called {scenario.name!r};"
                " name another folder with --out, or replace them with --overwrite"
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)

    def sweep(self) -> None:
        """Remove what interrupted runs left half-written, but not what a living process is writing now."""
        for rest in (self.out / "runs").glob("*/.*seed-*"):
            writer = re.search(r"seed-\d+(?:-draw-\d+)?\.(\d+)\.", rest.name)
            if writer is None or not psutil.pid_exists(int(writer[1])):
                shutil.rmtree(rest, ignore_errors=True)

    def log(self, line: Mapping[str, Any]) -> None:
        """Add one line to the log of runs."""
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replace the manifest of the folder, at once."""
        text = json.dumps(manifest, indent=1, ensure_ascii=False, default=str)
        write_text(self.out / "manifest.json", text + "\n")


def keep(record: Record, folder: Path) -> None:
    """Save a record as a run folder, under a temporary name that becomes the real one when all is written.

    The temporary name holds the number of the process, so that `Store.sweep` can tell rests from work under
    way.
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


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run folder; empty if there is none that can be read."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def write_text(file: Path, text: str) -> None:
    """Write a file under a temporary name and rename it."""
    half = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        half.write_text(text, encoding="utf-8")
        os.replace(half, file)
    finally:
        half.unlink(missing_ok=True)


class Runs(Mapping[Any, "Record"]):
    """Finished runs of one scenario, each read from its folder when asked for.

    Keys are seeds, or a `Key` of draw and seed where parameters are drawn.
    """

    def __init__(self, folders: Mapping[int | Key, Path]) -> None:
        self._folders = dict(folders)

    def __getitem__(self, key: int | Key) -> Record:
        from sim.record import Record

        return Record.load(self._folders[key])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._folders)

    def __len__(self) -> int:
        return len(self._folders)
