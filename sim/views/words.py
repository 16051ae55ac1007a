"""The words of tables, figures and pages: every number, amount, share, count, list and label is written here.

Texts have a plain hyphen for a minus, which every terminal and file can hold; `typeset` gives the true sign for figures
and pages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sim.comparison.effects import basis
from sim.comparison.outcomes import OUTCOMES, in_words
from sim.comparison.worlds import NO_VERDICT
from sim.languages import comma as between
from sim.languages import counted, digits, isolated, mark, semicolon, tr
from sim.languages import local as localised

if TYPE_CHECKING:
    import pandas as pd

    from sim.batches.estimate import Takes

UNKNOWN = "–"
DUST = 1e-9
"""Anything smaller is left over from rounding, such as a threat that has faded for years."""
LARGE = ((1e9, mark("bn"), mark("billion")), (1e6, mark("m"), mark("million")))
SIDES = {"fewer": mark("less is better"), "more": mark("more is better"), "none": mark("neither side is better")}
FEW_NAMES = 3  # that are written out in a sentence
SHORT_UNITS = {"0..1": mark("0 to 1")}


# --- numbers ------------------------------------------------------------------------------------------------


def number(value: float, sign: bool = False, figures: int = 3) -> str:
    """The figures that count, with thousands set apart.

    >>> number(12345.6), number(0.04321), number(-7.0), number(3.2, sign=True), number(float("nan")), number(2.6e-15)
    ('12,346', '0.0432', '-7', '+3.2', '–', '0')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if abs(value) < DUST:
        return "0"
    plus = "+" if sign else ""
    if abs(value) >= 10 ** (figures - 1):
        return _signed(f"{value:{plus},.0f}")
    return _signed(f"{value:{plus}.{figures}g}" if abs(value) >= 1e-4 else f"{value:{plus}.1e}")


def _signed(text: str) -> str:
    """A number in the signs of the language, with its own sign before it in a line from right to left too."""
    return isolated(localised(text)) if text[:1] in "+-" else localised(text)


def typeset(text: str) -> str:
    """A number with a true minus sign, for figures and pages."""
    return text.replace("-", "−")


def large(value: float, sign: bool = False) -> str:
    """An amount in millions ("m") or billions ("bn") where it is that large."""
    for size, short, _ in LARGE:
        if math.isfinite(value) and abs(value) >= size:
            return f"{number(value / size, sign)} {tr(short)}"
    return number(value, sign)


def amount(value: float, unit: str, sign: bool = False) -> str:
    """A number, or an amount of money without its currency."""
    return large(value, sign) if unit == "XOF" else number(value, sign)


def money(xof: float, xof_per_usd: float | None = None, sign: bool = False) -> str:
    """An amount in XOF and, with a rate, in US dollars.

    >>> money(1_650_000_000, 550)
    '1.65 bn XOF (3 m USD)'
    """
    said = f"{large(xof, sign)} {unit('XOF')}"
    return said + (f" ({large(xof / xof_per_usd, sign)} {unit('USD')})" if xof_per_usd else "")


def in_large_units(values: ArrayLike, unit: str) -> tuple[float, str]:
    """What to divide values by, and the unit they then have ("million XOF"), so that an axis can be read."""
    array = np.abs(np.asarray(values, dtype=float))
    largest = np.max(array[np.isfinite(array)], initial=0.0)
    for size, _, name in LARGE:
        if largest >= 2 * size:
            return size, tr("{large} {unit}", large=tr(name), unit=unit).strip()
    return 1.0, unit


def three(middle: float, low: float, high: float, unit: str = "", sign: bool = True) -> tuple[str, str, str]:
    """An effect and the two ends of its interval, with the decimals that the interval deserves.

    The ends are empty where there is no interval, or nothing between its ends.

    >>> three(5.25, 0.705, 9.79), three(-3.0, float("nan"), float("nan")), three(0.0, 0.0, 0.0)
    (('+5.2', '+0.7', '+9.8'), ('-3', '', ''), ('0', '', ''))
    >>> three(2e-6, -1e-6, 5e-6)
    ('0', '', '')
    >>> three(8_659_733, 8_631_863, 8_687_603), three(4.1e9, 3e9, 5.25e9, "XOF")
    (('+8.660 million', '+8.632', '+8.688'), ('+4.1 bn', '+3.0', '+5.2'))
    """
    values = np.array([middle, low, high])
    money = unit == "XOF"
    divisor, word = in_large_units(values, "")
    if money:
        most = np.max(np.abs(values[np.isfinite(values)]), initial=0.0)
        divisor, word = next(((size, tr(short)) for size, short, _ in LARGE if most >= size), (1.0, ""))
    scaled, word = values / divisor, f" {word}".rstrip()
    none = not np.isfinite(values).all() or low == high
    if none or (money and number(scaled[1]) == number(scaled[2])):
        return number(scaled[0], sign) + word, "", ""
    decimals = min(2 if money else 4, max(0, 1 - math.floor(math.log10(scaled[2] - scaled[1]))))
    texts = (f"{value:{'+' if sign else ''},.{decimals}f}" for value in scaled)
    first, least, greatest = (text if text.strip("+-0.,") else text.lstrip("+-") for text in texts)  # no sign at zero
    if not (first + least + greatest).strip("0.,"):
        return "0", "", ""
    first, least, greatest = (_signed(text) for text in (first, least, greatest))
    return first + word, least, greatest


def difference(middle: float, low: float, high: float, unit: str = "", sign: bool = True) -> str:
    """An effect with its interval in brackets; a value without `sign`.

    >>> difference(5.25, 0.705, 9.79), difference(-3.0, float("nan"), float("nan"))
    ('+5.2 [+0.7, +9.8]', '-3')
    """
    first, *ends = three(middle, low, high, unit, sign)
    return f"{first} [{between(numbers=True).join(ends)}]" if all(ends) else first


def share(value: float) -> str:
    """A share as a whole per cent."""
    return f"{100 * value:.0f}" if math.isfinite(value) else UNKNOWN


def duration(seconds: float) -> str:
    """A time in words.

    >>> duration(4.2), duration(75), duration(9000)
    ('5 s', '1 min 15 s', '2 h 30 min')
    """
    if seconds < 60:
        return f"{math.ceil(seconds)} s" if seconds >= 1 else f"{digits(seconds, '.1f')} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return (
            tr("{minutes} min {rest} s", minutes=minutes, rest=rest) if rest else tr("{minutes} min", minutes=minutes)
        )
    return tr("{minutes} h {minutes2} min", minutes=minutes // 60, minutes2=minutes % 60)


def size(space: float) -> str:
    """Bytes in words."""
    return tr("{n} GB", n=digits(space / 1e9, ".1f")) if space >= 1e9 else tr("{n} MB", n=digits(space / 1e6, ".0f"))


def takes(need: Takes) -> str:
    """What a job takes, in two lines: its runs, and time, memory and disk.

    >>> from sim.batches.estimate import Takes
    >>> print(takes(Takes(80, 20, 2, 95.0, 8e8, 2.1e7)))
    80 runs; 20 are there already, 60 are left to make.
    About 1 min 35 s in 2 worker processes, 800 MB of memory and 21 MB on disk (a rough estimate).
    """
    runs = count(need.runs, "run")
    if need.there == need.runs:
        return (
            tr("{runs}, which is there already.", runs=runs)
            if need.runs == 1
            else tr("{runs}, which are all there already.", runs=runs)
        )
    there = (
        tr(
            "; {there} are there already, {runs} are left to make",
            there=digits(need.there, ","),
            runs=digits(need.runs - need.there, ","),
        )
        if need.there
        else ""
    )
    return f"{runs}{there}.\n{effort(need)}"


def effort(need: Takes) -> str:
    """Time, memory and disk of the runs that are left to make, in a sentence."""
    workers = tr("{workers} worker processes", workers=need.workers) if need.workers > 1 else tr("one process")
    return tr(
        "About {seconds} in {workers}, {memory_bytes} of memory and {disk_bytes} on disk (a rough estimate).",
        seconds=duration(need.seconds),
        workers=workers,
        memory_bytes=size(need.memory_bytes),
        disk_bytes=size(need.disk_bytes),
    )


# --- counts and lists ---------------------------------------------------------------------------------------


def count(many: int, word: str) -> str:
    """A count with its noun.

    >>> count(1, "seed"), count(1200, "runs")
    ('1 seed', '1,200 runs')
    """
    return counted(many, word.removesuffix("s"))


def listed(texts: Iterable[str]) -> str:
    """A list in a sentence: "a, b and c"."""
    *most, last = texts
    return tr("{most} and {last}", most=between().join(most), last=last) if most else last


def ranges(numbers: Sequence[int]) -> str:
    """Sorted whole numbers in short.

    >>> ranges([1, 2, 3, 7])
    '1-3, 7'
    """
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def capital(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


# --- names --------------------------------------------------------------------------------------------------


def label(name: str) -> str:
    """What an outcome or observable is called where people read."""
    if name.startswith("cost_"):
        return tr("cost of {measure}", measure=measure(name.removeprefix("cost_")))
    if name.startswith("delivered_"):
        return tr("delivered by {measure}", measure=measure(name.removeprefix("delivered_")))
    return tr(in_words(name))


def heading(name: str) -> str:
    """The label of an outcome at the head of a table or panel."""
    return capital(label(name))


def unit(text: str) -> str:
    """A unit in words."""
    return tr(SHORT_UNITS.get(text, text))


def with_unit(outcome: str, of: str) -> str:
    """The label of an outcome and its unit, if the label does not say what is counted."""
    text = label(outcome)
    return text if of in in_words(outcome) or of in ("persons", "events") else f"{text}{between()}{unit(of)}"


YEAR = re.compile(r"\b20\d\d\b")
IN_A_REGION = re.compile(r"(?<=^attacks in )[^ ]+(?= in )")


def without_names(pattern: str) -> tuple[str, dict[str, str]]:
    """The words that stand for a pattern's region and years, so that it is translated once, and what they stand for.

    >>> without_names("attacks in Gao in 2014"), without_names("casualties of 2019 relative to 2016")[0]
    (('attacks in {region} in {year}', {'region': 'Gao', 'year': '2014'}), 'casualties of {year} relative to {year2}')
    """
    names = {"region": region[0]} if (region := IN_A_REGION.search(pattern)) else {}
    text = IN_A_REGION.sub("{region}", pattern)
    for k, year in enumerate(YEAR.findall(text), 1):
        name = f"year{k}" if k > 1 else "year"
        names[name], text = year, text.replace(year, f"{{{name}}}", 1)
    return text, names


def pattern(text: str) -> str:
    """What is compared with the record, in words."""
    text, names = without_names(text)
    return tr(text, **names)


def measure(key: str) -> str:
    """The title of a measure, without what it adds in brackets or behind a colon; other keys in words."""
    from sim.measures import MEASURES

    return re.split(r"[:,،(]", tr(MEASURES[key].title))[0].strip() if key in MEASURES else key.replace("_", " ")


def scenarios(names: Iterable[str]) -> dict[str, str]:
    """What to call each scenario: its name, or the title of its measure if all were made one measure at a time.

    >>> scenarios(["patrols", "imam_training"])
    {'patrols': 'patrols', 'imam_training': 'imam_training'}
    >>> scenarios(["base_without_joint_patrols"])
    {'base_without_joint_patrols': 'Without: Joint border patrols of the G5 Sahel'}
    """
    from sim.measures import MEASURES

    names = list(names)
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        before, without, key = name.rpartition("without_")
        key = key if without else key.removeprefix("with_")
        if key in MEASURES and (not before or before.endswith("_")):
            found[name] = (tr("Without: ") if without else "", key)
    keys = {key for _, key in found.values()}
    alone = len(found) == len(names) and (keys == MEASURES.keys() or all(start for start, _ in found.values()))
    return {name: "".join((found[name][0], measure(found[name][1]))) if alone else name for name in names}


# --- what numbers rest on -----------------------------------------------------------------------------------


def rests_on(effects: pd.DataFrame, at_each: str = "", covers_too: str = "") -> str:
    """Which interval is shown, how many runs are behind it, what it covers, and what to beware of."""
    what = basis(effects)
    said = tr(
        "{interval}; {many}{at_each}. The interval covers {covers}{covers_too}.",
        interval=capital(what.interval),
        many=what.many,
        at_each=at_each,
        covers=what.covers,
        covers_too=covers_too,
    )
    return " ".join([said, *small_print(effects)])


def warnings(effects: pd.DataFrame) -> list[str]:
    """What to beware of in these effects, a sentence or two each; none if there is nothing."""
    return [said for said in (other_worlds(effects), too_coarse(effects)) if said]


def too_coarse(effects: pd.DataFrame) -> str:
    """That effects get no verdict, and why; empty if all of them do."""
    told = effects["too_coarse"].unique() if "too_coarse" in effects else ()
    why = [text for text in told if text and isinstance(text, str)]
    return no_verdict(why) if why else ""


def holds() -> str:
    """At which resolution verdicts hold, for the small print where one is shown.

    >>> holds()
    'Verdicts hold up to 200 persons per youth.'
    """
    from sim.parameters import rows

    return tr("Verdicts hold up to {value} persons per youth.", value=digits(rows()["coarsest_verdict"].value, "g"))


def small_print(effects: pd.DataFrame) -> list[str]:
    """What stands beside verdicts: at which resolution they hold, and the warnings, of which one may say it already."""
    return [*([] if too_coarse(effects) else [holds()]), *warnings(effects)]


def no_verdict(why: Iterable[str]) -> str:
    """That there is no verdict, for these reasons.

    >>> no_verdict(["500 persons per youth; verdicts hold up to 100"])
    'Too coarse for a verdict (500 persons per youth; verdicts hold up to 100): numbers may be far off.'
    """
    return tr("{no_verdict} ({why}): numbers may be far off.", no_verdict=capital(tr(NO_VERDICT)), why=listed(why))


def other_worlds(effects: pd.DataFrame) -> str:
    """A warning where scenarios differ from the baseline in more than their measures; empty if none does."""
    if "world_differs" not in effects:
        return ""
    rows = effects[["scenario", "world_differs"]].drop_duplicates()
    return beware(dict(zip(rows["scenario"].map(str), rows["world_differs"], strict=True)))


def beware(differ: Mapping[str, str]) -> str:
    """The same, from the differences of each scenario in words.

    >>> beware({"a": "end is 2014-12-28 (b: 2015-12-27)", "c": ""})
    'Not the same world: in a, end is 2014-12-28 (b: 2015-12-27). The difference is not the effect of measures alone.'
    """
    by_text: dict[str, list[str]] = {}
    for scenario, text in differ.items():
        if text and isinstance(text, str):
            by_text.setdefault(text, []).append(scenario)
    if not by_text:
        return ""
    told = [
        tr(
            "in {scenarios}, {text}",
            text=text,
            scenarios=listed(names) if len(names) <= FEW_NAMES else counted(len(names), "scenario"),
        )
        for text, names in list(by_text.items())[:FEW_NAMES]
    ]
    if len(by_text) > FEW_NAMES:
        told.append(tr("and in {many} more ways", many=len(by_text) - FEW_NAMES))
    return tr(
        "Not the same world: {told}. The difference is not the effect of measures alone.", told=semicolon().join(told)
    )


def same(effects: pd.DataFrame) -> str:
    """What a scenario and the baseline have in common."""
    return tr("draws and seeds") if basis(effects).unit == "draws" else tr("seeds")


def one(unit: str) -> str:
    """One of the units that shares are of."""
    return tr(unit.removesuffix("s"))


UNITS = (mark("seeds"), mark("draws"), mark("runs"), mark("seed"), mark("draw"), mark("run"))
"""What shares are of, and one of each."""


IDLE = mark("acts in no week")
"""Said of a measure between whose dates no week of the run begins."""


def delivery(row: Mapping[Any, Any]) -> str:
    """What a measure delivered in a week.

    >>> delivery({"per_week": 9.8, "unit": "patrols in the week", "delivered_nothing": 0.0})
    '9.8 patrols in the week'
    """
    if row.get("weeks") == 0:
        return tr(IDLE)
    if row["delivered_nothing"] == 1.0:
        return tr("delivered nothing")
    never = (
        tr(" (nothing in {delivered_nothing} % of runs)", delivered_nothing=share(row["delivered_nothing"]))
        if row["delivered_nothing"]
        else ""
    )
    return f"{number(row['per_week'])} {tr(row['unit'])}{never}"


def reach(row: Mapping[Any, Any]) -> str:
    """How many youths that is, and how many of those whom recruiters approach; empty for other measures.

    >>> reach({"reach": 0.0123, "reach_approached": 0.004})
    ' (1.2 % of youths; 0.4 % of those approached by recruiters)'
    """
    national, there = row.get("reach", math.nan), row.get("reach_approached", math.nan)
    if not (math.isfinite(national) and math.isfinite(there)) or national == 0:
        return ""
    shares = [number(100 * value, figures=2) for value in (national, there)]
    return tr(
        " ({all} % of youths; {approached} % of those approached by recruiters)", all=shares[0], approached=shares[1]
    )


def each_costs(row: Mapping[Any, Any]) -> str:
    """What each unit that is spared costs.

    >>> each_costs({"xof_each": 2.5e6, "xof_each_low": 2e6, "xof_each_high": 4e6})
    '2.5 m XOF [2 m, 4 m]'
    """
    if not math.isfinite(row["xof_each"]):
        return UNKNOWN
    ends = f" [{large(row['xof_each_low'])}{between(numbers=True)}{large(row['xof_each_high'])}]"
    return money(row["xof_each"]) + (ends if math.isfinite(row["xof_each_low"]) else "")


def own_value(rows: Iterable[Mapping[Any, Any]]) -> float | None:
    """The baseline's own value, if it is the same for all rows; None if it differs, NaN if it is not known."""
    values = [row["baseline_mean"] for row in rows if math.isfinite(row["baseline_mean"])]
    if not values:
        return math.nan
    return values[0] if max(values) - min(values) <= 0.05 * max(map(abs, values)) else None


PAIRED = ("joined", "attacks")
"""Outcomes for which the gain of common random numbers is told."""
MOST_TIMES = 1000.0
"""Where nearly all pairs of runs are the same, the same luck saves so much that the number says nothing more."""


def same_luck(effects: pd.DataFrame) -> str:
    """What it saves that a scenario and the baseline have the same luck; empty where that is not known."""
    here = (effects["region"] == "Mali") & effects["outcome"].isin(PAIRED) & (effects["variance_ratio"] > 0)
    ratios = effects[here].groupby("outcome", sort=False)["variance_ratio"].median()
    if ratios.empty:
        return ""
    saved = listed(
        tr("{times} times as many for {outcome}", times=number(1.0 / ratio), outcome=label(str(o)))
        if ratio * MOST_TIMES >= 1.0
        else tr("over {times} times as many for {outcome}", times=number(MOST_TIMES), outcome=label(str(o)))
        for o, ratio in ratios.items()
    )
    return tr(
        "Scenarios and baseline share their random numbers. Without that, the same precision would "
        "need another number of {unit}: {saved} (median over scenarios).",
        unit=tr(basis(effects).unit),
        saved=saved,
    )


def spared(outcome: str, unit: str) -> str:
    """The noun for one unit of an outcome that a measure spares."""
    return tr(OUTCOMES[outcome].spared or unit)
