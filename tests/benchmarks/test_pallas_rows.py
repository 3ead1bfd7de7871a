"""The kernel, in interpret mode on a CPU, on rows without entries, a hub, and rests of blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.pallas_rows import PallasSweeps, pallas_rows
from longnn.filters import filter
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency
from polybases import jacobi, weighted_sum
from tests.longnn.filtering import assert_equal_slopes
from tests.oracles import dense_adjacency, dense_normalized, orthonormal_jacobi

K, N, W = 3, 23, 5
HUB = [(4, other) for other in range(N - 2) if other != 4]  # 20 entries; the last nodes have none
EDGES = np.array([*HUB, (0, 1), (1, 2), (2, 9), (9, 17), (0, 20)])
RNG = np.random.default_rng(0)
WEIGHTS = RNG.uniform(0.2, 2, len(EDGES))
DENSE = dense_normalized(dense_adjacency(EDGES, N, WEIGHTS))
THETA, (X, G) = RNG.normal(size=(K + 1, W)), RNG.normal(size=(2, N, W))
PLACE = 0.3, -0.2
ON_CPU = jax.default_backend() == "cpu"
pytestmark = [
    pytest.mark.device,
    pytest.mark.filterwarnings("ignore:The Pallas Triton backend:DeprecationWarning"),
]
ROWS = pytest.param(lambda rows: rows, id="rows", marks=pytest.mark.slow)
KINDS = pytest.mark.parametrize("kind", [ROWS, PallasSweeps])
DOUBLE = pytest.param(jnp.float64, 1e-11, marks=pytest.mark.slow)


def rows(dtype=jnp.float64, entries=8, lanes=4, interpret=ON_CPU):
    graph = Graph.from_edges(EDGES, N, WEIGHTS)
    plain = normalized_adjacency(graph, backend="segment_sum", dtype=dtype)
    return pallas_rows(plain, interpret=interpret, entries=entries, lanes=lanes)


@jax.jit
def both(S, theta, x, *place):
    """Values, and derivatives in theta, x, alpha and beta."""
    value, pull = jax.vjp(lambda t, x, *p: filter(S, jacobi(K, *p), t, x), theta, x, *place)
    return value, *pull(jnp.asarray(G, x.dtype))


@pytest.mark.parametrize(("entries", "lanes"), [(8, 4), (2, 8), (32, 1)])
def test_products(entries, lanes):
    S, factor = rows(entries=entries, lanes=lanes), jnp.arange(1.0, W + 1)
    np.testing.assert_allclose(S.matvec(X), DENSE @ X, atol=1e-14)
    np.testing.assert_allclose(S.add_product(G, X, factor), G + DENSE @ X * factor, atol=1e-13)


@KINDS
@pytest.mark.parametrize(("dtype", "bound"), [(jnp.float32, 1e-5), DOUBLE])
def test_values_and_derivatives(kind, dtype, bound):
    def plain(theta, x, *place):
        return jnp.sum(G * weighted_sum(jacobi(K, *place), theta, lambda t: DENSE @ t, x))

    eigenvalues, vectors = np.linalg.eigh(DENSE)
    response = np.einsum("kw,kn->nw", THETA, orthonormal_jacobi(K, *PLACE, eigenvalues))
    expected = vectors @ (response * (vectors.T @ X))
    got, *slopes = both(kind(rows(dtype)), *(jnp.asarray(a, dtype) for a in (THETA, X, *PLACE)))
    assert got.dtype == dtype
    np.testing.assert_allclose(got, expected, atol=bound * np.abs(expected).max())
    assert_equal_slopes(slopes, jax.grad(plain, (0, 1, 2, 3))(THETA, X, *PLACE), bound)


@pytest.mark.slow
@KINDS
def test_members_of_a_batch_are_columns(kind):
    S, members = kind(rows()), (np.stack([THETA, -2 * THETA]), np.stack([X, G]))
    together = jax.vmap(lambda *m: both(S, *m, *PLACE))(*members)
    for b, m in enumerate(zip(*members)):
        for got, expected in zip(together, both(S, *m, *PLACE), strict=True):
            np.testing.assert_allclose(got[b], expected, atol=1e-11 * np.abs(expected).max())


if jax.__version_info__ <= (0, 10, 2):  # newer ones lower a Pallas kernel only where a GPU is

    def test_a_step_is_one_launch_in_the_program_of_a_gpu():
        """By jax's lowering, which needs no GPU; ``benchmarks.launches`` compiles it, too."""
        S, basis = PallasSweeps(rows(jnp.float32, interpret=False)), jacobi(K, *PLACE)
        apply = lambda theta, x: filter(S, basis, theta, x)  # noqa: E731
        pulled = lambda theta, x, g: jax.vjp(apply, theta, x)[1](g)  # noqa: E731
        given = [jnp.asarray(a, jnp.float32) for a in (THETA, X, G)]
        for function, arguments in ((apply, given[:2]), (pulled, given)):
            lowered = jax.jit(function).trace(*arguments).lower(lowering_platforms=("cuda",))
            text = lowered.as_text()
            assert text.count("triton") == K
            assert "scatter" not in text
            assert "stablehlo.while" not in text
