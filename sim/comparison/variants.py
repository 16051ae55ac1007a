"""Plans that show what each measure does: each plan turns one scenario into a list of scenarios.

* One at a time: each measure alone, in full and from the first day, compared with the unchanged scenario.
* Leave one out: the unchanged scenario, compared with the scenario without one of its measures.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sim.engine.errors import InputError
from sim.languages import tr
from sim.measures import MEASURES
from sim.scenario import Scenario


def one_at_a_time(scenario: Scenario) -> list[Scenario]:
    """The scenario, then one scenario for each measure that exists.

    If the scenario lacks a measure, the measure is added with its defaults: in full, everywhere, from the first day of
    the run. The name is the key of the measure (`with_<key>` if the scenario has that name). If the scenario has the
    measure, the measure is removed, and the name is `without_<key>`.

    >>> from sim.scenario import Scenario
    >>> [s.name for s in one_at_a_time(Scenario.of({"name": "base", "measures": {"joint_patrols": True}}))][:1]
    ['base']

    Raises
    ------
    InputError
        If a measure cannot be added to the scenario, for example because its dates lie outside the run.
    """
    there = {measure.key for measure in scenario.active_measures()}
    return [
        scenario,
        *(without(scenario, key, f"without_{key}") if key in there else _with(scenario, key) for key in MEASURES),
    ]


def leave_one_out(scenario: Scenario) -> list[Scenario]:
    """The scenario, then for each of its measures the scenario without it: `<name>_without_<key>`.

    Raises
    ------
    InputError
        If the scenario has no measure that does anything.
    """
    there = [measure.key for measure in scenario.active_measures()]
    if not there:
        raise InputError(
            tr("{name} has no measure that does anything, so there is nothing to leave out", name=scenario.name)
        )
    return [scenario, *(without(scenario, key, f"{scenario.name}_without_{key}") for key in there)]


def without(scenario: Scenario, key: str, name: str) -> Scenario:
    """The scenario without one measure, under a new name."""
    data = _data(scenario, name, f"without: {MEASURES[key].title}")
    del data["measures"][key]
    return Scenario.of(data)


def with_only(scenario: Scenario, keys: Collection[str], name: str) -> Scenario:
    """The scenario with only the given measures, under a new name."""
    data = _data(scenario, name, f"only with: {', '.join(MEASURES[key].title for key in keys) or 'no measure'}")
    data["measures"] = {key: settings for key, settings in data["measures"].items() if key in keys}
    return Scenario.of(data)


def _with(scenario: Scenario, key: str) -> Scenario:
    """The scenario plus a measure in full, even if the scenario has settings for the measure but switches it off."""
    name = key if scenario.name != key else f"with_{key}"
    data = _data(scenario, name, f"with: {MEASURES[key].title}")
    data["measures"][key] = True
    return Scenario.of(data)


def _data(scenario: Scenario, name: str, change: str) -> dict[str, Any]:
    return {**scenario.resolved(), "name": name, "description": f"{scenario.name}, {change}"}
