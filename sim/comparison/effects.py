"""What a measure changed: differences from the baseline, seed by seed and draw by draw.

Two runs with one seed give the same persons the same luck, so their difference is what the measure did. Over seeds it
has a mean, an interval, and shares of seeds in which the measure helped, harmed or did nothing: luck. Over draws of the
parameters that are not known, each with luck of its own, it has a distribution: what is known of the effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.comparison.delivered import active_measures, elsewhere
from sim.engine.errors import InputError, nearest
from sim.stores.run import Key
from sim.stores.totals import all_totals, totals

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

NATION = "Mali"
CONFIDENCE = 0.90
NOTHING_MARGIN = 0.01
RESAMPLES = 4000

COLUMNS = (
    "scenario", "outcome", "group", "unit", "region", "mean", "low", "high", "median", "p5", "p95", "sd", "helped",
    "harmed", "nothing", "draws", "seeds", "better", "baseline", "baseline_mean", "variance_ratio",
)  # fmt: skip

SOUGHT, LEDGER = "what is sought", "the ledger of harm"


@dataclass(frozen=True)
class Outcome:
    """What is compared.

    Attributes
    ----------
    name : str
        Its name.
    better : str
        Which way is better: "fewer", "more" or "none".
    label : str
        What it is called in every table, figure and page; "fewer" or "higher" can stand before it.
    group : str
        `SOUGHT` or `LEDGER`.
    of : str
        The observable, where it is not called as the outcome.
    prefix : str
        Instead of one observable, the sum of all that begin so.
    elsewhere : bool
        Whether it is only taken over regions in which no measure acts that a scenario and the baseline do not share.
    spared : str
        The noun for one unit of it that a measure spares, where there is one.
    """

    name: str
    better: str
    label: str
    group: str = SOUGHT
    of: str = ""
    prefix: str = ""
    elsewhere: bool = False
    spared: str = ""

    def observables(self, record: Record) -> list[str]:
        """Names of its observables in a record."""
        if self.prefix:
            return [name for name in record.names if name.startswith(self.prefix)]
        name = self.of or self.name
        return [name] if name in record.names else []


OUTCOMES = {
    outcome.name: outcome
    for outcome in (
        Outcome("joined", "fewer", "people who joined", spared="person kept from joining"),
        Outcome("attacks", "fewer", "attacks by armed groups", spared="attack averted"),
        Outcome("deaths_civilian", "fewer", "civilians killed", spared="civilian death averted"),
        Outcome("trust", "more", "trust in the security forces"),
        Outcome("attitude_mean", "fewer", "sympathy with violent groups"),
        Outcome("abuses", "fewer", "abuses by security forces", LEDGER),
        Outcome("wrongful_arrests", "fewer", "wrongful arrests", LEDGER),
        Outcome("backfired", "fewer", "viewers moved towards violence", LEDGER),
        Outcome("imams_silenced", "fewer", "imams silenced by threats", LEDGER),
        Outcome("attacks_displaced", "fewer", "attacks moved to softer targets", LEDGER),
        Outcome("joined_elsewhere", "fewer", "people who joined elsewhere", LEDGER, of="joined", elsewhere=True),
        Outcome("attacks_elsewhere", "fewer", "attacks elsewhere", LEDGER, of="attacks", elsewhere=True),
        Outcome("cost", "none", "cost", LEDGER, prefix="cost_"),
    )
}
"""Everything that is compared: the gains, and beside them what is paid for them."""


def in_words(outcome: str) -> str:
    """What an outcome is called in tables, figures and pages."""
    return OUTCOMES[outcome].label if outcome in OUTCOMES else outcome.replace("_", " ")


class Basis(NamedTuple):
    """What a table of effects rests on, in words."""

    unit: str  # what shares are of: "draws" or "seeds"
    many: str  # how many of them
    interval: str  # which two numbers stand with an effect
    covers: str  # what lets them differ


def basis(effects: pd.DataFrame) -> Basis:
    """In words what a table of effects rests on: seeds under central values, or draws of the parameters."""
    seeds, draws = (sorted(set(effects[column])) for column in ("seeds", "draws"))

    def count(numbers: list[int], word: str) -> str:
        many = "-".join(map(str, dict.fromkeys((numbers[0], numbers[-1]))))
        return f"{many} {word}{'' if numbers == [1] else 's'}"

    if draws[-1]:
        luck = "luck" if seeds[-1] == 1 else "luck (averaged over the seeds of a draw)"
        many = f"{count(draws, 'draw')} of parameters, {count(seeds, 'seed')} each"
        return Basis("draws", many, "median [5-95 % of draws]", f"{luck} and the parameters that are not known")
    luck = "luck only, with parameters at their central values"
    return Basis("seeds", count(seeds, "seed"), "mean [90 % interval of the mean]", luck)


def headline(row: Any) -> tuple[float, float, float]:
    """The three numbers to show of a row: over draws the median and 5 to 95 %, else the mean and its interval."""
    middle, low, high = ("median", "p5", "p95") if row["draws"] else ("mean", "low", "high")
    return float(row[middle]), float(row[low]), float(row[high])


def outcome_values(record: Record, outcome: Outcome) -> NDArray[np.float64]:
    """One run's value of an outcome: Mali, then each region (10 numbers).

    Counts are sums over the run; states are means over its last 52 weeks, for Mali weighted by people or
    youths.
    """
    return nation_first(totals(record, outcome.observables(record)).sum(axis=1), outcome, record)


def nation_first(regions: NDArray[np.float64], outcome: Outcome, example: Record) -> NDArray[np.float64]:
    """Mali in front of its regions (the last axis): their sum, or their mean weighted by people or youths."""
    how = example.observables[example.names.index(outcome.observables(example)[0])].how
    if how == "sum":
        nation = regions.sum(axis=-1)
    else:
        weights = example.weights[how]
        nation = regions @ weights / weights.sum()
    return np.concatenate([nation[..., None], regions], axis=-1)


def effects(
    records_by_scenario: Mapping[str, Mapping[Any, Record]],
    baseline: str,
    outcomes: Sequence[str] = tuple(OUTCOMES),
    *,
    nothing_margin: float | None = None,
    interval: str = "t",
) -> pd.DataFrame:
    """Each scenario minus the baseline under the same draws and seeds, for Mali and each region.

    Parameters
    ----------
    records_by_scenario : mapping
        Scenario -> seed -> Record, or -> `Key` of draw and seed -> Record. Only what both a scenario and the baseline
        finished is used. With several seeds to a draw, the difference of a draw is the mean over its seeds.
    baseline : str
        The scenario the others are compared with.
    outcomes : sequence of str
        Names in `OUTCOMES`; those a record does not have are left out.
    nothing_margin : float, optional
        A difference within this share of the baseline's value under the same seed or draw (for attitudes: this many
        standard deviations) counts as nothing, as does exactly zero. By default the parameter
        `nothing_margin` of the baseline's runs, else 0.01.
    interval : {"t", "bootstrap"}
        How the 90 % interval of the mean is made: Student's t, or the percentiles of 4,000 means over seeds (or draws)
        drawn again.

    Returns
    -------
    DataFrame
        A row per scenario, outcome and region, with the columns

        group
            "what is sought" or "the ledger of harm".
        mean, low, high, median, sd
            of the paired difference, in `unit`; with one pair `low`, `high` and `sd` are NaN.
        p5, p95
            between which nine in ten of the paired differences themselves lie.
        helped, harmed, nothing
            shares of draws, or of seeds where there are none; NaN where neither direction is better (costs).
        draws, seeds
            draws used (0: all runs have the central values), and seeds.
        better
            "fewer", "more" or "none".
        baseline, baseline_mean
            what is compared with, and its mean over these runs.
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

    if interval not in ("t", "bootstrap"):
        raise InputError(f"interval is {interval!r}; it is 't' or 'bootstrap'")
    found = paired(records_by_scenario, baseline, outcomes)
    if found is None:
        return pd.DataFrame(columns=list(COLUMNS))
    margin = found.margin if nothing_margin is None else nothing_margin
    rows = []
    for scenario, pairs in found.scenarios.items():
        many = {"draws": len(set(pairs.draws)) if found.over_draws else 0, "seeds": len(set(pairs.seeds))}
        for k, outcome in enumerate(found.outcomes):
            unit = found.units[k]
            for place, region in enumerate((NATION, *found.regions)):
                one, other = pairs.ours[:, k, place], pairs.theirs[:, k, place]
                nothing = margin * (1.0 if unit == "SD" else np.abs(other))
                summary = summarised(one, other, outcome.better, nothing, interval)
                rows.append(
                    {"scenario": scenario, "outcome": outcome.name, "group": outcome.group, "unit": unit,
                     "region": region, "better": outcome.better, "baseline": baseline, **many, **summary}
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


# --- pairs of runs ------------------------------------------------------------------------------------------


class Pairs(NamedTuple):
    """One scenario and the baseline, line by line under the same draw and seed."""

    ours: NDArray[np.float64]  # lines x outcomes x (Mali, regions)
    theirs: NDArray[np.float64]
    draws: tuple[int, ...]  # of all pairs of runs; over draws a line is the mean over the seeds of one
    seeds: tuple[int, ...]


class Paired(NamedTuple):
    """What every scenario gives beside the baseline."""

    scenarios: dict[str, Pairs]
    outcomes: tuple[Outcome, ...]
    units: tuple[str, ...]
    regions: tuple[str, ...]
    over_draws: bool  # whether a line is a draw of the parameters; else it is a seed
    margin: float  # the parameter `nothing_margin` of the runs


def paired(
    records_by_scenario: Mapping[str, Mapping[Any, Record]], baseline: str, outcomes: Sequence[str]
) -> Paired | None:
    """Values of outcomes in each scenario and in the baseline, over what both finished; None where nothing has.

    Raises
    ------
    InputError
        For an unknown scenario or outcome.
    """
    if baseline not in records_by_scenario:
        raise InputError(f"there are no runs of {baseline!r}{nearest(baseline, records_by_scenario)}")
    check_outcomes(outcomes)
    examples = {scenario: next(iter(runs.values())) for scenario, runs in records_by_scenario.items() if len(runs)}
    if not examples:
        return None
    example = examples.get(baseline) or next(iter(examples.values()))
    chosen = [outcome for outcome in (OUTCOMES[name] for name in outcomes) if outcome.observables(example)]
    if not chosen:
        return None
    parts = {outcome: outcome.observables(example) for outcome in chosen}
    names = sorted({name for part in parts.values() for name in part})
    columns = {outcome: [names.index(name) for name in part] for outcome, part in parts.items()}
    measures = {scenario: active_measures(record) for scenario, record in examples.items()}
    over_draws = any(isinstance(key, tuple) for runs in records_by_scenario.values() for key in islice(runs, 1))
    values: dict[str, dict[Key, NDArray[np.float64]]] = {}  # outcomes x (Mali, regions) of each run
    for scenario, runs in records_by_scenario.items():
        found = all_totals(runs, names)
        everything = np.array([*found.values()]).reshape(len(found), len(example.regions), len(names))
        each = [nation_first(everything[:, :, columns[o]].sum(axis=2), o, example) for o in chosen]
        values[scenario] = dict(zip(map(Key.of, found), np.stack(each, axis=1), strict=True))

    scenarios = {}
    for scenario, runs_of in values.items():
        if scenario == baseline:
            continue
        both = sorted(runs_of.keys() & values[baseline].keys())
        away = elsewhere(measures.get(scenario, {}), measures.get(baseline, {}), example.regions)
        blank = np.empty((0, len(chosen), 1 + len(example.regions)))
        sides = []
        for of in (runs_of, values[baseline]):
            side = _together({p: of[p] for p in both}, over_draws) if both else blank
            for k, outcome in enumerate(chosen):
                if outcome.elsewhere:
                    side[:, k] = _only(side[:, k], away)
            sides.append(side)
        scenarios[scenario] = Pairs(sides[0], sides[1], tuple(p.draw for p in both), tuple(p.seed for p in both))
    units = {observable.name: observable.unit for observable in example.observables}
    margin = float(example.about.get("parameters", {}).get("nothing_margin", NOTHING_MARGIN))
    return Paired(scenarios, tuple(chosen), tuple(units[parts[o][0]] for o in chosen), tuple(example.regions),
                  over_draws, margin)  # fmt: skip


def check_outcomes(names: Sequence[str]) -> None:
    """Refuse what is no outcome.

    Raises
    ------
    InputError
        That names those there are, and the nearest.
    """
    for name in names:
        if name not in OUTCOMES:
            raise InputError(
                f"there is no outcome {name!r}; it is one of {', '.join(OUTCOMES)}{nearest(name, OUTCOMES)}"
            )


def _together(values: Mapping[Key, NDArray[np.float64]], over_draws: bool) -> NDArray[np.float64]:
    """The values of runs one below the other; over draws, one line per draw, the mean over its seeds."""
    if not over_draws:
        return np.array(list(values.values()))
    draws = dict.fromkeys(p.draw for p in values)
    return np.array([np.mean([v for p, v in values.items() if p.draw == draw], axis=0) for draw in draws])


def _only(values: NDArray[np.float64], regions: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Counts of some regions alone, and their sum in the place of Mali; not a number where there is none of them."""
    inside = np.where(regions, values[:, 1:], np.nan)
    nation = values[:, 1:][:, regions].sum(axis=1) if regions.any() else np.full(len(values), np.nan)
    return np.column_stack([nation, inside])


def summarised(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    better: str,
    margin: float | NDArray[np.float64],
    interval: str = "t",
) -> dict[str, float]:
    """One row: the paired difference, its interval, shares; `margin` is what counts as nothing, per pair."""
    gap = ours - theirs
    nan = float("nan")
    names = ("mean", "low", "high", "median", "p5", "p95", "sd", "helped", "harmed", "nothing", "variance_ratio")
    row = dict.fromkeys(names, nan)
    row["baseline_mean"] = float(theirs.mean()) if gap.size else nan
    if not gap.size or not np.isfinite(gap).all():
        return row
    row.update(mean=float(gap.mean()), median=float(np.median(gap)))
    if better != "none":
        nothing = np.abs(gap) <= margin
        good = (gap < 0) if better == "fewer" else (gap > 0)
        row["nothing"] = float(nothing.mean())
        row["helped"] = float((good & ~nothing).mean())
        row["harmed"] = float((~good & ~nothing).mean())
    if gap.size > 1:
        row["sd"] = float(gap.std(ddof=1))
        row["low"], row["high"] = (t_interval if interval == "t" else bootstrap_interval)(gap)
        row["p5"], row["p95"] = map(float, np.quantile(gap, [0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2]))
        unpaired = ours.var(ddof=1) + theirs.var(ddof=1)
        row["variance_ratio"] = float(gap.var(ddof=1) / unpaired) if unpaired > 0 else nan
    return row


def t_interval(gap: NDArray[np.float64]) -> tuple[float, float]:
    """The 90 % interval of the mean by Student's t."""
    from scipy.special import stdtrit  # the quantile of scipy.stats.t, without the seconds that importing that takes

    half = float(stdtrit(gap.size - 1, 0.5 + CONFIDENCE / 2)) * float(gap.std(ddof=1)) / gap.size**0.5
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
