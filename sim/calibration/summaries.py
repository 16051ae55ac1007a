"""What a fit keeps of a run: its observables by year and region, and its attacks by month and region.

That is 20 kB for a run. Every target is worked out from it, so a new row in the table of targets needs no new run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim.record import Record


@dataclass(frozen=True)
class Layout:
    """The axes of summaries.

    Attributes
    ----------
    names : tuple of str
        Observables that regions add up to, without what measures delivered and cost.
    years : tuple of int
    months : tuple of str
        Such as "2012-01".
    regions : tuple of str
    """

    names: tuple[str, ...]
    years: tuple[int, ...]
    months: tuple[str, ...]
    regions: tuple[str, ...]

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Layout:
        """A layout from plain data, as `vars` gives them."""
        return cls(*(tuple(plain[name]) for name in ("names", "years", "months", "regions")))


class Summary(NamedTuple):
    """One run."""

    yearly: NDArray[np.float32]  # years x regions x observables: sums of flows, means of states
    monthly: NDArray[np.float32]  # months x regions: attacks
    digest: str  # the first digits of that of the whole record


DIGITS = 16


def summary(record: Record) -> tuple[Layout, Summary]:
    """A record, made small."""
    kept = [(k, o) for k, o in enumerate(record.observables)
            if o.how == "sum" and not o.name.startswith(("delivered_", "cost_"))]  # fmt: skip
    flows = np.array([o.counted for _, o in kept])
    columns = record.values[:, :, [k for k, _ in kept]]
    year = np.array([day.year for day in record.dates])
    month = np.array([f"{day:%Y-%m}" for day in record.dates])
    years, months = sorted(set(year.tolist())), sorted(set(month.tolist()))
    sums = np.stack([columns[year == one].sum(axis=0) for one in years])
    weeks = np.array([(year == one).sum() for one in years], float)[:, None, None]
    attacks = record["attacks"]
    layout = Layout(tuple(o.name for _, o in kept), tuple(years), tuple(months), record.regions)
    return layout, Summary(
        np.where(flows, sums, sums / weeks).astype(np.float32),
        np.stack([attacks[month == one].sum(axis=0) for one in months]).astype(np.float32),
        record.digest[:DIGITS],
    )
