"""The commands. They are thin: the work is done on the floors below, which each command imports when it needs them.

Exit codes: 0 done, 1 a run failed, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import os
import shlex
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sim.calibrating import calibrate
from sim.comparing import FAILED, attribute, compare, end, rate
from sim.engine.errors import InputError, in_words, nearest, visible
from sim.forecasting import forecast, score
from sim.keeping import store
from sim.languages import tr
from sim.options import (
    COUNT,
    LARGEST_DRAW,
    SEED,
    Making,
    load,
    load_compared,
    long_options,
    makes_runs,
    overrides,
    say,
    scenario_options,
    together,
    workers_option,
    world_seed_option,
)  # fmt: skip
from sim.showing import app
from sim.speaking import Speaking, lang_option
from sim.starting import measures, new, notebooks, parameters, scenarios
from sim.version import __version__

if TYPE_CHECKING:
    pass

BAD_INPUT, INTERRUPTED = 2, 130
BASELINE, HISTORICAL = "baseline", "historical"  # the scenarios that are validated


class Commands(Speaking):
    """A group that offers the nearest command, and turns every way to end into its exit code."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            ctx.fail(
                tr(
                    "there is no command {name}{nearest} ({known})",
                    name=repr(args[0]),
                    nearest=nearest(args[0], known),
                    known=", ".join(known),
                )
            )
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            say(f"kumakan: {error}")
            ctx.exit(BAD_INPUT)
        except KeyboardInterrupt:
            say(tr("\nkumakan: interrupted; finished runs are kept, and the same command carries on from there"))
            ctx.exit(INTERRUPTED)
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except (OSError, MemoryError) as error:
            if os.environ.get("KUMAKAN_DEBUG") == "1":
                traceback.print_exc()
            why = (
                in_words(error)
                if isinstance(error, OSError)
                else tr("there is not enough memory ({error})", error=error)
            )
            say(tr("kumakan: {why}; finished runs are kept, and the same command carries on from there", why=why))
            ctx.exit(FAILED)
        except Exception as error:
            if os.environ.get("KUMAKAN_DEBUG") == "1":
                traceback.print_exc()
            say(
                tr(
                    "kumakan: this is a fault of kumakan, not of your input: {name}: {error} (KUMAKAN_DEBUG=1 "
                    "shows where)",
                    name=type(error).__name__,
                    error=error,
                )
            )
            ctx.exit(FAILED)


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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@lang_option
@click.version_option(__version__, prog_name="kumakan", message="%(prog)s %(version)s")
def kumakan() -> None:
    """Simulate recruitment into violent extremist groups in Mali, and compare what prevention changes.

    For aggregate policy comparison only.
    """


COMMANDS = (
    scenarios, measures, parameters, new, notebooks, store, calibrate, forecast, score, compare, attribute, app,
)  # fmt: skip
for command in COMMANDS:
    kumakan.add_command(command)


# --- commands that run the model ----------------------------------------------------------------------------


@kumakan.command()
@click.argument("scenario", metavar="SCENARIO")
@click.option("--seed", type=SEED, default=1, show_default=True, metavar="N", help="Make the run under this seed.")
@click.option("--draw", type=click.IntRange(0, LARGEST_DRAW), default=0, show_default=True, metavar="D",
              help="Take this draw of the uncertain parameters; 0 takes their central values.")  # fmt: skip
@makes_runs
def run(making: Making, scenario: str, seed: int, draw: int) -> None:
    """Run one scenario once, and keep its record and figures.

    \b
    For example: kumakan run joint_patrols --seed 2
    """
    [loaded] = making.load(scenario)
    batch = replace(making, workers=1).batch([loaded], [seed], [draw], None)
    if not batch.failed:
        from sim.views.tables import console, show_record

        [record] = batch.records[loaded.name].values()
        show_record(record, console(), rate(loaded))
        with making.doing(tr("Drawing figures"), plain=True):
            from sim.views.results import draw_records

            figures = draw_records(batch.records, Path(batch.rows[0].folder or batch.out) / "figures", making.say)
        click.echo(
            tr("Record: {record}\nFigures: {figures}", record=batch.rows[0].folder or batch.place, figures=figures)
        )
    end(batch)


@kumakan.command()
@click.option("--baseline", default=BASELINE, show_default=True, metavar="FILE",
              help="Try scenarios against this baseline.")  # fmt: skip
@click.option("--historical", default=HISTORICAL, show_default=True, metavar="FILE",
              help="Compare this scenario with what happened.")  # fmt: skip
@click.option("--draws", type=COUNT, default=40, show_default=True, metavar="N",
              help="Take draws 1 to N of the uncertain parameters.")  # fmt: skip
@click.option(
    "--seeds", type=COUNT, default=1, show_default=True, metavar="N", help="Run each draw under this many seeds."
)
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also write the table as a Markdown page.")  # fmt: skip
@workers_option
@long_options
@makes_runs
def validate(making: Making, baseline: str, historical: str, draws: int, seeds: int, page: Path | None) -> None:
    """Compare the model with every known pattern, and show for each its band, what the runs give, and the verdict.

    Nothing is tuned. Runs that the results folder has are not repeated.

    \b
    For example: kumakan validate --draws 20
    """
    from sim.stores.folder import write_text
    from sim.validation.validate import scenarios as tried
    from sim.validation.validate import validate as against
    from sim.views.results import write_tables
    from sim.views.tables import console
    from sim.views.tables.validation import show_validation, validation_page

    scenarios = tried(*making.load_compared(baseline, historical))
    runs = (scenarios, range(1, seeds + 1), range(1, draws + 1), "validation")
    making.ahead(*runs)
    batch = making.batch(*runs)
    with making.doing(tr("Comparing runs with what is known")):
        found = against(batch)
    show_validation(found, console())
    [table] = write_tables(batch.out, {"validation": found.table})
    if page is not None:
        options = {"--draws": draws, "--seeds": seeds, "--persons-per-youth": making.persons_per_youth,
                   "--baseline": None if baseline == BASELINE else baseline,
                   "--historical": None if historical == HISTORICAL else historical}  # fmt: skip
        given = [str(part) for option, value in options.items() if value is not None for part in (option, value)]
        command = shlex.join(["kumakan", "validate", *given, *(f"--set={change}" for change in making.changes)])
        write_text(page, validation_page(found, command))
    click.echo(
        tr("Runs: {place}\nTable: {table}", place=batch.place, table=table)
        + (tr("\nPage: {page}", page=page) if page else "")
    )
    end(batch)


@kumakan.command()
@click.argument("file", metavar="FILE")
@click.option("--seeds", type=COUNT, metavar="N", help="Run seeds 1 to N instead of those in the file.")
@click.option("--discover", multiple=True, metavar="OUTCOME",
              help="Also find the settings under which the scenario is no better than its baseline.")  # fmt: skip
@workers_option
@long_options
@makes_runs
def sweep(making: Making, file: str, discover: tuple[str, ...], seeds: int | None) -> None:
    """Run a scenario at many values of its settings, as planned in a sweep file.

    Runs that the results folder has are not repeated.

    \b
    For example: kumakan sweep reach_x_imams --persons-per-youth 100
    """
    with making.doing(tr("Reading the sweep")):
        from sim.batches.batch import there_already
        from sim.sweeps import sweep as sweeps
        from sim.sweeps.discovery import check_discovery
        from sim.views.tables import console
        from sim.views.tables.sweeps import show_plan

        plan = sweeps.load_sweep(file, making.settings, say)
    if seeds is not None:
        plan = replace(plan, seeds=tuple(range(1, seeds + 1)))
    for outcome in discover:
        check_discovery(plan, outcome)
    if making.dry_run:
        there = there_already(plan.scenarios, plan.seeds, plan.draws, store=making.store,
                              world_seed=making.world_seed, out=making.out or plan.folder)  # fmt: skip
        show_plan(plan, sweeps.takes(plan, making.workers, there), console())
        return
    replace(making, out=making.out or plan.folder).ahead(plan.scenarios, plan.seeds, plan.draws)
    swept = making.run(partial(sweeps.sweep, plan))
    with making.doing(tr("Comparing points")):
        from sim.views.results import show_and_draw_sweep

        tables = swept.save()
    if len(swept.table):
        tables += show_and_draw_sweep(swept, discover, making.doing)
    click.echo(tr("Runs: {place}\nTables: {tables}", place=swept.batch.place, tables=", ".join(map(str, tables))))
    end(swept.batch)


@kumakan.command()
@click.argument("store", metavar="STORE")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write this file; by default report.html in the folder.")  # fmt: skip
def report(store: str, out: Path | None) -> None:
    """Write a comparison as one HTML file to read, send and print. STORE is its results folder or its store.

    \b
    For example: kumakan report results/baseline+joint_patrols
    """
    from sim.views.progress import doing

    with doing(tr("Reading runs and drawing figures")):
        from sim.views.report import report as write

        file = write(store, out)
    click.echo(tr("Report: {file}", file=file))


# --- commands that only look --------------------------------------------------------------------------------


@kumakan.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@scenario_options
def check(files: tuple[str, ...], persons_per_youth: int | None, changes: tuple[str, ...]) -> None:
    """Check scenario and sweep files, and show what they would do, what it would cost, and how long it would take.

    \b
    For example: kumakan check joint_patrols reach_x_imams
    """
    from sim.views.progress import doing

    with doing(tr("Checking")):
        from sim.batches.preview import preview
        from sim.scenario import load_each
        from sim.sweeps.sweep import is_sweep, load_sweep, takes
        from sim.views.tables import console, show_preview
        from sim.views.tables.sweeps import show_plan

    wrong, changed = 0, overrides(persons_per_youth, changes)
    scenarios = [file for file in files if not is_sweep(file)]
    several = load_each(scenarios, changed)
    for file in files:
        try:
            with doing(tr("Checking {file}", file=visible(file))):
                if file not in scenarios:
                    plan = load_sweep(file, changed, say)
                    show = partial(show_plan, plan, takes(plan))
                else:
                    scenario = next(several) if len(scenarios) > 1 else load([file], persons_per_youth, changes)[0]
                    if isinstance(scenario, InputError):
                        raise scenario
                    show = partial(show_preview, preview(scenario))
            show(console())
        except InputError as error:
            wrong += 1
            say(f"kumakan: {error}")
    for untaken in several if len(scenarios) > 1 else ():
        wrong += 1
        say(f"kumakan: {untaken}")
    if wrong:
        sys.exit(BAD_INPUT)


@kumakan.command()
@click.argument("first", metavar="FIRST")
@click.argument("second", metavar="SECOND")
@together(
    click.option("--seed", type=SEED, default=1, show_default=True, metavar="N",
                 help="Make both runs under this seed."),
    click.option("--draw", type=click.IntRange(0, LARGEST_DRAW), default=0, show_default=True, metavar="N",
                 help="Take this draw of the uncertain parameters; 0 takes their central values."),
    world_seed_option,
    click.option("--stories", type=click.IntRange(0, 100), default=5, show_default=True, metavar="N",
                 help="Tell about this many invented persons at most."),
    click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
                 help="Write tables to this folder; by default in results/, named after the scenarios and the seed."),
)  # fmt: skip
@scenario_options
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
    """Follow the same persons through two scenarios: who joins in only one of them, and where their stories part.

    All persons are invented; nothing here describes a real one.

    \b
    For example: kumakan explain baseline joint_patrols --seed 1
    """
    from sim.engine import compiled
    from sim.views.progress import compiles_first, doing

    with doing(tr("Reading scenarios")):
        from sim.batches.estimate import youths
        from sim.batches.plan import USUAL_PERSONS
        from sim.stores.folder import folder_name
        from sim.stories.explain import explain as follow
        from sim.views.tables import console
        from sim.views.tables.stories import check_folder, save_explanation, show_explanation

        a, b = load_compared([first, second], persons_per_youth, changes)
    if out is None:
        names = f"explain-{folder_name(a.name)}-vs-{folder_name(b.name)}-seed-{seed}"
        names += f"-{a.persons_per_youth}-per-youth" if a.persons_per_youth != USUAL_PERSONS else ""
        others = [f"-{what}-{n}" for what, n, usual in (("draw", draw, 0), ("world", world_seed, 0)) if n != usual]
        out = Path("results") / "".join([names, *others])
    check_folder(out)
    threads = youths(a) >= compiled.THREADS_PAY_FROM
    if compiled.missing(threads):
        say(compiles_first())
    with _weeks(3 * a.clock.weeks) as on_week:
        explanation = follow(a, b, seed, world_seed, draw, stories, on_week)
    compiled.made(threads)
    show_explanation(explanation, console())
    click.echo(tr("Tables and stories: {save_explanation}", save_explanation=save_explanation(explanation, out)))


@contextmanager
def _weeks(most: int) -> Iterator[Callable[[], None] | None]:
    """A progress bar of simulated weeks, on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=most, label="weeks", file=sys.stderr) as bar:
        yield lambda: bar.update(1)
