"""Transformations x functions x backends: each cell equals the same with a dense matrix."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longnn.filters import filter
from longnn.graphs import Graph, shift_matrix
from longnn.operators import normalized_adjacency
from polybases import Recurrence, combine, expand, weighted_sum
from tests.backends import BACKENDS

K, N, C, B = 2, 5, 2, 3
RNG = np.random.default_rng(0)
GRAPH = Graph.from_edges(
    np.array([[0, 1], [1, 2], [0, 2], [2, 3]]), N, RNG.uniform(0.5, 2, 4)
)  # node 4 is isolated
DENSE = shift_matrix(GRAPH).toarray()
G, X = RNG.normal(size=(2, N, C))
THETA = RNG.normal(size=(K + 1, C))
POINT = (THETA, X, 0.3)
DIRECTION = (RNG.normal(size=THETA.shape), RNG.normal(size=X.shape), -0.7)
MEMBERS = tuple(np.stack([p + i * d for i in range(B)]) for p, d in zip(POINT, DIRECTION))


def basis(a):
    """Three polynomials all of whose coefficients move with a."""
    a = jnp.asarray(a)
    return Recurrence(
        1 + a, a * jnp.array([0.5, -0.4]), jnp.array([0.6, 0.5]) + a, jnp.array([0.0, 0.3]) - a
    )


FUNCTIONS = {
    "filter": lambda S, theta, x, a: filter(S, basis(a), theta, x),
    "weighted_sum": lambda S, theta, x, a: weighted_sum(basis(a), theta, S, x),
    "combine": lambda S, theta, x, a: combine(basis(a), S, theta[:, None] * x),
    "expand": lambda S, theta, x, a: jnp.sum(theta[:, None] * expand(basis(a), S, x), axis=0),
}
ALL = (0, 1, 2)


def norms(function):
    """A penalty on the gradient."""
    gradient = jax.grad(function, ALL)
    return lambda *point: sum(jnp.sum(jnp.sin(leaf)) for leaf in gradient(*point))


TRANSFORMATIONS = {
    "jit": lambda f: jax.jit(f)(*POINT),
    "grad": lambda f: jax.jit(jax.grad(f, ALL))(*POINT),
    "jvp": lambda f: jax.jit(lambda p, d: jax.jvp(f, p, d))(POINT, DIRECTION),
    "linearize": lambda f: jax.jit(lambda p, d: jax.linearize(f, *p)[1](*d))(POINT, DIRECTION),
    "hessian": lambda f: jax.jit(jax.hessian(f, ALL))(*POINT),
    "grad of grad": lambda f: jax.jit(jax.grad(norms(f), ALL))(*POINT),
    "forward over forward": lambda f: jax.jit(jax.jacfwd(jax.jacfwd(f, (0, 2)), (1, 2)))(*POINT),
    "third derivative": lambda f: jax.jit(jax.grad(jax.grad(jax.grad(f, 2), 2), ALL))(*POINT),
    "vmap of grad": lambda f: jax.jit(jax.vmap(jax.grad(f, ALL)))(*MEMBERS),
    "grad of vmap": lambda f: jax.jit(
        jax.grad(lambda t, x, a: jax.vmap(f, (None, 0, None))(t, x, a).sum(), ALL)
    )(THETA, MEMBERS[1], 0.3),
    "vmap of hessian": lambda f: jax.jit(jax.vmap(jax.hessian(f, 2)))(*MEMBERS),
    "hessian of vmap": lambda f: jax.jit(
        jax.hessian(lambda t, a: jax.vmap(f, (None, 0, None))(t, MEMBERS[1], a).sum(), (0, 1))
    )(THETA, 0.3),
    "checkpoint": lambda f: jax.jit(jax.grad(jax.checkpoint(f), ALL))(*POINT),
    "scan": lambda f: jax.jit(
        jax.grad(lambda t: jax.lax.scan(lambda c, x: (c + f(t, x, 0.3), None), 0.0, MEMBERS[1])[0])
    )(THETA),
    "export": lambda f: jax.export.export(jax.jit(jax.value_and_grad(f, ALL)))(
        *map(jnp.asarray, POINT)
    ).call(*map(jnp.asarray, POINT)),
}
assert set(TRANSFORMATIONS) >= {"jvp", "hessian", "export"}


def loss(name, S):
    return lambda theta, x, a: jnp.sum(G * jnp.sin(FUNCTIONS[name](S, theta, x, a)))


@cache
def expected(transformation, name):
    """Without a rule of ours: a dense matrix, and polynomials by the plain recurrence."""
    plain = "expand" if name == "filter" else name
    return TRANSFORMATIONS[transformation](loss(plain, DENSE))


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
def test_cell(transformation, name, backend):
    S = normalized_adjacency(GRAPH, backend=backend, dtype=jnp.float64)
    got = TRANSFORMATIONS[transformation](loss(name, S))
    leaves = zip(jax.tree.leaves(got), jax.tree.leaves(expected(transformation, name)), strict=True)
    for one, other in leaves:
        scale = np.abs(other).max()
        assert scale > 1e-3, "the cell tests nothing"
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10 * scale)


@pytest.mark.parametrize("backend", BACKENDS)
def test_hessian_in_theta_is_that_of_a_quadratic_form(backend):
    """Of half |g(S) x|^2, without our autodiff: sum over channels of the terms' inner products."""
    S = normalized_adjacency(GRAPH, backend=backend, dtype=jnp.float64)
    energy = lambda t: 0.5 * jnp.sum(filter(S, basis(0.3), t, X[:, 0]) ** 2)  # noqa: E731
    rows = basis(0.3)
    terms = [np.asarray(rows.first) * X[:, 0]]
    before = np.zeros(N)
    for d, u, low in zip(*(np.asarray(leaf) for leaf in rows[1:4])):
        terms.append((DENSE @ terms[-1] - d * terms[-1] - low * before) / u)
        before = terms[-2]
    got = jax.jit(jax.hessian(energy))(THETA[:, 0])
    np.testing.assert_allclose(got, np.array(terms) @ np.array(terms).T, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_strict_promotion(backend):
    S = normalized_adjacency(GRAPH, backend=backend)
    point = [jnp.asarray(p, jnp.float32) for p in POINT]
    rows = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), basis(0.3))
    f = lambda theta, x, rows: jnp.sum(filter(S, rows, theta, x))  # noqa: E731
    with jax.numpy_dtype_promotion("strict"):
        got = jax.jit(jax.value_and_grad(f, ALL))(*point[:2], rows)
    relaxed = jax.value_and_grad(f, ALL)(*point[:2], rows)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5), got, relaxed)


@pytest.mark.parametrize("backend", BACKENDS)
def test_kernels_stay_in_the_process_that_exports(backend):
    """In either order, though jax keeps traces."""
    S = normalized_adjacency(GRAPH, backend=backend, dtype=jnp.float64)
    program = jax.jit(jax.value_and_grad(loss("filter", S), ALL))
    point = tuple(map(jnp.asarray, POINT))
    kernels = lambda text: "@longnn_" in text or "csr_sparse_dense" in text  # noqa: E731
    for _ in range(2):
        assert kernels(program.lower(*point).as_text()) == (backend in ("native", "csr"))
        exported = jax.export.export(program)(*point)
        assert not kernels(exported.mlir_module())
    again = jax.export.deserialize(exported.serialize()).call(*point)
    for one, other in zip(jax.tree.leaves(again), jax.tree.leaves(program(*point)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_construction_under_jit_is_refused(backend):
    with pytest.raises(TypeError, match="built on the host, from numbers; got a traced array"):
        jax.jit(lambda graph: normalized_adjacency(graph, backend=backend).matvec(X))(GRAPH)
