"""Runners for a store, in the place of the model: quick, failing, dying. Here, so that workers can import them."""

import os
import sys
import time
from pathlib import Path

import numpy as np

from tests.batches import batch_fakes


def note(scenario, seed, draw):
    """A line for each run that was begun, in the file that the test names."""
    with Path(os.environ["KUMAKAN_TEST_LOG"]).open("a") as file:
        file.write(f"{scenario.name} {seed} {draw}\n")


def quick(scenario, seed, world_seed, draw=0):
    """Numbers that depend on the name of the scenario and the seeds alone."""
    note(scenario, seed, draw)
    luck = np.random.default_rng([seed, draw, world_seed, *scenario.name.encode()])
    return batch_fakes.record(luck.random((60, 9, len(batch_fakes.OBSERVABLES))), scenario.name, seed)


def short(scenario, seed, world_seed, draw=0):
    """The same in a twentieth of a second."""
    time.sleep(0.05)
    return quick(scenario, seed, world_seed, draw)


def fails_on_two(scenario, seed, world_seed, draw=0):
    if seed == 2 and scenario.name == "b":
        raise ZeroDivisionError("no recruiters left to divide by")
    return quick(scenario, seed, world_seed, draw)


def dies_on_two(scenario, seed, world_seed, draw=0):
    if seed == 2 and scenario.name == "b":
        os._exit(9)
    return quick(scenario, seed, world_seed, draw)


def main():
    """A batch in a process of its own, to be killed: archive_fakes.py STORE OUT SEEDS WORKERS."""
    from sim.batches.batch import run_batch

    store, out, seeds, workers = sys.argv[1:]
    scenarios = [batch_fakes.scenario("a"), batch_fakes.scenario("b")]
    run_batch(scenarios, range(1, int(seeds) + 1), workers=int(workers), out=out, store=store, runner=short)


if __name__ == "__main__":
    from tests.stores import archive_fakes  # so that workers find its functions by that name

    archive_fakes.main()
