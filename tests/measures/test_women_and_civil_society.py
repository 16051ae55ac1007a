"""Women and civil society: families reached, contacts broken off, members won back, a seat at the table."""

import numpy as np
import pytest

from sim.population.groups import FOREIGN, NOBODY
from sim.population.youth import CIVILIAN, MEMBER
from sim.processes.approach import approach
from sim.processes.exits import exits
from sim.scenario import Scenario
from sim.week import begin
from tests.measures.acting import PEOPLE, YOUTHS, begun, by_region, in_week, many_approached, moved
from tests.processes.worlds import with_values

KEY = "women_and_civil_society"
EVERYBODY = {"groups": 10**6}  # far more than there are families


def test_the_share_reached_is_that_of_the_families():
    country = begun(KEY, groups=100, families_per_group=50, persons_per_family=8.0)
    share = 100 * 50 * 8 / PEOPLE.sum()
    np.testing.assert_allclose(country.measures[0].report(country).count, share * YOUTHS)
    p = country.parameters
    worried = share * p.family_referral
    assert share < worried < 1, "those who worry come first"
    np.testing.assert_allclose(country.levers.contact_lapse, 1 + worried * (np.exp(p.family_lapse) - 1))
    np.testing.assert_allclose(country.levers.giving_up, 1 + worried * (np.exp(p.family_exit) - 1))


def test_groups_concentrated_in_a_region_reach_more_of_it_but_never_more_than_all():
    country = begun(KEY, groups=100, regions=["Gao"])
    gao = 100 * 48 * 6 / PEOPLE[6]
    assert country.measures[0].report(country).count[6] == pytest.approx(gao * YOUTHS[6])
    full = begun(KEY, regions=["Gao"], **EVERYBODY)
    assert full.measures[0].report(full).count[6] == pytest.approx(YOUTHS[6])
    expected = np.where(np.arange(9) == 6, np.exp(full.parameters.family_lapse), 1.0)
    np.testing.assert_allclose(by_region(full.levers.contact_lapse), expected)


def test_the_cost_is_that_of_the_groups():
    country = begun(KEY, groups=30, cost_per_group_week=1000, intensity=0.5)
    assert country.measures[0].report(country).cost_xof.sum() == pytest.approx(0.5 * 30 * 1000)


def lapsed(parameters, **settings):
    """Share of contacts that lapse in a week in which many have been approached and nobody joins."""
    never = {"h0": 0.0, "contact_weeks": 20.0}
    country = begun(KEY if settings else "", {**never, **parameters}, ppy=500, **settings)
    persons = many_approached(country)
    approach(country)
    return (country.persons.status[persons] == CIVILIAN).mean(), persons.size


@pytest.mark.parametrize("effect", [0.48, -0.18])
def test_contacts_lapse_at_the_rate_of_warned_families(effect):
    share, count = lapsed({"family_lapse": effect}, **EVERYBODY)
    without, _ = lapsed({})
    expected = 1 - np.exp(-np.exp(effect) / 20)
    assert share == pytest.approx(expected, abs=4.5 * np.sqrt(expected / count))
    assert (share > without) == (effect > 0)


@pytest.mark.parametrize("effect", [0.4, -0.1])
def test_members_give_up_at_the_rate_of_supported_families(effect):
    country = begun(KEY, {"family_exit": effect, "give_up_chance": 0.05}, **EVERYBODY)
    names = int(FOREIGN) + 10**6 + np.arange(20_000, dtype=np.uint32)
    entries = country.roster.append(20_000, person=names, youth=NOBODY, group=0, cell=900, state=MEMBER)
    exits(in_week(country, 0))
    expected = 0.05 * np.exp(effect)
    gone = (country.roster.state[entries] != MEMBER).mean()
    assert gone == pytest.approx(expected, abs=4.5 * np.sqrt(expected / 20_000))


@pytest.mark.parametrize("pace", [0.9, 1.5])
def test_a_seat_at_the_table_changes_the_pace_of_the_agreement(pace):
    """In the same week so many more (or fewer) commitments are carried out."""
    base = {"name": "table", "persons_per_youth": 5000, "end": "2016-01-04"}
    agreement = {"peace_agreement": {"start": "2012-01-02"}}
    parameters = {f"fidelity_{KEY}": 0.5, "women_implementation": pace}
    done = []
    for women in ({}, {KEY: True}, {KEY: {"at_the_table": False}}):
        country = with_values(begin(Scenario.of({**base, "measures": {**agreement, **women}}), 1), **parameters)
        in_week(country, 100)
        done.append(next(m for m in country.measures if m.key == "peace_agreement").report(country).count.sum())
    without, seated, aside = done
    assert without == aside > 0
    assert seated == pytest.approx(without * pace**0.5)


def test_without_a_seat_the_pace_is_not_touched():
    country = begun(KEY, at_the_table=False)
    assert moved(country) == {"contact_lapse", "giving_up"}
    seated = begun(KEY)
    assert moved(seated) == {"contact_lapse", "giving_up", "implementation"}
    p = seated.parameters
    assert float(seated.levers.implementation) == pytest.approx(p.women_implementation ** p[f"fidelity_{KEY}"])
