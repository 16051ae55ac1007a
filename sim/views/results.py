"""What a command leaves beside the runs: tables as CSV files, and figures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine.errors import InputError, visible
from sim.engine.office import as_csv
from sim.languages import tr
from sim.stores.folder import folder_name, write_text
from sim.sweeps.discovery import discover as find_boxes
from sim.views import (
    about,
    about_batch,
    about_sweep,
    map_effect,
    map_record,
    plot_attribution,
    plot_cost_effect,
    plot_effects,
    plot_effects_over_time,
    plot_series,
    plot_shares,
    save,
    sweep_figures,
)  # fmt: skip
from sim.views.gallery import USUAL
from sim.views.tables import console
from sim.views.tables.sweeps import show_discovery, show_sweep

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.batches.batch import Batch
    from sim.comparison.attribution import Attribution
    from sim.sweeps.sweep import Swept

MOST_DRAWN = 8
"""Scenarios whose series and maps are drawn: more lines in a panel cannot be told apart."""
MOST_RUNS = 200
"""Runs of a scenario in its series and maps: each is in memory with all its weeks."""
SERIES = ("joined", "attacks", "members", "trust")
MAPS = ("joined_per_100k", "insecurity", "attacks", "reach")
OVER_TIME = ("joined", "attacks", "deaths_civilian", "abuses")
REGIONAL = ("joined", "attacks", "abuses", "deaths_civilian")


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write tables as CSV files named after them."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / f"{name}.csv": table for name, table in tables.items()}
    for file, table in files.items():
        write_text(file, as_csv(table))
    return list(files)


def drawn(file: Path, plot: Callable[[], Figure], told: Mapping[str, str]) -> None:
    """Draw one figure. If that fails it is said, and nothing else is lost."""
    try:
        save(plot(), file, told)
    except (InputError, OSError):
        raise
    except Exception as problem:
        why = visible(f"{type(problem).__name__}: {problem}")
        print(
            tr("{file} could not be drawn ({why}); tables and other figures are as they should be", file=file, why=why),
            file=sys.stderr,
        )


def draw_records(by_scenario: Mapping[str, Mapping[Any, Any]], folder: Path, say: Callable[[str], None]) -> Path:
    """Draw the series and maps of a run, or of a few scenarios."""
    if records := _few(by_scenario, say):
        told = about(records)
        for name, plot, facts in [*_series(records, told), *(map_ for what in MAPS for map_ in _maps(records, what))]:
            drawn(folder / f"{name}.png", plot, facts)
    return folder


def draw_comparison(
    batch: Batch, tables: dict[str, pd.DataFrame], folder: Path, say: Callable[[str], None],
    figures: Sequence[str] | None = None,
) -> Path:  # fmt: skip
    """Draw what a comparison found: the six usual figures, or those that are named (`sim.views.gallery`).

    Effects over time are added to the tables where there are few enough scenarios to draw them.
    """
    effects, told, names = tables["effects"], about_batch(batch), USUAL if figures is None else figures
    there, few = set(effects["outcome"]), len(batch.scenarios) <= MOST_DRAWN
    regional = [outcome for outcome in REGIONAL if outcome in there]
    if few:
        tables["effects_over_time"] = batch.effects_over_time([name for name in OVER_TIME if name in there])
    plots: dict[str, list[Drawing]] = {
        "effects": [("effects", partial(plot_effects, effects, delivered=tables["delivered"], about=told), told)],
        "effects_by_region": [("effects_by_region", partial(
            plot_effects, effects, by_region=True, outcomes=regional, about=told), told)],
        "shares": [("shares", partial(plot_shares, effects, about=told), told)],
    }  # fmt: skip
    if {"cost", "joined"} <= there:
        plots["cost_joined"] = [("cost_joined", partial(plot_cost_effect, effects, "joined", about=told), told)]
    if few:
        over_time = partial(plot_effects_over_time, tables["effects_over_time"], about=told)
        plots["effects_over_time"] = [("effects_over_time", over_time, told)]
        plots["map_effect_joined"] = [
            (f"map_effect_joined_{folder_name(name)}", partial(map_effect, effects, name, "joined", about=told), told)
            for name in dict.fromkeys(effects["scenario"])
        ]
    records = _few(batch.records if figures is not None else {batch.scenarios[0]: batch.records[batch.scenarios[0]]},
                   say) if any(name.startswith(("series_", "map_")) for name in names) else {}  # fmt: skip
    if records:
        for name, plot, facts in _series(records, about(records)):
            plots[name] = [(name, plot, facts)]
        plots |= {f"map_{what}": _maps(records, what) for what in MAPS}
    for name in names:
        for file, plot, facts in plots.get(name, ()):
            drawn(folder / f"{file}.png", plot, facts)
    return folder


Drawing = tuple[str, "Callable[[], Figure]", "Mapping[str, str]"]
"""The name of a file, what draws its figure, and what was run."""


def _few(by_scenario: Mapping[str, Mapping[Any, Any]], say: Callable[[str], None]) -> dict[str, list[Any]]:
    """The records of a few scenarios, and a limited number of each; none where there are too many scenarios."""
    if len(by_scenario) > MOST_DRAWN:
        say(
            tr(
                "(no series or maps of {many} scenarios; compare at most {most_drawn} to get them)",
                many=len(by_scenario),
                most_drawn=MOST_DRAWN,
            )
        )
        return {}
    if max(map(len, by_scenario.values()), default=0) > MOST_RUNS:
        say(tr("(series and maps show the first {most_runs} runs of each scenario)", most_runs=MOST_RUNS))
    return {name: list(islice(runs.values(), MOST_RUNS)) for name, runs in by_scenario.items() if len(runs)}


def _series(records: Mapping[str, list[Any]], told: Mapping[str, str]) -> list[Drawing]:
    return [(f"series_{what}", partial(plot_series, records, what), told) for what in SERIES]


def _maps(records: Mapping[str, list[Any]], what: str) -> list[Drawing]:
    """A map of each scenario; of reach only where there is any."""
    return [
        (f"map_{what}_{folder_name(name)}", partial(map_record, runs, what), about({name: runs}))
        for name, runs in records.items()
        if what != "reach" or any(run.cells["reached_clips"].any() for run in runs)
    ]


def draw_attribution(batch: Batch, found: Attribution, package: str, subsets: int) -> Path:
    """Draw what each measure of a package contributes."""
    told = about_batch(batch, [package, tr("{subsets} subsets of its measures", subsets=subsets)])
    file = batch.out / "figures" / "attribution.png"
    drawn(file, partial(plot_attribution, found.measures, package, about=told), told)
    return file


def show_and_draw_sweep(
    swept: Swept, discover: Sequence[str] = (), doing: Callable[[str], AbstractContextManager[Any]] = nullcontext
) -> list[Path]:
    """Show and draw what a sweep found, and where its scenario is no better than its baseline; names the tables.

    `doing` is told what takes a while.
    """
    show_sweep(swept, console())
    with doing(tr("Drawing figures")):
        for name, figure in sweep_figures(swept).items():
            save(figure, swept.batch.out / "figures" / f"{name}.png", about_sweep(swept))
    boxes = {}
    for outcome in discover:
        with doing(tr("Looking where {outcome} is no better", outcome=outcome)):
            found = find_boxes(swept, outcome)
        show_discovery(found, console())
        boxes[f"discovery_{outcome}"] = found.boxes
    return write_tables(swept.batch.out, boxes)
