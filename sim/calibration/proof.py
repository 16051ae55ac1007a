"""The proof of a fit: what it misses, whether it recovers known parameters, whether intervals cover, what stays open.

Simulated records come from the finalists: a run of a finalist, with error and discrepancy drawn as the fit assumes, is
a record whose parameters are known. The emulator that chose the finalists has seen none of their runs; it fits each
such record, with the density that the finalists were drawn from as the prior. If the method is right, the known value
of a parameter has any rank among the posterior's with equal chance (simulation-based calibration, Talts et al. 2018),
and the same holds for distances from random points, which look at all parameters together (TARP, Lemos et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.calibration import file_name
from sim.calibration.archive import Key
from sim.calibration.emulator import Emulator
from sim.calibration.fit import COOLEST, LUCK, Finals, Fit, before_finalists, chosen, finals
from sim.calibration.points import point_id
from sim.calibration.sampling import CUT, chains, implausibility, log_likelihood
from sim.calibration.targets import Row, computed, covariance, observed, targets
from sim.posterior import read

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

INSIDE = 0.90
"""Probability of the intervals that are looked at."""
MISSED = 3.0
"""A run meets a target within so many standard deviations of what the record and the model allow."""
REACHED = 0.05
"""A target is out of reach if a smaller share of all runs meets it."""
OPEN = 0.8
"""A parameter is not identified if the posterior's standard deviation is above this share of the prior's."""
MEMBERS = (800.0, 3500.0)
"""The band of active members, in every year from 2014."""
LAST_RECORDED = 2017


@dataclass(frozen=True)
class Proof:
    """What was found about a fit.

    Attributes
    ----------
    facts : dict
        What the fit's own file says.
    targets : DataFrame
        A row for each target: the record, the worlds' median and 90 % interval with error, and shares of runs that
        meet it.
    regions : DataFrame
        Coverage and score (fair CRPS) of attacks by region, in years that were fitted and in later ones.
    parameters : DataFrame
        Each fitted parameter: middle and interval of the posterior, its width relative to the prior, the coverage of
        its 90 % interval and the correlation of estimate and truth over simulated records, and the p-value of its
        ranks.
    all_met, members_in_band, coverage, joint : float
        Share of worlds that meet all fitted targets; share with members in their band; mean coverage over parameters;
        coverage of joint regions (TARP) of 90 %.
    data_sets : int
        Simulated records.
    """

    facts: dict[str, Any]
    targets: pd.DataFrame
    regions: pd.DataFrame
    parameters: pd.DataFrame
    all_met: float
    members_in_band: float
    coverage: float
    joint: float
    data_sets: int


def prove(fit: Fit, data_sets: int = 200) -> Proof:
    """Prove a fit, with so many simulated records.

    Raises
    ------
    InputError
        If the fit is not done.
    """
    file = fit.archive.folder / file_name(fit.settings.until)
    kept, last = read(file), finals(fit)
    _, _, worlds = chosen(last, fit)
    keys = [key for _, key in worlds]
    assert [point_id(row) for row in kept.values] == [key.point for key in keys], f"{file} is not of this fit"
    table, met = _targets(fit, keys)
    found = simulated(last, fit, data_sets, before_finalists(fit))
    parameters = _parameters(last, fit, [k for k, _ in worlds], found)
    return Proof(
        facts=kept.about,
        targets=table,
        regions=_regions(fit, keys),
        parameters=parameters,
        all_met=float(met.all(axis=1).mean()),
        members_in_band=_in_band(fit, keys),
        coverage=float(parameters.coverage.mean()),
        joint=found.joint,
        data_sets=len(found.ranks),
    )


# --- the record ---------------------------------------------------------------------------------------------


def _results(fit: Fit, rows: Sequence[Row], keys: Sequence[Key]) -> Array:
    """Targets of any kind in these runs, up to the last year they have."""
    layout = fit.archive.layout
    assert layout is not None
    until = fit.settings.until.replace(month=12, day=31)
    yearly = np.stack([fit.archive.runs[key].yearly for key in keys])
    return computed(rows, layout, yearly, until)


def _there(fit: Fit) -> list[Row]:
    """Targets about years that the runs have."""
    assert fit.archive.layout is not None
    years = fit.archive.layout.years
    return [row for row in targets()
            if row.first in years and (row.last in years or not row.last)
            and (not row.over.startswith("in ") or int(row.over[3:]) in years)]  # fmt: skip


def _targets(fit: Fit, keys: Sequence[Key]) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """The table of targets, and which of the fitted ones each world meets."""
    import pandas as pd

    rows = _there(fit)
    used = {row.key for row in fit.rows}
    runs = fit.archive.keys()
    found, everywhere = _results(fit, rows, keys), _results(fit, rows, runs)
    seen, spread = observed(rows), np.sqrt(np.diag(covariance(rows)))
    luck = np.random.default_rng([LUCK, 3000])
    noisy = found + luck.standard_normal(found.shape) * np.array([row.error for row in rows])
    with np.errstate(invalid="ignore"):
        meets = np.abs(found - seen) / spread < MISSED
        reached = np.abs(everywhere - seen) / spread < 1.0
    lines = []
    for k, row in enumerate(rows):
        known = noisy[np.isfinite(noisy[:, k]), k]
        low, high = np.percentile(known, [5, 95]) if known.size else (np.nan, np.nan)
        middle = float(np.nanmedian(found[:, k])) if known.size else np.nan
        lines.append({
            "target": row.key, "pattern": row.pattern, "recorded": row.value, "median": row.natural(middle),
            "p5": max(row.natural(float(low)), 0.0), "p95": row.natural(float(high)), "inside": low <= seen[k] <= high,
            "met": float(meets[:, k].mean()), "reached": float(reached[:, k].mean()),
            "use": "fitted" if row.key in used else "not fitted" if row.known(fit.settings.until) else "not seen",
            "source": row.source, "note": row.note,
        })  # fmt: skip
    fitted = [k for k, row in enumerate(rows) if row.key in used]
    return pd.DataFrame(lines), meets[:, fitted]


def _in_band(fit: Fit, keys: Sequence[Key]) -> float:
    """The share of worlds whose members are within their band in every year from 2014."""
    layout = fit.archive.layout
    assert layout is not None
    years = [k for k, year in enumerate(layout.years) if year >= 2014]
    names = [layout.names.index(name) for name in ("members", "members_abroad")]
    many = np.stack([fit.archive.runs[key].yearly[:, :, names].sum(axis=(1, 2)) for key in keys])[:, years]
    return float(((many >= MEMBERS[0]) & (many <= MEMBERS[1])).all(axis=1).mean())


def _regions(fit: Fit, keys: Sequence[Key]) -> pd.DataFrame:
    """Coverage and score of attacks by region."""
    import pandas as pd

    rows = [row for row in _there(fit) if row.key.startswith("attacks_") and row.regions and row.first > 2012]
    found = np.array(_results(fit, rows, keys)) ** 2 - 0.375
    luck = np.random.default_rng([LUCK, 3001])
    lines = []
    for k, row in enumerate(rows):
        x = found[:, k]
        noisy = np.sqrt(np.maximum(x, 0.0) + 0.375) + row.error * luck.standard_normal(len(x))
        low, high = np.percentile(noisy, [5, 95])
        apart = np.abs(x[:, None] - x[None, :]).sum() / (len(x) * max(len(x) - 1, 1))
        lines.append({
            "region": row.regions[0], "years": "fitted" if row.known(fit.settings.until) else "not seen",
            "inside": low <= row.observed <= high, "crps": np.abs(x - row.value).mean() - 0.5 * apart,
            "error": abs(float(np.median(x)) - row.value),
        })  # fmt: skip
    if not lines:
        return pd.DataFrame(columns=["region", "years", "inside", "crps", "error", "rows"])
    table = pd.DataFrame(lines)
    each = table.groupby(["years", "region"], sort=False)[["inside", "crps", "error"]].mean()
    each["rows"] = table.groupby(["years", "region"], sort=False).size()
    every = table.groupby("years", sort=False)[["inside", "crps", "error"]].mean()
    every["rows"] = table.groupby("years", sort=False).size()
    every.index = pd.MultiIndex.from_tuples([(years, "all regions") for years in every.index], names=each.index.names)
    return pd.concat([each, every]).reset_index()


# --- simulated records --------------------------------------------------------------------------------------


FIRST_STEPS, STEPS, DRAWS = 40, 10, 40
"""Steps of a chain before its first draw and between two, and draws for each record."""


@dataclass(frozen=True)
class Simulated:
    """What the fit found in simulated records."""

    truth: Array  # records x parameters, normal scores
    mean: Array  # of the posterior
    ranks: Array  # of the truth among the posterior, 0 to 1
    inside: NDArray[np.bool_]  # whether the 90 % interval holds the truth
    joint: float  # share of records in which the joint region (TARP) of 90 % holds the truth


def simulated(last: Finals, fit: Fit, count: int, emulator: Emulator) -> Simulated:
    """Fit so many simulated records at once, a chain for each."""
    luck = np.random.default_rng([LUCK, 4000])
    half, allowed = np.linalg.cholesky(fit.allowed), fit.allowed
    order = luck.permutation(len(last.points))
    at, records = [], []
    for turn in range(count):
        k = int(order[turn % len(order)])
        own = last.keys[k]
        result = fit.results([own[turn // len(order) % len(own)]])[0]
        if np.isfinite(result).all():
            at.append(k)
            records.append(result + half @ luck.standard_normal(len(half)))
    seen, truth = np.array(records), last.scores[at]

    def density(scores: Array, which: NDArray[np.int64]) -> Array:
        guess = emulator.guess(scores)
        spread = emulator.covariance(guess) + allowed
        prior = log_likelihood(guess.mean - fit.seen, spread) / COOLEST
        far = implausibility(emulator, scores, fit.seen, np.diag(allowed), guess)
        return log_likelihood(guess.mean - seen[which], spread) + prior - 10.0 * np.maximum(far - CUT, 0.0)

    start = last.scores[luck.permutation(len(last.scores))[np.arange(len(seen)) % len(last.scores)]]
    draws = np.stack(list(chains(density, start, DRAWS, luck, FIRST_STEPS, STEPS)))  # draws x records x parameters
    # The truth is one of as many as there are draws and one: were all alike, each rank would be as likely.
    ranks = ((draws < truth).sum(axis=0) + 0.5) / (len(draws) + 1)
    away = luck.standard_normal(truth.shape)
    closer = ((draws - away) ** 2).sum(axis=2) < ((truth - away) ** 2).sum(axis=1)
    nearer = (closer.sum(axis=0) + 0.5) / (len(draws) + 1)
    return Simulated(truth, draws.mean(axis=0), ranks, np.abs(ranks - 0.5) <= INSIDE / 2,
                     float((np.abs(nearer - 0.5) <= INSIDE / 2).mean()))  # fmt: skip


def _parameters(last: Finals, fit: Fit, rows: Sequence[int], found: Simulated) -> pd.DataFrame:
    """A row for each fitted parameter."""
    import pandas as pd
    from scipy import stats

    scores, values = last.scores[list(rows)], last.values[list(rows)]
    low, middle, high = np.percentile(values, [5, 50, 95], axis=0)
    prior = fit.space.values(np.zeros((1, len(fit.space))))[0]
    lines = []
    for k, name in enumerate(fit.space.names):
        truth, mean = found.truth[:, k], found.mean[:, k]
        varied = truth.std() > 0 and mean.std() > 0
        lines.append({
            "parameter": name, "prior": prior[k], "p5": low[k], "median": middle[k], "p95": high[k],
            "shift": float(scores[:, k].mean()), "width": float(scores[:, k].std()),
            "coverage": float(found.inside[:, k].mean()),
            "recovered": float(np.corrcoef(truth, mean)[0, 1]) if varied else np.nan,
            "ranks": float(stats.kstest(found.ranks[:, k], "uniform").pvalue),
        })  # fmt: skip
    return pd.DataFrame(lines)
