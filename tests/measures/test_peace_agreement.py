"""The peace agreement: how far it is carried out, and what follows."""

from datetime import date

import numpy as np
import pytest

from sim.measures.peace_agreement import PeaceAgreement
from sim.processes.security import post_units
from sim.week import advance, begin
from sim.world import facts
from tests.measures.acting import GRID, QUIET, begun, in_regions, in_week, lived, moved, people_of, refused, scenario

KEY = "peace_agreement"
NORTH = ("Tombouctou", "Gao", "Kidal")
NOW = {"done": [{"after_weeks": 0, "commitments": 78}]}
FORCES = [force.key for force in facts.forces()]


def level(day: str, **settings) -> float:
    return PeaceAgreement(**{"start": "2015-06-20", **settings}).level(date.fromisoformat(day))


# --- how far it is carried out ---------------------------------------------------------------------------


def test_the_record_is_twenty_of_78_by_the_end_of_2018_and_two_in_that_year():
    assert level("2015-06-20") == 0
    assert level("2017-12-31") * 78 == pytest.approx(18, abs=0.05)
    assert level("2018-12-31") * 78 == pytest.approx(20, abs=0.05)
    assert level("2025-01-01") * 78 == pytest.approx(20)
    evenly = [level(day) for day in ("2016-04-16", "2017-02-11")]  # 43 and 86 weeks on, of 132
    np.testing.assert_allclose(evenly, [18 / 78 * 43 / 132, 18 / 78 * 86 / 132])


def test_an_agreement_that_is_quickly_implemented_is_one_line():
    quick = {"done": [{"after_weeks": 52, "commitments": 78}]}
    assert level("2015-06-20", **quick) == 0
    assert level("2015-12-19", **quick) == pytest.approx(0.5)
    assert level("2016-06-18", **quick) == level("2018-06-18", **quick) == 1


def test_points_before_the_start_say_how_far_it_was_then():
    older = {
        "start": "2016-01-04",
        "done": [{"after_weeks": -28, "commitments": 0}, {"after_weeks": 28, "commitments": 10}],
    }
    assert level("2016-01-04", **older) * 78 == pytest.approx(5)
    assert scenario(KEY, {"done": older["done"]}).measures[KEY].done[0].after_weeks == -28


def test_the_pace_multiplies_the_level_up_to_the_whole():
    measure = PeaceAgreement(start="2015-06-20")
    day = date(2018, 12, 31)
    assert measure.level(day, 1.15) == pytest.approx(1.15 * measure.level(day))
    assert measure.level(day, 10.0) == 1.0


def test_what_cannot_be_is_refused_by_name():
    assert refused(KEY, done=[]).startswith("measures.peace_agreement has no points in done")
    many = refused(KEY, done=[{"after_weeks": 0, "commitments": 0}, {"after_weeks": 9, "commitments": 79}])
    assert many == "measures.peace_agreement has done item 2 with 79 commitments; there are 78"
    backwards = refused(KEY, done=[{"after_weeks": 9, "commitments": 1}, {"after_weeks": 9, "commitments": 2}])
    assert "has done item 2 after 9 weeks; it must be later than the item before" in backwards
    assert "measures.peace_agreement.done item 1 has no commitments, which it needs" in refused(
        KEY, done=[{"after_weeks": 0}]
    )
    assert "done item 1.after_weeks is 0.5; it must be a whole number of weeks" in refused(
        KEY, done=[{"after_weeks": 0.5, "commitments": 3}]
    )
    assert "has no setting 'levle'" in refused(KEY, levle=1)
    assert "security is 12; it must be a share between 0 and 1" in refused(KEY, security=12)


# --- levers ----------------------------------------------------------------------------------------------


def test_levers_move_by_their_size_in_the_north_alone():
    country = begun(KEY, **NOW, social=0.5, intensity=0.8)
    p, levers, north = country.parameters, country.levers, in_regions(*NORTH)
    spoilers = 0.8 * p.agreement_spoilers  # all of it carried out within a year
    np.testing.assert_allclose(levers.attack_rate, np.where(north, np.exp(0.8 * p.agreement_attacks + spoilers), 1))
    told = np.exp(0.8 * 0.8 * p.agreement_information)
    np.testing.assert_allclose(levers.information, np.where(north, told, 1), err_msg="security provisions at 0.8")
    np.testing.assert_allclose(levers.movements_hold, np.where(north, 1 - 0.8 * 0.8, 1), err_msg="security provisions")
    np.testing.assert_allclose(levers.communal_violence, np.where(north, np.exp(0.8 * p.agreement_violence), 1))
    relief = np.isin(GRID.region_names, NORTH) * 0.8 * 0.5 * p.relief_rate
    np.testing.assert_allclose(levers.grievance_relief, relief)
    assert moved(country) == {
        "attack_rate", "communal_violence", "grievance_relief", "approaches", "deployed", "information",
        "movements_hold",
    }  # fmt: skip


def test_approaches_of_groups_rooted_in_the_north_follow_the_political_provisions():
    country = begun(KEY, **NOW, political=0.5)
    g = country.groups.keys.index("ansar_dine")
    rooted = np.array([in_regions(*NORTH)[homes].mean() for homes in country.groups.home_cells])
    assert 0 < rooted[country.groups.keys.index("jnim")] <= 1, "also the heirs of those that have ended"
    assert rooted[country.groups.keys.index("macina")] < 0.05
    expected = 1 + rooted * np.expm1(0.5 * country.parameters.agreement_inflow)
    np.testing.assert_allclose(country.levers.approaches, expected)
    partly = begun(KEY, **NOW, regions=["Tombouctou"])
    at_home = in_regions("Tombouctou")[partly.groups.home_cells[g]].mean()
    assert 0 < at_home < 1
    left = 1 - at_home + at_home * np.exp(partly.parameters.agreement_inflow)
    assert partly.levers.approaches[g] == pytest.approx(left)


def test_those_who_want_to_break_it_strike_when_it_makes_progress():
    values = {"agreement_spoilers": 0.5, "agreement_attacks": 0.0}
    steps = [{"after_weeks": 0, "commitments": 0}, {"after_weeks": 52, "commitments": 39}]
    country = begun(KEY, values, done=steps, world={"end": "2014-12-29"})
    kidal = np.flatnonzero(in_regions("Kidal"))[0]
    for week, progress in ((0, 0.0), (26, 0.25), (52, 0.5), (78, 0.25), (104, 0.0)):
        in_week(country, week)
        assert country.levers.attack_rate[kidal] == pytest.approx(np.exp(0.5 * progress))


def test_another_pace_changes_the_level():
    country = begun(KEY, done=[{"after_weeks": 0, "commitments": 39}])
    country.levers.reset()
    country.levers.keep("implementation", ..., 1.5)
    country.measures[0].apply(country.levers, country)
    cell = np.flatnonzero(in_regions("Kidal"))[0]
    p = country.parameters
    assert country.levers.attack_rate[cell] == pytest.approx(
        np.exp(0.75 * (p.agreement_attacks + p.agreement_spoilers))
    )
    assert country.measures[0].report(country).count.sum() == pytest.approx(0.75 * 78)


def test_women_at_the_table_change_the_pace():
    women = {"women_and_civil_society": {"regions": "all"}}
    both = begin(scenario(KEY, NOW, measures={KEY: {"done": [{"after_weeks": 0, "commitments": 39}]}, **women}))
    pace = float(both.levers.implementation)
    assert pace > 1
    agreement = next(measure for measure in both.measures if measure.key == KEY)
    assert agreement.report(both).count.sum() == pytest.approx(pace * 39)


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({}, 1.0),
        ({"intensity": 0.5}, 0.5),
        ({"security": 0.4}, 0.5),
        ({"mixed_units": 0.3}, 0.3),
        ({"done": [{"after_weeks": 52, "commitments": 78}]}, 1.0),
        ({"done": [{"after_weeks": 0, "commitments": 0}]}, 0.0),
        ({"regions": ["Kidal"]}, 0.0),
    ],
)
def test_the_joint_units_of_gao_form_as_far_as_security_provisions_are_carried_out(settings, part):
    of_2017 = {"start": "2015-06-15", "end": "2017-06-19"}
    country = in_week(begun(KEY, world=of_2017, start="2015-06-20", **settings), 90)
    post_units(country)
    units = country.units
    mixed = (units.force == FORCES.index("ex_separatist")) & units.active(90)
    assert units.nominal[mixed].sum() == pytest.approx(600)
    np.testing.assert_allclose(units.present[mixed], part, atol=0.01)
    forces = np.array(FORCES) != "ex_separatist"
    assert not country.levers.deployed[forces].any()


# --- delivered and cost ----------------------------------------------------------------------------------


def test_delivered_are_the_commitments_carried_out_and_costs_those_of_the_weeks():
    settings = {"start": "2012-03-05", "end": "2012-05-07", "cost_per_week": 1000.0, "regions": ["Gao", "Kidal"],
                "done": [{"after_weeks": 8, "commitments": 40}]}  # fmt: skip
    made = scenario(KEY, settings)
    country = begin(made)
    record = lived(country)
    delivered, cost = record[f"delivered_{KEY}"], record[f"cost_{KEY}"]
    weeks = np.arange(26)
    inside = (weeks >= 9) & (weeks < 18)
    np.testing.assert_allclose(delivered.sum(axis=1), np.where(inside, 5 * (weeks - 9), 0))
    np.testing.assert_allclose(cost.sum(axis=1), np.where(inside, 1000, 0))
    share = people_of("Gao") / people_of("Gao", "Kidal")
    np.testing.assert_allclose(delivered[17, 6:8], [40 * share, 40 * (1 - share)])
    assert not delivered[:, :6].any()
    plan = made.measures[KEY].plan(made.clock, GRID)
    assert plan == pytest.approx((40, 9 * 1000))


# --- what comes of it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("effect", "sign"), [(-0.48, -1), (0.18, 1)])
def test_attacks_in_the_north_change_with_the_sign_of_the_effect(effect, sign):
    """Half a year in which the groups do not move: attacks by their rates."""
    still = {"move_chance": 0.005, "agreement_attacks": effect, "agreement_inflow": 0.0, "agreement_spoilers": 0.0,
             "agreement_information": 0.0, "attack_rate": 0.02}  # fmt: skip
    runs = {}
    for name, settings in (("with", NOW), ("without", None)):
        country = begin(scenario(KEY, settings, parameters=still))
        runs[name] = lived(country)["attacks"][:, 5:8].sum()
    assert sign * (runs["with"] - runs["without"]) > 0
    assert runs["with"] / runs["without"] == pytest.approx(np.exp(effect), abs=0.2)


def test_relief_takes_grievance_away():
    grievance = {}
    for name, settings in (("with", NOW), ("without", None)):
        country = begin(scenario(KEY, settings, parameters={"relief_rate": 0.008}, **QUIET))
        country.youth.grievance[:] = 0.5
        for _ in range(10):
            advance(country)
        grievance[name] = country.youth.grievance[in_regions("Gao")[country.society.cell]].mean()
    assert grievance["with"] / grievance["without"] == pytest.approx((1 - 0.008) ** 10, rel=1e-3)
