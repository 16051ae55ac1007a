"""Figures: maps, time series and effects, each one call that returns a matplotlib `Figure`, and `save` to
keep them; tables for the terminal.

    from sim.views import about, map_record, save

    save(map_record(records, "joined_per_100k"), "joined.png", about(records))

Names are imported when first asked for: `sim.views.tables` must not bring matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.views.effects import plot_attribution, plot_effects, plot_shares
    from sim.views.maps import map_cells, map_effect, map_record, map_regions
    from sim.views.saving import save
    from sim.views.series import plot_effects_over_time, plot_series
    from sim.views.sheet import about
    from sim.views.sweeps import heat_map, plot_cost_effect, plot_indices, plot_line, sweep_figures, tornado

_HOMES = {
    "about": "sheet",
    "heat_map": "sweeps",
    "map_cells": "maps",
    "map_effect": "maps",
    "map_record": "maps",
    "map_regions": "maps",
    "plot_attribution": "effects",
    "plot_cost_effect": "sweeps",
    "plot_effects": "effects",
    "plot_effects_over_time": "series",
    "plot_indices": "sweeps",
    "plot_line": "sweeps",
    "plot_series": "series",
    "plot_shares": "effects",
    "save": "saving",
    "sweep_figures": "sweeps",
    "tornado": "sweeps",
}

__all__ = [
    "about",
    "heat_map",
    "map_cells",
    "map_effect",
    "map_record",
    "map_regions",
    "plot_attribution",
    "plot_cost_effect",
    "plot_effects",
    "plot_effects_over_time",
    "plot_indices",
    "plot_line",
    "plot_series",
    "plot_shares",
    "save",
    "sweep_figures",
    "tornado",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sim.views' has no attribute {name!r}")
    value = getattr(import_module(f"sim.views.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
