"""Experiments: batches of runs, their folders, and paired effects."""
