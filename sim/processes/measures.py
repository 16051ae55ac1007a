"""The week begins with policy: levers go back to "nothing done", then every active measure moves its own.

Measures are applied in the order of their keys, whatever the order in the YAML, and combine on what remains
(`sim.levers`), so their order has no meaning.
"""

from __future__ import annotations

from sim.country import Country


def measures(country: Country) -> None:
    """Reset the levers and let every active measure act."""
    country.levers.reset()
    for measure in country.measures:
        measure.apply(country.levers, country)
