"""The former place of `sim.stories.explain`, kept for one release."""

from sim.stories.explain import *  # noqa: F403
