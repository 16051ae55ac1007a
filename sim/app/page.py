"""The page itself, in Solara. `Page` is called once for each visitor and has the visitor's own state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import reacton.ipyvuetify as v
import solara

from sim.app import charts, choice, costs, limits, tables
from sim.app.desk import Desk, Settings
from sim.app.results import LAYERS
from sim.app.serve import vega_files
from sim.app.visitor import Visitor
from sim.measures.regions import REGIONS
from sim.parameters import Parameters

STYLE = Path(__file__).with_name("page.css")
_desks: list[Desk] = []  # the one desk of this server; visitors have nothing here


def open_for(settings: Settings) -> None:
    """Open the desk that serves every visitor of this process."""
    _desks[:] = [Desk(settings)]


@solara.component_vue("controls.vue")
def Controls(
    world: str, cards: list[dict[str, Any]], regions: list[str], cost: str, against: str, over: bool, budget: float,
    problem: str, note: str, first: str, last: str, largest: int, event_change: Callable[..., None],
    event_choose_world: Callable[..., None], event_start_again: Callable[..., None],
    event_set_budget: Callable[..., None], event_upload: Callable[..., None],
) -> None:  # fmt: skip
    """The cards of the measures, with native inputs that every keyboard and screen reader knows."""


@solara.component_vue("maps.vue")
def Maps(charts: list[dict[str, Any]], numbers: dict[str, Any], files: list[str]) -> None:
    """Maps and lines, with a slider over the weeks that acts in the browser."""


@solara.component_vue("buttons.vue")
def Buttons(
    status: str, busy: bool, layers: list[dict[str, str]], layer: str, there: bool, stale: bool,
    event_compare: Callable[..., None], event_show: Callable[..., None],
) -> None:  # fmt: skip
    """The button that starts a comparison, how far it is, and the choice of a layer."""


@solara.component_vue("breakeven.vue")
def BreakEven(
    targets: list[int], target: int, runs: int, there: bool, busy: bool, event_aim: Callable[..., None],
    event_work_out: Callable[..., None],
) -> None:  # fmt: skip
    """The effect to be reached, and the button that runs what is needed to say at which size it is."""


@solara.component
def Page() -> None:
    """The planner's page."""
    me = solara.use_memo(lambda: Visitor(_desks[0]), [])
    solara.use_effect(lambda: me.leave, [])  # whoever closes the page lets go of the runs
    solara.Title("kumakan: choose measures, compare two worlds")
    solara.Style(STYLE)
    with v.Html(tag="main", class_="km-page"):
        v.Html(tag="h1", children=["Choose measures and compare two worlds"])
        base = me.base
        v.Html(tag="p", class_="km-small", children=[
            f"Mali, {base.start} to {base.end}, one simulated youth for {base.persons_per_youth} persons. All persons"
            " are invented; for comparing policies only."])  # fmt: skip
        with v.Html(tag="div", class_="km-columns"):
            with v.Html(tag="section", class_="km-left", attributes={"aria-labelledby": "km-measures"}):
                v.Html(tag="h2", children=["Measures"], attributes={"id": "km-measures"})
                Choosing(me)
            with v.Html(tag="section", class_="km-middle", attributes={"aria-labelledby": "km-worlds"}):
                v.Html(tag="h2", children=["Two worlds"], attributes={"id": "km-worlds"})
                Worlds(me)
            with v.Html(tag="section", class_="km-right", attributes={"aria-labelledby": "km-effects"}):
                v.Html(tag="h2", children=["Effects, harm and cost"], attributes={"id": "km-effects"})
                Effects(me)


@solara.component
def Choosing(me: Visitor) -> None:
    """The left column: measures of one world, and the cost against the budget."""
    against, over = me.against_budget()
    Controls(
        world=me.side.value, cards=costs.cards(me.world, me.base), regions=list(REGIONS), cost=me.cost_in_words(),
        against=against, over=over, budget=me.budget.value, problem=me.problem.value, note=me.note.value,
        first=me.base.start.isoformat(), last=me.base.end.isoformat(), largest=choice.LARGEST_FILE,
        event_change=me.change, event_choose_world=me.side.set, event_start_again=lambda *_: me.start_again(),
        event_set_budget=me.set_budget, event_upload=me.upload,
    )  # fmt: skip


@solara.component
def Worlds(me: Visitor) -> None:
    """The middle: what A and B are, the button, and the maps."""
    asked, found, news = me.asked.value, me.found.value, me.news.value
    for side, world in zip("AB", me.worlds.value, strict=True):
        v.Html(tag="p", class_="km-world", children=[v.Html(tag="strong", children=[f"{side}: "]), costs.titles(world)])
    Buttons(
        status=me.status(), busy=asked is not None and not asked.over, there=found is not None, stale=me.stale,
        layers=[{"name": layer.name, "title": layer.title} for layer in LAYERS.values()], layer=me.layer.value,
        event_compare=lambda *_: me.compare(), event_show=me.layer.set,
    )  # fmt: skip
    drawn = solara.use_memo(
        lambda: [] if found is None else charts.charts(found, me.layer.value), [found, me.layer.value]
    )
    if found is None:
        v.Html(tag="p", children=["Switch measures on, then press Compare. Maps appear when the first pair of runs has"
                                  " finished, and grow surer with every pair."])  # fmt: skip
        return
    with v.Html(tag="div", class_="km-stale" if me.stale else "km-fresh", attributes={"data-news": str(news)}):
        if me.stale:
            v.Html(tag="p", class_="km-stale-said", children=[
                f"These maps belong to an earlier choice (B: {costs.titles(found.b)}). Press Compare."])  # fmt: skip
        Maps(charts=drawn, numbers=charts.numbers(found, me.layer.value), files=vega_files())


@solara.component
def Effects(me: Visitor) -> None:
    """The right column: effects, the ledger of harm, cost, and files to take away."""
    found = me.found.value
    b = me.worlds.value[1]
    if found is None:
        v.Html(tag="p", children=["Effects fill in here as pairs of runs finish."])
    else:
        rate = Parameters.default().replaced(found.a.parameters).get("xof_per_usd")
        with v.Html(tag="div", class_="km-stale" if me.stale else "km-fresh"):
            solara.HTML(tag="div", unsafe_innerHTML=str(
                tables.summary(found, me.stale) + tables.effects(found) + tables.costs(found, rate)))  # fmt: skip
        Sizes(me)
    v.Html(tag="h3", children=["Take away"], class_="km-head").key("take")  # a tag stays what it was first
    with v.Html(tag="div", class_="km-files"):
        for side, world in zip("AB", me.worlds.value, strict=True):
            solara.FileDownload(
                choice.written(world), f"{world.name}.yaml", label=f"Save {side} as YAML", mime_type="text/yaml"
            )
        if found is not None and not me.stale:
            solara.FileDownload(
                lambda: me.desk.report(found), f"report_{b.name}.html", label="Report as HTML", mime_type="text/html"
            )


@solara.component
def Sizes(me: Visitor) -> None:
    """At which size B would reach an effect, beside what it could do at most."""
    found, asked = me.found.value, me.asked.value
    if found is None or me.stale:
        return
    v.Html(tag="h3", children=["What would it take?"], class_="km-head").key("sizes")
    BreakEven(
        targets=list(limits.TARGETS), target=me.target.value, runs=me.desk.settings.pairs, there=bool(found.limits),
        busy=asked is not None and not asked.over, event_aim=me.aim, event_work_out=lambda *_: me.compare(True),
    )  # fmt: skip
    if found.limits:
        solara.HTML(tag="div", unsafe_innerHTML=str(limits.table(found.limits, me.target.value)))
