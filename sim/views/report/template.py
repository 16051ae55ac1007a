"""The templates of the pages, and how names are written in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from sim.languages import colon, current, rightwards, semicolon, tr, trn


def template(name: str) -> Template:
    """A template of this folder; what is put into it is escaped, and a name may break behind an underscore."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {
        "tr": _text,
        "trn": _counted,
        "looked_up": tr,
        "semicolon": semicolon(),
        "colon": colon(),
        "language": current(),
        "rightwards": rightwards(),
    }
    environment.filters["name"] = lambda text: Markup(str(escape(text)).replace("_", "_<wbr>"))
    return environment.get_template(name)


def _text(text: str, /, **values: Any) -> Markup:
    """A text of a template in the language spoken here: it may hold tags, and the values are escaped."""
    return Markup(tr(text)).format(**values) if values else Markup(tr(text))


def _counted(one: str, several: str, n: int, /) -> Markup:
    return Markup(trn(one, several, n))
