"""Series show median and band over seeds, dates, units, and the first days of the measures that differ."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.dates import num2date
from matplotlib.text import Text

from sim.comparison.effects import effects_over_time
from sim.engine.errors import InputError
from sim.views.figures.series import QUARTER, plot_effects_over_time, plot_series
from sim.views.figures.sheet import over_seeds


def words(figure):
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def lines(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_nine_panels_by_region_and_one_for_mali(runs):
    figure = plot_series(runs, "joined")
    assert [ax.get_title("left") for ax in figure.axes] == list(runs["baseline"][0].regions)
    assert len(plot_series(runs, "joined", regions="Mali").axes) == 1
    assert [ax.get_title("left") for ax in plot_series(runs, "joined", regions=["segou", "Mali"]).axes] == [
        "Ségou",
        "Mali",
    ]


def test_counts_are_sums_over_a_quarter_and_states_are_as_they_are(runs):
    run = runs["baseline"][0]
    ax = plot_series({"a": run}, "joined", regions="Mali").axes[0]
    weekly = run["joined"].sum(axis=1)
    line = lines(ax)["a"]
    assert line.get_ydata()[-1] == weekly[-QUARTER:].sum()
    assert np.isnan(line.get_ydata()[: QUARTER - 1]).all()
    assert ax.get_ylabel() == "persons per 13 weeks"
    assert num2date(line.get_xdata()[-1]).date().isoformat() == "2018-12-30"  # last day of the last week

    ax = plot_series({"a": run}, "members", regions="Mopti").axes[0]
    np.testing.assert_array_equal(lines(ax)["a"].get_ydata(), run["members"][:, 4])
    assert ax.get_ylabel() == "persons"
    assert plot_series({"a": run}, "trust", regions="Mali").axes[0].get_ylabel() == "0 to 1"


def test_large_amounts_are_in_millions(runs):
    ax = plot_series(runs, "cost_imam_training", regions="Mali").axes[0]
    assert ax.get_ylabel() == "million XOF per 13 weeks"
    assert lines(ax)["baseline"].get_ydata()[-1] == pytest.approx(QUARTER * 9 * 2)


def test_the_band_holds_the_median(runs):
    figure = plot_series(runs, "joined")
    for ax in figure.axes:
        bands = ax.findobj(PolyCollection)
        assert len(bands) == len(runs)
        for band, line in zip(bands, lines(ax).values(), strict=True):
            corners = band.get_paths()[0].vertices
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
                if np.isfinite(y):
                    at = corners[corners[:, 0] == x, 1]
                    assert at.min() <= y <= at.max()


def test_scenarios_differ_in_colour_and_in_dashes(make):
    figure = plot_series({str(s): make(s, weeks=60) for s in range(12)}, "members", regions="Mali")
    looks = {(line.get_color(), str(line._dash_pattern)) for line in lines(figure.axes[0]).values()}
    assert len(looks) == 12


def test_measures_are_marked_where_and_when_they_start(runs):
    figure = plot_series(runs, "joined")
    text = " ".join(words(figure))
    assert "A Training of imams in Morocco 2014-09-01" in text
    assert "B Mali Kuma Kan 2014-11-03" in text
    assert "Joint" not in text  # switched off
    marks = {ax.get_title("left"): [t.get_text() for t in ax.texts] for ax in figure.axes}
    assert marks["Mopti"] == ["A,B"]
    assert marks["Gao"] == ["A"]
    # What the baseline has as well makes no difference and is not marked.
    same = plot_series({"x": runs["prevention"], "y": runs["prevention"]}, "joined", regions="Mali")
    assert [t.get_text() for t in same.axes[0].texts] == ["y"]  # the name at its line, and no letter


def end(run, observable="joined", last=QUARTER):
    """Mali, summed over the last weeks."""
    return run[observable].sum(axis=1)[-last:].sum()


def test_lines_that_lie_on_each_other_are_drawn_as_differences_run_by_run(make):
    base = [make(seed) for seed in (1, 2, 3)]
    nearly = [make(seed) for seed in (1, 2, 3)]
    for run in nearly:
        run.values[-5:, 4, 0] += 2.0  # two more join in Mopti in each of the last five weeks
    figure = plot_series({"base": base, "nearly": nearly}, "joined", regions="Mali")
    [ax] = figure.axes
    assert list(lines(ax)) == ["nearly"]
    assert lines(ax)["nearly"].get_ydata()[-1] == 10.0
    assert "difference from base" in figure.get_label()
    assert f"{end(base[0]):.0f}" != "0"
    assert "on average" in ax.get_title("right")  # what the baseline has itself
    levels = plot_series({"base": base, "nearly": nearly}, "joined", regions="Mali", differences=False).axes[0]
    assert list(lines(levels)) == ["base", "nearly"]


def test_lines_apart_from_each_other_are_drawn_as_they_are(make):
    far = {"base": [make(1), make(2)], "far": [make(1, factor=3.0), make(2, factor=3.0)]}
    for run in far["far"]:
        run.values[:, :, 0] *= 3.0
    assert list(lines(plot_series(far, "joined", regions="Mali").axes[0])) == ["base", "far"]
    apart = plot_series(far, "joined", regions="Mali", differences=True).axes[0]
    gap = np.median([end(far["far"][k]) - end(far["base"][k]) for k in (0, 1)])
    assert lines(apart)["far"].get_ydata()[-1] == gap


def test_differences_need_runs_under_the_same_seed(runs):
    with pytest.raises(InputError, match="no scenario has a run under the same draw and seed as baseline"):
        plot_series(runs, "joined", differences=True)


def test_names_stand_at_the_ends_of_lines_and_apart_from_each_other(make):
    few = {name: [make(1)] for name in ("a", "b", "c")}
    figure = plot_series(few, "joined", regions="Mali", differences=False)
    assert not figure.legends
    figure.draw_without_rendering()
    names = [text for text in figure.axes[0].texts if text.get_text() in few]
    boxes = sorted((Text.get_window_extent(name) for name in names), key=lambda box: box.y0)  # without their pointers
    assert len(boxes) == 3
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))
    many = {str(k): [make(k)] for k in range(12)}
    assert plot_series(many, "joined", regions="Mali").legends


def test_one_seed_has_no_band_and_says_so(make, runs):
    figure = plot_series({"a": make(1)}, "joined", regions="Mali")
    assert figure.axes[0].findobj(PolyCollection) == []
    assert "One seed: no interval." in " ".join(words(figure))
    mixed = plot_series({"a": make(1), "b": runs["baseline"]}, "joined", regions="Mali")
    assert "a: one seed: no interval" in " ".join(words(mixed)).replace("\n", " ")


def test_missing_values_leave_gaps(make):
    record = make(1, weeks=60)
    record.values[:, 8, 2] = np.nan
    record.values[10:20, 4, 2] = np.nan
    figure = plot_series({"a": [record, make(2, weeks=60)], "b": record}, "trust")
    figure.draw_without_rendering()
    assert np.isnan(lines(figure.axes[8])["b"].get_ydata()).all()
    assert np.isfinite(lines(figure.axes[4])["a"].get_ydata()).all()


@pytest.mark.parametrize("weeks", [1, 5, 40, 365])
def test_short_runs_can_be_drawn(make, weeks):
    figure = plot_series({"a": make(1, weeks=weeks)}, "joined")
    figure.draw_without_rendering()
    assert len(figure.axes) == 9


def test_over_seeds_takes_what_is_known():
    middle, low, high = over_seeds([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    assert middle[0] == 2
    assert low[0] < 2 < high[0]
    assert np.isnan([middle[1], low[1], high[1]]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"observable": "joinde"}, "did you mean 'joined'"),
        ({"observable": "joined", "regions": "Mopty"}, "did you mean 'Mopti'"),
        ({"observable": "joined", "regions": []}, "no region"),
        ({"observable": "joined", "baseline": "prevntion"}, "did you mean 'prevention'"),
    ],
)
def test_mistakes_are_told(runs, arguments, message):
    with pytest.raises(InputError, match=message):
        plot_series(runs, **arguments)
    with pytest.raises(InputError, match="no scenario"):
        plot_series({}, "joined")


def test_effects_over_time_have_a_panel_for_each_outcome_and_a_band_for_each_scenario(runs):
    records = {name: dict(enumerate(group)) for name, group in runs.items()}
    baseline = next(iter(records))
    tables = [effects_over_time(records, baseline, name) for name in ("joined", "trust")]
    figure = plot_effects_over_time(pd.concat(tables))
    assert [ax.get_title("left") for ax in figure.axes] == [
        "People who joined, Mali, added up so far",
        "Trust in the security forces, Mali, in each week",
    ]
    assert figure.axes[0].get_ylabel() == "persons"
    for ax in figure.axes:
        assert len([band for band in ax.collections if isinstance(band, PolyCollection)]) == len(records) - 1
    line = figure.axes[0].lines[1]  # the first is zero
    assert line.get_ydata()[-1] == pytest.approx(tables[0]["mean"].iloc[-1])
    assert num2date(line.get_xdata()[-1]).date().isoformat() == "2018-12-30"
    said = words(figure)
    assert any("90 % interval" in text for text in said)
    assert any("covers luck only" in text for text in said)
    with pytest.raises(InputError, match="no effects to draw"):
        plot_effects_over_time(tables[0].iloc[:0])
