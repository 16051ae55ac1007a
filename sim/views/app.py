"""A page in the browser on which a run is watched and stepped: Mesa's SolaraViz on the model as it is.

In a file of its own, opened with ``solara run page.py``, or as the last line of a cell of a notebook:

    from sim.views.app import app

    page = app(["baseline", "joint_patrols"])

The map and the lines are drawn from columns of the country, so that a page of five million youths makes no agents.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import dates as mdates
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.engine import compiled
from sim.engine.errors import InputError
from sim.languages import day, digits, tr
from sim.mesa.model import RecruitmentModel
from sim.scenario import Scenario, load
from sim.views.figures.mali import classes, paint_cells
from sim.views.figures.maps import HARM
from sim.views.figures.sheet import BLUE, INK, PAPER, SMALL_SIZE, Sheet, drawn, new_sheet, numbered
from sim.views.progress import aside, compiles_first, doing
from sim.views.words import count, heading, unit

LINES = ("joined", "attacks", "members", "trust")
"""Observables whose lines stand beside the map."""
MOST_SEEDS = 50
MEMBER = 1.5  # points squared that a member of an armed group adds to the mark of a cell, the same in every week


def app(scenarios: Sequence[Scenario | str | os.PathLike[str]], persons_per_youth: int = 200) -> Any:
    """The page: a map of the week, lines of the weeks so far, and a choice of scenario and seed.

    Parameters
    ----------
    scenarios : sequence of Scenario or path
        What can be chosen; the first is shown.
    persons_per_youth : int
        Persons one simulated youth stands for: a page is for watching, and 200 keeps a step short.

    Returns
    -------
    SolaraViz
        A component of Solara.

    Raises
    ------
    InputError
        If Solara is not installed, or a scenario cannot be used.
    """
    if compiled.missing(threads=False) and compiled.missing(threads=True):
        aside(compiles_first())
    try:
        with doing(tr("Preparing the page")):
            import solara
            from mesa.visualization import SolaraViz
    except ImportError:
        raise InputError(tr("the page needs Solara; install it with: python -m pip install 'kumakan[app]'")) from None
    coarse = {"persons_per_youth": persons_per_youth}
    loaded = [(s if isinstance(s, Scenario) else load(s)).replaced(coarse) for s in scenarios]
    if not loaded:
        raise InputError(tr("name a scenario to show, or several to choose from"))
    by_name = {scenario.name: scenario for scenario in loaded}

    def drawn(model: Any) -> Any:
        return solara.FigureMatplotlib(week_map(model), format="png")

    def lines(model: Any) -> Any:
        return solara.FigureMatplotlib(week_lines(model), format="png")

    components = [_watching(drawn), _watching(lines)]
    _show_dates()

    @solara.component
    def Watched() -> None:
        name, choose = solara.use_state(loaded[0].name)
        seed, sow = solara.use_state(1)
        model = solara.use_memo(lambda: _model(by_name[name], seed), [name, seed])  # one for each visitor
        with solara.Sidebar():
            solara.Select(tr("Scenario"), list(by_name), value=name, on_value=choose)
            solara.SliderInt(tr("Seed {seed}", seed=seed), value=seed, min=1, max=MOST_SEEDS, on_value=sow)
        # With another key it is another page: what was chosen is shown at once, from its first week.
        SolaraViz(model, components=components, name="kumakan").key(f"{name} {seed}")

    with doing(tr("Preparing the first week")):
        _model(loaded[0], 1)
    return Watched()


def _model(scenario: Scenario, seed: int) -> RecruitmentModel:
    """The model of one scenario and seed, of a class that Mesa's Reset makes again without arguments."""

    class Shown(RecruitmentModel):
        def __init__(self) -> None:
            super().__init__(scenario, seed)

    return Shown()


def _show_dates() -> None:
    """Mesa's page tells the step that a model has reached; of ours it tells the date."""
    import solara
    from mesa.visualization import solara_viz

    told = getattr(solara_viz, "ShowSteps", None)
    if told is None or getattr(told, "dates", False):
        return

    @solara.component
    def ShowSteps(model: Any) -> Any:
        solara_viz.update_counter.get()
        return solara.Text(reached(model)) if isinstance(model, RecruitmentModel) else told(model)

    setattr(ShowSteps, "dates", True)  # noqa: B010  (a component of Solara has no such attribute of its own)
    solara_viz.ShowSteps = ShowSteps


def reached(model: RecruitmentModel) -> str:
    """How far a run is, by its date."""
    weeks = count(model.country.clock.weeks, "week")
    return tr("{date}: {week} of {weeks}", date=day(model.date), week=model.week, weeks=weeks)


def _watching(draw: Any) -> Any:
    """A component that draws again after each step."""
    import solara
    from mesa.visualization.utils import update_counter

    @solara.component
    def component(model: Any) -> Any:
        update_counter.get()
        return draw(model)

    return component


@drawn
def week_map(model: RecruitmentModel) -> Figure:
    """Felt insecurity by cell, and where armed groups and forces are, at the end of the last week lived."""
    country = model.country
    grid, members = country.grid, country.members.sum(axis=0)
    scenario = tr("Scenario: {scenario}", scenario=model.settings.name)
    figure = new_sheet(7.6, 6.6, tr("Mali on {date}", date=day(model.date)), scenario)
    ax = figure.subplots()
    shades = classes(np.array([0.0, 1.0]), "even", HARM)  # the same colours in every week
    paint_cells(ax, country.insecurity, shades, tr("felt insecurity, 0 to 1"), tr("no data"))
    there, held = np.flatnonzero(members), np.flatnonzero(country.forces > 0)
    ax.scatter(grid.lon[held], grid.lat[held], s=9, marker="s", color=BLUE, lw=0, zorder=4)
    ax.scatter(
        grid.lon[there],
        grid.lat[there],
        s=4 + MEMBER * members[there],
        facecolor="none",
        edgecolor=INK,
        lw=0.9,
        zorder=5,
    )
    groups = tr("armed groups ({members} members in all)", members=digits(members.sum(), ","))
    units = tr("security units ({cells} cells)", cells=held.size)
    keys = [
        Line2D([], [], marker="o", mfc=PAPER, color=INK, ls="", label=groups),
        Line2D([], [], marker="s", color=BLUE, ls="", ms=4, label=units),
    ]
    ax.legend(handles=keys, loc="lower right")
    return figure


@drawn
def week_lines(model: RecruitmentModel) -> Figure:
    """What was recorded for Mali in each week so far."""
    lived, clock = model.record.national(), model.country.clock
    units = {observable.name: observable.unit for observable in model.country.observables}
    figure = Sheet(figsize=(6.4, 5.6), layout="constrained", facecolor=PAPER)
    for ax, name in zip(figure.subplots(2, 2).ravel(), LINES, strict=True):
        marker = "" if len(lived) > 1 else "."  # one week makes no line yet
        ax.plot(lived["date"], lived[name], color=INK, lw=1.2, marker=marker)
        ax.grid(axis="y")
        ax.set_title(heading(name), size=SMALL_SIZE)
        ax.set_ylabel(unit(units[name]))
        numbered(ax.yaxis)
        ax.set_xlim(clock.date(0), clock.date(clock.weeks))
        ax.xaxis.set_major_locator(mdates.AutoDateLocator(maxticks=5))
        ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(ax.xaxis.get_major_locator()))
    return figure
