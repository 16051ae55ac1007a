"""Tables of a comparison: what was changed, what was paid, what was delivered, in words that say what it rests on."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim.comparison.delivered import delivered
from sim.comparison.effects import effects
from sim.measures import MEASURES
from sim.views.tables import PLAIN_WIDTH, show_effects
from sim.views.words import difference, measure, number


def shown(table, given=None, width=PLAIN_WIDTH, rate=550):
    """The tables as text."""
    text = io.StringIO()
    show_effects(table, Console(file=text, width=width, no_color=True, highlight=False), rate, given)
    return text.getvalue()


def line(text, start, after=""):
    """The first line that begins with a word, behind a heading."""
    return next(line for line in text[text.index(after) :].splitlines() if line.strip().startswith(start))


def chosen(every_measure, *names, draws=None):
    return {
        name: {key: record for key, record in every_measure[name].items() if draws is None or key.draw in draws}
        for name in ("baseline", *names)
    }


@pytest.fixture(scope="module")
def found(every_measure):
    return effects(every_measure, "baseline"), delivered(every_measure, "baseline")


@pytest.fixture(scope="module")
def whole(found):
    return shown(*found)


def test_the_heading_says_what_the_numbers_rest_on_and_what_lets_them_differ(whole, every_measure):
    assert "same draws and seeds, Mali, whole run (12 draws of parameters, 1 seed each)" in whole
    assert "median [5-95 % of draws]; the interval covers luck and the parameters that are not known" in whole
    assert "help/harm/none: % of draws in which the scenario helped, harmed or did nothing" in whole
    by_seed = {
        name: {key.draw: r for key, r in runs.items()} for name, runs in chosen(every_measure, "joint_patrols").items()
    }
    text = shown(effects(by_seed, "baseline"))
    assert "same seeds, Mali, whole run (12 seeds)" in text
    assert "mean [90 % interval of the mean]; the interval covers luck only" in text
    assert "help/harm/none: % of seeds" in text


def test_two_dozen_scenarios_have_a_line_each_with_effect_interval_and_shares(whole, found):
    table = found[0].set_index(["scenario", "outcome", "region"])
    for key in MEASURES:
        row = table.loc[(key, "joined", "Mali")]
        effect = difference(row["median"], row["p5"], row["p95"])
        shares = "/".join(f"{100 * row[name]:.0f}" for name in ("helped", "harmed", "nothing"))
        told = line(whole, measure(key), "What is sought")
        assert effect in told
        assert told.split(effect)[1].split()[0] == shares
    assert "by region" not in whole, "more scenarios than can be read side by side"


def test_no_line_is_wider_than_it_may_be_and_none_is_cut(whole):
    assert max(map(len, whole.splitlines())) <= PLAIN_WIDTH
    assert "…" not in whole


def test_the_ledger_has_every_harm_and_the_cost(whole):
    ledger = whole[whole.index("The ledger of harm") :]
    for word in (
        "abuses by",
        "wrongful arrests",
        "stirred",
        "imams silenced",
        "attacks moved",
        "elsewhere",
        "cost",
    ):
        assert word in ledger
        assert word not in whole[whole.index("What is sought") : whole.index("The ledger of harm")]
    assert "–: the measures act in every region, or no run has finished." in ledger


def test_what_was_delivered_and_its_cost_stand_below(whole):
    told = line(whole, "Bamako plan", "What the measures delivered")
    assert "100 sites protected" in told
    assert "270,000 XOF (491 USD)" in told
    assert "delivered nothing" in line(whole, "Sermons drafted", "What the measures delivered")


def test_few_scenarios_stand_side_by_side_with_tables_by_region(every_measure):
    few = chosen(every_measure, "joint_patrols", "bamako_plan")
    text = shown(effects(few, "baseline"), delivered(few, "baseline"))
    assert "People who joined, by region" in text
    assert "trust in the security forces, 0 to 1 (more is better)" in text
    assert "cost, XOF (no better side)" in text
    heads = line(text, "outcome (less is better)").strip().removeprefix("outcome (less is better)")
    assert heads.split() == ["baseline", "joint_patrols", "none", "bamako_plan", "none"]
    narrow = shown(effects(few, "baseline"), delivered(few, "baseline"), width=100)
    assert max(map(len, narrow.splitlines())) <= 100


def test_measures_left_out_changed_or_several_are_named(every_measure):
    few = chosen(every_measure, "joint_patrols")
    given = delivered(few, "baseline")
    more = pd.concat([
        given.assign(scenario="package", change="added"),
        given.assign(scenario="package", measure="imam_training", change="changed"),
        given.assign(scenario="base_without_joint_patrols", change="left out"),
    ])  # fmt: skip
    below = shown(effects(few, "baseline"), more)
    below = below[below.index("What the measures delivered") :]
    assert f" {measure('joint_patrols')}  " in line(below, "package")
    assert "Training of imams in Morocco (changed)" in below
    assert f"{measure('joint_patrols')} (left out)" in line(below, "base_without")


def test_a_measure_that_often_delivers_nothing_says_so(every_measure):
    few = chosen(every_measure, "joint_patrols")
    given = delivered(few, "baseline").assign(delivered_nothing=0.25)
    assert "(nothing in 25 % of runs)" in shown(effects(few, "baseline"), given)
    assert "acts in no week" in shown(effects(few, "baseline"), given.assign(weeks=0, delivered_nothing=1.0))


def test_few_draws_and_missing_runs_are_told(every_measure):
    one = shown(effects(chosen(every_measure, "joint_patrols", draws=[1]), "baseline"))
    assert "With one draw there is no interval; ask for more with --draws." in one
    nine = shown(effects(chosen(every_measure, "joint_patrols", draws=range(1, 10)), "baseline"))
    assert "Fewer than ten draws: intervals are wide and shares are coarse." in nine
    none = chosen(every_measure, "joint_patrols", "bamako_plan")
    none["bamako_plan"] = {}
    text = shown(effects(none, "baseline"))
    assert "Some scenarios have no run that both they and the baseline finished." in text
    assert line(text, "people who joined").split()[-1] == "–"


def test_a_baseline_that_is_not_the_same_for_all_is_not_shown_as_one_number(every_measure):
    few = chosen(every_measure, "joint_patrols", "bamako_plan")
    table = effects(few, "baseline")
    here = (table.outcome == "joined") & (table.scenario == "bamako_plan")
    table.loc[here, "baseline_mean"] *= 2
    assert "differs" in line(shown(table), "people who joined")


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((5.25, 0.705, 9.79), "+5.2 [+0.7, +9.8]"),
        ((-0.00004, -0.00009, 0.00001), "0.0000 [-0.0001, 0.0000]"),
        ((-1234.5, -2000.0, -500.0), "-1,234 [-2,000, -500]"),
        ((3.0, np.nan, np.nan), "+3"),
        ((0.0, 0.0, 0.0), "0"),
        ((np.nan, np.nan, np.nan), "–"),
    ],
)
def test_a_difference_has_the_decimals_that_its_interval_deserves(numbers, text):
    assert difference(*numbers) == text


def test_numbers_have_three_figures_that_count():
    assert [number(x) for x in (0.0, 0.00001, 0.123456, 99.95, 12345.6, np.inf)] == [
        "0", "1.0e-05", "0.123", "100", "12,346", "–"]  # fmt: skip
