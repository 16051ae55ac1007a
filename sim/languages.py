"""The language of texts, numbers and dates: English, French or Arabic.

A text stands in the code in English and is looked up where it is used, never at import, as in `tr("{n} of {all}", n=1,
all=2)`. A text that stands in a table or constant is only marked there, with `mark`, and looked up with `tr` where it
is shown. The translations are in `sim/locale/`; `docs/languages.md` says how to mend them. In English nothing is looked
up, and every number and date is written as Python writes it.

The language belongs to a thread or task, so that one process can serve several people in several languages.

>>> with use("fr"):
...     tr("people who joined"), digits(12345.6, ",.1f")
('personnes ayant rejoint un groupe', '12\\u202f345,6')
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gettext import GNUTranslations

LANGUAGES = ("en", "fr", "ar")
ENGLISH = "en"
LOCALE = Path(__file__).resolve().parent / "locale"
DOMAIN = "kumakan"
VARIABLE = "KUMAKAN_LANG"
VARIABLES = (VARIABLE, "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""What in the environment says the language; the first that is set decides."""
NUMBERS = {"fr": "fr_ML", "ar": "ar_MA"}
"""Whose numbers: Babel knows no Arabic of Mali; in the Maghreb, as in Mali, one writes 1.234,5 in European digits."""
DATES = {"fr": "fr_ML", "ar": "ar"}
"""Whose dates: with the names of months that all Arabic readers know."""
ISOLATE, END = "\u2066", "\u2069"
"""Around what is read from left to right within an Arabic line, such as an interval."""

_current: ContextVar[str | None] = ContextVar("language", default=None)


def current() -> str:
    """The language of this thread or task: the one in `use`, or that of the environment."""
    return _current.get() or of_environment(os.environ)


def of_environment(environment: Mapping[str, str]) -> str:
    """The language that the environment asks for; English where it asks for none that there is.

    >>> of_environment({"LANG": "fr_ML.UTF-8"}), of_environment({"LANG": "fr_ML", "LC_ALL": "C"})
    ('fr', 'en')
    >>> of_environment({"LANGUAGE": "bm:fr", "LANG": "bm_ML"}), of_environment({"KUMAKAN_LANG": "ar", "LANG": "fr_ML"})
    ('fr', 'ar')
    """
    for variable in VARIABLES:
        if asked := environment.get(variable):
            short = (name[:2].lower() for name in asked.split(":"))
            return next((name for name in short if name in LANGUAGES), ENGLISH)
    return ENGLISH


@contextmanager
def use(language: str, processes: bool = False) -> Iterator[None]:
    """Speak this language here, in this thread or task.

    Parameters
    ----------
    language : {"en", "fr", "ar"}
    processes : bool
        Whether processes that are begun meanwhile speak it as well.
    """
    if language not in LANGUAGES:
        raise ValueError(f"{language!r} is no language of kumakan; they are {', '.join(LANGUAGES)}")
    before, token = os.environ.get(VARIABLE), _current.set(language)
    if processes:
        os.environ[VARIABLE] = language
    try:
        yield
    finally:
        _current.reset(token)
        if processes and before is None:
            os.environ.pop(VARIABLE, None)
        elif processes and before is not None:
            os.environ[VARIABLE] = before


def mark(text: str) -> str:
    """The same text, marked for translation: for constants, which `tr` looks up where they are shown."""
    return text


def tr(text: str, /, **values: Any) -> str:
    """A text in the language spoken here, with values in place of the names in braces.

    Values are put in as they are: numbers and dates come from `digits`, `day` or `sim.views.words`.
    """
    language = current()
    if language != ENGLISH and text:
        text = translations(language).gettext(text)
    return text.format(**values) if values else text


def trn(one: str, several: str, n: int, /, **values: Any) -> str:
    """The same of a text with a number, in the form that the number takes; `{n}` stands for the number."""
    language = current()
    text = (one if n == 1 else several) if language == ENGLISH else translations(language).ngettext(one, several, n)
    return text.format(n=digits(n, ","), **values)


def within(context: str, text: str, /) -> str:
    """A word that other languages write in several ways, as it is written in this context.

    >>> within("of a measure", "off")
    'off'
    """
    language = current()
    return text if language == ENGLISH else translations(language).pgettext(context, text)


@cache
def translations(language: str) -> GNUTranslations:
    """The texts of a language."""
    from gettext import GNUTranslations

    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        return GNUTranslations(file)


# --- numbers and dates --------------------------------------------------------------------------------------


def digits(value: Any, form: str = "") -> str:
    """A number as Python writes it in this form, with the signs of the language.

    >>> digits(12345.6, ",.1f")
    '12,345.6'
    """
    text = local(format(value, form))
    return text.replace("%", "\u00a0%") if current() == "fr" else text


def local(number: str) -> str:
    """The same number with the signs of the language, from how English writes it."""
    language = current()
    return number if language == ENGLISH else number.translate(_signs(language))


def day(when: date | str) -> str:
    """A date in words; in English as ISO 8601 has it.

    >>> day(date(2014, 2, 17))
    '2014-02-17'
    """
    language = current()
    if language == ENGLISH:
        return str(when)
    from babel.dates import format_date

    when = date.fromisoformat(str(when)[:10])
    said = format_date(when, "long", locale=DATES[language])
    if language == "fr" and when.day == 1:
        said = f"1er{said.removeprefix('1')}"
    return said.replace(" ", "\u00a0")


@cache
def _signs(language: str) -> dict[int, str]:
    from babel import Locale

    symbols = Locale.parse(NUMBERS[language]).number_symbols["latn"]
    return str.maketrans({".": symbols["decimal"], ",": symbols["group"]})


def comma(numbers: bool = False) -> str:
    """What stands between the items of a list; in other languages numbers hold commas themselves."""
    language = current()
    if numbers and language != ENGLISH:
        return " ; " if language == "fr" else "\u061b "
    return "\u060c " if language == "ar" else ", "


def semicolon() -> str:
    """What stands between the parts of a sentence."""
    language = current()
    return "\u061b " if language == "ar" else "\u00a0; " if language == "fr" else "; "


def colon() -> str:
    """What stands between a heading and what it says."""
    return "\u00a0: " if current() == "fr" else ": "


# --- direction ----------------------------------------------------------------------------------------------


def rightwards() -> bool:
    """Whether lines begin at the right."""
    return current() == "ar"


def isolated(text: str) -> str:
    """A text that is read from left to right, such as "+5 [-12, +43]", kept in this order within an Arabic line."""
    return f"{ISOLATE}{text}{END}" if text and rightwards() else text


def bare(text: str) -> str:
    """The same text without the signs of `isolated`, for terminals."""
    return text.replace(ISOLATE, "").replace(END, "")


# --- counted nouns ------------------------------------------------------------------------------------------

NOUNS = (
    "run", "seed", "draw", "week", "person", "point", "scenario", "comparison", "baseline", "more point", "pair",
    "world", "case", "measure",
)  # fmt: skip
"""What is counted, each with an "s" for several."""


def counted(many: int, noun: str, shown: str | None = None) -> str:
    """A count with its noun; `shown` stands for the number if it is not written as such.

    >>> counted(1, "seed"), counted(1200, "run"), counted(3, "draw", "1-3")
    ('1 seed', '1,200 runs', '1-3 draws')
    """
    one, several = f"{{n}} {noun}", f"{{n}} {noun}s"  # of NOUNS
    text = trn(one, several, many)
    return text if shown is None else text.replace(digits(many, ","), shown, 1)
