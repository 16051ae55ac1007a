"""Forecasts of attacks by region: naive ones, the ensemble of worlds, their files and their scores."""
