"""The measures: one file each, found by their key."""

from __future__ import annotations

from sim.measures.base import Delivered, Measure
from sim.measures.imam_training import ImamTraining
from sim.measures.joint_patrols import JointPatrols
from sim.measures.mali_kuma_kan import MaliKumaKan

MEASURES: dict[str, type[Measure]] = {m.key: m for m in (ImamTraining, JointPatrols, MaliKumaKan)}

__all__ = ["MEASURES", "Delivered", "Measure"]
