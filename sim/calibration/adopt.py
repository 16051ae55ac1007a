"""Making the worlds of a fit those that the program draws from."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from sim.calibration import LAST, file_name
from sim.calibration.archive import write
from sim.engine.errors import InputError
from sim.languages import tr
from sim.parameters import TABLE
from sim.posterior import ROOM, forget, read


def adopt(folder: Path, until: date, into: Path = ROOM, table: Path = TABLE) -> list[str]:
    """Copy the worlds of a fit; of the fit to all years, write the middle world into the table of parameters.

    Returns
    -------
    list of str
        What was done, a line for each.

    Raises
    ------
    InputError
        If there is no such fit.
    """
    file = folder / file_name(until)
    found = read(file)
    if not found.about:
        raise InputError(tr("there are no facts beside {file}; give the command of the fit again", file=file))
    told = []
    for one in (file, file.with_suffix(".json")):
        write(into / one.name, one.read_bytes())
        told.append(tr("written: {file}", file=into / one.name))
    if until == LAST:
        number = int(found.about["middle"])
        write(table, with_values(table.read_text(encoding="utf-8"), found.world(number)).encode())
        told.append(tr("{table} has the values of world {n}, the middle of the posterior", table=table.name, n=number))
    forget()
    return told


def with_values(text: str, values: dict[str, float]) -> str:
    """The table of parameters with other values; all else stays as it is written."""
    lines = text.splitlines(keepends=True)
    for k, line in enumerate(lines):
        name, _, rest = line.partition(",")
        if name in values:
            _, _, after = rest.partition(",")
            lines[k] = f"{name},{values[name]:.15g},{after}"
    changed = "".join(lines)
    there = {row["name"]: float(row["value"]) for row in csv.DictReader(io.StringIO(changed))}
    for name, value in values.items():
        if there.get(name) != value:
            raise InputError(tr("{name} cannot be written into the table of parameters", name=name))
    return changed
