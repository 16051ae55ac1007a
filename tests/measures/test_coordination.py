"""Coordination: what overlap it removes, and that it does nothing else."""

from typing import ClassVar

import numpy as np
import pytest

from sim.measures import MEASURES
from sim.measures.base import Delivered, Measure, Plan
from sim.parameters import Parameters
from sim.processes.measures import measures
from sim.processes.security import post_units
from sim.week import begin, run
from sim.world import facts
from tests.measures.acting import GRID, begun, lived, moved, people_of, refused, scenario

KEY = "coordination"
FIDELITY = "fidelity_coordination"


class Wells(Measure):
    """Something that partners do, each by their own plan."""

    key: ClassVar[str] = "wells"
    title: ClassVar[str] = "Wells"
    delivers: ClassVar[str] = "wells dug"
    partners: ClassVar[bool] = True

    def apply(self, levers, country):
        """People trust a state in which wells are dug."""
        share = self.carried_out(country)
        if share > 0.0:
            levers.add("trust_goal", self.cells(country), share)

    def report(self, country):
        return Delivered(self.by_people(country, 100 * self.carried_out(country)), np.zeros(9))

    def plan(self, clock, grid):
        return Plan(100.0, 0.0)


@pytest.fixture(autouse=True)
def wells(monkeypatch):
    monkeypatch.setitem(MEASURES, Wells.key, Wells)


def both(settings: dict, wells: dict | bool = True, **other):
    """The measures of a scenario that has both."""
    return scenario(KEY, settings, measures={KEY: settings, "wells": wells}, **other)


def living(made, week=0, fidelity=0.8):
    country = begin(made)
    country.parameters = Parameters({**country.parameters, FIDELITY: fidelity})
    country.week = week
    measures(country)
    return country


def test_its_lever_is_the_share_of_work_that_follows_one_agenda():
    country = begun(KEY, {FIDELITY: 0.8}, intensity=0.5, partners_taking_part=0.6)
    assert country.levers.coordinated == pytest.approx(0.5 * 0.6 * 0.8)
    assert moved(country) == {"coordinated"}
    regional = begun(KEY, {FIDELITY: 0.8}, regions=["Mopti"])
    assert regional.levers.coordinated == pytest.approx(0.8 * people_of("Mopti") / GRID.population.sum())


def test_what_partners_deliver_rises_by_the_overlap_that_is_removed():
    alone, together = living(scenario("wells", {})), living(both({}))
    overlap = alone.parameters.partner_overlap
    dug = [next(m for m in c.measures if m.key == "wells").report(c).count.sum() for c in (alone, together)]
    assert dug[0] == pytest.approx(100 * (1 - overlap))
    assert dug[1] == pytest.approx(100 * (1 - overlap * 0.2))
    np.testing.assert_allclose(together.levers.trust_goal, 1 - overlap * 0.2)


def test_it_delivers_the_measures_of_partners_that_are_at_work():
    made = both({}, {"start": "2012-03-05"})
    before, after = living(made, 8), living(made, 9)
    report = {c.week: next(m for m in c.measures if m.key == KEY).report(c).count for c in (before, after)}
    commands = np.unique(facts.command_places()[before.posted.sum(axis=1) > 0.0]).size
    assert commands > 1
    assert report[8].sum() == pytest.approx(0.8 * commands)
    assert report[9].sum() == pytest.approx(0.8 * (commands + 1))
    np.testing.assert_allclose(report[9][4] / report[9][6], people_of("Mopti") / people_of("Gao"))


def test_costs_are_those_of_the_weeks():
    settings = {"start": "2012-03-05", "cost_per_week": 70.0, "intensity": 0.5}
    made = both(settings)
    country = begin(made)
    record = lived(country)
    np.testing.assert_allclose(record[f"cost_{KEY}"].sum(axis=1), np.where(np.arange(26) < 9, 0, 35))
    assert made.measures[KEY].plan(made.clock, GRID) == (None, 17 * 35)
    dug = record["delivered_wells"].sum(axis=1)
    assert (dug[9:] > dug[0]).all()
    assert (dug[:9] == dug[0]).all()


def test_what_cannot_be_is_refused_by_name():
    assert refused(KEY, partners_taking_part=3).endswith("is 3; it must be a share between 0 and 1. Did you mean 0.03?")
    assert "measures.coordination has no setting 'partner'" in refused(KEY, partner=3)


def test_forces_under_several_commands_do_less_twice():
    with_it, without = begun(KEY, {FIDELITY: 0.8, "command_overlap": 0.4}), begun("", {"command_overlap": 0.4})
    for country in (with_it, without):
        country.units.patrol_share[:] = 0.0  # so that no patrol chooses another place
        post_units(country)
    several = np.count_nonzero(without.by_command, axis=0) > 1
    assert several.any()
    largest = without.by_command.max(axis=0)
    others = without.by_command.sum(axis=0) - largest
    np.testing.assert_allclose(with_it.forces - without.forces, 0.4 * 0.8 * others)
    assert (with_it.forces > without.forces)[several].all()


def test_with_a_measure_of_partners_the_outcome_of_that_measure_grows_from_its_start():
    values = {FIDELITY: 0.88, "trust_recovery": 0.05}
    alone = run(scenario("wells", {}, parameters=values))
    together = run(both({"start": "2012-03-05"}, parameters=values))
    trust = together["trust"] - alone["trust"]
    assert not trust[:9].any()
    assert (trust[9:] > 0).all()
