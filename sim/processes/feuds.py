"""Feuds between communities of herders and farmers, and the militias that both raise.

Where villages that live from herding and villages that live from farming share the land, they quarrel over fields,
pasture and water. Clashes are a self-exciting process (Mohler et al. 2011). Each side of a cell attacks the other
Poisson(mean) times a week:

    mean    = lever x (quarrels / 2 x (1 + militia_clashes x own militia) + revenge)
    quarrels = communal_rate x country people in millions x contact x insecurity
    contact = 4 h (1 - h), where h is the share of villages that live from herding
    revenge = feud_revenge x (1 - 1/2^(1/half-life)) x clashes suffered and remembered

so that a clash brings about `feud_revenge` others in all, most of them soon. A side is known by what its villages live
from and by nothing else. Where people live in fear and neither the state nor its forces protect them, both sides raise
militias. A militia attacks more often, kills more, and wrongs people of the other side; its victims and their kin
remember this as they remember the abuses of soldiers.
"""

from __future__ import annotations

import numpy as np

from sim.country import Country
from sim.engine import exact
from sim.engine.kernels import loop
from sim.engine.luck import decision, luck, poissons
from sim.processes.casualties import deaths
from sim.processes.wrongs import FARMING, HERDING, SIDES, do_wrong

CLASHES = decision("how often communities clash in a cell")
KILLED_IN_CLASH = decision("how many a clash between communities kills")
MILITIA_ABUSES = decision("how many people a militia wrongs in a cell")
VICTIM_OF_MILITIA = decision("whom a militia wrongs")


def feuds(country: Country) -> None:
    """Let the sides attack each other, remember it, and raise militias."""
    p, grid, places, levers = country.parameters, country.grid, country.places, country.levers
    cells = np.arange(len(grid))
    quarrels = p.communal_rate * places.quarrels * country.insecurity
    kept = exact.power(0.5, 1.0 / p.feud_half_life)
    clashes = np.empty((SIDES, len(grid)), np.int64)
    for side in (HERDING, FARMING):
        own = 0.5 * quarrels * (1.0 + p.militia_clashes * country.militias[side])
        revenge = p.feud_revenge * (1.0 - kept) * country.grudges[side]
        means = levers.communal_violence * (own + revenge)
        clashes[side] = poissons(CLASHES, country.seed, country.week, side * len(grid) + cells, means)
    fought, killed = country.flow("clashes"), country.flow("deaths_communal")
    for side in (HERDING, FARMING):
        mean = p.communal_deaths * (1.0 + p.militia_deaths * country.militias[side])
        _kill(country.seed, country.week, side, mean, clashes[side], killed)
        fought += clashes[side]
        abuses = poissons(MILITIA_ABUSES, country.seed, country.week, side * len(grid) + cells,
                          p.militia_abuses * country.militias[side] * clashes[side])  # fmt: skip
        do_wrong(country, VICTIM_OF_MILITIA, abuses, side=1 - side)
        country.flow("abuses_militias")[:] += abuses
    country.flow("deaths_civilian")[:] += killed
    country.grudges *= kept
    country.grudges += clashes[::-1]  # each side remembers what the other did


def arm(country: Country) -> None:
    """Let both sides raise militias where they live in fear and nobody protects them, and let them go home again."""
    p, militias = country.parameters, country.militias
    guarded = 1.0 - exact.exp(-country.forces / p.protecting_companies)
    alone = (1.0 - np.maximum(country.state_presence, guarded)) * (1.0 - country.hold)
    need = country.places.contact * country.insecurity * alone
    militias += p.militia_rise * need * (1.0 - militias) - p.militia_fade * militias


@loop
def _kill(seed, week, side, mean, clashes, killed):
    """Count those whom the clashes of a side kill."""
    for c in range(clashes.size):
        for n in range(clashes[c]):
            killed[c] += deaths(mean[c], luck(KILLED_IN_CLASH, seed, week, side * clashes.size + c, n))
