"""Fitting filters to known responses: ``python -m experiments.approximate``."""
