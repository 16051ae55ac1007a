"""What a measure changed, week by week, or added up until then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.comparison.effects import CONFIDENCE, NATION, OUTCOMES, Outcome, check_outcomes, nation_first
from sim.engine.errors import InputError, nearest
from sim.stores.run import Key
from sim.stores.totals import all_weekly

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

COLUMNS = ("scenario", "outcome", "unit", "region", "week", "date", "mean", "low", "high", "median", "p5", "p95",
           "cumulative", "draws", "seeds", "better", "baseline")  # fmt: skip


def effects_over_time(
    records_by_scenario: Mapping[str, Mapping[Any, Record]],
    baseline: str,
    outcomes: str | Sequence[str] = "joined",
    *,
    region: str = NATION,
    cumulative: bool | None = None,
) -> pd.DataFrame:
    """Each scenario minus the baseline under the same draws and seeds, for every week.

    Parameters
    ----------
    records_by_scenario : mapping
        Scenario -> seed (or `Key` of draw and seed) -> Record. Each is read once.
    baseline : str
        The scenario the others are compared with.
    outcomes : str or sequence of str
        Names in `OUTCOMES`, but for those of elsewhere; those a record does not have are left out.
    region : str
        One region, or "Mali".
    cumulative : bool, optional
        Whether a week holds all until its end; by default of counts (persons who joined, attacks), not of states
        (trust), which cannot be added up.

    Returns
    -------
    DataFrame
        A row per outcome, scenario and week: `mean`, `low`, `high` (its 90 % interval by Student's t), `median`, `p5`,
        `p95` of the paired differences, in `unit`; `date` is the first day of the week.

    Raises
    ------
    InputError
        For an unknown scenario, outcome or region, or a state that shall be added up.
    """
    import pandas as pd

    asked = [outcomes] if isinstance(outcomes, str) else list(outcomes)
    check_outcomes(asked)
    if baseline not in records_by_scenario:
        raise InputError(f"there are no runs of {baseline!r}{nearest(baseline, records_by_scenario)}")
    for name in asked:
        if OUTCOMES[name].elsewhere:
            raise InputError(f"{name} is taken over the whole run only; ask for {OUTCOMES[name].of} by region")
    example = next((runs[key] for runs in records_by_scenario.values() for key in list(runs)[:1]), None)
    chosen = [] if example is None else [OUTCOMES[name] for name in asked if OUTCOMES[name].observables(example)]
    if example is None or not chosen:
        return pd.DataFrame(columns=list(COLUMNS))
    places = (NATION, *example.regions)
    if region not in places:
        raise InputError(f"there is no region {region!r}; it is one of {', '.join(places)}{nearest(region, places)}")
    facts = {o: example.observables[example.names.index(o.observables(example)[0])] for o in chosen}
    if cumulative and (states := [o.name for o in chosen if facts[o].how != "sum"]):
        raise InputError(f"{', '.join(states)} is a state, which cannot be added up over weeks")

    place = places.index(region)
    values = {name: _weekly(runs, chosen, place, example) for name, runs in records_by_scenario.items()}
    over_draws = any(isinstance(key, tuple) for runs in records_by_scenario.values() for key in list(runs)[:1])
    tables = []
    for k, outcome in enumerate(chosen):
        added = facts[outcome].how == "sum" if cumulative is None else cumulative
        for scenario, runs_of in values.items():
            both = sorted(runs_of.keys() & values[baseline].keys())
            if scenario == baseline or not both:
                continue
            gap = np.array([runs_of[p][k] - values[baseline][p][k] for p in both])
            if over_draws:
                draws = np.array([p.draw for p in both])
                gap = np.array([gap[draws == draw].mean(axis=0) for draw in dict.fromkeys(draws)])
            if added:
                gap = gap.cumsum(axis=1)
            many = {"draws": len(gap) if over_draws else 0, "seeds": len({p.seed for p in both})}
            tables.append(pd.DataFrame({
                "scenario": scenario, "outcome": outcome.name, "unit": facts[outcome].unit, "region": region,
                "week": np.arange(gap.shape[1]), "date": list(example.dates), **_summary(gap), "cumulative": added,
                **many, "better": outcome.better, "baseline": baseline,
            }))  # fmt: skip
    if not tables:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)]


def _weekly(
    runs: Mapping[Any, Record], outcomes: Sequence[Outcome], place: int, example: Record
) -> dict[Key, NDArray[np.float64]]:
    """Outcomes x weeks of each run, at one place."""
    parts = [outcome.observables(example) for outcome in outcomes]
    names = list(dict.fromkeys(name for part in parts for name in part))
    columns = [[names.index(name) for name in part] for part in parts]
    found = {}
    for key, values in all_weekly(runs, names).items():
        each = [nation_first(values[:, :, some].sum(axis=2), outcome, example)[:, place]
                for outcome, some in zip(outcomes, columns, strict=True)]  # fmt: skip
        found[Key.of(key)] = np.array(each)
    return found


def _summary(gap: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Over the pairs, of each week."""
    from scipy.special import stdtrit

    mean, nan = gap.mean(axis=0), np.full(gap.shape[1], np.nan)
    ends = [0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2]
    low = high = p5 = p95 = nan
    if len(gap) > 1:
        half = float(stdtrit(len(gap) - 1, ends[1])) * gap.std(axis=0, ddof=1) / len(gap) ** 0.5
        low, high = mean - half, mean + half
        p5, p95 = np.quantile(gap, ends, axis=0)
    return {"mean": mean, "low": low, "high": high, "median": np.median(gap, axis=0), "p5": p5, "p95": p95}
