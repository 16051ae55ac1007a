"""Figures to files: whole or not at all, the same bits each time, with what was run written inside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from sim.engine.errors import InputError
from sim.languages import tr
from sim.version import __version__

FORMATS = ("png", "svg")
DOTS_PER_INCH = 150
PLACES = 6  # decimals of a panel's place, as a share of the sheet: a hundredth of a dot


def save(figure: Figure, path: str | os.PathLike[str], about: Mapping[str, str]) -> list[Path]:
    """Write a figure as PNG or SVG by the ending of `path`, or as both where it has no ending.

    The files carry no date, so that the same runs give the same bits; they appear under their name only when
    complete.

    Parameters
    ----------
    figure : Figure
        As the functions of `sim.views` return it.
    path : path
        File to write; its folder is made when it is not there. A file of that name is replaced.
    about : mapping of str
        What was run, as `sim.views.about` gives it: ``Scenario``, ``Seeds``, ``Digest``, and ``Title`` (left
        out, the heading of the figure).

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        For an ending other than .png and .svg.
    """
    path = Path(path)
    ending = path.suffix.lower().removeprefix(".")
    if ending and ending not in FORMATS:
        raise InputError(tr("figures are written as .png or .svg, not .{ending}", ending=ending), file=path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _settle(figure)
    facts = {"Title": str(figure.get_label()), **{key: str(value) for key, value in about.items()}}
    return [_write(figure, path.with_suffix(f".{kind}"), facts) for kind in ([ending] if ending else FORMATS)]


def _settle(figure: Figure) -> None:
    """Lay the figure out for good, with panels at rounded places.

    The solver of the constrained layout takes its variables in the order of their addresses in memory, so
    that places differ in the last digit from one time to the next: enough to change a pixel.
    """
    if figure.get_layout_engine() is None:
        return
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in figure.axes:
        place = ax.get_position(original=True).bounds
        ax.set_position(Bbox.from_bounds(*(round(float(part), PLACES) for part in place)))


def _write(figure: Figure, path: Path, facts: Mapping[str, str]) -> Path:
    kind = path.suffix.removeprefix(".")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # The salt makes the ids inside an SVG the same in every process.
        with matplotlib.rc_context({"svg.hashsalt": "kumakan", "svg.fonttype": "path"}):
            if kind == "png":
                _draw_png(figure, unfinished, _png_text(facts))
            else:
                figure.savefig(unfinished, format=kind, dpi=DOTS_PER_INCH, metadata=_dublin_core(facts))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _draw_png(figure: Figure, path: Path, facts: Mapping[str, str]) -> None:
    """What savefig does, which would draw everything once more to find a layout that is found already."""
    canvas, dots = figure.canvas, figure.dpi
    try:
        figure.set_dpi(DOTS_PER_INCH)
        FigureCanvasAgg(figure).print_png(path, metadata=facts)
    finally:
        figure.set_canvas(canvas)
        figure.set_dpi(dots)


def _png_text(facts: Mapping[str, str]) -> dict[str, str]:
    return {**facts, "Software": f"kumakan {__version__}"}


def _dublin_core(facts: Mapping[str, str]) -> dict[str, str | None]:
    """The same facts under the names SVG files have for them (Dublin Core); `Date` is left out by None."""
    rest = "; ".join(f"{key}: {value}" for key, value in facts.items() if key not in ("Title", "Digest"))
    return {
        "Title": facts["Title"],
        "Creator": f"kumakan {__version__}",
        "Description": rest,
        "Identifier": facts.get("Digest", ""),
        "Type": "StillImage",
        "Date": None,
    }
