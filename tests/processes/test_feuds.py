"""Clashes between herders and farmers, revenge, militias and those whom they wrong."""

import numpy as np
import pytest

from sim.population.youth import NEVER
from sim.processes.feuds import arm, feuds
from sim.processes.violence import violence
from sim.processes.wrongs import FARMING, HERDING, do_wrong, side_of
from tests.processes.worlds import NO_VIOLENCE, alike, quiet, with_values

CALM = {**NO_VIOLENCE, "feud_revenge": 0.0, "militia_rise": 0.0, "militia_fade": 0.0}
SIDES = (HERDING, FARMING)


def uneasy(insecurity=0.5, **values):
    country = with_values(quiet(5000), **{**CALM, "communal_rate": 400.0, "communal_deaths": 3.0, **values})
    country.insecurity[:] = insecurity
    return country


def remembering(grudge=2.0, side=HERDING, **values):
    """A country where nobody quarrels and one side remembers clashes."""
    country = with_values(quiet(5000), **{**CALM, "feud_revenge": 0.4, "feud_half_life": 8.0, **values})
    country.grudges[side] = grudge
    return country


# --- quarrels ----------------------------------------------------------------------------------------------


def test_herding_gives_way_to_farming_from_north_to_south_and_they_meet_in_between():
    country = quiet(5000)
    p, places, lat = country.parameters, country.places, country.grid.lat
    np.testing.assert_allclose(places.herding, 1 / (1 + np.exp(-(lat - p.herding_latitude) / p.herding_width)))
    assert places.herding[lat > 18].min() > 0.95 > 0.05 > places.herding[lat < 13].max()
    between = np.abs(lat - p.herding_latitude) < 0.2
    assert places.contact[between].min() > 0.97 > places.contact[~between].max()
    people = country.grid.population * (1 - country.grid.urban_share)
    np.testing.assert_allclose(places.quarrels, people / 1e6 * 4 * places.herding * (1 - places.herding))


def test_communities_clash_where_they_share_the_land_in_fear():
    country = uneasy(np.where(np.arange(1713) % 2, 0.8, 0.0))
    means = 400.0 * country.places.quarrels * country.insecurity
    feuds(country)
    clashes = country.flow("clashes")
    assert not clashes[::2].any()
    for region in range(9):
        number = means[country.grid.region == region].sum()
        assert abs(clashes[country.grid.region == region].sum() - number) <= 4.5 * np.sqrt(number) + 1
    assert means.sum() > 400
    killed = country.flow("deaths_communal")
    assert not killed[clashes == 0].any()
    assert abs(killed.sum() - 3.0 * clashes.sum()) < 4.5 * np.sqrt(clashes.sum() * 3 * 4)
    assert np.array_equal(killed, country.flow("deaths_civilian"))
    assert not country.flow("abuses_militias").any()


def test_each_side_begins_half_of_the_quarrels_and_the_other_remembers_them():
    country = uneasy(feud_half_life=8.0)
    country.grudges[:] = np.array([[1.0], [3.0]])
    feuds(country)
    assert (country.grudges >= np.array([[1.0], [3.0]]) * 0.5 ** (1 / 8)).all()
    new = country.grudges - np.array([[1.0], [3.0]]) * 0.5 ** (1 / 8)
    np.testing.assert_allclose(new.sum(axis=0), country.flow("clashes"), atol=1e-9)
    alike(new[HERDING].sum(), 0.5, int(new.sum()))


@pytest.mark.parametrize("factor", [0.0, 0.6])
def test_the_lever_on_communal_violence_only_prevents_clashes_where_it_is_moved(factor):
    plain, calmer = uneasy(), uneasy()
    there = plain.grid.region == 4
    for country in (plain, calmer):
        country.grudges[FARMING] = 1.0
        with_values(country, feud_revenge=0.5)
    calmer.levers.keep("communal_violence", there, factor)
    for country in (plain, calmer):
        feuds(country)
    before, after = plain.flow("clashes"), calmer.flow("clashes")
    assert np.array_equal(after[~there], before[~there])
    assert (after <= before).all()
    mean = 400.0 * 0.5 * plain.places.quarrels + 0.5 * (1 - 0.5 ** (1 / plain.parameters.feud_half_life))
    number = factor * mean[there].sum()
    assert abs(after[there].sum() - number) <= 4.5 * np.sqrt(number)
    assert (calmer.flow("deaths_communal") <= plain.flow("deaths_communal")).all()


def test_a_clash_raises_insecurity_like_an_attack():
    country = uneasy(0.2, attack_fear=0.4, fear_spill=0.25, fear_half_life=42)
    violence(country)
    clashes = country.flow("clashes")
    around = np.array([sum(clashes[n] for n in near if n >= 0) for near in country.grid.neighbours])
    kept = 0.2 * 0.5 ** (1 / 6)
    expected = 1 - (1 - kept) * np.exp(-0.4 * (clashes + 0.25 * around))
    np.testing.assert_allclose(country.insecurity, expected, rtol=1e-12)
    assert clashes.sum() > 100


# --- revenge -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_who_remembers_a_clash_takes_revenge_and_the_other_side_remembers_that(side):
    country = remembering(2.0, side)
    feuds(country)
    clashes = country.flow("clashes")
    mean = 0.4 * (1 - 0.5 ** (1 / 8)) * 2.0
    alike(clashes.sum(), mean, clashes.size)
    assert np.array_equal(country.grudges[1 - side], clashes)
    np.testing.assert_allclose(country.grudges[side], 2.0 * 0.5 ** (1 / 8))


def test_a_clash_brings_about_as_many_others_as_the_table_says():
    country = remembering(1.0, feud_revenge=0.5)
    total = 0.0
    for _ in range(80):
        feuds(country)
        country.grudges[FARMING] = 0.0  # count the first generation alone
        total += country.flow("clashes").sum()
        country.flows[:] = 0.0
        country.week += 1
    alike(total, 0.5, 1713)


def test_a_feud_ends_by_itself_even_if_every_clash_is_remembered():
    country = remembering(1.0, feud_revenge=0.7, feud_half_life=4.0)
    total = 0.0
    for _ in range(150):
        feuds(country)
        total += country.flow("clashes").sum()
        country.flows[:] = 0.0
        country.week += 1
    assert total == pytest.approx(1713 * 0.7 / 0.3, rel=0.12)
    assert country.grudges.sum() < 1713 * 0.02


# --- militias ----------------------------------------------------------------------------------------------


def test_militias_rise_where_neighbours_live_in_fear_without_protection():
    country = with_values(quiet(5000), militia_rise=0.2, militia_fade=0.05, protecting_companies=1.0)
    country.insecurity[:], country.state_presence[:] = 0.5, 0.3
    country.militias[:] = 0.4
    country.forces[::3], country.hold[1::3] = 2.0, 0.8
    arm(country)
    alone = np.full(1713, 0.7)
    alone[::3] = np.exp(-2.0)
    alone[1::3] *= 0.2
    expected = 0.4 + 0.2 * country.places.contact * 0.5 * alone * 0.6 - 0.05 * 0.4
    np.testing.assert_allclose(country.militias, np.stack([expected, expected]))
    far_south = country.grid.lat < 11.5
    assert (country.militias[:, far_south] < 0.4).all()


def test_militias_go_home_and_are_never_more_than_all():
    country = with_values(quiet(5000), militia_rise=0.3, militia_fade=0.05)
    country.militias[:] = 0.8
    arm(country)
    np.testing.assert_allclose(country.militias, 0.8 * 0.95)
    country.insecurity[:], country.state_presence[:] = 1.0, 0.0
    for _ in range(100):
        arm(country)
    assert 0.5 < country.militias.max() < 1.0


@pytest.mark.parametrize("side", SIDES)
def test_an_armed_side_attacks_more_often_and_kills_more(side):
    armed, plain = (uneasy(communal_rate=4000.0, militia_clashes=2.0, militia_deaths=3.0) for _ in range(2))
    armed.militias[side] = 0.5
    for country in (armed, plain):
        feuds(country)
    mean = 4000.0 * 0.5 * plain.places.quarrels.sum()
    for country, clashes, killed in ((plain, 1.0, 3.0), (armed, 0.5 + 0.5 * 2.0, (0.5 * 3.0 + 1.0 * 7.5) / 1.5)):
        found = country.flow("clashes").sum()
        assert abs(found - clashes * mean) < 4.5 * np.sqrt(clashes * mean)
        spread = np.sqrt(found * 2 * killed * (1 + killed))
        assert abs(country.flow("deaths_communal").sum() - found * killed) < 4.5 * spread
    assert armed.grudges[1 - side].sum() == pytest.approx(2 * armed.grudges[side].sum(), rel=0.2)


@pytest.mark.parametrize("side", SIDES)
def test_a_militia_wrongs_people_of_the_other_side_alone(side):
    country = with_values(quiet(500), **CALM, village_kin=0.0, village_persons=500.0, grievance_near=0.0)
    country.week = 3
    central = np.flatnonzero((country.places.contact > 0.8) & (np.diff(country.society.first) > 20))
    counts = np.zeros(1713, np.int64)
    counts[central] = 4000
    do_wrong(country, np.uint32(77), counts, side=side)
    first, rows = country.society.first, country.youth.abuse_week.size
    villages = np.arange(rows)  # one youth stands for a whole village here
    herding = country.places.herding[country.society.cell]
    key = np.uint64(country.world_seed)
    lives = np.array([side_of(v, h, key) for v, h in zip(villages, herding, strict=True)])
    grieved = country.youth.grievance > 0.0
    assert grieved.sum() > 50
    assert (lives[grieved] == side).all()
    assert {HERDING, FARMING} == set(lives[first[central[0]] : first[central[-1] + 1]])
    for kind in (HERDING, FARMING):
        alike((lives == kind).sum(), herding.mean() if kind == HERDING else 1 - herding.mean(), rows)


def test_abuses_by_militias_grow_with_their_strength_and_move_their_victims():
    country = uneasy(communal_rate=4000.0, militia_abuses=5.0, militia_clashes=0.0)
    country.militias[:] = 0.4
    feuds(country)
    clashes = country.flow("clashes").sum()
    abuses = country.flow("abuses_militias").sum()
    assert abs(abuses - 2.0 * clashes) < 4.5 * np.sqrt(2.0 * clashes)
    assert (country.youth.abuse_week > NEVER).any()
    assert not country.flow("abuses").any(), "these are abuses by the forces"


def test_where_nobody_lives_from_the_other_side_nobody_is_wronged():
    country = with_values(quiet(5000), **CALM)
    south = np.flatnonzero((country.places.herding < 1e-4) & (np.diff(country.society.first) > 5))
    counts = np.zeros(1713, np.int64)
    counts[south] = 20
    do_wrong(country, np.uint32(78), counts, side=HERDING)
    assert (country.youth.abuse_week == NEVER).all()
    assert not country.youth.grievance.any()
