"""What drives an outcome: Sobol indices and Morris screening of a sweep, by SALib.

A Sobol index is a share of the variance of the outcome over the design. `first` is what a path explains alone, `total`
what it explains together with all other paths (Saltelli et al. 2010, doi 10.1016/j.cpc.2009.09.018). Morris screening
measures how far the outcome moves when one path moves (`mu_star`, mean size) and how much this differs from place to
place (`sigma`): Campolongo, Cariboni and Saltelli 2007, doi 10.1016/j.envsoft.2006.10.004. Both use means over the
seeds. `luck` says how much of the variance of these means is only luck. If this share is large, the indices mean
nothing: run more seeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.errors import InputError
from sim.languages import tr
from sim.sweeps.designs import MORRIS_LEVELS, problem, salib

if TYPE_CHECKING:
    import pandas as pd

    from sim.sweeps.sweep import Swept

CONFIDENCE = 0.90
RESAMPLES = 1000
SCREENED = ("sobol", "morris")
"""The designs for which indices can be computed."""

SOBOL = ("first", "first_low", "first_high", "total", "total_low", "total_high")
MORRIS = ("mu_star", "mu_star_low", "mu_star_high", "mu", "sigma")


def sensitivity(swept: Swept, outcome: str, *, resamples: int = RESAMPLES, seed: int = 1) -> pd.DataFrame:
    """How much each path of a sweep matters for an outcome, the most important path first.

    Parameters
    ----------
    swept : Swept
        A sweep with the design ``sobol`` or ``morris``.
    outcome : str
    resamples : int
        The number of resamples of the design for the 90 % intervals.
    seed : int
        The seed of the resamples.

    Returns
    -------
    DataFrame
        One row per path with `outcome`, `path`, `unit` (for Morris the unit of the outcome), `luck`, and

        first, total (and ``_low``, ``_high``)
            for ``sobol``: shares of the variance. An interval may reach below 0 or above 1.
        mu_star (and ``_low``, ``_high``), mu, sigma
            for ``morris``: change of the outcome over the whole range of the path.

    Raises
    ------
    InputError
        If the design has no indices, if SALib is missing, or if too few tries have finished runs.
    """
    import pandas as pd

    method, paths = swept.plan.design.method, len(swept.plan.axes)
    if method not in SCREENED:
        first, second = SCREENED
        raise InputError(
            tr(
                "the design {method} has no indices; only {first} and {second} have them",
                method=method,
                first=first,
                second=second,
            )
        )
    values = swept.means(outcome)
    block = paths + (2 if method == "sobol" else 1)  # tries that belong together; all are needed
    whole = np.isfinite(values.reshape(-1, block)).all(axis=1)
    if whole.sum() < 2:
        raise InputError(
            tr(
                "{many} blocks of {block} tries have all their runs; indices need 2 or more",
                many=int(whole.sum()),
                block=block,
            )
        )
    kept = np.repeat(whole, block)
    found = _indices(method, swept.plan.places[kept], values[kept], resamples, seed)
    table = pd.DataFrame({
        "outcome": outcome, "path": [axis.path for axis in swept.plan.axes],
        "unit": swept.units.get(outcome, "") if method == "morris" else "share of variance", **found,
        "luck": luck_share(swept, outcome),
    })  # fmt: skip
    return table.sort_values("total" if method == "sobol" else "mu_star", ascending=False, ignore_index=True)


def all_indices(swept: Swept) -> pd.DataFrame:
    """`sensitivity` for every outcome, one below the other."""
    import pandas as pd

    return pd.concat([sensitivity(swept, outcome) for outcome in swept.plan.outcomes], ignore_index=True)


def luck_share(swept: Swept, outcome: str) -> float:
    """The share of luck in the variance of the means over the points; NaN with one seed.

    A seed is the same luck at every point, so it moves all points alike. Only the differences between these moves count
    as luck.
    """
    import pandas as pd

    swept.check(outcome)
    runs = pd.pivot_table(swept.table, values=outcome, index="point", columns=["draw", "seed"]).dropna()
    points, many = runs.shape
    values = runs.to_numpy(float)
    if points < 2 or many < 2:
        return float("nan")
    rest = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    of_means = float(values.mean(axis=1).var(ddof=1))
    return min(1.0, float((rest**2).sum()) / ((points - 1) * (many - 1)) / many / of_means) if of_means > 0 else 0.0


def _indices(
    method: str, places: NDArray[np.float64], values: NDArray[np.float64], resamples: int, seed: int
) -> dict[str, Any]:
    paths = places.shape[1]
    if np.ptp(values) == 0:  # no path moves the outcome
        return {name: np.zeros(paths) for name in (SOBOL if method == "sobol" else MORRIS)}
    options = {"num_resamples": resamples, "conf_level": CONFIDENCE, "seed": seed}
    if method == "sobol":
        found = salib("analyze.sobol").analyze(
            problem(paths), values, calc_second_order=False, keep_resamples=True, **options
        )
        ends = np.array([0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2])
        first, total = (np.nanquantile(found[name], ends, axis=0) for name in ("S1_conf_all", "ST_conf_all"))
        return dict(zip(SOBOL, (found["S1"], *first, found["ST"], *total), strict=True))
    found = salib("analyze.morris").analyze(problem(paths), places, values, num_levels=MORRIS_LEVELS, **options)
    star, half = np.array(found["mu_star"]), np.array(found["mu_star_conf"])
    return dict(zip(MORRIS, (star, star - half, star + half, found["mu"], found["sigma"]), strict=True))
