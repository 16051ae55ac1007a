"""Take all benchmarks and write the numbers into the page about performance.

    python tests/benchmarks/all.py --write docs/performance.md [--full] [--toy] [--only scaling startup ...]

The output of the scripts goes between the two marks of the page, after a table of targets and measurements. With
`--only`, what was not measured stays blank. The comparison with other frameworks is not taken anew, as it needs other
packages: `peers/run.py` takes it, and what it wrote comes last. Take the final numbers on a machine that does nothing
else.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from datetime import date
from pathlib import Path

from common import HERE, fresh, machine

BEGIN, END = "<!-- begin generated -->", "<!-- end generated -->"
SCRIPTS = ("scaling", "packages", "startup", "against_c", "batch", "mesa_objects")
SPEAKS_JSON = SCRIPTS[:5]
PEERS = HERE / "peers" / "results.md"
MESA_LINE = re.compile(r"^\s*([\d,]+)\s+[\d,]+\s+[\d,]+\s+(\d+)\s+[\d,]+\s+\d+\s+\d+\s*$", re.MULTILINE)


def targets(found: dict[str, dict], said: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """Every target of the project, its measurement and whether it is met; blank where nothing was measured."""
    rows: list[tuple[str, str, str, str]] = []

    def target(what: str, limit: float, unit: str, value: float | None, *, least: bool = False) -> None:
        wanted = f"{'at least' if least else 'under'} {limit:g} {unit}".strip()
        if value is None:
            rows.append((what, wanted, "", ""))
        else:
            met = value >= limit if least else value < limit
            rows.append((what, wanted, f"{value:.3g} {unit}".strip(), "met" if met else "missed"))

    country = [r for r in found.get("scaling", {}).get("sizes", []) if r["persons_per_youth"] == 1]
    quick = min(country, key=lambda r: sum(r["week_seconds"]) / r["weeks"]) if country else None
    lived = "" if quick is None or quick["weeks"] >= 365 else f" (365 x the mean of {quick['weeks']} weeks)"
    target(f"everyone, 365 weeks{lived}", 60, "s", quick and 365 * sum(quick["week_seconds"]) / quick["weeks"])
    target("everyone, peak memory", 2.5, "GB", quick and max(r["peak_bytes"] for r in country) / 1e9)
    target("everyone, set-up", 15, "s", quick and max(r["setup_seconds"] for r in country))
    full = found.get("scaling", {}).get("everything")
    whole = full if full and full["persons_per_youth"] == 1 else None
    target(
        "everyone, every measure on, 365 weeks", 20, "s", whole and 365 * sum(whole["week_seconds"]) / whole["weeks"]
    )
    target("everyone, every measure on, set-up", 4, "s", whole and whole["setup_seconds"])
    target("everyone, every measure on, peak memory", 1.5, "GB", whole and whole["peak_bytes"] / 1e9)

    runs, waits = found.get("startup", {}).get("runs"), found.get("startup", {}).get("waits")
    target("20 persons per youth, whole run after the first", 2, "s", runs and runs["started again"]["next"])
    target("compiling when started again", 0.01, "s", runs and runs["started again"]["compile"])
    target("compiling the first time, in all", 10, "s", runs and runs["first run ever"]["compile"])
    for name, limit in (("kumakan --help", 0.3), ("kumakan check scenarios/baseline.yaml", 1.0)):
        target(name, limit, "s", waits and waits[name])
    sim, bare = "python -c 'import sim'", "python -c pass"
    target(f"{sim}, beyond {bare}", 0.06, "s", waits and waits[sim] - waits[bare])

    for size, package in found.get("packages", {"sizes": {"20": None}})["sizes"].items():
        ratio = package and package["ratio"]
        target(f"every measure against the baseline, {size} persons per youth", 1.15, "times", ratio)
    paces = found.get("batch", {}).get("workers", {})
    pace = 50 * paces["2"]["pace"] / paces["1"]["pace"] if "2" in paces else None
    target("pace of two workers, of twice one", 98, "%", pace, least=True)

    ratios = [(int(n.replace(",", "")), float(r)) for n, r in MESA_LINE.findall(said.get("mesa_objects", ""))]
    for youths, limit in ((10_000, 150), (100_000, 300)):
        near = [r for n, r in ratios if abs(n / youths - 1) < 0.1]
        target(f"against plain Mesa objects, {youths:,} youths", limit, "times", near[0] if near else None, least=True)
    passes = found.get("against_c", {}).get("rows")
    target(
        "dense pass against C, slower by", 1.5, "times", max(r["numba"] / r["c"] for r in passes) if passes else None
    )

    fits = found.get("scaling", {}).get("fits", {})
    away = [fit[2] for name, fit in fits.items() if name.startswith("people")]
    if found.get("scaling"):
        long = found["scaling"]["whole_run"]
        if away:
            rows.append(("cost against people, farthest from a line", "a line", f"{100 * max(away):.0f} %", ""))
        rows.append(("cost against weeks, R² of a line", "a line", f"{long['r_squared']:.4f}", ""))
    return rows


def page_part(where: str, found: dict[str, dict], said: dict[str, str]) -> str:
    """What stands between the marks."""
    lines = [f"Taken on {date.today().isoformat()}: {where}.", "", "### Targets", ""]
    lines += ["| what | target | measured | |", "| --- | --- | ---: | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in targets(found, said)]
    for name, text in said.items():
        shown = (
            text.strip() if name in SPEAKS_JSON else f"### Against plain Mesa objects\n\n```text\n{text.rstrip()}\n```"
        )
        lines += ["", shown]
    if PEERS.exists():
        lines += ["", PEERS.read_text(encoding="utf-8").strip()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the numbers between the marks of this page")
    parser.add_argument("--full", action="store_true", help="scaling lives all 365 weeks at every size")
    parser.add_argument("--toy", action="store_true", help="the smallest sizes: shows that the scripts work, no more")
    parser.add_argument("--only", nargs="+", choices=SCRIPTS, default=SCRIPTS)
    given = parser.parse_args()
    page = given.write.read_text(encoding="utf-8") if given.write else f"{BEGIN}\n{END}\n"
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise SystemExit(f"{given.write} needs one line {BEGIN} and after it one line {END}")

    found, said, where = {}, {}, machine()
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only:
            print(f"taking {name}", file=sys.stderr)
            numbers = Path(folder) / f"{name}.json"
            more = ["--json", numbers] if name in SPEAKS_JSON else []
            more += ["--toy"] if given.toy else []
            more += ["--full"] if name == "scaling" and given.full else []
            more += ["--persons-per-youth", 200, 20, 1, "--times", 2] if name == "packages" and given.full else []
            said[name] = fresh([HERE / f"{name}.py", *more])
            if numbers.exists():
                found[name] = json.loads(numbers.read_text())
    part = page_part(where, found, said)
    print(part)
    if given.write:
        before, after = page[: page.index(BEGIN)], page[page.index(END) :]
        given.write.write_text(f"{before}{BEGIN}\n\n{part}\n\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
