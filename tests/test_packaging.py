"""What is said of versions and addresses in several places agrees, and the package is what its name says."""

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
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


SOURCE_ARCHIVE = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"


@pytest.mark.slow
def test_a_wheel_compares_two_scenarios_in_an_empty_folder(tmp_path):
    """Made from the source archive, installed in an environment of its own, away from the repository."""
    here, source = tmp_path / "empty", tmp_path / "source"
    here.mkdir()
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "NUMBA_CACHE_DIR")}

    def told(*command, folder=tmp_path):
        command = list(map(str, command))
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=outside, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def fresh(name):
        """The Python of a new environment."""
        venv.create(tmp_path / name, with_pip=True)
        return next((tmp_path / name).glob("[bS]*/python*"))

    builder = fresh("builder")
    told(builder, "-m", "pip", "install", "--quiet", "setuptools>=77")
    left_out = shutil.ignore_patterns(".*", "build", "dist", "results", "site", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=left_out)
    told(builder, "-c", SOURCE_ARCHIVE, tmp_path, folder=source)
    (archive,) = tmp_path.glob("*.tar.gz")
    told(builder, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, archive)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        about = next(opened.read(name).decode() for name in names if name.endswith("METADATA"))
    for folder, ending in (("scenarios", "yaml"), ("notebooks", "ipynb")):
        files = {f"sim/share/{file.relative_to(ROOT).as_posix()}" for file in (ROOT / folder).rglob(f"*.{ending}")}
        assert files == {name for name in names if name.startswith(f"sim/share/{folder}/")}
    assert not [name for name in names if name.startswith(("tests", "docs", "setup"))]
    links = re.findall(r"\]\(([^)]*)\)", about)
    assert len(links) > 10
    assert all(link.startswith("https://") for link in links), "nothing stands beside the page of the package"

    python = fresh("user")
    uv = shutil.which("uv")
    pip = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    told(*pip, "--quiet", wheel)
    told(python, "-m", "kumakan", "compare", "baseline", "joint_patrols", "--seeds", "1", "--workers", "1",
         "--persons-per-youth", "2000", "--set", "end=2012-06-30", "--set", "measures.joint_patrols.start=2012-02-06",
         folder=here)  # fmt: skip
    assert (here / "results" / "baseline+joint_patrols-2000-per-youth" / "effects.csv").is_file()
    told(python, "-m", "kumakan", "new", "mine", "--from", "joint_patrols", folder=here)
    assert "joint_patrols" in told(python, "-m", "kumakan", "check", "mine", "reach_x_imams", folder=here)
    told(python, "-m", "kumakan", "notebooks", "notes", folder=here)
    assert len(list((here / "notes").iterdir())) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    digest = "from sim.stores.sources import sources_digest; print(sources_digest())"
    assert told(python, "-c", digest, folder=here) == told(python, "-c", digest, folder=source), "the same program"
