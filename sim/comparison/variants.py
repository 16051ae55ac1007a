"""Plans of measures: from one scenario the list of scenarios that show what each measure does.

* One at a time: each measure alone, in full and from the first day, against the scenario as it is.
* Leave one out: the scenario as it is, against itself without each of its measures.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sim.engine.errors import InputError
from sim.measures import MEASURES
from sim.scenario import Scenario


def one_at_a_time(scenario: Scenario) -> list[Scenario]:
    """The scenario, then one for each measure there is.

    A measure that the scenario does without is added as it stands in its defaults (in full, everywhere, from the first
    day of the run) under its own key as the name (`with_<key>` where the scenario has that name). One that the scenario
    has is left out: `without_<key>`.

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
    """The scenario, then one for each measure it has, without it: `<name>_without_<key>`.

    Raises
    ------
    InputError
        If the scenario has no measure that does anything.
    """
    there = [measure.key for measure in scenario.active_measures()]
    if not there:
        raise InputError(f"{scenario.name} has no measure that does anything; there is nothing to leave out")
    return [scenario, *(without(scenario, key, f"{scenario.name}_without_{key}") for key in there)]


def without(scenario: Scenario, key: str, name: str) -> Scenario:
    """The scenario without a measure, under another name."""
    data = _data(scenario, name, f"without: {MEASURES[key].title}")
    del data["measures"][key]
    return Scenario.of(data)


def with_only(scenario: Scenario, keys: Collection[str], name: str) -> Scenario:
    """The scenario with these of its measures alone, under another name."""
    data = _data(scenario, name, f"of its measures: {', '.join(MEASURES[key].title for key in keys) or 'none'}")
    data["measures"] = {key: settings for key, settings in data["measures"].items() if key in keys}
    return Scenario.of(data)


def _with(scenario: Scenario, key: str) -> Scenario:
    """The scenario and a measure in full, whatever it says about a measure that is switched off."""
    name = key if scenario.name != key else f"with_{key}"
    data = _data(scenario, name, f"and: {MEASURES[key].title}")
    data["measures"][key] = True
    return Scenario.of(data)


def _data(scenario: Scenario, name: str, change: str) -> dict[str, Any]:
    return {**scenario.resolved(), "name": name, "description": f"{scenario.name}, {change}"}
