"""A comparison as one page that needs nothing else: question, answer, effects, maps, harm, doubt, and how to repeat it.

The page stands in `report.html`; what is said on it is worked out here, from top to bottom as a reader meets it. The
same runs give the same page, to the last byte.
"""

from __future__ import annotations

import base64
import json
import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from sim.batches.preview import PlannedMeasure, Preview, preview
from sim.comparison.delivered import delivered, own_delivered
from sim.comparison.effects import Basis, basis, effects, effects_over_time, headline
from sim.comparison.outcomes import LEDGER, NATION, SOUGHT
from sim.comparison.precision import Wish, needed
from sim.comparison.table import CHANGED, LEFT_OUT, NOTHING_MARGIN
from sim.comparison.worth import cost_per_spared
from sim.engine.errors import InputError
from sim.parameters import rows as parameter_rows
from sim.scenario import Scenario
from sim.stores import open_batch
from sim.stores.files import write_text
from sim.version import __version__
from sim.views.maps import map_effect
from sim.views.saving import save
from sim.views.series import plot_effects_over_time
from sim.views.sheet import facts, in_large_units, number
from sim.views.tables import delivery, each_costs, money, same_luck, share

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.record import Record

MAPPED = ("joined", "attacks", "abuses")
OVER_TIME = ("joined", "attacks", "deaths_civilian", "abuses")
MANY = 8  # scenarios; above it the answer goes by outcome, and tables by region stand for maps
FEW = 3  # names that are written out in a sentence
MOST_RUNS = 100  # runs whose digests are listed one by one
MOSTLY = 0.5  # share of draws or seeds above which an effect "mostly counts as nothing"

ANSWERED = (
    "joined", "attacks", "deaths_civilian", "trust", "attitude_mean", "abuses", "wrongful_arrests", "backfired"
)  # fmt: skip
"""Outcomes that the answer looks at: all that is sought, and the harm to people."""

NOUNS = {
    "joined": "people who joined armed groups",
    "attacks": "attacks by armed groups",
    "deaths_civilian": "civilians killed",
    "trust": "trust in the security forces",
    "attitude_mean": "mean sympathy with violent groups",
    "abuses": "abuses of civilians by security forces",
    "wrongful_arrests": "arrests of people who are no members",
    "backfired": "times that clips moved viewers towards violence",
    "imams_silenced": "imams silenced by threats",
    "attacks_displaced": "attacks moved to softer targets",
    "joined_elsewhere": "people who joined, in regions without the measures",
    "attacks_elsewhere": "attacks, in regions without the measures",
    "cost": "cost of all measures",
}
"""Outcomes in words that need no manual."""


class Comparison(NamedTuple):
    """What a report is made from."""

    manifest: Mapping[str, Any]
    records: Mapping[str, Mapping[Any, Record]]  # scenario -> seed, or `Key` of draw and seed
    baseline: str
    stored: bool = False  # whether in a store, else in a results folder


def report(store: str | os.PathLike[str], out: str | os.PathLike[str] | None = None) -> Path:
    """Write the report of a comparison, one HTML file that loads nothing from elsewhere.

    >>> report("results/baseline+joint_patrols")                                  # doctest: +SKIP
    PosixPath('results/baseline+joint_patrols/report.html')

    Parameters
    ----------
    store : path or str
        The results folder of a comparison, or a store (of which the latest plan is told).
    out : path, optional
        File to write; by default ``report.html`` in the folder, needed where the store is a URL. It appears under its
        name only when complete.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the folder holds no comparison, or the file cannot be written.
    """
    if out is None and "://" in os.fspath(store):
        raise InputError(f"{os.fspath(store)} is a URL; name a file for the report with --out")
    text = page(comparison(os.fspath(store)))
    file = Path(store) / "report.html" if out is None else Path(out)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}; name another file with --out") from error
    return file


def comparison(place: str) -> Comparison:
    """Read a comparison from its results folder or store.

    Raises
    ------
    InputError
        If there is no comparison.
    """
    hint = "a report is made from a folder or store that kumakan compare has written"
    if "://" not in place and not Path(place).is_dir():
        raise InputError(f"{place} is no folder; {hint}")
    try:
        batch = open_batch(place)
    except InputError as problem:
        raise InputError(f"{place} holds no comparison ({problem.message}); {hint}") from None
    if len(batch.scenarios) < 2:
        raise InputError(f"{place} holds runs of one scenario only, and nothing to compare them with; {hint}")
    manifest = {**batch.plan, "runs": [asdict(row) for row in batch.rows]}
    return Comparison(manifest, batch.records, batch.scenarios[0], "--store" in batch.store.options)


def page(compared: Comparison) -> str:
    """The report as HTML.

    Raises
    ------
    InputError
        If no run was finished by both the baseline and another scenario.
    """
    manifest, records, baseline, stored = compared
    table = effects(records, baseline)
    table = table[(table["seeds"] > 0)]
    if table.empty:
        raise InputError("no scenario has a run that the baseline has finished too; let kumakan compare go on first")
    example = next(iter(records[baseline].values()))
    margin = float(example.about.get("parameters", {}).get("nothing_margin", NOTHING_MARGIN))
    plans = {name: preview(_scenario(settings)) for name, settings in manifest["scenarios"].items()}
    given, what, rate = delivered(records, baseline), basis(table), plans[baseline].xof_per_usd
    names = [name for name in manifest["scenarios"] if name != baseline]
    regions = [regional(table, outcome) for outcome in MAPPED if outcome in set(table["outcome"])]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["name"] = lambda text: Markup(str(escape(text)).replace("_", "_<wbr>"))
    return environment.get_template("report.html").render(
        title=f"{_and(names)} compared with {baseline}" if len(names) <= FEW else
        f"{len(names)} scenarios compared with {baseline}",
        baseline=baseline,
        period=f"{day(example.dates[0])} to {day(plans[baseline].scenario.end)}",
        descriptions={name: plan.scenario.description for name, plan in plans.items()},
        rests_on=rests_on(what, len(names), baseline),
        answers=answers(names, table, given, what, rate, margin),
        covered=covered(what, table),
        scenarios=[_in_words(plan, plans[baseline], given, own_delivered(records[baseline]), rate)
                   for plan in plans.values()],
        interval=what.interval, unit=what.unit, many=what.many, covers=what.covers, margin=share(margin),
        sought=blocks(table, SOUGHT, rate),
        ledger=blocks(table, LEDGER, rate),
        worse=worse_regions(table),
        regions=regions,
        maps=maps(compared, table, regions) if len(names) <= MANY else None,
        over_time=over_time(compared, names) if len(names) <= MANY else None,
        worth=worth(compared, rate),
        same_luck=same_luck(table),
        more=more(table, what, margin),
        qualities=Counter(row.quality for row in parameter_rows().values()),
        drawn=sum(row.drawn for row in parameter_rows().values()),
        persons=plans[baseline].scenario.persons_per_youth,
        intervals=int(((table["region"] == NATION) & (table["better"] != "none") & table["low"].notna()).sum()),
        failed=[row for row in manifest.get("runs", ()) if row["state"] == "failed"],
        state=manifest.get("state", ""),
        manifest=manifest,
        sources=example.about.get("run", {}).get("sources", ""),
        in_store=stored,
        settings={name: json.dumps(plan.scenario.resolved(), indent=1, ensure_ascii=False)
                  for name, plan in plans.items()},
        digests=digests(manifest),
        made_with=__version__,
    )  # fmt: skip


def _scenario(settings: Mapping[str, Any]) -> Scenario:
    return Scenario.of({key: value for key, value in settings.items() if key not in ("path", "digest")})


# --- the answer ---------------------------------------------------------------------------------------------


def rests_on(what: Basis, scenarios: int, baseline: str) -> str:
    """The sentence that says how much was run."""
    each = "The scenario was" if scenarios == 1 else f"Each of the {scenarios} scenarios was"
    same = "draws and seeds" if what.unit == "draws" else "seeds"
    return f"{each} run with {what.many} and compared with {baseline} under the same {same}."


class Effect(NamedTuple):
    """An effect and how far it can be believed: its numbers in words, and a verdict."""

    outcome: str
    middle: str
    interval: str  # empty where there is none
    unit: str  # empty where the words say it
    verdict: str  # "better", "worse", "other", "unclear", "zero", "no interval" or "no number"
    small: bool  # whether it mostly counts as nothing
    phrase: str  # "more attacks by armed groups"


def effect(row: Mapping[Any, Any], rate: float | None = None) -> Effect:
    """Judge a row of the table of effects."""
    middle, low, high = headline(row)
    if not math.isfinite(middle):
        verdict = "no number"
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
    more, less = ("higher", "lower") if row["unit"] in ("0..1", "SD") else ("more", "fewer")
    phrase = f"{more if middle > 0 else less} {NOUNS.get(row['outcome'], row['outcome'])}"
    texts = amounts(middle, low, high) if row["unit"] != "XOF" else _costs(middle, low, high, rate)
    return Effect(row["outcome"], *texts, "SD" if row["unit"] == "SD" else "", verdict, small, phrase)


def amounts(middle: float, low: float, high: float) -> tuple[str, str]:
    """An effect and its interval, with the decimals that the interval deserves.

    >>> amounts(5.25, 0.705, 9.79), amounts(-3.0, float("nan"), float("nan")), amounts(0.0, 0.0, 0.0)
    (('+5.2', '+0.7 to +9.8'), ('−3', ''), ('0', '0 to 0'))
    >>> amounts(8_659_733, 8_631_863, 8_687_603)
    ('+8.660 million', '+8.632 to +8.688 million')
    """
    divisor, word = in_large_units([middle, low, high], "")
    word = f" {word}".rstrip()
    middle, low, high = middle / divisor, low / divisor, high / divisor
    if not (math.isfinite(low) and math.isfinite(high)):
        return _signed(middle, number(middle)) + word, ""
    if low == high:
        first = second = third = _signed(middle, number(middle))
    else:
        decimals = min(4, max(0, 1 - math.floor(math.log10(high - low))))
        texts = (f"{value:,.{decimals}f}".replace("-", "−") for value in (middle, low, high))
        first, second, third = map(_signed, (middle, low, high), texts)
    return first + word, f"{second} to {third}{word}"


def _signed(value: float, text: str) -> str:
    """A number with its sign; what is shown as zero has none."""
    if not text.strip("−0.,"):
        return text.lstrip("−")
    return f"+{text}" if value > 0 else text


def _costs(middle: float, low: float, high: float, rate: float | None) -> tuple[str, str]:
    """What is spent more or less, and with it the interval, where it has two ends, and the amount in USD."""
    least, amount, most = (money(value, None, sign=True).replace("-", "−") for value in (low, middle, high))
    interval = [f"{least} to {most}"] if least != most and math.isfinite(low) else []
    dollars = [money(middle / rate, None, sign=True).replace("-", "−").replace("XOF", "USD")] if rate else []
    return amount, "; ".join(interval + dollars)


class Answer(NamedTuple):
    """What is said of a scenario, or of an outcome where there are many scenarios."""

    of: str
    sentences: list[str]


def answers(
    names: Sequence[str], table: pd.DataFrame, given: pd.DataFrame, what: Basis, rate: float | None, margin: float
) -> list[Answer]:
    """The answer: scenario by scenario, or outcome by outcome where there are too many of them to read."""
    if len(names) > MANY:
        return [by_outcome(o, table, what) for o in ANSWERED if o in set(table["outcome"])]
    return [answer(name, table, given, what, rate, margin) for name in names]


def by_outcome(outcome: str, table: pd.DataFrame, what: Basis) -> Answer:
    """Which scenarios did better and worse than the baseline in an outcome, and for how many that cannot be told."""
    rows = table[(table["outcome"] == outcome) & (table["region"] == NATION)].to_dict("records")
    rows = sorted((row for row in rows if math.isfinite(row["mean"])), key=lambda row: -abs(headline(row)[0]))
    judged = {row["scenario"]: effect(row) for row in rows}
    said = []
    for verdict in ("better", "worse"):
        if found := [f"{name} ({e.middle})" for name, e in judged.items() if e.verdict == verdict and not e.small]:
            said.append(f"{_capital(verdict)} with {_and(found)}.")
    if small := sum(e.small for e in judged.values()):
        said.append(f"A difference too small to count with {small}.")
    if same := sum(e.verdict == "zero" for e in judged.values()):
        said.append(f"In every run as in the baseline with {same}.")
    if unclear := sum(e.verdict in ("unclear", "no interval") for e in judged.values()):
        said.append(f"Nothing that can be told from {_noise(what)} with {unclear} of {len(judged)} scenarios.")
    return Answer(_capital(NOUNS[outcome]), said)


def _noise(what: Basis) -> str:
    """What an effect has to stand out from."""
    return "luck" if what.unit == "seeds" else "luck and uncertain parameters"


def answer(
    scenario: str, table: pd.DataFrame, given: pd.DataFrame, what: Basis, rate: float | None, margin: float
) -> Answer:
    """What a scenario changed, in sentences that say no more than the intervals do."""
    rows = table[(table["scenario"] == scenario) & (table["region"] == NATION)].to_dict("records")
    found = {row["outcome"]: effect(row, rate) for row in rows}
    if not found:
        return Answer(scenario, ["No run of it was finished that the baseline has finished too: nothing can be said."])
    absent = {row["outcome"] for row in rows if row["baseline_mean"] == headline(row)[0] == 0}
    main = [e for e in found.values() if e.outcome in ANSWERED and e.outcome not in absent and e.verdict != "no number"]
    sort = {verdict: [e for e in main if e.verdict == verdict and not e.small] for verdict in
            ("better", "worse", "unclear", "zero", "no interval")}  # fmt: skip
    noise = _noise(what)
    said = []
    if sort["no interval"]:
        one = "seed" if what.unit == "seeds" else "draw"
        said.append(f"With one {one} no interval can be given, so no effect can be told from {noise}.")
    elif sort["unclear"] == main:
        where = f"any of the {len(main)} outcomes" if len(main) > 1 else "the one outcome"
        said.append(f"Nothing that can be told from {noise} in {where} looked at.")
    elif not sort["better"] and not sort["worse"]:
        said.append(f"The model shows nothing of weight that can be told from {noise}.")
    for verdict, words in (("better", "For the better"), ("worse", "For the worse")):
        if sort[verdict]:
            said.append(f"{words}: {_and([_with_numbers(e) for e in sort[verdict]])}.")
    if small := [e for e in main if e.small]:
        said.append(f"Too small to count (mostly within {share(margin)} % of the baseline):"
                    f" {_and([e.phrase for e in small])}.")  # fmt: skip
    if sort["unclear"] and sort["unclear"] != main:
        said.append(f"Nothing that can be told from {noise}: {_and([NOUNS[e.outcome] for e in sort['unclear']])}.")
    if sort["zero"]:
        same = [NOUNS[e.outcome] for e in sort["zero"]]
        words = _and(same) if len(same) <= FEW else f"{len(same)} of {len(main)} outcomes looked at"
        said.append(f"In every run as in the baseline: {words}.")
    idle = given[(given["scenario"] == scenario) & (given["delivered_nothing"] == 1.0) & (given["change"] != LEFT_OUT)]
    if len(idle):
        said.append(f"Delivered nothing in any run: {_and(list(idle['measure']))}.")
    if "cost" in found:
        said.append(_price(next(row for row in rows if row["outcome"] == "cost"), rate))
    return Answer(scenario, said)


def _with_numbers(e: Effect) -> str:
    return f"{e.phrase} ({e.middle}; {e.interval}{' ' if e.unit else ''}{e.unit})"


def _price(row: Mapping[Any, Any], rate: float | None) -> str:
    middle = headline(row)[0]
    if middle == 0:
        return "It costs as much as the baseline."
    return f"It costs {money(abs(middle), rate)} {'more' if middle > 0 else 'less'} than the baseline."


def covered(what: Basis, table: pd.DataFrame) -> list[str]:
    """What the intervals of the answer cover, and what they do not."""
    if what.unit == "draws":
        said = [
            "The numbers are the median over draws of the parameters and, after it, 5 to 95 % of draws. They cover luck"
            " and what is not known of the parameters, but not whether the rules of the model are right."
        ]
        fewest = table["draws"].min()
    else:
        said = [
            "The numbers are the mean over seeds and, after it, its 90 % interval. It covers luck only. Uncertainty of"
            " parameters is not covered, as no draws of them were run: the true uncertainty is larger."
        ]
        fewest = table["seeds"].min()
    if fewest < 10:
        said.append(f"{_capital(_some(int(fewest), what.unit))} are few: take intervals and shares as rough.")
    return said


# --- scenarios in words -------------------------------------------------------------------------------------


class Taken(NamedTuple):
    """A measure as a scenario takes it, in words."""

    what: str
    change: str  # "", "changed" or "left out"
    where: str
    when: str
    how_much: list[str]
    delivered: str
    cost: str


class InWords(NamedTuple):
    """A scenario in words."""

    name: str
    baseline: bool
    measures: list[Taken]
    shared: list[str]  # titles of the measures it has as the baseline has them
    other: list[str]  # what else it sets: groups, forces, parameters


def _in_words(
    plan: Preview, base: Preview, given: pd.DataFrame, own: Mapping[str, Mapping[str, Any]], rate: float | None
) -> InWords:
    """The measures in which a scenario differs from the baseline, or those of the baseline itself (`own`)."""
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
            was = f"in the baseline: {delivery(row)}" if row else ""
            saved = row["cost_xof"] if row else m.cost_xof or 0.0
            taken.append(Taken(m.title, LEFT_OUT, "", "", [], was, money(-saved, rate)))
    other = [
        f"{words}: {', '.join(f'{key} = {value}' for key, value in settings.items())}"
        for words, settings in (("Parameters set", scenario.parameters), ("Armed groups changed", scenario.groups),
                                ("Forces changed", scenario.forces))
        if settings
    ]  # fmt: skip
    return InWords(scenario.name, plan is base, taken, [m.title for m in active if m not in differ], other)


def _taken(m: PlannedMeasure, scenario: Scenario, row: Mapping[Any, Any] | None, rate: float | None) -> Taken:
    start, end = m.start or scenario.start, m.end or scenario.end
    when = f"{day(start)} to {day(end) if end < scenario.end else 'the end'}"
    settings = scenario.measures[m.key].model_dump(mode="json")
    own = [s for s in scenario.measures[m.key].settings() if s.name not in USUAL]
    defaults = type(scenario.measures[m.key])().model_dump(mode="json")
    much = [f"{share(m.intensity)} % of the full measure"]
    if m.reached_per_week is not None:
        much.append(f"planned: {number(m.reached_per_week)} {m.delivers}")
    much += [f"{s.meaning}: {settings[s.name]}" for s in own if settings[s.name] != defaults[s.name]]
    return Taken(
        m.title,
        CHANGED if row and row.get("change") == CHANGED else "",
        "all regions" if len(m.regions) == 9 else ", ".join(m.regions),
        when + (f", and only while {m.when}" if m.when else ""),
        much,
        delivery(row) if row else "",
        money(row["cost_xof"] if row else m.cost_xof or 0.0, rate),
    )


USUAL = {"enabled", "start", "end", "regions", "intensity", "ramp_up_weeks", "when"}


# --- effects ------------------------------------------------------------------------------------------------

WIDTH, PAD = 120, 4  # of the picture of an interval, in its own units
DRAWN = ("better", "worse", "unclear", "zero")  # what has one; costs span too much for one scale


class Line(NamedTuple):
    """An effect as a line of a table."""

    scenario: str
    effect: Effect
    verdict: str  # in words
    shares: list[str]  # helped, harmed, nothing, in %; empty where no side is better
    zero: float  # where it stands in the picture of the interval
    marks: list[float]  # where middle, low and high stand; empty where there is no interval


class Block(NamedTuple):
    """An outcome with a line for each scenario."""

    outcome: str
    unit: str
    better: str
    baseline: str
    lines: list[Line]


VERDICTS = {
    "better": "better",
    "worse": "worse",
    "other": "–",
    "unclear": "no clear sign",
    "zero": "no difference",
    "no interval": "no interval",
    "no number": "measures act everywhere",
}


def blocks(table: pd.DataFrame, group: str, rate: float | None) -> list[Block]:
    """The effects on Mali of one group of outcomes."""
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
            shares = [share(row[name]) for name in ("helped", "harmed", "nothing")]
            lines.append(
                Line(
                    row["scenario"], e, VERDICTS[e.verdict] + (", but small" if e.small else ""),
                    [] if row["better"] == "none" or e.verdict == "no number" else shares,
                    _at(0.0, *ends), [_at(value, *ends) for value in headline(row)] if e.verdict in DRAWN else [],
                )
            )  # fmt: skip
        first = rows[0]
        own = {round(row["baseline_mean"], 6) for row in rows if math.isfinite(row["baseline_mean"])}
        value = money(first["baseline_mean"], rate) if first["unit"] == "XOF" else number(first["baseline_mean"])
        better = {"fewer": "less is better", "more": "more is better"}.get(first["better"], "neither side is better")
        unit = {"XOF": "", "0..1": "0 to 1"}.get(first["unit"], first["unit"])
        found.append(Block(_capital(NOUNS.get(outcome, outcome)), unit,
                           better, value if len(own) == 1 else "other regions for each scenario", lines))  # fmt: skip
    return found


def _at(value: float, low: float, high: float) -> float:
    """Where a value stands in the picture of an interval that reaches from low to high."""
    return round(PAD + (WIDTH - 2 * PAD) * (value - low) / ((high - low) or 1.0), 1)


def worse_regions(table: pd.DataFrame) -> list[str]:
    """Regions in which what is sought went the wrong way, by more than luck and by more than counts as nothing."""
    rows = table[(table["group"] == SOUGHT) & (table["region"] != NATION)].to_dict("records")
    judged = [(row, effect(row)) for row in rows]
    return [
        f"{row['region']}, {row['scenario']}: {_with_numbers(e)}"
        for row, e in judged
        if e.verdict == "worse" and not e.small
    ]


class Worth(NamedTuple):
    """What a scenario spends for each person kept from joining."""

    scenario: str
    verdict: str
    spared: str
    interval: str
    cost: str
    each: str


def worth(compared: Comparison, rate: float | None) -> list[Worth]:
    """A line for each scenario that costs something else than the baseline."""
    table = cost_per_spared(compared.records, compared.baseline)
    return [
        Worth(row["scenario"], row["verdict"], *amounts(row["spared"], row["spared_low"], row["spared_high"]),
              money(row["cost_xof"], rate), each_costs(row))
        for row in table.to_dict("records") if math.isfinite(row["spared"]) and row["cost_xof"] != 0
    ]  # fmt: skip


def more(table: pd.DataFrame, what: Basis, margin: float) -> str:
    """How many seeds or draws would tell the mean effect on joining from nothing, in a sentence."""
    nation = table[(table["outcome"] == "joined") & (table["region"] == NATION) & table["sd"].notna()]
    if nation.empty or margin <= 0:
        return ""
    far = needed(nation, [Wish("joined", margin, share=True)])
    many, there = far["needed"].max(), far["pairs"].max()
    wide = f"The mean effect on joining is known to within {share(margin)} % of the baseline (the margin of nothing)"
    if far["reached"].all():
        return f"{wide} with the {there} {what.unit} there are, in every scenario."
    return f"{wide} with about {number(many)} {what.unit} in every scenario; there are {there}."


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
    return Regional(outcome, _capital(NOUNS[outcome]), rows["unit"].iloc[0], regions, lines)


# --- maps ---------------------------------------------------------------------------------------------------


class Picture(NamedTuple):
    """A figure inside the page, and what it shows for those who cannot see it."""

    source: str
    alt: str
    caption: str


class Maps(NamedTuple):
    """The maps, and of what there is none: outcome -> scenarios in which no region can be told from luck."""

    pictures: list[Picture]
    blank: dict[str, list[str]]


def maps(compared: Comparison, table: pd.DataFrame, told: Sequence[Regional]) -> Maps:
    """Effects by region as maps, of scenarios with a region in which there is something to tell from luck."""
    manifest = compared.manifest
    pairs = list(product(manifest["draws"], manifest["seeds"]))
    runs = [row["digest"] for row in manifest.get("runs", ()) if row["digest"]]
    made = Maps([], {})
    for shown in told:
        for name, line in shown.lines.items():
            if not any(e.verdict in ("better", "worse") for e in line):
                made.blank.setdefault(shown.title, []).append(name)
                continue
            about = facts([compared.baseline, name], pairs, runs)
            figure = map_effect(table, name, shown.outcome, title=f"{shown.title}: {name}", about=about)
            values = [f"{region} {e.middle} ({e.interval})" for region, e in zip(shown.regions, line, strict=True)]
            what = f"{name} less {compared.baseline}, {shown.unit}, whole run"
            alt = f"Map of Mali by region. {shown.title}: {what}. {'; '.join(values)}."
            made.pictures.append(Picture(embedded(figure, about), alt, what))
    return made


def over_time(compared: Comparison, names: Sequence[str]) -> Picture | None:
    """What changed week by week, as one figure; None where nothing of it is in the records."""
    records, baseline, manifest = compared.records, compared.baseline, compared.manifest
    told = effects_over_time(records, baseline, OVER_TIME)
    if told.empty:
        return None
    runs = [row["digest"] for row in manifest.get("runs", ()) if row["digest"]]
    about = facts([baseline, *names], list(product(manifest["draws"], manifest["seeds"])), runs)
    last = told[told["week"] == told["week"].max()]
    ends = [
        f"{row['scenario']}, {NOUNS[row['outcome']]}: {amounts(*headline(row))[0]}" for row in last.to_dict("records")
    ]
    alt = f"Lines over time, added up until each week, of each scenario less {baseline}. At the end: {'; '.join(ends)}."
    return Picture(embedded(plot_effects_over_time(told, about=about), about), alt, f"Less {baseline}, Mali, by week")


def embedded(figure: Figure, about: Mapping[str, str]) -> str:
    """A figure as the source of an image: a PNG, which for a map is smaller than an SVG."""
    with tempfile.TemporaryDirectory() as folder:
        [file] = save(figure, Path(folder) / "figure.png", about)
        return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"


# --- how to reproduce it ------------------------------------------------------------------------------------


class Digest(NamedTuple):
    """What the numbers of a scenario's runs hash to."""

    scenario: str
    settings: str
    runs: str
    each: list[tuple[int, int, str]]  # draw, seed, digest; empty where there are many


def digests(manifest: Mapping[str, Any]) -> list[Digest]:
    """Of each scenario the digest of its settings, of its runs together, and of each of them if they are not many."""
    done = [row for row in manifest.get("runs", ()) if row["digest"]]
    found = []
    for name, settings in manifest["scenarios"].items():
        own = sorted((row["draw"], row["seed"], row["digest"]) for row in done if row["scenario"] == name)
        together = facts([name], [(d, s) for d, s, _ in own], [sha for _, _, sha in own])["Digest"] if own else ""
        found.append(Digest(name, settings["digest"], together, own if len(done) <= MOST_RUNS else []))
    return found


# --- words --------------------------------------------------------------------------------------------------


def day(when: date) -> str:
    """A date as people write it.

    >>> day(date(2014, 2, 17))
    '17 February 2014'
    """
    return f"{when.day} {when:%B} {when.year}"


def _and(texts: Iterable[str]) -> str:
    """A list in words: "a, b and c"."""
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def _some(count: int, words: str) -> str:
    """A number of draws or seeds: "1 seed", "3 seeds"."""
    return f"{count} {words.removesuffix('s')}" if count == 1 else f"{count} {words}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
