"""Failures of what is around the program are told in words: disks, places, files that are no records."""

import errno
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import sim
from sim.batches.batch import run_batch
from sim.cli import kumakan
from sim.engine import kept
from sim.engine.errors import InputError
from sim.record import Record
from sim.stores.files import Files
from tests.batches import batch_fakes as fakes


@pytest.fixture
def compare(tmp_path, monkeypatch):
    """The command, on two small scenarios."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("end: 2012-02-06\npersons_per_youth: 5000\n")
    return lambda *words: CliRunner().invoke(kumakan, ["compare", "a.yaml", "b.yaml", "--seeds", "1", *words])


@pytest.mark.parametrize(
    ("option", "place"),
    [("--store", place) for place in ("ftp://127.0.0.1:9/x", "zip://x.zip", "tar://x", "github://x", "n" * 300)]
    + [("--out", "n" * 300)],
)
def test_a_place_that_cannot_be_used_is_told_in_words(compare, option, place):
    result = compare(option, place)
    assert result.exit_code == 2
    said = result.output.splitlines()[-1]  # what the runs would take may stand before
    assert said.startswith("kumakan: ")
    assert place in said
    assert "fault" not in result.output


@pytest.mark.parametrize("text", ["{", "[]", '{"store": true}', '{"store": "2"}', '{"store": -1}', "[" * 10_000])
def test_odd_manifests_of_places_that_are_no_stores_are_refused(tmp_path, compare, text):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "manifest.json").write_text(text)
    result = compare("--store", "store")
    assert (result.exit_code, "store is no store: its manifest.json" in result.output) == (2, True)
    assert (tmp_path / "store" / "manifest.json").read_text() == text


@pytest.mark.skipif(not os.access("/proc/kmsg", os.R_OK), reason="needs a file that waits for more")
def test_a_file_that_waits_for_more_is_no_scenario():
    with pytest.raises(InputError, match=r"/proc/kmsg.* (is not an ordinary file|cannot be read|is not YAML)"):
        sim.load("/proc/kmsg")


def test_a_results_folder_is_not_made_of_a_store(tmp_path):
    run_batch([fakes.scenario("a")], [1], out=tmp_path / "out", store=tmp_path / "store", workers=1, runner=fakes.quick)
    with pytest.raises(InputError, match="is a store of many runs; name it with --store"):
        run_batch([fakes.scenario("a")], [1], out=tmp_path / "store", workers=1, runner=fakes.quick)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device", "runs/x"),
                                   OSError(errno.EROFS, "Read-only file system", "runs/x")])  # fmt: skip
def test_a_disk_that_fails_is_told_in_words(compare, monkeypatch, error):
    def fails(*_):
        raise error

    monkeypatch.setattr(Files, "put", fails)
    monkeypatch.setattr(Files, "create", fails)
    for option in ("--store", "--out"):
        result = compare(option, "here")
        assert result.exit_code in (1, 2)
        assert error.strerror in result.output
        assert "fault of kumakan" not in result.output


def test_parquet_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    folder = fakes.quick(fakes.scenario("a"), 1, 1).save(tmp_path / "run")
    pq.write_table(pa.table({"week": pa.array([0] * 300_000, pa.int8())}), folder / "record.parquet")
    monkeypatch.setattr(kept, "MOST_VALUES", 100_000)
    monkeypatch.setattr(pq.ParquetFile, "read", lambda *_: pytest.fail("it was read"))
    with pytest.raises(InputError, match="it has 300,000 rows of 1 columns; no run has so many"):
        Record.load(folder)


@pytest.mark.parametrize(
    ("old", "new"), [('"seed": 1', '"seed": 2'), ("youths", "people"), ("manifest_digest", "digest_")]
)
def test_settings_in_the_manifest_of_a_run_are_under_a_digest(tmp_path, old, new):
    record = fakes.quick(fakes.scenario("a"), 1, 1)
    folder = record.save(tmp_path / "run")
    text = (folder / "manifest.json").read_text()
    assert old in text
    (folder / "manifest.json").write_text(text.replace(old, new))
    if new == "digest_":  # as earlier versions wrote it: without one
        assert Record.load(folder).digest == record.digest
    else:
        with pytest.raises(InputError, match="its text does not match the digest in it"):
            Record.load(folder)
