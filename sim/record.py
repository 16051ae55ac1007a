"""The record of a run: week x region x observable, with all that is needed to make it again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


FLOWS = (
    # What happened this week, by cell: name, unit, meaning. Summed over cells they are observables.
    ("joined", "persons", "youths who joined an armed group"),
    ("joined_ties", "persons", "of them, reached through a friend or relative"),
    ("joined_kin", "persons", "of them, reached through a relative"),
    ("joined_month", "persons", "of them, within a month of the first contact"),
    ("joined_year", "persons", "of them, within a year of the first contact"),
    ("joined_abused", "persons", "of them, after an abuse of self or kin in the last twelve months"),
    ("joined_revenge", "persons", "joined mainly after an abuse of self or kin"),
    ("joined_income", "persons", "joined mainly for want of a livelihood"),
    ("joined_ideology", "persons", "joined mainly out of support for the narrative"),
    ("joined_protection", "persons", "joined mainly for protection where nobody else gives it"),
    ("joined_company", "persons", "joined mainly to be with friends and kin"),
    ("approached", "persons", "approached by a recruiter"),
    ("arrests", "persons", "members arrested"),
    ("wrongful_arrests", "persons", "people arrested who are no members"),
    ("killed", "persons", "members killed"),
    ("convicted", "persons", "detained members convicted"),
    ("dismissed", "persons", "detained members whose case was dismissed"),
    ("cleared", "persons", "people cleared who had been held without being members"),
    ("returned", "persons", "members who left alive: gave up, were amnestied, released, or aged out"),
    ("attacks", "attacks", "attacks by armed groups"),
    ("attacks_forces", "attacks", "of them, on security forces"),
    ("attacks_officials", "attacks", "of them, on officials and services"),
    ("attacks_civilians", "attacks", "of them, on civilians"),
    ("attacks_sites", "attacks", "of them, on high-value sites away from the groups' bases"),
    ("attacks_displaced", "attacks", "of those on sites, moved here from a site that was hardened"),
    ("trapped", "persons", "people trapped in attacks on sites"),
    ("deaths_sites", "persons", "civilians killed in attacks on sites"),
    ("clashes", "clashes", "clashes between communities"),
    ("deaths_communal", "persons", "civilians killed in clashes between communities"),
    ("deaths_civilian", "persons", "civilians killed, by armed groups, by forces or in clashes of communities"),
    ("deaths_by_forces", "persons", "of them, by security forces"),
    ("deaths_security", "persons", "members of the security forces killed"),
    ("abuses", "events", "abuses of civilians by security forces"),
    ("imams_silenced", "imams", "imams threatened so that they fall silent or leave"),
    ("crossings", "persons", "members who crossed into a neighbour's sanctuary"),
    ("intercepted", "persons", "members stopped on the way across"),
    ("crossings_displaced", "persons", "of them, who went to another place at the border"),
    ("patrols", "units", "units out on patrol"),
    ("reached_clips", "person-weeks", "youths who saw at least one campaign clip this week"),
    ("reached_sermons", "person-weeks", "youths who heard an imam's outreach against violence this week"),
    ("backfired", "person-weeks", "of those who saw a clip, youths whom it moves towards violence"),
)
FLOW = {name: k for k, (name, _, _) in enumerate(FLOWS)}

SEEN = ("attacks", "attacks_forces", "attacks_officials", "attacks_civilians", "attacks_sites", "clashes",
        "deaths_civilian", "deaths_security", "arrests", "killed", "imams_silenced", "insecurity", "state_presence",
        "imams_displaced")  # fmt: skip
"""Observables that a planner learns of, with some delay. Nobody counts members, joiners or attitudes as they are."""


@dataclass(frozen=True, slots=True)
class Observable:
    """What one column of a record is: its name, its unit, and how regions add up ("sum", "people", "youths")."""

    name: str
    unit: str
    how: str
    meaning: str


@dataclass(eq=False)
class Record:
    """What one run gave.

    Attributes
    ----------
    values : np.ndarray
        float64, weeks x regions x observables.
    observables : tuple of Observable
        What the last axis holds.
    regions : tuple of str
        What the middle axis holds.
    dates : tuple of date
        First day of each week.
    weights : dict of str to np.ndarray
        People and youths of each region, for means over regions.
    cells : dict of str to np.ndarray
        By cell of the grid, over the whole run: see `sim.processes.record`.
    about : dict
        Scenario as run, parameters, seeds, versions.
    """

    values: np.ndarray
    observables: tuple[Observable, ...]
    regions: tuple[str, ...]
    dates: tuple[date, ...]
    weights: dict[str, np.ndarray]
    cells: dict[str, np.ndarray]
    about: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        """Weeks x regions of one observable."""
        return self.values[:, :, self.names.index(name)]

    @cached_property
    def names(self) -> list[str]:
        """Names of the observables."""
        return [o.name for o in self.observables]

    @property
    def digest(self) -> str:
        """SHA-256 of all numbers (and what they are called): equal digests, equal runs."""
        sha = hashlib.sha256(json.dumps([self.names, self.regions, [str(d) for d in self.dates]]).encode())
        sha.update(np.ascontiguousarray(self.values, dtype="<f8").data)
        for name in sorted(self.cells):
            sha.update(name.encode())
            sha.update(np.ascontiguousarray(self.cells[name], dtype="<f8").data)
        return sha.hexdigest()

    def frame(self) -> pd.DataFrame:
        """Tidy table: `week` (0, 1, ...), `date` (its first day), `region`, then a column per observable."""
        import pandas as pd

        weeks, regions, count = self.values.shape
        frame = pd.DataFrame(self.values.reshape(weeks * regions, count), columns=self.names)
        frame.insert(0, "region", np.tile(np.array(self.regions, object), weeks))
        frame.insert(0, "date", np.repeat(np.array(self.dates, "datetime64[s]"), regions))
        frame.insert(0, "week", np.repeat(np.arange(weeks), regions))
        return frame

    def national(self) -> pd.DataFrame:
        """The same for Mali as a whole: sums, or means weighted by people or youths."""
        import pandas as pd

        columns = {}
        for k, observable in enumerate(self.observables):
            values = self.values[:, :, k]
            if observable.how == "sum":
                columns[observable.name] = values.sum(axis=1)
            else:
                weights = self.weights[observable.how]
                columns[observable.name] = values @ weights / weights.sum()
        frame = pd.DataFrame(columns)
        frame.insert(0, "region", "Mali")
        frame.insert(0, "date", np.array(self.dates, "datetime64[s]"))
        frame.insert(0, "week", np.arange(len(self.dates)))
        return frame

    def plot(self, observable: str = "joined", regions: list[str] | None = None) -> Any:
        """The observable over time, by region: a matplotlib Figure."""
        from importlib import import_module  # views stand above this floor: fetched by name, when asked for

        series = import_module("sim.views.figures.series")
        return series.plot_series(
            {self.about.get("scenario", {}).get("name", "run"): [self]}, observable, regions=regions
        )

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write `record.parquet`, `cells.parquet` and `manifest.json` into `folder`, whole or not at all.

        Raises
        ------
        InputError
            If the folder is there already and `overwrite` is false.
        """
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder = Path(folder)
        if folder.exists() and not overwrite:
            raise InputError(f"{folder} is there already; give another folder or allow overwriting")
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            units = {o.name: {b"unit": o.unit.encode(), b"how": o.how.encode(), b"meaning": o.meaning.encode()}
                     for o in self.observables}  # fmt: skip
            table = pa.Table.from_pandas(self.frame(), preserve_index=False)
            schema = pa.schema([f.with_metadata(units.get(f.name)) for f in table.schema])
            pq.write_table(table.cast(schema), making / "record.parquet", compression="zstd")
            pq.write_table(pa.Table.from_pandas(pd.DataFrame(self.cells), preserve_index=False),
                           making / "cells.parquet", compression="zstd")  # fmt: skip
            manifest = {
                "digest": self.digest,
                "weights": {name: values.tolist() for name, values in self.weights.items()},
                **self.about,
            }
            (making / "manifest.json").write_text(
                json.dumps(manifest, indent=1, ensure_ascii=False, default=str) + "\n"
            )
            making.chmod(0o755)
            if folder.exists():
                shutil.rmtree(folder)
            os.replace(making, folder)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
        return folder

    @classmethod
    def load(cls, folder: str | Path) -> Record:
        """Read a run folder back; the numbers are checked against the digest in its manifest.

        Raises
        ------
        InputError
            If the folder holds no record, or the record was changed.
        """
        import pyarrow.parquet as pq

        folder = Path(folder)
        try:
            manifest = json.loads((folder / "manifest.json").read_text())
            table = pq.read_table(folder / "record.parquet")
            cells = pq.read_table(folder / "cells.parquet")
        except (OSError, ValueError) as problem:
            raise InputError(f"{folder} holds no run that can be read ({problem})") from None
        regions = tuple(dict.fromkeys(table["region"].to_pylist()))
        dates = tuple(dict.fromkeys(d.date() for d in table["date"].to_pylist()))
        observables = []
        for f in table.schema:
            if f.name not in ("week", "date", "region"):
                facts = {key.decode(): value.decode() for key, value in (f.metadata or {}).items()}
                observables.append(Observable(f.name, facts["unit"], facts["how"], facts["meaning"]))
        columns = [table[o.name].to_numpy() for o in observables]
        record = cls(
            values=np.stack(columns, axis=-1).reshape(len(dates), len(regions), len(columns)),
            observables=tuple(observables),
            regions=regions,
            dates=dates,
            weights={name: np.array(values) for name, values in manifest.pop("weights").items()},
            cells={name: cells[name].to_numpy() for name in cells.column_names},
        )
        digest = manifest.pop("digest")
        record.about = manifest
        if record.digest != digest:
            raise InputError(f"{folder}: the numbers do not match the digest in manifest.json; the record was changed")
        return record
