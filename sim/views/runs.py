"""What was run: for the footer of a figure, the metadata of its file, and the digests of a report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sim.engine.errors import InputError
from sim.languages import isolated, tr
from sim.version import __version__
from sim.views.words import count, ranges

if TYPE_CHECKING:
    from sim.batches.batch import Batch
    from sim.record import Record
    from sim.sweeps.sweep import Swept


def as_list(records: Record | Iterable[Record]) -> list[Record]:
    """One record or several, as a list; an `InputError` if there is none."""
    several = list(records) if isinstance(records, Iterable) else [records]
    if not several:
        raise InputError(tr("there is no record to draw; give one run or more"))
    return several


def about(records: Record | Iterable[Record] | Mapping[str, Record | Iterable[Record]]) -> dict[str, str]:
    """What was run, for the footer and for the metadata of the file: as `facts` gives it.

    Parameters
    ----------
    records : Record, iterable of Record, or mapping of either by scenario
        The runs a figure is made from.
    """
    groups = [as_list(group) for group in (records.values() if isinstance(records, Mapping) else [records])]
    runs = [record for group in groups for record in group]
    names = records.keys() if isinstance(records, Mapping) else dict.fromkeys(scenario_name(run) for run in runs)
    pairs = [(int(run.about.get("draw", 0)), int(run.about["seed"])) for run in runs]
    each = {run.about["scenario"].get("persons_per_youth") for run in runs}
    return facts(names, pairs, [run.digest for run in runs], each)


def about_batch(batch: Batch, names: Iterable[str] | None = None) -> dict[str, str]:
    """The same of the runs of a batch that finished; `names` says what was run if not its scenarios."""
    done = [row for row in batch.rows if row.digest]
    each = {settings.get("persons_per_youth") for settings in batch.plan["scenarios"].values()}
    names = batch.scenarios if names is None else names
    return facts(names, [(row.draw, row.seed) for row in done], [row.digest for row in done], each)


def about_sweep(swept: Swept) -> dict[str, str]:
    """The same of a sweep."""
    return about_batch(swept.batch, [tr("sweep {name}", name=swept.plan.name)])


def facts(
    names: Iterable[str], pairs: Iterable[tuple[int, int]], digests: Iterable[str], persons: Iterable[int | None] = ()
) -> dict[str, str]:  # fmt: skip
    """What was run, from names of scenarios, draws and seeds, digests, and persons per youth.

    Returns
    -------
    dict
        ``Scenario`` (names), ``Seeds`` (numbers), ``Draws`` (the same, where parameters are drawn), ``Runs`` (how many
        seeds each scenario has, times draws), ``Persons per youth`` (where told) and ``Digest`` (sha256; of one run its
        own, of several that of their sorted digests).
    """
    both = set(pairs)
    draws, seeds = {draw for draw, _ in both}, {seed for _, seed in both}
    several = sorted(set(digests))
    digest = several[0] if len(several) == 1 else hashlib.sha256("".join(several).encode()).hexdigest()
    each = sorted({number for number in persons if number})
    told = {"Persons per youth": ", ".join(map(str, each))} if each else {}
    drawn = {"Draws": ranges(sorted(draws))} if draws != {0} else {}
    return {
        "Scenario": ", ".join(names), "Seeds": ranges(sorted(seeds)), **drawn, "Runs": str(len(draws) * len(seeds)),
        **told, "Digest": digest,
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
    """One line: scenario, seeds, resolution, version, and what the figure may be used for."""
    parts = [tr("Scenario: {scenario}", scenario=isolated(facts["Scenario"])), _counted(facts)] if facts else []
    if facts and (each := facts.get("Persons per youth")):
        parts.append(
            tr("{each} person per youth", each=each) if each == "1" else tr("{each} persons per youth", each=each)
        )
    return " · ".join([*parts, f"kumakan {__version__}", tr("for aggregate policy comparison only")])


def _counted(facts: Mapping[str, str]) -> str:
    """How many runs each scenario has, and which."""
    many = facts.get("Runs", "")
    if not many.isdigit():
        return many
    if "Draws" in facts:
        return tr("{runs} each (draws {draws}; seeds {seeds})", runs=count(int(many), "run"), draws=facts["Draws"],
                  seeds=facts["Seeds"])  # fmt: skip
    return count(int(many), "seed") + (f" ({facts['Seeds']})" if facts.get("Seeds") else "")
