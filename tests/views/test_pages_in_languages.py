"""A comparison in French, and its report in French and Arabic, hold no English sentence of the program."""

import re
from io import StringIO

import pytest
from rich.console import Console

from sim.comparison.delivered import delivered
from sim.comparison.effects import effects, effects_over_time
from sim.comparison.verdicts import verdicts
from sim.comparison.worth import cost_per_spared
from sim.languages import LOCALE, translations, use
from sim.views import map_effect, plot_effects, plot_effects_over_time, plot_shares
from sim.views.report import page, pictures
from sim.views.tables import show_effects, show_verdicts
from tests.views.comparisons import of_measures


def english(language):
    """The texts of several words that the catalogue translates otherwise, without what varies in them."""
    found = set()
    for key, translation in translations(language)._catalog.items():
        text = key if isinstance(key, str) else key[0]
        for part in re.split(r"\{\w+\}|[\n\"<>]", text):
            if len(re.findall(r"[A-Za-z]{2,}", part)) >= 3 and part.strip() not in translation:
                found.add(part.strip())
    assert len(found) > 300
    return found


def visible(html):
    """What readers of a page see, without scripts of settings."""
    body = re.sub(r"<(style|pre|code)\b.*?</\1>", " ", html, flags=re.DOTALL)
    labels = " ".join(re.findall(r'(?:aria-label|alt)="([^"]*)"', body))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body) + " " + labels)


def left(language, text):
    said = re.sub(r"\s+", " ", text)
    return sorted(sentence for sentence in english(language) if sentence in said)


@pytest.fixture(scope="module")
def compared(every_measure):
    return of_measures(every_measure, "joint_patrols", "imam_training", "sermon_drafting")


@pytest.mark.parametrize(("language", "direction"), [("fr", None), ("ar", "rtl")])
def test_a_report_speaks_its_language_throughout(compared, monkeypatch, language, direction):
    monkeypatch.setattr(pictures, "embedded", lambda *_: "data:,")
    with use(language):
        text = page(compared)
    opening = re.search("<html[^>]*>", text)[0]
    assert f'lang="{language}"' in opening
    assert ('dir="rtl"' in opening) == (direction == "rtl")
    assert not left(language, visible(text))
    assert not re.findall(r"[^-]\b(?:left|right):", re.search("<style.*?</style>", text, re.DOTALL)[0])


def test_the_same_report_is_english_without_a_language(compared, monkeypatch):
    monkeypatch.setattr(pictures, "embedded", lambda *_: "data:,")
    with use("en"):
        text = visible(page(compared))
    assert "What would have been different in Mali from 2012-01-02 to" in text
    assert len(left("fr", text)) > 60, "the sentences that are looked for are those of the page"


def test_the_tables_of_a_comparison_are_french(compared):
    out = StringIO()
    console = Console(file=out, width=400, no_color=True, highlight=False)
    table = effects(compared.records, "baseline")
    with use("fr"):
        table = effects(compared.records, "baseline")
        show_effects(table, console, 550, delivered(compared.records, "baseline"),
                     cost_per_spared(compared.records, "baseline"))  # fmt: skip
        show_verdicts(verdicts(compared.records, "baseline"), console, 200)
    said = out.getvalue()
    assert not left("fr", said)
    assert "Patrouilles frontalières conjointes du G5 Sahel" in said
    assert not re.search(r"\d\.\d", said), "decimals have a comma"


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_figures_speak_the_language(compared, language):
    with use(language):
        table = effects(compared.records, "baseline")
        weekly = effects_over_time(compared.records, "baseline", ["joined", "attacks"])
        figures = [
            plot_effects(table, delivered=delivered(compared.records, "baseline")), plot_shares(table),
            plot_effects_over_time(weekly), map_effect(table, "joint_patrols", "joined"),
        ]  # fmt: skip
        for figure in figures:
            figure.draw_without_rendering()
            said = "\n".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))
            assert not left(language, said)
            assert len(re.findall("[؀-ۿ]", said)) > 100 or language == "fr"


def test_catalogues_are_where_the_program_looks():
    assert sorted(path.name for path in LOCALE.iterdir()) == ["ar", "fr"]
