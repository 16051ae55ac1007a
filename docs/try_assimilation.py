"""Assimilation, tried: a particle filter over parameters and luck, against the plain worlds of a fit.

    python docs/try_assimilation.py filter FOLDER --origin 2014 --last 2015 --out results/filter [--within]
    python docs/try_assimilation.py score FOLDER --out results/filter

FOLDER is that of a calibration, with worlds fitted to the end of the origin. A particle is a row of parameters and a
schedule of keys of luck. All particles live a year; each is weighed by how likely the record of that year is given what
happened in it (the targets of the fit, with their error and discrepancy, and nothing that was not known by then); those
that are drawn go on, each with a new key, so copies of one differ from there on. A second pass begins again with
parameters drawn around the survivors (the shrinkage kernel of Liu and West 2001), so that few rows do not stand for
all. Particles live on after the origin, and their forecasts are scored beside those of the plain worlds.

docs/forecasting.md says what was found.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from particles import FIRST, LUCK, Filter, Particle, around, likely, lived_on, passed

import sim
from sim.calibration import worlds
from sim.calibration.archive import Archive, Key, read_json, write
from sim.calibration.fit import FRESH
from sim.calibration.points import Space, point_id
from sim.calibration.sampling import effective, resample, weights
from sim.calibration.summaries import Layout, Summary
from sim.forecasts.counts import Counts, month_id, recorded
from sim.forecasts.ensemble import UNITS, VERSIONS, Unit, forecast_of, seen_in
from sim.forecasts.judge import compared
from sim.forecasts.scores import covered, crps
from sim.forecasts.worlds import KEYS, Worlds, lived
from sim.scenario import Scenario

Array = NDArray[np.float64]


def begun(f: Filter, folder: Path, many: int, archive: Archive | None) -> list[Particle]:
    """The rows of the worlds of the fit as particles, in turn.

    Their luck is that of the archive's runs, whatever happened in them, so the first years cost nothing. Particles that
    are the same so far differ from their first new key on.
    """
    table = worlds(date(f.origin, 12, 31), folder)
    rows = [tuple(row.tolist()) for row in table[list(f.names)].to_numpy()]
    there: dict[str, list[int]] = {}
    for key in archive.keys() if archive else ():
        there.setdefault(key.point, []).append(key.seed)
    particles = []
    for k in range(many):
        values = rows[k % len(rows)]
        seeds = there.get(point_id(values), [])
        seed = seeds.pop(0) if seeds else f.key(0, k)
        particles.append(Particle(values, ((0, seed),)))
        if point_id(values) in there:
            seeds.append(seed)  # the next of the same row has the next luck
    return sorted(particles)  # those that are the same stand side by side


def archive_of(folder: Path) -> Archive | None:
    """The runs of a calibration, if its folder has them."""
    if not (folder / "archive.json").is_file():
        return None
    return Archive.at(folder, Space(tuple(read_json(folder / "archive.json")["parameters"])), {})


# --- the commands -------------------------------------------------------------------------------------------


def filter_(
    scenario: Scenario, folder: Path, origin: int, last: int, sizes: Sequence[int], many: int, out: Path,
    within: bool = False,
) -> None:  # fmt: skip
    """Filter from the worlds of a fit; a pass for each of `sizes`, which are numbers of particles."""
    names, archive = tuple(worlds(date(origin, 12, 31), folder).columns[2:]), archive_of(folder)
    survivors: list[Particle] = []

    def known(particle: Particle) -> tuple[Layout, Summary] | None:
        run = archive.runs.get(Key(point_id(particle.values), particle.keys[0][1])) if archive else None
        return None if run is None or archive is None or archive.layout is None else (archive.layout, run)

    for number, size in enumerate(sizes, 0 if within else 1):
        f = Filter(scenario, names, origin, number)
        start = around(f, survivors, size) if survivors else begun(f, folder, size, archive)
        began = time.process_time()
        found = passed(f, start, many, known)
        survivors = found.particles
        counts, digests = lived_on(found, last)
        facts = {"origin": origin, "last": last, "pass": number, "particles": size, "names": names, "log": found.log,
                 "processor_seconds": round(time.process_time() - began),
                 "first": counts[0].first, "counts": [one.values.tolist() for one in counts], "digests": digests,
                 "values": [p.values for p in survivors], "keys": [p.keys for p in survivors]}  # fmt: skip
        write(out / f"from-{origin}-pass-{number}.json", json.dumps(facts).encode())


def kept(file: Path) -> tuple[list[Particle], list[Counts], dict[str, Any]]:
    """The particles of a pass, their attacks, and the facts in its file."""
    facts = read_json(file)
    particles = [
        Particle(tuple(values), tuple((week, key) for week, key in keys))
        for values, keys in zip(facts["values"], facts["keys"], strict=True)
    ]
    return particles, [Counts(np.array(one, np.int64), facts["first"], "model") for one in facts["counts"]], facts


def plain(folder: Path, origin: int, many: int, last: int, scenario: Scenario, out: Path) -> list[Counts]:
    """Attacks in the first so many worlds of the fit: as its archive keeps them, or else lived (and kept in `out`)."""
    table, archive = worlds(date(origin, 12, 31), folder).iloc[:many], archive_of(folder)
    names = [name for name in table.columns if name not in KEYS]
    which = [Key(point_id(row.tolist()), int(k)) for row, k in zip(table[names].to_numpy(), table.seed, strict=True)]
    if archive:
        return [attacks(archive.runs[key]) for key in which]
    different = dict(zip(which, range(len(which)), strict=True))  # the same world may come several times
    chosen = Worlds(table.iloc[list(different.values())], str(folder))
    found = lived(scenario, chosen, date(last, 12, 31), out / f"plain-from-{origin}", 1)
    return [dict(zip(different, found, strict=True))[key] for key in which]


def other_luck(folder: Path, origin: int, many: int) -> list[Counts]:
    """The same worlds, each under another seed that the archive has of its row: how far luck alone moves a score."""
    table, archive = worlds(date(origin, 12, 31), folder).iloc[:many], archive_of(folder)
    assert archive is not None, f"{folder} has no archive of runs"
    rows, found = table[list(archive.space.names)].to_numpy(), []
    for row, seed in zip(rows, table.seed.tolist(), strict=True):
        own = sorted(key for key in archive.runs if key.point == point_id(row.tolist()))
        found.append(attacks(archive.runs[next((key for key in own if key.seed != seed), own[0])]))
    return found


def weighed(folder: Path, origin: int, many: int, told: Callable[[str], None] = print) -> list[Counts]:
    """Attacks in runs of the fit's finalists, drawn by how likely the record is given what happened in each run.

    So rows and luck are weighed together, by one look at the end and without new luck: what a filter begins with. The
    weight is over the density that finalists were drawn from, so nothing counts twice.
    """
    archive, until = archive_of(folder), date(origin, 12, 31)
    assert archive is not None, f"{folder} has no archive of runs"
    layout = archive.layout
    assert layout is not None
    with np.load(folder / f"fit_{until}" / "finalists.npz") as finalists:
        names = [point_id(row.tolist()) for row in finalists["values"]]
        density = dict(zip(names, finalists["density"].tolist(), strict=True))
    keys = [key for key in sorted(archive.runs) if key.point in density and key.seed >= FRESH]
    log = np.array([likely((layout, archive.runs[key]), origin) - density[key.point] for key in keys])
    weight, power = weights(log)
    found = [keys[k] for k in resample(weight, many, np.random.default_rng([LUCK, origin]))]
    raw = effective(np.exp(log - log.max()))
    told(f"{origin}: {len(keys)} runs, worth {raw:.1f} by their weights, tempered to the power {power:.3f};"
         f" {len(set(found))} runs of {len({key.point for key in found})} rows are drawn")  # fmt: skip
    return [attacks(archive.runs[key]) for key in found]


def attacks(run: Summary) -> Counts:
    """The attacks of a run of an archive."""
    return Counts(np.rint(run.monthly).astype(np.int64), month_id(FIRST - 1, 1), "model")


def score(folder: Path, out: Path, scenario: Scenario) -> str:
    """A table of scores: the filter beside the plain worlds, on years that neither has seen."""
    ensembles: dict[int, dict[str, list[Counts]]] = {}
    last: dict[int, int] = {}
    for file in sorted(out.glob("from-*-pass-*.json")):
        _, counts, facts = kept(file)
        origin, end = facts["origin"], facts["last"]
        if origin not in ensembles:
            ensembles[origin] = {"plain": plain(folder, origin, len(counts), end, scenario, out)}
            if archive_of(folder) and (folder / f"fit_{origin}-12-31").is_dir():
                ensembles[origin]["other luck"] = other_luck(folder, origin, len(counts))
                ensembles[origin]["weighed"] = weighed(folder, origin, len(counts))
        own, last[origin] = ensembles[origin], end
        step = max(1, len(counts) // len(own["plain"]))  # larger ensembles score better, so all are of one size
        own[f"pass {facts['pass']}" if facts["pass"] else "luck only"] = counts[::step][: len(own["plain"])]
    return table(recorded("jihadist"), ensembles, last)


def table(seen: Counts, ensembles: dict[int, dict[str, list[Counts]]], last: dict[int, int]) -> str:
    """Lines of Markdown: for each window, version and ensemble the CRPS, and how it compares with the plain worlds."""
    lines = ["| forecast | version | worlds | CRPS by region and year | against plain (90 %) | better in |"
             " CRPS by region and month | in 90 % |", "|" + "---|" * 8]  # fmt: skip
    one_year = [(origin, [origin + 1]) for origin in sorted(ensembles)]
    windows = {f"{o} → {o + 1}": [(o, years)] for o, years in one_year}
    windows |= {f"{o} → {o + 1}-{end}": [(o, list(range(o + 1, end + 1)))] for o, end in last.items() if end > o + 1}
    if len(one_year) > 1:
        windows["one year ahead, all"] = one_year
    for window, parts in windows.items():
        names = [name for name in ensembles[parts[0][0]] if all(name in ensembles[o] for o, _ in parts)]
        for version in VERSIONS:
            marks = {name: marked(seen, [(ensembles[o][name], o, years) for o, years in parts], version)
                     for name in names}  # fmt: skip
            for name in names:
                by_year, by_month, inside = marks[name]
                gap = compared(by_year, marks["plain"][0])
                words = "" if name == "plain" else f"{gap['difference']:+.2f} ({gap['low']:+.2f} to {gap['high']:+.2f})"
                better = "" if name == "plain" else f"{gap['better']:.0%}"
                lines.append(f"| {window} | {version} | {name} | {by_year.mean():.2f} | {words} | {better} |"
                             f" {by_month.mean():.3f} | {inside:.0%} |")  # fmt: skip
    return "\n".join(lines)


def marked(
    seen: Counts, parts: Sequence[tuple[list[Counts], int, Sequence[int]]], version: str
) -> tuple[Array, Array, float]:
    """CRPS by year and region, by month and region, and how many region-years 90 % intervals hold."""
    found: dict[Unit, list[Array]] = {unit: [] for unit in UNITS}
    inside = []
    for ensemble, origin, years in parts:
        made = forecast_of(seen.until(origin), ensemble, origin, years[-1])
        for year in years:
            for unit in UNITS:
                draws, there = made.of(version, unit, year), seen_in(seen, year, unit)
                flat = draws.reshape(len(draws), -1)
                found[unit].append(crps(flat, there.reshape(-1)).reshape(there.shape))
                if unit == "year":
                    inside.append(covered(flat, there.reshape(-1), 0.9))
    return np.concatenate(found["year"]), np.concatenate(found["month"]), float(np.mean(inside))


def main() -> None:
    """Read the command and do it."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("command", choices=["filter", "score"])
    ask.add_argument("folder", type=Path, help="of the calibration")
    ask.add_argument("--origin", type=int, default=2014)
    ask.add_argument("--last", type=int, help="last year of the forecast; by default the year after the origin")
    ask.add_argument("--particles", type=int, nargs="+", default=[500, 500], help="of each pass")
    ask.add_argument("--forecasts", type=int, default=300, help="particles that live on")
    ask.add_argument("--within", action="store_true", help="one pass in which particles of the same row compete")
    ask.add_argument("--persons-per-youth", type=int, default=200)
    ask.add_argument("--out", type=Path, default=Path("results/filter"))
    given = ask.parse_args()
    scenario = sim.load("historical", [f"persons_per_youth={given.persons_per_youth}"])
    if given.command == "score":
        print(score(given.folder, given.out, scenario))
        return
    last = given.last or given.origin + 1
    sizes = given.particles[: 1 if given.within else None]
    filter_(scenario, given.folder, given.origin, last, sizes, given.forecasts, given.out, given.within)


if __name__ == "__main__":
    main()
