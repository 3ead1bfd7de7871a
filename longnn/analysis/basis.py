"""A polynomial basis as a graph sees it: its functions, their weight, and their conditioning.

Everything here is numpy in float64: a condition number says nothing in float32.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import scipy.linalg
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from longnn.analysis.measure import Measure
from polybases import Combination, Recurrence, gauss

Basis: TypeAlias = Recurrence | Combination


def host_terms(
    basis: Basis, product: Callable[[np.ndarray], np.ndarray], x: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "terms ..."]:
    """All terms p_k(S) x, with the coefficients as the basis has them.

    Args:
        basis: leaves broadcasting against ``x``.
        product: t -> S t; for values of the polynomials, t -> points * t with x of ones.
        x: [...] float64.

    Returns:
        [K+1, ...].
    """
    recurrence = basis.recurrence if isinstance(basis, Combination) else basis
    first, diagonal, upper, lower = (np.asarray(leaf, np.float64) for leaf in recurrence[:4])
    terms = [first * x]
    for d, u, low in zip(diagonal, upper, lower, strict=True):
        following = product(terms[-1]) - d * terms[-1]
        if len(terms) > 1:
            following = following - low * terms[-2]
        terms.append(following / u)
    stacked = np.stack(np.broadcast_arrays(*terms))
    if isinstance(basis, Combination):
        return np.tensordot(np.asarray(basis.matrix, np.float64), stacked, axes=1)
    return stacked


def basis_values(basis: Basis, lam: Real[np.ndarray, " G"]) -> Float[np.ndarray, "terms G"]:
    """The values [K+1, G] of all polynomials, p_k(1 - lambda).

    Args:
        basis: of order K in x = 1 - lambda, with scalar parameters.
        lam: [G] eigenvalues of L, in [0, 2].

    Raises:
        ValueError: if the basis has trailing dimensions, or lambda is not [G].

    Example:
        >>> import numpy as np, polybases
        >>> T = polybases.chebyshev(2, "T", "standard")
        >>> basis_values(T, np.array([0.0, 1.0, 2.0])).round(6)
        array([[ 1.,  1.,  1.],
               [ 1.,  0., -1.],
               [ 1., -1.,  1.]])
    """
    x = 1 - np.asarray(lam, np.float64)
    recurrence = basis.recurrence if isinstance(basis, Combination) else basis
    if np.ndim(recurrence.first) or np.ndim(recurrence.diagonal) > 1 or x.ndim != 1:
        raise ValueError(
            "values are taken of one basis at points [G], got leaves of shape "
            f"{np.shape(recurrence.diagonal)} and lambda {x.shape}; index the leaves, or ravel "
            "lambda"
        )
    return host_terms(basis, lambda t: x * t, np.ones_like(x))


def filter_values(
    basis: Basis, theta: ArrayLike, lam: Real[np.ndarray, " G"]
) -> Float[np.ndarray, "G ..."]:
    """The filter [G, ...] at lambda, g(lambda) = sum_k theta_k p_k(1 - lambda).

    Args:
        basis: of order K, leaves broadcasting against ``theta[0]``.
        theta: [K+1, ...].
        lam: [G] in [0, 2].

    Raises:
        ValueError: if theta has not K+1 rows.
    """
    theta = np.asarray(theta, np.float64)
    x = (1 - np.asarray(lam, np.float64)).reshape(-1, *(1,) * (theta.ndim - 1))
    values = host_terms(basis, lambda t: x * t, np.ones_like(x))
    if theta.shape[:1] != (len(values),):
        raise ValueError(
            f"theta must have K+1 = {len(values)} rows for this basis, got shape {theta.shape}"
        )
    return np.einsum("k...,kg...->g...", theta, values)


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


def gram(basis: Basis, measure: Measure) -> Float[np.ndarray, "terms terms"]:
    """The Gram matrix [K+1, K+1] of a basis, sum_j p_k(1 - lambda_j) p_l(1 - lambda_j) mass_j.

    The identity, if the basis is orthonormal under the measure.

    Args:
        basis: of order K.
        measure: spectral density of a graph, or energy of a signal: then this is the matrix of
            the least squares that fit a filter of this signal.
    """
    values = basis_values(basis, measure.lam)
    return (values * measure.mass) @ values.T


def condition_numbers(
    basis: Basis, measure: Measure, *, normalized: bool = False
) -> Float[np.ndarray, " terms"]:
    """The condition [K+1] of the Gram matrix of p_0 .. p_k, k = 0 .. K: how hard is least squares.

    Gradient descent on the coefficients needs a number of steps proportional to it. Computed from
    the singular values s of the matrix sqrt(mass_j) p_k(x_j) as (s_max / s_min)^2, so that values
    up to 1e30 are right; infinite where fewer than k + 1 eigenvalues carry mass.

    Args:
        basis: of order K.
        measure: see :func:`gram`.
        normalized: whether each p_k is first scaled to norm 1 under the measure, which takes out
            what the scale of the basis does and leaves the angles.

    Raises:
        ValueError: as :func:`basis_values`.
    """
    columns = basis_values(basis, measure.lam).T * np.sqrt(measure.mass)[:, None]
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
