"""Records with made-up numbers of a plausible shape: figures are about drawing, not about the model."""

from datetime import date, timedelta

import numpy as np
import pytest

from sim.measures import MEASURES as EVERY
from sim.record import Observable, Record
from sim.stores.run import Key
from sim.world.grid import world_grid

OBSERVABLES = (
    Observable("joined", "persons", "sum", "youths who joined an armed group"),
    Observable("members", "persons", "sum", "members of armed groups"),
    Observable("trust", "0..1", "people", "trust in the security forces"),
    Observable("attacks", "attacks", "sum", "attacks by armed groups"),
    Observable("cost_imam_training", "XOF", "sum", "spent on imam training"),
)


def made_up(seed=1, name="baseline", weeks=365, factor=1.0, measures=None):
    """A record in which violence moves from the north to the centre."""
    luck = np.random.default_rng(seed)
    grid = world_grid()
    time = np.linspace(0, 1, weeks)[:, None]
    north = np.array([0.2, 0.3, 0.1, 0.5, 1.0, 2.0, 3.0, 2.5, 0.1])
    late = np.array([0.0, 0.2, 0.1, 1.5, 4.0, 1.0, 0.5, 0.0, 0.2])
    rate = (north * (1 - time) + late * time) * (factor if weeks < 100 else 1.0)
    rate = np.where(time > 0.4, rate * factor, rate)
    joined = luck.poisson(2 * rate).astype(float)
    members = 100 * rate * luck.uniform(0.7, 1.3)
    trust = np.clip(0.5 - 0.05 * rate + luck.normal(0, 0.01, rate.shape), 0, 1)
    attacks = luck.poisson(0.5 * rate).astype(float)
    cost = np.where(time > 0.4, 2e6, 0.0) * np.ones(9)
    youth = np.floor(0.33 * grid.population / 20) * 20
    pull = luck.lognormal(0, 1, len(grid)) * (1 + 5 * np.isin(grid.region, [4, 5, 6, 7]))
    cells = {
        "youth": youth,
        "joined": luck.poisson(youth * 2e-4 * pull).astype(float),
        "attacks": luck.poisson(0.1 * pull).astype(float),
        "insecurity": np.clip(0.05 * pull, 0, 1),
        "members": luck.poisson(0.2 * pull).astype(float),
        "reached_clips": youth * luck.uniform(0, 0.3, len(grid)),
    }
    return Record(
        values=np.stack([joined, members, trust, attacks, cost], axis=-1),
        observables=OBSERVABLES,
        regions=tuple(grid.region_names),
        dates=tuple(date(2012, 1, 2) + timedelta(weeks=w) for w in range(weeks)),
        weights={
            "people": np.bincount(grid.region, grid.population),
            "youths": np.bincount(grid.region, youth),
        },
        cells=cells,
        about={"scenario": {"name": name, "measures": measures or {}}, "seed": seed},
    )


MEASURES = {
    "imam_training": {"enabled": True, "start": "2014-09-01", "regions": "all", "intensity": 1.0},
    "mali_kuma_kan": {
        "enabled": True,
        "start": "2014-11-03",
        "regions": ["Mopti", "Ségou"],
        "intensity": 0.5,
    },
    "joint_patrols": {"enabled": False, "start": "2016-01-04", "regions": "all", "intensity": 1.0},
}


@pytest.fixture(scope="session")
def make():
    return made_up


@pytest.fixture(scope="session")
def runs():
    return {
        "baseline": [made_up(seed) for seed in range(1, 6)],
        "prevention": [made_up(seed + 100, "prevention", factor=0.6, measures=MEASURES) for seed in range(1, 6)],
    }


# --- a comparison of every measure -------------------------------------------------------------------------

COMPARED = (
    Observable("joined", "persons", "sum", "youths who joined"),
    Observable("attacks", "attacks", "sum", "attacks"),
    Observable("deaths_civilian", "persons", "sum", "civilians killed"),
    Observable("trust", "0..1", "people", "trust"),
    Observable("attitude_mean", "SD", "youths", "attitude"),
    Observable("abuses", "events", "sum", "abuses"),
    Observable("wrongful_arrests", "persons", "sum", "wrongful arrests"),
    Observable("clips_stirred", "persons", "sum", "moved towards violence by clips"),
    Observable("imams_silenced", "imams", "sum", "imams silenced"),
    Observable("attacks_displaced", "attacks", "sum", "attacks that moved"),
    *(Observable(f"delivered_{key}", measure.delivers, "sum", "delivered") for key, measure in EVERY.items()),
    *(Observable(f"cost_{key}", "XOF", "sum", "spent") for key in EVERY),
)
SIZES = np.array([130.0, 12.0, 20.0, 0.5, 0.1, 25.0, 60.0, 9e4, 4.0, 2.0])
IDLE = "sermon_drafting"
"""A measure that is paid for and delivers nothing."""


def compared(key, k, draw):
    """A made-up record of a scenario with one measure (none: the baseline), which does a little of something."""
    regions, weeks = list(world_grid().region_names), 3
    luck = np.random.default_rng(draw)
    values = np.zeros((weeks, 9, len(COMPARED)))
    values[:, :, : SIZES.size] = SIZES * luck.lognormal(0, 0.3, (weeks, 9, SIZES.size))
    measures = {}
    if key is not None:
        effect = np.random.default_rng([draw, k]).normal(np.linspace(-0.2, 0.1, SIZES.size) * ((k % 5) - 1), 0.05)
        values[:, :, : SIZES.size] *= 1 + effect
        names = [o.name for o in COMPARED]
        values[:, :, names.index(f"delivered_{key}")] = 0.0 if key == IDLE else 10.0 ** (k % 6) / 9
        values[:, :, names.index(f"cost_{key}")] = 10.0 ** (k % 9 + 2)
        measures = {key: {"start": None, "end": None, "regions": regions[:5] if k % 2 else "all"}}
    return Record(
        values=values, observables=COMPARED, regions=tuple(regions),
        dates=tuple(date(2012, 1, 2) + timedelta(weeks=w) for w in range(weeks)),
        weights={"people": np.ones(9), "youths": np.ones(9)}, cells={"joined": np.zeros(len(world_grid()))},
        about={"scenario": {"name": key or "baseline", "measures": measures}, "seed": 1, "draw": draw,
               "parameters": {}},
    )  # fmt: skip


@pytest.fixture(scope="session")
def every_measure():
    """Scenario -> draw and seed -> record: the baseline and 24 measures, each under 12 draws."""
    scenarios = {"baseline": None, **{key: key for key in EVERY}}
    return {
        name: {Key(draw, 1): compared(key, k, draw) for draw in range(1, 13)}
        for k, (name, key) in enumerate(scenarios.items())
    }
