"""The sheet every figure is drawn on: a heading, the panels, notes, and a footer that says what was run.

Figures are plain `matplotlib.figure.Figure` objects on the Agg canvas: pyplot does not know them, so that worker
processes can draw without a screen and nothing stays in memory.
"""

from __future__ import annotations

import functools
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike, NDArray

from sim.comparison.outcomes import OUTCOMES
from sim.comparison.worlds import NO_VERDICT
from sim.engine.errors import InputError
from sim.languages import rightwards, tr
from sim.views.runs import footer
from sim.views.words import SIDES, number, typeset

if TYPE_CHECKING:
    import pandas as pd

INK, QUIET, FAINT, PAPER = "#1a1a1a", "#595959", "#d9d9d9", "#ffffff"
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY = "#E69F00", "#56B4E9"
"""The colours of Okabe and Ito (2008), which people who see few colours can also tell apart (its yellow is
left out: too pale for a line on white)."""

SERIES_COLOURS = (INK, BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
SERIES_STYLES = (
    "solid", (0, (6, 2)), (0, (2, 1.2)), (0, (7, 2, 1.5, 2)), (0, (4, 1, 1, 1, 1, 1)), (0, (9, 3))
)  # fmt: skip
"""Colours and dashes repeat with different periods (7 and 6), so that each of 42 scenarios has a pair of its own."""

BAND = (0.05, 0.95)
"""The quantiles over seeds between which bands and intervals lie: nine runs in ten."""

NATIONAL = "Mali"
SHAPES = (3, 11)
"""The first matplotlib that joins Arabic letters and sets them from right to left."""
RIGHT_TO_LEFT = "\u200f"
"""At the beginning of a line that may begin with a name in Latin letters."""
TITLE_SIZE, SUBTITLE_SIZE, TEXT_SIZE, SMALL_SIZE, FOOTER_SIZE = 14, 10, 9, 8, 7
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib, so that a figure is the same on every machine
    "text.parse_math": False,  # a name with two dollar signs is a name, not a formula
    "text.color": INK,
    "axes.edgecolor": QUIET, "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "axes.labelsize": SMALL_SIZE, "axes.labelcolor": INK,
    "axes.titlesize": TEXT_SIZE, "axes.titlecolor": INK, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "xtick.labelsize": SMALL_SIZE, "xtick.color": QUIET, "xtick.labelcolor": INK, "xtick.major.size": 3,
    "ytick.labelsize": SMALL_SIZE, "ytick.color": QUIET, "ytick.labelcolor": INK, "ytick.major.size": 3,
    "grid.color": FAINT, "grid.linewidth": 0.6,
    "legend.fontsize": SMALL_SIZE, "legend.frameon": False,
}  # fmt: skip
"""How everything on a sheet looks, whatever the notebook around it has set."""

_INCHES_PER_POINT = 1 / 72
_LINE = 1.45  # line height over font size
_CHARACTERS = 0.56  # mean width of a letter over font size
_MARGIN = 0.18  # inches

P = ParamSpec("P")
R = TypeVar("R")


def drawn(make: Callable[P, R]) -> Callable[P, R]:
    """Draw a figure in the style of the sheet."""

    @functools.wraps(make)
    def styled(*args: P.args, **options: P.kwargs) -> R:
        with rc_context(_style()):
            return make(*args, **options)

    return styled


def joins_arabic() -> bool:
    """Whether this matplotlib joins Arabic letters, so that figures can be drawn in Arabic."""
    return tuple(map(int, matplotlib.__version__.split(".")[:2])) >= SHAPES


def _style() -> dict[Any, Any]:
    """The style, in which headings stand where lines begin."""
    if not rightwards():
        return STYLE
    if not joins_arabic():
        raise InputError(tr("figures in Arabic need matplotlib 3.11 or later, which joins its letters"))
    return {**STYLE, "axes.titlelocation": "right"}


class Sheet(Figure):
    """A matplotlib Figure that a notebook shows by itself, as pyplot does not know it."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=80)
        return picture.getvalue()

    def draw(self, renderer: RendererBase) -> None:
        """Draw in the style of the sheet: ticks are made only now."""
        with rc_context(STYLE):
            super().draw(renderer)

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
    """An empty figure with heading and footer; its panels are laid out in the space between.

    Parameters
    ----------
    width, height : float
        Inches: of the whole sheet, and of the space for the panels.
    title, subtitle, notes : str
        Heading, the line below it, and small print below the panels; long ones are wrapped.
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
    side: Literal["left", "right"] = "right" if rightwards() else "left"
    begin = 1 - _MARGIN / width if rightwards() else _MARGIN / width
    for (lines, size, colour, weight), top in zip(rows, tops, strict=True):
        if lines:
            figure.text(
                begin, top / whole, "\n".join(lines), size=size, color=colour, weight=weight, va="top", ha=side,
                linespacing=_LINE / 1.2, in_layout=False,
            )  # fmt: skip
    if keys:
        figure.legend(
            handles=list(keys),
            loc="upper left" if side == "left" else "upper right",
            ncols=columns,
            markerfirst=side == "left",
            borderaxespad=0,
            borderpad=0.2,
            handlelength=3,
            bbox_to_anchor=(begin, (tops[1] - heights[1] - 0.5 * _MARGIN) / whole),
        ).set_in_layout(False)
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
    start = RIGHT_TO_LEFT if rightwards() else ""
    return [start + line for part in text.split("\n") if part
            for line in textwrap.wrap(part, letters, break_on_hyphens=False)]  # fmt: skip


def panels(figure: Figure, count: int, columns: int, **options: object) -> list[Axes]:
    """That many panels in rows of `columns`, without the places left over in the last row."""
    axes = figure.subplots(math.ceil(count / columns), columns, squeeze=False, **options).ravel()  # type: ignore[call-overload]
    for ax in axes[count:]:
        ax.remove()
    return list(axes[:count])


def shown(value: float, sign: bool = False, figures: int = 3) -> str:
    """A number as figures have it."""
    return typeset(number(value, sign, figures))


def numbered(axis: Axis, sign: bool = False) -> None:
    """Write the numbers of an axis for people, with their sign where they are differences."""
    axis.set_major_formatter(lambda value, _: shown(value, sign))


def side_colour(low: float, high: float, better: str) -> str:
    """Blue or vermillion where the whole interval lies on the better or the worse side of zero, else ink."""
    if better == "none" or not low * high > 0:
        return INK
    return BLUE if (low < 0) == (better == "fewer") else VERMILLION


def better_side(outcome: str, compared: bool) -> str:
    """Which side is better, to follow a unit; empty if nothing is compared or neither side is."""
    better = OUTCOMES[outcome].better
    return f"; {tr(SIDES[better])}" if compared and better != "none" else ""


def side_keys(effects: pd.DataFrame, otherwise: str = "") -> list[Artist]:
    """The legend of `side_colour`, for effects of which some or none are too coarse for a verdict."""
    if "too_coarse" in effects and (effects["too_coarse"] != "").all():
        return [Line2D([], [], marker="o", color=INK, mfc=PAPER, lw=2, label=tr(NO_VERDICT))]
    return [
        Line2D([], [], marker="o", color=BLUE, lw=2, label=tr("interval on the better side")),
        Line2D([], [], marker="o", color=VERMILLION, lw=2, label=tr("interval on the worse side")),
        Line2D(
            [], [], marker="o", color=INK, mfc=PAPER, lw=2, label=otherwise or tr("includes zero, or no side is better")
        ),
    ]


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
