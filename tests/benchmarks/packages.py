"""What a run costs with every measure on, against the baseline.

    python tests/benchmarks/packages.py [--persons-per-youth 200 20] [--times 5]

Both live the whole period in one process on one thread, in turns. A run repeats exactly, so for every week and process
the quickest time counts: other programs can only add. What measures report at the end of a week is a part of `record`.
"""

from __future__ import annotations

import json
from time import perf_counter

import numpy as np
from common import ROOT, fresh_numbers, keep, options, table

NAMES = ("baseline", "all_measures")


def lived(persons_per_youth: int, times: int) -> dict:
    """Seconds of every process over the run, by scenario."""
    import sim
    from sim.week import WEEK, begin, finished

    scenarios = [sim.load(ROOT / "scenarios" / f"{n}.yaml", [f"persons_per_youth={persons_per_youth}"]) for n in NAMES]
    quickest = {s.name: np.full((s.clock.weeks, len(WEEK)), np.inf) for s in scenarios}
    for _ in range(times):
        for scenario in scenarios:
            country = begin(scenario)
            while not finished(country):
                best = quickest[scenario.name][country.week]
                for k, process in enumerate(WEEK):
                    began = perf_counter()
                    process(country)
                    best[k] = min(best[k], perf_counter() - began)
    processes = [process.__name__ for process in WEEK]
    return {name: dict(zip(processes, q.sum(axis=0).tolist(), strict=True)) for name, q in quickest.items()}


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--persons-per-youth", type=int, nargs="+", default=[200, 20])
    parser.add_argument("--times", type=int, default=5, help="passes of which the quickest counts")
    parser.add_argument("--one", type=int, nargs=2, help="used by this script: persons per youth, passes")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(lived(*given.one)))
        return
    if given.toy:
        given.persons_per_youth, given.times = [6000], 1

    found = {}
    print("### Every measure against the baseline, one thread\n")
    for ppy in given.persons_per_youth:
        seconds = fresh_numbers([__file__, "--one", ppy, given.times], NUMBA_NUM_THREADS="1")
        one, other = (seconds[name] for name in NAMES)
        found[ppy] = {"seconds": seconds, "ratio": sum(other.values()) / sum(one.values())}
        rows = [(name, one[name], other[name]) for name in one]
        rows.append(("in all", sum(one.values()), sum(other.values())))
        table(
            [(name, f"{a:.3f}", f"{b:.3f}", f"{b / a:.2f}") for name, a, b in rows],
            [f"seconds, {ppy} persons per youth", *NAMES, "ratio"],
        )
    keep(given.json, {"sizes": found})


if __name__ == "__main__":
    main()
