"""What comes with the program, found by name; and the commands to begin with."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import sim
from sim import cli, shipped
from sim.engine.errors import InputError
from sim.measures import MEASURES
from sim.shipped import located, names
from sim.sweeps.sweep import is_sweep, load_sweep
from sim.views.draft import draft

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = [name for name, file in names().items() if file.parent.name == "scenarios"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, to which we have gone."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kumakan(*args):
    return CliRunner().invoke(cli.kumakan, [str(a) for a in args], prog_name="kumakan")


# --- by name ---------------------------------------------------------------------------------------------


def test_every_scenario_and_sweep_of_the_repository_has_a_name_of_its_own():
    files = sorted((ROOT / "scenarios").rglob("*.yaml"))
    assert len(files) > 30
    assert sorted(names().values()) == files
    assert all(is_sweep(str(file)) == (file.parent.name == "sweeps") for file in files)


def test_a_scenario_is_loaded_by_its_name_from_anywhere(here):
    assert sim.load("joint_patrols") == sim.load(ROOT / "scenarios/joint_patrols.yaml")
    assert sim.load("joint_patrols", ["persons_per_youth=100"]).persons_per_youth == 100


def test_what_is_packed_goes_before_what_stands_beside_the_package(here, monkeypatch):
    """As in a wheel, where there is no repository."""
    packed = here / "sim/share/scenarios"
    packed.mkdir(parents=True)
    (packed / "quiet.yaml").write_text("end: 2012-12-31\n")
    monkeypatch.setattr(shipped, "PACKAGE", here / "sim")
    names.cache_clear()
    try:
        assert list(names()) == ["quiet"]
        assert sim.load("quiet").end.year == 2012
        assert shipped.folder("notebooks") == here / "notebooks"
    finally:
        names.cache_clear()


def test_a_name_without_ending_means_a_file_here_too(here):
    (here / "mine.yaml").write_text("persons_per_youth: 7\n")
    (here / "other.yml").write_text("persons_per_youth: 8\n")
    assert sim.load("mine").persons_per_youth == 7
    assert sim.load("mine").name == "mine"
    assert sim.load("other").persons_per_youth == 8


def test_a_file_of_exactly_that_name_is_taken_and_a_folder_is_not(here):
    (here / "baseline").mkdir()
    assert sim.load("baseline").path == ROOT / "scenarios/baseline.yaml"
    (here / "joint_patrols").write_text("persons_per_youth: 7\n")
    assert sim.load("joint_patrols").persons_per_youth == 7


def test_a_name_that_could_be_two_things_is_refused(here):
    mine = here / "baseline.yaml"
    mine.write_text("persons_per_youth: 7\n")
    with pytest.raises(InputError, match=r"'baseline' is the file 'baseline\.yaml' and also comes with kumakan"):
        sim.load("baseline")
    assert sim.load("baseline.yaml").persons_per_youth == 7
    mine.write_bytes((ROOT / "scenarios/baseline.yaml").read_bytes())
    assert sim.load("baseline").path == Path("baseline.yaml"), "the same twice is no question"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("joint_patrol", "there is no file 'joint_patrol', and nothing of that name comes with kumakan; did you mean"
                         " 'joint_patrols'?"),
        ("Joint-Patrols", "did you mean 'joint_patrols'?"),
        ("mein", "did you mean 'mine'?"),
        ("qqqq", "there is no file 'qqqq', and nothing of that name comes with kumakan"),
        ("scenarios/joint_patrols.yaml", "named without folder and ending: 'joint_patrols'"),
        ("joint_patrols.yaml", "named without folder and ending: 'joint_patrols'"),
        ("elsewhere/qqqq.yaml", "there is no folder 'elsewhere'"),
        ("folder", "is a folder; name one YAML file in it"),
        ("a\0b", "there is no file"),
        ("", "is a folder"),
    ],
)  # fmt: skip
def test_a_name_of_nothing_is_answered_with_the_nearest(here, given, said):
    (here / "mine.yaml").write_text("persons_per_youth: 7\n")
    (here / "folder").mkdir()
    with pytest.raises(InputError, match=re.escape(said)):
        sim.load(given)


def test_extends_takes_names_and_says_where_a_wrong_one_stands(here):
    (here / "inner").mkdir()
    (here / "inner/mine.yaml").write_text("persons_per_youth: 9\nextends: joint_patrols\n")
    assert sim.load("inner/mine.yaml").measures == sim.load("joint_patrols").measures
    (here / "inner/next.yaml").write_text("extends: mine\n")
    assert sim.load("inner/next.yaml").persons_per_youth == 9, "beside the file, not beside us"
    (here / "mine.yaml").write_text("name: x\nextends: joint_patrol\n")
    with pytest.raises(InputError, match=r"mine\.yaml, line 2: there is no file .* did you mean 'joint_patrols'\?"):
        sim.load("mine.yaml")


def test_a_sweep_is_found_by_name_and_names_its_scenarios(here):
    by_name = load_sweep("reach_x_imams")
    assert by_name.scenarios == load_sweep(ROOT / "scenarios/sweeps/reach_x_imams.yaml").scenarios
    text = (
        "scenario: joint_patrols\nbaseline: baseline\nseeds: 2\nvary: {parameters.peer_pull: {values: [0.02, 0.03]}}\n"
    )
    (here / "mine.yaml").write_text(text + "design: {method: grid}\n")
    assert load_sweep("mine").scenario == sim.load("joint_patrols")
    (here / "mine.yaml").write_text(
        text.replace("baseline: baseline", "baseline: basline") + "design: {method: grid}\n"
    )
    with pytest.raises(InputError, match=r"mine\.yaml, line 2: .* did you mean 'baseline'\?"):
        load_sweep("mine")


def test_sweeps_that_come_with_kumakan_work_when_they_are_copied(here):
    for name, file in names().items():
        if file.parent.name == "sweeps":
            copy = here / f"copy_of_{name}.yaml"
            copy.write_bytes(file.read_bytes())
            assert load_sweep(copy).scenario == load_sweep(name).scenario


def test_commands_take_names(here):
    for command in (["check", "baseline", "reach_x_imams"], ["sweep", "reach_x_imams", "--dry-run"]):
        result = kumakan(*command)
        assert result.exit_code == 0, result.output
    result = kumakan("explain", "baseline", "joint_patrol")
    assert result.exit_code == 2
    assert "did you mean 'joint_patrols'?" in result.stderr
    assert not list(here.iterdir())


# --- lists -----------------------------------------------------------------------------------------------


def test_scenarios_are_listed_with_what_they_are():
    output = kumakan("scenarios").output
    assert all(re.search(rf"^ {name} +\w", output, re.MULTILINE) for name in names())
    assert str(ROOT / "scenarios") in output
    found = kumakan("scenarios", "MOROCCO").output
    assert "imam_training" in found
    assert "joint_patrols" not in found
    result = kumakan("scenarios", "mopty")
    assert result.exit_code == 2
    assert "no scenario mentions 'mopty'" in result.stderr


def test_measures_have_a_line_each_and_are_found_by_a_word():
    lines = kumakan("measures").output.splitlines()
    assert all(sum(line.startswith(f" {key} ") for line in lines) == 1 for key in MEASURES)
    assert len(lines) < len(MEASURES) + 8
    found = kumakan("measures", "Border", "patrol").output
    assert "joint_patrols" in found
    assert "imam_training" not in found
    assert "imam_training" in kumakan("measures", "cohort").output, "settings count"
    assert "patrols out at a time" in kumakan("measures", "joint_patrols").output


# --- a file of one's own ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_new_file_does_what_it_was_made_from(name):
    """As it is, and when every setting in a comment is taken out of it."""
    from sim.engine.places import parse

    scenario = sim.load(name)
    text = draft(scenario, "mine", name)
    wanted = {**scenario.resolved(), "name": "mine"}
    assert sim.Scenario.of(parse(text).data).resolved() == wanted
    bare, count = re.subn(r"^(    +)# ( *\w+:)", r"\1\2", text, flags=re.MULTILINE)
    assert count > 5 * len(scenario.measures)
    if all(measure.enabled for measure in scenario.measures.values()):  # else its dates would be filled in
        assert sim.Scenario.of(parse(bare).data).resolved() == wanted
    for measure in scenario.measures.values():
        for row in measure.settings():
            assert re.search(rf"{row.name}:.*# {re.escape(row.unit)}: {re.escape(row.meaning)}$", text, re.MULTILINE)


def test_a_new_file_keeps_what_the_scenario_changes():
    data = {
        "name": "odd: one",
        "description": "a 'quoted' # text: with\nbreaks",
        "end": "2014-12-29",
        "measures": {
            "mali_kuma_kan": {"tv": {"coverage": 0.6}, "regions": ["Segou"], "start": "2013-01-07"},
            "joint_patrols": False,
            "sermon_drafting": {"intensity": {"Mopti": 1, "Gao": 0.5}},
            "community_policing": {
                "phases": [{"start": "2012-02-06", "end": "2013-01-07", "regions": ["Gao"]}, {"start": "2014-01-06"}],
                "when": {"observable": "attacks", "above": 5},
            },
            "imam_training": {"cohorts": [{"departs": "2013-11-04", "imams": 102}]},
        },
        "parameters": {"peer_pull": 0.0301},
        "groups": {"macina": {"ended": None}, "aqim": {"home_cercles": ["Gao"]}},
        "forces": {"minusma": {"scale": 0.5, "start": "2013-05-01"}},
    }
    from sim.engine.places import parse

    scenario = sim.Scenario.of(data)
    again = sim.Scenario.of(parse(draft(scenario, scenario.name, "odd")).data)
    assert again == scenario


def test_new_writes_a_file_that_passes_check_and_replaces_none(here):
    result = kumakan("new", "mine", "--from", "joint_patrols")
    assert result.exit_code == 0, result.output
    text = Path("mine.yaml").read_text()
    assert "kumakan new mine --from joint_patrols" in text
    assert kumakan("check", "mine").exit_code == 0
    assert sim.load("mine").measures == sim.load("joint_patrols").measures
    again = kumakan("new", "mine.yaml")
    assert again.exit_code == 2
    assert "mine.yaml is there already; --overwrite replaces it" in again.stderr
    assert Path("mine.yaml").read_text() == text
    assert kumakan("new", "mine", "--overwrite").exit_code == 0
    assert sim.load("mine").measures == sim.load("baseline").measures
    assert kumakan("new", "next", "--from", "mine").exit_code == 0, "of a file of one's own"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["joint_patrols"], "choose another"),
        (["mine", "--from", "joint_patrol"], "did you mean 'joint_patrols'?"),
        (["mine", "--from", "reach_x_imams"], "this is a sweep, not a scenario"),
        (["absent/mine"], "cannot be written"),
        (["=mine"], "it does not begin with ="),
    ],
)
def test_a_new_file_that_cannot_be_is_refused(here, wrong, said):
    result = kumakan("new", *wrong)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not list(here.iterdir())


# --- notebooks -------------------------------------------------------------------------------------------


def test_notebooks_are_copied_and_replaced_only_when_told(here):
    result = kumakan("notebooks", "a/b")
    assert result.exit_code == 0, result.output
    copies = sorted(Path("a/b").iterdir())
    assert [file.name for file in copies] == sorted(file.name for file in (ROOT / "notebooks").glob("*.ipynb"))
    copies[0].write_text("mine")
    result = kumakan("notebooks", "a/b")
    assert result.exit_code == 2
    assert "are there already; --overwrite replaces them" in result.stderr
    assert copies[0].read_text() == "mine"
    assert kumakan("notebooks", "a/b", "--overwrite").exit_code == 0
    assert copies[0].read_text() != "mine"
    (here / "file").write_text("")
    assert kumakan("notebooks", "file/b").exit_code == 2


def test_notebooks_name_scenarios_and_no_paths():
    """So that a copy runs in any folder."""
    for file in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                assert "../" not in "".join(cell["source"]), file.name


def test_located_gives_paths_as_they_are():
    assert located("some/where.yaml") == "some/where.yaml"
    assert Path(located("baseline")) == ROOT / "scenarios/baseline.yaml"
