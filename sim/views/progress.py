"""How far a batch is: a bar with the rate and the time left, at a terminal and in a notebook; plain lines elsewhere.

with progress() as (told, on_week):
    run_batch(scenarios, seeds, out=out, progress=told, on_week=on_week)
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sim.engine.compiled import SECONDS
from sim.languages import digits, tr, trn

if TYPE_CHECKING:
    from rich.live import Live
    from rich.progress import Progress as RichProgress

    from sim.batches.batch import Progress
    from sim.country import Country

PLAIN_LINES = 20  # lines of progress a batch prints where there is no terminal, at most
SPEED_OVER = 120  # seconds whose runs make the rate and the time left
CELL_WIDTH = 100  # characters of the bar in a notebook
CELL_PAUSE = 0.2  # seconds between two looks of the bar in a notebook
CELL_MARK = {
    "kumakan": "progress"
}  # what the output has for metadata, so that pages made of notebooks can leave it out


def compiles_first() -> str:
    """That the first run compiles, and how long that takes."""
    return tr(
        "The first run compiles the loops of the model, once for this installation; that takes about {seconds} s,"
        " longer on a busy machine",
        seconds=SECONDS,
    )


Told = Callable[["Progress"], None]
OnWeek = Callable[["Country"], None]


@contextmanager
def progress(show: bool | None = None) -> Iterator[tuple[Told | None, OnWeek | None]]:
    """Show what `run_batch` tells of a batch and of each week, in the way that suits the place.

    Parameters
    ----------
    show : bool, optional
        False shows nothing. Without a terminal or notebook, True prints a line now and then, and the default nothing.
    """
    if show is False:
        yield None, None
    elif _in_notebook():
        with _in_cell() as told:
            yield told
    elif sys.stderr.isatty():
        with _at_terminal() as told:
            yield told
    else:
        yield _line if show else None, None


_under_way: list[Live] = []  # what `doing` shows now; a bar takes its place


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say at a terminal what is being done, for as long as it takes or until a bar begins."""
    if not sys.stderr.isatty() or _under_way:
        yield
        return
    from rich.console import Console
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.text import Text

    # Streams are left alone: libraries that are imported meanwhile would keep what stands in for them.
    live = Live(
        Spinner("dots", Text(f"{what} ...")), console=Console(stderr=True), transient=True, refresh_per_second=10,
        redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip
    with live:
        _under_way.append(live)
        try:
            yield
        finally:
            _under_way.clear()


def aside(message: str) -> None:
    """A line on standard error, above what is shown there."""
    for live in _under_way:
        live.console.print(message, markup=False, highlight=False, soft_wrap=True)
    if not _under_way:
        print(message, file=sys.stderr, flush=True)


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:  # a look that costs nothing, before rich is imported
        return False
    from rich.console import Console

    return Console().is_jupyter


def _opening(state: Progress) -> str:
    there = trn(", {n} more is there already", ", {n} more are there already", state.reused) if state.reused else ""
    where = (
        tr("{workers} worker processes", workers=state.workers)
        if state.workers > 1 or "cluster" in state.note
        else tr("this process")
    )
    note = f" ({state.note})" if state.note else ""
    if not state.total:
        said = tr("nothing to run, {reused} there already", reused=state.reused)
    else:
        compiles = f"\n{compiles_first()}" if state.compiles else ""
        said = tr(
            "{total} runs to make in {where}{there}{note}{compiles}",
            total=state.total,
            where=where,
            there=there,
            note=note,
            compiles=compiles,
        )
    return "\n".join([*state.damaged, said])


def _line(state: Progress) -> None:
    """One plain line before the first run and one every few runs."""
    if state.row is None:
        print(_opening(state), file=sys.stderr, flush=True)
    elif state.row.state == "failed" or state.done == state.total or state.done % -(-state.total // PLAIN_LINES) == 0:
        row = state.row
        said = tr(
            "{done}/{total} runs: {name}, {state} in {seconds} s",
            done=state.done,
            total=state.total,
            name=row.name,
            state=tr(row.state),
            seconds=digits(row.seconds, ".1f"),
        )
        print(said, file=sys.stderr, flush=True)


# --- the bar ------------------------------------------------------------------------------------------------


class Bar:
    """Runs as a bar; runs made in this process move it week by week."""

    def __init__(self, say: Callable[[str], None], **options: Any) -> None:
        from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress
        from rich.text import Text

        self.weeks = 1
        self.say = say
        bar = self

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                speed = (task.speed or 0.0) / bar.weeks * 60
                return Text(tr("{speed} runs a minute", speed=digits(speed, ".1f")) if speed else "")

        self.drawn: RichProgress = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[runs]}"),
            Rate(),
            TimeRemainingColumn(),
            speed_estimate_period=SPEED_OVER,
            **options,
        )
        self.task = self.drawn.add_task(tr("runs"), total=None, runs="")

    def told(self, state: Progress) -> None:
        """How far the batch is."""
        self.weeks = state.weeks
        if state.row is None:
            self.say(_opening(state))
        elif state.row.state == "failed":
            self.say(tr("failed: {name}: {error}", name=state.row.name, error=state.row.error))
        self.drawn.update(
            self.task,
            description=tr("compiling") if state.compiles else tr("runs"),
            total=state.total * state.weeks,
            completed=state.done * state.weeks,
            runs=tr("{done} of {total}", done=state.done, total=state.total),
            refresh=state.compiles,  # a short run may be over before the bar is drawn again
        )

    def lived(self, country: Country) -> None:
        """One more week of a run."""
        if country.week < self.weeks:  # the last week counts when the run is kept
            self.drawn.update(self.task, advance=1, description=tr("runs"))


@contextmanager
def _at_terminal() -> Iterator[tuple[Told, OnWeek]]:
    from rich.console import Console

    console = Console(stderr=True)
    bar = Bar(lambda said: console.print(said, highlight=False, markup=False), console=console)

    def told(state: Progress) -> None:
        for live in _under_way:
            live.stop()
        bar.drawn.start()  # not before: a batch that is refused leaves no bar
        bar.told(state)

    try:
        yield told, bar.lived
    finally:
        bar.drawn.stop()


@contextmanager
def _in_cell() -> Iterator[tuple[Told, OnWeek]]:
    """The bar below a cell: one output, drawn anew as it moves.

    Rich would need ipywidgets for that, and leave nothing in the file of the notebook.
    """
    from IPython.display import DisplayHandle

    said: list[str] = []
    bar = Bar(said.append, auto_refresh=False)
    handle, shown = DisplayHandle(), -math.inf  # when, in seconds

    def show(pause: float = CELL_PAUSE) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown > pause:
            (handle.update if shown > 0 else handle.display)(_looks(said, bar.drawn), metadata=CELL_MARK, raw=True)
            shown = now

    def told(state: Progress) -> None:
        bar.told(state)
        show()

    def lived(country: Country) -> None:
        bar.lived(country)
        show()

    try:
        yield told, lived
    finally:
        if shown > 0:
            show(pause=0.0)


def _looks(said: list[str], drawn: RichProgress) -> dict[str, str]:
    """What is said and the bar, as text and as HTML."""
    import io

    from rich.console import Console

    console = Console(
        file=io.StringIO(), record=True, width=CELL_WIDTH, force_terminal=True, color_system="truecolor",
        force_jupyter=False,
    )  # fmt: skip
    for line in said:
        console.print(line, highlight=False, markup=False)
    console.print(drawn.get_renderable())
    html = console.export_html(
        clear=False,
        inline_styles=True,
        code_format='<pre style="line-height: 1.3; font-family: monospace">{code}</pre>',
    )
    return {"text/plain": console.export_text().rstrip(), "text/html": html}
