"""What a scenario would do, without running it."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from importlib import import_module
from typing import Any

import numpy as np

from sim.batches.estimate import Estimate, estimate
from sim.engine.cards import card
from sim.measures.phases import how_much, in_words
from sim.parameters import Parameters
from sim.scenario import Scenario, as_scenario
from sim.world import facts
from sim.world.grid import world_grid

WIDTH = 120
"""Characters of a line, where a preview is printed."""


@dataclass(frozen=True)
class Actor:
    """An armed group or a force that acts during the run."""

    name: str
    start: date  # first day within the run
    end: date  # last day within the run
    people: int  # members at the start or the founding; troops at most
    changed: bool  # whether the scenario changes it


@dataclass(frozen=True)
class PlannedMeasure:
    """A measure as the scenario has it."""

    key: str
    title: str
    active: bool
    start: date | None
    end: date | None
    regions: tuple[str, ...]  # of any of its phases
    intensity: float | dict[str, float]  # of the measure, or the usual one of its phases
    when: str  # the condition on which it is on, in words; empty if there is none
    delivers: str
    reached_per_week: float | None  # in the unit of `delivers`, in full; None when not active, or unknown before a run
    cost_xof: float | None  # over the whole run; None when it is not active
    periods: tuple[tuple[date, date, str, str], ...] = ()  # of each phase: start, end, regions, intensity
    idle: bool = False  # whether it is switched on, but no week of the run begins between its dates


@dataclass(frozen=True)
class Preview:
    """What a scenario would do."""

    scenario: Scenario
    weeks: int
    people: int  # in 2012
    groups: list[Actor]
    forces: list[Actor]
    measures: list[PlannedMeasure]
    takes: Estimate
    xof_per_usd: float | None
    absent: list[str] = field(default_factory=list)  # groups and forces that it changes and that never act, by name

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(file=io.StringIO(), width=WIDTH)
        import_module("sim.views.tables").show_preview(self, console)  # views are above this floor: fetched by name
        lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
        return "\n".join(line.rstrip() for line in lines).strip()

    def _repr_html_(self) -> str:
        facts_ = {
            "Period": f"{self.scenario.start} to {self.scenario.end}, {self.weeks} weeks",
            "People in 2012": f"{self.people:,}",
            "Youths in the model": f"{self.takes.youths:,}",
            "Armed groups": ", ".join(group.name for group in self.groups) or "none",
            "Forces": ", ".join(force.name for force in self.forces) or "none",
            "One run": f"about {self.takes.seconds:,.0f} s and {self.takes.memory_bytes / 1e9:.1f} GB",
        }
        rows = [
            (m.title, *period, "" if m.cost_xof is None or k else f"{m.cost_xof:,.0f}")
            for m in self.measures if m.active for k, period in enumerate(m.periods)
        ]  # fmt: skip
        columns = ("Measure", "Start", "End", "Regions", "Intensity", "Cost, XOF")
        return card(f"Preview of {self.scenario.name}", facts_, columns, rows)


def preview(scenario: Scenario | str | os.PathLike[str] | Mapping[str, Any]) -> Preview:
    """What a scenario (or the one in a file or a dict) would do: who acts when, which measures where, at what cost.

    >>> print(preview("joint_patrols"))                            # doctest: +SKIP
    """
    scenario = as_scenario(scenario)
    parameters = Parameters.default().replaced(scenario.parameters)
    groups, forces = _groups(scenario), _forces(scenario)
    return Preview(
        scenario=scenario,
        weeks=scenario.clock.weeks,
        people=round(float(world_grid().population.sum())),
        groups=groups,
        forces=forces,
        absent=_absent(scenario, {actor.name for actor in (*groups, *forces)}),
        measures=_measures(scenario),
        takes=estimate(scenario),
        xof_per_usd=parameters.get("xof_per_usd"),
    )


def _within(scenario: Scenario, start: date | None, end: date | None) -> tuple[date, date] | None:
    """The part of a time (`end`: first day after it) that lies in the run, or None if it holds in no week.

    Groups and forces come and go in the week that holds the day.
    """
    clock = scenario.clock
    first, last = max(start or scenario.start, scenario.start), min(end or scenario.end, scenario.end)
    until = clock.weeks if end is None else min(clock.week(end), clock.weeks)
    return (first, last) if clock.week(first) < until else None


def _absent(scenario: Scenario, present: set[str]) -> list[str]:
    """The groups and forces that the scenario changes without leaving them out, and that act in no week."""
    names = {("groups", group.key): group.name for group in facts.groups()}
    names |= {("forces", force.key): force.name for force in facts.forces()}
    changed = [*(("groups", key) for key in scenario.groups), *(("forces", key) for key in scenario.forces)]
    settings = {"groups": scenario.groups, "forces": scenario.forces}
    return [
        names[block, key] for block, key in changed
        if settings[block][key].get("enabled", True) and settings[block][key].get("scale", 1.0) > 0
        and names[block, key] not in present
    ]  # fmt: skip


def _groups(scenario: Scenario) -> list[Actor]:
    found = []
    for group in facts.groups():
        changes: Mapping[str, Any] = scenario.groups.get(group.key, {})
        row = {**{f.name: getattr(group, f.name) for f in fields(group)}, **changes}
        time = _within(scenario, row["founded"], row["ended"])
        if changes.get("enabled", True) and time:
            there = row["start_members"] if row["founded"] <= scenario.start else row["founding_core"]
            found.append(Actor(group.name, *time, int(there), bool(changes)))
    return sorted(found, key=lambda actor: actor.start)


def _forces(scenario: Scenario) -> list[Actor]:
    found = []
    deployed = {key for measure in scenario.active_measures() for key in measure.deploys}
    for force in facts.forces():
        changes: Mapping[str, Any] = scenario.forces.get(force.key, {})
        if not changes.get("enabled", True) or not (force.kind == "state" or force.key in deployed):
            continue
        there: list[tuple[date, date, float]] = []
        for d in facts.deployments():
            start = max(d.start, changes.get("start", d.start))
            end = min(d.end or scenario.end, changes.get("end", d.end or scenario.end))
            time = _within(scenario, start, end) if start < end else None
            troops = d.troops * changes.get("scale", 1.0)
            if d.force == force.key and time and troops > 0:
                there.append((*time, troops))
        if there:
            most = max(sum(n for s, e, n in there if s <= day < e) for day, _, _ in there)
            start, end = min(s for s, _, _ in there), max(e for _, e, _ in there)
            found.append(Actor(force.name, start, end, round(most), bool(changes)))
    return sorted(found, key=lambda actor: actor.start)


def _measures(scenario: Scenario) -> list[PlannedMeasure]:
    planned = []
    for key, measure in sorted(scenario.measures.items()):
        clock = scenario.clock
        idle = measure.active and not any(np.any(measure.strength(clock.date(week))) for week in range(clock.weeks))
        plan = measure.plan(clock, world_grid()) if measure.active and not idle else None
        planned.append(
            PlannedMeasure(
                key,
                measure.title,
                measure.active,
                measure.start,
                measure.end,
                measure.regions_ever,
                measure.intensity,
                measure.when.in_words if measure.when else "",
                measure.delivers,
                plan.reached_per_week if plan else None,
                plan.cost_xof if plan else 0.0 if idle else None,
                tuple(
                    (p.start or scenario.start, p.end or scenario.end, in_words(p.regions), how_much(p.intensity))
                    for p in measure.periods
                )
                if plan or idle
                else (),
                idle=idle,
            )
        )
    return planned
