"""Bernstein polynomials on [-1, 1] (BernNet)."""

import math
from typing import SupportsIndex

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from polybases._legendre import legendre
from polybases.combination import Combination
from polybases.recurrence import check_order


def bernstein(order: SupportsIndex, *, dtype: DTypeLike | None = None) -> Combination:
    """b_k(x) = binom(K, k) ((1+x)/2)^(K-k) ((1-x)/2)^k, k = 0 .. K.

    With x = 1 - lambda this is binom(K, k) (2 - lambda)^(K-k) lambda^k / 2^K, so coefficient k is
    about the response at lambda = 2k/K. The terms are non-negative and sum to 1. Expressed in
    Legendre polynomials, K products with the operator give all of them (the products in the
    formula would take K (K+1) / 2). Source: He et al. (arXiv 2106.10994), eq. 4.

    Args:
        order: K >= 0.
        dtype: of the coefficients; jax's default float if None.

    Raises:
        ValueError: if order < 0.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> basis = polybases.bernstein(2)
        >>> print(basis.expand(lambda t: 0.5 * t, jnp.ones(1))[:, 0])
        [0.5625 0.375  0.0625]
    """
    order = check_order(order)
    dtype = dtype or jnp.result_type(float)
    nodes, weights = np.polynomial.legendre.leggauss(order + 1)  # exact for the products below
    high, low = (1 + nodes) / 2, (1 - nodes) / 2
    terms = np.stack([math.comb(order, k) * high ** (order - k) * low**k for k in range(order + 1)])
    normalised = np.sqrt(np.arange(order + 1) + 0.5)[:, None] * np.stack(
        [np.polynomial.Legendre.basis(k)(nodes) for k in range(order + 1)]
    )
    return Combination(
        jnp.asarray(terms * weights @ normalised.T, dtype), legendre(order, dtype=dtype)
    )
