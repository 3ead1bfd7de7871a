"""longnn.filter and its backward rule, against eigendecompositions and plain autodiff."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longnn.filters import filter
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency
from polybases import jacobi, weighted_sum
from tests.backends import BACKENDS
from tests.longnn.filtering import (
    DENSE,
    EDGES,
    PAIRS,
    RNG,
    THETA,
    WEIGHTS,
    C,
    G,
    K,
    N,
    X,
    assert_equal_slopes,
    exact,
    operator,
    plain_slopes,
    run,
    slopes,
)
from tests.oracles import (
    SPECIAL,
    gauss_jacobi,
)

pytestmark = pytest.mark.device


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("alpha", "beta"), SPECIAL)
def test_filter_equals_eigendecomposition(alpha, beta, backend, weighted):
    got = run(operator(backend, weighted), THETA, X, alpha, beta)
    expected = exact(DENSE[weighted], alpha, beta, THETA, X)
    np.testing.assert_allclose(got, expected, atol=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_gradients_equal_plain_autodiff(alpha, beta, backend, weighted):
    got = slopes(operator(backend, weighted), THETA, X, alpha, beta)
    assert_equal_slopes(got, plain_slopes(DENSE[weighted], THETA, X, alpha, beta))


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_gradients_in_theta_and_x_equal_eigendecomposition(alpha, beta):
    """dx = g(S) G and dtheta_k = <x, p_k(S) G>, per channel."""
    dtheta, dx, *_ = slopes(operator(), THETA, X, alpha, beta)
    np.testing.assert_allclose(dx, exact(DENSE[False], alpha, beta, THETA, G), atol=1e-9)
    for k, unit in enumerate(np.eye(K + 1)):
        term = exact(DENSE[False], alpha, beta, np.repeat(unit[:, None], C, 1), G)
        np.testing.assert_allclose(dtheta[k], np.sum(X * term, 0), atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("order", [1, 7])
@pytest.mark.parametrize("backend", BACKENDS)
def test_many_columns(backend, order):
    """More columns than fit one panel, and orders that leave a rest of each compiled loop."""
    columns = 45
    x, g = RNG.normal(size=(2, N, columns))
    theta = RNG.normal(size=(order + 1, columns))

    def value_and_slopes(apply):
        value = lambda theta, x, a: jnp.sum(g * apply(jacobi(order, a, 0.5), theta, x))  # noqa: E731
        return jax.jit(jax.value_and_grad(value, (0, 1, 2)))(theta, x, 0.3)

    S = operator(backend)
    assert backend != "csr" or S.panels(x) == 2
    got = value_and_slopes(lambda *rest: filter(S, *rest))
    plain = value_and_slopes(
        lambda basis, theta, x: weighted_sum(basis, theta, lambda t: DENSE[False] @ t, x)
    )
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-11 * np.abs(other).max())


@pytest.mark.slow
def test_second_use_of_one_basis():
    """Gradients of alpha from two filters add up."""
    S, (alpha, beta) = operator(), (0.3, -0.2)

    def twice(value, S, a):
        basis = jacobi(K, a, beta)
        return jnp.sum(G * value(S, basis, THETA, value(S, basis, THETA, X)))

    plain = lambda M, basis, theta, x: weighted_sum(basis, theta, lambda t: M @ t, x)  # noqa: E731
    got = jax.jit(jax.grad(lambda a: twice(filter, S, a)))(alpha)
    expected = jax.jit(jax.grad(lambda a: twice(plain, DENSE[False], a)))(alpha)
    assert float(got) == pytest.approx(float(expected), rel=1e-10)


@pytest.mark.parametrize(("alpha", "beta"), SPECIAL)
def test_parseval(alpha, beta):
    """sum_k theta_k^2 is the integral of |g|^2 (1-x)^alpha (1+x)^beta over [-1, 1]."""
    nodes, weights = gauss_jacobi(N, alpha, beta)  # exact to degree 2N - 1 >= 2K
    response = response_at(nodes[:, None], THETA, alpha, beta)
    integral = weights @ np.asarray(response) ** 2
    np.testing.assert_allclose(integral, np.sum(THETA**2, 0), rtol=1e-9)


response_at = jax.jit(
    lambda nodes, theta, a, b: filter(lambda t: nodes * t, jacobi(K, a, b), theta, jnp.ones((N, C)))
)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
def test_relabelling_nodes_relabels_the_result(backend, weighted):
    new = np.random.default_rng(7).permutation(N)  # old node i is called new[i]
    graph = Graph.from_edges(new[EDGES], N, WEIGHTS if weighted else None)
    renamed = normalized_adjacency(graph, backend=backend, dtype=jnp.float64)
    x = np.empty_like(X)
    x[new] = X
    got = run(renamed, THETA, x, 0.3, -0.2)
    expected = run(operator(backend, weighted), THETA, X, 0.3, -0.2)
    np.testing.assert_allclose(got[new], expected, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_float32(alpha, beta):
    """float32 signals keep the result float32, whatever theta and the basis are in."""
    S, x = operator(dtype=jnp.float32), jnp.asarray(X, jnp.float32)
    given = (S, jnp.asarray(THETA, jnp.float32), x, jnp.float32(alpha), jnp.float32(beta))
    expected = exact(DENSE[False], alpha, beta, THETA, X)
    for got in (run(*given), run(S, THETA, x, alpha, beta)):
        assert got.dtype == jnp.float32
        np.testing.assert_allclose(got, expected, atol=5e-6 * np.abs(expected).max())
    gradients = slopes(*given)
    assert {g.dtype for g in gradients} == {jnp.dtype(jnp.float32)}
    assert_equal_slopes(gradients, plain_slopes(DENSE[False], THETA, X, alpha, beta), rtol=2e-4)
