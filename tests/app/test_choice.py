"""A choice: its name and digest follow from its content alone, and a file from elsewhere is checked like any file."""

from itertools import pairwise

import pytest

import sim
from sim.app import choice
from sim.engine.errors import InputError


def test_equal_choices_are_the_same_runs_in_whatever_order_they_were_made(base):
    one = choice.switched(choice.switched(base, "joint_patrols", True, base), "imam_training", True, base)
    other = choice.switched(choice.switched(base, "imam_training", True, base), "joint_patrols", True, base)
    other = choice.changed(choice.changed(other, "joint_patrols", "intensity", 0.5, base), "joint_patrols",
                           "intensity", 1.0, base)  # fmt: skip
    assert (one.name, one.digest) == (other.name, other.digest)
    assert one.name.startswith("imam_training_and_joint_patrols_")


def test_another_strength_is_another_choice(base):
    one = choice.switched(base, "joint_patrols", True, base)
    other = choice.changed(one, "joint_patrols", "intensity", 0.5, base)
    assert one.name != other.name
    assert one.digest != other.digest


def test_what_is_switched_off_again_leaves_the_scenario_that_the_page_began_with(base):
    made = choice.switched(choice.switched(base, "joint_patrols", True, base), "joint_patrols", False, base)
    assert made is base
    off = base.replaced({"measures.joint_patrols": False})
    assert choice.named(off, base) is base


def test_many_measures_have_a_short_name(base):
    made = base
    for key in ("joint_patrols", "imam_training", "sermon_drafting", "radio_drama"):
        made = choice.switched(made, key, True, base)
    assert made.name.startswith("4_measures_")


def test_a_measure_begins_as_in_its_own_scenario_where_that_acts_in_these_years(base):
    whole = sim.load("baseline")
    late = choice.switched(whole, "mali_kuma_kan", True, whole).measures["mali_kuma_kan"]
    assert late.start == sim.load("mali_kuma_kan").measures["mali_kuma_kan"].start > whole.start
    early = choice.switched(base, "mali_kuma_kan", True, base).measures["mali_kuma_kan"]
    assert (early.start, early.end) == (base.start, base.end)


@pytest.mark.parametrize(
    ("key", "setting", "value", "said"),
    [
        ("joint_patrols", "intensity", 2, "joint_patrols.intensity"),
        ("joint_patrols", "regions", ["Mopty"], "did you mean 'Mopti'"),
        ("joint_patrols", "patrols", 3, "the page cannot change 'patrols'"),
        ("imam_training", "intensity", 0.5, "switch it on"),
    ],
)
def test_a_value_that_cannot_be_is_an_error_that_says_why(base, key, setting, value, said):
    made = choice.switched(base, "joint_patrols", True, base)
    with pytest.raises(InputError, match=said.replace(".", r"\.")):
        choice.changed(made, key, setting, value, base)


def test_what_is_saved_is_read_again_as_the_same_choice(base, chosen, tmp_path):
    again, note = choice.read("mine.yaml", choice.written(chosen), base)
    assert again.digest == chosen.digest
    assert note == "mine.yaml was read."
    file = tmp_path / "mine.yaml"
    file.write_text(choice.written(chosen), encoding="utf-8")
    assert sim.load(file).digest == chosen.digest, "and by every command"


def test_a_file_of_other_years_is_shown_over_those_of_the_page(base):
    made, note = choice.read("x.yaml", "extends: baseline\nmeasures: {joint_patrols: true}\n", base)
    assert (made.start, made.end, made.persons_per_youth) == (base.start, base.end, base.persons_per_youth)
    assert made.digest == choice.switched(base, "joint_patrols", True, base).replaced(
        {"measures.joint_patrols.start": None, "measures.joint_patrols.end": None, "name": made.name}
    ).digest  # fmt: skip
    assert "end 2018-12-31, here 2012-03-05" in note


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("measures:\n  joint_patrol: true\n", r"^my\.yaml, line 2: there is no measure 'joint_patrol'"),
        ("extends: ../../etc/passwd\n", r"^my\.yaml: extends is .*must be a scenario that comes with"),
        ("measures: [\n", r"^my\.yaml"),
        ("#" * (choice.LARGEST_FILE + 1), "at most 200,000"),
    ],
)
def test_a_file_from_elsewhere_is_checked_like_any_file(base, text, said):
    with pytest.raises(InputError, match=said):
        choice.read("../up/my.yaml", text, base)


GROWING = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [{', '.join([f'*{b}'] * 9)}]\n" for b, c in pairwise("abcdefg"))
"""A short file whose aliases, written out, are a million values."""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\x00\x01\x7fELF", "control characters"),
        ("name: \ud800", "no text"),
        ("- 1\n- 2\n", "is a list"),
        ("!!python/object/apply:os.system ['true']", "tags .* are not supported"),
        ("a: " + "[" * 5000 + "]" * 5000, "nesting"),
        (GROWING, "more than 10,000 values"),
        ("extends: baseline\nextends: /etc/passwd\n", "twice"),
        ("<<: {extends: /etc/passwd}\n", "merge key"),
        ("extends: baseline\nstart_from: /etc/passwd\n", "must be a date"),
        ("extends: baseline\ndraws_from: /etc/passwd\n", "must be 'worlds' or 'prior'"),
        ("extends: baseline\nmeasures: {joint_patrols: {intensity: .nan}}\n", "between 0 and 1"),
    ],
)
def test_whatever_is_in_a_file_that_is_no_scenario_the_visitor_is_told(base, text, said):
    with pytest.raises(InputError, match=rf"^my\.yaml(, line \d+)?:? .*{said}|^my\.yaml holds .*{said}"):
        choice.read("my.yaml", text, base)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/x.yaml", "x.yaml"),
        ("..\\..\\x.yaml", "x.yaml"),
        ("..", ".."),
        ("", "the file"),
        ("baseline.yaml", "baseline.yaml"),
        ("a\x00b\n.yaml", "a\\x00b\\n.yaml"),
        ("x" * 400, "x" * choice.LONGEST_NAME),
    ],
)
def test_however_a_file_is_called_it_is_read_and_its_name_leads_nowhere(base, name, shown):
    made, note = choice.read(name, "extends: baseline\n", base)
    assert made.digest == base.digest
    assert note.startswith(f"{shown} is shown over the years of this page")


def test_a_size_that_is_no_number_is_not_believed(base, tmp_path):
    pytest.importorskip("solara")
    from sim.app.desk import Desk, Settings
    from sim.app.visitor import Visitor

    me = Visitor(Desk(Settings(base, tmp_path, pairs=2)))
    for size in ("many", 10**9, None):
        me.upload({"name": "a.yaml", "text": "extends: baseline", "size": size})
        assert "a scenario file has at most" in me.problem.value
