"""Persons: whom recruiters approach, and what becomes of each.

A youth stands for `persons_per_youth` persons who think alike, hear the same messages and live in the same place. What
happens between people happens to single persons: one is approached, refuses, joins, is held or killed, and the others
behind the same youth are not. So the number of persons whom a youth stands for does not change how many join, where or
when. Person k belongs to youth k // persons_per_youth. Persons know each other as their youths do: the first persons of
two youths who are tied, the second persons, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.engine.kernels import rule
from sim.population.groups import NOBODY
from sim.population.youth import CIVILIAN, NEVER

COLUMNS = np.dtype([
    ("status", np.uint8),  # place in STATUSES
    ("contact_group", np.int8),  # armed group that approached, -1 none
    ("contact_tie", np.uint8),  # through whom: 0 nobody, 1 a friend, 2 kin
    ("reason", np.uint8),  # main reason of joining: place in approach.REASONS + 1, 0 none
    ("contact_week", np.int16),  # week of the contact
    ("refused_until", np.int16),  # week before which the person is not approached
])  # fmt: skip
"""What is known of each person. These stand side by side: those in contact are few and far between, so whoever reads
one of a person's columns has the others at hand, where six arrays would mean six waits for memory. All six fill 64
bits: what moves whole persons views them as numbers, which numpy copies 15 times as fast as groups of columns."""

UNTOUCHED = np.array((CIVILIAN, NOBODY, 0, 0, NEVER, NEVER), COLUMNS)
"""A person whom nobody has approached."""


@dataclass(slots=True)
class Persons:
    """What happens to single persons in a run."""

    each: np.ndarray  # COLUMNS, one entry per person
    in_contact: np.ndarray  # int64, the persons approached and undecided, in the order of the approaches

    @classmethod
    def untouched(cls, count: int) -> Persons:
        """Persons whom nobody has approached."""
        one = UNTOUCHED.view(np.uint64)
        return cls(each=np.full(count, one, np.uint64).view(COLUMNS), in_contact=np.empty(0, np.int64))

    def copy(self) -> Persons:
        """An independent copy."""
        return Persons(self.each.view(np.uint64).copy().view(COLUMNS), self.in_contact.copy())

    def born(self, persons: np.ndarray) -> None:
        """Let newcomers take the places of these persons."""
        self.each[persons] = UNTOUCHED

    @property
    def status(self) -> np.ndarray:
        """By person, place in STATUSES."""
        return self.each["status"]

    @property
    def contact_group(self) -> np.ndarray:
        """By person, armed group that approached, -1 none."""
        return self.each["contact_group"]

    @property
    def contact_tie(self) -> np.ndarray:
        """By person, through whom: 0 nobody, 1 a friend, 2 kin."""
        return self.each["contact_tie"]

    @property
    def reason(self) -> np.ndarray:
        """By person, main reason of joining: place in approach.REASONS + 1, 0 none."""
        return self.each["reason"]

    @property
    def contact_week(self) -> np.ndarray:
        """By person, week of the contact."""
        return self.each["contact_week"]

    @property
    def refused_until(self) -> np.ndarray:
        """By person, week before which the person is not approached."""
        return self.each["refused_until"]


@rule
def youth_of(person, persons_per_youth):
    """The youth whom a person belongs to. Persons' numbers fit into 32 bits, which are divided much faster than 64."""
    return np.int64(np.uint32(person) // np.uint32(persons_per_youth))


def behind(youths: np.ndarray, persons_per_youth: int) -> np.ndarray:
    """The persons of these youths, youth by youth."""
    persons: np.ndarray = (youths[:, None] * persons_per_youth + np.arange(persons_per_youth)).ravel()
    return persons
