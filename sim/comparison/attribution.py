"""What each measure contributes to a package: Shapley values over subsets of measures, and interactions of pairs.

Measures help or hinder each other, so the effect of a measure depends on which other measures are there. The Shapley
value of a measure is what it adds when measures are added one after the other, on average over all orders (Shapley
1953, doi 10.1515/9781400881970-018). The values of all measures add up to the effect of the package. With up to six
measures, every subset is run. With more, the subsets lie along sampled orders, and each order comes with its reverse
(Castro, Gomez and Tejada 2009, doi 10.1016/j.cor.2008.04.004; Mitchell et al. 2022, arXiv 2104.12199). All subsets run
under the same seeds and draws.

The interaction of a pair is what the two measures add together beyond what they add apart. It is the Faith-Shapley
index of order two (Tsai, Yeh and Ravikumar 2023, arXiv 2203.00870): the best fit to all subsets with one number for
each measure and one for each pair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.comparison.effects import many
from sim.comparison.outcomes import OUTCOMES
from sim.comparison.summary import combined_interval, spread
from sim.comparison.table import Records, Table, table_of
from sim.comparison.variants import with_only
from sim.engine.errors import InputError
from sim.languages import tr
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

FEW = 6
"""The largest number of measures for which every subset is run."""
ORDERS = 20
"""The default number of sampled orders if there are more measures than that."""
NAME_LETTERS = 70
ROUNDING = 1e-9
"""Interactions smaller than this share of the effects of subsets are rounding errors and count as zero."""
TAKEN = tuple(name for name, outcome in OUTCOMES.items() if not outcome.elsewhere)
"""Outcomes that can be shared among measures. Outcomes elsewhere cannot: each subset counts them in other regions."""

COLUMNS = (
    "outcome", "unit", "better", "measure", "mean", "low", "high", "median", "p5", "p95", "alone", "last", "package",
    "draws", "seeds", "orders", "exact", "too_coarse",
)  # fmt: skip
PAIR_COLUMNS = (
    "outcome", "unit", "better", "measure", "other", "mean", "low", "high", "median", "p5", "p95", "draws", "seeds",
    "exact", "too_coarse",
)  # fmt: skip


@dataclass(frozen=True)
class Subsets:
    """The subsets of a package's measures to run.

    Attributes
    ----------
    scenario : Scenario
        The package.
    measures : tuple of str
        The measures of the package that do anything.
    orders : tuple of tuple of int
        Orders of the measures, as positions in `measures`: sampled orders with their reverses, or all orders.
    theirs : mapping
        Measures of a baseline with their settings: a subset has them where it lacks what the package adds or changes.
    """

    scenario: Scenario
    measures: tuple[str, ...]
    orders: tuple[tuple[int, ...], ...]
    theirs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether every subset is run."""
        return len(self.measures) <= FEW

    @cached_property
    def members(self) -> tuple[frozenset[int], ...]:
        """The distinct subsets: none, each measure alone, all but one, those along the orders, and all."""
        count = range(len(self.measures))
        everyone = frozenset(count)
        found = dict.fromkeys([frozenset[int](), everyone])
        found |= dict.fromkeys(some for k in count for some in (frozenset({k}), everyone - {k}))
        found |= dict.fromkeys(frozenset(order[:place]) for order in self.orders for place in count)
        return tuple(sorted(found, key=lambda subset: (len(subset), sorted(subset))))

    @cached_property
    def scenarios(self) -> list[Scenario]:
        """One scenario for each subset. The first has none of the measures; the last is the package."""
        return [self._of(subset) for subset in self.members]

    def _of(self, subset: frozenset[int]) -> Scenario:
        package, keys = self.scenario.name, [self.measures[k] for k in sorted(subset)]
        if len(subset) == len(self.measures):
            return self.scenario
        name = f"{package} with {'+'.join(keys)}" if keys else f"{package} without measures"
        if len(name) > NAME_LETTERS:
            digest = hashlib.sha256(" ".join(keys).encode()).hexdigest()[:8]
            name = f"{package} with {len(keys)} of {len(self.measures)} {digest}"
        if not self.theirs:
            return with_only(self.scenario, keys, name)
        settings = self.scenario.resolved()
        lacking = [key for key in self.measures if key not in keys]
        kept = {key: value for key, value in settings["measures"].items() if key not in lacking}
        kept |= {key: self.theirs[key] for key in lacking if key in self.theirs}
        return Scenario.of({**settings, "name": name, "measures": kept})


def subsets(
    scenario: Scenario, orders: int = ORDERS, seed: int = 1, against: Scenario | None = None
) -> Subsets:  # fmt: skip
    """The subsets of a scenario's measures to run.

    Parameters
    ----------
    scenario : Scenario
        The package.
    orders : int
        The number of sampled orders if there are more than six measures. It is even, because each order comes with its
        reverse. A larger number begins with the same orders as a smaller one.
    seed : int
        The seed of the orders.
    against : Scenario, optional
        A baseline: only measures that the scenario adds to it, or has with other settings, are shared out.

    Raises
    ------
    InputError
        If the scenario has no measure that does anything or that the baseline has not, if it leaves out a measure of
        the baseline, or if `orders` is odd or below two.
    """
    measures = tuple(measure.key for measure in scenario.active_measures())
    if not measures:
        raise InputError(
            tr("{name} has no measure that does anything, so there is nothing to share out", name=scenario.name)
        )
    theirs: dict[str, Any] = {}
    if against is not None:
        theirs = {measure.key: against.resolved()["measures"][measure.key] for measure in against.active_measures()}
        if gone := [key for key in theirs if key not in measures]:
            raise InputError(tr("{name} leaves out {gone} of {against}; only what a scenario adds can be shared out",
                                name=scenario.name, gone=", ".join(gone), against=against.name))  # fmt: skip
        measures = tuple(key for key in measures if scenario.measures[key] != against.measures.get(key))
        if not measures:
            raise InputError(
                tr(
                    "{name} adds no measure to {name2}, so there is nothing to share out",
                    name=scenario.name,
                    name2=against.name,
                )
            )
    if orders < 2 or orders % 2:
        raise InputError(
            tr(
                "orders is {orders}; it must be an even number from 2, because each order comes with its reverse",
                orders=orders,
            )
        )
    if len(measures) <= FEW:
        return Subsets(scenario, measures, tuple(permutations(range(len(measures)))), theirs)
    from sim.engine.luck import lucks, seed_key

    places = lucks(_place_in_an_order(), seed_key(seed), 0, np.arange(orders // 2 * len(measures)))
    sampled = np.argsort(places.reshape(orders // 2, len(measures)), axis=1).tolist()
    return Subsets(scenario, measures, tuple(tuple(way) for order in sampled for way in (order, order[::-1])), theirs)


@cache
def _place_in_an_order() -> np.uint32:
    from sim.engine.luck import decision

    return decision("a measure has a place in an order")


@dataclass(frozen=True)
class Attribution:
    """What each measure contributes to a package.

    Attributes
    ----------
    measures : DataFrame
        One row per outcome and measure.

        mean, low, high
            the Shapley value, in `unit`, and its 90 % interval. The interval covers luck (or draws of parameters) and,
            unless `exact`, the choice of orders.
        median, p5, p95
            the median over seeds (or draws), and the 5 and 95 % quantiles.
        alone, last
            the effect of the measure without all others, and what the package loses without the measure.
        package
            the effect of all measures together: the sum of `mean`.
    pairs : DataFrame
        One row per outcome and pair of measures: what the two add together beyond what they add apart. If the two
        strengthen each other, this has the same sign as `mean` of the measures. The interval covers luck (or draws)
        only. The table is empty if there are too few subsets to tell pairs apart.
    """

    measures: pd.DataFrame
    pairs: pd.DataFrame


def attribution(plan: Subsets, records: Records, outcomes: Sequence[str] = TAKEN) -> Attribution:
    """Share out the effect of a package among its measures.

    Parameters
    ----------
    plan : Subsets
    records : mapping
        Scenario -> seed (or `Key` of draw and seed) -> Record, for all scenarios of the plan.
    outcomes : sequence of str
        Names in `TAKEN`.

    Raises
    ------
    InputError
        If an outcome cannot be shared out, or if a run is missing: every subset needs every seed and draw.
    """
    for name in outcomes:
        if name in OUTCOMES and name not in TAKEN:
            raise InputError(
                tr(
                    "{name} cannot be shared out among measures: each subset would count it in different regions",
                    name=name,
                )
            )
    first = plan.scenarios[0].name
    table = table_of(records, outcomes, first)
    missing = InputError(tr("some subsets lack runs; run the same command again to make the missing ones"))
    if table is None:
        raise missing
    pairs = {name: table.pairs(name, first) for name in table.arms if name != first}
    if len({(pair.draws, pair.seeds) for pair in pairs.values()}) != 1 or not (one := next(iter(pairs.values()))).seeds:
        raise missing
    by_name = {name: pair.ours[:, :, 0] for name, pair in pairs.items()} | {first: one.theirs[:, :, 0]}  # Mali
    values = np.stack([by_name[scenario.name] for scenario in plan.scenarios], axis=1)  # lines x subsets x outcomes
    facts = {**many(table, one.draws, one.seeds), "exact": plan.exact, "too_coarse": table.too_coarse(*table.arms)}
    return Attribution(_measures(plan, values, table, facts), _pairs(plan, values, table, facts))


def _measures(plan: Subsets, values: NDArray[np.float64], table: Table, facts: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    place = {subset: k for k, subset in enumerate(plan.members)}
    everyone = plan.members[-1]
    added = np.empty((len(values), len(plan.orders), len(plan.measures), values.shape[2]))
    for m, order in enumerate(plan.orders):
        steps = [place[frozenset(order[:k])] for k in range(len(order) + 1)]
        added[:, m, list(order)] = np.diff(values[:, steps], axis=1)
    package = (values[:, -1] - values[:, 0]).mean(axis=0)
    rows = []
    for o, outcome in enumerate(table.outcomes):
        for k, key in enumerate(plan.measures):
            alone = values[:, place[frozenset({k})], o] - values[:, 0, o]
            last = values[:, -1, o] - values[:, place[everyone - {k}], o]
            rows.append({
                "outcome": outcome.name, "unit": table.units[o], "better": outcome.better, "measure": key,
                **_interval(added[:, :, k, o], plan.exact), "alone": alone.mean(), "last": last.mean(),
                "package": package[o], "orders": len(plan.orders), **facts,
            })  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _interval(added: NDArray[np.float64], exact: bool) -> dict[str, float]:
    """The mean of what a measure adds (lines x orders), with a t interval over lines and sampled orders."""
    by_line, by_order = added.mean(axis=1), added.mean(axis=0)
    parts = [(by_line.var(ddof=1) / by_line.size, by_line.size - 1)] if by_line.size > 1 else []
    if not exact:
        both_ways = by_order.reshape(-1, 2).mean(axis=1)
        parts += [(both_ways.var(ddof=1) / both_ways.size, both_ways.size - 1)] if both_ways.size > 1 else []
    enough = len(parts) == (1 if exact else 2)
    return _row(by_line, parts if enough else [])


def _row(by_line: NDArray[np.float64], parts: Sequence[tuple[float, int]]) -> dict[str, float]:
    """The mean with its interval, and the spread over lines."""
    mean = float(by_line.mean())
    low, high = combined_interval(mean, parts)
    return {"mean": mean, "low": low, "high": high, **{name: float(value) for name, value in spread(by_line).items()}}


def _pairs(plan: Subsets, values: NDArray[np.float64], table: Table, facts: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    pairs = list(combinations(range(len(plan.measures)), 2))
    fitted = _fit(plan, pairs)
    rows = []
    for o, outcome in enumerate(table.outcomes):
        if fitted is None:
            break
        gained = values[:, :, o] - values[:, :1, o]
        by_line = gained @ fitted.T
        by_line[np.abs(by_line) < ROUNDING * np.abs(gained).max()] = 0.0
        for (one, other), each in zip(pairs, by_line.T, strict=True):
            parts = [(float(each.var(ddof=1)) / each.size, each.size - 1)] if each.size > 1 else []
            rows.append({
                "outcome": outcome.name, "unit": table.units[o], "better": outcome.better,
                "measure": plan.measures[one], "other": plan.measures[other], **_row(each, parts), **facts,
            })  # fmt: skip
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def _fit(plan: Subsets, pairs: Sequence[tuple[int, int]]) -> NDArray[np.float64] | None:
    """The matrix (pairs x subsets) that turns values of subsets into interactions.

    It is a weighted least squares fit of one number per measure and one per pair that meets the whole package exactly.
    A subset of size s has the Shapley weight of its size, shared among the subsets of that size that were run. The
    result is None if the subsets do not tell pairs apart.
    """
    count = len(plan.measures)
    terms = [frozenset({k}) for k in range(count)] + [frozenset(pair) for pair in pairs]
    inner = [k for k, subset in enumerate(plan.members) if 0 < len(subset) < count]
    there = np.array([[term <= plan.members[k] for term in terms] for k in inner], float).reshape(-1, len(terms))
    sizes = np.array([len(plan.members[k]) for k in inner])
    alike = np.bincount(sizes, minlength=count + 1)[sizes] if inner else sizes
    weights = (count - 1) / (sizes * (count - sizes)) / alike
    whole = np.ones((1, len(terms)))
    if np.linalg.matrix_rank(np.vstack([there, whole])) < len(terms):
        return None
    system = np.block([[there.T * weights @ there, whole.T], [whole, np.zeros((1, 1))]])
    known = np.zeros((len(terms) + 1, len(plan.members)))
    known[:-1, inner] = there.T * weights
    known[-1, -1] = 1.0
    found: NDArray[np.float64] = np.linalg.solve(system, known)[count : len(terms)]
    return found
