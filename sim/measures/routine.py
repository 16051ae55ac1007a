"""What measures do again and again: the moves and reports of a measure are kept while nothing changes.

In most weeks a measure does what it did the week before. A measure whose moves or reports hang on little says so
(`Measure.steady`), and is not asked again until something of this changes:

- the measure itself, as it acts in its phase, and the parameters;
- how much of it is carried out or, for its cost, planned (a ramp, a condition, a coordination of partners);
- what else it names: functions such as `sim.measures.posted.where_posted`, whose results are compared.

All others are asked every week. So a run gives the same numbers, to the last bit, as if each measure were asked in each
week; `tests/measures/test_routine.py` makes runs both ways.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.regions import REGIONS

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.measures.base import Measure
    from sim.measures.phases import Strength

Reading = Callable[[Any, Any], Any]
"""A function of the measure and the country: what it gives is compared with what it gave when the measure was asked."""

Steady = Mapping[str, Sequence[Reading]]
"""For each of `apply`, `delivery` and `spending` that is steady: the readings on which it hangs besides the rest."""

ALL: Steady = {"apply": (), "delivery": (), "spending": ()}
"""A measure that hangs on nothing else."""


NOTHING: Steady = {}
"""A measure that is asked every week."""


class Said:
    """What a measure said when it was asked: under which version of its card, and what was read."""

    __slots__ = ("readings", "version", "what")

    def __init__(self, version: int, readings: list[Any], what: Any = None) -> None:
        self.version, self.readings, self.what = version, readings, what


class Card:
    """What is known of one measure that acts."""

    __slots__ = ("alike", "by_date", "coordinated", "done", "measure", "parameters", "planned", "said", "steady",
                 "version")  # fmt: skip

    def __init__(self, measure: Measure, steady: Steady) -> None:
        self.measure, self.steady = measure, steady
        self.by_date = measure.when is None and _by_date(type(measure))
        self.version = 0  # rises when the parameters, what is planned, or what is carried out change
        self.alike = range(0)  # weeks in which as much is planned as now
        self.parameters: Any = None
        self.coordinated = self.planned = self.done = math.nan
        self.said: dict[str, Said] = {}

    def look(self, country: Country) -> None:
        """See how much is planned and carried out this week."""
        measure, week = self.measure, country.week
        coordinated = float(country.levers.coordinated) if measure.partners else 1.0
        same = self.parameters is country.parameters and self.coordinated == coordinated
        if same and week in self.alike:
            return
        planned, done = measure.strength_now(country), measure.carried_out(country)
        same &= _equal(planned, self.planned) and _equal(done, self.done)
        self.version += not same
        self.parameters, self.coordinated, self.planned, self.done = country.parameters, coordinated, planned, done
        # While it grows it differs from week to week; only where it does not is it worth to ask how long.
        ahead = 0 if not self.by_date else measure.weeks_alike(country.clock.date(week)) if same else 1
        self.alike = range(week, week + ahead)

    def would_say(self, what: str, country: Country) -> Said | None:
        """What the measure said, if it would say the same now; None if it must be asked."""
        self.look(country)
        said = self.said.get(what)
        if said is None or said.version != self.version or said.readings != self.read(what, country):
            return None
        return said

    def read(self, what: str, country: Country) -> list[Any]:
        """What this part of the measure hangs on, besides how much is done."""
        return [reading(self.measure, country) for reading in self.steady[what]]


class Routine:
    """What the measures of one run said the last time they were asked.

    Parameters
    ----------
    always_ask : bool
        Ask every measure in every week, to see that a run is the same.
    """

    def __init__(self, always_ask: bool = False) -> None:
        self._always_ask = always_ask
        self._measures: Any = None  # those of the country when the cards were written
        self._weeks = range(0)  # in which the same measures act
        self._cards: list[Card] = []
        self._reports = np.zeros((0, 0))
        self._counted: dict[str, np.ndarray] | None = None

    def empty(self) -> Routine:
        """One that knows nothing yet, for a copy of the country."""
        return Routine(self._always_ask)

    def acting(self, country: Country) -> list[Card]:
        """The measures that have begun by this week; `country.measures` are then as they act in their phase."""
        if self._measures is country.measures and country.week in self._weeks:
            return self._cards
        day = country.clock.date(country.week)
        country.measures = [measure.now(day) for measure in country.measures]
        ahead = min((measure.acts_alike(day) for measure in country.measures), default=1)
        self._measures, self._weeks = country.measures, range(country.week, country.week + ahead)
        known = {card.measure.key: card for card in self._cards}
        acting = [measure for measure in country.measures if measure.begun(day)]
        if list(known) != [measure.key for measure in acting]:
            self._reports[:] = 0.0
            known = {}
        self._cards = [self._card(measure, known.get(measure.key)) for measure in acting]
        return self._cards

    def _card(self, measure: Measure, known: Card | None) -> Card:
        """The card of a measure; a new one if it is not the measure that it was."""
        if known is not None and known.measure is measure:
            return known
        return Card(measure, NOTHING if self._always_ask else _declared(type(measure)))

    def apply(self, card: Card, levers: Levers, country: Country) -> None:
        """Let a measure move this week's levers, or make the moves that it would make."""
        if "apply" not in card.steady:
            card.measure.apply(levers, country)
            return
        said = card.would_say("apply", country)
        if said is not None:
            levers.again(said.what)
            return
        before = len(levers.moves)
        card.measure.apply(levers, country)
        card.said["apply"] = Said(card.version, card.read("apply", country), levers.moves[before:])

    def reports(self, country: Country, first: int) -> np.ndarray:
        """What was delivered and spent this week: a row per observable from place `first` on, a column per region.

        Rows of measures that need not be asked stand as they were. Not to be changed.
        """
        if not len(self._reports):
            self._reports = np.zeros((len(country.names) - first, len(REGIONS)))
        self._counted = {}
        try:
            self._ask_for_reports(country, first)
        finally:
            self._counted = None
        return self._reports

    def counted(self, what: str, count: Callable[[], np.ndarray]) -> np.ndarray:
        """A count that several reports need. While reports are made nothing changes, so it is made once."""
        if self._counted is None:
            return count()
        if what not in self._counted:
            self._counted[what] = count()
        return self._counted[what]

    def _ask_for_reports(self, country: Country, first: int) -> None:
        names = country.names
        for card in self.acting(country):
            measure = card.measure
            if not measure.reports_by_parts:
                whole = measure.report(country)
                self._reports[names[f"delivered_{measure.key}"] - first] = whole.count
                self._reports[names[f"cost_{measure.key}"] - first] = whole.cost_xof
                continue
            for what, column in (("delivery", "delivered"), ("spending", "cost")):
                steady = what in card.steady
                if steady and card.would_say(what, country) is not None:
                    continue
                card.look(country)
                done = card.planned if what == "spending" else card.done
                self._reports[names[f"{column}_{measure.key}"] - first] = getattr(measure, what)(country, done)
                if steady:
                    card.said[what] = Said(card.version, card.read(what, country))


def _equal(one: Strength, other: Strength) -> bool:
    """Whether as much is done as before, to the last bit."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.tobytes() == other.tobytes()
    return not isinstance(one, np.ndarray) and not isinstance(other, np.ndarray) and bool(one == other)


@cache
def _declared(kind: type[Measure]) -> Steady:
    """What a class says of itself; one derived from it may do something else."""
    own: Steady = vars(kind).get("steady", NOTHING)
    return own


@cache
def _by_date(kind: type[Measure]) -> bool:
    """Whether how much is planned follows from the date, unless there is a condition."""
    from sim.measures.base import Measure

    return all(getattr(kind, name) is getattr(Measure, name) for name in ("strength", "strength_now", "carried_out"))
