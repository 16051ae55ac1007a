"""Soldiers are trained by partners: the European training mission, and the states of the G5 Sahel.

The mission of the European Union (EUTM), with some 200 instructors in Koulikoro, began with its first battalion on
2 April 2013 and had trained more than 11,500 soldiers by 2018, a third of the army, at a common cost of about 73
million EUR. A soldier who was trained fights better or not (`drill_effectiveness`) and abuses less or more
(`drill_abuse`): at least three battalions that it had trained were later linked to abuses, so training is not
protective by default. What was taught is lost again without upkeep (`drill_half_life`). Each force gets its part by its
strength; a force that has no units gets none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np
from pydantic import model_validator

from sim.measures.base import Delivered, Measure, Persons, Plan, Several, Xof, field, wrong
from sim.measures.posted import places, planned, posted
from sim.world.timeline import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.country import Country
    from sim.levers import Levers
    from sim.world.grid import Grid
    from sim.world.timeline import Clock

Force = Literal["army", "national_guard", "gendarmerie", "g5_joint_force"]


class JointTraining(Measure):
    """Soldiers of Malian forces complete a training with partners."""

    key: ClassVar[str] = "joint_training"
    title: ClassVar[str] = "Joint training: EU training mission and G5 Sahel"
    delivers: ClassVar[str] = "soldiers trained in the week"
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
    forces: Several[Force] = field(
        get_args(Force), unit="forces", source="EUTM trained the army; the others assumed",
        meaning="forces whose members are trained, each by its strength",
    )  # fmt: skip
    cost_per_soldier: Xof = field(
        4_200_000, unit="XOF per soldier",
        source="derived: common costs of EUTM 2013-2018, 12.3 + 27.7 + 33.4 million EUR, over 11,500",
        meaning="cost of training one soldier",
    )  # fmt: skip

    @model_validator(mode="after")
    def _has_forces(self) -> JointTraining:
        if not self.forces:
            raise wrong("has forces without a name; to switch the measure off write enabled: false")
        return self

    @property
    def its_forces(self) -> list[str]:
        """The forces, each once."""
        return sorted(set(self.forces))

    def trained(self, men: np.ndarray, share: float) -> np.ndarray:
        """Soldiers trained in a week when a share of the plan is done, in proportion to the men there are.

        Nobody is trained twice in a week, so a force smaller than the plan is trained as a whole.
        """
        everyone = men.sum()
        return men * min(1.0, share * self.soldiers_per_year / WEEKS_PER_YEAR / everyone) if everyone else men

    def men(self, country: Country) -> np.ndarray:
        """Members of its forces based in its regions, float64 (forces, 9)."""
        return posted(country, self.its_forces) * self.region_mask

    def apply(self, levers: Levers, country: Country) -> None:
        """Let so many of each force complete a training this week."""
        trained = self.trained(self.men(country), self.carried_out(country)).sum(axis=1)
        if trained.any():
            levers.add("soldiers_trained", [places()[force] for force in self.its_forces], trained)

    def report(self, country: Country) -> Delivered:
        """Soldiers trained, by region of their base; the cost of those who should be."""
        men = self.men(country)
        planned_ = self.trained(men, self.strength_now(country)).sum(axis=0)
        return Delivered(self.trained(men, self.carried_out(country)).sum(axis=0), planned_ * self.cost_per_soldier)

    def plan(self, clock: Clock, grid: Grid) -> Plan:
        """Soldiers in the week with most, and the cost of all, by the table of deployments."""
        there = planned(clock, self.its_forces) * self.region_mask
        weeks = [self.trained(there[w], self.strength(clock.date(w))).sum() for w in range(clock.weeks)]
        return Plan(float(max(weeks)), float(sum(weeks)) * self.cost_per_soldier)
