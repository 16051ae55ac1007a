"""The former place of `sim.sweeps.discovery`, kept for one release."""

from sim.sweeps.discovery import *  # noqa: F403
