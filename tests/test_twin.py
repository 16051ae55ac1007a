"""The compiled country and its plain twin live the same weeks, person by person."""

import math
import statistics
from datetime import date

import numpy as np
import pytest
from twin import luck
from twin.beginning import CONTACTS, MODES, ROSTER, TRAININGS, begin_small, of_country
from twin.week import CHANNELS, STATUSES

from sim.engine import luck as compiled_luck
from sim.population.groups import HERE, NOBODY
from sim.population.youth import DETAINED, NEVER
from sim.processes.groups import count
from sim.record import FLOWS
from sim.scenario import Scenario
from sim.week import advance

YEAR = 56  # weeks: a year and a little more
SD = 1e-5  # how far attitudes kept in single precision may be apart after a year
CLOSE = 1e-9  # relative, of what is kept in double precision

EVENTFUL = {  # inside the ranges of the table, so that four hundred youths see a year of everything
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
    "raid_rate": 0.01,
    "abuse_per_op": 1.0,
    "abuse_floor": 0.2,
    "wrongful_share": 0.55,
    "clearing_chance": 0.1,
    "dismissal_chance": 0.0055,
    "conviction_chance": 0.0065,
    "give_up_chance": 0.008,
    "flee_chance": 0.5,
    "cross_chance": 0.8,
    "come_back_chance": 0.05,
    "far_share": 0.15,
    "killed_share": 0.3,
    "move_chance": 0.15,
    "silencing_chance": 0.012,
    "silenced_weeks": 13,
    "propaganda_chance": 0.3,
    "village_persons": 200,
    "promotion_rate": 0.2,
    "recruiter_scale": 2.0,
    "sentence_weeks": 104,
    "imams": 12000,
    "village_share": 0.3,
    "pressing_companies": 0.5,
    "detection": 0.02,
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
MEASURES = {
    "imam_training": {
        "start": date(2012, 1, 18),
        "imams": 900,
        "cohort_size": 300,
        "weeks_between_cohorts": 9,
        "course_weeks": 14,
        "intensity": 0.9,
    },
    "mali_kuma_kan": {
        "start": date(2012, 2, 1),
        "end": date(2012, 11, 5),
        "ramp_up_weeks": 5,
        "renewed_every_weeks": 8,
        "regions": ["Gao", "Kidal", "Tombouctou", "Mopti", "Bamako"],
        "tv": {"capacity": 1.0, "coverage": 1.0, "views": 2.0},
    },
    "joint_patrols": {
        "start": date(2012, 1, 9),
        "patrols": 300,
        "countries": ["Algeria", "Niger", "Mauritania"],
        "pursuit": 0.9,
    },
}


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
        "parameters": EVENTFUL,
        "groups": groups,
        "forces": FORCES,
    }


def all_measures():
    """All three measures, with a youth standing for three persons."""
    more_clips = {
        "clip_risk_effect": 0.2,
        "clip_effect": 0.02,
        "outreach_chance": 0.6,
        "training_completion": 0.7,
        "border_effect": 0.23,
        "pursuit_hazard": 0.06,
    }
    return {
        "name": "all measures",
        "persons_per_youth": 3,
        "groups": GROUPS,
        "forces": FORCES,
        "measures": MEASURES,
        "parameters": {**EVENTFUL, **more_clips},
    }


def odd_dates():
    """Joint patrols that, as the range of their effect allows, make crossing easier; cohorts on given days."""
    cohorts = [
        {"departs": date(2012, 2, 15), "imams": 50},  # the first day of the measure, in the middle of a week
        {"departs": date(2012, 3, 18), "imams": 40},
        {"departs": date(2012, 6, 6), "imams": 30},  # the last one
    ]
    training = {"start": date(2012, 2, 15), "end": date(2012, 6, 7), "course_weeks": 12, "cohorts": cohorts}
    patrols = {**MEASURES["joint_patrols"], "regions": ["Kidal", "Gao"], "end": date(2012, 11, 7)}
    return {
        "name": "odd dates",
        "persons_per_youth": 2,
        "groups": GROUPS,
        "forces": FORCES,
        "measures": {"joint_patrols": patrols, "imam_training": training},
        "parameters": {**EVENTFUL, "border_effect": -0.09},
    }


EVERYWHERE = {
    "approached",
    "joined",
    "joined_ties",
    "joined_kin",
    "joined_month",
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
    "deaths_civilian",
    "deaths_security",
    "abuses",
    "crossings",
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
    "imam silenced",
    "response",
    "patrol",
    "wronged",
    "held wrongly",
    "cleared",
    "case dismissed",
    "convicted",
    "sentence served",
    "gave up",
    "replaced",
    "member turned 36",
}
"""Kinds of events that every one of the long runs must have seen, or it would prove nothing about them."""
WITH_MEASURES = {
    "reached_clips",
    "backfired",
    "reached_sermons",
    "intercepted",
    "found abroad",
    "imam left for training",
    "imam came back trained",
    "imam came back untrained",
}


# --- luck ------------------------------------------------------------------------------------------------


def test_the_twin_draws_as_published():
    """Known answers of Random123 for Philox4x32-10."""
    ones = 0xFFFFFFFF
    assert luck.philox((0, 0, 0, 0), (0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert luck.philox((ones,) * 4, (ones,) * 2) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)


def test_compiled_luck_is_the_published_one():
    sentence = "a youth is approached"
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
    columns, youths = country.youth, twin.youths
    statuses = [STATUSES.index(y.status) for y in youths]
    same("status", columns.status, statuses)
    same("contact_group", columns.contact_group, [place(y.contact_group) for y in youths])
    same("contact_tie", columns.contact_tie, [CONTACTS.index(y.contact_through) for y in youths])
    same("member_ties", columns.member_ties, [len(y.knows_members()) for y in youths])
    for name in ("contact_week", "refused_until", "abuse_week"):
        values = [getattr(y, name) for y in youths]
        same(name, getattr(columns, name), [NEVER if v is None else v for v in values])
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
        "propaganda",
        "counsel",
        "grievance",
    ):
        same(name, getattr(columns, name), [getattr(y, name) for y in youths], SD)


def same_roster(country, twin):
    """Members and the detained are the same persons in the same state."""
    known, people = country.roster, twin.roster
    assert known.size == len(people)
    same("person", known.person[: known.size], [m.number for m in people])
    same("youth", known.youth[: known.size], [-1 if m.youth is None else m.youth.row for m in people])
    same(
        "state",
        [list(ROSTER.values()).index(ROSTER[s]) for s in known.state[: known.size]],
        [list(ROSTER.values()).index(m.state) for m in people],
    )
    alive = [e for e, m in enumerate(people) if m.state in ("member", "detained")]
    for name, values in {
        "group": [place(m.group) for m in people],
        "cell": [m.cell.number for m in people],
        "abroad": [-1 if m.abroad is None else m.abroad for m in people],
        "recruiter": [m.recruiter for m in people],
        "persons": [m.persons for m in people],
        "since": [m.since for m in people],
        "convicted": [m.convicted for m in people],
    }.items():
        same(f"{name} of member", getattr(known, name)[: known.size][alive], np.array(values)[alive])


def same_places(country, twin):
    """Cells, units and imams are in the same state."""
    for name in ("insecurity", "trust", "state_presence", "hold", "forces", "troops"):
        same(name, getattr(country, name), [getattr(cell, name) for cell in twin.cells], CLOSE)
    for group in twin.groups:
        for name in ("members", "recruiters", "attacks_now"):
            same(
                f"{name} of {group.key}",
                getattr(country, name)[group.number],
                [getattr(cell, name).get(group, 0) for cell in twin.cells],
            )
    for k, (name, _, _) in enumerate(FLOWS):
        same(f"total of {name}", country.totals[k], [cell.totals.get(name, 0.0) for cell in twin.cells], CLOSE)
    units, imams = country.units, country.imams
    same("unit cell", units.cell, [u.cell.number for u in twin.units])
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
        tolerance = SD if name in ("attitude_mean", "grievance_mean") else CLOSE
        same(f"observable {name}", country.values[week, :, k], row.get(name, [0.0] * 9), tolerance)


def begun(scenario, seed):
    """A small country, some foreign members abroad, at a border or in prison from the start; and its twin."""
    country = begin_small(Scenario.of({**scenario, "end": date(2013, 6, 3)}), seed)
    people = country.roster
    foreign = np.flatnonzero(people.youth[: people.size] == NOBODY)
    people.abroad[foreign[1::4]] = np.arange(foreign[1::4].size) % len(country.grid.country_names)
    borders = np.flatnonzero(country.grid.border.any(axis=1))
    people.cell[foreign[2::4]] = borders[np.arange(foreign[2::4].size) * 7 % borders.size]
    for entry, weeks in zip(foreign[::9], range(60, 104, 2), strict=False):  # sentenced so many weeks ago
        people.state[entry], people.convicted[entry], people.since[entry] = DETAINED, 1, -weeks
        people.abroad[entry] = HERE
    count(country)
    return country, of_country(country)


def live(scenario, weeks, seed=1, moved=None, moved_in_twin=None):
    """Both live so many weeks and are compared after each; levers may be moved besides what the measures do."""
    country, twin = begun(scenario, seed)
    for week in range(weeks):
        advance(country, moved)
        twin.advance(moved_in_twin)
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
    twin.balance()
    settled = [youth.settled for youth in twin.youths]
    assert statistics.pstdev(settled) == pytest.approx(1.0, abs=1e-4), "attitudes are measured in their own SD"
    members = [youth for youth in twin.youths if youth.status == "member"]
    assert members
    same_youths(country, twin)


def test_ties_and_members_are_known_both_ways():
    _, twin = begun(all_measures(), seed=1)
    for youth in twin.youths:
        for tie in youth.ties:
            assert youth.ties.count(tie) == tie.ties.count(youth)
    owners = [person.number // twin.ppy for person in twin.roster if person.youth is not None]
    assert all(owners.count(row) == twin.ppy for row in set(owners)), "somebody belongs to two groups"


@pytest.mark.parametrize("scenario", [nothing_done, all_measures, odd_dates])
def test_eight_weeks_are_the_same(scenario):
    twin = live(scenario(), 8, seed=2)
    assert {"approached", "joined", "arrests", "killed", "attacks", "abuses", "moved"} <= set(twin.seen)


def test_eight_weeks_in_which_imams_speak_out_and_propaganda_is_answered_are_the_same():
    def moved(levers):
        levers.reach("speaking_out", [0, 3, 4], 0.6)
        levers.keep("propaganda", slice(0, 1713, 2), 0.3)

    def moved_in_twin(twin):
        for region in (0, 3, 4):
            twin.levers.speaking_out[region] = 0.6
        for cell in twin.cells[::2]:
            cell.propaganda = 0.3

    scenario = all_measures()
    scenario["parameters"] = {**scenario["parameters"], "appeal_effect": 0.08}
    twin = live(scenario, 8, 2, moved, moved_in_twin)
    assert {"heard an appeal", "heard propaganda"} <= set(twin.seen)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "must_happen"),
    [
        (nothing_done, EVERYWHERE | {"left with end of group"}),
        (all_measures, EVERYWHERE | WITH_MEASURES),
        (odd_dates, {"crossings", "found abroad", "imam left for training", "imam came back trained"}),
    ],
)
def test_a_year_is_the_same_person_by_person(scenario, must_happen):
    twin = live(scenario(), YEAR)
    missing = must_happen - set(twin.seen)
    assert not missing, f"never happened, so nothing is proved about: {sorted(missing)}"
