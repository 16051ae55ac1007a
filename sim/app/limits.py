"""What B could do at most, and what size it would take: the ceiling and the break-even of `kumakan compare`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from sim.comparison.ceiling import at_ceiling, ceiling_name
from sim.comparison.outcomes import OUTCOMES, SOUGHT
from sim.comparison.table import changes
from sim.comparison.verdicts import IN_FORCE, verdicts
from sim.engine.errors import InputError
from sim.languages import day, mark, tr
from sim.measures.phases import taken
from sim.scenario import Scenario
from sim.views import words
from sim.views.tables.verdicts import needed_size
from sim.views.words import capital, count, difference, share, typeset

if TYPE_CHECKING:
    import pandas as pd

TARGETS = (1, 2, 5, 10, 25)
"""Effects for which the size is told, in per cent of what `sim.comparison.margins` measures them against."""
USUAL = 5
GAINS = tuple(name for name, outcome in OUTCOMES.items() if outcome.group == SOUGHT)
Limits = Mapping[int, "pd.DataFrame"]


def top_of(a: Scenario, b: Scenario) -> Scenario:
    """B with the measures that A does not have at full reach and strength.

    Raises
    ------
    InputError
        If B has no measure of its own.
    """
    ours, theirs = (
        {key: own for key, own in world.resolved()["measures"].items() if taken(own)} for world in (b, a)
    )  # fmt: skip
    if not changes(ours, theirs).keys() & ours.keys():
        raise InputError(tr("B has no measure that A does not have as well, so there is no size to work out"))
    return at_ceiling(b, a)


def is_new(top: Scenario, b: Scenario) -> bool:
    """Whether the ceiling differs from B, so that it must be run."""
    return top.resolved()["measures"] != b.resolved()["measures"]


def limits(a: Scenario, b: Scenario, records: Mapping[str, Any], top: Scenario) -> Limits:
    """Effect, ceiling and break-even of each gain that is sought, by target: rows of `sim.comparison.verdicts`."""
    own = {name: records[name] for name in (a.name, b.name)}
    full = {ceiling_name(b.name): records[top.name if is_new(top, b) else b.name]}
    return {target: _in_force(verdicts(own, a.name, GAINS, ceiling=full, target=target / 100)) for target in TARGETS}


def _in_force(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows over the weeks in force, as the terminal shows them; those of the whole run where there are none."""
    during = rows[rows["window"] == IN_FORCE]
    return during if len(during) else rows


def table(found: Limits, target: int) -> Markup:
    """The ceiling of each outcome, and the size at which the target would be reached."""
    rows = [row for _, row in found[target].iterrows() if math.isfinite(row["ceiling"])]
    if not rows:
        return Markup('<p class="km-problem">{}</p>').format(tr("The runs at the ceiling say nothing yet."))
    title = tr("What it would take for {target} %", target=target)
    weeks = tr("{weeks} from {first}", weeks=count(int(rows[0]["weeks"]), "week"), first=day(rows[0]["first"]))
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>').format(
            capital(words.with_unit(row["outcome"], row["unit"])), _effect(row), _effect(row, "ceiling", "ceiling_"),
            capital(typeset(needed_size(row))) or words.UNKNOWN,
        )
        for row in rows
    )  # fmt: skip
    return Markup(
        '<div class="km-scroll" tabindex="0" role="region" aria-label="{}"><table class="km-table"><caption>{}'
        '</caption><thead><tr><th scope="col">{}</th><th scope="col">{}</th><th scope="col">{}'
        '</th><th scope="col">{}</th></tr></thead><tbody>{}</tbody>'
        '</table></div><p class="km-small">{}</p>'
    ).format(
        title, title, tr("While in force, {weeks}", weeks=weeks), tr("B minus A"), tr("At full reach and strength"),
        _together(tr("Size for {target} %", target=share(target / 100))), body, tr(EXPLAINED),
    )  # fmt: skip


def _together(text: str) -> Markup:
    """A text whose per cent sign stays beside its number."""
    return Markup(str(escape(text)).replace(" %", "&nbsp;%").replace("\u00a0%", "&nbsp;%"))


EXPLAINED = mark(
    "Mean [90 % interval]. The size is relative to what B delivers; of several measures it is the way from B to full"
    " reach and strength. States such as trust are measured against how much regions differ."
)


def _effect(row: pd.Series[Any], middle: str = "mean", ends: str = "") -> str:
    return typeset(difference(row[middle], row[f"{ends}low"], row[f"{ends}high"], row["unit"]))
