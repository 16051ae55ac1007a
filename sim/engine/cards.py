"""How an object shows itself in a notebook: a title, a few facts, a small table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape


def card(
    title: str,
    facts: Mapping[str, object],
    columns: Sequence[str] = (),
    rows: Iterable[Sequence[object]] = (),
) -> str:
    """HTML of a title, a line for each fact, and a table; all texts are escaped.

    >>> card("A & B", {"Seed": 1})
    '<div><strong>A &amp; B</strong><br>Seed: 1</div>'
    """
    lines = [f"<strong>{_text(title)}</strong>", *(f"{_text(name)}: {_text(fact)}" for name, fact in facts.items())]
    head = "".join(f"<th>{_text(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""
    return f"<div>{'<br>'.join(lines)}{table}</div>"


def _text(value: object) -> str:
    return escape(str(value)).replace("\n", "<br>")
