"""Tables for the terminal: what a comparison found, a run gave, a scenario would do, and what can be set.

Tables of sweeps, stories and validation stand in modules of their own.
"""

from sim.views.tables.comparison import show_attribution, show_effects, show_failures, show_needed
from sim.views.tables.layout import PLAIN_WIDTH, console
from sim.views.tables.scenarios import (
    list_measures,
    show_measures,
    show_parameter,
    show_parameters,
    show_preview,
    show_record,
)
from sim.views.tables.verdicts import show_verdicts

__all__ = [
    "PLAIN_WIDTH",
    "console",
    "list_measures",
    "show_attribution",
    "show_effects",
    "show_failures",
    "show_measures",
    "show_needed",
    "show_parameter",
    "show_parameters",
    "show_preview",
    "show_record",
    "show_verdicts",
]
