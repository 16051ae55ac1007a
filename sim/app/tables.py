"""Effects, the ledger of harm and cost as HTML."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from sim.app.costs import cost, titles
from sim.app.results import Results
from sim.comparison.effects import basis, headline
from sim.comparison.outcomes import LEDGER, NATION, SOUGHT
from sim.comparison.worlds import differences, sentence, too_coarse, world
from sim.comparison.worth import NOT_SHOWN
from sim.languages import tr
from sim.views import words
from sim.views.words import amount, capital, count, difference, each_costs, money, share, typeset

if TYPE_CHECKING:
    import pandas as pd

WIDTH, HEIGHT = 120, 14  # pixels of the picture of an interval


def summary(found: Results, stale: bool) -> Markup:
    """Which choice these results belong to, and what they rest on."""
    rows = _retold(found)
    what = basis(rows)
    begun = (
        tr("Results of an earlier choice, not of what is chosen now.") if stale else tr("Results of the choice shown.")
    )
    done = tr("{done} of {pairs} of runs have finished.", done=found.pairs, pairs=count(found.asked, "pair"))
    told = [*words.warnings(rows)]
    told += [tr("Runs failed: {why}", why=why) for why in found.failed]
    if found.pairs < 2:
        told.append(tr("With one pair there is no interval yet."))
    return Markup(
        '<p class="km-{}"><strong>{}</strong> {}</p><p class="km-small">{} {} {} <code>{}</code>.</p>{}'
    ).format(
        "stale-said" if stale else "fresh-said",
        begun,
        tr("A: {a}. B: {b}.", a=titles(found.a), b=titles(found.b)),
        done,
        tr("{interval}; the interval covers {covers}.", interval=capital(what.interval), covers=what.covers),
        tr("Choice"),
        mark(found),
        Markup("").join(Markup('<p class="km-problem">{}</p>').format(text) for text in told),
    )


def _retold(found: Results) -> pd.DataFrame:
    """The effects on Mali with the reasons to beware in the language of the visitor: the desk speaks its own."""
    rows = found.effects[found.effects["region"] == NATION]
    if (rows["too_coarse"] != "").any():
        rows = rows.assign(too_coarse=too_coarse({"scenario": found.b.resolved()}))
    if (rows["world_differs"] != "").any():
        ours, theirs = (world(one.resolved()) for one in (found.b, found.a))
        rows = rows.assign(world_differs=sentence(differences(ours, theirs), found.a.name))
    return rows


def mark(found: Results) -> str:
    """The digests of the two worlds, short."""
    return f"{found.a.digest[:8]} | {found.b.digest[:8]}"


def effects(found: Results) -> Markup:
    """What B changes against A: gains that are sought, then the ledger of harm."""
    rows = [row for _, row in found.effects[found.effects["region"] == NATION].iterrows()]
    what = basis(found.effects)
    blocks = [Markup("").join(_block(title, [r for r in rows if r["group"] == group and _there(r)], what.unit))
              for title, group in ((tr("What is sought"), SOUGHT), (tr("Ledger of harm"), LEDGER))]  # fmt: skip
    return Markup("").join(blocks)


def _there(row: pd.Series[Any]) -> bool:
    return math.isfinite(row["mean"])


def _block(title: str, rows: list[pd.Series[Any]], unit: str) -> Iterator[Markup]:
    yield Markup(
        '<div class="km-scroll" tabindex="0" role="region" aria-label="{}"><table class="km-table">'
        '<caption>{}</caption><thead><tr><th scope="col">{}</th><th scope="col">A</th>'
        '<th scope="col">{}</th><th scope="col">{}</th></tr></thead><tbody>'
    ).format(title, title, tr("Outcome in Mali"), tr("B minus A"),
             tr("Helped / harmed / nothing, % of {unit}", unit=tr(unit)))  # fmt: skip
    for row in rows:
        shares = "/".join(share(row[name]) for name in ("helped", "harmed", "nothing")) if row["helped"] >= 0 else ""
        yield Markup('<tr><th scope="row">{}</th><td>{}</td><td>{}{}</td><td>{}</td></tr>').format(
            capital(words.with_unit(row["outcome"], row["unit"]))
            + (tr(" (more is better)") * (row["better"] == "more")),
            amount(row["baseline_mean"], row["unit"]),
            typeset(difference(*headline(row), row["unit"])),
            _picture(row),
            tr("too coarse") if row["too_coarse"] and shares else shares,
        )
    yield Markup("</tbody></table></div>")


def _picture(row: pd.Series[Any]) -> Markup:
    """An interval on a line with zero in its middle, as a share of A's value; blue is better, orange worse."""
    middle, low, high = headline(row)
    size = abs(row["baseline_mean"]) or max(abs(low), abs(high), abs(middle))
    if row["better"] == "none" or not all(map(math.isfinite, (low, high, size))) or not size or low == high == 0:
        return Markup("")
    most = max(0.1, *(abs(value) / size for value in (low, high, middle)))

    def at(value: float) -> float:
        return round(WIDTH / 2 * (1 + value / size / most), 1)

    good = (middle < 0) == (row["better"] == "fewer")
    side = "none" if low <= 0 <= high else "good" if good else "bad"
    return Markup(
        '<svg class="km-interval km-{}" viewBox="0 0 {} {}" aria-hidden="true"><path class="km-zero" d="M{} 0V{}"/>'
        '<path d="M{} 7H{}"/><circle cx="{}" cy="7" r="3.5"/></svg>'
    ).format(side, WIDTH, HEIGHT, WIDTH / 2, HEIGHT, at(low), at(high), at(middle))


def costs(found: Results, rate: float | None) -> Markup:
    """What both worlds cost, and what each person kept from joining costs."""
    a, b = cost(found.a), cost(found.b)
    lines = [(tr("World A"), money(a.total, rate)), (tr("World B"), money(b.total, rate)),
             (tr("B beyond A"), typeset(money(b.total - a.total, rate, sign=True)))]  # fmt: skip
    for row in found.worth.to_dict("records"):
        each = tr(row["verdict"])
        if row["verdict"] == NOT_SHOWN:
            each = tr("no price: the runs do not show that anybody is")
        lines.append((tr("Each person kept from joining"), each_costs(row) if math.isfinite(row["xof_each"]) else each))
    rows = Markup("").join(Markup('<tr><th scope="row">{}</th><td>{}</td></tr>').format(*line) for line in lines)
    return Markup('<table class="km-table"><caption>{}</caption><tbody>{}</tbody></table>').format(
        tr("Planned cost over the run"), rows
    )
