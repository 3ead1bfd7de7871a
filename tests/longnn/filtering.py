"""A small graph, filters of its signals, and what they should be."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from longnn.filters import filter
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency
from polybases import jacobi, weighted_sum
from tests.oracles import (
    dense_adjacency,
    dense_normalized,
    orthonormal_jacobi,
)

K, N, C, B = 6, 12, 3, 4
PAIRS = [(0.3, -0.2), (-0.5, -0.5), (-0.75, -0.75), (0.0, 1.0), (1.0, 0.0)]
RNG = np.random.default_rng(0)
LOW, HIGH = np.triu_indices(N - 1, 1)  # node N-1 is isolated
EDGES = np.stack([LOW, HIGH], 1)[RNG.choice(len(LOW), 20, replace=False)]
WEIGHTS = RNG.uniform(0.2, 2, len(EDGES))
DENSE = {
    weighted: dense_normalized(dense_adjacency(EDGES, N, WEIGHTS if weighted else None))
    for weighted in (False, True)
}
X, G = RNG.normal(size=(2, N, C))
THETA = RNG.normal(size=(K + 1, C))


@cache
def operator(backend="bucketed", weighted=False, dtype=jnp.float64):
    graph = Graph.from_edges(EDGES, N, WEIGHTS if weighted else None)
    with jax.ensure_compile_time_eval():  # cached: no tracers, also where first built under jit
        return normalized_adjacency(graph, backend=backend, dtype=dtype)


def exact(S, alpha, beta, theta, x) -> np.ndarray:
    """g(S) x by numpy.linalg.eigh and scipy.special, one response per channel of x."""
    eigenvalues, vectors = np.linalg.eigh(S)
    response = np.einsum("kc,kn->nc", theta, orthonormal_jacobi(K, alpha, beta, eigenvalues))
    return vectors @ (response * (vectors.T @ x))


def loss(S, theta, x, alpha, beta):
    return jnp.sum(G * filter(S, jacobi(K, alpha, beta), theta, x))


def plain_loss(S, theta, x, alpha, beta):
    """The same by plain autodiff through a dense matrix."""
    return jnp.sum(G * weighted_sum(jacobi(K, alpha, beta), theta, lambda t: S @ t, x))


OF_ALL = (1, 2, 3, 4)
run = jax.jit(lambda S, theta, x, alpha, beta: filter(S, jacobi(K, alpha, beta), theta, x))
run_closed = jax.jit(lambda M, theta, x, a, b: filter(lambda t: M @ t, jacobi(K, a, b), theta, x))
slopes = jax.jit(jax.grad(loss, argnums=OF_ALL))
plain_slopes = jax.jit(jax.grad(plain_loss, argnums=OF_ALL))


def assert_equal_slopes(got, expected, rtol=1e-10):
    for g, e, name in zip(got, expected, ("theta", "x", "alpha", "beta"), strict=True):
        scale = np.abs(e).max()
        np.testing.assert_allclose(g, e, rtol=0, atol=rtol * scale, err_msg=name)
        assert scale > 1e-3, f"the gradient in {name} tests nothing"


MEMBERS = (
    RNG.normal(size=(B, K + 1, C)),
    RNG.normal(size=(B, N, C)),
    np.array([0.3, -0.5, -0.75, 1.0]),
)
