"""French and Arabic: every text is in the catalogues, English is as it was, and languages do not mix."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import threading
from contextvars import copy_context
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import kumakan
from sim.engine.errors import InputError, nearest
from sim.languages import LANGUAGES, counted, day, digits, isolated, mark, of_environment, tr, translations, trn, use
from sim.views import words
from sim.views.report.template import template

ROOT = Path(__file__).resolve().parents[1]
SHOWN_IN_ARABIC = (
    "views/report/", "views/figures/costs.py", "views/figures/effects.py", "views/figures/maps.py",
    "views/figures/mali.py", "views/figures/series.py", "views/figures/sheet.py", "views/figures/sweeps.py",
    "views/runs.py", "views/words.py", "titles of measures",
    "comparison/outcomes.py", "comparison/verdicts.py", "scenarios/", "languages.py",
)  # fmt: skip
"""Whose texts are in reports and figures."""
PLACE = re.compile(r"\{(\w+)(?:![rs])?\}")


@pytest.fixture(scope="module")
def made():
    spec = importlib.util.spec_from_file_location("make_catalogues", ROOT / "docs" / "make_catalogues.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def texts(made):
    return made.collected()


def forms(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def is_of(message, places):
    where = [place for place, _ in message.locations]
    return any(place.startswith(places) for place in where)


def of_errors():
    """The texts of messages about input, which are not translated into Arabic."""
    found = {", or an observable", "there is no outcome {name}; the outcomes are {outcomes}"}
    for file in (ROOT / "sim").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("InputError", "wrong", "wrong_at"):
                found |= {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
    return found


# --- the catalogues -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_catalogues_hold_every_text_of_the_program_and_no_other(made, texts, language):
    kept = {(m.id, m.context) for m in made.kept(language) if m.id}
    asked = {(m.id, m.context) for m in texts if m.id}
    assert kept == asked, "run python docs/make_catalogues.py"


def test_every_text_is_translated_into_french(made):
    assert not [m.id for m in made.kept("fr") if m.id and not all(forms(m))]


def test_every_text_of_reports_and_figures_is_translated_into_arabic(made):
    lacking = [m.id for m in made.kept("ar") if m.id and is_of(m, SHOWN_IN_ARABIC) and not all(forms(m))]
    assert not set(lacking) - of_errors()


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_translations_are_whole(made, language):
    catalogue = made.kept(language)
    for message in catalogue:
        if message.id:
            assert "fuzzy" not in message.flags, message.id
            plural = not isinstance(message.id, str)
            asked = set(PLACE.findall(" ".join(message.id) if plural else message.id))
            needed = asked - ({"n", "possibility", "possibilities"} if plural else set())
            for text in filter(None, forms(message)):
                found = set(PLACE.findall(text))
                assert found <= asked, (message.id, text)
                assert needed <= found, (message.id, text)
            assert not plural or len(forms(message)) == catalogue.num_plurals, message.id


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_what_the_program_reads_is_what_translators_write(made, language):
    _, mo = made.written(made.kept(language))
    assert made.file_of(language, "mo").read_bytes() == mo, "run python docs/make_catalogues.py"
    written = translations(language)
    for message in made.kept(language):
        if message.id and isinstance(message.id, str) and message.string and not message.context:
            assert written.gettext(message.id) == message.string


def test_the_interval_of_a_translation_can_be_taken_apart():
    for text in ("median [5-95 % of draws]", "mean [90 % interval of the mean]"):
        for language in ("fr", "ar"):
            with use(language):
                middle, interval = tr(text).rstrip("]").split(" [")  # as figures do
                assert middle
                assert interval


# --- no text is left out ------------------------------------------------------------------------------------

MARKED = {"tr", "trn", "mark", "within"}
NOT_TEXTS = {
    "DateFormatter", "split", "partition", "rpartition", "removeprefix", "removesuffix", "replace", "strip", "getattr",
    "startswith", "endswith", "count", "compile", "sub", "match", "groupby", "from_list", "rc_context", "sort_values",
}  # fmt: skip
"""Calls whose texts nobody reads."""
NAMES = {"style", "color", "how", "metavar", "help", "code_format", "loc", "textcoords", "xycoords"}
LOOKS = re.compile(r"[A-Za-z]{2,}[,;:.)]? +[A-Za-z({]|\} [a-z]{2,}|[a-z]{2,}[:;,]? \{")
NEVER_SHOWN = re.compile(
    r"DejaVu Sans|bold red|per head|<svg|<text|kumakan \{\}|compare baseline|kumakan: \{\}|axes fraction|offset points"
    r"|Persons per youth|no number|too coarse|no interval"  # keys of verdicts
    r"|^kumakan calibrate check| --until \{\}|^not seen$|^best naive$|^UCDP GED$"  # names in files
    r"|^given in Python$"  # in the place of a file's name
)


class Unmarked(ast.NodeVisitor):
    """The texts of a module that look like something to read and are not looked up."""

    def __init__(self, source):
        self.found = []
        self.visit(ast.parse(source))

    def look(self, node, text):
        if LOOKS.search(text) and not NEVER_SHOWN.search(text):
            self.found.append((node.lineno, text))

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            self.look(node, node.value)

    def visit_JoinedStr(self, node):
        self.look(node, "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Call(self, node):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if isinstance(node.func, ast.Attribute):
            self.visit(node.func.value)
        for value in () if name in NOT_TEXTS | MARKED else node.args:
            self.visit(value)
        for keyword in node.keywords:
            if keyword.arg not in NAMES:
                self.visit(keyword.value)

    def visit_Compare(self, node):
        pass

    def visit_Subscript(self, node):
        self.visit(node.value)

    def visit_Dict(self, node):
        for value in node.values:
            self.visit(value)

    def visit_Expr(self, node):
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_AnnAssign(self, node):
        if node.value:
            self.visit(node.value)

    def visit_arguments(self, node):
        for default in (*node.defaults, *filter(None, node.kw_defaults)):
            self.visit(default)

    def visit_FunctionDef(self, node):
        self.visit(node.args)
        for part in node.body:
            self.visit(part)


PLANNERS = (
    *(f"sim/views/{name}.py" for name in ("words", "runs", "gallery", "progress", "results")),
    *(f"sim/views/tables/{name}.py" for name in ("comparison", "layout", "scenarios", "stories", "sweeps", "verdicts")),
    *(f"sim/views/figures/{name}.py" for name in ("effects", "mali", "maps", "saving", "series", "sheet", "sweeps")),
    *(f"sim/views/report/{path.name}" for path in sorted((ROOT / "sim/views/report").glob("*.py"))),
    *(f"sim/{name}.py" for name in ("comparing", "keeping", "options", "showing", "starting")),
)
"""Modules whose texts planners meet. Help texts are collected from the commands themselves."""
MODELLERS = (
    "sim/calibrating.py", "sim/forecasting.py",
    *(f"sim/views/tables/{name}.py" for name in ("calibration", "forecasts", "validation")),
    *(f"sim/calibration/{name}.py" for name in ("adopt", "archive", "confirm", "fit", "targets")),
    *(f"sim/forecasts/{name}.py" for name in ("counts", "events", "files", "rates")),
)  # fmt: skip
"""Modules whose texts modellers meet; what stands below the line "the page" is for pages in English."""
OF_WRONG_INPUT = (
    *(
        f"sim/{name}.py"
        for name in ("batches/plan", "beginning", "posterior", "settings", "shipped", "engine/places", "views/app")
    ),
    *(f"sim/stores/{name}.py" for name in ("archive", "care", "claims", "columns", "damage", "files", "folder")),
    *(f"sim/stores/{name}.py" for name in ("parquet", "run", "sources")),
    *(f"sim/sweeps/{name}.py" for name in ("axes", "designs", "file", "function", "sweep")),
)
"""Modules below, whose messages everybody meets who gives them what they cannot use."""


def without_declarations(source):
    """The source without the options of click, whose help is collected elsewhere."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    tree.body = [node for node in tree.body if not (isinstance(node, ast.Assign) and "click." in ast.unparse(node))]
    return ast.unparse(tree)


@pytest.mark.parametrize("file", [*PLANNERS, *MODELLERS, *OF_WRONG_INPUT])
def test_no_text_is_left_unmarked(file):
    source = (ROOT / file).read_text(encoding="utf-8").split("\n# --- the page ---")[0]
    assert not Unmarked(without_declarations(source)).found


def test_a_text_that_is_left_unmarked_is_found():
    source = 'def f(out, n):\n    """A text of its own."""\n    say(out, tr("It is marked"), style="bold red")\n'
    assert not Unmarked(source).found
    assert Unmarked(source + '    say(out, f"There are {n} of them")').found == [(4, "There are {} of them")]
    assert Unmarked(source + '    ax.set_title("No clear sign")').found


@pytest.mark.parametrize("name", ["report.html", "sweep.html"])
def test_no_text_of_a_template_is_left_unmarked(name):
    source = (ROOT / "sim/views/report" / name).read_text(encoding="utf-8")
    bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    said = re.sub(r"<[^>]*>", "\n", bare)
    assert [line.strip() for line in said.split("\n") if re.search("[A-Za-z]{2}", line)] in ([], ["SHA-256"])
    assert not re.findall(r'(?:aria-label|alt|title)="[^"{]', bare)


# --- English is as it was -----------------------------------------------------------------------------------


def test_english_looks_nothing_up_and_needs_no_babel():
    program = (
        "import sys, sim, sim.cli; from sim.languages import *; print(tr('{n} of them', n=1), digits(1234.5, ','),"
        " counted(1, 'seed'), [name for name in ('babel', 'gettext') if name in sys.modules and name == 'babel'])"
    )
    environment = {**os.environ, "KUMAKAN_LANG": "en"}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout == "1 of them 1,234.5 1 seed []\n"


def test_numbers_and_dates_have_the_signs_of_the_language():
    cases = {
        "en": ("12,346", "+3.2", "1,650.5", "2014-02-17", "+5.2 [+0.7, +9.8]", "1.65 bn XOF (3 m USD)"),
        "fr": ("12\u202f346", "+3,2", "1\u202f650,5", "17\u00a0février\u00a02014", "+5,2 [+0,7 ; +9,8]",
               "1,65 Md FCFA (3 M USD)"),
        "ar": ("12.346", "\u2066+3,2\u2069", "1.650,5", "17\u00a0فبراير\u00a02014",
               "\u2066+5,2\u2069 [\u2066+0,7\u2069\u061b \u2066+9,8\u2069]",
               "1,65 مليار فرنك سيفا (3 مليون دولار أمريكي)"),
    }  # fmt: skip
    for language, expected in cases.items():
        with use(language):
            assert (
                words.number(12345.6), words.number(3.2, sign=True), digits(1650.5, ",.1f"), day(date(2014, 2, 17)),
                words.difference(5.25, 0.705, 9.79), words.money(1_650_000_000, 550),
            ) == expected  # fmt: skip


def test_counts_have_the_form_of_their_number():
    with use("fr"):
        assert [counted(n, "run") for n in (0, 1, 2)] == ["0 simulation", "1 simulation", "2 simulations"]
    with use("ar"):
        assert len({counted(n, "week") for n in (1, 2, 3, 11, 100)}) == 5
        assert counted(2, "week") == "أسبوعان"
    assert trn("{n} run", "{n} runs", 1200) == "1,200 runs"


def test_a_text_without_translation_stays_as_it_is():
    with use("fr"):
        assert tr("no such text, {n} times", n=2) == "no such text, 2 times"
        assert tr("") == ""
        assert mark("people who joined") == "people who joined"
    assert isolated("+5") == "+5"


# --- which language -----------------------------------------------------------------------------------------


def test_two_languages_at_once_do_not_mix():
    met, said = threading.Barrier(len(LANGUAGES)), {}

    def speak(language):
        with use(language):
            for _ in range(20):
                met.wait()
                said.setdefault(language, set()).add((tr("people who joined"), digits(0.5)))

    threads = [threading.Thread(target=speak, args=[language]) for language in LANGUAGES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {language: len(texts) for language, texts in said.items()} == dict.fromkeys(LANGUAGES, 1)
    assert len(set(map(frozenset, said.values()))) == 3

    inner = copy_context()
    with use("fr"):
        assert inner.run(tr, "people who joined") == "people who joined"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"), ({"LANG": "C.UTF-8"}, "en"), ({"LANG": "fr_FR.UTF-8"}, "fr"), ({"LANG": "ar_DZ"}, "ar"),
        ({"LANG": "de_DE"}, "en"), ({"LANG": "fr_FR", "LC_ALL": "C"}, "en"), ({"LC_MESSAGES": "fr_ML"}, "fr"),
        ({"LANGUAGE": "bm:fr:en", "LANG": "en_GB"}, "fr"), ({"KUMAKAN_LANG": "en", "LANG": "fr_FR"}, "en"),
        ({"KUMAKAN_LANG": "", "LANG": "fr_FR"}, "fr"),
    ],
)  # fmt: skip
def test_the_environment_is_asked_in_order(environment, language):
    assert of_environment(environment) == language


def test_processes_begun_meanwhile_speak_the_language_and_later_ones_do_not(monkeypatch):
    monkeypatch.delenv("KUMAKAN_LANG", raising=False)
    with use("fr", processes=True):
        program = "from sim.languages import tr; print(tr('people who joined'))"
        told = subprocess.run([sys.executable, "-X", "utf8", "-c", program], capture_output=True, check=True)
        assert told.stdout.decode().strip() == "personnes ayant rejoint un groupe"
    assert "KUMAKAN_LANG" not in os.environ


# --- the commands -------------------------------------------------------------------------------------------


def called(*arguments, **environment):
    return CliRunner().invoke(kumakan, list(arguments), env={"KUMAKAN_LANG": None, **environment})


def test_help_is_in_the_language_asked_for_wherever_the_option_stands():
    for result in (
        called("--lang", "fr", "compare", "--help"), called("compare", "--help", "--lang", "fr"),
        called("compare", "--lang=fr", "--help"), called("compare", "--help", LANG="fr_ML.UTF-8"),
    ):  # fmt: skip
        assert result.exit_code == 0
        assert "Simuler des scénarios avec les mêmes graines" in result.output
        assert "Usage :" in result.output.replace("\u00a0", " ") or "LANG" in str(result)
        assert "Par exemple\u00a0: kumakan compare baseline imam_training joint_patrols --draws 40" in result.output
    assert "Run scenarios under the same seeds" in called("compare", "--help").output
    assert "Vérifier un dépôt" in called("--lang", "fr", "store", "--help").output
    assert called("--lang", "de").exit_code == 2
    wrong = called("compare", "--sedes", "3", LANG="fr_ML.UTF-8")
    assert "Erreur\u00a0: Pas d’option '--sedes'." in wrong.output
    assert "Afficher ce message et quitter." in called("--lang", "fr", "run", "-h").output
    assert "Show this message and exit." in called("run", "-h").output


def test_a_scenario_is_checked_and_its_errors_are_told_in_french(tmp_path):
    said = called("--lang", "fr", "check", "joint_patrols")
    assert "Patrouilles frontalières conjointes du G5 Sahel" in said.output
    assert "La référence plus des patrouilles le long des frontières" in said.output
    assert "agents, chacun représentant 20 personnes" in said.output
    file = tmp_path / "mine.yaml"
    file.write_text("extends: baseline\nmeasures:\n  joint_patrols:\n    regoins: [Gao]\n")
    assert "vouliez-vous dire 'regions' ?" in called("--lang", "fr", "check", str(file)).output
    assert "il n’y a pas de fichier" in called("--lang", "fr", "check", "nowhere.yaml").output


def test_messages_have_no_escapes_for_the_hard_spaces_of_french():
    with use("fr"):
        said = str(InputError(tr("there is no region {name}; regions: {known}{nearest}", name="'Gaoo'", known="Gao",
                                 nearest=nearest("Gaoo", ["Gao"]))))  # fmt: skip
    assert said == "il n’existe pas de région 'Gaoo' ; régions : Gao ; vouliez-vous dire 'Gao' ?"


# --- pages and figures --------------------------------------------------------------------------------------


def test_a_template_speaks_the_language_and_keeps_values_harmless():
    with use("ar"):
        page = template("report.html")
        assert page.globals["language"] == "ar"
        assert page.globals["rightwards"]
        said = page.globals["tr"]("Unchanged from {baseline}: {measures}.", baseline="<b>", measures="x")
    assert "&lt;b&gt;" in said
    assert "Unchanged" not in said
    with use("fr"):
        assert page.globals["trn"]("{n} run failed; ", "{n} runs failed; ", 2) == "2 simulations ont échoué\u00a0; "


README_BLOCKS = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


PAGES = [("README.md", "README.fr.md"), ("README.md", "README.ar.md"), ("docs/scenarios.md", "docs/scenarios.fr.md")]


@pytest.mark.parametrize("pages", PAGES)
def test_a_page_has_the_same_commands_and_links_in_every_language(pages):
    english, other = ((ROOT / name).read_text(encoding="utf-8") for name in pages)
    assert README_BLOCKS.findall(other) == README_BLOCKS.findall(english)
    elsewhere = {*map(Path, sum(PAGES, ())), Path("languages.md")}
    readmes = {path.name for path in elsewhere}
    links = [set(re.findall(r"\]\(([^)#]+)", text)) - readmes for text in (english, other)]
    assert links[0] == links[1]
    listed = english + (ROOT / "docs/index.md").read_text(encoding="utf-8")
    assert f"({Path(pages[1]).name})" in listed
