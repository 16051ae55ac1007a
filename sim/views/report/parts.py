"""The parts of a report, in words: the scenarios, effects on Mali and by region, costs, precision and digests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.batches.preview import PlannedMeasure, Preview
from sim.comparison.effects import basis, headline
from sim.comparison.outcomes import NATION, SOUGHT
from sim.comparison.precision import Wish, needed
from sim.comparison.table import CHANGED, LEFT_OUT
from sim.comparison.worlds import NO_VERDICT
from sim.comparison.worth import cost_per_spared
from sim.languages import colon, day, mark, semicolon, tr
from sim.scenario import Scenario
from sim.views import words
from sim.views.report.answer import Effect, amounts, effect
from sim.views.report.reading import Comparison
from sim.views.runs import facts
from sim.views.words import delivery, each_costs, heading, money, number, share

if TYPE_CHECKING:
    import pandas as pd

MAPPED = ("joined", "attacks", "abuses")
MOST_WORSE = 3  # regions that a line of those that are worse off names
MOST_RUNS = 100  # runs whose digests are listed one by one

# --- scenarios in words -------------------------------------------------------------------------------------


def in_words(
    plan: Preview, base: Preview, given: pd.DataFrame, own: Mapping[str, Mapping[str, Any]], rate: float | None
) -> dict[str, Any]:
    """A scenario: the measures in which it differs from the baseline, or those of the baseline itself (`own`).

    Beside them the titles of the measures that both have alike (`shared`), and what else it sets (`other`).
    """
    scenario, theirs = plan.scenario, base.scenario.measures
    told: dict[str, Mapping[Any, Any]] = {row["measure"]: row for row in
                                          given[given["scenario"] == scenario.name].to_dict("records")}  # fmt: skip
    told = dict(own) if plan is base else told
    active = [m for m in plan.measures if m.active]
    differ = [m for m in active if plan is base or scenario.measures[m.key] != theirs.get(m.key)]
    taken = [_taken(m, scenario, told.get(m.key), rate) for m in differ]
    for m in base.measures:
        if m.active and m.key not in {ours.key for ours in active}:
            row = told.get(m.key)
            was = tr("in the baseline: {delivery}", delivery=delivery(row)) if row else ""
            saved = row["cost_xof"] if row else m.cost_xof or 0.0
            taken.append({"what": tr(m.title), "change": tr(LEFT_OUT), "delivered": was, "cost": money(-saved, rate)})
    other = [
        f"{title}{colon()}{', '.join(f'{key} = {value}' for key, value in settings.items())}"
        for title, settings in (
            (tr("Parameters changed"), scenario.parameters),
            (tr("Armed groups changed"), scenario.groups),
            (tr("Forces changed"), scenario.forces),
        )
        if settings
    ]
    other += [tr("{name} is changed, but it {idle} of the run", name=name, idle=tr(words.IDLE)) for name in plan.absent]
    shared = [tr(m.title) for m in active if m not in differ]
    return {"name": scenario.name, "baseline": plan is base, "measures": taken, "shared": shared, "other": other}


def _taken(m: PlannedMeasure, scenario: Scenario, row: Mapping[Any, Any] | None, rate: float | None) -> dict[str, Any]:
    spans = [tr("{start} to {end}", start=day(start), end=day(end)) if end < scenario.end
             else tr("{start} to the end", start=day(start)) for start, end, _, _ in m.periods]  # fmt: skip
    where = [tr("all regions") if regions == "all" else regions for _, _, regions, _ in m.periods]
    full = [tr("{much} of the full measure", much=much) for _, _, _, much in m.periods]
    when = words.listed(spans)
    if len(set(where)) > 1:
        where = [f"{each} ({span})" for each, span in zip(where, spans, strict=True)]
    if len(set(full)) > 1:
        full = [f"{each} ({span})" for each, span in zip(full, spans, strict=True)]
    settings = scenario.measures[m.key].model_dump(mode="json")
    own = [s for s in scenario.measures[m.key].settings() if s.name not in USUAL]
    defaults = type(scenario.measures[m.key])().model_dump(mode="json")
    much = list(dict.fromkeys(full))
    if m.idle:
        much = [tr("{idle}: no week of the run begins between its dates", idle=tr(words.IDLE))]
    elif m.reached_per_week is not None:
        much.append(
            tr(
                "planned: {reached_per_week} {delivers}",
                reached_per_week=number(m.reached_per_week),
                delivers=tr(m.delivers),
            )
        )
    much += [f"{tr(s.meaning)}{colon()}{settings[s.name]}" for s in own if settings[s.name] != defaults[s.name]]
    return {
        "what": tr(m.title), "change": tr(CHANGED) if row and row.get("change") == CHANGED else "",
        "where": semicolon().join(dict.fromkeys(where)),
        "when": when + (tr(", only while {when}", when=m.when) if m.when else ""), "how_much": much,
        "delivered": delivery(row) if row else "",
        "cost": money(row["cost_xof"] if row else m.cost_xof or 0.0, rate),
    }  # fmt: skip


MOST_TITLES = 4  # measures that stand beside the name of their scenario


def titles(told: Mapping[str, Any]) -> list[str]:
    """The measures that set a scenario apart, for a reader who does not know its name; none if there are many."""
    own = [f"{m['what']} ({m['change']})" if m["change"] else str(m["what"]) for m in told["measures"]]
    return own if len(own) <= MOST_TITLES else []


USUAL = {"enabled", "start", "end", "regions", "intensity", "phases", "ramp_up_weeks", "when"}


# --- effects ------------------------------------------------------------------------------------------------

WIDTH, PAD = 120, 4  # of the picture of an interval, in its own units
DRAWN = ("better", "worse", "unclear", "zero", "too coarse")  # what has one; costs span too much for one scale


VERDICTS = {
    "better": mark("better"),
    "worse": mark("worse"),
    "other": mark("–"),
    "unclear": mark("no clear sign"),
    "zero": mark("no difference"),
    "too coarse": NO_VERDICT,
    "no interval": mark("no interval"),
    "no number": mark("no region without measures"),
}


def blocks(table: pd.DataFrame, group: str, rate: float | None) -> list[dict[str, Any]]:
    """The effects on Mali of one group of outcomes: each outcome with a line for each scenario.

    `shares` are empty where no side is better. `zero` and `marks` (middle, low and high) are places in the picture
    of the interval.
    """
    nation = table[(table["region"] == NATION) & (table["group"] == group)]
    found = []
    for outcome in dict.fromkeys(nation["outcome"]):
        rows = nation[nation["outcome"] == outcome].to_dict("records")
        if all(math.isnan(row["baseline_mean"]) for row in rows):
            continue
        numbers = [value for row in rows for value in headline(row) if math.isfinite(value)]
        ends = min(0.0, *numbers), max(0.0, *numbers)
        lines = []
        for row in rows:
            e = effect(row, rate)
            if e.verdict == "no number":  # elsewhere, of measures that act everywhere
                continue
            shares = [share(row[name]) for name in ("helped", "harmed", "nothing")]
            lines.append({
                "scenario": row["scenario"], "effect": e,
                "verdict": tr(VERDICTS[e.verdict]) + (tr(", but small") if e.small else ""),
                "shares": [] if row["better"] == "none" or e.verdict in ("no number", "too coarse") else shares,
                "zero": _at(0.0, *ends),
                "marks": _marks(row, ends) if e.verdict in DRAWN else [],
            })  # fmt: skip
        if not lines:
            continue
        first, own = rows[0], words.own_value(rows)
        value = money(own or 0.0, rate) if first["unit"] == "XOF" else words.typeset(number(own or 0.0))
        value = tr("other regions for each scenario") if own is None else value
        unit = "" if first["unit"] == "XOF" else words.unit(first["unit"])
        better = tr(words.SIDES[first["better"]])
        found.append({"outcome": heading(outcome), "unit": unit, "better": better, "baseline": value, "lines": lines})
    return found


def _marks(row: Mapping[Any, Any], ends: tuple[float, float]) -> list[float]:
    """Where the middle and the ends of an interval stand; nothing without an interval."""
    numbers = headline(row)
    return [_at(value, *ends) for value in numbers] if all(map(math.isfinite, numbers)) else []


def _at(value: float, low: float, high: float) -> float:
    """Where a value stands in the picture of an interval that reaches from low to high."""
    return round(PAD + (WIDTH - 2 * PAD) * (value - low) / ((high - low) or 1.0), 1)


def worse_regions(table: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """Regions in which what is sought went the wrong way, by more than luck and by more than counts as nothing.

    A line for each scenario and outcome, the worst region first; where there are many, those that are worst off.
    """
    rows = table[(table["group"] == SOUGHT) & (table["region"] != NATION)].to_dict("records")
    found: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for row in rows:
        e = effect(row)
        if e.verdict == "worse" and not e.small:
            told = abs(headline(row)[0]), f"{row['region']} ({e.middle})"
            found.setdefault((names[row["scenario"]], e.phrase), []).append(told)
    lines = []
    for (scenario, phrase), regions in found.items():
        worst = [text for _, text in sorted(regions, key=lambda told: -told[0])]
        rest = len(worst) - MOST_WORSE
        texts = worst if rest <= 1 else [*worst[:MOST_WORSE], tr("{n} more regions", n=rest)]
        lines.append(f"{scenario}, {phrase}{colon()}{words.listed(texts)}")
    return lines


def worth(compared: Comparison, rate: float | None) -> list[dict[str, str]]:
    """A line for each scenario whose cost differs from the baseline's."""
    table = cost_per_spared(compared.records, compared.baseline)
    return [
        {
            "scenario": compared.names[row["scenario"]],
            "verdict": tr(row["verdict"]),
            "cost": money(row["cost_xof"], rate),
            "each": each_costs(row),
            **dict(
                zip(("spared", "interval"), amounts(row["spared"], row["spared_low"], row["spared_high"]), strict=True)
            ),
        }
        for row in table.to_dict("records")
        if math.isfinite(row["spared"]) and row["cost_xof"] != 0
    ]


def more(table: pd.DataFrame, margin: float) -> str:
    """How many seeds or draws would tell the mean effect on joining from nothing, in a sentence."""
    nation = table[(table["outcome"] == "joined") & (table["region"] == NATION) & table["sd"].notna()]
    if nation.empty or margin <= 0:
        return ""
    far, unit = needed(nation, [Wish("joined", margin, share=True)]), basis(table).unit
    many, there = far["needed"].max(), far["pairs"].max()
    near = tr("the mean effect on joining in every scenario to within {margin} % of the baseline", margin=share(margin))
    if far["reached"].all():
        return tr(
            "The {there} {unit} give {near}; smaller differences count as nothing.",
            there=there,
            unit=tr(unit),
            near=near,
        )
    return tr(
        "About {many} {unit} would give {near}; there are {there}.",
        many=number(many),
        unit=tr(unit),
        near=near,
        there=there,
    )


class Regional(NamedTuple):
    """An outcome by region: for each scenario nine effects."""

    outcome: str
    title: str
    unit: str
    regions: list[str]
    lines: dict[str, list[Effect]]


def regional(table: pd.DataFrame, outcome: str) -> Regional:
    """The effects on an outcome by region."""
    rows = table[(table["outcome"] == outcome) & (table["region"] != NATION)]
    lines: dict[str, list[Effect]] = {}
    for row in rows.to_dict("records"):
        lines.setdefault(row["scenario"], []).append(effect(row))
    regions = list(dict.fromkeys(rows["region"]))
    return Regional(outcome, heading(outcome), words.unit(rows["unit"].iloc[0]), regions, lines)


# --- how to reproduce it ------------------------------------------------------------------------------------


def digests(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each scenario the digest of its settings, of its runs together, and of each of them if they are not many."""
    done = [row for row in manifest.get("runs", ()) if row["digest"]]
    found = []
    for name, settings in manifest["scenarios"].items():
        own = sorted((row["draw"], row["seed"], row["digest"]) for row in done if row["scenario"] == name)
        together = facts([name], [(d, s) for d, s, _ in own], [sha for _, _, sha in own])["Digest"] if own else ""
        each = own if len(done) <= MOST_RUNS else []
        found.append({"scenario": name, "settings": settings["digest"], "runs": together, "each": each})
    return found
