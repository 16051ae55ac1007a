"""The former place of `sim.batches.batch`, kept for one release."""

from sim.batches.batch import *  # noqa: F403
