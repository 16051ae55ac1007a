"""Forecasts and their scores: on the terminal, and as a page of the documentation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from sim.forecasts.counts import RECORDED_BY, TARGETS, Counts, guessed_months, regions
from sim.forecasts.ensemble import VERSIONS, Forecast, seen_in, span
from sim.forecasts.judge import CHOSEN, MODELS, Judged
from sim.forecasts.naive import DRAWS, LEAST, MEANING
from sim.forecasts.rates import Rate
from sim.forecasts.scores import MANY, PIT_BINS
from sim.forecasts.worlds import FACTS_END, NOT_FITTED
from sim.languages import ENGLISH, colon, comma, day, mark, tr, use
from sim.views.tables.layout import say, show_table
from sim.views.words import count, listed, number, share

if TYPE_CHECKING:
    import pandas as pd

HEADS = ("crps", "ign", "mis", "brier", "cover_50", "cover_90")
TITLES = {
    "crps": "CRPS", "ign": "IGN", "mis": "MIS", "brier": "Brier",
    "cover_50": mark("in 50 %"), "cover_90": mark("in 90 %"),
}  # fmt: skip
UNITS = {"year": mark("by region and year"), "month": mark("by region and month")}
PLURALS = {"year": mark("years"), "month": mark("months")}


def show_forecast(forecast: Forecast, out: Console) -> None:
    """Print the yearly forecast of each region: the mean and 5 to 95 % of each version."""
    for year in forecast.years:
        rows = []
        for k, region in enumerate((*regions(), "Mali")):
            cells = []
            for version in VERSIONS:
                draws = forecast.of(version, "year", year)[:, 0]
                values = draws.sum(axis=1) if region == "Mali" else draws[:, k]
                low, high = np.quantile(values, [0.05, 0.95])
                cells.append(_with_ends(*map(float, (values.mean(), low, high))))
            rows.append([region, *cells])
        title = tr("Attacks in {year}: mean, 5 to 95 %", year=year)
        show_table(out, title, [tr("region"), *map(tr, VERSIONS)], rows)
    factors = comma(numbers=True).join(
        f"{name} {number(f, figures=2)}" for name, f in zip(regions(), forecast.factors, strict=True)
    )
    say(out, tr("Corrected by {factors}. Mixed with: {best}.", factors=factors, best=_best(forecast)))


def _with_ends(middle: float, low: float, high: float) -> str:
    return tr("{middle} ({low} to {high})", middle=number(middle), low=number(low), high=number(high))


def _best(forecast: Forecast) -> str:
    chosen = forecast.about.get("best naive", {})
    return comma(numbers=True).join(f"{tr(name)} ({tr(PLURALS[unit])})" for unit, name in chosen.items())


def note_in_words(note: str, origin: int) -> str:
    """A note on the forecast from the end of a year, which its file has in English, in the language spoken."""
    until = f"{origin}-12-31"
    if note == NOT_FITTED.format(until=until):
        return tr(NOT_FITTED, until=day(until))
    if end := re.fullmatch(FACTS_END.format(end=r"(\d+)"), note):
        return tr(FACTS_END, end=end[1])
    return tr(note)


def show_rates(rates: Sequence[Rate], used: float, out: Console) -> None:
    """Print how much the user's source counts for one attack of each other source."""
    rows = [
        [r.source, tr(r.against), _years(r.years), str(r.counted), str(r.other), _with_ends(r.rate, r.low, r.high)]
        for r in rates
    ]
    heads = [tr("source"), tr("against"), tr("years"), tr("attacks"), tr("of the other"),
             tr("for each of the other (90 %)")]  # fmt: skip
    show_table(out, tr("Reporting rates where both sources looked"), heads, rows, left=3)
    say(
        out,
        tr("Forecasts of the model, which follow {source}, are multiplied by {rate}.",
           source=RECORDED_BY, rate=number(used)),
    )  # fmt: skip


def _rows(table: pd.DataFrame) -> list[Any]:
    """The rows of a table, each with its columns as attributes."""
    return list(table.itertuples())


def _years(years: Sequence[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}"


def show_scores(found: Judged, forecasts: Sequence[Forecast], target: str, out: Console) -> None:
    """Print every score of every forecast, and how the model compares with the best naive one."""
    for forecast in forecasts:
        say(
            out,
            tr("{span}, from {origin}: {worlds}, digest {digest}",
               span=span(forecast), origin=day(f"{forecast.origin}-12-31"),
               worlds=count(int(forecast.about["worlds"]), "world"), digest=forecast.about["digest"][:16]),
        )  # fmt: skip
        for note in forecast.about.get("notes", ()):
            say(out, note_in_words(str(note), forecast.origin), "bold red")
    if not len(found.scores):
        say(out, tr("No year of the forecasts is in the record, so nothing can be scored."))
        return
    for (window, unit), rows in found.scores.groupby(["window", "unit"], sort=False):
        what = f"{window_in_words(str(window))}, {tr(UNITS[str(unit)])}{colon()}{tr(TARGETS[target])}"
        title = f"{what} ({count(int(rows.cases.iloc[0]), 'case')})"
        cells = [[tr(row.forecast), *_cells(row)] for row in _rows(rows)]
        show_table(out, title, [tr("forecast"), *map(tr, TITLES.values()), "PIT"], cells)
    for line in verdicts(found):
        say(out, line)
    for line in choices(found):
        say(out, line)


def window_in_words(window: str) -> str:
    """A window of years, which tables have in English, in the language spoken.

    >>> window_in_words("rolled: 2015-2017"), window_in_words("fixed, from 2015: 2016-2017")
    ('rolled: 2015-2017', 'fixed, from 2015: 2016-2017')
    """
    how, _, years = window.partition(": ")
    origin = how.removeprefix("fixed, from ")
    said = tr("rolled") if origin == how else tr("fixed, from {origin}", origin=origin)
    return f"{said}{colon()}{years}"


def _cells(row: Any) -> list[str]:
    scores = [
        tr("{n} %", n=share(getattr(row, s))) if s.startswith("cover") else number(getattr(row, s)) for s in HEADS
    ]
    return [*scores, " ".join(share(getattr(row, f"pit_{k + 1}")) for k in range(PIT_BINS))]


def verdicts(found: Judged) -> list[str]:
    """The model against the naive forecast that was best before, the worst first."""
    rows = found.against
    if not len(rows):
        return []
    rows = rows[rows.forecast.isin(MODELS) & (rows.against == CHOSEN)].sort_values("better")
    told = []
    for row in _rows(rows):
        said = {
            "which": f"{tr(row.forecast)}, {window_in_words(row.window)}, {tr(UNITS[row.unit])}", "other": tr(CHOSEN),
            "by": number(abs(row.difference)), "low": number(row.low, True), "high": number(row.high, True),
            "share": share(row.better),
        }  # fmt: skip
        told.append(
            tr("{which}: CRPS better than that of the {other} by {by} ({low} to {high}); better in {share} % of"
               " resamples", **said)
            if row.difference < 0
            else tr("{which}: CRPS worse than that of the {other} by {by} ({low} to {high}); better in {share} % of"
                    " resamples", **said)
        )  # fmt: skip
    return told


def choices(found: Judged) -> list[str]:
    """Which naive forecast was chosen at each origin."""
    by_name: dict[tuple[str, str], list[int]] = {}
    for (origin, unit), name in found.chosen.items():
        by_name.setdefault((unit, name), []).append(origin)
    return [
        tr("{chosen}, {unit}: {name} (chosen at the end of {years})",
           chosen=tr(CHOSEN), unit=tr(UNITS[unit]), name=tr(name), years=", ".join(map(str, sorted(set(origins)))))
        for (unit, name), origins in by_name.items()
    ]  # fmt: skip


# --- the page -----------------------------------------------------------------------------------------------


MOST_MISSES = 12
BARS = (
    ("model, raw", "rolled: 2015-2017", "crps", 4.2),
    ("model, raw", "fixed, from 2015: 2016-2017", "crps", 3.7),
    ("model, corrected", "fixed, from 2015: 2016-2017", "crps", 3.5),
)
"""What was aimed at beforehand, when all attacks of GTD were the target: mean CRPS by region and year, at most."""
SURE, RIGHT = 0.9, (0.85, 0.95)
"""Also aimed at: better than the best naive forecast in this share of resamples, and coverage of 90 % intervals."""


@use(ENGLISH)
def forecast_page(
    found: Judged, forecasts: Sequence[Forecast], recorded: Counts, target: str, command: str, stem: str = "forecast"
) -> str:
    """The page of the documentation, in Markdown and in English, misses first."""
    lines = ["# Forecasts and their scores", "", f"Made by `{command}`. Target: {TARGETS[target]}. Lower scores are",
             "better, except that a coverage should be its level. Record: "
             f"{recorded.source}, {recorded.years[0]} to {recorded.years[-1]}.", ""]  # fmt: skip
    unfitted = [f"31 December {f.origin}" for f in forecasts if not f.about.get("fitted")]
    if unfitted:
        lines += [f"**Not fitted: the forecasts from {listed(unfitted)}. Their parameters were set by hand on the whole"
                  " record, or drawn from the priors. \"Met\" below proves nothing about them.**", ""]  # fmt: skip
    lines += ["## What is missed, and what is met", ""]
    lines += _missed(found, forecasts)
    lines += ["", f"![Forecasts by score]({stem}-skill.png)", ""]
    if forecasts:
        lines += [f"![Forecasts and record by region]({stem}-regions.png)", ""]
    lines += _what_was_run(forecasts)
    for (window, unit), rows in found.scores.groupby(["window", "unit"], sort=False):
        lines += _score_table(f"{window}, {UNITS[str(unit)]}", rows)
    lines += _against_table(found.against)
    if forecasts:
        lines += _far_off(forecasts, recorded)
    lines += _explained(found)
    return "\n".join(lines) + "\n"


def _missed(found: Judged, forecasts: Sequence[Forecast]) -> list[str]:
    if not forecasts:
        return ["No forecast of the model was scored here; these are the naive forecasts it has to beat."]
    lines = []
    by = {(r.forecast, r.window, r.unit): r for r in _rows(found.scores)}
    rows = [row for row in _rows(found.against) if row.forecast in MODELS and row.against == CHOSEN]
    for row in sorted(rows, key=lambda row: row.better):
        word = "met" if row.better >= SURE else "**missed**"
        lines.append((row.better >= SURE, f"- {word}: {row.forecast}, {row.window}, {UNITS[row.unit]}: better than the"
                      f" {CHOSEN} in {share(row.better)} % of resamples (aim: {share(SURE)} %); mean CRPS"
                      f" {number(by[row.forecast, row.window, row.unit].crps)} against"
                      f" {number(by[CHOSEN, row.window, row.unit].crps)}"))  # fmt: skip
    for name, window, score, most in BARS:
        if (name, window, "year") in by:
            value = getattr(by[name, window, "year"], score)
            met = value <= most
            lines.append((met, f"- {'met' if met else '**missed**'}: {name}, {window}, by region and year: mean CRPS"
                               f" {number(value)} (aim, set for all attacks: {most} at most)"))  # fmt: skip
    for row in _rows(found.scores):
        if row.forecast in MODELS and row.unit == "year":
            met = RIGHT[0] <= row.cover_90 <= RIGHT[1]
            aim = f"(aim: {share(RIGHT[0])} to {share(RIGHT[1])} %)"
            lines.append((met, f"- {'met' if met else '**missed**'}: {row.forecast}, {row.window}: 90 % intervals hold"
                               f" {share(row.cover_90)} % {aim}"))  # fmt: skip
    return [text for met, text in sorted(lines, key=lambda line: line[0])]


def _what_was_run(forecasts: Sequence[Forecast]) -> list[str]:
    lines = ["## What was scored", ""]
    for f in forecasts:
        lines.append(
            f"- {span(f)}, made from 31 December {f.origin}: scenario `{f.about.get('scenario')}`,"
            f" {count(int(f.about['worlds']), 'world')} from {f.about.get('worlds_from')},"
            f" `persons_per_youth` {f.about.get('persons_per_youth')}; digest `{f.about['digest']}`"
        )
        lines += [f"  - **{note}**" for note in f.about.get("notes", ())]
    if forecasts:
        lines += [
            "",
            "The digest was written with the forecast, before any score. What a reader must know:",
            "",
            "- A scenario such as `historical` knows the dates of measures, deployments and foundings of groups after",
            "  the day of the forecast. Naive forecasts know none of them.",
            "- A week belongs to the month and year of its first day.",
            f"- The months of the target \"jihadist\" are partly apportioned ({guessed_months()} attacks of others"
            " could not be placed in their month); its years are exact.",
            "- 27 region-years, or 324 region-months, are few. Read the resamples, not the means.",
        ]  # fmt: skip
    return [*lines, ""] if len(lines) > 2 else []


def _score_table(title: str, rows: pd.DataFrame) -> list[str]:
    return [
        f"## {title[:1].upper()}{title[1:]}",
        "",
        "| forecast | " + " | ".join(TITLES.values()) + " | PIT |",
        "|---|" + "---|" * (len(TITLES) + 1),
        *(f"| {row.forecast} | " + " | ".join(_cells(row)) + " |" for row in _rows(rows)),
        "",
    ]


def _against_table(against: pd.DataFrame) -> list[str]:
    rows = against[against.forecast.isin(MODELS)] if against.forecast.isin(MODELS).any() else against
    return [
        "## Against one another",
        "",
        "Difference of mean CRPS with its 90 % interval over resamples of regions, and the share of resamples in which",
        "the first forecast is better.",
        "",
        "| window | unit | forecast | against | difference | better in |",
        "|---|---|---|---|---|---|",
        *(
            f"| {r.window} | {r.unit} | {r.forecast} | {r.against} | {number(r.difference, True)}"
            f" ({number(r.low, True)} to {number(r.high, True)}) | {share(r.better)} % |"
            for r in _rows(rows)
        ),
        "",
    ]


def _far_off(forecasts: Sequence[Forecast], recorded: Counts) -> list[str]:
    """Region-years outside the 90 % interval of the raw forecast one year ahead."""
    off, many = [], 0
    for f in forecasts:
        year = f.origin + 1
        if year not in recorded.years:
            continue
        draws, seen = f.of("raw", "year", year)[:, 0], seen_in(recorded, year, "year")[0]
        low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95], axis=0)
        many += len(seen)
        off += [
            (abs(float(np.log((seen[k] + 1) / (middle[k] + 1)))), f"- {name} {year}: {seen[k]} recorded,"
             f" {number(low[k])} to {number(high[k])} forecast")
            for k, name in enumerate(regions()) if not low[k] <= seen[k] <= high[k]
        ]  # fmt: skip
    if not many:
        return []
    head = f"{len(off)} of {many} region-years lie outside the 90 % interval of the raw forecast, one year ahead."
    more = [" The farthest:"] if len(off) > MOST_MISSES else []
    return ["## Where the model is off", "", head + "".join(more), "",
            *(text for _, text in sorted(off, reverse=True)[:MOST_MISSES]), ""]  # fmt: skip


def _explained(found: Judged) -> list[str]:
    return [
        "## The forecasts",
        "",
        *(f"- *model, {name}*: {meaning}" for name, meaning in VERSIONS.items()),
        *(f"- *{name}*: {meaning}" for name, meaning in MEANING.items()),
        f"- *{CHOSEN}*: the one of these with the lowest CRPS on the years before:",
        *(f"  - {line.split(': ', 1)[0].split(', ', 1)[1]}: {line.split(': ', 1)[1]}" for line in choices(found)),
        "",
        f"A naive forecast has {DRAWS:,} draws. Poisson and negative binomial never have a mean below {LEAST} attacks a"
        " year.",
        "",
        "## The scores",
        "",
        "- *CRPS*: the continuous ranked probability score of the draws, in attacks; of a point, its absolute error",
        "- *IGN*: minus the base-2 logarithm of the share of draws in the bin of what happened, bins of VIEWS",
        "- *MIS*: the mean interval score at alpha 0.05, as VIEWS has it",
        f"- *Brier*: of {MANY} attacks or more in a region in a quarter",
        "- *in 50 %*, *in 90 %*: the share of cases inside the central interval",
        f"- *PIT*: the histogram of the probability integral transform, in per cent; {100 // PIT_BINS} each is right,",
        "  a high last number means that more happened than was forecast",
        "",
        "CRPS, MIS and Brier come from `scoringrules`. The files of a forecast are in the long format of the VIEWS",
        "prediction challenge, so other tools can score them:",
        "",
        "```python",
        "import pandas as pd",
        "import xskillscore",
        "",
        'draws = pd.read_parquet("DIR/monthly_raw.parquet")  # month_id, region_id, draw, outcome',
        'seen = pd.read_csv("seen.csv")                      # month_id, region_id, outcome',
        'x = draws.set_index(["month_id", "region_id", "draw"]).to_xarray().rename(draw="member")',
        'y = seen.set_index(["month_id", "region_id"]).to_xarray()',
        "xskillscore.crps_ensemble(y.outcome, x.outcome)",
        "",
        "from views_evaluation.evaluation.evaluation_frame import EvaluationFrame",
        "",
        'wide = draws.pivot(index=["month_id", "region_id"], columns="draw", values="outcome").sort_index()',
        "month, unit = (wide.index.get_level_values(k).to_numpy() for k in (0, 1))",
        'true = seen.set_index(["month_id", "region_id"]).outcome.loc[wide.index].to_numpy(float)',
        "frame = EvaluationFrame(true, wide.to_numpy(float), {",
        '    "time": month, "unit": unit, "origin": 0 * month, "step": month - month.min() + 1})',
        "```",
        "",
        "With your own table of attacks: `kumakan score --forecast DIR --events FILE`.",
    ]
