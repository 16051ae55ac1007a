"""What the benchmarks share: where things are, fresh processes, quiet timings, tables, the machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BASELINE = ROOT / "scenarios" / "baseline.yaml"
sys.path.insert(0, str(ROOT))


def options(doc: str) -> argparse.ArgumentParser:
    """A parser that knows --toy and --json and shows the first line of the script's docstring."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers to FILE")
    parser.add_argument("--toy", action="store_true", help="the smallest sizes: shows that the script works, no more")
    return parser


def scenario(persons_per_youth: int, name: str = "baseline") -> Any:
    """The baseline, or another scenario that comes with kumakan, with so many persons per youth."""
    import sim

    return sim.load(BASELINE.with_stem(name), [f"persons_per_youth={persons_per_youth}"])


def fresh(arguments: Sequence[object], **environment: str) -> str:
    """Run Python with these arguments in a fresh process; returns what it printed."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with code {done.returncode}")
    return done.stdout


def fresh_numbers(arguments: Sequence[object], **environment: str) -> Any:
    """The same for a process whose last line is JSON."""
    return json.loads(fresh(arguments, **environment).splitlines()[-1])


def best(times: int, what: Callable[[], object]) -> float:
    """Least seconds of several calls: what other programs add to a time is never negative."""
    seconds = []
    for _ in range(times):
        began = perf_counter()
        what()
        seconds.append(perf_counter() - began)
    return min(seconds)


def table(rows: Sequence[Sequence[object]], head: Sequence[str]) -> None:
    """Print a Markdown table that also reads well in a terminal."""
    lines = [[*map(str, head)], *[[*map(str, row)] for row in rows]]
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    lines.insert(1, [widths[0] * "-", *[(width - 1) * "-" + ":" for width in widths[1:]]])
    for line in lines:
        cells = [
            cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(line, widths, strict=True))
        ]
        print("| " + " | ".join(cells) + " |")
    print()


def keep(file: Path | None, numbers: dict[str, Any]) -> None:
    """Write the numbers, with the machine they were taken on, where the user asked for it."""
    if file is not None:
        file.write_text(json.dumps({"machine": machine(), **numbers}, indent=1) + "\n", encoding="utf-8")


def machine() -> str:
    """Processor, memory, versions, and how busy the machine is, in one line."""
    import psutil

    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    memory = psutil.virtual_memory().total / 2**30
    busy = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    packages = ", ".join(f"{package} {version(package)}" for package in ("numpy", "numba", "mesa"))
    return (
        f"{psutil.cpu_count()} cores of {name}, {memory:.0f} GiB, {platform.system()},"
        f" Python {platform.python_version()}, {packages}{busy}"
    )
