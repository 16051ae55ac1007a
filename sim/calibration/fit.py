"""The fit: screening, waves, finalists, worlds.

1. Points that fill the prior evenly are run once each.
2. Waves: an emulator learns from all runs so far; new points are drawn where it finds the record likely (at first with
   a heat that keeps doubt alive) and not implausible; they are run once each.
3. Finalists are drawn from the emulator and run under several seeds. The weight of each is its synthetic likelihood
   (mean and spread of its runs, error, discrepancy) over the density it was drawn from.
4. Worlds: finalists drawn by weight. One that is drawn more than once is run under further seeds, and its worlds are
   those of its runs that the record makes most likely, so no two worlds are the same.

Every point has seeds of its own, and with them a society of its own. Under a common seed the emulator would learn what
happens in one society, and all worlds would be fitted to it.

Every step is kept, so the same command goes on where it stopped. All luck is keyed, so it gives the same worlds.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.batches.executors import Executor
from sim.calibration import file_name
from sim.calibration.archive import Archive, Key, Work, make, read_json, write
from sim.calibration.emulator import Emulator, Guess, learn
from sim.calibration.points import Space, point_id
from sim.calibration.sampling import (
    CHAINS,
    CUT,
    effective,
    implausibility,
    log_likelihood,
    middle,
    resample,
    sample,
    weights,
    without_replacement,
)
from sim.calibration.targets import TABLE, Row, computed, covariance, fitted, observed
from sim.engine.errors import InputError
from sim.languages import day, tr
from sim.posterior import fit_digest
from sim.scenario import Scenario
from sim.stores.run import versions

Array = NDArray[np.float64]
Told = Callable[[str, int, int], None]

HOTTEST, COOLEST = 8.0, 1.5
"""The log-likelihood is divided by a heat that falls from the first to the second, which is that of the last wave: no
wave trusts the emulator wholly."""
APART = 1_000_000
"""Between the first seeds of two steps. The screening begins at 1, wave k at k x APART + 1."""
FRESH = 1000 * APART + 1
"""The first seed of the finalists."""
FURTHER = 2000 * APART + 1
"""The first seed of further runs of finalists that give several worlds."""
SEEDS_EACH = 10_000
"""Between the first further seeds of two finalists."""
CHOICE = 8
"""Runs from which each world is taken."""
OUTCOMES = ("joined", "members", "deaths_civilian", "abuses")
"""What happens in Mali by year, beside the targets, in the middle of which the middle world shall be."""
PRIOR_POINTS = 2048
"""Points of the prior on which the share that is not implausible is counted."""
LUCK = 20121231
"""What the luck of the fit itself is keyed by."""


@dataclass(frozen=True)
class Settings:
    """How large a fit is, and to which day it knows the record."""

    until: date
    points: int = 300
    waves: int = 6
    per_wave: int = 120
    finalists: int = 400
    seeds: int = 2
    worlds: int = 200

    @property
    def runs(self) -> int:
        """Runs of the whole fit at most, if the archive has none of them."""
        return self.points + self.waves * self.per_wave + self.finalists * self.seeds + self.further

    @property
    def further(self) -> int:
        """Further runs that the worlds may need: most of all if one finalist gives them all."""
        return max(CHOICE * self.worlds - self.seeds, 0)

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return {**asdict(self), "until": str(self.until)}


@dataclass(frozen=True)
class Fit:
    """A fit that is under way, or done.

    Attributes
    ----------
    archive : Archive
    settings : Settings
    rows : list of Row
        The targets that are fitted.
    folder : Path
        Its own folder in that of the archive.
    """

    archive: Archive
    settings: Settings
    rows: list[Row]
    folder: Path

    @property
    def space(self) -> Space:
        return self.archive.space

    @property
    def seen(self) -> Array:
        """The record."""
        return observed(self.rows)

    @property
    def allowed(self) -> Array:
        """The covariance of its error and of discrepancy."""
        return covariance(self.rows)

    def results(self, keys: Sequence[Key]) -> Array:
        """What these runs gave: runs x targets."""
        assert self.archive.layout is not None
        yearly = np.stack([self.archive.runs[key].yearly for key in keys])
        return computed(self.rows, self.archive.layout, yearly, self.settings.until)

    def scores(self, keys: Sequence[Key]) -> Array:
        """Their points in normal scores."""
        return self.space.scores(np.array([self.archive.points[key.point] for key in keys]))

    def learn(self, keys: Sequence[Key], mixture: tuple[float, float] | None = None) -> Emulator:
        """An emulator of these runs; of many, of those that miss the record least."""
        from sim.calibration.emulator import MOST_RUNS

        found, scale = self.results(keys), np.sqrt(np.diag(self.allowed))
        if len(keys) > MOST_RUNS:
            misses = np.nan_to_num(((found - self.seen) / scale) ** 2, nan=9.0).sum(axis=1)
            chosen = np.sort(np.argsort(misses, kind="stable")[:MOST_RUNS])
            return learn(self.scores([keys[k] for k in chosen]), found[chosen], scale, mixture)
        return learn(self.scores(keys), found, scale, mixture)


def begin(folder: Path, settings: Settings, scenario: Scenario) -> Fit:
    """The fit in a folder, as far as it is.

    Raises
    ------
    InputError
        If the folder is another calibration's, or no target is known by that day.
    """
    from sim.posterior import fitted as names

    rows = fitted(settings.until)
    if not rows:
        raise InputError(
            tr("no target is known by {until}; the first year ends on {first}",
               until=day(settings.until), first=day("2013-12-31"))
        )  # fmt: skip
    about = {"sources": fit_digest(), "scenario": scenario_digest(scenario)}
    archive = Archive.at(folder, Space(names()), about)
    return Fit(archive, settings, rows, folder / f"fit_{settings.until}")


def scenario_digest(scenario: Scenario) -> str:
    """The digest of what is simulated, whatever it is called."""
    plain = {key: value for key, value in scenario.resolved().items() if key not in ("name", "description")}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def targets_digest() -> str:
    """The digest of the table of targets."""
    return hashlib.sha256(TABLE.read_bytes()).hexdigest()[:16]


def calibrate(fit: Fit, scenario: Scenario, made_by: Executor, told: Told, work: Work = make) -> Path:
    """Make the fit, or what is missing of it, and return the file with its worlds."""
    archive, space, s = fit.archive, fit.space, fit.settings
    before = _start(fit)

    def fill(what: str, values: Array, seeds: Sequence[Sequence[int]]) -> list[Key]:
        wanted = {Key(point_id(line.tolist()), seed): (tuple(line.tolist()), seed)
                  for line, own in zip(values, seeds, strict=True) for seed in own}  # fmt: skip
        missing = [run for key, run in wanted.items() if key not in archive.runs]
        archive.fill(scenario, missing, made_by, lambda done, total: told(what, done, total), work)
        return [key for key in wanted if key in archive.runs]

    values = space.values(space.first(s.points))
    known = sorted({*before, *fill(tr("screening"), values, _own_seeds(len(values), 1))})
    log: list[dict[str, Any]] = []
    for wave in range(1, s.waves + 1):
        told(tr("wave {wave} of {waves}: emulator", wave=wave, waves=s.waves), 0, 0)
        values, facts = _wave(fit, known, wave)
        log.append({"wave": wave, **facts})
        what = tr("wave {wave} of {waves}", wave=wave, waves=s.waves)
        known = sorted({*known, *fill(what, values, _own_seeds(len(values), wave * APART + 1))})
    told(tr("finalists: emulator"), 0, 0)
    values, _, _ = _finalists(fit, known)
    known = sorted({*known, *fill(tr("finalists"), values, _own_seeds(len(values), FRESH, s.seeds))})
    write(fit.folder / "learnt.json", json.dumps({"runs": _plain(known), "waves": log}).encode())
    told(tr("weights"), 0, 0)
    last = finals(fit)
    counts = np.bincount(_drawn_rows(last, fit)[2], minlength=len(last.points))
    fill(tr("worlds"), last.values, [_further(k, int(many), s.seeds) for k, many in enumerate(counts)])
    return _worlds(fit)


def _own_seeds(count: int, first: int, each: int = 1) -> list[range]:
    return [own_seeds(k, first, each) for k in range(count)]


def _further(k: int, worlds: int, seeds: int) -> range:
    """Further seeds of finalist `k`, so that it has CHOICE runs for each of its worlds."""
    return range(FURTHER + k * SEEDS_EACH, FURTHER + k * SEEDS_EACH + max(CHOICE * worlds - seeds, 0))


def own_seeds(k: int, first: int, each: int) -> range:
    """The seeds of point `k` of a step, none of which another point of the step has."""
    return range(first + k * each, first + (k + 1) * each)


def _plain(keys: Sequence[Key]) -> list[str]:
    return [f"{key.point}-{key.seed}" for key in keys]


def _keys(plain: Sequence[str]) -> list[Key]:
    return [Key(point, int(seed)) for point, seed in (text.split("-") for text in plain)]


def _start(fit: Fit) -> list[Key]:
    """The runs that were there when this fit began: it learns from them, and from its own."""
    file = fit.folder / "start.json"
    asked = {**fit.settings.plain(), "targets": targets_digest()}
    del asked["worlds"]  # they are drawn last, and change no run
    if file.is_file():
        there = read_json(file)
        if {name: there.get(name) for name in asked} == asked:
            return [key for key in _keys(there["runs"]) if key in fit.archive.runs]
    for old in sorted(fit.folder.glob("*.npz")) if fit.folder.is_dir() else ():
        old.unlink()  # steps of a fit with other settings; its runs stay
    keys = fit.archive.keys()
    write(file, json.dumps({**asked, "runs": _plain(keys)}).encode())
    return keys


def _step(file: Path, work: Callable[[], dict[str, Array]]) -> dict[str, Array]:
    """What a step gave, kept in a file so that it is worked out once."""
    if not file.is_file():
        data = io.BytesIO()
        np.savez(data, **work())  # type: ignore[arg-type]
        write(file, data.getvalue())
    with np.load(file, allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def drawn_from(fit: Fit, emulator: Emulator, heat: float) -> Callable[[Array], Array]:
    """The log-density of points: the emulated likelihood, cooled, and a slope down into what is implausible."""
    seen, allowed = fit.seen, fit.allowed

    def density(scores: Array) -> Array:
        guess = emulator.guess(scores)
        likely = log_likelihood(guess.mean - seen, emulator.covariance(guess) + allowed)
        far = implausibility(emulator, scores, seen, np.diag(allowed), guess)
        return np.asarray(likely / heat - 10.0 * np.maximum(far - CUT, 0.0))

    return density


def _drawn(fit: Fit, keys: Sequence[Key], emulator: Emulator, heat: float, count: int, step: int) -> tuple[Array, Any]:
    """Points drawn where the record is likely, and the density."""
    density = drawn_from(fit, emulator, heat)
    points = {key.point: k for k, key in enumerate(keys)}
    known = fit.scores([keys[k] for k in points.values()])
    order = np.argsort(-density(known), kind="stable")[: min(CHAINS, count)]
    luck = np.random.default_rng([LUCK, step])
    return sample(density, known[order], count, luck), density


def _wave(fit: Fit, keys: Sequence[Key], wave: int) -> tuple[Array, dict[str, float]]:
    """The points of a wave, and how far the fit is."""
    s = fit.settings

    def work() -> dict[str, Array]:
        emulator = fit.learn(keys)
        heat = HOTTEST * (COOLEST / HOTTEST) ** (wave / s.waves)
        scores, density = _drawn(fit, keys, emulator, heat, s.per_wave, wave)
        prior = np.random.default_rng([LUCK, 0]).standard_normal((PRIOR_POINTS, len(fit.space)))
        far = implausibility(emulator, prior, fit.seen, np.diag(fit.allowed))
        misses = np.abs(fit.results(keys) - fit.seen) / np.sqrt(np.diag(fit.allowed) + np.diag(emulator.luck))
        return {
            "values": fit.space.values(scores),
            "runs": np.array(float(len(keys))),
            "not_implausible": np.array((far <= CUT).mean()),
            "heat": np.array(heat),
            "likelihood": np.array(np.median(density(scores)) * heat),
            "median_miss": np.array(np.nanmedian(misses)),
        }

    kept = _step(fit.folder / f"wave_{wave}.npz", work)
    return kept.pop("values"), {name: float(value) for name, value in kept.items()}


def _finalists(fit: Fit, keys: Sequence[Key] = ()) -> tuple[Array, Array, tuple[float, float]]:
    """The finalists, the log-density they were drawn from, and the mixture of the emulator that found them."""

    def work() -> dict[str, Array]:
        emulator = fit.learn(keys)
        scores, density = _drawn(fit, keys, emulator, COOLEST, fit.settings.finalists, 1000)
        values = fit.space.values(scores)
        mixture = np.array([emulator.smooth, emulator.length])
        return {"values": values, "density": density(fit.space.scores(values)), "mixture": mixture}

    kept = _step(fit.folder / "finalists.npz", work)
    smooth, length = kept["mixture"].tolist()
    return kept["values"], kept["density"], (smooth, length)


def before_finalists(fit: Fit) -> Emulator:
    """The emulator from which the finalists were drawn: it has seen none of their runs."""
    values, _, mixture = _finalists(fit)
    own = {point_id(line.tolist()) for line in values}
    keys = _keys(read_json(fit.folder / "learnt.json")["runs"])
    return fit.learn([key for key in keys if key.point not in own], mixture)


@dataclass(frozen=True)
class Finals:
    """The finalists with their runs, from which worlds are drawn and the fit is proved.

    Attributes
    ----------
    points : list of str
        Identities.
    values, scores : array
        Points x parameters.
    keys : list of list of Key
        The runs of each.
    mean : array
        What their runs give on average: points x targets.
    spread : array
        Covariance of one run about the record: luck, ignorance, error and discrepancy; points x targets x targets.
    density : array
        The log-density they were drawn from.
    """

    points: list[str]
    values: Array
    scores: Array
    keys: list[list[Key]]
    mean: Array
    spread: Array
    density: Array

    def likelihood(self, seen: Array) -> Array:
        """The synthetic likelihood of each finalist for a record."""
        return log_likelihood(self.mean - seen, self.spread)


def finals(fit: Fit) -> Finals:
    """What the runs of the finalists say, smoothed by an emulator of all runs.

    Raises
    ------
    InputError
        If the fit is not done.
    """
    if not (fit.folder / "learnt.json").is_file():
        raise InputError(tr("the fit in {folder} is not done; give its command again", folder=fit.folder))
    keys = _keys(read_json(fit.folder / "learnt.json")["runs"])
    values, density, mixture = _finalists(fit)
    names = [point_id(line.tolist()) for line in values]
    wanted = [[Key(name, seed) for seed in own_seeds(k, FRESH, fit.settings.seeds)] for k, name in enumerate(names)]
    runs = [[key for key in own if key in fit.archive.runs] for own in wanted]
    there = [k for k, own in enumerate(runs) if own]
    emulator = fit.learn(keys, mixture)
    scores = fit.space.scores(values[there])
    guess: Guess = emulator.guess(scores)
    luck = _luck(fit, [runs[k] for k in there], emulator)
    known = np.einsum("pc,ci,cj->pij", guess.ignorance, emulator.axes, emulator.axes)
    spread = luck * guess.sway[:, None, None] + known * np.outer(emulator.scale, emulator.scale) + fit.allowed
    return Finals([names[k] for k in there], values[there], scores, [runs[k] for k in there], guess.mean, spread,
                  density[there])  # fmt: skip


def _luck(fit: Fit, runs: Sequence[Sequence[Key]], emulator: Emulator) -> Array:
    """The covariance of runs at one point: from runs that differ in nothing but their seed, where there are enough."""
    several = [own for own in runs if len(own) > 1]
    free = sum(len(own) - 1 for own in several)
    if free < 2 * len(fit.rows):
        return np.asarray(emulator.luck * np.outer(emulator.scale, emulator.scale))
    found = np.nan_to_num(fit.results([key for own in several for key in own]) / emulator.scale)
    ends = np.cumsum([len(own) for own in several])[:-1]
    gaps = np.concatenate([part - part.mean(axis=0) for part in np.split(np.clip(found, -50, 50), ends)])
    raw = gaps.T @ gaps / free
    shrunk = 0.9 * raw + 0.1 * np.diag(np.diag(raw)) + 1e-6 * np.eye(len(raw))
    return np.asarray(shrunk * np.outer(emulator.scale, emulator.scale))


def _drawn_rows(last: Finals, fit: Fit) -> tuple[Array, float, NDArray[np.int64]]:
    """The weights of the finalists, the power they were tempered by, and the finalist of each world."""
    weight, power = weights(last.likelihood(fit.seen) - last.density)
    return weight, power, resample(weight, fit.settings.worlds, np.random.default_rng([LUCK, 2000]))


def chosen(last: Finals, fit: Fit) -> tuple[Array, float, list[tuple[int, Key]]]:
    """The weights of the finalists, the power they were tempered by, and the worlds: finalist and run.

    A world is a history, so how likely one of the runs of a finalist is does not allow for luck: only for the error of
    the record and the model's discrepancy.
    """
    weight, power, rows = _drawn_rows(last, fit)
    luck = np.random.default_rng([LUCK, 2001])
    runs_of: dict[int, list[Key]] = {}
    for k, many in zip(*np.unique(rows, return_counts=True), strict=True):
        further = [Key(last.points[k], seed) for seed in _further(int(k), int(many), fit.settings.seeds)]
        own = [key for key in (*last.keys[k], *further) if key in fit.archive.runs]
        likely = log_likelihood(np.nan_to_num(fit.results(own)) - fit.seen, fit.allowed)
        best = without_replacement(likely, luck)
        runs_of[int(k)] = [own[best[j % len(own)]] for j in range(many)]  # twice only if runs failed
    return weight, power, [(k, runs_of[k].pop()) for k in rows.tolist()]


def _outcomes(fit: Fit, keys: Sequence[Key]) -> Array:
    """What happens in runs, as far as a middle one should be in the middle of it: runs x numbers."""
    layout = fit.archive.layout
    assert layout is not None
    own = [layout.names.index(name) for name in OUTCOMES if name in layout.names]
    yearly = np.stack([fit.archive.runs[key].yearly for key in keys])[:, :, :, own].sum(axis=2)
    return np.hstack([np.nan_to_num(fit.results(keys)), np.log1p(yearly).reshape(len(keys), -1)])


def _worlds(fit: Fit) -> Path:
    """Weigh the finalists, draw the worlds, and write them."""
    last, learnt = finals(fit), read_json(fit.folder / "learnt.json")
    weight, power, worlds = chosen(last, fit)
    likely = last.likelihood(fit.seen)
    table = io.StringIO()
    lines = csv.writer(table, lineterminator="\n")
    lines.writerow(["world", "seed", *fit.space.names, "loglik", "run"])
    for number, (k, key) in enumerate(worlds, 1):
        numbers = [repr(float(value)) for value in last.values[k]]
        lines.writerow([number, key.seed, *numbers, f"{likely[k]:.3f}", fit.archive.runs[key].digest])
    keys = [key for _, key in worlds]
    facts = {
        **fit.settings.plain(),
        "sources": fit.archive.about["sources"],
        "scenario": fit.archive.about["scenario"],
        "targets": targets_digest(),
        "parameters": list(fit.space.names),
        "fitted_targets": [row.key for row in fit.rows],
        "middle": middle(_outcomes(fit, keys)) + 1,
        "effective_finalists": round(effective(weight), 1),
        "tempered_to_power": round(power, 4),
        "different_worlds": len(set(keys)),
        "runs": {"learnt_from": len(learnt["runs"]), "in_archive": len(fit.archive.runs)},
        "waves_done": learnt["waves"],
        "versions": versions(),
    }
    file = fit.archive.folder / file_name(fit.settings.until)
    write(file.with_suffix(".json"), (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode())
    write(file, table.getvalue().encode())
    return file


def reopen(folder: Path, until: date) -> Fit:
    """A fit that was made, as its files give it.

    Raises
    ------
    InputError
        If there is none, or its runs were made by another state of the program.
    """
    file = folder / f"fit_{until}" / "start.json"
    if not file.is_file():
        raise InputError(
            tr("{folder} holds no fit to {until}; `kumakan calibrate --until {until}` makes one",
               folder=folder, until=until)
        )  # fmt: skip
    there = read_json(file)
    if there["targets"] != targets_digest():
        raise InputError(
            tr("the table of targets has changed since this fit; give its command again (its runs are kept)")
        )
    numbers = {name: there[name] for name in ("points", "waves", "per_wave", "finalists", "seeds")}
    numbers["worlds"] = read_json(folder / file_name(until).replace(".csv", ".json"))["worlds"]
    about = read_json(folder / "archive.json")
    if about["sources"] != fit_digest():
        raise InputError(tr("this fit was made by another state of the program's code or tables; make it again"))
    archive = Archive.at(folder, Space(tuple(about["parameters"])), {"scenario": about["scenario"]})
    archive.about = about
    return Fit(archive, Settings(until, **numbers), fitted(until), folder / f"fit_{until}")
