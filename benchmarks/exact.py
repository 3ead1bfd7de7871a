"""Orthonormal Jacobi values in mpmath, rounded once to float64: the reference of the accuracy."""

import mpmath
import numpy as np
from mpmath import mpf


def orthonormal_jacobi(
    order: int, alpha: float, beta: float, x: np.ndarray, digits: int = 50
) -> np.ndarray:
    """[K+1, M] orthonormal p_k(x) at exactly the given numbers.

    The standard recurrence DLMF 18.9.1 and 18.9.2, then the norms 18.3.1: no formula is shared
    with ``polybases``, which recurs on the orthonormal polynomials.

    Args:
        order: K >= 1.
        alpha, beta: > -1.
        x: [M] points.
        digits: of the working precision.
    """
    with mpmath.workdps(digits):
        a, b = mpf(float(alpha)), mpf(float(beta))
        scales = [1 / mpmath.sqrt(norm) for norm in _norms(order, a, b)]
        steps = [_step(n, a, b) for n in range(1, order)]
        columns = [_column(mpf(float(point)), a, b, steps) for point in x]
        rows = [[float(p * s) for p, s in zip(column, scales, strict=True)] for column in columns]
    return np.array(rows).T


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
