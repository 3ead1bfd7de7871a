"""The measure of a tridiagonal matrix against numpy's eigenvectors, where eigenvalues are hard."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from polybases import gauss, jacobi, mass
from polybases.tridiagonal import spectral_measure

RNG = np.random.default_rng(5)
measure = jax.jit(spectral_measure)


N = 16  # one shape, one compilation

MATRICES = {
    "one row": (np.array([0.3]), np.zeros(0)),
    "two rows": (np.array([0.3, -0.2]), np.array([0.7])),
    "equal diagonal": (np.zeros(N), RNG.uniform(0.3, 0.6, N - 1)),
    "first guesses exact": (np.zeros(N), np.full(N - 1, 0.5)),
    "graded": (10.0 ** -np.arange(N), 0.1 * 10.0 ** -np.arange(N - 1)),
    "weak links": (np.linspace(-1, 1, N), np.full(N - 1, 1e-9)),
    "close pairs": (np.abs(np.arange(N) - (N - 1) / 2), np.full(N - 1, 0.5)),  # as Wilkinson's
    "localised": (3 * RNG.normal(size=N), RNG.uniform(0.01, 0.05, N - 1)),
    "far from zero": (1e3 + RNG.normal(size=N), RNG.uniform(0.5, 1, N - 1)),
}


def by_numpy(diagonal, off):
    values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1))
    return values, vectors[0] ** 2


@pytest.mark.slow
@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_is_numpys(name, dtype):
    diagonal, off = (a.astype(dtype) for a in MATRICES[name])
    x, w = measure(diagonal, off)
    assert x.dtype == w.dtype == dtype
    exact, weights = by_numpy(diagonal.astype(float), off.astype(float))
    eps, size = float(np.finfo(dtype).eps), np.abs(exact).max()
    np.testing.assert_allclose(x, exact, atol=16 * eps * size)
    # eigenvectors of close pairs are free to turn; their joint weight is not
    closeness = size / np.min(np.diff(exact), initial=size)
    tolerance = min(1, 64 * eps * closeness)
    np.testing.assert_allclose(np.cumsum(w), np.cumsum(weights), atol=tolerance)
    assert float(w.sum()) == pytest.approx(1, abs=min(1e-2, tolerance))


@pytest.mark.slow
def test_several_matrices_at_once():
    """Trailing dimensions, and vmap, give each matrix what it has alone."""
    diagonal, off = RNG.normal(size=(6, 2, 3)), RNG.uniform(0.2, 1, (5, 2, 3))
    mapped = jax.vmap(jax.vmap(spectral_measure, 1, 1), 2, 2)
    for got in (measure(diagonal, off), jax.jit(mapped)(diagonal, off)):
        for i, j in np.ndindex(2, 3):
            for leaf, exact in zip(got, by_numpy(diagonal[:, i, j], off[:, i, j])):
                np.testing.assert_allclose(leaf[:, i, j], exact, atol=1e-13)


@pytest.mark.slow
def test_small_weights_keep_their_digits():
    """Gauss-Jacobi at alpha = 10: the smallest weight is 3e-21 of the largest."""
    recurrence = jacobi(64, 10.0, -0.5)
    off = np.sqrt(recurrence.upper[:-1] * recurrence.lower[1:])
    exact = special.roots_jacobi(64, 10.0, -0.5)[1]
    np.testing.assert_allclose(gauss(recurrence)[1], exact, rtol=1e-11)
    by_vectors = mass(recurrence) * by_numpy(np.asarray(recurrence.diagonal), off)[1]
    assert np.abs(by_vectors / exact - 1).max() > 1e-8, "the case is too easy"


@pytest.mark.slow
def test_second_derivative():
    """Of the eigenvalue 1/2 (a + c + r) of a 2 x 2 matrix, r^2 = (a - c)^2 + 4 b^2."""
    upper = lambda b: spectral_measure(jnp.array([0.3, -0.2]), b[None])[0][1]  # noqa: E731
    b, r = 0.7, np.hypot(0.5, 1.4)
    assert float(jax.grad(upper)(b)) == pytest.approx(2 * b / r, rel=1e-12)
    exact = 2 / r - 8 * b**2 / r**3
    assert float(jax.grad(jax.grad(upper))(b)) == pytest.approx(exact, rel=1e-12)


def test_not_a_number_comes_out_as_such():
    x, w = measure(np.array([0.1, np.nan, 0.2]), np.array([0.5, 0.5]))
    assert np.isnan(x).all()
    assert np.isnan(w).all()
