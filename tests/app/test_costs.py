"""Cost and cards, without a run."""

from datetime import timedelta

import pytest

import sim
from sim.app import choice, costs
from sim.batches.preview import preview
from sim.measures import MEASURES


def test_the_running_cost_is_the_one_that_check_shows(chosen):
    assert costs.cost(chosen).total == pytest.approx(sum(m.cost_xof or 0 for m in preview(chosen).measures))
    assert costs.cost(chosen).total > 0


def test_half_of_a_measure_costs_half(base):
    whole = choice.switched(base, "joint_patrols", True, base)
    half = choice.changed(whole, "joint_patrols", "intensity", 0.5, base)
    assert costs.cost(half).total == pytest.approx(costs.cost(whole).total / 2)


def test_a_year_costs_as_much_as_the_weeks_of_a_year_in_force(base):
    measure = choice.switched(base, "joint_patrols", True, base).measures["joint_patrols"]
    price = costs.cost_of(measure, base.clock)
    assert price.a_year == pytest.approx(measure.patrols * measure.cost_per_patrol_week * 365.25 / 7)
    assert price.total == pytest.approx(measure.patrols * measure.cost_per_patrol_week * base.clock.weeks)


def test_every_measure_has_a_card_that_says_what_it_is(base, chosen):
    cards = {card["key"]: card for card in costs.cards(chosen, base)}
    assert cards.keys() == MEASURES.keys()
    assert {key for key, card in cards.items() if card["on"]} == set(chosen.measures)
    assert cards["joint_patrols"]["regions"] == ["Mopti", "Gao"]
    assert all(card["title"] and card["what"].endswith(".") and card["cost"] for card in cards.values())


def test_a_measure_in_phases_is_told_and_not_edited(base):
    phases = [{"end": "2012-01-30", "intensity": 0.5}, {"start": "2012-02-06"}]
    made = base.replaced({"measures.joint_patrols": {"phases": phases}})
    [card] = [card for card in costs.cards(made, base) if card["key"] == "joint_patrols"]
    assert "2012-01-02 to 2012-01-30: all, 50 %" in card["fixed"]


def test_a_measure_outside_the_years_is_idle(base):
    made = choice.switched(base, "joint_patrols", True, base)
    after_the_last_week = (base.end - timedelta(days=1)).isoformat()
    made = choice.changed(made, "joint_patrols", "end", base.end.isoformat(), base)
    made = choice.changed(made, "joint_patrols", "start", after_the_last_week, base)
    [card] = [card for card in costs.cards(made, base) if card["key"] == "joint_patrols"]
    assert card["idle"]
    assert costs.cost(made).total == 0


def test_a_choice_is_told_by_its_measures(base, chosen):
    assert costs.titles(base) == "no measure beyond the international forces of the time"
    assert "Joint border patrols" in costs.titles(chosen)
    without = choice.switched(base, "international_forces", False, base)
    assert costs.titles(without) == "no measure, and no international forces"


def test_the_budget_is_for_what_is_chosen_and_not_for_the_international_forces():
    base = sim.load("baseline")
    assert costs.cost(base).total > 1e11, "the forces of the time cost much"
    assert costs.chosen(base).total == 0
    assert "for the international forces" in costs.told(base)
    made = choice.switched(base, "joint_patrols", True, base)
    patrols = costs.cost_of(made.measures["joint_patrols"], made.clock)
    assert costs.chosen(made).total == pytest.approx(patrols.total)
