"""The files of a forecast: read back by us and by others, and proof against changes."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from sim.engine.errors import InputError
from sim.forecasts import files
from sim.forecasts.counts import month_id, regions
from sim.forecasts.ensemble import VERSIONS, forecast_of
from sim.forecasts.scores import crps
from tests.forecasts.made import PLACES, counts

pytest.importorskip("scoringrules")


@pytest.fixture
def worlds():
    return [counts(2012, 2018, seed=seed, source="model") for seed in range(5)]


@pytest.fixture
def made(worlds):
    return forecast_of(counts(), worlds, 2016, 2018)


@pytest.fixture
def folder(made, worlds, tmp_path):
    files.write(made, counts(), worlds, tmp_path / "forecast")
    return tmp_path / "forecast"


def test_a_forecast_is_read_as_it_was_written(made, folder):
    again = files.read(folder)
    assert (again.origin, again.until) == (2016, 2018)
    for version in VERSIONS:
        for unit in ("month", "year"):
            assert np.array_equal(again.draws[version][unit], made.draws[version][unit])
    assert again.factors == pytest.approx(made.factors, abs=1e-6)
    assert again.about["digest"] == files.digest(made)


def test_the_files_have_the_columns_of_views(made, folder):
    table = pd.read_parquet(folder / "monthly_raw.parquet")
    assert list(table) == ["month_id", "region_id", "draw", "outcome"]
    assert all(np.issubdtype(kind, np.integer) for kind in table.dtypes)
    assert (table.month_id.min(), table.month_id.max()) == (month_id(2017, 1), month_id(2018, 12))
    assert sorted(table.region_id.unique()) == list(range(1, PLACES + 1))
    assert len(table) == 24 * PLACES * 1000  # balanced
    assert not table.duplicated(["month_id", "region_id", "draw"]).any()
    row = table[(table.month_id == month_id(2017, 3)) & (table.region_id == 5) & (table.draw == 7)]
    assert row.outcome.item() == made.draws["raw"]["month"][7, 2, 4]
    years = pd.read_parquet(folder / "yearly_mixed.parquet")
    assert list(years) == ["year", "region_id", "draw", "outcome"]
    assert sorted(years.year.unique()) == [2017, 2018]


def test_scoringrules_reads_it(made, folder):
    import scoringrules

    table = pd.read_parquet(folder / "monthly_corrected.parquet")
    wide = table.pivot(index=["month_id", "region_id"], columns="draw", values="outcome").sort_index()
    seen = np.arange(len(wide)) % 4
    theirs = scoringrules.crps_ensemble(seen, wide.to_numpy(), estimator="nrg", backend="numpy")
    draws = made.draws["corrected"]["month"].reshape(1000, -1)
    assert crps(draws, seen) == pytest.approx(theirs)


def test_xskillscore_reads_it(made, folder):
    xskillscore = pytest.importorskip("xskillscore")
    table = pd.read_parquet(folder / "yearly_raw.parquet")
    x = table.set_index(["year", "region_id", "draw"]).to_xarray().rename(draw="member").outcome
    y = x.isel(member=3, drop=True) + 2
    theirs = xskillscore.crps_ensemble(y, x, dim=[]).to_numpy()
    draws = made.draws["raw"]["year"]
    ours = crps(draws.reshape(1000, -1), (draws[3] + 2).reshape(-1)).reshape(theirs.shape)
    assert ours == pytest.approx(theirs)


def test_views_evaluation_reads_it_and_gives_the_same_scores(made, folder):
    package = pytest.importorskip("views_evaluation")
    from views_evaluation.evaluation import native_metric_calculators as theirs
    from views_evaluation.evaluation.evaluation_frame import EvaluationFrame

    from sim.forecasts import scores

    assert package
    table = pd.read_parquet(folder / "monthly_mixed.parquet")
    wide = table.pivot(index=["month_id", "region_id"], columns="draw", values="outcome").sort_index()
    month, unit = (wide.index.get_level_values(k).to_numpy() for k in (0, 1))
    seen = (np.arange(len(wide)) % 5).astype(float)
    frame = EvaluationFrame(seen, wide.to_numpy(float), {"time": month, "unit": unit, "origin": 0 * month,
                                                         "step": month - month.min() + 1})  # fmt: skip
    draws = made.draws["mixed"]["month"].reshape(2000, -1)
    ours = {"crps": theirs.calculate_crps_native(frame.y_true, frame.y_pred),
            "mis": theirs.calculate_mean_interval_score_native(frame.y_true, frame.y_pred, alpha=0.05),
            "ign": theirs.calculate_ignorance_score_native(frame.y_true, frame.y_pred, bins=list(scores.BINS),
                                                           low_bin=0, high_bin=1000),
            "cover_90": theirs.calculate_coverage_native(frame.y_true, frame.y_pred, alpha=0.1)}  # fmt: skip
    for name, value in ours.items():
        assert scores.SCORES[name](draws, seen).mean() == pytest.approx(value)
    event = theirs.calculate_brier_rgs_sample_native(frame.y_true, frame.y_pred, threshold=4.5)
    assert scores.brier(draws, seen).mean() == pytest.approx(event)


def test_every_file_has_its_digest(folder):
    lines = (folder / files.DIGESTS).read_text().split("\n")[:-1]
    named = {line.split("  ")[1]: line.split("  ")[0] for line in lines}
    assert set(named) == {p.name for p in folder.iterdir()} - {files.DIGESTS}
    for name, sha in named.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha


def test_the_past_shows_where_the_correction_comes_from(made, folder, worlds):
    past = pd.read_csv(folder / files.PAST)
    assert sorted(past.year.unique()) == [2013, 2014, 2015, 2016]
    one = past[(past.year == 2016) & (past.region == regions()[4])]
    assert one.recorded.item() == counts().year(2016)[4]
    assert one.ensemble_mean.item() == pytest.approx(np.mean([w.year(2016)[4] for w in worlds]))


def test_a_changed_forecast_is_not_scored(folder):
    table = pd.read_parquet(folder / "monthly_raw.parquet")
    table.loc[17, "outcome"] += 1
    table.to_parquet(folder / "monthly_raw.parquet")
    with pytest.raises(InputError, match="the forecast was changed"):
        files.read(folder)


def test_a_changed_statement_is_not_believed(folder):
    text = (folder / files.FACTS).read_text()
    (folder / files.FACTS).write_text(text.replace('"origin": "2016', '"origin": "2015'))
    with pytest.raises(InputError, match="no forecast that can be read"):
        files.read(folder)


def test_a_folder_without_a_forecast_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no forecast"):
        files.read(tmp_path)


def test_the_same_forecast_may_be_written_again_but_no_other(made, folder, worlds):
    assert files.write(made, counts(), worlds, folder) == files.digest(made)
    other = forecast_of(counts(seed=9), worlds, 2016, 2018)
    with pytest.raises(InputError, match="another forecast"):
        files.write(other, counts(seed=9), worlds, folder)


def test_the_digest_is_of_the_numbers(made, worlds):
    assert files.digest(made) == files.digest(forecast_of(counts(), worlds, 2016, 2018))
    assert files.digest(made) != files.digest(forecast_of(counts(), worlds[::-1], 2016, 2018))
    assert files.digest(made) != files.digest(forecast_of(counts(), worlds, 2015, 2018))
