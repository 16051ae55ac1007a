"""The command that opens the planner's page."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import click

from sim.engine.errors import InputError
from sim.languages import tr
from sim.options import COUNT, PATH, load, say, workers_option

COARSE = 200  # persons per youth: the coarsest at which verdicts hold, so that a pair of runs takes seconds
LOCAL = ("127.0.0.1", "localhost", "::1")


@click.command()
@click.argument("scenario", metavar="[SCENARIO]", default="baseline")
@click.option("--host", default=LOCAL[0], show_default=True, metavar="ADDRESS",
              help="Address to listen on; other machines reach the page only if you change it.")  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, metavar="N",
              help="Port to listen on.")  # fmt: skip
@click.option(
    "--persons-per-youth",
    type=click.IntRange(1),
    default=COARSE,
    show_default=True,
    metavar="N",
    help="Persons that one simulated youth stands for; above 200 a run is too coarse for verdicts.",
)
@click.option("--weeks", type=COUNT, metavar="N", help="Weeks of a run; by default those of the scenario.")
@click.option("--pairs", type=click.IntRange(2, 1000), default=20, show_default=True, metavar="N",
              help="Pairs of runs of a comparison: draws where fitted worlds are there, else seeds.")  # fmt: skip
@click.option("--store", type=PATH, default=Path("results/app"), show_default=True, metavar="DIR",
              help="Store that keeps the runs, so that the same choice is not run twice.")  # fmt: skip
@workers_option
def app(
    scenario: str, host: str, port: int, persons_per_youth: int, weeks: int | None, pairs: int, store: Path,
    workers: int | None,
) -> None:  # fmt: skip
    """Open the planner's page in a browser: choose measures, compare two worlds, see cost, effects and harm.

    Both worlds begin as SCENARIO.

    \b
    For example: kumakan app --port 9000
    """
    [base] = load([scenario], persons_per_youth, [])
    if weeks is not None:
        end = base.start + timedelta(weeks=weeks)
        if end > base.end:
            raise InputError(
                tr(
                    "--weeks {weeks}: {name} has {weeks2} weeks; ask for at most so many",
                    weeks=weeks,
                    name=base.name,
                    weeks2=base.clock.weeks,
                )
            )
        base = base.replaced({"end": end.isoformat()})
    from sim.app.serve import check, serve

    check()  # before anything is made
    from sim.app.desk import Settings
    from sim.posterior import warning

    if told := warning():
        say(told)
    settings = Settings(base, Path(os.path.abspath(store)), pairs, workers)
    if host not in LOCAL:
        say(tr("Everyone who reaches {host} can use this page; it asks for no password", host=host))
    say(
        tr(
            "The page is at http://{host}:{port} (Ctrl-C ends it); runs are kept in {store}",
            host=host,
            port=port,
            store=store,
        )
    )
    serve(settings, host, port)
