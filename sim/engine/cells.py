"""Sums over cells: over the neighbours of each cell, and over the chunks in each cell."""

from __future__ import annotations

import numpy as np

from sim.engine.kernels import loop


@loop
def around(values, neighbours):
    """Sum of `values` over the neighbours of each cell (float64). `neighbours` is cells x 8, -1 for no neighbour."""
    out = np.empty(values.size)
    near = np.empty(8)
    for c in range(values.size):
        for k in range(8):
            other = neighbours[c, k]
            near[k] = values[other] if other >= 0 else 0.0
        out[c] = ((near[0] + near[1]) + (near[2] + near[3])) + ((near[4] + near[5]) + (near[6] + near[7]))
    return out


@loop
def by_cell(chunks, counts, cells):
    """Sum of `counts` (chunks x columns) over the chunks of each cell: columns x cells (float64)."""
    out = np.zeros((counts.shape[1], cells))
    for k in range(chunks.shape[0]):
        for column in range(counts.shape[1]):
            out[column, chunks[k, 0]] += counts[k, column]
    return out
