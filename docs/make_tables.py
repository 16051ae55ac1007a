"""Write the reference pages of this folder from the code and its tables, so that the pages always match the code.

    python docs/make_tables.py

The script writes parameters.md, measures.md, levers.md, observables.md and data.md. `tests/test_docs.py` checks that
they are up to date.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from sim.comparison.outcomes import OUTCOMES, Outcome
from sim.levers import TABLE as LEVERS
from sim.measures import MEASURES
from sim.measures.base import Condition, Measure
from sim.parameters import CARRIED, rows
from sim.processes.record import CELLS, STOCKS, observables
from sim.record import FLOWS
from sim.world.facts import table
from sim.world.grid import DATA

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CODE = ROOT / "sim"
MADE_BY = "<!-- Written by docs/make_tables.py. Change the code or its tables, then run the script again. -->"

HOW = {
    "sum": "sum",
    "people": "mean, weighted by people",
    "youths": "mean, weighted by youths",
}


def pages() -> dict[str, str]:
    """The text of every generated page, by file name."""
    return {
        "parameters.md": parameters_page(),
        "measures.md": measures_page(),
        "levers.md": levers_page(),
        "observables.md": observables_page(),
        "data.md": data_page(),
    }


def readers() -> dict[str, list[str]]:
    """The files that read each parameter, as paths below `sim/`."""
    found: dict[str, list[str]] = {name: [] for name in rows()}
    for file in sorted(CODE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        read = set(re.findall(r"\b(?:p|parameters)\.([a-z]\w*)", text))
        read |= set(re.findall(r"\.get\(\"([a-z]\w*)\"", text))
        for name in read & found.keys():
            found[name].append(file.relative_to(CODE).as_posix())
    for key, measure in MEASURES.items():  # `Measure.carried_out` reads these by the key of the measure
        if f"fidelity_{key}" in found and "carried_out" in inspect.getsource(measure):
            found[f"fidelity_{key}"].append(f"measures/{key}.py")
    for row in rows().values():  # `Parameters.carried_over` reads these by the column `transport`
        factor = CARRIED + row.transport
        if row.transport and not found[factor]:
            found[factor].append("parameters.py")
    return found


# --- pages --------------------------------------------------------------------------------------------------


def parameters_page() -> str:
    read_by, quality = readers(), {}
    for row in rows().values():
        quality[row.quality] = quality.get(row.quality, 0) + 1
    counts = ", ".join(f"{count} {word}" for word, count in sorted(quality.items(), key=lambda x: -x[1]))
    parts = [
        "# Parameters",
        words(f"""
            This page lists every behavioural number of the model, from `sim/parameters.csv`: {len(rows())} rows
            ({counts}). A scenario may set a value between *low* and *high*. The *distribution* is the prior from
            which calibration and sensitivity studies draw (normal: mean and SD; lognormal: median and 5-95 %; beta:
            its two shapes). *Drawn*: the parameter varies with `--draws`. Effects are drawn; values that were set so
            that the baseline follows history are not. *Transport*: the place where an effect was found that the model
            carries over to Mali. The effect is multiplied by the share of it that remains in Mali
            (`transport_sahel`, `transport_africa`, `transport_west`).
        """),
        words("""
            Quality: *measured* by a survey, census, trial or count; *derived* by arithmetic from measured
            numbers; *estimate*, from evidence of the sign or the order of magnitude; *assumed*, a choice for
            which no figure was found; *calibrated*, set so that runs resemble recorded history. `kumakan
            parameters NAME` shows one parameter. [odd.md](odd.md) shows the equation that uses it.
        """),
    ]
    for file in dict.fromkeys(files[0] for files in read_by.values() if files):
        parts.append(f"## Read by `sim/{file}`")
        parts.append(
            markdown(
                (
                    "name",
                    "value",
                    "unit",
                    "low",
                    "high",
                    "distribution",
                    "transport",
                    "drawn",
                    "quality",
                    "meaning",
                    "source",
                ),
                [
                    (
                        f"`{p.name}`",
                        f"{p.value:g}",
                        p.unit,
                        f"{p.low:g}",
                        f"{p.high:g}",
                        p.distribution,
                        p.transport,
                        "yes" if p.drawn else "",
                        p.quality,
                        p.meaning + _also(read_by[p.name][1:]),
                        p.source,
                    )
                    for p in rows().values()
                    if read_by[p.name][:1] == [file]
                ],
            )
        )
    return page(parts)


def measures_page() -> str:
    common = set(Measure.model_fields)
    usual = {s.name: s.default for s in Measure.settings()}
    read_by = readers()
    parts = [
        "# Measures",
        words("""
            This page lists the measures that a scenario can have under `measures:`. Each measure moves levers
            ([levers.md](levers.md)) and reports every week what it delivered and what it cost. Effect sizes are
            parameters ([parameters.md](parameters.md)), not settings: a setting says what is done, a parameter
            says what that does to people. The parameters that a measure reads are listed with it.
            [odd.md](odd.md#7-submodels) describes what each lever does.
        """),
        markdown(
            ("measure", "title", "delivers"),
            [(f"[`{key}`](#{key})", m.title, m.delivers) for key, m in sorted(MEASURES.items())],
        ),
        "## Settings of every measure",
        _settings(Measure.settings()),
        "A condition (`when`) has these settings:",
        _fields(Condition),
    ]
    for key, measure in sorted(MEASURES.items()):
        module = sys.modules[measure.__module__]
        story = inspect.cleandoc(module.__doc__ or "").split("\n\n", 1)
        moved = [lever.name for lever in LEVERS if _names(lever.name, inspect.getsource(module))]
        sizes = [row for row in rows().values() if f"measures/{key}.py" in read_by[row.name]]
        parts += [
            f"## `{key}`",
            f"*{measure.title}.*",
            prose(story[-1]),
            f"Delivers: {measure.delivers}. Levers: {', '.join(f'`{name}`' for name in moved)}."
            + (f" Sources: {', '.join(measure.sources)}." if measure.sources else "")
            + _scenario(key),
            _settings([s for s in measure.settings() if s.name not in common or s.default != usual[s.name]]),
        ]
        for inner, where in _blocks(measure):
            parts += [f"A block of {where} (`{inner.__name__}`) has these settings:", _fields(inner)]
        if sizes:
            parts += [
                "Parameters that it reads:",
                markdown(
                    ("parameter", "value", "unit", "prior", "transport", "quality", "meaning", "source"),
                    [
                        (
                            f"`{p.name}`",
                            f"{p.value:g}",
                            p.unit,
                            p.distribution,
                            p.transport,
                            p.quality,
                            p.meaning,
                            p.source,
                        )
                        for p in sizes
                    ],
                ),
            ]
    return page(parts)


def levers_page() -> str:
    sources = {key: inspect.getsource(sys.modules[m.__module__]) for key, m in sorted(MEASURES.items())}
    return page(
        [
            "# Levers",
            words("""
                Levers are the numbers that policy can move (`sim/levers.py`). At the start of each week all levers
                return to "nothing done". Measures then move them, and processes read them. The order of measures
                does not matter, because each measure acts on what the others leave. With `reach`, two measures that
                reach 30 % each reach 51 % together; with `keep`, two measures that leave 70 % each leave 49 %
                together. `add` is for things that are counted. `set` is for settings that belong to one measure
                alone.
            """),
            markdown(
                (
                    "lever",
                    "unit",
                    "one number per",
                    "nothing done",
                    "least",
                    "most",
                    "read by",
                    "moved by",
                    "meaning",
                ),
                [
                    (
                        f"`{lever.name}`",
                        lever.unit,
                        " x ".join(lever.over),
                        f"{lever.default:g}",
                        f"{lever.low:g}",
                        "no limit" if lever.high == float("inf") else f"{lever.high:g}",
                        f"`{lever.reader}`",
                        ", ".join(f"`{key}`" for key, text in sources.items() if _names(lever.name, text))
                        or "no measure yet",
                        lever.meaning,
                    )
                    for lever in LEVERS
                ],
            ),
        ]
    )


def observables_page() -> str:
    seen = observables(sorted(MEASURES), {key: m.delivers for key, m in MEASURES.items()})
    flows, stocks = len(FLOWS), len(STOCKS)

    def listed(some: Iterable[Any]) -> str:
        return markdown(
            ("observable", "unit", "value for Mali", "meaning"),
            [(f"`{o.name}`", o.unit, HOW[o.how], o.meaning) for o in some],
        )

    return page(
        [
            "# Observables",
            words("""
                Observables are the columns of a record: one number per week and region. Every measure that the
                program knows has a `delivered_` and a `cost_` column; both are zero while the measure is off.
            """),
            "## What happened in the week",
            listed(seen[:flows]),
            "## The state at the end of the week",
            listed(seen[flows : flows + stocks]),
            "## What measures delivered and cost",
            listed(seen[flows + stocks :]),
            "## By cell, over the whole run",
            words("""
                `record.cells` holds these for maps. Each is an array over the 1,713 cells in the order of
                `sim.world.grid.world_grid()`.
            """),
            markdown(("name", "meaning"), [(f"`{name}`", meaning) for name, meaning in CELLS.items()]),
            "## Outcomes of a comparison",
            words("""
                A comparison compares scenarios by these outcomes. A count is the sum over the run; a state is the
                mean over the last 52 weeks of the run ([reading_results.md](reading_results.md)).
            """),
            markdown(
                ("outcome", "better", "group", "definition"),
                [
                    (f"`{o.name}`", "neither" if o.better == "none" else o.better, o.group, _outcome(o))
                    for o in OUTCOMES.values()
                ],
            ),
        ]
    )


def data_page() -> str:
    columns: dict[str, list[dict[str, Any]]] = {}
    for row in table("columns"):
        columns.setdefault(row["table"], []).append(row)
    reading = "".join(file.read_text(encoding="utf-8") for file in CODE.rglob("*.py"))
    parts = [
        "# Data",
        words("""
            This page describes the tables of facts in `sim/world/data`, which are installed with the program.
            `sim.world.facts.table(NAME)` reads any of them. The description comes from the table `columns.csv`:
            unit, meaning, source, licence and quality of every column. Licences are those found when the data were
            gathered. Check them again before you publish data and before any commercial use.
        """),
        words("""
            Quality: *measured* by its producer (survey, census, count of events); *derived*, computed from measured
            data; *estimate*, made by a model or by allocation; *assumed*, our choice; *unverified estimate*, recalled
            or guessed; *verified*, read in a page or file (which says nothing about how good the figure is).
        """),
        "## The armed groups a run knows",
        words("""
            The keys are those for `groups:` in a scenario. Only dates, sizes and home districts are given. The notes in
            the table say what is assumed.
        """),
        _listing(
            "groups",
            "key name parent founded ended heir start_members founding_core foreign_share home_cercles",
        ),
        "## The forces a run knows",
        "The keys are those for `forces:` in a scenario. `deployments.csv` says which force was where, and when.",
        _listing(
            "forces",
            "key name kind effectiveness low high abuse_factor mandate patrol_share quality",
        ),
        "## The tables, column by column",
    ]
    for name, its_columns in columns.items():
        stem, ending = name.split(".")
        use = re.search(rf"(?:_read|table|_by_region)\(\"{stem}\"|\"{stem}\.{ending}\"", reading)
        entries = f"{sum(1 for _ in (DATA / name).open(encoding='utf-8')) - 1} rows; " if ending == "csv" else ""
        parts.append(f"### {name}")
        parts.append(entries + ("read by the program." if use else "for reference and comparison; no run reads it."))
        parts.append(
            markdown(
                ("column", "unit", "meaning", "source", "licence", "quality"),
                [
                    (f"`{c['column']}`", *(c[k] for k in ("unit", "meaning", "source", "licence", "quality")))
                    for c in its_columns
                ],
            )
        )
    return page(parts)


# --- helpers ------------------------------------------------------------------------------------------------


def page(parts: Sequence[str]) -> str:
    """Join the parts with blank lines, below the line that says which script wrote the page."""
    return "\n\n".join([MADE_BY, *parts]) + "\n"


def markdown(head: Sequence[str], body: Iterable[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)


def cell(value: Any) -> str:
    return words("" if value is None else str(value)).replace("|", "\\|")


def words(text: str) -> str:
    return " ".join(text.split())


def prose(text: str) -> str:
    """Put each paragraph on one line; leave indented text (an equation) as it is."""
    blocks = text.split("\n\n")
    return "\n\n".join(block if block.startswith("    ") else words(block) for block in blocks)


def shown(value: Any) -> str:
    """A default as a user would write it in a scenario."""
    if value is None:
        return "-"
    if isinstance(value, BaseModel):
        return ", ".join(f"{name}: {shown(inner)}" for name, inner in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(shown, value)) + "]"
    return f"{value:.12g}" if isinstance(value, int | float) else str(value)


def _outcome(outcome: Outcome) -> str:
    """How an outcome is defined, if it is not the observable of the same name."""
    if outcome.prefix:
        return f"the sum of all `{outcome.prefix}` columns"
    return f"`{outcome.of}` in the regions where both scenarios have the same measures" if outcome.elsewhere else ""


def _settings(settings: Iterable[Any]) -> str:
    return markdown(
        ("setting", "default", "unit", "meaning", "source of the default"),
        [(f"`{s.name}`", shown(s.default), s.unit, s.meaning, s.source) for s in settings],
    )


def _fields(block: type[BaseModel]) -> str:
    """A table of the settings in a block inside the settings of a measure."""
    return markdown(
        ("setting", "default", "unit", "meaning", "source"),
        [
            (
                f"`{name}`",
                "needed" if info.is_required() else shown(info.default),
                info.json_schema_extra["unit"],
                info.description or "",
                info.json_schema_extra["source"],
            )
            for name, info in block.model_fields.items()
        ],
    )


def _scenario(key: str) -> str:
    """A link to the scenario file that shows a measure."""
    names = (f"{key}.yaml", f"without_{key}.yaml")
    return "".join(f" Scenario: [{n}](../scenarios/{n})." for n in names if (ROOT / "scenarios" / n).exists())


def _blocks(measure: type[Measure]) -> list[tuple[type[BaseModel], str]]:
    """The blocks inside the settings of a measure, each with the settings that hold it."""
    holders: dict[type[BaseModel], list[str]] = {}
    for name, info in measure.model_fields.items():
        if name in Measure.model_fields:
            continue
        for kind in (info.annotation, *get_args(info.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                holders.setdefault(kind, []).append(f"`{name}`")
    return [(kind, ", ".join(names)) for kind, names in holders.items()]


def _names(word: str, text: str) -> bool:
    return f'"{word}"' in text


def _also(files: Sequence[str]) -> str:
    return f" (also in {', '.join(f'`sim/{file}`' for file in files)})" if files else ""


def _listing(name: str, columns: str) -> str:
    """The chosen columns of a table of facts; `columns` has their names with blanks in between."""
    head = columns.split()
    return markdown(head, [[row[column] for column in head] for row in table(name)])


if __name__ == "__main__":
    for file_name, text in pages().items():
        (HERE / file_name).write_text(text, encoding="utf-8")
        print(f"wrote docs/{file_name}")
