"""The page itself, in Solara. `Page` is called once for each visitor and has the visitor's own state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import reacton.ipyvuetify as v
import solara

from sim.app import charts, choice, costs, limits, tables
from sim.app.desk import Desk, Settings
from sim.app.results import LAYERS
from sim.app.serve import vega_files
from sim.app.visitor import PAGES, Visitor
from sim.languages import DATES, current, day, mark, tr, use
from sim.measures.regions import REGIONS
from sim.parameters import Parameters
from sim.views.figures.sheet import joins_arabic

IN_ARABIC = "التقرير بالعربية (HTML)"
STYLE = Path(__file__).with_name("page.css")
_desks: list[Desk] = []  # the one desk of this server; visitors have nothing here


def open_for(settings: Settings) -> None:
    """Open the desk that serves every visitor of this process."""
    _desks[:] = [Desk(settings)]


CONTROLS = {
    "side": mark("World to change"), "change": mark("Change {side}"), "again": mark("Start again"),
    "world": mark("World {side}"), "budget": mark("Budget over the run, million XOF"), "find": mark("Find a measure"),
    "a_year": mark("{cost} a year. Counts: {delivers}."),
    "idle": mark("No week of this run lies between its dates, so it does nothing."),
    "fixed": mark("As the file has it: {fixed}"), "set": mark("{strength} %, {regions}, {start} to {end}"),
    "all": mark("all regions"), "strength": mark("Strength, {strength} %"), "regions": mark("Regions"),
    "from": mark("From"), "until": mark("until"), "file": mark("Scenario file (YAML) for world {side}"),
}  # fmt: skip
MAPS = {
    "week": mark("Week of {week}"), "play": mark("Play"), "pause": mark("Pause"), "region": mark("Region"),
    "now": mark("A {a}, B {b}, difference {gap} ({unit})"), "numbers": mark("Numbers of this week by region"),
    "place": mark("Place"), "gap": mark("B minus A"),
}  # fmt: skip
BUTTONS = {
    "busy": mark("Comparing ..."), "compare": mark("Compare A and B"), "layer": mark("Layer of the map"),
}  # fmt: skip
SIZES = {"aim": mark("Effect to reach"), "work_out": mark("Work out the size ({runs} more runs)")}
LANGUAGE = {"language": mark("Language")}
"""The texts of the Vue files."""
SIGNS: dict[str, dict[str, Any]] = {
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]},
    "fr": {"decimal": ",", "thousands": "\u202f", "grouping": [3], "currency": ["", ""]},
}
"""The signs of numbers, as charts in the browser take them."""


def months() -> dict[str, Any] | None:
    """The names of days and months, as charts in the browser take them; None for English, which they know."""
    if current() == "en":
        return None
    from babel import Locale

    locale = Locale.parse(DATES[current()])
    days, short = (locale.days["format"][width] for width in ("wide", "abbreviated"))
    return {
        "dateTime": "%A %e %B %Y %X", "date": "%d/%m/%Y", "time": "%H:%M:%S", "periods": ["", ""],
        "days": [days[(k - 1) % 7] for k in range(7)], "shortDays": [short[(k - 1) % 7] for k in range(7)],
        "months": [locale.months["format"]["wide"][k] for k in range(1, 13)],
        "shortMonths": [locale.months["format"]["abbreviated"][k] for k in range(1, 13)],
    }  # fmt: skip


def texts(marked: Mapping[str, str]) -> dict[str, str]:
    """The texts of a Vue file in the language spoken, and the language."""
    return {**{key: tr(text) for key, text in marked.items()}, "lang": current()}


@solara.component_vue("language.vue")
def Language(t: dict[str, str], languages: dict[str, str], event_speak: Callable[..., None]) -> None:
    """The choice of a language."""


@solara.component_vue("controls.vue")
def Controls(
    t: dict[str, str],
    world: str,
    cards: list[dict[str, Any]],
    regions: list[str],
    cost: str,
    against: str,
    over: bool,
    budget: float,
    problem: str,
    note: str,
    first: str,
    last: str,
    largest: int,
    event_change: Callable[..., None],
    event_choose_world: Callable[..., None],
    event_start_again: Callable[..., None],
    event_set_budget: Callable[..., None],
    event_upload: Callable[..., None],
) -> None:
    """The cards of the measures, with native inputs that every keyboard and screen reader knows."""


@solara.component_vue("maps.vue")
def Maps(t: dict[str, Any], charts: list[dict[str, Any]], numbers: dict[str, Any], files: list[str]) -> None:
    """Maps and lines, with a slider over the weeks that acts in the browser."""


@solara.component_vue("buttons.vue")
def Buttons(
    t: dict[str, str], status: str, busy: bool, layers: list[dict[str, str]], layer: str, there: bool, stale: bool,
    event_compare: Callable[..., None], event_show: Callable[..., None],
) -> None:  # fmt: skip
    """The button that starts a comparison, how far it is, and the choice of a layer."""


@solara.component_vue("breakeven.vue")
def BreakEven(
    t: dict[str, str],
    targets: list[int],
    target: int,
    runs: int,
    there: bool,
    busy: bool,
    event_aim: Callable[..., None],
    event_work_out: Callable[..., None],
) -> None:
    """The effect to be reached, and the button that runs what is needed to say at which size it is."""


def spoken(part: Callable[[Visitor], None]) -> Callable[[Visitor], None]:
    """A part of the page in the language of its visitor."""

    @wraps(part)
    def said(me: Visitor) -> None:
        with use(me.language.value):
            part(me)

    return said


@solara.component
def Page() -> None:
    """The planner's page."""
    me = solara.use_memo(lambda: Visitor(_desks[0]), [])
    Whole(me)


@solara.component
@spoken
def Whole(me: Visitor) -> None:
    """The page of one visitor."""
    solara.use_effect(lambda: me.leave, [])  # whoever closes the page lets go of the runs
    solara.Title(tr("kumakan: choose measures, compare two worlds"))
    solara.Style(STYLE)
    with v.Html(tag="main", class_="km-page"):
        Language(t=texts(LANGUAGE), languages=PAGES, event_speak=me.speak)
        v.Html(tag="h1", children=[tr("Choose measures and compare two worlds")])
        base = me.base
        v.Html(
            tag="p",
            class_="km-small",
            children=[
                tr(
                    "Mali, {start} to {end}, one simulated youth for {persons_per_youth} persons. All persons "
                    "are invented; for comparing policies only.",
                    start=day(base.start),
                    end=day(base.end),
                    persons_per_youth=base.persons_per_youth,
                )
            ],
        )
        with v.Html(tag="div", class_="km-columns"):
            with v.Html(tag="section", class_="km-left", attributes={"aria-labelledby": "km-measures"}):
                v.Html(tag="h2", children=[tr("Measures")], attributes={"id": "km-measures"})
                Choosing(me)
            with v.Html(tag="section", class_="km-middle", attributes={"aria-labelledby": "km-worlds"}):
                v.Html(tag="h2", children=[tr("Two worlds")], attributes={"id": "km-worlds"})
                Worlds(me)
            with v.Html(tag="section", class_="km-right", attributes={"aria-labelledby": "km-effects"}):
                v.Html(tag="h2", children=[tr("Effects, harm and cost")], attributes={"id": "km-effects"})
                Effects(me)


@solara.component
@spoken
def Choosing(me: Visitor) -> None:
    """The left column: measures of one world, and the cost against the budget."""
    against, over = me.against_budget()
    Controls(
        t=texts(CONTROLS),
        world=me.side.value,
        cards=costs.cards(me.world, me.base),
        regions=list(REGIONS),
        cost=me.cost_in_words(),
        against=against,
        over=over,
        budget=me.budget.value,
        problem=me.problem.value,
        note=me.note.value,
        first=me.base.start.isoformat(),
        last=me.base.end.isoformat(),
        largest=choice.LARGEST_FILE,
        event_change=me.change,
        event_choose_world=me.side.set,
        event_start_again=lambda *_: me.start_again(),
        event_set_budget=me.set_budget,
        event_upload=me.upload,
    )


@solara.component
@spoken
def Worlds(me: Visitor) -> None:
    """The middle: what A and B are, the button, and the maps."""
    asked, found, news = me.asked.value, me.found.value, me.news.value
    for side, world in zip("AB", me.worlds.value, strict=True):
        v.Html(tag="p", class_="km-world", children=[v.Html(tag="strong", children=[f"{side}: "]), costs.titles(world)])
    Buttons(
        t=texts(BUTTONS),
        status=me.status(),
        busy=asked is not None and not asked.over,
        there=found is not None,
        stale=me.stale,
        layers=[{"name": layer.name, "title": tr(layer.title)} for layer in LAYERS.values()],
        layer=me.layer.value,
        event_compare=lambda *_: me.compare(),
        event_show=me.layer.set,
    )
    drawn = solara.use_memo(
        lambda: [] if found is None else charts.charts(found, me.layer.value),
        [found, me.layer.value, me.language.value],
    )
    if found is None:
        v.Html(
            tag="p",
            children=[
                tr(
                    "Switch measures on, then press Compare. Maps appear when the first pair of runs has "
                    "finished, and grow surer with every pair."
                )
            ],
        )
        return
    with v.Html(tag="div", class_="km-stale" if me.stale else "km-fresh", attributes={"data-news": str(news)}):
        if me.stale:
            v.Html(
                tag="p",
                class_="km-stale-said",
                children=[
                    tr(
                        "These maps belong to an earlier choice (B: {titles}). Press Compare.",
                        titles=costs.titles(found.b),
                    )
                ],
            )
        Maps(
            t={**texts(MAPS), "format": SIGNS[current()], "time": months()},
            charts=drawn,
            numbers=charts.numbers(found, me.layer.value),
            files=vega_files(),
        )


@solara.component
@spoken
def Effects(me: Visitor) -> None:
    """The right column: effects, the ledger of harm, cost, and files to take away."""
    found = me.found.value
    b = me.worlds.value[1]
    # The same elements before and after the first results: an element keeps the tag that it had first.
    with v.Html(tag="div", class_="km-stale" if me.stale else "km-fresh"):
        if found is None:
            v.Html(tag="p", children=[tr("Effects fill in here as pairs of runs finish.")])
        else:
            rate = Parameters.default().replaced(found.a.parameters).get("xof_per_usd")
            solara.HTML(tag="div", unsafe_innerHTML=str(
                tables.summary(found, me.stale) + tables.effects(found) + tables.costs(found, rate)))  # fmt: skip
    with v.Html(tag="div"):
        if found is not None and not me.stale:
            Sizes(me)
    v.Html(tag="h3", children=[tr("Take away")], class_="km-head")
    with v.Html(tag="div", class_="km-files"):
        for side, world in zip("AB", me.worlds.value, strict=True):
            solara.FileDownload(
                choice.written(world),
                f"{world.name}.yaml",
                label=tr("Save {side} as YAML", side=side),
                mime_type="text/yaml",
            )
        if found is not None and not me.stale:
            solara.FileDownload(me.report, f"report_{b.name}.html", label=tr("Report as HTML"), mime_type="text/html")
            if joins_arabic():
                solara.FileDownload(lambda: me.report("ar"), f"report_{b.name}_ar.html", label=IN_ARABIC,
                                    mime_type="text/html")  # fmt: skip


@solara.component
@spoken
def Sizes(me: Visitor) -> None:
    """At which size B would reach an effect, beside what it could do at most."""
    found, asked = me.found.value, me.asked.value
    if found is None:
        return
    v.Html(tag="h3", children=[tr("What would it take?")], class_="km-head")
    BreakEven(
        t=texts(SIZES),
        targets=list(limits.TARGETS),
        target=me.target.value,
        runs=me.desk.settings.pairs,
        there=bool(found.limits),
        busy=asked is not None and not asked.over,
        event_aim=me.aim,
        event_work_out=lambda *_: me.compare(True),
    )
    if found.limits:
        solara.HTML(tag="div", unsafe_innerHTML=str(limits.table(found.limits, me.target.value)))
