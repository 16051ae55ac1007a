"""What it costs to spare one person: the paired difference in cost over the paired difference in an outcome.

The interval is Fieller's (1954, doi 10.1111/j.2517-6161.1954.tb00159.x), as is usual for cost-effectiveness (Briggs and
Fenn 1998, doi 10.1002/(SICI)1099-1050(199812)7:8<723::AID-HEC392>3.0.CO;2-O): it takes the two differences of a pair
together, and has no end where it is not shown that anybody is spared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.comparison.effects import CONFIDENCE, OUTCOMES, paired, t_interval
from sim.engine.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

COLUMNS = (
    "scenario", "outcome", "unit", "spared", "spared_low", "spared_high", "cost_xof", "xof_each", "xof_each_low",
    "xof_each_high", "verdict", "pairs",
)  # fmt: skip
AT_A_COST, CHEAPER, WORSE, NOT_SHOWN = "spared at a cost", "spared, and cheaper", "worse", "not shown"


def cost_per_spared(
    records_by_scenario: Mapping[str, Mapping[Any, Record]], baseline: str, outcome: str = "joined"
) -> pd.DataFrame:
    """What each scenario spends beyond the baseline for each unit of an outcome that it makes better, in Mali.

    Parameters
    ----------
    records_by_scenario : mapping
        Scenario -> seed (or `Key` of draw and seed) -> Record.
    baseline : str
        The scenario the others are compared with.
    outcome : str
        A name in `OUTCOMES` of which less or more is better.

    Returns
    -------
    DataFrame
        A row per scenario.

        spared, spared_low, spared_high
            how much better the outcome is than in the baseline, in `unit`: mean and 90 % interval of it.
        cost_xof
            mean difference in cost, XOF.
        xof_each, xof_each_low, xof_each_high
            XOF for each unit of the outcome: ratio of the two means, and its 90 % interval. NaN unless the verdict is
            "spared at a cost".
        verdict
            "spared at a cost", "spared, and cheaper", "worse", or "not shown": the interval of `spared` includes zero.
        pairs
            draws, or seeds where there are none.

    Raises
    ------
    InputError
        For an unknown scenario or outcome, or one that has no better side.
    """
    import pandas as pd

    found = paired(records_by_scenario, baseline, [outcome, "cost"])
    if OUTCOMES[outcome].better == "none":
        raise InputError(f"neither more nor less {outcome} is better; nothing is spared")
    if found is None or len(found.outcomes) < 2:  # nothing has finished, or no measure costs anything
        return pd.DataFrame(columns=list(COLUMNS))
    side = -1.0 if OUTCOMES[outcome].better == "fewer" else 1.0
    rows = []
    for scenario, pairs in found.scenarios.items():
        gap = (pairs.ours - pairs.theirs)[:, :, 0]  # Mali
        spared, cost = side * gap[:, 0], gap[:, 1]
        row = {"scenario": scenario, "outcome": outcome, "unit": found.units[0], "pairs": len(gap)}
        rows.append({**row, **_worth(spared, cost)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _worth(spared: NDArray[np.float64], cost: NDArray[np.float64]) -> dict[str, Any]:
    nan = math.nan
    low, high = t_interval(spared) if spared.size > 1 else (nan, nan)
    mean = float(spared.mean()) if spared.size else nan
    paid = float(cost.mean()) if cost.size else nan
    if low > 0:
        verdict = AT_A_COST if paid > 0 else CHEAPER
    else:
        verdict = WORSE if high < 0 else NOT_SHOWN
    each = (paid / mean, *fieller(cost, spared)) if verdict == AT_A_COST else (nan, nan, nan)
    return {
        "spared": mean, "spared_low": low, "spared_high": high, "cost_xof": paid, "verdict": verdict,
        **dict(zip(("xof_each", "xof_each_low", "xof_each_high"), each, strict=True)),
    }  # fmt: skip


def fieller(above: NDArray[np.float64], below: NDArray[np.float64]) -> tuple[float, float]:
    """The 90 % interval of the ratio of two means of pairs; NaN where the lower mean may be zero.

    The ratio R is in it if the mean of ``above - R * below`` does not differ from zero by Student's t.
    """
    from scipy.special import stdtrit

    squared = float(stdtrit(above.size - 1, 0.5 + CONFIDENCE / 2)) ** 2 / above.size
    spread = np.cov(above, below) * squared
    a, b = float(above.mean()), float(below.mean())
    two, one, zero = b * b - spread[1, 1], a * b - spread[0, 1], a * a - spread[0, 0]
    if two <= 0:
        return math.nan, math.nan
    root = math.sqrt(max(one * one - two * zero, 0.0))
    return (one - root) / two, (one + root) / two
