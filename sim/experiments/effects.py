"""The former place of `sim.comparison.effects`, kept for one release."""

from sim.comparison.effects import *  # noqa: F403
