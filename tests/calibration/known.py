"""A model whose posterior is known: targets are straight in the normal scores of four parameters, with normal luck."""

from datetime import date

import numpy as np

from sim.calibration.archive import Archive
from sim.calibration.fit import Fit, Settings
from sim.calibration.points import Space, point_id
from sim.calibration.summaries import Layout, Summary
from sim.calibration.targets import Row, covariance
from sim.scenario import Scenario

UNTIL = date(2014, 12, 31)
REGIONS = ("Mopti", "Gao", "Kidal")
SPACE = Space(("h0", "attack_rate", "detection", "raid_rate"))
LAYOUT = Layout(("attacks", "killed"), (2013, 2014), ("2013-01",), REGIONS)
SLOPES = np.array([
    [1.5, 0.0, 0.0, 0.0], [0.8, 1.0, 0.0, 0.0], [0.0, 1.2, 0.0, 0.0], [0.0, 0.5, 1.0, 0.0],
    [0.3, 0.0, 0.9, 0.0], [0.0, 0.0, 0.7, 0.0],
])  # fmt: skip
"""Targets x parameters; the last parameter moves nothing, so the record says nothing about it."""
LUCK = 0.5
SCENARIO = Scenario.of({"name": "known", "end": "2012-02-06", "persons_per_youth": 10_000})
calls = []


def rows(record):
    """The targets with these values: attacks by region and year, as they are."""
    found = []
    for k, value in enumerate(record):
        region, year = REGIONS[k % 3], 2013 + k // 3
        found.append(Row(f"attacks_{region}_{year}", f"attacks in {region} in {year}", "attacks", "", (region,), year,
                         year, "share", float(value), 0.3, 0.2, 0.3, f"attacks {region}", 1.0, True, "made up",
                         ""))  # fmt: skip
    return found


def made(job):
    """One run of the model; its luck depends on its point and seed alone."""
    calls.append((point_id(job.values), job.seed))
    z = SPACE.scores(np.array([job.values]))[0]
    luck = np.random.default_rng([int(point_id(job.values), 16), job.seed]).standard_normal(len(SLOPES))
    yearly = np.zeros((2, 3, 2), np.float32)
    yearly[:, :, 0] = (SLOPES @ z + LUCK * luck).reshape(2, 3)
    return LAYOUT, Summary(yearly, np.zeros((1, 3), np.float32), f"{job.seed:016d}"), ""


def fit(folder, record, **sizes):
    """A fit of the model to a record."""
    settings = Settings(UNTIL, **{"points": 64, "waves": 2, "per_wave": 24, "finalists": 320, "seeds": 4,
                                  "worlds": 300, **sizes})  # fmt: skip
    archive = Archive.at(folder, SPACE, {"sources": "known", "scenario": "known"})
    return Fit(archive, settings, rows(record), folder / f"fit_{UNTIL}")


def posterior(record):
    """Mean and covariance of the normal scores, as they must be."""
    spread = covariance(rows(record)) + LUCK**2 * np.eye(len(record))
    precision = np.linalg.inv(spread)
    found = np.linalg.inv(np.eye(len(SPACE)) + SLOPES.T @ precision @ SLOPES)
    return found @ SLOPES.T @ precision @ np.array(record), found


def quiet(what, done, total):
    """Says nothing."""
