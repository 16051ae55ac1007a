"""What a measure changed: differences from the baseline, seed by seed and draw by draw.

Two runs with one seed give the same persons the same luck, so their difference is what the measure did. Over seeds it
has a mean, an interval, and shares of seeds in which the measure helped, harmed or did nothing: luck. Over draws of the
parameters that are not known, each with luck of its own, it has a distribution: what is known of the effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.comparison.margins import sizes
from sim.comparison.outcomes import NATION, OUTCOMES
from sim.comparison.summary import half_width, spread, summarise
from sim.comparison.table import Records, Table, table_of, weekly_table_of
from sim.engine.errors import InputError
from sim.languages import counted, tr

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "scenario", "outcome", "group", "unit", "region", "mean", "low", "high", "median", "p5", "p95", "sd", "helped",
    "harmed", "nothing", "draws", "seeds", "better", "baseline", "baseline_mean", "variance_ratio", "world_differs",
    "too_coarse",
)  # fmt: skip
WEEKLY_COLUMNS = (
    "scenario", "outcome", "unit", "region", "week", "date", "mean", "low", "high", "median", "p5", "p95",
    "cumulative", "draws", "seeds", "better", "baseline", "world_differs", "too_coarse",
)  # fmt: skip
SIDES = {"more": 1.0, "fewer": -1.0, "none": 0.0}


def effects(
    records: Records,
    baseline: str,
    outcomes: Sequence[str] = tuple(OUTCOMES),
    *,
    nothing_margin: float | None = None,
    interval: str = "t",
) -> pd.DataFrame:
    """Each scenario minus the baseline under the same draws and seeds, for Mali and each region.

    Parameters
    ----------
    records : mapping
        Scenario -> seed -> Record, or -> `Key` of draw and seed -> Record. Only runs that both a scenario and the
        baseline finished are used. With several seeds to a draw, the difference of a draw is the mean over its seeds.
    baseline : str
        The scenario that the others are compared with.
    outcomes : sequence of str
        Names in `OUTCOMES`, or of any observable. Outcomes that the records do not have are left out.
    nothing_margin : float, optional
        A difference counts as nothing within this share of what `sim.comparison.margins.sizes` gives: the baseline's
        value under the same seed or draw; for states, such as trust, how much regions differ in it. By default the
        parameter `nothing_margin` of the baseline's runs, else 0.01.
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
            the range that holds nine in ten of the paired differences.
        helped, harmed, nothing
            shares of draws, or of seeds without draws; NaN where neither direction is better (costs).
        draws, seeds
            draws used (0: all runs have the central values), and seeds.
        better
            "fewer", "more" or "none".
        baseline, baseline_mean
            the baseline, and its mean over these runs.
        variance_ratio
            variance of the paired difference over that of an unpaired one: below 1, common random numbers helped.
        world_differs
            what else than measures the scenario sets unlike the baseline (parameters, groups, forces), in words; empty
            if nothing. Where it is not empty, the difference is not the effect of the measures alone.
        too_coarse
            why there is no verdict, in words: more persons per youth than `coarsest_verdict`; empty if there may be
            one. The numbers stand as they are.

    Raises
    ------
    InputError
        For an unknown scenario, outcome or kind of interval.
    """
    import pandas as pd

    if interval not in ("t", "bootstrap"):
        raise InputError(tr("interval is {interval}; it must be 't' or 'bootstrap'", interval=repr(interval)))
    table = table_of(records, outcomes, baseline)
    if table is None:
        return pd.DataFrame(columns=list(COLUMNS))
    margin = table.margin if nothing_margin is None else nothing_margin
    parts = [effects_of(table, scenario, baseline, margin, interval) for scenario in table.arms if scenario != baseline]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def effects_of(table: Table, scenario: str, baseline: str, margin: float, interval: str = "t") -> pd.DataFrame:
    """The rows of one scenario in `effects`."""
    import pandas as pd

    places, chosen = (NATION, *table.regions), table.outcomes
    pairs = table.pairs(scenario, baseline)
    size = sizes(table, pairs.theirs)
    sides = np.array([[SIDES[outcome.better]] for outcome in chosen])
    found = summarise(pairs.ours, pairs.theirs, sides, margin * size, interval)

    def each(values: Sequence[str]) -> Any:
        return np.repeat(np.array(values, object), len(places))

    return pd.DataFrame({
        "scenario": scenario, "outcome": each([o.name for o in chosen]), "group": each([o.group for o in chosen]),
        "unit": each(table.units), "region": np.tile(np.array(places, object), len(chosen)),
        **{name: values.ravel() for name, values in found.items()},
        "better": each([o.better for o in chosen]), **many(table, pairs.draws, pairs.seeds), "baseline": baseline,
        "world_differs": table.world_differs(scenario, baseline), "too_coarse": table.too_coarse(scenario, baseline),
    })[list(COLUMNS)]  # fmt: skip


def many(table: Table, draws: Sequence[int], seeds: Sequence[int]) -> dict[str, int]:
    """How many draws (0 where no parameter is drawn) and seeds a row rests on."""
    return {"draws": len(set(draws)) if table.drawn else 0, "seeds": len(set(seeds))}


def effects_over_time(
    records: Records,
    baseline: str,
    outcomes: str | Sequence[str] = "joined",
    *,
    region: str = NATION,
    cumulative: bool | None = None,
) -> pd.DataFrame:
    """Each scenario minus the baseline under the same draws and seeds, for every week.

    Parameters
    ----------
    records : mapping
        Scenario -> seed (or `Key` of draw and seed) -> Record. Each is read once.
    baseline : str
        The scenario that the others are compared with.
    outcomes : str or sequence of str
        Names in `OUTCOMES` except those of elsewhere, or of any observable. Outcomes that the records do not have are
        left out.
    region : str
        One region, or "Mali".
    cumulative : bool, optional
        Whether the value of a week adds up all weeks until its end. By default counts (persons who joined, attacks) are
        added up, and states (trust), which cannot be added up, are not.

    Returns
    -------
    DataFrame
        A row per outcome, scenario and week: `mean`, `low`, `high` (its 90 % interval by Student's t), `median`, `p5`,
        `p95` of the paired differences, in `unit`; `date` is the first day of the week.

    Raises
    ------
    InputError
        For an unknown scenario, outcome or region, or if a state is to be added up.
    """
    import pandas as pd

    asked = [outcomes] if isinstance(outcomes, str) else list(outcomes)
    for name in asked:
        if name in OUTCOMES and OUTCOMES[name].elsewhere:
            raise InputError(
                tr("{name} covers the whole run only; ask for {of} by region", name=name, of=OUTCOMES[name].of)
            )
    table = weekly_table_of(records, asked, region, baseline)
    if table is None:
        return pd.DataFrame(columns=list(WEEKLY_COLUMNS))
    states = [o.name for o, how in zip(table.outcomes, table.hows, strict=True) if how != "sum"]
    if cumulative and states:
        raise InputError(tr("{states} is a state, which cannot be added up over weeks", states=", ".join(states)))
    parts = []
    for k, outcome in enumerate(table.outcomes):
        added = table.hows[k] == "sum" if cumulative is None else cumulative
        for scenario in table.arms:
            pairs = table.pairs(scenario, baseline)
            if scenario == baseline or not pairs.seeds:
                continue
            gap = pairs.ours[:, k] - pairs.theirs[:, k]
            gap = gap.cumsum(axis=1) if added else gap
            mean = gap.mean(axis=0)
            half = half_width(gap.std(axis=0, ddof=1), len(gap)) if len(gap) > 1 else np.nan
            parts.append(pd.DataFrame({
                "scenario": scenario, "outcome": outcome.name, "unit": table.units[k], "region": region,
                "week": np.arange(gap.shape[1]), "date": list(table.dates), "mean": mean, "low": mean - half,
                "high": mean + half, **spread(gap), "cumulative": added, **many(table, pairs.draws, pairs.seeds),
                "better": outcome.better, "baseline": baseline,
                "world_differs": table.world_differs(scenario, baseline),
                "too_coarse": table.too_coarse(scenario, baseline),
            }))  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=list(WEEKLY_COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(WEEKLY_COLUMNS)]


class Basis(NamedTuple):
    """What a table of effects rests on, in words."""

    unit: str  # what shares are of: "draws" or "seeds"
    many: str  # how many of them
    interval: str  # which two numbers stand with an effect
    covers: str  # what lets them differ


def basis(effects: pd.DataFrame) -> Basis:
    """In words what a table of effects rests on: seeds, or draws of the parameters."""
    seeds, draws = (sorted(set(effects[column])) for column in ("seeds", "draws"))

    def count(numbers: list[int], word: str) -> str:
        shown = "-".join(map(str, dict.fromkeys((numbers[0], numbers[-1]))))
        return counted(1 if numbers == [1] else max(2, numbers[-1]), word, shown)

    if draws[-1]:
        luck = tr("luck") if seeds[-1] == 1 else tr("luck (averaged over the seeds of a draw)")
        drawn = tr("{draws} of parameters, {seeds} each", draws=count(draws, "draw"), seeds=count(seeds, "seed"))
        return Basis(
            "draws",
            drawn,
            tr("median [5-95 % of draws]"),
            tr("{luck} and the parameters that are not known", luck=luck),
        )
    luck = tr("luck only, as no parameter is drawn")
    return Basis("seeds", count(seeds, "seed"), tr("mean [90 % interval of the mean]"), luck)


def headline(row: Any) -> tuple[float, float, float]:
    """The three numbers to show of a row: over draws the median and 5 to 95 %, else the mean and its interval."""
    middle, low, high = ("median", "p5", "p95") if row["draws"] else ("mean", "low", "high")
    return float(row[middle]), float(row[low]), float(row[high])
