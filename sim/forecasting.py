"""The commands that forecast and that score forecasts."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.languages import ENGLISH, semicolon, tr, use
from sim.options import COUNT, PATH, load, say, scenario_options, workers_option

if TYPE_CHECKING:
    from sim.forecasts.counts import Counts
    from sim.forecasts.ensemble import Forecast

DAY = click.DateTime(["%Y-%m-%d"])
target_option = click.option("--target", type=click.Choice(["jihadist", "all"]),
                             help="Count attacks by jihadists and unknown perpetrators, or all.")  # fmt: skip
events_option = click.option("--events", type=PATH, metavar="FILE",
                             help="Read a CSV table of attacks of your own (an export of ACLED, GTD or UCDP GED, or"
                                  " date, region and count) as the record.")  # fmt: skip
source_option = click.option("--source", metavar="NAME", help="Call the source of --events by this name.")


@click.command()
@click.argument("scenario", metavar="[SCENARIO]", default="historical")
@click.option("--from", "origin", type=DAY, required=True, metavar="DATE",
              help="Forecast from what is known on this day, the end of a year: 2016-12-31.")  # fmt: skip
@click.option("--until", type=DAY, required=True, metavar="DATE", help="Forecast to this day: 2018-12-31.")
@click.option("--worlds", "many", type=COUNT, metavar="N",
              help="Use this many worlds; by default all of the posterior, or 40 runs without one.")  # fmt: skip
@click.option("--posterior", type=PATH, metavar="FILE",
              help="Read worlds from a CSV: world, seed, and a column for each parameter. By default take those that"
                   " come with kumakan for this date.")  # fmt: skip
@click.option("--prior", is_flag=True, help="Take draws from the priors as worlds instead.")
@target_option
@events_option
@source_option
@click.option("--out", type=PATH, metavar="DIR",
              help="Write the forecast to this folder; by default in results/, with the scenario and the"
                   " years.")  # fmt: skip
@click.option("--runs", type=PATH, metavar="DIR",
              help="Keep the lived worlds in this folder, which forecasts of the same worlds and last day can"
                   " share; by default in the folder of the forecast.")  # fmt: skip
@workers_option
@scenario_options
def forecast(
    scenario: str,
    origin: datetime,
    until: datetime,
    many: int | None,
    posterior: Path | None,
    prior: bool,
    target: str | None,
    events: Path | None,
    source: str | None,
    out: Path | None,
    runs: Path | None,
    workers: int | None,
    **settings: Any,
) -> None:
    """Forecast attacks by region from worlds, and write the draws and their digest before anything is scored.

    The files have the long format of the VIEWS prediction challenge. Without a posterior the runs are not fitted, and
    this is said.

    \b
    For example: kumakan forecast --from 2016-12-31 --until 2018-12-31
    """
    from sim.views.progress import doing

    first, last = _years(origin.date(), until.date())
    with doing(tr("Reading")):
        from sim.forecasts import files
        from sim.forecasts.ensemble import forecast_of
        from sim.forecasts.worlds import FACTS_END, lived, worlds
        from sim.settings import LAST_FACTS
        from sim.stores.folder import folder_name
        from sim.views.tables import console
        from sim.views.tables.forecasts import note_in_words, show_forecast

        target = target or "jihadist"
        [loaded] = load([scenario], settings["persons_per_youth"], settings["changes"])
        recorded = _record(events, source, target, first)[0]
        _check_known(recorded, first)
        chosen = worlds(origin.date(), posterior, many, prior)
    notes = [chosen.warning] if chosen.warning else []
    if last > LAST_FACTS.year:
        notes.append(FACTS_END.format(end=LAST_FACTS.year))
    for note in notes:
        say(note_in_words(note, first))
    if out is None:
        out = Path("results") / f"forecast-{folder_name(loaded.name)}-{target}-{first}-to-{last}"

    def told(done: int, total: int) -> None:
        if done in (0, total) or done % max(1, total // 20) == 0:
            say(tr("{done} of {total} worlds", done=done, total=total))

    ensemble = lived(loaded, chosen, date(last, 12, 31), runs or out / "worlds", workers, told)
    made = forecast_of(recorded, ensemble, first, last)
    made.about.update(_about(loaded, chosen, target, recorded, notes))
    digest = files.write(made, recorded, ensemble, out)
    show_forecast(made, console())
    click.echo(tr("Forecast: {out}\nDigest: {digest}", out=out, digest=digest))


def _about(loaded: Any, chosen: Any, target: str, recorded: Counts, notes: list[str]) -> dict[str, Any]:
    """What a forecast was made with, for its file."""
    from sim.stores.run import versions
    from sim.stores.sources import sources_digest

    return {
        "target": target,
        "source": recorded.source,
        "scenario": loaded.name,
        "scenario_digest": loaded.digest,
        "persons_per_youth": loaded.persons_per_youth,
        "worlds_from": chosen.origin,
        "worlds_digest": chosen.digest,
        "fitted": not chosen.warning,
        "notes": notes,
        "sources": sources_digest(),
        "versions": versions(),
    }


@click.command()
@click.option("--forecast", "folders", type=PATH, multiple=True, metavar="DIR",
              help="Score the forecast in this folder; give one for each origin. Without any, only naive ones are"
                   " scored.")  # fmt: skip
@target_option
@events_option
@source_option
@click.option("--out", type=PATH, metavar="DIR", default=Path("results/scores"), show_default=True,
              help="Write tables and figures to this folder.")  # fmt: skip
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also write a Markdown page, with its figures beside it.")  # fmt: skip
def score(
    folders: tuple[Path, ...],
    target: str | None,
    events: Path | None,
    source: str | None,
    out: Path,
    page: Path | None,
) -> None:
    """Score forecasts against what was recorded, and against every naive forecast.

    CRPS, ignorance and interval score as VIEWS has them, the Brier score of five attacks in a quarter, coverage of
    50 and 90 % intervals, and the probability integral transform; for rolled and fixed origins, with a block bootstrap
    over regions. Lower is better, except that a coverage should be its level.

    \b
    For example: kumakan score --forecast results/forecast-historical-jihadist-2017-to-2018
    """
    from sim.views.progress import doing

    with doing(tr("Scoring")):
        from sim.forecasts.files import read
        from sim.forecasts.judge import judge
        from sim.forecasts.rates import all_rates
        from sim.views.results import write_tables
        from sim.views.tables import console
        from sim.views.tables.forecasts import show_rates, show_scores

        forecasts = [read(folder) for folder in folders]
        target = _one_target(forecasts, folders, target)
        origin = min((f.origin for f in forecasts), default=None)
        recorded, rate, ours = _record(events, source, target, origin)
        for made in forecasts:
            _check_known(recorded, made.origin)
        rates = all_rates(ours, target) if ours else []
        found = judge(recorded, forecasts, rate)
    if rates:
        show_rates(rates, rate, console())
    if ours and forecasts and rate == 1.0:
        say(
            tr("{source} and GTD have no whole year in common before the forecasts, so these are taken as they are.",
               source=ours.source)
        )  # fmt: skip
    show_scores(found, forecasts, target, console())
    if not len(found.scores):
        return
    tables = write_tables(out, {"scores": found.scores, "against": found.against, "cases": found.cases})
    with doing(tr("Drawing figures")), use(ENGLISH):  # as the page is, numbers on axes too
        from sim.views.figures.forecasts import plot_forecasts, plot_skill
        from sim.views.figures.saving import save
        from sim.views.tables.forecasts import forecast_page

        about = {"Scenario": ", ".join(dict.fromkeys(str(f.about.get("scenario", "")) for f in forecasts)) or "none"}
        places = [(out / "figures", "")] + ([(page.parent, f"{page.stem}-")] if page else [])
        figures: list[Path] = []
        for folder, start in places:
            figures += save(plot_skill(found), folder / f"{start}skill.png", about)
            if forecasts:
                figures += save(plot_forecasts(forecasts, recorded, rate), folder / f"{start}regions.png", about)
    if page is not None:
        from sim.stores.folder import write_text

        command = _command(folders, target, events, page)
        write_text(page, forecast_page(found, forecasts, recorded, target, command, page.stem))
    said = tr("Tables: {tables}\nFigures: {figures}", tables=", ".join(map(str, tables)),
              figures=", ".join(map(str, figures)))  # fmt: skip
    click.echo(said + (tr("\nPage: {page}", page=page) if page else ""))


# --- what both share ----------------------------------------------------------------------------------------


def _years(origin: date, until: date) -> tuple[int, int]:
    """The year that ends at the origin and the last year of the forecast."""
    from sim.engine.errors import InputError

    for option, day in (("--from", origin), ("--until", until)):
        if (day.month, day.day) != (12, 31):
            said = tr("it is {day}; forecasts are made of whole years, so it must be a 31 December", day=day)
            raise InputError(said, file=option)
    if until <= origin:
        said = tr("it is {until}; it must lie after --from {origin}", until=until, origin=origin)
        raise InputError(said, file="--until")
    return origin.year, until.year


def _record(
    events: Path | None, source: str | None, target: str, origin: int | None
) -> tuple[Counts, float, Counts | None]:
    """The record; how many attacks it counts for one of GTD; and the user's own part of it."""
    from sim.forecasts.counts import recorded
    from sim.forecasts.events import read_events
    from sim.forecasts.rates import joined_up

    shipped = recorded(target)
    if events is None:
        return shipped, 1.0, None
    read = read_events(events, target, source)
    say(read.told)
    whole, rate = joined_up(read.counts, target, shipped.years[-1] if origin is None else origin)
    return whole, rate, read.counts


def _check_known(recorded: Counts, year: int) -> None:
    from sim.engine.errors import InputError

    if year not in recorded.years:
        raise InputError(
            tr(
                "the record ({source}) has the whole years {first} to {last}, so no forecast can be made at the end of"
                " {year}; --events takes a longer record",
                source=recorded.source,
                first=recorded.years[0],
                last=recorded.years[-1],
                year=year,
            )
        )


def _one_target(forecasts: Sequence[Forecast], folders: Sequence[Path], asked: str | None) -> str:
    from sim.engine.errors import InputError

    targets = {str(f.about.get("target", "jihadist")): folder for f, folder in zip(forecasts, folders, strict=True)}
    if asked:
        targets.setdefault(asked, Path("--target"))
    origins = [f.origin for f in forecasts]
    if len(set(origins)) < len(origins):
        twice = next(origin for origin in origins if origins.count(origin) > 1)
        said = tr("two forecasts are made from {twice}-12-31; score them apart", twice=twice)
        raise InputError(said, file="--forecast")
    if len(targets) > 1:
        named = semicolon().join(tr("{name} in {place}", name=name, place=place) for name, place in targets.items())
        raise InputError(
            tr("the forecasts and --target differ in the attacks they count ({named}); score them apart", named=named)
        )
    return next(iter(targets), "jihadist")


def _command(folders: Sequence[Path], target: str, events: Path | None, page: Path) -> str:
    parts = ["kumakan", "score", *(part for folder in folders for part in ("--forecast", str(folder)))]
    parts += ["--target", target] if not folders else []
    parts += ["--events", str(events)] if events else []
    return shlex.join([*parts, "--page", str(page)])
