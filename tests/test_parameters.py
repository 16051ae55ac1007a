"""The table of parameters, and values laid over it."""

import csv
import math
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.errors import InputError
from sim.measures import MEASURES
from sim.parameters import TABLE, Parameters, rows
from sim.scenario import Scenario
from sim.sweeps.plan import Sweep

ROWS = list(rows().values())
SIM = TABLE.parent


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_says_what_it_is(row):
    assert row.name.isidentifier()
    assert row.low <= row.value <= row.high
    assert all(math.isfinite(x) for x in (row.low, row.value, row.high))
    assert row.quality in {"measured", "derived", "estimate", "assumed", "calibrated"}
    for text in (row.unit, row.distribution, row.source, row.meaning):
        assert text.strip() == text != ""
    assert not row.meaning.endswith(".")


def test_the_table_is_plain_and_whole():
    with TABLE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    columns = "name value unit low high distribution transport drawn quality source meaning"
    assert lines[0] == columns.split()
    assert {len(line) for line in lines} == {11}
    assert len(lines) - 1 == len(ROWS) == len({row.name for row in ROWS})


def test_every_parameter_is_read_somewhere():
    """A parameter that nothing reads is a promise not kept."""
    code = "\n".join(file.read_text(encoding="utf-8") for file in SIM.rglob("*.py"))
    by_pattern = {f"fidelity_{key}" for key in MEASURES} | {f"transport_{row.transport}" for row in ROWS}
    for row in ROWS:
        # Attributes of the table, or names put together from parts in the scenario's own words.
        assert row.name in by_pattern or re.search(rf"(\.|[\"']){row.name}\b", code), f"nothing reads {row.name}"


def test_code_reads_no_parameter_that_is_not_in_the_table():
    for folder in ("processes", "population", "measures"):
        for file in Path(SIM / folder).glob("*.py"):
            for name in re.findall(r"\b(?:p|parameters)\.([a-z_0-9]+)\b(?!\()", file.read_text(encoding="utf-8")):
                assert name in rows(), f"{file.name} reads {name}"


def test_values_are_read_by_name_and_as_attributes():
    p = Parameters.default()
    assert p["peer_pull"] == p.peer_pull == rows()["peer_pull"].value
    assert p.as_dict() == dict(p) == {row.name: row.value for row in ROWS}
    assert list(p) == [row.name for row in ROWS]
    with pytest.raises(AttributeError, match="did you mean 'peer_pull'"):
        _ = p.peer_pul
    with pytest.raises(KeyError):
        _ = p["peer_pul"]
    values = p.as_dict()
    values["peer_pull"] = 99.0
    assert p.peer_pull != 99.0


def in_range(row):
    return st.integers(int(row.low), int(row.high)) if row.whole else st.floats(row.low, row.high)


@given(st.sampled_from(ROWS).flatmap(lambda row: st.tuples(st.just(row), in_range(row))))
def test_any_value_in_its_range_can_be_set_and_nothing_else_changes(change):
    row, value = change
    p = Parameters.default().replaced({row.name: value})
    assert p[row.name] == value
    assert {name for name in p if p[name] != rows()[name].value} <= {row.name}
    assert Parameters.default()[row.name] == row.value, "the table itself is not changed"


@given(st.sampled_from(ROWS), st.floats(1e-6, 1e6), st.booleans())
def test_no_value_outside_its_range_can_be_set(row, far, below):
    value = row.low - far if below else row.high + far
    with pytest.raises(InputError, match=rf"{row.name} is .*must lie between"):
        Parameters.default().replaced({row.name: value})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, "0.02", None, [0.02]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(InputError, match="it must be a number in per week"):
        Parameters.default().replaced({"peer_pull": value})


@pytest.mark.parametrize("value", [np.float32(15_000), np.float64(15_000), np.int64(15_000), 15_000])
def test_numbers_of_numpy_are_numbers(value):
    found = Parameters.default().replaced({"imams": value})["imams"]
    assert (found, type(found)) == (float(value), float)
    assert Parameters.default().drawn(np.int64(3)) == Parameters.default().drawn(3)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="there is no parameter 'peer_pul'; did you mean 'peer_pull'"):
        Parameters.default().replaced({"peer_pul": 0.02})


def test_parameters_can_be_stored_and_compared():
    p = Parameters.default().replaced({"imams": 15_000})
    twin = pickle.loads(pickle.dumps(p))
    assert twin == p != Parameters.default()
    assert twin.imams == 15_000.0
    assert isinstance(twin.imams, float)


# --- parameters that are counted in whole weeks or persons ----------------------------------------------------

WHOLE = [row for row in ROWS if row.whole]


def test_what_the_code_takes_as_a_whole_number_is_one_in_the_table():
    code = "\n".join(file.read_text(encoding="utf-8") for file in SIM.rglob("*.py"))
    used = set(re.findall(r"\bint\(\s*(?:p|parameters|country\.parameters)\.(\w+)\)", code))
    assert used, "the pattern finds them"
    weeks = {"job_weeks", "job_turn_weeks", "cash_turn_weeks"}
    assert used | weeks == {row.name for row in WHOLE}, "these are compared with weeks"


@pytest.mark.parametrize("row", WHOLE, ids=lambda row: row.name)
def test_decimals_of_a_whole_parameter_are_refused_everywhere(row):
    said = rf"{row.name} is {row.low + 0.9}; it must be .*whole .*without decimals"
    with pytest.raises(InputError, match=said):
        Parameters.default().replaced({row.name: row.low + 0.9})
    with pytest.raises(InputError, match=said):
        Scenario.of({"name": "x", "parameters": {row.name: row.low + 0.9}})
    assert Scenario.of({"name": "x", "parameters": {row.name: row.low + 1}}).parameters[row.name] == row.low + 1
    sweep = {
        "scenario": {"name": "x", "end": "2012-02-06"}, "vary": {f"parameters.{row.name}": {"high": row.low + 3}},
        "design": {"method": "sobol-sequence", "n": 16},
    }  # fmt: skip
    values = {point.scenario.parameters[row.name] for point in Sweep.of(sweep).points}
    assert values == {row.low, row.low + 1, row.low + 2, row.low + 3}
    with pytest.raises(InputError, match="without decimals"):
        Sweep.of({**sweep, "vary": {f"parameters.{row.name}": {"high": row.low + 0.9}}})


def test_draws_of_whole_parameters_are_whole_as_they_act():
    drawn = [row for row in WHOLE if row.drawn]
    assert drawn
    for row in drawn:
        values = [Parameters.default().drawn(draw)[row.name] for draw in range(1, 20)]
        assert all(value == int(value) for value in values)
        assert len(set(values)) > 5
