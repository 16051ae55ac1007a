"""A run, its key and its identity, and how it ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sim.languages import mark, tr
from sim.measures import PLUGINS
from sim.stores.sources import sources_digest
from sim.version import __version__
from sim.version import versions as installed

if TYPE_CHECKING:
    from sim.scenario import Scenario

IDENTITY = {
    "scenario": mark("the scenario's name"),
    "scenario_digest": mark("the scenario's settings"),
    "seed": mark("the seed"),
    "world_seed": mark("the world seed"),
    "draw": mark("the draw of parameters"),
    "version": mark("the version of kumakan"),
    "sources": mark("the program's code or tables"),
}
"""The parts of the identity of a run, in words."""
WHAT, HOW = tuple(IDENTITY), ("digest", "wall_seconds", "peak_memory_bytes")
"""What a run is, and how it went: columns of every table of runs."""


def versions() -> dict[str, str]:
    """The versions of kumakan, of Python, of libraries that results may depend on, and of measures from outside."""
    return installed(PLUGINS)


@dataclass(frozen=True)
class Run:
    """One run: a scenario under a seed and a draw of parameters."""

    scenario: Scenario
    digest: str  # of the scenario
    seed: int
    draw: int
    world_seed: int

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What tells this run from every other: two runs with equal identities give the same numbers."""
        return {
            "scenario": self.scenario.name,
            "scenario_digest": self.digest,
            "seed": self.seed,
            "world_seed": self.world_seed,
            "draw": self.draw,
            "version": __version__,
            "sources": sources_digest(),
        }

    @property
    def id(self) -> str:
        """The identity as 16 hexadecimal digits."""
        return run_id(self.identity)


@dataclass(frozen=True)
class Row:
    """How one run ended.

    Attributes
    ----------
    scenario, seed, draw
        Which run.
    state : {"done", "reused", "failed"}
        Made by this batch, already there, or failed.
    folder : str
        Its run folder; empty if it failed, or if it is in a store of many runs.
    digest : str
        SHA-256 of its numbers.
    seconds : float
        Wall time.
    peak_memory_bytes : int
        The most memory that its process ever held.
    shared_weeks : int
        Weeks copied from another run that began alike.
    error, details : str
        What went wrong, in one line and as a traceback.
    repeat : str
        The command that makes this run again.
    """

    scenario: str
    seed: int
    draw: int
    state: Literal["done", "reused", "failed"]
    folder: str = ""
    digest: str = ""
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    shared_weeks: int = 0
    error: str = ""
    details: str = ""
    repeat: str = ""

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Row:
        """The row in a line of a manifest or a log, which may hold more."""
        return cls(**{field.name: line[field.name] for field in fields(cls) if field.name in line})

    @property
    def name(self) -> str:
        """Which run, in words."""
        return in_words(self.scenario, self.seed, self.draw)


def in_words(scenario: str, seed: int, draw: int) -> str:
    """Which run; draw 0 is not mentioned."""
    if draw:
        return tr("{scenario}, seed {seed}, draw {draw}", scenario=scenario, seed=seed, draw=draw)
    return tr("{scenario}, seed {seed}", scenario=scenario, seed=seed)


def facts_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says of a finished run, from the run's manifest."""
    names = {"digest": "digest", "wall_seconds": "seconds"}
    facts = ("digest", "wall_seconds", "peak_memory_bytes", "shared_weeks")
    return {names.get(key, key): manifest[key] for key in facts if key in manifest}


def run_id(identity: Mapping[str, Any]) -> str:
    """An identity as 16 hexadecimal digits; the chance that two of a million runs share them is 3 in 100 million."""
    return hashlib.sha256(json.dumps([identity[key] for key in IDENTITY]).encode()).hexdigest()[:16]


def scenario_text(scenario: Scenario) -> str:
    """A scenario with all its settings, as YAML."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the same text, ten times as fast where libyaml is there
    text: str = yaml.dump(scenario.resolved(), Dumper=dumper, allow_unicode=True, sort_keys=False)
    return text


class Key(NamedTuple):
    """The draw and the seed of a run. Runs of different scenarios are compared under the same key.

    Draw 0 has every parameter at its central value.
    """

    draw: int
    seed: int

    @classmethod
    def of(cls, key: Key | int) -> Key:
        """The key for a key or a bare seed, which stands for a run at the central values."""
        return cls(*key) if isinstance(key, tuple) else cls(0, key)


def shown_key(draw: int, seed: int, drawn: bool) -> Key | int:
    """The key under which users find a run: a `Key` where parameters are drawn, otherwise the bare seed."""
    return Key(draw, seed) if drawn else seed
