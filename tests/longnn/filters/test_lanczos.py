"""Filters in the Lanczos vectors of their own signal, on every backend."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType
from jax.sharding import PartitionSpec as P

from longnn.filters import lanczos
from longnn.filters.lanczos import lanczos_filter
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency
from longnn.operators.native import status
from polybases import OptBasis
from tests.backends import BACKENDS

pytestmark = pytest.mark.device

N = 60


def plain(operator, theta, x):
    return jnp.sum(theta[:, None] * OptBasis(len(theta) - 1).expand(operator.matvec, x), axis=0)


def graph(nodes: int, weighted: bool) -> Graph:
    """The last node is isolated."""
    rng = np.random.default_rng(nodes)
    edges = rng.integers(0, nodes - 1, (4 * nodes, 2))
    return Graph.from_edges(edges, nodes, rng.uniform(0.5, 2, len(edges)) if weighted else None)


def case(nodes: int, width: int, order: int = 4) -> tuple[np.ndarray, ...]:
    """theta, x and the cotangent; a channel of zeros, and one whose Krylov space ends at once."""
    rng = np.random.default_rng(width)
    theta = rng.normal(size=(order + 1, width))
    x, g = rng.normal(size=(2, nodes, width))
    x[:, 1] = 0
    x[:, 2] = np.arange(nodes) == nodes - 1  # S x = 0
    return theta, x, g


def derived(one, operator, theta, x, g):
    """(value, dtheta, dx)."""
    value, pullback = jax.vjp(lambda t, h: one(operator, t, h), theta, x)
    return value, *pullback(g)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("width", [3, 40])  # half a vector; a whole panel and a part of one
def test_filter_and_its_gradients_equal_plain_differentiation(width, weighted, backend):
    operator = normalized_adjacency(graph(N, weighted), backend=backend, dtype=np.float64)
    theta, x, g = map(jnp.asarray, case(N, width))
    got, exact = (derived(one, operator, theta, x, g) for one in (lanczos_filter, plain))
    for a, b in zip(got, exact, strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_allclose(a, b, atol=1e-12 * np.abs(b).max())


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_members_of_a_batch_are_those_alone(backend):
    operator = normalized_adjacency(graph(N, False), backend=backend, dtype=np.float64)
    members = [np.stack([part, part + 1]) for part in case(N, 3)]
    together = jax.vmap(lambda *m: derived(lanczos_filter, operator, *m))(*map(jnp.array, members))
    for member in range(2):
        alone = derived(lanczos_filter, operator, *(jnp.array(part[member]) for part in members))
        for a, b in zip(alone, together, strict=True):
            np.testing.assert_allclose(a, b[member], atol=1e-12)


def penalty(one, operator, g):
    """A function of the gradient in theta and in x."""
    value = lambda theta, x: jnp.sum(g * jnp.sin(one(operator, theta, x)))  # noqa: E731
    slopes = jax.grad(value, (0, 1))
    return lambda theta, x: sum(jnp.sum(jnp.sin(slope)) for slope in slopes(theta, x))


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_of_gradients_equal_plain_differentiation(backend):
    operator = normalized_adjacency(graph(N, True), backend=backend, dtype=np.float64)
    theta, x, g = map(jnp.asarray, np.random.default_rng(0).normal(size=(3, N, 2)))
    got, exact = (
        jax.jit(jax.grad(penalty(one, operator, g), (0, 1)))(theta[:4], x)
        for one in (lanczos_filter, plain)
    )
    for a, b in zip(got, exact, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9 * np.abs(b).max())


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_exported_programs_hold_no_kernels(backend):
    operator = normalized_adjacency(graph(N, True), backend=backend, dtype=np.float64)
    program = jax.jit(lambda *point: derived(lanczos_filter, operator, *point))
    point = tuple(map(jnp.asarray, case(N, 3)))
    exported = jax.export.export(program)(*point)
    assert "@longnn_" not in exported.mlir_module()
    for a, b in zip(exported.call(*point), program(*point), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12 * np.abs(b).max())


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_columns_on_parts_of_a_mesh_sum_up_the_gradient_of_shared_weights(backend):
    operator = normalized_adjacency(graph(N, False), backend=backend, dtype=np.float64)
    theta, x, _ = map(jnp.asarray, case(N, 3))
    loss = lambda theta, x: jnp.sum(jnp.sin(lanczos_filter(operator, theta, x)))  # noqa: E731
    mesh = jax.make_mesh((1,), ("columns",), (AxisType.Auto,))
    parts = jax.shard_map(
        lambda *some: jax.lax.psum(loss(*some), "columns"),
        mesh=mesh,
        in_specs=(P(), P(None, "columns")),
        out_specs=P(),
    )
    got, exact = (jax.jit(jax.grad(f, (0, 1)))(theta[:, :1], x) for f in (parts, loss))
    for a, b in zip(got, exact, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12 * np.abs(b).max())


@pytest.mark.slow
def test_panels_of_columns_are_the_columns(monkeypatch):
    """In pure JAX, where the number of columns is no multiple of the panels'."""
    operator = normalized_adjacency(graph(N, False), backend="csr", dtype=np.float64)
    arguments = [jnp.asarray(a) for a in case(N, 40)]
    whole = derived(lanczos_filter, operator, *arguments)
    monkeypatch.setattr(lanczos, "PANEL", 16 * N)
    for a, b in zip(derived(lanczos_filter, operator, *arguments), whole, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.slow
@pytest.mark.skipif(not status().active, reason=status().reason)
@pytest.mark.parametrize("weighted", [False, True])
def test_all_threads_on_a_panel_beyond_the_nearest_caches(weighted):
    large = graph(30_000, weighted)
    theta, x, g = map(jnp.asarray, case(large.num_nodes, 40))
    got, exact = (
        derived(
            lanczos_filter, normalized_adjacency(large, backend=b, dtype=np.float64), theta, x, g
        )
        for b in ("native", "csr")
    )
    for a, b in zip(got, exact, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12 * np.abs(b).max())


def test_what_does_not_fit_is_refused():
    operator = normalized_adjacency(graph(N, False), dtype=np.float64)
    with pytest.raises(ValueError, match=r"theta must have shape \[K\+1, C\]"):
        lanczos_filter(operator, jnp.ones((3, 4)), jnp.ones((N, 3)))
    with pytest.raises(ValueError, match="no derivative in its operator"):
        jax.grad(
            lambda op: lanczos_filter(op, jnp.ones((3, 2)), jnp.ones((N, 2))).sum(), allow_int=True
        )(operator)
