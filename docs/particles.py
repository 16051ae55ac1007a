"""Particles: a row of parameters and a schedule of keys of luck; how they live, are weighed, and go on.

Used by docs/try_assimilation.py, which says what for.
"""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.calibration.archive import RUNAWAY
from sim.calibration.points import Space
from sim.calibration.sampling import effective, log_likelihood, resample, weights
from sim.calibration.summaries import Layout, Summary, summary
from sim.calibration.targets import computed, covariance, fitted, observed
from sim.country import Country
from sim.engine.luck import decision, seed_key, words
from sim.forecasts.counts import Counts
from sim.forecasts.worlds import monthly
from sim.population.persons import UNTOUCHED, Persons
from sim.record import Record
from sim.scenario import Scenario
from sim.week import advance, begin, finished, record_of

Array = NDArray[np.float64]

FIRST = 2013
"""The first year with targets: 2012 was a war."""
SHRUNK = 0.95
"""The discount of Liu and West's kernel: rows move by 0.23 of the standard deviation, and spread stays."""
LUCK = 20121231
OWN_LUCK = decision("a particle that goes on has luck of its own")
OWN = ("about", "levers", "youth", "persons", "imams", "roster", "units", "insecurity", "trust", "state_presence",
       "state_alone", "grudges", "militias", "hold", "members", "recruiters", "fell", "posted", "trained",
       "by_command", "forces", "troops", "attacks_now", "felt", "flows", "totals", "means", "youth_sums",
       "population", "values")  # fmt: skip
"""What `Country.copy` copies: the state that is a country's own."""


class Particle(NamedTuple):
    """A row of parameters, and from which week on which key of luck holds: enough to live it again bit for bit."""

    values: tuple[float, ...]
    keys: tuple[tuple[int, int], ...]


class Few(NamedTuple):
    """Persons, of whom only those are kept whom somebody has approached: 44 MB become 1 or 2."""

    persons: int
    who: NDArray[np.int64]
    each: NDArray[Any]
    in_contact: NDArray[np.int64]

    @classmethod
    def of(cls, persons: Persons) -> Few:
        who = np.flatnonzero(persons.each.view(np.uint64) != UNTOUCHED.view(np.uint64))
        return cls(len(persons.each), who, persons.each[who], persons.in_contact)

    def all(self) -> Persons:
        persons = Persons.untouched(self.persons)
        persons.each[self.who] = self.each
        return replace(persons, in_contact=self.in_contact.copy())


@dataclass(frozen=True)
class State:
    """A country between two years, packed: what it shares with its copies, and its own state as bytes."""

    shared: Country
    own: bytes
    size: int

    @classmethod
    def of(cls, country: Country) -> State:
        own = {name: getattr(country, name) for name in OWN}
        own["persons"] = Few.of(country.persons)
        data = pickle.dumps(own, protocol=5)
        nothing: dict[str, Any] = dict.fromkeys(OWN)
        return cls(replace(country, **nothing), pa.compress(data, "lz4", asbytes=True), len(data))

    def country(self, key: int) -> Country:
        """An independent country in this state, which goes on with its own luck."""
        own = pickle.loads(pa.decompress(self.own, self.size, "lz4", asbytes=True))
        own["persons"] = own["persons"].all()
        return replace(self.shared, seed=np.uint64(key), **own)


@dataclass(frozen=True)
class Filter:
    """What particles are particles of.

    Attributes
    ----------
    scenario : Scenario
        With an end after the last forecast.
    names : tuple of str
        The parameters of a row.
    origin : int
        The year whose end is the last day that the filter knows.
    number : int
        Which pass, for its luck. In pass 0 particles compete only with those of the same row.
    """

    scenario: Scenario
    names: tuple[str, ...]
    origin: int
    number: int = 1

    def key(self, week: int, k: int) -> int:
        """A key that no other particle has."""
        low, high, _, _ = words(OWN_LUCK, seed_key(LUCK + self.origin), week, k, self.number)
        return (int(high) << 32 | int(low)) >> 1  # seeds have 63 bits

    def drawn(
        self, score: Array, particles: Sequence[Particle], luck: np.random.Generator
    ) -> tuple[NDArray[np.int64], float]:
        """Which particles go on, in their order, and the mean power by which their weights were tempered.

        The worlds of a fit know the record already. Where rows compete, it counts twice for them; where only those of
        one row do, it chooses luck and leaves the rows as they were.
        """
        values = [particle.values for particle in particles]
        groups = sorted(set(values)) if self.number == 0 else [None]
        found, powers = [], []
        for group in groups:
            own = np.flatnonzero([group in (None, one) for one in values])
            weight, power = weights(score[own])
            found.append(own[resample(weight, len(own), luck)])
            powers += [power] * len(own)
        return np.sort(np.concatenate(found)), float(np.mean(powers))

    def start(self, particle: Particle) -> Country:
        """A particle on the first day."""
        changes = {f"parameters.{name}": value for name, value in zip(self.names, particle.values, strict=True)}
        return begin(self.scenario.replaced(changes), particle.keys[0][1])

    def again(self, particle: Particle, until: date) -> Record:
        """The record of a particle, lived anew from its row and its schedule."""
        country = self.start(particle)
        later = dict(particle.keys[1:])
        while not finished(country) and country.clock.date(country.week) <= until:
            if country.week in later:
                country.seed = np.uint64(later[country.week])
            _week(country)
        return record_of(country)


def _week(country: Country) -> None:
    """One week; where groups grow beyond all sense, as in a fit, the last week stands for it."""
    if country.week and country.members.sum() > RUNAWAY:
        country.values[country.week] = country.values[country.week - 1]
        country.week += 1
    else:
        advance(country)


def live(country: Country, until: date) -> None:
    """Let a country live to the end of the week that begins on this day or before."""
    while not finished(country) and country.clock.date(country.week) <= until:
        _week(country)


def likely(run: tuple[Layout, Summary], year: int) -> float:
    """How likely the record of all years until this one is, given what happened in a run; later years are not read."""
    until = date(year, 12, 31)
    rows = fitted(until)
    found = np.nan_to_num(computed(rows, run[0], run[1].yearly[None], until), nan=0.0)
    return float(log_likelihood(found - observed(rows), covariance(rows))[0])


@dataclass
class Passed:
    """What a pass of the filter leaves: particles that live on, their states, and a line for each year."""

    particles: list[Particle]
    states: list[State]
    log: list[dict[str, float]]


Known = Callable[[Particle], tuple[Layout, Summary] | None]
"""The summary of a particle's run under its first key, where it was made before."""


def passed(
    f: Filter, start: Sequence[Particle], many: int, known: Known, told: Callable[[str], None] = print
) -> Passed:
    """Live and weigh year by year; at the end, `many` particles are drawn that live on.

    A particle whose first years are known is not lived until it has been drawn to go on.
    """
    particles, log = list(start), []
    parents: list[State | None] = [None] * len(particles)
    before = np.zeros(len(particles))
    roots = np.arange(len(particles))
    for year in range(FIRST, f.origin + 1):
        until, began = date(year, 12, 31), time.monotonic()
        states: list[State | None] = []
        score, root = np.zeros(len(particles)), Root(f)
        for k, particle in enumerate(particles):
            run = known(particle) if year == FIRST else None
            if run is not None:
                score[k] = likely(run, year)
                states.append(None)
                continue
            country = root.country(particle, parents[k])
            parents[k] = None  # the last child of a parent frees it
            live(country, until)
            score[k] = likely(summary(record_of(country)), year)
            states.append(State.of(country))
        luck = np.random.default_rng([LUCK, f.origin, f.number, year])
        raw = np.exp(score - before - (score - before).max())
        rows, power = f.drawn(score - before, particles, luck)
        if year == f.origin:
            rows = rows[np.sort(resample(np.ones(len(rows)), many, luck))]
        week = f.scenario.clock.week(date(year + 1, 1, 7))  # the first that begins in the next year
        particles = [
            Particle(particles[j].values, (*particles[j].keys, (week, f.key(week, k)))) for k, j in enumerate(rows)
        ]
        parents, before, roots = [states[j] for j in rows], score[rows], roots[rows]
        line = {"year": year, "effective": effective(raw), "power": power, "different": len(set(rows.tolist())),
                "roots": len(set(roots.tolist())), "mean": float(score.mean()), "kept": float(before.mean()),
                "MB": sum(len(s.own) for s in states if s is not None) / 1e6,
                "seconds": time.monotonic() - began}  # fmt: skip
        log.append(line)
        told(json.dumps({name: round(value, 3) for name, value in line.items()}))
    root = Root(f)
    return Passed(particles, [root.state(p) if s is None else s for p, s in zip(particles, parents, strict=True)], log)


@dataclass
class Root:
    """The state in which copies that stand side by side got their new keys, lived once for all of them."""

    filter: Filter
    particle: Particle | None = None
    kept: State | None = None

    def country(self, particle: Particle, parent: State | None) -> Country:
        """The country in which a particle goes on."""
        if parent is None and len(particle.keys) == 1:
            return self.filter.start(particle)
        return (parent or self.state(particle)).country(particle.keys[-1][1])

    def state(self, particle: Particle) -> State:
        """The state in the week of its new key of a particle that had a single key before."""
        before = Particle(particle.values, particle.keys[:1])
        if self.kept is None or before != self.particle:
            country = self.filter.start(before)
            live(country, country.clock.date(particle.keys[1][0] - 1))
            self.particle, self.kept = before, State.of(country)
        return self.kept


def around(f: Filter, survivors: Sequence[Particle], many: int) -> list[Particle]:
    """Particles for a second pass: survivors, drawn anew around their mean with the same spread, with new luck."""
    space, luck = Space(f.names), np.random.default_rng([LUCK, f.origin, f.number])
    scores = space.scores(np.array([particle.values for particle in survivors]))
    step = (3.0 * SHRUNK - 1.0) / (2.0 * SHRUNK)
    spread = np.cov(scores.T)
    spread = 0.5 * spread + 0.5 * np.diag(np.diag(spread)) + 1e-6 * np.eye(len(space))
    chosen = scores[resample(np.ones(len(scores)), many, luck)]
    moved = luck.multivariate_normal(np.zeros(len(space)), (1.0 - step**2) * spread, many)
    values = space.values(scores.mean(axis=0) + step * (chosen - scores.mean(axis=0)) + moved)
    return [Particle(tuple(line.tolist()), ((0, f.key(0, k)),)) for k, line in enumerate(values)]


def lived_on(passed: Passed, last: int) -> tuple[list[Counts], list[str]]:
    """Attacks of particles to the end of the last year, and the digests of their records."""
    counts, digests, until = [], [], date(last, 12, 31)
    for k, particle in enumerate(passed.particles):
        country = passed.states[k].country(particle.keys[-1][1])
        live(country, until)
        record = record_of(country)
        counts.append(monthly(record, until))
        digests.append(record.digest)
    return counts, digests
