"""Messages: whom they reach, what they do, how they fade."""

import numpy as np
import pytest

from sim.measures.base import REGIONS
from sim.population.imams import IN_TRAINING, TRAINED, speaker_trust, speakers
from sim.processes.messages import CLIPS, COUNSEL, LASTING, PROPAGANDA, messages
from tests.processes.worlds import alike, fullest, quiet, with_values

TV = 1
NO_FADING = {"clip_half_life": 1e12, "counsel_half_life": 1e12, "message_residue": 0.0}


def air(country, reach=1.0, views=1.0, channel=TV) -> None:
    """Show clips on a channel in every language, everywhere, this week."""
    country.levers.reset()
    if reach:
        country.levers.set("clip_reach", channel, reach)
        country.levers.set("clip_views", channel, views)


def effect_on(country) -> np.ndarray:
    """What each youth comes to feel after many clips, in SD."""
    p, cell = country.parameters, country.society.cell
    return (
        p.clip_effect * speaker_trust(country.imams, country.grid, p.imam_credibility)[country.grid.region[cell]]
        + p.clip_risk_effect * country.youth.settled
    )


def everybody_watches(country):
    country.youth.channels[:] = 1 << TV
    return country


# --- campaign clips --------------------------------------------------------------------------------------


@pytest.mark.parametrize("weeks", [[0, 0, 0, 0], [0, 3, 4, 9], [1, 2, 3, 4]], ids=str)
def test_views_spaced_anyhow_add_up_to_the_same_effect(weeks):
    country = everybody_watches(with_values(quiet(5000), **NO_FADING, message_dose=1.5))
    for week in range(10):
        air(country, reach=float(week in weeks), views=float(weeks.count(week)))
        messages(country)
        country.week += 1
    np.testing.assert_allclose(country.youth.clips, effect_on(country) * (1 - np.exp(-4 / 1.5)), atol=1e-6)
    assert np.array_equal(country.youth.recent, country.youth.clips)


def test_the_effect_of_clips_halves_at_its_half_life():
    country = everybody_watches(with_values(quiet(5000), clip_half_life=21, message_residue=0.0))
    air(country, views=3.0)
    messages(country)
    start = country.youth.clips.copy()
    for _ in range(3):
        country.week += 1
        air(country, reach=0.0)
        messages(country)
    np.testing.assert_allclose(country.youth.clips, start / 2, rtol=1e-6)


@pytest.mark.parametrize("weeks_on_air", [1, 60])
def test_a_share_of_the_strongest_that_was_felt_lasts_however_long_a_campaign_went_on(weeks_on_air):
    country = everybody_watches(with_values(quiet(5000), message_residue=0.25, residue_half_life=520))
    settled, youth = country.youth.settled.copy(), country.youth
    for week in range(weeks_on_air + 520):
        air(country, reach=float(week < weeks_on_air), views=30.0)
        messages(country)
        if week == weeks_on_air - 1:
            peak = youth.recent.copy()
            np.testing.assert_allclose(peak, effect_on(country), atol=1e-6)
    np.testing.assert_allclose(youth.recent, 0.25 * peak / 2, atol=2e-4)
    assert np.array_equal(youth.settled, settled)


def test_what_lasts_of_one_kind_gives_way_to_a_stronger_message():
    country = with_values(quiet(5000), message_residue=0.5, residue_half_life=1e12)
    youth = country.youth
    youth.lasting[:3] = -0.02, -0.02, 0.02
    youth.counsel[:3] = -0.01, 0.08, 0.0
    country.felt[:] = COUNSEL | LASTING
    messages(country)
    kept = 0.5 ** (7 / country.parameters.counsel_half_life)
    np.testing.assert_allclose(youth.lasting[:3], [-0.02, 0.04 * kept, 0.02], rtol=1e-5)
    np.testing.assert_allclose(youth.recent[:3], [-0.005 * kept - 0.02, 0.08 * kept, 0.02], rtol=1e-5)


def test_what_is_felt_no_more_is_forgotten():
    country = with_values(quiet(5000), message_residue=0.0)
    youth = country.youth
    youth.clips[0], youth.clips[-1] = 0.9e-5, 2e-5
    youth.propaganda[-1], youth.counsel[0] = 0.9e-5, 2e-5
    youth.lasting[:] = 0.9e-5
    country.felt[:] = CLIPS | PROPAGANDA | COUNSEL | LASTING
    messages(country)
    assert youth.clips[0] == youth.propaganda[-1] == 0
    assert not youth.lasting.any()
    assert youth.clips[-1] == youth.recent[-1] > 0
    assert youth.counsel[0] == youth.recent[0] > 0
    assert country.felt[0] == COUNSEL
    assert country.felt[-1] == CLIPS
    assert not country.felt[1:-1].any()


def test_one_who_feels_something_at_the_end_of_a_long_stretch_is_not_forgotten():
    country = with_values(quiet(100), message_residue=0.0)
    long = int(np.argmax(np.diff(country.society.chunks[:, 1:]).ravel()))
    start, stop = country.society.chunks[long, 1:]
    assert stop - start > 1000
    country.youth.clips[stop - 1] = 0.05
    country.felt[long] = CLIPS
    for _ in range(3):
        messages(country)
        country.week += 1
    assert np.flatnonzero(country.youth.recent).tolist() == [stop - 1]
    assert country.youth.recent[stop - 1] == country.youth.clips[stop - 1] > 0
    assert np.flatnonzero(country.felt).tolist() == [long]


def test_clips_reach_the_share_of_the_users_that_is_aired():
    country = quiet(500)
    youth = country.youth
    youth.channels[:] = 0
    youth.channels[::2] = 1 << TV
    air(country, reach=0.8)
    messages(country)
    seen = youth.clips != 0
    assert not seen[1::2].any()
    alike(seen[::2].sum(), 0.8, seen[::2].size)
    assert country.flow("reached_clips").sum() == seen.sum() * 500
    np.testing.assert_array_equal(
        country.flow("reached_clips"), np.bincount(country.society.cell, seen, len(country.grid)) * 500
    )


def test_two_channels_reach_by_themselves_and_both_views_count():
    country = everybody_watches(with_values(quiet(500), **NO_FADING))
    country.youth.channels[:] = 0b0110
    country.levers.set("clip_reach", 1, 0.5)
    country.levers.set("clip_reach", 2, 0.4)
    country.levers.set("clip_views", 1, 1.0)
    country.levers.set("clip_views", 2, 3.0)
    messages(country)
    dose = country.parameters.message_dose
    part = country.youth.clips / effect_on(country)
    for views, chance in ((0, 0.3), (1, 0.3), (3, 0.2), (4, 0.2)):
        alike((np.abs(part - (1 - np.exp(-views / dose))) < 1e-3).sum(), chance, part.size)


def test_a_clip_of_twice_the_strength_counts_as_two_views():
    one, two = (everybody_watches(quiet(5000)) for _ in range(2))
    air(one, views=2.0)
    air(two, views=1.0)
    two.levers.keep("clip_pull", slice(None), 2.0)
    messages(one)
    messages(two)
    np.testing.assert_allclose(one.youth.clips, two.youth.clips, rtol=1e-6)


def test_only_the_language_that_is_aired_is_understood():
    country = everybody_watches(quiet(2000))
    country.levers.set("clip_reach", (TV, 3), 1.0)
    country.levers.set("clip_views", TV, 1.0)
    messages(country)
    assert np.array_equal(country.youth.clips != 0, country.society.language == 3)
    assert (country.youth.clips != 0).any()


def test_youths_whom_clips_move_are_counted_once_in_each_direction():
    country = everybody_watches(with_values(quiet(500), clip_effect=-0.05, clip_risk_effect=0.06, clip_moved=0.03))
    total = dict.fromkeys(("clips_calmed", "clips_stirred"), 0.0)
    calmed, stirred = np.zeros((2, country.youth.clips.size), bool)
    for _ in range(4):
        air(country, reach=0.7)
        messages(country)
        calmed |= country.youth.clips < -0.03
        stirred |= country.youth.clips > 0.03
        for name in total:
            total[name] += country.flow(name).sum()
        country.week += 1
    assert total == {"clips_calmed": calmed.sum() * 500, "clips_stirred": stirred.sum() * 500}
    assert 0.05 < stirred.mean() < calmed.mean()


def test_the_mean_shift_of_those_at_risk_is_theirs():
    country = everybody_watches(quiet(500))
    air(country, reach=0.7)
    messages(country)
    youth = country.youth
    theirs = youth.clips[(youth.settled > country.parameters.strong_support) & (youth.clips != 0)]
    assert country.flow("clips_at_risk").sum() == theirs.size * 500 > 0
    mean = country.flow("clips_risk_shift").sum() / country.flow("clips_at_risk").sum()
    assert mean == pytest.approx(theirs.mean(dtype=np.float64), abs=1e-6)


def test_the_slope_with_risk_leaves_the_mean_effect_as_it_is():
    """The term of the study is a line around the mean: of a steep one, the mean over all youths is the mean effect."""
    country = everybody_watches(with_values(quiet(500), clip_effect=-0.05, clip_risk_effect=0.2))
    air(country, views=1e6)
    messages(country)
    mine = country.youth.clips.mean(dtype=np.float64)
    assert mine == pytest.approx(-0.05 + 0.2 * country.youth.settled.mean(dtype=np.float64), abs=2e-3)
    assert abs(country.youth.settled.mean()) < 0.03


def test_shocking_images_raise_the_effect_on_those_at_risk_alone():
    plain, shocking = (everybody_watches(with_values(quiet(5000), clip_shock_effect=0.1)) for _ in range(2))
    for country in (plain, shocking):
        air(country, views=1e6)
    shocking.levers.reach("clip_shock", slice(None), 0.25)
    messages(plain)
    messages(shocking)
    more = shocking.youth.clips - plain.youth.clips
    np.testing.assert_allclose(more, 0.1 * 0.25 * plain.youth.settled, atol=1e-6)


def test_trust_in_those_who_speak_makes_the_mean_effect_and_trust_in_soldiers_does_not():
    country = everybody_watches(with_values(quiet(5000), clip_risk_effect=0.0))
    country.trust[:] = country.parameters.trust_mean / 2
    mopti = country.grid.region[country.imams.cell] == 4
    country.imams.credibility[mopti] = country.parameters.imam_credibility / 2
    country.imams.credibility[~mopti] = country.parameters.imam_credibility
    air(country, views=1e6)
    messages(country)
    here = country.grid.region[country.society.cell] == 4
    np.testing.assert_allclose(country.youth.clips, country.parameters.clip_effect * np.where(here, 0.5, 1), rtol=1e-5)


def test_the_dead_see_nothing():
    country = everybody_watches(quiet(5000))
    country.youth.silent[::2] = 1
    air(country)
    messages(country)
    assert not country.youth.clips[::2].any()
    assert country.flow("reached_clips").sum() == country.youth.clips[1::2].size * 5000


# --- propaganda and outreach -----------------------------------------------------------------------------


def test_propaganda_is_heard_where_members_are_and_next_door():
    country = with_values(quiet(100), propaganda_chance=0.3, propaganda_members=20, propaganda_spill=0.25)
    grid, society = country.grid, country.society
    here = fullest(country)
    around = grid.neighbours[here][grid.neighbours[here] >= 0]
    country.members[2, here] = 30
    messages(country)
    heard = country.youth.propaganda != 0
    assert set(np.unique(society.cell[heard])) <= {here, *around.tolist()}
    mine, near = society.cell == here, np.isin(society.cell, around)
    alike(heard[mine].sum(), 0.3 * (1 - np.exp(-30 / 20)), mine.sum())
    alike(heard[near].sum(), 0.3 * (1 - np.exp(-0.25 * 30 / 20)), near.sum())
    full = country.parameters.propaganda_effect * (1 - np.exp(-1 / country.parameters.message_dose))
    np.testing.assert_allclose(country.youth.propaganda[heard], full, rtol=1e-5)


def test_outreach_is_heard_by_those_who_attend_a_trained_imam_in_post():
    country = with_values(quiet(200), outreach_chance=0.3)
    society, people = country.society, country.imams
    people.training[::2] = TRAINED
    people.away_until[::4] = 10
    messages(country)
    heard = country.youth.counsel != 0
    attends = society.imam < people.cell.size
    reached = attends & (society.imam % 4 == 2)
    assert not heard[~reached].any()
    alike(heard[reached].sum(), 0.3, reached.sum())
    assert country.flow("reached_sermons").sum() == heard.sum() * 200
    full = country.parameters.counsel_effect * (1 - np.exp(-1 / country.parameters.message_dose))
    np.testing.assert_allclose(country.youth.counsel[heard], full, rtol=1e-5)


def everybody_hears_a_speaker(**values):
    """A country in which every youth attends a moderate imam, and hears each who speaks out."""
    country = with_values(quiet(5000), **NO_FADING, outreach_chance=1.0, **values)
    country.imams.stance[:] = 0.0
    return country


def test_propaganda_that_is_answered_has_a_part_of_its_effect_on_the_same_people():
    plain, answered, silent = (
        with_values(quiet(500), propaganda_chance=0.3, message_residue=0.0) for _ in range(3)
    )  # fmt: skip
    here = fullest(plain)
    for country in (plain, answered, silent):
        country.members[2, here] = 200
    answered.levers.keep("propaganda", here, 0.4)
    silent.levers.keep("propaganda", slice(None), 0.0)
    for country in (plain, answered, silent):
        messages(country)
    mine = plain.society.cell == here
    assert plain.youth.propaganda[mine].any()
    np.testing.assert_allclose(answered.youth.propaganda[mine], 0.4 * plain.youth.propaganda[mine], rtol=1e-6)
    assert np.array_equal(answered.youth.propaganda[~mine], plain.youth.propaganda[~mine])
    assert plain.youth.propaganda[~mine].any()
    assert not silent.youth.propaganda.any()
    assert not silent.youth.recent.any()


def test_imams_who_speak_out_move_those_who_attend_by_the_effect_of_appeals():
    country = everybody_hears_a_speaker(appeal_effect=-0.1, counsel_effect=0.5)
    country.levers.reach("speaking_out", slice(None), 1.0)
    messages(country)
    attends = country.society.imam < country.imams.cell.size
    full = -0.1 * (1 - np.exp(-1 / country.parameters.message_dose))
    np.testing.assert_allclose(country.youth.counsel, np.where(attends, full, 0.0), rtol=1e-6)
    assert attends.any()
    assert country.flow("reached_sermons").sum() == attends.sum() * 5000


def test_a_share_of_the_imams_of_one_region_speaks_out():
    country = everybody_hears_a_speaker(appeal_effect=-0.1)
    country.levers.reach("speaking_out", 4, 0.3)
    messages(country)
    society, region = country.society, country.grid.region
    heard = country.youth.counsel != 0
    attends = society.imam < country.imams.cell.size
    mine = attends & (region[society.cell] == 4)
    assert not heard[~mine].any()
    imams, first = np.unique(society.imam[mine], return_index=True)
    alike(heard[mine][first].sum(), 0.3, imams.size)


def test_an_appeal_without_effect_is_heard_and_moves_nobody():
    country = everybody_hears_a_speaker(appeal_effect=0.0)
    country.levers.reach("speaking_out", slice(None), 1.0)
    messages(country)
    assert not country.youth.counsel.any()
    assert not country.youth.recent.any()
    assert country.flow("reached_sermons").sum() > 0


def test_the_trained_counsel_and_the_others_appeal():
    country = everybody_hears_a_speaker(appeal_effect=0.1, counsel_effect=-0.1)
    country.imams.training[::2] = TRAINED
    country.levers.reach("speaking_out", slice(None), 1.0)
    messages(country)
    attends = country.society.imam < country.imams.cell.size
    trained = country.society.imam % 2 == 0
    assert (country.youth.counsel[attends & trained] < 0).all()
    assert (country.youth.counsel[attends & ~trained] > 0).all()


def test_only_moderate_imams_in_post_without_a_course_speak_out():
    country = quiet(5000)
    people, region = country.imams, country.grid.region
    people.stance[:] = np.linspace(0, 1, people.stance.size)
    people.training[::3] = TRAINED
    people.training[1::3] = IN_TRAINING
    people.away_until[::2] = 10
    speaks = speakers(people, region, np.ones(len(REGIONS)), 0.5, country.seed, 9)
    who = np.arange(people.stance.size)
    assert np.array_equal(speaks, (people.stance < 0.5) & (who % 3 == 2) & (who % 2 == 1))
    back = speakers(people, region, np.ones(len(REGIONS)), 0.5, country.seed, 10)
    assert np.array_equal(back, (people.stance < 0.5) & (who % 3 == 2))


def test_a_larger_share_adds_speakers_and_those_who_speak_go_on():
    country = quiet(5000)
    people, region = country.imams, country.grid.region
    able = people.stance < 0.5
    before = np.zeros(people.stance.size, bool)
    for share in (0.0, 0.2, 0.6, 1.0):
        asked = np.full(len(REGIONS), share)
        speaks = speakers(people, region, asked, 0.5, country.seed, 0)
        alike(speaks.sum(), share, able.sum())
        assert not (before & ~speaks).any()
        assert np.array_equal(speaks, speakers(people, region, asked, 0.5, country.seed, 100))
        before = speaks
    others = speakers(people, region, np.full(len(REGIONS), 0.2), 0.5, quiet(5000, seed=2).seed, 0)
    assert (others != speakers(people, region, np.full(len(REGIONS), 0.2), 0.5, country.seed, 0)).any()


def test_levers_that_are_set_to_nothing_done_leave_every_bit_as_it_is():
    plain, moved = (with_values(quiet(2000), appeal_effect=0.1, propaganda_chance=0.3) for _ in range(2))
    for country in (plain, moved):
        country.imams.training[::5] = TRAINED
        country.members[2, fullest(country)] = 200
    moved.levers.keep("propaganda", slice(None), 1.0)
    moved.levers.reach("speaking_out", slice(None), 0.0)
    for _ in range(3):
        for country in (plain, moved):
            messages(country)
            country.week += 1
    assert plain.youth.counsel.any()
    assert plain.youth.propaganda.any()
    for name in ("clips", "propaganda", "counsel", "lasting", "recent"):
        assert np.array_equal(getattr(plain.youth, name), getattr(moved.youth, name))


def test_propaganda_fades_like_clips_and_counsel_at_its_own_half_life():
    country = with_values(quiet(5000), clip_half_life=14, counsel_half_life=28, message_residue=0.0)
    youth = country.youth
    for felt in (youth.clips, youth.propaganda, youth.counsel):
        felt[:] = 0.08
    country.felt[:] = CLIPS | PROPAGANDA | COUNSEL
    for _ in range(4):
        messages(country)
        country.week += 1
    np.testing.assert_allclose(youth.clips, 0.02, rtol=1e-5)
    np.testing.assert_allclose(youth.propaganda, 0.02, rtol=1e-5)
    np.testing.assert_allclose(youth.counsel, 0.04, rtol=1e-5)
    np.testing.assert_allclose(youth.recent, 0.08, rtol=1e-5)
