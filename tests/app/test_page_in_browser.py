"""The planner's page in a real browser: choose, run, compare, scrub, export, and two visitors at once."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

import sim
from sim.app import choice
from sim.measures import MEASURES

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api", reason="the PyPI package playwright drives the browser")
pytest.importorskip("solara")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium"),
]

PATIENCE = 400_000  # ms: the loops may have to be compiled first
PHONE, DESK = 390, 1400  # pixels
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("app")
    command = [sys.executable, "-m", "sim", "app", "--port", str(port), "--persons-per-youth", "5000"]
    with (folder / "said.txt").open("w") as said:
        server = subprocess.Popen(
            [*command, "--weeks", "26", "--pairs", "2", "--store", str(folder / "store")], cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=said, stderr=said,
        )  # fmt: skip
        for _ in range(600):
            time.sleep(0.5)
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, (folder / "said.txt").read_text()
        yield f"http://127.0.0.1:{port}"
        server.terminate()
        server.wait(60)


@pytest.fixture(scope="module")
def browser():
    # Root, as in a container, has no sandbox; the page is our own.
    sandbox = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, address):
    """Opens the page as a new visitor; errors, and whatever was asked of other machines, are looked at in the end."""
    contexts, asked, said = [], [], []

    def visit(width=DESK):
        contexts.append(browser.new_context(viewport={"width": width, "height": 1000}, accept_downloads=True))
        tab = contexts[-1].new_page()
        tab.set_default_timeout(60_000)
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        tab.goto(address, wait_until="load", timeout=120_000)
        tab.get_by_role("button", name="Compare A and B").wait_for(timeout=120_000)
        return tab

    yield visit
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert said == []


def chosen(tab, *titles):
    for title in titles:
        tab.get_by_label(title).check()
        tab.locator(".km-world", has_text=title.partition(":")[0]).wait_for()


def compared(tab):
    tab.get_by_role("button", name="Compare A and B").click()
    tab.get_by_text("All 4 runs are there.").wait_for(timeout=PATIENCE)
    tab.locator(".km-stage[data-drawn]").wait_for(timeout=120_000)
    tab.get_by_text("2 of 2 pairs of runs have finished").wait_for(timeout=PATIENCE)


def test_choose_run_compare_scrub_and_export(visit, tmp_path):
    tab = visit()
    before = tab.locator(".km-cost").inner_text()
    chosen(tab, "Joint border patrols of the G5 Sahel", "Training of imams in Morocco", "Community policing")
    assert tab.locator(".km-cost").inner_text() != before, "the cost is there without a run"
    compared(tab)

    assert tab.get_by_text("Results of the choice shown.").count() == 1
    assert tab.locator(".km-right table").count() == 3, "what is sought, the ledger of harm, cost"
    assert tab.locator(".km-plot svg").count() == 5, "A, B, their difference, and the lines of both"

    slider, stage = tab.get_by_label(re.compile("^Week of")), tab.locator(".km-stage")
    picture = tab.locator(".km-a .km-plot svg")
    last = picture.inner_html()
    slider.fill("3")
    tab.get_by_text("Week of 2012-01-23").wait_for()
    tab.wait_for_function("document.querySelector('.km-stage').dataset.week === '3'")
    assert picture.inner_html() != last, "the map shows another week"
    took = []
    for week in range(4, 24):
        slider.fill(str(week))
        tab.wait_for_function(f"document.querySelector('.km-stage').dataset.week === '{week}'")
        took.append(float(stage.get_attribute("data-took")))
    assert sorted(took)[len(took) // 2] < 50 * float(os.environ.get("KUMAKAN_SLOW", "1")), "milliseconds"

    tab.get_by_label("Region", exact=True).select_option("Gao")
    tab.locator(".km-now", has_text="Gao").wait_for()
    tab.get_by_label("Layer of the map").select_option(label="Members of armed groups")
    tab.locator(".km-now", has_text="persons").wait_for()

    with tab.expect_download() as saved:
        tab.get_by_role("button", name="Save B as YAML").click()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    scenario = sim.load(file)
    assert {"joint_patrols", "imam_training", "community_policing"} < scenario.measures.keys()
    assert scenario.name == file.stem
    with tab.expect_download(timeout=300_000) as saved:
        tab.get_by_role("button", name="Report as HTML").click()
    saved.value.save_as(tmp_path / "report.html")
    assert "Community policing" in (tmp_path / "report.html").read_text(encoding="utf-8")

    tab.get_by_role("button", name=re.compile("Work out the size")).click()
    tab.get_by_text("What it would take for 5 %").wait_for(timeout=PATIENCE)
    tab.get_by_label("Effect to reach").select_option("10 %")
    tab.get_by_text("What it would take for 10 %").wait_for()
    assert tab.locator(".km-right table").count() == 4

    tab.get_by_label("Community policing").uncheck()
    tab.get_by_text("Results of an earlier choice").wait_for()
    assert tab.get_by_role("button", name="Report as HTML").count() == 0, "no report under another choice's name"
    tab.get_by_label("Community policing").check()
    tab.get_by_text("Results of the choice shown.").wait_for()  # known, so there at once


def test_two_visitors_do_not_see_each_other(visit):
    one, other = visit(), visit()
    chosen(one, "Joint border patrols of the G5 Sahel")
    chosen(other, "Training of imams in Morocco")
    assert not one.get_by_label("Training of imams in Morocco").is_checked()
    assert not other.get_by_label("Joint border patrols of the G5 Sahel").is_checked()
    compared(one)
    assert other.get_by_text("Effects fill in here").count() == 1
    compared(other)
    marks = [tab.locator(".km-right code").inner_text() for tab in (one, other)]
    assert marks[0] != marks[1]


def test_twenty_visitors_at_once_each_see_their_own_choice_and_results(visit, tmp_path):
    keys = [key for key in sorted(MEASURES) if key != choice.ALWAYS][:20]
    tabs = {key: visit(width=900) for key in keys}
    for key, tab in tabs.items():
        tab.get_by_role("checkbox", name=MEASURES[key].title).check()
    for tab in tabs.values():
        tab.get_by_role("button", name="Compare A and B").click()
    for tab in tabs.values():
        tab.get_by_text("All 4 runs are there.").wait_for(timeout=PATIENCE)
        tab.get_by_text("2 of 2 pairs of runs have finished").wait_for(timeout=PATIENCE)
    marks = set()
    for key, tab in tabs.items():  # when all have finished, so that nothing of another came late
        title, cards = MEASURES[key].title.partition(":")[0], tab.locator(".km-cards")
        on = [box.get_attribute("aria-label") or box.evaluate("box => box.closest('label').innerText.trim()")
              for box in cards.locator("h3 input:checked").all()]  # fmt: skip
        assert sorted(on) == sorted([MEASURES[key].title, MEASURES[choice.ALWAYS].title])
        assert tab.locator(".km-world").nth(1).inner_text() == f"B: {title}"
        assert tab.get_by_text("Results of the choice shown.").count() == 1
        assert f"B: {title}." in tab.locator(".km-fresh-said").inner_text()
        marks.add(tab.locator(".km-right code").inner_text())
    assert len(marks) == len(keys) == 20, "each has results of its own"
    assert len({mark.partition(" ")[0] for mark in marks}) == 1, "against the same world"
    with tabs[keys[-1]].expect_download() as saved:
        tabs[keys[-1]].get_by_role("button", name="Save B as YAML").click()
    saved.value.save_as(tmp_path / saved.value.suggested_filename)
    assert keys[-1] in sim.load(tmp_path / saved.value.suggested_filename).measures


def test_a_file_with_a_mistake_says_which_and_a_sound_one_is_taken(visit, tmp_path):
    tab = visit()
    wrong, right = tmp_path / "wrong.yaml", tmp_path / "right.yaml"
    wrong.write_text("measures:\n  joint_patrol: true\n", encoding="utf-8")
    base = sim.load("baseline", ["persons_per_youth=5000", "end=2012-07-02"])
    right.write_text(choice.written(choice.switched(base, "radio_drama", True, base)), encoding="utf-8")
    tab.get_by_label(re.compile("Scenario file")).set_input_files(wrong)
    tab.get_by_role("alert").get_by_text("did you mean 'joint_patrols'").wait_for()
    tab.get_by_label(re.compile("Scenario file")).set_input_files(right)
    tab.get_by_text("right.yaml was read.").wait_for()
    assert tab.get_by_label("Weekly radio drama, followed in groups").is_checked()


def test_it_fits_a_phone_and_everything_has_a_name(visit):
    tab = visit(PHONE)
    chosen(tab, "Joint border patrols of the G5 Sahel")
    compared(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE
    lefts = tab.evaluate("[...document.querySelectorAll('.km-columns > section')].map(s => s.getBoundingClientRect())"
                         ".map(box => [box.left, box.top, box.bottom])")  # fmt: skip
    assert len({left for left, _, _ in lefts}) == 1, "the three columns stand below each other"
    levels = tab.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels)), "headings in order"
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python has the rules")
    found = axe.Axe().run(tab).response["violations"]
    serious = {rule["id"]: [node["html"][:160] for node in rule["nodes"]] for rule in found
               if rule["impact"] in SERIOUS}  # fmt: skip
    assert serious == {}


def test_each_visitor_has_a_language(visit, tmp_path):
    tab, other = visit(), visit()
    tab.locator(".km-language select").select_option(label="Français")
    tab.get_by_role("button", name="Comparer A et B").wait_for()
    assert tab.evaluate("document.documentElement.lang") == "fr"
    assert tab.get_by_text("Choisir des mesures et comparer deux mondes").count() == 1
    tab.get_by_label("Patrouilles frontalières conjointes du G5 Sahel").check()
    tab.locator(".km-world", has_text="Patrouilles frontalières conjointes du G5 Sahel").wait_for()
    assert re.search(r"FCFA sur la simulation", tab.locator(".km-cost").inner_text())
    tab.get_by_role("button", name="Comparer A et B").click()
    tab.get_by_text("Les 4 simulations sont là.").wait_for(timeout=PATIENCE)
    tab.locator(".km-stage[data-drawn]").wait_for(timeout=120_000)
    tab.get_by_text("Résultats du choix affiché.").wait_for(timeout=PATIENCE)
    assert tab.get_by_text("Le bilan des préjudices").or_(tab.get_by_text("Bilan des préjudices")).count() >= 1
    assert tab.get_by_text("Semaine du").count() >= 1
    english = {"Compare", "Measures", "Effects", "Harm", "Region", "Week", "Strength", "Budget over", "Save", "Helped"}
    said = tab.locator("main.km-page").inner_text()
    tab.screenshot(path=os.environ.get("KUMAKAN_SHOT") or tmp_path / "page.png", full_page=True)
    assert {word for word in english if re.search(rf"\b{word}\b", said)} == set()
    for name, opening in (("Rapport en HTML", '<html lang="fr">'), ("التقرير بالعربية", '<html lang="ar" dir="rtl">')):
        with tab.expect_download() as saved:
            tab.get_by_role("button", name=re.compile(name)).click()
        saved.value.save_as(tmp_path / "report.html")
        assert opening in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert other.get_by_role("button", name="Compare A and B").count() == 1, "nobody else's language changed"
    assert other.evaluate("document.documentElement.lang") == "en"
