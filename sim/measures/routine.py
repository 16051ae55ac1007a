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

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

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


class Kept(NamedTuple):
    """What a measure said when it was asked, and all that this hung on."""

    measure: Measure
    parameters: Any
    coordinated: float  # the lever, which says how much partners deliver
    weeks: range  # in which as much is planned as when it was asked; empty if that hangs on more than the date
    done: Any
    readings: list[Any]
    said: Any


class Routine:
    """What the measures of one run said the last time they were asked.

    Parameters
    ----------
    always_ask : bool
        Ask every measure in every week, to see that a run is the same.
    """

    def __init__(self, always_ask: bool = False) -> None:
        self._always_ask = always_ask
        self._kept: dict[tuple[str, str], Kept] = {}
        self._acting: tuple[Any, list[Measure], range] = (None, [], range(0))
        self._reports = np.zeros((0, 0))

    def empty(self) -> Routine:
        """One that has kept nothing yet, for a copy of the country."""
        return Routine(self._always_ask)

    def acting(self, country: Country) -> list[Measure]:
        """The measures that have begun by this week; `country.measures` are then as they act in their phase."""
        known, acting, weeks = self._acting
        if known is country.measures and country.week in weeks:
            return acting
        before = [measure.key for measure in acting]
        day = country.clock.date(country.week)
        country.measures = [measure.now(day) for measure in country.measures]
        acting = [measure for measure in country.measures if measure.begun(day)]
        ahead = min((measure.weeks_alike(day) for measure in country.measures), default=1)
        self._acting = country.measures, acting, range(country.week, country.week + ahead)
        if before != [measure.key for measure in acting]:
            self._kept.clear()
            self._reports[:] = 0.0
        return acting

    def apply(self, measure: Measure, levers: Levers, country: Country) -> None:
        """Let the measure move this week's levers, or make the moves that it would make."""
        steady = self._steady(measure, "apply")
        if steady is None:
            measure.apply(levers, country)
            return
        kept = self._found(measure, "apply", country, steady)
        if kept is not None:
            levers.again(kept.said)
            return
        before = len(levers.moves)
        measure.apply(levers, country)
        self._keep(measure, "apply", country, steady, levers.moves[before:])

    def reports(self, country: Country, first: int) -> np.ndarray:
        """What was delivered and spent this week: a row per observable from place `first` on, a column per region.

        Rows of measures that need not be asked stand as they were. Not to be changed.
        """
        names = country.names
        if not len(self._reports):
            self._reports = np.zeros((len(names) - first, len(REGIONS)))
        for measure in self.acting(country):
            if not measure.reports_by_parts:
                whole = measure.report(country)
                self._reports[names[f"delivered_{measure.key}"] - first] = whole.count
                self._reports[names[f"cost_{measure.key}"] - first] = whole.cost_xof
                continue
            for what, column in (("delivery", "delivered"), ("spending", "cost")):
                steady = self._steady(measure, what)
                if steady is not None and self._found(measure, what, country, steady):
                    continue
                done = measure.strength_now(country) if what == "spending" else measure.carried_out(country)
                amount = getattr(measure, what)(country, done)
                self._reports[names[f"{column}_{measure.key}"] - first] = amount
                if steady is not None:
                    self._keep(measure, what, country, steady, None)
        return self._reports

    def _steady(self, measure: Measure, what: str) -> Sequence[Reading] | None:
        """The readings on which this hangs; None if it must be asked."""
        return None if self._always_ask else _declared(type(measure)).get(what)

    def _found(self, measure: Measure, what: str, country: Country, steady: Sequence[Reading]) -> Kept | None:
        """What the measure said, if it would say the same now."""
        kept = self._kept.get((measure.key, what))
        if kept is None or kept.measure is not measure or kept.parameters is not country.parameters:
            return None
        alike = country.week in kept.weeks and (
            not measure.partners or kept.coordinated == float(country.levers.coordinated)
        )
        if not alike and kept.done != _done(measure, what, country):
            return None
        return kept if not steady or kept.readings == [reading(measure, country) for reading in steady] else None

    def _keep(self, measure: Measure, what: str, country: Country, steady: Sequence[Reading], said: Any) -> None:
        week, clock = country.week, country.clock
        ahead = measure.weeks_alike(clock.date(week)) if _by_date(type(measure)) and measure.when is None else 0
        self._kept[measure.key, what] = Kept(
            measure=measure,
            parameters=country.parameters,
            coordinated=float(country.levers.coordinated),
            weeks=range(week, week + ahead),
            done=_done(measure, what, country),
            readings=[reading(measure, country) for reading in steady],
            said=said,
        )


def _done(measure: Measure, what: str, country: Country) -> Any:
    """How much is done, or planned, in a form that can be compared."""
    done: Strength = measure.strength_now(country) if what == "spending" else measure.carried_out(country)
    return done if isinstance(done, float) else done.tobytes()


@cache
def _declared(kind: type[Measure]) -> Steady:
    """What a class says of itself; one derived from it may do something else."""
    return vars(kind).get("steady", NOTHING)


@cache
def _by_date(kind: type[Measure]) -> bool:
    """Whether how much is planned follows from the date, unless there is a condition."""
    from sim.measures.base import Measure

    return all(getattr(kind, name) is getattr(Measure, name) for name in ("strength", "strength_now", "carried_out"))
