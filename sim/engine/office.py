"""What word processors, spreadsheets and French keyboards leave in a file, and how it should be written instead.

Nothing is read differently because of it: a value is refused as before, with the right spelling in the message. And
tables for spreadsheets, in which no text is taken for a formula.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Any

from sim.languages import tr

if TYPE_CHECKING:
    import pandas as pd

QUOTES = "'\"’‘“”«»"
WORDS = {"oui": "true", "vrai": "true", "non": "false", "faux": "false"}
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How a file begins that Windows saved as "Unicode"."""
LONGEST = 40  # letters of a number or date that is worth a suggestion


def bare_number(text: str, low: float, high: float, whole: bool) -> str:
    """The advice to write "5 %", "0,5" or "3 weeks" as a bare number, with that number if it is allowed.

    >>> bare_number("0,5", 0, 1, False)
    '; write the number alone, without unit or quotes: 0.5'
    """
    compact = re.sub(rf"[\s_{QUOTES}]", "", text.replace("−", "-")) if len(text) <= LONGEST else ""
    found = re.fullmatch(r"([-+]?\d*[.,]?\d+(?:[eE][-+]?\d+)?)(\D*)", compact)
    if not found or (not whole and re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", found[1])):
        return (
            tr("; write a decimal point, and no commas") if found else ""
        )  # 1,000 is one in French, a thousand in English
    thousands = whole and re.fullmatch(r"[-+]?\d{1,3},\d{3}", found[1])
    value = float(found[1].replace(",", "" if thousands else "."))
    if found[2].startswith("%"):
        value /= 100
    if not (math.isfinite(value) and low <= value <= high) or (whole and value != int(value)):
        return tr("; write the number alone, without unit or quotes")
    bare = str(int(value)) if value == int(value) else f"{value:.12g}"
    return tr("; write the number alone, without unit or quotes: {bare}", bare=bare)


def iso_day(text: str) -> str:
    """A date as it should be written; empty if the text is no date. In 05/03/2012 the day comes first.

    >>> iso_day("05/03/2012"), iso_day("2012-3-5"), iso_day("soon")
    ('2012-03-05', '2012-03-05', '')
    """
    compact = re.sub(rf"[{QUOTES}]", "", text).strip() if len(text) <= LONGEST else ""
    found = re.fullmatch(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})(?:[ T]\d.*)?", compact, re.ASCII)
    if not found:
        return ""
    first, month, last = map(int, found.groups())
    year, day = (first, last) if len(found[1]) == 4 else (last, first)
    if month > 12 >= day:
        month, day = day, month
    try:
        return date(year, month, day).isoformat() if year > 1000 else ""
    except ValueError:
        return ""


def hidden(text: str) -> str:
    """The first hard space or invisible character of a text, as U+00A0; empty if it has none."""
    found = next((c for c in text if c != " " and unicodedata.category(c) in ("Zs", "Cf")), "")
    return f"U+{ord(found):04X}" if found else ""


def without_hidden(text: str) -> str:
    """The text with plain spaces for hard ones, and without what cannot be seen."""
    return "".join(
        " " if (kind := unicodedata.category(c)) == "Zs" else "" if kind == "Cf" else c for c in text
    ).strip()


def slip(lines: list[str], place: int) -> tuple[int, str]:
    """Where and why lines are not YAML, if an editor has left something there; otherwise the place and no text.

    The line before counts as well: without a plain space behind its colon, it goes on in this one.
    """
    here, before = ("".join(lines[k : k + 1]) for k in (place, max(place - 1, 0)))
    if "\t" in here:
        return place, tr("has a tab; write spaces instead")
    for k, text in ((place, here), (place - 1, "".join(re.findall(r":\s", before)))):
        if where := hidden(text):
            return k, tr("has a hard space or an invisible character ({where}); write plain spaces", where=where)
    return place, ""


# --- tables for spreadsheets --------------------------------------------------------------------------------


def guarded(cell: Any) -> Any:
    """A cell that a spreadsheet shows and does not obey: a text that would be a formula gets an apostrophe before it.

    >>> guarded("=HYPERLINK(1)"), guarded("-3.5"), guarded(-3.5)
    ("'=HYPERLINK(1)", '-3.5', -3.5)
    """
    if not isinstance(cell, str) or not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def as_csv(table: pd.DataFrame) -> str:
    """A table as CSV for people and programs."""
    texts = {str(name): table[name].map(guarded) for name in table if table[name].dtype.kind == "O"}
    return str(table.assign(**texts).to_csv(index=False))
