"""Effects week by week: they add up to those of the whole run, from folders and stores alike."""

import numpy as np
import pytest

import sim
from sim.batches.batch import run_batch
from sim.comparison.effects import WEEKLY_COLUMNS as COLUMNS
from sim.comparison.effects import effects, effects_over_time
from sim.comparison.outcomes import OUTCOMES
from sim.engine.errors import InputError
from tests.batches import batch_fakes as fakes
from tests.stores import archive_fakes

WEEKS = 60


def runs(seeds, factor=1.0):
    luck = [np.random.default_rng([seed, 7]) for seed in seeds]
    shape = (WEEKS, 9, len(fakes.OBSERVABLES))
    return {seed: fakes.record(one.gamma(2.0, factor, shape)) for seed, one in zip(seeds, luck, strict=True)}


@pytest.fixture
def records():
    return {"a": runs(range(1, 9)), "b": runs(range(1, 9), 1.5)}


@pytest.mark.parametrize("region", ["Mali", "Mopti"])
@pytest.mark.parametrize("outcome", ["joined", "cost"])
def test_added_up_the_last_week_is_the_effect_of_the_run(records, outcome, region):
    found = effects_over_time(records, "a", outcome, region=region)
    assert tuple(found.columns) == COLUMNS
    assert len(found) == WEEKS
    whole = effects(records, "a", [outcome])
    whole = whole[whole["region"] == region].iloc[0]
    for column in ("mean", "low", "high", "median", "p5", "p95", "unit", "better", "seeds", "draws"):
        assert found[column].iloc[-1] == pytest.approx(whole[column]), column


def test_by_week_by_hand(records):
    found = effects_over_time(records, "a", "joined", cumulative=False)
    gap = [records["b"][seed]["joined"].sum(axis=1) - records["a"][seed]["joined"].sum(axis=1) for seed in range(1, 9)]
    np.testing.assert_allclose(found["mean"], np.mean(gap, axis=0))
    np.testing.assert_allclose(found["p95"], np.quantile(gap, 0.95, axis=0))
    assert found["date"].iloc[1].isoformat() == "2012-01-09"
    trust = effects_over_time(records, "a", "trust")
    weights = np.arange(1.0, 10.0)
    gap = [(records["b"][s]["trust"] - records["a"][s]["trust"]) @ weights / 45 for s in range(1, 9)]
    np.testing.assert_allclose(trust["mean"], np.mean(gap, axis=0))
    assert not trust["cumulative"].any()


@pytest.mark.parametrize("draws", [(0,), (1, 2, 3)])
@pytest.mark.parametrize("packed", [True, False])
def test_a_store_gives_what_folders_give(tmp_path, monkeypatch, draws, packed):
    monkeypatch.setenv("KUMAKAN_TEST_LOG", str(tmp_path / "begun"))
    scenarios = [fakes.scenario("a"), fakes.scenario("b")]
    options = {"draws": draws, "workers": 1, "runner": archive_fakes.quick}
    folders = run_batch(scenarios, range(1, 15), out=tmp_path / "folders", **options)
    if not packed:
        monkeypatch.setattr("sim.stores.archive.ArchiveStore.pack", lambda *_, **__: None)
    run_batch(scenarios, range(1, 15), out=tmp_path / "out", store=tmp_path / "store", **options)
    store = sim.open_store(tmp_path / "store").batch()
    for outcome in ("joined", "trust", "cost"):
        one, other = (batch.effects_over_time(outcome, region="Gao") for batch in (folders, store))
        assert one["low"].notna().all()
        assert one.equals(other)


def test_several_outcomes_are_those_of_each_and_every_record_is_read_once(records):
    read = []

    class Runs(dict):
        def __getitem__(self, key):
            read.append(key)
            return super().__getitem__(key)

    together = effects_over_time({name: Runs(runs) for name, runs in records.items()}, "a", ["trust", "joined", "cost"])
    assert len(read) <= 2 * 8 + 1  # and one of them to see what there is
    for name in ("trust", "joined", "cost"):
        alone = effects_over_time(records, "a", name)
        assert together[together["outcome"] == name].reset_index(drop=True).equals(alone)


def test_a_store_that_lacks_its_weeks_is_told_and_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setenv("KUMAKAN_TEST_LOG", str(tmp_path / "begun"))
    run_batch([fakes.scenario("a"), fakes.scenario("b")], [1, 2], out=tmp_path / "out", store=tmp_path / "store",
              workers=1, runner=archive_fakes.quick)  # fmt: skip
    for file in (tmp_path / "store" / "weeks").iterdir():
        file.unlink()
    batch = sim.open_store(tmp_path / "store").batch()
    with pytest.raises(InputError, match="is damaged: it is missing or empty"):
        batch.effects_over_time("joined")
    with pytest.raises(InputError, match="is damaged: it is missing or empty"):
        batch.records["a"][1]


def test_what_cannot_be_given_is_refused(records):
    with pytest.raises(InputError, match="did you mean 'Mopti'"):
        effects_over_time(records, "a", "joined", region="Mopty")
    with pytest.raises(InputError, match="cannot be added up"):
        effects_over_time(records, "a", "trust", cumulative=True)
    with pytest.raises(InputError, match="did you mean 'joined'"):
        effects_over_time(records, "a", "joind")
    with pytest.raises(InputError, match="no runs of 'c'"):
        effects_over_time(records, "c")
    [elsewhere] = [name for name, outcome in OUTCOMES.items() if outcome.elsewhere and outcome.of == "joined"]
    with pytest.raises(InputError, match="whole run only"):
        effects_over_time(records, "a", elsewhere)
    assert effects_over_time({"a": {}, "b": {}}, "a").empty
