"""Confirming a fit: some of its runs are made again, to see whether they are still the same.

A fit belongs to the code and tables that made its runs. A change that makes the program faster, and no run another,
leaves a fit as good as it was, but no digest of code can tell. Runs that are made again can.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from sim.batches.executors import Executor, Lost
from sim.calibration.archive import ABOUT, Archive, Job, Work, make, read_json, write
from sim.calibration.points import Space
from sim.engine.errors import InputError
from sim.languages import digits, tr
from sim.posterior import ROOM, fit_digest, forget, read
from sim.scenario import Scenario


def confirm(folder: Path, scenario: Scenario, made_by: Executor, count: int = 20, work: Work = make) -> list[str]:
    """Make runs of a folder's archive again; if all are the same, the fits in it belong to the present program.

    Parameters
    ----------
    folder : Path
        The folder of a calibration.
    scenario : Scenario
        What was simulated.
    made_by : Executor
        Where runs are made.
    count : int
        How many runs are made again, evenly spread over the archive.
    work : callable
        What makes a run.

    Returns
    -------
    list of str
        What was done, a line for each.

    Raises
    ------
    InputError
        If there is no archive or a run is not what it was; then nothing is written.
    """
    from sim.calibration.fit import scenario_digest

    about = read_json(folder / ABOUT)
    archive = Archive.at(folder, Space(tuple(about["parameters"])), {"scenario": scenario_digest(scenario)})
    keys = archive.keys()
    chosen = keys[:: max(len(keys) // count, 1)][:count]
    jobs = [Job(scenario, archive.space.names, archive.points[key.point], key.seed) for key in chosen]
    _same(zip(jobs, (archive.runs[key].digest for key in chosen), strict=True), made_by, work)
    write(folder / ABOUT, json.dumps({**about, "sources": fit_digest()}, indent=1).encode())
    return [tr("{n} runs are the same again", n=len(jobs)), *_stamp(folder)]


def confirm_shipped(scenario: Scenario, made_by: Executor, count: int = 20, work: Work = make) -> list[str]:
    """The same for the worlds that come with the program: the first of each of its fits."""
    jobs: list[tuple[Job, str]] = []
    for file in sorted(ROOM.glob("posterior*.csv")):
        found = read(file)
        values = zip(found.values[:count], found.seeds, found.runs, strict=False)
        jobs += [(Job(scenario, found.names, row, seed), digest) for row, seed, digest in values]
    if not jobs:
        raise InputError(tr("no worlds come with this program; `kumakan calibrate` makes them"))
    _same(jobs, made_by, work)
    return [tr("{n} runs are the same again", n=len(jobs)), *_stamp(ROOM)]


def _same(jobs: Iterable[tuple[Job, str]], made_by: Executor, work: Work) -> None:
    """Make the runs; refuse if one differs."""
    wanted = list(jobs)
    digests = {(job.values, job.seed): digest for job, digest in wanted}
    with closing(made_by(work, [[job] for job, _ in wanted])) as results:
        for job, result in results:
            _, run, error = (None, None, result.error) if isinstance(result, Lost) else result
            if run is None:
                raise InputError(tr("a run failed: {error}", error=error))
            if run.digest != digests[job.values, job.seed]:
                raise InputError(
                    tr(
                        "the run with seed {seed} and {name} = {value} is not what it was: the model has changed since"
                        " the fit, so make the fit again",
                        seed=job.seed,
                        name=job.names[0],
                        value=digits(job.values[0], "g"),
                    )
                )


def _stamp(folder: Path) -> list[str]:
    """Write the digest of the present program beside all worlds in a folder."""
    told = []
    for file in sorted(folder.glob("posterior*.json")):
        write(
            file,
            (json.dumps({**read_json(file), "sources": fit_digest()}, indent=1, ensure_ascii=False) + "\n").encode(),
        )
        told.append(tr("confirmed: {file}", file=file))
    forget()
    return told
