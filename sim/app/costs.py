"""The cards of the measures, and what a choice costs: worked out from settings alone, without a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sim.app.choice import ALWAYS, usual
from sim.languages import day, tr
from sim.measures import MEASURES
from sim.measures.base import Measure
from sim.measures.phases import how_much, in_words, some
from sim.scenario import Scenario
from sim.views.words import capital, listed, money
from sim.world.grid import world_grid
from sim.world.timeline import WEEKS_PER_YEAR, Clock


@dataclass(frozen=True)
class Cost:
    """What a measure, or a choice, costs.

    Attributes
    ----------
    total : float
        XOF over the whole run.
    a_year : float
        XOF in a year in force (of a choice: in a year of the run).
    """

    total: float
    a_year: float


@lru_cache(maxsize=2048)
def _cost(kind: type[Measure], settings: str, clock: Clock) -> Cost:
    measure = kind.model_validate_json(settings, strict=False)
    total = measure.plan(clock, world_grid()).cost_xof
    weeks = sum(1 for week in range(clock.weeks) if some(measure.strength(clock.date(week))))
    return Cost(total, total / weeks * WEEKS_PER_YEAR if weeks else 0.0)


def cost_of(measure: Measure, clock: Clock) -> Cost:
    """What one measure costs over the weeks of a run."""
    return _cost(type(measure), measure.model_dump_json(), clock)


def cost(scenario: Scenario) -> Cost:
    """What all measures of a scenario cost together."""
    clock = scenario.clock
    total = sum(cost_of(measure, clock).total for measure in scenario.active_measures())
    return Cost(total, total / clock.weeks * WEEKS_PER_YEAR)


def chosen(scenario: Scenario) -> Cost:
    """What the choice costs: all measures but the international forces, which others pay and nobody here chooses."""
    whole, theirs = cost(scenario), _theirs(scenario)
    return Cost(whole.total - theirs, whole.a_year - theirs / scenario.clock.weeks * WEEKS_PER_YEAR)


def told(scenario: Scenario) -> str:
    """The same in words, and beside it what the international forces cost."""
    spent, theirs = chosen(scenario), _theirs(scenario)
    beside = tr(" (beside {theirs} for the international forces)", theirs=money(theirs)) if theirs else ""
    return tr(
        "{total} over the run, {a_year} a year{beside}",
        total=money(spent.total),
        a_year=money(spent.a_year),
        beside=beside,
    )


def _theirs(scenario: Scenario) -> float:
    return sum(cost_of(m, scenario.clock).total for m in scenario.active_measures() if m.key == ALWAYS)


def against(budget: float, spent: float) -> str:
    """How a cost stands to a budget, in words.

    >>> against(5e9, 4e9), against(5e9, 6.5e9)
    ('1 bn XOF of the budget are left', '1.5 bn XOF over the budget')
    """
    left = budget - spent
    return (
        tr("{left} of the budget are left", left=money(left))
        if left >= 0
        else tr("{over} over the budget", over=money(-left))
    )


def titles(scenario: Scenario) -> str:
    """A choice in words: the titles of its measures."""
    active = {m.key: tr(MEASURES[m.key].title).partition(":")[0].strip() for m in scenario.active_measures()}
    chosen = [title for key, title in active.items() if key != ALWAYS]
    if ALWAYS not in active:
        return tr("{measures}, and no international forces", measures=listed(chosen) if chosen else tr("no measure"))
    return listed(chosen) if chosen else tr("no measure beyond the international forces of the time")


def cards(scenario: Scenario, base: Scenario) -> list[dict[str, Any]]:
    """A card for every measure, as plain data: what it is and, of those switched on, how it is set."""
    made = []
    for key, kind in sorted(MEASURES.items(), key=lambda item: tr(item[1].title)):
        on = key in scenario.measures and scenario.measures[key].enabled
        measure = scenario.measures[key] if on else _usual(key, base)
        price, clock = cost_of(measure, scenario.clock), scenario.clock
        known = isinstance(measure.intensity, float) and not measure.phases
        made.append(
            {
                "key": key,
                "title": tr(kind.title),
                "what": tr(_what(kind)),
                "on": on,
                "cost": money(price.a_year)
                if price.total
                else tr("no cost to Mali")
                if key == ALWAYS
                else tr("nothing"),
                "delivers": capital(tr(kind.delivers)),
                "intensity": round(100 * measure.intensity) if isinstance(measure.intensity, float) else 100,
                "regions": list(measure.regions),
                "start": (measure.start or base.start).isoformat(),
                "end": (measure.end or base.end).isoformat(),
                "idle": not any(some(measure.strength(clock.date(week))) for week in range(clock.weeks)),
                "fixed": ""
                if known
                else "; ".join(
                    tr(
                        "{start} to {end}: {in_words}, {how_much}",
                        start=day(p.start or base.start),
                        end=day(p.end or base.end),
                        in_words=tr(in_words(p.regions)),
                        how_much=how_much(p.intensity),
                    )
                    for p in measure.periods
                ),
            }
        )
    return made


@lru_cache(maxsize=256)
def _usual(key: str, base: Scenario) -> Measure:
    """A measure as it would be switched on."""
    return Scenario.of({**base.resolved(), "name": "card", "measures": {key: usual(key, base)}}).measures[key]


def _what(kind: type[Measure]) -> str:
    return (kind.__doc__ or kind.title).strip().splitlines()[0]
