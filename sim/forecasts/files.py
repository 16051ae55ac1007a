"""The files of a forecast, in the long format of the VIEWS prediction challenge: month_id, unit, draw, outcome.

A folder holds, for each version (raw, corrected, mixed)::

    monthly_raw.parquet     month_id, region_id, draw, outcome
    yearly_raw.parquet      year, region_id, draw, outcome
    past.csv                recorded and simulated attacks of past years, from which the correction comes
    forecast.json           what was run, with the digest of all numbers and of every file
    digests.sha256          the digests of the files, for `sha256sum --check digests.sha256`

month_id 1 is January 1980; region_id 1 to 9 are the regions in the order of `forecast.json`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.errors import InputError
from sim.engine.kept import digest_of, parquet, sealed, unsealed
from sim.forecasts.counts import Counts, month_id, regions
from sim.forecasts.ensemble import FIRST_YEAR, UNITS, VERSIONS, Forecast
from sim.forecasts.naive import Unit
from sim.languages import tr

if TYPE_CHECKING:
    import pandas as pd

FACTS, DIGESTS, PAST = "forecast.json", "digests.sha256", "past.csv"
TIME: dict[Unit, str] = {"month": "month_id", "year": "year"}
REGION, DRAW, OUTCOME = "region_id", "draw", "outcome"


def file_name(version: str, unit: Unit) -> str:
    """The file of a version by month or by year."""
    return f"{unit}ly_{version}.parquet"


def digest(forecast: Forecast) -> str:
    """SHA-256 of all draws: equal digests, equal forecasts, whatever library wrote the files."""
    sha = hashlib.sha256(f"{forecast.origin} {forecast.until}".encode())
    for version in VERSIONS:
        for unit in UNITS:
            draws = forecast.draws[version][unit]
            sha.update(f"{version} {unit} {draws.shape}".encode())
            sha.update(np.ascontiguousarray(draws, "<i8").data)
    return sha.hexdigest()


def frame(forecast: Forecast, version: str, unit: Unit) -> pd.DataFrame:
    """A version as a long table, which VIEWS calls a sample submission."""
    import pandas as pd

    draws = np.asarray(forecast.draws[version][unit], np.int64)
    many, periods, places = draws.shape
    first = month_id(forecast.origin + 1, 1) if unit == "month" else forecast.origin + 1
    return pd.DataFrame(
        {
            TIME[unit]: np.repeat(first + np.arange(periods), places * many),
            REGION: np.tile(np.repeat(np.arange(1, places + 1), many), periods),
            DRAW: np.tile(np.arange(many), periods * places),
            OUTCOME: draws.transpose(1, 2, 0).reshape(-1),
        }
    )


def write(forecast: Forecast, recorded: Counts, ensemble: Sequence[Counts], folder: Path) -> str:
    """Write all files of a forecast and give its digest. The digests are written last: with them it is whole.

    Raises
    ------
    InputError
        If the folder holds another forecast.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    ours = digest(forecast)
    if (folder / FACTS).exists() and read_facts(folder)["digest"] != ours:
        raise InputError(tr("{folder} holds another forecast; name another folder with --out", folder=folder))
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, str] = {}
    for version in VERSIONS:
        for unit in UNITS:
            table = pa.Table.from_pandas(frame(forecast, version, unit), preserve_index=False)
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
            written[file_name(version, unit)] = _whole(folder / file_name(version, unit), sink.getvalue().to_pybytes())
    written[PAST] = _whole(folder / PAST, past(forecast, recorded, ensemble).encode())
    facts = {
        "digest": ours,
        "origin": f"{forecast.origin}-12-31",
        "until": f"{forecast.until}-12-31",
        "regions": dict(enumerate(regions(), 1)),
        "factors": dict(zip(regions(), [round(float(f), 6) for f in forecast.factors], strict=True)),
        "file_digests": written,
        **forecast.about,
    }
    written[FACTS] = _whole(folder / FACTS, sealed(facts).encode())
    lines = [f"{sha}  {name}" for name, sha in sorted(written.items())]
    _whole(folder / DIGESTS, ("\n".join(lines) + "\n").encode())
    return ours


def past(forecast: Forecast, recorded: Counts, ensemble: Sequence[Counts]) -> str:
    """Past years by region, as CSV: attacks that were recorded, and their mean over the worlds."""
    lines = ["year,region,recorded,ensemble_mean"]
    for year in recorded.until(forecast.origin).years:
        if year >= FIRST_YEAR:
            mean = np.mean([counts.year(year) for counts in ensemble], axis=0)
            seen = recorded.year(year)
            lines += [f"{year},{name},{seen[k]},{mean[k]:.4f}" for k, name in enumerate(regions())]
    return "\n".join(lines) + "\n"


def read_facts(folder: str | Path) -> dict[str, Any]:
    """What a forecast was made with.

    Raises
    ------
    InputError
        If the folder holds no forecast.
    """
    try:
        facts = unsealed((Path(folder) / FACTS).read_bytes())
        return {**facts, "digest": str(facts["digest"]), "origin": str(facts["origin"]), "until": str(facts["until"])}
    except (OSError, ValueError, KeyError) as problem:
        raise _unreadable(folder, problem) from None


def read(folder: str | Path) -> Forecast:
    """Read a forecast. Its numbers are checked against the digest that was written before any score.

    Raises
    ------
    InputError
        If there is none, or it was changed.
    """
    folder, facts = Path(folder), read_facts(folder)
    try:
        origin, until = (int(facts[key][:4]) for key in ("origin", "until"))
        draws: dict[str, dict[Unit, Any]] = {version: {} for version in VERSIONS}
        for version in VERSIONS:
            for unit in UNITS:
                table = parquet(folder / file_name(version, unit)).read()
                many = int(table[DRAW].to_numpy().max()) + 1
                periods = (until - origin) * (12 if unit == "month" else 1)
                values = table[OUTCOME].to_numpy().reshape(periods, -1, many)
                draws[version][unit] = np.ascontiguousarray(values.transpose(2, 0, 1))
        factors = np.array([float(facts["factors"][name]) for name in regions()])
    except Exception as problem:  # damaged files make libraries raise anything
        raise _unreadable(folder, problem) from None
    forecast = Forecast(origin, until, draws, factors, facts)
    if digest(forecast) != facts["digest"]:
        raise InputError(
            tr("{folder}: the numbers do not match the digest in {facts}; the forecast was changed",
               folder=folder, facts=FACTS)
        )  # fmt: skip
    return forecast


def _unreadable(folder: str | Path, problem: Exception) -> InputError:
    return InputError(tr("{folder} holds no forecast that can be read ({problem})", folder=folder, problem=problem))


def _whole(file: Path, data: bytes) -> str:
    """Write a file whole or not at all; gives its digest."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.write_bytes(data)
    os.replace(part, file)
    return digest_of(data)
