"""Armed groups: who begins with how many, and where."""

from datetime import date

import numpy as np
import pytest

from sim.engine.luck import seed_key
from sim.population.groups import FOREIGN, NOBODY, Roster, first_bases, founders, home, home_weights, least
from sim.population.youth import KILLED, MEMBER
from sim.scenario import Scenario
from sim.week import begin
from sim.world import facts
from sim.world.grid import world_grid

GRID = world_grid()
FACTS = {group.key: group for group in facts.groups()}


def begun(ppy=20, seed=1, **changes):
    return begin(Scenario.of({"name": "groups", "persons_per_youth": ppy, **changes}), seed)


@pytest.mark.parametrize("ppy", [20, 200])
def test_groups_begin_with_their_members_at_home(ppy):
    country = begun(ppy)
    roster, table = country.roster, country.groups
    group, person = roster.group[: roster.size], roster.person[: roster.size]
    assert np.unique(person).size == roster.size
    assert roster.active().all()
    for g, key in enumerate(table.keys):
        fact, mine = FACTS[key], group == g
        assert mine.sum() == fact.start_members
        foreign = mine & (person >= FOREIGN)
        assert abs(foreign.sum() - fact.foreign_share * fact.start_members) <= 0.5
        assert {GRID.cercle[c] for c in roster.cell[: roster.size][mine]} <= set(fact.home_cercles)
    assert np.array_equal(roster.youth[: roster.size] == NOBODY, person >= FOREIGN)
    mine = roster.youth[: roster.size] != NOBODY
    assert np.array_equal(roster.youth[: roster.size][mine], person[mine] // ppy)
    assert np.array_equal(np.sort(person[mine]), np.flatnonzero(country.persons.status == MEMBER))
    assert np.unique(person[mine] // ppy).size > 0.4 * mine.sum(), "they are not lumped behind a few youths"
    assert np.array_equal(country.members.sum(axis=1), np.bincount(group, minlength=len(table.keys)))


def test_how_many_founders_come_from_mali_does_not_depend_on_persons_per_youth():
    for ppy in (50, 500, 5000):
        country = begun(ppy)
        g = country.groups.keys.index("mujao")
        none = np.zeros(country.society.persons, np.uint8)
        found = [founders(country.society, none, country.groups, g, 501, 0.4, seed_key(seed)) for seed in (1, 2)]
        assert [f.size for f in found] == [int(501 * 0.6 + 0.5)] * 2
        assert not np.array_equal(*found)


def test_founders_are_civilians_of_the_home_cells_and_never_empty_them():
    country = begun(200)
    table, society, status = country.groups, country.society, country.persons.status
    g = table.keys.index("macina")
    home = np.isin(society.cells_of(np.arange(society.persons)), table.home_cells[g])
    some = founders(society, status, table, g, 4000, 0.0, country.seed)
    assert some.size == 4000
    assert home[some].all()
    assert (np.diff(some) > 0).all()
    places = np.bincount(some % 200, minlength=200)
    assert places.std() < 1.5 * np.sqrt(20), "no place behind a youth is special"
    status[some[::2]] = KILLED
    others = founders(society, status, table, g, 4000, 0.0, country.seed)
    assert not np.isin(some[::2], others).any()
    assert np.isin(some[1::2], others).all(), "nobody else's luck moves"
    all_ = founders(society, status, table, g, 10**9, 0.0, country.seed)
    assert all_.size == ((status == 0) & home).sum() // 4


def test_first_bases_and_founders_follow_the_weight_of_the_home_cells():
    country = begun(200)
    table, society = country.groups, country.society
    g = table.keys.index("mujao")
    names = np.arange(50_000)
    bases = first_bases(names, g, table, country.seed)
    found = np.array([(bases == c).sum() for c in table.home_cells[g]])
    np.testing.assert_allclose(found / names.size, table.home_weight[g], atol=0.01)
    nobody = np.zeros(society.persons, np.uint8)
    local = founders(society, nobody, table, g, 2000, 0.0, country.seed)
    lives = np.bincount(society.cell[local // 200], minlength=len(GRID))[table.home_cells[g]]
    np.testing.assert_allclose(lives / 2000, table.home_weight[g], atol=0.05)


def test_every_home_district_has_the_same_weight_and_towns_have_little():
    cercles = ("Kidal", "Tombouctou")
    weight = home_weights(GRID, cercles, 0.5, 40.0)
    cells = [GRID.cells_of_cercle(name) for name in cercles]
    parts = np.split(weight, [cells[0].size])
    for part, where in zip(parts, cells, strict=True):
        assert part.sum() == pytest.approx(0.5)
        expected = np.sqrt(GRID.population[where] + 1) * (1 - np.exp(-GRID.town_km[where] / 40.0))
        np.testing.assert_allclose(part, 0.5 * expected / expected.sum(), rtol=1e-12)
    town = np.argmax(GRID.population[cells[1]])
    people = GRID.population[cells[1]] / GRID.population[cells[1]].sum()
    assert parts[1][town] / 0.5 < 0.5 * people[town]


def test_a_scenario_changes_groups():
    country = begun(groups={
        "aqim": {"enabled": False},
        "mujao": {"start_members": 40, "home_cercles": ["Kayes"], "ended": date(2012, 3, 5)},
        "macina": {"founded": date(2012, 6, 4)},
    })  # fmt: skip
    table, roster = country.groups, country.roster
    assert "aqim" not in table.keys
    assert table.parent[table.keys.index("mujao")] == NOBODY, "its parent is off"
    g = table.keys.index("mujao")
    assert table.ended[g] == 9
    assert table.founded[table.keys.index("macina")] == 22
    mine = roster.group[: roster.size] == g
    assert mine.sum() == 40
    assert {GRID.cercle[c] for c in roster.cell[: roster.size][mine]} == {"Kayes"}
    jnim = table.keys.index("jnim")
    assert not table.alive(0)[jnim]
    assert table.alive(country.clock.week(date(2017, 3, 6)))[jnim]


def test_a_roster_grows_and_keeps_what_it_holds():
    roster = Roster.empty(2)
    first = roster.append(2, person=np.array([7, 8], np.uint32), group=1, state=MEMBER)
    second = roster.append(3, person=np.array([1, 2, 3], np.uint32), cell=5, since=4)
    assert (first, second, roster.size) == (slice(0, 2), slice(2, 5), 5)
    assert roster.person[:5].tolist() == [7, 8, 1, 2, 3]
    assert roster.since[:5].tolist() == [0, 0, 4, 4, 4]
    assert roster.abroad[:5].tolist() == [-1] * 5
    assert roster.active().tolist() == [True, True, False, False, False]
    other = roster.copy()
    other.person[0] = 99
    assert roster.person[0] == 7


def test_an_heir_that_is_gone_passes_on_and_one_not_yet_founded_does_not():
    """MUJAO -> Al-Mourabitoun -> JNIM; who has no heir that exists has nobody acting for them."""
    country = begun(5000)
    keys, table, week = country.groups.keys, country.groups, country.clock.week
    mujao, mourabitoun, jnim = (keys.index(key) for key in ("mujao", "mourabitoun", "jnim"))
    assert table.acting(week(date(2013, 1, 1)))[mujao] == mujao
    assert table.acting(week(date(2014, 1, 1)))[mujao] == mourabitoun
    assert table.acting(week(date(2018, 1, 1)))[mujao] == jnim
    late = begun(5000, groups={"jnim": {"founded": "2018-01-01"}}).groups
    assert late.acting(week(date(2017, 6, 1)))[mujao] == NOBODY


def test_a_late_start_has_the_members_of_the_groups_that_were_there_before():
    table, late = begun().groups, begun(start="2017-06-05")
    before = ("aqim", "mujao", "mourabitoun", "ansar_dine")
    expected = sum(FACTS[key].start_members or FACTS[key].founding_core for key in before)
    assert late.members[table.keys.index("jnim")].sum() == pytest.approx(expected, abs=5)
    assert late.members[table.keys.index("aqim")].sum() == 0


@pytest.mark.parametrize("many", [0, 1, 7, 49, 50])
def test_the_least_are_those_a_whole_sort_puts_first_and_of_equal_ones_the_first(many):
    luck = np.random.default_rng(many).integers(0, 9, 50) / 9
    assert least(luck, many).tolist() == sorted(np.argsort(luck, kind="stable")[:many].tolist())


def test_the_homes_of_groups_are_kept_and_cannot_be_changed():
    cells, km = home(GRID, ("Kidal", "Gao"))
    assert home(GRID, ("Kidal", "Gao"))[1] is km
    assert cells.tolist() == [*GRID.cells_of_cercle("Kidal"), *GRID.cells_of_cercle("Gao")]
    assert (km[cells] == 0).all()
    assert km[GRID.cells_of_cercle("Kayes")].min() == pytest.approx(
        min(GRID.distance_km(a, b) for a in GRID.cells_of_cercle("Kayes") for b in cells)
    )
    for column in (cells, km):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1
