"""Files that are there whole or not at all, in a folder or at any URL that fsspec knows."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sim.engine.checks import kind_of
from sim.engine.errors import InputError, in_words
from sim.engine.kept import unsealed
from sim.languages import tr


class Files:
    """The files below one place. Names are relative to it, with ``/`` between folders.

    Attributes
    ----------
    place : str
        The folder or URL.
    me : str
        Who writes: host, process and a random part. A file that is half-written has it in its name.
    """

    def __init__(self, place: str) -> None:
        import fsspec
        from fsspec.implementations.local import LocalFileSystem

        try:
            self.fs, root = fsspec.core.url_to_fs(place)
        except OSError as problem:
            raise InputError(
                tr("{place} cannot be opened ({why}); name a folder or a URL", place=place, why=in_words(problem))
            ) from None
        except Exception as problem:  # packages for file systems raise anything
            raise InputError(
                tr("{place} is neither a folder nor a URL that fsspec knows ({problem})", place=place, problem=problem)
            ) from None
        self.place = place.rstrip("/") or place
        self.root = str(root)
        self.local = isinstance(self.fs, LocalFileSystem)
        self.me = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"

    def at(self, name: str) -> str:
        """The full path of a file or folder."""
        return f"{self.root.rstrip('/')}/{name}".rstrip("/")

    def exists(self, name: str) -> bool:
        """Whether there is a file or folder of this name."""
        return bool(self.fs.exists(self.at(name)))

    def names(self, folder: str, ending: str = "", start: str = "", hidden: bool = False) -> list[str]:
        """Names of what is in a folder, in order; hidden files are half-written."""
        if self.local:
            try:
                names = os.listdir(self.at(folder))
            except (FileNotFoundError, NotADirectoryError):
                names = []
        else:
            self.fs.invalidate_cache()
            there = self.fs.exists(self.at(folder))
            names = [PurePosixPath(path).name for path in self.fs.ls(self.at(folder), detail=False)] if there else []
        return sorted(n for n in names if n.startswith(".") == hidden and n.endswith(ending) and n.startswith(start))

    def read(self, name: str, start: int | None = None, end: int | None = None) -> bytes:
        """What is in a file, or a part of it."""
        data: bytes = self.fs.cat_file(self.at(name), start=start, end=end)
        return data

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of each file in a folder."""
        if self.local:
            try:
                with os.scandir(self.at(folder)) as found:
                    return {one.name: one.stat().st_size for one in found if one.is_file()}
            except (FileNotFoundError, NotADirectoryError):
                return {}
        self.fs.invalidate_cache()
        there = self.fs.ls(self.at(folder), detail=True) if self.fs.exists(self.at(folder)) else []
        return {PurePosixPath(one["name"]).name: one["size"] for one in there if one["type"] == "file"}

    def size(self, name: str) -> int:
        """Bytes of a file; 0 if it is not there."""
        return int(self.fs.size(self.at(name))) if self.exists(name) else 0

    def age(self, name: str) -> float:
        """Seconds since a file was written.

        Raises
        ------
        FileNotFoundError, NotImplementedError
            If it is not there, or the file system does not tell.
        """
        return float((datetime.now(UTC) - self.fs.modified(self.at(name))).total_seconds())

    @contextmanager
    def open(self, name: str) -> Iterator[Any]:
        """A file to read."""
        with self.fs.open(self.at(name), "rb") as stream:
            yield stream

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """A file that gets its name when it is whole and on the disk, and is not there if that fails."""
        half = self._half(name)
        try:
            with self.fs.open(half, "wb") as stream:
                yield stream
                if self.local:
                    stream.flush()
                    os.fsync(stream.fileno())
            if self.local:
                os.replace(half, self.at(name))
            else:
                self.fs.mv(half, self.at(name))
        except BaseException:
            with suppress(OSError):
                self.fs.rm_file(half)
            raise

    def put(self, name: str, data: bytes) -> None:
        """Write a small file."""
        with self.writing(name) as stream:
            stream.write(data)

    def create(self, name: str, data: bytes) -> bool:
        """Write a small file unless there is one of this name."""
        try:
            if not self.local:
                self.fs.pipe_file(self.at(name), data, mode="create")
                return True
            half = self._half(name)
            with open(half, "wb") as stream:
                stream.write(data)
            try:
                os.link(half, self.at(name))
            finally:
                os.unlink(half)
        except FileExistsError:
            return False
        return True

    def remove(self, name: str) -> None:
        """Remove a file or folder; all is well if it is gone already."""
        with suppress(FileNotFoundError):
            if self.local and os.path.isdir(self.at(name)):
                shutil.rmtree(self.at(name))
            else:
                self.fs.rm_file(self.at(name))

    def set_aside(self, name: str) -> bool:
        """Move a file into `damaged`; False if it is gone already."""
        goal, number = f"damaged/{name}", 1
        while self.exists(goal):
            number += 1
            goal = f"damaged/{name}.{number}"
        self.fs.makedirs(self.at(goal).rpartition("/")[0], exist_ok=True)
        try:
            if self.local:
                os.rename(self.at(name), self.at(goal))
            else:
                self.fs.mv(self.at(name), self.at(goal), recursive=self.fs.isdir(self.at(name)))
        except FileNotFoundError:
            return False
        return True

    def add_line(self, name: str, line: str) -> None:
        """Add a line to a file; if the last one was torn, begin a new line first."""
        text = (line + "\n").encode()
        if not self.local:
            with self.fs.open(self.at(name), "ab") as stream:
                stream.write(text)
            return
        with open(self.at(name), "a+b", buffering=0) as log:
            if log.seek(0, os.SEEK_END):
                log.seek(-1, os.SEEK_END)
                if log.read(1) != b"\n":
                    text = b"\n" + text
            log.write(text)

    def _half(self, name: str) -> str:
        folder, _, last = self.at(name).rpartition("/")
        return f"{folder}/.{last}~{self.me}"


def as_place(place: object, name: str) -> str:
    """The path or URL that an argument (`name`) is.

    Raises
    ------
    InputError
        If it is anything else.
    """
    if not isinstance(place, str | os.PathLike) or not os.fspath(place):
        raise InputError(
            tr(
                "{name} is {kind_of}; it must be the path of a folder, or a URL for a store",
                name=name,
                kind_of=kind_of(place),
            )
        )
    return os.fsdecode(place)


def now() -> str:
    """The time, for a log."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder; empty if there is none that can be read and has its digest."""
    try:
        return unsealed((folder / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return {}


def write_text(file: Path, text: str) -> None:
    """Write a file under a temporary name and rename it."""
    half = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        half.write_text(text, encoding="utf-8")
        os.replace(half, file)
    finally:
        half.unlink(missing_ok=True)
