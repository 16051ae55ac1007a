"""Approaches and joining: chances, hazards, and who is left alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.parameters import Parameters, rows
from sim.population.persons import Persons, behind
from sim.population.youth import APPROACHED, CIVILIAN, DETAINED, KILLED, KIN_TIES, MEMBER, NEVER, RETURNED, TIES
from sim.processes.approach import (
    BY_KIN,
    BY_NOBODY,
    BY_TIE,
    COUNTS,
    REASONS,
    approach,
    enlist,
    home_of,
    pressure,
)
from sim.processes.exits import leave
from sim.processes.groups import count
from sim.processes.hazard import average_pull, background, circumstances, coefficients, keenest, log_hazard
from tests.processes.worlds import (
    B_OF_JOINING,
    alike,
    fullest,
    met,
    one_each,
    persons_in,
    quiet,
    station,
    tiny,
    with_values,
)

COLUMNS = ("status", "contact_group", "contact_tie", "contact_week", "refused_until", "reason")
PLAIN = {**dict.fromkeys(B_OF_JOINING, 0.0), "contact_weeks": 1e15}
HOPELESS = {"h0": 0.0, "contact_weeks": 1e15}


def contacted(people: int = 4000, ppy: int = 100, **values):
    """A country in which one person behind each of the first so many youths was just approached by the first group.

    The average of the hazard is set to that of a youth whom nothing moves, whose hazard is then h0. Returns the persons
    in the order of their youths 0, 1, 2 ...
    """
    country = with_values(quiet(ppy), **values)
    country.average_pull = 1.0
    persons = one_each(country, np.arange(people))
    met(country, persons)
    return country, persons


def changed(now: Persons, before: Persons) -> np.ndarray:
    """The persons of whom anything differs."""
    return np.flatnonzero(np.any([getattr(now, name) != getattr(before, name) for name in COLUMNS], axis=0))


def joined_by_week(country, persons, weeks: int) -> np.ndarray:
    out = []
    for _ in range(weeks):
        approach(country)
        country.week += 1
        out.append((country.persons.status[persons] == MEMBER).sum())
    return np.array(out)


# --- joining ---------------------------------------------------------------------------------------------


def test_under_a_constant_hazard_joins_are_exponential():
    country, persons = contacted(**PLAIN, h0=0.05, freshness_shape=1.0)
    joined = joined_by_week(country, persons, 40)
    for weeks in (1, 4, 13, 40):
        alike(joined[weeks - 1], 1 - np.exp(-0.05 * weeks), persons.size)


@pytest.mark.parametrize("shape", [0.36, 0.2, 0.5])
def test_with_fading_freshness_joins_follow_weibull(shape):
    country, persons = contacted(**PLAIN, h0=0.3, freshness_shape=shape)
    joined = joined_by_week(country, persons, 52)
    for weeks in (1, 4, 13, 52):
        alike(joined[weeks - 1], 1 - np.exp(-0.3 * weeks**shape), persons.size)


def test_contacts_lapse_and_those_who_let_them_are_left_alone():
    values = {**PLAIN, "h0": 0.02, "freshness_shape": 1.0, "contact_weeks": 10.0, "refusal_weeks": 30}
    country, persons = contacted(**values)
    joined = joined_by_week(country, persons, 20)
    stays, comes = np.exp(-1 / 10), 1 - np.exp(-0.02)
    left, expected = 1.0, 0.0
    for _ in range(20):
        left *= stays
        expected += left * comes
        left *= 1 - comes
    status = country.persons.status[persons]
    alike(joined[-1], expected, persons.size)
    alike((status == APPROACHED).sum(), left, persons.size)
    assert np.array_equal(np.sort(country.persons.in_contact), persons[status == APPROACHED])
    lapsed, until = status == CIVILIAN, country.persons.refused_until[persons]
    assert (until[lapsed] >= 30).all()
    assert (until[lapsed] < 50).all()
    assert (until[~lapsed] == NEVER).all()


@pytest.mark.parametrize("name", B_OF_JOINING)
def test_each_circumstance_changes_the_hazard_by_its_factor(name):
    b, h = 0.8, 0.35
    country, persons = contacted(**{**PLAIN, "h0": h, name: b})
    youth, p, rows = country.youth, country.parameters, np.arange(persons.size)
    youth.abuse_week[:] = NEVER
    youth.livelihood[:], youth.religious_schooling[:], youth.schooling[:] = 1, 5, 0
    youth.attitude[:] = youth.settled[:] = 0
    country.trust[:] = p.trust_mean
    country.insecurity[:], country.state_presence[:] = 0, 0
    if name == "b_school":
        country.parameters = Parameters({**p, "mean_schooling": 0.0, "b_school": b / 10})
    with_it = rows[::2]
    change = {
        "b_abuse_join": lambda: youth.abuse_week.__setitem__(with_it, 0),
        "b_income_join": lambda: youth.livelihood.__setitem__(with_it, 2),
        "b_school": lambda: youth.schooling.__setitem__(with_it, 10),
        "b_relschool": lambda: youth.religious_schooling.__setitem__(with_it, 6),
        "b_protect_join": lambda: country.insecurity.__setitem__(slice(None), 1.0),
        "b_norm": lambda: youth.settled.__setitem__(slice(None), 1.0),
        "b_trust_join": lambda: country.trust.__setitem__(slice(None), p.trust_mean + p.trust_sd),
        "kappa_att": lambda: youth.attitude.__setitem__(with_it, 1.0),
    }
    whole = name in ("b_protect_join", "b_norm", "b_trust_join")
    before = country.copy()
    change[name]()
    approach(country)
    approach(before)
    treated = rows if whole else with_it
    others = np.setdiff1d(rows, treated)
    moved, plain = (c.persons.status[persons] for c in (country, before))
    alike((plain[treated] == MEMBER).sum(), 1 - np.exp(-h), treated.size)
    alike((moved[treated] == MEMBER).sum(), 1 - np.exp(-h * np.exp(b)), treated.size)
    assert np.array_equal(moved[others], plain[others])
    assert (moved[plain == MEMBER] == MEMBER).all(), "a higher hazard only adds joins"


def test_a_shift_of_everybodys_attitude_acts_once_and_not_again_through_the_ties():
    country, persons = contacted(**{**PLAIN, "h0": 0.35, "kappa_att": 0.0, "b_norm": 0.8})
    shifted = country.copy()
    shifted.youth.attitude += 1.0
    approach(country)
    approach(shifted)
    assert np.array_equal(country.persons.status[persons], shifted.persons.status[persons])


def test_an_abuse_counts_for_three_months():
    country, persons = contacted(**{**PLAIN, "h0": 1e-15, "b_abuse_join": 50.0, "abuse_weeks": 13})
    country.week = 20
    country.persons.contact_week[persons] = 20
    country.youth.abuse_week[: persons.size : 2] = 8
    country.youth.abuse_week[1 : persons.size : 2] = 7
    approach(country)
    assert (country.persons.status[persons[::2]] == MEMBER).all()
    assert (country.persons.status[persons[1::2]] == APPROACHED).all()


@pytest.mark.parametrize("lasting", [0.0, 0.5, 1.0])
def test_what_lasts_of_grievance_raises_the_hazard_and_a_recent_abuse_counts_in_full(lasting):
    b, h = 1.2, 0.3
    country, persons = contacted(**{**PLAIN, "h0": h, "b_abuse_join": b, "lasting_grievance": lasting})
    country.youth.abuse_week[:] = NEVER
    country.youth.grievance[: persons.size : 2] = 0.6
    country.youth.abuse_week[: persons.size : 4] = 0
    approach(country)
    joined = country.persons.status[persons] == MEMBER
    for first, step, wronged in ((0, 4, 1.0), (2, 4, 0.6 * lasting), (1, 2, 0.0)):
        some = joined[first::step]
        alike(some.sum(), 1 - np.exp(-h * np.exp(b * wronged)), some.size)
    revenge = country.persons.reason[persons] == REASONS.index("joined_revenge") + 1
    assert revenge[0::4].any()
    assert revenge[2::4].any() == (lasting > 0)
    assert not revenge[1::2].any()


@pytest.mark.parametrize(
    ("insecurity", "hold", "state", "forces", "expected"),
    [(1, 0, 0, 0, 1), (0, 1, 0, 0, 1), (1, 0, 1, 0, 0), (1, 1, 0, 50, 0), (0, 0, 0, 0, 0), (0.5, 0.2, 0.5, 0, 0.25)],
)
def test_who_protects(insecurity, hold, state, forces, expected):
    country, persons = contacted(people=1500, **{**PLAIN, "h0": 0.4, "b_protect_join": 1.0})
    country.insecurity[:], country.hold[:] = insecurity, hold
    country.state_presence[:], country.forces[:] = state, forces
    approach(country)
    alike((country.persons.status[persons] == MEMBER).sum(), 1 - np.exp(-0.4 * np.exp(expected)), persons.size)


def first_day():
    """A country of the first day in which one person behind each youth was just approached for the first time."""
    country = with_values(quiet(500), contact_weeks=1e15)
    met(country, one_each(country, np.arange(country.society.size)))
    return country


def pull_on(country, p) -> np.ndarray:
    """exp of what moves each youth of the first day, worked out for all at once."""
    youth, society = country.youth, country.society
    trust = (country.trust[society.cell] - p.trust_mean) / p.trust_sd
    norm = youth.attitude[society.ties].astype(float).mean(axis=1)
    moved = p.b_income_join * (youth.livelihood == 2) + p.b_relschool * (youth.religious_schooling >= 6)
    moved = moved + p.b_school * (youth.schooling - p.mean_schooling) + p.b_norm * norm + p.b_trust_join * trust
    return np.exp(moved + p.kappa_att * youth.attitude.astype(float))


COEFFICIENTS = st.fixed_dictionaries({
    name: st.floats(rows()[name].low, rows()[name].high)
    for name in (*B_OF_JOINING, "h0", "mean_schooling", "trust_mean", "trust_sd")
})  # fmt: skip


@settings(max_examples=25)
@given(COEFFICIENTS)
def test_h0_is_the_mean_hazard_of_the_first_week_whatever_the_coefficients(values):
    country = with_values(first_day(), **values)
    p = country.parameters
    hazard = p.h0 * pull_on(country, p) / country.average_pull
    assert hazard.mean() == pytest.approx(p.h0, rel=1e-5)
    approach(country)
    chance = 1 - np.exp(-hazard)
    error = np.sqrt((chance * (1 - chance)).sum())
    assert abs((country.persons.status == MEMBER).sum() - chance.sum()) < 4.5 * error + 3


@settings(max_examples=15)
@given(COEFFICIENTS)
def test_nobody_is_keener_than_the_keenest(values):
    country = with_values(first_day(), **values)
    youth, society, p = country.youth, country.society, country.parameters
    luck = np.random.default_rng(1)
    youth.grievance[:], youth.abuse_week[::7] = luck.random(society.size), 0
    unprotected = luck.random(country.trust.size)
    seen, b = background(society, youth, country.trust, unprotected, p), coefficients(p)
    hazards = [log_hazard(circumstances(i, society.cell[i], 0, seen), b) for i in range(0, society.size, 5)]
    assert np.exp(np.max(hazards)) <= keenest(b, seen) < np.inf


@pytest.mark.parametrize("h0", [0.001, 0.05, 5.0])
def test_the_keenest_only_spare_work(h0, monkeypatch):
    """Who joins, and whose contact lapses, is the same if the hazard of everybody is worked out."""
    spared, full = (with_values(first_day(), h0=h0, contact_weeks=20.0) for _ in range(2))
    for country, most in ((spared, keenest), (full, lambda b, seen: np.inf)):
        monkeypatch.setattr("sim.processes.approach.keenest", most)
        for _ in range(4):
            approach(country)
            country.week += 1
    assert np.array_equal(spared.persons.each, full.persons.each)
    assert (spared.persons.status == MEMBER).any()
    assert np.array_equal(spared.persons.in_contact, full.persons.in_contact)


def test_a_run_begins_with_the_average_under_its_own_parameters():
    changes = {"kappa_att": 0.8, "b_school": -0.1, "b_trust_join": -0.3}
    plain, changed = quiet(2000), quiet(2000, parameters=changes)
    for country in (plain, changed):
        assert country.average_pull == pytest.approx(pull_on(country, country.parameters).mean(), rel=1e-5)
    assert changed.average_pull > 1.1 * plain.average_pull
    nothing = Parameters({**plain.parameters, **dict.fromkeys(B_OF_JOINING, 0.0)})
    assert average_pull(plain.society, plain.youth, plain.trust, nothing) == 1.0


def somewhere(country) -> tuple[np.ndarray, np.ndarray]:
    """Every other cell, and which of the youths live there."""
    cells = np.arange(0, len(country.grid), 2)
    return cells, country.society.cell % 2 == 0


@pytest.mark.parametrize("factor", [0.0, 0.5, 3.0])
def test_the_lever_on_joining_multiplies_the_hazard_where_it_is_moved(factor):
    (here, persons), (other, _), (plain, _) = (contacted(**{**PLAIN, "h0": h}) for h in (0.2, 0.2 * factor, 0.2))
    cells, there = somewhere(here)
    there = there[: persons.size]
    here.levers.keep("joining", cells, factor)
    for country in (here, other, plain):
        approach(country)
    moved, at_once, as_before = (country.persons.status[persons] for country in (here, other, plain))
    assert np.array_equal(moved[there], at_once[there])
    assert np.array_equal(moved[~there], as_before[~there])
    alike((moved[there] == MEMBER).sum(), 1 - np.exp(-0.2 * factor), there.sum())


@pytest.mark.parametrize("factor", [0.0, 1.0, 2.5])
def test_the_lever_on_lapses_multiplies_their_rate_where_it_is_moved(factor):
    country, persons = contacted(**{**PLAIN, "h0": 0.0, "contact_weeks": 10.0})
    cells, there = somewhere(country)
    country.levers.keep("contact_lapse", cells, factor)
    for _ in range(6):
        approach(country)
        country.week += 1
    left, there = country.persons.status[persons] == APPROACHED, there[: persons.size]
    alike(left[there].sum(), np.exp(-0.6 * factor), there.sum())
    alike(left[~there].sum(), np.exp(-0.6), (~there).sum())
    assert (country.persons.status[persons][~left] == CIVILIAN).all()


def test_counts_of_joiners_agree_with_each_other():
    country, persons = contacted(
        **{**PLAIN, "h0": 0.1, "freshness_shape": 1.0, "b_abuse_join": 1.0, "b_income_join": -0.5}
    )
    people = country.persons
    people.contact_tie[persons[::4]], people.contact_tie[persons[1::4]] = BY_TIE, BY_KIN
    country.youth.abuse_week[: persons.size : 2] = 0
    sums = dict.fromkeys(COUNTS, 0)
    for _ in range(10):
        approach(country)
        for name in sums:
            sums[name] += country.flow(name).sum()
        country.week += 1
    joined = people.status[persons] == MEMBER
    assert sums["joined"] == joined.sum() == (people.status == MEMBER).sum()
    assert sums["joined_ties"] == joined[0::4].sum() + joined[1::4].sum()
    assert sums["joined_kin"] == joined[1::4].sum()
    assert sums["joined_abused"] == joined[::2].sum()
    assert sum(sums[name] for name in REASONS) == sums["joined"]
    reason = np.bincount(people.reason, minlength=len(REASONS) + 1)
    assert [sums[name] for name in REASONS] == reason[1:].tolist(), "everyone keeps the reason that was counted"
    assert np.array_equal(people.reason > 0, people.status == MEMBER)
    since = country.roster.since[: country.roster.size]
    assert sums["joined_month"] == (since < 4).sum(), "weeks 0 to 3 are the first month"
    assert sums["joined_revenge"] > 0
    assert sums["joined_income"] > 0
    assert sums["joined_company"] > 0
    assert sums["joined_ideology"] == 0, "attitude does not count here"


def test_those_who_join_enter_the_roster_and_nobody_else_behind_their_youth_does():
    country, persons = contacted(people=50, **{**PLAIN, "h0": 100.0})
    country.persons.contact_group[persons] = 3
    untouched = country.persons.copy()
    approach(country)
    roster, society = country.roster, country.society
    assert roster.size == 50
    assert np.array_equal(roster.person[:50], persons)
    assert np.array_equal(roster.youth[:50], np.arange(50))
    assert (roster.group[:50] == 3).all()
    assert np.array_equal(roster.cell[:50], society.cells_of(persons)), "they are based where they live"
    assert (roster.state[:50] == MEMBER).all()
    assert country.persons.in_contact.size == 0
    assert np.array_equal(changed(country.persons, untouched), persons)


def test_persons_behind_one_youth_decide_each_for_themselves():
    """They have one attitude and the same odds, but each has luck of their own."""
    country, _ = contacted(people=0, **PLAIN, h0=0.5, freshness_shape=1.0)
    everybody = behind(np.arange(200), 100)
    met(country, everybody)
    joined = joined_by_week(country, everybody, 1)
    alike(joined[0], 1 - np.exp(-0.5), everybody.size)
    by_youth = (country.persons.status[everybody] == MEMBER).reshape(200, 100).sum(axis=1)
    chance = 1 - np.exp(-0.5)
    assert by_youth.var() == pytest.approx(100 * chance * (1 - chance), rel=0.45), "as in tosses of one hundred coins"
    places = (country.persons.status[everybody] == MEMBER).reshape(200, 100).sum(axis=0)
    assert places.var() == pytest.approx(200 * chance * (1 - chance), rel=0.6), "no place behind a youth is special"


@pytest.mark.parametrize(("group", "then"), [("mujao", "mourabitoun"), ("khalid", None), ("macina", None)])
def test_a_group_that_is_no_more_leaves_its_contacts_to_its_heir(group, then):
    """Khalid's heir is switched off; Macina is not founded yet."""
    groups = {
        "mujao": {"ended": "2012-01-02", "start_members": 0},
        "mourabitoun": {"founded": "2012-01-02", "founding_core": 0},
        "khalid": {"founded": "2012-01-02", "ended": "2012-01-09"},
        "ansar_dine": {"enabled": False},
    }
    country = with_values(quiet(1000, groups={**groups}), **PLAIN, h0=100.0)
    keys, people, begun = country.groups.keys, country.persons, country.roster.size
    country.week = 5
    persons = np.arange(500, 1500)
    met(country, persons, keys.index(group), 5)
    approach(country)
    if then is None:
        assert (people.status[persons] == CIVILIAN).all()
        assert (people.refused_until[persons] > 5).all()
        assert people.in_contact.size == 0
        assert country.roster.size == begun
    else:
        assert (people.status[persons] == MEMBER).all()
        assert (people.contact_group[persons] == keys.index(then)).all()
        assert (country.roster.group[begun : country.roster.size] == keys.index(then)).all()
        assert np.array_equal(country.roster.person[begun : country.roster.size], persons)


# --- approaches ------------------------------------------------------------------------------------------


def hunting(ppy=100, recruiters=50, **values):
    """A country with recruiters in its fullest cell alone; what ties there cannot take is lost."""
    country = with_values(quiet(ppy), **{**HOPELESS, "approach_limit": 1.0, "distant_ties": 0.0, **values})
    country.state_presence[:] = 1.0
    cell = fullest(country)
    station(country, cell, recruiters, group=1, recruiter=1)
    return country, cell


def amid(country, cell) -> int:
    """A youth in the middle of a cell, all of whose ties lie in its region."""
    youth = int(country.society.first[cell : cell + 2].mean())
    assert np.ptp(country.grid.region[country.society.cell[[youth, *country.society.ties[youth]]]]) == 0
    return youth


def approached_in(country) -> np.ndarray:
    """Everybody who has been approached."""
    return np.flatnonzero(country.persons.status == APPROACHED)


def test_without_recruiters_nobody_is_approached():
    country = with_values(tiny(500), h0=0.05, tie_share=0.5)
    assert (country.roster.youth[: country.roster.size] >= 0).any(), "there are members with ties"
    country.recruiters[:] = 0
    for _ in range(10):
        approach(country)
        country.week += 1
    assert not country.flow("approached").any()
    assert approached_in(country).size == 0


def test_a_recruiter_approaches_so_many_strangers_a_week():
    country, cell = hunting(tie_share=0.0, approaches_per_recruiter=600, women_approached=1.0)
    here, people = persons_in(country, cell), country.persons
    approach(country)
    approached = approached_in(country)
    assert np.isin(approached, here).all()
    alike(approached.size, 1 - np.exp(-50 * 600 / here.size), here.size)  # a few are met twice
    assert country.flow("approached").sum() == country.flow("approached")[cell] == approached.size
    assert np.array_equal(np.sort(people.in_contact), approached)
    assert (people.contact_group[approached] == 1).all()
    assert (people.contact_tie[approached] == BY_NOBODY).all()
    assert (people.contact_week[approached] == 0).all()
    by_place = np.bincount(approached % 100, minlength=100)
    assert by_place.std() < 1.5 * np.sqrt(by_place.mean()), "no place behind a youth is special"


@pytest.mark.parametrize("ppy", [20, 500])
def test_how_many_strangers_are_approached_is_poisson_by_cell_and_week(ppy):
    """Four recruiters who make half an approach a week each: two a week on average, whatever a youth stands for."""
    country, cell = hunting(ppy=ppy, recruiters=4, tie_share=0.0, approaches_per_recruiter=0.5, women_approached=1.0)
    by_week = []
    for _ in range(400):
        approach(country)
        by_week.append(country.flow("approached")[cell])
        country.week += 1
    assert abs(np.sum(by_week) - 800) < 4.5 * np.sqrt(800)
    assert np.var(by_week) == pytest.approx(2.0, rel=0.35)


def test_women_are_approached_less_often_by_their_factor():
    country, cell = hunting(tie_share=0.0, approaches_per_recruiter=1500, women_approached=0.4)
    here = persons_in(country, cell)
    woman = country.youth.woman[here // 100].astype(bool)
    approach(country)
    approached = country.persons.status[here] == APPROACHED
    for who, factor in ((~woman, 1.0), (woman, 0.4)):
        alike(approached[who].sum(), 1 - np.exp(-factor * 50 * 1500 / here.size), who.sum())


def test_women_are_approached_less_often_through_ties_too():
    few, all_, _ = (friendly(women_approached=factor)[0] for factor in (0.3, 1.0, 1.0))
    woman = few.youth.woman[np.arange(few.society.persons) // 100].astype(bool)
    links = known_through(all_)
    for country, factor in ((few, 0.3), (all_, 1.0)):
        per_link = float(pressure(country).per_link[country.grid.region[fullest(country)]])
        open_ = (links > 0) & (country.persons.status != MEMBER)
        weighed = links[open_ & woman].sum() * factor + links[open_ & ~woman].sum()
        assert per_link == pytest.approx(50 * 40 / weighed)
        approach(country)
        for who, mine in ((woman, factor), (~woman, 1.0)):
            chance = 1 - (1 - mine * (1 - np.exp(-per_link))) ** links[who & open_]
            error = np.sqrt((chance * (1 - chance)).sum())
            approached = (country.persons.status[who] == APPROACHED).sum()
            assert abs(approached - chance.sum()) < 4.5 * error < 0.3 * chance.sum()
    men, women = (approached_in(few)[kind[approached_in(few)]] for kind in (~woman, woman))
    assert np.isin(women, approached_in(all_)).all()
    assert np.isin(approached_in(all_)[~woman[approached_in(all_)]], men).all(), "what women leave goes to men"


def test_a_crowd_of_recruiters_reaches_no_more_than_the_limit():
    country, cell = hunting(tie_share=0.0, approaches_per_recruiter=1e9, approach_limit=0.05, women_approached=1.0)
    approach(country)
    here = persons_in(country, cell)
    alike(approached_in(country).size, 1 - np.exp(-0.05), here.size)


def friendly(members=600, ppy=100, **values):
    """A country in which recruiters approach friends alone, and members in their region and in another have some.

    Returns it, the fullest cell, where the recruiters are, and the members.
    """
    values = {"tie_share": 1.0, "approaches_per_recruiter": 40, "women_approached": 1.0, **values}
    country, cell = hunting(ppy=ppy, **values)
    society, region = country.society, country.grid.region
    homes = [np.flatnonzero(region[society.cell] == r) for r in (region[cell], 2)]
    persons = np.concatenate([one_each(country, home[:: home.size // members]) for home in homes])
    enlist(country, np.sort(persons), np.full(persons.size, 4, np.int8))
    return country, cell, np.sort(persons)


def known_through(country, region=None) -> np.ndarray:
    """By person of a region, that of the recruiters if none is named: how many ties to members they have."""
    society, ppy = country.society, country.society.persons_per_youth
    region = country.grid.region[fullest(country)] if region is None else region
    in_region = country.grid.region[society.cell] == region
    links = np.zeros(society.persons, np.int64)
    for person in np.flatnonzero(country.persons.status == MEMBER).tolist():
        for youth in society.ties[person // ppy].astype(np.int64).tolist():
            if in_region[youth]:
                links[youth * ppy + person % ppy] += 1
    return links


def test_friends_and_kin_of_members_are_approached_through_their_ties():
    country, cell, members = friendly()
    society, people, region = country.society, country.persons, country.grid.region
    links = known_through(country)
    per_link = pressure(country).per_link
    open_ = (links > 0) & (people.status != MEMBER)
    assert per_link[region[cell]] == pytest.approx(50 * 40 / links[open_].sum()), "members are not approached"
    assert np.count_nonzero(per_link) == 1, "recruiters are in one region"
    approach(country)
    approached = approached_in(country)
    assert (links[approached] > 0).all(), "nobody is approached through somebody whom they do not know"
    assert (people.status[members] == MEMBER).all()
    chance = 1 - np.exp(-per_link[region[cell]] * links[open_])
    error = np.sqrt((chance * (1 - chance)).sum())
    assert abs(approached.size - chance.sum()) < 4.5 * error
    assert error < 0.1 * chance.sum()
    through = people.contact_tie[approached]
    assert set(through) == {BY_TIE, BY_KIN}
    ties = society.ties[approached // 100].astype(np.int64) * 100 + (approached % 100)[:, None]
    kin = np.isin(ties[:, KIN_TIES], members).any(axis=1)
    assert (through[~kin] == BY_TIE).all(), "kin count as kin only where a relative is a member"
    assert (through[kin & (links[approached] == 1)] == BY_KIN).all()


def test_a_tie_leads_to_the_person_in_the_same_place_behind_the_other_youth():
    country, cell = hunting(tie_share=1.0, approaches_per_recruiter=1e9, women_approached=1.0)
    youth, place = amid(country, cell), 37
    enlist(country, np.array([youth * 100 + place]), np.zeros(1, np.int8))
    approach(country)
    friends = np.unique(country.society.ties[youth]).astype(np.int64) * 100 + place
    assert np.array_equal(approached_in(country), friends)
    relatives = np.unique(country.society.ties[youth, KIN_TIES]).astype(np.int64) * 100 + place
    assert np.isin(np.flatnonzero(country.persons.contact_tie == BY_KIN), relatives).all()


def test_members_behind_one_youth_have_friends_of_their_own():
    country, cell = hunting(tie_share=1.0, approaches_per_recruiter=1e9, women_approached=1.0)
    youth = amid(country, cell)
    three = youth * 100 + np.array([0, 5, 99])
    enlist(country, three, np.zeros(3, np.int8))
    approach(country)
    friends = np.unique(country.society.ties[youth]).astype(np.int64)
    expected = np.sort((friends[:, None] * 100 + [0, 5, 99]).ravel())
    assert np.array_equal(approached_in(country), expected)


def test_with_one_person_per_youth_a_person_is_a_youth():
    """The same youths, each of them a single person."""
    country, cell = hunting(tie_share=1.0, approaches_per_recruiter=1e9, women_approached=1.0)
    country.society = replace(country.society, persons_per_youth=1)
    country.persons = Persons.untouched(country.society.persons)
    assert np.array_equal(behind(np.arange(50), 1), np.arange(50))
    youths = amid(country, cell) + np.array([0, 100, 200])
    enlist(country, youths, np.zeros(3, np.int8))
    roster = country.roster.entries()
    assert np.array_equal(roster.person[roster.youth >= 0], roster.youth[roster.youth >= 0])
    approach(country)
    assert np.array_equal(approached_in(country), np.setdiff1d(country.society.ties[youths], youths))
    assert home_of(country).persons_per_youth == 1


def test_ties_to_another_region_are_used_at_their_weight():
    plain, cell, _ = friendly()
    near = plain.grid.region[cell]
    here, there = known_through(plain), known_through(plain, region=2)
    far, _, _ = friendly(distant_ties=0.25)
    free = far.persons.status != MEMBER
    elsewhere = sum(known_through(plain, region)[free].sum() for region in range(9) if region != near)
    weighed = here[free].sum() + 0.25 * elsewhere
    per_link = pressure(far).per_link
    assert per_link[near] == pytest.approx(50 * 40 / weighed)
    assert per_link[2] == pytest.approx(0.25 * 50 * 40 / weighed)
    approach(far)
    approach(plain)
    gone = approached_in(far)
    chance = 1 - np.exp(-per_link[2] * there[(there > 0) & free])
    alike((there[gone] > 0).sum(), float(chance.mean()), chance.size)
    assert not (there[approached_in(plain)] > 0).any()
    assert set(far.persons.contact_group[gone]) == {1}, "by the group that has recruiters, though none live there"


@pytest.mark.parametrize("state", [0.0, 0.75, 1.0])
def test_what_ties_cannot_take_goes_to_strangers_where_the_state_is_weak(state):
    """Of 50 x 4 approaches a half is for friends; with eight of them most are left over."""
    country, cell = hunting(tie_share=0.5, approaches_per_recruiter=4, women_approached=1.0)
    country.state_presence[cell] = state
    enlist(country, np.array([amid(country, cell) * 100]), np.zeros(1, np.int8))
    taken = TIES * (1 - np.exp(-100 / TIES))
    strangers = pressure(country).at_random * persons_in(country, cell).size
    assert strangers[cell] == pytest.approx(100 + (100 - taken) * (1 - state))
    nobody, _ = hunting(tie_share=0.5, approaches_per_recruiter=4)
    nobody.state_presence[cell] = state
    strangers = pressure(nobody).at_random * persons_in(nobody, cell).size
    assert strangers[cell] == pytest.approx(100 + 100 * (1 - state)), "who has no ties at all finds strangers"


@pytest.mark.parametrize("tie_share", [0.0, 0.5, 1.0])
def test_one_recruiter_fewer_only_removes_approaches(tie_share):
    """Each tie and each cell has its own luck: those who are still approached are approached as before."""
    more, fewer = (friendly(recruiters=n, tie_share=tie_share, approaches_per_recruiter=100)[0] for n in (50, 49))
    for country in (more, fewer):
        approach(country)
    still, before = approached_in(fewer), approached_in(more)
    assert 0 < still.size < before.size
    assert np.isin(still, before).all()
    assert np.array_equal(more.persons.contact_group[still], fewer.persons.contact_group[still])
    lost = before.size - still.size
    assert lost < 0.1 * before.size


def test_groups_approach_in_proportion_to_their_recruiters():
    country, cell = hunting(recruiters=10, tie_share=0.0, approaches_per_recruiter=300, women_approached=1.0)
    station(country, cell, 30, group=3, recruiter=1)
    approach(country)
    by = np.bincount(country.persons.contact_group[approached_in(country)], minlength=5)
    assert by[[0, 2, 4]].sum() == 0
    alike(by[3], 0.75, by.sum())


def test_the_lever_on_approaches_acts_like_so_many_more_recruiters_of_that_group():
    """Ten recruiters who approach three times as many are thirty; those of the other group go on as they did."""
    after = []
    for recruiters, factor in ((10, 3.0), (30, 1.0), (10, 0.0), (0, 1.0)):
        country, cell = hunting(recruiters=recruiters, tie_share=0.5, approaches_per_recruiter=60)
        station(country, cell, 20, group=3, recruiter=1)
        known = persons_in(country, cell)[::5000]
        enlist(country, known, np.full(known.size, 4, np.int8))
        country.levers.keep("approaches", 1, factor)
        approach(country)
        after.append(country.persons)
    for a, b in (after[:2], after[2:]):
        for name in ("status", "contact_group", "contact_tie"):
            assert np.array_equal(getattr(a, name), getattr(b, name))
    approached = [np.bincount(p.contact_group[p.status == APPROACHED], minlength=5) for p in after]
    assert set(after[0].contact_tie[after[0].status == APPROACHED]) == {BY_NOBODY, BY_TIE, BY_KIN}
    alike(approached[0][1], 0.6, approached[0].sum())
    assert approached[2][1] == 0 < approached[2][3]


# --- who is left alone -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [MEMBER, DETAINED, KILLED, RETURNED])
def test_who_is_no_civilian_is_never_approached_and_others_behind_the_same_youth_are(status):
    country, cell = hunting(ppy=500, tie_share=0.5, approaches_per_recruiter=1e9, women_approached=1.0)
    here, people = persons_in(country, cell), country.persons
    friends = one_each(country, np.unique(here // 500))
    enlist(country, friends, np.zeros(friends.size, np.int8))
    others = np.setdiff1d(here, friends)
    people.status[others[::2]] = status
    for _ in range(6):
        approach(country)
        country.week += 1
    assert (people.status[others[::2]] == status).all()
    assert (people.contact_week[others[::2]] == NEVER).all()
    assert (people.status[friends] == MEMBER).all()
    assert (people.status[others[1::2]] == APPROACHED).mean() > 0.9


@pytest.mark.parametrize("tie_share", [0.0, 1.0])
def test_who_refused_is_not_approached_before_the_time(tie_share):
    country, cell = hunting(ppy=500, tie_share=tie_share, approaches_per_recruiter=1e9, women_approached=1.0)
    people, here = country.persons, persons_in(country, cell)
    if tie_share:  # friends of members, each of whom meets them every week
        youths = np.unique(here // 500)
        youths = youths[youths.size // 4 : -youths.size // 4 : 40]
        enlist(country, one_each(country, youths), np.zeros(youths.size, np.int8))
        here = np.unique(country.society.ties[youths].astype(np.int64) * 500 + (youths % 500)[:, None])
        region = country.grid.region
        here = here[region[country.society.cell[here // 500]] == region[cell]]
    people.refused_until[here[::2]] = 6
    for _ in range(14):
        approach(country)
        country.week += 1
    week = people.contact_week[here]
    assert (week[::2] >= 6).mean() > 0.999
    assert (week[::2] == 6).mean() > 0.6
    assert not ((week[::2] >= 0) & (week[::2] < 6)).any()
    assert (week[1::2] == 0).mean() > 0.6


def test_a_lapsed_contact_is_refused_for_the_weeks_of_the_table():
    country, cell = hunting(ppy=500, tie_share=1.0, approaches_per_recruiter=1e9, women_approached=1.0)
    with_values(country, contact_weeks=1e-9, refusal_weeks=9)
    youth = amid(country, cell)
    enlist(country, np.array([youth * 500]), np.zeros(1, np.int8))
    friends, weeks = np.unique(country.society.ties[youth]).astype(np.int64) * 500, []
    for _ in range(22):
        before = country.persons.contact_week[friends].copy()
        approach(country)
        met_now = country.persons.contact_week[friends] != before
        assert met_now.all() or not met_now.any()
        if met_now.all():
            weeks.append(country.week)
            assert (country.persons.refused_until[friends] == country.week + 9).all()
        country.week += 1
    assert weeks == [0, 9, 18]


@pytest.mark.parametrize("tie_share", [0.0, 1.0])
def test_who_is_approached_leaves_the_others_behind_the_same_youth_as_they_were(tie_share):
    country, _, members = friendly(tie_share=tie_share)
    before = country.persons.copy()
    approach(country)
    touched = approached_in(country)
    assert touched.size > 100
    assert np.array_equal(changed(country.persons, before), touched)
    assert (before.status[touched] == CIVILIAN).all()
    assert not np.isin(members, touched).any()


def test_nobody_is_asked_twice_in_a_week():
    """Not even a newcomer who is approached in the place of somebody who was in contact and turned 36."""
    country, cell = hunting(ppy=500, tie_share=0.0, approaches_per_recruiter=1e9, women_approached=1.0)
    here = persons_in(country, cell)
    approach(country)
    assert np.unique(country.persons.in_contact).size == country.persons.in_contact.size > 0.5 * here.size
    country.persons.born(here)
    country.week += 1
    approach(country)
    assert np.unique(country.persons.in_contact).size == country.persons.in_contact.size > 0.5 * here.size
    assert (country.persons.contact_week[country.persons.in_contact] == 1).all()


def test_members_who_leave_are_known_no_more():
    country, cell = hunting(tie_share=1.0, approaches_per_recruiter=1e9, women_approached=1.0)
    youth = amid(country, cell)
    enlist(country, np.array([youth * 100, youth * 100 + 1]), np.zeros(2, np.int8))
    count(country)
    leave(country, np.flatnonzero(country.roster.person[: country.roster.size] == youth * 100))
    assert country.persons.status[youth * 100] == RETURNED
    assert country.persons.status[youth * 100 + 1] == MEMBER
    assert pressure(country).per_link[country.grid.region[cell]] == pytest.approx(50 * 1e9 / TIES)
    approach(country)
    friends = np.unique(country.society.ties[youth]).astype(np.int64) * 100
    assert np.array_equal(approached_in(country), friends + 1)


# --- persons ---------------------------------------------------------------------------------------------


def test_a_copy_of_persons_is_independent():
    persons = Persons.untouched(20)
    persons.in_contact = np.array([3, 4])
    copy = persons.copy()
    kept = persons.copy()
    for name in (*COLUMNS, "in_contact"):
        getattr(copy, name)[:] += 1
        assert np.array_equal(getattr(persons, name), getattr(kept, name)), name
        assert not np.array_equal(getattr(copy, name), getattr(kept, name)), name


def test_newcomers_take_the_places_of_some_persons_and_of_nobody_else():
    persons = Persons.untouched(6)
    for value, name in enumerate(COLUMNS, 1):
        getattr(persons, name)[:] = value
    persons.born(np.array([1, 4]))
    fresh = Persons.untouched(6)
    for value, name in enumerate(COLUMNS, 1):
        column = getattr(persons, name)
        assert np.array_equal(column[[1, 4]], getattr(fresh, name)[[1, 4]]), name
        assert (column[[0, 2, 3, 5]] == value).all(), name


def test_persons_behind_youths():
    assert behind(np.array([2, 0]), 3).tolist() == [6, 7, 8, 0, 1, 2]
