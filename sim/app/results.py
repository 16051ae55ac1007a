"""What finished pairs of runs say: effects with their intervals, and layers of the map by week and region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.app.limits import Limits, limits
from sim.comparison.effects import effects
from sim.comparison.outcomes import NATION, nation_first
from sim.comparison.worth import cost_per_spared
from sim.languages import mark
from sim.scenario import Scenario
from sim.stores.totals import all_weekly

if TYPE_CHECKING:
    import pandas as pd

HUNDRED_THOUSAND = 1e5
CONTACTS = ("reached_clips", "reached_drama", "reached_sermons")


@dataclass(frozen=True)
class Layer:
    """What a map can show: its name and unit, and which direction is better."""

    name: str
    title: str
    unit: str
    better: str


LAYERS = {
    layer.name: layer
    for layer in (
        Layer("insecurity", mark("Insecurity as people feel it"), mark("0 to 1"), "fewer"),
        Layer("joined", mark("People who joined so far"), mark("per 100,000 people"), "fewer"),
        Layer("members", mark("Members of armed groups"), mark("persons"), "fewer"),
        Layer("reach", mark("Reach of clips, drama and sermons"), mark("contacts per 100 youths in the week"), "more"),
        Layer("trust", mark("Trust in the security forces"), mark("0 to 1"), "more"),
    )
}

Weekly = NDArray[np.float64]  # weeks x (Mali and its nine regions)


@dataclass(frozen=True, eq=False)
class Results:
    """What the finished pairs of a comparison say.

    Attributes
    ----------
    a, b : Scenario
        The two worlds that were run.
    pairs, asked : int
        Pairs of runs that have finished, and those that were asked for.
    dates : tuple of date
        First day of each week.
    places : tuple of str
        Mali and its regions.
    layers : mapping
        Layer -> the weekly values of A and of B, means over the pairs.
    effects, worth : DataFrame
        `sim.comparison.effects.effects` and `sim.comparison.worth.cost_per_spared` of these pairs.
    limits : mapping
        What `sim.app.limits` works out by target; empty if it was not asked for.
    """

    a: Scenario
    b: Scenario
    pairs: int
    asked: int
    dates: tuple[date, ...]
    places: tuple[str, ...]
    layers: Mapping[str, tuple[Weekly, Weekly]]
    effects: pd.DataFrame
    worth: pd.DataFrame
    failed: tuple[str, ...] = field(default=())
    limits: Limits = field(default_factory=dict)

    def belong_to(self, a: Scenario, b: Scenario) -> bool:
        """Whether these are the results of this choice."""
        return (self.a.digest, self.b.digest) == (a.digest, b.digest)


def results(
    a: Scenario, b: Scenario, records: Mapping[str, Any], asked: int, failed: tuple[str, ...] = (),
    top: Scenario | None = None,
) -> Results | None:  # fmt: skip
    """What the pairs say that have finished; None before the first. With B at its ceiling also the break-even."""
    both = [key for key in records.get(a.name, ()) if key in records.get(b.name, ())]
    if not both:
        return None
    example = next(iter(records[a.name].values()))
    two = {name: records[name] for name in (a.name, b.name)}  # the ceiling is no scenario of its own
    found = effects(two, a.name)
    return Results(
        a, b, len(both), asked, example.dates, (NATION, *example.regions),
        dict(zip(LAYERS, zip(*(_layers(records[s.name], both, example) for s in (a, b)), strict=True), strict=True)),
        found, cost_per_spared(two, a.name), failed, limits(a, b, records, top) if top is not None else {},
    )  # fmt: skip


def _layers(runs: Mapping[Any, Any], keys: list[Any], example: Any) -> list[Weekly]:
    """The weekly values of every layer, in the order of `LAYERS`: means over these runs."""
    names = ["insecurity", "joined", "members", *CONTACTS, "trust"]
    weekly = all_weekly(runs, names)
    mean = np.nan_to_num(np.mean([weekly[key] for key in keys], axis=0))
    values = {name: mean[:, :, k] for k, name in enumerate(names)}
    people, youths = (nation_first(example.weights[who], "sum", example) for who in ("people", "youths"))
    contacts = nation_first(sum(values[name] for name in CONTACTS), "sum", example)
    return [
        nation_first(values["insecurity"], "people", example),
        nation_first(values["joined"].cumsum(axis=0), "sum", example) / people * HUNDRED_THOUSAND,
        nation_first(values["members"], "sum", example),
        contacts / youths * 100,
        nation_first(values["trust"], "people", example),
    ]
