"""Small runs whose numbers are kept: when they move on purpose, the changelog says so.

The digest hangs on the last bit of every number. It is the same on every processor and with every version of the
libraries (docs/reproducibility.md), so it is always compared. After a change that is meant to move it:

    python -m tests.test_golden --write
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.record import Record

KEPT = Path(__file__).parent / "golden" / "small.json"
SCENARIOS = Path(__file__).parents[1] / "scenarios"
RUNS = {"baseline": ("baseline", 0), "all_measures": ("all_measures", 0), "draw": ("all_measures", 7)}  # scenario, draw
SETTINGS = ["persons_per_youth=100", "end=2012-12-31"]
SUMS = (
    "approached",
    "joined",
    "joined_ties",
    "joined_abused",
    "arrests",
    "convicted",
    "killed",
    "returned",
    "attacks",
    "attacks_sites",
    "clashes",
    "deaths_civilian",
    "abuses",
    "wrongful_arrests",
    "cleared",
    "imams_silenced",
    "crossings",
    "intercepted",
    "patrols",
    "reached_clips",
    "clips_calmed",
    "clips_stirred",
    "reached_sermons",
)
REPORTED = ("delivered_", "cost_")  # what measures delivered and cost, of all that did
LAST = ("members", "members_abroad", "recruiters", "attitude_mean", "strong_supporters", "grievance_mean", "trust",
        "insecurity", "state_presence", "imams_in_post", "imams_trained", "people_detained")  # fmt: skip


def made(name: str) -> Record:
    """The run as it is now."""
    scenario, draw = RUNS[name]
    return sim.run(sim.load(SCENARIOS / f"{scenario}.yaml", SETTINGS), seed=1, draw=draw)


def numbers(record: Record) -> dict[str, float]:
    """A few sums over the year and values of its last week, for Mali."""
    national = record.national()
    reported = [name for name in record.names if name.startswith(REPORTED) and national[name].any()]
    sums = {name: float(national[name].sum()) for name in (*SUMS, *reported)}
    return sums | {f"{name}_in_the_end": float(national[name].iloc[-1]) for name in LAST}


def write() -> None:
    """Keep the runs as they are now."""
    records = {name: made(name) for name in RUNS}
    kept = {name: {"digest": record.digest, "numbers": numbers(record)} for name, record in records.items()}
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")


@pytest.fixture(scope="module", params=RUNS)
def run(request):
    return made(request.param), json.loads(KEPT.read_text())[request.param]


def test_the_numbers_are_the_kept_ones(run):
    record, kept = run
    found = numbers(record)
    assert set(found) == set(kept["numbers"])
    moved = {
        name: (value, found[name])
        for name, value in kept["numbers"].items()
        if not np.isclose(found[name], value, rtol=1e-6, atol=1e-9)
    }
    assert not moved, "kept, now; if this is meant: python -m tests.test_golden --write, and a line in the changelog"


def test_the_digest_is_the_kept_one(run):
    record, kept = run
    assert record.digest == kept["digest"]


def test_the_kept_runs_saw_something_happen():
    kept = json.loads(KEPT.read_text())
    for name in RUNS:
        for what in ("approached", "joined", "attacks", "abuses", "arrests", "members_in_the_end"):
            assert kept[name]["numbers"][what] > 0, f"{what} of {name}"
    assert kept["all_measures"]["numbers"]["reached_clips"] > 0 == kept["baseline"]["numbers"]["reached_clips"]


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Keep the numbers of the small runs.")
    options.add_argument("--write", action="store_true", required=True, help="write tests/golden/small.json anew")
    options.parse_args()
    write()
