"""Stores: where finished runs are kept, and how they are read again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.batches.batch import Batch
    from sim.stores.store import Store


def open_store(place: str | os.PathLike[str]) -> Store:
    """Open a store to read what is in it: a results folder, or a store of many runs in a folder or at a URL.

    >>> store = sim.open_store("results/big")           # doctest: +SKIP
    >>> store.runs()                                    # doctest: +SKIP
    >>> store.batch().effects()                         # doctest: +SKIP

    Raises
    ------
    InputError
        If there is no store at this place.
    """
    from sim.stores.archive import ArchiveStore
    from sim.stores.folder import FolderStore

    if FolderStore.stands(place):
        return FolderStore(place, reading=True)
    return ArchiveStore(place, reading=True)


def open_batch(place: str | os.PathLike[str]) -> Batch:
    """The latest batch of a store: short for ``open_store(place).batch()``.

    Raises
    ------
    InputError
        If there is no store at this place, or no batch in it.
    """
    return open_store(place).batch()
