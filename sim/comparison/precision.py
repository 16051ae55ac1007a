"""How many seeds a given precision needs, and how to add seeds until a comparison reaches it.

A wish is the half-width of the 90 % interval of a paired difference: in the unit of the outcome (`joined=50`), or as a
share of the baseline's value (`joined=2%`). If parameters are drawn, draws are added; otherwise seeds are added.

An interval that is used as soon as it is narrow enough is slightly too narrow (Chow and Robbins 1965,
doi 10.1214/aoms/1177700156). With many pairs the error is small, so at least ten pairs are run. Each round is planned
from the round before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.comparison.outcomes import NATION, OUTCOMES, check_outcomes
from sim.comparison.summary import half_width
from sim.engine.errors import InputError
from sim.languages import tr

if TYPE_CHECKING:
    import pandas as pd


FEWEST = 10
"""The smallest number of pairs from which an interval may end the rounds or plan the next one."""
MOST = 1000
"""The default limit on seeds or draws."""
COUNTLESS = 10**7
"""A larger number of pairs counts as infinite."""


@dataclass(frozen=True)
class Wish:
    """The half-width that an interval should have.

    >>> Wish.read("joined=2%")
    Wish(outcome='joined', half=0.02, share=True)
    """

    outcome: str
    half: float
    share: bool = False  # whether `half` is a share of the absolute value of the baseline

    @classmethod
    def read(cls, text: str) -> Wish:
        """Read a wish from the text that a user types.

        Raises
        ------
        InputError
            If the text is not a wish.
        """
        name, equals, amount = text.partition("=")
        share = amount.endswith("%")
        try:
            half = float(amount.removesuffix("%")) / (100.0 if share else 1.0)
        except ValueError:
            half = math.nan
        if not equals or not half > 0 or math.isinf(half):
            raise InputError(
                tr(
                    "a precision is an outcome and a number above 0, like joined=50 or joined=2%, not {text}",
                    text=repr(text),
                )
            )
        check_outcomes([name])
        return cls(name, half, share)


def pairs_needed(sd: float, half: float) -> float:
    """The number of pairs of runs that brings the half-width of the t interval of the mean down to `half`.

    At least 2; NaN if `sd` is not known, infinite above ten million.

    >>> pairs_needed(sd=100.0, half=10.0)
    273
    """
    if not math.isfinite(sd):
        return math.nan
    low, high = 1, 2
    while half_width(sd, high) > half:  # too few at `low`, perhaps enough at `high`
        low, high = high, 2 * high
        if high > COUNTLESS:
            return math.inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if half_width(sd, middle) > half else (low, middle)
    return high


def needed(effects: pd.DataFrame, wishes: Sequence[Wish]) -> pd.DataFrame:
    """How far a comparison is from the wished precisions, for Mali.

    Parameters
    ----------
    effects : DataFrame
        From `sim.comparison.effects.effects`.
    wishes : sequence of Wish

    Returns
    -------
    DataFrame
        One row per scenario and wish: `outcome`, `unit`, `half` (half-width now), `wished`, `pairs` (draws or seeds so
        far), `needed` (present estimate of the total), `reached`.
    """
    import pandas as pd

    nation = effects[effects["region"] == NATION].set_index(["outcome", "scenario"])
    rows = []
    for wish in wishes:
        if wish.outcome not in nation.index.get_level_values(0):
            raise InputError(tr("the runs have no outcome {outcome}", outcome=wish.outcome))
        for scenario, row in nation.loc[wish.outcome].iterrows():
            wished = wish.half * (abs(row["baseline_mean"]) if wish.share else 1.0)
            half, pairs = (row["high"] - row["low"]) / 2.0, int(row["draws"] or row["seeds"])
            if math.isnan(row["baseline_mean"]):
                many = math.nan  # the outcome counts no region: joined_elsewhere, if the measures act everywhere
            else:
                many = pairs_needed(row["sd"], wished) if wished > 0 else 2 if row["sd"] == 0 else math.inf
            rows.append({
                "scenario": scenario, "outcome": wish.outcome, "unit": row["unit"], "half": half, "wished": wished,
                "pairs": pairs, "needed": many, "reached": bool(half <= wished or math.isnan(row["baseline_mean"])),
            })  # fmt: skip
    return pd.DataFrame(rows)


def until_precise(make: Callable[[int], Any], wishes: Sequence[Wish], first: int, most: int = MOST) -> Any:
    """Extend a batch until it reaches every wish, or until it has `most` seeds (or draws).

    Parameters
    ----------
    make : callable
        ``make(n) -> Batch`` with n seeds (or draws). Runs of shorter batches are not repeated.
    wishes : sequence of Wish
    first : int
        The number of seeds (or draws) to begin with.
    most : int
        The largest number of seeds (or draws).
    """
    many = min(max(first, FEWEST), most)
    outcomes = [name for name in OUTCOMES if name in {wish.outcome for wish in wishes}]
    while True:
        batch = make(many)
        told = needed(batch.effects(outcomes=outcomes), wishes)
        if told["reached"].all() or many >= most or batch.failed:
            return batch
        planned = told["needed"][~told["reached"]].max()  # the spread is itself uncertain, so at most double
        many = min(most, max(many + 1, int(min(planned, 2 * many))))
