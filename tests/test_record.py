"""The record of a run: its shape, its sums, and that what was saved is what is read."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sim
from sim.engine.errors import InputError
from sim.measures import MEASURES
from sim.record import Observable, Record
from sim.scenario import Scenario
from sim.views.words import number
from sim.week import run

REGIONS = ("Kayes", "Koulikoro", "Sikasso", "Ségou", "Mopti", "Tombouctou", "Gao", "Kidal", "Bamako")
PROMISED = [
    "joined",
    "members",
    "recruiters",
    "approached",
    "arrests",
    "wrongful_arrests",
    "killed",
    "returned",
    "attacks",
    "deaths_civilian",
    "deaths_security",
    "abuses",
    "attitude_mean",
    "grievance_mean",
    "trust",
    "insecurity",
    "state_presence",
]


@pytest.fixture(scope="module")
def record() -> Record:
    lively = {"h0": 0.04, "approaches_per_recruiter": 12}
    period = {"persons_per_youth": 200, "end": "2012-04-30"}
    scenario = {"name": "kept", **period, "parameters": lively, "measures": {"mali_kuma_kan": True}}
    return run(Scenario.of(scenario), seed=3)


def changed(record: Record, **fields) -> Record:
    return replace(record, **fields)


# --- shape -----------------------------------------------------------------------------------------------


def test_the_frame_has_a_row_for_each_week_and_region(record):
    frame = record.frame()
    assert list(frame.columns[:3]) == ["week", "date", "region"]
    assert list(frame.columns[3:]) == record.names
    assert len(frame) == 17 * 9
    assert frame["week"].tolist() == sorted(list(range(17)) * 9)
    assert frame["region"].tolist() == list(REGIONS) * 17
    assert (frame["date"].dt.day_of_week == 0).all(), "Mondays"
    assert frame["date"].iloc[0] == pd.Timestamp("2012-01-02")
    assert frame["date"].iloc[-1] == pd.Timestamp("2012-04-23")
    assert set(PROMISED) <= set(frame.columns)
    for key in MEASURES:
        assert {f"delivered_{key}", f"cost_{key}"} <= set(frame.columns)
    assert frame[record.names].to_numpy().tolist() == record.values.reshape(153, -1).tolist()
    assert not frame.isna().any().any()


def test_an_observable_is_read_by_its_name(record):
    members = record["members"]
    assert members.shape == (17, 9)
    np.testing.assert_array_equal(members.ravel(), record.frame()["members"])
    with pytest.raises(InputError, match=r"^there is no observable 'atacks'; did you mean 'attacks'\?$"):
        record["atacks"]
    for name in ("no_such_thing", 3, None, ["joined"]):
        with pytest.raises(InputError, match="there is no observable"):
            record[name]
    with pytest.raises(InputError, match=r"there is no observable 'jioned'; did you mean 'joined'\?"):
        record.plot("jioned")


def test_the_national_row_adds_up_counts_and_weighs_means(record):
    national = record.national()
    assert (national["region"] == "Mali").all()
    assert national["week"].tolist() == list(range(17))
    assert list(national["date"]) == list(record.frame()["date"].unique())
    for observable in record.observables:
        values, found = record[observable.name], national[observable.name].to_numpy()
        if observable.how == "sum":
            np.testing.assert_allclose(found, values.sum(axis=1))
        else:
            np.testing.assert_allclose(found, np.average(values, axis=1, weights=record.weights[observable.how]))
            assert (found <= values.max(axis=1) + 1e-12).all()
            assert (found >= values.min(axis=1) - 1e-12).all()
    by = {o.name: o.how for o in record.observables}
    assert (by["joined"], by["trust"], by["attitude_mean"], by["cost_mali_kuma_kan"]) == (
        "sum",
        "people",
        "youths",
        "sum",
    )


def test_weights_are_people_and_youths(record):
    from sim.world.grid import world_grid

    grid = world_grid()
    np.testing.assert_allclose(record.weights["people"], np.bincount(grid.region, grid.population, 9))
    assert (
        np.abs(record.weights["youths"] - 0.335 * record.weights["people"]).max()
        < 200 + 0.005 * record.weights["people"].max()
    )
    people = sum(record[f"people_{s}"] for s in ("civilian", "approached", "member", "detained", "killed", "returned"))
    np.testing.assert_array_equal(people, np.tile(record.weights["youths"], (17, 1)))


def test_cells_add_up_to_regions(record):
    from sim.world.grid import world_grid

    region = world_grid().region
    for name in ("joined", "approached", "attacks", "abuses"):
        np.testing.assert_allclose(np.bincount(region, record.cells[name], 9), record[name].sum(axis=0))
    np.testing.assert_allclose(np.bincount(region, record.cells["members"], 9), record["members"].mean(axis=0))
    np.testing.assert_allclose(
        np.bincount(region, record.cells["reached_clips"], 9), record["reached_clips"].mean(axis=0)
    )
    people = world_grid().population
    for name in ("trust", "insecurity", "state_presence"):
        mean = np.bincount(region, record.cells[name] * people, 9) / record.weights["people"]
        np.testing.assert_allclose(mean, record[name].mean(axis=0))
    assert record["reached_clips"].sum() > 0
    assert record["joined"].sum() > 0


def test_it_says_how_to_make_the_run_again(record):
    again = run(Scenario.of(record.about["scenario"]), record.about["seed"], world_seed=record.about["world_seed"])
    assert again.digest == record.digest
    assert record.about["parameters"]["h0"] == 0.04
    assert record.about["versions"]["kumakan"] == sim.__version__


def test_a_seed_of_numpy_is_the_same_seed(record):
    from_numpy = run(Scenario.of(record.about["scenario"]), np.int64(3), world_seed=np.uint8(3), draw=np.int32(0))
    assert from_numpy.digest == record.digest, "a run without a world seed has the society of its seed"
    assert json.dumps([from_numpy.about[key] for key in ("seed", "world_seed", "draw")]) == "[3, 3, 0]"


# --- shown -----------------------------------------------------------------------------------------------


def test_it_shows_itself_in_one_line_and_as_a_card(record):
    assert repr(record) == (
        f"<Record of 'kept', seed 3: 17 weeks from 2012-01-02, 9 regions, {len(record.names)} observables>"
    )
    hostile = changed(record, about={"scenario": {"name": "<script>&"}, "seed": 3, "draw": 7})
    assert repr(hostile).startswith("<Record of '<script>&', seed 3, draw 7: ")
    card = hostile._repr_html_()
    assert "Record of &#x27;&lt;script&gt;&amp;&#x27;, seed 3, draw 7" in card
    assert "<script>" not in card
    assert "Period: 2012-01-02 to 2012-04-30 (17 weeks)" in card
    national = record.national()
    assert (
        f"<tr><td>youths who joined an armed group</td><td>whole run</td><td>{national['joined'].sum():,.0f}</td>"
        "<td>persons</td></tr>"
    ) in card
    assert f"<td>last week</td><td>{national['trust'].iloc[-1]:.3f}</td>" in card
    assert card == changed(hostile, values=record.values.copy())._repr_html_()


def test_the_record_of_no_weeks_shows_itself_too(record):
    empty = changed(record, values=record.values[:0], dates=(), about={})
    assert repr(empty) == f"<Record: 0 weeks, 9 regions, {len(record.names)} observables>"
    assert "0 weeks" in empty._repr_html_()
    assert dict(empty.to_xarray().sizes) == {"week": 0, "region": 9}


@pytest.mark.parametrize(
    ("observable", "words"),
    [
        ("joined_per_100k", "Youths who joined an armed group: kept"),
        ("attacks", "attacks per region"),
        ("abuses", "Abuses of civilians by security forces: kept"),
        ("grievance_mean", "Mean over 17 weeks from 2012-01-02"),
        ("cost_mali_kuma_kan", "Sum over 17 weeks from 2012-01-02"),
    ],
)
def test_quantities_and_observables_are_mapped(record, observable, words):
    figure = record.map(observable)
    written = [text.get_text() for text in figure.findobj(match=lambda artist: hasattr(artist, "get_text"))]
    assert any(words in text for text in written), written


def test_a_map_holds_the_numbers_of_the_run(record):
    figure = record.map("approached")
    written = {text.get_text() for text in figure.findobj(match=lambda artist: hasattr(artist, "get_text"))}
    most = number(record["approached"].sum(axis=0).max())
    assert any(most in text for text in written), (most, written)


def test_what_cannot_be_mapped_is_told(record):
    with pytest.raises(InputError, match=r"there is no map of 'atacks'; did you mean 'attacks'\?"):
        record.map("atacks")
    with pytest.raises(InputError, match="scale"):
        record.map("abuses", scale="sideways")


# --- labelled arrays -------------------------------------------------------------------------------------


def test_labelled_arrays_are_the_record(record):
    data = record.to_xarray()
    assert dict(data.sizes) == {"week": 17, "region": 9}
    assert list(data.data_vars) == record.names
    assert set(data.coords) == {"week", "date", "region", "people", "youths"}
    assert data["date"].dims == ("week",)
    assert data["week"].values.tolist() == list(range(17))
    assert [str(d)[:10] for d in data["date"].values] == [str(d) for d in record.dates]
    for observable in record.observables:
        array = data[observable.name]
        assert array.dims == ("week", "region")
        np.testing.assert_array_equal(array.values, record[observable.name])
        assert (array.attrs["unit"], array.attrs["how"]) == (observable.unit, observable.how)
        assert array.attrs["meaning"] == array.attrs["long_name"] == observable.meaning
    assert float(data["joined"].sel(region="Mopti").sum()) == record["joined"][:, 4].sum()
    trust = data["trust"].weighted(data["people"]).mean("region")
    np.testing.assert_allclose(trust.values, record.national()["trust"])
    about = data.attrs
    assert all(type(text) is str for text in about.values())
    assert (about["scenario"], about["seed"], about["world_seed"], about["draw"]) == ("kept", "3", "0", "0")
    assert about["digest"] == record.digest
    assert f"kumakan {sim.__version__}, python 3." in about["versions"]
    assert Scenario.of(json.loads(about["settings"])) == Scenario.of(record.about["scenario"])


@pytest.mark.filterwarnings("ignore::UserWarning:zarr")
@pytest.mark.parametrize("kind", ["h5netcdf", "scipy", "zarr"])
def test_labelled_arrays_are_written_and_read_back(record, tmp_path, kind):
    import xarray

    data, place = record.to_xarray(), tmp_path / "run"
    if kind == "zarr":
        data.to_zarr(place)
        back = xarray.open_zarr(place)
    else:
        data.to_netcdf(place, engine=kind)
        back = xarray.open_dataset(place, engine=kind)
    with back:
        xarray.testing.assert_identical(back.load(), data)


def test_nothing_heavy_is_imported_before_it_is_asked_for():
    code = "import sys, sim.record; sys.exit(bool({'xarray', 'pandas', 'matplotlib', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the digest ------------------------------------------------------------------------------------------


def test_any_number_changes_the_digest(record):
    rng = np.random.default_rng(0)
    seen = {record.digest}
    for _ in range(20):
        values = record.values.copy()
        place = tuple(rng.integers(size) for size in values.shape)
        values[place] = np.nextafter(values[place], np.inf)
        seen.add(changed(record, values=values).digest)
    for name in record.cells:
        cells = {**record.cells, name: record.cells[name].copy()}
        cells[name][77] = np.nextafter(cells[name][77], np.inf)
        seen.add(changed(record, cells=cells).digest)
    assert len(seen) == 21 + len(record.cells)


def test_names_dates_and_regions_change_the_digest_and_memory_order_does_not(record):
    first, *others = record.observables
    seen = {
        record.digest,
        changed(record, observables=(replace(first, name="else"), *others)).digest,
        changed(record, regions=tuple(reversed(record.regions))).digest,
        changed(record, dates=(*record.dates[1:], record.dates[0])).digest,
        changed(record, cells={("x" if k == "trust" else k): v for k, v in record.cells.items()}).digest,
    }
    assert len(seen) == 5
    assert changed(record, values=np.asfortranarray(record.values)).digest == record.digest
    assert changed(record, cells=dict(reversed(record.cells.items()))).digest == record.digest
    assert changed(record, about={}).digest == record.digest, "it is of the numbers alone"


# --- saved and read --------------------------------------------------------------------------------------


def test_what_is_saved_is_what_is_read(record, tmp_path):
    folder = record.save(tmp_path / "runs" / "one")
    assert folder == tmp_path / "runs" / "one"
    assert {f.name for f in folder.iterdir()} == {"record.parquet", "cells.parquet", "manifest.json"}
    back = Record.load(folder)
    assert back.digest == record.digest
    assert back.observables == record.observables
    assert (back.regions, back.dates) == (record.regions, record.dates)
    np.testing.assert_array_equal(back.values, record.values)
    for name, values in record.weights.items():
        np.testing.assert_array_equal(back.weights[name], values)
    pd.testing.assert_frame_equal(back.frame(), record.frame())
    pd.testing.assert_frame_equal(back.national(), record.national())
    assert back.about == json.loads(json.dumps(record.about, default=str))
    assert json.loads((folder / "manifest.json").read_text())["digest"] == record.digest
    assert [p.name for p in folder.parent.iterdir()] == ["one"], "nothing else is left"


@pytest.mark.parametrize("file", ["record.parquet", "cells.parquet"])
def test_a_changed_number_is_noticed(record, tmp_path, file):
    folder = record.save(tmp_path / "run")
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(folder / file)
    name = "joined"
    values = table[name].to_numpy().copy()
    values[5] += 1
    changed_ = table.set_column(table.column_names.index(name), table.schema.field(name), pa.array(values))
    pq.write_table(changed_, folder / file)
    with pytest.raises(InputError, match="the record was changed"):
        Record.load(folder)


def test_what_holds_no_run_is_refused_with_one_message(record, tmp_path):
    with pytest.raises(InputError, match="holds no run that can be read"):
        Record.load(tmp_path / "nothing")
    folder = record.save(tmp_path / "broken")
    (folder / "record.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match="holds no run that can be read"):
        Record.load(folder)
    other = record.save(tmp_path / "cut")
    (other / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="holds no run that can be read"):
        Record.load(other)


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"weights": 3, "digest": ""}'])
def test_a_manifest_that_is_no_manifest_is_refused(record, tmp_path, text):
    folder = record.save(tmp_path / "run")
    (folder / "manifest.json").write_text(text)
    with pytest.raises(InputError, match="holds no run that can be read"):
        Record.load(folder)


@pytest.mark.parametrize("folder", [None, 3, ["run"]])
def test_what_is_no_folder_is_refused(record, folder):
    for use in (record.save, Record.load):
        with pytest.raises(InputError, match="it must be a path"):
            use(folder)


def test_nothing_is_overwritten_unless_asked(record, tmp_path):
    folder = record.save(tmp_path / "run")
    (folder / "notes.txt").write_text("mine")
    other = changed(record, values=record.values + 1.0)
    with pytest.raises(InputError, match="is there already"):
        other.save(folder)
    assert Record.load(folder).digest == record.digest
    assert (folder / "notes.txt").exists()
    other.save(folder, overwrite=True)
    assert Record.load(folder).digest == other.digest != record.digest


@pytest.mark.parametrize("trouble", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("call", [1, 2])
def test_a_run_folder_is_there_whole_or_not_at_all(record, tmp_path, monkeypatch, trouble, call):
    import pyarrow.parquet as pq

    calls, real = [], pq.write_table

    def failing(*args, **kwargs):
        calls.append(1)
        if len(calls) == call:
            raise trouble
        real(*args, **kwargs)

    monkeypatch.setattr(pq, "write_table", failing)
    with pytest.raises(type(trouble)):
        record.save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(pq, "write_table", real)
    kept = record.save(tmp_path / "run")
    calls.clear()
    monkeypatch.setattr(pq, "write_table", failing)
    with pytest.raises(type(trouble)):
        changed(record, values=record.values * 2).save(kept, overwrite=True)
    assert Record.load(kept).digest == record.digest, "the old run is still whole"


def test_a_small_record_by_hand(tmp_path):
    """Two weeks, two regions: every number can be checked by eye."""
    from datetime import date

    observables = (Observable("joined", "persons", "sum", "who joined"), Observable("trust", "0..1", "people", "trust"))
    values = np.array([[[1.0, 0.2], [2.0, 0.6]], [[3.0, 0.4], [4.0, 0.8]]])
    record = Record(values, observables, ("A", "B"), (date(2012, 1, 2), date(2012, 1, 9)),
                    {"people": np.array([1.0, 3.0])}, {"joined": np.array([4.0, 6.0])})  # fmt: skip
    assert record.frame().to_dict("list") == {
        "week": [0, 0, 1, 1], "date": [pd.Timestamp("2012-01-02")] * 2 + [pd.Timestamp("2012-01-09")] * 2,
        "region": ["A", "B", "A", "B"], "joined": [1, 2, 3, 4], "trust": [0.2, 0.6, 0.4, 0.8],
    }  # fmt: skip
    assert record.national()["joined"].tolist() == [3, 7]
    np.testing.assert_allclose(record.national()["trust"], [0.5, 0.7])
    assert Record.load(record.save(tmp_path / "hand")).digest == record.digest
    one = changed(record, values=values[:, :, :1], observables=observables[:1])
    one.to_xarray()["joined"].values[:] = 0
    assert one["joined"].tolist() == [[1, 2], [3, 4]], "labelled arrays are a copy"
