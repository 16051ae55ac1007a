"""Who was spared, and why: the persons who join in one run and not in another of the same seed.

    explain(sim.load("baseline"), sim.load("joint_patrols"), seed=1).events

Both runs have the same invented persons with the same luck (`sim.stories.partings`), so each of them can be
followed through both. What comes out are counts, and a few stories as examples: nothing here describes a real person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.batches.batch import check_comparable as check_same_period
from sim.engine.errors import InputError
from sim.languages import tr
from sim.parameters import Parameters
from sim.stores.run import sources_digest, versions

if TYPE_CHECKING:
    import pandas as pd

    from sim.country import Country
    from sim.scenario import Scenario
    from sim.stories.parting import Joining, Moment, Parting, Person

AGES = ((15, 19), (20, 24), (25, 29), (30, 35))
YEAR = 365.2425 / 7.0  # weeks
THROUGH = ("random", "tie", "kin")  # by `contact_tie`
STEPS = ("difference", "event", "decision")
PERSONS = ("change", "region", "reason", "through", "persons")
EVENTS = ("step", "change", "event", "because", "meaning", "persons", "median_date")


@dataclass(frozen=True)
class Chapter:
    """How a person joined in one run."""

    contact: date
    joined: date
    through: str  # one of THROUGH
    reason: str  # one of approach.REASONS, without "joined_"


@dataclass(frozen=True)
class Turn:
    """A week and what differed in it: the parts of a `Moment` that a story tells."""

    week: date
    what: str
    run: int
    because: str


@dataclass(frozen=True)
class Story:
    """One invented person in both runs."""

    change: str
    region: str
    woman: bool
    ages: str  # when they first join
    livelihood: str  # one of facts.LIVELIHOODS
    first: Chapter | None
    second: Chapter | None
    difference: Turn
    event: Turn
    decision: Turn


@dataclass(frozen=True)
class Explanation:
    """What differs between two runs of one seed, person by person, and added up.

    Attributes
    ----------
    names : tuple of str
        The two scenarios.
    joined : tuple of int
        Persons who joined in each run.
    persons : DataFrame
        Those who joined by `change` ("spared": in the first run only; "added": in the second only; "sooner", "later":
        in both, in another week; "same"), `region`, main `reason`, and `through` whom ("tie", "kin", "random"). Of
        those who joined in both it is the first run that counts.
    events : DataFrame
        Of those who joined in one run only, or in another week: for the `step` "difference" (the first of any kind),
        "event" (the first thing that happened in one run only) and "decision", how many `persons` by `event` and, of
        decisions, what made it (`because`), with the date before which half of them had it (`median_date`).
    stories : tuple of Story
        Examples, spread evenly over the decisions and the years.
    about : dict
        Scenarios as run, seeds, versions.
    """

    names: tuple[str, str]
    joined: tuple[int, int]
    persons: pd.DataFrame
    events: pd.DataFrame
    stories: tuple[Story, ...]
    about: dict[str, Any]


def check_comparable(first: Scenario, second: Scenario) -> None:
    """Refuse two scenarios whose persons are not the same.

    Raises
    ------
    InputError
        If they differ in period, in `persons_per_youth`, or in a parameter that decides who lives where, with which
        mind, and who knows whom.
    """
    from sim.population.youth import SETTLED_BY

    check_same_period([first, second])
    ours, theirs = (Parameters.default().replaced(scenario.parameters) for scenario in (first, second))
    for name in SETTLED_BY:
        if ours[name] != theirs[name]:
            raise InputError(
                tr(
                    "{second} has {name} {theirs}, {first} {ours}; persons can be followed through two runs only if"
                    " both have the same people, so give both the same value (of {names})",
                    second=second.name,
                    name=name,
                    theirs=format(theirs[name], "g"),
                    first=first.name,
                    ours=format(ours[name], "g"),
                    names=", ".join(SETTLED_BY),
                )
            )


def explain(
    scenario_a: Scenario,
    scenario_b: Scenario,
    seed: int = 1,
    world_seed: int = 0,
    draw: int = 0,
    stories: int = 5,
    on_week: Callable[[], None] | None = None,
) -> Explanation:
    """Compare two scenarios person by person under one seed.

    Parameters
    ----------
    scenario_a, scenario_b : Scenario
        From `sim.load`; of one period, and with the same people. The first is what the second is compared with.
    seed, world_seed, draw : int
        Luck of the runs, the people, and the draw of parameters (0: their values in the table).
    stories : int
        Persons to tell about, at most.
    on_week : callable, optional
        Called after every week of either run, and of both together in the second pass: at most three times the weeks.

    Returns
    -------
    Explanation

    Raises
    ------
    InputError
        If the scenarios cannot be compared person by person.
    """
    check_comparable(scenario_a, scenario_b)
    from sim.beginning import begin
    from sim.stories.partings import joiners, partings

    a, b = (begin(scenario, seed, world_seed=world_seed, draw=draw) for scenario in (scenario_a, scenario_b))
    if a.society is not b.society:
        raise InputError(
            tr(
                "draw {draw} gives {first} and {second} different people",
                draw=draw,
                first=scenario_a.name,
                second=scenario_b.name,
            )
        )
    joined = joiners(a.copy(), on_week), joiners(b.copy(), on_week)
    about = {
        "scenarios": [scenario_a.resolved(), scenario_b.resolved()],
        "seed": seed,
        "world_seed": world_seed,
        "draw": draw,
        "versions": versions(),
        "sources": sources_digest(),
    }
    parted = partings(a.copy(), b.copy(), *joined, on_week)
    return summed_up((scenario_a.name, scenario_b.name), a, joined, parted, stories, about)


def summed_up(
    names: tuple[str, str],
    country: Country,
    joined: tuple[dict[Person, Joining], dict[Person, Joining]],
    parted: Sequence[Parting],
    stories: int,
    about: dict[str, Any],
) -> Explanation:
    """Tables and stories; `country` is one of the two, on any day."""
    import pandas as pd

    persons = pd.DataFrame(_joined_rows(country, *joined), columns=list(PERSONS[:-1])).assign(persons=1)
    events = pd.DataFrame(_event_rows(parted), columns=[*EVENTS[:4], "week"])
    return Explanation(
        names=names,
        joined=(len(joined[0]), len(joined[1])),
        persons=_added_up(persons, country),
        events=_with_dates(events, country),
        stories=tuple(_story(country, parting) for parting in examples(parted, stories)),
        about=about,
    )


def examples(parted: Sequence[Parting], stories: int) -> list[Parting]:
    """So many of them, at even distances when ordered by change, decision and week."""
    ordered = sorted(parted, key=lambda p: (p.change, p.decision.what, p.decision.because, p.decision.week, p.person))
    count = min(stories, len(ordered))
    return [ordered[(2 * k + 1) * len(ordered) // (2 * count)] for k in range(count)]


def _joined_rows(country: Country, a: dict[Person, Joining], b: dict[Person, Joining]) -> Iterator[tuple[str, ...]]:
    from sim.stories.partings import change

    for person in sorted(a.keys() | b.keys()):
        joining = a[person] if person in a else b[person]
        kind = change(a.get(person), b.get(person))
        yield kind, _region(country, person[0]), _reason(joining), THROUGH[joining.tie]


def _event_rows(parted: Sequence[Parting]) -> Iterator[tuple[str, str, str, str, int]]:
    for parting in parted:
        for step in STEPS:
            moment: Moment = getattr(parting, step)
            yield step, parting.change, moment.what, moment.because, moment.week


def _added_up(persons: pd.DataFrame, country: Country) -> pd.DataFrame:
    """A row per combination that occurs, in the order of the tables."""
    from sim.processes.approach import REASONS
    from sim.stories.parting import CHANGES

    order = {
        "change": list(CHANGES),
        "region": list(country.grid.region_names),
        "reason": [name.removeprefix("joined_") for name in REASONS],
        "through": ["tie", "kin", "random"],
    }
    table = persons.groupby(list(order), as_index=False).agg({"persons": "sum"})
    places = [table[name].map(values.index) for name, values in order.items()]
    return table.iloc[np.lexsort(places[::-1])].reset_index(drop=True)


def _with_dates(events: pd.DataFrame, country: Country) -> pd.DataFrame:
    """Persons and median date by what parted them, the most frequent first."""
    import pandas as pd

    from sim.stories.parting import BECAUSE, CHANGES, DECISIONS, DIFFERENCES

    meanings = {key: what.meaning for key, what in DIFFERENCES.items()}
    weeks = events.groupby(list(EVENTS[:4]))["week"]
    table = pd.DataFrame({"size": weeks.size(), "median": weeks.median()}).reset_index()
    table["persons"] = table["size"]
    table["median_date"] = [country.clock.date(int(week)).isoformat() for week in table["median"]]
    table["meaning"] = [
        (DECISIONS if step == "decision" else meanings)[event] + (f": {BECAUSE[because]}" if because else "")
        for step, event, because in zip(table["step"], table["event"], table["because"], strict=True)
    ]
    places = table["step"].map(STEPS.index), table["change"].map(list(CHANGES).index), -table["size"], table["median"]
    return table.iloc[np.lexsort(places[::-1])].reset_index(drop=True).reindex(columns=list(EVENTS))


def _region(country: Country, person: int) -> str:
    row = person // country.society.persons_per_youth
    return str(country.grid.region_names[country.grid.region[country.society.cell[row]]])


def _reason(joining: Joining) -> str:
    from sim.processes.approach import REASONS

    return REASONS[joining.reason].removeprefix("joined_")


def _story(country: Country, parting: Parting) -> Story:
    from sim.world.facts import LIVELIHOODS

    society, clock = country.society, country.clock

    def chapter(joining: Joining | None) -> Chapter | None:
        if joining is None:
            return None
        days = clock.date(joining.contact), clock.date(joining.week)
        return Chapter(*days, THROUGH[joining.tie], _reason(joining))

    def turn(moment: Moment) -> Turn:
        return Turn(clock.date(moment.week), moment.what, moment.run, moment.because)

    joining = parting.joining
    turns_36 = society.turns_36[parting.person // society.persons_per_youth]
    since = (joining.week - int(turns_36)) / YEAR
    age = min(max(int(15 + since if parting.generation else 36 + since), 15), 35)
    ages = next(f"{low} to {high}" for low, high in AGES if age <= high)
    return Story(
        parting.change, _region(country, parting.person), joining.woman, ages, LIVELIHOODS[joining.livelihood],
        chapter(parting.a), chapter(parting.b), turn(parting.difference), turn(parting.event), turn(parting.decision),
    )  # fmt: skip
