"""Gram matrices, conditioning, norms and over-passing: against scipy's quadrature and by hand."""

import numpy as np
import pytest

import polybases
from longnn.analysis import (
    Measure,
    basis_values,
    condition_numbers,
    density_recurrence,
    eigenvalues,
    filter_values,
    gram,
    label_signal,
    over_passing,
    signal_measure,
    spectral_measure,
    squared_norm,
    weight_measure,
)
from tests.oracles import gauss_jacobi, orthonormal_jacobi
from tests.spectra import complete, random_graph, ring

K = 6
EXPONENTS = [(0.5, -0.25), (1.0, 0.0), (0.0, 1.0), (-0.5, -0.5)]
LAM = np.linspace(0, 2, 9)
THETA = np.random.default_rng(0).normal(size=(K + 1, 3))
GRAPH, S = random_graph(40, 90)
EIGENVALUES = Measure(eigenvalues(GRAPH), np.full(40, 1 / 40))


def quadrature(alpha: float, beta: float, count: int = K + 1) -> Measure:
    x, weights = gauss_jacobi(count, alpha, beta)
    return Measure(1 - x, weights)


@pytest.mark.parametrize(("alpha", "beta"), EXPONENTS)
def test_values_equal_scipy(alpha, beta):
    basis = polybases.jacobi(K, alpha, beta)
    exact = orthonormal_jacobi(K, alpha, beta, 1 - LAM)
    np.testing.assert_allclose(basis_values(basis, LAM), exact, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(filter_values(basis, THETA, LAM), exact.T @ THETA, atol=1e-10)
    np.testing.assert_allclose(filter_values(basis, THETA[:, 0], LAM), exact.T @ THETA[:, 0])


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), EXPONENTS)
def test_gram_under_its_own_weight_is_the_identity(alpha, beta):
    basis = polybases.jacobi(K, alpha, beta)
    for measure in (quadrature(alpha, beta), weight_measure(polybases.jacobi(K + 1, alpha, beta))):
        np.testing.assert_allclose(gram(basis, measure), np.eye(K + 1), atol=1e-12)
        np.testing.assert_allclose(condition_numbers(basis, measure), 1, rtol=1e-10)


def test_a_graphs_own_basis_is_orthonormal_under_its_eigenvalues():
    basis = polybases.favard(*density_recurrence(GRAPH, K))
    np.testing.assert_allclose(gram(basis, EIGENVALUES), np.eye(K + 1), atol=1e-5)


def test_a_graph_of_few_eigenvalues_has_no_basis_of_its_own_of_higher_order():
    graph, _ = complete(6)
    assert density_recurrence(graph, 1).shape == (2, 1)
    with pytest.raises(ValueError, match="needs 3 different nodes of positive weight, got 2"):
        density_recurrence(graph, 2)


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["orthonormal", "standard", "monic"])
@pytest.mark.parametrize(("alpha", "beta"), EXPONENTS)
def test_parseval(alpha, beta, scale):
    """The norm by quadrature, by the coefficients, and the sum of squares if orthonormal."""
    basis = polybases.jacobi(K, alpha, beta, scale)
    exact = squared_norm(basis, THETA, quadrature(alpha, beta))
    np.testing.assert_allclose(np.square(polybases.norm(basis, THETA)), exact, rtol=1e-11)
    own = weight_measure(polybases.jacobi(K + 1, alpha, beta))
    np.testing.assert_allclose(squared_norm(basis, THETA, own), exact, rtol=1e-11)
    if scale == "orthonormal":
        np.testing.assert_allclose(np.square(THETA).sum(0), exact, rtol=1e-11)


def test_norm_on_a_graph_is_the_frobenius_norm_of_the_filter():
    theta = THETA[:, 0]
    powers = [np.linalg.matrix_power(S, k) for k in range(K + 1)]
    matrix = np.tensordot(theta, powers, axes=1)
    got = squared_norm(polybases.monomial(K), theta, EIGENVALUES)
    np.testing.assert_allclose(got, np.square(matrix).sum() / 40, rtol=1e-11)


def test_gram_of_a_signal_is_that_of_its_krylov_vectors():
    """What least squares on a signal sees: <p_k(S) f, p_l(S) f> / |f|^2."""
    signal = np.random.default_rng(1).normal(size=40)
    vectors = np.stack([np.linalg.matrix_power(S, k) @ signal for k in range(4)])
    measure = signal_measure(GRAPH, signal, "exact")
    exact = vectors @ vectors.T / (signal @ signal)
    np.testing.assert_allclose(gram(polybases.monomial(3), measure), exact, atol=1e-12)
    numbers = condition_numbers(polybases.monomial(3), measure)
    np.testing.assert_allclose(numbers[-1], np.linalg.cond(exact), rtol=1e-8)
    by_lanczos = signal_measure(GRAPH, signal, "lanczos", moments=10)
    np.testing.assert_allclose(gram(polybases.monomial(3), by_lanczos), exact, atol=1e-10)


def test_conditioning_grows_with_the_order_and_ends_with_the_eigenvalues():
    few = Measure(np.array([0.0, 0.5, 1.5]), np.ones(3) / 3)
    numbers = condition_numbers(polybases.chebyshev(5), few)
    assert (np.diff(numbers[:3]) > 0).all()
    assert np.isfinite(numbers[:3]).all()
    assert np.isinf(numbers[3:]).all()
    steep = condition_numbers(polybases.monomial(12), EIGENVALUES)
    flat = condition_numbers(polybases.chebyshev(12), EIGENVALUES)
    assert steep[-1] > 1e3 * flat[-1]


def test_orthonormal_on_the_graph_is_perfectly_conditioned():
    basis = polybases.from_nodes(K, 1 - EIGENVALUES.lam, EIGENVALUES.mass)
    np.testing.assert_allclose(condition_numbers(basis, EIGENVALUES), 1, rtol=1e-8)


def test_conditioning_without_the_scale():
    """Another scale changes the condition, and not the one of normalized functions."""
    numbers = [
        condition_numbers(polybases.jacobi(K, 1.0, 0.0, scale), EIGENVALUES, normalized=True)
        for scale in ("orthonormal", "standard", "monic")
    ]
    np.testing.assert_allclose(numbers[1], numbers[0], rtol=1e-10)
    np.testing.assert_allclose(numbers[2], numbers[0], rtol=1e-10)


def spread(*shares: float) -> Measure:
    """A point in the middle of each of the bins."""
    lam = (np.arange(len(shares)) + 0.5) * 2 / len(shares)
    return Measure(lam, np.array(shares))


def test_over_passing_by_hand():
    """rho = 1/4 each; labels have (2, 1, 1/2, 1/2) times the mean: missing (0, 0, 1/2, 1/2)."""
    density, labels = spread(0.25, 0.25, 0.25, 0.25), spread(0.5, 0.25, 0.125, 0.125)
    found = over_passing(np.array([3.0, 1, 1, 1]), density, labels, bins=4)
    np.testing.assert_allclose(found.missing, [0, 0, 0.5, 0.5])
    np.testing.assert_allclose(found.passed, np.array([9, 1, 1, 1]) / 12)
    np.testing.assert_allclose(found.share, 1 / 12)
    np.testing.assert_allclose(found.norm, 3)
    np.testing.assert_allclose(found.flat, 0.25)


def test_over_passing_has_the_properties_it_claims():
    rng = np.random.default_rng(0)
    density, labels = spread(0.3, 0.2, 0.1, 0.4), spread(0.6, 0.4, 0.0, 0.0)
    g = rng.normal(size=(4, 5))
    found = over_passing(g, density, labels, bins=4)
    assert ((found.share >= 0) & (found.share <= 1)).all()
    scaled = over_passing(g * [1, -2, 1e-6, 1e6, 7], density, labels, bins=4)
    np.testing.assert_allclose(scaled.share, found.share)
    only = lambda *values: over_passing(np.array(values), density, labels, bins=4).share  # noqa: E731
    assert only(5.0, -1, 0, 0) == 0
    assert only(0, 0, 1.0, 2) == pytest.approx(1)
    flat = over_passing(np.ones(4), density, labels, bins=4)
    total_variation = np.abs(density.mass - labels.mass).sum() / 2
    assert flat.share == pytest.approx(total_variation)
    assert flat.flat == pytest.approx(total_variation)


def test_over_passing_of_the_same_coefficients_in_two_scales():
    """Labels that are smooth on a ring: a low pass wastes little, a high pass nearly all.

    p_k of the standard scale is smaller at lambda = 0, so that the same theta is flatter.
    """
    graph, _ = ring(60)
    density = spectral_measure(graph, "exact")
    energy = signal_measure(graph, label_signal(np.repeat([0, 1], 30)), "exact")
    share = lambda values: float(over_passing(values, density, energy, bins=15).share)  # noqa: E731
    theta = 0.8 ** np.arange(K + 1)
    orthonormal, standard = (
        share(filter_values(polybases.jacobi(K, 0.5, -0.25, scale), theta, density.lam))
        for scale in ("orthonormal", "standard")
    )
    low, high = share(np.exp(-20 * density.lam)), share(np.exp(-20 * (2 - density.lam)))
    assert low < 0.05 < orthonormal < standard < high
    assert high > 0.9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: basis_values(polybases.jacobi(2, np.ones(3), 0.0), LAM), "one basis"),
        (lambda: basis_values(polybases.legendre(2), LAM[:, None]), "ravel lambda"),
        (lambda: filter_values(polybases.legendre(2), np.ones(2), LAM), r"K\+1 = 3 rows"),
        (lambda: weight_measure(polybases.monomial(3)), "orthogonal under a weight"),
        (lambda: weight_measure(polybases.legendre(0)), "order >= 1"),
        (lambda: over_passing(np.ones(3), spread(0.5, 0.5), spread(1.0)), "at density.lam"),
        (lambda: over_passing(np.zeros(2), spread(0.5, 0.5), spread(1.0)), "non-zero"),
        (lambda: over_passing(np.full(2, np.nan), spread(0.5, 0.5), spread(1.0)), "finite"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
