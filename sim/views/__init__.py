"""Figures: maps, time series and effects, each one call that returns a matplotlib `Figure`, and `save` to
keep them.

    from sim.views import about, map_record, save

    save(map_record(records, "joined_per_100k"), "joined.png", about(records))
"""

from sim.views.effects import plot_effects
from sim.views.maps import map_cells, map_record, map_regions
from sim.views.save import save
from sim.views.series import plot_series
from sim.views.sheet import about

__all__ = ["about", "map_cells", "map_record", "map_regions", "plot_effects", "plot_series", "save"]
