"""The record of a run: a number for each week, region and observable, and all that is needed to repeat the run.

>>> observables = (Observable("joined", "persons", "sum", "youths who joined an armed group"),)
>>> weeks = (date(2012, 1, 2), date(2012, 1, 9))
>>> record = Record(np.array([[[3.0]], [[4.0]]]), observables, ("Mopti",), weeks, {}, {})
>>> record
<Record: 2 weeks from 2012-01-02, 1 region, 1 observable>
>>> float(record["joined"].sum())
7.0
>>> record["jioned"]
Traceback (most recent call last):
sim.engine.errors.InputError: there is no observable 'jioned'; did you mean 'joined'?
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.cards import card
from sim.engine.checks import kind_of
from sim.engine.errors import InputError, nearest
from sim.engine.kept import digest_of, parquet, sealed, unsealed
from sim.languages import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import xarray
    from matplotlib.figure import Figure

TABLES = ("record.parquet", "cells.parquet")
"""The tables of a run folder."""
FLOWS = (
    # What happened in a week, by cell: name, unit, meaning. Summed over the cells of a region they are observables.
    ("joined", "persons", "youths who joined an armed group"),
    ("joined_ties", "persons", "youths who joined after contact through a friend or relative"),
    ("joined_kin", "persons", "youths who joined after contact through a relative"),
    ("joined_month", "persons", "youths who joined within a month of the first contact"),
    ("joined_year", "persons", "youths who joined within a year of the first contact"),
    ("joined_abused", "persons", "youths who joined within twelve months of an abuse of themselves or their kin"),
    (
        "joined_revenge",
        "persons",
        "youths who joined mainly because of an abuse of themselves or their kin, or a grievance",
    ),
    ("joined_income", "persons", "youths who joined mainly because they had no livelihood"),
    ("joined_ideology", "persons", "youths who joined mainly because they support the violent narrative"),
    ("joined_protection", "persons", "youths who joined mainly for protection that nobody else gives"),
    ("joined_company", "persons", "youths who joined mainly to be with friends and kin"),
    ("approached", "persons", "youths approached by a recruiter"),
    ("arrests", "persons", "members arrested"),
    ("wrongful_arrests", "persons", "people arrested who are not members"),
    ("killed", "persons", "members killed"),
    ("convicted", "persons", "detained members convicted"),
    ("dismissed", "persons", "detained members whose case was dismissed"),
    ("cleared", "persons", "people cleared who had been held without being members"),
    ("returned", "persons", "members who left alive: gave up, were amnestied, were released, or aged out"),
    ("attacks", "attacks", "attacks by armed groups"),
    ("attacks_forces", "attacks", "attacks on security forces"),
    ("attacks_officials", "attacks", "attacks on officials and services"),
    ("attacks_civilians", "attacks", "attacks on civilians"),
    ("attacks_sites", "attacks", "attacks on high-value sites away from the groups' bases"),
    ("attacks_displaced", "attacks", "attacks on sites that moved here from a protected site"),
    ("trapped", "persons", "people trapped in attacks on sites"),
    ("deaths_sites", "persons", "civilians killed in attacks on sites"),
    ("clashes", "clashes", "clashes between communities"),
    ("deaths_communal", "persons", "civilians killed in clashes between communities"),
    ("deaths_civilian", "persons", "civilians killed by armed groups, by security forces or in clashes"),
    ("deaths_by_forces", "persons", "civilians killed by security forces"),
    ("deaths_security", "persons", "members of the security forces killed"),
    ("abuses", "events", "abuses of civilians by security forces"),
    ("abuses_militias", "events", "abuses of civilians by the militias of communities"),
    ("imams_silenced", "imams", "imams who fell silent or left after a threat"),
    ("leaders_lost", "persons", "leaders of armed groups killed or arrested"),
    ("arrived", "persons", "fighters who came from abroad to join a group in Mali"),
    ("crossings", "persons", "members who crossed into a sanctuary in a neighbouring country"),
    ("intercepted", "persons", "members stopped at the border"),
    ("crossings_displaced", "persons", "members stopped at the border who went to another place along it"),
    ("patrols", "units", "security units on patrol, in complete units"),
    ("dispatched", "units", "of these, sent where attacks had just happened, in complete units"),
    ("answered", "attacks", "attacks that forces nearby could answer"),
    ("reached_clips", "person-weeks", "youths who saw at least one campaign clip in the week"),
    ("reached_drama", "person-weeks", "youths who followed a radio drama in the week"),
    ("reached_sermons", "person-weeks", "youths who heard an imam preach against violence in the week"),
    (
        "clips_calmed",
        "persons",
        "youths whom clips moved away from violence by more than clip_moved, each counted once",
    ),
    ("clips_stirred", "persons", "youths whom clips moved towards violence by more than clip_moved, each counted once"),
    ("clips_at_risk", "person-weeks", "strong supporters of the violent narrative who saw a clip in the week"),
    ("clips_risk_shift", "SD x person-weeks", "shift of these by clips, summed: over clips_at_risk, their mean shift"),
)
FLOW = {name: k for k, (name, _, _) in enumerate(FLOWS)}

SEEN = ("attacks", "attacks_forces", "attacks_officials", "attacks_civilians", "attacks_sites", "clashes",
        "deaths_civilian", "deaths_security", "arrests", "killed", "imams_silenced", "insecurity", "state_presence",
        "imams_displaced")  # fmt: skip
"""Observables that planners learn of, with a delay. Nobody can count members, recruits or attitudes as they are."""

HEADLINES = frozenset(("joined", "members", "attacks", "deaths_civilian", "abuses", "trust"))
"""Observables that a record shows in a notebook."""

SEEDS = {"Seed": "seed", "World seed": "world_seed", "Draw": "draw"}


@dataclass(frozen=True, slots=True)
class Observable:
    """A column of a record.

    Attributes
    ----------
    name, unit, meaning : str
    how : {"sum", "people", "youths"}
        How regions make up Mali: by their sum, or by a mean weighted by people or by youths.
    """

    name: str
    unit: str
    how: str
    meaning: str

    @property
    def counted(self) -> bool:
        """Whether it counts what happens in a week, and so adds up over weeks; else it is a state at the week's end."""
        return self.name in FLOW or self.name.startswith(("delivered_", "cost_"))

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes for labelled arrays, under our names and those that xarray writes at the axes of its plots."""
        mine = {"unit": self.unit, "how": self.how, "meaning": self.meaning}
        return {**mine, "units": self.unit, "long_name": self.meaning}


@dataclass(eq=False, repr=False)
class Record:
    """The result of one run.

    Attributes
    ----------
    values : np.ndarray
        float64, weeks x regions x observables.
    observables : tuple of Observable
        The last axis of `values`.
    regions : tuple of str
        The middle axis of `values`.
    dates : tuple of date
        First day of each week.
    weights : dict of str to np.ndarray
        People and youths of each region, the weights of means over regions.
    cells : dict of str to np.ndarray
        Totals and means over the whole run by cell of the grid: see `sim.processes.record`.
    about : dict
        The scenario as run, parameters, seeds and versions.
    """

    values: np.ndarray
    observables: tuple[Observable, ...]
    regions: tuple[str, ...]
    dates: tuple[date, ...]
    weights: dict[str, np.ndarray]
    cells: dict[str, np.ndarray]
    about: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        """One observable, weeks x regions.

        Raises
        ------
        InputError
            If there is no such observable.
        """
        if name not in self.names:
            raise InputError(
                tr("there is no observable {name}{nearest}", name=repr(name), nearest=nearest(name, self.names))
            )
        return self.values[:, :, self.names.index(name)]

    def __repr__(self) -> str:
        weeks, regions, observables = self.values.shape
        begin = f" from {self.dates[0]}" if weeks else ""
        sizes = f"{_many(weeks, 'week')}{begin}, {_many(regions, 'region')}, {_many(observables, 'observable')}"
        return f"<Record{self._of_run}: {sizes}>"

    def _repr_html_(self) -> str:
        begin, end = (self.dates[0], self.dates[-1] + timedelta(days=7)) if self.dates else ("", "")
        facts = {"Period": f"{begin} to {end} ({_many(len(self.dates), 'week')})",
                 **{words: self.about[key] for words, key in SEEDS.items() if key in self.about},
                 "Digest": self.digest[:16]}  # fmt: skip
        national = self.national()
        shown = [o for o in self.observables if o.name in HEADLINES] or self.observables[: len(HEADLINES)]
        rows = []
        for o in shown if self.dates else ():
            value = national[o.name].sum() if o.counted else national[o.name].iloc[-1]
            number = f"{value:,.0f}" if o.how == "sum" else f"{value:.3f}"
            rows.append((o.meaning, "whole run" if o.counted else "last week", number, o.unit))
        return card(f"Record{self._of_run}", facts, ("Mali", "over", "value", "unit"), rows)

    @property
    def _of_run(self) -> str:
        """Which run it is, for titles: " of 'baseline', seed 1"."""
        draw = f", draw {self.about['draw']}" if self.about.get("draw") else ""
        return f" of {self._scenario!r}, seed {self.about.get('seed')}{draw}" if self._scenario else ""

    @property
    def _scenario(self) -> str:
        """The name of the scenario, or an empty text."""
        return str(self.about.get("scenario", {}).get("name", ""))

    @cached_property
    def names(self) -> list[str]:
        """Names of the observables."""
        return [o.name for o in self.observables]

    @property
    def digest(self) -> str:
        """SHA-256 of all numbers and their names; two runs with the same digest are the same."""
        sha = hashlib.sha256(json.dumps([self.names, self.regions, [str(d) for d in self.dates]]).encode())
        sha.update(np.ascontiguousarray(self.values, dtype="<f8").data)
        for name in sorted(self.cells):
            sha.update(name.encode())
            sha.update(np.ascontiguousarray(self.cells[name], dtype="<f8").data)
        return sha.hexdigest()

    def frame(self) -> pd.DataFrame:
        """A tidy table: `week` (0, 1, ...), `date` (its first day), `region`, and a column for each observable."""
        import pandas as pd

        weeks, regions, count = self.values.shape
        frame = pd.DataFrame(self.values.reshape(weeks * regions, count), columns=self.names)
        frame.insert(0, "region", np.tile(np.array(self.regions, object), weeks))
        frame.insert(0, "date", np.repeat(np.array(self.dates, "datetime64[s]"), regions))
        frame.insert(0, "week", np.repeat(np.arange(weeks), regions))
        return frame

    def national(self) -> pd.DataFrame:
        """The same table for Mali as a whole: sums over regions, or means weighted by people or youths."""
        import pandas as pd

        columns = {}
        for k, observable in enumerate(self.observables):
            values = self.values[:, :, k]
            if observable.how == "sum":
                columns[observable.name] = values.sum(axis=1)
            else:
                weights = self.weights[observable.how]
                columns[observable.name] = (values * weights).sum(axis=1) / weights.sum()
        frame = pd.DataFrame(columns)
        frame.insert(0, "region", "Mali")
        frame.insert(0, "date", np.array(self.dates, "datetime64[s]"))
        frame.insert(0, "week", np.arange(len(self.dates)))
        return frame

    def to_xarray(self) -> xarray.Dataset:
        """A labelled array for each observable, over the dimensions `week` and `region`.

        Each array has its unit and meaning as attributes. The coordinates `people` and `youths` are the weights of
        regions: ``run["trust"].weighted(run["people"]).mean("region")``. The attributes of the dataset are texts and
        tell which run it is, so that `to_netcdf` and `to_zarr` can write all of it.
        """
        import xarray

        columns = np.moveaxis(self.values, 2, 0).copy()  # writing into the arrays leaves the record as it is
        arrays = {o.name: (("week", "region"), columns[k], o.attributes) for k, o in enumerate(self.observables)}
        weights = {
            name: ("region", values.copy(), {"unit": "persons", "meaning": f"{name} of the region"})
            for name, values in self.weights.items()
        }
        labels = {
            "week": ("week", np.arange(len(self.dates)), {"meaning": "weeks since the start of the run"}),
            "date": ("week", np.array(self.dates, "datetime64[ns]"), {"meaning": "first day of the week"}),
            "region": ("region", np.array(self.regions, object)),
        }
        versions = ", ".join(f"{name} {number}" for name, number in self.about.get("versions", {}).items())
        return xarray.Dataset(
            arrays,
            {**labels, **weights},
            {
                "scenario": self._scenario,
                "settings": json.dumps(self.about.get("scenario", {}), ensure_ascii=False, default=str),
                **{key: str(self.about.get(key, "")) for key in SEEDS.values()},
                "versions": versions,
                "digest": self.digest,
            },
        )

    def plot(self, observable: str = "joined", regions: str | Sequence[str] | None = None) -> Figure:
        """An observable over time, with a panel for each region.

        Raises
        ------
        InputError
            If there is no such observable or region.
        """
        from importlib import import_module  # views stand above this floor, so they are fetched by name when needed

        views = import_module("sim.views")
        return views.plot_series({self._scenario or "run": [self]}, observable, regions=regions)

    def map(self, observable: str = "joined_per_100k", *, scale: str = "auto") -> Figure:
        """A map of the whole run: of a quantity that is known by cell, or of an observable by region.

        Parameters
        ----------
        observable : str
            A quantity of `sim.views.map_record` (by cell and by region), or else an observable: counts are summed over
            the run, states are means over its weeks.
        scale : {"auto", "even", "log", "quantile"}
            The classes of colour, as for `sim.views.map_cells`.

        Raises
        ------
        InputError
            If there is nothing of that name to map, or no such scale.
        """
        from importlib import import_module

        views = import_module("sim.views")
        maps = import_module(views.map_record.__module__)
        if observable in maps.QUANTITIES:
            return maps.map_record(self, observable, scale=scale)
        known = [*maps.QUANTITIES, *self.names]
        if observable not in known:
            raise InputError(
                tr("there is no map of {name}{nearest}", name=repr(observable), nearest=nearest(observable, known))
            )
        column = self.observables[self.names.index(observable)]
        values = self[observable]
        return maps.map_regions(
            values.sum(axis=0) if column.counted else values.mean(axis=0),
            title=f"{column.meaning[:1].upper()}{column.meaning[1:]}: {self._scenario or 'run'}",
            unit=column.unit,
            subtitle=f"{'Sum' if column.counted else 'Mean'} over {_many(len(values), 'week')} from {self.dates[0]}",
            scale=scale,
            about=views.about(self),
        )

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write `record.parquet`, `cells.parquet` and `manifest.json` into `folder`: all of them, or nothing.

        Raises
        ------
        InputError
            If the folder exists and `overwrite` is false.
        """
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder = _folder(folder)
        if folder.exists() and not overwrite:
            raise InputError(tr("{folder} is there already; give another folder or allow overwriting", folder=folder))
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            units = {o.name: {b"unit": o.unit.encode(), b"how": o.how.encode(), b"meaning": o.meaning.encode()}
                     for o in self.observables}  # fmt: skip
            table = pa.Table.from_pandas(self.frame(), preserve_index=False)
            schema = pa.schema([f.with_metadata(units.get(f.name)) for f in table.schema])
            cells = pa.Table.from_pandas(pd.DataFrame(self.cells), preserve_index=False)
            for name, written in zip(TABLES, (table.cast(schema), cells), strict=True):
                pq.write_table(written, making / name, compression="zstd", write_page_checksum=True)
            manifest = {
                "digest": self.digest,
                "file_digests": {name: digest_of((making / name).read_bytes()) for name in TABLES},
                "weights": {name: values.tolist() for name, values in self.weights.items()},
                **self.about,
            }
            (making / "manifest.json").write_text(sealed(manifest), encoding="utf-8")
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
        """Read a run folder. All of it is checked against the digests in its manifest.

        Raises
        ------
        InputError
            If the folder holds no record, or the record was changed.
        """
        folder = _folder(folder)
        try:
            manifest = unsealed((folder / "manifest.json").read_bytes())
            written = {name: (folder / name).read_bytes() for name in TABLES}
            table, cells = (parquet(io.BytesIO(data)).read() for data in written.values())
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
            digests = manifest.pop("file_digests", {})  # none were kept at first
            right = record.digest == digest and all(digest_of(written[name]) == digests[name] for name in digests)
        except Exception as problem:  # damaged files make libraries raise anything
            raise InputError(
                tr("{folder} holds no run that can be read ({problem})", folder=folder, problem=problem)
            ) from None
        record.about = manifest
        if not right:
            raise InputError(
                tr(
                    "{folder}: the numbers do not match the digests in manifest.json; the record was changed",
                    folder=folder,
                )
            )
        return record


def _folder(folder: Any) -> Path:
    if not isinstance(folder, str | os.PathLike):
        raise InputError(tr("the folder is {kind_of}; it must be a path", kind_of=kind_of(folder)))
    return Path(folder)


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
