"""Scenario discovery: in which part of what was varied does a measure fail?

A classification tree of scikit-learn (Breiman et al. 1984) divides the points of a sweep into boxes; those in which the
measure often fails are the answer, in the words of the varied paths (Bryant and Lempert 2010, doi
10.1016/j.techfore.2009.08.002; Lempert, Bryant and Bankes 2008 compare trees with PRIM). A tree finds boxes in noise,
too, so `skill` says how well trees foretell points they have not seen, and `chance` how often trees do as well when
failures are dealt out at random.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.comparison.outcomes import OUTCOMES
from sim.engine.errors import InputError, nearest
from sim.sweeps.designs import missing

if TYPE_CHECKING:
    import pandas as pd

    from sim.sweeps.sweep import Axis, Sweep, Swept

PERMUTATIONS = 200
FOLDS = 5

Fails = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
Bounds = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Discovery:
    """Where failures are.

    Attributes
    ----------
    outcome : str
    boxes : DataFrame
        A row per box, those with the largest share of failures first: `box` (in words), `points`, `failing`,
        `density` (share of its points that fail), `coverage` (share of all failures that lie in it).
    failing : float
        Share of all points that fail.
    skill : float
        Balanced accuracy on points not seen: 0.5 is guessing, 1 is always right; NaN where it cannot be known.
    chance : float
        How often dealt-out failures are foretold as well: above 0.05 the boxes are not to be trusted.
    """

    outcome: str
    boxes: pd.DataFrame
    failing: float
    skill: float
    chance: float


def discover(
    swept: Swept, outcome: str, fails: Fails | None = None, *, depth: int = 3, least: float = 0.05, seed: int = 1
) -> Discovery:
    """Boxes of the varied paths by how often the measure fails in them.

    Parameters
    ----------
    swept : Swept
        Of many points spread over the paths: ``latin-hypercube`` or ``sobol-sequence``.
    outcome : str
    fails : callable, optional
        Told the outcome of each point (mean over its seeds), says where that is a failure. Left out, a difference from
        the baseline that is not on the better side is one.
    depth : int
        How many conditions a box has at most.
    least : float
        The least share of all points that a box holds.
    seed : int
        Of the order in which paths are tried, the folds and the permutations.

    Raises
    ------
    InputError
        If scikit-learn is missing, or it is not said what a failure is.
    """
    import pandas as pd

    try:
        from sklearn.model_selection import StratifiedKFold, permutation_test_score
        from sklearn.tree import DecisionTreeClassifier
    except ModuleNotFoundError:
        raise missing("scikit-learn") from None

    table, values = experiments(swept, outcome)
    failing = np.asarray((_not_better(swept, outcome) if fails is None else fails)(values), bool)
    few = min(int(failing.sum()), int((~failing).sum()))
    tree = DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=max(1, math.ceil(least * len(values))), class_weight="balanced",
        random_state=seed,
    )  # fmt: skip
    tree.fit(table.to_numpy(float), failing)
    leaf_of = tree.apply(table.to_numpy(float))
    axes = {axis.path: axis for axis in swept.plan.axes}
    rows = []
    for leaf, bounds in _leaves(tree.tree_, list(map(str, table))):
        inside = leaf_of == leaf
        rows.append({
            "box": _in_words(bounds, axes), "points": int(inside.sum()), "failing": int(failing[inside].sum()),
            "density": float(failing[inside].mean()),
            "coverage": float(failing[inside].sum() / failing.sum()) if failing.any() else 0.0,
        })  # fmt: skip
    boxes = pd.DataFrame(rows).sort_values(["density", "coverage"], ascending=False, ignore_index=True)
    skill = chance = float("nan")
    if few >= 2:
        folds = StratifiedKFold(min(FOLDS, few), shuffle=True, random_state=seed)
        skill, _, chance = permutation_test_score(
            tree, table.to_numpy(float), failing, scoring="balanced_accuracy", cv=folds, n_permutations=PERMUTATIONS,
            random_state=seed,
        )  # fmt: skip
    return Discovery(outcome, boxes, float(failing.mean()), float(skill), float(chance))


def check_discovery(plan: Sweep, outcome: str) -> None:
    """Refuse, before anything runs, an outcome of which no failure can be told.

    Raises
    ------
    InputError
        If the sweep does not have it, has no baseline, or neither side of it is better.
    """
    if outcome not in plan.outcomes:
        raise InputError(f"the sweep has no outcome {outcome!r}{nearest(outcome, plan.outcomes)}")
    if plan.baseline is None or OUTCOMES[outcome].better == "none":
        raise InputError(
            f"no side of {outcome} is a failure by itself here; from Python, say with fails=... where it is one"
        )


def experiments(swept: Swept, outcome: str) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Points with finished runs as numbers, a column per path, and their outcome (mean over seeds and draws).

    Dates are day numbers, yes is 1; a path with other values has a column ``path = value`` for each of them.
    """
    import pandas as pd

    points = swept.points.assign(outcome=swept.means(outcome)).drop_duplicates("point")
    points = points[np.isfinite(points["outcome"])]
    if len(points) < 2:
        raise InputError("fewer than two points of the sweep have finished runs; there is nothing to tell apart")
    columns: dict[str, Any] = {}
    for axis in swept.plan.axes:
        values = points[axis.path]
        if axis.kind == "date":
            columns[axis.path] = [float(date.fromisoformat(value).toordinal()) for value in values]
        elif axis.kind == "other" and not all(isinstance(value, bool | np.bool_) for value in values):
            texts = [str(value) for value in values]
            columns |= {f"{axis.path} = {text}": [float(t == text) for t in texts] for text in dict.fromkeys(texts)}
        else:
            columns[axis.path] = [float(value) for value in values]
    return pd.DataFrame(columns), points["outcome"].to_numpy(float)


def _not_better(swept: Swept, outcome: str) -> Fails:
    check_discovery(swept.plan, outcome)
    better = OUTCOMES[outcome].better
    return (lambda values: values >= 0) if better == "fewer" else (lambda values: values <= 0)


def _leaves(tree: Any, names: list[str]) -> list[tuple[int, Bounds]]:
    """The leaves of a fitted tree, each with the bounds that lead to it."""
    found, waiting = [], [(0, Bounds())]
    while waiting:
        node, bounds = waiting.pop()
        if tree.children_left[node] == tree.children_right[node]:
            found.append((node, bounds))
            continue
        name, cut = names[tree.feature[node]], float(tree.threshold[node])
        low, high = bounds.get(name, (-math.inf, math.inf))
        waiting.append((int(tree.children_left[node]), {**bounds, name: (low, min(high, cut))}))
        waiting.append((int(tree.children_right[node]), {**bounds, name: (max(low, cut), high)}))
    return found


def _in_words(bounds: Bounds, axes: dict[str, Axis]) -> str:
    """A box as a reader says it: 0.2 < abuse_per_op <= 0.5 and ..."""
    said = []
    for name, (low, high) in bounds.items():
        path, is_, value = name.partition(" = ")
        axis = axes[path]
        if is_:
            said.append(f"{axis.label} is {'' if low > 0 else 'not '}{value}")
        elif axis.kind == "other":
            said.append(f"{axis.label} is {'true' if low > 0 else 'false'}")
        else:
            below = f"{_value(axis, low)} < " if math.isfinite(low) else ""
            above = f" <= {_value(axis, high)}" if math.isfinite(high) else ""
            said.append(f"{below}{axis.label}{above}" if above else f"{axis.label} > {_value(axis, low)}")
    return " and ".join(said) or "everywhere"


def _value(axis: Axis, value: float) -> str:
    return date.fromordinal(math.floor(value)).isoformat() if axis.kind == "date" else f"{value:.3g}"
