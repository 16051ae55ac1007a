"""Tables for the terminal: what a comparison found, a run gave, a scenario would do, and what can be set.

On a terminal they are as wide as it is; in a file or a pipe they are plain text without colours or line
breaks.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiments.preview import Preview
    from sim.experiments.runs import Row
    from sim.measures.base import Measure
    from sim.parameters import Parameter
    from sim.record import Record

PLAIN_WIDTH = 200
TITLES = {
    "joined": "joined",
    "attacks": "attacks",
    "abuses": "abuses",
    "wrongful_arrests": "wrongful arrests",
    "deaths_civilian": "civilians killed",
    "trust": "trust",
    "attitude_mean": "mean attitude",
    "backfired": "backfired",
    "cost": "cost",
}
HEADLINES = ("joined", "attacks", "abuses", "trust", "cost")
"""The outcomes a comparison opens with; the rest follow below."""
BY_REGION = ("joined", "attacks")
FIRST_COLUMN, OTHER_COLUMNS = 20, 30  # characters: as many outcomes stand side by side as the width allows
SUMMARY = (
    "joined", "joined_ties", "joined_month", "members", "attacks", "deaths_civilian", "deaths_security",
    "abuses", "arrests", "wrongful_arrests", "trust", "insecurity", "state_presence",
)  # fmt: skip


def console(stderr: bool = False) -> Console:
    """A console that is plain and wide when its output is not a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(file=stream, highlight=False)
    return Console(file=stream, highlight=False, no_color=True, width=PLAIN_WIDTH, soft_wrap=False)


# --- numbers ------------------------------------------------------------------------------------------------


def number(value: float, sign: bool = False) -> str:
    """Three figures that count, thousands set apart.

    >>> number(12345.6), number(0.04321), number(-7.0), number(3.2, sign=True), number(float("nan"))
    ('12,346', '0.0432', '-7', '+3.2', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    plus = "+" if sign else ""
    if abs(value) >= 100:
        return f"{value:{plus},.0f}"
    return f"{value:{plus}.3g}" if abs(value) >= 1e-4 else f"{value:{plus}.1e}"


def money(xof: float, xof_per_usd: float | None = None, sign: bool = False) -> str:
    """An amount in XOF and, with a rate, in US dollars.

    >>> money(1_650_000_000, 550)
    '1.65 bn XOF (3 m USD)'
    """
    return f"{_large(xof, sign)} XOF" + (f" ({_large(xof / xof_per_usd, sign)} USD)" if xof_per_usd else "")


def _large(value: float, sign: bool = False) -> str:
    for size, name in ((1e9, " bn"), (1e6, " m")):
        if math.isfinite(value) and abs(value) >= size:
            return number(value / size, sign) + name
    return number(value, sign)


def share(value: float) -> str:
    """A share as a whole per cent."""
    return f"{100 * value:.0f}" if math.isfinite(value) else "–"


def duration(seconds: float) -> str:
    """A time in words.

    >>> duration(4.2), duration(75), duration(9000)
    ('5 s', '1 min 15 s', '2 h 30 min')
    """
    if seconds < 60:
        return f"{math.ceil(seconds)} s" if seconds >= 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _table(title: str, *columns: str, left: int = 1) -> Table:
    table = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for k, column in enumerate(columns):
        table.add_column(column, justify="left" if k < left else "right", overflow="fold")
    return table


# --- a comparison -------------------------------------------------------------------------------------------


def show_effects(effects: pd.DataFrame, out: Console, xof_per_usd: float | None = None) -> None:
    """Mean difference [90 % interval] and shares of seeds for Mali; who joined and attacks by region."""
    if effects.empty:
        return
    baseline = effects["baseline"].iloc[0]
    nation = effects[effects["region"] == "Mali"].set_index(["scenario", "outcome"])
    outcomes = list(dict.fromkeys(effects["outcome"]))
    outcomes = [o for o in HEADLINES if o in outcomes] + [o for o in outcomes if o not in HEADLINES]
    seeds = sorted(set(nation["seeds"]))
    many = f"{seeds[0]} seed" if seeds == [1] else f"{'-'.join(map(str, {seeds[0]: 0, seeds[-1]: 0}))} seeds"
    out.print(f"\n[bold]Difference from {escape(baseline)}, same seeds, Mali, whole run[/bold] ({many})")
    out.print("mean \\[90 % interval]; below, % of seeds in which it helped / harmed / did nothing")
    in_a_row = _in_a_row(out)
    for first in range(0, len(outcomes), in_a_row):
        group = outcomes[first : first + in_a_row]
        table = _table("", "scenario", *(_heading(nation, o, xof_per_usd) for o in group))
        before = nation.xs(nation.index[0][0], level="scenario")
        table.add_row(
            f"{escape(baseline)} itself",
            *(_amount(before.loc[o, "baseline_mean"], o, xof_per_usd) for o in group),
            style="dim",
            end_section=True,
        )
        for scenario in dict.fromkeys(effects["scenario"]):
            table.add_row(escape(scenario), *(_cell(nation.loc[(scenario, o)], o, xof_per_usd) for o in group))
        out.print(table)
    for outcome in BY_REGION:
        if outcome in outcomes:
            _show_regions(effects, outcome, out)
    if seeds == [1]:
        out.print("One seed: no interval can be given; use --seeds.")
    elif seeds[0] == 0:
        out.print("Some scenarios have no seed that both they and the baseline finished.")
    elif seeds[0] < 10:
        out.print("Fewer than ten seeds: intervals are wide and shares coarse.")


def _heading(nation: pd.DataFrame, outcome: str, xof_per_usd: float | None) -> str:
    row = nation.xs(outcome, level="outcome").iloc[0]
    unit = row["unit"] if outcome != "cost" else "XOF (USD)" if xof_per_usd else "XOF"
    wish = {"fewer": "less is better", "more": "more is better"}.get(row["better"], "")
    return "\n".join(filter(None, [TITLES.get(outcome, outcome), escape(unit), wish]))


def _in_a_row(out: Console) -> int:
    return max(1, (out.width - FIRST_COLUMN) // OTHER_COLUMNS)


def _amount(value: float, outcome: str, xof_per_usd: float | None) -> str:
    if outcome != "cost":
        return number(value)
    return _large(value) + (f" ({_large(value / xof_per_usd)})" if xof_per_usd else "")


def _cell(row: pd.Series, outcome: str, xof_per_usd: float | None = None) -> str:
    if outcome == "cost":
        text = _large(row["mean"], True) + (f" ({_large(row['mean'] / xof_per_usd, True)})" if xof_per_usd else "")
        if math.isfinite(row["low"]) and _large(row["low"]) != _large(row["high"]):
            text += f" \\[{_large(row['low'], True)}, {_large(row['high'], True)}]"
        return text
    text = difference(row["mean"], row["low"], row["high"])
    if math.isfinite(row["helped"]):
        text += f"\n{share(row['helped'])} / {share(row['harmed'])} / {share(row['nothing'])}"
    return text


def difference(mean: float, low: float, high: float) -> str:
    """A difference and its interval, with the decimals the interval deserves (brackets escaped for rich).

    >>> difference(5.25, 0.705, 9.79), difference(-3.0, float("nan"), float("nan")), difference(0.0, 0.0, 0.0)
    ('+5.2 \\\\[+0.7, +9.8]', '-3', '0')
    """
    if not math.isfinite(low) or low == high:
        return number(mean, sign=True)
    decimals = min(4, max(0, 1 - math.floor(math.log10(high - low))))
    texts = (f"{value:+,.{decimals}f}" for value in (mean, low, high))
    shown, least, most = (text if text.strip("+-0.") else text[1:] for text in texts)  # zero has no sign
    return f"{shown} \\[{least}, {most}]"


def _show_regions(effects: pd.DataFrame, outcome: str, out: Console) -> None:
    rows = effects[(effects["outcome"] == outcome) & (effects["region"] != "Mali")].set_index(["region", "scenario"])
    scenarios, regions = (list(dict.fromkeys(rows.index.get_level_values(k))) for k in (1, 0))
    first = rows.xs(scenarios[0], level="scenario")
    in_a_row = _in_a_row(out)
    for start in range(0, len(scenarios), in_a_row):
        group = scenarios[start : start + in_a_row]
        title = f"{TITLES.get(outcome, outcome)} by region, {rows['unit'].iloc[0]}"
        table = _table(title, "region", escape(rows["baseline"].iloc[0]), *map(escape, group))
        for region in regions:
            cells = [
                difference(row["mean"], row["low"], row["high"])
                for row in (rows.loc[(region, scenario)] for scenario in group)
            ]
            table.add_row(region, number(first.loc[region, "baseline_mean"]), *cells)
        out.print(table)


def show_failures(failed: Iterable[Row], out: Console) -> None:
    """Each failed run with its error and the command that repeats it."""
    for row in failed:
        out.print(f"failed: {row.scenario}, seed {row.seed}: {row.error}", markup=False, style="red", soft_wrap=True)
        out.print(f"  repeat it: {row.repeat}", markup=False, soft_wrap=True)


# --- a run --------------------------------------------------------------------------------------------------


def show_record(record: Record, out: Console, xof_per_usd: float | None = None) -> None:
    """What a run gave, by region and for Mali: counts over the whole run, states in its last week."""
    by_name = {o.name: o for o in record.observables}
    costs = [n for n in record.names if n.startswith("cost_") and record[n].sum() > 0]
    delivered = ["delivered_" + n.removeprefix("cost_") for n in costs]
    title = (
        f"{record.about.get('scenario', {}).get('name', 'run')}, seed {record.about.get('seed')},"
        f" {record.dates[0]} to {record.dates[-1]}: sums over the run; states (*) in the last week"
    )
    names = [n for n in SUMMARY if n in by_name]
    table = _table(escape(title), "", "unit", "Mali", *record.regions, left=2)
    for name in names:
        values, observable = record[name], by_name[name]
        state = observable.how != "sum" or name == "members"
        regions = values[-1] if state else values.sum(axis=0)
        if observable.how == "sum":
            nation = regions.sum()
        else:
            weights = record.weights[observable.how]
            nation = float(regions @ weights / weights.sum())
        label = name.replace("_", " ") + (" *" if state else "")
        table.add_row(label, escape(observable.unit), number(nation), *map(number, regions))
    out.print(table)
    for cost, count in zip(costs, delivered, strict=True):
        weeks = record[count].sum(axis=1)
        busy = weeks[weeks > 0]
        what = by_name[count].unit
        mean = number(float(busy.mean())) if busy.size else "0"
        out.print(
            f"{cost.removeprefix('cost_')}: {mean} {what} on average over {busy.size} weeks;"
            f" {money(float(record[cost].sum()), xof_per_usd)} in all",
            markup=False,
        )


# --- before a run -------------------------------------------------------------------------------------------


def show_preview(preview: Preview, out: Console) -> None:
    """What a scenario would do."""
    scenario, takes = preview.scenario, preview.takes
    out.print(f"\n[bold]{escape(scenario.name)}[/bold]" + (f"  ({scenario.path})" if scenario.path else ""))
    if scenario.description:
        out.print(scenario.description, markup=False)
    out.print(f"Period: {scenario.start} to {scenario.end}, {preview.weeks} weeks")
    out.print(
        f"People: {preview.people:,}; youths of 15 to 35: {takes.youths:,} agents,"
        f" each standing for {scenario.persons_per_youth:,} persons"
    )
    if scenario.parameters:
        changes = ", ".join(f"{name} = {value:g}" for name, value in scenario.parameters.items())
        out.print(f"Parameters changed: {changes}", markup=False)
    for title, count, actors in (
        ("Armed groups", "members at first", preview.groups),
        ("Forces", "troops at most", preview.forces),
    ):
        table = _table(title, "name", "from", "until", count, left=3)
        for actor in actors:
            name = escape(actor.name) + (" (changed)" if actor.changed else "")
            table.add_row(name, str(actor.start), str(actor.end), f"{actor.people:,}")
        out.print(table)
    if not preview.measures:
        out.print("Measures: none")
    else:
        table = _table("Measures", "key", "from", "until", "regions", "intensity", "a week at full strength",
                       "cost in all", left=4)  # fmt: skip
        for m in preview.measures:
            if not m.active:
                table.add_row(m.key, "off", "", "", number(m.intensity), "", "")
                continue
            regions = "all" if len(m.regions) == 9 else ", ".join(m.regions)
            reach = "–" if m.reached_per_week is None else f"{number(m.reached_per_week)} {m.delivers}"
            cost = "–" if m.cost_xof is None else money(m.cost_xof, preview.xof_per_usd)
            table.add_row(
                m.key, str(m.start or scenario.start), str(m.end or scenario.end), regions,
                share(m.intensity) + " %",
                escape(reach), cost,
            )  # fmt: skip
        out.print(table)
    out.print(
        f"One run takes about {duration(takes.seconds)} on one core"
        f" and {takes.memory_bytes / 1e9:.1f} GB of memory"
        " (rough; the first run on a machine also compiles)."
    )


def show_measures(measures: Mapping[str, type[Measure]], out: Console) -> None:
    """Every measure and its settings: its own, and those of every measure where it has another default."""
    from sim.measures import Measure

    usual = {row.name: row.default for row in Measure.settings()}
    for key, measure in sorted(measures.items()):
        own = [row for row in measure.settings() if row.name not in usual or row.default != usual[row.name]]
        out.print(f"\n[bold]{key}[/bold]  {escape(measure.title)}; delivers {escape(measure.delivers)}")
        _show_settings(own, out)
    if measures:
        out.print("\n[bold]settings of every measure[/bold]")
        _show_settings(Measure.settings(), out)


def _show_settings(rows: Iterable[Any], out: Console) -> None:
    table = _table("", "setting", "default", "unit", "meaning", "source", left=5)
    for row in rows:
        table.add_row(
            *(escape(str(cell)) for cell in (row.name, _default(row.default), row.unit, row.meaning, row.source))
        )
    out.print(table)


def _default(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, tuple | list):
        return ", ".join(map(_default, value))
    return str(value)


def show_parameters(rows: Iterable[Parameter], out: Console) -> None:
    """The table of parameters."""
    table = _table("Parameters", "name", "value", "unit", "low", "high", "quality", "meaning", left=7)
    for row in rows:
        numbers = (f"{row.value:g}", f"{row.low:g}", f"{row.high:g}")
        table.add_row(row.name, numbers[0], escape(row.unit), numbers[1], numbers[2], row.quality, escape(row.meaning))
    out.print(table)


def show_parameter(row: Parameter, out: Console) -> None:
    """One parameter, all that is known of it."""
    out.print(f"[bold]{row.name}[/bold] = {row.value:g} {escape(row.unit)}")
    out.print(f"{row.meaning}\nfrom {row.low:g} to {row.high:g}, {row.distribution}; {row.quality}", markup=False)
    out.print(f"source: {row.source}", markup=False)
