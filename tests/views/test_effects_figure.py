"""The effects figure shows every effect with its interval, unit and side, nationally and by region."""

import numpy as np
import pandas as pd
import pytest

from sim.engine.errors import InputError
from sim.views.effects import plot_effects
from sim.views.sheet import BLUE, INK, VERMILLION
from sim.world.grid import world_grid

REGIONS = ["Mali", *world_grid().region_names]


def words(figure):
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def effect(**changes):
    plain = {
        "scenario": "patrols", "outcome": "joined", "unit": "persons", "region": "Mali", "seeds": 20,
        "mean": -40.0, "low": -90.0, "high": -3.0, "helped": 0.7, "harmed": 0.2, "nothing": 0.1,
        "better": "fewer", "baseline": "baseline", "baseline_mean": 4321.0,
    }  # fmt: skip
    return {**plain, **changes}


@pytest.fixture
def table():
    outcomes = [
        ("joined", "persons", "fewer", 1.0),
        ("trust", "0 to 1", "more", 1e-3),
        ("cost", "XOF", "none", 1e8),
    ]
    return pd.DataFrame(
        effect(scenario=s, outcome=o, unit=u, better=b, region=r, mean=-40 * k, low=-90 * k, high=-3 * k)
        for s in ("patrols", "imams")
        for o, u, b, k in outcomes
        for r in REGIONS
    )


def points(ax):
    return [line for line in ax.lines if line.get_marker() == "o"]


def test_a_line_of_panels_for_each_outcome_with_units_and_sides(table):
    figure = plot_effects(table)
    assert len(figure.axes) == 2 * 3
    labels = [ax.get_xlabel() for ax in figure.axes[::2]]
    assert "persons" in labels[0]
    assert "← less is better" in labels[0]
    assert "more is better →" in labels[1]
    assert labels[2] == "difference, billion XOF"
    text = " ".join(words(figure))
    for expected in (
        "90 % interval over 20 seeds",
        "Difference from baseline",
        "baseline 4,321",
        "neither side is better",
    ):
        assert expected in text


def test_by_region_there_is_a_column_for_each_scenario_and_a_line_for_each_region(table):
    figure = plot_effects(table, by_region=True)
    assert len(figure.axes) == 3 * 2 * 2
    for forest in figure.axes[::2]:
        assert len(points(forest)) == 9
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == REGIONS[1:]
    assert figure.axes[0].get_xlim() == figure.axes[2].get_xlim()


def test_points_stand_at_the_mean_and_lines_span_the_interval(table):
    forest = plot_effects(table, outcomes=["joined"], scenarios=["imams"]).axes[0]
    assert points(forest)[0].get_xdata()[0] == -40
    interval = next(line for line in forest.lines if line.get_linewidth() == 2)
    assert list(interval.get_xdata()) == [-90, -3]


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        ({}, BLUE),
        ({"better": "more"}, VERMILLION),
        ({"better": "none"}, INK),
        ({"high": 5.0}, INK),
        ({"mean": 40.0, "low": 3.0, "high": 90.0}, VERMILLION),
        ({"seeds": 1}, INK),
    ],
)
def test_colour_says_on_which_side_the_whole_interval_lies(changes, colour):
    assert points(plot_effects(pd.DataFrame([effect(**changes)])).axes[0])[0].get_markeredgecolor() == colour


def test_shares_of_seeds_add_up_to_the_whole_bar():
    bars = plot_effects(pd.DataFrame([effect()])).axes[1].patches
    assert [bar.get_width() for bar in bars] == pytest.approx([70, 10, 20])
    assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(100)


def test_one_seed_and_missing_values_are_drawn_without_an_interval():
    rows = [
        effect(seeds=1, low=np.nan, high=np.nan),
        effect(scenario="imams", seeds=1, mean=np.nan, helped=np.nan),
    ]
    figure = plot_effects(pd.DataFrame(rows))
    text = words(figure)
    assert any("one seed: no interval" in t for t in text)
    assert " no data" in text
    assert len(points(figure.axes[0])) == 1


def test_no_effect_at_all_can_be_drawn():
    figure = plot_effects(pd.DataFrame([effect(mean=0.0, low=0.0, high=0.0, helped=0.0, harmed=0.0, nothing=1.0)]))
    figure.draw_without_rendering()
    assert figure.axes[0].get_xlim() == (-1, 1)


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
