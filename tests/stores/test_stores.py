"""Stores of both kinds: what was finished is there once, is never made twice, and reads the same from either."""

import shutil
from pathlib import Path

import pytest

import sim
from sim.batches.batch import run_batch, there_already
from sim.engine.errors import InputError
from sim.record import Record
from sim.stores import folder as folders
from sim.stores import open_batch
from sim.stores.run import Key
from sim.stores.totals import totals, weekly
from tests.batches import batch_fakes as fakes

KINDS = ("folder", "archive")


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """What the runner was asked to do, as "scenario seed draw"."""
    log = tmp_path / "calls.log"
    log.touch()
    monkeypatch.setenv("KUMAKAN_TEST_LOG", str(log))
    return lambda: [" ".join(line.split()[k] for k in (0, 1, 4)) for line in log.read_text().splitlines()]


@pytest.fixture
def batch(tmp_path, calls):
    """Make a batch in a store of this kind."""

    def make(kind, seeds, names="ab", place="one", **options):
        options = {"workers": 1, "runner": fakes.quick, "command": "kumakan compare", **options}
        options |= {"store": tmp_path / place} if kind == "archive" else {}
        out = tmp_path / (f"{place}-out" if kind == "archive" else place)
        return run_batch([fakes.scenario(name) for name in names], seeds, out=out, **options)

    return make


def told(batch):
    return {(row.scenario, row.seed, row.draw): row.digest for row in batch.rows}


def files(folder):
    return {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*")}


@pytest.mark.parametrize("kind", KINDS)
def test_runs_go_seed_by_seed_and_only_what_is_missing_is_made(batch, calls, kind):
    first = batch(kind, [3, 4])
    assert calls() == ["a 3 0", "b 3 0", "a 4 0", "b 4 0"]
    more = batch(kind, range(3, 6), names="abc")
    assert calls()[4:] == ["c 3 0", "c 4 0", "a 5 0", "b 5 0", "c 5 0"]
    assert told(first).items() <= told(more).items()
    assert {name: list(runs) for name, runs in more.records.items()} == {name: [3, 4, 5] for name in "abc"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_that_is_opened_gives_the_batch_again(tmp_path, batch, kind):
    made = batch(kind, [1, 2], draws=[1, 2])
    store = sim.open_store(tmp_path / "one")
    [plan] = store.plans
    assert (plan["state"], plan["seeds"], plan["draws"]) == ("done", [1, 2], [1, 2])
    again = store.batch()
    assert (again.scenarios, again.seeds, again.draws) == (("a", "b"), (1, 2), (1, 2)) == (
        made.scenarios, made.seeds, made.draws)  # fmt: skip
    assert told(again) == told(made)
    assert not again.failed
    for name, runs in made.records.items():
        assert list(runs) == list(again.records[name]) == [Key(1, 1), Key(1, 2), Key(2, 1), Key(2, 2)]
        assert all(again.records[name][key].digest == record.digest for key, record in runs.items())
    assert again.effects().equals(made.effects())
    assert len(store.runs()) == 8
    assert set(store.runs()["digest"]) == set(told(made).values())


def test_both_kinds_say_the_same(batch, tmp_path):
    folder, archive = batch("folder", [1, 2, 3], place="folder"), batch("archive", [1, 2, 3], place="archive")
    assert told(folder) == told(archive)
    assert folder.effects().equals(archive.effects())
    assert folder.effects_over_time().equals(archive.effects_over_time())
    columns = ["scenario", "seed", "draw", "digest", "sum.joined", "mean.trust"]
    one, other = (sim.open_store(tmp_path / kind).runs(columns).sort_index() for kind in ("folder", "archive"))
    assert list(one.index) == list(other.index)
    for column in columns:
        assert [list(v) if hasattr(v, "__iter__") else v for v in one[column]] == [
            list(v) if hasattr(v, "__iter__") else v for v in other[column]]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_totals_and_weeks_of_all_runs_are_those_of_each_record(batch, kind):
    runs = batch(kind, [2, 1]).records["b"]
    names = ["trust", "joined"]
    assert list(runs) == [1, 2]
    for key, record in runs.items():
        assert (runs.totals(names)[key] == totals(record, names)).all()
        assert (runs.weekly(names)[key] == weekly(record, names)).all()
        assert runs.weekly(names)[key].shape == (8, 9, 2)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_run_is_a_row_until_it_is_made(tmp_path, batch, kind, workers):
    made = batch(kind, [1, 2, 3], runner=fakes.fails_on_two, workers=workers)
    again = open_batch(tmp_path / "one")
    for one in (made, again):
        [row] = one.failed
        assert (row.scenario, row.seed, row.folder) == ("b", 2, "")
        assert row.error == "ZeroDivisionError: no recruiters left to divide by"
        assert "fails_on_two" in row.details
        words = row.repeat.split()
        assert words[:2] == ["kumakan", "run"]
        assert sim.load(words[2]) == fakes.scenario("b"), "the scenario that is kept is the one that was run"
        assert words[3:7] == ["--seed", "2", "--world-seed", "0"]
        assert len(one.rows) == 6
        assert list(one.records["b"]) == [1, 3]
    assert again.plan["state"] == "failed"
    assert not batch(kind, [1, 2, 3]).failed
    assert not open_batch(tmp_path / "one").failed


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_dies_costs_its_own_run_only(batch, kind):
    made = batch(kind, [1, 2, 3], runner=fakes.dies_on_two, workers=2)
    assert [(row.scenario, row.seed) for row in made.failed] == [("b", 2)]
    assert "worker process died" in made.failed[0].error
    assert len(made.rows) == len(told(made)) == 6


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_ends_at_the_first_failure_if_asked_to(batch, calls, kind):
    assert len(batch(kind, [1, 2, 3], runner=fakes.fails_on_two, on_error="stop").failed) == 1
    assert calls() == ["a 1 0", "b 1 0", "a 2 0"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupt_keeps_what_is_finished(tmp_path, batch, kind):
    with pytest.raises(KeyboardInterrupt):
        batch(kind, [1, 2], runner=fakes.interrupted_on_two)
    again = open_batch(tmp_path / "one")
    assert again.plan["state"] == "interrupted"
    assert len(again.rows) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_to_ask_what_is_there_changes_nothing(tmp_path, batch, kind):
    batch(kind, [1, 2])
    before = files(tmp_path)
    changed = [fakes.scenario("a"), fakes.scenario("b", parameters={"peer_pull": 0.021})]
    at = {"out": tmp_path / "one", "store": None} if kind == "folder" else {"out": "no", "store": tmp_path / "one"}
    assert there_already(changed, [1, 2, 3], **at) == {"a": 2}
    nowhere = {name: place and tmp_path / "nowhere" for name, place in at.items()}
    assert there_already(changed, [1, 2, 3], **nowhere) == {}
    sim.open_store(tmp_path / "one").batch().effects()
    assert files(tmp_path) == before


@pytest.mark.parametrize("kind", KINDS)
def test_stores_and_batches_show_what_they_hold(tmp_path, batch, kind):
    made = batch(kind, range(1, 5), names=["a", "b & <b>"], runner=fakes.quick)
    store = sim.open_store(tmp_path / "one")
    assert repr(store) == f"<{type(store).__name__} {str(tmp_path / 'one')!r}: 1 plan>"
    assert repr(made) == (f"<Batch of a, b & <b>: 2012-01-02 to 2014-01-06, 4 seeds, 0 failed, in {made.place!r}>")
    page = made._repr_html_()
    assert "<td>b &amp; &lt;b&gt;</td><td>4</td><td>0</td>" in page
    assert "Seeds: 4 (1 to 4)" in page
    assert "<td>a, b &amp; &lt;b&gt;</td>" in store._repr_html_()


def test_a_batch_draws_its_effects(batch):
    figure = batch("folder", [1, 2]).plot("joined")
    assert any("joined" in text.get_text().lower() for text in figure.findobj(lambda thing: hasattr(thing, "get_text")))


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_that_is_not_there_is_refused(tmp_path, batch, kind):
    batch(kind, [1])
    with pytest.raises(InputError, match="holds 1 plans; there is none with number 3"):
        sim.open_store(tmp_path / "one").batch(3)


# --- runs that stand in two files ----------------------------------------------------------------------------


def copy(tmp_path, source, goal):
    for folder in ("runs", "weeks", "cells"):
        for file in (tmp_path / source / folder).iterdir():
            shutil.copy(file, tmp_path / goal / folder)


@pytest.mark.parametrize("seeds", [[1, 2], [2, 4]])
def test_files_of_two_stores_put_together_show_each_run_once(tmp_path, batch, calls, seeds):
    """Once with a store all of whose runs are there already, once with one that has some of them and others."""
    batch("archive", [1, 2, 3])
    batch("archive", seeds, place="two")
    copy(tmp_path, "two", "one")
    made, every = len(calls()), sorted({1, 2, 3, *seeds})
    plain = batch("folder", every, place="plain")
    store = sim.open_store(tmp_path / "one")
    assert store.runs().index.is_unique
    assert len(store.runs()) == 2 * len(every)
    assert sum(len(some) for some in store.weeks(["joined"])) == 2 * len(every) * 8 * 9
    again = batch("archive", every)
    assert len(calls()) == made + 2 * len(every), "those of the folder only: none of the store is made again"
    assert told(again) == told(plain)
    assert len(again.rows) == 2 * len(every)
    assert again.effects().equals(plain.effects())
    assert again.effects_over_time().equals(plain.effects_over_time())
    assert all(again.records["a"][seed].digest == record.digest for seed, record in plain.records["a"].items())
    left = {folder: len(list((tmp_path / "one" / folder).iterdir())) for folder in ("runs", "weeks", "cells")}
    assert left == dict.fromkeys(left, 1 if seeds == [1, 2] else 2), "a file of which nothing is read is removed"


def test_small_files_with_the_same_runs_become_one_with_each_run_once(tmp_path, batch):
    from sim.stores.parquet import MANY

    for seed in range(1, MANY):
        batch("archive", [seed], names="a", place=f"store{seed % 2}")
    batch("archive", [1, 2], names="a", place="store1")  # 1 is there, 2 in the other store, too
    copy(tmp_path, "store0", "store1")
    batch("archive", [MANY], names="a", place="store1")
    store = sim.open_store(tmp_path / "store1")
    assert len(list((tmp_path / "store1" / "runs").iterdir())) == 1
    assert len(store.runs()) == MANY
    assert sum(len(some) for some in store.weeks(["joined"])) == MANY * 8 * 9


# --- folders of runs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [None, "", "{torn", "[]", "{}"])
def test_a_run_whose_manifest_is_torn_or_gone_is_made_again(tmp_path, batch, calls, text):
    before = told(batch("folder", [1]))
    file = tmp_path / "one" / "runs" / "a" / "seed-1" / "manifest.json"
    file.unlink() if text is None else file.write_text(text)
    assert len(sim.open_store(tmp_path / "one").runs()) == 1
    assert told(batch("folder", [1])) == before
    assert calls() == ["a 1 0", "b 1 0", "a 1 0"]


def test_a_store_without_its_empty_folders_is_a_store(tmp_path, batch):
    """As git, zip files and object stores leave it."""
    before = told(batch("archive", [1]))
    for folder in (tmp_path / "one").iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    assert told(open_batch(tmp_path / "one")) == before
    assert told(batch("archive", [1, 2])).items() >= before.items()


# --- what is asked for ---------------------------------------------------------------------------------------


def test_scenarios_may_be_paths_or_dicts(tmp_path):
    (tmp_path / "b.yaml").write_text("end: 2014-01-06\npersons_per_youth: 1000\n")
    both = [{"name": "a", "end": "2014-01-06", "persons_per_youth": 1000}, tmp_path / "b.yaml"]
    made = run_batch(both, [1], out=tmp_path / "out", workers=1, runner=fakes.quick)
    assert made.scenarios == ("a", "b")
    assert made.records["b"][1].about["run"]["scenario_digest"] == fakes.scenario("b").digest


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"seeds": 5}, r"seeds is 5; it must be a list of whole numbers, such as range\(1, 21\)"),
        ({"seeds": "12"}, "seeds is '12'; it must be a list"),
        ({"seeds": []}, "0 seeds; at least 1 is needed"),
        ({"seeds": [1.5]}, "seed is 1.5; it must be a whole number"),
        ({"seeds": [-1]}, "seed is -1; it must be a whole number from 0"),
        ({"seeds": [3, 3]}, "seed 3 is given twice"),
        ({"draws": [2**32]}, "draw is 4.29497e.09; it must be a whole number from 0 to 4294967295"),
        ({"world_seed": "one"}, "world_seed is 'one'"),
        ({"workers": 0}, "0 workers; at least 1 is needed"),
        ({"workers": True}, "workers is true; it must be a whole number"),
        ({"on_error": "stopp"}, "on_error is 'stopp'; it must be 'finish', 'stop' or a function; did you mean 'stop'"),
        ({"progress": "yes"}, "progress is 'yes'; it must be True, False or a function"),
        ({"scenarios": "scenarios/baseline.yaml"}, "scenarios is 'scenarios/baseline.yaml'; it must be a list"),
        ({"scenarios": []}, "scenarios is an empty list"),
        ({"scenarios": [5]}, "the scenario is 5"),
        ({"store": 5}, "store is 5; it must be the path of a folder, or a URL"),
        ({"out": None}, "out is None; it must be the path of a folder"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_written(tmp_path, wrong, words):
    given = {"scenarios": [fakes.scenario("a")], "seeds": [1], "out": tmp_path / "out", "runner": fakes.quick, **wrong}
    with pytest.raises(InputError, match=words):
        run_batch(**given)
    assert not list(tmp_path.glob("out/manifest.json"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"seeds": "5"}, "seeds is '5'; it must be a whole number"),
        ({"seeds": 2.0}, "seeds is 2.0; it must be a whole number"),
        ({"draws": 0}, "0 draws; at least 1 is needed"),
        ({"first_seed": -3}, "first_seed is -3"),
        ({"at_most": 5}, "give both"),
    ],
)
def test_wrong_arguments_of_a_comparison_are_told(tmp_path, wrong, words):
    with pytest.raises(InputError, match=words):
        sim.compare([fakes.scenario("a"), fakes.scenario("b")], out=tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_a_folder_reads_a_run_once_until_it_is_another_and_gives_numbers_that_nobody_can_change(batch, monkeypatch):
    read, load = [], Record.load
    monkeypatch.setattr(Record, "load", lambda place: read.append(place) or load(place))
    made = batch("folder", [1, 2])
    runs = made.records["a"]
    assert runs[1] is runs[1] is made.records["a"][1]
    assert len(read) == 1
    with pytest.raises(ValueError, match="read-only"):
        runs[1].values[0] = 1.0
    place = runs._places[1]
    shutil.rmtree(place)
    load(runs._places[2]).save(place)  # another run in its place
    assert runs[1].digest == runs[2].digest
    assert len(read) == 3


def test_a_folder_keeps_no_more_records_than_it_may(batch, monkeypatch):
    made = batch("folder", range(1, 7))
    size = made.records["a"][1].values.nbytes
    monkeypatch.setattr(folders, "KEPT", 3 * size)
    for name in ("a", "b"):
        for seed in range(1, 7):
            assert made.records[name][seed].about["seed"] == seed
            assert len(made.store._kept) <= 3
