"""The northern armed movements hold places, and keep what people know there from the forces.

The coordination of the movements (MNLA, HCUA and others) held Kidal and its region from 2013 on, and Menaka for a year.
Information goes to whoever controls a place (Kalyvas 2006): where a movement holds, people speak to it, and forces from
elsewhere search little and hear little. The information of the forces is multiplied by

    1 - movement_silence x hold x lever

where `hold`, by district and date, is a fact (`movements.csv`), and the lever `movements_hold` falls as the security
provisions of an agreement are carried out. The movements have no fighters and make no attacks in this model, and they
recruit nobody.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.world import facts


def held(country: Country) -> np.ndarray:
    """How far northern movements hold each cell this week, 0..1, had nothing been agreed."""
    out, week, clock = np.zeros(len(country.grid)), country.week, country.clock
    for row in facts.movements():
        if clock.week(row.start) <= week and (row.end is None or week < clock.week(row.end)):
            out[row.cells] = row.hold
    return out


def told(country: Country) -> np.ndarray:
    """Part of the information on members, by cell, that reaches the forces although a movement holds the place."""
    part: np.ndarray = 1.0 - country.parameters.movement_silence * held(country) * country.levers.movements_hold
    return part
