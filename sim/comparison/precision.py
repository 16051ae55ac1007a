"""How many seeds an answer needs, and going on until it is as narrow as wished.

A wish is the half-width of the 90 % interval of a paired difference: in the unit of the outcome (`joined=50`), or as a
share of the baseline's value (`joined=2%`). Where parameters are drawn it is draws that are added, else seeds.

To stop as soon as an interval is narrow enough makes it a little too narrow (Chow and Robbins 1965,
doi 10.1214/aoms/1177700156): by little where many pairs are there, so at least ten are, and each round is planned from
the one before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.comparison.outcomes import NATION, OUTCOMES, check_outcomes
from sim.comparison.summary import half_width
from sim.engine.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


FEWEST = 10
"""Pairs before an interval is trusted enough to stop, or to plan from."""
MOST = 1000
"""Seeds or draws that are gone to, where nothing is said."""
COUNTLESS = 10**7
"""More pairs than this are not counted."""


@dataclass(frozen=True)
class Wish:
    """The half-width that an interval shall have.

    >>> Wish.read("joined=2%")
    Wish(outcome='joined', half=0.02, share=True)
    """

    outcome: str
    half: float
    share: bool = False  # of the absolute value of the baseline

    @classmethod
    def read(cls, text: str) -> Wish:
        """A wish as it is typed.

        Raises
        ------
        InputError
            If it is none.
        """
        name, equals, amount = text.partition("=")
        share = amount.endswith("%")
        try:
            half = float(amount.removesuffix("%")) / (100.0 if share else 1.0)
        except ValueError:
            half = math.nan
        if not equals or not half > 0 or math.isinf(half):
            raise InputError(f"a precision is an outcome and a number above 0, as joined=50 or joined=2%, not {text!r}")
        check_outcomes([name])
        return cls(name, half, share)


def pairs_needed(sd: float, half: float) -> float:
    """Pairs of runs after which the t interval of the mean is as narrow as `half` on either side.

    At least 2; NaN where `sd` is not known, infinite beyond ten million.

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
    """How far a comparison is from wished precisions, for Mali.

    Parameters
    ----------
    effects : DataFrame
        From `sim.comparison.effects.effects`.
    wishes : sequence of Wish

    Returns
    -------
    DataFrame
        A row per scenario and wish: `outcome`, `unit`, `half` (half-width now), `wished`, `pairs` (draws or seeds so
        far), `needed` (so many in all, as it looks now), `reached`.
    """
    import pandas as pd

    nation = effects[effects["region"] == NATION].set_index(["outcome", "scenario"])
    rows = []
    for wish in wishes:
        if wish.outcome not in nation.index.get_level_values(0):
            raise InputError(f"the runs have no {wish.outcome}")
        for scenario, row in nation.loc[wish.outcome].iterrows():
            wished = wish.half * (abs(row["baseline_mean"]) if wish.share else 1.0)
            half, pairs = (row["high"] - row["low"]) / 2.0, int(row["draws"] or row["seeds"])
            if math.isnan(row["baseline_mean"]):
                many = math.nan  # it is taken nowhere, as what joins elsewhere where a measure acts everywhere
            else:
                many = pairs_needed(row["sd"], wished) if wished > 0 else 2 if row["sd"] == 0 else math.inf
            rows.append({
                "scenario": scenario, "outcome": wish.outcome, "unit": row["unit"], "half": half, "wished": wished,
                "pairs": pairs, "needed": many, "reached": bool(half <= wished or math.isnan(row["baseline_mean"])),
            })  # fmt: skip
    return pd.DataFrame(rows)


def until_precise(make: Callable[[int], Any], wishes: Sequence[Wish], first: int, most: int = MOST) -> Any:
    """Make a batch longer and longer until every wish is reached, or there are `most` seeds (or draws).

    Parameters
    ----------
    make : callable
        ``make(n) -> Batch`` with n seeds (or draws); those of shorter ones are not repeated.
    wishes : sequence of Wish
    first : int
        With how many to begin.
    most : int
        With how many to end at the latest.
    """
    many = min(max(first, FEWEST), most)
    outcomes = [name for name in OUTCOMES if name in {wish.outcome for wish in wishes}]
    while True:
        batch = make(many)
        told = needed(batch.effects(outcomes=outcomes), wishes)
        if told["reached"].all() or many >= most or batch.failed:
            return batch
        planned = told["needed"][~told["reached"]].max()  # from a spread that is itself not sure: at most twice as many
        many = min(most, max(many + 1, int(min(planned, 2 * many))))
