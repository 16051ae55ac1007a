"""Priors: the words of the table of parameters, and the distributions they stand for.

    beta(2,18)                  its two shapes
    normal(0.3,0.2)             mean and standard deviation
    normal(0.05,0.05) above 0   the same, of which only the part above zero is possible
    uniform(0.5,1)              the two ends
    log-uniform(0.001,0.03)     the two ends
    lognormal(30; 10-90)        the median; the 5 and 95 % quantiles, of which only the ratio counts
    beta(12,67) / 52.18         any of them, divided by a number (a chance in a year as one in a week)

`fixed` and `dirichlet` are no priors of one number: rows with these are never drawn.
"""

from __future__ import annotations

import math
import re
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

UNDRAWN = ("fixed", "dirichlet")

LEAST_MASS = 0.01
"""A prior has one sign if less than this lies on one side of "no effect" (the least draw of a hundred)."""

ONE_SIGNED = {
    "how much of a measure takes place, or how many it reaches; what it does to them has a sign of its own": (
        "fidelity_*", "training_completion", "outreach_chance", "centre_dispatch", "job_takeup", "partner_overlap",
        "joint_patrol_effectiveness", "pursuit_hazard", "restoration_goal",
    ),
    "a part of the way to a goal; how it is taken (credibility) and what it does have signs of their own": (
        "training_stance_shift", "draft_shift",
    ),
    "a time to respond or to be told; what a shorter one does has a sign of its own (harm_delay, arrest_delay, "
    "information_delay)": ("command_delay", "centre_delay", "sharing_delay"),
    "a time, a dose or a number of units: there is none below zero": (
        "counsel_half_life", "clip_half_life", "drill_half_life", "message_dose", "message_residue",
        "residue_half_life", "un_companies", "job_weeks", "cash_turn_weeks",
    ),
    "what a measure loses: it can only lower what the measure does": (
        "state_brand", "clip_fatigue", "site_displaced", "border_displaced",
    ),
    "a share of a harm that is taken away: there is none below zero, and displacement is counted apart": (
        "guard_success", "relief_rate",
    ),
    "its studies are of one sign": ("inoculation", "b_abuse_join"),
    "what is left of an effect found elsewhere; the effect has a sign of its own": ("transport_*",),
    "no effect of a measure: the size of a thing that happens anyway": (
        "propaganda_effect", "kappa_att", "company_weight", "silencing_chance", "wrongful_share", "dismissal_chance",
        "conviction_chance", "clearing_chance",
    ),
}  # fmt: skip
"""Reason -> drawn parameters whose prior may have one sign for that reason (names, or patterns with `*`)."""

_WORDS = re.compile(r"(?P<kind>[a-z-]+)\((?P<numbers>[^()]+)\)(?P<above> above 0)?(?: / (?P<by>[0-9.]+))?")


@cache
def prior(words: str) -> Any:
    """The frozen `scipy.stats` distribution that some words of the table stand for; None for a row never drawn.

    >>> prior("lognormal(30; 10-90)").median()
    30.0

    Raises
    ------
    ValueError
        If the words are none of the kinds above.
    """
    from scipy import stats

    if words in UNDRAWN:
        return None
    found = _WORDS.fullmatch(words)
    if found is None:
        raise ValueError(f"{words!r} is no prior")
    kind, scale = found["kind"], 1.0 / float(found["by"] or 1.0)
    try:
        if kind == "lognormal":
            median, low, high = map(float, re.split(r";|(?<=\d)-", found["numbers"]))
            one, other = median, math.log(high / low) / (2.0 * stats.norm.ppf(0.95))
        else:
            one, other = map(float, found["numbers"].split(","))
    except ValueError:
        raise ValueError(f"{words!r} is no prior: its numbers cannot be read") from None
    if found["above"]:
        if kind != "normal":
            raise ValueError(f"{words!r}: only a normal is cut at zero")
        return stats.truncnorm(-one / other, math.inf, loc=one * scale, scale=other * scale)
    match kind:
        case "beta":
            return stats.beta(one, other, scale=scale)
        case "normal":
            return stats.norm(one * scale, other * scale)
        case "uniform":
            return stats.uniform(one * scale, (other - one) * scale)
        case "log-uniform":
            return stats.loguniform(one * scale, other * scale)
        case "lognormal":
            return stats.lognorm(other, scale=one * scale)
    raise ValueError(f"{words!r} is no prior: there is no {kind!r}")


def reason_for_one_sign(name: str) -> str:
    """Why the prior of a parameter may have one sign, or nothing if no reason is given."""
    return next((why for why, names in ONE_SIGNED.items() if any(fnmatchcase(name, each) for each in names)), "")
