"""The page in the browser: what is drawn of a week, and the page itself in a real browser, stepped by its button."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.engine.errors import InputError
from sim.views.app import LINES, MEMBER, app, reached, week_lines, week_map
from sim.views.words import heading

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
COARSE = ["persons_per_youth=2000", "end=2013-01-07"]


@pytest.fixture(scope="module")
def model():
    model = sim.RecruitmentModel(sim.load(ROOT / "scenarios/baseline.yaml", COARSE), seed=1)
    for _ in range(8):
        model.step()
    return model


def test_the_map_shows_groups_and_forces_where_they_are(model):
    ax = week_map(model).axes[0]
    held, there = (marks for marks in ax.collections if type(marks).__name__ == "PathCollection")
    members = model.country.members.sum(axis=0)
    grid = model.country.grid
    cells = np.flatnonzero(members)
    assert np.array_equal(there.get_offsets(), np.column_stack([grid.lon[cells], grid.lat[cells]]))
    assert cells[np.argmax(there.get_sizes())] == np.argmax(members)
    assert len(held.get_offsets()) == (model.country.forces > 0).sum()
    assert ax.figure.get_label() == "Mali on 2012-02-27"


def test_colours_mean_the_same_in_every_week(model):
    before = week_map(model).axes[1].get_xticks().tolist()
    later = sim.RecruitmentModel(model.settings, seed=1)
    later.step()
    assert week_map(later).axes[1].get_xticks().tolist() == before
    assert (before[0], before[-1]) == (0, 1)


def test_a_mark_means_as_many_members_in_every_week(model):
    later = sim.RecruitmentModel(model.settings, seed=1)
    for weeks in (1, 20):
        for _ in range(weeks):
            later.step()
        _, there = (marks for marks in week_map(later).axes[0].collections if type(marks).__name__ == "PathCollection")
        members = later.country.members.sum(axis=0)
        assert there.get_sizes() == pytest.approx(4 + MEMBER * members[members > 0])


def test_how_far_a_run_is_is_told_by_its_date(model):
    assert reached(model) == "2012-02-27: 8 of 53 weeks"


def test_lines_are_the_weeks_that_were_lived(model):
    figure = week_lines(model)
    national = model.record.national()
    for ax, name in zip(figure.axes, LINES, strict=True):
        assert ax.lines[0].get_ydata().tolist() == national[name].tolist()
        assert len(national) == 8
        assert ax.get_title("left") == heading(name)


def test_a_page_needs_a_scenario():
    with pytest.raises(InputError, match="name a scenario"):
        app([])


def as_another(tab):
    """The same page, as another visitor opens it."""
    other = tab.context.browser.new_context().new_page()
    other.goto(tab.url, wait_until="load")
    other.get_by_role("button", name="Step").wait_for(timeout=120_000)
    return other


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium")
def test_the_page_opens_in_a_browser_and_its_button_lives_a_week(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="the PyPI package playwright drives the browser")
    (tmp_path / "page.py").write_text(
        "from sim.views.app import app\n"
        f"page = app([r'{ROOT}/scenarios/baseline.yaml', r'{ROOT}/scenarios/joint_patrols.yaml'], 2000)\n"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "solara", "run", "page.py", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--no-open", "--production"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    sandbox = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    try:
        for _ in range(300):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        with playwright.sync_playwright() as driver:
            tab = driver.chromium.launch(executable_path=CHROMIUM, args=sandbox).new_page()
            said = []
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            tab.goto(f"http://127.0.0.1:{port}", wait_until="load")
            tab.get_by_role("button", name="Step").wait_for(timeout=120_000)
            drawn = tab.locator("img")
            drawn.nth(1).wait_for(timeout=60_000)
            before = drawn.nth(0).get_attribute("src")
            began = re.compile(r"^2012-01-02: 0 of \d+ weeks$")
            tab.get_by_text(began).wait_for()
            tab.get_by_role("button", name="Step").click()
            tab.get_by_text(re.compile(r"^2012-01-09: 1 of \d+ weeks$")).wait_for(timeout=60_000)
            other = as_another(tab)
            assert other.get_by_text(began).count() == 1, "each visitor has a model of their own"
            other.context.close()
            for _ in range(100):
                if drawn.nth(0).get_attribute("src") != before:
                    break
                tab.wait_for_timeout(100)
            assert drawn.nth(0).get_attribute("src") != before, "the map is drawn again"
            before = drawn.nth(0).get_attribute("src")
            tab.get_by_label("Scenario", exact=True).click(force=True)
            tab.get_by_role("option", name="joint_patrols").click()
            tab.get_by_text(began).wait_for(timeout=60_000)
            for _ in range(100):
                if drawn.nth(0).get_attribute("src") != before:
                    break
                tab.wait_for_timeout(100)
            assert drawn.nth(0).get_attribute("src") != before, "the scenario chosen is the one shown"
            tab.screenshot(path=tmp_path / "page.png", full_page=True)
            assert said == []
    finally:
        server.terminate()
        server.wait(30)
