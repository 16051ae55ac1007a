"""The page of answers before and after, docs/make_answers.py."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.measures import MEASURES

SCRIPT = Path(__file__).parents[2] / "docs" / "make_answers.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_answers", SCRIPT)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(script, shown, effect=-10.0, scenario="joint_patrols", runs=4):
    return script.Answer("alone", scenario, "joined", "whole run", runs, 200.0, effect, effect - 4, effect + 4, shown)


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ("better", "worse", "turned round"),
        ("worse", "better", "turned round"),
        ("better", "better", "as before"),
        ("worse", "not shown", "no longer shown"),
        ("better", "too small to count", "no longer shown"),
        ("not shown", "worse", "now shown"),
        ("not shown", "too few runs", "not shown, then or now"),
    ],
)
def test_how_an_answer_changed(script, then, now, words):
    assert script.change(answer(script, then), answer(script, now)) == words


def test_an_effect_of_another_size_is_told(script):
    then = answer(script, "better")
    assert script.change(then, answer(script, "better", -21.0)) == "as before, but larger"
    assert script.change(then, answer(script, "better", -4.9)) == "as before, but smaller"


def test_the_page_names_what_turned_round_before_anything_else(script):
    old = [answer(script, "better"), answer(script, "better", scenario="coordination")]
    new = [answer(script, "worse", 20.0, runs=20), answer(script, "better", scenario="coordination", runs=20)]
    text = script.page(old, new, 200)
    patrols = f"- {MEASURES['joint_patrols'].title}, people who joined (alone, in full and from the first day)"
    assert f"{patrols}: -5.0 % (-7.0 to -3.0) in version 0.1, +10.0 % (+8.0 to +12.0) now (worse)" in text
    assert text.index("## Turned round") < text.index(patrols) < text.index("## No longer shown\n\nNone.")
    assert "Of all answers: turned round: 1; as before: 1." in text


def test_every_measure_says_what_changed_in_it(script):
    assert {key if key != "international_forces" else script.PART for key in MEASURES} == set(script.WHY)
    assert [s.name for s in script.scenarios("dated", [])][1:] == list(script.WHY)


def test_answers_of_version_0_1_are_complete(script):
    rows = script.read_old()
    for question, windows in (("alone", 1), ("dated", 2)):
        own = [row for row in rows if row.question == question]
        assert len(own) == (len(MEASURES) - 1) * len(script.OUTCOMES) * windows  # no radio drama then
        assert all(row.low <= row.effect <= row.high and row.runs >= 4 for row in own)


def test_weeks_in_force_are_those_of_what_is_not_shared(script):
    one, other = sim.load("joint_patrols"), sim.load("baseline")
    dates = sim.load("baseline", ["end=2014-12-31"]).clock
    days = [dates.date(week) for week in range(dates.weeks)]
    weeks = script.in_force(one.resolved()["measures"], other.resolved()["measures"], days)
    assert days[int(weeks.argmax())].isoformat() == "2014-02-17"
    assert weeks[weeks.argmax() :].all()


def test_intervals_of_pairs(script):
    low, high = script.t_interval(np.array([1.0, 3.0]))
    assert (low, high) == pytest.approx((2 - 6.3138, 2 + 6.3138), abs=1e-3)
