"""How many an attack or a clash kills."""

from __future__ import annotations

from sim.engine.elementary import log
from sim.engine.kernels import rule


@rule
def deaths(mean, u):
    """Deaths in one attack, geometric with this mean: most attacks kill few, some kill many."""
    return 0 if mean <= 0.0 else int(log(u) / log(mean / (1.0 + mean)))
