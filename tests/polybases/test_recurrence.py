"""Algorithms on a recurrence, against eigendecompositions and Gauss quadrature."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from polybases import combine, connection, evaluate, expand, jacobi, weighted_sum
from tests.oracles import (
    SPECIAL,
    gauss_jacobi,
    mp_slopes,
    orthonormal_jacobi,
    scaled_error,
    symmetric_matrix,
)

K, N, C = 6, 8, 3
PAIRS = [(0.3, -0.2), (-0.2, 0.3), (-0.5, -0.5), (-0.75, -0.75), (1.0, 0.0), (0.0, 1.0)]
S = symmetric_matrix(N)
EIGENVALUES, VECTORS = np.linalg.eigh(S)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, C))
V = RNG.normal(size=(N, C))
THETA = RNG.normal(size=(K + 1, C))
COTANGENT = RNG.normal(size=(K + 1, N, C))
POINTS = np.linspace(-1, 1, 7)

terms = jax.jit(lambda a, b, x: expand(jacobi(K, a, b), lambda t: S @ t, x))
total = jax.jit(lambda a, b, theta, x: weighted_sum(jacobi(K, a, b), theta, lambda t: S @ t, x))
connect = jax.jit(lambda a, b, c, d: connection(jacobi(K, a, b), jacobi(K, c, d)))


def matrices(alpha: float, beta: float) -> np.ndarray:
    """[K+1, N, N] the matrices p_k(S)."""
    return of_spectrum(orthonormal_jacobi(K, alpha, beta, EIGENVALUES))


def of_spectrum(values: np.ndarray) -> np.ndarray:
    return np.einsum("in,kn,jn->kij", VECTORS, values, VECTORS)


@pytest.mark.parametrize(("alpha", "beta"), SPECIAL)
def test_expand_equals_eigendecomposition(alpha, beta):
    assert scaled_error(terms(alpha, beta, X), matrices(alpha, beta) @ X) <= 1e-11


@pytest.mark.parametrize(("alpha", "beta"), SPECIAL)
def test_weighted_sum_equals_eigendecomposition_and_expand(alpha, beta):
    got = total(alpha, beta, THETA, X)
    exact = np.einsum("kc,kic->ic", THETA, matrices(alpha, beta) @ X)
    scale = np.abs(exact).max()
    np.testing.assert_allclose(got, exact, atol=1e-11 * scale)
    summed = np.einsum("kc,kic->ic", THETA, terms(alpha, beta, X))
    np.testing.assert_allclose(got, summed, atol=1e-12 * scale)


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_combine_equals_eigendecomposition_with_its_gradient(alpha, beta):
    def combined(signals):
        return combine(jacobi(K, alpha, beta), lambda t: S @ t, signals)

    got, pullback = jax.vjp(combined, jnp.asarray(COTANGENT))
    matrix = matrices(alpha, beta)
    np.testing.assert_allclose(got, np.einsum("kij,kjc->ic", matrix, COTANGENT), atol=1e-9)
    (gradient,) = pullback(jnp.asarray(X))
    np.testing.assert_allclose(gradient, matrix @ X, atol=1e-9)


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_expand_differentiates_both_ways_in_x(alpha, beta):
    _, tangent = jax.jvp(lambda x: terms(alpha, beta, x), (X,), (V,))
    np.testing.assert_allclose(tangent, matrices(alpha, beta) @ V, atol=1e-10)
    _, pullback = jax.vjp(lambda x: terms(alpha, beta, x), X)
    exact = np.einsum("kij,kic->jc", matrices(alpha, beta), COTANGENT)
    np.testing.assert_allclose(pullback(jnp.asarray(COTANGENT))[0], exact, atol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_expand_differentiates_both_ways_in_alpha_and_beta(alpha, beta):
    slopes = [of_spectrum(d) @ X for d in mp_slopes(K, alpha, beta, EIGENVALUES)]
    point = (jnp.asarray(alpha), jnp.asarray(beta))
    for i, tangent in enumerate([(1.0, 0.0), (0.0, 1.0)]):
        _, got = jax.jvp(lambda a, b: terms(a, b, X), point, tangent)
        assert scaled_error(got, slopes[i]) <= 1e-9
    _, pullback = jax.vjp(lambda a, b: terms(a, b, X), *point)
    got = np.array(pullback(jnp.asarray(COTANGENT)))
    exact = [np.sum(COTANGENT * d) for d in slopes]
    np.testing.assert_allclose(got, exact, rtol=1e-9)


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_weighted_sum_differentiates_both_ways_in_theta_and_x(alpha, beta):
    P, g = matrices(alpha, beta), COTANGENT[0]
    _, pullback = jax.vjp(lambda theta, x: total(alpha, beta, theta, x), THETA, X)
    dtheta, dx = pullback(jnp.asarray(g))
    np.testing.assert_allclose(dtheta, np.einsum("kij,jc,ic->kc", P, X, g), atol=1e-9)
    np.testing.assert_allclose(dx, np.einsum("kc,kij,ic->jc", THETA, P, g), atol=1e-9)
    tangents = (COTANGENT[:, 0], V)
    _, got = jax.jvp(lambda theta, x: total(alpha, beta, theta, x), (THETA, X), tangents)
    exact = np.einsum("kc,kij,jc->ic", tangents[0], P, X) + np.einsum("kc,kij,jc->ic", THETA, P, V)
    np.testing.assert_allclose(got, exact, atol=1e-9)


FROM_TO = [((1.0, 0.0), (0.0, 1.0)), ((0.0, 1.0), (1.0, 0.0)), ((-0.5, -0.5), (0.3, 2.0)),
           ((-0.75, -0.75), (-0.5, -0.5)), ((3.0, -0.9), (-0.25, 0.25))]  # fmt: skip


@pytest.mark.parametrize(("target", "anchor"), FROM_TO)
def test_connection_against_quadrature(target, anchor):
    """C_kj is the integral of p_k q_j under the weight of q."""
    nodes, weights = gauss_jacobi(K + 1, *anchor)
    p, q = (orthonormal_jacobi(K, *pair, nodes) for pair in (target, anchor))
    exact = (p * weights) @ q.T
    got = np.asarray(connect(*target, *anchor))
    np.testing.assert_allclose(got, exact, atol=1e-10 * np.abs(exact).max())
    assert (np.triu(got, 1) == 0).all()


@pytest.mark.parametrize(("target", "anchor"), FROM_TO)
def test_connection_there_and_back(target, anchor):
    there, back = connect(*target, *anchor), connect(*anchor, *target)
    np.testing.assert_allclose(there @ back, np.eye(K + 1), atol=1e-9)
    np.testing.assert_allclose(
        there @ orthonormal_jacobi(K, *anchor, POINTS),
        orthonormal_jacobi(K, *target, POINTS),
        atol=1e-9,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), SPECIAL)
def test_connection_and_its_derivative_at_the_anchor(alpha, beta):
    """dC_kj is the integral of (d p_k) q_j under the weight of q, here q = p."""
    np.testing.assert_allclose(connect(alpha, beta, alpha, beta), np.eye(K + 1), atol=1e-11)
    nodes, weights = gauss_jacobi(K + 1, alpha, beta)
    q = orthonormal_jacobi(K, alpha, beta, nodes)
    exact = [(d * weights) @ q.T for d in mp_slopes(K, alpha, beta, nodes)]
    forward = forward_connection(alpha, beta, alpha, beta)
    reverse = reverse_connection(alpha, beta, alpha, beta)
    for i in range(2):
        scale = np.abs(exact[i]).max()
        np.testing.assert_allclose(forward[i], exact[i], atol=1e-9 * scale)
        np.testing.assert_allclose(reverse[i], exact[i], atol=1e-9 * scale)


forward_connection = jax.jit(jax.jacfwd(connect, argnums=(0, 1)))
reverse_connection = jax.jit(jax.jacrev(connect, argnums=(0, 1)))


@pytest.mark.parametrize("order", [0, 1, 2])
def test_small_orders(order):
    recurrence, anchor = jacobi(order, 0.3, -0.2), jacobi(order, 1.0, 0.0)
    values = orthonormal_jacobi(order, 0.3, -0.2, EIGENVALUES)
    exact = of_spectrum(values) @ X
    np.testing.assert_allclose(expand(recurrence, lambda t: S @ t, X), exact, atol=1e-12)
    theta = THETA[: order + 1]
    np.testing.assert_allclose(
        weighted_sum(recurrence, theta, lambda t: S @ t, X),
        np.einsum("kc,kic->ic", theta, exact),
        atol=1e-12,
    )
    anchored = orthonormal_jacobi(order, 1.0, 0.0, EIGENVALUES)
    np.testing.assert_allclose(connection(recurrence, anchor) @ anchored, values, atol=1e-12)


def test_trailing_dimensions_are_members():
    """Leaves [K, B, 1] against x [N, B, C] equal a loop over the B members."""
    alpha, beta = np.array([0.3, -0.5, 1.0, 0.0]), np.array([-0.2, -0.5, 0.0, 1.0])
    x = RNG.normal(size=(N, 4, C))
    theta = RNG.normal(size=(K + 1, 4, C))
    batched = jacobi(K, alpha[:, None], beta[:, None])
    assert batched.diagonal.shape == (K, 4, 1)
    matvec = lambda t: jnp.einsum("ij,j...->i...", S, t)  # noqa: E731
    got_terms = expand(batched, matvec, x)
    got_sum = weighted_sum(batched, theta, matvec, x)
    got_connection = connection(batched, jacobi(K, 0.5, 1.5))
    nodes, weights = gauss_jacobi(K + 1, 0.5, 1.5)
    q = orthonormal_jacobi(K, 0.5, 1.5, nodes)
    for b in range(4):
        exact = matrices(alpha[b], beta[b]) @ x[:, b]
        np.testing.assert_allclose(got_terms[:, :, b], exact, atol=1e-10)
        summed = np.einsum("kc,kic->ic", theta[:, b], exact)
        np.testing.assert_allclose(got_sum[:, b], summed, atol=1e-10)
        c = (orthonormal_jacobi(K, alpha[b], beta[b], nodes) * weights) @ q.T
        np.testing.assert_allclose(got_connection[..., b, 0], c, atol=1e-9)


def test_theta_of_one_weight_per_term():
    exact = np.einsum("k,kic->ic", THETA[:, 0], matrices(0.3, -0.2) @ X)
    np.testing.assert_allclose(total(0.3, -0.2, THETA[:, 0], X), exact, atol=1e-11)


def test_recurrence_wider_than_x():
    """x [N, 1] and leaves [K, C] give [N, C]."""
    alpha = np.array([0.3, 1.0, 0.0])
    recurrence = jacobi(K, alpha, 0.5)
    got = expand(recurrence, lambda t: S @ t, X[:, :1])
    summed = weighted_sum(recurrence, THETA, lambda t: S @ t, X[:, :1])
    for c in range(C):
        exact = matrices(alpha[c], 0.5) @ X[:, 0]
        np.testing.assert_allclose(got[:, :, c], exact, atol=1e-11)
        np.testing.assert_allclose(summed[:, c], THETA[:, c] @ exact, atol=1e-11)


def test_vmap_over_parameters():
    pairs = np.array(SPECIAL)
    got = jax.vmap(total, (0, 0, None, None))(*pairs.T, THETA, X)
    for row, pair in zip(got, SPECIAL, strict=True):
        exact = np.einsum("kc,kic->ic", THETA, matrices(*pair) @ X)
        np.testing.assert_allclose(row, exact, atol=1e-11 * np.abs(exact).max())


def test_jit_equals_no_jit_and_traces_once():
    traces = []

    @jax.jit
    def run(alpha, theta):
        traces.append(None)
        return weighted_sum(jacobi(K, alpha, 0.5), theta, lambda t: S @ t, X)

    for alpha in (0.3, -0.5, 0.0):
        plain = weighted_sum(jacobi(K, alpha, 0.5), THETA, lambda t: S @ t, X)
        np.testing.assert_allclose(run(alpha, THETA), plain, rtol=1e-12, atol=1e-12)
    assert len(traces) == 1


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_result_has_the_dtype_of_x(dtype):
    """Also where the recurrence and theta are of the other precision."""
    x, matrix, recurrence = jnp.asarray(X, dtype), jnp.asarray(S, dtype), jacobi(K, 0.3, -0.2)
    for got, exact in [
        (expand(recurrence, lambda t: matrix @ t, x), matrices(0.3, -0.2) @ X),
        (
            weighted_sum(recurrence, jnp.asarray(THETA), lambda t: matrix @ t, x)[None],
            np.einsum("kc,kic->ic", THETA, matrices(0.3, -0.2) @ X)[None],
        ),
        (
            evaluate(recurrence, jnp.asarray(EIGENVALUES, dtype)),
            orthonormal_jacobi(K, 0.3, -0.2, EIGENVALUES),
        ),
    ]:
        assert got.dtype == dtype
        assert scaled_error(got, exact) <= (1e-5 if dtype == jnp.float32 else 1e-12)


REC = jacobi(4, 0.3, -0.2)
IDENTITY = lambda t: t  # noqa: E731
ERRORS = {
    "evaluate an integer": (
        lambda: evaluate(REC, jnp.arange(3)),
        r"x must be a real floating-point array, got dtype int\d+; convert it",
    ),
    "evaluate at complex points": (
        lambda: evaluate(REC, jnp.ones(3, complex)),
        r"x must be a real floating-point array, got dtype complex128",
    ),
    "weighted_sum of a bool": (
        lambda: weighted_sum(REC, jnp.ones(5), IDENTITY, jnp.ones(3, bool)),
        r"x must be a real or complex floating-point array, got dtype bool",
    ),
    "matvec drops a row": (
        lambda: expand(REC, lambda t: t[1:], jnp.ones((3, 2))),
        r"matvec must keep shape and dtype: given \(3, 2\) float64, it returned \(2, 2\) float64",
    ),
    "matvec changes the dtype": (
        lambda: weighted_sum(REC, jnp.ones(5), lambda t: t.astype(jnp.float32), jnp.ones(3)),
        r"matvec must keep shape and dtype: given \(3,\) float64, it returned \(3,\) float32",
    ),
    "matvec returns a tuple": (
        lambda: expand(REC, lambda t: (t, t), jnp.ones(3)),
        r"matvec must keep shape and dtype: given \(3,\) float64",
    ),
    "theta has K rows": (
        lambda: weighted_sum(REC, jnp.ones((4, 2)), IDENTITY, jnp.ones((3, 2))),
        r"theta must have K\+1 = 5 rows for a basis of order 4, got shape \(4, 2\)",
    ),
    "theta is a scalar": (
        lambda: weighted_sum(REC, jnp.ones(()), IDENTITY, jnp.ones(3)),
        r"theta must have K\+1 = 5 rows",
    ),
    "connection of two orders": (
        lambda: connection(REC, jacobi(3, 0.3, -0.2)),
        r"two bases of one order, got 4 and 3; build both with the larger one",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        call()
