"""What measures delivered and cost: those that a scenario and the baseline do not share, and where they act.

A measure that quietly delivers nothing would look like one that does no harm and no good, so what was delivered stands
beside every effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.stores.run import Key
from sim.stores.totals import all_totals

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

COLUMNS = (
    "scenario", "measure", "change", "unit", "per_week", "p5", "p95", "weeks", "cost_xof", "delivered_nothing",
    "draws", "seeds", "baseline",
)  # fmt: skip
ADDED, LEFT_OUT, CHANGED = "added", "left out", "changed"

Settings = Mapping[str, Any]
"""The settings of a measure as a record keeps them."""


def active_measures(record: Record) -> dict[str, Settings]:
    """The measures of the scenario a record was made from that do anything, with their settings."""
    measures = record.about.get("scenario", {}).get("measures", {})
    return {key: m for key, m in measures.items() if m.get("enabled", True) and m.get("intensity", 1.0) > 0.0}


def changes(ours: Mapping[str, Settings], theirs: Mapping[str, Settings]) -> dict[str, str]:
    """Measures that a scenario (`ours`) and the baseline (`theirs`) do not share: key -> added, left out or changed."""
    found = {}
    for key in sorted({*ours, *theirs}):
        if key not in theirs:
            found[key] = ADDED
        elif key not in ours:
            found[key] = LEFT_OUT
        elif ours[key] != theirs[key]:
            found[key] = CHANGED
    return found


def elsewhere(
    ours: Mapping[str, Settings], theirs: Mapping[str, Settings], regions: Sequence[str]
) -> NDArray[np.bool_]:
    """Regions in which no measure acts that the two do not share; none where there is no such measure."""
    differ = changes(ours, theirs)
    if not differ:
        return np.zeros(len(regions), bool)
    reached: set[str] = set()
    for measures in (ours, theirs):
        for settings in (measures[key] for key in differ if key in measures):
            where = settings.get("regions", "all")
            reached |= set(regions if where == "all" else where)
    return np.array([region not in reached for region in regions])


def delivered(records_by_scenario: Mapping[str, Mapping[Any, Record]], baseline: str) -> pd.DataFrame:
    """What was delivered, and its cost, by the measures that a scenario and the baseline do not share.

    Parameters
    ----------
    records_by_scenario : mapping
        Scenario -> seed (or `Key`) -> Record.
    baseline : str
        The scenario the others are compared with.

    Returns
    -------
    DataFrame
        A row per scenario and measure, with the columns

        change
            "added" and "changed" are told from the scenario's runs, "left out" from the baseline's.
        per_week, p5, p95
            what was delivered in a week in force, in `unit`: mean over these weeks and the runs, and 5 and 95 % of
            runs.
        weeks
            weeks in force by its dates, whether a condition held or not.
        cost_xof
            over the whole run, mean over runs.
        delivered_nothing
            share of runs in which it delivered nothing at all.
        draws, seeds
            draws of the parameters (0: central values) and seeds it rests on.
    """
    import pandas as pd

    examples = {name: next(iter(runs.values()), None) for name, runs in records_by_scenario.items()}
    measures = {name: active_measures(record) for name, record in examples.items() if record is not None}
    told: dict[str, dict[str, dict[str, Any]]] = {}  # the runs of a scenario are read once
    rows = []
    for scenario, ours in measures.items():
        if scenario == baseline or baseline not in measures:
            continue
        for key, change in changes(ours, measures[baseline]).items():
            source = baseline if change == LEFT_OUT else scenario
            if source not in told:
                told[source] = _told(records_by_scenario[source], list(measures[source]))
            rows.append({"scenario": scenario, "measure": key, "change": change, "baseline": baseline,
                         **told[source][key]})  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def own_delivered(runs: Mapping[Any, Record]) -> dict[str, dict[str, Any]]:
    """What each measure of one scenario delivered and cost: measure -> the columns of `delivered` from `unit` on."""
    example = next(iter(runs.values()), None)
    keys = [] if example is None else list(active_measures(example))
    return _told(runs, keys) if keys else {}


def _told(runs: Mapping[Any, Record], keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What each of some measures delivered in the runs of one scenario."""
    example = next(iter(runs.values()))
    settings, names = active_measures(example), [f"{what}_{key}" for key in keys for what in ("delivered", "cost")]
    found = np.array([of.sum(axis=0) for of in all_totals(runs, names).values()])  # runs x names
    units = {observable.name: observable.unit for observable in example.observables}
    weeks = {key: _in_force(settings[key], example.dates) for key in keys}
    counts = {key: found[:, names.index(f"delivered_{key}")] / max(weeks[key], 1) for key in keys}
    costs = {key: found[:, names.index(f"cost_{key}")] for key in keys}
    pairs = [Key.of(run) for run in runs]
    many = {"draws": len({p.draw for p in pairs} - {0}), "seeds": len({p.seed for p in pairs})}
    return {
        key: {
            "unit": units[f"delivered_{key}"], "weeks": weeks[key], **many,
            "per_week": float(np.mean(counts[key])), "cost_xof": float(np.mean(costs[key])),
            "p5": float(np.quantile(counts[key], 0.05)), "p95": float(np.quantile(counts[key], 0.95)),
            "delivered_nothing": float(np.mean(counts[key] == 0.0)),
        }
        for key in keys
    }  # fmt: skip


def _in_force(settings: Settings, dates: Sequence[date]) -> int:
    """Weeks of a run between the start and the end of a measure."""
    start, end = (settings.get(name) and date.fromisoformat(str(settings[name])) for name in ("start", "end"))
    return sum((not start or start <= day) and (not end or day < end) for day in dates)
