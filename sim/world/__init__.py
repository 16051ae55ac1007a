"""The world: the grid of Mali, the calendar and the tables of facts. Nothing here changes during a run."""
