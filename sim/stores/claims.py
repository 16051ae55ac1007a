"""Which batch is at work on what, while several share a store.

    batches/   a file for each batch at work: its sign of life
    claims/    a file for each run (or other piece of work) that a batch has claimed

Whether a batch lives is never told by a clock on the wall, as that can be set. On the machine of the batch its process
is looked for. From elsewhere the batch counts as dead when its sign, which has a number that grows, has stood still for
long enough on the watch of whoever looks, who must have looked twice.

A claim is never taken away from its file: whoever takes over from a dead batch adds a claim with the next number, since
two batches could remove a file at once and only one can create it.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from sim.languages import tr
from sim.stores.files import Files

BEAT, LEASE = 60.0, 600.0
"""Seconds between two signs of life of a batch, and without one until a batch on another machine counts as dead."""


class Claims:
    """The claims of this process, and those of others that it respects.

    Parameters
    ----------
    files : Files
    within : str
        The folder for signs and claims, if it is not the store itself.
    """

    def __init__(self, files: Files, within: str = "") -> None:
        self.files = files
        self.batches, self.claims = (f"{within}/{name}".lstrip("/") for name in ("batches", "claims"))
        self._mine: dict[str, int] = {}
        self._seen: dict[str, tuple[Any, float]] = {}  # what was seen of a batch elsewhere, and since when

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Give signs of life; at the end give up all claims."""
        over = threading.Event()
        self._mine = {}
        self._sign(0)
        threading.Thread(target=self._beat, args=(over,), daemon=True).start()
        try:
            yield
        finally:
            over.set()
            with suppress(OSError):  # what cannot be removed is that of a dead process soon
                for name in list(self._mine):
                    self.release(name)
                self.files.remove(f"{self.batches}/{self.files.me}")

    def take(self, name: str) -> bool:
        """Claim what no living batch holds."""
        number = max(self._numbers(name), default=-1)
        if number >= 0:
            try:
                holder = self.files.read(f"{self.claims}/{name}.{number}").decode(errors="replace")
            except FileNotFoundError:
                return False  # it was given up this moment; asked again soon
            if self._lives(holder):
                return False
        if not self.files.create(f"{self.claims}/{name}.{number + 1}", self.files.me.encode()):
            return False
        self._mine[name] = number + 1
        return True

    def holder(self, name: str) -> str:
        """Who holds a claim, in words."""
        with suppress(OSError, ValueError, KeyError):
            batch = self.files.read(f"{self.claims}/{name}.{max(self._numbers(name))}").decode()
            about = json.loads(self.files.read(f"{self.batches}/{batch}"))
            return tr("process {pid} on {host}", pid=about["pid"], host=about["host"])
        return tr("another process")

    def _numbers(self, name: str) -> list[int]:
        found = (claim.rpartition(".")[2] for claim in self.files.names(self.claims, start=f"{name}."))
        return [int(number) for number in found if number.isdecimal()]

    def release(self, name: str) -> None:
        """Give up a claim, and those of the dead before it."""
        for number in range(self._mine.pop(name, -1) + 1):
            self.files.remove(f"{self.claims}/{name}.{number}")

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Claim for a while; the value says whether that succeeded."""
        taken = self.take(name)
        try:
            yield taken
        finally:
            if taken:
                self.release(name)

    def clear_up(self) -> None:
        """Remove the signs of dead batches, and all claims if no other batch is alive."""
        claims = self.files.names(self.claims)  # listed before the batches: claims made later stay
        others = [name for name in self.files.names(self.batches) if name != self.files.me]
        dead = [name for name in others if not self._lives(name)]
        if len(dead) == len(others):
            mine = {f"{name}.{number}" for name, number in self._mine.items()}
            for claim in claims:
                if claim not in mine:
                    self.files.remove(f"{self.claims}/{claim}")
        for name in dead:
            self.files.remove(f"{self.batches}/{name}")

    def others(self) -> list[str]:
        """The other batches that are at work here, or may be."""
        return [name for name in self.files.names(self.batches) if name != self.files.me and self._lives(name)]

    def writes(self, half: str) -> bool:
        """Whether a living batch may still be writing a half-written file; one that has only begun has no sign yet."""
        batch = half.rpartition("~")[2]
        if self._lives(batch):
            return True
        host, _, number = batch.rpartition("-")[0].rpartition("-")
        if host == socket.gethostname() and number.isdecimal():
            return int(number) != os.getpid() and psutil.pid_exists(int(number))
        try:
            return self._moves(half, self.files.size(half))
        except FileNotFoundError:
            return False

    def _sign(self, beats: int) -> None:
        about = {"host": socket.gethostname(), "pid": os.getpid(), "since": started(os.getpid()), **machine(),
                 "beats": beats}  # fmt: skip
        self.files.put(f"{self.batches}/{self.files.me}", json.dumps(about).encode())

    def _beat(self, over: threading.Event) -> None:
        beats = 0
        while not over.wait(BEAT):
            beats += 1
            with suppress(Exception):  # the disk may be full for a while
                self._sign(beats)

    def _lives(self, batch: str) -> bool:
        """Whether a batch is at work: its process on this machine, its last sign of life on another."""
        try:
            about = json.loads(self.files.read(f"{self.batches}/{batch}"))
            here = {**machine(), "host": socket.gethostname()}
            there = {name: about[name] for name in here}
            pid, since, beats = about["pid"], about["since"], about["beats"]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return False
        if there == here:
            return bool(since and started(pid) == since)
        same = bool(here["machine"]) and all(there[name] == here[name] for name in ("machine", "host"))
        if same and there["boot"] != here["boot"]:
            return False  # this machine has been started anew since
        return self._moves(batch, beats)

    def _moves(self, name: str, now: Any) -> bool:
        """Whether something has changed since it was seen last, or was not seen for long enough to tell."""
        before, since = self._seen.get(name, (None, 0.0))
        if name not in self._seen or before != now:
            self._seen[name] = now, since = now, time.monotonic()
        return time.monotonic() - since < LEASE


def machine() -> dict[str, str]:
    """Which machine this is, which start of it, and among which processes this one has its number."""
    return {
        "machine": _text("/etc/machine-id"),
        "boot": _text("/proc/sys/kernel/random/boot_id"),
        "space": _link("/proc/self/ns/pid"),
    }


def started(pid: int) -> str:
    """When a process began, on a watch that nobody sets; empty if there is no such process, or it has ended.

    Linux counts from the start of the machine. Elsewhere the time is noted once, as the process begins.
    """
    try:
        if stat := _text(f"/proc/{pid}/stat"):
            state, *facts = stat.rpartition(")")[2].split()
            return "" if state in "ZX" else facts[18]
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except (psutil.Error, ValueError, TypeError, OverflowError):
        return ""


def _text(file: str) -> str:
    try:
        return Path(file).read_text(errors="replace").strip()
    except OSError:
        return ""


def _link(file: str) -> str:
    try:
        return os.readlink(file)
    except OSError:
        return ""
