"""How long a user waits before anything happens: help, check, the first run ever, the next runs.

    python tests/benchmarks/startup.py [--times 5]

Every line is a fresh process, timed from outside; the least of several counts. The first run ever starts from an
empty folder of compiled code and is made once.
"""

from __future__ import annotations

import json
import tempfile
from time import perf_counter

from common import BASELINE, best, fresh, fresh_numbers, keep, options, scenario, table

PERSONS = 20
TOY = 6000  # persons per youth; the toy keeps the compiled code that is there


def run_here(persons_per_youth: int) -> dict:
    """Make two runs in this process, and one in the single-thread builds; seconds of each and of compiling."""
    began = perf_counter()
    from numba.core.event import install_timer

    import sim
    from sim.week import run

    plan = scenario(persons_per_youth)
    imported = perf_counter() - began
    compiling: list[float] = []
    seconds = []
    with install_timer("numba:compile", compiling.append):
        for _ in range(2):
            began = perf_counter()
            run(plan)
            seconds.append(perf_counter() - began)
        small = sim.load(BASELINE, ["persons_per_youth=2000", "end=2012-03-05"])
        run(small)
    return {"import": imported, "first": seconds[0], "next": seconds[1], "compile": sum(compiling)}


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--times", type=int, default=5, help="best of so many")
    parser.add_argument("--run-here", action="store_true", help="used by this script")
    given = parser.parse_args()
    if given.run_here:
        print(json.dumps(run_here(TOY if given.toy else PERSONS)))
        return

    if given.toy:
        given.times = 1
    commands = {
        "python -c pass": ["-c", "pass"],
        "python -c 'import sim'": ["-c", "import sim"],
        "kumakan --help": ["-m", "sim", "--help"],
        "kumakan check scenarios/baseline.yaml": ["-m", "sim", "check", BASELINE],
    }
    fresh(commands["kumakan check scenarios/baseline.yaml"])  # the disk is read once, before anything is timed
    waits = {name: best(given.times, lambda a=arguments: fresh(a)) for name, arguments in commands.items()}
    print("### Starting\n")
    table([(name, f"{1e3 * s:.0f}") for name, s in waits.items()], ["command", "ms"])

    with tempfile.TemporaryDirectory() as empty:
        places = {} if given.toy else {"XDG_CACHE_HOME": empty, "NUMBA_CACHE_DIR": ""}
        here = [__file__, "--run-here", *(["--toy"] if given.toy else [])]
        runs = {"first run ever": fresh_numbers(here, **places)}
        again = [fresh_numbers(here, **places) for _ in range(min(given.times, 3))]
    runs["started again"] = {part: min(run[part] for run in again) for part in again[0]}
    print(f"### A whole run at {TOY if given.toy else PERSONS} persons per youth\n")
    table(
        [
            (name, f"{r['import']:.2f}", f"{r['first']:.2f}", f"{r['next']:.2f}", f"{r['compile']:.1f}")
            for name, r in runs.items()
        ],
        ["process", "imports, s", "first run, s", "next run, s", "compiling, s"],
    )
    keep(given.json, {"waits": waits, "runs": runs})


if __name__ == "__main__":
    main()
