"""Records with made-up numbers of a plausible shape: figures are about drawing, not about the model."""

from datetime import date, timedelta

import numpy as np
import pytest

from sim.record import Observable, Record
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
