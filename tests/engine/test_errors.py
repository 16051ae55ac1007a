"""What is said to a user whose input cannot be used."""

import pickle

import pytest

from sim.engine.errors import InputError, nearest, plain


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
