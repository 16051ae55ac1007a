"""What measures could do at most, and what it would take to reach a stated effect.

The ceiling of a scenario is the same scenario with the measures that it does not share with the baseline at full
reach and full strength in their regions: everybody who can be reached is reached, and all that is planned is carried
out from the first day on. If even that does not reach an effect, no larger programme of the kind does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.comparison.summary import ENDS, weights_of_lines
from sim.comparison.table import changes
from sim.measures.base import mask_of, people_of
from sim.measures.phases import taken
from sim.scenario import Scenario
from sim.world.grid import world_grid

NAME_LETTERS = 80
ALL_DISTRICTS = 50
MOST_MOVED = 0.5  # the most that the measure takes
NOT_REACHED = math.inf

Settings = Mapping[str, Any]
Numbers = NDArray[np.float64]


def _people(settings: Settings) -> float:
    """People of the regions of a measure."""
    people = people_of(world_grid())
    regions = settings["regions"]
    return float(people.sum() if regions == "all" else people[mask_of(tuple(regions))].sum())


def _airing(settings: Settings) -> dict[str, Any]:
    return {name: {**settings[name], "capacity": 1.0, "coverage": 1.0} for name in ("tv", "facebook", "youtube")}


def _sites(settings: Settings) -> dict[str, Any]:
    sites = settings["sites_listed"]
    return {"sites_covered": sites, "cameras": max(settings["cameras"], sites * settings["cameras_per_site"])}


FULL: dict[str, Callable[[Settings], dict[str, Any]]] = {
    "adaptive_strategy": lambda own: {"share_moved": MOST_MOVED},
    "bamako_plan": _sites,
    "community_policing": lambda own: {"share_of_officers": 1.0},
    "coordination": lambda own: {"partners_taking_part": 1.0},
    "intervention_protocol": lambda own: {"share_of_responses": 1.0},
    "joint_patrols": lambda own: {"patrols": max(own["patrols"], own["full_force"])},
    "mali_kuma_kan": _airing,
    "national_reconciliation": lambda own: {
        "dialogues_per_year": max(own["dialogues_per_year"], math.ceil(_people(own) / own["people_per_dialogue"]))
    },
    "operations_centre": lambda own: {"hours_covered": 1.0},
    "radio_drama": lambda own: {"listeners": 1.0},
    "religious_leaders": lambda own: {"share_speaking": 1.0},
    "school_reform": lambda own: {"schools": 1.0, "media_literacy": 1.0},
    "security_restoration": lambda own: {
        "posts": max(own["posts"], math.ceil(_people(own) * own["full_posts_per_10000"] / 10_000))
    },
    "sermon_drafting": lambda own: {"share_following": 1.0},
    "social_development": lambda own: {"coverage": 1.0},
    "strong_institutions": lambda own: {
        "districts": max(own["districts"], ALL_DISTRICTS), "paid": 1.0, "inspected": 1.0
    },
}  # fmt: skip
"""What sets a measure at full reach. Of the others only intensity and start-up are raised: nothing says what all is."""


def ceiling_name(name: str) -> str:
    """What the ceiling of a scenario is called."""
    return f"{name[:NAME_LETTERS]} at its ceiling"


def at_ceiling(scenario: Scenario, baseline: Scenario) -> Scenario:
    """The scenario with the measures that it does not share with the baseline at full reach and strength."""
    data = {**scenario.resolved(), "name": ceiling_name(scenario.name)}
    active = [
        {key: own for key, own in one.resolved()["measures"].items() if taken(own)} for one in (scenario, baseline)
    ]
    for key in changes(*active):
        if key in active[0]:
            own = data["measures"][key]
            phases = [{**phase, "intensity": None} for phase in own.get("phases") or ()]
            full = FULL[key](own) if key in FULL else {}
            raised = {**own, "intensity": 1.0, "ramp_up_weeks": 0, **full}
            data["measures"][key] = {**raised, "phases": phases} if phases else raised
    return Scenario.of(data)


class BreakEven(NamedTuple):
    """How far a measure must go from what was delivered towards its ceiling: 0 is as delivered, 1 is the ceiling.

    Below 0 less than was delivered is enough: -0.25 is a quarter less. `NOT_REACHED` if the ceiling does not suffice.
    """

    way: float
    low: float
    high: float


def break_even(delivered: Numbers, ceiling: Numbers, target: Numbers) -> BreakEven:
    """Where the straight line from nothing over what was delivered to the ceiling reaches a stated effect.

    Parameters
    ----------
    delivered, ceiling, target : array
        For each pair of runs the effect as delivered and at the ceiling, positive where it is better, and the effect
        that is to be reached. The interval is that of means over pairs with random weights.
    """
    weights = weights_of_lines(len(target))
    sides = (delivered, ceiling, target)
    again = _ways(*(weights @ side for side in sides))
    low, high = np.quantile(again, ENDS, method="nearest")  # between two ways there may be one that has no end
    [way] = _ways(*(np.array([side.mean()]) for side in sides))
    return BreakEven(float(way), float(low), float(high))


def _ways(delivered: Numbers, ceiling: Numbers, target: Numbers) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        less = target / delivered - 1.0
        more = (target - delivered) / (ceiling - delivered)
    return np.where(delivered >= target, less, np.where(ceiling >= target, more, NOT_REACHED))


def factor(way: float, ratio: float) -> float:
    """The size at a way, as a factor on what was delivered; `ratio` is that of the ceiling.

    >>> factor(0.5, 3.0), factor(-0.25, 3.0)
    (2.0, 0.75)
    """
    return way if math.isinf(way) else 1.0 + way * (ratio - 1.0 if way > 0 else 1.0)
