"""What it costs to spare one person: the paired difference in cost over the paired difference in an outcome.

The interval is Fieller's (1954, doi 10.1111/j.2517-6161.1954.tb00159.x), as is usual in cost-effectiveness analysis
(Briggs and Fenn 1998, doi 10.1002/(SICI)1099-1050(199812)7:8<723::AID-HEC392>3.0.CO;2-O). It uses both differences of
a pair, and is unbounded where the runs do not show that anybody is spared.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.comparison.outcomes import OUTCOMES
from sim.comparison.summary import fieller, t_interval, widened_interval
from sim.comparison.table import Records, table_of
from sim.comparison.worlds import NO_VERDICT
from sim.engine.errors import InputError
from sim.languages import tr

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "scenario", "outcome", "unit", "spared", "spared_low", "spared_high", "cost_xof", "xof_each", "xof_each_low",
    "xof_each_high", "verdict", "pairs",
)  # fmt: skip
AT_A_COST, CHEAPER, WORSE, NOT_SHOWN = "spared at a cost", "spared, and cheaper", "worse", "not shown"


def cost_per_spared(records: Records, baseline: str, outcome: str = "joined") -> pd.DataFrame:
    """What each scenario spends beyond the baseline for each unit by which it improves an outcome, in Mali.

    Parameters
    ----------
    records : mapping
        Scenario -> seed (or `Key` of draw and seed) -> Record.
    baseline : str
        The scenario that the others are compared with.
    outcome : str
        A name in `OUTCOMES` of which fewer or more is better.

    Returns
    -------
    DataFrame
        A row per scenario.

        spared, spared_low, spared_high
            by how much the outcome is better than in the baseline, in `unit`: mean and its 90 % interval.
        cost_xof
            mean difference in cost, XOF.
        xof_each, xof_each_low, xof_each_high
            XOF for each unit of the outcome: the ratio of the two means, and its 90 % interval. NaN unless the verdict
            is "spared at a cost".
        verdict
            "spared at a cost", "spared, and cheaper", "worse", "not shown" (the interval of `spared` includes zero, or
            that for differences that are mostly zero does: `summary.widened_interval`), or "too coarse for a verdict"
            (more persons per youth than `coarsest_verdict`).
        pairs
            draws, or seeds where no parameter is drawn.

    Raises
    ------
    InputError
        For an unknown scenario or outcome, or one of which neither fewer nor more is better.
    """
    import pandas as pd

    table = table_of(records, [outcome, "cost"], baseline)
    if outcome not in OUTCOMES or OUTCOMES[outcome].better == "none":
        raise InputError(tr("neither more nor less {outcome} is better; nothing is spared", outcome=outcome))
    if table is None or len(table.outcomes) < 2:  # nothing has finished, or no measure costs anything
        return pd.DataFrame(columns=list(COLUMNS))
    side = -1.0 if OUTCOMES[outcome].better == "fewer" else 1.0
    rows = []
    for scenario in table.arms:
        if scenario != baseline:
            pairs = table.pairs(scenario, baseline)
            gap = (pairs.ours - pairs.theirs)[:, :, 0]  # Mali
            row = {"scenario": scenario, "outcome": outcome, "unit": table.units[0], "pairs": len(gap)}
            coarse = bool(table.too_coarse(scenario, baseline))
            rows.append({**row, **_worth(side * gap[:, 0], gap[:, 1], coarse)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _worth(spared: NDArray[np.float64], cost: NDArray[np.float64], coarse: bool) -> dict[str, Any]:
    nan = math.nan
    low, high = map(float, t_interval(spared)) if spared.size > 1 else (nan, nan)
    lowest, highest = map(float, widened_interval(spared)) if spared.size > 1 else (nan, nan)
    mean = float(spared.mean()) if spared.size else nan
    paid = float(cost.mean()) if cost.size else nan
    if coarse:
        verdict = NO_VERDICT
    elif min(low, lowest) > 0:
        verdict = AT_A_COST if paid > 0 else CHEAPER
    else:
        verdict = WORSE if max(high, highest) < 0 else NOT_SHOWN
    each = (paid / mean, *fieller(cost, spared)) if verdict == AT_A_COST else (nan, nan, nan)
    return {
        "spared": mean, "spared_low": low, "spared_high": high, "cost_xof": paid, "verdict": verdict,
        **dict(zip(("xof_each", "xof_each_low", "xof_each_high"), each, strict=True)),
    }  # fmt: skip
