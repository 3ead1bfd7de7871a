"""Shared set-up: double precision, and real-data tests that run where the files are."""

import os

import jax
import pytest

jax.config.update("jax_enable_x64", True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects ``data`` tests without LONGNN_DATA_DIR; pytest's summary line counts them."""
    if os.environ.get("LONGNN_DATA_DIR"):
        return
    needing = [item for item in items if item.get_closest_marker("data")]
    config.hook.pytest_deselected(items=needing)
    items[:] = [item for item in items if not item.get_closest_marker("data")]
