"""The world: the grid of Mali, its calendar, and the tables of facts. Nothing here changes during a run."""
