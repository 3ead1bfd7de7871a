"""Loaders against files that were damaged at random; `python -m tests.fuzz --help`."""
