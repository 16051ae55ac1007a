"""School reform: slow by nature, and not the same with and without a voice."""

import numpy as np
import pytest

from sim.processes.attitudes import attitudes
from sim.processes.exits import exits
from sim.processes.messages import messages
from sim.world.facts import schooling
from tests.measures.acting import REGION, YOUTHS, begun, by_region, carried_on, in_week, joined

KEY = "school_reform"
AT_SCHOOL = 1.0 - schooling().no_schooling
YEAR = 365.25 / 7


def taught(country):
    """The same country, all of whose youths have been to a reformed school."""
    country.week = 1
    country.values[0, :, country.names[f"delivered_{KEY}"]] = YOUTHS
    return in_week(country, 1)


def test_after_t_years_t_in_21_of_those_who_go_to_school_have_been_through_a_reformed_one():
    country = begun(KEY, world={"end": "2018-12-31"}, schools=0.6, media_literacy=1.0)
    measure, weeks = country.measures[0], 0
    for years in (0.02, 1.0, 2.5, 5.0):
        carried_on(country, int(years * YEAR) - weeks)
        weeks = int(years * YEAR)
        expected = 0.6 * AT_SCHOOL * (weeks + 1) / YEAR / 21
        np.testing.assert_allclose(measure.share_taught(country), expected)
    assert country.values[:, :, country.names[f"delivered_{KEY}"]].sum() == pytest.approx(
        (YOUTHS * 0.6 * AT_SCHOOL).sum() * weeks / YEAR / 21
    )


def test_nobody_is_taught_twice():
    country = taught(begun(KEY))
    np.testing.assert_array_equal(country.measures[0].share_taught(country), 1.0)


@pytest.mark.parametrize("civic", [False, True])
def test_the_levers_move_by_the_share_taught(civic):
    country = carried_on(begun(KEY, civic_role=civic, media_literacy=0.5, regions=["Kayes", "Gao"]), 20)
    p, share = country.parameters, country.measures[0].share_taught(country)
    assert (share > 0).tolist() == [True] + [False] * 5 + [True, False, False]
    support, join = (p.school_voice_support, p.school_voice_join) if civic else (p.school_support, p.school_join)
    np.testing.assert_allclose(country.levers.support, share * support)
    beside = join - p.kappa_att * support  # what the study saw includes what came of their support
    np.testing.assert_allclose(by_region(country.levers.joining), 1 + share * (np.exp(beside) - 1))
    np.testing.assert_allclose(by_region(country.levers.propaganda), 1 - share * 0.5 * p.inoculation)
    np.testing.assert_allclose(country.levers.extra_schooling, 0.1 * np.isin(np.arange(9), [0, 6]))
    assert (country.levers.support[0] < 0) == civic, "with a voice support falls, without one it grows"


def test_it_grows_while_it_lasts_and_what_was_taught_stays():
    country = begun(KEY, world={"end": "2013-12-30"}, end="2012-06-04", ramp_up_weeks=9)
    shares = []
    for _ in range(40):
        carried_on(country, 1)
        shares.append(country.measures[0].share_taught(country)[0])
    growth = np.diff(shares)
    assert (growth[:20] > 0).all()
    assert (np.diff(growth[:8]) > 0).all(), "ever more schools at first"
    np.testing.assert_allclose(growth[22:], 0.0, atol=1e-15)
    assert shares[-1] > 0
    assert not country.levers.moved("extra_schooling")


def test_the_cost_is_that_of_pupils_and_of_extra_years():
    settings = {"schools": 0.5, "extra_year": 0.2, "cost_per_pupil": 300, "cost_per_extra_year": 70}
    country = begun(KEY, intensity=0.5, **settings)
    turning = YOUTHS / 21 / YEAR
    expected = 0.5 * (turning * AT_SCHOOL * 0.5 * 300 + turning * 0.2 * 70)
    np.testing.assert_allclose(country.measures[0].report(country).cost_xof, expected)


@pytest.mark.parametrize(("name", "civic", "effect"), [
    ("school_support", False, 0.22), ("school_support", False, -0.12), ("school_voice_support", True, -0.23),
])  # fmt: skip
def test_pupils_think_as_those_of_the_studies_did(name, civic, effect):
    runs = []
    for size in (0.0, effect):
        country = taught(begun(KEY, {name: size}, civic_role=civic))
        attitudes(country)
        runs.append(country.youth.attitude.astype(float))
    change = (runs[1] - runs[0]).mean()
    assert change == pytest.approx(effect, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "civic", "effect"), [("school_join", False, -0.25), ("school_voice_join", True, 0.07)]
)
def test_pupils_join_as_those_of_the_studies_did(name, civic, effect):
    found = []
    for size in (0.0, effect):
        parameters = {name: size, "kappa_att": 0.0, "b_norm": 0.0, "h0": 0.05}
        country = taught(begun(KEY, parameters, civic_role=civic, ppy=200))
        found.append(joined(country))
    assert found[0] > 10_000
    assert found[1] / found[0] == pytest.approx(np.exp(effect), rel=0.04)


def test_media_literacy_blunts_propaganda():
    felt = []
    for literacy in (0.0, 1.0):
        parameters = {"inoculation": 0.25, "propaganda_effect": 0.15, "propaganda_chance": 0.3}
        country = taught(begun(KEY, parameters, media_literacy=literacy))
        country.members[0] = 50
        messages(country)
        felt.append(country.youth.propaganda.sum())
    assert felt[0] > 1
    assert felt[1] == pytest.approx(0.75 * felt[0], rel=1e-3)


def test_those_who_turn_15_have_been_at_school_a_year_longer():
    years = []
    for share in (0.0, 1.0):
        country = begun(KEY, ppy=200, extra_year=share, regions=["Sikasso", "Bamako"])
        rows = country.society.by_turning[country.society.turning_first[0] : country.society.turning_first[1]]
        exits(in_week(country, 0))
        years.append(country.youth.schooling[rows].astype(int))
    chosen = np.isin(REGION[country.society.cell[rows]], [2, 8])
    assert 0 < chosen.sum() < rows.size
    assert np.array_equal(years[1] - years[0], chosen.astype(int))
