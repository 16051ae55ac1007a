"""The compiled country and its plain twin live the same weeks, person by person.

Measures are not lived twice (each has tests of its own): the twin takes the values of the levers of the week, and what
is proved here is what levers do. One scenario moves every lever of the table at random.
"""

import json
import math
import statistics
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from sim.engine import luck as compiled_luck
from sim.levers import TABLE
from sim.measures import MEASURES
from sim.population.groups import HERE, NOBODY
from sim.population.youth import DETAINED, NEVER
from sim.processes.approach import REASONS
from sim.processes.groups import count
from sim.record import FLOWS
from sim.scenario import Scenario
from sim.week import advance
from tests.twin import luck
from tests.twin.beginning import CONTACTS, MODES, ROSTER, TRAININGS, begin_small, of_country
from tests.twin.week import CHANNELS, STATUSES

YEAR = 56  # weeks: a year and a little more
SD = 1e-5  # how far attitudes kept in single precision may be apart after a year
CLOSE = 1e-9  # relative, of what is kept in double precision

EVENTFUL = {  # inside the ranges of the table, so that four hundred youths see a year of everything
    **json.loads((Path(__file__).parent / "golden" / "world.json").read_text()),  # whatever world is fitted later
    "h0": 0.05,
    "approaches_per_recruiter": 12,
    "approach_limit": 0.058,
    "contact_weeks": 30,
    "refusal_weeks": 26,
    "women_approached": 0.4,
    "attack_rate": 0.03,
    "target_civilians": 0.6,
    "target_officials": 0.5,
    "target_people": 1000,
    "holding_members": 50,
    "raid_rate": 0.01,
    "abuse_per_op": 1.0,
    "abuse_floor": 0.2,
    "abuse_members": 4,
    "wrongful_share": 0.55,
    "clearing_chance": 0.1,
    "dismissal_chance": 0.0055,
    "conviction_chance": 0.0065,
    "give_up_chance": 0.008,
    "flee_chance": 0.5,
    "cross_chance": 0.8,
    "come_back_chance": 0.05,
    "cross_km": 200,
    "far_share": 0.15,
    "killed_share": 0.3,
    "move_chance": 0.15,
    "silencing_chance": 0.012,
    "speaking_exposure": 2.5,
    "silenced_weeks": 13,
    "propaganda_chance": 0.3,
    "village_persons": 200,
    "promotion_rate": 0.2,
    "recruiter_scale": 11.0,
    "sentence_weeks": 104,
    "imams": 12000,
    "village_share": 0.3,
    "pressing_companies": 0.5,
    "detection": 0.02,
    "communal_rate": 4.0,
    "feud_revenge": 0.7,
    "feud_half_life": 26,
    "militia_rise": 0.3,
    "militia_abuses": 32,
    "fighting_members": 5,
    "siege_trapped": 40,
    "harm_delay": 0.6,
    "draft_shift": 0.8,
    "b_protect_join": 1.0,
}
GROUPS = {  # one is founded out of another, one passes its people to an heir, one ends without
    "aqim": {"start_members": 150},
    "ansar_dine": {"start_members": 150},
    "mujao": {"start_members": 150, "ended": date(2012, 9, 3)},
    "mourabitoun": {"founded": date(2012, 5, 7), "founding_core": 10},
    "khalid": {"founded": date(2012, 2, 6), "ended": date(2012, 4, 2), "founding_core": 8},
    "macina": {"founded": date(2012, 3, 5), "founding_core": 10},
}
FORCES = {
    "army": {"scale": 8},
    "national_guard": {"scale": 8},
}  # so that groups are pressed across the borders


def nothing_done():
    """Every person simulated, no measures; a group ends without an heir."""
    groups = {
        **GROUPS,
        "ansar_dine": {"start_members": 150, "ended": date(2012, 7, 30)},
        "jnim": {"enabled": False},
    }
    return {
        "name": "nothing done",
        "persons_per_youth": 1,
        "parameters": {**EVENTFUL, "ordinary_courts": 1.25},
        "groups": groups,
        "forces": FORCES,
    }


def all_measures():
    """Every measure there is, from the first day, with a youth standing for three persons."""
    more = {
        "imam_training": {"imams": 900, "cohort_size": 300, "weeks_between_cohorts": 9, "course_weeks": 14},
        "mali_kuma_kan": {"ramp_up_weeks": 5, "tv": {"capacity": 1.0, "coverage": 1.0, "views": 2.0}},
        "joint_patrols": {"patrols": 300, "countries": ["Algeria", "Niger", "Mauritania"], "pursuit": 0.9},
        "adaptive_strategy": {"every_weeks": 3, "over_weeks": 3, "sensing_delay_weeks": 1},
        "religious_leaders": {"share_speaking": 0.6, "share_protected": 0.5},
        "sermon_drafting": {"share_following": 0.7},
    }
    parameters = {
        "clip_risk_effect": 0.2,
        "clip_effect": 0.02,
        "outreach_chance": 0.6,
        "training_completion": 0.7,
        "border_effect": 0.23,
        "pursuit_hazard": 0.06,
        "appeal_effect": 0.08,
        "interaction": 0.1,
    }
    return {
        "name": "all measures",
        "persons_per_youth": 3,
        "groups": GROUPS,
        "forces": FORCES,
        "measures": {key: more.get(key, True) for key in MEASURES},
        "parameters": {**EVENTFUL, **parameters},
    }


LATER_GROUPS = {  # at the end of 2016, with the foreign and mixed forces of then; three pass their people to JNIM
    "aqim": {"start_members": 150},
    "ansar_dine": {"start_members": 150},
    "mourabitoun": {"start_members": 150},
    "macina": {"start_members": 20},
    "khalid": {"founded": date(2017, 1, 2), "ended": date(2017, 4, 3), "founding_core": 8},
    "isgs": {"founded": date(2017, 2, 6), "founding_core": 10},
}


def every_lever():
    """No measures: levers are moved at random (`stir`)."""
    parameters = {
        "clip_risk_effect": 0.2,
        "appeal_effect": 0.08,
        "outreach_chance": 0.6,
        "pursuit_hazard": 0.06,
        "command_gain": 0.6,
        "drill_effectiveness": 0.28,
        "drill_abuse": 1.4,
        "drill_half_life": 40,
    }
    return {
        "name": "every lever",
        "start": date(2016, 12, 5),
        "end": date(2018, 6, 4),
        "persons_per_youth": 2,
        "groups": LATER_GROUPS,
        "forces": FORCES,
        "parameters": {**EVENTFUL, **parameters},
    }


STIRRED = {  # between which values a lever is moved, so that its reader has to show what it does with them
    "clip_reach": (0, 0.4),
    "clip_views": (0, 3),
    "clip_pull": (0.3, 1.5),
    "clip_shock": (0, 1),
    "propaganda": (0, 2),
    "speaking_out": (0, 1),
    "imams_sent": (0, 40),
    "course_weeks": (4, 14),
    "imams_completing": (0.3, 1),
    "imam_threats": (0, 3),
    "drafted_sermons": (0, 1),
    "support": (-0.5, 0.5),
    "grievance_relief": (0, 0.1),
    "joining": (0.3, 2),
    "approaches": (0, 2),
    "contact_lapse": (0.3, 3),
    "giving_up": (0.3, 3),
    "extra_schooling": (0, 1),
    "crossing": (0, 1.5),
    "pursuit": (0, 1),
    "attack_rate": (0.3, 2),
    "attacks_on_civilians": (0, 2),
    "site_raids": (0, 1.3),
    "site_guard": (0, 1),
    "communal_violence": (0, 2),
    "state_return": (0, 150),
    "state_goal": (0, 0.5),
    "response_delay": (0, 2),
    "joint_command": (0, 1),
    "dispatch": (0, 1),
    "deployed": (0, 1),
    "joint_patrol_troops": (0, 300),
    "soldiers_trained": (0, 200),
    "abuse_control": (0, 2),
    "wrongful": (0, 2),
    "information": (0.3, 3),
    "movements_hold": (0, 1),
    "recruiter_exposure": (0.3, 3),
    "trust_goal": (-1, 1),
    "pole_cases": (0, 1),
    "shift": (0, 0.5),
    "need": (0, 0.4),
    "coordinated": (0, 1),
    "implementation": (0.5, 1.5),
    "drama_reach": (0, 1),
    "right_unit": (0, 1),
}
COUNTED = {"imams_sent", "course_weeks"}


def stir(levers, week):
    """Move most levers, in a part of the places: random, and the same in every run of this week."""
    luck_of_week = np.random.default_rng(week)
    for name, (low, high) in STIRRED.items():
        shape = getattr(levers, name).shape
        values = luck_of_week.uniform(low, high, shape)
        moved = luck_of_week.random(shape) < 0.7
        if luck_of_week.random() < 0.7:
            value = np.round(values) if name in COUNTED else values
            levers.set(name, ..., np.where(moved, value, getattr(levers, name)))


EVERYWHERE = {
    "approached",
    "joined",
    "joined_ties",
    "joined_kin",
    "joined_month",
    "joined_year",
    "joined_abused",
    "joined_revenge",
    "joined_income",
    "joined_ideology",
    "joined_protection",
    "joined_company",
    "arrests",
    "wrongful_arrests",
    "killed",
    "returned",
    "attacks",
    "attacks_forces",
    "attacks_officials",
    "attacks_civilians",
    "attacks_sites",
    "trapped",
    "deaths_sites",
    "deaths_civilian",
    "deaths_by_forces",
    "deaths_security",
    "abuses",
    "arrived",
    "leaders_lost",
    "took over",
    "crossings",
    "crossed from inland",
    "patrols",
    "contact lapsed",
    "heard propaganda",
    "heard a sermon",
    "moved",
    "moved far",
    "came back from abroad",
    "became recruiter",
    "stopped recruiting",
    "left with founders",
    "local founder",
    "passed to heir",
    "imams_silenced",
    "response",
    "patrol",
    "wronged",
    "held wrongly",
    "cleared",
    "dismissed",
    "convicted",
    "sentence served",
    "gave up",
    "replaced",
    "member turned 36",
}
"""Kinds of events that every one of the long runs must have seen, or it would prove nothing about them."""
WITH_MEASURES = {
    "reached_clips",
    "reached_drama",
    "clips_calmed",
    "clips_stirred",
    "clips_at_risk",
    "reached_sermons",
    "intercepted",
    "found abroad",
    "imam left for training",
    "imam came back trained",
    "imam came back untrained",
    "heard an appeal",
    "drafted sermon",
}
WITH_LEVERS = {
    "told less",
    "attacks_displaced",
    "raid called off",
    "clashes",
    "deaths_communal",
    "abuses_militias",
    "grudge",
    "wronged by a militia",
    "nobody of the other side",
    "crossings_displaced",
    "dispatched",
    "went to a gap",
    "raid answered",
    "soldiers trained",
    "units moved",
    "part of a unit",
    "speaker silenced",
    "cleared by the pole",
    "convicted at the pole's pace",
    "a year longer at school",
}


# --- luck ------------------------------------------------------------------------------------------------


def test_the_twin_draws_as_published():
    """Known answers of Random123 for Philox4x32-10."""
    ones = 0xFFFFFFFF
    assert luck.philox((0, 0, 0, 0), (0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert luck.philox((ones,) * 4, (ones,) * 2) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)


def test_compiled_luck_is_the_published_one():
    sentence = "an approached person joins"
    assert luck.number(sentence) in compiled_luck.decisions()
    for seed, week, who, draw in [(0, 0, 0, 0), (7, 52, 401, 3), (2**63 + 5, 364, 2**32 - 1, 2**20)]:
        drawn = compiled_luck.words(
            np.uint32(luck.number(sentence)), compiled_luck.seed_key(seed), week, np.uint32(who), draw
        )
        assert tuple(map(int, drawn)) == luck.words(sentence, seed, week, who, draw)


def test_counts_and_bells_agree():
    for word in (0, 1, 0x80, 0xFF00FF, 0x12345678, 0xFFFFFFFF):
        assert float(compiled_luck.bell(np.uint32(word))) == pytest.approx(luck.bell(word), abs=1e-6)
    for mean in (0.0, 0.01, 0.7, 3.0, 40.0):
        for u in (1e-9, 0.1, 0.5, 0.9, 1.0 - 1e-9):
            assert compiled_luck.poisson(mean, u) == luck.poisson(mean, u)
    for u in (1e-9, 0.02, 0.3, 0.5, 0.99, 1.0 - 1e-9):
        assert compiled_luck.normal(u) == pytest.approx(luck.normal(u), rel=2e-9, abs=2e-9)


# --- the state of both, compared ----------------------------------------------------------------------------


def same(name, compiled, twin, tolerance=None):
    """Fail with the first place where two columns differ."""
    compiled, twin = np.asarray(compiled, float), np.asarray(twin, float)
    assert compiled.shape == twin.shape, name
    if tolerance is None:
        off = compiled != twin
    else:
        off = ~(np.abs(compiled - twin) <= tolerance * np.maximum(1.0, np.abs(twin)))
    where = np.flatnonzero(off)
    assert not where.size, (
        f"{name}: {where.size} differ, first at {where[0]}: compiled {compiled[where[0]]!r}, twin {twin[where[0]]!r}"
    )


def place(thing):
    """Number of a thing, -1 for none."""
    return -1 if thing is None else thing.number


def same_youths(country, twin):
    """Everybody is in the same state."""
    persons, everybody = country.persons, [person for youth in twin.youths for person in youth.persons]
    same("status", persons.status, [STATUSES.index(one.status) for one in everybody])
    same("contact_group", persons.contact_group, [place(one.contact_group) for one in everybody])
    reasons = [name.removeprefix("joined_") for name in REASONS]
    same("reason", persons.reason, [0 if one.reason is None else reasons.index(one.reason) + 1 for one in everybody])
    same("contact_tie", persons.contact_tie, [CONTACTS.index(one.contact_through) for one in everybody])
    for name in ("contact_week", "refused_until"):
        values = [getattr(one, name) for one in everybody]
        same(name, getattr(persons, name), [NEVER if v is None else v for v in values])
    columns, youths = country.youth, twin.youths
    same("silent", columns.silent, [y.silent for y in youths])
    same("abuse_week", columns.abuse_week, [NEVER if y.abuse_week is None else y.abuse_week for y in youths])
    for name in ("woman", "schooling", "religious_schooling", "livelihood"):
        same(name, getattr(columns, name), [getattr(y, name) for y in youths])
    same(
        "channels",
        columns.channels,
        [sum(1 << k for k, c in enumerate(CHANNELS) if c in y.channels) for y in youths],
    )
    for name in (
        "disposition",
        "settled",
        "attitude",
        "recent",
        "clips",
        "drama",
        "propaganda",
        "counsel",
        "lasting",
        "grievance",
    ):
        same(name, getattr(columns, name), [getattr(y, name) for y in youths], SD)


def same_roster(country, twin):
    """Members and the detained are the same persons in the same state."""
    known, people = country.roster, twin.roster
    assert known.size == len(people)
    same("person", known.person[: known.size], [m.number for m in people])
    same(
        "state",
        [list(ROSTER.values()).index(ROSTER[s]) for s in known.state[: known.size]],
        [list(ROSTER.values()).index(m.state) for m in people],
    )
    followed = [e for e, m in enumerate(people) if m.state != "gone"]
    rows = np.array([-1 if m.someone is None else m.someone.youth.row for m in people])
    same("youth of those followed", known.youth[: known.size][followed], rows[followed])
    alive = [e for e, m in enumerate(people) if m.state in ("member", "detained")]
    for name, values in {
        "group": [place(m.group) for m in people],
        "cell": [m.cell.number for m in people],
        "abroad": [-1 if m.abroad is None else m.abroad for m in people],
        "recruiter": [m.recruiter for m in people],
        "leader": [m.leader for m in people],
        "since": [m.since for m in people],
        "convicted": [m.convicted for m in people],
    }.items():
        same(f"{name} of member", getattr(known, name)[: known.size][alive], np.array(values)[alive])


def same_places(country, twin):
    """Cells, units and imams are in the same state."""
    for name in ("insecurity", "trust", "state_presence", "hold", "forces", "troops"):
        same(name, getattr(country, name), [getattr(cell, name) for cell in twin.cells], CLOSE)
    for number, side in enumerate(("herding", "farming")):
        same(f"grudge of {side}", country.grudges[number], [cell.grudge[side] for cell in twin.cells], CLOSE)
        same(f"militia of {side}", country.militias[number], [cell.militia[side] for cell in twin.cells], CLOSE)
    for group in twin.groups:
        for name in ("members", "recruiters", "attacks_now"):
            same(
                f"{name} of {group.key}",
                getattr(country, name)[group.number],
                [getattr(cell, name).get(group, 0) for cell in twin.cells],
            )
    for k, (name, _, _) in enumerate(FLOWS):
        tolerance = SD if name == "clips_risk_shift" else CLOSE
        same(f"total of {name}", country.totals[k], [cell.totals.get(name, 0.0) for cell in twin.cells], tolerance)
    units, imams = country.units, country.imams
    same("unit cell", units.cell, [u.cell.number for u in twin.units])
    same("part of units", units.present, [u.present for u in twin.units], CLOSE)
    same("trained share of forces", country.trained, twin.trained, CLOSE)
    same("unit mode", units.mode, [MODES.index(u.mode) for u in twin.units])
    same("unit strength", units.strength, [u.strength for u in twin.units], CLOSE)
    same("imam training", imams.training, [TRAININGS.index(i.training) for i in twin.imams])
    same("imam away_until", imams.away_until, [i.away_until for i in twin.imams])
    for name in ("stance", "credibility"):
        same(f"imam {name}", getattr(imams, name), [getattr(i, name) for i in twin.imams], CLOSE)


def same_record(country, twin):
    """The last row of the record holds the same numbers, every observable of every region."""
    week, row = country.week - 1, twin.rows[-1]
    assert set(row) <= set(country.names)
    for name, k in country.names.items():
        if name.startswith(("delivered_", "cost_")):  # by the measures, which are not lived twice
            continue
        tolerance = SD if name in ("attitude_mean", "grievance_mean", "clips_risk_shift") else CLOSE
        same(f"observable {name}", country.values[week, :, k], row.get(name, [0.0] * 9), tolerance)


def begun(scenario, seed):
    """A small country, some foreign members abroad, at a border or in prison from the start; and its twin."""
    country = begin_small(Scenario.of({"end": date(2013, 6, 3), **scenario}), seed)
    people = country.roster
    foreign = np.flatnonzero(people.youth[: people.size] == NOBODY)
    people.abroad[foreign[1::4]] = np.arange(foreign[1::4].size) % len(country.grid.country_names)
    borders = np.flatnonzero(country.grid.border.any(axis=1))
    people.cell[foreign[2::4]] = borders[np.arange(foreign[2::4].size) * 7 % borders.size]
    for entry, weeks in zip(foreign[::9], range(60, 104, 2), strict=False):  # sentenced so many weeks ago
        people.state[entry], people.convicted[entry], people.since[entry] = DETAINED, 1, -weeks
        people.abroad[entry] = HERE
    count(country)
    lived_in = np.flatnonzero(np.diff(country.society.first))  # too few to begin feuds
    country.grudges[:, lived_in] = np.arange(lived_in.size) % 3 * 2.0
    country.militias[:, lived_in[::2]] = 0.4
    return country, of_country(country)


class Found:
    """Values of the levers of a week, as the twin finds them; notes which of them it reads."""

    def __init__(self, levers, read):
        self.values = {lever.name: getattr(levers, lever.name).tolist() for lever in TABLE}
        self.read = read

    def __getattr__(self, name):
        self.read.add(name)
        return self.values[name]


def live(scenario, weeks, seed=1, moved=None):
    """Both live so many weeks and are compared after each; levers may be moved besides what measures do."""
    country, twin = begun(scenario, seed)
    found = None
    twin.read = set()

    def after_measures(levers):
        nonlocal found
        if moved is not None:
            moved(levers, country.week)
        found = Found(levers, twin.read)

    for week in range(weeks):
        advance(country, after_measures)
        twin.advance(found)
        assert country.week == twin.week == week + 1
        try:
            same_places(country, twin)
            same_roster(country, twin)
            same_youths(country, twin)
            same_record(country, twin)
        except AssertionError as difference:
            raise AssertionError(f"week {week}: {difference}") from None
    return twin


# --- the tests -----------------------------------------------------------------------------------------------


def test_everybody_is_born_the_same():
    """Disposition, schooling, work and media use of all youths follow from the world seed by the written rules."""
    country, twin = begun(nothing_done(), seed=3)
    for youth in twin.youths:
        youth.disposition, youth.channels, youth.schooling, youth.livelihood = math.nan, None, None, None
        twin.bear(youth, 0)
        if youth.livelihood == 0:  # of the first day: exclusion has been there before
            youth.grievance = twin.p.exclusion_grievance * (1.0 - youth.cell.state_presence)
    twin.balance()
    settled = [youth.settled for youth in twin.youths]
    assert statistics.pstdev(settled) == pytest.approx(1.0, abs=1e-4), "attitudes are measured in their own SD"
    assert any(person.status == "member" for youth in twin.youths for person in youth.persons)
    same_youths(country, twin)


def test_the_average_pull_of_the_first_day_is_the_same():
    country, twin = begun(every_lever(), seed=3)
    assert country.average_pull == pytest.approx(twin.average_pull, rel=CLOSE)
    assert country.average_pull != pytest.approx(1.0, rel=0.01)


def test_every_lever_of_the_table_is_moved_in_the_twin_runs():
    """A new lever fails here until the twin runs move it, and then there until the twin reads it."""
    assert set(STIRRED) == {lever.name for lever in TABLE}
    moved = set()

    class Seen:
        def set(self, name, _where, values):
            if (values != getattr(self, name)).any():
                moved.add(name)

    sizes = {"channel": 4, "language": 3, "cell": 20, "region": 9, "country": 7, "group": 6, "force": 12}
    start = {lever.name: np.full([sizes[axis] for axis in lever.over], lever.default) for lever in TABLE}
    for week in range(8):
        levers = Seen()
        vars(levers).update(start)
        stir(levers, week)
    assert moved == set(STIRRED)


def test_ties_and_members_are_known_both_ways():
    _, twin = begun(all_measures(), seed=1)
    for youth in twin.youths:
        for tie in youth.ties:
            assert youth.ties.count(tie) == tie.ties.count(youth)
    members = [entry.number for entry in twin.roster if entry.someone is not None]
    assert members
    assert len(members) == len(set(members)), "somebody belongs to two groups"


@pytest.mark.parametrize(
    ("scenario", "moved", "seed"), [(nothing_done, None, 4), (all_measures, None, 2), (every_lever, stir, 2)]
)
def test_eight_weeks_are_the_same(scenario, moved, seed):
    twin = live(scenario(), 8, seed=seed, moved=moved)
    assert {"approached", "joined", "arrests", "killed", "attacks", "abuses", "moved"} <= set(twin.seen)
    if scenario is every_lever:
        assert twin.read == {lever.name for lever in TABLE if lever.reader != "measures"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "moved", "must_happen"),
    [
        (nothing_done, None, (EVERYWHERE - {"leaders_lost"}) | {"left with end of group"}),  # too few arrests for that
        (every_lever, stir, EVERYWHERE | WITH_MEASURES | WITH_LEVERS),  # all measures are on in it too
    ],
)
def test_a_year_is_the_same_person_by_person(scenario, moved, must_happen):
    twin = live(scenario(), YEAR, seed=2, moved=moved)
    missing = must_happen - set(twin.seen)
    assert not missing, f"never happened, so nothing is proved about: {sorted(missing)}"
