"""Made-up comparisons to report on: records under scenarios, with the manifest that kumakan compare would have kept."""

from __future__ import annotations

from sim.scenario import Scenario
from sim.stores.run import Key
from sim.views.report import Comparison


def comparison(records, descriptions=None, measures=None, **manifest):
    """A comparison of records (scenario -> run -> record), the first the baseline; `measures` of each scenario."""
    names = list(records)
    scenarios = {
        name: Scenario.of(
            {
                "name": name,
                "description": (descriptions or {}).get(name, f"What {name} is."),
                "measures": (measures or {}).get(name, {}),
            }
        )
        for name in names
    }
    pairs = sorted({Key.of(run) for runs in records.values() for run in runs})
    rows = [
        {"scenario": name, "seed": Key.of(run).seed, "draw": Key.of(run).draw, "state": "done", "digest": record.digest}
        for name, runs in records.items()
        for run, record in runs.items()
    ]
    return Comparison(
        {
            "kumakan": "0.1.0",
            "command": "kumakan compare a.yaml b.yaml",
            "started": "2026-01-02T03:04:05+00:00",
            "state": "done",
            "baseline": names[0],
            "scenarios": {n: {"path": f"{n}.yaml", "digest": s.digest, **s.resolved()} for n, s in scenarios.items()},
            "seeds": sorted({p.seed for p in pairs}),
            "draws": sorted({p.draw for p in pairs}),
            "world_seed": 1,
            "versions": {"kumakan": "0.1.0", "numpy": "2.0"},
            "runs": rows,
            **manifest,
        },
        records,
        names[0],
    )


def of_measures(every_measure, *names, draws=range(1, 13), by_seed=False):
    """Part of the fixture `every_measure`: the baseline and scenarios with one measure, under draws or seeds."""
    records = {
        name: {run.draw if by_seed else run: record for run, record in runs.items() if run.draw in draws}
        for name, runs in every_measure.items()
        if name in ("baseline", *names)
    }
    return comparison(records, measures={name: {name: {}} for name in names})
