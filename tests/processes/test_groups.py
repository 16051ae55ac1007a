"""Armed groups appear, pass on, move, and raise recruiters."""

from dataclasses import replace

import numpy as np
import pytest

from sim.population.groups import GONE, HERE
from sim.population.youth import MEMBER, RETURNED
from sim.processes.approach import enlist
from sim.processes.groups import groups
from sim.world import facts
from tests.processes.worlds import NO_FORCES, alike, day, fullest, persons_in, quiet, station, tiny, with_values

ROOT = {"recruiter_scale": 2.0 * 30**0.5, "recruiter_exponent": 0.5}
STILL = {
    "foreign_arrivals": 0.0,
    "move_chance": 0.0,
    "flee_chance": 0.0,
    "come_back_chance": 0.0,
    "promotion_rate": 0.0,
}


def of_group(country, key: str) -> np.ndarray:
    """Entries of the active members of a group."""
    g = country.groups.keys.index(key)
    return np.flatnonzero(country.roster.active() & (country.roster.group[: country.roster.size] == g))


def live(country, weeks: int) -> None:
    for _ in range(weeks):
        groups(country)
        country.week += 1


# --- beginnings and endings ------------------------------------------------------------------------------


@pytest.mark.parametrize("ppy", [20, 500])
def test_macina_is_founded_at_home_with_its_core(ppy):
    country = with_values(tiny(ppy, start=day("2014-12-08"), end=day("2015-02-02")), **STILL)
    week, g = country.clock.week(day("2015-01-01")), country.groups.keys.index("macina")
    country.roster.group[of_group(country, "mujao")] = country.groups.keys.index("mourabitoun")
    parent = of_group(country, "mourabitoun").size
    live(country, week)
    assert of_group(country, "macina").size == 0
    assert of_group(country, "mourabitoun").size == parent
    live(country, 1)
    core = of_group(country, "macina")
    roster = country.roster
    own = roster.youth[core] >= 0
    assert core.size == 100
    assert (roster.since[core] == week).sum() == 70, "youths of the home"
    assert of_group(country, "mourabitoun").size == parent - 30
    homes = country.groups.home_cells[g]
    assert np.isin(roster.cell[core], homes).all()
    assert country.members[g].sum() == core.size
    assert (country.persons.status[roster.person[core][own]] == MEMBER).all()
    assert (country.persons.status == MEMBER).sum() == (roster.youth[: roster.size] >= 0).sum()


@pytest.mark.parametrize(("core", "civilians", "own", "from_parent"), [(30, 0, 0, 5), (30, 40, 10, 5), (12, 40, 10, 2),
                                                                       (12, 48, 12, 0)])  # fmt: skip
def test_a_core_of_the_people_left_at_home_takes_the_rest_of_the_parent_at_most_half_of_it(
    core, civilians, own, from_parent
):
    changes = {"mourabitoun": {"start_members": 10, "founded": day("2012-01-02")},
               "macina": {"founded": day("2012-01-09"), "founding_core": core}}  # fmt: skip
    country = with_values(tiny(10_000, groups=changes, forces=NO_FORCES), **STILL)
    country.groups = replace(country.groups, parent_share=np.zeros(8))
    g = country.groups.keys.index("macina")
    home = np.concatenate([persons_in(country, cell) for cell in country.groups.home_cells[g]])
    country.persons.status[home[civilians:]] = RETURNED
    live(country, 1)
    parent = of_group(country, "mourabitoun")
    assert parent.size == 10
    live(country, 1)
    of_macina = of_group(country, "macina")
    assert np.isin(country.roster.person[of_macina], home[:civilians]).sum() == own
    assert np.isin(of_macina, parent).sum() == of_macina.size - own == from_parent
    assert of_group(country, "mourabitoun").size == 10 - from_parent


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_founders_bring_what_their_group_has_learnt_by_the_share_of_them_who_come_from_it(share):
    changes = {"mourabitoun": {"start_members": 10, "founded": day("2012-01-02")},
               "macina": {"founded": day("2012-01-09"), "founding_core": 10}}  # fmt: skip
    country = with_values(tiny(10_000, groups=changes, forces=NO_FORCES), **STILL)
    child, parent = (country.groups.keys.index(key) for key in ("macina", "mourabitoun"))
    country.groups.parent_share[child] = share
    country.experience[parent] = 50.0
    live(country, 2)
    assert country.experience[child] == pytest.approx(share * 50.0)
    assert country.experience[parent] == 50.0, "those who stay forget nothing"


def test_of_the_parent_those_who_come_from_the_new_home_leave_first():
    country = with_values(tiny(1000, groups={"macina": {"founded": day("2012-01-09"), "founding_core": 20}}), **STILL)
    table = country.groups
    table.parent_share[table.keys.index("macina")] = 1.0
    home = table.home_cells[table.keys.index("macina")]
    theirs = persons_in(country, fullest(country, np.isin(np.arange(1713), home)))[:12]
    parent = table.keys.index("mourabitoun")
    station(country, fullest(country), 500, group=parent)
    enlist(country, theirs, np.full(12, parent, np.int8))
    live(country, 2)
    left = country.roster.person[of_group(country, "macina")]
    assert left.size == 20
    assert np.isin(theirs, left).all()
    assert np.isin(country.roster.cell[of_group(country, "macina")], home).all()


def test_the_people_of_mujao_become_al_mourabitouns():
    country = with_values(tiny(100, start=day("2013-08-05"), end=day("2013-09-30")), **STILL)
    week = country.clock.week(day("2013-08-22"))
    assert week == 2
    before = country.roster.person[of_group(country, "mujao")]
    assert before.size > 400
    live(country, 2)
    assert set(country.roster.person[of_group(country, "mujao")]) == set(before)
    assert of_group(country, "mourabitoun").size == 0
    live(country, 1)
    assert of_group(country, "mujao").size == 0
    after = set(country.roster.person[of_group(country, "mourabitoun")])
    assert set(before) <= after
    assert len(after) == before.size + 100, "and its own core"


def test_jnim_takes_over_from_three_groups():
    country = with_values(tiny(100, start=day("2017-02-20"), end=day("2017-04-03"),
                               groups={"mourabitoun": {"start_members": 50}}), **STILL)  # fmt: skip
    before = [country.roster.person[of_group(country, key)] for key in ("aqim", "mourabitoun", "ansar_dine")]
    assert min(part.size for part in before) > 0
    numbers = [country.groups.keys.index(key) for key in ("aqim", "mourabitoun", "ansar_dine", "jnim")]
    live(country, 1)
    assert of_group(country, "jnim").size == 0
    country.experience[numbers] = [40.0, 30.0, 20.0, 0.0]
    live(country, 1)
    assert country.experience[numbers[-1]] == 90.0, "and what they have learnt"
    assert np.array_equal(np.sort(country.roster.person[of_group(country, "jnim")]), np.sort(np.concatenate(before)))
    live(country, 1)
    alive = country.groups.alive(country.week - 1)
    assert {k for k, on in zip(country.groups.keys, alive, strict=True) if on} == {"macina", "isgs", "jnim"}


def test_members_of_a_group_without_an_heir_give_up():
    country = with_values(tiny(100, groups={"macina": {"enabled": False}, "jnim": {"enabled": False},
                                            "aqim": {"ended": day("2012-01-16")}}), **STILL)  # fmt: skip
    entries = of_group(country, "aqim")
    live(country, 2)
    assert (country.roster.state[entries] == MEMBER).all()
    live(country, 1)
    assert (country.roster.state[entries] == RETURNED).all()
    assert country.flow("returned").sum() == entries.size
    from_mali = country.roster.youth[entries] >= 0
    assert from_mali.any()
    assert (country.persons.status[country.roster.person[entries][from_mali]] == RETURNED).all()


def test_fighters_from_abroad_come_to_each_group_by_its_foreign_share():
    country = with_values(quiet(5000), **{**STILL, "foreign_arrivals": 5000.0})
    shares = np.array([group.foreign_share for group in facts.groups()])
    country.groups = replace(country.groups, foreign_share=shares)
    table, roster = country.groups, country.roster
    station(country, fullest(country), 3)
    alive = table.alive(0)
    live(country, 40)
    assert table.alive(39)[alive].all()
    new = np.flatnonzero(roster.active())[3:]
    mean = 40 * 5000 * 7 / 365.25
    assert abs(new.size - mean) < 4.5 * np.sqrt(mean)
    assert country.flow("arrived").sum() == new.size
    assert np.unique(roster.person[: roster.size]).size == roster.size
    assert (roster.youth[new] == -1).all()
    by = np.bincount(roster.group[new], minlength=alive.size)
    for g in range(alive.size):
        alike(by[g], table.foreign_share[g] / table.foreign_share[alive].sum() if alive[g] else 0.0, new.size)
        assert np.isin(roster.cell[new][roster.group[new] == g], table.home_cells[g]).all()


def test_nobody_comes_where_no_group_has_foreign_members():
    country = with_values(quiet(5000), **{**STILL, "foreign_arrivals": 5000.0})
    country.groups = replace(country.groups, foreign_share=np.zeros(8))
    live(country, 3)
    assert country.roster.size == 0


# --- moving ----------------------------------------------------------------------------------------------


def sheltered(shelter, **values):
    """A quiet country whose neighbours (or those of an array by country) shelter members so well."""
    grid = quiet(5000).grid
    near = np.exp(-border_km(grid) / values["cross_km"])
    country = with_values(quiet(5000), **values)
    country.places = replace(country.places, border_near=near, shelter=np.zeros_like(country.places.shelter) + shelter)
    return country


def border_km(grid):
    """Km from every cell to the nearest one at the border of each country."""
    everywhere = np.arange(1713)
    at = [np.flatnonzero(border) for border in grid.border.T]
    return np.stack([grid.distance_km(everywhere[:, None], cells[None, :]).min(axis=1) for cells in at], axis=1)


def test_places_know_how_far_each_border_is_and_where_it_is_reached():
    country = quiet(5000)
    grid, places = country.grid, country.places
    km = border_km(grid)
    np.testing.assert_allclose(places.border_near, np.exp(-km / country.parameters.cross_km), rtol=1e-5)
    for k in range(7):
        assert grid.border[places.gate[:, k], k].all()
        np.testing.assert_allclose(grid.distance_km(np.arange(1713), places.gate[:, k]), km[:, k], rtol=1e-5, atol=1e-3)


def test_sanctuaries_grow_in_burkina_faso_and_niger_at_their_dates():
    country = tiny(5000, start=day("2015-01-05"), end=day("2018-12-31"))
    names, shelter = country.grid.country_names, country.places.shelter
    assert shelter.shape == (country.clock.weeks, 7)
    burkina, algeria = shelter[:, names.index("Burkina Faso")], shelter[:, names.index("Algeria")]
    april = country.clock.week(day("2015-04-01"))
    assert burkina[april - 1] < burkina[april] == burkina[april + 10]
    assert burkina[0] < 0.2 < 0.9 < burkina[-1]
    assert (np.diff(burkina) >= 0).all()
    assert (algeria == algeria[0]).all()
    assert algeria[0] > 0


@pytest.mark.parametrize("km", [50.0, 200.0])
def test_members_cross_from_inland_by_the_distance_and_the_shelter_beyond(km):
    hard = 1 - np.exp(-2.0)
    shelter = np.array([0.0, 0.0, 0.8, 0.4, 0.0, 0.0, 0.0])
    values = {**STILL, "flee_chance": 1.0, "cross_chance": 0.9, "pressing_companies": 1.0, "cross_km": km}
    country = sheltered(shelter, **values)
    niger, burkina = border_km(country.grid)[:, 2:4].T
    cell = int(np.argmin(np.abs(niger - 60) + np.abs(burkina - 60) + 1e3 * country.grid.border.any(axis=1)))
    entries = station(country, cell, 8000)
    country.forces[cell] = 2.0
    groups(country)
    to = country.roster.abroad[entries]
    ways = np.array([0.8 * np.exp(-niger[cell] / km), 0.4 * np.exp(-burkina[cell] / km)])
    alike((to != HERE).sum(), hard * 0.9 * hard * min(ways.sum(), 1.0), 8000)
    alike((to == 2).sum(), ways[0] / ways.sum(), int((to != HERE).sum()))
    assert set(to) == {HERE, 2, 3}
    patrolled = sheltered(shelter, **values)
    station(patrolled, cell, 8000)
    patrolled.forces[cell] = 2.0
    patrolled.levers.keep("crossing", patrolled.places.gate[cell, 2], 0.0)
    groups(patrolled)
    after = patrolled.roster.abroad[entries]
    assert np.array_equal(after == 3, to == 3)
    assert (after != 2).all()
    assert patrolled.flow("intercepted")[cell] == (to == 2).sum()


def at_the_border(members=4000, forces=2.0, **values):
    """Members under pressure in one border cell, all of whom try to move; nobody crosses from further away."""
    country = sheltered(1.0, **{**STILL, "flee_chance": 1.0, "cross_chance": 1.0, "pressing_companies": 1.0,
                                "far_share": 0.0, "cross_km": 1e-3, **values})  # fmt: skip
    cell = fullest(country, country.grid.border[:, 2])
    entries = station(country, cell, members)
    country.forces[cell] = forces
    return country, cell, entries


def test_those_pressed_at_a_border_cross_it():
    country, cell, entries = at_the_border()
    groups(country)
    hard = 1 - np.exp(-2.0)
    crossed = country.roster.abroad[entries] != HERE
    alike(crossed.sum(), hard * hard, crossed.size)  # pressed to move, and pressed across
    assert country.flow("crossings")[cell] == crossed.sum() == country.flow("crossings").sum()
    assert country.flow("intercepted").sum() == 0
    touched = np.flatnonzero(country.grid.border[cell])
    assert set(country.roster.abroad[entries][crossed]) == set(touched)
    assert country.members.sum() == (~crossed).sum(), "those abroad are not based here"
    assert (country.roster.cell[entries][crossed] == cell).all()


@pytest.mark.parametrize("left", [0.0, 0.5])
def test_what_is_taken_from_the_ability_to_cross_stops_people(left):
    free, cell, entries = at_the_border()
    groups(free)
    hindered, _, _ = at_the_border()
    hindered.levers.keep("crossing", [cell], left)
    groups(hindered)
    before, after = (c.roster.abroad[entries] != HERE for c in (free, hindered))
    assert not (after & ~before).any()
    alike(after.sum(), left, before.sum())
    assert hindered.flow("intercepted").sum() == before.sum() - after.sum()
    elsewhere, _, _ = at_the_border()
    elsewhere.levers.keep("crossing", np.arange(1713) != cell, 0.0)
    groups(elsewhere)
    assert np.array_equal(elsewhere.roster.abroad[entries] != HERE, before)


def test_some_of_those_stopped_go_on_to_the_next_place_along_the_border():
    country, cell, entries = at_the_border(forces=50.0, border_displaced=0.6)  # all try to cross
    grid = country.grid
    country.levers.keep("crossing", [cell], 0.3)
    groups(country)
    stopped, went = country.flow("intercepted"), country.flow("crossings_displaced")
    to = country.roster.cell[entries]
    moved = to != cell
    assert stopped[cell] == stopped.sum() > 1000
    assert went[cell] == went.sum() == moved.sum()
    alike(moved.sum(), 0.6, int(stopped.sum()))
    around = grid.neighbours[cell][grid.neighbours[cell] >= 0]
    along = around[grid.border[around].any(axis=1)]
    assert 0 < along.size < around.size
    for place in along:
        alike((to[moved] == place).sum(), 1 / along.size, int(moved.sum()))
    assert (country.roster.abroad[entries][moved] == HERE).all()
    assert country.members.sum() == (country.roster.abroad[entries] == HERE).sum()


@pytest.mark.parametrize("displaced", [0.0, 1.0])
def test_where_those_stopped_go_does_not_change_who_is_stopped(displaced):
    country, cell, entries = at_the_border(border_displaced=displaced)
    plain, _, _ = at_the_border(border_displaced=0.5)
    for one in (country, plain):
        one.levers.keep("crossing", [cell], 0.4)
        groups(one)
    assert np.array_equal(country.roster.abroad[entries], plain.roster.abroad[entries])
    assert np.array_equal(country.flow("intercepted"), plain.flow("intercepted"))
    assert country.flow("crossings_displaced").sum() == displaced * country.flow("intercepted").sum()


def test_where_crossing_becomes_easier_more_cross_and_nobody_is_stopped():
    free, cell, entries = at_the_border(cross_chance=0.4)
    easy, _, _ = at_the_border(cross_chance=0.4)
    easy.levers.keep("crossing", [cell], 1.5)
    for country in (free, easy):
        groups(country)
    before, after = (c.roster.abroad[entries] != HERE for c in (free, easy))
    hard = 1 - np.exp(-2.0)
    alike(after.sum(), hard * 0.6 * hard, 4000)
    assert not (before & ~after).any()
    assert easy.flow("intercepted").sum() == easy.flow("crossings_displaced").sum() == 0


def test_nobody_crosses_away_from_a_border_or_without_pressure():
    country, _cell, entries = at_the_border(forces=0.0, move_chance=1.0)
    groups(country)
    assert (country.roster.abroad[entries] == HERE).all()
    inland, _, _ = at_the_border(members=1)
    middle = fullest(inland, ~inland.grid.border.any(axis=1))
    entries = station(inland, middle, 500)
    inland.forces[:] = 2.0
    groups(inland)
    assert (inland.roster.abroad[entries] == HERE).all()


@pytest.mark.parametrize(("forces", "share"), [(0.0, 0.3), (1.0, 0.3 * np.exp(-1.0))])
def test_they_come_back_where_no_forces_press(forces, share):
    country = with_values(quiet(5000), **{**STILL, "come_back_chance": 0.3, "pressing_companies": 1.0})
    cell = fullest(country, country.grid.border[:, 2])
    entries = station(country, cell, 4000, abroad=2)
    country.forces[cell] = forces
    groups(country)
    alike((country.roster.abroad[entries] == HERE).sum(), share, 4000)
    assert country.members[0, cell] == (country.roster.abroad[entries] == HERE).sum()


def test_a_few_move_anyway_and_more_under_pressure():
    for forces, expected in ((0.0, 0.1), (1.0, 0.1 + 0.4 * (1 - np.exp(-1.0)))):
        country = with_values(quiet(5000), **{**STILL, "move_chance": 0.1, "flee_chance": 0.4, "far_share": 0.0,
                                              "pressing_companies": 1.0})  # fmt: skip
        cell = fullest(country)
        entries = station(country, cell, 4000)
        country.forces[cell] = forces
        groups(country)
        moved = country.roster.cell[entries] != cell
        alike(moved.sum(), expected, 4000)
        assert set(country.roster.cell[entries][moved]) <= set(country.grid.neighbours[cell])


def moves(country, cell, share=None, members=20_000):
    entries = station(country, cell, members)
    groups(country)
    to = country.roster.cell[entries]
    return np.bincount(to, minlength=len(country.grid)) / members


def test_they_go_rather_to_peopled_places_near_home_without_state_or_forces():
    values = {**STILL, "move_chance": 1.0, "far_share": 0.0, "move_state": 1.0, "pressing_companies": 2.0}
    country = with_values(quiet(5000, parameters={"move_people": 0.5}), **values)
    cell = fullest(country)
    around = country.grid.neighbours[cell][country.grid.neighbours[cell] >= 0]
    country.forces[around[0]], country.state_presence[around] = 1.0, np.linspace(0, 1, around.size)
    pull = np.sqrt(country.grid.population[around] + 1) * np.exp(-country.state_presence[around])
    pull *= country.places.home_pull[0, around] * np.where(around == around[0], np.exp(-0.5), 1.0)
    found = moves(country, cell)
    np.testing.assert_allclose(found[around], pull / pull.sum(), atol=0.016)
    assert found[around].sum() == pytest.approx(1.0)


def test_far_moves_lead_along_the_roads_to_towns():
    country = with_values(quiet(5000), **{**STILL, "move_chance": 1.0, "far_share": 1.0})
    cell = fullest(country)
    towns = country.places.town_cells
    country.forces[towns[3]] = 1.0
    weight = country.places.town_pull * country.places.town_distance[cell]
    weight[3] *= np.exp(-1.0 / country.parameters.pressing_companies)
    found = moves(country, cell)
    np.testing.assert_allclose(found[towns], weight / weight.sum(), atol=0.016)
    assert found[cell] == 0, "a town is no way to itself"
    near = towns[np.argsort(-country.places.town_distance[cell])]
    km = country.grid.distance_km(cell, near[:-1])
    assert (np.diff(km) >= -1e-3).all()


# --- recruiters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("exponent", "scale"), [(0.5, 2.0), (1.0, 0.1), (0.7, 0.5)])
def test_recruiters_grow_with_a_power_of_the_members(exponent, scale):
    values = {"promotion_rate": 0.3, "recruiter_scale": scale * 30**exponent, "recruiter_exponent": exponent}
    country = with_values(quiet(5000), **{**STILL, **values})
    cell = fullest(country)
    station(country, cell, 100, group=0)
    station(country, cell, 2500, group=1)
    live(country, 1)
    wanted = scale * np.array([100, 2500]) ** exponent
    first = country.recruiters.sum(axis=1)[:2]
    assert (np.abs(first - 0.3 * wanted) < 4.5 * np.sqrt(0.3 * wanted) + 1).all()
    live(country, 60)
    assert np.abs(country.recruiters.sum(axis=1)[:2] - wanted).max() <= 2
    assert country.recruiters[2:].sum() == 0


def test_members_in_another_district_are_a_command_of_their_own_and_a_merger_costs_no_recruiters():
    country = with_values(quiet(5000), **{**STILL, "promotion_rate": 0.3, **ROOT})
    grid = country.grid
    one, same, other = (fullest(country, np.array(grid.cercle) == name) for name in ("Gao", "Gao", "Mopti"))
    same = int(grid.cells_of_cercle("Gao")[grid.cells_of_cercle("Gao") != one][0])
    for cell, group in ((one, 0), (same, 0), (other, 0), (other, 1)):
        station(country, cell, 100, group=group)
    live(country, 60)
    at = country.recruiters[0]
    assert abs(at[one] + at[same] - 2 * np.sqrt(200)) <= 2
    assert abs(at[other] - 20) <= 2
    before = country.recruiters.sum()
    country.roster.group[country.roster.group == 1] = 2  # into the hands of a group elsewhere
    live(country, 60)
    assert abs(country.recruiters.sum() - before) <= 3


def test_a_group_that_shrinks_keeps_fewer_recruiters():
    country = with_values(quiet(5000), **{**STILL, "promotion_rate": 0.3, **ROOT})
    station(country, fullest(country), 400, recruiter=1)
    assert country.recruiters.sum() == 400
    live(country, 1)
    assert 400 - 0.3 * 360 - 45 < country.recruiters.sum() < 400 - 0.3 * 360 + 45
    live(country, 60)
    assert abs(country.recruiters.sum() - 40) <= 8


def test_only_members_in_the_country_are_counted_and_promoted():
    country = with_values(quiet(5000), **{**STILL, "promotion_rate": 1.0, **ROOT, "recruiter_scale": 6.0 * 30**0.5})
    cell = fullest(country)
    for state, abroad in ((MEMBER, HERE), (MEMBER, 1), (RETURNED, HERE), (GONE, HERE)):
        station(country, cell, 100, state=state, abroad=abroad)
    live(country, 3)
    assert country.members.sum() == country.members[0, cell] == 100
    assert country.roster.recruiter[100:400].sum() == 0
    assert 40 < country.roster.recruiter[:100].sum() <= 75
