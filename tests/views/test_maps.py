"""Maps show each cell and region once, with its unit, and say what they leave out."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from sim.engine.errors import InputError
from sim.views.figures.maps import FEW_YOUTHS, QUANTITIES, map_cells, map_effect, map_record, map_regions
from sim.views.figures.sheet import BLUE, FAINT, VERMILLION
from sim.world.grid import world_grid


def words(figure):
    """Everything written on a figure."""
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def panels(figure):
    return [ax for ax in figure.axes if ax.get_title("left").startswith("By ")]


@pytest.mark.parametrize("what", QUANTITIES)
def test_each_quantity_has_a_map_by_cell_and_by_region_with_units(runs, what):
    figure = map_record(runs["baseline"], what)
    assert isinstance(figure, Figure)
    assert len(panels(figure)) == 2
    labels = [ax.get_xlabel() for ax in figure.axes]
    assert QUANTITIES[what].cell_unit in labels
    assert QUANTITIES[what].region_unit in labels
    assert labels.count("degrees east") == 2
    text = " ".join(words(figure))
    for expected in (*world_grid().region_names, "Mauritania", "Côte d'Ivoire", "5 seeds (1-5)", "kumakan"):
        assert expected in text
    assert "2012-01-02 to 2018-12-24" in text


def test_no_figure_is_left_with_pyplot(runs):
    map_record(runs["baseline"], "attacks")
    assert pyplot.get_fignums() == []


def test_a_region_shows_the_sum_or_the_mean_over_its_people(make):
    record, grid = make(1), world_grid()
    mopti = grid.region == grid.region_names.index("Mopti")
    attacks = record.cells["attacks"][mopti].sum()
    assert f"Mopti\n{attacks:,.0f}" in words(map_record(record, "attacks"))
    rate = 1e5 * record.cells["joined"][mopti].sum() / record.cells["youth"][mopti].sum()
    assert rate >= 10
    assert f"Mopti\n{rate:,.0f}" in words(map_record(record, "joined_per_100k"))
    insecurity = np.average(record.cells["insecurity"][mopti], weights=grid.population[mopti])
    assert f"Mopti\n{insecurity:.2g}" in words(map_record(record, "insecurity"))
    share = 100 * record.cells["reached_clips"][mopti].sum() / record.cells["youth"][mopti].sum()
    assert f"Mopti\n{share:.0f}" in words(map_record(record, "reach"))


def test_one_seed_has_no_interval_and_says_so(make, runs):
    alone = " ".join(words(map_record(make(1), "attacks")))
    assert "one seed: no interval" in alone
    assert "[" not in alone
    assert " to " in next(t for t in words(map_record(runs["baseline"], "attacks")) if t.startswith("Mopti\n"))


def test_cells_with_few_persons_are_grey():
    grid = world_grid()
    persons = np.full(len(grid), FEW_YOUTHS, dtype=float)
    persons[:100] = FEW_YOUTHS - 1
    figure = map_cells(np.ones(len(grid)), title="t", unit="u", persons=persons)
    cells = max(figure.axes[0].findobj(PolyCollection), key=lambda c: len(c.get_facecolor()))
    grey = (cells.get_facecolor() == to_rgba(FAINT)).all(axis=1)
    np.testing.assert_array_equal(grey, persons < FEW_YOUTHS)
    assert f"fewer than {FEW_YOUTHS} youths" in words(figure)


@pytest.mark.parametrize("scale", ["auto", "even", "log", "quantile"])
@pytest.mark.parametrize(
    "values",
    [
        np.zeros(1713),
        np.full(1713, np.nan),
        np.full(1713, 7.0),
        np.linspace(-1, 1, 1713),
        np.exp(np.linspace(-20, 20, 1713)),
        np.eye(1, 1713)[0],
    ],
    ids=["zeros", "nothing known", "all the same", "both signs", "very skewed", "one cell"],
)
def test_any_values_can_be_drawn_and_lie_inside_the_classes(values, scale):
    figure = map_cells(values, title="t", unit="u", scale=scale)
    figure.draw_without_rendering()
    bar = next(ax for ax in figure.axes if ax.get_xlabel().endswith("u"))
    known = values[np.isfinite(values)]
    if known.size:
        low, high = bar.get_xlim()
        assert low <= known.min()
        assert known.max() <= high * (1 + 1e-9)


def test_regions_are_found_by_name_with_or_without_accents():
    figure = map_regions({"segou": 12.0, "Mopti": np.nan}, title="t", unit="persons")
    assert "Ségou\n12" in words(figure)
    assert "Mopti\nno data" in words(figure)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda run: map_record(run, "attack"), "did you mean 'attacks'"),
        (lambda run: map_record([], "attacks"), "no record"),
        (lambda run: map_record(run, "attacks", scale="logs"), "did you mean 'log'"),
        (lambda run: map_cells([1.0], title="t", unit="u"), "1713 values"),
        (lambda run: map_regions({"Moptti": 1}, title="t", unit="u"), "did you mean 'Mopti'"),
        (lambda run: map_regions([1.0], title="t", unit="u"), "9 values"),
    ],
)
def test_mistakes_are_told(make, draw, message):
    with pytest.raises(InputError, match=message):
        draw(make(1))


# --- effects by region --------------------------------------------------------------------------------------


def changed(better="fewer", scenario="patrols", times=1.0):
    """Effects on the nine regions: clearly less, clearly more, and seven times what includes zero."""
    middle = times * np.array([-10.0, 10.0, 4.0, 0.0, -3.0, 2.0, 1.0, -1.0, 3.0])
    half = times * np.where(np.abs(middle) == 10 * times, 1.0, 5.0)
    return pd.DataFrame(
        {
            "scenario": scenario, "outcome": "joined", "unit": "persons", "better": better, "draws": 0, "seeds": 12,
            "baseline": "nothing done", "region": world_grid().region_names, "mean": middle,
            "low": middle - half, "high": middle + half, "median": middle, "p5": middle - half, "p95": middle + half,
        }
    )  # fmt: skip


def faces(figure):
    """The colours of the nine regions."""
    patches = [patch for patch in figure.axes[0].patches if patch.get_facecolor()[3] > 0]
    assert len(patches) == 9
    return [patch.get_facecolor() for patch in patches]


@pytest.mark.parametrize(("better", "less", "more"), [("fewer", BLUE, VERMILLION), ("more", VERMILLION, BLUE)])
def test_effects_are_blue_where_better_orange_where_worse_and_grey_without_a_clear_sign(better, less, more):
    colours = faces(map_effect(changed(better), "patrols", "joined"))
    assert colours[0] == to_rgba(less)
    assert colours[1] == to_rgba(more)
    assert colours[2:] == [to_rgba(FAINT)] * 7


def test_a_map_of_effects_says_what_it_is_of_and_when_it_is_coloured():
    text = " ".join(" ".join(words(map_effect(changed(), "patrols", "joined"))).split())
    for said in (
        "People who joined: patrols",
        "Difference from nothing done, whole run; 12 seeds",
        "90 % interval of the mean",
    ):
        assert said in text


def test_effects_are_written_with_their_sign():
    written = words(map_effect(changed(), "patrols", "joined"))
    for text in ("Kayes\n−10", "Koulikoro\n+10", "Ségou\n0", "persons", "no clear sign"):
        assert text in written


def test_scenarios_share_one_scale_of_effects():
    table = pd.concat([changed(), changed(scenario="more_patrols", times=10.0)])
    little, much = (faces(map_effect(table, name, "joined")) for name in ("patrols", "more_patrols"))
    assert much[0] == to_rgba(BLUE)
    assert little[0] != much[0]


def test_an_effect_that_is_not_in_the_table_is_refused():
    with pytest.raises(InputError, match="no 'attacks' of 'patrols' by region"):
        map_effect(changed(), "patrols", "attacks")
