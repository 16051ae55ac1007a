"""What a run costs as people and weeks grow: time, time by process, memory, and whether it stays in proportion.

    python tests/benchmarks/scaling.py [--persons-per-youth 546 109 ...] [--weeks 52] [--full] [--threads 1 2] [--toy]

Every size runs in a fresh process, so its peak memory is its own. The same weeks are lived several times from the same
start. Runs repeat exactly and other programs can only add time, so the quickest time of every week and process counts.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

from common import fresh_numbers, keep, options, scenario, table

SIZES = (546, 109, 55, 20, 5, 1)
WHOLE_RUN = 365  # weeks of the baseline
LONG = 20  # persons per youth at which growth over a whole run is shown
TOY_SIZES = (6000, 4000, 2000)
SECONDS = 10.0  # a size is lived again until this time is used up
FEWEST, MOST = 2, 7  # passes


def one(persons_per_youth: int, weeks: int, threads: int, most: int = MOST, name: str = "baseline") -> dict:
    """Live some weeks of a scenario in this process: seconds of set-up, of every week and process, and memory."""
    import numba
    import numpy as np

    from sim.batches.batch import peak_memory
    from sim.week import WEEK, advance, begin, finished

    numba.set_num_threads(threads)
    advance(begin(scenario(5_000, name)))  # imports, tables and compiled code are not part of the set-up
    before = peak_memory()

    plan, passes, began = scenario(persons_per_youth, name), [], perf_counter()
    while len(passes) < FEWEST or (len(passes) < most and perf_counter() - began < SECONDS):
        start = perf_counter()
        country = begin(plan)
        if not passes:
            setup, advance_country = perf_counter() - start, country.copy()
            advance(advance_country)  # loads the threaded builds where there are any
            del advance_country
        lived = []
        while not finished(country) and len(lived) < weeks:
            seconds = []
            for process in WEEK:
                start = perf_counter()
                process(country)
                seconds.append(perf_counter() - start)
            lived.append(seconds)
        passes.append(lived)
    quickest = np.array(passes).min(axis=0)
    return {
        "scenario": name,
        "persons_per_youth": persons_per_youth,
        "threads": threads,
        "youths": country.society.size,
        "weeks": len(quickest),
        "passes": len(passes),
        "setup_seconds": setup,
        "best_pass_seconds": float(np.array(passes).sum(axis=(1, 2)).min()),
        "week_seconds": quickest.sum(axis=1).tolist(),
        "process_seconds": dict(zip([p.__name__ for p in WEEK], quickest.sum(axis=0).tolist(), strict=True)),
        "approached": float(country.values[: len(quickest), :, country.names["approached"]].sum()),
        "peak_bytes": peak_memory(),
        "bytes_before": before,
    }


def line(x: list[float], y: list[float]) -> tuple[float, float, float]:
    """Fixed part and slope of the best line (least squares of relative errors), and its largest relative error."""
    import numpy as np

    across, up = np.array(x), np.array(y)
    fixed, slope = np.linalg.lstsq(np.stack([1 / up, across / up], axis=1), np.ones(up.size), rcond=None)[0]
    return float(fixed), float(slope), float(np.abs((fixed + slope * across) / up - 1).max())


def show(rows: list[dict]) -> dict:
    """Print the tables; returns the fitted lines."""
    fits: dict = {}
    print("### Time and memory by size\n")
    table(
        [
            (
                f"{r['youths']:,}", r["persons_per_youth"], r["threads"], f"{r['setup_seconds']:.2f}", r["weeks"],
                f"{sum(r['week_seconds']):.2f}", f"{1e3 * sum(r['week_seconds']) / r['weeks']:.2f}",
                f"{1e9 * sum(r['week_seconds']) / r['weeks'] / r['youths']:.1f}", f"{r['best_pass_seconds']:.2f}",
                f"{r['peak_bytes'] / 1e9:.2f}",
            )
            for r in rows
        ],
        ["youths", "persons each", "threads", "set-up, s", "weeks", "in all, s", "ms a week", "ns per youth-week",
         "best whole pass, s", "peak memory, GB"],
    )  # fmt: skip
    for threads in sorted({r["threads"] for r in rows}):
        mine = [r for r in rows if r["threads"] == threads]
        if len(mine) > 2:
            weekly = [sum(r["week_seconds"]) / r["weeks"] for r in mine]
            fixed, slope, off = line([r["youths"] for r in mine], weekly)
            fits[f"people, {threads} thread(s)"] = [fixed, slope, off]
            print(f"Cost of a week with {threads} thread(s): {1e3 * fixed:.2f} ms + {1e9 * slope:.1f} ns per youth;"
                  f" no size is more than {100 * off:.0f} % off this line.\n")  # fmt: skip
    if len({r["youths"] for r in rows}) > 2:
        import numpy as np

        extra, base = np.polyfit([r["youths"] for r in rows], [r["peak_bytes"] for r in rows], 1)
        fits["memory"] = [float(base), float(extra)]
        print(f"Peak memory: {base / 1e6:.0f} MB + {extra:.0f} bytes per youth.\n")

    print("### Time by process, ms a week\n")
    names = list(rows[0]["process_seconds"])
    table(
        [[name, *[f"{1e3 * r['process_seconds'][name] / r['weeks']:.3f}" for r in rows]] for name in names],
        ["process", *[f"{r['youths']:,} ({r['threads']} thr.)" for r in rows]],
    )
    return fits


def show_long(row: dict) -> dict:
    """Print how cost grows over the weeks of a whole run."""
    import numpy as np

    weekly = np.array(row["week_seconds"])
    so_far, count = np.cumsum(weekly), np.arange(1, weekly.size + 1)
    slope, fixed = np.polyfit(count, so_far, 1)
    explained = 1 - np.sum((so_far - fixed - slope * count) ** 2) / np.sum((so_far - so_far.mean()) ** 2)
    quarters = [1e3 * float(part.mean()) for part in np.array_split(weekly, 4)]
    print(f"### A whole run at {row['persons_per_youth']} persons per youth, {row['threads']} thread(s)\n")
    whole = [f"{so_far[-1]:.2f}", f"{row['best_pass_seconds']:.2f}", f"{explained:.4f}"]
    head = ["first quarter, ms a week", "second", "third", "last", "in all, s", "best whole pass, s", "R² of a line"]
    table([[*(f"{q:.2f}" for q in quarters), *whole]], head)
    return {"quarters_ms": quarters, "seconds": float(so_far[-1]), "r_squared": float(explained), **row}


def show_everything(row: dict) -> None:
    """Print what the largest size costs with every measure on."""
    print(f"### Every measure on, {row['youths']:,} youths, {row['threads']} thread(s)\n")
    seconds = sum(row["week_seconds"])
    cells = [f"{row['setup_seconds']:.2f}", row["weeks"], f"{seconds:.2f}", f"{1e3 * seconds / row['weeks']:.2f}",
             f"{row['best_pass_seconds']:.2f}", f"{row['peak_bytes'] / 1e9:.2f}"]  # fmt: skip
    table([cells], ["set-up, s", "weeks", "in all, s", "ms a week", "best whole pass, s", "peak memory, GB"])


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--persons-per-youth", type=int, nargs="+", default=SIZES)
    parser.add_argument("--weeks", type=int, default=52, help="weeks to live at each size")
    parser.add_argument("--full", action="store_true", help="live all weeks at every size")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--one", type=int, nargs=3, help="used by this script: persons per youth, weeks, threads")
    parser.add_argument("--scenario", default="baseline", help="used by this script: what --one lives")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(*given.one, FEWEST if given.toy else MOST, given.scenario)))
        return
    import os

    threads = [t for t in given.threads if t <= (os.cpu_count() or 1)]
    weeks, whole_run, at = WHOLE_RUN if given.full else given.weeks, WHOLE_RUN, LONG
    toy = ["--toy"] if given.toy else []
    if given.toy:
        given.persons_per_youth, threads, weeks, whole_run, at = TOY_SIZES, [1], 2, 8, TOY_SIZES[0]
    for ready in threads:
        fresh_numbers([__file__, *toy, "--one", at, 1, ready])  # compile once, before anything is timed
    rows = []
    for persons in given.persons_per_youth:
        for many in threads:
            print(f"living {weeks} weeks at {persons} persons per youth, {many} thread(s)", file=sys.stderr)
            rows.append(fresh_numbers([__file__, *toy, "--one", persons, weeks, many]))
    fits = show(rows)
    long = show_long(fresh_numbers([__file__, *toy, "--one", at, whole_run, max(threads)]))
    smallest = min(given.persons_per_youth)
    everything = [*toy, "--one", smallest, weeks, max(threads), "--scenario", "all_measures"]
    full = fresh_numbers([__file__, *everything])
    show_everything(full)
    keep(given.json, {"sizes": rows, "fits": fits, "whole_run": long, "everything": full})


if __name__ == "__main__":
    main()
