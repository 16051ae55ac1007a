"""Tables of one scenario: what a run gave, what the scenario would do, and what can be set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sim.comparison.table import active_measures
from sim.languages import day, digits, tr
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
    drawn = tr(", draw {draw}", draw=record.about["draw"]) if record.about.get("draw") else ""
    rows = []
    for name in (n for n in SUMMARY if n in by_name):
        values, observable = record[name], by_name[name]
        state = observable.how != "sum" or name == "members"
        regions = values[-1] if state else values.sum(axis=0)
        weights = record.weights.get(observable.how)
        nation = regions.sum() if weights is None else float(regions @ weights / weights.sum())
        shown = words.label(name) + (" *" if state else "")
        rows.append([shown, words.unit(observable.unit), number(nation), *map(number, regions)])
    title = tr(
        "{name}, seed {seed}{drawn}, {start} to {end}: sums over the run; * in the last week",
        name=record.about.get("scenario", {}).get("name", "run"), seed=record.about.get("seed"), drawn=drawn,
        start=day(record.dates[0]), end=day(record.dates[-1]),
    )  # fmt: skip
    show_table(out, title, ["", tr("unit"), "Mali", *record.regions], rows, left=2)
    for key in active_measures(record):
        weeks = record[f"delivered_{key}"].sum(axis=1)
        busy = weeks[weeks > 0]
        what = tr("delivered nothing")
        if busy.size:
            what = tr(
                "{mean} {unit} on average in {size} weeks",
                mean=number(float(busy.mean())),
                unit=tr(by_name[f"delivered_{key}"].unit),
                size=busy.size,
            )
        say(
            out,
            tr(
                "{key}: {what}; {sum} in all",
                key=words.measure(key),
                what=what,
                sum=money(float(record[f"cost_{key}"].sum()), xof_per_usd),
            ),
        )


# --- before a run -------------------------------------------------------------------------------------------


def show_preview(preview: Preview, out: Console) -> None:
    """What a scenario would do."""
    scenario, takes = preview.scenario, preview.takes
    out.print()
    say(out, scenario.name + (f"  ({scenario.path})" if scenario.path else ""), style="bold")
    if scenario.description:
        say(out, tr(scenario.description))
    say(
        out,
        tr(
            "Period: {start} to {end}, {weeks} weeks",
            start=day(scenario.start),
            end=day(scenario.end),
            weeks=preview.weeks,
        ),
    )
    say(
        out,
        tr(
            "People: {people}; youths aged 15 to 35: {youths} agents, each standing for {persons_per_youth}",
            people=digits(preview.people, ","),
            youths=digits(takes.youths, ","),
            persons_per_youth=words.count(scenario.persons_per_youth, "person"),
        ),
    )
    if scenario.parameters:
        changes = ", ".join(f"{name} = {digits(value, 'g')}" for name, value in scenario.parameters.items())
        say(out, tr("Parameters changed: {changes}", changes=changes))
    for title, count, actors in (
        (tr("Armed groups"), tr("members at first"), preview.groups),
        (tr("Forces"), tr("troops at most"), preview.forces),
    ):
        rows = [
            [tr(a.name) + (tr(" (changed)") if a.changed else ""), day(a.start), day(a.end), digits(a.people, ",")]
            for a in actors
        ]
        show_table(out, title, [tr("name"), tr("from"), tr("until"), count], rows, left=3)
    rows = []
    for m in preview.measures:
        if not m.active:
            rows.append([tr(m.title), m.key, tr("off"), "", "", how_much(m.intensity), "", ""])
            continue
        reach = (
            tr(words.IDLE)
            if m.idle
            else words.UNKNOWN
            if m.reached_per_week is None
            else f"{number(m.reached_per_week)} {tr(m.delivers)}"
        )
        cost = words.UNKNOWN if m.cost_xof is None else money(m.cost_xof, preview.xof_per_usd)
        for k, (start, end, regions, much) in enumerate(m.periods):
            names, amounts = (
                ([tr(m.title), m.key], [reach, cost]) if k == 0 else ([tr("phase {k}", k=k + 1), ""], ["", ""])
            )
            rows.append([*names, day(start), day(end), tr(regions), much, *amounts])
    heads = [
        tr("measure"),
        tr("key"),
        tr("from"),
        tr("until"),
        tr("regions"),
        tr("intensity"),
        tr("a week at full strength"),
        tr("cost in all"),
    ]
    if rows:
        show_table(out, tr("Measures"), heads, rows, left=5)
    else:
        say(out, tr("Measures: none"))
    for m in preview.measures:
        periods = preview.scenario.measures[m.key].periods
        if m.active and len(periods) > 1:
            say(
                out,
                tr(
                    "{title}: {many} periods; a week at full strength is that of the strongest",
                    title=tr(m.title),
                    many=len(periods),
                ),
            )
        if m.active and any(isinstance(period.intensity, dict) for period in periods):
            say(
                out,
                tr("{title}: done more or less by region; in each, the share of what falls to it", title=tr(m.title)),
            )
        if m.idle:
            say(
                out,
                tr(
                    "{title} {idle}: no week of the run begins between its dates",
                    title=tr(m.title),
                    idle=tr(words.IDLE),
                ),
                style="bold red",
            )
    for name in preview.absent:
        say(out, tr("{name} is changed, but it {idle} of the run", name=name, idle=tr(words.IDLE)), style="bold red")
    for m in preview.measures:
        if m.active and m.when:
            say(
                out,
                tr(
                    "{title}: only while {when}; the cost shown is the most it can be, with every week on",
                    title=tr(m.title),
                    when=m.when,
                ),
            )
    say(
        out,
        tr(
            "One run takes about {seconds} on one core and {memory_bytes} GB of memory (a rough "
            "estimate; the first run on a machine also compiles).",
            seconds=words.duration(takes.seconds),
            memory_bytes=digits(takes.memory_bytes / 1000000000.0, ".1f"),
        ),
    )


def list_measures(measures: Mapping[str, type[Measure]], out: Console) -> None:
    """A line for each measure."""
    cells = ((key, tr(measure.title), tr(measure.delivers)) for key, measure in sorted(measures.items()))
    show_table(out, "", [tr("measure"), tr("what it is"), tr("what it delivers")], cells, left=3)
    say(out, tr("All settings of one: kumakan measures {measures}", measures=next(iter(sorted(measures)))))


def show_measures(measures: Mapping[str, type[Measure]], out: Console) -> None:
    """Every measure and its settings: its own, and those of every measure where it has another default."""
    from sim.measures import Measure

    usual = {row.name: row.default for row in Measure.settings()}
    for key, measure in sorted(measures.items()):
        own = [row for row in measure.settings() if row.name not in usual or row.default != usual[row.name]]
        out.print()
        say(
            out,
            tr("{key}  {title}; delivers {delivers}", key=key, title=tr(measure.title), delivers=tr(measure.delivers)),
            style="bold",
        )
        _show_settings(own, out)
    if measures:
        out.print()
        say(out, tr("Settings of every measure"), style="bold")
        _show_settings(Measure.settings(), out)


def _show_settings(rows: Iterable[Any], out: Console) -> None:
    cells = ((row.name, _default(row.default), row.unit, row.meaning, row.source) for row in rows)
    show_table(out, "", [tr("setting"), tr("default"), tr("unit"), tr("meaning"), tr("source")], cells, left=5)


def _default(value: Any) -> str:
    if value is None:
        return words.UNKNOWN
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return digits(value, ",")
    if isinstance(value, tuple | list):
        return ", ".join(map(_default, value))
    return str(value)


def show_parameters(rows: Iterable[Parameter], out: Console) -> None:
    """The table of parameters."""
    cells = (
        (
            row.name,
            digits(row.value, "g"),
            row.unit,
            digits(row.low, "g"),
            digits(row.high, "g"),
            tr(row.quality),
            row.meaning,
        )
        for row in rows
    )
    heads = [tr("name"), tr("value"), tr("unit"), tr("low"), tr("high"), tr("quality"), tr("meaning")]
    show_table(out, tr("Parameters"), heads, cells, left=7)


def show_parameter(row: Parameter, out: Console) -> None:
    """Everything about one parameter."""
    out.print(f"[bold]{row.name}[/bold] = {row.value:g}", end=" ")
    say(
        out,
        tr(
            "{unit}\n{meaning}\nfrom {low} to {high}, {distribution}; {quality}",
            unit=row.unit,
            meaning=row.meaning,
            low=digits(row.low, "g"),
            high=digits(row.high, "g"),
            distribution=row.distribution,
            quality=row.quality,
        ),
    )
    say(out, tr("source: {source}", source=row.source))
