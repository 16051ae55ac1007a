"""A past that scenarios share is lived once, and every run is what it is alone."""

from datetime import date

import pytest

import sim
from sim.batches import pasts as pasts_
from sim.batches.batch import run_batch
from sim.batches.pasts import pasts, same_weeks
from sim.measures import MEASURES
from sim.scenario import Scenario

START = date(2012, 7, 2)  # week 26


def scenario(name, measures=None, **more):
    return Scenario.of(
        {"name": name, "end": "2013-01-07", "persons_per_youth": 2000, "measures": measures or {}, **more}
    )


def test_scenarios_are_the_same_until_the_first_measure_they_do_not_share_begins():
    base = scenario("base")
    late = scenario("late", {"joint_patrols": {"start": "2012-07-02"}})
    assert same_weeks(base, late) == same_weeks(late, base) == 26
    assert same_weeks(base, scenario("within", {"joint_patrols": {"start": "2012-07-05"}})) == 26
    assert same_weeks(base, scenario("at once", {"joint_patrols": True})) == 0
    assert same_weeks(base, scenario("off", {"joint_patrols": {"enabled": False}})) == base.clock.weeks
    assert same_weeks(base, scenario("none of it", {"joint_patrols": {"intensity": 0.0}})) == base.clock.weeks
    two = scenario("two", {"joint_patrols": {"start": "2012-07-02"}, "mali_kuma_kan": {"start": "2012-10-01"}})
    assert same_weeks(late, two) == 39
    half = scenario("half", {"joint_patrols": {"start": "2012-07-02", "intensity": 0.5}})
    assert same_weeks(late, half) == 26
    early = scenario("early", {"joint_patrols": {"start": "2012-03-05"}})
    assert same_weeks(late, early) == 9


@pytest.mark.parametrize(
    "more",
    [
        {"end": "2013-02-04"},
        {"start": "2012-01-09"},
        {"persons_per_youth": 1000},
        {"parameters": {"peer_pull": 0.021}},
        {"groups": {"macina": {"founded": "2012-12-03"}}},
        {"forces": {"army": {"scale": 0.9}}},
    ],
)
def test_scenarios_that_differ_in_anything_else_share_nothing(more):
    assert same_weeks(scenario("base"), scenario("other", **more)) == 0


def test_a_run_begins_where_it_parts_from_the_nearest_before_it():
    base = scenario("base")
    late = scenario("late", {"joint_patrols": {"start": "2012-07-02"}})
    later = scenario("later", {"joint_patrols": {"start": "2012-07-02"}, "mali_kuma_kan": {"start": "2012-10-01"}})
    apart = scenario("apart", persons_per_youth=1000)
    first, second, third, alone = pasts([base, late, later, apart], "one")
    assert (first.week, first.keep) == (0, (26,))
    assert (second.week, second.keep, second.kin[0]) == (26, (39,), first.kin[1])
    assert (third.week, third.keep, third.kin[0]) == (39, (), second.kin[1])
    assert alone is None
    many = [scenario(f"s{k}", {"joint_patrols": {"start": f"2012-{k:02d}-06"}}) for k in range(2, 11)]
    assert len({w for past in pasts([base, *many], "one") if past for w in past.keep}) == pasts_.MOST


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "seeds", "measures"), [(1, [1], sorted(MEASURES)[:10]), (2, [1, 2], MEASURES)])
def test_runs_that_share_a_past_are_those_made_alone_to_the_last_bit(tmp_path, workers, seeds, measures):
    """Every measure, begun half a year into the run, after a past without it; and measures upon measures.

    One worker makes few of them: it lives their pasts by the same code as two, which make them all.
    """
    late = {"start": START.isoformat()}
    plan = [
        scenario("base"),
        *(scenario(key, {key: late}) for key in measures),
        scenario("all", dict.fromkeys(MEASURES, late)),
        scenario("more", {"joint_patrols": late, "mali_kuma_kan": {"start": "2012-10-01"}}),
        scenario("when", {"joint_patrols": {**late, "when": {"observable": "attacks", "above": 0}}}),
    ]
    batch = run_batch(plan, seeds, out=tmp_path / "out", store=tmp_path / "store", workers=workers)
    assert not batch.failed
    assert batch.weeks_shared >= 0.45 * batch.weeks
    for one in plan:
        for seed, record in batch.records[one.name].items():
            alone = sim.run(one, seed=seed)
            assert record.digest == alone.digest, one.name
            ours = {k: v for k, v in record.about.items() if k in alone.about}
            assert ours["scenario"] == alone.about["scenario"]
            assert ours["parameters"] == alone.about["parameters"]
    assert not pasts_._kept, "nothing is kept when the batch is over"
