"""The Bamako plan: which sites are hardened, what it costs, where the raids go."""

import numpy as np
import pytest

from sim.processes.measures import measures
from sim.processes.violence import violence
from sim.scenario import Scenario
from sim.week import begin, record_of
from sim.world import facts
from tests.measures.acting import begun, busy, follows_its_plan, lived, moved, plan, refused, report, stays_in
from tests.processes.worlds import NO_MEMBERS

KEY = "bamako_plan"
SITES = {site.name: site for site in facts.sites()}
FREE = {"cost_per_camera": 0.0}  # without a purchase, every week costs the same


def cells(*towns: str) -> np.ndarray:
    return np.isin(np.arange(1713), [SITES[town].cell for town in towns])


@pytest.mark.parametrize(
    ("settings", "protected"),
    [
        ({}, 60),
        ({"sites_covered": 30}, 30),
        ({"cameras": 100}, 33),
        ({"cameras": 2}, 0),
        ({"cameras": 0, "cameras_per_site": 0}, 60),
        ({"sites_covered": 120, "cameras": 1000, "cameras_per_site": 10}, 100),
        ({"sites_listed": 200, "sites_covered": 100}, 100),
    ],
)
def test_a_site_is_protected_when_it_has_a_unit_and_cameras(settings, protected):
    country = begun(KEY, {"site_effect": -0.28, "guard_success": 0.5}, **settings)
    assert moved(country) == ({"site_raids", "site_guard"} if protected else set())
    share = protected / settings.get("sites_listed", 120)
    bamako = cells("Bamako")
    np.testing.assert_allclose(country.levers.site_raids[bamako], 1 - share + share * np.exp(-0.28))
    np.testing.assert_allclose(country.levers.site_guard[bamako], share * 0.5)
    assert (country.levers.site_raids[~bamako] == 1).all()
    assert (country.levers.site_guard[~bamako] == 0).all()
    np.testing.assert_allclose(report(country).count, protected * (np.arange(9) == 8))


def test_towns_outside_the_regions_are_left_out_with_their_sites():
    towns = ["Bamako", "Ségou", "San", "Mopti"]
    country = begun(KEY, towns=towns, regions=["Ségou", "Mopti"], **FREE)
    assert np.array_equal(country.levers.site_raids < 1, cells("Ségou", "San", "Mopti"))
    np.testing.assert_allclose(country.levers.site_guard[cells("San")], 0.5 * country.parameters.guard_success)
    everything = sum(SITES[town].weight for town in towns)
    part = np.zeros(9)
    part[3] = (SITES["Ségou"].weight + SITES["San"].weight) / everything
    part[4] = SITES["Mopti"].weight / everything
    np.testing.assert_allclose(report(country).count, 60 * part)
    running = 60 * 400_000 + 300 * 25_000
    np.testing.assert_allclose(report(country).cost_xof, running * part)
    made = plan(KEY, towns=towns, regions=["Ségou", "Mopti"], **FREE)
    assert made.reached_per_week == pytest.approx(60 * part.sum())
    assert made.cost_xof == pytest.approx(17 * running * part.sum())


def test_with_no_town_in_its_regions_it_is_not_there():
    country = busy(begun(KEY, regions=["Kidal", "Gao"]))
    assert not moved(country)
    assert not report(country).count.any()
    assert not report(country).cost_xof.any()
    assert plan(KEY, regions=["Kidal", "Gao"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    "dates", [{}, {"start": "2012-02-06", "ramp_up_weeks": 3}, {"start": "2012-01-09", "end": "2012-03-05"}]
)
def test_cameras_are_bought_once_and_kept_up(dates):
    settings = {**dates, "intensity": 0.5, "sites_covered": 10, "cameras": 40, "cost_per_unit_week": 100.0,
                "cost_per_camera": 1000.0, "cost_per_camera_week": 5.0}  # fmt: skip
    made = Scenario.of({"name": "bamako", "persons_per_youth": 5000, "end": "2012-04-30", "measures": {KEY: settings}})
    country = begin(made, 1)
    lived(country)
    measure = country.measures[0]
    strength = np.array([measure.strength(country.clock.date(week)) for week in range(17)])
    expected = strength * (10 * 100 + 40 * 5)
    expected[np.flatnonzero(strength)[0]] += 0.5 * 40 * 1000
    record = record_of(country)
    np.testing.assert_allclose(record[f"cost_{KEY}"].sum(axis=1), expected)
    assert measure.plan(made.clock, country.grid).cost_xof == pytest.approx(expected.sum())
    np.testing.assert_allclose(
        record[f"delivered_{KEY}"][:, 8], strength * 10 * country.parameters[f"fidelity_{KEY}"], atol=1e-12
    )


def test_cameras_bought_on_a_condition_are_not_bought_again():
    watched = {"observable": "insecurity", "above": 0.1, "over_weeks": 1, "lag_weeks": 1, "lasts_weeks": 1}
    country = begun(KEY, when=watched, sites_covered=0, cost_per_camera_week=1.0)
    bought = []
    for week in range(6):
        country.week = week
        country.values[week, :, country.names["insecurity"]] = week % 2  # on in weeks 2 and 4
        spent = report(country).cost_xof
        country.values[week, :, country.names[f"cost_{KEY}"]] = spent
        bought.append(spent.sum())
    assert bought == [0, 0, 300 * 25_000_001, 0, 300, 0]


def test_it_follows_its_plan_in_its_regions():
    follows_its_plan(KEY, **FREE)
    stays_in(KEY, ["Sikasso"], towns=["Bamako", "Koutiala", "Sikasso"])


def test_wrong_settings_are_refused_by_name():
    said = refused(KEY, towns=["Bamako", "Koutialla"])
    assert "towns item 2 is 'Koutialla'; high-value sites are in Bamako, Ségou, " in said
    assert said.endswith("did you mean 'Koutiala'?")
    assert "towns item 1 is 'Gao'" in refused(KEY, towns=["Gao"])
    assert "towns is empty; to switch the measure off" in refused(KEY, towns=[])
    assert "has 130 sites_covered, but only 120 sites_listed" in refused(KEY, sites_covered=130)
    assert "sites_listed is 0; it must be 1 or more" in refused(KEY, sites_listed=0, sites_covered=0)
    assert "did you mean 'cameras'?" in refused(KEY, camera=3)


# --- what follows ----------------------------------------------------------------------------------------


def raided(intensity: float, **values):
    """A country in which a group raids towns from Bamako, all sites there hardened or none."""
    values = {"site_effect": -0.28, "attack_rate": 0.0, "raid_rate": 20.0, **values}
    country = begun(KEY, values, world={"groups": NO_MEMBERS}, sites_covered=120, cameras=360, intensity=intensity)
    country.members[0, SITES["Bamako"].cell] = 1600
    measures(country)
    violence(country)
    return country


def test_raids_kept_away_strike_another_town_as_often_as_they_are_displaced():
    hard, soft = raided(1.0, site_displaced=0.67), raided(0.0, site_displaced=0.67)
    bamako = cells("Bamako")
    raids = soft.flow("attacks_sites")[bamako].sum()
    assert raids > 300
    kept = np.exp(-0.28)
    left = hard.flow("attacks_sites")[bamako].sum()
    assert abs(left - raids * kept) < 4.5 * np.sqrt(raids * kept * (1 - kept))
    moved_ = hard.flow("attacks_displaced")
    assert not moved_[bamako].any()
    assert abs(moved_.sum() - (raids - left) * 0.67) < 4.5 * np.sqrt((raids - left) * 0.67 * 0.33)
    assert hard.flow("attacks").sum() == soft.flow("attacks").sum() - (raids - left) + moved_.sum()
    assert not soft.flow("attacks_displaced").any()


def test_guards_keep_some_of_those_trapped_alive():
    guarded, soft = raided(1.0, site_effect=0.0, guard_success=0.5), raided(0.0, guard_success=0.5)
    bamako = cells("Bamako")
    assert np.array_equal(guarded.flow("trapped"), soft.flow("trapped"))
    dead = soft.flow("deaths_sites")[bamako].sum()
    assert dead > 500
    assert abs(guarded.flow("deaths_sites")[bamako].sum() - dead / 2) < 4.5 * np.sqrt(1.5 * dead)
    assert np.array_equal(guarded.flow("deaths_sites")[~bamako], soft.flow("deaths_sites")[~bamako])
