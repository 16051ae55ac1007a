"""Who was spared, and why: known persons who part by a known cause, and sums that must agree with the runs."""

import numpy as np
import pandas as pd
import pytest

from sim.engine.errors import InputError
from sim.engine.luck import uniform, words
from sim.population.groups import NOBODY
from sim.population.youth import DETAINED
from sim.processes.approach import BY_KIN, BY_TIE, JOINS, REASONS, approach, chance, enlist
from sim.processes.messages import messages
from sim.scenario import Scenario
from sim.stories.decisions import Odds, contributions, odds
from sim.stories.explain import AGES, EVENTS, PERSONS, STEPS, check_comparable, examples, explain, summed_up
from sim.stories.looks import Side
from sim.stories.parting import BECAUSE, CHANGES, DECISIONS, DIFFERENCES
from sim.stories.partings import joiners, partings
from sim.views.tables.stories import DECIDED, LIVELIHOODS, TOLD, as_markdown, told
from sim.views.tables.stories import REASONS as REASONS_TOLD
from sim.week import WEEK, finished, run
from sim.world import facts
from tests.processes.worlds import B_OF_JOINING, NO_DRIFT, met, one_each, persons_in, quiet, station, tiny, with_values

CROWDED = {
    "name": "crowded",
    "persons_per_youth": 1000,
    "end": "2013-06-03",
    "parameters": {"h0": 0.05, "approaches_per_recruiter": 2.0, "recruiter_scale": 6.0, "approach_limit": 0.05},
    "groups": {key: {"start_members": 1500} for key in ("ansar_dine", "mujao", "aqim")},
}
PATROLS = {**CROWDED, "name": "patrols", "measures": {"joint_patrols": {"start": "2012-04-02", "patrols": 300}}}
SMALLER = {**CROWDED, "name": "smaller", "groups": {**CROWDED["groups"], "aqim": {"start_members": 400}}}


@pytest.fixture(scope="module", params=[PATROLS, SMALLER], ids=lambda scenario: scenario["name"])
def pair(request):
    """Two scenarios and what differs between them."""
    a, b = Scenario.of(CROWDED), Scenario.of(request.param)
    return a, b, explain(a, b, seed=3, stories=6)


def of(explanation, change):
    persons = explanation.persons
    return int(persons.loc[persons["change"] == change, "persons"].sum())


# --- sums ---------------------------------------------------------------------------------------------------


def test_spared_and_added_are_the_difference_of_those_who_joined(pair):
    a, b, explanation = pair
    joined = [run(scenario, seed=3)["joined"].sum() for scenario in (a, b)]
    assert explanation.joined == tuple(joined)
    assert of(explanation, "spared") + of(explanation, "added") > 0
    assert of(explanation, "spared") - of(explanation, "added") == joined[0] - joined[1]
    both = sum(of(explanation, change) for change in ("sooner", "later", "same"))
    assert both + of(explanation, "spared") == joined[0]


def test_pathways_add_up_to_what_the_run_counted(pair):
    a, _, explanation = pair
    record = run(a, seed=3)
    first = explanation.persons[explanation.persons["change"] != "added"]
    for reason in REASONS:
        mine = first.loc[first["reason"] == reason.removeprefix("joined_"), "persons"].sum()
        assert mine == record[reason].sum(), reason
    kin = first.loc[first["through"] == "kin", "persons"].sum()
    assert kin == record["joined_kin"].sum()
    assert first.loc[first["through"] == "tie", "persons"].sum() == record["joined_ties"].sum() - kin
    by_region = first.groupby("region")["persons"].sum().reindex(record.regions, fill_value=0)
    assert np.array_equal(by_region, record["joined"].sum(axis=0))


def test_every_step_covers_everybody_who_differs(pair):
    _, _, explanation = pair
    events = explanation.events
    for change in ("spared", "added", "sooner", "later"):
        for step in STEPS:
            rows = events[(events["step"] == step) & (events["change"] == change)]
            assert rows["persons"].sum() == of(explanation, change), (step, change)
    assert "same" not in set(events["change"])


def test_nobody_parts_before_the_measure():
    explanation = explain(Scenario.of(CROWDED), Scenario.of(PATROLS), seed=3, stories=100)
    assert explanation.stories
    for story in explanation.stories:
        days = [story.difference.week, story.event.week, story.decision.week]
        assert min(days).isoformat() == story.difference.week.isoformat() >= "2012-04-02"
        joined = [chapter.joined for chapter in (story.first, story.second) if chapter is not None]
        assert story.event.week <= story.decision.week <= min(joined)
    assert explanation.events["median_date"].min() >= "2012-04-02"


def test_the_same_scenario_twice_differs_in_nothing():
    scenario = Scenario.of(CROWDED)
    explanation = explain(scenario, scenario, seed=3)
    assert explanation.joined[0] == explanation.joined[1] == of(explanation, "same") > 0
    assert explanation.events.empty
    assert list(explanation.events.columns) == list(EVENTS)
    assert explanation.stories == ()
    assert "Nothing differs" in as_markdown(explanation)


def test_where_nobody_joins_there_is_nothing_to_explain():
    scenario = Scenario.of({"name": "short", "persons_per_youth": 2000, "end": "2012-01-16"})
    explanation = explain(scenario, scenario)
    assert explanation.joined == (0, 0)
    assert explanation.persons.empty
    assert "Nothing differs" in as_markdown(explanation)


def test_the_order_of_the_two_only_swaps_the_roles(pair):
    a, b, explanation = pair
    swapped = explain(b, a, seed=3, stories=0)
    roles = {"spared": "added", "added": "spared", "sooner": "later", "later": "sooner"}
    there = explanation.events.assign(change=explanation.events["change"].map(roles))
    columns = list(EVENTS)
    assert there.sort_values(columns).values.tolist() == swapped.events.sort_values(columns).values.tolist()
    assert swapped.joined == explanation.joined[::-1]


def test_weeks_are_reported():
    weeks = []
    short = Scenario.of({**CROWDED, "end": "2012-04-02"})
    more = Scenario.of(
        {**short.resolved(), "name": "more", "groups": {**CROWDED["groups"], "aqim": {"enabled": False}}}
    )
    explain(short, short, on_week=lambda: weeks.append(1))
    assert len(weeks) == 2 * 13, "those of either run; nobody differs"
    weeks.clear()
    assert explain(short, more, on_week=lambda: weeks.append(1)).stories
    assert 2 * 13 < len(weeks) <= 3 * 13


# --- known causes -------------------------------------------------------------------------------------------

HUNTED = {
    **NO_DRIFT,
    **dict.fromkeys(B_OF_JOINING, 0.0),
    "h0": 50.0, "contact_weeks": 1e9, "tie_share": 0.0, "approach_limit": 0.5, "approaches_per_recruiter": 1.0,
    "promotion_rate": 0.0, "move_chance": 0.0, "flee_chance": 0.0, "give_up_chance": 0.0, "attack_rate": 0.0,
    "raid_rate": 0.0, "propaganda_chance": 0.0,
}  # fmt: skip


def hunted(youths=20, **values):
    """A place whose people are approached at random, and join at once; nothing else happens. Its people too."""
    country = with_values(quiet(50, seed=5, end="2012-05-07"), **{**HUNTED, **values})
    cell = int(np.argmin(np.abs(np.diff(country.society.first) - youths)))
    persons = persons_in(country, cell)
    station(country, cell, persons.size // 20, recruiter=1)
    country.average_pull = 1.0
    return country, persons


def parted(a, b):
    joined = joiners(a.copy()), joiners(b.copy())
    return partings(a.copy(), b.copy(), *joined)


def held(country, person):
    country.persons.status[person] = DETAINED
    youth = person // country.society.persons_per_youth
    country.roster.append(1, person=np.uint32(person), youth=youth, group=NOBODY, cell=country.society.cell[youth],
                          state=DETAINED)  # fmt: skip
    country.parameters = with_values(country, clearing_chance=0.0).parameters


def founder(country, person):
    enlist(country, np.array([person]), np.zeros(1, np.int8))


def refused(country, person):
    country.persons.refused_until[person] = 500


@pytest.mark.parametrize(
    ("tamper", "decision", "because", "difference"),
    [
        (held, "held", "", "approached"),
        (founder, "founder", "", "founder"),
        (refused, "approached", "refused", "approached"),
    ],
)
def test_one_person_is_kept_away_by_a_known_cause(tamper, decision, because, difference):
    """The others behind the same youth join as they did."""
    a, persons = hunted()
    joined = joiners(a.copy())
    person = next(p for p in persons.tolist() if (p, 0) in joined and joined[p, 0].week >= 3)
    assert any(p // 50 == person // 50 for p, _ in joined if p != person)
    b, _ = hunted()
    tamper(b, person)
    (parting,) = parted(a, b)
    assert (parting.person, parting.generation, parting.change) == (person, 0, "spared")
    assert parting.a == joined[person, 0]
    assert (parting.decision.what, parting.decision.because) == (decision, because)
    assert parting.decision.week == joined[person, 0].contact
    assert parting.decision.run == 1
    assert parting.difference.what == difference
    (mirrored,) = parted(b, a)
    assert mirrored.change == "added"
    assert (mirrored.decision.what, mirrored.decision.run) == (decision, -1)


def test_an_abuse_that_makes_one_person_join():
    """Of those in contact from the first day, one suffers an abuse in the second run, and joins there."""

    def waiting():
        country, persons = hunted(h0=0.002, b_abuse_join=4.0, approaches_per_recruiter=0.0, freshness_shape=1.0)
        persons = one_each(country, np.unique(persons // 50))
        met(country, persons)
        return country, persons

    a, persons = waiting()
    all_abused, _ = waiting()
    all_abused.youth.abuse_week[persons // 50] = 0
    never, ever = joiners(a.copy()), joiners(all_abused)
    person = next(p for p in persons.tolist() if (p, 0) in ever and (p, 0) not in never and ever[p, 0].week >= 2)
    b, _ = waiting()
    b.youth.abuse_week[person // 50] = 0
    (parting,) = parted(a, b)
    assert (parting.person, parting.change, parting.b) == (person, "added", ever[person, 0])
    assert (parting.difference.week, parting.difference.what, parting.difference.run) == (0, "abuse", -1)
    assert parting.event == parting.difference
    decision = parting.decision
    assert (decision.week, decision.what, decision.because) == (ever[person, 0].week, "decided", "abuse")
    assert parting.b.reason == REASONS.index("joined_revenge")


def test_a_contact_that_ends_in_one_run_only():
    """The second run lets contacts lapse; in the first all who were in contact join in the end."""

    def waiting(**values):
        country, persons = hunted(h0=0.2, approaches_per_recruiter=0.0, freshness_shape=1.0, **values)
        met(country, persons[::25])
        return country

    a, b = waiting(), waiting(contact_weeks=4.0)
    found = parted(a, b)
    assert len(found) > 10
    for parting in found:
        assert parting.change == "spared"
        assert (parting.decision.what, parting.decision.because) == ("lapsed", "parameters")
        assert parting.difference.week <= parting.event.week <= parting.decision.week
        assert parting.decision.week <= parting.a.week
    assert "lapsed" in {parting.event.what for parting in found}


def test_measures_that_end_contacts_or_lower_the_hazard():
    """Levers moved by hand from the fourth week on; who was in contact then is spared by them."""

    def waiting():
        values = {"h0": 0.1, "contact_weeks": 20.0, "approaches_per_recruiter": 0.0, "freshness_shape": 1.0}
        country, persons = hunted(**values, kappa_att=0.5)
        met(country, persons[::3])
        return country

    class ByHand:
        """A measure that moves one lever from week 4 on."""

        key, when, partners, reports_by_parts = "joint_patrols", None, False, False

        def __init__(self, lever, factor):
            self.lever, self.factor = lever, factor

        def begun(self, day):
            return True

        def acts_alike(self, day):
            return 1

        def strength(self, day):
            return 1.0

        def strength_now(self, country):
            return 1.0

        def carried_out(self, country):
            return 1.0

        def now(self, day):
            return self

        def steer(self, levers, country): ...

        def apply(self, levers, country):
            if country.week >= 4:
                move = levers.add if self.lever == "support" else levers.keep
                move(self.lever, slice(None), self.factor)

        def report(self, country):
            from sim.measures.base import Delivered

            return Delivered.nothing()

    for lever, factor, what, first in (
        ("joining", 0.2, ("decided", "measure"), "measure"),
        ("support", -3.0, ("decided", "support"), "support"),
        ("contact_lapse", 20.0, ("lapsed", "measure"), "measure_contacts"),
    ):
        a, b = waiting(), waiting()
        b.measures = (ByHand(lever, factor),)
        found = parted(a, b)
        assert len(found) > 5
        for parting in found:
            assert (parting.decision.what, parting.decision.because) == what
            assert (parting.difference.what, parting.difference.week) == (first, 4)
            assert parting.change == ("spared" if parting.b is None else "later")
            assert parting.decision.week >= 4


def test_more_recruiters_in_one_run():
    a, persons = hunted()
    b, _ = hunted()
    station(b, int(a.society.cell[persons[0] // 50]), 5, recruiter=1)
    found = parted(a, b)
    assert len(found) > 5
    assert {parting.change for parting in found} <= {"added", "sooner"}, "more approaches take nobody away"
    assert {(p.decision.what, p.decision.because, p.decision.run) for p in found} == {("approached", "recruiters", -1)}
    assert "approached" in {p.event.what for p in found} <= {"approached", "tie_joined"}


def test_whoever_knows_a_member_is_approached_through_them():
    """One person more is a member in the second run, and approaches go through ties alone."""
    a, persons = hunted(tie_share=1.0)
    b, _ = hunted(tie_share=1.0)
    member = int(persons[persons.size // 2])
    founder(b, member)
    friends = set((a.society.ties[member // 50].astype(np.int64) * 50 + member % 50).tolist())
    known = [parting for parting in parted(a, b) if parting.person in friends and parting.generation == 0]
    assert known
    for parting in known:  # others follow from those who join, and from the hold that they add to
        assert parting.change in ("added", "sooner")
        assert parting.b.tie in (BY_TIE, BY_KIN)
        assert (parting.decision.what, parting.decision.because) == ("approached", "ties")
        assert parting.difference.what == "start"
        assert parting.difference.week <= parting.b.contact


def test_an_earlier_contact_in_one_run():
    """Approached afresh they join at once; in contact for a thousand weeks already, they stay in contact."""
    values = {"h0": 20.0, "freshness_shape": 0.05}
    a, persons = hunted(**values)
    joined = joiners(a.copy())
    person = next(p for p in persons.tolist() if (p, 0) in joined and joined[p, 0].week >= 1)
    b, _ = hunted(**values)
    met(b, np.array([person]), week=-1000)
    (parting,) = parted(a, b)
    assert (parting.person, parting.change) == (person, "spared")
    assert (parting.decision.what, parting.decision.week) == ("other_contact", joined[person, 0].contact)


def test_a_newcomer_is_another_person_than_whoever_had_the_number():
    values = {"youths": 400, "approaches_per_recruiter": 4.0}
    a, persons = hunted(**values)
    turns_36 = a.society.turns_36[persons // 50]
    turning = persons[turns_36 < 8].tolist()
    assert turning
    joined = joiners(a.copy())
    for person, generation in joined:
        week = joined[person, generation].week
        assert generation == (week > a.society.turns_36[person // 50])
    both = [p for p in turning if (p, 0) in joined and (p, 1) in joined]
    assert both, "the one who had the number joined, and the newcomer did"
    b, _ = hunted(**values)
    b.persons.refused_until[both[0]] = 500
    (parting,) = parted(a, b)
    assert (parting.person, parting.generation, parting.change) == (both[0], 0, "spared"), "a newcomer starts afresh"


# --- the numbers behind ------------------------------------------------------------------------------------


def test_the_hazard_is_the_one_that_decides():
    """For some of those in contact, in every week: luck below the chance of this hazard, and no other, joins."""
    country = tiny(500, end="2012-06-04", groups=CROWDED["groups"], parameters=CROWDED["parameters"])
    country = with_values(country, h0=2.0, approach_limit=0.5)
    seen = {True: 0, False: 0}
    while not finished(country):
        week = country.week
        for process in WEEK:
            before = country.persons.reason.copy()
            process(country)
            if process is not approach:
                continue
            joined = (country.persons.reason > 0) & (before == 0)
            for asked in (np.flatnonzero(joined), country.persons.in_contact):
                for person in asked[:: asked.size // 20 + 1].tolist():
                    hazard = np.exp(odds(country, person, week).log_hazard)
                    luck = uniform(words(JOINS, country.seed, week, person, 0)[0])
                    assert (luck < chance(hazard)) == joined[person]
                    seen[bool(joined[person])] += 1
    assert min(seen.values()) > 100


def test_contributions_add_up_to_the_difference():
    rng = np.random.default_rng(1)

    def some_odds():
        x, threat, measure, rest = rng.normal(size=8), *rng.random(3).tolist()
        shift = rng.normal(size=8) * [0, 0, 0, 0, 0, 1, 0, 1]
        return Odds(rng.normal(size=8), x, shift, threat, float(x[4]) / threat, measure, rest)

    for _ in range(20):
        ours, theirs = some_odds(), some_odds()
        parts = contributions(ours, theirs)
        assert sum(parts.values()) == pytest.approx(ours.log_hazard - theirs.log_hazard)
        assert set(parts) <= set(BECAUSE)


def test_messages_are_told_from_what_fades():
    """Who sees a clip or hears an imam is found from what they feel alone: as many as the process counted."""
    country = tiny(
        1000, start="2012-01-02", end="2012-06-04",
        measures={"mali_kuma_kan": {}, "imam_training": {"cohorts": [{"departs": "2012-01-02", "imams": 3000}]}},
    )  # fmt: skip
    country.imams.training[::2] = 2  # some are trained already
    seen, weeks = Side(country, one_each(country, np.arange(country.society.size))), 0
    while not finished(country):
        for process in WEEK:
            seen.keep(process)
            process(country)
            if process is messages:
                p = country.parameters
                for kind, half_life, flow in (
                    ("clips", p.clip_half_life, "reached_clips"),
                    ("counsel", p.counsel_half_life, "reached_sermons"),
                ):
                    counted = country.flow(flow).sum() / 1000
                    assert seen.fresh(kind, half_life).sum() == pytest.approx(counted, abs=2)
                    weeks += counted > 0
    assert weeks > 20


# --- what may be compared ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"end": "2012-06-04"}, "cover the same period"),
        ({"persons_per_youth": 500}, "persons per youth"),
        ({"parameters": {"peer_pull": 0.021}}, "peer_pull 0.021"),
    ],
)
def test_other_people_cannot_be_compared(change, said):
    base = {"name": "base", "persons_per_youth": 2000, "end": "2012-03-05"}
    with pytest.raises(InputError, match=said):
        check_comparable(Scenario.of(base), Scenario.of({**base, "name": "other", **change}))
    other = {**base, "name": "other", "parameters": {"h0": 0.01}, "groups": {"aqim": {"enabled": False}}}
    check_comparable(Scenario.of(base), Scenario.of(other))


# --- what is told ------------------------------------------------------------------------------------------


def test_everything_that_can_differ_has_words():
    assert TOLD.keys() == DIFFERENCES.keys()
    assert DECIDED.keys() == DECISIONS.keys()
    assert {f"joined_{reason}" for reason in REASONS_TOLD} == set(REASONS)
    assert set(LIVELIHOODS) == set(facts.LIVELIHOODS)
    for words_of in (TOLD, DECIDED):
        for text in words_of.values():
            text.format(run="A", other="B", because="C")


def test_stories_tell_no_more_than_they_should(pair):
    _, _, explanation = pair
    differ = explanation.events.loc[explanation.events["step"] == "decision", "persons"].sum()
    assert 0 < len(explanation.stories) == min(6, differ)
    page = as_markdown(explanation)
    assert "Invented persons" in page
    stories = page[page.index("## Stories") :].lower()
    unwanted = [g.name for g in facts.groups()] + list(facts.languages()[0]) + ["muslim", "religious school", "ethnic"]
    assert not [word for word in unwanted if word.lower() in stories]
    for story in explanation.stories:
        text = " ".join(told(story, explanation.names))
        assert story.region in text
        assert story.ages in {f"{low} to {high}" for low, high in AGES}
        assert (story.first is None) == (story.change == "added")
        assert (story.second is None) == (story.change == "spared")
        assert story.decision.week.isoformat() in text
        assert "{" not in text


def test_tables_hold_sums_alone(pair):
    _, _, explanation = pair
    assert list(explanation.persons.columns) == list(PERSONS)
    assert list(explanation.events.columns) == list(EVENTS)
    assert not explanation.persons.duplicated(list(PERSONS[:-1])).any()
    assert not explanation.events.duplicated(list(EVENTS[:4])).any()
    assert set(explanation.persons["change"]) <= set(CHANGES)


def test_examples_are_spread_and_the_same_each_time():
    a, persons = hunted()
    b, _ = hunted()
    station(b, int(a.society.cell[persons[0] // 50]), 5, recruiter=1)
    found = parted(a, b)
    few = examples(found, 4)
    assert few == examples(found[::-1], 4)
    assert len({p.person for p in few}) == 4
    assert len(examples(found, 10_000)) == len(found)
    assert examples(found, 0) == examples([], 5) == []
    explanation = summed_up(("a", "b"), a, (joiners(a.copy()), joiners(b.copy())), found, 2, {})
    assert isinstance(explanation.events, pd.DataFrame)
    assert len(explanation.stories) == 2
