"""The templates of the pages, and how names are written in them."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape


def template(name: str) -> Template:
    """A template of this folder; what is put into it is escaped, and a name may break behind an underscore."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["name"] = lambda text: Markup(str(escape(text)).replace("_", "_<wbr>"))
    return environment.get_template(name)
