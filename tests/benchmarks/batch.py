"""How many runs a second worker processes make, and how near that comes to the ideal.

    python tests/benchmarks/batch.py [--persons-per-youth 20] [--runs 8]

Runs are made by `sim.batches.batch.run_batch`, with everything that belongs to a batch: each is written to its
folder. One worker has one thread here, as every worker of a larger batch has. The pace counts from when every worker
has finished its first run, so that it is that of a long batch; "in all" includes the start of the workers.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from time import perf_counter

from common import fresh_numbers, keep, options, scenario, table


def batch(persons_per_youth: int, runs: int, workers: int) -> dict:
    """Make a batch in this process; seconds in all, and runs a second once all workers have warmed up."""
    from sim.batches.batch import run_batch

    ends: list[float] = []

    def note(progress) -> None:
        if progress.row is not None:
            ends.append(perf_counter())

    began = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        made = run_batch(
            [scenario(persons_per_youth)],
            range(1, runs + 1),
            workers=workers,
            out=Path(folder) / "batch",
            progress=note,
        )
    if made.failed:
        raise SystemExit(made.failed[0].details)
    return {"seconds": ends[-1] - began, "pace": (runs - workers) / (ends[-1] - ends[workers - 1])}


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--persons-per-youth", type=int, default=20)
    parser.add_argument("--runs", type=int, default=8, help="runs for each worker")
    parser.add_argument("--times", type=int, default=2, help="best of so many")
    parser.add_argument("--one", type=int, nargs=3, help="used by this script: persons per youth, runs, workers")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(batch(*given.one)))
        return
    if given.toy:
        given.persons_per_youth, given.runs, given.times = 6000, 2, 1

    counts = sorted({1, *(n for n in (2, os.cpu_count() or 1) if n <= (os.cpu_count() or 1))})
    found: dict[int, dict] = {}
    for _ in range(given.times):  # in turns, so that a busy minute does not hit one of them alone
        for workers in counts:
            new = fresh_numbers(
                [__file__, "--one", given.persons_per_youth, given.runs * workers, workers], NUMBA_NUM_THREADS="1"
            )
            old = found.get(workers, new)
            found[workers] = {
                "runs": given.runs * workers,
                "pace": max(old["pace"], new["pace"]),
                "seconds": min(old["seconds"], new["seconds"]),
            }
    print(f"### Batches at {given.persons_per_youth} persons per youth\n")
    table(
        [
            (
                workers,
                f["runs"],
                f"{f['seconds']:.1f}",
                f"{f['pace']:.3f}",
                f"{100 * f['pace'] / workers / found[1]['pace']:.0f} %",
            )
            for workers, f in found.items()
        ],
        ["workers", "runs", "in all, s", "runs a second", "of the ideal"],
    )
    keep(given.json, {"workers": found})


if __name__ == "__main__":
    main()
