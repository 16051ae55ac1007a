"""What a measure changed: differences from the baseline, seed by seed.

Two runs with one seed give the same persons the same luck, so their difference is what the measure did; over
seeds it has a mean, an interval, and shares of seeds in which the measure helped, harmed or did nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.engine.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

NATION = "Mali"
LAST_WEEKS = 52
"""A state such as trust is taken as its mean over this many last weeks, so that no season weighs more."""
CONFIDENCE = 0.90
NOTHING_MARGIN = 0.01
RESAMPLES = 4000

COLUMNS = (
    "scenario", "outcome", "unit", "region", "mean", "low", "high", "median", "sd", "helped", "harmed",
    "nothing", "seeds", "better", "baseline", "baseline_mean", "variance_ratio",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What is compared: its name, which way is better ("fewer", "more", "none"), what is added up for it."""

    name: str
    better: str
    prefix: str = ""  # all observables that begin so, for costs

    def columns(self, record: Record) -> list[int]:
        """Places of its observables in a record."""
        if self.prefix:
            return [k for k, name in enumerate(record.names) if name.startswith(self.prefix)]
        return [record.names.index(self.name)] if self.name in record.names else []


OUTCOMES = {
    outcome.name: outcome
    for outcome in (
        Outcome("joined", "fewer"),
        Outcome("attacks", "fewer"),
        Outcome("abuses", "fewer"),
        Outcome("wrongful_arrests", "fewer"),
        Outcome("deaths_civilian", "fewer"),
        Outcome("trust", "more"),
        Outcome("attitude_mean", "fewer"),
        Outcome("backfired", "fewer"),
        Outcome("cost", "none", prefix="cost_"),
    )
}


def outcome_values(record: Record, outcome: Outcome) -> NDArray[np.float64]:
    """One run's value of an outcome: Mali, then each region (10 numbers).

    Counts are sums over the run; states are means over its last 52 weeks, for Mali weighted by people or
    youths.
    """
    columns = outcome.columns(record)
    values = record.values[:, :, columns].sum(axis=2)
    how = record.observables[columns[0]].how
    if how == "sum":
        regions = values.sum(axis=0)
        nation = regions.sum()
    else:
        regions = values[-LAST_WEEKS:].mean(axis=0)
        weights = record.weights[how]
        nation = regions @ weights / weights.sum()
    return np.concatenate([[nation], regions])


def effects(
    records_by_scenario: Mapping[str, Mapping[int, Record]],
    baseline: str,
    outcomes: Sequence[str] = tuple(OUTCOMES),
    *,
    nothing_margin: float | None = None,
    interval: str = "t",
) -> pd.DataFrame:
    """Each scenario minus the baseline under the same seeds, for Mali and each region.

    Parameters
    ----------
    records_by_scenario : mapping
        Scenario -> seed -> Record. Only seeds that both a scenario and the baseline finished are used.
    baseline : str
        The scenario the others are compared with.
    outcomes : sequence of str
        Names in `OUTCOMES`; those a record does not have are left out.
    nothing_margin : float, optional
        A difference within this share of the baseline's value under the same seed (for attitudes: this many
        standard deviations) counts as nothing, as does exactly zero. By default the parameter
        `nothing_margin` of the baseline's runs, else 0.01.
    interval : {"t", "bootstrap"}
        How the 90 % interval of the mean is made: Student's t, or the percentiles of 4,000 means over seeds
        drawn again.

    Returns
    -------
    DataFrame
        A row per scenario, outcome and region, with the columns

        mean, low, high, median, sd
            of the paired difference, in `unit`; with one seed `low`, `high` and `sd` are NaN.
        helped, harmed, nothing
            shares of seeds; NaN where neither direction is better (costs).
        seeds
            pairs used.
        better
            "fewer", "more" or "none".
        baseline, baseline_mean
            what is compared with, and its mean over these seeds.
        variance_ratio
            variance of the paired difference over that of an unpaired one: below 1, the same luck helped.

    Raises
    ------
    InputError
        For an unknown scenario, outcome or kind of interval.

    Notes
    -----
    Student (1908), doi 10.2307/2331554; Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch.
    13.
    """
    import pandas as pd

    if baseline not in records_by_scenario:
        raise InputError(f"there are no runs of {baseline!r}{nearest(baseline, records_by_scenario)}")
    for name in outcomes:
        if name not in OUTCOMES:
            raise InputError(
                f"there is no outcome {name!r}; it is one of {', '.join(OUTCOMES)}{nearest(name, OUTCOMES)}"
            )
    if interval not in ("t", "bootstrap"):
        raise InputError(f"interval is {interval!r}; it is 't' or 'bootstrap'")

    chosen = [OUTCOMES[name] for name in outcomes]
    values: dict[str, dict[int, list[NDArray[np.float64]]]] = {}
    example: Record | None = None
    for scenario, runs in records_by_scenario.items():
        values[scenario] = {}
        for seed in runs:
            record = runs[seed]
            if example is None or scenario == baseline:
                example = record
                chosen = [outcome for outcome in chosen if outcome.columns(record)]
            values[scenario][seed] = [outcome_values(record, outcome) for outcome in chosen]
    if example is None:
        return pd.DataFrame(columns=list(COLUMNS))
    if nothing_margin is None:
        nothing_margin = float(example.about.get("parameters", {}).get("nothing_margin", NOTHING_MARGIN))

    rows = []
    for scenario, runs_of in values.items():
        if scenario == baseline:
            continue
        seeds = sorted(runs_of.keys() & values[baseline].keys())
        for k, outcome in enumerate(chosen):
            unit = example.observables[outcome.columns(example)[0]].unit
            for place, region in enumerate((NATION, *example.regions)):
                ours = np.array([runs_of[seed][k][place] for seed in seeds])
                theirs = np.array([values[baseline][seed][k][place] for seed in seeds])
                size = np.ones(len(seeds)) if unit == "SD" else np.abs(theirs)
                summary = summarised(ours, theirs, outcome.better, nothing_margin * size, interval)
                rows.append(
                    {"scenario": scenario, "outcome": outcome.name, "unit": unit, "region": region,
                     "better": outcome.better, "baseline": baseline, **summary}
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def summarised(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    better: str,
    margin: NDArray[np.float64],
    interval: str = "t",
) -> dict[str, float]:
    """One row: the paired difference, its interval, shares; `margin` is what counts as nothing, per seed."""
    gap = ours - theirs
    n = gap.size
    nan = float("nan")
    row = dict.fromkeys(("mean", "low", "high", "median", "sd", "helped", "harmed", "nothing", "variance_ratio"), nan)
    row.update(seeds=n, baseline_mean=float(theirs.mean()) if n else nan)
    if n == 0:
        return row
    row.update(mean=float(gap.mean()), median=float(np.median(gap)))
    if better != "none":
        nothing = np.abs(gap) <= margin
        good = (gap < 0) if better == "fewer" else (gap > 0)
        row["nothing"] = float(nothing.mean())
        row["helped"] = float((good & ~nothing).mean())
        row["harmed"] = float((~good & ~nothing).mean())
    if n > 1:
        row["sd"] = float(gap.std(ddof=1))
        row["low"], row["high"] = (t_interval if interval == "t" else bootstrap_interval)(gap)
        unpaired = ours.var(ddof=1) + theirs.var(ddof=1)
        row["variance_ratio"] = float(gap.var(ddof=1) / unpaired) if unpaired > 0 else nan
    return row


def t_interval(gap: NDArray[np.float64]) -> tuple[float, float]:
    """The 90 % interval of the mean by Student's t."""
    from scipy.stats import t

    half = float(t.ppf(0.5 + CONFIDENCE / 2, gap.size - 1)) * float(gap.std(ddof=1)) / gap.size**0.5
    return float(gap.mean()) - half, float(gap.mean()) + half


@cache
def _drawn_again() -> np.uint32:
    """The decision, named when first needed: keyed luck brings numba, which a t interval does without."""
    from sim.engine.luck import decision

    return decision("a seed is drawn again")


def bootstrap_interval(gap: NDArray[np.float64]) -> tuple[float, float]:
    """The 90 % interval of the mean from means over seeds drawn again with replacement."""
    from sim.engine.luck import lucks, seed_key

    drawn = lucks(_drawn_again(), seed_key(0), 0, np.arange(RESAMPLES * gap.size))
    means = gap[(drawn * gap.size).astype(np.int64)].reshape(RESAMPLES, gap.size).mean(axis=1)
    low, high = np.quantile(means, [0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2])
    return float(low), float(high)
