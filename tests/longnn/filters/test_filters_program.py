"""The program of a filter: what it closes over, stores and traces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxprs_in_params

from longnn.filters import filter, rules
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency
from polybases import jacobi, weighted_sum
from tests.backends import BACKENDS
from tests.longnn.filtering import (
    DENSE,
    MEMBERS,
    OF_ALL,
    PAIRS,
    THETA,
    B,
    C,
    G,
    K,
    N,
    X,
    assert_equal_slopes,
    exact,
    loss,
    operator,
    plain_slopes,
    run_closed,
)
from tests.oracles import symmetric_matrix

slopes_closed = jax.jit(jax.grad(lambda M, *a: loss(lambda t: jnp.sin(M) @ t, *a), argnums=OF_ALL))


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_bare_function_that_closes_over_traced_arrays(alpha, beta):
    S = symmetric_matrix(N)
    got = run_closed(S, THETA, X, alpha, beta)
    np.testing.assert_allclose(got, exact(S, alpha, beta, THETA, X), atol=1e-10)
    got = slopes_closed(np.arcsin(S), THETA, X, alpha, beta)
    assert_equal_slopes(got, plain_slopes(S, THETA, X, alpha, beta))


@pytest.mark.slow
def test_bare_function_under_vmap_equals_a_loop():
    S = symmetric_matrix(N)
    got = jax.vmap(lambda *a: slopes_closed(np.arcsin(S), *a, 0.5))(*MEMBERS)
    for b in range(B):
        expected = plain_slopes(S, *(m[b] for m in MEMBERS), 0.5)
        assert_equal_slopes([g[b] for g in got], expected)


@pytest.mark.slow
def test_unused_result_has_zero_gradient():
    """A symbolic zero cotangent: the filter's value does not reach the loss."""
    got = jax.grad(lambda x: (filter(operator(), jacobi(K, 0.3, -0.2), THETA, x), x.sum())[1])(X)
    np.testing.assert_allclose(got, 1)


LARGE = 500
PATH = np.stack([np.arange(LARGE - 1), np.arange(1, LARGE)], 1)


def stored(function, *args) -> int:
    """Elements of the largest array that ``jax.vjp`` keeps for the backward pass."""
    pullback = jax.eval_shape(lambda *a: jax.vjp(function, *a)[1], *args)
    sizes = [leaf.size for leaf in jax.tree.leaves(pullback)]
    assert sizes, "jax.vjp no longer shows its residuals"
    return max(sizes)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("under_jit", [False, True])
def test_backward_pass_stores_no_terms(backend, under_jit):
    """Nothing of K N elements, which plain autodiff does store."""
    S = normalized_adjacency(Graph.from_edges(PATH, LARGE), backend=backend, dtype=jnp.float64)
    x = jnp.ones((LARGE, 1))
    theta = jnp.ones((K + 1, 1))
    ours = lambda theta, x, a: filter(S, jacobi(K, a, 0.5), theta, x)  # noqa: E731
    plain = lambda theta, x, a: weighted_sum(jacobi(K, a, 0.5), theta, S.matvec, x)  # noqa: E731
    if under_jit:
        ours, plain = jax.jit(ours), jax.jit(plain)
    assert stored(ours, theta, x, 0.3) < K * LARGE <= stored(plain, theta, x, 0.3)


def largest(jaxpr) -> int:
    """Elements of the largest result of any equation, inner programs included."""
    sizes = [0]
    for equation in jaxpr.eqns:
        sizes += [out.aval.size for out in equation.outvars if hasattr(out.aval, "size")]
        sizes += [largest(inner) for inner in jaxprs_in_params(equation.params)]
    return max(sizes)


def test_value_and_gradient_never_hold_the_terms():
    S = normalized_adjacency(
        Graph.from_edges(PATH, LARGE), backend="segment_sum", dtype=jnp.float64
    )
    arguments = (jnp.ones((K + 1, 1)), jnp.ones((LARGE, 1)), 0.3)

    def program(apply):
        value = lambda theta, x, a: apply(jacobi(K, a, 0.5), theta, x).sum()  # noqa: E731
        return jax.make_jaxpr(jax.value_and_grad(value, (0, 1, 2)))(*arguments).jaxpr

    ours = program(lambda basis, theta, x: filter(S, basis, theta, x))
    plain = program(lambda basis, theta, x: weighted_sum(basis, theta, S.matvec, x))
    assert largest(ours) < (K + 1) * LARGE // 2
    assert largest(plain) >= K * LARGE


def products(jaxpr) -> int:
    """Products with a matrix [N, N] that a run takes, the rounds of loops counted."""
    found = 0
    for equation in jaxpr.eqns:
        rounds = equation.params.get("length", 1)
        found += rounds * sum(map(products, jaxprs_in_params(equation.params)))
        found += equation.primitive.name == "dot_general" and equation.invars[0].aval.size == N * N
    return found


@pytest.mark.parametrize("wanted", [(0,), (1,), (0, 1), (2,), (0, 1, 2)])
def test_a_gradient_takes_one_product_for_each_degree_and_no_more(wanted):
    S = symmetric_matrix(N)

    def value(theta, x, a):
        return jnp.sum(filter(lambda t: S @ t, jacobi(K, a, 0.5), theta, x, check=False))

    point = (THETA, X, 0.3)
    assert products(jax.make_jaxpr(value)(*point).jaxpr) == K
    both = jax.make_jaxpr(jax.value_and_grad(value, wanted))(*point).jaxpr
    assert products(both) == 2 * K


def _types(tree):
    return [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(tree)]


@pytest.mark.parametrize("name", ["BY_THETA", "BY_X", "BY_BOTH"])
def test_what_a_rule_says_of_its_result_is_so(name):
    S, basis = operator(), jacobi(K, jnp.full(C, 0.3), 0.5)
    fixed, moving = {
        "BY_THETA": ((S, basis, X), THETA),
        "BY_X": ((S, basis, THETA), X),
        "BY_BOTH": ((S, basis, THETA, X), (THETA, X)),
    }[name]
    rule = getattr(rules, name)
    told, found = (jax.eval_shape(f, fixed, moving) for f in (rule.like, rule.function))
    assert _types(told) == _types(found) == [((N, C), jnp.float64)]


def test_traces_once_while_alpha_theta_and_x_change():
    traces = []

    @jax.jit
    def step(S, theta, x, alpha, beta):
        traces.append(None)
        return jax.value_and_grad(loss, argnums=OF_ALL)(S, theta, x, alpha, beta)

    for i, (alpha, beta) in enumerate(PAIRS):
        value, _ = step(operator(), THETA + i, X - i, alpha, beta)
        expected = np.sum(G * exact(DENSE[False], alpha, beta, THETA + i, X - i))
        assert float(value) == pytest.approx(expected, rel=1e-10)
    assert len(traces) == 1


@pytest.mark.slow
def test_jit_equals_no_jit():
    arguments = (operator(), THETA, X, 0.3, -0.2)
    np.testing.assert_allclose(loss(*arguments), jax.jit(loss)(*arguments), rtol=1e-13)
