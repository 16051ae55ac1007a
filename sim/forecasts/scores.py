"""Scores of forecasts that are draws of counts: lower is better, except that a coverage should be its level.

The scores follow the VIEWS prediction challenge (Hegre and others 2025) and its package `views-evaluation`, and come
from the package `scoringrules` (`pip install "kumakan[forecasts]"`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.errors import InputError
from sim.languages import tr

Floats = NDArray[np.float64]

BINS = (0.0, 0.5, 2.5, 5.5, 10.5, 25.5, 50.5, 100.5, 250.5, 500.5, 1000.5)
"""Edges of the bins of the ignorance score, as VIEWS has them; counts above the last edge fall into the last bin."""
MIS_ALPHA = 0.05
MANY, QUARTER = 5, 3
"""The event of the Brier score: so many attacks or more in so many months."""
PIT_BINS = 5


def _library() -> Any:
    try:
        import scoringrules
    except ImportError:
        raise InputError(
            tr("scores need the package scoringrules, which is not installed: pip install 'kumakan[forecasts]'")
        ) from None
    return scoringrules


def crps(draws: NDArray, seen: NDArray) -> Floats:
    """Continuous ranked probability score of the distribution that puts equal weight on all draws.

    Parameters
    ----------
    draws : array
        Draws x cases.
    seen : array
        What happened, by case.
    """
    _same(draws, seen)
    return _array(_library().crps_ensemble(_array(seen), _array(draws).T, estimator="qd", backend="numpy"))


def ignorance(draws: NDArray, seen: NDArray) -> Floats:
    """Ignorance score: minus the base-2 logarithm of the share of draws in the bin of what happened.

    Every bin has one draw more, as in `views-evaluation`, so that no bin is impossible.
    """
    _same(draws, seen)
    bins = len(BINS) - 1
    where = np.clip(np.digitize(draws, BINS) - 1, 0, bins - 1)
    there = np.clip(np.digitize(seen, BINS) - 1, 0, bins - 1)
    share = ((where == there).sum(axis=0) + 1.0) / (len(draws) + bins)
    return _array(-np.log2(share))


def interval(draws: NDArray, seen: NDArray, alpha: float = MIS_ALPHA) -> Floats:
    """Interval score of the central interval that leaves out `alpha`; its mean is the MIS of VIEWS."""
    _same(draws, seen)
    low, high = np.quantile(draws, [alpha / 2.0, 1.0 - alpha / 2.0], axis=0)
    return _array(_library().interval_score(_array(seen), low, high, alpha, backend="numpy"))


def covered(draws: NDArray, seen: NDArray, level: float) -> Floats:
    """1 where the central interval of a level holds what happened, else 0."""
    _same(draws, seen)
    low, high = np.quantile(draws, [0.5 - level / 2.0, 0.5 + level / 2.0], axis=0)
    return ((low <= seen) & (seen <= high)).astype(np.float64)


def brier(draws: NDArray, seen: NDArray, many: int = MANY) -> Floats:
    """Brier score of the event that there are `many` attacks or more."""
    _same(draws, seen)
    chance = (draws >= many).mean(axis=0)
    happened = (seen >= many).astype(np.float64)
    return _array(_library().brier_score(happened, chance, backend="numpy"))


def pit(draws: NDArray, seen: NDArray, bins: int = PIT_BINS) -> Floats:
    """The histogram of the probability integral transform, for counts (Czado, Gneiting and Held 2009).

    Each case is spread evenly between the share of draws below what happened and the share up to it. Equal bars mean
    that the forecast is calibrated, high outer bars that it is too sure, high inner bars that it is not sure enough.

    Returns
    -------
    array
        The share of cases in each bin.
    """
    _same(draws, seen)
    below, upto = (draws < seen).mean(axis=0), (draws <= seen).mean(axis=0)
    width = np.where(upto > below, upto - below, 1.0)
    edges = np.linspace(0.0, 1.0, bins + 1)[:, None]
    reached = np.clip((edges - below) / width, 0.0, 1.0)
    jump = (edges >= below).astype(np.float64)  # nothing was drawn there: all of the case at one place
    jump[0] = 0.0
    return _array(np.diff(np.where(upto > below, reached, jump), axis=0).mean(axis=1))


def quarters(monthly: NDArray) -> NDArray:
    """Sums of three months each; the axis of months is the last but one."""
    *others, months, regions = monthly.shape
    return monthly.reshape(*others, months // QUARTER, QUARTER, regions).sum(axis=-2)


SCORES: dict[str, Callable[[NDArray, NDArray], Floats]] = {
    "crps": crps,
    "ign": ignorance,
    "mis": interval,
    "cover_50": lambda draws, seen: covered(draws, seen, 0.5),
    "cover_90": lambda draws, seen: covered(draws, seen, 0.9),
}
"""The scores of every case. The Brier score is of quarters and stands apart."""


def _same(draws: NDArray, seen: NDArray) -> None:
    if np.ndim(draws) != 2 or np.ndim(seen) != 1 or draws.shape[1] != len(seen) or not len(draws):
        raise ValueError(f"draws of shape {np.shape(draws)} do not go with {np.shape(seen)} cases")


def _array(values: Any) -> Floats:
    return np.atleast_1d(np.asarray(values, np.float64))
