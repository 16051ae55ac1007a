"""The ground floor: keyed luck, compiled loops, errors."""
