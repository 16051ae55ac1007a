"""The table of runs, its pairs, and the same runs as labelled arrays, against the records they are read from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.comparison.arrays import DIMS, to_xarray
from sim.comparison.table import table_of, weekly_table_of
from sim.engine.errors import InputError
from sim.stores.run import Key
from tests.batches import batch_fakes as fakes

WEEKS = 60
NAMES = [observable.name for observable in fakes.OBSERVABLES]


def made(key):
    """A record that no other draw and seed gives."""
    draw, seed = Key.of(key)
    luck = np.random.default_rng([draw, seed])
    return fakes.record(luck.poisson(9, (WEEKS, 9, len(NAMES))), seed=seed, draw=draw)


def of(*keys):
    return {key: made(key) for key in keys}


def test_a_row_of_the_frame_is_the_sum_of_its_record_or_the_mean_of_its_last_year():
    records = {"a": of(1, 2), "b": of(2)}
    frame = table_of(records, ["joined", "trust"]).frame()
    assert list(frame.columns) == ["scenario", "draw", "seed", "region", "joined", "trust"]
    assert frame[["scenario", "draw", "seed"]].to_numpy().tolist() == [["a", 0, 1], ["a", 0, 2], ["b", 0, 2]]
    national = records["a"][2].national()
    assert frame.joined[1] == national.joined.sum()
    assert frame.trust[1] == pytest.approx(national.trust[-52:].mean())


def test_the_frame_of_a_region_and_of_all_regions():
    records = {"a": of(1, 2)}
    table = table_of(records, ["joined"])
    gao = table.frame("Gao")
    assert gao.joined.tolist() == [records["a"][seed]["joined"][:, 6].sum() for seed in (1, 2)]
    whole = table.frame("all")
    assert whole.region.tolist() == ["Mali", *fakes.REGIONS] * 2
    assert whole[whole.region == "Gao"].joined.tolist() == gao.joined.tolist()
    with pytest.raises(InputError, match=r"there is no region 'Goa'.*did you mean 'Gao'"):
        table.frame("Goa")


def test_any_observable_can_be_asked_for_by_name():
    records = {"a": of(1)}
    frame = table_of(records, ["delivered_joint_patrols"]).frame()
    assert frame.delivered_joint_patrols[0] == records["a"][1]["delivered_joint_patrols"].sum()
    with pytest.raises(InputError, match=r"there is no outcome 'atacks'.*did you mean 'attacks'"):
        table_of(records, ["atacks"])


@given(
    ours=st.sets(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1),
    theirs=st.sets(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1),
)
def test_pairs_hold_what_both_finished_and_average_the_seeds_of_a_draw(ours, theirs):
    records = {"a": of(*(Key(*key) for key in theirs)), "b": of(*(Key(*key) for key in ours))}
    table = table_of(records, ["joined"])
    both = sorted(ours & theirs)
    by_run = table.pairs("b", "a", by_run=True)
    assert list(zip(by_run.draws, by_run.seeds, strict=True)) == both
    assert by_run.ours[:, 0, 0].tolist() == [made(Key(*key))["joined"].sum() for key in both]
    by_draw = table.pairs("b", "a").ours[:, 0, 0]
    draws = sorted({draw for draw, _ in both})
    means = [np.mean([made(Key(*key))["joined"].sum() for key in both if key[0] == draw]) for draw in draws]
    assert by_draw.tolist() == pytest.approx(means)


def test_a_baseline_without_runs_is_told_with_the_nearest_name():
    with pytest.raises(InputError, match="there are no runs of 'baselin'; did you mean 'baseline'"):
        table_of({"baseline": of(1)}, ["joined"], "baselin")
    assert table_of({"a": {}, "b": {}}, ["joined"], "a") is None


def test_weeks_at_a_place():
    records = {"a": of(1), "b": of(1, 2)}
    table = weekly_table_of(records, ["joined", "trust"], "Kidal")
    assert table.arms["b"].values.shape == (2, 2, WEEKS)
    assert table.arms["b"].values[1, 0].tolist() == records["b"][2]["joined"][:, 7].tolist()
    national = weekly_table_of(records, ["trust"]).arms["a"].values[0, 0]
    assert national.tolist() == pytest.approx(records["a"][1].national().trust.tolist())


def test_an_array_holds_every_number_of_every_run_and_nan_where_there_is_none():
    records = {"a": of(Key(1, 1), Key(2, 3)), "b": of(Key(1, 1))}
    found = to_xarray(records)
    assert found["joined"].dims == DIMS
    assert list(found.data_vars) == NAMES
    assert found["joined"].attrs == {
        "units": "persons", "long_name": "youths who joined", "regions_add_up_by": "sum",
    }  # fmt: skip
    for key in records["a"]:
        one = found.sel(scenario="a", draw=key.draw, seed=key.seed)
        for name in NAMES:
            assert one[name].values.tolist() == records["a"][key][name].tolist()
    assert np.isnan(found["joined"].sel(scenario="b", draw=2, seed=3).values).all()
    assert np.isnan(found["joined"].sel(scenario="a", draw=1, seed=3).values).all()


def test_an_array_reads_only_what_is_asked_for(monkeypatch):
    from sim.comparison import arrays

    asked = []
    plain = arrays.all_weekly
    monkeypatch.setattr(arrays, "all_weekly", lambda runs, names: asked.append(list(names)) or plain(runs, names))
    found = to_xarray({"a": of(1, 2), "b": of(1, 2)})
    assert not asked, "nothing is read before values are needed"
    picked = found["trust"].isel(scenario=1, week=[3, 0], region=slice(2, 5))
    assert picked.values.tolist() == [[made(seed)["trust"][[3, 0], 2:5].tolist() for seed in (1, 2)]]
    assert asked == [["trust"]]


def test_an_array_goes_into_files(tmp_path):
    import xarray as xr

    found = to_xarray({"a": of(1, 2)}, ["joined", "trust"])
    found.to_netcdf(tmp_path / "runs.nc", engine="h5netcdf")
    found.to_zarr(tmp_path / "runs.zarr")
    for again in (xr.open_dataset(tmp_path / "runs.nc", engine="h5netcdf"), xr.open_zarr(tmp_path / "runs.zarr")):
        assert again["joined"].values.tolist() == found["joined"].values.tolist()
        assert again["date"].values.astype("datetime64[D]").tolist() == list(made(1).dates)


def test_what_an_array_cannot_be_made_of():
    with pytest.raises(InputError, match="no run has finished"):
        to_xarray({"a": {}})
    with pytest.raises(InputError, match="there is no observable 'joind'; did you mean 'joined'"):
        to_xarray({"a": of(1)}, ["joind"])
