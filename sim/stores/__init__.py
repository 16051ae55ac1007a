"""where runs are kept."""
