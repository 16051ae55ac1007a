"""Runners in the place of the model: quick, failing, dying, slow. Here, so that workers can import them."""

import os
import time
from datetime import date, timedelta

import numpy as np

from sim.record import Observable, Record
from sim.scenario import Scenario

REGIONS = ("Kayes", "Koulikoro", "Sikasso", "Ségou", "Mopti", "Tombouctou", "Gao", "Kidal", "Bamako")
OBSERVABLES = (
    Observable("joined", "persons", "sum", "youths who joined"),
    Observable("attacks", "attacks", "sum", "attacks"),
    Observable("trust", "0..1", "people", "trust"),
    Observable("attitude_mean", "SD", "youths", "attitude"),
    Observable("cost_imam_training", "XOF", "sum", "spent"),
    Observable("cost_joint_patrols", "XOF", "sum", "spent"),
    Observable("delivered_imam_training", "imams in training", "sum", "delivered"),
    Observable("delivered_joint_patrols", "patrols in the week", "sum", "delivered"),
)


def scenario(name, **more):
    return Scenario.of({"name": name, "end": "2014-01-06", "persons_per_youth": 1000, **more})


def record(values, name="made up", seed=1, draw=0, measures=None):
    """A record of weeks x 9 x observables; `measures` holds their settings."""
    weeks = len(values)
    return Record(
        values=np.asarray(values, float),
        observables=OBSERVABLES,
        regions=REGIONS,
        dates=tuple(date(2012, 1, 2) + timedelta(weeks=w) for w in range(weeks)),
        weights={"people": np.arange(1.0, 10.0), "youths": np.ones(9)},
        cells={"joined": np.arange(4.0)},
        about={
            "scenario": {"name": name, "measures": measures or {}},
            "seed": seed,
            "draw": draw,
            "world_seed": 1,
            "parameters": {},
        },
    )


def quick(scenario, seed, world_seed, draw=0):
    """Numbers that depend on the scenario's name, the seeds and the draw alone; each call leaves a line in a log."""
    log = os.environ.get("KUMAKAN_TEST_LOG")
    if log:
        with open(log, "a") as file:
            file.write(f"{scenario.name} {seed} {os.getpid()} {os.environ.get('NUMBA_NUM_THREADS')} {draw}\n")
    luck = np.random.default_rng([seed, world_seed, len(scenario.name), draw])
    return record(luck.poisson(5, (8, 9, len(OBSERVABLES))), scenario.name, seed, draw)


def fails_on_two(scenario, seed, world_seed, draw=0):
    if seed == 2 and scenario.name == "b":
        raise ZeroDivisionError("no recruiters left to divide by")
    return quick(scenario, seed, world_seed, draw)


def dies_on_two(scenario, seed, world_seed, draw=0):
    if seed == 2 and scenario.name == "b":
        os._exit(9)
    return quick(scenario, seed, world_seed, draw)


def interrupted_on_two(scenario, seed, world_seed, draw=0):
    if seed == 2:
        raise KeyboardInterrupt
    return quick(scenario, seed, world_seed, draw)


def interrupted_on_draw_two(scenario, seed, world_seed, draw=0):
    if draw == 2:
        raise KeyboardInterrupt
    return quick(scenario, seed, world_seed, draw)


def slow(scenario, seed, world_seed, draw=0):
    time.sleep(60)
    return quick(scenario, seed, world_seed, draw)


def slow_unless_failing(scenario, seed, world_seed, draw=0):
    if scenario.name == "a" and seed == 2:
        raise ValueError("stop here")
    return slow(scenario, seed, world_seed, draw)
