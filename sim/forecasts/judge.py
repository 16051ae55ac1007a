"""How good forecasts were: every score of every forecast, and by how much one beats another.

Windows of years:

rolled
    Each year from the end of the year before. A model's forecasts are made anew for each, with worlds fitted to what
    was known then.
fixed
    All years that one forecast covers, from the end of the year before the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.luck import decision, lucks, seed_key
from sim.forecasts.counts import Counts, Ints, regions
from sim.forecasts.ensemble import UNITS, VERSIONS, Forecast, best_naive, scaled, seen_in
from sim.forecasts.naive import DRAWS, NAIVE, Floats, Unit, naive
from sim.forecasts.scores import PIT_BINS, SCORES, brier, pit, quarters

if TYPE_CHECKING:
    import pandas as pd

CHOSEN = "best naive before"
"""The naive forecast that was best on the years before each origin: the one to beat, as nobody knows a better one
beforehand."""
MODELS = tuple(f"model, {version}" for version in VERSIONS)
RESAMPLES = 4000
LAST_ROLLED = 3  # years that are scored where no forecast says which
_RESAMPLE = decision("a resample of regions takes a region")
_SEED = 1


@dataclass(frozen=True)
class Part:
    """One forecast of one year: who is judged from which origin."""

    origin: int
    year: int
    forecast: Forecast | None = None


@dataclass(frozen=True, eq=False)
class Judged:
    """The results of scoring.

    Attributes
    ----------
    scores : DataFrame
        A row for each window, unit and forecast, with the mean of every score.
    against : DataFrame
        For each window, unit and two forecasts: the difference of their mean CRPS, its 90 % interval over resamples of
        regions, and the share of resamples in which the first is better.
    cases : DataFrame
        CRPS by window, unit, forecast, year and region.
    chosen : dict
        The naive forecast that was chosen at each origin, by unit.
    rate : float
        By what the model's forecasts were multiplied, because the source of the record counts more or less than GTD.
    """

    scores: pd.DataFrame
    against: pd.DataFrame
    cases: pd.DataFrame
    chosen: dict[tuple[int, Unit], str]
    rate: float = 1.0


def windows(counts: Counts, forecasts: Sequence[Forecast]) -> dict[str, list[Part]]:
    """The years that can be scored, from the origins of the forecasts given, or else of naive ones."""
    known = set(counts.years)
    found: dict[str, list[Part]] = {}
    rolled = {f.origin + 1: Part(f.origin, f.origin + 1, f) for f in forecasts if f.origin + 1 in known}
    if not forecasts:
        last = sorted(known)[-LAST_ROLLED:]
        rolled = {year: Part(year - 1, year) for year in last if year - 1 in known}
    if rolled:
        found[_name("rolled", sorted(rolled))] = [rolled[year] for year in sorted(rolled)]
    for f in forecasts:
        years = [year for year in f.years if year in known]
        if len(years) > 1:
            found[_name(f"fixed, from {f.origin}", years)] = [Part(f.origin, year, f) for year in years]
    if not forecasts and len(rolled) > 1:
        first, *rest = sorted(rolled)[1:] if len(rolled) > 2 else sorted(rolled)
        years = [first, *rest]
        found[_name(f"fixed, from {first - 1}", years)] = [Part(first - 1, year) for year in years]
    return found


def _name(how: str, years: Sequence[int]) -> str:
    return f"{how}: {years[0]}" if len(years) == 1 else f"{how}: {years[0]}-{years[-1]}"


def judge(counts: Counts, forecasts: Sequence[Forecast] = (), rate: float = 1.0) -> Judged:
    """Score forecasts, and all naive ones from the same origins, on what was recorded.

    Parameters
    ----------
    counts : Counts
        The record: past years, for the naive forecasts, and the years that are scored.
    forecasts : sequence of Forecast
        Forecasts of the model; without any, only naive ones are scored.
    rate : float
        How many attacks the source of the record counts for one that GTD counts.
    """
    import pandas as pd

    rows, against, cases = [], [], []
    chosen: dict[tuple[int, Unit], str] = {}
    for window, parts in windows(counts, forecasts).items():
        for unit in UNITS:
            marks: dict[str, dict[str, Floats]] = {}
            for part in parts:
                chosen[part.origin, unit] = best_naive(counts, part.origin, unit)
            for name in (*(MODELS if parts[0].forecast is not None else ()), CHOSEN, *NAIVE):
                marks[name], histogram = _marks(name, parts, counts, unit, rate)
                row = {"window": window, "unit": unit, "forecast": name, "cases": marks[name]["crps"].size}
                row |= {score: float(values.mean()) for score, values in marks[name].items()}
                rows.append({**row, **{f"pit_{k + 1}": share for k, share in enumerate(histogram)}})
                cases += _cases(window, unit, name, parts, marks[name]["crps"])
            against += _against(window, unit, {name: values["crps"] for name, values in marks.items()})
    return Judged(pd.DataFrame(rows), pd.DataFrame(against), pd.DataFrame(cases), chosen, rate)


def draws_of(name: str, part: Part, counts: Counts, unit: Unit, rate: float = 1.0) -> Ints | Floats:
    """The draws of a forecast for one year: draws x periods of the year x regions."""
    if name in MODELS:
        assert part.forecast is not None
        draws = part.forecast.of(name.removeprefix("model, "), unit, part.year)
        return draws if rate == 1.0 else scaled(draws, np.full(draws.shape[2], rate), part.year)
    size = 12 if unit == "month" else 1
    ahead = (part.year - part.origin) * size
    which = best_naive(counts, part.origin, unit) if name == CHOSEN else name
    return naive(which, counts, part.origin, unit, ahead, DRAWS)[:, -size:]


def _marks(
    name: str, parts: Sequence[Part], counts: Counts, unit: Unit, rate: float
) -> tuple[dict[str, Floats], Floats]:
    """Every score by period and region, and the histogram of the probability integral transform."""
    found: dict[str, list[Floats]] = {}
    histogram = np.zeros(PIT_BINS)
    for part in parts:
        draws, seen = draws_of(name, part, counts, unit, rate), seen_in(counts, part.year, unit)
        flat, flat_seen = draws.reshape(len(draws), -1), seen.reshape(-1)
        for score, of in SCORES.items():
            found.setdefault(score, []).append(of(flat, flat_seen).reshape(seen.shape))
        if unit == "month":
            by_quarter, happened = quarters(draws), quarters(seen)
            marks = brier(by_quarter.reshape(len(draws), -1), happened.reshape(-1))
            found.setdefault("brier", []).append(marks.reshape(happened.shape))
        histogram += pit(flat, flat_seen) / len(parts)
    return {score: np.concatenate(values) for score, values in found.items()}, histogram


def _cases(window: str, unit: Unit, name: str, parts: Sequence[Part], values: Floats) -> list[dict[str, Any]]:
    by_year = values.reshape(len(parts), -1, values.shape[1]).mean(axis=1)
    return [
        {"window": window, "unit": unit, "forecast": name, "year": part.year, "region": region, "crps": by_year[k, r]}
        for k, part in enumerate(parts)
        for r, region in enumerate(regions())
    ]


def _against(window: str, unit: Unit, crps: Mapping[str, Floats]) -> list[dict[str, Any]]:
    """Every forecast of the model (or else each naive one) against every naive one."""
    ours = [name for name in MODELS if name in crps] or list(NAIVE)
    rows = []
    for name in ours:
        for other in (CHOSEN, *(NAIVE if name in MODELS else ())):
            rows.append({"window": window, "unit": unit, "forecast": name, "against": other,
                         **compared(crps[name], crps[other])})  # fmt: skip
    return rows


def compared(ours: Floats, theirs: Floats) -> dict[str, float]:
    """By how much the mean of one score is lower than another, by a block bootstrap over regions.

    A region is drawn with all its periods, because neighbouring years of a region are not independent.

    Parameters
    ----------
    ours, theirs : array
        Periods x regions.

    Returns
    -------
    dict
        `difference`, its `low` and `high` (5 and 95 % of the resamples), and `better`: the share of resamples in which
        ours is lower; ties count half.
    """
    difference = (ours - theirs).mean(axis=0)
    places = len(difference)
    means = difference[resamples(places)].mean(axis=1)
    better = float((means < 0.0).mean() + 0.5 * (means == 0.0).mean())
    low, high = np.quantile(means, [0.05, 0.95])
    return {"difference": float(difference.mean()), "low": float(low), "high": float(high), "better": better}


def resamples(places: int) -> Ints:
    """Resamples x places: which regions each resample takes, with keyed luck."""
    agents = np.arange(RESAMPLES, dtype=np.uint32)
    taken = [lucks(_RESAMPLE, seed_key(_SEED), np.uint32(k), agents, np.uint32(0)) for k in range(places)]
    return (np.stack(taken, axis=1) * places).astype(np.int64)
