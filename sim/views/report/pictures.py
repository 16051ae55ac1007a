"""The figures of a report, embedded in the page, each with words for those who cannot see it."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import escape

from sim.comparison.effects import effects_over_time, headline
from sim.comparison.outcomes import NATION
from sim.engine.errors import InputError, visible
from sim.languages import colon, semicolon, tr, trn
from sim.views.figures.effects import plot_effects
from sim.views.figures.maps import map_effect
from sim.views.figures.saving import save
from sim.views.figures.series import plot_effects_over_time
from sim.views.report.answer import FEW, amounts
from sim.views.report.parts import Regional
from sim.views.report.reading import Comparison
from sim.views.words import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

OVER_TIME = ("joined", "attacks", "deaths_civilian", "abuses")


class Picture(NamedTuple):
    """A figure inside the page, and what it shows for those who cannot see it."""

    source: str
    alt: str
    caption: str


class Maps(NamedTuple):
    """The maps; and the scenarios without one, by outcome, as the sign is clear in no region."""

    pictures: list[Picture]
    blank: dict[str, list[str]]


def maps(compared: Comparison, table: pd.DataFrame, told: Sequence[Regional]) -> Maps:
    """Effects by region as maps, of scenarios with a region in which the sign is clear."""
    made = Maps([], {})
    for shown in told:
        for name, line in shown.lines.items():
            called = compared.names[name]
            if not any(e.verdict in ("better", "worse") for e in line):
                made.blank.setdefault(shown.title, []).append(called)
                continue
            about = compared.about(name)
            figure = partial(
                map_effect, table, name, shown.outcome, title=f"{shown.title}{colon()}{called}", about=about
            )
            values = [f"{region} {e.middle} ({e.interval})" for region, e in zip(shown.regions, line, strict=True)]
            what = tr(
                "{called} minus {baseline}, {unit}, whole run",
                called=called,
                baseline=compared.baseline,
                unit=shown.unit,
            )
            alt = tr(
                "Map of Mali by region. {title}: {what}. {values}.",
                title=shown.title,
                what=what,
                values=semicolon().join(values),
            )
            made.pictures.append(Picture(embedded(figure, about), alt, what))
    return made


def effects(compared: Comparison, table: pd.DataFrame, given: pd.DataFrame) -> Picture:
    """The effects of all scenarios as one figure: a line for each, a panel for each outcome."""
    many = len(compared.names)
    about = compared.about(*compared.names if many <= FEW else [tr("{many} scenarios", many=many)])
    source = embedded(partial(plot_effects, table, delivered=given, about=about), about)
    what = trn(
        "Effects of the scenario on Mali, with intervals", "Effects of {n} scenarios on Mali, with intervals", many
    )
    if many > FEW:
        return Picture(source, tr("{what}: the tables on this page give the numbers.", what=what), what)
    nation = table[(table["region"] == NATION) & table["mean"].notna()].to_dict("records")
    numbers = [f"{compared.names[row['scenario']]}, {label(row['outcome'])}{colon()}{amounts(*headline(row))[0]}"
               for row in nation]  # fmt: skip
    return Picture(source, f"{what}{colon()}{semicolon().join(numbers)}.", what)


def over_time(compared: Comparison) -> Picture | None:
    """What changed week by week, as one figure; None where nothing of it is in the records."""
    told, names = effects_over_time(compared.records, compared.baseline, OVER_TIME), compared.names
    if told.empty:
        return None
    about = compared.about(*names)
    ends = [
        f"{names[row['scenario']]}, {label(row['outcome'])}{colon()}{amounts(*headline(row))[0]}"
        for row in told[told["week"] == told["week"].max()].to_dict("records")
    ]
    lines = tr("Lines of each scenario minus {baseline}, added up week by week.", baseline=compared.baseline)
    source = embedded(partial(plot_effects_over_time, told, about=about), about)
    return Picture(
        source,
        tr("{lines} At the end: {ends}.", lines=lines, ends=semicolon().join(ends)),
        tr("Difference from {baseline}, by week", baseline=compared.baseline),
    )


def embedded(plot: Callable[[], Figure], about: Mapping[str, str]) -> str:
    """A figure as the source of an image: a PNG, which for a map is smaller than an SVG; or words, if drawing fails."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            [file] = save(plot(), Path(folder) / "figure.png", about)
            return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"
    except (InputError, OSError):
        raise
    except Exception as problem:
        said = tr("This figure could not be drawn.")
        why = escape(visible(f"{type(problem).__name__}: {problem}"))
        lines = f'<text x="8" y="20">{escape(said)}</text><text x="8" y="40">{why}</text>'
        picture = f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="52" font-size="14">{lines}</svg>'
        return f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}"
