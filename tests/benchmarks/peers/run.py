"""Take the common model in every version, each in its own environment, and write `results.json` and `results.md`.

    python tests/benchmarks/peers/run.py [--work FOLDER] [--into FOLDER] [--only with_numpy ...] [--sizes 1000 ...]

Environments are made under the work folder by pip, from the pinned lists in `requirements/`, and kept for the next
time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(HERE.parent)]

from common import machine  # noqa: E402
from society import WEEKS, apart  # noqa: E402

VERSIONS = {
    "with_numpy": ("numpy", "numpy {} alone"),
    "with_numba": ("numba", "numba {}, as kumakan"),
    "with_mesa_frames": ("mesa-frames", "mesa-frames {}"),
    "with_starsim": ("starsim", "Starsim {}"),
    "with_mesa": ("mesa", "plain objects of Mesa {}"),
}
"""Each version with its package and what it is called."""
SIZES = (1_000, 10_000, 100_000, 1_000_000)
SEEDS = {10_000: 10, 100_000: 3}
"""How many runs up to which size; larger ones run once."""
LONGEST = 30.0  # seconds that a run may be expected to take
FAR = 4.0  # standard errors
ROUNDING = 1e-3  # attitudes are float32 in two versions


def environment(version: str, work: Path) -> Path:
    """The Python of a version's own environment, which is made if it is not there or has other pins."""
    wanted = HERE / "requirements" / f"{version}.txt"
    home = work / version
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = home / "made_from.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        print(f"making {home}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", wanted], check=True)
        stamp.write_text(wanted.read_text())
    return python


def take(version: str, python: Path, persons: int, work: Path) -> dict[str, Any]:
    """The numbers of one version at one size, from a fresh process."""
    seeds = next((runs for most, runs in SEEDS.items() if persons <= most), 1)
    print(f"{version}, {persons:,} persons", file=sys.stderr)
    paths = {"PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(work / "compiled")}
    done = subprocess.run(
        [python, HERE / "one.py", version, "--persons", str(persons), "--seeds", str(seeds)],
        env={**os.environ, **paths},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    numbers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return numbers


def check(found: dict[str, dict[int, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """How far every version is from numpy: person by person without luck, and in standard errors with it."""
    out: dict[str, dict[str, Any]] = {}
    base = found["with_numpy"]
    for version, sizes in found.items():
        if version == "with_numpy":
            continue
        errors: dict[str, float] = {}
        for persons, row in sizes.items():
            for name, far in apart(row["found"], base[persons]["found"], persons, row["weeks"]).items():
                errors[name] = max(errors.get(name, 0.0), abs(far))
        first = min(sizes)
        quiet = max(abs(a - b) for a, b in zip(sizes[first]["quiet"], base[first]["quiet"], strict=True))
        out[version] = {"standard_errors": errors, "without_luck": quiet}
        if quiet > ROUNDING or max(errors.values()) > FAR:
            raise SystemExit(f"{version} is another model than with_numpy: {out[version]}")
    return out


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a Markdown table, with a blank line after it."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return [*(f"| {' | '.join(line)} |" for line in [head, rule, *rows]), ""]


def label(version: str) -> str:
    """What a version is called, with the release of its package."""
    package, words = VERSIONS[version]
    lines = (HERE / "requirements" / f"{version}.txt").read_text().splitlines()
    pins = dict(line.lower().replace("_", "-").split("==") for line in lines)
    return words.format(pins[package])


def times(ratio: float) -> str:
    """A ratio with two figures."""
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def page(found: dict[str, dict[int, dict[str, Any]]], checked: dict[str, dict[str, Any]], where: str) -> str:
    """The section for the page about performance."""
    sizes = list(found["with_numpy"])
    base = found["with_numpy"]

    def cells(version: str, value: Any) -> list[str]:
        return [value(found[version][n], n) if n in found[version] else "" for n in sizes]

    def nanoseconds(row: dict[str, Any], n: int) -> str:
        return f"{1e9 * row['seconds'] / (row['weeks'] * n):.3g}"

    runs = ", ".join(f"{runs} runs up to {n:,} persons" for n, runs in SEEDS.items())
    lines = [
        "### Beside other frameworks, on one common model",
        "",
        f"Taken on {date.today().isoformat()} with `tests/benchmarks/peers/run.py`: {where}. Processor time of {WEEKS}"
        f" weeks without set-up and compiling, the best of {runs}, one above. All have one thread; numba and Polars"
        f" can use more. A run that would have taken more than {LONGEST:.0f} s was left out.",
        "",
        "Time of a week for one person: numpy in nanoseconds, the others as multiples of numpy (below 1 is faster):",
        "",
    ]
    head = ["persons", *(f"{n:,}" for n in sizes)]
    rows = [[f"{label('with_numpy')}, ns", *cells("with_numpy", nanoseconds)]]
    for version in list(found)[1:]:
        ratios = cells(version, lambda row, n: times(row["seconds"] / base[n]["seconds"]))
        rows.append([label(version), *ratios])
    lines += table(head, rows)
    lines += ["Most memory that the process held, MB, with its libraries and the society:", ""]
    memory = []
    for version, taken in found.items():
        last = taken[max(taken)]
        each = (last["peak_bytes"] - last["before_bytes"]) / last["persons"]
        held = cells(version, lambda row, n: f"{row['peak_bytes'] / 1e6:,.0f}")
        memory.append([label(version), *held, f"{each:,.0f}"])
    lines += table([*head, "bytes for one more person"], memory)
    lines += [
        "All end alike. Without luck, attitudes are those of numpy person by person, but for rounding. With it, the"
        " means over seeds differ by luck alone; the largest difference from numpy over all sizes, in standard errors:",
        "",
    ]
    differences = [
        [
            label(version),
            f"{row['without_luck']:.0e}" if row["without_luck"] else "0",
            *(f"{row['standard_errors'][name]:.1f}" for name in ("joined", "attitude", "spread")),
        ]
        for version, row in checked.items()
    ]
    lines += table(["", "attitude without luck", "share joined", "mean attitude", "SD of attitudes"], differences)
    lines += [(HERE / "limits.md").read_text(encoding="utf-8").strip(), ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "kumakan-peers")
    parser.add_argument("--into", type=Path, default=HERE, help="where results.json and results.md go")
    parser.add_argument("--only", nargs="+", choices=VERSIONS, default=list(VERSIONS))
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    given = parser.parse_args()
    where = machine()
    versions = [version for version in VERSIONS if version in (*given.only, "with_numpy")]
    pythons = {version: environment(version, given.work) for version in versions}
    found: dict[str, dict[int, dict[str, Any]]] = {version: {} for version in versions}
    for persons in sorted(given.sizes):
        for version in versions:
            before = found[version].values()
            row = max(before, key=lambda row: row["persons"], default=None)
            if row and (row["seconds"] + row["set_up_seconds"]) * persons / row["persons"] > LONGEST:
                continue
            found[version][persons] = take(version, pythons[version], persons, given.work)
    checked = check(found)
    for sizes in found.values():
        for row in sizes.values():
            del row["quiet"]
    kept = {"machine": where, "found": found, "checked": checked}
    (given.into / "results.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    (given.into / "results.md").write_text(page(found, checked, where), encoding="utf-8")
    print((given.into / "results.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
