"""The table of levers: the numbers that policy can move, and how several measures combine on one lever.

Every week the levers start from "nothing done". Shares combine on what remains: two measures that each reach 30 % of
the people together reach 51 %, and two that each remove 30 % leave 49 %. So no number of measures can exceed what is
possible, and their order never matters.

Whether a package of measures does more or less than its parts is not known. On the two levers that stand for outcomes
(attacks, joining) a term of either sign allows for both. With l_i the logs of the factors that measures leave in a
place,

    log of the lever = sum l_i + interaction x mix x sum |l_i|,     mix = 1 - sum l_i^2 / (sum |l_i|)^2

mix is 0 for one measure alone, one half for two of equal size, and approaches 1 for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import copysign
from typing import Any

import numpy as np

from sim.engine.exact import exp, log


@dataclass(frozen=True, slots=True)
class Lever:
    """One row of the table: its unit, its axes, its value with nothing done, and the processes that read it."""

    name: str
    unit: str
    over: tuple[str, ...]
    default: float
    low: float
    high: float
    reader: str
    meaning: str


TABLE = (
    Lever("clip_reach", "share", ("channel", "language", "cell"), 0.0, 0.0, 1.0, "messages",
          "chance that a user of the channel who understands the language sees a clip this week"),
    Lever("clip_views", "views", ("channel",), 0.0, 0.0, np.inf, "messages",
          "times that a person reached through the channel sees a clip this week"),
    Lever("clip_pull", "factor", ("cell",), 1.0, 0.0, np.inf, "messages",
          "strength of one clip relative to those of the studies (structure, freshness)"),
    Lever("clip_shock", "share", ("cell",), 0.0, 0.0, 1.0, "messages",
          "share of a clip made up of shocking images, which raise hostility in those at risk"),
    Lever("drama_reach", "share", ("language", "cell"), 0.0, 0.0, 1.0, "messages",
          "radio users who understand the language and follow a drama in it this week"),
    Lever("propaganda", "factor", ("cell",), 1.0, 0.0, np.inf, "messages",
          "effect of the armed groups' propaganda on those who hear it"),
    Lever("speaking_out", "share", ("region",), 0.0, 0.0, 1.0, "messages, violence",
          "untrained imams who speak out against violence"),
    Lever("imams_sent", "imams", ("region",), 0.0, 0.0, np.inf, "imams",
          "imams who leave for training this week"),
    Lever("course_weeks", "weeks", ("region",), 104.0, 1.0, np.inf, "imams",
          "length of the course that imams leave for"),
    Lever("imams_completing", "share", ("region",), 1.0, 0.0, 1.0, "imams",
          "imams leaving for training who finish and come back trained"),
    Lever("imam_threats", "factor", ("region",), 1.0, 0.0, np.inf, "violence",
          "chance that a moderate imam is silenced"),
    Lever("drafted_sermons", "share", ("region",), 0.0, 0.0, 1.0, "attitudes",
          "imams who preach the sermon drafted by the state"),
    Lever("support", "SD", ("region",), 0.0, -np.inf, np.inf, "attitudes",
          "shift in everybody's support for the violent narrative"),
    Lever("grievance_relief", "share per week", ("region",), 0.0, 0.0, 1.0, "attitudes",
          "grievance relieved by redress this week"),
    Lever("joining", "factor", ("cell",), 1.0, 0.0, np.inf, "approach",
          "hazard that an approached youth joins"),
    Lever("approaches", "factor", ("group",), 1.0, 0.0, np.inf, "approach",
          "approaches made by the recruiters of an armed group"),
    Lever("contact_lapse", "factor", ("cell",), 1.0, 0.0, np.inf, "approach",
          "rate at which contacts with recruiters lapse"),
    Lever("giving_up", "factor", ("cell",), 1.0, 0.0, np.inf, "exits",
          "rate at which members give up"),
    Lever("extra_schooling", "share", ("region",), 0.0, 0.0, 1.0, "exits",
          "youths turning 15 who have had an extra year at school"),
    Lever("crossing", "factor", ("cell",), 1.0, 0.0, np.inf, "groups",
          "ability to cross the border here"),
    Lever("pursuit", "share", ("country",), 0.0, 0.0, 1.0, "answers",
          "part of a neighbour's sanctuary into which its own and joint forces may pursue members"),
    Lever("attack_rate", "factor", ("cell",), 1.0, 0.0, np.inf, "violence",
          "attacks by an armed group in a cell, all else equal"),
    Lever("attacks_on_civilians", "factor", ("cell",), 1.0, 0.0, np.inf, "violence",
          "attacks on civilians in a cell, all else equal"),
    Lever("site_raids", "factor", ("cell",), 1.0, 0.0, np.inf, "violence",
          "raids that are not kept away by hardened sites"),
    Lever("site_guard", "share", ("cell",), 0.0, 0.0, 1.0, "violence",
          "deaths in a raid that are prevented by guards and cameras"),
    Lever("communal_violence", "factor", ("cell",), 1.0, 0.0, np.inf, "feuds",
          "clashes between communities, all else equal"),
    Lever("state_return", "factor", ("cell",), 1.0, 0.0, np.inf, "violence",
          "speed at which administration and services return"),
    Lever("state_goal", "0..1", ("cell",), 0.0, 0.0, 1.0, "violence",
          "rise of the level to which state presence returns, above that of the start"),
    Lever("response_delay", "factor", ("cell",), 1.0, 0.0, np.inf, "violence, answers",
          "time taken to respond to an attack"),
    Lever("joint_command", "share", ("cell",), 0.0, 0.0, 1.0, "answers",
          "responses to attacks made under one command"),
    Lever("right_unit", "share", ("cell",), 0.0, 0.0, 1.0, "answers",
          "responses to attacks for which the right kind of unit is picked"),
    Lever("dispatch", "share", ("region",), 0.0, 0.0, 1.0, "security",
          "patrols sent where attacks have just happened"),
    Lever("deployed", "share", ("force", "region"), 0.0, 0.0, 1.0, "security",
          "part of the deployments of an international or mixed force in a region that takes place"),
    Lever("joint_patrol_troops", "persons", ("cell",), 0.0, 0.0, np.inf, "security",
          "troops in a border cell on patrol together with a neighbour's forces"),
    Lever("soldiers_trained", "persons", ("force",), 0.0, 0.0, np.inf, "security",
          "members of a force who complete a training this week"),
    Lever("abuse_control", "factor", ("cell",), 1.0, 0.0, np.inf, "security",
          "abuses per operation"),
    Lever("wrongful", "factor", ("cell",), 1.0, 0.0, np.inf, "security",
          "wrongful arrests per arrest"),
    Lever("information", "factor", ("cell",), 1.0, 0.0, np.inf, "security, answers",
          "information on members from sources other than the people of the place"),
    Lever("movements_hold", "factor", ("cell",), 1.0, 0.0, 1.0, "movements",
          "how far northern armed movements keep the places that they hold"),
    Lever("recruiter_exposure", "factor", ("cell",), 1.0, 0.0, np.inf, "security",
          "exposure of recruiters to being found"),
    Lever("trust_goal", "SD", ("cell",), 0.0, -np.inf, np.inf, "security",
          "rise of the level to which trust returns, above that of the start"),
    Lever("pole_cases", "share", (), 0.0, 0.0, 1.0, "justice",
          "open cases handled by special prosecutors and investigators"),
    Lever("shift", "share", (), 0.0, 0.0, 1.0, "security, measures",
          "part of security units, broadcasts and imams moved to where the threat is"),
    Lever("need", "share", ("region",), 0.0, 0.0, 1.0, "security, measures",
          "region's share of the threat"),
    Lever("coordinated", "share", (), 0.0, 0.0, 1.0, "measures, security, answers",
          "work of partners and of forces under different commands that follows one agenda"),
    Lever("implementation", "factor", (), 1.0, 0.0, np.inf, "measures",
          "pace at which an agreement is implemented"),
)  # fmt: skip


SOONEST = 0.01
"""Smallest response delay that processes use: every response takes some time, however many measures shorten it."""

DEFAULTS = {row.name: row.default for row in TABLE}
"""The value of each lever with nothing done."""

PACKAGED = ("attack_rate", "joining")
"""Levers on which measures together may do more or less than the sum of their parts."""


class Move:
    """One change of one lever: how it is moved, where, and by how much. A move is never changed once it is made."""

    __slots__ = ("amount", "how", "lever", "where")

    def __init__(self, lever: str, how: str, where: Any, amount: Any) -> None:
        self.lever, self.how, self.amount = lever, how, amount
        self.where = _own(where) if isinstance(where, tuple | list) else where

    def __deepcopy__(self, memo: Any) -> Move:
        return self

    def surely_is(self, other: Move) -> bool:
        """Whether another move of this lever does exactly the same, as far as that can be seen at a glance."""
        return self is other or (
            type(self.amount) is type(other.amount) is not np.ndarray  # most often, as arrays are new ones
            and self.how == other.how
            and _same(self.amount, other.amount)
            and _same(self.where, other.where)
        )


def _own(where: Any) -> Any:
    """An index whose lists nobody else can change."""
    return type(where)(map(_own, where)) if type(where) in (tuple, list) else where


def _same(one: Any, other: Any) -> bool:
    """Whether two indices or amounts are surely equal to the last bit; an array that can be written to never is."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return one is other and one.base is None and not one.flags.writeable
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float):
        return one == other and (one != 0.0 or copysign(1.0, one) == copysign(1.0, other))
    return isinstance(one, int | slice | type(...)) and bool(one == other)


class Levers:
    """The value of every lever this week, as an array named after the lever (its axes are `over` in the table).

    The values of a lever follow from its moves of the week, in their order. In most weeks they are the moves of the
    week before, so the values are kept together with the moves that led to them, and worked out anew only from the
    first week in which a move differs. Only the methods of this class may change the values.
    """

    def __init__(self, sizes: dict[str, int]) -> None:
        self._cells = sizes["cell"]
        self._values = {row.name: np.full([sizes[axis] for axis in row.over], row.default) for row in TABLE}
        self._moves: dict[str, list[Move]] = {name: [] for name in self._values}  # of this week
        self._within: dict[str, list[Move]] = {name: [] for name in self._values}  # those that the values contain
        self.__dict__.update(self._values)  # but for levers whose values may contain moves that are not of this week
        self.moves: list[Move] = []
        """All moves of this week, in their order."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"there is no lever {name!r}")
        self._catch_up(name)
        return self._values[name]

    def reset(self) -> None:
        """Go back to "nothing done"."""
        for move in self.moves:
            self._moves[move.lever] = []
            self.__dict__.pop(move.lever, None)
        self.moves = []

    def moved(self, name: str) -> bool:
        """Whether any measure has moved this lever this week."""
        return bool(self._moves[name])

    def reach(self, name: str, where: Any, share: Any) -> None:
        """Reach a `share` of those who are not yet reached."""
        self.make(Move(name, "reach", where, share))

    def keep(self, name: str, where: Any, factor: Any) -> None:
        """Leave a `factor` of what remains."""
        self.make(Move(name, "keep", where, factor))

    def add(self, name: str, where: Any, amount: Any) -> None:
        """Add persons, views, or anything else that is counted."""
        self.make(Move(name, "add", where, amount))

    def set(self, name: str, where: Any, value: Any) -> None:
        """Set a value, for levers that belong to one measure alone."""
        self.make(Move(name, "set", where, value))

    def interact(self, interaction: float) -> None:
        """Add the effect of packages beyond their parts, once all measures have moved their levers."""
        for name in PACKAGED:
            if interaction != 0.0 and self._moves[name]:
                self.make(Move(name, "interact", ..., interaction))

    def make(self, move: Move) -> None:
        """Make a move, be it new or one that was made before."""
        name = move.lever
        if name not in self._moves:
            raise AttributeError(f"there is no lever {name!r}")
        moves, within = self._moves[name], self._within[name]
        place = len(moves)
        if place < len(within):
            if within[place].surely_is(move):  # the values contain it, so there is nothing to do
                moves.append(within[place])
                self.moves.append(within[place])
                return
            self._catch_up(name)
        self._do(move, moves)
        moves.append(move)
        self.moves.append(move)
        self._within[name].append(move)

    def again(self, moves: Sequence[Move]) -> None:
        """Make moves that were made before."""
        for move in moves:
            mine, within = self._moves[move.lever], self._within[move.lever]
            if len(mine) < len(within) and within[len(mine)] is move:
                mine.append(move)
                self.moves.append(move)
            else:
                self.make(move)

    def _catch_up(self, name: str) -> None:
        """Let the values contain the moves of this week so far, and no others."""
        self.__dict__[name] = self._values[name]
        moves, within = self._moves[name], self._within[name]
        if len(moves) == len(within):  # the values contain those of this week, and perhaps more
            return
        self._values[name][...] = DEFAULTS[name]
        for place, move in enumerate(moves):
            self._do(move, moves[:place])
        self._within[name] = moves.copy()

    def _do(self, move: Move, before: Sequence[Move]) -> None:
        """Change the values by a move, which comes after others of its lever."""
        values, where, amount = self._values[move.lever], move.where, move.amount
        match move.how:
            case "reach":
                values[where] = 1.0 - (1.0 - values[where]) * (1.0 - amount)
            case "keep":
                values[where] *= amount
            case "add":
                values[where] += amount
            case "set":
                values[where] = amount
            case "interact":
                self._package(values, amount, before)

    def _package(self, values: np.ndarray, interaction: float, before: Sequence[Move]) -> None:
        """What measures do together beyond their parts, on a lever by cell."""
        size, squares = np.zeros(self._cells), np.zeros(self._cells)
        for move in before:
            if move.how == "keep":
                with np.errstate(divide="ignore"):  # a factor of 0 leaves nothing, in any package
                    part = np.abs(log(move.amount))
                size[move.where] += part
                squares[move.where] += part * part
        some = (size > 0.0) & np.isfinite(size)
        mix = 1.0 - np.divide(squares, size * size, out=np.ones_like(size), where=some)
        values[some] *= exp(interaction * mix[some] * size[some])


def delay_effect(levers: Levers, elasticity: float) -> np.ndarray:
    """What the response delay does to something, by cell: response_delay^elasticity, 1 with nothing done."""
    delay: np.ndarray = levers.response_delay
    if (delay == 1.0).all():
        return delay
    effect: np.ndarray = exp(elasticity * log(np.maximum(delay, SOONEST)))
    return effect


def aimed(levers: Levers, shares: np.ndarray) -> np.ndarray:
    """Shares of an effort by region after an adaptive strategy has moved part of it to the threat; the sum is the same.

    Only regions that already have a share can receive more: no units, mosques or transmitters appear where there are
    none.
    """
    shift, need = float(levers.shift), levers.need * (shares > 0.0)
    if shift == 0.0 or need.sum() == 0.0:
        return shares
    moved: np.ndarray = (1.0 - shift) * shares + shift * shares.sum() * need / need.sum()
    return moved
