"""What measures changed: for each scenario and outcome the paired difference and its interval, and how often it helped.

Panels stand beside each other by outcome (or by region) and share their lines, one for each scenario, so that a dozen
outcomes of two dozen scenarios can still be read.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.comparison.effects import basis, headline
from sim.comparison.outcomes import OUTCOMES
from sim.engine.errors import InputError, nearest
from sim.languages import mark, rightwards, tr
from sim.views import words
from sim.views.figures import sheet
from sim.views.figures.sheet import drawn, new_sheet, numbered, shown, side_colour, side_keys
from sim.views.runs import about_batch
from sim.views.words import capital, heading, in_large_units

if TYPE_CHECKING:
    import pandas as pd

    from sim.batches.batch import Batch

COLUMNS = (
    "scenario", "outcome", "group", "unit", "region", "mean", "low", "high", "median", "p5", "p95", "helped", "harmed",
    "nothing", "draws", "seeds", "better", "baseline", "baseline_mean",
)  # fmt: skip
"""Columns of the table of effects that are read here."""

MOST_IN_A_ROW = 5  # panels
PANEL, LINE, AROUND = 2.35, 0.21, 1.0  # inches: width of a panel, height of a line, heading and axis of a panel
HEAD_LETTERS = 34  # letters of the heading of a panel on one line
TEXT_LETTERS = 38  # letters that fit a panel of text
LETTER = 0.062  # inches that a letter of a scenario's name takes, on the generous side

MAIN = ("joined", "attacks", "deaths_civilian", "trust", "abuses", "wrongful_arrests", "clips_stirred")
"""Outcomes whose shares are drawn by default: the gains, and the harm to people."""


def plot_batch(batch: Batch, outcome: str = "joined") -> Figure:
    """What each scenario of a batch changed in an outcome, by region."""
    return plot_effects(batch.effects(), by_region=True, outcomes=[outcome], about=about_batch(batch))


@drawn
def plot_effects(
    effects: pd.DataFrame,
    *,
    by_region: bool = False,
    outcomes: Sequence[str] | None = None,
    scenarios: Sequence[str] | None = None,
    delivered: pd.DataFrame | None = None,
    about: Mapping[str, str] | None = None,
) -> Figure:
    """Paired differences from the baseline with their intervals: gains above, the ledger of harm below.

    Over draws of the parameters a point is the median of the draws and a line spans 5 to 95 % of them; over seeds
    alone they are the mean and its 90 % interval.

    Parameters
    ----------
    effects : DataFrame
        From `sim.comparison.effects.effects`: a row per scenario, outcome and region ("Mali" for the whole country)
        with the columns `COLUMNS`.
    by_region : bool
        A row of panels per outcome, one for each region, instead of a panel per outcome for Mali.
    outcomes, scenarios : sequence of str, optional
        Which to draw, in this order; left out, all of the table that have a number.
    delivered : DataFrame, optional
        From `sim.comparison.delivered.delivered`: a panel of text says what the measures delivered (not by region).
    about : mapping, optional
        What was run, for the footer (`sim.views.about`); left out, what the table says.

    Raises
    ------
    InputError
        If the table lacks a column, has no row to draw, or an outcome or scenario is not in it.
    """
    table, outcomes, scenarios = _checked(effects, by_region, outcomes, scenarios)
    if by_region:
        regions = list(dict.fromkeys(table["region"]))
        blocks: list[tuple[str, list[Panel]]] = [
            (heading(o), [(region, _rows(table, scenarios, outcome=o, region=region)) for region in regions])
            for o in outcomes
        ]
        title = tr("Effects of the measures by region")
    else:
        blocks = _blocks(table, outcomes, scenarios)
        if delivered is not None and len(delivered):
            blocks[-1][1].append((tr("Delivered per week in force"), _delivered(delivered, scenarios)))
        title = tr("Effects of the measures on Mali")
    said = words.rests_on(table)
    return _draw(title, said, blocks, scenarios, table, about, side_keys(table), _forest, same_scale=by_region)


@drawn
def plot_shares(
    effects: pd.DataFrame,
    *,
    outcomes: Sequence[str] | None = None,
    scenarios: Sequence[str] | None = None,
    about: Mapping[str, str] | None = None,
) -> Figure:
    """In which share of draws (or seeds) each scenario helped, did nothing, or harmed, for Mali.

    Parameters
    ----------
    effects, scenarios, about
        As for `plot_effects`.
    outcomes : sequence of str, optional
        Which to draw; left out, those of `MAIN` that the table has.
    """
    if outcomes is None:
        there = set(effects["outcome"]) if "outcome" in effects else set()
        outcomes = [o for o in MAIN if o in there] or None
    table, outcomes, scenarios = _checked(effects, False, outcomes, scenarios)
    what = basis(table)
    keys = [
        Patch(color=sheet.BLUE, label=tr("helped")),
        Patch(color=sheet.FAINT, label=tr("did nothing")),
        Patch(color=sheet.VERMILLION, label=tr("harmed")),
    ]
    said = tr(
        "Per cent of {unit} ({many}). A difference too small to count is drawn as nothing.",
        unit=tr(what.unit),
        many=what.many,
    )
    said = " ".join([said, *words.small_print(table)])
    panels = [(heading(o), _rows(table, scenarios, outcome=o)) for o in outcomes]
    title = tr("How often the measures helped, harmed or did nothing")
    return _draw(title, said, [("", panels)], scenarios, table, about, keys, _bars)


@drawn
def plot_attribution(
    measures: pd.DataFrame,
    package: str,
    *,
    outcomes: Sequence[str] | None = None,
    about: Mapping[str, str] | None = None,
) -> Figure:
    """What each measure contributes to a package, with intervals; the last line is what all do together.

    Parameters
    ----------
    measures : DataFrame
        `Attribution.measures`.
    package : str
        Name of the scenario.
    outcomes : sequence of str, optional
        Which to draw; left out, all of the table.
    about : mapping, optional
        What was run, for the footer.
    """
    import pandas as pd

    together = measures.drop_duplicates("outcome").assign(measure=tr(TOGETHER))
    together = together.assign(**dict.fromkeys(("mean", "median"), together["package"]))
    together = together.assign(**dict.fromkeys(("low", "high", "p5", "p95"), math.nan))
    titled = measures.assign(measure=measures["measure"].map(words.measure))
    table = pd.concat([titled, together], ignore_index=True).rename(columns={"measure": "scenario"})
    table = table.assign(
        region=sheet.NATIONAL, group=[OUTCOMES[name].group for name in table["outcome"]],
        baseline=tr("{package} without measures", package=package),
        **dict.fromkeys(("helped", "harmed", "nothing", "baseline_mean"), math.nan),
    )  # fmt: skip
    table, outcomes, lines = _checked(table, False, outcomes, None)
    sampled = (
        "" if measures["exact"].all() else tr(" and the choice of {orders} orders", orders=measures["orders"].iloc[0])
    )
    said = (
        tr("Shapley values: what each measure adds, averaged over sampled orders of the measures.")
        if sampled
        else tr("Shapley values: what each measure adds, averaged over all orders of the measures.")
    )
    said = f"{said} {words.rests_on(table, covers_too=sampled)}"
    keys = side_keys(table, tr("includes zero, no side is better, or no interval"))
    title = tr("What each measure contributes to {package}", package=package)
    return _draw(title, said, _blocks(table, outcomes, lines), lines, table, about, keys, _forest)


TOGETHER = mark("all together")

# --- what is drawn ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """An effect as it is shown."""

    unit: str
    better: str
    pairs: int
    middle: float
    low: float
    high: float
    helped: float
    harmed: float
    nothing: float
    baseline_mean: float
    too_coarse: str

    @property
    def interval(self) -> bool:
        return self.pairs > 1 and math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def colour(self) -> str:
        """The colour of the side on which the whole interval lies; ink where there is no verdict."""
        judged = self.interval and not self.too_coarse
        return side_colour(self.low, self.high, self.better) if judged else sheet.INK


Panel = tuple[str, "list[_Row | None] | list[str]"]  # a heading, and a row or a text for each scenario


def _checked(
    effects: pd.DataFrame, by_region: bool, outcomes: Sequence[str] | None, scenarios: Sequence[str] | None
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """The part of the table that is drawn, and its outcomes and scenarios in order."""
    missing = [column for column in COLUMNS if column not in effects]
    if missing:
        raise InputError(tr("the table of effects has no column {missing}", missing=", ".join(missing)))
    here = effects[(effects["region"] != sheet.NATIONAL) if by_region else (effects["region"] == sheet.NATIONAL)]
    asked = _chosen(effects, "outcome", outcomes)
    if outcomes is None:  # what has no number for any scenario would be an empty panel
        known = set(here.loc[here["baseline_mean"].notna() | here["mean"].notna(), "outcome"])
        asked = [outcome for outcome in asked if outcome in known] or asked
    scenarios = _chosen(effects, "scenario", scenarios)
    table = here[here["outcome"].isin(asked) & here["scenario"].isin(scenarios)]
    if table.empty:
        raise InputError(
            tr("the table of effects has no row by region")
            if by_region
            else tr("the table of effects has no row for Mali")
        )
    return table, asked, scenarios


def _chosen(effects: pd.DataFrame, column: str, asked: Sequence[str] | None) -> list[str]:
    known = list(dict.fromkeys(effects[column]))
    for name in asked or ():
        if name not in known:
            raise InputError(
                tr(
                    "the table has no {column} {name}; it has {known}{nearest}",
                    column=tr(column),
                    name=repr(name),
                    known=", ".join(known),
                    nearest=nearest(name, known),
                )
            )
    return list(known if asked is None else asked)


def _blocks(
    table: pd.DataFrame, outcomes: Sequence[str], scenarios: Sequence[str]
) -> list[tuple[str, list[Panel]]]:  # fmt: skip
    """The panels of outcomes by their group, both in the order asked for.

    Amounts of money, which span too much for one axis, are written out.
    """
    group_of = dict(zip(table["outcome"], table["group"], strict=True))
    blocks: dict[str, list[Panel]] = {}
    for outcome in outcomes:
        rows: list[_Row | None] | list[str] = _rows(table, scenarios, outcome=outcome)
        if any(isinstance(row, _Row) and row.unit == "XOF" for row in rows):
            rows = [_spent(row) if isinstance(row, _Row) else words.UNKNOWN for row in rows]
        blocks.setdefault(capital(tr(group_of[outcome])), []).append((heading(outcome), rows))
    return list(blocks.items())


def _spent(row: _Row) -> str:
    return words.typeset(words.difference(row.middle, row.low, row.high, "XOF")) + f" {words.unit('XOF')}"


def _rows(table: pd.DataFrame, scenarios: Sequence[str], **where: str) -> list[_Row | None]:
    """A row for each scenario, None where the table has none."""
    for column, value in where.items():
        table = table[table[column] == value]
    found = {}
    for row in table.to_dict("records"):
        if row["scenario"] in found:
            raise InputError(
                tr(
                    "the table of effects has more than one row for {outcome} and {scenario}",
                    outcome=row["outcome"],
                    scenario=row["scenario"],
                )
            )
        middle, low, high = headline(row)
        same = {name: row[name] for name in ("unit", "better", "helped", "harmed", "nothing", "baseline_mean")}
        same["too_coarse"] = row.get("too_coarse", "")
        found[row["scenario"]] = _Row(pairs=row["draws"] or row["seeds"], middle=middle, low=low, high=high, **same)
    return [found.get(name) for name in scenarios]


def _delivered(delivered: pd.DataFrame, scenarios: Sequence[str]) -> list[str]:
    """A few words for each scenario: what its one measure delivered, or how many of several delivered anything."""
    texts = []
    for scenario in scenarios:
        rows = delivered[delivered["scenario"] == scenario].to_dict("records")
        if len(rows) == 1:
            left_out = tr(" (left out)") if rows[0]["change"] == "left out" else ""
            texts.append(textwrap.shorten(words.delivery(rows[0]) + left_out, TEXT_LETTERS, placeholder=" …"))
        else:
            idle = sum(row["delivered_nothing"] == 1.0 for row in rows)
            texts.append(
                tr("{many} measures", many=len(rows)) + (tr(", {idle} delivered nothing", idle=idle) if idle else "")
            )
    return texts


# --- drawing ------------------------------------------------------------------------------------------------


def _draw(
    title: str,
    said: str,
    blocks: Sequence[tuple[str, Sequence[Panel]]],
    scenarios: Sequence[str],
    table: pd.DataFrame,
    about: Mapping[str, str] | None,
    keys: Sequence[Any],
    panel: Callable[[Axes, list[_Row | None]], None],
    same_scale: bool = False,
) -> Figure:
    """A sheet with blocks of panels below each other, each block with a heading and rows of a few panels."""
    across = max(_across(len(panels), same_scale) for _, panels in blocks)
    downs = [math.ceil(len(panels) / across) for _, panels in blocks]
    called = words.scenarios(dict.fromkeys(scenarios))
    names = max(map(len, called.values())) * LETTER + 0.3
    width = max(7.5, names + across * (1.55 if same_scale else PANEL))
    heights = [down * (LINE * len(scenarios) + AROUND) + (0.3 if headed else 0.0)
               for down, (headed, _) in zip(downs, blocks, strict=True)]  # fmt: skip
    baseline = ", ".join(dict.fromkeys(table["baseline"]))
    facts = about or {"Scenario": ", ".join([baseline, *scenarios]), "Runs": basis(table).many}
    subtitle = tr(
        "Difference from {baseline} under the same {same}, whole run.\n{said}",
        baseline=baseline,
        same=words.same(table),
        said=said,
    )
    figure = new_sheet(width, sum(heights), title, subtitle, about=facts, keys=keys)
    parts = figure.subfigures(len(blocks), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, down, (headed, panels) in zip(parts, downs, blocks, strict=True):
        if headed:
            part.suptitle(
                headed,
                size=sheet.TEXT_SIZE + 1,
                weight="bold",
                x=0.988 if rightwards() else 0.012,
                ha="right" if rightwards() else "left",
            )
        axes = part.subplots(down, across, squeeze=False, sharey=True).ravel()
        for k, ax in enumerate(axes):
            if k >= len(panels):
                ax.set_axis_off()
                continue
            name, rows = panels[k]
            _texts(ax, rows) if isinstance(rows[0], str) else panel(ax, rows)
            ax.set_title("\n".join(textwrap.wrap(name, HEAD_LETTERS)), size=sheet.SMALL_SIZE)
            ax.set_yticks(range(len(scenarios)), [called[scenario] for scenario in scenarios])
            ax.set_ylim(len(scenarios) - 0.4, -0.6)
            ax.tick_params(axis="y", length=0, labelleft=k % across == 0)
            ax.spines["left"].set_visible(False)
        if same_scale:
            limits = [ax.get_xlim() for ax in axes[: len(panels)]]
            for ax in axes[: len(panels)]:
                ax.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
    return figure


def _across(panels: int, one_row: bool) -> int:
    """Panels beside each other."""
    return panels if one_row else math.ceil(panels / math.ceil(panels / MOST_IN_A_ROW))


def _forest(ax: Axes, rows: list[_Row | None]) -> None:
    """Point and interval for each row, first on top, around a line at zero."""
    ax.grid(axis="x")
    known = [row for row in rows if row is not None]
    unit = words.unit(known[0].unit) if known else ""
    divisor, unit = in_large_units([(r.middle, r.low, r.high) for r in known], unit)
    ax.axvline(0, color=sheet.INK, linewidth=0.9, zorder=2)
    _stripes(ax, len(rows))
    for y, row in enumerate(rows):
        if row is None or not math.isfinite(row.middle):
            ax.text(0, y, " –", size=sheet.SMALL_SIZE, color=sheet.QUIET, va="center")
            continue
        if row.interval:
            ends = [row.low / divisor, row.high / divisor]
            ax.plot(ends, [y, y], color=row.colour, lw=2, zorder=3, solid_capstyle="butt")
        face = row.colour if row.interval and row.colour != sheet.INK else sheet.PAPER
        ax.plot(row.middle / divisor, y, "o", ms=4.5, mfc=face, mec=row.colour, mew=1.3, zorder=4)
    ax.margins(x=0.08)
    if not any(np.any(np.nan_to_num([row.middle, row.low, row.high])) for row in known):
        ax.set_xlim(-1, 1)
    ax.xaxis.set_major_locator(MaxNLocator(3))
    numbered(ax.xaxis, sign=True)
    side = {"fewer": tr("← less is better"), "more": tr("more is better →")}
    label = "\n".join(filter(None, [unit + _before(known), side.get(known[0].better if known else "none", "")]))
    ax.set_xlabel(label, size=sheet.FOOTER_SIZE)


def _before(rows: Sequence[_Row]) -> str:
    """The baseline's own value, if it is the same for all rows."""
    value = words.own_value({"baseline_mean": row.baseline_mean} for row in rows)
    if value is None or math.isnan(value):
        return ""
    divisor, large = in_large_units(value, "")
    return tr("; baseline {shown} {large}", shown=shown(value / divisor), large=large).rstrip()


def _stripes(ax: Axes, rows: int) -> None:
    """Every other line is shaded, which leads the eye back to the name."""
    for y in range(1, rows, 2):
        ax.axhspan(y - 0.5, y + 0.5, color=sheet.FAINT, alpha=0.3, lw=0, zorder=0)


def _texts(ax: Axes, texts: Sequence[str]) -> None:
    """A text for each row."""
    _stripes(ax, len(texts))
    for y, text in enumerate(texts):
        ax.text(*((0.98, y) if rightwards() else (0.02, y)), text, size=sheet.FOOTER_SIZE, va="center",
                ha="right" if rightwards() else "left")  # fmt: skip
    ax.set_xlim(0, 1)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)


def _bars(ax: Axes, rows: list[_Row | None]) -> None:
    """Shares in which the outcome was better, the same, or worse, as a bar for each row."""
    for y, row in enumerate(rows):
        if (
            row is None
            or row.better == "none"
            or row.too_coarse
            or not np.isfinite([row.helped, row.nothing, row.harmed]).all()
        ):
            ax.text(0, y, " –", size=sheet.SMALL_SIZE, color=sheet.QUIET, va="center")
            continue
        left = 0.0
        for share, colour, ink in (
            (row.helped, sheet.BLUE, sheet.PAPER), (row.nothing, sheet.FAINT, sheet.INK),
            (row.harmed, sheet.VERMILLION, sheet.INK),
        ):  # fmt: skip
            ax.barh(y, 100 * share, left=left, height=0.72, color=colour, edgecolor=sheet.PAPER, linewidth=0.5)
            if share >= 0.15:  # room for two figures
                middle = left + 50 * share
                ax.text(middle, y, words.share(share), size=sheet.FOOTER_SIZE, color=ink, ha="center", va="center")
            left += 100 * share
    ax.set_xlim(0, 100)
    ax.set_xticks([0, 50, 100])
