"""The commands `kumakan forecast` and `kumakan score` as a user meets them."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from sim import cli
from sim.forecasts import worlds as living
from tests.forecasts.made import record

pytest.importorskip("scoringrules")


def kumakan(*args):
    return CliRunner().invoke(cli.kumakan, [str(a) for a in args], prog_name="kumakan")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Worlds whose attacks are drawn instead of lived, and no posterior."""
    monkeypatch.setattr(living, "live", lambda scenario, seed, draw, until: record(weeks=470, seed=seed))
    monkeypatch.setattr(living, "_shipped", lambda until: None)


@pytest.fixture
def made(tmp_path):
    for year in (2015, 2016):
        result = kumakan("forecast", "--from", f"{year}-12-31", "--until", "2018-12-31", "--worlds", 4,
                         "--workers", 1, "--out", tmp_path / str(year))  # fmt: skip
        assert result.exit_code == 0, result.output
    return tmp_path


def test_a_forecast_says_that_it_is_not_fitted(tmp_path):
    result = kumakan("forecast", "--from", "2017-12-31", "--until", "2020-12-31", "--worlds", 3, "--workers", 1,
                     "--out", tmp_path / "f")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "NOT A FITTED FORECAST" in result.output
    assert "The tables of facts end in 2018" in result.output
    facts = json.loads((tmp_path / "f" / "forecast.json").read_text())
    assert facts["fitted"] is False
    assert any("NOT A FITTED" in note for note in facts["notes"])
    assert any("end in 2018" in note for note in facts["notes"])
    assert facts["worlds"] == 3
    assert f"Digest: {facts['digest']}" in result.output
    assert "Attacks in 2020" in result.output
    assert "Mali" in result.output


def test_worlds_of_a_file_are_no_reason_for_a_warning(tmp_path):
    (tmp_path / "posterior.csv").write_text("world,seed\n1,5\n2,6\n")
    result = kumakan("forecast", "--from", "2016-12-31", "--until", "2017-12-31", "--workers", 1, "--posterior",
                     tmp_path / "posterior.csv", "--out", tmp_path / "f")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "NOT A FITTED" not in result.output
    facts = json.loads((tmp_path / "f" / "forecast.json").read_text())
    assert facts["fitted"] is True
    assert len(facts["worlds_digest"]) == 64
    assert facts["notes"] == []


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--from", "2016-12-30", "--until", "2017-12-31"), "--from: it is 2016-12-30"),
        (("--from", "2016-12-31", "--until", "2017-06-30"), "--until: it is 2017-06-30"),
        (("--from", "2016-12-31", "--until", "2016-12-31"), "must lie after"),
        (("--from", "2019-12-31", "--until", "2020-12-31"), "no forecast can be made at the end of 2019"),
        (("--from", "2016-12-31", "--until", "2017-12-31", "--posterior", "none.csv"), "none.csv"),
        (("--from", "2016-12-31", "--until", "2017-12-31", "--events", "none.csv"), "none.csv"),
        (("--from", "2016-12-31"), "--until"),
        (("historicl", "--from", "2016-12-31", "--until", "2017-12-31"), "historical"),
    ],
)
def test_a_wrong_forecast_is_bad_input(options, what):
    result = kumakan("forecast", *options)
    assert result.exit_code == 2
    assert what in result.output


def test_forecasts_are_scored_against_every_naive_one(made):
    result = kumakan("score", "--forecast", made / "2015", "--forecast", made / "2016", "--out", made / "scores",
                     "--page", made / "page.md")  # fmt: skip
    assert result.exit_code == 0, result.output
    scores = pd.read_csv(made / "scores" / "scores.csv")
    assert set(scores.window) == {"rolled: 2016-2017", "fixed, from 2015: 2016-2017"}
    assert "model, corrected" in set(scores.forecast)
    assert "best naive before" in set(scores.forecast)
    assert "better in" in result.output
    assert "NOT A FITTED FORECAST" in result.output
    page = (made / "page.md").read_text()
    assert page.index("Not fitted") < page.index("missed") < page.index("| forecast |")
    assert "NOT A FITTED FORECAST" in page
    for name in ("page-skill.png", "page-regions.png"):
        assert (made / name).stat().st_size > 10_000
        assert f"({name})" in page
    digest = json.loads((made / "2015" / "forecast.json").read_text())["digest"]
    assert digest in page


def test_naive_forecasts_are_scored_alone(tmp_path):
    result = kumakan("score", "--target", "all", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "6.85" in result.output
    assert "rolled: 2015-2017" in result.output


def test_later_years_are_scored_with_a_table_of_ones_own(made):
    rows = ["date,region,count"]
    rows += [
        f"{year}-{month:02d}-10,Mopti,{3 if year < 2018 else 9}"
        for year in (2016, 2017, 2018)
        for month in range(1, 13)
    ]
    (made / "mine.csv").write_text("\n".join(rows) + "\n")
    result = kumakan("score", "--forecast", made / "2016", "--events", made / "mine.csv", "--out", made / "scores")
    assert result.exit_code == 0, result.output
    assert "Reporting rates" in result.output
    assert "mine" in result.output
    scores = pd.read_csv(made / "scores" / "scores.csv")
    assert "fixed, from 2016: 2017-2018" in set(scores.window)


def test_what_cannot_be_scored_yet_is_said(tmp_path):
    kumakan("forecast", "--from", "2017-12-31", "--until", "2018-12-31", "--worlds", 2, "--workers", 1, "--out",
            tmp_path / "f")  # fmt: skip
    result = kumakan("score", "--forecast", tmp_path / "f", "--out", tmp_path / "scores", "--page", tmp_path / "p.md")
    assert result.exit_code == 0, result.output
    assert "nothing can be scored" in result.output
    assert not (tmp_path / "p.md").exists()


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--forecast", "nowhere"), "holds no forecast"),
        (("--events", "nowhere.csv"), "cannot be read"),
        (("--target", "jihadists"), "jihadist"),
    ],
)
def test_wrong_input_is_bad_input(options, what, tmp_path):
    result = kumakan("score", *options, "--out", tmp_path)
    assert result.exit_code == 2
    assert what in result.output


def test_forecasts_of_other_attacks_are_not_scored_together(made):
    result = kumakan("score", "--forecast", made / "2016", "--target", "all", "--out", made / "scores")
    assert result.exit_code == 2
    assert "score them apart" in result.output


def test_two_forecasts_of_one_origin_are_not_scored_together(made):
    result = kumakan("score", "--forecast", made / "2016", "--forecast", made / "2016", "--out", made / "scores")
    assert result.exit_code == 2
    assert "two forecasts are made from 2016-12-31" in result.output


def test_sources_without_a_year_in_common_are_said_to_be_that(made):
    rows = [f"{year}-{month:02d},Mopti,3" for year in (2017, 2018) for month in range(1, 13)]
    (made / "mine.csv").write_text("month,region,count\n" + "\n".join(rows) + "\n")
    result = kumakan("score", "--forecast", made / "2016", "--events", made / "mine.csv", "--out", made / "scores")
    assert result.exit_code == 0, result.output
    assert "no whole year in common before the forecasts" in result.output


def test_a_changed_forecast_is_bad_input(made):
    table = pd.read_parquet(made / "2016" / "yearly_raw.parquet")
    table.loc[3, "outcome"] += 1
    table.to_parquet(made / "2016" / "yearly_raw.parquet")
    result = kumakan("score", "--forecast", made / "2016", "--out", made / "scores")
    assert result.exit_code == 2
    assert "the forecast was changed" in result.output


def test_a_table_with_an_error_is_told_by_line(tmp_path):
    (tmp_path / "mine.csv").write_text("date,region,count\n2017-01-01,Mopti,1\n2017-01-01,Moptii,1\n")
    result = kumakan("score", "--events", tmp_path / "mine.csv", "--out", tmp_path)
    assert result.exit_code == 2
    assert "mine.csv, line 3: column 'region': 'Moptii' is no region of Mali; did you mean 'Mopti'?" in result.output
