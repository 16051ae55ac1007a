"""How tables stand on the terminal: as wide as it is; in a file or a pipe plain text, wide and without colours."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.engine.errors import harmless
from sim.languages import bare

PLAIN_WIDTH = 200


def console(stderr: bool = False) -> Console:
    """A console that is plain and wide when its output is not a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(file=stream, highlight=False)
    return Console(file=stream, highlight=False, no_color=True, width=PLAIN_WIDTH, soft_wrap=False)


def say(out: Console, text: str, style: str | None = None) -> None:
    """Print a text as it is written."""
    out.print(harmless(bare(text)), style=style, markup=False, highlight=False)


def show_table(
    out: Console, title: str, heads: Sequence[str], rows: Iterable[Sequence[str | Text]], left: int = 1
) -> None:  # fmt: skip
    """Print a table, of which `left` columns are words and the others numbers.

    Cells are shown as they are written, whatever brackets they hold.
    """
    table = _table(title)
    for k, head in enumerate(heads):
        table.add_column(Text(bare(head)), justify="left" if k < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(harmless(bare(cell))) if isinstance(cell, str) else cell for cell in row))
    out.print(table)


class Column(NamedTuple):
    """A heading and a text for each line of a table."""

    heading: str
    cells: list[str]
    right: bool = True
    quiet: bool = False

    @property
    def width(self) -> int:
        """Characters it takes, with the space beside it."""
        return max(len(line) for text in (self.heading, *self.cells) for line in text.split("\n")) + 3


def show_blocks(
    out: Console, title: str, left: list[Column], blocks: list[list[Column]], first: bool = False
) -> None:  # fmt: skip
    """Blocks of columns beside the left ones, in as many tables as the width asks for; `first`: set that line apart."""
    room = out.width - sum(column.width for column in left)
    while blocks:
        taken = 1
        while taken < len(blocks) and sum(c.width for block in blocks[: taken + 1] for c in block) <= room:
            taken += 1
        columns = [*left, *(column for block in blocks[:taken] for column in block)]
        table = _table(title)
        for column in columns:
            table.add_column(
                Text(bare(column.heading)), justify="right" if column.right else "left",
                style="dim" if column.quiet else None, overflow="fold", no_wrap=column.right,
            )  # fmt: skip
        for k, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
            apart = first and k == 0
            table.add_row(
                *(Text(harmless(bare(cell))) for cell in cells), style="dim" if apart else None, end_section=apart
            )
        out.print(table)
        title, blocks = "", blocks[taken:]


def _table(title: str) -> Table:
    return Table(
        title=Text(bare(title)) if title else None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
        pad_edge=False,
    )  # fmt: skip
