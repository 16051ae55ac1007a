"""Maps and lines as Vega-Lite, made with Altair.

Each map holds all weeks and picks the one that the parameter `week` names, so that the slider moves it in the browser
without asking the server. Scales are fixed over all weeks and both worlds.
"""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from sim.app.results import LAYERS, Results
from sim.languages import comma, day, mark, tr
from sim.views.figures.sheet import BLUE, FAINT, INK, QUIET, VERMILLION
from sim.world.grid import DATA, world_grid

LATITUDE = 17.5  # degrees: where a degree east has its true length on the map
HEIGHT, LINES_HEIGHT, CHANGE_HEIGHT = 190, 150, 80  # pixels
GREY = "#f2f2f2"
DIFFERENCE = mark("difference")
Spec = dict[str, Any]


@cache
def outlines() -> tuple[Spec, ...]:
    """The regions as GeoJSON features in their order, on the plane, with their place among Mali and its regions."""
    collection = json.loads((DATA / "regions.geojson").read_text(encoding="utf-8"))
    shapes = {feature["properties"]["name"]: feature["geometry"] for feature in collection["features"]}
    narrow = math.cos(math.radians(LATITUDE))

    def flat(part: Any) -> Any:
        if isinstance(part[0], (int, float)):
            return [round(part[0] * narrow, 3), round(part[1], 3)]
        return [flat(inner) for inner in part]

    return tuple(
        {"type": "Feature", "properties": {"region": name, "place": place},
         "geometry": {**shapes[name], "coordinates": flat(shapes[name]["coordinates"])}}
        for place, name in enumerate(world_grid().region_names, 1)
    )  # fmt: skip


def charts(found: Results, layer: str) -> list[Spec]:
    """The maps of A, B and their difference, and the lines of one layer."""
    of = LAYERS[layer]
    a, b = found.layers[layer]
    most = _round_up(float(max(a[:, 1:].max(), b[:, 1:].max())))
    gap = b - a
    widest = _round_up(float(np.abs(gap[:, 1:]).max()) or most)
    shades = alt.Scale(domain=[0, most], scheme="viridis", reverse=True)
    sides = [BLUE, GREY, VERMILLION] if of.better == "fewer" else [VERMILLION, GREY, BLUE]
    around = alt.Scale(domain=[-widest, 0, widest], range=sides)
    return [
        {"name": "a", "title": "A", "spec": _map(a, found, shades, tr(of.unit), "A")},
        {"name": "b", "title": "B", "spec": _map(b, found, shades, tr(of.unit), "B")},
        {"name": "gap", "title": tr("B minus A"), "spec": _map(gap, found, around, tr(of.unit), DIFFERENCE)},
        {"name": "lines", "title": f"{tr(of.title)}{comma()}{tr(of.unit)}", "spec": _lines(a, b, found, tr(of.unit))},
        {
            "name": "change",
            "title": tr("B minus A, {unit}", unit=tr(of.unit)),
            "spec": _change(gap, found, tr(of.unit)),
        },
    ]


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, ... above a value, so that a scale stays as it is while pairs come in."""
    if not value > 0 or not math.isfinite(value):
        return 1.0
    ten = 10.0 ** math.floor(math.log10(value))
    return next(step * ten for step in (1, 2, 5, 10) if step * ten >= value * (1 - 1e-9))


def _short(values: NDArray[np.float64]) -> list[Any]:
    """Values with four figures, to keep the page small."""
    return [[float(f"{value:.4g}") for value in week] for week in values]


def _map(values: NDArray[np.float64], found: Results, scale: Any, unit: str, world: str) -> Spec:
    shown = "format(datum.value, '.3~g')" if world != DIFFERENCE else "format(datum.value, '+.3~g')"
    chart = (
        alt.Chart(alt.NamedData("regions"))
        .mark_geoshape(stroke=INK, strokeWidth=0.7)
        .transform_calculate(value="shown[week][datum.properties.place]", region="datum.properties.region")
        .transform_calculate(told=shown)
        .encode(
            color=alt.Color(
                "value:Q",
                scale=scale,
                legend=alt.Legend(
                    title=unit, orient="bottom", gradientLength=130, titleLimit=170, tickCount=3, labelOverlap=True
                ),
            ),
            strokeWidth=alt.condition("datum.properties.place == place", alt.value(2.6), alt.value(0.6)),
            tooltip=[
                alt.Tooltip("region:N", title=tr("Region")),
                alt.Tooltip("told:N", title=f"{tr(world)}{comma()}{unit}"),
            ],
        )
        .project(type="identity", reflectY=True)
        .add_params(*_params(), alt.param(name="shown", value=0))
        .properties(width="container", height=HEIGHT)
    )
    return _spec(chart, {"regions": list(outlines())}, _short(values))


def _lines(a: NDArray[np.float64], b: NDArray[np.float64], found: Results, unit: str) -> Spec:
    rows = [
        {"week": week, "date": when.isoformat(), "a": one, "b": other}
        for week, (when, one, other) in enumerate(zip(found.dates, _short(a), _short(b), strict=True))
    ]
    base = (
        alt.Chart(alt.NamedData("weeks"))
        .transform_calculate(A="datum.a[place]", B="datum.b[place]")
        .transform_fold(["A", "B"], as_=["world", "value"])
    )
    lines = base.mark_line(strokeWidth=1.8).encode(
        x=alt.X("date:T", title=None, axis=alt.Axis(grid=False, labelOverlap=True)),
        y=alt.Y("value:Q", title=unit),
        color=alt.Color("world:N", scale=alt.Scale(domain=["A", "B"], range=[QUIET, BLUE]),
                        legend=alt.Legend(title=None, orient="top")),
        strokeDash=alt.StrokeDash("world:N", scale=alt.Scale(domain=["A", "B"], range=[[6, 3], [1, 0]]),
                              legend=alt.Legend(title=None, orient="top")),
    )  # fmt: skip
    now = (
        alt.Chart(alt.NamedData("weeks"))
        .mark_rule(color=VERMILLION, strokeWidth=1.4)
        .transform_filter("datum.week == week")
        .encode(x="date:T")
    )
    chart = alt.layer(lines, now).add_params(*_params()).properties(width="container", height=LINES_HEIGHT)
    return _spec(chart, {"weeks": rows})


def _change(gap: NDArray[np.float64], found: Results, unit: str) -> Spec:
    """The difference by week: lines of two worlds lie on each other where it is small."""
    rows = [
        {"week": week, "date": when.isoformat(), "gap": values}
        for week, (when, values) in enumerate(zip(found.dates, _short(gap), strict=True))
    ]
    base = alt.Chart(alt.NamedData("weeks"))
    line = (
        base.transform_calculate(value="datum.gap[place]")
        .mark_line(strokeWidth=1.8, color=INK)
        .encode(
            x=alt.X("date:T", title=None, axis=alt.Axis(grid=False, labelOverlap=True)),
            y=alt.Y("value:Q", title=unit, axis=alt.Axis(tickCount=3, format="+~g")),
        )
    )
    zero = base.mark_rule(color=QUIET, strokeDash=[3, 3], aria=False).encode(y=alt.datum(0))
    now = base.mark_rule(color=VERMILLION, strokeWidth=1.4).transform_filter("datum.week == week").encode(x="date:T")
    chart = alt.layer(zero, line, now).add_params(*_params()).properties(width="container", height=CHANGE_HEIGHT)
    return _spec(chart, {"weeks": rows})


def _params() -> tuple[Any, Any]:
    return alt.param(name="week", value=0), alt.param(name="place", value=0)


def _spec(chart: Any, data: dict[str, Any], shown: list[Any] | None = None) -> Spec:
    """A chart as plain data. Its numbers are put in last: Altair would check every one of them, for seconds."""
    chart = chart.configure_view(stroke=None).configure_axis(
        labelColor=INK, titleColor=INK, gridColor=FAINT, labelFontSize=12, titleFontSize=12
    ).configure_legend(labelColor=INK, titleColor=INK, labelFontSize=12, titleFontSize=12)  # fmt: skip
    spec: Spec = {**chart.to_dict(), "datasets": data}
    del spec["$schema"]  # the page brings the version of Vega-Lite that draws it
    for param in spec["params"]:
        if param["name"] == "shown":
            param["value"] = shown
    return spec


def numbers(found: Results, layer: str) -> dict[str, Any]:
    """The same as plain numbers: the table beside the maps, for those who do not see them."""
    a, b = found.layers[layer]
    return {
        "dates": [day(when) for when in found.dates], "places": list(found.places),
        "a": _short(a), "b": _short(b), "unit": tr(LAYERS[layer].unit),
    }  # fmt: skip
