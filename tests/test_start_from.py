"""`start_from`: history until a day, and from then on the measures of the scenario."""

from datetime import date

import numpy as np
import pytest

from sim.batches.batch import run_batch
from sim.batches.pasts import pasts, same_weeks
from sim.engine.errors import InputError
from sim.scenario import Scenario, load
from sim.views.draft import draft
from sim.week import advance, begin, run

SMALL = {"end": "2012-06-04", "persons_per_youth": 2000}
FORCES = {"international_forces": True}
DAY = "2012-03-31"  # a Saturday: week 13, from 2 April, is the first after it
OWN = 13
PAST = {"past": {"sermon_drafting": {"start": "2012-02-06"}}}


def made(name="own", day=DAY, **more):
    return Scenario.of({"name": name, **SMALL, "start_from": day, **PAST, **more})


def history(**more):
    return Scenario.of({"name": "history", **SMALL, "measures": PAST["past"], **more})


def test_history_is_lived_until_the_day():
    own, past = run(made(measures={"joint_patrols": {"patrols": 200}}), 3), run(history(), 3)
    assert np.array_equal(own.values[:OWN], past.values[:OWN])
    assert not np.array_equal(own.values[OWN], past.values[OWN])


def test_from_the_day_on_only_its_own_measures_act():
    own = run(made(measures={"joint_patrols": True}), 3)
    drafted, patrols = own["delivered_sermon_drafting"].sum(axis=1), own["delivered_joint_patrols"].sum(axis=1)
    assert drafted[5:OWN].all()
    assert not drafted[OWN:].any()
    assert not patrols[:OWN].any()
    assert patrols[OWN:].all()


def test_it_is_the_same_as_another_set_of_measures_put_in_by_hand():
    scenario = made(measures={"joint_patrols": {"patrols": 200}})
    country = begin(history(), 3)
    for _ in range(OWN):
        advance(country)
    country.measures = scenario.active_measures()
    while country.week < country.clock.weeks:
        advance(country)
    assert np.array_equal(country.values, run(scenario, 3).values)


def test_a_measure_that_goes_on_is_written_in_both():
    going_on = made(measures={"sermon_drafting": {"start": "2012-02-06"}})
    assert np.array_equal(run(going_on, 3).values, run(history(), 3).values)


def test_measures_without_a_first_day_begin_on_the_day():
    scenario = made(measures={"joint_patrols": True, "community_policing": {"start": "2012-05-07"}})
    assert scenario.measures["joint_patrols"].start == date(2012, 3, 31)
    assert scenario.measures["community_policing"].start == date(2012, 5, 7)
    assert scenario.own_week == OWN
    assert made(day="2012-04-02").own_week == OWN  # a Monday is the first day of its own week
    assert made(day="2012-04-03").own_week == OWN + 1
    assert Scenario.of({"name": "usual", **SMALL}).own_week == 0


def test_without_a_past_of_its_own_it_is_history():
    scenario = Scenario.of({"name": "later", "start_from": "2015-12-31", "persons_per_youth": 2000, "measures": FORCES})
    theirs = load("historical")
    assert set(scenario.past) == {k for k, m in theirs.measures.items() if m.start < date(2015, 12, 31)}
    assert all(scenario.past[key] == theirs.measures[key] for key in scenario.past)
    assert set(scenario.measures) == {"international_forces"}


def test_it_is_read_again_as_it_is_written():
    scenario = made(measures={"joint_patrols": True})
    again = Scenario.of(scenario.resolved())
    assert again == scenario
    assert again.digest == scenario.digest
    assert scenario.digest != made(day="2012-04-10", measures={"joint_patrols": True}).digest
    assert scenario.digest != made(measures={"joint_patrols": True}, past={}).digest


def test_scenarios_without_it_keep_their_digests():
    assert not {"start_from", "past"} & set(Scenario.of({"name": "usual"}).resolved())


def test_scenarios_share_all_weeks_before_the_day():
    one, other = made("one"), made("other", measures={"joint_patrols": {"start": "2012-02-06"}})
    assert same_weeks(one, other) == OWN
    later = made("later", measures={"joint_patrols": {"start": "2012-05-07"}})
    assert same_weeks(one, later) == 18
    assert same_weeks(one, history(name="one")) == 0
    assert same_weeks(one, made("two", day="2012-04-10")) == 0
    assert [past.week for past in pasts([one, other], "")] == [0, OWN]


def test_runs_that_share_a_past_are_those_made_alone(tmp_path):
    scenarios = [made("one"), made("two", measures={"joint_patrols": {"patrols": 200}}),
                 made("three", measures={"joint_patrols": {"start": "2012-05-07", "patrols": 200}})]  # fmt: skip
    batch = run_batch(scenarios, [1, 2], workers=1, out=tmp_path / "out", progress=False)
    assert not batch.failed
    assert batch.weeks_shared > 0
    for scenario in scenarios:
        for seed in (1, 2):
            assert batch.records[scenario.name][seed].digest == run(scenario, seed).digest


def test_a_copy_goes_on_alike():
    country = begin(made(measures={"joint_patrols": {"patrols": 200}}), 3)
    for _ in range(5):
        advance(country)
    other = country.copy()
    while country.week < country.clock.weeks:
        advance(country)
        advance(other)
    assert np.array_equal(country.values, other.values)


def test_a_new_file_from_it_keeps_the_day():
    scenario = Scenario.of({"name": "later", "start_from": "2015-12-31", "measures": FORCES})
    assert "start_from: 2015-12-31" in draft(scenario, "mine", "later")


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"start_from": "2012-01-02"}, "start_from is 2012-01-02; it lies within the run"),
        ({"start_from": "2013-01-02"}, "start_from is 2013-01-02; it lies within the run"),
        ({"start_from": "soon"}, "start_from"),
        ({"past": {"joint_patrols": True}}, "past needs start_from"),
        ({"start_from": DAY, "past": {"joint_patrol": True}}, "there is no measure 'joint_patrol'.*did you mean"),
        ({"start_from": DAY, "past": {"joint_patrols": {"patrol": 3}}}, "past.joint_patrols"),
        ({"start_from": DAY, "past": 3}, "a line for each measure"),
    ],
)
def test_what_cannot_be_is_told(keys, what):
    with pytest.raises(InputError, match=what):
        Scenario.of({"name": "wrong", **SMALL, **keys})


def test_commands_say_when_a_run_goes_past_the_last_facts(tmp_path, capsys):
    from sim.options import load as load_for_command

    (tmp_path / "long.yaml").write_text("end: 2019-12-31\n")
    (tmp_path / "usual.yaml").write_text("end: 2018-12-31\n")
    load_for_command([str(tmp_path / "usual.yaml")], None, [])
    assert capsys.readouterr().err == ""
    load_for_command([str(tmp_path / "long.yaml"), str(tmp_path / "usual.yaml")], None, [])
    assert "long runs past 2018" in capsys.readouterr().err
