"""A fit finds the posterior that is known, goes on where it stopped, and gives the same worlds every time."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sim.batches.executors import in_processes, in_this_process
from sim.calibration import file_name, worlds
from sim.calibration.archive import Archive, Key
from sim.calibration.emulator import learn
from sim.calibration.fit import APART, FRESH, FURTHER, before_finalists, calibrate, finals
from sim.calibration.points import point_id
from sim.calibration.proof import simulated
from sim.calibration.sampling import effective, middle, resample, sample, weights, without_replacement
from sim.engine.errors import InputError
from sim.posterior import read
from tests.calibration import known

ROOT = Path(__file__).resolve().parents[2]
RECORD = known.SLOPES @ np.array([1.0, -0.8, 0.5, 0.0]) + 0.1
SMALL = {"points": 16, "waves": 1, "per_wave": 4, "finalists": 8, "seeds": 2, "worlds": 10}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A fit of the known model, and its file."""
    fit = known.fit(tmp_path_factory.mktemp("fit") / "a", RECORD)
    return fit, calibrate(fit, known.SCENARIO, in_this_process, known.quiet, known.made)


def test_worlds_have_the_mean_and_the_width_of_the_known_posterior(done):
    _, file = done
    table = worlds(known.UNTIL, file.parent)
    assert list(table.columns) == ["world", "seed", *known.SPACE.names]
    assert list(table.world) == list(range(1, 301))
    scores = known.SPACE.scores(table[list(known.SPACE.names)].to_numpy())
    mean, covariance = known.posterior(RECORD)
    assert scores.mean(axis=0) == pytest.approx(mean, abs=0.2)
    assert scores.std(axis=0) == pytest.approx(np.sqrt(np.diag(covariance)), rel=0.2)
    assert np.corrcoef(scores[:, 0], scores[:, 1])[0, 1] == pytest.approx(
        covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]), abs=0.2
    )


def test_worlds_are_runs_that_were_made_with_fresh_seeds(done):
    fit, file = done
    kept = read(file)
    assert min(kept.seeds) >= FRESH
    owner = {}
    for values, seed in zip(kept.values, kept.seeds, strict=True):
        assert owner.setdefault(seed, values) == values, "seeds of their own"
    assert len(owner) == len(kept.seeds), "no two worlds are the same"
    for values, seed, digest in zip(kept.values, kept.seeds, kept.runs, strict=True):
        [run] = [r for key, r in fit.archive.runs.items() if fit.archive.points[key.point] == values
                 and key.seed == seed]  # fmt: skip
        assert run.digest == digest


def test_the_history_of_the_middle_world_is_near_the_mean(done):
    fit, file = done
    kept = read(file)
    found = fit.results([Key(point_id(values), seed) for values, seed in zip(kept.values, kept.seeds, strict=True)])
    far = np.linalg.norm((found - found.mean(axis=0)) / found.std(axis=0), axis=1)
    assert far[kept.about["middle"] - 1] == far.min()


def test_worlds_are_the_runs_that_the_record_makes_likely(done):
    fit, file = done
    kept = read(file)
    taken = {Key(point_id(values), seed) for values, seed in zip(kept.values, kept.seeds, strict=True)}
    points = {key.point for key in taken}
    left = [key for key in fit.archive.runs if key.seed >= FRESH and key.point in points and key not in taken]
    misses = [((fit.results(sorted(keys)) - fit.seen) ** 2).sum(axis=1).mean() for keys in (taken, left)]
    assert misses[0] < 0.8 * misses[1]


def test_intervals_cover_what_is_true_in_simulated_records(done):
    fit, _ = done
    found = simulated(finals(fit), fit, 300, before_finalists(fit))
    assert len(found.ranks) == 300
    assert ((found.inside.mean(axis=0) > 0.8) & (found.inside.mean(axis=0) < 0.97)).all()
    assert 0.8 < found.joint < 0.97
    recovered = [np.corrcoef(found.truth[:, k], found.mean[:, k])[0, 1] for k in range(4)]
    assert min(recovered[:3]) > 0.5, "what moves targets is recovered"
    assert recovered[3] < 0.3, "what moves nothing is not"


def test_the_same_command_makes_no_run_twice_and_gives_the_same_bits(done):
    _, file = done
    before = file.read_bytes()
    known.calls.clear()
    again = known.fit(file.parent, RECORD)
    assert calibrate(again, known.SCENARIO, in_this_process, known.quiet, known.made).read_bytes() == before
    assert known.calls == []


def test_another_fit_reuses_runs_and_more_worlds_need_only_their_own(tmp_path):
    fit = known.fit(tmp_path / "a", RECORD, **SMALL)
    calibrate(fit, known.SCENARIO, in_this_process, known.quiet, known.made)
    known.calls.clear()
    more = known.fit(tmp_path / "a", RECORD, **{**SMALL, "worlds": 20})
    assert len(read(calibrate(more, known.SCENARIO, in_this_process, known.quiet, known.made))) == 20
    assert known.calls
    assert all(seed >= FURTHER for _, seed in known.calls)
    other = known.fit(tmp_path / "a", RECORD, **{**SMALL, "per_wave": 5})
    calibrate(other, known.SCENARIO, in_this_process, known.quiet, known.made)
    wave, finalists = range(APART + 1, APART + 6), range(FRESH, FRESH + SMALL["finalists"] * SMALL["seeds"])
    made = sorted(seed for _, seed in known.calls if seed < FURTHER)
    assert made == [*wave, *finalists], "the screening was there"


def test_workers_change_nothing(tmp_path):
    files = []
    for name, made_by in (("one", in_this_process), ("two", lambda work, jobs: in_processes(work, jobs, 2))):
        fit = known.fit(tmp_path / name, RECORD, **SMALL)
        files.append(calibrate(fit, known.SCENARIO, made_by, known.quiet, known.made))
    assert files[0].read_bytes() == files[1].read_bytes()


SCRIPT = """
import sys, time
from pathlib import Path
import numpy as np
from sim.batches.executors import in_this_process
from sim.calibration import archive
from sim.calibration.fit import calibrate
from tests.calibration import known
from tests.calibration.test_fit import RECORD, SMALL
archive.EVERY = 0.0
def slow(job):
    time.sleep(0.05)
    return known.made(job)
if __name__ == "__main__":
    calibrate(known.fit(Path(sys.argv[1]), RECORD, **SMALL), known.SCENARIO, in_this_process, known.quiet, slow)
"""


def test_a_killed_fit_goes_on_with_the_runs_it_has_and_ends_alike(tmp_path):
    script, folder = tmp_path / "slow.py", tmp_path / "killed"
    script.write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, str(script), str(folder)], cwd=ROOT,
                               env={**__import__("os").environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    deadline = time.monotonic() + 120
    while len(list((folder / "runs").glob("*.npz"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    there = len(known.fit(folder, RECORD, **SMALL).archive.runs)
    assert 5 <= there < 36
    known.calls.clear()
    fit = known.fit(folder, RECORD, **SMALL)
    file = calibrate(fit, known.SCENARIO, in_this_process, known.quiet, known.made)
    assert len(known.calls) == len(fit.archive.runs) - there
    whole = known.fit(tmp_path / "whole", RECORD, **SMALL)
    alike = calibrate(whole, known.SCENARIO, in_this_process, known.quiet, known.made)
    assert file.read_bytes() == alike.read_bytes()


def test_a_damaged_part_is_named_and_its_runs_are_made_again(tmp_path):
    fit = known.fit(tmp_path / "a", RECORD, **SMALL)
    file = calibrate(fit, known.SCENARIO, in_this_process, known.quiet, known.made)
    before = file.read_bytes()
    part = sorted((tmp_path / "a" / "runs").glob("*.npz"))[0]
    part.write_bytes(part.read_bytes()[:200])
    again = known.fit(tmp_path / "a", RECORD, **SMALL)
    assert [part.name in note for note in again.archive.notes] == [True]
    known.calls.clear()
    assert calibrate(again, known.SCENARIO, in_this_process, known.quiet, known.made).read_bytes() == before
    assert known.calls


def test_runs_of_another_program_or_something_else_are_refused(tmp_path):
    fit = known.fit(tmp_path / "a", RECORD, **SMALL)
    calibrate(fit, known.SCENARIO, in_this_process, known.quiet, known.made)
    with pytest.raises(InputError, match="another state of the program's code"):
        Archive.at(tmp_path / "a", known.SPACE, {"sources": "changed"})
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="something else"):
        Archive.at(tmp_path / "b", known.SPACE, {})


def failing(job):
    """Every other run fails."""
    return (None, None, "ValueError: no luck") if int(job.values[0] * 1e7) % 2 else known.made(job)


def test_a_fit_ends_if_many_runs_fail(tmp_path):
    fit = known.fit(tmp_path / "a", RECORD, **SMALL)
    with pytest.raises(InputError, match=r"of 16 runs failed; the first: ValueError: no luck"):
        calibrate(fit, known.SCENARIO, in_this_process, known.quiet, failing)


# --- its parts -----------------------------------------------------------------------------------------------


def test_the_emulator_predicts_runs_it_has_not_seen_and_knows_the_luck():
    luck = np.random.default_rng(1)
    z, new = luck.standard_normal((200, 4)), luck.standard_normal((400, 4))

    def truth(x):
        return np.hstack([x @ known.SLOPES.T, np.sin(x[:, :1]) * x[:, 1:2]])

    size = 0.3 * np.exp(0.4 * z[:, :1])
    emulator = learn(z, truth(z) + size * luck.standard_normal((200, 7)), np.ones(7))
    guess = emulator.guess(new)
    misses = guess.mean - truth(new)
    assert np.sqrt((misses**2).mean()) < 0.25
    claimed = np.sqrt(guess.ignorance @ emulator.axes**2)
    assert 0.5 < np.sqrt((misses**2).mean()) / np.sqrt((claimed**2).mean()) < 2.0
    assert np.sqrt(np.diag(emulator.luck)).mean() == pytest.approx(0.33, rel=0.3)
    assert np.corrcoef(np.log(guess.sway), new[:, 0])[0, 1] > 0.6, "luck grows with the first parameter"


def test_points_are_drawn_from_the_density():
    luck = np.random.default_rng(2)

    def density(x):
        return -0.5 * ((x[:, 0] - 2.0) / 0.5) ** 2

    found = sample(density, np.zeros((40, 2)), 2000, luck, steps=20)
    assert found[:, 0].mean() == pytest.approx(2.0 / 1.25, abs=0.05)
    assert found[:, 0].std() == pytest.approx(np.sqrt(0.2), rel=0.1)
    assert found[:, 1].std() == pytest.approx(1.0, rel=0.1)


def test_weights_are_tempered_until_enough_points_count():
    even, power = weights(np.zeros(100))
    assert power == 1.0
    assert even == pytest.approx(0.01)
    steep, power = weights(-np.arange(100.0))
    assert power < 1.0
    assert effective(steep) >= 25.0
    assert (np.diff(steep) < 0).all()


def test_resampling_takes_each_row_as_often_as_its_weight_asks():
    weight = np.array([0.5, 0.25, 0.2, 0.05])
    rows = resample(weight, 100, np.random.default_rng(3))
    assert np.abs(np.bincount(rows) - 100 * weight).max() <= 1
    assert rows.tolist() != sorted(rows.tolist())


def test_the_middle_is_a_row_and_outliers_do_not_draw_it_away():
    points = np.array([[0.0, 0.0], [0.1, 0.1], [0.2, -0.1], [5.0, 0.0]])
    assert middle(points) == 0
    assert middle(points[:, ::-1]) == 0
    assert middle(np.array([[0.0, 3.0], [1.0, 2.0], [2.0, 2.5], [3.0, 9.0]])) == 2


def test_rows_are_drawn_without_replacement_by_their_weights():
    luck, log = np.random.default_rng(5), np.log(np.array([0.6, 0.3, 0.1]))
    orders = np.array([without_replacement(log, luck) for _ in range(4000)])
    assert (np.sort(orders, axis=1) == np.arange(3)).all()
    assert np.bincount(orders[:, 0]) / 4000 == pytest.approx(np.exp(log), abs=0.03)
    after = orders[orders[:, 0] == 0][:, 1]
    assert (after == 1).mean() == pytest.approx(0.75, abs=0.03)


def test_scores_and_values_are_one_and_limits_hold():
    values = known.SPACE.values(np.array([[0.0, -9.0, 9.0, 1.0]]))
    rows = known.SPACE.rows
    assert values[0, 1] == pytest.approx(rows[1].low, rel=1e-3)
    assert values[0, 2] == pytest.approx(rows[2].high, rel=1e-3)
    first = known.SPACE.first(64)
    assert known.SPACE.scores(known.SPACE.values(first)) == pytest.approx(first, abs=1e-3)
    assert np.abs(first.mean(axis=0)).max() < 0.05
    assert first.std(axis=0) == pytest.approx(1.0, abs=0.06)


def test_files_are_named_by_the_day(done):
    _, file = done
    assert file.name == file_name(known.UNTIL) == "posterior_2014-12-31.csv"
    about = json.loads(file.with_suffix(".json").read_text())
    assert about["until"] == "2014-12-31"
    assert about["runs"]["learnt_from"] == 64 + 2 * 24 + 320 * 4
    assert file_name() == "posterior.csv"
    assert Key("a", 1) < Key("a", 2)
