"""Tables of a comparison: what measures changed, what they delivered and cost, and what each adds to a package."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from sim.comparison.effects import basis, headline
from sim.comparison.outcomes import OUTCOMES
from sim.engine.errors import harmless
from sim.languages import digits, mark, tr
from sim.views import words
from sim.views.tables.layout import Column, say, show_blocks, show_table
from sim.views.words import amount, capital, difference, label, money, number, share

if TYPE_CHECKING:
    import pandas as pd

    from sim.batches.batch import Row
    from sim.comparison.attribution import Attribution

BY_REGION = ("joined", "attacks")
FEW = 5  # scenarios that are read side by side; more of them have a line each, and no tables by region
SHARES = mark("help/\nharm/\nnone")
HEADING = 18  # letters to a line of a heading over numbers


def show_effects(
    effects: pd.DataFrame,
    out: Console,
    xof_per_usd: float | None = None,
    delivered: pd.DataFrame | None = None,
    worth: pd.DataFrame | None = None,
) -> None:
    """What measures changed in Mali, what that costs, and what was delivered; for few scenarios, also by region."""
    if effects.empty:
        return
    baseline, what = effects["baseline"].iloc[0], basis(effects)
    scenarios = words.scenarios(dict.fromkeys(effects["scenario"]))
    say(
        out,
        tr(
            "\nDifference from {baseline}, same {same}, Mali, whole run ({many})",
            baseline=baseline,
            same=words.same(effects),
            many=what.many,
        ),
        style="bold",
    )
    say(
        out,
        tr("Each effect is the {interval}; the interval covers {covers}.", interval=what.interval, covers=what.covers),
    )
    say(out, tr("help/harm/none: % of {unit} in which the scenario helped, harmed or did nothing.", unit=tr(what.unit)))
    for said in words.warnings(effects):
        say(out, said, style="bold red")
    nation = effects[effects["region"] == "Mali"]
    for group in dict.fromkeys(nation["group"]):
        _show_group(nation[nation["group"] == group], capital(tr(group)), scenarios, out)
    if delivered is not None and len(delivered):
        _show_delivered(delivered, scenarios, out, xof_per_usd)
    if worth is not None and len(worth):
        _show_worth(worth, scenarios, out, xof_per_usd)
    for outcome in BY_REGION:
        if outcome in set(effects["outcome"]) and len(scenarios) <= FEW:
            _show_regions(effects[effects["outcome"] == outcome], scenarios, out)
    fewest = min(effects["draws"] if what.unit == "draws" else effects["seeds"])
    if fewest == 0:
        say(out, tr("Some scenarios have no run that both they and the baseline finished."))
    elif fewest == 1:
        say(
            out,
            tr(
                "With one {one} there is no interval; ask for more with --{unit}.",
                one=words.one(what.unit),
                unit=what.unit,
            ),
        )
    elif fewest < 10:
        say(out, tr("Fewer than ten {unit}: intervals are wide and shares are coarse.", unit=tr(what.unit)))
    if said := words.same_luck(effects):
        say(out, said)


def _show_group(nation: pd.DataFrame, title: str, scenarios: dict[str, str], out: Console) -> None:
    """A group of outcomes: a line for each of them beside few scenarios, else a line per scenario."""
    baseline = nation["baseline"].iloc[0]
    known = nation[nation["baseline_mean"].notna()]
    first = {outcome: rows.iloc[0] for outcome, rows in known.groupby("outcome", sort=False)}
    itself = {outcome: _itself(rows) for outcome, rows in known.groupby("outcome", sort=False)}
    rows = nation.set_index(["scenario", "outcome"])
    effects = {place: _effect(row) for place, row in rows.iterrows()}
    shares = {place: _shares(row) for place, row in rows.iterrows()}
    if len(scenarios) > FEW:
        left = [Column(tr("scenario"), [tr("{baseline} itself", baseline=baseline), *scenarios.values()], right=False)]
        blocks = [
            [
                Column(_heading(row), [itself[o], *(effects[s, o] for s in scenarios)]),
                Column(tr(SHARES), ["", *(shares[s, o] for s in scenarios)], right=False, quiet=True),
            ][: 1 if row["better"] == "none" else 2]
            for o, row in first.items()
        ]
    else:
        left = [
            Column(tr("outcome (less is better)"), [_name(row) for row in first.values()], right=False),
            Column(baseline, list(itself.values())),
        ]
        blocks = [
            [
                Column(name, [effects[s, o] for o in first]),
                Column(tr(SHARES), [shares[s, o] for o in first], right=False, quiet=True),
            ]
            for s, name in scenarios.items()
        ]
    show_blocks(out, title, left, blocks, first=len(scenarios) > FEW)
    if any(OUTCOMES[o].elsewhere for o in set(nation["outcome"]) - first.keys()):
        say(out, tr("The measures act in every region, so nothing could move elsewhere."), style="dim")
    elif rows["mean"].isna().any():
        say(out, tr("–: the measures act in every region, or no run has finished."), style="dim")


def _heading(row: pd.Series) -> str:
    side = tr(words.SIDES[row["better"]]) if row["better"] != "none" else ""
    lines = textwrap.wrap(label(row["outcome"]), HEADING)
    return "\n".join(filter(None, [*lines, words.unit(row["unit"]), side]))


def _name(row: pd.Series) -> str:
    """An outcome with its unit, and with its better side if that is not less."""
    side = {"more": tr(" (more is better)"), "none": tr(" (no better side)")}.get(row["better"], "")
    return words.with_unit(row["outcome"], row["unit"]) + side


def _itself(rows: pd.DataFrame) -> str:
    """The baseline's own value, where it is one: outcomes elsewhere are of other regions for each scenario."""
    value = words.own_value(rows.to_dict("records"))
    return tr("differs") if value is None else amount(value, rows["unit"].iloc[0])


def _effect(row: pd.Series) -> str:
    """The effect in the middle and the two numbers around it."""
    return difference(*headline(row), row["unit"])


def _shares(row: pd.Series) -> str:
    if row["too_coarse"]:
        return tr("too coarse") if row["better"] != "none" else ""
    return "/".join(share(row[name]) for name in ("helped", "harmed", "nothing")) if row["helped"] >= 0 else ""


def _show_delivered(
    delivered: pd.DataFrame, scenarios: dict[str, str], out: Console, xof_per_usd: float | None
) -> None:  # fmt: skip
    """What each measure delivered in a week in force, and its cost; measures that delivered nothing stand out."""
    rows = []
    for row in delivered.to_dict("records"):
        name, style = scenarios.get(row["scenario"], row["scenario"]), "bold" if row["delivered_nothing"] == 1.0 else ""
        titled = words.measure(row["measure"])
        said = ["" if titled in name else titled, "" if row["change"] == "added" else f"({tr(row['change'])})"]
        cells = [name, " ".join(filter(None, said)), words.delivery(row) + words.reach(row), f"{row['weeks']}",
                 money(row["cost_xof"], xof_per_usd)]  # fmt: skip
        rows.append([Text(cell, style) for cell in cells])
    heads = [tr("scenario"), tr("measure"), tr("delivered per week in force"), tr("weeks"), tr("cost over the run")]
    show_table(out, tr("What the measures delivered and cost"), heads, rows, left=3)


def _show_worth(worth: pd.DataFrame, scenarios: dict[str, str], out: Console, xof_per_usd: float | None) -> None:
    """What it costs to spare one person, where any are shown to be spared."""
    rows = [
        [scenarios.get(row["scenario"], row["scenario"]), tr(row["verdict"]),
         difference(row["spared"], row["spared_low"], row["spared_high"]), money(row["cost_xof"], xof_per_usd),
         words.each_costs(row)]
        for row in worth.to_dict("records")
    ]  # fmt: skip
    title = tr("Cost of each {spared}", spared=words.spared(worth["outcome"].iloc[0], worth["unit"].iloc[0]))
    heads = [tr("scenario"), tr("verdict"), tr("spared [90 % interval]"), tr("cost over the run"), tr("cost of each")]
    show_table(out, title, heads, rows, left=2)


def _show_regions(effects: pd.DataFrame, scenarios: dict[str, str], out: Console) -> None:
    rows = effects[effects["region"] != "Mali"].set_index(["region", "scenario"])
    regions, first = list(dict.fromkeys(rows.index.get_level_values(0))), rows.iloc[0]
    own = rows.xs(next(iter(scenarios)), level="scenario")["baseline_mean"]
    left = [
        Column(tr("region"), regions, right=False),
        Column(first["baseline"], [number(own[region]) for region in regions]),
    ]
    blocks = [[Column(name, [_effect(rows.loc[(region, s)]) for region in regions])] for s, name in scenarios.items()]
    show_blocks(out, capital(words.with_unit(first["outcome"], first["unit"])) + tr(", by region"), left, blocks)


def show_needed(needed: pd.DataFrame, out: Console, unit: str) -> None:
    """How far a comparison is from the precision that was asked for."""
    rows = [
        [row["scenario"], words.with_unit(row["outcome"], row["unit"]), number(row["half"]), number(row["wished"]),
         digits(row["pairs"], ","), number(row["needed"]) if not row["reached"] else tr("reached")]
        for row in needed.to_dict("records")
    ]  # fmt: skip
    heads = [tr("scenario"), tr("outcome"), tr("now"), tr("wanted"), tr(unit), tr("{unit} needed", unit=tr(unit))]
    show_table(out, tr("Precision: half-width of the 90 % interval of the mean"), heads, rows, left=2)


def show_failures(failed: Iterable[Row], out: Console) -> None:
    """Each failed run with its error and the command that repeats it."""
    for row in failed:
        out.print(
            harmless(tr("failed: {name}: {error}", name=row.name, error=row.error)),
            markup=False,
            style="red",
            soft_wrap=True,
        )
        out.print(harmless(tr("  repeat it: {repeat}", repeat=row.repeat)), markup=False, soft_wrap=True)


# --- a package and its measures -----------------------------------------------------------------------------

MOST_PAIRS = 6
SMALL_PAIR = 0.01  # of the largest share of a measure: smaller interactions are not worth a line


def show_attribution(found: Attribution, package: str, out: Console) -> None:
    """What each measure contributes to a package, and which pairs strengthen or hinder each other."""
    shares, pairs = found.measures, found.pairs
    what, orders = basis(shares), shares["orders"].iloc[0]
    sampled = tr("all orders") if shares["exact"].all() else tr("{orders} sampled orders", orders=orders)
    say(
        out,
        tr("\nWhat each measure contributes to {package}, Mali, whole run ({many})", package=package, many=what.many),
        style="bold",
    )
    say(
        out,
        tr(
            "Shapley values over {sampled}: {interval}. They add up to the effect of all measures together.",
            sampled=sampled,
            interval=what.interval,
        ),
    )
    say(out, tr("In parentheses: the effect of the measure alone, and what it adds to all others."))
    for said in words.warnings(shares):
        say(out, said, style="bold red")
    titles = [words.measure(key) for key in dict.fromkeys(shares["measure"])]
    left = [Column(tr("measure"), [*titles, tr("all together")], right=False)]
    groups: dict[str, list[list[Column]]] = {}
    for outcome, rows in shares.groupby("outcome", sort=False):
        cells = [f"{_effect(row)}  ({_plain(row, 'alone')}, {_plain(row, 'last')})" for _, row in rows.iterrows()]
        column = Column(_heading(rows.iloc[0]), [*cells, _plain(rows.iloc[0], "package")])
        groups.setdefault(OUTCOMES[str(outcome)].group, []).append([column])
    for group, blocks in groups.items():
        show_blocks(out, capital(tr(group)), left, blocks)
    if len(titles) == 1:
        return
    if pairs.empty:
        say(out, tr("Too few subsets to judge pairs of measures; use more --orders."))
        return
    lines = [
        [words.with_unit(row["outcome"], row["unit"]), words.measure(row["measure"]), words.measure(row["other"]),
         _effect(row), side(row)]
        for _, row in strongest(found).iterrows()
    ]  # fmt: skip
    if words.too_coarse(pairs):
        return
    if lines:
        title = tr("Pairs whose interval excludes zero (at most {most_pairs} per outcome)", most_pairs=MOST_PAIRS)
        show_table(
            out, title, [tr("outcome"), tr("measure"), tr("with"), tr("beyond the sum of the two"), ""], lines, left=3
        )
    else:
        say(out, tr("No pair of measures is shown to strengthen or hinder each other."))


def strongest(found: Attribution) -> pd.DataFrame:
    """The pairs whose interval has one side and that are not tiny, the largest of each outcome first.

    None where the runs are too coarse for a verdict.
    """
    ends = found.pairs.apply(headline, axis=1, result_type="expand")
    largest = found.measures.assign(size=found.measures["mean"].abs()).groupby("outcome")["size"].max()
    pairs = found.pairs.assign(size=found.pairs["mean"].abs())
    sure = pairs[
        ((ends[1] > 0) | (ends[2] < 0))
        & (pairs["too_coarse"] == "")
        & (pairs["size"] >= SMALL_PAIR * pairs["outcome"].map(largest))
    ]
    sure = sure.sort_values("size", ascending=False).groupby("outcome", sort=False).head(MOST_PAIRS)
    return sure.sort_values("outcome", key=lambda names: names.map(list(OUTCOMES).index), kind="stable")


def side(row: pd.Series) -> str:
    """Whether a pair of measures is better together or apart."""
    if row["better"] == "none":
        return ""
    return tr("better together") if (row["mean"] < 0) == (row["better"] == "fewer") else tr("better apart")


def _plain(row: pd.Series, column: str) -> str:
    return amount(row[column], row["unit"], sign=True)
