"""Rational functions where the contract table does not reach: derivatives, refusals, intervals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import polybases as pb
from tests.oracles import symmetric_matrix
from tests.polybases.families import quick_jit

N = 8
S = symmetric_matrix(N)
EIGENVALUES, VECTORS = np.linalg.eigh(S)
X = np.random.default_rng(2).normal(size=(N, 3))
POLES, PAIRS, GAMMA = [-1.3, 2.0], [0.4 + 0.3j], np.array([0.5, 1.0, -2.0, 1.5, 0.3])


def dense(poles, matrix):
    """The filter by numpy's inverses."""
    eye = np.eye(N)
    total = GAMMA[0] * eye
    for weight, z in zip(GAMMA[1:], poles):
        total = total + weight * np.linalg.inv(matrix - z * eye)
    pair = np.linalg.inv(matrix - PAIRS[0] * eye)
    return total + GAMMA[3] * pair.imag + GAMMA[4] * pair.real


def filtered(poles, matrix, x):
    return pb.rational(poles, PAIRS).weighted_sum(GAMMA, lambda t: matrix @ t, x)


def loss(poles, matrix):
    return jnp.sum(filtered(poles, matrix, X) ** 3)


@pytest.mark.slow
def test_derivatives_in_the_poles_and_in_the_operator_of_first_and_second_order():
    poles = np.array(POLES)
    exact = lambda poles, matrix: np.sum((dense(poles, matrix) @ X) ** 3)  # noqa: E731
    gradient, by_matrix = quick_jit(jax.grad(loss, (0, 1)))(poles, S)
    h, units = 1e-5, np.eye(2)
    shift = symmetric_matrix(N, seed=7)
    for got, of in (
        *((gradient[i], lambda t, i=i: exact(poles + t * units[i], S)) for i in range(2)),
        (np.sum(by_matrix * shift), lambda t: exact(poles, S + t * shift)),
    ):
        assert got == pytest.approx((of(h) - of(-h)) / (2 * h), rel=1e-6)
    hessian = quick_jit(jax.hessian(loss))(poles, S)
    for i in range(2):
        up, down = (quick_jit(jax.grad(loss))(poles + s * h * units[i], S) for s in (1, -1))
        np.testing.assert_allclose(hessian[i], (up - down) / (2 * h), rtol=1e-6, atol=1e-6)


def test_a_polynomial_part_and_another_interval():
    """The spectrum of S + 1 lies in [0, 2]: a pole at -0.4 is left of it."""
    basis = pb.rational([-0.4, 2.5], (), pb.legendre(2), interval=(0.0, 2.0))
    got = quick_jit(lambda x: basis.expand(lambda t: S @ t + t, x))(X)
    np.testing.assert_allclose(
        got, np.einsum("in,kn,nc->kic", VECTORS, basis.evaluate(1 + EIGENVALUES), VECTORS.T @ X),
        atol=1e-12,
    )  # fmt: skip
    p = pb.evaluate(pb.legendre(2), 1 + EIGENVALUES)
    np.testing.assert_allclose(basis.evaluate(1 + EIGENVALUES)[:3], p, atol=1e-14)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("size", [1e-30, 1e30, 0.0])
def test_signals_of_any_size(dtype, size):
    """The square of these leaves the range of float32."""
    got = filtered(POLES, jnp.asarray(S, dtype), jnp.asarray(size * X, dtype))
    want = size * (dense(POLES, S) @ X)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 * np.abs(want).max())


@pytest.mark.parametrize(
    ("pole", "steps", "matrix"),
    [(1.0 + 1e-4, 4, S), (2.0, 1, S), (2.0, 1000, S + 3 * np.triu(np.ones((N, N)), 1))],
    ids=["near", "too few steps", "not symmetric"],
)
def test_a_solve_that_failed_gives_nan_not_a_number(pole, steps, matrix):
    terms = pb.rational([pole]).expand(lambda t: matrix @ t, X, max_steps=steps)
    assert np.isfinite(terms[0]).all()
    assert np.isnan(terms[1]).all()


def test_weights_of_channels_broadcast():
    basis = pb.rational(POLES, PAIRS)
    gamma = np.random.default_rng(3).normal(size=(5, 3))
    got = basis.weighted_sum(gamma, lambda t: S @ t, X[:, :1])
    terms = basis.expand(lambda t: S @ t, X[:, :1])
    np.testing.assert_allclose(got, np.einsum("kc,kni->nc", gamma, terms), atol=1e-12)


def test_one_trace_serves_all_poles():
    traces = []

    @jax.jit
    def run(poles):
        traces.append(None)
        return filtered(poles, S, X)

    for poles in (np.array(POLES), np.array([3.0, -4.0])):
        np.testing.assert_allclose(run(poles), dense(poles, S) @ X, atol=1e-11)
    assert len(traces) == 1


@pytest.mark.slow
def test_a_hermitian_matrix_and_its_derivatives():
    rng = np.random.default_rng(4)
    a = rng.normal(size=(N, N)) + 1j * rng.normal(size=(N, N))
    hermitian = (a + a.conj().T) / np.linalg.norm(a + a.conj().T, 2)
    x = rng.normal(size=(N, 2)) + 1j * rng.normal(size=(N, 2))

    def filtered(poles, x):
        return pb.rational(poles, PAIRS).weighted_sum(GAMMA, hermitian, x)

    def exact(poles, x):
        eye = jnp.eye(N)
        pair = hermitian - PAIRS[0] * eye, hermitian - np.conj(PAIRS[0]) * eye
        both = jnp.linalg.inv(pair[0]), jnp.linalg.inv(pair[1])
        total = GAMMA[0] * x
        for weight, z in zip(GAMMA[1:3], poles):
            total = total + weight * jnp.linalg.inv(hermitian - z * eye) @ x
        return (
            total + (GAMMA[3] * (both[0] - both[1]) / 2j + GAMMA[4] * (both[0] + both[1]) / 2) @ x
        )

    size = lambda function: lambda poles, x: jnp.sum(jnp.abs(function(poles, x)) ** 2)  # noqa: E731
    np.testing.assert_allclose(filtered(POLES, x), exact(POLES, x), atol=1e-12)
    poles = np.array(POLES)
    got, right = (quick_jit(jax.grad(size(f), (0, 1)))(poles, x) for f in (filtered, exact))
    np.testing.assert_allclose(got[0], right[0], rtol=1e-9)
    np.testing.assert_allclose(got[1], right[1], rtol=1e-9)


@pytest.mark.slow
def test_a_signal_that_is_a_pytree():
    matvec = lambda t: {"a": S @ t["a"], "b": 0.5 * t["b"]}  # noqa: E731
    x = {"a": X, "b": X[:2]}
    basis = pb.rational(POLES, PAIRS)
    got = basis.expand(matvec, x)
    np.testing.assert_allclose(got["a"], basis.expand(lambda t: S @ t, X), atol=1e-12)
    summed = basis.weighted_sum(GAMMA, matvec, x)
    np.testing.assert_allclose(
        summed["b"], np.tensordot(GAMMA, basis.evaluate(jnp.array(0.5)), 1) * X[:2], atol=1e-12
    )
