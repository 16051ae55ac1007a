"""How loops are compiled: one place for the decorators, so that every rule is built the same way.

* ``rule``: a small function of numbers, pasted into the loops that use it.
* ``loop``: a compiled loop on one thread.
* ``chunk_loop``: a loop over chunks of people, in two builds (one thread, all threads) that give the same bits.

Compiled code is kept on disk under a folder named after a digest of the package's own sources. numba looks only at
the file in which a function stands, so a changed rule in another file would silently go on with the old code; a
folder per state of the sources makes that impossible.
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

# Threads that wait must sleep: spinning ones take the cores from whatever else runs, and a busy machine becomes many
# times slower with two threads than with one. OpenMP reads this when numba loads it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numba

PACKAGE = Path(__file__).resolve().parents[1]
COMPILED_ROOMS = ("engine", "population", "processes", "world")
KEPT_BUILDS = 8
HANDFUL = 16  # chunks a thread takes at a time: they differ in size, so fixed halves would leave one thread waiting
THREADS_PAY_FROM = 150_000
"""Youths from which a second thread gains more than it costs (docs/performance.md)."""


def _source_digest() -> str:
    sha = hashlib.sha256(numba.__version__.encode())
    for room in COMPILED_ROOMS:
        for file in sorted((PACKAGE / room).glob("*.py")):
            sha.update(file.name.encode() + b"\0" + file.read_bytes())
    return sha.hexdigest()[:16]


def _use_cache_folder() -> None:
    """Point numba at the folder of this state of the sources and drop the oldest other ones."""
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
    except OSError:  # a read-only home: compiled code then lives as long as the machine's temporary files
        folder = Path(tempfile.gettempdir()) / f"kumakan-compiled-{getpass.getuser()}" / _source_digest()
        folder.mkdir(parents=True, exist_ok=True)
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


_use_cache_folder()


def rule(function: Callable) -> Callable:
    """Compile a rule so that it is pasted into the loops that call it."""
    return numba.njit(function, cache=True, forceinline=True, error_model="numpy")


def loop(function: Callable) -> Callable:
    """Compile a loop for one thread."""
    return numba.njit(function, cache=True, nogil=True, error_model="numpy")


def chunk_loop(function: Callable) -> Callable:
    """Compile a loop over chunks of people for one thread and for all, and choose by the number of youths.

    The first argument of `function` must be the chunk table (see `chunks`). Chunks share no output cells, sums are
    whole numbers, and nothing is reordered within one, so both builds give the same bits.

    A column that comes in a NamedTuple must be written by a rule, never by a statement of `function` itself: numba's
    threaded build takes `people.status[i] = 1` for dead code and drops it without a word.
    """
    threaded = types.FunctionType(
        function.__code__, function.__globals__, function.__name__ + "_threaded", function.__defaults__
    )
    threaded.__qualname__ = function.__qualname__ + "_threaded"  # numba's cache tells builds apart by name only
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
