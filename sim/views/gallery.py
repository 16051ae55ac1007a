"""The figures that a comparison can draw, each with its job, and which of them are drawn."""

from __future__ import annotations

from collections.abc import Iterable

from sim.engine.errors import InputError, nearest
from sim.languages import mark, tr

FIGURES = {
    "effects": mark("what each scenario changed in Mali, the ledger of harm, and what was delivered"),
    "effects_by_region": mark("where it changed: the same by region, for four outcomes"),
    "effects_over_time": mark("when it changed: differences from the baseline, week by week"),
    "shares": mark("how often it helped, harmed or did nothing"),
    "cost_joined": mark("what it costs, beside its effect on joining"),
    "map_joined_per_100k": mark("where people join, by cell and by region"),
    "map_effect_joined": mark("where each scenario changed joining, as a map of its own"),
    "map_insecurity": mark("where people feel threatened, by cell and by region"),
    "map_attacks": mark("where attacks happen, by cell and by region"),
    "map_reach": mark("where clips are seen, of scenarios that have them"),
    "series_joined": mark("who joins week by week, by region"),
    "series_attacks": mark("attacks week by week, by region"),
    "series_members": mark("members of armed groups week by week, by region"),
    "series_trust": mark("trust in the security forces week by week, by region"),
}
"""Name of a figure -> its job. Maps are drawn for each scenario, each in a file of its own."""

USUAL = ("effects", "effects_by_region", "effects_over_time", "shares", "cost_joined", "map_joined_per_100k")
"""What is drawn by default: six figures, as of the last one only the map of the baseline."""


def chosen(asked: Iterable[str]) -> tuple[str, ...] | None:
    """The figures that are asked for, by name or as "all"; None if none is, which means the usual ones.

    >>> chosen(["shares, map_reach"]), chosen([])
    (('shares', 'map_reach'), None)

    Raises
    ------
    InputError
        For a name that no figure has.
    """
    names = list(dict.fromkeys(name.strip() for text in asked for name in text.split(",") if name.strip()))
    for name in names:
        if name not in FIGURES and name != "all":
            raise InputError(
                tr(
                    "there is no figure {name}{nearest}; there are all, {figures}",
                    name=repr(name),
                    nearest=nearest(name, [*FIGURES, "all"]),
                    figures=", ".join(FIGURES),
                )
            )
    return (tuple(FIGURES) if "all" in names else tuple(names)) or None
