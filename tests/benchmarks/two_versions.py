"""What a run costs in this version and in another one: runs in turn, times by process, and their ratio.

    git worktree add ../before v0.1.0
    python tests/benchmarks/two_versions.py ../before [--scenarios historical] [--persons-per-youth 200] [--rounds 9]

Each version has a process of its own on one thread, and the two take turns, so that whatever else the machine does
slows both. Runs repeat exactly and other programs can only add time, so of every week and process the quickest round
counts. The script says whether the digests of the two are equal.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from common import ROOT, keep, options, table

SERVER = """
import json, sys
from time import perf_counter, process_time
import sim
from sim.week import WEEK, begin, finished, record_of
for line in sys.stdin:
    name, persons, weeks = json.loads(line)
    scenario = sim.load(f"scenarios/{name}.yaml", [f"persons_per_youth={persons}"])
    seconds, start = {process.__name__: [] for process in WEEK}, process_time()
    country = begin(scenario)
    while not finished(country) and country.week < weeks:
        for process in WEEK:
            before = perf_counter()
            process(country)
            seconds[process.__name__].append(perf_counter() - before)
    digest = record_of(country).digest
    print(json.dumps({"run": process_time() - start, "seconds": seconds, "digest": digest}), flush=True)
"""
SCENARIOS = ("historical", "all_measures", "baseline")
WHOLE = 10**6  # weeks: more than any run has


class Version:
    """A process that makes runs with the program in a folder."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(folder), "NUMBA_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=folder, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *asked: object) -> dict[str, Any]:
        """Make one run."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def least(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Milliseconds a week by process: of each week the quickest of the runs."""
    return {
        name: 1000.0 * sum(map(min, zip(*(run["seconds"][name] for run in runs), strict=True))) / len(weeks)
        for name, weeks in runs[0]["seconds"].items()
    }


def compared(before: Version, now: Version, name: str, persons: int, weeks: int, rounds: int) -> dict[str, Any]:
    """One scenario in both versions, in turn; the first round, which loads compiled code, does not count."""
    pairs = [(before.run(name, persons, weeks), now.run(name, persons, weeks)) for _ in range(rounds + 1)][1:]
    old, new = least([one for one, _ in pairs]), least([other for _, other in pairs])
    return {
        "scenario": name,
        "persons_per_youth": persons,
        "rounds": rounds,
        "equal": len({run["digest"] for pair in pairs for run in pair}) == 1,
        "before": old,
        "now": new,
        "ratio": sum(old.values()) / sum(new.values()),
        "median_ratio_of_runs": median(one["run"] / other["run"] for one, other in pairs),
    }


def main() -> None:
    """Compare and print."""
    parser = options(__doc__)
    parser.add_argument("before", type=Path, nargs="?", default=ROOT, help="the folder of the other version")
    parser.add_argument("--scenarios", nargs="+", default=SCENARIOS)
    parser.add_argument("--persons-per-youth", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    persons, weeks, rounds = (5000, 4, 2) if args.toy else (args.persons_per_youth, WHOLE, args.rounds)
    before, now = Version(args.before.resolve()), Version(ROOT)
    found = [compared(before, now, name, persons, weeks, rounds) for name in args.scenarios]
    before.close()
    now.close()
    for one in found:
        digests = "equal" if one["equal"] else "NOT EQUAL"
        print(
            f"{one['scenario']}, {persons} persons per youth, {rounds} rounds: {one['ratio']:.2f} times as fast (median"
        )
        print(f"of the ratios of whole runs {one['median_ratio_of_runs']:.2f}); digests {digests}")
        rows = [(name, f"{old:.3f}", f"{one['now'].get(name, 0.0):.3f}") for name, old in one["before"].items()]
        table(rows, ("ms a week", "before", "now"))
    keep(args.json, {"scenarios": found})


if __name__ == "__main__":
    main()
