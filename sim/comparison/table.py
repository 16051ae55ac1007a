"""Finished runs as one table, and the pairs of runs in it. Whatever compares runs reads them here and nowhere else.

runs of a batch -> table: (scenario, draw, seed) x (outcome, Mali and its regions) -> pairs with the baseline
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.comparison.outcomes import NATION, OUTCOMES, Outcome, check_outcomes, chosen, nation_first
from sim.comparison.windows import totals_during
from sim.comparison.worlds import World, differences, sentence, too_coarse, world
from sim.engine.errors import InputError, nearest
from sim.languages import tr
from sim.measures.phases import taken
from sim.stores.run import Key
from sim.stores.totals import all_totals, all_weekly

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Record

NOTHING_MARGIN = 0.01
ADDED, LEFT_OUT, CHANGED = "added", "left out", "changed"

Records = Mapping[str, Mapping[Any, "Record"]]
"""Scenario -> seed, or `Key` of draw and seed -> Record."""
Settings = Mapping[str, Any]
"""The settings of a measure as a record keeps them."""


@dataclass(frozen=True)
class Arm:
    """The finished runs of one scenario.

    Attributes
    ----------
    keys : tuple of Key
        Draw and seed of each run, in order.
    values : array
        Runs x outcomes x (Mali, regions), or x weeks.
    measures : mapping
        The measures of the scenario that do anything, with their settings.
    world : mapping
        What else the scenario sets, by path.
    too_coarse : str
        Why the runs get no verdict; empty if they do.
    """

    keys: tuple[Key, ...]
    values: NDArray[np.float64]
    measures: Mapping[str, Settings]
    world: World
    too_coarse: str


class Pairs(NamedTuple):
    """One scenario and the baseline, line by line under the same draw and seed."""

    ours: NDArray[np.float64]  # lines x outcomes x (Mali, regions), or x weeks
    theirs: NDArray[np.float64]
    draws: tuple[int, ...]  # of all pairs of runs; where parameters are drawn, a line is the mean over a draw's seeds
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Table:
    """The finished runs of several scenarios.

    Attributes
    ----------
    arms : dict of str to Arm
        By scenario, in their order.
    outcomes, units, hows : tuple
        The outcomes, the unit of each, and how its regions add up ("sum", "people", "youths").
    regions : tuple of str
    dates : tuple of date
        First day of each week.
    people : array
        People of Mali and of each region.
    weeks : int
        Weeks that the values cover.
    drawn : bool
        Whether parameters are drawn; then a pair is a draw, else a seed.
    margin : float
        The parameter `nothing_margin` of the runs.
    """

    arms: dict[str, Arm]
    outcomes: tuple[Outcome, ...]
    units: tuple[str, ...]
    hows: tuple[str, ...]
    regions: tuple[str, ...]
    dates: tuple[date, ...]
    people: NDArray[np.float64]
    weeks: int
    drawn: bool
    margin: float

    def pairs(self, scenario: str, baseline: str, *, by_run: bool = False) -> Pairs:
        """A scenario beside the baseline, over the runs that both finished.

        A line is a seed, or a draw of the parameters as the mean over its seeds; with `by_run` it is always a run.
        """
        ours, theirs = self.arms[scenario], self.arms[baseline]
        places = [dict(zip(arm.keys, range(len(arm.keys)), strict=True)) for arm in (ours, theirs)]
        both = sorted(places[0].keys() & places[1].keys())
        draws, seeds = tuple(key.draw for key in both), tuple(key.seed for key in both)
        away = elsewhere(ours.measures, theirs.measures, self.regions)
        sides: list[NDArray[np.float64]] = []
        for arm, place in zip((ours, theirs), places, strict=True):
            side = arm.values[[place[key] for key in both]]
            if self.drawn and both and not by_run:
                side = np.array([side[np.equal(draws, draw)].mean(axis=0) for draw in dict.fromkeys(draws)])
            for k, outcome in enumerate(self.outcomes):
                if outcome.elsewhere:
                    side[:, k] = _only(side[:, k], away)
            sides.append(side)
        return Pairs(sides[0], sides[1], draws, seeds)

    def world_differs(self, scenario: str, baseline: str) -> str:
        """In what else than its measures a scenario differs from the baseline; empty if in nothing."""
        ours, theirs = self.arms[scenario], self.arms[baseline]
        return (
            sentence(differences(ours.world, theirs.world, self.drawn), baseline) if ours.keys and theirs.keys else ""
        )

    def too_coarse(self, *scenarios: str) -> str:
        """Why the runs of these scenarios are too coarse for a verdict on an effect; empty if they are not."""
        return next(filter(None, (self.arms[scenario].too_coarse for scenario in scenarios)), "")

    def frame(self, region: str = NATION) -> pd.DataFrame:
        """A row per run: scenario, draw, seed, region, and a column per outcome; "all" gives a row per region."""
        import pandas as pd

        places = (NATION, *self.regions)
        check_region(region, [*places, "all"])
        among = range(len(places)) if region == "all" else [places.index(region)]
        parts = []
        for scenario, arm in self.arms.items():
            index = pd.DataFrame(
                {"scenario": scenario, "draw": [key.draw for key in arm.keys], "seed": [key.seed for key in arm.keys]}
            ).loc[np.repeat(np.arange(len(arm.keys)), len(among))]
            index["region"] = np.tile(np.array(places, object)[list(among)], len(arm.keys))
            values = arm.values[:, :, list(among)].swapaxes(1, 2).reshape(len(index), len(self.outcomes))
            parts.append(index.assign(**{o.name: values[:, k] for k, o in enumerate(self.outcomes)}))
        return pd.concat(parts, ignore_index=True)


def table_of(
    records: Records,
    outcomes: Sequence[str] = tuple(OUTCOMES),
    baseline: str | None = None,
    during: NDArray[np.bool_] | None = None,
) -> Table | None:
    """Runs as a table of their totals: sums over the run, or means over its last 52 weeks. None without a finished run.

    With `during`, a mask of weeks, the totals are those of these weeks alone.

    Raises
    ------
    InputError
        If there are no runs of the baseline, or a name is neither an outcome nor an observable of the runs.
    """

    def read(runs: Mapping[Any, Record], names: list[str], outcome_values: _Values) -> dict[Any, NDArray[np.float64]]:
        found = all_totals(runs, names) if during is None else totals_during(runs, names, during)
        stacked = np.array([*found.values()])
        return dict(zip(found, outcome_values(stacked).swapaxes(0, 1), strict=True)) if found else {}

    return _table(records, outcomes, baseline, read, None if during is None else int(during.sum()))


def weekly_table_of(
    records: Records, outcomes: Sequence[str], region: str = NATION, baseline: str | None = None
) -> Table | None:
    """Runs as a table of weeks at one place, Mali or a region. None without a finished run.

    Raises
    ------
    InputError
        As for `table_of`, or if the region does not exist.
    """
    example = next((first for runs in records.values() if (first := _first(runs)) is not None), None)
    places = (NATION, *(() if example is None else example.regions))
    if example is not None:
        check_region(region, places)

    def read(runs: Mapping[Any, Record], names: list[str], outcome_values: _Values) -> dict[Any, NDArray[np.float64]]:
        place = places.index(region)
        return {key: outcome_values(values)[:, :, place] for key, values in all_weekly(runs, names).items()}

    return _table(records, outcomes, baseline, read)


_Values = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""... x regions x observables -> outcomes x ... x (Mali, regions)."""


def _table(
    records: Records,
    names: Sequence[str],
    baseline: str | None,
    read: Callable[[Mapping[Any, Record], list[str], _Values], Mapping[Any, NDArray[np.float64]]],
    weeks: int | None = None,
) -> Table | None:
    if baseline is not None:
        check_scenario(baseline, records)
    firsts = {scenario: first for scenario, runs in records.items() if (first := _first(runs)) is not None}
    if not firsts:
        check_outcomes(names)
        return None
    examples = [firsts[scenario] for scenario in sorted(firsts, key=lambda scenario: scenario != baseline)]
    outcomes = chosen(names, examples)
    if not outcomes:
        return None
    example = examples[0]
    known = {observable.name: observable for record in reversed(examples) for observable in record.observables}
    parts = [list(dict.fromkeys(name for record in examples for name in o.observables(record))) for o in outcomes]
    observables = sorted({name for part in parts for name in part})
    columns = [[observables.index(name) for name in part] for part in parts]
    facts = [known[part[0]] for part in parts]

    def outcome_values(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = [(np.nansum if o.prefix else np.sum)(values[..., some], axis=-1)
                for o, some in zip(outcomes, columns, strict=True)]  # fmt: skip
        return np.array([nation_first(summed, fact.how, example) for summed, fact in zip(sums, facts, strict=True)])

    arms = {}
    for scenario, runs in records.items():
        found = {Key.of(key): values for key, values in read(runs, observables, outcome_values).items()}
        keys = tuple(sorted(found))
        blank = np.empty((0, len(outcomes), 1 + len(example.regions)))
        values = np.array([found[key] for key in keys]) if keys else blank
        first = firsts.get(scenario)
        about = {} if first is None else first.about
        own = {} if first is None else active_measures(first)
        arms[scenario] = Arm(keys, values, own, world(about.get("scenario", {})), too_coarse(about))
    margin = float(example.about.get("parameters", {}).get("nothing_margin", NOTHING_MARGIN))
    drawn = any(isinstance(key, tuple) for runs in records.values() for key in islice(runs, 1))
    return Table(arms, tuple(outcomes), tuple(f.unit for f in facts), tuple(f.how for f in facts),
                 tuple(example.regions), tuple(example.dates), nation_first(example.weights["people"], "sum", example),
                 len(example.dates) if weeks is None else weeks, drawn, margin)  # fmt: skip


def _first(runs: Mapping[Any, Record]) -> Record | None:
    return next(iter(runs.values()), None)


def check_scenario(name: str, records: Iterable[str]) -> None:
    """Reject a scenario of which there are no runs.

    Raises
    ------
    InputError
        With the nearest name.
    """
    if name not in (known := list(records)):
        raise InputError(tr("there are no runs of {name}{nearest}", name=repr(name), nearest=nearest(name, known)))


def check_region(name: str, places: Sequence[str]) -> None:
    """Reject an unknown region.

    Raises
    ------
    InputError
        With the regions that exist, and the nearest one.
    """
    if name not in places:
        raise InputError(
            tr(
                "there is no region {name}; the regions are {places}{nearest}",
                name=repr(name),
                places=", ".join(places),
                nearest=nearest(name, places),
            )
        )


# --- the measures that two scenarios do not share -------------------------------------------------------------


def active_measures(record: Record) -> dict[str, Settings]:
    """The measures of a record's scenario that do anything, with their settings."""
    measures = record.about.get("scenario", {}).get("measures", {})
    return {key: m for key, m in measures.items() if taken(m)}


def changes(ours: Mapping[str, Settings], theirs: Mapping[str, Settings]) -> dict[str, str]:
    """Measures that a scenario (`ours`) and the baseline (`theirs`) do not share: key -> added, left out or changed."""
    found = {}
    for key in sorted({*ours, *theirs}):
        if key not in theirs:
            found[key] = ADDED
        elif key not in ours:
            found[key] = LEFT_OUT
        elif ours[key] != theirs[key]:
            found[key] = CHANGED
    return found


def elsewhere(
    ours: Mapping[str, Settings], theirs: Mapping[str, Settings], regions: Sequence[str]
) -> NDArray[np.bool_]:
    """Regions in which no measure acts that the two do not share; none of them where the two share all measures."""
    differ = changes(ours, theirs)
    if not differ:
        return np.zeros(len(regions), bool)
    reached: set[str] = set()
    for measures in (ours, theirs):
        for period in (period for key in differ if key in measures for period in taken(measures[key])):
            reached |= set(regions if period["regions"] == "all" else period["regions"])
    return np.array([region not in reached for region in regions])


def _only(values: NDArray[np.float64], regions: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Counts of some regions alone, and their sum in the place of Mali; not a number where there is none of them."""
    inside = np.where(regions, values[:, 1:], np.nan)
    nation = values[:, 1:][:, regions].sum(axis=1) if regions.any() else np.full(len(values), np.nan)
    return np.column_stack([nation, inside])
