"""Does the model show the known patterns? Every target, its band, what the runs give, and whether the target is met.

Most targets compare the median over draws and seeds with the band. Rules for the ensemble compare a share of draws.
Nothing here tunes the model. A missed target is shown as missed. A target about which the model says nothing is
shown as "not in the model".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.comparison.worlds import NO_VERDICT, too_coarse
from sim.engine.errors import InputError
from sim.languages import day, mark, tr
from sim.parameters import one_signed
from sim.validation.targets import FORECASTS, TARGETS, Target, forecast_error

if TYPE_CHECKING:
    import pandas as pd

    from sim.batches.batch import Batch
    from sim.scenario import Scenario

COLUMNS = ("target", "pattern", "unit", "low", "high", "median", "p5", "p95", "runs", "verdict", "source", "note")


# --- the scenarios to run ---------------------------------------------------------------------------------


def scenarios(baseline: Scenario, historical: Scenario) -> list[Scenario]:
    """The scenarios to run: the baseline first, history with one more year, and one for each effect to test.

    Parameters
    ----------
    baseline : Scenario
        The scenario that the others are compared with, from 2012 to the end of 2018.
    historical : Scenario
        Every measure at its real date. It runs to the end of 2019.

    Raises
    ------
    InputError
        If one of the two does not cover the years of the targets.
    """
    for scenario in (baseline, historical):
        if scenario.start > NEEDED[0] or scenario.end < NEEDED[1]:
            raise InputError(
                tr(
                    "{name} runs from {start} to {end}; the targets need {first} to {last}",
                    name=scenario.name,
                    start=day(scenario.start),
                    end=day(scenario.end),
                    first=day(NEEDED[0]),
                    last=day(NEEDED[1]),
                )
            )
    short = {"name": "history", "end": date(2019, 12, 30)}
    everything = {f"measures.{key}": True for key in _all_measures()}
    tried: dict[str, dict[str, Any]] = {
        "clips": {"measures.mali_kuma_kan": {"start": "2016-01-04", "end": "2017-01-02"}},
        "drama": {"measures.radio_drama": {"start": "2016-01-04", **FOLLOWED_BY_ALL}},
        "policing": {"measures.community_policing": {"start": "2017-01-02", "reform": False}},
        "jobs": {"measures.economic_growth": {**JOBS, "mode": "training_and_capital"}},
        "training_only": {"measures.economic_growth": {**JOBS, "mode": "training"}},
        "cash": {"measures.economic_growth": {**JOBS, "mode": "cash"}},
        "sites": {"measures.bamako_plan": True},
        "dispatch": {"measures.intervention_protocol": True, "measures.operations_centre": True},
        "pole": {"measures.judicial_pole": {"start": "2017-01-02", **ROOM_FOR_ALL}},
        "raids": {"forces.army.patrol_share": RAIDS},
        "everything": everything,
    }
    return [
        baseline.replaced({"name": "baseline"}),
        historical.replaced(short),
        *(baseline.replaced({"name": name, **changes}) for name, changes in tried.items()),
    ]


NEEDED = (date(2012, 1, 2), date(2018, 12, 31))
"""The period that the two scenarios must cover."""
JOBS: dict[str, Any] = {"start": "2017-01-02", "places_per_year": 300_000_000}
"""Enough places for every youth within weeks: the target is the effect on those who take a place, not a budget."""
FOLLOWED_BY_ALL: dict[str, Any] = {"listeners": 1.0}
"""A drama that every user of a radio follows: the target is the effect on those who follow it, not its reach."""
ROOM_FOR_ALL: dict[str, Any] = {"cases_per_year": 100_000, "judges": 5_000}
"""A pole that takes every case: the target is the pace at which it sends cases on, not its size."""
RAIDS = 0.7
"""Share of weeks that army units spend on search, instead of 0.3: raids without control of abuses."""


def _all_measures() -> list[str]:
    from sim.measures import MEASURES

    return list(MEASURES)


# --- the table ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Validation:
    """The results of a validation.

    Attributes
    ----------
    table : DataFrame
        One row per target: the band, the median and 5 to 95 % over draws and seeds, and the verdict.
    forecasts : DataFrame
        Mean absolute error of attacks by region and year, of the model and of naive forecasts.
    draws, seeds : int
        The number of draws of parameters (0: central values only), and of seeds for each draw.
    about : dict
        The versions of the software that made the runs.
    """

    table: pd.DataFrame
    forecasts: pd.DataFrame
    draws: int
    seeds: int
    about: dict[str, Any]

    @property
    def missed(self) -> pd.DataFrame:
        """The targets that were missed."""
        return self.table[self.table.verdict == "missed"]


def validate(batch: Batch) -> Validation:
    """Compare the runs of `scenarios` with every target.

    Parameters
    ----------
    batch : Batch
        Runs of the scenarios that `scenarios` returns, under the same draws and seeds. A draw and seed that is not
        finished in all of them is left out.
    """
    import pandas as pd

    keys = [key for key in batch.records["baseline"] if all(key in runs for runs in batch.records.values())]
    asked = [target for target in TARGETS if target.value is not None]
    found = np.full((len(asked), len(keys)), np.nan)
    errors = np.full((len(FORECASTS), len(keys)), np.nan)
    about: dict[str, Any] = {}
    coarse = ""
    for k, key in enumerate(keys):
        records = {name: runs[key] for name, runs in batch.records.items()}
        for row, target in enumerate(asked):
            assert target.value is not None
            found[row, k] = target.value(records)
        errors[:, k] = [forecast_error(name)(records) for name in FORECASTS]  # type: ignore[arg-type]
        about = about or {"versions": records["baseline"].about["versions"]}
        coarse = coarse or too_coarse(records["baseline"].about)
    values = {id(target): row for target, row in zip(asked, found, strict=True)}
    rows = [_row(target, values.get(id(target))) for target in TARGETS]
    for judged in rows if coarse else ():
        if judged["verdict"] in ("met", "missed"):
            judged["verdict"] = NO_VERDICT
    middle, low, high = np.nanpercentile(errors, [50, 5, 95], axis=1)
    forecasts = pd.DataFrame({"forecast": FORECASTS, "median": middle, "p5": low, "p95": high})
    rows.append(_signs_row())
    draws = len(batch.draws) if batch.draws != (0,) else 0
    return Validation(pd.DataFrame(rows, columns=list(COLUMNS)), forecasts, draws, len(batch.seeds), about)


def _row(target: Target, values: NDArray[np.float64] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "target": target.key, "pattern": target.pattern, "unit": target.unit, "low": target.low, "high": target.high,
        "source": target.source, "note": target.note, "median": np.nan, "p5": np.nan, "p95": np.nan, "runs": 0,
        "verdict": "not in the model",
    }  # fmt: skip
    if values is None:
        return row
    known = values[np.isfinite(values)]
    row.update(runs=known.size, verdict="no runs")
    if known.size:
        middle = float(known.mean() if target.how == "share" else np.median(known))
        row.update(median=middle, verdict="met" if target.low <= middle <= target.high else "missed")
        if target.how == "median":
            row["p5"], row["p95"] = np.percentile(known, [5, 95])
    return row


def _signs_row() -> dict[str, Any]:
    """The rule that an effect may have a prior of one sign only if the evidence justifies it."""
    wrong = one_signed()
    note = f"one-signed: {', '.join(wrong)}" if wrong else mark("checked in the table of parameters")
    target = Target("E", mark("effects whose prior has one sign without evidence for it"), mark("parameters"), 0, 0,
                    "rule of the ensemble", note=note)  # fmt: skip
    return {**_row(target, np.array([float(len(wrong))])), "runs": 0}
