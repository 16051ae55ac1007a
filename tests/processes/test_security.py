"""Forces find members; contacts with civilians go wrong."""

from datetime import date

import numpy as np
import pytest

from sim.engine.luck import poissons
from sim.population.groups import HERE
from sim.population.security import GUARD, PATROL, RESPONSE
from sim.population.youth import APPROACHED, CIVILIAN, DETAINED, KILLED, KIN_TIES, MEMBER, NEVER, RETURNED
from sim.processes.approach import enlist
from sim.processes.groups import count
from sim.processes.security import ABUSES, post_units, security, standing_out
from sim.week import advance
from sim.world import facts
from sim.world.grid import world_grid
from tests.processes.worlds import NO_MEMBERS, alike, day, fullest, persons_in, quiet, station, tiny, with_values

NO_HARM = {"abuse_per_op": 0.0, "wrongful_share": 0.0}
FIND_ONLY = {**NO_HARM, "answer_rate": 0.0, "crowd_members": 1e15, "b_trust_tip": 0.0, "patrol_spill": 0.0,
             "recruiter_exposure": 1.0, "hiding": 0.0, "fighting_members": 0.0}  # fmt: skip


def send(country, cell, companies: float) -> None:
    """Put so many companies of the strength of a French one into a cell this week."""
    country.levers.add("joint_patrol_troops", cell, 100.0 * companies / country.parameters.joint_patrol_effectiveness)


def hunted(members=8000, companies=2.0, trust=None, start=date(2012, 1, 2), end=date(2018, 12, 31), **values):
    """Members in one cell, and companies there to look for them."""
    country = with_values(quiet(5000, start=start, end=end), **{**FIND_ONLY, **values})
    cell = fullest(country)
    entries = station(country, cell, members)
    if trust is not None:
        country.trust[:] = trust
    send(country, cell, companies)
    return country, cell, entries


def found(country, entries) -> np.ndarray:
    security(country)
    return country.roster.state[entries] != MEMBER


# --- posting ---------------------------------------------------------------------------------------------


def test_units_guard_their_base_or_patrol_within_reach():
    country = tiny(5000, groups=NO_MEMBERS)
    units, places = country.units, country.places
    country.flow("attacks")[::2] = 1
    out, active = [], units.active(0)
    for _ in range(12):
        post_units(country)
        for u in np.flatnonzero(active):
            reach = places.reach[places.reach_first[units.base[u]] : places.reach_first[units.base[u] + 1]]
            assert units.cell[u] in reach if units.mode[u] != GUARD else units.cell[u] == units.base[u]
        out.append(units.mode[active] != GUARD)
        gone = active & (units.mode != GUARD)
        assert np.array_equal(units.mode[gone] == RESPONSE, units.cell[gone] % 2 == 0)
        assert set(units.mode[gone]) <= {PATROL, RESPONSE}
        country.week += 1
    share = np.mean(out, axis=0)
    for chance in np.unique(units.patrol_share[active]):
        mine = units.patrol_share[active] == chance
        alike(round(share[mine].sum() * 12), chance, int(mine.sum() * 12))
    km = country.grid.distance_km(units.base, units.cell)
    assert km.max() <= country.parameters.patrol_km
    assert (country.grid.region[units.base] == country.grid.region[units.cell]).all()


def test_weights_of_units_add_up():
    country = with_values(tiny(5000, groups=NO_MEMBERS), command_overlap=0.0)
    units, p = country.units, country.parameters
    searching = post_units(country)
    on = units.active(0)
    guard = units.mode == GUARD
    companies = units.strength / 100 * units.effectiveness
    assert country.forces.sum() == pytest.approx((companies * np.where(guard, p.guard_weight, 1))[on].sum())
    assert country.troops.sum() == pytest.approx(units.strength[on].sum())
    assert searching.sum() == pytest.approx((units.strength / 100 * units.abuse_factor)[on & ~guard].sum())
    assert country.flow("patrols").sum() == (on & ~guard).sum()


def test_patrols_go_where_it_is_insecure():
    country = with_values(tiny(5000, groups=NO_MEMBERS), patrol_floor=0.1)
    country.units.patrol_share[:] = 1.0
    country.insecurity[::2] = 0.9
    patrols = 0
    for _ in range(20):
        country.flows[:] = 0
        post_units(country)
        patrols = patrols + country.flow("patrols")
        country.week += 1
    assert patrols[::2].sum() == pytest.approx(10 * patrols[1::2].sum(), rel=0.25)


def test_what_is_trained_makes_units_more_effective_and_changes_their_abuses():
    country = with_values(tiny(5000, groups=NO_MEMBERS), drill_effectiveness=0.4, drill_abuse=0.25, command_overlap=0.0)
    country.units.patrol_share[:] = 1.0
    searching, companies = post_units(country), country.forces.copy()
    country.trained[:] = 0.5
    half = post_units(country)
    np.testing.assert_allclose(country.forces, companies * 1.2)
    np.testing.assert_allclose(half, searching * 0.5)
    army = np.array([force.key == "army" for force in facts.forces()])
    country.trained[:] = army
    some = post_units(country)
    mine = army[country.units.force] & country.units.active(0)
    men = np.bincount(country.units.cell[mine], (country.units.strength * country.units.effectiveness)[mine], 1713)
    np.testing.assert_allclose(country.forces, companies + 0.4 * men / 100)
    abusive = np.bincount(country.units.cell[mine], (country.units.strength * country.units.abuse_factor)[mine], 1713)
    np.testing.assert_allclose(some, searching - 0.75 * abusive / 100)


# --- who is there ----------------------------------------------------------------------------------------


def strong(start="2014-06-02", **given):
    """A country without members while state and foreign forces are deployed."""
    return tiny(5000, groups=NO_MEMBERS, start=day(start), end=day("2015-06-01"), **given)


def by_force_and_region(country) -> np.ndarray:
    """Troops that are there, by force and region of their base."""
    units, out = country.units, np.zeros((len(facts.forces()), 9))
    there = units.there(country.week)
    men = (units.strength * units.present)[there]
    np.add.at(out, (units.force[there], country.grid.region[units.base[there]]), men)
    assert country.troops.sum() == pytest.approx(out.sum())
    return out


def test_foreign_forces_are_there_as_far_as_they_are_deployed_and_those_of_the_state_always():
    country, own = strong(), facts.of_the_state()
    units, active = country.units, country.units.active(0)
    assert (active & ~own[units.force]).any(), "some could be there"
    plan = np.zeros((own.size, 9))
    np.add.at(plan, (units.force[active], country.grid.region[units.base[active]]), units.strength[active])
    np.testing.assert_allclose(by_force_and_region(country), plan * own[:, None], err_msg="nobody deployed the others")

    minusma = next(k for k, force in enumerate(facts.forces()) if force.key == "minusma")
    gao = country.grid.region_names.index("Gao")
    for where, share in (((minusma, gao), 0.5), ((minusma, slice(None)), 1.0), ((slice(None), gao), 0.5)):
        country.levers.reset()
        country.levers.reach("deployed", where, share)
        post_units(country)
        expected = plan * own[:, None]
        expected[where] += (share * plan * ~own[:, None])[where]
        np.testing.assert_allclose(by_force_and_region(country), expected)
        assert expected.sum() > plan[own].sum()


def test_units_that_are_half_there_have_half_the_weight():
    whole, half = strong(), strong()
    for country, share in ((whole, 1.0), (half, 0.5)):
        country.units.force[:] = np.flatnonzero(~facts.of_the_state())[0]
        country.units.patrol_share[:] = 1.0
        country.levers.reach("deployed", slice(None), share)
    for one, other in ((post_units(whole), post_units(half)), (whole.forces, half.forces), (whole.troops, half.troops)):
        np.testing.assert_allclose(other, one / 2)
        assert one.sum() > 0


def test_units_that_are_withheld_suffer_nothing_and_are_not_counted():
    """What could be there and is not: no patrols, no strength lost or made good, no place in the record."""
    country = strong()
    units = country.units
    away = units.active(0) & ~facts.of_the_state()[units.force]
    units.strength[:] = 0.5 * units.nominal
    units.patrol_share[:] = away
    advance(country)
    assert (units.strength[away] == 0.5 * units.nominal[away]).all()
    assert (units.strength[units.active(0) & ~away] > 0.5 * units.nominal[units.active(0) & ~away]).all()
    row = country.values[0, :, country.names["units"]]
    here = units.there(0)
    assert not (here & away).any()
    assert np.array_equal(row, np.bincount(country.grid.region[units.base[here]], minlength=9))
    assert country.values[0, :, country.names["patrols"]].sum() == 0


@pytest.mark.parametrize("shift", [0.0, 0.4, 1.0])
def test_a_strategy_moves_the_state_s_units_to_the_threat_and_makes_none(shift):
    """Kidal has no unit of the state then: its need brings none there."""
    country, own = strong(), facts.of_the_state()
    kidal, mopti, segou = (country.grid.region_names.index(name) for name in ("Kidal", "Mopti", "Ségou"))
    country.levers.reach("deployed", slice(None), 1.0)
    post_units(country)
    before = by_force_and_region(country)
    assert before[own, kidal].sum() == 0 < before[~own, kidal].sum()
    need = np.zeros(9)
    need[[kidal, mopti, segou]] = 0.5, 0.3, 0.1
    country.levers.set("need", slice(None), need)
    country.levers.set("shift", ..., shift)
    post_units(country)
    after = by_force_and_region(country)
    state, total = before[own].sum(axis=0), before[own].sum()
    expected = (1 - shift) * state
    expected[[mopti, segou]] += shift * total * np.array([0.75, 0.25])
    np.testing.assert_allclose(after[own].sum(axis=0), expected)
    np.testing.assert_allclose(after[~own], before[~own], err_msg="others are not the state's to move")
    factor = np.divide(expected, state, out=np.zeros(9), where=state > 0)
    np.testing.assert_allclose(after[own], before[own] * factor)


# --- dispatch --------------------------------------------------------------------------------------------


def dispatched(share: float, attacks: dict[int, int], week=0):
    country = tiny(5000, groups=NO_MEMBERS)
    country.units.patrol_share[:] = 1.0
    country.week = week
    for cell, number in attacks.items():
        country.flow("attacks")[cell] = number
    if share:
        country.levers.reach("dispatch", slice(None), share)
    post_units(country)
    return country


def in_reach(country, cell: int) -> np.ndarray:
    """Units in post that may go to a cell."""
    units, places = country.units, country.places
    reach = [places.reach[places.reach_first[b] : places.reach_first[b + 1]] for b in units.base]
    return units.active(country.week) & np.array([cell in mine for mine in reach])


def test_patrols_are_sent_where_attacks_just_happened():
    cell = fullest(tiny(5000, groups=NO_MEMBERS), world_grid().region == 4)
    plain, sent, some = (dispatched(share, {cell: 1}) for share in (0.0, 1.0, 0.4))
    able = in_reach(plain, cell)
    assert able.sum() > 10
    assert (sent.units.cell[able] == cell).all()
    assert (sent.units.mode[able] == RESPONSE).all()
    assert np.array_equal(sent.units.cell[~able], plain.units.cell[~able]), "who is too far away patrols as before"
    assert np.array_equal(np.unique(some.units.cell[able & (some.units.cell != plain.units.cell)]), [cell])

    went, could = 0, 0
    for week in range(20):
        without, with_it = dispatched(0.0, {cell: 1}, week), dispatched(0.4, {cell: 1}, week)
        elsewhere = in_reach(without, cell) & (without.units.cell != cell)
        went, could = went + (with_it.units.cell[elsewhere] == cell).sum(), could + elsewhere.sum()
    alike(went, 0.4, could)


def test_patrols_are_sent_rather_where_there_were_more_attacks():
    grid = world_grid()
    cell = fullest(tiny(5000, groups=NO_MEMBERS), grid.region == 4)
    other = int(grid.neighbours[cell][grid.neighbours[cell] >= 0][0])
    assert grid.region[other] == 4
    to, could = np.zeros(2), 0
    for week in range(20):
        country = dispatched(1.0, {cell: 3, other: 1}, week)
        both = in_reach(country, cell) & in_reach(country, other)
        to += [(country.units.cell[both] == place).sum() for place in (cell, other)]
        could += both.sum()
    assert to.sum() == could > 200
    alike(to[0], 0.75, could)


def test_patrols_are_sent_in_the_regions_of_the_lever_and_never_when_on_guard():
    cell = fullest(tiny(5000, groups=NO_MEMBERS), world_grid().region == 4)
    plain = dispatched(0.0, {cell: 1})
    other = dispatched(0.0, {cell: 1})
    other.levers.reach("dispatch", [0, 1, 2, 3, 5, 6, 7, 8], 1.0)
    post_units(other)
    assert np.array_equal(other.units.cell, plain.units.cell)
    guards = tiny(5000, groups=NO_MEMBERS)
    guards.units.patrol_share[:] = 0.0
    guards.flow("attacks")[cell] = 1
    guards.levers.reach("dispatch", slice(None), 1.0)
    post_units(guards)
    on = guards.units.active(0)
    assert np.array_equal(guards.units.cell[on], guards.units.base[on])
    assert (guards.units.mode[on] == GUARD).all()


# --- training --------------------------------------------------------------------------------------------


def test_soldiers_who_are_trained_are_a_share_of_their_force_and_forget_by_half_in_time():
    country = with_values(tiny(5000, groups=NO_MEMBERS), drill_half_life=52, drill_effectiveness=0.0, **NO_HARM)
    keys = [force.key for force in facts.forces()]
    army, police = keys.index("army"), keys.index("police")
    units = country.units
    men = units.strength[units.active(0) & (units.force == army)].sum()
    for expected in (0.1, 0.1 + 0.9 * 0.1):  # who comes to a course may have been to one
        country.trained *= 2 ** (1 / 52)  # what this week will lose
        country.levers.reset()
        country.levers.add("soldiers_trained", army, 0.1 * men)
        security(country)
        assert country.trained[army] == pytest.approx(expected)
        assert country.trained[police] == 0.0
    country.levers.reset()
    for _ in range(52):
        security(country)
    assert country.trained[army] == pytest.approx(0.19 / 2)
    country.levers.add("soldiers_trained", army, 1e9)
    country.levers.add("soldiers_trained", keys.index("barkhane"), 1e9)
    security(country)
    assert country.trained[army] == 1.0
    assert country.trained[keys.index("barkhane")] == 0.0, "none of them is in the country"


# --- members are found -----------------------------------------------------------------------------------


@pytest.mark.parametrize("companies", [0.0, 1.0, 4.0])
def test_members_are_found_with_their_chance(companies):
    country, cell, entries = hunted(companies=companies, detection=0.1, killed_share=0.6)
    hit = found(country, entries)
    alike(hit.sum(), 1 - np.exp(-0.1 * companies), hit.size)
    killed = country.roster.state[entries] == KILLED
    if hit.any():
        alike(killed.sum(), 0.6, hit.sum())
    assert country.flow("killed")[cell] == killed.sum()
    assert country.flow("arrests")[cell] == (country.roster.state[entries] == DETAINED).sum()


def test_more_forces_find_more_and_never_others():
    few, many = (tiny(500) for _ in range(2))
    many.units.effectiveness *= 3
    size = few.roster.size
    for country in (few, many):
        with_values(country, detection=1.0, b_trust_tip=0.4)
        security(country)
    a, b = (c.roster.state[:size] != MEMBER for c in (few, many))
    assert not (a & ~b).any()
    assert b.sum() > 1.5 * a.sum() > 0


def test_trust_makes_people_tell():
    few, many = (tiny(500) for _ in range(2))
    many.trust[:] += 0.2
    size = few.roster.size
    for country in (few, many):
        with_values(country, detection=1.0, b_trust_tip=0.4)
        security(country)
    a, b = (c.roster.state[:size] != MEMBER for c in (few, many))
    assert not (a & ~b).any()
    assert b.sum() > a.sum() > 0
    p = few.parameters
    country, _, entries = hunted(detection=0.1, b_trust_tip=0.4, trust=p.trust_mean + 2 * p.trust_sd)
    hit = found(country, entries)
    alike(hit.sum(), 1 - np.exp(-0.1 * 2.0 * np.exp(0.8)), hit.size)


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
def test_information_of_others_multiplies_the_hazard_of_being_found_where_it_is_shared(factor):
    country, cell, entries = hunted(detection=0.1)
    elsewhere = station(country, 7, 4000)
    send(country, 7, 2.0)
    country.levers.keep("information", cell, factor)
    hit = found(country, entries)
    alike(hit.sum(), 1 - np.exp(-0.1 * 2.0 * factor), hit.size)
    away = country.roster.state[elsewhere] != MEMBER
    alike(away.sum(), 1 - np.exp(-0.1 * 2.0), away.size)


def test_investigators_expose_recruiters_and_nobody_else():
    country, cell, entries = hunted(detection=0.1, recruiter_exposure=1.5)
    country.levers.keep("recruiter_exposure", cell, 2.0)
    country.roster.recruiter[entries][::2] = 1
    hit = found(country, entries)
    alike(hit[::2].sum(), 1 - np.exp(-0.2 * 3.0), hit[::2].size)
    alike(hit[1::2].sum(), 1 - np.exp(-0.2), hit[1::2].size)


def test_recruiters_are_more_exposed():
    country, _, entries = hunted(detection=0.1, recruiter_exposure=3.0)
    country.roster.recruiter[entries][::2] = 1
    hit = found(country, entries)
    alike(hit[::2].sum(), 1 - np.exp(-0.6), hit[::2].size)
    alike(hit[1::2].sum(), 1 - np.exp(-0.2), hit[1::2].size)


@pytest.mark.parametrize("hiding", [0.0, 0.5, 1.0])
def test_the_more_people_for_each_soldier_the_harder_a_member_is_to_find(hiding):
    for companies in (1.0, 4.0):
        country, cell, entries = hunted(companies=companies, detection=0.4, hiding=hiding, people_per_soldier=50.0)
        per_soldier = country.grid.population[cell] / (
            100.0 * companies / country.parameters.joint_patrol_effectiveness
        )
        hit = found(country, entries)
        alike(hit.sum(), 1 - np.exp(-0.4 * companies * (1 + per_soldier / 50.0) ** -hiding), hit.size)
    assert per_soldier > 100, "a crowded place"


@pytest.mark.parametrize("members", [20, 8000])
def test_who_is_found_among_many_fights_and_who_is_found_alone_gives_up(members):
    killed = taken = 0
    for week in range(1 if members > 1000 else 40):
        country, cell, entries = hunted(members, detection=0.4, killed_share=0.6, fighting_members=20.0)
        country.week = week
        found(country, entries)
        killed += country.flow("killed")[cell]
        taken += country.flow("arrests")[cell]
    alike(killed, 0.6 * members / (members + 20), int(killed + taken))
    assert killed + taken > 200


def test_soldiers_next_door_thin_the_crowd_too_and_without_any_a_place_counts_as_watched_by_one():
    country = with_values(quiet(5000), hiding=1.0, people_per_soldier=50.0, patrol_spill=0.25)
    cell = fullest(country)
    country.troops[country.grid.neighbours[cell][country.grid.neighbours[cell] >= 0][0]] = 800.0
    people = country.grid.population
    seen = standing_out(country)
    assert seen[cell] == pytest.approx(1 / (1 + people[cell] / (200 * 50)))
    far = country.grid.region != country.grid.region[cell]
    quiet_there = far & (country.troops == 0)
    assert quiet_there.any()
    lonely = np.flatnonzero(quiet_there)[-1]
    assert seen[lonely] == pytest.approx(1 / (1 + people[lonely] / 50))


def test_camps_of_many_members_are_easier_to_find():
    country, _, entries = hunted(detection=0.05, crowd_members=8000)
    hit = found(country, entries)
    alike(hit.sum(), 1 - np.exp(-0.05 * 2.0 * 2), hit.size)


def test_forces_next_door_count_by_their_spill():
    country = with_values(quiet(5000), **{**FIND_ONLY, "detection": 0.2, "patrol_spill": 0.25})
    cell = fullest(country)
    entries = station(country, cell, 8000)
    send(country, country.grid.neighbours[cell][country.grid.neighbours[cell] >= 0][0], 4.0)
    hit = found(country, entries)
    alike(hit.sum(), 1 - np.exp(-0.2 * 0.25 * 4.0), hit.size)


def test_attacks_are_answered_where_forces_are():
    country, cell, entries = hunted(members=4000, companies=1.0, detection=0.0, answer_rate=2.0)
    country.attacks_now[0, cell], country.attacks_now[1, cell] = 300, 5000
    hit = found(country, entries)
    alike(hit.sum(), 1 - np.exp(-2.0 * 300 * (1 - np.exp(-1)) / 4000), hit.size)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("gain", [-0.1, 0.6])
def test_under_one_command_more_of_those_near_answer(share, gain):
    country, cell, entries = hunted(members=4000, companies=0.8, detection=0.0, answer_rate=2.0, command_gain=gain)
    country.attacks_now[0, cell] = 500
    country.levers.reach("joint_command", cell, share)
    hit = found(country, entries)
    alike(hit.sum(), 1 - np.exp(-2.0 * 500 * (1 - np.exp(-0.8 * np.exp(gain * share))) / 4000), hit.size)


@pytest.mark.parametrize("delay", [0.25, 1.0, 2.0])
@pytest.mark.parametrize("elasticity", [-0.5, 0.0, 0.15])
def test_the_sooner_the_response_the_more_are_found_by_the_elasticity(delay, elasticity):
    values = {"members": 4000, "companies": 1.0, "detection": 0.0, "answer_rate": 2.0, "arrest_delay": elasticity}
    country, cell, entries = hunted(**values)
    country.attacks_now[0, cell] = 300
    country.levers.keep("response_delay", cell, delay)
    hit = found(country, entries)
    alike(hit.sum(), 1 - np.exp(-2.0 * 300 * delay**elasticity * (1 - np.exp(-1)) / 4000), hit.size)


@pytest.mark.parametrize("elasticity", [-1.15, 0.15])
def test_a_response_at_once_finds_no_more_than_one_in_a_hundredth_of_the_time(elasticity):
    hits = []
    for delay in (0.0, 0.01, 1.0):
        country, cell, entries = hunted(members=4000, companies=1.0, answer_rate=2.0, arrest_delay=elasticity)
        country.attacks_now[0, cell] = 5
        country.levers.keep("response_delay", slice(None), delay)
        hits.append(found(country, entries))
    assert np.array_equal(hits[0], hits[1])
    assert 0 < hits[0].sum() < hits[0].size
    assert (hits[0].sum() > hits[2].sum()) == (elasticity < 0)


def test_without_attacks_command_and_delay_change_nothing():
    plain, cell, entries = hunted(detection=0.1)
    moved, _, _ = hunted(detection=0.1)
    moved.levers.reach("joint_command", cell, 1.0)
    moved.levers.keep("response_delay", cell, 0.0)
    assert np.array_equal(found(plain, entries), found(moved, entries))


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_pursuit_touches_those_abroad_alone(share):
    country = with_values(quiet(5000), **FIND_ONLY, pursuit_hazard=0.2)
    cell = fullest(country, country.grid.border[:, 2])
    here, niger, algeria = (station(country, cell, 4000, abroad=where) for where in (HERE, 2, 1))
    country.levers.reach("pursuit", [2], share)
    security(country)
    state = country.roster.state
    assert (state[here] == MEMBER).all()
    assert (state[algeria] == MEMBER).all()
    alike((state[niger] != MEMBER).sum(), 0.2 * share, 4000)


def test_forces_in_the_country_do_not_reach_a_sanctuary():
    country, _, entries = hunted(companies=50.0, detection=1.0)
    country.roster.abroad[entries] = 2
    assert not found(country, entries).any()


# --- contacts go wrong -----------------------------------------------------------------------------------


def test_without_abuses_there_is_no_grievance():
    country = with_values(tiny(500), **NO_HARM, detection=0.1)
    country.youth.grievance[:] = 0.0
    for _ in range(8):
        security(country)
        country.week += 1
    assert country.flow("arrests").sum() > 0
    assert not country.flow("abuses").any()
    assert not country.flow("wrongful_arrests").any()
    assert not country.youth.grievance.any()
    assert (country.youth.abuse_week == NEVER).all()
    np.testing.assert_array_equal(country.trust, country.trust_start)


def patrolled(ppy=500, companies=100.0, members=10, **values):
    """A country whose fullest cell has companies on patrol and some members, whom nobody finds.

    Ten members give half of full contact.
    """
    values = {"wrongful_share": 0.0, "joint_patrol_abuse": 1.0, "abuse_floor": 0.1, "detection": 0.0,
              "answer_rate": 0.0, "abuse_members": 10 / np.log(2), **values}  # fmt: skip
    country = with_values(quiet(ppy), **values)
    cell = fullest(country)
    station(country, cell, members)
    country.levers.add("joint_patrol_troops", cell, 100 * companies)
    return country, cell


@pytest.mark.parametrize(("members", "contact"), [(0, 0.0), (10, 0.5), (20, 0.75), (5000, 1.0)])
def test_abuses_follow_the_patrols_and_their_contact_with_members(members, contact):
    country, cell = patrolled(abuse_per_op=2.0, members=members)
    country.insecurity[:] = np.linspace(0, 1, 1713)  # fear alone makes no abuse
    security(country)
    mean = 2.0 * 100.0 * (0.1 + contact)
    assert country.flow("abuses").sum() == country.flow("abuses")[cell]
    assert country.flow("abuses")[cell] == poissons(ABUSES, country.seed, 0, np.array([cell]), np.array([mean]))[0]
    assert abs(country.flow("abuses")[cell] - mean) <= 4.5 * np.sqrt(mean)


def test_members_next_door_are_a_contact_by_their_spill():
    country, cell = patrolled(abuse_per_op=2.0, members=0, abuse_floor=0.0, patrol_spill=0.25)
    near = country.grid.neighbours[cell][country.grid.neighbours[cell] >= 0][:2]
    for place in near:
        station(country, int(place), 20)
    security(country)
    mean = 2.0 * 100.0 * 0.5  # two times twenty, a quarter of them
    assert country.flow("abuses")[cell] == poissons(ABUSES, country.seed, 0, np.array([cell]), np.array([mean]))[0]


@pytest.mark.parametrize("left", [0.0, 0.5, 1.0, 1.5])
def test_the_lever_on_abuses_multiplies_them_where_it_is_moved(left):
    country, cell = patrolled(abuse_per_op=2.0)
    station(country, 7, 10)
    country.levers.add("joint_patrol_troops", 7, 10_000)
    country.levers.keep("abuse_control", cell, left)
    security(country)
    for place, factor in ((cell, left), (7, 1.0)):
        mean = np.array([2.0 * 100.0 * (0.1 + 0.5) * factor])
        assert country.flow("abuses")[place] == poissons(ABUSES, country.seed, 0, np.array([place]), mean)[0]


def test_an_abuse_hurts_the_victim_and_those_close():
    country, cell = patrolled(abuse_per_op=60.0, village_kin=0.0, abuse_grievance=0.6, grievance_near=0.5)
    country.week = 9
    security(country)
    youth, ties = country.youth, country.society.ties
    victims = np.flatnonzero(youth.grievance > 0.59)
    assert 0 < victims.size < 25, "one wrong in five hundred befalls the person whose ties are known"
    assert (country.society.cell[victims] == cell).all()
    aggrieved = np.flatnonzero(youth.grievance)
    assert set(aggrieved) == {*victims.tolist(), *ties[victims].ravel().tolist()}
    once = aggrieved[np.abs(youth.grievance[aggrieved] - 0.3) < 1e-6]
    assert once.size > 2 * victims.size
    assert set(np.flatnonzero(youth.abuse_week == 9)) == {
        *victims.tolist(),
        *ties[victims][:, KIN_TIES].ravel().tolist(),
    }
    assert set(np.unique(youth.abuse_week)) == {NEVER, 9}


def test_kin_in_the_village_hear_of_every_wrong():
    country, _ = patrolled(ppy=50, abuse_per_op=1.0, village_kin=0.2, village_persons=1000, abuse_grievance=0.4,
                              grievance_near=0.5)  # fmt: skip
    security(country)
    abuses = country.flow("abuses").sum()
    steps = np.log1p(-country.youth.grievance.astype(float)) / np.log(1 - 0.2)
    heard = np.round(steps[np.abs(steps - np.round(steps)) < 1e-3]).sum()
    expected = abuses * 20 * 0.2  # twenty youths to a village
    assert abs(heard - expected) < 5 * np.sqrt(expected) + 8 * 5
    village = np.arange(country.society.size) * 50 // 1000
    hit = np.unique(village[country.youth.grievance > 0])
    assert hit.size <= abuses * 3


def test_trust_falls_with_abuses_and_comes_back():
    country, cell = patrolled(ppy=5000, abuse_per_op=3.0, abuse_trust=0.3, trust_recovery=0.1)
    p, start = country.parameters, country.trust.copy()
    security(country)
    youths = persons_in(country, cell).size
    village = min(1.0, p.village_persons / youths)
    fall = 0.3 * p.trust_sd * village * country.flow("abuses")[cell]
    assert fall > 0.001
    assert start[cell] - country.trust[cell] == pytest.approx(fall)
    others = np.arange(1713) != cell
    assert np.array_equal(country.trust[others], start[others])
    country.levers.reset()
    for _ in range(7):
        security(country)
    assert start[cell] - country.trust[cell] == pytest.approx(fall * 0.9**7)


def test_trust_returns_to_the_level_that_policy_sets_at_its_pace():
    """In SD above the start (or below it), in the places of the lever, and never beyond everything or nothing."""
    country = with_values(quiet(5000), trust_recovery=0.1)
    p, start = country.parameters, country.trust_start.copy()
    goal = np.zeros(1713)
    goal[:500], goal[500:900], goal[900:1000], goal[1000:1100] = 0.5, -0.3, 50.0, -50.0
    country.levers.add("trust_goal", slice(None), goal)
    for week in range(1, 80):
        security(country)
        if week in (1, 7):
            rise = p.trust_sd * goal * (1 - 0.9**week)
            np.testing.assert_allclose(country.trust[:900], (start + rise)[:900], rtol=1e-12)
    np.testing.assert_allclose(country.trust, np.clip(start + p.trust_sd * goal, 0, 1), atol=1e-3)
    assert np.array_equal(country.trust_start, start)


def test_trust_stays_between_nothing_and_everything():
    country, _ = patrolled(ppy=5000, companies=1e3, abuse_per_op=0.5, abuse_trust=0.45)
    country.parameters = with_values(country, village_persons=1e9).parameters
    security(country)
    assert country.trust.min() == 0.0


def test_for_so_many_arrests_some_are_of_people_who_are_no_members():
    country, cell, entries = hunted(detection=0.4, killed_share=0.0, wrongful_share=0.3, village_kin=0.0)
    security(country)
    arrests, wrong = country.flow("arrests")[cell], country.flow("wrongful_arrests")
    expected = 0.3 / 0.7 * arrests
    assert abs(wrong.sum() - expected) < 4.5 * np.sqrt(expected)
    assert wrong[cell] == wrong.sum()
    roster = country.roster
    held = np.arange(entries.stop, roster.size)
    assert (roster.group[held] == -1).all()
    assert (roster.state[held] == DETAINED).all()
    assert np.array_equal(np.sort(roster.person[held]), np.flatnonzero(country.persons.status == DETAINED))
    assert np.array_equal(roster.youth[held], roster.person[held] // 5000)
    assert (country.society.cell[roster.youth[held]] == cell).all()


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
def test_the_lever_on_wrongful_arrests_multiplies_them_and_leaves_arrests_alone(factor):
    plain, cell, _ = hunted(detection=0.4, killed_share=0.0, wrongful_share=0.3)
    moved, _, _ = hunted(detection=0.4, killed_share=0.0, wrongful_share=0.3)
    moved.levers.keep("wrongful", cell, factor)
    for country in (plain, moved):
        security(country)
    assert np.array_equal(plain.flow("arrests"), moved.flow("arrests"))
    before, after = plain.flow("wrongful_arrests"), moved.flow("wrongful_arrests")
    expected = 0.3 / 0.7 * factor * plain.flow("arrests").sum()
    assert abs(after.sum() - expected) <= 4.5 * np.sqrt(expected)
    assert after[cell] == after.sum()
    assert (after <= before).all() if factor < 1 else (after >= before).all()


def test_only_civilians_are_wrongly_arrested():
    """Of the persons behind one youth some are civilians, and those alone are taken."""
    country, cell, entries = hunted(members=8000, detection=5.0, killed_share=0.0, wrongful_share=0.5)
    people, here = country.persons, persons_in(country, cell)
    for status in (APPROACHED, MEMBER, DETAINED, KILLED, RETURNED):
        people.status[here[status::6]] = status
    before = people.status.copy()
    security(country)
    changed = np.flatnonzero(people.status != before)
    assert changed.size > 100
    assert (before[changed] == CIVILIAN).all()
    assert (people.status[changed] == DETAINED).all()
    assert np.array_equal(np.sort(country.roster.person[entries.stop : country.roster.size]), changed)


def test_forces_kill_civilians_in_some_abuses():
    country, cell = patrolled(abuse_per_op=20.0, abuse_deaths=0.4)
    country.flow("deaths_civilian")[cell] = 1000  # of this week's attacks
    security(country)
    expected, killed = 0.4 * country.flow("abuses").sum(), country.flow("deaths_by_forces")
    assert abs(killed[cell] - expected) < 4.5 * np.sqrt(expected)
    assert killed.sum() == killed[cell] == country.flow("deaths_civilian")[cell] - 1000


def test_each_person_behind_a_youth_is_found_on_their_own():
    country = with_values(quiet(5000), **{**FIND_ONLY, "detection": 1.0, "killed_share": 0.5})
    cell = fullest(country)
    here = persons_in(country, cell)
    members, others = here[:10_000:2], here[1:10_000:2]
    enlist(country, members, np.zeros(members.size, np.int8))
    count(country)
    send(country, cell, 1.0)
    security(country)
    status = country.persons.status
    assert np.array_equal(status[members], country.roster.state[: members.size])
    assert set(status[members]) == {MEMBER, DETAINED, KILLED}
    found = status[members] != MEMBER
    alike(found.sum(), 1 - np.exp(-1.0), members.size)
    assert (status[others] == CIVILIAN).all()
    kept = country.persons.status[members].copy()
    country.week += 1
    security(country)
    assert np.array_equal(status[members][found], kept[found]), "who is held or dead is not found again"
    assert not country.youth.silent.any()


def test_a_youth_falls_silent_with_the_last_of_its_persons():
    country = with_values(quiet(100), **{**FIND_ONLY, "detection": 1.0, "killed_share": 1.0})
    cell = fullest(country)
    row = int(country.society.first[cell]) + 1
    whole, partly = np.arange(row * 100, row * 100 + 100), np.arange(row * 100 + 100, row * 100 + 199)
    members = np.append(whole, partly)
    enlist(country, members, np.zeros(members.size, np.int8))
    count(country)
    send(country, cell, 1.0)
    seen = set()
    for _ in range(30):
        security(country)
        country.week += 1
        dead = (country.persons.status == KILLED).reshape(-1, 100)
        assert np.array_equal(country.youth.silent, dead.all(axis=1))
        seen.add(int(dead.sum()))
    assert len(seen) > 3, "they die over some weeks"
    assert np.flatnonzero(country.youth.silent).tolist() == [whole[0] // 100]
    assert country.persons.status[partly[-1] + 1] == CIVILIAN
