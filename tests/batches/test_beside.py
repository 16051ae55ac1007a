"""The runs beside a comparison: luck that is shaken and nothing else, and ceilings, by the model itself."""

import numpy as np

import sim
from sim.batches.beside import ceiling, first_own_week, luck_alone, shaken
from sim.scenario import Scenario

BASE = {"name": "a", "end": "2012-06-25", "persons_per_youth": 5000}
DRAMA = {"radio_drama": {"start": "2012-03-05", "intensity": 0.5}}


def test_luck_is_shaken_in_one_week_and_nothing_else_is_done():
    scenario = Scenario.of(BASE)
    plain = scenario.run(3)
    same, other = (shaken(scenario, 3, 0, shaken_week=week) for week in (1000, 9))
    assert same.digest == plain.digest, "the week lies outside the run"
    parted = (other.values != plain.values).any(axis=(1, 2))
    assert not parted[:9].any()
    assert parted[9], "recruiters meet others"


def test_a_comparison_finds_the_runs_beside_it(tmp_path):
    batch = sim.compare([BASE, {**BASE, "name": "b", "measures": DRAMA}], seeds=2, out=tmp_path, workers=1,
                        progress=False)  # fmt: skip
    assert first_own_week(batch) == 9
    before = batch.verdicts()
    assert (before["luck_pairs"] == 0).all()
    assert before["ceiling"].isna().all()
    made = luck_alone(batch, workers=1, progress=False), ceiling(batch, workers=1, progress=False)
    assert not any(one.failed for one in made)
    found = batch.verdicts()
    own = found[(found["window"] == "in force") & (found["outcome"] == "attitude_mean")].iloc[0]
    assert (own["luck_pairs"], own["weeks"], str(own["first"])) == (2, 16, "2012-03-05")
    assert own["ceiling"] < own["mean"] < 0.0, "more listen, and more turn away"
    assert own["factor"] > 1.0 or own["way"] <= 0.0 or np.isinf(own["way"])
    assert batch.scenarios == ("a", "b"), "what stands beside is no part of the comparison"
