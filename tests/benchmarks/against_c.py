"""The dense pass over all youths, the heaviest loop of the week, against the same loop in C.

    python tests/benchmarks/against_c.py [--persons-per-youth 5] [--rounds 15] [--toy]

gcc (or $CC) compiles dense.c into a temporary folder, with -O3 for this machine and exact arithmetic. Both versions
work on the arrays of a country that has lived a few weeks. They take turns; the shortest time of each counts.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter

from common import HERE, keep, options, scenario, table

EXACT = ["-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fPIC", "-shared"]
EARLIER = 3  # weeks lived before, so that youths feel messages and some have grievances


def compiled(folder: Path, compiler: str, numbers: dict[str, int]) -> dict[str, ctypes.CDLL]:
    """The library without and with OpenMP."""
    out = {}
    defined = [f"-D{name}={number}u" for name, number in numbers.items()]
    for name, more in {"one": [], "many": ["-fopenmp"]}.items():
        file = folder / f"{name}.so"
        subprocess.run([compiler, *EXACT, *more, *defined, str(HERE / "dense.c"), "-o", str(file)], check=True)
        out[name] = ctypes.CDLL(str(file))
    return out


def arguments_of_a_week(country) -> list:
    """What the compiled pass is given this week, without running it."""
    from sim.processes import attitudes

    taken: list = []
    loop, attitudes._attitudes = attitudes._attitudes, lambda *given: taken.extend(given)
    try:
        attitudes.attitudes(country)
    finally:
        attitudes._attitudes = loop
    return taken


def in_c(arguments: list, threads: int) -> list:
    """The same arguments as C takes them: tuples unpacked, arrays as addresses."""
    import numpy as np

    kinds = {np.uint64: ctypes.c_uint64, np.uint32: ctypes.c_uint32, np.float32: ctypes.c_float, int: ctypes.c_uint32}
    out: list = [ctypes.c_int64(len(arguments[0]))]
    parts = [part for argument in arguments for part in (argument if isinstance(argument, tuple) else (argument,))]
    for a in parts:
        if isinstance(a, np.ndarray):
            if not a.flags.c_contiguous:
                raise SystemExit("an array of the pass is not contiguous; dense.c cannot read it")
            out.append(ctypes.c_void_p(a.ctypes.data))
        else:
            out.append(kinds[type(a)](int(a) if isinstance(a, np.integer | int) else float(a)))
    return [*out, ctypes.c_int(threads)]


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--persons-per-youth", type=int, default=5, help="5 makes 1.1 million youths")
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    if given.toy:
        given.persons_per_youth, given.rounds = 2000, 1
    compiler = shutil.which(os.environ.get("CC", "gcc"))
    if compiler is None:
        print("No C compiler found (gcc, or the one named in CC): nothing to compare with.")
        return

    import numba
    import numpy as np

    from sim.processes import attitudes
    from sim.week import advance, begin

    country = begin(scenario(given.persons_per_youth))
    for _ in range(EARLIER):
        advance(country)
    arguments = arguments_of_a_week(country)
    youths = country.society.size
    threads = [1, 2] if numba.config.NUMBA_NUM_THREADS > 1 else [1]

    with tempfile.TemporaryDirectory() as folder:
        c = compiled(
            Path(folder), compiler, {name: int(getattr(attitudes, name)) for name in ("OWN_NOISE", "NO_INCOME")}
        )

        def numba_pass(many: int, given_arguments: list) -> None:
            (attitudes._attitudes.one if many == 1 else attitudes._attitudes.many)(*given_arguments)

        def c_pass(many: int, given_arguments: list) -> None:
            (c["one"] if many == 1 else c["many"]).dense(*in_c(given_arguments, many))

        def results(run, many: int) -> list:
            own = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
            run(many, own)
            return [a for a, before in zip(own, arguments, strict=True)
                    if isinstance(a, np.ndarray) and not np.array_equal(a, before)]  # fmt: skip

        numba.set_num_threads(max(threads))
        numba.set_parallel_chunksize(16)
        want = results(numba_pass, 1)
        apart = 0.0
        for run, many in [(c_pass, 1), *[(r, t) for r in (numba_pass, c_pass) for t in threads[1:]]]:
            got = results(run, many)
            if len(got) != len(want):
                raise SystemExit("the passes do not write the same arrays")
            apart = max(
                apart, *(float(np.abs(a.astype(float) - b.astype(float)).max()) for a, b in zip(want, got, strict=True))
            )

        seconds = {(name, t): float("inf") for t in threads for name in ("numba", "C")}
        for _ in range(given.rounds):
            for name, run in {"numba": numba_pass, "C": c_pass}.items():
                for t in threads:
                    began = perf_counter()
                    run(t, arguments)
                    seconds[name, t] = min(seconds[name, t], perf_counter() - began)

    print(f"### The dense pass against C, {youths:,} youths\n")
    table(
        [
            (t, f"{1e9 * seconds['numba', t] / youths:.2f}", f"{1e9 * seconds['C', t] / youths:.2f}",
             f"{seconds['numba', t] / seconds['C', t]:.2f}")
            for t in threads
        ],
        ["threads", "numba, ns per youth", "C, ns per youth", "ratio"],
    )  # fmt: skip
    print("The results are equal bit for bit.\n" if apart == 0.0 else f"The results differ by at most {apart:.3g}.\n")
    keep(
        given.json,
        {
            "youths": youths,
            "largest_difference": apart,
            "rows": [{"threads": t, "numba": seconds["numba", t], "c": seconds["C", t]} for t in threads],
        },
    )


if __name__ == "__main__":
    main()
