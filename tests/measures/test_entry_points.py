"""Measures from other distributions: found by their entry points, or refused by the name of the distribution."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

import sim.measures
from sim.engine.errors import InputError
from sim.measures import MEASURES, PLUGINS, Measure, Plugin
from sim.parameters import Parameter, Parameters, register, rows
from sim.stores import run as runs
from sim.stores import sources

ROOT = Path(__file__).resolve().parents[2]
NUMBER = count()
WHOLE = """
from typing import ClassVar
from sim.measures import Delivered, Measure
from sim.measures.base import Plan

class Radio(Measure):
    key: ClassVar[str] = "radio_serial"
    title: ClassVar[str] = "Radio drama"
    delivers: ClassVar[str] = "episodes"

    def apply(self, levers, country): ...
    def report(self, country): return Delivered.nothing()
    def plan(self, clock, grid): return Plan(1.0, 0.0)
"""
ROW = Parameter(
    "radio_serial_effect", -0.1, "SD", -0.3, 0.1, "normal(-0.1,0.1)", True, "assumed", "none found", "effect"
)


def install(folder: Path, code: str, point: str = "Radio", name: str = "radio-for-peace", version: str = "1.2") -> str:
    """A distribution with one module and one entry point, as pip would leave it; returns the module's name."""
    module = f"radio_{next(NUMBER)}_{os.getpid()}"
    (folder / f"{module}.py").write_text(code)
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[kumakan.measures]\nradio = {module}:{point}\n")
    return module


def found(folder: Path, monkeypatch) -> list[tuple[type[Measure], Plugin]]:
    """The measures from outside, with a folder on the path."""
    monkeypatch.syspath_prepend(folder)
    return sim.measures._outside(sim.measures._own())


def kumakan(folder: Path, *command: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    return subprocess.run([sys.executable, "-m", "sim", *command], env=environment, capture_output=True, text=True,
                          check=False)  # fmt: skip


# --- what is found ---------------------------------------------------------------------------------------


def test_a_measure_of_a_distribution_is_found(tmp_path, monkeypatch):
    module = install(tmp_path, WHOLE)
    ((measure, plugin),) = found(tmp_path, monkeypatch)
    assert measure.key == "radio_serial"
    assert plugin == Plugin("radio_serial", "radio-for-peace", "1.2", (tmp_path / f"{module}.py",))


def test_all_files_of_a_package_count_as_its_own(tmp_path, monkeypatch):
    module = install(tmp_path, "")
    (tmp_path / f"{module}.py").unlink()
    package = tmp_path / module
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("from .inner.radio import Radio")
    (package / "inner" / "__init__.py").write_text("")
    (package / "inner" / "radio.py").write_text(WHOLE)
    (package / "effects.csv").write_text("name\n")
    ((_, plugin),) = found(tmp_path, monkeypatch)
    assert {file.relative_to(package).as_posix() for file in plugin.files} == {
        "__init__.py", "inner/__init__.py", "inner/radio.py", "effects.csv"
    }  # fmt: skip


def test_own_measures_have_their_parameters_in_the_table_of_the_package():
    assert not [key for key, measure in MEASURES.items() if measure.parameters]


# --- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import no_such_library", "cannot be loaded (ModuleNotFoundError: No module named 'no_such_library')"),
        ("1 / 0", "cannot be loaded (ZeroDivisionError: division by zero)"),
        ("", "cannot be loaded (AttributeError: module"),
        ("class Radio: ...", "is not a subclass of sim.measures.Measure"),
        ("Radio = 3", "is not a subclass of sim.measures.Measure"),
        (WHOLE.replace("def plan", "def plans"), "lacks plan"),
        (WHOLE.replace("def plan", "def plans").replace("def report", "def reports"), "lacks delivery"),
        (WHOLE.replace("def apply", "def applies"), "lacks apply"),
        (WHOLE.replace('    key: ClassVar[str] = "radio_serial"\n', ""), "has no key"),
        (WHOLE.replace('"Radio drama"', '" "'), "has no title"),
        (WHOLE.replace('"episodes"', "7"), "has no delivers"),
        (WHOLE.replace('"radio_serial"', '"Radio drama"'), "has the key 'Radio drama'; a key consists of lower-case"),
        (
            WHOLE.replace('"radio_serial"', '"joint_patrols"'),
            "has the key 'joint_patrols', which is taken by a measure of kumakan itself",
        ),
        (
            "from sim.measures.joint_patrols import JointPatrols\nclass Radio(JointPatrols): ...",
            "has the key 'joint_patrols', which is taken by a measure of kumakan itself",
        ),
    ],
)
def test_what_is_no_whole_measure_is_refused_by_the_name_of_its_distribution(code, why, tmp_path, monkeypatch):
    module = install(tmp_path, code)
    with pytest.raises(InputError) as problem:
        found(tmp_path, monkeypatch)
    said = str(problem.value)
    assert said.startswith(f"radio-for-peace: its measure 'radio' ({module}:Radio) ")
    assert why in said
    assert said.endswith("; repair or uninstall radio-for-peace")


def test_two_distributions_cannot_have_one_key(tmp_path, monkeypatch):
    install(tmp_path, WHOLE)
    install(tmp_path, WHOLE, name="a-second-radio")
    with pytest.raises(
        InputError, match=r"^radio-for-peace.*'radio_serial', which is taken by a measure of a-second-radio"
    ):
        found(tmp_path, monkeypatch)


def test_a_distribution_that_cannot_be_used_ends_commands_with_its_name_but_not_help(tmp_path):
    install(tmp_path, "import no_such_library")
    assert kumakan(tmp_path, "--help").returncode == 0
    assert kumakan(tmp_path, "run", "--help").returncode == 0
    for command in (("check", str(ROOT / "scenarios" / "baseline.yaml")), ("measures",), ("parameters",)):
        done = kumakan(tmp_path, *command)
        assert done.returncode == 2
        assert done.stderr.startswith("kumakan: radio-for-peace: its measure 'radio'")
        assert "Traceback" not in done.stderr


def test_a_module_with_a_measure_can_be_imported_before_anything_else(tmp_path):
    """The measure imports `sim.measures`, which finds the measure: neither waits for the other."""
    module = install(tmp_path, WHOLE)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    code = f"import {module}, sim.measures; print(sim.measures.MEASURES['radio_serial'] is {module}.Radio)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


# --- their parameters ------------------------------------------------------------------------------------


@pytest.fixture
def table(monkeypatch):
    """The table of parameters, as it was afterwards."""
    before = dict(rows())
    yield rows()
    rows().clear()
    rows().update(before)


def test_a_registered_parameter_can_be_read_set_and_refused_like_any_other(table):
    assert rows() is table
    register([ROW], "radio-for-peace")
    register([ROW], "radio-for-peace")  # reading the same twice is no fault
    p = Parameters.default()
    assert p.radio_serial_effect == -0.1
    assert p.replaced({"radio_serial_effect": 0.05}).radio_serial_effect == 0.05
    with pytest.raises(InputError, match=r"radio_serial_effect is 0\.5; it must lie between -0.3 and 0.1 SD"):
        p.replaced({"radio_serial_effect": 0.5})
    assert sim.Scenario.of({"name": "a", "parameters": {"radio_serial_effect": 0}}).parameters


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "peer_pull"}, "'peer_pull' has the name of another parameter"),
        ({"name": "replaced"}, "'replaced' cannot have this name"),
        ({"name": "radio effect"}, "'radio effect' cannot have this name"),
        ({"value": 0.2}, "is 0.2; it must lie between its low -0.3 and its high 0.1"),
        ({"high": float("nan")}, "must lie between its low -0.3 and its high nan"),
        ({"low": float("-inf")}, "must lie between its low -inf"),
        ({"value": "large"}, "is large; it must lie between"),
        ({"quality": "sure"}, "has the quality 'sure'; it must be one of measured, derived, estimate, assumed"),
        ({"source": ""}, "has no source"),
        ({"unit": ""}, "has no unit"),
    ],
)
def test_a_parameter_that_could_not_stand_in_the_table_is_refused(changes, why, table):
    with pytest.raises(InputError) as problem:
        register([replace(ROW, **changes)], "radio-for-peace: the measure radio_serial")
    assert str(problem.value).startswith("radio-for-peace: the measure radio_serial: its parameter ")
    assert why in str(problem.value)
    assert "radio_serial_effect" not in rows()


def test_what_is_no_parameter_is_refused():
    with pytest.raises(InputError, match="radio-for-peace: its parameters hold 'effect', which is not a"):
        register(["effect"], "radio-for-peace")


# --- runs are told apart ---------------------------------------------------------------------------------


def test_runs_of_other_distributions_versions_and_code_are_told_apart(tmp_path, monkeypatch):
    assert PLUGINS == [], "these tests need an environment without measures from outside"
    file = tmp_path / "radio.py"
    file.write_text(WHOLE)
    plugin = Plugin("radio_serial", "radio-for-peace", "1.2", (file,))

    def digest(*plugins: Plugin) -> str:
        monkeypatch.setattr(sources, "PLUGINS", plugins)
        sources._sources.cache_clear()  # the file is not looked at again in one process
        return sources.sources_digest()

    digests = [digest(), digest(plugin), digest(replace(plugin, version="1.3")),
               digest(replace(plugin, distribution="another"))]  # fmt: skip
    file.write_text(WHOLE + "# a comment")
    assert digest(plugin) == digests[1]
    file.write_text(WHOLE + "CHANGED = 1\n")
    digests.append(digest(plugin))
    assert len(set(digests)) == 5
    assert digest() == digests[0]
    monkeypatch.setattr(runs, "PLUGINS", (plugin,))
    assert runs.versions()["radio-for-peace"] == "1.2"
