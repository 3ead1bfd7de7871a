"""Measurements: run a file with ``python -m benchmarks.<name>`` from the repository root."""
