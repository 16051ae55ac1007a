"""Time series: one observable of several scenarios by region, or what each scenario changed week by week."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import dates as mdates
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from sim.comparison.effects import basis
from sim.comparison.outcomes import OUTCOMES
from sim.engine.errors import InputError, nearest, plain
from sim.languages import comma, day, semicolon, tr
from sim.measures.phases import taken
from sim.views import words
from sim.views.figures import sheet
from sim.views.figures.sheet import drawn, new_sheet, numbered, over_seeds, panels
from sim.views.runs import about, as_list, sampled
from sim.views.words import capital, in_large_units

if TYPE_CHECKING:
    import pandas as pd

    from sim.record import Observable, Record

QUARTER = 13
"""Weeks over which weekly counts are summed: a quarter of a year, long enough for lines that can be read."""

MOST_NAMED = 8
"""Lines of a panel that carry their names; more of them get a legend."""
PANEL_SHARE = 0.7  # of the height of a panel's place, what its axes fill at least
TOO_NEAR, NEARLY_EVERYWHERE = 0.02, 0.75  # share of a panel's height, and of its weeks

_COLUMNS = 3
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@drawn
def plot_series(
    records_by_scenario: Mapping[str, Record | Iterable[Record]],
    observable: str,
    *,
    regions: str | Sequence[str] | None = None,
    baseline: str | None = None,
    differences: bool | None = None,
) -> Figure:
    """One observable over time: the median over seeds, and the band in which nine seeds in ten lie.

    Weekly counts (who joined, attacks, costs) are shown as the sum over the 13 weeks that end at a date;
    states (members, trust) as they are. Measures are marked at their first day, in the regions in which they
    act. Scenarios whose lines would lie on each other are drawn as differences from the baseline, run by run.

    Parameters
    ----------
    records_by_scenario : mapping of str to Record or iterable of Record
        By scenario, its runs under one seed or several.
    observable : str
        Name of a column of the record, such as "joined".
    regions : str or sequence of str, optional
        Regions to show, a panel for each; "Mali" is the whole country. Left out, the nine regions.
    baseline : str, optional
        The scenario drawn first, in black; left out, the first. Measures it has too are not marked for the
        others.
    differences : bool, optional
        Whether to draw differences from the baseline under the same draws and seeds; left out, where lines would
        lie on each other.

    Raises
    ------
    InputError
        For differences without a run that both have, an unknown observable, region or baseline, or a scenario
        without a run.
    """
    runs = {name: as_list(group) for name, group in records_by_scenario.items()}
    if not runs:
        raise InputError(tr("there is no scenario to draw; give one or more"))
    if baseline is not None and baseline not in runs:
        raise InputError(
            tr(
                "{name} is not one of the scenarios: {scenarios}{nearest}",
                name=repr(baseline),
                scenarios=", ".join(runs),
                nearest=nearest(baseline, runs),
            )
        )
    first = baseline if baseline is not None else next(iter(runs))
    runs = {first: runs[first], **runs}
    shown = _observable(runs, observable)
    where = _regions(runs[first][0], regions)

    window = min(QUARTER, *(len(group[0].dates) for group in runs.values())) if _is_flow(observable) else 1
    lines = [_Line.of(name, group, observable, window, where) for name, group in runs.items()]
    own, gaps = lines[0], _differences(runs, observable, window, where)
    if differences and not gaps:
        raise InputError(
            tr("no scenario has a run under the same draw and seed as {first}, so there is no difference", first=first)
        )
    apart = bool(gaps) and _on_each_other(lines) if differences is None else differences
    lines = gaps if apart else lines
    divisor, unit = in_large_units([x for line in lines for x in (line.low, line.high)], words.unit(shown.unit))
    marks = _marks(runs, first)
    title = words.heading(observable) if observable in OUTCOMES else capital(tr(shown.meaning))
    dated = (
        tr("Sums over {window} weeks, dated by their last day", window=window) if window > 1 else tr("Weekly values")
    )
    subtitle = f"{dated}. {_spread(runs)}"
    if apart:
        title += tr(": difference from {first}", first=first)
        subtitle = tr(
            "{dated}, minus those of {first} under the same {sampled}. {spread}",
            dated=dated,
            first=first,
            sampled=tr(sampled(runs[first])),
            spread=_spread(runs),
        )
    named = len(lines) <= MOST_NAMED and (apart or len(lines) > 1)
    columns, counted = min(_COLUMNS, len(where)), shown.how == "sum"
    size = _size(len(where))
    figure = new_sheet(
        *size,
        title=title + (tr(", by region") if len(where) > 1 else f", {where[0]}"),
        subtitle=subtitle,
        notes=_key(marks),
        about=about(runs),
        keys=[] if named else _keys([line.name for line in lines], apart),
    )
    axes = panels(figure, len(where), columns, sharex=True, sharey=not counted)
    for place, (ax, panel) in enumerate(zip(axes, where, strict=True)):
        for i, line in enumerate(lines):
            _curve(ax, i + apart, line.dates, [part[place] / divisor for part in (line.middle, line.low, line.high)],
                   line.name, banded=line.seeds > 1)  # fmt: skip
        ax.grid(axis="y")
        ax.margins(x=0.01)
        numbered(ax.yaxis, sign=apart)
        if apart:
            ax.axhline(0, color=sheet.INK, lw=0.9, label="_zero")
            level = float(np.nanmean(own.middle[place])) if np.isfinite(own.middle[place]).any() else math.nan
            said = tr("{first}: {shown} on average", first=first, shown=sheet.shown(level / divisor))
            ax.set_title(textwrap.shorten(said, 40), loc="right", size=sheet.FOOTER_SIZE, weight="normal",
                         color=sheet.QUIET, pad=14)  # fmt: skip
        elif counted:
            top = max(np.nanmax(line.high[place], initial=0.0) for line in lines)
            ax.set_ylim(bottom=0, top=None if top > 0 else 1)
        ax.set_title(panel, pad=14)
        _mark(ax, marks, panel)
        _years(ax, lines[0].dates, small=len(where) > 1)
        if place % columns == 0:
            ax.set_ylabel(
                tr("{unit} per {window} weeks", unit=unit, window=window) if window > 1 else unit, size=sheet.TEXT_SIZE
            )
        if place + columns >= len(where):
            ax.tick_params(labelbottom=True)
    if named:
        for place, ax in enumerate(axes):  # once the limits of panels that share them are known
            if place % columns == columns - 1 or place == len(axes) - 1:
                ends = {line.name: line.middle[place] / divisor for line in lines}
                _name_lines(ax, ends, size[1] / math.ceil(len(where) / columns), apart)
    return figure


@drawn
def plot_effects_over_time(effects: pd.DataFrame, *, about: Mapping[str, str] | None = None) -> Figure:
    """What each scenario changed, week by week or added up so far: a panel for each outcome, a line per scenario.

    Parameters
    ----------
    effects : DataFrame
        From `Batch.effects_over_time`, of one outcome or several one below the other.
    about : mapping, optional
        What was run, for the footer.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    if effects.empty:
        raise InputError(tr("there are no effects to draw: no run has finished, or the runs do not have the outcome"))
    names, what = words.scenarios(dict.fromkeys(effects["scenario"])), basis(effects)
    shown = list(dict.fromkeys(zip(effects["outcome"], effects["region"], strict=True)))
    banded = what.unit == "draws" or effects["low"].notna().any()
    columns, named = min(2, len(shown)), len(names) <= MOST_NAMED
    size = (9.0, 4.0) if columns == 1 else (11.0, 3.1 * math.ceil(len(shown) / 2))
    figure = new_sheet(
        *size,
        tr("Effects week by week: difference from {baseline}", baseline=effects["baseline"].iloc[0]),
        words.rests_on(effects)
        if banded
        else " ".join([tr("{many}: no interval.", many=what.many), *words.warnings(effects)]).rstrip("."),
        about=about,
        keys=[] if named else _keys(list(names.values()), after_baseline=True),
    )
    for ax, (outcome, region) in zip(panels(figure, len(shown), columns), shown, strict=True):
        table = effects[(effects["outcome"] == outcome) & (effects["region"] == region)]
        ends = ["median", "p5", "p95"] if what.unit == "draws" else ["mean", "low", "high"]
        divisor, unit = in_large_units(table[ends].to_numpy(float), words.unit(table["unit"].iloc[0]))
        ax.axhline(0, color=sheet.INK, lw=0.9)
        ax.grid(axis="y")
        ax.margins(x=0.01)
        for i, name in enumerate(names):
            line = table[table["scenario"] == name]
            _curve(ax, i + 1, _last_days(line["date"]), line[ends].to_numpy(float).T / divisor, name)
        added = tr("added up so far") if table["cumulative"].all() else tr("in each week")
        ax.set_title(f"{words.heading(outcome)}{comma()}{region}{comma()}{added}")
        ax.set_ylabel(unit, size=sheet.TEXT_SIZE)
        numbered(ax.yaxis, sign=True)
        _years(ax, _last_days(table["date"]), small=columns > 1)
        if named:
            last = {called: table.loc[table["scenario"] == name, ends[0]].to_numpy(float) / divisor
                    for name, called in names.items()}  # fmt: skip
            _name_lines(ax, last, size[1] / math.ceil(len(shown) / columns), after_baseline=True)
    return figure


# --- what is drawn ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Line:
    """One scenario: median and band over seeds, panels x weeks."""

    name: str
    seeds: int
    dates: NDArray[np.datetime64]
    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of(cls, name: str, runs: list[Record], observable: str, window: int, panels: Sequence[str]) -> _Line:
        """The line of these runs."""
        return cls._over(name, runs[0], [_sums(run, observable, window, panels) for run in runs])

    @classmethod
    def _over(cls, name: str, run: Record, stack: Sequence[NDArray[np.float64]]) -> _Line:
        return cls(name, len(stack), _last_days(run.dates), *over_seeds(np.stack(stack)))


def _differences(
    runs: Mapping[str, list[Record]], observable: str, window: int, panels: Sequence[str]
) -> list[_Line]:  # fmt: skip
    """A line for each scenario but the first: minus the first under the same draw and seed.

    None if a scenario has no run that the first has as well, or another period.
    """

    def same_luck(run: Record) -> tuple[int, int]:
        return int(run.about.get("draw", 0)), int(run.about["seed"])

    first, *others = runs
    theirs = {same_luck(run): run for run in runs[first]}
    found = []
    for name in others:
        pairs = [(run, theirs[same_luck(run)]) for run in runs[name] if same_luck(run) in theirs]
        if not pairs or any(ours.dates != base.dates for ours, base in pairs):
            return []
        stack = [_sums(ours, observable, window, panels) - _sums(base, observable, window, panels)
                 for ours, base in pairs]  # fmt: skip
        found.append(_Line._over(name, pairs[0][0], stack))
    return found


def _on_each_other(lines: Sequence[_Line]) -> bool:
    """Whether the lines of some scenario lie on those of the first: nearer than can be seen, nearly everywhere."""
    first, *others = lines
    tops = np.nanmax(np.stack([np.nan_to_num(line.high) for line in lines]), axis=(0, 2))
    floors = np.nanmin(np.stack([np.nan_to_num(line.low) for line in lines]), axis=(0, 2))
    near = TOO_NEAR * (tops - floors)[:, None]
    return any(np.mean(~(np.abs(line.middle - first.middle) > near)) > NEARLY_EVERYWHERE for line in others)


def _sums(run: Record, observable: str, window: int, panels: Sequence[str]) -> NDArray[np.float64]:
    return _moving_sum(_weekly(run, observable, panels), window)


def _last_days(weeks: Any) -> NDArray[np.datetime64]:
    """Weeks, given by their first days, are dated by their last."""
    return np.asarray(np.asarray(weeks, dtype="datetime64[D]") + np.timedelta64(6, "D"), dtype="datetime64[D]")


def _weekly(run: Record, observable: str, panels: Sequence[str]) -> NDArray[np.float64]:
    """Panels x weeks of one run."""
    by_region = run.values[:, :, [o.name for o in run.observables].index(observable)]
    columns = {region: by_region[:, place] for place, region in enumerate(run.regions)}
    if sheet.NATIONAL in panels:
        columns[sheet.NATIONAL] = run.national()[observable].to_numpy(dtype=np.float64)
    return np.stack([columns[panel] for panel in panels])


def _moving_sum(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The sum over the last `window` weeks along the last axis; NaN before there are as many."""
    if window == 1:
        return np.asarray(values, dtype=np.float64)
    summed = np.full(values.shape, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(values, window, axis=-1)
    summed[..., window - 1 :] = windows.sum(axis=-1)
    return summed


def _observable(runs: Mapping[str, list[Record]], name: str) -> Observable:
    """The observable of that name, which every run must have."""
    for group in runs.values():
        for run in group:
            names = [o.name for o in run.observables]
            if name not in names:
                raise InputError(
                    tr("there is no observable {name}{nearest}", name=repr(name), nearest=nearest(name, names))
                )
    return next(o for o in run.observables if o.name == name)


def _is_flow(observable: str) -> bool:
    """Whether an observable counts what happened in a week, rather than how things stood at its end."""
    from sim.record import FLOW

    return observable in FLOW or observable.startswith(("delivered_", "cost_"))


def _regions(run: Record, regions: str | Sequence[str] | None) -> list[str]:
    if regions is None:
        return list(run.regions)
    asked = [regions] if isinstance(regions, str) else list(regions)
    allowed = {plain(name): name for name in (*run.regions, sheet.NATIONAL)}
    for name in asked:
        if plain(name) not in allowed:
            known = list(allowed.values())
            raise InputError(
                tr(
                    "there is no region {name}; regions: {known}{nearest}",
                    name=repr(name),
                    known=", ".join(known),
                    nearest=nearest(name, known),
                )
            )
    if not asked:
        raise InputError(tr("there is no region to draw; name one or more, or leave them out for all nine"))
    return list(dict.fromkeys(allowed[plain(name)] for name in asked))


# --- dates of measures --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Mark:
    letter: str
    day: date
    measure: str
    regions: tuple[str, ...] | None  # None: everywhere


def _marks(runs: Mapping[str, list[Record]], baseline: str) -> list[_Mark]:
    """The first days of the measures of all scenarios, without those the baseline has at the same date."""
    taken = _starts(runs[baseline][0]) if len(runs) > 1 else set()
    starts = {start for group in runs.values() for start in _starts(group[0])} - taken
    ordered = sorted(starts, key=lambda start: (start[0], start[1]))
    letters = [_LETTERS[i % 26] * (1 + i // 26) for i in range(len(ordered))]
    return [_Mark(letter, *start) for letter, start in zip(letters, ordered, strict=True)]


def _starts(run: Record) -> set[tuple[date, str, tuple[str, ...] | None]]:
    """(First day, words, regions) of every measure a run had in force."""
    found = set()
    for key, settings in (run.about["scenario"].get("measures") or {}).items():
        for period in taken(settings):
            day = date.fromisoformat(str(period["start"] or run.dates[0])[:10])
            where = period["regions"]
            found.add((day, words.measure(key), None if where == "all" else tuple(where)))
    return found


def _key(marks: Sequence[_Mark]) -> str:
    return (
        tr("Measures start:  ") + f"{semicolon()} ".join(f"{m.letter} {m.measure} {day(m.day)}" for m in marks)
        if marks
        else ""
    )


def _mark(ax: Axes, marks: Sequence[_Mark], panel: str) -> None:
    """Vertical lines with the letters of the measures; letters that would meet stand side by side."""
    here = [m for m in marks if m.regions is None or panel == sheet.NATIONAL or panel in m.regions]
    first, last = ax.get_xlim()
    together: list[tuple[float, list[str]]] = []
    for mark in here:
        at = float(mdates.date2num(mark.day))
        if not first <= at <= last:
            continue
        ax.axvline(at, color=sheet.QUIET, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=1)
        if together and at - together[-1][0] < 0.04 * (last - first):
            together[-1][1].append(mark.letter)
        else:
            together.append((at, [mark.letter]))
    for at, letters in together:
        text = ",".join(letters) if len(letters) < 4 else f"{letters[0]}-{letters[-1]}"
        ax.text(at, 1.01, text, transform=ax.get_xaxis_transform(), ha="center", va="bottom", size=sheet.SMALL_SIZE,
                color=sheet.QUIET)  # fmt: skip


# --- drawing ------------------------------------------------------------------------------------------------


def _look(i: int) -> dict[str, Any]:
    """Colour and dashes of the scenario in place `i`."""
    return {
        "color": sheet.SERIES_COLOURS[i % len(sheet.SERIES_COLOURS)],
        "ls": sheet.SERIES_STYLES[i % len(sheet.SERIES_STYLES)],
    }


def _keys(names: Sequence[str], after_baseline: bool = False) -> list[Artist]:
    """A legend of scenarios, for figures with too many of them to name their lines."""
    return [Line2D([], [], lw=1.8, label=name, **_look(i + after_baseline)) for i, name in enumerate(names)]


def _name_lines(ax: Axes, ends: Mapping[str, NDArray[np.float64]], height: float, after_baseline: bool) -> None:
    """Names at the right ends of lines, moved apart where they would meet; `height`: inches of the panel's place."""
    known = {i: (name, float(line[np.isfinite(line)][-1])) for i, (name, line) in enumerate(ends.items())
             if np.isfinite(line).any()}  # fmt: skip
    low, high = ax.get_ylim()
    points = PANEL_SHARE * height * 72.0
    ordered = sorted(known, key=lambda i: (known[i][1], -i))
    wanted = [points * (known[i][1] - low) / ((high - low) or 1.0) for i in ordered]
    for i, at, place in zip(ordered, wanted, _apart(wanted, 1.3 * sheet.FOOTER_SIZE, points), strict=True):
        name, value = known[i]
        look = _look(i + after_baseline)
        ax.annotate(name, (1.0, value), xycoords=("axes fraction", "data"), xytext=(16, place - at),
                    textcoords="offset points", size=sheet.FOOTER_SIZE, va="center", annotation_clip=False,
                    arrowprops={"arrowstyle": "-", "color": look["color"], "ls": look["ls"], "lw": 1.2,
                                "shrinkA": 1, "shrinkB": 0})  # fmt: skip


def _apart(wanted: Sequence[float], gap: float, top: float) -> list[float]:
    """Sorted places moved as little as needed to lie a gap apart, below the top where there is room."""
    places = list(wanted)
    for k in range(1, len(places)):
        places[k] = max(places[k], places[k - 1] + gap)
    for k in range(len(places) - 1, -1, -1):
        places[k] = min(places[k], top - (len(places) - 1 - k) * gap, *(p - gap for p in places[k + 1 : k + 2]))
    middle = sum(places) / len(places) - sum(wanted) / len(wanted) if places else 0.0
    room = min(places[0], max(0.0, middle)) if places else 0.0
    return [place - room for place in places]


def _curve(
    ax: Axes, i: int, dates: NDArray[np.datetime64], values: Sequence[Any] | NDArray[np.float64], name: str,
    banded: bool = True,
) -> None:  # fmt: skip
    """The middle of a scenario as a line, and low and high as a band."""
    days, (middle, low, high) = mdates.date2num(dates), values
    if banded:
        ax.fill_between(days, low, high, color=_look(i)["color"], alpha=0.16, linewidth=0, zorder=2)
    ax.plot(days, middle, lw=1.5, label=name, zorder=3, **_look(i))


def _years(ax: Axes, dates: NDArray[np.datetime64], small: bool) -> None:
    """Years on the axis; months or days where the run is short."""
    days = int((dates.max() - dates.min()) / np.timedelta64(1, "D"))
    ax.xaxis_date()
    if days > 2 * 366:
        ax.xaxis.set_major_locator(mdates.YearLocator(2 if small else 1))
        ax.xaxis.set_major_formatter(mdates.DateFormatter("%Y"))
    else:
        ax.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=2, maxticks=4 if small else 7))
        ax.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m" if days > 120 else "%Y-%m-%d"))


def _size(panels: int) -> tuple[float, float]:
    """Inches for that many panels."""
    if panels == 1:
        return 9.0, 4.4
    return 11.0 if panels > 2 else 9.6, 2.3 * math.ceil(panels / _COLUMNS) + 0.5


def _spread(runs: Mapping[str, list[Record]]) -> str:
    alone = [name for name, group in runs.items() if len(group) == 1]
    over = sampled(max(runs.values(), key=len))
    if len(alone) == len(runs):
        return tr("One {over}: no interval.", over=words.one(over))
    rest = tr(" ({alone}: one {over}: no interval)", alone=", ".join(alone), over=words.one(over)) if alone else ""
    return tr("Lines: median over {over}; bands: 5-95 % of {over2}{rest}.", over=tr(over), over2=tr(over), rest=rest)
