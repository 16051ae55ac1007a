"""How forces work side by side, and how they answer attacks.

Side by side. Forces under different commands (interior, army, UN, France, Africa, region, mixed units) that work in one
place do part of the work twice: they guard the same road and question the same witness. Of what all but the largest of
them do there, a share `command_overlap` is lost, unless they follow one agenda (lever `coordinated`):

    effective companies = largest command + (1 - overlap x (1 - coordinated)) x all others

Answers. Forces near an attack answer it with

    answer rate x information x (response delay)^elasticity x (1 - exp(-companies near x gain of joint command x kind))

    kind = 1 - wrong_unit x 4 R (1 - R) x (1 - share of answers to which the right kind of unit is sent)

R is the share of the companies near that are of the right kind: those of the interior in town, all others outside. The
wrong kind is sent most often where both are near, and never where there is only one. Where the attackers are based in
the place, they are found there. Of a raid from far away, anybody of the group in the country may have been part.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.country import Country
from sim.engine import exact
from sim.engine.cells import around
from sim.engine.kernels import loop
from sim.levers import delay_effect
from sim.world import facts


class Answers(NamedTuple):
    """Answers to attacks of this week."""

    rate: np.ndarray  # by cell, members found for each attack that is answered
    able: np.ndarray  # by cell 0..1, part of the attacks that the forces near can answer
    far: np.ndarray  # by group, chance of each member in the country to be found in the answer to a raid


def side_by_side(country: Country, by_command: np.ndarray) -> np.ndarray:
    """Effective companies by cell, of companies by command and cell."""
    largest = by_command.max(axis=0)
    twice = country.parameters.command_overlap * (1.0 - float(country.levers.coordinated))
    together: np.ndarray = largest + (1.0 - twice) * (by_command.sum(axis=0) - largest)
    return together


def right_kind(country: Country) -> np.ndarray:
    """What is left of an answer, by cell, when now and then a unit of the wrong kind is sent."""
    p, grid = country.parameters, country.grid
    by_command = country.by_command
    interior, everyone = by_command[facts.commands().index("interior")], by_command.sum(axis=0)
    interior = interior + p.patrol_spill * around(interior, grid.neighbours)
    everyone = everyone + p.patrol_spill * around(everyone, grid.neighbours)
    of_interior = np.divide(interior, everyone, out=np.zeros(len(grid)), where=everyone > 0.0)
    right = grid.urban_share * of_interior + (1.0 - grid.urban_share) * (1.0 - of_interior)
    kind: np.ndarray = 1.0 - p.wrong_unit * 4.0 * right * (1.0 - right) * (1.0 - country.levers.right_unit)
    return kind


def answers(country: Country, near: np.ndarray, information: np.ndarray) -> Answers:
    """Answer this week's attacks with the companies `near`; `information` is by cell."""
    p, levers, now = country.parameters, country.levers, country.attacks_now
    commanded = exact.exp(p.command_gain * levers.joint_command) if levers.joint_command.any() else 1.0
    rate = p.answer_rate * information * delay_effect(levers, p.arrest_delay)
    able = 1.0 - exact.exp(-near * commanded * right_kind(country))
    country.flow("answered")[:] = now.sum(axis=0) * able
    far = (np.where(country.members == 0, now, 0) * (rate * able)).sum(axis=1)
    return Answers(rate, able, far / np.maximum(country.members.sum(axis=1), 1))


def pursuit(country: Country) -> np.ndarray:
    """Chance of a member in the sanctuary of each country to be found, the more is known along its border."""
    levers = country.levers
    known = _along(country.grid.border, levers.information)
    chance: np.ndarray = country.parameters.pursuit_hazard * levers.pursuit * known
    return np.minimum(chance, 1.0)


@loop
def _along(border, values):
    """Mean of values by cell over the cells that touch each country; 0 where none does."""
    total, cells = np.zeros(border.shape[1]), np.zeros(border.shape[1])
    for c in range(border.shape[0]):
        for k in range(border.shape[1]):
            if border[c, k]:
                total[k] += values[c]
                cells[k] += 1.0
    return total / np.maximum(cells, 1.0)
