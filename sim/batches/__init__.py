"""many runs, made and kept."""
