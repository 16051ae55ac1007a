"""Keep the translations in step with the program: `python docs/make_catalogues.py`.

It collects every text that is marked in the code and the templates, and those that stand in data (titles of measures,
outcomes, scenarios, help of the commands), brings `sim/locale/*/LC_MESSAGES/kumakan.po` up to date, and compiles them.
The translated pages get the code blocks of their originals.
Texts that are new have an empty translation then: fill them in and run it again. With `--check` it changes nothing and
says what is not as it should be.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SIM = ROOT / "sim"
BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
KEYWORDS = {"tr": None, "mark": None, "trn": (1, 2), "within": ((1, "c"), 2)}
METHODS = [("**.py", "python"), ("views/report/*.html", "jinja2.ext.babel_extract")]
TRANSLATED = ("fr", "ar")
PAGES = {
    "README.fr.md": "README.md", "README.ar.md": "README.md", "docs/scenarios.fr.md": "docs/scenarios.md"
}  # fmt: skip
"""Pages that are translations, and of which."""


def marked() -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    """Where a text stands, the text (or both forms of it), and its context."""
    found = extract_from_dir(str(SIM), METHODS, {"**": {"trimmed": "true"}}, KEYWORDS)
    for file, _, text, _, context in found:
        yield file, text, context


def in_data() -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    """The texts that stand in data, not in the code."""
    from sim.app.costs import _what
    from sim.calibration.targets import targets
    from sim.cli import kumakan
    from sim.comparison import outcomes, table, verdicts, worth
    from sim.comparison.worlds import NO_VERDICT
    from sim.engine.places import read
    from sim.forecasts.ensemble import VERSIONS
    from sim.forecasts.judge import CHOSEN, MODELS
    from sim.forecasts.naive import NAIVE
    from sim.languages import NOUNS
    from sim.measures import MEASURES
    from sim.parameters import QUALITIES, rows
    from sim.processes.record import observables
    from sim.shipped import names
    from sim.speaking import ALIKE
    from sim.stories import parting
    from sim.validation.targets import FORECASTS, TARGETS
    from sim.views import words
    from sim.views.results import SERIES
    from sim.views.tables.scenarios import SUMMARY
    from sim.world import facts

    for unit in ("XOF", "USD", "SD", "0..1", "persons", "events", "imams", "youths", "attacks"):
        yield "processes/record.py", unit, None
    yield "speaking.py", ALIKE, None
    for target in TARGETS:
        for text in (words.without_names(target.pattern)[0], target.unit, target.source, target.note):
            yield "validation/targets.py", text, None
    for forecast in (*FORECASTS, *VERSIONS, *MODELS, CHOSEN, *NAIVE):
        yield "views/tables/forecasts.py", forecast, None
    for row in targets():
        yield "calibration/targets.csv", words.without_names(row.pattern)[0], None
    for actor in (*facts.groups(), *facts.forces()):
        yield "world/facts.py", actor.name, None
    for word in ("all", "parameter", "group", "force", "measure"):
        yield "settings.py", word, None
    units = [row.unit for row in (*rows().values(), *(s for measure in MEASURES.values() for s in measure.settings()))]
    for unit in dict.fromkeys(units):  # of the axes of sweeps
        yield "views/figures/sweeps.py", unit, None
    for noun in NOUNS:
        yield "languages.py", (f"{{n}} {noun}", f"{{n}} {noun}s"), None
    for outcome in outcomes.OUTCOMES.values():
        yield from ((
            "comparison/outcomes.py", text, None) for text in (outcome.label, outcome.spared, outcome.group) if text
        )  # fmt: skip
    for text in (
        *verdicts.VERDICTS, worth.AT_A_COST, worth.CHEAPER, worth.WORSE, worth.NOT_SHOWN, NO_VERDICT, table.LEFT_OUT,
        table.CHANGED, "done", "failed",
    ):  # fmt: skip
        yield "comparison/verdicts.py", text, None
    for text in (*parting.CHANGES.values(), *parting.CHANGES, *filter(None, parting.BECAUSE.values())):
        yield "stories/parting.py", text, None
    for quality in QUALITIES:
        yield "parameters.py", quality, None
    for observable in observables([], {}):
        if observable.name in (*SUMMARY, *SERIES):
            yield "processes/record.py", outcomes.in_words(observable.name), None
            yield "processes/record.py", observable.unit, None
        if observable.name in SERIES:
            yield "processes/record.py", observable.meaning, None
    for measure in MEASURES.values():
        yield "titles of measures", measure.title, None
        yield "titles of measures", measure.delivers, None
        yield "what measures are", _what(measure), None
    for name, file in names().items():
        yield f"scenarios/{name}", str(read(file).data.get("description", "")).strip(), None
    yield from ((f"help of {name}", text, None) for name, text in helps(kumakan))


def helps(command: object, name: str = "kumakan") -> Iterator[tuple[str, str]]:
    """The help texts of a command, its options and its commands."""
    from sim.speaking import EXAMPLE, paragraphs

    for text in paragraphs(command.help):
        if EXAMPLE not in text:
            yield name, text
    for parameter in command.params:
        if getattr(parameter, "help", None):
            yield name, parameter.help
    for inner, below in getattr(command, "commands", {}).items():
        yield from helps(below, f"{name} {inner}")


def collected() -> Catalog:
    """All texts, without translations."""
    found = Catalog(project="kumakan", charset="utf-8", fuzzy=False)
    places: dict[tuple[str | tuple[str, ...], str | None], set[str]] = {}
    for place, text, context in (*marked(), *in_data()):
        if text and text != ("", ""):
            places.setdefault((text, context), set()).add(place)
    for (text, context), where in places.items():
        found.add(text, context=context, locations=[(place, None) for place in sorted(where)])
    return found


def kept(language: str) -> Catalog:
    """The catalogue of a language as it is."""
    with file_of(language, "po").open("rb") as file:
        return read_po(file, locale=language, domain="kumakan")


def renewed(language: str, texts: Catalog) -> Catalog:
    """The same with all texts of the program and no others."""
    before = kept(language) if file_of(language, "po").exists() else Catalog()
    found = Catalog(locale=language, project="kumakan", charset="utf-8", fuzzy=False, header_comment=HEADER)
    if language == "fr":  # as gettext has it; Babel counts a form of its own for millions
        found._num_plurals, found._plural_expr = 2, "(n > 1)"  # type: ignore[attr-defined]
    for message in texts:
        if message.id:
            old = before.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
            string = old.string if old is not None and type(old.id) is type(message.id) else ""
            found.add(message.id, string or None, locations=message.locations, context=message.context)
    return found


UNKNOWN = tuple(f'"{name}'.encode() for name in (
    "POT-Creation-Date", "PO-Revision-Date", "Generated-By", "Last-Translator", "Language-Team", "Report-Msgid-Bugs-To",
    "Project-Id-Version",
))  # fmt: skip
"""What a header says of dates and persons."""
HEADER = "# Texts of kumakan. docs/languages.md says how to add and mend them, docs/make_catalogues.py keeps the list."


def file_of(language: str, ending: str) -> Path:
    """The catalogue of a language: "po" to read and write, "mo" for the program."""
    return SIM / "locale" / language / "LC_MESSAGES" / f"kumakan.{ending}"


def written(catalog: Catalog) -> tuple[bytes, bytes]:
    """A catalogue as the bytes of its two files; they hold no date, so that the same texts give the same bytes."""
    both = io.BytesIO(), io.BytesIO()
    write_po(both[0], catalog, width=120, sort_by_file=False, omit_header=False, include_lineno=False)
    lines = both[0].getvalue().split(b"\n")
    po = b"\n".join(line for line in lines if not line.startswith(UNKNOWN))
    again = read_po(io.BytesIO(po), locale=catalog.locale)
    again.creation_date = again.revision_date = datetime(2000, 1, 1, tzinfo=UTC)
    write_mo(both[1], again)
    return po, both[1].getvalue()


def with_blocks(translated: str, english: str) -> str:
    """A translation of the README with the code blocks of the README."""
    blocks = iter(BLOCK.findall(english))
    return BLOCK.sub(lambda _: next(blocks), translated)


def main(arguments: Iterable[str]) -> int:
    """Bring the catalogues up to date, or only check them."""
    check, texts, wrong = "--check" in arguments, collected(), 0
    for language in TRANSLATED:
        catalog = renewed(language, texts)
        missing = [m for m in catalog if m.id and not all(m.string if isinstance(m.string, tuple) else [m.string])]
        print(f"{language}: {len(catalog)} texts, {len(missing)} without translation")
        wrong += bool(missing)
        for ending, content in zip(("po", "mo"), written(catalog), strict=True):
            file = file_of(language, ending)
            if check:
                wrong += not file.exists() or file.read_bytes() != content
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
    for page, original in PAGES.items():
        text, english = ((ROOT / name).read_text(encoding="utf-8") for name in (page, original))
        wrong += with_blocks(text, english) != text
        if not check:
            (ROOT / page).write_text(with_blocks(text, english), encoding="utf-8")
    return int(bool(check and wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
