"""What is said of versions and addresses in several places agrees, and the package is what its name says."""

import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sim
from sim import cli

ROOT = Path(__file__).resolve().parents[1]


def test_the_oldest_versions_are_the_bounds_of_pyproject():
    made = runpy.run_path(str(ROOT / "tests" / "oldest.py"))["constraints"]()
    assert (ROOT / "tests" / "oldest.txt").read_text(encoding="utf-8") == made, "run python tests/oldest.py"


def test_every_address_is_that_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address, codemeta = project["urls"]["Repository"], json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert codemeta["codeRepository"] == citation["repository-code"] == address
    named = [*project["urls"].values(), citation["url"], *(codemeta[key] for key in ("url", "issueTracker", "readme"))]
    assert all(one.startswith(address) for one in named)
    needs = [re.match(r"[\w-]+", need)[0] for need in project["dependencies"]]
    assert codemeta["softwareRequirements"] == needs
    assert codemeta["license"].endswith(project["license"])
    assert codemeta["license"].endswith(citation["license"])


def test_the_conda_recipe_asks_for_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    recipe = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    asked = {f"python{project['requires-python']}", *(need.partition(" #")[0] for need in project["dependencies"])}
    found = {need.replace(" ", "").replace("matplotlib-base", "matplotlib") for need in recipe["requirements"]["run"]}
    assert {Requirement(need) for need in found} == {Requirement(need) for need in asked}
    assert recipe["context"]["version"] == sim.__version__
    assert recipe["build"]["python"]["entry_points"] == [f"kumakan = {project['scripts']['kumakan']}"]
    assert recipe["about"]["repository"] == project["urls"]["Repository"]
    assert recipe["about"]["license"] == project["license"]


def test_tested_versions_are_there_for_every_dependency_and_within_its_bounds():
    needs = runpy.run_path(str(ROOT / "tests" / "tested.py"))["needed"]()
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    versions = dict(line.lower().split("==") for line in lines if not line.startswith("#"))
    assert {need.name for need in needs if canonicalize_name(need.name) not in versions} <= {"jupyterlab"}  # a browser
    for need in needs:
        assert need.specifier.contains(versions.get(canonicalize_name(need.name), "4.0")), need


def test_the_image_runs_as_nobody_in_particular_and_compiles_when_it_is_made():
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    assert {step for step, _ in steps} <= {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "ENTRYPOINT", "CMD"}
    assert [what for step, what in steps if step == "USER"] == ["kumakan"]
    after = steps[steps.index(["USER", "kumakan"]) :]
    runs = [shlex.split(part) for step, what in after if step == "RUN" for part in what.split("&&")]
    tried = [words[1:] for words in runs if words[0] == "kumakan"]
    assert tried
    for words in tried:
        cli.kumakan.commands["run"].make_context("run", words[1 : words.index(">")])
        assert sim.load(words[1])
    for step, what in steps:
        if step == "COPY" and not what.startswith("--from"):
            assert all((ROOT / file).exists() for file in what.split()[:-1])


def test_kumakan_is_sim_and_its_parts_are_the_same():
    """Also when they are imported under one name first and the other later."""
    code = (
        "import kumakan.stores.files, sys\n"
        "import sim, sim.stores.files, sim.week\n"
        "from kumakan.week import run\n"
        "import kumakan.measures as measures\n"
        "from kumakan import compare\n"
        "assert kumakan is sim and compare is sim.compare and run is sim.week.run\n"
        "assert kumakan.stores.files.Files is sim.stores.files.Files\n"
        "assert measures is sys.modules['sim.measures'] and measures.__spec__.name == 'sim.measures'\n"
        "try:\n    import kumakan.nonsense\nexcept ModuleNotFoundError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "nonsense" in done.stdout
    version = [sys.executable, "-m", "kumakan", "--version"]
    done = subprocess.run(version, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == f"kumakan {sim.__version__}\n"


def test_the_citation_names_this_version():
    (version,) = re.findall(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert version == json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))["version"] == sim.__version__


def test_the_changelog_has_this_version_first_or_after_what_is_not_released():
    heads = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sim.__version__ == next(head for head in heads if head != "Unreleased")
