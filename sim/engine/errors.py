"""The error for input that cannot be used. It says where the input stands, what is wrong, and what to write instead.

>>> str(InputError("coverage is 12; it must be a share between 0 and 1", file="mopti.yaml", line=9))
'mopti.yaml, line 9: coverage is 12; it must be a share between 0 and 1'
>>> nearest("regoins", ["regions", "start", "end"])
"; did you mean 'regions'?"
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from os import PathLike

from sim.languages import ENGLISH, current, tr

ALIKE = 0.6
"""How similar two names must be (difflib's ratio, 0..1) for one to be suggested; difflib's own default."""


class InputError(Exception):
    """Input that cannot be used. The command line prints the message and exits with code 2.

    Control characters in the message and the file name are shown as escapes, so that a terminal does not obey them.

    Parameters
    ----------
    message : str
        What is wrong, what is allowed, and the nearest valid name.
    file : path or str, optional
        Where the input stands: a file, or a command-line option.
    line : int, optional
        Line in that file, counted from 1.
    """

    def __init__(self, message: str, *, file: str | PathLike[str] | None = None, line: int | None = None) -> None:
        self.message = "\n".join(map(visible, _plain_spaces(message).split("\n")))
        super().__init__(self.message)
        self.file = None if file is None else visible(str(file))
        self.line = line

    def __str__(self) -> str:
        if self.file is None:
            return self.message
        place = self.file if self.line is None else tr("{file}, line {line}", file=self.file, line=self.line)
        return f"{place}: {self.message}"

    @classmethod
    def of(cls, problems: list[InputError]) -> InputError:
        """One error for several problems, one line each; a single problem is returned as it is."""
        return problems[0] if len(problems) == 1 else cls("\n".join(map(str, problems)))


def _plain_spaces(message: str) -> str:
    """A message without the hard spaces that other languages than English have before signs and in numbers."""
    return message if current() == ENGLISH else message.replace("\u00a0", " ").replace("\u202f", " ")


def in_words(error: OSError) -> str:
    """What failed around the program: a disk, a folder, a connection.

    >>> in_words(OSError(28, "No space left on device", "runs/a.parquet"))
    'No space left on device: runs/a.parquet'
    """
    where = "" if error.filename is None else f": {error.filename}"
    return visible(f"{error.strerror or error or type(error).__name__}{where}")


def visible(text: str) -> str:
    """A text on one line, with everything that a terminal would act on written as an escape.

    >>> visible("a\\x1b[2J\\u202eb")
    'a\\\\x1b[2J\\\\u202eb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def harmless(text: str) -> str:
    """A text of any number of lines in which nothing is left that a terminal would obey; hard spaces stay as they are.

    >>> harmless("50\\xa0%\\nb\\x1b[2J")
    '50\\xa0%\\nb\\\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(c if c == "\n" or unicodedata.category(c) == "Zs" else visible(c) for c in text.expandtabs())


def plain(name: str) -> str:
    """A name for comparison: lower case, without accents or outer blanks, and with "_" for dashes and blanks.

    >>> plain(" Ségou ") == plain("SEGOU")
    True
    """
    letters = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(c for c in letters if not unicodedata.combining(c)).replace("-", "_").replace(" ", "_")


def nearest(name: object, allowed: Iterable[str]) -> str:
    """The end of a message that suggests the nearest valid name; empty if no name is near.

    Parameters
    ----------
    name : object
        What the user wrote.
    allowed : iterable of str
        The valid names.
    """
    by_plain = {plain(right): right for right in allowed}
    close = get_close_matches(plain(str(name)[:100]), by_plain, n=1, cutoff=ALIKE)
    return tr("; did you mean {by_plain}?", by_plain=repr(by_plain[close[0]])) if close else ""
