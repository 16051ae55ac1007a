"""How loops are compiled: all decorators stand here, so every rule is built the same way.

* ``rule``: a small function of numbers, inlined into the loops that use it.
* ``loop``: a compiled loop on one thread.
* ``chunk_loop``: a loop over chunks of people, in two builds (one thread, all threads) that give the same bits.

A loop with more than a few arguments takes them as named tuples of columns and numbers, so that no two can be swapped
unseen. Declare each tuple at the top level of a module: numba can then keep the compiled loop on disk. A named tuple
costs a call a few microseconds, so small loops take plain arguments.

Compiled code is kept on disk in a folder named after a digest of the package's own sources. numba checks only the file
that holds a function, so after a change to a rule in another file it would keep using the old code. A folder for each
state of the sources prevents this.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import tempfile
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Waiting threads must sleep. Spinning threads take the cores from whatever else runs, and on a busy machine two threads
# are then many times slower than one. OpenMP reads this setting when numba loads it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numba

PACKAGE = Path(__file__).resolve().parents[1]
COMPILED_ROOMS = ("engine", "population", "processes", "world")
KEPT_BUILDS = 8
HANDFUL = 16  # chunks a thread takes at a time: chunks differ in size, so fixed halves would leave one thread waiting
THREADS_PAY_FROM = 150_000
"""Number of youths from which a second thread gains more than it costs (docs/performance.md)."""


def _source_digest() -> str:
    sha = hashlib.sha256(numba.__version__.encode())
    for room in COMPILED_ROOMS:
        for file in sorted((PACKAGE / room).glob("*.py")):
            sha.update(file.name.encode() + b"\0" + file.read_bytes())
    return sha.hexdigest()[:16]


def _use_cache_folder() -> None:
    """Point numba at the folder for this state of the sources, and remove the oldest other folders."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    try:
        builds = home / "kumakan" / "compiled"
        folder = builds / _source_digest()
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        for old in sorted(builds.iterdir(), key=lambda f: f.stat().st_mtime)[:-KEPT_BUILDS]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:  # the home folder is read-only: keep compiled code among the temporary files
        folder = Path(tempfile.gettempdir()) / f"kumakan-compiled-{getpass.getuser()}" / _source_digest()
        folder.mkdir(parents=True, exist_ok=True)
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


_use_cache_folder()


def rule(function: Callable) -> Callable:
    """Compile a rule so that it is inlined into the loops that call it."""
    return numba.njit(function, cache=True, forceinline=True, error_model="numpy")


def loop(function: Callable) -> Callable:
    """Compile a loop for one thread."""
    return numba.njit(function, cache=True, nogil=True, error_model="numpy")


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
    one = numba.njit(function, cache=True, nogil=True, error_model="numpy")
    many = numba.njit(threaded, cache=True, nogil=True, error_model="numpy", parallel=True)

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
