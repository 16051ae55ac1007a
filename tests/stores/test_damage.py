"""Whatever happens to the files of a store, going on gives the batch that was never broken, or one message that names
the damaged file. Nothing is read that is not as it was written.
"""

import json
import random
import shutil
import socket
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.batches.batch import run_batch
from sim.cli import kumakan
from sim.engine.errors import InputError
from sim.stores import care
from sim.stores.archive import ArchiveStore
from sim.stores.damage import Damaged
from sim.stores.parquet import weeks_of
from tests.batches import batch_fakes as fakes

KINDS = ("archive", "folder")
SEEDS = range(1, 4)


def make(place, kind, seeds=SEEDS, names=("a", "bb"), **options):
    at = {"store": place, "out": place.parent / "out"} if kind == "archive" else {"out": place}
    options = {"workers": 1, "runner": fakes.quick, "command": "kumakan compare", **at, **options}
    return run_batch([fakes.scenario(name) for name in names], seeds, **options)


def found(batch):
    """What a batch is read for: its digests, effects, and effects over time."""
    rows = {(row.scenario, row.seed): row.digest for row in batch.rows}
    records = {(name, seed): record.digest for name, runs in batch.records.items() for seed, record in runs.items()}
    assert records == rows
    tables = batch.effects(["joined", "attacks"]), batch.effects_over_time("joined")
    return rows, *(table.to_csv() for table in tables)


def all_files(place):
    return sorted(path for path in Path(place).rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """By kind: a store with runs in all its folders, a second one with some of its runs, and what is found in it."""
    made = {}
    for kind in KINDS:
        one, two = (tmp_path_factory.mktemp(kind) / name for name in ("one", "two"))
        make(one, kind, [1])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ArchiveStore, "pack", lambda self, least=0: None)
            whole = make(one, kind)
            make(two, kind, [2, 5])
        made[kind] = one, two, found(whole)
    return made


# --- one thing at a time --------------------------------------------------------------------------------------


def lost(place, kind, file):
    (place / file).unlink()


def emptied(place, kind, file):
    (place / file).write_bytes(b"")


def cut(place, kind, file):
    data = (place / file).read_bytes()
    (place / file).write_bytes(data[: len(data) // 2])


def foreign(place, kind, file):
    (place / file).write_bytes(b"\x00\xffnothing that was ever written here")


@pytest.fixture
def broken(tmp_path, stores):
    """A copy of a store in which one thing has happened to one file."""

    def one(kind, what, which):
        place = tmp_path / "one"
        shutil.copytree(stores[kind][0], place)
        file = next(path for path in all_files(place) if path.match(which))
        what(place, kind, file.relative_to(place))
        return place

    return one


WHICH = [
    ("archive", which) for which in ("manifest.json", "log.jsonl", "runs/*", "weeks/*", "cells/*", "fresh/*", "plans/*")
]
WHICH += [("folder", which) for which in ("one/manifest.json", "log.jsonl", "scenario.yaml", "seed-1/manifest.json",
                                          "record.parquet", "cells.parquet")]  # fmt: skip


@pytest.mark.parametrize("what", [lost, emptied, cut, foreign])
@pytest.mark.parametrize(("kind", "which"), WHICH)
def test_going_on_makes_again_what_was_damaged_and_nothing_else(
    tmp_path, stores, broken, monkeypatch, kind, which, what
):
    place = broken(kind, what, which)
    log = tmp_path / "calls.log"
    log.touch()
    monkeypatch.setenv("KUMAKAN_TEST_LOG", str(log))
    told = []
    assert found(make(place, kind, progress=told.append)) == stores[kind][2]
    again = len(log.read_text().splitlines())
    runs = {"fresh/*": 1, "seed-1/manifest.json": 1, "record.parquet": 1, "cells.parquet": 1}
    assert again == runs.get(which, 2 if which in ("runs/*", "weeks/*", "cells/*") else 0)
    assert found(sim.open_store(place).batch()) == stores[kind][2]
    kept = [path for path in all_files(place / "damaged") if path.name != "why.jsonl"]
    if what is foreign and which != "log.jsonl":
        assert kept, "it is set aside"
        assert all(json.loads(line)["why"] for line in (place / "damaged" / "why.jsonl").read_text().splitlines())
        assert any("was damaged (" in line for line in told[0].damaged)


@pytest.mark.parametrize("what", [emptied, cut, foreign])
@pytest.mark.parametrize(
    ("kind", "which"), [pair for pair in WHICH if pair[1] not in ("log.jsonl", "scenario.yaml", "manifest.json")]
)
def test_who_only_reads_is_told_which_file_it_is_and_changes_nothing(stores, broken, kind, which, what):
    place = broken(kind, what, which)
    before = {path: path.read_bytes() for path in all_files(place)}
    with pytest.raises(Damaged, match=r"is damaged: .* `kumakan store tidy .*one` sets it aside") as told:
        found(sim.open_store(place).batch())
    assert (place / told.value.name).exists()
    assert {path: path.read_bytes() for path in all_files(place)} == before


def test_no_flipped_bit_of_a_store_changes_what_is_found_in_it(tmp_path, stores):
    """Bits from all over each of its files; whoever reads sees what was written or is told which file it is."""
    source, _, right = stores["archive"]
    place, luck, told = tmp_path / "one", random.Random(1), []
    shutil.copytree(source, place)
    for file in all_files(place):
        if file.parent.name not in ("runs", "weeks", "cells", "fresh"):
            continue
        data = file.read_bytes()
        for at in [*luck.sample(range(len(data)), 6), len(data) - 5, len(data) - 200]:
            file.write_bytes(data[:at] + bytes([data[at] ^ (1 << luck.randrange(8))]) + data[at + 1 :])
            try:
                assert found(sim.open_store(place).batch()) == right
            except Damaged as problem:
                told.append((Path(problem.name).name.partition(".")[0], file.name.partition(".")[0]))
        file.write_bytes(data)
    assert len(told) > 40
    assert all(named == flipped for named, flipped in told)


# --- kumakan store check, kumakan store tidy ------------------------------------------------------------------


def command(*words):
    return CliRunner().invoke(kumakan, ["store", *map(str, words)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_store_is_said_to_be_sound_and_nothing_is_changed(tmp_path, stores, kind):
    shutil.copytree(stores[kind][0], tmp_path / "one")
    before = {path: path.read_bytes() for path in all_files(tmp_path)}
    looked = command("check", tmp_path / "one")
    assert (looked.exit_code, looked.output) == (0, "6 runs as they were written; nothing is damaged\n")
    assert {path: path.read_bytes() for path in all_files(tmp_path)} == before
    assert command("tidy", tmp_path / "one").output == looked.output


@pytest.mark.parametrize(("kind", "which", "runs"), [("archive", "weeks/*", 2), ("archive", "fresh/*", 1),
                                                     ("folder", "a/seed-2/cells.parquet", 1)])  # fmt: skip
def test_check_names_what_is_damaged_and_tidy_sets_it_aside(stores, broken, kind, which, runs):
    place = broken(kind, cut, which)
    looked = command("check", place)
    assert looked.exit_code == 1
    assert f"would make {runs} run{'s' if runs > 1 else ''} again or anew: " in looked.output
    assert f"{6 - runs} runs as they were written\n" in looked.output
    done = command("tidy", place)
    assert done.exit_code == 0
    assert done.output.replace("set aside:", "damaged:").splitlines()[0] == looked.output.splitlines()[0]
    assert len((place / "damaged" / "why.jsonl").read_text().splitlines()) == 1
    assert command("check", place).exit_code == 0
    assert found(make(place, kind)) == stores[kind][2]


def test_tidy_removes_what_the_dead_left_and_mends_manifest_and_log(tmp_path, stores):
    place = tmp_path / "one"
    shutil.copytree(stores["archive"][0], place)
    (place / "weeks" / ".half.parquet~nowhere-1-0a0a0a0a").write_bytes(b"PAR1")
    (place / "runs" / ".half.parquet~{}".format(f"{socket.gethostname()}-999999999-0a0a0a0a")).write_bytes(b"PAR1")
    (place / "claims" / "0123456789abcdef.0").write_text("nobody")
    (place / "plans" / "notes.txt").write_text("mine")
    (place / "manifest.json").write_text("{")
    with (place / "log.jsonl").open("a") as log:
        log.write('{"run": "torn')
    done = command("tidy", place)
    assert done.exit_code == 0
    assert "removed: runs/.half" in done.output
    assert "removed: 1 torn line of log.jsonl" in done.output
    assert (place / "weeks" / ".half.parquet~nowhere-1-0a0a0a0a").exists(), "another machine may be writing it"
    assert (place / "damaged" / "plans" / "notes.txt").read_text() == "mine"
    assert not list((place / "claims").iterdir())
    assert len(list(sim.open_store(place).log())) == len((place / "log.jsonl").read_text().splitlines())
    assert found(sim.open_store(place).batch()) == stores["archive"][2]


def test_totals_that_are_not_those_of_the_weeks_are_found(tmp_path, stores):
    """As in a store of an earlier version, whose files have no digest in their names."""
    place = tmp_path / "one"
    shutil.copytree(stores["archive"][0], place)
    [rows] = (place / "runs").iterdir()
    table = pq.read_table(rows)
    column = table.column_names.index("sum.joined")
    numbers = table["sum.joined"].combine_chunks()
    more = pa.FixedSizeListArray.from_arrays(pc.add(numbers.flatten(), 1.0), 9)
    pq.write_table(table.set_column(column, "sum.joined", more), rows.with_name(weeks_of(rows.name)))
    rows.unlink()
    assert "the totals of joined of run" in command("check", place).output


@pytest.mark.parametrize("words", ["check", "tidy"])
def test_a_place_without_a_store_is_refused(tmp_path, words):
    refused = command(words, tmp_path / "nothing")
    assert (refused.exit_code, refused.output) == (2, f"kumakan: there is no store at {tmp_path / 'nothing'}\n")
    assert not list(tmp_path.iterdir())


# --- anything at all ------------------------------------------------------------------------------------------

DEEDS = ("flip", "cut", "empty", "lose", "double", "foreign", "copy", "folder", "swap")

FOREIGN = {"foreign", "double", "copy"}


def damage(place, deed, where, how, other):
    """One thing that people and disks do; `where` and `how` choose the file and what becomes of it."""
    there = all_files(place)
    if deed == "copy":
        shutil.copytree(other, place, dirs_exist_ok=True)
    elif deed == "folder":
        folders = sorted(path for path in place.rglob("*") if path.is_dir())
        if folders:
            shutil.rmtree(folders[where % len(folders)])
    elif there:
        file, luck = there[where % len(there)], random.Random(how)
        data = file.read_bytes()
        if deed == "flip" and data:
            at = luck.randrange(len(data))
            file.write_bytes(data[:at] + bytes([data[at] ^ (1 << luck.randrange(8))]) + data[at + 1 :])
        elif deed == "cut":
            file.write_bytes(data[: luck.randrange(len(data) + 1)])
        elif deed == "empty":
            file.write_bytes(b"")
        elif deed == "lose":
            file.unlink()
        elif deed == "double":
            shutil.copy(file, file.with_name(f"{file.stem} (1){file.suffix}"))
        elif deed == "foreign":
            names = ["notes.txt", "x.parquet", "y.json", "0123456789abcdef.run", "seed-7"]
            file.with_name(luck.choice(names)).write_bytes(data)
        elif deed == "swap":
            second = there[how % len(there)]
            if second.parent == file.parent:
                data, _ = second.read_bytes(), second.write_bytes(data)
                file.write_bytes(data)


def survives(tmp_path_factory, stores, kind, deeds):
    source, other, right = stores[kind]
    place = tmp_path_factory.mktemp("damaged") / "one"
    try:
        shutil.copytree(source, place)
        for deed, where, how in deeds:
            damage(place, deed, where, how, other)
        try:
            assert found(make(place, kind)) == right
        except Damaged as problem:  # in pages that are only read when they are needed
            named = problem.name
            assert named in care.check(place).damaged
            assert named in care.tidy(place).damaged
            assert found(make(place, kind)) == right
        except InputError as problem:
            done = {deed for deed, *_ in deeds}
            foreign = f"{place} holds other files" in str(problem) and FOREIGN & done
            bare = f"{place} is no store: its manifest.json" in str(problem) and not list(place.rglob("*.run"))
            if not foreign and not (bare and not list(place.glob("runs/*.parquet"))):
                raise  # only what has neither a manifest nor any run is no store
            return
        store = sim.open_store(place)
        assert store.runs().index.is_unique
        assert found(store.batch()) == right
        care.tidy(place)
        assert not care.check(place).damaged
        assert found(sim.open_store(place).batch()) == right
    finally:
        shutil.rmtree(place.parent)


SOME = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 400), st.integers(0, 10**6)), min_size=1, max_size=4)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(KINDS), deeds=SOME)
def test_a_store_survives_what_people_do(tmp_path_factory, stores, kind, deeds):
    survives(tmp_path_factory, stores, kind, deeds)


@pytest.mark.slow
@settings(max_examples=2 * settings.default.max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(KINDS), deeds=SOME)
def test_a_store_survives_whatever_people_do(tmp_path_factory, stores, kind, deeds):
    survives(tmp_path_factory, stores, kind, deeds)
