"""Figures: maps, time series and effects, each one call that returns a matplotlib `Figure`, and `save` to
keep them; tables for the terminal; the report; the page in the browser.

    from sim.views import about, map_record, save

    save(map_record(records, "joined_per_100k"), "joined.png", about(records))

Names are imported when first asked for: `sim.views.tables` must not bring matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.views.figures.costs import plot_cost_effect
    from sim.views.figures.effects import plot_attribution, plot_batch, plot_effects, plot_shares
    from sim.views.figures.maps import map_cells, map_effect, map_record, map_regions
    from sim.views.figures.saving import save
    from sim.views.figures.series import plot_effects_over_time, plot_series
    from sim.views.figures.sweeps import heat_map, plot_indices, plot_line, sweep_figures, tornado
    from sim.views.runs import about, about_batch, about_sweep

__all__ = [
    "about",
    "about_batch",
    "about_sweep",
    "heat_map",
    "map_cells",
    "map_effect",
    "map_record",
    "map_regions",
    "plot_attribution",
    "plot_batch",
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

_HOMES = {
    "figures.costs": ("plot_cost_effect",),
    "figures.effects": ("plot_attribution", "plot_batch", "plot_effects", "plot_shares"),
    "figures.maps": ("map_cells", "map_effect", "map_record", "map_regions"),
    "figures.saving": ("save",),
    "figures.series": ("plot_effects_over_time", "plot_series"),
    "figures.sweeps": ("heat_map", "plot_indices", "plot_line", "sweep_figures", "tornado"),
    "runs": ("about", "about_batch", "about_sweep"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"sim.views.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'sim.views' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
