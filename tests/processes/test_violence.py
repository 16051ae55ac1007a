"""Attacks by armed groups, and what they do to places."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.population.imams import IN_TRAINING
from sim.processes.casualties import deaths
from sim.processes.violence import opportunity, season, violence
from tests.processes.worlds import NO_VIOLENCE, alike, day, fullest, quiet, with_values


def held(members: int, group: int = 0, **values):
    """A country with so many members of a group in every cell."""
    country = with_values(quiet(5000), **{"raid_rate": 0.0, "rainy_attacks": 1.0, "attack_learning": 0.0, **values})
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


@pytest.mark.parametrize("learning", [0.0, 0.3, 0.8])
def test_a_group_attacks_more_often_the_more_attacks_it_has_made(learning):
    for made in (0, 29, 400):
        country = held(9, attack_rate=2.0, attack_learning=learning)
        country.experience[0] = made
        rate = 2.0 * ((1 + made) / 30) ** learning * 9**country.parameters.attack_gamma
        expected = (rate * opportunity(country).sum(axis=0)).sum()
        violence(country)
        attacks = country.flow("attacks").sum()
        assert abs(attacks - expected) < 4.5 * np.sqrt(expected)
        assert country.experience[0] == made + attacks
        assert not country.experience[1:].any()


def test_raids_grow_with_practice_and_count_as_practice():
    for made in (0, 400):
        country = with_values(quiet(5000), attack_rate=0.0, attack_learning=0.5, raid_rate=20.0)
        country.members[0, fullest(country)] = 400
        country.experience[0] = made
        violence(country)
        raids = country.flow("attacks_sites").sum()
        expected = 20.0 * ((1 + made) / 30) ** 0.5 * 400**country.parameters.attack_gamma
        assert abs(raids - expected) < 4.5 * np.sqrt(expected)
        assert country.experience[0] == made + raids


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


def test_a_group_spares_those_whom_it_holds_and_attacks_forces_all_the_same():
    plain, held_half = held(9), held(9)
    for country in (plain, held_half):
        country.troops[:] = 50.0
    held_half.hold[:] = np.where(np.arange(1713) % 2, 0.75, 0.0)
    before, after = opportunity(plain), opportunity(held_half)
    assert np.array_equal(after[0], before[0])
    assert np.array_equal(after[:, ::2], before[:, ::2])
    np.testing.assert_allclose(after[1:, 1::2], 0.25 * before[1:, 1::2])
    held_half.hold[:] = 1.0
    assert not opportunity(held_half)[1:].any()


@pytest.mark.parametrize("rainy", [0.5, 0.9])
def test_in_the_rains_attacks_are_fewer_and_over_a_year_as_many(rainy):
    country = with_values(quiet(5000, start=day("2013-01-01"), end=day("2017-01-01")), rainy_attacks=rainy)
    by_week = {}
    for week in range(country.clock.weeks):
        country.week = week
        by_week[country.clock.date(week)] = season(country)
    dry, wet = by_week[day("2013-01-01")], by_week[day("2013-07-02")]
    assert wet == pytest.approx(rainy * dry)
    assert set(by_week.values()) == {dry, wet}
    assert by_week[day("2013-05-28")] == dry, "its middle is in May"
    assert by_week[day("2013-06-04")] == wet
    assert by_week[day("2013-10-01")] == dry
    assert np.mean(list(by_week.values())) == pytest.approx(1.0, abs=0.01)


def test_the_season_moves_attacks_and_leaves_raids():
    calm, rough = held(9, attack_rate=5.0), held(9, attack_rate=5.0, rainy_attacks=0.5)
    with_values(calm, rainy_attacks=1.0)
    for country in (calm, rough):
        assert country.clock.date(0).month == 1
        violence(country)
    before, after = (country.flow("attacks").sum() for country in (calm, rough))
    assert abs(after - 1.2 * before) < 4.5 * np.sqrt(2.2 * before)


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
def test_the_lever_on_attacks_multiplies_their_rate_where_it_is_moved(factor):
    moved, other, plain = held(9, attack_rate=0.5), held(9, attack_rate=0.5 * factor), held(9, attack_rate=0.5)
    there = np.arange(1713) % 2 == 0
    moved.levers.keep("attack_rate", there, factor)
    for country in (moved, other, plain):
        violence(country)
    for name in ("attacks", "attacks_forces", "attacks_officials", "attacks_civilians"):
        assert np.array_equal(moved.flow(name), np.where(there, other.flow(name), plain.flow(name)))
    before, after = (country.flow("attacks")[there].sum() for country in (plain, moved))
    assert abs(after - factor * before) < 4.5 * np.sqrt((factor + factor**2) * before + 1)


def test_the_lever_on_attacks_on_civilians_changes_their_weight_alone():
    plain, moved = held(9, attack_rate=5.0), held(9, attack_rate=5.0)
    there = np.arange(1713) < 900
    moved.levers.keep("attacks_on_civilians", there, 0.25)
    before, after = opportunity(plain), opportunity(moved)
    np.testing.assert_allclose(after[2], before[2] * np.where(there, 0.25, 1.0))
    assert np.array_equal(after[:2], before[:2])
    violence(moved)
    rate = 5.0 * 9**moved.parameters.attack_gamma
    for name, weight in (("attacks_civilians", after[2]), ("attacks_officials", after[1])):
        for where in (there, ~there):
            number = rate * weight[where].sum()
            assert abs(moved.flow(name)[where].sum() - number) < 4.5 * np.sqrt(number), name


def test_raids_hit_towns_with_sites_alone():
    country = with_values(quiet(5000), attack_rate=0.0, attack_learning=0.0, raid_rate=20.0)
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


# --- hardened sites --------------------------------------------------------------------------------------


def raided(kept=(), displaced=0.67):
    """A country in which one group raids sites and does nothing else; `kept` is the lever at the first sites."""
    country = with_values(quiet(5000), **{**NO_VIOLENCE, "raid_rate": 20.0}, site_displaced=displaced)
    country.members[0, fullest(country)] = 400
    for site, factor in zip(country.places.sites, kept, strict=False):
        country.levers.keep("site_raids", site, factor)
    violence(country)
    at_sites = country.flow("attacks_sites")[country.places.sites]
    assert at_sites.sum() == country.flow("attacks").sum() == country.attacks_now.sum()
    return country, at_sites


def test_a_hardened_site_keeps_raids_away_and_the_others_are_raided_as_before():
    _, before = raided()
    _, closed = raided([0.0], displaced=0.0)
    assert closed[0] == 0 < before[0]
    assert np.array_equal(closed[1:], before[1:])
    _, half = raided([0.5], displaced=0.0)
    alike(half[0], 0.5, int(before[0]))
    assert np.array_equal(half[1:], before[1:])


@pytest.mark.parametrize("displaced", [0.0, 0.6, 1.0])
def test_so_many_of_the_raids_kept_away_strike_another_site(displaced):
    _, before = raided()
    country, after = raided([0.2], displaced)
    sites, pull = country.places.sites, country.places.site_pull[0].copy()
    moved = country.flow("attacks_displaced")[sites]
    assert moved[0] == 0
    assert np.array_equal(after[1:], before[1:] + moved[1:])
    kept_away = int(before[0] - after[0])
    alike(kept_away, 0.8, int(before[0]))
    alike(moved.sum(), displaced, kept_away)
    pull[0] = 0.0
    for place in range(1, sites.size):
        alike(moved[place], pull[place] / pull.sum(), max(int(moved.sum()), 1))


def test_where_every_site_is_closed_nobody_is_raided():
    _, after = raided(np.zeros(10), displaced=1.0)
    assert after.sum() == 0


def test_those_who_are_kept_away_rather_go_where_it_is_not_hardened_either():
    country, _ = raided([0.0, 1.0, 0.25], displaced=1.0)
    pull = country.places.site_pull[0].copy()
    pull[0], pull[2] = 0.0, pull[2] * 0.25
    moved = country.flow("attacks_displaced")[country.places.sites]
    for place in range(1, pull.size):
        alike(moved[place], pull[place] / pull.sum(), int(moved.sum()))


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=10, max_size=10), st.floats(0, 1))
def test_hardening_never_adds_raids(kept, displaced):
    _, before = raided()
    country, after = raided(kept, displaced)
    moved = country.flow("attacks_displaced")[country.places.sites]
    assert after.sum() <= before.sum()
    assert (after - moved <= before).all()
    assert moved.sum() <= before.sum() - (after - moved).sum()


def test_a_site_that_attracts_is_chosen_more_often_and_raids_are_no_more():
    country, after = raided([3.0])
    _, before = raided()
    assert after.sum() == before.sum()
    pull = country.places.site_pull[0] * np.where(np.arange(before.size) == 0, 3.0, 1.0)
    alike(after[0], pull[0] / pull.sum(), int(after.sum()))
    assert country.flow("attacks_displaced").sum() == 0


# --- sieges ----------------------------------------------------------------------------------------------


def besieged(delay=1.0, guard=0.0, **values):
    country = with_values(quiet(5000), **{**NO_VIOLENCE, "raid_rate": 20.0, "siege_trapped": 60.0, **values})
    country.members[0, fullest(country)] = 400
    country.levers.keep("response_delay", slice(None), delay)
    country.levers.reach("site_guard", slice(None), guard)
    violence(country)
    return country


@pytest.mark.parametrize("harm", [-0.05, 0.0, 0.5])
@pytest.mark.parametrize(("delay", "guard"), [(1.0, 0.0), (0.36, 0.0), (2.0, 0.25)])
def test_in_a_siege_more_die_the_longer_the_response_takes_and_fewer_where_guards_are(harm, delay, guard):
    country = besieged(delay, guard, siege_deaths=0.1, harm_delay=harm)
    raids, trapped = country.flow("attacks_sites").sum(), country.flow("trapped").sum()
    assert abs(trapped - 60.0 * raids) < 4.5 * np.sqrt(raids * 60 * 61)
    expected = trapped * 0.1 * delay**harm * (1 - guard)
    assert abs(country.flow("deaths_sites").sum() - expected) < 4.5 * np.sqrt(expected)
    assert np.array_equal(country.flow("deaths_civilian"), country.flow("deaths_sites"))


@pytest.mark.parametrize("harm", [-0.05, 0.5])
def test_a_response_at_once_saves_as_many_as_one_in_a_hundredth_of_the_time(harm):
    at_once, soon = (besieged(delay, siege_deaths=0.1, harm_delay=harm) for delay in (0.0, 0.01))
    assert np.array_equal(at_once.flow("deaths_sites"), soon.flow("deaths_sites"))
    assert 0 < at_once.flow("deaths_sites").sum() < at_once.flow("trapped").sum()


def test_a_faster_response_only_saves_people_and_traps_as_many():
    slow, fast = besieged(1.0, harm_delay=0.5), besieged(0.5, harm_delay=0.5)
    assert np.array_equal(slow.flow("trapped"), fast.flow("trapped"))
    assert (fast.flow("deaths_sites") <= slow.flow("deaths_sites")).all()
    assert fast.flow("deaths_sites").sum() < 0.8 * slow.flow("deaths_sites").sum()
    guarded = besieged(guard=1.0)
    assert guarded.flow("trapped").sum() > 0 == guarded.flow("deaths_sites").sum()


def test_no_more_die_in_a_siege_than_were_trapped():
    country = besieged(1e4, siege_deaths=0.8, harm_delay=0.5)
    assert country.flow("trapped").sum() == country.flow("deaths_sites").sum() > 0
    few = besieged(siege_deaths=0.9, siege_trapped=1.5)
    assert (few.flow("deaths_sites") <= few.flow("trapped")).all()


# --- who attacks, and whom it kills ----------------------------------------------------------------------


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
    country = held(25, attack_rate=3.0, band_power=0.0, **weights)
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


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_an_attack_kills_more_the_more_members_are_within_reach(power):
    country = held(0, attack_rate=30.0, band_power=power, band_members=50.0, target_officials=0.0)
    country.troops[:] = 1000.0
    neighbours = country.grid.neighbours
    cell = int(np.flatnonzero((neighbours >= 0).all(axis=1) & (country.grid.population > 3e4))[0])
    country.members[0, cell] = 100
    country.members[country.groups.keys.index("jnim"), neighbours[cell]] = 500  # those of another group stay away
    country.members[0, neighbours[cell][:4]] = 25
    p, size = country.parameters, 4.0**power
    for _ in range(40):
        country.hold[:] = 0.0
        violence(country)
        country.week += 1
    forces, civilians = (country.flow(f"attacks_{name}")[cell] for name in ("forces", "civilians"))
    assert forces > 2000 < civilians * 20
    security = forces * p.deaths_security_forces * size
    killed = (forces * p.deaths_civilian_forces + civilians * p.deaths_civilian_civilians) * size
    spread = 4.5 * np.sqrt((forces + civilians) * 9 * size**2)
    assert abs(country.flow("deaths_security")[cell] - security) < spread
    assert abs(country.flow("deaths_civilian")[cell] - killed) < spread


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


@pytest.mark.parametrize(("speed", "more"), [(1.0, 0.0), (3.0, 0.0), (2.0, 0.25), (1e9, 0.1)])
def test_programmes_make_the_state_return_faster_and_to_more_than_was_there(speed, more):
    country = with_values(quiet(5000), **NO_VIOLENCE, state_return=0.02)
    start, there = country.state_start.copy(), country.grid.region == 3
    country.state_presence[:] = low = 0.1
    country.levers.keep("state_return", there, speed)
    country.levers.reach("state_goal", there, more)
    for _ in range(10):
        violence(country)
    goal = np.where(there, 1 - (1 - start) * (1 - more), start)
    pace = np.where(there, min(0.02 * speed, 1.0), 0.02)
    np.testing.assert_allclose(country.state_presence, goal - (goal - low) * (1 - pace) ** 10, rtol=1e-9)
    assert np.array_equal(country.state_start, start)


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
    from tests.processes.worlds import NO_MEMBERS, tiny

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


def silenced(**levers) -> tuple:
    """A country in which groups are everywhere, after a week in which levers on imams are moved in two regions."""
    country = with_values(quiet(5000), **NO_VIOLENCE, silencing_chance=0.1, speaking_exposure=2.0)
    country.members[0] = 1
    for name, value in levers.items():
        how = country.levers.keep if name == "imam_threats" else country.levers.reach
        how(name, [2, 6], value)
    violence(country)
    return country, country.imams.away_until > 0


def test_silencing_has_its_chance_and_is_counted():
    country, quieted = silenced()
    moderate = country.imams.stance < country.parameters.moderate_stance
    alike(quieted.sum(), 0.1, moderate.sum())
    assert np.array_equal(country.flow("imams_silenced"), np.bincount(country.imams.cell[quieted], minlength=1713))


@pytest.mark.parametrize("factor", [0.0, 0.5, 3.0])
def test_the_lever_on_threats_multiplies_the_chance_of_silencing_where_it_is_moved(factor):
    country, before = silenced()
    _, after = silenced(imam_threats=factor)
    there = np.isin(country.grid.region[country.imams.cell], [2, 6])
    assert np.array_equal(after[~there], before[~there])
    fewer, more = (after, before) if factor < 1 else (before, after)
    assert not (fewer & ~more).any()
    moderate = country.imams.stance < country.parameters.moderate_stance
    alike(after[there].sum(), 0.1 * factor, (there & moderate).sum())


def test_who_speaks_out_is_silenced_sooner_and_nobody_else_is():
    country, before = silenced()
    _, half = silenced(speaking_out=0.5)
    _, all_ = silenced(speaking_out=1.0)
    moderate = country.imams.stance < country.parameters.moderate_stance
    there = np.isin(country.grid.region[country.imams.cell], [2, 6])
    for now, share in ((half, 0.5), (all_, 1.0)):
        assert np.array_equal(now[~there], before[~there])
        alike(now[there].sum(), 0.1 * (1 + share), (there & moderate).sum())
    assert not (half & ~all_).any()


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
