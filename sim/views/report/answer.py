"""The answer of a report: what each scenario changed, in sentences that say no more than the intervals do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.comparison.effects import Basis, basis, headline
from sim.comparison.outcomes import NATION
from sim.comparison.table import LEFT_OUT
from sim.comparison.verdicts import BETTER, IN_FORCE, NOT_SHOWN, SMALL, WORSE
from sim.comparison.worlds import NO_VERDICT
from sim.languages import colon, digits, mark, semicolon, tr, trn
from sim.parameters import rows as parameter_rows
from sim.views.words import (
    IDLE,
    capital,
    count,
    heading,
    label,
    large,
    listed,
    measure,
    money,
    one,
    share,
    three,
    typeset,
    unit,
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd

MANY = 8  # scenarios; above it the answer goes by outcome, and tables by region stand for maps
FEW = 3  # names that are written out in a sentence
MOSTLY = 0.5  # share of draws or seeds above which an effect "mostly counts as nothing"

ANSWERED = (
    "joined", "attacks", "deaths_civilian", "trust", "attitude_mean", "abuses", "wrongful_arrests", "clips_stirred"
)  # fmt: skip
"""Outcomes that the answer looks at: all that is sought, and the harm to people."""


COVERED = {
    "draws": mark(
        "The numbers are the median over draws of the parameters, followed by 5 to 95 % of the draws. They cover"
        " luck and uncertain parameters, but not whether the rules of the model are right."
    ),
    "seeds": mark(
        "The numbers are the mean over seeds, followed by its 90 % interval. The interval covers luck only."
        " The parameters were not drawn, so their uncertainty is not covered: the true uncertainty is larger."
    ),
}


class Effect(NamedTuple):
    """An effect and how far it can be believed: its numbers in words, and a verdict."""

    outcome: str
    middle: str
    interval: str  # empty where there is none
    unit: str  # empty where the words say it
    verdict: str  # "better", "worse", "other", "unclear", "zero", "too coarse", "no interval" or "no number"
    small: bool  # whether it mostly counts as nothing
    phrase: str  # "more attacks by armed groups"

    @property
    def numbers(self) -> str:
        """What changed, with its numbers."""
        return (
            f"{self.phrase} ({semicolon().join(filter(None, [self.middle, self.interval]))} {self.unit}".rstrip() + ")"
        )


def effect(row: Mapping[Any, Any], rate: float | None = None) -> Effect:
    """Judge a row of the table of effects."""
    middle, low, high = headline(row)
    if not math.isfinite(middle):
        verdict = "no number"
    elif row.get("too_coarse") and row["better"] != "none":
        verdict = "too coarse"
    elif not (math.isfinite(low) and math.isfinite(high)):
        verdict = "no interval"
    elif low == high == 0:
        verdict = "zero"
    elif low <= 0 <= high:
        verdict = "unclear"
    elif row["better"] == "none":
        verdict = "other"
    else:
        verdict = "better" if (middle < 0) == (row["better"] == "fewer") else "worse"
    small = verdict in ("better", "worse") and row["nothing"] > MOSTLY
    phrase = _moved(row, middle)
    text, interval = amounts(middle, low, high, row["unit"])
    if row["unit"] == "XOF":
        dollars = typeset(f"{large(middle / rate, sign=True)} {unit('USD')}") if rate else ""
        text, interval = f"{text} {unit('XOF')}", semicolon().join(filter(None, [interval, dollars]))
    return Effect(row["outcome"], text, interval, unit("SD") if row["unit"] == "SD" else "", verdict, small, phrase)


def _moved(row: Mapping[Any, Any], middle: float) -> str:
    """An outcome and the direction in which it moved: "more attacks by armed groups"."""
    if row["unit"] in ("0..1", "SD"):
        text = mark("higher {outcome}") if middle > 0 else mark("lower {outcome}")
    else:
        text = mark("more {outcome}") if middle > 0 else mark("fewer {outcome}")
    return tr(text, outcome=label(row["outcome"]))


def amounts(middle: float, low: float, high: float, unit: str = "") -> tuple[str, str]:
    """An effect and its interval.

    >>> amounts(5.25, 0.705, 9.79), amounts(-3.0, float("nan"), float("nan"))
    (('+5.2', '+0.7 to +9.8'), ('−3', ''))
    """
    first, *ends = map(typeset, three(middle, low, high, unit))
    return first, tr("{low} to {high}", low=ends[0], high=ends[1]) if all(ends) else ""


class Answer(NamedTuple):
    """What is said of a scenario, or of an outcome where there are many scenarios."""

    of: str
    sentences: list[str]


def answers(
    names: Mapping[str, str], table: pd.DataFrame, given: pd.DataFrame, rate: float | None, margin: float,
    judged: pd.DataFrame | None = None,
) -> list[Answer]:  # fmt: skip
    """The answer: scenario by scenario, or outcome by outcome where there are too many of them to read.

    With verdicts (`judged`) it also says what scenarios do while their measures are in force.
    """
    if len(names) > MANY:
        return [by_outcome(o, table, names) for o in ANSWERED if o in set(table["outcome"])]
    found = {called: answer(name, table, given, rate, margin) for name, called in names.items()}
    own = {called: [] if judged is None else in_force(name, judged) for name, called in names.items()}
    return [Answer(called, [*said.sentences, *own[called]]) for called, said in found.items()]


def in_force(scenario: str, judged: pd.DataFrame) -> list[str]:
    """What a scenario does while its own measures are in force, by its verdicts; nothing where there are none."""
    rows = judged[(judged["scenario"] == scenario) & (judged["window"] == IN_FORCE)]
    rows = rows[rows["outcome"].isin(ANSWERED) & rows["verdict"].isin((BETTER, WORSE, SMALL, NOT_SHOWN))]
    if rows.empty:
        return []
    shown = {verdict: [_effect_in_force(row) for row in rows[rows["verdict"] == verdict].to_dict("records")]
             for verdict in (BETTER, WORSE)}  # fmt: skip
    said = [f"{tr(verdict)}{colon()}{listed(texts)}" for verdict, texts in shown.items() if texts]
    weeks, window = count(int(rows["weeks"].iloc[0]), "week"), judged[judged["window"] == IN_FORCE]
    return [tr("While in force ({weeks}), corrected for {comparisons}: {said}.", weeks=weeks,
               comparisons=count(int(window["q"].notna().sum()), "comparison"),
               said=semicolon().join(said) or tr("no effect that counts is shown"))]  # fmt: skip


def _effect_in_force(row: Mapping[Any, Any]) -> str:
    middle, interval = amounts(row["mean"], row["low"], row["high"], row["unit"])
    return f"{_moved(row, row['mean'])} ({semicolon().join(filter(None, [middle, interval]))})"


def by_outcome(outcome: str, table: pd.DataFrame, names: Mapping[str, str]) -> Answer:
    """Which scenarios did better and worse than the baseline in an outcome, and for how many that cannot be told."""
    rows = table[(table["outcome"] == outcome) & (table["region"] == NATION)].to_dict("records")
    rows = sorted((row for row in rows if math.isfinite(row["mean"])), key=lambda row: -abs(headline(row)[0]))
    judged = {names.get(row["scenario"], row["scenario"]): effect(row) for row in rows}
    said = []
    for verdict in ("better", "worse"):
        if found := [f"{name} ({e.middle})" for name, e in judged.items() if e.verdict == verdict and not e.small]:
            said.append(tr("{verdict} with {found}.", verdict=capital(tr(verdict)), found=listed(found)))
    if small := sum(e.small for e in judged.values()):
        said.append(tr("Too small a difference to count with {small}.", small=small))
    if coarse := sum(e.verdict == "too coarse" for e in judged.values()):
        said.append(
            tr(
                "{no_verdict} with {coarse} of {many} scenarios.",
                no_verdict=capital(tr(NO_VERDICT)),
                coarse=coarse,
                many=len(judged),
            )
        )
    if same := sum(e.verdict == "zero" for e in judged.values()):
        said.append(tr("The same as in the baseline, in every run, with {same}.", same=same))
    if unclear := sum(e.verdict in ("unclear", "no interval") for e in judged.values()):
        said.append(
            tr(
                "Not distinguishable from {noise} with {unclear} of {many} scenarios.",
                noise=_noise(basis(table)),
                unclear=unclear,
                many=len(judged),
            )
        )
    return Answer(heading(outcome), said)


def _noise(what: Basis) -> str:
    """What an effect has to stand out from."""
    return tr("luck") if what.unit == "seeds" else tr("luck and uncertain parameters")


def answer(scenario: str, table: pd.DataFrame, given: pd.DataFrame, rate: float | None, margin: float) -> Answer:
    """What a scenario changed."""
    rows = table[(table["scenario"] == scenario) & (table["region"] == NATION)].to_dict("records")
    found = {row["outcome"]: effect(row, rate) for row in rows}
    if not found:
        return Answer(
            scenario, [tr("None of its runs has a finished run of the baseline beside it: nothing can be said.")]
        )
    absent = {row["outcome"] for row in rows if row["baseline_mean"] == headline(row)[0] == 0}
    main = [e for e in found.values() if e.outcome in ANSWERED and e.outcome not in absent and e.verdict != "no number"]
    sort = {verdict: [e for e in main if e.verdict == verdict and not e.small] for verdict in
            ("better", "worse", "unclear", "zero", "no interval", "too coarse")}  # fmt: skip
    what = basis(table)
    noise, said = _noise(what), []
    if sort["too coarse"]:
        said.append(f"{capital(tr(NO_VERDICT))} ({rows[0]['too_coarse']}).")
    elif sort["no interval"]:
        said.append(
            tr(
                "One {one} gives no interval, so no effect can be told apart from {noise}.",
                one=one(what.unit),
                noise=noise,
            )
        )
    elif sort["unclear"] == main:
        where = tr("any of the {many} outcomes", many=len(main)) if len(main) > 1 else tr("the one outcome")
        said.append(tr("No effect can be told apart from {noise} in {where} examined.", noise=noise, where=where))
    elif not sort["better"] and not sort["worse"]:
        said.append(tr("No effect that counts can be told apart from {noise}.", noise=noise))
    for verdict in ("better", "worse"):
        if sort[verdict]:
            said.append(f"{capital(tr(verdict))}{colon()}{listed(e.numbers for e in sort[verdict])}.")
    if small := [e for e in main if e.small]:
        said.append(
            tr(
                "Too small to count (mostly within {margin} % of the baseline): {phrase}.",
                margin=share(margin),
                phrase=listed(e.phrase for e in small),
            )
        )
    if sort["unclear"] and sort["unclear"] != main:
        said.append(
            tr(
                "Not distinguishable from {noise}: {outcome}.",
                noise=noise,
                outcome=listed(label(e.outcome) for e in sort["unclear"]),
            )
        )
    if sort["zero"]:
        same = [label(e.outcome) for e in sort["zero"]]
        which = (
            listed(same)
            if len(same) <= FEW
            else tr("{many} of {many2} outcomes examined", many=len(same), many2=len(main))
        )
        said.append(tr("The same as in the baseline in every run: {which}.", which=which))
    idle = given[(given["scenario"] == scenario) & (given["delivered_nothing"] == 1.0) & (given["change"] != LEFT_OUT)]
    never = idle[idle["weeks"] == 0]
    if len(never):
        said.append(
            tr(
                "{idle} of the run: {key}.",
                idle=capital(tr(IDLE)),
                key=listed(measure(key) for key in never["measure"]),
            )
        )
    idle = idle[idle["weeks"] > 0]
    if len(idle):
        said.append(tr("Delivered nothing in any run: {key}.", key=listed(measure(key) for key in idle["measure"])))
    if "cost" in found:
        said.append(_price(next(row for row in rows if row["outcome"] == "cost"), rate))
    return Answer(scenario, said)


def _price(row: Mapping[Any, Any], rate: float | None) -> str:
    middle = headline(row)[0]
    if middle == 0:
        return tr("It costs as much as the baseline.")
    paid = money(abs(middle), rate)
    if middle > 0:
        return tr("It costs {paid} more than the baseline.", paid=paid)
    return tr("It costs {paid} less than the baseline.", paid=paid)


def covered(table: pd.DataFrame) -> list[str]:
    """What the intervals of the answer cover, and what they do not."""
    what = basis(table).unit
    fewest = int(table[what].min())
    few = [trn("{many} is few: intervals and shares are rough.", "{many} are few: intervals and shares are rough.",
               fewest, many=count(fewest, what))]  # fmt: skip
    most = parameter_rows()["coarsest_verdict"].value
    return [
        tr(COVERED[what]),
        *(few if fewest < 10 else []),
        tr("Verdicts hold up to {most} persons per youth.", most=digits(most, "g")),
    ]
