"""Fitting filters to known responses: ``longnn approximate``."""
