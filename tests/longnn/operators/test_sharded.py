"""The operator with nodes over eight simulated devices."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType

from longnn.graphs import Graph, shift_matrix
from longnn.operators import sharded_operator
from longnn.operators.native import status
from tests.backends import NATIVE
from tests.simulated import on_eight

RING = Graph.from_edges(np.array([[i, (i + 1) % 6] for i in range(6)]), 6)
BACKENDS = ["csr", "segment_sum", *NATIVE]
BEST = "native" if status().active else "csr"


@cache
def found(backend: str, *more: str) -> dict[str, Any]:
    """What the program prints."""
    return on_eight("tests.longnn.operators.over_devices", backend, *more)


def check(case: dict[str, Any]) -> None:
    """All differences are of rounding."""
    numbers = {name: value for name, value in case.items() if name != "collectives"}
    assert len(numbers) >= 3
    assert max(numbers.values()) < 1e-12, numbers


def check_exchange(case: dict[str, Any]) -> None:
    """Boundary rows go from device to device, and sums; nothing is gathered."""
    counts = dict(case["collectives"])
    assert counts.pop("collective-permute") > 0
    assert counts.pop("all-reduce") > 0
    assert set(counts.values()) == {0}


def test_eight_devices_equal_a_dense_matrix():
    case = found(BEST)
    check(case["nodes"])
    check_exchange(case["nodes"])
    assert case["explicit axes"] < 1e-6
    check(case["nodes and runs"])
    check_exchange(case["nodes and runs"])


@pytest.mark.slow
@pytest.mark.parametrize("backend", [b for b in BACKENDS if b != BEST])
def test_every_backend(backend):
    check(found(backend)["nodes"])
    check(found(backend)["nodes and runs"])


@pytest.mark.slow
def test_derivatives_of_every_order():
    case = found(BEST, "all")
    check(case["derivatives"])
    check(case["transformations"])
    check(case["one"])
    assert sum(case["one"]["collectives"].values()) == 0


def mesh(*names: str) -> jax.sharding.Mesh:
    """One device."""
    return jax.make_mesh((1,) * len(names), names, (AxisType.Auto,) * len(names))


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_device(backend):
    S = sharded_operator(RING, mesh("nodes"), backend=backend)
    x = np.random.default_rng(0).normal(size=(6, 2))
    got = S.matvec(jnp.asarray(x, jnp.float32))
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, shift_matrix(RING) @ x, atol=1e-6)


def test_mixed_precision_rounds_what_is_read():
    S = sharded_operator(RING, mesh("nodes"), precision="mixed", backend="segment_sum")
    x = jnp.linspace(1, 2, 6)
    rounded = np.asarray(x.astype(jnp.bfloat16), np.float64)
    np.testing.assert_allclose(S.matvec(x), shift_matrix(RING) @ rounded, rtol=1e-6)


def test_entries_have_no_derivative():
    S = sharded_operator(RING, mesh("nodes"))
    product = lambda S: jnp.sum(S.matvec(jnp.ones(6)))  # noqa: E731
    with pytest.raises(ValueError, match="gives no derivative in its entries"):
        jax.grad(product, allow_int=True)(S)


def test_bad_input():
    with pytest.raises(ValueError, match=r"axes \('x',\), expected one called 'nodes'; make it"):
        sharded_operator(RING, mesh("x"))
    with pytest.raises(ValueError, match="'bucketed' makes another program for each device"):
        sharded_operator(RING, mesh("nodes"), backend="bucketed")
    with pytest.raises(ValueError, match=r"N = 6, got \(5, 2\)"):
        sharded_operator(RING, mesh("nodes")).matvec(jnp.ones((5, 2)))
    three = jax.sharding.AbstractMesh((4,), ("nodes",))
    with pytest.raises(ValueError, match="6 nodes do not make 4 equal blocks; take the graph of"):
        sharded_operator(RING, three)  # type: ignore[arg-type]
