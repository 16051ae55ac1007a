"""The commands that look after a store."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

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
    _show(found, "damaged", "left over")
    if found.damaged:
        say(f"`kumakan store tidy {place}` sets aside what is damaged; nothing is deleted")
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

    _show(put_right(place, _files()), "set aside", "removed")


def _files() -> Told:
    """A function that says now and then which file is read."""
    last = time.monotonic()

    def told(file: str) -> None:
        nonlocal last
        if time.monotonic() - last > PAUSE:
            last = time.monotonic()
            say(f"reading {file} ...")

    return told


def _show(found: Care, damaged: str, left: str) -> None:
    for file, why in found.damaged.items():
        click.echo(f"{damaged}: {file} ({why})")
    for file in found.left:
        click.echo(f"{left}: {file}")
    if found.again:
        more = len(found.again) - MOST_NAMED
        named = "; ".join(found.again[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
        click.echo(f"the commands that were given here would make {_runs(len(found.again))} again or anew: {named}")
    click.echo(f"{_runs(found.runs)} as {'it was' if found.runs == 1 else 'they were'} written"
               f"{'' if found.damaged or found.left else '; nothing is damaged'}")  # fmt: skip


def _runs(count: int) -> str:
    return f"{count:,} run{'' if count == 1 else 's'}"
