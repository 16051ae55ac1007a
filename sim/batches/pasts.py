"""Scenarios that begin alike share these weeks: they are lived once per seed, and the country is copied from there.

Two scenarios are the same up to the first week in which a measure acts that they do not share; everything else in them
must be equal (period, persons per youth, parameters, groups, forces). That week is taken from the measures' first days
alone, so it may come too early (a condition that is met later, a setting that matters later) and never too late.

Runs made so are equal, to the last bit, to runs made alone: a country is one value, and luck belongs to a week.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sim.measures import PLUGINS

if TYPE_CHECKING:
    from sim.country import Country
    from sim.record import Record
    from sim.scenario import Scenario

MOST = 3
"""Copies of the country that a worker keeps, at most."""
FIRST = 20
"""With so many scenarios before it, at most, one is compared: enough for plans of measures, quick for sweeps."""


@dataclass(frozen=True)
class Past:
    """Where a run takes its first weeks from, and what it leaves for others.

    Attributes
    ----------
    group : str
        The runs that share it; when a worker comes to another group it forgets what it kept.
    week : int
        The week from which this run goes its own way; 0 if it shares nothing with one before it.
    keep : tuple of int
        Weeks whose beginning later runs start from.
    kin : tuple of str
        For `week` and each of `keep`, which past it is: runs with equal names have equal pasts.
    """

    group: str
    week: int
    keep: tuple[int, ...]
    kin: tuple[str, ...]


def same_weeks(one: Scenario, other: Scenario) -> int:
    """The first weeks in which two scenarios are sure to be the same; 0 if there are none."""
    mine, theirs = (_frame(scenario) for scenario in (one, other))
    if mine != theirs:
        return 0
    ours = [{m.key: m for m in scenario.active_measures()} for scenario in (one, other)]
    outside = {plugin.key for plugin in PLUGINS}
    weeks = one.clock.weeks
    for key in {*ours[0], *ours[1]}:
        both = [measures[key] for measures in ours if key in measures]
        if len(both) == 2 and both[0] == both[1]:
            continue
        if key in outside:  # nobody knows what it does before its first day
            return 0
        for measure in both:
            weeks = min(weeks, 0 if measure.start is None else one.clock.week(measure.start))
    return max(weeks, 0)


def _frame(scenario: Scenario) -> str:
    """All of a scenario but its measures and what it is called."""
    return json.dumps({k: v for k, v in scenario.resolved().items() if k not in ("name", "description", "measures")})


def pasts(scenarios: Sequence[Scenario], group: str) -> list[Past | None]:
    """For scenarios that one worker runs in this order: where each begins, None if it shares nothing with any."""
    begins: list[tuple[int, int]] = []  # of each: the scenario whose past it takes, and the week from which it is alone
    taken: dict[tuple[int, int], None] = {}
    for k, scenario in enumerate(scenarios):
        best = (k, 0)
        for j in range(min(k, FIRST)):
            weeks = same_weeks(scenarios[j], scenario)
            if weeks > best[1] and ((j, weeks) in taken or len(taken) < MOST):
                best = (j, weeks)
        if best[1]:
            taken[best] = None
        begins.append(best)
    found: list[Past | None] = []
    for k, (source, week) in enumerate(begins):
        keep = tuple(sorted({w for j, w in taken if j == k}))
        kin = (f"{source}@{week}", *(f"{k}@{w}" for w in keep))
        found.append(Past(group, week, keep, kin) if week or keep else None)
    return found


_kept: dict[str, Country] = {}
_group = [""]


def live(
    scenario: Scenario, seed: int, world_seed: int, draw: int, past: Past, on_week: Callable[[Any], None] | None = None
) -> Record:
    """Run a scenario from where its past is known, and keep what others will start from."""
    from sim.week import advance, begin, finished, record_of

    if _group[0] != past.group:
        _kept.clear()
        _group[0] = past.group
    needed = {week: name for week, name in zip((past.week, *past.keep), past.kin, strict=True) if week}
    there = _kept.get(past.kin[0]) if past.week else None
    if there is None:
        country = begin(scenario, seed, world_seed, draw)
    else:
        country = there.copy()
        country = replace(
            country,
            about={**country.about, "scenario": scenario.resolved(), "shared_weeks": past.week},
            measures=tuple(scenario.active_measures()),
        )
    while not finished(country):
        name = needed.get(country.week)
        if name is not None and name not in _kept:
            _kept[name] = country.copy()
        advance(country)
        if on_week is not None:
            on_week(country)
    return record_of(country)


def forget() -> None:
    """Let go of what was kept."""
    _kept.clear()
