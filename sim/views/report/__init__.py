"""A comparison as one page that needs nothing else: question, answer, effects, maps, harm, doubt, and how to repeat it.

The page is laid out in `report.html`; what it says is worked out here. The same runs give the same page, to the last
byte.
"""

from sim.views.report.page import page, report
from sim.views.report.reading import Comparison, comparison

__all__ = ["Comparison", "comparison", "page", "report"]
