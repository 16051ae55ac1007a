"""Persons: whom recruiters approach, and what becomes of each.

A youth stands for `persons_per_youth` persons who think alike, hear the same messages and live in the same place. What
happens between people happens to single persons: one is approached, refuses, joins, is held or killed, and the others
behind the same youth are not. So the number of persons whom a youth stands for does not change how many join, where or
when. Person k belongs to youth k // persons_per_youth. Persons know each other as their youths do: the first persons of
two youths who are tied, the second persons, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sim.population.groups import NOBODY
from sim.population.youth import NEVER


@dataclass(slots=True)
class Persons:
    """What happens to single persons in a run: one entry per person, but for the last column."""

    status: np.ndarray  # uint8, place in STATUSES
    contact_group: np.ndarray  # int8, armed group that approached, -1 none
    contact_tie: np.ndarray  # uint8, through whom: 0 nobody, 1 a friend, 2 kin
    contact_week: np.ndarray  # int16, week of the contact
    refused_until: np.ndarray  # int16, week before which the person is not approached
    reason: np.ndarray  # uint8, main reason of joining: place in approach.REASONS + 1, 0 none
    in_contact: np.ndarray  # int64, the persons approached and undecided, in the order of the approaches

    @classmethod
    def untouched(cls, count: int) -> Persons:
        """Persons whom nobody has approached."""
        return cls(
            status=np.zeros(count, np.uint8),
            contact_group=np.full(count, NOBODY, np.int8),
            contact_tie=np.zeros(count, np.uint8),
            contact_week=np.full(count, NEVER, np.int16),
            refused_until=np.full(count, NEVER, np.int16),
            reason=np.zeros(count, np.uint8),
            in_contact=np.empty(0, np.int64),
        )

    def copy(self) -> Persons:
        """An independent copy."""
        return Persons(*(getattr(self, f.name).copy() for f in fields(self)))

    def born(self, persons: np.ndarray) -> None:
        """Let newcomers take the places of these persons."""
        self.status[persons], self.reason[persons] = 0, 0
        self.contact_group[persons], self.contact_tie[persons] = NOBODY, 0
        self.contact_week[persons], self.refused_until[persons] = NEVER, NEVER


def behind(youths: np.ndarray, persons_per_youth: int) -> np.ndarray:
    """The persons of these youths, youth by youth."""
    persons: np.ndarray = (youths[:, None] * persons_per_youth + np.arange(persons_per_youth)).ravel()
    return persons
