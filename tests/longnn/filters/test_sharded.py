"""Filters inside ``jax.shard_map`` on eight simulated devices."""

from functools import cache

import jax
import numpy as np
import pytest
from jax.sharding import AxisType
from jax.sharding import PartitionSpec as P

from longnn.filters import filter
from polybases import legendre
from tests.backends import BACKENDS
from tests.longnn.filters.sharded import CASES, FUNCTIONS
from tests.oracles import symmetric_matrix
from tests.simulated import on_eight

OF_BACKEND = {backend: ["columns", "nodes"] for backend in BACKENDS} | {BACKENDS[-1]: list(CASES)}
"""The last, which has rules of its own where it is native, in every case."""


@cache
def differences(backend: str) -> dict[str, dict[str, float]]:
    """Of every case and function, relative to one device and a dense matrix."""
    return on_eight("tests.longnn.filters.sharded", backend, *OF_BACKEND[backend])


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("backend", "case"),
    [(backend, case) for backend, cases in OF_BACKEND.items() for case in cases],
)
def test_eight_devices_equal_one(backend, case, function):
    assert differences(backend)[case][function] < 1e-12


def on_mesh(function):
    """The function of a matrix and a signal, the matrix taken for a part of each device."""
    mesh = jax.make_mesh((1,), ("graphs",), (AxisType.Auto,))
    return jax.shard_map(function, mesh=mesh, in_specs=(P("graphs"), P()), out_specs=P("graphs"))


def test_an_operator_of_each_device_wants_signals_of_each_device():
    basis, theta, S, x = legendre(2), np.arange(3.0), symmetric_matrix(4), np.ones((4, 2))
    apply = lambda S, x: filter(lambda t: S @ t, basis, theta, x)  # noqa: E731
    marked = lambda S, x: apply(S, jax.lax.pcast(x, ("graphs",), to="varying"))  # noqa: E731
    with pytest.raises(ValueError, match=r"varies over the axes \['graphs'\].*mark x with jax.lax"):
        on_mesh(apply)(S, x)
    np.testing.assert_allclose(on_mesh(marked)(S, x), apply(S, x), rtol=1e-12)
