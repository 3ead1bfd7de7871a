"""The device and the precision that a process computes in."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import jax

from longnn.doctor import device_problem

LOG = logging.getLogger(__name__)


def check_device() -> None:
    """Raises ValueError where the environment asks jax for a device that is not here."""
    problem = device_problem()
    if problem is not None:
        raise ValueError(problem)


@contextmanager
def computing_in(dtype: str) -> Iterator[None]:
    """Switches jax's 64-bit numbers on for float64 and off for float32, and back at the end.

    A run thus gives the same numbers whatever the environment says.

    Args:
        dtype: the setting of that name.
    """
    before = bool(jax.config.read("jax_enable_x64"))
    if before and dtype == "float32" and os.environ.get("JAX_ENABLE_X64"):
        _tell()
    jax.config.update("jax_enable_x64", dtype == "float64")
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


@cache
def _tell() -> None:
    """Once in a process."""
    LOG.warning("JAX_ENABLE_X64 changes nothing: dtype=float32 is computed; set dtype=float64")
