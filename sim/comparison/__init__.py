"""finished runs in, numbers out."""
