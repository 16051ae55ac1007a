"""Runs as labelled arrays: an xarray Dataset over scenario, draw, seed, week and region, read when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.comparison.outcomes import check_observables
from sim.comparison.table import Records
from sim.engine.errors import InputError
from sim.languages import tr
from sim.stores.run import Key
from sim.stores.totals import all_weekly

if TYPE_CHECKING:
    import xarray as xr

DIMS = ("scenario", "draw", "seed", "week", "region")


def to_xarray(records: Records, names: Sequence[str] | None = None) -> xr.Dataset:
    """Finished runs as a Dataset: a variable per observable, with its unit and meaning as attributes.

    Nothing is read until values are needed, and then only the observables that are asked for. Values of a run that is
    missing are NaN. ``to_netcdf`` and ``to_zarr`` write the Dataset to files.

    >>> sim.open_store("results/big").batch().to_xarray()["joined"].sum("week").mean("seed")    # doctest: +SKIP

    Parameters
    ----------
    records : mapping
        Scenario -> seed (or `Key` of draw and seed) -> Record.
    names : sequence of str, optional
        Observables; by default all.

    Raises
    ------
    InputError
        If no run has finished, or an observable does not exist.
    """
    import xarray as xr
    from xarray.core.indexing import LazilyIndexedArray

    example = next((runs[key] for runs in records.values() for key in list(runs)[:1]), None)
    if example is None:
        raise InputError(tr("no run has finished, so there is nothing to put into an array"))
    check_observables(names or (), example)
    keys = sorted({Key.of(key) for runs in records.values() for key in runs})
    draws, seeds = sorted({key.draw for key in keys}), sorted({key.seed for key in keys})
    coords = {
        "scenario": list(records), "draw": draws, "seed": seeds, "week": np.arange(len(example.dates)),
        "region": list(example.regions),
        "date": ("week", np.array(example.dates, "datetime64[ns]"), {"long_name": "first day of the week"}),
    }  # fmt: skip
    variables = {
        o.name: (DIMS, LazilyIndexedArray(_stored(records, o.name, draws, seeds, example.values.shape[:2])),
                 {"units": o.unit, "long_name": o.meaning, "regions_add_up_by": o.how})
        for o in example.observables if names is None or o.name in names
    }  # fmt: skip
    return xr.Dataset(variables, coords, {"title": "kumakan: runs by scenario, draw, seed, week and region"})


def _stored(records: Records, name: str, draws: list[int], seeds: list[int], inner: tuple[int, ...]) -> Any:
    """One observable of all runs as an array that is read from the store when it is indexed."""
    from xarray.backends import BackendArray
    from xarray.core import indexing

    class Stored(BackendArray):
        shape = (len(records), len(draws), len(seeds), *inner)
        dtype = np.dtype(float)

        def __getitem__(self, key: Any) -> Any:
            return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self.read)

        def read(self, key: tuple[Any, ...]) -> NDArray[np.float64]:
            """The values at an index of slices, integers and arrays of integers, one for each dimension."""
            chosen = [np.atleast_1d(np.arange(size)[part]) for size, part in zip(self.shape, key, strict=True)]
            found = np.full([len(part) for part in chosen], np.nan)
            for s, scenario in enumerate(np.array(list(records), object)[chosen[0]]):
                runs = {Key.of(run): values for run, values in all_weekly(records[scenario], [name]).items()}
                for d, draw in enumerate(np.array(draws)[chosen[1]]):
                    for k, seed in enumerate(np.array(seeds)[chosen[2]]):
                        if (draw, seed) in runs:
                            found[s, d, k] = runs[Key(draw, seed)][:, :, 0][np.ix_(chosen[3], chosen[4])]
            whole = tuple(0 if isinstance(part, int | np.integer) else slice(None) for part in key)
            return found[whole]

    return Stored()
