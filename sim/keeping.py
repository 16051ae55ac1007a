"""The commands that look after a store."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from sim.languages import counted, tr, trn
from sim.options import say

if TYPE_CHECKING:
    from sim.stores.care import Care, Told

MOST_NAMED = 10
"""Runs that are named one by one."""
PAUSE = 1.0
"""Seconds between two lines that say which file is read."""


@click.group()
def store() -> None:
    """Check a store or results folder for damage, and set aside what is damaged.

    \b
    For example: kumakan store check results/big
    """


@store.command()
@click.argument("place", metavar="STORE")
def check(place: str) -> None:
    """Read all of a store (or results folder), change nothing, and list what is damaged.

    The exit code is 0 if all is as it was written, and 1 if not.

    \b
    For example: kumakan store check results/big
    """
    from sim.stores.care import check as look

    found = look(place, _files())
    _show(found, tr("damaged"), tr("left over"))
    if found.damaged:
        say(tr("`kumakan store tidy {place}` sets aside what is damaged; nothing is deleted", place=place))
        sys.exit(1)


@store.command()
@click.argument("place", metavar="STORE")
def tidy(place: str) -> None:
    """Set aside what is damaged in a store (or results folder), and remove what dead processes left.

    Damaged files go to the folder `damaged` in the store, with a line in `damaged/why.jsonl` for each. No run is
    deleted.

    \b
    For example: kumakan store tidy results/big
    """
    from sim.stores.care import tidy as put_right

    _show(put_right(place, _files()), tr("set aside"), tr("removed"))


def _files() -> Told:
    """A function that says now and then which file is read."""
    last = time.monotonic()

    def told(file: str) -> None:
        nonlocal last
        if time.monotonic() - last > PAUSE:
            last = time.monotonic()
            say(tr("reading {file} ...", file=file))

    return told


def _show(found: Care, damaged: str, left: str) -> None:
    for file, why in found.damaged.items():
        click.echo(f"{damaged}: {file} ({why})")
    for file in found.left:
        click.echo(f"{left}: {file}")
    if found.again:
        more = len(found.again) - MOST_NAMED
        named = "; ".join(found.again[:MOST_NAMED]) + (tr("; and {more} more", more=more) if more > 0 else "")
        click.echo(
            tr(
                "the commands that were given here would make {runs} again or anew: {named}",
                runs=_runs(len(found.again)),
                named=named,
            )
        )
    said = trn("{n} run as it was written", "{n} runs as they were written", found.runs)
    click.echo(said + ("" if found.damaged or found.left else tr("; nothing is damaged")))


def _runs(count: int) -> str:
    return counted(count, "run")
