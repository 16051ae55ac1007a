"""The measures: one file each, found by their key."""

from __future__ import annotations

from importlib import import_module
from inspect import getmembers, isabstract, isclass
from pkgutil import iter_modules

from sim.measures.base import Delivered, Measure


def _own() -> dict[str, type[Measure]]:
    """Every measure of a file of this package, sorted by key."""
    found: dict[str, type[Measure]] = {}
    for file in iter_modules(__path__, f"{__name__}."):
        for _, one in getmembers(import_module(file.name), isclass):
            if issubclass(one, Measure) and not isabstract(one) and one.__module__ == file.name:
                found[one.key] = one
    return dict(sorted(found.items()))


MEASURES: dict[str, type[Measure]] = _own()

__all__ = ["MEASURES", "Delivered", "Measure"]
