"""The table of targets: checked strictly, equal to the data it is taken from, computed from runs as it says."""

import csv
from datetime import date

import numpy as np
import pytest

from sim.calibration import targets as t
from sim.calibration.summaries import Layout
from sim.engine.errors import InputError
from sim.world.facts import table
from sim.world.grid import world_grid

LINES = list(csv.DictReader(t.TABLE.open(encoding="utf-8")))
LAYOUT = Layout(("joined", "joined_ties", "attacks", "members", "killed"), (2015, 2016, 2017), (), ("Mopti", "Gao"))


def run(**columns):
    """A run in which all is zero but some observables: years x regions."""
    yearly = np.zeros((1, 3, 2, 5), np.float32)
    for name, values in columns.items():
        yearly[0, :, :, LAYOUT.names.index(name)] = values
    return yearly


def row(**changes):
    """A row of the table, from the text in its fields."""
    line = {"key": "k", "pattern": "p", "observable": "attacks", "over": "", "regions": "Mali", "years": "2015",
            "transform": "share", "value": "1", "error": "0.1", "discrepancy": "0.2", "common": "0", "block": "",
            "weight": "1", "fitted": "yes", "source": "s", "note": ""}  # fmt: skip
    return t._row({**line, **changes}, "targets.csv")


def test_attacks_are_those_of_jihadists_and_unknown_perpetrators_in_the_data():
    seen = {(r["region"], r["year"]): (r["events_jihadist"] or 0) + (r["ev_unknown"] or 0)
            for r in table("events") if r["source"] == "GTD"}  # fmt: skip
    found = {(row.regions[0] if row.regions else "Mali", row.first): row.value
             for row in t.targets() if row.key.startswith("attacks_")}  # fmt: skip
    assert len(found) == 60
    assert found == {key: seen[key] for key in found}


def test_deaths_in_attacks_lie_between_those_by_jihadists_and_all():
    data = {r["year"]: r for r in table("events") if r["source"] == "GTD" and r["region"] == "Mali"}
    rows = [row for row in t.targets() if row.key.startswith("deaths_attacks")]
    assert [row.first for row in rows] == list(range(2012, 2018))
    for row in rows:
        assert row.value == (data[row.first]["deaths_jihadist"] + data[row.first]["deaths"]) / 2


def test_the_war_of_2012_and_what_was_not_counted_are_not_fitted():
    fitted = t.fitted(date(2017, 12, 31))
    assert not any(row.first == 2012 and row.last == 2012 for row in fitted)
    assert not any(row.key.startswith("T6") for row in fitted)
    assert sum(row.key.startswith("attacks_") for row in fitted) == 45


@pytest.mark.parametrize(("day", "last"), [(date(2014, 12, 31), 2014), (date(2015, 6, 30), 2014)])
def test_a_fit_knows_only_years_that_are_over(day, last):
    rows = t.fitted(day)
    assert max(max(row.first, row.last) for row in rows) == last
    assert {row.key for row in rows} < {row.key for row in t.fitted(date(2015, 12, 31))}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"observable": "atacks"}, "no observable 'atacks' to add up; did you mean 'attacks'"),
        ({"observable": "attacks-"}, "joined by"),
        ({"observable": "trust"}, "no observable 'trust'"),
        ({"over": "joind in Mali"}, "no observable 'joind'"),
        ({"over": "in 2030"}, "years is '2030'"),
        ({"regions": "Mopti;Goa"}, "no region 'Goa'; did you mean 'Gao'"),
        ({"years": "2011"}, "from 2012 to 2018"),
        ({"years": "2016-2014"}, "years is '2016-2014'"),
        ({"years": "16"}, "years is '16'"),
        ({"transform": "sqrt"}, "must be one of root, log, share"),
        ({"value": "many"}, "value is 'many'"),
        ({"value": "nan"}, "value is nan"),
        ({"error": "0"}, "above 0"),
        ({"weight": "0"}, "above 0"),
        ({"discrepancy": "-1"}, "from 0"),
        ({"common": "0.5"}, "go together"),
        ({"block": "north"}, "go together"),
        ({"fitted": "maybe"}, "must be yes or no"),
        ({"source": " "}, "source is empty"),
    ],
)
def test_a_wrong_row_is_refused_with_its_key_and_the_reason(changes, why):
    with pytest.raises(InputError) as problem:
        row(**changes)
    assert why in str(problem.value)
    assert "targets.csv, k: " in str(problem.value)


def test_a_key_stands_once_and_columns_are_as_named(tmp_path):
    file = tmp_path / "targets.csv"
    text = t.TABLE.read_text(encoding="utf-8")
    file.write_text(text + text.splitlines()[-1] + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="two rows joined_elsewhere"):
        t.targets(file)
    other = tmp_path / "other.csv"
    other.write_text(text.replace("pattern", "words", 1), encoding="utf-8")
    with pytest.raises(InputError, match="must have the columns"):
        t.targets(other)


def value(row, yearly, last=2017):
    return float(row.computed(LAYOUT, yearly, last)[0])


def test_flows_add_up_over_years_and_states_are_means():
    yearly = run(attacks=[[1, 2], [3, 4], [5, 6]], members=[[10, 0], [20, 0], [30, 0]])
    assert value(row(), yearly) == 3
    assert value(row(years="2015-2016"), yearly) == 10
    assert value(row(years="2016-"), yearly) == 18
    assert value(row(years="2015-"), yearly, last=2016) == 10
    assert value(row(regions="Gao", years="2017"), yearly) == 6
    assert value(row(observable="members", years="2015-2017"), yearly) == 20


def test_sums_differences_and_what_they_are_divided_by():
    yearly = run(attacks=[[1, 2], [3, 4], [5, 6]], killed=[[1, 0], [1, 0], [1, 1]], joined=[[4, 4], [0, 0], [0, 0]],
                 joined_ties=[[1, 3], [0, 0], [0, 0]])  # fmt: skip
    assert value(row(observable="attacks-killed+joined", years="2015"), yearly) == 3 - 1 + 8
    assert value(row(observable="joined_ties", over="joined", regions="Gao"), yearly) == 0.75
    assert value(row(observable="attacks", over="attacks in Mali", regions="Gao", years="2016"), yearly) == 4 / 7
    assert value(row(over="in 2015", years="2017"), yearly) == 11 / 3
    assert np.isnan(value(row(observable="joined_ties", over="joined", years="2016"), yearly))


@pytest.mark.parametrize(("transform", "x"), [("root", 7.0), ("log", 7.0), ("share", 0.4), ("root", 0.0)])
def test_record_and_run_go_through_the_same_transform_and_back(transform, x):
    one = row(transform=transform, value=str(x))
    assert one.observed == value(one, run(attacks=[[x, 0], [0, 0], [0, 0]])) or transform == "share"
    assert one.natural(one.observed) == pytest.approx(x, abs=1e-6)


def test_blocks_share_the_common_discrepancy_and_weights_divide_variances():
    rows = [row(key="a", common="0.3", block="north"), row(key="b", common="0.4", block="north", weight="4"),
            row(key="c"), row(key="d")]  # fmt: skip
    found = t.covariance(rows)
    own = 0.1**2 + 0.2**2
    assert found == pytest.approx(np.array([
        [own + 0.09, 0.3 * 0.2, 0, 0], [0.3 * 0.2, own / 4 + 0.04, 0, 0], [0, 0, own, 0], [0, 0, 0, own],
    ]))  # fmt: skip


def test_the_covariance_of_the_table_is_one():
    found = t.covariance(t.fitted(date(2017, 12, 31)))
    assert np.linalg.eigvalsh(found).min() > 0.0
    assert {name for row in t.targets() for name in row.regions} <= set(world_grid().region_names)
