"""The programme against corruption: whom it covers, and what follows."""

import numpy as np
import pytest

from sim.week import begin, run
from tests.measures.acting import GRID, begun, in_regions, lived, moved, people_of, refused, scenario

KEY = "strong_institutions"
FIDELITY = "fidelity_strong_institutions"
WHOLE = {FIDELITY: 1.0}
MOST = {FIDELITY: 0.88}


def share(**settings) -> float:
    return scenario(KEY, settings).measures[KEY].share


def test_a_full_programme_covers_all_districts_and_both_halves():
    assert share() == 1
    assert share(districts=25) == pytest.approx(0.5)
    assert share(districts=200) == 1
    assert share(paid=0.6, inspected=0.2) == pytest.approx(0.4)
    kidal = len({name for name, north in zip(GRID.cercle, in_regions("Kidal"), strict=True) if north})
    assert share(regions=["Kidal"], districts=1) == pytest.approx(1 / kidal)


def test_levers_move_by_their_size_where_it_acts():
    country = begun(KEY, WHOLE, regions=["Mopti"], districts=4, paid=0.5, intensity=0.8)
    p, here = country.parameters, in_regions("Mopti")
    part = 0.8 * 4 / 8 * 0.75
    np.testing.assert_allclose(country.levers.trust_goal, here * part * p.institutions_trust)
    left = 1 - part + part * np.exp(p.institutions_abuse)
    np.testing.assert_allclose(country.levers.abuse_control, np.where(here, left, 1))
    assert moved(country) == {"trust_goal", "abuse_control"}


def test_only_what_really_takes_place_moves_levers():
    country = begun(KEY, {FIDELITY: 0.4})
    np.testing.assert_allclose(country.levers.trust_goal, 0.4 * country.parameters.institutions_trust)


def test_delivered_are_people_of_covered_districts_and_costs_are_as_planned():
    settings = {"regions": ["Mopti", "Gao"], "districts": 6, "cost_per_district_week": 100.0, "start": "2012-03-05",
                "ramp_up_weeks": 1}  # fmt: skip
    made = scenario(KEY, settings, parameters={FIDELITY: 0.5})
    country = begin(made)
    record = lived(country)
    delivered, cost = record[f"delivered_{KEY}"], record[f"cost_{KEY}"]
    strength = np.concatenate([np.zeros(9), [0.5], np.ones(16)])
    np.testing.assert_allclose(delivered[:, 4], strength * 0.5 * 6 / 12 * people_of("Mopti"))
    np.testing.assert_allclose(delivered[:, 6], strength * 0.5 * 6 / 12 * people_of("Gao"))
    np.testing.assert_allclose(cost.sum(axis=1), strength * 6 * 100)
    assert not delivered[:, [0, 1, 2, 3, 5, 7, 8]].any()
    plan = made.measures[KEY].plan(made.clock, GRID)
    assert plan == pytest.approx((0.5 * people_of("Mopti", "Gao"), 16.5 * 600))


def test_what_cannot_be_is_refused_by_name():
    assert refused(KEY, paid=40).endswith("paid is 40; it must be a share between 0 and 1. Did you mean 0.4?")
    assert "measures.strong_institutions has no setting 'district'; it has" in refused(KEY, district=3)


@pytest.mark.parametrize(("effect", "sign"), [(0.22, 1), (-0.12, -1)])
def test_trust_goes_where_the_effect_says(effect, sign):
    values = {**MOST, "institutions_trust": effect, "institutions_abuse": 0.0, "trust_recovery": 0.05}
    with_it, without = (run(scenario(KEY, settings, parameters=values)) for settings in ({}, None))
    gained = (with_it["trust"] - without["trust"])[-1]
    assert (sign * gained > 0).all()
    reached = 0.88 * effect * 0.12 * (1 - 0.95**26)  # SD of trust, and the way there in 26 weeks
    np.testing.assert_allclose(gained, reached, rtol=0.25)


@pytest.mark.parametrize(("effect", "sign"), [(-0.22, -1), (0.12, 1)])
def test_abuses_go_where_the_effect_says(effect, sign):
    values = {**MOST, "institutions_trust": 0.0, "institutions_abuse": effect, "abuse_per_op": 0.5}
    with_it, without = (run(scenario(KEY, settings, parameters=values))["abuses"].sum() for settings in ({}, None))
    assert sign * (with_it - without) > 0
