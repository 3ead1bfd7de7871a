"""Operators of directed graphs, against dense matrices, numpy.linalg.eigh and numpy.linalg.svd."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longnn.filters import filter
from longnn.graphs import Digraph, Graph
from longnn.operators import (
    directions_operator,
    magnetic_operator,
    normalized_adjacency,
    side_by_side,
)
from polybases import legendre, weighted_sum
from tests.backends import BACKENDS

N, C, K = 9, 3, 5
RNG = np.random.default_rng(0)
EDGES = np.array(
    [[0, 1], [1, 2], [2, 0], [2, 3], [3, 2], [4, 0], [5, 5], [5, 6], [6, 7], [7, 5], [0, 7], [7, 0]]
)  # two mutual pairs, a loop; node 8 is isolated, node 4 has no incoming edge
WEIGHTS = RNG.uniform(0.5, 2, len(EDGES))
X = RNG.normal(size=(N, C))
THETA = RNG.normal(size=(K + 1, C))
each_backend = pytest.mark.parametrize("backend", BACKENDS)


def digraph(weights=None) -> Digraph:
    return Digraph.from_edges(EDGES, N, weights, self_loops="keep")


def adjacency(weights) -> np.ndarray:
    A = np.zeros((N, N))
    A[EDGES[:, 0], EDGES[:, 1]] = np.ones(len(EDGES)) if weights is None else weights
    return A


def inverse_root(degree) -> np.ndarray:
    return np.where(degree > 0, np.maximum(degree, 1e-300) ** -0.5, 0)


def hermitian(q, weights) -> np.ndarray:
    """I - L of MagNet, equations 1 to 3; rows of isolated nodes are zero."""
    A = adjacency(weights)
    scale = inverse_root((A + A.T).sum(1) / 2)
    return scale[:, None] * (A + A.T) / 2 * scale * np.exp(2j * np.pi * q * (A - A.T))


def forwards(weights) -> np.ndarray:
    A = adjacency(weights)
    return inverse_root(A.sum(1))[:, None] * A * inverse_root(A.sum(0))


def responses(x) -> np.ndarray:
    """[..., K+1] orthonormal Legendre polynomials."""
    return np.polynomial.legendre.legvander(x, K) * np.sqrt(np.arange(K + 1) + 0.5)


def of_magnet(q, weights, theta=THETA, x=X) -> np.ndarray:
    """Real and imaginary parts of the filtered signals, side by side."""
    values, vectors = np.linalg.eigh(hermitian(q, weights))
    y = vectors @ ((responses(values) @ theta) * (vectors.conj().T @ x))
    return np.concatenate([y.real, y.imag], axis=1)


def of_directions(weights) -> np.ndarray:
    """By singular vectors: even powers go there and back, odd ones end on the other side."""
    left, sizes, right = np.linalg.svd(forwards(weights))
    up, down = (responses(s) @ THETA for s in (sizes, -sizes))
    even, odd = (up + down) / 2, (up - down) / 2
    out = left @ (even * (left.T @ X) + odd * (right @ X))
    into = right.T @ (even * (right @ X) + odd * (left.T @ X))
    return np.concatenate([out, into], axis=1)


def filtered(operator, theta=THETA, x=X):
    pair = operator.pair(jnp.asarray(x))
    return side_by_side(filter(operator.symmetric, legendre(K, dtype=x.dtype), theta, pair))


@each_backend
@pytest.mark.parametrize(("weights", "q"), [(None, 0.25), (WEIGHTS, 0.1)])
def test_magnetic_filter_equals_the_eigendecomposition(backend, weights, q):
    operator = magnetic_operator(digraph(weights), q, backend=backend, dtype=jnp.float64)
    np.testing.assert_allclose(jax.jit(filtered)(operator), of_magnet(q, weights), atol=1e-12)
    # every column of the matrix, without a polynomial
    real, imaginary = np.split(np.asarray(operator.matvec(jnp.eye(2 * N))), 2)
    expected = hermitian(q, weights)
    np.testing.assert_allclose(real, np.hstack([expected.real, -expected.imag]), atol=1e-14)
    np.testing.assert_allclose(imaginary, np.hstack([expected.imag, expected.real]), atol=1e-14)
    eigenvalues = np.linalg.eigvalsh(expected)
    assert -1 - 1e-12 < eigenvalues.min() < eigenvalues.max() < 1 + 1e-12


@each_backend
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["ones", "weights"])
def test_directions_filter_equals_the_singular_value_decomposition(backend, weights):
    operator = directions_operator(digraph(weights), backend=backend, dtype=jnp.float64)
    np.testing.assert_allclose(jax.jit(filtered)(operator), of_directions(weights), atol=1e-12)
    M = forwards(weights)
    expected = np.concatenate([M @ X, M.T @ X], axis=1)
    both = side_by_side(operator.matvec(operator.pair(jnp.asarray(X))))
    np.testing.assert_allclose(both, expected, atol=1e-14)
    assert np.linalg.svd(M)[1].max() < 1 + 1e-12


@each_backend
def test_without_charge_directions_are_forgotten(backend):
    operator = magnetic_operator(digraph(), 0.0, backend=backend, dtype=jnp.float64)
    graph = Graph.from_edges(EDGES, N, directions="sum", self_loops="keep")
    twice = np.where(graph.senders == graph.receivers, 2, 1)  # A + A^T has loops twice
    weights = np.ones(len(twice)) if graph.weights is None else graph.weights
    summed = normalized_adjacency(replace(graph, weights=weights * twice), dtype=jnp.float64)
    expected = filter(summed, legendre(K, dtype=jnp.float64), THETA, X)
    real, imaginary = np.split(np.asarray(filtered(operator)), 2, axis=1)
    np.testing.assert_allclose(real, expected, atol=1e-13)
    assert not imaginary.any()


@pytest.mark.parametrize("make", [magnetic_operator, directions_operator])
@each_backend
def test_float32_and_batches(make, backend):
    """In float32 as in float64, and a batch of signals as each of them alone."""
    both = (make(digraph(WEIGHTS), backend=backend, dtype=d) for d in ("float64", "float32"))
    exact, operator = both
    x = X.astype(np.float32)
    got = filtered(operator, THETA.astype(np.float32), x)
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, filtered(exact), atol=2e-5)
    many = np.stack([X, 2 * X + 1, X[::-1]])
    thetas = np.stack([THETA, THETA[::-1], -THETA])
    together = jax.jit(jax.vmap(lambda t, x: filtered(exact, t, x)))(thetas, many)
    alone = np.stack([filtered(exact, *pair) for pair in zip(thetas, many, strict=True)])
    np.testing.assert_allclose(together, alone, atol=1e-13)


@pytest.mark.parametrize("make", [magnetic_operator, directions_operator])
@each_backend
def test_products_may_round_what_they_read(make, backend):
    both = (make(digraph(WEIGHTS), backend=backend, precision=p) for p in ("full", "mixed"))
    full, mixed = (op.matvec(op.pair(jnp.asarray(X, "float32"))) for op in both)
    np.testing.assert_allclose(mixed, full, atol=0.02)
    assert np.abs(mixed - full).max() > 1e-4


def test_both_directions_in_another_order_of_nodes():
    operator = directions_operator(digraph(WEIGHTS), order="rcm", dtype=jnp.float64)
    np.testing.assert_allclose(filtered(operator), of_directions(WEIGHTS), atol=1e-12)


@pytest.mark.parametrize("backend", ["segment_sum", "bucketed"])
def test_derivative_in_the_charge(backend):
    operator = magnetic_operator(digraph(WEIGHTS), 0.2, backend=backend, dtype=jnp.float64)
    basis, parts = legendre(K, dtype=jnp.float64), RNG.normal(size=(N, 2 * C))

    def loss(q):
        at = replace(operator, charge=q).symmetric
        y = weighted_sum(basis, THETA, at.matvec, operator.pair(jnp.asarray(X)))
        return jnp.sum(side_by_side(y) * parts)

    value = lambda q: np.sum(of_magnet(q, WEIGHTS) * parts)  # noqa: E731
    expected = (value(0.2 + 1e-5) - value(0.2 - 1e-5)) / 2e-5
    assert float(jax.jit(jax.grad(loss))(0.2)) == pytest.approx(expected, rel=1e-6)
    assert abs(expected) > 0.1


def test_charges_share_one_program():
    traced = []

    @jax.jit
    def program(operator):
        traced.append(operator)
        return filtered(operator)

    first = magnetic_operator(digraph(), 0.1, dtype=jnp.float64)
    for q in (0.1, 0.2):
        operator = replace(first, charge=jnp.asarray(q))
        np.testing.assert_allclose(program(operator), of_magnet(q, None), atol=1e-12)
    assert len(traced) == 1


def test_no_gradient_in_the_charge_by_the_filters_rule():
    operator = magnetic_operator(digraph(), 0.1, backend="segment_sum", dtype=jnp.float64)
    with pytest.raises(ValueError, match="weighted_sum"):
        jax.grad(lambda q: jnp.sum(filtered(replace(operator, charge=q))))(0.1)


@pytest.mark.parametrize("make", [magnetic_operator, directions_operator])
def test_signals_of_another_graph_are_refused(make):
    operator = make(digraph())
    with pytest.raises(ValueError, match=f"N = {N}, got"):
        operator.pair(jnp.ones((N + 1, 2)))
    with pytest.raises(ValueError, match="unknown backend 'x'"):
        make(digraph(), backend="x")
    with pytest.raises(ValueError, match="unknown precision 'x'"):
        make(digraph(), precision="x")
