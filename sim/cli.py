"""The commands. Thin: what they do stands in the floors below, imported only by the command that needs it.

Exit codes: 0 done, 1 a run failed, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import os
import shlex
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sim.engine.errors import InputError, nearest
from sim.version import __version__

if TYPE_CHECKING:
    from sim.batches.batch import Batch
    from sim.scenario import Scenario

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
LARGEST_SEED = 2**62  # seeds are 64-bit keys; this leaves room for seeds counted on from the first
LARGEST_DRAW = 2**32 - 1
MOST_DRAWN = 8  # scenarios of which series and maps are drawn: more lines in a panel cannot be told apart
BASELINE, HISTORICAL = "scenarios/baseline.yaml", "scenarios/historical.yaml"  # what is validated
MOST_RUNS = 200  # runs of a scenario that series and maps are of: each is in memory with all its weeks

FIGURE_SERIES = ("joined", "attacks", "members", "trust")
FIGURE_OVER_TIME = ("joined", "attacks", "deaths_civilian", "abuses")
FIGURE_REGIONAL = ("joined", "attacks", "abuses", "deaths_civilian")
FIGURE_MAPS = ("joined_per_100k", "insecurity", "attacks", "reach")


class Commands(click.Group):
    """A group that offers the nearest command, and turns every way to end into its exit code."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            ctx.fail(f"there is no command {args[0]!r}{nearest(args[0], known)} ({', '.join(known)})")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            _say(f"kumakan: {error}")
            ctx.exit(BAD_INPUT)
        except KeyboardInterrupt:
            _say("\nkumakan: interrupted; finished runs are kept, the same command goes on from there")
            ctx.exit(INTERRUPTED)
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get("KUMAKAN_DEBUG") == "1":
                traceback.print_exc()
            _say(
                f"kumakan: this is a fault of kumakan, not of your input: {type(error).__name__}: {error}"
                " (KUMAKAN_DEBUG=1 shows where)"
            )
            ctx.exit(FAILED)


def _say(message: str) -> None:
    click.echo(message, err=True)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot write é still gets its table
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        kumakan.main(args=args, prog_name="kumakan")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(0)


# --- options ------------------------------------------------------------------------------------------------

_Command = Callable[..., Any]


def _options(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_scenario_options = _options(
    click.option("--persons-per-youth", type=click.IntRange(1), metavar="N",
                 help="Persons one simulated youth stands for (1 simulates everyone)."),
    click.option("--set", "changes", multiple=True, metavar="PATH=VALUE",
                 help="Change a value of the scenario, e.g. measures.mali_kuma_kan.intensity=0.5."),
)  # fmt: skip
_run_options = _options(
    click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
                 help="Results folder; by default results/ and the names of the scenarios."),
    click.option("--world-seed", type=click.IntRange(0, LARGEST_SEED), default=1, show_default=True,
                 metavar="N", help="Who lives where and knows whom; the same for all runs."),
    click.option("--overwrite", is_flag=True, help="Replace different runs in the results folder."),
    click.option("--quiet", is_flag=True, help="No progress."),
)  # fmt: skip

_store_options = _options(
    click.option("--store", metavar="PATH",
                 help="Keep runs in a store, a folder or URL for very many runs; --out then holds tables and figures."),
    click.option("--cluster", metavar="ADDRESS",
                 help="Make runs on the workers of a Dask scheduler, such as tcp://host:8786; needs --store."),
    click.option("--on-error", type=click.Choice(["finish", "stop"]), default="finish", show_default=True,
                 help="When a run fails: make the others, or stop."),
)  # fmt: skip


def _load(files: Sequence[str], persons_per_youth: int | None, changes: Sequence[str]) -> list[Scenario]:
    from sim.scenario import load

    return [load(file, _overrides(persons_per_youth, changes)) for file in files]


def _overrides(persons_per_youth: int | None, changes: Sequence[str]) -> list[str]:
    return [*changes, *([f"persons_per_youth={persons_per_youth}"] if persons_per_youth is not None else [])]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kumakan", message="%(prog)s %(version)s")
def kumakan() -> None:
    """Simulate recruitment into violent extremist groups in Mali, and compare what prevention changes.

    For aggregate policy comparison only.
    """


# --- commands that run the model ----------------------------------------------------------------------------


@kumakan.command()
@click.argument("scenario", metavar="SCENARIO")
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), default=1, show_default=True, metavar="N",
              help="Luck of the run.")  # fmt: skip
@click.option("--draw", type=click.IntRange(0, LARGEST_DRAW), default=0, show_default=True, metavar="D",
              help="Draw of the parameters that are not known; 0: their central values.")  # fmt: skip
@_store_options
@_run_options
@_scenario_options
def run(
    scenario: str,
    seed: int,
    draw: int,
    store: str | None,
    cluster: str | None,
    on_error: str,
    out: Path | None,
    world_seed: int,
    overwrite: bool,
    quiet: bool,
    persons_per_youth: int | None,
    changes: tuple[str, ...],
) -> None:
    """Run one scenario once, and keep its record and figures."""
    loaded = _load([scenario], persons_per_youth, changes)
    batch = _make(
        loaded, range(seed, seed + 1), out, quiet,
        draws=(draw,), workers=1, world_seed=world_seed, overwrite=overwrite,
        store=store, cluster=cluster, on_error=on_error,
    )  # fmt: skip
    if not batch.failed:
        from sim.views.tables import console, show_record

        [record] = batch.records[loaded[0].name].values()
        show_record(record, console(), _rate(loaded[0]))
        folder = Path(batch.rows[0].folder or batch.out)
        figures = _figures(batch.records, folder / "figures", quiet)
        click.echo(f"Record: {batch.rows[0].folder or batch.place}")
        click.echo(f"Figures: {figures}")
    _end(batch)


@kumakan.command()
@click.argument("scenarios", metavar="BASELINE SCENARIO...", nargs=-1)
@click.option(
    "--one-at-a-time",
    "alone",
    metavar="FILE",
    help="Compare the scenario in FILE with itself and each measure alone, in full.",
)
@click.option(
    "--leave-one-out",
    "fewer",
    metavar="FILE",
    help="Compare the scenario in FILE with itself without each of its measures.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Seeds of each scenario; by default 20, with --draws 1 for each.",
)
@click.option(
    "--draws",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Draws 1 to N of the parameters that are not known; left out, their central values.",
)
@click.option(
    "--seed",
    "first",
    type=click.IntRange(0, LARGEST_SEED),
    default=1,
    show_default=True,
    metavar="FIRST",
    help="First seed; the others follow it.",
)  # fmt: skip
@click.option("--precision", multiple=True, metavar="OUTCOME=WIDTH",
              help="Add seeds (or draws) until 90 % intervals are so narrow: joined=50, joined=2%.")  # fmt: skip
@click.option("--at-most", type=click.IntRange(2, 100_000), metavar="N",
              help="To how many, with --precision; by default 1000.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N",
              help="Worker processes; by default one per core.")  # fmt: skip
@_store_options
@_run_options
@_scenario_options
def compare(
    scenarios: tuple[str, ...],
    alone: str | None,
    fewer: str | None,
    seeds: int | None,
    draws: int | None,
    first: int,
    precision: tuple[str, ...],
    at_most: int | None,
    workers: int | None,
    store: str | None,
    cluster: str | None,
    on_error: str,
    out: Path | None,
    world_seed: int,
    overwrite: bool,
    quiet: bool,
    persons_per_youth: int | None,
    changes: tuple[str, ...],
) -> None:
    """Run scenarios under the same seeds and show how each differs from the first.

    With --draws they also run under draws of the parameters that are not known, the same for all. Runs that the
    results folder already has are not repeated, so an interrupted comparison goes on where it was, and more seeds
    or draws can be added later.
    """
    from sim.batches import batch as runs

    loaded, name = _planned(scenarios, alone, fewer, persons_per_youth, changes)
    batch = _watched(
        partial(runs.compare, loaded, seeds=seeds, draws=draws, first_seed=first, precision=precision, at_most=at_most),
        quiet, out=out or (Path("results") / name if name else None), workers=workers, world_seed=world_seed,
        overwrite=overwrite, store=store, cluster=cluster, on_error=on_error,
    )  # fmt: skip
    effects = batch.effects()
    if len(effects):
        from sim.views.tables import console, show_effects, show_needed

        tables = {"effects": effects, "delivered": batch.delivered(), "cost_per_person": batch.cost_per_spared()}
        show_effects(effects, console(), _rate(loaded[0]), tables["delivered"], tables["cost_per_person"])
        if precision:
            tables["precision"] = batch.needed(*precision)
            show_needed(tables["precision"], console(), "draws" if draws else "seeds")
        files = _tables(batch, tables)  # before the figures, so that one that fails costs no table
        figures = _figures(batch.records, batch.out / "figures", quiet)
        over_time = _effect_figures(batch, effects, tables["delivered"], figures)
        files += "" if over_time is None else f", {_tables(batch, {'effects_over_time': over_time})}"
        click.echo(f"Runs: {batch.place}\nTables: {files}\nFigures: {figures}")
    _end(batch)


def _tables(batch: Batch, tables: Mapping[str, Any]) -> str:
    """Write tables beside the runs, and name the files."""
    from sim.stores.folder import write_text

    batch.out.mkdir(parents=True, exist_ok=True)
    files = [batch.out / f"{name}.csv" for name in tables]
    for file, table in zip(files, tables.values(), strict=True):
        write_text(file, table.to_csv(index=False))
    return ", ".join(map(str, files))


@kumakan.command()
@click.argument("scenario", metavar="SCENARIO")
@click.option("--seeds", type=click.IntRange(1, 100_000), metavar="N",
              help="Seeds of each subset; by default 10, with --draws 1 for each.")  # fmt: skip
@click.option("--draws", type=click.IntRange(1, 100_000), metavar="N",
              help="Draws 1 to N of the parameters that are not known; left out, their central values.")  # fmt: skip
@click.option("--orders", type=click.IntRange(2, 10_000), default=20, show_default=True, metavar="N",
              help="Orders in which measures come, sampled where there are more than six of them.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N",
              help="Worker processes; by default one per core.")  # fmt: skip
@_store_options
@_run_options
@_scenario_options
def attribute(
    scenario: str,
    seeds: int | None,
    draws: int | None,
    orders: int,
    workers: int | None,
    store: str | None,
    cluster: str | None,
    on_error: str,
    out: Path | None,
    world_seed: int,
    overwrite: bool,
    quiet: bool,
    persons_per_youth: int | None,
    changes: tuple[str, ...],
) -> None:
    """Share out what the measures of a scenario do together among them, and find pairs that help or hinder each other.

    Subsets of the measures are run under the same seeds (or draws): all of up to six measures, else those along
    sampled orders. Runs that the results folder has are not repeated, and more orders or seeds can be added.
    """
    from sim.comparison.attribution import attribution, subsets
    from sim.stores.folder import folder_name

    [package] = _load([scenario], persons_per_youth, changes)
    plan = subsets(package, orders)
    batch = _make(
        plan.scenarios, range(1, (seeds or (1 if draws else 10)) + 1),
        out or Path("results") / f"{folder_name(package.name)}+attribution", quiet,
        draws=range(1, draws + 1) if draws else (0,), workers=workers, world_seed=world_seed, overwrite=overwrite,
        store=store, cluster=cluster, on_error=on_error,
    )  # fmt: skip
    if not batch.failed:
        from sim.views import about_batch, plot_attribution, save
        from sim.views.tables import console, show_attribution

        found = attribution(plan, batch.records)
        show_attribution(found, package.name, console())
        told = about_batch(batch, [package.name, f"{len(plan.members) - 1} subsets of its measures"])
        figure = batch.out / "figures" / "attribution.png"
        save(plot_attribution(found.measures, package.name, about=told), figure, told)
        files = _tables(batch, {"attribution": found.measures, "interactions": found.pairs})
        click.echo(f"Runs: {batch.place}\nTables: {files}\nFigure: {figure}")
    _end(batch)


@kumakan.command()
@click.option("--baseline", default=BASELINE, show_default=True, metavar="FILE",
              help="The scenario that what is tried is compared with.")  # fmt: skip
@click.option("--historical", default=HISTORICAL, show_default=True, metavar="FILE",
              help="The scenario that is compared with what happened.")  # fmt: skip
@click.option("--draws", type=click.IntRange(1, 100_000), default=40, show_default=True, metavar="N",
              help="Draws 1 to N of the parameters that are not known.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1, 100_000), default=1, show_default=True, metavar="N",
              help="Seeds for each draw.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N",
              help="Worker processes; by default one per core.")  # fmt: skip
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the table as a Markdown page, too.")  # fmt: skip
@_store_options
@_run_options
@_scenario_options
def validate(
    baseline: str,
    historical: str,
    draws: int,
    seeds: int,
    workers: int | None,
    page: Path | None,
    store: str | None,
    cluster: str | None,
    on_error: str,
    out: Path | None,
    world_seed: int,
    overwrite: bool,
    quiet: bool,
    persons_per_youth: int | None,
    changes: tuple[str, ...],
) -> None:
    """Compare the model with every pattern that is known, and print each: its band, what runs give, met or missed.

    Nothing is tuned. Runs that the results folder has are not repeated.
    """
    from sim.stores.folder import write_text
    from sim.validation.validate import scenarios as tried
    from sim.validation.validate import validate as against
    from sim.views.tables import console
    from sim.views.tables.validation import show_validation, validation_page

    loaded = tried(*_load([baseline, historical], persons_per_youth, changes))
    batch = _make(
        loaded,
        range(1, seeds + 1),
        out or Path("results") / "validation",
        quiet,
        draws=range(1, draws + 1),
        workers=workers,
        world_seed=world_seed,
        overwrite=overwrite,
        store=store,
        cluster=cluster,
        on_error=on_error,
    )
    found = against(batch)
    show_validation(found, console())
    table = batch.out / "validation.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    write_text(table, found.table.to_csv(index=False))
    if page is not None:
        files = [] if baseline == BASELINE else ["--baseline", baseline]
        files += [] if historical == HISTORICAL else ["--historical", historical]
        people = [] if persons_per_youth is None else ["--persons-per-youth", str(persons_per_youth)]
        said = ["--draws", str(draws), "--seeds", str(seeds), *files, *people, *(f"--set={x}" for x in changes)]
        write_text(page, validation_page(found, shlex.join(["kumakan", "validate", *said])))
    click.echo(f"Runs: {batch.place}\nTable: {table}" + (f"\nPage: {page}" if page else ""))
    _end(batch)


@kumakan.command()
@click.argument("file", metavar="FILE")
@click.option("--dry-run", is_flag=True, help="Say how many runs it is, and what they take; run nothing.")
@click.option("--seeds", type=click.IntRange(1, 100_000), metavar="N", help="Seeds 1 to N, instead of the file's.")
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N",
              help="Worker processes; by default one per core.")  # fmt: skip
@click.option("--discover", multiple=True, metavar="OUTCOME",
              help="Also say where among the points the scenario is not better than its baseline.")  # fmt: skip
@_store_options
@_run_options
@_scenario_options
def sweep(
    file: str,
    dry_run: bool,
    discover: tuple[str, ...],
    seeds: int | None,
    workers: int | None,
    store: str | None,
    cluster: str | None,
    on_error: str,
    out: Path | None,
    world_seed: int,
    overwrite: bool,
    quiet: bool,
    persons_per_youth: int | None,
    changes: tuple[str, ...],
) -> None:
    """Run a scenario at many values of its settings, as a sweep file plans it.

    Runs that the results folder has are not repeated.
    """
    from dataclasses import replace

    from sim.batches.batch import there_already
    from sim.stores.folder import folder_name, write_text
    from sim.sweeps.discovery import check_discovery
    from sim.sweeps.discovery import discover as find
    from sim.sweeps.sweep import load_sweep, takes
    from sim.sweeps.sweep import sweep as run_sweep
    from sim.views.progress import progress
    from sim.views.tables import console
    from sim.views.tables.sweeps import show_discovery, show_plan, show_sweep

    plan = load_sweep(file, _overrides(persons_per_youth, changes))
    if seeds is not None:
        plan = replace(plan, seeds=tuple(range(1, seeds + 1)))
    for outcome in discover:
        check_discovery(plan, outcome)
    if dry_run:
        there = there_already(plan.scenarios, plan.seeds, plan.draws, store=store, world_seed=world_seed,
                              out=out or Path("results") / folder_name(plan.name))  # fmt: skip
        show_plan(plan, takes(plan, workers, there), console())
        return
    options: dict[str, Any] = {"workers": workers, "world_seed": world_seed, "overwrite": overwrite,
                               "store": store, "cluster": cluster, "on_error": on_error}  # fmt: skip
    with progress(not quiet) as (told, on_week):
        swept = run_sweep(plan, out=out, progress=told, on_week=on_week, **options)
    tables = swept.save()
    if len(swept.table):
        from sim.views import about_sweep, save, sweep_figures

        show_sweep(swept, console())
        for name, figure in sweep_figures(swept).items():
            save(figure, swept.batch.out / "figures" / f"{name}.png", about_sweep(swept))
        for outcome in discover:
            found = find(swept, outcome)
            show_discovery(found, console())
            tables.append(swept.batch.out / f"discovery_{outcome}.csv")
            write_text(tables[-1], found.boxes.to_csv(index=False))
    click.echo(f"Runs: {swept.batch.place}\nTables: {', '.join(map(str, tables))}")
    _end(swept.batch)


def _planned(
    files: Sequence[str], alone: str | None, fewer: str | None, persons_per_youth: int | None, changes: Sequence[str]
) -> tuple[list[Scenario], str]:
    """The scenarios to compare, and the name of the results folder where it is not made of theirs."""
    if alone is None and fewer is None:
        if not files:
            raise InputError("name the baseline and the scenarios to compare, or --one-at-a-time or --leave-one-out")
        return _load(files, persons_per_youth, changes), ""
    option = "--one-at-a-time" if fewer is None else "--leave-one-out"
    if files or None not in (alone, fewer):
        raise InputError(f"{option} makes its own list of scenarios from one file; give it alone, without other files")
    from sim.comparison.variants import leave_one_out, one_at_a_time
    from sim.stores.folder import folder_name

    [scenario] = _load([alone or fewer or ""], persons_per_youth, changes)
    plan = one_at_a_time(scenario) if fewer is None else leave_one_out(scenario)
    return plan, f"{folder_name(scenario.name)}+{option.removeprefix('--')}"


def _make(loaded: list[Scenario], seeds: range, out: Path | None, quiet: bool, **options: Any) -> Batch:
    """Run a batch with its progress on screen."""
    from sim.batches.batch import batch_name, run_batch

    out = Path("results") / batch_name([s.name for s in loaded]) if out is None else out
    return _watched(partial(run_batch, loaded, seeds), quiet, out=out, **options)


def _watched(make: Callable[..., Batch], quiet: bool, **options: Any) -> Batch:
    """What `make` gives, with its progress on screen."""
    from sim.views.progress import progress

    with progress(not quiet) as (told, on_week):
        batch = make(progress=told, on_week=on_week, **options)
    if batch.weeks_shared and not quiet:
        _say(
            f"{batch.weeks_shared:,} of {batch.weeks:,} weeks ({batch.weeks_shared / batch.weeks:.0%}) were lived once"
            " for several scenarios"
        )
    return batch


def _end(batch: Batch) -> None:
    """Name the runs that failed, and end with the exit code that says so."""
    if batch.failed:
        from sim.views.tables import console, show_failures

        show_failures(batch.failed, console(stderr=True))
        if os.environ.get("KUMAKAN_DEBUG") == "1":
            _say("\n".join(row.details for row in batch.failed))
        _say(f"kumakan: {len(batch.failed)} of {len(batch.rows)} runs failed; all are listed in {batch.listing}")
        sys.exit(FAILED)


def _rate(scenario: Scenario) -> float | None:
    from sim.parameters import Parameters

    return Parameters.default().replaced(scenario.parameters).get("xof_per_usd")


def _figures(by_scenario: Mapping[str, Mapping[Any, Any]], folder: Path, quiet: bool) -> Path:
    """Draw series and maps of a few scenarios."""
    if not quiet:
        _say("Drawing figures ...")
    from sim.stores.folder import folder_name
    from sim.views import about, map_record, plot_series, save

    if len(by_scenario) > MOST_DRAWN:
        if not quiet:
            _say(f"(no series and maps of {len(by_scenario)} scenarios; compare {MOST_DRAWN} or fewer to have them)")
        return folder
    records = {name: list(islice(runs.values(), MOST_RUNS)) for name, runs in by_scenario.items() if len(runs)}
    if not quiet and max(map(len, by_scenario.values()), default=0) > MOST_RUNS:
        _say(f"(series and maps are of the first {MOST_RUNS} runs of each scenario)")
    facts = about(records)
    for what in FIGURE_SERIES:
        save(plot_series(records, what), folder / f"series_{what}.png", facts)
    for name, runs in records.items():
        for what in FIGURE_MAPS:
            if what == "reach" and not any(run.cells["reached_clips"].any() for run in runs):
                continue
            save(map_record(runs, what), folder / f"map_{what}_{folder_name(name)}.png", about({name: runs}))
    return folder


def _effect_figures(batch: Batch, effects: Any, delivered: Any, folder: Path) -> Any:
    """Draw what a comparison found: effects on Mali, by region and over time, how often measures helped or harmed.

    Gives back the table of effects over time, where it is drawn.
    """
    from sim.stores.folder import folder_name
    from sim.views import (
        about_batch,
        map_effect,
        plot_cost_effect,
        plot_effects,
        plot_effects_over_time,
        plot_shares,
        save,
    )

    told = about_batch(batch)
    there = set(effects["outcome"])
    regional = [outcome for outcome in FIGURE_REGIONAL if outcome in there]
    figures = {
        "effects": plot_effects(effects, delivered=delivered, about=told),
        "effects_by_region": plot_effects(effects, by_region=True, outcomes=regional, about=told),
        "shares": plot_shares(effects, about=told),
    }
    if {"cost", "joined"} <= there:
        figures["cost_joined"] = plot_cost_effect(effects, "joined", about=told)
    over_time = None
    if len(batch.scenarios) <= MOST_DRAWN:
        over_time = batch.effects_over_time([name for name in FIGURE_OVER_TIME if name in there])
        figures["effects_over_time"] = plot_effects_over_time(over_time, about=told)
        figures |= {f"map_effect_joined_{folder_name(name)}": map_effect(effects, name, "joined", about=told)
                    for name in dict.fromkeys(effects["scenario"])}  # fmt: skip
    for name, figure in figures.items():
        save(figure, folder / f"{name}.png", told)
    return over_time


@kumakan.command()
@click.argument("store", metavar="STORE")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="File to write; by default report.html in the folder.")  # fmt: skip
def report(store: str, out: Path | None) -> None:
    """Write a comparison as one HTML file to read, send and print; STORE is its results folder or its store."""
    from sim.views.report import report as write

    click.echo(f"Report: {write(store, out)}")


# --- commands that only look --------------------------------------------------------------------------------


@kumakan.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@_scenario_options
def check(files: tuple[str, ...], persons_per_youth: int | None, changes: tuple[str, ...]) -> None:
    """Check scenario and sweep files and show what they would do, what they would cost and how long it takes."""
    from sim.batches.preview import preview
    from sim.sweeps.sweep import is_sweep, load_sweep, takes
    from sim.views.tables import console, show_preview
    from sim.views.tables.sweeps import show_plan

    wrong = 0
    for file in files:
        try:
            if is_sweep(file):
                plan = load_sweep(file, _overrides(persons_per_youth, changes))
                show_plan(plan, takes(plan), console())
                continue
            [scenario] = _load([file], persons_per_youth, changes)
            show_preview(preview(scenario), console())
        except InputError as error:
            wrong += 1
            _say(f"kumakan: {error}")
    if wrong:
        sys.exit(BAD_INPUT)


@kumakan.command()
@click.argument("names", metavar="[MEASURE]...", nargs=-1)
def measures(names: tuple[str, ...]) -> None:
    """List the measures and their settings, with units, defaults and sources."""
    from sim.measures import MEASURES
    from sim.views.tables import console, show_measures

    for name in names:
        if name not in MEASURES:
            raise InputError(f"there is no measure {name!r}{nearest(name, MEASURES)}")
    show_measures({key: MEASURES[key] for key in (names or MEASURES)}, console())


@kumakan.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, with distribution and source.")
def parameters(names: tuple[str, ...], as_csv: bool) -> None:
    """List the behavioural parameters, or tell all about those named."""
    from sim.measures import read
    from sim.parameters import rows

    read()  # measures from outside bring parameters of their own
    table = rows()
    for name in names:
        if name not in table:
            raise InputError(f"there is no parameter {name!r}{nearest(name, table)}")
    chosen = [table[name] for name in (names or table)]
    if as_csv:
        import csv
        from dataclasses import astuple, fields

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(f.name for f in fields(chosen[0]))
        writer.writerows(map(astuple, chosen))
        return
    from sim.views.tables import console, show_parameter, show_parameters

    if names:
        for row in chosen:
            show_parameter(row, console())
    else:
        show_parameters(chosen, console())


@kumakan.command()
@click.argument("first", metavar="FIRST")
@click.argument("second", metavar="SECOND")
@_options(
    click.option("--seed", type=click.IntRange(0, LARGEST_SEED), default=1, show_default=True, metavar="N",
                 help="Luck of both runs."),
    click.option("--draw", type=click.IntRange(0, LARGEST_DRAW), default=0, show_default=True, metavar="N",
                 help="Draw of the parameters; 0 takes their values in the table."),
    click.option("--world-seed", type=click.IntRange(0, LARGEST_SEED), default=1, show_default=True, metavar="N",
                 help="Who lives where and knows whom."),
    click.option("--stories", type=click.IntRange(0, 100), default=5, show_default=True, metavar="N",
                 help="Invented persons to tell about, at most."),
    click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
                 help="Folder for the tables; by default in results/, by the names and the seed."),
)  # fmt: skip
@_scenario_options
def explain(
    first: str,
    second: str,
    seed: int,
    draw: int,
    world_seed: int,
    stories: int,
    out: Path | None,
    persons_per_youth: int | None,
    changes: tuple[str, ...],
) -> None:
    """Follow the same persons through two scenarios: who joins in one only, and where their stories part.

    All of them are invented persons; nothing here describes a real one.
    """
    from sim.stores.folder import folder_name
    from sim.stories.explain import explain as follow
    from sim.views.tables import console
    from sim.views.tables.stories import check_folder, save_explanation, show_explanation

    a, b = _load([first, second], persons_per_youth, changes)
    if out is None:
        names = f"explain-{folder_name(a.name)}-vs-{folder_name(b.name)}-seed-{seed}"
        others = [f"-{what}-{n}" for what, n, usual in (("draw", draw, 0), ("world", world_seed, 1)) if n != usual]
        out = Path("results") / "".join([names, *others])
    check_folder(out)
    with _weeks(3 * a.clock.weeks) as on_week:
        explanation = follow(a, b, seed, world_seed, draw, stories, on_week)
    show_explanation(explanation, console())
    click.echo(f"Tables and stories: {save_explanation(explanation, out)}")


@contextmanager
def _weeks(most: int) -> Iterator[Callable[[], None] | None]:
    """A bar of the weeks lived, on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=most, label="weeks", file=sys.stderr) as bar:
        yield lambda: bar.update(1)
