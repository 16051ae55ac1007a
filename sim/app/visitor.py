"""What one visitor sees and does: two worlds, the results that belong to them, and what is under way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import solara

from sim.app import choice, costs, limits
from sim.app.desk import Asked, Desk
from sim.app.results import LAYERS, Results
from sim.engine.errors import InputError, visible
from sim.languages import LANGUAGES, current, digits, tr, use
from sim.scenario import Scenario
from sim.views.words import count

BUDGET = 20_000.0  # million XOF
SIDES = ("A", "B")
PAGES = {"en": "English", "fr": "Français"}
"""The languages of the page; reports are in Arabic, too."""


class Visitor:
    """The state of one visitor. Every field is reactive: the parts of the page that show it follow it.

    Attributes
    ----------
    worlds : tuple of Scenario
        A and B.
    side : str
        The world that the cards change.
    asked : Asked or None
        The comparison under way.
    found : Results or None
        The results that are shown; they may belong to an earlier choice.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk, self.base = desk, desk.settings.base
        self.worlds = solara.reactive((self.base, self.base))
        self.side = solara.reactive("B")
        self.budget = solara.reactive(BUDGET)
        self.language = solara.reactive(language if (language := current()) in PAGES else "fr")
        self.layer = solara.reactive(next(iter(LAYERS)))
        self.target = solara.reactive(limits.USUAL)  # per cent: the effect for which the size is told
        self.asked: solara.Reactive[Asked | None] = solara.reactive(None)
        self.found: solara.Reactive[Results | None] = solara.reactive(None)
        self.news = solara.reactive(0)
        self.problem, self.note = solara.reactive(""), solara.reactive("")

    # --- choosing -----------------------------------------------------------------------------------------

    @property
    def world(self) -> Scenario:
        """The world that the cards change."""
        return self.worlds.value[SIDES.index(self.side.value)]

    @property
    def stale(self) -> bool:
        """Whether the results shown belong to another choice than the one shown."""
        return self.found.value is not None and not self.found.value.belong_to(*self.worlds.value)

    def change(self, what: Mapping[str, Any]) -> None:
        """Switch a measure on or off, or change one of its settings."""
        key, setting, value = str(what.get("key")), str(what.get("setting")), what.get("value")
        if setting == "on":
            self._choose(lambda: choice.switched(self.world, key, bool(value), self.base))
        else:
            self._choose(lambda: choice.changed(self.world, key, setting, value, self.base))

    def upload(self, file: Mapping[str, Any]) -> None:
        """Take the scenario in a file that the visitor sent."""

        note = ""

        def read() -> Scenario:
            nonlocal note
            size = file.get("size", 0)
            if not isinstance(size, int) or size > choice.LARGEST_FILE:
                raise InputError(
                    tr(
                        "the file has {size} bytes; a scenario file has at most {largest_file}",
                        size=digits(size, ",") if isinstance(size, int) else visible(str(size)),
                        largest_file=digits(choice.LARGEST_FILE, ","),
                    )
                )
            scenario, note = choice.read(str(file.get("name", "")), str(file.get("text", "")), self.base)
            return scenario

        self._choose(read)
        if not self.problem.value:
            self.note.value = note

    def start_again(self) -> None:
        """Both worlds as at the beginning."""
        self._settle((self.base, self.base))

    def _choose(self, make: Callable[[], Scenario]) -> None:
        self.note.value = self.problem.value = ""
        try:
            with use(self.language.value):
                made = make()
        except InputError as error:
            self.problem.value = str(error)
            return
        first, second = self.worlds.value
        self._settle((made, second) if self.side.value == "A" else (first, made))

    def _settle(self, worlds: tuple[Scenario, Scenario]) -> None:
        """Take a new choice at once: runs for another are left, and what is known of this one is shown."""
        if (worlds[0].digest, worlds[1].digest) == tuple(world.digest for world in self.worlds.value):
            return
        self.leave()
        self.worlds.value = worlds
        known = self.desk.known(*worlds)
        if known is not None:
            self.found.value = known

    # --- comparing ----------------------------------------------------------------------------------------

    def compare(self, break_even: bool = False) -> None:
        """Ask for the runs of the choice; for the break-even those at the ceiling as well."""
        self.problem.value = self.note.value = ""
        self.leave()
        try:
            with use(self.language.value):
                asked = self.desk.ask(*self.worlds.value, break_even)
        except InputError as error:
            self.problem.value = str(error)
            return
        self.asked.value = asked
        # Solara gives a thread that begins here the context of this visitor.
        threading.Thread(target=self._follow, args=[asked], name="kumakan-follow", daemon=True).start()

    def leave(self) -> None:
        """Look at the comparison under way no more."""
        if self.asked.value is not None:
            self.desk.leave(self.asked.value)
            self.asked.value = None

    def _follow(self, asked: Asked) -> None:
        """Show what comes in of a comparison, until all is there or it is no longer looked at."""
        seen = -1
        while self.asked.value is asked:
            news = asked.wait(seen, 0.5)
            if news == seen:
                continue
            seen = news
            over, here = asked.over, asked.results  # in this order: what comes while this is shown is not missed
            if here is not None and here is not self.found.value and here.belong_to(*self.worlds.value):
                self.found.value = here
            self.news.value += 1
            if over:
                return

    # --- in words -----------------------------------------------------------------------------------------

    def report(self, language: str = "") -> str:
        """The report of the results that are shown, as HTML, in the language of the page or another."""
        assert self.found.value is not None
        with use(language if language in LANGUAGES else self.language.value):
            return self.desk.report(self.found.value)

    def speak(self, language: Any) -> None:
        """Speak another language, one of those that are offered."""
        if language in PAGES:
            self.language.value = str(language)

    def status(self) -> str:
        """How far the comparison under way is."""
        asked = self.asked.value
        if asked is None:
            return ""
        if asked.state == "failed":
            return tr("The runs failed: {error}", error=asked.error)
        runs = len(asked.worlds) * self.desk.settings.pairs
        if asked.state == "waiting" and not asked.runs_done:
            ahead = self.desk.ahead(asked)
            return (
                tr("Waiting for {ahead} of other visitors.", ahead=count(ahead, "comparison"))
                if ahead
                else tr("Starting.")
            )
        if asked.state == "done":
            return tr("All {runs} runs are there.", runs=runs)
        compiling = tr(" The program is being compiled, which takes a few minutes, once.") if asked.compiles else ""
        return tr(
            "{runs_done} of {runs} runs are there.{compiling}",
            runs_done=asked.runs_done,
            runs=runs,
            compiling=compiling,
        )

    def cost_in_words(self) -> str:
        """What the world that the cards change costs."""
        return costs.told(self.world)

    def against_budget(self) -> tuple[str, bool]:
        """How the cost of that world stands to the budget, and whether it is over it."""
        budget, spent = self.budget.value * 1e6, costs.chosen(self.world).total
        return costs.against(budget, spent), spent > budget

    def aim(self, target: Any) -> None:
        """Another effect to reach, one of those that are offered."""
        if target in limits.TARGETS:
            self.target.value = int(target)

    def set_budget(self, value: Any) -> None:
        """A new budget, in million XOF."""
        self.budget.value = max(0.0, float(value or 0))
