"""Where the stories of one person part in two runs: who joined in one only, the first difference, and the decision.

Two runs with one seed have the same persons with the same luck, so whatever differs in a person's life goes back to
what was done. Both runs are lived side by side, and after every process of the week the watched persons are compared:

    first difference   anything that differs for them, however small: the safety of their place, a friend's attitude
    first event        the first thing that happened to them, those close to them or their place in one run only
    decision           what made them join in one run and not, or not yet, in the other

A decision turns on luck that is the same in both runs against a chance that is not. Whose chance differs by several
circumstances at once is counted under the one that makes most of the difference: the log of the hazard is a sum, and of
a product of two each factor gets its difference times the mean of the other, which add up exactly.

A person is a number and whether they had it from the start or came after somebody turned 36. Watching changes nothing
and draws no luck.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.country import Country
from sim.processes.approach import (
    approach,
)
from sim.processes.exits import exits
from sim.stories.decisions import Decisions
from sim.stories.looks import LOOKS, Firsts, Side, _elsewhere
from sim.stories.parting import ADDED, DIFFERENCES, LATER, SAME, SOONER, SPARED, Joining, Parting, Person
from sim.week import WEEK, finished


def joiners(country: Country, on_week: Callable[[], None] | None = None) -> dict[Person, Joining]:
    """Live a country to its end and note who joined.

    Parameters
    ----------
    country : Country
        Is lived to its end: give a copy.
    on_week : callable, optional
        Called after every week.
    """
    society, youth, persons, found = country.society, country.youth, country.persons, {}
    while not finished(country):
        week = country.week
        for process in WEEK:
            entered = country.roster.size
            process(country)
            if process is approach:
                for person in country.roster.person[entered : country.roster.size].tolist():
                    row = person // society.persons_per_youth
                    found[person, int(week > society.turns_36[row])] = Joining(
                        week, int(persons.contact_week[person]), int(persons.reason[person]) - 1,
                        int(persons.contact_tie[person]),
                        bool(youth.woman[row]), int(youth.livelihood[row]),
                    )  # fmt: skip
        if on_week is not None:
            on_week()
    return found


def change(a: Joining | None, b: Joining | None) -> str:
    """What became of one person's joining from run `a` to run `b`."""
    if a is None or b is None:
        return SPARED if b is None else ADDED
    return SAME if a.week == b.week else SOONER if b.week < a.week else LATER


def partings(
    a: Country,
    b: Country,
    joined_a: dict[Person, Joining],
    joined_b: dict[Person, Joining],
    on_week: Callable[[], None] | None = None,
) -> list[Parting]:
    """Live two countries side by side and find where the stories of those who differ part.

    Parameters
    ----------
    a, b : Country
        On the first day, of one society and one seed. They are lived as far as needed: give copies.
    joined_a, joined_b : dict
        Who joined in either, as `joiners` gives them.
    on_week : callable, optional
        Called after every week.

    Returns
    -------
    list of Parting
        By person, those alone who joined in one run or in another week.
    """
    people = sorted(p for p in joined_a.keys() | joined_b.keys() if
                    change(joined_a.get(p), joined_b.get(p)) != SAME)  # fmt: skip
    if not people:
        return []
    persons, generation = np.array(people, np.int64).T
    turns = a.society.turns_36[persons // a.society.persons_per_youth]
    sides = Side(a, persons), Side(b, persons)
    stories = [(joined_a.get(p), joined_b.get(p)) for p in people]
    differences, events, decisions = Firsts(len(people)), Firsts(len(people)), Decisions(sides, stories)

    here = generation == 0
    founders = here & (sides[0].founders != sides[1].founders)
    for firsts in (differences, events):
        firsts.note(0, "founder", founders, np.where(sides[0].founders, 1, -1))
    differences.note(0, "start", here & _elsewhere(sides))
    for week in range(max(d.joining.week for d in decisions.people) + 1):
        for process in WEEK:
            look = LOOKS.get(process)
            for side in sides:
                side.keep(process)
            for side in sides:
                process(side.country)
            if process is exits:
                new = (turns == week) & (generation == 1)
                here |= new
                differences.note(week, "born", new & _elsewhere(sides))
            if look is not None:
                for (key, ours), (_, theirs) in zip(look(sides[0], week), look(sides[1], week), strict=True):
                    differs, more = here & (ours != theirs), np.sign(ours.astype(float) - theirs)
                    differences.note(week, key, differs, more)
                    if DIFFERENCES[key].happens:
                        events.note(week, key, differs, more)
            if process is approach:
                decisions.settle(week)
        if on_week is not None:
            on_week()
    return [
        Parting(person, born, change(ours, theirs), ours, theirs, differences[k], events[k], decisions[k])
        for k, ((person, born), (ours, theirs)) in enumerate(zip(people, stories, strict=True))
    ]
