"""How loops are compiled: all decorators stand here, so every rule is built the same way.

* ``rule``: a small function of numbers, inlined into the loops that use it.
* ``loop``: a compiled loop on one thread.
* ``chunk_loop``: a loop over chunks of people, in two builds (one thread, all threads) that give the same bits.

A loop with more than a few arguments takes them as named tuples of columns and numbers, so that no two can be swapped
unseen. Declare each tuple at the top level of a module: numba can then keep the compiled loop on disk. A named tuple
costs a call a few microseconds, so small loops take plain arguments.

Compiled code is kept on disk: `sim.engine.compiled` says where.
"""

from __future__ import annotations

import os
import types
from collections.abc import Callable
from typing import Any

# Waiting threads must sleep. Spinning threads take the cores from whatever else runs, and on a busy machine two threads
# are then many times slower than one. OpenMP reads this setting when numba loads it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numba

from sim.engine.compiled import THREADS_PAY_FROM, Kept, folder

HANDFUL = 16  # chunks a thread takes at a time: chunks differ in size, so fixed halves would leave one thread waiting


KEPT = folder()
OURS = KEPT is not None and not os.environ.get("NUMBA_CACHE_DIR")
"""Whether we choose the place; older versions of numba cannot be told which: they keep loops by the path of their
file, in the same folder."""
if KEPT is not None:
    numba.config.CACHE_DIR = str(KEPT)  # type: ignore[attr-defined]
KEEPS = KEPT is not None


def compiled(function: Callable, **options: Any) -> Callable:
    """What numba makes of a function; nothing is compiled before it is called."""
    before = getattr(numba.config, "CACHE_LOCATOR_CLASSES", None)
    if before != "" or not OURS or Kept.from_function(function, function.__code__.co_filename) is None:
        return numba.njit(function, cache=KEEPS, error_model="numpy", **options)
    numba.config.CACHE_LOCATOR_CLASSES = f"{Kept.__module__}.{Kept.__name__}"  # type: ignore[attr-defined]
    try:
        return numba.njit(function, cache=KEEPS, error_model="numpy", **options)
    finally:
        numba.config.CACHE_LOCATOR_CLASSES = before  # type: ignore[attr-defined]


def rule(function: Callable) -> Callable:
    """Compile a rule so that it is inlined into the loops that call it."""
    return compiled(function, forceinline=True)


def loop(function: Callable) -> Callable:
    """Compile a loop for one thread."""
    return compiled(function, nogil=True)


def chunk_loop(function: Callable) -> Callable:
    """Compile a loop over chunks of people for one thread and for all threads; the number of youths decides which runs.

    The first argument of `function` must be the chunk table (see `sim.population.youth.chunked`). Both builds give the
    same bits: no two chunks write to the same place, sums across chunks are of whole numbers, and the order within a
    chunk is fixed.

    Take columns that are written out of named tuples before the loop over chunks (`status = people.status`), or write
    them in a rule: numba's threaded build takes `people.status[i] = 1` for dead code and silently drops it.
    """
    threaded = types.FunctionType(
        function.__code__, function.__globals__, function.__name__ + "_threaded", function.__defaults__
    )
    threaded.__qualname__ = function.__qualname__ + "_threaded"  # numba's cache tells the builds apart by name alone
    threaded.__module__ = function.__module__
    one = compiled(function, nogil=True)
    many = compiled(threaded, nogil=True, parallel=True)

    def choose(chunks: Any, *rest: Any) -> Any:
        if chunks[-1, 2] < THREADS_PAY_FROM or numba.get_num_threads() == 1:
            return one(chunks, *rest)
        numba.set_parallel_chunksize(HANDFUL)
        return many(chunks, *rest)

    choose.__doc__ = function.__doc__
    choose.__name__ = function.__name__
    choose.py_func = function  # type: ignore[attr-defined]
    choose.one, choose.many = one, many  # type: ignore[attr-defined]
    return choose
