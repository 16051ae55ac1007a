"""Whatever happens to the files of a store, going on gives the batch that was never broken, or one message that names
the damaged file. Nothing is read that is not as it was written.
"""

import json
import random
import shutil
from pathlib import Path

import pytest

import sim
from sim.batches.batch import run_batch
from sim.stores.archive import ArchiveStore
from sim.stores.damage import Damaged
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
