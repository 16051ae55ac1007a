"""Which batch is at work on what, while several share a store.

    batches/   a file for each batch at work: its sign of life
    claims/    a file for each run (or other piece of work) that a batch has claimed

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

import psutil

from sim.stores.files import Files

BEAT, LEASE = 60.0, 600.0
"""Seconds between two signs of life of a batch, and without one until a batch on another machine counts as dead."""


class Claims:
    """The claims of this process, and those of others that it respects."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._mine: dict[str, int] = {}

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Give signs of life; at the end give up all claims."""
        over = threading.Event()
        self._mine = {}
        self._sign()
        threading.Thread(target=self._beat, args=(over,), daemon=True).start()
        try:
            yield
        finally:
            for name in list(self._mine):
                self.release(name)
            over.set()
            self.files.remove(f"batches/{self.files.me}")

    def take(self, name: str) -> bool:
        """Claim what no living batch holds."""
        numbers = [int(claim.rpartition(".")[2]) for claim in self.files.names("claims", start=f"{name}.")]
        number = max(numbers, default=-1)
        if number >= 0:
            try:
                holder = self.files.read(f"claims/{name}.{number}").decode()
            except FileNotFoundError:
                return False  # it was given up this moment; asked again soon
            if self._lives(holder):
                return False
        if not self.files.create(f"claims/{name}.{number + 1}", self.files.me.encode()):
            return False
        self._mine[name] = number + 1
        return True

    def release(self, name: str) -> None:
        """Give up a claim, and those of the dead before it."""
        for number in range(self._mine.pop(name, -1) + 1):
            self.files.remove(f"claims/{name}.{number}")

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
        claims = self.files.names("claims")  # listed before the batches: claims made later stay
        others = [name for name in self.files.names("batches") if name != self.files.me]
        dead = [name for name in others if not self._lives(name)]
        if len(dead) == len(others):
            for claim in claims:
                self.files.remove(f"claims/{claim}")
        for name in dead:
            self.files.remove(f"batches/{name}")

    def writes(self, half: str) -> bool:
        """Whether a living batch may still be writing a half-written file; one that has only begun has no sign yet."""
        batch = half.rpartition("~")[2]
        if self._lives(batch):
            return True
        host, _, number = batch.rpartition("-")[0].rpartition("-")
        if host == socket.gethostname() and number.isdigit():
            return int(number) != os.getpid() and psutil.pid_exists(int(number))
        try:
            return self.files.age(half) < LEASE
        except (FileNotFoundError, NotImplementedError):
            return False

    def _sign(self) -> None:
        me = psutil.Process()
        about = {"host": socket.gethostname(), "pid": me.pid, "since": me.create_time(), "seen": time.time()}
        self.files.put(f"batches/{self.files.me}", json.dumps(about).encode())

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(BEAT):
            with suppress(OSError):
                self._sign()

    def _lives(self, batch: str) -> bool:
        """Whether a batch is at work: its process on this machine, its last sign of life on another."""
        try:
            about = json.loads(self.files.read(f"batches/{batch}"))
        except (FileNotFoundError, ValueError):
            return False
        if about["host"] != socket.gethostname():
            return bool(time.time() - about["seen"] < LEASE)
        try:
            return abs(psutil.Process(about["pid"]).create_time() - about["since"]) < 1.0
        except psutil.NoSuchProcess:
            return False
