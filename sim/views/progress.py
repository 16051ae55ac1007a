"""How far a batch is, where somebody looks on: a bar in a notebook or on a terminal, from Python."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.experiments.runs import Progress


def watched() -> bool:
    """Whether somebody looks on: a terminal, or the kernel of a notebook."""
    kernel = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return sys.stderr.isatty() or hasattr(kernel, "kernel")


class Bar:
    """A bar with rate and time left, told by `sim.experiments.runs.run_batch` how far it is."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, state: Progress) -> None:
        """Move it; it is drawn when the batch begins and closed when it is done."""
        from tqdm.std import tqdm

        if state.total == 0:
            return
        if self._bar is None:
            there = f", {state.reused} more are there" if state.reused else ""
            self._bar = tqdm(total=state.total, unit="run", desc=f"runs{there}", file=sys.stderr)
        self._bar.update(state.done - self._bar.n)
        if state.done >= state.total:
            self._bar.close()
