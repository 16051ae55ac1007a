"""Weeks that scenarios share are simulated once per seed; each scenario goes on from a copy of the country.

Two scenarios are the same until the first week in which a measure acts that only one of them has. Everything else in
them must be equal: period, persons per youth, parameters, groups, forces. That week comes from the first days of the
measures and their phases alone. It may be earlier than needed (a condition is met later, a setting matters later),
never later.

Such runs are equal, to the last bit, to runs made alone: a country is one value, and luck belongs to a week.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from sim.measures import PLUGINS

if TYPE_CHECKING:
    from datetime import date

    from sim.country import Country
    from sim.measures.base import Measure
    from sim.record import Record
    from sim.scenario import Scenario

MOST = 3
"""The most copies of the country that a worker keeps."""
FIRST = 20
"""A scenario is compared with at most so many before it: enough for plans of measures, quick for sweeps."""


@dataclass(frozen=True)
class Past:
    """Where a run takes its first weeks from, and which weeks it keeps for others.

    Attributes
    ----------
    group : str
        The runs that share it; a worker forgets what it kept when it comes to another group.
    week : int
        The week from which this run goes its own way; 0 if it shares nothing with a run before it.
    keep : tuple of int
        Weeks from whose beginning later runs start.
    kin : tuple of str
        For `week` and each of `keep`, which past it is: runs with equal names have equal pasts.
    """

    group: str
    week: int
    keep: tuple[int, ...]
    kin: tuple[str, ...]


def same_weeks(one: Scenario, other: Scenario) -> int:
    """The number of first weeks in which two scenarios are certainly the same."""
    mine, theirs = (_frame(scenario) for scenario in (one, other))
    if mine != theirs:
        return 0
    ours = [{m.key: m for m in scenario.active_measures()} for scenario in (one, other)]
    outside = {plugin.key for plugin in PLUGINS}
    weeks, past = one.clock.weeks, one.own_week  # before that week neither has measures of its own
    for key in {*ours[0], *ours[1]}:
        both = [measures[key] for measures in ours if key in measures]
        if len(both) == 2 and both[0] == both[1]:
            continue
        if key in outside:  # it may act before its first day
            return past
        days = [_parting(*both)] if len(both) == 2 else [both[0].start]
        weeks = min(weeks, *(0 if day is None else one.clock.week(day) for day in days))
    return max(weeks, past)


def _parting(one: Measure, other: Measure) -> date | None:
    """The first day on which two versions of a measure may act differently."""
    rest = [measure.model_copy(update={"phases": (), "end": None}) for measure in (one, other)]
    periods: Sequence[Any] = (one, other)
    if one.phases and other.phases and rest[0] == rest[1] and not one.looks_ahead:
        periods = next(pair for pair in zip_longest(one.phases, other.phases) if pair[0] != pair[1])
        if None not in periods and periods[0].model_copy(update={"end": periods[1].end}) == periods[1]:
            return min(periods[0].end, periods[1].end)
    days = [period.start for period in periods if period is not None]
    return None if None in days else min(days)


def _frame(scenario: Scenario) -> str:
    """Everything in a scenario except its measures, name and description."""
    return json.dumps({k: v for k, v in scenario.resolved().items() if k not in ("name", "description", "measures")})


def pasts(scenarios: Sequence[Scenario], group: str) -> list[Past | None]:
    """Where each scenario begins, if one worker runs them in this order; None for a scenario that shares nothing."""
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
    """Run a scenario from the end of its past, and keep the weeks from which others start."""
    from sim.week import advance, begin, finished, record_of

    if _group[0] != past.group:
        _kept.clear()
        _group[0] = past.group
    needed = {week: name for week, name in zip((past.week, *past.keep), past.kin, strict=True) if week}
    there = _kept.get(past.kin[0]) if past.week else None
    if there is None:
        country = begin(scenario, seed, world_seed=world_seed, draw=draw)
    else:
        country, own = there.copy(), tuple(scenario.active_measures())
        later = country.later and (country.later[0], own)  # its own measures act now, or from a later week on
        country = replace(
            country,
            about={**country.about, "scenario": scenario.resolved(), "shared_weeks": past.week},
            measures=country.measures if later else own,
            later=later,
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
    """Forget all pasts that were kept."""
    _kept.clear()
