"""What the commands share: their options, and making runs with these options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, fields
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.languages import digits, tr, trn

if TYPE_CHECKING:
    from sim.batches.batch import Batch
    from sim.scenario import Scenario

LARGEST_SEED = 2**62  # seeds are 64-bit keys; this leaves room for the seeds that follow the first
LARGEST_DRAW = 2**32 - 1

Command = Callable[..., Any]
COUNT = click.IntRange(1, 100_000)
SEED = click.IntRange(0, LARGEST_SEED)
PATH = click.Path(path_type=Path)


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, listed in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


scenario_options = together(
    click.option("--persons-per-youth", type=click.IntRange(1), metavar="N",
                 help="Let one simulated youth stand for this many persons (1 simulates everyone; above 200 a run is"
                      " too coarse for a verdict)."),
    click.option("--set", "changes", multiple=True, metavar="PATH=VALUE",
                 help="Change a value of the scenarios, e.g. measures.mali_kuma_kan.intensity=0.5; of several"
                      " scenarios, those that have the measure take it."),
)  # fmt: skip
world_seed_option = click.option("--world-seed", type=SEED, default=0, show_default=True, metavar="N",
                           help="Decide by this seed who lives where and who knows whom; 0: each seed has its own"
                           " people.")  # fmt: skip
batch_options = together(
    click.option("--store", metavar="PATH",
                 help="Keep the runs in a store (a folder or URL, for very many runs); --out then holds only tables"
                      " and figures."),
    click.option("--cluster", metavar="ADDRESS",
                 help="Make the runs on the workers of a Dask scheduler, such as tcp://127.0.0.1:8786. Needs --store."),
    click.option("--on-error", type=click.Choice(["finish", "stop"]), default="finish", show_default=True,
                 help="When a run fails, finish the other runs or stop."),
    click.option("--out", type=PATH, metavar="DIR",
                 help="Keep runs, tables and figures in this folder; by default results/ with the names of the"
                      " scenarios."),
    world_seed_option,
    click.option("--overwrite", is_flag=True, help="Replace different runs in the results folder."),
    click.option("--quiet", is_flag=True, help="Show no progress."),
    click.option("--prior", is_flag=True,
                 help="Draw every uncertain parameter from its own prior, also where worlds fitted to the record are"
                      " there."),
    scenario_options,
)  # fmt: skip
workers_option = click.option("--workers", type=click.IntRange(1, 1024), metavar="N",
                        help="Use this many worker processes; by default one per core.")  # fmt: skip
draws_option = click.option("--draws", type=COUNT, metavar="N",
                      help="Take draws 1 to N of the uncertain parameters. Without it, `compare` takes 20 where fitted"
                           " worlds are there and no seeds are named; else all are at their central values."
                      )  # fmt: skip

beside_options = together(
    click.option("--ceiling", is_flag=True,
                 help="Also run each scenario at full reach and strength, under the same seeds and draws: up to as many"
                      " runs again."),
    click.option("--break-even", "target", type=click.FloatRange(0, 100, min_open=True), default=5, show_default=True,
                 metavar="PERCENT",
                 help="With --ceiling, show at which size a measure would reach this effect."),
    click.option("--luck-alone/--no-luck-alone", "luck", default=True, show_default=True,
                 help="Run the baseline again under up to 20 seeds (or draws) with nothing done but luck shaken."),
)  # fmt: skip


yes_option = click.option("--yes", is_flag=True, help="Do not ask before a job of more than ten minutes.")
long_options = together(
    click.option("--dry-run", is_flag=True, help="Show how many runs there are and what they take; run nothing."),
    yes_option,
)
LONG = 600.0
"""Seconds from which a job is asked about."""


def go_on(told: str, seconds: float, *, dry_run: bool = False, yes: bool = False, quiet: bool = False) -> None:
    """Tell what a job takes before it begins, end the command after a dry run, and ask before a long one.

    Only people at a terminal are asked.
    """
    if dry_run:
        click.echo(told)
        raise click.exceptions.Exit(0)
    if not quiet:
        say(told)
    if seconds > LONG and not yes and sys.stdin.isatty():
        click.confirm(tr("This takes more than ten minutes. Go on?"), abort=True, err=True)


@dataclass(frozen=True)
class Making:
    """The options that all commands share which make runs."""

    persons_per_youth: int | None
    changes: tuple[str, ...]
    out: Path | None
    world_seed: int
    overwrite: bool
    quiet: bool
    store: str | None
    cluster: str | None
    on_error: str
    prior: bool = False
    workers: int | None = None
    dry_run: bool = False
    yes: bool = False

    @property
    def settings(self) -> list[str]:
        """Changes of the scenarios as PATH=VALUE: --set, --persons-per-youth and --prior."""
        return overrides(self.persons_per_youth, [*self.changes, *(["draws_from=prior"] if self.prior else [])])

    def load(self, *files: str) -> list[Scenario]:
        """Scenarios from their files, with --set and --persons-per-youth."""
        with self.doing(tr("Reading scenarios")):
            return load(files, None, self.settings)

    def load_compared(self, *files: str) -> list[Scenario]:
        """The same of scenarios that are compared: a change of a measure goes to those that have it."""
        with self.doing(tr("Reading scenarios")):
            return load_compared(files, None, self.settings)

    def say(self, message: str) -> None:
        """Tell how far the work is, unless --quiet asks for silence."""
        if not self.quiet:
            say(message)

    @contextmanager
    def doing(self, what: str, plain: bool = False) -> Iterator[None]:
        """Show at a terminal what is being done, unless --quiet; elsewhere say it on a line if `plain`."""
        from sim.views.progress import doing

        if plain and not sys.stderr.isatty():
            self.say(f"{what} ...")
        with nullcontext() if self.quiet else doing(what):
            yield

    def run(self, make: Callable[..., Any], folder: Path | None = None) -> Any:
        """What `make` gives, with these options and its progress on screen; `folder` is the usual results folder."""
        out = folder if self.out is None else self.out
        options = {name: getattr(self, name) for name in ("workers", "world_seed", "overwrite", "store", "cluster")}
        from sim.posterior import warning

        if not self.prior and (told := warning()):
            say(told)
        with self.doing(tr("Getting ready")):
            return make(progress=not self.quiet, out=out, on_error=self.on_error, **options)

    def batch(
        self, scenarios: Sequence[Scenario], seeds: Sequence[int], draws: Sequence[int], name: str | None
    ) -> Batch:
        """The runs of these scenarios under these seeds and draws."""
        from sim.batches.batch import run_batch

        batch: Batch = self.run(partial(run_batch, scenarios, seeds, draws=draws), self.folder(scenarios, draws, name))
        return self.made(batch)

    def folder(self, scenarios: Sequence[Scenario], draws: Sequence[int], name: str | None = None) -> Path:
        """The results folder: that of --out, or one named after the scenarios (or `name`) and their resolution."""
        from sim.batches.batch import batch_name, usual_folder

        return self.out or usual_folder(name or batch_name([s.name for s in scenarios]), scenarios, draws)

    def ahead(
        self, scenarios: Sequence[Scenario], seeds: Sequence[int], draws: Sequence[int], name: str | None = None,
        more: str = "",
    ) -> None:  # fmt: skip
        """Tell what these runs take, and what `more` there may be; ask before a long job, or end after a dry run."""
        from sim.batches.batch import there_already
        from sim.batches.estimate import takes
        from sim.views import words

        with self.doing(tr("Counting runs")):
            there: Mapping[str, int] | None = None
            with suppress(OSError):  # the runs say what is wrong with the place
                there = there_already(scenarios, seeds, draws, out=self.folder(scenarios, draws, name),
                                      store=self.store, world_seed=self.world_seed)  # fmt: skip
            elsewhere = None
            if self.cluster is not None:
                from sim.batches.executors import workers_of

                elsewhere = workers_of(self.cluster)
            need = takes(scenarios, len(seeds) * len(draws), self.workers, there, elsewhere)
        told = "\n".join(filter(None, [words.takes(need), more]))
        go_on(told, need.seconds, dry_run=self.dry_run, yes=self.yes, quiet=self.quiet)

    def beside(self, batch: Batch, luck: bool, ceiling: bool) -> None:
        """Make the runs that stand beside a comparison; says what they are for."""
        from sim.batches import beside

        wanted = []
        if luck and len(batch.seeds) * len(batch.draws) > 1:
            wanted.append(
                (
                    tr("What luck alone gives: the baseline, with the luck of recruiters in one week thrown again"),
                    beside.luck_alone,
                )
            )
        if ceiling:
            wanted.append((tr("The ceiling: the measures at full reach and strength"), beside.ceiling))
        for what, make in wanted:
            self.say(what)
            made = make(batch, workers=self.workers, progress=not self.quiet, overwrite=self.overwrite)
            if made.failed:
                self.say(
                    tr(
                        "{many} of these runs failed and are left out; see {listing}",
                        many=len(made.failed),
                        listing=made.listing,
                    )
                )

    def made(self, batch: Batch) -> Batch:
        """A batch that was made; says how many of its runs were there before, and how many weeks scenarios shared."""
        if batch.reused:
            many = len(batch.scenarios) * len(batch.seeds) * len(batch.draws)
            self.say(
                tr("{reused} of {many} runs were reused", reused=digits(batch.reused, ","), many=digits(many, ","))
            )
        if batch.weeks_shared:
            share = batch.weeks_shared / batch.weeks
            self.say(
                tr(
                    "{weeks_shared} of {weeks} weeks ({share}) were shared by several scenarios",
                    weeks_shared=digits(batch.weeks_shared, ","),
                    weeks=digits(batch.weeks, ","),
                    share=digits(share, ".0%"),
                )
            )
        return batch


def makes_runs(command: Command) -> Command:
    """Give a command the options of `Making`, and these to the command as its first argument."""

    @wraps(command)
    def called(**given: Any) -> Any:
        making = Making(**{field.name: given.pop(field.name) for field in fields(Making) if field.name in given})
        return command(making, **given)

    return batch_options(called)


def load(files: Sequence[str], persons_per_youth: int | None, changes: Sequence[str]) -> list[Scenario]:
    from sim.scenario import load as load_scenario

    return _told([load_scenario(file, overrides(persons_per_youth, changes)) for file in files])


def load_compared(files: Sequence[str], persons_per_youth: int | None, changes: Sequence[str]) -> list[Scenario]:
    from sim.scenario import load_all

    return _told(load_all(files, overrides(persons_per_youth, changes)))


def _told(scenarios: list[Scenario]) -> list[Scenario]:
    """The same scenarios; says which of them go on after the last facts."""
    from sim.settings import LAST_FACTS

    late = [s.name for s in scenarios if s.clock.date(s.clock.weeks - 1) > LAST_FACTS]
    if late:
        say(trn(
            "{scenarios} runs past {year}, where the tables of facts end: forces, groups and other facts stay as they"
            " were then",
            "{scenarios} run past {year}, where the tables of facts end: forces, groups and other facts stay as they"
            " were then",
            len(late), scenarios=", ".join(late), year=LAST_FACTS.year,
        ))  # fmt: skip
    return scenarios


def overrides(persons_per_youth: int | None, changes: Sequence[str]) -> list[str]:
    return [*changes, *([f"persons_per_youth={persons_per_youth}"] if persons_per_youth is not None else [])]


def say(message: str) -> None:
    """Tell people something, beside what the command prints."""
    from sim.engine.errors import harmless
    from sim.views.progress import aside

    aside(harmless(message))
