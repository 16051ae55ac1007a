"""What is said to a user whose input cannot be used: where, what, and what to do instead.

>>> str(InputError("coverage is 12; it is a share between 0 and 1", file="mopti.yaml", line=9))
'mopti.yaml, line 9: coverage is 12; it is a share between 0 and 1'
>>> nearest("regoins", ["regions", "start", "end"])
"; did you mean 'regions'?"
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from os import PathLike

ALIKE = 0.6
"""How alike two names must be (difflib's ratio, 0..1) for one to be offered for the other; its choice."""


class InputError(Exception):
    """Something a user wrote cannot be used; the command line prints it and ends with exit code 2.

    Parameters
    ----------
    message : str
        What is wrong, what is allowed, and the nearest valid name.
    file : path or str, optional
        Where it stands: a file, or the command-line option.
    line : int, optional
        Line in that file, counted from 1.
    """

    def __init__(self, message: str, *, file: str | PathLike[str] | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line

    def __str__(self) -> str:
        if self.file is None:
            return self.message
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.message}"

    @classmethod
    def of(cls, problems: list[InputError]) -> InputError:
        """One error for several problems, a line for each; a single problem stays itself."""
        return problems[0] if len(problems) == 1 else cls("\n".join(map(str, problems)))


def plain(name: str) -> str:
    """A name without accents, capitals, outer blanks, and with one kind of dash and blank, for comparing.

    >>> plain(" Ségou ") == plain("SEGOU")
    True
    """
    letters = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(c for c in letters if not unicodedata.combining(c)).replace("-", "_").replace(" ", "_")


def nearest(name: object, allowed: Iterable[str]) -> str:
    """The end of a message that offers the nearest valid name, or nothing when none is near.

    Parameters
    ----------
    name : object
        What the user wrote.
    allowed : iterable of str
        The names that would have been right.
    """
    by_plain = {plain(right): right for right in allowed}
    close = get_close_matches(plain(str(name)[:100]), by_plain, n=1, cutoff=ALIKE)
    return f"; did you mean {by_plain[close[0]]!r}?" if close else ""
