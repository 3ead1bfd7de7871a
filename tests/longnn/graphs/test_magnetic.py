"""The magnetic Laplacian, against its definition written out and numpy.linalg.eigh."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longnn.filters import filter
from longnn.graphs import magnetic_laplacian
from polybases import chebyshev, legendre, on_interval, weighted_sum

N, K = 6, 4
RNG = np.random.default_rng(0)
EDGES = np.array([[0, 1], [1, 2], [2, 0], [2, 3], [3, 2], [4, 0]])  # node 5 is isolated
WEIGHTS = RNG.uniform(0.5, 2, len(EDGES))
X = RNG.normal(size=(N, 2)) + 1j * RNG.normal(size=(N, 2))
THETA = RNG.normal(size=K + 1)
BASIS = on_interval(legendre(K), 0, 2)


def dense(q, weights):
    A = np.zeros((N, N))
    A[EDGES[:, 0], EDGES[:, 1]] = weights
    symmetric = (A + A.T) / 2
    degree = symmetric.sum(1)
    scale = np.where(degree > 0, np.maximum(degree, 1e-300) ** -0.5, 0)
    return np.eye(N) - scale[:, None] * symmetric * scale * np.exp(2j * np.pi * q * (A - A.T))


@pytest.mark.parametrize("q", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_product_equals_the_definition(q, weights):
    L = magnetic_laplacian(EDGES, N, q, weights, dtype=jnp.float64)
    expected = dense(q, np.ones(len(EDGES)) if weights is None else weights)
    np.testing.assert_allclose(jax.jit(lambda x: L.matvec(x))(X), expected @ X, atol=1e-14)
    assert np.allclose(expected, expected.conj().T)
    eigenvalues = np.linalg.eigvalsh(expected)
    assert eigenvalues.min() > -1e-12
    assert eigenvalues.max() < 2 + 1e-12


def exact(q, theta, x):
    values, vectors = np.linalg.eigh(dense(q, np.ones(len(EDGES))))
    response = np.polynomial.legendre.legvander(values - 1, K) * np.sqrt(np.arange(K + 1) + 0.5)
    return vectors @ ((response @ theta)[:, None] * (vectors.conj().T @ x))


@pytest.mark.parametrize("q", [0.0, 0.2])
def test_filter_and_its_gradient_equal_the_eigendecomposition(q):
    L = magnetic_laplacian(EDGES, N, q, dtype=jnp.float64)
    np.testing.assert_allclose(filter(L, BASIS, THETA, X), exact(q, THETA, X), atol=1e-12)
    energy = lambda t, x: jnp.sum(jnp.abs(filter(L, BASIS, t, x)) ** 2)  # noqa: E731
    dtheta, dx = jax.jit(jax.grad(energy, (0, 1)))(THETA, X)
    image = exact(q, THETA, X)
    terms = [exact(q, unit, X) for unit in np.eye(K + 1)]
    np.testing.assert_allclose(dtheta, [2 * np.vdot(image, t).real for t in terms], rtol=1e-10)
    # jax gives the conjugate of the direction of steepest ascent
    np.testing.assert_allclose(dx, 2 * exact(q, THETA, image).conj(), atol=1e-10)


def test_derivative_in_q():
    """Through weighted_sum, against a difference of eigendecompositions."""
    L = magnetic_laplacian(EDGES, N, 0.2, dtype=jnp.float64)

    def energy(q):
        moved = weighted_sum(BASIS, THETA, replace(L, q=q), X)
        return jnp.sum(jnp.abs(moved) ** 2 * np.arange(N)[:, None])

    value = lambda q: np.sum(np.abs(exact(q, THETA, X)) ** 2 * np.arange(N)[:, None])  # noqa: E731
    expected = (value(0.2 + 1e-5) - value(0.2 - 1e-5)) / 2e-5
    assert float(jax.grad(energy)(0.2)) == pytest.approx(expected, rel=1e-7)
    with pytest.raises(ValueError, match="gives no derivative in its operator"):
        jax.grad(lambda q: jnp.sum(jnp.abs(filter(replace(L, q=q), BASIS, THETA, X))))(0.2)


def test_real_signal_is_refused():
    L = magnetic_laplacian(EDGES, N, 0.2)
    for apply in (L.matvec, lambda x: filter(L, chebyshev(K), THETA, x)):
        with pytest.raises(ValueError, match="complex signal"):
            apply(jnp.ones((N, 2), jnp.float32))


@pytest.mark.parametrize(
    ("edges", "weights", "message"),
    [
        ([[0, 6]], None, r"node indices must lie in \[0, 6\)"),
        ([[0, 1]], [0.0], "finite and positive"),
        ([0, 1], None, r"edges must have shape \[E, 2\]"),
    ],
)
def test_errors(edges, weights, message):
    with pytest.raises(ValueError, match=message):
        magnetic_laplacian(np.array(edges), N, 0.2, weights and np.array(weights))
