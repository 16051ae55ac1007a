"""Worlds: where they come from, and how they are lived."""

from datetime import date

import numpy as np
import pytest

from sim.engine.errors import InputError
from sim.forecasts import worlds as living
from sim.forecasts.counts import month_id
from sim.forecasts.worlds import FEW, lived, monthly, read_worlds, worlds
from sim.parameters import rows
from sim.scenario import Scenario
from tests.forecasts.made import record

DAY = date(2016, 12, 31)
PULL = rows()["peer_pull"].value


@pytest.fixture
def posterior(tmp_path):
    file = tmp_path / "posterior.csv"
    file.write_text(f"world,seed,peer_pull\n1,11,{PULL}\n2,12,{PULL}\n3,40,{PULL}\n")
    return file


def test_worlds_come_from_a_file(posterior):
    found = worlds(DAY, posterior, None)
    assert found.table.seed.tolist() == [11, 12, 40]
    assert found.warning == ""
    assert len(found.digest) == 64
    assert worlds(DAY, posterior, 2).table.world.tolist() == [1, 2]
    with pytest.raises(InputError, match="4 worlds are asked for"):
        worlds(DAY, posterior, 4)


def test_without_a_posterior_this_is_said(monkeypatch):
    monkeypatch.setattr(living, "_shipped", lambda until: None)
    found = worlds(DAY, None, None)
    assert len(found) == FEW
    assert "NOT A FITTED FORECAST" in found.warning
    assert "2016-12-31" in found.warning
    assert not found.draws
    assert worlds(DAY, None, 7).table.seed.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_draws_from_the_priors_are_said_to_be_that(posterior):
    found = worlds(DAY, None, 5, prior=True)
    assert found.draws
    assert "priors" in found.warning
    with pytest.raises(InputError, match="give one of them"):
        worlds(DAY, posterior, 5, prior=True)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("world,peer_pull\n1,0.1\n", 1, "no column 'seed'"),
        ("world,seed,peer_pul\n1,1,0.1\n", 1, "did you mean 'peer_pull'"),
        ("world,seed\n1,1\n2\n", 3, "1 values for 2 columns"),
        ("world,seed\n1,1\n2,x\n", 3, "seed is 'x'; it must be a whole number"),
        ("world,seed,peer_pull\n1,1,much\n", 2, "peer_pull is 'much'; it must be a number"),
        ("world,seed,peer_pull\n1,1,1e9\n", 2, "peer_pull is 1e.09; it must lie between"),
        ("world,seed,seed\n1,1,1\n", 1, "twice"),
        ("# made yesterday\nworld,seed\n1,1\n2,2.5\n", 4, "seed is '2.5'"),
    ],
)
def test_a_wrong_file_is_told_by_line(tmp_path, text, line, what):
    file = tmp_path / "worlds.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=what) as problem:
        read_worlds(file)
    assert problem.value.line == line
    assert "worlds.csv" in str(problem.value)


def test_a_file_that_is_not_there_or_empty_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_worlds(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("world,seed\n")
    with pytest.raises(InputError, match="no worlds"):
        read_worlds(tmp_path / "empty.csv")
    (tmp_path / "twice.csv").write_text("world,seed\n1,1\n1,2\n")
    with pytest.raises(InputError, match="world 1 is there twice"):
        read_worlds(tmp_path / "twice.csv")


# --- living them ------------------------------------------------------------------------------------------------


def test_weeks_belong_to_the_month_of_their_first_day():
    made = record(date(2012, 1, 2), weeks=60)
    counts = monthly(made, date(2013, 12, 31))
    assert (counts.first, counts.last) == (month_id(2012, 1), month_id(2013, 12))
    attacks = made["attacks"]
    assert np.array_equal(counts.values[0], attacks[:5].sum(axis=0))  # 2, 9, 16, 23 and 30 January
    assert np.array_equal(counts.values[1], attacks[5:9].sum(axis=0))
    assert counts.values.sum() == attacks.sum()


def test_weeks_after_the_last_day_are_left_out():
    made = record(date(2012, 1, 2), weeks=120)
    counts = monthly(made, date(2012, 12, 31))
    assert counts.last == month_id(2012, 12)
    assert counts.values.sum() == made["attacks"][:53].sum()  # the week from 31 December 2012 is the last


def test_every_world_has_its_own_parameters_and_seed(posterior, tmp_path, monkeypatch):
    seen = []

    def live(scenario, seed, draw, until):
        seen.append((scenario.parameters, seed, draw, until, scenario.end))
        return record(seed=seed)

    monkeypatch.setattr(living, "live", live)
    scenario = Scenario.of({"name": "short", "end": "2013-06-03", "persons_per_youth": 2000})
    found = lived(scenario, worlds(DAY, posterior, None), date(2017, 12, 31), tmp_path / "runs", workers=1)
    assert [s[1] for s in seen] == [11, 12, 40]
    assert all(s[0] == {"peer_pull": PULL} and s[2] == 0 for s in seen)
    assert all(s[4] >= date(2018, 1, 7) for s in seen)  # long enough to hold the last week
    assert [c.values.sum() for c in found] == [record(seed=s)["attacks"].sum() for s in (11, 12, 40)]


def test_draws_of_the_priors_are_draws(tmp_path, monkeypatch):
    seen = []

    def live(scenario, seed, draw, until):
        seen.append((seed, draw))
        return record(seed=seed)

    monkeypatch.setattr(living, "live", live)
    scenario = Scenario.of({"name": "short", "persons_per_youth": 2000})
    lived(scenario, worlds(DAY, None, 3, prior=True), date(2017, 12, 31), tmp_path / "runs", workers=1)
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_finished_worlds_are_not_lived_again(posterior, tmp_path, monkeypatch):
    lives = []
    monkeypatch.setattr(living, "live", lambda scenario, seed, draw, until: lives.append(seed) or record(seed=seed))
    scenario = Scenario.of({"name": "short", "persons_per_youth": 2000})
    chosen, told = worlds(DAY, posterior, None), []

    def again(sc=scenario, until=date(2017, 12, 31)):
        lives.clear()
        lived(sc, chosen, until, tmp_path / "runs", workers=1, told=lambda done, total: told.append((done, total)))
        return list(lives)

    assert again() == [11, 12, 40]
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert again() == []
    assert told[-1] == (3, 3)
    (tmp_path / "runs" / "world-2.json").write_text("{half")
    assert again() == [12]
    assert again(scenario.replaced({"persons_per_youth": 1000})) == [11, 12, 40]
    assert again(until=date(2018, 12, 31)) == [11, 12, 40]


def test_a_scenario_that_ends_later_is_lived_only_to_the_day():
    """The measures of later years stay in the file, and the weeks before them are those of the whole run."""
    from sim.forecasts.worlds import live
    from sim.week import run

    scenario = Scenario.of({"name": "later", "end": "2012-06-04", "persons_per_youth": 2000,
                            "measures": {"joint_patrols": {"start": "2012-05-07"}}})  # fmt: skip
    part, whole = live(scenario, 3, 0, date(2012, 3, 31)), run(scenario, 3)
    assert len(part.dates) == 13  # to the week from 26 March
    assert np.array_equal(part["attacks"], whole["attacks"][:13])
