"""Filters under vmap, as columns, and of signals of other ranks."""

import itertools
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import longnn
from longnn.filters import filter
from polybases import jacobi
from tests.longnn.filtering import (
    DENSE,
    MEMBERS,
    OF_ALL,
    RNG,
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
    plain_loss,
    plain_slopes,
    run,
    run_closed,
)
from tests.oracles import symmetric_matrix

pytestmark = pytest.mark.device

MIXTURES = [m for m in itertools.product((0, None), repeat=3) if any(a == 0 for a in m)]


def fitting(axes, members=MEMBERS):
    """Batched where the axis is 0, member 1 elsewhere; and member b of that."""
    given = [m if axis == 0 else m[1] for m, axis in zip(members, axes, strict=True)]
    pick = lambda b: [g[b] if a == 0 else g for g, a in zip(given, axes, strict=True)]  # noqa: E731
    return given, pick


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.parametrize(("members", "columns"), [(1, 16), (1, 48), (1, 100), (2, 64)])
def test_the_derivative_in_a_shared_basis_in_float32_compiled(members, columns):
    """Of many columns, also of a batch of one: as in float64, which is computed one by one."""
    rng = np.random.default_rng(0)
    graph = longnn.Graph.from_edges(rng.integers(0, 40, (120, 2)), 40)
    given = [rng.normal(size=(members, 11, columns)), *rng.normal(size=(2, 40, columns))]
    alpha = rng.uniform(-0.5, 1, members)

    def gradient(dtype):
        S = longnn.normalized_adjacency(graph, backend="csr", dtype=dtype)
        theta, x, g = (jnp.asarray(array, dtype) for array in given)

        def loss(a, theta):
            return jnp.sum(g * longnn.filter(S, jacobi(10, a, 0.25), theta, x))

        return jax.grad(loss), jnp.asarray(alpha, dtype), theta

    of_one, *each = gradient("float64")
    expected = np.array([of_one(*one) for one in zip(*each, strict=True)])
    of_one, *together = gradient("float32")
    found = jax.jit(jax.vmap(of_one))(*together)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
