"""Where compiled loops are kept between sessions, and whether they are there yet. Importing this file costs nothing.

Whoever can write into the folder can have code run, so a folder counts only if it is our own and nobody else may write
there: the one in the cache of this user, or else one among the temporary files. Without such a folder every process
compiles for itself.

The folder is named after a digest of the package's own sources. numba checks only the file that holds a function, so
after a change to a rule in another file it would keep using the old code. A folder for each state of the sources
prevents this. Installations of the same sources beside the same numba and numpy share what is compiled, in whatever
folders they are (`Kept`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
COMPILED_ROOMS = ("engine", "population", "processes", "world")
KEPT_BUILDS = 8
THREADS_PAY_FROM = 150_000
"""Number of youths from which a second thread gains more than it costs (docs/performance.md)."""
SECONDS = 45
"""About how long it takes to compile the loops of a run on one core: see docs/performance.md."""


@cache
def folder() -> Path | None:
    """The folder for this state of the sources; None if there is none that is safe."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen)
    digest = _source_digest()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = private(home, ("kumakan", "compiled", digest))
    if found is None:
        user = os.getuid() if hasattr(os, "getuid") else "user"
        found = private(Path(tempfile.gettempdir()), (f"kumakan-{user}", "compiled", digest))
    if found is not None:
        with suppress(OSError):  # another process may be at it as well
            os.utime(found)
            for old in sorted(found.parent.iterdir(), key=lambda build: build.stat().st_mtime)[:-KEPT_BUILDS]:
                shutil.rmtree(old, ignore_errors=True)
    return found


def private(home: Path, inner: tuple[str, ...]) -> Path | None:
    """Folders inside one another, made as far as they are missing; None if one cannot be made or is not ours alone."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not _safe(home):
            return None
        for name in inner:
            home = home / name
            home.mkdir(mode=0o700, exist_ok=True)
            if not _ours(home, last=name is inner[-1]):
                return None
        with tempfile.TemporaryFile(dir=home):
            return home
    except OSError:
        return None


def _safe(home: Path) -> bool:
    """Whether only we can rename what we make in this folder."""
    if not hasattr(os, "getuid"):
        return True
    found = home.stat()
    return found.st_uid in (0, os.getuid()) and not (found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX)


def _ours(place: Path, last: bool) -> bool:
    """Whether a folder is ours. If others may write into it, they may not any longer; what is kept there goes."""
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True
    if found.st_uid != os.getuid():
        return False
    if found.st_mode & 0o022:
        place.chmod(0o700)
        if last:
            shutil.rmtree(place)
            place.mkdir(mode=0o700)
    return True


def _source_digest() -> str:
    sha = hashlib.sha256()
    for package in ("numba", "numpy"):
        with suppress(PackageNotFoundError):
            sha.update(version(package).encode() + b"\0")
    for room in COMPILED_ROOMS:
        for file in sorted((PACKAGE / room).glob("*.py")):
            sha.update(file.name.encode() + b"\0" + file.read_bytes())
    return sha.hexdigest()[:16]


class Kept:
    """Tells numba where a loop of this package is kept: by its room, not by where the package is installed.

    numba asks such classes, by their path (``NUMBA_CACHE_LOCATOR_CLASSES``), when a function is decorated. The folder
    stands for the sources, so they need no other stamp.
    """

    def __init__(self, place: Path, line: int) -> None:
        self.place, self.line = place, line

    @classmethod
    def from_function(cls, function: Callable, file: str) -> Kept | None:
        """The place of a function, or None if it is in no room of this package."""
        room, kept = Path(file).resolve().parent, folder()
        if kept is None or room.parent != PACKAGE or room.name not in COMPILED_ROOMS:
            return None
        return cls(kept / room.name, function.__code__.co_firstlineno)

    def get_cache_path(self) -> str:
        return str(self.place)

    def ensure_cache_path(self) -> None:
        self.place.mkdir(mode=0o700, exist_ok=True)

    def get_source_stamp(self) -> str:
        return self.place.parent.name

    def get_disambiguator(self) -> str:
        return str(self.line)


# --- whether a run would compile ----------------------------------------------------------------------------


def missing(threads: bool) -> bool:
    """Whether no run has ended here yet, so that the next one compiles; `threads`: one that uses several."""
    place = folder()
    return place is None or not _mark(place, threads).exists()


def made(threads: bool) -> None:
    """Remember that a run has ended, so that its loops are there."""
    place = folder()
    if place is not None:
        with suppress(OSError):  # then the next run says once more that it compiles
            _mark(place, threads).touch()


def _mark(place: Path, threads: bool) -> Path:
    return place / f"ran-{'threads' if threads else 'alone'}-{os.environ.get('NUMBA_CPU_NAME', '')}"
