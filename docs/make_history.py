"""Compare the historical scenario with the record, and write docs/history.md and its figure.

    python docs/make_history.py [--worlds 60]

The model is given only the founding dates and home areas of groups, the deployments of forces and the dates of
measures. The page shows every target of the comparison, met or missed.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import sim
from sim.batches.batch import run_batch
from sim.calibration.targets import targets
from sim.validation.targets import recorded
from sim.views.words import capital
from sim.world.grid import world_grid

HERE = Path(__file__).parent
YEARS = range(2013, 2018)
CENTRE = ("Mopti", "Ségou")
INK, BAND, DOT = "#0072B2", "#56B4E9", "#D55E00"  # Okabe and Ito: colour-blind readers can tell them apart


def yearly(record: sim.Record, name: str) -> np.ndarray:
    """The sum of a flow by year (2012-2018) and region."""
    years = np.array([d.year for d in record.dates])
    return np.stack([record[name][years == y].sum(axis=0) for y in range(2012, 2019)])


def interval(values: np.ndarray, form: str) -> str:
    low, middle, high = np.percentile(values, [5, 50, 95])
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def main() -> None:
    """Run the scenario, compare it with the record, and write the page and the figure."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--worlds", type=int, default=60)
    worlds = ask.parse_args().worlds
    scenario = sim.load(HERE.parent / "scenarios" / "historical.yaml", ["persons_per_youth=200"])
    with tempfile.TemporaryDirectory() as folder:
        batch = run_batch([scenario], [1], draws=range(1, worlds + 1), out=Path(folder) / "history")
        records = list(batch.records[scenario.name].values())

    gtd = recorded()
    attacks = np.stack([yearly(r, "attacks") for r in records])
    names = world_grid().region_names
    centre = [names.index(name) for name in CENTRE]
    members = np.stack([(r["members"] + r["members_abroad"]).sum(axis=1) for r in records])
    years = np.array([d.year for d in records[0].dates])
    after = members[:, years >= 2014]
    joined = sum(r["joined"].sum() for r in records)

    def per_seed(part: str) -> np.ndarray:
        return np.array([r[part].sum() / r["joined"].sum() for r in records])

    rows = []
    for year in YEARS:
        model, seen = attacks[:, year - 2012].sum(axis=1), gtd[year - 2012].sum()
        ratio = np.median(model) / seen
        rows.append((f"Attacks in {year}",
        f"{seen:.0f} recorded; within a factor of two: {seen / 2:.0f} to {seen * 2:.0f}",
                     interval(model, ".0f"), 0.5 <= ratio <= 2))  # fmt: skip
    share = attacks[:, :, centre].sum(axis=2) / attacks.sum(axis=2)
    for year, low, high in ((2013, 0, 0.10), (2014, 0, 0.10), (2017, 0.25, 1)):
        seen = gtd[year - 2012, centre].sum() / gtd[year - 2012].sum()
        model = share[:, year - 2012]
        band = "under 10 %" if high < 1 else "over 25 %"
        rows.append((f"Share of attacks in Mopti and Ségou, {year}", f"{band} (recorded {seen:.0%})",
                     interval(100 * model, ".0f") + " %", low <= np.median(model) <= high))  # fmt: skip
    dead = sum(
        np.stack([yearly(r, name) for r in records]) for name in ("deaths_civilian", "deaths_security", "killed")
    )
    dead = dead.sum(axis=2)
    battle = sum(np.stack([yearly(r, name) for r in records]) for name in ("deaths_security", "killed")).sum(axis=2)
    for row in (row for row in targets() if row.key.startswith("deaths_battle_") and row.fitted):
        model = battle[:, row.first - 2012]
        rows.append((capital(row.pattern), f"UCDP: {row.value:.0f}; within a factor of two",
                     interval(model, ",.0f"), 0.5 <= np.median(model) / row.value <= 2))  # fmt: skip
    rows.append(("Deaths on all sides in 2017", "700 to 1,300 (ACLED: 949)", interval(dead[:, 5], ",.0f"),
                 700 <= np.median(dead[:, 5]) <= 1300))  # fmt: skip
    growth = dead[:, 6] / dead[:, 4]
    rows.append(("Deaths on all sides in 2018, relative to 2016", "2 and more (2019: 4 times 2016)",
                 interval(growth, ".1f"), np.median(growth) >= 2))  # fmt: skip
    lowest, highest = after.min(axis=1), after.max(axis=1)
    rows.append(("Active members at any time from 2014", "800 to 3,500 in every run",
                 f"lowest {lowest.min():,.0f}, highest {highest.max():,.0f} in all runs",
                 bool(lowest.min() >= 800 and highest.max() <= 3500)))  # fmt: skip
    for part, title, low, high in (("joined_ties", "Joiners reached through ties", 0.55, 0.90),
                                   ("joined_month", "Joiners within a month of contact", 0.35, 0.60)):  # fmt: skip
        model = per_seed(part)
        rows.append(
            (title, f"{low:.0%} to {high:.0%}", interval(100 * model, ".0f") + " %", low <= np.median(model) <= high)
        )

    lines = [
        "# The model and the record",
        "",
        f"Scenario `historical`, {worlds} worlds, `persons_per_youth` {scenario.persons_per_youth}. The model columns",
        "show the median and, in brackets, the range from 5 to 95 % of the worlds.",
        "The worlds were fitted to the whole record ([calibration.md](calibration.md)), nothing by region or year.",
        "The effects of measures are drawn from their priors as well, so runs spread more than in the fit.",
        "The rules were written and tried on these same numbers, so this page shows that they *can* produce this",
        "history, not that they predict it. Recorded attacks are those by jihadist groups and unknown perpetrators",
        "in the Global Terrorism Database. The 68 attacks of 2012-17 by northern armed movements and communal",
        "militias are left out. Its definition excludes battles of the war of 2012-13.",
        "`python docs/make_history.py` writes this page.",
        "",
        "| pattern | target | model | met |",
        "|---|---|---|---|",
        *(
            f"| {name} | {target} | {model} | {'yes' if met else '**missed**'} |"
            for name, target, model, met in sorted(rows, key=lambda row: bool(row[3]))
        ),
        "",
        "![Attacks by year and region](history.png)",
        "",
        "## Attacks by region: recorded / model (median of worlds)",
        "",
        "| region | " + " | ".join(map(str, range(2012, 2018))) + " |",
        "|---|" + "---|" * 6,
    ]
    middle, national = np.median(attacks, axis=0), np.median(attacks.sum(axis=2), axis=0)[:6]
    for k, name in enumerate(names):
        lines.append(f"| {name} | " + " | ".join(f"{gtd[y, k]:.0f} / {middle[y, k]:.0f}" for y in range(6)) + " |")
    lines += [
        "| Mali | " + " | ".join(f"{a:.0f} / {b:.0f}" for a, b in zip(gtd.sum(axis=1), national, strict=True)) + " |",
        "",
        "## Where the model is off",
        "",
        *misses(gtd, attacks, names),
        "",
        f"In all runs together {joined:,.0f} persons joined. Their main reasons: "
        + ", ".join(f"{title} {sum(r[part].sum() for r in records) / joined:.0%}" for part, title in (
            ("joined_protection", "protection"), ("joined_income", "livelihood"), ("joined_company", "friends and kin"),
            ("joined_ideology", "the narrative"), ("joined_revenge", "an abuse"))) + ".",
        "Recruits in surveys name an abuse by the state far more often (34 % of them, UNDP 2023).",
        "They joined in these regions: " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in zip(
            names, sum(r["joined"].sum(axis=0) for r in records) / joined, strict=True)) + ".",
    ]  # fmt: skip
    (HERE / "history.md").write_text("\n".join(lines) + "\n")
    draw(gtd, attacks, names, worlds)
    print("\n".join(lines[8 : 10 + len(rows)]))


def misses(gtd: np.ndarray, attacks: np.ndarray, names: list[str]) -> list[str]:
    """Regions and years whose recorded number lies outside 5 to 95 % of the runs, the farthest first."""
    low, middle, high = np.percentile(attacks, [5, 50, 95], axis=0)
    off = [
        (abs(np.log((gtd[y, k] + 1) / (middle[y, k] + 1))), names[k], 2012 + y, gtd[y, k], low[y, k], high[y, k])
        for y in range(6) for k in range(len(names)) if not low[y, k] <= gtd[y, k] <= high[y, k]
    ]  # fmt: skip
    total = 6 * len(names)
    head = f"{len(off)} of {total} region-years lie outside the 5 to 95 % range of the runs. The farthest are:"
    return [head, ""] + [
        f"- {name} {year}: {seen:.0f} recorded, {a:.0f} to {b:.0f} in the runs"
        for _, name, year, seen, a, b in sorted(off, reverse=True)[:12]
    ]


def draw(gtd: np.ndarray, attacks: np.ndarray, names: list[str], worlds: int) -> None:
    """Draw ten panels, for Mali and the nine regions: recorded points over the band of the model."""
    figure = Figure(figsize=(12, 8.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(3, 4).ravel()
    years = np.arange(2012, 2019)
    everything = [("Mali", gtd.sum(axis=1), attacks.sum(axis=2))]
    everything += [(name, gtd[:, k], attacks[:, :, k]) for k, name in enumerate(names)]
    for axes, (name, seen, model) in zip(panels, everything, strict=False):
        low, middle, high = np.percentile(model, [5, 50, 95], axis=0)
        axes.fill_between(years, low, high, color=BAND, alpha=0.35, label=f"model, 5 to 95 % of {worlds} worlds")
        axes.plot(years, middle, color=INK, label="model, median")
        axes.plot(years[:6], seen, "o", color=DOT, label="recorded (GTD)")
        axes.set_title(name, loc="left", fontweight="bold")
        axes.set_ylim(bottom=0)
        axes.set_xticks(years, [str(y)[2:] if y % 2 else str(y) for y in years])
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[::4]:
        axes.set_ylabel("attacks per year")
    for axes in panels[len(everything) :]:
        axes.set_axis_off()
    panels[-1].legend(*panels[0].get_legend_handles_labels(), loc="center", frameon=False)
    figure.suptitle("Attacks per year: model and record. The record of 2018 was held back; 2018 is the model only.")
    figure.savefig(HERE / "history.png", dpi=110, metadata={"Software": f"kumakan {sim.__version__}"})


if __name__ == "__main__":
    main()
