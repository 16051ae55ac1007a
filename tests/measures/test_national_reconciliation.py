"""Dialogues between communities: how many, and what follows."""

import numpy as np
import pytest

from sim.week import advance, begin, record_of
from tests.measures.acting import GRID, QUIET, begun, in_regions, lived, moved, people_of, refused, scenario

KEY = "national_reconciliation"
FIDELITY = "fidelity_national_reconciliation"


def test_a_full_programme_is_a_dialogue_in_every_commune_a_year():
    def share(**settings):
        return scenario(KEY, settings).measures[KEY].share(GRID)

    assert share() == pytest.approx(700 * 23_000 / GRID.population.sum())
    assert share() == pytest.approx(1, abs=0.03)
    assert share(regions=["Mopti"]) == 1
    assert share(dialogues_per_year=70) == pytest.approx(share() / 10)


def test_levers_move_by_their_size_where_it_acts():
    settings = {"dialogues_per_year": 50, "intensity": 0.8, "regions": ["Mopti", "Gao"]}
    country = begun(KEY, {FIDELITY: 0.5}, **settings)
    p, here = country.parameters, in_regions("Mopti", "Gao")
    part = 0.8 * 0.5 * 50 * 23_000 / people_of("Mopti", "Gao")
    left = 1 - part + part * np.exp(p.reconciliation_tension)
    np.testing.assert_allclose(country.levers.communal_violence, np.where(here, left, 1))
    relief = np.isin(GRID.region_names, ["Mopti", "Gao"]) * part * p.relief_rate
    np.testing.assert_allclose(country.levers.grievance_relief, relief)
    assert moved(country) == {"communal_violence", "grievance_relief"}


def test_delivered_are_dialogues_held_and_those_planned_cost():
    settings = {"dialogues_per_year": 365.25, "regions": ["Mopti", "Gao"], "cost_per_dialogue": 10.0,
                "start": "2012-03-05", "end": "2012-05-07"}  # fmt: skip
    made = scenario(KEY, settings, parameters={FIDELITY: 0.5})
    country = begin(made)
    record = lived(country)
    delivered, cost = record[f"delivered_{KEY}"], record[f"cost_{KEY}"]
    on = (np.arange(26) >= 9) & (np.arange(26) < 18)
    np.testing.assert_allclose(delivered.sum(axis=1), on * 0.5 * 7)
    np.testing.assert_allclose(cost.sum(axis=1), on * 7 * 10)
    np.testing.assert_allclose(delivered[10, 4] / delivered[10, 6], people_of("Mopti") / people_of("Gao"))
    assert made.measures[KEY].plan(made.clock, GRID) == pytest.approx((7, 9 * 70))


def test_what_cannot_be_is_refused_by_name():
    negative = refused(KEY, dialogues_per_year=-1)
    assert negative == "measures.national_reconciliation.dialogues_per_year is -1.0; it must be 0 or more"
    assert refused(KEY, dialogs_per_year=3).endswith("did you mean 'dialogues_per_year'?")


@pytest.mark.parametrize(("effect", "sign"), [(-0.48, -1), (0.18, 1)])
def test_clashes_go_where_the_effect_says(effect, sign):
    """Five weeks in which fear rules everywhere."""
    values = {FIDELITY: 0.88, "reconciliation_tension": effect, "communal_rate": 3.0}
    clashes = {}
    for name, settings in (("with", {}), ("without", None)):
        country = begin(scenario(KEY, settings, parameters=values, **QUIET))
        for _ in range(5):
            country.insecurity[:] = 1.0
            advance(country)
        clashes[name] = record_of(country)["clashes"].sum()
    part = 0.88 * 700 * 23_000 / GRID.population.sum()
    ratio = clashes["with"] / clashes["without"]
    assert sign * (ratio - 1) > 0
    assert ratio == pytest.approx(1 - part + part * np.exp(effect), abs=4.5 / np.sqrt(clashes["without"]))


def test_dialogues_take_grievance_away():
    grievance = {}
    values = {FIDELITY: 0.8, "relief_rate": 0.008, "exclusion_grievance": 0.0}
    for name, settings in (("with", {"regions": ["Gao"]}), ("without", None)):
        country = begin(scenario(KEY, settings, parameters=values, **QUIET))
        country.youth.grievance[:] = 0.5
        for _ in range(10):
            advance(country)
        grievance[name] = country.youth.grievance
    gao = in_regions("Gao")[country.society.cell]
    left = np.where(gao, (1 - 0.8 * 0.008) ** 10, 1.0) * grievance["without"]
    np.testing.assert_allclose(grievance["with"], left, rtol=1e-4)
