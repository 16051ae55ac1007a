"""Scenario discovery: for which values of the varied paths does a measure fail?

A classification tree of scikit-learn (Breiman et al. 1984) divides the points of a sweep into boxes. The answer is the
boxes in which the measure often fails, described by the varied paths (Bryant and Lempert 2010, doi
10.1016/j.techfore.2009.08.002; Lempert, Bryant and Bankes 2008 compare trees with PRIM). A tree finds boxes in noise
too. `skill` therefore says how well trees predict points that they have not seen, and `chance` how often trees do as
well when failures are assigned at random.
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
from sim.languages import tr
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
    """Where a measure fails.

    Attributes
    ----------
    outcome : str
    boxes : DataFrame
        One row per box, the boxes with the largest share of failures first: `box` (in words), `points`, `failing`,
        `density` (share of the points in the box that fail), `coverage` (share of all failures that lie in the box).
    failing : float
        The share of all points that fail.
    skill : float
        Balanced accuracy on unseen points: 0.5 is guessing, 1 is always right; NaN if it cannot be computed.
    chance : float
        How often trees predict failures equally well that were assigned at random. Above 0.05, do not trust the boxes.
    too_coarse : str
        Why the boxes cannot be trusted whatever `chance` says: more persons per youth than `coarsest_verdict`. Empty if
        there are not.
    """

    outcome: str
    boxes: pd.DataFrame
    failing: float
    skill: float
    chance: float
    too_coarse: str = ""


def discover(
    swept: Swept, outcome: str, fails: Fails | None = None, *, depth: int = 3, least: float = 0.05, seed: int = 1
) -> Discovery:
    """Find boxes of the varied paths and how often the measure fails in each.

    Parameters
    ----------
    swept : Swept
        A sweep of many points that are spread over the paths: ``latin-hypercube`` or ``sobol-sequence``.
    outcome : str
    fails : callable, optional
        Takes the outcome of each point (mean over its seeds) and returns which points are failures. By default, a
        point fails if its difference from the baseline is not on the better side.
    depth : int
        The largest number of conditions of a box.
    least : float
        The smallest share of all points that a box holds.
    seed : int
        The seed for the order in which paths are tried, for the folds and for the permutations.

    Raises
    ------
    InputError
        If scikit-learn is missing, or if `fails` is missing and no side of the outcome is a failure by itself.
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
    return Discovery(outcome, boxes, float(failing.mean()), float(skill), float(chance),
                     next(iter(swept.plan.too_coarse().values()), ""))  # fmt: skip


def check_discovery(plan: Sweep, outcome: str) -> None:
    """Reject, before anything runs, an outcome for which failures are not defined.

    Raises
    ------
    InputError
        If the sweep lacks the outcome or a baseline, or if neither direction of the outcome is better.
    """
    if outcome not in plan.outcomes:
        raise InputError(
            tr(
                "the sweep has no outcome {outcome}{nearest}",
                outcome=repr(outcome),
                nearest=nearest(outcome, plan.outcomes),
            )
        )
    if plan.baseline is None or OUTCOMES[outcome].better == "none":
        raise InputError(
            tr(
                "{outcome} does not say which points are failures; from Python, say with fails=... which ones are",
                outcome=outcome,
            )
        )


def experiments(swept: Swept, outcome: str) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """The points with finished runs as numbers, one column per path, and their outcomes (mean over seeds and draws).

    A date becomes its day number, true becomes 1. A path with other values has one column ``path = value`` per value.
    """
    import pandas as pd

    points = swept.points.assign(outcome=swept.means(outcome)).drop_duplicates("point")
    points = points[np.isfinite(points["outcome"])]
    if len(points) < 2:
        raise InputError(tr("fewer than two points of the sweep have finished runs; discovery needs at least two"))
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
    """The leaves of a fitted tree, each with the bounds on the way to it."""
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
    """A box in words: 0.2 < abuse_per_op <= 0.5 and ..."""
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
