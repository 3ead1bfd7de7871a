"""longnn.filter and its backward rule, against eigendecompositions and plain autodiff."""

import itertools
from dataclasses import replace
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxprs_in_params

from longnn.filters import filter
from longnn.graph import Graph
from longnn.operators import normalized_adjacency
from polybases import jacobi, weighted_sum
from tests.backends import BACKENDS
from tests.oracles import (
    SPECIAL,
    dense_adjacency,
    dense_normalized,
    gauss_jacobi,
    orthonormal_jacobi,
    symmetric_matrix,
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
slopes = jax.jit(jax.grad(loss, argnums=OF_ALL))
plain_slopes = jax.jit(jax.grad(plain_loss, argnums=OF_ALL))


def assert_equal_slopes(got, expected, rtol=1e-10):
    for g, e, name in zip(got, expected, ("theta", "x", "alpha", "beta"), strict=True):
        scale = np.abs(e).max()
        np.testing.assert_allclose(g, e, rtol=0, atol=rtol * scale, err_msg=name)
        assert scale > 1e-3, f"the gradient in {name} tests nothing"


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


MIXTURES = [m for m in itertools.product((0, None), repeat=3) if any(a == 0 for a in m)]
MEMBERS = (RNG.normal(size=(B, K + 1, C)), RNG.normal(size=(B, N, C)), [p[0] for p in PAIRS[:B]])
MEMBERS = (*MEMBERS[:2], np.array([0.3, -0.5, -0.75, 1.0]))


def fitting(axes, members=MEMBERS):
    """Batched where the axis is 0, member 1 elsewhere; and member b of that."""
    given = [m if axis == 0 else m[1] for m, axis in zip(members, axes, strict=True)]
    pick = lambda b: [g[b] if a == 0 else g for g, a in zip(given, axes, strict=True)]  # noqa: E731
    return given, pick


@pytest.mark.parametrize("axes", MIXTURES)
def test_vmap_over_theta_x_alpha_in_all_mixtures(axes):
    S, beta = operator(), 0.5
    given, pick = fitting(axes)

    def both(theta, x, alpha):
        return jax.value_and_grad(loss, OF_ALL)(S, theta, x, alpha, beta)

    values, gradients = jax.jit(jax.vmap(both, axes))(*given)
    for b in range(B):
        theta, x, alpha = pick(b)
        value = np.sum(G * exact(DENSE[False], alpha, beta, theta, x))
        assert float(values[b]) == pytest.approx(value, rel=1e-9)
        expected = plain_slopes(DENSE[False], theta, x, alpha, beta)
        assert_equal_slopes([g[b] for g in gradients], expected)


def test_gradient_through_vmap_sums_what_members_share():
    """grad outside vmap: theta and alpha shared by B signals."""
    S, xs = operator(), MEMBERS[1]

    def shared(one, S, theta, alpha):
        return jax.vmap(lambda x: one(S, theta, x, alpha, 0.5))(xs).sum()

    got = jax.jit(jax.grad(partial(shared, loss, S), (0, 1)))(THETA, 0.3)
    expected = jax.jit(jax.grad(partial(shared, plain_loss, DENSE[False]), (0, 1)))(THETA, 0.3)
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(g, e, atol=1e-9)


def test_nested_vmap():
    """alpha outside, theta and x inside: [B, B, N, C]."""
    S = operator()
    inner = jax.vmap(lambda theta, x, alpha: run(S, theta, x, alpha, 0.5), (0, 0, None))
    got = jax.vmap(inner, (None, None, 0))(*MEMBERS)
    for i, j in itertools.product(range(B), repeat=2):
        expected = exact(DENSE[False], MEMBERS[2][i], 0.5, MEMBERS[0][j], MEMBERS[1][j])
        np.testing.assert_allclose(got[i, j], expected, atol=1e-9)


def test_vmap_over_the_operator():
    """Members with matrices of their own, as a bare function and as a pytree."""
    matrices = np.stack([symmetric_matrix(N, seed) for seed in range(B)])
    got = jax.vmap(lambda M: run_closed(M, THETA, X, 0.3, -0.2))(matrices)
    for b in range(B):
        expected = exact(matrices[b], 0.3, -0.2, THETA, X)
        np.testing.assert_allclose(got[b], expected, atol=1e-10)
    segment = operator("segment_sum", weighted=True)
    scaled = jax.vmap(lambda v: run(replace(segment, values=v), THETA, X, 0.3, -0.2))
    factors = np.array([1.0, 0.5, -1.0, 0.0])
    got = scaled(factors[:, None] * segment.values)
    for b in range(B):
        expected = exact(factors[b] * DENSE[True], 0.3, -0.2, THETA, X)
        np.testing.assert_allclose(got[b], expected, atol=1e-10)


def test_members_as_columns():
    """Leaves [K, B, 1] against x [N, B, C]: value and gradient of B bases in one sweep."""
    alpha, x = MEMBERS[2], RNG.normal(size=(N, B, C))
    theta = RNG.normal(size=(K + 1, B, C))
    S = operator()

    @jax.jit
    def columns(theta, x, alpha):
        value = lambda *a: filter(S, jacobi(K, a[2][:, None], 0.5), *a[:2])  # noqa: E731
        got, pullback = jax.vjp(value, theta, x, alpha)
        return got, pullback(jnp.broadcast_to(G[:, None], got.shape))

    got, gradients = columns(theta, x, alpha)
    for b in range(B):
        expected = exact(DENSE[False], alpha[b], 0.5, theta[:, b], x[:, b])
        np.testing.assert_allclose(got[:, b], expected, atol=1e-9)
        dtheta, dx, dalpha, _ = plain_slopes(DENSE[False], theta[:, b], x[:, b], alpha[b], 0.5)
        np.testing.assert_allclose(gradients[0][:, b], dtheta, atol=1e-9)
        np.testing.assert_allclose(gradients[1][:, b], dx, atol=1e-9)
        np.testing.assert_allclose(gradients[2][b], dalpha, rtol=1e-9)


@pytest.mark.parametrize("channels", [C, K + 1])
def test_one_weight_per_term(channels):
    """theta [K+1] serves all channels, also where C happens to be K+1."""
    x, cotangent = RNG.normal(size=(2, N, channels))
    theta, S = THETA[:, 0], operator()
    repeated = np.repeat(theta[:, None], channels, 1)
    got = run(S, theta, x, 0.3, -0.2)
    np.testing.assert_allclose(got, exact(DENSE[False], 0.3, -0.2, repeated, x), atol=1e-11)
    value = lambda t: jnp.sum(cotangent * filter(S, jacobi(K, 0.3, -0.2), t, x))  # noqa: E731
    dtheta = jax.jit(jax.grad(value))(theta)
    for k, unit in enumerate(np.eye(K + 1)):
        term = exact(DENSE[False], 0.3, -0.2, np.repeat(unit[:, None], channels, 1), cotangent)
        assert float(dtheta[k]) == pytest.approx(np.sum(x * term), rel=1e-9)


def test_theta_of_lower_rank_than_the_signals():
    """theta [K+1, C] against x [N, B, C], with one basis and with one per member."""
    x, S = RNG.normal(size=(N, B, C)), operator()
    for alpha in (np.full((B, 1), 0.3), MEMBERS[2][:, None]):
        got = filter(S, jacobi(K, alpha, 0.5), THETA, x)
        for b in range(B):
            expected = exact(DENSE[False], alpha[b, 0], 0.5, THETA, x[:, b])
            np.testing.assert_allclose(got[:, b], expected, atol=1e-10)


def test_signal_of_rank_one():
    x, theta = X[:, 0], THETA[:, 0]
    got = run(operator(), theta, x, 0.3, -0.2)
    expected = exact(DENSE[False], 0.3, -0.2, theta[:, None], x[:, None])[:, 0]
    np.testing.assert_allclose(got, expected, atol=1e-12)
    total = lambda t: filter(operator(), jacobi(K, 0.3, -0.2), t, x).sum()  # noqa: E731
    gradients = jax.jit(jax.grad(total))(theta)
    for k, unit in enumerate(np.eye(K + 1)):
        term = exact(DENSE[False], 0.3, -0.2, unit[:, None], x[:, None])
        assert float(gradients[k]) == pytest.approx(term.sum(), rel=1e-9)


run_closed = jax.jit(lambda M, theta, x, a, b: filter(lambda t: M @ t, jacobi(K, a, b), theta, x))
slopes_closed = jax.jit(jax.grad(lambda M, *a: loss(lambda t: jnp.sin(M) @ t, *a), argnums=OF_ALL))


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_bare_function_that_closes_over_traced_arrays(alpha, beta):
    S = symmetric_matrix(N)
    got = run_closed(S, THETA, X, alpha, beta)
    np.testing.assert_allclose(got, exact(S, alpha, beta, THETA, X), atol=1e-10)
    got = slopes_closed(np.arcsin(S), THETA, X, alpha, beta)
    assert_equal_slopes(got, plain_slopes(S, THETA, X, alpha, beta))


def test_bare_function_under_vmap_equals_a_loop():
    S = symmetric_matrix(N)
    got = jax.vmap(lambda *a: slopes_closed(np.arcsin(S), *a, 0.5))(*MEMBERS)
    for b in range(B):
        expected = plain_slopes(S, *(m[b] for m in MEMBERS), 0.5)
        assert_equal_slopes([g[b] for g in got], expected)


REFUSED = {
    "segment values": lambda: jax.grad(
        lambda v: loss(replace(operator("segment_sum", True), values=v), THETA, X, 0.3, -0.2)
    )(operator("segment_sum", True).values),
    "bucketed weights": lambda: jax.grad(
        lambda w: loss(replace(operator(weighted=True), weights=w), THETA, X, 0.3, -0.2)
    )(operator(weighted=True).weights),
    "bucketed scale": lambda: jax.grad(
        lambda s: loss(replace(operator(), scale=s), THETA, X, 0.3, -0.2)
    )(operator().scale),
    "matrix in a bare function": lambda: jax.grad(
        lambda M: loss(lambda t: M @ t, THETA, X, 0.3, -0.2)
    )(DENSE[False]),
    "matrix beside theta, under jit": lambda: jax.jit(
        jax.grad(lambda M, theta: loss(lambda t: M @ t, theta, X, 0.3, -0.2), (0, 1))
    )(DENSE[False], THETA),
    "matrix under vmap": lambda: jax.vmap(
        jax.grad(lambda M: loss(lambda t: M @ t, THETA, X, 0.3, -0.2))
    )(np.stack([DENSE[False]] * 2)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_derivative_in_the_operator_is_refused(name):
    with pytest.raises(ValueError, match=r"no derivative in its operator .*weighted_sum\("):
        REFUSED[name]()


def test_forward_mode_is_refused():
    with pytest.raises(TypeError, match="custom_vjp"):
        jax.jvp(lambda x: filter(operator(), jacobi(K, 0.3, -0.2), THETA, x), (X,), (G,))


@pytest.mark.parametrize("backend", ["bucketed", "segment_sum"])
def test_named_alternative_gives_the_derivative_in_edge_weights(backend):
    """Along a symmetric direction, D held fixed, against differences of the eigendecomposition."""
    built = operator(backend, weighted=True)
    field = {"bucketed": "weights", "segment_sum": "values"}[backend]
    point = getattr(built, field)
    graph = Graph.from_edges(EDGES, N, RNG.normal(size=len(EDGES)) ** 2)
    direction = np.asarray(graph.weights)

    def alternative(entries):
        S = replace(built, **{field: entries})
        return jnp.sum(G * weighted_sum(jacobi(K, 0.3, -0.2), THETA, S.matvec, X))

    got = float(jnp.sum(jax.jit(jax.grad(alternative))(point) * direction))
    change = np.zeros((N, N))
    change[graph.receivers, graph.senders] = direction
    if backend == "bucketed":
        degree = dense_adjacency(EDGES, N, WEIGHTS).sum(1)
        scale = np.where(degree > 0, np.maximum(degree, 1e-300) ** -0.5, 0)
        change = scale[:, None] * change * scale
    value = lambda S: np.sum(G * exact(S, 0.3, -0.2, THETA, X))  # noqa: E731
    h = 1e-5
    expected = (value(DENSE[True] + h * change) - value(DENSE[True] - h * change)) / (2 * h)
    assert got == pytest.approx(expected, rel=1e-6)


def test_unused_result_has_zero_gradient():
    """A symbolic zero cotangent: the filter's value does not reach the loss."""
    got = jax.grad(lambda x: (filter(operator(), jacobi(K, 0.3, -0.2), THETA, x), x.sum())[1])(X)
    np.testing.assert_allclose(got, 1)


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


LARGE = 500
PATH = np.stack([np.arange(LARGE - 1), np.arange(1, LARGE)], 1)


def stored(function, *args) -> int:
    """Elements of the largest array that ``jax.vjp`` keeps for the backward pass."""
    pullback = jax.eval_shape(lambda *a: jax.vjp(function, *a)[1], *args)
    sizes = [leaf.size for leaf in jax.tree.leaves(pullback)]
    assert sizes, "jax.vjp no longer shows its residuals"
    return max(sizes)


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


def test_jit_equals_no_jit():
    arguments = (operator(), THETA, X, 0.3, -0.2)
    np.testing.assert_allclose(loss(*arguments), jax.jit(loss)(*arguments), rtol=1e-13)


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


BASIS = jacobi(4, 0.3, -0.2)
WIDE = jacobi(4, np.ones(4), 0.5)
ERRORS = {
    "scalar x": ((jnp.ones(5), jnp.ones(())), r"x must have shape \[N, ...\], got a scalar; use"),
    "integer x": ((jnp.ones(5), jnp.ones((5, 3), int)), "x must be a real floating-point array"),
    "complex x": ((jnp.ones(5), jnp.ones((5, 3), complex)), "x must be a real floating-point"),
    "K rows": ((jnp.ones((4, 3)), jnp.ones((5, 3))), r"theta must have K\+1 = 5 rows"),
    "theta of higher rank": (
        (jnp.ones((5, 2, 3)), jnp.ones((5, 3))),
        r"the trailing shape \(2, 3\) of theta must broadcast to the shape \(3,\) of one node's",
    ),
    "theta wider than x": (
        (jnp.ones((5, 3)), jnp.ones((5, 1))),
        r"the trailing shape \(3,\) of theta must broadcast to the shape \(1,\)",
    ),
    "theta of other channels": (
        (jnp.ones((5, 4)), jnp.ones((5, 3))),
        r"the trailing shape \(4,\) of theta must broadcast to the shape \(3,\)",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    (theta, x), message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        filter(lambda t: t, BASIS, theta, x)


def test_basis_of_other_channels():
    with pytest.raises(ValueError, match=r"trailing shape \(4,\) of recurrence must broadcast"):
        filter(lambda t: t, WIDE, jnp.ones((5, 3)), jnp.ones((5, 3)))


def test_operator_that_changes_the_shape():
    with pytest.raises(ValueError, match="matvec must keep shape and dtype"):
        filter(lambda t: t[1:], BASIS, jnp.ones((5, 3)), jnp.ones((5, 3)))


@pytest.mark.parametrize("backend", BACKENDS)
def test_signal_of_another_number_of_nodes(backend):
    with pytest.raises(ValueError, match=r"a signal must have shape \[N, ...\] with N = 12"):
        filter(operator(backend), BASIS, jnp.ones((5, 3)), jnp.ones((N - 2, 3)))
