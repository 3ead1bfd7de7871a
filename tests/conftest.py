"""Shared set-up: double precision, no network, real-data tests where the files are."""

import importlib.util
import itertools
import os
import socket
from typing import Any

import jax
import pytest

from tests import typecheck

if typecheck.ON:
    typecheck.install()

from longnn.experiments.jobs.compiled import release_compiled

jax.config.update("jax_enable_x64", True)
# a GPU would multiply float32 matrices with ten bits, those of the oracles too
jax.config.update("jax_default_matmul_precision", "highest")

_connect = socket.socket.connect


def _local_only(self: socket.socket, address: Any) -> None:
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise AssertionError(f"a test tried to reach {address}; tests use no network")
    _connect(self, address)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _local_only)


_seen = itertools.count()


@pytest.fixture(autouse=True)
def _maps_left() -> None:
    """The programs of thousands of tests would use up the memory maps of a process.

    To count the maps takes as long as a small test, so not every one looks.
    """
    if next(_seen) % 20 == 0:
        release_compiled(0.25)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects tests of what is missing: LONGNN_DATA_DIR, PyTorch, jax's compiler for CUDA.

    And those of the engines (tests/engines), which are asked for with LONGNN_ENGINES=1.

    pytest's summary line counts them.
    """
    there = {
        "data": bool(os.environ.get("LONGNN_DATA_DIR")),
        "torch": importlib.util.find_spec("torch") is not None,
        "engines": os.environ.get("LONGNN_ENGINES") == "1",
        "cuda": importlib.util.find_spec("jax_cuda12_plugin") is not None,
    }
    missing = [marker for marker, available in there.items() if not available]
    needing = [item for item in items if any(map(item.get_closest_marker, missing))]
    config.hook.pytest_deselected(items=needing)
    items[:] = [item for item in items if item not in needing]
