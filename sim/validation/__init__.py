"""what the model gives beside what was recorded."""
