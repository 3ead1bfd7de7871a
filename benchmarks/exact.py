"""Orthonormal Jacobi values and derivatives in mpmath: the reference of the accuracy."""

import mpmath
import numpy as np
from mpmath import mpf

DIGITS = 50


def orthonormal_jacobi(
    order: int, alpha: float, beta: float, x: np.ndarray, digits: int = DIGITS
) -> np.ndarray:
    """[K+1, M] orthonormal p_k(x) at exactly the given numbers, rounded once to float64.

    The standard recurrence DLMF 18.9.1 and 18.9.2, then the norms 18.3.1: no formula is shared
    with ``polybases``, which recurs on the orthonormal polynomials.

    Args:
        order: K >= 1.
        alpha, beta: > -1.
        x: [M] points.
        digits: of the working precision.
    """
    with mpmath.workdps(digits):
        return _values(order, mpf(float(alpha)), mpf(float(beta)), x).astype(np.float64)


def slopes(order: int, alpha: float, beta: float, x: np.ndarray) -> np.ndarray:
    """[2, K+1, M] derivatives of p_k(x) in alpha and in beta, rounded once to float64.

    Symmetric differences of step 10^-15 at 50 digits.

    Args:
        order: K >= 1.
        alpha, beta: > -1.
        x: [M] points.
    """
    with mpmath.workdps(DIGITS):
        a, b, h = mpf(float(alpha)), mpf(float(beta)), mpf(10) ** -15
        by_alpha = _values(order, a + h, b, x) - _values(order, a - h, b, x)
        by_beta = _values(order, a, b + h, x) - _values(order, a, b - h, x)
        return (np.stack([by_alpha, by_beta]) / (2 * h)).astype(np.float64)


def _values(order: int, a: mpf, b: mpf, x: np.ndarray) -> np.ndarray:
    """[K+1, M] as mpmath numbers."""
    scales = np.array([1 / mpmath.sqrt(norm) for norm in _norms(order, a, b)])
    steps = [_step(n, a, b) for n in range(1, order)]
    columns = [_column(mpf(float(point)), a, b, steps) for point in x]
    return np.array(columns).T * scales[:, None]


def _step(n: int, a: mpf, b: mpf) -> tuple[mpf, mpf, mpf]:
    """A, B, C of P_{n+1} = (A x + B) P_n - C P_{n-1}, n >= 1."""
    s = a + b
    c = 2 * (n + 1) * (n + s + 1) * (2 * n + s)
    slope = (2 * n + s + 1) * (2 * n + s) * (2 * n + s + 2)
    return (
        slope / c,
        (2 * n + s + 1) * (a * a - b * b) / c,
        2 * (n + a) * (n + b) * (2 * n + s + 2) / c,
    )


def _column(x: mpf, a: mpf, b: mpf, steps: list) -> list[mpf]:
    column = [mpf(1), (a - b) / 2 + (a + b + 2) * x / 2]
    for slope, shift, back in steps:
        column.append((slope * x + shift) * column[-1] - back * column[-2])
    return column


def _norms(order: int, a: mpf, b: mpf) -> list[mpf]:
    """h_0 .. h_K by the ratios of 18.3.1; h_1 apart, where a + b + 1 cancels."""
    s = a + b
    norms = [mpmath.power(2, s + 1) * mpmath.beta(a + 1, b + 1)]
    norms.append(norms[0] * (a + 1) * (b + 1) / (s + 3))
    for n in range(2, order + 1):
        ratio = (n + a) * (n + b) * (2 * n + s - 1) / (n * (n + s) * (2 * n + s + 1))
        norms.append(norms[-1] * ratio)
    return norms
