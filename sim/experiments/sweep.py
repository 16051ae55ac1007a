"""The former place of `sim.sweeps.sweep`, kept for one release."""

from sim.sweeps.sweep import *  # noqa: F403
