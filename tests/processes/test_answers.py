"""Forces side by side, and their answers to attacks."""

import numpy as np
import pytest

from sim.processes.answers import answers, pursuit, right_kind, side_by_side
from sim.processes.security import post_units, security
from sim.world import facts
from tests.processes.worlds import NO_MEMBERS, quiet, station, tiny, with_values

COMMANDS = facts.commands()
INTERIOR, ARMY = COMMANDS.index("interior"), COMMANDS.index("army")


def companies(country, cell, **by_command):
    """Post so many companies of each command in a cell."""
    country.by_command[:] = 0.0
    for command, number in by_command.items():
        country.by_command[COMMANDS.index(command), cell] = number
    return side_by_side(country, country.by_command)[cell]


def answered(country):
    plenty = np.full(len(country.grid), 1.0)
    return answers(country, plenty, np.ones(len(country.grid)))


# --- side by side ----------------------------------------------------------------------------------------


def test_forces_of_several_commands_do_part_of_their_work_twice_unless_they_follow_one_agenda():
    country = with_values(quiet(5000), command_overlap=0.4)
    assert companies(country, 9, army=2.0) == pytest.approx(2.0), "one command alone does nothing twice"
    assert companies(country, 9, army=2.0, un=1.0, france=0.5) == pytest.approx(2.0 + 0.6 * 1.5)
    country.levers.reach("coordinated", ..., 0.5)
    assert companies(country, 9, army=2.0, un=1.0, france=0.5) == pytest.approx(2.0 + 0.8 * 1.5)
    country.levers.reach("coordinated", ..., 1.0)
    assert companies(country, 9, army=2.0, un=1.0, france=0.5) == pytest.approx(3.5)


def test_every_force_has_a_command_and_police_and_army_have_two():
    command = dict(zip([force.key for force in facts.forces()], facts.command_places(), strict=True))
    assert command["police"] == command["gendarmerie"] == command["national_guard"] == INTERIOR
    assert command["army"] == ARMY
    assert len({command[key] for key in ("army", "police", "minusma", "barkhane", "g5_joint_force")}) == 5


def test_patrols_that_follow_one_agenda_leave_fewer_gaps():
    def places_patrolled(coordinated):
        country = with_values(tiny(5000, groups=NO_MEMBERS), patrol_floor=0.02)
        country.units.patrol_share[:] = 1.0
        country.insecurity[::3] = 0.5
        country.units.effectiveness[:] = 20.0  # one unit is enough for a place
        if coordinated:
            country.levers.reach("coordinated", ..., 1.0)
        reached = 0
        for _ in range(10):
            country.flows[:] = 0
            post_units(country)
            reached += np.count_nonzero(country.flow("patrols"))
            country.week += 1
        return reached

    assert places_patrolled(True) > 1.05 * places_patrolled(False)


# --- answers ---------------------------------------------------------------------------------------------


def test_the_wrong_kind_of_unit_is_sent_only_where_both_kinds_are_and_not_where_somebody_picks():
    country = with_values(quiet(5000), wrong_unit=0.4)
    rural = int(np.flatnonzero(country.grid.urban_share == 0.0)[0])
    companies(country, rural, army=2.0)
    assert right_kind(country)[rural] == pytest.approx(1.0)
    companies(country, rural, interior=2.0)
    assert right_kind(country)[rural] == pytest.approx(1.0), "nobody else is there"
    companies(country, rural, army=1.0, interior=1.0)
    assert right_kind(country)[rural] == pytest.approx(0.6)
    country.levers.reach("right_unit", rural, 0.5)
    assert right_kind(country)[rural] == pytest.approx(0.8)
    country.levers.reach("right_unit", rural, 1.0)
    assert right_kind(country)[rural] == pytest.approx(1.0)


def test_attacks_count_as_answered_as_far_as_forces_nearby_are_able_to():
    country = with_values(quiet(5000), wrong_unit=0.0)
    country.attacks_now[0, 5] = 3
    found = answers(country, np.where(np.arange(len(country.grid)) == 5, 0.7, 0.0), np.ones(len(country.grid)))
    assert found.able[5] == pytest.approx(1 - np.exp(-0.7))
    assert country.flow("answered").sum() == country.flow("answered")[5] == pytest.approx(3 * (1 - np.exp(-0.7)))


def test_one_command_makes_an_answer_stronger_by_its_gain():
    country = with_values(quiet(5000), command_gain=0.5, wrong_unit=0.0)
    country.levers.reach("joint_command", 5, 1.0)
    able = answered(country).able
    assert able[5] == pytest.approx(1 - np.exp(-np.exp(0.5)))
    assert able[4] == pytest.approx(1 - np.exp(-1.0))


def test_those_who_raid_from_far_away_are_found_in_the_answer_to_the_raid():
    """Nobody is based where the raid strikes, so the raiders are among the whole group."""
    country = with_values(quiet(5000), detection=0.0, answer_rate=30.0, wrong_unit=0.0)
    bamako = len(country.grid) - 1
    station(country, 100, 40)
    country.members[0, 100] = 40
    country.units.patrol_share[:] = 0.0
    country.attacks_now[0, bamako] = 1
    found = answered(country)
    assert found.far[0] == pytest.approx(30.0 * (1 - np.exp(-1.0)) / 40)
    assert not found.far[1:].any()
    country.attacks_now[:] = 0
    country.attacks_now[0, 100] = 1
    assert not answered(country).far.any(), "where they are based they are found on the spot"


def test_members_are_lost_in_a_raid_that_is_answered():
    country = with_values(tiny(5000, groups=NO_MEMBERS), detection=0.0, answer_rate=1e3)
    bamako, here = len(country.grid) - 1, 100
    station(country, here, 40)
    country.members[0, here] = 40
    country.attacks_now[0, bamako] = 1
    security(country)
    assert country.flow("killed").sum() + country.flow("arrests").sum() == 40


def test_what_is_known_helps_answers_and_pursuit():
    country = with_values(quiet(5000), pursuit_hazard=0.02)
    niger = country.grid.country_names.index("Niger")
    country.levers.reach("pursuit", niger, 0.5)
    assert pursuit(country)[niger] == pytest.approx(0.01)
    country.levers.keep("information", country.grid.border[:, niger].astype(bool), 1.5)
    assert pursuit(country)[niger] == pytest.approx(0.015)
    told = answers(country, np.ones(len(country.grid)), country.levers.information)
    assert told.rate.max() == pytest.approx(1.5 * told.rate.min())
