"""The filter of docs/try_assimilation.py, at toy size."""

import importlib
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import sim
from sim.batches.executors import executor
from sim.calibration import worlds
from sim.calibration.archive import Archive
from sim.calibration.points import Space
from sim.calibration.summaries import summary
from sim.forecasts.counts import Counts, recorded
from sim.week import begin, record_of

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def script():
    """What the two files of the trial have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        parts = [importlib.import_module(name) for name in ("particles", "try_assimilation")]
    return SimpleNamespace(**{**vars(parts[0]), **vars(parts[1])})


@pytest.fixture(scope="module")
def historical():
    return sim.load("historical", ["persons_per_youth=2000"])


@pytest.fixture(scope="module")
def folder(script, historical, tmp_path_factory):
    """Two worlds, as though they were fitted to the end of 2013, with their runs; and two passes from them."""
    folder = tmp_path_factory.mktemp("fit")
    table = worlds(date(2014, 12, 31)).drop_duplicates("h0").iloc[:2].assign(world=[1, 2])
    space = Space(tuple(table.columns[2:]))
    jobs = [(tuple(row), seed) for row, seed in zip(table[list(space.names)].to_numpy().tolist(), table.seed.tolist(),
                                                    strict=True)]  # fmt: skip
    Archive.at(folder / "fit", space, {}).fill(historical, jobs, executor(1), lambda done, total: None)
    table.to_csv(folder / "fit" / "posterior_2013-12-31.csv", index=False)
    script.filter_(historical, folder / "fit", 2013, 2014, [3, 2], 3, folder / "out")
    return folder


@pytest.fixture(scope="module")
def out(folder):
    return folder / "out"


def test_a_packed_country_goes_on_as_if_nothing_had_happened(script, historical):
    country = begin(historical, 5)
    script.live(country, date(2012, 6, 30))
    packed = script.State.of(country)
    twin, other = packed.country(5), packed.country(6)
    for one in (country, twin, other):
        script.live(one, date(2012, 12, 31))
    assert record_of(twin).digest == record_of(country).digest
    assert record_of(other).digest != record_of(country).digest


@pytest.mark.parametrize("number", [1, 2])
def test_a_particle_is_lived_again_bit_for_bit_from_its_row_and_its_keys(script, historical, out, number):
    particles, counts, facts = script.kept(out / f"from-2013-pass-{number}.json")
    again = script.Filter(historical, tuple(facts["names"]), 2013, number).again(particles[0], date(2014, 12, 31))
    assert again.digest == facts["digests"][0]
    np.testing.assert_array_equal(script.monthly(again, date(2014, 12, 31)).values, counts[0].values)
    assert [week for week, _ in particles[0].keys] == [0, 105]  # 2013 ends with the week of its 30 December


def test_copies_of_one_particle_share_their_past_and_differ_afterwards(script, out):
    particles, counts, facts = script.kept(out / "from-2013-pass-2.json")  # three are drawn from two
    assert len({p.keys[-1] for p in particles}) == 3
    assert len(set(facts["digests"])) == 3
    firsts = [p.keys[0] for p in particles]
    one, two = next((j, k) for k in range(3) for j in range(k) if firsts[j] == firsts[k])
    np.testing.assert_array_equal(counts[one].year(2013), counts[two].year(2013))
    assert (counts[one].values != counts[two].values).any()


def test_a_table_of_scores_has_the_plain_worlds_beside_the_passes(script, historical, folder):
    script.filter_(historical, folder / "fit", 2013, 2014, [2], 2, folder / "two")
    lines = script.score(folder / "fit", folder / "two", historical).splitlines()[2:]
    assert [line.split("|")[1:4] for line in lines[:2]] == [[" 2013 → 2014 ", " raw ", f" {name} "]
                                                            for name in ("plain", "pass 1")]  # fmt: skip
    assert len(lines) == 2 * 3
    runs = script.archive_of(folder / "fit").runs
    kept = script.plain(folder / "fit", 2013, 2, 2014, historical, folder)
    assert sorted(counts.values.sum() for counts in kept) == sorted(run.monthly.sum() for run in runs.values())
    (folder / "bare").mkdir()
    name = "posterior_2013-12-31.csv"
    (folder / "bare" / name).write_bytes((folder / "fit" / name).read_bytes())
    lived = script.plain(folder / "bare", 2013, 2, 2014, historical, folder)
    assert [counts.year(2014).tolist() for counts in lived] == [counts.year(2014).tolist() for counts in kept]


def test_runs_are_weighed_by_what_happened_in_them_over_the_density_of_their_rows(script, folder):
    archive, told = script.archive_of(folder / "fit"), []
    keys = sorted(archive.runs)
    values = np.array([archive.points[key.point] for key in keys])
    (folder / "fit" / "fit_2013-12-31").mkdir(exist_ok=True)
    for density, first in (([0.0, 1e4], 0), ([1e4, 0.0], 1)):
        np.savez(folder / "fit" / "fit_2013-12-31" / "finalists.npz", values=values, density=np.array(density))
        drawn = script.weighed(folder / "fit", 2013, 5, told.append)
        kept = script.attacks(archive.runs[keys[first]]).values.tolist()
        assert [one.values.tolist() for one in drawn].count(kept) == 5
    assert told[0].startswith("2013: 2 runs, worth 1.0")
    again = script.other_luck(folder / "fit", 2013, 2)  # each row has one seed, so it is the only other one
    assert sorted(int(one.values.sum()) for one in again) == sorted(int(r.monthly.sum()) for r in archive.runs.values())
    (folder / "fit" / "fit_2013-12-31" / "finalists.npz").unlink()
    (folder / "fit" / "fit_2013-12-31").rmdir()


def test_luck_competes_within_rows_or_rows_with_each_other(script, historical):
    particles = [script.Particle((float(k // 4),), ((0, k),)) for k in range(8)]
    score = np.array([0.0, -50.0, -50.0, -50.0, 40.0, 40.0, -50.0, -50.0])
    filters = {number: script.Filter(historical, ("h0",), 2013, number) for number in (0, 1)}
    rows = {number: f.drawn(score, particles, np.random.default_rng(1))[0] for number, f in filters.items()}
    assert set(rows[1]) == {4, 5}
    assert [int((rows[0] < 4).sum()), set(rows[0][4:])] == [4, {4, 5}]
    assert (rows[0] == 0).sum() >= 3


def test_a_second_pass_has_rows_of_its_own(script, out):
    first, second = (script.kept(out / f"from-2013-pass-{number}.json")[0] for number in (1, 2))
    assert not {p.values for p in first} & {p.values for p in second}


def test_what_was_not_known_weighs_nothing(script, historical):
    country = begin(historical, 5)
    script.live(country, date(2013, 12, 31))
    known = script.likely(summary(record_of(country)), 2013)
    script.live(country, date(2014, 12, 31))
    assert script.likely(summary(record_of(country)), 2013) == known
    assert script.likely(summary(record_of(country)), 2014) != known


def test_runs_that_are_there_save_years_and_change_nothing(script, historical):
    table = worlds(date(2014, 12, 31))
    f = script.Filter(historical, tuple(table.columns[2:]), 2013)
    rows = [tuple(table[list(f.names)].iloc[k].tolist()) for k in (0, 5, 0)]
    start = [script.Particle(row, ((0, seed),)) for row, seed in zip(rows, (5, 6, 7), strict=True)]
    runs = {
        p: summary(
            f.again(p, date(2014, 12, 31)),
        )
        for p in start[:2]
    }
    told = []
    lived = script.passed(f, start, 4, lambda p: None, told.append)
    known = script.passed(f, start, 4, runs.get, told.append)
    assert known.particles == lived.particles
    assert len(told) == 2
    ends = [[script.lived_on(found, 2014)[1]] for found in (lived, known)]
    assert ends[0] == ends[1]


def test_the_better_ensemble_has_the_better_score(script):
    seen = recorded("jihadist")
    right = [Counts(seen.values, seen.first, "model")] * 2
    wrong = [Counts(seen.values + 5, seen.first, "model")] * 2
    lines = script.table(seen, {2014: {"plain": wrong, "pass 1": right}}, {2014: 2016}).splitlines()
    cells = {tuple(cell.strip() for cell in line.split("|")[1:4]): line.split("|") for line in lines}
    assert ("2014 → 2015-2016", "raw", "pass 1") in cells
    row = cells["2014 → 2015", "raw", "pass 1"]
    assert float(row[4]) == 0.0
    assert row[6].strip() == "100%"
    assert float(cells["2014 → 2015", "raw", "plain"][4]) == 60.0
