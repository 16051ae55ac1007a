"""Batches as people start them from Python, `sim.compare` and `sim.sweep`: those of the experiments, and a bar."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import cleandoc
from typing import Any, ParamSpec, TypeVar

from sim.batches import batch as runs
from sim.sweeps import sweep as sweeps
from sim.views.progress import progress as shown

P = ParamSpec("P")
T = TypeVar("T")

OPTIONS = "**options\n"
PROGRESS = """progress : bool or callable, optional
    Whether a bar shows how far the batch is; left out, it does at a terminal and in a notebook. A function is told
    instead.
"""


def _with_bar(make: Callable[P, T]) -> Callable[P, T]:
    """The same function; with a bar, unless it is told otherwise."""

    @wraps(make)
    def made(*args: P.args, **options: P.kwargs) -> T:
        chosen: Any = options
        asked = chosen.pop("progress", None)
        if callable(asked):
            return make(*args, progress=asked, **chosen)
        with shown(asked) as (told, lived):
            return make(*args, **{"on_week": lived, **chosen, "progress": told})

    made.__doc__ = cleandoc(make.__doc__ or "").replace(OPTIONS, PROGRESS + OPTIONS)
    return made


compare = _with_bar(runs.compare)
sweep = _with_bar(sweeps.sweep)
