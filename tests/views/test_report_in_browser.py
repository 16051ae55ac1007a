"""The report in a real browser: on a phone, on a desk, in the dark and on paper."""

import base64
import os
import re
import shutil

import pytest

from sim.measures import MEASURES
from sim.views.report import page, pictures
from tests.views.comparisons import of_measures

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api", reason="the PyPI package playwright drives the browser")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium"),
]

PHONE, DESK, SCREEN = 360, 1280, 800  # pixels
ASKED = {"few": ("joint_patrols", "imam_training", "sermon_drafting"), "many": tuple(MEASURES)}


@pytest.fixture(scope="module")
def browser():
    # Root, as in a container, has no sandbox; the page is our own.
    sandbox = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=ASKED)
def file(request, every_measure, tmp_path_factory):
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(page(of_measures(every_measure, *ASKED[request.param])), encoding="utf-8")
    return file


@pytest.fixture
def opened(browser, file):
    """Opens the report; what it asked the network for and what the console said is looked at in the end."""
    contexts, asked, said = [], [], []

    def opened(width, **more):
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, **more))
        tab = contexts[-1].new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(file.as_uri(), wait_until="load")
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()] * len(contexts)
    assert said == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_overflows_the_page(opened, width):
    tab = opened(width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    wide = """
        [...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll > *, svg, details:not([open])")
            && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 80))"""
    assert tab.evaluate(wide) == []


def test_scenario_sign_and_effect_can_be_read_on_a_phone_without_scrolling(opened):
    tab = opened(PHONE)
    ends = tab.evaluate("""[...document.querySelectorAll(".effects tbody td:nth-child(3)")]
        .map(cell => cell.getBoundingClientRect().right)""")
    assert ends
    assert max(ends) <= PHONE
    assert float(tab.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")) >= 16


def test_maps_are_decoded_and_have_a_size(opened):
    tab = opened(DESK)
    sizes = tab.evaluate("[...document.images].map(i => [i.complete, i.naturalWidth, i.clientWidth])")
    assert all(done and natural > 500 and shown > 300 for done, natural, shown in sizes)


CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const light = colour => {
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = e => {
    const colour = getComputedStyle(e).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" && e.parentElement ? behind(e.parentElement) : colour;
  };
  return [...document.querySelectorAll("h1, h2, p, dd, td, th, a, caption, small, code, figcaption")].map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(opened, scheme):
    tab = opened(DESK, color_scheme=scheme)
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert min(tab.evaluate(CONTRAST)) >= 4.5, "WCAG 2.2, level AA"


def test_eight_scenarios_take_at_most_twelve_screens(browser, every_measure, tmp_path, monkeypatch):
    def blank(figure, about):  # in the shape of the figure, which would take long to draw
        height = 960 if figure.func.__name__ == "map_effect" else 690
        drawing = f"<svg xmlns='http://www.w3.org/2000/svg' width='1000' height='{height}'/>"
        return f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"

    monkeypatch.setattr(pictures, "embedded", blank)
    file = tmp_path / "report.html"
    file.write_text(page(of_measures(every_measure, *list(MEASURES)[:8])), encoding="utf-8")
    tab = browser.new_page(viewport={"width": DESK, "height": SCREEN})
    tab.goto(file.as_uri(), wait_until="load")
    assert tab.evaluate("document.documentElement.scrollHeight") <= 12 * SCREEN
    tab.close()


def test_it_prints_on_pages_that_nothing_sticks_out_of(opened, file):
    tab = opened(DESK)
    paper = file.with_suffix(".pdf")
    tab.pdf(path=paper, prefer_css_page_size=True)
    printed = paper.read_bytes()
    assert printed.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 3 <= pages <= 40
    heights = [float(height) for height in re.findall(rb"/MediaBox\s*\[\s*0 0 [\d.]+ ([\d.]+)", printed)]
    assert heights == pytest.approx([842] * len(heights), abs=1), "A4"
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 688, "height": 1000})  # A4 less the margins, at 96 pixels to an inch
    assert tab.evaluate("document.documentElement.scrollWidth") <= 688
