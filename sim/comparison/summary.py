"""Every interval of the program: of a mean, of a ratio, of a mean with two sources of error, and of the runs.

The first axis of an array holds the lines that are averaged (seeds, or draws of the parameters); any further axes are
summarised side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.90
ENDS = (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2)
RESAMPLES = 4000
FEW_LINES = 12
TURNS = 9999
ROUNDING = 1e-9

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


def weights_of_lines(lines: int) -> Numbers:
    """Random weights of lines (Rubin 1981, doi 10.1214/aos/1176345338): 4,000 times as many as there are, sum 1."""
    from sim.engine.luck import lucks, seed_key

    drawn = -np.log1p(-lucks(_drawn_again(), seed_key(1), 0, np.arange(RESAMPLES * lines)))
    weights = drawn.reshape(RESAMPLES, lines)
    return weights / weights.sum(axis=1, keepdims=True)


def widened_interval(gap: Numbers, jump: Any = 0.0) -> tuple[Any, Any]:
    """The 90 % interval of the mean of differences that are mostly zero, with rare jumps.

    Lines get random weights, and at either end there is one more line that has not been seen: as far from the median as
    the farthest difference, or as `jump`, the largest that luck alone gives. So twenty zeros do not prove that nothing
    ever happens. Bounds of this kind cover the mean of a bounded quantity at any number of lines as far as is known
    (Gaffke 2005; Learned-Miller and Thomas 2019, arXiv 1905.06208).
    """
    lines = len(gap)
    weights = weights_of_lines(lines + 1)
    flat, middle = gap.reshape(lines, -1), np.median(gap, axis=0).ravel()
    far = np.maximum(np.abs(flat - middle).max(axis=0), np.broadcast_to(jump, gap.shape[1:]).ravel())
    seen, unseen = weights[:, :lines] @ flat, weights[:, lines:]
    low = np.quantile(seen + unseen * (middle - far), ENDS[0], axis=0)
    high = np.quantile(seen + unseen * (middle + far), ENDS[1], axis=0)
    return low.reshape(gap.shape[1:]), high.reshape(gap.shape[1:])


def flipped_p(gap: Numbers) -> Any:
    """How often the mean lies as far from zero if each pair is turned round at random (Fisher 1935): a p value.

    It is exact for a scenario that does nothing but shake luck: then its run and that of the baseline could be swapped.
    All ways are tried for up to 12 lines, else 9,999 of them.
    """
    lines, flat = len(gap), gap.reshape(len(gap), -1)
    if lines <= FEW_LINES:
        signs = 1.0 - 2.0 * (np.arange(2**lines)[:, None] >> np.arange(lines) & 1)
        own = 0
    else:
        from sim.engine.luck import lucks, seed_key

        drawn = lucks(_drawn_again(), seed_key(2), 0, np.arange(TURNS * lines))
        signs, own = np.where(drawn.reshape(TURNS, lines) < 0.5, 1.0, -1.0), 1  # the pairs as they are count, too
    found = np.abs(flat.sum(axis=0))
    as_far = np.abs(signs @ flat) >= found - ROUNDING * np.abs(flat).sum(axis=0)
    p = (as_far.sum(axis=0) + own) / (len(signs) + own)
    return np.where(np.isfinite(found), p, np.nan).reshape(gap.shape[1:])


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


def summarise(
    ours: Numbers, theirs: Numbers, side: Any, margin: Any, interval: str = "t", jump: Any = 0.0
) -> dict[str, Any]:
    """Sum up paired differences.

    Parameters
    ----------
    ours, theirs : array
        Lines x any further axes, line by line under the same draw and seed.
    side : array
        Which difference is better, for the further axes: 1 more, -1 fewer, 0 neither.
    margin : array
        The difference that counts as nothing, for each line.
    interval : {"t", "bootstrap", "widened"}
        How the interval of the mean is made.
    jump : array
        For "widened": the largest difference that luck alone gives, for the further axes.

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
        made: dict[str, Callable[[Numbers], tuple[Any, Any]]]
        made = {"t": t_interval, "bootstrap": bootstrap_interval, "widened": partial(widened_interval, jump=jump)}
        row["low"], row["high"] = made[interval](gap)
        row["sd"] = gap.std(axis=0, ddof=1)
        unpaired = ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            row["variance_ratio"] = np.where(unpaired > 0, gap.var(axis=0, ddof=1) / unpaired, np.nan)
    whole = np.isfinite(gap).all(axis=0)
    return {
        name: values if name == "baseline_mean" else np.where(whole, values, np.nan) for name, values in row.items()
    }
