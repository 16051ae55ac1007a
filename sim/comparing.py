"""The commands that compare scenarios: `compare` and `attribute`, and how every command that makes runs ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from sim.engine.errors import InputError
from sim.languages import digits, tr
from sim.options import (
    COUNT,
    SEED,
    Making,
    beside_options,
    draws_option,
    long_options,
    makes_runs,
    say,
    workers_option,
)

if TYPE_CHECKING:
    from sim.batches.batch import Batch
    from sim.scenario import Scenario

FAILED = 1
"""The exit code of a command some of whose runs failed."""


def end(batch: Batch) -> None:
    """Name the runs that failed, and end with the exit code that says so."""
    if batch.failed:
        from sim.views.tables import console, show_failures

        show_failures(batch.failed, console(stderr=True))
        if os.environ.get("KUMAKAN_DEBUG") == "1":
            say("\n".join(row.details for row in batch.failed))
        say(
            tr(
                "kumakan: {many} of {many2} runs failed; {listing} lists all of them",
                many=len(batch.failed),
                many2=len(batch.rows),
                listing=batch.listing,
            )
        )
        sys.exit(FAILED)


def rate(scenario: Scenario) -> float | None:
    """XOF to a dollar in a scenario."""
    from sim.parameters import Parameters

    return Parameters.default().replaced(scenario.parameters).get("xof_per_usd")


@click.command()
@click.argument("scenarios", metavar="BASELINE SCENARIO...", nargs=-1)
@click.option("--one-at-a-time", "alone", metavar="FILE",
              help="Compare the scenario in FILE with itself plus each measure alone, in full.")  # fmt: skip
@click.option("--leave-one-out", "fewer", metavar="FILE",
              help="Compare the scenario in FILE with itself without each of its measures.")  # fmt: skip
@click.option("--seeds", type=COUNT, metavar="N",
              help="Run each scenario under this many seeds, by default 1 for each draw. With --seeds alone, all"
                   " parameters are at their central values.")  # fmt: skip
@draws_option
@click.option("--seed", "first", type=SEED, default=1, show_default=True, metavar="FIRST",
              help="Begin with this seed; the others follow it.")  # fmt: skip
@click.option("--precision", multiple=True, metavar="OUTCOME=WIDTH",
              help="Add seeds (or draws) until the 90 % intervals are this narrow: joined=50, joined=2%.")  # fmt: skip
@click.option("--at-most", type=click.IntRange(2, 100_000), metavar="N",
              help="Let --precision add up to this many seeds (or draws); by default 1000.")  # fmt: skip
@click.option("--figures", multiple=True, metavar="NAMES",
              help="Draw the figures with these names instead of the usual six, or all of them. For example: --figures"
                   " all, or --figures effects,series_joined.")  # fmt: skip
@beside_options
@workers_option
@long_options
@makes_runs
def compare(
    making: Making, *, scenarios: tuple[str, ...], alone: str | None, fewer: str | None, seeds: int | None,
    draws: int | None, first: int, precision: tuple[str, ...], at_most: int | None, figures: tuple[str, ...],
    ceiling: bool, target: float, luck: bool,
) -> None:  # fmt: skip
    """Run scenarios under the same seeds and show how each differs from the first.

    They run in 20 worlds that the record allows, the same for all, unless you name draws or seeds. Runs that the
    results folder already has are not repeated, so an interrupted comparison carries on where it stopped, and you can
    add seeds or draws later.

    \b
    For example: kumakan compare baseline imam_training joint_patrols --draws 40
    """
    from sim.batches import batch as batches
    from sim.batches.beside import pairs_of_luck
    from sim.batches.executors import workers_kept
    from sim.views.gallery import chosen

    drawn = chosen(figures)
    loaded, name = _variants(making, scenarios, alone, fewer)
    draws = batches.usual_draws(loaded, seeds, draws)
    make = partial(batches.compare, loaded, seeds=seeds, draws=draws, first_seed=first, precision=precision,
                   at_most=at_most)  # fmt: skip
    drawing = range(1, draws + 1) if draws else [0]
    batches.check_comparable(loaded)
    many = batches.how_many_seeds(seeds, draws)
    more = [tr("More are added until the precision is reached.")] if precision else []
    if luck and (pairs := pairs_of_luck(many, draws)) > 1:
        more.append(tr("{pairs} more runs show what luck alone gives.", pairs=digits(pairs, ",")))
    making.ahead(loaded, range(first, first + many), drawing, name, " ".join(more))
    with workers_kept():
        batch: Batch = making.made(making.run(make, making.folder(loaded, drawing, name)))
        making.beside(batch, luck, ceiling)
    with making.doing(tr("Comparing runs")):
        from sim.batches.beside import verdicts
        from sim.comparison.verdicts import as_json
        from sim.stores.folder import write_text
        from sim.views.results import draw_comparison, write_tables
        from sim.views.tables import console, show_effects, show_needed, show_verdicts

        effects = batch.effects()
        if len(effects):
            tables = {"effects": effects, "delivered": batch.delivered(), "cost_per_person": batch.cost_per_spared(),
                      "verdicts": verdicts(batch, target=target / 100)}  # fmt: skip
    if len(effects):
        show_effects(effects, console(), rate(loaded[0]), tables["delivered"], tables["cost_per_person"])
        if precision:
            tables["precision"] = batch.needed(*precision)
            show_needed(tables["precision"], console(), "seeds" if batch.draws == (0,) else "draws")
        show_verdicts(tables["verdicts"], console(), loaded[0].persons_per_youth)
        write_tables(batch.out, tables)
        write_text(batch.out / "verdicts.json", as_json(tables["verdicts"]))
        with making.doing(tr("Drawing figures"), plain=True):
            folder = draw_comparison(batch, tables, batch.out / "figures", making.say, drawn)
        files = ", ".join(map(str, write_tables(batch.out, tables)))
        click.echo(
            tr("Runs: {place}\nTables: {files}\nFigures: {folder}", place=batch.place, files=files, folder=folder)
        )
    end(batch)


def _variants(
    making: Making, files: Sequence[str], alone: str | None, fewer: str | None
) -> tuple[list[Scenario], str | None]:
    """The scenarios to compare, and the results folder where it is not named after them all."""
    if alone is None and fewer is None:
        if not files:
            raise InputError(
                tr("name a baseline and the scenarios to compare, or use --one-at-a-time or --leave-one-out")
            )
        return making.load_compared(*files), None
    option = "--one-at-a-time" if fewer is None else "--leave-one-out"
    if files or None not in (alone, fewer):
        raise InputError(
            tr("{option} makes its own list of scenarios from one file; do not name other files with it", option=option)
        )
    from sim.comparison import variants
    from sim.stores.folder import folder_name

    [scenario] = making.load_compared(alone or fewer or "")
    made = variants.one_at_a_time(scenario) if fewer is None else variants.leave_one_out(scenario)
    return made, f"{folder_name(scenario.name)}+{option.removeprefix('--')}"


@click.command()
@click.argument("scenario", metavar="SCENARIO")
@click.option("--seeds", type=COUNT, metavar="N",
              help="Run each subset under this many seeds; by default 10, or 1 per draw with --draws.")  # fmt: skip
@draws_option
@click.option("--orders", type=click.IntRange(2, 10_000), default=20, show_default=True, metavar="N",
              help="Sample this many orders where there are more than six measures.")  # fmt: skip
@click.option("--against", metavar="BASELINE",
              help="Share out only what the scenario adds to this baseline, whose measures stay in every subset."
              )  # fmt: skip
@workers_option
@long_options
@makes_runs
def attribute(
    making: Making, scenario: str, seeds: int | None, draws: int | None, orders: int, against: str | None
) -> None:  # fmt: skip
    """Share out the effect of a scenario among its measures, and find pairs that help or hinder each other.

    Subsets of the measures run under the same seeds (or draws): every subset of up to six measures, else the subsets
    along sampled orders. Runs that the results folder has are not repeated, and you can add orders or seeds later.

    \b
    For example: kumakan attribute package_regional --seeds 5
    """
    from sim.comparison.attribution import attribution, subsets
    from sim.stores.folder import folder_name

    package, *baseline = making.load(scenario) if against is None else making.load_compared(scenario, against)
    plan = subsets(package, orders, against=baseline[0] if baseline else None)
    name = f"{folder_name(package.name)}+attribution"
    name += f"-against-{folder_name(baseline[0].name)}" if baseline else ""
    runs = (plan.scenarios, range(1, (seeds or (1 if draws else 10)) + 1), range(1, draws + 1) if draws else [0], name)
    making.ahead(*runs)
    batch = making.batch(*runs)
    if not batch.failed:
        with making.doing(tr("Comparing runs")):
            from sim.views.results import draw_attribution, write_tables
            from sim.views.tables import console, show_attribution

            found = attribution(plan, batch.records)
        show_attribution(found, package.name, console())
        files = write_tables(batch.out, {"attribution": found.measures, "interactions": found.pairs})
        with making.doing(tr("Drawing figures")):
            figure = draw_attribution(batch, found, package.name, len(plan.members) - 1)
        click.echo(
            tr(
                "Runs: {place}\nTables: {files}\nFigure: {figure}",
                place=batch.place,
                files=", ".join(map(str, files)),
                figure=figure,
            )
        )
    end(batch)
