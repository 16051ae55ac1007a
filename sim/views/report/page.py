"""The page of a report, from a comparison that is read to one HTML file."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

from sim.batches.preview import preview
from sim.comparison.delivered import delivered, own_delivered
from sim.comparison.effects import basis, effects
from sim.comparison.outcomes import LEDGER, NATION, SOUGHT
from sim.comparison.table import NOTHING_MARGIN
from sim.comparison.verdicts import verdicts
from sim.engine.errors import InputError
from sim.languages import day, tr, trn
from sim.parameters import rows as parameter_rows
from sim.stores.folder import write_text
from sim.stores.sources import sources_digest
from sim.sweeps.sweep import PLAN, reopen
from sim.version import __version__
from sim.views import words
from sim.views.report import parts, pictures
from sim.views.report.answer import FEW, MANY, answers, covered
from sim.views.report.reading import Comparison, comparison
from sim.views.report.sweeps import sweep_page
from sim.views.report.template import template


def report(store: str | os.PathLike[str], out: str | os.PathLike[str] | None = None) -> Path:
    """Write the report of a comparison or a sweep, one HTML file that loads nothing from elsewhere.

    >>> report("results/baseline+joint_patrols")                                  # doctest: +SKIP
    PosixPath('results/baseline+joint_patrols/report.html')

    Parameters
    ----------
    store : path or str
        The results folder of a comparison or a sweep, or a store, whose latest plan is reported.
    out : path, optional
        File to write; by default ``report.html`` in the folder; required if the store is a URL. It appears under its
        name only when complete.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the folder holds no comparison, or the file cannot be written.
    """
    if out is None and "://" in os.fspath(store):
        raise InputError(tr("{fspath} is a URL; name a file for the report with --out", fspath=os.fspath(store)))
    text = sweep_page(reopen(store)) if is_swept(store) else page(comparison(os.fspath(store)))
    file = Path(store) / "report.html" if out is None else Path(out)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    except OSError as error:
        raise InputError(
            tr("cannot write {file}: {strerror}; name another file with --out", file=file, strerror=error.strerror)
        ) from error
    return file


def is_swept(store: str | os.PathLike[str]) -> bool:
    """Whether a place is the results folder of a sweep."""
    return "://" not in os.fspath(store) and (Path(store) / PLAN).is_file()


def page(compared: Comparison) -> str:
    """The report as HTML.

    Raises
    ------
    InputError
        If no run was finished by both the baseline and another scenario.
    """
    manifest, records, baseline, stored = compared
    table = effects(records, baseline)
    table = table[(table["seeds"] > 0)]
    if table.empty:
        raise InputError(tr("no scenario and the baseline have finished the same run; let kumakan compare go on first"))
    example = next(iter(records[baseline].values()))
    margin = float(example.about.get("parameters", {}).get("nothing_margin", NOTHING_MARGIN))
    plans = {name: preview(compared.scenario(name)) for name in manifest["scenarios"]}
    base, names, own = plans[baseline], compared.names, own_delivered(records[baseline])
    given, what, rate = delivered(records, baseline), basis(table), base.xof_per_usd
    regions = [parts.regional(table, outcome) for outcome in parts.MAPPED if outcome in set(table["outcome"])]
    parameters = list(parameter_rows().values())
    few, many = len(names) <= MANY, len(names)
    sources = example.about.get("run", {}).get("sources", "")
    told = [parts.in_words(plan, base, given, own, rate) for plan in plans.values()]
    whole = pictures.effects(compared, table, given) if many <= FEW or not few else None
    over_time = pictures.over_time(compared) if few else None
    compares = words.listed(names.values()) if many <= FEW else tr("{many} scenarios", many=many)
    return template("report.html").render(
        title=tr("{compares} compared with {baseline}", compares=compares, baseline=baseline),
        baseline=baseline,
        names={**names, baseline: baseline},
        period=tr("{start} to {end}", start=day(example.dates[0]), end=day(base.scenario.end)),
        descriptions={name: plan.scenario.description for name, plan in plans.items()},
        rests_on=trn(
            "The scenario was run with {runs} and compared with {baseline} under the same {same}.",
            "Each of the {n} scenarios was run with {runs} and compared with {baseline} under the same {same}.",
            many, runs=what.many, baseline=baseline, same=words.same(table),
        ),
        answers=answers(names, table, given, rate, margin, verdicts(records, baseline) if few else None),
        covered=covered(table),
        warnings=words.warnings(table),
        too_coarse=words.too_coarse(table),
        scenarios=told,
        titles={names[one["name"]]: parts.titles(one) for one in told if few and not one["baseline"]},
        interval=what.interval, unit=what.unit, many=what.many, covers=what.covers, margin=words.share(margin),
        sought=parts.blocks(table, SOUGHT, rate),
        ledger=parts.blocks(table[table["outcome"] != "cost"] if many > FEW else table, LEDGER, rate),
        worse=parts.worse_regions(table, names),
        regions=regions,
        few=few,
        brief=many > FEW,
        maps=pictures.maps(compared, table, regions[:1]) if few else None,
        lead=whole or over_time,
        over_time=over_time if whole else None,
        worth=parts.worth(compared, rate),
        same_luck=words.same_luck(table),
        more=parts.more(table, margin),
        qualities=Counter(row.quality for row in parameters),
        drawn=sum(row.drawn for row in parameters),
        persons=base.scenario.persons_per_youth,
        intervals=int(((table["region"] == NATION) & (table["better"] != "none") & table["low"].notna()).sum()),
        failed=[row for row in manifest.get("runs", ()) if row["state"] == "failed"],
        state=manifest.get("state", ""),
        reused=manifest.get("reused", 0),
        manifest=manifest,
        sources=sources,
        repeatable=not sources or sources == sources_digest(),
        in_store=stored,
        settings={name: json.dumps(plan.scenario.resolved(), indent=1, ensure_ascii=False)
                  for name, plan in plans.items()},
        digests=parts.digests(manifest),
        made_with=__version__,
    )  # fmt: skip
