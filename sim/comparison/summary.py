"""Every interval of the program: of a mean, of a ratio, of a mean with two sources of error, and of the runs.

The first axis of an array holds the lines that are averaged (seeds, or draws of the parameters); any further axes are
summarised side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.90
ENDS = (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2)
RESAMPLES = 4000

Numbers = NDArray[np.float64]


def student(freedom: float) -> float:
    """Student's t at the upper end of the interval."""
    from scipy.special import stdtrit  # the quantile of scipy.stats.t, without the seconds that importing that takes

    return float(stdtrit(freedom, ENDS[1]))


def half_width(sd: Any, lines: int) -> Any:
    """Half of the t interval of a mean over so many lines (Student 1908, doi 10.2307/2331554)."""
    return student(lines - 1) * sd / math.sqrt(lines)


def t_interval(gap: Numbers) -> tuple[Any, Any]:
    """The 90 % interval of the mean by Student's t."""
    half = half_width(gap.std(axis=0, ddof=1), len(gap))
    return gap.mean(axis=0) - half, gap.mean(axis=0) + half


def bootstrap_interval(gap: Numbers) -> tuple[Any, Any]:
    """The 90 % interval of the mean from 4,000 means over lines drawn again (Efron and Tibshirani 1993, ch. 13)."""
    from sim.engine.luck import lucks, seed_key

    lines = len(gap)
    drawn = lucks(_drawn_again(), seed_key(0), 0, np.arange(RESAMPLES * lines))
    again = (drawn * lines).astype(np.int64).reshape(RESAMPLES, lines)
    flat = gap.reshape(lines, -1)
    ends = np.array(
        [np.quantile(column[again].mean(axis=1), ENDS) for column in flat.T]
    ).T  # a column at a time is small
    low, high = ends.reshape(2, *gap.shape[1:])
    return low, high


@cache
def _drawn_again() -> np.uint32:
    """The decision, named when first needed: keyed luck brings numba, which a t interval does without."""
    from sim.engine.luck import decision

    return decision("a seed is drawn again")


def spread(values: Numbers) -> dict[str, Any]:
    """The middle of the lines, and the range that holds nine in ten of them (NaN with one line)."""
    nan = np.full(values.shape[1:], np.nan)[()]
    p5, p95 = np.quantile(values, ENDS, axis=0) if len(values) > 1 else (nan, nan)
    return {"median": np.median(values, axis=0), "p5": p5, "p95": p95}


def fieller(above: Numbers, below: Numbers) -> tuple[float, float]:
    """The 90 % interval of the ratio of two paired means (Fieller 1954); NaN where the lower mean may be zero.

    It holds every ratio R for which the mean of ``above - R * below`` does not differ from zero by Student's t.
    """
    squared = student(above.size - 1) ** 2 / above.size
    covariance = np.cov(above, below) * squared
    a, b = float(above.mean()), float(below.mean())
    two, one, zero = b * b - covariance[1, 1], a * b - covariance[0, 1], a * a - covariance[0, 0]
    if two <= 0:
        return math.nan, math.nan
    root = math.sqrt(max(one * one - two * zero, 0.0))
    return (one - root) / two, (one + root) / two


def combined_interval(mean: float, parts: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """The 90 % interval of a mean with independent errors, each a squared error and its degrees of freedom.

    The degrees of freedom of the sum are those of Welch (1947) and Satterthwaite (1946). Without parts there is no
    interval: NaN.
    """
    if not parts:
        return math.nan, math.nan
    squared = sum(error for error, _ in parts)
    freedom = 1.0 / sum((error / squared) ** 2 / many for error, many in parts) if squared > 0 else 1.0
    half = student(freedom) * squared**0.5
    return mean - half, mean + half


def summarise(ours: Numbers, theirs: Numbers, side: Any, margin: Any, interval: str = "t") -> dict[str, Any]:
    """Sum up paired differences.

    Parameters
    ----------
    ours, theirs : array
        Lines x any further axes, line by line under the same draw and seed.
    side : array
        Which difference is better, for the further axes: 1 more, -1 fewer, 0 neither.
    margin : array
        The difference that counts as nothing, for each line.
    interval : {"t", "bootstrap"}
        How the interval of the mean is made.

    Returns
    -------
    dict of str to array
        `mean`, `low`, `high`, `median`, `p5`, `p95`, `sd`, `helped`, `harmed`, `nothing`, `variance_ratio`,
        `baseline_mean`, over the further axes; NaN where there is no line or no number.
    """
    names = ("mean", "low", "high", "median", "p5", "p95", "sd", "helped", "harmed", "nothing", "variance_ratio")
    shape, lines = ours.shape[1:], len(ours)
    blank = np.full(shape, np.nan)
    row: dict[str, Any] = dict.fromkeys(names, blank)
    row["baseline_mean"] = theirs.mean(axis=0) if lines else blank
    if not lines:
        return row
    gap = ours - theirs
    side, margin = np.broadcast_to(side, shape), np.broadcast_to(margin, gap.shape)
    nothing = np.abs(gap) <= margin
    row |= {"mean": gap.mean(axis=0), "nothing": nothing.mean(axis=0)}
    row |= {"helped": (~nothing & (gap * side > 0)).mean(axis=0), "harmed": (~nothing & (gap * side <= 0)).mean(axis=0)}
    for share in ("nothing", "helped", "harmed"):
        row[share] = np.where(side == 0, np.nan, row[share])
    row |= spread(gap)
    if lines > 1:
        row["low"], row["high"] = (t_interval if interval == "t" else bootstrap_interval)(gap)
        row["sd"] = gap.std(axis=0, ddof=1)
        unpaired = ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            row["variance_ratio"] = np.where(unpaired > 0, gap.var(axis=0, ddof=1) / unpaired, np.nan)
    whole = np.isfinite(gap).all(axis=0)
    return {
        name: values if name == "baseline_mean" else np.where(whole, values, np.nan) for name, values in row.items()
    }
