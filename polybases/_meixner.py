"""Meixner polynomials, orthogonal under the negative binomial distribution."""

from typing import SupportsIndex

import jax.numpy as jnp

from polybases._birth_death import degrees, from_rates
from polybases.parameters import check_inside, check_representable
from polybases.recurrence import Recurrence, check_order
from polybases.scales import Scale
from polybases.shapes import Numbers


def meixner(
    order: SupportsIndex, beta: Numbers, c: Numbers, scale: Scale = "orthonormal"
) -> Recurrence:
    """Recurrence of the Meixner polynomials M_k(x; beta, c) of degrees 0 .. K.

    The weight of x = 0, 1, 2, ... is (1 - c)^beta (beta)_x c^x / x! of mass 1, the negative
    binomial distribution (``scipy.stats.nbinom.pmf(x, beta, 1 - c)``); (beta)_x is Pochhammer's
    symbol. Differentiable in beta and c. Source: R. Koekoek and R. F. Swarttouw, TU Delft report
    98-17, eqs. 1.9.2 and 1.9.3, whose weight is (1 - c)^-beta times as large.

    Args:
        order: K >= 0.
        beta: [...] real, > 0.
        c: [...] real, in (0, 1). Broadcasts with ``beta``.
        scale: "orthonormal", "monic" (both with positive leading coefficients) or "standard"
            (M_k(0) = 1).

    Returns:
        Recurrence with leaves [K, ...] in the dtype of beta and c.

    Raises:
        ValueError: if order < 0, the scale is unknown, a concrete beta or c is out of range, or a
            squared norm is outside the range of the dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> M = polybases.meixner(1, 2.0, 0.5, "standard")  # M_1 = 1 - x / 2
        >>> print(polybases.evaluate(M, jnp.array([0.0, 1.0])).round(3))
        [[1.  1. ]
         [1.  0.5]]
    """
    order = check_order(order)
    check_inside("beta", beta, 0)
    check_inside("c", c, 0, 1)
    dtype = jnp.result_type(beta, c, float)
    beta, c = jnp.broadcast_arrays(jnp.asarray(beta, dtype), jnp.asarray(c, dtype))
    k = degrees(order, beta)
    basis = from_rates(c * (k + beta) / (1 - c), (k + 1) / (1 - c), scale)
    return check_representable(basis, f"meixner with beta = {beta}, c = {c}")
