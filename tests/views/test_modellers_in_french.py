"""What calibrate, validate, forecast and score print is in French where that is asked for; pages and files are not."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim.calibration.proof import Proof
from sim.calibration.targets import targets
from sim.comparison.worlds import NO_VERDICT
from sim.engine.errors import InputError
from sim.forecasts.counts import Counts, month_id, recorded, regions
from sim.forecasts.ensemble import VERSIONS, Forecast
from sim.forecasts.events import read_events
from sim.forecasts.judge import CHOSEN, MODELS, Judged
from sim.forecasts.naive import NAIVE
from sim.forecasts.rates import OTHER_SOURCES, Rate
from sim.forecasts.worlds import FACTS_END, FROM_PRIORS, NOT_FITTED
from sim.languages import use
from sim.validation.targets import TARGETS
from sim.validation.validate import COLUMNS, Validation
from sim.views import words
from sim.views.tables import calibration, forecasts, validation


def printed(show, *given):
    text = io.StringIO()
    show(*given, Console(file=text, width=300, no_color=True, highlight=False))
    return text.getvalue().replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def proof():
    uses = ["fitted", "not fitted", "not seen"]
    rows = [
        {"target": row.key, "pattern": row.pattern, "recorded": row.value, "median": 1.5, "p5": 0.5, "p95": 2500.0,
         "inside": False, "met": 0.5, "reached": 0.01, "use": uses[k % 3], "source": row.source, "note": row.note}
        for k, row in enumerate(targets())
    ]  # fmt: skip
    region = [{"region": "all regions", "years": years, "inside": 0.9, "crps": 1.25, "error": 2.5, "rows": 45}
              for years in ("fitted", "not seen")]  # fmt: skip
    parameter = {"parameter": "h0", "prior": 1.0, "p5": 0.5, "median": 1.0, "p95": 2.0, "shift": 0.0, "width": 0.9,
                 "coverage": 0.9, "recovered": 0.5, "ranks": 0.5}  # fmt: skip
    facts = {"until": "2014-12-31", "fitted_targets": ["a"], "parameters": ["h0"], "runs": {"learnt_from": 1200},
             "worlds": 300, "different_worlds": 200, "effective_finalists": 3.5, "finalists": 400,
             "tempered_to_power": 0.5}  # fmt: skip
    return Proof(facts, pd.DataFrame(rows), pd.DataFrame(region), pd.DataFrame([parameter]), 0.6, 0.9, 0.88, 0.9, 200)


@pytest.fixture
def checked():
    verdicts = ["met", "missed", "not in the model", "no runs", NO_VERDICT]
    rows = [
        {"target": t.key, "pattern": t.pattern, "unit": t.unit, "low": 0.25, "high": 0.75, "median": 0.5, "p5": 0.125,
         "p95": 1200.0, "runs": 40, "verdict": verdicts[k % 5], "source": t.source, "note": t.note}
        for k, t in enumerate(TARGETS)
    ]  # fmt: skip
    naive = pd.DataFrame({"forecast": ["model", "last year"], "median": [1.5, 2.0], "p5": [1, 1], "p95": [2, 2]})
    return Validation(pd.DataFrame(rows, columns=list(COLUMNS)), naive, 40, 1, {})


@pytest.fixture
def judged():
    windows = [(w, u) for w in ("rolled: 2017", "fixed, from 2015: 2016-2017") for u in ("year", "month")]
    marks = {"crps": 1.5, "ign": 1.5, "mis": 1250.0, "brier": np.nan, "cover_50": 0.5, "cover_90": 0.9,
             **{f"pit_{k}": 0.2 for k in range(1, 6)}}  # fmt: skip
    scores = [{"window": w, "unit": u, "forecast": name, "cases": 9, **marks}
              for w, u in windows for name in (*MODELS, CHOSEN, *NAIVE)]  # fmt: skip
    against = [{"window": w, "unit": u, "forecast": name, "against": CHOSEN, "difference": difference, "low": -1.5,
                "high": 0.5, "better": 0.75}
               for w, u in windows for name, difference in zip(MODELS, (-0.5, 0.5, 0.25), strict=True)]  # fmt: skip
    chosen = {(2015, "year"): "trend", (2016, "month"): "Poisson"}
    return Judged(pd.DataFrame(scores), pd.DataFrame(against), pd.DataFrame(), chosen)


def made(origin, notes):
    luck, years = np.random.default_rng(origin), 2017 - origin
    draws = {version: {"month": luck.poisson(1.0, (20, 12 * years, len(regions()))),
                       "year": luck.poisson(12.0, (20, years, len(regions())))} for version in VERSIONS}  # fmt: skip
    about = {"worlds": 40, "digest": "0123456789abcdef", "notes": notes, "best naive": {"year": "trend"}}
    return Forecast(origin, 2017, draws, np.full(len(regions()), 1.5), about)


# --- what is printed ----------------------------------------------------------------------------------------


def test_the_proof_of_a_fit_is_in_french_and_its_page_is_not(proof):
    english = calibration.calibration_page(proof, "kumakan calibrate check")
    with use("fr"):
        said = printed(calibration.show_proof, proof)
        assert calibration.calibration_page(proof, "kumakan calibrate check") == english
    assert "Manqué par le calage jusqu’au 31 décembre 2014" in said
    assert re.search(r"attaques, Gao, 2014 +15 +1,5 \(0,5 à 2 500\) +50 % +1 %", said)
    assert "(non vu) : CRPS équitable 1,25, erreur moyenne 2,5" in said
    assert not re.search(r"\b(the|of|not|in|and|attacks|fitted|to)\b", said)


def test_the_table_of_validation_is_in_french_and_its_page_is_not(checked):
    english = validation.validation_page(checked, "kumakan validate")
    with use("fr"):
        said = printed(validation.show_validation, checked)
        assert validation.validation_page(checked, "kumakan validate") == english
    assert "Validation (40 tirages des paramètres, 1 graine par tirage) : médiane, 5 à 95 %" in said
    assert "0,25 à 0,75" in said
    assert "0,5 (0,125 à 1 200)" in said
    assert "modèle 1,5 ; dernière année 2" in said
    for verdict in ("atteint", "manqué", "absent du modèle", "sans simulation", "trop grossier pour un verdict"):
        assert re.search(rf"[( ]{verdict} : \d+", said)
    assert not re.search(r"\b(the|of|in|and|attacks|fitted|share|joining)\b", said)


def test_scores_are_in_french_and_their_page_is_not(judged):
    notes = [NOT_FITTED.format(until="2015-12-31"), FACTS_END.format(end=2018)]
    ours = [made(2015, notes), made(2016, [FROM_PRIORS])]
    given = (judged, ours, "jihadist")
    page = (judged, ours, recorded("jihadist"), "jihadist", "kumakan score")
    english = forecasts.forecast_page(*page)
    rates = [Rate("ACLED", name, (2016, 2017), 1200, 300, 4.5, 2.5, 6.0) for name in OTHER_SOURCES.values()]
    with use("fr"):
        said = printed(forecasts.show_scores, *given) + printed(forecasts.show_rates, rates, 3.5)
        assert forecasts.forecast_page(*page) == english
    for words_ in (
        "2016 à 2017, depuis le 31 décembre 2015 : 40 mondes, empreinte 0123456789abcdef",
        "PRÉVISION NON CALÉE : il n’y a pas de calage jusqu’au 31 décembre 2015",
        "calés sur rien", "Les tables de faits finissent en 2018",
        "origine fixe, fin 2015 : 2016-2017, par région et par an : attaques de djihadistes", "(9 cas)",
        "modèle, brute, origines glissantes : 2017, par région et par an : CRPS meilleur de 0,5 (-1,5 à +0,5)",
        "par région et par mois : Poisson (choisie à la fin de 2016)", "4,5 (2,5 à 6)", "multipliées par 3,5",
    ):  # fmt: skip
        assert words_ in said
    assert not re.search(r"\b(the|of|in|and|attacks|fitted|share|better|month|year)\b", said)


def test_a_forecast_is_in_french():
    with use("fr"):
        said = printed(forecasts.show_forecast, made(2016, []))
    assert "Attaques en 2017 : moyenne, 5 à 95 %" in said
    assert re.search(r"région +brute +corrigée +mixte", said)
    assert "Kayes 1,5 ; Koulikoro 1,5" in said
    assert "Mélangée avec : tendance (années)." in said


def test_a_table_of_attacks_is_told_of_in_french(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("region,date,count\nGao,2017-01-31,2\nGao,2017-02-28,1300\n")
    with use("fr"):
        said = read_events(file).told.replace("\u00a0", " ").replace("\u202f", " ")
        assert said == "votre table : 2 lignes, 1 302 attaques de 2017-01 à 2017-02"
        file.write_text("region,date,count\nGao,2017-01-31,many\n")
        with pytest.raises(InputError, match="colonne 'count' : 'many' n’est pas un nombre"):
            read_events(file)
        with pytest.raises(InputError, match="GTD n’a pas de décompte avant la fin de 2011"):
            Counts(np.zeros((12, len(regions())), np.int64), month_id(2012, 1)).until(2011)


# --- names within texts -------------------------------------------------------------------------------------


def test_every_pattern_reads_as_before_once_its_names_are_back():
    for target in (*targets(), *TARGETS):
        text, names = words.without_names(target.pattern)
        assert words.pattern(target.pattern) == text.format(**names) == target.pattern
        with use("fr"):
            assert words.pattern(target.pattern) != target.pattern


def test_a_note_that_is_not_known_stays_as_it_is():
    with use("fr"):
        assert forecasts.note_in_words("written by hand", 2016) == "written by hand"
