"""Shared intelligence: whose reports are about which places, and what they change there."""

import numpy as np
import pytest

from sim.measures.base import REGIONS
from sim.population.youth import MEMBER
from sim.processes.measures import measures
from sim.processes.security import security
from sim.world.grid import world_grid
from tests.measures.acting import (
    begun,
    follows_its_plan,
    moved,
    plan,
    refused,
    report,
    shares_its_work_with_partners,
    stays_in,
)
from tests.processes.worlds import NO_MEMBERS, alike, station

KEY = "intelligence_sharing"
GRID = world_grid()
STRONG = {"information_delay": -0.65, "sharing_delay": 0.5}
MORE = 0.5**-0.65  # information where the picture is complete


def near(country: str, km: float) -> np.ndarray:
    """Cells so near to a cell that touches this country."""
    border = np.flatnonzero(GRID.border[:, GRID.country_names.index(country)])
    return np.array([GRID.distance_km(c, border).min() <= km for c in range(1713)])


@pytest.mark.parametrize("km", [0, 100])
def test_it_acts_near_the_borders_of_those_who_take_part(km):
    country = begun(KEY, STRONG, countries=["Niger", "Guinea"], depth_km=km)
    assert moved(country) == {"information"}
    where = near("Niger", km) | near("Guinea", km)
    assert 0 < where.sum() < 1713
    np.testing.assert_allclose(country.levers.information, np.where(where, MORE, 1.0))


def test_a_picture_grows_with_the_reports_until_it_is_complete():
    settings = {"countries": ["Niger", "Burkina Faso"], "reports_needed": 4.0, "depth_km": 60}
    niger, burkina = near("Niger", 60), near("Burkina Faso", 60)
    both = niger & burkina
    assert both.any()
    for reports, one, two in ((1.0, 0.25, 0.5), (3.0, 0.75, 1.0), (40.0, 1.0, 1.0)):
        country = begun(KEY, STRONG, **settings, reports_per_country_week=reports)
        expected = np.where(both, two, np.where(niger | burkina, one, 0.0))
        np.testing.assert_allclose(country.levers.information, 1 - expected + expected * MORE)


def test_partners_without_a_border_add_to_all_of_them():
    settings = {"reports_needed": 10.0, "reports_per_country_week": 2.0, "depth_km": 0}
    country = begun(KEY, STRONG, countries=["Senegal", "Niger", "Chad", "Libya", "Nigeria"], **settings)
    where = near("Senegal", 0) | near("Niger", 0)
    share = (2.0 + 2.0 * 3 / 2) / 10
    np.testing.assert_allclose(country.levers.information, np.where(where, 1 - share + share * MORE, 1.0))
    assert report(country).count.sum() == pytest.approx(10)
    assert report(country).cost_xof.sum() == pytest.approx(5 * 1_500_000)
    alone = begun(KEY, STRONG, countries=["Chad"])
    assert not moved(alone)
    assert not report(alone).count.any()


def test_reports_are_counted_once_and_by_the_regions_they_are_about():
    country = begun(KEY, countries=["Senegal", "Senegal"], depth_km=0)
    np.testing.assert_allclose(report(country).count, 2.0 * (np.arange(9) == REGIONS.index("Kayes")))
    everyone = begun(KEY)
    assert report(everyone).count.sum() == pytest.approx(20), "ten partners of Mali, two reports each"
    assert len(everyone.measures[0].countries) == 10
    part = begun(KEY, countries=["Niger", "Senegal"], regions=["Gao"], depth_km=0)
    assert report(part).count.sum() == pytest.approx(2), "the Senegalese know nothing of Gao"


def test_the_wait_for_reports_costs_even_when_none_come():
    country = begun(KEY, reports_per_country_week=0.0)
    assert not moved(country)
    assert not report(country).count.any()
    assert report(country).cost_xof.sum() == pytest.approx(10 * 1_500_000)


def test_it_follows_its_plan_in_its_regions():
    follows_its_plan(KEY)
    shares_its_work_with_partners(KEY)
    stays_in(KEY, ["Mopti", "Kayes"])


def test_the_plan_is_reports_and_the_cost_of_sharing():
    made = plan(KEY, countries=["Niger", "Chad"], reports_per_country_week=3, cost_per_country_week=7, intensity=0.5)
    assert made.reached_per_week == pytest.approx(3)
    assert made.cost_xof == pytest.approx(17 * 0.5 * 14)
    assert plan(KEY, countries=["Niger"], regions=["Kayes"]) == (0.0, 0.0)


def test_wrong_settings_are_refused_by_name():
    assert "countries item 1 is 'Mali'; it must be 'Algeria'" in refused(KEY, countries=["Mali"])
    assert "did you mean 'Nigeria'?" in refused(KEY, countries=["Nigerya"])
    assert "countries is empty; to switch the measure off" in refused(KEY, countries=[])
    assert "reports_needed is 0.0; it must be 0.01 or more" in refused(KEY, reports_needed=0)
    assert "depth_km is 99999.0; it must be 2000 or less" in refused(KEY, depth_km=99999)


# --- what follows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("elasticity", [-0.65, 0.05])
def test_more_or_fewer_members_are_found_near_the_border_alone(elasticity):
    values = {"information_delay": elasticity, "sharing_delay": 0.5, "detection": 0.3, "answer_rate": 0.0,
              "crowd_members": 1e15, "b_trust_tip": 0.0, "abuse_per_op": 0.0, "wrongful_share": 0.0}  # fmt: skip
    cells = [int(np.flatnonzero(near("Niger", 0))[0]), int(np.argmax(GRID.population * ~near("Niger", 300)))]
    found = {}
    for name, intensity in (("with", 1.0), ("without", 0.0)):
        country = begun(KEY, values, world={"groups": NO_MEMBERS}, countries=["Niger"], intensity=intensity)
        entries = [station(country, cell, 8000) for cell in cells]
        measures(country)
        for cell in cells:
            country.levers.add("joint_patrol_troops", cell, 400.0)
        security(country)
        found[name] = [(country.roster.state[who] != MEMBER).sum() for who in entries]
    hazard = -np.log1p(-found["without"][0] / 8000)
    assert hazard > 0.1
    alike(found["with"][0], 1 - np.exp(-hazard * 0.5**elasticity), 8000)
    assert found["with"][1] == found["without"][1] > 0
    assert (found["with"][0] > found["without"][0]) == (elasticity < 0)
