"""Approaches and joining: chances, hazards, and who is left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.parameters import Parameters, rows
from sim.population.youth import APPROACHED, CIVILIAN, DETAINED, KILLED, KIN_TIES, MEMBER, NEVER, RETURNED
from sim.processes.approach import REASONS, approach, average_pull, enlist
from sim.processes.groups import count
from tests.processes.worlds import B_OF_JOINING, alike, fullest, quiet, station, tiny, with_values

PLAIN = {**dict.fromkeys(B_OF_JOINING, 0.0), "contact_weeks": 1e15}
HOPELESS = {"h0": 0.0, "contact_weeks": 1e15}


def contacted(people: int = 4000, ppy: int = 100, **values):
    """A country in which the first so many youths were just approached by the first group, and nobody else is.

    The average of the hazard is set to that of a youth whom nothing moves, whose hazard is then h0.
    """
    country = with_values(quiet(ppy), **values)
    country.average_pull = 1.0
    rows = np.arange(people)
    country.youth.status[rows] = APPROACHED
    country.youth.contact_group[rows] = 0
    country.youth.contact_week[rows] = 0
    return country, rows


def joined_by_week(country, rows, weeks: int) -> np.ndarray:
    out = []
    for _ in range(weeks):
        approach(country)
        country.week += 1
        out.append((country.youth.status[rows] == MEMBER).sum())
    return np.array(out)


# --- joining ---------------------------------------------------------------------------------------------


def test_under_a_constant_hazard_joins_are_exponential():
    country, rows = contacted(**PLAIN, h0=0.05, freshness_shape=1.0)
    joined = joined_by_week(country, rows, 40)
    for weeks in (1, 4, 13, 40):
        alike(joined[weeks - 1], 1 - np.exp(-0.05 * weeks), rows.size)


@pytest.mark.parametrize("shape", [0.36, 0.2, 0.5])
def test_with_fading_freshness_joins_follow_weibull(shape):
    country, rows = contacted(**PLAIN, h0=0.3, freshness_shape=shape)
    joined = joined_by_week(country, rows, 52)
    for weeks in (1, 4, 13, 52):
        alike(joined[weeks - 1], 1 - np.exp(-0.3 * weeks**shape), rows.size)


def test_contacts_lapse_and_those_who_let_them_are_left_alone():
    values = {**PLAIN, "h0": 0.02, "freshness_shape": 1.0, "contact_weeks": 10.0, "refusal_weeks": 30}
    country, rows = contacted(**values)
    joined = joined_by_week(country, rows, 20)
    stays, comes = np.exp(-1 / 10), 1 - np.exp(-0.02)
    left, expected = 1.0, 0.0
    for _ in range(20):
        left *= stays
        expected += left * comes
        left *= 1 - comes
    alike(joined[-1], expected, rows.size)
    alike((country.youth.status[rows] == APPROACHED).sum(), left, rows.size)
    lapsed = country.youth.status[rows] == CIVILIAN
    until = country.youth.refused_until[rows]
    assert (until[lapsed] >= 30).all()
    assert (until[lapsed] < 50).all()
    assert (until[~lapsed] == NEVER).all()


@pytest.mark.parametrize("name", B_OF_JOINING)
def test_each_circumstance_changes_the_hazard_by_its_factor(name):
    b, h = 0.8, 0.35
    country, rows = contacted(**{**PLAIN, "h0": h, name: b})
    youth, p = country.youth, country.parameters
    youth.abuse_week[:] = NEVER
    youth.livelihood[:], youth.religious_schooling[:], youth.schooling[:] = 1, 5, 0
    youth.attitude[:] = 0
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
        "b_norm": lambda: youth.attitude.__setitem__(slice(None), 1.0),
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
    alike((before.youth.status[treated] == MEMBER).sum(), 1 - np.exp(-h), treated.size)
    alike((country.youth.status[treated] == MEMBER).sum(), 1 - np.exp(-h * np.exp(b)), treated.size)
    assert np.array_equal(country.youth.status[others], before.youth.status[others])
    joined = before.youth.status == MEMBER
    assert (country.youth.status[joined] == MEMBER).all(), "a higher hazard only adds joins"


def test_an_abuse_counts_for_three_months():
    country, rows = contacted(**{**PLAIN, "h0": 1e-15, "b_abuse_join": 50.0, "abuse_weeks": 13})
    country.week = 20
    country.youth.contact_week[rows] = 20
    country.youth.abuse_week[rows[::2]] = 8
    country.youth.abuse_week[rows[1::2]] = 7
    approach(country)
    assert (country.youth.status[rows[::2]] == MEMBER).all()
    assert (country.youth.status[rows[1::2]] == APPROACHED).all()


@pytest.mark.parametrize(
    ("insecurity", "hold", "state", "forces", "expected"),
    [(1, 0, 0, 0, 1), (0, 1, 0, 0, 1), (1, 0, 1, 0, 0), (1, 1, 0, 50, 0), (0, 0, 0, 0, 0), (0.5, 0.2, 0.5, 0, 0.25)],
)
def test_who_protects(insecurity, hold, state, forces, expected):
    country, rows = contacted(people=1500, **{**PLAIN, "h0": 0.4, "b_protect_join": 1.0})
    country.insecurity[:], country.hold[:] = insecurity, hold
    country.state_presence[:], country.forces[:] = state, forces
    approach(country)
    alike((country.youth.status[rows] == MEMBER).sum(), 1 - np.exp(-0.4 * np.exp(expected)), rows.size)


def first_day():
    """A country of the first day whose youths were all just approached for the first time."""
    country = with_values(quiet(500), contact_weeks=1e15)
    country.youth.status[:], country.youth.contact_group[:], country.youth.contact_week[:] = APPROACHED, 0, 0
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
    assert abs((country.youth.status == MEMBER).sum() - chance.sum()) < 4.5 * error + 3


def test_a_run_begins_with_the_average_under_its_own_parameters():
    changes = {"kappa_att": 0.8, "b_school": -0.1, "b_trust_join": -0.3}
    plain, changed = quiet(2000), quiet(2000, parameters=changes)
    for country in (plain, changed):
        assert country.average_pull == pytest.approx(pull_on(country, country.parameters).mean(), rel=1e-5)
    assert changed.average_pull > 1.1 * plain.average_pull
    nothing = Parameters({**plain.parameters, **dict.fromkeys(B_OF_JOINING, 0.0)})
    assert average_pull(plain.society, plain.youth, plain.trust, nothing) == 1.0


def somewhere(country) -> tuple[np.ndarray, np.ndarray]:
    """Every other cell, and the youths who live there."""
    cells = np.arange(0, len(country.grid), 2)
    return cells, country.society.cell % 2 == 0


@pytest.mark.parametrize("factor", [0.0, 0.5, 3.0])
def test_the_lever_on_joining_multiplies_the_hazard_where_it_is_moved(factor):
    here, other, plain = (contacted(**{**PLAIN, "h0": h})[0] for h in (0.2, 0.2 * factor, 0.2))
    cells, there = somewhere(here)
    here.levers.keep("joining", cells, factor)
    for country in (here, other, plain):
        approach(country)
    assert np.array_equal(here.youth.status[there], other.youth.status[there])
    assert np.array_equal(here.youth.status[~there], plain.youth.status[~there])
    alike((here.youth.status[:4000][there[:4000]] == MEMBER).sum(), 1 - np.exp(-0.2 * factor), there[:4000].sum())


@pytest.mark.parametrize("factor", [0.0, 1.0, 2.5])
def test_the_lever_on_lapses_multiplies_their_rate_where_it_is_moved(factor):
    country, rows = contacted(**{**PLAIN, "h0": 0.0, "contact_weeks": 10.0})
    cells, there = somewhere(country)
    country.levers.keep("contact_lapse", cells, factor)
    for _ in range(6):
        approach(country)
        country.week += 1
    left, there = country.youth.status[rows] == APPROACHED, there[rows]
    alike(left[there].sum(), np.exp(-0.6 * factor), there.sum())
    alike(left[~there].sum(), np.exp(-0.6), (~there).sum())
    assert (country.youth.status[rows][~left] == CIVILIAN).all()


def test_counts_of_joiners_agree_with_each_other():
    country, rows = contacted(
        **{**PLAIN, "h0": 0.1, "freshness_shape": 1.0, "b_abuse_join": 1.0, "b_income_join": -0.5}
    )
    country.youth.contact_tie[rows[::4]], country.youth.contact_tie[rows[1::4]] = 1, 2
    country.youth.abuse_week[rows[::2]] = 0
    sums = dict.fromkeys(("joined", "joined_ties", "joined_kin", "joined_month", *REASONS), 0)
    for _ in range(10):
        approach(country)
        for name in sums:
            sums[name] += country.flow(name).sum()
        country.week += 1
    joined = country.youth.status[rows] == MEMBER
    assert sums["joined"] == joined.sum() * 100
    assert sums["joined_ties"] == joined[0::4].sum() * 100 + joined[1::4].sum() * 100
    assert sums["joined_kin"] == joined[1::4].sum() * 100
    assert sum(sums[name] for name in REASONS) == sums["joined"]
    reason = np.bincount(country.youth.reason, minlength=len(REASONS) + 1) * 100
    assert [sums[name] for name in REASONS] == reason[1:].tolist(), "everyone keeps the reason that was counted"
    assert np.array_equal(country.youth.reason > 0, country.youth.status == MEMBER)
    since = country.roster.since[: country.roster.size]
    assert sums["joined_month"] == (since < 4).sum(), "weeks 0 to 3 are the first month"
    assert sums["joined_revenge"] > 0
    assert sums["joined_income"] > 0
    assert sums["joined_company"] > 0
    assert sums["joined_ideology"] == 0, "attitude does not count here"


def test_those_who_join_enter_the_roster_person_by_person():
    country, rows = contacted(people=50, **{**PLAIN, "h0": 100.0})
    country.youth.contact_group[rows] = 3
    approach(country)
    roster = country.roster
    assert roster.size == 50 * 100
    assert np.array_equal(roster.person[: roster.size], np.arange(5000))
    assert (roster.group[: roster.size] == 3).all()
    assert np.array_equal(roster.cell[: roster.size], country.society.cell[np.repeat(rows, 100)])
    expected = np.isin(country.society.ties, rows).sum(axis=1)
    assert np.array_equal(country.youth.member_ties, expected)


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
    keys = country.groups.keys
    country.week = 5
    rows = np.arange(10)
    country.youth.status[rows], country.youth.contact_group[rows] = APPROACHED, keys.index(group)
    country.youth.contact_week[rows] = 5
    approach(country)
    if then is None:
        assert (country.youth.status[rows] == CIVILIAN).all()
        assert (country.youth.refused_until[rows] > 5).all()
    else:
        assert (country.youth.status[rows] == MEMBER).all()
        assert (country.youth.contact_group[rows] == keys.index(then)).all()


# --- approaches ------------------------------------------------------------------------------------------


def hunting(ppy=100, recruiters=50, **values):
    """A country with recruiters in its fullest cell alone."""
    country = with_values(quiet(ppy), **{**HOPELESS, "approach_limit": 1.0, **values})
    cell = fullest(country)
    station(country, cell, recruiters, group=1, recruiter=1)
    return country, cell


def test_without_recruiters_nobody_is_approached():
    country = with_values(tiny(500), h0=0.05, tie_share=0.5)
    assert country.links.sum() > 0, "there are members with ties"
    country.recruiters[:] = 0
    for _ in range(10):
        approach(country)
        country.week += 1
    assert not country.flow("approached").any()
    assert (country.youth.status != APPROACHED).all()


def test_a_recruiter_approaches_so_many_strangers_a_week():
    country, cell = hunting(tie_share=0.0, approaches_per_recruiter=600, women_approached=1.0)
    here = country.society.cell == cell
    chance = 50 * 600 / (here.sum() * 100)
    approach(country)
    approached = country.youth.status == APPROACHED
    assert not approached[~here].any()
    alike(approached.sum(), chance, here.sum())
    assert country.flow("approached").sum() == approached.sum() * 100
    assert (country.youth.contact_group[approached] == 1).all()
    assert (country.youth.contact_tie[approached] == 0).all()
    assert (country.youth.contact_week[approached] == 0).all()


def test_women_are_approached_less_often_by_their_factor():
    country, cell = hunting(tie_share=0.0, approaches_per_recruiter=1500, women_approached=0.4)
    here = country.society.cell == cell
    woman = country.youth.woman.astype(bool)
    chance = 50 * 1500 / (here.sum() * 100)
    approach(country)
    approached = country.youth.status == APPROACHED
    alike(approached[here & ~woman].sum(), chance, (here & ~woman).sum())
    alike(approached[here & woman].sum(), 0.4 * chance, (here & woman).sum())


def test_a_crowd_of_recruiters_reaches_no_more_than_the_limit():
    country, cell = hunting(tie_share=0.0, approaches_per_recruiter=1e9, approach_limit=0.05, women_approached=1.0)
    approach(country)
    here = country.society.cell == cell
    alike((country.youth.status == APPROACHED).sum(), 0.05, here.sum())


def test_friends_and_kin_of_members_are_approached_through_their_ties():
    country, cell = hunting(tie_share=1.0, approaches_per_recruiter=400, women_approached=1.0)
    society, youth, region = country.society, country.youth, country.grid.region
    here = region[society.cell] == region[cell]
    other = region[society.cell] == 2
    rows = np.sort(np.concatenate([np.flatnonzero(here)[::40], np.flatnonzero(other)[::40]]))
    enlist(country, rows, np.full(rows.size, 4, np.int8))
    youth.status[rows] = MEMBER
    before = youth.member_ties.copy()
    approach(country)
    approached = youth.status == APPROACHED
    assert (youth.member_ties[approached] > 0).all()
    assert not approached[other].any(), "no recruiter is in that region"
    links = country.links[region == region[cell]].sum()
    assert links == before[here].sum()
    open_ = here & (youth.status != MEMBER)
    chance = 1 - np.exp(-50 * 400 / (links * 100) * before[open_])
    error = np.sqrt((chance * (1 - chance)).sum())
    assert abs(approached.sum() - chance.sum()) < 4.5 * error
    assert error < 0.1 * chance.sum()
    through = youth.contact_tie[approached]
    assert set(through) == {1, 2}
    kin = np.isin(society.ties[:, KIN_TIES], rows)[approached].any(axis=1)
    assert (through[~kin] == 1).all(), "kin count as kin only where a relative is a member"
    alone = before[approached] == 1
    assert (through[kin & alone] == 2).all()


def test_groups_approach_in_proportion_to_their_recruiters():
    country, cell = hunting(recruiters=10, tie_share=0.0, approaches_per_recruiter=3000, women_approached=1.0)
    station(country, cell, 30, group=3, recruiter=1)
    approach(country)
    by = np.bincount(country.youth.contact_group[country.youth.status == APPROACHED], minlength=5)
    assert by[[0, 2, 4]].sum() == 0
    alike(by[3], 0.75, by.sum())


def test_the_lever_on_approaches_acts_like_so_many_more_recruiters_of_that_group():
    """Ten recruiters who approach three times as many are thirty; those of the other group go on as they did."""
    after = []
    for recruiters, factor in ((10, 3.0), (30, 1.0), (10, 0.0), (0, 1.0)):
        country, cell = hunting(recruiters=recruiters, tie_share=0.5, approaches_per_recruiter=600)
        station(country, cell, 20, group=3, recruiter=1)
        known = np.flatnonzero(country.society.cell == cell)[::50]
        enlist(country, known, np.full(known.size, 4, np.int8))
        country.levers.keep("approaches", 1, factor)
        approach(country)
        after.append(country)
    for a, b in (after[:2], after[2:]):
        assert np.array_equal(a.youth.status, b.youth.status)
        assert np.array_equal(a.youth.contact_group, b.youth.contact_group)
        assert np.array_equal(a.youth.contact_tie, b.youth.contact_tie)
    approached = [np.bincount(c.youth.contact_group[c.youth.status == APPROACHED], minlength=5) for c in after]
    assert set(after[0].youth.contact_tie[after[0].youth.status == APPROACHED]) >= {0, 1}
    alike(approached[0][1], 0.6, approached[0].sum())
    assert approached[2][1] == 0 < approached[2][3]


@pytest.mark.parametrize("status", [MEMBER, DETAINED, KILLED, RETURNED])
def test_who_is_no_civilian_is_never_approached(status):
    country, cell = hunting(ppy=500, tie_share=0.5, approaches_per_recruiter=1e9, women_approached=1.0)
    here = np.flatnonzero(country.society.cell == cell)
    country.youth.status[here[::2]] = status
    country.youth.member_ties[here], country.links[cell] = 3, 3 * here.size
    for _ in range(5):
        approach(country)
        country.week += 1
    assert (country.youth.status[here[::2]] == status).all()
    assert (country.youth.contact_week[here[::2]] == NEVER).all()
    assert (country.youth.status[here[1::2]] == APPROACHED).all()


def test_who_refused_is_not_approached_before_the_time():
    country, cell = hunting(ppy=500, tie_share=0.0, approaches_per_recruiter=1e9, women_approached=1.0)
    here = np.flatnonzero(country.society.cell == cell)
    country.youth.refused_until[here[::2]] = 6
    for _ in range(8):
        approach(country)
        country.week += 1
    assert (country.youth.contact_week[here[::2]] == 6).all()
    assert (country.youth.contact_week[here[1::2]] == 0).all()


def test_a_lapsed_contact_is_refused_for_the_weeks_of_the_table():
    country, cell = hunting(ppy=500, tie_share=0.0, approaches_per_recruiter=1e9, women_approached=1.0)
    with_values(country, contact_weeks=1e-9, refusal_weeks=9)
    here = country.society.cell == cell
    weeks = []
    for _ in range(22):
        before = country.youth.contact_week[here].copy()
        approach(country)
        if (country.youth.contact_week[here] != before).any():
            weeks.append(country.week)
        country.week += 1
    assert weeks == [0, 9, 18]


def test_members_who_leave_are_known_no_more():
    from sim.processes.exits import leave

    country = quiet(500)
    rows = np.array([100, 101, 5000])
    enlist(country, rows, np.zeros(3, np.int8))
    assert country.youth.member_ties.sum() == country.links.sum() == 24
    count(country)
    leave(country, np.arange(500))
    assert country.youth.status[100] == RETURNED
    assert country.youth.member_ties.sum() == country.links.sum() == 16
