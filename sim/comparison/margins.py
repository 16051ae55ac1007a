"""What a difference is measured against: a difference of 5 % is a twentieth of the size given here.

Counts are measured against the baseline's own value. Where the baseline has hardly any, one case more would be an
endless increase, so the size is never below `RARE`. States such as trust can move only a little: the share of the
baseline's value that counts for attacks would be out of reach for them. They are measured against how much regions
differ: a difference of 100 % is one standard deviation between the regions of the baseline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim.comparison.table import Table

RARE = 3.0
"""Cases per million people and year. Counts below it are measured against it."""
WEEKS_A_YEAR = 365.25 / 7


def sizes(table: Table, theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """What differences are measured against: lines x outcomes x (Mali, regions), from the baseline's side of pairs.

    Parameters
    ----------
    table : Table
    theirs : array
        `Pairs.theirs`.
    """
    found = np.abs(theirs)
    rare = RARE * table.people / 1e6 * table.weeks / WEEKS_A_YEAR
    for k, how in enumerate(table.hows):
        if how == "sum":
            found[:, k] = np.maximum(found[:, k], rare)
        else:
            spread = theirs[:, k, 1:].std(axis=1)[:, None]
            alike = 1.0 if table.units[k] == "SD" else found[:, k]  # where regions do not differ at all
            found[:, k] = np.where(spread > 0, spread, alike)
    return found
