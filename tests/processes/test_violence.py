"""Attacks by armed groups, and what they do to places."""

import numpy as np
import pytest
from worlds import NO_VIOLENCE, alike, day, fullest, quiet, with_values

from sim.population.imams import IN_TRAINING
from sim.processes.violence import deaths, opportunity, violence

EVERYWHERE = slice(None)


def held(members: int, group: int = 0, **values):
    """A country with so many members of a group in every cell."""
    country = with_values(quiet(5000), **{"raid_rate": 0.0, **values})
    country.members[group] = members
    return country


# --- attacks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.5, 0.6, 1.0])
def test_attacks_grow_with_the_members_to_the_power_gamma(gamma):
    for members in (1, 16):
        country = held(members, attack_rate=2.0, attack_gamma=gamma)
        expected = (2.0 * members**gamma * opportunity(country).sum(axis=0)).sum()
        violence(country)
        assert expected > 500
        assert abs(country.flow("attacks").sum() - expected) < 4.5 * np.sqrt(expected)
        assert np.array_equal(country.attacks_now[0], country.flow("attacks"))


def test_fewer_members_attack_less_and_never_otherwise():
    a, b = held(9, attack_rate=0.5), held(16, attack_rate=0.5)
    violence(a)
    violence(b)
    assert (a.flow("attacks") <= b.flow("attacks")).all()
    assert a.flow("attacks").sum() < b.flow("attacks").sum()


def test_targets_are_picked_by_their_weight_and_presence():
    country = held(9, attack_rate=5.0, target_forces=0.5, target_officials=0.3, target_civilians=0.2)
    country.troops[:] = 100.0
    weights = opportunity(country)
    expected = 5.0 * 9**country.parameters.attack_gamma * weights.sum(axis=1)
    violence(country)
    for name, number in zip(("forces", "officials", "civilians"), expected, strict=True):
        assert abs(country.flow(f"attacks_{name}").sum() - number) < 4.5 * np.sqrt(number)
    parts = sum(country.flow(f"attacks_{name}") for name in ("forces", "officials", "civilians", "sites"))
    assert np.array_equal(parts, country.flow("attacks"))


def test_opportunity_is_what_is_within_reach():
    country = quiet(5000)
    p, cell = country.parameters, fullest(country)
    none = opportunity(country)
    assert not none[0].any(), "without troops there are none to attack"
    np.testing.assert_allclose(none[1], p.target_officials * country.state_presence)
    country.troops[cell] = p.target_troops
    country.state_presence[cell] = 0
    some = opportunity(country)
    around = country.grid.neighbours[cell][country.grid.neighbours[cell] >= 0]
    assert some[0, cell] == pytest.approx(p.target_forces * (1 - np.exp(-1)))
    np.testing.assert_allclose(some[0, around], p.target_forces * (1 - np.exp(-p.patrol_spill)))
    assert np.flatnonzero(some[0]).size == 1 + around.size
    assert some[1, cell] == 0


def test_raids_hit_towns_with_sites_alone():
    country = with_values(quiet(5000), attack_rate=0.0, raid_rate=20.0)
    country.members[0, fullest(country)] = 400
    violence(country)
    sites = country.places.sites
    attacks = country.flow("attacks")
    expected = 20.0 * 400**country.parameters.attack_gamma
    assert abs(attacks.sum() - expected) < 4.5 * np.sqrt(expected)
    assert np.array_equal(country.flow("attacks_sites"), attacks)
    assert set(np.flatnonzero(attacks)) <= set(sites)
    pull = country.places.site_pull[0]
    for site, share in zip(sites, pull / pull.sum(), strict=True):
        alike(attacks[site], share, int(attacks.sum()))


def test_a_group_that_does_not_exist_attacks_nobody():
    country = held(100, attack_rate=1.0, raid_rate=1.0)
    country.members[0] = 0
    country.members[country.groups.keys.index("jnim")] = 100
    violence(country)
    assert not country.flow("attacks").any()


def test_without_members_there_are_no_attacks():
    country = with_values(quiet(5000), attack_rate=5.0, raid_rate=5.0)
    violence(country)
    assert not country.flow("attacks").any()


def test_deaths_per_attack_have_their_mean():
    u = (np.arange(200_000) + 0.5) / 200_000
    for mean in (0.3, 1.8, 8.0):
        killed = np.array([deaths(mean, x) for x in u])
        assert killed.mean() == pytest.approx(mean, rel=2e-3)
        assert (killed == 0).mean() == pytest.approx(1 / (1 + mean), abs=1e-4)
    assert deaths(0.0, 0.5) == 0


@pytest.mark.parametrize("target", ["forces", "officials", "civilians"])
def test_who_dies_depends_on_the_target(target):
    weights = {f"target_{name}": float(name == target) for name in ("forces", "officials", "civilians")}
    country = held(25, attack_rate=3.0, **weights)
    country.troops[:] = 1000.0
    p = country.parameters
    violence(country)
    attacks = country.flow("attacks").sum()
    assert attacks == country.flow(f"attacks_{target}").sum()
    for name, mean in (
        ("civilian", p[f"deaths_civilian_{target}"]),
        ("security", p.get(f"deaths_security_{target}", 0.0)),
    ):
        found = country.flow(f"deaths_{name}").sum()
        assert abs(found - attacks * mean) <= 4.5 * np.sqrt(attacks * mean * (1 + mean)), name


# --- insecurity ------------------------------------------------------------------------------------------


def test_insecurity_halves_at_its_half_life():
    country = with_values(quiet(5000), **NO_VIOLENCE, fear_half_life=42)
    country.insecurity[:] = np.linspace(0, 1, 1713)
    for _ in range(6):
        violence(country)
    np.testing.assert_allclose(country.insecurity, np.linspace(0, 0.5, 1713), rtol=1e-9)


def test_an_attack_raises_insecurity_and_spills_over():
    country = with_values(
        quiet(5000), **{**NO_VIOLENCE, "raid_rate": 3.0}, attack_fear=0.4, fear_spill=0.25, fear_half_life=42
    )
    country.members[0, fullest(country)] = 4
    country.insecurity[:] = 0.2
    violence(country)
    attacks = country.flow("attacks")
    around = np.array([sum(attacks[n] for n in near if n >= 0) for near in country.grid.neighbours])
    kept = 0.2 * 0.5 ** (1 / 6)
    np.testing.assert_allclose(
        country.insecurity, 1 - (1 - kept) * np.exp(-0.4 * (attacks + 0.25 * around)), rtol=1e-12
    )
    assert attacks.sum() > 3


# --- the state -------------------------------------------------------------------------------------------


def test_the_state_falls_where_a_group_holds_the_place_and_comes_back():
    values = {"holding_members": 10, "state_return": 0.05, "state_retreat": 0.1}
    country = with_values(quiet(5000), **NO_VIOLENCE, **values)
    cell, start = fullest(country), country.state_presence.copy()
    country.members[0, cell] = 30
    levels = [start[cell]]
    for _ in range(200):
        violence(country)
        levels.append(country.state_presence[cell])
    assert country.hold[cell] == pytest.approx(0.75)
    assert np.all(np.diff(levels) <= 0)
    gain, loss = 0.05 * 0.25, 0.1 * 0.75
    assert levels[1] == pytest.approx(start[cell] * (1 - loss))
    balance = gain * (1 - loss) / (1 - (1 - gain) * (1 - loss))  # it comes back a little, then retreats
    assert levels[-1] == pytest.approx(start[cell] * balance, rel=1e-3)
    others = np.arange(1713) != cell
    np.testing.assert_allclose(country.state_presence[others], start[others])

    country.members[:] = 0
    low = country.state_presence[cell]
    for _ in range(14):
        violence(country)
    assert start[cell] - country.state_presence[cell] == pytest.approx((start[cell] - low) * 0.95**14)
    country.insecurity[cell] = 1.0
    country.parameters = with_values(country, fear_half_life=1e12).parameters
    low = country.state_presence[cell]
    violence(country)
    assert country.state_presence[cell] == pytest.approx(low), "it does not come back where it is not safe"


def test_forces_keep_a_group_from_holding_a_place():
    country = with_values(quiet(5000), **NO_VIOLENCE, holding_members=10, protecting_companies=2.0)
    cell = fullest(country)
    country.members[0, cell], country.forces[cell] = 10, 2.0
    violence(country)
    assert country.hold[cell] == pytest.approx(0.5 * np.exp(-1))


def test_attacks_on_officials_drive_out_the_state():
    country = held(25, attack_rate=0.5, target_forces=0.0, target_civilians=0.0, target_officials=1.0,
                   holding_members=1e12, state_return=0.0, official_flight=0.2)  # fmt: skip
    start = country.state_presence.copy()
    violence(country)
    attacks = country.flow("attacks_officials")
    assert attacks.max() >= 3
    np.testing.assert_allclose(country.state_presence, start * 0.8**attacks, rtol=1e-9)


# --- forces and imams ------------------------------------------------------------------------------------


def test_units_lose_strength_where_their_own_die_and_are_reinforced():
    from worlds import NO_MEMBERS, tiny

    country = with_values(tiny(5000, groups=NO_MEMBERS), attack_rate=3.0, raid_rate=0.0, target_officials=0.0,
                          target_civilians=0.0, reinforcement=0.1)  # fmt: skip
    units = country.units
    active = units.active(0)
    country.members[0] = 4
    nominal, troops = units.nominal.copy(), country.troops.copy()
    violence(country)
    dead = country.flow("deaths_security")
    kept = np.clip(1 - dead / np.maximum(troops, 1), 0.5, 1)[units.cell]
    expected = np.where(active, nominal * kept + 0.1 * (nominal - nominal * kept), nominal)
    np.testing.assert_allclose(units.strength, expected, rtol=1e-12)
    assert (units.strength < nominal).any()
    country.members[:] = 0
    missing = nominal - units.strength
    country.flows[:] = 0
    for _ in range(5):
        violence(country)
    np.testing.assert_allclose((nominal - units.strength)[active], 0.9**5 * missing[active], atol=1e-9)


def test_moderate_imams_are_silenced_where_a_group_is_and_nobody_else():
    country = with_values(quiet(5000), **NO_VIOLENCE, silencing_chance=1.0, silenced_weeks=20, moderate_stance=0.5)
    people, cell = country.imams, fullest(country)
    here = people.cell == cell
    moderate = people.stance < 0.5
    abroad = np.flatnonzero(here & moderate)[:5]
    people.training[abroad] = IN_TRAINING
    country.members[3, cell] = 1
    country.week = 7
    violence(country)
    silenced = people.away_until > 7
    at_risk = here & moderate
    at_risk[abroad] = False
    assert np.array_equal(silenced, at_risk)
    assert (here & ~moderate).sum() > 20
    weeks_silent = sum(not people.in_post(w)[at_risk].any() for w in range(8, 40))
    assert weeks_silent == 20
    assert people.in_post(28)[at_risk].all()


def test_silencing_has_its_chance():
    country = with_values(quiet(5000), **NO_VIOLENCE, silencing_chance=0.1)
    country.members[0] = 1
    moderate = country.imams.stance < country.parameters.moderate_stance
    violence(country)
    alike((country.imams.away_until > 0).sum(), 0.1, moderate.sum())


def test_groups_attack_from_the_week_they_are_founded():
    country = with_values(quiet(5000, start=day("2017-02-20"), end=day("2017-04-03")), attack_rate=3.0, raid_rate=0.0)
    country.members[country.groups.keys.index("jnim")] = 5
    seen = []
    for _ in range(3):
        violence(country)
        seen.append(country.flow("attacks").sum() > 0)
        country.flows[:] = 0
        country.week += 1
    assert seen == [False, True, True]
