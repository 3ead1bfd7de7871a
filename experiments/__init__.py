"""Hydra entry points: runs, tables, comparisons. Knows polybases and longnn; nothing imports it."""
