"""The former place of `sim.sweeps.function`, kept for one release."""

from sim.sweeps.function import *  # noqa: F403
