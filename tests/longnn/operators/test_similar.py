"""D^-r A D^(r-1), self-loops, and operators whose spectrum is not known, against dense matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

from longnn import Graph, filter, normalized_adjacency
from longnn.operators.matrix import spectral_bounds, symmetric_operator
from longnn.operators.similar import similar_operator
from polybases import jacobi, weighted_sum

pytestmark = pytest.mark.device

RNG = np.random.default_rng(0)
EDGES = RNG.integers(0, 40, (90, 2))
GRAPH = Graph.from_edges(EDGES, 45)  # with isolated nodes
X = jnp.asarray(RNG.normal(size=(45, 3)), jnp.float32)
THETA = jnp.asarray(RNG.normal(size=(6, 3)), jnp.float32)


def dense(r: float) -> np.ndarray:
    a = np.zeros((45, 45))
    a[GRAPH.receivers, GRAPH.senders] = 1
    degree = np.maximum(a.sum(axis=1), 1)
    return degree[:, None] ** -r * a * degree ** (r - 1)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["auto", "csr", "segment_sum"])
@pytest.mark.parametrize("r", [0.0, 0.3, 0.5, 1.0])
def test_powers_of_the_degree(r, backend):
    operator = similar_operator(normalized_adjacency(GRAPH, backend=backend), GRAPH, r)
    p = jnp.asarray(dense(r), jnp.float32)
    np.testing.assert_allclose(operator.matvec(X), p @ X, atol=1e-5)
    basis = jacobi(5, 0.5, -0.25)

    def loss(call, theta, x):
        return jnp.sum(jnp.sin(call(theta, x)))

    ours = jax.value_and_grad(loss, (1, 2))(lambda t, x: filter(operator, basis, t, x), THETA, X)
    plain = jax.value_and_grad(loss, (1, 2))(
        lambda t, x: weighted_sum(basis, t, lambda s: p @ s, x), THETA, X
    )
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-4)


def test_r_is_checked():
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\], got 1.5"):
        similar_operator(normalized_adjacency(GRAPH), GRAPH, 1.5)


@pytest.mark.parametrize("steps", [5, 30, 200])
def test_bounds_hold_the_spectrum(steps):
    for scale in (1.0, 30.0):
        m = RNG.normal(size=(80, 80)) * scale
        m = (m + m.T) / 2
        low, high = spectral_bounds(scipy.sparse.csr_array(m), steps)
        exact = np.linalg.eigvalsh(m)
        assert low <= exact[0] + 1e-9 * scale
        assert high >= exact[-1] - 1e-9 * scale
        if steps == 200:
            np.testing.assert_allclose((low, high), exact[[0, -1]], rtol=1e-6)


def test_any_symmetric_matrix_is_moved_into_the_interval():
    laplacian = scipy.sparse.csr_array(np.diag(np.full(45, 3.0)) - 2 * dense(0.5))
    operator, (low, high) = symmetric_operator(laplacian)
    middle, half = (high + low) / 2, (high - low) / 2
    expected = (laplacian @ np.asarray(X) - middle * X) / half
    np.testing.assert_allclose(operator.matvec(X), expected, atol=1e-5)
    spectrum = np.linalg.eigvalsh((laplacian.toarray() - middle * np.eye(45)) / half)
    assert spectrum.min() >= -1 - 1e-9
    assert spectrum.max() <= 1 + 1e-9
    same, bounds = symmetric_operator(scipy.sparse.csr_array(dense(0.5)))
    assert bounds == (-1, 1)
    np.testing.assert_allclose(same.matvec(X), dense(0.5) @ X, atol=1e-5)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), "square matrix"),
        (np.array([[0.0, 1], [0, 0]]), "differ from their mirror by 1"),
        (np.array([[np.nan, 0], [0, 0]]), "finite entries"),
        (np.diag([0.0, 5]), r"outside \[-1, 1\]"),
    ],
)
def test_unfit_matrices(matrix, message):
    with pytest.raises(ValueError, match=message):
        symmetric_operator(scipy.sparse.coo_array(matrix), rescale=False)
