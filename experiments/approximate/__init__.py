"""``longnn approximate``: polynomial filters are fitted to known responses."""
