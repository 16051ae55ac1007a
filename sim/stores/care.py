"""Looking after a store: reading all that is in it, and setting aside what is damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sim.languages import tr
from sim.stores import open_store
from sim.stores.archive import FOLDERS, ArchiveStore
from sim.stores.columns import total_column
from sim.stores.damage import Damaged
from sim.stores.folder import FolderStore
from sim.stores.parquet import FOLDERS as PARQUET
from sim.stores.parquet import FRESH, weeks_of
from sim.stores.run import in_words, run_id
from sim.stores.store import Store
from sim.stores.totals import totals

OURS = {**dict.fromkeys(PARQUET, ".parquet"), "fresh": ".run", "plans": ".json"}
"""Folders of a store of many runs, and how the names of their files end."""

Told = Callable[[str], None]


@dataclass(frozen=True)
class Care:
    """What was found in a store.

    Attributes
    ----------
    damaged : dict
        Each damaged file, with what is wrong with it.
    left : list of str
        Files that dead processes left behind.
    runs : int
        Runs that are as they were written.
    again : list of str
        Runs of the plans of the store that are not there, in words: the same commands would make them.
    """

    damaged: dict[str, str]
    left: list[str]
    runs: int
    again: list[str]


def check(place: str, told: Told = lambda file: None) -> Care:
    """Read all of a store and change nothing; `told` is called with the name of each file before it is read.

    Raises
    ------
    InputError
        If there is no store at this place.
    """
    return _care(open_store(place), told)


def tidy(place: str, told: Told = lambda file: None) -> Care:
    """Read all of a store, set aside what is damaged, remove what dead processes left, and mend its manifest and log.

    Raises
    ------
    InputError
        If there is no store at this place, or a batch is at work in a results folder.
    """
    there = open_store(place)
    store = FolderStore(place) if isinstance(there, FolderStore) else ArchiveStore(place)
    with store.at_work(Path(store.out)):
        return _care(store, told)


def _care(store: Store, told: Told) -> Care:
    assert isinstance(store, ArchiveStore | FolderStore)
    good = set(_archive(store, told) if isinstance(store, ArchiveStore) else _folder(store, told))
    wanted = {}
    for plan in _plans(store):
        same = {name: plan[name] for name in ("world_seed", "version", "sources")}
        for (name, settings), draw, seed in product(plan["scenarios"].items(), plan["draws"], plan["seeds"]):
            what = {"scenario": name, "scenario_digest": settings["digest"], "seed": seed, "draw": draw, **same}
            wanted[run_id(what)] = in_words(name, seed, draw)
    again = [words for run, words in wanted.items() if run not in good]
    return Care(dict(store.damage.seen), list(store.damage.left), len(good), again)


def _plans(store: ArchiveStore | FolderStore) -> list[dict[str, Any]]:
    if isinstance(store, ArchiveStore):
        return list(store.sound_plans(all_of_them=True))
    with suppress(Damaged):
        return store.plans
    return []


# --- a store of many runs -----------------------------------------------------------------------------------


def _archive(store: ArchiveStore, told: Told) -> Iterator[str]:
    """Read all of it; yields the runs that are as they were written."""
    told("manifest.json")
    store.check_manifest()
    for folder, ending in OURS.items():
        for name in store.files.names(folder):
            if not name.endswith(ending) or (folder == "fresh" and not FRESH.fullmatch(name)):
                store.damage.met(f"{folder}/{name}", tr("it is no file of a store"))
    parquet = store.parquet
    for name in parquet.fresh():
        told(f"fresh/{name}")
        with suppress(Damaged, FileNotFoundError):
            run = parquet.opened(name)
            with store.damage.watched(f"fresh/{name}"):
                run.record()
            yield name.removesuffix(".run")
    for name in parquet.sound_files():
        told(f"runs/{name}")
        with suppress(Damaged, FileNotFoundError):
            for folder in PARQUET:
                parquet.read_through(f"{folder}/{name if folder == 'runs' else weeks_of(name)}")
            yield from list(_rows(store, name))
    for folder in ("", *FOLDERS):
        for name in store.files.names(folder, hidden=True):
            half = f"{folder}/{name}".lstrip("/")
            if "~" in name and not store.claims.writes(half):
                store.damage.left_over(half)
    parquet.clear_orphans()
    store.mend_log()


def _rows(store: ArchiveStore, name: str) -> Iterator[str]:
    """The runs of a file, each of which has its digest and the totals that its weeks add up to."""
    rows = store.parquet.group("runs", name, None)
    for place, run in enumerate(rows["run"].to_pylist()):
        record = store.parquet.record(run, weeks_of(name), rows["place"][place].as_py())
        with store.damage.watched(f"runs/{name}", store.parquet.together(f"runs/{name}")):
            found = totals(record, record.names)
            for k, observable in enumerate(record.observables):
                told = rows[total_column(observable.name, observable.how)][place].as_py()
                if not np.allclose(found[:, k], told, equal_nan=True):
                    raise ValueError(
                        tr(
                            "the totals of {name} of run {run} are not those of its weeks",
                            name=observable.name,
                            run=run,
                        )
                    )
        yield run


# --- a results folder ---------------------------------------------------------------------------------------


def _folder(store: FolderStore, told: Told) -> Iterator[str]:
    """Read all of it; yields the runs that are as they were written."""
    told("manifest.json")
    with suppress(Damaged):
        _ = store.plans
    for folder in store.run_folders():
        told(folder.relative_to(store.out).as_posix())
        with suppress(Damaged):
            yield store.sound(folder)
    for rest in store.half_written():
        store.damage.left_over(rest.relative_to(store.out).as_posix())
