"""Filters against dense eigenvectors and responses that scipy and numpy give."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.polynomial import chebyshev as numpy_chebyshev
from scipy.special import eval_jacobi

from longnn.graphs.graph import Graph
from longnn.models.jacobiconv import flipped_jacobi
from longnn.operators import normalized_adjacency
from polybases import evaluate
from polybases import trigonometric as basis_of_waves
from tests.longnn.models.cases import SERIES, WEIGHTS, build, randomized
from tests.oracles import dense_adjacency, dense_normalized, orthonormal_jacobi
from tests.toy import N, edges

value = lambda p: np.asarray(p[...])  # noqa: E731
EIGENVALUES, VECTORS = np.linalg.eigh(dense_normalized(dense_adjacency(edges(), N, WEIGHTS)))
NODES = np.cos((np.arange(5) + 0.5) * np.pi / 5)


def decomposed(f) -> np.ndarray:
    """theta_kc = w_kc prod_{i<k} gamma0 tanh(eta_i), by loops."""
    theta, eta = value(f.coefficients.w).copy(), value(f.coefficients.eta)
    for k in range(len(theta)):
        for i in range(k):
            theta[k] *= value(f.coefficients.gamma0) * math.tanh(eta[i])
    return theta


def longnn(f, x):
    basis = orthonormal_jacobi(4, float(f.basis.alpha), float(f.basis.beta), x)
    return np.einsum("kn,kc->nc", basis, decomposed(f))


def own_bases(f, x):
    """Channel c in the basis with the exponents of channel c."""
    theta, columns = decomposed(f), []
    for c, (alpha, beta) in enumerate(zip(value(f.basis.alpha), value(f.basis.beta), strict=True)):
        columns.append(theta[:, c] @ orthonormal_jacobi(4, float(alpha), float(beta), x))
    return np.stack(columns, 1)


def recurrence(f, x):
    diagonal, upper = value(f.basis.diagonal), np.log1p(np.exp(value(f.basis.raw_upper)))
    terms = [np.ones_like(x), (x - diagonal[0]) / upper[0]]
    for k in range(1, 4):
        rest = (x - diagonal[k]) * terms[-1] - upper[k - 1] * terms[-2]
        terms.append(rest / upper[k])
    return np.einsum("kn,kc->nc", np.array(terms), decomposed(f))


def standard(f, x):
    basis = [eval_jacobi(k, 0.3, -0.4, x) for k in range(5)]
    return np.einsum("kn,kc->nc", basis, decomposed(f))


def published(f, x, a=-1.0, b=-0.4):
    """The recurrence as JacobiConv's code has it, P_k from P_{k-1} and P_{k-2}."""
    terms = [np.ones_like(x), (a - b) / 2 + (a + b + 2) / 2 * x]
    for k in range(2, 5):
        scale = 2 * k * (k + a + b) * (2 * k + a + b - 2)
        one = (2 * k + a + b - 1) * (2 * k + a + b) * (2 * k + a + b - 2)
        two = (2 * k + a + b - 1) * (a**2 - b**2)
        three = 2 * (k + a - 1) * (k + b - 1) * (2 * k + a + b)
        terms.append((one * x * terms[-1] - two * terms[-1] - three * terms[-2]) / scale)
    return np.einsum("kn,kc->nc", terms, decomposed(f))


def powers(f, x):
    return np.polynomial.polynomial.polyval(x, value(f.coefficients.w)[:, 0])[:, None]


def appnp(f, x):
    """Z <- 0.8 S Z + 0.2 H, four times."""
    z = np.ones_like(x)
    for _ in range(4):
        z = 0.8 * x * z + 0.2
    return z[:, None]


def walks(f, x):
    return np.mean([0.9 * x**k + 0.1 for k in range(1, 5)], axis=0)[:, None]


def interpolated(function):
    """The polynomial of degree 4 through a function at the Chebyshev nodes."""
    series = numpy_chebyshev.Chebyshev.fit(NODES, function(NODES), 4, domain=[-1, 1])
    return lambda x: series(x)[:, None]


def heat(f, x):
    return interpolated(lambda nodes: np.exp(-np.exp(value(f.log_t)) * (1 - nodes)))(x)


def chebnetii(f, x):
    return interpolated(lambda nodes: np.maximum(value(f.gamma), 0))(x)


def bernnet(f, x):
    lam, gamma = 1 - x, np.maximum(value(f.gamma), 0)
    terms = [math.comb(4, k) / 2**4 * (2 - lam) ** (4 - k) * lam**k for k in range(5)]
    return (gamma @ np.array(terms))[:, None]


def favard(f, x):
    diagonal, upper = value(f.basis.diagonal), np.log1p(np.exp(value(f.basis.raw_upper)))
    theta, columns = value(f.coefficients.w), []
    for c in range(theta.shape[1]):
        terms = [np.ones_like(x), (x - diagonal[0, c]) / upper[0, c]]
        for k in range(1, 4):
            rest = (x - diagonal[k, c]) * terms[-1] - upper[k - 1, c] * terms[-2]
            terms.append(rest / upper[k, c])
        columns.append(theta[:, c] @ np.array(terms))
    return np.stack(columns, 1)


def krylov(f, x):
    tau = float(np.asarray(f.basis.tau[...]))
    return powers(f, tau * x + 1 - tau)


def trigonometric(f, x):
    a = value(f.amplitudes).reshape(2, 2)
    nodes = np.cos((np.arange(7) + 0.5) * np.pi / 7)
    wave = sum(a[j - 1, 0] * np.cos(j * np.pi * 0.3 * nodes)
               + a[j - 1, 1] * np.sin(j * np.pi * 0.3 * nodes) for j in (1, 2))  # fmt: skip
    series = numpy_chebyshev.Chebyshev.fit(nodes, 1 + wave, 6, domain=[-1, 1])
    return series(x)[:, None]


RESPONSES = {
    "longnn": longnn,
    "longnn of own bases": own_bases,
    "longnn of a recurrence": recurrence,
    "jacobiconv": standard,
    "jacobiconv as published": published,
    "gprgnn": powers,
    "appnp": appnp,
    "sgc": lambda f, x: x[:, None] ** 2,
    "ssgc": walks,
    "heat": heat,
    "chebnetii": chebnetii,
    "bernnet": bernnet,
    "favardgnn": favard,
    "krylovgnn": krylov,
    "krylovgnn fixed": krylov,
    "tfgnn": trigonometric,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SERIES)
def test_response_and_action_equal_the_dense_filter(name):
    """The function that is plotted, on a grid of any shape, and V g(Lambda) V^T h."""
    module = randomized(name)
    spectral, exact = module.filters[0], RESPONSES[name]
    grid = np.linspace(-1, 1, 12)
    got = np.asarray(module.response(jnp.asarray(grid).reshape(3, 4)))
    expected = exact(spectral, grid)
    np.testing.assert_allclose(got.reshape(12, -1), expected, rtol=1e-10, atol=1e-10)
    width = max(expected.shape[1], 2)
    h = np.random.default_rng(0).normal(size=(N, width))
    operator = normalized_adjacency(Graph.from_edges(edges(), N, WEIGHTS), dtype=jnp.float64)
    dense = VECTORS @ (exact(spectral, EIGENVALUES) * (VECTORS.T @ h))
    np.testing.assert_allclose(spectral(operator, jnp.asarray(h)), dense, atol=1e-10)


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.5), (-0.5, 0.5), (1.0, 1.0)])
def test_the_published_sequence_is_jacobis_where_the_squares_agree(alpha, beta):
    x = np.linspace(-1, 1, 9)
    got = evaluate(flipped_jacobi(6, jnp.asarray(alpha), jnp.asarray(beta)), jnp.asarray(x))
    exact = np.stack([eval_jacobi(k, alpha, beta, x) for k in range(7)])
    np.testing.assert_allclose(got, exact, rtol=1e-12, atol=1e-12)


def test_the_published_sequence_is_another_elsewhere():
    x = np.linspace(-1, 1, 9)
    got = evaluate(flipped_jacobi(3, jnp.asarray(2.0), jnp.asarray(-0.25)), jnp.asarray(x))
    assert np.abs(got[2] - eval_jacobi(2, 2.0, -0.25, x)).max() > 1


STARTS = {  # response at the start, at x
    "gprgnn": lambda x: 0.2 * sum(0.8**k * x**k for k in range(4)) + 0.8**4 * x**4,
    "appnp": lambda x: 0.2 * sum(0.8**k * x**k for k in range(4)) + 0.8**4 * x**4,
    "chebnetii": np.ones_like,
    "bernnet": np.ones_like,
    "favardgnn": np.ones_like,
    "krylovgnn": lambda x: sum((0.4 * x + 0.6) ** k for k in range(5)) / 5,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STARTS)
def test_initial_filter(name):
    x = np.linspace(-1, 1, 7)
    got = np.asarray(build(name).response(jnp.asarray(x)))
    np.testing.assert_allclose(got, np.tile(STARTS[name](x)[:, None], got.shape[1]), atol=1e-12)


@pytest.mark.parametrize(("alpha", "power"), [(1.0, 0), (0.0, 4)])
def test_gprgnn_may_start_at_either_end(alpha, power):
    """As published for chameleon and squirrel."""
    x = np.linspace(-1, 1, 7)
    got = build("gprgnn", alpha=alpha).response(jnp.asarray(x))
    np.testing.assert_allclose(got, np.tile(x[:, None] ** power, got.shape[1]), atol=1e-12)


def test_identity_start_of_longnn():
    x = jnp.linspace(-1, 1, 7)
    for coefficient_decomposition in (True, False):
        got = np.asarray(
            build(
                "longnn",
                initial_coefficients="identity",
                coefficient_decomposition=coefficient_decomposition,
            ).response(x)
        )
        assert np.ptp(got) < 1e-12


def test_shared_coefficients_are_one_column():
    assert build("longnn", shared=True).theta().shape == (5, 1)
    assert build("longnn").theta().shape == (5, 3)
    assert build("longnn", shared=True, coefficient_decomposition=False).theta().shape == (5, 1)


def test_errors_of_interpolation_that_the_docstrings_name():
    """Of the heat kernel at t = 3, and of six waves beside their cut off Taylor series; K = 10."""
    x = np.linspace(-1, 1, 2001)
    kernel = np.asarray(build("heat", order=10, t=3.0).response(jnp.asarray(x)))[:, 0]
    assert np.abs(kernel - np.exp(-3 * (1 - x))).max() == pytest.approx(4e-7, rel=0.2)
    phase = np.outer(np.arange(1, 7) * 0.3 * np.pi, x)
    waves = np.stack([np.cos(phase), np.sin(phase)], axis=1).reshape(12, -1)
    fitted = basis_of_waves(6, 0.3 * np.pi, degree=10)
    got = fitted.matrix[1:] @ evaluate(fitted.recurrence, jnp.asarray(x))
    assert np.abs(got - waves).max() == pytest.approx(3e-3, rel=0.2)
    taylor = [np.imag(sum((1j * p) ** k / math.factorial(k) for k in range(11))) for p in phase]
    assert np.abs(np.array(taylor) - waves[1::2]).max() == pytest.approx(4, rel=0.2)
