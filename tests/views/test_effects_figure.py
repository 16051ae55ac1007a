"""Figures of effects show each with its interval, unit and side, what was delivered, and how often it helped."""

from itertools import combinations

import matplotlib.text
import numpy as np
import pandas as pd
import pytest

from sim.comparison.delivered import delivered
from sim.comparison.effects import effects
from sim.comparison.outcomes import LEDGER, SOUGHT
from sim.engine.errors import InputError
from sim.views.figures.effects import MAIN, TOGETHER, plot_attribution, plot_effects, plot_shares
from sim.views.figures.sheet import BLUE, FAINT, INK, VERMILLION
from sim.views.words import measure
from sim.world.grid import world_grid

REGIONS = ["Mali", *world_grid().region_names]


def written(figure):
    """The texts of a figure that can be seen: ticks beyond the ends of an axis are not."""
    figure.draw_without_rendering()
    axes = [ax for ax in figure.axes if ax.axison]
    ticks = [(axis, tick) for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_major_ticks()]
    labels = {label for _, tick in ticks for label in (tick.label1, tick.label2)}
    inside = [
        tick.label1 for axis, tick in ticks if axis.axes in axes
        and min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]  # fmt: skip
    texts = [t for t in figure.findobj(matplotlib.text.Text) if t not in labels and (t.axes is None or t.axes in axes)]
    return [t for t in (*texts, *inside) if t.get_text() and t.get_visible()]


def words(figure):
    return [text.get_text() for text in written(figure)]


def effect(**changes):
    plain = {
        "scenario": "patrols", "outcome": "joined", "group": SOUGHT, "unit": "persons", "region": "Mali",
        "draws": 0, "seeds": 20, "mean": -40.0, "low": -90.0, "high": -3.0, "median": -30.0, "p5": -200.0, "p95": 50.0,
        "helped": 0.7, "harmed": 0.2, "nothing": 0.1, "better": "fewer", "baseline": "baseline",
        "baseline_mean": 4321.0,
    }  # fmt: skip
    return {**plain, **changes}


@pytest.fixture
def table():
    outcomes = [
        ("joined", SOUGHT, "persons", "fewer", 1.0),
        ("trust", SOUGHT, "0 to 1", "more", 1e-3),
        ("abuses", LEDGER, "events", "fewer", 1.0),
        ("cost", LEDGER, "XOF", "none", 1e8),
    ]
    return pd.DataFrame(
        effect(scenario=s, outcome=o, group=g, unit=u, better=b, region=r, mean=-40 * k, low=-90 * k, high=-3 * k)
        for s in ("patrols", "imams")
        for o, g, u, b, k in outcomes
        for r in REGIONS
    )


def panel(figure, title):
    [ax] = [ax for ax in figure.axes if ax.get_title(loc="left") == title]
    return ax


def points(ax):
    return [line for line in ax.lines if line.get_marker() == "o"]


def spans(ax):
    """The ends of the intervals that are drawn."""
    return [list(line.get_xdata()) for line in ax.lines if line.get_linewidth() == 2]


def names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


# --- one panel for each outcome ------------------------------------------------------------------------------


def test_gains_and_the_ledger_have_panels_with_units_sides_and_a_line_for_each_scenario(table):
    figure = plot_effects(table)
    assert "persons" in panel(figure, "People who joined").get_xlabel()
    assert "← less is better" in panel(figure, "People who joined").get_xlabel()
    assert "more is better →" in panel(figure, "Trust in the security forces").get_xlabel()
    assert names(panel(figure, "People who joined")) == ["patrols", "imams"]
    text = words(figure)
    for expected in ("What is sought", "The ledger of harm", "Abuses by security forces"):
        assert expected in text
    for expected in ("20 seeds", "90 % interval", "luck only", "Difference from baseline", "baseline 4,321"):
        assert expected in " ".join(text)


def test_costs_are_written_out(table):
    assert [t.get_text() for t in panel(plot_effects(table), "Cost").texts] == ["−4.0 bn [−9.0, −0.3] XOF"] * 2


def test_over_seeds_points_stand_at_the_mean_and_lines_span_its_interval(table):
    ax = panel(plot_effects(table, outcomes=["joined"], scenarios=["imams"]), "People who joined")
    assert points(ax)[0].get_xdata()[0] == -40
    assert spans(ax) == [[-90, -3]]


def test_over_draws_points_stand_at_the_median_and_lines_span_nine_draws_in_ten():
    figure = plot_effects(pd.DataFrame([effect(draws=100, seeds=1)]))
    assert points(panel(figure, "People who joined"))[0].get_xdata()[0] == -30
    assert spans(panel(figure, "People who joined")) == [[-200, 50]]
    assert "100 draws of parameters, 1 seed each" in " ".join(words(figure))


def test_by_region_there_is_a_panel_for_each_region_on_one_scale(table):
    table.loc[table.region == "Kidal", ["mean", "low", "high"]] *= 10
    figure = plot_effects(table, by_region=True, outcomes=["joined"])
    assert [ax.get_title(loc="left") for ax in figure.axes] == REGIONS[1:]
    assert all(len(points(ax)) == 2 for ax in figure.axes)
    assert len({ax.get_xlim() for ax in figure.axes}) == 1
    assert figure.axes[0].get_xlim()[0] < -900


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        ({}, BLUE),
        ({"better": "more"}, VERMILLION),
        ({"better": "none"}, INK),
        ({"high": 5.0}, INK),
        ({"mean": 40.0, "low": 3.0, "high": 90.0}, VERMILLION),
        ({"seeds": 1}, INK),
        ({"draws": 50, "seeds": 1}, INK),
        ({"draws": 50, "seeds": 1, "p95": -1.0}, BLUE),
    ],
)
def test_colour_says_on_which_side_the_whole_interval_lies(changes, colour):
    assert points(plot_effects(pd.DataFrame([effect(**changes)])).axes[0])[0].get_markeredgecolor() == colour


def test_one_seed_and_missing_values_are_drawn_without_an_interval():
    rows = [
        effect(seeds=1, low=np.nan, high=np.nan),
        effect(scenario="imams", seeds=1, mean=np.nan, helped=np.nan),
    ]
    figure = plot_effects(pd.DataFrame(rows))
    ax = panel(figure, "People who joined")
    assert (len(points(ax)), spans(ax)) == (1, [])
    assert [t.get_text() for t in ax.texts] == [" –"]


def test_an_outcome_without_any_number_has_no_panel():
    rows = [effect(), effect(outcome="joined_elsewhere", group=LEDGER, mean=np.nan, baseline_mean=np.nan)]
    assert [ax.get_title(loc="left") for ax in plot_effects(pd.DataFrame(rows)).axes] == ["People who joined"]


def test_no_effect_at_all_can_be_drawn():
    figure = plot_effects(pd.DataFrame([effect(mean=0.0, low=0.0, high=0.0, helped=0.0, harmed=0.0, nothing=1.0)]))
    figure.draw_without_rendering()
    assert figure.axes[0].get_xlim() == (-1, 1)


def test_the_baselines_value_is_only_told_where_it_is_one():
    rows = pd.DataFrame([effect(baseline_mean=100.0), effect(scenario="imams", baseline_mean=200.0)])
    assert panel(plot_effects(rows), "People who joined").get_xlabel() == "persons\n← less is better"


# --- shares --------------------------------------------------------------------------------------------------


def test_shares_are_bars_of_helped_nothing_and_harmed_that_add_up_to_the_whole():
    figure = plot_shares(pd.DataFrame([effect(draws=40, seeds=1)]))
    bars = panel(figure, "People who joined").patches
    assert [bar.get_width() for bar in bars] == pytest.approx([70, 10, 20])
    assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(100)
    assert [matplotlib.colors.to_hex(bar.get_facecolor(), keep_alpha=False) for bar in bars] == [
        colour.lower() for colour in (BLUE, FAINT, VERMILLION)
    ]
    assert "Per cent of draws (40 draws of parameters, 1 seed each)" in " ".join(words(figure))


def test_shares_are_shown_of_the_main_outcomes_and_not_of_costs(table):
    titles = {ax.get_title(loc="left") for ax in plot_shares(table).axes if ax.axison}
    assert titles == {"People who joined", "Trust in the security forces", "Abuses by security forces"}
    nan = {"helped": np.nan, "harmed": np.nan, "nothing": np.nan}
    alone = plot_shares(pd.DataFrame([effect(outcome="cost", unit="XOF", better="none", **nan)]))
    assert [t.get_text() for t in panel(alone, "Cost").texts] == [" –"]


# --- a comparison of every measure ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(every_measure):
    return effects(every_measure, "baseline"), delivered(every_measure, "baseline")


@pytest.fixture(scope="module", params=["effects", "by region", "shares"])
def large(request, found):
    """The figures of 24 scenarios."""
    table, given = found
    if request.param == "effects":
        return plot_effects(table, delivered=given)
    if request.param == "shares":
        return plot_shares(table)
    return plot_effects(table, by_region=True, outcomes=["attacks"])


def test_with_two_dozen_scenarios_no_text_covers_another_or_leaves_the_sheet(large):
    texts = written(large)
    boxes = [text.get_window_extent() for text in texts]
    sheet = large.bbox
    for text, box in zip(texts, boxes, strict=True):
        assert box.x0 >= sheet.x0 - 0.5, text.get_text()
        assert box.x1 <= sheet.x1 + 0.5, text.get_text()
        assert box.y0 >= sheet.y0 - 0.5, text.get_text()
        assert box.y1 <= sheet.y1 + 0.5, text.get_text()
    bodies = [box.padded(-0.15 * box.height) for box in boxes]  # empty space above and below letters may touch
    for (one, a), (other, b) in combinations(zip(texts, bodies, strict=True), 2):
        assert not a.overlaps(b), (one.get_text(), other.get_text())


def test_with_two_dozen_scenarios_each_has_its_line_in_every_panel(large, every_measure):
    whole = [measure(key) for key in list(every_measure)[1:]]
    panels = [ax for ax in large.axes if ax.axison]
    assert all(list(ax.get_yticks()) == list(range(len(whole))) for ax in panels)
    assert [names(ax) for ax in panels if names(ax)] == [whole] * sum(names(ax) != [] for ax in panels)
    assert names(panels[0]) == whole


def test_what_was_delivered_stands_beside_the_effects(found, every_measure):
    table, given = found
    told = [t.get_text() for t in panel(plot_effects(table, delivered=given), "Delivered per week in force").texts]
    assert len(told) == len(every_measure) - 1
    by_name = dict(zip(list(every_measure)[1:], told, strict=True))
    assert by_name["sermon_drafting"] == "delivered nothing"
    assert by_name["bamako_plan"] == "100 sites protected"
    assert by_name["coordination"].endswith(" …")


def test_several_measures_are_counted_and_one_that_is_left_out_is_named_so(found):
    table, given = found
    package = given.assign(scenario="bamako_plan")
    own = given[given.scenario == "imam_training"].assign(change="left out")
    figure = plot_effects(
        table, scenarios=["bamako_plan", "imam_training"], delivered=pd.concat([package, own]), outcomes=["joined"]
    )
    told = [t.get_text() for t in panel(figure, "Delivered per week in force").texts]
    assert told == ["24 measures, 1 delivered nothing", "1 trained imams in post (left out)"]


def test_the_main_outcomes_are_outcomes(found):
    assert set(MAIN) <= set(found[0]["outcome"])


def test_a_name_with_dollar_signs_is_written_as_it_is():
    name = r"costs $\frac{$ and $9$"
    figure = plot_effects(pd.DataFrame([effect(scenario=name, baseline=name)]))
    assert name in words(figure)
    assert all(not text.get_parse_math() for text in written(figure))


# --- mistakes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (lambda t: t.drop(columns="low"), {}, "no column low"),
        (lambda t: t[t["region"] == "Mali"], {"by_region": True}, "no row by region"),
        (lambda t: pd.concat([t, t]), {}, "more than one row"),
        (lambda t: t, {"outcomes": ["joind"]}, "did you mean 'joined'"),
        (lambda t: t, {"scenarios": ["imam"]}, "did you mean 'imams'"),
    ],
)
def test_mistakes_are_told(table, change, arguments, message):
    with pytest.raises(InputError, match=message):
        plot_effects(change(table), **arguments)


def test_an_attribution_has_a_line_for_each_measure_and_one_for_all_together():
    rows = [
        {"outcome": outcome, "unit": unit, "better": "fewer", "measure": measure, "mean": mean, "low": mean - 2.0,
         "high": mean + 2.0, "median": mean, "p5": mean - 9.0, "p95": mean + 9.0, "alone": 0.0, "last": 0.0,
         "package": -4.0, "draws": 0, "seeds": 8, "orders": 20, "exact": False}
        for outcome, unit in (("joined", "persons"), ("abuses", "events"))
        for measure, mean in (("good", -10.0), ("bad", 5.0), ("unclear", 1.0))
    ]  # fmt: skip
    figure = plot_attribution(pd.DataFrame(rows), "package")
    joined = next(ax for ax in figure.axes if ax.get_title("left") == "People who joined")
    assert [label.get_text() for label in joined.get_yticklabels()] == ["good", "bad", "unclear", TOGETHER]
    points = [line for line in joined.lines if line.get_marker() == "o"]
    assert [(line.get_xdata()[0], line.get_markeredgecolor()) for line in points] == [
        (-10.0, BLUE), (5.0, VERMILLION), (1.0, INK), (-4.0, INK)
    ]  # fmt: skip
    text = " ".join(" ".join(words(figure)).split())
    assert "Difference from package without measures" in text
    assert "the choice of 20 orders" in text
