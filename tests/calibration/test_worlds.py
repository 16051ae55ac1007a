"""Draws of parameters are the worlds of a posterior where one is there and fits the program, else the priors."""

import csv
import json
from datetime import date

import numpy as np
import pytest
from click.testing import CliRunner

import sim
from sim import posterior
from sim.calibration import worlds
from sim.calibration.adopt import adopt, with_values
from sim.calibration.archive import Job, make
from sim.calibration.summaries import summary
from sim.cli import kumakan
from sim.engine.errors import InputError
from sim.engine.luck import seed_key
from sim.parameters import TABLE, Parameters, rows
from sim.scenario import Scenario
from sim.stores.run import Run
from sim.week import begin, run

SMALL = {"name": "small", "persons_per_youth": 10_000, "end": "2012-02-06"}
VALUES = {"h0": (0.011, 0.022), "attack_rate": (0.004, 0.005)}
SEEDS = (104, 103)


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A posterior of two worlds that fits the program."""
    file = tmp_path / "posterior.csv"
    lines = [["world", "seed", *VALUES, "loglik", "run"]]
    lines += [[k + 1, SEEDS[k], *(values[k] for values in VALUES.values()), -3.5, "abc"] for k in range(2)]
    with file.open("w", newline="") as text:
        csv.writer(text).writerows(lines)
    file.with_suffix(".json").write_text(json.dumps({"sources": posterior.fit_digest(), "middle": 2}))
    monkeypatch.setattr(posterior, "FILE", file)
    posterior.forget()
    yield file
    posterior.forget()


@pytest.fixture
def stale(shipped):
    """One that was fitted to another state of the program."""
    shipped.with_suffix(".json").write_text(json.dumps({"sources": "another", "middle": 2}))
    posterior.forget()
    return shipped


@pytest.fixture
def none(tmp_path, monkeypatch):
    """No posterior."""
    monkeypatch.setattr(posterior, "FILE", tmp_path / "nothing.csv")
    posterior.forget()
    yield
    posterior.forget()


def tiny(draw=0, seed=1, **settings):
    return begin(Scenario.of({**SMALL, **settings}), seed, draw=draw)


def test_a_draw_takes_fitted_parameters_from_its_world_and_the_others_from_their_priors(shipped):
    for draw, world in ((1, 0), (2, 1), (3, 0)):
        country = tiny(draw)
        expected = {**Parameters.default().drawn(draw), **{name: each[world] for name, each in VALUES.items()}}
        assert country.about["parameters"] == expected
        assert country.about["world"] == world + 1


def test_a_world_has_the_society_under_which_it_was_kept(shipped):
    kept = begin(Scenario.of({**SMALL, "parameters": {name: each[1] for name, each in VALUES.items()}}), SEEDS[1])
    assert tiny(2).world_seed == kept.world_seed == SEEDS[1]
    assert np.array_equal(tiny(2).society.ties, kept.society.ties)


def test_the_first_seed_of_a_draw_is_that_of_its_world(shipped):
    assert tiny(1).seed == seed_key(SEEDS[0])
    assert tiny(2).seed == seed_key(SEEDS[1])
    others = {int(tiny(1, seed=2).seed), int(tiny(3).seed), int(tiny(2, seed=2).seed)}
    assert len(others | {int(seed_key(seed)) for seed in SEEDS}) == 5, "other seeds and later rounds have luck apart"


def test_a_world_is_the_run_with_its_parameters_and_its_seed_bit_for_bit(shipped, monkeypatch):
    monkeypatch.setattr(Parameters, "drawn", lambda self, draw: self)  # the other parameters at their central values
    for _, world in worlds(path=shipped).iterrows():
        values = tuple(float(world[name]) for name in VALUES)
        by_hand = Scenario.of(SMALL).replaced({f"parameters.{n}": v for n, v in zip(VALUES, values, strict=True)})
        digest = run(by_hand, int(world.seed)).digest
        assert run(Scenario.of(SMALL), 1, draw=int(world.world)).digest == digest
        _, kept, error = make(Job(Scenario.of(SMALL), tuple(VALUES), values, int(world.seed)))
        assert (kept.digest, error) == (digest[:16], ""), "the fit kept this very run"


def test_a_summary_holds_the_sums_and_means_of_its_record():
    scenario = Scenario.of({**SMALL, "end": "2013-03-04"})
    record = run(scenario, 2)
    layout, kept = summary(record)
    years = np.array([day.year for day in record.dates])
    assert layout.years == (2012, 2013)
    assert layout.months[0] == "2012-01"
    assert "trust" not in layout.names
    for k, year in enumerate(layout.years):
        attacks, members = (kept.yearly[k, :, layout.names.index(name)] for name in ("attacks", "members"))
        assert attacks.tolist() == record["attacks"][years == year].sum(axis=0).tolist()
        assert members == pytest.approx(record["members"][years == year].mean(axis=0), rel=1e-6)
    assert kept.monthly.sum() == record["attacks"].sum()
    assert kept.monthly[12:].sum() == record["attacks"][years == 2013].sum()


def test_draw_0_is_the_table_and_no_posterior_moves_it(shipped, tmp_path, monkeypatch):
    with_one = run(Scenario.of(SMALL), 3)
    monkeypatch.setattr(posterior, "FILE", tmp_path / "nothing.csv")
    posterior.forget()
    assert run(Scenario.of(SMALL), 3).digest == with_one.digest
    assert "world" not in with_one.about


@pytest.mark.parametrize("prior", [True, False])
def test_prior_gives_the_priors(shipped, none, prior):
    plain = tiny(2)
    posterior.FILE = shipped
    posterior.forget()
    country = tiny(2, draws_from="prior" if prior else "worlds")
    assert (country.about["parameters"] == plain.about["parameters"]) == prior
    assert (country.seed == plain.seed) == prior
    record = sim.run(SMALL, draw=2, prior=prior)
    assert ("world" in record.about) != prior


def test_what_a_scenario_sets_stands_in_every_world(shipped):
    assert tiny(1, parameters={"h0": 0.003}).parameters.h0 == 0.003


def test_runs_from_worlds_and_from_priors_are_told_apart():
    one, other = Scenario.of(SMALL), Scenario.of({**SMALL, "draws_from": "prior"})
    assert Run(one, one.digest, 1, 2, 1).id != Run(other, other.digest, 1, 2, 1).id
    assert "draws_from" not in one.resolved(), "the digests of scenarios stay as they were"
    assert Scenario.of(other.resolved()) == other
    with pytest.raises(InputError, match="draws_from"):
        Scenario.of({**SMALL, "draws_from": "posterior"})


def test_a_stale_posterior_is_left_out_and_said(stale, tmp_path):
    assert tiny(2).about["parameters"] == Parameters.default().drawn(2)
    assert "fitted to another state" in posterior.warning()
    scenario = tmp_path / "small.yaml"
    scenario.write_text(f"persons_per_youth: 10000\nend: {SMALL['end']}\n")
    given = ["run", str(scenario), "--draw", "2", "--out", str(tmp_path / "out"), "--quiet"]
    result = CliRunner().invoke(kumakan, given)
    assert result.exit_code == 0, result.output
    assert "warning: the worlds" in result.stderr
    result = CliRunner().invoke(kumakan, [*given[:-2], str(tmp_path / "prior"), "--quiet", "--prior"])
    assert result.exit_code == 0, result.output
    assert "warning" not in result.stderr


def test_nothing_is_said_where_all_is_well(shipped):
    assert posterior.warning() == ""


def test_without_a_posterior_nothing_is_said_and_draws_are_priors(none):
    assert posterior.warning() == ""
    assert tiny(4).about["parameters"] == Parameters.default().drawn(4)
    assert tiny(4).seed == seed_key(1, 4)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a table of worlds"),
        ("world,h0\n1,0.1\n", "not a table of worlds"),
        ("world,seed,h0\n", "not a table of worlds"),
        ("world,seed,h0,h0\n1,1,0.1,0.1\n", "not a table of worlds"),
        ("world,seed,h0\n1,1,many\n", "damaged"),
        ("world,seed,h0\n1,1,0.1\n3,1,0.1\n", "damaged"),
        ("world,seed,h0\n1,1\n", "damaged"),
    ],
)
def test_what_is_no_posterior_is_refused(tmp_path, text, why):
    file = tmp_path / "p.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=why):
        worlds(path=file)


def test_a_posterior_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"posterior_2015-12-31\.csv; `kumakan calibrate` makes one"):
        worlds(date(2015, 12, 31), tmp_path)


def test_values_are_written_into_the_table_and_nothing_else(tmp_path):
    text = TABLE.read_text(encoding="utf-8")
    changed = with_values(text, {"h0": 0.0123, "attack_rate": 0.00456})
    before, after = (list(csv.DictReader(one.splitlines())) for one in (text, changed))
    different = [(a["name"], b["value"]) for a, b in zip(before, after, strict=True) if a != b]
    assert different == [("h0", "0.0123"), ("attack_rate", "0.00456")]
    with pytest.raises(InputError, match="cannot be written"):
        with_values(text, {"nobody": 1.0})


def test_adopting_ships_the_worlds_and_makes_the_middle_draw_0(shipped, tmp_path):
    table, into = tmp_path / "parameters.csv", tmp_path / "room"
    table.write_text(TABLE.read_text(encoding="utf-8"), encoding="utf-8")
    told = adopt(shipped.parent, date(2017, 12, 31), into, table)
    assert any("world 2" in line for line in told)
    assert worlds(path=into).equals(worlds(path=shipped))
    found = {row["name"]: float(row["value"]) for row in csv.DictReader(table.open(encoding="utf-8"))}
    assert (found["h0"], found["attack_rate"]) == (0.022, 0.005)


def test_the_digest_of_a_fit_forgets_fitted_values_and_words_only(tmp_path, monkeypatch):
    text = TABLE.read_text(encoding="utf-8")
    before = posterior.fit_digest()
    table = tmp_path / TABLE.name
    monkeypatch.setattr(posterior, "TABLE", table)

    def digest(old, new):
        assert old in text
        table.write_text(text.replace(old, new, 1), encoding="utf-8")
        return posterior.fit_digest()

    h0 = f"h0,{rows()['h0'].value:g},"
    assert digest(h0, "h0,0.0123,") == before
    assert digest("share of women among youths", "women among youths") == before
    assert digest("peer_pull,0.02,", "peer_pull,0.03,") != before
    assert digest("log-uniform(0.0005,0.05)", "log-uniform(0.001,0.05)") != before


def test_fitted_parameters_have_priors_and_do_not_change_people():
    from sim.population.youth import SETTLED_BY

    names = posterior.fitted()
    assert len(set(names)) == len(names) > 20
    assert not set(names) & set(SETTLED_BY), "then every run would settle the country anew"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("detecton,x", "no parameter; did you mean 'detection'"),
        ("women_share,x", "has no prior"),
        ("h0,x\nh0,x", "twice"),
    ],
)
def test_a_wrong_list_of_fitted_parameters_is_refused(tmp_path, monkeypatch, lines, why):
    file = tmp_path / "fitted.csv"
    file.write_text(f"name,decides\n{lines}\n")
    monkeypatch.setattr(posterior, "FITTED", file)
    with pytest.raises(InputError, match=why):
        posterior.fitted()


def test_calibrate_says_what_it_would_take_and_runs_nothing(tmp_path):
    result = CliRunner().invoke(
        kumakan, ["calibrate", "--until", "2014-12-31", "--out", str(tmp_path / "c"), "--dry-run"]
    )
    assert result.exit_code == 0, result.output
    assert "3,418 runs at most: 300 of the screening, 6 waves of 120, 400 finalists under 2 seeds" in result.output
    assert not (tmp_path / "c").exists()


def test_a_day_before_the_first_target_and_a_missing_fit_end_with_2(tmp_path):
    result = CliRunner().invoke(kumakan, ["calibrate", "--until", "2012-12-30", "--out", str(tmp_path / "c")])
    assert result.exit_code == 2
    assert "no target is known by 2012-12-30" in result.stderr
    for command in ("check", "adopt"):
        result = CliRunner().invoke(kumakan, ["calibrate", command, str(tmp_path)])
        assert result.exit_code == 2
        assert "`kumakan calibrate" in result.stderr


# --- the posterior that comes with the program ---------------------------------------------------------------


@pytest.fixture
def ours():
    posterior.forget()
    found = posterior.shipped()
    if found is None:
        pytest.skip("no posterior comes with this state of the program")
    return found


def test_the_posterior_that_is_shipped_was_fitted_to_this_program_these_targets_and_this_scenario(ours):
    """A release must not carry a stale one: run `kumakan calibrate`, then `kumakan calibrate adopt`."""
    from sim.calibration.fit import scenario_digest, targets_digest

    assert posterior.fresh(), "the code, the tables or the priors have changed: `kumakan calibrate`"
    assert ours.about["targets"] == targets_digest(), "the targets have changed: `kumakan calibrate`"
    assert ours.about["scenario"] == scenario_digest(sim.load("historical", ["persons_per_youth=200"]))
    assert set(ours.names) == set(posterior.fitted())


def test_draw_0_is_the_middle_of_the_posterior_that_is_shipped(ours):
    middle = ours.world(ours.about["middle"])
    assert {name: rows()[name].value for name in middle} == middle, "`kumakan calibrate adopt` writes them"


@pytest.mark.slow
def test_the_first_worlds_that_are_shipped_come_out_again(ours):
    history = sim.load("historical", ["persons_per_youth=200"])
    for number in range(1, 21):
        changes = {f"parameters.{name}": value for name, value in ours.world(number).items()}
        record = run(history.replaced(changes), ours.seeds[number - 1])
        assert record.digest[:16] == ours.runs[number - 1], f"world {number}"


def test_limits_of_the_table_hold_every_world(ours):
    values = np.array(ours.values)
    for k, name in enumerate(ours.names):
        assert rows()[name].low <= values[:, k].min()
        assert values[:, k].max() <= rows()[name].high
