"""Scenario files: what is read, and what is said about each mistake."""

import json
import pickle
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.engine.errors import InputError
from sim.layers import MOST_FILES
from sim.measures import MEASURES
from sim.measures.base import REGIONS
from sim.parameters import rows
from sim.scenario import Scenario, as_scenario, load, load_all, run
from sim.settings import KEYS
from sim.world import facts
from sim.world.grid import world_grid

SHIPPED = sorted((Path(__file__).parents[1] / "scenarios").glob("[!_]*.yaml"))
PARAMETER = next(name for name, row in rows().items() if row.low < row.value < row.high)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes files into an empty folder, which is the current one; returns the name of the last."""
    monkeypatch.chdir(tmp_path)

    def write(**files: str) -> str:
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(text, encoding="utf-8")
        return f"{name}.yaml"

    return write


@pytest.fixture
def said(write):
    """What is said about a file with this text."""

    def said(text: str, *overrides: str) -> str:
        with pytest.raises(InputError) as caught:
            load(write(s=text), list(overrides))
        return str(caught.value)

    return said


# --- what is read ----------------------------------------------------------------------------------------


def test_an_empty_block_is_the_default_run(write):
    scenario = load(write(quiet="{}"))
    assert scenario.name == "quiet"
    assert (scenario.start, scenario.end) == (date(2012, 1, 2), date(2018, 12, 31))
    assert scenario.clock.weeks == 365
    assert scenario.persons_per_youth == 20
    assert scenario.measures == scenario.parameters == scenario.groups == scenario.forces == {}
    assert scenario.path == Path("quiet.yaml")


def test_everything_a_file_can_hold(write):
    value = rows()[PARAMETER].high
    scenario = load(
        write(
            full=f"""
name: A name of its own
description: |
  Two lines,
  both kept.
start: 2013-01-07
end: "2016-01-04"
persons_per_youth: 1e2
measures:
  imam_training: true
  joint_patrols: {{start: 2014-02-17, end: 2015-01-05, regions: [Segou, Ménaka], intensity: 0.5}}
  mali_kuma_kan: false
parameters: {{{PARAMETER}: {value}}}
groups:
  macina: {{founded: 2014-06-01, home_cercles: [mopti, Tenenkou], founding_core: 50}}
  jnim: {{enabled: false}}
  mujao: {{ended: null, start_members: 0}}
forces:
  minusma: {{scale: 0.5, start: 2013-07-01, end: 2015-01-05, effectiveness: 0.3, patrol_share: 0.5}}
"""
        )
    )
    assert scenario.name == "A name of its own"
    assert scenario.description == "Two lines,\nboth kept."
    assert scenario.clock.weeks == 156
    assert scenario.persons_per_youth == 100
    assert [m.key for m in scenario.active_measures()] == ["imam_training", "joint_patrols"]
    assert set(scenario.measures) == {"imam_training", "joint_patrols", "mali_kuma_kan"}
    patrols = scenario.measures["joint_patrols"]
    assert (patrols.start, patrols.end) == (date(2014, 2, 17), date(2015, 1, 5))
    assert patrols.regions == ("Ségou", "Gao")
    training = scenario.measures["imam_training"]
    assert (training.start, training.end) == (scenario.start, scenario.end), "dates are filled in"
    assert scenario.parameters == {PARAMETER: value}
    assert scenario.groups["macina"] == {
        "founded": date(2014, 6, 1), "home_cercles": ("Mopti", "Tenenkou"), "founding_core": 50
    }  # fmt: skip
    assert scenario.groups["jnim"] == {"enabled": False}
    assert scenario.groups["mujao"] == {"ended": None, "start_members": 0}
    assert scenario.forces["minusma"]["scale"] == 0.5
    assert scenario.forces["minusma"]["start"] == date(2013, 7, 1)


def test_every_group_force_and_parameter_of_the_tables_can_be_named(write):
    blocks = {
        "groups": {g.key: {"home_cercles": list(g.home_cercles)} for g in facts.groups()},
        "forces": {f.key: {"patrol_share": f.patrol_share} for f in facts.forces()},
        "parameters": {name: row.value for name, row in rows().items()},
    }
    scenario = load(write(s=yaml.safe_dump(blocks)))
    assert {g.key: g.home_cercles for g in facts.groups()} == {
        key: change["home_cercles"] for key, change in scenario.groups.items()
    }
    assert scenario.parameters == {name: row.value for name, row in rows().items()}


def test_a_measure_of_intensity_zero_is_kept_but_not_active(write):
    scenario = load(write(s="measures: {mali_kuma_kan: {intensity: 0}}"))
    assert "mali_kuma_kan" in scenario.measures
    assert scenario.active_measures() == []


# --- extends ---------------------------------------------------------------------------------------------


def test_a_chain_is_laid_over_key_by_key(write):
    write(
        a="description: from a\npersons_per_youth: 50\n"
        "measures: {joint_patrols: {intensity: 0.5, ramp_up_weeks: 4}}\n"
        "groups: {macina: {founding_core: 40, founded: 2014-06-01}}\n",
        b="extends: a.yaml\nmeasures: {joint_patrols: {intensity: 0.7}, imam_training: true}\n",
    )
    scenario = load(
        write(c="extends: b.yaml\nmeasures: {imam_training: false}\ngroups: {macina: {founding_core: 9}}\n")
    )
    assert scenario.name == "c", "a name is a file's own"
    assert scenario.description == "from a"
    assert scenario.persons_per_youth == 50
    assert scenario.measures["joint_patrols"].intensity == 0.7
    assert scenario.measures["joint_patrols"].ramp_up_weeks == 4
    assert not scenario.measures["imam_training"].enabled
    assert scenario.groups["macina"] == {"founding_core": 9, "founded": date(2014, 6, 1)}


def test_true_switches_on_again_what_a_parent_set(write):
    write(a="measures: {joint_patrols: {enabled: false, intensity: 0.5}}")
    measure = load(write(b="extends: a.yaml\nmeasures: {joint_patrols: true}")).measures["joint_patrols"]
    assert measure.enabled
    assert measure.intensity == 0.5


def test_two_children_of_one_file_do_not_touch_each_other(write):
    write(a="measures: {joint_patrols: {intensity: 0.5}}")
    one = load(write(one="extends: a.yaml\nname: x\nmeasures: {joint_patrols: {intensity: 0.1}}"))
    two = load(write(two="extends: a.yaml\nname: x\n"))
    assert one.measures["joint_patrols"].intensity == 0.1
    assert two.measures["joint_patrols"].intensity == 0.5


def test_extends_is_relative_to_the_file_in_which_it_stands(write):
    Path("inner").mkdir()
    Path("inner/base.yaml").write_text("persons_per_youth: 7")
    Path("inner/child.yaml").write_text("extends: base.yaml")
    assert load(write(outer="extends: inner/child.yaml")).persons_per_youth == 7


def test_circles_are_refused_with_the_chain(write):
    write(a="extends: b.yaml", b="name: b\nextends: c.yaml", c="extends: ./b.yaml")
    with pytest.raises(InputError) as caught:
        load("a.yaml")
    assert str(caught.value) == "c.yaml, line 1: extends goes in a circle: b.yaml -> c.yaml -> b.yaml"
    with pytest.raises(InputError, match=r"d\.yaml, line 1: extends goes in a circle: d\.yaml -> d\.yaml"):
        load(write(d="extends: d.yaml"))


def test_a_mistake_in_a_parent_names_the_parent(write):
    write(a="name: a\nmeasures:\n  joint_patrols:\n    intensity: 3\n")
    with pytest.raises(InputError) as caught:
        load(write(b="extends: a.yaml\npersons_per_youth: 0"))
    assert str(caught.value).splitlines() == [
        "b.yaml, line 2: persons_per_youth is 0; it must be a whole number of persons from 1 to 10000",
        "a.yaml, line 4: measures.joint_patrols.intensity is 3; it must be a share between 0 and 1. Did you mean 0.03?",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("baslein.yaml", "s.yaml, line 2: there is no file 'baslein.yaml'; did you mean 'baseline.yaml'?"),
        ("no/a.yaml", "s.yaml, line 2: there is no folder 'no'"),
        (".", "s.yaml, line 2: '.' is a folder; name one YAML file in it"),
        ("[a.yaml, b.yaml]", "s.yaml, line 2: extends is a list; it must be the path of one scenario file"),
        ("", "s.yaml, line 2: extends has no value; it must be the path of one scenario file"),
        ('"a\\0b"', "s.yaml, line 2: extends is 'a\\x00b'; it must be the path of one scenario file"),
        ("3", "s.yaml, line 2: extends is 3; it must be the path of one scenario file"),
    ],
)
def test_what_extends_cannot_be(write, said, value, expected):
    write(baseline="{}")
    assert said(f"name: s\nextends: {value}\n") == expected


# --- mistakes --------------------------------------------------------------------------------------------

PATROLS = "measures:\n  joint_patrols:\n    "
CASES = [
    # text, line, and parts of the message
    (
        "measurs: {}",
        1,
        "there is no key 'measurs'; a scenario has the keys name,",
        "did you mean 'measures'?",
    ),
    ("no: 3", 1, "there is no key 'no'"),
    (
        "measures:\n  mali_kuma_can: true",
        2,
        "there is no measure 'mali_kuma_can'; there are ",
        "did you mean 'mali_kuma_kan'?",
    ),
    (
        PATROLS + "regoins: [Mopti]",
        3,
        "measures.joint_patrols has no setting 'regoins'; it has ",
        "did you mean 'regions'?",
    ),
    (
        "measures:\n  mali_kuma_kan:\n    tv:\n      capacty: 0.5",
        4,
        "measures.mali_kuma_kan.tv has no setting 'capacty'",
        "did you mean 'capacity'?",
    ),
    (
        PATROLS + "regions: [Mopti, Mopty]",
        3,
        "measures.joint_patrols.regions names 'Mopty', which is no region",
        "; it must be 'all' or a list of: Kayes, Koulikoro",
        "did you mean 'Mopti'?",
    ),
    (
        PATROLS + "countries: [Niger, Nigeria]",
        3,
        "measures.joint_patrols.countries item 2 is 'Nigeria'; it must be 'Mauritania', 'Algeria'",
        "did you mean 'Niger'?",
    ),
    (
        PATROLS + "intensity: 12",
        3,
        "measures.joint_patrols.intensity is 12; it must be a share between 0 and 1. Did you mean 0.12?",
    ),
    (
        PATROLS + "intensity: 5 %",
        3,
        "is the text '5 %'; it must be a share between 0 and 1",
        "; write the number alone, without unit or quotes: 0.05",
    ),
    (
        PATROLS + "ramp_up_weeks: 3 weeks",
        3,
        "is the text '3 weeks'; it must be a whole number of weeks, 0 or more",
        "; write the number alone, without unit or quotes: 3",
    ),
    (PATROLS + "intensity: .nan", 3, "intensity is nan; it must be a share between 0 and 1"),
    (PATROLS + "intensity: .inf", 3, "intensity is inf; it must be a share between 0 and 1"),
    (PATROLS + "intensity:", 3, "intensity has no value; it must be a share between 0 and 1"),
    (PATROLS + "intensity: yes", 3, "intensity is true; it must be a share between 0 and 1"),
    (PATROLS + "enabled: 1", 3, "enabled is 1; it must be true or false"),
    (PATROLS + "start: 12:30", 3, "start is '12:30'; it must be a date as YYYY-MM-DD"),
    (PATROLS + "start: 2014-02-30", 3, "start is '2014-02-30'; it must be a date as YYYY-MM-DD"),
    (PATROLS + "start: 2014-02-17 10:00:00", 3, "start is a date with a time of day"),
    (PATROLS + "start: 2014", 3, "start is 2014; it must be a date as YYYY-MM-DD"),
    (
        PATROLS + "start: 2011-12-26",
        3,
        "measures.joint_patrols.start is 2011-12-26",
        "; it lies within the run, 2012-01-02 to 2018-12-31",
    ),
    (
        "end: 2014-01-06\nmeasures:\n  joint_patrols:\n    end: 2014-01-13",
        4,
        "measures.joint_patrols.end is 2014-01-13",
        "; it lies within the run, 2012-01-02 to 2014-01-06",
    ),
    (
        PATROLS + "start: 2014-02-17\n    end: 2014-02-17",
        4,
        "measures.joint_patrols.end is 2014-02-17; it must be a date after the start 2014-02-17",
    ),
    (
        "measures:\n  imam_training:\n    cohorts:\n      - {departs: 2011-01-03, imams: 5}",
        4,
        "cohorts item 1.departs is 2011-01-03; it lies within the time of the measure, 2012-01-02 to ",
    ),
    (
        "measures:\n  imam_training:\n    cohorts:\n      - {departs: 2014-01-06}",
        4,
        "cohorts item 1 has no imams",
    ),
    (
        "measures:\n  joint_patrols:",
        2,
        "measures.joint_patrols has no value; it must be true, false or a block of settings",
    ),
    (
        "measures:\n  joint_patrols: 3",
        2,
        "measures.joint_patrols is 3; it must be true, false or a block of settings",
    ),
    ("measures:\n  joint_patrols: [1]", 2, "measures.joint_patrols is a list"),
    ("measures:", 1, "measures has no value; it must be a block with a line for each measure"),
    ("measures: [joint_patrols]", 1, "measures is a list; it must be a block with a line for each measure"),
    ("persons_per_youth: 0", 1, "persons_per_youth is 0; it must be a whole number of persons from 1 to 10000"),
    ("persons_per_youth: 2.5", 1, "persons_per_youth is 2.5", "without decimals"),
    ("persons_per_youth: 010", 1, "is the text '010'", "write the number alone, without unit or quotes: 10"),
    ("persons_per_youth: '20'", 1, "is the text '20'", "write the number alone, without unit or quotes: 20"),
    ("persons_per_youth: 20 persons", 1, "is the text '20 persons'", "without unit or quotes: 20"),
    ("persons_per_youth: " + "9" * 400, 1, "persons_per_youth is a number too large"),
    ("persons_per_youth: " + "9" * 5000, 1, "persons_per_youth is the text '999"),
    (
        "start: 2011-12-26",
        1,
        "start is 2011-12-26; it lies between 2012-01-02 and 2030-12-31",
        "as the data begin there",
    ),
    ("end: 2031-01-06", 1, "end is 2031-01-06; it lies between 2012-01-02 and 2030-12-31"),
    (
        "start: 2014-01-06\nend: 2014-01-06",
        2,
        "end is 2014-01-06; it must be at least a week after the start 2014-01-06",
    ),
    ("start: 2018-12-25", 1, "end is 2018-12-31; it must be at least a week after the start 2018-12-25"),
    ("start:", 1, "start has no value; it must be a date as YYYY-MM-DD"),
    ("name: no", 1, "name is a word that YAML reads as false; it must be a text, so put it in quotes"),
    ("name: 2015", 1, "name is 2015; it must be a text, so put it in quotes"),
    ("name: 2015-01-05", 1, "name is 2015-01-05; it must be a text, so put it in quotes"),
    ("name: ../away", 1, "name is '../away'; it must be a text of 1 to 100 letters on one line"),
    ("name: ''", 1, "name is ''"),
    ("name: [a]", 1, "name is a list; it must be a text"),
    ('name: "a\\u202eb"', 1, "a text without control characters"),
    ("description:", 1, "description has no value; it must be a text"),
    ('description: "a\\ab"', 1, "a text without control characters"),
    ("parameters:\n  heat: 3", 2, "there is no parameter 'heat'"),
    (
        f"parameters:\n  {PARAMETER}x: 3",
        2,
        f"there is no parameter '{PARAMETER}x'; did you mean '{PARAMETER}'?",
    ),
    (f"parameters:\n  {PARAMETER}: 1e9", 2, f"parameters.{PARAMETER} is 1000000000.0; it must be between "),
    (f"parameters:\n  {PARAMETER}: high", 2, f"parameters.{PARAMETER} is the text 'high'; it must be between "),
    (f"parameters:\n  {PARAMETER}:", 2, f"parameters.{PARAMETER} has no value; it must be between "),
    ("groups:\n  macinna: {}", 2, "there is no group 'macinna'; there are aqim, ", "did you mean 'macina'?"),
    (
        "groups:\n  macina: {home: [Mopti]}",
        2,
        "groups.macina has no setting 'home'; it has enabled, start_members",
    ),
    (
        "groups:\n  macina: {home_cercles: [Mopti, Tenenkouu]}",
        2,
        "groups.macina.home_cercles item 2 is 'Tenenkouu'",
        ", which is not a cercle of Mali; did you mean 'Tenenkou'?",
    ),
    ("groups:\n  macina: {home_cercles: []}", 2, "groups.macina.home_cercles is empty"),
    ("groups:\n  macina: {home_cercles: Mopti}", 2, "groups.macina.home_cercles is 'Mopti'; it must be a list"),
    (
        "groups:\n  macina: {start_members: -1}",
        2,
        "start_members is -1; it must be a whole number of persons from 0 to",
    ),
    (
        "groups:\n  mujao:\n    ended: 2011-01-01",
        3,
        "groups.mujao.ended is 2011-01-01; the group is founded on 2011-10-01 and would end on 2011-01-01",
    ),
    ("groups:\n  mujao:\n    founded: 2015-01-01", 3, "groups.mujao.founded is 2015-01-01"),
    ("groups:\n  mujao: {founded: }", 2, "groups.mujao.founded has no value; it must be a date"),
    ("groups:\n  mujao: true", 2, "groups.mujao is true; it must be a block of settings"),
    (
        "forces:\n  minusme: {}",
        2,
        "there is no force 'minusme'; there are police, ",
        "did you mean 'minusma'?",
    ),
    ("forces:\n  minusma: {scale: -1}", 2, "forces.minusma.scale is -1; it must be a factor from 0 to 100"),
    (
        "forces:\n  minusma: {patrol_share: 20}",
        2,
        "patrol_share is 20; it must be a share",
        "1. Did you mean 0.2?",
    ),
    (
        "forces:\n  minusma:\n    start: 2015-01-05\n    end: 2014-01-06",
        4,
        "forces.minusma.end is 2014-01-06; it must be a date after the start 2015-01-05",
    ),
    ("", None, "s.yaml: is empty; a scenario has the keys name, description, extends"),
    ("# only a remark\n", None, "s.yaml: is empty"),
    ("~", None, "s.yaml: is empty"),
    ("- a\n- b", 1, "is a list; a scenario has the keys name"),
    ("just words", 1, "is only 'just words'; a scenario has the keys name"),
    ("name: a\nname: b", 2, "the key 'name' twice, first on line 1"),
    ("measures: {joint_patrols: {intensity: 1}\nname: a", 2, "is not YAML: while parsing a flow mapping"),
    ("name: !!python/object/apply:os.system ['true']", 1, "has the tag", "tags (!name) are not supported"),
    ("measures: &m {joint_patrols: true}\ngroups:\n  <<: *m", 3, "merge key"),
]


@pytest.mark.parametrize(("text", "line", "parts"), [(text, line, parts) for text, line, *parts in CASES])
def test_a_mistake_is_told_with_file_line_key_what_is_allowed_and_what_is_near(said, text, line, parts):
    message = said(text)
    assert "\n" not in message, "one mistake, one line"
    if line is not None:
        assert message.startswith(f"s.yaml, line {line}: ")
    for part in parts:
        assert part in message


def test_all_mistakes_of_a_file_are_told_by_line_up_to_ten(said):
    text = "persons_per_youth: 0\nmeasurs: 1\nmeasures:\n" + "".join(f"  unknown{k:02}: true\n" for k in range(12))
    lines = said(text).splitlines()
    assert [int(line.split("line ")[1].split(":")[0]) for line in lines[:-1]] == [1, 2, *range(4, 12)]
    assert lines[-1] == "and 4 more"


def test_dates_of_a_measure_that_is_switched_off_do_not_matter(write):
    scenario = load(write(s="end: 2014-01-06\nmeasures: {joint_patrols: {enabled: false, start: 2016-01-04}}"))
    assert scenario.active_measures() == []


def test_an_unknown_key_in_a_block_that_may_be_left_out_is_told_like_any_other(said):
    text = PATROLS + "when:\n      observable: attacks\n      abov: 20\n"
    expected = "measures.joint_patrols.when has no setting 'abov'; it has observable, region"
    message = said(text)
    assert message.startswith(f"s.yaml, line 5: {expected}")
    assert "did you mean 'above'?" in message
    assert expected in said("{}", "measures.joint_patrols.when.abov=20")


# --- files that mean harm --------------------------------------------------------------------------------


def refused_quickly(read) -> str:
    began = time.process_time()
    with pytest.raises(InputError) as caught:
        read()
    assert time.process_time() - began < 2
    return str(caught.value)


def test_a_chain_that_is_long_or_large_is_refused_quickly(tmp_path):
    for k in range(1000):
        (tmp_path / f"{k}.yaml").write_text(f"extends: {k + 1}.yaml\n")
    (tmp_path / "1000.yaml").write_text("{}")
    message = refused_quickly(lambda: load(tmp_path / "0.yaml"))
    assert message.endswith(f"{MOST_FILES - 1}.yaml, line 1: extends leads through more than {MOST_FILES} files")
    assert load(tmp_path / f"{1001 - MOST_FILES}.yaml").name == str(1001 - MOST_FILES)
    block = "".join(f"  k{k}: 1\n" for k in range(4000))
    for k in range(40):
        (tmp_path / f"{k}.yaml").write_text(f"extends: {k + 1}.yaml\nparameters:\n{block}")
    message = refused_quickly(lambda: load(tmp_path / "0.yaml"))
    assert "2.yaml, line 1: extends leads to more than 10,000 values in all files together" in message


@pytest.mark.parametrize("block", ["", "measures:", "parameters:", "groups:", "measures:\n joint_patrols:"])
def test_thousands_of_unknown_keys_are_refused_quickly(write, block):
    text = block + "\n" + "".join(f"  {'  ' if block else ''}some_unknown_key_{k}: 1\n" for k in range(9000))
    message = refused_quickly(lambda: load(write(s=text)))
    assert len(message.splitlines()) == 11
    assert message.endswith("and 8990 more")


def test_lists_and_changes_without_end_are_refused_quickly(write):
    cercles = ", ".join(f"Mopt{k}" for k in range(9000))
    message = refused_quickly(lambda: load(write(s=f"groups: {{macina: {{home_cercles: [{cercles}]}}}}")))
    assert message.endswith("home_cercles is a list of 9000 cercles; Mali has fewer than 100")
    assert len(set(world_grid().cercle)) < 100
    changes = {f"parameters.x{k}": 1 for k in range(5000)}
    for use in (lambda: Scenario.of({}).replaced(changes), lambda: load("s.yaml", [f"{path}=1" for path in changes])):
        assert refused_quickly(use) == "there are 5,000 changes; at most 1,000 can be made at once"


@pytest.mark.parametrize("place", ["persons_per_youth", "name", "start", f"parameters.{PARAMETER}", "extends"])
def test_a_number_of_thousands_of_digits_is_refused(said, place):
    for digits in ("0x" + "f" * 4300, "0b" + "1" * 20_000, "9" * 4300):
        assert f"{place} " in said("{}", f"{place}={digits}")


def test_a_path_of_thousands_of_keys_is_refused(write):
    path = "a." * 100_000 + "a"
    assert "is a path of more than 50 keys" in refused_quickly(lambda: load(write(s="{}"), [f"{path}=1"]))
    assert "is a path of more than 50 keys" in refused_quickly(lambda: Scenario.of({}).replaced({path: 1}))
    data: dict = {}
    data["measures"] = data
    assert "nested deeper than 50 levels" in refused_quickly(lambda: Scenario.of(data))


@pytest.mark.parametrize(
    "override", ["\x1b]0;x\x07.y=1", "measures.\x1b[2J=1", "\u202ename=1", "a\nb=1", "measures.mali_kuma_kan.\x1b[2J=1"]
)
def test_what_a_terminal_would_obey_is_shown(said, override):
    assert said("{}", override).isprintable()


def test_keys_and_file_names_are_shown_too(write):
    hostile = write(**{"x\x1b[2Jy": 'measures:\n  joint_patrols:\n    "\\e]0;x\\a\\n": {"\\u202e": 1}\n'})
    with pytest.raises(InputError) as caught:
        load(hostile)
    of_the_name, of_the_key = str(caught.value).splitlines()
    assert of_the_name.isprintable()
    assert of_the_key.isprintable()
    assert of_the_key.startswith("x\\x1b[2Jy.yaml, line 3: measures.joint_patrols has no setting")


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@a", ".hidden"])
def test_a_name_does_not_begin_like_a_formula_or_a_hidden_folder(said, name):
    assert said(f"name: '{name}'").startswith(f"s.yaml, line 1: name is '{name}'; it does not begin with {name[0]}")


# --- overrides -------------------------------------------------------------------------------------------


def test_overrides_go_over_the_file_and_later_ones_over_earlier(write):
    file = write(s="measures: {joint_patrols: {intensity: 0.5, ramp_up_weeks: 2}}")
    scenario = load(
        file,
        [
            "measures.joint_patrols.intensity=0.1",
            "measures.joint_patrols.intensity=0.2",
            "measures.joint_patrols.regions=[Gao, Segou]",
            "measures.mali_kuma_kan=true",
            "persons_per_youth=1e3",
            f"parameters.{PARAMETER}={rows()[PARAMETER].low}",
            "forces.minusma.scale=0",
            "end=2016-01-04",
            "description=a = b",
        ],
    )
    patrols = scenario.measures["joint_patrols"]
    assert (patrols.intensity, patrols.ramp_up_weeks, patrols.regions) == (0.2, 2, ("Ségou", "Gao"))
    assert scenario.measures["mali_kuma_kan"].active
    assert scenario.persons_per_youth == 1000
    assert scenario.parameters == {PARAMETER: rows()[PARAMETER].low}
    assert scenario.forces == {"minusma": {"scale": 0.0}}
    assert scenario.end == date(2016, 1, 4)
    assert scenario.description == "a = b"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("persons_per_youth", "has no '='; it must be PATH=VALUE"),
        ("persons_per_youth=", "persons_per_youth has no value"),
        ("persons_per_youth=many", "persons_per_youth is the text 'many'"),
        ("measures.joint_patrols.intensity=2", "measures.joint_patrols.intensity is 2; it must be a share"),
        ("measures.joint_patrol=true", "there is no measure 'joint_patrol'; there are "),
        ("measures.joint_patrols.regoins=all", "has no setting 'regoins'"),
        ("measures=3", "measures is 3"),
        ("measurs.joint_patrols=true", "there is no key 'measurs'"),
        ("measures..x=3", "'measures..x' is not a path"),
        ("=3", "'' is not a path"),
        ("extends=a.yaml", "extends can only be written in a file"),
        ("measures.joint_patrols={intensity: 1}", "is a block; set one value at a time"),
        ("measures.joint_patrols.regions=[Gao", "is not YAML"),
        ("name=!!python/name:os.system", "has the tag"),
        ("persons_per_youth.x=3", "persons_per_youth is a block"),
    ],
)
def test_a_mistake_in_an_override_names_the_override(said, override, expected):
    message = said("name: s\n", override)
    assert message.startswith(f"--set {override}: ")
    assert expected in message


def test_an_override_that_makes_the_file_wrong_points_to_the_file(said):
    message = said("name: s\nmeasures:\n  joint_patrols:\n    start: 2016-01-04\n", "end=2015-01-05")
    assert message.startswith("s.yaml, line 4: measures.joint_patrols.start is 2016-01-04; it lies within the run")


# --- from Python -----------------------------------------------------------------------------------------


def test_replaced_gives_a_new_checked_scenario():
    base = Scenario.of({"name": "x", "measures": {"joint_patrols": True}})
    half = base.replaced({"measures.joint_patrols.intensity": 0.5, "end": date(2015, 1, 5)})
    assert half.measures["joint_patrols"].intensity == 0.5
    assert half.measures["joint_patrols"].end == date(2015, 1, 5), "dates left out follow the run"
    assert base.measures["joint_patrols"].intensity == 1
    assert half.replaced({"measures.joint_patrols.intensity": 1, "end": date(2018, 12, 31)}) == base
    with pytest.raises(InputError, match=r"intensity is 5; it must be a share between 0 and 1. Did you mean 0.05\?"):
        base.replaced({"measures.joint_patrols.intensity": 5})
    with pytest.raises(InputError, match="there is no key 'measure'"):
        base.replaced({"measure.x": 5})


def test_measures_can_be_given_as_objects():
    measure = MEASURES["joint_patrols"](intensity=0.5, regions=["Gao"])
    scenario = Scenario.of({"name": "x", "measures": {"joint_patrols": measure}})
    assert scenario.measures["joint_patrols"].intensity == 0.5
    assert scenario.measures["joint_patrols"].regions == ("Gao",)


@pytest.mark.parametrize("given", ["s.yaml", Path("s.yaml"), {"name": "s", "persons_per_youth": 100}])
def test_a_path_or_a_dict_is_as_good_as_a_scenario(write, given):
    write(s="persons_per_youth: 100")
    assert as_scenario(given) == load("s.yaml")
    assert as_scenario(load("s.yaml")) == load("s.yaml")


@pytest.mark.parametrize("given", [None, 3, True, ["s.yaml"], b"s.yaml", object])
def test_what_is_no_scenario_is_refused_with_what_is_allowed(given):
    with pytest.raises(InputError, match="it must be a Scenario, the path of a YAML file, or a dict of its keys"):
        as_scenario(given)
    with pytest.raises(InputError, match="it must be a Scenario, the path of a YAML file, or a dict of its keys"):
        run(given)


def test_wrong_arguments_are_input_errors(write):
    base = load(write(basic="{}"))
    for path in (3, None, b"basic.yaml"):
        with pytest.raises(InputError, match="it must be the path of a YAML file"):
            load(path)  # type: ignore[arg-type]
    assert load("basic.yaml", "persons_per_youth=50").persons_per_youth == 50, "one override needs no list"
    with pytest.raises(InputError, match=r"there is no file 'basik.yaml'; did you mean 'basic.yaml'\?"):
        run("basik.yaml")
    with pytest.raises(InputError, match="an override is 3; it must be a text PATH=VALUE"):
        load("basic.yaml", [3])  # type: ignore[list-item]
    for overrides in (None, 3):
        with pytest.raises(InputError, match="they must be a list of texts PATH=VALUE"):
            load("basic.yaml", overrides)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="on_week is 3; it must be a function"):
        run(base, on_week=3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is not a path; a path is keys joined by dots"):
        base.replaced({3: 4})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="it must be a dict of new values by path"):
        base.replaced(["name=x"])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["seed", "world_seed", "draw"])
@pytest.mark.parametrize("value", [-1, 1.0, 2.5, True, "1", None, 2**64, np.float64(1), [1]])
def test_a_wrong_seed_is_refused_before_anything_is_run(name, value):
    with pytest.raises(InputError, match=f"^{name} is .*; it must be a whole number from 0 to "):
        run({}, **{name: value})


def test_values_of_numpy_and_of_other_libraries_are_plain_values(write):
    changes = {
        "persons_per_youth": np.int64(100),
        "measures.joint_patrols.intensity": np.float32(0.5),
        "measures.joint_patrols.enabled": np.bool_(True),
        "measures.joint_patrols.start": np.datetime64("2014-02-17T00:00:00.000000000"),
        "measures.joint_patrols.end": datetime(2015, 1, 5),
        "measures.joint_patrols.regions": {"Mopti", "Gao"},
        "groups.macina.home_cercles": np.array(["Mopti"]),
    }
    scenario = Scenario.of({"name": "s"}).replaced(changes)
    patrols = "{intensity: 0.5, start: 2014-02-17, end: 2015-01-05, regions: [Gao, Mopti]}"
    text = (
        f"persons_per_youth: 100\nmeasures: {{joint_patrols: {patrols}}}\ngroups: {{macina: {{home_cercles: [Mopti]}}}}"
    )
    assert scenario == load(write(s=text))
    assert json.loads(json.dumps(scenario.resolved())) == scenario.resolved()
    with pytest.raises(InputError, match="start is '2014-02-17T10:00:00'; it must be a date"):
        scenario.replaced({"measures.joint_patrols.start": datetime(2014, 2, 17, 10)})


def test_a_scenario_shows_itself_in_one_line_and_as_a_card():
    named = {"name": "<b>a & b", "measures": {"joint_patrols": {"regions": ["Gao"]}}}
    named["parameters"] = {PARAMETER: rows()[PARAMETER].low}
    scenario = Scenario.of(named)
    assert repr(scenario) == ("<Scenario '<b>a & b': 2012-01-02 to 2018-12-31, 20 persons per youth, 1 active measure>")
    card = scenario._repr_html_()
    assert "Scenario &lt;b&gt;a &amp; b" in card
    assert "<b>" not in card
    assert "Period: 2012-01-02 to 2018-12-31 (365 weeks)" in card
    assert f"Parameters changed: {PARAMETER} = {rows()[PARAMETER].low:g}" in card
    patrols = f"<td>{MEASURES['joint_patrols'].title}</td><td>2012-01-02</td><td>2018-12-31</td><td>Gao</td><td>1</td>"
    assert patrols in card
    assert "Description" not in card, "what is empty is left out"
    assert card == Scenario.of(named)._repr_html_()


def test_plain_data_are_checked_like_files():
    with pytest.raises(InputError, match="is a list"):
        Scenario.of([])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="extends can only be written in a file"):
        Scenario.of({"extends": "a.yaml"})


def test_scenarios_are_equal_by_content(write):
    one = load(write(a="name: x\nmeasures: {joint_patrols: true}"))
    two = load(write(b="name: x\nstart: 2012-01-02\nmeasures: {joint_patrols: {regions: all}}"))
    other = load(write(c="name: x\nmeasures: {joint_patrols: {intensity: 0.5}}"))
    assert one == two
    assert one.digest == two.digest
    assert hash(one) == hash(two)
    assert one != other
    assert one.digest != other.digest


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_scenario_goes_through_yaml_json_and_pickle_unchanged(file, tmp_path):
    scenario = load(file)
    written = tmp_path / "again.yaml"
    written.write_text(yaml.safe_dump(scenario.resolved()), encoding="utf-8")
    again = load(written)
    assert again == scenario
    assert again.digest == scenario.digest
    assert Scenario.of(json.loads(json.dumps(scenario.resolved()))) == scenario
    copy = pickle.loads(pickle.dumps(scenario))
    assert copy == scenario
    assert copy.path == file


def test_shipped_scenarios_are_what_they_say():
    scenarios = {file.stem: load(file) for file in SHIPPED}
    assert set(scenarios) >= {"baseline", "historical", "all_measures", *MEASURES} - {"international_forces"}
    there = ["international_forces"]
    assert [m.key for m in scenarios["baseline"].active_measures()] == there
    for key in set(MEASURES) - set(there):
        assert [m.key for m in scenarios[key].active_measures()] == sorted([key, *there])
    assert scenarios["without_international_forces"].active_measures() == []
    assert [m.key for m in scenarios["all_measures"].active_measures()] == sorted(MEASURES)
    never_taken = {"adaptive_strategy", "coordination", "radio_drama"}
    assert [m.key for m in scenarios["historical"].active_measures()] == sorted(MEASURES.keys() - never_taken)
    for scenario in scenarios.values():
        assert scenario.description
        assert scenario.clock.weeks == 365


def test_reading_a_scenario_does_not_load_what_only_a_run_needs():
    heavy = {"pandas", "mesa", "matplotlib", "pyarrow"}
    code = f"import sys, sim.scenario; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- anything at all -------------------------------------------------------------------------------------

SETTINGS = ("regions", "intensity", "cohorts", "tv", "founded", "scale", "enabled", "ramp_up_weeks")
TEXTS = ("Mopti", "all", "2014-02-17", "2014", "5 %", "no", "~", ".nan", "1e3", "12:30")
WORDS = st.sampled_from([*KEYS, *MEASURES, PARAMETER, "macina", "minusma", *SETTINGS, *TEXTS])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)
ANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def is_read_or_refused(read) -> None:
    try:
        scenario = read()
    except InputError:
        return
    assert Scenario.of(scenario.resolved()) == scenario


@ANY
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused(tmp_path, text):
    file = tmp_path / "any.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    is_read_or_refused(lambda: load(file))


@ANY
@given(st.text(alphabet="abn:-{}[]&*!|>'\"#%@`?, \n\t01.eE=<~", max_size=60))
def test_any_yaml_like_text_is_read_or_refused(tmp_path, text):
    file = tmp_path / "any.yaml"
    file.write_text(text)
    is_read_or_refused(lambda: load(file))


@ANY
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5) | VALUES)
def test_any_nested_data_are_read_or_refused(tmp_path, data):
    file = tmp_path / "any.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8", errors="surrogatepass")
    is_read_or_refused(lambda: load(file))
    is_read_or_refused(lambda: Scenario.of(data))


@ANY
@given(st.lists(WORDS, min_size=1, max_size=4), st.text(max_size=10) | WORDS)
def test_any_override_is_read_or_refused(tmp_path, path, value):
    file = tmp_path / "any.yaml"
    file.write_text("measures: {joint_patrols: true}")
    is_read_or_refused(lambda: load(file, [f"{'.'.join(path)}={value}"]))


FIELDS = {
    "persons_per_youth": st.integers(1, 10_000),
    "description": st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=40),
    "start": st.dates(date(2012, 1, 2), date(2013, 1, 1)),
    "end": st.dates(date(2014, 1, 1), date(2030, 12, 31)),
    "measures": st.dictionaries(
        st.sampled_from(sorted(MEASURES)),
        st.booleans()
        | st.fixed_dictionaries(
            {},
            optional={
                "enabled": st.booleans(),
                "intensity": st.floats(0, 1),
                "ramp_up_weeks": st.integers(0, 500),
                "regions": st.just("all") | st.lists(st.sampled_from(REGIONS), min_size=1),
                "start": st.dates(date(2013, 1, 1), date(2013, 6, 1)),
                "end": st.dates(date(2013, 6, 2), date(2014, 1, 1)),
            },
        ),
    ),
    "groups": st.dictionaries(
        st.sampled_from([g.key for g in facts.groups()]),
        st.fixed_dictionaries(
            {},
            optional={
                "enabled": st.booleans(),
                "start_members": st.integers(0, 5000),
                "home_cercles": st.lists(st.sampled_from(sorted(set(world_grid().cercle))), min_size=1),
            },
        ),
    ),
    "forces": st.dictionaries(
        st.sampled_from([f.key for f in facts.forces()]),
        st.fixed_dictionaries({}, optional={"enabled": st.booleans(), "scale": st.floats(0, 10)}),
    ),
}


@ANY
@given(st.fixed_dictionaries({}, optional=FIELDS))
def test_any_right_scenario_is_read_and_comes_back_the_same(tmp_path, data):
    file = tmp_path / "right.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    scenario = load(file)
    file.write_text(yaml.safe_dump(scenario.resolved()), encoding="utf-8")
    again = load(file)
    assert again == scenario
    assert again.digest == scenario.digest


# --- several scenarios with the same changes -------------------------------------------------------------


def test_a_change_of_a_measure_goes_to_the_scenarios_that_have_it(write):
    files = [
        write(base="{}"),
        write(off="measures: {joint_patrols: false}"),
        write(on="measures: {joint_patrols: true}"),
        write(also="measures: {joint_patrols: {intensity: 0.5}}"),
    ]
    change = "measures.joint_patrols.patrols=30"
    base, off, on, also = load_all(files, [change])
    assert (base, off) == (load(files[0]), load(files[1]))
    assert (on, also) == (load(files[2], [change]), load(files[3], [change]))
    assert also.measures["joint_patrols"].patrols == 30
    assert not load_all(files, ["measures.joint_patrols=false"])[2].active_measures()
    assert [s.persons_per_youth for s in load_all(files, ["persons_per_youth=500"])] == [500] * 4


def test_a_change_of_a_measure_that_no_scenario_has_is_refused(write):
    files = [write(base="{}"), write(off="measures: {joint_patrols: {enabled: false}}")]
    with pytest.raises(InputError, match=r"patrols=30: no scenario has joint_patrols switched on"):
        load_all(files, ["measures.joint_patrols.patrols=30"])
    with pytest.raises(InputError, match=r"there is no measure 'joint_patrol'.*did you mean 'joint_patrols'"):
        load_all(files, ["measures.joint_patrol.patrols=30"])
