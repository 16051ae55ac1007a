"""Documents say what the code does: generated pages are fresh, examples run, names and links exist."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

import sim
from sim.batches.batch import run_batch
from sim.cli import kumakan
from sim.engine.errors import InputError
from sim.levers import TABLE as LEVERS
from sim.measures import MEASURES
from sim.parameters import TABLE as PARAMETER_TABLE
from sim.parameters import Parameter, Parameters, rows
from sim.record import Record
from sim.scenario import KEYS
from sim.settings import ForceSettings, GroupSettings
from sim.stores.run import sources_digest
from sim.sweeps.sweep import load_sweep
from sim.views.gallery import FIGURES
from sim.week import WEEK

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md")])
QUALITIES = {"measured", "derived", "estimate", "assumed", "calibrated"}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, kind: str) -> list[str]:
    """The fenced blocks of a page whose fence says exactly `kind`."""
    return re.findall(rf"^```{re.escape(kind)}\n(.*?)^```$", text_of(name), re.MULTILINE | re.DOTALL)


def make_tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_tables", DOCS / "make_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATED = make_tables().pages()


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pages_are_up_to_date(name):
    assert (DOCS / name).read_text(encoding="utf-8") == GENERATED[name], "run python docs/make_tables.py"


# --- parameters ---------------------------------------------------------------------------------------------


def test_every_parameter_is_read_by_the_code():
    unread = [name for name, files in make_tables().readers().items() if not files]
    assert not unread


def test_every_parameter_that_the_code_reads_exists():
    known, methods = set(rows()), set(dir(Parameters))
    rooms = ["population", "processes", "measures", "beginning.py"]
    files = [f for room in rooms for f in sorted((ROOT / "sim").glob(f"{room}/*.py" if "." not in room else room))]
    read = {
        (file.name, name)
        for file in files
        for name in re.findall(r"\b(?:p|country\.parameters)\.([a-z]\w*)", file.read_text(encoding="utf-8"))
    }
    assert len({name for _, name in read}) > 100, "the search finds them at all"
    assert not {(file, name) for file, name in read if name not in known | methods}


@pytest.mark.parametrize("row", rows().values(), ids=lambda row: row.name)
def test_parameters_lie_in_their_range_and_say_where_they_come_from(row):
    assert row.low <= row.value <= row.high
    assert row.quality in QUALITIES
    assert row.unit
    assert row.source
    assert row.meaning
    assert row.distribution


# --- the description of the model ---------------------------------------------------------------------------


def test_odd_has_every_process_in_the_order_of_the_week():
    names = [process.__name__ for process in WEEK]
    assert re.findall(r"^### 7\.\d+ .*\(`(\w+)`\)$", text_of("docs/odd.md"), re.MULTILINE) == names
    assert re.findall(r"^\| \d+ \| `(\w+)` \|", text_of("docs/odd.md"), re.MULTILINE) == names


def test_odd_names_every_parameter():
    words = set(re.findall(r"\w+", text_of("docs/odd.md")))
    assert not [name for name in rows() if name not in words]


def test_odd_names_every_lever():
    words = set(re.findall(r"\w+", text_of("docs/odd.md")))
    assert not [lever.name for lever in LEVERS if lever.name not in words]


# --- links --------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        goal = (page.parent / file).resolve() if file else page
        assert goal.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(goal), f"{target}: there is no such heading"


def test_every_page_is_listed():
    listed = text_of("docs/index.md")
    assert not [page.name for page in DOCS.glob("*.md") if page.name != "index.md" and f"({page.name})" not in listed]


# --- examples -----------------------------------------------------------------------------------------------


def test_readme_has_its_two_commands():
    compare, tests, _ = (block.strip() for block in blocks("README.md", "bash"))
    coarsest = f"{rows()['coarsest_verdict'].value:g}"
    names = compare.removesuffix(f" --persons-per-youth {coarsest}").rpartition(" compare ")[2].split()
    assert compare == (f"python -m pip install . && kumakan compare {' '.join(names)} --persons-per-youth {coarsest}")
    assert names[0] == "baseline"
    assert all(sim.load(name) for name in names)
    assert tests == 'python -m pip install -e ".[test]" && python -m pytest -n auto'


def test_help_says_from_where_on_a_run_is_too_coarse():
    options = kumakan.commands["compare"].params
    [text] = [option.help for option in options if option.name == "persons_per_youth"]
    assert f"above {rows()['coarsest_verdict'].value:g} a run is too coarse" in text


def test_the_sweep_and_the_report_of_the_readme_are_as_it_says(tmp_path, monkeypatch):
    """What it types is understood, and leaves what it says; here with runs that take no time."""
    sweep, report = blocks("README.md", "bash")[2].strip().splitlines()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "sweeps"))
    from tests.sweeps.test_sweep import pretend

    monkeypatch.setitem(run_batch.__kwdefaults__, "runner", pretend)
    result = CliRunner().invoke(kumakan, [*sweep.split()[1:], "--workers", "1"])
    assert result.exit_code == 0, result.output
    assert report == "kumakan report results/reach_x_imams-100-per-youth"
    assert (tmp_path / "results" / "reach_x_imams-100-per-youth" / "manifest.json").is_file()
    figures = {file.name for file in (tmp_path / "results" / "reach_x_imams-100-per-youth" / "figures").iterdir()}
    assert "heat_map_joined.png" in figures
    plan = load_sweep("reach_x_imams")
    assert "attitude_mean" in plan.outcomes
    assert "heat_map_attitude_mean.png" in text
    assert f"{len(plan.points)} combinations" in text


def test_readme_example_runs(monkeypatch, tmp_path):
    """As it stands in the README, but for a shorter period and fewer youths."""
    load, first = sim.load, {"mali_kuma_kan": "2012-02-06", "joint_patrols": "2012-02-06"}

    def small(path, overrides=()):
        key = Path(path).stem
        starts = [f"measures.{key}.start={first[key]}"] if key in first else []
        return load(path, ["persons_per_youth=2000", "end=2012-03-05", *starts, *overrides])

    for place in ("sim.scenario", "sim.sweeps.file"):
        monkeypatch.setattr(f"{place}.load", small)
    monkeypatch.chdir(tmp_path)
    (example,) = blocks("README.md", "python")
    names: dict = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["record"].frame().shape[0] == 9 * 9
    assert len(names["record"].digest) == 64
    assert len(names["batch"].runs()) == 2 * 5
    assert names["batch"].to_xarray()["joined"].shape == (2, 1, 5, 9, 9)
    assert set(names["found"].summary()["scenario"]) == {"joint_patrols.intensity=0.5", "joint_patrols.intensity=1"}
    assert names["model"].week == 9


def test_reading_results_example_runs(monkeypatch, tmp_path):
    load, open_store = sim.load, sim.open_store
    both = [load(ROOT / "scenarios" / f"{name}.yaml", ["persons_per_youth=2000", "end=2014-03-03"])
            for name in ("baseline", "joint_patrols")]  # fmt: skip
    sim.compare(both, seeds=2, out=tmp_path / "out", store=tmp_path / "store", workers=1)
    monkeypatch.setattr(sim, "open_store", lambda place: open_store(tmp_path / "store"), raising=False)
    monkeypatch.setattr(sim, "load", lambda path: load(path, ["persons_per_youth=2000", "end=2012-03-05"]))
    for example in blocks("docs/reading_results.md", "python"):
        exec(compile("import sim\n" + example, "reading_results.md", "exec"), {})


def test_the_plan_of_the_guide_to_sweeps_is_right(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sim, "sweep", lambda plan: plan, raising=False)
    names: dict = {}
    exec(compile(blocks("docs/sweeps.md", "python")[0], "sweeps.md", "exec"), names)
    assert len(names["found"].points) == 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the baseline, where the scenarios of the pages can stand."""
    shutil.copy(ROOT / "scenarios" / "baseline.yaml", tmp_path)
    return tmp_path


def test_scenarios_of_the_guide_are_right(folder):
    examples = blocks("docs/scenarios.md", "yaml")
    assert examples
    for example in examples:
        (folder / "mine.yaml").write_text(example, encoding="utf-8")
        sim.load(folder / "mine.yaml")


def test_mistakes_of_the_guide_are_answered_as_it_says(folder, monkeypatch):
    monkeypatch.chdir(folder)
    said = [block for block in blocks("docs/scenarios.md", "text") if block.startswith("mine.yaml")]
    wrong = blocks("docs/scenarios.md", "yaml wrong")
    assert len(said) == len(wrong) > 0
    for example, message in zip(wrong, said, strict=True):
        Path("mine.yaml").write_text(example, encoding="utf-8")
        with pytest.raises(InputError) as problem:
            sim.load("mine.yaml")
        assert str(problem.value) == message.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_schedulers_of_the_pages_listen_here_or_to_those_with_a_key(page):
    for line in page.read_text(encoding="utf-8").splitlines():
        if re.match(r" *(dask|dask-)(scheduler|worker)? *(scheduler|worker)", line):
            assert "--host 127.0.0.1" in line or "--tls-key" in line, line


def test_the_guide_names_all_keys_of_a_scenario():
    text = text_of("docs/scenarios.md")
    for key in (*KEYS, *GroupSettings.model_fields, *ForceSettings.model_fields):
        assert f"`{key}`" in text, key


GUIDE = "docs/adding_a_measure.md"


def installed(folder: Path) -> dict[str, str]:
    """The guide's measure as pip would install it into `folder`; returns an environment that has it and us."""
    (toml,) = blocks(GUIDE, "toml")
    project = tomllib.loads(toml)["project"]
    (module,) = tomllib.loads(toml)["tool"]["setuptools"]["py-modules"]
    (folder / f"{module}.py").write_text(blocks(GUIDE, "python")[0], encoding="utf-8")
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    points = "".join(
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in named.items())
        for group, named in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}


def answer(environment: dict[str, str], *command: str) -> str:
    """What python says to a command in a process of its own."""
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


LEVER_BY_WEEK = """
import json, sys, sim
from sim.processes.measures import measures
from sim.week import begin
left = {}
for file in sys.argv[1:]:
    scenario = sim.load(file, ["persons_per_youth=2000", "start=2013-12-02"])
    country = begin(scenario)
    left[scenario.name] = []
    for country.week in (4, 5):
        measures(country)
        mopti = country.levers.abuse_control[country.grid.region == 4]
        left[scenario.name].append(float(mopti.sum()))
print(json.dumps(left))
"""


def test_the_measure_of_the_guide_is_short():
    assert len(blocks(GUIDE, "python")[0].splitlines()) < 40


@pytest.mark.slow
def test_the_measure_of_the_guide_works_from_outside(folder, tmp_path_factory):
    """Installed as a distribution, in a process of its own: listed, checked, run; its lever and its outcome move."""
    environment = installed(tmp_path_factory.mktemp("site"))
    (scenario,) = blocks(GUIDE, "yaml")
    (folder / "mine.yaml").write_text(scenario, encoding="utf-8")
    changes = ["start=2013-12-02", "end=2014-06-02", "parameters.abuse_per_op=0.5"]
    small = ["--persons-per-youth", "2000", *(part for change in changes for part in ("--set", change))]

    listed = answer(environment, "-m", "sim", "measures", "patrol_inspection")
    assert "delivers inspectors at work" in listed
    assert "for one with every patrol" in listed
    assert "patrol_inspection_effect" in answer(environment, "-m", "sim", "parameters")
    checked = answer(environment, "-m", "sim", "check", str(folder / "mine.yaml"), *small)
    assert "Mopti, Gao" in checked
    assert "200 inspectors at work" in checked

    left = json.loads(
        answer(environment, "-c", LEVER_BY_WEEK, str(folder / "baseline.yaml"), str(folder / "mine.yaml"))
    )
    assert left["baseline"] == pytest.approx([left["mine"][0]] * 2), "nothing before it starts"
    assert left["mine"][1] / left["baseline"][1] == pytest.approx(1 - 0.5 + 0.5 * math.exp(-0.3), rel=1e-9)

    answer(environment, "-m", "sim", "run", str(folder / "mine.yaml"), *small, "--quiet", "--out", str(folder / "out"))
    own = Record.load(folder / "out" / "runs" / "mine" / "seed-1")
    their = sim.load(folder / "baseline.yaml", ["persons_per_youth=2000", *changes]).run()
    delivered = own["delivered_patrol_inspection"].sum(axis=1)
    assert not delivered[:5].any()
    assert delivered[5:] == pytest.approx(200)
    assert own["cost_patrol_inspection"].sum() == pytest.approx(21 * 200 * 90_000)
    assert all((own[name][:5] == their[name][:5]).all() for name in their.names)
    assert own["abuses"].sum() < their["abuses"].sum()

    assert own.about["versions"]["kumakan-inspection"] == "0.1"
    assert own.about["run"]["sources"] != sources_digest(), "runs with and without a distribution are told apart"


def test_the_measure_of_the_guide_works_inside(folder, monkeypatch):
    """Its row of the table, its file without the parameters, and its tests, as they stand on the page."""
    (table,) = blocks(GUIDE, "csv")
    file, tests = blocks(GUIDE, "python")
    with PARAMETER_TABLE.open(encoding="utf-8") as real:
        assert table.splitlines()[0] == real.readline().strip()
    (row,) = csv.DictReader(io.StringIO(table))
    numbers = {key: float(row[key]) for key in ("value", "low", "high")}
    parameter = Parameter(**{**row, **numbers, "drawn": row["drawn"] == "yes"})
    monkeypatch.setitem(rows(), row["name"], parameter)

    outside, inside = ModuleType("outside"), ModuleType("patrol_inspection")
    exec(compile(file, "kumakan_inspection.py", "exec"), vars(outside))
    assert outside.PatrolInspection.parameters == (parameter,), "the page says the same in both ways"
    without, count = re.subn(r"    parameters: .*?\n    \)[^\n]*\n", "", file, flags=re.DOTALL)
    assert count == 1
    monkeypatch.setitem(sys.modules, inside.__name__, inside)
    exec(compile(without, "patrol_inspection.py", "exec"), vars(inside))
    measure = inside.PatrolInspection
    assert measure.parameters == ()
    monkeypatch.setitem(MEASURES, measure.key, measure)

    names: dict = {}
    exec(compile(tests, GUIDE, "exec"), names)
    ran = [function() for name, function in names.items() if name.startswith("test_")]
    assert len(ran) == 3


def test_the_guide_names_every_figure_of_a_comparison_and_its_job():
    text = (DOCS / "reading_results.md").read_text(encoding="utf-8")
    for name, job in FIGURES.items():
        assert f"| `{name}` | {job} |" in text


def test_the_page_about_speed_has_its_measurements_and_its_goals():
    """The numbers stand between two marks that a command looks for; what people write stands around them."""
    before, measured, after = re.split(
        "<!-- (?:begin|end) generated -->", (DOCS / "performance.md").read_text(encoding="utf-8")
    )
    assert "## How the numbers are taken" in before
    for part in (
        "Targets",
        "Starting",
        "The dense pass against C",
        "Against plain Mesa objects",
        "Beside other frameworks",
    ):
        assert f"### {part}" in measured
    assert "## Goals that are missed" in after
