"""Hahn polynomials, orthogonal under the beta-binomial distribution."""

from typing import SupportsIndex

import jax.numpy as jnp
from jax import Array

from polybases._birth_death import degrees, from_rates
from polybases.parameters import check_inside, check_representable, check_support
from polybases.recurrence import Recurrence
from polybases.scales import Scale
from polybases.shapes import Numbers


def hahn(
    order: SupportsIndex,
    alpha: Numbers,
    beta: Numbers,
    N: SupportsIndex,
    scale: Scale = "orthonormal",
) -> Recurrence:
    """Recurrence of the Hahn polynomials Q_k(x; alpha, beta, N) of degrees 0 .. K.

    The weight of x = 0 .. N is proportional to binom(alpha + x, x) binom(beta + N - x, N - x), with
    mass 1: the beta-binomial distribution (``scipy.stats.betabinom.pmf(x, N, alpha + 1, beta +
    1)``). alpha = beta = 0 gives the discrete Chebyshev polynomials, of equal weights, and as N
    grows, those of x / N go to the Jacobi polynomials on [0, 1], with alpha at the left end.
    Differentiable in alpha and beta. Source: R. Koekoek and R. F. Swarttouw, TU Delft report 98-17,
    eqs. 1.5.2 and 1.5.3, whose weight is (alpha + beta + 2)_N / N! times as large.

    Args:
        order: K, from 0 to N.
        alpha: [...] real, > -1.
        beta: [...] real, > -1. Broadcasts with ``alpha``.
        N: the largest point, an int >= 0.
        scale: "orthonormal", "monic" (both with positive leading coefficients) or "standard"
            (Q_k(0) = 1).

    Returns:
        Recurrence with leaves [K, ...] in the dtype of alpha and beta.

    Raises:
        ValueError: if the order is not in [0, N], the scale is unknown, a concrete alpha or beta is
            not > -1, or a squared norm is outside the range of the dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> Q = polybases.hahn(2, 0.0, 0.0, 2, "standard")
        >>> print(polybases.evaluate(Q, jnp.array([0.0, 2.0])).round(3))  # Q_1 = 1 - x
        [[ 1.  1.]
         [ 1. -1.]
         [ 1.  1.]]
    """
    order, N = check_support(order, N)
    check_inside("alpha", alpha, -1)
    check_inside("beta", beta, -1)
    dtype = jnp.result_type(alpha, beta, float)
    p, q = jnp.broadcast_arrays(1 + jnp.asarray(alpha, dtype), 1 + jnp.asarray(beta, dtype))
    k = degrees(order, p)
    basis = from_rates(_birth(k, p, q, N), _death(k + 1, p, q, N), scale)
    return check_representable(basis, f"hahn with alpha = {p - 1}, beta = {q - 1}, N = {N}")


def _birth(k: Array, p: Array, q: Array, N: int) -> Array:
    """A_k of eq. 1.5.3 in p = alpha + 1 and q = beta + 1; k = 0 apart, where p + q - 1 cancels."""
    t = p + q
    tail = ((k[1:] + t - 1) / (2 * k[1:] + t - 1)) * ((k[1:] + p) / (2 * k[1:] + t)) * (N - k[1:])
    return jnp.concatenate([(p / t * N)[None], tail])[: len(k)]


def _death(k: Array, p: Array, q: Array, N: int) -> Array:
    """C_k of the same, for k >= 1."""
    t = p + q
    return (k / (2 * k + t - 1)) * ((k + q - 1) / (2 * k + t - 2)) * (k + t - 1 + N)
