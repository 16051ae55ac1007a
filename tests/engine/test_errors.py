"""What is said to a user whose input cannot be used."""

import pickle

import pytest

from sim.engine.errors import InputError, nearest, plain, visible


def test_an_error_says_its_place_first():
    assert str(InputError("is wrong")) == "is wrong"
    assert str(InputError("is wrong", file="a.yaml")) == "a.yaml: is wrong"
    assert str(InputError("is wrong", file="a.yaml", line=3)) == "a.yaml, line 3: is wrong"


def test_an_error_survives_the_way_back_from_a_worker_process():
    error = pickle.loads(pickle.dumps(InputError("is wrong", file="a.yaml", line=3)))
    assert (error.message, error.file, error.line) == ("is wrong", "a.yaml", 3)


def test_several_problems_make_one_error_with_a_line_each():
    one = InputError("first", file="a.yaml", line=1)
    assert InputError.of([one]) is one
    assert str(InputError.of([one, InputError("second")])) == "a.yaml, line 1: first\nsecond"


@pytest.mark.parametrize("c", ["\x1b", "\x07", "\r", "\x9b", "\u202e", "\u2066", "\u200f", "\ud800", "\u2028"])
def test_what_a_terminal_would_obey_is_written_as_an_escape(c):
    error = InputError(f"key 'a{c}b' is wrong", file=f"{c}.yaml", line=1)
    assert str(error).isprintable()
    assert c.encode("unicode_escape").decode() in error.message
    assert pickle.loads(pickle.dumps(error)).message == error.message
    assert InputError(str(error)).message == str(error), "what is visible stays as it is"


def test_lines_of_a_message_stay_lines_and_a_name_is_one_line():
    assert InputError("one\ntwo").message == "one\ntwo"
    assert visible("a\nb") == "a\\nb"
    assert visible("Ségou, Ménaka: 80 %") == "Ségou, Ménaka: 80 %"


@pytest.mark.parametrize(
    ("written", "offered"),
    [("regoins", "regions"), ("REGION", "regions"), ("Segou", "Ségou"), ("tombouctu", "Tombouctou")],
)
def test_the_nearest_name_is_offered(written, offered):
    assert nearest(written, ["regions", "start", "Ségou", "Tombouctou"]) == f"; did you mean {offered!r}?"


def test_nothing_is_offered_when_nothing_is_near():
    assert nearest("xyz", ["regions", "start"]) == ""
    assert nearest(3, []) == ""


def test_names_are_compared_without_accents_capitals_and_blanks():
    assert plain(" Ségou") == plain("segou")
    assert plain("Gourma-Rharous") == plain("gourma rharous")
