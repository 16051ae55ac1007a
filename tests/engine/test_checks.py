"""Checks of single values."""

import numpy as np
import pytest

from sim.engine.checks import LARGEST_SEED, number, whole, yes
from sim.engine.errors import InputError


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.int32(3)])
def test_a_whole_number_comes_back_as_a_plain_int(value):
    assert whole(value, "seed") == 3
    assert type(whole(value, "seed")) is int
    assert whole(LARGEST_SEED, "seed") == LARGEST_SEED


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-1, "seed is -1"),
        (np.int64(-1), "seed is "),
        (LARGEST_SEED + 1, "seed is 9.22337e+18"),
        (10**400, "seed is a number too large"),
        (1.0, "seed is 1.0"),
        (np.float64(1), "seed is "),
        (True, "seed is true"),
        (np.bool_(True), "seed is "),
        ("1", "seed is '1'"),
        ([1], "seed is a list"),
        (None, "seed is None"),
    ],
)
def test_everything_else_is_refused_by_the_name_of_the_argument(value, said):
    with pytest.raises(InputError) as caught:
        whole(value, "seed")
    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith("; it must be a whole number from 0 to 9223372036854775807")


def test_bounds_of_a_whole_number_are_allowed_themselves():
    assert [whole(k, "n", 1, 3) for k in (1, 3)] == [1, 3]
    for k in (0, 4):
        with pytest.raises(InputError, match=f"n is {k}; it must be a whole number from 1 to 3"):
            whole(k, "n", 1, 3)


@pytest.mark.parametrize("value", [20, 20.0, np.int64(20), np.float32(20.0), np.float64(20.0)])
def test_a_setting_takes_the_numbers_of_an_optimiser(value):
    found = number(value, "a whole number", 0, 100, whole=True)
    assert (found, type(found)) == (20, int)
    found = number(value, "a number", 0, 100)
    assert (found, type(found)) == (20.0, float)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "has no value; it must be a share"),
        ("5 %", "is the text '5 %'; it must be a share; write the number alone, without unit or quotes: 0.05"),
        ("five", "is the text 'five'; it must be a share"),
        ([0.5], "is a list; it must be a share"),
        ({}, "is a block of settings; it must be a share"),
        (np.bool_(True), "is true; it must be a share"),
        (float("nan"), "is nan; it must be a share"),
        (12, "is 12; it must be a share. Did you mean 0.12?"),
        (-1, "is -1; it must be a share"),
    ],
)
def test_what_is_no_share_is_told(value, said):
    with pytest.raises(ValueError, match="it must be a share") as caught:
        number(value, "a share", 0, 1)
    assert str(caught.value) == said


def test_true_and_false_are_the_only_answers():
    assert yes(True) is True
    assert yes(np.bool_(False)) is False
    for value, said in ((1, "is 1"), ("yes", "is 'yes'"), (None, "has no value")):
        with pytest.raises(ValueError, match=f"^{said}; it must be true or false$"):
            yes(value)
