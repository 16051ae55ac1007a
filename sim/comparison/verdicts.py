"""Verdicts: for each scenario and outcome how large the effect is, how sure that is, and whether it is shown.

Beside the whole run stand the weeks in which the measures are in force that a scenario and the baseline do not share.
Every outcome keeps a line of its own: gains and the ledger of harm are never merged into one score.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.comparison.ceiling import break_even, ceiling_name, factor
from sim.comparison.effects import SIDES, many
from sim.comparison.margins import sizes
from sim.comparison.outcomes import OUTCOMES, SOUGHT
from sim.comparison.summary import ENDS, flipped_p, summarise, widened_interval
from sim.comparison.table import Pairs, Records, Table, changes, table_of
from sim.comparison.windows import any_in_force
from sim.comparison.worlds import NO_VERDICT

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

WHOLE, IN_FORCE = "whole run", "in force"
CEILING = "its ceiling"  # no scenario is called so: their ceilings have longer names
TARGET = 0.05
"""The effect for which the break-even is told by default."""
STEPS = (1, 2, 5, 10)
"""Per cent of the size in `sim.comparison.margins` beyond which the chances of an effect are told."""
LEVEL = 0.10
"""The share of false findings among all that are shown."""
FEWEST = 5
"""The smallest number of pairs of which the sign alone can be shown at this level: 2 / 2^5 is below it."""
MOSTLY = 0.5
BETTER, WORSE, SMALL, NOT_SHOWN, TOO_FEW = "better", "worse", "too small to count", "not shown", "too few runs"
VERDICTS = (BETTER, WORSE, SMALL, NOT_SHOWN, TOO_FEW, NO_VERDICT)

COLUMNS = (
    "scenario", "outcome", "group", "unit", "better", "window", "first", "weeks", "baseline", "baseline_mean", "mean",
    "low", "high", "median", "p5", "p95", "sd", "helped", "harmed", "nothing",
    *(f"{side}_{step}" for side in ("better", "worse") for step in STEPS),
    "p", "q", "verdict", "luck_low", "luck_high", "luck_pairs", "ceiling", "ceiling_low", "ceiling_high", "target",
    "target_share", "way", "way_low", "way_high", "factor", "factor_low", "factor_high", "draws", "seeds",
    "world_differs", "too_coarse",
)  # fmt: skip


def verdicts(
    records: Records,
    baseline: str,
    outcomes: Sequence[str] = tuple(OUTCOMES),
    *,
    luck: Mapping[Any, Record] | None = None,
    ceiling: Records | None = None,
    target: float = TARGET,
) -> pd.DataFrame:
    """Each scenario against the baseline in Mali, over the whole run and over the weeks in force.

    Parameters
    ----------
    records : mapping
        Scenario -> seed (or `Key` of draw and seed) -> Record.
    baseline : str
        The scenario that the others are compared with.
    outcomes : sequence of str
        Names in `OUTCOMES`, or of any observable.
    luck : mapping, optional
        Runs of the baseline in which nothing is done but luck is shaken, by the keys of `records`: what luck alone
        gives. See `sim.batches.beside.luck_alone`.
    ceiling : mapping, optional
        Runs of the scenarios at their ceilings, under the names of `ceiling_name`. See `sim.batches.beside.ceiling`.
    target : float
        The effect for which the break-even is told, as a share of the size in `sim.comparison.margins`.

    Returns
    -------
    DataFrame
        A row per scenario, outcome and window.

        window, first, weeks
            "whole run", or "in force": the weeks in which a measure is taken that the two scenarios do not share, the
            first of them and how many. A scenario without such measures, or with none of its weeks in the run, has
            the whole run only.
        mean, median, p5, p95, sd, helped, harmed, nothing, baseline_mean
            as in `effects`, of this window, with its margin.
        low, high
            90 % interval of the mean that holds for differences that are mostly zero: `summary.widened_interval`.
        better_1, ..., worse_10
            the chance that the effect is better (worse) than 1, 2, 5, 10 % of the size in `sim.comparison.margins`:
            the share of draws, or of seeds where no parameter is drawn.
        p, q
            `summary.flipped_p`, and the same corrected for the number of comparisons in the window (Benjamini and
            Hochberg 1995).
        verdict
            "better" or "worse" if q is at most 0.10 and the interval excludes zero, "too small to count" if so but most
            pairs lie within the margin, else "not shown"; "too few runs" below five pairs, and "too coarse for a
            verdict". Empty for costs.
        luck_low, luck_high, luck_pairs
            the range that holds nine in ten of the differences by luck alone, and of how many pairs; NaN and 0 without.
        ceiling, ceiling_low, ceiling_high
            the mean effect at full reach and strength, and its interval; NaN where it was not run.
        target, target_share, way, way_low, way_high
            the effect to be reached, in `unit` and as a share of the size, and how far the measures must go from what
            was delivered (0) towards their ceiling (1) to reach it: `ceiling.break_even`; infinite if even the ceiling
            does not.
        factor, factor_low, factor_high
            the same as a factor on what was delivered, where the scenarios differ in one measure.

    Raises
    ------
    InputError
        For an unknown scenario or outcome.
    """
    import pandas as pd

    whole = table_of(records, outcomes, baseline)
    if whole is None or len(whole.arms) < 2:
        return pd.DataFrame(columns=list(COLUMNS))
    alone = {"luck": luck} if luck else {}
    rows = []
    tables: dict[bytes, tuple[Table, Table | None]] = {}
    for scenario in whole.arms:
        if scenario == baseline:
            continue
        windows = {WHOLE: np.ones(len(whole.dates), bool)}
        if (own := own_weeks(whole, scenario, baseline)).any():
            windows[IN_FORCE] = own
        for name, weeks in windows.items():
            kept = tables.get(weeks.tobytes())
            if kept is None:
                alike = {scenario_: records[scenario_] for scenario_ in _alike(whole, baseline, weeks)}
                during = None if weeks.all() else weeks
                table = table_of(alike, outcomes, baseline, during)
                assert table is not None
                beside = table_of({baseline: records[baseline], **alone}, outcomes, baseline, during) if alone else None
                kept = tables[weeks.tobytes()] = table, beside
            rows += _rows(*kept, scenario, baseline, name, weeks)
            if full := (ceiling or {}).get(ceiling_name(scenario)):
                three = {baseline: records[baseline], scenario: records[scenario], CEILING: full}
                top = table_of(three, outcomes, baseline, None if weeks.all() else weeks)
                if top is not None:
                    _add_ceiling(rows[-len(kept[0].outcomes):], top, scenario, baseline, target,
                                 _ratio(three, scenario, own_keys(whole, scenario, baseline), weeks))  # fmt: skip
    return corrected(pd.DataFrame(rows, columns=list(COLUMNS)))


def own_keys(table: Table, scenario: str, baseline: str) -> list[str]:
    """The measures that a scenario and the baseline do not share."""
    return list(changes(table.arms[scenario].measures, table.arms[baseline].measures))


def own_weeks(table: Table, scenario: str, baseline: str) -> NDArray[np.bool_]:
    """Weeks in which a measure is in force that a scenario and the baseline do not share."""
    ours, theirs = table.arms[scenario].measures, table.arms[baseline].measures
    differ = changes(ours, theirs)
    return any_in_force([side[key] for side in (ours, theirs) for key in differ if key in side], table.dates)


def _alike(table: Table, baseline: str, weeks: NDArray[np.bool_]) -> list[str]:
    """The baseline, and the scenarios that need a table of these weeks: so that runs are read once."""
    rest = (name for name in table.arms if name != baseline)
    return [
        baseline,
        *(name for name in rest if weeks.all() or np.array_equal(own_weeks(table, name, baseline), weeks)),
    ]


def _rows(
    table: Table, luck: Table | None, scenario: str, baseline: str, window: str, weeks: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    pairs = table.pairs(scenario, baseline)
    gap, size = (pairs.ours - pairs.theirs)[:, :, 0], sizes(table, pairs.theirs)[:, :, 0]  # Mali
    side = np.array([SIDES[outcome.better] for outcome in table.outcomes])
    alone = None if luck is None else luck.pairs("luck", baseline)
    jump, ends = _alone(table, luck, alone)
    found = summarise(pairs.ours[:, :, 0], pairs.theirs[:, :, 0], side, table.margin * size, "widened", jump)
    blank = np.full(len(side), np.nan)
    found["p"] = flipped_p(gap) if len(gap) else blank
    for step in STEPS:
        for word, sign in (("better", 1.0), ("worse", -1.0)):
            beyond = (sign * side * gap > step / 100.0 * size).mean(axis=0) if len(gap) else blank
            found[f"{word}_{step}"] = np.where((side == 0) | ~np.isfinite(found["mean"]), np.nan, beyond)
    facts = {
        "scenario": scenario, "window": window, "weeks": int(weeks.sum()), "baseline": baseline,
        "first": table.dates[int(weeks.argmax())], **many(table, pairs.draws, pairs.seeds),
        "luck_pairs": 0 if alone is None else len(alone.ours), "world_differs": table.world_differs(scenario, baseline),
        "too_coarse": table.too_coarse(scenario, baseline),
    }  # fmt: skip
    return [
        {**facts, "outcome": outcome.name, "group": outcome.group, "unit": table.units[k], "better": outcome.better,
         "luck_low": ends[0][k], "luck_high": ends[1][k], "jump": jump[k],
         **{name: values[k] for name, values in found.items()}}
        for k, outcome in enumerate(table.outcomes)
    ]  # fmt: skip


def _add_ceiling(
    rows: Sequence[dict[str, Any]], table: Table, scenario: str, baseline: str, target: float, ratio: float
) -> None:
    """Write into the rows of a scenario what it would do at its ceiling, and where it reaches the target."""
    pairs, full = table.pairs(scenario, baseline), table.pairs(CEILING, baseline)
    if (pairs.draws, pairs.seeds) != (full.draws, full.seeds) or len(full.ours) < 2:
        return  # the ceiling was run under other seeds
    gaps = [(side.ours - side.theirs)[:, :, 0] for side in (pairs, full)]
    wanted = target * sizes(table, pairs.theirs)[:, :, 0]
    jumps = {row["outcome"]: row["jump"] for row in rows}
    low, high = widened_interval(gaps[1], np.array([jumps[outcome.name] for outcome in table.outcomes]))
    places = {outcome.name: k for k, outcome in enumerate(table.outcomes)}
    for row in rows:
        k = places[row["outcome"]]
        side = SIDES[row["better"]]
        if not np.isfinite(gaps[1][:, k]).all():
            continue
        row |= {"ceiling": gaps[1][:, k].mean(), "ceiling_low": low[k], "ceiling_high": high[k], "target_share": target}
        if side and row["group"] == SOUGHT:
            found = break_even(side * gaps[0][:, k], side * gaps[1][:, k], wanted[:, k])
            row |= {
                "target": side * wanted[:, k].mean(),
                "way": found.way,
                "way_low": found.low,
                "way_high": found.high,
            }
            if np.isfinite(ratio):
                names = ("factor", "factor_low", "factor_high")
                row |= {name: factor(way, ratio) for name, way in zip(names, found, strict=True)}


def _ratio(records: Records, scenario: str, keys: Sequence[str], weeks: NDArray[np.bool_]) -> float:
    """How many times as much is delivered at the ceiling; NaN for several measures, or if nothing is delivered."""
    if len(keys) != 1:
        return np.nan
    two = {name: records[name] for name in (scenario, CEILING)}
    table = table_of(two, [f"delivered_{keys[0]}"], None, None if weeks.all() else weeks)
    if table is None:
        return np.nan
    ours, full = (float(table.arms[name].values[:, 0, 0].mean()) for name in two)
    return full / ours if ours > 0 else np.nan


def _alone(table: Table, luck: Table | None, pairs: Pairs | None) -> tuple[Any, Any]:
    """Of the outcomes of a table, the largest difference by luck alone, and the range of nine in ten."""
    names = [outcome.name for outcome in table.outcomes]
    jump, ends = np.zeros(len(names)), np.full((2, len(names)), np.nan)
    if luck is None or pairs is None or not len(pairs.ours):
        return jump, ends
    for k, outcome in enumerate(luck.outcomes):
        gap = (pairs.ours - pairs.theirs)[:, k, 0]
        if outcome.name in names and np.isfinite(gap).all():
            place = names.index(outcome.name)
            jump[place], ends[:, place] = np.abs(gap).max(), np.quantile(gap, ENDS)
    return jump, ends


def corrected(found: pd.DataFrame) -> pd.DataFrame:
    """The same rows with `q`, corrected for all comparisons of a window, and the verdicts that follow."""
    from scipy.stats import false_discovery_control

    absent = (found["baseline_mean"] == 0) & (found["sd"] == 0) & (found["mean"] == 0)  # it occurs in no run
    judged = (found["better"] != "none") & found["p"].notna() & (found["too_coarse"] == "") & ~absent
    for _, rows in found[judged].groupby("window"):
        found.loc[rows.index, "q"] = false_discovery_control(rows["p"].to_numpy(float))
    found["verdict"] = [_verdict(row) for _, row in found.iterrows()]
    return found


def _verdict(row: pd.Series[Any]) -> str:
    if row["better"] == "none" or np.isnan(row["mean"]):
        return ""
    if row["too_coarse"]:
        return NO_VERDICT
    if (row["draws"] or row["seeds"]) < FEWEST:
        return TOO_FEW
    if not row["q"] <= LEVEL or row["low"] <= 0 <= row["high"]:
        return NOT_SHOWN
    if row["nothing"] > MOSTLY:
        return SMALL
    return BETTER if row["mean"] * SIDES[row["better"]] > 0 else WORSE


def as_json(found: pd.DataFrame) -> str:
    """Verdicts as JSON: a list of objects, null for what is not known, and "not within reach" for no end."""
    import pandas as pd

    def plain(value: Any) -> Any:
        if isinstance(value, float | np.floating):
            return None if pd.isna(value) else "not within reach" if np.isinf(value) else float(value)
        return int(value) if isinstance(value, np.integer) else value if isinstance(value, str | int) else str(value)

    rows = [{name: plain(value) for name, value in row.items()} for row in found.to_dict("records")]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
