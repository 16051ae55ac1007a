"""In what else than their measures two scenarios differ: parameters, armed groups, forces, period, population.

The difference between such scenarios is not the effect of the measures alone, so it is told wherever effects are. So is
a population too coarse for a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.languages import digits, tr
from sim.parameters import rows

BLOCKS = {"parameters": 1, "groups": 2, "forces": 2}
"""The blocks of a scenario that change the world, and how deep their values lie."""
PLAIN = ("start", "end", "persons_per_youth", "draws_from")
UNCHANGED = {"enabled": True, "scale": 1.0}
"""Values of a group or force that change nothing."""
NO_VERDICT = "too coarse for a verdict"
MOST = 5  # differences that are written out

World = Mapping[str, Any]
"""Path -> value, of everything that a scenario sets besides its measures."""


def world(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a scenario sets besides its measures, from its settings as plain data.

    >>> world({"name": "a", "end": "2014-12-28", "parameters": {"h0": 0.02}, "forces": {"army": {"scale": 2.0}}})
    {'end': '2014-12-28', 'parameters.h0': 0.02, 'forces.army.scale': 2.0}
    """
    found: dict[str, Any] = {key: settings[key] for key in PLAIN if key in settings}
    for block, depth in BLOCKS.items():
        for key, value in settings.get(block, {}).items():
            if depth == 1:
                found[f"{block}.{key}"] = value
                continue
            for inner, one in value.items():
                if inner not in UNCHANGED or UNCHANGED[inner] != one:
                    found[f"{block}.{key}.{inner}"] = one
    return found


def differences(ours: World, theirs: World, drawn: bool = False) -> dict[str, tuple[str, str]]:
    """Each path in which two worlds differ, with both values in words.

    >>> differences({"parameters.h0": 0.5}, {"parameters.h0": 0.4})
    {'parameters.h0': ('0.5', '0.4')}
    """
    found = {}
    for path in [*ours, *(path for path in theirs if path not in ours)]:
        mine, other = (_in_words(path, side, drawn) for side in (ours, theirs))
        if mine != other:
            found[path] = mine, other
    return found


def sentence(found: Mapping[str, tuple[str, str]], baseline: str) -> str:
    """The differences as a line of text; empty if there are none.

    >>> sentence({"parameters.h0": ("0.5", "0.4")}, "base")
    'parameters.h0 is 0.5 (base: 0.4)'
    """
    texts = [
        tr("{path} is {mine} ({baseline}: {other})", path=path, mine=mine, baseline=baseline, other=other)
        for path, (mine, other) in found.items()
    ]
    more = len(texts) - MOST
    return "; ".join([*texts[:MOST], *([tr("and {more} more", more=more)] if more > 0 else [])])


def too_coarse(about: Mapping[str, Any]) -> str:
    """Why a run, by what its record says of it, has too few youths for a verdict; empty if it has enough.

    >>> too_coarse({"scenario": {"persons_per_youth": 500}})
    '500 persons per youth; verdicts hold up to 200'
    >>> too_coarse({"scenario": {"persons_per_youth": 100}})
    ''
    """
    most = about.get("parameters", {}).get("coarsest_verdict", rows()["coarsest_verdict"].value)
    each = about.get("scenario", {}).get("persons_per_youth", 0)
    return (
        tr("{each} persons per youth; verdicts hold up to {most}", each=digits(each, ","), most=digits(most, "g"))
        if each > most
        else ""
    )


def _in_words(path: str, side: World, drawn: bool) -> str:
    if path in side:
        value = side[path]
        return f"{value:g}" if isinstance(value, float) else _plain(value)
    row = rows().get(path.removeprefix("parameters."))
    if row is None or not path.startswith("parameters."):
        return tr("not changed")
    return "drawn" if drawn and row.drawn else f"{row.value:g}"


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value)) or "none"
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
