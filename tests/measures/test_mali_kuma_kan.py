"""The clips of Mali Kuma Kan: whom they reach, how strong they are, what they cost."""

import numpy as np
import pytest

from sim.measures.mali_kuma_kan import filled
from sim.processes.measures import measures
from sim.processes.messages import messages
from sim.scenario import Scenario
from sim.week import advance, begin, finished, record_of
from sim.world.facts import CHANNELS, languages
from sim.world.grid import world_grid
from tests.processes.worlds import with_values

KEY = "mali_kuma_kan"
TONGUES = languages()[0]
OFF = {"capacity": 0, "cost_per_week": 0}
ALL_TONGUES = {"languages": TONGUES}
TV_ONLY = {"tv": {"capacity": 1.0, "coverage": 1.0, "views": 1.0}, "facebook": OFF, "youtube": OFF}


def begun(ppy=2000, run_end="2013-01-07", fidelity=1.0, **settings):
    """The first day of a campaign of which all that is planned is aired."""
    scenario = {"name": "clips", "persons_per_youth": ppy, "end": run_end, "measures": {KEY: settings}}
    return with_values(begin(Scenario.of(scenario), 1), **{f"fidelity_{KEY}": fidelity})


def in_week(country, week: int):
    """The same country after the measures of that week."""
    country.week = week
    measures(country)
    return country


def seen(country) -> np.ndarray:
    measures(country)
    messages(country)
    return country.youth.clips != 0


# --- reach -----------------------------------------------------------------------------------------------


def test_reach_is_capacity_times_coverage_times_penetration():
    """All air time, four fifths of the places, half of the people with a television: two fifths see the clip."""
    country = begun(500, **ALL_TONGUES, tv={"capacity": 1.0, "coverage": 0.8}, facebook=OFF, youtube=OFF)
    country.youth.channels[:] = 0
    country.youth.channels[::2] = 1 << CHANNELS.index("tv")
    reached = seen(country)
    assert reached.mean() == pytest.approx(0.4, abs=4.5 * np.sqrt(0.5 * 0.8 * 0.2 / reached.size))
    assert country.flow("reached_clips").sum() == reached.sum() * 500


def test_nobody_without_the_channel_is_reached():
    country = begun(500, **ALL_TONGUES, tv=OFF, facebook={"capacity": 1.0}, youtube=OFF)
    has = (country.youth.channels >> CHANNELS.index("facebook") & 1).astype(bool)
    assert 0.02 < has.mean() < 0.5
    assert np.array_equal(seen(country), has)


def test_radio_carries_no_clips():
    country = begun(500, **ALL_TONGUES, tv={"capacity": 1.0}, facebook={"capacity": 1.0}, youtube={"capacity": 1.0})
    country.youth.channels[:] = 1 << CHANNELS.index("radio")
    assert not seen(country).any()


@pytest.mark.parametrize("chosen", [["Bambara"], ["Songhay", "Tamasheq"], ["Fulfulde", "Dogon", "Arabic"]])
def test_nobody_is_reached_in_a_language_they_do_not_speak(chosen):
    country = with_values(begun(500, languages=chosen, **TV_ONLY), clip_risk_effect=0.0, clip_shock_effect=0.0)
    country.youth.channels[:] = 1 << CHANNELS.index("tv")
    understands = np.isin(country.society.language, [TONGUES.index(name) for name in chosen])
    assert np.array_equal(seen(country), understands)


def test_regions_are_respected():
    country = begun(500, regions=["Mopti", "Kidal"], **ALL_TONGUES, **TV_ONLY)
    country.youth.channels[:] = 1 << CHANNELS.index("tv")
    region = country.grid.region[country.society.cell]
    assert np.array_equal(seen(country), np.isin(region, [4, 7]))
    delivered = country.measures[0].report(country).count
    assert np.flatnonzero(delivered).tolist() == [4, 7]
    assert delivered.sum() == country.flow("reached_clips").sum()
    assert (country.measures[0].report(country).cost_xof > 0).tolist() == [r in (4, 7) for r in range(9)]


def test_dates_intensity_and_ramp_are_respected():
    country = begun(start="2012-03-05", end="2012-12-31", intensity=0.8, ramp_up_weeks=3, **ALL_TONGUES, **TV_ONLY)
    tv = CHANNELS.index("tv")
    stop = country.clock.weeks - 1
    for week, expected in ((8, 0.0), (9, 0.2), (10, 0.4), (11, 0.6), (12, 0.8), (40, 0.8), (stop, 0.0)):
        reach = in_week(country, week).levers.clip_reach[tv]
        np.testing.assert_allclose(reach, expected)
        assert country.levers.moved("clip_reach") == (expected > 0)


def test_channels_do_not_share_air_time():
    country = in_week(begun(languages=["Bambara"], tv={"capacity": 0.5, "coverage": 0.8, "views": 2.0}), 0)
    reach, views = country.levers.clip_reach, country.levers.clip_views
    bambara = TONGUES.index("Bambara")
    for name, expected in (("radio", 0.0), ("tv", 0.4), ("facebook", 0.4), ("youtube", 0.2)):
        np.testing.assert_allclose(reach[CHANNELS.index(name), bambara], expected)
    assert not np.delete(reach, bambara, axis=1).any()
    assert views.tolist() == [0.0, 2.0, 1.0, 1.0]


def test_of_a_campaign_that_is_carried_out_in_part_so_much_is_aired():
    country = in_week(begun(fidelity=0.6, languages=["Bambara"], tv={"capacity": 0.5, "coverage": 0.8}), 0)
    np.testing.assert_allclose(country.levers.clip_reach[CHANNELS.index("tv"), TONGUES.index("Bambara")], 0.6 * 0.4)


# --- aimed at the threat ----------------------------------------------------------------------------------


def aimed_at(region, shift, **settings):
    """The campaign with a part of it moved to one region."""
    country = begun(500, **ALL_TONGUES, **settings)
    measure, levers = country.measures[0], country.levers
    measures(country)
    levers.reset()
    levers.set("shift", ..., shift)
    levers.set("need", region, 1.0)
    measure.apply(levers, country)
    return country, measure, levers


def tv_by_region(levers) -> np.ndarray:
    reach = levers.clip_reach[CHANNELS.index("tv"), 0]
    return np.array([reach[world_grid().region == r][0] for r in range(9)])


def test_moved_broadcasts_reach_as_many_people_elsewhere():
    tv = {"capacity": 0.05, "coverage": 0.8}
    country, measure, levers = aimed_at(4, 0.25, tv=tv, facebook=OFF, youtube=OFF)
    audience = measure.audience(country.grid)[:, CHANNELS.index("tv")]
    reach = tv_by_region(levers)
    assert reach @ audience == pytest.approx(0.05 * 0.8 * audience.sum())
    np.testing.assert_allclose(np.delete(reach, 4), 0.75 * 0.05 * 0.8)
    assert 0.04 < reach[4] < 0.8
    messages(country)
    seen = np.add.reduceat(country.flow("reached_clips"), country.places.region_first[:-1])
    expected = reach * audience
    assert (np.abs(seen - expected) < 4.5 * np.sqrt(expected * 500) + 0.1 * expected).all()


def test_no_region_is_reached_more_than_in_full_and_what_it_cannot_take_goes_to_the_others():
    tv = {"capacity": 0.5, "coverage": 0.8}
    country, measure, levers = aimed_at(7, 0.5, tv=tv, facebook=OFF, youtube=OFF)  # Kidal: few people
    audience = measure.audience(country.grid)[:, CHANNELS.index("tv")]
    reach = tv_by_region(levers)
    assert reach[7] == pytest.approx(0.8), "everybody whom the transmitter covers"
    assert reach @ audience == pytest.approx(0.5 * 0.8 * audience.sum())
    assert np.ptp(np.delete(reach, 7)) < 1e-12


def test_broadcasts_are_moved_to_no_region_outside_the_campaign():
    country, measure, levers = aimed_at(4, 0.5, regions=["Kayes", "Gao"], **TV_ONLY)
    np.testing.assert_allclose(tv_by_region(levers), np.isin(np.arange(9), [0, 6]).astype(float))
    assert not measure.audience(country.grid)[[1, 2, 3, 4, 5, 7, 8]].any()


def test_filling_stops_at_the_room_and_at_the_amount():
    np.testing.assert_allclose(filled(np.array([10.0, 100.0]), np.array([0.5, 0.5]), 50.0), [10, 40])
    np.testing.assert_allclose(filled(np.array([10.0, 5.0]), np.array([1.0, 1.0]), 50.0), [10, 5])
    np.testing.assert_allclose(filled(np.array([10.0, 5.0]), np.array([1.0, 0.0]), 12.0), [10, 0])
    np.testing.assert_allclose(filled(np.array([3.0, 4.0, 50.0]), np.array([0.6, 0.3, 0.1]), 12.0), [3, 4, 5])


# --- what a clip is --------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [(60, 0, 0), (0, 60, 0), (0, 0, 60), (15, 30, 15), (10, 0, 30)])
def test_the_three_parts_make_the_strength_and_the_shock(parts):
    country = begun(shock_seconds=parts[0], explanation_seconds=parts[1], core_seconds=parts[2])
    p = country.parameters
    in_week(country, 0)
    pull = (parts[0] + parts[1] * p.religious_content + parts[2] * p.active_format) / sum(parts)
    np.testing.assert_allclose(country.levers.clip_pull, pull)
    np.testing.assert_allclose(country.levers.clip_shock, parts[0] / sum(parts))


def test_clips_wear_off_until_they_are_renewed():
    country = begun(renewed_every_weeks=10, start="2012-02-06")
    p, first = country.parameters, 5
    fresh = in_week(country, first).levers.clip_pull[0]
    pulls = [in_week(country, first + week).levers.clip_pull[0] / fresh for week in range(25)]
    np.testing.assert_allclose(pulls, [(1 - p.clip_fatigue) ** (week % 10) for week in range(25)])
    assert p.clip_fatigue > 0


def test_a_clip_without_parts_is_refused():
    from sim.engine.errors import InputError

    with pytest.raises(InputError, match="of no length"):
        begun(shock_seconds=0, explanation_seconds=0, core_seconds=0)


# --- what it delivers and costs --------------------------------------------------------------------------


def lived(country):
    while not finished(country):
        advance(country)
    return record_of(country)


def test_the_cost_is_air_time_and_the_making_of_clips():
    settings = {"tv": {"cost_per_week": 1000}, "facebook": {"cost_per_week": 200}, "youtube": {"cost_per_week": 30},
                "renewed_every_weeks": 20, "clips_per_renewal": 3, "cost_per_clip": 50_000,
                "languages": ["Bambara", "Songhay"], "intensity": 0.5}  # fmt: skip
    country = begun(5000, **settings)
    record = lived(country)
    weeks = country.clock.weeks
    assert weeks == 53
    cost = record["cost_mali_kuma_kan"].sum(axis=1)
    making = np.where(np.arange(weeks) % 20 == 0, 3 * 2 * 50_000, 0)
    np.testing.assert_allclose(cost, 0.5 * 1230 + making)
    np.testing.assert_allclose(
        record["cost_mali_kuma_kan"][0], cost[0] * record.weights["people"] / record.weights["people"].sum()
    )


def test_new_clips_are_made_for_the_first_week_on_air_after_a_renewal():
    """Under a condition: on in weeks 3, 4, 6, 13 and 14, with renewals in weeks 0 and 10."""
    when = {"observable": "attacks", "over_weeks": 1, "above": 5, "lag_weeks": 1, "lasts_weeks": 1}
    settings = {"tv": {"cost_per_week": 1000}, "facebook": OFF, "youtube": OFF, "languages": ["Bambara"],
                "renewed_every_weeks": 10, "clips_per_renewal": 2, "cost_per_clip": 50}  # fmt: skip
    country = begun(5000, when=when, **settings)
    costs = []
    for week in range(16):
        in_week(country, week)
        cost = country.measures[0].report(country).cost_xof
        costs.append(round(cost.sum()))
        country.values[week, :, country.names[f"cost_{KEY}"]] = cost
        country.values[week, 0, country.names["attacks"]] = 9 if week + 1 in (3, 4, 6, 13, 14) else 0
    expected = np.zeros(16)
    expected[[3, 4, 6, 13, 14]] = 1000
    expected[[3, 13]] += 100
    assert costs == expected.tolist()


def test_before_its_start_it_costs_and_delivers_nothing():
    record = lived(begun(5000, start="2012-06-04", end="2012-09-03"))
    for name in ("delivered_mali_kuma_kan", "cost_mali_kuma_kan", "reached_clips", "clips_calmed", "clips_stirred"):
        assert not record[name][:22].any()
    assert record["cost_mali_kuma_kan"][22:].all(axis=1).any()


def test_at_full_intensity_it_reaches_people_and_moves_attitudes_as_the_studies_say():
    whole = {
        "tv": {"capacity": 1, "coverage": 1, "views": 3},
        "facebook": {"capacity": 1},
        "youtube": {"capacity": 1},
        **ALL_TONGUES,
    }
    with_clips = begun(2000, run_end="2012-07-02", **whole)
    without = begin(Scenario.of({"name": "none", "persons_per_youth": 2000, "end": "2012-07-02"}), 1)
    youth, quiet = with_clips.youth, without.youth
    record, plain = lived(with_clips), lived(without)
    assert np.array_equal(record["delivered_mali_kuma_kan"], record["reached_clips"])
    assert plain["reached_clips"].sum() == 0
    users = (youth.channels & 0b1110) > 0
    assert record["reached_clips"][-1].sum() == pytest.approx(users.sum() * 2000, rel=0.02)
    calm = users & (quiet.settled < -0.5)
    assert -0.16 < (youth.attitude - quiet.attitude)[calm].mean() < -0.05, (
        "where there is little support, it falls most"
    )
    at_risk = users & (quiet.settled > 1.5)
    assert (youth.attitude - quiet.attitude)[at_risk].mean() > 0.02, "on those at risk it backfires"
    assert 0 < record["clips_stirred"].sum() < record["clips_calmed"].sum() < users.sum() * 2000


def test_nine_weeks_after_it_stops_at_most_a_quarter_of_what_it_moved_is_left():
    """Target T9: messages that are not repeated vanish within weeks, and friends do not pass them on."""
    times = {"start": "2012-01-02", "end": "2012-07-02"}
    settings = {"tv": {"capacity": 1, "coverage": 1, "views": 3}, **ALL_TONGUES, **times}
    values = {"clip_risk_effect": 0.0, "clip_shock_effect": 0.0}
    told = with_values(begun(2000, run_end="2012-09-10", **settings), **values)
    without = begin(Scenario.of({"name": "none", "persons_per_youth": 2000, "end": "2012-09-10"}), 1)
    shift = lived(told)["attitude_mean"].mean(axis=1) - lived(without)["attitude_mean"].mean(axis=1)
    assert shift[25] < -0.004
    assert 0.0 < shift[25 + 9] / shift[25] < 0.25
