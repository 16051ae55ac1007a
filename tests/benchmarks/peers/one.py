"""Run one version of the common model at one size, in the environment it needs; the last line printed is JSON.

python one.py with_numpy --persons 1000 [--seeds 3] [--weeks 26]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import sys
from pathlib import Path
from time import process_time

os.environ.update(
    dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
)  # before numpy and the others are imported
sys.path.insert(0, str(Path(__file__).resolve().parent))

from society import WEEKS, Rules, society, summary

WARM_UP = 1000


def peak_bytes() -> int:
    """The most memory that this process ever held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def one(version: str, persons: int, seeds: int, weeks: int) -> dict[str, object]:
    """Processor seconds, memory and results of one version at one size."""
    run = importlib.import_module(version).run
    small = society(WARM_UP)
    run(small, Rules(), 0, 2)()  # what is compiled or read at first use is not timed
    quiet = run(small, Rules(noise=0.0, base=0.0, spread=0.0), 0, weeks)()
    before, people = peak_bytes(), society(persons)
    set_up, lived, found = [], [], []
    for seed in range(1, seeds + 1):
        began = process_time()
        live = run(people, Rules(), seed, weeks)
        set_up.append(process_time() - began)
        began = process_time()
        end = live()
        lived.append(process_time() - began)
        found.append(summary(end))
        del live, end
    return {
        "persons": persons,
        "weeks": weeks,
        "set_up_seconds": min(set_up),
        "seconds": min(lived),
        "peak_bytes": peak_bytes(),
        "before_bytes": before,
        "found": found,
        "quiet": [round(float(x), 6) for x in quiet.attitude],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version")
    parser.add_argument("--persons", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--weeks", type=int, default=WEEKS)
    given = parser.parse_args()
    print(json.dumps(one(given.version, given.persons, given.seeds, given.weeks)))


if __name__ == "__main__":
    main()
