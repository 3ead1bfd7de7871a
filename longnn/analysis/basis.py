"""A polynomial basis as a graph sees it: its functions, their weight, and their conditioning.

Everything here is numpy in float64: a condition number says nothing in float32.
"""

import numpy as np
import scipy.linalg

from longnn.analysis.measure import Measure
from polybases import Recurrence, gauss


def basis_values(recurrence: Recurrence, lam: np.ndarray) -> np.ndarray:
    """[K+1, G] p_k(1 - lambda).

    Args:
        recurrence: basis of order K in x = 1 - lambda, with scalar parameters.
        lam: [G] eigenvalues of L, in [0, 2].

    Raises:
        ValueError: if the basis has trailing dimensions, or lambda is not [G].
    """
    x = 1 - np.asarray(lam, np.float64)
    if np.ndim(recurrence.first) or x.ndim != 1:
        raise ValueError(
            "values are taken of one basis at points [G], got leaves of shape "
            f"{np.shape(recurrence.first)} and lambda {x.shape}; index the leaves, or ravel lambda"
        )
    leaves = (np.asarray(leaf, np.float64) for leaf in recurrence[1:4])
    before, last = np.zeros_like(x), np.full_like(x, float(recurrence.first))
    values = [last]
    for diagonal, upper, lower in zip(*leaves, strict=True):
        before, last = last, ((x - diagonal) * last - lower * before) / upper
        values.append(last)
    return np.stack(values)


def filter_values(recurrence: Recurrence, theta: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """[G, ...] g(lambda) = sum_k theta_k p_k(1 - lambda).

    Args:
        recurrence: basis of order K.
        theta: [K+1, ...].
        lam: [G] in [0, 2].

    Raises:
        ValueError: if theta has not K+1 rows, or as :func:`basis_values`.
    """
    values, theta = basis_values(recurrence, lam), np.asarray(theta, np.float64)
    if theta.shape[:1] != (len(values),):
        raise ValueError(
            f"theta must have K+1 = {len(values)} rows for this basis, got shape {theta.shape}"
        )
    return np.tensordot(values.T, theta, axes=1)


def weight_measure(recurrence: Recurrence) -> Measure:
    """The weight w of an orthogonal basis as its own Gauss rule of K points.

    Integrals of polynomials of degree up to 2K - 1 are exact: take a basis of order K + 1 for the
    norm of a filter of order K. The masses sum to the integral of w, not to 1.

    Args:
        recurrence: orthogonal basis of order K >= 1.

    Raises:
        ValueError: if the order is 0, or the basis has no weight (powers).
    """
    x, weights = gauss(recurrence)
    return Measure(1 - np.asarray(x, np.float64), np.asarray(weights, np.float64))


def gram(recurrence: Recurrence, measure: Measure) -> np.ndarray:
    """[K+1, K+1] sum_j p_k(1 - lambda_j) p_l(1 - lambda_j) mass_j.

    The identity, if the basis is orthonormal under the measure.

    Args:
        recurrence: basis of order K.
        measure: spectral density of a graph, or energy of a signal: then this is the matrix of
            the least squares that fit a filter of this signal.
    """
    values = basis_values(recurrence, measure.lam)
    return (values * measure.mass) @ values.T


def condition_numbers(
    recurrence: Recurrence, measure: Measure, *, normalized: bool = False
) -> np.ndarray:
    """[K+1] condition of the Gram matrix of p_0 .. p_k, for k = 0 .. K: how hard is least squares.

    Gradient descent on the coefficients needs a number of steps proportional to it. Computed from
    the singular values s of the matrix sqrt(mass_j) p_k(x_j) as (s_max / s_min)^2, so that values
    up to 1e30 are right; infinite where fewer than k + 1 eigenvalues carry mass.

    Args:
        recurrence: basis of order K.
        measure: see :func:`gram`.
        normalized: whether each p_k is first scaled to norm 1 under the measure, which takes out
            what the scale of the basis does and leaves the angles.

    Raises:
        ValueError: as :func:`basis_values`.
    """
    columns = basis_values(recurrence, measure.lam).T * np.sqrt(measure.mass)[:, None]
    if normalized:
        length = np.linalg.norm(columns, axis=0)
        columns = columns / np.where(length > 0, length, 1)
    # an orthogonal change of rows leaves the singular values and makes them cheap
    columns = scipy.linalg.qr(columns, mode="economic")[1]
    found = []
    for count in range(1, columns.shape[1] + 1):
        s = np.linalg.svd(columns[:, :count], compute_uv=False)
        singular = len(s) < count or s[-1] <= s[0] * np.finfo(float).eps * count
        found.append(np.inf if singular else (s[0] / s[-1]) ** 2)
    return np.array(found)
