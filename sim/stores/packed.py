"""A run in a store of many runs: first packed in its own file, then as rows of `runs`, `weeks` and `cells`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.errors import InputError
from sim.languages import tr
from sim.stores.run import HOW, WHAT, run_id
from sim.stores.totals import totals

if TYPE_CHECKING:
    import pyarrow as pa

    from sim.record import Observable, Record

DIGEST = hashlib.sha256().digest_size
"""Bytes at the end of a packed run."""

# --- a run as a file of its own -----------------------------------------------------------------------------


def pack(record: Record, digest: str = "") -> bytes:
    """A record as bytes: an Arrow file of one row, quick to make, to send and to read; then the SHA-256 of it."""
    import pyarrow as pa

    weeks, regions, count = record.values.shape
    flat = np.ascontiguousarray(record.values, float).reshape(weeks * regions, count)
    there = np.flatnonzero(flat.view(np.int64).any(axis=0))  # the others are zero throughout: measures not taken
    head = {
        "there": there.tolist(),
        "start": record.dates[0].isoformat(),
        "weeks": weeks,
        "weights": {name: values.tolist() for name, values in record.weights.items()},
        "digest": digest or record.digest,
        "run": record.about.get("run", {}),
        **{name: record.about.get(name) for name in HOW[1:]},
    }
    columns = {
        "values": flat[:, there].T.ravel(),
        "cells": np.concatenate([np.asarray(values, float) for values in record.cells.values()] or [np.empty(0)]),
        "totals": totals(record, record.names).T.ravel(),
    }
    table = pa.table({name: pa.ListArray.from_arrays(pa.array([0, values.size], pa.int32()), pa.array(values))
                      for name, values in columns.items()})  # fmt: skip
    kind = _kind(record.observables, record.regions, tuple(record.cells), tuple(record.weights))
    table = table.replace_schema_metadata({"kind": kind, "head": _text(head), "about": _text(record.about)})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed + hashlib.sha256(packed).digest()


@lru_cache(maxsize=8)
def _kind(
    observables: tuple[Observable, ...], regions: tuple[str, ...], cells: tuple[str, ...], weights: tuple[str, ...]
) -> bytes:
    """The observables of runs of one kind, as text: the same for thousands of runs."""
    facts = [[o.name, o.unit, o.how, o.meaning] for o in observables]
    return _text({"observables": facts, "regions": regions, "cells": cells, "weights": weights})


def _text(what: Any) -> bytes:
    return json.dumps(what, ensure_ascii=False, default=str).encode()


class Packed:
    """A packed run that is open: its head, and its numbers, which are read when asked for.

    Raises
    ------
    ValueError
        If it does not match its digest; one of an earlier version, which has none, may raise anything.
    """

    def __init__(self, packed: bytes, name: str = "") -> None:
        import pyarrow as pa

        self.name = name or tr("a packed run")
        if not packed.endswith(b"ARROW1"):  # as they ended when they had no digest
            packed, digest = packed[:-DIGEST], packed[-DIGEST:]
            if hashlib.sha256(packed).digest() != digest:
                raise ValueError(tr("it does not match its digest"))
        self._file = pa.ipc.open_file(pa.py_buffer(packed), options=pa.ipc.IpcReadOptions(use_threads=False))
        self._parts = self._file.schema.metadata
        self.kind: bytes = self._parts[b"kind"]
        self.head: dict[str, Any] = json.loads(self._parts[b"head"])
        self.about: str = self._parts[b"about"].decode()
        facts = _facts(self.kind)
        self.observables: list[list[str]] = facts["observables"]
        self.regions: list[str] = facts["regions"]
        self.names: list[str] = facts["names"]
        self.run: dict[str, Any] = self.head["run"]

    @cached_property
    def _table(self) -> pa.Table:
        return self._file.read_all()

    def _numbers(self, column: str) -> np.ndarray:
        numbers: np.ndarray = self._table[column].chunk(0).values.to_numpy()
        return numbers

    @cached_property
    def rows(self) -> dict[int, np.ndarray]:
        """The observables that are not zero throughout, by their index: a number for each week and region."""
        there = self.head["there"]
        return dict(zip(there, self._numbers("values").reshape(len(there), -1), strict=True))

    @property
    def size(self) -> int:
        """Weeks times regions."""
        return int(self.head["weeks"] * len(self.regions))

    @property
    def totals(self) -> np.ndarray:
        """Observables x regions."""
        return self._numbers("totals").reshape(len(self.names), -1)

    @cached_property
    def cells(self) -> dict[str, np.ndarray]:
        """By cell of the map."""
        names = _facts(self.kind)["cells"]
        return dict(zip(names, np.split(self._numbers("cells"), len(names) or 1), strict=False))

    @property
    def dates(self) -> np.ndarray:
        """First day of each week."""
        return np.datetime64(self.head["start"], "D") + 7 * np.arange(self.head["weeks"])

    def record(self) -> Record:
        """The record again.

        Raises
        ------
        InputError
            If its numbers do not match its digest.
        """
        from sim.record import Observable, Record

        head = self.head
        values = np.zeros((self.size, len(self.names)))
        for place, numbers in self.rows.items():
            values[:, place] = numbers
        record = Record(
            values=values.reshape(head["weeks"], len(self.regions), len(self.names)),
            observables=tuple(Observable(*facts) for facts in self.observables),
            regions=tuple(self.regions),
            dates=tuple(self.dates.tolist()),
            weights={name: np.array(weights) for name, weights in head["weights"].items()},
            cells=self.cells,
            about=json.loads(self.about),
        )
        return _checked(record, head["digest"], self.name)


@lru_cache(maxsize=8)
def _facts(kind: bytes) -> dict[str, Any]:
    """The observables of runs of one kind: the same text for thousands of runs, so it is read once."""
    facts: dict[str, Any] = json.loads(kind)
    return {**facts, "names": [observable[0] for observable in facts["observables"]]}


def _checked(record: Record, digest: str, name: str) -> Record:
    if record.digest != digest:
        raise InputError(tr("{name}: the numbers do not match the digest; the record was changed", name=name))
    return record


# --- runs as tables -----------------------------------------------------------------------------------------


def encoding(schema: pa.Schema) -> dict[str, Any]:
    """How `weeks` and `cells` are written: many plain numbers at a time, which is quick, and zstd keeps them small."""
    words = [name for name in ("run", "scenario", "region") if name in schema.names]
    return {"compression": "zstd", "write_statistics": ["seed"], "use_dictionary": words, "write_batch_size": 2**16,
            "write_page_checksum": True}  # fmt: skip


def run_table(runs: Sequence[Packed], file: str, first: int = -1) -> pa.Table:
    """A row for each run: what it is, how it went, where it is, how to make it again, and its totals."""
    import pyarrow as pa

    heads = [run.head for run in runs]
    columns: dict[str, Any] = {"run": [run_id(run.run) for run in runs]}
    columns |= {name: [run.run[name] for run in runs] for name in WHAT}
    columns["digest"] = [head["digest"] for head in heads]
    columns |= {name: [head[name] for head in heads] for name in HOW[1:]}
    columns["file"] = [file] * len(runs)
    columns["place"] = pa.array([first + k if first >= 0 else -1 for k in range(len(runs))], pa.int64())
    columns["about"] = [run.about for run in runs]
    columns |= {f"weight.{name}": _lists([head["weights"][name] for head in heads]) for name in heads[0]["weights"]}
    names = [total_column(name, how) for name, _, how, _ in runs[0].observables]
    columns |= zip(names, map(_lists, np.stack([run.totals for run in runs], axis=1)), strict=True)
    return _described(columns, dict(zip(names, runs[0].observables, strict=True)))


def total_column(name: str, how: str) -> str:
    """The column with the total of an observable: `sum.joined`, `mean.trust`."""
    return f"{'sum' if how == 'sum' else 'mean'}.{name}"


def week_table(runs: Sequence[Packed]) -> pa.Table:
    """The tables of `Record.frame()`, one below the other, each row with its run."""
    import pyarrow as pa

    regions, weeks = runs[0].regions, [run.head["weeks"] for run in runs]
    columns = _whose(runs, [many * len(regions) for many in weeks])
    columns["week"] = np.concatenate([np.repeat(np.arange(many, dtype=np.int32), len(regions)) for many in weeks])
    columns["date"] = np.concatenate([np.repeat(run.dates, len(regions)) for run in runs])
    places = np.tile(np.arange(len(regions), dtype=np.int32), sum(weeks))
    columns["region"] = pa.DictionaryArray.from_arrays(places, regions)
    nothing = pa.array(np.zeros(max(run.size for run in runs)))
    for k, name in enumerate(runs[0].names):  # not laid together: they are written as they lie
        parts = [run.rows.get(k) for run in runs]
        columns[name] = pa.chunked_array(
            [nothing[: run.size] if part is None else pa.array(part) for run, part in zip(runs, parts, strict=True)]
        )
    return _full(_described(columns, {facts[0]: facts for facts in runs[0].observables}))


def cell_table(runs: Sequence[Packed]) -> pa.Table:
    """The values by cell of each run, one run below the other, each row with its run."""
    import pyarrow as pa

    sizes = [next((values.size for values in run.cells.values()), 0) for run in runs]
    columns = _whose(runs, sizes)
    columns["cell"] = np.concatenate([np.arange(size, dtype=np.int32) for size in sizes])
    columns |= {name: np.concatenate([run.cells[name] for run in runs]) for name in runs[0].cells}
    return _full(pa.table(columns))


def _whose(runs: Sequence[Packed], rows: Sequence[int]) -> dict[str, Any]:
    """Columns that say which run a row belongs to."""
    import pyarrow as pa

    place = np.repeat(np.arange(len(runs), dtype=np.int32), rows)
    return {
        "run": pa.DictionaryArray.from_arrays(place, [run_id(run.run) for run in runs]),
        "scenario": pa.DictionaryArray.from_arrays(place, [run.run["scenario"] for run in runs]),
        "seed": np.repeat(np.array([run.run["seed"] for run in runs], np.int64), rows),
        "draw": np.repeat(np.array([run.run["draw"] for run in runs], np.int64), rows),
    }


def _described(columns: Mapping[str, Any], observables: Mapping[str, Sequence[str]]) -> pa.Table:
    """A table whose columns of observables say what they are, with the unit and how regions add up."""
    import pyarrow as pa

    table = pa.table(dict(columns))
    words = {name: dict(zip(("unit", "how", "meaning"), facts[1:], strict=True)) for name, facts in observables.items()}
    schema = pa.schema([field.with_metadata(words.get(field.name)) for field in table.schema])
    return pa.Table.from_arrays(table.columns, schema=schema)


def _full(table: pa.Table) -> pa.Table:
    """The same table, saying that a number is there in every row: that halves the work of writing it."""
    import pyarrow as pa

    schema = pa.schema([field.with_nullable(field.type != pa.float64()) for field in table.schema])
    return pa.Table.from_arrays(table.columns, schema=schema)


def _lists(values: Any) -> pa.Array:
    import pyarrow as pa

    table = np.ascontiguousarray(values, np.float64)
    return pa.FixedSizeListArray.from_arrays(pa.array(table.ravel()), table.shape[1])


def record_of(run: str, runs: pa.Table, weeks: pa.Table, cells: pa.Table) -> Record:
    """The record of a run, from the tables that hold it."""
    import pyarrow.compute as pc

    from sim.record import Observable, Record

    def own(table: pa.Table) -> pa.Table:
        return table.filter(pc.equal(table["run"].cast("string"), run)).combine_chunks()

    row, weekly, by_cell = own(runs), own(weeks), own(cells)
    regions = tuple(dict.fromkeys(weekly["region"].to_pylist()))
    described = {f.name: f.metadata for f in weeks.schema if f.metadata and b"how" in f.metadata}
    observables = tuple(
        Observable(name, *(facts[part].decode() for part in (b"unit", b"how", b"meaning")))
        for name, facts in described.items()
    )
    record = Record(
        values=np.stack([weekly[name].to_numpy() for name in described], axis=-1).reshape(
            -1, len(regions), len(described)),
        observables=observables,
        regions=regions,
        dates=tuple(dict.fromkeys(weekly["date"].to_pylist())),
        weights={name.removeprefix("weight."): np.array(row[name][0].as_py())
                 for name in row.column_names if name.startswith("weight.")},
        cells={name: by_cell[name].to_numpy() for name in by_cell.column_names
               if name not in ("run", "scenario", "seed", "draw", "cell")},
        about=json.loads(row["about"][0].as_py()),
    )  # fmt: skip
    return _checked(record, row["digest"][0].as_py(), f"run {run}")
