"""The table of levers: the numbers that policy can move, and how measures combine on one.

Every week levers start from "nothing done". Shares combine on what remains: two measures that each reach 30 % of the
people reach 51 %, two that each remove 30 % leave 49 %. So no stack exceeds what is possible and order never matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Lever:
    """One row of the table: what it is, per what it is set, its value with nothing done, and who reads it."""

    name: str
    unit: str
    over: tuple[str, ...]
    default: float
    low: float
    high: float
    reader: str
    meaning: str


TABLE = (
    Lever(
        "clip_reach",
        "share",
        ("channel", "language", "cell"),
        0.0,
        0.0,
        1.0,
        "messages",
        "chance that a user of the channel who understands the language sees a campaign clip this week",
    ),
    Lever(
        "clip_views",
        "views",
        ("channel",),
        0.0,
        0.0,
        np.inf,
        "messages",
        "times a person reached through the channel sees it this week",
    ),
    Lever(
        "clip_pull",
        "factor",
        ("cell",),
        1.0,
        0.0,
        np.inf,
        "messages",
        "strength of one clip against that of the studies (structure, freshness)",
    ),
    Lever(
        "clip_shock",
        "share",
        ("cell",),
        0.0,
        0.0,
        1.0,
        "messages",
        "share of a clip given to shocking images, which raise hostility in those at risk",
    ),
    Lever("imams_sent", "imams", ("region",), 0.0, 0.0, np.inf, "imams", "imams who leave for training this week"),
    Lever("course_weeks", "weeks", ("region",), 104.0, 1.0, np.inf, "imams", "length of the course they leave for"),
    Lever(
        "imams_completing",
        "share",
        ("region",),
        1.0,
        0.0,
        1.0,
        "imams",
        "share of those who leave that finish and come back trained",
    ),
    Lever(
        "joint_patrol_troops",
        "persons",
        ("cell",),
        0.0,
        0.0,
        np.inf,
        "security",
        "troops on patrol together with a neighbour's forces in a border cell",
    ),
    Lever(
        "pursuit",
        "share",
        ("country",),
        0.0,
        0.0,
        1.0,
        "security",
        "share of a neighbour's sanctuary in which its own and joint forces may follow",
    ),
    Lever(
        "crossing",
        "factor",
        ("cell",),
        1.0,
        0.0,
        np.inf,
        "groups",
        "ability to cross the border here against that with nothing done",
    ),
    Lever(
        "abuse_control",
        "factor",
        ("cell",),
        1.0,
        0.0,
        np.inf,
        "security",
        "abuses per operation against those with nothing done",
    ),
)


class Levers:
    """The value of every lever this week, as arrays named after it (shape: the table's `over`)."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._moved: set[str] = set()
        for row in TABLE:
            setattr(self, row.name, np.full([sizes[axis] for axis in row.over], row.default))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no lever {name!r}")

    def reset(self) -> None:
        """Back to "nothing done"; only what was moved needs to be written."""
        for row in TABLE:
            if row.name in self._moved:
                getattr(self, row.name)[...] = row.default
        self._moved.clear()

    def moved(self, name: str) -> bool:
        """Whether any measure has moved this lever this week."""
        return name in self._moved

    def reach(self, name: str, where: Any, share: Any) -> None:
        """Reach `share` of those whom nobody reaches yet."""
        values = self._touch(name)
        values[where] = 1.0 - (1.0 - values[where]) * (1.0 - share)

    def keep(self, name: str, where: Any, factor: Any) -> None:
        """Leave `factor` of what remains."""
        values = self._touch(name)
        values[where] *= factor

    def add(self, name: str, where: Any, amount: Any) -> None:
        """Add persons, views, or other things that are counted."""
        values = self._touch(name)
        values[where] += amount

    def set(self, name: str, where: Any, value: Any) -> None:
        """Give a plain value: for settings that one measure alone owns."""
        self._touch(name)[where] = value

    def _touch(self, name: str) -> np.ndarray:
        self._moved.add(name)
        values: np.ndarray = getattr(self, name)
        return values
