"""What a batch is asked for: which scenarios, seeds and draws, checked before anything is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any

from sim import posterior
from sim.engine.checks import kind_of, whole
from sim.engine.errors import InputError
from sim.languages import digits, tr
from sim.parameters import LAST_DRAW
from sim.scenario import Scenario, as_scenario
from sim.stores.folder import folder_name
from sim.stores.run import Run, versions
from sim.stores.sources import source_files, sources_digest
from sim.version import __version__

USUAL_PERSONS = 20
"""Persons per youth of a scenario that sets nothing else: the name of a folder need not say it."""
USUAL = 20
"""Seeds, or draws of a posterior, of a comparison that names neither."""
MOST_RUNS = 10_000_000
"""On a hundred cores they take days, and the table of them fills a gigabyte."""

AnyScenario = Scenario | str | PathLike[str] | Mapping[str, Any]
"""A scenario, the path of its file, or a dict of its keys."""


@dataclass(frozen=True)
class Plan:
    """Every scenario under every seed and draw.

    Raises
    ------
    InputError
        If two scenarios have the same name, or a seed or draw is not a whole number or is given twice.
    """

    scenarios: tuple[Scenario, ...]
    seeds: tuple[int, ...]
    draws: tuple[int, ...]
    world_seed: int

    @classmethod
    def of(cls, scenarios: Sequence[AnyScenario], seeds: Sequence[int], draws: Sequence[int], world_seed: int) -> Plan:
        """A plan from what a user gives."""
        loaded = all_scenarios(scenarios)
        for name, times in Counter(folder_name(s.name) for s in loaded).items():
            if times > 1:
                raise InputError(tr("two scenarios are called {name}; give them different names", name=repr(name)))
        world_seed = whole(world_seed, "world_seed")
        plan = cls(tuple(loaded), _numbers(seeds, "seed"), _numbers(draws, "draw", LAST_DRAW), world_seed)
        if (many := len(plan.scenarios) * len(plan.seeds) * len(plan.draws)) > MOST_RUNS:
            raise InputError(
                tr(
                    "{many} runs are asked for; a batch has at most {most_runs}",
                    many=digits(many, ","),
                    most_runs=digits(MOST_RUNS, ","),
                )
            )
        return plan

    def __iter__(self) -> Iterator[list[Run]]:
        """The runs of one seed and draw after those of another."""
        digests = [scenario.digest for scenario in self.scenarios]
        for seed, draw in product(self.seeds, self.draws):
            yield [
                Run(scenario, digest, seed, draw, self.world_seed)
                for scenario, digest in zip(self.scenarios, digests, strict=True)
            ]

    def facts(self, command: str) -> dict[str, Any]:
        """The plan as plain data, with all that is needed to make the runs again."""
        return {
            "kumakan": __version__,
            "version": __version__,
            "sources": sources_digest(),
            "command": command,
            "started": datetime.now(UTC).isoformat(timespec="microseconds"),
            "state": "running",
            "baseline": self.scenarios[0].name,
            "scenarios": {
                s.name: {"path": s.path and str(s.path), "digest": s.digest, **s.resolved()} for s in self.scenarios
            },
            "seeds": list(self.seeds),
            "draws": list(self.draws),
            "world_seed": self.world_seed,
            "versions": versions(),
            "files": dict(source_files()),
        }


def all_scenarios(scenarios: Sequence[AnyScenario]) -> list[Scenario]:
    """Scenarios as they are, or from files or dicts.

    Raises
    ------
    InputError
        If there is none, if one is wrong, or if a single scenario stands where a list is needed.
    """
    if isinstance(scenarios, Scenario | str | PathLike | Mapping) or not hasattr(scenarios, "__iter__"):
        raise InputError(
            tr(
                "scenarios is {kind_of}; it must be a list of scenarios or of paths of their files",
                kind_of=kind_of(scenarios),
            )
        )
    loaded = [as_scenario(scenario) for scenario in scenarios]
    if not loaded:
        raise InputError(tr("scenarios is an empty list; name at least one scenario"))
    return loaded


def _numbers(numbers: Sequence[int], name: str, high: int | None = None) -> tuple[int, ...]:
    if isinstance(numbers, str | Mapping) or not hasattr(numbers, "__iter__"):
        raise InputError(
            tr(
                "{name}s is {kind_of}; it must be a list of whole numbers, such as range(1, 21)",
                name=name,
                kind_of=kind_of(numbers),
            )
        )
    checked = tuple(whole(number, name) if high is None else whole(number, name, 0, high) for number in numbers)
    if not checked:
        raise InputError(tr("0 {name}s; at least 1 is needed", name=name))
    if len(set(checked)) < len(checked):
        twice = next(number for number, times in Counter(checked).items() if times > 1)
        raise InputError(
            tr("{name} {twice} is given twice; name each {name2} once", name=name, twice=twice, name2=name)
        )
    return checked


def at_least_one(**numbers: int | None) -> None:
    """Refuse numbers of runs below 1; those not given are well."""
    for name, number in numbers.items():
        if number is not None and whole(number, name) < 1:
            raise InputError(tr("{number} {name}; at least 1 is needed", number=number, name=name))


def how_many_seeds(asked: int | None, draws: int | None) -> int:
    """The number of seeds if it is left open: 20, or 1 for each draw, as a draw has luck of its own."""
    if asked is not None:
        return asked
    return 1 if draws else USUAL


def usual_draws(scenarios: Sequence[Scenario], asked_seeds: int | None, asked: int | None) -> int | None:
    """The number of draws; if neither they nor seeds are asked for, 20 worlds where there is a fresh posterior."""
    if asked is None and asked_seeds is None and scenarios[0].draws_from == "worlds" and posterior.fresh():
        return USUAL
    return asked


def batch_name(names: Sequence[str]) -> str:
    """A folder name for a batch of these scenarios: all names, or the first and how many more.

    >>> batch_name(["baseline", "joint_patrols"])
    'baseline+joint_patrols'
    """
    full = "+".join(folder_name(name) for name in names)
    return full if len(full) <= 80 else f"{folder_name(names[0])[:60]}+{len(names) - 1}-others"


def usual_folder(name: str, scenarios: Sequence[Scenario], draws: Sequence[int]) -> Path:
    """The results folder of a batch: its name, and what departs from the usual resolution and central values.

    How many draws there are is not part of the name, so that more can be added to the same folder.

    >>> from sim.scenario import Scenario
    >>> usual_folder("baseline+patrols", [Scenario.of({"name": "baseline", "persons_per_youth": 100})], [1, 2]).name
    'baseline+patrols-100-per-youth-draws'
    """
    each = scenarios[0].persons_per_youth
    resolution = f"-{each}-per-youth" if each != USUAL_PERSONS else ""
    return Path("results") / f"{name}{resolution}{'-draws' if tuple(draws) != (0,) else ''}"


def check_comparable(scenarios: Sequence[Scenario]) -> None:
    """Reject scenarios that cannot be compared seed by seed.

    Raises
    ------
    InputError
        If there are fewer than two scenarios, or they differ in period or `persons_per_youth`.
    """
    if len(scenarios) < 2:
        raise InputError(tr("a comparison needs two scenarios or more; the first is the baseline of the others"))
    first = scenarios[0]
    for other in scenarios[1:]:
        if (other.start, other.end) != (first.start, first.end):
            raise InputError(
                tr(
                    "{name} runs from {start} to {end}, {name2} from {start2} to {end2}; scenarios that are "
                    "compared must cover the same period",
                    name=other.name,
                    start=other.start,
                    end=other.end,
                    name2=first.name,
                    start2=first.start,
                    end2=first.end,
                )
            )
        if other.persons_per_youth != first.persons_per_youth:
            raise InputError(
                tr(
                    "{name} has {persons_per_youth} persons per youth, {name2} {persons_per_youth2}; give all "
                    "the same with --persons-per-youth",
                    name=other.name,
                    persons_per_youth=other.persons_per_youth,
                    name2=first.name,
                    persons_per_youth2=first.persons_per_youth,
                )
            )
