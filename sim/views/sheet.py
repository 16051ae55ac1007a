"""The sheet every figure is drawn on: a heading, the panels, notes, and a footer that says what was run.

Figures are plain `matplotlib.figure.Figure` objects on the Agg canvas: nothing is registered with pyplot, so
that worker processes can draw without a screen and nothing stays in memory.
"""

from __future__ import annotations

import hashlib
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike, NDArray

from sim.engine.errors import InputError
from sim.version import __version__

if TYPE_CHECKING:
    from sim.record import Record

INK, QUIET, FAINT, PAPER = "#1a1a1a", "#595959", "#d9d9d9", "#ffffff"
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
)
"""The colours of Okabe and Ito (2008), which people who see few colours can also tell apart (its yellow is
left out: too pale for a line on white)."""

SERIES_COLOURS = (INK, BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
SERIES_STYLES = (
    "solid",
    (0, (6, 2)),
    (0, (2, 1.2)),
    (0, (7, 2, 1.5, 2)),
    (0, (4, 1, 1, 1, 1, 1)),
    (0, (9, 3)),
)
"""Colours and dashes go round with different periods (7 and 6), so that 42 scenarios have a pair of their
own."""

BAND = (0.05, 0.95)
"""The quantiles over seeds between which bands and intervals lie: nine runs in ten."""

NATIONAL = "Mali"
FONT = "DejaVu Sans"  # ships with matplotlib, so that a figure is the same on every machine
TITLE_SIZE, SUBTITLE_SIZE, TEXT_SIZE, SMALL_SIZE, FOOTER_SIZE = 14, 10, 9, 8, 7
_INCHES_PER_POINT = 1 / 72
_LINE = 1.45  # line height over font size
_CHARACTERS = 0.56  # mean width of a letter over font size
_MARGIN = 0.18  # inches


class Sheet(Figure):
    """A matplotlib Figure that a notebook shows by itself: it is not pyplot's, so nobody else would draw it."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=80)
        return picture.getvalue()

    def get_tightbbox(self, *args: object, **options: object) -> Bbox:
        """The whole sheet: "tight", which notebooks use once pyplot is there, would cut off heading and footer."""
        return Bbox.from_bounds(0.0, 0.0, *self.get_size_inches())


def new_sheet(
    width: float,
    height: float,
    title: str,
    subtitle: str = "",
    notes: str = "",
    about: Mapping[str, str] | None = None,
    keys: Sequence[Artist] = (),
) -> Figure:
    """An empty figure with heading and footer; panels put on it are laid out in the space between.

    Parameters
    ----------
    width, height : float
        Inches: of the whole sheet, and of the space for the panels.
    title, subtitle, notes : str
        Heading, the line under it, and small print under the panels; long ones are wrapped.
    about : mapping, optional
        What was run, as `about` gives it, for the footer.
    keys : sequence of Artist
        Lines and patches with labels, for a legend between heading and panels.
    """
    columns = _columns([str(key.get_label()) for key in keys], width)
    legend = math.ceil(len(keys) / columns) * SMALL_SIZE * 1.7 * _INCHES_PER_POINT + (_MARGIN if keys else 0)
    rows = [
        (_wrapped(title, width, TITLE_SIZE), TITLE_SIZE, INK, "bold"),
        (_wrapped(subtitle, width, SUBTITLE_SIZE), SUBTITLE_SIZE, QUIET, "normal"),
        (_wrapped(notes, width, SMALL_SIZE), SMALL_SIZE, QUIET, "normal"),
        (_wrapped(footer(about), width, FOOTER_SIZE), FOOTER_SIZE, QUIET, "normal"),
    ]
    heights = [len(lines) * size * _LINE * _INCHES_PER_POINT for lines, size, _, _ in rows]
    above, below = sum(heights[:2]) + legend + 1.5 * _MARGIN, sum(heights[2:]) + 1.5 * _MARGIN
    whole = above + height + below
    figure = Sheet(figsize=(width, whole), facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.set(rect=(0.1 / width, below / whole, 1 - 0.2 / width, height / whole))  # type: ignore[call-arg]

    tops = [whole - _MARGIN, whole - _MARGIN - heights[0], below - 0.5 * _MARGIN, _MARGIN + heights[3]]
    for (lines, size, colour, weight), top in zip(rows, tops, strict=True):
        if lines:
            place = (_MARGIN / width, top / whole)
            figure.text(
                *place, "\n".join(lines), size=size, color=colour, weight=weight, family=FONT, va="top",
                linespacing=_LINE / 1.2, in_layout=False,
            )  # fmt: skip
    if keys:
        figure.legend(
            handles=list(keys), loc="upper left", ncols=columns, frameon=False, borderaxespad=0,
            borderpad=0.2, bbox_to_anchor=(_MARGIN / width, (tops[1] - heights[1] - 0.5 * _MARGIN) / whole),
            handlelength=3, prop={"family": FONT, "size": SMALL_SIZE},
        ).set_in_layout(False)  # fmt: skip
    figure.set_label(title)
    return figure


def _columns(labels: Sequence[str], width: float) -> int:
    """How many columns of a legend fit a sheet of `width` inches."""
    widest = max((len(label) for label in labels), default=0) + 8  # letters, with the handle
    fitting = max(1, int(width / (widest * SMALL_SIZE * _CHARACTERS * _INCHES_PER_POINT)))
    rows = max(1, math.ceil(len(labels) / fitting))
    return max(1, math.ceil(len(labels) / rows))


def _wrapped(text: str, width: float, size: float) -> list[str]:
    """Lines of a text that fit a sheet of `width` inches."""
    letters = int((width - 2 * _MARGIN) / (size * _CHARACTERS * _INCHES_PER_POINT))
    return [line for part in text.split("\n") if part for line in textwrap.wrap(part, letters, break_on_hyphens=False)]


def tidy(ax: Axes, grid: str = "y") -> None:
    """A quiet panel: no frame above and right, small tick labels, faint lines (`grid` is "x", "y" or "")."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(QUIET)
    ax.tick_params(labelsize=SMALL_SIZE, colors=QUIET, labelcolor=INK, labelfontfamily=FONT, length=3)
    if grid:
        ax.grid(axis="x" if grid == "x" else "y", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)


# --- what was run -------------------------------------------------------------------------------------------


def as_list(records: Record | Iterable[Record]) -> list[Record]:
    """One record or several, as a list; an `InputError` when there is none."""
    several = list(records) if isinstance(records, Iterable) else [records]
    if not several:
        raise InputError("there is no record to draw; give one run or more")
    return several


def about(records: Record | Iterable[Record] | Mapping[str, Record | Iterable[Record]]) -> dict[str, str]:
    """What was run, for the footer and for the metadata of the file.

    Parameters
    ----------
    records : Record, iterable of Record, or mapping of either by scenario
        The runs a figure is made from.

    Returns
    -------
    dict
        As `facts` gives it.
    """
    groups = [as_list(group) for group in (records.values() if isinstance(records, Mapping) else [records])]
    runs = [record for group in groups for record in group]
    names = records.keys() if isinstance(records, Mapping) else dict.fromkeys(scenario_name(run) for run in runs)
    pairs = [(int(run.about.get("draw", 0)), int(run.about["seed"])) for run in runs]
    return facts(names, pairs, [run.digest for run in runs])


def facts(names: Iterable[str], pairs: Iterable[tuple[int, int]], digests: Iterable[str]) -> dict[str, str]:
    """What was run, from names of scenarios, draws and seeds, and digests.

    Returns
    -------
    dict
        ``Scenario`` (names), ``Seeds`` (numbers), ``Draws`` (the same, where parameters are drawn), ``Runs`` (how many
        seeds each scenario has, times draws) and ``Digest`` (sha256; of one run its own, of several that of their
        sorted digests).
    """
    both = set(pairs)
    draws, seeds = {draw for draw, _ in both}, {seed for _, seed in both}
    several = sorted(set(digests))
    digest = several[0] if len(several) == 1 else hashlib.sha256("".join(several).encode()).hexdigest()
    drawn = {"Draws": _ranges(sorted(draws))} if draws != {0} else {}
    return {
        "Scenario": ", ".join(names), "Seeds": _ranges(sorted(seeds)), **drawn, "Runs": str(len(draws) * len(seeds)),
        "Digest": digest,
    }  # fmt: skip


def sampled(runs: Sequence[Record]) -> str:
    """What several runs of a scenario are over: "seeds", "draws" of parameters, or "runs" where both vary."""
    seeds, draws = ({run.about.get(name, 0) for run in runs} for name in ("seed", "draw"))
    if draws == {0}:
        return "seeds"
    return "draws" if len(seeds) == 1 else "runs"


def scenario_name(record: Record) -> str:
    """The name of the scenario that was run."""
    return str(record.about["scenario"]["name"])


def footer(facts: Mapping[str, str] | None) -> str:
    """One line: scenario, seeds, version, and what the figure may be used for."""
    parts = []
    if facts:
        parts.append(f"Scenario: {facts['Scenario']}")
        parts.append(_counted(facts))
    return " · ".join([*parts, f"kumakan {__version__}", "aggregate policy comparison only"])


def _counted(facts: Mapping[str, str]) -> str:
    """How many runs each scenario has, and which."""
    count = facts.get("Runs", "")
    if count and not count.isdigit():
        return count
    if "Draws" in facts:
        return f"{count} run{'' if count == '1' else 's'} each (draws {facts['Draws']}; seeds {facts['Seeds']})"
    which = f" ({facts['Seeds']})" if facts.get("Seeds") else ""
    return f"{count} {'seed' if count == '1' else 'seeds'}{which}".strip()


def _ranges(numbers: Sequence[int]) -> str:
    """Sorted whole numbers in short: [1, 2, 3, 7] is "1-3, 7"."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


# --- numbers ------------------------------------------------------------------------------------------------


def number(value: float, figures: int = 3) -> str:
    """A number for people: the figures that count, thousands set apart, a true minus sign.

    >>> number(12345.6), number(0.04321), number(-7.0), number(float("nan"))
    ('12,346', '0.0432', '−7', 'no data')
    """
    if not math.isfinite(value):
        return "no data"
    size = abs(value)
    text = f"{size:,.0f}" if size >= 10 ** (figures - 1) or size == round(size) else f"{size:.{figures}g}"
    return f"−{text}" if value < 0 and text != "0" else text


def in_large_units(values: ArrayLike, unit: str) -> tuple[float, str]:
    """By what to divide values, and the unit they are then in ("million XOF"), so that axes stay readable."""
    array = np.abs(np.asarray(values, dtype=float))
    largest = np.max(array[np.isfinite(array)], initial=0.0)
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if largest >= 2 * size:
            return size, f"{name} {unit}"
    return 1.0, unit


def over_seeds(stack: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Median and the two ends of the band over the first axis (seeds); NaN only where every seed is NaN."""
    stack = np.asarray(stack, dtype=np.float64)
    found = np.full((3, *stack.shape[1:]), np.nan)
    some = ~np.isnan(stack).all(axis=0)
    found[:, some] = np.nanquantile(stack[:, some], (0.5, *BAND), axis=0)
    return found[0], found[1], found[2]


def mean_over_seeds(stack: ArrayLike) -> NDArray[np.float64]:
    """Mean over the first axis (seeds) of what is known; NaN only where every seed is NaN."""
    stack = np.asarray(stack, dtype=np.float64)
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    total = np.where(known, stack, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
