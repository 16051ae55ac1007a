"""the same persons in two runs."""
