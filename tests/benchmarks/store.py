"""What a store costs: time per run, both cores busy, memory of a batch, reading ten thousand runs; and a Dask cluster.

    python tests/benchmarks/store.py [--runs 10000] [--only overhead pace memory reading cluster]

The runs are made up, so that what is timed is the batch and not the model: their records are of real size (365 weeks, 9
regions, all observables), filled with luck by numpy. Where pace is measured every run works for so many seconds of its
processor; with negative seconds it sleeps instead, which tells on a busy machine whether anybody waits for anybody.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time, sleep

from common import HERE, ROOT, fresh_numbers, keep, options, scenario, table

SECONDS = float(os.environ.get("KUMAKAN_BENCHMARK_SECONDS", "0"))


def made_up(scenario, seed, world_seed, draw=0):
    """A record of real size after `SECONDS` of work."""
    import numpy as np

    from sim.measures import MEASURES
    from sim.processes.record import CELLS, observables
    from sim.record import Record

    began = process_time()
    seen = observables(sorted(MEASURES), {name: m.delivers for name, m in MEASURES.items()})
    clock = scenario.clock
    luck = np.random.default_rng([seed, draw, len(scenario.name)])
    values = np.zeros((clock.weeks, 9, len(seen)))
    lively = 70  # the others belong to measures that are not taken
    values[:, :, :lively:2] = luck.poisson(3.0, values[:, :, :lively:2].shape)
    values[:, :, 1:lively:2] = luck.random(values[:, :, 1:lively:2].shape).round(4)
    record = Record(
        values=values,
        observables=seen,
        regions=("Kayes", "Koulikoro", "Sikasso", "Ségou", "Mopti", "Tombouctou", "Gao", "Kidal", "Bamako"),
        dates=tuple(clock.date(week) for week in range(clock.weeks)),
        weights={"people": np.arange(1.0, 10.0), "youths": np.arange(1.0, 10.0)},
        cells={name: luck.random(1713).round(3) for name in CELLS},
        about={"scenario": scenario.resolved(), "seed": seed, "world_seed": world_seed, "draw": draw, "parameters": {}},
    )
    while SECONDS > 0.0 and process_time() - began < SECONDS:
        np.sqrt(np.arange(1000.0)).sum()
    if SECONDS < 0.0:
        sleep(-SECONDS)
    return record


def batch(runs: int, workers: int, place: str, cluster: str | None = None) -> dict:
    """Make so many runs of two scenarios; seconds in all, pace once all workers are warm, memory of this process."""
    import psutil

    from sim.batches.batch import run_batch

    ends: list[float] = []
    memory: list[int] = []

    def note(progress) -> None:
        if progress.row is not None:
            ends.append(perf_counter())
            memory.append(psutil.Process().memory_info().rss)

    two = [scenario(5000), scenario(5000).replaced({"name": "other", "measures.joint_patrols": True})]
    began, busy = perf_counter(), process_time()
    made = run_batch(
        two,
        range(1, runs // 2 + 1),
        workers=workers,
        out=Path(place) / "out",
        store=Path(place) / "store",
        progress=note,
        runner=findable(),
        cluster=cluster,
    )
    if made.failed:
        raise SystemExit(made.failed[0].details)
    warm = 2 * workers
    return {
        "seconds": perf_counter() - began,
        "parent": (process_time() - busy) / runs,
        "pace": (len(ends) - 1 - warm) / (ends[-1] - ends[warm]),
        "memory": [memory[len(memory) * part // 10 - 1] for part in range(1, 11)],
    }


def build(place: str, runs: int) -> None:
    """A store of so many runs without making each: a hundred are made, and the others have their weeks and cells.

    Rows of `runs` are all there, with totals of their own, so that effects read what they would read. Files are as
    large and as many as those of a real store.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sim.batches.batch import run_batch
    from sim.engine.kept import sealed
    from sim.stores.parquet import weeks_of

    store = Path(place) / "store"
    two = [scenario(5000), scenario(5000).replaced({"name": "other", "measures.joint_patrols": True})]
    run_batch(two, range(1, 51), workers=2, out=Path(place) / "out", store=store, runner=findable())
    [plan], [rows] = (store / "plans").glob("*.json"), (store / "runs").glob("*.parquet")
    asked = json.loads(plan.read_text())
    plan.write_text(sealed({**asked, "seeds": list(range(1, runs // 2 + 1))}))
    table, luck = pq.read_table(rows), np.random.default_rng(1)
    for file in range(1, runs // 100):
        name = f"20000101T{file:012d}-000000-100.parquet"  # without a digest, as only this program gives one
        columns = {c: table[c] for c in table.column_names}
        columns["run"] = pa.array([f"{file:08x}{k:08x}" for k in range(100)])
        columns["seed"] = pa.array(table["seed"].to_numpy() + 50 * file)
        columns["file"] = pa.array([name] * 100)
        for c in table.column_names:
            if c.startswith(("sum.", "mean.")):
                numbers = table[c].combine_chunks().flatten().to_numpy()
                moved = numbers + (numbers != 0) * luck.integers(0, 50, numbers.size)
                columns[c] = pa.FixedSizeListArray.from_arrays(pa.array(moved), 9)
        pq.write_table(pa.table(columns), store / "runs" / name, compression="zstd")
        for folder in ("weeks", "cells"):
            shutil.copy(store / folder / weeks_of(rows.name), store / folder / name)


def findable():
    """`made_up` by the name under which workers find it."""
    import store as here

    return here.made_up


def read(place: str) -> dict:
    """Effects of all runs, then one weekly observable of all runs, a few at a time; seconds, and memory at its most."""
    import sim
    from sim.batches.batch import peak_memory

    began = perf_counter()
    store = sim.open_store(Path(place) / "store")
    effects = store.batch().effects()
    took = perf_counter() - began
    memory = peak_memory()
    began = perf_counter()
    rows, total = 0, 0.0
    for some in store.weeks(["joined"]):
        rows += len(some)
        total += float(some["joined"].to_numpy().sum())
    size = sum(file.stat().st_size for file in (Path(place) / "store").rglob("*") if file.is_file())
    files = sum(file.is_file() for file in (Path(place) / "store").rglob("*"))
    return {"effects": took, "rows": len(effects), "memory": memory, "scan": perf_counter() - began, "weekly": rows,
            "scan_memory": peak_memory(), "bytes": size, "files": files}  # fmt: skip


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """A Dask scheduler with workers in processes of their own, on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        paths = os.pathsep.join([str(HERE), str(ROOT)])
        quiet = {"env": {**os.environ, "PYTHONPATH": paths}, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        dask = [sys.executable, "-m", "dask"]
        ours = [subprocess.Popen([*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                                  "--scheduler-file", str(file)], **quiet)]  # fmt: skip
        ours += [subprocess.Popen([*dask, "worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny",
                                   "--no-dashboard"], **quiet) for _ in range(workers)]  # fmt: skip
        try:
            while not file.exists():
                sleep(0.1)
            from distributed import Client

            address = json.loads(file.read_text())["address"]
            with Client(address) as client:
                client.wait_for_workers(workers)
            yield address
        finally:
            for process in ours:
                process.kill()
                process.wait()


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="runs of the store that is read")
    parser.add_argument("--seconds", type=float, default=0.5, help="work of a run where pace is measured")
    parser.add_argument("--pace", type=int, default=60, help="runs for each worker where pace is measured")
    parser.add_argument("--only", nargs="+", default=["overhead", "pace", "memory", "cluster", "reading"])
    parser.add_argument("--one", nargs=4, help="used by this script: runs, workers, place, cluster or -")
    parser.add_argument("--read", help="used by this script: a place")
    given = parser.parse_args()
    if given.one:
        runs, workers, place, address = given.one
        print(json.dumps(batch(int(runs), int(workers), place, None if address == "-" else address)))
        return
    if given.read:
        print(json.dumps(read(given.read)))
        return
    if given.toy:
        given.runs, given.seconds, given.pace, given.only = 200, 0.02, 5, ["pace", "reading"]

    def fresh_batch(runs: int, workers: int, seconds: float, place: str, address: str = "-") -> dict:
        one = [__file__, "--one", runs, workers, place, address]
        return fresh_numbers(one, KUMAKAN_BENCHMARK_SECONDS=str(seconds), NUMBA_NUM_THREADS="1")

    found: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        if "overhead" in given.only:
            bare = [__file__, "--one", 200, 1, f"{folder}/overhead", "-"]
            one = fresh_numbers(bare)
            runner = made_up_seconds()
            found["overhead"] = {"run": 1 / one["pace"], "made_up": runner, "overhead": 1 / one["pace"] - runner}
            print(f"A run and its keeping: {1e3 / one['pace']:.1f} ms; making it up: {1e3 * runner:.1f} ms;"
                  f" overhead: {1e3 * found['overhead']['overhead']:.1f} ms\n")  # fmt: skip
        if "pace" in given.only:
            paces = {n: fresh_batch(given.pace * n, n, given.seconds, f"{folder}/pace{n}") for n in (1, 2)}
            found["pace"] = paces
            ideal = paces[1]["pace"]
            table([(n, f"{p['pace']:.3f}", f"{100 * p['pace'] / n / ideal:.0f} %", f"{1e3 * p['parent']:.1f}")
                   for n, p in paces.items()],
                  ["workers", f"runs of {given.seconds} s a second", "of the ideal", "parent, ms a run"])  # fmt: skip
        if "cluster" in given.only:
            here = fresh_batch(2 * given.pace, 2, given.seconds, f"{folder}/here")
            os.environ["KUMAKAN_BENCHMARK_SECONDS"] = str(given.seconds)
            with cluster(2) as address:
                there = fresh_batch(2 * given.pace, 2, given.seconds, f"{folder}/there", address)
            found["cluster"] = {"processes": here["pace"], "cluster": there["pace"]}
            print(f"Dask: {there['pace']:.3f} runs a second, processes: {here['pace']:.3f};"
                  f" {100 * there['pace'] / here['pace']:.0f} %\n")  # fmt: skip
        if "memory" in given.only:
            made = fresh_batch(1000, 2, 0.0, f"{folder}/memory")
            memory = [f"{m / 1e6:.0f}" for m in made["memory"]]
            found["memory"] = made
            print(f"A batch of 1000 runs: memory of the parent, MB, by tenths of it: {', '.join(memory)}\n")
        if "reading" in given.only:
            build(f"{folder}/reading", given.runs)
            r = fresh_numbers([__file__, "--read", f"{folder}/reading"])
            found["reading"] = r
            print(f"Effects of {given.runs} runs: {r['effects']:.1f} s, {r['memory'] / 1e6:.0f} MB; one observable of"
                  f" {r['weekly']:,} weeks x regions: {r['scan']:.1f} s, {r['scan_memory'] / 1e6:.0f} MB;"
                  f" {r['bytes'] / given.runs / 1e3:.0f} kB a run in {r['files']} files\n")  # fmt: skip
    keep(given.json, found)


def made_up_seconds() -> float:
    """What making a record up takes, at best."""
    one = scenario(5000)
    times = []
    for seed in range(30):
        began = perf_counter()
        made_up(one, seed, 1)
        times.append(perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    main()
