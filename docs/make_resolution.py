"""Run one country at several resolutions, and write docs/resolution.md.

    python docs/make_resolution.py [--seeds 12] [--persons-per-youth 5 20 ...]

Results per head must not depend on how many persons a youth stands for. The page shows up to where that holds: for
`historical`, and for the differences that two of its measures make.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import sim
from sim.batches.batch import run_batch

HERE = Path(__file__).parent
SIZES = (5, 20, 50, 100, 200, 500, 1000)
WITHOUT = ("joint_patrols", "international_forces")
YEARS = (2013, 2015, 2017)
HEAD = """\
<!-- Made by docs/make_resolution.py. -->

# Resolution

A youth stands for `persons_per_youth` persons who think alike. Contacts with recruiters, joining, arrest and death
happen to single persons, so results per head should be the same at every resolution. These are means over {seeds} seeds
of `historical`, with the standard error of the mean. The last lines show what changes when a measure is left out, under
the same seeds.
"""
TAIL = """
Up to 200 persons per youth, differences stay within the noise of the seeds. At 500 a village has two youths, so what
happens to one of its people is felt by half of it or by nobody: fewer people join. The program shows such results and
gives no verdict on them; the limit is the parameter `coarsest_verdict`.
"""


def sums(record: sim.Record) -> dict[str, float]:
    """What is compared between resolutions."""
    years = np.array([day.year for day in record.dates])
    attacks = record["attacks"].sum(axis=1)
    members = record["members"][-1].sum() + record["members_abroad"][-1].sum()
    return {
        **{f"attacks {year}": attacks[years == year].sum() for year in YEARS},
        "joined": record["joined"].sum(),
        "members at the end": members,
        "civilians killed": record["deaths_civilian"].sum(),
        "abuses": record["abuses"].sum(),
    }


def of_a_size(persons: int, seeds: range, folder: Path) -> dict[str, np.ndarray]:
    """By outcome, the values of all seeds; then the differences that leaving out a measure makes."""
    full = sim.load(HERE.parent / "scenarios" / "historical.yaml", [f"persons_per_youth={persons}"])
    without = [full.replaced({"name": f"without_{key}", f"measures.{key}.enabled": False}) for key in WITHOUT]
    batch = run_batch([full, *without], seeds, out=folder / str(persons))
    values = {name: [sums(batch.records[name][seed]) for seed in seeds] for name in batch.records}
    found = {key: np.array([row[key] for row in values[full.name]]) for key in values[full.name][0]}
    for key in WITHOUT:
        for outcome in ("joined", "civilians killed"):
            other = np.array([row[outcome] for row in values[f"without_{key}"]])
            found[f"{outcome}, without {key}"] = other - found[outcome]
    return found


def main() -> None:
    """Make the runs and write the page."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--seeds", type=int, default=12)
    ask.add_argument("--persons-per-youth", type=int, nargs="+", default=SIZES)
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {size: of_a_size(size, range(1, given.seeds + 1), Path(folder)) for size in given.persons_per_youth}
    lines = [HEAD.format(seeds=given.seeds)]
    lines.append("| | " + " | ".join(f"{size:,}" for size in found) + " |")
    lines.append("|---|" + "---|" * len(found))
    for name in next(iter(found.values())):
        cells = [f"{v[name].mean():,.0f} ± {v[name].std(ddof=1) / len(v[name]) ** 0.5:,.0f}" for v in found.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    (HERE / "resolution.md").write_text("\n".join(lines) + "\n" + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
