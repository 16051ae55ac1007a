"""The former place of `sim.sweeps.sensitivity`, kept for one release."""

from sim.sweeps.sensitivity import *  # noqa: F403
