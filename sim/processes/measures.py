"""The week begins with policy: levers go back to "nothing done", then every active measure moves its own levers.

Measures that have not begun do nothing. The others act in two rounds. First, measures that steer others do so: a
strategy that moves efforts to the threat, a coordination of partners. Then every measure acts, with what is left of its
plan. Each round follows the order of the keys, whatever the order in the YAML, and measures combine on what remains
(`sim.levers`), so their order does not matter. What a measure would only do as the week before is done for it
(`sim.measures.routine`).
"""

from __future__ import annotations

from sim.country import Country


def measures(country: Country) -> None:
    """Reset the levers and let every active measure act: those of the past, or the scenario's from its day on."""
    if country.later is not None and country.week >= country.later[0]:
        country.measures, country.later = country.later[1], None
    levers = country.levers
    levers.reset()
    acting = country.routine.acting(country)
    for card in acting:
        card.measure.steer(levers, country)
    for card in acting:
        country.routine.apply(card, levers, country)
    levers.interact(country.parameters.interaction)
