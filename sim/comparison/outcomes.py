"""Outcomes: what scenarios are compared by. The gains that are sought, and beside them the ledger of harm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.engine.errors import InputError, nearest
from sim.languages import tr

if TYPE_CHECKING:
    from sim.record import Record

NATION = "Mali"
SOUGHT, LEDGER = "what is sought", "the ledger of harm"


@dataclass(frozen=True)
class Outcome:
    """One thing that scenarios are compared by.

    Attributes
    ----------
    name : str
        Its name in tables and on the command line.
    better : {"fewer", "more", "none"}
        Which direction is better.
    label : str
        What every table, figure and page calls it; "fewer" or "higher" can stand before it.
    group : str
        `SOUGHT` or `LEDGER`.
    of : str
        The observable, where its name differs from the outcome's.
    prefix : str
        Instead of one observable: the sum of all observables whose names begin with this prefix.
    elsewhere : bool
        Whether it counts only the regions in which no measure acts that a scenario and the baseline do not share.
    spared : str
        The noun for one unit of it that a measure spares, where there is one.
    """

    name: str
    better: str
    label: str
    group: str = SOUGHT
    of: str = ""
    prefix: str = ""
    elsewhere: bool = False
    spared: str = ""

    def observables(self, record: Record) -> list[str]:
        """Names of its observables in a record."""
        if self.prefix:
            return [name for name in record.names if name.startswith(self.prefix)]
        name = self.of or self.name
        return [name] if name in record.names else []


OUTCOMES = {
    outcome.name: outcome
    for outcome in (
        Outcome("joined", "fewer", "people who joined", spared="person kept from joining"),
        Outcome("attacks", "fewer", "attacks by armed groups", spared="attack averted"),
        Outcome("deaths_civilian", "fewer", "civilians killed", spared="civilian death averted"),
        Outcome("trust", "more", "trust in the security forces"),
        Outcome("attitude_mean", "fewer", "sympathy with violent groups"),
        Outcome("abuses", "fewer", "abuses by security forces", LEDGER),
        Outcome("wrongful_arrests", "fewer", "wrongful arrests", LEDGER),
        Outcome("clips_stirred", "fewer", "youths stirred up by clips", LEDGER),
        Outcome("imams_silenced", "fewer", "imams silenced by threats", LEDGER),
        Outcome("attacks_displaced", "fewer", "attacks moved to softer targets", LEDGER),
        Outcome("joined_elsewhere", "fewer", "people who joined elsewhere", LEDGER, of="joined", elsewhere=True),
        Outcome("attacks_elsewhere", "fewer", "attacks elsewhere", LEDGER, of="attacks", elsewhere=True),
        Outcome("cost", "none", "cost", LEDGER, prefix="cost_"),
    )
}
"""The outcomes of every comparison. Any observable of a record can be compared beside them, by its own name."""


def in_words(outcome: str) -> str:
    """What tables, figures and pages call an outcome."""
    return OUTCOMES[outcome].label if outcome in OUTCOMES else outcome.replace("_", " ")


def check_outcomes(names: Sequence[str]) -> None:
    """Reject names that are not in `OUTCOMES`.

    Raises
    ------
    InputError
        With the outcomes that exist, and the nearest one.
    """
    for name in names:
        if name not in OUTCOMES:
            raise _no_outcome(name, list(OUTCOMES))


def chosen(names: Sequence[str], examples: Sequence[Record]) -> list[Outcome]:
    """The outcomes of these names that any of the records has: from `OUTCOMES`, else the observable of this name.

    Raises
    ------
    InputError
        If a name is neither an outcome nor an observable.
    """
    found = []
    for name in names:
        outcome = OUTCOMES.get(name, Outcome(name, "none", name.replace("_", " ")))
        there = any(outcome.observables(example) for example in examples)
        if name not in OUTCOMES and not there:
            raise _no_outcome(name, [*OUTCOMES, *examples[0].names])
        if there:
            found.append(outcome)
    return found


def check_observables(names: Sequence[str], example: Record) -> None:
    """Reject names that are not among the observables of a record.

    Raises
    ------
    InputError
        With the nearest observable.
    """
    for name in names:
        if name not in example.names:
            raise InputError(
                tr("there is no observable {name}{nearest}", name=repr(name), nearest=nearest(name, example.names))
            )


def _no_outcome(name: str, known: Sequence[str]) -> InputError:
    text = tr("there is no outcome {name}; the outcomes are {outcomes}", name=repr(name), outcomes=", ".join(OUTCOMES))
    return InputError(text + (tr(", or an observable") if len(known) > len(OUTCOMES) else "") + nearest(name, known))


def nation_first(regions: NDArray[np.float64], how: str, example: Record) -> NDArray[np.float64]:
    """Mali before its regions (the last axis): their sum, or their mean weighted by people or youths."""
    if how == "sum":
        nation = regions.sum(axis=-1)
    else:
        weights = example.weights[how]
        nation = regions @ weights / weights.sum()
    return np.concatenate([nation[..., None], regions], axis=-1)
