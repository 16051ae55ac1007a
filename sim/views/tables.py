"""Tables for the terminal: what a comparison found, a run gave, a scenario would do, and what can be set.

On a terminal they are as wide as it is; in a file or a pipe they are plain text without colours or line
breaks.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rich import box
from rich.console import Console
from rich.markup import escape, render
from rich.table import Table

from sim.comparison.effects import basis, headline
from sim.comparison.outcomes import OUTCOMES, in_words
from sim.comparison.table import active_measures

if TYPE_CHECKING:
    import pandas as pd

    from sim.batches.batch import Row
    from sim.batches.preview import Preview
    from sim.comparison.attribution import Attribution
    from sim.measures.base import Measure
    from sim.parameters import Parameter
    from sim.record import Record

PLAIN_WIDTH = 200
BY_REGION = ("joined", "attacks")
FEW = 5  # scenarios that are read side by side; more of them have a line each, and no tables by region
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


class Column(NamedTuple):
    """A heading and a text for each line of a table."""

    heading: str
    cells: list[str]
    right: bool = True
    quiet: bool = False

    @property
    def width(self) -> int:
        """Characters it takes, with the space beside it."""
        lines = [line for text in (self.heading, *self.cells) for line in render(text).plain.split("\n")]
        return max(map(len, lines)) + 3


def _show_blocks(title: str, left: list[Column], blocks: list[list[Column]], out: Console, first: bool) -> None:
    """Blocks of columns beside the left ones, in as many tables as the width asks for; `first`: set the line apart."""
    room = out.width - sum(column.width for column in left)
    while blocks:
        taken = 1
        while taken < len(blocks) and sum(c.width for block in blocks[: taken + 1] for c in block) <= room:
            taken += 1
        columns = [*left, *(column for block in blocks[:taken] for column in block)]
        table = _table(title)
        for column in columns:
            table.add_column(
                column.heading, justify="right" if column.right else "left", style="dim" if column.quiet else None,
                overflow="fold", no_wrap=column.right,
            )  # fmt: skip
        for k, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
            apart = first and k == 0
            table.add_row(*cells, style="dim" if apart else None, end_section=apart)
        out.print(table)
        title, blocks = "", blocks[taken:]


# --- a comparison -------------------------------------------------------------------------------------------


def show_effects(
    effects: pd.DataFrame,
    out: Console,
    xof_per_usd: float | None = None,
    delivered: pd.DataFrame | None = None,
    worth: pd.DataFrame | None = None,
) -> None:
    """What measures changed in Mali, what is paid for it, and what was delivered; who joined and attacks by region."""
    if effects.empty:
        return
    baseline, what = effects["baseline"].iloc[0], basis(effects)
    scenarios = list(dict.fromkeys(effects["scenario"]))
    same = "draws and seeds" if what.unit == "draws" else "seeds"
    out.print(f"\n[bold]Difference from {escape(baseline)}, same {same}, Mali, whole run[/bold] ({what.many})")
    out.print(f"{escape(what.interval)}, which covers {what.covers};")
    out.print(f"then % of {what.unit} in which it helped / harmed / did nothing.")
    nation = effects[effects["region"] == "Mali"]
    for group in dict.fromkeys(nation["group"]):
        _show_group(nation[nation["group"] == group], f"{group[:1].upper()}{group[1:]}", out)
    if delivered is not None and len(delivered):
        _show_delivered(delivered, out, xof_per_usd)
    if worth is not None and len(worth):
        _show_worth(worth, out, xof_per_usd)
    for outcome in BY_REGION:
        if outcome in set(effects["outcome"]) and len(scenarios) <= FEW:
            _show_regions(effects, outcome, out)
    fewest = min(effects["draws"] if what.unit == "draws" else effects["seeds"])
    if fewest == 0:
        out.print("Some scenarios have no run that both they and the baseline finished.")
    elif fewest == 1:
        out.print(f"One {what.unit[:-1]}: no interval can be given; use --{what.unit}.")
    elif fewest < 10:
        out.print(f"Fewer than ten {what.unit}: intervals are wide and shares coarse.")
    if said := same_luck(effects):
        out.print(said)


def _show_group(nation: pd.DataFrame, title: str, out: Console) -> None:
    """A group of outcomes: a line for each of them beside few scenarios, else a line per scenario."""
    scenarios, baseline = list(dict.fromkeys(nation["scenario"])), nation["baseline"].iloc[0]
    known = nation[nation["baseline_mean"].notna()]
    outcomes = [o for o in dict.fromkeys(nation["outcome"]) if o in set(known["outcome"])]
    rows = nation.set_index(["scenario", "outcome"])
    first = {outcome: known[known["outcome"] == outcome].iloc[0] for outcome in outcomes}
    itself = {outcome: _itself(known[known["outcome"] == outcome]) for outcome in outcomes}

    left = [
        Column("less is better", [_name(row) for row in first.values()], right=False),
        Column(escape(baseline), list(itself.values())),
    ]
    blocks = [
        [
            Column(escape(scenario), [_effect(rows.loc[(scenario, outcome)]) for outcome in outcomes]),
            Column(SHARES, [_shares(rows.loc[(scenario, outcome)]) for outcome in outcomes], right=False, quiet=True),
        ]
        for scenario in scenarios
    ]
    many = len(scenarios) > FEW
    if many:
        left = [Column("scenario", [f"{escape(baseline)} itself", *map(escape, scenarios)], right=False)]
        blocks = [
            [
                Column(_heading(first[o]), [itself[o], *(_effect(rows.loc[(s, o)]) for s in scenarios)]),
                Column(SHARES, ["", *(_shares(rows.loc[(s, o)]) for s in scenarios)], right=False, quiet=True),
            ][: 1 if first[o]["better"] == "none" else 2]
            for o in outcomes
        ]
    _show_blocks(title, left, blocks, out, first=many)
    absent = [in_words(outcome) for outcome in dict.fromkeys(nation["outcome"]) if outcome not in outcomes]
    if absent:
        out.print(f"No {', no '.join(absent)}: the measures act everywhere, or there are no runs.", style="dim")
    elif rows["mean"].isna().any():
        out.print("–: the measures act everywhere, or there are no runs.", style="dim")


def _heading(row: pd.Series) -> str:
    wish = {"fewer": "less is better", "more": "more is better"}.get(row["better"], "")
    return "\n".join(filter(None, [in_words(row["outcome"]), escape(row["unit"]), wish]))


def _name(row: pd.Series) -> str:
    """An outcome with its unit, and with its better side where that is not less."""
    unit = "" if row["unit"] in in_words(row["outcome"]) else f", {row['unit']}"
    side = {"more": " (more is better)", "none": " (no side)"}.get(row["better"], "")
    return escape(f"{in_words(row['outcome'])}{unit}{side}")


def _itself(rows: pd.DataFrame) -> str:
    """The baseline's own value, where it is one: outcomes elsewhere are of other regions for each scenario."""
    values = rows["baseline_mean"]
    if values.max() - values.min() > 0.05 * values.abs().max():
        return "differs"
    return _large(values.iloc[0]) if rows["unit"].iloc[0] == "XOF" else number(values.iloc[0])


def _effect(row: pd.Series) -> str:
    """The effect in the middle and the two numbers around it."""
    middle, low, high = headline(row)
    return escape(spent(middle, low, high)) if row["unit"] == "XOF" else difference(middle, low, high)


def spent(middle: float, low: float, high: float) -> str:
    """What is spent more than in the baseline, and the two numbers around it where they differ.

    >>> spent(4.1e9, 4.1e9, 4.1e9), spent(4.1e9, 3e9, 5.25e9)
    ('+4.1 bn', '+4.1 bn [+3 bn, +5.25 bn]')
    """
    if not math.isfinite(low) or _large(low) == _large(high):
        return _large(middle, True)
    return f"{_large(middle, True)} [{_large(low, True)}, {_large(high, True)}]"


SHARES = "help/\nharm/\nnone"


def _shares(row: pd.Series) -> str:
    if not math.isfinite(row["helped"]):
        return ""
    return f"{share(row['helped'])}/{share(row['harmed'])}/{share(row['nothing'])}"


def _show_delivered(delivered: pd.DataFrame, out: Console, xof_per_usd: float | None) -> None:
    """What each measure delivered in a week in force, and what it cost; measures that delivered nothing say so."""
    table = _table("What was delivered, and its cost", "scenario", "measure", "delivered in a week in force",
                   "weeks", "cost over the run", left=3)  # fmt: skip
    for row in delivered.to_dict("records"):
        named = row["scenario"] == row["measure"] or row["scenario"].endswith(f"without_{row['measure']}")
        words = ["" if named else row["measure"], "" if row["change"] == "added" else f"({row['change']})"]
        table.add_row(
            escape(row["scenario"]), escape(" ".join(filter(None, words))), escape(delivery(row)), f"{row['weeks']}",
            money(row["cost_xof"], xof_per_usd),
            style="bold" if row["delivered_nothing"] == 1.0 else None,
        )  # fmt: skip
    out.print(table)


def delivery(row: Mapping[Any, Any]) -> str:
    """What a measure delivered, in words.

    >>> delivery({"per_week": 9.8, "unit": "patrols in the week", "delivered_nothing": 0.0})
    '9.8 patrols in the week'
    """
    if row["delivered_nothing"] == 1.0:
        return "delivered nothing"
    never = f" (nothing in {share(row['delivered_nothing'])} % of runs)" if row["delivered_nothing"] else ""
    return f"{number(row['per_week'])} {row['unit']}{never}"


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


def _show_worth(worth: pd.DataFrame, out: Console, xof_per_usd: float | None) -> None:
    """What it costs to spare one person, where it is shown that any are spared."""
    unit = WORTH.get(worth["outcome"].iloc[0], worth["unit"].iloc[0])
    headings = ("scenario", "", "spared [90 % interval]", "cost over the run", "cost of each")
    table = _table(f"Cost of each {unit}", *headings, left=2)
    for row in worth.to_dict("records"):
        table.add_row(
            escape(row["scenario"]), row["verdict"],
            difference(row["spared"], row["spared_low"], row["spared_high"]), money(row["cost_xof"], xof_per_usd),
            escape(each_costs(row)),
        )  # fmt: skip
    out.print(table)


WORTH = {"joined": "person kept from joining", "attacks": "attack averted", "deaths_civilian": "civilian not killed"}


def each_costs(row: Mapping[Any, Any]) -> str:
    """What each spared person costs, in words.

    >>> each_costs({"xof_each": 2.5e6, "xof_each_low": 2e6, "xof_each_high": 4e6})
    '2.5 m XOF [2 m, 4 m]'
    """
    if not math.isfinite(row["xof_each"]):
        return "–"
    ends = f" [{_large(row['xof_each_low'])}, {_large(row['xof_each_high'])}]"
    return money(row["xof_each"]) + (ends if math.isfinite(row["xof_each_low"]) else "")


def same_luck(effects: pd.DataFrame) -> str:
    """How much it saves that a scenario and the baseline have the same luck, in words; empty where it is not known."""
    table = effects[
        (effects["region"] == "Mali") & effects["outcome"].isin(BY_REGION) & (effects["variance_ratio"] > 0)
    ]
    ratios = table.groupby("outcome", sort=False)["variance_ratio"].median()
    if ratios.empty:
        return ""
    saved = ", ".join(f"{number(1.0 / ratio)} times as many for {in_words(str(o))}" for o, ratio in ratios.items())
    return (
        f"Both have the same luck. If each had its own, the same precision would take other numbers of"
        f" {basis(effects).unit}: {saved} (median of the scenarios)."
    )


def show_needed(needed: pd.DataFrame, out: Console, unit: str) -> None:
    """How far a comparison is from the precision that was wished."""
    table = _table("Precision: half-width of the 90 % interval of the mean", "scenario", "outcome", "now", "wished",
                   unit, f"{unit} needed", left=2)  # fmt: skip
    for row in needed.to_dict("records"):
        table.add_row(
            escape(row["scenario"]), escape(f"{in_words(row['outcome'])}, {row['unit']}"), number(row["half"]),
            number(row["wished"]), f"{row['pairs']:,}", number(row["needed"]) if not row["reached"] else "reached",
        )  # fmt: skip
    out.print(table)


def show_attribution(found: Attribution, package: str, out: Console) -> None:
    """What a package owes to each of its measures, and which pairs strengthen or hinder each other."""
    shares, pairs = found.measures, found.pairs
    what, orders = basis(shares), shares["orders"].iloc[0]
    sampled = "all orders" if shares["exact"].all() else f"{orders} sampled orders"
    out.print(f"\n[bold]What {escape(package)} owes to each of its measures[/bold], Mali, whole run ({what.many})")
    out.print(
        f"Shapley values over {sampled}: {escape(what.interval)}; they add up to what all do together.\n"
        "In brackets what the measure does alone, and what it adds as the last."
    )
    for group, outcomes in _in_groups(shares).items():
        blocks = []
        for outcome in outcomes:
            rows = shares[shares["outcome"] == outcome]
            cells = [f"{_effect(row)}  ({_plain(row, 'alone')}, {_plain(row, 'last')})" for _, row in rows.iterrows()]
            blocks.append([Column(_heading(rows.iloc[0]), [*cells, _plain(rows.iloc[0], "package")])])
        left = [Column("measure", [*dict.fromkeys(shares["measure"]), "all together"], right=False)]
        _show_blocks(f"{group[:1].upper()}{group[1:]}", left, blocks, out, first=False)
    if len(shares["measure"].unique()) == 1:
        return
    if pairs.empty:
        out.print("Too few subsets to tell pairs of measures apart; use more --orders.")
        return
    table = _table(f"Pairs whose interval does not include zero (the {MOST_PAIRS} largest of an outcome)", "outcome",
                   "measure", "with", "beyond what they add apart", "", left=3)  # fmt: skip
    for _, row in strongest(found).iterrows():
        table.add_row(
            f"{in_words(row['outcome'])}, {row['unit']}", row["measure"], row["other"], _effect(row), side(row)
        )
    if table.row_count:
        out.print(table)
    else:
        out.print("No pair of measures is shown to strengthen or hinder each other.")


MOST_PAIRS = 6
SMALL_PAIR = 0.01  # of the largest share of a measure: smaller interactions are not worth a line


def strongest(found: Attribution) -> pd.DataFrame:
    """The pairs whose interval has one side and that are not tiny, the largest of each outcome first."""
    ends = found.pairs.apply(headline, axis=1, result_type="expand")
    largest = found.measures.assign(size=found.measures["mean"].abs()).groupby("outcome")["size"].max()
    pairs = found.pairs.assign(size=found.pairs["mean"].abs())
    sure = pairs[((ends[1] > 0) | (ends[2] < 0)) & (pairs["size"] >= SMALL_PAIR * pairs["outcome"].map(largest))]
    sure = sure.sort_values("size", ascending=False).groupby("outcome", sort=False).head(MOST_PAIRS)
    return sure.sort_values("outcome", key=lambda names: names.map(list(OUTCOMES).index), kind="stable")


def side(row: pd.Series) -> str:
    """Whether a pair of measures is better together or apart."""
    if row["better"] == "none":
        return ""
    return "better together" if (row["mean"] < 0) == (row["better"] == "fewer") else "better apart"


def _in_groups(table: pd.DataFrame) -> dict[str, list[str]]:
    """The outcomes of a table, gains and the ledger of harm apart."""
    groups: dict[str, list[str]] = {}
    for outcome in dict.fromkeys(table["outcome"]):
        groups.setdefault(OUTCOMES[outcome].group, []).append(outcome)
    return groups


def _plain(row: pd.Series, column: str) -> str:
    return _large(row[column], True) if row["unit"] == "XOF" else number(row[column], True)


def _show_regions(effects: pd.DataFrame, outcome: str, out: Console) -> None:
    rows = effects[(effects["outcome"] == outcome) & (effects["region"] != "Mali")].set_index(["region", "scenario"])
    scenarios, regions = (list(dict.fromkeys(rows.index.get_level_values(k))) for k in (1, 0))
    first = rows.xs(scenarios[0], level="scenario")
    left = [
        Column("region", regions, right=False),
        Column(escape(rows["baseline"].iloc[0]), [number(first.loc[region, "baseline_mean"]) for region in regions]),
    ]
    blocks = [
        [Column(escape(s), [difference(*headline(rows.loc[(region, s)])) for region in regions])] for s in scenarios
    ]
    _show_blocks(f"{in_words(outcome)} by region, {rows['unit'].iloc[0]}", left, blocks, out, first=False)


def show_failures(failed: Iterable[Row], out: Console) -> None:
    """Each failed run with its error and the command that repeats it."""
    for row in failed:
        out.print(f"failed: {row.name}: {row.error}", markup=False, style="red", soft_wrap=True)
        out.print(f"  repeat it: {row.repeat}", markup=False, soft_wrap=True)


# --- a run --------------------------------------------------------------------------------------------------


def show_record(record: Record, out: Console, xof_per_usd: float | None = None) -> None:
    """What a run gave, by region and for Mali: counts over the whole run, states in its last week."""
    by_name = {o.name: o for o in record.observables}
    drawn = f", draw {record.about['draw']}" if record.about.get("draw") else ""
    title = (
        f"{record.about.get('scenario', {}).get('name', 'run')}, seed {record.about.get('seed')}{drawn},"
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
    for key in active_measures(record):
        count = f"delivered_{key}"
        weeks = record[count].sum(axis=1)
        busy = weeks[weeks > 0]
        what = f"{number(float(busy.mean()))} {by_name[count].unit} on average over {busy.size} weeks"
        what = what if busy.size else "delivered nothing"
        cost = money(float(record[f"cost_{key}"].sum()), xof_per_usd)
        out.print(f"{key}: {what}; {cost} in all", markup=False)


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
        for m in preview.measures:
            if m.active and m.when:
                out.print(f"{m.key}: on only while {m.when}; the cost is that of all weeks, at most", markup=False)
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
