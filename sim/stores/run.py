"""What a run is: its scenario, seed and draw, and the identity that tells it from every other run."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.measures import PLUGINS, Plugin
from sim.version import __version__

if TYPE_CHECKING:
    from sim.scenario import Scenario

PACKAGE = Path(__file__).resolve().parents[1]
ABOVE_THE_WEEK = {
    "cli.py",
    "__main__.py",
    "__init__.py",
    "model.py",
    "agents.py",
    "prompt.py",
    "mesa",
    "views",
    "experiments",
    "stores",
    "comparison",
    "batches",
    "sweeps",
    "stories",
    "validation",
}
"""Parts of the package that cannot change the numbers of a run."""


IDENTITY = {
    "scenario": "the scenario's name",
    "scenario_digest": "the scenario's settings",
    "seed": "the seed",
    "world_seed": "the world seed",
    "draw": "the draw of parameters",
    "version": "the version of kumakan",
    "sources": "the program's code or tables",
}
"""What makes a run this run, in words."""


def sources_digest() -> str:
    """A sha256 (16 hex digits) of all code and tables that decide the numbers of a run, measures from outside too."""
    return _sources_digest(tuple(PLUGINS))  # a session may add to them


@cache
def _sources_digest(plugins: tuple[Plugin, ...]) -> str:
    sha = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*")):
        place = file.relative_to(PACKAGE)
        if file.suffix in {".py", ".csv", ".geojson"} and place.parts[0] not in ABOVE_THE_WEEK:
            sha.update(place.as_posix().encode() + b"\0" + file.read_bytes())
    for plugin in plugins:
        sha.update(f"{plugin.distribution} {plugin.version} {plugin.key}{plugin.text}".encode())
        for source in plugin.files:
            sha.update(source.name.encode() + b"\0" + source.read_bytes())
    return sha.hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of kumakan, Python, the libraries that results may depend on, and what brings measures from outside."""
    return {**_versions(), **{plugin.distribution: plugin.version for plugin in PLUGINS}}


@cache
def _versions() -> dict[str, str]:
    found = {"kumakan": __version__, "python": platform.python_version()}
    for name in ("numpy", "numba", "mesa", "pandas", "scipy", "pyarrow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


@dataclass(frozen=True)
class Run:
    """One run of a plan."""

    scenario: Scenario
    digest: str  # of the scenario
    seed: int
    draw: int
    world_seed: int

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What makes it this run: two runs with equal identities give the same numbers."""
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
        """Its identity as 16 hexadecimal digits."""
        return run_id(self.identity)


def run_id(identity: Mapping[str, Any]) -> str:
    """An identity as 16 hexadecimal digits: two of a million runs are alike with a chance of 3 in 100 million."""
    return hashlib.sha256(json.dumps([identity[key] for key in IDENTITY]).encode()).hexdigest()[:16]


def scenario_text(scenario: Scenario) -> str:
    """A scenario, spelt out as YAML."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the same text, ten times as fast where libyaml is there
    text: str = yaml.dump(scenario.resolved(), Dumper=dumper, allow_unicode=True, sort_keys=False)
    return text


class Key(NamedTuple):
    """The draw and the seed of a run: runs of several scenarios are compared under the same key.

    Draw 0 has every parameter at its central value.
    """

    draw: int
    seed: int

    @classmethod
    def of(cls, key: Key | int) -> Key:
        """The key that is meant: a seed alone is a run at the central values."""
        return cls(*key) if isinstance(key, tuple) else cls(0, key)


def shown_key(draw: int, seed: int, drawn: bool) -> Key | int:
    """The key under which a user finds a record: the seed alone where no parameter is drawn."""
    return Key(draw, seed) if drawn else seed
