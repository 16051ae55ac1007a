"""The commands to begin with: what there is to run and to set, a scenario file of one's own, the notebooks."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from sim.engine.errors import InputError, nearest, plain
from sim.languages import tr, trn

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files that are there.")


@click.command()
@click.argument("words", metavar="[WORD]...", nargs=-1)
def scenarios(words: tuple[str, ...]) -> None:
    """List the scenarios and sweeps that come with kumakan, or those that mention a word.

    Every command that takes a scenario or sweep file takes these names, in any folder.

    \b
    For example: kumakan scenarios patrols
    """
    from sim.engine.places import read
    from sim.shipped import folder, names
    from sim.views.tables import console
    from sim.views.tables.layout import say, show_table

    rows: dict[str, list[tuple[str, str]]] = {"scenarios": [], "sweeps": []}
    for name, file in names().items():
        english = str(read(file).data.get("description", "")).strip()
        description = tr(english)
        if all(plain(word) in plain(f"{name} {english} {description}") for word in words):
            first = description.partition(". ")[0].rstrip(".")
            rows["sweeps" if file.parent.name == "sweeps" else "scenarios"].append((name, first))
    if not any(rows.values()):
        raise InputError(
            tr(
                "no scenario mentions {words}{nearest}",
                words=repr(" ".join(words)),
                nearest=nearest(" ".join(words), names()),
            )
        )
    out = console()
    for kind, found in rows.items():
        if found:
            command = "compare baseline" if kind == "scenarios" else "sweep"
            title = (
                tr("Scenarios, for example: {command}") if kind == "scenarios" else tr("Sweeps, for example: {command}")
            )
            title = title.format(command=f"kumakan {command} {found[-1][0]}")
            show_table(out, title, [tr("name"), tr("what it is")], found, left=2)
    say(out, tr("The files are in {folder}", folder=folder("scenarios")))


@click.command()
@click.argument("words", metavar="[MEASURE | WORD]...", nargs=-1)
def measures(words: tuple[str, ...]) -> None:
    """List the measures, or those that mention a word; of measures that are named, list all settings.

    Settings come with units, defaults and sources.

    \b
    For example: kumakan measures joint_patrols
    """
    from sim.measures import MEASURES
    from sim.views.tables import console, list_measures, show_measures

    if words and all(word in MEASURES for word in words):
        show_measures({key: MEASURES[key] for key in words}, console())
        return
    found = {key: measure for key, measure in MEASURES.items() if measure.mentions(*words)}
    if not found:
        raise InputError(
            tr(
                "no measure mentions {words}{nearest}",
                words=repr(" ".join(words)),
                nearest=nearest(" ".join(words), MEASURES),
            )
        )
    list_measures(found, console())


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--csv", "as_csv", is_flag=True, help="Print the table as CSV, with distribution and source.")
def parameters(names: tuple[str, ...], as_csv: bool) -> None:
    """List the behavioural parameters, or show everything about the ones you name.

    \b
    For example: kumakan parameters h0 peer_pull
    """
    from sim.measures import read
    from sim.parameters import rows

    read()  # measures of other distributions bring parameters of their own
    table = rows()
    for name in names:
        if name not in table:
            raise InputError(tr("there is no parameter {name}{nearest}", name=repr(name), nearest=nearest(name, table)))
    chosen = [table[name] for name in (names or table)]
    if as_csv:
        import csv
        from dataclasses import astuple, fields

        from sim.engine.office import guarded

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(f.name for f in fields(chosen[0]))
        writer.writerows([*map(guarded, astuple(row))] for row in chosen)
        return
    from sim.views.tables import console, show_parameter, show_parameters

    if names:
        for row in chosen:
            show_parameter(row, console())
    else:
        show_parameters(chosen, console())


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--from", "origin", default="baseline", show_default=True, metavar="SCENARIO",
              help="Begin with this scenario: a name that `kumakan scenarios` lists, or a file.")  # fmt: skip
@overwrite_option
def new(name: str, origin: str, overwrite: bool) -> None:
    """Write a scenario file of your own, NAME.yaml, with every setting of its measures in it or in a comment.

    \b
    For example: kumakan new mine --from joint_patrols
    """
    from sim.scenario import load
    from sim.shipped import ENDINGS, names
    from sim.stores.files import write_text
    from sim.views.draft import draft

    file = Path(name if name.endswith(ENDINGS) else f"{name}.yaml")
    if file.stem in names():
        raise InputError(
            tr("the name {stem} is that of a scenario which comes with kumakan; choose another", stem=repr(file.stem))
        )
    _refuse([file], overwrite)
    text = draft(load(origin), file.stem, origin)
    try:
        write_text(file, text)
    except OSError as problem:
        raise InputError(
            tr("{file} cannot be written: {strerror}", file=repr(str(file)), strerror=problem.strerror)
        ) from None
    click.echo(
        tr("{file}: begins as {origin}. Change it, then: kumakan check {file2}", file=file, origin=origin, file2=file)
    )


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@overwrite_option
def notebooks(folder: Path, overwrite: bool) -> None:
    """Copy the notebooks to the folder DIR. They run there as they are; 'kumakan[notebooks]' brings what they need.

    \b
    For example: kumakan notebooks my_notebooks
    """
    from sim.shipped import folder as shipped

    files = sorted(shipped("notebooks").glob("*.ipynb"))
    if not files:
        raise InputError(
            tr("there are no notebooks in {shipped}; install kumakan again", shipped=repr(str(shipped("notebooks"))))
        )
    _refuse([folder / file.name for file in files], overwrite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copyfile(file, folder / file.name)
    except OSError as problem:
        raise InputError(
            tr("{folder} cannot be written: {strerror}", folder=repr(str(folder)), strerror=problem.strerror)
        ) from None
    click.echo("\n".join(str(folder / file.name) for file in files))
    click.echo(tr("To open them: python -m pip install 'kumakan[notebooks]' && jupyter lab {folder}", folder=folder))


def _refuse(files: list[Path], overwrite: bool) -> None:
    """Refuse to write over files, unless told to."""
    there = [str(file) for file in files if file.exists() or file.is_symlink()]
    if there and not overwrite:
        raise InputError(
            trn(
                "{files} is there already; --overwrite replaces it",
                "{files} are there already; --overwrite replaces them",
                len(there),
                files=", ".join(there),
            )
        )
