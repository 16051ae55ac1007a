"""A choice: its name and digest follow from its content alone, and a file from elsewhere is checked like any file."""

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
