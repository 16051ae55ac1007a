"""Forces find members; contacts with civilians go wrong."""

import numpy as np
import pytest
from worlds import NO_MEMBERS, alike, fullest, quiet, station, tiny, with_values

from sim.engine.luck import poissons
from sim.population.groups import HERE
from sim.population.security import GUARD, PATROL, RESPONSE
from sim.population.youth import CIVILIAN, DETAINED, KILLED, KIN_TIES, MEMBER, NEVER
from sim.processes.security import ABUSES, post_units, security

NO_HARM = {"abuse_per_op": 0.0, "wrongful_share": 0.0}
FIND_ONLY = {**NO_HARM, "answer_rate": 0.0, "crowd_members": 1e15, "b_trust_tip": 0.0, "patrol_spill": 0.0,
             "recruiter_exposure": 1.0}  # fmt: skip


def send(country, cell, companies: float) -> None:
    """Put so many companies of the strength of a French one into a cell this week."""
    country.levers.add("joint_patrol_troops", cell, 100.0 * companies / country.parameters.joint_patrol_effectiveness)


def hunted(members=8000, companies=2.0, trust=None, **values):
    """Members in one cell, and companies there to look for them."""
    country = with_values(quiet(5000), **{**FIND_ONLY, **values})
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
    country = tiny(5000, groups=NO_MEMBERS)
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
        with_values(country, detection=0.1, b_trust_tip=0.4)
        security(country)
    a, b = (c.roster.state[:size] != MEMBER for c in (few, many))
    assert not (a & ~b).any()
    assert b.sum() > 1.5 * a.sum() > 0


def test_trust_makes_people_tell():
    few, many = (tiny(500) for _ in range(2))
    many.trust[:] += 0.2
    size = few.roster.size
    for country in (few, many):
        with_values(country, detection=0.1, b_trust_tip=0.4)
        security(country)
    a, b = (c.roster.state[:size] != MEMBER for c in (few, many))
    assert not (a & ~b).any()
    assert b.sum() > a.sum() > 0
    p = few.parameters
    country, _, entries = hunted(detection=0.1, b_trust_tip=0.4, trust=p.trust_mean + 2 * p.trust_sd)
    hit = found(country, entries)
    alike(hit.sum(), 1 - np.exp(-0.1 * 2.0 * np.exp(0.8)), hit.size)


def test_recruiters_are_more_exposed():
    country, _, entries = hunted(detection=0.1, recruiter_exposure=3.0)
    country.roster.recruiter[entries][::2] = 1
    hit = found(country, entries)
    alike(hit[::2].sum(), 1 - np.exp(-0.6), hit[::2].size)
    alike(hit[1::2].sum(), 1 - np.exp(-0.2), hit[1::2].size)


def test_crowds_are_easier_to_find():
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
    for _ in range(8):
        security(country)
        country.week += 1
    assert country.flow("arrests").sum() > 0
    assert not country.flow("abuses").any()
    assert not country.flow("wrongful_arrests").any()
    assert not country.youth.grievance.any()
    assert (country.youth.abuse_week == NEVER).all()
    np.testing.assert_array_equal(country.trust, country.trust_start)


def patrolled(ppy=500, companies=100.0, insecurity=0.5, **values):
    """A country whose fullest cell has companies on patrol, and no members."""
    country = with_values(
        quiet(ppy), **{"wrongful_share": 0.0, "joint_patrol_abuse": 1.0, "abuse_floor": 0.1, **values}
    )
    cell = fullest(country)
    country.insecurity[:] = insecurity
    country.levers.add("joint_patrol_troops", cell, 100 * companies)
    return country, cell


@pytest.mark.parametrize("left", [0.0, 0.5, 1.0])
def test_abuses_grow_with_patrols_and_insecurity_and_follow_their_lever(left):
    country, cell = patrolled(abuse_per_op=2.0)
    country.levers.keep("abuse_control", slice(None), left)
    security(country)
    expected = np.zeros(1713)
    expected[cell] = 2.0 * 100.0 * (0.1 + 0.5) * left
    assert np.array_equal(country.flow("abuses"), poissons(ABUSES, country.seed, 0, np.arange(1713), expected))
    assert abs(country.flow("abuses").sum() - expected[cell]) <= 4.5 * np.sqrt(expected[cell])


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
    youths = np.diff(country.society.first)[cell] * 5000
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
    assert (roster.persons[held] == 5000).all()
    assert np.array_equal(np.sort(roster.youth[held]), np.flatnonzero(country.youth.status == DETAINED))
    assert (country.society.cell[roster.youth[held]] == cell).all()


def test_only_civilians_are_wrongly_arrested():
    country, cell, _ = hunted(members=8000, detection=5.0, killed_share=0.0, wrongful_share=0.5)
    rows = np.flatnonzero(country.society.cell == cell)
    for k, status in enumerate((1, 2, 3, 4, 5)):
        country.youth.status[rows[k::6]] = status
    before = country.youth.status.copy()
    security(country)
    changed = country.youth.status != before
    assert changed.any()
    assert (before[changed] == CIVILIAN).all()
    assert (country.youth.status[changed] == DETAINED).all()


def test_forces_kill_civilians_in_some_abuses():
    country, cell = patrolled(abuse_per_op=20.0, abuse_deaths=0.4)
    security(country)
    expected = 0.4 * country.flow("abuses").sum()
    assert abs(country.flow("deaths_civilian")[cell] - expected) < 4.5 * np.sqrt(expected)


def test_a_youth_is_a_member_until_the_last_of_its_persons_is_found():
    from sim.processes.approach import enlist
    from sim.processes.groups import count

    country = with_values(quiet(5000), **{**FIND_ONLY, "detection": 1.0, "killed_share": 0.0})
    cell = fullest(country)
    row = np.array([country.society.first[cell]])
    enlist(country, row, np.zeros(1, np.int8))
    count(country)
    send(country, cell, 1.0)
    security(country)
    assert country.youth.status[row[0]] == MEMBER
    assert 0 < (country.roster.state[:5000] == DETAINED).sum() < 5000
    assert country.links.sum() == 8
    for _ in range(20):
        country.week += 1
        security(country)
    assert (country.roster.state[:5000] == DETAINED).all()
    assert country.youth.status[row[0]] == DETAINED
    assert country.links.sum() == 0
