"""What measures delivered and cost: the measures that a scenario and the baseline do not share.

A measure that quietly delivers nothing would look like one that does no harm and no good, so what was delivered stands
beside every effect.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.comparison.summary import ENDS
from sim.comparison.table import ADDED, CHANGED, LEFT_OUT, Records, Settings, active_measures, changes, table_of
from sim.comparison.windows import in_force

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

APPROACHED = "approached"
"""The observable that says where recruiters approach people."""

__all__ = ["ADDED", "CHANGED", "LEFT_OUT", "delivered", "own_delivered"]

COLUMNS = (
    "scenario", "measure", "change", "unit", "per_week", "p5", "p95", "weeks", "cost_xof", "delivered_nothing",
    "reach", "reach_approached", "focus", "draws", "seeds", "baseline",
)  # fmt: skip


def delivered(records: Records, baseline: str) -> pd.DataFrame:
    """What the measures delivered that a scenario and the baseline do not share, and what they cost.

    Parameters
    ----------
    records : mapping
        Scenario -> seed (or `Key`) -> Record.
    baseline : str
        The scenario that the others are compared with.

    Returns
    -------
    DataFrame
        A row per scenario and measure, with the columns

        change
            "added" and "changed" are taken from the scenario's runs, "left out" from the baseline's.
        per_week, p5, p95
            what was delivered in a week in force, in `unit`: the mean over these weeks and the runs, and 5 and 95 % of
            the runs.
        weeks
            weeks in force by the dates of the measure, whether its condition held or not.
        cost_xof
            over the whole run, mean over runs.
        delivered_nothing
            share of runs in which it delivered nothing at all.
        reach, reach_approached
            of measures that deliver to youths the share of all youths of Mali in a week in force, and the share of
            those whom recruiters approach in the baseline in these weeks: they live in other regions than most. Of a
            region all youths count as reached alike. NaN of other measures.
        focus
            how many times as much is delivered where recruiters approach people as everywhere, for each youth: above
            1 the measure is where it is needed. NaN if nothing is delivered, or nobody is approached.
        draws, seeds
            draws of the parameters (0: central values) and seeds that the row rests on.
    """
    import pandas as pd

    finished = {name: runs for name, runs in records.items() if len(runs)}
    found = {name: own_delivered(runs) for name, runs in finished.items()}  # the runs of a scenario are read once
    measures = {name: _settings(runs) for name, runs in finished.items()}
    approached: dict[bytes, NDArray[np.float64] | None] = {}
    rows = []
    for name in finished if baseline in finished else ():
        for key, change in changes(measures[name], measures[baseline]).items() if name != baseline else ():
            source = baseline if change == LEFT_OUT else name
            weeks = in_force(measures[source][key], next(iter(finished[baseline].values())).dates)
            if (mask := weeks.tobytes()) not in approached:
                approached[mask] = _by_region(finished[baseline], APPROACHED, weeks)
            reached = _reach(finished[source], key, weeks, approached[mask])
            rows.append({"scenario": name, "measure": key, "change": change, "baseline": baseline,
                         **found[source][key], **reached})  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def own_delivered(runs: Mapping[Any, Record]) -> dict[str, dict[str, Any]]:
    """What each measure of one scenario delivered and cost: measure -> the columns of `delivered` from `unit` on."""
    settings = _settings(runs)
    table = table_of({"": runs}, [f"{what}_{key}" for key in settings for what in ("delivered", "cost")])
    if table is None:
        return {}
    arm, names = table.arms[""], [outcome.name for outcome in table.outcomes]
    many = {"draws": len({key.draw for key in arm.keys} - {0}), "seeds": len({key.seed for key in arm.keys})}
    found = {}
    for key, own in settings.items():
        place, weeks = names.index(f"delivered_{key}"), int(in_force(own, table.dates).sum())
        counts = arm.values[:, place, 0] / max(weeks, 1)
        p5, p95 = np.quantile(counts, ENDS)
        found[key] = {
            "unit": table.units[place], "weeks": weeks, **many, "per_week": float(counts.mean()),
            "p5": float(p5), "p95": float(p95), "delivered_nothing": float((counts == 0.0).mean()),
            "cost_xof": float(arm.values[:, names.index(f"cost_{key}"), 0].mean()),
        }  # fmt: skip
    return found


def _reach(
    runs: Mapping[Any, Record], key: str, weeks: NDArray[np.bool_], approached: NDArray[np.float64] | None
) -> dict[str, float]:
    """How much of what was delivered reached youths, and those whom recruiters approach in the baseline."""
    example = next(iter(runs.values()))
    each = _by_region(runs, f"delivered_{key}", weeks)
    if approached is None or each is None or not each.any() or not approached.any():
        return dict.fromkeys(("reach", "reach_approached", "focus"), math.nan)
    youths = example.weights["youths"]
    everywhere = each.sum() / youths.sum()
    there = (each / np.maximum(youths, 1.0)) @ approached / approached.sum()
    unit = next(o.unit for o in example.observables if o.name == f"delivered_{key}")
    a_week = 1.0 / weeks.sum() if unit.startswith("youths") else math.nan
    return {"reach": float(everywhere * a_week), "reach_approached": float(there * a_week),
            "focus": float(there / everywhere)}  # fmt: skip


def _by_region(runs: Mapping[Any, Record], name: str, weeks: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """The mean over runs of a count in some weeks, by region; None where the runs do not have it."""
    if not weeks.any() or name not in next(iter(runs.values())).names:
        return None
    table = table_of({"": runs}, [name], None, weeks)
    return None if table is None else table.arms[""].values[:, 0, 1:].mean(axis=0)


def _settings(runs: Mapping[Any, Record]) -> Mapping[str, Settings]:
    example = next(iter(runs.values()), None)
    return {} if example is None else active_measures(example)
