"""Figures: each is one call that returns a matplotlib `Figure`, and `saving.save` keeps it."""
