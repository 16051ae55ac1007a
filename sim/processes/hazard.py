"""What makes a youth more or less likely to join: the circumstances and the log of the hazard.

The hazard and its terms are described in `sim.processes.approach`. A further term needs a field of `Circumstances`, one
of `Coefficients`, and their product in `log_hazard`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from sim.engine import exact
from sim.engine.elementary import exp
from sim.engine.kernels import chunk_loop, rule
from sim.parameters import Parameters
from sim.population.youth import TIES, Society, Youth
from sim.world.facts import LIVELIHOODS

DEVOUT = 6  # years of religious schooling
NO_INCOME, STEADY_INCOME = LIVELIHOODS.index("none"), LIVELIHOODS.index("secure")
SAFELY = 1.0 + 1e-9  # what we put on a bound, so that rounding cannot take anything above it


class Coefficients(NamedTuple):
    """What one unit of each circumstance adds to the log of the hazard of joining."""

    abuse: float
    income: float
    school: float
    religious_school: float
    protection: float
    norm: float
    trust: float
    attitude: float


class Circumstances(NamedTuple):
    """What makes a youth more or less likely to join, each beside its coefficient."""

    abused: float  # 0..1: 1 after an abuse of the youth or their kin not long ago, else what lasts of grievance
    steady: bool  # has a steady income
    years: float  # at school, from the mean
    devout: bool  # six or more years of religious schooling
    unprotected: float  # 0..1
    norm: float  # population SD, mean settled attitude of the ties
    trust: float  # SD from the mean
    attitude: float  # population SD


class Background(NamedTuple):
    """What the circumstances of youths are read from."""

    ties: np.ndarray  # by youth
    attitude: np.ndarray
    settled: np.ndarray
    schooling: np.ndarray
    religious_schooling: np.ndarray
    livelihood: np.ndarray
    abuse_week: np.ndarray
    grievance: np.ndarray
    unprotected: np.ndarray  # float64 by cell 0..1
    trust: np.ndarray  # float64 by cell, SD from the mean
    abuse_weeks: int  # weeks for which an abuse counts in full
    lasting: float  # weight of full grievance, relative to such an abuse
    mean_schooling: float  # years


@rule
def circumstances(i, c, week, background):
    """The circumstances of youth `i`, who lives in cell `c`, this week."""
    norm = 0.0
    for j in range(TIES):
        norm += background.settled[background.ties[i, j]]
    recent = week - background.abuse_week[i] < background.abuse_weeks
    return Circumstances(
        abused=1.0 if recent else background.lasting * background.grievance[i],
        steady=background.livelihood[i] == STEADY_INCOME,
        years=background.schooling[i] - background.mean_schooling,
        devout=background.religious_schooling[i] >= DEVOUT,
        unprotected=background.unprotected[c],
        norm=norm / TIES,
        trust=background.trust[c],
        attitude=np.float64(background.attitude[i]),
    )


@rule
def log_hazard(youth, b):
    """Log of the hazard of joining, against that of a youth whom nothing moves."""
    return (
        b.abuse * youth.abused + b.income * youth.steady + b.school * youth.years + b.religious_school * youth.devout
        + b.protection * youth.unprotected + b.norm * youth.norm + b.trust * youth.trust + b.attitude * youth.attitude
    )  # fmt: skip


def coefficients(p: Parameters) -> Coefficients:
    """The b of the hazard of joining."""
    return Coefficients(
        abuse=p.b_abuse_join,
        income=p.b_income_join,
        school=p.b_school,
        religious_school=p.b_relschool,
        protection=p.b_protect_join,
        norm=p.b_norm,
        trust=p.b_trust_join,
        attitude=p.kappa_att,
    )


def background(society: Society, youth: Youth, trust: np.ndarray, unprotected: np.ndarray, p: Parameters) -> Background:
    """What circumstances are read from; `trust` (0..1) and `unprotected` are by cell."""
    return Background(
        ties=society.ties,
        attitude=youth.attitude,
        settled=youth.settled,
        schooling=youth.schooling,
        religious_schooling=youth.religious_schooling,
        livelihood=youth.livelihood,
        abuse_week=youth.abuse_week,
        grievance=youth.grievance,
        unprotected=unprotected,
        trust=(trust - p.trust_mean) / p.trust_sd,
        abuse_weeks=int(p.abuse_weeks),
        lasting=p.lasting_grievance,
        mean_schooling=p.mean_schooling,
    )


def keenest(b: Coefficients, background: Background) -> float:
    """What nobody's exponential of the hazard exceeds: that of a youth with the worst of every circumstance."""
    least, most = (
        Circumstances(
            abused=abused,
            steady=bool(steady),
            years=extreme(background.schooling) - background.mean_schooling,
            devout=bool(devout),
            unprotected=extreme(background.unprotected),
            norm=float(extreme(background.settled)),
            trust=extreme(background.trust),
            attitude=float(extreme(background.attitude)),
        )
        for extreme, abused, steady, devout in (
            (np.min, min(0.0, background.lasting * float(background.grievance.min())), 0, 0),
            (np.max, max(1.0, background.lasting * float(background.grievance.max())), 1, 1),
        )
    )
    return (
        exact.exp(math.fsum(max(one * low, one * high) for one, low, high in zip(b, least, most, strict=True))) * SAFELY
    )


@chunk_loop
def _average(chunks, b, background, sums):
    """Sums over chunks of the exponential of the hazard."""
    for k in prange(chunks.shape[0]):
        c, total = chunks[k, 0], 0.0
        for i in range(chunks[k, 1], chunks[k, 2]):
            total += exp(log_hazard(circumstances(i, c, 0, background), b))
        sums[k] = total


def average_pull(society: Society, youth: Youth, trust: np.ndarray, p: Parameters) -> float:
    """Mean of the exponential of the hazard over all youths on the first day, without grievances and threats."""
    sums, safe = np.empty(len(society.chunks)), np.zeros(trust.size)
    harmless = background(society, youth, trust, safe, p)._replace(abuse_weeks=0, lasting=0.0)
    _average(society.chunks, coefficients(p), harmless, sums)
    return float(sums.sum()) / society.size
