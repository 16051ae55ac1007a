"""The commands that fit the model to the record."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.languages import day, digits, tr, trn
from sim.options import COUNT, PATH, go_on, load, say, together, workers_option, yes_option

if TYPE_CHECKING:
    from sim.calibration.fit import Fit, Settings

PAUSE = 20.0
"""Seconds between two lines of progress."""
DAY = click.DateTime(["%Y-%m-%d"])
OUT = click.option("--out", type=PATH, metavar="FOLDER", default=Path("results/calibration"), show_default=True,
                   help="Keep the fit and all its runs in this folder.")  # fmt: skip

what_is_run = together(
    click.option("--persons-per-youth", type=click.IntRange(1), default=200, show_default=True, metavar="N",
                 help="Let one simulated youth stand for this many persons."),
    click.option("--scenario", default="historical", show_default=True, metavar="FILE", help="Simulate this scenario."),
    click.option("--set", "changes", multiple=True, metavar="PATH=VALUE", help="Change a value of the scenario."),
)  # fmt: skip


def _folder(command: Callable[..., None]) -> Callable[..., None]:
    options = (
        click.argument("folder", metavar="FOLDER", type=PATH),
        click.option("--until", type=DAY, default="2017-12-31", show_default=True, metavar="DAY",
                     help="Take the fit that knows the record to this day."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@click.option("--until", type=DAY, default="2017-12-31", show_default=True, metavar="DAY",
              help="Fit to the record to this day.")  # fmt: skip
@OUT
@click.option("--points", type=COUNT, default=300, show_default=True, metavar="N", help="Screen with this many points.")
@click.option("--waves", type=click.IntRange(0, 100), default=6, show_default=True, metavar="N",
              help="Add this many waves after the screening.")  # fmt: skip
@click.option(
    "--per-wave", type=COUNT, default=120, show_default=True, metavar="N", help="Run this many points in each wave."
)
@click.option("--finalists", type=COUNT, default=400, show_default=True, metavar="N",
              help="Run this many points under fresh seeds and weigh them.")  # fmt: skip
@click.option(
    "--seeds", type=COUNT, default=2, show_default=True, metavar="N", help="Give each finalist this many fresh seeds."
)
@click.option("--worlds", type=COUNT, default=200, show_default=True, metavar="N", help="Draw this many worlds.")
@what_is_run
@workers_option
@click.option("--cluster", metavar="ADDRESS", help="Make the runs on the workers of a Dask scheduler.")
@click.option("--dry-run", is_flag=True, help="Show how many runs there are and what they take; run nothing.")
@yes_option
@click.pass_context
def calibrate(
    context: click.Context, *, until: datetime, out: Path, points: int, waves: int, per_wave: int, finalists: int,
    seeds: int, worlds: int, persons_per_youth: int, scenario: str, changes: tuple[str, ...], workers: int | None,
    cluster: str | None, dry_run: bool, yes: bool,
) -> None:  # fmt: skip
    """Fit the parameters in sim/calibration/fitted.csv to the record, and write worlds that the record allows.

    The same command carries on where it stopped. Fits to several days share the runs in the folder. `kumakan
    calibrate check FOLDER` proves a fit, and `kumakan calibrate adopt FOLDER` makes it the one that the program draws
    from.

    \b
    For example: kumakan calibrate --until 2014-12-31 --dry-run
    """
    if context.invoked_subcommand is not None:
        return
    from sim.batches.batch import peak_memory
    from sim.batches.estimate import choose_workers, estimate
    from sim.batches.executors import executor, workers_kept
    from sim.calibration.fit import Settings, begin
    from sim.calibration.fit import calibrate as make

    [loaded] = load([scenario], persons_per_youth, changes)
    settings = Settings(until.date(), points, waves, per_wave, finalists, seeds, worlds)
    fit = begin(out, settings, loaded)
    need = estimate(loaded)
    many, note = choose_workers(workers, settings.runs, need.memory_bytes)
    told = _plan(fit, settings, need.seconds, many, note, need.memory_bytes)
    go_on(told, settings.runs * need.seconds / many, dry_run=dry_run, yes=yes)
    with workers_kept():  # from one wave to the next
        file = make(fit, loaded, executor(many, cluster), _teller(settings.runs))
    say(tr("most memory of this process: {n} GB", n=digits(peak_memory() / 1e9, ".1f")))
    click.echo(tr("Worlds: {file}\nFacts: {facts}", file=file, facts=file.with_suffix(".json")))


def _plan(fit: Fit, settings: Settings, seconds: float, workers: int, note: str, memory: float) -> str:
    there = len(fit.archive.runs)
    for told in fit.archive.notes:
        say(told)
    hours, beside = settings.runs * seconds / workers / 3600.0, f" ({note})" if note else ""
    return "\n".join((
        tr("{parameters} parameters, {targets} targets known by {until}",
           parameters=len(fit.space), targets=len(fit.rows), until=day(settings.until)),
        tr("{runs} runs at most: {points} of the screening, {waves} waves of {per_wave}, {finalists} finalists under"
           " {seeds} seeds, and up to {further} more for the worlds; the folder has {there} runs already",
           runs=digits(settings.runs, ","), points=settings.points, waves=settings.waves, per_wave=settings.per_wave,
           finalists=settings.finalists, seeds=settings.seeds, further=digits(settings.further, ","),
           there=digits(there, ",")),
        trn("at least {hours} hours with {n} worker{note}, about {memory} GB",
            "at least {hours} hours with {n} workers{note}, about {memory} GB",
            workers, hours=digits(hours, ".1f"), note=beside,
            memory=digits((workers * memory + 0.8e9) / 1e9, ".1f")),
    ))  # fmt: skip


def _teller(runs: int) -> Callable[[str, int, int], None]:
    """A function that says now and then how far the fit is, and how long the step still takes."""
    began, last, step = time.monotonic(), 0.0, ""

    def told(what: str, done: int, total: int) -> None:
        nonlocal last, step, began
        now = time.monotonic()
        if what != step:
            step, began, last = what, now, 0.0
        if now - last < PAUSE and done < total:
            return
        last = now
        minutes = f"{(now - began) / done * (total - done) / 60:.0f}" if done else ""
        left = tr(", {minutes} min left", minutes=minutes) if minutes else ""
        many = {"done": digits(done, ","), "total": digits(total, ",")}
        said = tr("{what}: {done} of {total} runs{left}", what=what, left=left, **many) if total else what
        say(f"{datetime.now():%H:%M} {said}")

    return told


def _fit(folder: Path, until: date) -> Fit:
    """A fit that was made, from its folder."""
    from sim.calibration.fit import reopen

    return reopen(folder, until)


@calibrate.command()
@_folder
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also write what was found as a Markdown page.")  # fmt: skip
@click.option("--data-sets", type=COUNT, default=200, show_default=True, metavar="N",
              help="Try the fit on this many simulated records.")  # fmt: skip
def check(folder: Path, until: datetime, page: Path | None, data_sets: int) -> None:
    """Prove a fit: targets missed, known parameters recovered, intervals that cover, what cannot be identified.

    \b
    For example: kumakan calibrate check results/calibration
    """
    from sim.calibration.proof import prove
    from sim.stores.folder import write_text
    from sim.views.tables import console
    from sim.views.tables.calibration import calibration_page, show_proof

    proof = prove(_fit(folder, until.date()), data_sets)
    show_proof(proof, console())
    if page is not None:
        rest = f" --until {until:%Y-%m-%d}" if f"{until:%Y-%m-%d}" != "2017-12-31" else ""
        write_text(page, calibration_page(proof, f"kumakan calibrate check {folder}{rest} --page {page}"))
        click.echo(tr("Page: {page}", page=page))


@calibrate.command()
@_folder
def adopt(folder: Path, until: datetime) -> None:
    """Make the worlds of a fit those that the program draws from.

    The files go to sim/calibration/. The fit to all years also gives the table of parameters its middle world: draw 0,
    which a plain `kumakan run` simulates.

    \b
    For example: kumakan calibrate adopt results/calibration
    """
    from sim.calibration.adopt import adopt as take

    for line in take(folder, until.date()):
        click.echo(line)


@calibrate.command()
@click.argument("folder", metavar="[FOLDER]", type=PATH, required=False)
@click.option("--runs", type=COUNT, default=20, show_default=True, metavar="N", help="Runs to make again.")
@what_is_run
@workers_option
def confirm(
    folder: Path | None, *, runs: int, persons_per_youth: int, scenario: str, changes: tuple[str, ...],
    workers: int | None,
) -> None:  # fmt: skip
    """Make some runs of a fit again after the code has changed; if they are the same, the fit stays valid.

    Without a folder, the worlds that come with the program are confirmed.

    \b
    For example: kumakan calibrate confirm results/calibration --runs 10
    """
    from sim.batches.estimate import choose_workers, estimate
    from sim.batches.executors import executor
    from sim.calibration.confirm import confirm as again
    from sim.calibration.confirm import confirm_shipped

    [loaded] = load([scenario], persons_per_youth, changes)
    many, _ = choose_workers(workers, runs, estimate(loaded).memory_bytes)
    made_by = executor(many, None)
    for line in confirm_shipped(loaded, made_by, runs) if folder is None else again(folder, loaded, made_by, runs):
        click.echo(line)
