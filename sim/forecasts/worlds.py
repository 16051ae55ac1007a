"""Worlds: rows of parameters, each with the seed under which it was kept; and what happens in each of them.

A world is lived from the first day of its scenario to the end of the forecast. All that is kept of it are attacks by
month and region, in one small file for each world, so an interrupted forecast carries on where it stopped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.errors import InputError, nearest
from sim.engine.kept import digest_of, sealed, unsealed
from sim.forecasts.counts import Counts, Ints, month_id
from sim.languages import day as date_in_words
from sim.languages import mark, tr
from sim.parameters import Parameters, rows
from sim.stores.sources import sources_digest

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record
    from sim.scenario import Scenario

KEYS = ("world", "seed")
MODEL = "model"


@dataclass(frozen=True)
class Worlds:
    """Which worlds are run, and where they come from.

    Attributes
    ----------
    table : DataFrame
        `world` and `seed`, and a column for each parameter that is set.
    origin : str
        Where they come from, in words.
    draws : bool
        Whether the world's number is a draw from the priors instead.
    warning : str
        What readers of the forecast must know; empty for worlds that were fitted to the years before it.
    digest : str
        Of the file, if there is one.
    """

    table: pd.DataFrame
    origin: str
    draws: bool = False
    warning: str = ""
    digest: str = ""

    def __len__(self) -> int:
        return len(self.table)

    def first(self, many: int | None, called: str) -> Worlds:
        """The first so many worlds; messages call the place that they come from so."""
        if many is not None and many > len(self):
            raise InputError(
                tr("{many} worlds are asked for, but {origin} has {there}", many=many, origin=called, there=len(self))
            )
        return Worlds(self.table.iloc[:many], self.origin, self.draws, self.warning, self.digest)


POSTERIOR = mark("the posterior of {until}")
NOT_FITTED = mark(
    "NOT A FITTED FORECAST: there is no posterior for {until}, so these runs have the central values of the parameters,"
    " which were set by hand on all years of the record. Scores on these years say little about years to come."
)
FROM_PRIORS = mark("NOT A FITTED FORECAST: the parameters are draws from their priors, fitted to nothing.")
FACTS_END = mark("The tables of facts end in {end}: later years keep their last values.")
"""Notes on a forecast. Its file has them in English."""


def worlds(until: date, path: str | Path | None, many: int | None, prior: bool = False) -> Worlds:
    """The worlds for a forecast from a date: from a file, from the shipped posterior, or without any.

    Parameters
    ----------
    until : date
        The last day whose record may have been used to choose the worlds.
    path : path, optional
        A CSV with the columns `world`, `seed` and one for each parameter.
    many : int, optional
        How many; by default all, or 40 where there is no posterior.
    prior : bool
        Take draws from the priors instead.

    Raises
    ------
    InputError
        If the file cannot be used, or has fewer worlds.
    """
    import pandas as pd

    if prior and path is not None:
        raise InputError(tr("worlds come from a posterior or from the priors; give one of them"))
    if path is not None:
        return Worlds(read_worlds(path), str(path), digest=digest_of(Path(path).read_bytes())).first(many, str(path))
    shipped = None if prior else _shipped(until)
    if shipped is not None:
        called = tr(POSTERIOR, until=date_in_words(until))
        return Worlds(shipped, POSTERIOR.format(until=until), digest=_digest(shipped)).first(many, called)
    numbers = range(1, (many or FEW) + 1)
    table = pd.DataFrame({"world": numbers, "seed": numbers})
    if prior:
        return Worlds(table, "draws from the priors", True, FROM_PRIORS)
    return Worlds(table, "seeds at the central values", False, NOT_FITTED.format(until=until))


FEW = 40
"""Runs where there is no posterior."""


def _shipped(until: date) -> pd.DataFrame | None:
    """The worlds that come with the project, if some were fitted to the record until this day.

    This is the only place that knows of `sim.calibration`.
    """
    try:
        calibration = import_module("sim.calibration")
    except ModuleNotFoundError:
        return None
    try:
        found: pd.DataFrame = calibration.worlds(until)
    except (AttributeError, FileNotFoundError, InputError):
        return None
    return found


def _digest(table: pd.DataFrame) -> str:
    return digest_of(table.to_csv(index=False).encode())


def read_worlds(path: str | Path) -> pd.DataFrame:
    """Read and check a file of worlds.

    Raises
    ------
    InputError
        If it cannot be read; with line and column of the first value that cannot be used.
    """
    import csv

    import pandas as pd

    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, line) for line in reader if line and not line[0].startswith("#")]
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(tr("it cannot be read ({problem})", problem=problem), file=path) from None
    if len(lines) < 2:
        said = tr("it has no worlds; it needs the columns world, seed and one for each parameter")
        raise InputError(said, file=path)
    (first, head), known = lines[0], rows()
    for name in KEYS:
        if name not in head:
            said = tr("it has no column {name}{nearest}", name=repr(name), nearest=nearest(name, head))
            raise InputError(said, file=path, line=first)
    for name in head:
        if name not in KEYS and name not in known:
            said = tr("there is no parameter {name}{nearest}", name=repr(name), nearest=nearest(name, known))
            raise InputError(said, file=path, line=first)
    if len(set(head)) < len(head):
        raise InputError(tr("it names a column twice"), file=path, line=first)
    columns: dict[str, list[Any]] = {name: [] for name in head}
    for number, line in lines[1:]:
        if len(line) != len(head):
            said = tr("it has {values} values for {columns} columns", values=len(line), columns=len(head))
            raise InputError(said, file=path, line=number)
        for name, text in zip(head, line, strict=True):
            try:
                columns[name].append(int(text) if name in KEYS else float(text))
            except ValueError:
                kind = tr("a whole number") if name in KEYS else tr("a number")
                said = tr("{name} is {text}; it must be {kind}", name=name, text=repr(text), kind=kind)
                raise InputError(said, file=path, line=number) from None
    table = pd.DataFrame(columns)
    if table.world.duplicated().any():
        world = table.world[table.world.duplicated()].iloc[0]
        raise InputError(tr("world {world} is there twice", world=world), file=path)
    for (number, _), row in zip(lines[1:], table.itertuples(index=False), strict=True):
        values = {name: getattr(row, name) for name in head if name not in KEYS}
        try:
            Parameters.default().replaced(values)
        except InputError as problem:
            raise InputError(problem.message, file=path, line=number) from None
    return table


# --- living the worlds --------------------------------------------------------------------------------------


def lived(
    scenario: Scenario,
    chosen: Worlds,
    until: date,
    folder: Path,
    workers: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> list[Counts]:
    """Attacks by month and region in every world, to the end of the year of `until`.

    Parameters
    ----------
    scenario : Scenario
        What is lived; each world changes its parameters.
    chosen : Worlds
        The worlds.
    until : date
        The last day.
    folder : Path
        Where the small files of finished worlds are kept.
    workers : int, optional
        Processes; by default one for each core.
    told : callable, optional
        Called with the number of finished worlds and of all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stretched = _until(scenario, until)
    jobs = [_job(stretched, row, chosen.draws, until, folder) for row in chosen.table.to_dict("records")]
    waiting = [job for job in jobs if _kept(job) is None]
    done = len(jobs) - len(waiting)
    if told:
        told(done, len(jobs))
    for _ in _made(waiting, workers or os.cpu_count() or 1):
        done += 1
        if told:
            told(done, len(jobs))
    found = [_kept(job) for job in jobs]
    return [counts for counts in found if counts is not None]


@dataclass(frozen=True)
class _Job:
    scenario: Scenario
    seed: int
    draw: int
    until: date
    file: Path
    identity: str


def _job(scenario: Scenario, row: Mapping[Any, Any], draws: bool, until: date, folder: Path) -> _Job:
    world, seed = int(row["world"]), int(row["seed"])
    changes = {f"parameters.{name}": value for name, value in row.items() if name not in KEYS}
    ours = scenario.replaced(changes) if changes else scenario
    draw = world if draws else 0
    parts = [ours.digest, seed, draw, until.isoformat(), sources_digest()]
    return _Job(ours, seed, draw, until, folder / f"world-{world}.json", digest_of(json.dumps(parts).encode()))


def _until(scenario: Scenario, until: date) -> Scenario:
    """The scenario with an end that is late enough; one that ends later is left as it is, and lived to the day."""
    end = until + timedelta(days=7)
    return scenario if scenario.end >= end else scenario.replaced({"end": end})


def _made(jobs: Sequence[_Job], workers: int) -> Iterator[None]:
    """Live the worlds: the first alone, so that the loops are compiled once, and the others side by side."""
    for job in jobs[: 1 if workers > 1 else None]:
        _live(job)
        yield
    if workers > 1 and len(jobs) > 1:
        with ProcessPoolExecutor(min(workers, len(jobs) - 1), mp_context=get_context("spawn")) as pool:
            for _ in pool.map(_live, jobs[1:]):
                yield


def _live(job: _Job) -> None:
    """Live one world and write its counts, whole or not at all."""
    counts = monthly(live(job.scenario, job.seed, job.draw, job.until), job.until)
    facts = {"identity": job.identity, "first": counts.first, "attacks": counts.values.tolist()}
    part = job.file.with_name(f".{job.file.name}.{os.getpid()}.part")
    part.write_text(sealed(facts), encoding="utf-8")
    os.replace(part, job.file)


def live(scenario: Scenario, seed: int, draw: int, until: date) -> Record:
    """The record of a run to the week that holds `until`, though the scenario may go on."""
    from sim.week import advance, begin, finished, record_of

    country = begin(scenario, seed, draw=draw)
    while not finished(country) and country.clock.date(country.week) <= until:
        advance(country)
    return record_of(country)


def monthly(record: Record, until: date) -> Counts:
    """Attacks of a run by month and region; a week belongs to the month of its first day."""
    first = month_id(record.dates[0].year, 1)
    values = np.zeros((month_id(until.year, 12) - first + 1, len(record.regions)), np.int64)
    for day, attacks in zip(record.dates, record["attacks"], strict=True):
        if day <= until:
            values[month_id(day.year, day.month) - first] += np.rint(attacks).astype(np.int64)
    return Counts(values, first, MODEL)


def _kept(job: _Job) -> Counts | None:
    """The counts of a world that was lived before with the same program and settings."""
    try:
        facts = unsealed(job.file.read_bytes())
    except (OSError, ValueError):
        return None
    if facts.get("identity") != job.identity:
        return None
    return Counts(np.array(facts["attacks"], np.int64), int(facts["first"]), MODEL)


def stacked(all_counts: Sequence[Counts]) -> Ints:
    """Worlds x months x regions."""
    return np.stack([counts.values for counts in all_counts])
