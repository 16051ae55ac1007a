"""The archive of a calibration: every run that was made for it, small, in parts that are there whole or not at all.

    FOLDER/archive.json       what all runs have in common: code, scenario, resolution, parameters
    FOLDER/runs/*.npz         parts: points, seeds and summaries of a few runs each

A run is told by its point and its seed. It does not depend on the day to which a fit knows the record, so fits to
several days share one archive. A part is written every half minute, so a killed command loses half a minute.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.batches.executors import Executor, Lost
from sim.calibration.points import Space, point_id
from sim.calibration.summaries import Layout, Summary
from sim.engine.errors import InputError
from sim.languages import mark, tr
from sim.scenario import Scenario

EVERY = 30.0
"""Seconds after which a part is written."""
WORST = 0.05
"""A fit ends if more than this share of its runs fail: then something is wrong that no weight can cure."""
RUNAWAY = 20_000
"""Members of armed groups in Mali, some ten times as many as any source names."""
ABOUT, RUNS = "archive.json", "runs"


class Job(NamedTuple):
    """A run to be made."""

    scenario: Scenario
    names: tuple[str, ...]
    values: tuple[float, ...]
    seed: int


Made = tuple[Layout | None, Summary | None, str]
"""The axes and the summary of a run, or why it failed."""
Work = Callable[[Job], Made]


def make(job: Job) -> Made:
    """Make one run: the scenario with the values of a point, under a seed, in the society of that seed.

    A run in which groups grow beyond RUNAWAY is stopped, and its last week stands for all that would have followed: no
    target could be met any more, and such runs take many times as long as others.
    """
    from sim.calibration.summaries import summary
    from sim.week import advance, begin, finished, record_of  # brings the compiled loops

    try:
        changes = {f"parameters.{name}": value for name, value in zip(job.names, job.values, strict=True)}
        country = begin(job.scenario.replaced(changes), job.seed)
        advance(country)
        while not finished(country) and country.members.sum() <= RUNAWAY:
            advance(country)
        if not finished(country):
            country.values[country.week :] = country.values[country.week - 1]
            country.week = country.clock.weeks
        return *summary(record_of(country)), ""
    except Exception as error:
        return None, None, f"{type(error).__name__}: {error}"


class Key(NamedTuple):
    """Which run."""

    point: str
    seed: int


@dataclass
class Archive:
    """Runs by point and seed.

    Attributes
    ----------
    folder : Path
    space : Space
        The fitted parameters.
    about : dict
        What all its runs have in common.
    layout : Layout or None
        The axes of the summaries; None until there is a run.
    runs : dict
        Key -> Summary.
    points : dict
        Identity of a point -> its values.
    notes : list of str
        Parts that could not be read.
    """

    folder: Path
    space: Space
    about: dict[str, Any]
    layout: Layout | None = None
    runs: dict[Key, Summary] = field(default_factory=dict)
    points: dict[str, tuple[float, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, folder: Path, space: Space, about: dict[str, Any]) -> Archive:
        """The archive in a folder; a new one where there is none.

        Raises
        ------
        InputError
            If the folder holds runs that differ in what `about` says, or something else.
        """
        about = {**about, "parameters": list(space.names)}
        file = folder / ABOUT
        if file.is_file():
            there = read_json(file)
            for name, value in about.items():
                if there.get(name) != value:
                    raise InputError(
                        tr(
                            "the runs in {folder} were made with another {what}; name another folder",
                            folder=folder,
                            what=tr(WORDS.get(name, name)),
                        )
                    )
        elif folder.is_dir() and any(folder.iterdir()):
            raise InputError(tr("{folder} holds something else than a calibration; name another folder", folder=folder))
        found = cls(folder, space, about)
        found._read()
        return found

    def _read(self) -> None:
        for file in sorted((self.folder / RUNS).glob("*.npz")):
            try:
                with np.load(file, allow_pickle=False) as part:
                    layout = Layout.of(json.loads(str(part["layout"])))
                    values, seeds, digests = part["values"], part["seeds"], part["digests"]
                    yearly, monthly = part["yearly"], part["monthly"]
            except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as problem:
                self.notes.append(tr("{file} is damaged and left out ({problem})", file=file.name, problem=problem))
                continue
            self.layout = self.layout or layout
            for k, line in enumerate(values):
                self._add(tuple(line.tolist()), int(seeds[k]), Summary(yearly[k], monthly[k], str(digests[k])))

    def _add(self, values: tuple[float, ...], seed: int, run: Summary) -> None:
        point = point_id(values)
        self.points[point] = values
        self.runs[Key(point, seed)] = run

    def keys(self) -> list[Key]:
        """The runs there are, in an order that does not depend on when they were made."""
        return sorted(self.runs)

    def fill(
        self,
        scenario: Scenario,
        wanted: Iterable[tuple[tuple[float, ...], int]],
        made_by: Executor,
        told: Callable[[int, int], None],
        work: Work = make,
    ) -> None:
        """Make the runs that are missing, and keep them.

        Parameters
        ----------
        scenario : Scenario
            What is simulated.
        wanted : iterable of (values, seed)
            Runs that are not there.
        made_by : Executor
            Where runs are made.
        told : callable
            Called with the number of runs made and wanted, after each.
        work : callable
            What makes a run.

        Raises
        ------
        InputError
            If too many runs fail.
        """
        jobs = [Job(scenario, self.space.names, values, seed) for values, seed in wanted]
        waiting: list[tuple[Job, Summary]] = []
        failed, done, last = [], 0, time.monotonic()
        if not jobs:
            return
        told(0, len(jobs))
        try:
            with closing(made_by(work, [[job] for job in jobs])) as results:
                for job, result in results:
                    done += 1
                    layout, run, error = (None, None, result.error) if isinstance(result, Lost) else result
                    if run is None or layout is None:
                        failed.append(error)
                    else:
                        self.layout = self.layout or layout
                        waiting.append((job, run))
                    if time.monotonic() - last > EVERY:
                        self._keep(waiting)
                        waiting, last = [], time.monotonic()
                    told(done, len(jobs))
        finally:
            self._keep(waiting)
        if len(failed) > WORST * len(jobs):
            raise InputError(
                tr("{failed} of {all} runs failed; the first: {first}",
                   failed=len(failed), all=len(jobs), first=failed[0])
            )  # fmt: skip

    def _keep(self, made: Sequence[tuple[Job, Summary]]) -> None:
        """Write a part."""
        if not made:
            return
        assert self.layout is not None
        if not (self.folder / ABOUT).is_file():
            write(self.folder / ABOUT, json.dumps(self.about, indent=1).encode())
        data = io.BytesIO()
        np.savez_compressed(
            data,
            layout=np.array(json.dumps(vars(self.layout))),
            values=np.array([job.values for job, _ in made]),
            seeds=np.array([job.seed for job, _ in made], np.int64),
            digests=np.array([run.digest for _, run in made]),
            yearly=np.stack([run.yearly for _, run in made]),
            monthly=np.stack([run.monthly for _, run in made]),
        )
        first = Key(point_id(made[0][0].values), made[0][0].seed)
        write(self.folder / RUNS / f"{first.point}-{first.seed}-{len(made)}.npz", data.getvalue())
        for job, run in made:
            self._add(job.values, job.seed, run)


WORDS = {
    "sources": mark("state of the program's code or tables"),
    "scenario": mark("scenario, period or number of persons per youth"),
    "parameters": mark("list of fitted parameters"),
}


def write(file: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(prefix=".half-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(half, 0o644)
        os.replace(half, file)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise


def read_json(file: Path) -> dict[str, Any]:
    """Plain data in a file of a calibration.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise InputError(tr("{file} cannot be read ({problem})", file=file, problem=problem)) from None
    if not isinstance(found, dict):
        raise InputError(tr("{file} is damaged", file=file))
    return found
