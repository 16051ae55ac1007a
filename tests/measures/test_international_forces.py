"""International forces: who comes when, what their presence does, and what it costs."""

from datetime import date

import numpy as np
import pytest

from sim.processes.security import post_units
from sim.week import begin, run
from sim.world import facts
from sim.world.timeline import WEEKS_PER_YEAR
from tests.measures.acting import GRID, begun, in_week, lived, moved, refused, scenario

KEY = "international_forces"
FORCES = [force.key for force in facts.forces()]
MISSIONS = ("minusma", "serval", "barkhane", "afisma")
OF_2015 = {"start": "2015-01-05", "end": "2015-07-06"}
OF_2013 = {"start": "2012-12-03", "end": "2013-09-02"}


def troops_by_table(day: date, *forces: str) -> np.ndarray:
    """Troops of the table of deployments on a day, by region."""
    out = np.zeros(9)
    for d in facts.deployments():
        if d.force in forces and d.start <= day and (d.end is None or day < d.end):
            out[d.region] += d.troops
    return out


# --- who is there ----------------------------------------------------------------------------------------


def test_without_the_measure_nobody_comes_and_with_it_those_of_the_table():
    without, country = begin(scenario(KEY, None, **OF_2015)), begun(KEY, world=OF_2015)
    assert not without.levers.deployed.any()
    post_units(country)
    foreign = troops_by_table(date(2015, 1, 5), *MISSIONS).sum()
    assert country.troops.sum() - without.troops.sum() == pytest.approx(foreign)
    rows = np.isin(FORCES, MISSIONS)
    assert (country.levers.deployed[rows] == 1).all()
    assert not country.levers.deployed[~rows].any()


@pytest.mark.parametrize(
    ("settings", "forces", "part"),
    [({"forces": ["minusma"]}, ("minusma",), 1.0), ({"forces": ["barkhane"], "intensity": 0.5}, ("barkhane",), 0.5)],
)
def test_only_the_chosen_forces_come_and_as_many_as_the_intensity_says(settings, forces, part):
    without, country = begin(scenario(KEY, None, **OF_2015)), begun(KEY, world=OF_2015, **settings)
    post_units(country)
    foreign = part * troops_by_table(date(2015, 1, 5), *forces)
    assert country.troops.sum() - without.troops.sum() == pytest.approx(foreign.sum())
    np.testing.assert_allclose(country.measures[0].report(country).count, foreign)


def test_they_come_only_to_the_chosen_regions():
    without, country = begin(scenario(KEY, None, **OF_2015)), begun(KEY, world=OF_2015, regions=["Gao"])
    post_units(country)
    more = np.bincount(GRID.region, country.troops, 9) - np.bincount(GRID.region, without.troops, 9)
    expected = np.where(np.arange(9) == 6, troops_by_table(date(2015, 1, 5), *MISSIONS), 0)
    np.testing.assert_allclose(more, expected, atol=1e-6)
    np.testing.assert_allclose(country.measures[0].report(country).count, expected)
    only = np.isin(GRID.region, [6])
    assert (country.levers.attacks_on_civilians[~only] == 1).all()


def test_each_mission_comes_and_goes_at_its_dates():
    country = begin(scenario(KEY, {"cost_per_french_soldier_week": 7.0, "cost_per_soldier_week": 2.0}, **OF_2013))
    record = lived(country)
    delivered, cost = record[f"delivered_{KEY}"].sum(axis=1), record[f"cost_{KEY}"].sum(axis=1)
    # the first week of 2013 that is wholly after a date; weeks in which a mission begins count from their first day on
    by_week = {day: k for k, day in enumerate(record.dates)}
    before, serval, afisma, minusma = (by_week[date(*day)] for day in ((2012, 12, 31), (2013, 1, 21), (2013, 3, 4),
                                                                       (2013, 8, 5)))  # fmt: skip
    assert not delivered[: before + 1].any()
    assert delivered[serval] == pytest.approx(troops_by_table(date(2013, 1, 21), "serval").sum(), rel=0.02)
    assert cost[serval] == pytest.approx(7 * troops_by_table(date(2013, 1, 21), "serval").sum())
    two = [troops_by_table(date(2013, 3, 4), name).sum() for name in ("serval", "afisma")]
    assert cost[afisma] == pytest.approx(7 * two[0] + 2 * two[1])
    assert not troops_by_table(date(2013, 8, 5), "afisma").any()
    two = [troops_by_table(date(2013, 8, 5), name).sum() for name in ("serval", "minusma")]
    assert cost[minusma] == pytest.approx(7 * two[0] + 2 * two[1])
    assert delivered[minusma] == pytest.approx(sum(two), rel=0.1), "those who fell are not all replaced yet"


def test_the_plan_is_what_a_run_costs():
    made = scenario(KEY, {"intensity": 0.5, "start": "2013-02-04", "ramp_up_weeks": 3}, **OF_2013)
    record = run(made)
    plan = made.measures[KEY].plan(made.clock, GRID)
    assert plan.cost_xof == pytest.approx(record[f"cost_{KEY}"].sum())
    assert plan.reached_per_week >= record[f"delivered_{KEY}"].sum(axis=1).max()
    assert plan.reached_per_week == pytest.approx(0.5 * (4000 + 6000)), "Serval at its peak, and AFISMA"


# --- what their presence does ----------------------------------------------------------------------------


def un_companies(country) -> np.ndarray:
    units = country.units
    un = (units.force == FORCES.index("minusma")) & units.active(country.week)
    return np.bincount(units.cell[un], units.strength[un] / 100, len(GRID))


def test_where_the_un_is_present_levers_move_by_their_size():
    values = {"un_rebel": -0.5, "un_state": 0.1, "un_communal": -0.3, "un_companies": 3.0}
    country = begun(KEY, values, world=OF_2015, intensity=0.8)
    presence = 1 - np.exp(-0.8 * un_companies(country) / 3)
    assert 5 < (presence > 0).sum() < 100
    np.testing.assert_allclose(country.levers.attacks_on_civilians, np.exp(-0.5 * presence))
    np.testing.assert_allclose(country.levers.abuse_control, np.exp(0.1 * presence))
    np.testing.assert_allclose(country.levers.communal_violence, np.exp(-0.3 * presence))
    names = {"deployed", "attacks_on_civilians", "abuse_control", "communal_violence", "support"}
    assert moved(country) == names


def test_french_troops_change_none_of_it():
    country = begun(KEY, world=OF_2015, forces=["barkhane", "serval"])
    for name in ("attacks_on_civilians", "abuse_control", "communal_violence"):
        assert (getattr(country.levers, name) == 1).all()


@pytest.mark.parametrize(("effect", "sign"), [(0.053, 1), (-0.013, -1)])
def test_weariness_grows_with_the_years_and_only_where_troops_are_based(effect, sign):
    """They come in March 2015, later than the table says: the years count from then."""
    here = troops_by_table(date(2015, 1, 5), *MISSIONS) > 0
    assert 0 < here.sum() < 9
    for weeks in (0, 13):
        country = in_week(begun(KEY, {"foreign_support": effect}, world=OF_2015, start="2015-03-09"), 9 + weeks)
        expected = here * effect * weeks / WEEKS_PER_YEAR
        np.testing.assert_allclose(country.levers.support, expected, atol=1e-15)
        assert (sign * country.levers.support[here] >= 0).all()


def test_weariness_counts_from_the_day_the_first_foreigners_came_into_the_region():
    country = in_week(begun(KEY, world={"start": "2012-01-02", "end": "2015-01-05"}), 130)  # the end of June 2014
    first = {}
    for d in facts.deployments():
        if d.force in MISSIONS:
            first[d.region] = min(first.get(d.region, 10**6), country.clock.week(d.start))
    here = troops_by_table(country.clock.date(130), *MISSIONS) > 0
    years = np.array([(130 - first[r]) / WEEKS_PER_YEAR if here[r] else 0 for r in range(9)])
    np.testing.assert_allclose(country.levers.support, years * country.parameters.foreign_support)
    assert years[6] > 1
    assert not here[0]
    assert country.levers.support[0] == 0


def test_a_run_that_begins_later_goes_on_with_those_who_are_there():
    early = in_week(begun(KEY, world={"start": "2012-01-02", "end": "2015-07-06"}), 157)
    late = begun(KEY, world={"start": "2015-01-05", "end": "2015-07-06"})
    assert early.clock.date(157) == late.clock.date(0)
    assert late.levers.support.max() > 0
    np.testing.assert_allclose(late.levers.support, early.levers.support)


# --- settings --------------------------------------------------------------------------------------------


def test_what_cannot_be_is_refused_by_name():
    unknown = refused(KEY, forces=["minusna"])
    assert unknown.startswith(
        "measures.international_forces.forces item 1 is 'minusna'; it must be 'minusma', 'serval'"
    )
    assert unknown.endswith("did you mean 'minusma'?")
    nothing = "measures.international_forces.forces is empty; to switch the measure off, write enabled: false"
    assert refused(KEY, forces=[]) == nothing


# --- what comes of it ------------------------------------------------------------------------------------


def test_with_foreign_troops_more_members_are_found():
    runs = {name: run(scenario(KEY, settings, start="2012-12-31", end="2013-07-01"))
            for name, settings in (("with", {}), ("without", None))}  # fmt: skip
    lost = {name: record["killed"].sum() + record["arrests"].sum() for name, record in runs.items()}
    assert lost["with"] > 1.5 * lost["without"]


@pytest.mark.parametrize(("effect", "sign"), [(-0.82, -1), (0.02, 1)])
def test_attacks_on_civilians_under_the_eyes_of_the_un_change_with_the_sign_of_the_effect(effect, sign):
    """The weight of civilians as targets, in cells with UN troops, against a UN that does nothing."""
    from sim.processes.violence import CIVILIANS, opportunity

    acts, idle = (opportunity(begun(KEY, {"un_rebel": e}, world=OF_2015))[CIVILIANS] for e in (effect, 0.0))
    un = un_companies(begun(KEY, world=OF_2015)) > 0
    assert (sign * (acts - idle)[un & (idle > 0)] > 0).all()
    assert (acts[~un] == idle[~un]).all()


def test_support_shifts_where_foreigners_stay():
    values = {"foreign_support": 0.053, "own_pull": 0.08, "peer_pull": 0.003, "noise_sd": 0.0048}
    runs = {name: run(scenario(KEY, settings, parameters=values, start="2013-01-14", end="2014-12-29"))
            for name, settings in (("with", {}), ("without", None))}  # fmt: skip
    shift = (runs["with"]["attitude_mean"] - runs["without"]["attitude_mean"])[-1]
    assert 0.02 < shift[6] < 0.053 * 2
    assert shift[6] > 5 * abs(shift[0])
