"""Soldiers are trained by partners: the European training mission, and the states of the G5 Sahel.

The mission of the European Union (EUTM), with some 200 instructors in Koulikoro, began with its first battalion on 2
April 2013. By 2018 it had trained more than 11,500 soldiers, a third of the army, at a common cost of about 73 million
EUR. Trained soldiers may fight better (`drill_effectiveness`) and may abuse less or more (`drill_abuse`): at least
three battalions that it had trained were later linked to abuses, so training is not protective by default. Without
upkeep, what was taught is lost again (`drill_half_life`). Each force gets a share of the training by its strength; a
force without units gets none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from sim.measures.base import Measure, OneOrMore, Persons, Steady, Xof, field
from sim.measures.posted import places, posted
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers

Force = Literal["army", "national_guard", "gendarmerie", "g5_joint_force"]


def men(measure: JointTraining, country: Country) -> bytes:
    """How many soldiers of its forces there are in each region."""
    return posted(country, measure.its_forces).tobytes()


class JointTraining(Measure):
    """Soldiers of Malian forces complete a training with partners."""

    key: ClassVar[str] = "joint_training"
    title: ClassVar[str] = "Joint training: EU training mission and G5 Sahel"
    delivers: ClassVar[str] = "soldiers trained in the week"
    steady: ClassVar[Steady] = {"apply": (men,), "delivery": (men,), "spending": (men,)}
    by_calendar: ClassVar[bool] = True
    sources: ClassVar[tuple[str, ...]] = (
        "Swedish Armed Forces on EUTM Mali 2018 (11,500 trained)",
        "opex360.com 2013-03-28 (first battalion on 2 April)",
        "Investigate Europe 2022 (trained battalions linked to abuses)",
    )
    partners: ClassVar[bool] = True

    soldiers_per_year: Persons = field(
        2300, unit="soldiers a year", source="derived: 11,500 from April 2013 to 2018, over five years",
        meaning="soldiers who complete a training",
    )  # fmt: skip
    forces: OneOrMore[Force] = field(
        get_args(Force), unit="forces", source="EUTM trained the army; the others assumed",
        meaning="forces whose soldiers are trained, each in proportion to its strength",
    )  # fmt: skip
    cost_per_soldier: Xof = field(
        4_200_000, unit="XOF per soldier",
        source="derived: common costs of EUTM 2013-2018, 12.3 + 27.7 + 33.4 million EUR, over 11,500",
        meaning="cost of training one soldier",
    )  # fmt: skip

    def trained(self, country: Country, done: float) -> np.ndarray:
        """Soldiers trained this week, float64 (forces, regions), in proportion to the soldiers based in its regions.

        Nobody is trained twice in a week, so if there are fewer soldiers than planned, all of them are trained.
        """
        men = posted(country, self.its_forces) * self.region_mask
        everyone = men.sum()
        return men * np.minimum(1.0, done * self.soldiers_per_year / WEEKS_PER_YEAR / everyone) if everyone else men

    @property
    def its_forces(self) -> list[str]:
        """The forces, each once."""
        return sorted(set(self.forces))

    def apply(self, levers: Levers, country: Country) -> None:
        """Let these soldiers of each force complete a training."""
        trained = self.trained(country, self.carried_out(country)).sum(axis=1)
        if trained.any():
            levers.add("soldiers_trained", [places()[force] for force in self.its_forces], trained)

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Soldiers trained, by region of their base."""
        return self.trained(country, done).sum(axis=0)

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The cost of training these soldiers."""
        return self.delivery(country, done) * self.cost_per_soldier
