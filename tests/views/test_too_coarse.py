"""Runs with too many persons to a youth get no verdict anywhere; their numbers stand as they are."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim.comparison.attribution import attribution, subsets
from sim.comparison.delivered import delivered
from sim.comparison.effects import effects, effects_over_time
from sim.comparison.outcomes import OUTCOMES
from sim.comparison.worlds import NO_VERDICT, too_coarse
from sim.comparison.worth import cost_per_spared
from sim.parameters import rows
from sim.views.figures.effects import plot_attribution, plot_effects, plot_shares
from sim.views.figures.maps import map_effect
from sim.views.figures.sheet import BLUE, INK, VERMILLION
from sim.views.report import page, parts, pictures
from sim.views.report.answer import answers
from sim.views.tables.comparison import show_attribution, show_effects, strongest
from tests.batches import batch_fakes as fakes
from tests.comparison.test_attribution import played
from tests.views.comparisons import comparison, of_measures

LIMIT = "coarsest_verdict"
MOST = int(rows()[LIMIT].value)
WHY = f"{MOST + 1} persons per youth; verdicts hold up to {MOST}"
NUMBERS = ["mean", "low", "high", "median", "p5", "p95", "helped", "harmed", "nothing"]
WITH_A_SIDE = {name for name, outcome in OUTCOMES.items() if outcome.better != "none"}


def at(records, persons, **parameters):
    """The same runs, as if made with so many persons to a youth."""

    def one(record):
        about = record.about
        scenario = {**about["scenario"], "persons_per_youth": persons}
        return replace(record, about={**about, "scenario": scenario, "parameters": parameters})

    return {name: {key: one(record) for key, record in runs.items()} for name, runs in records.items()}


@pytest.fixture(scope="module")
def records(every_measure):
    return of_measures(every_measure, "joint_patrols", "imam_training").records


@pytest.fixture(scope="module")
def fine(records):
    return effects(at(records, MOST), "baseline")


@pytest.fixture(scope="module")
def coarse(records):
    return effects(at(records, MOST + 1), "baseline")


def printed(show, *given):
    out = io.StringIO()
    show(*given, Console(file=out, width=250, no_color=True))
    return " ".join(out.getvalue().split())


# --- the limit ----------------------------------------------------------------------------------------------


def test_the_limit_is_a_row_of_the_table_and_a_scenario_can_move_it(records):
    assert too_coarse({"scenario": {"persons_per_youth": MOST}}) == too_coarse({}) == ""
    assert too_coarse({"scenario": {"persons_per_youth": MOST + 1}}) == WHY
    strict = effects(at(records, 100, **{LIMIT: 50.0}), "baseline")
    assert set(strict["too_coarse"]) == {"100 persons per youth; verdicts hold up to 50"}
    assert set(effects(at(records, 1000, **{LIMIT: 1000.0}), "baseline")["too_coarse"]) == {""}


def test_tables_say_why_and_keep_their_numbers(records, fine, coarse):
    assert set(fine["too_coarse"]) == {""}
    assert set(coarse["too_coarse"]) == {WHY}
    pd.testing.assert_frame_equal(fine[NUMBERS], coarse[NUMBERS])
    weekly = effects_over_time(at(records, MOST + 1), "baseline")
    assert set(weekly["too_coarse"]) == {WHY}


def test_one_scenario_that_is_too_coarse_is_enough(records):
    mixed = {**at(records, MOST), "baseline": at(records, MOST + 1)["baseline"]}
    assert set(effects(mixed, "baseline")["too_coarse"]) == {WHY}


# --- what a person costs, and what measures share ----------------------------------------------------------


def spared(persons):
    luck = np.random.default_rng(1)
    base = luck.normal(100, 3, 8)
    made = {}
    for name, joined, cost in (("a", base, 0.0), ("b", base - 10 + luck.normal(0, 1, 8), 900.0)):
        values = np.zeros((8, 1, 9, len(fakes.OBSERVABLES)))
        values[:, 0, 4, 0], values[:, 0, 0, 4] = joined, cost
        made[name] = {seed: fakes.record(run, name) for seed, run in enumerate(values, 1)}
    [row] = cost_per_spared(at(made, persons), "a").to_dict("records")
    return row


def test_no_price_is_given():
    fair, none = spared(MOST), spared(MOST + 1)
    assert fair["verdict"] == "spared at a cost"
    assert fair["xof_each"] > 0
    assert none["verdict"] == NO_VERDICT
    assert np.isnan([none["xof_each"], none["xof_each_low"], none["xof_each_high"]]).all()
    assert [none[name] for name in ("spared", "spared_low", "spared_high", "cost_xof")] == [
        fair[name] for name in ("spared", "spared_low", "spared_high", "cost_xof")
    ]


def test_no_pair_of_measures_is_said_to_be_better_together():
    plan = subsets(fakes.scenario("package", measures={"joint_patrols": True, "mali_kuma_kan": True}))
    luck = np.random.default_rng(2).normal(0, 1, 9)
    runs = played(plan, lambda some, seed: 500.0 - 40.0 * len(some) ** 2 + luck[seed], seeds=range(1, 6))
    fair, none = (attribution(plan, at(runs, persons), ["joined"]) for persons in (MOST, MOST + 1))
    assert len(strongest(fair)) == 1
    assert strongest(none).empty
    assert "better together" in printed(lambda *given: show_attribution(given[0], "package", given[1]), fair)
    said = printed(lambda *given: show_attribution(given[0], "package", given[1]), none)
    assert WHY in said
    assert not any(words in said for words in ("better together", "No pair of measures"))
    figure = plot_attribution(none.measures, "package")
    assert colours(figure) == {INK}
    assert colours(plot_attribution(fair.measures, "package")) > {INK}


# --- where people read --------------------------------------------------------------------------------------


def colours(figure):
    """Of the points that are drawn."""
    return {line.get_markeredgecolor() for ax in figure.axes for line in ax.lines if line.get_marker() == "o"}


def test_the_terminal_shows_effects_and_no_shares(fine, coarse):
    fair, none = (printed(show_effects, table) for table in (fine, coarse))
    assert "too coarse" not in fair.lower()
    assert f"Too coarse for a verdict ({WHY})" in none
    lines = set(coarse[coarse["region"] == "Mali"][["scenario", "outcome"]].itertuples(index=False, name=None))
    shown = {(scenario, outcome) for scenario, outcome in lines if outcome in WITH_A_SIDE}
    assert none.count(" too coarse") >= len(shown) - 4, "in the place of the shares"
    share = f"{100 * fine['helped'].max():.0f}/"
    assert share in fair
    assert share not in none


def test_figures_colour_nothing(fine, coarse):
    assert colours(plot_effects(fine)) >= {BLUE, VERMILLION}
    assert colours(plot_effects(coarse)) == {INK}
    assert any(ax.patches for ax in plot_shares(fine).axes)
    assert not any(ax.patches for ax in plot_shares(coarse).axes)
    scenario = "joint_patrols"
    fair, none = (map_effect(table, scenario, "joined") for table in (fine, coarse))
    assert len(painted(none)) == 1, "all grey"
    assert painted(none).isdisjoint(painted(fair))
    for figure in (plot_effects(coarse), plot_shares(coarse), none):
        assert WHY in " ".join(
            " ".join(text.get_text() for text in figure.findobj(match=lambda a: hasattr(a, "get_text"))).split()
        )


def painted(figure):
    """The colours of the regions."""
    return {patch.get_facecolor() for patch in figure.axes[0].patches if patch.get_facecolor()[3] > 0}


def test_the_answer_of_a_report_gives_none_and_its_tables_show_the_differences(records, coarse, monkeypatch):
    monkeypatch.setattr(pictures, "embedded", lambda figure, about: "data:image/png;base64,")
    made = at(records, MOST + 1)
    names = {"joint_patrols": "patrols", "imam_training": "imams"}
    for answer in answers(names, coarse, delivered(made, "baseline"), 550.0, 0.05):
        said = " ".join(answer.sentences)
        assert f"Too coarse for a verdict ({WHY})." in said
        assert not any(word in said for word in ("Better:", "Worse:", "told apart", "Not distinguishable"))
    for block in parts.blocks(coarse, coarse["group"].iloc[0], 550.0):
        for line in block["lines"]:
            assert line["verdict"] in (NO_VERDICT, parts.VERDICTS["no number"])
            assert line["effect"].middle
            assert line["shares"] == []
    assert not parts.worse_regions(coarse, names)
    text = page(comparison(made, measures={name: {name: {}} for name in names}))
    assert WHY in text
    assert "In no region did" not in text
    assert NO_VERDICT in text
