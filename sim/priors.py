"""Priors: the distributions that the table of parameters names.

    beta(2,18)                  the two shapes
    normal(0.3,0.2)             mean and standard deviation
    normal(0.05,0.05) above 0   the same, truncated at zero
    uniform(0.5,1)              the two ends
    log-uniform(0.001,0.03)     the two ends
    lognormal(30; 10-90)        the median; the 5 and 95 % quantiles, of which only their ratio counts
    beta(12,67) / 52.18         any of these, divided by a number (turns a chance per year into one per week)

`fixed` and `dirichlet` are not priors of a single number. Rows that have them are never drawn.
"""

from __future__ import annotations

import math
import re
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from sim.engine import quantiles
from sim.engine.exact import exp, log, normal_quantile

UNDRAWN = ("fixed", "dirichlet")

LEAST_MASS = 0.01
"""A prior has one sign if less than this share of it lies on one side of "no effect" (one draw in a hundred)."""

ONE_SIGNED = {
    "how much of a measure takes place, or how many people it reaches; the effect on them has a sign of its own": (
        "fidelity_*", "training_completion", "outreach_chance", "centre_dispatch", "job_takeup", "partner_overlap",
        "joint_patrol_effectiveness", "pursuit_hazard", "restoration_goal",
    ),
    "a part of the way to a goal; its credibility and its effect have signs of their own": (
        "training_stance_shift", "draft_shift",
    ),
    "a time, a dose or a number of units, which cannot be negative": (
        "counsel_half_life", "clip_half_life", "drill_half_life", "message_dose", "message_residue",
        "drama_dose", "drama_half_life",
        "residue_half_life", "un_companies", "job_weeks", "cash_turn_weeks", "job_turn_weeks", "family_referral",
    ),
    "a loss, which can only weaken the measure": (
        "state_brand", "clip_fatigue", "site_displaced", "border_displaced",
    ),
    "a share of a harm that is removed, which cannot be negative; displacement is counted separately": (
        "guard_success", "relief_rate",
    ),
    "all its studies have one sign": ("inoculation", "b_abuse_join"),
    "the share that remains of an effect found elsewhere; the effect has a sign of its own": ("transport_*",),
    "not an effect of a measure but the size of something that happens anyway": (
        "propaganda_effect", "kappa_att", "company_weight", "silencing_chance", "wrongful_share", "dismissal_chance",
        "conviction_chance", "clearing_chance", "command_overlap", "wrong_unit", "movement_silence",
    ),
}  # fmt: skip
"""For each reason, the drawn parameters whose prior may have one sign (names, or patterns with `*`)."""

KINDS = ("beta", "normal", "normal above 0", "uniform", "log-uniform", "lognormal")
_SD_TO_95 = 1.6448536269514722  # from the median of a normal to its 95 % quantile
_WORDS = re.compile(r"(?P<kind>[a-z-]+)\((?P<numbers>[^()]+)\)(?P<above> above 0)?(?: / (?P<by>[0-9.]+))?")


@cache
def _read(words: str) -> tuple[str, float, float, float] | None:
    """Kind, the two numbers that it needs, and the factor of a prior; for a lognormal the two are median and sigma."""
    if words in UNDRAWN:
        return None
    found = _WORDS.fullmatch(words)
    if found is None:
        raise ValueError(f"{words!r} is not a prior")
    kind, scale = found["kind"], 1.0 / float(found["by"] or 1.0)
    try:
        if kind == "lognormal":
            median, low, high = map(float, re.split(r";|(?<=\d)-", found["numbers"]))
            one, other = median, float(log(high / low)) / (2.0 * _SD_TO_95)
        else:
            one, other = map(float, found["numbers"].split(","))
    except ValueError:
        raise ValueError(f"{words!r} is not a prior: its numbers cannot be read") from None
    if found["above"]:
        if kind != "normal":
            raise ValueError(f"{words!r} is not a prior: only normal can be truncated at zero")
        kind = "normal above 0"
    if kind not in KINDS:
        raise ValueError(f"{words!r} is not a prior: there is no distribution {kind!r}")
    return kind, one, other, scale


@cache
def prior(words: str) -> Any:
    """The frozen `scipy.stats` distribution that the table names, or None for a row that is never drawn.

    >>> float(prior("lognormal(30; 10-90)").median())
    30.0

    Raises
    ------
    ValueError
        If the text is not one of the kinds above.
    """
    from scipy import stats

    found = _read(words)
    if found is None:
        return None
    kind, one, other, scale = found
    match kind:
        case "beta":
            return stats.beta(one, other, scale=scale)
        case "normal":
            return stats.norm(one * scale, other * scale)
        case "normal above 0":
            return stats.truncnorm(-one / other, math.inf, loc=one * scale, scale=other * scale)
        case "uniform":
            return stats.uniform(one * scale, (other - one) * scale)
        case "log-uniform":
            return stats.loguniform(one * scale, other * scale)
        case _:
            return stats.lognorm(other, scale=one * scale)


def quantile(words: str, u: float) -> float:
    """The value below which a share `u` of a prior lies, with the same bits everywhere; draws are made by it.

    >>> quantile("lognormal(30; 10-90)", 0.5)
    30.0
    """
    found = _read(words)
    if found is None:
        raise ValueError(f"{words!r} is never drawn")
    kind, one, other, scale = found
    match kind:
        case "beta":
            value = quantiles.beta(u, one, other)
        case "normal":
            value = one + other * normal_quantile(u)
        case "normal above 0":
            value = quantiles.normal_above_zero(u, one, other)
        case "uniform":
            value = one + (other - one) * u
        case "log-uniform":
            value = one * exp(u * log(other / one))
        case _:
            value = one * exp(other * normal_quantile(u))
    return float(value * scale)


def reason_for_one_sign(name: str) -> str:
    """Why the prior of a parameter may have one sign; empty if there is no reason."""
    return next((why for why, names in ONE_SIGNED.items() if any(fnmatchcase(name, each) for each in names)), "")
