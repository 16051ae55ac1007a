"""Tables of one scenario: what a run gave, what the scenario would do, and what can be set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sim.comparison.table import active_measures
from sim.measures.phases import how_much
from sim.views import words
from sim.views.tables.layout import say, show_table
from sim.views.words import money, number

if TYPE_CHECKING:
    from sim.batches.preview import Preview
    from sim.measures.base import Measure
    from sim.parameters import Parameter
    from sim.record import Record

SUMMARY = (
    "joined", "joined_ties", "joined_month", "members", "attacks", "deaths_civilian", "deaths_security",
    "abuses", "arrests", "wrongful_arrests", "trust", "insecurity", "state_presence",
)  # fmt: skip


def show_record(record: Record, out: Console, xof_per_usd: float | None = None) -> None:
    """What a run gave, by region and for Mali: counts over the whole run, states in its last week."""
    by_name = {o.name: o for o in record.observables}
    drawn = f", draw {record.about['draw']}" if record.about.get("draw") else ""
    rows = []
    for name in (n for n in SUMMARY if n in by_name):
        values, observable = record[name], by_name[name]
        state = observable.how != "sum" or name == "members"
        regions = values[-1] if state else values.sum(axis=0)
        weights = record.weights.get(observable.how)
        nation = regions.sum() if weights is None else float(regions @ weights / weights.sum())
        shown = words.label(name) + (" *" if state else "")
        rows.append([shown, words.unit(observable.unit), number(nation), *map(number, regions)])
    title = (
        f"{record.about.get('scenario', {}).get('name', 'run')}, seed {record.about.get('seed')}{drawn},"
        f" {record.dates[0]} to {record.dates[-1]}: sums over the run; * in the last week"
    )
    show_table(out, title, ["", "unit", "Mali", *record.regions], rows, left=2)
    for key in active_measures(record):
        weeks = record[f"delivered_{key}"].sum(axis=1)
        busy = weeks[weeks > 0]
        what = "delivered nothing"
        if busy.size:
            what = f"{number(float(busy.mean()))} {by_name[f'delivered_{key}'].unit} on average in {busy.size} weeks"
        say(out, f"{words.measure(key)}: {what}; {money(float(record[f'cost_{key}'].sum()), xof_per_usd)} in all")


# --- before a run -------------------------------------------------------------------------------------------


def show_preview(preview: Preview, out: Console) -> None:
    """What a scenario would do."""
    scenario, takes = preview.scenario, preview.takes
    out.print()
    say(out, scenario.name + (f"  ({scenario.path})" if scenario.path else ""), style="bold")
    if scenario.description:
        say(out, scenario.description)
    say(out, f"Period: {scenario.start} to {scenario.end}, {preview.weeks} weeks")
    say(
        out,
        f"People: {preview.people:,}; youths aged 15 to 35: {takes.youths:,} agents, each standing for"
        f" {words.count(scenario.persons_per_youth, 'person')}",
    )
    if scenario.parameters:
        changes = ", ".join(f"{name} = {value:g}" for name, value in scenario.parameters.items())
        say(out, f"Parameters changed: {changes}")
    for title, count, actors in (
        ("Armed groups", "members at first", preview.groups),
        ("Forces", "troops at most", preview.forces),
    ):
        rows = [
            [a.name + (" (changed)" if a.changed else ""), str(a.start), str(a.end), f"{a.people:,}"] for a in actors
        ]
        show_table(out, title, ["name", "from", "until", count], rows, left=3)
    rows = []
    for m in preview.measures:
        if not m.active:
            rows.append([m.title, m.key, "off", "", "", how_much(m.intensity), "", ""])
            continue
        reach = (
            words.IDLE
            if m.idle
            else words.UNKNOWN
            if m.reached_per_week is None
            else f"{number(m.reached_per_week)} {m.delivers}"
        )
        cost = words.UNKNOWN if m.cost_xof is None else money(m.cost_xof, preview.xof_per_usd)
        for k, (start, end, regions, much) in enumerate(m.periods):
            names, amounts = ([m.title, m.key], [reach, cost]) if k == 0 else ([f"phase {k + 1}", ""], ["", ""])
            rows.append([*names, str(start), str(end), regions, much, *amounts])
    heads = ["measure", "key", "from", "until", "regions", "intensity", "a week at full strength", "cost in all"]
    if rows:
        show_table(out, "Measures", heads, rows, left=5)
    else:
        say(out, "Measures: none")
    for m in preview.measures:
        periods = preview.scenario.measures[m.key].periods
        if m.active and len(periods) > 1:
            say(out, f"{m.title}: {len(periods)} periods; a week at full strength is that of the strongest")
        if m.active and any(isinstance(period.intensity, dict) for period in periods):
            say(out, f"{m.title}: done more or less by region; in each, the share of what falls to it")
        if m.idle:
            say(out, f"{m.title} {words.IDLE}: no week of the run begins between its dates", style="bold red")
    for name in preview.absent:
        say(out, f"{name} is changed, but it {words.IDLE} of the run", style="bold red")
    for m in preview.measures:
        if m.active and m.when:
            say(out, f"{m.title}: only while {m.when}; the cost shown is the most it can be, with every week on")
    say(
        out,
        f"One run takes about {words.duration(takes.seconds)} on one core and {takes.memory_bytes / 1e9:.1f} GB of"
        " memory (a rough estimate; the first run on a machine also compiles).",
    )


def list_measures(measures: Mapping[str, type[Measure]], out: Console) -> None:
    """A line for each measure."""
    cells = ((key, measure.title, measure.delivers) for key, measure in sorted(measures.items()))
    show_table(out, "", ["measure", "what it is", "what it delivers"], cells, left=3)
    say(out, f"All settings of one: kumakan measures {next(iter(sorted(measures)))}")


def show_measures(measures: Mapping[str, type[Measure]], out: Console) -> None:
    """Every measure and its settings: its own, and those of every measure where it has another default."""
    from sim.measures import Measure

    usual = {row.name: row.default for row in Measure.settings()}
    for key, measure in sorted(measures.items()):
        own = [row for row in measure.settings() if row.name not in usual or row.default != usual[row.name]]
        out.print()
        say(out, f"{key}  {measure.title}; delivers {measure.delivers}", style="bold")
        _show_settings(own, out)
    if measures:
        out.print()
        say(out, "Settings of every measure", style="bold")
        _show_settings(Measure.settings(), out)


def _show_settings(rows: Iterable[Any], out: Console) -> None:
    cells = ((row.name, _default(row.default), row.unit, row.meaning, row.source) for row in rows)
    show_table(out, "", ["setting", "default", "unit", "meaning", "source"], cells, left=5)


def _default(value: Any) -> str:
    if value is None:
        return words.UNKNOWN
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, tuple | list):
        return ", ".join(map(_default, value))
    return str(value)


def show_parameters(rows: Iterable[Parameter], out: Console) -> None:
    """The table of parameters."""
    cells = (
        (row.name, f"{row.value:g}", row.unit, f"{row.low:g}", f"{row.high:g}", row.quality, row.meaning)
        for row in rows
    )  # fmt: skip
    heads = ["name", "value", "unit", "low", "high", "quality", "meaning"]
    show_table(out, "Parameters", heads, cells, left=7)


def show_parameter(row: Parameter, out: Console) -> None:
    """Everything about one parameter."""
    out.print(f"[bold]{row.name}[/bold] = {row.value:g}", end=" ")
    say(out, f"{row.unit}\n{row.meaning}\nfrom {row.low:g} to {row.high:g}, {row.distribution}; {row.quality}")
    say(out, f"source: {row.source}")
