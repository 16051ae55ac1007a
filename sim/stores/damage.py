"""Damaged files of a store: who reads is told, who makes runs sets them aside and makes their runs again.

STORE/damaged/           the files, each under the name that it had
STORE/damaged/why.jsonl  a line for each of them: what was wrong with it, and when it was found
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sim.engine.errors import InputError
from sim.languages import tr
from sim.stores.files import Files, now


class Damaged(InputError):
    """A file of a store that cannot be used.

    Attributes
    ----------
    name, why : str
        The file, relative to the store, and what is wrong with it.
    """

    def __init__(self, place: str, name: str, why: str) -> None:
        self.name, self.why = name, why
        super().__init__(
            tr(
                "{place}/{name} is damaged: {why}. `kumakan store tidy {place2}` sets it aside; then the "
                "command that made its runs makes them again",
                place=place,
                name=name,
                why=why,
                place2=place,
            )
        )


class Damage:
    """What is done about the damaged files of a store.

    Attributes
    ----------
    mends : bool
        Whether damaged files are set aside; whoever only reads changes nothing.
    found : list of str
        The files that were set aside, with the reasons.
    seen : dict
        All files that were found to be damaged, each with what is wrong with it.
    left : list of str
        Files that dead processes left behind; they are removed where damaged files are set aside.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self.mends = False
        self.found: list[str] = []
        self.seen: dict[str, str] = {}
        self.left: list[str] = []

    def met(self, name: str, why: object, others: Sequence[str] = ()) -> Damaged:
        """The error for a damaged file; it is set aside first, with `others` that are of no use without it."""
        problem = Damaged(self.files.place, name, " ".join(str(why).split()))
        self.seen.setdefault(name, problem.why)
        if self.mends:
            moved = [one for one in dict.fromkeys((name, *others)) if self.files.set_aside(one)]
            if moved:
                line = {"at": now(), "file": name, "why": problem.why, "moved": moved}
                self.files.add_line("damaged/why.jsonl", json.dumps(line, ensure_ascii=False))
                self.found.append(
                    tr(
                        "{name} was damaged ({why}) and is now in {at}",
                        name=name,
                        why=problem.why,
                        at=self.files.at("damaged"),
                    )
                )
        return problem

    def left_over(self, name: str) -> None:
        """A file that is of no use to anybody."""
        self.left.append(name)
        if self.mends:
            self.files.remove(name)

    @contextmanager
    def watched(self, name: str, others: Sequence[str] = ()) -> Iterator[None]:
        """Whatever is raised while a file is read says that it is damaged, unless it is gone or the machine fails.

        Raises
        ------
        Damaged
        """
        try:
            yield
        except (Damaged, MemoryError):
            raise
        except Exception as problem:  # damaged files make libraries raise anything
            if isinstance(problem, OSError) and problem.errno is not None:
                raise
            raise self.met(name, problem, others) from None
