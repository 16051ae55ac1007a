"""The week begins with policy: levers go back to "nothing done", then every active measure moves its own.

Measures act in two rounds. First those that steer others say how (a strategy that moves efforts to the threat, a
coordination of partners); then each acts, with what is left of its plan. In each round they go by their keys, whatever
the order in the YAML, and combine on what remains (`sim.levers`), so their order has no meaning.
"""

from __future__ import annotations

from sim.country import Country


def measures(country: Country) -> None:
    """Reset the levers and let every active measure act."""
    levers = country.levers
    levers.reset()
    for measure in country.measures:
        measure.steer(levers, country)
    for measure in country.measures:
        measure.apply(levers, country)
    levers.interact(country.parameters.interaction)
