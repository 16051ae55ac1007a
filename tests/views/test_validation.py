"""The table of validation, on the terminal and as a page: every target is there, missed ones can be seen."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim.comparison.worlds import NO_VERDICT
from sim.validation.validate import COLUMNS, TARGETS, Validation
from sim.views.tables.validation import STYLES, band, found, runs, show_validation, summary, validation_page


def row(**changes):
    plain = {"target": "T1", "pattern": "a pattern", "unit": "share", "low": 0.25, "high": 0.71, "median": 0.4,
             "p5": 0.3, "p95": 0.55, "runs": 40, "verdict": "met", "source": "UNDP 2017", "note": ""}  # fmt: skip
    return {**plain, **changes}


@pytest.fixture
def validation():
    nothing = {"median": np.nan, "p5": np.nan, "p95": np.nan, "runs": 0}
    rows = [
        row(),
        row(target="T5", pattern="too many", median=0.9, p5=0.8, p95=1.25, verdict="missed", note="fitted"),
        row(target="T11", pattern="a drama", verdict="not in the model", note="no such measure", **nothing),
        row(target="T6", pattern="never run", verdict="no runs", **nothing),
        row(target="E", pattern="a share of draws", low=0, high=0, median=0.0, p5=np.nan, p95=np.nan),
    ]
    forecasts = pd.DataFrame(
        {"forecast": ["model", "last year"], "median": [5.25, 4.0], "p5": [4.5, 4.0], "p95": [6.0, 4.0]}
    )
    return Validation(pd.DataFrame(rows, columns=list(COLUMNS)), forecasts, 40, 1, {})


def shown(validation, width=200):
    text = io.StringIO()
    show_validation(validation, Console(file=text, width=width, no_color=True))
    return text.getvalue()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ("0.25 to 0.71", "0.4 (0.3 to 0.55)")),
        ({"low": 0, "high": 0, "p5": np.nan}, ("0", "0.4")),
        ({"runs": 1}, ("0.25 to 0.71", "0.4")),
        ({"median": np.nan}, ("0.25 to 0.71", "–")),
        ({"median": -1234.5, "p5": -2000.0, "p95": 0.0}, ("0.25 to 0.71", "-1,234 (-2,000 to 0)")),
    ],
)
def test_a_band_and_what_was_found_in_words(changes, words):
    told = pd.Series(row(**changes))
    assert (band(told), found(told)) == words


def test_what_it_rests_on_in_words(validation):
    assert runs(validation) == "40 draws of parameters, 1 seed each"
    assert runs(Validation(validation.table, validation.forecasts, 0, 3, {})) == "3 seeds, no parameter drawn"
    assert runs(Validation(validation.table, validation.forecasts, 1, 2, {})) == "1 draw of parameters, 2 seeds each"


def test_the_summary_counts_every_verdict(validation):
    assert summary(validation) == "5 targets: 2 met, 1 missed, 1 not in the model, 1 no runs"
    assert sum(map(int, re.findall(r"\d+ (?=met|missed|not|no)", summary(validation)))) == len(validation.table)


def test_the_terminal_shows_every_target_and_the_forecasts(validation):
    text = shown(validation)
    for line in ("a pattern", "too many (fitted)", "a drama (no such measure)", "0.9 (0.8 to 1.25)", "missed"):
        assert line in text
    assert "Mean error of attacks by region and year, 2013 to 2017: model 5.25; last year 4" in text
    assert text.strip().endswith(summary(validation))
    assert max(map(len, shown(validation, 100).splitlines())) <= 100


def test_brackets_in_a_pattern_are_shown_as_written(validation):
    validation.table.loc[0, ["pattern", "note", "source"]] = ["of [all]", "[really]", "Doe [2020]"]
    text = shown(validation)
    assert "of [all] ([really])" in text
    assert "Doe [2020]" in text


def test_every_verdict_has_a_style():
    assert set(STYLES) == {"met", "missed", "not in the model", "no runs", NO_VERDICT}


def test_the_page_has_a_line_for_each_target_with_missed_ones_in_bold(validation):
    page = validation_page(validation, "kumakan validate --draws 40 --seeds 1")
    assert "Made by `kumakan validate --draws 40 --seeds 1`: 40 draws of parameters, 1 seed each." in page
    assert "| T1 | a pattern | share | 0.25 to 0.71 | 0.4 (0.3 to 0.55) | met | UNDP 2017 |  |" in page
    assert "| 0.9 (0.8 to 1.25) | **missed** | UNDP 2017 | fitted |" in page
    assert "| – | not in the model |" in page
    assert f"**{summary(validation)}.**" in page
    assert "| model | 5.25 | 4.5 to 6 |" in page
    assert page.endswith("\n")


def test_no_text_of_a_target_breaks_the_table_of_the_page(validation):
    rows = [row(target=t.key, pattern=t.pattern, unit=t.unit, source=t.source, note=t.note) for t in TARGETS]
    page = validation_page(Validation(pd.DataFrame(rows), validation.forecasts, 1, 1, {}), "x")
    lines = [line for line in page.splitlines() if re.match(r"\| [THE]\d* \|", line)]
    assert len(lines) == len(TARGETS)
    assert {line.count("|") for line in lines} == {9}
